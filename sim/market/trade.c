/* sim/market/trade.c — money of a request: escrowed when it is asked for, split when it is done, paid at the settlement. */
#include <config.h>

#include "market/waterfall.h"

static uint32_t own(const struct dp_ctx *ctx, enum dp_account_kind kind) { return dp_books_own(ctx, kind, DP_USD); }

static const struct dp_gateway_shared *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }

/** ⌊x / divisor⌋, x ≥ 0: nearly always of 64 bits, and then many times faster. */
static inline dp_i128 floor_div(dp_i128 x, int64_t divisor) { return x <= INT64_MAX ? (int64_t)x / divisor : x / divisor; }

/** Priced tokens in millionths. */
static dp_i128 work_utok(const struct dp_ctx *ctx, uint64_t prompt_n, uint64_t output_n) {
  return (dp_i128)prompt_n * shared_of(ctx)->prompt_price_ppm + (dp_i128)output_n * 1000000;
}

int64_t dp_trade_amount(const struct dp_ctx *ctx, uint64_t prompt_n, uint64_t output_n, int64_t price_nusd_per_mtok) {
  return (int64_t)floor_div(work_utok(ctx, prompt_n, output_n) * price_nusd_per_mtok, 1000000000000);
}

enum dp_status dp_trade_escrow(struct dp_ctx *ctx, int64_t amount_nusd) {
  return dp_books_post(ctx, DP_REASON_CUSTOMER_PAYMENT, own(ctx, DP_ACCOUNT_EXTERNAL), own(ctx, DP_ACCOUNT_ESCROW),
                       amount_nusd);
}

enum dp_status dp_trade_refund(struct dp_ctx *ctx, int64_t amount_nusd) {
  return dp_books_post(ctx, DP_REASON_CUSTOMER_REFUND, own(ctx, DP_ACCOUNT_ESCROW), own(ctx, DP_ACCOUNT_EXTERNAL),
                       amount_nusd);
}

enum dp_status dp_trade_send(struct dp_ctx *ctx, int64_t amount_nusd) {
  return dp_books_post(ctx, DP_REASON_ESCROW_OUT, own(ctx, DP_ACCOUNT_ESCROW), own(ctx, DP_ACCOUNT_BRIDGE), amount_nusd);
}

enum dp_status dp_trade_receive(struct dp_ctx *ctx, int64_t amount_nusd) {
  return dp_books_post(ctx, DP_REASON_ESCROW_IN, own(ctx, DP_ACCOUNT_BRIDGE), own(ctx, DP_ACCOUNT_ESCROW), amount_nusd);
}

enum dp_status dp_trade_complete(struct dp_ctx *ctx, uint32_t node, const struct dp_job_result *result) {
  struct dp_listing *l = dp_listing_at(ctx, node);
  const dp_i128 work = work_utok(ctx, result->prompt_n, result->output_n);
  const int64_t take = (int64_t)floor_div((dp_i128)result->amount_nusd * shared_of(ctx)->take_ppb, 1000000000);
  const int64_t share = result->amount_nusd - take;
  DP_TRY(dp_books_post(ctx, DP_REASON_WORK_SHARE, own(ctx, DP_ACCOUNT_ESCROW), own(ctx, DP_ACCOUNT_PAYABLE), share));
  DP_TRY(dp_books_post(ctx, DP_REASON_PROTOCOL_TAKE, own(ctx, DP_ACCOUNT_ESCROW), own(ctx, DP_ACCOUNT_PROTOCOL), take));
  if (__builtin_add_overflow(l->payable_nusd, share, &l->payable_nusd))
    return dp_fail(ctx->err, DP_INVARIANT, "%s: node %u of cell %u earns more than 9.2e9 usd in one settlement",
                   ctx->self->name, node, ctx->cell->id);
  l->work_tok += work < 1000000 ? 1 : (int64_t)floor_div(work, 1000000);
  dp_metric_add_i128(ctx, DP_GATEWAY_WORK, 0, work);
  dp_waterfall_add(ctx, &(struct dp_paid){.spend_nusd = result->amount_nusd, .take_nusd = take});
  return DP_OK;
}

uint32_t dp_trade_wallet(const struct dp_ctx *ctx, uint32_t node) {
  const struct dp_gateway_shared *shared = shared_of(ctx);
  const uint32_t wallet = dp_listing_at(ctx, node)->wallet;
  if (wallet != 0) return wallet;
  const uint16_t fleet = *(const uint16_t *)dp_view_at(ctx, &shared->provider, node);
  return *(const uint32_t *)dp_view_at(ctx, &shared->usd_account[fleet], node);
}

#define FETCH_ROWS 8u

enum dp_status dp_trade_pay_out(struct dp_ctx *ctx) {
  const struct dp_gateway_shared *shared = shared_of(ctx);
  struct dp_books_run run;
  const enum dp_reason reason = shared->has_due ? DP_REASON_PAYOUT_DUE : DP_REASON_PAYOUT;
  DP_TRY(dp_books_run_begin(ctx, reason, own(ctx, DP_ACCOUNT_PAYABLE), true, &run));
  struct dp_table *listings = dp_own_table(ctx, DP_GATEWAY_LISTING);
  for (uint32_t i = dp_table_next(listings, 0); i != DP_NO_ROW; i = dp_table_next(listings, i + 1)) {
    struct dp_listing *l = dp_listing_at(ctx, i);
    if (i + FETCH_ROWS < listings->row_n) dp_books_run_prefetch(&run, dp_listing_at(ctx, i + FETCH_ROWS)->wallet);
    if (l->payable_nusd == 0) continue;
    uint32_t wallet = shared->has_due ? *(const uint32_t *)dp_view_at(ctx, &shared->due, i) : l->wallet;
    if (wallet == 0) wallet = dp_trade_wallet(ctx, i);
    DP_TRY(dp_books_run_add(&run, wallet, l->payable_nusd));
    l->payable_nusd = 0;
  }
  return dp_books_run_end(&run);
}
