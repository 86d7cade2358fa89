/* sim/engine/migrate.c — packing the cells that leave, unpacking those that come. */
#include "engine/migrate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/agenda.h"
#include "engine/inside.h"
#include "engine/pack.h"

static enum dp_status check_ranks(const struct dp_engine *e, const uint32_t *cell_rank, bool *moves,
                                  struct dp_err *err) {
  *moves = false;
  for (uint32_t c = 0; c < e->config.cell_n; c++) {
    if (cell_rank[c] >= (uint32_t)e->config.comm->rank_n)
      return dp_fail(err, DP_RANGE, "cell %" PRIu32 " cannot go to rank %" PRIu32 " of %d", c, cell_rank[c],
                     e->config.comm->rank_n);
    *moves |= cell_rank[c] != e->cell_rank[c];
  }
  return DP_OK;
}

/* What this rank will hold: a new array of cells and an agenda for it. */
struct house {
  struct dp_cell *cells;
  uint32_t n;
  struct dp_agenda *agenda;
};

static enum dp_status build_house(struct dp_engine *e, const uint32_t *cell_rank, struct house *house,
                                  struct dp_err *err) {
  for (uint32_t c = 0; c < e->config.cell_n; c++) house->n += cell_rank[c] == (uint32_t)e->config.comm->rank;
  house->cells = calloc(house->n + (size_t)1, sizeof *house->cells);
  if (house->cells == NULL) return dp_fail_nomem(err, "cells");
  DP_TRY(dp__agenda_new(house->n, &house->agenda, err));
  uint32_t i = 0;
  for (uint32_t c = 0; c < e->config.cell_n; c++) {
    if (cell_rank[c] != (uint32_t)e->config.comm->rank) continue;
    if (e->by_id[c] == NULL) DP_TRY(dp__cell_init(e, c, &house->cells[i], err));
    i++;
  }
  return DP_OK;
}

static void free_house(const struct dp_engine *e, struct house *house) {
  for (uint32_t i = 0; house->cells && i < house->n; i++) dp__cell_fini(&e->config, &house->cells[i]);
  free(house->cells);
  dp__agenda_free(house->agenda);
}

static enum dp_status pack_leaving(const struct dp_engine *e, const uint32_t *cell_rank, struct dp_buffer *out,
                                   struct dp_err *err) {
  for (uint32_t i = 0; i < e->local_n; i++) {
    const struct dp_cell *cell = &e->cells[i];
    if (cell_rank[cell->id] != (uint32_t)e->config.comm->rank)
      DP_TRY(dp_parcel_pack(e, cell, &out[cell_rank[cell->id]], err));
  }
  return DP_OK;
}

/* Those that stay are moved over as they are: nothing points into a cell but by_id. */
static void move_in(struct dp_engine *e, const uint32_t *cell_rank, struct house *house) {
  uint32_t i = 0;
  for (uint32_t c = 0; c < e->config.cell_n; c++) {
    struct dp_cell *old = e->by_id[c];
    e->by_id[c] = NULL;
    e->cell_rank[c] = cell_rank[c];
    if (cell_rank[c] != (uint32_t)e->config.comm->rank) {
      if (old) dp__cell_fini(&e->config, old);
      continue;
    }
    if (old) house->cells[i] = *old;
    e->by_id[c] = &house->cells[i++];
  }
  free(e->cells);
  dp__agenda_free(e->agenda);
  e->cells = house->cells;
  e->agenda = house->agenda;
  e->local_n = house->n;
  for (i = 0; i < e->local_n; i++) dp__agenda_set(e->agenda, i, dp_queue_next_ns(&e->cells[i].queue));
}

static enum dp_status unpack_coming(struct dp_engine *e, const struct dp_buffer *all, struct dp_err *err) {
  struct dp_reader in = {all->data, all->len}, body;
  while (in.left > 0) {
    uint32_t id = 0;
    DP_TRY(dp_parcel_next(&in, &id, &body, err));
    if (id >= e->config.cell_n || e->by_id[id] == NULL)
      return dp_fail(err, DP_INVARIANT, "cell %" PRIu32 " came to a wrong rank", id);
    DP_TRY(dp_cell_unpack(e, e->by_id[id], &body, err));
  }
  return DP_OK;
}

static enum dp_status migrate(struct dp_engine *e, const uint32_t *cell_rank, struct dp_buffer *out,
                              struct dp_buffer *in, struct dp_err *err) {
  struct house house = {0};
  enum dp_status status = build_house(e, cell_rank, &house, err);
  if (status == DP_OK) status = pack_leaving(e, cell_rank, out, err);
  status = dp_comm_agree(e->config.comm, status, err);
  if (status != DP_OK) {
    free_house(e, &house);
    return status;
  }
  move_in(e, cell_rank, &house);
  DP_TRY(dp_comm_exchange(e->config.comm, out, in, err));
  return dp_comm_agree(e->config.comm, unpack_coming(e, in, err), err);
}

enum dp_status dp_engine_migrate(struct dp_engine *e, const uint32_t *cell_rank, struct dp_err *err) {
  const int rank_n = e->config.comm->rank_n;
  bool moves;
  DP_TRY(check_ranks(e, cell_rank, &moves, err));
  if (!moves) return DP_OK;
  DP_TRY(dp__engine_flush(e, err));
  struct dp_buffer *out = calloc((size_t)rank_n, sizeof *out), in = {0};
  enum dp_status status = dp_comm_agree(e->config.comm, out ? DP_OK : dp_fail_nomem(err, "cells"), err);
  if (status == DP_OK) status = migrate(e, cell_rank, out, &in, err);
  for (int r = 0; out && r < rank_n; r++) dp_buffer_fini(&out[r]);
  free(out);
  dp_buffer_fini(&in);
  return status;
}
