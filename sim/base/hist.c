/* sim/base/hist.c — bounds and quantiles of the log-linear histogram. */
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

double dp_hist_quantile(const uint64_t *counts, double q) {
  uint64_t total = dp_hist_total(counts);
  if (total == 0 || isnan(q)) return (double)NAN;
  q = q < 0 ? 0 : q > 1 ? 1 : q;
  uint64_t rank = nearest_rank(q, total);
  uint64_t before = 0;
  uint32_t b = 0;
  while (before + counts[b] < rank) before += counts[b++];
  double share = ((double)(rank - before) - 0.5) / (double)counts[b];
  return (double)dp_hist_low(b) + (double)(dp_hist_high(b) - dp_hist_low(b)) * share;
}
