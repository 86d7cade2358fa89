/* analysis/explain.h — what a key figure of a result means and what it is made of.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_EXPLAIN_H
#define DP_ANALYSIS_EXPLAIN_H

#include "analysis/result.h"

/** Appends: value and unit, definition, formula, the metrics in it, its parts by instance and by region, and the five
 *  series whose changes from settlement to settlement go most with those of its own (Pearson's r; what goes together
 *  need not cause). DP_USAGE, with what was meant, when the result has no such key figure. */
enum dp_status dp_explain(struct dp_str *out, const struct dp_result *result, const char *kpi, struct dp_err *err);

#endif
