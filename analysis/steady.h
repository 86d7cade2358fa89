/* analysis/steady.h — what a result's series are once the start is forgotten.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_STEADY_H
#define DP_ANALYSIS_STEADY_H

#include "analysis/result.h"

#define DP_STEADY_BATCHES 20 /* at most: Law 2015, 9.5.3 */

/** `depinsim kpi FILE --steady`. Of every series, summed over its dimension: the warm-up that MSER-5 leaves out, the
 *  mean of the rest, and the 95 % half-width of that mean by batch means of at least five settlements; without where the
 *  series has not settled or is too short. JSON: {"scenario", "steady": {series: {"unit", "warm_up_s", "mean",
 *  "half_width", "batches", "settled"}}}; CSV: a head line and a line each. Errors: as dp_result_open. */
enum dp_status dp_steady_file(struct dp_str *out, enum dp_text_format format, const char *path, struct dp_err *err);

#endif
