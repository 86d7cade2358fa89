/* analysis/design.c — grid, zip, Latin hypercube, Sobol' points. */
#include "analysis/design.h"

#include <gsl/gsl_qrng.h>
#include <math.h>
#include <stdlib.h>

#include "engine/rng.h"
#include "model/vocabulary.h"

const char *const dp_design_names[] = {"grid", "zip", "lhs", "sobol", NULL};

double dp_axis_at(const struct dp_axis *axis, double u) {
  if (axis->value_n > 0) {
    size_t i = (size_t)(u * (double)axis->value_n);
    if (i >= axis->value_n) i = axis->value_n - 1;
    return axis->values ? axis->values[i] : (double)i;
  }
  if (axis->log && (u <= 0 || u >= 1)) return u <= 0 ? axis->low : axis->high; /* to the last digit */
  double x = axis->log ? exp(log(axis->low) + u * (log(axis->high) - log(axis->low)))
                       : axis->low + u * (axis->high - axis->low);
  if (axis->whole) x = nearbyint(x);
  return x < axis->low ? axis->low : x > axis->high ? axis->high : x; /* rounding leads nowhere else */
}

/* ---- levels ---- */

static size_t level_n(const struct dp_axis *axis) { return axis->value_n ? axis->value_n : axis->level_n; }

static double level(const struct dp_axis *axis, size_t i) {
  if (axis->value_n) return axis->values ? axis->values[i] : (double)i;
  return dp_axis_at(axis, axis->level_n > 1 ? (double)i / (double)(axis->level_n - 1) : 0);
}

static enum dp_status check_levels(enum dp_design_kind kind, const struct dp_axis *axes, size_t axis_n, size_t *n,
                                   size_t *blamed, struct dp_err *err) {
  *n = kind == DP_DESIGN_ZIP && axis_n ? level_n(&axes[0]) : 1;
  for (size_t i = 0; i < axis_n; i++) {
    size_t levels = level_n(&axes[i]);
    *blamed = i;
    if (levels == 0)
      return dp_fail(err, DP_SCENARIO,
                     "vary: %s: a range has no levels for a %s (depin.range { low, high, n = 5 }, or "
                     "design = \"lhs\")",
                     axes[i].name, dp_design_names[kind]);
    if (kind == DP_DESIGN_ZIP && levels != *n)
      return dp_fail(err, DP_SCENARIO,
                     "vary: a zip needs lists of one length, but %s has %zu values and %s has %zu (make "
                     "them equal, or design = \"grid\")",
                     axes[0].name, *n, axes[i].name, levels);
    if (kind == DP_DESIGN_GRID && levels > DP_DESIGN_POINTS_MAX / *n)
      return dp_fail(err, DP_SCENARIO,
                     "vary: the grid has more than %zu points (design = \"lhs\" looks at some of them)",
                     DP_DESIGN_POINTS_MAX);
    if (kind == DP_DESIGN_GRID) *n *= levels;
  }
  *blamed = axis_n;
  return DP_OK;
}

static void fill_grid(const struct dp_axis *axes, size_t axis_n, double *out, size_t n) {
  for (size_t p = 0; p < n; p++)
    for (size_t i = axis_n, rest = p; i-- > 0; rest /= level_n(&axes[i]))
      out[p * axis_n + i] = level(&axes[i], rest % level_n(&axes[i]));
}

/* ---- samples ---- */

enum dp_status dp_design_lhs(size_t dimension_n, size_t n, uint64_t seed, double *out, struct dp_err *err) {
  size_t *order = malloc((n + 1) * sizeof *order);
  if (order == NULL) return dp_fail_nomem(err, "a design");
  for (size_t d = 0; d < dimension_n; d++) {
    struct dp_rng rng = dp_rng_at(seed, 0, d, DP_STREAM(DP_STREAM_DESIGN, 0), 0);
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (size_t i = n; i > 1; i--) { /* Fisher and Yates */
      size_t k = (size_t)dp_rng_below(&rng, i), kept = order[i - 1];
      order[i - 1] = order[k];
      order[k] = kept;
    }
    for (size_t i = 0; i < n; i++) out[i * dimension_n + d] = ((double)order[i] + dp_rng_uniform(&rng)) / (double)n;
  }
  free(order);
  return DP_OK;
}

enum dp_status dp_design_sobol(size_t dimension_n, size_t n, uint64_t seed, uint64_t shift, double *out,
                               struct dp_err *err) {
  if (dimension_n == 0 || dimension_n > 40)
    return dp_fail(err, DP_RANGE, "Sobol' points have 1 to 40 dimensions, not %zu (design = \"lhs\" has no limit)",
                   dimension_n);
  gsl_qrng *q = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned)dimension_n);
  double by[40];
  if (q == NULL) return dp_fail_nomem(err, "a design");
  for (size_t d = 0; d < dimension_n; d++) {
    struct dp_rng rng = dp_rng_at(seed, 0, d, DP_STREAM(DP_STREAM_DESIGN, 0), 1 + shift);
    by[d] = dp_rng_uniform(&rng);
  }
  for (size_t i = 0; i < n; i++) { /* GSL leaves out the origin: the shift puts no point on a bound */
    gsl_qrng_get(q, out + i * dimension_n);
    for (size_t d = 0; d < dimension_n; d++) {
      double x = out[i * dimension_n + d] + by[d];
      out[i * dimension_n + d] = x < 1 ? x : x - 1;
    }
  }
  gsl_qrng_free(q);
  return DP_OK;
}

static enum dp_status sample(enum dp_design_kind kind, const struct dp_axis *axes, size_t axis_n, uint64_t seed,
                             double *out, size_t n, struct dp_err *err) {
  DP_TRY(kind == DP_DESIGN_LHS ? dp_design_lhs(axis_n, n, seed, out, err)
                               : dp_design_sobol(axis_n, n, seed, 0, out, err));
  for (size_t i = 0; i < n * axis_n; i++) out[i] = dp_axis_at(&axes[i % axis_n], out[i]);
  return DP_OK;
}

/* ---- public ---- */

enum dp_status dp_design_points(enum dp_design_kind kind, const struct dp_axis *axes, size_t axis_n, size_t points_n,
                                uint64_t seed, double **out, size_t *n, size_t *axis, struct dp_err *err) {
  bool sampled = kind == DP_DESIGN_LHS || kind == DP_DESIGN_SOBOL;
  *out = NULL;
  *axis = axis_n;
  if (sampled && (points_n == 0 || points_n > DP_DESIGN_POINTS_MAX))
    return dp_fail(err, DP_SCENARIO, "points_n: say how many points the design \"%s\" has (points_n = 100)",
                   dp_design_names[kind]);
  *n = points_n;
  if (!sampled) DP_TRY(check_levels(kind, axes, axis_n, n, axis, err));
  if (axis_n == 0) *n = 1; /* the scenario as it is */
  double *points = malloc((*n * axis_n + 1) * sizeof *points);
  if (points == NULL) return dp_fail_nomem(err, "a design");
  enum dp_status status = DP_OK;
  if (kind == DP_DESIGN_GRID) fill_grid(axes, axis_n, points, *n);
  for (size_t p = 0; kind == DP_DESIGN_ZIP && p < *n; p++)
    for (size_t i = 0; i < axis_n; i++) points[p * axis_n + i] = level(&axes[i], p);
  if (sampled && axis_n) status = sample(kind, axes, axis_n, seed, points, *n, err);
  if (status == DP_OK) *out = points;
  else free(points);
  return status;
}
