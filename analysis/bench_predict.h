/* analysis/bench_predict.h — the cost model's answers: how long a run takes on R ranks.
 * Layer: analysis. dp_bench_predict_phold is collective. */
#ifndef DP_ANALYSIS_BENCH_PREDICT_H
#define DP_ANALYSIS_BENCH_PREDICT_H

#include "analysis/bench_cost.h"
#include "analysis/bench_phold.h"

#define DP_PREDICT_RANKS_MAX 32

struct dp_predict_options {
  uint32_t rank_n[DP_PREDICT_RANKS_MAX]; /* [count] to predict for */
  size_t count;
  double latency_ns, bandwidth_gb_per_s; /* of a network; 0: these ranks share this machine */
  double neighbour_n;                    /* ranks that one writes to at most; 0: all */
  bool cluster;                          /* a core a rank; else those of this machine */
};

/** What was predicted and what it took. */
struct dp_predict_check {
  double measured_s, predicted_s; /* NaN: nothing was run */
  double rank_n;
};

/** Collective. Runs PHOLD on these ranks: its load for the model, the prediction for these ranks from the costs alone,
 *  and what it took (the best of five). The load has this run's cost of an event when it had one rank. */
enum dp_status dp_bench_predict_phold(const struct dp_phold_options *phold, const struct dp_costs *costs,
                                      struct dp_comm *comm, struct dp_load *load, struct dp_predict_check *check,
                                      struct dp_err *err);

/** Appends a line for each number of ranks; as JSON an object with an array "ranks". Errors: DP_NOMEM. */
enum dp_status dp_predict_print(struct dp_str *out, enum dp_text_format format, const struct dp_predict_options *options,
                                const struct dp_costs *costs, const struct dp_load *load,
                                const struct dp_predict_check *check, struct dp_err *err);

#endif
