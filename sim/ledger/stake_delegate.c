/* sim/ledger/stake_delegate.c — holders who delegate: one class that follows the yield with a lag. */
#include <config.h>

#include <math.h>

#include "ledger/emission.h"
#include "ledger/exchange.h"
#include "ledger/stake_priv.h"
#include "ledger/token.h"

double dp_stake_wish(double yield, double half_yield) { return yield > 0 ? yield / (yield + half_yield) : 0; }

/* ---- init ---- */

static enum dp_status open_desks(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_stake_state *state) {
  const dp_entity owner = (dp_entity)(ctx->self->index + 1) << 32;
  struct dp_desk desk = {.in_reason = DP_REASON_HOLDER_TRADE_IN, .out_reason = DP_REASON_HOLDER_TRADE_OUT,
                         .role = DP_DESK_STAKERS};
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, s->asset, owner, &state->liquid_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, DP_USD, owner, &state->usd_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, s->asset, owner + 1, &state->owner_token_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, DP_USD, owner + 1, &state->owner_usd_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_STAKE, s->asset, owner, &state->stake_account));
  if (!s->exchange) return DP_OK;
  desk.usd_account = state->usd_account;
  desk.token_account = state->liquid_account;
  DP_TRY(dp_exchange_join(ctx, s->exchange, &desk, &state->seller_desk));
  desk.usd_account = state->owner_usd_account;
  desk.token_account = state->owner_token_account;
  return dp_exchange_join(ctx, s->exchange, &desk, &state->owner_desk);
}

static enum dp_status delegate(struct dp_ctx *ctx, struct dp_stake_state *state, dp_i128 amount) {
  state->delegated += amount;
  return dp_books_post(ctx, DP_REASON_DELEGATE, state->liquid_account, state->stake_account, amount);
}

enum dp_status dp__delegate_init(struct dp_ctx *ctx, const struct dp__stake *s) {
  const struct dp_stake_config *config = ctx->self->config;
  struct dp_stake_state *state = dp__stake_state(ctx);
  const uint32_t public = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset);
  dp_i128 tokens;
  DP_TRY(open_desks(ctx, s, state));
  if (!dp_token_base_units(config->delegable_tokens, ((const struct dp_token_config *)s->token->config)->decimals,
                           &tokens) || tokens > dp_books_balance(ctx, public))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.stake: %s: delegable_tokens = %g, and only %g %s are in nobody's tranche "
                   "(take fewer, or leave more of the supply unallocated)", ctx->self->name, config->delegable_tokens,
                   dp_books_units(dp_ctx_sim(ctx), s->asset, dp_books_balance(ctx, public)), s->token->name);
  DP_TRY(dp_books_post(ctx, DP_REASON_HOLDER_SHARE, public, state->liquid_account, tokens));
  return delegate(ctx, state, dp_token_part(tokens, dp_token_ppb(config->delegated_ratio)));
}

/* ---- a settlement ---- */

/* What delegators would earn a year on what they have bonded, as the last settlement paid it. */
static void look(const struct dp_ctx *ctx, struct dp_stake_state *state, double days) {
  const struct dp_stake_config *config = ctx->self->config;
  const dp_i128 now = state->rewards - state->rewards_seen;
  state->rewards_seen = state->rewards;
  if (state->delegated <= 0) return;
  const double y = dp_i128_to_double(now) / dp_i128_to_double(state->delegated) * 365 / days;
  state->yield += (y - state->yield) * -expm1(-days / config->respond_d);
}

/* What they may bond: not what they have just offered. */
static dp_i128 free_tokens(const struct dp_ctx *ctx, const struct dp__stake *s, const struct dp_stake_state *state) {
  const dp_i128 offered = s->exchange ? dp_exchange_desk(ctx, s->exchange, state->seller_desk)->token_in : 0;
  return dp_books_balance(ctx, state->liquid_account) - offered;
}

/* Bonds more, or begins to unbond. */
static enum dp_status follow(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_stake_state *state, double days) {
  const struct dp_stake_config *config = ctx->self->config;
  const dp_i128 liquid = free_tokens(ctx, s, state);
  const double all = dp_i128_to_double(liquid + state->delegated + state->unbonding);
  const double wish = dp_stake_wish(state->yield, config->half_yield_ratio) * all;
  const double change = (wish - dp_i128_to_double(state->delegated)) * -expm1(-days / config->respond_d);
  dp_i128 amount;
  if (!dp_i128_from_double(fabs(change), &amount))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.stake: what delegators want overflows 127 bits");
  if (change > 0) return delegate(ctx, state, amount < liquid ? amount : liquid);
  if (amount > state->delegated) amount = state->delegated;
  state->delegated -= amount;
  state->unbonding += amount;
  return dp__unbond_add(dp_own_global(ctx, DP_STAKE_UNBONDING), amount, dp_time_add(ctx->now_ns, s->unbonding_ns),
                        ctx->err);
}

/* Their part of the rewards for sale; what the last sales brought leaves the market. */
static enum dp_status sell(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_stake_state *state) {
  const dp_i128 cash = dp_books_balance(ctx, state->usd_account), liquid = dp_books_balance(ctx, state->liquid_account);
  if (!s->exchange) return DP_OK;
  state->cashed_usd += cash;
  DP_TRY(dp_books_post(ctx, DP_REASON_HOLDER_CASH, state->usd_account, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD),
                       cash));
  dp_i128 amount = dp_token_part(state->rewards, s->sell_ppb) - state->sold;
  if (amount > liquid) amount = liquid;
  state->sold += amount;
  return dp_exchange_order(ctx, s->exchange, state->seller_desk, 0, amount);
}

enum dp_status dp__delegate_clear(struct dp_ctx *ctx, const struct dp__stake *s, dp_time since_ns) {
  struct dp_stake_state *state = dp__stake_state(ctx);
  const double days = (double)since_ns / (double)DP_DAY;
  const dp_i128 free = dp__unbond_mature(dp_own_global(ctx, DP_STAKE_UNBONDING), ctx->now_ns);
  state->unbonding -= free;
  DP_TRY(dp_books_post(ctx, DP_REASON_UNBONDED, state->stake_account, state->liquid_account, free));
  if (since_ns <= 0) return DP_OK;
  look(ctx, state, days);
  DP_TRY(sell(ctx, s, state));
  const dp_i128 kept = dp_books_balance(ctx, state->liquid_account);
  return kept + state->delegated + state->unbonding > 0 ? follow(ctx, s, state, days) : DP_OK;
}

/* ---- slashing ---- */

enum dp_status dp__delegate_slash(struct dp_ctx *ctx, const struct dp__stake *s, dp_i128 slashed, dp_i128 of) {
  struct dp_stake_state *state = dp__stake_state(ctx);
  const struct dp_table *rows = dp_own_global(ctx, DP_STAKE_UNBONDING);
  dp_i128 sum = dp_token_share_of(state->delegated, slashed, of);
  state->delegated -= sum;
  for (uint32_t i = dp_table_next(rows, 0); i != DP_NO_ROW; i = dp_table_next(rows, i + 1)) {
    struct dp_unbonding *u = DP_ROW(rows, struct dp_unbonding, i);
    const dp_i128 part = dp_token_share_of(u->amount, slashed, of);
    u->amount -= part;
    state->unbonding -= part;
    sum += part;
  }
  state->slashed += sum;
  return dp_books_post(ctx, DP_REASON_SLASH, state->stake_account, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset), sum);
}
