/* tests/unit/t_waterfall.c — where money for delivered work comes from and where it goes: it adds up to the last
 * nano-USD, and neither grants nor wash use are revenue. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "books/books_priv.h"
#include "ledger/token.h"
#include "market/auction.h"
#include "market/flow.h"
#include "scene.h"
#include "workload/demand.h"

struct town {
  struct scene s;
  struct dp_demand_config demand;
  struct dp_auction_config auction;
  struct dp_token_config token;
  struct dp_emission emission;
  bool asks, leases, rewards;
};

/* Ten hosts of 2 units a second at 3 USD a million units in two regions, settled hourly, for ten days. */
static struct town *town(void) {
  struct town *t = calloc(1, sizeof *t);
  assert_non_null(t);
  scene_init(&t->s, 2, 10 * DP_DAY);
  t->s.spec.settle_every_ns = DP_HOUR;
  struct dp_gateway_config *n = scene_network(&t->s);
  n->fidelity = DP_FIDELITY_FLOW;
  n->take_ratio = 0.1;
  scene_fleet(&t->s, 10, "rtx4090", 24, 3);
  t->s.classes[0].work_per_s = 2;
  dp_schema_defaults(dp_demand_model.schema, &t->demand);
  t->demand.network = (struct dp_ref){"", DP_NO_INSTANCE};
  t->demand.work_per_day = 10 * 86400; /* half of what they can do */
  t->demand.prompt_tok = 0;
  t->demand.output_tok = 1;
  dp_schema_defaults(dp_token_model.schema, &t->token);
  t->emission = (struct dp_emission){.kind = DP_EMISSION_FIXED, .per_day = 100};
  t->token.supply = 1e6;
  t->token.decimals = 9;
  t->token.network = (struct dp_ref){"", DP_NO_INSTANCE};
  t->token.emission.part = &t->emission;
  t->asks = true;
  return t;
}

static struct dp_gateway_config *network(struct town *t) { return &t->s.networks[0]; }

static enum dp_status try_town(struct town *t) {
  if (t->asks) scene_instance(&t->s, &dp_demand_model, &t->demand);
  if (t->leases) scene_instance(&t->s, &dp_auction_model, &t->auction);
  if (t->rewards) scene_instance(&t->s, &dp_token_model, &t->token);
  return scene_try(&t->s);
}

static void run(struct town *t) {
  if (try_town(t) != DP_OK) fail_msg("%s", t->s.err.text);
}

static void done(struct town *t) {
  scene_free(&t->s);
  free(t);
}

/* A counter of the network in nano-USD. */
static int64_t counted(struct town *t, enum dp_gateway_metric metric) {
  dp_i128 total;
  if (dp_sim_metric_total(t->s.sim, dp_sim_first(t->s.sim, "market.gateway"), metric, &total, &t->s.err) != DP_OK)
    fail_msg("%s", t->s.err.text);
  return (int64_t)total;
}

/* All that was posted in USD for a reason. */
static int64_t posted(struct town *t, enum dp_reason reason) {
  dp_i128 sum = 0;
  for (int cell = -1; cell < 2; cell++) {
    const struct dp_ctx ctx = scene_ctx(&t->s, "books", cell);
    sum += DP_ROW(dp__journal(&ctx, dp__books_of(t->s.sim)), struct dp_journal, (uint32_t)reason)->amount;
  }
  return (int64_t)sum;
}

/* Tokens that hosts were rewarded with. */
static double rewarded(struct town *t) {
  dp_i128 sum = 0;
  for (uint32_t cell = 0; cell < 2; cell++) {
    const struct dp_table *shares = scene_table(&t->s, "ledger.token", "share", cell);
    for (uint32_t i = 0; i < shares->row_n; i++) sum += DP_ROW(shares, struct dp_token_share, i)->rewarded;
  }
  return (double)sum / 1e9;
}

/* The waterfall, from both sides, and against the journal of the books, exactly. */
static void adds_up(struct town *t) {
  const int64_t gross = counted(t, DP_GATEWAY_SPEND), take = counted(t, DP_GATEWAY_TAKE);
  const int64_t grants = counted(t, DP_GATEWAY_GRANTED), self = counted(t, DP_GATEWAY_SELF);
  const int64_t rebate = counted(t, DP_GATEWAY_REBATE), revenue = counted(t, DP_GATEWAY_REVENUE);
  int64_t escrow = 0;
  for (int cell = 0; cell < 2; cell++) escrow += scene_balance(&t->s, cell, DP_ACCOUNT_ESCROW);
  assert_true(gross > 0);
  assert_int_equal(gross, revenue + grants + self + rebate);
  assert_int_equal(gross, take + counted(t, DP_GATEWAY_EARNED));
  assert_int_equal(grants, posted(t, DP_REASON_GRANT));
  assert_int_equal(self, posted(t, DP_REASON_SELF_DEALING));
  assert_int_equal(rebate, posted(t, DP_REASON_REBATE));
  assert_int_equal(take, posted(t, DP_REASON_PROTOCOL_TAKE));
  assert_int_equal(take - rebate, scene_balance(&t->s, -1, DP_ACCOUNT_TREASURY));
  assert_int_equal(revenue, posted(t, DP_REASON_CUSTOMER_PAYMENT) - posted(t, DP_REASON_CUSTOMER_REFUND) - escrow - rebate);
}

static void without_them_revenue_is_gross_spend(void **state) {
  (void)state;
  struct town *t = town();
  run(t);
  adds_up(t);
  assert_int_equal(counted(t, DP_GATEWAY_REVENUE), counted(t, DP_GATEWAY_SPEND));
  assert_true(fabs(scene_kpi(&t->s, "network.revenue_usd") - 10 * 10 * 86400 * 3e-6) < 1e-3);
  done(t);
}

/* No customers: a foundation gives hosts 20 USD a day, and their owners buy from themselves with it. */
static void wash_use_collects_rewards_and_is_no_revenue(void **state) {
  (void)state;
  double tokens[2];
  for (int wash = 0; wash < 2; wash++) {
    struct town *t = town();
    t->demand.work_per_day = 0;
    t->rewards = true;
    network(t)->host_grant_usd_per_day = 20;
    network(t)->self_dealing_ratio = wash ? 0.5 : 0;
    run(t);
    tokens[wash] = rewarded(t);
    assert_int_equal(counted(t, DP_GATEWAY_REVENUE), 0);
    if (wash) {
      int64_t wallets = 0;
      adds_up(t);
      for (uint32_t cell = 0; cell < 2; cell++)
        for (uint32_t i = 0; i < scene_table(&t->s, "market.gateway", "listing", cell)->row_n; i++)
          wallets += scene_wallet(&t->s, cell, i);
      assert_int_equal(wallets, posted(t, DP_REASON_HOST_GRANT) - counted(t, DP_GATEWAY_TAKE)); /* it went round */
      assert_int_equal(posted(t, DP_REASON_SELF_DEALT), counted(t, DP_GATEWAY_SELF) - counted(t, DP_GATEWAY_TAKE));
      assert_true(fabs(scene_kpi(&t->s, "market.self_work_ratio") - 1) < 1e-12);
    } else {
      assert_int_equal(counted(t, DP_GATEWAY_SPEND), 0);
    }
    done(t);
  }
  assert_true(tokens[0] <= 0 && tokens[1] > 900);
}

/* 0.22 USD would buy what ten hosts do in an hour at 3 USD; they have 0.01 USD each, once. */
static void nobody_buys_beyond_his_cash(void **state) {
  (void)state;
  struct town *t = town();
  t->demand.work_per_day = 0;
  network(t)->host_grant_usd_per_day = 2.4; /* 0.1 USD in the first hour */
  network(t)->host_grant_until_d = 1.0 / 24;
  network(t)->self_dealing_ratio = 1;
  network(t)->take_ratio = 0.5; /* half of the cash is gone every hour */
  run(t);
  adds_up(t);
  const double most = 0.1 / 0.5; /* 0.1 + 0.05 + … */
  assert_true(fabs(scene_kpi(&t->s, "network.self_dealing_usd") - most) < 1e-4 * most); /* takes are floored */
  done(t);
}

static void customers_come_before_owners(void **state) {
  (void)state;
  struct town *t = town();
  network(t)->self_dealing_ratio = 1;
  run(t);
  adds_up(t);
  assert_true(fabs(scene_kpi(&t->s, "network.revenue_usd") - 10 * 10 * 86400 * 3e-6) < 1e-3);
  assert_true(scene_kpi(&t->s, "network.self_dealing_usd") > 0 && scene_kpi(&t->s, "market.load_ratio") <= 1);
  assert_true(scene_kpi(&t->s, "hardware.utilisation_ratio") <= 1);
  done(t);
}

static void rebates_lower_revenue_and_the_treasury(void **state) {
  (void)state;
  for (int request = 0; request < 2; request++) {
    struct town *t = town();
    struct scene_request r[] = {{.at_ns = DP_S, .prompt_n = 1, .output_n = 1001}, {.at_ns = DP_DAY, .output_n = 77}};
    network(t)->rebate_ratio = 0.03;
    if (request) {
      network(t)->fidelity = DP_FIDELITY_REQUEST;
      t->asks = false;
      t->s.classes[0] = (struct dp_node_class){.gpu = "h100", .gpu_n = 1, .memory_gib = 80, .bandwidth_gb_per_s = 1000,
                                               .fp16_tflops = 100, .weibull_shape = 1, .repair_h = 1};
      scene_customers(&t->s, r, 2);
    }
    run(t);
    adds_up(t);
    const double gross = scene_kpi(&t->s, "network.gross_spend_usd"), rebate = scene_kpi(&t->s, "network.rebate_usd");
    assert_true(fabs(rebate - 0.03 * gross) < 1e-6);
    assert_true(fabs(scene_kpi(&t->s, "network.revenue_over_spend_ratio") - 0.97) < 1e-3);
    done(t);
  }
}

/* 2 USD a day buy 2/3 million units more; what there is no room for is not bought, and nothing is carried over. */
static void grants_come_from_outside_and_are_no_revenue(void **state) {
  (void)state;
  for (int routing = DP_ROUTE_CHEAPEST; routing <= DP_ROUTE_TWO_CHOICES; routing += DP_ROUTE_TWO_CHOICES)
    for (int full = 0; full < 2; full++) {
      struct town *t = town();
      scene_fleet(&t->s, 10, "rtx4090", 24, 4)->network.name = ""; /* dearer ones, for the cheapest rule */
      t->s.classes[1].work_per_s = 2;
      network(t)->routing = routing;
      t->demand.granted_usd_per_day = full ? 50 : 2;
      t->demand.granted_until_d = 6;
      run(t);
      adds_up(t);
      const double granted = scene_kpi(&t->s, "network.grant_usd");
      assert_true(granted <= 6 * t->demand.granted_usd_per_day);
      if (!full) assert_true(granted > 0.99 * 6 * 2);
      assert_true(scene_kpi(&t->s, "market.work_tok") <= 10 * 2 * 20 * 86400.0);
      done(t);
    }
}

static void leases_are_in_the_waterfall(void **state) {
  (void)state;
  struct town *t = town();
  t->asks = false;
  t->leases = true;
  t->s.classes[0].work_per_s = 1;
  dp_schema_defaults(dp_auction_model.schema, &t->auction);
  t->auction.orders_per_day = 10;
  t->auction.max_usd_per_h = 100;
  t->auction.network.name = "";
  t->auction.take_ratio = 0.07;
  network(t)->rebate_ratio = 0.07;
  run(t);
  adds_up(t);
  const double gross = scene_kpi(&t->s, "network.gross_spend_usd");
  assert_true(fabs(gross - scene_kpi(&t->s, "lease.spend_usd")) < 1e-12 * gross);
  assert_true(scene_balance(&t->s, -1, DP_ACCOUNT_TREASURY) < 10000); /* all of the take but what flooring left */
  done(t);
}

static void nonsense_is_refused_with_a_remedy(void **state) {
  (void)state;
  static const char *const remedies[] = {"make it smaller", "fidelity = \"flow\"", "leave it 0 where there is an auction"};
  for (int i = 0; i < 3; i++) {
    struct town *t = town();
    if (i == 0) network(t)->rebate_ratio = 0.2;
    if (i > 0) network(t)->self_dealing_ratio = 0.1, t->asks = false;
    if (i == 1) network(t)->fidelity = DP_FIDELITY_REQUEST;
    if (i == 2) {
      dp_schema_defaults(dp_auction_model.schema, &t->auction);
      t->auction.network.name = "";
      t->leases = true;
    }
    assert_int_equal(try_town(t), DP_SCENARIO);
    assert_non_null(strstr(t->s.err.text, remedies[i]));
    done(t);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_them_revenue_is_gross_spend),
      cmocka_unit_test(wash_use_collects_rewards_and_is_no_revenue),
      cmocka_unit_test(nobody_buys_beyond_his_cash),
      cmocka_unit_test(customers_come_before_owners),
      cmocka_unit_test(rebates_lower_revenue_and_the_treasury),
      cmocka_unit_test(grants_come_from_outside_and_are_no_revenue),
      cmocka_unit_test(leases_are_in_the_waterfall),
      cmocka_unit_test(nonsense_is_refused_with_a_remedy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
