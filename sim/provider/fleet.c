/* sim/provider/fleet.c — the model "provider.fleet": hosts join, look at the market, post prices, count their money. */
#include <config.h>

#include "provider/fleet.h"

#include <math.h>
#include <stdlib.h>

#include "books/books.h"
#include "place/place.h"

enum { TABLE_HOST };
enum { METRIC_ENTERED, METRIC_HOSTS, METRIC_IN_PROFIT, METRIC_NET, METRIC_PRICE, METRIC_DECISIONS };

#define FIELD(f) DP_FIELD(struct dp_fleet_config, f)
static const struct dp_param params[] = {
    {FIELD(network), .type = DP_PARAM_REF, .unit = "text", .part = "market.gateway", .required = true,
     .doc = "the network that its hosts sell in", .source = "none"},
    {FIELD(count), .type = DP_PARAM_INT, .unit = "1", .required = true, .min = 0, .max = 1e8,
     .doc = "hosts at the start, spread over the regions by supply_weight", .source = "none"},
    {FIELD(node), .type = DP_PARAM_PART, .unit = "text", .part = "hardware.class", .required = true,
     .doc = "the machine of each host", .source = "none"},
    {FIELD(pricing), .type = DP_PARAM_POLICY, .unit = "text", .part = "pricing", .text = "fixed",
     .doc = "how a host sets its price", .source = "none"},
    {FIELD(reprice_every_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 600, .min = 1, .max = 1e9,
     .doc = "how often a host looks at its price", .source = "none"},
    {FIELD(sell_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0.5, .min = 0, .max = 1,
     .doc = "of the tokens that a host earns, sold at the next settlement when the token has an exchange",
     .source = "none"},
};
#undef FIELD
static const struct dp_schema schema = {.name = "provider.fleet", .doc = "a fleet of equal machines in one network",
                                        DP_ROWS(param, params),
                                        .size = sizeof(struct dp_fleet_config)};

#define COL(f, unit, doc) DP_COLUMN(struct dp_host, f, unit, doc)
static const struct dp_column columns[] = {
    DP_COLUMN_ARRAY(struct dp_host, policy_state, "1", "state of the pricing policy"),
    COL(price_nusd_per_mtok, "nusd/mtok", "posted price"),
    COL(busy_seen_ns, "ns", "busy time of the node at the last decision"),
    COL(decided_ns, "ns", "time of the last decision"),
    COL(decision_n, "1", "decisions so far"),
    COL(sell_ppb, "1", "billionths of the tokens it earns that it sells"),
    COL(usd_account, "1", "its wallet in the books of the cell"),
    COL(fleet, "1", "instance that it belongs to"),
    COL(zero, "1", "always 0"),
};
#undef COL
static const struct dp_table_decl tables[] = {
    {.name = "host", .doc = "operators, one a node", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct dp_host),
     DP_ROWS(column, columns), .follows = "hardware.node.node", .output = true},
};

static const struct dp_metric metrics[] = {
    [METRIC_ENTERED] = {"entered", DP_METRIC_COUNTER, "1", 1, .dimension = "region", .doc = "hosts that joined"},
    [METRIC_HOSTS] = {"hosts", DP_METRIC_GAUGE, "1", 1, .dimension = "region", .doc = "hosts"},
    [METRIC_IN_PROFIT] = {"in_profit", DP_METRIC_GAUGE, "1", 1,
                          .doc = "hosts that earned more than their electricity, of all who ever entered"},
    [METRIC_NET] = {"net_income", DP_METRIC_GAUGE, "usd", 1e-9,
                    .doc = "income less electricity since the start, of all who ever entered"},
    [METRIC_PRICE] = {"price_sum", DP_METRIC_GAUGE, "usd/mtok", 1e-9, .doc = "sum of posted prices"},
    [METRIC_DECISIONS] = {"decisions", DP_METRIC_COUNTER, "1", 1, .doc = "pricing decisions"},
};
static const struct dp_kpi kpis[] = {
    {"provider.entered_n", DP_KPI_TOTAL, "entered", NULL, "1", 0, "hosts that ever joined"},
    {"provider.net_income_usd", DP_KPI_TOTAL, "net_income", NULL, "usd", 0,
     "income less electricity, of all who ever entered"},
    {"provider.in_profit_ratio", DP_KPI_RATIO, "in_profit", "entered", "1", 0,
     "hosts that earned more than their electricity, over all who ever entered"},
    {"provider.price_usd_per_mtok", DP_KPI_RATIO, "price_sum", "hosts", "usd/mtok", 0, "mean posted price at the end"},
};

/** What init derives: where other domains keep what a host looks at. */
struct views {
  struct dp_view up, capital, busy, busy_since, price, payable;
  bool has_server;
  int64_t *share; /* [cell_n] hosts at the start */
};

static void release(void *shared) {
  struct views *views = shared;
  free(views->share);
  free(views);
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  struct dp_instance *self = (struct dp_instance *)ctx->self;
  const struct dp_fleet_config *config = self->config;
  struct views *views = calloc(1, sizeof *views);
  if (!views) return dp_fail_nomem(ctx->err, "views");
  self->shared = views;
  const struct dp_place *place = dp_place_of(self->sim);
  views->share = calloc(place->cell_n, sizeof *views->share);
  if (!views->share) return dp_fail_nomem(ctx->err, "a fleet");
  dp_spread(config->count, place->supply_weight, place->cell_n, views->share);
  const struct dp_instance *hardware = dp_sim_first(self->sim, "hardware.node");
  const struct dp_instance *server = dp_sim_first(self->sim, "workload.server");
  DP_TRY(dp_view_find(hardware, "node", "up", &views->up, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "capital_nusd", &views->capital, ctx->err));
  const struct dp_instance *market = dp_sim_instance(self->sim, config->network.instance);
  DP_TRY(dp_view_find(market, "listing", "price_nusd_per_mtok", &views->price, ctx->err));
  DP_TRY(dp_view_find(market, "listing", "payable_nusd", &views->payable, ctx->err));
  views->has_server = server != NULL;
  if (server) {
    DP_TRY(dp_view_find(server, "server", "busy_ns", &views->busy, ctx->err));
    DP_TRY(dp_view_find(server, "server", "busy_since_ns", &views->busy_since, ctx->err));
  }
  return dp_open_beat(ctx, "reprice", (dp_time)(config->reprice_every_s * 1e9));
}

/** Orders this cell's share of the fleet from the hardware. */
static enum dp_status init_cell(struct dp_ctx *ctx) {
  const struct dp_fleet_config *config = ctx->self->config;
  const struct views *views = ctx->self->shared;
  struct dp_node_build build = {.node_class = config->node.id, .provider = ctx->self->index,
                                .count = (uint32_t)views->share[ctx->cell->id]};
  struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id),
                         .instance = dp_sim_first(dp_ctx_sim(ctx), "hardware.node")->index,
                         .kind = DP_EVENT_NODE_BUILD,
                         .phase = DP_PHASE_RELEASE,
                         .size = sizeof build,
                         .payload = &build};
  return build.count ? dp_send(ctx, &m) : DP_OK;
}

static dp_time busy_ns(struct dp_ctx *ctx, uint32_t node) {
  const struct views *v = ctx->self->shared;
  if (!v->has_server) return 0;
  const dp_time since = *(const int64_t *)dp_view_at(ctx, &v->busy_since, node);
  return *(const int64_t *)dp_view_at(ctx, &v->busy, node) + (since >= 0 ? ctx->now_ns - since : 0);
}

static double electricity_usd_per_h(struct dp_ctx *ctx) {
  const struct dp_fleet_config *config = ctx->self->config;
  const struct dp_node_class *c = config->node.part;
  const struct dp_place *place = dp_place_of(dp_ctx_sim(ctx));
  const struct dp_region *region = place->regions[dp_place_region(place, ctx->cell->id)];
  return (c->overhead_w + (double)c->gpu_n * c->tdp_w) / 1000 * region->electricity_usd_per_kwh;
}

static double local_hour(struct dp_ctx *ctx) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_place *place = dp_place_of(sim);
  const double offset_h = place->regions[dp_place_region(place, ctx->cell->id)]->utc_offset_h;
  const int64_t t = sim->spec.start_epoch_ns + ctx->now_ns + (int64_t)(offset_h * 3600) * DP_S;
  return (double)(((t % DP_DAY) + DP_DAY) % DP_DAY) / (double)DP_HOUR;
}

/** Asks the policy of one host and posts the price if it is another one. */
static enum dp_status decide(struct dp_ctx *ctx, uint32_t node, int64_t lowest_nusd) {
  const struct dp_fleet_config *config = ctx->self->config;
  struct dp_table *hosts = dp_own_table(ctx, TABLE_HOST);
  struct dp_host *h = DP_ROW(hosts, struct dp_host, node);
  const dp_time busy = busy_ns(ctx, node), span = ctx->now_ns - h->decided_ns;
  const double obs[DP_PRICING_OBS_N] = {
      [DP_PRICING_PRICE] = (double)h->price_nusd_per_mtok / 1e9,
      [DP_PRICING_LOWEST] = (double)lowest_nusd / 1e9,
      [DP_PRICING_UTILISATION] = span > 0 ? (double)(busy - h->busy_seen_ns) / (double)span : 0,
      [DP_PRICING_ELECTRICITY] = electricity_usd_per_h(ctx),
      [DP_PRICING_HOUR] = local_hour(ctx),
      [DP_PRICING_DAY] = (double)ctx->now_ns / (double)DP_DAY,
  };
  const dp_entity entity = dp_table_entity(hosts, node);
  struct dp_rng rng = dp_ctx_rng(ctx, entity, DP_STREAM(DP_STREAM_PRICING, ctx->self->index), h->decision_n);
  double action[1] = {0};
  struct dp_policy_call call = {.obs = obs, .state = h->policy_state, .action = action, .rng = &rng};
  DP_TRY(config->pricing->decide(config->pricing, &call, ctx->err));
  if (!(action[0] > 0 && action[0] <= DP_PRICE_MAX_USD_PER_MTOK))
    return dp_fail(ctx->err, DP_SCENARIO, "%s: pricing policy '%s' set a price of %g USD/Mtok (it must be in (0, 1e6])",
                   ctx->self->name, config->pricing->name, action[0]);
  const int64_t rounded = llround(action[0] * 1e9), price = rounded > 0 ? rounded : 1;
  h->busy_seen_ns = busy;
  h->decided_ns = ctx->now_ns;
  h->decision_n++;
  dp_metric_add(ctx, METRIC_DECISIONS, 0, 1);
  if (price == h->price_nusd_per_mtok) return DP_OK;
  h->price_nusd_per_mtok = price;
  struct dp_price_posted posted = {.price_nusd_per_mtok = h->price_nusd_per_mtok, .market = config->network.instance};
  return dp_emit(ctx, DP_EVENT_PRICE_POSTED, DP_PHASE_RELEASE, entity, &posted, sizeof posted);
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_node_build joined;
  dp_event_payload(event, &joined, sizeof joined);
  if (joined.provider != ctx->self->index) return DP_OK;
  const struct dp_fleet_config *config = ctx->self->config;
  const struct dp_place *place = dp_place_of(dp_ctx_sim(ctx));
  struct dp_table *hosts = dp_own_table(ctx, TABLE_HOST);
  uint32_t node = dp_table_find(hosts, event->dest);
  if (node == DP_NO_ROW) return DP_OK;
  struct dp_host *h = DP_ROW(hosts, struct dp_host, node);
  h->fleet = ctx->self->index;
  h->sell_ppb = llround(config->sell_ratio * 1e9);
  for (size_t i = 0; i < DP_POLICY_STATE_MAX; i++) h->policy_state[i] = config->pricing->state_init[i];
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_WALLET, DP_USD, event->dest, &h->usd_account));
  dp_metric_add(ctx, METRIC_ENTERED, dp_place_region(place, ctx->cell->id), 1);
  h->decided_ns = ctx->now_ns;
  return decide(ctx, node, 0);
}

/** Lowest and second lowest price of the working hosts of the same network in this cell, whatever their fleet. */
struct lowest {
  int64_t first, second;
  uint32_t who;
};

static struct lowest find_lowest(struct dp_ctx *ctx) {
  const struct views *v = ctx->self->shared;
  struct dp_table *listings = dp_view_table(ctx, &v->price);
  struct lowest l = {INT64_MAX, INT64_MAX, DP_NO_ROW};
  for (uint32_t i = dp_table_next(listings, 0); i != DP_NO_ROW; i = dp_table_next(listings, i + 1)) {
    const int64_t price = *(const int64_t *)dp_view_at(ctx, &v->price, i);
    if (price == 0 || !*(const uint8_t *)dp_view_at(ctx, &v->up, i)) continue;
    if (price < l.first) {
      l.second = l.first;
      l.first = price;
      l.who = i;
    } else if (price < l.second) {
      l.second = price;
    }
  }
  return l;
}

/** Every host decides against the prices as they stood when the beat began: no one gains by his place in the table. */
static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (!beat->own || beat->last || ctx->now_ns == 0) return DP_OK;
  const struct views *v = ctx->self->shared;
  struct dp_table *hosts = dp_own_table(ctx, TABLE_HOST);
  const struct lowest l = find_lowest(ctx);
  for (uint32_t i = dp_table_next(hosts, 0); i != DP_NO_ROW; i = dp_table_next(hosts, i + 1)) {
    const struct dp_host *h = DP_ROW(hosts, struct dp_host, i);
    if (h->fleet != ctx->self->index || !*(const uint8_t *)dp_view_at(ctx, &v->up, i)) continue;
    const int64_t lowest = i == l.who ? l.second : l.first;
    DP_TRY(decide(ctx, i, lowest == INT64_MAX ? 0 : lowest));
  }
  return DP_OK;
}

static enum dp_status sample_cell(struct dp_ctx *ctx) {
  const struct views *v = ctx->self->shared;
  struct dp_table *hosts = dp_own_table(ctx, TABLE_HOST);
  int64_t host_n = 0, in_profit_n = 0;
  dp_i128 net = 0, prices = 0;
  for (uint32_t i = dp_table_next(hosts, 0); i != DP_NO_ROW; i = dp_table_next(hosts, i + 1)) {
    const struct dp_host *h = DP_ROW(hosts, struct dp_host, i);
    if (h->fleet != ctx->self->index || h->decision_n == 0) continue;
    const dp_i128 own = dp_books_balance(ctx, h->usd_account) + *(const int64_t *)dp_view_at(ctx, &v->payable, i) -
                        *(const int64_t *)dp_view_at(ctx, &v->capital, i);
    host_n++;
    in_profit_n += own > 0;
    net += own;
    prices += h->price_nusd_per_mtok;
  }
  const struct dp_place *place = dp_place_of(dp_ctx_sim(ctx));
  dp_metric_set(ctx, METRIC_HOSTS, dp_place_region(place, ctx->cell->id), host_n);
  dp_metric_set(ctx, METRIC_IN_PROFIT, 0, in_profit_n);
  dp_metric_set(ctx, METRIC_NET, 0, net);
  dp_metric_set(ctx, METRIC_PRICE, 0, prices);
  return DP_OK;
}

static const uint16_t handles[] = {DP_EVENT_NODE_JOINED};

const struct dp_model dp_fleet_model = {
    .name = "provider.fleet",
    .section = "providers",
    .doc = "operators of equal machines who post prices",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    DP_ROWS(handle, handles),
    .init_replicated = init_replicated,
    .init_cell = init_cell,
    .handle = handle,
    .apply = apply,
    .sample_cell = sample_cell,
    .release = release,
};
