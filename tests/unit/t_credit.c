/* Burn and mint: the price of steady burns against steady sales, published vectors of Helium, Render and Akash, the vault
 * and its breaker, and that nothing is lost in random economies. */
#include "economy.h"

#include <math.h>

#include "engine/rng.h"
#include "ledger/akash.h"
#include "ledger/helium.h"

static void near(double got, double expected, double tolerance) {
  if (!(fabs(got - expected) <= tolerance)) fail_msg("%.17g is not %.17g within %g", got, expected, tolerance);
}

static const struct dp_instance *credit_in(struct economy *e) { return dp_sim_first(e->sim, "ledger.credit"); }

static const struct dp_credit_state *state_in(struct economy *e) {
  return DP_ROW(&e->sim->engine->globals[credit_in(e)->first_global_table], struct dp_credit_state, 0);
}

static const struct dp_token_state *token_in(struct economy *e) {
  const struct dp_ctx ctx = {.engine = e->sim->engine};
  return dp_token_state_of(&ctx, dp_sim_first(e->sim, "ledger.token"));
}

#define TOKEN 1 /* assets, in the order of their models */
#define CREDIT 2

/* All that customers pay goes through the token. */
static struct economy_config burning(double usd_per_day) {
  struct economy_config c = economy_plain();
  c.token.buyback_ratio = 0;
  c.revenue_usd_per_day = usd_per_day;
  c.credits = true;
  c.credit = (struct dp_credit_config){.token = {"", DP_NO_INSTANCE}, .kind = DP_CREDIT_BURN, .credit_ratio = 1,
                                       .credit_usd = 1e-5, .block_s = 6.088};
  return c;
}

static struct economy_config vault(double usd_per_day) {
  struct economy_config c = burning(usd_per_day);
  c.credit.kind = DP_CREDIT_VAULT;
  c.credit.credit_usd = 1;
  c.credit.credit_decimals = 6;
  c.credit.spread_ratio = 0.0025;
  c.credit.hold_d = 5;
  return c;
}

/* helium.data_credits of VECTORS.md: 1 HNT at 10 USD, 1,000 HNT at 0.27 USD; and at random. */
static void data_credits_are_the_floor_of_their_vectors(void **state) {
  (void)state;
  const struct dp_credit_unit dc = {10000000000, 1, 100000000}; /* 1e-5 USD; HNT has 8 decimals */
  struct dp_err err = {0};
  dp_i128 got;
  assert_true(dp_credit_for_tokens(&dc, 100000000, (dp_u128)10 * 1000000000000000, &got) && got == 1000000);
  assert_true(dp_credit_for_tokens(&dc, 100000000000, 270000000000000, &got) && got == 27000000);
  for (uint64_t i = 0; i < 2000; i++) {
    struct dp_rng rng = dp_rng_at(3, 0, i, DP_STREAM_TEMPLATE, 0);
    const dp_u128 hnt = dp_rng_below(&rng, 1000000000000000), price = dp_rng_below(&rng, 100000000000);
    int64_t expected;
    assert_int_equal(dp_helium_data_credits(hnt, price, &expected, &err), DP_OK);
    assert_true(dp_credit_for_tokens(&dc, (dp_i128)hnt, price * 10000000, &got) && got == expected);
  }
}

/* akash.bme_mint: 100 AKT at 1.14 USD; AEP-76's examples: 1,000 USD minted at 1.14 and settled at 1.50 or 0.90. */
static void act_is_minted_and_settled_as_in_the_aep(void **state) {
  (void)state;
  const struct dp_credit_unit act = {1000000000000000, 1000000, 1000000};
  struct dp_err err = {0};
  struct dp_akash_mint mint;
  dp_i128 got, burned, paid;
  assert_true(dp_credit_for_tokens(&act, 100000000, 1140000000000000, &got) && got == 114000000);
  assert_int_equal(dp_akash_bme_mint(100000000, (dp_u128)1140000000000000000, 25, &mint, &err), DP_OK);
  assert_true(got == mint.minted && got * 25 / 10000 == mint.spread);
  assert_true(dp_credit_to_tokens(&act, 1000000000, 1140000000000000, &burned));
  assert_true(dp_credit_to_tokens(&act, 1000000000, 1500000000000000, &paid));
  near(dp_i128_to_double(paid - burned) / 1e6, -210.526316, 2e-6);
  assert_true(dp_credit_to_tokens(&act, 1000000000, 900000000000000, &paid));
  near(dp_i128_to_double(paid - burned) / 1e6, 233.918129, 2e-6);
  assert_false(dp_credit_to_tokens(&act, 1, 0, &paid));
}

/* Soundness 4: D = 1,000 USD a day burned against E = 5,000 tokens a day sold settles at D / E. */
static void steady_burns_and_sales_settle_at_their_ratio(void **state) {
  (void)state;
  struct economy_config c = burning(1000);
  struct economy e;
  c.emission.per_day = 5000;
  c.end_ns = 700 * DP_DAY;
  economy_run(&e, &c, NULL);
  near(economy_kpi(&e, "token.price_usd"), 0.2, 0.002);
  near(economy_kpi(&e, "credit.spent_usd"), 700e3, 1);
  near(economy_kpi(&e, "credit.issued"), 700e3 / 1e-5, 700e3 / 1e-5 * 2e-3); /* the oracle is a settlement old */
  near(economy_kpi(&e, "token.supply"), 100e6 + 700 * 5000 - economy_kpi(&e, "token.burned"), 1e-3);
  near(economy_kpi(&e, "credit.burned"), economy_kpi(&e, "token.burned"), 0);
  economy_free(&e);
}

static void render_burns_all_but_its_fee(void **state) {
  (void)state;
  struct economy_config c = burning(500);
  struct economy e;
  c.credit.fee_ratio = 0.05;
  c.credit.credit_usd = 1;
  economy_run(&e, &c, NULL);
  const struct dp_credit_state *s = state_in(&e);
  const dp_i128 bought = s->burned + s->fee;
  assert_true(bought > 0 && dp_i128_abs(20 * s->fee - bought) <= 20 * 721); /* a floor a settlement */
  assert_true(economy_held(e.sim, TOKEN, DP_ACCOUNT_TREASURY) >= s->fee);
  economy_free(&e);
}

static void credits_in_use_are_issue_times_holding_time(void **state) {
  (void)state;
  struct economy_config c = burning(1000);
  struct economy e;
  c.credit.hold_d = 3;
  c.credit.credit_usd = 1;
  c.credit.credit_decimals = 6;
  c.exchange.tokens = 50e6;
  c.exchange.usd = 5e6;
  c.end_ns = 60 * DP_DAY;
  economy_run(&e, &c, NULL);
  near(economy_kpi(&e, "credit.outstanding"), 3000, 30);
  economy_free(&e);
}

/* A price that hardly moves: what enters the vault leaves it for work, less what customers still hold. */
static void a_vault_is_neutral_at_a_steady_price(void **state) {
  (void)state;
  struct economy_config c = vault(1000);
  struct economy e;
  c.exchange.tokens = 50e6;
  c.exchange.usd = 5e6;
  c.emission.per_day = 0;
  c.sell_ratio = 1;
  c.end_ns = 100 * DP_DAY;
  economy_run(&e, &c, NULL);
  const double price = economy_kpi(&e, "token.price_usd");
  near(economy_kpi(&e, "credit.paid") * price, 95e3, 1e3); /* 100 days less 5 of holding, less 25 basis points */
  near(economy_kpi(&e, "credit.net_supply") * price, -5e3 - 250, 200);
  near(economy_kpi(&e, "credit.collateral_ratio"), 1, 0.03);
  near(economy_kpi(&e, "credit.halted_n"), 0, 0);
  near(economy_kpi(&e, "credit.shortfall"), 0, 0);
  near(economy_kpi(&e, "token.minted"), 0, 0);
  assert_true(token_in(&e)->paid > 0 && token_in(&e)->minted == 0);
  economy_free(&e);
}

/* Insiders unlock and sell half of a thin pool: the vault's value falls below nine tenths of the credits. */
static struct economy_config crash(void) {
  struct economy_config c = vault(200);
  c.emission.per_day = 0;
  c.tranches[0] = (struct dp_tranche){.name = "insiders", .amount = 1e6, .cliff_d = 20, .sell_ratio = 1};
  c.tranche_n = 1;
  c.end_ns = 40 * DP_DAY;
  return c;
}

static void the_breaker_stops_issues_when_the_price_falls(void **state) {
  (void)state;
  struct economy_config c = crash();
  struct economy e;
  economy_run(&e, &c, NULL);
  assert_true(economy_kpi(&e, "credit.halted_n") > 24);
  assert_true(state_in(&e)->shortfall > 0 && economy_kpi(&e, "credit.net_supply") > 0);
  const double waiting = economy_kpi(&e, "credit.spent_usd");
  assert_true(waiting > 3900 && waiting < 200 * 40 - 200); /* twenty days were spent, the rest waits */
  economy_free(&e);
  c.credit.vault_tokens = 1e6; /* a vault that can bear the fall */
  economy_run(&e, &c, NULL);
  near(economy_kpi(&e, "credit.halted_n"), 0, 0);
  near(economy_kpi(&e, "credit.spent_usd"), 200 * 40, 1);
  economy_free(&e);
}

static void halving_the_settlement_hardly_moves_the_figures(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++) {
    static const char *const names[] = {"token.price_usd", "credit.issued",          "token.supply",
                                        "network.emission_usd", "credit.outstanding", "credit.collateral_ratio"};
    struct economy_config c = kind ? vault(1000) : burning(1000);
    struct economy coarse, fine;
    c.end_ns = 60 * DP_DAY;
    c.credit.vault_tokens = kind ? 1e6 : 0; /* worth far more than the credits: their number tells */
    c.credit.hold_d = kind ? 1 : 0;
    c.settle_ns = 6 * DP_HOUR;
    economy_run(&coarse, &c, NULL);
    c.settle_ns /= 2;
    economy_run(&fine, &c, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      const double a = economy_kpi(&coarse, names[i]), b = economy_kpi(&fine, names[i]);
      if (!(fabs(a - b) <= 0.02 * fabs(b))) fail_msg("%s: %g and %g", names[i], a, b);
    }
    economy_free(&coarse);
    economy_free(&fine);
  }
}

static void refuses(const struct economy_config *c, const char *says) {
  struct economy e;
  assert_int_equal(economy_start(&e, c, NULL), DP_SCENARIO);
  if (!strstr(e.err.text, says)) fail_msg("'%s' does not say '%s'", e.err.text, says);
  economy_free(&e);
}

static void nonsense_is_refused_with_a_remedy(void **state) {
  (void)state;
  struct economy_config c = burning(100);
  c.token.buyback_ratio = 0.5;
  refuses(&c, "credit_ratio = 1 and the buyback_ratio = 0.5 of TOK spend more than the take (together at most 1)");
  c = burning(100);
  c.no_exchange = true;
  refuses(&c, "CRED buys TOK, which has no exchange (add one to exchanges)");
  c = vault(100);
  c.credit.vault_tokens = 1e9;
  refuses(&c, "(make the vault smaller)");
  c = burning(100);
  c.credit.spread_ratio = 0.1;
  struct dp_err err = {0};
  assert_int_equal(dp_credit_model.schema->check(&c.credit, &err), DP_SCENARIO);
  assert_non_null(strstr(err.text, "spread_ratio has no effect on credits of kind burn (leave it out"));
  c = burning(100);
  c.token.decimals = 18;
  c.token.supply = 1e15;
  refuses(&c, "18 decimals cannot hold its supply");
  c = burning(100);
  c.exchange.usd = 0;
  refuses(&c, "the pool is empty");
}

/* ---- random economies ---- */

static struct dp_emission random_emission(struct dp_rng *rng) {
  static const double days[] = {0, 3, 9}, sums[] = {0, 5000, 50000};
  const double r = dp_rng_uniform(rng);
  const struct dp_emission kinds[] = {
      {.kind = DP_EMISSION_FIXED, .per_day = 1e4 * r},
      {.kind = DP_EMISSION_HALVING, .per_day = 1e4 * r, .halve_every_d = 1 + 5 * r},
      {.kind = DP_EMISSION_STEPS, .curve_d = {days, 3}, .curve_tokens = {sums, 3}},
      {.kind = DP_EMISSION_TARGET_BONDED, .epoch_s = 1 + 1e5 * r, .inflation_ratio = 1e-5, .change_ratio = 1e-6,
       .target_ratio = 0.5, .ceiling_ratio = 1e-4, .bonded_ratio = r},
      {.kind = DP_EMISSION_PROPORTIONAL, .epoch_s = 3600, .inflation_ratio = 0.1, .change_ratio = 0.13,
       .target_ratio = 0.67, .floor_ratio = 0.07, .ceiling_ratio = 0.2, .bonded_ratio = r},
      {.kind = DP_EMISSION_BASELINE, .total = 1e9 * r, .power_eib = 4 * r, .power_doubling_d = 300}};
  struct dp_emission e = kinds[dp_rng_below(rng, 6)];
  e.remint_cap = dp_rng_below(rng, 2) ? 100 * r : 0;
  e.remint_epoch_s = 1800;
  e.remint_epochs_n = 1 + (int64_t)dp_rng_below(rng, 400);
  return e;
}

static struct economy_config random_economy(uint64_t i) {
  static const double days[] = {0, 2, 4}, tokens[] = {1e5, 2e6, 1e6};
  struct dp_rng rng = dp_rng_at(11, 0, i, DP_STREAM_TEMPLATE, 0);
  const bool backed = dp_rng_below(&rng, 2);
  struct economy_config c = backed ? vault(1e4 * dp_rng_uniform(&rng)) : burning(1e4 * dp_rng_uniform(&rng));
  c.emission = random_emission(&rng);
  c.cells_n = 1 + (int64_t)dp_rng_below(&rng, 3);
  c.token.decimals = (int64_t)dp_rng_below(&rng, 19);
  c.credit.credit_ratio = dp_rng_uniform(&rng);
  c.token.buyback_ratio = (1 - c.credit.credit_ratio) * dp_rng_uniform(&rng);
  c.credit.hold_d = dp_rng_below(&rng, 2) ? 4 * dp_rng_uniform(&rng) : 0;
  if (backed) c.credit.vault_tokens = dp_rng_below(&rng, 2) ? 1e5 : 0;
  else c.credit.fee_ratio = dp_rng_uniform(&rng);
  c.take_ratio = dp_rng_uniform(&rng);
  c.sell_ratio = dp_rng_uniform(&rng);
  c.tranches[0] = (struct dp_tranche){.name = "a", .unlock_d = {days, 3}, .unlock_tokens = {tokens, 3},
                                      .sell_ratio = dp_rng_uniform(&rng)};
  c.tranches[1] = (struct dp_tranche){.name = "b", .share_ratio = 0.1, .vesting_d = 3, .sell_ratio = 0.1};
  c.tranche_n = dp_rng_below(&rng, 3);
  c.work_until_ns = dp_rng_below(&rng, 3) ? 0 : 2 * DP_DAY;
  c.end_ns = 4 * DP_DAY + (dp_time)dp_rng_below(&rng, (uint64_t)DP_DAY);
  c.settle_ns = DP_HOUR * (1 + (dp_time)dp_rng_below(&rng, 24));
  return c;
}

/* Each settlement is checked by the models and the books; at the end every base unit is somewhere. */
static void nothing_is_lost_in_random_economies(void **state) {
  (void)state;
  for (uint64_t i = 0; i < 300; i++) {
    const struct economy_config c = random_economy(i);
    struct economy e;
    economy_run(&e, &c, NULL);
    for (uint16_t asset = 0; asset <= CREDIT; asset++) assert_true(economy_held(e.sim, asset, -1) == 0);
    const struct dp_token_state *t = token_in(&e);
    const struct dp_credit_state *s = state_in(&e);
    assert_true(t->minted + t->paid == t->rewarded + t->pending + t->swept);
    assert_true(t->paid <= s->vault_out + s->shortfall);
    assert_true(-economy_held(e.sim, CREDIT, DP_ACCOUNT_MINT) == s->issued - s->used && s->issued >= s->used);
    const dp_i128 supply = -economy_held(e.sim, TOKEN, DP_ACCOUNT_MINT);
    assert_true(supply >= 0 && t->genesis + t->minted + s->shortfall - supply >= s->burned);
    economy_free(&e);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(data_credits_are_the_floor_of_their_vectors),
      cmocka_unit_test(act_is_minted_and_settled_as_in_the_aep),
      cmocka_unit_test(steady_burns_and_sales_settle_at_their_ratio),
      cmocka_unit_test(render_burns_all_but_its_fee),
      cmocka_unit_test(credits_in_use_are_issue_times_holding_time),
      cmocka_unit_test(a_vault_is_neutral_at_a_steady_price),
      cmocka_unit_test(the_breaker_stops_issues_when_the_price_falls),
      cmocka_unit_test(halving_the_settlement_hardly_moves_the_figures),
      cmocka_unit_test(nonsense_is_refused_with_a_remedy),
      cmocka_unit_test(nothing_is_lost_in_random_economies),
  };
  return cmocka_run_group_tests_name("credit", tests, NULL, NULL);
}
