/* analysis/sweep_report.c — the points of a sweep as tables for people, as CSV, as JSON. */
#include "analysis/sweep_report.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_POINTS 50 /* for people; the file has all of them */

struct dp_sweep_report {
  const struct dp_sweep *sweep;
  struct dp_str *out;
  const struct dp_runner_kpi *kpis;
  size_t kpi_n, point_n; /* points so far */
  size_t failed_n;
  struct dp_sweep_stat *kept; /* [SHOWN_POINTS][kpi_n] */
};

static enum dp_text_format format_of(const struct dp_sweep_report *r) {
  return (enum dp_text_format)r->sweep->options->format;
}

/* ---- values ---- */

static const char *number_text(double x, char buf[40]) {
  if (!isfinite(x)) return "";
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(buf, 40, "%.*g", digits, x);
    double back = strtod(buf, NULL);
    if (!(back < x) && !(back > x)) break;
  }
  return buf;
}

static const char *short_text(double x, char buf[40]) {
  if (!isfinite(x)) return "-";
  snprintf(buf, 40, fabs(x) >= 1e5 && fabs(x) < 1e12 ? "%.0f" : "%.6g", x);
  return buf;
}

static const char *axis_text(const struct dp_study *s, size_t point, size_t axis, char buf[40]) {
  double x = s->points[point * s->axis_n + axis];
  return s->axes[axis].texts ? s->axes[axis].texts[(size_t)x] : number_text(x, buf);
}

/* ---- CSV ---- */

static void csv_text(struct dp_str *out, const char *text) {
  if (!strpbrk(text, ",\"\r\n")) {
    dp_str_append(out, text);
    return;
  }
  dp_str_append(out, "\"");
  for (; *text; text++) dp_str_append_n(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
  dp_str_append(out, "\"");
}

static void csv_head(struct dp_sweep_report *r) {
  const struct dp_study *s = r->sweep->study;
  dp_str_append(r->out, "point");
  for (size_t i = 0; i < s->axis_n; i++) dp_str_printf(r->out, ",%s", s->axes[i].name);
  dp_str_append(r->out, ",kpi,unit,n,mean,half_width,p5,p50,p95\n");
}

static void csv_point(struct dp_sweep_report *r, size_t point, const struct dp_sweep_stat *stats) {
  const struct dp_study *s = r->sweep->study;
  for (size_t k = 0; k < r->kpi_n; k++) {
    const struct dp_sweep_stat *v = &stats[k];
    const double numbers[] = {v->interval.mean, v->interval.half_width, v->p5, v->p50, v->p95};
    char buf[40];
    dp_str_printf(r->out, "%zu", point);
    for (size_t i = 0; i < s->axis_n; i++) {
      dp_str_append(r->out, ",");
      csv_text(r->out, axis_text(s, point, i, buf));
    }
    dp_str_printf(r->out, ",%s,%s,%zu", r->kpis[k].name, r->kpis[k].unit, v->interval.n);
    for (size_t i = 0; i < 5; i++) dp_str_printf(r->out, ",%s", number_text(numbers[i], buf));
    dp_str_append(r->out, "\n");
  }
}

/* ---- JSON ---- */

static json_t *json_number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *json_stat(const struct dp_sweep_stat *v) {
  return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "n", (json_int_t)v->interval.n, "mean",
                   json_number(v->interval.mean), "half_width", json_number(v->interval.half_width), "p5",
                   json_number(v->p5), "p50", json_number(v->p50), "p95", json_number(v->p95));
}

/* One object a point, so that no tree of all of them is ever in memory. */
static void json_point(struct dp_sweep_report *r, size_t point, const struct dp_sweep_stat *stats, size_t failed_n) {
  const struct dp_study *s = r->sweep->study;
  json_t *set = json_object(), *kpis = json_object();
  for (size_t i = 0; i < s->axis_n; i++) {
    double x = s->points[point * s->axis_n + i];
    json_object_set_new(set, s->axes[i].name,
                        s->axes[i].texts ? json_string(s->axes[i].texts[(size_t)x]) : json_number(x));
  }
  for (size_t k = 0; k < r->kpi_n; k++) json_object_set_new(kpis, r->kpis[k].name, json_stat(&stats[k]));
  json_t *root = json_pack("{s:I, s:o, s:I, s:o}", "point", (json_int_t)point, "set", set, "failed_n",
                           (json_int_t)failed_n, "kpi", kpis);
  char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
  if (text) dp_str_printf(r->out, "%s%s", point ? ",\n" : "\n", text);
  else r->out->failed = true;
  free(text);
  json_decref(root);
}

static void json_head(struct dp_sweep_report *r) {
  json_t *units = json_object();
  for (size_t k = 0; k < r->kpi_n; k++) json_object_set_new(units, r->kpis[k].name, json_string(r->kpis[k].unit));
  json_t *name = json_string(dp_scenario_spec(r->sweep->study->scenario)->name);
  json_t *given = json_string(dp_runner_conditional(r->sweep->runner));
  char *a = json_dumps(name, JSON_ENCODE_ANY), *b = json_dumps(given, JSON_ENCODE_ANY), *c = json_dumps(units, 0);
  if (a && b && c)
    dp_str_printf(r->out, "{\"scenario\": %s, \"conditional\": %s, \"units\": %s, \"points\": [", a, b, c);
  else r->out->failed = true;
  free(a);
  free(b);
  free(c);
  json_decref(given);
  json_decref(name);
  json_decref(units);
}

/* ---- for people ---- */

bool dp_sweep_shows(const struct dp_study *study, size_t k, const char *kpi) {
  size_t n;
  const struct dp_expectation *e = dp_scenario_expectations(study->scenario, &n);
  if (study->kpi_n) return true;
  for (size_t i = 0; i < n; i++)
    if (strcmp(e[i].kpi, kpi) == 0) return true;
  return n == 0 && k == 0;
}

static void table(struct dp_sweep_report *r, size_t k) {
  const struct dp_study *s = r->sweep->study;
  const struct dp_runner_kpi *kpi = &r->kpis[k];
  char buf[40];
  dp_str_printf(r->out, "\n%s%s%s%s\n%6s", kpi->name, strcmp(kpi->unit, "1") ? " (" : "",
                strcmp(kpi->unit, "1") ? kpi->unit : "", strcmp(kpi->unit, "1") ? ")" : "", "point");
  for (size_t i = 0; i < s->axis_n; i++) dp_str_printf(r->out, "  %12s", s->axes[i].name);
  dp_str_printf(r->out, "  %12s  %12s  %12s  %12s  %12s  %4s\n", "mean", "+- 95 %", "p5", "p50", "p95", "n");
  for (size_t p = 0; p < r->point_n && p < SHOWN_POINTS; p++) {
    const struct dp_sweep_stat *v = &r->kept[p * r->kpi_n + k];
    const double numbers[] = {v->interval.mean, v->interval.half_width, v->p5, v->p50, v->p95};
    dp_str_printf(r->out, "%6zu", p);
    for (size_t i = 0; i < s->axis_n; i++) {
      double x = s->points[p * s->axis_n + i];
      int w = 12 > strlen(s->axes[i].name) ? 12 : (int)strlen(s->axes[i].name);
      dp_str_printf(r->out, "  %*s", w, s->axes[i].texts ? s->axes[i].texts[(size_t)x] : short_text(x, buf));
    }
    for (size_t i = 0; i < 5; i++) dp_str_printf(r->out, "  %12s", short_text(numbers[i], buf));
    dp_str_printf(r->out, "  %4zu\n", v->interval.n);
  }
}

static void tables(struct dp_sweep_report *r) {
  const struct dp_study *s = r->sweep->study;
  size_t hidden = 0;
  dp_str_printf(r->out, "%s: %zu point%s, %zu runs", dp_scenario_spec(s->scenario)->name, s->point_n,
                s->point_n == 1 ? "" : "s", r->sweep->done_n);
  if (r->failed_n) dp_str_printf(r->out, ", %zu of them failed", r->failed_n);
  dp_str_append(r->out, "\n");
  const char *conditional = dp_runner_conditional(r->sweep->runner);
  if (conditional[0])
    dp_str_printf(r->out, "conditional: given by the scenario and not made by the runs: %s\n", conditional);
  for (size_t k = 0; k < r->kpi_n; k++) {
    if (dp_sweep_shows(s, k, r->kpis[k].name)) table(r, k);
    else hidden++;
  }
  if (r->point_n > SHOWN_POINTS || hidden) dp_str_append(r->out, "\n");
  if (r->point_n > SHOWN_POINTS)
    dp_str_printf(r->out, "%zu more points are in %s (--format csv shows all)\n", r->point_n - SHOWN_POINTS,
                  r->sweep->options->output);
  if (hidden)
    dp_str_printf(r->out, "%zu more key figures are in %s (kpis = { … } chooses)\n", hidden, r->sweep->options->output);
}

/* ---- public ---- */

enum dp_status dp__sweep_report_new(const struct dp_sweep *s, struct dp_str *out, struct dp_sweep_report **report,
                                    struct dp_err *err) {
  struct dp_sweep_report *r = *report = calloc(1, sizeof *r);
  if (r == NULL) return dp_fail_nomem(err, "the table");
  r->sweep = s;
  r->out = out;
  r->kpis = dp_runner_kpis(s->runner, &r->kpi_n);
  r->kept = calloc(SHOWN_POINTS * r->kpi_n + 1, sizeof *r->kept);
  if (!r->kept) return dp_fail_nomem(err, "the table");
  if (format_of(r) == DP_TEXT_CSV) csv_head(r);
  if (format_of(r) == DP_TEXT_JSON) json_head(r);
  return DP_OK;
}

void dp__sweep_report_point(struct dp_sweep_report *r, size_t point, const struct dp_sweep_stat *stats,
                            size_t failed_n) {
  r->failed_n += failed_n;
  if (format_of(r) == DP_TEXT_CSV) csv_point(r, point, stats);
  if (format_of(r) == DP_TEXT_JSON) json_point(r, point, stats, failed_n);
  if (point < SHOWN_POINTS) memcpy(r->kept + point * r->kpi_n, stats, r->kpi_n * sizeof *stats);
  r->point_n++;
}

void dp__sweep_report_end(struct dp_sweep_report *r) {
  if (r == NULL) return;
  if (r->kept && format_of(r) == DP_TEXT_PLAIN) tables(r);
  if (format_of(r) == DP_TEXT_JSON) dp_str_append(r->out, "\n]}\n");
  free(r->kept);
  free(r);
}
