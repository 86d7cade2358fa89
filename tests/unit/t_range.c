/* Concentrated liquidity: ticks against Uniswap's published constants, and the batch against the constant product, which
 * one position over all prices is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "engine/rng.h"
#include "ledger/range.h"

static void near(double got, double expected, double relative) {
  if (!(fabs(got - expected) <= relative * fabs(expected)))
    fail_msg("%.15g is not %.15g within %g", got, expected, relative);
}

static double real(struct dp_u256 a) {
  double sum = 0;
  for (int i = 3; i >= 0; i--) sum = sum * 0x1p64 + (double)a.limb[i];
  return sum;
}

/* TickMath.sol: MIN_SQRT_RATIO and MAX_SQRT_RATIO; the others from 1.0001^(tick / 2). */
static void ticks_are_uniswap_v3s(void **state) {
  (void)state;
  char text[DP_U256_TEXT];
  assert_string_equal(dp_u256_text(dp_tick_root(-DP_TICK_MAX), text), "4295128739");
  assert_string_equal(dp_u256_text(dp_tick_root(DP_TICK_MAX), text), "1461446703485210103287273052203988822378723970342");
  assert_string_equal(dp_u256_text(dp_tick_root(0), text), "79228162514264337593543950336");
  for (int32_t tick = -800000; tick <= 800000; tick += 9973) {
    near(real(dp_tick_root(tick)), pow(1.0001, tick / 2.0) * 0x1p96, 1e-9);
    assert_int_equal(dp_tick_at(dp_tick_root(tick)), tick);
  }
}

static struct dp_u256 root_of(dp_i128 usd, dp_i128 token) {
  struct dp_u256 ratio;
  assert_true(dp_u256_mul_div(dp_u256_from_u128((dp_u128)usd), dp_u256_shl(dp_u256_from_u128(1), 192),
                              dp_u256_from_u128((dp_u128)token), DP_ROUND_DOWN, &ratio));
  return dp_u256_from_u128(dp_u256_isqrt(ratio));
}

static void one_position_over_all_prices_is_a_constant_product(void **state) {
  (void)state;
  for (uint64_t i = 0; i < 400; i++) {
    struct dp_rng rng = dp_rng_at(5, 0, i, 1, 0);
    struct dp_err err = {0};
    struct dp_reserves pool = {(dp_i128)(1e12 + 1e15 * dp_rng_uniform(&rng)), (dp_i128)(1e12 + 1e15 * dp_rng_uniform(&rng)),
                               (int64_t)dp_rng_below(&rng, 10000)};
    struct dp_swap flat = {.usd_in = (dp_i128)(1e15 * dp_rng_uniform(&rng) * dp_rng_uniform(&rng)),
                           .token_in = dp_rng_below(&rng, 3) ? (dp_i128)(1e15 * dp_rng_uniform(&rng)) : 0};
    struct dp_swap curved = flat;
    struct dp_u256 root = root_of(pool.usd, pool.token);
    struct dp_position all = {.lower = -DP_TICK_MAX, .upper = DP_TICK_MAX};
    struct dp_range curve;
    assert_true(dp_position_liquidity(root, all.lower, all.upper, pool.token, pool.usd, &all.liquidity));
    near((double)all.liquidity, sqrt((double)pool.token * (double)pool.usd), 1e-9);
    dp_range_make(&all, 1, &curve);
    assert_int_equal(dp_swap_fill(&pool, &flat, &err), DP_OK);
    assert_int_equal(dp_range_fill(&curve, pool.fee_ppm, &root, &curved, &err), DP_OK);
    near((double)curved.token_out + 1, (double)flat.token_out + 1, 1e-8);
    near((double)curved.usd_out + 1, (double)flat.usd_out + 1, 1e-8);
  }
}

/* White paper of Uniswap v3: liquidity in [p / r, p r] is 1 / (1 − r^(−1/2)) times that of the same money spread over all
 * prices, and trades inside follow L (√b − √a). Beyond the range only what lies there is left. */
static void money_in_a_range_is_deeper_inside_it_and_gone_outside(void **state) {
  (void)state;
  struct dp_err err = {0};
  const dp_i128 token = 1000000000000, usd = 1000000000000; /* price 1 */
  struct dp_u256 root = root_of(usd, token), at = root;
  struct dp_position p[2] = {{.lower = -DP_TICK_MAX, .upper = DP_TICK_MAX}, {.lower = -953, .upper = 953}};
  struct dp_range curve;
  for (int i = 0; i < 2; i++)
    assert_true(dp_position_liquidity(root, p[i].lower, p[i].upper, token, usd, &p[i].liquidity));
  near((double)p[1].liquidity / (double)p[0].liquidity, 1 / (1 - pow(1.0001, -953 / 2.0)), 1e-6);
  dp_range_make(p, 2, &curve);
  assert_int_equal(curve.edge_n, 4);
  dp_i128 out, held[2];
  const double inside = (double)(p[0].liquidity + p[1].liquidity), b = pow(1.0001, -953 / 2.0);
  /* down to the edge of the range */
  const dp_i128 to_edge = (dp_i128)(inside * (1 / b - 1));
  assert_int_equal(dp_range_move(&curve, 0, to_edge, &at, &out, &err), DP_OK);
  near((double)out, inside * (1 - b), 1e-9);
  near(real(at), b * 0x1p96, 1e-9);
  /* beyond it the wide position alone answers: x y = L² */
  const double x = (double)p[0].liquidity / b, more = 0.5e12;
  assert_int_equal(dp_range_move(&curve, 0, (dp_i128)more, &at, &out, &err), DP_OK);
  near((double)out, (double)p[0].liquidity * b * more / (x + more), 1e-6);
  assert_true(dp_range_between(&curve, curve.edge[0], at, false, &held[0], &held[1]));
  near((double)held[1], 2e12 - inside * (1 - b) - (double)out, 1e-6); /* what is left of the USD */
}

static void all_trade_at_one_price_along_the_ticks(void **state) {
  (void)state;
  for (uint64_t i = 0; i < 300; i++) {
    struct dp_rng rng = dp_rng_at(6, 0, i, 1, 0);
    struct dp_err err = {0};
    struct dp_u256 root = root_of(1 + (dp_i128)(1e15 * dp_rng_uniform(&rng)), 1 + (dp_i128)(1e15 * dp_rng_uniform(&rng)));
    const int32_t here = dp_tick_at(root);
    struct dp_position p[8] = {{.lower = -DP_TICK_MAX, .upper = DP_TICK_MAX, .liquidity = 1000000000000}};
    for (int k = 1; k < 8; k++)
      p[k] = (struct dp_position){.lower = here - 1 - (int32_t)dp_rng_below(&rng, 5000),
                                  .upper = here + 1 + (int32_t)dp_rng_below(&rng, 5000),
                                  .liquidity = dp_rng_below(&rng, 1000000000000)};
    struct dp_range curve;
    dp_range_make(p, 8, &curve);
    struct dp_swap s = {.usd_in = (dp_i128)(1e13 * dp_rng_uniform(&rng)), .token_in = (dp_i128)(1e13 * dp_rng_uniform(&rng))};
    dp_i128 had[2], has[2], none;
    assert_true(dp_range_between(&curve, root, curve.edge[curve.edge_n - 1], false, &had[0], &none));
    assert_true(dp_range_between(&curve, curve.edge[0], root, false, &none, &had[1]));
    const struct dp_u256 before = root;
    assert_int_equal(dp_range_fill(&curve, 0, &root, &s, &err), DP_OK);
    if (s.token_out < 1000000 || s.usd_out < 1000000) continue;
    const double bought = (double)s.usd_in / (double)s.token_out, sold = (double)s.usd_out / (double)s.token_in;
    near(bought, sold, 1e-5);
    const double low = fmin(real(before), real(root)) * 0x1p-96, high = fmax(real(before), real(root)) * 0x1p-96;
    assert_true(bought >= low * low * (1 - 1e-6) && bought <= high * high * (1 + 1e-6)); /* between both spot prices */
    assert_true(dp_range_between(&curve, root, curve.edge[curve.edge_n - 1], true, &has[0], &none));
    assert_true(dp_range_between(&curve, curve.edge[0], root, true, &none, &has[1]));
    assert_true(has[0] <= had[0] + s.token_in - s.token_out + 16); /* never more promised than held */
    assert_true(has[1] <= had[1] + s.usd_in - s.usd_out + 16);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ticks_are_uniswap_v3s),
      cmocka_unit_test(one_position_over_all_prices_is_a_constant_product),
      cmocka_unit_test(money_in_a_range_is_deeper_inside_it_and_gone_outside),
      cmocka_unit_test(all_trade_at_one_price_along_the_ticks),
  };
  return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
