/* sim/workload/llm_cost.c — step times of the inference server: look-up, scaling, exact sums over runs of steps. */
#include "workload/llm_cost.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"

struct llm_measured {
  const char *name;
  int64_t bandwidth_gbs, tflops, fixed_ns, slope_ps[3], gemv_ns;
};

struct llm_derived {
  const char *name;
  int64_t bandwidth_gbs, tflops;
  const char *nearest;
};

#include "workload/llm_coefficients.inc"

#define MEASURED_N ((int)(sizeof measured / sizeof measured[0]))
#define DERIVED_N ((int)(sizeof derived / sizeof derived[0]))
#define FIGURE_MAX INT64_C(1000000)

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

static int64_t saturate(wide x) { return x > INT64_MAX ? INT64_MAX : (int64_t)x; }

/* a·b/c rounded to nearest; all positive. */
static int64_t scale(int64_t a, int64_t b, int64_t c) { return saturate(((wide)a * b + c / 2) / c); }

/* What follows from the time to read the weights and from the peak rate. */
static void derive_reads(struct dp_llm_cost *c) {
  c->kv_ps = scale(c->gemv_ns * 1000, DP_LLM_KV_BYTES, DP_LLM_LAYER_BYTES);
  c->attention_fs = scale(DP_LLM_ATTENTION_FLOP, 2 * 1000, c->tflops); /* 1e15 fs / (tflops · 1e12 / 2) */
}

static struct dp_llm_cost from_measured(const struct llm_measured *m) {
  struct dp_llm_cost c = {.bandwidth_gbs = m->bandwidth_gbs, .tflops = m->tflops, .gemv_ns = m->gemv_ns};
  c.measured = true;
  c.fixed_ns = m->fixed_ns + scale(m->gemv_ns, DP_LLM_HEAD_BYTES, DP_LLM_LAYER_BYTES);
  memcpy(c.slope_ps, m->slope_ps, sizeof c.slope_ps);
  derive_reads(&c);
  return c;
}

int dp_llm_gpus_n(void) { return MEASURED_N + DERIVED_N; }

const char *dp_llm_gpu_name(int index) {
  if (index < 0 || index >= dp_llm_gpus_n()) return NULL;
  return index < MEASURED_N ? measured[index].name : derived[index - MEASURED_N].name;
}

enum dp_status dp_llm_cost_scale(const struct dp_llm_cost *nearest, int64_t bandwidth_gbs, int64_t tflops,
                                 struct dp_llm_cost *out, struct dp_err *err) {
  if (bandwidth_gbs < 1 || bandwidth_gbs > FIGURE_MAX || tflops < 1 || tflops > FIGURE_MAX)
    return dp_fail(err, DP_RANGE, "GPU with %lld GB/s and %lld TFLOPS (each must be in 1 to %lld)",
                   (long long)bandwidth_gbs, (long long)tflops, (long long)FIGURE_MAX);
  struct dp_llm_cost c = {.bandwidth_gbs = bandwidth_gbs, .tflops = tflops};
  c.fixed_ns = scale(nearest->fixed_ns, nearest->bandwidth_gbs, bandwidth_gbs);
  c.gemv_ns = scale(nearest->gemv_ns, nearest->bandwidth_gbs, bandwidth_gbs);
  for (int i = 0; i < 3; i++) c.slope_ps[i] = scale(nearest->slope_ps[i], nearest->tflops, tflops);
  derive_reads(&c);
  *out = c;
  return DP_OK;
}

static enum dp_status fail_name(const char *gpu, struct dp_err *err) {
  const char *names[MEASURED_N + DERIVED_N];
  char list[256] = "";
  size_t len = 0;
  for (int i = 0; i < MEASURED_N + DERIVED_N; i++) {
    names[i] = dp_llm_gpu_name(i);
    size_t n = strlen(names[i]);
    if (len + n + 2 > sizeof list) break;
    if (i) list[len++] = ' ';
    memcpy(list + len, names[i], n + 1);
    len += n;
  }
  const char *near = dp_str_suggest(gpu, names, (size_t)(MEASURED_N + DERIVED_N));
  return dp_fail(err, DP_SCENARIO, "no step times for the GPU '%s' (%s%s%sknown: %s)", gpu,
                 near ? "did you mean '" : "", near ? near : "", near ? "'? " : "", list);
}

enum dp_status dp_llm_cost_find(const char *gpu, struct dp_llm_cost *out, struct dp_err *err) {
  for (int i = 0; i < MEASURED_N; i++)
    if (strcmp(measured[i].name, gpu) == 0) {
      *out = from_measured(&measured[i]);
      return DP_OK;
    }
  for (int i = 0; i < DERIVED_N; i++)
    if (strcmp(derived[i].name, gpu) == 0) {
      struct dp_llm_cost nearest;
      DP_TRY(dp_llm_cost_find(derived[i].nearest, &nearest, err));
      return dp_llm_cost_scale(&nearest, derived[i].bandwidth_gbs, derived[i].tflops, out, err);
    }
  return fail_name(gpu, err);
}

int64_t dp_llm_dense_ns(const struct dp_llm_cost *cost, int64_t tokens_n) {
  wide ps = (wide)cost->slope_ps[0] * tokens_n;
  if (tokens_n > 64) ps += (wide)cost->slope_ps[1] * (tokens_n - 64);
  if (tokens_n > 512) ps += (wide)cost->slope_ps[2] * (tokens_n - 512);
  return saturate(cost->fixed_ns + ps / 1000);
}

int64_t dp_llm_prefill_sum_ns(const struct dp_llm_cost *cost, int64_t prompt_n, int64_t prompt_square_sum) {
  return saturate((wide)dp_llm_dense_ns(cost, prompt_n) + (wide)cost->attention_fs * prompt_square_sum / 1000000);
}

int64_t dp_llm_prefill_ns(const struct dp_llm_cost *cost, int64_t prompt_n) {
  return dp_llm_prefill_sum_ns(cost, prompt_n, saturate((wide)prompt_n * prompt_n));
}

int64_t dp_llm_step_ns(const struct dp_llm_cost *cost, int64_t batch_n, int64_t kv_tokens) {
  return saturate((wide)dp_llm_dense_ns(cost, batch_n) + (wide)cost->kv_ps * kv_tokens / 1000);
}

/* Σ_{i<n} floor((a·i + b) / m) by the Euclidean descent on (m, a) (Graham, Knuth, Patashnik, Concrete Mathematics,
 * §3.5): lattice points under a line, counted from the other axis in each round. */
static uwide floor_sum(uwide n, uwide m, uwide a, uwide b) {
  uwide sum = 0;
  for (;;) {
    if (n > 0) sum += n * (n - 1) / 2 * (a / m) + n * (b / m);
    a %= m;
    b %= m;
    uwide top = a * n + b;
    if (top < m) return sum;
    n = top / m;
    b = top % m;
    uwide swap = m;
    m = a;
    a = swap;
  }
}

static uwide run_ns(const struct dp_llm_cost *cost, int64_t batch_n, int64_t kv_tokens, int64_t steps_n) {
  wide growth_ps = (wide)cost->kv_ps * batch_n, first_ps = (wide)cost->kv_ps * kv_tokens;
  wide dense_ns = (wide)dp_llm_dense_ns(cost, batch_n) * steps_n;
  return (uwide)dense_ns + floor_sum((uwide)steps_n, 1000, (uwide)growth_ps, (uwide)first_ps);
}

int64_t dp_llm_run_ns(const struct dp_llm_cost *cost, int64_t batch_n, int64_t kv_tokens, int64_t steps_n) {
  if (steps_n <= 0) return 0;
  uwide total = run_ns(cost, batch_n, kv_tokens, steps_n);
  return total > INT64_MAX ? INT64_MAX : (int64_t)total;
}

int64_t dp_llm_steps_within(const struct dp_llm_cost *cost, int64_t batch_n, int64_t kv_tokens, int64_t elapsed_ns,
                            int64_t steps_max) {
  int64_t first_ns = dp_llm_step_ns(cost, batch_n, kv_tokens);
  if (elapsed_ns < first_ns || steps_max <= 0) return 0;
  int64_t low = 1, high = elapsed_ns / first_ns; /* steps never get shorter */
  if (high > steps_max) high = steps_max;
  while (low < high) {
    int64_t middle = low + (high - low + 1) / 2;
    if (run_ns(cost, batch_n, kv_tokens, middle) <= (uwide)elapsed_ns)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

int64_t dp_llm_kv_capacity_tokens(double memory_gib, double weights_gib, double overhead_ratio) {
  double free_gib = memory_gib * (1.0 - overhead_ratio) - weights_gib;
  if (!(free_gib > 0.0) || free_gib > 1e6) return 0;
  return (int64_t)(free_gib * (1024.0 * 1024.0 * 1024.0 / (double)DP_LLM_KV_BYTES));
}

double dp_llm_weights_gib(void) { return (double)DP_LLM_WEIGHT_BYTES / (1024.0 * 1024.0 * 1024.0); }
