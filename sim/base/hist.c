/* sim/base/hist.c — bounds, quantiles and concentration of the log-linear histogram. */
#include "base/hist.h"

#include <float.h>
#include <math.h>

_Static_assert(DP_HIST_BUCKETS == 1888, "the last bucket holds INT64_MAX");

int64_t dp_hist_low(uint32_t bucket) {
  if (bucket >= DP_HIST_BUCKETS) bucket = DP_HIST_BUCKETS - 1;
  if (bucket < 2 * DP_HIST_SUB) return bucket;
  uint32_t shift = bucket / DP_HIST_SUB - 1;
  return (int64_t)(bucket - shift * DP_HIST_SUB) << shift;
}

int64_t dp_hist_high(uint32_t bucket) {
  if (bucket >= DP_HIST_BUCKETS - 1) return INT64_MAX;
  return dp_hist_low(bucket + 1) - 1;
}

uint64_t dp_hist_total(const uint64_t *counts) {
  uint64_t total = 0;
  for (uint32_t b = 0; b < DP_HIST_BUCKETS; b++) total += counts[b];
  return total;
}

/* Rank ⌈q·n⌉ in [1, n]; a product that rounding lifted over an integer (0.07 · 100) is lowered again. */
static uint64_t nearest_rank(double q, uint64_t total) {
  double product = q * (double)total;
  double rank = ceil(product - 2 * DBL_EPSILON * product);
  if (rank < 1) return 1;
  return rank >= (double)total ? total : (uint64_t)rank;
}

/* The value of a rank, interpolated inside its bucket. */
static double value_of_rank(const uint64_t *counts, uint64_t rank) {
  uint64_t before = 0;
  uint32_t b = 0;
  while (before + counts[b] < rank) before += counts[b++];
  double share = ((double)(rank - before) - 0.5) / (double)counts[b];
  return (double)dp_hist_low(b) + (double)(dp_hist_high(b) - dp_hist_low(b)) * share;
}

double dp_hist_quantile(const uint64_t *counts, double q) {
  return dp_hist_quantile_of(counts, q, dp_hist_total(counts));
}

double dp_hist_quantile_of(const uint64_t *counts, double q, uint64_t population) {
  uint64_t total = dp_hist_total(counts);
  if (population == 0 || population < total || isnan(q)) return (double)NAN;
  q = q < 0 ? 0 : q > 1 ? 1 : q;
  uint64_t rank = nearest_rank(q, population);
  return rank > total ? (double)NAN : value_of_rank(counts, rank);
}

static double middle(uint32_t bucket) {
  return ((double)dp_hist_low(bucket) + (double)dp_hist_high(bucket)) / 2;
}

static double sum_of_middles(const uint64_t *counts) {
  double sum = 0;
  for (uint32_t b = 0; b < DP_HIST_BUCKETS; b++) sum += (double)counts[b] * middle(b);
  return sum;
}

double dp_hist_gini(const uint64_t *counts) {
  const double n = (double)dp_hist_total(counts), all = sum_of_middles(counts);
  if (!(all > 0)) return (double)NAN;
  double area = 0, sum = 0; /* twice the area below the Lorenz curve, in cases times values */
  for (uint32_t b = 0; b < DP_HIST_BUCKETS; b++) {
    const double held = (double)counts[b] * middle(b);
    area += (double)counts[b] * (2 * sum + held);
    sum += held;
  }
  return 1 - area / (n * all);
}

double dp_hist_majority_n(const uint64_t *counts) {
  const double half = sum_of_middles(counts) / 2;
  if (!(half > 0)) return (double)NAN;
  double sum = 0, n = 0;
  uint32_t b = DP_HIST_BUCKETS - 1;
  for (; sum + (double)counts[b] * middle(b) <= half; b--) {
    sum += (double)counts[b] * middle(b);
    n += (double)counts[b];
  }
  return n + floor((half - sum) / middle(b)) + 1;
}
