/* sim/cli/progress.h — the bar of a run on a terminal, and its ears for an interrupt.
 * Layer: cli. Nothing here reaches a result. */
#ifndef DP_CLI_PROGRESS_H
#define DP_CLI_PROGRESS_H

#include <signal.h>

#include "model/sim.h"

struct dp_progress {
  const struct dp_sim *sim;
  bool shows; /* a terminal on stderr of the first rank */
  bool shown, interrupted;
  uint32_t pulse_n, look_every_n; /* pulses between two looks at the clock */
  int64_t began_ns, looked_ns, drawn_ns;
  sigset_t mask_before;
  struct sigaction action_before;
};

/** Holds SIGINT back from now on and watches for it; `quiet` shows nothing. Becomes the pulse of `sim`. */
void dp_progress_begin(struct dp_progress *p, struct dp_sim *sim, bool quiet);

/** Wipes the bar; SIGINT works as before. */
void dp_progress_end(struct dp_progress *p);

/** Wall clock since the beginning. */
double dp_progress_seconds(const struct dp_progress *p);

/** Events that this rank has run. */
uint64_t dp_progress_events(const struct dp_sim *sim);

#endif
