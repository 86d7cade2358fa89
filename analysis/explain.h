/* analysis/explain.h — what a key figure of a result means and what it is made of.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_EXPLAIN_H
#define DP_ANALYSIS_EXPLAIN_H

#include "analysis/result.h"

/** Appends: value and unit, definition, formula, who declares it, the metrics in it, its parts by instance and by region,
 *  and the five series whose changes from settlement to settlement go most with those of its own (Pearson's r; what goes
 *  together need not cause). Of a sweep: least and most, and the parameters that it goes with (Spearman's r over the
 *  runs; of a sensitivity analysis its measures). DP_USAGE, with what was meant, when the result has no such key figure. */
enum dp_status dp_explain(struct dp_str *out, struct dp_result *result, const char *kpi, struct dp_err *err);

/* ---- parts, for explain*.c ---- */

/** A key figure and the model that declares it; zeros when none does. */
struct dp_declared {
  const struct dp_model *model;
  const struct dp_kpi *kpi;
  const struct dp_metric *metric;
};

/** Finds it, and appends model, formula and source. */
struct dp_declared dp__explain_declared(struct dp_str *out, const char *kpi);
enum dp_status dp__explain_sweep(struct dp_str *out, struct dp_result *result, const char *kpi, struct dp_err *err);

#endif
