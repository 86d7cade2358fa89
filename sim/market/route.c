/* sim/market/route.c — where a request goes: a cell by exact or second-hand knowledge, then a host by exact one. */
#include <config.h>

#include "market/gateway.h"

static const struct dp_gateway_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }
static const struct dp_gateway_shared *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }

static int64_t need_of(const struct dp_job *job) { return (int64_t)job->prompt_n + (int64_t)job->output_n; }

/** Two workloads do not share luck. */
static struct dp_rng rng_of(const struct dp_ctx *ctx, const struct dp_job *job, struct dp_luck luck, uint64_t what) {
  return dp_ctx_rng(ctx, luck.entity, DP_STREAM(DP_STREAM_ROUTE, job->workload), 2 * luck.occasion + what);
}

/** Two hosts by chance, the better one of those with room; DP_NO_ROW if neither has (Mitzenmacher 2001). */
static uint32_t two_choices(struct dp_ctx *ctx, struct dp_rng *rng, int64_t need_tok) {
  const uint32_t row_n = dp_own_table(ctx, DP_GATEWAY_LISTING)->leader->row_n;
  uint32_t best = DP_NO_ROW;
  for (int i = 0; i < 2; i++) {
    const uint32_t node = (uint32_t)dp_rng_below(rng, row_n);
    if (!dp_table_alive(dp_own_table(ctx, DP_GATEWAY_LISTING), node) || !dp_index_has_room(ctx, node, need_tok))
      continue;
    if (best == DP_NO_ROW || dp_index_better(ctx, node, best)) best = node;
  }
  return best;
}

uint32_t dp_route_host(struct dp_ctx *ctx, const struct dp_job *job, struct dp_luck luck) {
  const int64_t need_tok = need_of(job);
  const uint32_t row_n = dp_own_table(ctx, DP_GATEWAY_LISTING)->leader->row_n;
  if (row_n == 0) return DP_NO_ROW;
  struct dp_rng rng = rng_of(ctx, job, luck, 0);
  if (config_of(ctx)->routing == DP_ROUTE_TWO_CHOICES) {
    const uint32_t node = two_choices(ctx, &rng, need_tok);
    if (node != DP_NO_ROW) return node;
  }
  /* From a random place on, so that equal hosts get equal work. */
  return dp_index_best(ctx, need_tok, (uint32_t)dp_rng_below(&rng, row_n));
}

static const struct dp_gateway_bulletin *bulletin(const struct dp_ctx *ctx, uint32_t cell) {
  return dp_bulletin(ctx, ctx->self, cell);
}

static bool cell_has_room(const struct dp_gateway_bulletin *b, int64_t need_tok) {
  return b->room_n > 0 && b->capacity_tok >= need_tok;
}

static double load_of(const struct dp_gateway_bulletin *b) { return (double)b->pending_tok / (double)b->up_n; }

/** Whether cell a is really better than cell b, both with room: by the rule, by distance when that does not tell. */
static bool better_cell(const struct dp_ctx *ctx, uint32_t a, const struct dp_gateway_bulletin *ba, uint32_t b,
                        const struct dp_gateway_bulletin *bb) {
  const struct dp_place *place = shared_of(ctx)->place;
  switch (config_of(ctx)->routing) {
    case DP_ROUTE_CHEAPEST:
      if (ba->lowest_nusd_per_mtok != bb->lowest_nusd_per_mtok)
        return ba->lowest_nusd_per_mtok < bb->lowest_nusd_per_mtok;
      break;
    case DP_ROUTE_LEAST_LOADED:
    case DP_ROUTE_TWO_CHOICES:
      if (load_of(ba) < load_of(bb) || load_of(ba) > load_of(bb)) return load_of(ba) < load_of(bb);
      break;
    default: break;
  }
  return dp_place_delay_ns(place, ctx->cell->id, a) < dp_place_delay_ns(place, ctx->cell->id, b);
}

/** The best other cell by its bulletin, DP_NO_ROW if none has room. */
static uint32_t best_cell(struct dp_ctx *ctx, const struct dp_job *job, struct dp_luck luck) {
  const uint32_t cell_n = shared_of(ctx)->place->cell_n;
  const int64_t need_tok = need_of(job);
  struct dp_rng rng = rng_of(ctx, job, luck, 1);
  uint32_t best = DP_NO_ROW;
  if (config_of(ctx)->routing == DP_ROUTE_TWO_CHOICES) {
    for (int i = 0; i < 2; i++) {
      const uint32_t cell = (uint32_t)dp_rng_below(&rng, cell_n);
      if (cell == ctx->cell->id || !cell_has_room(bulletin(ctx, cell), need_tok)) continue;
      if (best == DP_NO_ROW || better_cell(ctx, cell, bulletin(ctx, cell), best, bulletin(ctx, best))) best = cell;
    }
    if (best != DP_NO_ROW) return best;
  }
  const uint32_t from = (uint32_t)dp_rng_below(&rng, cell_n);
  for (uint32_t i = 0; i < cell_n; i++) {
    const uint32_t cell = from + i < cell_n ? from + i : from + i - cell_n;
    if (cell == ctx->cell->id || !cell_has_room(bulletin(ctx, cell), need_tok)) continue;
    if (best == DP_NO_ROW || better_cell(ctx, cell, bulletin(ctx, cell), best, bulletin(ctx, best))) best = cell;
  }
  return best;
}

static int64_t quote_of(const struct dp_ctx *ctx, uint32_t cell) {
  const struct dp_gateway_bulletin *b = bulletin(ctx, cell);
  return config_of(ctx)->routing == DP_ROUTE_CHEAPEST ? b->lowest_nusd_per_mtok : b->mean_nusd_per_mtok;
}

struct dp_route dp_route_request(struct dp_ctx *ctx, const struct dp_job *job, struct dp_luck luck) {
  const int routing = config_of(ctx)->routing;
  struct dp_route r = {.cell = ctx->cell->id, .node = dp_route_host(ctx, job, luck)};
  r.found = r.node != DP_NO_ROW;
  if (r.found) r.price_nusd_per_mtok = dp_listing_at(ctx, r.node)->price_nusd_per_mtok;
  if (shared_of(ctx)->place->cell_n == 1) return r;
  if (r.found && (routing == DP_ROUTE_NEAREST || routing == DP_ROUTE_TWO_CHOICES)) return r;
  const uint32_t other = best_cell(ctx, job, luck);
  if (other == DP_NO_ROW) return r;
  if (r.found) {
    struct dp_gateway_bulletin own;
    dp_route_bulletin(ctx, &own);
    if (routing == DP_ROUTE_CHEAPEST) own.lowest_nusd_per_mtok = r.price_nusd_per_mtok;
    if (!better_cell(ctx, other, bulletin(ctx, other), ctx->cell->id, &own)) return r;
  }
  return (struct dp_route){.found = true, .cell = other, .node = DP_NO_ROW, .price_nusd_per_mtok = quote_of(ctx, other)};
}

void dp_route_bulletin(struct dp_ctx *ctx, struct dp_gateway_bulletin *out) {
  const struct dp_table *tiers = dp_own_table(ctx, DP_GATEWAY_TIER);
  struct dp_gateway_bulletin b = {0};
  dp_i128 prices = 0;
  for (uint32_t i = 0; i < tiers->row_n; i++) {
    const struct dp_tier *tier = DP_ROW(tiers, struct dp_tier, i);
    b.up_n += tier->up_n;
    b.pending_tok += tier->pending_tok;
    if (tier->room_n == 0 || tier->capacity_tok < 2) continue; /* the least request: one token in, one out */
    const int64_t lowest = dp_index_lowest(ctx, i);
    b.room_n += tier->room_n;
    prices += tier->price_sum_nusd;
    if (b.lowest_nusd_per_mtok == 0 || lowest < b.lowest_nusd_per_mtok) b.lowest_nusd_per_mtok = lowest;
    if (tier->capacity_tok > b.capacity_tok) b.capacity_tok = tier->capacity_tok;
  }
  if (b.room_n > 0) b.mean_nusd_per_mtok = (int64_t)(prices / b.room_n);
  *out = b;
}
