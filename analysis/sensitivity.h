/* analysis/sensitivity.h — which inputs an output hangs on: tornado, Morris' elementary effects, Sobol' indices.
 * Layer: analysis. Not collective. A design is points of the unit cube, an analysis is made of the values there: what
 * lies between (a function, a sweep over ranks) is the caller's.
 *
 * Sources: Morris, Technometrics 33(2) 1991, with Campolongo's μ* (Environ. Model. Softw. 22 2007); Saltelli, Comput.
 * Phys. Commun. 145 2002 (sampling); Jansen, Comput. Phys. Commun. 117 1999 (estimators of first and total indices);
 * intervals by bootstrap over the design's blocks (Archer, Saltelli, Sobol' 1997). */
#ifndef DP_ANALYSIS_SENSITIVITY_H
#define DP_ANALYSIS_SENSITIVITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum dp_sensitivity_method { DP_SENSITIVITY_TORNADO, DP_SENSITIVITY_MORRIS, DP_SENSITIVITY_SOBOL };

/** "tornado", "morris", "sobol"; ended by NULL. */
extern const char *const dp_sensitivity_names[];

/** What an input does. Two measures: of TORNADO the change from the base at the low and at the high end; of MORRIS μ*
 * (mean size of an effect) and σ (how much it differs from place to place); of SOBOL the first and the total index.
 *  [low, high] is a 95 % interval: of TORNADO Student's over paired replicates, else by bootstrap; NaN where there is
 *  none. */
struct dp_sensitivity {
  double value[2], low[2], high[2];
};

/** Names of the two measures of a method. */
const char *dp_sensitivity_measure(enum dp_sensitivity_method method, size_t measure);

/** Points of the unit cube for k inputs, in blocks: TORNADO: the base and then, for each input, its low and its high
 * end (block_n is passed over; `base` [k]); MORRIS: block_n trajectories of k + 1 points on four levels; SOBOL: block_n
 *  blocks A, B, AB_1 … AB_k (Sobol' points in 2k dimensions up to k = 20, a Latin hypercube beyond).
 *  @param out malloc'ed [*n][k], the caller frees. Errors: DP_RANGE (k = 0, block_n < 2), DP_NOMEM. */
enum dp_status dp_sensitivity_design(enum dp_sensitivity_method method, size_t k, size_t block_n, uint64_t seed,
                                     const double *base, double **out, size_t *n, struct dp_err *err);

/** Measures of k inputs from the values at the design's points, `values` [n] in its order. Blocks with a value that is
 *  not finite are left out. @param out [k]. Errors: DP_NOMEM; DP_FAILED when fewer than two blocks are left. */
enum dp_status dp_sensitivity_analyse(enum dp_sensitivity_method method, size_t k, size_t block_n, uint64_t seed,
                                      const double *points, const double *values, struct dp_sensitivity *out,
                                      struct dp_err *err);

/** Of TORNADO when each point was run several times: the mean and interval of what changes from the base to each end
 *  with the same luck. @param values [1 + 2k][replicate_n], NaN without a value; @param out [k]. Errors: DP_NOMEM. */
enum dp_status dp_sensitivity_tornado(size_t k, size_t replicate_n, const double *values, struct dp_sensitivity *out,
                                      struct dp_err *err);

#endif
