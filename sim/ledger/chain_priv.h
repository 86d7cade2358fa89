/* sim/ledger/chain_priv.h — what the files of the model "ledger.chain" share; nobody else includes it.
 * Layer: domain. Not collective. */
#ifndef DP_LEDGER_CHAIN_PRIV_H
#define DP_LEDGER_CHAIN_PRIV_H

#include "ledger/chain.h"

enum { DP_CHAIN_STATE, DP_CHAIN_PROBE }; /* replicated tables */

/** `shared` of an instance: derived from the scenario, never changed after init. */
struct dp__chain {
  int64_t block_ns, spell_blocks, retry_blocks, expiry_blocks;
  const struct dp_instance *l1; /* NULL: none */
  int64_t *path_ns;             /* [path_n] since the start, rising */
  dp_i128 *path_nusd;           /* [path_n] of a coin from then on */
  size_t path_n;
};

/** Somebody's transactions during a settlement. */
struct dp__chain_entry {
  struct dp_chain_batch *batch;
  struct dp_chain_batch *claims; /* NULL or: handed in when it has landed, claims_n of them */
  int64_t claims_n;
  bool phantom; /* takes no room, pays nothing */
};

static inline struct dp_chain_state *dp__chain_state(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, DP_CHAIN_STATE), struct dp_chain_state, 0);
}

/** The base fee has a memory and answers to the load. */
static inline bool dp__chain_has_market(const struct dp_chain_config *c) {
  return c->kind != DP_CHAIN_SOLANA && c->kind != DP_CHAIN_COSMOS;
}

/* ---- chain_price.c ---- */

/** init: the coin's price, from a table, a list or a constant. DP_SCENARIO with a remedy. */
enum dp_status dp__chain_prices(struct dp_ctx *ctx, struct dp__chain *s);

/* ---- chain_load.c ---- */

/** What others ask of block `block` over the target (SOLANA, COSMOS: the limit) at the reference fee; its mean over
 *  blocks is load_ratio. `spell`: without the noise of the single block. */
double dp__chain_load(const struct dp_ctx *ctx, int64_t block, bool spell);

/** Steps all blocks before now; entries (in the order in which equal bids are taken) as long as any of them waits. */
enum dp_status dp__chain_run(struct dp_ctx *ctx, struct dp__chain_entry *entries, size_t n);

/** `n` more of a batch that nobody has handed in are, at `at_ns`; `block` is the first that may take them. */
void dp__chain_hand_in(struct dp_chain_batch *batch, int64_t n, int64_t at_ns, int64_t block);

/** Base units a byte of data on an L2 now. */
double dp__chain_data_price(const struct dp_ctx *ctx, const struct dp_instance *chain);

/** Fills what a batch of such transactions bids and allows now. */
enum dp_status dp__chain_bid(struct dp_ctx *ctx, const struct dp_instance *chain, double tip_ratio,
                             struct dp_chain_batch *batch);

/** Raises what a batch of the chain in ctx allows, if some of it was dropped and fees are above it now. */
void dp__chain_bid_again(const struct dp_ctx *ctx, struct dp_chain_batch *batch);

#endif
