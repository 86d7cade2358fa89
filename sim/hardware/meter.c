#include <config.h>

#include "hardware/meter.h"

#include <math.h>
#include <stdlib.h>

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

enum dp_status dp__meter_views(struct dp_ctx *ctx, struct dp_node_shared *shared) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  shared->servers = calloc(instances_of(sim, "workload.server") + 1, sizeof *shared->servers);
  shared->fleets = calloc(instances_of(sim, "provider.fleet") + 1, sizeof *shared->fleets);
  if (!shared->servers || !shared->fleets) return dp_fail_nomem(ctx->err, "the views of the hardware");
  for (const struct dp_instance *i = dp_sim_first(sim, "workload.server"); i; i = dp_sim_next(i)) {
    struct dp_busy_view *v = &shared->servers[shared->server_n++];
    DP_TRY(find_column(ctx, i, "server", "busy_ns", DP_TYPE_I64, &v->busy_ns));
    DP_TRY(find_column(ctx, i, "server", "busy_since_ns", DP_TYPE_I64, &v->busy_since_ns));
  }
  for (const struct dp_instance *i = dp_sim_first(sim, "provider.fleet"); i; i = dp_sim_next(i)) {
    struct dp_wallet_view *v = &shared->fleets[shared->fleet_n++];
    v->provider = i->index;
    DP_TRY(find_column(ctx, i, "host", "usd_account", DP_TYPE_U32, &v->account));
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
  return total;
}

/* Account of the host's wallet; 0, which is never a wallet, when nobody keeps books for the node. */
static uint32_t wallet_of(const struct dp_ctx *ctx, const struct dp_node_shared *s, const struct dp_node *node,
                          uint32_t row) {
  for (size_t i = 0; i < s->fleet_n; i++)
    if (s->fleets[i].provider == node->provider)
      return *(const uint32_t *)dp_view_at(ctx, &s->fleets[i].account, row);
  return 0;
}

/* The host pays; its owner puts in what the wallet lacks. */
static enum dp_status pay(struct dp_ctx *ctx, struct dp_node *node, uint32_t wallet, dp_i128 bill_nusd) {
  if (bill_nusd == 0) return DP_OK;
  if (bill_nusd > INT64_MAX - node->electricity_nusd)
    return dp_fail(ctx->err, DP_INVARIANT, "hardware.node: an electricity bill passes 9.2e9 usd");
  node->electricity_nusd += (int64_t)bill_nusd;
  if (!wallet) return DP_OK;
  uint32_t external = dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
  dp_i128 missing = bill_nusd - dp_books_balance(ctx, wallet);
  if (missing > 0) {
    DP_TRY(dp_books_post(ctx, DP_REASON_OWNER_CAPITAL, external, wallet, missing));
    node->capital_nusd += (int64_t)missing;
  }
  return dp_books_post(ctx, DP_REASON_ELECTRICITY, wallet, external, bill_nusd);
}

/* What the nodes of a cell add up to in one settlement. */
struct reading {
  dp_i128 present_ns, up_ns, busy_ns, energy_mws, cost_nusd;
};

static enum dp_status read_node(struct dp_ctx *ctx, const struct dp_node_shared *s, uint32_t row, dp_time since_ns,
                                int64_t price_nusd_per_kwh, struct reading *sum) {
  struct dp_node *node = DP_ROW(dp_own_table(ctx, DP_NODE_TABLE), struct dp_node, row);
  struct dp_power power = s->power[node->node_class];
  dp_time up_total = node->up_ns + (node->up ? ctx->now_ns - node->up_since_ns : 0);
  dp_time busy_total = busy_ns(ctx, s, row);
  dp_time up = up_total - node->up_billed_ns, busy = busy_total - node->busy_billed_ns;
  dp_time age = ctx->now_ns - node->joined_ns;
  if (busy > up) busy = up;
  if (busy < 0) busy = 0;
  node->up_billed_ns = up_total;
  node->busy_billed_ns = busy_total;
  dp_i128 mwns = (dp_i128)power.idle_mw * up + (dp_i128)power.busy_mw * busy + node->energy_rest;
  int64_t before = node->energy_mws;
  dp_i128 after = before + mwns / DP_S;
  if (after > INT64_MAX) return dp_fail(ctx->err, DP_INVARIANT, "hardware.node: energy of a node passes 2.5e9 kWh");
  node->energy_mws = (int64_t)after;
  node->energy_rest = (int64_t)(mwns % DP_S);
  dp_i128 bill = dp_node_bill_nusd(before, node->energy_mws, price_nusd_per_kwh);
  sum->present_ns += age < since_ns ? age : since_ns;
  sum->up_ns += up;
  sum->busy_ns += busy;
  sum->energy_mws += node->energy_mws - before;
  sum->cost_nusd += bill;
  return pay(ctx, node, wallet_of(ctx, s, node, row), bill);
}

enum dp_status dp__meter_read(struct dp_ctx *ctx, dp_time since_ns) {
  const struct dp_node_shared *s = ctx->self->shared;
  const struct dp_place *place = dp_place_of(dp_ctx_sim(ctx));
  const struct dp_table *nodes = dp_own_table(ctx, DP_NODE_TABLE);
  uint16_t region = dp_place_region(place, ctx->cell->id);
  int64_t price_nusd_per_kwh = llround(place->regions[region]->electricity_usd_per_kwh * 1e9);
  int64_t carbon_ug_per_kwh = llround(place->regions[region]->carbon_g_per_kwh * 1e6);
  struct reading sum = {0};
  for (uint32_t i = dp_table_next(nodes, 0); i != DP_NO_ROW; i = dp_table_next(nodes, i + 1))
    DP_TRY(read_node(ctx, s, i, since_ns, price_nusd_per_kwh, &sum));
  dp_i128 carbon_ug = sum.energy_mws * carbon_ug_per_kwh / INT64_C(3600000000); /* mWs of one kWh */
  dp_metric_add_i128(ctx, DP_NODE_PRESENT, 0, sum.present_ns);
  dp_metric_add_i128(ctx, DP_NODE_UP_TIME, 0, sum.up_ns);
  dp_metric_add_i128(ctx, DP_NODE_BUSY_TIME, 0, sum.busy_ns);
  dp_metric_add_i128(ctx, DP_NODE_ENERGY, region, sum.energy_mws);
  dp_metric_add_i128(ctx, DP_NODE_COST, region, sum.cost_nusd);
  dp_metric_add_i128(ctx, DP_NODE_CARBON, region, carbon_ug);
  return DP_OK;
}
