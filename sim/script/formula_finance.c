/* sim/script/formula_finance.c — depin.formula: lending, derivatives, privacy, growth, reliability. */
#include <lauxlib.h>
#include <math.h>

#include "base/growth.h"
#include "finance/derivatives.h"
#include "finance/lending.h"
#include "hardware/reliability.h"
#include "privacy/accounting.h"
#include "script/formula_args.h"

static double field(lua_State *L, const char *key, double min, double max) {
  return dp__arg_number(dp__arg_field(L, key), min, max);
}

static double positive(lua_State *L, const char *key) { return dp__arg_above(dp__arg_field(L, key), 0); }

static int lending_kinked_rate(lua_State *L) {
  static const char *const keys[] = {"utilisation", "optimal", "base", "slope1", "slope2", "reserve_factor", NULL};
  double borrow, supply;
  dp__arg_table(L, keys);
  struct dp_lending_curve c = {.optimal = field(L, "optimal", 0x1p-40, 1 - 0x1p-40),
                               .base = field(L, "base", 0, HUGE_VAL),
                               .slope1 = field(L, "slope1", 0, HUGE_VAL),
                               .slope2 = field(L, "slope2", 0, HUGE_VAL),
                               .reserve_factor = field(L, "reserve_factor", 0, 1)};
  dp_lending_kinked_rate(&c, field(L, "utilisation", 0, 1), &borrow, &supply);
  return dp__push_number(L, borrow) + dp__push_number(L, supply);
}

static int lending_compounded_index_ray(lua_State *L) {
  struct dp_err err = {0};
  struct dp_u256 index = {{0}}, rate = dp__arg_u256(dp__arg(L, 1));
  int64_t seconds = dp__arg_int(dp__arg(L, 2), 0, INT64_MAX);
  dp__formula_try(L, dp_lending_compounded_index(rate, seconds, &index, &err), &err);
  return dp__push_u256(L, index);
}

static int derivatives_black76(lua_State *L) {
  static const char *const keys[] = {"F", "K", "T", "sigma", "r", NULL};
  double call, put;
  dp__arg_table(L, keys);
  struct dp_option o = {.forward = positive(L, "F"),
                        .strike = positive(L, "K"),
                        .years = field(L, "T", 0, HUGE_VAL),
                        .volatility = field(L, "sigma", 0, HUGE_VAL),
                        .rate = field(L, "r", -HUGE_VAL, HUGE_VAL)};
  dp_derivatives_black76(&o, &call, &put);
  return dp__push_number(L, call) + dp__push_number(L, put);
}

static int privacy_rdp_epsilon(lua_State *L) {
  static const char *const keys[] = {"q", "sigma", "steps", "delta", "improved", NULL};
  double epsilon;
  int order;
  dp__arg_table(L, keys);
  struct dp_privacy_training t = {.sampling_ratio = field(L, "q", 0, 1),
                                  .noise_ratio = positive(L, "sigma"),
                                  .step_n = dp__arg_int(dp__arg_field(L, "steps"), 0, INT64_MAX),
                                  .delta = field(L, "delta", 0x1p-1000, 1 - 0x1p-53)};
  struct dp_arg improved = dp__arg_field(L, "improved");
  if (!dp__arg_absent(improved) && !lua_isboolean(L, improved.index)) dp__arg_refuse(improved, "true or false");
  dp_privacy_epsilon(&t, lua_toboolean(L, improved.index), &epsilon, &order);
  return dp__push_number(L, epsilon) + dp__push_int(L, order);
}

static int privacy_rdp(lua_State *L) {
  static const char *const keys[] = {"q", "sigma", "order", NULL};
  dp__arg_table(L, keys);
  double q = field(L, "q", 0, 1), sigma = positive(L, "sigma");
  int64_t order = dp__arg_int(dp__arg_field(L, "order"), DP_PRIVACY_ORDER_MIN, DP_PRIVACY_ORDER_MAX);
  return dp__push_number(L, dp_privacy_rdp(q, sigma, (int)order));
}

static int growth_bass(lua_State *L) {
  double p = dp__arg_above(dp__arg(L, 1), 0), q = dp__arg_number(dp__arg(L, 2), 0, HUGE_VAL);
  return dp__push_number(L, dp_growth_bass_share(p, q, dp__arg_number(dp__arg(L, 3), 0, HUGE_VAL)));
}

static int growth_implied_rate(lua_State *L) {
  double multiple = dp__arg_above(dp__arg(L, 1), 0);
  return dp__push_number(L, dp_growth_implied_rate(multiple, dp__arg_above(dp__arg(L, 2), 0)));
}

static int reliability_young_interval(lua_State *L) {
  double checkpoint_s = dp__arg_number(dp__arg(L, 1), 0, HUGE_VAL);
  return dp__push_number(L, dp_reliability_young_interval_s(checkpoint_s, dp__arg_above(dp__arg(L, 2), 0)));
}

static int reliability_useful_share(lua_State *L) {
  double checkpoint_s = dp__arg_number(dp__arg(L, 1), 0, HUGE_VAL), mtbf_s = dp__arg_above(dp__arg(L, 2), 0);
  double restart_s = lua_gettop(L) < 3 ? 0 : dp__arg_number(dp__arg(L, 3), 0, HUGE_VAL);
  double interval_s = dp_reliability_young_interval_s(checkpoint_s, mtbf_s);
  if (lua_gettop(L) > 3) interval_s = dp__arg_above(dp__arg(L, 4), 0);
  else if (!(interval_s > 0)) dp__arg_refuse(dp__arg(L, 1), "above 0 when no interval is given");
  return dp__push_number(L, dp_reliability_useful_share(checkpoint_s, mtbf_s, restart_s, interval_s));
}

const struct dp_formula_entry dp__formulas_finance[] = {
    {"lending.kinked_rate", 1, 1, lending_kinked_rate,
     "{ utilisation, optimal, base, slope1, slope2, reserve_factor }"},
    {"lending.compounded_index_ray", 2, 2, lending_compounded_index_ray, "rate_ray, seconds"},
    {"derivatives.black76", 1, 1, derivatives_black76, "{ F, K, T, sigma, r }"},
    {"privacy.rdp_epsilon", 1, 1, privacy_rdp_epsilon, "{ q, sigma, steps, delta, improved }"},
    {"privacy.rdp", 1, 1, privacy_rdp, "{ q, sigma, order }"},
    {"growth.bass", 3, 3, growth_bass, "p, q, t"},
    {"growth.implied_rate", 2, 2, growth_implied_rate, "multiple, years"},
    {"reliability.young_interval", 2, 2, reliability_young_interval, "checkpoint_s, mtbf_s"},
    {"reliability.useful_share", 2, 4, reliability_useful_share, "checkpoint_s, mtbf_s, restart_s, interval_s"},
    {0},
};
