/* analysis/svg_axes.c — ticks, frames, legends. */
#include "analysis/svg_axes.h"

#include <math.h>
#include <stdio.h>

const char *dp_svg_number(double value, char buf[32]) {
  static const char *const letters[] = {"", " k", " M", " G", " T"};
  const double size = fabs(value);
  int k = 0;
  double shown = value;
  if (!isfinite(value)) return "-";
  if (size >= 1e15 || (size > 0 && size < 1e-4)) {
    snprintf(buf, 32, "%.3g", value);
    return buf;
  }
  while (fabs(shown) >= (k ? 999.95 : 9999.5) && k < 4) {
    shown /= 1000;
    k++;
  }
  snprintf(buf, 32, "%.4g%s", shown, letters[k]);
  return buf;
}

void dp_svg_note(struct dp_svg_range *range, double value, bool log) {
  if (!isfinite(value) || (log && value <= 0)) return;
  if (value < range->low) range->low = value;
  if (value > range->high) range->high = value;
}

static void linear_ticks(struct dp_svg_axis *a, size_t most) {
  const double span = a->high - a->low, rough = span / (double)most, size = pow(10, floor(log10(rough)));
  const double step = size * (rough / size <= 1 ? 1 : rough / size <= 2 ? 2 : rough / size <= 5 ? 5 : 10);
  a->low = floor(a->low / step + 1e-9) * step;
  a->high = ceil(a->high / step - 1e-9) * step;
  for (double t = a->low; t <= a->high + step / 2 && a->tick_n < DP_SVG_TICKS; t += step)
    a->ticks[a->tick_n++] = fabs(t) < step * 1e-9 ? 0 : t;
}

/* Powers of ten, thinned to what fits. */
static void log_ticks(struct dp_svg_axis *a, size_t most) {
  a->low = floor(log10(a->low) + 1e-9);
  a->high = ceil(log10(a->high) - 1e-9);
  if (a->high <= a->low) a->high = a->low + 1;
  const double step = ceil((a->high - a->low) / (double)most);
  for (double t = a->low; t <= a->high && a->tick_n < DP_SVG_TICKS; t += step) a->ticks[a->tick_n++] = pow(10, t);
}

struct dp_svg_axis dp_svg_axis_of(struct dp_svg_range range, double from, double to, bool log, size_t tick_most) {
  struct dp_svg_axis a = {.low = range.low, .high = range.high, .from = from, .to = to, .log = log};
  if (!log && !(a.high > a.low)) { /* a constant: room above and below */
    const double room = fabs(a.low) > 0 ? fabs(a.low) * 0.1 : 1;
    a.low -= room;
    a.high += room;
  }
  if (log) log_ticks(&a, tick_most);
  else linear_ticks(&a, tick_most);
  return a;
}

bool dp_svg_axes_of(const struct dp_svg_frame *f, struct dp_svg_range x_range, struct dp_svg_range y_range,
                    struct dp_svg_axis *x, struct dp_svg_axis *y) {
  if (!(x_range.low <= x_range.high) || !(y_range.low <= y_range.high)) return false;
  if (!f->log_y && y_range.low > 0 && y_range.low < 0.6 * y_range.high) y_range.low = 0;
  *x = dp_svg_axis_of(x_range, DP_SVG_LEFT, DP_SVG_RIGHT, f->log_x, 5);
  *y = dp_svg_axis_of(y_range, DP_SVG_BOTTOM, DP_SVG_TOP, f->log_y, 5);
  if (f->log_x || !(x_range.high > x_range.low)) return true;
  x->low = x_range.low;
  x->high = x_range.high;
  size_t kept = 0;
  for (size_t i = 0; i < x->tick_n; i++) {
    const double t = x->ticks[i], slack = 1e-12 * fabs(t);
    if (t >= x_range.low - slack && t <= x_range.high + slack) x->ticks[kept++] = t;
  }
  x->tick_n = kept;
  return true;
}

double dp_svg_at(const struct dp_svg_axis *a, double value) {
  const double v = a->log ? log10(value) : value;
  return a->from + (v - a->low) / (a->high - a->low) * (a->to - a->from);
}

void dp_svg_open(struct dp_str *out, const struct dp_svg_frame *frame, double height) {
  dp_str_append(out, "<figure><figcaption>");
  dp_str_xml(out, frame->title);
  dp_str_printf(out, "</figcaption><svg viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"", DP_SVG_WIDTH, height);
  dp_str_xml(out, frame->title);
  dp_str_append(out, "\">");
}

static void tick(struct dp_str *out, double x, double y, const char *anchor, double value) {
  char text[32];
  dp_str_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor, dp_svg_number(value, text));
}

void dp_svg_grid(struct dp_str *out, const struct dp_svg_frame *frame, const struct dp_svg_axis *x,
                 const struct dp_svg_axis *y) {
  for (size_t i = 0; i < y->tick_n; i++) {
    const double at = dp_svg_at(y, y->ticks[i]);
    dp_str_printf(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", DP_SVG_LEFT, at, DP_SVG_RIGHT);
    tick(out, DP_SVG_LEFT - 5, at + 4, "end", y->ticks[i]);
  }
  for (size_t i = 0; i < x->tick_n; i++) {
    const double at = dp_svg_at(x, x->ticks[i]);
    dp_str_printf(out, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>", at, DP_SVG_TOP, DP_SVG_BOTTOM);
    tick(out, at, DP_SVG_BOTTOM + 15, i + 1 == x->tick_n ? "end" : i == 0 ? "start" : "middle", x->ticks[i]);
  }
  dp_str_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (DP_SVG_LEFT + DP_SVG_RIGHT) / 2, DP_SVG_BOTTOM + 32);
  dp_str_xml(out, frame->x_label);
  dp_str_printf(out, "</text><text transform=\"translate(11 %d) rotate(-90)\" text-anchor=\"middle\">",
                (DP_SVG_TOP + DP_SVG_BOTTOM) / 2);
  dp_str_xml(out, frame->y_label);
  dp_str_append(out, "</text>");
}

void dp_svg_close(struct dp_str *out, const char *const *labels, size_t label_n) {
  dp_str_append(out, "</svg>");
  if (label_n > 0) {
    dp_str_append(out, "<div class=\"legend\">");
    for (size_t i = 0; i < label_n; i++) {
      if (!labels[i]) continue;
      dp_str_printf(out, "<span><i class=\"c%zu\"></i>", i % DP_SVG_COLOURS);
      dp_str_xml(out, labels[i]);
      dp_str_append(out, "</span>");
    }
    dp_str_append(out, "</div>");
  }
  dp_str_append(out, "</figure>\n");
}

void dp_svg_empty(struct dp_str *out, const struct dp_svg_frame *frame) {
  dp_str_append(out, "<figure><figcaption>");
  dp_str_xml(out, frame->title);
  dp_str_append(out, "</figcaption><p class=\"none\">no value in this run</p></figure>\n");
}
