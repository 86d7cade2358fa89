/* tests/unit/t_statistics.c — intervals against tables, theory and a thousand
 * queues with a known mean. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "analysis/bench_queue.h"
#include "analysis/statistics.h"
#include "engine/rng.h"

static void near(double a, double b, double eps) { assert_true(fabs(a - b) <= eps); }

static void student_quantiles_are_those_of_the_tables(void **state) {
  (void)state;
  near(dp_stat_student(0.95, 1), 12.706, 5e-4);
  near(dp_stat_student(0.95, 9), 2.262, 5e-4);
  near(dp_stat_student(0.99, 30), 2.750, 5e-4);
  assert_true(isnan(dp_stat_student(0.95, 0)));
}

/* Law (2015), example 4.26: ten observations, 90 % interval 1.34 ± 0.24. */
static void an_interval_is_that_of_a_textbook(void **state) {
  (void)state;
  static const double x[] = {1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09};
  struct dp_interval i = dp_stat_interval(x, 10, 0.90);
  assert_int_equal(i.n, 10);
  near(i.mean, 1.343, 1e-9);
  near(i.half_width, 0.24, 5e-3);
  const double with_nan[] = {1, (double)NAN, 3};
  i = dp_stat_interval(with_nan, 3, 0.95);
  assert_int_equal(i.n, 2);
  near(i.mean, 2, 0);
  assert_true(isnan(dp_stat_interval(x, 1, 0.95).half_width) && isnan(dp_stat_interval(x, 0, 0.95).mean));
}

static void quantiles_are_those_of_type_7(void **state) {
  (void)state;
  double x[] = {4, (double)NAN, 1, 3, 2, (double)INFINITY};
  size_t n = dp_stat_sort(x, 6);
  assert_int_equal(n, 4);
  near(dp_stat_quantile(x, n, 0.25), 1.75, 1e-15); /* R: quantile(1:4, 0.25) */
  near(dp_stat_quantile(x, n, 0.05), 1.15, 1e-15);
  near(dp_stat_quantile(x, n, 1), 4, 0);
  assert_true(isnan(dp_stat_quantile(x, 0, 0.5)));
}

/* Common luck: what both share drops out of the difference. */
static void paired_differences_are_narrower_than_their_parts(void **state) {
  (void)state;
  double a[50], b[50];
  struct dp_interval d;
  for (size_t i = 0; i < 50; i++) {
    struct dp_rng rng = dp_rng_at(7, 0, i, 0, 0);
    a[i] = 10 * dp_rng_normal(&rng);
    b[i] = a[i] + 1 + 0.1 * dp_rng_normal(&rng);
  }
  assert_int_equal(dp_stat_paired(a, b, 50, 0.95, &d, NULL), DP_OK);
  near(d.mean, 1, 0.1);
  assert_true(d.half_width < 0.05 && dp_stat_interval(a, 50, 0.95).half_width > 1);
}

/* An AR(1) series that starts far from its mean: the cut falls where the start
 * is forgotten. */
static void warm_up_ends_where_the_start_is_forgotten(void **state) {
  (void)state;
  enum { N = 4000 };
  static double x[N];
  struct dp_rng rng = dp_rng_at(3, 0, 0, 0, 0);
  double level = 40;
  for (size_t i = 0; i < N; i++) {
    level *= 0.98;
    x[i] = level + dp_rng_normal(&rng);
  }
  bool settled;
  size_t cut = dp_stat_warm_up(x, N, &settled);
  assert_true(settled);
  assert_int_equal(cut % 5, 0);
  assert_in_range(cut, 100, 500); /* 40 · 0.98^200 = 0.7 */
  for (size_t i = 0; i < N; i++) x[i] = (double)i;
  dp_stat_warm_up(x, N, &settled);
  assert_false(settled); /* it never settles */
  for (size_t i = 0; i < N; i++) x[i] = 5;
  assert_int_equal(dp_stat_warm_up(x, N, &settled), 0);
  assert_true(settled);
}

/* AR(1) with coefficient 0.8: the variance of the mean is (1 + 0.8)/(1 − 0.8) =
 * 9 times that of independent values. */
static void batch_means_see_what_neighbours_share(void **state) {
  (void)state;
  enum { N = 20000, STUDIES = 400 };
  static double x[N];
  size_t covered = 0, naive = 0;
  for (size_t s = 0; s < STUDIES; s++) {
    struct dp_rng rng = dp_rng_at(11, 0, s, 0, 0);
    double level = dp_rng_normal(&rng) / 0.6;
    for (size_t i = 0; i < N; i++) x[i] = level = 0.8 * level + dp_rng_normal(&rng);
    struct dp_interval b = dp_stat_batch_means(x, N, 20, 0.95), i = dp_stat_interval(x, N, 0.95);
    covered += fabs(b.mean) <= b.half_width;
    naive += fabs(i.mean) <= i.half_width;
  }
  assert_in_range(covered, STUDIES * 92 / 100, STUDIES * 98 / 100);
  assert_in_range(naive, STUDIES * 35 / 100, STUDIES * 62 / 100); /* 2Φ(1.96/3) − 1 = 49 % */
}

static double mean(const double *x, size_t n, void *ud) {
  double sum = 0;
  (void)ud;
  for (size_t i = 0; i < n; i++) sum += x[i];
  return sum / (double)n;
}

static void the_bootstrap_of_a_mean_is_near_students_interval(void **state) {
  (void)state;
  double x[200], low, high, low2, high2;
  for (size_t i = 0; i < 200; i++) {
    struct dp_rng rng = dp_rng_at(5, 0, i, 0, 0);
    x[i] = dp_rng_normal(&rng);
  }
  assert_int_equal(dp_stat_bootstrap(x, 200, mean, NULL, 2000, 0.95, 1, &low, &high, NULL), DP_OK);
  assert_int_equal(dp_stat_bootstrap(x, 200, mean, NULL, 2000, 0.95, 1, &low2, &high2, NULL), DP_OK);
  struct dp_interval i = dp_stat_interval(x, 200, 0.95);
  near(low, i.mean - i.half_width, 0.02);
  near(high, i.mean + i.half_width, 0.02);
  assert_true(low == low2 && high == high2);
}

static void the_number_of_runs_grows_with_the_square_of_the_precision(void **state) {
  (void)state;
  struct dp_interval i = {.n = 10, .mean = 1, .half_width = 0.1};
  assert_int_equal(dp_stat_needed(&i, 0.1), 10);
  assert_int_equal(dp_stat_needed(&i, 0.08), 16);
  assert_int_equal(dp_stat_needed(&i, 0.01), 20); /* at most twice as many at once */
  assert_int_equal(dp_stat_needed(&i, 0.0999), 11);
}

/* Studies of ten replications of M/M/1 at half load; the mean wait is ρ/(1 − ρ)
 * = 1 s. */
static void intervals_of_queues_cover_theory_as_often_as_they_say(void **state) {
  (void)state;
  const size_t studies = getenv("DEPINSIM_FULL") ? 1000 : 200;
  struct dp_comm *comm;
  struct dp_err err = {0};
  size_t covered = 0;
  assert_int_equal(dp_comm_null_new(&comm, &err), DP_OK);
  for (size_t s = 0; s < studies; s++) {
    double waits[10];
    for (size_t r = 0; r < 10; r++) {
      struct dp_queue_options o = {
          .servers_n = 1, .rho_ratio = 0.5, .jobs_n = 3000, .cv_ratio = 1, .seed = 1 + s * 10 + r};
      struct dp_queue_result result;
      assert_int_equal(dp_bench_queue(&o, comm, &result, &err), DP_OK);
      waits[r] = result.mean_wait_s;
    }
    struct dp_interval i = dp_stat_interval(waits, 10, 0.95);
    covered += fabs(i.mean - 1) <= i.half_width;
  }
  dp_comm_free(comm);
  print_message("# %zu of %zu intervals cover\n", covered, studies);
  if (studies == 1000) assert_in_range(covered, 930, 970);
  else assert_in_range(covered, studies * 90 / 100, studies * 99 / 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(student_quantiles_are_those_of_the_tables),
      cmocka_unit_test(an_interval_is_that_of_a_textbook),
      cmocka_unit_test(quantiles_are_those_of_type_7),
      cmocka_unit_test(paired_differences_are_narrower_than_their_parts),
      cmocka_unit_test(warm_up_ends_where_the_start_is_forgotten),
      cmocka_unit_test(batch_means_see_what_neighbours_share),
      cmocka_unit_test(the_bootstrap_of_a_mean_is_near_students_interval),
      cmocka_unit_test(the_number_of_runs_grows_with_the_square_of_the_precision),
      cmocka_unit_test(intervals_of_queues_cover_theory_as_often_as_they_say),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
