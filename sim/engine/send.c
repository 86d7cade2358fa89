/* sim/engine/send.c — sending events inside a cell, between cells of this rank, and to other ranks. */
#include <inttypes.h>

#include "engine/agenda.h"
#include "engine/buckets.h"
#include "engine/inside.h"

#define SEND_N_MAX DP_ORDINAL_MASK

/* A message that leaves its cell or names a channel: the channel's promise is checked and observed. */
static enum dp_status channel_check(struct dp_ctx *ctx, const struct dp_message *m, struct dp_err *err) {
  struct dp_engine *e = ctx->engine;
  uint32_t here = ctx->cell->id, there = dp_entity_cell(m->dest);
  if (m->channel >= e->channel_n)
    return dp_fail(err, DP_INVARIANT, "a message of kind %u names channel %u, which is not open", m->kind, m->channel);
  if (there >= e->config.cell_n)
    return dp_fail(err, DP_INVARIANT, "a message of kind %u goes to cell %" PRIu32 ", but there are %" PRIu32 " cells",
                   m->kind, there, e->config.cell_n);
  struct dp_channel *c = &e->channels[m->channel];
  dp_time delay = m->time_ns - ctx->now_ns;
  if (m->channel == DP_CHANNEL_CELL)
    return dp_fail(err, DP_INVARIANT,
                   "a message of kind %u goes from cell %" PRIu32 " to cell %" PRIu32
                   " by the channel inside a cell (open a channel with a least delay)",
                   m->kind, here, there);
  if (delay < c->least_delay_ns)
    return dp_fail(err, DP_INVARIANT,
                   "a message of kind %u by channel %s takes %" PRId64 " ns, but the channel's least delay is %" PRId64
                   " ns",
                   m->kind, c->name, delay, c->least_delay_ns);
  if (there != here) {
    if (delay < c->observed_min_ns) c->observed_min_ns = delay;
    c->message_n++;
  }
  return DP_OK;
}

static enum dp_status message_check(struct dp_ctx *ctx, const struct dp_message *m) {
  const struct dp_engine_config *config = &ctx->engine->config;
  if (m->time_ns < ctx->now_ns)
    return dp_fail(ctx->err, DP_INVARIANT, "a message of kind %u is for %" PRId64 " ns, but it is %" PRId64 " ns now",
                   m->kind, m->time_ns, ctx->now_ns);
  if (m->instance >= config->target_n || config->targets[m->instance].handle == NULL)
    return dp_fail(ctx->err, DP_INVARIANT, "a message of kind %u goes to instance %u, which handles no events", m->kind,
                   m->instance);
  if (m->size > DP_PAYLOAD_MAX || m->size % 8 || (m->size && m->payload == NULL))
    return dp_fail(ctx->err, DP_INVARIANT, "a message of kind %u has a payload of %u bytes (0, 8, 16, 24 or 32)",
                   m->kind, m->size);
  if (ctx->cell->send_n > SEND_N_MAX)
    return dp_fail(ctx->err, DP_INVARIANT, "cell %" PRIu32 " has used up its send numbers", ctx->cell->id);
  return DP_OK;
}

/* The queue of `cell` has an event for `time_ns` more. */
static inline void entered(struct dp_engine *e, const struct dp_cell *cell, dp_time time_ns) {
  if (cell != e->running) dp__agenda_add(e->agenda, (uint32_t)(cell - e->cells), time_ns);
}

/* A copy of an event into the queue of a local cell. */
static enum dp_status deliver(struct dp_engine *e, struct dp_cell *cell, const struct dp_event *event,
                              const void *payload, struct dp_err *err) {
  DP_TRY(dp_queue_push(&cell->queue, event, payload, err));
  entered(e, cell, event->time_ns);
  return DP_OK;
}

static enum dp_status late(const struct dp_engine *e, dp_time time_ns, struct dp_err *err) {
  return dp_fail(err, DP_INVARIANT,
                 "an event from another cell for %" PRId64 " ns comes late: the window reaches to %" PRId64 " ns",
                 time_ns, e->horizon_ns);
}

static inline void fill_header(struct dp_event *event, const struct dp_message *m, uint64_t source) {
  event->time_ns = m->time_ns;
  event->dest = m->dest;
  event->source = source;
  event->kind = m->kind;
  event->instance = m->instance;
  event->phase = m->phase;
  event->size = m->size;
  event->zero = 0;
}

/* Into the queue of a local cell: built in place when it goes to a bucket, as most do. */
static enum dp_status send_here(struct dp_engine *e, struct dp_cell *cell, const struct dp_message *m, uint64_t source,
                                struct dp_err *err) {
  struct dp_event *event = dp__queue_room(&cell->queue, m->time_ns, (uint32_t)sizeof *event + m->size);
  if (DP_UNLIKELY(event == NULL)) {
    struct dp_event header;
    fill_header(&header, m, source);
    return deliver(e, cell, &header, m->payload, err);
  }
  fill_header(event, m, source);
  dp__copy_payload(event, m->payload);
  entered(e, cell, m->time_ns);
  return DP_OK;
}

static enum dp_status send_away(struct dp_engine *e, const struct dp_message *m, uint64_t source, struct dp_err *err) {
  struct dp_buffer *out = &e->out[e->cell_rank[dp_entity_cell(m->dest)]];
  struct dp_event header;
  fill_header(&header, m, source);
  if (m->time_ns < e->out_min_ns) e->out_min_ns = m->time_ns;
  DP_TRY(dp_buffer_append(out, &header, sizeof header, err));
  return dp_buffer_append(out, m->payload, m->size, err);
}

/* Every check, every way. */
static __attribute__((noinline)) enum dp_status send_any(struct dp_ctx *ctx, const struct dp_message *m) {
  struct dp_engine *e = ctx->engine;
  struct dp_cell *cell = ctx->cell;
  if (cell == NULL) return dp_fail(ctx->err, DP_INVARIANT, "a replicated callback sends an event");
  DP_TRY(message_check(ctx, m));
  uint32_t there = dp_entity_cell(m->dest);
  if (m->channel != DP_CHANNEL_CELL || there != cell->id) DP_TRY(channel_check(ctx, m, ctx->err));
  if (m->time_ns >= e->config.end_ns) return DP_OK;
  uint64_t source = (uint64_t)cell->id << DP_ORDINAL_BITS | cell->send_n++;
  if (there == cell->id) return send_here(e, cell, m, source, ctx->err);
  struct dp_cell *other = e->by_id[there];
  if (other == NULL) return send_away(e, m, source, ctx->err);
  if (m->time_ns < e->horizon_ns) return late(e, m->time_ns, ctx->err);
  return send_here(e, other, m, source, ctx->err);
}

/* The common case in few instructions: a valid message without payload that stays in the running cell. */
enum dp_status dp_send(struct dp_ctx *ctx, const struct dp_message *m) {
  struct dp_engine *e = ctx->engine;
  struct dp_cell *cell = ctx->cell;
  bool common = cell != NULL && cell == e->running && (m->channel | m->size) == 0 &&
                dp_entity_cell(m->dest) == cell->id && m->time_ns < e->config.end_ns &&
                m->instance < e->config.target_n && e->config.targets[m->instance].handle != NULL &&
                cell->send_n <= SEND_N_MAX;
  if (DP_UNLIKELY(!common)) return send_any(ctx, m);
  struct dp_event *event = dp__queue_room(&cell->queue, m->time_ns, (uint32_t)sizeof *event);
  if (DP_UNLIKELY(event == NULL)) return send_any(ctx, m);
  fill_header(event, m, (uint64_t)cell->id << DP_ORDINAL_BITS | cell->send_n++);
  return DP_OK;
}

enum dp_status dp__engine_receive(struct dp_engine *e, struct dp_err *err) {
  for (size_t at = 0; at < e->in.len;) {
    const struct dp_event *event = (const void *)(e->in.data + at);
    if (event->time_ns < e->horizon_ns) return late(e, event->time_ns, err);
    DP_TRY(deliver(e, e->by_id[dp_entity_cell(event->dest)], event, event->payload, err));
    at += dp_event_bytes(event);
  }
  e->in.len = 0;
  return DP_OK;
}

enum dp_status dp__engine_flush(struct dp_engine *e, struct dp_err *err) {
  DP_TRY(dp_comm_exchange(e->config.comm, e->out, &e->in, err));
  e->out_min_ns = DP_TIME_MAX;
  return dp_comm_agree(e->config.comm, dp__engine_receive(e, err), err);
}
