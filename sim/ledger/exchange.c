#include <config.h>

#include "ledger/exchange.h"

#include <math.h>
#include <stdlib.h>

#include "books/books.h"
#include "ledger/swap.h"
#include "ledger/token.h"

/** Where a fleet keeps what the exchange needs of a host. */
struct fleet_view {
  struct dp_view sell_ppb, usd_account;
};

/** `shared`: derived from the scenario, never changed after init. */
struct shared {
  const struct dp_instance *token;
  const struct dp_instance *network; /* NULL: none */
  uint16_t asset;
  int64_t fee_ppm, buyback_ppb;
  dp_i128 outside_nusd_per_day;
  unsigned spend_value, take_value; /* of the network */
  struct dp_view rewarded, token_account; /* ledger.token share */
  struct dp_view provider;                /* hardware.node node */
  struct fleet_view *fleets;              /* [instance_n] by fleet */
};

/** Row of table "claim": one a cell. */
struct claim {
  dp_i128 taken_nusd; /* by the cell's hosts at the last settlement */
};

enum { ORDER_TABLE, CLAIM_TABLE };
enum { STATE_TABLE };
enum { FLOW_OFFERED, FLOW_TAKEN };
enum { VALUE_OFFERED, VALUE_PROCEEDS, VALUE_PRICE };
enum {
  METRIC_PRICE, METRIC_PRICE_CHANGE, METRIC_DEPTH, METRIC_POOL_USD, METRIC_POOL_TOKEN, METRIC_HOST_TOKEN,
  METRIC_HOST_USD, METRIC_HOLDER_TOKEN, METRIC_HOLDER_USD, METRIC_BUYBACK_USD, METRIC_BUYBACK_TOKEN, METRIC_OUTSIDE_USD,
  METRIC_INFLOW, METRIC_EMISSION_USD, METRIC_REVENUE_USD, METRIC_WINDOW_EMISSION, METRIC_WINDOW_REVENUE,
  METRIC_TENTH_TOKEN, METRIC_NET_SALES, METRIC_NET_FLOW
};

static struct dp_exchange_state *state_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, STATE_TABLE), struct dp_exchange_state, 0);
}

static struct claim *claim_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, CLAIM_TABLE), struct claim, 0);
}

static struct dp_reserves pool_of(const struct dp_ctx *ctx) {
  const struct dp_exchange_state *state = state_of(ctx);
  const struct shared *s = ctx->self->shared;
  return (struct dp_reserves){dp_books_balance(ctx, state->token_account), dp_books_balance(ctx, state->usd_account),
                          s->fee_ppm};
}

/* ---- init ---- */

static enum dp_status find_views(struct dp_ctx *ctx, struct shared *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  DP_TRY(dp_view_find(s->token, "share", "rewarded", &s->rewarded, ctx->err));
  DP_TRY(dp_view_find(s->token, "share", "account", &s->token_account, ctx->err));
  DP_TRY(dp_view_find(dp_sim_first(sim, "hardware.node"), "node", "provider", &s->provider, ctx->err));
  s->fleets = calloc(sim->instance_n, sizeof *s->fleets);
  if (!s->fleets) return dp_fail_nomem(ctx->err, "an exchange");
  for (const struct dp_instance *i = dp_sim_first(sim, "provider.fleet"); i; i = dp_sim_next(i)) {
    DP_TRY(dp_view_find(i, "host", "sell_ppb", &s->fleets[i->index].sell_ppb, ctx->err));
    DP_TRY(dp_view_find(i, "host", "usd_account", &s->fleets[i->index].usd_account, ctx->err));
  }
  s->network = dp_token_network(s->token);
  if (!s->network) return DP_OK;
  DP_TRY(dp_value_find(s->network, "spend_nusd", &s->spend_value, ctx->err));
  return dp_value_find(s->network, "take_nusd", &s->take_value, ctx->err);
}

static enum dp_status only_one(struct dp_ctx *ctx, const struct dp_exchange_config *config) {
  for (const struct dp_instance *i = dp_sim_first(dp_ctx_sim(ctx), "ledger.exchange"); i != ctx->self; i = dp_sim_next(i))
    if (((const struct dp_exchange_config *)i->config)->token.instance == config->token.instance)
      return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s and %s both trade %s (a token has one exchange, so that "
                     "it has one price)", i->name, ctx->self->name,
                     dp_sim_instance(dp_ctx_sim(ctx), config->token.instance)->name);
  return DP_OK;
}

static enum dp_status seed(struct dp_ctx *ctx, const struct shared *s) {
  const struct dp_exchange_config *config = ctx->self->config;
  const struct dp_token_config *token = s->token->config;
  struct dp_exchange_state *state = state_of(ctx);
  dp_i128 tokens, usd;
  const uint32_t holders = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset);
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_POOL, s->asset, ctx->self->index, &state->token_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_POOL, DP_USD, ctx->self->index, &state->usd_account));
  if (!dp_token_base_units(config->tokens, token->decimals, &tokens) || tokens == 0 ||
      !dp_token_base_units(config->usd, DP_USD_DECIMALS, &usd) || usd == 0)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: the pool is empty: %g tokens and %g usd (give both, above "
                   "one base unit)", ctx->self->name, config->tokens, config->usd);
  if (tokens > dp_books_balance(ctx, holders))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: the pool takes %g %s, and only %g are in nobody's tranche "
                   "(leave more of the supply unallocated, or make the pool smaller)", ctx->self->name, config->tokens,
                   s->token->name, dp_books_units(dp_ctx_sim(ctx), s->asset, dp_books_balance(ctx, holders)));
  DP_TRY(dp_books_post(ctx, DP_REASON_LIQUIDITY_TOKEN, holders, state->token_account, tokens));
  return dp_books_post(ctx, DP_REASON_LIQUIDITY_USD, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), state->usd_account,
                       usd);
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_exchange_config *config = ctx->self->config;
  struct shared *s = calloc(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "an exchange");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  DP_TRY(only_one(ctx, config));
  s->token = dp_sim_instance(dp_ctx_sim(ctx), config->token.instance);
  s->asset = dp_token_asset(s->token);
  s->fee_ppm = llround(config->fee_ratio * 1e6);
  s->buyback_ppb = dp_token_ppb(((const struct dp_token_config *)s->token->config)->buyback_ratio);
  if (!dp_token_base_units(config->outside_usd_per_day, DP_USD_DECIMALS, &s->outside_nusd_per_day))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: outside_usd_per_day is too large", ctx->self->name);
  DP_TRY(find_views(ctx, s));
  DP_TRY(dp_table_add(dp_own_global(ctx, STATE_TABLE), &row, ctx->err));
  return seed(ctx, s);
}

static void release(void *p) {
  struct shared *s = p;
  free(s->fleets);
  free(s);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  uint32_t row;
  return dp_table_add(dp_own_table(ctx, CLAIM_TABLE), &row, ctx->err);
}

/* ---- the cells' part of a settlement ---- */

static const struct fleet_view *fleet_of(const struct dp_ctx *ctx, const struct shared *s, uint32_t node) {
  return &s->fleets[*(const uint16_t *)dp_view_at(ctx, &s->provider, node)];
}

/** What this host offers now: its part of all that it has earned, less what it has offered before. */
static enum dp_status offer(struct dp_ctx *ctx, const struct shared *s, uint32_t node, dp_i128 *sum) {
  struct dp_order *order = DP_ROW(dp_own_table(ctx, ORDER_TABLE), struct dp_order, node);
  const dp_i128 rewarded = *(const dp_i128 *)dp_view_at(ctx, &s->rewarded, node);
  const struct fleet_view *fleet = fleet_of(ctx, s, node);
  if (rewarded == 0 || fleet->sell_ppb.type != DP_TYPE_I64) return DP_OK;
  const dp_i128 wanted = dp_token_part(rewarded, *(const int64_t *)dp_view_at(ctx, &fleet->sell_ppb, node));
  order->offered_now = wanted > order->offered ? wanted - order->offered : 0;
  order->offered += order->offered_now;
  *sum += order->offered_now;
  return dp_books_post(ctx, DP_REASON_SALE_OUT, *(const uint32_t *)dp_view_at(ctx, &s->token_account, node),
                       dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset), order->offered_now);
}

static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_table *orders = dp_own_table(ctx, ORDER_TABLE);
  dp_i128 sum = 0;
  if (!beat->settlement) return DP_OK;
  DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_TAKEN, claim_of(ctx)->taken_nusd));
  for (uint32_t i = dp_table_next(orders, 0); i != DP_NO_ROW; i = dp_table_next(orders, i + 1))
    DP_TRY(offer(ctx, ctx->self->shared, i, &sum));
  return dp_flow_add(ctx, ctx->self, FLOW_OFFERED, sum);
}

static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct shared *s = ctx->self->shared;
  const struct dp_table *orders = dp_own_table(ctx, ORDER_TABLE);
  if (!beat->settlement) return DP_OK;
  const dp_i128 offered = dp_value_integer(ctx, ctx->self, VALUE_OFFERED);
  const dp_i128 proceeds = dp_value_integer(ctx, ctx->self, VALUE_PROCEEDS);
  const uint32_t bridge = dp_books_own(ctx, DP_ACCOUNT_BRIDGE, DP_USD);
  claim_of(ctx)->taken_nusd = 0;
  if (offered == 0) return DP_OK;
  for (uint32_t i = dp_table_next(orders, 0); i != DP_NO_ROW; i = dp_table_next(orders, i + 1)) {
    struct dp_order *order = DP_ROW(orders, struct dp_order, i);
    if (order->offered_now == 0) continue;
    const dp_i128 usd = dp_token_share_of(proceeds, order->offered_now, offered);
    order->offered_now = 0;
    claim_of(ctx)->taken_nusd += usd;
    const uint32_t wallet = *(const uint32_t *)dp_view_at(ctx, &fleet_of(ctx, s, i)->usd_account, i);
    DP_TRY(dp_books_post(ctx, DP_REASON_PROCEEDS_IN, bridge, wallet, usd));
  }
  return DP_OK;
}

/* ---- the replicated part ---- */

/** What the batch takes in, by who offers it. */
struct orders {
  dp_i128 host_token, holder_token; /* for sale */
  dp_i128 buyback_usd, outside_usd; /* to buy with */
};

/** Flooring left this in flight: it is the pool's. */
static enum dp_status sweep(struct dp_ctx *ctx, struct dp_exchange_state *state) {
  dp_i128 rest = state->pending_usd - dp_flow_sum(ctx, FLOW_TAKEN);
  state->pending_usd = 0;
  if (rest < 0)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.exchange: hosts took more than their tokens brought on %s",
                   ctx->self->name);
  return dp_books_post(ctx, DP_REASON_PROCEEDS_REST, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, DP_USD), state->usd_account,
                       rest);
}

/** What a tranche sells now: its part of all that has unlocked, less what it has offered before. */
static dp_i128 tranche_offer(const struct shared *s, const struct dp_tranche_row *row, uint32_t nth) {
  const struct dp_tranche *t = ((const struct dp_token_config *)s->token->config)->allocation.v[nth].part;
  return dp_token_part(row->unlocked, dp_token_ppb(t->sell_ratio)) - row->offered;
}

static enum dp_status gather(struct dp_ctx *ctx, const struct shared *s, struct orders *o) {
  const struct dp_exchange_state *state = state_of(ctx);
  const struct dp_table *tranches = dp_token_tranches(ctx, s->token);
  *o = (struct orders){.host_token = dp_flow_sum(ctx, FLOW_OFFERED)};
  for (uint32_t i = 0; i < tranches->row_n; i++)
    o->holder_token += tranche_offer(s, DP_ROW(tranches, struct dp_tranche_row, i), i);
  dp_i128 outside;
  if (!dp_token_schedule(s->outside_nusd_per_day, ctx->now_ns, &outside))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.exchange: outside money overflows 127 bits");
  o->outside_usd = outside - state->outside_usd;
  if (!s->network) return DP_OK;
  const dp_i128 take = dp_value_integer(ctx, s->network, s->take_value);
  const dp_i128 cash = dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_TREASURY, DP_USD));
  o->buyback_usd = dp_token_part(take, s->buyback_ppb) - state->buyback_usd;
  if (o->buyback_usd > cash) o->buyback_usd = cash;
  return DP_OK;
}

/** Everything that is offered enters the pool. */
static enum dp_status take_in(struct dp_ctx *ctx, const struct shared *s, const struct orders *o) {
  const struct dp_exchange_state *state = state_of(ctx);
  const struct dp_table *tranches = dp_token_tranches(ctx, s->token);
  const uint32_t holders = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, DP_USD);
  DP_TRY(dp_books_post(ctx, DP_REASON_SALE_IN, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset), state->token_account,
                       o->host_token));
  for (uint32_t i = 0; i < tranches->row_n; i++) {
    struct dp_tranche_row *row = DP_ROW(tranches, struct dp_tranche_row, i);
    DP_TRY(dp_books_post(ctx, DP_REASON_HOLDER_TRADE_IN, row->token_account, state->token_account,
                         tranche_offer(s, row, i)));
  }
  DP_TRY(dp_books_post(ctx, DP_REASON_BUYER_MONEY, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), holders,
                       o->outside_usd));
  DP_TRY(dp_books_post(ctx, DP_REASON_HOLDER_TRADE_IN, holders, state->usd_account, o->outside_usd));
  return dp_books_post(ctx, DP_REASON_BUYBACK_IN, dp_books_own(ctx, DP_ACCOUNT_TREASURY, DP_USD), state->usd_account,
                       o->buyback_usd);
}

/** Sellers get their USD. */
static enum dp_status pay_sellers(struct dp_ctx *ctx, const struct shared *s, const struct orders *o, dp_i128 usd) {
  struct dp_exchange_state *state = state_of(ctx);
  const struct dp_table *tranches = dp_token_tranches(ctx, s->token);
  const dp_i128 all = o->host_token + o->holder_token, hosts = dp_token_share_of(usd, o->host_token, all);
  state->host_token += o->host_token;
  state->host_usd += hosts;
  state->pending_usd = hosts;
  state->holder_token += o->holder_token;
  for (uint32_t i = 0; i < tranches->row_n; i++) {
    struct dp_tranche_row *row = DP_ROW(tranches, struct dp_tranche_row, i);
    const dp_i128 offered = tranche_offer(s, row, i), part = dp_token_share_of(usd, offered, all);
    row->offered += offered;
    state->holder_usd += part;
    DP_TRY(dp_books_post(ctx, DP_REASON_HOLDER_TRADE_OUT, state->usd_account, row->usd_account, part));
  }
  return dp_books_post(ctx, DP_REASON_PROCEEDS_OUT, state->usd_account, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, DP_USD),
                       hosts);
}

/** Buyers get their tokens; the treasury burns its own. */
static enum dp_status pay_buyers(struct dp_ctx *ctx, const struct shared *s, const struct orders *o, dp_i128 tokens) {
  struct dp_exchange_state *state = state_of(ctx);
  const dp_i128 all = o->buyback_usd + o->outside_usd, back = dp_token_share_of(tokens, o->buyback_usd, all);
  const dp_i128 outside = dp_token_share_of(tokens, o->outside_usd, all);
  const uint32_t treasury = dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset);
  state->buyback_usd += o->buyback_usd;
  state->buyback_token += back;
  state->outside_usd += o->outside_usd;
  state->outside_token += outside;
  DP_TRY(dp_books_post(ctx, DP_REASON_HOLDER_TRADE_OUT, state->token_account,
                       dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset), outside));
  DP_TRY(dp_books_post(ctx, DP_REASON_BUYBACK_OUT, state->token_account, treasury, back));
  return dp_books_post(ctx, DP_REASON_BURN, treasury, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset), back);
}

/** What the settlement minted and what customers paid, in USD. */
static enum dp_status value_emission(struct dp_ctx *ctx, const struct shared *s) {
  struct dp_exchange_state *state = state_of(ctx);
  const struct dp_reserves pool = pool_of(ctx);
  const dp_i128 minted = dp_token_state_of(ctx, s->token)->minted;
  dp_i128 revenue = s->network ? dp_value_integer(ctx, s->network, s->spend_value) : 0;
  if (!dp_i128_mul_div(minted - state->emission_seen, pool.usd, pool.token, DP_ROUND_DOWN, &state->window_emission_nusd))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.exchange: the value of the emission overflows 127 bits");
  state->emission_seen = minted;
  state->emission_nusd += state->window_emission_nusd;
  state->window_revenue_nusd = revenue - state->revenue_nusd;
  state->revenue_nusd = revenue;
  return DP_OK;
}

static double price_usd(const struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_reserves pool = pool_of(ctx);
  return dp_books_units(dp_ctx_sim(ctx), DP_USD, pool.usd) / dp_books_units(dp_ctx_sim(ctx), s->asset, pool.token);
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct shared *s = ctx->self->shared;
  struct orders o;
  if (!beat->settlement) return DP_OK;
  DP_TRY(sweep(ctx, state_of(ctx)));
  DP_TRY(gather(ctx, s, &o));
  const struct dp_reserves pool = pool_of(ctx);
  struct dp_swap batch = {.usd_in = o.buyback_usd + o.outside_usd, .token_in = o.host_token + o.holder_token};
  DP_TRY(dp_swap_fill(&pool, &batch, ctx->err));
  DP_TRY(take_in(ctx, s, &o));
  DP_TRY(pay_sellers(ctx, s, &o, batch.usd_out));
  DP_TRY(pay_buyers(ctx, s, &o, batch.token_out));
  DP_TRY(value_emission(ctx, s));
  dp_value_set(ctx, VALUE_OFFERED, o.host_token, dp_books_units(dp_ctx_sim(ctx), s->asset, o.host_token));
  dp_i128 proceeds = state_of(ctx)->pending_usd;
  dp_value_set(ctx, VALUE_PROCEEDS, proceeds, dp_books_units(dp_ctx_sim(ctx), DP_USD, proceeds));
  dp_value_set(ctx, VALUE_PRICE, (dp_i128)(price_usd(ctx) * 1e9), price_usd(ctx));
  return DP_OK;
}

/* ---- measures and invariants ---- */

static void show_usd(struct dp_ctx *ctx, unsigned metric, dp_i128 nusd) {
  dp_metric_set_global(ctx, metric, dp_books_units(dp_ctx_sim(ctx), DP_USD, nusd));
}

static void show_token(struct dp_ctx *ctx, unsigned metric, dp_i128 base) {
  dp_metric_set_global(ctx, metric, dp_books_units(dp_ctx_sim(ctx), dp_token_asset(((const struct shared *)
                                                                                    ctx->self->shared)->token), base));
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct dp_exchange_config *config = ctx->self->config;
  const struct dp_exchange_state *state = state_of(ctx);
  const struct shared *s = ctx->self->shared;
  const struct dp_reserves pool = pool_of(ctx);
  const double days = (double)ctx->now_ns / (double)DP_DAY, price = price_usd(ctx);
  const dp_i128 net = state->host_token + state->holder_token - state->buyback_token - state->outside_token;
  dp_metric_set_global(ctx, METRIC_PRICE, price);
  dp_metric_set_global(ctx, METRIC_PRICE_CHANGE, price / (config->usd / config->tokens) - 1);
  dp_metric_set_global(ctx, METRIC_DEPTH, dp_swap_depth_usd(dp_books_units(dp_ctx_sim(ctx), DP_USD, pool.usd), 0.02));
  dp_metric_set_global(ctx, METRIC_TENTH_TOKEN,
                       dp_swap_depth_token(dp_books_units(dp_ctx_sim(ctx), s->asset, pool.token), 0.1));
  const double net_per_day = ctx->now_ns > 0 ? dp_books_units(dp_ctx_sim(ctx), s->asset, net) / days : 0;
  dp_metric_set_global(ctx, METRIC_NET_SALES, net_per_day);
  dp_metric_set_global(ctx, METRIC_NET_FLOW, fabs(net_per_day) * price);
  dp_metric_set_global(ctx, METRIC_INFLOW,
                       config->usd + dp_books_units(dp_ctx_sim(ctx), DP_USD, state->outside_usd));
  show_usd(ctx, METRIC_POOL_USD, pool.usd);
  show_token(ctx, METRIC_POOL_TOKEN, pool.token);
  show_token(ctx, METRIC_HOST_TOKEN, state->host_token);
  show_usd(ctx, METRIC_HOST_USD, state->host_usd);
  show_token(ctx, METRIC_HOLDER_TOKEN, state->holder_token);
  show_usd(ctx, METRIC_HOLDER_USD, state->holder_usd);
  show_usd(ctx, METRIC_BUYBACK_USD, state->buyback_usd);
  show_token(ctx, METRIC_BUYBACK_TOKEN, state->buyback_token);
  show_usd(ctx, METRIC_OUTSIDE_USD, state->outside_usd);
  show_usd(ctx, METRIC_EMISSION_USD, state->emission_nusd);
  show_usd(ctx, METRIC_REVENUE_USD, state->revenue_nusd);
  show_usd(ctx, METRIC_WINDOW_EMISSION, state->window_emission_nusd);
  show_usd(ctx, METRIC_WINDOW_REVENUE, state->window_revenue_nusd);
  return DP_OK;
}

static enum dp_status check_replicated(struct dp_ctx *ctx) {
  const struct dp_reserves pool = pool_of(ctx);
  if (pool.token > 0 && pool.usd > 0) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "ledger.exchange: the pool of %s has run empty", ctx->self->name);
}

#include "ledger/exchange_tables.inc"
