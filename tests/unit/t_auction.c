/* tests/unit/t_auction.c — reverse auctions clear at the price that theory says; leases last, pay and end as signed. */
#include <math.h>

#include "market/auction.h"
#include "scene.h"

/* Posted 1 USD an hour: 1e6 / 3600 USD for a million seconds. */
#define ONE_USD_PER_H (1e6 / 3600)

struct market {
  struct scene s;
  struct dp_auction_config auction;
};

/* `hosts_n` hosts in two regions at 1 USD an hour, orders of ten a day with nobody too poor. */
static void prepare(struct market *m, int64_t hosts_n, double days) {
  *m = (struct market){0};
  scene_init(&m->s, 2, (dp_time)(days * (double)DP_DAY));
  m->s.spec.settle_every_ns = 6 * DP_HOUR;
  scene_network(&m->s)->fidelity = DP_FIDELITY_FLOW;
  scene_fleet(&m->s, hosts_n, "rtx4090", 24, ONE_USD_PER_H);
  dp_schema_defaults(dp_auction_model.schema, &m->auction);
  m->auction.orders_per_day = 10;
  m->auction.max_usd_per_h = 100;
  m->auction.network.name = "";
}

static void run(struct market *m) {
  scene_instance(&m->s, &dp_auction_model, &m->auction);
  scene_run(&m->s);
}

static void near(double got, double wanted, double within) {
  if (!(fabs(got - wanted) <= within)) fail_msg("%.9g is not %.9g ± %.3g", got, wanted, within);
}

static void bids_are_cost_plus_or_the_equilibrium(void **state) {
  (void)state;
  near(dp_auction_bid_of(DP_BID_COST_PLUS, 2, 9, 0.25, 7), 2.5, 1e-12);
  near(dp_auction_bid_of(DP_BID_EQUILIBRIUM, 1.4, 2, 9, 3), 1.6, 1e-12);
  near(dp_auction_bid_of(DP_BID_EQUILIBRIUM, 1.4, 2, 9, 1), 2, 1e-12); /* a monopolist asks for all */
  assert_int_equal(dp_lease_due(1000000, DP_S), 1);
  assert_int_equal(dp_lease_due(1999999, DP_S), 1);
  assert_int_equal(dp_lease_due(1000000, 86400 * DP_S), 86400);
}

/* Costs uniform in (1, 2): the winner of n bidders gets 1 + 2/(n + 1) on average, first price at equilibrium or second
 * price at cost (revenue equivalence); the lowest cost alone is 1 + 1/(n + 1). Variances: second order statistic
 * 2 (n − 1) / ((n + 1)² (n + 2)) for the second price, less for the first. */
static void winning_prices_are_those_of_theory(void **state) {
  (void)state;
  for (int64_t n = 2; n <= 8; n += 3)
    for (int way = 0; way < 3; way++) {
      struct market m;
      prepare(&m, n, 400);
      m.auction.orders_per_day = 4;
      m.auction.max_usd_per_h = 2; /* no bid is above it */
      m.auction.duration = DP_LEASE_FIXED;
      m.auction.duration_d = 0.001; /* over by the next round: every host is free */
      m.auction.cost_spread_ratio = 1;
      m.auction.bidding = way == 0 ? DP_BID_EQUILIBRIUM : DP_BID_COST_PLUS;
      m.auction.payment = way == 1 ? DP_PAY_NEXT_BID : DP_PAY_OWN_BID;
      m.auction.round_s = 600; /* hardly ever two orders in a round */
      run(&m);
      const double k = (double)n, signed_n = scene_kpi(&m.s, "lease.signed_n");
      const double se = sqrt(2 * (k - 1) / ((k + 1) * (k + 1) * (k + 2)) / signed_n);
      const double mean = 1 + (way == 2 ? 1 : 2) / (k + 1);
      assert_true(signed_n > 1400);
      near(scene_kpi(&m.s, "lease.price_usd_per_h"), mean, 3.5 * se + 0.004);
      assert_true(fabs(scene_kpi(&m.s, "lease.bids_ratio") - k) < 0.1 * k);
      scene_free(&m.s);
    }
}

/* With hosts enough for all, running leases are those of M/G/∞: mean λ E[S], whatever the distribution of S. */
static void running_leases_follow_littles_law(void **state) {
  (void)state;
  for (int fixed = 0; fixed < 2; fixed++) {
    struct market m;
    prepare(&m, 60, 300);
    m.auction.duration = fixed ? DP_LEASE_FIXED : DP_LEASE_EXPONENTIAL;
    m.auction.duration_d = 2;
    run(&m);
    const double leased_d = scene_kpi(&m.s, "lease.time_s") / 86400;
    assert_true(scene_kpi(&m.s, "lease.lapsed_ratio") == 0);
    near(leased_d / 300, 20, 3 * 20 * sqrt((fixed ? 1 : 2) / 3000.0) + 0.2); /* σ of the work of 3,000 orders; the ramp */
    near(scene_kpi(&m.s, "hardware.utilisation_ratio"), leased_d / 300 / 60, 1e-4);
    scene_free(&m.s);
  }
}

static void money_flows_by_the_second_and_the_rest_comes_back(void **state) {
  (void)state;
  struct market m;
  prepare(&m, 6, 30);
  m.s.classes[0].mtbf_h = 60;
  m.s.classes[0].repair_h = 6;
  m.auction.duration_d = 3;
  m.auction.take_ratio = 0.04;
  run(&m);
  const double hours = scene_kpi(&m.s, "lease.time_s") / 3600, spend = scene_kpi(&m.s, "lease.spend_usd");
  near(spend, hours, 1e-6 * hours); /* at 1 USD an hour */
  near(scene_kpi(&m.s, "lease.take_usd"), 0.04 * spend, 1e-5);
  assert_true(scene_kpi(&m.s, "lease.broken_n") > 5 && scene_kpi(&m.s, "lease.lapsed_ratio") > 0);
  int64_t wallets = 0, escrow = 0, left = 0, work_s = 0;
  for (uint32_t cell = 0; cell < 2; cell++) {
    escrow += scene_balance(&m.s, (int)cell, DP_ACCOUNT_ESCROW);
    assert_int_equal(scene_balance(&m.s, (int)cell, DP_ACCOUNT_PAYABLE), 0);
    for (uint32_t i = 0; i < 3; i++) {
      const struct dp_lease *l = DP_ROW(scene_table(&m.s, "market.auction", "lease", cell), struct dp_lease, i);
      wallets += scene_wallet(&m.s, cell, i);
      left += l->escrow_nusd;
      work_s += scene_listing(&m.s, cell, i)->work_tok;
      assert_true(scene_listing(&m.s, cell, i)->in_flight_n == (l->rate > 0));
    }
  }
  assert_int_equal(escrow, left);
  near((double)wallets / 1e9, 0.96 * spend, 1e-5);
  near((double)work_s / 3600, hours, 0.1);
  scene_free(&m.s);
}

/* From the tenth day on the protocol gets everything: what was signed before too. */
static void all_of_it_goes_through_the_protocol_from_its_day_on(void **state) {
  (void)state;
  struct market m;
  prepare(&m, 6, 20);
  m.auction.duration_d = 100;
  m.auction.duration = DP_LEASE_FIXED;
  m.auction.take_ratio = 0;
  m.auction.all_through_protocol_d = 10;
  run(&m);
  const double spend = scene_kpi(&m.s, "lease.spend_usd"), take = scene_kpi(&m.s, "lease.take_usd");
  near(take, 6 * 24 * 10, 6 * 6.1); /* but for the settlement in which it begins */
  near(spend - take, 6 * 24 * 9.5, 6 * 24 * 0.5);
  scene_free(&m.s);
}

static void a_customer_who_pays_too_little_gets_nothing(void **state) {
  (void)state;
  struct market m;
  prepare(&m, 6, 30);
  m.auction.max_usd_per_h = 0.99;
  run(&m);
  assert_true(scene_kpi(&m.s, "lease.signed_n") == 0 && scene_kpi(&m.s, "lease.lapsed_ratio") > 0.9);
  scene_free(&m.s);
}

static void nonsense_is_refused_with_a_remedy(void **state) {
  (void)state;
  struct market m;
  prepare(&m, 6, 30);
  m.s.networks[0].fidelity = DP_FIDELITY_REQUEST;
  scene_instance(&m.s, &dp_auction_model, &m.auction);
  assert_int_equal(scene_try(&m.s), DP_SCENARIO);
  assert_non_null(strstr(m.s.err.text, "fidelity = \"flow\""));
  scene_free(&m.s);
}

/* A record is the weighted mean of what came: after many jobs of which a tenth is lost, near 0.9. */
static void a_record_forgets(void **state) {
  (void)state;
  struct market m;
  prepare(&m, 2, 1);
  m.s.networks[0].reputation_jobs_n = 200;
  run(&m);
  struct dp_ctx ctx = scene_ctx(&m.s, "market.gateway", 0);
  double mean = 0;
  for (int i = 0; i < 4000; i++) {
    dp_record_hear(&ctx, ctx.self, 0, i % 10 != 0);
    if (i >= 2000) mean += dp_record_at(&ctx, ctx.self, 0)->distrust_ppm / 2000e6;
  }
  near(mean, 0.1, 0.002);
  for (int i = 0; i < 20000; i++) dp_record_hear(&ctx, ctx.self, 0, true);
  assert_int_equal(dp_record_at(&ctx, ctx.self, 0)->distrust_ppm, 0);
  scene_free(&m.s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bids_are_cost_plus_or_the_equilibrium),
      cmocka_unit_test(winning_prices_are_those_of_theory),
      cmocka_unit_test(running_leases_follow_littles_law),
      cmocka_unit_test(money_flows_by_the_second_and_the_rest_comes_back),
      cmocka_unit_test(all_of_it_goes_through_the_protocol_from_its_day_on),
      cmocka_unit_test(a_customer_who_pays_too_little_gets_nothing),
      cmocka_unit_test(nonsense_is_refused_with_a_remedy),
      cmocka_unit_test(a_record_forgets),
  };
  return cmocka_run_group_tests_name("auction", tests, NULL, NULL);
}
