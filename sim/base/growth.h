/* sim/base/growth.h — growth of a fleet or a market: pure formulas.
 * Layer: base. Not collective. Source: Bass, A new product growth for model consumer durables, Management Science 15
 * (1969). */
#ifndef DP_BASE_GROWTH_H
#define DP_BASE_GROWTH_H

/** Share that has adopted by time t ≥ 0: (1 − e^(−(p+q)t)) / (1 + q/p · e^(−(p+q)t)). p > 0 is innovation, q ≥ 0
 *  imitation, both per unit of t. */
double dp_growth_bass_share(double p, double q, double t);

/** Growth a year that makes `multiple` > 0 in `years` > 0: multiple^(1/years) − 1. */
double dp_growth_implied_rate(double multiple, double years);

#endif
