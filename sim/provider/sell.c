/* sim/provider/sell.c — hosts who sell tokens to cover their costs. */
#include <config.h>

#include <math.h>

#include "provider/operators.h"

/** A host's tokens in USD at the present price: ever received, of it since the last look, and sold. */
struct worth {
  double received, received_now, sold;
};

static void add_token(const struct dp_ctx *ctx, const struct dp_fleet_token *token, uint32_t node, struct worth *w) {
  double *seen = &dp__host_at(ctx, node)->seen_rewarded[token->slot];
  const uint32_t account = *(const uint32_t *)dp_view_at(ctx, &token->account, node);
  const double price = dp__token_price_usd(ctx, token);
  if (account == 0) return;
  const double received = dp_books_units(dp_ctx_sim(ctx), dp_books_asset_of(ctx, account),
                                         *(const dp_i128 *)dp_view_at(ctx, &token->rewarded, node));
  w->received += received * price;
  w->received_now += (received - *seen) * price;
  w->sold += (received - dp__host_tokens(ctx, token, node)) * price;
  *seen = received;
}

/** Sold until the next look is what running has cost more than it brought so far, when as many tokens come as did since
 *  the last look. What a look gets wrong the next one sees. */
void dp__host_choose_sales(const struct dp_ctx *ctx, uint32_t node) {
  const struct dp_fleet_shared *s = dp__fleet_shared(ctx);
  struct dp_host *h = dp__host_at(ctx, node);
  struct worth w = {0};
  if (dp__fleet_config(ctx)->sells != DP_SELLS_COSTS || h->state == DP_HOST_LEAVING) return;
  for (size_t i = 0; i < s->token_n; i++)
    if (s->tokens[i].slot >= 0) add_token(ctx, &s->tokens[i], node, &w);
  const double need = fmax(0, -dp_i128_to_double(dp__host_net_nusd(ctx, node)) / 1e9);
  const double all = w.received + w.received_now;
  if (all > 0) h->sell_ppb = llround(fmin(1, (w.sold + need) / all) * 1e9);
}
