/* sim/reference/ov.c — one day of the published model, in its ten substeps.
 *
 * A substep reads what the substeps before it have stored today. The order of operations is the published one, to the
 * last bit: parentheses that look idle are not. Powers are products, so that no result depends on libm. */
#include <config.h>

#include "reference/ov.h"

#include <math.h>
#include <string.h>

#define NODES_MAX 0x1p52 /* whole numbers below are exact as doubles */

static double sign(double x) { return (double)((x > 0) - (x < 0)); }
static double signed_square(double x) { return (x * x) * sign(x); }

/* ---- allocation of the first supply, tokens ---- */

static double incentives(const struct dp_ov_config *c) {
  return c->incentive_supply_ratio * c->initial_supply_token;
}
static double idle(const struct dp_ov_config *c) { return c->idle_supply_ratio * c->initial_supply_token; }
static double first_pool(const struct dp_ov_config *c) { return c->liquidity_supply_ratio * c->initial_supply_token; }
static double first_stake(const struct dp_ov_config *c) { return (double)(c->initial_node_n * c->node_stake_token_n); }
static double sellers_at_first(const struct dp_ov_config *c) {
  return c->seller_supply_ratio * c->initial_supply_token;
}
/* The first nodes' stake comes out of the sellers' bucket. */
static double sellers(const struct dp_ov_config *c) { return sellers_at_first(c) - first_stake(c); }

enum dp_status dp_ov_check(const struct dp_ov_config *c, struct dp_err *err) {
  double shares = (c->node_revenue_ratio + c->burn_revenue_ratio) + c->foundation_revenue_ratio;
  double stake = (double)c->initial_node_n * (double)c->node_stake_token_n;
  if (!(sellers_at_first(c) >= stake))
    return dp_fail(err, DP_SCENARIO, "reference.ov_daily: initial_node_n * node_stake_token_n is %.15g tokens, more "
                   "than seller_supply_ratio gives (at most %.15g)", stake, sellers_at_first(c));
  if (!(shares >= 1 && shares <= 1))
    return dp_fail(err, DP_SCENARIO, "reference.ov_daily: node_revenue_ratio + burn_revenue_ratio + "
                   "foundation_revenue_ratio must be 1, got %.17g", shares);
  double all = incentives(c) + sellers(c) + first_stake(c) + idle(c) + first_pool(c);
  if (!(all >= c->initial_supply_token && all <= c->initial_supply_token))
    return dp_fail(err, DP_SCENARIO, "reference.ov_daily: incentive_, seller_, idle_ and liquidity_supply_ratio must "
                   "be the whole supply, got %.17g of %.17g tokens", all, c->initial_supply_token);
  return DP_OK;
}

void dp_ov_start(const struct dp_ov_config *c, struct dp_ov_state *s) {
  memset(s, 0, sizeof *s);
  s->foundation_cash_reserves = c->initial_cash_usd;
  s->token_total_supply = c->initial_supply_token;
  s->dex_token_price = c->initial_valuation_usd / c->initial_supply_token;
  s->dex_tokens = first_pool(c);
  s->dex_usdc = first_pool(c) * s->dex_token_price;
  s->token_circulating_supply = c->liquidity_supply_ratio; /* the bare share, as published */
}

/* ---- the pool: constant product, no fee ---- */

static void pool_take(struct dp_ov_state *s, double tokens, double usd) {
  if (tokens < 0 || tokens > 0) s->dex_token_price = fabs(usd / tokens);
  s->dex_tokens = s->dex_tokens + tokens;
  s->dex_usdc = s->dex_usdc + usd;
}

/** USD that adding `tokens` takes out of the pool; 0 when that would leave no tokens in it. */
static double pool_pays(const struct dp_ov_state *s, double tokens) {
  double after = s->dex_tokens + tokens;
  return after > 0 ? (tokens * s->dex_usdc) / after : 0;
}

/** Tokens into the pool (negative: out of it). */
static void pool_sell(struct dp_ov_state *s, double tokens) { pool_take(s, tokens, -pool_pays(s, tokens)); }

/* ---- the substeps ---- */

static void grow_demand(const struct dp_ov_config *c, struct dp_ov_state *s) { /* 1 */
  double old = s->network_resource_demand;
  s->network_resource_demand = old < 0 || old > 0 ? (1 + c->demand_growth_pct / 100) * old : c->initial_demand_per_day;
}

static void vest_bucket(double bucket, double step, double *today, double *sum) {
  *today = *sum + step <= bucket ? step : bucket - *sum;
  *sum = *sum + *today;
}

static void vest(const struct dp_ov_config *c, struct dp_ov_state *s) { /* 2 */
  double bucket = incentives(c), step = bucket / c->incentive_vesting_d;
  if (c->incentive_mode == DP_OV_FIXED_WEIGHTED_RATE) {
    double half_d = c->incentive_vesting_d / 2, early = c->incentive_early_ratio;
    step = (double)s->day < half_d ? (bucket * early) / half_d : (bucket * (1 - early)) / half_d;
  }
  vest_bucket(bucket, step, &s->token_incentives_vested, &s->token_incentives_vested_cum);
  vest_bucket(sellers(c), sellers(c) / c->seller_vesting_d, &s->token_seller_vested, &s->token_seller_vested_cum);
}

/** Nodes before today's change. */
static int64_t nodes(const struct dp_ov_config *c, const struct dp_ov_state *s) {
  return s->node_amount == 0 ? c->initial_node_n : s->node_amount;
}

static void use(const struct dp_ov_config *c, struct dp_ov_state *s) { /* 3 */
  double demand = s->network_resource_demand;
  double provision = (double)nodes(c, s) * c->node_provision_per_day * c->node_reliability_ratio;
  s->network_resource_provision = provision;
  s->network_resource_demand_supply_ratio = demand < 0 ? 0 : demand / provision;
}

static void share_revenue(const struct dp_ov_config *c, struct dp_ov_state *s) { /* 4 */
  double revenue = s->network_resource_demand * c->unit_price_usd;
  s->network_revenue = revenue;
  s->buyback_and_burn_revenue = revenue * c->burn_revenue_ratio;
  s->foundation_revenue = revenue * c->foundation_revenue_ratio;
  s->node_network_revenue = revenue * c->node_revenue_ratio;
}

static void pay_nodes(const struct dp_ov_config *c, struct dp_ov_state *s) { /* 5 */
  double tokens = s->token_incentives_vested, usd = pool_pays(s, tokens), left = s->dex_usdc - usd;
  s->node_expenditures = s->network_resource_provision * c->unit_cost_usd;
  if (left < 0) tokens = 0; /* no trade */
  if (left <= 0) usd = 0;
  pool_take(s, tokens, -usd);
  s->node_incentive_revenue = usd;
  s->node_profit = s->node_network_revenue + s->node_incentive_revenue - s->node_expenditures;
  double invested = c->node_setup_cost_usd + (double)c->node_stake_token_n * s->dex_token_price;
  s->node_apr = s->token_staked_supply > 0
                    ? (((s->node_profit / (double)s->node_amount) * 365) / invested) * 100
                    : 0;
}

static void run_foundation(const struct dp_ov_config *c, struct dp_ov_state *s) { /* 6 */
  s->foundation_expenditures = c->foundation_burn_usd / 12; /* every day, though it is named an annual rate */
  s->foundation_cash_reserves = s->foundation_cash_reserves - s->foundation_expenditures + s->foundation_revenue;
}

static void buy_back(struct dp_ov_state *s) { /* 8 */
  double usd = s->buyback_and_burn_revenue, after = s->dex_usdc + usd;
  double tokens = after > 0 ? -((usd * s->dex_tokens) / after) : 0;
  pool_take(s, tokens, usd);
  s->token_burned_supply = -tokens;
  s->token_burned_supply_cum = s->token_burned_supply_cum + s->token_burned_supply;
}

/** Nodes that the controller wants today; moves its integral. `apr_2` is node_apr two days ago. */
static double control(const struct dp_ov_config *c, struct dp_ov_state *s, double apr_2) {
  double d = s->node_apr - c->apr_threshold_pct, n = (double)nodes(c, s);
  double error = s->day >= 2 ? signed_square(d) : 0;
  double before = s->day >= 3 ? signed_square(apr_2 / c->apr_threshold_pct - 1) : 0;
  double fourth = (d * d) * (d * d);
  double damping = fourth > 0 ? fmin(c->apr_threshold_pct / fourth, 1) : 1;
  s->node_apr_error_cum = s->node_apr_error_cum + error * damping;
  double wanted = (c->apr_controller_kp * error + c->apr_controller_ki * (s->node_apr_error_cum + error)) +
                  c->apr_controller_kd * (error - before);
  double change = fmin(fabs(wanted), n * (c->node_growth_cap_pct / 100)) * sign(wanted);
  return isnan(wanted) ? wanted : trunc(n + change); /* fmin would take the cap for a NaN */
}

static int64_t at_least(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }

static enum dp_status change_nodes(const struct dp_ov_config *c, struct dp_ov_state *s, double apr_2, /* 9 */
                                   struct dp_err *err) {
  double target = control(c, s, apr_2), whole_stakes = trunc(s->dex_tokens / (double)c->node_stake_token_n);
  int64_t stake = c->node_stake_token_n, before = nodes(c, s), need;
  if (!(fabs(target) < NODES_MAX && fabs(whole_stakes) < NODES_MAX) ||
      __builtin_mul_overflow(at_least((int64_t)target, 1), stake, &need))
    return dp_fail(err, DP_INVARIANT, "reference.ov_daily: day %lld: the controller asks for a number of nodes "
                   "beyond all range (lower its gains or node_growth_cap_pct)", (long long)s->day);
  if (s->day == 1) { /* the first stake comes from the sellers' bucket, not from the pool */
    s->token_staked_supply = need;
    s->node_amount = need / stake;
    s->node_change_amount = 0;
    return DP_OK;
  }
  int64_t change = need - s->token_staked_supply;
  if (change > 0) change = at_most(change, (int64_t)whole_stakes * stake); /* the pool holds no more */
  else change = at_least(change, -s->token_staked_supply);
  s->token_staked_supply += change;
  s->node_amount = s->token_staked_supply / stake;
  s->node_change_amount = s->node_amount - before;
  pool_sell(s, -(double)change);
  return DP_OK;
}

static void add_up(const struct dp_ov_config *c, struct dp_ov_state *s) { /* 10 */
  s->token_total_supply = sellers_at_first(c) + incentives(c) + idle(c) + first_pool(c) - s->token_burned_supply_cum;
  s->token_circulating_supply = s->dex_tokens + (double)s->token_staked_supply + idle(c);
}

enum dp_status dp_ov_day(const struct dp_ov_config *c, struct dp_ov_state *s, struct dp_err *err) {
  double apr_1 = s->node_apr, apr_2 = s->node_apr_before;
  s->day++;
  grow_demand(c, s);
  vest(c, s);
  use(c, s);
  share_revenue(c, s);
  pay_nodes(c, s);
  run_foundation(c, s);
  pool_sell(s, s->token_seller_vested); /* 7 */
  buy_back(s);
  DP_TRY(change_nodes(c, s, apr_2, err));
  add_up(c, s);
  s->node_apr_before = apr_1;
#define DP_X(name, type, unit, doc)                                                                                  \
  if (!isfinite((double)s->name))                                                                                    \
    return dp_fail(err, DP_INVARIANT, "reference.ov_daily: day %lld: " #name " is not a number", (long long)s->day);
  DP_OV_VARIABLES(DP_X)
#undef DP_X
  return DP_OK;
}
