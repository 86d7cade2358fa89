/* sim/engine/report.h — what a run cost, and a hint in words when it could have cost less.
 * Layer: engine. dp_engine_report is collective. */
#ifndef DP_ENGINE_REPORT_H
#define DP_ENGINE_REPORT_H

#include "engine/engine.h"

/** What one rank did, by its wall clock. */
struct dp_rank_load {
  dp_time busy_ns, wait_ns; /* computing; in calls that wait for other ranks */
  uint64_t event_n;         /* that it ran, since the run began or was resumed */
  uint32_t cell_n;          /* at the end */
};

struct dp_engine_report {
  /* The same at every number of ranks. */
  uint64_t event_n;      /* with those before a checkpoint that the run went on from */
  struct dp_channel *channels; /* [channel_n] by number, 0 the cell itself: delays and messages over all ranks */
  size_t channel_n;
  dp_time lookahead_ns; /* DP_TIME_MAX when no channel is open */

  /* Of this one execution: they depend on ranks and the machine, and belong apart from results. */
  struct dp_rank_load *ranks; /* [rank_n] */
  size_t rank_n;
  uint64_t window_n;
  uint64_t moved_n;         /* cells that changed their rank, each time counted */
  bool fixed;               /* cells may not change their rank */
  double events_per_window; /* of all ranks together; NaN without windows */
  double wait_ratio;        /* waiting ÷ (busy + waiting), over all ranks; 0 for one */
  double imbalance_ratio;   /* busiest rank ÷ mean, ≥ 1; NaN when nothing was measured */
  char hint[256];           /* empty when waiting and imbalance each cost less than a third */
};

/** Collective, any time outside of callbacks. Every rank gets the same report; free it with dp_engine_report_fini.
 *  Channel names stay borrowed from the engine. Errors: DP_NOMEM. */
enum dp_status dp_engine_report(struct dp_engine *e, struct dp_engine_report *out, struct dp_err *err);
void dp_engine_report_fini(struct dp_engine_report *r);

/** Fills the ratios and the hint from the rest: what dp_engine_report does last. Not collective. */
void dp_engine_report_judge(struct dp_engine_report *r);

#endif
