/* analysis/sweep_report.h — the table of a sweep's points. Layer: analysis, private to sweep. Rank 0; not collective.
 */
#ifndef DP_ANALYSIS_SWEEP_REPORT_H
#define DP_ANALYSIS_SWEEP_REPORT_H

#include "analysis/sweep.h"

struct dp_sweep_report;

/** Begins the table that goes to `out`. Errors: DP_NOMEM. */
enum dp_status dp__sweep_report_new(const struct dp_sweep *s, struct dp_str *out, struct dp_sweep_report **report,
                                    struct dp_err *err);

/** The next point, in order: stats[kpi_n]. */
void dp__sweep_report_point(struct dp_sweep_report *r, size_t point, const struct dp_sweep_stat *stats,
                            size_t failed_n);

/** Ends it and frees; NULL is allowed. */
void dp__sweep_report_end(struct dp_sweep_report *r);

#endif
