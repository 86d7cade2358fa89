/* sim/ledger/exchange_thin.c — days on which a token's market is thin for what is traded in it. */
#include <config.h>

#include <math.h>

#include "books/books.h"
#include "ledger/exchange_priv.h"

dp_i128 dp__net_sold(const struct dp_ctx *ctx) {
  struct dp__role_sum of[DP_DESK_ROLE_N];
  dp_i128 net = dp__exchange_state(ctx)->host_token;
  dp__desks_sums(ctx, of);
  for (unsigned role = 0; role < DP_DESK_ROLE_N; role++) net += of[role].sold_token - of[role].bought_token;
  return net;
}

void dp__thin_look(const struct dp_ctx *ctx, const struct dp__exchange *s) {
  struct dp_exchange_state *state = dp__exchange_state(ctx);
  const dp_time span = ctx->now_ns - state->day_ns;
  if (span < DP_DAY) return;
  const dp_i128 net = dp__net_sold(ctx);
  const double token = fabs(dp_books_units(dp_ctx_sim(ctx), s->asset, net - state->day_net_token));
  const double ratio = token * state->price_usd / ((double)span / (double)DP_DAY) / dp__pool_depth(ctx, s).up_usd;
  state->day_net_token = net;
  state->day_ns = ctx->now_ns;
  if (!(ratio > 0)) return; /* NaN on a given path */
  if (ratio > DP_THIN_RATIO) state->thin_day_n++;
  if (ratio > state->day_most_ratio) state->day_most_ratio = ratio;
}
