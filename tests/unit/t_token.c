/* The token against its schedule and GMP: what is minted, who gets it, and that nothing is lost on the way.
 * A market that exists only here stands in for the program's: it builds nodes and lets them work. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gmp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "books/books_priv.h"
#include "engine/comm.h"
#include "ledger/token.h"
#include "place/place.h"

static void near(double got, double expected, double tolerance) {
  if (!(fabs(got - expected) <= tolerance)) fail_msg("%.17g is not %.17g within %g", got, expected, tolerance);
}

/* ---- a market ---- */

struct market_config {
  struct dp_part_ref node;
  int64_t nodes_n; /* in each cell */
  bool works;
};

struct listing {
  int64_t work_tok;
};

static enum dp_status market_init(struct dp_ctx *ctx) {
  const struct market_config *config = ctx->self->config;
  struct dp_node_build build = {.node_class = config->node.id, .provider = ctx->self->index,
                                .count = (uint32_t)config->nodes_n};
  struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id),
                         .instance = dp_sim_first(ctx->self->sim, "hardware.node")->index,
                         .kind = DP_EVENT_NODE_BUILD,
                         .size = sizeof build,
                         .payload = &build};
  return dp_send(ctx, &m);
}

/* Every node does 0 to 99,999 tokens of work at exponential intervals of 200 s on average. */
static enum dp_status market_handle(struct dp_ctx *ctx, const struct dp_event *event) {
  const struct market_config *config = ctx->self->config;
  struct listing *l = DP_ROW(dp_own_table(ctx, 0), struct listing, dp_entity_row(event->dest));
  struct dp_rng rng = dp_ctx_rng(ctx, event->dest, DP_STREAM_TEMPLATE, (uint64_t)ctx->now_ns);
  if (!config->works) return DP_OK;
  if (event->kind == DP_EVENT_TIMER) l->work_tok += (int64_t)dp_rng_below(&rng, 100000);
  struct dp_message m = {.dest = event->dest,
                         .time_ns = ctx->now_ns + 1 + (dp_time)dp_rng_exponential(&rng, 200e9),
                         .instance = ctx->self->index,
                         .kind = DP_EVENT_TIMER};
  return dp_send(ctx, &m);
}

static const struct dp_column listing_columns[] = {DP_COLUMN(struct listing, work_tok, "tok", "")};
static const struct dp_table_decl listing_table[] = {{.name = "listing", .scope = DP_SCOPE_CELL,
                                                      .row_size = sizeof(struct listing), .columns = listing_columns,
                                                      .column_n = 1, .follows = "hardware.node.node"}};
static const struct dp_param market_params[] = {
    {DP_FIELD(struct market_config, node), .type = DP_PARAM_PART, .unit = "1", .part = "hardware.class"}};
static const struct dp_schema market_schema = {"market.gateway", "",   market_params, 1,
                                                sizeof(struct market_config), NULL};
static const uint16_t market_handles[] = {DP_EVENT_NODE_JOINED, DP_EVENT_TIMER};
static const struct dp_model market_model = {.name = "market.gateway", .schema = &market_schema,
                                             .tables = listing_table, .table_n = 1, .handles = market_handles,
                                             .handle_n = 2, .init_cell = market_init, .handle = market_handle};
extern const struct dp_model dp_node_model;

/* ---- a model of staking: always 40 tokens ---- */

struct stake_config {
  struct dp_ref token;
};

static enum dp_status stake_clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  dp_value_set(ctx, 0, INT64_C(4000000000), 40);
  return DP_OK;
}

static const struct dp_param stake_params[] = {
    {DP_FIELD(struct stake_config, token), .type = DP_PARAM_REF, .unit = "text", .part = "ledger.token",
     .required = true}};
static const struct dp_schema stake_schema = {"ledger.stake", "", stake_params, 1, sizeof(struct stake_config), NULL};
static const struct dp_value stake_values[] = {{"staked", DP_OUT, "base", ""}};
static const struct dp_model stake_model = {.name = "ledger.stake", .schema = &stake_schema, .values = stake_values,
                                            .value_n = 1, .clear = stake_clear};

/* ---- a run ---- */

struct run {
  struct dp_comm *comm;
  struct dp_sim *sim;
  uint16_t asset;
};

#define DURATION (DP_DAY + DP_HOUR / 7)
#define DECIMALS 8
#define SUPPLY 1234567.0

static struct run run_emission(struct dp_emission how, bool works, dp_time settle_ns, bool stakes) {
  static const struct dp_model *const registry[] = {&dp_books_model, &dp_place_model, &dp_node_model,
                                                    &market_model,   &dp_token_model, &stake_model,   NULL};
  static const struct dp_node_class class = {.gpu = "t4", .gpu_n = 1, .tdp_w = 70};
  static struct dp_region region;
  static struct dp_part_ref regions[1];
  static struct dp_place_config place;
  static struct market_config market;
  static struct dp_token_config token;
  static struct dp_emission emission;
  static struct stake_config stake;
  static struct dp_instance_spec instances[4];
  struct run r = {.asset = 1};
  struct dp_err err = {0};
  bool stopped;
  region = (struct dp_region){.name = "here", .cells_n = 3, .demand_weight = 1, .supply_weight = 1};
  regions[0] = (struct dp_part_ref){.part = &region};
  place = (struct dp_place_config){.regions = {regions, 1}, .rtt_csv = "", .bandwidth_mbps = 1, .local_rtt_ms = 1};
  market = (struct market_config){.node = {.part = &class}, .nodes_n = 7, .works = works};
  emission = how;
  token = (struct dp_token_config){.decimals = DECIMALS, .supply = SUPPLY, .emission = {.part = &emission},
                                   .network = {"", DP_NO_INSTANCE}};
  instances[0] = (struct dp_instance_spec){&dp_place_model, NULL, &place};
  instances[1] = (struct dp_instance_spec){&market_model, NULL, &market};
  instances[2] = (struct dp_instance_spec){&dp_token_model, "TOK", &token};
  stake = (struct stake_config){{"", DP_NO_INSTANCE}};
  instances[3] = (struct dp_instance_spec){&stake_model, NULL, &stake};
  struct dp_spec spec = {.name = "token", .end_ns = DURATION, .settle_every_ns = settle_ns, .seed = 5,
                         .instances = instances, .instance_n = stakes ? 4 : 3, .registry = registry};
  assert_int_equal(dp_comm_null_new(&r.comm, &err), DP_OK);
  if (dp_sim_new(&spec, r.comm, &r.sim, &err) != DP_OK) fail_msg("%s", err.text);
  if (dp_sim_run(r.sim, &stopped, &err) != DP_OK) fail_msg("%s", err.text);
  assert_string_equal(dp_books_asset_at(r.sim, r.asset)->name, "TOK");
  return r;
}

static struct run run_token(double emission_per_day, bool works, dp_time settle_ns) {
  const struct dp_emission how = {.kind = DP_EMISSION_FIXED, .per_day = emission_per_day};
  return run_emission(how, works, settle_ns, false);
}

static void end_run(struct run *r) {
  dp_sim_free(r->sim);
  dp_comm_free(r->comm);
}

/* Σ balances of one kind and the token over the cells (or in the replicated book). */
static dp_i128 held(const struct run *r, int kind, bool replicated) {
  dp_i128 sum = 0;
  for (uint32_t cell = 0; cell < (replicated ? 1 : r->sim->engine->local_n); cell++) {
    struct dp_ctx ctx = {.engine = r->sim->engine, .cell = replicated ? NULL : &r->sim->engine->cells[cell]};
    const struct dp_table *accounts = dp__accounts(&ctx, dp__books_of(r->sim));
    for (uint32_t i = 0; i < accounts->row_n; i++) {
      const struct dp_account *a = DP_ROW(accounts, struct dp_account, i);
      if (a->asset == r->asset && (kind < 0 || a->kind == kind)) sum += a->balance;
    }
  }
  return sum;
}

static const struct dp_token_state *state_of(const struct run *r) {
  const struct dp_instance *token = dp_sim_first(r->sim, "ledger.token");
  return DP_ROW(&r->sim->engine->globals[token->first_global_table], struct dp_token_state, 0);
}

/* ---- tests ---- */

static void genesis_and_rates_are_exact_in_base_units(void **state) {
  (void)state;
  dp_i128 out = 0;
  char text[DP_I128_TEXT];
  assert_true(dp_token_base_units(230e6, 6, &out) && out == INT64_C(230000000000000));
  assert_true(dp_token_base_units(1e9, 18, &out));
  assert_string_equal(dp_i128_text(out, text), "1000000000000000000000000000"); /* 1e27 as a double is not */
  assert_true(dp_token_base_units(20547.95, 8, &out) && out == INT64_C(2054795000000));
  assert_true(dp_token_base_units(0.5, 0, &out) && out == 1);
  assert_false(dp_token_base_units(-1, 6, &out));
  assert_false(dp_token_base_units(NAN, 6, &out));
  assert_false(dp_token_base_units(INFINITY, 6, &out));
}

/* HIP-20: 7.5 million HNT in the year from August 2025, 20,547.95 a day as HIP-147 quotes it. */
static void a_year_of_the_helium_schedule_is_seven_and_a_half_million(void **state) {
  (void)state;
  dp_i128 rate, minted;
  assert_true(dp_token_base_units(7.5e6 / 365, 8, &rate));
  near(dp_i128_to_double(rate) / 1e8, 20547.95, 0.005);
  assert_true(dp_token_schedule(rate, 365 * DP_DAY, &minted));
  assert_true(dp_i128_abs(minted - INT64_C(750000000000000)) <= 365); /* the day's rate is whole base units */
}

static void the_schedule_adds_up_over_any_steps(void **state) {
  (void)state;
  const dp_i128 rate = (dp_i128)123456789 * 1000000007 + 3;
  dp_i128 at = 0, before = 0, sum = 0, whole;
  for (dp_time t = 0; t <= 40 * DP_DAY; t += 7 * DP_MIN + 13) {
    assert_true(dp_token_schedule(rate, t, &at));
    assert_true(at >= before);
    sum += at - before;
    before = at;
  }
  assert_true(dp_token_schedule(rate, (40 * DP_DAY) / (7 * DP_MIN + 13) * (7 * DP_MIN + 13), &whole));
  assert_true(sum == whole);
  assert_true(dp_token_schedule(rate, 3 * DP_DAY, &whole) && whole == 3 * rate);
}

static void a_reward_is_the_floor_that_gmp_computes(void **state) {
  (void)state;
  mpz_t a, b, c;
  char expected[128], text[DP_I128_TEXT];
  mpz_inits(a, b, c, NULL);
  for (uint64_t i = 0; i < 5000; i++) {
    struct dp_rng rng = dp_rng_at(3, 0, i, DP_STREAM_TEMPLATE, 0);
    int64_t work = (int64_t)(dp_rng_u64(&rng) >> (1 + dp_rng_below(&rng, 60)));
    dp_i128 all = work + (dp_i128)dp_rng_u64(&rng) * (dp_i128)dp_rng_below(&rng, 1000) + 1;
    dp_i128 emission = (dp_i128)(dp_rng_u64(&rng) >> 2) * (dp_i128)(1 + dp_rng_below(&rng, UINT64_C(1) << 62));
    if (i % 2) emission >>= 64;
    mpz_set_str(a, dp_i128_text(work, text), 10);
    mpz_set_str(b, dp_i128_text(emission, text), 10);
    mpz_set_str(c, dp_i128_text(all, text), 10);
    mpz_mul(a, a, b);
    mpz_fdiv_q(a, a, c);
    mpz_get_str(expected, 10, a);
    assert_string_equal(dp_i128_text(dp_token_reward(work, emission, all), text), expected);
  }
  mpz_clears(a, b, c, NULL);
  assert_true(dp_token_reward(5, 100, 0) == 0 && dp_token_reward(0, 100, 5) == 0);
}

static void rewards_and_remainders_are_all_that_was_minted(void **state) {
  (void)state;
  static const dp_time settle_ns[] = {777 * DP_S, DP_HOUR, DURATION};
  for (int k = 0; k < 3; k++) {
    struct run r = run_token(54321.12345678, true, settle_ns[k]);
    const struct dp_token_state *s = state_of(&r);
    dp_i128 scheduled = (dp_i128)INT64_C(5432112345678) * DURATION / DP_DAY, genesis = (dp_i128)123456700000000;
    assert_true(s->minted == scheduled);
    assert_true(held(&r, DP_ACCOUNT_MINT, true) == -(genesis + scheduled));
    assert_true(held(&r, -1, true) == 0 && held(&r, -1, false) == 0);
    dp_i128 in_flight = held(&r, DP_ACCOUNT_BRIDGE, true) + held(&r, DP_ACCOUNT_BRIDGE, false);
    dp_i128 hosts = held(&r, DP_ACCOUNT_WALLET, false), treasury = held(&r, DP_ACCOUNT_TREASURY, true);
    assert_true(hosts + treasury + in_flight == scheduled);
    assert_true(treasury == s->swept && held(&r, DP_ACCOUNT_HOLDERS, true) == genesis);
    assert_true(in_flight >= 0 && in_flight < 21); /* the last remainder: below one unit a host */
    assert_true(hosts > scheduled - scheduled / 50);
    end_run(&r);
  }
}

static void hosts_share_one_settlement_in_proportion_to_their_work(void **state) {
  (void)state;
  struct run r = run_token(1000, true, DURATION);
  const struct dp_instance *token = dp_sim_first(r.sim, "ledger.token");
  dp_i128 all = 0, emission = (dp_i128)100000000000 * DURATION / DP_DAY;
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t cell = 0; cell < 3; cell++) {
      struct dp_ctx ctx = {.engine = r.sim->engine, .cell = &r.sim->engine->cells[cell], .self = token};
      for (uint32_t i = 0; i < 7; i++) {
        const struct dp_token_share *share = DP_ROW(dp_own_table(&ctx, 0), struct dp_token_share, i);
        if (pass == 0) all += share->work_seen_tok;
        else assert_true(dp_books_balance(&ctx, share->account) == share->work_seen_tok * emission / all);
      }
    }
  assert_true(all > 0);
  end_run(&r);
}

static void emission_without_work_goes_to_the_treasury(void **state) {
  (void)state;
  struct run r = run_token(54321, false, DP_HOUR);
  assert_true(held(&r, DP_ACCOUNT_TREASURY, true) == state_of(&r)->minted && state_of(&r)->minted > 0);
  assert_true(held(&r, DP_ACCOUNT_WALLET, false) == 0 && held(&r, DP_ACCOUNT_BRIDGE, true) == 0);
  end_run(&r);
}

/* Livepeer's rule with a day's round: the first decision sees no stake yet (its model clears later), the second 40 of
 * 1.2 million; with 49 % bonded by declaration, below the target too; with 51 %, above it. */
static void a_bonded_share_comes_from_staking_or_from_the_scenario(void **state) {
  (void)state;
  struct dp_emission how = {.kind = DP_EMISSION_TARGET_BONDED, .epoch_s = 3600, .inflation_ratio = 1e-4,
                            .change_ratio = 1e-6, .target_ratio = 0.5, .ceiling_ratio = 1};
  for (int k = 0; k < 3; k++) {
    how.bonded_ratio = k == 0 ? 0 : k == 1 ? 0.49 : 0.51;
    struct run r = run_emission(how, true, DP_HOUR / 2, k == 0);
    double supply = SUPPLY, inflation = 1e-4;
    for (int round = 0; round <= 24; round++) {
      inflation += k < 2 ? 1e-6 : -1e-6;
      supply += supply * inflation * (round < 24 ? 1 : 1 / 7.0); /* it ends a seventh of an hour into the last one */
    }
    const struct dp_token_state *s = state_of(&r);
    near(dp_i128_to_double(s->genesis + s->minted) / 1e8, supply, 1e-5);
    if (k == 0) assert_true(s->staked == INT64_C(4000000000));
    else near(dp_i128_to_double(s->staked) / dp_i128_to_double(s->genesis + s->minted), how.bonded_ratio, 1e-4);
    end_run(&r);
  }
}

static void supply_and_inflation_are_reported_in_tokens(void **state) {
  (void)state;
  struct run r = run_token(54321, true, DP_HOUR);
  struct dp_kpi_value *kpis;
  struct dp_err err = {0};
  size_t n;
  double days = (double)DURATION / (double)DP_DAY, minted = 54321 * days;
  assert_int_equal(dp_sim_kpis(r.sim, &kpis, &n, &err), DP_OK);
  unsigned seen = 0;
  for (size_t i = 0; i < n; i++) {
    if (!strcmp(kpis[i].name, "token.supply")) seen++, near(kpis[i].value, SUPPLY + minted, 1e-6);
    if (!strcmp(kpis[i].name, "token.minted")) seen++, near(kpis[i].value, minted, 1e-6);
    if (!strcmp(kpis[i].name, "token.burned")) seen++, near(kpis[i].value, 0, 0);
    if (!strcmp(kpis[i].name, "token.inflation_ratio")) seen++, near(kpis[i].value, 54321 * 365 / SUPPLY, 1e-9);
  }
  assert_int_equal(seen, 4);
  free(kpis);
  end_run(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(genesis_and_rates_are_exact_in_base_units),
      cmocka_unit_test(a_year_of_the_helium_schedule_is_seven_and_a_half_million),
      cmocka_unit_test(the_schedule_adds_up_over_any_steps),
      cmocka_unit_test(a_reward_is_the_floor_that_gmp_computes),
      cmocka_unit_test(rewards_and_remainders_are_all_that_was_minted),
      cmocka_unit_test(hosts_share_one_settlement_in_proportion_to_their_work),
      cmocka_unit_test(emission_without_work_goes_to_the_treasury),
      cmocka_unit_test(a_bonded_share_comes_from_staking_or_from_the_scenario),
      cmocka_unit_test(supply_and_inflation_are_reported_in_tokens),
  };
  return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
