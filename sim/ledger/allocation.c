#include <config.h>

#include "ledger/allocation.h"

#include <math.h>
#include <stdlib.h>

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

static bool listed(const struct dp_tranche *t) { return t->unlock_d.n > 0 || (t->csv && t->csv[0]); }

/* What a list or a file says unlocks. */
static enum dp_status read_unlocks(const struct dp_part_refs *all, const struct dp_tranche *t, int64_t decimals,
                                   dp_i128 genesis, struct dp_curve *curve, struct dp_err *err) {
  if (t->csv && t->csv[0]) {
    const char **classes = calloc(all->n, sizeof *classes);
    if (!classes) return dp_fail_nomem(err, "a tranche");
    for (size_t i = 0; i < all->n; i++) classes[i] = ((const struct dp_tranche *)all->v[i].part)->name;
    const struct dp_unlock_file file = {t->csv, t->name, classes, all->n, decimals, genesis};
    enum dp_status status = dp_curve_read_unlocks(&file, curve, err);
    free(classes);
    return status;
  }
  for (size_t i = 0; i < t->unlock_d.n; i++) {
    dp_i128 amount;
    struct dp_err why = {0};
    if (!dp_token_base_units(t->unlock_tokens.v[i], decimals, &amount))
      return dp_fail(err, DP_SCENARIO, "ledger.tranche: %s: unlock %zu: %g tokens do not fit 126 bits", t->name, i + 1,
                     t->unlock_tokens.v[i]);
    if (dp_curve_step(curve, t->unlock_d.v[i], amount, &why) != DP_OK)
      return dp_fail(err, why.status, "ledger.tranche: %s: unlock %zu: %s", t->name, i + 1, why.text);
  }
  return DP_OK;
}

static enum dp_status amount_of(const struct dp_tranche *t, const struct dp_curve *curve, const char *token,
                                int64_t decimals, dp_i128 genesis, dp_i128 *amount, struct dp_err *err) {
  *amount = listed(t) ? dp_curve_total(curve) : dp_token_part(genesis, dp_token_ppb(t->share_ratio));
  if (t->amount > 0 && !dp_token_base_units(t->amount, decimals, amount))
    return dp_fail(err, DP_SCENARIO, "ledger.tranche: %s of %s: amount = %g does not fit 126 bits", t->name, token,
                   t->amount);
  return DP_OK;
}

enum dp_status dp_allocation_init(struct dp_ctx *ctx, struct dp_table *rows, const struct dp_part_refs *tranches,
                                  uint16_t asset, int64_t decimals, dp_i128 genesis, struct dp_allocation *out) {
  const char *token = ctx->self->name;
  dp_i128 left = genesis, amount;
  *out = (struct dp_allocation){tranches, calloc(tranches->n + 1, sizeof *out->curves)};
  if (!out->curves) return dp_fail_nomem(ctx->err, "an allocation");
  for (uint32_t i = 0; i < tranches->n; i++) {
    const struct dp_tranche *t = tranches->v[i].part;
    uint32_t row;
    DP_TRY(read_unlocks(tranches, t, decimals, genesis, &out->curves[i], ctx->err));
    DP_TRY(amount_of(t, &out->curves[i], token, decimals, genesis, &amount, ctx->err));
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

void dp_allocation_free(struct dp_allocation *a) {
  for (size_t i = 0; a->curves && i < a->tranches->n; i++) dp_curve_free(&a->curves[i]);
  free(a->curves);
  *a = (struct dp_allocation){0};
}

dp_i128 dp_allocation_unlocked(const struct dp_allocation *a, const struct dp_table *rows, uint32_t nth, dp_time at_ns) {
  const struct dp_tranche *t = a->tranches->v[nth].part;
  return listed(t) ? dp_curve_stair(&a->curves[nth], at_ns) : dp_tranche_unlocked(t, row_at(rows, nth)->amount, at_ns);
}

enum dp_status dp_allocation_unlock(struct dp_ctx *ctx, struct dp_table *rows, const struct dp_allocation *a,
                                    dp_i128 supply) {
  for (uint32_t i = 0; i < a->tranches->n; i++) {
    struct dp_tranche_row *row = row_at(rows, i);
    const dp_i128 unlocked = dp_allocation_unlocked(a, rows, i, ctx->now_ns);
    DP_TRY(dp_books_post(ctx, DP_REASON_UNLOCK, row->locked_account, row->token_account, unlocked - row->unlocked));
    row->unlocked = unlocked;
    row->float_ratio = supply > 0 ? dp_i128_to_double(unlocked) / dp_i128_to_double(supply) : 0;
  }
  return DP_OK;
}

dp_i128 dp_allocation_locked(const struct dp_table *rows) {
  dp_i128 locked = 0;
  for (uint32_t i = 0; i < rows->row_n; i++) locked += row_at(rows, i)->amount - row_at(rows, i)->unlocked;
  return locked;
}

/* A list or a file stands for all other words on time and size. */
static enum dp_status check_listed(const struct dp_tranche *t, struct dp_err *err) {
  const bool file = t->csv && t->csv[0];
  struct dp_curve days = {0};
  struct dp_err why = {0};
  if (file && t->unlock_d.n > 0)
    return dp_fail(err, DP_SCENARIO, "ledger.tranche: %s has both a list of unlocks and csv (give one)", t->name);
  if (t->unlock_d.n != t->unlock_tokens.n)
    return dp_fail(err, DP_SCENARIO, "ledger.tranche: %s: unlock_d has %zu numbers and unlock_tokens %zu (a day for each "
                   "amount)", t->name, t->unlock_d.n, t->unlock_tokens.n);
  if (t->share_ratio > 0 || t->amount > 0 || t->tge_ratio > 0 || t->cliff_d > 0 || t->vesting_d > 0)
    return dp_fail(err, DP_SCENARIO, "ledger.tranche: %s: %s says what unlocks when (leave out share_ratio, amount, "
                   "tge_ratio, cliff_d and vesting_d)", t->name, file ? "csv" : "the list of unlocks");
  for (size_t i = 0; i < t->unlock_d.n && !why.status; i++) dp_curve_step(&days, t->unlock_d.v[i], 0, &why);
  dp_curve_free(&days);
  return why.status ? dp_fail(err, DP_SCENARIO, "ledger.tranche: %s: unlocks: %s", t->name, why.text) : DP_OK;
}

static enum dp_status check(void *config, struct dp_err *err) {
  const struct dp_tranche *t = config;
  if (listed(t) || t->unlock_tokens.n > 0) return check_listed(t, err);
  if ((t->share_ratio > 0) == (t->amount > 0))
    return dp_fail(err, DP_SCENARIO, "ledger.tranche: %s needs either share_ratio or amount above 0", t->name);
  if (t->cliff_d + t->vesting_d > 36500)
    return dp_fail(err, DP_SCENARIO, "ledger.tranche: %s: cliff_d + vesting_d = %g days pass a hundred years (make one of "
                   "them shorter)", t->name, t->cliff_d + t->vesting_d);
  if (t->tge_ratio == 1 && (t->cliff_d > 0 || t->vesting_d > 0))
    return dp_fail(err, DP_SCENARIO, "ledger.tranche: %s: with tge_ratio = 1 all is unlocked at the start: cliff_d and "
                   "vesting_d have no effect (leave them out)", t->name);
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
    {FIELD(unlock_d), .type = DP_PARAM_NUMBERS, .unit = "d", .min = 0, .max = 36500,
     .doc = "a list of unlocks in place of shares, cliff and vesting: the days", .source = "none"},
    {FIELD(unlock_tokens), .type = DP_PARAM_NUMBERS, .unit = "token", .min = 0, .max = 1e15,
     .doc = "tokens that unlock on each of unlock_d", .source = "none"},
    {FIELD(csv), .type = DP_PARAM_PATH, .unit = "text",
     .doc = "a file of unlocks in place of both: columns class (its rows of this name count), day, and amount (tokens) or "
            "share (of the supply)", .source = "none"},
};
#undef FIELD

const struct dp_schema dp_tranche_schema = {
    .name = "ledger.tranche",
    .doc = "a part of a token's supply and how it unlocks",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_tranche),
    .check = check,
};
