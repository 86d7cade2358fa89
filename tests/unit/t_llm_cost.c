/* Step times of the inference server: against the measured kernel times, against published throughputs, and against a
 * plain loop over the steps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_multifit.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "real_data.h"
#include "workload/llm_cost.h"

#define ROWS_MAX 512
#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance)) /* cmocka compares floats */

static const char *const layer_ops[] = {"input_layernorm", "attn_pre_proj", "attn_rope", "attn_post_proj",
                                        "post_attention_layernorm", "mlp_up_proj", "mlp_act", "mlp_down_proj", "add"};
enum { LAYER_OPS_N = sizeof layer_ops / sizeof layer_ops[0] };

struct kernel_times {
  size_t n;
  double tokens[ROWS_MAX], total_ms[ROWS_MAX]; /* of 32 layers and the embedding */
  double gemv_ms;                              /* four matrix products of a layer, one token */
};

static struct dp_llm_cost cost_of(const char *gpu) {
  struct dp_llm_cost c;
  assert_int_equal(dp_llm_cost_find(gpu, &c, NULL), DP_OK);
  return c;
}

static double median_ms(struct dp_csv *csv, const char *op) {
  char column[64];
  int index;
  double ms;
  snprintf(column, sizeof column, "time_stats.%s.median", op);
  assert_int_equal(dp_csv_need_column(csv, column, &index, NULL), DP_OK);
  assert_int_equal(dp_csv_f64(csv, index, 0, 1e6, &ms, NULL), DP_OK);
  return ms;
}

static int64_t whole(struct dp_csv *csv, const char *column) {
  int64_t v;
  assert_int_equal(dp_csv_i64(csv, dp_csv_column(csv, column), 0, 1 << 20, &v, NULL), DP_OK);
  return v;
}

/* Reads the rows of one tensor-parallel worker; false when the file is absent. */
static bool read_kernels(const char *gpu, struct kernel_times *k) {
  char name[64], path[512];
  snprintf(name, sizeof name, "gpu_perf/vidur_mlp_%s_llama2-7b.csv", gpu);
  if (!real_data(name, path, sizeof path)) return false;
  struct dp_csv *csv;
  struct dp_csv_row row;
  bool eof = false;
  k->n = 0;
  assert_int_equal(dp_csv_open(path, ',', &csv, NULL), DP_OK);
  while (dp_csv_next(csv, &row, &eof, NULL) == DP_OK && !eof) {
    if (whole(csv, "num_tensor_parallel_workers") != 1) continue;
    double layer = 0, gemm = 0;
    for (int i = 0; i < LAYER_OPS_N; i++) {
      double ms = median_ms(csv, layer_ops[i]);
      layer += ms;
      if (strstr(layer_ops[i], "proj")) gemm += ms;
    }
    assert_true(k->n < ROWS_MAX);
    k->tokens[k->n] = (double)whole(csv, "num_tokens");
    if (k->tokens[k->n] < 1.5) k->gemv_ms = gemm;
    k->total_ms[k->n++] = median_ms(csv, "emb") + DP_LLM_LAYERS_N * layer;
  }
  assert_true(eof);
  dp_csv_close(csv);
  return true;
}

/* The fit that the table describes: c = fixed ms, slopes ms a token. */
static void fit(const struct kernel_times *k, double c[4]) {
  double octave_n[32] = {0};
  for (size_t i = 0; i < k->n; i++) octave_n[(int)floor(log2(k->tokens[i]))]++;
  gsl_matrix *x = gsl_matrix_alloc(k->n, 4), *cov = gsl_matrix_alloc(4, 4);
  gsl_vector *y = gsl_vector_alloc(k->n), *w = gsl_vector_alloc(k->n), *out = gsl_vector_alloc(4);
  gsl_multifit_linear_workspace *space = gsl_multifit_linear_alloc(k->n, 4);
  for (size_t i = 0; i < k->n; i++) {
    double n = k->tokens[i], ms = k->total_ms[i];
    gsl_matrix_set(x, i, 0, 1);
    gsl_matrix_set(x, i, 1, n);
    gsl_matrix_set(x, i, 2, fmax(0, n - 64));
    gsl_matrix_set(x, i, 3, fmax(0, n - 512));
    gsl_vector_set(y, i, ms);
    gsl_vector_set(w, i, 1 / (ms * ms * octave_n[(int)floor(log2(n))]));
  }
  double chisq;
  assert_int_equal(gsl_multifit_wlinear(x, w, y, out, cov, &chisq, space), 0);
  for (size_t i = 0; i < 4; i++) c[i] = gsl_vector_get(out, i);
  gsl_multifit_linear_free(space);
  gsl_vector_free(out);
  gsl_vector_free(w);
  gsl_vector_free(y);
  gsl_matrix_free(cov);
  gsl_matrix_free(x);
}

static void check_fit(const char *gpu, double max_ratio, double median_ratio) {
  static struct kernel_times k;
  if (!read_kernels(gpu, &k)) skip();
  assert_int_equal(k.n, 261);
  struct dp_llm_cost cost = cost_of(gpu);
  assert_true(cost.measured);
  double c[4], head_ns = k.gemv_ms * 1e6 * (double)DP_LLM_HEAD_BYTES / (double)DP_LLM_LAYER_BYTES;
  fit(&k, c);
  assert_near((double)cost.gemv_ns, k.gemv_ms * 1e6, 1);
  assert_near((double)cost.fixed_ns / (c[0] * 1e6 + head_ns), 1, 1e-6);
  for (int i = 0; i < 3; i++) assert_near((double)cost.slope_ps[i] / (c[i + 1] * 1e9), 1, 1e-6);

  double error[ROWS_MAX];
  for (size_t i = 0; i < k.n; i++) {
    double model_ms = ((double)dp_llm_dense_ns(&cost, (int64_t)k.tokens[i]) - head_ns) / 1e6;
    error[i] = fabs(model_ms / k.total_ms[i] - 1);
  }
  gsl_sort(error, 1, k.n);
  printf("# %s: relative error of the fit: median %.4f, 95 %% %.4f, max %.4f\n", gpu, error[k.n / 2],
         error[k.n * 95 / 100], error[k.n - 1]);
  assert_near(error[k.n - 1], max_ratio, 0.001);
  assert_near(error[k.n / 2], median_ratio, 0.001);
}

static void fit_of_h100_kernel_times_gives_the_compiled_coefficients(void **state) {
  (void)state;
  check_fit("h100", 0.160, 0.035);
}

static void fit_of_a100_kernel_times_gives_the_compiled_coefficients(void **state) {
  (void)state;
  check_fit("a100", 0.211, 0.021);
}

static void fit_of_a40_kernel_times_gives_the_compiled_coefficients(void **state) {
  (void)state;
  check_fit("a40", 0.150, 0.029);
}

static void key_value_reads_run_at_the_measured_share_of_the_bandwidth(void **state) {
  (void)state;
  for (int i = 0; i < dp_llm_gpus_n(); i++) {
    struct dp_llm_cost c = cost_of(dp_llm_gpu_name(i));
    double share = (double)DP_LLM_KV_BYTES / ((double)c.kv_ps * 1e-12) / ((double)c.bandwidth_gbs * 1e9);
    assert_in_range((int)(share * 1000), 760, 800);
  }
}

static void single_stream_stays_under_the_bandwidth_rule(void **state) {
  (void)state; /* llm-academy.dev: tokens/s at batch 1 ~ bandwidth / bytes of the model */
  for (int i = 0; i < dp_llm_gpus_n(); i++) {
    struct dp_llm_cost c = cost_of(dp_llm_gpu_name(i));
    double rule = (double)c.bandwidth_gbs * 1e9 / (double)DP_LLM_WEIGHT_BYTES;
    double rate = 1e9 / (double)dp_llm_step_ns(&c, 1, 512);
    printf("# %-8s batch 1: %6.1f tokens/s, rule %6.1f\n", dp_llm_gpu_name(i), rate, rule);
    assert_true(rate < rule && rate > 0.65 * rule);
  }
}

/* Closed loop of prompts of 128 and outputs of 128 tokens, at most 256 sequences (the default of vLLM), end to end. */
static double batched_rate(const struct dp_llm_cost *c, double memory_gib) {
  int64_t room = dp_llm_kv_capacity_tokens(memory_gib, dp_llm_weights_gib(), DP_LLM_OVERHEAD_RATIO);
  int64_t batch = room / 256 < 256 ? room / 256 : 256;
  double ns = 128.0 * (double)dp_llm_step_ns(c, batch, batch * 192) + (double)(batch * dp_llm_prefill_ns(c, 128));
  return (double)batch * 128e9 / ns;
}

static void batched_throughput_is_within_a_factor_of_two_of_published(void **state) {
  (void)state; /* gputracker.dev, an 8B model with a quarter of the key-value bytes (quantised on T4) */
  static const struct {
    const char *gpu;
    double memory_gib, published;
  } rows[] = {{"h100", 80, 6000},    {"a100", 80, 3500},    {"l40s", 48, 2800}, {"rtx4090", 24, 2500},
              {"rtx3090", 24, 1800}, {"t4", 16, 400},       {"a40", 48, 0},     {"h200", 141, 0},
              {"b200", 192, 0},      {"mi300x", 192, 0}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct dp_llm_cost c = cost_of(rows[i].gpu);
    double rate = batched_rate(&c, rows[i].memory_gib), published = rows[i].published;
    printf("# %-8s batched: %6.0f tokens/s, published %5.0f\n", rows[i].gpu, rate, published);
    if (published > 0) assert_true(rate > published / 2 && rate < published * 2);
  }
}

static void a_step_never_gets_shorter_with_more_tokens(void **state) {
  (void)state;
  for (int i = 0; i < dp_llm_gpus_n(); i++) {
    struct dp_llm_cost c = cost_of(dp_llm_gpu_name(i));
    for (int64_t n = 0; n < 5000; n++) {
      assert_true(dp_llm_dense_ns(&c, n + 1) > dp_llm_dense_ns(&c, n));
      assert_true(dp_llm_prefill_ns(&c, n + 1) > dp_llm_prefill_ns(&c, n));
      assert_true(dp_llm_step_ns(&c, 8, n + 1) > dp_llm_step_ns(&c, 8, n));
    }
  }
}

static uint64_t draw(uint64_t *s) { /* xorshift64 (Marsaglia 2003) */
  *s ^= *s << 13;
  *s ^= *s >> 7;
  return *s ^= *s << 17;
}

static void a_run_is_the_sum_of_its_steps_wherever_it_is_cut(void **state) {
  (void)state;
  uint64_t s = 88172645463325252;
  for (int trial = 0; trial < 300; trial++) {
    struct dp_llm_cost c = cost_of(dp_llm_gpu_name((int)(draw(&s) % (uint64_t)dp_llm_gpus_n())));
    int64_t batch = 1 + (int64_t)(draw(&s) % 300), kv = (int64_t)(draw(&s) % 200000), k = 1 + (int64_t)(draw(&s) % 600);
    int64_t sum = 0, cut = (int64_t)(draw(&s) % (uint64_t)(k + 1));
    for (int64_t j = 0; j < k; j++) {
      assert_int_equal(dp_llm_run_ns(&c, batch, kv, j), sum);
      sum += dp_llm_step_ns(&c, batch, kv + j * batch);
    }
    assert_int_equal(dp_llm_run_ns(&c, batch, kv, k), sum);
    assert_int_equal(dp_llm_run_ns(&c, batch, kv, cut) + dp_llm_run_ns(&c, batch, kv + cut * batch, k - cut), sum);
  }
}

static void steps_within_inverts_the_run_to_the_nanosecond(void **state) {
  (void)state;
  uint64_t s = 42;
  for (int trial = 0; trial < 3000; trial++) {
    struct dp_llm_cost c = cost_of(dp_llm_gpu_name((int)(draw(&s) % (uint64_t)dp_llm_gpus_n())));
    int64_t batch = 1 + (int64_t)(draw(&s) % 300), kv = (int64_t)(draw(&s) % 200000), k = (int64_t)(draw(&s) % 5000);
    int64_t end = dp_llm_run_ns(&c, batch, kv, k);
    assert_int_equal(dp_llm_steps_within(&c, batch, kv, end, 1 << 20), k);
    assert_int_equal(dp_llm_steps_within(&c, batch, kv, end - 1, 1 << 20), k > 0 ? k - 1 : 0);
    assert_int_equal(dp_llm_steps_within(&c, batch, kv, end, k / 2), k / 2);
  }
}

static void a_run_too_long_for_the_clock_saturates(void **state) {
  (void)state;
  struct dp_llm_cost c = cost_of("t4");
  int64_t big = INT64_C(1) << 31;
  assert_true(dp_llm_run_ns(&c, big, INT64_C(1) << 40, big) == INT64_MAX);
  assert_true(dp_llm_prefill_ns(&c, 10000000) < INT64_MAX);
  int64_t k = dp_llm_steps_within(&c, big, 0, INT64_MAX, big);
  assert_true(dp_llm_run_ns(&c, big, 0, k) < INT64_MAX && dp_llm_run_ns(&c, big, 0, k + 1) == INT64_MAX);
}

static void scaling_to_the_same_figures_changes_nothing(void **state) {
  (void)state;
  struct dp_llm_cost h100 = cost_of("h100"), same, twice;
  assert_int_equal(dp_llm_cost_scale(&h100, 3350, 989, &same, NULL), DP_OK);
  assert_false(same.measured);
  same.measured = true;
  assert_memory_equal(&same, &h100, offsetof(struct dp_llm_cost, measured));
  assert_int_equal(dp_llm_cost_scale(&h100, 6700, 1978, &twice, NULL), DP_OK);
  assert_near((double)dp_llm_step_ns(&twice, 64, 50000) / (double)dp_llm_step_ns(&h100, 64, 50000), 0.5, 1e-4);
  struct dp_err err = {0};
  assert_int_equal(dp_llm_cost_scale(&h100, 0, 989, &twice, &err), DP_RANGE);
}

static void memory_bounds_the_context(void **state) {
  (void)state;
  double weights = dp_llm_weights_gib();
  assert_near(weights, 12.5513, 1e-4);
  assert_int_equal(dp_llm_kv_capacity_tokens(80, weights, 0.1), 121750); /* (72 − 12.5513) GiB / 512 KiB */
  assert_int_equal(dp_llm_kv_capacity_tokens(8, weights, 0.1), 0);
  assert_int_equal(dp_llm_kv_capacity_tokens((double)NAN, weights, 0.1), 0);
}

static void an_unknown_gpu_is_an_error_that_names_the_nearest(void **state) {
  (void)state;
  struct dp_llm_cost c;
  struct dp_err err = {0};
  assert_int_equal(dp_llm_cost_find("rtx4091", &c, &err), DP_SCENARIO);
  assert_non_null(strstr(err.text, "rtx4090"));
  assert_non_null(strstr(err.text, "mi300x"));
  assert_null(dp_llm_gpu_name(-1));
  assert_null(dp_llm_gpu_name(dp_llm_gpus_n()));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fit_of_h100_kernel_times_gives_the_compiled_coefficients),
      cmocka_unit_test(fit_of_a100_kernel_times_gives_the_compiled_coefficients),
      cmocka_unit_test(fit_of_a40_kernel_times_gives_the_compiled_coefficients),
      cmocka_unit_test(key_value_reads_run_at_the_measured_share_of_the_bandwidth),
      cmocka_unit_test(single_stream_stays_under_the_bandwidth_rule),
      cmocka_unit_test(batched_throughput_is_within_a_factor_of_two_of_published),
      cmocka_unit_test(a_step_never_gets_shorter_with_more_tokens),
      cmocka_unit_test(a_run_is_the_sum_of_its_steps_wherever_it_is_cut),
      cmocka_unit_test(steps_within_inverts_the_run_to_the_nanosecond),
      cmocka_unit_test(a_run_too_long_for_the_clock_saturates),
      cmocka_unit_test(scaling_to_the_same_figures_changes_nothing),
      cmocka_unit_test(memory_bounds_the_context),
      cmocka_unit_test(an_unknown_gpu_is_an_error_that_names_the_nearest),
  };
  return cmocka_run_group_tests_name("llm_cost", tests, NULL, NULL);
}
