/* sim/ledger/ethereum.h — Ethereum's fee rules: EIP-1559 base fee, EIP-4844 blob base fee. Layer: domain. Not
 * collective, allocates nothing. Source: ethereum/EIPs EIPS/eip-1559.md, eip-4844.md, eip-7691.md. Fees are whole
 * wei per gas and kept below 2^63 (9.2 ETH per gas). */
#ifndef DP_LEDGER_ETHEREUM_H
#define DP_LEDGER_ETHEREUM_H

#include <stdint.h>

#include "base/status.h"

#define DP_ETHEREUM_BASE_FEE_DENOMINATOR 8
#define DP_ETHEREUM_BLOB_FRACTION 3338477        /* EIP-4844 */
#define DP_ETHEREUM_BLOB_FRACTION_PRAGUE 5007716 /* EIP-7691 */

/** Base fee of the next block; the target is half the limit. A change is floored, a rise is at least 1 wei. Errors:
 *  DP_RANGE unless 0 ≤ base, 0 ≤ used ≤ limit, 2 ≤ limit, 1 ≤ denominator, and when the result is beyond 63 bits. */
enum dp_status dp_ethereum_next_base_fee(int64_t base_wei, int64_t used_gas, int64_t limit_gas, int64_t denominator,
                                         int64_t *next_wei, struct dp_err *err);

/** Base fee of blob gas: the integer series for 1 wei · e^(excess / fraction).
 *  Errors: DP_RANGE unless 0 ≤ excess, 1 ≤ fraction, and when the fee is beyond 63 bits. */
enum dp_status dp_ethereum_blob_base_fee(int64_t excess_blob_gas, int64_t fraction, int64_t *wei, struct dp_err *err);

#endif
