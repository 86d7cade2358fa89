/* analysis/report.h — one HTML file that says what was asked and what came out; it opens offline.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_REPORT_H
#define DP_ANALYSIS_REPORT_H

#include "analysis/result.h"
#include "analysis/series.h"

#define DP_REPORT_POINTS 8 /* of a sweep whose bands can be drawn over each other */

/** What a reader asks of a sweep's report; zeros are valid. Borrowed. */
struct dp_report_options {
  const char *survive;             /* bounds (analysis/swept.h) that a run keeps to survive; NULL: the file's, or a default */
  size_t points[DP_REPORT_POINTS]; /* [point_n] whose bands are drawn; none: some */
  size_t point_n;
};

/** Reads "0,12,24" into o->points. DP_USAGE, naming --points. */
enum dp_status dp_report_points(struct dp_report_options *o, const char *value, struct dp_err *err);

/** Writes the report of results [n ≥ 1] to `path`: of one, everything in it; of several, a comparison of their key
 *  figures and series as well; of the file of a sweep, its points. Errors as dp_result_open; DP_USAGE for a sweep among
 *  several files, and as dp_report_sweep; DP_IO when `path` cannot be written. */
enum dp_status dp_report_write(const char *const *results, size_t n, const char *path,
                               const struct dp_report_options *options, struct dp_err *err);

/* ---- parts, for report*.c ---- */

/** A result with its series. */
struct dp_report_run {
  struct dp_result *result;
  struct dp_series_set series;
  const char *label; /* what to call it instead of its file, which will be gone; NULL: the file */
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
void dp_report_provenance(struct dp_str *out, const struct dp_report_run *runs, size_t n);

/** The unit of the time axes: minutes, hours or days, by the length of the run. */
struct dp_report_clock {
  double unit_s;
  const char *label;
};
struct dp_report_clock dp_report_clock(const struct dp_report_run *run);
struct dp_report_clock dp_report_clock_of(int64_t duration_ns);

/** The answer that the leading comment of the text at /provenance/`whose` gives, if it gives one: "scenario", "study". */
void dp_report_answer(struct dp_str *out, const struct dp_result *r, const char *whose);

/** The question as heading, whatever the result is of; and what a reader has to know before the figures: conditional,
 *  warnings, hindsight. */
void dp_report_head(struct dp_str *out, const struct dp_result *r);

/** A text of a scalar dataset, malloc'ed; NULL without. */
char *dp_report_text(const struct dp_result *r, const char *path);

void dp_report_open_table(struct dp_str *out, const char *const *heads, size_t n);
void dp_report_close_table(struct dp_str *out);

/** Value of a key figure; NaN when there is none. */
double dp_report_kpi(const struct dp_report_run *run, const char *name);

#endif
