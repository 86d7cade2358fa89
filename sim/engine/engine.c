/* sim/engine/engine.c — birth and death of an engine: cells dealt to ranks, channels, beats. */
#include "engine/engine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/agenda.h"
#include "engine/inside.h"

#define BEATS_MAX 64
#define CHANNELS_MAX UINT16_MAX

static enum dp_status config_check(const struct dp_engine_config *config, struct dp_err *err) {
  if (config->cell_n > DP_CELL_MAX)
    return dp_fail(err, DP_RANGE, "%" PRIu32 " cells are too many (at most %" PRIu32 ")", config->cell_n, DP_CELL_MAX);
  if (config->end_ns < 0) return dp_fail(err, DP_RANGE, "the run would end before it starts");
  if (config->target_n > UINT16_MAX) return dp_fail(err, DP_RANGE, "more than %d model instances", UINT16_MAX);
  for (size_t i = 0; i < config->cell_table_n; i++) DP_TRY(dp_table_decl_check(config->cell_tables[i], err));
  for (size_t i = 0; i < config->global_table_n; i++) DP_TRY(dp_table_decl_check(config->global_tables[i], err));
  return DP_OK;
}

/* Index of the table at the head of a chain of followers; -1 when table i follows none. */
static int root_of(const struct dp_engine_config *config, size_t i) {
  int at = config->cell_leaders ? config->cell_leaders[i] : -1;
  for (size_t steps = 0; at >= 0 && config->cell_leaders[at] >= 0 && steps < config->cell_table_n; steps++)
    at = config->cell_leaders[at];
  return at;
}

enum dp_status dp__cell_init(struct dp_engine *e, uint32_t id, struct dp_cell *cell, struct dp_err *err) {
  const struct dp_engine_config *config = &e->config;
  *cell = (struct dp_cell){.id = id, .tables = dp_zeros(config->cell_table_n, sizeof *cell->tables)};
  if (cell->tables == NULL) return dp_fail_nomem(err, "cells");
  dp_queue_init(&cell->queue, &e->pool);
  cell->queue.tables = cell->tables;
  cell->queue.row_table = e->row_table;
  for (size_t i = 0; i < config->cell_table_n; i++)
    if (root_of(config, i) < 0) dp_table_init(&cell->tables[i], config->cell_tables[i], cell->id, NULL);
  for (size_t i = 0; i < config->cell_table_n; i++) {
    int root = root_of(config, i);
    if (root >= 0) dp_table_init(&cell->tables[i], config->cell_tables[i], cell->id, &cell->tables[root]);
  }
  return DP_OK;
}

void dp__cell_fini(const struct dp_engine_config *config, struct dp_cell *cell) {
  dp_queue_fini(&cell->queue);
  for (size_t t = 0; cell->tables && t < config->cell_table_n; t++) dp_table_fini(&cell->tables[t]);
  free(cell->tables);
  cell->tables = NULL;
}

/* Cells in contiguous blocks: rank r has those in [n·r / ranks, n·(r+1) / ranks). */
static uint32_t block_start(uint32_t cell_n, int rank, int rank_n) {
  return (uint32_t)((uint64_t)cell_n * (uint64_t)rank / (uint64_t)rank_n);
}

static void deal_cells(struct dp_engine *e) {
  const struct dp_engine_config *config = &e->config;
  int rank_n = config->comm->rank_n;
  for (int r = 0; r < rank_n; r++)
    for (uint32_t c = block_start(config->cell_n, r, rank_n); c < block_start(config->cell_n, r + 1, rank_n); c++)
      e->cell_rank[c] = (uint32_t)r;
  for (uint32_t i = 0; i < e->local_n; i++) e->by_id[e->cells[i].id] = &e->cells[i];
}

static enum dp_status allocate(struct dp_engine *e, struct dp_err *err) {
  const struct dp_engine_config *config = &e->config;
  int rank = config->comm->rank, rank_n = config->comm->rank_n;
  uint32_t local_n = block_start(config->cell_n, rank + 1, rank_n) - block_start(config->cell_n, rank, rank_n);
  e->cell_rank = dp_zeros(config->cell_n, sizeof *e->cell_rank);
  e->by_id = dp_zeros(config->cell_n, sizeof *e->by_id);
  e->cells = dp_zeros(local_n, sizeof *e->cells);
  e->row_table = dp_zeros(config->target_n, sizeof *e->row_table);
  e->globals = dp_zeros(config->global_table_n, sizeof *e->globals);
  e->out = dp_zeros((size_t)rank_n, sizeof *e->out);
  e->beats = dp_zeros(BEATS_MAX, sizeof *e->beats);
  e->channels = dp_zeros(1, sizeof *e->channels);
  bool ok = e->cell_rank && e->by_id && e->cells && e->row_table && e->globals && e->out && e->beats && e->channels;
  if (!ok) return dp_fail_nomem(err, "cells");
  for (size_t i = 0; i < config->target_n; i++) {
    uint32_t table = config->targets[i].row_table;
    e->row_table[i] = table > 0 && table <= config->cell_table_n ? table - 1 : DP_NO_ROW;
  }
  e->local_n = local_n;
  for (uint32_t i = 0; i < local_n; i++)
    DP_TRY(dp__cell_init(e, block_start(config->cell_n, rank, rank_n) + i, &e->cells[i], err));
  return dp__agenda_new(local_n, &e->agenda, err);
}

static enum dp_status fill(struct dp_engine *e, struct dp_err *err) {
  const struct dp_engine_config *config = &e->config;
  DP_TRY(config_check(config, err));
  DP_TRY(allocate(e, err));
  deal_cells(e);
  for (size_t i = 0; i < config->global_table_n; i++) dp_table_init(&e->globals[i], config->global_tables[i], 0, NULL);
  e->channels[0] = (struct dp_channel){.name = "cell", .observed_min_ns = DP_TIME_MAX};
  e->channel_n = 1;
  e->out_min_ns = DP_TIME_MAX;
  return DP_OK;
}

enum dp_status dp_engine_new(const struct dp_engine_config *config, struct dp_engine **out, struct dp_err *err) {
  struct dp_engine *e = calloc(1, sizeof *e);
  enum dp_status status = DP_OK;
  if (e == NULL) {
    status = dp_fail_nomem(err, "an engine");
  } else {
    e->config = *config;
    status = fill(e, err);
  }
  status = dp_comm_agree(config->comm, status, err);
  if (status != DP_OK) {
    dp_engine_free(e);
    return status;
  }
  *out = e;
  return DP_OK;
}

static void free_cells(struct dp_engine *e) {
  for (uint32_t i = 0; i < e->local_n; i++) dp__cell_fini(&e->config, &e->cells[i]);
  free(e->cells);
}

void dp_engine_free(struct dp_engine *e) {
  if (e == NULL) return;
  free_cells(e);
  for (size_t i = 0; e->globals && i < e->config.global_table_n; i++) dp_table_fini(&e->globals[i]);
  for (int r = 0; e->out && r < e->config.comm->rank_n; r++) dp_buffer_fini(&e->out[r]);
  dp_buffer_fini(&e->in);
  dp_pool_fini(&e->pool);
  dp__agenda_free(e->agenda);
  free(e->cell_rank);
  free(e->by_id);
  free(e->row_table);
  free(e->globals);
  free(e->out);
  free(e->beats);
  free(e->channels);
  free(e);
}

enum dp_status dp_engine_open_channel(struct dp_engine *e, const char *name, dp_time least_delay_ns, uint16_t *channel,
                                      struct dp_err *err) {
  if (least_delay_ns <= 0)
    return dp_fail(err, DP_RANGE, "channel %s: the least delay is %" PRId64 " ns (it must be above 0)", name,
                   least_delay_ns);
  for (size_t i = 1; i < e->channel_n; i++) {
    struct dp_channel *c = &e->channels[i];
    if (strcmp(c->name, name) != 0) continue;
    if (least_delay_ns < c->least_delay_ns) c->least_delay_ns = least_delay_ns;
    *channel = (uint16_t)i;
    return DP_OK;
  }
  if (e->channel_n > CHANNELS_MAX) return dp_fail(err, DP_RANGE, "more than %d channels", CHANNELS_MAX);
  if (!dp_array_resize(&e->channels, e->channel_n + 1, sizeof *e->channels)) return dp_fail_nomem(err, "channels");
  *channel = (uint16_t)e->channel_n;
  e->channels[e->channel_n++] =
      (struct dp_channel){.name = name, .least_delay_ns = least_delay_ns, .observed_min_ns = DP_TIME_MAX};
  return DP_OK;
}

enum dp_status dp_engine_open_beat(struct dp_engine *e, const char *name, dp_time period_ns, unsigned *beat,
                                   struct dp_err *err) {
  if (period_ns <= 0)
    return dp_fail(err, DP_RANGE, "beat %s: the period is %" PRId64 " ns (it must be above 0)", name, period_ns);
  unsigned b = 0;
  while (b < e->beat_n && e->beats[b].period_ns != period_ns) b++;
  if (b == BEATS_MAX) return dp_fail(err, DP_RANGE, "beat %s: more than %d different periods", name, BEATS_MAX);
  if (b == e->beat_n) e->beats[e->beat_n++] = (struct dp_beat){name, period_ns};
  *beat = b;
  return DP_OK;
}

dp_time dp_engine_lookahead(const struct dp_engine *e) {
  dp_time least = DP_TIME_MAX;
  for (size_t i = 1; i < e->channel_n; i++)
    if (e->channels[i].least_delay_ns < least) least = e->channels[i].least_delay_ns;
  return least;
}

size_t dp_engine_queue_bytes(const struct dp_engine *e) {
  size_t bytes = e->pool.bytes;
  for (uint32_t i = 0; i < e->local_n; i++) bytes += e->cells[i].queue.array_bytes;
  return bytes;
}
