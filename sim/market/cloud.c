/* sim/market/cloud.c — the cloud's parameters and the customers' choice. */
#include <config.h>

#include "market/cloud.h"

#include <math.h>

#define FIELD(f) DP_FIELD(struct dp_cloud, f)
static const struct dp_param params[] = {
    {FIELD(name), .type = DP_PARAM_STRING, .unit = "text", .text = "cloud", .doc = "name", .source = "none"},
    {FIELD(price_usd_per_mtok), .type = DP_PARAM_NUMBER, .unit = "usd/mtok", .value = 0.18, .min = 1e-9, .max = 1e6,
     .log_scale = true, .doc = "posted price of a million output tokens",
     .source = "median list price of 113 models of 7B and 8B: 0.18 (genai-prices, MIT, 2026)"},
    {FIELD(ttft_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 0.5, .min = 0, .max = 3600,
     .doc = "time to the first token, network included", .source = "none"},
    {FIELD(tpot_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 0.02, .min = 0, .max = 3600,
     .doc = "time per further token", .source = "none"},
};
#undef FIELD

const struct dp_schema dp_cloud_schema = {.name = "market.cloud", .doc = "the centralised cloud: posted price, no queue",
                                          DP_ROWS(param, params),
                                          .size = sizeof(struct dp_cloud)};

double dp_cloud_advantage(double price_ratio, double latency_gap_s, double price_weight, double latency_weight_per_s,
                          double network_preference) {
  return network_preference - price_weight * log(price_ratio) - latency_weight_per_s * latency_gap_s;
}

double dp_cloud_network_share(double price_ratio, double latency_gap_s, double price_weight, double latency_weight_per_s,
                              double network_preference) {
  const double utility =
      dp_cloud_advantage(price_ratio, latency_gap_s, price_weight, latency_weight_per_s, network_preference);
  return 1 / (1 + exp(-utility));
}
