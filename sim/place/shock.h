/* sim/place/shock.h — what changes from outside for a while: demand halves, electricity trebles.
 * Layer: place. Not collective. Model "place.shock" (section "events", in Lua depin.at): a scenario lists any number of
 * shocks; they have no state, so a reader asks for the factor of any span of time. */
#ifndef DP_PLACE_SHOCK_H
#define DP_PLACE_SHOCK_H

#include "model/sim.h"

/** What may be multiplied: X(name, who reads it). A new one is a line here, a field and a parameter row. */
#define DP_SHOCKS(X)                                                                                                 \
  X(demand, "the demand of every depin.workload.demand")                                                             \
  X(electricity, "the price of electricity in every region")

enum dp_shock_kind {
#define DP_X(name, doc) DP_SHOCK_##name,
  DP_SHOCKS(DP_X)
#undef DP_X
  DP_SHOCK_N
};

struct dp_shock_config {
  double day;      /* it begins so many days after the start */
  double for_days; /* 0: to the end */
  double demand_multiplier, electricity_multiplier;
};

extern const struct dp_model dp_shock_model;

/** Mean over [from_ns, to_ns) of the product of all multipliers of a kind that act; their value at from_ns when the span
 *  is empty; 1 when the scenario has no shocks. O(shocks²). */
double dp_shock_factor(const struct dp_sim *sim, enum dp_shock_kind kind, dp_time from_ns, dp_time to_ns);

#endif
