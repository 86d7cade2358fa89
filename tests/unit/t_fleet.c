/* Operators: where they are, what they see, how their prices move. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "scene.h"

#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))
#define NUSD(usd) llround((usd) * 1e9)

static uint32_t hosts_in(struct scene *s, uint32_t cell) {
  return scene_table(s, "provider.fleet", "host", cell)->live_n;
}

/* ---- where ---- */

static void check_spread(int64_t count, const double weights[3], const uint32_t expected[3]) {
  struct scene s;
  scene_init(&s, 3, DP_S);
  for (size_t i = 0; i < 3; i++) s.regions[i].supply_weight = weights[i];
  scene_network(&s);
  scene_fleet(&s, count, "t4", 16, 1);
  scene_run(&s);
  for (uint32_t i = 0; i < 3; i++) assert_int_equal(hosts_in(&s, i), expected[i]);
  assert_near(scene_kpi(&s, "provider.entered_n"), count, 0);
  scene_free(&s);
}

static void hosts_are_spread_by_largest_remainders(void **state) {
  (void)state;
  /* 10 by 1 : 2 : 4 are 1.43, 2.86 and 5.71: the two largest remainders get one more. */
  check_spread(10, (const double[]){1, 2, 4}, (const uint32_t[]){1, 3, 6});
  check_spread(10, (const double[]){1, 0, 4}, (const uint32_t[]){2, 0, 8});
  check_spread(2, (const double[]){1, 1, 1}, (const uint32_t[]){1, 1, 0}); /* equal ones by their number */
  check_spread(1, (const double[]){1, 2, 3}, (const uint32_t[]){0, 0, 1});
  check_spread(0, (const double[]){1, 2, 3}, (const uint32_t[]){0, 0, 0});
}

static void a_region_shares_its_hosts_among_its_cells(void **state) {
  (void)state;
  struct scene s;
  scene_init(&s, 2, DP_S);
  s.regions[0].cells_n = 3;
  s.regions[1].supply_weight = 2;
  scene_network(&s);
  scene_fleet(&s, 9, "t4", 16, 1);
  scene_run(&s);
  for (uint32_t c = 0; c < 3; c++) assert_int_equal(hosts_in(&s, c), 1);
  assert_int_equal(hosts_in(&s, 3), 6);
  scene_free(&s);
}

/* ---- prices ---- */

/** Prices of `host_n` undercutting hosts without customers after `beat_n` beats: the highest and the lowest. */
static void undercut(int64_t host_n, int beat_n, int64_t *high, int64_t *low) {
  struct scene s;
  scene_init(&s, 1, (600 * beat_n + 1) * DP_S);
  scene_network(&s);
  scene_fleet(&s, host_n, "t4", 16, 1);
  scene_undercut(&s);
  scene_run(&s);
  *high = 0;
  *low = INT64_MAX;
  for (uint32_t i = 0; i < (uint32_t)host_n; i++) {
    const int64_t price = scene_host(&s, 0, i)->price_nusd_per_mtok;
    if (price > *high) *high = price;
    if (price < *low) *low = price;
  }
  scene_free(&s);
}

static void undercutting_ends_at_the_floor(void **state) {
  (void)state;
  /* From 0.18 to 0.02 by 2 % a beat: ln(0.02 / 0.18) / ln(0.98) = 108.8. */
  int64_t high, low;
  undercut(5, 108, &high, &low);
  assert_int_equal(high, low);
  assert_near(low, NUSD(0.18 * pow(0.98, 108)), 100); /* posted prices are whole nano-USD */
  assert_true(low > NUSD(0.02));
  undercut(5, 109, &high, &low);
  assert_int_equal(high, NUSD(0.02));
  assert_int_equal(low, NUSD(0.02));
  undercut(1, 109, &high, &low);
  assert_int_equal(low, NUSD(0.18)); /* nobody to undercut */
}

enum { RIVAL_N = 5 };

/** Undercutting rivals that begin at `first[order[i]]`, one fleet each; price[order[i]] after `beat_n` beats. */
static void compete(const double *first, const size_t *order, int beat_n, int64_t *price) {
  struct scene s;
  scene_init(&s, 1, (600 * beat_n + 1) * DP_S);
  scene_network(&s);
  for (size_t i = 0; i < RIVAL_N; i++) {
    scene_fleet(&s, 1, "t4", 16, 1);
    scene_undercut(&s);
    *scene_policy_param(&s, i, &dp_policy_undercut, "price_usd_per_mtok") = first[order[i]];
  }
  scene_run(&s);
  for (uint32_t i = 0; i < RIVAL_N; i++) {
    price[order[i]] = scene_host(&s, 0, i)->price_nusd_per_mtok;
    assert_int_equal(scene_listing(&s, 0, i)->price_nusd_per_mtok, price[order[i]]);
  }
  scene_free(&s);
}

static void no_host_gains_by_its_place_in_the_table(void **state) {
  (void)state;
  static const double first[RIVAL_N] = {0.5, 0.18, 0.3, 0.18, 0.2};
  static const size_t orders[][RIVAL_N] = {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}};
  for (int beat_n = 0; beat_n < 6; beat_n++) {
    /* All at once, each against the lowest of the others a beat ago. */
    int64_t expected[RIVAL_N], next[RIVAL_N], got[RIVAL_N];
    for (size_t i = 0; i < RIVAL_N; i++) expected[i] = NUSD(first[i]);
    for (int k = 0; k < beat_n; k++) {
      for (size_t i = 0; i < RIVAL_N; i++) {
        int64_t low = INT64_MAX;
        for (size_t j = 0; j < RIVAL_N; j++)
          if (j != i && expected[j] < low) low = expected[j];
        next[i] = NUSD((double)low / 1e9 * (1 - 0.02));
      }
      memcpy(expected, next, sizeof next);
    }
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
      compete(first, orders[o], beat_n, got);
      for (size_t i = 0; i < RIVAL_N; i++) assert_int_equal(got[i], expected[i]);
    }
  }
}

/** Price of an undercutting host that is busy all the time, after `beat_n` beats. */
static int64_t busy_price(double first, double step, int beat_n) {
  struct scene s;
  struct scene_request r[2] = {{.at_ns = 1, .prompt_n = 10, .output_n = 100000},
                               {.at_ns = 1, .prompt_n = 10, .output_n = 10000}};
  scene_init(&s, 1, (30 * beat_n + 1) * DP_S);
  scene_network(&s);
  scene_fleet(&s, 1, "h100", 80, 1)->reprice_every_s = 30;
  scene_undercut(&s);
  *scene_policy_param(&s, 0, &dp_policy_undercut, "price_usd_per_mtok") = first;
  *scene_policy_param(&s, 0, &dp_policy_undercut, "step_ratio") = step;
  scene_customers(&s, r, 2);
  scene_run(&s);
  assert_int_equal(r[0].answer_n, 0); /* it is still busy */
  const int64_t price = scene_host(&s, 0, 0)->price_nusd_per_mtok;
  scene_free(&s);
  return price;
}

static void a_busy_host_raises_its_price_up_to_the_limit(void **state) {
  (void)state;
  int64_t expected = NUSD(0.18);
  for (int i = 0; i < 12; i++) expected = NUSD((double)expected / 1e9 * (1 + 0.02));
  assert_int_equal(busy_price(0.18, 0.02, 12), expected);
  assert_int_equal(busy_price(9e5, 0.5, 12), NUSD(1e6)); /* the highest price there is, and no error */
}

static void a_failing_host_posts_what_the_gateway_sees(void **state) {
  (void)state;
  struct scene s;
  scene_init(&s, 1, 20000 * DP_S);
  scene_network(&s);
  for (size_t i = 0; i < 2; i++) {
    scene_fleet(&s, 40, "t4", 16, 1)->reprice_every_s = 60;
    scene_undercut(&s);
    s.classes[i].mtbf_h = 0.5;
    s.classes[i].repair_h = 0.5;
  }
  scene_run(&s);
  uint32_t up_n = 0;
  for (uint32_t i = 0; i < 80; i++) {
    assert_int_equal(scene_listing(&s, 0, i)->price_nusd_per_mtok, scene_host(&s, 0, i)->price_nusd_per_mtok);
    assert_int_equal(scene_listing(&s, 0, i)->up, scene_node(&s, 0, i)->up);
    up_n += scene_node(&s, 0, i)->up;
  }
  assert_in_range(up_n, 20, 60); /* half of them: MTBF over MTBF + MTTR, ± 4.5 standard deviations */
  scene_free(&s);
}

/* ---- what a policy is told, and what it may answer ---- */

struct diary {
  double obs[4][DP_PRICING_OBS_N];
  size_t n;
  double answer;
};

static enum dp_status write_diary(const struct dp_policy *policy, struct dp_policy_call *call, struct dp_err *err) {
  struct diary *d = policy->host;
  (void)err;
  if (d->n < 4) memcpy(d->obs[d->n++], call->obs, sizeof d->obs[0]);
  call->state[0] += 1;
  call->action[0] = d->answer;
  return DP_OK;
}

static void a_policy_sees_its_host_and_its_place(void **state) {
  (void)state;
  struct scene s;
  struct diary d = {.answer = 0.5};
  struct scene_request r = {.at_ns = 1250 * DP_S, .prompt_n = 10, .output_n = 100000};
  scene_init(&s, 1, 2000 * DP_S);
  s.spec.start_epoch_ns = (INT64_C(1713139200) + 21 * 3600) * DP_S; /* 2024-04-15 21:00 UTC */
  s.regions[0].utc_offset_h = 5.5;
  s.regions[0].electricity_usd_per_kwh = 0.2;
  scene_network(&s)->routing = DP_ROUTE_CHEAPEST;
  scene_fleet(&s, 1, "h100", 80, 1);
  s.classes[0].tdp_w = 700;
  s.classes[0].overhead_w = 300;
  s.policies[0].decide = write_diary;
  s.policies[0].host = &d;
  s.policies[0].state_init[0] = 41;
  scene_fleet(&s, 1, "t4", 16, 0.7);
  scene_customers(&s, &r, 1);
  scene_run(&s);
  assert_int_equal(d.n, 4); /* when it joined, and at 600, 1,200 and 1,800 s */
  for (size_t i = 0; i < 4; i++) {
    const double t = 600 * (double)i;
    assert_near(d.obs[i][DP_PRICING_PRICE], i ? 0.5 : 0, 0);
    assert_near(d.obs[i][DP_PRICING_LOWEST], i ? 0.7 : 0, 0);
    assert_near(d.obs[i][DP_PRICING_ELECTRICITY], 1.0 * 0.2, 1e-15);
    assert_near(d.obs[i][DP_PRICING_HOUR], 2.5 + t / 3600, 1e-12);
    assert_near(d.obs[i][DP_PRICING_DAY], t / 86400, 1e-15);
    assert_near(d.obs[i][DP_PRICING_UTILISATION], i == 3 ? 550.0 / 600 : 0, 1e-5); /* from 1,250 s on */
  }
  assert_near(scene_host(&s, 0, 0)->policy_state[0], 45, 0);
  assert_int_equal(scene_host(&s, 0, 0)->decision_n, 4);
  scene_free(&s);
}

static void a_price_that_is_none_stops_the_run(void **state) {
  (void)state;
  const double answers[] = {0, -1, NAN, INFINITY, 1.0001e6};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    struct scene s;
    struct diary d = {.answer = answers[i]};
    scene_init(&s, 1, DP_S);
    scene_network(&s);
    scene_fleet(&s, 1, "h100", 80, 1);
    s.policies[0].name = "mine";
    s.policies[0].decide = write_diary;
    s.policies[0].host = &d;
    assert_int_equal(scene_try(&s), DP_SCENARIO);
    assert_non_null(strstr(s.err.text, "'mine'"));
    scene_free(&s);
  }
}

/* ---- income ---- */

static void income_is_payouts_less_electricity(void **state) {
  (void)state;
  /* 0.1 kW for an hour at 0.2 USD: 0.02 USD a host. One of two hosts earns 0.95 · 0.05 USD, the other nothing. */
  struct scene s;
  struct scene_request r = {.at_ns = DP_S, .prompt_n = 10, .output_n = 1000};
  scene_init(&s, 1, DP_HOUR);
  s.regions[0].electricity_usd_per_kwh = 0.2;
  scene_network(&s)->prompt_price_ratio = 0;
  scene_fleet(&s, 2, "h100", 80, 50);
  s.classes[0].overhead_w = 100;
  scene_customers(&s, &r, 1);
  scene_run(&s);
  assert_int_equal(r.amount_nusd, 50000000);
  assert_near(scene_kpi(&s, "provider.net_income_usd"), 0.95 * 0.05 - 2 * 0.02, 1e-9);
  assert_near(scene_kpi(&s, "provider.in_profit_ratio"), 0.5, 0);
  assert_near(scene_kpi(&s, "provider.price_usd_per_mtok"), 50, 0);
  scene_free(&s);
}

/* ---- departures under load ---- */

static void no_request_is_lost_with_a_host_that_leaves(void **state) {
  (void)state;
  struct scene s;
  struct dp_entry_config entry;
  struct dp_exit_config exit;
  scene_init(&s, 2, 3 * DP_HOUR);
  scene_network(&s);
  struct dp_fleet_config *fleet = scene_fleet(&s, 12, "rtx4090", 24, 0.2);
  dp_schema_defaults(&dp_entry_schema, &entry);
  dp_schema_defaults(&dp_exit_schema, &exit);
  s.classes[0].price_usd = 10;
  fleet->entry.part = &entry;
  fleet->exit.part = &exit;
  fleet->decide_every_d = 120 / 86400.0;
  fleet->prior_usd_per_d = 1000;
  fleet->belief = DP_BELIEF_ADAPTIVE;
  fleet->belief_weight_ratio = 0;
  entry.candidates_per_month_n = 365.0 / 12 * 86400 / 120 * 2; /* two every other minute */
  entry.lead_time_d = 60 / 86400.0;
  exit.life_d = 720 / 86400.0;
  scene_workload(&s)->rate_per_s = 6;
  scene_run(&s);
  assert_true(scene_kpi(&s, "provider.exited_n") > 100 && scene_kpi(&s, "job.lost") > 50);
  assert_true(scene_kpi(&s, "job.submitted") > 50000);
  assert_near(scene_kpi(&s, "job.submitted"),
              scene_kpi(&s, "job.completed") + scene_kpi(&s, "job.rejected") + scene_kpi(&s, "job.timed_out") +
                  scene_kpi(&s, "job.in_system"), 0);
  assert_near(scene_kpi(&s, "provider.entered_n"),
              scene_kpi(&s, "provider.exited_n") + hosts_in(&s, 0) + hosts_in(&s, 1), 0);
  for (uint32_t c = 0; c < 2; c++) assert_true(hosts_in(&s, c) < 30); /* their rows are used again */
  scene_free(&s);
}

static void a_machine_that_is_bought_has_a_price(void **state) {
  (void)state;
  struct scene s;
  struct dp_entry_config entry;
  scene_init(&s, 1, DP_S);
  struct dp_fleet_config *fleet = scene_fleet(&s, 1, "t4", 16, 1);
  dp_schema_defaults(&dp_entry_schema, &entry);
  fleet->entry.part = &entry;
  assert_int_equal(dp_fleet_model.schema->check(fleet, &s.err), DP_SCENARIO);
  assert_non_null(strstr(s.err.text, "set price_usd of t4, or spare_ratio"));
  entry.spare_ratio = 1;
  assert_int_equal(dp_fleet_model.schema->check(fleet, &s.err), DP_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hosts_are_spread_by_largest_remainders),
      cmocka_unit_test(a_region_shares_its_hosts_among_its_cells),
      cmocka_unit_test(undercutting_ends_at_the_floor),
      cmocka_unit_test(no_host_gains_by_its_place_in_the_table),
      cmocka_unit_test(a_busy_host_raises_its_price_up_to_the_limit),
      cmocka_unit_test(a_failing_host_posts_what_the_gateway_sees),
      cmocka_unit_test(a_policy_sees_its_host_and_its_place),
      cmocka_unit_test(a_price_that_is_none_stops_the_run),
      cmocka_unit_test(income_is_payouts_less_electricity),
      cmocka_unit_test(no_request_is_lost_with_a_host_that_leaves),
      cmocka_unit_test(a_machine_that_is_bought_has_a_price),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
