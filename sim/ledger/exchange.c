#include <config.h>

#include "ledger/exchange_priv.h"

#include <math.h>
#include <stdlib.h>

#include "books/books.h"
#include "ledger/factor.h"
#include "ledger/token.h"

/** Row of table "claim": one a cell. */
struct claim {
  dp_i128 taken_nusd; /* by the cell's hosts at the last settlement */
};

enum { ORDER_TABLE, CLAIM_TABLE };
enum { FLOW_OFFERED, FLOW_TAKEN };
enum { VALUE_OFFERED, VALUE_PROCEEDS, VALUE_PRICE };
enum {
  METRIC_PRICE, METRIC_PRICE_CHANGE, METRIC_DEPTH, METRIC_DEPTH_DOWN, METRIC_POOL_USD, METRIC_POOL_TOKEN,
  METRIC_HOST_TOKEN, METRIC_HOST_USD, METRIC_HOLDER_TOKEN, METRIC_HOLDER_USD, METRIC_BUYBACK_USD, METRIC_BUYBACK_TOKEN,
  METRIC_BURN_USD,
  METRIC_OUTSIDE_USD, METRIC_INFLOW, METRIC_EMISSION_USD, METRIC_REVENUE_USD, METRIC_WINDOW_EMISSION,
  METRIC_WINDOW_REVENUE, METRIC_TENTH_TOKEN, METRIC_NET_SALES, METRIC_NET_FLOW, METRIC_CONDITIONAL, METRIC_NET_INFLOW,
  METRIC_NET_LIQUIDITY, METRIC_NET_TRADERS, METRIC_NET_RETAIL, METRIC_LIQUIDITY_OUT, METRIC_LIQUIDITY_SHARE,
  METRIC_LIQUIDITY_RETURN, METRIC_IMPERMANENT_LOSS, METRIC_FEES, METRIC_THIN_DAYS, METRIC_DAY_MOST
};

static struct dp_exchange_state *state_of(const struct dp_ctx *ctx) { return dp__exchange_state(ctx); }

static struct claim *claim_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, CLAIM_TABLE), struct claim, 0);
}

/* ---- init ---- */

static enum dp_status find_views(struct dp_ctx *ctx, struct dp__exchange *s) {
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
  DP_TRY(dp_value_find(s->network, "revenue_nusd", &s->revenue_value, ctx->err));
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

static enum dp_status open_desks(struct dp_ctx *ctx, struct dp__exchange *s) {
  const struct dp_table *tranches = dp_token_tranches(ctx, s->token);
  struct dp_desk d = {.in_reason = DP_REASON_HOLDER_TRADE_IN, .out_reason = DP_REASON_HOLDER_TRADE_OUT};
  for (uint32_t i = 0; i < tranches->row_n; i++) {
    const struct dp_tranche_row *row = DP_ROW(tranches, struct dp_tranche_row, i);
    uint32_t at;
    d.usd_account = row->usd_account;
    d.token_account = row->token_account;
    d.role = DP_DESK_INSIDERS;
    DP_TRY(dp_exchange_join(ctx, ctx->self, &d, &at));
    if (i == 0) s->first_tranche_desk = at;
  }
  d.usd_account = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, DP_USD);
  d.token_account = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset);
  d.role = DP_DESK_OUTSIDE;
  DP_TRY(dp_exchange_join(ctx, ctx->self, &d, &s->outside_desk));
  d = (struct dp_desk){.in_reason = DP_REASON_BUYBACK_IN, .out_reason = DP_REASON_BUYBACK_OUT,
                       .role = DP_DESK_TREASURY, .burns = 1,
                       .usd_account = dp_books_of(ctx, s->network, DP_ACCOUNT_TREASURY, DP_USD),
                       .token_account = dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset)};
  return dp_exchange_join(ctx, ctx->self, &d, &s->treasury_desk);
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_exchange_config *config = ctx->self->config;
  struct dp__exchange *s = calloc(1, sizeof *s);
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
  DP_TRY(dp_table_add(dp_own_global(ctx, DP_EXCHANGE_STATE), &row, ctx->err));
  s->factor = dp_factor_of(dp_ctx_sim(ctx), &config->factor);
  DP_TRY(open_desks(ctx, s));
  DP_TRY(dp__pool_seed(ctx, s));
  return dp__liquidity_init(ctx);
}

static void release(void *p) {
  struct dp__exchange *s = p;
  free(s->fleets);
  free(s->path_ns);
  free(s->path_e18);
  free(s);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  uint32_t row;
  return dp_table_add(dp_own_table(ctx, CLAIM_TABLE), &row, ctx->err);
}

/* ---- the cells' part of a settlement ---- */

/** A walk over the hosts of a cell: what the exchange reads of them. */
struct walk {
  struct dp_books_run run;
  struct dp_strip provider, rewarded, account;
};

static struct walk walk_of(const struct dp_ctx *ctx, const struct dp__exchange *s) {
  return (struct walk){.provider = dp_view_strip(ctx, &s->provider),
                       .rewarded = dp_view_strip(ctx, &s->rewarded),
                       .account = dp_view_strip(ctx, &s->token_account)};
}

static inline const struct dp__fleet_view *fleet_of(const struct walk *w, const struct dp__exchange *s, uint32_t node) {
  return &s->fleets[*(const uint16_t *)dp_strip_at(&w->provider, node)];
}

/** What this host offers now: its part of all that it has earned, less what it has offered before. */
static enum dp_status offer(struct walk *w, const struct dp__exchange *s, uint32_t node, struct dp_order *order,
                            dp_i128 *sum) {
  const dp_i128 rewarded = *(const dp_i128 *)dp_strip_at(&w->rewarded, node);
  const struct dp__fleet_view *fleet = fleet_of(w, s, node);
  if (rewarded == 0 || fleet->sell_ppb.type != DP_TYPE_I64) return DP_OK;
  const dp_i128 wanted = dp_token_part(rewarded, *(const int64_t *)dp_view_at(w->run.ctx, &fleet->sell_ppb, node));
  const dp_i128 now = wanted > order->offered ? wanted - order->offered : 0;
  order->offered_now = now;
  order->offered += now;
  *sum += now;
  return dp_books_run_add(&w->run, *(const uint32_t *)dp_strip_at(&w->account, node), now);
}

static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_table *orders = dp_own_table(ctx, ORDER_TABLE);
  const struct dp__exchange *s = ctx->self->shared;
  const uint32_t bridge = dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset);
  struct walk w = walk_of(ctx, s);
  dp_i128 sum = 0;
  if (!beat->settlement) return DP_OK;
  DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_TAKEN, claim_of(ctx)->taken_nusd));
  DP_TRY(dp_books_run_begin(ctx, DP_REASON_SALE_OUT, bridge, false, &w.run));
  for (uint32_t i = dp_table_next(orders, 0); i != DP_NO_ROW; i = dp_table_next(orders, i + 1))
    DP_TRY(offer(&w, s, i, DP_ROW(orders, struct dp_order, i), &sum));
  DP_TRY(dp_books_run_end(&w.run));
  return dp_flow_add(ctx, ctx->self, FLOW_OFFERED, sum);
}

static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp__exchange *s = ctx->self->shared;
  const struct dp_table *orders = dp_own_table(ctx, ORDER_TABLE);
  if (!beat->settlement) return DP_OK;
  const dp_i128 offered = dp_value_integer(ctx, ctx->self, VALUE_OFFERED);
  const dp_i128 proceeds = dp_value_integer(ctx, ctx->self, VALUE_PROCEEDS);
  claim_of(ctx)->taken_nusd = 0;
  if (offered == 0) return DP_OK;
  const uint32_t bridge = dp_books_own(ctx, DP_ACCOUNT_BRIDGE, DP_USD);
  struct walk w = walk_of(ctx, s);
  DP_TRY(dp_books_run_begin(ctx, DP_REASON_PROCEEDS_IN, bridge, true, &w.run));
  dp_i128 taken = 0, before = 0, usd = 0; /* the last two of the host before: most offer as much */
  for (uint32_t i = dp_table_next(orders, 0); i != DP_NO_ROW; i = dp_table_next(orders, i + 1)) {
    struct dp_order *order = DP_ROW(orders, struct dp_order, i);
    if (order->offered_now == 0) continue;
    if (order->offered_now != before) usd = dp_token_share_of(proceeds, before = order->offered_now, offered);
    order->offered_now = 0;
    taken += usd;
    DP_TRY(dp_books_run_add(&w.run, *(const uint32_t *)dp_view_at(ctx, &fleet_of(&w, s, i)->usd_account, i), usd));
  }
  claim_of(ctx)->taken_nusd = taken;
  return dp_books_run_end(&w.run);
}

/* ---- the replicated part ---- */

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
static dp_i128 tranche_offer(const struct dp__exchange *s, const struct dp_tranche_row *row, uint32_t nth) {
  const struct dp_tranche *t = ((const struct dp_token_config *)s->token->config)->allocation.v[nth].part;
  return dp_token_part(row->unlocked, dp_token_ppb(t->sell_ratio)) - row->offered;
}

/** The classes of the allocation order. */
static enum dp_status order_tranches(struct dp_ctx *ctx, const struct dp__exchange *s) {
  const struct dp_table *tranches = dp_token_tranches(ctx, s->token);
  for (uint32_t i = 0; i < tranches->row_n; i++) {
    struct dp_tranche_row *row = DP_ROW(tranches, struct dp_tranche_row, i);
    const dp_i128 offered = tranche_offer(s, row, i);
    row->offered += offered;
    DP_TRY(dp_exchange_order(ctx, ctx->self, s->first_tranche_desk + i, 0, offered));
  }
  return DP_OK;
}

/** Outside money comes, as the tide brings it, and orders. */
static enum dp_status order_outside(struct dp_ctx *ctx, const struct dp__exchange *s) {
  struct dp_exchange_state *state = state_of(ctx);
  const double until_d = ((const struct dp_exchange_config *)ctx->self->config)->outside_until_d;
  const dp_time until_ns = until_d > 0 ? (dp_time)(until_d * (double)DP_DAY) : DP_TIME_MAX;
  dp_i128 all, now;
  if (!dp_token_schedule(s->outside_nusd_per_day, ctx->now_ns < until_ns ? ctx->now_ns : until_ns, &all))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.exchange: outside money overflows 127 bits");
  DP_TRY(dp_factor_scale(ctx, s->factor, all - state->outside_base, &now));
  state->outside_base = all;
  state->outside_usd += now;
  DP_TRY(dp_books_post(ctx, DP_REASON_BUYER_MONEY, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD),
                       dp_books_own(ctx, DP_ACCOUNT_HOLDERS, DP_USD), now));
  return dp_exchange_order(ctx, ctx->self, s->outside_desk, now, 0);
}

/** The treasury buys back with its part of the take, as far as its cash goes. */
static enum dp_status order_buyback(struct dp_ctx *ctx, const struct dp__exchange *s) {
  if (!s->network) return DP_OK;
  const dp_i128 take = dp_value_integer(ctx, s->network, s->take_value);
  const dp_i128 cash = dp_books_balance(ctx, dp_books_of(ctx, s->network, DP_ACCOUNT_TREASURY, DP_USD));
  const dp_i128 due = dp_token_part(take, s->buyback_ppb) -
                      dp_exchange_desk(ctx, ctx->self, s->treasury_desk)->spent_usd;
  return dp_exchange_order(ctx, ctx->self, s->treasury_desk, due < cash ? due : cash, 0);
}

/** What hosts and desks offer enters the pool, which fills it; each gets his part. */
static enum dp_status trade(struct dp_ctx *ctx, const struct dp__exchange *s, dp_i128 host_token) {
  struct dp_exchange_state *state = state_of(ctx);
  struct dp_swap all = {0};
  dp__desks_ordered(ctx, &all.usd_in, &all.token_in);
  all.token_in += host_token;
  DP_TRY(dp__pool_fill(ctx, s, &all));
  DP_TRY(dp_books_post(ctx, DP_REASON_SALE_IN, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset), state->token_account,
                       host_token));
  DP_TRY(dp__desks_take_in(ctx));
  state->pending_usd = dp_token_share_of(all.usd_out, host_token, all.token_in);
  state->host_token += host_token;
  state->host_usd += state->pending_usd;
  DP_TRY(dp_books_post(ctx, DP_REASON_PROCEEDS_OUT, state->usd_account, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, DP_USD),
                       state->pending_usd));
  return dp__desks_pay(ctx, &all, s->asset);
}

/** What the settlement minted and what customers paid, in USD. */
static enum dp_status value_emission(struct dp_ctx *ctx, const struct dp__exchange *s) {
  struct dp_exchange_state *state = state_of(ctx);
  const dp_i128 minted = dp_token_state_of(ctx, s->token)->minted;
  dp_i128 revenue = s->network ? dp_value_integer(ctx, s->network, s->revenue_value) : 0;
  if (!dp__pool_value(ctx, s, minted - state->emission_seen, &state->window_emission_nusd))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.exchange: the value of the emission overflows 127 bits");
  state->emission_seen = minted;
  state->emission_nusd += state->window_emission_nusd;
  state->window_revenue_nusd = revenue - state->revenue_nusd;
  state->revenue_nusd = revenue;
  return DP_OK;
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp__exchange *s = ctx->self->shared;
  if (!beat->settlement) return DP_OK;
  const dp_i128 host_token = dp_flow_sum(ctx, FLOW_OFFERED);
  DP_TRY(sweep(ctx, state_of(ctx)));
  DP_TRY(dp__liquidity_leave(ctx, s));
  DP_TRY(order_tranches(ctx, s));
  DP_TRY(order_outside(ctx, s));
  DP_TRY(order_buyback(ctx, s));
  DP_TRY(trade(ctx, s, host_token));
  const double price = state_of(ctx)->price_usd = dp__pool_price_usd(ctx, s);
  dp__thin_look(ctx, s);
  DP_TRY(value_emission(ctx, s));
  dp_value_set(ctx, VALUE_OFFERED, host_token, dp_books_units(dp_ctx_sim(ctx), s->asset, host_token));
  dp_i128 proceeds = state_of(ctx)->pending_usd;
  dp_value_set(ctx, VALUE_PROCEEDS, proceeds, dp_books_units(dp_ctx_sim(ctx), DP_USD, proceeds));
  dp_value_set(ctx, VALUE_PRICE, (dp_i128)(price * 1e9), price);
  return DP_OK;
}

/* ---- measures and invariants ---- */

static void show_usd(struct dp_ctx *ctx, unsigned metric, dp_i128 nusd) {
  dp_metric_set_global(ctx, metric, dp_books_units(dp_ctx_sim(ctx), DP_USD, nusd));
}

static void show_token(struct dp_ctx *ctx, unsigned metric, dp_i128 base) {
  dp_metric_set_global(ctx, metric, dp_books_units(dp_ctx_sim(ctx), dp_token_asset(((const struct dp__exchange *)
                                                                                    ctx->self->shared)->token), base));
}

/** Depth, net sales, and how long the pool bears them. */
static void show_depth(struct dp_ctx *ctx, const struct dp__exchange *s, dp_i128 net_sold) {
  const double days = (double)ctx->now_ns / (double)DP_DAY, price = state_of(ctx)->price_usd;
  const double net = ctx->now_ns > 0 ? dp_books_units(dp_ctx_sim(ctx), s->asset, net_sold) / days : 0;
  const struct dp__depth depth = dp__pool_depth(ctx, s);
  dp_metric_set_global(ctx, METRIC_DEPTH, depth.up_usd);
  dp_metric_set_global(ctx, METRIC_DEPTH_DOWN, depth.down_usd);
  dp_metric_set_global(ctx, METRIC_TENTH_TOKEN, depth.tenth_token);
  dp_metric_set_global(ctx, METRIC_NET_SALES, net);
  dp_metric_set_global(ctx, METRIC_NET_FLOW, fabs(net) * price);
  dp_metric_set_global(ctx, METRIC_THIN_DAYS, (double)state_of(ctx)->thin_day_n);
  dp_metric_set_global(ctx, METRIC_DAY_MOST, state_of(ctx)->day_most_ratio);
}

/** USD that entered the token's market from outside less what was taken out of it, by who did. */
static void show_inflow(struct dp_ctx *ctx, const struct dp__role_sum *of) {
  const struct dp_exchange_state *state = state_of(ctx);
  const dp_i128 liquidity = state->liquidity_in_usd - state->liquidity_out_usd;
  const dp_i128 traders = of[DP_DESK_TRADERS].spent_usd - of[DP_DESK_TRADERS].earned_usd;
  const dp_i128 retail = of[DP_DESK_RETAIL].spent_usd - of[DP_DESK_RETAIL].earned_usd;
  const dp_i128 stakers = of[DP_DESK_STAKERS].spent_usd - of[DP_DESK_STAKERS].earned_usd;
  show_usd(ctx, METRIC_OUTSIDE_USD, of[DP_DESK_OUTSIDE].spent_usd);
  show_usd(ctx, METRIC_NET_LIQUIDITY, liquidity);
  show_usd(ctx, METRIC_NET_TRADERS, traders);
  show_usd(ctx, METRIC_NET_RETAIL, retail);
  show_usd(ctx, METRIC_LIQUIDITY_OUT, state->liquidity_out_usd);
  show_usd(ctx, METRIC_INFLOW, state->liquidity_in_usd + of[DP_DESK_OUTSIDE].spent_usd +
                                   of[DP_DESK_TRADERS].spent_usd + of[DP_DESK_RETAIL].spent_usd +
                                   of[DP_DESK_STAKERS].spent_usd);
  show_usd(ctx, METRIC_NET_INFLOW, liquidity + of[DP_DESK_OUTSIDE].spent_usd + traders + retail + stakers -
                                       of[DP_DESK_INSIDERS].earned_usd - state->host_usd);
}

static void show_liquidity(struct dp_ctx *ctx, const struct dp__exchange *s) {
  const struct dp_exchange_state *state = state_of(ctx);
  const struct dp_reserves pool = dp__pool_reserves(ctx, s);
  show_usd(ctx, METRIC_POOL_USD, pool.usd);
  show_token(ctx, METRIC_POOL_TOKEN, pool.token);
  dp_metric_set_global(ctx, METRIC_LIQUIDITY_SHARE, (double)state->shares / 1e9);
  dp_metric_set_global(ctx, METRIC_LIQUIDITY_RETURN, dp__liquidity_return(ctx, s));
  dp_metric_set_global(ctx, METRIC_IMPERMANENT_LOSS, dp__pool_impermanent_loss(ctx, s));
  dp_metric_set_global(ctx, METRIC_FEES, dp_books_units(dp_ctx_sim(ctx), DP_USD, state->fee_usd) +
                                             dp_books_units(dp_ctx_sim(ctx), s->asset, state->fee_token) *
                                                 state->price_usd);
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct dp_exchange_config *config = ctx->self->config;
  const struct dp_exchange_state *state = state_of(ctx);
  const struct dp__exchange *s = ctx->self->shared;
  struct dp__role_sum of[DP_DESK_ROLE_N];
  dp__desks_sums(ctx, of);
  dp_metric_set_global(ctx, METRIC_PRICE, state->price_usd);
  dp_metric_set_global(ctx, METRIC_PRICE_CHANGE, state->price_usd / s->first_price_usd - 1);
  dp_metric_set_global(ctx, METRIC_CONDITIONAL, config->kind == DP_EXCHANGE_CONDITIONAL);
  show_depth(ctx, s, dp__net_sold(ctx));
  show_inflow(ctx, of);
  show_liquidity(ctx, s);
  show_token(ctx, METRIC_HOST_TOKEN, state->host_token);
  show_usd(ctx, METRIC_HOST_USD, state->host_usd);
  show_token(ctx, METRIC_HOLDER_TOKEN, of[DP_DESK_INSIDERS].sold_token);
  show_usd(ctx, METRIC_HOLDER_USD, of[DP_DESK_INSIDERS].earned_usd);
  show_usd(ctx, METRIC_BUYBACK_USD, of[DP_DESK_TREASURY].spent_usd);
  show_usd(ctx, METRIC_BURN_USD, of[DP_DESK_TREASURY].spent_usd + of[DP_DESK_CREDITS].spent_usd);
  show_token(ctx, METRIC_BUYBACK_TOKEN, of[DP_DESK_TREASURY].bought_token);
  show_usd(ctx, METRIC_EMISSION_USD, state->emission_nusd);
  show_usd(ctx, METRIC_REVENUE_USD, state->revenue_nusd);
  show_usd(ctx, METRIC_WINDOW_EMISSION, state->window_emission_nusd);
  show_usd(ctx, METRIC_WINDOW_REVENUE, state->window_revenue_nusd);
  return DP_OK;
}

/* A pool always has a price; a given path needs none. */
static enum dp_status check_replicated(struct dp_ctx *ctx) {
  const struct dp_reserves pool = dp__pool_reserves(ctx, ctx->self->shared);
  if (((const struct dp_exchange_config *)ctx->self->config)->kind == DP_EXCHANGE_CONDITIONAL ||
      (pool.token > 0 && pool.usd > 0))
    return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "ledger.exchange: the pool of %s has run empty", ctx->self->name);
}

static const char *conditional(const void *config) {
  return ((const struct dp_exchange_config *)config)->kind == DP_EXCHANGE_CONDITIONAL ? "price" : NULL;
}

static enum dp_status check_config(void *config, struct dp_err *err) {
  const struct dp_exchange_config *c = config;
  const bool path = c->kind == DP_EXCHANGE_CONDITIONAL;
  if (c->kind != DP_EXCHANGE_CONCENTRATED && c->positions.n)
    return dp_fail(err, DP_SCENARIO, "ledger.exchange: positions belong to kind = \"concentrated\"");
  if (!path && (c->path_csv[0] || c->path_d.n || c->path_usd.n))
    return dp_fail(err, DP_SCENARIO, "ledger.exchange: a price path belongs to kind = \"conditional\" (elsewhere trades "
                   "make the price)");
  if (path && c->providers.n)
    return dp_fail(err, DP_SCENARIO, "ledger.exchange: kind = \"conditional\" has no pool that providers could leave");
  if (path && (c->path_csv[0] != 0) == (c->path_d.n > 0))
    return dp_fail(err, DP_SCENARIO, "ledger.exchange: kind = \"conditional\" needs either path_csv, or path_d and "
                   "path_usd");
  if (c->path_d.n != c->path_usd.n)
    return dp_fail(err, DP_SCENARIO, "ledger.exchange: path_d has %zu days and path_usd %zu prices (one each)",
                   c->path_d.n, c->path_usd.n);
  return DP_OK;
}

#include "ledger/exchange_tables.inc"
