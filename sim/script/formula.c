/* sim/script/formula.c — a table of names and the C functions behind them. */
#include "script/formula.h"

#include <math.h>

#include "market/cloud.h"
#include "place/place.h"
#include "workload/llm_cost.h"

/* A whole number in [0, max]. */
static enum dp_status whole(double x, double max, const char *what, int64_t *out, struct dp_err *err) {
  if (!(x >= 0 && x <= max) || x != floor(x))
    return dp_fail(err, DP_RANGE, "%s must be a whole number in [0, %g], got %g", what, max, x);
  *out = (int64_t)x;
  return DP_OK;
}

static enum dp_status network_share(const char *text, const double *x, double *result, struct dp_err *err) {
  (void)text;
  if (!(x[0] > 0)) return dp_fail(err, DP_RANGE, "price_ratio must be above 0, got %g", x[0]);
  *result = dp_cloud_network_share(x[0], x[1], x[2], x[3], x[4]);
  return DP_OK;
}

static enum dp_status prefill_s(const char *gpu, const double *x, double *result, struct dp_err *err) {
  struct dp_llm_cost cost;
  int64_t prompt_n = 0;
  DP_TRY(dp_llm_cost_find(gpu, &cost, err));
  DP_TRY(whole(x[0], 1e7, "prompt_n", &prompt_n, err));
  *result = (double)dp_llm_prefill_ns(&cost, prompt_n) / 1e9;
  return DP_OK;
}

static enum dp_status step_s(const char *gpu, const double *x, double *result, struct dp_err *err) {
  struct dp_llm_cost cost;
  int64_t batch_n = 0, context_tok = 0;
  DP_TRY(dp_llm_cost_find(gpu, &cost, err));
  DP_TRY(whole(x[0], 65536, "batch_n", &batch_n, err));
  DP_TRY(whole(x[1], 1e12, "context_tok", &context_tok, err));
  *result = (double)dp_llm_step_ns(&cost, batch_n, context_tok) / 1e9;
  return DP_OK;
}

static enum dp_status kv_capacity(const char *text, const double *x, double *result, struct dp_err *err) {
  (void)text;
  (void)err;
  *result = (double)dp_llm_kv_capacity_tokens(x[0], x[1], x[2]);
  return DP_OK;
}

static enum dp_status distance_s(const char *text, const double *x, double *result, struct dp_err *err) {
  (void)text;
  for (int i = 0; i < 4; i++)
    if (!(fabs(x[i]) <= (i % 2 ? 180 : 90)))
      return dp_fail(err, DP_RANGE, "%s must lie in ±%d, got %g", i % 2 ? "a longitude" : "a latitude",
                     i % 2 ? 180 : 90, x[i]);
  *result = dp_time_s(dp_place_distance_delay_ns(x[0], x[1], x[2], x[3]));
  return DP_OK;
}

const struct dp_formula dp_formulas[] = {
    {"network_share", "price_ratio, latency_gap_s, price_weight, latency_weight_per_s, network_preference", false, 5,
     network_share, "logit share of customers who take the network and not the cloud"},
    {"llm_prefill_s", "gpu, prompt_n", true, 1, prefill_s, "time of the step that takes in one prompt"},
    {"llm_step_s", "gpu, batch_n, context_tok", true, 2, step_s, "time of one decode step of a batch"},
    {"kv_capacity_tok", "memory_gib, weights_gib, overhead_ratio", false, 3, kv_capacity,
     "tokens of context that fit beside the weights"},
    {"distance_delay_s", "latitude_deg, longitude_deg, latitude_deg, longitude_deg", false, 4, distance_s,
     "one-way delay guessed from the great circle"},
    {0},
};
