/* analysis/svg_layers.c — lines, dots, crosses, strips and levels over each other in one plot. */
#include <math.h>

#include "analysis/svg.h"
#include "analysis/svg_axes.h"

/** A plot with its axes. */
struct plot {
  struct dp_str *out;
  const struct dp_svg_frame *frame;
  struct dp_svg_axis x, y;
};

static bool drawn(const struct dp_svg_frame *f, double x, double y) {
  return isfinite(x) && isfinite(y) && (!f->log_x || x > 0) && (!f->log_y || y > 0);
}

/* ---- what is in sight ---- */

static void note_layer(const struct dp_svg_frame *f, const struct dp_svg_layer *layer, struct dp_svg_range *x,
                       struct dp_svg_range *y) {
  const struct dp_svg_line *l = &layer->line;
  if (layer->mark == DP_SVG_SPAN) return;
  for (size_t i = 0; i < l->n; i++) {
    if (layer->mark != DP_SVG_LEVEL && !drawn(f, l->x[i], l->y[i])) continue;
    if (layer->mark != DP_SVG_LEVEL) dp_svg_note(x, l->x[i], f->log_x);
    dp_svg_note(y, l->y[i], f->log_y);
    if (l->low) dp_svg_note(y, l->low[i], f->log_y);
    if (l->high) dp_svg_note(y, l->high[i], f->log_y);
  }
}

static double clamp(double at, const struct dp_svg_axis *a) {
  return fmin(fmax(at, fmin(a->from, a->to)), fmax(a->from, a->to));
}

static double x_at(const struct plot *p, double x) { return clamp(dp_svg_at(&p->x, x), &p->x); }
static double y_at(const struct plot *p, double y) {
  return p->frame->log_y && y <= 0 ? p->y.from : clamp(dp_svg_at(&p->y, y), &p->y);
}

/* ---- marks ---- */

static void put_strip(const struct plot *p, double left, double right, double top, double bottom, size_t colour) {
  dp_str_printf(p->out, "<rect class=\"band c%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", colour,
                left, top, fmax(right - left, 1), fmax(bottom - top, 1));
}

static void put_level(const struct plot *p, const struct dp_svg_line *l, size_t colour) {
  if (l->low && l->high)
    put_strip(p, DP_SVG_LEFT, DP_SVG_RIGHT, y_at(p, l->high[0]), y_at(p, l->low[0]), colour);
  dp_str_printf(p->out, "<path class=\"line c%zu\" stroke-dasharray=\"5 4\" d=\"M%d %.1fH%d\"/>", colour, DP_SVG_LEFT,
                y_at(p, l->y[0]), DP_SVG_RIGHT);
}

static void put_band(const struct plot *p, const struct dp_svg_line *l, size_t colour) {
  const struct dp_svg_frame *f = p->frame;
  bool pen = false;
  dp_str_printf(p->out, "<path class=\"band c%zu\" d=\"", colour);
  for (size_t i = 0; i < l->n; i++) {
    if (!drawn(f, l->x[i], l->high[i]) || !drawn(f, l->x[i], l->low[i])) continue;
    dp_str_printf(p->out, "%c%.1f %.1f", pen ? 'L' : 'M', dp_svg_at(&p->x, l->x[i]), dp_svg_at(&p->y, l->high[i]));
    pen = true;
  }
  for (size_t i = l->n; i-- > 0;)
    if (drawn(f, l->x[i], l->high[i]) && drawn(f, l->x[i], l->low[i]))
      dp_str_printf(p->out, "L%.1f %.1f", dp_svg_at(&p->x, l->x[i]), dp_svg_at(&p->y, l->low[i]));
  dp_str_append(p->out, pen ? "Z\"/>" : "\"/>");
}

static void put_line(const struct plot *p, const struct dp_svg_line *l, enum dp_svg_mark mark, size_t colour) {
  bool pen = false;
  if (l->low && l->high) put_band(p, l, colour);
  dp_str_printf(p->out, "<path class=\"line c%zu\"%s d=\"", colour,
                mark == DP_SVG_DASHES ? " stroke-dasharray=\"5 4\"" : "");
  for (size_t i = 0; i < l->n; i++) {
    if (!drawn(p->frame, l->x[i], l->y[i])) {
      pen = false;
      continue;
    }
    const double x = dp_svg_at(&p->x, l->x[i]), y = dp_svg_at(&p->y, l->y[i]);
    if (pen && mark == DP_SVG_STEPS) dp_str_printf(p->out, "H%.1fV%.1f", x, y);
    else dp_str_printf(p->out, "%c%.1f %.1f", pen ? 'L' : 'M', x, y);
    pen = true;
  }
  dp_str_append(p->out, "\"/>");
}

static void put_points(const struct plot *p, const struct dp_svg_line *l, enum dp_svg_mark mark, size_t colour) {
  for (size_t i = 0; i < l->n; i++) {
    if (!drawn(p->frame, l->x[i], l->y[i])) continue;
    const double x = dp_svg_at(&p->x, l->x[i]), y = dp_svg_at(&p->y, l->y[i]);
    if (l->low && l->high && isfinite(l->low[i]) && isfinite(l->high[i]))
      dp_str_printf(p->out, "<path class=\"line c%zu\" d=\"M%.1f %.1fV%.1fM%.1f %.1fh8M%.1f %.1fh8\"/>", colour, x,
                    y_at(p, l->low[i]), y_at(p, l->high[i]), x - 4, y_at(p, l->low[i]), x - 4, y_at(p, l->high[i]));
    if (mark == DP_SVG_CROSSES)
      dp_str_printf(p->out, "<path class=\"line c%zu cross\" d=\"M%.1f %.1fl6 6m0 -6l-6 6\"/>", colour, x - 3, y - 3);
    else if (mark == DP_SVG_RINGS)
      dp_str_printf(p->out, "<circle class=\"line c%zu ring\" cx=\"%.1f\" cy=\"%.1f\" r=\"5.5\"/>", colour, x, y);
    else
      dp_str_printf(p->out, "<circle class=\"dot c%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"/>", colour, x, y,
                    l->low ? "4" : "2.5");
  }
}

static void put_layer(const struct plot *p, const struct dp_svg_layer *layer) {
  const struct dp_svg_line *l = &layer->line;
  const size_t colour = layer->colour % DP_SVG_COLOURS;
  if (l->n == 0) return;
  switch (layer->mark) {
    case DP_SVG_LINE:
    case DP_SVG_DASHES:
    case DP_SVG_STEPS: put_line(p, l, layer->mark, colour); break;
    case DP_SVG_DOTS:
    case DP_SVG_RINGS:
    case DP_SVG_CROSSES: put_points(p, l, layer->mark, colour); break;
    case DP_SVG_LEVEL: put_level(p, l, colour); break;
    case DP_SVG_SPAN: put_strip(p, x_at(p, l->x[0]), x_at(p, l->x[1]), DP_SVG_TOP, DP_SVG_BOTTOM, colour); break;
  }
}

/* ---- legend ---- */

/* A swatch in the shape of its mark, so that nobody has to tell colours apart. */
static void put_swatch(struct dp_str *out, const struct dp_svg_layer *layer) {
  const size_t c = layer->colour % DP_SVG_COLOURS;
  dp_str_append(out,
                "<span><svg class=\"swatch\" viewBox=\"0 0 18 12\" style=\"display:inline-block;width:18px;height:12px;"
                "margin-right:4px;vertical-align:-1px\">");
  if (layer->mark == DP_SVG_SPAN || (layer->line.low && layer->mark == DP_SVG_LINE))
    dp_str_printf(out, "<rect class=\"band c%zu\" width=\"18\" height=\"12\"/>", c);
  switch (layer->mark) {
    case DP_SVG_LINE:
    case DP_SVG_STEPS: dp_str_printf(out, "<path class=\"line c%zu\" d=\"M0 6H18\"/>", c); break;
    case DP_SVG_LEVEL:
    case DP_SVG_DASHES:
      dp_str_printf(out, "<path class=\"line c%zu\" stroke-dasharray=\"5 3\" d=\"M0 6H18\"/>", c);
      break;
    case DP_SVG_CROSSES: dp_str_printf(out, "<path class=\"line c%zu\" d=\"M6 3l6 6m0 -6l-6 6\"/>", c); break;
    case DP_SVG_RINGS: dp_str_printf(out, "<circle class=\"line c%zu\" cx=\"9\" cy=\"6\" r=\"5\"/>", c); break;
    case DP_SVG_DOTS: dp_str_printf(out, "<circle class=\"dot c%zu\" cx=\"9\" cy=\"6\" r=\"3.5\"/>", c); break;
    case DP_SVG_SPAN: break;
  }
  dp_str_append(out, "</svg>");
  dp_str_xml(out, layer->line.label);
  dp_str_append(out, "</span>");
}

void dp_svg_layers(struct dp_str *out, const struct dp_svg_frame *frame, const struct dp_svg_layer *layers, size_t n) {
  struct plot p = {.out = out, .frame = frame};
  struct dp_svg_range x = DP_SVG_RANGE, y = DP_SVG_RANGE;
  for (size_t i = 0; i < n; i++) note_layer(frame, &layers[i], &x, &y);
  if (!dp_svg_axes_of(frame, x, y, &p.x, &p.y)) {
    dp_svg_empty(out, frame);
    return;
  }
  dp_svg_open(out, frame, DP_SVG_HEIGHT);
  dp_svg_grid(out, frame, &p.x, &p.y);
  for (size_t i = 0; i < n; i++) put_layer(&p, &layers[i]);
  bool legend = false;
  dp_str_append(out, "</svg>");
  for (size_t i = 0; i < n; i++) {
    if (!layers[i].line.label || layers[i].line.n == 0) continue;
    if (!legend) dp_str_append(out, "<div class=\"legend\">");
    legend = true;
    put_swatch(out, &layers[i]);
  }
  dp_str_append(out, legend ? "</div></figure>\n" : "</figure>\n");
}
