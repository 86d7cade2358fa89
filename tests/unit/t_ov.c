/* tests/unit/t_ov.c — the published daily model (sim/reference) against figures of the original code: its output file
 * in three parameter sets, through the scenario, and rows that the file does not exercise. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "real_data.h"
#include "reference/ov.h"
#include "script/scenario.h"

#define DAYS 365
#define VARIABLES_MAX 40

/* ---- the figures of OV_MODEL: rows of the original with one thing changed, in subset 0; relative 1e-9 ---- */

struct figure {
  void (*change)(struct dp_ov_config *c);
  int64_t day, node_amount;
  double node_apr, token_incentives_vested, dex_tokens;
};

static void lag(struct dp_ov_config *c) { c->apr_controller_kd = 5; }
static void cap(struct dp_ov_config *c) { c->apr_controller_kp = 200; }
static void pool_limit(struct dp_ov_config *c) {
  c->initial_demand_per_day = 1e12;
  c->apr_controller_kp = 1000;
  c->node_growth_cap_pct = 90;
}
static void one_node(struct dp_ov_config *c) {
  c->unit_cost_usd = 1e-4;
  c->apr_controller_kp = 50;
  c->node_growth_cap_pct = 100;
}
static void weighted(struct dp_ov_config *c) {
  c->incentive_mode = DP_OV_FIXED_WEIGHTED_RATE;
  c->incentive_vesting_d = 200;
}

static const struct figure figures[] = {
    {lag, 3, 46568, -6.154588132643025, 6849315.068493151, 563004467.4282818},
    {lag, 30, 14385, 5.087023784435089, 6849315.068493151, 1141339792.4180505},
    {cap, 3, 40500, -6.709847070017738, 6849315.068493151, 623680622.9901903},
    {cap, 30, 12946, 9.342492441065493, 6849315.068493151, 1155445059.9984639},
    {pool_limit, 2, 95000, 642.4544597025626, 6849315.068493151, 63936814.28241664},
    {pool_limit, 3, 102347, 279.6362498936137, 6849315.068493151, 1726.567435592413},
    {one_node, 2, 1, -3385.5753136148764, 6849315.068493151, 1019115137.974093},
    {one_node, 10, 256, 1172.0666336591141, 6849315.068493151, 1092370593.9369617},
    {weighted, 99, 523089, 281.40636631584124, 40000000.0, 3627.982248850167},
    {weighted, 100, 524363, 69.77749636461694, 9999999.999999998, 3336.0812864750624},
};

/* `tolerance` is relative; what is 0 must be 0. */
static void near(const char *what, int64_t day, double got, double want, double tolerance) {
  if (!(fabs(got - want) <= tolerance * fabs(want)))
    fail_msg("day %lld: %s is %.17g, the original has %.17g (relative %.3g)", (long long)day, what, got, want,
             fabs(got / want - 1));
}

static struct dp_ov_config published(void) {
  struct dp_ov_config c = {0};
  dp_ov_defaults(&c);
  return c;
}

static struct dp_ov_state state_on(const struct dp_ov_config *c, int64_t day) {
  struct dp_ov_state s;
  struct dp_err err = {0};
  assert_int_equal(dp_ov_check(c, &err), DP_OK);
  dp_ov_start(c, &s);
  while (s.day < day)
    if (dp_ov_day(c, &s, &err) != DP_OK) fail_msg("%s", err.text);
  return s;
}

static void cap_pool_limit_single_node_weighting_and_lag_are_those_of_the_original(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
    const struct figure *f = &figures[i];
    struct dp_ov_config c = published();
    f->change(&c);
    struct dp_ov_state s = state_on(&c, f->day);
    assert_int_equal(s.node_amount, f->node_amount);
    near("node_apr", f->day, s.node_apr, f->node_apr, 1e-9);
    near("token_incentives_vested", f->day, s.token_incentives_vested, f->token_incentives_vested, 1e-9);
    near("dex_tokens", f->day, s.dex_tokens, f->dex_tokens, 1e-9);
  }
}

/* ---- the scenario's series against the original's file ---- */

struct series {
  struct dp_sink sink;
  const struct dp_model *model;
  size_t row_n;
  double rows[DAYS + 1][VARIABLES_MAX];
};

static enum dp_status series_row(struct dp_sink *sink, const struct dp_instance *instance, dp_time now_ns,
                                 const double *values, size_t slot_n, struct dp_err *err) {
  struct series *s = (struct series *)sink;
  if (instance->model != &dp_ov_model) return DP_OK;
  if (now_ns != (dp_time)s->row_n * DP_DAY || s->row_n > DAYS || slot_n > VARIABLES_MAX)
    return dp_fail(err, DP_FAILED, "an unexpected row");
  memcpy(s->rows[s->row_n++], values, slot_n * sizeof *values);
  return DP_OK;
}

static enum dp_status series_begin(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err) {
  (void)sink, (void)err;
  assert_non_null(dp_sim_first(sim, "reference.ov_daily"));
  return DP_OK;
}

static const char *scenario_path(char *buf, size_t size) {
  const char *top = getenv("srcdir");
  snprintf(buf, size, "%s/scenarios/ov_depinsimulator.lua", top ? top : ".");
  return buf;
}

/* A year of the scenario with `--set subset=`; settled every `settle_ns`, or as the scenario says when that is 0. */
static void run_scenario(const char *subset, dp_time settle_ns, struct series *series, struct dp_ov_state *end) {
  char path[4096];
  struct dp_setting set = {"subset", subset, false};
  struct dp_scenario_options options = {.settings = &set, .setting_n = 1};
  struct dp_scenario *scenario;
  struct dp_comm *comm;
  struct dp_sim *sim;
  struct dp_err err = {0};
  bool stopped;
  assert_int_equal(dp_comm_null_new(&comm, &err), DP_OK);
  if (dp_scenario_load(scenario_path(path, sizeof path), &options, comm, &scenario, &err) != DP_OK)
    fail_msg("%s", err.text);
  struct dp_spec spec = *dp_scenario_spec(scenario);
  if (settle_ns) spec.settle_every_ns = settle_ns;
  if (dp_sim_new(&spec, comm, &sim, &err) != DP_OK) fail_msg("%s", err.text);
  *series = (struct series){.sink = {.begin = series_begin, .row = series_row}};
  if (!settle_ns) dp_sim_set_sink(sim, &series->sink);
  if (dp_sim_run(sim, &stopped, &err) != DP_OK) fail_msg("%s", err.text);
  const struct dp_instance *in = dp_sim_first(sim, "reference.ov_daily");
  *end = *DP_ROW(&sim->engine->globals[in->first_global_table], struct dp_ov_state, 0);
  dp_sim_free(sim);
  dp_scenario_free(scenario);
  dp_comm_free(comm);
}

/* One row of the file; every column but the first two must be a series. @return how many values were the same bits. */
static size_t compare_row(const struct dp_csv *csv, const struct series *series, int64_t day, size_t *value_n) {
  struct dp_err err = {0};
  size_t same_n = 0;
  *value_n = 0;
  for (int column = 2; column < dp_csv_columns_n(csv); column++, ++*value_n) {
    const char *name = dp_csv_column_name(csv, column);
    double want, tolerance = day <= 30 ? 1e-12 : 1e-10;
    size_t m = 0;
    while (m < dp_ov_model.metric_n && strcmp(dp_ov_model.metrics[m].name, name) != 0) m++;
    if (m == dp_ov_model.metric_n) fail_msg("no series %s", name);
    assert_int_equal(dp_csv_f64(csv, column, -INFINITY, INFINITY, &want, &err), DP_OK);
    if (strcmp(name, "node_amount") == 0 || strcmp(name, "token_staked_supply") == 0) tolerance = 0;
    near(name, day, series->rows[day][m], want, tolerance);
    same_n += memcmp(&series->rows[day][m], &want, sizeof want) == 0;
  }
  return same_n;
}

static void three_parameter_sets_follow_the_published_file_for_a_year(void **state) {
  (void)state;
  static const char *const names[] = {"0", "1", "2"};
  static struct series series[3];
  char path[4096];
  struct dp_err err = {0};
  struct dp_ov_state end;
  struct dp_csv *csv;
  size_t row_n = 0, value_n = 0, n, same_n = 0;
  const char *file = real_data("protocol/ov_depinsimulator_days0-365.csv", path, sizeof path);
  if (!file) skip();
  for (int k = 0; k < 3; k++) {
    run_scenario(names[k], 0, &series[k], &end);
    assert_int_equal(series[k].row_n, DAYS + 1);
  }
  assert_int_equal(dp_csv_open(file, ',', &csv, &err), DP_OK);
  for (bool eof = false;; row_n++, value_n += n) {
    int64_t subset, day;
    assert_int_equal(dp_csv_next(csv, NULL, &eof, &err), DP_OK);
    if (eof) break;
    assert_int_equal(dp_csv_i64(csv, 0, 0, 2, &subset, &err), DP_OK);
    assert_int_equal(dp_csv_i64(csv, 1, 0, DAYS, &day, &err), DP_OK);
    same_n += compare_row(csv, &series[subset], day, &n);
  }
  dp_csv_close(csv);
  assert_int_equal(row_n, 129);
  assert_int_equal(value_n, 3612);
  printf("# %zu of %zu values are the original's to the last bit\n", same_n, value_n);
}

/* ---- what the model itself promises ---- */

static void days_do_not_depend_on_the_length_of_a_settlement(void **state) {
  (void)state;
  static struct series series;
  static const dp_time settle_ns[] = {DP_HOUR, 5 * DP_DAY, 17 * DP_HOUR + 3};
  struct dp_ov_config c = published();
  struct dp_ov_state want = state_on(&c, DAYS), got;
  for (size_t i = 0; i < sizeof settle_ns / sizeof settle_ns[0]; i++) {
    run_scenario("0", settle_ns[i], &series, &got);
    assert_memory_equal(&got, &want, sizeof want);
  }
}

static void vesting_ends_with_the_bucket(void **state) {
  (void)state;
  struct dp_ov_config c = published();
  struct dp_ov_state s = state_on(&c, 1100);
  near("token_incentives_vested_cum", s.day, s.token_incentives_vested_cum, 5e9, 1e-15);
  near("token_seller_vested_cum", s.day, s.token_seller_vested_cum, 3e9, 1e-15);
  assert_true(s.token_incentives_vested <= 0 && s.token_seller_vested <= 0);
}

static void refused(const struct dp_ov_config *c, const char *word) {
  struct dp_err err = {0};
  assert_int_equal(dp_ov_check(c, &err), DP_SCENARIO);
  if (!strstr(err.text, word)) fail_msg("no '%s' in: %s", word, err.text);
}

static void nonsense_is_refused_by_name(void **state) {
  (void)state;
  struct dp_ov_config c = published();
  c.initial_node_n = 350001;
  refused(&c, "initial_node_n");
  c = published();
  c.burn_revenue_ratio = 0.02;
  refused(&c, "burn_revenue_ratio");
  c = published();
  c.idle_supply_ratio = 0.2;
  refused(&c, "idle_");
  c = published();
  c.initial_node_n = 1000000000; /* times the stake: not a 64-bit number */
  c.node_stake_token_n = 1000000000000;
  refused(&c, "node_stake_token_n");
}

static void a_controller_that_runs_away_stops_the_run_and_names_the_day(void **state) {
  (void)state;
  struct dp_ov_config c = published();
  struct dp_ov_state s;
  struct dp_err err = {0};
  c.apr_controller_kp = c.apr_controller_ki = 1e300;
  c.apr_controller_kd = -1e300;
  c.initial_demand_per_day = 1e18;
  dp_ov_start(&c, &s);
  assert_int_equal(dp_ov_day(&c, &s, &err), DP_OK); /* no APR yet, and no error */
  assert_int_equal(dp_ov_day(&c, &s, &err), DP_INVARIANT);
  assert_non_null(strstr(err.text, "day 2: "));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cap_pool_limit_single_node_weighting_and_lag_are_those_of_the_original),
      cmocka_unit_test(three_parameter_sets_follow_the_published_file_for_a_year),
      cmocka_unit_test(days_do_not_depend_on_the_length_of_a_settlement),
      cmocka_unit_test(vesting_ends_with_the_bucket),
      cmocka_unit_test(nonsense_is_refused_by_name),
      cmocka_unit_test(a_controller_that_runs_away_stops_the_run_and_names_the_day),
  };
  return cmocka_run_group_tests_name("ov", tests, NULL, NULL);
}
