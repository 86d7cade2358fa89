/* analysis/report_sweep.h — parts of the report of a sweep. Layer: analysis, private to report*.c. Not collective. */
#ifndef DP_ANALYSIS_REPORT_SWEEP_H
#define DP_ANALYSIS_REPORT_SWEEP_H

#include "analysis/report.h"
#include "analysis/swept.h"
#include "analysis/tuned.h"

#define DP_REPORT_HEADLINES 8 /* key figures that are drawn; all are in the tables */

/** A sweep on its way to a page. */
struct dp_report_sweep {
  struct dp_swept swept;
  const struct dp_report_options *options;
  size_t drawn[DP_REPORT_HEADLINES]; /* [drawn_n] key figures that differ between points */
  size_t drawn_n;
  char **sensitivity;          /* names in /sensitivity; NULL without */
  const struct dp_tuned *tune; /* of a search; NULL without */
};

/** The whole page of an open sweep file. Errors: DP_FORMAT (damaged), DP_USAGE (a bound, a point that is not there). */
enum dp_status dp_report_sweep(struct dp_str *out, struct dp_result *result, const struct dp_report_options *options,
                               struct dp_err *err);

/** Key figures over the parameters: heat maps, bands or scatter, by the design. */
enum dp_status dp_report_sweep_figures(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err);

/** Some value of each point over the varied parameters: a heat map, a line or coloured points.
 *  @param low, high [point_n] a band around it, or NULL */
enum dp_status dp_report_sweep_map(struct dp_str *out, const struct dp_report_sweep *r, const char *title,
                                   const char *unit, const double *values, const double *low, const double *high,
                                   struct dp_err *err);

/** Fans of the stored series at some points. */
enum dp_status dp_report_sweep_bands(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err);

/** Tornado, Morris or Sobol', when the file has them. */
enum dp_status dp_report_sweep_sensitivity(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err);

#endif
