/* analysis/statistics.c — intervals, batch means, MSER-5, paired differences, quantiles, bootstrap. */
#include "analysis/statistics.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "engine/rng.h"
#include "model/vocabulary.h"

/* ---- intervals ---- */

double dp_stat_student(double level, size_t freedom_n) {
  return freedom_n ? gsl_cdf_tdist_Pinv(0.5 + level / 2, (double)freedom_n) : (double)NAN;
}

struct dp_interval dp_stat_interval(const double *values, size_t n, double level) {
  struct dp_interval out = {.mean = (double)NAN, .sd = (double)NAN, .half_width = (double)NAN};
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(values[i])) continue;
    sum += values[i];
    out.n++;
  }
  if (out.n == 0) return out;
  out.mean = sum / (double)out.n;
  if (out.n == 1) return out;
  for (size_t i = 0; i < n; i++)
    if (isfinite(values[i])) squares += (values[i] - out.mean) * (values[i] - out.mean);
  out.sd = sqrt(squares / (double)(out.n - 1));
  out.half_width = dp_stat_student(level, out.n - 1) * out.sd / sqrt((double)out.n);
  return out;
}

static double mean_of(const double *values, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += values[i];
  return sum / (double)n;
}

struct dp_interval dp_stat_batch_means(const double *series, size_t n, size_t batch_n, double level) {
  size_t length = batch_n ? n / batch_n : 0, skipped = n - length * batch_n;
  struct dp_interval out = {.mean = (double)NAN, .sd = (double)NAN, .half_width = (double)NAN};
  if (length == 0) return out;
  const double *from = series + skipped;
  double mean = mean_of(from, n - skipped), squares = 0;
  for (size_t i = 0; i < batch_n; i++) {
    double d = mean_of(from + i * length, length) - mean;
    squares += d * d;
  }
  out.n = batch_n;
  out.mean = mean;
  if (batch_n < 2) return out;
  out.sd = sqrt(squares / (double)(batch_n - 1));
  out.half_width = dp_stat_student(level, batch_n - 1) * out.sd / sqrt((double)batch_n);
  return out;
}

enum dp_status dp_stat_paired(const double *a, const double *b, size_t n, double level, struct dp_interval *out,
                              struct dp_err *err) {
  double *differences = dp_zeros(n, sizeof *differences);
  if (differences == NULL) return dp_fail_nomem(err, "differences");
  for (size_t i = 0; i < n; i++) differences[i] = b[i] - a[i];
  *out = dp_stat_interval(differences, n, level);
  free(differences);
  return DP_OK;
}

size_t dp_stat_needed(const struct dp_interval *interval, double target) {
  if (interval->half_width <= target) return interval->n;
  double factor = target > 0 ? interval->half_width / target : 2;
  double wanted = ceil((double)interval->n * factor * factor), most = 2 * (double)interval->n;
  size_t n = (size_t)(wanted < most ? wanted : most);
  return n > interval->n ? n : interval->n + 1;
}

/* ---- warm-up ---- */

#define MSER_BATCH 5

size_t dp_stat_warm_up(const double *series, size_t n, bool *settled) {
  size_t batch_n = n / MSER_BATCH, best = 0;
  double sum = 0, squares = 0, least = INFINITY, origin = n ? series[n - 1] : 0; /* about it: less is lost */
  *settled = false;
  for (size_t left = 1; left <= batch_n; left++) { /* batches that stay, from the end */
    size_t first = batch_n - left;
    double y = mean_of(series + first * MSER_BATCH, MSER_BATCH) - origin, m = (double)left;
    sum += y;
    squares += y * y;
    if (2 * first > batch_n) continue;
    double error = (squares - sum * sum / m) / (m * m);
    if (error > least) continue; /* of equal ones the one that keeps more */
    least = error;
    best = first;
  }
  *settled = batch_n >= 2 && 2 * (best + 1) <= batch_n;
  return best * MSER_BATCH;
}

/* ---- order ---- */

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

size_t dp_stat_sort(double *values, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(values[i])) values[kept++] = values[i];
  qsort(values, kept, sizeof *values, by_value);
  return kept;
}

double dp_stat_quantile(const double *sorted, size_t n, double q) {
  if (n == 0) return (double)NAN;
  double at = q * (double)(n - 1), below = floor(at);
  size_t i = (size_t)below;
  if (i + 1 >= n) return sorted[n - 1];
  return sorted[i] + (at - below) * (sorted[i + 1] - sorted[i]);
}

/* ---- bootstrap ---- */

void dp_stat_resample(uint64_t seed, uint64_t nth, size_t *rows, size_t n) {
  struct dp_rng rng = dp_rng_at(seed, 0, 0, DP_STREAM(DP_STREAM_BOOTSTRAP, 0), nth);
  for (size_t i = 0; i < n; i++) rows[i] = (size_t)dp_rng_below(&rng, n);
}

enum dp_status dp_stat_bootstrap(const double *values, size_t n, dp_statistic_fn statistic, void *ud, size_t resample_n,
                                 double level, uint64_t seed, double *low, double *high, struct dp_err *err) {
  double *drawn = dp_zeros(n, sizeof *drawn), *results = dp_zeros(resample_n, sizeof *results);
  size_t *rows = dp_zeros(n, sizeof *rows);
  *low = *high = (double)NAN;
  enum dp_status status = drawn && results && rows ? DP_OK : dp_fail_nomem(err, "a bootstrap");
  for (size_t i = 0; i < resample_n && status == DP_OK && n > 0; i++) {
    dp_stat_resample(seed, i, rows, n);
    for (size_t k = 0; k < n; k++) drawn[k] = values[rows[k]];
    results[i] = statistic(drawn, n, ud);
  }
  if (status == DP_OK && n > 0) {
    size_t kept = dp_stat_sort(results, resample_n);
    *low = dp_stat_quantile(results, kept, 0.5 - level / 2);
    *high = dp_stat_quantile(results, kept, 0.5 + level / 2);
  }
  free(drawn);
  free(results);
  free(rows);
  return status;
}
