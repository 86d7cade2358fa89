#include "ledger/amm.h"

#include <math.h>

static enum dp_status too_large(struct dp_err *err) {
  return dp_fail(err, DP_RANGE, "an amount is too large: a product does not fit 256 bits");
}

static struct dp_u256 small(uint64_t a) { return (struct dp_u256){{a}}; }

/* ---- constant product ---- */

static enum dp_status check_pool(struct dp_u256 amount, struct dp_u256 reserve_in, struct dp_u256 reserve_out,
                                 struct dp_err *err) {
  if (dp_u256_is_zero(amount)) return dp_fail(err, DP_RANGE, "an amount of 0 cannot be traded");
  if (dp_u256_is_zero(reserve_in) || dp_u256_is_zero(reserve_out)) return dp_fail(err, DP_RANGE, "the pool is empty");
  return DP_OK;
}

enum dp_status dp_amm_v2_out(struct dp_u256 in, struct dp_u256 reserve_in, struct dp_u256 reserve_out,
                             struct dp_u256 *out, struct dp_err *err) {
  struct dp_u256 after_fee, pool;
  DP_TRY(check_pool(in, reserve_in, reserve_out, err));
  if (!dp_u256_mul(in, small(997), &after_fee) || !dp_u256_mul(reserve_in, small(1000), &pool) ||
      !dp_u256_add(pool, after_fee, &pool) || !dp_u256_mul_div(after_fee, reserve_out, pool, DP_ROUND_DOWN, out))
    return too_large(err);
  return DP_OK;
}

enum dp_status dp_amm_v2_in(struct dp_u256 out, struct dp_u256 reserve_in, struct dp_u256 reserve_out,
                            struct dp_u256 *in, struct dp_err *err) {
  struct dp_u256 left, price, amount;
  DP_TRY(check_pool(out, reserve_in, reserve_out, err));
  if (!dp_u256_sub(reserve_out, out, &left) || dp_u256_is_zero(left))
    return dp_fail(err, DP_RANGE, "the pool does not hold more than what is to come out");
  if (!dp_u256_mul(out, small(1000), &price) || !dp_u256_mul(left, small(997), &left) ||
      !dp_u256_mul_div(reserve_in, price, left, DP_ROUND_DOWN, &amount) || !dp_u256_add(amount, small(1), in))
    return too_large(err);
  return DP_OK;
}

/* ---- stableswap ---- */

static bool nearly_equal(struct dp_u256 a, struct dp_u256 b) {
  struct dp_u256 gap;
  if (!dp_u256_sub(a, b, &gap) && !dp_u256_sub(b, a, &gap)) return false;
  return dp_u256_cmp(gap, small(1)) <= 0;
}

#define ITERATIONS_MAX 255

/* One Newton step of the invariant: (Ann Σx + n D_P) D / ((Ann − 1) D + (n + 1) D_P), D_P = D^(n+1) / (n^n Π x). */
static bool step_invariant(uint64_t ann, struct dp_u256 sum, const struct dp_u256 *x, size_t n, struct dp_u256 *d) {
  struct dp_u256 dp = *d, above, below, part;
  for (size_t k = 0; k < n; k++)
    if (!dp_u256_mul(x[k], small(n), &part) || !dp_u256_mul_div(dp, *d, part, DP_ROUND_DOWN, &dp)) return false;
  return dp_u256_mul(sum, small(ann), &above) && dp_u256_mul(dp, small(n), &part) &&
         dp_u256_add(above, part, &above) && dp_u256_mul(*d, small(ann - 1), &below) &&
         dp_u256_mul(dp, small(n + 1), &part) && dp_u256_add(below, part, &below) &&
         dp_u256_mul_div(above, *d, below, DP_ROUND_DOWN, d);
}

static bool invariant(uint64_t ann, const struct dp_u256 *x, size_t n, struct dp_u256 *d) {
  struct dp_u256 sum = {{0}}, before;
  for (size_t k = 0; k < n; k++)
    if (!dp_u256_add(sum, x[k], &sum)) return false;
  *d = sum;
  for (int round = 0; round < ITERATIONS_MAX; round++) {
    before = *d;
    if (!step_invariant(ann, sum, x, n, d)) return false;
    if (nearly_equal(*d, before)) return true;
  }
  return false;
}

/* The balance of coin j that keeps the invariant: y² + (b − D) y = c by Newton. x holds the others' balances. */
static bool other_balance(uint64_t ann, const struct dp_u256 *x, size_t n, size_t j, struct dp_u256 d,
                          struct dp_u256 *y) {
  struct dp_u256 c = d, b = {{0}}, part, top, bottom, before;
  for (size_t k = 0; k < n; k++) {
    if (k == j) continue;
    if (!dp_u256_add(b, x[k], &b) || !dp_u256_mul(x[k], small(n), &part)) return false;
    if (!dp_u256_mul_div(c, d, part, DP_ROUND_DOWN, &c)) return false;
  }
  if (!dp_u256_mul_div(c, d, small(ann * n), DP_ROUND_DOWN, &c)) return false;
  if (!dp_u256_mul_div(d, small(1), small(ann), DP_ROUND_DOWN, &part) || !dp_u256_add(b, part, &b)) return false;
  *y = d;
  for (int round = 0; round < ITERATIONS_MAX; round++) {
    before = *y;
    if (!dp_u256_mul(*y, *y, &top) || !dp_u256_add(top, c, &top)) return false;
    if (!dp_u256_add(*y, *y, &bottom) || !dp_u256_add(bottom, b, &bottom) || !dp_u256_sub(bottom, d, &bottom))
      return false;
    if (!dp_u256_mul_div(top, small(1), bottom, DP_ROUND_DOWN, y)) return false;
    if (nearly_equal(*y, before)) return true;
  }
  return false;
}

enum dp_status dp_amm_stableswap_out(int64_t amplification, const struct dp_u256 *balances, size_t n, size_t i,
                                     size_t j, struct dp_u256 in, struct dp_u256 *out, struct dp_err *err) {
  struct dp_u256 x[DP_AMM_COINS_MAX], d, y, fee, bought = {{0}};
  if (amplification < 1 || amplification > 1000000)
    return dp_fail(err, DP_RANGE, "A must lie in [1, 1000000], got %lld", (long long)amplification);
  if (n < 2 || n > DP_AMM_COINS_MAX) return dp_fail(err, DP_RANGE, "a pool has 2 to %d coins", DP_AMM_COINS_MAX);
  if (i >= n || j >= n || i == j) return dp_fail(err, DP_RANGE, "i and j must be two coins of the pool's %zu", n);
  for (size_t k = 0; k < n; k++) {
    x[k] = balances[k];
    if (dp_u256_is_zero(x[k])) return dp_fail(err, DP_RANGE, "balance %zu is empty", k + 1);
  }
  uint64_t ann = (uint64_t)amplification * n;
  if (!invariant(ann, x, n, &d) || !dp_u256_add(x[i], in, &x[i]) || !other_balance(ann, x, n, j, d, &y))
    return too_large(err);
  if (!dp_u256_sub(x[j], y, &bought)) bought = small(0); /* nothing went in, and y was rounded up */
  if (!dp_u256_mul_div(bought, small(10000000), small(10000000000), DP_ROUND_DOWN, &fee)) return too_large(err);
  return dp_u256_sub(bought, fee, out) ? DP_OK : too_large(err);
}

/* ---- curves in doubles ---- */

double dp_amm_impermanent_loss(double ratio) {
  double root = sqrt(ratio), gap = root - 1;
  return -(gap * gap) / (1 + ratio); /* 2√r − 1 − r = −(√r − 1)² */
}

static double largest(const double *q, size_t n) {
  double most = q[0];
  for (size_t i = 1; i < n; i++) most = fmax(most, q[i]);
  return most;
}

/* Σ e^((q − most) / b) */
static double weights(double b, const double *q, size_t n, double most) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += exp((q[i] - most) / b);
  return sum;
}

double dp_amm_lmsr_cost(double b, const double *q, size_t n) {
  double most = largest(q, n);
  return most + b * log(weights(b, q, n, most));
}

double dp_amm_lmsr_price(double b, const double *q, size_t n, size_t i) {
  double most = largest(q, n);
  return exp((q[i] - most) / b) / weights(b, q, n, most);
}

double dp_amm_bancor_mint(double supply, double reserve, double weight, double deposit) {
  return supply * expm1(weight * log1p(deposit / reserve));
}
