/* tests/unit/t_stake.c — stake conserves what is bonded, slashes by its own arithmetic, and rewards follow the rule. */
#include "economy.h"

#include <math.h>

#include "ledger/reward_rule.h"

#define BASE INT64_C(1000000000) /* of a token: 9 decimals */

/* 1.2 million tokens bonded by delegators, 100 a host, nothing slashed. */
static struct economy_config staked(void) {
  struct economy_config c = economy_plain();
  c.with_stake = true;
  c.sell_ratio = 0;
  c.take_ratio = 0;
  c.token.buyback_ratio = 0;
  c.stake = (struct dp_stake_config){.token = ECONOMY_NO_REF, .funding = DP_STAKE_GRANTED, .collateral_tokens = 100,
                                     .earn_ratio = 1, .owner_budget_usd = 1e6, .unbonding_d = 7, .burn_ratio = 1, .half_yield_ratio = 0.1,
                                     .respond_d = 10};
  return c;
}

static const struct dp_instance *stake_of(const struct economy *e) { return dp_sim_first(e->sim, "ledger.stake"); }

static const struct dp_stake_state *state_of(const struct economy *e) {
  struct dp_ctx ctx = {.engine = e->sim->engine};
  return dp_stake_state_of(&ctx, stake_of(e));
}

static const struct dp_token_state *token_of(const struct economy *e) {
  struct dp_ctx ctx = {.engine = e->sim->engine};
  return dp_token_state_of(&ctx, dp_sim_first(e->sim, "ledger.token"));
}

/* Σ over hosts of `bonded`, and over the cells' vaults. */
static dp_i128 bonded_by_hosts(const struct economy *e) {
  dp_i128 rows = 0, vaults = 0;
  for (uint32_t cell = 0; cell < e->sim->engine->local_n; cell++) {
    struct dp_ctx ctx = {.engine = e->sim->engine, .cell = &e->sim->engine->cells[cell], .self = stake_of(e)};
    const struct dp_table *bonds = dp_own_table(&ctx, 0);
    vaults += DP_ROW(dp_own_table(&ctx, 1), struct dp_stake_vault, 0)->bonded;
    for (uint32_t i = dp_table_next(bonds, 0); i != DP_NO_ROW; i = dp_table_next(bonds, i + 1))
      rows += DP_ROW(bonds, struct dp_bond, i)->bonded;
  }
  assert_true(rows == vaults);
  return rows;
}

static uint16_t token_asset(const struct economy *e) { return dp_token_asset(dp_sim_first(e->sim, "ledger.token")); }

static void near(double got, double wanted, double relative) {
  if (!(fabs(got - wanted) <= relative * fabs(wanted))) fail_msg("%.12g is not %.12g", got, wanted);
}

/* ---- arithmetic ---- */

static void a_slash_is_a_floor_and_never_more_than_there_is(void **state) {
  (void)state;
  assert_true(dp_stake_slash(1000, 10000000, 1) == 10);
  assert_true(dp_stake_slash(1999, 10000000, 1) == 19);
  assert_true(dp_stake_slash(1000, 10000000, 99) == 990);
  assert_true(dp_stake_slash(1000, 10000000, 100) == 1000 && dp_stake_slash(1000, 10000000, 1 << 30) == 1000);
  assert_true(dp_stake_slash(1000, 0, 5) == 0 && dp_stake_slash(0, 1000000000, 1) == 0);
}

static void a_split_gives_away_all_of_it(void **state) {
  (void)state;
  struct dp_err err = {0};
  struct dp_reward_rule rule;
  dp_i128 part[DP_REWARD_UNIT_N];
  struct dp_reward_config c = {.reward_by = DP_REWARD_MIXTURE, .work_weight = 1, .stake_weight = 1, .uptime_weight = 1};
  assert_int_equal(dp_reward_rule_make(&c, &rule, &err), DP_OK);
  for (dp_i128 amount = 0; amount < 100; amount++) {
    dp_reward_split(&rule, amount, part);
    assert_true(part[0] + part[1] + part[2] == amount && part[0] == part[1] && part[2] - part[0] <= 3);
  }
  c.uptime_weight = 0;
  assert_int_equal(dp_reward_rule_make(&c, &rule, &err), DP_OK);
  dp_reward_split(&rule, 101, part);
  assert_true(part[0] == 50 && part[1] == 51 && part[2] == 0);
  c.reward_by = DP_REWARD_STAKE;
  assert_int_equal(dp_reward_rule_make(&c, &rule, &err), DP_SCENARIO);
  assert_int_equal(dp_reward_uptime(1999999, 500000), 0);
  assert_int_equal(dp_reward_uptime(10 * DP_S, 990000), 9900);
}

/* Day after day a reward is held for 80 days: its slice of ten days ends, then an eightieth is free each day. */
static void held_rewards_are_released_evenly_and_all_of_them(void **state) {
  (void)state;
  const struct dp_reward_rule rule = {.hold_ns = 80 * DP_DAY, .hold_ppb = 1};
  struct dp_held held = {0};
  dp_i128 in = 0, out = 0;
  double expected = 0;
  for (int day = 0; day < 1000; day++) {
    out += dp_held_release(&rule, &held, day * DP_DAY);
    if (day < 800) {
      dp_held_add(&rule, &held, day * DP_DAY, 1001);
      in += 1001;
    }
    assert_true(in - out == dp_held_sum(&held) && out <= in);
    expected = 0;
    for (int slice = 0; slice < 80; slice++) expected += 10010 * fmin(fmax((day - 10.0 * (slice + 1)) / 80, 0), 1);
    assert_true(fabs(dp_i128_to_double(out) - expected) <= 10);
  }
  assert_true(in == out);
}

/** Storj's compensation: 75, 50, 25 % in three months each, half returned after 15 months. */
static void held_by_age_is_storjs_schedule(void **state) {
  (void)state;
  const double ages[] = {0, 91.25, 182.5, 273.75}, parts[] = {0.75, 0.5, 0.25, 0};
  const struct dp_reward_config config = {.hold_age_d = {ages, 4}, .hold_age_ratio = {parts, 4}, .hold_return_d = 456.25,
                                          .hold_return_ratio = 0.5};
  struct dp_reward_rule rule;
  struct dp_held held = {0};
  struct dp_err err = {0};
  assert_int_equal(dp_reward_rule_make(&config, &rule, &err), DP_OK);
  double in = 0;
  static const double held_after[] = {75, 150, 225, 275, 325, 375, 400, 425, 450, 450, 450, 450, 450, 450, 450, 225, 225};
  for (int month = 0; month < 17; month++) {
    const dp_time age = llround((month + 0.5) * 365 / 12 * (double)DP_DAY);
    assert_true(dp_held_release(&rule, &held, age) == (month == 15 ? 225 : 0));
    dp_held_add(&rule, &held, age, dp_token_part(100, dp_reward_hold_ppb(&rule, age)));
    in = dp_i128_to_double(dp_held_sum(&held));
    assert_true(fabs(in - held_after[month]) < 0.5);
  }
  const double back[] = {0, 5, 5}, three[] = {0.1, 0.2, 0.3};
  struct dp_reward_config wrong = config;
  wrong.hold_age_d.n = 3;
  assert_int_equal(dp_reward_rule_make(&wrong, &rule, &err), DP_SCENARIO);
  wrong = (struct dp_reward_config){.hold_age_d = {back, 3}, .hold_age_ratio = {three, 3}};
  assert_int_equal(dp_reward_rule_make(&wrong, &rule, &err), DP_SCENARIO);
  wrong = (struct dp_reward_config){.hold_return_d = 5};
  assert_int_equal(dp_reward_rule_make(&wrong, &rule, &err), DP_SCENARIO);
}

/* ---- in an economy ---- */

static void collateral_that_owners_had_is_bonded_in_full(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = staked();
  economy_run(&e, &c, NULL);
  assert_true(bonded_by_hosts(&e) == 600 * (dp_i128)BASE && economy_kpi(&e, "token.staked") == 600);
  assert_true(economy_kpi(&e, "stake.short_n") == 0);
  assert_true(economy_held(e.sim, token_asset(&e), DP_ACCOUNT_STAKE) == 600 * (dp_i128)BASE);
  economy_free(&e);
}

static void collateral_is_bought_with_owners_money_and_moves_the_price(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = staked();
  c.stake.funding = DP_STAKE_BOUGHT;
  c.stake.collateral_tokens = 10000;
  economy_run(&e, &c, NULL);
  near(dp_i128_to_double(bonded_by_hosts(&e)), 60000e9, 1e-6);
  const double x = 1e6 - 60000, y = 1e5 * 1e6 / x; /* x y = k */
  near(economy_kpi(&e, "token.price_usd"), y / x, 1e-3);
  near(economy_kpi(&e, "stake.bought_usd"), y - 1e5, 1e-3);
  near(economy_kpi(&e, "token.net_inflow_usd"), y, 1e-3);
  economy_free(&e);
}

/* Six hosts need more tokens than the pool holds: without a budget they would chase their own price. With it the pool
 * ends with y = y0 + budget, and what they got is x0 - k / y. */
static void owners_bring_no_more_than_their_budget(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = staked();
  c.stake.funding = DP_STAKE_BOUGHT;
  c.stake.owner_budget_usd = 50e3;
  c.stake.collateral_tokens = 1e6;
  economy_run(&e, &c, NULL);
  near(economy_kpi(&e, "stake.bought_usd"), 50e3, 1e-9);
  near(economy_kpi(&e, "token.price_usd"), 150e3 * 150e3 / 1e11, 1e-2);
  near(dp_i128_to_double(bonded_by_hosts(&e)) / 1e9, 1e6 - 1e11 / 150e3, 1e-2);
  economy_free(&e);
}

/* Half of each reward, until 1,000 tokens are full; without rewards in between nothing else is bonded. */
static void collateral_is_earned_out_of_rewards(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = staked();
  c.stake.funding = DP_STAKE_EARNED;
  c.stake.earn_ratio = 0.5;
  c.stake.collateral_tokens = 1000;
  c.sell_ratio = 1;
  economy_run(&e, &c, NULL);
  assert_true(bonded_by_hosts(&e) == 6000 * (dp_i128)BASE);
  assert_true(economy_held(e.sim, token_asset(&e), -1) == 0);
  economy_free(&e);
}

static void the_float_leaves_out_what_is_bonded_or_held(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = staked();
  c.stake.delegable_tokens = 2e6;
  c.stake.delegated_ratio = 0.6;
  c.stake.respond_d = 3650;
  c.token.reward = (struct dp_reward_config){.hold_ratio = 0.75, .hold_d = 180};
  economy_run(&e, &c, NULL);
  const double supply = economy_kpi(&e, "token.supply"), outside = economy_kpi(&e, "token.staked") +
                        economy_kpi(&e, "stake.unbonding") + economy_kpi(&e, "token.held");
  assert_true(economy_kpi(&e, "token.held") > 15000 && economy_kpi(&e, "token.staked") > 5e5);
  near(economy_kpi(&e, "token.float"), supply - outside, 1e-6);
  economy_free(&e);
}

/* Delegators get their part of what is shared by stake, less the commission; hosts the rest in proportion to their own. */
static void rewards_by_stake_follow_the_bonds(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = staked();
  c.token.reward = (struct dp_reward_config){.reward_by = DP_REWARD_STAKE};
  c.stake.collateral_tokens = 1e5;
  c.stake.delegable_tokens = 1.8e6;
  c.stake.delegated_ratio = 1;
  c.stake.respond_d = 3650;
  c.stake.commission_ratio = 0.2;
  economy_run(&e, &c, NULL);
  const double days = 30, minted = 1000 * days;
  near(dp_i128_to_double(token_of(&e)->delegated) / 1e9, minted * 0.75 * 0.8, 0.01);
  near(economy_kpi(&e, "token.staking_yield_ratio"), 1000 * 365 / 2.4e6, 0.01);
  near(economy_kpi(&e, "token.staking_real_yield_ratio"), 1000 * 365 / 2.4e6 - 1000 * 365 / 100e6, 0.01);
  assert_true(token_of(&e)->minted == token_of(&e)->rewarded + token_of(&e)->pending + token_of(&e)->swept +
                                          token_of(&e)->delegated);
  economy_free(&e);
}

/* Points of 20 days become the tokens of 20 days, shared as if each day had been paid. */
static void points_become_tokens_on_their_day(void **state) {
  (void)state;
  struct economy e, f;
  struct economy_config c = economy_plain();
  c.sell_ratio = c.take_ratio = c.token.buyback_ratio = 0;
  c.end_ns = 20 * DP_DAY - DP_HOUR;
  c.token.reward.points_until_d = 20;
  economy_run(&e, &c, NULL);
  assert_true(token_of(&e)->waiting == token_of(&e)->minted && token_of(&e)->pending == 0);
  near(economy_kpi(&e, "token.float"), 100e6, 1e-12);
  economy_free(&e);
  c.end_ns = 25 * DP_DAY;
  economy_run(&e, &c, NULL);
  c.token.reward.points_until_d = 0;
  economy_run(&f, &c, NULL);
  assert_true(token_of(&e)->waiting == 0);
  const dp_i128 a = economy_held(e.sim, token_asset(&e), DP_ACCOUNT_WALLET);
  const dp_i128 b = economy_held(f.sim, token_asset(&f), DP_ACCOUNT_WALLET);
  near(dp_i128_to_double(a), dp_i128_to_double(b), 0.002);
  economy_free(&e);
  economy_free(&f);
}

static void an_emission_may_end(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = economy_plain();
  c.token.emission_ends_d = 10;
  economy_run(&e, &c, NULL);
  assert_true(token_of(&e)->minted == 10000 * (dp_i128)BASE);
  economy_free(&e);
}

/* Without a yield delegators leave: what comes back is what was delegated, after the unbonding time. */
static void unbonding_gives_back_what_was_bonded_and_not_before(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = staked();
  c.stake.collateral_tokens = 0;
  c.stake.delegable_tokens = 1e6;
  c.stake.delegated_ratio = 1;
  c.stake.respond_d = 1;
  c.end_ns = 7 * DP_DAY;
  economy_run(&e, &c, NULL);
  const dp_i128 all = (dp_i128)1000000 * BASE;
  assert_true(state_of(&e)->delegated < all / 500 && state_of(&e)->delegated + state_of(&e)->unbonding == all);
  economy_free(&e);
  c.end_ns = 30 * DP_DAY;
  economy_run(&e, &c, NULL);
  struct dp_ctx ctx = {.engine = e.sim->engine, .self = stake_of(&e)};
  const dp_i128 liquid = dp_books_balance(&ctx, state_of(&e)->liquid_account);
  assert_true(liquid + state_of(&e)->delegated + state_of(&e)->unbonding == all && liquid > all - all / 500);
  economy_free(&e);
}

/* Hosts that are down a day of two: they lose 1 % a window of their collateral, and delegators the same part of theirs; it
 * is burned. Who is up all the time is not slashed. */
static void down_time_is_slashed_and_costs_delegators_the_same(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = staked();
  c.stake.uptime_window_d = 5;
  c.stake.min_uptime_ratio = 1;
  c.stake.slash_downtime_ratio = 0.01;
  c.stake.delegable_tokens = 1e6;
  c.stake.delegated_ratio = 1;
  c.stake.unbonding_d = 30;
  economy_run(&e, &c, NULL);
  assert_true(state_of(&e)->slashed == 0 && economy_kpi(&e, "stake.jailed_n") == 0);
  economy_free(&e);
  c.mtbf_h = c.repair_h = 24;
  economy_run(&e, &c, NULL);
  const double jailed = economy_kpi(&e, "stake.jailed_n");
  assert_true(jailed >= 25 && jailed <= 30); /* six hosts, five windows and a bit: an exponential has no failure in 5 d 0.7 % */
  assert_true(state_of(&e)->burned == state_of(&e)->slashed && token_of(&e)->genesis + token_of(&e)->minted -
              state_of(&e)->slashed == -economy_held(e.sim, token_asset(&e), DP_ACCOUNT_MINT));
  near(dp_i128_to_double(state_of(&e)->slashed), 1000600e9 * (1 - pow(0.99, jailed / 6)), 0.01);
  economy_free(&e);
}

static void a_jailed_host_earns_nothing(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = staked();
  c.mtbf_h = c.repair_h = 1;
  c.stake.uptime_window_d = 0.25;
  c.stake.min_uptime_ratio = 1;
  c.stake.jail_d = 100;
  economy_run(&e, &c, NULL);
  assert_true(economy_kpi(&e, "stake.jailed_n") >= 6);
  const dp_i128 got = economy_held(e.sim, token_asset(&e), DP_ACCOUNT_WALLET);
  assert_true(got < 1500 * (dp_i128)BASE && token_of(&e)->swept > 28000 * (dp_i128)BASE);
  economy_free(&e);
}

/* ---- many random ones ---- */

static void random_stakes_conserve_every_token(void **state) {
  (void)state;
  for (uint64_t k = 0; k < 150; k++) {
    struct dp_rng rng = dp_rng_at(77, k, 0, 0, 0);
    struct economy e;
    struct economy_config c = staked();
    c.end_ns = 5 * DP_DAY;
    c.settle_ns = (dp_time)(1 + dp_rng_below(&rng, 12)) * DP_HOUR;
    c.cells_n = (int64_t)(1 + dp_rng_below(&rng, 3));
    c.sell_ratio = dp_rng_uniform(&rng);
    c.take_ratio = dp_rng_uniform(&rng);
    c.revenue_usd_per_day = 1000 * dp_rng_uniform(&rng);
    c.stake.funding = (int)dp_rng_below(&rng, 3);
    c.stake.collateral_tokens = 1000 * dp_rng_uniform(&rng);
    c.stake.collateral_per_gpu_tokens = 100 * dp_rng_uniform(&rng);
    c.stake.earn_ratio = dp_rng_uniform(&rng);
    c.stake.required = dp_rng_below(&rng, 2);
    c.stake.unbonding_d = 3 * dp_rng_uniform(&rng);
    c.stake.delegable_tokens = 1e6 * dp_rng_uniform(&rng);
    c.stake.delegated_ratio = dp_rng_uniform(&rng);
    c.stake.commission_ratio = dp_rng_uniform(&rng);
    c.stake.respond_d = 0.1 + dp_rng_uniform(&rng);
    c.stake.sell_ratio = dp_rng_uniform(&rng);
    c.token.reward = (struct dp_reward_config){
        .reward_by = DP_REWARD_MIXTURE, .work_weight = dp_rng_uniform(&rng), .stake_weight = dp_rng_uniform(&rng),
        .uptime_weight = dp_rng_uniform(&rng), .points_until_d = dp_rng_below(&rng, 2) ? 2 : 0,
        .hold_ratio = dp_rng_uniform(&rng), .hold_d = 1 + dp_rng_uniform(&rng)};
    economy_run(&e, &c, NULL);
    assert_true(economy_held(e.sim, token_asset(&e), -1) == 0 && economy_held(e.sim, DP_USD, -1) == 0);
    assert_true(bonded_by_hosts(&e) >= 0);
    economy_free(&e);
  }
}

static void nonsense_is_refused_with_a_remedy(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = staked();
  c.stake.unbonding_d = 31;
  assert_int_equal(economy_start(&e, &c, NULL), DP_SCENARIO);
  assert_non_null(strstr(e.err.text, "longer than the run"));
  economy_free(&e);
  c = staked();
  c.stake.delegable_tokens = 1e9;
  c.stake.delegated_ratio = 1;
  assert_int_equal(economy_start(&e, &c, NULL), DP_SCENARIO);
  assert_non_null(strstr(e.err.text, "delegable_tokens"));
  economy_free(&e);
  c = staked();
  c.no_exchange = true;
  c.stake.funding = DP_STAKE_BOUGHT;
  assert_int_equal(economy_start(&e, &c, NULL), DP_SCENARIO);
  assert_non_null(strstr(e.err.text, "add one to exchanges"));
  economy_free(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_slash_is_a_floor_and_never_more_than_there_is),
      cmocka_unit_test(a_split_gives_away_all_of_it),
      cmocka_unit_test(held_rewards_are_released_evenly_and_all_of_them),
      cmocka_unit_test(held_by_age_is_storjs_schedule),
      cmocka_unit_test(collateral_that_owners_had_is_bonded_in_full),
      cmocka_unit_test(collateral_is_bought_with_owners_money_and_moves_the_price),
      cmocka_unit_test(owners_bring_no_more_than_their_budget),
      cmocka_unit_test(collateral_is_earned_out_of_rewards),
      cmocka_unit_test(the_float_leaves_out_what_is_bonded_or_held),
      cmocka_unit_test(rewards_by_stake_follow_the_bonds),
      cmocka_unit_test(points_become_tokens_on_their_day),
      cmocka_unit_test(an_emission_may_end),
      cmocka_unit_test(unbonding_gives_back_what_was_bonded_and_not_before),
      cmocka_unit_test(down_time_is_slashed_and_costs_delegators_the_same),
      cmocka_unit_test(a_jailed_host_earns_nothing),
      cmocka_unit_test(random_stakes_conserve_every_token),
      cmocka_unit_test(nonsense_is_refused_with_a_remedy),
  };
  return cmocka_run_group_tests_name("stake", tests, NULL, NULL);
}
