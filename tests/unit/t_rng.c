/* tests/unit/t_rng.c — Philox4x64-10 against the published vectors; the samplers against their distributions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

#include "engine/rng.h"

/* The lines "philox4x64 10" of tests/kat_vectors of Random123 (D. E. Shaw Research): counter, key, output. */
static const uint64_t known_answers[][10] = {
    {0, 0, 0, 0, 0, 0, 0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b},
    {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, 0x87b092c3013fe90b, 0x438c3c67be8d0224,
     0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0},
    {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89, 0x452821e638d01377,
     0xbe5466cf34e90c6c, 0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6},
};

static void blocks_are_those_of_random123(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof known_answers / sizeof *known_answers; i++) {
    const uint64_t *v = known_answers[i];
    struct dp_rng rng = dp_rng_at(v[4], v[5], v[0], v[1], v[2]);
    rng.counter[3] = v[3];
    rng.used = 4;
    for (int word = 0; word < 4; word++) assert_true(dp_rng_u64(&rng) == v[6 + word]);
  }
}

static void an_occasion_starts_at_draw_0_and_blocks_follow_each_other(void **state) {
  (void)state;
  struct dp_rng a = dp_rng_at(1, 2, 3, 4, 5), b = dp_rng_at(1, 2, 3, 4, 5), next = dp_rng_at(1, 2, 3, 4, 5);
  for (int i = 0; i < 100; i++) assert_true(dp_rng_u64(&a) == dp_rng_u64(&b));
  next.counter[3] = 1;
  next.used = 4;
  b = dp_rng_at(1, 2, 3, 4, 5);
  for (int i = 0; i < 4; i++) dp_rng_u64(&b);
  for (int i = 0; i < 4; i++) assert_true(dp_rng_u64(&next) == dp_rng_u64(&b));
}

static void every_coordinate_gives_another_stream(void **state) {
  (void)state;
  struct dp_rng rngs[] = {dp_rng_at(1, 2, 3, 4, 5), dp_rng_at(9, 2, 3, 4, 5), dp_rng_at(1, 9, 3, 4, 5),
                          dp_rng_at(1, 2, 9, 4, 5), dp_rng_at(1, 2, 3, 9, 5), dp_rng_at(1, 2, 3, 4, 9)};
  uint64_t first[6];
  for (int i = 0; i < 6; i++) first[i] = dp_rng_u64(&rngs[i]);
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < i; j++) assert_true(first[i] != first[j]);
}

#define SAMPLES 100000

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Kolmogorov–Smirnov: √n·D stays below 1.95 with probability 0.999. */
static void assert_distribution(double *x, double (*cdf)(double)) {
  double worst = 0;
  qsort(x, SAMPLES, sizeof *x, compare);
  for (int i = 0; i < SAMPLES; i++) {
    double p = cdf(x[i]);
    worst = fmax(worst, fmax(p - (double)i / SAMPLES, (double)(i + 1) / SAMPLES - p));
  }
  assert_true(worst * sqrt(SAMPLES) < 1.95);
}

/* Mean and variance within four standard errors, given the fourth central moment. */
static void assert_moments(const double *x, double mean, double variance, double fourth) {
  double sum = 0, squares = 0;
  for (int i = 0; i < SAMPLES; i++) sum += x[i];
  for (int i = 0; i < SAMPLES; i++) squares += (x[i] - mean) * (x[i] - mean);
  assert_true(fabs(sum / SAMPLES - mean) < 4 * sqrt(variance / SAMPLES));
  assert_true(fabs(squares / SAMPLES - variance) < 4 * sqrt((fourth - variance * variance) / SAMPLES));
}

static double cdf_uniform(double x) { return x; }
static double cdf_exponential(double x) { return gsl_cdf_exponential_P(x, 2.5); }
static double cdf_normal(double x) { return gsl_cdf_ugaussian_P(x); }
static double cdf_gamma(double x) { return gsl_cdf_gamma_P(x, 0.7, 3); }

static double *samples(void) {
  double *x = malloc(SAMPLES * sizeof *x);
  assert_non_null(x);
  return x;
}

/* One occasion a sample, as models draw. */
static struct dp_rng at(int i) { return dp_rng_at(42, 0, 7, 1, (uint64_t)i); }

static void uniform_has_its_moments_and_distribution(void **state) {
  (void)state;
  double *x = samples();
  for (int i = 0; i < SAMPLES; i++) {
    struct dp_rng rng = at(i);
    x[i] = dp_rng_uniform(&rng);
  }
  assert_moments(x, 0.5, 1. / 12, 1. / 80);
  assert_distribution(x, cdf_uniform);
  free(x);
}

static void uniform_stays_inside_the_open_interval_at_both_ends(void **state) {
  (void)state;
  struct dp_rng rng = {.out = {0, UINT64_MAX}, .used = 0};
  double low = dp_rng_uniform(&rng), high = dp_rng_uniform(&rng);
  assert_true(low == 0x1p-53);
  assert_true(high == 1 - 0x1p-53);
  assert_true(isfinite(log(low)) && log(high) < 0);
}

static void exponential_has_its_moments_and_distribution(void **state) {
  (void)state;
  double *x = samples();
  for (int i = 0; i < SAMPLES; i++) {
    struct dp_rng rng = at(i);
    x[i] = dp_rng_exponential(&rng, 2.5);
  }
  assert_moments(x, 2.5, 2.5 * 2.5, 9 * pow(2.5, 4));
  assert_distribution(x, cdf_exponential);
  free(x);
}

static void normal_has_its_moments_and_distribution(void **state) {
  (void)state;
  double *x = samples();
  for (int i = 0; i < SAMPLES; i++) {
    struct dp_rng rng = at(i);
    x[i] = dp_rng_normal(&rng);
  }
  assert_moments(x, 0, 1, 3);
  assert_distribution(x, cdf_normal);
  free(x);
}

static void below_is_even_over_its_range(void **state) {
  (void)state;
  double counts[10] = {0}, chi2 = 0;
  struct dp_rng rng = at(0);
  for (int i = 0; i < SAMPLES; i++) {
    uint64_t k = dp_rng_below(&rng, 10);
    assert_true(k < 10);
    counts[k]++;
  }
  for (int k = 0; k < 10; k++) chi2 += pow(counts[k] - SAMPLES / 10., 2) / (SAMPLES / 10.);
  assert_true(gsl_cdf_chisq_Q(chi2, 9) > 0.001);
  assert_int_equal(dp_rng_below(&rng, 1), 0);
}

/* n = 3·2^62: without rejection the first of three parts would come twice as often as the others. */
static void below_has_no_bias_where_it_would_show_most(void **state) {
  (void)state;
  double first = 0;
  struct dp_rng rng = at(1);
  for (int i = 0; i < SAMPLES; i++) first += dp_rng_below(&rng, UINT64_C(3) << 62) < UINT64_C(1) << 62;
  assert_true(fabs(first / SAMPLES - 1. / 3) < 4 * sqrt(2. / 9 / SAMPLES));
}

static void gsl_draws_the_same_words_through_its_own_interface(void **state) {
  (void)state;
  struct dp_rng a = at(3), b = at(3);
  gsl_rng gsl = dp_rng_gsl(&a);
  assert_string_equal(gsl_rng_name(&gsl), "philox4x64-10");
  assert_true(gsl_rng_min(&gsl) == 0 && gsl_rng_max(&gsl) == UINT64_MAX);
  for (int i = 0; i < 10; i++) assert_true(gsl_rng_get(&gsl) == dp_rng_u64(&b));
  for (int i = 0; i < 10; i++) assert_true(gsl_rng_uniform(&gsl) == dp_rng_uniform(&b));
  for (int i = 0; i < 100; i++) assert_true(gsl_rng_uniform_int(&gsl, 6) < 6);
}

static void gsl_distributions_work_over_it(void **state) {
  (void)state;
  double *x = samples(), *y = samples();
  for (int i = 0; i < SAMPLES; i++) {
    struct dp_rng a = at(i), b = at(i);
    gsl_rng over_a = dp_rng_gsl(&a), over_b = dp_rng_gsl(&b);
    x[i] = gsl_ran_exponential(&over_a, 2.5);
    y[i] = gsl_ran_gamma(&over_b, 0.7, 3);
  }
  assert_moments(x, 2.5, 2.5 * 2.5, 9 * pow(2.5, 4));
  assert_distribution(x, cdf_exponential);
  assert_distribution(y, cdf_gamma);
  free(x);
  free(y);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_those_of_random123),
      cmocka_unit_test(an_occasion_starts_at_draw_0_and_blocks_follow_each_other),
      cmocka_unit_test(every_coordinate_gives_another_stream),
      cmocka_unit_test(uniform_has_its_moments_and_distribution),
      cmocka_unit_test(uniform_stays_inside_the_open_interval_at_both_ends),
      cmocka_unit_test(exponential_has_its_moments_and_distribution),
      cmocka_unit_test(normal_has_its_moments_and_distribution),
      cmocka_unit_test(below_is_even_over_its_range),
      cmocka_unit_test(below_has_no_bias_where_it_would_show_most),
      cmocka_unit_test(gsl_draws_the_same_words_through_its_own_interface),
      cmocka_unit_test(gsl_distributions_work_over_it),
  };
  return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
