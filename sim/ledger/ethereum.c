#include "ledger/ethereum.h"

#include "base/wide.h"

static enum dp_status too_large(struct dp_err *err) { return dp_fail(err, DP_RANGE, "the fee does not fit 63 bits"); }

enum dp_status dp_ethereum_next_base_fee(int64_t base_wei, int64_t used_gas, int64_t limit_gas, int64_t denominator,
                                         int64_t *next_wei, struct dp_err *err) {
  if (base_wei < 0) return dp_fail(err, DP_RANGE, "a base fee must not be negative, got %lld", (long long)base_wei);
  if (limit_gas < 2) return dp_fail(err, DP_RANGE, "a gas limit must be 2 or more, got %lld", (long long)limit_gas);
  if (used_gas < 0 || used_gas > limit_gas)
    return dp_fail(err, DP_RANGE, "gas used must lie in [0, %lld], the limit, got %lld", (long long)limit_gas,
                   (long long)used_gas);
  if (denominator < 1)
    return dp_fail(err, DP_RANGE, "a denominator must be 1 or more, got %lld", (long long)denominator);
  int64_t target = limit_gas / 2;
  dp_i128 off = used_gas > target ? used_gas - target : target - used_gas;
  dp_i128 change = base_wei * off / target / denominator, next;
  if (used_gas > target) next = base_wei + (change > 1 ? change : 1);
  else next = base_wei - change;
  if (next > INT64_MAX) return too_large(err);
  *next_wei = (int64_t)next;
  return DP_OK;
}

enum dp_status dp_ethereum_blob_base_fee(int64_t excess_blob_gas, int64_t fraction, int64_t *wei, struct dp_err *err) {
  if (excess_blob_gas < 0) return dp_fail(err, DP_RANGE, "excess blob gas must not be negative");
  if (fraction < 1)
    return dp_fail(err, DP_RANGE, "an update fraction must be 1 or more, got %lld", (long long)fraction);
  const dp_u128 unit = (dp_u128)fraction; /* 1 wei */
  dp_u128 sum = 0, term = unit, step;
  if (excess_blob_gas / fraction >= 44) return too_large(err); /* e^44 > 2^63 */
  for (dp_u128 i = 1; term > 0; i++) {
    if (!dp_u128_add(sum, term, &sum)) return too_large(err);
    if (!dp_u128_mul(unit, i, &step)) return too_large(err);
    if (!dp_u128_mul_div(term, (dp_u128)excess_blob_gas, step, DP_ROUND_DOWN, &term)) return too_large(err);
  }
  sum /= unit;
  if (sum > INT64_MAX) return too_large(err);
  *wei = (int64_t)sum;
  return DP_OK;
}
