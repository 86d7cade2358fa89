/* sim/base/hist.h — log-linear histogram of int64 values ≥ 0 with bounded relative error.
 * Layer: base. Not collective. Pure functions on the caller's array `uint64_t counts[DP_HIST_BUCKETS]`; histograms
 * are merged by adding their arrays. The idea is HdrHistogram's (G. Tene, hdrhistogram.org): every octave [2^k,
 * 2^(k+1)) is cut into DP_HIST_SUB equal buckets, so a bucket's middle is within 1/64 of each value in it; values
 * below 64 are exact. */
#ifndef DP_BASE_HIST_H
#define DP_BASE_HIST_H

#include <stdint.h>

#define DP_HIST_SUB_BITS 5
#define DP_HIST_SUB (1 << DP_HIST_SUB_BITS)

/* The highest int64 lies in octave 62: shift 62 − 5 = 57, and its highest bucket is 57·32 + 63. */
#define DP_HIST_BUCKETS ((62 - DP_HIST_SUB_BITS) * DP_HIST_SUB + 2 * DP_HIST_SUB)

/** The bucket of a value, 0 ≤ bucket < DP_HIST_BUCKETS. Negative values count as 0. */
static inline uint32_t dp_hist_bucket(int64_t value) {
  if (value < 2 * DP_HIST_SUB) return value < 0 ? 0 : (uint32_t)value;
  uint32_t shift = (uint32_t)(63 - __builtin_clzll((unsigned long long)value)) - DP_HIST_SUB_BITS;
  return shift * DP_HIST_SUB + (uint32_t)(value >> shift);
}

/** Counts one value. */
static inline void dp_hist_add(uint64_t *counts, int64_t value) { counts[dp_hist_bucket(value)]++; }

/** The least and the greatest value of a bucket (a bucket number that is too large counts as the last). */
int64_t dp_hist_low(uint32_t bucket);
int64_t dp_hist_high(uint32_t bucket);

/** How many values were counted. */
uint64_t dp_hist_total(const uint64_t *counts);

/** The nearest-rank quantile (rank ⌈q·n⌉, at least 1), interpolated linearly inside its bucket, within 1/32 of the
 *  exact one and exact below 64. q is clamped to [0, 1]. @return NaN for an empty histogram or a NaN q. */
double dp_hist_quantile(const uint64_t *counts, double q);

/** The same of `population` cases, of which those that were not counted lie above all others. @return NaN when the
 *  quantile is one of them, or population is below the number of counted values. */
double dp_hist_quantile_of(const uint64_t *counts, double q, uint64_t population);

/** Gini coefficient, Σ_ij |x_i − x_j| / (2 n² mean), of the counted values, each taken in the middle of its bucket:
 *  0 when all are equal, 1 − 1/n when one has everything. @return NaN when all are 0. */
double dp_hist_gini(const uint64_t *counts);

/** Fewest values whose sum passes half of all (the Nakamoto coefficient of control), values as for dp_hist_gini.
 *  @return NaN when all are 0. */
double dp_hist_majority_n(const uint64_t *counts);

#endif
