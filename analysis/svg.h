/* analysis/svg.h — small charts as SVG: lines with bands, stacked areas, bars, waterfalls, histograms, heat maps.
 * Layer: analysis. Not collective. Everything is appended to a text; numbers that are not finite leave gaps.
 *
 * Colours are classes (c0 … c7 for series, the Okabe–Ito palette, told apart by the colour-blind); text and lines take the
 * colour of the page around, so that one chart serves light and dark. A chart is DP_SVG_WIDTH units wide and scales with
 * its place; at that many pixels its letters are 12 pixels high. */
#ifndef DP_ANALYSIS_SVG_H
#define DP_ANALYSIS_SVG_H

#include "base/str.h"

#define DP_SVG_WIDTH 420
#define DP_SVG_COLOURS 8

/** What every chart says of itself. */
struct dp_svg_frame {
  const char *title;
  const char *x_label, *y_label; /* with units; never empty */
  bool log_x, log_y;             /* values ≤ 0 are left out */
  bool zero_y;                   /* of lines: y = 0 is in sight and marked */
  size_t colour;                 /* of lines: that of the first one */
  double scale_low, scale_high;  /* of colours; equal: the values' own */
  const char *const *x_names, *const *y_names; /* of a heat map: instead of its axes' values; NULL: the values */
};

/** A line over x, ascending. Arrays [n] are borrowed. */
struct dp_svg_line {
  const char *label;
  const double *x, *y;
  const double *low, *high; /* a band around it, or NULL */
  size_t n;
};

/** Lines; `stacked` fills the areas between their sums (they then share x). */
void dp_svg_lines(struct dp_str *out, const struct dp_svg_frame *frame, const struct dp_svg_line *lines, size_t line_n,
                  bool stacked);

/** Points (x[i], y[i]). */
void dp_svg_points(struct dp_str *out, const struct dp_svg_frame *frame, const double *x, const double *y, size_t n);

/** How a layer of dp_svg_layers is drawn. */
enum dp_svg_mark {
  DP_SVG_LINE,   /* with its band, if it has one */
  DP_SVG_DASHES, /* a line of dashes */
  DP_SVG_STEPS,  /* a line that keeps a value until the next */
  DP_SVG_DOTS,   /* with bars from low to high, if it has them */
  DP_SVG_RINGS,  /* large, open */
  DP_SVG_CROSSES,
  DP_SVG_LEVEL, /* a dashed line over the whole width at y[0]; with low and high the strip between low[0] and high[0] */
  DP_SVG_SPAN,  /* the strip between x[0] and x[1] over the whole height */
};

/** One thing of a plot. `line` is its data, and the label its line in the legend (NULL: none). */
struct dp_svg_layer {
  enum dp_svg_mark mark;
  size_t colour;
  struct dp_svg_line line;
};

/** Things over each other, the first at the bottom. What no value of a layer other than SPAN reaches is not in sight. */
void dp_svg_layers(struct dp_str *out, const struct dp_svg_frame *frame, const struct dp_svg_layer *layers, size_t n);

/** Points in the colour of a value, with its scale. @param v [n]; NaN is left out */
void dp_svg_cloud(struct dp_str *out, const struct dp_svg_frame *frame, const double *x, const double *y, const double *v,
                  size_t n, const char *value_label);

/** A bar. A waterfall's bar begins where the one before ended, unless it is a total, which begins at 0. */
struct dp_svg_bar {
  const char *label;
  double value;
  bool total;
  double low, high; /* the ends of a whisker; equal or not finite: none */
};

/** Horizontal bars with their values, one below the other. */
void dp_svg_bars(struct dp_str *out, const struct dp_svg_frame *frame, const struct dp_svg_bar *bars, size_t n,
                 bool waterfall);

/** Horizontal intervals [low, high] around `base`: a tornado. */
struct dp_svg_span {
  const char *label;
  double low, high;
  double whisker[2][2]; /* of low and of high: its ends; equal or not finite: none */
};
void dp_svg_tornado(struct dp_str *out, const struct dp_svg_frame *frame, double base, const struct dp_svg_span *spans,
                    size_t n);

/** Counts of buckets that begin at low[i], [n]; the last ends at `end`. Drawn as density over x (log_x) or over the axis. */
void dp_svg_histogram(struct dp_str *out, const struct dp_svg_frame *frame, const double *low, double end,
                      const double *count, size_t n);

/** A grid of values [y_n][x_n], with its scale; NaN is crossed out. @param x, y the values of the axes [x_n], [y_n] */
void dp_svg_heat(struct dp_str *out, const struct dp_svg_frame *frame, const double *x, size_t x_n, const double *y,
                 size_t y_n, const double *values, const char *value_label);

/** A number for people: four digits, k M G, no exponent between 1e-3 and 1e15. @return buf. */
const char *dp_svg_number(double value, char buf[32]);

#endif
