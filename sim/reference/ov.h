/* sim/reference/ov.h — the daily DePIN model that Outlier Ventures published, rebuilt: nodes follow their APR, a
 * constant-product pool makes the token's price, vesting sells into it, revenue buys back and burns.
 * Layer: domain. Not collective. Doubles, outside the integer books: its numbers are compared, not audited.
 * Origin: OutlierVentures/DePINSimulator, commit 7b08256 (MIT): its mathematics. README.md says what is the same. */
#ifndef DP_REFERENCE_OV_H
#define DP_REFERENCE_OV_H

#include "model/sim.h"

/** How incentives vest: choices of `incentive_mode`. */
enum dp_ov_mode { DP_OV_FIXED_RATE, DP_OV_FIXED_WEIGHTED_RATE };

/** Configuration of model "reference.ov_daily"; the rows in ov_model.c give the published names. */
struct dp_ov_config {
  int64_t initial_node_n;
  double initial_cash_usd;
  double initial_supply_token;
  double initial_valuation_usd;
  double node_setup_cost_usd;
  double unit_cost_usd;
  double node_provision_per_day;
  double node_reliability_ratio;
  int64_t node_stake_token_n;
  double node_growth_cap_pct;
  double apr_threshold_pct;
  double initial_demand_per_day;
  double demand_growth_pct;
  double unit_price_usd;
  double node_revenue_ratio;
  double burn_revenue_ratio;
  double foundation_revenue_ratio;
  double foundation_burn_usd;
  double incentive_supply_ratio;
  double seller_supply_ratio;
  double idle_supply_ratio;
  double liquidity_supply_ratio;
  double seller_vesting_d;
  double incentive_vesting_d;
  int incentive_mode; /* enum dp_ov_mode */
  double incentive_early_ratio;
  double apr_controller_kp, apr_controller_ki, apr_controller_kd;
};

/** The published variables, named as published, in the published order: X(name, C type, unit, what it is). Flows are of
 *  the day and of the whole network; node_apr is in % a year. */
#define DP_OV_VARIABLES(X)                                                                                           \
  X(node_amount, int64_t, "1", "nodes")                                                                              \
  X(node_change_amount, int64_t, "1", "nodes that joined today, less those that left")                               \
  X(node_apr, double, "1", "return of a node on its cost and stake, % a year")                                       \
  X(node_profit, double, "usd/d", "network revenue + incentives sold - expenditures of all nodes")                   \
  X(node_network_revenue, double, "usd/d", "nodes' share of what customers pay")                                     \
  X(node_incentive_revenue, double, "usd/d", "what the pool pays for the incentives vested today")                   \
  X(node_expenditures, double, "usd/d", "cost of what the nodes provide")                                            \
  X(node_apr_error_cum, double, "1", "the controller's damped integral, % squared")                                  \
  X(network_resource_demand, double, "1/d", "units that customers ask for")                                          \
  X(network_resource_provision, double, "1/d", "units that nodes provide")                                           \
  X(network_resource_demand_supply_ratio, double, "1", "demand over provision")                                      \
  X(network_revenue, double, "usd/d", "what customers pay, provision or not")                                        \
  X(buyback_and_burn_revenue, double, "usd/d", "share that buys tokens back and burns them")                         \
  X(foundation_revenue, double, "usd/d", "the foundation's share")                                                   \
  X(foundation_expenditures, double, "usd/d", "the foundation's costs")                                              \
  X(foundation_cash_reserves, double, "usd", "the foundation's cash")                                                \
  X(token_circulating_supply, double, "token", "pool + stake + idle tokens")                                         \
  X(token_total_supply, double, "token", "supply at the start - burned")                                             \
  X(token_burned_supply, double, "token/d", "burned today")                                                          \
  X(token_burned_supply_cum, double, "token", "burned since the start")                                              \
  X(token_staked_supply, int64_t, "token", "stake of all nodes")                                                     \
  X(token_incentives_vested, double, "token/d", "incentives that vested today")                                      \
  X(token_incentives_vested_cum, double, "token", "incentives that have vested")                                     \
  X(token_seller_vested, double, "token/d", "early holders' tokens that vested today")                               \
  X(token_seller_vested_cum, double, "token", "early holders' tokens that have vested")                              \
  X(dex_tokens, double, "token", "tokens in the pool")                                                               \
  X(dex_usdc, double, "usd", "money in the pool")                                                                    \
  X(dex_token_price, double, "usd", "average price of the latest trade")

/** Row 0 of the replicated table "reference.ov_daily network": the end of a day. */
struct dp_ov_state {
  int64_t day;
  double node_apr_before; /* node_apr of the day before `day` */
#define DP_X(name, type, unit, doc) type name;
  DP_OV_VARIABLES(DP_X)
#undef DP_X
};

/** Fills a configuration with the published defaults, which are those of subset 0. */
void dp_ov_defaults(struct dp_ov_config *config);

/** What no bound of a single parameter says: revenue shares add up to 1 and allocations to the supply, exactly, and the
 *  first stake fits the sellers' bucket. DP_SCENARIO otherwise. */
enum dp_status dp_ov_check(const struct dp_ov_config *config, struct dp_err *err);

/** Day 0 of a checked configuration. */
void dp_ov_start(const struct dp_ov_config *config, struct dp_ov_state *state);

/** One more day. DP_INVARIANT, naming the day, when a number leaves its range; `state` is then of no use. */
enum dp_status dp_ov_day(const struct dp_ov_config *config, struct dp_ov_state *state, struct dp_err *err);

extern const struct dp_model dp_ov_model; /* section "references"; "reference.ov_daily" */

#endif
