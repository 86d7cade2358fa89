/* sim/ledger/chain_price.c — what a chain's coin is worth: a step function of time, declared by the scenario. */
#include <config.h>

#include <math.h>
#include <stdlib.h>

#include "base/csv.h"
#include "base/memory.h"
#include "ledger/chain_priv.h"

#define PRICE_MAX 1e9

struct rows {
  struct dp__chain *s;
  size_t times, prices; /* capacities */
};

static enum dp_status add(struct dp_ctx *ctx, struct rows *rows, int64_t t_ns, double usd) {
  struct dp__chain *s = rows->s;
  if (!dp_array_grow(&s->path_ns, &rows->times, s->path_n, sizeof *s->path_ns) ||
      !dp_array_grow(&s->path_nusd, &rows->prices, s->path_n, sizeof *s->path_nusd))
    return dp_fail_nomem(ctx->err, "a coin's prices");
  if (s->path_n > 0 && t_ns <= s->path_ns[s->path_n - 1])
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.chain: %s: the coin's prices go back in time at row %zu (sort them)",
                   ctx->self->name, s->path_n + 1);
  if (!(usd * 1e9 >= 1) || usd > PRICE_MAX)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.chain: %s: the coin costs %g usd (a price in [1e-9, 1e9] is needed)",
                   ctx->self->name, usd);
  s->path_ns[s->path_n] = t_ns;
  s->path_nusd[s->path_n++] = llround(usd * 1e9);
  return DP_OK;
}

static enum dp_status read_rows(struct dp_ctx *ctx, struct rows *rows, struct dp_csv *csv) {
  int date, price;
  DP_TRY(dp_csv_need_column(csv, "date", &date, ctx->err));
  DP_TRY(dp_csv_need_column(csv, "price_usd", &price, ctx->err));
  for (;;) {
    bool eof;
    int64_t date_ns;
    double usd;
    DP_TRY(dp_csv_next(csv, NULL, &eof, ctx->err));
    if (eof) return DP_OK;
    DP_TRY(dp_csv_date_ns(csv, date, &date_ns, ctx->err));
    DP_TRY(dp_csv_f64(csv, price, 1e-9, PRICE_MAX, &usd, ctx->err));
    DP_TRY(add(ctx, rows, date_ns - dp_ctx_sim(ctx)->spec.start_epoch_ns, usd));
  }
}

enum dp_status dp__chain_prices(struct dp_ctx *ctx, struct dp__chain *s) {
  const struct dp_chain_config *c = ctx->self->config;
  struct rows rows = {.s = s};
  if (c->coin_csv && c->coin_csv[0]) {
    struct dp_csv *csv;
    DP_TRY(dp_csv_open(c->coin_csv, 0, &csv, ctx->err));
    enum dp_status status = read_rows(ctx, &rows, csv);
    dp_csv_close(csv);
    DP_TRY(status);
  }
  for (size_t i = 0; i < c->coin_d.n; i++)
    DP_TRY(add(ctx, &rows, llround(c->coin_d.v[i] * (double)DP_DAY), c->coin_path_usd.v[i]));
  if (s->path_n == 0) DP_TRY(add(ctx, &rows, 0, c->coin_usd));
  if (s->path_ns[0] <= 0) return DP_OK;
  return dp_fail(ctx->err, DP_SCENARIO, "ledger.chain: %s: the coin's prices begin after the start of the run (give one for "
                 "day 0 or before)", ctx->self->name);
}

dp_i128 dp_chain_coin_nusd(const struct dp_ctx *ctx, const struct dp_instance *chain) {
  const struct dp__chain *s = chain->shared;
  size_t low = 0, high = s->path_n; /* path_ns[low] ≤ now */
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    if (s->path_ns[middle] <= ctx->now_ns) low = middle;
    else high = middle;
  }
  return s->path_nusd[low];
}
