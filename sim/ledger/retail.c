#include <config.h>

#include "ledger/retail.h"

#include <math.h>
#include <stdlib.h>

#include "ledger/emission.h"
#include "ledger/exchange.h"
#include "ledger/factor.h"
#include "ledger/token.h"
#include "ledger/trader.h"

/** `shared`: derived from the scenario. */
struct shared {
  const struct dp_instance *exchange, *factor;
  uint16_t asset;
  dp_i128 budget;
};

enum { STATE_TABLE, COHORT_TABLE };
enum {
  METRIC_CAME, METRIC_LEFT, METRIC_HELD, METRIC_COHORTS, METRIC_MEAN, METRIC_P5, METRIC_P50, METRIC_P95, METRIC_IN_PROFIT
};

static struct dp_retail_state *state_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, STATE_TABLE), struct dp_retail_state, 0);
}

static struct dp_table *cohorts_of(const struct dp_ctx *ctx) { return dp_own_global(ctx, COHORT_TABLE); }

static struct dp_retail_cohort *cohort_at(const struct dp_ctx *ctx, uint32_t row) {
  return DP_ROW(cohorts_of(ctx), struct dp_retail_cohort, row);
}

/* ---- what the last settlement brought ---- */

/** Adds to a cohort its part of a fill; `rest` are what has not been given out yet of the tokens sold and the USD got. */
static void credit(struct dp_retail_cohort *c, bool bought, const struct dp_retail_state *state,
                   const struct dp_desk *desk, dp_i128 back, dp_i128 rest[2]) {
  const dp_i128 part = dp_token_share_of(rest[1], c->sold_now, rest[0]);
  rest[0] -= c->sold_now;
  rest[1] -= part;
  c->usd_out += part;
  c->held_token -= c->sold_now;
  c->sold_now = 0;
  if (!bought) return;
  c->usd_in += state->ordered_usd - back;
  c->bought_token += desk->token_out;
  c->held_token += desk->token_out;
}

static dp_i128 on_sale(const struct dp_ctx *ctx) {
  dp_i128 sum = 0;
  for (uint32_t i = 0; i < cohorts_of(ctx)->row_n; i++) sum += cohort_at(ctx, i)->sold_now;
  return sum;
}

/** Whose order was the last one, and what came back of it. */
static dp_i128 came_back(const struct dp_ctx *ctx, const struct dp_retail_state *state, const struct dp_desk *desk) {
  return dp_books_balance(ctx, state->usd_account) - desk->usd_out;
}

/* Fills reach their cohorts; those who sold take their money home, and so do those who could not buy. */
static enum dp_status settle(struct dp_ctx *ctx, const struct shared *s, struct dp_retail_state *state) {
  const struct dp_desk *desk = dp_exchange_desk(ctx, s->exchange, state->desk);
  const dp_i128 back = came_back(ctx, state, desk);
  dp_i128 rest[2] = {on_sale(ctx), desk->usd_out};
  for (uint32_t i = 0; i < cohorts_of(ctx)->row_n; i++)
    credit(cohort_at(ctx, i), i == state->buyer && state->ordered_usd > 0, state, desk, back, rest);
  state->ordered_usd = 0;
  return dp_books_post(ctx, DP_REASON_HOLDER_CASH, state->usd_account, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD),
                       dp_books_balance(ctx, state->usd_account));
}

/* ---- what they do now ---- */

/** USD that come now. */
static enum dp_status come(struct dp_ctx *ctx, const struct shared *s, struct dp_retail_state *state, double price,
                           double days, dp_i128 *usd) {
  const struct dp_retail_config *c = ctx->self->config;
  const double tide = s->factor ? dp_factor_value(ctx, s->factor) : 1;
  const double rush = fmin(fmax(1 + c->fomo * (price / state->mean_usd - 1), 0), c->rush_max_ratio);
  state->due_nusd += c->usd_per_day * tide * rush * days * 1e9;
  if (!dp_i128_from_double(floor(state->due_nusd), usd))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.retail: the money of %s overflows", ctx->self->name);
  state->due_nusd -= floor(state->due_nusd);
  if (s->budget > 0 && *usd > s->budget - state->came_usd) *usd = s->budget - state->came_usd;
  state->came_usd += *usd;
  return dp_books_post(ctx, DP_REASON_BUYER_MONEY, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), state->usd_account,
                       *usd);
}

/** The cohort of who comes now. */
static enum dp_status open_cohort(struct dp_ctx *ctx, struct dp_retail_state *state) {
  const struct dp_retail_config *c = ctx->self->config;
  const int64_t number = (int64_t)floor((double)ctx->now_ns / (double)DP_DAY / c->cohort_d);
  const uint32_t n = cohorts_of(ctx)->row_n;
  if (n > 0 && cohort_at(ctx, n - 1)->number == number) return DP_OK;
  DP_TRY(dp_table_add(cohorts_of(ctx), &state->buyer, ctx->err));
  cohort_at(ctx, state->buyer)->number = number;
  return DP_OK;
}

/** Tokens that the cohorts sell now. */
static dp_i128 leave(struct dp_ctx *ctx, const struct shared *s, double price, double days) {
  const struct dp_retail_config *c = ctx->self->config;
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const int64_t ppb = c->hold_d > 0 ? dp_token_ppb(dp_trader_part(1, days, c->hold_d)) : 0;
  dp_i128 sum = 0;
  for (uint32_t i = 0; i < cohorts_of(ctx)->row_n; i++) {
    struct dp_retail_cohort *cohort = cohort_at(ctx, i);
    const double paid = dp_books_units(sim, DP_USD, cohort->usd_in);
    const double worth = dp_books_units(sim, s->asset, cohort->bought_token) * price;
    const bool stop = c->stop_loss_ratio > 0 && worth < paid * (1 - c->stop_loss_ratio);
    cohort->sold_now = stop ? cohort->held_token : dp_token_part(cohort->held_token, ppb);
    sum += cohort->sold_now;
  }
  return sum;
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_retail_config *c = ctx->self->config;
  const struct shared *s = ctx->self->shared;
  struct dp_retail_state *state = state_of(ctx);
  dp_i128 usd;
  if (!beat->settlement) return DP_OK;
  const double price = dp_exchange_price_usd(ctx, s->exchange), days = (double)beat->since_ns / (double)DP_DAY;
  DP_TRY(settle(ctx, s, state));
  if (!state->started) state->mean_usd = price;
  state->started = 1;
  if (!(days > 0)) return DP_OK;
  state->mean_usd = dp_trader_mean(state->mean_usd, price, days, c->horizon_d);
  const dp_i128 tokens = leave(ctx, s, price, days);
  DP_TRY(come(ctx, s, state, price, days, &usd));
  if (usd > 0) DP_TRY(open_cohort(ctx, state));
  state->ordered_usd = usd;
  return dp_exchange_order(ctx, s->exchange, state->desk, usd, tokens);
}

/* ---- init ---- */

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_retail_config *c = ctx->self->config;
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  struct shared *s = calloc(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "a retail crowd");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  s->exchange = dp_sim_instance(sim, c->exchange.instance);
  s->asset = dp_token_asset(dp_sim_instance(sim,
                                            ((const struct dp_exchange_config *)s->exchange->config)->token.instance));
  s->factor = dp_factor_of(sim, &c->factor);
  if (!dp_token_base_units(c->budget_usd, DP_USD_DECIMALS, &s->budget))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.retail: budget_usd of %s does not fit 126 bits", ctx->self->name);
  if ((double)sim->spec.end_ns / (double)DP_DAY / c->cohort_d >= DP_RETAIL_COHORT_MAX)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.retail: cohort_d = %g makes more than %d cohorts (take longer ones)",
                   c->cohort_d, DP_RETAIL_COHORT_MAX);
  DP_TRY(dp_table_add(dp_own_global(ctx, STATE_TABLE), &row, ctx->err));
  struct dp_retail_state *state = state_of(ctx);
  const dp_entity owner = (dp_entity)(ctx->self->index + 1) << 32;
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, s->asset, owner, &state->token_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, DP_USD, owner, &state->usd_account));
  const struct dp_desk desk = {.usd_account = state->usd_account, .token_account = state->token_account,
                               .in_reason = DP_REASON_HOLDER_TRADE_IN, .out_reason = DP_REASON_HOLDER_TRADE_OUT,
                               .role = DP_DESK_RETAIL};
  return dp_exchange_join(ctx, s->exchange, &desk, &state->desk);
}

/* ---- measures ---- */

struct outcome {
  double gain; /* value over what was paid, less 1 */
  double paid; /* weight: USD that came */
};

/* Every cohort with what the settlement has just brought it, sorted by its outcome. */
static size_t outcomes(const struct dp_ctx *ctx, const struct shared *s, struct outcome *out, double *held_usd) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_retail_state *state = state_of(ctx);
  const struct dp_desk *desk = dp_exchange_desk(ctx, s->exchange, state->desk);
  const double price = dp_exchange_price_usd(ctx, s->exchange);
  const dp_i128 back = came_back(ctx, state, desk);
  dp_i128 rest[2] = {on_sale(ctx), desk->usd_out};
  size_t n = 0;
  *held_usd = 0;
  for (uint32_t i = 0; i < cohorts_of(ctx)->row_n; i++) {
    struct dp_retail_cohort c = *cohort_at(ctx, i);
    credit(&c, i == state->buyer && state->ordered_usd > 0, state, desk, back, rest);
    const double held = dp_books_units(sim, s->asset, c.held_token) * price, paid = dp_books_units(sim, DP_USD, c.usd_in);
    *held_usd += held;
    if (!(paid > 0)) continue;
    const struct outcome one = {(held + dp_books_units(sim, DP_USD, c.usd_out)) / paid - 1, paid};
    size_t at = n++;
    for (; at > 0 && out[at - 1].gain > one.gain; at--) out[at] = out[at - 1];
    out[at] = one;
  }
  return n;
}

/* The least outcome that a part q of all USD that came did not exceed. */
static double quantile(const struct outcome *o, size_t n, double total, double q) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    sum += o[i].paid;
    if (sum >= q * total) return o[i].gain;
  }
  return n ? o[n - 1].gain : (double)NAN;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_retail_state *state = state_of(ctx);
  struct outcome all[DP_RETAIL_COHORT_MAX + 1];
  double held, total = 0, sum = 0, winners = 0;
  const size_t n = outcomes(ctx, s, all, &held);
  for (size_t i = 0; i < n; i++) {
    total += all[i].paid;
    sum += all[i].paid * all[i].gain;
    if (all[i].gain > 0) winners += all[i].paid;
  }
  const struct dp_desk *desk = dp_exchange_desk(ctx, s->exchange, state->desk);
  dp_metric_set_global(ctx, METRIC_CAME, dp_books_units(dp_ctx_sim(ctx), DP_USD, desk->spent_usd));
  dp_metric_set_global(ctx, METRIC_LEFT, dp_books_units(dp_ctx_sim(ctx), DP_USD, desk->earned_usd));
  dp_metric_set_global(ctx, METRIC_HELD, held);
  dp_metric_set_global(ctx, METRIC_COHORTS, (double)n);
  dp_metric_set_global(ctx, METRIC_MEAN, total > 0 ? sum / total : (double)NAN);
  dp_metric_set_global(ctx, METRIC_P5, quantile(all, n, total, 0.05));
  dp_metric_set_global(ctx, METRIC_P50, quantile(all, n, total, 0.5));
  dp_metric_set_global(ctx, METRIC_P95, quantile(all, n, total, 0.95));
  dp_metric_set_global(ctx, METRIC_IN_PROFIT, total > 0 ? winners / total : (double)NAN);
  return DP_OK;
}

/* What is on sale or bought belongs to cohorts, to the last base unit. */
static enum dp_status check_replicated(struct dp_ctx *ctx) {
  const struct dp_retail_state *state = state_of(ctx);
  const struct shared *s = ctx->self->shared;
  dp_i128 held = 0;
  for (uint32_t i = 0; i < cohorts_of(ctx)->row_n; i++)
    held += cohort_at(ctx, i)->held_token - cohort_at(ctx, i)->sold_now;
  if (state->ordered_usd > 0) held += dp_exchange_desk(ctx, s->exchange, state->desk)->token_out;
  if (held == dp_books_balance(ctx, state->token_account)) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "ledger.retail: the cohorts of %s do not hold what its account does",
                 ctx->self->name);
}

/* ---- declarations ---- */

#define FIELD(f) DP_FIELD(struct dp_retail_config, f)
static const struct dp_param params[] = {
    {FIELD(exchange), .type = DP_PARAM_REF, .unit = "text", .part = "ledger.exchange", .required = true,
     .doc = "where they buy and sell", .source = "none"},
    {FIELD(usd_per_day), .type = DP_PARAM_NUMBER, .unit = "usd/d", .required = true, .min = 0, .max = 1e10,
     .doc = "money that comes when the price stands still", .source = "none"},
    {FIELD(fomo), .type = DP_PARAM_NUMBER, .unit = "1", .value = 5, .min = 0, .max = 1000,
     .doc = "times 1 + fomo (price over its moving average - 1), not below 0",
     .source = "none; inflows follow past returns: Liu and Tsyvinski 2021"},
    {FIELD(rush_max_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 20, .min = 0, .max = 1e6,
     .doc = "at most so many times as much", .source = "none"},
    {FIELD(horizon_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 30, .min = 1e-3, .max = 3650, .log_scale = true,
     .doc = "memory of the moving average", .source = "none"},
    {FIELD(budget_usd), .type = DP_PARAM_NUMBER, .unit = "usd", .value = 0, .min = 0, .max = 1e12,
     .doc = "money of the whole crowd; 0: without end", .source = "none"},
    {FIELD(hold_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 180, .min = 0, .max = 36500,
     .doc = "mean time that they stay; 0: for ever", .source = "none"},
    {FIELD(stop_loss_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = 0, .max = 1,
     .doc = "a cohort sells all when the price is so far below what it paid on average; 0: never", .source = "none"},
    {FIELD(cohort_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 30, .min = 0.01, .max = 3650,
     .doc = "who comes in this time is one cohort", .source = "none: a month"},
    {FIELD(factor), .type = DP_PARAM_REF, .unit = "text", .part = "ledger.factor",
     .doc = "tide that the money is multiplied by; none when left out", .source = "none"},
};
#undef FIELD

static const struct dp_schema schema = {
    .name = "ledger.retail",
    .doc = "a crowd that comes when the price has risen, by month of entry",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_retail_config),
};

#define COL(f, unit, doc) DP_COLUMN(struct dp_retail_state, f, unit, doc)
static const struct dp_column state_columns[] = {
    COL(came_usd, "nusd", "money that came from outside"),
    COL(ordered_usd, "nusd", "ordered at the last settlement"),
    COL(mean_usd, "usd", "moving average of the price"),
    COL(due_nusd, "nusd", "fraction that has not come yet"),
    COL(usd_account, "1", "account of the replicated book"),
    COL(token_account, "1", "the same for tokens"),
    COL(desk, "1", "their desk at the exchange"),
    COL(buyer, "1", "cohort that is being filled"),
    COL(started, "1", "1 after the first look"),
    COL(zero, "1", "always 0"),
};
#undef COL

#define COL(f, unit, doc) DP_COLUMN(struct dp_retail_cohort, f, unit, doc)
static const struct dp_column cohort_columns[] = {
    COL(usd_in, "nusd", "what they paid"),
    COL(bought_token, "base", "what they got"),
    COL(held_token, "base", "of it, still held or on sale"),
    COL(sold_now, "base", "of that, on sale"),
    COL(usd_out, "nusd", "what sales brought"),
    COL(number, "1", "stretch of cohort_d since the start in which they came"),
};
#undef COL

static const struct dp_table_decl tables[] = {
    {.name = "retail", .doc = "the crowd", .scope = DP_SCOPE_REPLICATED, .row_size = sizeof(struct dp_retail_state),
     DP_ROWS(column, state_columns)},
    {.name = "cohort", .doc = "everyone who ever came, by time of entry", .scope = DP_SCOPE_REPLICATED,
     .row_size = sizeof(struct dp_retail_cohort), DP_ROWS(column, cohort_columns), .output = true},
};

#define GLOBAL(metric, text, unit, doc) [metric] = {text, DP_METRIC_GLOBAL, unit, 1, NULL, false, doc}
#define AMOUNT(metric, text, unit, doc) [metric] = {text, DP_METRIC_AMOUNT, unit, 1, NULL, false, doc}
static const struct dp_metric metrics[] = {
    AMOUNT(METRIC_CAME, "entered", "usd", "spent on tokens since the start"),
    AMOUNT(METRIC_LEFT, "cashed", "usd", "what sales brought since the start"),
    AMOUNT(METRIC_HELD, "held", "usd", "what is held, at the price"),
    GLOBAL(METRIC_COHORTS, "cohorts", "1", "cohorts that came"),
    GLOBAL(METRIC_MEAN, "return_mean", "1", "return of all who ever came, by USD"),
    GLOBAL(METRIC_P5, "return_p5", "1", "5 % of the USD that came did no better"),
    GLOBAL(METRIC_P50, "return_p50", "1", "half of it did no better"),
    GLOBAL(METRIC_P95, "return_p95", "1", "95 % of it did no better"),
    GLOBAL(METRIC_IN_PROFIT, "in_profit", "1", "part of the USD that came that is worth more, or was sold for more"),
};
#undef GLOBAL
#undef AMOUNT

static const struct dp_kpi kpis[] = {
    {"retail.entered_usd", DP_KPI_TOTAL, "entered", NULL, "usd", 0, "spent on tokens by the crowd"},
    {"retail.cashed_usd", DP_KPI_TOTAL, "cashed", NULL, "usd", 0, "what its sales brought"},
    {"retail.held_usd", DP_KPI_TOTAL, "held", NULL, "usd", 0, "what it holds at the end, at the last price"},
    {"retail.return_ratio.mean", DP_KPI_TOTAL, "return_mean", NULL, "1", 0,
     "cash and holdings over what was paid, less 1, of all who ever came, those who left included"},
    {"retail.return_ratio.p5", DP_KPI_TOTAL, "return_p5", NULL, "1", 0,
     "5 % of the USD that came did no better, by month of entry"},
    {"retail.return_ratio.p50", DP_KPI_TOTAL, "return_p50", NULL, "1", 0, "half of the USD that came did no better"},
    {"retail.return_ratio.p95", DP_KPI_TOTAL, "return_p95", NULL, "1", 0, "95 % of the USD that came did no better"},
    {"retail.in_profit_ratio", DP_KPI_TOTAL, "in_profit", NULL, "1", 0,
     "part of the USD that came whose cohort got or has more than it paid"},
};

const struct dp_model dp_retail_model = {
    .name = "ledger.retail",
    .section = "retail",
    .doc = "a crowd that comes when the price has risen",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    .init_replicated = init_replicated,
    .clear = clear,
    .sample_replicated = sample_replicated,
    .check_replicated = check_replicated,
    .release = free,
};
