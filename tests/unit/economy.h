/* tests/unit/economy.h — a token economy built in C: the token, its exchange and the books are the program's; a market and
 * a fleet that exist only here give them steady work and revenue. Only for tests. */
#ifndef DP_TESTS_ECONOMY_H
#define DP_TESTS_ECONOMY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "books/books_priv.h"
#include "engine/comm.h"
#include "ledger/credit.h"
#include "ledger/exchange.h"
#include "ledger/factor.h"
#include "ledger/feed.h"
#include "ledger/retail.h"
#include "ledger/stake.h"
#include "ledger/token.h"
#include "ledger/trader.h"
#include "place/place.h"

#define ECONOMY_TRANCHE_MAX 4
#define ECONOMY_PART_MAX 4

/** What a test sets. */
struct economy_config {
  int64_t cells_n, nodes_n; /* nodes in each cell */
  double revenue_usd_per_day, take_ratio;
  double sell_ratio;
  dp_time work_until_ns, revenue_until_ns; /* 0: to the end */
  dp_time end_ns, settle_ns;
  struct dp_token_config token; /* its emission and allocation point below */
  struct dp_emission emission;
  struct dp_tranche tranches[ECONOMY_TRANCHE_MAX];
  size_t tranche_n;
  struct dp_exchange_config exchange; /* its positions and providers point below */
  struct dp_exchange_position positions[ECONOMY_PART_MAX];
  struct dp_exchange_provider providers[ECONOMY_PART_MAX];
  size_t position_n, provider_n;
  struct dp_trader_config traders[ECONOMY_PART_MAX];
  size_t trader_n;
  struct dp_retail_config retail;
  struct dp_factor_config factor; /* the instance "tide" */
  struct dp_feed_config feed;
  double path_usd[2]; /* CONDITIONAL: from the start and from day 10 on, unless the exchange has a path of its own */
  bool no_exchange, with_retail, with_factor, with_feed, with_stake;
  struct dp_stake_config stake;
  double mtbf_h, repair_h; /* of nodes; 0: they never fail */
  struct dp_credit_config credit;
  bool credits;
};

/* ---- the market: model "market.gateway" ---- */

struct economy_market {
  const struct economy_config *of;
  struct dp_part_ref node;
};

struct economy_listing {
  int64_t work_tok;
};

struct economy_paid {
  dp_i128 take_nusd, spend_nusd;
};

enum { ECONOMY_TAKE, ECONOMY_SPEND };

static inline enum dp_status economy_build(struct dp_ctx *ctx) {
  const struct economy_market *m = ctx->self->config;
  uint32_t row;
  DP_TRY(dp_table_add(dp_own_table(ctx, 1), &row, ctx->err));
  struct dp_node_build build = {.node_class = m->node.id,
                                .provider = dp_sim_first(ctx->self->sim, "provider.fleet")->index,
                                .count = (uint32_t)m->of->nodes_n};
  struct dp_message message = {.dest = dp_entity_of_cell(ctx->cell->id),
                               .instance = dp_sim_first(ctx->self->sim, "hardware.node")->index,
                               .kind = DP_EVENT_NODE_BUILD,
                               .size = sizeof build,
                               .payload = &build};
  return build.count ? dp_send(ctx, &message) : DP_OK;
}

static inline dp_time economy_clock(const struct dp_ctx *ctx, dp_time until_ns) {
  return until_ns > 0 && ctx->now_ns > until_ns ? until_ns : ctx->now_ns;
}

/* Node k of a cell works at k + 1 tokens a second; each cell earns its part of the revenue, and all the take. */
static inline enum dp_status economy_collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct economy_config *of = ((const struct economy_market *)ctx->self->config)->of;
  const struct dp_table *listings = dp_own_table(ctx, 0);
  struct economy_paid *paid = DP_ROW(dp_own_table(ctx, 1), struct economy_paid, 0);
  if (!beat->settlement) return DP_OK;
  for (uint32_t i = dp_table_next(listings, 0); i != DP_NO_ROW; i = dp_table_next(listings, i + 1))
    DP_ROW(listings, struct economy_listing, i)->work_tok = (i + 1) * (economy_clock(ctx, of->work_until_ns) / DP_S);
  dp_i128 spend, rate = (dp_i128)(of->revenue_usd_per_day * 1e9) / of->cells_n;
  if (!dp_token_schedule(rate, economy_clock(ctx, of->revenue_until_ns), &spend)) return DP_INVARIANT;
  const dp_i128 take = dp_token_part(spend, dp_token_ppb(of->take_ratio)), now = take - paid->take_nusd;
  const uint32_t escrow = dp_books_own(ctx, DP_ACCOUNT_ESCROW, DP_USD);
  const uint32_t protocol = dp_books_own(ctx, DP_ACCOUNT_PROTOCOL, DP_USD);
  DP_TRY(dp_books_post(ctx, DP_REASON_CUSTOMER_PAYMENT, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), escrow, now));
  DP_TRY(dp_books_post(ctx, DP_REASON_PROTOCOL_TAKE, escrow, protocol, now));
  DP_TRY(dp_books_post(ctx, DP_REASON_TAKE_OUT, protocol, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, DP_USD), now));
  DP_TRY(dp_flow_add(ctx, ctx->self, ECONOMY_SPEND, spend - paid->spend_nusd));
  *paid = (struct economy_paid){take, spend};
  return dp_flow_add(ctx, ctx->self, ECONOMY_TAKE, now);
}

static inline enum dp_status economy_clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (!beat->settlement) return DP_OK;
  const dp_i128 take = dp_flow_sum(ctx, ECONOMY_TAKE);
  dp_value_set(ctx, ECONOMY_TAKE, dp_value_integer(ctx, ctx->self, ECONOMY_TAKE) + take, 0);
  dp_value_set(ctx, ECONOMY_SPEND,
               dp_value_integer(ctx, ctx->self, ECONOMY_SPEND) + dp_flow_sum(ctx, ECONOMY_SPEND), 0);
  return dp_books_post(ctx, DP_REASON_TAKE_IN, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, DP_USD),
                       dp_books_own(ctx, DP_ACCOUNT_TREASURY, DP_USD), take);
}

static const struct dp_column economy_listing_columns[] = {DP_COLUMN(struct economy_listing, work_tok, "tok", "")};
static const struct dp_column economy_paid_columns[] = {DP_COLUMN(struct economy_paid, take_nusd, "nusd", ""),
                                                        DP_COLUMN(struct economy_paid, spend_nusd, "nusd", "")};
static const struct dp_table_decl economy_market_tables[] = {
    {.name = "listing", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct economy_listing),
     DP_ROWS(column, economy_listing_columns), .follows = "hardware.node.node"},
    {.name = "paid", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct economy_paid),
     DP_ROWS(column, economy_paid_columns)}};
static const struct dp_flow economy_flows[] = {{"take", "nusd", ""}, {"spend", "nusd", ""}};
static const struct dp_value economy_values[] = {{"take_nusd", DP_OUT, "nusd", ""}, {"revenue_nusd", DP_OUT, "nusd", ""}};
static const struct dp_param economy_market_params[] = {
    {DP_FIELD(struct economy_market, node), .type = DP_PARAM_PART, .unit = "1", .part = "hardware.class"}};
static const struct dp_schema economy_market_schema = {.name = "market.gateway", .doc = "",
                                                       DP_ROWS(param, economy_market_params),
                                                       .size = sizeof(struct economy_market)};
static const struct dp_model economy_market_model = {
    .name = "market.gateway", .schema = &economy_market_schema, DP_ROWS(table, economy_market_tables),
    DP_ROWS(flow, economy_flows), DP_ROWS(value, economy_values), .init_cell = economy_build,
    .collect = economy_collect, .clear = economy_clear};

/* ---- the fleet: model "provider.fleet" ---- */

struct economy_host {
  int64_t sell_ppb;
  uint32_t usd_account;
};

struct economy_fleet {
  const struct economy_config *of;
};

static inline enum dp_status economy_join(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_table *hosts = dp_own_table(ctx, 0);
  struct economy_host *host = DP_ROW(hosts, struct economy_host, dp_table_find(hosts, event->dest));
  host->sell_ppb = dp_token_ppb(((const struct economy_fleet *)ctx->self->config)->of->sell_ratio);
  return dp_books_open(ctx, DP_ACCOUNT_WALLET, DP_USD, event->dest, &host->usd_account);
}

static const struct dp_column economy_host_columns[] = {DP_COLUMN(struct economy_host, sell_ppb, "1", ""),
                                                        DP_COLUMN(struct economy_host, usd_account, "1", "")};
static const struct dp_table_decl economy_fleet_tables[] = {
    {.name = "host", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct economy_host),
     DP_ROWS(column, economy_host_columns), .follows = "hardware.node.node"}};
static const uint16_t economy_fleet_handles[] = {DP_EVENT_NODE_JOINED};
static const struct dp_schema economy_fleet_schema = {.name = "provider.fleet", .doc = "",
                                                      .size = sizeof(struct economy_fleet)};
static const struct dp_model economy_fleet_model = {
    .name = "provider.fleet", .schema = &economy_fleet_schema, DP_ROWS(table, economy_fleet_tables),
    DP_ROWS(handle, economy_fleet_handles), .handle = economy_join};
extern const struct dp_model dp_node_model;

/* ---- a run ---- */

struct economy {
  struct economy_config config;
  struct dp_err err;
  struct dp_comm *comm;
  struct dp_sim *sim;
  struct dp_node_class class;
  struct dp_region region;
  struct dp_part_ref region_ref, tranche_refs[ECONOMY_TRANCHE_MAX];
  struct dp_part_ref position_refs[ECONOMY_PART_MAX], provider_refs[ECONOMY_PART_MAX];
  struct dp_place_config place;
  struct economy_market market;
  struct economy_fleet fleet;
  struct dp_instance_spec instances[10 + ECONOMY_PART_MAX];
  size_t instance_n;
  struct dp_spec spec;
};

/** 100 million tokens, 1,000 a day for work, a pool of 1 million and 100,000 USD (0.1 USD a token), no fee, 30 days. */
static inline struct economy_config economy_plain(void) {
  return (struct economy_config){
      .cells_n = 2, .nodes_n = 3, .sell_ratio = 1, .take_ratio = 1, .end_ns = 30 * DP_DAY, .settle_ns = DP_HOUR,
      .token = {.decimals = 9, .supply = 100e6, .buyback_ratio = 1, .network = {"", DP_NO_INSTANCE}},
      .emission = {.kind = DP_EMISSION_FIXED, .per_day = 1000},
      .exchange = {.token = {"", DP_NO_INSTANCE}, .tokens = 1e6, .usd = 100e3, .factor = {"", DP_NO_INSTANCE},
                   .path_csv = ""}};
}

#define ECONOMY_NO_REF {"", DP_NO_INSTANCE}

/** A trader of 20 days' memory with what a test gives it. */
static inline struct dp_trader_config economy_trader(int kind, double usd, double tokens) {
  return (struct dp_trader_config){.kind = kind, .exchange = ECONOMY_NO_REF, .factor = ECONOMY_NO_REF, .usd = usd,
                                   .tokens = tokens, .horizon_d = 20, .aggressiveness = 1, .discount_per_year = 0.2};
}

static inline void economy_add(struct economy *e, const struct dp_model *model, const char *name, void *config) {
  e->instances[e->instance_n++] = (struct dp_instance_spec){model, name, config};
}

/** The exchange's parts and who trades there. */
static inline void economy_add_market(struct economy *e) {
  static const char *const names[ECONOMY_PART_MAX] = {"a", "b", "c", "d"};
  static const double path_d[] = {0, 10};
  struct economy_config *c = &e->config;
  if (c->path_usd[0] > 0) {
    c->exchange.path_d = (struct dp_numbers){path_d, 2};
    c->exchange.path_usd = (struct dp_numbers){c->path_usd, 2};
  }
  for (size_t i = 0; i < c->position_n; i++) e->position_refs[i].part = &c->positions[i];
  for (size_t i = 0; i < c->provider_n; i++) e->provider_refs[i].part = &c->providers[i];
  c->exchange.positions = (struct dp_part_refs){e->position_refs, c->position_n};
  c->exchange.providers = (struct dp_part_refs){e->provider_refs, c->provider_n};
  if (!c->no_exchange) economy_add(e, &dp_exchange_model, NULL, &c->exchange);
  if (c->credits) economy_add(e, &dp_credit_model, "CRED", &c->credit);
  if (c->with_factor) economy_add(e, &dp_factor_model, "tide", &c->factor);
  if (c->with_stake) economy_add(e, &dp_stake_model, NULL, &c->stake);
  if (c->with_feed) economy_add(e, &dp_feed_model, NULL, &c->feed);
  for (size_t i = 0; i < c->trader_n; i++) economy_add(e, &dp_trader_model, names[i], &c->traders[i]);
  if (c->with_retail) economy_add(e, &dp_retail_model, NULL, &c->retail);
}

/** Makes the simulation. The economy must not move afterwards. */
static inline enum dp_status economy_start(struct economy *e, const struct economy_config *config,
                                           struct dp_sink *sink) {
  static const struct dp_model *const registry[] = {&dp_books_model,       &dp_place_model, &dp_node_model,
                                                    &economy_fleet_model,  &economy_market_model,
                                                    &dp_token_model,       &dp_factor_model,
                                                    &dp_feed_model,        &dp_stake_model, &dp_credit_model,
                                                    &dp_trader_model,      &dp_retail_model,
                                                    &dp_exchange_model,    NULL};
  *e = (struct economy){.config = *config, .class = {.gpu = "t4", .gpu_n = 1, .mtbf_h = config->mtbf_h, .repair_h = config->repair_h,
                                           .weibull_shape = 1}};
  struct economy_config *c = &e->config;
  e->region = (struct dp_region){.name = "here", .cells_n = c->cells_n, .demand_weight = 1, .supply_weight = 1};
  e->region_ref.part = &e->region;
  e->place = (struct dp_place_config){.regions = {&e->region_ref, 1}, .rtt_csv = "", .bandwidth_mbps = 1,
                                      .local_rtt_ms = 1};
  e->market = (struct economy_market){.of = c, .node = {.part = &e->class}};
  e->fleet = (struct economy_fleet){.of = c};
  for (size_t i = 0; i < c->tranche_n; i++) e->tranche_refs[i].part = &c->tranches[i];
  c->token.emission.part = &c->emission;
  c->token.allocation = (struct dp_part_refs){e->tranche_refs, c->tranche_n};
  economy_add(e, &dp_place_model, NULL, &e->place);
  economy_add(e, &economy_fleet_model, NULL, &e->fleet);
  economy_add(e, &economy_market_model, NULL, &e->market);
  economy_add(e, &dp_token_model, "TOK", &c->token);
  economy_add_market(e);
  e->spec = (struct dp_spec){.name = "economy", .end_ns = c->end_ns, .settle_every_ns = c->settle_ns, .seed = 1,
                             .instances = e->instances, .instance_n = e->instance_n, .registry = registry};
  DP_TRY(dp_comm_null_new(&e->comm, &e->err));
  DP_TRY(dp_sim_new(&e->spec, e->comm, &e->sim, &e->err));
  if (sink) dp_sim_set_sink(e->sim, sink);
  return DP_OK;
}

static inline void economy_run(struct economy *e, const struct economy_config *config, struct dp_sink *sink) {
  bool stopped;
  if (economy_start(e, config, sink) != DP_OK || dp_sim_run(e->sim, &stopped, &e->err) != DP_OK)
    fail_msg("%s", e->err.text);
}

static inline void economy_free(struct economy *e) {
  if (e->sim) dp_sim_free(e->sim);
  if (e->comm) dp_comm_free(e->comm);
}

static inline double economy_kpi(struct economy *e, const char *name) {
  struct dp_kpi_value *values;
  size_t n;
  double value = 0;
  bool found = false;
  if (dp_sim_kpis(e->sim, &values, &n, &e->err) != DP_OK) fail_msg("%s", e->err.text);
  for (size_t i = 0; i < n; i++)
    if (strcmp(values[i].name, name) == 0) value = values[i].value, found = true;
  free(values);
  if (!found) fail_msg("no KPI %s", name);
  return value;
}

/** Σ balances of one kind (−1: of all) and asset over all books. */
static inline dp_i128 economy_held(const struct dp_sim *sim, uint16_t asset, int kind) {
  dp_i128 sum = 0;
  for (uint32_t book = 0; book <= sim->engine->local_n; book++) {
    struct dp_ctx ctx = {.engine = sim->engine, .cell = book ? &sim->engine->cells[book - 1] : NULL};
    const struct dp_table *accounts = dp__accounts(&ctx, dp__books_of(sim));
    for (uint32_t i = 0; i < accounts->row_n; i++) {
      const struct dp_account *a = DP_ROW(accounts, struct dp_account, i);
      if (a->asset == asset && (kind < 0 || a->kind == kind)) sum += a->balance;
    }
  }
  return sum;
}

#endif
