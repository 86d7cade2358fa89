/* sim/workload/demand.c — the model "workload.demand": what customers of each cell ask of a network in an interval. */
#include <config.h>

#include "workload/demand.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "place/place.h"
#include "place/shock.h"
#include "workload/llm_rate.h"
#include "workload/server.h"

enum { TABLE_CUSTOMERS, TABLE_CLASS };
enum {
  METRIC_MARKET, METRIC_NETWORK, METRIC_CLOUD, METRIC_CLOUD_COST, METRIC_CELLS, METRIC_SHARE,
  METRIC_TRUST
};

/** Derived in init. */
struct shared {
  const struct dp_place *place;
  double *weight;               /* [cell_n] part of the market */
  dp_time *local_ns;            /* [cell_n] of the start, since a local Monday 0:00 */
  struct dp_class_rate *rates;  /* [class_n] */
  size_t class_n;
  struct dp_view quote, cloud, advantage, served, ttft; /* market.gateway cell */
};

static const struct dp_demand_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }
static const struct shared *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }
static struct dp_customers *customers_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, TABLE_CUSTOMERS), struct dp_customers, 0);
}

/* ---- init ---- */

static enum dp_status find_views(struct dp_ctx *ctx, struct shared *s) {
  const struct dp_instance *network = dp_sim_instance(dp_ctx_sim(ctx), config_of(ctx)->network.instance);
  DP_TRY(dp_view_find(network, "cell", "quote_nusd_per_mtok", &s->quote, ctx->err));
  DP_TRY(dp_view_find(network, "cell", "cloud_nusd_per_mtok", &s->cloud, ctx->err));
  DP_TRY(dp_view_find(network, "cell", "advantage", &s->advantage, ctx->err));
  DP_TRY(dp_view_find(network, "cell", "served_ratio", &s->served, ctx->err));
  return dp_view_find(network, "cell", "ttft_s", &s->ttft, ctx->err);
}

static void place_customers(struct dp_ctx *ctx, struct shared *s) {
  const int64_t start_ns = dp_ctx_sim(ctx)->spec.start_epoch_ns;
  double total = 0;
  for (uint32_t c = 0; c < s->place->cell_n; c++) total += s->place->demand_weight[c];
  for (uint32_t c = 0; c < s->place->cell_n; c++) {
    const double offset_h = s->place->regions[dp_place_region(s->place, c)]->utc_offset_h;
    const int64_t week = 7 * DP_DAY; /* 1970-01-01 was a Thursday */
    const int64_t local = start_ns % week + (int64_t)(offset_h * 3600) * DP_S + 3 * DP_DAY;
    s->weight[c] = total > 0 ? s->place->demand_weight[c] / total : 0;
    s->local_ns[c] = ((local % week) + week) % week;
  }
}

/** What a node of a class does: as its class says, or as a server of LLM inference for jobs of mean size. */
static enum dp_status rate_of(struct dp_ctx *ctx, const struct dp_node_class *class, struct dp_class_rate *out) {
  const struct dp_demand_config *c = config_of(ctx);
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  *out = (struct dp_class_rate){.work_per_s = class->work_per_s, .slots_n = 1};
  if (class->work_per_s > 0) return DP_OK;
  const struct dp_instance *server = dp_sim_first(sim, "workload.server");
  const struct dp_server_config *serves = server->config;
  struct dp_llm_cost cost;
  if (dp_llm_cost_find(class->gpu, &cost, ctx->err) != DP_OK)
    return dp_fail(ctx->err, DP_SCENARIO, "workload.demand: what can a node with '%.60s' do? It is no LLM server known "
                   "here (give its hardware class work_per_s)", class->gpu);
  const double weights_gib = dp_sim_part_n(sim, dp_llm_schema.name)
                                 ? ((const struct dp_llm *)dp_sim_part(sim, dp_llm_schema.name, 0))->weights_gib
                                 : dp_llm_weights_gib();
  const int64_t capacity_tok = dp_llm_kv_capacity_tokens(class->memory_gib, weights_gib, serves->memory_overhead_ratio);
  const struct dp_llm_rate r = dp_llm_rate(&cost, capacity_tok, serves->batch_n, c->prompt_tok, c->output_tok);
  out->jobs_per_s = r.jobs_per_s;
  out->solo_jobs_per_s = r.solo_jobs_per_s;
  out->first_token_s = r.first_token_s;
  out->slots_n = r.slots_n;
  return DP_OK;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  struct dp_instance *self = (struct dp_instance *)ctx->self;
  struct shared *s = dp_zeros(1, sizeof *s);
  if (!s) return dp_fail_nomem(ctx->err, "demand");
  self->shared = s;
  s->place = dp_place_of(self->sim);
  s->class_n = dp_sim_part_n(self->sim, "hardware.class");
  s->weight = dp_zeros(s->place->cell_n, sizeof *s->weight);
  s->local_ns = dp_zeros(s->place->cell_n, sizeof *s->local_ns);
  s->rates = dp_zeros(s->class_n, sizeof *s->rates);
  if (!s->weight || !s->local_ns || !s->rates) return dp_fail_nomem(ctx->err, "demand");
  place_customers(ctx, s);
  for (uint16_t i = 0; i < s->class_n; i++)
    DP_TRY(rate_of(ctx, dp_sim_part(self->sim, "hardware.class", i), &s->rates[i]));
  return find_views(ctx, s);
}

static void release(void *p) {
  struct shared *s = p;
  if (!s) return;
  free(s->weight);
  free(s->local_ns);
  free(s->rates);
  free(s);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  const struct dp_demand_config *c = config_of(ctx);
  const struct shared *s = shared_of(ctx);
  uint32_t row;
  DP_TRY(dp_table_add(dp_own_table(ctx, TABLE_CUSTOMERS), &row, ctx->err));
  *customers_of(ctx) = (struct dp_customers){
      .share = -1, .trust = 1, .prompt_tok = c->prompt_tok, .output_tok = c->output_tok};
  for (size_t i = 0; i < s->class_n; i++) {
    DP_TRY(dp_table_add(dp_own_table(ctx, TABLE_CLASS), &row, ctx->err));
    *DP_ROW(dp_own_table(ctx, TABLE_CLASS), struct dp_class_rate, row) = s->rates[i];
  }
  return DP_OK;
}

/* ---- an interval ---- */

static double seen(const struct dp_ctx *ctx, const struct dp_view *v) { return *(const double *)dp_view_at(ctx, v, 0); }
static double price_usd(const struct dp_ctx *ctx, const struct dp_view *v) {
  return (double)*(const int64_t *)dp_view_at(ctx, v, 0) / 1e9;
}

/** Noise of a day of the run, of mean 1: lognormal. */
static double day_noise(struct dp_ctx *ctx, double sd, dp_time day) {
  struct dp_rng rng = dp_ctx_rng(ctx, dp_entity_of_cell(ctx->cell->id), DP_STREAM(DP_STREAM_DEMAND, ctx->self->index),
                                 (uint64_t)day);
  return exp(sd * dp_rng_normal(&rng) - sd * sd / 2);
}

/** Mean over [since, until): a day's luck does not know how often is settled. */
static double noise(struct dp_ctx *ctx, dp_time since_ns, dp_time until_ns) {
  const double sd = config_of(ctx)->noise_ratio;
  const dp_time first = since_ns / DP_DAY, last = (until_ns - 1) / DP_DAY;
  double sum = 0;
  if (sd <= 0) return 1;
  if (first >= last) return day_noise(ctx, sd, first);
  for (dp_time day = first; day <= last; day++) {
    const dp_time from = day > first ? day * DP_DAY : since_ns, to = day < last ? (day + 1) * DP_DAY : until_ns;
    sum += day_noise(ctx, sd, day) * ((double)(to - from) / (double)(until_ns - since_ns));
  }
  return sum;
}

/** The customers learn from the interval before, and some of them switch. */
static void learn(struct dp_ctx *ctx, struct dp_customers *customers, double dt_d) {
  const struct dp_demand_config *c = config_of(ctx);
  const struct shared *s = shared_of(ctx);
  const double advantage = seen(ctx, &s->advantage);
  double ttft_s = seen(ctx, &s->ttft);
  if (ttft_s > c->patience_s) ttft_s = c->patience_s;
  if (customers->interval_n > 0)
    customers->trust = dp_demand_trust(c, customers->trust, seen(ctx, &s->served), ttft_s, dt_d);
  const double target = dp_demand_share_target(c, advantage, customers->trust);
  if (customers->share < 0) customers->share = isinf(advantage) ? 1 : c->start_share_ratio;
  customers->share = dp_demand_move(customers->share, target, dt_d, c->switch_d);
}

/** What they ask of the network and of the cloud in [since, now]. */
static struct dp_flow_demand ask(struct dp_ctx *ctx, const struct dp_customers *customers, dp_time since_ns) {
  const struct dp_demand_config *c = config_of(ctx);
  const struct shared *s = shared_of(ctx);
  const uint32_t cell = ctx->cell->id;
  const dp_time now_ns = ctx->now_ns + 1; /* the interval ends with the beat */
  const double dt_d = (double)(now_ns - since_ns) / (double)DP_DAY;
  const double price = price_usd(ctx, &s->quote), cloud = price_usd(ctx, &s->cloud);
  const double market = dp_demand_potential_per_day(c, since_ns, now_ns, s->local_ns[cell]) * dt_d * s->weight[cell] *
                        dp_shock_factor(dp_ctx_sim(ctx), DP_SHOCK_demand, since_ns, now_ns) *
                        noise(ctx, since_ns, now_ns);
  struct dp_flow_demand d = {.budget_usd = (double)INFINITY, .workload = ctx->self->index};
  d.work_tok = market * customers->share * dp_demand_price_factor(c, price);
  if (cloud > 0) d.cloud_tok = market * (1 - customers->share) * dp_demand_price_factor(c, cloud);
  if (c->budget_usd_per_day > 0) {
    d.budget_usd = c->budget_usd_per_day * dt_d * s->weight[cell];
    if (price > 0 && d.work_tok * price > d.budget_usd * 1e6) d.work_tok = d.budget_usd * 1e6 / price;
  }
  dp_metric_add_f(ctx, METRIC_MARKET, 0, market);
  dp_metric_add_f(ctx, METRIC_NETWORK, 0, d.work_tok);
  dp_metric_add_f(ctx, METRIC_CLOUD, 0, d.cloud_tok);
  dp_metric_add_f(ctx, METRIC_CLOUD_COST, 0, d.cloud_tok * cloud / 1e6);
  return d;
}

/** What those ask who spend a grant: what it buys at the quote. */
static struct dp_flow_demand ask_granted(struct dp_ctx *ctx, dp_time since_ns) {
  const struct dp_demand_config *c = config_of(ctx);
  const struct shared *s = shared_of(ctx);
  const dp_time until_ns = llround(c->granted_until_d * (double)DP_DAY), now_ns = ctx->now_ns + 1;
  const dp_time to_ns = until_ns > 0 && now_ns > until_ns ? until_ns : now_ns;
  const double price = price_usd(ctx, &s->quote);
  struct dp_flow_demand d = {.workload = ctx->self->index, .granted = 1};
  if (to_ns <= since_ns || price <= 0) return d;
  d.budget_usd = c->granted_usd_per_day * (double)(to_ns - since_ns) / (double)DP_DAY * s->weight[ctx->cell->id];
  d.work_tok = d.budget_usd * 1e6 / price;
  dp_metric_add_f(ctx, METRIC_NETWORK, 0, d.work_tok);
  return d;
}

static enum dp_status send(struct dp_ctx *ctx, uint16_t market, const struct dp_flow_demand *d) {
  struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id), .time_ns = ctx->now_ns, .instance = market,
                         .kind = DP_EVENT_FLOW_DEMAND, .phase = DP_PHASE_ARRIVAL, .size = sizeof *d, .payload = d};
  return dp_send(ctx, &m);
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_flow_quote quote;
  struct dp_customers *customers = customers_of(ctx);
  dp_event_payload(event, &quote, sizeof quote);
  if (quote.market != config_of(ctx)->network.instance) return DP_OK;
  learn(ctx, customers, (double)(ctx->now_ns + 1 - quote.since_ns) / (double)DP_DAY);
  const struct dp_flow_demand d = ask(ctx, customers, quote.since_ns);
  customers->since_ns = ctx->now_ns + 1;
  customers->interval_n++;
  DP_TRY(send(ctx, quote.market, &d));
  if (config_of(ctx)->granted_usd_per_day <= 0) return DP_OK;
  const struct dp_flow_demand granted = ask_granted(ctx, quote.since_ns);
  return granted.work_tok > 0 ? send(ctx, quote.market, &granted) : DP_OK;
}

static enum dp_status sample_cell(struct dp_ctx *ctx) {
  const struct dp_customers *customers = customers_of(ctx);
  dp_metric_set(ctx, METRIC_CELLS, 0, 1);
  dp_metric_set(ctx, METRIC_SHARE, 0, llround((customers->share < 0 ? 0 : customers->share) * 1e9));
  dp_metric_set(ctx, METRIC_TRUST, 0, llround(customers->trust * 1e9));
  return DP_OK;
}

#include "workload/demand_tables.inc"
