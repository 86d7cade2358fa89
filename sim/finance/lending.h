/* sim/finance/lending.h — interest of lending pools. Layer: domain. Not collective, allocates nothing.
 * Source: aave/protocol-v2 DefaultReserveInterestRateStrategy.sol, MathUtils.sol (calculateCompoundedInterest),
 * WadRayMath.sol. */
#ifndef DP_FINANCE_LENDING_H
#define DP_FINANCE_LENDING_H

#include <stdint.h>

#include "base/status.h"
#include "base/wide.h"

/** A rate with a kink: base + slope1 · U / optimal up to the optimal utilisation, then slope2 more on the way to 1. */
struct dp_lending_curve {
  double optimal; /* utilisation, in (0, 1) */
  double base, slope1, slope2;
  double reserve_factor; /* share of the interest that lenders do not get */
};

/** Yearly rates at utilisation U in [0, 1]: what borrowers pay, and lenders earn: borrow · U · (1 − reserve factor). */
void dp_lending_kinked_rate(const struct dp_lending_curve *curve, double utilisation, double *borrow, double *supply);

/** Index, 1e27 based, after `seconds` at a yearly `rate_ray` (1e27 = 100 %): 1 + n r + n (n−1)/2 r² + n (n−1)(n−2)/6
 *  r³ with r the floored rate a second and products rounded half up. Error: DP_RANGE for negative seconds or a
 *  result beyond 256 bits. */
enum dp_status dp_lending_compounded_index(struct dp_u256 rate_ray, int64_t seconds, struct dp_u256 *index_ray,
                                           struct dp_err *err);

#endif
