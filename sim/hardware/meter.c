#include <config.h>

#include "hardware/meter.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "books/books.h"
#include "place/place.h"

static size_t instances_of(const struct dp_sim *sim, const char *model) {
  size_t n = 0;
  for (const struct dp_instance *i = dp_sim_first(sim, model); i; i = dp_sim_next(i)) n++;
  return n;
}

static enum dp_status find_column(struct dp_ctx *ctx, const struct dp_instance *owner, const char *table,
                                  const char *column, enum dp_type type, struct dp_view *out) {
  DP_TRY(dp_view_find(owner, table, column, out, ctx->err));
  if (out->type != type)
    return dp_fail(ctx->err, DP_SCENARIO, "hardware.node: column %s of %s.%s has another type than it is read with",
                   column, owner->model->name, table);
  return DP_OK;
}

/* Whether servers may ever be busy: not when all markets are of flow fidelity. */
static bool has_requests(const struct dp_sim *sim) {
  const struct dp_instance *market = dp_sim_first(sim, "market.gateway");
  if (!market) return true;
  for (; market; market = dp_sim_next(market))
    if (!dp_instance_chose(market, "fidelity", "flow")) return true;
  return false;
}

enum dp_status dp__meter_views(struct dp_ctx *ctx, struct dp_node_shared *shared) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  shared->servers = calloc(instances_of(sim, "workload.server") + 1, sizeof *shared->servers);
  shared->fleets = calloc(instances_of(sim, "provider.fleet") + 1, sizeof *shared->fleets);
  shared->flows = dp_zeros(instances_of(sim, "market.gateway"), sizeof *shared->flows);
  if (!shared->servers || !shared->fleets || !shared->flows) return dp_fail_nomem(ctx->err, "the views of the hardware");
  DP_TRY(find_column(ctx, dp_sim_first(sim, "books"), "account", "balance", DP_TYPE_I128, &shared->balance));
  const bool served = has_requests(sim);
  for (const struct dp_instance *i = dp_sim_first(sim, "workload.server"); served && i; i = dp_sim_next(i)) {
    struct dp_busy_view *v = &shared->servers[shared->server_n++];
    DP_TRY(find_column(ctx, i, "server", "busy_ns", DP_TYPE_I64, &v->busy_ns));
    DP_TRY(find_column(ctx, i, "server", "busy_since_ns", DP_TYPE_I64, &v->busy_since_ns));
  }
  for (const struct dp_instance *i = dp_sim_first(sim, "market.gateway"); i; i = dp_sim_next(i))
    if (dp_instance_chose(i, "fidelity", "flow"))
      DP_TRY(find_column(ctx, i, "listing", "busy_ns", DP_TYPE_I64, &shared->flows[shared->flow_n++].busy_ns));
  for (const struct dp_instance *i = dp_sim_first(sim, "provider.fleet"); i; i = dp_sim_next(i)) {
    struct dp_wallet_view *v = &shared->fleets[shared->fleet_n++];
    v->provider = i->index;
    DP_TRY(find_column(ctx, i, "host", "usd_account", DP_TYPE_U32, &v->account));
    struct dp_err none = {0};
    v->has_tariff = dp_view_find(i, "host", "tariff_ppm", &v->tariff_ppm, &none) == DP_OK &&
                    v->tariff_ppm.type == DP_TYPE_U32;
  }
  return DP_OK;
}

/* Busy time of a node up to now, the running period included. */
static dp_time busy_ns(const struct dp_ctx *ctx, const struct dp_node_shared *s, uint32_t row) {
  dp_time total = 0;
  for (size_t i = 0; i < s->server_n; i++) {
    dp_time since = *(const int64_t *)dp_view_at(ctx, &s->servers[i].busy_since_ns, row);
    total += *(const int64_t *)dp_view_at(ctx, &s->servers[i].busy_ns, row);
    if (since >= 0) total += ctx->now_ns - since;
  }
  for (size_t i = 0; i < s->flow_n; i++) total += *(const int64_t *)dp_view_at(ctx, &s->flows[i].busy_ns, row);
  return total;
}

/* Energy of a node of a class that was up and busy so long, but for what was left over before. */
struct portion {
  dp_time up, busy;
  uint16_t node_class;
  int64_t mws, rest; /* whole mWs, and mW ns beside them */
};

/* What the fleet that owns a node publishes; has_account is false when nobody keeps books for it. */
struct owner {
  uint32_t provider; /* or, before the first, none */
  bool has_account, has_tariff;
  struct dp_strip account, tariff_ppm;
};

/* What the nodes of a cell add up to in one settlement. */
struct reading {
  struct dp_books_run bills, capital;
  struct dp_strip balance;
  int64_t price_nusd_per_kwh;
  struct owner owner;    /* most nodes are … */
  struct portion latest; /* … like the one before */
  dp_i128 present_ns, up_ns, busy_ns, energy_mws, cost_nusd;
};

/* The host pays; its owner puts in what the wallet lacks. */
static inline enum dp_status pay(struct dp_ctx *ctx, struct dp_node *node, uint32_t wallet, dp_i128 bill_nusd,
                                 struct reading *sum) {
  if (bill_nusd == 0) return DP_OK;
  if (bill_nusd > INT64_MAX - node->electricity_nusd)
    return dp_fail(ctx->err, DP_INVARIANT, "hardware.node: an electricity bill passes 9.2e9 usd");
  node->electricity_nusd += (int64_t)bill_nusd;
  if (!wallet) return DP_OK;
  const dp_i128 balance = *(const dp_i128 *)dp_strip_at(&sum->balance, wallet);
  if (bill_nusd > balance) {
    DP_TRY(dp_books_run_add(&sum->capital, wallet, bill_nusd - balance));
    node->capital_nusd += (int64_t)(bill_nusd - balance);
  }
  return dp_books_run_add(&sum->bills, wallet, bill_nusd);
}

void dp__meter_presence(struct dp_ctx *ctx, struct dp_node *node, dp_time until_ns) {
  dp_metric_add(ctx, DP_NODE_PRESENT, 0, until_ns - node->present_from_ns);
  node->present_from_ns = until_ns;
}

/* Energy: (idle · up + busy · busy) / 1 s; of more than a meter can show, as much as lets it pass its end. */
static void measure_use(const struct dp_power *p, struct portion *of) {
  const dp_i128 mwns = (dp_i128)p->idle_mw * of->up + (dp_i128)p->busy_mw * of->busy;
  const dp_i128 mws = mwns / DP_S;
  of->mws = mws < INT64_MAX ? (int64_t)mws : INT64_MAX;
  of->rest = (int64_t)(mwns % DP_S);
}

/* Adds what a node used to its meter. @return false when it passes 2^63 mWs. */
static inline bool use(const struct dp_node_shared *s, struct dp_node *node, dp_time up, dp_time busy,
                       struct portion *latest) {
  if (latest->up != up || latest->busy != busy || latest->node_class != node->node_class) {
    *latest = (struct portion){.up = up, .busy = busy, .node_class = node->node_class};
    measure_use(&s->power[node->node_class], latest);
  }
  node->energy_rest += latest->rest;
  const int64_t carry = node->energy_rest >= DP_S;
  node->energy_rest -= carry ? DP_S : 0;
  return !__builtin_add_overflow(node->energy_mws, latest->mws, &node->energy_mws) &&
         !__builtin_add_overflow(node->energy_mws, carry, &node->energy_mws);
}

/* Finds the fleet of a node. */
static struct owner owner_of(const struct dp_ctx *ctx, const struct dp_node_shared *s, const struct dp_node *node) {
  struct owner owner = {.provider = node->provider};
  for (size_t i = 0; i < s->fleet_n; i++) {
    const struct dp_wallet_view *fleet = &s->fleets[i];
    if (fleet->provider != node->provider) continue;
    owner.has_account = true;
    owner.account = dp_view_strip(ctx, &fleet->account);
    owner.has_tariff = fleet->has_tariff;
    if (fleet->has_tariff) owner.tariff_ppm = dp_view_strip(ctx, &fleet->tariff_ppm);
    break;
  }
  return owner;
}

/* A host's own price of electricity: the region's, but for its tariff. */
static inline int64_t own_price(const struct reading *sum, uint32_t row) {
  const uint32_t ppm = sum->owner.has_tariff ? *(const uint32_t *)dp_strip_at(&sum->owner.tariff_ppm, row) : 0;
  int64_t product;
  if (ppm == 0) return sum->price_nusd_per_kwh;
  if (!__builtin_mul_overflow(sum->price_nusd_per_kwh, (int64_t)ppm, &product)) return product / 1000000;
  return (int64_t)((dp_i128)sum->price_nusd_per_kwh * ppm / 1000000);
}

static inline enum dp_status read_node(struct dp_ctx *ctx, const struct dp_node_shared *s, uint32_t row,
                                       struct dp_node *node, struct reading *sum) {
  if (sum->owner.provider != node->provider) sum->owner = owner_of(ctx, s, node);
  dp_time up_total = node->up_ns + (node->up ? ctx->now_ns - node->up_since_ns : 0);
  dp_time busy_total = busy_ns(ctx, s, row);
  dp_time up = up_total - node->up_billed_ns, busy = busy_total - node->busy_billed_ns;
  if (busy > up) busy = up;
  if (busy < 0) busy = 0;
  node->up_billed_ns = up_total;
  node->busy_billed_ns = busy_total;
  const int64_t before = node->energy_mws;
  if (!use(s, node, up, busy, &sum->latest))
    return dp_fail(ctx->err, DP_INVARIANT, "hardware.node: energy of a node passes 2.5e9 kWh");
  const dp_i128 bill = dp_node_bill_nusd(before, node->energy_mws, own_price(sum, row));
  if (!node->held) sum->present_ns += ctx->now_ns - node->present_from_ns;
  node->present_from_ns = ctx->now_ns;
  sum->up_ns += up;
  sum->busy_ns += busy;
  sum->energy_mws += node->energy_mws - before;
  sum->cost_nusd += bill;
  return pay(ctx, node, sum->owner.has_account ? *(const uint32_t *)dp_strip_at(&sum->owner.account, row) : 0, bill, sum);
}

/* What electricity costs in the region of the cell, mean since `since_ns`. */
static int64_t price_here(const struct dp_ctx *ctx, dp_time since_ns) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const uint16_t region = dp_place_region(dp_place_of(sim), ctx->cell->id);
  return llround(dp_place_electricity_usd_per_kwh(sim, region, since_ns, ctx->now_ns) * 1e9);
}

static enum dp_status open_bills(struct dp_ctx *ctx, dp_time since_ns, struct reading *sum) {
  const struct dp_node_shared *s = ctx->self->shared;
  const uint32_t external = dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
  *sum = (struct reading){.balance = dp_view_strip(ctx, &s->balance), .price_nusd_per_kwh = price_here(ctx, since_ns),
                          .owner.provider = UINT32_MAX, .latest.up = -1};
  DP_TRY(dp_books_run_begin(ctx, DP_REASON_OWNER_CAPITAL, external, true, &sum->capital));
  return dp_books_run_begin(ctx, DP_REASON_ELECTRICITY, external, false, &sum->bills);
}

static enum dp_status measure(struct dp_ctx *ctx, struct reading *sum) {
  const struct dp_place *place = dp_place_of(dp_ctx_sim(ctx));
  uint16_t region = dp_place_region(place, ctx->cell->id);
  int64_t carbon_ug_per_kwh = llround(place->regions[region]->carbon_g_per_kwh * 1e6);
  dp_i128 carbon_ug = sum->energy_mws * carbon_ug_per_kwh / INT64_C(3600000000); /* mWs of one kWh */
  dp_metric_add_i128(ctx, DP_NODE_PRESENT, 0, sum->present_ns);
  dp_metric_add_i128(ctx, DP_NODE_UP_TIME, 0, sum->up_ns);
  dp_metric_add_i128(ctx, DP_NODE_BUSY_TIME, 0, sum->busy_ns);
  dp_metric_add_i128(ctx, DP_NODE_ENERGY, region, sum->energy_mws);
  dp_metric_add_i128(ctx, DP_NODE_COST, region, sum->cost_nusd);
  dp_metric_add_i128(ctx, DP_NODE_CARBON, region, carbon_ug);
  DP_TRY(dp_books_run_end(&sum->capital));
  return dp_books_run_end(&sum->bills);
}

#define FETCH_ROWS 16u

/* Rows of other domains are far apart, and the meter reads one word of each: it asks for them in time, the host's word
 * first and then the wallet that it names. (Of another fleet's host it asks for a word that it will not need.) */
static inline void fetch_ahead(const struct dp_ctx *ctx, const struct dp_node_shared *s, const struct reading *sum,
                               uint32_t row, uint32_t row_n) {
  const struct dp_strip *account = &sum->owner.account;
  if (!sum->owner.has_account || row + FETCH_ROWS >= row_n) return;
  __builtin_prefetch(dp_strip_at(account, row + FETCH_ROWS));
  for (size_t i = 0; i < s->flow_n; i++) dp_view_prefetch(ctx, &s->flows[i].busy_ns, row + FETCH_ROWS);
  for (size_t i = 0; i < s->server_n; i++) dp_view_prefetch(ctx, &s->servers[i].busy_ns, row + FETCH_ROWS);
  dp_books_run_prefetch(&sum->bills, *(const uint32_t *)dp_strip_at(account, row + FETCH_ROWS / 2));
}

/* Reads the nodes of rows [from, to). */
static enum dp_status read_rows(struct dp_ctx *ctx, uint32_t from, uint32_t to, dp_time since_ns) {
  const struct dp_node_shared *s = ctx->self->shared;
  const struct dp_table *nodes = dp_own_table(ctx, DP_NODE_TABLE);
  struct reading sum;
  DP_TRY(open_bills(ctx, since_ns, &sum));
  for (uint32_t i = dp_table_next(nodes, from); i < to; i = dp_table_next(nodes, i + 1)) {
    fetch_ahead(ctx, s, &sum, i, to);
    DP_TRY(read_node(ctx, s, i, DP_ROW(nodes, struct dp_node, i), &sum));
  }
  return measure(ctx, &sum);
}

enum dp_status dp__meter_read(struct dp_ctx *ctx, dp_time since_ns) {
  return read_rows(ctx, 0, dp_own_table(ctx, DP_NODE_TABLE)->row_n, since_ns);
}

enum dp_status dp__meter_read_node(struct dp_ctx *ctx, uint32_t row) { return read_rows(ctx, row, row + 1, ctx->now_ns); }
