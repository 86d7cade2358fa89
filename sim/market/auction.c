/* sim/market/auction.c — the model "market.auction": orders, bids, awards. */
#include <config.h>

#include "market/auction.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "market/auction_priv.h"

#define RATE_OF_USD_PER_H (1e9 * 1e6 / 3600) /* nano-USD for a million seconds */
#define ORDERS_A_ROUND_MAX 100000

double dp_auction_bid_of(int bidding, double cost, double highest, double markup, int64_t n) {
  return bidding == DP_BID_EQUILIBRIUM ? cost + (highest - cost) / (double)n : cost * (1 + markup);
}

static struct dp_auction_state *state_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, DP_AUCTION_STATE), struct dp_auction_state, 0);
}

/* ---- init ---- */

static enum dp_status check_place(struct dp_ctx *ctx, const struct dp__auction *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  if (!dp_instance_chose(s->network, "fidelity", "flow"))
    return dp_fail(ctx->err, DP_SCENARIO, "market.auction: %s leases hosts of %s, which must have fidelity = \"flow\"",
                   ctx->self->name, s->network->name);
  for (const struct dp_instance *i = dp_sim_first(sim, "workload.demand"); i; i = dp_sim_next(i))
    if (dp_instance_refers(i, "network", s->network))
      return dp_fail(ctx->err, DP_SCENARIO, "market.auction: hosts of %s cannot be leased by %s and work for %s too (give "
                     "one of them another network)", s->network->name, ctx->self->name, i->name);
  for (const struct dp_instance *i = dp_sim_first(sim, "market.auction"); i != ctx->self; i = dp_sim_next(i))
    if (dp_instance_refers(i, "network", s->network))
      return dp_fail(ctx->err, DP_SCENARIO, "market.auction: %s and %s both lease hosts of %s (one auction a network)",
                     i->name, ctx->self->name, s->network->name);
  return DP_OK;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_auction_config *config = dp__auction_config(ctx);
  struct dp__auction *s = dp_zeros(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "an auction");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  s->network = dp_sim_instance(dp_ctx_sim(ctx), config->network.instance);
  s->place = dp_place_of(dp_ctx_sim(ctx));
  for (uint32_t c = 0; c < s->place->cell_n; c++) s->weight += s->place->demand_weight[c];
  s->orders_per_ns = config->orders_per_day / (double)DP_DAY;
  s->take_ppb = llround(config->take_ratio * 1e9);
  s->min_reputation_ppm = llround(config->min_reputation_ratio * 1e6);
  s->round_ns = llround(config->round_s * 1e9);
  s->patience_ns = llround(config->patience_s * 1e9);
  s->all_ns = config->all_through_protocol_d > 0 ? llround(config->all_through_protocol_d * (double)DP_DAY) : DP_TIME_MAX;
  DP_TRY(check_place(ctx, s));
  DP_TRY(dp_table_add(dp_own_global(ctx, DP_AUCTION_STATE), &row, ctx->err));
  return dp_open_beat(ctx, "round", s->round_ns);
}

static void release(void *p) {
  struct dp__auction *s = p;
  free(s->bids);
  free(s->orders);
  free(s);
}

/* ---- customers ---- */

static struct dp_rng order_luck(const struct dp_ctx *ctx, uint64_t n) {
  return dp_ctx_rng(ctx, dp_entity_of_cell(ctx->cell->id), DP_STREAM(DP_STREAM_ORDER, ctx->self->index), n);
}

/* When the cell's next order comes: the first draw of its luck. */
static void await_order(const struct dp_ctx *ctx, struct dp_auction_desk *d) {
  const struct dp__auction *s = dp__auction_shared(ctx);
  const double rate = s->orders_per_ns * s->place->demand_weight[ctx->cell->id] / s->weight;
  struct dp_rng rng = order_luck(ctx, d->order_n);
  const double gap = rate > 0 ? dp_rng_exponential(&rng, 1 / rate) : 9e18;
  d->next_ns = gap < 9e18 ? dp_time_add(d->next_ns, (dp_time)gap + 1) : DP_TIME_MAX;
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  uint32_t row;
  DP_TRY(dp_table_add(dp_own_table(ctx, DP_AUCTION_DESK), &row, ctx->err));
  await_order(ctx, dp__auction_desk(ctx));
  return dp__lease_set_timer(ctx, 0);
}

static enum dp_status post_order(struct dp_ctx *ctx, uint64_t n) {
  const struct dp_auction_config *config = dp__auction_config(ctx);
  struct dp_rng rng = order_luck(ctx, n);
  (void)dp_rng_uniform(&rng); /* the gap before it */
  const double spread = 1 + config->max_spread_ratio * (2 * dp_rng_uniform(&rng) - 1);
  const double days = config->duration == DP_LEASE_FIXED ? config->duration_d
                                                         : dp_rng_exponential(&rng, config->duration_d);
  const dp_time duration = (dp_time)fmax(1e9, fmin(days * (double)DP_DAY, 1e18));
  struct dp_transaction t = {.sender = dp_entity_of_cell(ctx->cell->id), .instance = ctx->self->index,
                             .kind = DP_AUCTION_KIND_ORDER};
  t.payload[0] = (uint64_t)llround(config->max_usd_per_h * spread * RATE_OF_USD_PER_H);
  t.payload[1] = (uint64_t)duration;
  return dp_transaction_submit(ctx, &t);
}

static enum dp_status post_orders(struct dp_ctx *ctx) {
  struct dp_auction_desk *d = dp__auction_desk(ctx);
  const uint64_t first = d->order_n;
  while (d->next_ns <= ctx->now_ns) {
    if (d->order_n - first == ORDERS_A_ROUND_MAX)
      return dp_fail(ctx->err, DP_SCENARIO, "%s: more than %d orders come to a cell in a round (make orders_per_day or "
                     "round_s smaller)", ctx->self->name, ORDERS_A_ROUND_MAX);
    DP_TRY(post_order(ctx, d->order_n++));
    await_order(ctx, d);
  }
  return DP_OK;
}

/* ---- hosts ---- */

struct free_n {
  int64_t n;
};

static bool is_free(const struct dp_ctx *ctx, uint32_t node) {
  const struct dp__auction *s = dp__auction_shared(ctx);
  const struct dp_listing *l = dp__leased(ctx, node);
  return l->price_nusd_per_mtok > 0 && l->up && dp__lease_at(ctx, node)->rate == 0 &&
         1000000 - dp_record_at(ctx, s->network, node)->distrust_ppm >= s->min_reputation_ppm;
}

/* Free hosts as every cell said at the round before; at least one. */
static int64_t rivals_n(const struct dp_ctx *ctx) {
  int64_t n = 0;
  for (uint32_t c = 0; c < dp__auction_shared(ctx)->place->cell_n; c++)
    n += ((const struct free_n *)dp_bulletin(ctx, ctx->self, c))->n;
  const int64_t most = dp__auction_config(ctx)->bids_max_n;
  return n > most ? most : n > 0 ? n : 1;
}

static enum dp_status bid(struct dp_ctx *ctx, uint32_t node, const struct dp_auction_order *o, int64_t rivals) {
  const struct dp_auction_config *config = dp__auction_config(ctx);
  const dp_entity host = dp_table_entity(dp_own_table(ctx, DP_AUCTION_LEASE), node);
  const double price = (double)dp__leased(ctx, node)->price_nusd_per_mtok;
  struct dp_rng rng = dp_ctx_rng(ctx, host, DP_STREAM(DP_STREAM_BID, ctx->self->index), o->number);
  const double cost = price * (1 + config->cost_spread_ratio * dp_rng_uniform(&rng));
  const double asked = dp_auction_bid_of(config->bidding, cost, price * (1 + config->cost_spread_ratio),
                                         config->markup_ratio, rivals);
  if (!(asked >= 1 && asked <= (double)o->max_rate)) return DP_OK;
  struct dp_transaction t = {.sender = host, .instance = ctx->self->index, .kind = DP_AUCTION_KIND_BID,
                             .fee = (int64_t)(dp_rng_u64(&rng) >> 33)};
  t.payload[0] = o->number;
  t.payload[1] = (uint64_t)llround(asked);
  return dp_transaction_submit(ctx, &t);
}

static enum dp_status post_bids(struct dp_ctx *ctx) {
  const struct dp_table *leases = dp_own_table(ctx, DP_AUCTION_LEASE), *orders = dp_own_global(ctx, DP_AUCTION_ORDER);
  const int64_t rivals = rivals_n(ctx);
  struct free_n here = {0};
  for (uint32_t i = dp_table_next(leases, 0); i != DP_NO_ROW; i = dp_table_next(leases, i + 1)) {
    if (!is_free(ctx, i)) continue;
    here.n++;
    for (uint32_t k = dp_table_next(orders, 0); k != DP_NO_ROW; k = dp_table_next(orders, k + 1))
      DP_TRY(bid(ctx, i, DP_ROW(orders, struct dp_auction_order, k), rivals));
  }
  dp_bulletin_post(ctx, &here);
  return DP_OK;
}

static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (!beat->own || beat->last || ctx->now_ns % dp__auction_shared(ctx)->round_ns != 0) return DP_OK;
  DP_TRY(post_bids(ctx));
  return post_orders(ctx);
}

/* ---- the chain ---- */

static enum dp_status take_order(struct dp_ctx *ctx, const struct dp_transaction *t) {
  struct dp_table *orders = dp_own_global(ctx, DP_AUCTION_ORDER);
  uint32_t row;
  DP_TRY(dp_table_add(orders, &row, ctx->err));
  *DP_ROW(orders, struct dp_auction_order, row) =
      (struct dp_auction_order){.number = state_of(ctx)->order_n++, .max_rate = (int64_t)t->payload[0],
                                .duration_ns = (dp_time)t->payload[1], .posted_ns = ctx->now_ns};
  return DP_OK;
}

static struct dp_auction_order *find_order(const struct dp_ctx *ctx, uint64_t number) {
  const struct dp_table *orders = dp_own_global(ctx, DP_AUCTION_ORDER);
  for (uint32_t k = dp_table_next(orders, 0); k != DP_NO_ROW; k = dp_table_next(orders, k + 1))
    if (DP_ROW(orders, struct dp_auction_order, k)->number == number) return DP_ROW(orders, struct dp_auction_order, k);
  return NULL;
}

static enum dp_status take_bid(struct dp_ctx *ctx, struct dp_transaction *t) {
  struct dp_auction_order *o = find_order(ctx, t->payload[0]);
  uint32_t row;
  if (!o || o->bid_n >= dp__auction_config(ctx)->bids_max_n) return t->status = 1, DP_OK;
  o->bid_n++;
  state_of(ctx)->bid_n++;
  DP_TRY(dp_table_add(dp_own_global(ctx, DP_AUCTION_BID), &row, ctx->err));
  *DP_ROW(dp_own_global(ctx, DP_AUCTION_BID), struct dp_auction_bid, row) =
      (struct dp_auction_bid){.order = o->number, .host = t->sender, .rate = (int64_t)t->payload[1]};
  return DP_OK;
}

static enum dp_status execute(struct dp_ctx *ctx, struct dp_transaction *t) {
  return t->kind == DP_AUCTION_KIND_ORDER ? take_order(ctx, t) : take_bid(ctx, t);
}

static void empty(struct dp_table *t) {
  for (uint32_t i = dp_table_next(t, 0); i != DP_NO_ROW; i = dp_table_next(t, i + 1)) dp_table_remove(t, i);
}

static int by_order_and_rate(const void *a, const void *b) {
  const struct dp_auction_bid *x = a, *y = b;
  if (x->order != y->order) return x->order < y->order ? -1 : 1;
  if (x->rate != y->rate) return x->rate < y->rate ? -1 : 1;
  return (x->host > y->host) - (x->host < y->host);
}

static bool is_taken(const struct dp_table *awards, dp_entity host) {
  for (uint32_t i = dp_table_next(awards, 0); i != DP_NO_ROW; i = dp_table_next(awards, i + 1))
    if (DP_ROW(awards, struct dp_auction_bid, i)->host == host) return true;
  return false;
}

/* The cheapest bid of a host that has no other award gets the lease, at its own rate or at the next one's (the customer's
 * highest where there is none). */
static enum dp_status award(struct dp_ctx *ctx, const struct dp_auction_bid *bids, size_t n, uint32_t order) {
  struct dp_table *awards = dp_own_global(ctx, DP_AUCTION_AWARD), *orders = dp_own_global(ctx, DP_AUCTION_ORDER);
  const struct dp_auction_order *o = DP_ROW(orders, struct dp_auction_order, order);
  size_t i = 0, next;
  uint32_t row;
  while (i < n && is_taken(awards, bids[i].host)) i++;
  if (i == n) return DP_OK;
  for (next = i + 1; next < n && is_taken(awards, bids[next].host);) next++;
  struct dp_auction_bid won = bids[i];
  if (dp__auction_config(ctx)->payment == DP_PAY_NEXT_BID) won.rate = next < n ? bids[next].rate : o->max_rate;
  won.duration_ns = o->duration_ns;
  state_of(ctx)->signed_n++;
  dp_table_remove(orders, order);
  DP_TRY(dp_table_add(awards, &row, ctx->err));
  *DP_ROW(awards, struct dp_auction_bid, row) = won;
  return DP_OK;
}

/* The bids of the round, in order. */
static enum dp_status sort_bids(struct dp_ctx *ctx, struct dp__auction *s, size_t *n) {
  const struct dp_table *bids = dp_own_global(ctx, DP_AUCTION_BID);
  *n = 0;
  if (s->bid_cap < bids->live_n) {
    if (!dp_array_resize(&s->bids, bids->live_n, sizeof *s->bids)) return dp_fail_nomem(ctx->err, "bids");
    s->bid_cap = bids->live_n;
  }
  for (uint32_t i = dp_table_next(bids, 0); i != DP_NO_ROW; i = dp_table_next(bids, i + 1))
    s->bids[(*n)++] = *DP_ROW(bids, struct dp_auction_bid, i);
  if (*n) qsort(s->bids, *n, sizeof *s->bids, by_order_and_rate);
  return DP_OK;
}

/* Row of an open order, DP_NO_ROW if there is none. */
static uint32_t row_of(const struct dp_table *orders, uint64_t number) {
  for (uint32_t k = dp_table_next(orders, 0); k != DP_NO_ROW; k = dp_table_next(orders, k + 1))
    if (DP_ROW(orders, struct dp_auction_order, k)->number == number) return k;
  return DP_NO_ROW;
}

static void lapse(struct dp_ctx *ctx, const struct dp__auction *s) {
  struct dp_table *orders = dp_own_global(ctx, DP_AUCTION_ORDER);
  for (uint32_t k = dp_table_next(orders, 0); k != DP_NO_ROW; k = dp_table_next(orders, k + 1)) {
    struct dp_auction_order *o = DP_ROW(orders, struct dp_auction_order, k);
    o->bid_n = 0; /* every round takes bids anew */
    if (ctx->now_ns - o->posted_ns < s->patience_ns) continue;
    state_of(ctx)->lapsed_n++;
    dp_table_remove(orders, k);
  }
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  struct dp__auction *s = dp__auction_shared(ctx);
  size_t n, i = 0;
  empty(dp_own_global(ctx, DP_AUCTION_AWARD));
  if (!beat->own || beat->last || ctx->now_ns % s->round_ns != 0) return DP_OK;
  DP_TRY(sort_bids(ctx, s, &n));
  while (i < n) {
    const size_t first = i;
    while (i < n && s->bids[i].order == s->bids[first].order) i++;
    DP_TRY(award(ctx, s->bids + first, i - first, row_of(dp_own_global(ctx, DP_AUCTION_ORDER), s->bids[first].order)));
  }
  empty(dp_own_global(ctx, DP_AUCTION_BID));
  lapse(ctx, s);
  return DP_OK;
}

static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_table *awards = dp_own_global(ctx, DP_AUCTION_AWARD);
  if (!beat->own) return DP_OK;
  for (uint32_t i = dp_table_next(awards, 0); i != DP_NO_ROW; i = dp_table_next(awards, i + 1)) {
    const struct dp_auction_bid *a = DP_ROW(awards, struct dp_auction_bid, i);
    if (dp_entity_cell(a->host) == ctx->cell->id) DP_TRY(dp__lease_begin(ctx, a));
  }
  return DP_OK;
}

/* ---- measures ---- */

static enum dp_status sample_cell(struct dp_ctx *ctx) {
  dp_metric_set(ctx, DP_AUCTION_ACTIVE, 0, dp__auction_desk(ctx)->active_n);
  return DP_OK;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  dp_metric_set_global(ctx, DP_AUCTION_ORDERED, (double)state_of(ctx)->order_n);
  dp_metric_set_global(ctx, DP_AUCTION_LAPSED, (double)state_of(ctx)->lapsed_n);
  dp_metric_set_global(ctx, DP_AUCTION_BIDS, (double)state_of(ctx)->bid_n);
  return DP_OK;
}

static enum dp_status check_replicated(struct dp_ctx *ctx) {
  const struct dp_auction_state *state = state_of(ctx);
  if (state->order_n == state->signed_n + state->lapsed_n + dp_own_global(ctx, DP_AUCTION_ORDER)->live_n) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "%s: orders are not those signed, lapsed and open", ctx->self->name);
}

#include "market/auction_tables.inc"
