/* tests/unit/t_chain.c — settlement chains: fees against published vectors and another implementation of the rules, the
 * base fee's equilibrium, waits and drops against theory, and the table of projects. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gmp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "books/books.h"
#include "engine/comm.h"
#include "ledger/chain.h"
#include "ledger/ethereum.h"
#include "ledger/payout.h"
#include "ledger/sector.h"
#include "place/place.h"
#include "scene.h"
#include "workload/demand.h"

static void near(const char *what, double got, double want, double tolerance) {
  if (!(fabs(got - want) <= tolerance)) fail_msg("%s is %.17g, not %.17g within %g", what, got, want, tolerance);
}

/* ---- a run of chains alone ---- */

struct run {
  struct dp_sink sink;
  struct dp_chain_config chains[2];
  struct dp_sector_config sector;
  struct dp_region region;
  struct dp_part_ref region_ref;
  struct dp_place_config place;
  struct dp_spec spec;
  struct dp_instance_spec instances[5];
  size_t chain_n;
  bool with_sector;
  struct dp_comm *comm;
  struct dp_sim *sim;
  struct dp_err err;
  int64_t base_fee; /* after the settlement before: what the sink compares with */
  int64_t checked_n;
  const struct dp_sim *seen;
};

static void prepare(struct run *r) {
  *r = (struct run){.chain_n = 1};
  for (int i = 0; i < 2; i++) dp_schema_defaults(dp_chain_model.schema, &r->chains[i]);
  dp_schema_defaults(dp_sector_model.schema, &r->sector);
  r->spec = (struct dp_spec){.name = "chains", .end_ns = 10 * DP_DAY, .settle_every_ns = DP_DAY, .seed = 1};
}

/** No bursts, no noise: every block is like the other. */
static void steady(struct dp_chain_config *c) { c->noise_ratio = c->spell_deviation = c->burst_ratio = 0; }

static void go(struct run *r) {
  static const struct dp_model *const registry[] = {&dp_books_model, &dp_place_model, &dp_chain_model, &dp_sector_model,
                                                    NULL};
  static const char *const names[] = {"first", "second"};
  bool stopped;
  size_t n = 0;
  r->region = (struct dp_region){.name = "here", .cells_n = 1, .demand_weight = 1, .supply_weight = 1};
  r->region_ref.part = &r->region;
  r->place = (struct dp_place_config){.regions = {&r->region_ref, 1}, .rtt_csv = "", .bandwidth_mbps = 1,
                                      .local_rtt_ms = 1};
  r->instances[n++] = (struct dp_instance_spec){&dp_place_model, NULL, &r->place};
  for (size_t i = 0; i < r->chain_n; i++)
    r->instances[n++] = (struct dp_instance_spec){&dp_chain_model, names[i], &r->chains[i]};
  if (r->with_sector) r->instances[n++] = (struct dp_instance_spec){&dp_sector_model, NULL, &r->sector};
  r->spec.instances = r->instances;
  r->spec.instance_n = n;
  r->spec.registry = registry;
  if (dp_comm_null_new(&r->comm, &r->err) != DP_OK || dp_sim_new(&r->spec, r->comm, &r->sim, &r->err) != DP_OK)
    fail_msg("%s", r->err.text);
  if (r->sink.row) dp_sim_set_sink(r->sim, &r->sink);
  if (dp_sim_run(r->sim, &stopped, &r->err) != DP_OK) fail_msg("%s", r->err.text);
}

static void finish(struct run *r) {
  dp_sim_free(r->sim);
  dp_comm_free(r->comm);
}

static const struct dp_chain_state *state_in(const struct dp_sim *sim, size_t nth) {
  const struct dp_ctx ctx = {.engine = sim->engine};
  const struct dp_instance *chain = dp_sim_first(sim, "ledger.chain");
  while (nth-- > 0) chain = dp_sim_next(chain);
  return dp_chain_state_of(&ctx, chain);
}

static double delay_s(const struct dp_chain_state *s) {
  return dp_i128_to_double(s->delay_ns) / 1e9 / (double)s->landed_n;
}

/* ---- EIP-1559 ---- */

/** The rule of EIP-1559 in GMP integers. */
static int64_t eip1559(int64_t base, int64_t used, int64_t limit) {
  mpz_t fee, change;
  const int64_t target = limit / 2;
  mpz_init_set_si(fee, base);
  mpz_init_set_si(change, base);
  if (used > target) {
    mpz_mul_si(change, change, used - target);
    mpz_fdiv_q_ui(change, change, (unsigned long)target);
    mpz_fdiv_q_ui(change, change, 8);
    if (mpz_cmp_ui(change, 1) < 0) mpz_set_ui(change, 1);
    mpz_add(fee, fee, change);
  } else {
    mpz_mul_si(change, change, target - used);
    mpz_fdiv_q_ui(change, change, (unsigned long)target);
    mpz_fdiv_q_ui(change, change, 8);
    mpz_sub(fee, fee, change);
  }
  const int64_t next = mpz_get_si(fee);
  mpz_clear(fee);
  mpz_clear(change);
  return next;
}

static enum dp_status begin(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err) {
  (void)err;
  ((struct run *)sink)->seen = sim;
  return DP_OK;
}

static enum dp_status follow(struct dp_sink *sink, const struct dp_instance *instance, dp_time now_ns, const double *values,
                             size_t slot_n, struct dp_err *err) {
  struct run *r = (struct run *)sink;
  (void)values, (void)slot_n, (void)err;
  if (instance->model != &dp_chain_model) return DP_OK;
  const struct dp_chain_state *s = state_in(r->seen, 0);
  if (now_ns > 0) {
    assert_true(s->base_fee == eip1559(r->base_fee, s->used_gas, r->chains[0].gas_limit));
    r->checked_n++;
  }
  r->base_fee = s->base_fee;
  return DP_OK;
}

static void the_base_fee_follows_the_integer_rule_block_by_block_over_random_load(void **state) {
  struct run r;
  (void)state;
  prepare(&r);
  r.chains[0].noise_ratio = 1;
  r.chains[0].burst_ratio = 0.2;
  r.chains[0].spell_s = 60;
  r.spec.settle_every_ns = 12 * DP_S;
  r.spec.end_ns = 5000 * 12 * DP_S;
  r.sink.begin = begin;
  r.sink.row = follow;
  go(&r);
  assert_int_equal(r.checked_n, 5000);
  assert_int_equal(state_in(r.sim, 0)->block, 5000);
  finish(&r);
}

/* Demand L (reference / fee)^ε equals the target, half of the limit, at fee = reference · L^(1/ε). */
static void the_base_fee_rests_where_blocks_are_half_full(void **state) {
  static const struct { double load, elasticity, fee; } cases[] = {{1, 1, 20e9}, {2, 1, 40e9}, {0.25, 1, 5e9},
                                                                   {2, 0.5, 80e9}, {4, 2, 40e9}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct run r;
    prepare(&r);
    steady(&r.chains[0]);
    r.chains[0].load_ratio = cases[i].load;
    r.chains[0].elasticity = cases[i].elasticity;
    r.chains[0].exact_blocks_n = 1000000; /* every block: no short cut is taken */
    go(&r);
    near("base fee", (double)state_in(r.sim, 0)->base_fee / cases[i].fee, 1, 1e-6);
    near("fullness", (double)state_in(r.sim, 0)->used_gas / (double)r.chains[0].gas_limit, 0.5, 1e-6);
    finish(&r);
  }
}

/* Empty stretches are passed over; what they leave is what every block by itself leaves. */
static void passing_over_blocks_changes_nothing(void **state) {
  double fee[2];
  (void)state;
  for (int i = 0; i < 2; i++) {
    struct run r;
    prepare(&r);
    r.chains[0].exact_blocks_n = i ? 1000000 : 200;
    r.chains[0].blob_load_ratio = 1.5;
    go(&r);
    fee[i] = (double)state_in(r.sim, 0)->base_fee;
    assert_int_equal(state_in(r.sim, 0)->block, 72000);
    finish(&r);
  }
  near("fee of the short cut over that of every block", fee[0] / fee[1], 1, 1e-4);
}

/* ---- waits and drops ---- */

static void half_of_what_is_sent_into_double_the_capacity_is_dropped(void **state) {
  static const double loads[] = {0.5, 1.25, 2, 4}, losses[] = {0, 0.05, 0.2};
  (void)state;
  for (size_t i = 0; i < 12; i++) {
    struct run r;
    prepare(&r);
    struct dp_chain_config *c = &r.chains[0];
    steady(c);
    *c = (struct dp_chain_config){.kind = DP_CHAIN_SOLANA, .block_s = 0.4, .gas_limit = 48000000, .base_fee = 5000,
                                  .coin_decimals = 9, .coin_usd = 145, .load_ratio = loads[i % 4], .spell_s = 600,
                                  .burst_factor = 1, .account_limit = 12000000, .loss_ratio = losses[i / 4], .retry_s = 2,
                                  .expiry_s = 60, .payout_gas = 6000, .probe_n = 2000, .exact_blocks_n = 1};
    go(&r);
    const struct dp_chain_state *s = state_in(r.sim, 0);
    const double drop = 1 - (1 - losses[i / 4]) * fmin(1, 1 / loads[i % 4]), n = (double)s->tried_n;
    const double error = 4 * sqrt(drop * (1 - drop) / n);
    assert_int_equal(s->landed_n, 20000);
    near("dropped", (double)s->dropped_n / n, drop, error + 1e-9);
    near("attempts", n / 20000, dp_chain_attempts(drop), 4 * sqrt(drop) / (1 - drop) / sqrt(20000) + 1e-9);
    near("wait", delay_s(s), 0.4 + dp_chain_retry_delay_s(drop, 2), 4 * 2 * sqrt(drop) / (1 - drop) / sqrt(20000) + 1e-9);
    finish(&r);
  }
}

/* A local fee market: the chain has room, the account that all payouts write has not. */
static void a_hot_account_drops_transactions_of_a_chain_with_room(void **state) {
  struct run r;
  (void)state;
  prepare(&r);
  r.chains[0] = (struct dp_chain_config){.kind = DP_CHAIN_SOLANA, .block_s = 0.4, .gas_limit = 48000000, .base_fee = 5000,
                                         .coin_decimals = 9, .coin_usd = 145, .load_ratio = 0.3, .spell_s = 600,
                                         .burst_factor = 1, .account_limit = 12000000, .hot_load_ratio = 4, .retry_s = 2,
                                         .expiry_s = 60, .payout_gas = 6000, .probe_n = 1000, .exact_blocks_n = 1};
  go(&r);
  near("dropped", (double)state_in(r.sim, 0)->dropped_n / (double)state_in(r.sim, 0)->tried_n, 0.75, 0.02);
  finish(&r);
}

/* Those who bid as the mean of others (exponential) stand behind e^−1 of them: the room is the limit less that. */
static void a_queue_empties_as_fast_as_bids_leave_room(void **state) {
  struct run r;
  (void)state;
  prepare(&r);
  steady(&r.chains[0]);
  const double room = 30e6 - 15e6 * exp(-1);
  const int64_t per_block = (int64_t)(room / 65000);
  r.chains[0].probe_n = 10 * per_block;
  r.spec.end_ns = DP_DAY;
  go(&r);
  near("mean wait", delay_s(state_in(r.sim, 0)), 12 * 5.5, 1e-9);
  assert_int_equal(state_in(r.sim, 0)->dropped_n, 0);
  finish(&r);
}

/* ---- fees ---- */

static int64_t fee_of(const struct dp_chain_config *c, int64_t base, int64_t tip, int64_t gas, int64_t data) {
  struct dp_err err = {0};
  int64_t fee;
  assert_int_equal(dp_chain_fee(c, base, tip, gas, data, &fee, &err), DP_OK);
  return fee;
}

static double usd(const struct dp_chain_config *c, dp_i128 fee) {
  dp_i128 nusd;
  assert_true(dp_chain_nusd(fee, llround(c->coin_usd * 1e9), c->coin_decimals, &nusd));
  return (double)nusd / 1e9;
}

/* RNP-002 (March 2023): 200 frames, a transaction each: about 140 USD, 5 USD, and 0.001 SOL. */
static void march_2023_gives_the_costs_of_rnp_002(void **state) {
  const struct dp_chain_config ethereum = {.kind = DP_CHAIN_ETHEREUM, .coin_decimals = 18, .coin_usd = 1667};
  const struct dp_chain_config polygon = {.kind = DP_CHAIN_SIDECHAIN, .coin_decimals = 18, .coin_usd = 1.1};
  const struct dp_chain_config solana = {.kind = DP_CHAIN_SOLANA, .coin_decimals = 9, .coin_usd = 20};
  (void)state;
  near("Ethereum", 200 * usd(&ethereum, fee_of(&ethereum, 20000000000, 0, 21000, 0)), 140, 0.1);
  near("Polygon", 200 * usd(&polygon, fee_of(&polygon, 350000000000, 0, 65000, 0)), 5, 0.01);
  assert_int_equal(200 * fee_of(&solana, 5000, 0, 6000, 0), 1000000); /* 0.001 SOL */
  near("Solana", usd(&solana, 1000000), 0.02, 1e-9);
}

/* solana.fee of VECTORS.md; and ⌈gas · price⌉ on a Cosmos chain, where 100,000 gas at 0.025 uakt are 2,500 uakt. */
static void solana_and_cosmos_fees_are_those_of_their_rules(void **state) {
  const struct dp_chain_config solana = {.kind = DP_CHAIN_SOLANA, .coin_decimals = 9, .coin_usd = 150};
  const struct dp_chain_config cosmos = {.kind = DP_CHAIN_COSMOS, .coin_decimals = 6, .coin_usd = 4.5};
  (void)state;
  assert_int_equal(fee_of(&solana, 5000, 10000, 200000, 0), 7000);
  near("a signature at SOL 150", usd(&solana, 5000), 0.00075, 1e-12);
  assert_int_equal(fee_of(&cosmos, 25000, 0, 100000, 0), 2500);
  assert_int_equal(fee_of(&cosmos, 25000, 0, 100001, 0), 2501);
}

/* FACTS §11.1, ETH 3,200 USD. */
static void transfers_cost_what_the_table_says(void **state) {
  static const struct { double gwei, transfer, token, call; } rows[] = {
      {10, 0.67, 2.08, 4.80}, {15, 1.01, 3.12, 7.20}, {20, 1.34, 4.16, 9.60}, {25, 1.68, 5.20, 12.00},
      {50, 3.36, 10.40, 24.00}};
  const struct dp_chain_config c = {.kind = DP_CHAIN_ETHEREUM, .coin_decimals = 18, .coin_usd = 3200};
  (void)state;
  for (size_t i = 0; i < 5; i++) {
    const int64_t base = (int64_t)(rows[i].gwei * 1e9);
    near("transfer", usd(&c, fee_of(&c, base, 0, 21000, 0)), rows[i].transfer, 0.005);
    near("ERC-20", usd(&c, fee_of(&c, base, 0, 65000, 0)), rows[i].token, 0.005);
    near("call", usd(&c, fee_of(&c, base, 0, 150000, 0)), rows[i].call, 0.005);
  }
}

/* An L2's fee is its own gas and the bytes that Ethereum's blobs (or calldata) carry for it. */
static void a_rollup_pays_execution_and_its_part_of_the_blobs(void **state) {
  (void)state;
  for (int calldata = 0; calldata < 2; calldata++) {
    struct run r;
    struct dp_err err = {0};
    int64_t blob;
    dp_i128 now, most;
    prepare(&r);
    steady(&r.chains[0]);
    r.chains[0].blob_load_ratio = 4;
    steady(&r.chains[1]);
    r.chains[1].kind = DP_CHAIN_L2;
    r.chains[1].block_s = 2;
    r.chains[1].base_fee = 5e6;
    r.chains[1].tip = 1e6;
    r.chains[1].blob_target_n = 0;
    r.chains[1].l1 = (struct dp_ref){.name = "first"};
    r.chains[1].data_gas_per_byte = calldata ? 16 : 0;
    r.chain_n = 2;
    go(&r);
    struct dp_ctx ctx = {.engine = r.sim->engine, .now_ns = r.spec.end_ns, .err = &err};
    const struct dp_chain_state *l1 = state_in(r.sim, 0), *l2 = state_in(r.sim, 1);
    assert_int_equal(dp_chain_quote(&ctx, dp_sim_next(dp_sim_first(r.sim, "ledger.chain")), 65000, 150, 1, &now, &most),
                     DP_OK);
    assert_int_equal(dp_ethereum_blob_base_fee(l1->excess_blob_gas, DP_ETHEREUM_BLOB_FRACTION, &blob, &err), DP_OK);
    assert_true(blob >= 4 && blob <= 5); /* demand 4 / fee meets the target at 4 */
    const double data = calldata ? 16.0 * (double)l1->base_fee * 150 : ceil((double)blob / 0.8 * 150);
    const double execution = 65000 * ((double)l2->base_fee + 1e6);
    near("nano-USD", (double)now, (execution + data) * 3150e9 / 1e18, 1); /* rounded up */
    finish(&r);
  }
}

/* FACTS §11.1: at 0.20 USD a day and 20 gwei fees are half of the income every 41.6, 13.4 and 96 days. */
static void break_even_intervals_are_those_of_a_hotspot(void **state) {
  const struct dp_chain_config c = {.kind = DP_CHAIN_ETHEREUM, .coin_decimals = 18, .coin_usd = 3200};
  static const struct { int64_t gas; double days; } rows[] = {{65000, 41.6}, {21000, 13.44}, {150000, 96}};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    const double fee = usd(&c, fee_of(&c, 20000000000, 0, rows[i].gas, 0));
    const double days = dp_chain_breakeven_d(fee, 0.2, 0.5);
    near("days", days, rows[i].days, 1e-6);
    near("fee share at that interval", fee / (0.2 * days), 0.5, 1e-12);
  }
  assert_true(isinf(dp_chain_breakeven_d(1, 0, 0.5)));
}

static void a_multi_send_shares_its_base_among_its_hosts(void **state) {
  const struct dp_chain_config c = {.payout_gas = 65000, .batch_gas = 40000, .batch_each_gas = 35000, .claim_gas = 95000};
  (void)state;
  const struct dp_chain_need many = dp_chain_need(&c, DP_CHAIN_MULTISEND, 100, 1001);
  assert_int_equal(many.transaction_n, 11);
  assert_int_equal(many.gas, 40000 + 100 * 35000);
  assert_int_equal(dp_chain_need(&c, DP_CHAIN_MULTISEND, 100, 7).gas, 40000 + 7 * 35000);
  assert_int_equal(dp_chain_need(&c, DP_CHAIN_PUSH, 100, 7).transaction_n, 7);
  assert_int_equal(dp_chain_need(&c, DP_CHAIN_MERKLE, 100, 7).gas, 95000);
}

/* ---- payouts ---- */

struct paid_run {
  struct scene scene;
  struct dp_demand_config demand;
  struct dp_chain_config chain;
  struct dp_payout_config payout;
};

/** Twenty hosts earn 0.86 USD a day each, less the take, and are paid once a day on a quiet chain of Ethereum's rule,
 *  without probes. */
static void paid_prepare(struct paid_run *r, dp_time settle_ns) {
  struct scene *s = &r->scene;
  *r = (struct paid_run){0};
  scene_init(s, 1, 20 * DP_DAY);
  s->spec.settle_every_ns = settle_ns;
  scene_network(s)->fidelity = DP_FIDELITY_FLOW;
  scene_fleet(s, 20, "rtx4090", 24, 20)->reprice_every_s = 86400;
  s->classes[0].work_per_s = 0.5;
  dp_schema_defaults(dp_demand_model.schema, &r->demand);
  dp_schema_defaults(dp_chain_model.schema, &r->chain);
  dp_schema_defaults(dp_payout_model.schema, &r->payout);
  steady(&r->chain);
  r->demand.work_per_day = 10 * 86400;
  r->demand.network.name = r->payout.network.name = r->payout.chain.name = "";
  r->payout.every_n = DP_DAY / settle_ns;
}

static void paid_go(struct paid_run *r) {
  struct scene *s = &r->scene;
  scene_instance(s, &dp_chain_model, &r->chain);
  scene_instance(s, &dp_payout_model, &r->payout);
  scene_instance(s, &dp_demand_model, &r->demand);
  scene_run(s);
}

/* The root is in the first block, its claims in the next: 12 and 24 s, however far apart settlements are. */
static void claims_follow_their_root_at_once_and_none_is_dropped_before_it_was_sent(void **state) {
  static const dp_time settlements[] = {DP_DAY, 2 * DP_HOUR};
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    struct paid_run r;
    paid_prepare(&r, settlements[i]);
    r.chain.base_fee = r.chain.tip = 1e6;
    r.chain.base_fee_least = 1000000;
    r.payout.mode = DP_CHAIN_MERKLE;
    r.payout.payer = DP_PAYER_HOST;
    r.payout.claim_fee_ratio = 0.5;
    paid_go(&r);
    assert_true(scene_kpi(&r.scene, "chain.batches") >= 8);
    assert_true(scene_kpi(&r.scene, "chain.dropped_ratio") == 0);
    near("wait", scene_kpi(&r.scene, "chain.inclusion_s"), 12, 1e-6);
    near("from the decision", scene_kpi(&r.scene, "chain.delay_s.mean"), 24, 0.5);
    scene_free(&r.scene);
  }
}

/* What the treasury cannot pay is not handed in: that is a wait for money, not for the chain. */
static void payouts_that_wait_for_money_do_not_wait_on_the_chain(void **state) {
  struct paid_run r;
  (void)state;
  paid_prepare(&r, 6 * DP_HOUR);
  r.chain.base_fee = 5e8; /* 20 payments: 2.5 USD; the take is 0.86 USD a day */
  r.chain.tip = 1e8;
  r.payout.payer = DP_PAYER_TREASURY;
  paid_go(&r);
  assert_true(scene_kpi(&r.scene, "chain.short_n") > 10);
  assert_true(scene_kpi(&r.scene, "chain.batches") > 0);
  assert_true(scene_kpi(&r.scene, "chain.dropped_ratio") == 0);
  near("wait", scene_kpi(&r.scene, "chain.inclusion_s"), 12, 1e-6);
  assert_true(scene_kpi(&r.scene, "chain.delay_s.mean") > 86400);
  scene_free(&r.scene);
}

static void nothing_is_shown_of_what_was_not_measured(void **state) {
  struct paid_run r;
  (void)state;
  paid_prepare(&r, DP_DAY);
  r.demand.work_per_day = 1e-9; /* nobody earns anything */
  paid_go(&r);
  assert_true(isnan(scene_kpi(&r.scene, "chain.inclusion_s")));
  assert_true(isnan(scene_kpi(&r.scene, "chain.dropped_ratio")));
  scene_free(&r.scene);
}

/* ---- the sector ---- */

static void the_ten_largest_projects_have_their_part_and_ethereum_its(void **state) {
  static const char *const chains[] = {"first", "second"};
  static const double parts[] = {0.649, 0.351};
  for (uint64_t seed = 1; seed <= 20; seed++) {
    struct run r;
    double all = 0, ten = 0, ethereum = 0;
    (void)state;
    prepare(&r);
    r.chain_n = 2;
    r.with_sector = true;
    r.sector.chains = (struct dp_strings){chains, 2};
    r.sector.capitalisation = (struct dp_numbers){parts, 2};
    r.spec.end_ns = DP_DAY;
    r.spec.seed = seed;
    go(&r);
    const struct dp_instance *in = dp_sim_first(r.sim, "ledger.sector");
    const struct dp_table *projects = &r.sim->engine->globals[in->first_global_table];
    for (uint32_t i = 0; i < projects->row_n; i++) {
      const struct dp_project *p = DP_ROW(projects, struct dp_project, i);
      all += p->capitalisation_usd;
      if (i < 10) ten += p->capitalisation_usd;
      if (p->chain == 0) ethereum += p->capitalisation_usd;
    }
    assert_int_equal(projects->row_n, 276);
    near("capitalisation", all / 29.2e9, 1, 1e-12);
    near("top ten", ten / all, 0.805, 1e-9);
    near("Ethereum", ethereum / all, 0.649, 0.002);
    finish(&r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_base_fee_follows_the_integer_rule_block_by_block_over_random_load),
      cmocka_unit_test(the_base_fee_rests_where_blocks_are_half_full),
      cmocka_unit_test(passing_over_blocks_changes_nothing),
      cmocka_unit_test(half_of_what_is_sent_into_double_the_capacity_is_dropped),
      cmocka_unit_test(a_hot_account_drops_transactions_of_a_chain_with_room),
      cmocka_unit_test(a_queue_empties_as_fast_as_bids_leave_room),
      cmocka_unit_test(march_2023_gives_the_costs_of_rnp_002),
      cmocka_unit_test(solana_and_cosmos_fees_are_those_of_their_rules),
      cmocka_unit_test(transfers_cost_what_the_table_says),
      cmocka_unit_test(a_rollup_pays_execution_and_its_part_of_the_blobs),
      cmocka_unit_test(break_even_intervals_are_those_of_a_hotspot),
      cmocka_unit_test(a_multi_send_shares_its_base_among_its_hosts),
      cmocka_unit_test(claims_follow_their_root_at_once_and_none_is_dropped_before_it_was_sent),
      cmocka_unit_test(payouts_that_wait_for_money_do_not_wait_on_the_chain),
      cmocka_unit_test(nothing_is_shown_of_what_was_not_measured),
      cmocka_unit_test(the_ten_largest_projects_have_their_part_and_ethereum_its),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
