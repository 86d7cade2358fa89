/* sim/ledger/chain.c — the model "ledger.chain": a settlement's blocks, payouts' fees, and what is shown of them. */
#include <config.h>

#include "ledger/chain_priv.h"

#include <math.h>
#include <stdlib.h>

#include "ledger/payout.h"

#define ENTRY_MAX 64 /* payouts on a chain, two batches each, and the probe */

enum {
  METRIC_BASE_FEE, METRIC_LOAD, METRIC_USED, METRIC_FEE, METRIC_COIN, METRIC_BLOB_FEE, METRIC_BLOCK, METRIC_DELAY,
  METRIC_DROPPED, METRIC_LANDED
};

static const struct dp_chain_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }

const struct dp_chain_state *dp_chain_state_of(const struct dp_ctx *ctx, const struct dp_instance *chain) {
  return DP_ROW(&ctx->engine->globals[chain->first_global_table + DP_CHAIN_STATE], struct dp_chain_state, 0);
}

static struct dp_chain_batch *probe_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, DP_CHAIN_PROBE), struct dp_chain_batch, 0);
}

enum dp_status dp_chain_quote(struct dp_ctx *ctx, const struct dp_instance *chain, int64_t gas, int64_t bytes,
                              double tip_ratio, dp_i128 *now_nusd, dp_i128 *most_nusd) {
  const struct dp_chain_config *c = chain->config;
  const int64_t base = dp_chain_state_of(ctx, chain)->base_fee;
  const dp_i128 coin = dp_chain_coin_nusd(ctx, chain);
  struct dp_chain_batch b = {.gas = gas, .bytes = bytes};
  int64_t now, most;
  DP_TRY(dp__chain_bid(ctx, chain, tip_ratio, &b));
  DP_TRY(dp_chain_fee(c, base, b.tip, gas, b.data_fee, &now, ctx->err));
  most = now;
  if (dp__chain_has_market(c)) DP_TRY(dp_chain_fee(c, b.max_fee, 0, gas, b.data_fee, &most, ctx->err));
  if (dp_chain_nusd(now, coin, c->coin_decimals, now_nusd) && dp_chain_nusd(most, coin, c->coin_decimals, most_nusd))
    return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "ledger.chain: a fee on %s overflows 127 bits", chain->name);
}

/* ---- init ---- */

static void release(void *p) {
  struct dp__chain *s = p;
  free(s->path_ns);
  free(s->path_nusd);
  free(s);
}

static int64_t blocks(double seconds, int64_t block_ns) {
  const double n = fmin(seconds * 1e9, 9e18) / (double)block_ns;
  return n < 1 ? 1 : (int64_t)n;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_chain_config *c = config_of(ctx);
  struct dp__chain *s = calloc(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "a chain");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  s->block_ns = llround(c->block_s * 1e9);
  s->spell_blocks = blocks(c->spell_s, s->block_ns);
  s->retry_blocks = blocks(c->retry_s, s->block_ns);
  s->expiry_blocks = blocks(c->expiry_s, s->block_ns);
  if (c->l1.name && c->l1.name[0]) s->l1 = dp_sim_instance(dp_ctx_sim(ctx), c->l1.instance);
  if (s->l1 && ((const struct dp_chain_config *)s->l1->config)->kind != DP_CHAIN_ETHEREUM)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.chain: %s: l1 = \"%s\" is no chain of kind \"ethereum\"", ctx->self->name,
                   s->l1->name);
  DP_TRY(dp__chain_prices(ctx, s));
  DP_TRY(dp_table_add(dp_own_global(ctx, DP_CHAIN_STATE), &row, ctx->err));
  DP_TRY(dp_table_add(dp_own_global(ctx, DP_CHAIN_PROBE), &row, ctx->err));
  dp__chain_state(ctx)->base_fee = llround(c->kind == DP_CHAIN_COSMOS ? c->base_fee * 1e6 : c->base_fee);
  return DP_OK;
}

/* ---- a settlement ---- */

/** Who waits: the probe, and the batches of payouts on this chain; each handed in as far as its payer can pay. */
struct waiting {
  struct dp__chain_entry entries[ENTRY_MAX];
  const struct dp_instance *payers[ENTRY_MAX]; /* payout whose treasury pays; NULL: not the treasury */
  dp_i128 before[ENTRY_MAX];                   /* fee of the batch, before the run */
  dp_i128 reserved[ENTRY_MAX];                 /* of the treasury, in the order of the models */
  size_t n;
};

/** What the payer's treasury has, not yet reserved. */
static dp_i128 free_nusd(const struct dp_ctx *ctx, const struct waiting *w, const struct dp_instance *network) {
  dp_i128 free = dp_books_balance(ctx, dp_books_of(ctx, network, DP_ACCOUNT_TREASURY, DP_USD));
  for (size_t i = 0; i < w->n; i++)
    if (w->payers[i] && dp__payout_network(w->payers[i]) == network) free -= w->reserved[i];
  return free;
}

/** As many as the treasury can pay at the most that they allow. */
static enum dp_status reserve(struct dp_ctx *ctx, const struct dp_instance *payout, struct dp_chain_batch *b,
                              struct waiting *w, int64_t *n) {
  const struct dp_chain_config *c = config_of(ctx);
  int64_t fee;
  dp_i128 nusd;
  const bool market = dp__chain_has_market(c);
  const struct dp_payout_config *policy = payout->config;
  if (b->in_n == 0) DP_TRY(dp__chain_bid(ctx, ctx->self, policy->tip_ratio, b)); /* handed in now, at today's fees */
  else dp__chain_bid_again(ctx, b);
  const int64_t base = dp__chain_state(ctx)->base_fee;
  DP_TRY(dp_chain_fee(c, market ? b->max_fee : base, market ? 0 : b->tip, b->gas, b->data_fee, &fee, ctx->err));
  DP_TRY(dp__payout_charge(ctx, payout, fee, &nusd));
  nusd += 1; /* a settlement's sum is rounded up */
  const dp_i128 can = nusd > 0 ? free_nusd(ctx, w, dp__payout_network(payout)) / nusd : b->left_n;
  *n = can < b->left_n ? (int64_t)can : b->left_n;
  w->reserved[w->n] = nusd * *n;
  if (*n < b->left_n) dp_payout_row_of(ctx, payout)->now_short_n = 1;
  return DP_OK;
}

/** Hands in what its payer can pay, as of the settlement before; claims of a `root` that waits, when that has landed. */
static enum dp_status add(struct dp_ctx *ctx, const struct dp_beat_info *beat, struct waiting *w,
                          struct dp_chain_batch *b, const struct dp_instance *payer, struct dp__chain_entry *root) {
  int64_t may = b->left_n;
  if (b->left_n == 0) return DP_OK;
  if (payer) DP_TRY(reserve(ctx, payer, b, w, &may));
  w->payers[w->n] = payer;
  w->before[w->n] = b->fee;
  w->entries[w->n++] = (struct dp__chain_entry){.batch = b};
  if (b->in_n > may) b->in_n = may;
  if (root) root->claims = b, root->claims_n = may;
  else dp__chain_hand_in(b, may - b->in_n, ctx->now_ns - beat->since_ns, dp__chain_state(ctx)->block + 1);
  return DP_OK;
}

static enum dp_status gather(struct dp_ctx *ctx, const struct dp_beat_info *beat, struct waiting *w) {
  const struct dp_instance *p = dp_sim_first(dp_ctx_sim(ctx), "ledger.payout");
  for (; p; p = dp_sim_next(p)) {
    struct dp_payout_row *row = dp_payout_row_of(ctx, p);
    if (row->chain != ctx->self->index) continue;
    if (w->n + 3 > ENTRY_MAX)
      return dp_fail(ctx->err, DP_SCENARIO, "ledger.chain: %s serves more than %d payouts", ctx->self->name,
                     (ENTRY_MAX - 1) / 2);
    DP_TRY(dp__payout_begin(ctx, p));
    const bool treasury = ((const struct dp_payout_config *)p->config)->payer == DP_PAYER_TREASURY;
    struct dp__chain_entry *root = row->root.left_n > 0 ? &w->entries[w->n] : NULL;
    DP_TRY(add(ctx, beat, w, &row->root, p, NULL));
    DP_TRY(add(ctx, beat, w, &row->batch, treasury ? p : NULL, root));
  }
  return DP_OK;
}

static enum dp_status add_probe(struct dp_ctx *ctx, const struct dp_beat_info *beat, struct waiting *w) {
  const struct dp_chain_config *c = config_of(ctx);
  struct dp_chain_batch *b = probe_of(ctx);
  if (c->probe_n == 0) return DP_OK;
  if (b->left_n == 0) {
    *b = (struct dp_chain_batch){.total_n = c->probe_n, .left_n = c->probe_n, .gas = c->payout_gas,
                                 .bytes = c->payout_bytes};
    DP_TRY(dp__chain_bid(ctx, ctx->self, 1, b));
    dp__chain_hand_in(b, c->probe_n, ctx->now_ns - beat->since_ns, dp__chain_state(ctx)->block + 1);
  }
  dp__chain_bid_again(ctx, b);
  w->payers[w->n] = NULL;
  w->entries[w->n++] = (struct dp__chain_entry){.batch = b, .phantom = true};
  return DP_OK;
}

/** Higher bids first; equal ones in the order of their models. */
static void sort(struct waiting *w) {
  for (size_t i = 1; i < w->n; i++)
    for (size_t k = i; k > 0 && w->entries[k].batch->tip > w->entries[k - 1].batch->tip; k--) {
      const struct dp__chain_entry e = w->entries[k];
      const struct dp_instance *p = w->payers[k];
      const dp_i128 before = w->before[k];
      w->entries[k] = w->entries[k - 1], w->payers[k] = w->payers[k - 1], w->before[k] = w->before[k - 1];
      w->entries[k - 1] = e, w->payers[k - 1] = p, w->before[k - 1] = before;
    }
}

/** What landed is counted, and what the treasury owes for it is paid. */
static enum dp_status settle(struct dp_ctx *ctx, const struct waiting *w) {
  for (size_t i = 0; i < w->n; i++) {
    const struct dp_instance *p = w->payers[i];
    dp_i128 nusd;
    if (!p) continue;
    struct dp_payout_row *row = dp_payout_row_of(ctx, p);
    DP_TRY(dp__payout_charge(ctx, p, w->entries[i].batch->fee - w->before[i], &nusd));
    row->now_fee_nusd += nusd;
    row->batch_fee_nusd += nusd;
    const struct dp_instance *network = dp__payout_network(p);
    DP_TRY(dp_books_post(ctx, DP_REASON_CHAIN_FEE_PROTOCOL, dp_books_of(ctx, network, DP_ACCOUNT_TREASURY, DP_USD),
                         dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), nusd));
  }
  return DP_OK;
}

/** Probes and payouts alike, once nothing of a batch waits. */
static void count(struct dp_ctx *ctx, const struct waiting *w) {
  struct dp_chain_state *s = dp__chain_state(ctx);
  for (size_t i = 0; i < w->n; i++) {
    const struct dp_chain_batch *b = w->entries[i].batch;
    if (b->left_n > 0) continue;
    s->landed_n += b->total_n;
    s->dropped_n += b->dropped_n;
    s->tried_n += b->tried_n;
    s->delay_ns += b->delay_ns;
  }
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  struct waiting w = {.n = 0};
  if (!beat->settlement) return DP_OK;
  DP_TRY(gather(ctx, beat, &w));
  if (ctx->now_ns > 0) DP_TRY(add_probe(ctx, beat, &w));
  sort(&w);
  DP_TRY(dp__chain_run(ctx, w.entries, w.n));
  DP_TRY(settle(ctx, &w));
  count(ctx, &w);
  return DP_OK;
}

/* ---- measures ---- */

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct dp_chain_config *c = config_of(ctx);
  const struct dp_chain_state *s = dp__chain_state(ctx);
  dp_i128 now, most;
  DP_TRY(dp_chain_quote(ctx, ctx->self, c->payout_gas, c->payout_bytes, 1, &now, &most));
  const double base = (double)s->base_fee / (c->kind == DP_CHAIN_COSMOS ? 1e6 : 1);
  dp_metric_set_global(ctx, METRIC_BASE_FEE, base);
  dp_metric_set_global(ctx, METRIC_LOAD, dp__chain_load(ctx, s->block, true));
  const double none = (double)NAN; /* not measured */
  dp_metric_set_global(ctx, METRIC_USED,
                       s->stepped_n ? dp_i128_to_double(s->load_ppm) / 1e6 / (double)s->stepped_n : none);
  dp_metric_set_global(ctx, METRIC_FEE, dp_books_units(dp_ctx_sim(ctx), DP_USD, now));
  dp_metric_set_global(ctx, METRIC_COIN, dp_books_units(dp_ctx_sim(ctx), DP_USD, dp_chain_coin_nusd(ctx, ctx->self)));
  dp_metric_set_global(ctx, METRIC_BLOB_FEE, dp__chain_data_price(ctx, ctx->self));
  dp_metric_set_global(ctx, METRIC_BLOCK, (double)s->block);
  dp_metric_set_global(ctx, METRIC_LANDED, (double)s->landed_n);
  dp_metric_set_global(ctx, METRIC_DELAY,
                       s->landed_n ? dp_i128_to_double(s->delay_ns) / 1e9 / (double)s->landed_n : none);
  dp_metric_set_global(ctx, METRIC_DROPPED, s->tried_n ? (double)s->dropped_n / (double)s->tried_n : none);
  return DP_OK;
}

#include "ledger/chain_tables.inc"
