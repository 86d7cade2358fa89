/* tests/unit/ping.h — a model for engine tests: balls hop between cells over a channel, and a beat counts them.
 * Every hop draws from the occasion (ball, hop), writes columns, sometimes adds or removes a row, sometimes sends a
 * message without delay inside its cell. Included by one file of a program. */
#ifndef DP_TESTS_PING_H
#define DP_TESTS_PING_H

#include <string.h>

#include "engine/engine.h"

#define PING_DELAY (10 * DP_MS)
#define PING_BEAT (250 * DP_MS)
#define PING_END (3 * DP_S)
#define PING_BALLS 20

enum { PING_HOP, PING_ECHO };

struct ping_visit {
  double mean_gap_s;
  int64_t last_ns;
  uint32_t hops;
  uint8_t odd;
};

static const struct dp_column ping_visit_columns[] = {
    DP_COLUMN(struct ping_visit, mean_gap_s, "s", "running mean of the time between visits"),
    DP_COLUMN(struct ping_visit, last_ns, "ns", "last visit"),
    DP_COLUMN(struct ping_visit, hops, "1", "hops seen"),
    DP_COLUMN(struct ping_visit, odd, "1", "1 after an odd number of hops"),
};

static const struct dp_table_decl ping_visit_decl = {.name = "ping.visit",
                                                     .scope = DP_SCOPE_CELL,
                                                     .row_size = sizeof(struct ping_visit),
                                                     .columns = ping_visit_columns,
                                                     .column_n = 4};

struct ping_total {
  dp_i128 hops;
  int64_t at_ns;
  uint64_t beats;
};

static const struct dp_column ping_total_columns[] = {
    DP_COLUMN(struct ping_total, hops, "1", "hops so far, weighted by the cell"),
    DP_COLUMN(struct ping_total, at_ns, "ns", "time of the beat"),
    DP_COLUMN(struct ping_total, beats, "1", "beats so far"),
};

static const struct dp_table_decl ping_total_decl = {.name = "ping.total",
                                                     .scope = DP_SCOPE_REPLICATED,
                                                     .row_size = sizeof(struct ping_total),
                                                     .columns = ping_total_columns,
                                                     .column_n = 3};

/* What a run is asked to do wrong, and what it saw. */
struct ping {
  struct dp_engine *engine;
  uint16_t channel;
  uint32_t cell_n;
  uint32_t bad_cell;       /* fails there at bad_ns; UINT32_MAX: nowhere */
  dp_time bad_ns;
  dp_time early_ns;        /* sent that much before the channel's least delay there, instead of failing */
  bool differ;             /* makes the replicated table differ between ranks */
  dp_time stop_ns;         /* the last rank wishes to stop from then on; 0: never */
  uint64_t late_n;         /* events before the one that ran last in their cell: must stay 0 */
  uint64_t beat_n, last_n; /* calls of the beat hook */
};

static enum dp_status ping_hop(struct dp_ctx *ctx, const struct dp_event *event, struct ping *p) {
  uint64_t ball = event->payload[0], hop = event->payload[1];
  struct dp_rng rng = dp_ctx_rng(ctx, ball, 1, hop);
  uint32_t cell = (uint32_t)dp_rng_below(&rng, p->cell_n);
  bool leaves = cell != ctx->cell->id;
  dp_time delay = (leaves ? PING_DELAY : 0) + (dp_time)dp_rng_below(&rng, (uint64_t)(20 * DP_MS)) / DP_MS * DP_MS;
  uint64_t payload[] = {ball, hop + 1};
  if (ctx->cell->id == p->bad_cell && ctx->now_ns >= p->bad_ns) {
    if (p->early_ns == 0) return dp_fail(ctx->err, DP_FAILED, "cell %u breaks down", ctx->cell->id);
    delay = PING_DELAY - p->early_ns;
    cell = (cell + 1) % p->cell_n;
    leaves = true;
  }
  return dp_send(ctx, &(struct dp_message){.dest = dp_entity_of_cell(cell),
                                           .time_ns = ctx->now_ns + delay,
                                           .kind = PING_HOP,
                                           .channel = leaves ? p->channel : DP_CHANNEL_CELL,
                                           .phase = DP_PHASE_ARRIVAL,
                                           .size = sizeof payload,
                                           .payload = payload});
}

static enum dp_status ping_handle(struct dp_ctx *ctx, const struct dp_event *event) {
  struct ping *p = (struct ping *)(uintptr_t)ctx->self;
  struct dp_table *visits = &ctx->cell->tables[0];
  uint32_t row = dp_table_next(visits, 0);
  if (row == DP_NO_ROW) DP_TRY(dp_table_add(visits, &row, ctx->err));
  struct ping_visit *v = DP_ROW(visits, struct ping_visit, row);
  if (ctx->now_ns < v->last_ns) p->late_n++;
  v->hops++;
  v->odd ^= 1;
  v->mean_gap_s += (dp_time_s(ctx->now_ns) - dp_time_s(v->last_ns) - v->mean_gap_s) / v->hops;
  v->last_ns = ctx->now_ns;
  uint32_t other, hops = v->hops; /* the row may move now */
  if (hops % 5 == 0) DP_TRY(dp_table_add(visits, &other, ctx->err));
  if (hops % 7 == 0 && (other = dp_table_next(visits, row + 1)) != DP_NO_ROW) dp_table_remove(visits, other);
  if (event->kind == PING_ECHO) return DP_OK;
  DP_TRY(dp_send(ctx, &(struct dp_message){.dest = dp_entity_of_cell(ctx->cell->id),
                                           .time_ns = ctx->now_ns,
                                           .kind = PING_ECHO,
                                           .phase = DP_PHASE_DECISION}));
  return ping_hop(ctx, event, p);
}

/* Every beat: the same replicated row on all ranks, from an exact sum over cells. */
static enum dp_status ping_beat(void *owner, dp_time now_ns, uint64_t due, bool last, struct dp_err *err) {
  struct ping *p = owner;
  struct dp_engine *e = p->engine;
  dp_i128 sum = 0;
  (void)due;
  p->beat_n++;
  p->last_n += last;
  for (uint32_t i = 0; i < e->local_n; i++) {
    struct dp_table *visits = &e->cells[i].tables[0];
    for (uint32_t r = dp_table_next(visits, 0); r != DP_NO_ROW; r = dp_table_next(visits, r + 1))
      sum += (dp_i128)DP_ROW(visits, struct ping_visit, r)->hops * (e->cells[i].id + 1) << 60;
  }
  DP_TRY(dp_comm_sum_i128(e->config.comm, &sum, 1, err));
  struct dp_table *total = &e->globals[0];
  uint32_t row = dp_table_next(total, 0);
  if (row == DP_NO_ROW) DP_TRY(dp_table_add(total, &row, err));
  struct ping_total *t = DP_ROW(total, struct ping_total, row);
  *t = (struct ping_total){.hops = sum, .at_ns = now_ns, .beats = t->beats + 1};
  if (p->differ) t->beats += (uint64_t)e->config.comm->rank;
  return DP_OK;
}

static enum dp_status ping_pulse(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  struct ping *p = owner;
  const struct dp_comm *comm = p->engine->config.comm;
  (void)err;
  if (p->stop_ns && now_ns >= p->stop_ns && comm->rank == comm->rank_n - 1) *stop = true;
  return DP_OK;
}

/* The first hop of every ball, sent by the cell it starts in. */
static enum dp_status ping_start(struct ping *p, struct dp_err *err) {
  for (uint64_t ball = 0; ball < PING_BALLS; ball++) {
    struct dp_cell *cell = p->engine->by_id[ball % p->cell_n];
    if (cell == NULL) continue;
    struct dp_ctx ctx = {.engine = p->engine, .cell = cell, .err = err};
    uint64_t payload[] = {ball, 0};
    DP_TRY(dp_send(&ctx, &(struct dp_message){.dest = dp_entity_of_cell(cell->id),
                                              .time_ns = (dp_time)(ball % 3) * DP_MS,
                                              .kind = PING_HOP,
                                              .phase = DP_PHASE_ARRIVAL,
                                              .size = sizeof payload,
                                              .payload = payload}));
  }
  return DP_OK;
}

/* Builds an engine over `comm` with p->cell_n cells, its channel, its beat and its balls. */
static enum dp_status ping_new(struct ping *p, struct dp_comm *comm, struct dp_target *target, struct dp_err *err) {
  static const struct dp_table_decl *const cell_tables[] = {&ping_visit_decl};
  static const struct dp_table_decl *const global_tables[] = {&ping_total_decl};
  *target = (struct dp_target){.handle = ping_handle, .self = (const void *)p};
  struct dp_engine_config config = {.comm = comm,
                                    .seed = 1,
                                    .end_ns = PING_END,
                                    .cell_n = p->cell_n,
                                    .cell_tables = cell_tables,
                                    .cell_table_n = 1,
                                    .global_tables = global_tables,
                                    .global_table_n = 1,
                                    .targets = target,
                                    .target_n = 1,
                                    .owner = p,
                                    .beat = ping_beat,
                                    .pulse = ping_pulse};
  unsigned beat;
  DP_TRY(dp_engine_new(&config, &p->engine, err));
  DP_TRY(dp_engine_open_channel(p->engine, "air", PING_DELAY, &p->channel, err));
  DP_TRY(dp_engine_open_beat(p->engine, "count", PING_BEAT, &beat, err));
  return ping_start(p, err);
}

#endif
