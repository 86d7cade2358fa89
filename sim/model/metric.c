/* sim/model/metric.c — counting, setting and recording; the rows of the series. */
#include <math.h>
#include <string.h>

#include "model/host.h"

size_t dp_metric_slot_n(const struct dp_sim *sim, const struct dp_metric *metric) {
  size_t n = metric->dimension ? dp_dimension_labels(sim, metric->dimension, NULL) : 0;
  return n ? n : 1;
}

/** Steps a unit, when the quantum is the reciprocal of a whole number (1e-9: dividing by 1e9 is exact where multiplying
 *  by the nearest double to 1e-9 is not); else 0. */
static double steps_per_unit(const struct dp_metric *metric) {
  if (!(metric->quantum < 1)) return 0;
  double steps = round(1 / metric->quantum);
  return fabs(steps * metric->quantum - 1) < 1e-12 ? steps : 0;
}

double dp_metric_in_unit(const struct dp_metric *metric, dp_i128 total) {
  double steps = steps_per_unit(metric);
  return steps > 0 ? dp_i128_to_double(total) / steps : dp_i128_to_double(total) * metric->quantum;
}

/** The slot's row, or NULL (and an error at the next beat). */
static struct dp_metric_row *find_row(struct dp_ctx *ctx, unsigned metric, unsigned slot, enum dp_metric_kind kind) {
  const struct dp_instance *in = ctx->self;
  if (metric < in->model->metric_n && ctx->cell && in->model->metrics[metric].kind == kind) {
    uint32_t row = in->metric_rows[metric] + slot;
    if (row < in->metric_rows[metric + 1]) return &dp_metric_rows(ctx->cell)[row];
  }
  if (metric >= in->model->metric_n) dp_host_defer(ctx, "there is no metric %u", metric);
  else if (!ctx->cell) dp_host_defer(ctx, "metric %s is of cells, not replicated", in->model->metrics[metric].name);
  else dp_host_defer(ctx, "metric %s: wrong kind of call, or no slot %u", in->model->metrics[metric].name, slot);
  return NULL;
}

void dp_metric_add_i128(struct dp_ctx *ctx, unsigned metric, unsigned slot, dp_i128 n) {
  struct dp_metric_row *row = find_row(ctx, metric, slot, DP_METRIC_COUNTER);
  if (row && !dp_i128_add(row->total, n, &row->total))
    dp_host_defer(ctx, "metric %s does not fit 128 bits", ctx->self->model->metrics[metric].name);
}

void dp_metric_add(struct dp_ctx *ctx, unsigned metric, unsigned slot, int64_t n) {
  dp_metric_add_i128(ctx, metric, slot, n);
}

void dp_metric_add_f(struct dp_ctx *ctx, unsigned metric, unsigned slot, double value) {
  struct dp_metric_row *row = find_row(ctx, metric, slot, DP_METRIC_COUNTER);
  if (!row) return;
  const struct dp_metric *m = &ctx->self->model->metrics[metric];
  double steps = steps_per_unit(m);
  dp_i128 n;
  if (!dp_i128_from_double(steps > 0 ? value * steps : value / m->quantum, &n) ||
      !dp_i128_add(row->total, n, &row->total))
    dp_host_defer(ctx, "metric %s: %g cannot be added", m->name, value);
}

void dp_metric_set(struct dp_ctx *ctx, unsigned metric, unsigned slot, dp_i128 n) {
  struct dp_metric_row *row = find_row(ctx, metric, slot, DP_METRIC_GAUGE);
  if (!row) return;
  if (ctx->self->sim->host->phase != DP_HOST_SAMPLE_CELL)
    dp_host_defer(ctx, "gauge %s is set outside sample_cell", ctx->self->model->metrics[metric].name);
  else row->total = n;
}

void dp_metric_set_global(struct dp_ctx *ctx, unsigned metric, double value) {
  const struct dp_instance *in = ctx->self;
  if (metric >= in->model->metric_n || !dp_metric_is_global(&in->model->metrics[metric]) ||
      in->sim->host->phase != DP_HOST_SAMPLE_REPLICATED)
    dp_host_defer(ctx, "global %u is set (globals can be, in sample_replicated)", metric);
  else dp_series_rows(in->sim)[in->metric_rows[metric]].real = value;
}

bool dp_metric_adds(const struct dp_metric *m) {
  static const char *const of_a_token[] = {"token", "token/d", "base"};
  if (m->kind == DP_METRIC_GLOBAL) return false;
  for (size_t i = 0; i < sizeof of_a_token / sizeof *of_a_token; i++)
    if (strcmp(m->unit, of_a_token[i]) == 0) return false;
  return true;
}

/* ---- histograms ---- */

/** The buckets of one octave, made when it is hit first. NULL when memory is out. */
static struct dp_buckets_row *find_buckets(struct dp_cell *cell, struct dp_metric_row *row, uint32_t block,
                                           struct dp_err *err) {
  struct dp_table *histograms = &cell->tables[DP_HIDDEN_HISTOGRAM], *buckets = &cell->tables[DP_HIDDEN_BUCKETS];
  uint32_t made;
  if (row->histogram == 0) {
    if (dp_table_add(histograms, &made, err) != DP_OK) return NULL;
    row->histogram = made + 1;
  }
  struct dp_histogram_row *h = DP_ROW(histograms, struct dp_histogram_row, row->histogram - 1);
  if (h->blocks[block] == 0) {
    if (dp_table_add(buckets, &made, err) != DP_OK) return NULL;
    h->blocks[block] = made + 1;
  }
  return DP_ROW(buckets, struct dp_buckets_row, h->blocks[block] - 1);
}

void dp_metric_record(struct dp_ctx *ctx, unsigned metric, int64_t value) {
  struct dp_metric_row *row = find_row(ctx, metric, 0, DP_METRIC_HISTOGRAM);
  if (!row) return;
  struct dp_err err = {0};
  uint32_t bucket = dp_hist_bucket(value);
  struct dp_buckets_row *buckets = find_buckets(ctx->cell, row, bucket / DP_HIST_SUB, &err);
  if (value < 0 || !buckets || !dp_i128_add(row->total, value, &row->total)) {
    dp_host_defer(ctx, "metric %s: %s", ctx->self->model->metrics[metric].name,
                  value < 0 ? "a value below 0 is recorded" : err.text);
    return;
  }
  row->count++;
  buckets->counts[bucket % DP_HIST_SUB]++;
}

enum dp_status dp_sim_histogram(struct dp_sim *sim, const struct dp_instance *instance, unsigned metric,
                                uint64_t *counts, struct dp_err *err) {
  for (size_t b = 0; b < DP_HIST_BUCKETS; b++) counts[b] = 0;
  dp_host_add_histogram(sim, instance, metric, counts);
  return dp_comm_sum_u64(sim->comm, counts, DP_HIST_BUCKETS, err);
}

enum dp_status dp_sim_metric_total(struct dp_sim *sim, const struct dp_instance *instance, unsigned metric,
                                   dp_i128 *total, struct dp_err *err) {
  dp_u128 sum = 0;
  for (uint32_t i = 0; i < sim->engine->local_n; i++)
    for (uint32_t row = instance->metric_rows[metric]; row < instance->metric_rows[metric + 1]; row++)
      sum += (dp_u128)dp_metric_rows(&sim->engine->cells[i])[row].total;
  *total = (dp_i128)sum;
  return dp_comm_sum_i128(sim->comm, total, 1, err);
}

void dp_host_add_histogram(const struct dp_sim *sim, const struct dp_instance *in, unsigned metric, uint64_t *counts) {
  for (uint32_t i = 0; i < sim->engine->local_n; i++) {
    const struct dp_cell *cell = &sim->engine->cells[i];
    const struct dp_metric_row *row = &dp_metric_rows(cell)[in->metric_rows[metric]];
    if (row->histogram == 0) continue;
    const struct dp_histogram_row *h =
        DP_ROW(&cell->tables[DP_HIDDEN_HISTOGRAM], struct dp_histogram_row, row->histogram - 1);
    for (uint32_t b = 0; b < DP_BUCKET_BLOCK_N; b++) {
      if (h->blocks[b] == 0) continue;
      const struct dp_buckets_row *buckets =
          DP_ROW(&cell->tables[DP_HIDDEN_BUCKETS], struct dp_buckets_row, h->blocks[b] - 1);
      for (uint32_t k = 0; k < DP_HIST_SUB; k++) counts[b * DP_HIST_SUB + k] += buckets->counts[k];
    }
  }
}

/* ---- series ---- */

/** Takes a settlement's total of one slot in. @return what its series shows: increase, or value. */
static enum dp_status settle_slot(const struct dp_metric *m, struct dp_series_row *row, dp_i128 total, bool first,
                                  double *shown, struct dp_err *err) {
  dp_i128 increase;
  if (!dp_i128_sub(total, row->last, &increase) || (!first && !dp_i128_add(row->sum, total, &row->sum)))
    return dp_fail(err, DP_INVARIANT, "the series of metric %s does not fit 128 bits", m->name);
  *shown = dp_metric_in_unit(m, m->kind == DP_METRIC_COUNTER ? increase : total);
  row->last = total;
  return DP_OK;
}

enum dp_status dp_host_series(struct dp_beat_run *r) {
  struct dp_sim *sim = r->sim;
  struct dp_host *h = sim->host;
  struct dp_series_row *rows = dp_series_rows(sim);
  struct dp_sink *sink = sim->comm->rank == 0 ? sim->sink : NULL;
  bool first = r->info.n == 0;
  size_t next_sum = 0;
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    size_t n = 0;
    for (size_t m = 0; m < in->model->metric_n; m++) {
      const struct dp_metric *metric = &in->model->metrics[m];
      if (!dp_metric_in_series(metric)) continue;
      for (uint32_t row = in->metric_rows[m]; row < in->metric_rows[m + 1]; row++, n++) {
        if (!dp_metric_is_global(metric)) {
          DP_TRY(settle_slot(metric, &rows[row], h->series[next_sum++], first, &h->shown[n], r->err));
          continue;
        }
        h->shown[n] = rows[row].real;
        if (!first) rows[row].real_sum += rows[row].real;
      }
    }
    if (sink && n) DP_TRY(sink->row(sink, in, r->now_ns, h->shown, n, r->err));
  }
  return sink && sink->settled ? sink->settled(sink, r->now_ns, r->err) : DP_OK;
}
