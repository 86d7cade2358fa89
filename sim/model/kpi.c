/* sim/model/kpi.c — the KPIs of a run, reduced over cells, ranks and the instances of a model. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/host.h"

#define DP_PERCENTILE_N 4

/** What is summed over ranks: totals and counts by row of the table of metrics, and the histograms. */
struct sums {
  dp_i128 *totals; /* [2 * metric_row_n] totals, then counts */
  uint64_t *counts; /* [histogram_n * DP_HIST_BUCKETS] one for each KPI that needs one, instances added up */
  size_t row_n, histogram_n;
};

/** All instances of one model. */
struct group {
  const struct dp_sim *sim;
  const struct dp_instance *first;
  const struct sums *sums;
};

static bool needs_histogram(const struct dp_kpi *k) {
  return k->stat == DP_KPI_DISTRIBUTION || k->stat == DP_KPI_MEDIAN || k->stat == DP_KPI_GINI ||
         k->stat == DP_KPI_MAJORITY;
}

static void add_cells(const struct dp_sim *sim, struct sums *s) {
  for (uint32_t i = 0; i < sim->engine->local_n; i++) {
    const struct dp_metric_row *rows = dp_metric_rows(&sim->engine->cells[i]);
    for (size_t k = 0; k < s->row_n; k++) {
      s->totals[k] = (dp_i128)((dp_u128)s->totals[k] + (dp_u128)rows[k].total);
      s->totals[s->row_n + k] += rows[k].count;
    }
  }
}

static void add_histograms(const struct dp_sim *sim, struct sums *s) {
  size_t at = 0;
  for (const struct dp_instance *in = sim->instances; in < sim->instances + sim->instance_n; in++) {
    if (in->nth) continue;
    for (size_t k = 0; k < in->model->kpi_n; k++) {
      if (!needs_histogram(&in->model->kpis[k])) continue;
      unsigned metric = (unsigned)dp_metric_index(in->model, in->model->kpis[k].metric);
      for (const struct dp_instance *each = in; each; each = dp_sim_next(each))
        dp_host_add_histogram(sim, each, metric, s->counts + at * DP_HIST_BUCKETS);
      at++;
    }
  }
}

/** Σ over instances and slots of a metric: exact, and in its unit. */
static dp_i128 group_sum(const struct group *g, unsigned metric, bool count) {
  dp_i128 sum = 0;
  const dp_i128 *from = g->sums->totals + (count ? g->sums->row_n : 0);
  for (const struct dp_instance *in = g->first; in; in = dp_sim_next(in))
    for (uint32_t row = in->metric_rows[metric]; row < in->metric_rows[metric + 1]; row++)
      sum = (dp_i128)((dp_u128)sum + (dp_u128)from[row]);
  return sum;
}

static double group_total(const struct group *g, unsigned metric) {
  const struct dp_metric *m = &g->first->model->metrics[metric];
  if (m->kind != DP_METRIC_GLOBAL) return dp_metric_in_unit(m, group_sum(g, metric, false));
  double value = 0;
  for (const struct dp_instance *in = g->first; in; in = dp_sim_next(in))
    value = dp_series_rows(g->sim)[in->metric_rows[metric]].real;
  return value;
}

/** Mean of a histogram, or of a series over the settlements after time 0. */
static double group_mean(const struct group *g, unsigned metric) {
  const struct dp_metric *m = &g->first->model->metrics[metric];
  if (m->kind == DP_METRIC_HISTOGRAM) {
    dp_i128 count = group_sum(g, metric, true);
    return count ? group_total(g, metric) / dp_i128_to_double(count) : (double)NAN;
  }
  uint64_t settlement_n = dp_clock(g->sim)->settlement_n;
  if (settlement_n < 2) return (double)NAN;
  double sum = 0;
  for (const struct dp_instance *in = g->first; in; in = dp_sim_next(in)) {
    if (m->kind == DP_METRIC_GLOBAL) sum = 0; /* the last instance's */
    for (uint32_t row = in->metric_rows[metric]; row < in->metric_rows[metric + 1]; row++) {
      const struct dp_series_row *s = &dp_series_rows(g->sim)[row];
      sum += m->kind == DP_METRIC_GLOBAL ? s->real_sum
                                         : dp_metric_in_unit(m, m->kind == DP_METRIC_COUNTER ? s->last : s->sum);
    }
  }
  return sum / (double)(settlement_n - 1);
}

static struct dp_kpi_value named(const struct dp_kpi *k, const char *dimension, double value) {
  struct dp_kpi_value v = {.unit = k->unit, .doc = k->doc, .value = value};
  snprintf(v.name, sizeof v.name, "%s%s", k->name, dimension);
  return v;
}

/** mean, p5, p50, p95, p99. @return how many were written. */
static size_t distribution(const struct group *g, const struct dp_kpi *k, unsigned metric, const uint64_t *counts,
                           struct dp_kpi_value *out) {
  static const struct {
    const char *name;
    double q;
  } percentiles[DP_PERCENTILE_N] = {{".p5", 0.05}, {".p50", 0.5}, {".p95", 0.95}, {".p99", 0.99}};
  const struct dp_metric *m = &g->first->model->metrics[metric];
  out[0] = named(k, ".mean", group_mean(g, metric));
  for (size_t i = 0; i < DP_PERCENTILE_N; i++)
    out[1 + i] = named(k, percentiles[i].name, dp_hist_quantile(counts, percentiles[i].q) * m->quantum);
  return 1 + DP_PERCENTILE_N;
}

/** A figure of a whole histogram. */
static struct dp_kpi_value of_histogram(const struct group *g, const struct dp_kpi *k, unsigned metric,
                                        const uint64_t *counts) {
  struct dp_kpi_value v = named(k, "", 0);
  if (k->stat == DP_KPI_GINI) {
    v.value = dp_hist_gini(counts);
  } else if (k->stat == DP_KPI_MAJORITY) {
    v.value = dp_hist_majority_n(counts);
  } else {
    const dp_i128 cases = group_sum(g, (unsigned)dp_metric_index(g->first->model, k->over), false);
    v.value = dp_hist_quantile_of(counts, 0.5, (uint64_t)cases) * g->first->model->metrics[metric].quantum;
  }
  return v;
}

static struct dp_kpi_value single(const struct group *g, const struct dp_kpi *k, unsigned metric) {
  const struct dp_metric *m = &g->first->model->metrics[metric];
  struct dp_kpi_value v = named(k, "", 0);
  if (k->stat == DP_KPI_MEAN) {
    v.value = group_mean(g, metric);
  } else if (k->stat == DP_KPI_RATIO) {
    double over = group_total(g, (unsigned)dp_metric_index(g->first->model, k->over));
    double scale = k->scale > 0 || k->scale < 0 ? k->scale : 1;
    v.value = over > 0 || over < 0 ? group_total(g, metric) / over * scale : (double)NAN;
  } else {
    v.value = group_total(g, metric);
    v.integer = (m->kind == DP_METRIC_COUNTER || m->kind == DP_METRIC_GAUGE) && !(m->quantum < 1) && !(m->quantum > 1);
    if (v.integer) v.count = group_sum(g, metric, false);
  }
  return v;
}

static size_t count_kpis(const struct dp_sim *sim, size_t *histogram_n) {
  size_t n = 0;
  *histogram_n = 0;
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_model *m = sim->instances[i].model;
    for (size_t k = 0; k < m->kpi_n && sim->instances[i].nth == 0; k++) {
      bool spread = m->kpis[k].stat == DP_KPI_DISTRIBUTION;
      *histogram_n += needs_histogram(&m->kpis[k]);
      n += spread ? 1 + DP_PERCENTILE_N : 1;
    }
  }
  return n;
}

static void evaluate(const struct dp_sim *sim, const struct sums *s, struct dp_kpi_value *out) {
  size_t n = 0, histogram = 0;
  for (const struct dp_instance *in = sim->instances; in < sim->instances + sim->instance_n; in++) {
    if (in->nth) continue;
    struct group g = {.sim = sim, .first = in, .sums = s};
    for (size_t i = 0; i < in->model->kpi_n; i++) {
      const struct dp_kpi *k = &in->model->kpis[i];
      unsigned metric = (unsigned)dp_metric_index(in->model, k->metric);
      if (k->stat == DP_KPI_DISTRIBUTION)
        n += distribution(&g, k, metric, s->counts + histogram++ * DP_HIST_BUCKETS, out + n);
      else if (needs_histogram(k))
        out[n++] = of_histogram(&g, k, metric, s->counts + histogram++ * DP_HIST_BUCKETS);
      else out[n++] = single(&g, k, metric);
    }
  }
}

enum dp_status dp_sim_kpis(struct dp_sim *sim, struct dp_kpi_value **out, size_t *n, struct dp_err *err) {
  struct sums s = {.row_n = sim->host->metric_row_n};
  *n = count_kpis(sim, &s.histogram_n);
  *out = calloc(*n + 1, sizeof **out);
  s.totals = calloc(2 * s.row_n + 1, sizeof *s.totals);
  s.counts = calloc(s.histogram_n * DP_HIST_BUCKETS + 1, sizeof *s.counts);
  enum dp_status status = *out && s.totals && s.counts ? DP_OK : dp_fail_nomem(err, "KPIs");
  status = dp_comm_agree(sim->comm, status, err);
  if (status == DP_OK) {
    add_cells(sim, &s);
    add_histograms(sim, &s);
    status = dp_comm_sum_i128(sim->comm, s.totals, 2 * s.row_n, err);
  }
  if (status == DP_OK) status = dp_comm_sum_u64(sim->comm, s.counts, s.histogram_n * DP_HIST_BUCKETS, err);
  if (status == DP_OK) evaluate(sim, &s, *out);
  free(s.totals);
  free(s.counts);
  if (status == DP_OK) return DP_OK;
  free(*out);
  *out = NULL;
  *n = 0;
  return status;
}
