/* tests/unit/t_design.c — designs of studies: order, strata, uniformity,
 * reproducibility, what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design.h"

static void near(double a, double b, double eps) { assert_true(fabs(a - b) <= eps); }

static const double two[] = {1, 2}, three[] = {10, 20, 30};
static const char *const words[] = {"a", "b", "c"};
static const struct dp_axis lists[] = {{.name = "x", .value_n = 2, .values = two},
                                       {.name = "y", .value_n = 3, .values = three}};
static const struct dp_axis ranges[] = {{.name = "x", .low = 2, .high = 4},
                                        {.name = "y", .low = 1, .high = 100, .log = true},
                                        {.name = "n", .low = 1, .high = 3, .whole = true}};

static double *make(enum dp_design_kind kind, const struct dp_axis *axes, size_t axis_n, size_t points_n, uint64_t seed,
                    size_t want) {
  double *points;
  size_t n, axis;
  struct dp_err err = {0};
  assert_int_equal(dp_design_points(kind, axes, axis_n, points_n, seed, &points, &n, &axis, &err), DP_OK);
  assert_int_equal(n, want);
  return points;
}

static void a_grid_has_every_combination_and_the_last_axis_changes_fastest(void **state) {
  (void)state;
  static const double want[] = {1, 10, 1, 20, 1, 30, 2, 10, 2, 20, 2, 30};
  double *p = make(DP_DESIGN_GRID, lists, 2, 0, 1, 6);
  assert_memory_equal(p, want, sizeof want);
  free(p);
  free(make(DP_DESIGN_GRID, lists, 0, 0, 1, 1)); /* nothing varies: one point */
}

static void levels_of_a_range_are_even_in_their_scale(void **state) {
  (void)state;
  struct dp_axis axes[] = {ranges[0], ranges[1]};
  axes[0].level_n = axes[1].level_n = 3;
  double *p = make(DP_DESIGN_ZIP, axes, 2, 0, 1, 3);
  static const double want[] = {2, 1, 3, 10, 4, 100};
  for (size_t i = 0; i < 6; i++) near(p[i], want[i], 1e-12);
  free(p);
}

static void a_zip_of_unequal_lengths_is_refused_naming_both(void **state) {
  (void)state;
  double *points;
  size_t n, axis;
  struct dp_err err = {0};
  assert_int_equal(dp_design_points(DP_DESIGN_ZIP, lists, 2, 0, 1, &points, &n, &axis, &err), DP_SCENARIO);
  assert_non_null(strstr(err.text, "x has 2 values and y has 3"));
  assert_int_equal(axis, 1);
  err = (struct dp_err){0};
  assert_int_equal(dp_design_points(DP_DESIGN_GRID, ranges, 1, 0, 1, &points, &n, &axis, &err), DP_SCENARIO);
  assert_non_null(strstr(err.text, "x: a range has no levels"));
}

static void every_stratum_of_a_latin_hypercube_has_one_point(void **state) {
  (void)state;
  enum { N = 100 };
  double out[N * 3];
  assert_int_equal(dp_design_lhs(3, N, 5, out, NULL), DP_OK);
  for (size_t d = 0; d < 3; d++) {
    unsigned seen[N] = {0};
    for (size_t i = 0; i < N; i++) seen[(size_t)(out[i * 3 + d] * N)]++;
    for (size_t i = 0; i < N; i++) assert_int_equal(seen[i], 1);
  }
}

/* ∫ x·y·z over the unit cube is 1/8: Sobol' points come nearer than 1/√n. */
static void sobol_points_integrate_better_than_chance(void **state) {
  (void)state;
  enum { N = 1024 };
  static double out[N * 3];
  double worst = 0;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    double sum = 0;
    assert_int_equal(dp_design_sobol(3, N, seed, 0, out, NULL), DP_OK);
    for (size_t i = 0; i < N; i++) {
      for (size_t d = 0; d < 3; d++) assert_true(out[i * 3 + d] >= 0 && out[i * 3 + d] < 1);
      sum += out[i * 3] * out[i * 3 + 1] * out[i * 3 + 2];
    }
    worst = fmax(worst, fabs(sum / N - 0.125));
  }
  assert_true(worst < 0.002); /* chance: 0.148/√1024 = 0.0046 a seed */
  assert_int_equal(dp_design_sobol(41, 1, 1, 0, out, NULL), DP_RANGE);
}

static void samples_lie_in_their_ranges_and_hang_on_the_seed_alone(void **state) {
  (void)state;
  double *a = make(DP_DESIGN_LHS, ranges, 3, 200, 9, 200), *b = make(DP_DESIGN_LHS, ranges, 3, 200, 9, 200);
  double *c = make(DP_DESIGN_SOBOL, ranges, 3, 200, 10, 200);
  assert_memory_equal(a, b, 600 * sizeof *a);
  size_t small = 0;
  for (size_t i = 0; i < 200; i++) {
    assert_true(a[3 * i] >= 2 && a[3 * i] <= 4 && c[3 * i] >= 2 && c[3 * i] <= 4);
    small += a[3 * i + 1] < 10; /* half of a logarithmic range */
    assert_true(a[3 * i + 2] == 1 || a[3 * i + 2] == 2 || a[3 * i + 2] == 3);
  }
  assert_int_equal(small, 100);
  free(a);
  free(b);
  free(c);
}

static void texts_are_sampled_by_their_index(void **state) {
  (void)state;
  const struct dp_axis axis = {.name = "w", .value_n = 3, .texts = words};
  double *p = make(DP_DESIGN_LHS, &axis, 1, 300, 1, 300);
  size_t n[3] = {0};
  for (size_t i = 0; i < 300; i++) n[(size_t)p[i]]++;
  assert_true(n[0] == 100 && n[1] == 100 && n[2] == 100);
  free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_grid_has_every_combination_and_the_last_axis_changes_fastest),
      cmocka_unit_test(levels_of_a_range_are_even_in_their_scale),
      cmocka_unit_test(a_zip_of_unequal_lengths_is_refused_naming_both),
      cmocka_unit_test(every_stratum_of_a_latin_hypercube_has_one_point),
      cmocka_unit_test(sobol_points_integrate_better_than_chance),
      cmocka_unit_test(samples_lie_in_their_ranges_and_hang_on_the_seed_alone),
      cmocka_unit_test(texts_are_sampled_by_their_index),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
