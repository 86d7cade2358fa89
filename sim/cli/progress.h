/* sim/cli/progress.h — the bar of a run on a terminal, and its ears for signals and clocks.
 * Layer: cli. Nothing here reaches a result. */
#ifndef DP_CLI_PROGRESS_H
#define DP_CLI_PROGRESS_H

#include <signal.h>

#include "model/sim.h"

/** Why a run wishes to stop for a moment, or for good. */
enum dp_wish {
  DP_WISH_INTERRUPT = 1,  /* SIGINT */
  DP_WISH_TERMINATE = 2,  /* SIGTERM */
  DP_WISH_CHECKPOINT = 4, /* SIGUSR1 */
  DP_WISH_DUE = 8,        /* simulated time has come to due_ns */
  DP_WISH_WALL = 16,      /* the wall clock has come to wall_ns */
  DP_WISH_CHECK = 32,     /* after each window */
};

#define DP_PROGRESS_SIGNALS 3

struct dp_progress {
  const struct dp_sim *sim;
  bool shows; /* a terminal on stderr of the first rank */
  bool shown;
  bool checks; /* DP_WISH_CHECK after each window and beat */
  unsigned wishes;               /* of this rank, until dp_progress_wishes */
  int64_t due_ns, wall_ns;       /* INT64_MAX: never */
  uint32_t pulse_n, look_every_n; /* pulses between two looks at the clock */
  int64_t began_ns, looked_ns, drawn_ns, answered_ns;
  sigset_t mask_before, held;
  struct sigaction actions_before[DP_PROGRESS_SIGNALS];
};

/** The wall clock begins; SIGUSR1 is held back from now on. */
void dp_progress_hold(struct dp_progress *p);

/** SIGINT and SIGTERM are held back too, and watched for; `quiet` shows nothing. Becomes the pulse of `sim`. */
void dp_progress_begin(struct dp_progress *p, struct dp_sim *sim, bool quiet);

/** Collective, when a run has stopped. What any rank wishes, once. */
enum dp_status dp_progress_wishes(struct dp_progress *p, unsigned *wishes, struct dp_err *err);

/** The checkpoint that a DP_WISH_CHECKPOINT asked for is written: for a second from now, it is not asked for again. */
void dp_progress_answered(struct dp_progress *p);

/** Wipes the bar until it is drawn again. */
void dp_progress_wipe(struct dp_progress *p);

/** Wipes the bar; signals work as before, but SIGUSR1, which is ignored from now on. */
void dp_progress_end(struct dp_progress *p);

/** Wall clock since the beginning. */
double dp_progress_seconds(const struct dp_progress *p);

/** Events that this rank has run. */
uint64_t dp_progress_events(const struct dp_sim *sim);

#endif
