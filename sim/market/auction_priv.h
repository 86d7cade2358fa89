/* sim/market/auction_priv.h — inside of the model "market.auction": what its files share. Nobody else includes it.
 * Layer: domain. Not collective. */
#ifndef DP_MARKET_AUCTION_PRIV_H
#define DP_MARKET_AUCTION_PRIV_H

#include "market/auction.h"
#include "market/flow.h"

/** `shared`: derived from the scenario, but for the scratch of one round. */
struct dp__auction {
  const struct dp_instance *network;
  const struct dp_place *place;
  double orders_per_ns; /* of all cells */
  double weight;        /* of all cells' demand */
  int64_t take_ppb, min_reputation_ppm;
  dp_time round_ns, patience_ns, all_ns;
  struct dp_auction_bid *bids;   /* [bid_cap] */
  uint32_t *orders;              /* [order_cap] rows */
  size_t bid_cap, order_cap;
};

enum dp__auction_table { DP_AUCTION_LEASE, DP_AUCTION_DESK };
enum dp__auction_global { DP_AUCTION_STATE, DP_AUCTION_ORDER, DP_AUCTION_BID, DP_AUCTION_AWARD };
enum dp__auction_kind { DP_AUCTION_KIND_ORDER, DP_AUCTION_KIND_BID };
enum dp__auction_metric {
  DP_AUCTION_SIGNED, DP_AUCTION_ENDED, DP_AUCTION_BROKEN, DP_AUCTION_ACTIVE, DP_AUCTION_TIME, DP_AUCTION_PRICE,
  DP_AUCTION_SPEND, DP_AUCTION_TAKE, DP_AUCTION_ORDERED, DP_AUCTION_LAPSED, DP_AUCTION_BIDS
};

static inline struct dp__auction *dp__auction_shared(const struct dp_ctx *ctx) { return ctx->self->shared; }
static inline const struct dp_auction_config *dp__auction_config(const struct dp_ctx *ctx) { return ctx->self->config; }
static inline struct dp_lease *dp__lease_at(const struct dp_ctx *ctx, uint32_t node) {
  return DP_ROW(dp_own_table(ctx, DP_AUCTION_LEASE), struct dp_lease, node);
}
static inline struct dp_auction_desk *dp__auction_desk(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, DP_AUCTION_DESK), struct dp_auction_desk, 0);
}
/** The network's listing of a node. */
static inline struct dp_listing *dp__leased(const struct dp_ctx *ctx, uint32_t node) {
  const struct dp_instance *network = dp__auction_shared(ctx)->network;
  return DP_ROW(&ctx->cell->tables[network->first_cell_table + DP_GATEWAY_LISTING], struct dp_listing, node);
}

/* ---- lease.c: a lease from its award to its end ---- */

enum dp_status dp__lease_begin(struct dp_ctx *ctx, const struct dp_auction_bid *award);
/** Pays what is due up to now. */
enum dp_status dp__lease_stream(struct dp_ctx *ctx, uint32_t node, dp_time until_ns);
/** Pays, and gives the rest back. */
enum dp_status dp__lease_close(struct dp_ctx *ctx, uint32_t node, bool broken);
/** The timer of the cell: all leases pay just before a settlement; of a host: its lease ends. */
enum dp_status dp__lease_handle(struct dp_ctx *ctx, const struct dp_event *event);
enum dp_status dp__lease_set_timer(struct dp_ctx *ctx, dp_time after_ns);

#endif
