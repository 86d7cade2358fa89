/* analysis/svg.c — lines, areas, points, histograms. */
#include "analysis/svg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/svg_axes.h"
#include "base/memory.h"

#define LINES_MAX 64

/* ---- lines ---- */

struct axes {
  struct dp_svg_axis x, y;
};

static bool drawn(const struct dp_svg_frame *f, double x, double y) {
  return isfinite(x) && isfinite(y) && (!f->log_x || x > 0) && (!f->log_y || y > 0);
}

static bool axes_of(const struct dp_svg_frame *f, struct dp_svg_range x, struct dp_svg_range y, struct axes *a) {
  return dp_svg_axes_of(f, x, y, &a->x, &a->y);
}

static void path_of(struct dp_str *out, const struct dp_svg_frame *f, const struct axes *a, const double *x,
                    const double *y, size_t n) {
  bool pen = false;
  for (size_t i = 0; i < n; i++) {
    if (!drawn(f, x[i], y[i])) {
      pen = false;
      continue;
    }
    dp_str_printf(out, "%c%.1f %.1f", pen ? 'L' : 'M', dp_svg_at(&a->x, x[i]), dp_svg_at(&a->y, y[i]));
    pen = true;
  }
}

/* Between two curves over the same x. */
static void area(struct dp_str *out, const struct dp_svg_frame *f, const struct axes *a, const double *x, const double *low,
                 const double *high, size_t n, size_t colour, const char *kind) {
  bool pen = false;
  dp_str_printf(out, "<path class=\"%s c%zu\" d=\"", kind, colour % DP_SVG_COLOURS);
  for (size_t i = 0; i < n; i++) {
    if (!drawn(f, x[i], high[i]) || !drawn(f, x[i], low[i])) continue;
    dp_str_printf(out, "%c%.1f %.1f", pen ? 'L' : 'M', dp_svg_at(&a->x, x[i]), dp_svg_at(&a->y, high[i]));
    pen = true;
  }
  for (size_t i = n; i-- > 0;)
    if (drawn(f, x[i], high[i]) && drawn(f, x[i], low[i]))
      dp_str_printf(out, "L%.1f %.1f", dp_svg_at(&a->x, x[i]), dp_svg_at(&a->y, low[i]));
  dp_str_append(out, pen ? "Z\"/>" : "\"/>");
}

static void note_line(const struct dp_svg_frame *f, const struct dp_svg_line *l, struct dp_svg_range *x,
                      struct dp_svg_range *y) {
  for (size_t i = 0; i < l->n; i++) {
    dp_svg_note(x, l->x[i], f->log_x);
    dp_svg_note(y, l->y[i], f->log_y);
    if (l->low) dp_svg_note(y, l->low[i], f->log_y);
    if (l->high) dp_svg_note(y, l->high[i], f->log_y);
  }
}

static void draw_lines(struct dp_str *out, const struct dp_svg_frame *f, const struct dp_svg_line *lines, size_t line_n) {
  struct dp_svg_range x = DP_SVG_RANGE, y = DP_SVG_RANGE;
  struct axes a;
  const size_t first = f->colour % DP_SVG_COLOURS;
  const char *labels[LINES_MAX + DP_SVG_COLOURS] = {NULL};
  for (size_t k = 0; k < line_n; k++) {
    note_line(f, &lines[k], &x, &y);
    labels[first + k] = lines[k].label;
  }
  if (f->zero_y && y.low <= y.high) dp_svg_note(&y, 0, f->log_y);
  if (!axes_of(f, x, y, &a)) {
    dp_svg_empty(out, f);
    return;
  }
  dp_svg_open(out, f, DP_SVG_HEIGHT);
  dp_svg_grid(out, f, &a.x, &a.y);
  for (size_t k = 0; k < line_n; k++)
    if (lines[k].low && lines[k].high)
      area(out, f, &a, lines[k].x, lines[k].low, lines[k].high, lines[k].n, first + k, "band");
  if (f->zero_y && !f->log_y)
    dp_str_printf(out, "<path class=\"zero\" d=\"M%d %.1fH%d\"/>", DP_SVG_LEFT, dp_svg_at(&a.y, 0), DP_SVG_RIGHT);
  for (size_t k = 0; k < line_n; k++) {
    dp_str_printf(out, "<path class=\"line c%zu\" d=\"", (first + k) % DP_SVG_COLOURS);
    path_of(out, f, &a, lines[k].x, lines[k].y, lines[k].n);
    dp_str_append(out, "\"/>");
  }
  dp_svg_close(out, labels, line_n > 1 || lines[0].low ? first + line_n : 0);
}

/* Sums from below, [line_n + 1][n]; NULL without memory. */
static double *sums_of(const struct dp_svg_line *lines, size_t line_n) {
  const size_t n = lines[0].n;
  double *sums = dp_zeros((line_n + 1) * n + 1, sizeof *sums);
  for (size_t k = 0; sums && k < line_n; k++)
    for (size_t i = 0; i < n; i++)
      sums[(k + 1) * n + i] = sums[k * n + i] + (isfinite(lines[k].y[i]) ? lines[k].y[i] : 0);
  return sums;
}

static void draw_stack(struct dp_str *out, const struct dp_svg_frame *f, const struct dp_svg_line *lines, size_t line_n) {
  const size_t n = lines[0].n;
  struct dp_svg_range x = DP_SVG_RANGE, y = {0, 0};
  struct axes a;
  const char *labels[LINES_MAX];
  double *sums = sums_of(lines, line_n);
  if (!sums) {
    out->failed = true;
    return;
  }
  for (size_t i = 0; i < n; i++) dp_svg_note(&x, lines[0].x[i], f->log_x);
  for (size_t i = 0; i < (line_n + 1) * n; i++) dp_svg_note(&y, sums[i], false);
  if (axes_of(f, x, y, &a)) {
    dp_svg_open(out, f, DP_SVG_HEIGHT);
    dp_svg_grid(out, f, &a.x, &a.y);
    for (size_t k = 0; k < line_n; k++) {
      area(out, f, &a, lines[0].x, sums + k * n, sums + (k + 1) * n, n, k, "area");
      labels[k] = lines[k].label;
    }
    dp_svg_close(out, labels, line_n);
  } else {
    dp_svg_empty(out, f);
  }
  free(sums);
}

void dp_svg_lines(struct dp_str *out, const struct dp_svg_frame *frame, const struct dp_svg_line *lines, size_t line_n,
                  bool stacked) {
  if (line_n > LINES_MAX) line_n = LINES_MAX;
  if (line_n == 0) dp_svg_empty(out, frame);
  else if (stacked) draw_stack(out, frame, lines, line_n);
  else draw_lines(out, frame, lines, line_n);
}

/* ---- points ---- */

void dp_svg_points(struct dp_str *out, const struct dp_svg_frame *frame, const double *x, const double *y, size_t n) {
  struct dp_svg_range x_range = DP_SVG_RANGE, y_range = DP_SVG_RANGE;
  struct axes a;
  for (size_t i = 0; i < n; i++) {
    if (!drawn(frame, x[i], y[i])) continue;
    dp_svg_note(&x_range, x[i], frame->log_x);
    dp_svg_note(&y_range, y[i], frame->log_y);
  }
  if (!axes_of(frame, x_range, y_range, &a)) {
    dp_svg_empty(out, frame);
    return;
  }
  dp_svg_open(out, frame, DP_SVG_HEIGHT);
  dp_svg_grid(out, frame, &a.x, &a.y);
  for (size_t i = 0; i < n; i++)
    if (drawn(frame, x[i], y[i]))
      dp_str_printf(out, "<circle class=\"dot c0\" cx=\"%.1f\" cy=\"%.1f\" r=\"2\"/>", dp_svg_at(&a.x, x[i]),
                    dp_svg_at(&a.y, y[i]));
  dp_svg_close(out, NULL, 0);
}

/* ---- histograms ---- */

/* Width of a bucket as it is drawn: what lies below 0 of a logarithmic axis is left out. */
static double bucket_width(const struct dp_svg_frame *f, double low, double high) {
  if (!f->log_x) return high - low;
  return low > 0 ? log10(high / low) : 0;
}

void dp_svg_histogram(struct dp_str *out, const struct dp_svg_frame *frame, const double *low, double end,
                      const double *count, size_t n) {
  struct dp_svg_range x_range = DP_SVG_RANGE, y_range = {0, 0};
  struct axes a;
  double all = 0;
  for (size_t i = 0; i < n; i++) all += count[i];
  for (size_t i = 0; i < n; i++) {
    const double high = i + 1 < n ? low[i + 1] : end, width = bucket_width(frame, low[i], high);
    dp_svg_note(&x_range, low[i], frame->log_x);
    dp_svg_note(&x_range, high, frame->log_x);
    if (width > 0) dp_svg_note(&y_range, count[i] / all / width, false);
  }
  if (!(all > 0) || !(x_range.low < x_range.high)) {
    dp_svg_empty(out, frame);
    return;
  }
  a.x = dp_svg_axis_of(x_range, DP_SVG_LEFT, DP_SVG_RIGHT, frame->log_x, 5);
  a.y = dp_svg_axis_of(y_range, DP_SVG_BOTTOM, DP_SVG_TOP, false, 5);
  dp_svg_open(out, frame, DP_SVG_HEIGHT);
  dp_svg_grid(out, frame, &a.x, &a.y);
  dp_str_append(out, "<path class=\"area c0\" d=\"");
  for (size_t i = 0; i < n; i++) {
    const double high = i + 1 < n ? low[i + 1] : end, width = bucket_width(frame, low[i], high);
    if (!(width > 0) || !(count[i] > 0)) continue;
    dp_str_printf(out, "M%.1f %dV%.1fH%.1fV%dZ", dp_svg_at(&a.x, low[i]), DP_SVG_BOTTOM,
                  dp_svg_at(&a.y, count[i] / all / width), dp_svg_at(&a.x, high), DP_SVG_BOTTOM);
  }
  dp_str_append(out, "\"/>");
  dp_svg_close(out, NULL, 0);
}
