/* sim/workload/llm_rate.c — see llm_rate.h. */
#include "workload/llm_rate.h"

#include <math.h>

static double jobs_per_s(const struct dp_llm_cost *cost, int64_t k, double prompt_tok, double output_tok) {
  const double context_tok = (double)k * (prompt_tok + output_tok / 2);
  const double step_ns = (double)dp_llm_step_ns(cost, k, llround(context_tok));
  const double prefill_ns = (double)dp_llm_prefill_ns(cost, llround(prompt_tok));
  return (double)k * 1e9 / ((output_tok - 1) * step_ns + (double)k * prefill_ns);
}

struct dp_llm_rate dp_llm_rate(const struct dp_llm_cost *cost, int64_t capacity_tok, int64_t batch_n, double prompt_tok,
                               double output_tok) {
  const double fit = (double)capacity_tok / (prompt_tok + output_tok);
  const int64_t full_n = fit < (double)batch_n ? (int64_t)fit : batch_n;
  if (full_n < 1) return (struct dp_llm_rate){0};
  return (struct dp_llm_rate){.jobs_per_s = jobs_per_s(cost, full_n, prompt_tok, output_tok),
                              .solo_jobs_per_s = jobs_per_s(cost, 1, prompt_tok, output_tok),
                              .first_token_s = (double)dp_llm_prefill_ns(cost, llround(prompt_tok)) / 1e9,
                              .slots_n = (uint32_t)full_n};
}
