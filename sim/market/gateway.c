/* sim/market/gateway.c — the model "market.gateway": a request's way through the market, and the beats. */
#include <config.h>

#include "market/gateway.h"

#include <math.h>
#include <stdlib.h>

#include "market/flow.h"
#include "market/waterfall.h"

static bool is_flow(const struct dp_ctx *ctx) {
  return ((const struct dp_gateway_config *)ctx->self->config)->fidelity == DP_FIDELITY_FLOW;
}
static const struct dp_gateway_shared *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }

/** Sends to another model instance in this cell. */
static enum dp_status send_here(struct dp_ctx *ctx, uint16_t instance, uint16_t kind, dp_entity dest, dp_time time_ns,
                                const void *payload, uint8_t size) {
  struct dp_message m = {.dest = dest, .time_ns = time_ns, .instance = instance, .kind = kind,
                         .phase = DP_PHASE_ARRIVAL, .size = size, .payload = payload};
  return dp_send(ctx, &m);
}

static dp_time delay_ns(const struct dp_ctx *ctx, uint32_t cell) {
  return dp_place_delay_ns(shared_of(ctx)->place, ctx->cell->id, cell);
}

/** What customers of this cell have learned of the network; 0 where their workload does not say. */
static double learned(struct dp_ctx *ctx, const struct dp_view *v) {
  return v->type == DP_TYPE_F64 ? *(const double *)dp_view_at(ctx, v, 0) : 0;
}

/** Sends to the gateway of another cell; the network's latency passes. */
static enum dp_status send_away(struct dp_ctx *ctx, uint32_t cell, uint16_t kind, const void *payload, uint8_t size) {
  struct dp_message m = {.dest = dp_entity_of_cell(cell), .time_ns = ctx->now_ns + delay_ns(ctx, cell),
                         .instance = ctx->self->index, .kind = kind, .channel = shared_of(ctx)->channel,
                         .phase = DP_PHASE_ARRIVAL, .size = size, .payload = payload};
  return dp_send(ctx, &m);
}

/** The outcome is known in the cell where the request was served: it goes back to the customer. */
static enum dp_status deliver(struct dp_ctx *ctx, struct dp_job_result *result) {
  const uint32_t origin = dp_entity_cell(result->job);
  if (origin != ctx->cell->id) {
    if (result->outcome != DP_JOB_COMPLETED) DP_TRY(dp_trade_send(ctx, result->amount_nusd));
    return send_away(ctx, origin, DP_EVENT_JOB_RETURN, result, sizeof *result);
  }
  if (result->outcome != DP_JOB_COMPLETED) DP_TRY(dp_trade_refund(ctx, result->amount_nusd));
  if (result->first_token_ns > 0) result->first_token_ns += delay_ns(ctx, origin);
  return send_here(ctx, (uint16_t)result->workload, DP_EVENT_JOB_RESULT, result->job,
                   ctx->now_ns + delay_ns(ctx, origin), result, sizeof *result);
}

static enum dp_status reject(struct dp_ctx *ctx, const struct dp_job *job) {
  struct dp_job_result result = {.job = job->job, .amount_nusd = job->amount_nusd};
  result.prompt_n = job->prompt_n;
  result.output_n = job->output_n;
  result.workload = job->workload;
  result.outcome = DP_JOB_REJECTED;
  return deliver(ctx, &result);
}

static enum dp_status start(struct dp_ctx *ctx, uint32_t node, const struct dp_job *job) {
  struct dp_listing l = *dp_listing_at(ctx, node);
  l.in_flight_n++;
  l.pending_tok += (int64_t)job->prompt_n + (int64_t)job->output_n;
  dp_index_put(ctx, node, &l);
  return send_here(ctx, shared_of(ctx)->server, DP_EVENT_JOB_START,
                   dp_table_entity(dp_own_table(ctx, DP_GATEWAY_LISTING), node),
                   ctx->now_ns + delay_ns(ctx, ctx->cell->id), job, sizeof *job);
}

/** Here or nowhere: the request has come to the cell that was to serve it, or its host has failed. */
static enum dp_status place_here(struct dp_ctx *ctx, const struct dp_job *job) {
  const uint32_t node = dp_route_host(ctx, job, (struct dp_luck){job->job, (uint64_t)ctx->now_ns});
  return node == DP_NO_ROW ? reject(ctx, job) : start(ctx, node, job);
}

/** Whether this customer takes the network: a logit on the quoted price, on what first tokens took lately, and on trust. */
static bool takes_network(struct dp_ctx *ctx, const struct dp_job *job, const struct dp_route *r,
                          const struct dp_cloud *cloud, struct dp_luck luck) {
  const struct dp_gateway_config *config = ctx->self->config;
  if (!r->found) return false;
  const double price_ratio = (double)r->price_nusd_per_mtok / (cloud->price_usd_per_mtok * 1e9);
  const struct dp_gateway_shared *shared = shared_of(ctx);
  const double gap_s = learned(ctx, &shared->expected[job->workload]) - cloud->ttft_s;
  const double preference = config->network_preference - learned(ctx, &shared->distrust[job->workload]);
  const double share = dp_cloud_network_share(price_ratio, gap_s, config->price_weight, config->latency_weight_per_s,
                                              preference);
  struct dp_rng rng = dp_ctx_rng(ctx, luck.entity, DP_STREAM(DP_STREAM_CHOICE, job->workload), luck.occasion);
  return dp_rng_uniform(&rng) < share;
}

/** The cloud serves: no queue, a steady latency, and its money never enters these books. */
static enum dp_status serve_by_cloud(struct dp_ctx *ctx, const struct dp_job *job, const struct dp_cloud *cloud) {
  struct dp_job_result result = {.job = job->job};
  const dp_i128 decode_ns = (dp_i128)(int64_t)(cloud->tpot_s * 1e9) * ((int64_t)job->output_n - 1);
  result.first_token_ns = dp_time_add(ctx->now_ns, (dp_time)(cloud->ttft_s * 1e9));
  result.prompt_n = job->prompt_n;
  result.output_n = job->output_n;
  result.workload = job->workload;
  result.outcome = DP_JOB_COMPLETED;
  result.by_cloud = 1;
  dp_metric_add(ctx, DP_GATEWAY_CLOUD_N, 0, 1);
  dp_metric_add(ctx, DP_GATEWAY_CLOUD_COST, 0,
                dp_trade_amount(ctx, job->prompt_n, job->output_n, llround(cloud->price_usd_per_mtok * 1e9)));
  return send_here(ctx, (uint16_t)job->workload, DP_EVENT_JOB_RESULT, job->job,
                   dp_time_add(result.first_token_ns, decode_ns < DP_TIME_MAX ? (dp_time)decode_ns : DP_TIME_MAX),
                   &result, sizeof result);
}

static enum dp_status submit(struct dp_ctx *ctx, const struct dp_event *event) {
  const struct dp_gateway_config *config = ctx->self->config;
  const struct dp_cloud *cloud = config->cloud.part;
  struct dp_job job;
  dp_event_payload(event, &job, sizeof job);
  const struct dp_luck luck = {event->dest, job.ordinal};
  job.amount_nusd = 0;
  const struct dp_route r = dp_route_request(ctx, &job, luck);
  dp_metric_add(ctx, DP_GATEWAY_SUBMITTED, 0, 1);
  if (cloud && !takes_network(ctx, &job, &r, cloud, luck)) return serve_by_cloud(ctx, &job, cloud);
  if (!r.found) return reject(ctx, &job);
  job.amount_nusd = dp_trade_amount(ctx, job.prompt_n, job.output_n, r.price_nusd_per_mtok);
  DP_TRY(dp_trade_escrow(ctx, job.amount_nusd));
  if (r.cell == ctx->cell->id) return start(ctx, r.node, &job);
  dp_metric_add(ctx, DP_GATEWAY_REMOTE, 0, 1);
  DP_TRY(dp_trade_send(ctx, job.amount_nusd));
  return send_away(ctx, r.cell, DP_EVENT_JOB_FORWARD, &job, sizeof job);
}

static enum dp_status forwarded(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_job job;
  dp_event_payload(event, &job, sizeof job);
  DP_TRY(dp_trade_receive(ctx, job.amount_nusd));
  return place_here(ctx, &job);
}

/** The request is not on this host any more. */
static void leave(struct dp_ctx *ctx, uint32_t node, int64_t tokens) {
  struct dp_listing l = *dp_listing_at(ctx, node);
  l.in_flight_n--;
  l.pending_tok -= tokens;
  l.barred = dp_record_bars(ctx, node);
  dp_index_put(ctx, node, &l);
}

static enum dp_status done(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_job_result result;
  dp_event_payload(event, &result, sizeof result);
  const uint32_t node = dp_entity_row(event->dest);
  leave(ctx, node, (int64_t)result.prompt_n + (int64_t)result.output_n);
  if (result.outcome == DP_JOB_COMPLETED) dp_record_hear(ctx, ctx->self, node, true);
  if (result.outcome == DP_JOB_COMPLETED) DP_TRY(dp_trade_complete(ctx, node, &result));
  return deliver(ctx, &result);
}

static enum dp_status lost(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_job job;
  dp_event_payload(event, &job, sizeof job);
  dp_record_hear(ctx, ctx->self, dp_entity_row(event->dest), false);
  leave(ctx, dp_entity_row(event->dest), (int64_t)job.prompt_n + (int64_t)job.output_n);
  return place_here(ctx, &job);
}

static enum dp_status returned(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_job_result result;
  dp_event_payload(event, &result, sizeof result);
  if (result.outcome != DP_JOB_COMPLETED) {
    DP_TRY(dp_trade_receive(ctx, result.amount_nusd));
    DP_TRY(dp_trade_refund(ctx, result.amount_nusd));
  }
  if (result.first_token_ns > 0)
    result.first_token_ns += dp_place_delay_ns(shared_of(ctx)->place, (uint32_t)(event->source >> DP_ORDINAL_BITS),
                                               ctx->cell->id);
  return send_here(ctx, (uint16_t)result.workload, DP_EVENT_JOB_RESULT, result.job, ctx->now_ns, &result,
                   sizeof result);
}

static enum dp_status post_price(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_price_posted posted;
  dp_event_payload(event, &posted, sizeof posted);
  if (posted.market != ctx->self->index) return DP_OK;
  const uint32_t node = dp_entity_row(event->dest);
  struct dp_listing l = *dp_listing_at(ctx, node);
  if (l.price_nusd_per_mtok == 0)
    return (is_flow(ctx) ? dp_stock_enlist : dp_index_enlist)(ctx, node, posted.price_nusd_per_mtok);
  if (is_flow(ctx)) {
    dp_stock_price(ctx, node, posted.price_nusd_per_mtok);
    return DP_OK;
  }
  l.price_nusd_per_mtok = posted.price_nusd_per_mtok;
  dp_index_put(ctx, node, &l);
  return DP_OK;
}

static enum dp_status set_up(struct dp_ctx *ctx, uint32_t node, bool up) {
  if (is_flow(ctx)) {
    dp_stock_up(ctx, node, up);
    return DP_OK;
  }
  struct dp_listing l = *dp_listing_at(ctx, node);
  l.up = up;
  dp_index_put(ctx, node, &l);
  return DP_OK;
}

/** The node is about to lose its row: nothing of it may be counted any more. */
static enum dp_status delist(struct dp_ctx *ctx, uint32_t node) {
  struct dp_listing l = *dp_listing_at(ctx, node);
  l.price_nusd_per_mtok = 0;
  l.up = 0;
  if (is_flow(ctx)) dp_stock_price(ctx, node, 0);
  else dp_index_put(ctx, node, &l);
  return DP_OK;
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  switch (event->kind) {
    case DP_EVENT_JOB_SUBMIT: return submit(ctx, event);
    case DP_EVENT_JOB_FORWARD: return forwarded(ctx, event);
    case DP_EVENT_JOB_RETURN: return returned(ctx, event);
    case DP_EVENT_FLOW_DEMAND: return dp_flow_demand(ctx, event);
    case DP_EVENT_TIMER: return dp_flow_timer(ctx, event);
    default: break;
  }
  if (dp_table_find(dp_own_table(ctx, DP_GATEWAY_LISTING), event->dest) == DP_NO_ROW) {
    if (event->kind != DP_EVENT_JOB_DONE && event->kind != DP_EVENT_JOB_LOST) return DP_OK;
    return dp_fail(ctx->err, DP_INVARIANT, "market.gateway: a request comes back from node %llx, which does not exist",
                   (unsigned long long)event->dest);
  }
  switch (event->kind) {
    case DP_EVENT_JOB_DONE: return done(ctx, event);
    case DP_EVENT_JOB_LOST: return lost(ctx, event);
    case DP_EVENT_PRICE_POSTED: return post_price(ctx, event);
    case DP_EVENT_NODE_DOWN: return set_up(ctx, dp_entity_row(event->dest), false);
    case DP_EVENT_NODE_UP: return set_up(ctx, dp_entity_row(event->dest), true);
    case DP_EVENT_NODE_LEFT: return delist(ctx, dp_entity_row(event->dest));
    default: return dp_fail(ctx->err, DP_INVARIANT, "market.gateway: event kind %d is not handled", event->kind);
  }
}

/** Views of one column in every instance of a model, by instance index. */
static enum dp_status find_views(struct dp_ctx *ctx, const char *model, const char *table, const char *column,
                                 struct dp_view **out) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  *out = calloc(sim->instance_n, sizeof **out);
  if (!*out) return dp_fail_nomem(ctx->err, "views");
  for (const struct dp_instance *i = dp_sim_first(sim, model); i; i = dp_sim_next(i))
    DP_TRY(dp_view_find(i, table, column, &(*out)[i->index], ctx->err));
  return DP_OK;
}

/** Where hosts' earnings wait, if the network pays on a chain. */
static enum dp_status find_payout(struct dp_ctx *ctx, struct dp_gateway_shared *shared) {
  for (const struct dp_instance *i = dp_sim_first(dp_ctx_sim(ctx), "ledger.payout"); i; i = dp_sim_next(i)) {
    if (!dp_instance_refers(i, "network", ctx->self)) continue;
    shared->has_due = true;
    return dp_view_find(i, "host", "account", &shared->due, ctx->err);
  }
  return DP_OK;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  struct dp_instance *self = (struct dp_instance *)ctx->self;
  const struct dp_gateway_config *config = self->config;
  struct dp_gateway_shared *shared = calloc(1, sizeof *shared);
  if (!shared) return dp_fail_nomem(ctx->err, "gateway");
  self->shared = shared;
  shared->place = dp_place_of(self->sim);
  shared->prompt_price_ppm = llround(config->prompt_price_ratio * 1e6);
  shared->take_ppb = llround(config->take_ratio * 1e9);
  uint32_t treasury; /* found by dp_books_of */
  if (self->nth) DP_TRY(dp_books_open(ctx, DP_ACCOUNT_TREASURY, DP_USD, self->index, &treasury));
  shared->self_share = (uint64_t)llround(config->self_dealing_ratio * (double)DP_FLOW_ONE);
  const struct dp_instance *server = dp_sim_first(self->sim, "workload.server");
  shared->server = server->index;
  DP_TRY(dp_view_find(server, "server", "capacity_tok", &shared->capacity, ctx->err));
  DP_TRY(dp_view_find(dp_sim_first(self->sim, "hardware.node"), "node", "provider", &shared->provider, ctx->err));
  DP_TRY(find_views(ctx, "provider.fleet", "host", "usd_account", &shared->usd_account));
  DP_TRY(find_views(ctx, "workload.inference", "source", "expected_ttft_s", &shared->expected));
  DP_TRY(find_views(ctx, "workload.inference", "source", "distrust", &shared->distrust));
  DP_TRY(find_payout(ctx, shared));
  DP_TRY(dp_flow_workloads(ctx));
  DP_TRY(dp_waterfall_check(ctx));
  if (config->fidelity == DP_FIDELITY_FLOW) return dp_flow_init(ctx);
  if (shared->place->cell_n > 1)
    DP_TRY(dp_open_channel(ctx, "request", shared->place->least_delay_ns, &shared->channel));
  return dp_open_beat(ctx, "load", (dp_time)(config->load_refresh_s * 1e9));
}

static void release(void *shared) {
  struct dp_gateway_shared *s = shared;
  dp_flow_release(&s->flow);
  free(s->usd_account);
  free(s->expected);
  free(s->distrust);
  free(s);
}

static void bulletin_of(struct dp_ctx *ctx, struct dp_gateway_bulletin *out) {
  (is_flow(ctx) ? dp_flow_bulletin : dp_route_bulletin)(ctx, out);
}

static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (beat->own || is_flow(ctx)) {
    struct dp_gateway_bulletin bulletin;
    bulletin_of(ctx, &bulletin);
    dp_bulletin_post(ctx, &bulletin);
  }
  return dp_waterfall_collect(ctx, beat);
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (!beat->settlement) return DP_OK;
  if (is_flow(ctx) && !beat->last) DP_TRY(dp_flow_spill(ctx));
  return dp_waterfall_clear(ctx, beat);
}

static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (!beat->settlement) return DP_OK;
  if (is_flow(ctx) && !beat->last) dp_flow_take_spill(ctx);
  if (!is_flow(ctx)) dp_record_forgive(ctx);
  DP_TRY(dp_waterfall_grant(ctx));
  return dp_trade_pay_out(ctx);
}

static enum dp_status sample_cell(struct dp_ctx *ctx) {
  struct dp_gateway_bulletin b;
  bulletin_of(ctx, &b);
  dp_metric_set(ctx, DP_GATEWAY_UP, dp_place_region(shared_of(ctx)->place, ctx->cell->id), b.up_n);
  return DP_OK;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const dp_i128 treasury = dp_books_balance(ctx, dp_books_of(ctx, ctx->self, DP_ACCOUNT_TREASURY, DP_USD));
  dp_metric_set_global(ctx, DP_GATEWAY_TREASURY, dp_books_units(dp_ctx_sim(ctx), DP_USD, treasury));
  return DP_OK;
}

static enum dp_status check_cell(struct dp_ctx *ctx) { return is_flow(ctx) ? DP_OK : dp_index_check(ctx); }

#include "market/gateway_tables.inc"
