/* analysis/explain.c — a key figure taken apart. */
#include "analysis/explain.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/kpi_find.h"
#include "analysis/series.h"
#include "analysis/svg.h"
#include "model/registry.h"

#define SHOWN_SERIES 5
#define STATED_LEAST 0.3 /* a smaller correlation is not worth a line */
#define CHANGES_LEAST 8  /* of fewer nothing is said */

/* "job.latency_s.p95@chat" is declared as "job.latency_s". */
static bool is_named(const struct dp_kpi *k, const char *name) {
  const size_t len = strlen(k->name);
  if (strncmp(k->name, name, len) == 0 && strchr("@", name[len])) return true;
  return k->stat == DP_KPI_DISTRIBUTION && strncmp(k->name, name, len) == 0 && name[len] == '.';
}

static const struct dp_metric *metric_of(const struct dp_model *m, const char *name) {
  for (size_t i = 0; name && i < m->metric_n; i++)
    if (strcmp(m->metrics[i].name, name) == 0) return &m->metrics[i];
  return NULL;
}

static void put_formula(struct dp_str *out, const struct dp_kpi *k, const struct dp_metric *m) {
  switch (k->stat) {
    case DP_KPI_TOTAL:
      if (m->kind == DP_METRIC_COUNTER) dp_str_printf(out, "sum of %s over the run", k->metric);
      else dp_str_printf(out, "%s at the end", k->metric);
      break;
    case DP_KPI_RATIO: dp_str_printf(out, "%s / %s", k->metric, k->over); break;
    case DP_KPI_DISTRIBUTION: dp_str_printf(out, "mean and percentiles of the histogram %s", k->metric); break;
    case DP_KPI_MEAN: dp_str_printf(out, "mean of %s", k->metric); break;
    case DP_KPI_MEDIAN:
      dp_str_printf(out, "median of %s over all %s, those without a value counted as larger", k->metric, k->over);
      break;
    case DP_KPI_GINI: dp_str_printf(out, "Gini coefficient of %s", k->metric); break;
    case DP_KPI_MAJORITY: dp_str_printf(out, "fewest values of %s that sum to more than half", k->metric); break;
  }
  if (k->scale > 0 && (k->scale < 1 || k->scale > 1)) dp_str_printf(out, ", times %g", k->scale);
}

static struct dp_declared find_declared(const char *name) {
  for (size_t i = 0; dp_models[i]; i++)
    for (size_t k = 0; k < dp_models[i]->kpi_n; k++)
      if (is_named(&dp_models[i]->kpis[k], name))
        return (struct dp_declared){dp_models[i], &dp_models[i]->kpis[k],
                                    metric_of(dp_models[i], dp_models[i]->kpis[k].metric)};
  return (struct dp_declared){0};
}

/* The first word of a model's name is its room in sim/. */
struct dp_declared dp__explain_declared(struct dp_str *out, const char *name) {
  const struct dp_declared d = find_declared(name);
  if (!d.metric) return d;
  dp_str_printf(out, "of the model %s (%s)\nformula\n  ", d.model->name, d.model->doc);
  put_formula(out, d.kpi, d.metric);
  dp_str_printf(out, "\nsource\n  declared by the model %s; its equations and where they come from: sim/%.*s/README.md\n",
                d.model->name, (int)strcspn(d.model->name, "."), d.model->name);
  return d;
}

/* ---- parts ---- */

/* What a series comes to in the run: sums add up, states count at the end. */
static double total_of(const struct dp_series_group *g, const struct dp_series *s, size_t label) {
  double sum = 0;
  if (g->n == 0) return (double)NAN;
  if (!strstr(s->methods, "sum")) return s->values[(g->n - 1) * s->label_n + label];
  for (size_t i = 0; i < g->n; i++) sum += s->values[i * s->label_n + label];
  return sum;
}

/* @param label of the one instance that is asked for, or "" */
static const struct dp_series *series_in(const struct dp_series_group *g, const struct dp_model *m, const char *label,
                                         const char *name) {
  const size_t len = strlen(m->name);
  if (strncmp(g->name, m->name, len) != 0 || (g->name[len] != '\0' && g->name[len] != '.')) return NULL;
  if (*label && (g->name[len] == '\0' || strcmp(g->name + len + 1, label) != 0)) return NULL;
  for (size_t k = 0; k < g->series_n; k++)
    if (strcmp(g->series[k].name, name) == 0) return &g->series[k];
  return NULL;
}

/* Value of a metric by instance and label, with its share where there is more than one. */
static void put_parts(struct dp_str *out, const struct dp_series_set *set, const struct dp_model *m, const char *label,
                      const char *metric) {
  double all = 0;
  size_t parts = 0;
  char text[32];
  for (size_t i = 0; i < set->group_n; i++) {
    const struct dp_series *s = series_in(&set->groups[i], m, label, metric);
    for (size_t c = 0; s && c < s->label_n; c++, parts++) all += total_of(&set->groups[i], s, c);
  }
  for (size_t i = 0; i < set->group_n; i++) {
    const struct dp_series *s = series_in(&set->groups[i], m, label, metric);
    for (size_t c = 0; s && c < s->label_n; c++) {
      const double value = total_of(&set->groups[i], s, c);
      dp_str_printf(out, "    %s%s%s: %s", set->groups[i].name, s->labels ? ", " : "", s->labels ? s->labels[c] : "",
                    dp_svg_number(value, text));
      if (strcmp(s->units, "1") != 0) dp_str_printf(out, " %s", s->units);
      if (parts > 1 && fabs(all) > 0) dp_str_printf(out, " (%.1f %%)", 100 * value / all);
      dp_str_append(out, "\n");
    }
  }
}

static void put_metric(struct dp_str *out, const struct dp_series_set *set, const struct dp_model *m, const char *label,
                       const char *name) {
  const struct dp_metric *x = metric_of(m, name);
  if (!x) return;
  dp_str_printf(out, "  %s: %s%s%s\n", name, x->doc, strcmp(x->unit, "1") != 0 ? ", in " : "",
                strcmp(x->unit, "1") != 0 ? x->unit : "");
  put_parts(out, set, m, label, name);
}

/* ---- what goes with it ---- */

struct companion {
  double r;
  const struct dp_series_group *group;
  const struct dp_series *series;
};

static int by_strength(const void *a, const void *b) {
  const double x = fabs(((const struct companion *)a)->r), y = fabs(((const struct companion *)b)->r);
  return (x < y) - (x > y);
}

/* What each settlement changed: a sum is a change already. @param out [n − 1] */
static void changes(const struct dp_series_group *g, const struct dp_series *s, double *out) {
  const bool sum = strstr(s->methods, "sum") != NULL;
  for (size_t i = 1; i < g->n; i++) {
    double now = 0, before = 0;
    for (size_t c = 0; c < s->label_n; c++) {
      now += s->values[i * s->label_n + c];
      before += s->values[(i - 1) * s->label_n + c];
    }
    out[i - 1] = sum ? now : now - before;
  }
}

static void put_companions(struct dp_str *out, const struct dp_series_set *set, const struct dp_series_group *own,
                           const struct dp_series *s) {
  const size_t n = own->n - 1;
  struct companion best[64];
  size_t best_n = 0;
  double *mine = calloc(2 * n, sizeof *mine), *other = mine + n;
  if (!mine) {
    out->failed = true;
    return;
  }
  changes(own, s, mine);
  for (size_t i = 0; i < set->group_n; i++)
    for (size_t k = 0; k < set->groups[i].series_n && set->groups[i].n == own->n; k++) {
      if (&set->groups[i].series[k] == s) continue;
      changes(&set->groups[i], &set->groups[i].series[k], other);
      const double r = gsl_stats_correlation(mine, 1, other, 1, n);
      if (!isfinite(r) || fabs(r) < STATED_LEAST) continue;
      if (best_n == sizeof best / sizeof *best) qsort(best, best_n--, sizeof *best, by_strength);
      best[best_n++] = (struct companion){r, &set->groups[i], &set->groups[i].series[k]};
    }
  free(mine);
  qsort(best, best_n, sizeof *best, by_strength);
  if (best_n) dp_str_printf(out, "goes with (correlation of the changes of %zu settlements; not a cause)\n", n);
  for (size_t i = 0; i < best_n && i < SHOWN_SERIES; i++)
    dp_str_printf(out, "  %+.2f  %s %s: %s\n", best[i].r, best[i].group->name, best[i].series->name,
                  best[i].series->long_name);
}

/* ---- the whole ---- */

static enum dp_status unknown(const struct dp_result *r, const char *name, struct dp_err *err) {
  struct dp_err which = {0};
  if (dp_kpi_check_instance(r->kpis, r->kpi_n, name, &which) != DP_OK)
    return dp_fail(err, DP_USAGE, "%s: %s", r->path, which.text);
  const char **names = calloc(r->kpi_n + 1, sizeof *names);
  if (!names) return dp_fail_nomem(err, "names");
  for (size_t i = 0; i < r->kpi_n; i++) names[i] = r->kpis[i].name;
  const char *meant = dp_str_suggest(name, names, r->kpi_n);
  enum dp_status status =
      meant ? dp_fail(err, DP_USAGE, "%s has no key figure '%s', did you mean '%s'?", r->path, name, meant)
            : dp_fail(err, DP_USAGE, "%s has no key figure '%s' (depinsim kpi %s lists them)", r->path, name, r->path);
  free(names);
  return status;
}

static enum dp_status explain_run(struct dp_str *out, const struct dp_result *r, const char *name, struct dp_err *err) {
  const struct dp_kpi_value *value = dp_kpi_find(r->kpis, r->kpi_n, name);
  const char *label = name + strcspn(name, "@");
  struct dp_series_set set;
  char text[32];
  if (!value) return unknown(r, name, err);
  dp_str_printf(out, "%s = %s %s\n", name, dp_svg_number(value->integer ? dp_i128_to_double(value->count) : value->value, text),
                value->unit && strcmp(value->unit, "1") != 0 ? value->unit : "");
  dp_str_printf(out, "%s\n", value->doc ? value->doc : "");
  const struct dp_declared d = dp__explain_declared(out, name);
  if (!d.metric) return DP_OK;
  dp_str_append(out, "made of\n");
  DP_TRY(dp_series_read(r, &set, err));
  label += *label == '@';
  put_metric(out, &set, d.model, label, d.kpi->metric);
  if (d.kpi->over) put_metric(out, &set, d.model, label, d.kpi->over);
  const struct dp_series_group *own;
  struct dp_str group = {0};
  dp_str_printf(&group, "%s%s%s", d.model->name, *label ? "." : "", label);
  const struct dp_series *s = dp_series_find(&set, dp_str_text(&group), d.kpi->metric, &own);
  dp_str_fini(&group);
  if (s && own->n > CHANGES_LEAST) put_companions(out, &set, own, s);
  dp_series_fini(&set);
  return out->failed ? dp_fail_nomem(err, "an explanation") : DP_OK;
}

enum dp_status dp_explain(struct dp_str *out, struct dp_result *r, const char *name, struct dp_err *err) {
  if (dp_result_is_sweep(r)) return dp__explain_sweep(out, r, name, err);
  return explain_run(out, r, name, err);
}
