/* tests/unit/t_sensitivity.c — indices of functions whose indices are known in
 * closed form. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/sensitivity.h"

typedef double (*function)(const double *u, size_t k);

/* Ishigami and Homma 1990, a = 7, b = 0.1; inputs beyond the third do nothing.
 */
static double ishigami(const double *u, size_t k) {
  double x[3];
  (void)k;
  for (int i = 0; i < 3; i++) x[i] = M_PI * (2 * u[i] - 1);
  return sin(x[0]) + 7 * sin(x[1]) * sin(x[1]) + 0.1 * pow(x[2], 4) * sin(x[0]);
}

static const double g_a[8] = {0, 1, 4.5, 9, 99, 99, 99, 99};

/* Sobol' g-function. */
static double g(const double *u, size_t k) {
  double product = 1;
  for (size_t i = 0; i < k; i++) product *= (fabs(4 * u[i] - 2) + g_a[i]) / (1 + g_a[i]);
  return product;
}

static void analyse(enum dp_sensitivity_method method, function f, size_t k, size_t block_n, uint64_t seed,
                    struct dp_sensitivity *out) {
  static const double base[8] = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5};
  double *points;
  size_t n;
  struct dp_err err = {0};
  assert_int_equal(dp_sensitivity_design(method, k, block_n, seed, base, &points, &n, &err), DP_OK);
  double *values = malloc(n * sizeof *values);
  for (size_t p = 0; p < n; p++) {
    for (size_t i = 0; i < k; i++) assert_true(points[p * k + i] >= 0 && points[p * k + i] <= 1);
    values[p] = f(points + p * k, k);
  }
  assert_int_equal(dp_sensitivity_analyse(method, k, block_n, seed, points, values, out, &err), DP_OK);
  free(values);
  free(points);
}

static void expect_within(const struct dp_sensitivity *s, size_t measure, double want, double width) {
  if (!(s->low[measure] <= want && want <= s->high[measure]) || s->high[measure] - s->low[measure] > width)
    fail_msg("%g is not in [%g, %g], or that is wider than %g", want, s->low[measure], s->high[measure], width);
}

static void sobol_indices_of_ishigami_are_the_analytic_ones(void **state) {
  (void)state;
  const double pi4 = pow(M_PI, 4), b = 0.1, a = 7;
  double v1 = 0.5 * pow(1 + b * pi4 / 5, 2), v2 = a * a / 8, v13 = b * b * pi4 * pi4 * (1.0 / 18 - 1.0 / 50);
  double v = v1 + v2 + v13;
  const double first[] = {v1 / v, v2 / v, 0, 0}, total[] = {(v1 + v13) / v, v2 / v, v13 / v, 0};
  for (uint64_t seed = 1; seed <= 5; seed++) {
    struct dp_sensitivity s[4];
    analyse(DP_SENSITIVITY_SOBOL, ishigami, 4, 4096, seed, s);
    for (size_t i = 0; i < 4; i++) {
      expect_within(&s[i], 0, first[i], 0.12);
      if (i < 3) expect_within(&s[i], 1, total[i], 0.12);
    }
    assert_true(fabs(s[3].value[1]) < 1e-12); /* it does nothing */
  }
}

static void sobol_indices_of_the_g_function_are_the_analytic_ones(void **state) {
  (void)state;
  double v[8], v_all = 1;
  for (size_t i = 0; i < 8; i++) {
    v[i] = 1 / (3 * (1 + g_a[i]) * (1 + g_a[i]));
    v_all *= 1 + v[i];
  }
  for (uint64_t seed = 1; seed <= 3; seed++) {
    struct dp_sensitivity s[8];
    analyse(DP_SENSITIVITY_SOBOL, g, 8, 4096, seed, s);
    for (size_t i = 0; i < 4; i++) {
      expect_within(&s[i], 0, v[i] / (v_all - 1), 0.15);
      expect_within(&s[i], 1, v[i] * v_all / (1 + v[i]) / (v_all - 1), 0.15);
    }
    for (size_t i = 4; i < 8; i++) assert_true(s[i].value[1] < 1e-3);
  }
}

static void morris_screens_inputs_that_do_nothing(void **state) {
  (void)state;
  struct dp_sensitivity s[8];
  analyse(DP_SENSITIVITY_MORRIS, ishigami, 5, 50, 1, s);
  for (size_t i = 0; i < 3; i++)
    assert_true(s[i].value[0] > 1 && s[i].low[0] <= s[i].value[0] && s[i].high[0] >= s[i].value[0]);
  for (size_t i = 3; i < 5; i++) assert_true(!(s[i].value[0] > 0) && !(s[i].value[1] > 0) && !(s[i].high[0] > 0));
  analyse(DP_SENSITIVITY_MORRIS, g, 8, 50, 2, s);
  for (size_t i = 1; i < 5; i++) assert_true(s[i].value[0] < s[i - 1].value[0]); /* in the order of their weights */
}

static double line(const double *u, size_t k) {
  double sum = 0;
  for (size_t i = 0; i < k; i++) sum += (double)(i + 1) * u[i];
  return sum;
}

static void effects_of_a_plane_are_its_slopes(void **state) {
  (void)state;
  struct dp_sensitivity s[3];
  analyse(DP_SENSITIVITY_MORRIS, line, 3, 10, 1, s);
  for (size_t i = 0; i < 3; i++) assert_true(fabs(s[i].value[0] - (double)(i + 1)) < 1e-12 && s[i].value[1] < 1e-12);
  analyse(DP_SENSITIVITY_TORNADO, line, 3, 0, 1, s);
  for (size_t i = 0; i < 3; i++)
    assert_true(fabs(s[i].value[0] + (double)(i + 1) / 2) < 1e-12 && fabs(s[i].value[1] - (double)(i + 1) / 2) < 1e-12);
}

/* Luck that all points share cancels: the interval of an effect is that of what luck does to the effect alone. */
static void a_tornado_pairs_equal_replicates(void **state) {
  (void)state;
  enum { N = 3, POINTS = 5 };
  static const double luck[N] = {-40, 3, 37}, jitter[N] = {-1, 0, 1};
  double values[POINTS][N];
  struct dp_sensitivity s[2];
  struct dp_err err = {0};
  for (size_t p = 0; p < POINTS; p++)
    for (size_t r = 0; r < N; r++) values[p][r] = luck[r] + 10 * (double)p + (p == 4 ? jitter[r] : 0);
  assert_int_equal(dp_sensitivity_tornado(2, N, values[0], s, &err), DP_OK);
  expect_within(&s[0], 0, 10, 1e-9);
  /* t(0.975, 2) = 4.30265 (tables), times 1 / sqrt(3) */
  assert_true(fabs(s[1].value[1] - 40) < 1e-9 && fabs(s[1].high[1] - 40 - 2.48414) < 1e-4);
  values[4][1] = (double)NAN; /* a run that failed takes its pair with it */
  assert_int_equal(dp_sensitivity_tornado(2, N, values[0], s, &err), DP_OK);
  assert_true(fabs(s[1].value[1] - 40) < 1e-9 && s[1].high[1] - 40 > 10); /* t(0.975, 1) = 12.706 */
  assert_int_equal(dp_sensitivity_tornado(1, 1, values[0], s, &err), DP_OK);
  assert_true(isnan(s[0].low[0]) && isnan(s[0].high[1])); /* one run says nothing of luck */
}

static double the_same(const double *u, size_t k) { return 0.9951 + 0 * u[k - 1]; }

static void what_never_changes_has_no_shares(void **state) {
  (void)state;
  struct dp_sensitivity s[3];
  analyse(DP_SENSITIVITY_SOBOL, the_same, 3, 60, 1, s);
  for (size_t i = 0; i < 3; i++)
    for (size_t m = 0; m < 2; m++) assert_true(isnan(s[i].value[m]) && isnan(s[i].low[m]) && isnan(s[i].high[m]));
}

static double with_holes(const double *u, size_t k) { return u[0] < 0.02 ? (double)NAN : line(u, k); }

static void blocks_without_a_value_are_left_out(void **state) {
  (void)state;
  struct dp_sensitivity s[3];
  struct dp_err err = {0};
  double *points, values[10];
  size_t n;
  analyse(DP_SENSITIVITY_SOBOL, with_holes, 3, 1024, 1, s);
  assert_true(fabs(s[2].value[0] - 9.0 / 14) < 0.05); /* 3² of 1² + 2² + 3² */
  assert_int_equal(dp_sensitivity_design(DP_SENSITIVITY_SOBOL, 3, 2, 1, NULL, &points, &n, &err), DP_OK);
  for (size_t i = 0; i < n; i++) values[i] = (double)NAN;
  assert_int_equal(dp_sensitivity_analyse(DP_SENSITIVITY_SOBOL, 3, 2, 1, points, values, s, &err), DP_FAILED);
  free(points);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sobol_indices_of_ishigami_are_the_analytic_ones),
      cmocka_unit_test(sobol_indices_of_the_g_function_are_the_analytic_ones),
      cmocka_unit_test(morris_screens_inputs_that_do_nothing),
      cmocka_unit_test(effects_of_a_plane_are_its_slopes),
      cmocka_unit_test(a_tornado_pairs_equal_replicates),
      cmocka_unit_test(what_never_changes_has_no_shares),
      cmocka_unit_test(blocks_without_a_value_are_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
