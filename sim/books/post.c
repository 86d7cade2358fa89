#include <config.h>

#include "books/books_priv.h"

#include <inttypes.h>

uint32_t dp_books_own(const struct dp_ctx *ctx, enum dp_account_kind kind, uint16_t asset) {
  if (ctx->cell) return asset * DP_OWN_KIND_N + kind;
  const struct dp_assets *assets = dp__books_of(dp_ctx_sim(ctx))->shared;
  return assets->first_own[asset] + kind;
}

uint32_t dp_books_of(const struct dp_ctx *ctx, const struct dp_instance *owner, enum dp_account_kind kind,
                     uint16_t asset) {
  if (!owner || owner->nth == 0) return dp_books_own(ctx, kind, asset);
  const struct dp_table *accounts = dp__accounts(ctx, dp__books_of(dp_ctx_sim(ctx)));
  for (uint32_t i = dp_table_next(accounts, 0); i != DP_NO_ROW; i = dp_table_next(accounts, i + 1)) {
    const struct dp_account *a = DP_ROW(accounts, struct dp_account, i);
    if (a->owner == owner->index && a->kind == kind && a->asset == asset) return i;
  }
  return dp_books_own(ctx, kind, asset);
}

enum dp_status dp_books_open(struct dp_ctx *ctx, enum dp_account_kind kind, uint16_t asset, dp_entity owner,
                             uint32_t *account) {
  const struct dp_instance *books = dp__books_of(dp_ctx_sim(ctx));
  const struct dp_assets *assets = books->shared;
  struct dp_table *accounts = dp__accounts(ctx, books);
  if ((unsigned)kind >= DP_ACCOUNT_KIND_N || asset >= assets->n)
    return dp_fail(ctx->err, DP_INVARIANT, "books: no account of kind %d and asset %u can be opened", (int)kind, asset);
  DP_TRY(dp_table_add(accounts, account, ctx->err));
  struct dp_account *a = DP_ROW(accounts, struct dp_account, *account);
  a->owner = owner;
  a->asset = asset;
  a->kind = (uint16_t)kind;
  return DP_OK;
}

enum dp_status dp_books_close(struct dp_ctx *ctx, uint32_t account) {
  struct dp_table *accounts = dp__accounts(ctx, dp__books_of(dp_ctx_sim(ctx)));
  char text[DP_I128_TEXT];
  if (!dp_table_alive(accounts, account))
    return dp_fail(ctx->err, DP_INVARIANT, "books: account %" PRIu32 ", which does not exist, is closed", account);
  struct dp_account *a = DP_ROW(accounts, struct dp_account, account);
  if (a->balance != 0 || a->kind < DP_ACCOUNT_WALLET)
    return dp_fail(ctx->err, DP_INVARIANT, "books: account %" PRIu32 " (owner %016" PRIx64 ") is closed with %s in it",
                   account, a->owner, dp_i128_text(a->balance, text));
  a->kind = DP_ACCOUNT_KIND_N; /* no reason fits it any more */
  dp_table_remove(accounts, account);
  return DP_OK;
}

uint16_t dp_books_asset_of(const struct dp_ctx *ctx, uint32_t account) {
  return DP_ROW(dp__accounts(ctx, dp__books_of(dp_ctx_sim(ctx))), struct dp_account, account)->asset;
}

void dp_books_prefetch(const struct dp_ctx *ctx, uint32_t account) {
  const struct dp_table *accounts = dp__accounts(ctx, dp__books_of(dp_ctx_sim(ctx)));
  if (account < accounts->row_n) __builtin_prefetch(dp_table_at(accounts, account), 1);
}

dp_i128 dp_books_balance(const struct dp_ctx *ctx, uint32_t account) {
  return DP_ROW(dp__accounts(ctx, dp__books_of(dp_ctx_sim(ctx))), struct dp_account, account)->balance;
}

/* ---- postings ---- */

/* Text of the broken posting; far from the path that is called several times a request. */
__attribute__((cold, noinline, format(printf, 6, 7))) static enum dp_status refuse(struct dp_ctx *ctx,
                                                                                  enum dp_reason reason, uint32_t from,
                                                                                  uint32_t to, dp_i128 amount,
                                                                                  const char *format, ...) {
  char why[256], text[DP_I128_TEXT], book[32] = "the replicated book";
  va_list args;
  va_start(args, format);
  vsnprintf(why, sizeof why, format, args);
  va_end(args);
  if (ctx->cell) snprintf(book, sizeof book, "cell %" PRIu32, ctx->cell->id);
  return dp_fail(ctx->err, DP_INVARIANT, "books: %s of %s from account %" PRIu32 " to account %" PRIu32
                 " of %s at %.9f s: %s", (unsigned)reason < DP_REASON_N ? dp__reason_names[reason] : "unknown reason",
                 dp_i128_text(amount, text), from, to, book, dp_time_s(ctx->now_ns), why);
}

static const char *kind_name(uint16_t kind) {
  return kind < DP_ACCOUNT_KIND_N ? dp__account_kind_names[kind] : "unknown";
}

/* USD that crosses the border of the world is measured where it is posted. */
static void measure_external(struct dp_ctx *ctx, const struct dp_instance *books, enum dp_reason reason,
                             dp_i128 amount) {
  if (!ctx->cell) return;
  struct dp_ctx own = *ctx;
  own.self = books;
  bool in = dp__reason_from[reason] == DP_ACCOUNT_EXTERNAL;
  dp_metric_add_i128(&own, in ? DP_BOOKS_EXTERNAL_IN : DP_BOOKS_EXTERNAL_OUT, 0, amount);
  if (in || reason == DP_REASON_CUSTOMER_REFUND)
    dp_metric_add_i128(&own, DP_BOOKS_EXTERNAL_INFLOW, 0, in ? amount : -amount);
}

enum dp_status dp_books_post(struct dp_ctx *ctx, enum dp_reason reason, uint32_t from, uint32_t to, dp_i128 amount) {
  if (amount == 0) return DP_OK;
  const struct dp_instance *books = dp__books_of(dp_ctx_sim(ctx));
  struct dp_table *accounts = dp__accounts(ctx, books);
  if (amount < 0 || (unsigned)reason >= DP_REASON_N || from >= accounts->row_n || to >= accounts->row_n)
    return refuse(ctx, reason, from, to, amount, "%s", amount < 0 ? "the amount is negative" : "no such account");
  struct dp_account *a = DP_ROW(accounts, struct dp_account, from), *b = DP_ROW(accounts, struct dp_account, to);
  if (a->kind != dp__reason_from[reason] || b->kind != dp__reason_to[reason])
    return refuse(ctx, reason, from, to, amount, "this reason moves %s to %s, not %s to %s",
                  kind_name(dp__reason_from[reason]), kind_name(dp__reason_to[reason]), kind_name(a->kind),
                  kind_name(b->kind));
  if (a->asset != b->asset)
    return refuse(ctx, reason, from, to, amount, "the assets differ: %u and %u", a->asset, b->asset);
  dp_i128 payer, payee, total;
  struct dp_journal *j =
      DP_ROW(dp__journal(ctx, books), struct dp_journal, (uint32_t)a->asset * DP_REASON_N + (uint32_t)reason);
  if (!dp_i128_sub(a->balance, amount, &payer) || !dp_i128_add(b->balance, amount, &payee) ||
      !dp_i128_add(j->amount, amount, &total))
    return refuse(ctx, reason, from, to, amount, "128 bits overflow");
  if (payer < 0 && !dp__account_may_be_negative[a->kind]) {
    char text[DP_I128_TEXT];
    return refuse(ctx, reason, from, to, amount, "the payer (%s, owner %016" PRIx64 ") has only %s", kind_name(a->kind),
                  a->owner, dp_i128_text(a->balance, text));
  }
  if (a == b) payee = a->balance; /* to itself: only the journal knows */
  a->balance = payer;
  b->balance = payee;
  j->amount = total;
  j->count++;
  if (a->asset == DP_USD && (a->kind == DP_ACCOUNT_EXTERNAL || b->kind == DP_ACCOUNT_EXTERNAL))
    measure_external(ctx, books, reason, amount);
  return DP_OK;
}

/* ---- many postings ---- */

enum dp_status dp_books_run_begin(struct dp_ctx *ctx, enum dp_reason reason, uint32_t hub, bool pays,
                                  struct dp_books_run *run) {
  struct dp_table *accounts = dp__accounts(ctx, dp__books_of(dp_ctx_sim(ctx)));
  const struct dp_account *h = DP_ROW(accounts, struct dp_account, hub);
  if (h->kind != (pays ? dp__reason_from : dp__reason_to)[reason])
    return refuse(ctx, reason, hub, hub, 0, "%s is no account for many postings", kind_name(h->kind));
  *run = (struct dp_books_run){.ctx = ctx, .accounts = accounts, .reason = reason, .hub = hub, .asset = h->asset,
                               .kind = (pays ? dp__reason_to : dp__reason_from)[reason], .pays = pays};
  run->bounded = !pays && !dp__account_may_be_negative[run->kind];
  return DP_OK;
}

enum dp_status dp_books_run_post(struct dp_books_run *run, uint32_t account, dp_i128 amount) {
  return dp_books_post(run->ctx, run->reason, run->pays ? run->hub : account, run->pays ? account : run->hub, amount);
}

enum dp_status dp_books_run_end(struct dp_books_run *run) {
  const struct dp_instance *books = dp__books_of(dp_ctx_sim(run->ctx));
  struct dp_account *h = DP_ROW(run->accounts, struct dp_account, run->hub);
  struct dp_journal *j = DP_ROW(dp__journal(run->ctx, books), struct dp_journal,
                                (uint32_t)run->asset * DP_REASON_N + (uint32_t)run->reason);
  dp_i128 balance, total;
  if (!(run->pays ? dp_i128_sub(h->balance, run->sum, &balance) : dp_i128_add(h->balance, run->sum, &balance)) ||
      !dp_i128_add(j->amount, run->sum, &total))
    return refuse(run->ctx, run->reason, run->hub, run->hub, run->sum, "128 bits overflow");
  if (balance < 0 && !dp__account_may_be_negative[h->kind])
    return refuse(run->ctx, run->reason, run->hub, run->hub, run->sum, "the payer (%s) has less", kind_name(h->kind));
  h->balance = balance;
  j->amount = total;
  j->count += run->n;
  if (run->asset == DP_USD && h->kind == DP_ACCOUNT_EXTERNAL) measure_external(run->ctx, books, run->reason, run->sum);
  return DP_OK;
}

/* ---- transfers between cells ---- */

/* The reason that moves between a kind and the bridge; WALLET_IN among those that pay wallets. */
static enum dp_reason bridge_reason(uint16_t kind, bool out) {
  if (!out && kind == DP_ACCOUNT_WALLET) return DP_REASON_WALLET_IN;
  for (unsigned r = 0; r < DP_REASON_N; r++)
    if (out ? dp__reason_from[r] == kind && dp__reason_to[r] == DP_ACCOUNT_BRIDGE
            : dp__reason_to[r] == kind && dp__reason_from[r] == DP_ACCOUNT_BRIDGE)
      return (enum dp_reason)r;
  return DP_REASON_N;
}

static uint16_t kind_of(const struct dp_ctx *ctx, const struct dp_instance *books, uint32_t account) {
  const struct dp_table *accounts = dp__accounts(ctx, books);
  return account < accounts->row_n ? DP_ROW(accounts, struct dp_account, account)->kind : DP_ACCOUNT_KIND_N;
}

enum dp_status dp_books_transfer(struct dp_ctx *ctx, uint16_t asset, uint32_t from, uint32_t to_cell, uint32_t to,
                                 int64_t amount, uint16_t channel, dp_time arrive_ns) {
  if (amount == 0) return DP_OK;
  const struct dp_instance *books = dp__books_of(dp_ctx_sim(ctx));
  if (!ctx->cell) return dp_fail(ctx->err, DP_INVARIANT, "books: a transfer leaves a cell, not the replicated book");
  enum dp_reason reason = bridge_reason(kind_of(ctx, books, from), true);
  DP_TRY(dp_books_post(ctx, reason, from, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, asset), amount));
  struct dp_book_transfer payload = {.to = to, .asset = asset, .amount = amount};
  struct dp_message m = {.dest = dp_entity_of_cell(to_cell),
                         .time_ns = arrive_ns,
                         .instance = books->index,
                         .kind = DP_EVENT_BOOK_TRANSFER,
                         .channel = channel,
                         .phase = DP_PHASE_ARRIVAL,
                         .size = sizeof payload,
                         .payload = &payload};
  return dp_send(ctx, &m);
}

enum dp_status dp__books_receive(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_book_transfer p;
  dp_event_payload(event, &p, sizeof p);
  const struct dp_assets *assets = ctx->self->shared;
  if (p.asset >= assets->n) return dp_fail(ctx->err, DP_INVARIANT, "books: a transfer of asset %u arrived", p.asset);
  enum dp_reason reason = bridge_reason(kind_of(ctx, ctx->self, p.to), false);
  return dp_books_post(ctx, reason, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, p.asset), p.to, p.amount);
}

/* ---- invariants ---- */

enum dp_status dp__books_check(struct dp_ctx *ctx, const struct dp_instance *books) {
  const struct dp_assets *assets = books->shared;
  const struct dp_table *accounts = dp__accounts(ctx, books);
  dp_i128 sum[DP_ASSET_MAX] = {0};
  char book[32] = "the replicated book", text[DP_I128_TEXT];
  if (ctx->cell) snprintf(book, sizeof book, "cell %" PRIu32, ctx->cell->id);
  for (uint32_t i = dp_table_next(accounts, 0); i != DP_NO_ROW; i = dp_table_next(accounts, i + 1)) {
    const struct dp_account *a = DP_ROW(accounts, struct dp_account, i);
    if (a->balance < 0 && !dp__account_may_be_negative[a->kind])
      return dp_fail(ctx->err, DP_INVARIANT,
                     "books: account %" PRIu32 " (%s, owner %016" PRIx64 ") of %s holds %s at %.9f s", i,
                     kind_name(a->kind), a->owner, book, dp_i128_text(a->balance, text), dp_time_s(ctx->now_ns));
    sum[a->asset] = (dp_i128)((dp_u128)sum[a->asset] + (dp_u128)a->balance);
  }
  for (size_t asset = 0; asset < assets->n; asset++)
    if (sum[asset] != 0)
      return dp_fail(ctx->err, DP_INVARIANT, "books: the %s balances of %s add up to %s instead of 0 at %.9f s",
                     assets->at[asset].name, book, dp_i128_text(sum[asset], text), dp_time_s(ctx->now_ns));
  return DP_OK;
}
