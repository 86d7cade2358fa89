/* sim/workload/llm_cost.h — time of one step of a continuous-batching server for Llama-2-7B in fp16 on one GPU.
 * Layer: domain. Not collective. Pure functions of integers: no libm, no allocation, the same bits everywhere.
 *
 * One step moves n tokens through the dense layers (n = sequences in a decode step, prompt tokens in a prefill):
 *   dense(n)   = fixed + s0·n + s1·max(0, n − 64) + s2·max(0, n − 512)    fitted, llm_coefficients.inc
 *   decode     = dense(batch) + kv·(tokens of context of all sequences)    reading keys and values from memory
 *   prefill    = dense(prompts) + attention·Σ prompt²                      causal attention, bound by arithmetic
 * kv: 524,288 bytes a token at the bandwidth that the same GPU showed in reading weights (gemv_ns). The output layer
 * (lm_head), which the files do not hold, is one more read of 262,144,000 bytes a step. attention: 262,144 FLOP per
 * squared token at half of the peak, the lower end of the 50–73 % of FlashAttention-2 on A100 (Dao 2023,
 * arXiv 2307.08691; figure from memory). Time of scheduling, sampling and tokenising is not in it. The files end at
 * 4,096 tokens a step; beyond, the last slope goes on.
 *
 * Each decode step takes a whole number of ns, floor(dense) + floor(kv·context), so a run of steps may be cut
 * anywhere, for any reason, and continued: the sum is the same. */
#ifndef DP_WORKLOAD_LLM_COST_H
#define DP_WORKLOAD_LLM_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define DP_LLM_LAYERS_N 32
#define DP_LLM_KV_BYTES INT64_C(524288)           /* a token: 2 (keys, values) · 32 layers · 4096 · 2 bytes */
#define DP_LLM_LAYER_BYTES INT64_C(404750336)     /* weights of a layer: (4·4096² + 3·4096·11008) · 2 bytes */
#define DP_LLM_HEAD_BYTES INT64_C(262144000)      /* lm_head: 4096 · 32000 · 2 bytes */
#define DP_LLM_WEIGHT_BYTES INT64_C(13476831232)  /* 6,738,415,616 parameters · 2 bytes */
#define DP_LLM_ATTENTION_FLOP INT64_C(262144)     /* per squared prompt token: 2 · 4096 · 32 layers */
#define DP_LLM_OVERHEAD_RATIO 0.1                 /* of the memory, kept free: vLLM's gpu_memory_utilization is 0.9 */

/** Coefficients of one GPU. Get them from dp_llm_cost_find or dp_llm_cost_scale; plain data, copy freely. */
struct dp_llm_cost {
  int64_t fixed_ns;       /* of a step: weights of 32 layers and of lm_head */
  int64_t slope_ps[3];    /* a token: from the first, added above 64, added above 512 */
  int64_t kv_ps;          /* per token of context that a decode step reads */
  int64_t attention_fs;   /* per squared prompt token of a prefill */
  int64_t gemv_ns;        /* reading the weights of one layer */
  int64_t bandwidth_gbs;  /* of memory, peak, 1e9 bytes/s */
  int64_t tflops;         /* dense fp16, peak */
  bool measured;          /* false: scaled from the nearest measured GPU */
};

/** Number of GPUs in the table, and the name of one ("h100"); NULL outside [0, n). */
int dp_llm_gpus_n(void);
const char *dp_llm_gpu_name(int index);

/** Coefficients of a GPU by name: h100 a100 a40 (measured) h200 b200 mi300x l40s rtx4090 rtx3090 t4 (derived).
 *  Errors: DP_SCENARIO naming the nearest name and all names; `*out` is untouched then. */
enum dp_status dp_llm_cost_find(const char *gpu, struct dp_llm_cost *out, struct dp_err *err);

/** Coefficients of a GPU that is not in the table, from the nearest one that is: what waits for memory by the ratio of
 *  the bandwidths, what waits for arithmetic by the ratio of the peak rates. Errors: DP_RANGE when a figure is not in
 *  [1, 1,000,000]. */
enum dp_status dp_llm_cost_scale(const struct dp_llm_cost *nearest, int64_t bandwidth_gbs, int64_t tflops,
                                 struct dp_llm_cost *out, struct dp_err *err);

/** Time of the dense operators of a step over `tokens_n` ≥ 0 tokens. Monotone. */
int64_t dp_llm_dense_ns(const struct dp_llm_cost *cost, int64_t tokens_n);

/** Time of a step that takes in one prompt of `prompt_n` tokens and gives its first output token. */
int64_t dp_llm_prefill_ns(const struct dp_llm_cost *cost, int64_t prompt_n);

/** The same for several prompts in one step: their tokens and the sum of their squares. */
int64_t dp_llm_prefill_sum_ns(const struct dp_llm_cost *cost, int64_t prompt_n, int64_t prompt_square_sum);

/** Time of one decode step of `batch_n` sequences with `kv_tokens` tokens of context in all. */
int64_t dp_llm_step_ns(const struct dp_llm_cost *cost, int64_t batch_n, int64_t kv_tokens);

/** Time of `steps_n` decode steps while nobody joins or leaves: the context grows by batch_n a step. Exactly the sum
 *  of dp_llm_step_ns(cost, batch_n, kv_tokens + j·batch_n) over j < steps_n, in O(log): run(a + b) from kv_tokens is
 *  run(a) from there plus run(b) from kv_tokens + a·batch_n. INT64_MAX when it does not fit.
 *  Arguments: 0 ≤ batch_n, steps_n ≤ 2^31, 0 ≤ kv_tokens ≤ 2^40. */
int64_t dp_llm_run_ns(const struct dp_llm_cost *cost, int64_t batch_n, int64_t kv_tokens, int64_t steps_n);

/** The inverse: the largest number of whole steps, at most `steps_max`, that end within `elapsed_ns` (a step that ends
 *  exactly then counts). 0 when elapsed_ns < 0. */
int64_t dp_llm_steps_within(const struct dp_llm_cost *cost, int64_t batch_n, int64_t kv_tokens, int64_t elapsed_ns,
                            int64_t steps_max);

/** Tokens of context that fit into the memory left by the weights: floor((memory·(1 − overhead) − weights) / bytes
 *  of a token), 0 when the model does not fit (or an argument is not a number). Tables of vendors write GB for GiB. */
int64_t dp_llm_kv_capacity_tokens(double memory_gib, double weights_gib, double overhead_ratio);

/** Weights of the model in GiB (12.55). */
double dp_llm_weights_gib(void);

#endif
