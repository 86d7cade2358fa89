/* analysis/sweep_farm.h — inside of the sweep: who runs what. Layer: analysis, private to sweep*.c. */
#ifndef DP_ANALYSIS_SWEEP_FARM_H
#define DP_ANALYSIS_SWEEP_FARM_H

#include <signal.h>

#include "analysis/sweep.h"
#include "analysis/sweep_watch.h"
#include "engine/comm_mail.h"

#define DP_FARM_SIGNALS 3

/** Replicates [from, to) of a point. */
struct dp_span {
  uint64_t point;
  uint32_t from, to;
};

/** What a rank needs while the farm works. */
struct dp_farm {
  struct dp_sweep *sweep;
  struct dp_buffer out; /* records that wait to be sent or written */
  struct dp_buffer in;  /* a letter */
  int64_t began_ns, sent_ns, looked_ns;
  uint32_t pulse_n;
  bool stopping;          /* no more runs are begun, and those that run are dropped */
  bool over;              /* the run that is going on has used up its time */
  int64_t run_began_ns;
  struct dp_err *err;     /* of the pulse */
  enum dp_status failure; /* what the pulse could not return */
  /* rank 0: the queue, dealt from its beginning */
  struct dp_span *spans; /* [span_n] */
  size_t span_n, span_cap, first;
  size_t left_n;        /* runs in the queue */
  unsigned *dealt_n;    /* [rank_n] letters of work that are not answered yet, of each group's first rank */
  size_t outstanding_n; /* Σ dealt_n */
  int ended_n;          /* groups that have taken the end and sent everything */
  size_t run_n;         /* ended since the farm began */
  int64_t cost_ns;      /* of those */
  bool shows, shown;
  int64_t drawn_ns;
  /* every rank */
  enum dp_status why; /* DP_WALL_LIMIT or DP_INTERRUPTED when it is stopping; not on first ranks of other groups */
  sigset_t mask_before, held;
  struct sigaction actions_before[DP_FARM_SIGNALS];
  /* first ranks of the other groups: work that waits */
  struct dp_buffer work;
};

/** sweep_farm.c, collective: runs what has not been run. */
enum dp_status dp__sweep_farm(struct dp_sweep *s, struct dp_err *err);
/** The wall clock. */
int64_t dp__sweep_wall_ns(void);

/** Points that there can be. */
size_t dp__sweep_cap(const struct dp_sweep *s);

/** sweep_queue.c, rank 0: takes over what the journal has and queues what is missing, longest first. */
enum dp_status dp__sweep_queue(struct dp_farm *f, struct dp_err *err);
/** A run has ended and is in the journal at `at`: counts it, and queues more where the precision asks for it. */
enum dp_status dp__sweep_note(struct dp_farm *f, const struct dp_record *record, uint64_t at, struct dp_err *err);
/** As a dp_record_fn over a sweep, while the journal is opened. */
enum dp_status dp__sweep_found(void *sweep, const struct dp_record *record, uint64_t at, struct dp_err *err);
/** The next runs, at most `most_n` of one point; false when there are none. */
bool dp__sweep_next(struct dp_farm *f, size_t most_n, struct dp_span *out);

#endif
