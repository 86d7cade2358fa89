/* sim/reference/ov_model.c — the published daily model as a component: its parameters, its series, its days. */
#include <config.h>

#include "reference/ov.h"

static const struct dp_ov_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }
static struct dp_ov_state *state_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, 0), struct dp_ov_state, 0);
}

/* ---- parameters: the specification's symbol and the published name stand first in each doc ---- */

#define ORIGIN "OutlierVentures/DePINSimulator 7b08256 (MIT), subset 0"
#define ROW(field_, type_, unit_, value_, min_, max_, doc_)                                                          \
  {DP_FIELD(struct dp_ov_config, field_), .type = DP_PARAM_##type_, .unit = unit_, .value = value_, .min = min_,      \
   .max = max_, .doc = doc_, .source = ORIGIN}

static const char *const modes[] = {[DP_OV_FIXED_RATE] = "fixed_rate",
                                    [DP_OV_FIXED_WEIGHTED_RATE] = "fixed_weighted_rate", NULL};

static const struct dp_param params[] = {
    ROW(initial_node_n, INT, "1", 50000, 1, 1e9, "N0, initial_node_amount: nodes on day 1"),
    ROW(initial_cash_usd, NUMBER, "usd", 2.5e7, 0, 1e15, "foundation_cash_reserves of day 0"),
    ROW(initial_supply_token, NUMBER, "token", 1e10, 1, 1e15, "S0, token_total_supply of day 0"),
    ROW(initial_valuation_usd, NUMBER, "usd", 5e7, 1e-6, 1e15, "V0: value of the whole supply on day 0"),
    ROW(node_setup_cost_usd, NUMBER, "usd", 1000, 1e-6, 1e12, "SETUP, node_setup_cost: of one node"),
    ROW(unit_cost_usd, NUMBER, "usd", 0.000001, 0, 1e9, "COST, node_resource_provision_cost: of one unit"),
    ROW(node_provision_per_day, NUMBER, "1/d", 1e6, 1e-6, 1e15,
        "RATE, node_resource_provision_rate: units that a node provides"),
    ROW(node_reliability_ratio, NUMBER, "1", 0.98, 1e-6, 1, "REL, node_reliability"),
    ROW(node_stake_token_n, INT, "token", 10000, 1, 1e12, "STK, node_token_stake: whole tokens that a node stakes"),
    ROW(node_growth_cap_pct, NUMBER, "1", 10, 0, 1000, "CAP, node_growth_cap: % of the nodes a day, up or down"),
    ROW(apr_threshold_pct, NUMBER, "1", 10, 1e-3, 1e6, "THR, apr_threshold: % a year that nodes ask for"),
    ROW(initial_demand_per_day, NUMBER, "1/d", 1e10, 0, 1e18, "D0, initial_network_resource_demand: units"),
    ROW(demand_growth_pct, NUMBER, "1", 0.1, -100, 1000, "G, network_resource_demand_growth_rate: % a day"),
    ROW(unit_price_usd, NUMBER, "usd", 0.00000125, 0, 1e9, "PRICE, resource_unit_price: of one unit"),
    ROW(node_revenue_ratio, NUMBER, "1", 0.75, 0, 1, "sN, node_revenue_share"),
    ROW(burn_revenue_ratio, NUMBER, "1", 0.01, 0, 1, "sB, buyback_and_burn_revenue_share"),
    ROW(foundation_revenue_ratio, NUMBER, "1", 0.24, 0, 1, "sF, foundation_revenue_share"),
    ROW(foundation_burn_usd, NUMBER, "usd", 25e4, 0, 1e15,
        "BURN, foundation_cash_burn_rate: a twelfth is spent every day, though its name says a year's"),
    ROW(incentive_supply_ratio, NUMBER, "1", 0.5, 0, 1, "aI, incentive_token_allocation: of the supply"),
    ROW(seller_supply_ratio, NUMBER, "1", 0.35, 0, 1, "aS, seller_token_allocation: of the supply"),
    ROW(idle_supply_ratio, NUMBER, "1", 0.1, 0, 1, "aX, idle_token_allocation: of the supply"),
    ROW(liquidity_supply_ratio, NUMBER, "1", 0.05, 1e-9, 1, "aL: share of the supply that the pool starts with"),
    ROW(seller_vesting_d, NUMBER, "d", 1095, 1, 1e6, "TS, seller_token_vesting_duration"),
    ROW(incentive_vesting_d, NUMBER, "d", 730, 1, 1e6, "TI, incentive_token_vesting_duration"),
    {DP_FIELD(struct dp_ov_config, incentive_mode), .type = DP_PARAM_CHOICE, .unit = "text", .choices = modes,
     .doc = "incentive_mode: evenly, or with incentive_early_ratio in the first half", .source = ORIGIN},
    ROW(incentive_early_ratio, NUMBER, "1", 0.8, 0, 1,
        "W, incentive_early_weight_ratio: share that vests in the first half; only fixed_weighted_rate"),
    ROW(apr_controller_kp, NUMBER, "1", 2, -1e9, 1e9, "kp, apr_controller_kp: nodes per squared % of the gap"),
    ROW(apr_controller_ki, NUMBER, "1", 0.1, -1e9, 1e9, "ki, apr_controller_ki: of its sum"),
    ROW(apr_controller_kd, NUMBER, "1", 0.01, -1e9, 1e9, "kd, apr_controller_kd: of its change"),
};

static enum dp_status check_config(void *config, struct dp_err *err) { return dp_ov_check(config, err); }

static const struct dp_schema schema = {
    .name = "reference.ov_daily",
    .doc = "the daily DePIN model of Outlier Ventures, rebuilt to be compared with",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_ov_config),
    .check = check_config,
};

void dp_ov_defaults(struct dp_ov_config *config) { dp_schema_defaults(&schema, config); }

/* ---- state and series: every published variable under its published name ---- */

static const struct dp_column columns[] = {
    DP_COLUMN(struct dp_ov_state, day, "d", "days done"),
    DP_COLUMN(struct dp_ov_state, node_apr_before, "1", "node_apr of the day before"),
#define DP_X(name, type, unit, doc) DP_COLUMN(struct dp_ov_state, name, unit, doc),
    DP_OV_VARIABLES(DP_X)
#undef DP_X
};

static const struct dp_table_decl tables[] = {
    {.name = "network", .doc = "the network at the end of a day", .scope = DP_SCOPE_REPLICATED,
     .row_size = sizeof(struct dp_ov_state), DP_ROWS(column, columns), .output = true},
};

enum {
#define DP_X(name, type, unit, doc) METRIC_##name,
  DP_OV_VARIABLES(DP_X)
#undef DP_X
};

static const struct dp_metric metrics[] = {
#define DP_X(name, type, unit, doc) [METRIC_##name] = {#name, DP_METRIC_GLOBAL, unit, 1, NULL, false, doc},
    DP_OV_VARIABLES(DP_X)
#undef DP_X
};

static const struct dp_kpi kpis[] = {
    {"reference.node_n", DP_KPI_TOTAL, "node_amount", NULL, "1", 0, "nodes at the end"},
    {"reference.node_mean_n", DP_KPI_MEAN, "node_amount", NULL, "1", 0, "nodes, mean of the days"},
    {"reference.node_apr_pct", DP_KPI_TOTAL, "node_apr", NULL, "1", 0, "APR of a node at the end, % a year"},
    {"reference.revenue_cost_ratio", DP_KPI_RATIO, "node_network_revenue", "node_expenditures", "1", 0,
     "what customers pay the nodes over what the nodes spend, at the end"},
    {"reference.incentive_cost_ratio", DP_KPI_RATIO, "node_incentive_revenue", "node_expenditures", "1", 0,
     "what sold incentives bring the nodes over what they spend, at the end"},
    {"reference.demand_supply_ratio", DP_KPI_TOTAL, "network_resource_demand_supply_ratio", NULL, "1", 0,
     "demand over provision at the end"},
    {"reference.token_price_usd", DP_KPI_TOTAL, "dex_token_price", NULL, "usd", 0,
     "average price of the latest trade at the end"},
    {"reference.cash_usd", DP_KPI_TOTAL, "foundation_cash_reserves", NULL, "usd", 0, "foundation's cash at the end"},
};

/* ---- the days ---- */

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  uint32_t row;
  DP_TRY(dp_table_add(dp_own_global(ctx, 0), &row, ctx->err));
  dp_ov_start(config_of(ctx), state_of(ctx));
  return DP_OK;
}

/* Days that have passed since the settlement before: the state follows the calendar at any length of settlement. */
static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  struct dp_ov_state *s = state_of(ctx);
  if (!beat->settlement) return DP_OK;
  while (s->day < ctx->now_ns / DP_DAY) DP_TRY(dp_ov_day(config_of(ctx), s, ctx->err));
  return DP_OK;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct dp_ov_state *s = state_of(ctx);
#define DP_X(name, type, unit, doc) dp_metric_set_global(ctx, METRIC_##name, (double)s->name);
  DP_OV_VARIABLES(DP_X)
#undef DP_X
  return DP_OK;
}

/* What holds whatever the parameters: stakes are whole, the pool is not overdrawn. */
static enum dp_status check_replicated(struct dp_ctx *ctx) {
  const struct dp_ov_state *s = state_of(ctx);
  if (s->token_staked_supply != s->node_amount * config_of(ctx)->node_stake_token_n)
    return dp_fail(ctx->err, DP_INVARIANT, "reference.ov_daily: the stake is not that of %lld nodes",
                   (long long)s->node_amount);
  if (!(s->dex_tokens >= 0 && s->dex_usdc >= 0))
    return dp_fail(ctx->err, DP_INVARIANT, "reference.ov_daily: the pool holds %.17g tokens and %.17g USD",
                   s->dex_tokens, s->dex_usdc);
  return DP_OK;
}

const struct dp_model dp_ov_model = {
    .name = "reference.ov_daily",
    .section = "references",
    .doc = "a published daily DePIN model, to compare with",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    .init_replicated = init_replicated,
    .clear = clear,
    .sample_replicated = sample_replicated,
    .check_replicated = check_replicated,
};
