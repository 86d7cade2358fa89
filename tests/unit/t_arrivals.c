/* Synthetic requests against the traces they imitate, and against the theory of the processes they claim to be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "real_data.h"
#include "workload/arrivals.h"
#include "workload/trace.h"

#define DRAWS_N 1000000
#define ROWS_MAX 20000
#define DAY_NS (INT64_C(86400) * DP_NS_PER_S)
#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance)) /* cmocka compares floats */

/** Requests as columns of numbers. */
struct sample {
  size_t n;
  double *prompt, *output, *gap; /* gap[0] is 0 */
};

static struct sample new_sample(size_t cap) {
  struct sample s = {0};
  s.prompt = calloc(cap, sizeof *s.prompt);
  s.output = calloc(cap, sizeof *s.output);
  s.gap = calloc(cap, sizeof *s.gap);
  assert_true(s.prompt && s.output && s.gap);
  return s;
}

static void free_sample(struct sample *s) {
  free(s->prompt);
  free(s->output);
  free(s->gap);
}

static const char *file_of(const char *name) {
  if (strcmp(name, "mooncake") == 0) return "llm_inference/mooncake_conversation.jsonl";
  return strcmp(name, "azure_conv") == 0 ? "llm_inference/AzureLLMInferenceTrace_conv.csv"
                                         : "llm_inference/AzureLLMInferenceTrace_code.csv";
}

static struct sample read_trace(const char *path) {
  struct sample s = new_sample(ROWS_MAX);
  struct dp_trace *trace;
  struct dp_trace_row row;
  int64_t last_ns = 0;
  bool eof = false;
  assert_int_equal(dp_trace_open(path, &trace, NULL), DP_OK);
  while (dp_trace_next(trace, &row, &eof, NULL) == DP_OK && !eof) {
    assert_true(s.n < ROWS_MAX);
    s.prompt[s.n] = (double)row.prompt_n;
    s.output[s.n] = (double)row.output_n;
    s.gap[s.n++] = (double)(row.time_ns - last_ns) / 1e9;
    last_ns = row.time_ns;
  }
  assert_true(eof);
  dp_trace_close(trace);
  return s;
}

static struct dp_arrivals arrivals_of(const struct dp_arrivals_config *config) {
  struct dp_arrivals a;
  struct dp_err err = {0};
  if (dp_arrivals_init(&a, config, &err) != DP_OK) fail_msg("%s", err.text);
  return a;
}

static struct sample generate(const char *name, double rate_per_s) {
  struct dp_arrivals_config config = {.rate_per_s = rate_per_s, .burst = DP_BURST_EMPIRICAL, .tokens = name};
  struct dp_arrivals a = arrivals_of(&config);
  struct sample s = new_sample(DRAWS_N);
  for (s.n = 0; s.n < DRAWS_N; s.n++) {
    struct dp_rng rng = dp_rng_at(1, 0, 7, 3, s.n);
    int64_t prompt, output;
    s.gap[s.n] = (double)dp_arrivals_next(&a, &rng, 0) / 1e9;
    dp_arrivals_tokens(&a, &rng, &prompt, &output);
    assert_true(prompt >= 1 && output >= 1);
    s.prompt[s.n] = (double)prompt;
    s.output[s.n] = (double)output;
  }
  return s;
}

/* The value at rank q, as Python's numpy.percentile. */
static double quantile(const double *x, size_t n, double q) {
  double *sorted = malloc(n * sizeof *sorted);
  memcpy(sorted, x, n * sizeof *sorted);
  gsl_sort(sorted, 1, n);
  double value = gsl_stats_quantile_from_sorted_data(sorted, 1, n, q);
  free(sorted);
  return value;
}

static double cv(const double *x, size_t n) { return gsl_stats_sd(x, 1, n) / gsl_stats_mean(x, 1, n); }

static double spearman(const struct sample *s) {
  double *work = malloc(2 * s->n * sizeof *work);
  double r = gsl_stats_spearman(s->prompt, 1, s->output, 1, s->n, work);
  free(work);
  return r;
}

static double pearson(const struct sample *s) { return gsl_stats_correlation(s->prompt, 1, s->output, 1, s->n); }

static void compare(const char *what, double got, double wanted, double ratio) {
  printf("#   %-14s trace %12.4f  generated %12.4f  (%+.2f %%)\n", what, wanted, got, 100 * (got / wanted - 1));
  assert_near(got / wanted, 1, ratio);
}

static void compare_tokens(const char *what, const double *got, size_t got_n, const double *real, size_t real_n) {
  static const double ranks[] = {0.5, 0.9, 0.99};
  char label[32];
  snprintf(label, sizeof label, "%s mean", what);
  compare(label, gsl_stats_mean(got, 1, got_n), gsl_stats_mean(real, 1, real_n), 0.02);
  for (int i = 0; i < 3; i++) {
    snprintf(label, sizeof label, "%s p%g", what, 100 * ranks[i]);
    compare(label, quantile(got, got_n, ranks[i]), quantile(real, real_n, ranks[i]), 0.02);
  }
}

static void check_statistics(const char *name) {
  char path[512];
  if (!real_data(file_of(name), path, sizeof path)) skip();
  const struct dp_token_tables *t;
  assert_int_equal(dp_token_tables_find(name, &t, NULL), DP_OK);
  struct sample real = read_trace(path), made = generate(name, t->rate_per_s);
  printf("# %s\n", name);
  compare_tokens("prompt", made.prompt, made.n, real.prompt, real.n);
  compare_tokens("output", made.output, made.n, real.output, real.n);
  compare("gap mean", gsl_stats_mean(made.gap, 1, made.n), gsl_stats_mean(real.gap + 1, 1, real.n - 1), 0.05);
  compare("gap cv", cv(made.gap, made.n), cv(real.gap + 1, real.n - 1), 0.05);
  printf("#   spearman       trace %12.4f  generated %12.4f\n", spearman(&real), spearman(&made));
  printf("#   pearson        trace %12.4f  generated %12.4f\n", pearson(&real), pearson(&made));
  assert_near(spearman(&made), spearman(&real), 0.02);
  assert_near(pearson(&made), pearson(&real), 0.03);
  assert_near(t->prompt_mean, gsl_stats_mean(real.prompt, 1, real.n), 1e-9);
  assert_near(t->output_mean, gsl_stats_mean(real.output, 1, real.n), 1e-9);
  assert_near(t->spearman, spearman(&real), 0.001);
  assert_near(t->pearson, pearson(&real), 1e-9);
  assert_near(t->rate_per_s * gsl_stats_mean(real.gap + 1, 1, real.n - 1), 1, 1e-6);
  free_sample(&made);
  free_sample(&real);
}

static void azure_conversation_statistics_are_matched(void **state) {
  (void)state;
  check_statistics("azure_conv");
}

static void azure_code_statistics_are_matched(void **state) {
  (void)state;
  check_statistics("azure_code");
}

static void mooncake_statistics_are_matched(void **state) {
  (void)state;
  check_statistics("mooncake");
}

static void tables_are_quantile_functions(void **state) {
  (void)state;
  for (int i = 0; i < dp_token_tables_n(); i++) {
    const struct dp_token_tables *t = dp_token_tables_at(i);
    const struct dp_quantiles *all[] = {&t->prompt, &t->output, &t->gap};
    for (int k = 0; k < 3; k++) {
      const struct dp_quantile_point *p = all[k]->points;
      int n = all[k]->points_n;
      assert_true(n >= 2 && n <= 128);
      assert_int_equal(p[0].rank_e7, 0);
      assert_int_equal(p[n - 1].rank_e7, 10000000);
      for (int j = 1; j < n; j++) assert_true(p[j].rank_e7 > p[j - 1].rank_e7 && p[j].value >= p[j - 1].value);
      assert_near(dp_quantile(all[k], 0), (double)p[0].value, 1e-9);
      assert_near(dp_quantile(all[k], 1), (double)p[n - 1].value, 1e-6);
    }
    assert_near(dp_quantile_mean(&t->gap), 1e6, 1e3);
  }
}

/* Mean gap and coefficient of variation of `n` gaps from time 0 on. */
static void gap_moments(const struct dp_arrivals *a, size_t n, double *mean, double *variation) {
  double *gap = malloc(n * sizeof *gap);
  for (size_t i = 0; i < n; i++) {
    struct dp_rng rng = dp_rng_at(2, 0, 1, 1, i);
    gap[i] = (double)dp_arrivals_next(a, &rng, 0) / 1e9;
  }
  *mean = gsl_stats_mean(gap, 1, n);
  *variation = cv(gap, n);
  free(gap);
}

static void poisson_and_gamma_gaps_have_the_declared_moments(void **state) {
  (void)state;
  static const double cvs[] = {0.5, 1, 2, 4};
  double mean, variation;
  struct dp_arrivals_config config = {.rate_per_s = 20, .burst = DP_BURST_POISSON, .tokens = "azure_conv"};
  struct dp_arrivals a = arrivals_of(&config);
  gap_moments(&a, 400000, &mean, &variation);
  assert_near(mean * 20, 1, 0.01);
  assert_near(variation, 1, 0.01);
  for (int i = 0; i < 4; i++) {
    config.burst = DP_BURST_GAMMA;
    config.cv = cvs[i];
    a = arrivals_of(&config);
    gap_moments(&a, 400000, &mean, &variation);
    assert_near(mean * 20, 1, 0.03);
    assert_near(variation / cvs[i], 1, 0.03);
  }
}

static void a_diurnal_poisson_stream_follows_its_integral_hour_by_hour(void **state) {
  (void)state; /* peak at 20 h local, UTC+9, start at 06:00 UTC: the peak is 5 h after the start */
  struct dp_arrivals_config config = {.rate_per_s = 0.5, .burst = DP_BURST_POISSON, .diurnal_amplitude_ratio = 0.6,
                                      .peak_hour = 20, .utc_offset_h = 9,
                                      .start_of_day_ns = INT64_C(6) * 3600 * DP_NS_PER_S, .tokens = "azure_conv"};
  struct dp_arrivals a = arrivals_of(&config);
  double count[24] = {0}, total = 0, w = 2 * M_PI / 24;
  enum { DAYS_N = 20 };
  int64_t now = 0;
  for (uint64_t i = 0; now < DAYS_N * DAY_NS; i++) {
    struct dp_rng rng = dp_rng_at(3, 0, 1, 1, i);
    now += dp_arrivals_next(&a, &rng, now);
    if (now >= DAYS_N * DAY_NS) break;
    count[now % DAY_NS / (3600 * DP_NS_PER_S)]++;
    total++;
  }
  double chi2 = 0, mean_total = 0.5 * 86400 * DAYS_N;
  for (int h = 0; h < 24; h++) {
    double expected = 0.5 * 3600 * DAYS_N * (1 + 0.6 * (sin(w * (h + 1 - 5)) - sin(w * (h - 5))) / w);
    chi2 += (count[h] - expected) * (count[h] - expected) / expected;
  }
  printf("# diurnal: %.0f requests (expected %.0f), chi² %.1f of 24 hours\n", total, mean_total, chi2);
  assert_near(total, mean_total, 3.5 * sqrt(mean_total));
  assert_true(chi2 < 51.2); /* 0.999 quantile of chi² with 24 degrees of freedom */
  assert_near(dp_arrivals_rate(&a, INT64_C(5) * 3600 * DP_NS_PER_S), 0.8, 1e-9);
  assert_near(dp_arrivals_rate(&a, INT64_C(17) * 3600 * DP_NS_PER_S), 0.2, 1e-9);
}

static void the_inverse_of_the_diurnal_integral_is_exact_to_the_nanosecond(void **state) {
  (void)state; /* the same draw at a constant rate gives the work; the integral over the diurnal gap must equal it */
  struct dp_arrivals_config config = {.rate_per_s = 1e-4, .burst = DP_BURST_POISSON, .tokens = "azure_conv"};
  struct dp_arrivals flat = arrivals_of(&config);
  config.diurnal_amplitude_ratio = 0.95;
  struct dp_arrivals day = arrivals_of(&config);
  double w = 2 * M_PI / 86400;
  for (uint64_t i = 0; i < 20000; i++) {
    int64_t now = (int64_t)(i * UINT64_C(7777777777777));
    struct dp_rng one = dp_rng_at(4, 0, 1, 1, i), two = one;
    double work = (double)dp_arrivals_next(&flat, &one, now) / 1e9;
    double gap = (double)dp_arrivals_next(&day, &two, now) / 1e9;
    double from = (double)(now % DAY_NS) / 1e9;
    double integral = gap + 0.95 / w * (sin(w * (from + fmod(gap, 86400))) - sin(w * from));
    assert_near(integral, work, 3e-9);
  }
}

static void a_request_draws_the_same_whatever_came_before(void **state) {
  (void)state;
  struct dp_arrivals_config config = {.rate_per_s = 1, .burst = DP_BURST_GAMMA, .cv = 3, .tokens = "mooncake"};
  struct dp_arrivals a = arrivals_of(&config);
  struct dp_rng first = dp_rng_at(1, 2, 3, 4, 5), again = dp_rng_at(1, 2, 3, 4, 5);
  int64_t p1, o1, p2, o2;
  assert_int_equal(dp_arrivals_next(&a, &first, 10), dp_arrivals_next(&a, &again, INT64_C(1) << 60));
  dp_arrivals_tokens(&a, &first, &p1, &o1);
  dp_arrivals_tokens(&a, &again, &p2, &o2);
  assert_int_equal(p1, p2);
  assert_int_equal(o1, o2);
}

static void no_rate_and_no_time_left_mean_never(void **state) {
  (void)state;
  struct dp_arrivals_config config = {.rate_per_s = 0, .burst = DP_BURST_POISSON, .tokens = "azure_code"};
  struct dp_arrivals a = arrivals_of(&config);
  struct dp_rng rng = dp_rng_at(1, 0, 0, 0, 0);
  assert_true(dp_arrivals_next(&a, &rng, 0) == INT64_MAX);
  a.rate_per_s = 1e-9;
  assert_true(dp_arrivals_next(&a, &rng, INT64_MAX - 1) == INT64_MAX);
}

static void refuse(struct dp_arrivals_config config, const char *what) {
  struct dp_arrivals a;
  struct dp_err err = {0};
  assert_int_not_equal(dp_arrivals_init(&a, &config, &err), DP_OK);
  assert_non_null(strstr(err.text, what));
}

static void values_out_of_range_are_refused_by_name(void **state) {
  (void)state;
  struct dp_arrivals_config good = {.rate_per_s = 1, .burst = DP_BURST_POISSON, .tokens = "azure_conv"}, bad;
  bad = good;
  bad.rate_per_s = (double)NAN;
  refuse(bad, "rate_per_s");
  bad = good;
  bad.rate_per_s = -1;
  refuse(bad, "rate_per_s");
  bad = good;
  bad.burst = DP_BURST_GAMMA;
  refuse(bad, "cv");
  bad = good;
  bad.diurnal_amplitude_ratio = 1;
  refuse(bad, "diurnal_amplitude_ratio");
  bad = good;
  bad.tokens = "azure_con";
  refuse(bad, "'azure_conv'");
  bad = good;
  bad.tokens = NULL;
  refuse(bad, "azure_code");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(azure_conversation_statistics_are_matched),
      cmocka_unit_test(azure_code_statistics_are_matched),
      cmocka_unit_test(mooncake_statistics_are_matched),
      cmocka_unit_test(tables_are_quantile_functions),
      cmocka_unit_test(poisson_and_gamma_gaps_have_the_declared_moments),
      cmocka_unit_test(a_diurnal_poisson_stream_follows_its_integral_hour_by_hour),
      cmocka_unit_test(the_inverse_of_the_diurnal_integral_is_exact_to_the_nanosecond),
      cmocka_unit_test(a_request_draws_the_same_whatever_came_before),
      cmocka_unit_test(no_rate_and_no_time_left_mean_never),
      cmocka_unit_test(values_out_of_range_are_refused_by_name),
  };
  return cmocka_run_group_tests_name("arrivals", tests, NULL, NULL);
}
