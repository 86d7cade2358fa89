/* analysis/report.h — one HTML file that says what was asked and what came out; it opens offline.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_REPORT_H
#define DP_ANALYSIS_REPORT_H

#include "analysis/result.h"
#include "analysis/series.h"

/** Writes the report of results [n ≥ 1] to `path`: of one, everything in it; of several, a comparison of their key
 *  figures and series as well. Errors as dp_result_open; DP_IO when `path` cannot be written. */
enum dp_status dp_report_write(const char *const *results, size_t n, const char *path, struct dp_err *err);

/* ---- parts, for report*.c ---- */

/** A result with its series. */
struct dp_report_run {
  struct dp_result *result;
  struct dp_series_set series;
};

/** Charts that a reader looks for first: each is drawn when the run has what it shows. */
void dp_report_charts(struct dp_str *out, const struct dp_report_run *run);

/** Every series, by model, interactive: figures into `out`, their data into `script`. */
void dp_report_series(struct dp_str *out, struct dp_str *script, const struct dp_report_run *run);

/** Lines of several runs over each other. */
void dp_report_overlay(struct dp_str *out, const struct dp_report_run *runs, size_t n);

/** Key figures; regions; cohorts; parameters; where it comes from. */
void dp_report_kpis(struct dp_str *out, const struct dp_report_run *run);
void dp_report_regions(struct dp_str *out, const struct dp_report_run *run);
enum dp_status dp_report_cohorts(struct dp_str *out, const struct dp_report_run *run, struct dp_err *err);
enum dp_status dp_report_parameters(struct dp_str *out, const struct dp_report_run *run, struct dp_err *err);
void dp_report_provenance(struct dp_str *out, const struct dp_report_run *run);

/** Value of a key figure; NaN when there is none. */
double dp_report_kpi(const struct dp_report_run *run, const char *name);

#endif
