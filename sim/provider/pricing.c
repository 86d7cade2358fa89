/* sim/provider/pricing.c — built-in pricing policies. Their Lua twins in lua/depin/policy.lua give the same bits: only
 * + − × ÷ and comparisons, in the same order. */
#include <config.h>

#include "provider/fleet.h"

static const char *const observations[] = {"price_usd_per_mtok",      "lowest_usd_per_mtok", "utilisation_ratio",
                                           "electricity_usd_per_h", "local_hour",          "day"};
static const char *const actions[] = {"price_usd_per_mtok"};

const struct dp_policy_kind dp_pricing_kind = {
    .name = "pricing",
    .observations = observations,
    .observation_n = DP_PRICING_OBS_N,
    .actions = actions,
    .action_n = 1,
    .doc = "sets the price of a million tokens that a host posts",
};

struct fixed_config {
  double price_usd_per_mtok;
};
static const struct dp_param fixed_params[] = {
    {DP_FIELD(struct fixed_config, price_usd_per_mtok), .type = DP_PARAM_NUMBER, .unit = "usd/mtok", .value = 0.18,
     .min = 1e-9, .max = 1e6, .log_scale = true, .doc = "the price, for ever",
     .source = "median list price of 113 models of 7B and 8B: 0.18 (genai-prices, MIT, 2026)"},
};
static const struct dp_schema fixed_schema = {.name = "policy.fixed", .doc = "a price that never changes",
                                              .params = fixed_params, .param_n = 1,
                                              .size = sizeof(struct fixed_config)};

static enum dp_status decide_fixed(const struct dp_policy *policy, struct dp_policy_call *call, struct dp_err *err) {
  (void)err;
  const struct fixed_config *c = policy->params;
  call->action[0] = c->price_usd_per_mtok;
  return DP_OK;
}

const struct dp_builtin_policy dp_policy_fixed = {&dp_pricing_kind, &fixed_schema, decide_fixed};

struct undercut_config {
  double price_usd_per_mtok, floor_usd_per_mtok, step_ratio, raise_above_ratio;
};
#define FIELD(f) DP_FIELD(struct undercut_config, f)
static const struct dp_param undercut_params[] = {
    {FIELD(price_usd_per_mtok), .type = DP_PARAM_NUMBER, .unit = "usd/mtok", .value = 0.18, .min = 1e-9, .max = 1e6,
     .log_scale = true, .doc = "the first price",
     .source = "median list price of 113 models of 7B and 8B: 0.18 (genai-prices, MIT, 2026)"},
    {FIELD(floor_usd_per_mtok), .type = DP_PARAM_NUMBER, .unit = "usd/mtok", .value = 0.02, .min = 1e-9, .max = 1e6,
     .log_scale = true, .doc = "it never goes below", .source = "none"},
    {FIELD(step_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0.02, .min = 0, .max = 0.9,
     .doc = "how far below the lowest other price it goes, and how far it raises", .source = "none"},
    {FIELD(raise_above_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0.8, .min = 0, .max = 1,
     .doc = "utilisation above which it raises its price instead", .source = "none"},
};
#undef FIELD
static const struct dp_schema undercut_schema = {
    .name = "policy.undercut", .doc = "goes below the lowest competitor; raises when busy",
    DP_ROWS(param, undercut_params), .size = sizeof(struct undercut_config)};

static enum dp_status decide_undercut(const struct dp_policy *policy, struct dp_policy_call *call, struct dp_err *err) {
  (void)err;
  const struct undercut_config *c = policy->params;
  const double price = call->obs[DP_PRICING_PRICE], lowest = call->obs[DP_PRICING_LOWEST];
  double next = price;
  if (price <= 0) {
    next = c->price_usd_per_mtok;
  } else if (call->obs[DP_PRICING_UTILISATION] > c->raise_above_ratio) {
    next = price * (1 + c->step_ratio);
  } else if (lowest > 0) {
    next = lowest * (1 - c->step_ratio);
  }
  if (next > DP_PRICE_MAX_USD_PER_MTOK) next = DP_PRICE_MAX_USD_PER_MTOK;
  call->action[0] = next < c->floor_usd_per_mtok ? c->floor_usd_per_mtok : next;
  return DP_OK;
}

const struct dp_builtin_policy dp_policy_undercut = {&dp_pricing_kind, &undercut_schema, decide_undercut};
