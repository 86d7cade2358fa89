/* sim/ledger/exchange_liquidity.c — who owns the pool, and when he takes his part away. */
#include <config.h>

#include <math.h>

#include "ledger/emission.h"
#include "ledger/exchange_priv.h"

static struct dp_exchange_share *share_at(const struct dp_ctx *ctx, uint32_t row) {
  return DP_ROW(dp_own_global(ctx, DP_EXCHANGE_LIQUIDITY), struct dp_exchange_share, row);
}

enum dp_status dp__liquidity_init(struct dp_ctx *ctx) {
  const struct dp_exchange_config *config = ctx->self->config;
  const struct dp__exchange *s = ctx->self->shared;
  dp_i128 left = 1000000000 - dp_token_ppb(DP_EXCHANGE_LOCKED_RATIO);
  for (size_t i = 0; i < config->providers.n; i++) {
    const struct dp_exchange_provider *p = config->providers.v[i].part;
    uint32_t row;
    DP_TRY(dp_table_add(dp_own_global(ctx, DP_EXCHANGE_LIQUIDITY), &row, ctx->err));
    struct dp_exchange_share *share = share_at(ctx, row);
    *share = (struct dp_exchange_share){.shares = dp_token_ppb(p->share_ratio), .left_ns = -1};
    left -= share->shares;
    if (left < 0)
      return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: the providers up to '%s' own more than %g of the pool "
                     "(what is left can never leave, so that there is always a price: make the shares smaller)",
                     ctx->self->name, p->name, 1 - DP_EXCHANGE_LOCKED_RATIO);
    const dp_entity owner = (dp_entity)(ctx->self->index + 1) << 32 | (i + 1);
    DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, s->asset, owner, &share->token_account));
    DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, DP_USD, owner, &share->usd_account));
  }
  return DP_OK;
}

double dp__liquidity_return(const struct dp_ctx *ctx, const struct dp__exchange *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_exchange_state *state = dp__exchange_state(ctx);
  const struct dp_reserves pool = dp__pool_reserves(ctx, s);
  if (((const struct dp_exchange_config *)ctx->self->config)->kind == DP_EXCHANGE_CONDITIONAL) return NAN;
  const double part = (double)state->shares / 1e9;
  const double has = dp_books_units(sim, DP_USD, pool.usd) + dp_books_units(sim, s->asset, pool.token) * state->price_usd;
  const double kept = dp_books_units(sim, DP_USD, s->first_usd) +
                      dp_books_units(sim, s->asset, s->first_token) * state->price_usd;
  return has / part / kept - 1;
}

static bool wants_to_leave(const struct dp_ctx *ctx, const struct dp__exchange *s, const struct dp_exchange_provider *p) {
  const double day = (double)ctx->now_ns / (double)DP_DAY;
  if (p->leave_day > 0 && day >= p->leave_day) return true;
  if (p->leave_fall_ratio > 0 &&
      dp__exchange_state(ctx)->price_usd <= s->first_price_usd * (1 - p->leave_fall_ratio))
    return true;
  return p->leave_when_losing && day > 0 && day >= p->patience_d && dp__liquidity_return(ctx, s) < 0;
}

/* ⌊part · shares / all shares⌋ of both reserves; the USD leaves the market. */
static enum dp_status leave(struct dp_ctx *ctx, struct dp_exchange_share *share) {
  struct dp_exchange_state *state = dp__exchange_state(ctx);
  const struct dp_reserves pool = dp__pool_reserves(ctx, ctx->self->shared);
  share->token_out = dp_token_share_of(pool.token, share->shares, state->shares);
  share->usd_out = dp_token_share_of(pool.usd, share->shares, state->shares);
  share->left_ns = ctx->now_ns;
  state->shares -= share->shares;
  state->liquidity_out_usd += share->usd_out;
  share->shares = 0;
  DP_TRY(dp_books_post(ctx, DP_REASON_LIQUIDITY_OUT, state->token_account, share->token_account, share->token_out));
  DP_TRY(dp_books_post(ctx, DP_REASON_LIQUIDITY_OUT, state->usd_account, share->usd_account, share->usd_out));
  return dp_books_post(ctx, DP_REASON_HOLDER_CASH, share->usd_account, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD),
                       share->usd_out);
}

enum dp_status dp__liquidity_leave(struct dp_ctx *ctx, const struct dp__exchange *s) {
  const struct dp_exchange_config *config = ctx->self->config;
  for (uint32_t i = 0; i < config->providers.n; i++) {
    struct dp_exchange_share *share = share_at(ctx, i);
    if (share->shares > 0 && wants_to_leave(ctx, s, config->providers.v[i].part)) DP_TRY(leave(ctx, share));
  }
  return DP_OK;
}

/* ---- declarations of the parts ---- */

static enum dp_status check_position(void *config, struct dp_err *err) {
  const struct dp_exchange_position *p = config;
  if (p->lower_usd < p->upper_usd) return DP_OK;
  return dp_fail(err, DP_SCENARIO, "ledger.position: lower_usd = %g must be below upper_usd = %g", p->lower_usd,
                 p->upper_usd);
}

#define FIELD(f) DP_FIELD(struct dp_exchange_position, f)
static const struct dp_param position_params[] = {
    {FIELD(lower_usd), .type = DP_PARAM_NUMBER, .unit = "usd", .required = true, .min = 1e-12, .max = 1e12,
     .log_scale = true, .doc = "price of a token at the lower end (the tick below it)", .source = "none"},
    {FIELD(upper_usd), .type = DP_PARAM_NUMBER, .unit = "usd", .required = true, .min = 1e-12, .max = 1e12,
     .log_scale = true, .doc = "price at the upper end", .source = "none"},
    {FIELD(tokens), .type = DP_PARAM_NUMBER, .unit = "token", .value = 0, .min = 0, .max = 1e15,
     .doc = "tokens at most: they are sold as the price rises", .source = "none"},
    {FIELD(usd), .type = DP_PARAM_NUMBER, .unit = "usd", .value = 0, .min = 0, .max = 1e12,
     .doc = "USD at most: they buy as the price falls", .source = "none"},
};
#undef FIELD

const struct dp_schema dp_exchange_position_schema = {
    .name = "ledger.position",
    .doc = "liquidity between two prices (Uniswap v3)",
    .params = position_params,
    .param_n = sizeof position_params / sizeof *position_params,
    .size = sizeof(struct dp_exchange_position),
    .check = check_position,
};

#define FIELD(f) DP_FIELD(struct dp_exchange_provider, f)
static const struct dp_param provider_params[] = {
    {FIELD(name), .type = DP_PARAM_STRING, .unit = "text", .required = true, .doc = "who", .source = "none"},
    {FIELD(share_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .required = true, .min = 1e-9, .max = 0.999,
     .doc = "part of the pool at the start that is his", .source = "none"},
    {FIELD(leave_day), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = 0, .max = 36500,
     .doc = "day on which he takes it away; 0: not by date", .source = "none"},
    {FIELD(leave_fall_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = 0, .max = 1,
     .doc = "he leaves when the price has fallen by so much from the first one; 0: not for that", .source = "none"},
    {FIELD(leave_when_losing), .type = DP_PARAM_BOOL, .unit = "1", .value = 0,
     .doc = "he leaves when his part, fees included, is worth less than what he brought would be", .source = "none"},
    {FIELD(patience_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 30, .min = 0, .max = 36500,
     .doc = "leave_when_losing: not before this day", .source = "none"},
};
#undef FIELD

const struct dp_schema dp_exchange_provider_schema = {
    .name = "ledger.liquidity",
    .doc = "a provider of liquidity and when he leaves",
    .params = provider_params,
    .param_n = sizeof provider_params / sizeof *provider_params,
    .size = sizeof(struct dp_exchange_provider),
};
