/* sim/ledger/exchange_path.c — an exchange whose price is a given path: a step function of time. */
#include <config.h>

#include <math.h>
#include <stdlib.h>

#include "base/csv.h"
#include "ledger/emission.h"
#include "ledger/exchange_priv.h"
#include "ledger/token.h"

#define PRICE_MAX 1e12

static enum dp_status grow(struct dp__exchange *s, size_t *capacity, struct dp_err *err) {
  if (s->path_n < *capacity) return DP_OK;
  const size_t n = *capacity ? 2 * *capacity : 64;
  int64_t *times = realloc(s->path_ns, n * sizeof *times);
  if (times) s->path_ns = times;
  dp_i128 *prices = realloc(s->path_e18, n * sizeof *prices);
  if (prices) s->path_e18 = prices;
  if (!times || !prices) return dp_fail_nomem(err, "a price path");
  *capacity = n;
  return DP_OK;
}

static enum dp_status add(struct dp_ctx *ctx, struct dp__exchange *s, size_t *capacity, int64_t t_ns, double usd) {
  dp_i128 price;
  DP_TRY(grow(s, capacity, ctx->err));
  if (s->path_n > 0 && t_ns <= s->path_ns[s->path_n - 1])
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: the price path goes back in time at row %zu (sort it)",
                   ctx->self->name, s->path_n + 1);
  if (!(usd > 0) || usd > PRICE_MAX || !dp_i128_from_double(usd * 1e18, &price) || price == 0)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: the price path has %g usd (a price in (0, 1e12] is "
                   "needed)", ctx->self->name, usd);
  s->path_ns[s->path_n] = t_ns;
  s->path_e18[s->path_n++] = price;
  return DP_OK;
}

static enum dp_status read_rows(struct dp_ctx *ctx, struct dp__exchange *s, struct dp_csv *csv) {
  int date, price;
  size_t capacity = 0;
  DP_TRY(dp_csv_need_column(csv, "date", &date, ctx->err));
  DP_TRY(dp_csv_need_column(csv, "price_usd", &price, ctx->err));
  for (;;) {
    bool eof;
    int64_t date_ns;
    double usd;
    DP_TRY(dp_csv_next(csv, NULL, &eof, ctx->err));
    if (eof) return DP_OK;
    DP_TRY(dp_csv_date_ns(csv, date, &date_ns, ctx->err));
    DP_TRY(dp_csv_f64(csv, price, 1e-18, PRICE_MAX, &usd, ctx->err));
    DP_TRY(add(ctx, s, &capacity, date_ns - dp_ctx_sim(ctx)->spec.start_epoch_ns, usd));
  }
}

static enum dp_status read_file(struct dp_ctx *ctx, struct dp__exchange *s, const char *path) {
  struct dp_csv *csv;
  DP_TRY(dp_csv_open(path, 0, &csv, ctx->err));
  enum dp_status status = read_rows(ctx, s, csv);
  dp_csv_close(csv);
  return status;
}

enum dp_status dp__path_read(struct dp_ctx *ctx, struct dp__exchange *s) {
  const struct dp_exchange_config *config = ctx->self->config;
  size_t capacity = 0;
  s->unit = 1000000000;
  for (int64_t i = 0; i < ((const struct dp_token_config *)s->token->config)->decimals; i++) s->unit *= 10;
  if (config->path_csv[0]) DP_TRY(read_file(ctx, s, config->path_csv));
  for (size_t i = 0; i < config->path_d.n; i++)
    DP_TRY(add(ctx, s, &capacity, llround(config->path_d.v[i] * (double)DP_DAY), config->path_usd.v[i]));
  if (s->path_n > 0 && s->path_ns[0] <= 0) return DP_OK;
  return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: the price path begins after the start of the run (give a "
                 "price for day 0 or before)", ctx->self->name);
}

dp_i128 dp__path_e18(const struct dp__exchange *s, dp_time now_ns) {
  size_t low = 0, high = s->path_n; /* path_ns[low] ≤ now */
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    if (s->path_ns[middle] <= now_ns) low = middle;
    else high = middle;
  }
  return s->path_e18[low];
}

enum dp_status dp__path_fill(struct dp_ctx *ctx, const struct dp__exchange *s, struct dp_swap *b) {
  struct dp_exchange_state *state = dp__exchange_state(ctx);
  const dp_i128 price = dp__path_e18(s, ctx->now_ns);
  const struct dp_reserves pool = dp__pool_reserves(ctx, s);
  const dp_i128 usd = b->usd_in - dp_token_part(b->usd_in, s->fee_ppm * 1000);
  const dp_i128 token = b->token_in - dp_token_part(b->token_in, s->fee_ppm * 1000);
  b->usd_back = 0;
  if (!dp_i128_mul_div(usd, s->unit, price, DP_ROUND_DOWN, &b->token_out) ||
      !dp_i128_mul_div(token, price, s->unit, DP_ROUND_DOWN, &b->usd_out))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.exchange: a trade at the given price overflows 127 bits");
  const dp_i128 stock = pool.token + b->token_in;
  if (b->token_out > stock) { /* the rest of the money goes back */
    b->usd_back = b->usd_in - dp_token_share_of(b->usd_in, stock, b->token_out);
    b->token_out = stock;
  }
  const dp_i128 missing = b->usd_out - pool.usd - (b->usd_in - b->usd_back);
  if (missing <= 0) return DP_OK;
  state->liquidity_in_usd += missing;
  return dp_books_post(ctx, DP_REASON_LIQUIDITY_USD, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), state->usd_account,
                       missing);
}
