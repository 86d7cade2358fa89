#include <config.h>

#include "ledger/swap.h"

#include <math.h>

#define MILLION 1000000
#define AMOUNT_MAX ((dp_i128)1 << 120)

/* ⌊offered · reserve_out' / reserve_in'⌋ where offered is net of the fee and the reserves have the batch's net flows added;
 * all in millionths of a unit. */
static bool out_for(dp_u128 offered, dp_u128 keep, struct dp_u256 out_side, struct dp_u256 in_side, dp_i128 *out) {
  struct dp_u256 net = dp_u256_product(offered, keep), scaled, amount, million = dp_u256_from_u128(MILLION);
  dp_u128 narrow;
  if (!dp_u256_mul(in_side, million, &scaled) || !dp_u256_mul_div(net, out_side, scaled, DP_ROUND_DOWN, &amount) ||
      !dp_u256_to_u128(amount, &narrow) || narrow > (dp_u128)AMOUNT_MAX)
    return false;
  *out = (dp_i128)narrow;
  return true;
}

/* A reserve and what is offered, net of the fee, in millionths. */
static bool side_of(dp_i128 reserve, dp_i128 offered, dp_u128 keep, struct dp_u256 *out) {
  return dp_u256_add(dp_u256_product((dp_u128)reserve, MILLION), dp_u256_product((dp_u128)offered, keep), out);
}

enum dp_status dp_swap_fill(const struct dp_reserves *p, struct dp_swap *batch, struct dp_err *err) {
  struct dp_u256 token_side, usd_side;
  const dp_u128 keep = (dp_u128)(MILLION - p->fee_ppm);
  batch->token_out = batch->usd_out = batch->usd_back = 0;
  if (p->token <= 0 || p->usd <= 0) return dp_fail(err, DP_INVARIANT, "the pool is empty");
  if (batch->usd_in < 0 || batch->token_in < 0)
    return dp_fail(err, DP_INVARIANT, "a negative amount is offered to the pool");
  if (p->token > AMOUNT_MAX || p->usd > AMOUNT_MAX || batch->usd_in > AMOUNT_MAX || batch->token_in > AMOUNT_MAX ||
      !side_of(p->token, batch->token_in, keep, &token_side) || !side_of(p->usd, batch->usd_in, keep, &usd_side) ||
      !out_for((dp_u128)batch->usd_in, keep, token_side, usd_side, &batch->token_out) ||
      !out_for((dp_u128)batch->token_in, keep, usd_side, token_side, &batch->usd_out))
    return dp_fail(err, DP_INVARIANT, "a trade passes 2^120 base units");
  return DP_OK;
}

double dp_swap_depth_usd(double usd, double ratio) { return usd * (sqrt(1 + ratio) - 1); }

double dp_swap_depth_token(double token, double ratio) { return token * (1 / sqrt(1 - ratio) - 1); }
