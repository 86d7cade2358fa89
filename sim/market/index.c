/* sim/market/index.c — the hosts of a cell, so kept that the best one with room is found without looking at all.
 *
 * Hosts of one context size are a tier. A tier has sums, and a tournament tree: leaf b holds the best of the tier's hosts
 * among the rows [4b, 4b + 4) of `listing`, node i the better of nodes 2i and 2i + 1, node 1 the best of all. A tree has
 * leaf_n (a power of two) leaves and 2 leaf_n rows of table `index`, the first of them not used. */
#include <config.h>

#include "market/gateway.h"

#define LEAF_ROWS 4u

/** Where the hosts of one tier compete. Valid until a row is added to a table. */
struct field {
  const struct dp_listing *hosts; /* [host_n] of all tiers */
  struct dp_winner *nodes;        /* [2 * leaf_n] */
  uint32_t host_n, leaf_n, tier;
  int64_t queue_n;
  bool cheapest;
};

static struct dp_tier *tier_at(const struct dp_ctx *ctx, uint32_t tier) {
  return DP_ROW(dp_own_table(ctx, DP_GATEWAY_TIER), struct dp_tier, tier);
}

static struct field field_of(const struct dp_ctx *ctx, uint32_t tier) {
  const struct dp_gateway_config *config = ctx->self->config;
  const struct dp_table *listings = dp_own_table(ctx, DP_GATEWAY_LISTING);
  const struct dp_tier *t = tier_at(ctx, tier);
  return (struct field){.hosts = DP_ROW(listings, struct dp_listing, 0),
                        .nodes = DP_ROW(dp_own_table(ctx, DP_GATEWAY_INDEX), struct dp_winner, t->first),
                        .host_n = listings->row_n,
                        .leaf_n = t->leaf_n,
                        .tier = tier,
                        .queue_n = config->queue_n,
                        .cheapest = config->routing == DP_ROUTE_CHEAPEST};
}

/** Whether a listing can take one more request of some size. */
static inline bool room(const struct dp_listing *l, int64_t queue_n) {
  return l->price_nusd_per_mtok > 0 && l->up && !l->barred && l->in_flight_n < queue_n;
}

/** Whether listing a is really better than listing b by the routing rule. */
static inline bool better(const struct dp_listing *a, const struct dp_listing *b, bool cheapest) {
  if (cheapest && a->price_nusd_per_mtok != b->price_nusd_per_mtok)
    return a->price_nusd_per_mtok < b->price_nusd_per_mtok;
  if (a->pending_tok != b->pending_tok) return a->pending_tok < b->pending_tok;
  return a->price_nusd_per_mtok < b->price_nusd_per_mtok;
}

static inline bool beats(const struct field *f, enum dp_index_order order, uint32_t a, uint32_t b) {
  if (order == DP_INDEX_PRICE) return f->hosts[a].price_nusd_per_mtok < f->hosts[b].price_nusd_per_mtok;
  return better(&f->hosts[a], &f->hosts[b], f->cheapest);
}

/** The winner of two, either of which may be missing; the first one of equals. */
static inline uint32_t winner(const struct field *f, enum dp_index_order order, uint32_t first, uint32_t second) {
  if (first == DP_NO_ROW) return second;
  if (second == DP_NO_ROW) return first;
  return beats(f, order, second, first) ? second : first;
}

/** The winner of the rows [from, end) of a leaf. */
static uint32_t winner_of_rows(const struct field *f, enum dp_index_order order, uint32_t from, uint32_t end) {
  uint32_t best = DP_NO_ROW;
  for (uint32_t i = from; i < end && i < f->host_n; i++)
    if (f->hosts[i].tier == f->tier && room(&f->hosts[i], f->queue_n)) best = winner(f, order, best, i);
  return best;
}

static uint32_t winner_of_leaf(const struct field *f, enum dp_index_order order, uint32_t leaf) {
  return winner_of_rows(f, order, leaf * LEAF_ROWS, (leaf + 1) * LEAF_ROWS);
}

static uint32_t winner_of_node(const struct field *f, enum dp_index_order order, uint32_t node) {
  return winner(f, order, f->nodes[2 * node].host[order], f->nodes[2 * node + 1].host[order]);
}

/** A host has changed: its matches are played again, up to where another one wins as before. */
static void replay(const struct field *f, enum dp_index_order order, uint32_t host) {
  uint32_t node = f->leaf_n + host / LEAF_ROWS;
  uint32_t best = winner_of_leaf(f, order, host / LEAF_ROWS);
  for (;;) {
    uint32_t *at = &f->nodes[node].host[order];
    if (*at == best && best != host) return;
    *at = best;
    if (node == 1) return;
    node /= 2;
    best = winner_of_node(f, order, node);
  }
}

/** Fills a tier's whole tree. */
static void play(const struct field *f) {
  for (unsigned order = 0; order < DP_INDEX_ORDER_N; order++) {
    f->nodes[0].host[order] = DP_NO_ROW;
    for (uint32_t i = 0; i < f->leaf_n; i++) f->nodes[f->leaf_n + i].host[order] = winner_of_leaf(f, order, i);
    for (uint32_t node = f->leaf_n; node-- > 1;) f->nodes[node].host[order] = winner_of_node(f, order, node);
  }
}

/** Makes the trees of all tiers, for every row that there is. */
static enum dp_status rebuild(struct dp_ctx *ctx) {
  struct dp_table *index = dp_own_table(ctx, DP_GATEWAY_INDEX);
  const uint32_t tier_n = dp_own_table(ctx, DP_GATEWAY_TIER)->row_n;
  const uint32_t host_n = dp_own_table(ctx, DP_GATEWAY_LISTING)->row_n;
  uint64_t leaf_n = 1;
  uint32_t row;
  while (leaf_n * LEAF_ROWS < host_n) leaf_n *= 2;
  if (2 * leaf_n * tier_n > DP_ROW_MAX)
    return dp_fail(ctx->err, DP_RANGE, "%s: cell %u has %u hosts of %u context sizes, too many for its index (use more "
                   "cells)", ctx->self->name, ctx->cell->id, host_n, tier_n);
  DP_TRY(dp_table_reserve(index, (uint32_t)(2 * leaf_n * tier_n), ctx->err));
  while (index->row_n < 2 * leaf_n * tier_n) DP_TRY(dp_table_add(index, &row, ctx->err));
  for (uint32_t i = 0; i < tier_n; i++) {
    tier_at(ctx, i)->first = (uint32_t)(2 * leaf_n * i);
    tier_at(ctx, i)->leaf_n = (uint32_t)leaf_n;
    const struct field f = field_of(ctx, i);
    play(&f);
  }
  return DP_OK;
}

/** Adds a listing to the sums of its tier, or takes it away (sign −1). */
static void count(struct dp_tier *tier, const struct dp_listing *l, int sign, int64_t queue_n) {
  if (l->price_nusd_per_mtok == 0 || !l->up) return;
  tier->up_n += (uint32_t)sign;
  tier->pending_tok += sign * l->pending_tok;
  if (l->in_flight_n >= queue_n) return;
  tier->room_n += (uint32_t)sign;
  tier->price_sum_nusd += sign * (dp_i128)l->price_nusd_per_mtok;
}

void dp_index_put(struct dp_ctx *ctx, uint32_t node, const struct dp_listing *listing) {
  struct dp_listing *l = dp_listing_at(ctx, node);
  const struct dp_listing old = *l;
  *l = *listing;
  l->tier = old.tier;
  if (old.price_nusd_per_mtok == 0) return;
  const struct field f = field_of(ctx, l->tier);
  struct dp_tier *tier = tier_at(ctx, l->tier);
  const bool had_room = room(&old, f.queue_n), has_room = room(l, f.queue_n);
  if (had_room && has_room && old.price_nusd_per_mtok == l->price_nusd_per_mtok) { /* nearly always */
    tier->pending_tok += l->pending_tok - old.pending_tok;
  } else {
    count(tier, &old, -1, f.queue_n);
    count(tier, l, 1, f.queue_n);
    replay(&f, DP_INDEX_PRICE, node);
  }
  if (had_room || has_room) replay(&f, DP_INDEX_RULE, node);
}

enum dp_status dp_index_enlist(struct dp_ctx *ctx, uint32_t node, int64_t price_nusd_per_mtok) {
  const struct dp_gateway_shared *shared = ctx->self->shared;
  const struct dp_gateway_config *config = ctx->self->config;
  struct dp_table *tiers = dp_own_table(ctx, DP_GATEWAY_TIER);
  const int64_t capacity_tok = *(const int64_t *)dp_view_at(ctx, &shared->capacity, node);
  uint32_t tier = 0;
  while (tier < tiers->row_n && tier_at(ctx, tier)->capacity_tok != capacity_tok) tier++;
  const bool new_tier = tier == tiers->row_n;
  if (tier > UINT16_MAX)
    return dp_fail(ctx->err, DP_RANGE, "%s: hosts of cell %u have more than %d context sizes", ctx->self->name,
                   ctx->cell->id, UINT16_MAX + 1);
  if (new_tier) DP_TRY(dp_table_add(tiers, &tier, ctx->err));
  struct dp_listing *l = dp_listing_at(ctx, node);
  l->price_nusd_per_mtok = price_nusd_per_mtok;
  l->tier = (uint16_t)tier;
  l->up = 1;
  tier_at(ctx, tier)->capacity_tok = capacity_tok;
  count(tier_at(ctx, tier), l, 1, config->queue_n);
  if (new_tier) return rebuild(ctx);
  const struct field f = field_of(ctx, tier);
  if (node / LEAF_ROWS >= f.leaf_n) return rebuild(ctx);
  for (unsigned order = 0; order < DP_INDEX_ORDER_N; order++) replay(&f, order, node);
  return DP_OK;
}

bool dp_index_has_room(const struct dp_ctx *ctx, uint32_t node, int64_t need_tok) {
  const struct dp_gateway_config *config = ctx->self->config;
  const struct dp_listing *l = dp_listing_at(ctx, node);
  return room(l, config->queue_n) && tier_at(ctx, l->tier)->capacity_tok >= need_tok;
}

bool dp_index_better(const struct dp_ctx *ctx, uint32_t a, uint32_t b) {
  const struct dp_gateway_config *config = ctx->self->config;
  return better(dp_listing_at(ctx, a), dp_listing_at(ctx, b), config->routing == DP_ROUTE_CHEAPEST);
}

/** The best of the rows from `from` on: the rest of its leaf, then the right siblings on the way up, left to right. */
static uint32_t best_from(const struct field *f, uint32_t from) {
  const uint32_t leaf = from / LEAF_ROWS;
  if (leaf >= f->leaf_n) return DP_NO_ROW; /* born, but not listed yet */
  uint32_t best = winner_of_rows(f, DP_INDEX_RULE, from, (leaf + 1) * LEAF_ROWS);
  for (uint32_t node = f->leaf_n + leaf; node > 1; node /= 2)
    if (node % 2 == 0) best = winner(f, DP_INDEX_RULE, best, f->nodes[node + 1].host[DP_INDEX_RULE]);
  return best;
}

uint32_t dp_index_best(const struct dp_ctx *ctx, int64_t need_tok, uint32_t from) {
  const uint32_t tier_n = dp_own_table(ctx, DP_GATEWAY_TIER)->row_n;
  uint32_t best = DP_NO_ROW;
  for (uint32_t i = 0; i < tier_n; i++) {
    const struct dp_tier *tier = tier_at(ctx, i);
    if (tier->room_n == 0 || tier->capacity_tok < need_tok) continue;
    const struct field f = field_of(ctx, i);
    uint32_t host = f.nodes[1].host[DP_INDEX_RULE];
    /* The first of all equals; one behind `from` comes before those that lie ahead of it. */
    if (host < from) host = winner(&f, DP_INDEX_RULE, best_from(&f, from), host);
    if (best == DP_NO_ROW || beats(&f, DP_INDEX_RULE, host, best) ||
        (host - from < best - from && !beats(&f, DP_INDEX_RULE, best, host))) /* modulo 2^32: rows before `from` last */
      best = host;
  }
  return best;
}

int64_t dp_index_lowest(const struct dp_ctx *ctx, uint32_t tier) {
  const struct field f = field_of(ctx, tier);
  const uint32_t host = f.nodes[1].host[DP_INDEX_PRICE];
  return host == DP_NO_ROW ? 0 : f.hosts[host].price_nusd_per_mtok;
}

enum dp_status dp_index_check(struct dp_ctx *ctx) {
  const struct dp_gateway_config *config = ctx->self->config;
  const struct dp_table *listings = dp_own_table(ctx, DP_GATEWAY_LISTING), *tiers = dp_own_table(ctx, DP_GATEWAY_TIER);
  struct dp_tier all = {0};
  for (uint32_t i = dp_table_next(listings, 0); i != DP_NO_ROW; i = dp_table_next(listings, i + 1))
    count(&all, dp_listing_at(ctx, i), 1, config->queue_n);
  struct dp_tier rest = all;
  for (uint32_t i = 0; i < tiers->row_n; i++) {
    const struct dp_tier *tier = tier_at(ctx, i);
    rest.up_n -= tier->up_n;
    rest.room_n -= tier->room_n;
    rest.pending_tok -= tier->pending_tok;
    rest.price_sum_nusd -= tier->price_sum_nusd;
  }
  if (rest.up_n || rest.room_n || rest.pending_tok || rest.price_sum_nusd)
    return dp_fail(ctx->err, DP_INVARIANT, "%s: the listings of cell %u have %u working hosts, %u of them with room, and "
                   "%lld tokens pending; its index has %u, %u and %lld, or other prices", ctx->self->name, ctx->cell->id,
                   all.up_n, all.room_n, (long long)all.pending_tok, all.up_n - rest.up_n, all.room_n - rest.room_n,
                   (long long)(all.pending_tok - rest.pending_tok));
  return DP_OK;
}
