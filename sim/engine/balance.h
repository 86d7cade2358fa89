/* sim/engine/balance.h — which rank runs which cell: by predicted cost at first, by measured cost at beats.
 * Layer: engine. Results do not depend on it, whatever the clock says.
 *
 * Cells begin in contiguous blocks. After the first window, or when a run goes on from a checkpoint, some are moved if
 * ranks differ in the rows that events go to and in pending events. From then on ranks time samples of what their
 * cells do. A period ends at a beat, when some rank has computed long enough; after two uneven ones in a row a plan is
 * made from the measured costs of all cells. It is carried out when what it would have saved so far pays for packing,
 * sending and unpacking the cells: no more time is lost by waiting too long than by moving too early, and cells do not
 * go to and fro. */
#ifndef DP_ENGINE_BALANCE_H
#define DP_ENGINE_BALANCE_H

#include <stdbool.h>

#include "base/status.h"
#include "engine/time.h"

struct dp_engine;
struct dp_cell;

enum dp_balance_mode {
  DP_BALANCE_AUTO,  /* as above */
  DP_BALANCE_OFF,   /* contiguous blocks, for the whole run */
  DP_BALANCE_ALWAYS /* at random at every beat: for tests */
};

/** What an engine keeps for it; zero is a valid beginning. */
struct dp_balance {
  enum dp_balance_mode mode;
  bool begun;   /* the run has */
  bool placed;  /* by prediction, or at random */
  bool samples; /* cells are timed */
  /* Of this rank, in this period. */
  uint64_t event_n, timed_event_n, window_event_n;
  dp_time timed_ns;
  /* The same on every rank. */
  uint32_t uneven_n, patience; /* uneven periods in a row; a period is so many times the shortest */
  uint64_t lost_ns;            /* what a move would have saved since the last one */
  uint64_t moved_n, move_n;    /* cells that changed their rank; times that some did */
};

/** Before the run, the same on every rank. */
void dp_engine_set_balance(struct dp_engine *e, enum dp_balance_mode mode);

/** Evens out the ranks' loads by moving few cells: again and again the cell that fits best goes from the busiest to the
 *  idlest rank, until the busiest is within 1/32 of the mean or nothing helps. Ties go by number. Not collective.
 *  @param cost [cell_n] of any unit, Σ < 2^63
 *  @param cell_rank [cell_n] where the cells are, and then where they should be, < rank_n
 *  @param before,after load of the busiest rank. Errors: DP_NOMEM. */
enum dp_status dp_balance_plan(const uint64_t *cost, uint32_t cell_n, uint32_t rank_n, uint32_t *cell_rank,
                               uint64_t *before, uint64_t *after, struct dp_err *err);

/** Deals cells at random: a cell's rank follows from `number` alone. */
void dp_balance_scatter(uint64_t number, uint32_t cell_n, uint32_t rank_n, uint32_t *cell_rank);

/* ---- for the engine's loop ---- */

/** Collective, when a run begins or goes on from a checkpoint. */
enum dp_status dp__balance_begin(struct dp_engine *e, struct dp_err *err);

/** Whether cells may move now, after a beat or a window. */
bool dp__balance_is_due(const struct dp_engine *e, bool beat);

/** Collective, between two windows or beats. `most_ns` and `least_ns`: what dp__balance_load says on the busiest and
 *  the idlest rank after a beat; `received`: how this rank is. */
enum dp_status dp__balance_act(struct dp_engine *e, int64_t most_ns, int64_t least_ns, enum dp_status received,
                               struct dp_err *err);

/** About how long this rank has computed between beats in this period. */
int64_t dp__balance_load(const struct dp_engine *e);

/** Whether the next window should be timed. */
bool dp__balance_times(const struct dp_engine *e);

/** Processor time of this thread. */
dp_time dp__balance_clock(void);

/** A cell has run `event_n` events since *began_ns, which becomes now. */
void dp__balance_timed(struct dp_engine *e, struct dp_cell *cell, uint64_t event_n, dp_time *began_ns);

#endif
