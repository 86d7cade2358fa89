/* analysis/cost.h — what a run cost its ranks, read from a result and printed.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_COST_H
#define DP_ANALYSIS_COST_H

#include "analysis/result.h"
#include "engine/report.h"

/** A report that was read; its names belong to it. */
struct dp_cost {
  struct dp_engine_report report;
  char **names; /* of the channels but the first, in one block */
};

/** Reads /provenance/volatile; no ranks when the result says nothing of them. End it with dp_cost_fini. */
enum dp_status dp_cost_read(const struct dp_result *result, struct dp_cost *out, struct dp_err *err);
void dp_cost_fini(struct dp_cost *cost);

/** A line a rank (the first `rank_max` of them), what they add up to, a line a channel, and the hint. */
void dp_cost_print(struct dp_str *out, const struct dp_engine_report *r, size_t rank_max);

#endif
