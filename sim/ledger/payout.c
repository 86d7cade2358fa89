/* sim/ledger/payout.c — the model "ledger.payout": when a batch goes out, what becomes of it, a move elsewhere. */
#include <config.h>

#include "ledger/payout.h"

#include <math.h>
#include <stdlib.h>

#include "ledger/chain_priv.h"

/** Row of the cells' table "host", one a node. */
struct due_host {
  int64_t sent_nusd; /* in the batch */
  uint32_t account;  /* where its earnings wait; 0: not a host of this network */
  uint32_t zero;
};

/** Row of the cells' table "cell". */
struct due_cell {
  dp_i128 left_nusd;    /* since the last collect, to owners of hosts that have left */
  dp_i128 unsent_nusd;  /* of it, that was in the batch on its way */
  int64_t unsent_n;     /* their hosts */
};

struct shared {
  const struct dp_instance *network, *move_to;
  unsigned earned_value;
  struct dp_view provider, *wallets; /* [instance_n] provider.fleet host usd_account */
};

enum { HOST_TABLE, CELL_TABLE };
enum { FLOW_HOSTS, FLOW_AMOUNT, FLOW_LEFT, FLOW_UNSENT, FLOW_UNSENT_HOSTS };
enum { VALUE_SEND, VALUE_LANDED, VALUE_FEE_EACH, VALUE_LEAST };
enum {
  METRIC_FEE, METRIC_PAID, METRIC_TRANSACTIONS, METRIC_DROPPED, METRIC_TRIED, METRIC_BATCHES, METRIC_SHORT,
  METRIC_HOSTS_PAID, METRIC_DELAY, METRIC_OWED, METRIC_CHAIN, METRIC_MOVES, METRIC_BATCH_RATIO
};

static const struct dp_payout_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }
static const struct shared *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }
static struct due_host *host_at(const struct dp_ctx *ctx, uint32_t node) {
  return DP_ROW(dp_own_table(ctx, HOST_TABLE), struct due_host, node);
}

struct dp_payout_row *dp_payout_row_of(const struct dp_ctx *ctx, const struct dp_instance *payout) {
  return DP_ROW(&ctx->engine->globals[payout->first_global_table], struct dp_payout_row, 0);
}
static struct dp_payout_row *row_of(const struct dp_ctx *ctx) { return dp_payout_row_of(ctx, ctx->self); }

static const struct dp_instance *chain_of(const struct dp_ctx *ctx) {
  return dp_sim_instance(dp_ctx_sim(ctx), row_of(ctx)->chain);
}

/** What is waited for, by host: the part of a ratio that says whether a batch is worth its fees. */
static bool asks_ratio(const struct dp_payout_config *c) { return c->fee_ratio_most > 0; }

/* ---- init ---- */

static enum dp_status only_one(struct dp_ctx *ctx, const struct shared *s) {
  for (const struct dp_instance *i = dp_sim_first(dp_ctx_sim(ctx), "ledger.payout"); i != ctx->self; i = dp_sim_next(i))
    if (dp_instance_refers(i, "network", s->network))
      return dp_fail(ctx->err, DP_SCENARIO, "ledger.payout: %s and %s both pay the hosts of %s (a network has one payout)",
                     i->name, ctx->self->name, s->network->name);
  return DP_OK;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_payout_config *c = config_of(ctx);
  struct dp_sim *sim = dp_ctx_sim(ctx);
  struct shared *s = calloc(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "a payout");
  sim->instances[ctx->self->index].shared = s;
  s->network = dp_sim_instance(sim, c->network.instance);
  DP_TRY(only_one(ctx, s));
  DP_TRY(dp_value_find(s->network, "earned_nusd", &s->earned_value, ctx->err));
  DP_TRY(dp_view_find(dp_sim_first(sim, "hardware.node"), "node", "provider", &s->provider, ctx->err));
  s->wallets = calloc(sim->instance_n, sizeof *s->wallets);
  if (!s->wallets) return dp_fail_nomem(ctx->err, "a payout");
  for (const struct dp_instance *i = dp_sim_first(sim, "provider.fleet"); i; i = dp_sim_next(i))
    DP_TRY(dp_view_find(i, "host", "usd_account", &s->wallets[i->index], ctx->err));
  if (c->move_to.name && c->move_to.name[0]) s->move_to = dp_sim_instance(sim, c->move_to.instance);
  const struct dp_chain_config *chain = dp_sim_instance(sim, c->chain.instance)->config;
  if (c->mode == DP_CHAIN_MULTISEND && chain->batch_gas + c->per_tx_n * chain->batch_each_gas > chain->gas_limit)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.payout: %s: a multi-send to %lld hosts does not fit a block of %s (lower "
                   "per_tx_n)", ctx->self->name, (long long)c->per_tx_n, dp_sim_instance(sim, c->chain.instance)->name);
  DP_TRY(dp_table_add(dp_own_global(ctx, 0), &row, ctx->err));
  row_of(ctx)->chain = c->chain.instance;
  row_of(ctx)->over_ns = -1;
  return DP_OK;
}

static void release(void *p) {
  struct shared *s = p;
  free(s->wallets);
  free(s);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  uint32_t row;
  return dp_table_add(dp_own_table(ctx, CELL_TABLE), &row, ctx->err);
}

/* ---- hosts come and go ---- */

static enum dp_status join(struct dp_ctx *ctx, const struct dp_event *event, uint32_t node) {
  struct dp_node_build build;
  dp_event_payload(event, &build, sizeof build);
  const struct dp_instance *fleet = dp_sim_instance(dp_ctx_sim(ctx), build.provider);
  if (!dp_instance_refers(fleet, "network", shared_of(ctx)->network)) return DP_OK;
  return dp_books_open(ctx, DP_ACCOUNT_DUE, DP_USD, event->dest, &host_at(ctx, node)->account);
}

static enum dp_status leave(struct dp_ctx *ctx, uint32_t node) {
  struct due_host *h = host_at(ctx, node);
  if (h->account == 0) return DP_OK;
  const dp_i128 due = dp_books_balance(ctx, h->account);
  struct due_cell *cell = DP_ROW(dp_own_table(ctx, CELL_TABLE), struct due_cell, 0);
  cell->left_nusd += due;
  cell->unsent_nusd += h->sent_nusd;
  cell->unsent_n += h->sent_nusd > 0;
  DP_TRY(dp_books_post(ctx, DP_REASON_PAYOUT_LEFT, h->account, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), due));
  const uint32_t account = h->account;
  *h = (struct due_host){0};
  return dp_books_close(ctx, account);
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  const uint32_t node = dp_table_find(dp_own_table(ctx, HOST_TABLE), event->dest);
  if (node == DP_NO_ROW) return DP_OK;
  return event->kind == DP_EVENT_NODE_JOINED ? join(ctx, event, node) : leave(ctx, node);
}

/* ---- the cells' part of a settlement ---- */

/** Counts what the batch holds or, before one that its fees may hold back, what could be in it. */
static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_table *hosts = dp_own_table(ctx, HOST_TABLE);
  const uint32_t phase = row_of(ctx)->phase;
  dp_i128 n = 0, amount = 0;
  if (!beat->settlement) return DP_OK;
  struct due_cell *cell = DP_ROW(dp_own_table(ctx, CELL_TABLE), struct due_cell, 0);
  DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_LEFT, cell->left_nusd));
  if (phase == DP_PAYOUT_PENDING) {
    DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_UNSENT, cell->unsent_nusd));
    DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_UNSENT_HOSTS, cell->unsent_n));
  }
  *cell = (struct due_cell){0};
  if (phase == DP_PAYOUT_PENDING || (phase == DP_PAYOUT_IDLE && !asks_ratio(config_of(ctx)))) return DP_OK;
  for (uint32_t i = dp_table_next(hosts, 0); i != DP_NO_ROW; i = dp_table_next(hosts, i + 1)) {
    const struct due_host *h = host_at(ctx, i);
    if (h->account == 0) continue;
    const dp_i128 due = phase == DP_PAYOUT_IDLE ? dp_books_balance(ctx, h->account) : h->sent_nusd;
    n += due > 0;
    amount += due;
  }
  DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_HOSTS, n));
  return dp_flow_add(ctx, ctx->self, FLOW_AMOUNT, amount);
}

/** The batch has landed: what it held is the host's, who pays for his part of it or does not. */
static enum dp_status pay(struct dp_ctx *ctx) {
  const struct shared *s = shared_of(ctx);
  const struct dp_payout_row *row = row_of(ctx);
  const struct dp_table *hosts = dp_own_table(ctx, HOST_TABLE);
  const dp_i128 fee = dp_value_integer(ctx, ctx->self, VALUE_FEE_EACH);
  const uint32_t external = dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
  for (uint32_t i = dp_table_next(hosts, 0); i != DP_NO_ROW; i = dp_table_next(hosts, i + 1)) {
    struct due_host *h = host_at(ctx, i);
    if (h->sent_nusd == 0) continue;
    const uint16_t fleet = *(const uint16_t *)dp_view_at(ctx, &s->provider, i);
    const uint32_t wallet = *(const uint32_t *)dp_view_at(ctx, &s->wallets[fleet], i);
    DP_TRY(dp_books_post(ctx, DP_REASON_PAYOUT_LANDED, h->account, wallet, h->sent_nusd));
    DP_TRY(dp_books_post(ctx, DP_REASON_CHAIN_FEE, wallet, external, fee));
    h->sent_nusd = 0;
    dp_metric_record(ctx, METRIC_DELAY, row->batch.last_ns - row->batch_ns);
  }
  return DP_OK;
}

/** Marks what goes into the batch. */
static void mark(struct dp_ctx *ctx) {
  const struct dp_table *hosts = dp_own_table(ctx, HOST_TABLE);
  const dp_i128 least = dp_value_integer(ctx, ctx->self, VALUE_LEAST);
  for (uint32_t i = dp_table_next(hosts, 0); i != DP_NO_ROW; i = dp_table_next(hosts, i + 1)) {
    struct due_host *h = host_at(ctx, i);
    if (h->account == 0) continue;
    const dp_i128 due = dp_books_balance(ctx, h->account);
    if (due > 0 && due >= least) h->sent_nusd = due > INT64_MAX ? INT64_MAX : (int64_t)due;
  }
}

/** What the replicated part has counted is measured in one cell. */
static void measure(struct dp_ctx *ctx) {
  const struct dp_payout_row *row = row_of(ctx);
  if (ctx->cell->id != 0) return;
  dp_metric_add_i128(ctx, METRIC_FEE, 0, row->now_fee_nusd);
  dp_metric_add_i128(ctx, METRIC_PAID, 0, row->now_paid_nusd);
  dp_metric_add(ctx, METRIC_TRANSACTIONS, 0, row->now_transactions_n);
  dp_metric_add(ctx, METRIC_DROPPED, 0, row->now_dropped_n);
  dp_metric_add(ctx, METRIC_TRIED, 0, row->now_tried_n);
  dp_metric_add(ctx, METRIC_BATCHES, 0, row->now_batches_n);
  dp_metric_add(ctx, METRIC_SHORT, 0, row->now_short_n);
  if (row->now_batches_n) dp_metric_add(ctx, METRIC_HOSTS_PAID, 0, row->host_n);
}

static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (!beat->settlement) return DP_OK;
  measure(ctx);
  if (dp_value_integer(ctx, ctx->self, VALUE_LANDED)) DP_TRY(pay(ctx));
  if (dp_value_integer(ctx, ctx->self, VALUE_SEND)) mark(ctx);
  return DP_OK;
}

/* ---- the replicated part: called by the chain ---- */

const struct dp_instance *dp__payout_network(const struct dp_instance *payout) {
  return ((const struct shared *)payout->shared)->network;
}

enum dp_status dp__payout_charge(struct dp_ctx *ctx, const struct dp_instance *payout, dp_i128 fee, dp_i128 *nusd) {
  const struct dp_payout_row *row = dp_payout_row_of(ctx, payout);
  const struct dp_chain_config *c = dp_sim_instance(dp_ctx_sim(ctx), row->chain)->config;
  if (dp_chain_nusd(fee, row->coin_nusd, c->coin_decimals, nusd)) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "ledger.payout: the fees of %s overflow 127 bits", payout->name);
}

enum dp_status dp__payout_begin(struct dp_ctx *ctx, const struct dp_instance *payout) {
  const struct dp_payout_config *c = payout->config;
  struct dp_payout_row *row = dp_payout_row_of(ctx, payout);
  struct dp_ctx own = *ctx;
  own.self = payout;
  row->now_fee_nusd = row->now_paid_nusd = 0;
  row->now_transactions_n = row->now_dropped_n = row->now_tried_n = row->now_batches_n = row->now_short_n = 0;
  if (row->phase != DP_PAYOUT_SENT) return DP_OK;
  row->host_n = (int64_t)dp_flow_sum(&own, FLOW_HOSTS);
  row->amount = dp_flow_sum(&own, FLOW_AMOUNT);
  const struct dp_chain_need need = dp_chain_need(ctx->self->config, c->mode, c->per_tx_n, row->host_n);
  row->batch = (struct dp_chain_batch){.total_n = need.transaction_n, .left_n = need.transaction_n, .gas = need.gas,
                                       .bytes = need.bytes, .last_ns = row->sent_ns};
  row->batch_ns = row->sent_ns;
  DP_TRY(dp__chain_bid(ctx, ctx->self, c->tip_ratio, &row->batch));
  row->root = row->batch;
  row->root.total_n = row->root.left_n = c->mode == DP_CHAIN_MERKLE && row->host_n > 0;
  row->root.gas = ((const struct dp_chain_config *)ctx->self->config)->root_gas;
  row->phase = DP_PAYOUT_PENDING;
  return DP_OK;
}

/* ---- the replicated part: the policy ---- */

/** A batch is complete: what it cost hosts is known. */
static enum dp_status landed(struct dp_ctx *ctx, dp_i128 *fee_each) {
  const struct dp_payout_config *c = config_of(ctx);
  struct dp_payout_row *row = row_of(ctx);
  *fee_each = 0;
  if (c->payer == DP_PAYER_HOST && row->host_n > 0) {
    dp_i128 nusd;
    DP_TRY(dp__payout_charge(ctx, ctx->self, row->batch.fee, &nusd));
    *fee_each = (nusd + row->batch.total_n - 1) / row->batch.total_n; /* a transaction each */
    row->now_fee_nusd += *fee_each * row->host_n;
    row->batch_fee_nusd += *fee_each * row->host_n;
  }
  row->now_paid_nusd = row->amount;
  row->now_transactions_n = row->batch.total_n + row->root.total_n;
  row->now_dropped_n = row->batch.dropped_n + row->root.dropped_n;
  row->now_tried_n = row->batch.tried_n + row->root.tried_n;
  row->now_batches_n = row->host_n > 0;
  row->paid_nusd += row->amount;
  row->phase = DP_PAYOUT_IDLE;
  return DP_OK;
}

/** Whether fees have been too high for long enough, now that a batch has landed. */
static bool fees_say_move(struct dp_ctx *ctx) {
  const struct dp_payout_config *c = config_of(ctx);
  struct dp_payout_row *row = row_of(ctx);
  if (c->move_fee_ratio <= 0) return false;
  if (row->now_batches_n) {
    const bool over = dp_i128_to_double(row->batch_fee_nusd) > c->move_fee_ratio * dp_i128_to_double(row->amount);
    if (!over) row->over_ns = -1;
    else if (row->over_ns < 0) row->over_ns = ctx->now_ns;
  }
  return row->over_ns >= 0 && (double)(ctx->now_ns - row->over_ns) >= c->move_after_d * (double)DP_DAY;
}

static enum dp_status move(struct dp_ctx *ctx) {
  const struct dp_payout_config *c = config_of(ctx);
  struct dp_payout_row *row = row_of(ctx);
  const bool due = c->move_d > 0 && (double)ctx->now_ns >= c->move_d * (double)DP_DAY;
  const bool high = fees_say_move(ctx);
  if (!shared_of(ctx)->move_to || row->moved || row->phase != DP_PAYOUT_IDLE || !(due || high)) return DP_OK;
  const uint32_t treasury = dp_books_of(ctx, shared_of(ctx)->network, DP_ACCOUNT_TREASURY, DP_USD);
  const dp_i128 cost = llround(c->move_usd * 1e9);
  if (dp_books_balance(ctx, treasury) < cost) {
    row->now_short_n++;
    return DP_OK;
  }
  row->chain = c->move_to.instance;
  row->moved = 1;
  return dp_books_post(ctx, DP_REASON_CHAIN_MOVE, treasury, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), cost);
}

/** A host's part of the fee: now, and at most. */
static enum dp_status fee_each(struct dp_ctx *ctx, dp_i128 *now, dp_i128 *most) {
  const struct dp_payout_config *c = config_of(ctx);
  const struct dp_instance *chain = chain_of(ctx);
  const int64_t k = c->mode == DP_CHAIN_MULTISEND ? c->per_tx_n : 1;
  const struct dp_chain_need need = dp_chain_need(chain->config, c->mode, c->per_tx_n, k);
  DP_TRY(dp_chain_quote(ctx, chain, need.gas, need.bytes, c->tip_ratio, now, most));
  *now /= k;
  return DP_OK;
}

/** Whether a batch goes out now, and which dues are in it. */
static enum dp_status decide(struct dp_ctx *ctx, bool counted, bool *send, dp_i128 *least) {
  const struct dp_payout_config *c = config_of(ctx);
  struct dp_payout_row *row = row_of(ctx);
  dp_i128 now, most;
  *send = false;
  *least = 0;
  if (row->phase != DP_PAYOUT_IDLE || row->since_n < c->every_n) return DP_OK;
  DP_TRY(fee_each(ctx, &now, &most));
  if (asks_ratio(c)) {
    const double amount = counted ? dp_i128_to_double(dp_flow_sum(ctx, FLOW_AMOUNT)) : 0;
    const double fees = counted ? dp_i128_to_double(now) * dp_i128_to_double(dp_flow_sum(ctx, FLOW_HOSTS)) : 0;
    const bool late = (double)(ctx->now_ns - row->sent_ns) >= c->wait_most_d * (double)DP_DAY;
    if (amount <= 0 || (fees > c->fee_ratio_most * amount && !late)) return DP_OK;
  }
  *least = llround(c->least_usd * 1e9);
  if (c->payer == DP_PAYER_HOST) {
    const dp_i128 worth = (dp_i128)ceil(dp_i128_to_double(most) / c->claim_fee_ratio) + 1;
    if (worth > *least) *least = worth;
  }
  *send = true;
  return DP_OK;
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  struct dp_payout_row *row = row_of(ctx);
  dp_i128 each = 0, least = 0;
  bool send = false;
  if (!beat->settlement) return DP_OK;
  const bool counted = row->phase == DP_PAYOUT_IDLE;
  const bool done = row->phase == DP_PAYOUT_PENDING && row->batch.left_n == 0 && row->root.left_n == 0;
  row->left_nusd += dp_flow_sum(ctx, FLOW_LEFT);
  row->amount -= dp_flow_sum(ctx, FLOW_UNSENT);
  row->host_n -= (int64_t)dp_flow_sum(ctx, FLOW_UNSENT_HOSTS);
  if (done) DP_TRY(landed(ctx, &each));
  row->fee_nusd += row->now_fee_nusd;
  DP_TRY(move(ctx));
  if (beat->n > 0) row->since_n++;
  if (!beat->last) DP_TRY(decide(ctx, counted, &send, &least));
  if (send) {
    row->phase = DP_PAYOUT_SENT;
    row->sent_ns = ctx->now_ns;
    row->since_n = 0;
    row->batch_fee_nusd = 0;
    row->coin_nusd = dp_chain_coin_nusd(ctx, chain_of(ctx));
  }
  dp_value_set(ctx, VALUE_SEND, send, send);
  dp_value_set(ctx, VALUE_LANDED, done, done);
  dp_value_set(ctx, VALUE_FEE_EACH, each, dp_books_units(dp_ctx_sim(ctx), DP_USD, each));
  dp_value_set(ctx, VALUE_LEAST, least, dp_books_units(dp_ctx_sim(ctx), DP_USD, least));
  return DP_OK;
}

/* ---- measures and invariants ---- */

static dp_i128 owed(const struct dp_ctx *ctx) {
  const struct shared *s = shared_of(ctx);
  return dp_value_integer(ctx, s->network, s->earned_value) - row_of(ctx)->paid_nusd - row_of(ctx)->left_nusd;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct dp_payout_row *row = row_of(ctx);
  const double paid = dp_i128_to_double(row->amount);
  dp_metric_set_global(ctx, METRIC_OWED, dp_books_units(dp_ctx_sim(ctx), DP_USD, owed(ctx)));
  dp_metric_set_global(ctx, METRIC_CHAIN, (double)chain_of(ctx)->nth);
  dp_metric_set_global(ctx, METRIC_MOVES, row->moved);
  dp_metric_set_global(ctx, METRIC_BATCH_RATIO, paid > 0 ? dp_i128_to_double(row->batch_fee_nusd) / paid : 0);
  return DP_OK;
}

/** Nothing is paid that was not due. */
static enum dp_status check_replicated(struct dp_ctx *ctx) {
  if (owed(ctx) >= 0) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "ledger.payout: %s has paid more than hosts have earned", ctx->self->name);
}

#include "ledger/payout_tables.inc"
