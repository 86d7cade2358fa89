/* analysis/bench_idle.h — what a simulation costs in which nothing happens: to be made and ended, and to settle.
 * Layer: analysis. dp_bench_idle is collective. */
#ifndef DP_ANALYSIS_BENCH_IDLE_H
#define DP_ANALYSIS_BENCH_IDLE_H

#include "analysis/bench.h"

struct dp_idle_options {
  uint64_t runs_n;        /* simulations, one after another in this process */
  uint64_t settlements_n; /* of each */
  uint64_t seed;
};

struct dp_idle_result {
  double run_ns;        /* processor time to make, run with one settlement, digest and free a simulation: mean of runs_n */
  double settlement_ns; /* processor time of one of settlements_n in a simulation, the best of five */
  int64_t heap_growth_bytes; /* what the allocator has given out after the last run more than after the tenth */
  uint64_t digest;           /* of the runs: equal */
};

/** Collective. Simulations with nothing but the implicit models (books, place …). DP_USAGE when an option is out of range,
 *  DP_INVARIANT when two runs differ. */
enum dp_status dp_bench_idle(const struct dp_idle_options *options, struct dp_comm *comm,
                             struct dp_idle_result *result, struct dp_err *err);

/** Appends the report. */
enum dp_status dp_idle_print(struct dp_str *out, enum dp_text_format format, const struct dp_idle_options *options,
                             const struct dp_idle_result *result, struct dp_err *err);

#endif
