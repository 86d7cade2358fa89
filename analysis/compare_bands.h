/* analysis/compare_bands.h — two experiments over time: bands of both and of their difference, pair by pair.
 * Layer: analysis. Not collective.
 *
 * Under common random numbers the i-th runs of both sides share their luck, and most of what luck does to both cancels in
 * b[i] − a[i]: the band of these differences is narrower than the distance of the two bands, and says what the change
 * does (Law, Simulation Modeling and Analysis, 5th ed. 2015, section 11.2). */
#ifndef DP_ANALYSIS_COMPARE_BANDS_H
#define DP_ANALYSIS_COMPARE_BANDS_H

#include "analysis/compare.h"

enum { DP_BAND_A, DP_BAND_B, DP_BAND_DIFFERENCE, DP_BAND_OF }; /* whose */
enum { DP_BAND_P5, DP_BAND_P50, DP_BAND_P95, DP_BAND_Q };      /* which quantile */

/** A series of both sides, at the times that every run has. What a settlement brings is summed since the start, a metric
 *  over regions is summed over them. Texts and arrays belong to it. */
struct dp_band {
  char *name;  /* "ledger.exchange.price" */
  char *title; /* "Price of the token" */
  char *unit;  /* for an axis */
  size_t n;
  double *time_s; /* [n] */
  double *pair_n; /* [n] pairs in which both sides have a finite value: the others are left out on both sides */
  double *q[DP_BAND_OF][DP_BAND_Q]; /* [n] each; NaN without a pair; quantiles of type 7 (analysis/statistics.h) */
  bool equal;                       /* no pair differs at any time */
};

struct dp_bands {
  struct dp_band *bands; /* [n] */
  size_t n;
  size_t apart_n; /* headlines of both sides that are left out: their runs do not have two times in common */
};

/** Bands of the series named [name_n] ("ledger.exchange.price": the metric of a model, or of one of its instances);
 *  of none: of the headlines (analysis/series.h), of each instance, that both sides have. Reads one run at a time.
 *  @param n pairs. DP_USAGE for a series that a run does not have or that has no time in common, with what there is;
 *  DP_FORMAT, DP_NOMEM. dp_bands_fini also after an error. */
enum dp_status dp_bands_make(const struct dp_compare_side sides[2], size_t n, const char *const *names, size_t name_n,
                             struct dp_bands *out, struct dp_err *err);
void dp_bands_fini(struct dp_bands *b);

/** Appends them at a few times, for people; nothing when there are none. @param n pairs */
void dp_bands_text(struct dp_str *out, const struct dp_bands *b, size_t n);

/** Appends all of them as CSV: a line a series and time. */
void dp_bands_csv(struct dp_str *out, const struct dp_bands *b);

#endif
