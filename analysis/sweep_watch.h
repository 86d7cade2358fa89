/* analysis/sweep_watch.h — X.part.at: which run each rank is at, so that a run that kills its process is known to the
 * next one. Layer: analysis, private to sweep. dp__watch_take is rank 0's; not collective.
 *
 * A run that brought its process down by a signal of its own (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) is tried once
 * more; the second time it counts as failed. A process that just vanished (SIGKILL, a machine that went down) says
 * little of its run: that counts the fifth time. */
#ifndef DP_ANALYSIS_SWEEP_WATCH_H
#define DP_ANALYSIS_SWEEP_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** A run that is not tried again, and what to say of it. */
struct dp_watch_case {
  uint64_t run;
  char why[160];
};

/** Takes in what the processes before have left, and empties every rank's line. What it finds stays in the file until
 *  dp__watch_remove.
 *  @param identity of the sweep: what is of another one is thrown away; so is everything when `fresh`
 *  @param out malloc'ed [*n], the caller frees. Errors: DP_NOMEM; a file that cannot be read or written is no error:
 *  then nothing is known. */
enum dp_status dp__watch_take(const char *output, uint64_t identity, bool fresh, struct dp_watch_case **out, size_t *n,
                              struct dp_err *err);

struct dp_watch;

/** A rank's own line. From here to dp__watch_close a deadly signal is written down before it does its work. A rank that
 *  does not lead its group writes nothing else: a group that vanishes is one death of its run. NULL when that cannot be;
 *  every function takes NULL. */
struct dp_watch *dp__watch_open(const char *output, int rank, bool leads);
void dp__watch_begin(struct dp_watch *w, uint64_t run);
void dp__watch_end(struct dp_watch *w);
void dp__watch_close(struct dp_watch *w);

/** The sweep is done: removes the file. */
void dp__watch_remove(const char *output);

#endif
