/* sim/ledger/amm_v3.c — concentrated liquidity: the contract's integers with its rounding, in the pool's favour. */
#include <math.h>

#include "ledger/amm.h"

static const struct dp_u256 q96 = {{0, (uint64_t)1 << 32}};

static bool fits(struct dp_u256 a, unsigned bits) { return dp_u256_is_zero(dp_u256_shr(a, bits)); }

static enum dp_status check_root(struct dp_u256 root, struct dp_err *err) {
  if (!dp_u256_is_zero(root) && fits(root, 160)) return DP_OK;
  return dp_fail(err, DP_RANGE, "a root of a price (Q64.96) must lie in [1, 2^160 - 1]");
}

static enum dp_status check_liquidity(struct dp_u256 liquidity, struct dp_err *err) {
  if (!dp_u256_is_zero(liquidity) && fits(liquidity, 128)) return DP_OK;
  return dp_fail(err, DP_RANGE, "liquidity must lie in [1, 2^128 - 1]");
}

/* √P L / (L ± x √P), rounded up. False when more is taken out than there is. */
static bool next_by_token0(struct dp_u256 root, struct dp_u256 liquidity, struct dp_u256 amount, bool into_pool,
                           struct dp_u256 *next) {
  struct dp_u256 scaled = dp_u256_shl(liquidity, 96), product, below;
  if (dp_u256_mul(amount, root, &product)) {
    if (into_pool ? dp_u256_add(scaled, product, &below) : dp_u256_sub(scaled, product, &below))
      return dp_u256_mul_div(scaled, root, below, DP_ROUND_UP, next);
  }
  if (!into_pool) return false;
  /* the contract's less precise form L / (L/√P + x), for amounts whose product with √P overflows */
  return dp_u256_mul_div(scaled, (struct dp_u256){{1}}, root, DP_ROUND_DOWN, &below) &&
         dp_u256_add(below, amount, &below) &&
         dp_u256_mul_div(scaled, (struct dp_u256){{1}}, below, DP_ROUND_UP, next);
}

/* √P ± y / L, rounded down. */
static bool next_by_token1(struct dp_u256 root, struct dp_u256 liquidity, struct dp_u256 amount, bool into_pool,
                           struct dp_u256 *next) {
  struct dp_u256 step;
  if (!dp_u256_mul_div(amount, q96, liquidity, into_pool ? DP_ROUND_DOWN : DP_ROUND_UP, &step)) return false;
  return into_pool ? dp_u256_add(root, step, next) : dp_u256_sub(root, step, next);
}

enum dp_status dp_amm_v3_next_sqrt_price(struct dp_u256 sqrt_x96, struct dp_u256 liquidity, struct dp_u256 amount,
                                         int token, bool into_pool, struct dp_u256 *next_x96, struct dp_err *err) {
  struct dp_u256 next = sqrt_x96;
  DP_TRY(check_root(sqrt_x96, err));
  DP_TRY(check_liquidity(liquidity, err));
  if (token != 0 && token != 1) return dp_fail(err, DP_RANGE, "a token is 0 or 1, got %d", token);
  bool good = dp_u256_is_zero(amount) || (token == 0 ? next_by_token0(sqrt_x96, liquidity, amount, into_pool, &next)
                                                     : next_by_token1(sqrt_x96, liquidity, amount, into_pool, &next));
  if (!good || dp_u256_is_zero(next) || !fits(next, 160))
    return dp_fail(err, DP_RANGE, into_pool ? "the amount moves the price out of range"
                                            : "more is to come out than the liquidity holds");
  *next_x96 = next;
  return DP_OK;
}

static enum dp_status order(struct dp_u256 *a, struct dp_u256 *b, struct dp_u256 *gap, struct dp_u256 liquidity,
                            struct dp_err *err) {
  DP_TRY(check_root(*a, err));
  DP_TRY(check_root(*b, err));
  DP_TRY(check_liquidity(liquidity, err));
  if (dp_u256_sub(*b, *a, gap)) return DP_OK;
  struct dp_u256 swap = *a;
  *a = *b;
  *b = swap;
  return dp_u256_sub(*b, *a, gap) ? DP_OK : dp_fail(err, DP_RANGE, "roots cannot be ordered");
}

enum dp_status dp_amm_v3_amount0(struct dp_u256 a, struct dp_u256 b, struct dp_u256 liquidity, bool round_up,
                                 struct dp_u256 *amount, struct dp_err *err) {
  struct dp_u256 gap, part;
  enum dp_round round = round_up ? DP_ROUND_UP : DP_ROUND_DOWN;
  DP_TRY(order(&a, &b, &gap, liquidity, err));
  if (!dp_u256_mul_div(dp_u256_shl(liquidity, 96), gap, b, round, &part) ||
      !dp_u256_mul_div(part, (struct dp_u256){{1}}, a, round, amount))
    return dp_fail(err, DP_RANGE, "the amount does not fit 256 bits");
  return DP_OK;
}

enum dp_status dp_amm_v3_amount1(struct dp_u256 a, struct dp_u256 b, struct dp_u256 liquidity, bool round_up,
                                 struct dp_u256 *amount, struct dp_err *err) {
  struct dp_u256 gap;
  DP_TRY(order(&a, &b, &gap, liquidity, err));
  if (!dp_u256_mul_div(liquidity, gap, q96, round_up ? DP_ROUND_UP : DP_ROUND_DOWN, amount))
    return dp_fail(err, DP_RANGE, "the amount does not fit 256 bits");
  return DP_OK;
}

/* √b − √a without cancellation */
static double root_gap(double a, double b) { return (b - a) / (sqrt(a) + sqrt(b)); }

void dp_amm_v3_position(double price, double low, double high, double liquidity, double *amount0, double *amount1) {
  double from = fmin(fmax(price, low), high);
  *amount0 = liquidity * root_gap(from, high) / (sqrt(from) * sqrt(high));
  *amount1 = liquidity * root_gap(low, from);
}
