/* analysis/explain_sweep.c — a key figure of a sweep: where it went, and with which parameters. */
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/explain.h"
#include "analysis/svg.h"
#include "analysis/swept.h"

#define LEAST_RUNS 3

static enum dp_status unknown(const struct dp_swept *s, const char *name, struct dp_err *err) {
  const char **names = calloc(s->kpi_n + 1, sizeof *names);
  if (!names) return dp_fail_nomem(err, "names");
  for (size_t i = 0; i < s->kpi_n; i++) names[i] = s->kpis[i].name;
  const char *meant = dp_str_suggest(name, names, s->kpi_n);
  enum dp_status status =
      meant ? dp_fail(err, DP_USAGE, "%s has no key figure '%s', did you mean '%s'?", s->result->path, name, meant)
            : dp_fail(err, DP_USAGE, "%s has no key figure '%s' (the study's `kpis` says which are kept)", s->result->path,
                      name);
  free(names);
  return status;
}

static enum dp_status put_span(struct dp_str *out, const struct dp_swept *s, const char *name, const char *unit,
                               struct dp_err *err) {
  double *mean;
  size_t low = SIZE_MAX, high = SIZE_MAX;
  char text[2][32];
  DP_TRY(dp_swept_summary(s, name, "mean", &mean, err));
  for (size_t p = 0; p < s->point_n; p++) {
    if (!isfinite(mean[p])) continue;
    if (low == SIZE_MAX || mean[p] < mean[low]) low = p;
    if (high == SIZE_MAX || mean[p] > mean[high]) high = p;
  }
  if (low == SIZE_MAX) {
    dp_str_printf(out, "%s has no value at any of %zu points\n", name, s->point_n);
  } else {
    dp_str_printf(out, "%s = %s to %s%s%s: means of %zu points, %zu runs\n", name, dp_svg_number(mean[low], text[0]),
                  dp_svg_number(mean[high], text[1]), *unit ? " " : "", unit, s->point_n, s->run_n);
    dp_str_append(out, "  least at ");
    dp_swept_point_text(out, s, low);
    dp_str_append(out, "\n  most at ");
    dp_swept_point_text(out, s, high);
    dp_str_append(out, "\n");
  }
  free(mean);
  return DP_OK;
}

/* ---- drivers ---- */

struct driver {
  const struct dp_swept_axis *axis;
  double strength; /* rank correlation; of texts the root of the share of the variance between them */
};

static int by_strength(const void *a, const void *b) {
  const double x = fabs(((const struct driver *)a)->strength), y = fabs(((const struct driver *)b)->strength);
  return (x < y) - (x > y);
}

/* The correlation ratio of values [n] in levels. */
static double between(const struct dp_swept_axis *a, const double *level, const double *value, size_t n) {
  const double mean = gsl_stats_mean(value, 1, n), all = gsl_stats_tss_m(value, 1, n, mean);
  double apart = 0;
  for (size_t k = 0; k < a->level_n; k++) {
    double sum = 0, of = 0;
    for (size_t i = 0; i < n; i++)
      if ((size_t)level[i] == k) sum += value[i], of++;
    if (of > 0) apart += of * (sum / of - mean) * (sum / of - mean);
  }
  return sqrt(apart / all);
}

/* @param room [4 · run_n] */
static double strength_of(const struct dp_swept *s, const struct dp_swept_axis *a, const double *values, double *room) {
  size_t n = 0;
  double *x = room, *y = room + s->run_n;
  for (size_t r = 0; r < s->run_n; r++) {
    if (!isfinite(values[r])) continue;
    x[n] = a->values[s->run_point[r]];
    y[n++] = values[r];
  }
  if (n < LEAST_RUNS) return (double)NAN;
  return a->texts ? between(a, x, y, n) : gsl_stats_spearman(x, 1, y, 1, n, room + 2 * s->run_n);
}

static enum dp_status put_correlations(struct dp_str *out, const struct dp_swept *s, const char *name, struct dp_err *err) {
  double *values = NULL, *room = calloc(4 * s->run_n + 1, sizeof *room);
  struct driver *drivers = calloc(s->axis_n + 1, sizeof *drivers);
  size_t n = 0;
  enum dp_status status = room && drivers ? dp_swept_runs(s, name, &values, err) : dp_fail_nomem(err, "an explanation");
  for (size_t i = 0; i < s->axis_n && status == DP_OK; i++) {
    const double strength = strength_of(s, &s->axes[i], values, room);
    if (isfinite(strength)) drivers[n++] = (struct driver){&s->axes[i], strength};
  }
  if (n) {
    qsort(drivers, n, sizeof *drivers, by_strength);
    dp_str_printf(out, "largest drivers (rank correlation over %zu runs%s; depinsim sensitivity gives shares)\n", s->run_n,
                  dp_result_has(s->result, "/tune") ? " of a search, which looked more where it hoped" : "");
  }
  for (size_t i = 0; i < n; i++)
    dp_str_printf(out, drivers[i].axis->texts ? "  %5.2f  %s%s%s (of texts: the correlation ratio)\n" : "  %+.2f  %s%s%s\n",
                  drivers[i].strength, drivers[i].axis->name, drivers[i].axis->doc[0] ? ": " : "", drivers[i].axis->doc);
  free(values);
  free(room);
  free(drivers);
  return status;
}

static enum dp_status put_measures(struct dp_str *out, const struct dp_swept *s, const char *name, struct dp_err *err) {
  struct dp_swept_measures m;
  enum dp_status status = dp_swept_measures(s, name, &m, err);
  if (status == DP_OK) dp_str_printf(out, "largest drivers (%s: %s, %s)\n", m.method, m.names[0], m.names[1]);
  for (size_t i = 0; i < m.n && status == DP_OK; i++) {
    const size_t at = m.order[i];
    dp_str_printf(out, "  %s", m.parameters[at]);
    for (size_t k = 0; k < 2; k++) {
      char text[3][32];
      dp_str_printf(out, "%s%s", k ? ", " : ": ", dp_svg_number(m.value[k][at], text[0]));
      if (m.low[k][at] < m.high[k][at])
        dp_str_printf(out, " [%s, %s]", dp_svg_number(m.low[k][at], text[1]), dp_svg_number(m.high[k][at], text[2]));
    }
    dp_str_append(out, "\n");
  }
  dp_swept_measures_fini(&m);
  return status;
}

enum dp_status dp__explain_sweep(struct dp_str *out, struct dp_result *r, const char *name, struct dp_err *err) {
  struct dp_swept s = {0};
  enum dp_status status = dp_swept_open(r, &s, err);
  const size_t k = status == DP_OK ? dp_swept_kpi(&s, name) : SIZE_MAX;
  if (status == DP_OK && k == SIZE_MAX) status = unknown(&s, name, err);
  if (status == DP_OK) status = put_span(out, &s, name, s.kpis[k].unit, err);
  if (status == DP_OK) {
    dp_str_printf(out, "%s\n", s.kpis[k].doc);
    dp__explain_declared(out, name);
    status = dp_result_has(r, "/sensitivity") ? put_measures(out, &s, name, err) : put_correlations(out, &s, name, err);
  }
  dp_swept_fini(&s);
  return status;
}
