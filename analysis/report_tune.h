/* analysis/report_tune.h — parts of the report of a search by `depinsim tune`. Layer: analysis, private to report*.c.
 * Not collective. */
#ifndef DP_ANALYSIS_REPORT_TUNE_H
#define DP_ANALYSIS_REPORT_TUNE_H

#include "analysis/report_sweep.h"
#include "analysis/tuned.h"

/** What was asked, what came out, how the search got there, and what a fit tells. Needs r->tune. */
enum dp_status dp_report_tune(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err);

/** Every key figure of the chosen design. */
enum dp_status dp_report_tune_kpis(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err);

/** Best so far and every look against runs spent: a figure an objective. */
void dp_report_tune_path(struct dp_str *out, const struct dp_tuned *t);

/** Two objectives against each other. */
void dp_report_tune_front(struct dp_str *out, const struct dp_tuned *t);

/** Data and model of a fit, and what is between them. */
enum dp_status dp_report_tune_fit(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err);

/** A profile likelihood a parameter. */
void dp_report_tune_profiles(struct dp_str *out, const struct dp_tuned *t);

#endif
