#include "ledger/solana.h"

#include "base/wide.h"

enum dp_status dp_solana_fee(int64_t signature_n, int64_t cu_limit, int64_t cu_price_micro, int64_t *lamports,
                             struct dp_err *err) {
  if (signature_n < 0 || cu_limit < 0 || cu_price_micro < 0)
    return dp_fail(err, DP_RANGE, "signatures, compute limit and price must not be negative");
  dp_i128 micro = (dp_i128)cu_limit * cu_price_micro;
  dp_i128 fee = (dp_i128)DP_SOLANA_LAMPORTS_PER_SIGNATURE * signature_n + micro / 1000000 + (micro % 1000000 != 0);
  if (fee > INT64_MAX) return dp_fail(err, DP_RANGE, "the fee does not fit 63 bits");
  *lamports = (int64_t)fee;
  return DP_OK;
}
