/* analysis/sensitivity.c — designs in the unit cube, and what follows from the values there. */
#include "analysis/sensitivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design.h"
#include "analysis/statistics.h"
#include "engine/rng.h"
#include "model/vocabulary.h"

#define RESAMPLES 1000
#define STEP (2.0 / 3) /* Morris: p / (2 (p − 1)) with p = 4 levels */
#define SOBOL_DIMENSIONS 40

const char *const dp_sensitivity_names[] = {"tornado", "morris", "sobol", NULL};

const char *dp_sensitivity_measure(enum dp_sensitivity_method method, size_t measure) {
  static const char *const names[3][2] = {{"at_low", "at_high"}, {"mu_star", "sigma"}, {"first", "total"}};
  return names[method][measure];
}

static size_t block_size(enum dp_sensitivity_method method, size_t k) {
  return method == DP_SENSITIVITY_MORRIS ? k + 1 : k + 2;
}

/* ---- designs ---- */

static void design_tornado(size_t k, const double *base, double *out) {
  for (size_t p = 0; p < 1 + 2 * k; p++) memcpy(out + p * k, base, k * sizeof *out);
  for (size_t i = 0; i < k; i++) {
    out[(1 + 2 * i) * k + i] = 0;
    out[(2 + 2 * i) * k + i] = 1;
  }
}

/* A walk that moves every input once, in random order. */
static void design_morris(size_t k, size_t block_n, uint64_t seed, double *out, size_t *order) {
  for (size_t b = 0; b < block_n; b++) {
    struct dp_rng rng = dp_rng_at(seed, 0, b, DP_STREAM(DP_STREAM_DESIGN, 1), 0);
    double *at = out + b * (k + 1) * k;
    for (size_t i = 0; i < k; i++) {
      at[i] = (double)dp_rng_below(&rng, 4) / 3;
      order[i] = i;
    }
    for (size_t i = k; i > 1; i--) {
      size_t j = (size_t)dp_rng_below(&rng, i), kept = order[i - 1];
      order[i - 1] = order[j];
      order[j] = kept;
    }
    for (size_t i = 0; i < k; i++, at += k) {
      memcpy(at + k, at, k * sizeof *at);
      double *x = &at[k + order[i]];
      *x = round(3 * (*x < 0.5 ? *x + STEP : *x - STEP)) / 3; /* a level to the last digit */
    }
  }
}

static enum dp_status design_sobol(size_t k, size_t block_n, uint64_t seed, double *out, struct dp_err *err) {
  double *both = malloc(block_n * 2 * k * sizeof *both);
  if (both == NULL) return dp_fail_nomem(err, "a design");
  enum dp_status status = 2 * k <= SOBOL_DIMENSIONS ? dp_design_sobol(2 * k, block_n, seed, 1, both, err)
                                                    : dp_design_lhs(2 * k, block_n, seed, both, err);
  for (size_t b = 0; b < block_n && status == DP_OK; b++) {
    const double *a = both + b * 2 * k;
    double *at = out + b * (k + 2) * k;
    memcpy(at, a, 2 * k * sizeof *at); /* A, B */
    for (size_t i = 0; i < k; i++) {
      double *mixed = at + (2 + i) * k;
      memcpy(mixed, a, k * sizeof *at);
      mixed[i] = a[k + i];
    }
  }
  free(both);
  return status;
}

enum dp_status dp_sensitivity_design(enum dp_sensitivity_method method, size_t k, size_t block_n, uint64_t seed,
                                     const double *base, double **out, size_t *n, struct dp_err *err) {
  bool blocks = method != DP_SENSITIVITY_TORNADO;
  *out = NULL;
  if (k == 0) return dp_fail(err, DP_RANGE, "nothing varies (vary = { … } says what)");
  if (blocks && (block_n < 2 || block_n > DP_DESIGN_POINTS_MAX / (k + 2)))
    return dp_fail(err, DP_RANGE, "%zu blocks of points (at least 2, at most 1e8 points in all)", block_n);
  *n = blocks ? block_n * block_size(method, k) : 1 + 2 * k;
  double *points = malloc(*n * k * sizeof *points);
  size_t *order = malloc(k * sizeof *order);
  enum dp_status status = points && order ? DP_OK : dp_fail_nomem(err, "a design");
  if (status == DP_OK && method == DP_SENSITIVITY_TORNADO) design_tornado(k, base, points);
  if (status == DP_OK && method == DP_SENSITIVITY_MORRIS) design_morris(k, block_n, seed, points, order);
  if (status == DP_OK && method == DP_SENSITIVITY_SOBOL) status = design_sobol(k, block_n, seed, points, err);
  free(order);
  if (status == DP_OK) *out = points;
  else free(points);
  return status;
}

/* ---- measures of chosen blocks ---- */

struct analysis {
  size_t k, block_n; /* blocks that are whole */
  const double *points, *values;
  const size_t *blocks; /* [block_n] of the design */
  double *effects;      /* Morris: [blocks of the design][k] */
};

/* The effect of each input in each trajectory. */
static void morris_effects(const struct analysis *a, size_t block) {
  size_t k = a->k;
  const double *x = a->points + block * (k + 1) * k, *y = a->values + block * (k + 1);
  for (size_t step = 0; step < k; step++, x += k)
    for (size_t i = 0; i < k; i++)
      if (fabs(x[k + i] - x[i]) > 0.1) a->effects[block * k + i] = (y[step + 1] - y[step]) / (x[k + i] - x[i]);
}

static void morris(const struct analysis *a, const size_t *rows, size_t i, double out[2]) {
  double sum = 0, size = 0, squares = 0, n = (double)a->block_n;
  for (size_t b = 0; b < a->block_n; b++) {
    double effect = a->effects[rows[b] * a->k + i];
    sum += effect;
    size += fabs(effect);
  }
  for (size_t b = 0; b < a->block_n; b++) {
    double d = a->effects[rows[b] * a->k + i] - sum / n;
    squares += d * d;
  }
  out[0] = size / n;
  out[1] = sqrt(squares / (n - 1));
}

static void sobol(const struct analysis *a, const size_t *rows, size_t i, double out[2]) {
  size_t size = a->k + 2;
  double sum = 0, squares = 0, first = 0, total = 0, n = (double)a->block_n;
  bool varies = false; /* a mean that is rounded makes squares of a constant */
  for (size_t b = 0; b < a->block_n; b++) sum += a->values[rows[b] * size] + a->values[rows[b] * size + 1];
  double mean = sum / (2 * n);
  for (size_t b = 0; b < a->block_n; b++) {
    const double *y = a->values + rows[b] * size;
    squares += (y[0] - mean) * (y[0] - mean) + (y[1] - mean) * (y[1] - mean);
    first += (y[1] - y[2 + i]) * (y[1] - y[2 + i]);
    total += (y[0] - y[2 + i]) * (y[0] - y[2 + i]);
    for (size_t p = 0; p < 2; p++) varies |= fabs(y[p] - a->values[rows[0] * size]) > 0;
  }
  double variance = varies ? squares / (2 * n - 1) : 0;
  out[0] = variance > 0 ? 1 - first / (2 * n) / variance : (double)NAN;
  out[1] = variance > 0 ? total / (2 * n) / variance : (double)NAN;
}

typedef void (*measure_fn)(const struct analysis *a, const size_t *rows, size_t i, double out[2]);

/* rows: room for block_n; drawn: for 2 · RESAMPLES. */
static void measure(const struct analysis *a, measure_fn fn, uint64_t seed, size_t i, size_t *rows, double *drawn,
                    struct dp_sensitivity *out) {
  fn(a, a->blocks, i, out->value);
  for (size_t r = 0; r < RESAMPLES; r++) {
    double two[2];
    dp_stat_resample(seed, r, rows, a->block_n);
    for (size_t b = 0; b < a->block_n; b++) rows[b] = a->blocks[rows[b]];
    fn(a, rows, i, two);
    drawn[r] = two[0];
    drawn[RESAMPLES + r] = two[1];
  }
  for (size_t m = 0; m < 2; m++) {
    size_t n = dp_stat_sort(drawn + m * RESAMPLES, RESAMPLES);
    out->low[m] = dp_stat_quantile(drawn + m * RESAMPLES, n, 0.025);
    out->high[m] = dp_stat_quantile(drawn + m * RESAMPLES, n, 0.975);
  }
}

enum dp_status dp_sensitivity_tornado(size_t k, size_t replicate_n, const double *values, struct dp_sensitivity *out,
                                      struct dp_err *err) {
  for (size_t i = 0; i < k; i++)
    for (size_t m = 0; m < 2; m++) {
      struct dp_interval change;
      DP_TRY(dp_stat_paired(values, values + (1 + 2 * i + m) * replicate_n, replicate_n, 0.95, &change, err));
      out[i].value[m] = change.mean;
      out[i].low[m] = change.mean - change.half_width;
      out[i].high[m] = change.mean + change.half_width;
    }
  return DP_OK;
}

/* Which blocks are whole. */
static size_t whole_blocks(const double *values, size_t block_n, size_t size, size_t *blocks) {
  size_t n = 0;
  for (size_t b = 0; b < block_n; b++) {
    bool whole = true;
    for (size_t p = 0; p < size; p++) whole &= isfinite(values[b * size + p]) != 0;
    if (whole) blocks[n++] = b;
  }
  return n;
}

enum dp_status dp_sensitivity_analyse(enum dp_sensitivity_method method, size_t k, size_t block_n, uint64_t seed,
                                      const double *points, const double *values, struct dp_sensitivity *out,
                                      struct dp_err *err) {
  if (method == DP_SENSITIVITY_TORNADO) return dp_sensitivity_tornado(k, 1, values, out, err);
  size_t *blocks = calloc(2 * block_n, sizeof *blocks);
  double *drawn = calloc(2 * RESAMPLES, sizeof *drawn), *effects = calloc(block_n * k, sizeof *effects);
  enum dp_status status = blocks && drawn && effects ? DP_OK : dp_fail_nomem(err, "an analysis");
  struct analysis a = {.k = k, .points = points, .values = values, .blocks = blocks, .effects = effects};
  if (status == DP_OK) a.block_n = whole_blocks(values, block_n, block_size(method, k), blocks);
  if (status == DP_OK && a.block_n < 2)
    status = dp_fail(err, DP_FAILED, "only %zu of %zu blocks of points have a value everywhere", a.block_n, block_n);
  for (size_t b = 0; status == DP_OK && method == DP_SENSITIVITY_MORRIS && b < a.block_n; b++)
    morris_effects(&a, blocks[b]);
  for (size_t i = 0; i < k && status == DP_OK; i++)
    measure(&a, method == DP_SENSITIVITY_MORRIS ? morris : sobol, seed, i, blocks + block_n, drawn, &out[i]);
  free(blocks);
  free(drawn);
  free(effects);
  return status;
}
