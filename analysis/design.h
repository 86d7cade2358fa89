/* analysis/design.h — which points of a space of parameters a study looks at.
 * Layer: analysis. Not collective. A design hangs on its axes, its size and the seed alone.
 *
 * Sources: McKay, Beckman and Conover, Technometrics 21(2) 1979 (Latin hypercube); Sobol', USSR Comput. Maths. 7(4)
 * 1967, by GSL's generator (at most 40 axes), with a random shift modulo 1 (Cranley and Patterson 1976) so that its
 * mean is unbiased over seeds. */
#ifndef DP_ANALYSIS_DESIGN_H
#define DP_ANALYSIS_DESIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum dp_design_kind { DP_DESIGN_GRID, DP_DESIGN_ZIP, DP_DESIGN_LHS, DP_DESIGN_SOBOL };

/** "grid", "zip", "lhs", "sobol"; ended by NULL. */
extern const char *const dp_design_names[];

/** What one parameter may be: one of a list (value_n > 0), or anything in [low, high]. */
struct dp_axis {
  const char *name;
  size_t value_n;
  const double *values;     /* [value_n]; NULL: of texts */
  const char *const *texts; /* [value_n]; NULL: of numbers */
  double low, high;
  bool log;       /* of a range: its logarithm is spread evenly */
  bool whole;     /* of a range: rounded to the nearest whole number */
  size_t level_n; /* of a range on a grid or in a zip: evenly spaced levels; 0: not said */
  int line;       /* of the study, for messages */
};

#define DP_DESIGN_POINTS_MAX ((size_t)100000000)

/** The value of a range at u in [0, 1], or of a list at [u · value_n]; of texts, the index. */
double dp_axis_at(const struct dp_axis *axis, double u);

/** Makes the points [*n][axis_n], row by row; of an axis of texts, indices. On a grid the last axis changes fastest.
 *  @param points_n of LHS and SOBOL; passed over otherwise
 *  @param out malloc'ed, the caller frees. Errors: DP_SCENARIO (without a place; *axis is the one to blame, or axis_n),
 *  DP_NOMEM. */
enum dp_status dp_design_points(enum dp_design_kind kind, const struct dp_axis *axes, size_t axis_n, size_t points_n,
                                uint64_t seed, double **out, size_t *n, size_t *axis, struct dp_err *err);

/** Sobol' points in [0, 1)^dimension_n shifted by (seed, shift): fills out[n][dimension_n]. At most 40 dimensions.
 *  Errors: DP_RANGE, DP_NOMEM. */
enum dp_status dp_design_sobol(size_t dimension_n, size_t n, uint64_t seed, uint64_t shift, double *out,
                               struct dp_err *err);

/** Latin hypercube: fills out[n][dimension_n] in (0, 1). Errors: DP_NOMEM. */
enum dp_status dp_design_lhs(size_t dimension_n, size_t n, uint64_t seed, double *out, struct dp_err *err);

#endif
