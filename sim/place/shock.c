#include <config.h>

#include "place/shock.h"

static double multiplier(const struct dp_shock_config *c, enum dp_shock_kind kind) {
  switch (kind) {
#define DP_X(name, doc)                                                                                              \
  case DP_SHOCK_##name: return c->name##_multiplier;
    DP_SHOCKS(DP_X)
#undef DP_X
    default: return 1;
  }
}

static dp_time begin_ns(const struct dp_shock_config *c) { return (dp_time)(c->day * 86400e9); }

static dp_time end_ns(const struct dp_shock_config *c) {
  const double end = (c->day + c->for_days) * 86400e9;
  return c->for_days > 0 && end < (double)DP_TIME_MAX ? (dp_time)end : DP_TIME_MAX;
}

/** The product of what acts at `at_ns`, and when that changes next. */
static double factor_at(const struct dp_sim *sim, enum dp_shock_kind kind, dp_time at_ns, dp_time *until_ns) {
  double product = 1;
  *until_ns = DP_TIME_MAX;
  for (const struct dp_instance *i = dp_sim_first(sim, "place.shock"); i; i = dp_sim_next(i)) {
    const dp_time begin = begin_ns(i->config), end = end_ns(i->config);
    if (at_ns < begin) {
      if (begin < *until_ns) *until_ns = begin;
    } else if (at_ns < end) {
      if (end < *until_ns) *until_ns = end;
      product *= multiplier(i->config, kind);
    }
  }
  return product;
}

double dp_shock_factor(const struct dp_sim *sim, enum dp_shock_kind kind, dp_time from_ns, dp_time to_ns) {
  double sum = 0;
  dp_time until, at = from_ns;
  do {
    const double factor = factor_at(sim, kind, at, &until);
    if (until >= to_ns) {
      if (at == from_ns) return factor;
      until = to_ns;
    }
    sum += factor * (double)(until - at);
    at = until;
  } while (at < to_ns);
  return sum / (double)(to_ns - from_ns);
}

static const struct dp_param params[] = {
    {DP_FIELD(struct dp_shock_config, day), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = 0, .max = 1e5,
     .doc = "it begins so many days after the start", .source = "none"},
    {DP_FIELD(struct dp_shock_config, for_days), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = 0, .max = 1e5,
     .doc = "how long it lasts; 0: to the end", .source = "none"},
    {DP_FIELD(struct dp_shock_config, demand_multiplier), .type = DP_PARAM_NUMBER, .unit = "1", .value = 1, .min = 0,
     .max = 1e6, .doc = "demand of every depin.workload.demand", .source = "none"},
    {DP_FIELD(struct dp_shock_config, electricity_multiplier), .type = DP_PARAM_NUMBER, .unit = "1", .value = 1,
     .min = 0, .max = 1e6, .doc = "price of electricity in every region", .source = "none"},
};

static const struct dp_schema schema = {.name = "place.shock",
                                        .doc = "a change from outside: when, for how long, what is multiplied",
                                        DP_ROWS(param, params),
                                        .size = sizeof(struct dp_shock_config)};

const struct dp_model dp_shock_model = {
    .name = "place.shock",
    .section = "events",
    .doc = "changes from outside, at a time and for a while",
    .schema = &schema,
};
