#include <config.h>

#include "ledger/allocation.h"

#include <math.h>

#include "books/books.h"
#include "ledger/emission.h"

static dp_time days_ns(double days) { return (dp_time)llround(days * (double)DP_DAY); }

dp_i128 dp_tranche_unlocked(const struct dp_tranche *t, dp_i128 amount, dp_time now_ns) {
  dp_i128 first = dp_token_part(amount, dp_token_ppb(t->tge_ratio));
  dp_time since = now_ns - days_ns(t->cliff_d), vesting = days_ns(t->vesting_d);
  if (since < 0) return first;
  if (since >= vesting) return amount;
  return first + dp_token_share_of(amount - first, since, vesting);
}

static struct dp_tranche_row *row_at(const struct dp_table *rows, uint32_t i) {
  return DP_ROW(rows, struct dp_tranche_row, i);
}

static enum dp_status open_accounts(struct dp_ctx *ctx, struct dp_tranche_row *row, uint32_t nth, uint16_t asset) {
  dp_entity owner = (dp_entity)asset << 32 | (nth + 1);
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_LOCKED, asset, owner, &row->locked_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_HOLDERS, asset, owner, &row->token_account));
  return dp_books_open(ctx, DP_ACCOUNT_HOLDERS, DP_USD, owner, &row->usd_account);
}

enum dp_status dp_allocation_init(struct dp_ctx *ctx, struct dp_table *rows, const struct dp_part_refs *tranches,
                                  uint16_t asset, int64_t decimals, dp_i128 genesis) {
  const char *token = ctx->self->name;
  dp_i128 left = genesis;
  for (uint32_t i = 0; i < tranches->n; i++) {
    const struct dp_tranche *t = tranches->v[i].part;
    uint32_t row;
    dp_i128 amount = dp_token_part(genesis, dp_token_ppb(t->share_ratio));
    if (t->amount > 0 && !dp_token_base_units(t->amount, decimals, &amount))
      return dp_fail(ctx->err, DP_SCENARIO, "ledger.tranche: %s of %s: amount = %g does not fit 126 bits", t->name,
                     token, t->amount);
    if (amount > left)
      return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: %s: the tranches up to '%s' take more than the supply (make "
                     "the shares add up to at most 1)", token, t->name);
    left -= amount;
    DP_TRY(dp_table_add(rows, &row, ctx->err));
    row_at(rows, row)->amount = amount;
    DP_TRY(open_accounts(ctx, row_at(rows, row), i, asset));
    DP_TRY(dp_books_post(ctx, DP_REASON_ALLOCATION, dp_books_own(ctx, DP_ACCOUNT_HOLDERS, asset),
                         row_at(rows, row)->locked_account, amount));
  }
  return DP_OK;
}

enum dp_status dp_allocation_unlock(struct dp_ctx *ctx, struct dp_table *rows, const struct dp_part_refs *tranches) {
  for (uint32_t i = 0; i < tranches->n; i++) {
    struct dp_tranche_row *row = row_at(rows, i);
    dp_i128 unlocked = dp_tranche_unlocked(tranches->v[i].part, row->amount, ctx->now_ns);
    DP_TRY(dp_books_post(ctx, DP_REASON_UNLOCK, row->locked_account, row->token_account, unlocked - row->unlocked));
    row->unlocked = unlocked;
  }
  return DP_OK;
}

dp_i128 dp_allocation_locked(const struct dp_table *rows) {
  dp_i128 locked = 0;
  for (uint32_t i = 0; i < rows->row_n; i++) locked += row_at(rows, i)->amount - row_at(rows, i)->unlocked;
  return locked;
}

static enum dp_status check(void *config, struct dp_err *err) {
  const struct dp_tranche *t = config;
  if ((t->share_ratio > 0) == (t->amount > 0))
    return dp_fail(err, DP_SCENARIO, "ledger.tranche: %s needs either share_ratio or amount above 0", t->name);
  return DP_OK;
}

#define FIELD(f) DP_FIELD(struct dp_tranche, f)
static const struct dp_param params[] = {
    {FIELD(name), .type = DP_PARAM_STRING, .unit = "text", .required = true, .doc = "class of holder", .source = "none"},
    {FIELD(share_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = 0, .max = 1,
     .doc = "part of the supply at the start", .source = "none"},
    {FIELD(amount), .type = DP_PARAM_NUMBER, .unit = "token", .value = 0, .min = 0, .max = 1e15,
     .doc = "tokens, in place of share_ratio", .source = "none"},
    {FIELD(tge_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = 0, .max = 1,
     .doc = "part of the tranche that is unlocked from the start", .source = "none"},
    {FIELD(cliff_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = 0, .max = 36500,
     .doc = "the rest stays locked so long", .source = "none"},
    {FIELD(vesting_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = 0, .max = 36500,
     .doc = "after the cliff it unlocks evenly over this time; 0: at once", .source = "none"},
    {FIELD(sell_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = 0, .max = 1,
     .doc = "part of each unlock that is offered for sale at the settlement", .source = "none"},
};
#undef FIELD

const struct dp_schema dp_tranche_schema = {
    .name = "ledger.tranche",
    .doc = "a part of a token's supply and how it unlocks",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_tranche),
    .check = check,
};
