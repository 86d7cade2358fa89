#include <config.h>

#include "ledger/stake.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "ledger/emission.h"
#include "ledger/exchange.h"
#include "ledger/stake_priv.h"
#include "ledger/token.h"

#define UNIT_BITS 48 /* of the supply at the start, in units of rewards by stake */

const struct dp_instance *dp_stake_of(const struct dp_sim *sim, const struct dp_instance *token) {
  for (const struct dp_instance *i = dp_sim_first(sim, "ledger.stake"); i; i = dp_sim_next(i))
    if (i->model == &dp_stake_model && ((const struct dp_stake_config *)i->config)->token.instance == token->index)
      return i; /* another model of that name publishes `staked`, and no more */
  return NULL;
}

const struct dp_stake_state *dp_stake_state_of(const struct dp_ctx *ctx, const struct dp_instance *stake) {
  return DP_ROW(&ctx->engine->globals[stake->first_global_table + DP_STAKE_STATE], struct dp_stake_state, 0);
}

dp_i128 dp_stake_held(const struct dp_ctx *ctx, const struct dp_instance *stake) {
  if (!stake) return 0;
  const struct dp_stake_state *state = dp_stake_state_of(ctx, stake);
  return state->hosts + state->leaving + state->sent + state->delegated + state->unbonding;
}

dp_i128 dp_stake_to_delegators(const struct dp_ctx *ctx, const struct dp_instance *stake, dp_i128 amount,
                               uint32_t *account) {
  const struct dp__stake *s = stake->shared;
  struct dp_stake_state *state = DP_ROW(&ctx->engine->globals[stake->first_global_table + DP_STAKE_STATE],
                                        struct dp_stake_state, 0);
  const dp_i128 part = dp_token_share_of(amount, state->delegated, state->delegated + state->hosts);
  const dp_i128 net = dp_token_part(part, 1000000000 - s->commission_ppb);
  state->rewards += net;
  *account = state->liquid_account;
  return net;
}

dp_i128 dp_stake_slash(dp_i128 bonded, int64_t ppb, int64_t n) {
  dp_i128 all;
  if (__builtin_mul_overflow((dp_i128)ppb, (dp_i128)n, &all) || all >= 1000000000) return bonded;
  return dp_token_part(bonded, (int64_t)all);
}

/* ---- init ---- */

static enum dp_status check_place(struct dp_ctx *ctx, const struct dp__stake *s) {
  const struct dp_stake_config *config = ctx->self->config;
  const char *name = ctx->self->name;
  if (dp_stake_of(dp_ctx_sim(ctx), s->token) != ctx->self)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.stake: %s: %s has a stake already (one a token)", name, s->token->name);
  if (config->funding == DP_STAKE_BOUGHT && (s->base > 0 || s->per_gpu > 0) && !s->exchange)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.stake: %s: collateral is bought, and %s has no exchange (add one to "
                   "exchanges, or take funding = \"granted\" or \"earned\")", name, s->token->name);
  if (s->unbonding_ns > dp_ctx_sim(ctx)->spec.end_ns)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.stake: %s: unbonding_d = %g is longer than the run, so that nobody would "
                   "get his tokens back (shorten it, or run longer)", name, config->unbonding_d);
  return DP_OK;
}

static unsigned bits_of(dp_i128 x) {
  unsigned n = 0;
  for (; x > 0; x >>= 1) n++;
  return n;
}

static enum dp_status make_shared(struct dp_ctx *ctx, struct dp__stake *s) {
  const struct dp_stake_config *c = ctx->self->config;
  const int64_t decimals = ((const struct dp_token_config *)s->token->config)->decimals;
  const size_t class_n = dp_sim_part_n(dp_ctx_sim(ctx), "hardware.class");
  const unsigned bits = bits_of(dp_token_state_of(ctx, s->token)->genesis);
  s->shift = bits > UNIT_BITS ? bits - UNIT_BITS : 0;
  s->unbonding_ns = llround(c->unbonding_d * (double)DP_DAY);
  s->window_ns = llround(c->uptime_window_d * (double)DP_DAY);
  s->jail_ns = llround(c->jail_d * (double)DP_DAY);
  s->down_ppb = dp_token_ppb(c->slash_downtime_ratio);
  s->lost_ppb = dp_token_ppb(c->slash_lost_ratio);
  s->burn_ppb = dp_token_ppb(c->burn_ratio);
  s->commission_ppb = dp_token_ppb(c->commission_ratio);
  s->sell_ppb = dp_token_ppb(c->sell_ratio);
  s->earn_ppb = dp_token_ppb(c->earn_ratio);
  if (!dp_token_base_units(c->collateral_tokens, decimals, &s->base) || s->base >> 80 ||
      !dp_token_base_units(c->collateral_per_gpu_tokens, decimals, &s->per_gpu) || s->per_gpu >> 80)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.stake: %s: the collateral of a host must stay below 2^80 base units "
                   "(take fewer tokens, or decimals)", ctx->self->name);
  s->needs = dp_zeros(class_n + 1, sizeof *s->needs);
  if (!s->needs) return dp_fail_nomem(ctx->err, "stakes");
  for (uint16_t i = 0; i < class_n; i++) {
    const struct dp_node_class *class = dp_sim_part(dp_ctx_sim(ctx), "hardware.class", i);
    s->needs[i] = s->base + s->per_gpu * class->gpu_n;
  }
  return DP_OK;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_stake_config *config = ctx->self->config;
  struct dp__stake *s = dp_zeros(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "stakes");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  s->token = dp_sim_instance(dp_ctx_sim(ctx), config->token.instance);
  s->asset = dp_token_asset(s->token);
  s->network = dp_token_network(s->token);
  s->exchange = dp_exchange_of(s->token);
  DP_TRY(make_shared(ctx, s));
  DP_TRY(check_place(ctx, s));
  DP_TRY(dp__stake_views(ctx, s));
  DP_TRY(dp_table_add(dp_own_global(ctx, DP_STAKE_STATE), &row, ctx->err));
  return dp__delegate_init(ctx, s);
}

static void release(void *p) {
  struct dp__stake *s = p;
  free(s->mine);
  free(s->needs);
  free(s);
}

/* ---- a settlement ---- */

/* Collateral that flooring left on the bridge. */
static enum dp_status sweep(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_stake_state *state) {
  const dp_i128 rest = state->sent - dp_flow_sum(ctx, DP_STAKE_FLOW_TAKEN);
  state->sent = 0;
  if (rest < 0)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.stake: %s: hosts took more collateral than came", ctx->self->name);
  return dp_books_post(ctx, DP_REASON_STAKE_REST, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset),
                       dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset), rest);
}

/* What hosts lost costs those who delegate to them the same part; it is burned, or the treasury's. */
static enum dp_status slash(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_stake_state *state) {
  const dp_i128 hosts = dp_flow_sum(ctx, DP_STAKE_FLOW_SLASHED), before = state->slashed;
  const uint32_t bridge = dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset);
  if (hosts == 0) return DP_OK;
  DP_TRY(dp__delegate_slash(ctx, s, hosts, hosts + dp_flow_sum(ctx, DP_STAKE_FLOW_BONDED)));
  state->slashed += hosts;
  const dp_i128 all = state->slashed - before, burned = dp_token_part(all, s->burn_ppb);
  state->burned += burned;
  DP_TRY(dp_books_post(ctx, DP_REASON_SLASH_BURN, bridge, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset), burned));
  return dp_books_post(ctx, DP_REASON_SLASH_KEPT, bridge, dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset),
                       all - burned);
}

static enum dp_status send(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_stake_state *state, uint32_t from,
                           dp_i128 amount) {
  state->sent = amount;
  dp_value_set(ctx, DP_STAKE_VALUE_SENT, amount, dp_books_units(dp_ctx_sim(ctx), s->asset, amount));
  dp_value_set(ctx, DP_STAKE_VALUE_ORDERED, state->ordered, dp_books_units(dp_ctx_sim(ctx), s->asset, state->ordered));
  state->ordered = 0;
  return dp_books_post(ctx, DP_REASON_STAKE_OUT, from, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset), amount);
}

/* Owners bring what their order costs at the last price, as far as their budget goes; what the trade left of it counts
 * for the next. Without a budget an order above the pool would chase its own price. */
static enum dp_status buy(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_stake_state *state) {
  const double usd = dp_books_units(dp_ctx_sim(ctx), s->asset, state->ordered) * dp_exchange_price_usd(ctx, s->exchange);
  const double budget_usd = ((const struct dp_stake_config *)ctx->self->config)->owner_budget_usd;
  const dp_i128 left = dp_books_balance(ctx, state->owner_usd_account);
  dp_i128 nusd, budget;
  if (!dp_i128_from_double(ceil(fmin(usd, budget_usd) * 1e9), &nusd) || !dp_i128_from_double(budget_usd * 1e9, &budget))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.stake: %s: collateral for %g usd overflows", ctx->self->name, usd);
  dp_i128 more = nusd > left ? nusd - left : 0;
  if (more > budget - state->owners_usd) more = budget - state->owners_usd;
  if (nusd > left + more) nusd = left + more;
  state->owners_usd += more;
  DP_TRY(dp_books_post(ctx, DP_REASON_STAKE_MONEY, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD),
                       state->owner_usd_account, more));
  return dp_exchange_order(ctx, s->exchange, state->owner_desk, nusd, 0);
}

/* Hosts order at every second settlement; the one after hands out what was bought, or there was at once. */
static enum dp_status fund(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_stake_state *state) {
  const struct dp_stake_config *config = ctx->self->config;
  const dp_i128 ordered = dp_flow_sum(ctx, DP_STAKE_FLOW_ORDERED);
  dp_value_set(ctx, DP_STAKE_VALUE_SENT, 0, 0);
  dp_value_set(ctx, DP_STAKE_VALUE_ORDERED, 0, 0);
  if (state->ordered > 0)
    return send(ctx, s, state, state->owner_token_account, dp_books_balance(ctx, state->owner_token_account));
  if (ordered == 0) return DP_OK;
  state->ordered = ordered;
  if (config->funding == DP_STAKE_BOUGHT) return buy(ctx, s, state);
  const uint32_t public = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset);
  const dp_i128 there = dp_books_balance(ctx, public);
  return send(ctx, s, state, public, ordered < there ? ordered : there);
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp__stake *s = dp__stake_shared(ctx);
  struct dp_stake_state *state = dp__stake_state(ctx);
  if (!beat->settlement) return DP_OK;
  const dp_i128 earned = dp_token_state_of(ctx, s->token)->window_staked, earning = state->hosts + state->delegated;
  if (earning > 0) state->yield_sum += dp_i128_to_double(earned) / dp_i128_to_double(earning);
  DP_TRY(sweep(ctx, s, state));
  DP_TRY(slash(ctx, s, state));
  state->hosts = dp_flow_sum(ctx, DP_STAKE_FLOW_BONDED);
  state->leaving = dp_flow_sum(ctx, DP_STAKE_FLOW_LEAVING);
  DP_TRY(dp__delegate_clear(ctx, s, beat->since_ns));
  DP_TRY(fund(ctx, s, state));
  const dp_i128 staked = state->hosts + state->delegated;
  dp_value_set(ctx, DP_STAKE_VALUE_STAKED, staked, dp_books_units(dp_ctx_sim(ctx), s->asset, staked));
  return DP_OK;
}

/* ---- measures and invariants ---- */

static void show(struct dp_ctx *ctx, unsigned metric, uint16_t asset, dp_i128 amount) {
  dp_metric_set_global(ctx, metric, dp_books_units(dp_ctx_sim(ctx), asset, amount));
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct dp__stake *s = dp__stake_shared(ctx);
  const struct dp_stake_state *state = dp__stake_state(ctx);
  const double supply = dp_i128_to_double(-dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset)));
  const double genesis = dp_i128_to_double(dp_token_state_of(ctx, s->token)->genesis);
  const double staked = dp_i128_to_double(state->hosts + state->delegated);
  const double a_year = ctx->now_ns > 0 ? (double)(365 * DP_DAY) / (double)ctx->now_ns : 0;
  show(ctx, DP_STAKE_STAKED, s->asset, state->hosts + state->delegated);
  show(ctx, DP_STAKE_DELEGATED, s->asset, state->delegated);
  show(ctx, DP_STAKE_QUEUE, s->asset, state->unbonding + state->leaving);
  show(ctx, DP_STAKE_SLASHED, s->asset, state->slashed);
  show(ctx, DP_STAKE_OWNERS, DP_USD, state->owners_usd - dp_books_balance(ctx, state->owner_usd_account));
  show(ctx, DP_STAKE_CASHED, DP_USD, state->cashed_usd + dp_books_balance(ctx, state->usd_account));
  dp_metric_set_global(ctx, DP_STAKE_RATIO, supply > 0 ? staked / supply : 0);
  dp_metric_set_global(ctx, DP_STAKE_YIELD, state->yield_sum * a_year);
  dp_metric_set_global(ctx, DP_STAKE_REAL_YIELD, (state->yield_sum - (supply / genesis - 1)) * a_year);
  return DP_OK;
}

static enum dp_status check_replicated(struct dp_ctx *ctx) {
  const struct dp_stake_state *state = dp__stake_state(ctx);
  const dp_i128 held = dp_books_balance(ctx, state->stake_account);
  if (state->delegated >= 0 && state->unbonding >= 0 && state->delegated + state->unbonding == held) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "ledger.stake: %s: what is delegated does not add up", ctx->self->name);
}

#include "ledger/stake_tables.inc"
