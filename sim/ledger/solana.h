/* sim/ledger/solana.h — Solana's transaction fee. Layer: domain. Not collective.
 * Source: solana.com/docs/core/fees; the priority fee is the compute limit's, not the use's. */
#ifndef DP_LEDGER_SOLANA_H
#define DP_LEDGER_SOLANA_H

#include <stdint.h>

#include "base/status.h"

#define DP_SOLANA_LAMPORTS_PER_SIGNATURE 5000

/** Lamports: 5,000 a signature and ⌈limit · price / 10^6⌉ for priority. @param cu_price_micro micro-lamports a compute
 *  unit. Errors: DP_RANGE for a negative argument or a fee beyond 63 bits. */
enum dp_status dp_solana_fee(int64_t signature_n, int64_t cu_limit, int64_t cu_price_micro, int64_t *lamports,
                             struct dp_err *err);

#endif
