/* analysis/statistics.h — what can be said of a mean from few runs: intervals, warm-up, differences, quantiles.
 * Layer: analysis. Not collective. Inputs are borrowed and unchanged; sums go from the first to the last value, so that
 * equal inputs give equal bits.
 *
 * Sources: Law, Simulation Modeling and Analysis, 5th ed. 2015, chapters 9 (replications, batch means, warm-up) and 10
 * (paired differences under common random numbers); White, Simulation 69(6) 1997 (MSER-5); Efron and Tibshirani 1993
 * (percentile bootstrap); Hyndman and Fan, American Statistician 50(4) 1996 (quantiles, their type 7). */
#ifndef DP_ANALYSIS_STATISTICS_H
#define DP_ANALYSIS_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** A mean and how well it is known. */
struct dp_interval {
  size_t n;          /* values that it rests on */
  double mean;       /* NaN when n = 0 */
  double sd;         /* of one value, with n − 1; NaN when n < 2 */
  double half_width; /* the mean lies within ± this with the level's probability; NaN when n < 2 */
};

/** Quantile of Student's t for a two-sided interval of probability `level`. NaN when freedom_n = 0. */
double dp_stat_student(double level, size_t freedom_n);

/** Student's interval of independent values [n]: mean ± t·s/√n. Values that are not finite are left out. */
struct dp_interval dp_stat_interval(const double *values, size_t n, double level);

/** Of the mean of a series [n] whose values depend on their neighbours: Student's interval of the means of `batch_n`
 *  batches of equal length; what does not fill a batch is left out at the beginning. */
struct dp_interval dp_stat_batch_means(const double *series, size_t n, size_t batch_n, double level);

/** MSER-5: how many values at the beginning of a series [n] to leave out as warm-up. It is the cut that makes the
 *  standard error of the rest's mean least, in steps of five, of the first half; when that is at the half's end the
 *  series is too short to tell, and *settled is false. */
size_t dp_stat_warm_up(const double *series, size_t n, bool *settled);

/** Student's interval of b[i] − a[i]: two scenarios with the same luck, run by run. Pairs that are not finite are left
 *  out. Errors: DP_NOMEM. */
enum dp_status dp_stat_paired(const double *a, const double *b, size_t n, double level, struct dp_interval *out,
                              struct dp_err *err);

/** Sorts the finite values [n] to the front, ascending. @return how many they are */
size_t dp_stat_sort(double *values, size_t n);

/** Quantile q in [0, 1] of ascending values [n], linear between order statistics (type 7); NaN when n = 0. */
double dp_stat_quantile(const double *sorted, size_t n, double q);

/** A number made of values [n]. */
typedef double (*dp_statistic_fn)(const double *values, size_t n, void *ud);

/** Percentile bootstrap of a statistic: the quantiles (1 ∓ level)/2 of `resample_n` draws with replacement. The draws
 *  hang on `seed` alone. Errors: DP_NOMEM. */
enum dp_status dp_stat_bootstrap(const double *values, size_t n, dp_statistic_fn statistic, void *ud, size_t resample_n,
                                 double level, uint64_t seed, double *low, double *high, struct dp_err *err);

/** Fills rows [n] of the resample number `nth` with indices below n, drawn with replacement. */
void dp_stat_resample(uint64_t seed, uint64_t nth, size_t *rows, size_t n);

/** How many values are needed for a half-width of `target`, given the interval of those that there are: at least one
 *  more, at most twice as many; n itself when it is reached. */
size_t dp_stat_needed(const struct dp_interval *interval, double target);

#endif
