/* sim/model/kpi.c — the KPIs of a run, reduced over cells, ranks and the instances of a model, and of each of these. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/host.h"

#define DP_PERCENTILE_N 4

/** What is summed over ranks: totals and counts by row of the table of metrics, and the histograms. */
struct sums {
  dp_i128 *totals;  /* [2 * metric_row_n] totals, then counts */
  uint64_t *counts; /* [histogram_n + 1][DP_HIST_BUCKETS] by instance and KPI that needs one; the last one is scratch */
  size_t row_n, histogram_n;
};

/** Instances of one model that a KPI is of: all, or one. They follow each other. */
struct group {
  const struct dp_sim *sim;
  const struct dp_instance *first;
  size_t n;
  const struct sums *sums;
  const uint64_t *counts; /* of the first: [n][histogram_n][DP_HIST_BUCKETS] */
  size_t histogram_n;     /* of one instance */
};

static bool needs_histogram(const struct dp_kpi *k) {
  return k->stat == DP_KPI_DISTRIBUTION || k->stat == DP_KPI_MEDIAN || k->stat == DP_KPI_GINI ||
         k->stat == DP_KPI_MAJORITY;
}

static size_t histograms_of(const struct dp_model *m) {
  size_t n = 0;
  for (size_t k = 0; k < m->kpi_n; k++) n += needs_histogram(&m->kpis[k]);
  return n;
}

bool dp_kpi_adds(const struct dp_model *model, const struct dp_kpi *k) {
  const int over = k->over ? dp_metric_index(model, k->over) : -1;
  return dp_metric_adds(&model->metrics[dp_metric_index(model, k->metric)]) &&
         (over < 0 || dp_metric_adds(&model->metrics[over]));
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
  uint64_t *counts = s->counts;
  for (const struct dp_instance *in = sim->instances; in < sim->instances + sim->instance_n; in++) {
    for (size_t k = 0; k < in->model->kpi_n; k++) {
      if (!needs_histogram(&in->model->kpis[k])) continue;
      dp_host_add_histogram(sim, in, (unsigned)dp_metric_index(in->model, in->model->kpis[k].metric), counts);
      counts += DP_HIST_BUCKETS;
    }
  }
}

/** The counts of the nth histogram, of all instances of the group. */
static const uint64_t *group_histogram(const struct group *g, size_t nth) {
  const uint64_t *one = g->counts + nth * DP_HIST_BUCKETS;
  if (g->n == 1) return one;
  uint64_t *sum = g->sums->counts + g->sums->histogram_n * DP_HIST_BUCKETS;
  for (size_t b = 0; b < DP_HIST_BUCKETS; b++) sum[b] = 0;
  for (size_t i = 0; i < g->n; i++, one += g->histogram_n * DP_HIST_BUCKETS)
    for (size_t b = 0; b < DP_HIST_BUCKETS; b++) sum[b] += one[b];
  return sum;
}

/** Σ over instances and slots of a metric: exact, and in its unit. */
static dp_i128 group_sum(const struct group *g, unsigned metric, bool count) {
  dp_i128 sum = 0;
  const dp_i128 *from = g->sums->totals + (count ? g->sums->row_n : 0);
  for (const struct dp_instance *in = g->first; in < g->first + g->n; in++)
    for (uint32_t row = in->metric_rows[metric]; row < in->metric_rows[metric + 1]; row++)
      sum = (dp_i128)((dp_u128)sum + (dp_u128)from[row]);
  return sum;
}

static double group_total(const struct group *g, unsigned metric) {
  const struct dp_metric *m = &g->first->model->metrics[metric];
  if (!dp_metric_is_global(m)) return dp_metric_in_unit(m, group_sum(g, metric, false));
  double value = dp_series_rows(g->sim)[g->first->metric_rows[metric]].real;
  for (size_t i = 1; i < g->n; i++) value += dp_series_rows(g->sim)[g->first[i].metric_rows[metric]].real;
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
  for (const struct dp_instance *in = g->first; in < g->first + g->n; in++) {
    for (uint32_t row = in->metric_rows[metric]; row < in->metric_rows[metric + 1]; row++) {
      const struct dp_series_row *s = &dp_series_rows(g->sim)[row];
      sum += dp_metric_is_global(m) ? s->real_sum
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

/** The label of an instance, as in the name of its series. */
static void put_label(struct dp_kpi_value *v, const struct dp_instance *in) {
  const size_t len = strlen(v->name);
  snprintf(v->name + len, sizeof v->name - len, "@%s", in->name);
  for (char *c = v->name + len; *c; c++)
    if (*c == '/') *c = '_';
}

/** One declared KPI of a group. @param nth of its histograms. @return how many were written. */
static size_t one_kpi(const struct group *g, const struct dp_kpi *k, size_t nth, struct dp_kpi_value *out) {
  unsigned metric = (unsigned)dp_metric_index(g->first->model, k->metric);
  if (k->stat == DP_KPI_DISTRIBUTION) return distribution(g, k, metric, group_histogram(g, nth), out);
  *out = needs_histogram(k) ? of_histogram(g, k, metric, group_histogram(g, nth)) : single(g, k, metric);
  return 1;
}

/** All KPIs of a model: of all its instances, where they add up, and of each when there are several. */
static size_t model_kpis(const struct group *all, struct dp_kpi_value *out) {
  const struct dp_model *m = all->first->model;
  size_t n = 0, nth = 0;
  for (size_t at = 0; at < m->kpi_n; nth += needs_histogram(&m->kpis[at++])) {
    const struct dp_kpi *k = &m->kpis[at];
    if (all->n == 1 || dp_kpi_adds(m, k)) n += one_kpi(all, k, nth, out + n);
    for (size_t i = 0; i < all->n && all->n > 1; i++) {
      struct group one = *all;
      one.first += i;
      one.counts += i * all->histogram_n * DP_HIST_BUCKETS;
      one.n = 1;
      for (size_t end = n + one_kpi(&one, k, nth, out + n); n < end; n++) put_label(&out[n], one.first);
    }
  }
  return n;
}

static size_t instances_of(const struct dp_instance *first) {
  size_t n = 0;
  for (const struct dp_instance *in = first; in; in = dp_sim_next(in)) n++;
  return n;
}

/** At most so many values, and the histograms that they need. */
static size_t count_kpis(const struct dp_sim *sim, size_t *histogram_n) {
  size_t n = 0;
  *histogram_n = 0;
  for (const struct dp_instance *in = sim->instances; in < sim->instances + sim->instance_n; in++) {
    const size_t times = in->nth == 0 && dp_sim_next(in) ? 2 : 1; /* of all, and of each */
    for (size_t k = 0; k < in->model->kpi_n; k++)
      n += times * (in->model->kpis[k].stat == DP_KPI_DISTRIBUTION ? 1 + DP_PERCENTILE_N : 1);
    *histogram_n += histograms_of(in->model);
  }
  return n;
}

static size_t evaluate(const struct dp_sim *sim, const struct sums *s, struct dp_kpi_value *out) {
  size_t n = 0;
  const uint64_t *counts = s->counts;
  for (const struct dp_instance *in = sim->instances; in < sim->instances + sim->instance_n; in++) {
    if (in->nth) continue;
    struct group all = {.sim = sim, .first = in, .n = instances_of(in), .sums = s, .counts = counts,
                        .histogram_n = histograms_of(in->model)};
    n += model_kpis(&all, out + n);
    counts += all.n * all.histogram_n * DP_HIST_BUCKETS;
  }
  return n;
}

enum dp_status dp_sim_kpis(struct dp_sim *sim, struct dp_kpi_value **out, size_t *n, struct dp_err *err) {
  struct sums s = {.row_n = sim->host->metric_row_n};
  *n = count_kpis(sim, &s.histogram_n);
  *out = calloc(*n + 1, sizeof **out);
  s.totals = calloc(2 * s.row_n + 1, sizeof *s.totals);
  s.counts = calloc((s.histogram_n + 1) * DP_HIST_BUCKETS, sizeof *s.counts);
  enum dp_status status = *out && s.totals && s.counts ? DP_OK : dp_fail_nomem(err, "KPIs");
  status = dp_comm_agree(sim->comm, status, err);
  if (status == DP_OK) {
    add_cells(sim, &s);
    add_histograms(sim, &s);
    status = dp_comm_sum_i128(sim->comm, s.totals, 2 * s.row_n, err);
  }
  if (status == DP_OK) status = dp_comm_sum_u64(sim->comm, s.counts, s.histogram_n * DP_HIST_BUCKETS, err);
  if (status == DP_OK) *n = evaluate(sim, &s, *out);
  free(s.totals);
  free(s.counts);
  if (status == DP_OK) return DP_OK;
  free(*out);
  *out = NULL;
  *n = 0;
  return status;
}
