/* sim/workload/llm_rate.h — how much a continuous-batching server does, in closed form.
 * Layer: domain. Not collective. Pure functions of the step times of llm_cost.h, for requests of mean size.
 *
 * With k requests in the batch each takes a prefill, during which the others wait, and output − 1 decode steps:
 *   jobs/s(k) = k / ((output − 1) · step(k, k·(prompt + output/2)) + k · prefill(prompt))
 * k = 1 is the rate of a server that has one request at a time, k = B, as many as fit, that of a full one. */
#ifndef DP_WORKLOAD_LLM_RATE_H
#define DP_WORKLOAD_LLM_RATE_H

#include "workload/llm_cost.h"

struct dp_llm_rate {
  double jobs_per_s;      /* of a full batch; 0: a request does not fit */
  double solo_jobs_per_s; /* of one request at a time */
  double first_token_s;   /* prefill of one request */
  uint32_t slots_n;       /* requests in a full batch */
};

/** @param capacity_tok context that fits beside the weights, @param batch_n most requests of a batch,
 *  @param prompt_tok, output_tok mean sizes, output_tok ≥ 1. */
struct dp_llm_rate dp_llm_rate(const struct dp_llm_cost *cost, int64_t capacity_tok, int64_t batch_n, double prompt_tok,
                               double output_tok);

#endif
