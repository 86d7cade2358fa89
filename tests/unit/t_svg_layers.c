/* tests/unit/t_svg_layers.c — things over each other in one plot: each value has its mark, in its place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/svg_axes.h"

static const struct dp_svg_frame frame = {.title = "t & u", .x_label = "runs (number)", .y_label = "USD"};

static size_t count(const struct dp_str *s, const char *what) {
  size_t n = 0;
  for (const char *at = dp_str_text(s); (at = strstr(at, what)) != NULL; at += strlen(what)) n++;
  return n;
}

/* Whether it says what a format makes of numbers. */
static bool says(const struct dp_str *s, const char *format, double a, double b, double c) {
  char text[128];
  snprintf(text, sizeof text, format, a, b, c);
  return count(s, text) == 1;
}

static const double left = DP_SVG_LEFT, right = DP_SVG_RIGHT, middle = (DP_SVG_LEFT + DP_SVG_RIGHT) / 2.0;
static const double top = DP_SVG_TOP, bottom = DP_SVG_BOTTOM, height = DP_SVG_BOTTOM - DP_SVG_TOP;

static void every_finite_value_has_its_mark(void **state) {
  (void)state;
  const double x[] = {0, 1, 2, 3, 4}, y[] = {0, 1, (double)NAN, 3, 4};
  const struct dp_svg_layer layers[] = {
      {DP_SVG_DOTS, 0, {.label = "a", .x = x, .y = y, .n = 5}},
      {DP_SVG_CROSSES, 5, {.label = "b <", .x = x, .y = y, .n = 2}},
      {DP_SVG_RINGS, 1, {.label = NULL, .x = x, .y = y, .n = 1}},
      {DP_SVG_DOTS, 2, {.label = "none", .x = x, .y = y, .n = 0}},
  };
  struct dp_str out = {0};
  dp_svg_layers(&out, &frame, layers, 4);
  assert_true(says(&out, "<circle class=\"dot c0\" cx=\"%.1f\" cy=\"%.1f\"", left, bottom, 0));
  assert_true(says(&out, "<circle class=\"dot c0\" cx=\"%.1f\" cy=\"%.1f\"", right, top, 0));
  assert_int_equal(count(&out, "class=\"dot c0\""), 4 + 1);           /* and the legend */
  assert_int_equal(count(&out, "class=\"line c5 cross\""), 2);
  assert_int_equal(count(&out, "class=\"line c1 ring\""), 1);
  assert_int_equal(count(&out, "</span>"), 2); /* neither without a label nor without values */
  assert_int_equal(count(&out, ">b &lt;</span>"), 1);
  assert_int_equal(count(&out, ">runs (number)</text>"), 1);
  assert_int_equal(count(&out, ">USD</text>"), 1);
  assert_int_equal(count(&out, "nan"), 0);
  dp_str_fini(&out);
}

static void steps_keep_a_value_until_the_next(void **state) {
  (void)state;
  const double x[] = {0, 1, 2}, y[] = {0, 10, 5};
  const struct dp_svg_layer layer = {DP_SVG_STEPS, 2, {.x = x, .y = y, .n = 3}};
  struct dp_str out = {0};
  dp_svg_layers(&out, &frame, &layer, 1);
  assert_true(says(&out, "V%.1fH%.1fV%.1f\"", top, right, (top + bottom) / 2));
  assert_true(says(&out, "d=\"M%.1f %.1fH%.1fV", left, bottom, middle));
  dp_str_fini(&out);
}

static void a_span_is_cut_to_what_is_in_sight_and_a_level_brings_itself_into_sight(void **state) {
  (void)state;
  const double x[] = {0, 10}, y[] = {0, 1}, span[] = {5, 1e9}, level[] = {2}, low[] = {1.5}, high[] = {2};
  const struct dp_svg_layer layers[] = {
      {DP_SVG_SPAN, 7, {.x = span, .n = 2}},
      {DP_SVG_LEVEL, 3, {.y = level, .low = low, .high = high, .n = 1}},
      {DP_SVG_LINE, 0, {.x = x, .y = y, .n = 2}},
  };
  struct dp_str out = {0};
  dp_svg_layers(&out, &frame, layers, 3);
  assert_true(says(&out, "<rect class=\"band c7\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\"", middle, top, right - middle));
  assert_true(says(&out, "<rect class=\"band c3\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\"", left, top, right - left));
  assert_true(says(&out, "height=\"%.1f\"/>", height / 4, 0, 0)); /* 1.5 to 2 of an axis from 0 to 2 */
  assert_true(says(&out, "stroke-dasharray=\"5 4\" d=\"M%.0f %.1fH%.0f\"", left, top, right));
  assert_true(says(&out, "L%.1f %.1f\"/>", right, (top + bottom) / 2, 0)); /* 1: half way up */
  dp_str_fini(&out);
}

static void a_logarithmic_axis_leaves_out_what_it_cannot_show(void **state) {
  (void)state;
  const double x[] = {1, 2, 3}, y[] = {-1, 10, 1000};
  struct dp_svg_frame log = frame;
  log.log_y = true;
  const struct dp_svg_layer layer = {DP_SVG_DOTS, 0, {.x = x, .y = y, .n = 3}};
  struct dp_str out = {0};
  dp_svg_layers(&out, &log, &layer, 1);
  assert_int_equal(count(&out, "<circle"), 2);
  dp_str_fini(&out);
}

static void nothing_to_draw_is_said_in_words(void **state) {
  (void)state;
  const double x[] = {1}, y[] = {(double)NAN}, span[] = {0, 1};
  const struct dp_svg_layer layers[] = {{DP_SVG_SPAN, 7, {.x = span, .n = 2}},
                                        {DP_SVG_DOTS, 0, {.x = x, .y = y, .n = 1}}};
  struct dp_str out = {0};
  dp_svg_layers(&out, &frame, layers, 2);
  assert_int_equal(count(&out, "<svg"), 0);
  assert_int_equal(count(&out, "no value in this run"), 1);
  assert_int_equal(count(&out, "t &amp; u"), 1);
  dp_str_fini(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_finite_value_has_its_mark),
      cmocka_unit_test(steps_keep_a_value_until_the_next),
      cmocka_unit_test(a_span_is_cut_to_what_is_in_sight_and_a_level_brings_itself_into_sight),
      cmocka_unit_test(a_logarithmic_axis_leaves_out_what_it_cannot_show),
      cmocka_unit_test(nothing_to_draw_is_said_in_words),
  };
  return cmocka_run_group_tests_name("svg layers", tests, NULL, NULL);
}
