#include <config.h>

#include "ledger/trader.h"

#include <math.h>
#include <stdlib.h>

#include "ledger/emission.h"
#include "ledger/exchange.h"
#include "ledger/factor.h"
#include "ledger/token.h"

/** `shared`: derived from the scenario. */
struct shared {
  const struct dp_instance *exchange, *token, *network, *factor;
  uint16_t asset;
  unsigned take_value; /* of the network */
  dp_i128 budget;      /* nano-USD at the start */
};

enum { STATE_TABLE };
enum {
  METRIC_USD, METRIC_TOKEN, METRIC_SIGNAL, METRIC_BROUGHT, METRIC_GAIN, METRIC_SPENT, METRIC_EARNED
};

static struct dp_trader_state *state_of(const struct dp_ctx *ctx, const struct dp_instance *trader) {
  return DP_ROW(&ctx->engine->globals[trader->first_global_table + STATE_TABLE], struct dp_trader_state, 0);
}

double dp_trader_part(double conviction, double days, double horizon_d) {
  return copysign(-expm1(-fabs(conviction) * days / horizon_d), conviction);
}

/* ---- what it believes ---- */

static double clamp(double x) { return fmin(fmax(x, -1), 1); }

double dp_trader_mean(double mean, double seen, double days, double horizon_d) {
  return mean + (seen - mean) * -expm1(-days / horizon_d);
}

/* Σ of a standard normal of each day, by the part of it that lies in (now − days, now]: luck that does not know how long
 * a settlement is. */
static double noise(struct dp_ctx *ctx, double days) {
  const double end = (double)ctx->now_ns / (double)DP_DAY, begin = end - days;
  double sum = 0;
  for (double day = floor(begin); day < end; day++) {
    struct dp_rng rng = dp_ctx_rng(ctx, 0, DP_STREAM(DP_STREAM_TRADER, ctx->self->index), (uint64_t)day);
    sum += dp_rng_normal(&rng) * (fmin(end, day + 1) - fmax(begin, day));
  }
  return sum;
}

/* The network's take of a year, as lately seen, for ever, discounted, for each token there is. */
static double fundamental_value(const struct dp_ctx *ctx, const struct shared *s, const struct dp_trader_state *state) {
  const struct dp_trader_config *c = ctx->self->config;
  const double supply = dp_books_units(dp_ctx_sim(ctx), s->asset,
                                       -dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset)));
  return state->take_per_day_usd * 365 / (c->discount_per_year - c->growth_per_year) / supply;
}

/* Part of the cash (> 0) or the tokens (< 0) to trade now. */
static double decide(struct dp_ctx *ctx, const struct shared *s, struct dp_trader_state *state, double price,
                     double days) {
  const struct dp_trader_config *c = ctx->self->config;
  double deviation = 0;
  switch (c->kind) {
    case DP_TRADER_MOMENTUM: deviation = price / state->mean_usd - 1; break;
    case DP_TRADER_MEAN_REVERSION: deviation = state->mean_usd / price - 1; break;
    case DP_TRADER_FUNDAMENTAL: deviation = fundamental_value(ctx, s, state) / price - 1; break;
    default: state->signal = noise(ctx, days) / days * sqrt(c->horizon_d); /* Σ over a horizon has deviation 1 */
      return dp_trader_part(c->aggressiveness * state->signal, days, c->horizon_d);
  }
  state->signal = deviation;
  return dp_trader_part(clamp(c->aggressiveness * deviation), days, c->horizon_d);
}

/* What has become known since the last decision. */
static void look(struct dp_ctx *ctx, const struct shared *s, struct dp_trader_state *state, double price, double days) {
  const struct dp_trader_config *c = ctx->self->config;
  state->mean_usd = dp_trader_mean(state->mean_usd, price, days, c->horizon_d);
  if (!s->network) return;
  const dp_i128 take = dp_value_integer(ctx, s->network, s->take_value);
  const double flow = dp_books_units(dp_ctx_sim(ctx), DP_USD, take - state->take_seen) / days;
  state->take_seen = take;
  state->take_per_day_usd = dp_trader_mean(state->take_per_day_usd, flow, days, c->horizon_d);
}

/* ---- its money ---- */

static enum dp_status bring(struct dp_ctx *ctx, struct dp_trader_state *state, dp_i128 usd) {
  state->brought_usd += usd;
  const uint32_t outside = dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
  return dp_books_post(ctx, DP_REASON_BUYER_MONEY, outside, state->usd_account, usd);
}

/* With the tide the budget grows and shrinks; what has become tokens stays. */
static enum dp_status follow_tide(struct dp_ctx *ctx, const struct shared *s, struct dp_trader_state *state) {
  if (!s->factor) return DP_OK;
  const double tide = dp_factor_value(ctx, s->factor), change = tide - state->factor_seen;
  dp_i128 usd, cash = dp_books_balance(ctx, state->usd_account);
  if (!dp_i128_from_double(fabs(change) * dp_i128_to_double(s->budget), &usd))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.trader: the budget of %s overflows", ctx->self->name);
  state->factor_seen = tide;
  if (change > 0) return bring(ctx, state, usd);
  if (usd > cash) usd = cash;
  state->left_usd += usd;
  const uint32_t outside = dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
  return dp_books_post(ctx, DP_REASON_HOLDER_CASH, state->usd_account, outside, usd);
}

/* From `day` on it sells, until the price is fall_ratio below what it was then: each settlement as many tokens as take a
 * pool x y = k there, x (1 / sqrt(P* / P) - 1), of what it has. */
static enum dp_status dump(struct dp_ctx *ctx, const struct shared *s, struct dp_trader_state *state, double price) {
  const struct dp_trader_config *c = ctx->self->config;
  const double in_pool = dp_exchange_depth_usd(ctx, s->exchange) / (sqrt(1.02) - 1) / price;
  dp_i128 token = 0, has = dp_books_balance(ctx, state->token_account);
  if (state->started == 1 && (double)ctx->now_ns >= c->day * (double)DP_DAY) {
    state->started = 2;
    state->mean_usd = price;
  }
  const double target = state->mean_usd * (1 - c->fall_ratio);
  if (state->started == 2 && (has == 0 || price <= target * 1.005)) state->started = 3;
  if (state->started != 2) return DP_OK;
  const int64_t decimals = ((const struct dp_token_config *)s->token->config)->decimals;
  if (!dp_token_base_units(in_pool * (sqrt(price / target) - 1), decimals, &token) || token > has) token = has;
  return dp_exchange_order(ctx, s->exchange, state->desk, 0, token);
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct shared *s = ctx->self->shared;
  struct dp_trader_state *state = state_of(ctx, ctx->self);
  if (!beat->settlement) return DP_OK;
  const double price = dp_exchange_price_usd(ctx, s->exchange), days = (double)beat->since_ns / (double)DP_DAY;
  if (!state->started) {
    state->started = 1;
    state->mean_usd = state->first_price_usd = price;
    return DP_OK;
  }
  if (!(days > 0)) return DP_OK;
  DP_TRY(follow_tide(ctx, s, state));
  if (((const struct dp_trader_config *)ctx->self->config)->kind == DP_TRADER_DUMP) return dump(ctx, s, state, price);
  look(ctx, s, state, price, days);
  const int64_t ppb = dp_token_ppb(decide(ctx, s, state, price, days));
  const dp_i128 usd = ppb > 0 ? dp_token_part(dp_books_balance(ctx, state->usd_account), ppb) : 0;
  const dp_i128 token = ppb < 0 ? dp_token_part(dp_books_balance(ctx, state->token_account), -ppb) : 0;
  return dp_exchange_order(ctx, s->exchange, state->desk, usd, token);
}

/* ---- init ---- */

static enum dp_status find(struct dp_ctx *ctx, struct shared *s) {
  const struct dp_trader_config *c = ctx->self->config;
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  s->exchange = dp_sim_instance(sim, c->exchange.instance);
  s->token = dp_sim_instance(sim, ((const struct dp_exchange_config *)s->exchange->config)->token.instance);
  s->asset = dp_token_asset(s->token);
  s->network = dp_token_network(s->token);
  s->factor = dp_factor_of(sim, &c->factor);
  if (s->network) return dp_value_find(s->network, "take_nusd", &s->take_value, ctx->err);
  if (c->kind != DP_TRADER_FUNDAMENTAL) return DP_OK;
  return dp_fail(ctx->err, DP_SCENARIO, "ledger.trader: %s values %s by its network's take, and it has no network (add "
                 "one, or take another kind)", ctx->self->name, s->token->name);
}

static enum dp_status open_accounts(struct dp_ctx *ctx, const struct shared *s, dp_i128 tokens) {
  struct dp_trader_state *state = state_of(ctx, ctx->self);
  const uint32_t holders = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset);
  const dp_entity owner = (dp_entity)(ctx->self->index + 1) << 32;
  if (tokens > dp_books_balance(ctx, holders))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.trader: %s is to hold %g %s, and only %g are in nobody's tranche "
                   "(leave more of the supply unallocated, or give it fewer)", ctx->self->name,
                   dp_books_units(dp_ctx_sim(ctx), s->asset, tokens), s->token->name,
                   dp_books_units(dp_ctx_sim(ctx), s->asset, dp_books_balance(ctx, holders)));
  const struct dp_trader_config *c = ctx->self->config;
  if (c->kind == DP_TRADER_DUMP && tokens == 0) tokens = dp_books_balance(ctx, holders) / 2;
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, s->asset, owner, &state->token_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, DP_USD, owner, &state->usd_account));
  const struct dp_desk desk = {.usd_account = state->usd_account, .token_account = state->token_account,
                               .in_reason = DP_REASON_HOLDER_TRADE_IN, .out_reason = DP_REASON_HOLDER_TRADE_OUT,
                               .role = DP_DESK_TRADERS};
  DP_TRY(dp_exchange_join(ctx, s->exchange, &desk, &state->desk));
  state->brought_token = tokens;
  DP_TRY(dp_books_post(ctx, DP_REASON_HOLDER_SHARE, holders, state->token_account, tokens));
  return bring(ctx, state, s->budget);
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_trader_config *c = ctx->self->config;
  struct shared *s = calloc(1, sizeof *s);
  dp_i128 tokens;
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "a trader");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  DP_TRY(find(ctx, s));
  if (!dp_token_base_units(c->usd, DP_USD_DECIMALS, &s->budget) ||
      !dp_token_base_units(c->tokens, ((const struct dp_token_config *)s->token->config)->decimals, &tokens))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.trader: the budget of %s does not fit 126 bits", ctx->self->name);
  DP_TRY(dp_table_add(dp_own_global(ctx, STATE_TABLE), &row, ctx->err));
  state_of(ctx, ctx->self)->factor_seen = 1;
  return open_accounts(ctx, s, tokens);
}

/* ---- measures ---- */

/* Wealth now and what it was made of, both in USD, the tokens that were brought at the first price. */
static double gain_of(const struct dp_ctx *ctx, double *brought) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct shared *s = ctx->self->shared;
  const struct dp_trader_state *state = state_of(ctx, ctx->self);
  const double price = dp_exchange_price_usd(ctx, s->exchange);
  *brought = dp_books_units(sim, DP_USD, state->brought_usd) +
             dp_books_units(sim, s->asset, state->brought_token) * state->first_price_usd;
  return dp_books_units(sim, DP_USD, dp_books_balance(ctx, state->usd_account) + state->left_usd) +
         dp_books_units(sim, s->asset, dp_books_balance(ctx, state->token_account)) * price - *brought;
}

static void show_gain(struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_desk *desk = dp_exchange_desk(ctx, s->exchange, state_of(ctx, ctx->self)->desk);
  double brought;
  dp_metric_set_global(ctx, METRIC_GAIN, gain_of(ctx, &brought));
  dp_metric_set_global(ctx, METRIC_BROUGHT, brought);
  dp_metric_set_global(ctx, METRIC_SPENT, dp_books_units(dp_ctx_sim(ctx), DP_USD, desk->spent_usd));
  dp_metric_set_global(ctx, METRIC_EARNED, dp_books_units(dp_ctx_sim(ctx), DP_USD, desk->earned_usd));
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_trader_state *state = state_of(ctx, ctx->self);
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  dp_metric_set_global(ctx, METRIC_USD, dp_books_units(sim, DP_USD, dp_books_balance(ctx, state->usd_account)));
  dp_metric_set_global(ctx, METRIC_TOKEN, dp_books_units(sim, s->asset, dp_books_balance(ctx, state->token_account)));
  dp_metric_set_global(ctx, METRIC_SIGNAL, state->signal);
  show_gain(ctx);
  return DP_OK;
}

/* ---- declarations ---- */

static enum dp_status check(void *config, struct dp_err *err) {
  const struct dp_trader_config *c = config;
  if (c->kind == DP_TRADER_FUNDAMENTAL && !(c->discount_per_year > c->growth_per_year))
    return dp_fail(err, DP_SCENARIO, "ledger.trader: discount_per_year = %g must be above growth_per_year = %g (a "
                   "revenue that grows faster than it is discounted has no finite value)", c->discount_per_year,
                   c->growth_per_year);
  return DP_OK;
}

static const char *const kinds[] = {"momentum", "mean_reversion", "fundamental", "noise", "dump", NULL};

#define FIELD(f) DP_FIELD(struct dp_trader_config, f)
static const struct dp_param params[] = {
    {FIELD(kind), .type = DP_PARAM_CHOICE, .unit = "text", .value = DP_TRADER_MOMENTUM, .choices = kinds,
     .doc = "buys what has risen, buys what has fallen, compares with discounted revenue, trades at random, or (dump) "
            "sells on a day until the price has fallen",
     .source = "none; momentum and fundamental: Hommes 2006, Heterogeneous agent models"},
    {FIELD(exchange), .type = DP_PARAM_REF, .unit = "text", .part = "ledger.exchange", .required = true,
     .doc = "where it trades", .source = "none"},
    {FIELD(usd), .type = DP_PARAM_NUMBER, .unit = "usd", .value = 0, .min = 0, .max = 1e12,
     .doc = "money at the start, from outside", .source = "none"},
    {FIELD(tokens), .type = DP_PARAM_NUMBER, .unit = "token", .value = 0, .min = 0, .max = 1e15,
     .doc = "tokens at the start, of the supply that is in no tranche; dump: 0: half of what is nobody's",
     .source = "none"},
    {FIELD(horizon_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 20, .min = 1e-3, .max = 3650, .log_scale = true,
     .doc = "time that it remembers, and in which it trades a full conviction", .source = "none"},
    {FIELD(aggressiveness), .type = DP_PARAM_NUMBER, .unit = "1", .value = 1, .min = 0, .max = 1000,
     .doc = "conviction for a deviation of 100 %; convictions end at 1", .source = "none"},
    {FIELD(discount_per_year), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0.2, .min = 1e-3, .max = 10,
     .doc = "fundamental: rate at which the network's take is discounted",
     .source = "none; venture hurdle rates of 20 to 30 %"},
    {FIELD(growth_per_year), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = -1, .max = 9.9,
     .doc = "fundamental: growth that it expects of the take", .source = "none"},
    {FIELD(day), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = 0, .max = 1e5,
     .doc = "dump: it begins to sell", .source = "none"},
    {FIELD(fall_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0.8, .min = 0, .max = 0.999,
     .doc = "dump: and stops when the price is so far below that of the day, or its tokens are gone", .source = "none"},
    {FIELD(factor), .type = DP_PARAM_REF, .unit = "text", .part = "ledger.factor",
     .doc = "tide of its money: the budget follows it; none when left out", .source = "none"},
};
#undef FIELD

static const struct dp_schema schema = {
    .name = "ledger.trader",
    .doc = "speculators of one mind, with a budget",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_trader_config),
    .check = check,
};

#define COL(f, unit, doc) DP_COLUMN(struct dp_trader_state, f, unit, doc)
static const struct dp_column state_columns[] = {
    COL(brought_usd, "nusd", "money that came from outside"),
    COL(left_usd, "nusd", "money that went back"),
    COL(brought_token, "base", "tokens at the start"),
    COL(take_seen, "nusd", "network's take that it has seen"),
    COL(mean_usd, "usd", "moving average of the price"),
    COL(take_per_day_usd, "usd/d", "moving average of the network's take"),
    COL(factor_seen, "1", "tide that the budget has followed"),
    COL(first_price_usd, "usd", "first price that it saw"),
    COL(signal, "1", "deviation that it acted on last"),
    COL(usd_account, "1", "account of the replicated book"),
    COL(token_account, "1", "the same for tokens"),
    COL(desk, "1", "its desk at the exchange"),
    COL(started, "1", "1 after the first look"),
};
#undef COL

static const struct dp_table_decl tables[] = {
    {.name = "trader", .doc = "what it has and believes", .scope = DP_SCOPE_REPLICATED,
     .row_size = sizeof(struct dp_trader_state), DP_ROWS(column, state_columns), .output = true},
};

/* read through dp_value_find */
static const struct dp_value values[] = {
    {"market.gateway.take_nusd", DP_IN, "nusd", "the protocol's share of what customers paid"},
};

#define GLOBAL(metric, text, unit, hidden, doc) [metric] = {text, DP_METRIC_GLOBAL, unit, 1, NULL, hidden, doc}
#define AMOUNT(metric, text, unit, hidden, doc) [metric] = {text, DP_METRIC_AMOUNT, unit, 1, NULL, hidden, doc}
static const struct dp_metric metrics[] = {
    AMOUNT(METRIC_USD, "usd", "usd", false, "cash"),
    GLOBAL(METRIC_TOKEN, "token", "token", false, "tokens held"),
    GLOBAL(METRIC_SIGNAL, "signal", "1", false, "deviation that it acted on"),
    AMOUNT(METRIC_BROUGHT, "brought", "usd", true, "what it brought"),
    AMOUNT(METRIC_GAIN, "gain", "usd", true, "what it has more than that, tokens at the price"),
    AMOUNT(METRIC_SPENT, "spent", "usd", true, "spent on tokens"),
    AMOUNT(METRIC_EARNED, "earned", "usd", true, "what its sales brought"),
};
#undef GLOBAL
#undef AMOUNT

static const struct dp_kpi kpis[] = {
    {"trader.gain_usd", DP_KPI_TOTAL, "gain", NULL, "usd", 0,
     "of the traders: wealth at the end and what they took out, less what they brought (tokens at the first price)"},
    {"trader.return_ratio", DP_KPI_RATIO, "gain", "brought", "1", 0, "the same over what they brought"},
    {"trader.bought_usd", DP_KPI_TOTAL, "spent", NULL, "usd", 0, "spent on tokens by traders"},
    {"trader.sold_usd", DP_KPI_TOTAL, "earned", NULL, "usd", 0, "what their sales brought"},
};

const struct dp_model dp_trader_model = {
    .name = "ledger.trader",
    .section = "traders",
    .doc = "speculators with budgets",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    DP_ROWS(value, values),
    .init_replicated = init_replicated,
    .clear = clear,
    .sample_replicated = sample_replicated,
    .release = free,
};
