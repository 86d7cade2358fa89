/* tests/unit/t_hist.c — the histogram's buckets tile int64, and its quantiles stay within the stated relative error of
 * the exact ones, taken from the sorted sample. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hist.h"

static uint64_t xorshift(uint64_t *x) { /* G. Marsaglia 2003 */
  *x ^= *x << 13;
  *x ^= *x >> 7;
  *x ^= *x << 17;
  return *x;
}

static void buckets_tile_all_values(void **state) {
  (void)state;
  assert_int_equal(dp_hist_low(0), 0);
  for (uint32_t b = 0; b < DP_HIST_BUCKETS; b++) {
    assert_int_equal(dp_hist_bucket(dp_hist_low(b)), b);
    assert_int_equal(dp_hist_bucket(dp_hist_high(b)), b);
    if (b > 0) assert_true(dp_hist_low(b) - 1 == dp_hist_high(b - 1));
    double half = ((double)dp_hist_high(b) - (double)dp_hist_low(b)) / 2;
    assert_true(half <= (double)dp_hist_low(b) / 64);
  }
  assert_true(dp_hist_high(DP_HIST_BUCKETS - 1) == INT64_MAX);
  assert_int_equal(dp_hist_bucket(INT64_MAX), DP_HIST_BUCKETS - 1);
}

static void values_out_of_range_are_clamped(void **state) {
  (void)state;
  assert_int_equal(dp_hist_bucket(-1), 0);
  assert_int_equal(dp_hist_bucket(INT64_MIN), 0);
  assert_true(dp_hist_low(DP_HIST_BUCKETS) == dp_hist_low(DP_HIST_BUCKETS - 1));
  assert_true(dp_hist_high(UINT32_MAX) == INT64_MAX);
}

static void an_empty_histogram_has_no_quantile(void **state) {
  (void)state;
  static uint64_t counts[DP_HIST_BUCKETS];
  assert_int_equal(dp_hist_total(counts), 0);
  assert_true(isnan(dp_hist_quantile(counts, 0.5)));
  counts[7] = 1;
  assert_true(isnan(dp_hist_quantile(counts, (double)NAN)));
  assert_true(dp_hist_quantile(counts, -1) == 7 && dp_hist_quantile(counts, 2) == 7);
}

static void small_values_have_exact_nearest_ranks(void **state) {
  (void)state;
  /* The nearest-rank example of the textbooks: 15 20 35 40 50; p5 15, p30 20, p40 20, p50 35, p100 50. */
  uint64_t counts[DP_HIST_BUCKETS] = {0};
  static const int64_t values[] = {15, 20, 35, 40, 50};
  for (size_t i = 0; i < 5; i++) dp_hist_add(counts, values[i]);
  assert_true(dp_hist_quantile(counts, 0.05) == 15);
  assert_true(dp_hist_quantile(counts, 0.30) == 20);
  assert_true(dp_hist_quantile(counts, 0.40) == 20);
  assert_true(dp_hist_quantile(counts, 0.50) == 35);
  assert_true(dp_hist_quantile(counts, 1.00) == 50);
  uint64_t hundred[DP_HIST_BUCKETS] = {0};
  for (int64_t v = 1; v <= 50; v++) hundred[dp_hist_bucket(v)] += 2;
  for (int k = 1; k <= 100; k++) /* rank k of 1 1 2 2 … 50 50, also where k/100·100 is not k in binary */
    assert_true(dp_hist_quantile(hundred, k / 100.0) == (double)((k + 1) / 2));
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void quantiles_stay_within_one_part_in_32(void **state) {
  (void)state;
  enum { N = 20000 };
  static int64_t sample[N];
  static const double q[] = {0.001, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1};
  uint64_t x = 88172645463325252u;
  for (int shape = 0; shape < 3; shape++) {
    static uint64_t counts[DP_HIST_BUCKETS];
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < N; i++) {
      double u = ((double)(xorshift(&x) >> 11) + 0.5) * 0x1p-53;
      /* Waits in ns: exponential, uniform, Pareto. */
      double v = shape == 0 ? -1e9 * log(u) : shape == 1 ? 1e6 * u : 1e3 * pow(u, -1.5);
      sample[i] = (int64_t)v;
      dp_hist_add(counts, sample[i]);
    }
    qsort(sample, N, sizeof sample[0], by_value);
    for (size_t k = 0; k < sizeof q / sizeof q[0]; k++) {
      double exact = (double)sample[(size_t)ceil(q[k] * N - 1e-6) - 1];
      assert_true(fabs(dp_hist_quantile(counts, q[k]) - exact) <= exact / 32);
    }
  }
}

static void merging_is_adding(void **state) {
  (void)state;
  static uint64_t a[DP_HIST_BUCKETS], b[DP_HIST_BUCKETS], both[DP_HIST_BUCKETS];
  uint64_t x = 12345;
  for (int i = 0; i < 5000; i++) {
    int64_t v = (int64_t)(xorshift(&x) >> (1 + i % 60));
    dp_hist_add(i % 3 == 0 ? a : b, v);
    dp_hist_add(both, v);
  }
  for (size_t i = 0; i < DP_HIST_BUCKETS; i++) a[i] += b[i];
  assert_memory_equal(a, both, sizeof a);
  assert_int_equal(dp_hist_total(a), 5000);
}

static void concentration_is_that_of_the_sorted_values(void **state) {
  (void)state;
  static uint64_t counts[DP_HIST_BUCKETS];
  assert_true(isnan(dp_hist_gini(counts)) && isnan(dp_hist_majority_n(counts)));
  static const int64_t values[] = {1, 1, 2, 3, 5, 8, 13, 21}; /* below 64: exact */
  double differences = 0;
  for (size_t i = 0; i < 8; i++) {
    dp_hist_add(counts, values[i]);
    for (size_t j = 0; j < 8; j++) differences += fabs((double)(values[i] - values[j]));
  }
  assert_true(fabs(dp_hist_gini(counts) - differences / (2 * 8 * 54)) < 1e-12);
  assert_true(fabs(dp_hist_majority_n(counts) - 2) < 1e-12); /* 21 + 13 of 54 */
  for (int i = 0; i < 992; i++) dp_hist_add(counts, 0);
  assert_true(fabs(dp_hist_majority_n(counts) - 2) < 1e-12);
  assert_true(dp_hist_gini(counts) > 0.99);
  static uint64_t equal[DP_HIST_BUCKETS];
  for (int i = 0; i < 100; i++) dp_hist_add(equal, 7);
  assert_true(fabs(dp_hist_gini(equal)) < 1e-12);
  assert_true(fabs(dp_hist_majority_n(equal) - 51) < 1e-12); /* more than half */
}

static void those_who_were_not_counted_lie_above_all(void **state) {
  (void)state;
  static uint64_t counts[DP_HIST_BUCKETS];
  for (int i = 1; i <= 10; i++) dp_hist_add(counts, i);
  assert_true(fabs(dp_hist_quantile_of(counts, 0.5, 10) - 5) < 1e-12);
  assert_true(fabs(dp_hist_quantile_of(counts, 0.5, 20) - 10) < 1e-12);
  assert_true(isnan(dp_hist_quantile_of(counts, 0.5, 21)));
  assert_true(isnan(dp_hist_quantile_of(counts, 0.5, 9)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(buckets_tile_all_values),
      cmocka_unit_test(values_out_of_range_are_clamped),
      cmocka_unit_test(an_empty_histogram_has_no_quantile),
      cmocka_unit_test(small_values_have_exact_nearest_ranks),
      cmocka_unit_test(quantiles_stay_within_one_part_in_32),
      cmocka_unit_test(merging_is_adding),
      cmocka_unit_test(concentration_is_that_of_the_sorted_values),
      cmocka_unit_test(those_who_were_not_counted_lie_above_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
