/* tests/unit/t_demand.c — demand at flow fidelity against closed forms, and the market that serves it against
 * arithmetic. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "base/growth.h"
#include "market/flow.h"
#include "place/shock.h"
#include "scene.h"
#include "workload/demand.h"
#include "workload/llm_rate.h"

#define NEAR(a, b, relative) near_line(__LINE__, a, b, relative)

static void near_line(int line, double got, double want, double relative) {
  if (fabs(got - want) > relative * fabs(want)) fail_msg("line %d: got %.12g, expected %.12g", line, got, want);
}

static struct dp_demand_config defaults(void) {
  struct dp_demand_config c;
  memset(&c, 0, sizeof c);
  dp_schema_defaults(dp_demand_model.schema, &c);
  c.network = (struct dp_ref){"", DP_NO_INSTANCE};
  c.work_per_day = 1e6;
  c.prompt_tok = 0;
  c.output_tok = 1;
  return c;
}

/* ---- the equations ---- */

static void adoption_solves_the_equation_of_bass(void **state) {
  (void)state;
  struct dp_demand_config c = defaults();
  c.bass_p = 0.03;
  c.bass_q = 0.38;
  c.adoption_age_d = 100;
  double f = 0;
  const double h = 1.0 / 365 / 10;
  for (int step = 0; step < (100 + 730) * 10; step++) { /* F' = (p + qF)(1 − F), midpoint rule */
    const double k = (c.bass_p + c.bass_q * f) * (1 - f), m = f + h / 2 * k;
    f += h * (c.bass_p + c.bass_q * m) * (1 - m);
  }
  NEAR(dp_demand_potential_per_day(&c, 729 * DP_DAY, 731 * DP_DAY, 0), 1e6 * f, 1e-6);
  NEAR(dp_demand_potential_per_day(&c, 729 * DP_DAY, 731 * DP_DAY, 0), 1e6 * dp_growth_bass_share(0.03, 0.38, 830.0 / 365),
       1e-12);
}

static void growth_compounds_over_a_year(void **state) {
  (void)state;
  struct dp_demand_config c = defaults();
  c.growth_per_year_ratio = 0.5;
  const double first = dp_demand_potential_per_day(&c, 0, DP_DAY, 0);
  NEAR(dp_demand_potential_per_day(&c, 365 * DP_DAY, 366 * DP_DAY, 0), 1.5 * first, 1e-12);
}

static void days_and_weeks_have_the_mean_that_their_profile_has(void **state) {
  (void)state;
  struct dp_demand_config c = defaults();
  c.diurnal_ratio = 0.7;
  NEAR(dp_demand_potential_per_day(&c, 0, DP_DAY, 5 * DP_HOUR), 1e6, 1e-12);
  NEAR(dp_demand_potential_per_day(&c, 15 * DP_HOUR - DP_S, 15 * DP_HOUR + DP_S, 0), 1.7e6, 1e-6); /* the peak */
  NEAR(dp_demand_potential_per_day(&c, 0, 15 * DP_HOUR, 3 * DP_HOUR) * 15 +
           dp_demand_potential_per_day(&c, 15 * DP_HOUR, DP_DAY, 3 * DP_HOUR) * 9,
       24e6, 1e-12);
  c.diurnal_ratio = 0;
  c.weekend_ratio = 0.3;
  NEAR(dp_demand_potential_per_day(&c, 0, 7 * DP_DAY, 3 * DP_DAY), 1e6 * 5.6 / 7, 1e-12);
  NEAR(dp_demand_potential_per_day(&c, DP_DAY, 2 * DP_DAY, 3 * DP_DAY + DP_DAY / 2), 1e6 * 0.65, 1e-12); /* Friday noon */
}

static void trust_falls_faster_than_it_recovers(void **state) {
  (void)state;
  const struct dp_demand_config c = defaults();
  const double down = dp_demand_trust(&c, 1, 0, 0, 3), up = dp_demand_trust(&c, 0, 1, 0, 3);
  NEAR(down, exp(-1), 1e-12);
  NEAR(up, 1 - exp(-0.1), 1e-12);
  NEAR(dp_demand_trust(&c, 0.25, 0.5, 4, 5), 0.25, 1e-12); /* twice the target: quality is half of what is served */
}

/** Mean wait over service time of M/M/c, by Erlang's recursion. */
static double erlang_wait(int c, double rho) {
  double b = 1;
  for (int k = 1; k <= c; k++) b = c * rho * b / (k + c * rho * b);
  return b / (1 - rho * (1 - b)) / (c * (1 - rho));
}

static void waits_are_those_of_a_queue_with_many_servers(void **state) {
  (void)state;
  for (int i = 1; i < 10; i++) NEAR(dp_flow_wait_s(i / 10.0, 1, 2), 2 * erlang_wait(1, i / 10.0), 1e-12); /* exact */
  for (int c = 2; c <= 64; c *= 2)
    for (double rho = 0.1; rho < 0.99; rho += 0.05) /* an approximation: good where waits matter */
      assert_true(fabs(dp_flow_wait_s(rho, c, 1) - erlang_wait(c, rho)) < 0.1 * erlang_wait(c, rho) + 0.03);
  assert_true(dp_flow_wait_s(1, 8, 1) >= 1e6 && dp_flow_wait_s(0, 8, 1) <= 0);
}

static void a_batch_of_one_takes_the_time_of_its_steps(void **state) {
  (void)state;
  struct dp_err err = {0};
  struct dp_llm_cost cost;
  assert_int_equal(dp_llm_cost_find("h100", &cost, &err), DP_OK);
  const struct dp_llm_rate r = dp_llm_rate(&cost, 100000, 64, 1000, 201);
  const double alone = (double)(dp_llm_prefill_ns(&cost, 1000) + dp_llm_run_ns(&cost, 1, 1001, 200)) / 1e9;
  NEAR(1 / r.solo_jobs_per_s, alone, 1e-3);
  assert_int_equal(r.slots_n, 64);
  assert_true(r.jobs_per_s > 5 * r.solo_jobs_per_s && r.jobs_per_s < 64 * r.solo_jobs_per_s);
  assert_int_equal(dp_llm_rate(&cost, 100, 64, 1000, 201).slots_n, 0);
}

static void a_fill_never_rounds_up(void **state) {
  (void)state;
  assert_true(dp_flow_ratio(7, 7) == DP_FLOW_ONE && dp_flow_ratio(8, 7) == DP_FLOW_ONE && dp_flow_ratio(0, 7) == 0);
  assert_true(dp_flow_ratio(1, 3) == DP_FLOW_ONE / 3);
  const dp_i128 large = (dp_i128)1 << 100;
  assert_true(dp_flow_ratio(large, 3 * large) <= DP_FLOW_ONE / 3 && dp_flow_ratio(large, 3 * large) > DP_FLOW_ONE / 3 - 2);
}

/* ---- a market ---- */

struct town {
  struct scene s;
  struct dp_demand_config demand[2];
  size_t demand_n;
  struct dp_shock_config shocks[2];
  size_t shock_n;
  struct dp_cloud cloud;
};

/** One network of flow fidelity; hosts come by `hosts`. An hour's settlement, a day. */
static struct town *town(size_t region_n) {
  struct town *t = calloc(1, sizeof *t);
  assert_non_null(t);
  scene_init(&t->s, region_n, DP_DAY);
  t->s.spec.settle_every_ns = DP_HOUR;
  scene_network(&t->s)->fidelity = DP_FIDELITY_FLOW;
  t->demand[0] = defaults();
  t->demand_n = 1;
  return t;
}

static void hosts(struct town *t, int64_t n, double work_per_s, double price_usd_per_mtok) {
  scene_fleet(&t->s, n, "rtx4090", 24, price_usd_per_mtok);
  t->s.classes[t->s.fleet_n - 1].work_per_s = work_per_s;
}

static enum dp_status try_town(struct town *t) {
  for (size_t i = 0; i < t->demand_n; i++) scene_instance(&t->s, &dp_demand_model, &t->demand[i]);
  for (size_t i = 0; i < t->shock_n; i++) scene_instance(&t->s, &dp_shock_model, &t->shocks[i]);
  return scene_try(&t->s);
}

static void run(struct town *t) {
  if (try_town(t) != DP_OK) fail_msg("%s", t->s.err.text);
}

static void done(struct town *t) {
  scene_free(&t->s);
  free(t);
}

static void work_money_and_busy_time_add_up(void **state) {
  (void)state;
  struct town *t = town(1);
  hosts(t, 7, 2, 3); /* 7 · 2 units a second, half of it wanted */
  t->demand[0].work_per_day = 7 * 86400;
  run(t);
  NEAR(scene_kpi(&t->s, "market.work_tok"), 7 * 86400, 1e-9);
  NEAR(scene_kpi(&t->s, "market.spend_usd"), 7 * 86400 * 3e-6, 1e-6);
  NEAR(scene_kpi(&t->s, "market.load_ratio"), 0.5, 1e-9);
  NEAR(scene_kpi(&t->s, "hardware.utilisation_ratio"), 0.5, 1e-9);
  NEAR(scene_kpi(&t->s, "network.take_usd"), 7 * 86400 * 3e-6 * 0.05, 1e-5);
  const struct dp_table *listings = scene_table(&t->s, "market.gateway", "listing", 0);
  for (uint32_t i = 0; i < 7; i++) NEAR((double)DP_ROW(listings, struct dp_listing, i)->work_tok, 86400, 1e-4);
  assert_true(scene_balance(&t->s, 0, DP_ACCOUNT_ESCROW) == 0 && scene_balance(&t->s, 0, DP_ACCOUNT_PAYABLE) == 0);
  done(t);
}

static void hosts_do_no_more_than_they_can(void **state) {
  (void)state;
  struct town *t = town(1);
  hosts(t, 3, 1, 1);
  t->demand[0].work_per_day = 10 * 86400;
  t->demand[0].trust_loss_d = 1e5; /* customers stay */
  run(t);
  NEAR(scene_kpi(&t->s, "market.work_tok"), 3 * 86400, 1e-9);
  NEAR(scene_kpi(&t->s, "market.served_ratio"), 0.3, 1e-4);
  NEAR(scene_kpi(&t->s, "hardware.utilisation_ratio"), 1, 1e-9);
  done(t);
}

static double asked_at(double price) {
  struct town *t = town(1);
  hosts(t, 2, 100, price);
  t->demand[0].elasticity = 1.3;
  t->demand[0].reference_usd_per_mtok = 0.5;
  t->demand[0].choke_usd_per_mtok = 4;
  run(t);
  const double asked = scene_kpi(&t->s, "market.work_tok");
  done(t);
  return asked;
}

static void demand_has_the_elasticity_that_it_was_given(void **state) {
  (void)state;
  NEAR(asked_at(0.5), 1e6, 1e-9);
  NEAR(asked_at(1), 1e6 * pow(2, -1.3), 1e-9);
  NEAR(asked_at(0.25), 1e6 * pow(2, 1.3), 1e-9);
  assert_true(asked_at(4.01) <= 0);
}

static void the_cloud_takes_what_the_logit_says(void **state) {
  (void)state;
  struct town *t = town(1);
  hosts(t, 2, 100, 0.3);
  t->cloud = (struct dp_cloud){.name = "cloud", .price_usd_per_mtok = 0.2, .ttft_s = 0.5};
  t->s.networks[0].cloud.part = &t->cloud;
  t->s.networks[0].network_preference = 0.4;
  run(t);
  const double share = 1 / (1 + exp(-(0.4 - 1.2 * log(1.5) + 0.5 * 0.5))); /* price and latency weights by default */
  NEAR(scene_kpi(&t->s, "demand.network_ratio"), share, 1e-4);
  NEAR(scene_kpi(&t->s, "demand.cloud_tok"), 1e6 * (1 - share), 1e-3);
  NEAR(scene_kpi(&t->s, "demand.cloud_usd"), 0.2 * (1 - share), 1e-3);
  done(t);
}

static void switching_takes_its_time(void **state) {
  (void)state;
  struct town *t = town(1);
  hosts(t, 2, 100, 0.2);
  t->cloud = (struct dp_cloud){.name = "cloud", .price_usd_per_mtok = 0.2};
  t->s.networks[0].cloud.part = &t->cloud;
  t->demand[0].switch_d = 2;
  t->demand[0].start_share_ratio = 0.1;
  run(t);
  NEAR(scene_kpi(&t->s, "demand.share_ratio"), 0.5 - 0.4 * exp(-0.5), 1e-3);
  done(t);
}

static void no_budget_is_passed(void **state) {
  (void)state;
  for (int routing = DP_ROUTE_CHEAPEST; routing <= DP_ROUTE_TWO_CHOICES; routing++) {
    struct town *t = town(2);
    t->s.networks[0].routing = routing;
    hosts(t, 9, 3, 0.77);
    hosts(t, 5, 2, 1.31);
    for (int i = 0; i < 2; i++) t->s.classes[i].mtbf_h = 5;
    t->s.regions[0].demand_weight = 3;
    t->demand[0].budget_usd_per_day = 0.2;
    run(t);
    const double spend = scene_kpi(&t->s, "market.spend_usd");
    assert_true(spend <= 0.2 && spend > 0.15);
    done(t);
  }
}

static void the_cheapest_hosts_work_first(void **state) {
  (void)state;
  struct town *t = town(1);
  t->s.networks[0].routing = DP_ROUTE_CHEAPEST;
  hosts(t, 4, 1, 2);
  hosts(t, 4, 1, 1);
  hosts(t, 4, 1, 3);
  t->demand[0].work_per_day = 6 * 86400; /* all at 1, half of those at 2 */
  run(t);
  NEAR(scene_kpi(&t->s, "market.spend_usd"), 8 * 86400e-6, 1e-6);
  const struct dp_table *listings = scene_table(&t->s, "market.gateway", "listing", 0);
  for (uint32_t i = 0; i < 12; i++) {
    const struct dp_listing *l = DP_ROW(listings, struct dp_listing, i);
    const double price = (double)l->price_nusd_per_mtok / 1e9, want = price < 1.5 ? 86400 : price < 2.5 ? 43200 : 0;
    assert_true(fabs((double)l->work_tok - want) < 30);
  }
  done(t);
}

static void a_cell_without_hosts_is_served_by_another_an_interval_later(void **state) {
  (void)state;
  struct town *t = town(2);
  hosts(t, 5, 10, 1);
  t->s.regions[0].supply_weight = 0;
  t->s.regions[1].demand_weight = 0;
  t->demand[0].trust_loss_d = 1e5;
  run(t);
  NEAR(scene_kpi(&t->s, "market.served_ratio"), 23.0 / 24, 1e-4);
  NEAR(scene_kpi(&t->s, "market.forwarded_ratio"), 23.0 / 24, 1e-4);
  NEAR(scene_kpi(&t->s, "market.spend_usd"), 23.0 / 24, 1e-4);
  done(t);
}

static void a_host_works_only_while_it_is_up(void **state) {
  (void)state;
  struct town *t = town(1);
  hosts(t, 50, 1, 1);
  t->s.classes[0].mtbf_h = 4;
  t->s.classes[0].repair_h = 1.5;
  t->demand[0].work_per_day = 1000 * 86400;
  run(t);
  const double up = scene_kpi(&t->s, "hardware.availability_ratio");
  assert_true(up > 0.6 && up < 0.85);
  NEAR(scene_kpi(&t->s, "market.work_tok"), 50 * 86400 * up, 1e-6);
  NEAR(scene_kpi(&t->s, "hardware.utilisation_ratio"), 1, 1e-6);
  done(t);
}

static void shocks_multiply_demand_while_they_last(void **state) {
  (void)state;
  struct town *t = town(1);
  hosts(t, 5, 100, 1);
  t->shocks[0] = (struct dp_shock_config){.day = 0.25, .for_days = 0.4, .demand_multiplier = 3, .electricity_multiplier = 1};
  t->shocks[1] = (struct dp_shock_config){.day = 0.5, .demand_multiplier = 0.5, .electricity_multiplier = 1};
  t->shock_n = 2;
  run(t);
  NEAR(scene_kpi(&t->s, "market.work_tok"), 1e6 * (0.25 + 0.25 * 3 + 0.15 * 1.5 + 0.35 * 0.5), 1e-9);
  NEAR(dp_shock_factor(t->s.sim, DP_SHOCK_electricity, 0, DP_DAY), 1, 1e-12);
  NEAR(dp_shock_factor(t->s.sim, DP_SHOCK_demand, DP_DAY / 2, DP_DAY / 2), 1.5, 1e-12);
  done(t);
}

static void noise_has_mean_one_and_is_the_same_at_any_settlement(void **state) {
  (void)state;
  static const dp_time settle_ns[] = {DP_HOUR, DP_HOUR, 7 * DP_HOUR, 60 * DP_HOUR};
  double sum[4];
  for (int i = 0; i < 4; i++) {
    struct town *t = town(1);
    t->s.spec.end_ns = 500 * DP_DAY;
    t->s.spec.settle_every_ns = settle_ns[i];
    hosts(t, 5, 1000, 1);
    t->demand[0].noise_ratio = 0.3;
    run(t);
    sum[i] = scene_kpi(&t->s, "market.work_tok");
    done(t);
  }
  NEAR(sum[0], 500e6, 4 * 0.31 / sqrt(500));
  assert_true(memcmp(&sum[0], &sum[1], sizeof sum[0]) == 0);
  NEAR(sum[2], sum[0], 1e-9); /* a day's luck does not know the settlement */
  NEAR(sum[3], sum[0], 1e-9);
}

static void a_workload_of_another_fidelity_is_an_error(void **state) {
  (void)state;
  struct town *t = town(1);
  hosts(t, 1, 1, 1);
  t->s.networks[0].fidelity = DP_FIDELITY_REQUEST;
  assert_int_equal(try_town(t), DP_SCENARIO);
  assert_non_null(strstr(t->s.err.text, "fidelity = \"flow\""));
  done(t);
  t = town(1);
  t->demand_n = 0;
  scene_workload(&t->s);
  assert_int_equal(try_town(t), DP_SCENARIO);
  assert_non_null(strstr(t->s.err.text, "depin.workload.demand"));
  done(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(adoption_solves_the_equation_of_bass),
      cmocka_unit_test(growth_compounds_over_a_year),
      cmocka_unit_test(days_and_weeks_have_the_mean_that_their_profile_has),
      cmocka_unit_test(trust_falls_faster_than_it_recovers),
      cmocka_unit_test(waits_are_those_of_a_queue_with_many_servers),
      cmocka_unit_test(a_batch_of_one_takes_the_time_of_its_steps),
      cmocka_unit_test(a_fill_never_rounds_up),
      cmocka_unit_test(work_money_and_busy_time_add_up),
      cmocka_unit_test(hosts_do_no_more_than_they_can),
      cmocka_unit_test(demand_has_the_elasticity_that_it_was_given),
      cmocka_unit_test(the_cloud_takes_what_the_logit_says),
      cmocka_unit_test(switching_takes_its_time),
      cmocka_unit_test(no_budget_is_passed),
      cmocka_unit_test(the_cheapest_hosts_work_first),
      cmocka_unit_test(a_cell_without_hosts_is_served_by_another_an_interval_later),
      cmocka_unit_test(a_host_works_only_while_it_is_up),
      cmocka_unit_test(shocks_multiply_demand_while_they_last),
      cmocka_unit_test(noise_has_mean_one_and_is_the_same_at_any_settlement),
      cmocka_unit_test(a_workload_of_another_fidelity_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
