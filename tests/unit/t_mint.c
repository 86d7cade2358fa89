/* Emissions with a memory against their protocols: Livepeer's vectors, cosmos-sdk's x/mint, Filecoin's integers, Helium's
 * net emissions; custom curves; and that calling more or less often changes nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/csv.h"
#include "engine/rng.h"
#include "ledger/helium.h"
#include "ledger/livepeer.h"
#include "ledger/mint.h"
#include "model/vocabulary.h"
#include "real_data.h"

static void near(double got, double expected, double relative) {
  if (!(fabs(got - expected) <= relative * fabs(expected)))
    fail_msg("%.17g is not %.17g within %g", got, expected, relative);
}

struct mint {
  struct dp_emission emission;
  struct dp_mint_rule rule;
  struct dp_mint_state state;
  dp_i128 supply, minted;
};

static void start(struct mint *m, struct dp_emission e, int64_t decimals, double supply) {
  struct dp_err err = {0};
  *m = (struct mint){.emission = e};
  if (m->emission.remint_epochs_n == 0) m->emission.remint_epochs_n = 336, m->emission.remint_epoch_s = 1800;
  if (dp_emission_schema.check(&m->emission, &err) != DP_OK) fail_msg("%s", err.text);
  if (dp_mint_rule_make(&m->emission, decimals, &m->rule, &err) != DP_OK) fail_msg("%s", err.text);
  m->state = dp_mint_start(&m->rule);
  assert_true(dp_token_base_units(supply, decimals, &m->supply));
}

/* Everything up to t: returns what this call minted. */
static dp_i128 step(struct mint *m, dp_time t_ns, dp_i128 staked, dp_i128 power, dp_i128 burned) {
  struct dp_err err = {0};
  dp_i128 total;
  const struct dp_mint_input in = {.now_ns = t_ns, .supply = m->supply + m->minted - burned, .burned = burned,
                                   .staked = staked, .power_bytes = power};
  if (dp_mint_advance(&m->rule, &m->state, &in, &err) != DP_OK) fail_msg("%s", err.text);
  assert_true(dp_mint_total(&m->rule, &m->state, t_ns, &total));
  const dp_i128 now = total - m->minted;
  m->minted = total;
  return now;
}

static dp_i128 lpt(double tokens) {
  dp_i128 out;
  assert_true(dp_token_base_units(tokens, 18, &out));
  return out;
}

#define ROUND (INT64_C(69120) * DP_S)

static struct dp_emission livepeer(double inflation, double change, double ceiling) {
  return (struct dp_emission){.kind = DP_EMISSION_TARGET_BONDED, .epoch_s = 69120, .inflation_ratio = inflation,
                              .change_ratio = change, .target_ratio = 0.5, .ceiling_ratio = ceiling};
}

/* VECTORS.md: 137 ppm, 10 of 24 million bonded, change 3 ppm: 3,360 and 3,432.48048 LPT in two rounds; at the target
 * 3,288; LIP-100's ceiling: 219,500e-9 of 40 million is 8,780. */
static void livepeer_rounds_mint_what_the_contract_mints(void **state) {
  (void)state;
  struct mint m;
  start(&m, livepeer(137e-6, 3e-6, 1), 18, 24e6);
  assert_true(step(&m, 0, lpt(10e6), -1, 0) == 0);
  assert_true(step(&m, ROUND / 2, lpt(10e6), -1, 0) == lpt(1680));
  assert_true(step(&m, ROUND, lpt(10e6), -1, 0) == lpt(1680));
  assert_true(m.state.inflation == 143000);
  assert_true(step(&m, 2 * ROUND, lpt(10e6), -1, 0) == (dp_i128)INT64_C(343248048) * INT64_C(10000000000000));
  dp_mint_rule_free(&m.rule);
  start(&m, livepeer(137e-6, 3e-6, 1), 18, 24e6); /* in one go */
  assert_true(step(&m, 2 * ROUND, lpt(10e6), -1, 0) == lpt(3360) + lpt(3432) + lpt(0.48048));
  dp_mint_rule_free(&m.rule);
  start(&m, livepeer(137e-6, 3e-6, 1), 18, 24e6);
  assert_true(step(&m, ROUND, lpt(12e6), -1, 0) == lpt(3288));
  dp_mint_rule_free(&m.rule);
  start(&m, livepeer(218500e-9, 1000e-9, 750000e-9), 18, 40e6);
  assert_true(step(&m, ROUND, lpt(15e6), -1, 0) == lpt(8780));
  dp_mint_rule_free(&m.rule);
}

/* Two years of rounds with half of the rounds below the target, against the contract's own two functions. */
static void many_rounds_follow_the_contract_at_any_settlement(void **state) {
  (void)state;
  for (int every = 1; every <= 7; every += 3) {
    struct mint m;
    struct dp_err err = {0};
    start(&m, livepeer(218500e-9, 500e-9, 1), 18, 25e6);
    dp_u128 supply = (dp_u128)m.supply, amount = 0;
    int64_t inflation = 218500;
    for (int round = 0; round < 900; round++) {
      const dp_i128 staked = lpt(round < 448 ? 11e6 : 15e6); /* 448 is a multiple of every step */
      const struct dp_livepeer_round r = {.inflation = inflation, .target = 500000000, .change = 500,
                                          .ceiling = 1000000000, .denominator = 1000000000,
                                          .bonded = (dp_u128)staked, .supply = supply};
      assert_int_equal(dp_livepeer_next_inflation(&r, &inflation, &err), DP_OK);
      assert_int_equal(dp_livepeer_mintable(supply, inflation, 1000000000, &amount, &err), DP_OK);
      supply += amount;
      if (round % every == every - 1) step(&m, round * ROUND, staked, -1, 0);
    }
    step(&m, 900 * ROUND - 1, lpt(15e6), -1, 0);
    assert_true(m.state.inflation == inflation);
    assert_true(m.state.before + m.state.round_amount == (dp_i128)supply - m.supply);
    dp_mint_rule_free(&m.rule);
  }
}

static int64_t cosmos_next(double inflation, double bonded) {
  struct mint m;
  start(&m, (struct dp_emission){.kind = DP_EMISSION_PROPORTIONAL, .epoch_s = 5, .inflation_ratio = inflation,
                                 .change_ratio = 0.13, .target_ratio = 0.67, .floor_ratio = 0.07,
                                 .ceiling_ratio = 0.2, .bonded_ratio = bonded}, 6, 1e9);
  step(&m, 0, -1, -1, 0);
  dp_mint_rule_free(&m.rule);
  return m.state.inflation;
}

/* cosmos-sdk x/mint/types/minter_test.go, TestNextInflation: blocks of 5 s, a year of 8,766 hours. */
static void cosmos_inflation_moves_as_in_the_modules_own_test(void **state) {
  (void)state;
  const double blocks = 60.0 * 60 * 8766 / 5;
  const struct {
    double inflation, bonded, change;
  } rows[] = {{0.07, 0, 0.13 / blocks},
              {0.2, 1, (1 - 1 / 0.67) * 0.13 / blocks},
              {0.1, 0.5, (1 - 0.5 / 0.67) * 0.13 / blocks},
              {0.07, 1, 0},
              {0.2, 0, 0},
              {0.15, 0.67, 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const double got = (double)cosmos_next(rows[i].inflation, rows[i].bonded) / 1e18 - rows[i].inflation;
    if (!(fabs(got - rows[i].change) < 1e-15)) fail_msg("row %zu: %.17g is not %.17g", i, got, rows[i].change);
  }
}

#define EXA ((dp_i128)INT64_C(1000000000000000000))

static dp_i128 number(const char *text) {
  dp_i128 out = -1;
  assert_true(dp_i128_parse(text, &out));
  return out;
}

/* FILECOIN_Q128.md, section 6: constant power of 10^18 bytes. */
static void filecoin_mints_the_chains_integers(void **state) {
  (void)state;
  struct mint m;
  const struct dp_emission fil = {.kind = DP_EMISSION_BASELINE, .total = 1.1e9, .power_eib = ldexp(1e18, -60)};
  start(&m, fil, 18, 1);
  assert_true(step(&m, 0, -1, -1, 0) == 0);
  assert_true(step(&m, 30 * DP_S, -1, -1, 0) == number("65558225601276277567"));
  assert_true(step(&m, 60 * DP_S, -1, EXA, 0) == number("65558220501384736135"));
  assert_true(step(&m, 90 * DP_S, -1, -1, 0) == number("65558213255450496286"));
  step(&m, 2880 * 30 * DP_S, -1, -1, 0);
  assert_true(step(&m, 2881 * 30 * DP_S, -1, EXA, 0) == number("65524311912943601176"));
  assert_true(m.minted == number("188824388384767979401779"));
  dp_mint_rule_free(&m.rule);
  start(&m, fil, 18, 1); /* in one go */
  assert_true(step(&m, 2881 * 30 * DP_S, -1, -1, 0) == number("188824388384767979401779"));
  dp_mint_rule_free(&m.rule);
  start(&m, (struct dp_emission){.kind = DP_EMISSION_BASELINE, .total = 11e6, .power_eib = ldexp(1e18, -60)}, 6, 1);
  assert_true(step(&m, 2881 * 30 * DP_S, -1, -1, 0) == number("188824388384767979401779") / EXA * 10000 + 3883);
  dp_mint_rule_free(&m.rule);
}

/* Without power only time mints: the published golden rewards of epochs 0, 5000, … */
static void filecoin_simple_minting_meets_the_golden_file(void **state) {
  (void)state;
  char path[512];
  struct dp_csv *csv;
  struct dp_err err = {0};
  struct mint m;
  if (!real_data("protocol/filecoin_TestSimpleReward.golden", path, sizeof path)) skip();
  assert_int_equal(dp_csv_open(path, ',', &csv, &err), DP_OK);
  start(&m, (struct dp_emission){.kind = DP_EMISSION_BASELINE, .total = 1.1e9}, 18, 1);
  for (int row = 0; row < 12; row++) {
    struct dp_csv_row r;
    bool eof;
    assert_int_equal(dp_csv_next(csv, &r, &eof, &err), DP_OK);
    const dp_time epoch = row * 5000;
    step(&m, epoch * 30 * DP_S, -1, 0, 0);
    const char *text = r.fields[1];
    while (*text == ' ') text++;
    assert_true(step(&m, (epoch + 1) * 30 * DP_S, -1, 0, 0) == number(text));
  }
  dp_csv_close(csv);
  dp_mint_rule_free(&m.rule);
}

static void declared_power_doubles_and_halves_on_time(void **state) {
  (void)state;
  struct mint m;
  for (int sign = -1; sign <= 1; sign += 2) {
    start(&m, (struct dp_emission){.kind = DP_EMISSION_BASELINE, .total = 1.1e9, .power_eib = 8.4,
                                   .power_doubling_d = sign * 500}, 18, 1);
    for (int day = 0; day < 3000; day += 125)
      near((double)dp_mint_power(&m.rule, day * DP_DAY + DP_HOUR), 8.4 * 0x1p60 * exp2(sign * day / 500.0), 1e-14);
    assert_true(dp_mint_power(&m.rule, 400000 * DP_HOUR) <= (dp_u128)1 << 100);
    dp_mint_rule_free(&m.rule);
  }
}

/* VECTORS.md, helium.net_emission_pool, on top of a schedule. */
static void burned_hnt_comes_back_by_the_rule_of_hip_20(void **state) {
  (void)state;
  static const double burn[] = {0, 10, 1000, 0, 34.24}, emitted[] = {0, 0, 0.02976190476190476, 0.131578089569161,
                                                                    0.13118648811210992};
  static const double pool[] = {0, 10, 44.2102380952381, 44.07866000566894, 78.18747351755684};
  struct mint m;
  struct dp_emission hnt = {.kind = DP_EMISSION_HALVING, .per_day = 48, .halve_every_d = 730, .remint_cap = 34.24};
  dp_i128 burned = 0, base, before = 0;
  start(&m, hnt, 8, 1e8);
  for (int i = 0; i < 5; i++) {
    assert_true(dp_token_base_units(burn[i], 8, &base));
    burned += base;
    const dp_i128 now = step(&m, (i + 1) * 1800 * DP_S, -1, -1, burned);
    if (!(fabs(dp_i128_to_double(m.state.reminted - before) / 1e8 - emitted[i]) < 2e-8) ||
        !(fabs(dp_i128_to_double(m.state.pool) / 1e8 - pool[i]) < 5e-8))
      fail_msg("epoch %d: pool %g", i, dp_i128_to_double(m.state.pool) / 1e8);
    assert_true(now == 100000000 + m.state.reminted - before); /* one HNT an epoch by schedule */
    before = m.state.reminted;
  }
  dp_mint_rule_free(&m.rule);
}

/* The same burn in one settlement of a day or in 48 of an epoch: at most one epoch's difference. */
static void a_days_burn_is_spread_over_its_epochs(void **state) {
  (void)state;
  struct mint fine, coarse;
  struct dp_emission hnt = {.kind = DP_EMISSION_FIXED, .remint_cap = 34.24};
  start(&fine, hnt, 8, 1e8);
  start(&coarse, hnt, 8, 1e8);
  const dp_i128 an_epoch = INT64_C(5000000000);
  for (int i = 1; i <= 48 * 60; i++) step(&fine, i * 1800 * DP_S, -1, -1, an_epoch * i);
  for (int day = 1; day <= 60; day++) step(&coarse, day * DP_DAY, -1, -1, an_epoch * 48 * day);
  near(dp_i128_to_double(coarse.minted), dp_i128_to_double(fine.minted), 1e-12);
  near(dp_i128_to_double(fine.minted) / 1e8, 34.24 * (48 * 60 - 336), 1e-2); /* the pool holds about a week's */
  dp_mint_rule_free(&fine.rule);
  dp_mint_rule_free(&coarse.rule);
}

static void a_custom_curve_is_met_at_its_points_and_straight_between(void **state) {
  (void)state;
  static const double days[] = {0, 30, 40, 400}, sums[] = {100, 400, 400, 1000.5};
  struct mint m;
  start(&m, (struct dp_emission){.kind = DP_EMISSION_STEPS, .curve_d = {days, 4}, .curve_tokens = {sums, 4}}, 6, 1e6);
  assert_true(step(&m, 0, -1, -1, 0) == 100000000);
  assert_true(step(&m, 10 * DP_DAY, -1, -1, 0) == 100000000);
  assert_true(step(&m, 35 * DP_DAY, -1, -1, 0) == 200000000);
  assert_true(step(&m, 40 * DP_DAY, -1, -1, 0) == 0);
  step(&m, 220 * DP_DAY, -1, -1, 0);
  assert_true(m.minted == 700250000);
  step(&m, 9000 * DP_DAY, -1, -1, 0);
  assert_true(m.minted == 1000500000);
  dp_mint_rule_free(&m.rule);
}

static const char *write_file(const char *text) {
  static char path[64];
  snprintf(path, sizeof path, "t_mint_%d.csv", (int)getpid());
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
  return path;
}

static void a_curve_and_unlocks_are_read_from_csv(void **state) {
  (void)state;
  struct dp_curve c = {0};
  struct dp_err err = {0};
  assert_int_equal(dp_curve_read(write_file("day,tokens\n0,0\n10,1000\n20,1500.5\n"), 2, &c, &err), DP_OK);
  assert_true(dp_curve_line(&c, 5 * DP_DAY) == 50000 && dp_curve_total(&c) == 150050);
  dp_curve_free(&c);
  assert_int_equal(dp_curve_read(write_file("day,tokens\n0,10\n10,9\n"), 2, &c, &err), DP_FORMAT);
  assert_non_null(strstr(err.text, ":3: the curve falls at day 10"));
  dp_curve_free(&c);

  static const char *const classes[] = {"team", "seed"};
  const char *text = "class,day,share\nteam,365,0.1\nseed,0,0.05\nteam,365,0.01\nteam,730,0.1\n";
  struct dp_unlock_file file = {write_file(text), "team", classes, 2, 0, 1000000};
  assert_int_equal(dp_curve_read_unlocks(&file, &c, &err), DP_OK);
  assert_true(dp_curve_stair(&c, 365 * DP_DAY - 1) == 0 && dp_curve_stair(&c, 365 * DP_DAY) == 110000);
  assert_true(dp_curve_stair(&c, 730 * DP_DAY) == 210000);
  dp_curve_free(&c);
  file.class_n = 1;
  err = (struct dp_err){0};
  assert_int_equal(dp_curve_read_unlocks(&file, &c, &err), DP_FORMAT);
  assert_non_null(strstr(err.text, ":3: column 'class': no tranche is named 'seed'"));
  dp_curve_free(&c);
  remove(file.path);
}

static struct dp_emission random_emission(struct dp_rng *rng) {
  const double r = dp_rng_uniform(rng);
  const struct dp_emission kinds[] = {
      livepeer(218500e-9, 1e-5, 0.01),
      {.kind = DP_EMISSION_PROPORTIONAL, .epoch_s = 3600 + 1e5 * r, .inflation_ratio = 0.1, .change_ratio = 0.13,
       .target_ratio = 0.67, .floor_ratio = 0.07, .ceiling_ratio = 0.2},
      {.kind = DP_EMISSION_BASELINE, .total = 1e9 * r + 1, .power_eib = 3 * r, .power_doubling_d = 1000 * r - 500},
      {.kind = DP_EMISSION_HALVING, .per_day = 1e6 * r, .halve_every_d = 1 + 100 * r}};
  struct dp_emission e = kinds[dp_rng_below(rng, 4)];
  if (e.kind != DP_EMISSION_BASELINE && e.kind != DP_EMISSION_HALVING) e.bonded_ratio = r;
  return e;
}

static void settling_more_or_less_often_mints_the_same(void **state) {
  (void)state;
  for (uint64_t i = 0; i < 60; i++) {
    struct dp_rng rng = dp_rng_at(3, 0, i, DP_STREAM_TEMPLATE, 0);
    const struct dp_emission e = random_emission(&rng);
    struct mint often, once;
    start(&often, e, 9, 1e8);
    start(&once, e, 9, 1e8);
    dp_time t = 0, end = 3 * DP_DAY + (dp_time)dp_rng_below(&rng, (uint64_t)(5 * DP_DAY));
    for (; t < end; t += 1 + (dp_time)dp_rng_below(&rng, (uint64_t)(6 * DP_HOUR)))
      assert_true(step(&often, t, -1, -1, 0) >= 0);
    step(&often, end, -1, -1, 0);
    step(&once, end, -1, -1, 0);
    assert_true(often.minted == once.minted);
    dp_mint_rule_free(&often.rule);
    dp_mint_rule_free(&once.rule);
  }
}

static void refuses(struct dp_emission e, const char *says) {
  struct dp_err err = {0};
  assert_int_equal(dp_emission_schema.check(&e, &err), DP_SCENARIO);
  if (!strstr(err.text, says)) fail_msg("'%s' does not say '%s'", err.text, says);
}

static void nonsense_is_refused_with_a_remedy(void **state) {
  (void)state;
  static const double up[] = {0, 10, 20}, down[] = {5, 7, 6}, back[] = {0, 10, 10};
  struct dp_emission e = {.kind = DP_EMISSION_STEPS, .curve_d = {up, 3}, .curve_tokens = {down, 3}};
  refuses(e, "point 3: the curve falls at day 20, to 6 tokens (give the sum minted so far");
  e = (struct dp_emission){.kind = DP_EMISSION_STEPS, .curve_d = {back, 3}, .curve_tokens = {up, 3}};
  refuses(e, "point 3: day 10 does not come after the one before it (sort");
  e = (struct dp_emission){.kind = DP_EMISSION_STEPS, .curve_d = {up, 3}, .curve_tokens = {up, 2}};
  refuses(e, "curve_d has 3 numbers and curve_tokens 2");
  refuses((struct dp_emission){.kind = DP_EMISSION_STEPS}, "needs either a curve or curve_csv");
  e = livepeer(0.02, 1e-5, 0.01);
  refuses(e, "inflation_ratio = 0.02 is outside floor_ratio and ceiling_ratio");
  e.floor_ratio = 0.5;
  refuses(e, "floor_ratio = 0.5 is above ceiling_ratio");
  e = livepeer(0.001, 1e-5, 0.01);
  e.target_ratio = 0;
  refuses(e, "needs target_ratio above 0");
  e = (struct dp_emission){.kind = DP_EMISSION_BASELINE};
  refuses(e, "kind baseline needs total above 0");
  e = (struct dp_emission){.kind = DP_EMISSION_FIXED, .power_doubling_d = -5};
  refuses(e, "power_doubling_d has no effect on an emission of kind fixed (leave it out)");
  e = (struct dp_emission){.kind = DP_EMISSION_FIXED, .remint_cap = 1};
  refuses(e, "remint_cap needs remint_epoch_s above 0");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(livepeer_rounds_mint_what_the_contract_mints),
      cmocka_unit_test(many_rounds_follow_the_contract_at_any_settlement),
      cmocka_unit_test(cosmos_inflation_moves_as_in_the_modules_own_test),
      cmocka_unit_test(filecoin_mints_the_chains_integers),
      cmocka_unit_test(filecoin_simple_minting_meets_the_golden_file),
      cmocka_unit_test(declared_power_doubles_and_halves_on_time),
      cmocka_unit_test(burned_hnt_comes_back_by_the_rule_of_hip_20),
      cmocka_unit_test(a_days_burn_is_spread_over_its_epochs),
      cmocka_unit_test(a_custom_curve_is_met_at_its_points_and_straight_between),
      cmocka_unit_test(a_curve_and_unlocks_are_read_from_csv),
      cmocka_unit_test(settling_more_or_less_often_mints_the_same),
      cmocka_unit_test(nonsense_is_refused_with_a_remedy),
  };
  return cmocka_run_group_tests_name("mint", tests, NULL, NULL);
}
