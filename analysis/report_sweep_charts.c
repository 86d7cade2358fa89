/* analysis/report_sweep_charts.c — pictures of a sweep. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_sweep.h"
#include "analysis/svg.h"

#define HEAT_MOST 60    /* levels of an axis of a heat map; beyond, points in colours */
#define POINTS_MOST 2000 /* in one picture */
#define CHARTS_MOST 24  /* of scatters */
#define FANS_MOST 4     /* points whose bands are drawn over each other */

/* ---- maps ---- */

static size_t level_of(const struct dp_swept_axis *a, double value) {
  size_t low = 0, high = a->level_n;
  while (low + 1 < high) {
    const size_t middle = (low + high) / 2;
    if (a->levels[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

/* Over two parameters: mean over the points of each cell, so over all others. */
static enum dp_status put_heat(struct dp_str *out, const struct dp_swept *s, const struct dp_svg_frame *frame, size_t i,
                               size_t j, const double *values, const char *unit, struct dp_err *err) {
  const struct dp_swept_axis *a = &s->axes[i], *b = &s->axes[j];
  const size_t n = a->level_n * b->level_n;
  double *cells = calloc(2 * n + 1, sizeof *cells), *count = cells + n;
  if (!cells) return dp_fail_nomem(err, "a map");
  for (size_t p = 0; p < s->point_n; p++) {
    const size_t at = level_of(b, b->values[p]) * a->level_n + level_of(a, a->values[p]);
    if (!isfinite(values[p])) continue;
    cells[at] += values[p];
    count[at] += 1;
  }
  for (size_t c = 0; c < n; c++) cells[c] = count[c] > 0 ? cells[c] / count[c] : (double)NAN;
  struct dp_svg_frame f = *frame;
  f.x_label = a->label;
  f.y_label = b->label;
  f.x_names = (const char *const *)a->texts;
  f.y_names = (const char *const *)b->texts;
  dp_svg_heat(out, &f, a->levels, a->level_n, b->levels, b->level_n, cells, unit);
  free(cells);
  return DP_OK;
}

/* Order of the points along an axis. */
struct at {
  double x;
  size_t point;
};

static int by_place(const void *a, const void *b) {
  const struct at *p = a, *q = b;
  return p->x > q->x ? 1 : p->x < q->x ? -1 : (p->point > q->point) - (p->point < q->point);
}

/* Over one parameter: a line, with a band where there is one. */
static enum dp_status put_line(struct dp_str *out, const struct dp_swept *s, const struct dp_svg_frame *frame,
                               const double *values, const double *low, const double *high, struct dp_err *err) {
  const size_t n = s->point_n;
  struct at *order = calloc(n + 1, sizeof *order);
  double *x = calloc(4 * n + 1, sizeof *x);
  if (!order || !x) {
    free(order);
    free(x);
    return dp_fail_nomem(err, "a line");
  }
  for (size_t p = 0; p < n; p++) order[p] = (struct at){s->axes[0].values[p], p};
  qsort(order, n, sizeof *order, by_place);
  for (size_t k = 0; k < n; k++) {
    x[k] = order[k].x;
    x[n + k] = values[order[k].point];
    x[2 * n + k] = low ? low[order[k].point] : 0;
    x[3 * n + k] = high ? high[order[k].point] : 0;
  }
  const struct dp_svg_line line = {.label = low ? "mean; 90 % of the runs lie in the band" : "mean", .x = x, .y = x + n, .n = n,
                                   .low = low ? x + 2 * n : NULL, .high = high ? x + 3 * n : NULL};
  dp_svg_lines(out, frame, &line, 1, false);
  free(order);
  free(x);
  return DP_OK;
}

/* Over a parameter of texts: bars. */
static enum dp_status put_bars(struct dp_str *out, const struct dp_swept *s, const struct dp_svg_frame *frame,
                               const double *values, const char *unit, struct dp_err *err) {
  const struct dp_swept_axis *a = &s->axes[0];
  struct dp_svg_bar *bars = calloc(a->level_n + 1, sizeof *bars);
  if (!bars) return dp_fail_nomem(err, "bars");
  for (size_t p = 0; p < s->point_n; p++)
    bars[(size_t)a->values[p]] =
        (struct dp_svg_bar){.label = a->texts[(size_t)a->values[p]], .value = values[p], .total = true};
  struct dp_svg_frame f = *frame;
  f.x_label = unit;
  dp_svg_bars(out, &f, bars, a->level_n, false);
  free(bars);
  return DP_OK;
}

static bool is_grid(const struct dp_swept *s) {
  for (size_t i = 0; i < 2; i++)
    if (s->axes[i].level_n > HEAT_MOST) return false;
  return s->axes[0].level_n * s->axes[1].level_n <= s->point_n;
}

enum dp_status dp_report_sweep_map(struct dp_str *out, const struct dp_report_sweep *r, const char *title,
                                   const char *unit, const double *values, const double *low, const double *high,
                                   struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  if (s->axis_n == 0 || s->point_n < 2) return DP_OK;
  struct dp_svg_frame frame = {.title = title, .x_label = s->axes[0].label, .y_label = unit, .log_x = s->axes[0].log};
  if (strncmp(unit, "share", 5) == 0) frame.scale_high = 1; /* all or none, whatever came out */
  if (s->axis_n == 1 && s->axes[0].texts) return put_bars(out, s, &frame, values, unit, err);
  if (s->axis_n == 1) return put_line(out, s, &frame, values, low, high, err);
  if (is_grid(s)) {
    struct dp_str longer = {0};
    dp_str_append(&longer, title);
    if (s->axis_n > 2) dp_str_append(&longer, ", mean over the other parameters");
    struct dp_svg_frame f = frame;
    f.title = dp_str_text(&longer);
    enum dp_status status = put_heat(out, s, &f, 0, 1, values, unit, err);
    dp_str_fini(&longer);
    return status;
  }
  for (size_t i = 0, n = 0; i + 1 < s->axis_n && n < 3; i++) /* pairs, three at most */
    for (size_t j = i + 1; j < s->axis_n && n < 3; j++, n++) {
      struct dp_svg_frame f = frame;
      f.x_label = s->axes[i].label;
      f.y_label = s->axes[j].label;
      f.log_x = s->axes[i].log;
      f.log_y = s->axes[j].log;
      dp_svg_cloud(out, &f, s->axes[i].values, s->axes[j].values, values, s->point_n < POINTS_MOST ? s->point_n : POINTS_MOST,
                   unit);
    }
  return DP_OK;
}

/* ---- key figures ---- */

/* A key figure over each parameter, a point of the picture a point of the sweep. */
static void put_scatters(struct dp_str *out, const struct dp_swept *s, const char *title, const char *unit,
                         const double *values, size_t *chart_n) {
  for (size_t i = 0; i < s->axis_n && *chart_n < CHARTS_MOST; i++, ++*chart_n) {
    struct dp_str over = {0};
    dp_str_printf(&over, "%s over %s", title, s->axes[i].name);
    const struct dp_svg_frame frame = {
        .title = dp_str_text(&over), .x_label = s->axes[i].label, .y_label = unit, .log_x = s->axes[i].log};
    dp_svg_points(out, &frame, s->axes[i].values, values, s->point_n < POINTS_MOST ? s->point_n : POINTS_MOST);
    dp_str_fini(&over);
  }
}

static enum dp_status put_figure(struct dp_str *out, const struct dp_report_sweep *r, size_t k, size_t *chart_n,
                                 struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  const char *name = s->kpis[k].name, *unit = dp_unit_text(name, s->kpis[k].unit);
  double *mean = NULL, *low = NULL, *high = NULL;
  enum dp_status status = dp_swept_summary(s, name, "mean", &mean, err);
  if (status == DP_OK) status = dp_swept_summary(s, name, "p5", &low, err);
  if (status == DP_OK) status = dp_swept_summary(s, name, "p95", &high, err);
  if (status == DP_OK && s->axis_n > 1 && !is_grid(s)) put_scatters(out, s, name, unit, mean, chart_n);
  else if (status == DP_OK) status = dp_report_sweep_map(out, r, name, unit, mean, low, high, err);
  free(mean);
  free(low);
  free(high);
  return status;
}

enum dp_status dp_report_sweep_figures(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  enum dp_status status = DP_OK;
  size_t chart_n = 0;
  dp_html_section(out, "figures", r->tune ? "Every design that was looked at" : "What came out");
  dp_str_append(out, "<p class=\"soft\">Means over a point's runs.</p><div class=\"charts\">\n");
  for (size_t i = 0; i < r->drawn_n && status == DP_OK && chart_n < CHARTS_MOST; i++)
    status = put_figure(out, r, r->drawn[i], &chart_n, err);
  dp_str_append(out, "</div>\n");
  if (r->drawn_n == 0) dp_str_append(out, "<p class=\"flag\">No key figure differs between the points.</p>\n");
  if (s->kpi_n > r->drawn_n && !r->tune)
    dp_str_printf(out, "<p class=\"soft\">%zu more key figures are in the tables below: the same at every point, or less often "
                       "asked for.</p>\n", s->kpi_n - r->drawn_n);
  dp_html_end(out);
  return status;
}

/* ---- series ---- */

/* The points whose fans are drawn: those asked for, or some from first to last. */
static enum dp_status choose_points(const struct dp_report_sweep *r, size_t *points, size_t *n, struct dp_err *err) {
  const size_t all = r->swept.point_n, most = all < FANS_MOST ? all : FANS_MOST;
  *n = r->options->point_n;
  for (size_t i = 0; i < *n; i++) {
    if (r->options->points[i] >= all)
      return dp_fail(err, DP_USAGE, "--points: there is no point %zu (they are 0 to %zu)", r->options->points[i], all - 1);
    points[i] = r->options->points[i];
  }
  if (*n) return DP_OK;
  *n = most;
  for (size_t i = 0; i < most; i++) points[i] = most > 1 ? i * (all - 1) / (most - 1) : 0;
  return DP_OK;
}

static enum dp_status put_fan(struct dp_str *out, const struct dp_swept *s, const struct dp_swept_name *series,
                              const size_t *points, size_t n, struct dp_err *err) {
  const struct dp_report_clock clock = dp_report_clock_of(s->result->duration_ns);
  struct dp_svg_line lines[DP_REPORT_POINTS];
  struct dp_str labels[DP_REPORT_POINTS] = {0};
  double *x = calloc((3 * n + 1) * s->band_n + 1, sizeof *x);
  enum dp_status status = x ? DP_OK : dp_fail_nomem(err, "a fan");
  for (size_t b = 0; x && b < s->band_n; b++) x[b] = s->time_s[b] / clock.unit_s;
  for (size_t i = 0; i < n && status == DP_OK; i++) {
    double *mean = x + (3 * i + 1) * s->band_n, *low = mean + s->band_n, *high = low + s->band_n;
    status = dp_swept_band(s, series->name, "mean", points[i], mean, err);
    if (status == DP_OK) status = dp_swept_band(s, series->name, "p5", points[i], low, err);
    if (status == DP_OK) status = dp_swept_band(s, series->name, "p95", points[i], high, err);
    dp_swept_point_text(&labels[i], s, points[i]);
    lines[i] = (struct dp_svg_line){dp_str_text(&labels[i]), x, mean, low, high, s->band_n};
  }
  if (status == DP_OK) {
    const char *unit = dp_unit_text(series->name, series->unit);
    dp_svg_lines(out, &(struct dp_svg_frame){.title = series->name, .x_label = clock.label, .y_label = unit}, lines, n, false);
  }
  for (size_t i = 0; i < n; i++) dp_str_fini(&labels[i]);
  free(x);
  return status;
}

enum dp_status dp_report_sweep_bands(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  size_t points[DP_REPORT_POINTS], n;
  if (s->series_n == 0 || s->point_n == 0) return DP_OK;
  DP_TRY(choose_points(r, points, &n, err));
  enum dp_status status = DP_OK;
  dp_html_section(out, "series", "Over time");
  dp_str_append(out, "<p class=\"soft\">Lines are means of a point's runs; 90 % of the runs lie in the band around it.");
  if (r->options->point_n == 0 && s->point_n > n) dp_str_printf(out, " %zu of %zu points; --points chooses.", n, s->point_n);
  dp_str_append(out, "</p><div class=\"charts\">\n");
  for (size_t i = 0; i < s->series_n && status == DP_OK; i++) status = put_fan(out, s, &s->series[i], points, n, err);
  dp_str_append(out, "</div>\n");
  dp_html_end(out);
  return status;
}
