/* sim/market/flow.c — flow fidelity: intervals, quotes, what customers asked, and work that goes to other cells. */
#include <config.h>

#include "market/flow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "market/waterfall.h"

static const struct dp_gateway_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }
static const struct dp_gateway_shared *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }

/* ---- init ---- */

/** The network that a workload asks: its parameter `network`. */
static uint16_t network_of(const struct dp_instance *workload) {
  const struct dp_param *p = workload->model->schema ? dp_schema_param(workload->model->schema, "network") : NULL;
  if (!p || p->type != DP_PARAM_REF) return DP_NO_INSTANCE;
  return ((const struct dp_ref *)(const void *)((const char *)workload->config + p->offset))->instance;
}

enum dp_status dp_flow_workloads(struct dp_ctx *ctx) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const bool flow = config_of(ctx)->fidelity == DP_FIDELITY_FLOW;
  const char *const wrong = flow ? "workload.inference" : "workload.demand";
  for (const struct dp_instance *i = dp_sim_first(sim, wrong); i; i = dp_sim_next(i))
    if (network_of(i) == ctx->self->index)
      return dp_fail(ctx->err, DP_SCENARIO, "%s: its fidelity is %s, and '%s' is a %s (%s)", ctx->self->name,
                     flow ? "flow" : "request", i->name, wrong,
                     flow ? "ask with depin.workload.demand, or leave fidelity out"
                          : "give the network fidelity = \"flow\", or ask with depin.workload.inference");
  return DP_OK;
}

enum dp_status dp_flow_init(struct dp_ctx *ctx) {
  struct dp_flow_shared *flow = &((struct dp_gateway_shared *)ctx->self->shared)->flow;
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  uint32_t row;
  DP_TRY(dp_view_find(dp_sim_first(sim, "hardware.node"), "node", "node_class", &flow->node_class, ctx->err));
  for (uint32_t c = 0; c < shared_of(ctx)->place->cell_n; c++)
    DP_TRY(dp_table_add(dp_own_global(ctx, DP_GATEWAY_SPILL), &row, ctx->err));
  for (const struct dp_instance *i = dp_sim_first(sim, "workload.demand"); i; i = dp_sim_next(i)) {
    if (network_of(i) != ctx->self->index) continue;
    flow->has_demand = true;
    DP_TRY(dp_view_find(i, "class", "jobs_per_s", &flow->jobs_per_s, ctx->err));
    DP_TRY(dp_view_find(i, "class", "solo_jobs_per_s", &flow->solo_jobs_per_s, ctx->err));
    DP_TRY(dp_view_find(i, "class", "first_token_s", &flow->first_token_s, ctx->err));
    DP_TRY(dp_view_find(i, "class", "slots_n", &flow->slots_n, ctx->err));
    DP_TRY(dp_view_find(i, "customers", "prompt_tok", &flow->prompt, ctx->err));
    return dp_view_find(i, "customers", "output_tok", &flow->output, ctx->err);
  }
  return DP_OK;
}

void dp_flow_release(struct dp_flow_shared *s) { free(s->offers); }

/** The end of the interval that begins at `t`: the next settlement, or the end of the run. */
static dp_time end_after(const struct dp_ctx *ctx, dp_time t) {
  const struct dp_spec *spec = &dp_ctx_sim(ctx)->spec;
  const dp_time end = dp_time_add(t - t % spec->settle_every_ns, spec->settle_every_ns);
  return end < spec->end_ns ? end : spec->end_ns;
}

static enum dp_status set_timer(struct dp_ctx *ctx, dp_time at_ns, uint8_t phase) {
  struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id), .time_ns = at_ns, .instance = ctx->self->index,
                         .kind = DP_EVENT_TIMER, .phase = phase};
  return dp_send(ctx, &m);
}

enum dp_status dp_flow_init_cell(struct dp_ctx *ctx) {
  const struct dp_cloud *cloud = config_of(ctx)->cloud.part;
  uint32_t row;
  DP_TRY(dp_table_add(dp_own_table(ctx, DP_GATEWAY_CELL), &row, ctx->err));
  *dp_flow_cell_of(ctx) = (struct dp_flow_cell){
      .cloud_nusd_per_mtok = cloud ? llround(cloud->price_usd_per_mtok * 1e9) : 0,
      .advantage = cloud ? 0 : (double)INFINITY, .served_ratio = 1};
  if (config_of(ctx)->fidelity != DP_FIDELITY_FLOW) return DP_OK;
  return set_timer(ctx, end_after(ctx, 0) - 1, DP_PHASE_RELEASE);
}

/* ---- an interval ends: the quote ---- */

/** The price of a unit on average, rounded up so that no budget is passed; by price, what was paid last. */
static int64_t quoted(const struct dp_ctx *ctx, const struct dp_capacity *all, int64_t last) {
  if (all->utok <= 0) return 0;
  if (config_of(ctx)->routing == DP_ROUTE_CHEAPEST && last > 0) return last;
  return (int64_t)ceil(all->nusd / (double)all->utok * 1e12);
}

static enum dp_status quote(struct dp_ctx *ctx) {
  const struct dp_gateway_config *config = config_of(ctx);
  const struct dp_cloud *cloud = config->cloud.part;
  struct dp_flow_cell *c = dp_flow_cell_of(ctx);
  const struct dp_capacity all = dp_stock_capacity(ctx, ctx->now_ns + 1);
  c->quote_nusd_per_mtok = quoted(ctx, &all, c->quote_nusd_per_mtok);
  c->ttft_s = c->wait_s + all.first_token_s;
  if (cloud)
    c->advantage = c->quote_nusd_per_mtok == 0
                       ? -(double)INFINITY
                       : dp_cloud_advantage((double)c->quote_nusd_per_mtok / (cloud->price_usd_per_mtok * 1e9),
                                            c->ttft_s - cloud->ttft_s, config->price_weight,
                                            config->latency_weight_per_s, config->network_preference);
  const struct dp_flow_quote q = {.since_ns = c->since_ns, .market = ctx->self->index};
  DP_TRY(dp_emit(ctx, DP_EVENT_FLOW_QUOTE, DP_PHASE_ARRIVAL, dp_entity_of_cell(ctx->cell->id), &q, sizeof q));
  return set_timer(ctx, ctx->now_ns, DP_PHASE_DECISION);
}

enum dp_status dp_flow_demand(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_flow_cell *c = dp_flow_cell_of(ctx);
  struct dp_flow_demand d;
  dp_i128 utok, nusd = DP_FLOW_NO_LIMIT;
  dp_event_payload(event, &d, sizeof d);
  const bool limited = d.budget_usd < 1e20;
  if (!(d.work_tok >= 0 && d.work_tok < 1e24) || !dp_i128_from_double(d.work_tok * 1e6, &utok) ||
      (limited && !dp_i128_from_double(floor(d.budget_usd * 1e9), &nusd)))
    return dp_fail(ctx->err, DP_INVARIANT, "%s: demand of %g units for %g usd", ctx->self->name, d.work_tok,
                   d.budget_usd);
  *(d.granted ? &c->granted_utok : &c->wanted_utok) += utok;
  *(d.granted ? &c->granted_nusd : &c->wanted_nusd) += nusd;
  dp_metric_add_i128(ctx, DP_GATEWAY_WANTED, 0, utok);
  return DP_OK;
}

/* ---- and the match ---- */

/** ⌊a · b / c⌋ of amounts that fit, 0 ≤ a ≤ c. */
static dp_i128 share_of(dp_i128 a, dp_i128 b, dp_i128 c) {
  dp_i128 out = 0;
  return c > 0 && dp_i128_mul_div(a, b, c, DP_ROUND_DOWN, &out) ? out : 0;
}

/** What is asked for in an interval, and by whom it is paid. */
struct asked {
  dp_i128 own_utok, own_nusd;         /* of customers who pay themselves, and what they pay at most */
  dp_i128 granted_utok, granted_nusd; /* of those who spend a grant */
};

static dp_i128 work_of(const struct asked *a) { return a->own_utok + a->granted_utok; }
static dp_i128 own_money(const struct asked *a) { return a->own_utok > 0 ? a->own_nusd : 0; }

/** The fill for all. Where the price has risen since it was quoted, a grant buys less. */
static enum dp_status fill_all(struct dp_ctx *ctx, const struct dp_capacity *all, dp_time end_ns, struct asked *a,
                               struct dp_fill *out) {
  const dp_i128 money = a->granted_utok > 0 ? own_money(a) + a->granted_nusd : a->own_nusd;
  DP_TRY(dp_deal_fill(ctx, all, work_of(a), money, end_ns, out));
  const dp_i128 price = out->marginal_nusd_per_mtok;
  if (price <= 0 || a->granted_utok * price / 1000000000000 <= a->granted_nusd) return DP_OK;
  a->granted_utok = a->granted_nusd * 1000000000000 / price;
  return dp_deal_fill(ctx, all, work_of(a), money, end_ns, out);
}

/** Of what was dealt, what grants paid: their part of the work at the mean price, and never more than there is of them or
 *  less than the others' money leaves. */
static dp_i128 granted_of(const struct asked *a, const struct dp_dealt *d) {
  dp_i128 granted = share_of(a->granted_utok, d->spend_nusd, work_of(a));
  if (a->granted_utok == 0) return 0;
  if (granted < d->spend_nusd - own_money(a)) granted = d->spend_nusd - own_money(a);
  return granted < a->granted_nusd ? granted : a->granted_nusd;
}

/** What customers will have seen of this interval. What nobody did of granted work lapses. */
static void remember(struct dp_ctx *ctx, const struct dp_capacity *all, const struct asked *a, const struct dp_dealt *d,
                     dp_i128 granted_nusd) {
  struct dp_flow_cell *c = dp_flow_cell_of(ctx);
  const dp_i128 work = work_of(a), own_done = d->work_utok - share_of(a->granted_utok, d->work_utok, work);
  const double capacity_per_s = (double)all->utok * 1e9 / (double)(ctx->now_ns + 1 - c->since_ns);
  const double job_s = capacity_per_s > 0 && work > 0 ? all->slots * dp_stock_job_utok(ctx) / capacity_per_s : 0;
  c->load_ratio = all->utok > 0 ? (double)d->work_utok / (double)all->utok : 0;
  c->served_ratio = work > 0 ? (double)d->work_utok / (double)work : 1;
  c->wait_s = work > 0 ? dp_flow_wait_s((double)work / (double)(all->utok > 0 ? all->utok : 1), all->slots, job_s) : 0;
  c->unserved_utok = a->own_utok > own_done ? a->own_utok - own_done : 0;
  c->unserved_nusd = a->own_nusd >= DP_FLOW_NO_LIMIT ? DP_FLOW_NO_LIMIT : a->own_nusd - (d->spend_nusd - granted_nusd);
  c->spare_utok = all->utok > d->work_utok ? all->utok - d->work_utok : 0;
  if (config_of(ctx)->routing == DP_ROUTE_CHEAPEST && d->work_utok > 0)
    c->quote_nusd_per_mtok = (int64_t)ceil((double)d->spend_nusd / (double)d->work_utok * 1e12);
}

/** Metrics of work; the interval begins anew. */
static void count_work(struct dp_ctx *ctx, const struct dp_capacity *all, const struct dp_dealt *d,
                       const struct dp_dealt *self) {
  struct dp_flow_cell *c = dp_flow_cell_of(ctx);
  c->wanted_utok = c->wanted_nusd = c->in_utok = c->in_nusd = c->granted_utok = c->granted_nusd = 0;
  c->since_ns = ctx->now_ns + 1;
  dp_metric_add_i128(ctx, DP_GATEWAY_WORK, 0, d->work_utok + self->work_utok);
  dp_metric_add_i128(ctx, DP_GATEWAY_WANTED, 0, self->work_utok);
  dp_metric_add_i128(ctx, DP_GATEWAY_SELF_WORK, 0, self->work_utok);
  dp_metric_add_i128(ctx, DP_GATEWAY_CAPACITY, 0, all->utok);
}

static enum dp_status match(struct dp_ctx *ctx) {
  const struct dp_flow_cell *c = dp_flow_cell_of(ctx);
  const dp_time end_ns = ctx->now_ns + 1;
  struct asked a = {c->wanted_utok + c->in_utok, c->wanted_nusd + c->in_nusd, c->granted_utok, c->granted_nusd};
  const struct dp_capacity all = dp_stock_capacity(ctx, end_ns);
  struct dp_fill fill;
  struct dp_dealt d, self;
  DP_TRY(fill_all(ctx, &all, end_ns, &a, &fill));
  DP_TRY(dp_deal_self(ctx, &fill, end_ns, &self));
  DP_TRY(dp_deal(ctx, &fill, end_ns, &d));
  const struct dp_paid paid = {.spend_nusd = d.spend_nusd, .take_nusd = d.take_nusd, .granted_nusd = granted_of(&a, &d),
                               .self_nusd = self.spend_nusd, .self_take_nusd = self.take_nusd};
  if (d.work_utok > work_of(&a) || d.spend_nusd - paid.granted_nusd > own_money(&a))
    return dp_fail(ctx->err, DP_INVARIANT, "%s: more was done in cell %u than asked or paid for", ctx->self->name,
                   ctx->cell->id);
  DP_TRY(dp_waterfall_pay(ctx, &paid));
  dp_waterfall_add(ctx, &paid);
  remember(ctx, &all, &a, &d, paid.granted_nusd);
  count_work(ctx, &all, &d, &self);
  if (end_ns >= dp_ctx_sim(ctx)->spec.end_ns) return DP_OK;
  return set_timer(ctx, end_after(ctx, end_ns) - 1, DP_PHASE_RELEASE);
}

enum dp_status dp_flow_timer(struct dp_ctx *ctx, const struct dp_event *event) {
  return event->phase == DP_PHASE_RELEASE ? quote(ctx) : match(ctx);
}

/* ---- between cells ---- */

void dp_flow_bulletin(struct dp_ctx *ctx, struct dp_gateway_bulletin *out) {
  const struct dp_flow_cell *c = dp_flow_cell_of(ctx);
  const uint32_t stock_n = dp_own_table(ctx, DP_GATEWAY_STOCK)->row_n;
  *out = (struct dp_gateway_bulletin){.mean_nusd_per_mtok = c->quote_nusd_per_mtok,
                                      .unserved_utok = c->unserved_utok,
                                      .unserved_nusd = c->unserved_nusd,
                                      .spare_utok = c->spare_utok};
  for (uint32_t i = 0; i < stock_n; i++) out->up_n += dp_stock_at(ctx, i)->listed_n - dp_stock_at(ctx, i)->down_n;
}

/** A cell that could do more, by price. */
struct seller {
  int64_t price;
  uint32_t cell;
};

static int by_price(const void *a, const void *b) {
  const struct seller *x = a, *y = b;
  if (x->price != y->price) return x->price < y->price ? -1 : 1;
  return (x->cell > y->cell) - (x->cell < y->cell);
}

/** All that cells ask for and can do, and the money that goes with it. */
struct spilled {
  dp_i128 asked_utok, money_nusd, spare_utok;
};

/** In the order of `cells`, each takes what it can (by price), or in proportion to that. */
static void place_spill(struct dp_ctx *ctx, const struct seller *cells, uint32_t cell_n, const struct spilled *s) {
  const bool cheapest = config_of(ctx)->routing == DP_ROUTE_CHEAPEST;
  const dp_i128 placed = s->asked_utok < s->spare_utok ? s->asked_utok : s->spare_utok;
  dp_i128 before = 0, done = 0, paid = 0;
  for (uint32_t k = 0; k < cell_n; k++) {
    const struct dp_gateway_bulletin *b = dp_bulletin(ctx, ctx->self, cells[k].cell);
    before += b->spare_utok;
    const dp_i128 upto = cheapest ? (before < placed ? before : placed) : share_of(before, placed, s->spare_utok);
    const dp_i128 money = s->money_nusd >= DP_FLOW_NO_LIMIT ? 0 : share_of(upto, s->money_nusd, s->asked_utok);
    struct dp_flow_spill *row = DP_ROW(dp_own_global(ctx, DP_GATEWAY_SPILL), struct dp_flow_spill, cells[k].cell);
    *row = (struct dp_flow_spill){upto - done, s->money_nusd >= DP_FLOW_NO_LIMIT ? DP_FLOW_NO_LIMIT : money - paid};
    done = upto;
    paid = money;
  }
}

enum dp_status dp_flow_spill(struct dp_ctx *ctx) {
  const uint32_t cell_n = shared_of(ctx)->place->cell_n;
  struct spilled s = {0};
  if (cell_n == 1) return DP_OK;
  struct seller *cells = dp_zeros(cell_n, sizeof *cells);
  if (!cells) return dp_fail_nomem(ctx->err, "cells");
  for (uint32_t i = 0; i < cell_n; i++) {
    const struct dp_gateway_bulletin *b = dp_bulletin(ctx, ctx->self, i);
    cells[i] = (struct seller){b->mean_nusd_per_mtok, i};
    s.asked_utok += b->unserved_utok;
    s.spare_utok += b->spare_utok;
    if (b->unserved_utok > 0) s.money_nusd += b->unserved_nusd;
  }
  if (config_of(ctx)->routing == DP_ROUTE_CHEAPEST) qsort(cells, cell_n, sizeof *cells, by_price);
  place_spill(ctx, cells, cell_n, &s);
  free(cells);
  return DP_OK;
}

void dp_flow_take_spill(struct dp_ctx *ctx) {
  struct dp_flow_cell *c = dp_flow_cell_of(ctx);
  const struct dp_flow_spill *row = DP_ROW(dp_own_global(ctx, DP_GATEWAY_SPILL), struct dp_flow_spill, ctx->cell->id);
  c->in_utok = row->in_utok;
  c->in_nusd = row->in_nusd;
  dp_metric_add_i128(ctx, DP_GATEWAY_FORWARDED, 0, row->in_utok);
}
