/* sim/market/waterfall.h — where the money for delivered work comes from and where it goes.
 * Layer: domain. Part of the model "market.gateway"; see market/README.md for the definitions. Not collective.
 *
 * gross spend = revenue + grants that customers spend + self-dealing + rebates = protocol's take + provider income,
 * in whole nano-USD. Each market counts here what it has delivered; the sums of a settlement wait in the cell. */
#ifndef DP_MARKET_WATERFALL_H
#define DP_MARKET_WATERFALL_H

#include "market/gateway.h"

/** Money for work that has been delivered in a cell. */
struct dp_paid {
  dp_i128 spend_nusd, take_nusd;     /* by customers; of it, to the protocol */
  dp_i128 granted_nusd;              /* of the spending, grants */
  dp_i128 self_nusd, self_take_nusd; /* by owners to themselves; of it, to the protocol */
};

/** Counts it; ctx->self is the network. */
void dp_waterfall_add(struct dp_ctx *ctx, const struct dp_paid *paid);

/** The customers' money of an interval of flow fidelity: from outside to the hosts' account and the protocol's. */
enum dp_status dp_waterfall_pay(struct dp_ctx *ctx, const struct dp_paid *paid);

/** init_replicated: DP_SCENARIO when more would be given back than is taken. */
enum dp_status dp_waterfall_check(struct dp_ctx *ctx);

/* ---- a settlement ---- */

/** Cell: customers get their rebates, the rest of the take leaves for the treasury, the sums are handed in. */
enum dp_status dp_waterfall_collect(struct dp_ctx *ctx, const struct dp_beat_info *beat);
/** Replicated: the take reaches the treasury, the sums since the start are published, grants to hosts are shared out. */
enum dp_status dp_waterfall_clear(struct dp_ctx *ctx, const struct dp_beat_info *beat);
/** Cell: working hosts get their grants. */
enum dp_status dp_waterfall_grant(struct dp_ctx *ctx);

#endif
