/* analysis/svg_axes.h — axes of the charts in analysis/svg.h; only svg*.c includes it. */
#ifndef DP_ANALYSIS_SVG_AXES_H
#define DP_ANALYSIS_SVG_AXES_H

#include "analysis/svg.h"

#define DP_SVG_TICKS 12

/** Values to pixels along one axis. */
struct dp_svg_axis {
  double low, high; /* of the data, widened to ticks; logarithms when `log` */
  double from, to;  /* pixels */
  bool log;
  double ticks[DP_SVG_TICKS];
  size_t tick_n;
};

/** The smallest interval that holds every value noted so far. Begin with DP_SVG_RANGE. */
struct dp_svg_range {
  double low, high;
};
#define DP_SVG_RANGE {INFINITY, -INFINITY}
void dp_svg_note(struct dp_svg_range *range, double value, bool log);

/** An axis with round ticks over a range (of the values themselves, also when `log`). */
struct dp_svg_axis dp_svg_axis_of(struct dp_svg_range range, double from, double to, bool log, size_t tick_most);
double dp_svg_at(const struct dp_svg_axis *axis, double value);

/** Both axes of a plot of lines or points: zero is in sight unless all lies far above it, and the data fill the width.
 *  @return false when there is nothing to draw */
bool dp_svg_axes_of(const struct dp_svg_frame *frame, struct dp_svg_range x_range, struct dp_svg_range y_range,
                    struct dp_svg_axis *x, struct dp_svg_axis *y);

/** Opens <figure><svg> with title and axes, for a plot area of this height; closes them with the legend: the i-th label
 *  has the i-th colour, NULL is none. */
void dp_svg_open(struct dp_str *out, const struct dp_svg_frame *frame, double height);
void dp_svg_grid(struct dp_str *out, const struct dp_svg_frame *frame, const struct dp_svg_axis *x,
                 const struct dp_svg_axis *y);
void dp_svg_close(struct dp_str *out, const char *const *labels, size_t label_n);

/** Nothing to draw: the frame says so in words. */
void dp_svg_empty(struct dp_str *out, const struct dp_svg_frame *frame);

/** Where the plot area lies. */
enum { DP_SVG_LEFT = 70, DP_SVG_RIGHT = 410, DP_SVG_TOP = 14, DP_SVG_BOTTOM = 206, DP_SVG_HEIGHT = 246 };

#endif
