/* analysis/baseline.h — the recorded key figures of a scenario, to find out that they have changed.
 * Layer: analysis. Not collective.
 *
 * A baseline is a JSON file beside its scenario, NAME.baseline.json: for each key figure the interval in which 99 % of
 * runs with other seeds fall, x̄ ± t(0.995, n − 1) s √(1 + 1/n), taken from n seeds (a prediction interval of normal
 * samples, Hahn & Meeker 1991); null when it was not defined; and, if asked, the digest of the run. */
#ifndef DP_ANALYSIS_BASELINE_H
#define DP_ANALYSIS_BASELINE_H

#include "analysis/result.h"

struct dp_baseline;

/** Reads a baseline. DP_IO when there is none; DP_FORMAT, naming file, line and remedy, when it is not one. */
enum dp_status dp_baseline_read(const char *path, struct dp_baseline **out, struct dp_err *err);
void dp_baseline_free(struct dp_baseline *baseline);

/** Compares a result with it: appends a line for each key figure outside its interval, missing, or new, and for
 *  another digest where one was recorded. @return how many lines. */
size_t dp_baseline_compare(struct dp_str *out, const struct dp_baseline *baseline, const struct dp_result *result);

/** Key figures of one run, to be recorded. */
struct dp_baseline_sample {
  double *values; /* [kpi_n] NaN where not defined; malloc'ed, owned by who collects */
};

/** Writes `path` (over NAME.part, renamed) from the samples [n ≥ 1] of runs that differ in their seed.
 *  @param result names the key figures @param exact records result's digest too. DP_IO. */
enum dp_status dp_baseline_write(const char *path, const struct dp_result *result,
                                 const struct dp_baseline_sample *samples, size_t n, bool exact, struct dp_err *err);

#endif
