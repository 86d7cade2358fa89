/* sim/finance/derivatives.h — options on forwards. Layer: domain. Not collective.
 * Source: Black, The pricing of commodity contracts, Journal of Financial Economics 3 (1976). */
#ifndef DP_FINANCE_DERIVATIVES_H
#define DP_FINANCE_DERIVATIVES_H

/** A European option on a forward. */
struct dp_option {
  double forward, strike; /* > 0, in one currency */
  double years;           /* to expiry, ≥ 0 */
  double volatility;      /* a year, ≥ 0 */
  double rate;            /* continuous, a year */
};

/** Call e^(−rT) (F N(d1) − K N(d2)), put e^(−rT) (K N(−d2) − F N(−d1)); without time or volatility the discounted
 *  inner value. */
void dp_derivatives_black76(const struct dp_option *option, double *call, double *put);

#endif
