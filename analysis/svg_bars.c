/* analysis/svg_bars.c — bars, waterfalls, tornados, heat maps. */
#include "analysis/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/svg_axes.h"

#define ROW_HEIGHT 24
#define LABEL_WIDTH 150
#define VALUE_WIDTH 62

/* Where bars end: labels on the left, values on the right. */
static struct dp_svg_axis bar_axis(struct dp_svg_range range) {
  struct dp_svg_axis a = dp_svg_axis_of(range, LABEL_WIDTH + 6, DP_SVG_WIDTH - VALUE_WIDTH, false, 4);
  return a;
}

static void bar_label(struct dp_str *out, const char *label, double y) {
  dp_str_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LABEL_WIDTH, y + 4);
  dp_str_xml(out, label);
  dp_str_append(out, "</text>");
}

static void bar_rect(struct dp_str *out, double from, double to, double y, size_t colour) {
  dp_str_printf(out, "<rect class=\"area c%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>", colour,
                fmin(from, to), y - 8, fmax(fabs(to - from), 0.8), 16);
}

/* How well a bar's end is known. */
static void note_whisker(struct dp_svg_range *range, double low, double high) {
  if (!(low < high)) return;
  dp_svg_note(range, low, false);
  dp_svg_note(range, high, false);
}

static void put_whisker(struct dp_str *out, const struct dp_svg_axis *a, double low, double high, double y) {
  if (!isfinite(low) || !isfinite(high) || !(low < high)) return;
  dp_str_printf(out, "<path class=\"line whisker\" d=\"M%.1f %.1fv6m0 -3H%.1fm0 -3v6\"/>", dp_svg_at(a, low), y - 3,
                dp_svg_at(a, high));
}

static void bar_frame(struct dp_str *out, const struct dp_svg_frame *frame, const struct dp_svg_axis *a, size_t n) {
  const double bottom = 8 + ROW_HEIGHT * (double)n;
  char text[32];
  dp_svg_open(out, frame, bottom + 40);
  for (size_t i = 0; i < a->tick_n; i++) {
    const double at = dp_svg_at(a, a->ticks[i]);
    dp_str_printf(out, "<path class=\"grid\" d=\"M%.1f 4V%.1f\"/><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
                  at, bottom, at, bottom + 14, dp_svg_number(a->ticks[i], text));
  }
  dp_str_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">", DP_SVG_WIDTH / 2, bottom + 31);
  dp_str_xml(out, frame->x_label);
  dp_str_append(out, "</text>");
}

void dp_svg_bars(struct dp_str *out, const struct dp_svg_frame *frame, const struct dp_svg_bar *bars, size_t n,
                 bool waterfall) {
  struct dp_svg_range range = {0, 0};
  double level = 0;
  char text[32];
  for (size_t i = 0; i < n; i++) {
    const double from = waterfall && !bars[i].total ? level : 0;
    level = from + (isfinite(bars[i].value) ? bars[i].value : 0);
    dp_svg_note(&range, level, false);
    note_whisker(&range, bars[i].low, bars[i].high);
  }
  if (n == 0) {
    dp_svg_empty(out, frame);
    return;
  }
  const struct dp_svg_axis a = bar_axis(range);
  bar_frame(out, frame, &a, n);
  level = 0;
  for (size_t i = 0; i < n; i++) {
    const double y = 8 + ROW_HEIGHT * ((double)i + 0.5), value = isfinite(bars[i].value) ? bars[i].value : 0;
    const double from = waterfall && !bars[i].total ? level : 0;
    level = from + value;
    bar_label(out, bars[i].label, y);
    bar_rect(out, dp_svg_at(&a, from), dp_svg_at(&a, level), y, waterfall ? (bars[i].total ? 0 : value < 0 ? 5 : 2) : 0);
    put_whisker(out, &a, bars[i].low, bars[i].high, y);
    dp_str_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>", DP_SVG_WIDTH - 2, y + 4,
                  dp_svg_number(bars[i].value, text));
  }
  dp_svg_close(out, NULL, 0);
}

void dp_svg_tornado(struct dp_str *out, const struct dp_svg_frame *frame, double base, const struct dp_svg_span *spans,
                    size_t n) {
  struct dp_svg_range range = {base, base};
  static const char *const labels[] = {"at the lower value", "at the higher value"};
  for (size_t i = 0; i < n; i++) {
    dp_svg_note(&range, spans[i].low, false);
    dp_svg_note(&range, spans[i].high, false);
    for (int end = 0; end < 2; end++) note_whisker(&range, spans[i].whisker[end][0], spans[i].whisker[end][1]);
  }
  if (n == 0 || !isfinite(base)) {
    dp_svg_empty(out, frame);
    return;
  }
  const struct dp_svg_axis a = bar_axis(range);
  bar_frame(out, frame, &a, n);
  for (size_t i = 0; i < n; i++) {
    const double y = 8 + ROW_HEIGHT * ((double)i + 0.5);
    bar_label(out, spans[i].label, y);
    if (isfinite(spans[i].low)) bar_rect(out, dp_svg_at(&a, base), dp_svg_at(&a, spans[i].low), y, 0);
    if (isfinite(spans[i].high)) bar_rect(out, dp_svg_at(&a, base), dp_svg_at(&a, spans[i].high), y, 1);
    for (int end = 0; end < 2; end++) /* beside each other: both ends may lie on one side */
      put_whisker(out, &a, spans[i].whisker[end][0], spans[i].whisker[end][1], y + (end ? 4 : -4));
  }
  dp_str_printf(out, "<path class=\"line\" d=\"M%.1f 4V%.1f\"/>", dp_svg_at(&a, base), 8 + ROW_HEIGHT * (double)n);
  dp_svg_close(out, labels, 2);
}

/* ---- heat maps ---- */

/* Dark to light through one hue; both ends tell apart from the page in light and dark. */
static void heat_colour(struct dp_str *out, double share) {
  const double from[3] = {48, 18, 92}, middle[3] = {33, 145, 140}, to[3] = {253, 231, 37};
  int rgb[3];
  for (int i = 0; i < 3; i++) {
    const double *a = share < 0.5 ? from : middle, *b = share < 0.5 ? middle : to;
    rgb[i] = (int)lround(a[i] + (b[i] - a[i]) * (share < 0.5 ? share * 2 : share * 2 - 1));
  }
  dp_str_printf(out, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
}

static void heat_axis(struct dp_str *out, const double *values, const char *const *names, size_t n, double from, double to,
                      bool vertical) {
  char text[32];
  const size_t stride = (n + 5) / 6;
  for (size_t i = 0; i < n; i += stride) {
    const double at = from + (to - from) * ((double)i + 0.5) / (double)n;
    dp_str_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", vertical ? DP_SVG_LEFT - 5 : at,
                  vertical ? at + 4 : DP_SVG_BOTTOM + 15, vertical ? "end" : "middle");
    if (names) snprintf(text, sizeof text, vertical ? "%.7s" : "%.10s", names[i]); /* what fits beside the axis */
    dp_str_xml(out, names ? text : dp_svg_number(values[i], text));
    dp_str_append(out, "</text>");
  }
}

static void fix_scale(const struct dp_svg_frame *frame, struct dp_svg_range *range) {
  if (frame->scale_high > frame->scale_low) *range = (struct dp_svg_range){frame->scale_low, frame->scale_high};
}

static void heat_scale(struct dp_str *out, struct dp_svg_range range, const char *label) {
  char low[32], high[32];
  dp_str_append(out, "</svg><div class=\"legend\"><span>");
  dp_str_xml(out, label);
  dp_str_printf(out, ": %s</span><span class=\"ramp\">", dp_svg_number(range.low, low));
  for (int i = 0; i < 16; i++) {
    dp_str_append(out, "<i style=\"background:");
    heat_colour(out, i / 15.0);
    dp_str_append(out, "\"></i>");
  }
  dp_str_printf(out, "</span><span>%s</span></div></figure>\n", dp_svg_number(range.high, high));
}

void dp_svg_heat(struct dp_str *out, const struct dp_svg_frame *frame, const double *x, size_t x_n, const double *y,
                 size_t y_n, const double *values, const char *value_label) {
  struct dp_svg_range range = DP_SVG_RANGE;
  for (size_t i = 0; i < x_n * y_n; i++) dp_svg_note(&range, values[i], false);
  if (!(range.low <= range.high)) {
    dp_svg_empty(out, frame);
    return;
  }
  fix_scale(frame, &range);
  const double w = (double)(DP_SVG_RIGHT - DP_SVG_LEFT) / (double)x_n, h = (double)(DP_SVG_BOTTOM - DP_SVG_TOP) / (double)y_n;
  const struct dp_svg_axis none = {.high = 1, .to = 1};
  dp_svg_open(out, frame, DP_SVG_HEIGHT);
  dp_svg_grid(out, frame, &none, &none);
  for (size_t k = 0; k < y_n; k++)
    for (size_t i = 0; i < x_n; i++) {
      const double v = values[k * x_n + i];
      if (!isfinite(v)) { /* crossed out */
        dp_str_printf(out, "<path class=\"grid\" d=\"M%.2f %.2fl%.2f %.2f\"/>", DP_SVG_LEFT + w * (double)i,
                      DP_SVG_BOTTOM - h * (double)(k + 1), w, h);
        continue;
      }
      dp_str_printf(out, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"", DP_SVG_LEFT + w * (double)i,
                    DP_SVG_BOTTOM - h * (double)(k + 1), w + 0.3, h + 0.3);
      heat_colour(out, range.high > range.low ? (v - range.low) / (range.high - range.low) : 0.5);
      dp_str_append(out, "\"/>");
    }
  heat_axis(out, x, frame->x_names, x_n, DP_SVG_LEFT, DP_SVG_RIGHT, false);
  heat_axis(out, y, frame->y_names, y_n, DP_SVG_BOTTOM, DP_SVG_TOP, true);
  heat_scale(out, range, value_label);
}

void dp_svg_cloud(struct dp_str *out, const struct dp_svg_frame *frame, const double *x, const double *y, const double *v,
                  size_t n, const char *value_label) {
  struct dp_svg_range x_range = DP_SVG_RANGE, y_range = DP_SVG_RANGE, range = DP_SVG_RANGE;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(x[i]) || !isfinite(y[i]) || !isfinite(v[i])) continue;
    dp_svg_note(&x_range, x[i], frame->log_x);
    dp_svg_note(&y_range, y[i], frame->log_y);
    dp_svg_note(&range, v[i], false);
  }
  if (!(range.low <= range.high) || !(x_range.low <= x_range.high) || !(y_range.low <= y_range.high)) {
    dp_svg_empty(out, frame);
    return;
  }
  fix_scale(frame, &range);
  const struct dp_svg_axis ax = dp_svg_axis_of(x_range, DP_SVG_LEFT, DP_SVG_RIGHT, frame->log_x, 5);
  const struct dp_svg_axis ay = dp_svg_axis_of(y_range, DP_SVG_BOTTOM, DP_SVG_TOP, frame->log_y, 5);
  dp_svg_open(out, frame, DP_SVG_HEIGHT);
  dp_svg_grid(out, frame, &ax, &ay);
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(x[i]) || !isfinite(y[i]) || !isfinite(v[i])) continue;
    dp_str_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"", dp_svg_at(&ax, x[i]), dp_svg_at(&ay, y[i]));
    heat_colour(out, range.high > range.low ? (v[i] - range.low) / (range.high - range.low) : 0.5);
    dp_str_append(out, "\"/>");
  }
  heat_scale(out, range, value_label);
}
