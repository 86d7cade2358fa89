#include "finance/lending.h"

void dp_lending_kinked_rate(const struct dp_lending_curve *c, double utilisation, double *borrow, double *supply) {
  double rate = utilisation <= c->optimal
                    ? c->base + c->slope1 * utilisation / c->optimal
                    : c->base + c->slope1 + c->slope2 * (utilisation - c->optimal) / (1 - c->optimal);
  *borrow = rate;
  *supply = rate * utilisation * (1 - c->reserve_factor);
}

static struct dp_u256 small(uint64_t a) { return (struct dp_u256){{a}}; }

/* The product of two rays, half up. */
static bool ray_mul(struct dp_u256 a, struct dp_u256 b, struct dp_u256 ray, struct dp_u256 *out) {
  return dp_u256_mul_div(a, b, ray, DP_ROUND_NEAREST, out);
}

static bool add_term(struct dp_u256 *index, struct dp_u256 ways, struct dp_u256 power, uint64_t divisor) {
  struct dp_u256 term;
  return dp_u256_mul_div(ways, power, small(divisor), DP_ROUND_DOWN, &term) && dp_u256_add(*index, term, index);
}

enum dp_status dp_lending_compounded_index(struct dp_u256 rate_ray, int64_t seconds, struct dp_u256 *index_ray,
                                           struct dp_err *err) {
  const struct dp_u256 ray = dp_u256_product(1000000000000000u, 1000000000000u); /* 1e27 */
  const uint64_t year_s = 31536000;
  if (seconds < 0) return dp_fail(err, DP_RANGE, "seconds must not be negative, got %lld", (long long)seconds);
  uint64_t n = (uint64_t)seconds, n1 = n > 1 ? n - 1 : 0, n2 = n > 2 ? n - 2 : 0;
  struct dp_u256 rate, square, cube, index = ray, pairs = dp_u256_product(n, n1), triples;
  if (!dp_u256_mul_div(rate_ray, small(1), small(year_s), DP_ROUND_DOWN, &rate) ||
      !ray_mul(rate, rate, ray, &square) || !ray_mul(square, rate, ray, &cube) ||
      !dp_u256_mul(pairs, small(n2), &triples) || !add_term(&index, small(n), rate, 1) ||
      !add_term(&index, pairs, square, 2) || !add_term(&index, triples, cube, 6))
    return dp_fail(err, DP_RANGE, "the index does not fit 256 bits");
  *index_ray = index;
  return DP_OK;
}
