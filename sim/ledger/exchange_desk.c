/* sim/ledger/exchange_desk.c — participants of the replicated book: orders in, fills out. */
#include <config.h>

#include <string.h>

#include "ledger/emission.h"
#include "ledger/exchange_priv.h"

static struct dp_table *desks_of(const struct dp_ctx *ctx, const struct dp_instance *exchange) {
  return &ctx->engine->globals[exchange->first_global_table + DP_EXCHANGE_DESK];
}

static struct dp_desk *desk_at(const struct dp_table *desks, uint32_t row) {
  return DP_ROW(desks, struct dp_desk, row);
}

const struct dp_instance *dp_exchange_of(const struct dp_instance *token) {
  for (const struct dp_instance *x = dp_sim_first(token->sim, "ledger.exchange"); x; x = dp_sim_next(x))
    if (((const struct dp_exchange_config *)x->config)->token.instance == token->index) return x;
  return NULL;
}

double dp_exchange_price_usd(const struct dp_ctx *ctx, const struct dp_instance *exchange) {
  const struct dp_table *states = &ctx->engine->globals[exchange->first_global_table + DP_EXCHANGE_STATE];
  return DP_ROW(states, struct dp_exchange_state, 0)->price_usd;
}

const struct dp_desk *dp_exchange_desk(const struct dp_ctx *ctx, const struct dp_instance *exchange, uint32_t row) {
  return desk_at(desks_of(ctx, exchange), row);
}

enum dp_status dp_exchange_join(struct dp_ctx *ctx, const struct dp_instance *exchange, const struct dp_desk *desk,
                                uint32_t *row) {
  if (desk->role >= DP_DESK_ROLE_N)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.exchange: a desk of %s has no role", ctx->self->name);
  DP_TRY(dp_table_add(desks_of(ctx, exchange), row, ctx->err));
  struct dp_desk *mine = desk_at(desks_of(ctx, exchange), *row);
  mine->usd_account = desk->usd_account;
  mine->token_account = desk->token_account;
  mine->in_reason = desk->in_reason;
  mine->out_reason = desk->out_reason;
  mine->role = desk->role;
  mine->burns = desk->burns;
  return DP_OK;
}

enum dp_status dp_exchange_order(struct dp_ctx *ctx, const struct dp_instance *exchange, uint32_t row, dp_i128 usd_in,
                                 dp_i128 token_in) {
  struct dp_desk *desk = desk_at(desks_of(ctx, exchange), row);
  const dp_i128 usd = dp_books_balance(ctx, desk->usd_account), token = dp_books_balance(ctx, desk->token_account);
  if (usd_in < 0 || token_in < 0 || usd_in > usd - desk->usd_in || token_in > token - desk->token_in) {
    char asked[2][DP_I128_TEXT], held[2][DP_I128_TEXT];
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.exchange: %s orders for %s nano-USD and sells %s base units on %s, and "
                   "has %s and %s left", ctx->self->name, dp_i128_text(usd_in, asked[0]),
                   dp_i128_text(token_in, asked[1]), exchange->name, dp_i128_text(usd - desk->usd_in, held[0]),
                   dp_i128_text(token - desk->token_in, held[1]));
  }
  desk->usd_in += usd_in;
  desk->token_in += token_in;
  return DP_OK;
}

void dp__desks_ordered(const struct dp_ctx *ctx, dp_i128 *usd_in, dp_i128 *token_in) {
  const struct dp_table *desks = desks_of(ctx, ctx->self);
  *usd_in = *token_in = 0;
  for (uint32_t i = 0; i < desks->row_n; i++) {
    *usd_in += desk_at(desks, i)->usd_in;
    *token_in += desk_at(desks, i)->token_in;
  }
}

enum dp_status dp__desks_take_in(struct dp_ctx *ctx) {
  const struct dp_table *desks = desks_of(ctx, ctx->self);
  const struct dp_exchange_state *state = dp__exchange_state(ctx);
  for (uint32_t i = 0; i < desks->row_n; i++) {
    const struct dp_desk *d = desk_at(desks, i);
    DP_TRY(dp_books_post(ctx, d->in_reason, d->token_account, state->token_account, d->token_in));
    DP_TRY(dp_books_post(ctx, d->in_reason, d->usd_account, state->usd_account, d->usd_in));
  }
  return DP_OK;
}

static enum dp_status pay(struct dp_ctx *ctx, struct dp_desk *d, const struct dp_swap *all, uint16_t asset) {
  const struct dp_exchange_state *state = dp__exchange_state(ctx);
  d->token_out = dp_token_share_of(all->token_out, d->usd_in, all->usd_in);
  d->usd_out = dp_token_share_of(all->usd_out, d->token_in, all->token_in);
  const dp_i128 back = dp_token_share_of(all->usd_back, d->usd_in, all->usd_in);
  d->spent_usd += d->usd_in - back;
  d->bought_token += d->token_out;
  d->sold_token += d->token_in;
  d->earned_usd += d->usd_out;
  d->usd_in = d->token_in = 0;
  DP_TRY(dp_books_post(ctx, d->out_reason, state->usd_account, d->usd_account, d->usd_out + back));
  DP_TRY(dp_books_post(ctx, d->out_reason, state->token_account, d->token_account, d->token_out));
  if (!d->burns) return DP_OK;
  return dp_books_post(ctx, DP_REASON_BURN, d->token_account, dp_books_own(ctx, DP_ACCOUNT_MINT, asset), d->token_out);
}

enum dp_status dp__desks_pay(struct dp_ctx *ctx, const struct dp_swap *all, uint16_t asset) {
  const struct dp_table *desks = desks_of(ctx, ctx->self);
  for (uint32_t i = 0; i < desks->row_n; i++) {
    struct dp_desk *d = desk_at(desks, i);
    if (d->usd_in == 0 && d->token_in == 0) d->usd_out = d->token_out = 0;
    else DP_TRY(pay(ctx, d, all, asset));
  }
  return DP_OK;
}

void dp__desks_sums(const struct dp_ctx *ctx, struct dp__role_sum sums[DP_DESK_ROLE_N]) {
  const struct dp_table *desks = desks_of(ctx, ctx->self);
  memset(sums, 0, DP_DESK_ROLE_N * sizeof *sums);
  for (uint32_t i = 0; i < desks->row_n; i++) {
    const struct dp_desk *d = desk_at(desks, i);
    struct dp__role_sum *sum = &sums[d->role];
    sum->spent_usd += d->spent_usd;
    sum->bought_token += d->bought_token;
    sum->sold_token += d->sold_token;
    sum->earned_usd += d->earned_usd;
  }
}
