#include <config.h>

#include "hardware/node.h"

#include <math.h>

#define MWS_PER_KWH INT64_C(3600000000)

struct dp_power dp_node_power(const struct dp_node_class *c) {
  double gpus_w = (double)c->gpu_n * c->tdp_w;
  return (struct dp_power){.idle_mw = llround((c->overhead_w + gpus_w * c->idle_ratio) * 1e3),
                           .busy_mw = llround(gpus_w * (1 - c->idle_ratio) * 1e3)};
}

/* Hours to ns, at least 1, at most what fits. */
static dp_time hours_ns(double hours) {
  double ns = hours * 3.6e12;
  if (ns >= 0x1p62) return INT64_C(1) << 62;
  return ns < 1 ? 1 : (dp_time)ns;
}

dp_time dp_node_time_to_failure(const struct dp_node_class *c, struct dp_rng *rng) {
  if (c->mtbf_h <= 0) return DP_TIME_MAX;
  double e = -log(dp_rng_uniform(rng)); /* standard exponential */
  if (c->weibull_shape == 1) return hours_ns(c->mtbf_h * e);
  double scale_h = c->mtbf_h / tgamma(1 + 1 / c->weibull_shape);
  return hours_ns(scale_h * pow(e, 1 / c->weibull_shape));
}

dp_time dp_node_time_to_repair(const struct dp_node_class *c, struct dp_rng *rng) {
  return hours_ns(dp_rng_exponential(rng, c->repair_h));
}

dp_i128 dp_node_bill_nusd(int64_t from_mws, int64_t to_mws, int64_t price_nusd_per_kwh) {
  const int64_t used_mws = to_mws - from_mws;
  if (from_mws < 0 || used_mws < 0 || price_nusd_per_kwh < 0 || price_nusd_per_kwh > 2000000000)
    return (dp_i128)to_mws * price_nusd_per_kwh / MWS_PER_KWH - (dp_i128)from_mws * price_nusd_per_kwh / MWS_PER_KWH;
  /* the same, in 64 bits: whole kWh before, and whole kWh used, leave the fractions as they are */
  const uint64_t price = (uint64_t)price_nusd_per_kwh, used = (uint64_t)used_mws;
  const uint64_t begun = (uint64_t)from_mws % MWS_PER_KWH, rest = used % MWS_PER_KWH;
  return (dp_i128)(used / MWS_PER_KWH) * price_nusd_per_kwh +
         (int64_t)((begun + rest) * price / MWS_PER_KWH - begun * price / MWS_PER_KWH);
}

static enum dp_status check(void *config, struct dp_err *err) {
  const struct dp_node_class *c = config;
  if (c->mtbf_h > 0 && c->mtbf_h < 1e-3)
    return dp_fail(err, DP_SCENARIO, "hardware.class: mtbf_h must be 0 (never fails) or at least 0.001, got %g",
                   c->mtbf_h);
  return DP_OK;
}

static const struct dp_param params[] = {
    {DP_FIELD(struct dp_node_class, gpu), .type = DP_PARAM_STRING, .unit = "text", .required = true,
     .doc = "GPU; service models look their coefficients up by it", .source = "none"},
    {DP_FIELD(struct dp_node_class, gpu_n), .type = DP_PARAM_INT, .unit = "1", .value = 1, .min = 1, .max = 1024,
     .doc = "GPUs in the node", .source = "none"},
    {DP_FIELD(struct dp_node_class, memory_gib), .type = DP_PARAM_NUMBER, .unit = "gib", .required = true, .min = 0.001,
     .max = 1e6, .doc = "memory of one GPU", .source = "none"},
    {DP_FIELD(struct dp_node_class, bandwidth_gb_per_s), .type = DP_PARAM_NUMBER, .unit = "gb/s", .required = true,
     .min = 0.001, .max = 1e6, .doc = "bandwidth of the memory of one GPU", .source = "none"},
    {DP_FIELD(struct dp_node_class, fp16_tflops), .type = DP_PARAM_NUMBER, .unit = "tflops", .required = true,
     .min = 0.001, .max = 1e6, .doc = "dense FP16 or BF16 arithmetic of one GPU", .source = "none"},
    {DP_FIELD(struct dp_node_class, tdp_w), .type = DP_PARAM_NUMBER, .unit = "w", .required = true, .min = 0,
     .max = 1e6, .doc = "power of one GPU at full load", .source = "none"},
    {DP_FIELD(struct dp_node_class, idle_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0.15, .min = 0,
     .max = 1, .doc = "power of an idle GPU over its TDP",
     .source = "from memory, verify: idle data-centre GPUs draw 10 to 20 % of their TDP"},
    {DP_FIELD(struct dp_node_class, overhead_w), .type = DP_PARAM_NUMBER, .unit = "w", .value = 0, .min = 0,
     .max = 1e6, .doc = "power of the host around the GPUs, busy or not", .source = "none"},
    {DP_FIELD(struct dp_node_class, price_usd), .type = DP_PARAM_NUMBER, .unit = "usd", .required = true, .min = 0,
     .max = 1e9, .doc = "purchase price of the node", .source = "none"},
    {DP_FIELD(struct dp_node_class, mtbf_h), .type = DP_PARAM_NUMBER, .unit = "h", .value = 50680, .min = 0,
     .max = 1e9, .log_scale = true, .doc = "mean time between failures of the node; 0: never fails",
     .source = "419 unexpected interruptions of 16,384 H100 in 54 days (Llama 3 405B, July 2024): 50,680 h a GPU, 6,335 h a node "
               "of 8; datacenterdynamics.com"},
    {DP_FIELD(struct dp_node_class, weibull_shape), .type = DP_PARAM_NUMBER, .unit = "1", .value = 1, .min = 0.2,
     .max = 20, .doc = "shape of the time to failure: 1 exponential, below 1 infant mortality, above 1 wear",
     .source = "none"},
    {DP_FIELD(struct dp_node_class, repair_h), .type = DP_PARAM_NUMBER, .unit = "h", .value = 122, .min = 0,
     .max = 1e6, .log_scale = true, .doc = "mean time to repair (exponential)",
     .source = "mean of 327 repairs of GPU servers (121.6 h, median 26 h): stepfun-ai/InfiniteHBD-Trace, 2025"},
    {DP_FIELD(struct dp_node_class, work_per_s), .type = DP_PARAM_NUMBER, .unit = "1/s", .value = 0, .min = 0,
     .max = 1e12, .log_scale = true,
     .doc = "work that the node does at flow fidelity, in the demand's unit; 0: as a server of LLM inference",
     .source = "none"},
};

const struct dp_schema dp_node_class_schema = {
    .name = "hardware.class",
    .doc = "a kind of machine: GPUs, power, price, failure and repair",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_node_class),
    .check = check,
};
