/* sim/ledger/chain_load.c — blocks: what others put in, who of ours is taken, and the base fee that follows. */
#include <config.h>

#include <gsl/gsl_randist.h>
#include <math.h>

#include "ledger/chain_priv.h"
#include "ledger/ethereum.h"

#define BLOB_GAS 131072 /* EIP-4844: gas and bytes of a blob */

static const struct dp_chain_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }
static const struct dp__chain *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }

/* ---- what others do ---- */

double dp__chain_load(const struct dp_ctx *ctx, int64_t block, bool spell) {
  const struct dp_chain_config *c = config_of(ctx);
  const double s = c->spell_deviation;
  double load = c->load_ratio / (1 + c->burst_ratio * (c->burst_factor - 1));
  if (s > 0 || c->burst_ratio > 0) {
    struct dp_rng rng = dp_ctx_rng(ctx, 0, DP_STREAM(DP_STREAM_CHAIN_SPELL, ctx->self->index),
                                   (uint64_t)(block / shared_of(ctx)->spell_blocks));
    if (dp_rng_uniform(&rng) < c->burst_ratio) load *= c->burst_factor;
    if (s > 0) load *= exp(s * dp_rng_normal(&rng) - s * s / 2);
  }
  if (spell || c->noise_ratio == 0) return load;
  struct dp_rng rng = dp_ctx_rng(ctx, 0, DP_STREAM(DP_STREAM_CHAIN_BLOCK, ctx->self->index), (uint64_t)block);
  return load * (1 + c->noise_ratio * (2 * dp_rng_uniform(&rng) - 1));
}

/** Demand at a fee over that at the reference fee. */
static double response(const struct dp_chain_config *c, double fee, double reference) {
  const double ratio = reference / fmax(fee, 1);
  return c->elasticity == 1 ? ratio : pow(ratio, c->elasticity);
}

/** Gas that others want in a block. */
static int64_t demand(const struct dp_ctx *ctx, const struct dp_chain_state *s, int64_t block) {
  const struct dp_chain_config *c = config_of(ctx);
  double gas = dp__chain_load(ctx, block, false) * (double)c->gas_limit;
  if (dp__chain_has_market(c)) gas *= response(c, (double)s->base_fee, c->base_fee) / 2;
  return (int64_t)fmin(gas, 1000 * (double)c->gas_limit);
}

/* ---- one block ---- */

void dp__chain_hand_in(struct dp_chain_batch *b, int64_t n, int64_t at_ns, int64_t block) {
  if (n <= 0) return;
  b->in_n += n; /* means: those that wait already keep most of the time that they have waited */
  b->from_ns += (int64_t)((dp_i128)(at_ns - b->from_ns) * n / b->in_n);
  b->sent_block += (int64_t)((dp_i128)(block - b->sent_block) * n / b->in_n);
}

/** Whether a waiting batch may be in this block; one that has waited too long is dropped and sent again. */
static bool is_offered(const struct dp_ctx *ctx, const struct dp_chain_state *s, struct dp_chain_batch *b,
                       int64_t block) {
  if (b->in_n == 0 || block < b->sent_block) return false;
  if (!dp__chain_has_market(config_of(ctx))) return true;
  if (block - b->sent_block >= shared_of(ctx)->expiry_blocks) {
    b->dropped_n += b->in_n;
    b->tried_n += b->in_n;
    b->sent_block = block;
  }
  return s->base_fee <= b->max_fee;
}

/** Of n transactions, those that land when each does with probability p. */
static int64_t landing(const struct dp_ctx *ctx, size_t entry, int64_t block, int64_t n, double p) {
  if (p >= 1) return n;
  struct dp_rng rng = dp_ctx_rng(ctx, entry, DP_STREAM(DP_STREAM_CHAIN_LAND, ctx->self->index), (uint64_t)block);
  gsl_rng gsl = dp_rng_gsl(&rng);
  const unsigned most = n > 1000000000 ? 1000000000u : (unsigned)n;
  return gsl_ran_binomial(&gsl, p, most);
}

/** How many of a batch a block takes beside `theirs` gas of others' demand and `ours` of entries before it. */
static int64_t taken(const struct dp_ctx *ctx, const struct dp__chain_entry *e, size_t nth, int64_t block,
                     int64_t theirs, int64_t ours) {
  const struct dp_chain_config *c = config_of(ctx);
  struct dp_chain_batch *b = e->batch;
  const double higher = c->tip > 0 ? exp(-(double)b->tip / c->tip) : 1; /* of others bid more */
  const double above = (double)theirs * higher;
  double p = 1 - c->loss_ratio;
  int64_t room = c->gas_limit - ours, n = b->in_n;
  if (c->kind == DP_CHAIN_SOLANA) {
    const double hot = c->load_ratio > 0
                           ? c->hot_load_ratio * ((double)theirs / (double)c->gas_limit) / c->load_ratio * higher : 0;
    const double load = fmax(above / (double)c->gas_limit, hot);
    if (load > 1) p /= load;
    if (room > c->account_limit - ours) room = c->account_limit - ours;
  } else {
    room -= (int64_t)above;
  }
  const int64_t fit = room < 0 ? 0 : room / b->gas;
  const int64_t tried = n;
  n = landing(ctx, nth, block, n, p);
  if (n > fit) n = fit;
  if (c->kind == DP_CHAIN_SOLANA) {
    b->tried_n += tried;
    b->dropped_n += tried - n;
    b->sent_block = block + shared_of(ctx)->retry_blocks;
  }
  return n;
}

static enum dp_status land(struct dp_ctx *ctx, const struct dp_chain_state *s, struct dp__chain_entry *e, int64_t block,
                           int64_t n) {
  const struct dp_chain_config *c = config_of(ctx);
  struct dp_chain_batch *b = e->batch;
  const int64_t at = block * shared_of(ctx)->block_ns, head = b->max_fee - s->base_fee;
  int64_t fee;
  if (n == 0) return DP_OK;
  DP_TRY(dp_chain_fee(c, s->base_fee, dp__chain_has_market(c) && head < b->tip ? head : b->tip, b->gas, b->data_fee, &fee,
                      ctx->err));
  b->fee += (dp_i128)fee * n;
  b->delay_ns += (dp_i128)(at - b->from_ns) * n;
  b->last_ns = at;
  b->left_n -= n;
  b->in_n -= n;
  if (c->kind != DP_CHAIN_SOLANA) b->tried_n += n;
  if (e->claims && b->left_n == 0) dp__chain_hand_in(e->claims, e->claims_n, at, block + 1);
  return DP_OK;
}

/** Blobs of others in a block, and the excess that they leave. */
static enum dp_status step_blobs(struct dp_ctx *ctx, struct dp_chain_state *s, int64_t block) {
  const struct dp_chain_config *c = config_of(ctx);
  int64_t fee;
  if (c->blob_target_n == 0) return DP_OK;
  DP_TRY(dp_ethereum_blob_base_fee(s->excess_blob_gas, c->blob_fraction, &fee, ctx->err));
  const double load = c->load_ratio > 0 ? dp__chain_load(ctx, block, true) / c->load_ratio : 1;
  const double want = (double)c->blob_target_n * c->blob_load_ratio * load * response(c, (double)fee, 1);
  struct dp_rng rng = dp_ctx_rng(ctx, 1, DP_STREAM(DP_STREAM_CHAIN_BLOCK, ctx->self->index), (uint64_t)block);
  const int64_t blobs = (int64_t)fmin(want + dp_rng_uniform(&rng), (double)c->blob_most_n);
  s->excess_blob_gas += (blobs - c->blob_target_n) * BLOB_GAS;
  if (s->excess_blob_gas < 0) s->excess_blob_gas = 0;
  return DP_OK;
}

static enum dp_status step_block(struct dp_ctx *ctx, struct dp_chain_state *s, struct dp__chain_entry *entries, size_t n,
                                 int64_t block) {
  const struct dp_chain_config *c = config_of(ctx);
  const int64_t theirs = demand(ctx, s, block);
  int64_t ours = 0;
  for (size_t i = 0; i < n; i++) {
    struct dp__chain_entry *e = &entries[i];
    if (!is_offered(ctx, s, e->batch, block)) continue;
    const int64_t k = taken(ctx, e, i, block, theirs, e->phantom ? 0 : ours);
    DP_TRY(land(ctx, s, e, block, k));
    if (!e->phantom) ours += k * e->batch->gas;
  }
  const int64_t rest = c->gas_limit - ours;
  s->used_gas = ours + (theirs < rest ? theirs : rest);
  s->load_ppm += (dp_i128)s->used_gas * 1000000 / c->gas_limit;
  s->stepped_n++;
  s->block = block;
  if (!dp__chain_has_market(c)) return DP_OK;
  DP_TRY(dp_ethereum_next_base_fee(s->base_fee, s->used_gas, c->gas_limit, DP_ETHEREUM_BASE_FEE_DENOMINATOR, &s->base_fee,
                                   ctx->err));
  if (s->base_fee < c->base_fee_least) s->base_fee = c->base_fee_least;
  return step_blobs(ctx, s, block);
}

/* ---- a settlement's blocks ---- */

/** Passes over blocks that hold nothing of ours: the fee is where the spell's load leaves it, as far as so many blocks
 *  can move it. */
static void jump(const struct dp_ctx *ctx, struct dp_chain_state *s, int64_t to) {
  const struct dp_chain_config *c = config_of(ctx);
  const double n = fmin((double)(to - s->block), 400), load = dp__chain_load(ctx, to, true);
  s->block = to;
  if (!dp__chain_has_market(c)) return;
  const double fee = c->base_fee * (c->elasticity == 1 ? load : pow(load, 1 / c->elasticity));
  const double base = (double)s->base_fee;
  const double high = fmin(base * pow(1.125, n), 9e18), low = base * pow(0.875, n);
  s->base_fee = (int64_t)fmax(fmin(fmax(fee, low), high), (double)c->base_fee_least);
  if (c->blob_target_n == 0) return;
  const double blobs = c->blob_load_ratio * (c->load_ratio > 0 ? load / c->load_ratio : 1);
  const double even = blobs > 1 ? (double)c->blob_fraction * log(blobs) / c->elasticity : 0;
  const double up = n * (double)((c->blob_most_n - c->blob_target_n) * BLOB_GAS);
  const double down = n * (double)(c->blob_target_n * BLOB_GAS), excess = (double)s->excess_blob_gas;
  s->excess_blob_gas = (int64_t)fmax(fmin(fmax(even, excess - down), excess + up), 0);
}

/** First block after s->block in which something can happen to an entry; `last` + 1 when nothing waits. */
static int64_t next_block(const struct dp_ctx *ctx, const struct dp_chain_state *s, const struct dp__chain_entry *entries,
                          size_t n, int64_t last) {
  int64_t next = last + 1;
  for (size_t i = 0; i < n; i++) {
    const struct dp_chain_batch *b = entries[i].batch;
    if (b->in_n == 0) continue;
    const int64_t at = b->sent_block > s->block ? b->sent_block : s->block + 1;
    if (at < next) next = at;
  }
  if (next <= last && dp__chain_has_market(config_of(ctx))) next = s->block + 1;
  return next;
}

enum dp_status dp__chain_run(struct dp_ctx *ctx, struct dp__chain_entry *entries, size_t n) {
  const struct dp_chain_config *c = config_of(ctx);
  struct dp_chain_state *s = dp__chain_state(ctx);
  const int64_t last = ctx->now_ns / shared_of(ctx)->block_ns; /* block n ends at n periods */
  for (;;) {
    const int64_t block = next_block(ctx, s, entries, n, last);
    if (block > last) break;
    DP_TRY(step_block(ctx, s, entries, n, block));
  }
  const int64_t exact = dp__chain_has_market(c) ? c->exact_blocks_n : 1;
  if (last - s->block > exact) jump(ctx, s, last - exact);
  while (s->block < last) DP_TRY(step_block(ctx, s, NULL, 0, s->block + 1));
  return DP_OK;
}

/* ---- bids ---- */

double dp__chain_data_price(const struct dp_ctx *ctx, const struct dp_instance *chain) {
  const struct dp_chain_config *c = chain->config;
  const struct dp__chain *s = chain->shared;
  struct dp_err err = {0};
  int64_t fee = 0;
  if (c->kind != DP_CHAIN_L2) return 0;
  if (!s->l1) return c->data_base_units_per_byte;
  const struct dp_chain_state *l1 = dp_chain_state_of(ctx, s->l1);
  const struct dp_chain_config *of = s->l1->config;
  if (c->data_gas_per_byte > 0) return (double)c->data_gas_per_byte * (double)l1->base_fee;
  if (dp_ethereum_blob_base_fee(l1->excess_blob_gas, of->blob_fraction, &fee, &err) != DP_OK) fee = INT64_MAX;
  return (double)fee / c->blob_fill_ratio; /* a gas a byte */
}

void dp__chain_bid_again(const struct dp_ctx *ctx, struct dp_chain_batch *b) {
  const struct dp_chain_state *s = dp__chain_state(ctx);
  if (!dp__chain_has_market(config_of(ctx)) || b->dropped_n == 0 || s->base_fee <= b->max_fee) return;
  const dp_i128 most = 2 * (dp_i128)s->base_fee + b->tip;
  b->max_fee = most > INT64_MAX ? INT64_MAX : (int64_t)most;
}

enum dp_status dp__chain_bid(struct dp_ctx *ctx, const struct dp_instance *chain, double tip_ratio,
                             struct dp_chain_batch *b) {
  const struct dp_chain_config *c = chain->config;
  const int64_t base = dp_chain_state_of(ctx, chain)->base_fee;
  const double tip = c->tip * tip_ratio, data = ceil(dp__chain_data_price(ctx, chain) * (double)b->bytes);
  const dp_i128 most = 2 * (dp_i128)base + (dp_i128)fmin(tip, 4e18);
  if (data > 9e18 || tip > 4e18 || most > INT64_MAX)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.chain: a bid on %s does not fit 63 bits", chain->name);
  b->tip = llround(tip);
  b->max_fee = dp__chain_has_market(c) ? (int64_t)most : INT64_MAX;
  b->data_fee = (int64_t)data;
  return DP_OK;
}
