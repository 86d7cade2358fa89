/* tests/unit/m_checkpoint.c — checkpoints and migration over any number of ranks, started by tests/ranks/checkpoint.sh
 * and tests/faults: m_checkpoint WORLD CELLS WHAT [PATH [MS]]. WORLD is "ping" or "market"; CELLS its number of cells.
 *   run               one line: what the run resulted in
 *   write PATH MS     stops at MS, writes, ends
 *   inside PATH MS    writes in the pulse after the window or beat at MS, and runs to the end
 *   resume PATH       goes on from PATH, or PATH.old, to the end
 *   migrate           deals the cells to ranks anew after every third window or beat, and runs to the end
 *   loop PATH         writes at every beat, run after run, until it is killed or fails; "wrote N" to stdout */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/migrate.h"
#include "market.h"
#include "ping.h"

enum what { RUN, WRITE, INSIDE, RESUME, MIGRATE, LOOP, WHAT_N };
static const char *const whats[WHAT_N] = {"run", "write", "inside", "resume", "migrate", "loop"};

/* Either of the two, and what is done with it. `p` comes first: it is what the beat hook of ping gets. */
struct world {
  struct ping p;
  struct dp_target target;
  struct market m;
  struct dp_engine *engine;
  struct dp_comm *comm;
  bool market;
  uint32_t cell_n;
  enum what what;
  const char *path;
  dp_time at_ns;
  uint64_t pulse_n, write_n, beat_seen_n;
};

static const struct dp_resume resume = {.find_schema = market_schema};

static enum dp_status write_checkpoint(struct world *w, struct dp_err *err) {
  struct dp_checkpoint_notes notes = {{0}, {0}, {0}};
  w->write_n++;
  return w->market ? dp_sim_checkpoint(w->m.scene.sim, w->path, &resume, err)
                   : dp_checkpoint_write(w->engine, w->path, &notes, err);
}

static enum dp_status read_checkpoint(struct world *w, const char *path, struct dp_err *err) {
  struct dp_checkpoint_notes notes = {{0}, {0}, {0}};
  if (w->market) return dp_sim_restore(w->m.scene.sim, path, &resume, err);
  enum dp_status status = dp_checkpoint_restore(w->engine, path, &notes, err);
  dp_checkpoint_notes_fini(&notes);
  return status;
}

/* Every rank has the same luck. */
static enum dp_status deal_anew(struct world *w, struct dp_err *err) {
  uint32_t *cell_rank = calloc(w->cell_n, sizeof *cell_rank);
  if (!cell_rank) return dp_fail_nomem(err, "cells");
  dp_balance_scatter(w->pulse_n, w->cell_n, (uint32_t)w->comm->rank_n, cell_rank);
  enum dp_status status = dp_engine_migrate(w->engine, cell_rank, err);
  free(cell_rank);
  return status;
}

static enum dp_status pulse(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  struct world *w = owner;
  w->pulse_n++;
  if (w->what == WRITE && now_ns >= w->at_ns && w->comm->rank == w->comm->rank_n - 1) *stop = true;
  if (w->what == MIGRATE && w->pulse_n % 3 == 0) return deal_anew(w, err);
  if (w->what == INSIDE && now_ns >= w->at_ns && w->write_n == 0) return write_checkpoint(w, err);
  if (w->what != LOOP || w->beat_seen_n == w->engine->beat_count) return DP_OK;
  w->beat_seen_n = w->engine->beat_count;
  DP_TRY(write_checkpoint(w, err));
  if (w->comm->rank == 0) printf("wrote %" PRIu64 "\n", w->write_n), fflush(stdout);
  return DP_OK;
}

static enum dp_status make(struct world *w, struct dp_err *err) {
  if (w->market) {
    DP_TRY(market_new(&w->m, w->comm, w->cell_n, err));
    w->engine = w->m.scene.sim->engine;
    dp_sim_set_pulse(w->m.scene.sim, pulse, w);
    return DP_OK;
  }
  w->p = (struct ping){.cell_n = w->cell_n, .bad_cell = UINT32_MAX};
  enum dp_status status = ping_new(&w->p, w->comm, &w->target, err);
  w->engine = w->p.engine;
  if (w->engine) w->engine->config.pulse = pulse;
  return dp_comm_agree(w->comm, status, err);
}

static void unmake(struct world *w) {
  if (w->market) market_free(&w->m);
  else dp_engine_free(w->engine);
}

/* Rank 0 looks which one is good; the others take its word. */
static enum dp_status go_on(struct world *w, struct dp_err *err) {
  struct dp_buffer about = {0}, name = {0};
  char *found = NULL;
  struct dp_err why = {0};
  enum dp_status status = w->comm->rank == 0 ? dp_checkpoint_find(w->path, &found, &about, &why, err) : DP_OK;
  if (found) dp_buffer_append(&name, found, strlen(found) + 1, err);
  if (why.status != DP_OK && found) printf("older\n");
  status = dp_comm_agree(w->comm, status, err);
  if (status == DP_OK) status = dp_comm_broadcast(w->comm, &name, err);
  if (status == DP_OK) status = read_checkpoint(w, (const char *)name.data, err);
  free(found);
  dp_buffer_fini(&name);
  dp_buffer_fini(&about);
  return status;
}

static enum dp_status show(struct world *w, struct dp_err *err) {
  uint64_t result, event_n;
  if (w->market) DP_TRY(market_outcome(&w->m, &result, err));
  else DP_TRY(dp_engine_digest(w->engine, &result, err));
  DP_TRY(dp_engine_event_n(w->engine, &event_n, err));
  if (w->comm->rank == 0)
    printf("%016" PRIx64 " %" PRIu64 " events %" PRIu64 " windows %" PRIu64 " beats\n", result, event_n,
           w->engine->window_n, w->engine->beat_count);
  return DP_OK;
}

static enum dp_status act(struct world *w, struct dp_err *err) {
  bool stopped = false;
  DP_TRY(make(w, err));
  if (w->what == RESUME) DP_TRY(go_on(w, err));
  DP_TRY(w->market ? dp_sim_run(w->m.scene.sim, &stopped, err) : dp_engine_run(w->engine, &stopped, err));
  if (w->what == WRITE) return write_checkpoint(w, err);
  return show(w, err);
}

int main(int argc, char **argv) {
  struct dp_err err = {0};
  static struct world w;
  if (argc < 4) return 2;
  enum dp_status status = dp_comm_launched() ? dp_comm_mpi_new(&w.comm, &err) : dp_comm_null_new(&w.comm, &err);
  if (status != DP_OK) return 1;
  w.market = strcmp(argv[1], "market") == 0;
  w.cell_n = (uint32_t)atoi(argv[2]);
  while (w.what < WHAT_N && strcmp(whats[w.what], argv[3]) != 0) w.what++;
  w.path = argc > 4 ? argv[4] : NULL;
  w.at_ns = argc > 5 ? atoll(argv[5]) * DP_MS : 0;
  do {
    status = act(&w, &err);
    unmake(&w);
    w.beat_seen_n = 0;
  } while (status == DP_OK && w.what == LOOP);
  if (status != DP_OK && err.text[0]) fprintf(stderr, "%s\n", err.text);
  dp_comm_barrier(w.comm, NULL);
  dp_comm_free(w.comm);
  return dp_status_exit_code(status);
}
