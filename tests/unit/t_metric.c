/* tests/unit/t_metric.c — metrics, series, KPIs and histograms of a simulation (sim/model/metric.c, kpi.c). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>

#include "base/hist.h"
#include "probe.h"

/* ---- metrics ---- */

static enum dp_status count(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  uint32_t cell = ctx->cell->id;
  dp_metric_add(ctx, SERVED, cell % 2, (int64_t)(beat->n * (cell + 1)));
  dp_metric_add_f(ctx, USD, 0, 0.1); /* 100,000,000 quanta, exactly */
  dp_metric_record(ctx, WAIT, (int64_t)(1000 * (cell + 1)));
  return DP_OK;
}
static enum dp_status set_alive(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  dp_metric_set(ctx, ALIVE, 0, ctx->now_ns / DP_S + ctx->cell->id);
  return DP_OK;
}
static enum dp_status set_level(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  dp_metric_set_global(ctx, LEVEL, 0.25 * (double)(ctx->now_ns / DP_S) + ctx->self->index);
  return DP_OK;
}

static struct probe counting(void) {
  return (struct probe){.collect = count, .sample_cell = set_alive, .sample_replicated = set_level};
}

/* North has cells 0 and 2: n · (1 + 3) served in settlement n; south has cell 1: 2n. Alive: 3t + 0 + 1 + 2. */
static void test_series_show_increases_values_and_globals(void **state) {
  (void)state;
  struct scene s = {.a = counting(), .b = counting()};
  ran(&s, &first);
  assert_int_equal(s.row_n, 4);
  for (size_t i = 0; i < 4; i++) {
    double n = (double)i, t = i < 3 ? 10 * n : 25;
    assert_true(s.rows[i][0] == 4 * n && s.rows[i][1] == 2 * n);
    assert_true(s.rows[i][2] == 0.3);
    assert_true(s.rows[i][3] == 3 * t + 3);
    assert_true(s.rows[i][4] == 0.25 * t);
  }
  const char *const *labels;
  assert_int_equal(dp_dimension_labels(s.sim, "region", &labels), 2);
  assert_string_equal(labels[1], "south");
  assert_int_equal(dp_dimension_labels(s.sim, "country", &labels), 0);
  assert_int_equal(dp_metric_slot_n(s.sim, &metrics[SERVED]), 2);
  end(&s);
}

static const struct dp_kpi_value *kpi_of(const struct dp_kpi_value *k, size_t n, const char *name) {
  const struct dp_kpi_value *found = NULL;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(k[i].name, name) != 0) continue;
    assert_null(found); /* names are unique */
    found = &k[i];
  }
  return found;
}

static void test_kpis_add_cells_slots_and_instances(void **state) {
  (void)state;
  struct scene s = {.a = counting(), .b = counting()};
  ran(&s, &first);
  struct dp_kpi_value *k;
  size_t n;
  assert_int_equal(dp_sim_kpis(s.sim, &k, &n, &s.err), DP_OK);
  assert_int_equal(n, 10 + 5 + 2 * (12 + 5)); /* all but the level and its ratio add up; each instance has all */
#define VALUE(name) (kpi_of(k, n, name)->value)
  /* in both instances, Σ over settlements 0 1 2 3 of 6n = 36, twice */
  assert_true(VALUE("t.served") == 72 && kpi_of(k, n, "t.served")->integer && kpi_of(k, n, "t.served")->count == 72);
  assert_true(VALUE("t.usd") == 2.4 && !kpi_of(k, n, "t.usd")->integer); /* 2 instances · 3 cells · 4 settlements · 0.1 */
  assert_true(VALUE("t.usd_each") == 2.4 / 72 * 1000);
  assert_true(isnan(VALUE("t.undefined")));
  assert_true(VALUE("t.alive") == 2 * 78);                      /* last: 3 · 25 + 3 in each instance */
  assert_true(VALUE("t.alive_mean") == 2 * (33 + 63 + 78) / 3.0); /* time 0 does not count */
  assert_true(VALUE("t.served_mean") == 2 * 36 / 3.0);
  /* 1, 2 and 3 s, eight times each; buckets are 1/32 of an octave wide */
  assert_true(VALUE("t.wait_s.mean") == 2);
  assert_true(fabs(VALUE("t.wait_s.p5") - 1) <= 1.0 / 32);
  assert_true(fabs(VALUE("t.wait_s.p50") - 2) <= 2.0 / 32);
  assert_true(fabs(VALUE("t.wait_s.p99") - 3) <= 3.0 / 32);
  free(k);
  uint64_t *counts = calloc(DP_HIST_BUCKETS, sizeof *counts);
  assert_int_equal(dp_sim_histogram(s.sim, dp_sim_instance(s.sim, 1), WAIT, counts, &s.err), DP_OK);
  for (int64_t second_n = 1; second_n <= 3; second_n++) assert_int_equal(counts[dp_hist_bucket(1000 * second_n)], 4);
  assert_int_equal(dp_hist_total(counts), 12);
  free(counts);
  end(&s);
}

/* Instance b counts twice what a does, and its hosts are worth 10 USD to a's 5. */
static enum dp_status count_twice(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  DP_TRY(count(ctx, beat));
  return count(ctx, beat);
}
static enum dp_status set_worth(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  dp_metric_set_global(ctx, WORTH, 5 * (ctx->self->index + 1));
  return set_level(ctx, beat);
}

static void test_each_instance_has_its_own_kpis_and_only_amounts_are_added(void **state) {
  (void)state;
  struct scene s = {.a = counting(), .b = counting()};
  s.a.sample_replicated = s.b.sample_replicated = set_worth;
  s.b.collect = count_twice;
  ran(&s, &first);
  struct dp_kpi_value *k;
  size_t n;
  assert_int_equal(dp_sim_kpis(s.sim, &k, &n, &s.err), DP_OK);
  assert_string_equal(k[0].name, "t.served"); /* that of all comes first */
  assert_string_equal(k[1].name, "t.served@a");
  assert_string_equal(k[2].name, "t.served@b");
  assert_true(k[0].count == 36 + 72 && k[1].count == 36 && k[2].count == 72 && k[2].integer);
  /* a level is of one instance: its last value, and its ratio, are of each */
  assert_null(kpi_of(k, n, "t.level"));
  assert_null(kpi_of(k, n, "t.level_each"));
  assert_true(VALUE("t.level@a") == 0.25 * 25 && VALUE("t.level@b") == 0.25 * 25 + 1);
  assert_true(VALUE("t.level_each@b") == (0.25 * 25 + 1) / 72);
  /* amounts add up, and their ratio is that of the sums */
  assert_true(VALUE("t.worth_usd@a") == 5 && VALUE("t.worth_usd@b") == 10 && VALUE("t.worth_usd") == 15);
  assert_true(VALUE("t.worth_each_usd@a") == 5 / 36.0 && VALUE("t.worth_each_usd@b") == 10 / 72.0);
  assert_true(VALUE("t.worth_each_usd") == 15 / 108.0);
  /* histograms are put together: a has 12 values that sum to 24 s, b each of them twice. More than half are five of a's
     (4 · 3 + 2 > 12), nine of b's (8 · 3 + 2 > 24), thirteen of all (12 · 3 + 2 > 36) */
  assert_true(VALUE("t.wait_s.mean@a") == 2 && VALUE("t.wait_s.mean@b") == 2);
  assert_true(VALUE("t.wait_majority_n@a") == 5 && VALUE("t.wait_majority_n@b") == 9);
  assert_true(VALUE("t.wait_majority_n") == 13);
  free(k);
  end(&s);
}

static void test_amounts_of_tokens_do_not_add_up(void **state) {
  (void)state;
  struct dp_metric m = {.name = "m", .kind = DP_METRIC_AMOUNT, .unit = "usd"};
  assert_true(dp_metric_adds(&m));
  m.unit = "token"; /* each instance may have its own kind of token */
  assert_false(dp_metric_adds(&m));
  m.kind = DP_METRIC_COUNTER;
  assert_false(dp_metric_adds(&m));
  m.unit = "1";
  assert_true(dp_metric_adds(&m));
  m.kind = DP_METRIC_GLOBAL;
  assert_false(dp_metric_adds(&m));
}

static enum dp_status add_wrong_slot(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  dp_metric_add(ctx, SERVED, 2, 1);
  return DP_OK;
}
static enum dp_status add_without_cell(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  dp_metric_add(ctx, USD, 0, 1);
  return DP_OK;
}
static enum dp_status add_nan(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  dp_metric_add_f(ctx, USD, 0, (double)NAN);
  return DP_OK;
}
static enum dp_status record_negative(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  dp_metric_record(ctx, WAIT, -1);
  return DP_OK;
}
static enum dp_status break_down(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  return ctx->now_ns == 10 * DP_S && ctx->cell->id == 2 ? DP_INVARIANT : DP_OK;
}

static void test_what_breaks_is_named_with_instance_and_time(void **state) {
  (void)state;
  struct scene slot = {.a = {.apply = add_wrong_slot}};
  broke(&slot, DP_INVARIANT, "test.first.a at 0s: metric served: wrong kind of call, or no slot 2");
  struct scene cell = {.a = {.clear = add_without_cell}};
  broke(&cell, DP_INVARIANT, "test.first.a at 0s: metric usd is of cells, not replicated");
  struct scene nan = {.b = {.init_cell = add_nan}};
  broke(&nan, DP_INVARIANT, "test.second.b at 0s: metric usd: nan cannot be added");
  struct scene negative = {.a = {.collect = record_negative}};
  broke(&negative, DP_INVARIANT, "test.first.a at 0s: metric wait: a value below 0 is recorded");
  struct scene check = {.b = {.check = break_down}};
  broke(&check, DP_INVARIANT, "test.second.b at 10s: an invariant is broken");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_series_show_increases_values_and_globals),
      cmocka_unit_test(test_kpis_add_cells_slots_and_instances),
      cmocka_unit_test(test_each_instance_has_its_own_kpis_and_only_amounts_are_added),
      cmocka_unit_test(test_amounts_of_tokens_do_not_add_up),
      cmocka_unit_test(test_what_breaks_is_named_with_instance_and_time),
  };
  return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
