/* sim/model/self_check.c — checks around every event, put between the engine and the models' handlers. */
#include "model/self_check.h"

#include <inttypes.h>

#include "model/host.h"

/** The event that a cell ran last. */
struct dp_last_event {
  bool any;
  struct dp_event key; /* header */
  uint64_t send_n;     /* of the cell, before it was handled */
};

static enum dp_status check_callback(struct dp_ctx *ctx, enum dp_status (*check)(struct dp_ctx *ctx)) {
  enum dp_status status = check ? check(ctx) : DP_OK;
  return status == DP_OK ? DP_OK : dp_host_blame(ctx->self, ctx->now_ns, status, ctx->err);
}

/** The invariants of one cell. Those of the replicated state hold at settlements, where they are checked in any case. */
static enum dp_status check_invariants(struct dp_sim *sim, struct dp_cell *cell, dp_time now_ns, struct dp_err *err) {
  struct dp_ctx ctx = {.engine = sim->engine, .cell = cell, .now_ns = now_ns, .err = err};
  const enum dp_host_phase phase = sim->host->phase;
  enum dp_status status = DP_OK;
  sim->host->phase = DP_HOST_APPLY;
  for (size_t i = 0; i < sim->instance_n && status == DP_OK; i++) {
    ctx.self = &sim->instances[i];
    status = check_callback(&ctx, ctx.self->model->check_cell);
  }
  sim->host->phase = phase;
  return status;
}

static enum dp_status misplaced(const struct dp_ctx *ctx, const struct dp_event *event, const char *what) {
  return dp_fail(ctx->err, DP_INVARIANT,
                 "self-check: an event of %s (kind %u, phase %u, destination %016" PRIx64 ", source %016" PRIx64
                 ") at %" PRId64 " ns %s (cell %" PRIu32 ")",
                 ctx->self->model->name, event->kind, event->phase, event->dest, event->source, event->time_ns, what,
                 ctx->cell->id);
}

/** An event that comes before the last one in the total order must have been sent by the last one, or after it. */
static enum dp_status check_event(const struct dp_ctx *ctx, const struct dp_event *event,
                                  const struct dp_last_event *last) {
  const uint64_t number = event->source & DP_ORDINAL_MASK;
  if (dp_entity_cell(event->dest) != ctx->cell->id) return misplaced(ctx, event, "came to another cell");
  if (event->time_ns >= ctx->engine->horizon_ns) return misplaced(ctx, event, "runs after the end of its window");
  if (!last->any) return DP_OK;
  if (event->time_ns < last->key.time_ns) return misplaced(ctx, event, "runs after a later one");
  if (dp_event_before(&last->key, event)) return DP_OK;
  bool fresh = dp_entity_cell(event->source) == ctx->cell->id && number >= (last->send_n & DP_ORDINAL_MASK);
  return fresh ? DP_OK : misplaced(ctx, event, "runs out of order");
}

static enum dp_status checked_handle(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_sim *sim = ctx->self->sim;
  struct dp_last_event *last = &sim->host->last_events[ctx->cell->id];
  DP_TRY(check_event(ctx, event, last));
  *last = (struct dp_last_event){.any = true, .send_n = ctx->cell->send_n};
  memcpy(&last->key, event, sizeof last->key);
  DP_TRY(ctx->self->model->handle(ctx, event));
  return check_invariants(sim, ctx->cell, ctx->now_ns, ctx->err);
}

enum dp_status dp_sim_self_check(struct dp_sim *sim, struct dp_err *err) {
  struct dp_host *h = sim->host;
  if (h->last_events) return DP_OK;
  h->last_events = dp_host_alloc(sim, sim->engine->config.cell_n * sizeof *h->last_events);
  if (!h->last_events) return dp_fail_nomem(err, "the self-check");
  sim->engine->pool.poisons = true;
  for (size_t i = 0; i < sim->instance_n; i++)
    if (sim->instances[i].model->handle) h->targets[i].handle = checked_handle;
  return DP_OK;
}

enum dp_status dp_sim_check(struct dp_sim *sim, struct dp_err *err) {
  struct dp_engine *e = sim->engine;
  enum dp_status status = DP_OK;
  for (uint32_t i = 0; i < e->local_n && status == DP_OK; i++)
    status = check_invariants(sim, &e->cells[i], e->now_ns, err);
  DP_TRY(dp_comm_agree(sim->comm, status, err));
  return dp_engine_globals_digest(e, NULL, err);
}
