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

static void test_kpis_add_cells_slots_and_instances(void **state) {
  (void)state;
  struct scene s = {.a = counting(), .b = counting()};
  ran(&s, &first);
  struct dp_kpi_value *k;
  size_t n;
  assert_int_equal(dp_sim_kpis(s.sim, &k, &n, &s.err), DP_OK);
  assert_int_equal(n, 8 + 5);
  /* in both instances, Σ over settlements 0 1 2 3 of 6n = 36, twice */
  assert_true(k[0].value == 72 && k[0].integer && k[0].count == 72);
  assert_true(k[1].value == 2.4 && !k[1].integer); /* 2 instances · 3 cells · 4 settlements · 0.1 */
  assert_true(k[2].value == 2.4 / 72 * 1000);
  assert_true(isnan(k[3].value));
  assert_true(k[4].value == 2 * 78);                     /* last: 3 · 25 + 3 in each instance */
  assert_true(k[5].value == 2 * (33 + 63 + 78) / 3.0);   /* time 0 does not count */
  assert_true(k[6].value == 2 * 36 / 3.0);
  assert_true(k[7].value == 0.25 * 25 + 1); /* of the last instance */
  /* 1, 2 and 3 s, eight times each; buckets are 1/32 of an octave wide */
  assert_string_equal(k[8].name, "t.wait_s.mean");
  assert_true(k[8].value == 2);
  assert_string_equal(k[9].name, "t.wait_s.p5");
  assert_true(fabs(k[9].value - 1) <= 1.0 / 32);
  assert_string_equal(k[10].name, "t.wait_s.p50");
  assert_true(fabs(k[10].value - 2) <= 2.0 / 32);
  assert_string_equal(k[12].name, "t.wait_s.p99");
  assert_true(fabs(k[12].value - 3) <= 3.0 / 32);
  free(k);
  uint64_t *counts = calloc(DP_HIST_BUCKETS, sizeof *counts);
  assert_int_equal(dp_sim_histogram(s.sim, dp_sim_instance(s.sim, 1), WAIT, counts, &s.err), DP_OK);
  for (int64_t second_n = 1; second_n <= 3; second_n++) assert_int_equal(counts[dp_hist_bucket(1000 * second_n)], 4);
  assert_int_equal(dp_hist_total(counts), 12);
  free(counts);
  end(&s);
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
      cmocka_unit_test(test_what_breaks_is_named_with_instance_and_time),
  };
  return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
