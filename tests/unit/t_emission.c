/* Emission and unlocks: the schedules of Helium, Filecoin, io.net and DIMO as special cases, sums that do not drift over
 * any steps, and tranches that end exact. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "engine/rng.h"
#include "ledger/allocation.h"
#include "ledger/emission.h"
#include "ledger/helium.h"
#include "ledger/io_net.h"

static void near(double got, double expected, double relative) {
  if (!(fabs(got - expected) <= relative * fabs(expected)))
    fail_msg("%.17g is not %.17g within %g", got, expected, relative);
}

static struct dp_emission_rule rule_of(struct dp_emission e, int64_t decimals) {
  struct dp_emission_rule rule;
  struct dp_err err = {0};
  if (dp_emission_rule_make(&e, decimals, &rule, &err) != DP_OK) fail_msg("%s", err.text);
  return rule;
}

static dp_i128 minted(const struct dp_emission_rule *rule, dp_time t_ns) {
  dp_i128 out = -1;
  assert_true(dp_emission_minted(rule, t_ns, &out));
  return out;
}

static double tokens(const struct dp_emission_rule *rule, double days, int decimals) {
  return dp_i128_to_double(minted(rule, (dp_time)(days * (double)DP_DAY))) / pow(10, decimals);
}

/* HIP-20: 60 million HNT a year, halving every two years. */
static void helium_halves_every_two_years(void **state) {
  (void)state;
  const struct dp_emission_rule r =
      rule_of((struct dp_emission){.kind = DP_EMISSION_HALVING, .per_day = 60e6 / 365, .halve_every_d = 730}, 8);
  double sum = 0;
  for (int year = 1; year <= 20; year++) {
    sum += dp_helium_minted_in_year(year);
    near(tokens(&r, 365.0 * year, 8), sum, 1e-12);
  }
  near(tokens(&r, 106000, 8), 240e6, 1e-12); /* 145 eras: 2 · 60e6 · 2 years */
}

/* Filecoin's simple minting: 330 million FIL, half-life six years; the three amounts are those of VECTORS.md. */
static void filecoin_simple_minting_is_exponential(void **state) {
  (void)state;
  const struct dp_emission_rule r =
      rule_of((struct dp_emission){.kind = DP_EMISSION_EXPONENTIAL, .total = 330e6, .half_life_d = 2190}, 18);
  near(tokens(&r, 1, 18), 104430.3081683895, 1e-12);
  near(tokens(&r, 365, 18), 36003423.01368804, 1e-14);
  near(tokens(&r, 2190, 18), 165e6, 1e-14);
  for (double day = 0.37; day < 40000; day *= 1.37)
    near(tokens(&r, day, 18), -330e6 * expm1(-day / 2190 * log(2)), 1e-12);
  assert_true(minted(&r, 2190 * DP_DAY) == (dp_i128)165 * 1000000 * INT64_C(1000000000000000000));
}

/* io.net: 4,566.21 IO in the first hour, 1.38869523959793e-5 less each hour, 300 million in 175,319 hours. */
static void io_net_decays_hour_by_hour(void **state) {
  (void)state;
  const struct dp_emission_rule r =
      rule_of((struct dp_emission){.kind = DP_EMISSION_EPOCH_DECAY, .per_epoch = 500e6 * (0.08 / 8760), .epoch_s = 3600,
                                   .decay_ratio = 1.38869523959793e-5, .epochs_n = DP_IO_NET_HOURS}, 8);
  double sum = 0;
  for (int64_t hour = 0; hour < DP_IO_NET_HOURS; hour++) {
    sum += dp_io_net_emission(hour);
    if (hour % 1009 == 0) near(dp_i128_to_double(minted(&r, (hour + 1) * DP_HOUR)) / 1e8, sum, 1e-11);
  }
  near(dp_i128_to_double(minted(&r, DP_IO_NET_HOURS * DP_HOUR)) / 1e8, 299999999.9999, 1e-11);
  assert_true(minted(&r, DP_IO_NET_HOURS * DP_HOUR) == minted(&r, 2 * DP_IO_NET_HOURS * DP_HOUR)); /* it has ended */
  assert_true(minted(&r, DP_HOUR / 2) == minted(&r, DP_HOUR) / 2);
}

/* DIMO: 1,105,000 a week, 15 % less every 52 weeks: 382,491,185.13 in 40 years. */
static void dimo_falls_by_fifteen_percent_a_year(void **state) {
  (void)state;
  const struct dp_emission_rule r =
      rule_of((struct dp_emission){.kind = DP_EMISSION_EPOCH_DECAY, .per_epoch = 52 * 1105000.0,
                                   .epoch_s = 52 * 7 * 86400.0, .decay_ratio = 0.15, .epochs_n = 40}, 18);
  near(tokens(&r, 7 * 52 * 40, 18), 382491185.13, 1e-10);
  near(tokens(&r, 7, 18), 1105000, 1e-15);
  near(tokens(&r, 7 * 52 * 3, 18), 52 * 1105000 * (1 + 0.85 + 0.7225), 1e-14);
}

static void a_sum_over_any_steps_never_falls_or_drifts(void **state) {
  (void)state;
  for (uint64_t i = 0; i < 400; i++) {
    struct dp_rng rng = dp_rng_at(3, 0, i, DP_STREAM_TEMPLATE, 0);
    const double rate = pow(10, 12 * dp_rng_uniform(&rng) - 3), long_d = pow(10, 5 * dp_rng_uniform(&rng) - 2);
    const struct dp_emission kinds[] = {
        {.kind = DP_EMISSION_FIXED, .per_day = rate},
        {.kind = DP_EMISSION_HALVING, .per_day = rate, .halve_every_d = long_d},
        {.kind = DP_EMISSION_EXPONENTIAL, .total = rate, .half_life_d = long_d},
        {.kind = DP_EMISSION_EPOCH_DECAY, .per_epoch = rate, .epoch_s = 86400 * long_d,
         .decay_ratio = pow(10, -9 * dp_rng_uniform(&rng)) * 0.99}};
    const struct dp_emission_rule r = rule_of(kinds[i % 4], (int64_t)dp_rng_below(&rng, 19));
    dp_i128 before = 0, sum = 0;
    dp_time t = 0;
    for (int step = 0; step < 300; step++) {
      t += (dp_time)pow(10, 14.5 * dp_rng_uniform(&rng));
      const dp_i128 now = minted(&r, t);
      assert_true(now >= before);
      sum += now - before;
      before = now;
      assert_true(minted(&r, t + 1) >= now && now >= minted(&r, t - 1));
    }
    assert_true(sum == minted(&r, t));
  }
  assert_false(dp_emission_minted(&(struct dp_emission_rule){0}, -1, &(dp_i128){0}));
}

static void a_tranche_keeps_its_cliff_and_ends_exact(void **state) {
  (void)state;
  const struct dp_tranche team = {.name = "team", .tge_ratio = 0.1, .cliff_d = 365, .vesting_d = 1095};
  const dp_i128 amount = 1000000000000000007;
  const dp_i128 first = amount / 10;
  assert_true(dp_tranche_unlocked(&team, amount, 0) == first);
  assert_true(dp_tranche_unlocked(&team, amount, 365 * DP_DAY) == first);
  assert_true(dp_tranche_unlocked(&team, amount, (365 + 219) * DP_DAY) == first + (amount - first) / 5);
  assert_true(dp_tranche_unlocked(&team, amount, 1460 * DP_DAY - 1) < amount);
  assert_true(dp_tranche_unlocked(&team, amount, 1460 * DP_DAY) == amount);
  assert_true(dp_tranche_unlocked(&team, amount, 9999 * DP_DAY) == amount);
  const struct dp_tranche at_once = {.name = "sale", .cliff_d = 7};
  assert_true(dp_tranche_unlocked(&at_once, amount, 7 * DP_DAY - 1) == 0);
  assert_true(dp_tranche_unlocked(&at_once, amount, 7 * DP_DAY) == amount);
}

static void refuses(const struct dp_schema *schema, void *config, const char *says) {
  struct dp_err err = {0};
  assert_int_equal(schema->check(config, &err), DP_SCENARIO);
  if (!strstr(err.text, says)) fail_msg("'%s' does not say '%s'", err.text, says);
}

static void words_of_another_kind_are_refused(void **state) {
  (void)state;
  struct dp_emission e = {.kind = DP_EMISSION_FIXED, .per_day = 1, .half_life_d = 3};
  refuses(&dp_emission_schema, &e, "half_life_d has no effect on an emission of kind fixed");
  e = (struct dp_emission){.kind = DP_EMISSION_HALVING, .per_day = 1};
  refuses(&dp_emission_schema, &e, "needs halve_every_d above 0");
  e = (struct dp_emission){.kind = DP_EMISSION_EPOCH_DECAY, .per_epoch = 1, .epoch_s = 60, .decay_ratio = 1e-12};
  refuses(&dp_emission_schema, &e, "at least 1e-9");
  struct dp_tranche t = {.name = "team"};
  refuses(&dp_tranche_schema, &t, "either share_ratio or amount");
  struct dp_err err = {0};
  struct dp_emission_rule rule;
  e = (struct dp_emission){.kind = DP_EMISSION_FIXED, .per_day = 1e30};
  assert_int_equal(dp_emission_rule_make(&e, 18, &rule, &err), DP_SCENARIO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(helium_halves_every_two_years),
      cmocka_unit_test(filecoin_simple_minting_is_exponential),
      cmocka_unit_test(io_net_decays_hour_by_hour),
      cmocka_unit_test(dimo_falls_by_fifteen_percent_a_year),
      cmocka_unit_test(a_sum_over_any_steps_never_falls_or_drifts),
      cmocka_unit_test(a_tranche_keeps_its_cliff_and_ends_exact),
      cmocka_unit_test(words_of_another_kind_are_refused),
  };
  return cmocka_run_group_tests_name("emission", tests, NULL, NULL);
}
