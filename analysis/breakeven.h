/* analysis/breakeven.h — when a machine has earned its price: by hardware, region, price of the token and utilisation.
 * Layer: analysis. Not collective.
 *
 * From a run that has ended: a host of the scenario earned C USD a day in cash and T tokens a day (means over all days of
 * all hosts, those that left included; regions differ by the work that their hosts did), at utilisation u₀ and a last
 * price p₀. A machine that does k times the scenario's work a second earns
 *
 *     I = k (C u / u₀ + T p)        its electricity costs   E = 24 h · (overhead + TDP (idle + (1 − idle) u)) · tariff
 *
 *     payback = (price − resale) / (I − E − opex) days,  "never" when the divisor is not above 0 or it takes over ten years,
 *
 * resale: what the fleet's `exit` says a machine brings after the horizon of its `entry` (two years without one; 0 without
 * an exit). Tokens are counted at p whether sold or kept; they do not grow with u, because emission is shared, not paid by
 * the piece. k: work_per_s where both machines say it, else memory bandwidth of all GPUs over that of the scenario's,
 * since decoding is bound by it; cards of different kinds do the same k times faster only as far as the network pays for
 * speed. One machine more changes neither C nor T. */
#ifndef DP_ANALYSIS_BREAKEVEN_H
#define DP_ANALYSIS_BREAKEVEN_H

#include "analysis/result.h"

#define DP_BREAKEVEN_MOST_D 3650

/** A machine to be judged. */
struct dp_breakeven_machine {
  char name[32];
  struct dp_node_class class; /* texts not used */
};

/** Terms of one payback. USD, USD a day. */
struct dp_breakeven_terms {
  double price, resale, income, electricity, opex;
};

/** Days; INFINITY for never. */
double dp_breakeven_days(const struct dp_breakeven_terms *t);

/** USD a day at a utilisation in [0, 1] and a tariff a kWh. */
double dp_breakeven_electricity(const struct dp_node_class *c, double utilisation, double usd_per_kwh);

/** Appends the table for the hotspots of a simulation that has run: days by token price, power and tariff, where a mean
 *  hotspot earns what those judged did in their first judge_d days. DP_SCENARIO when none was judged. */
enum dp_status dp_breakeven_hotspots(struct dp_str *out, enum dp_text_format format, struct dp_sim *sim,
                                     struct dp_err *err);

/** Appends the tables for the first fleet of a simulation that has run: machine by region as the run went, and the
 *  scenario's machine by token price and utilisation; without a fleet that of its hotspots; without either, that
 *  nobody buys a machine (in CSV the head alone). DP_SCENARIO when nobody earned anything. */
enum dp_status dp_breakeven_print(struct dp_str *out, enum dp_text_format format, struct dp_sim *sim,
                                  const struct dp_breakeven_machine *machines, size_t machine_n, struct dp_err *err);

#endif
