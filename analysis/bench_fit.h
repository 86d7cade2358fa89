/* analysis/bench_fit.h — measures what the cost model of bench_cost.h needs to know of this machine.
 * Layer: analysis. dp_bench_fit is collective. */
#ifndef DP_ANALYSIS_BENCH_FIT_H
#define DP_ANALYSIS_BENCH_FIT_H

#include "analysis/bench_cost.h"

/** Collective. Small runs, each the best of several: events by processor time of a rank alone, meetings by the wall
 *  clock over all ranks. A few seconds. What these ranks cannot show stays as it is in `costs`: set all to NaN, or to
 *  those of an earlier fit. One rank shows events, windows and beats; as many as there are cores show messages and bytes;
 *  more than cores show turns, when the messages are known. */
enum dp_status dp_bench_fit(struct dp_comm *comm, struct dp_costs *costs, struct dp_err *err);

#endif
