/* sim/provider/npv.h — what a machine is worth to its owner: annuity, net present value, resale, user cost, and who of
 * many unequal candidates would buy one. Layer: domain. Not collective; pure functions. Money in USD, time in days of
 * 1/365 year. Sources: any textbook of finance for the annuity; Jorgenson, Capital theory and investment behavior, AER 53
 * (1963) for the user cost of capital. */
#ifndef DP_PROVIDER_NPV_H
#define DP_PROVIDER_NPV_H

#define DP_DAYS_A_YEAR 365.0

/** What a candidate looks at. */
struct dp_machine_plan {
  double income_usd_per_d;      /* expected */
  double electricity_usd_per_d; /* at a cost factor of 1 */
  double opex_usd_per_d;
  double price_usd;             /* of the machine, at a cost factor of 1; 0: it is there anyway */
  double hurdle_ratio;          /* return asked, a year */
  double horizon_d;             /* how far he looks */
  double resale_share;          /* of the price, what the machine brings at the horizon */
};

/** Value now of 1 USD in `days`: (1 + hurdle)^(−days / 365). */
double dp_operator_discount(double hurdle_ratio, double days);

/** Value now of 1 USD at the end of each of `days` days: Σ v^t = (1 − v^n) / (1/v − 1), v = (1 + hurdle)^(−1/365); n
 *  when hurdle is 0. */
double dp_operator_annuity_d(double hurdle_ratio, double days);

/** Share of its price that a machine of some age brings: resale · (1 − depreciation)^(age / 365). */
double dp_operator_resale_share(double resale_ratio, double depreciation_ratio, double age_d);

/** Net present value for a candidate whose electricity and machine cost `factor` times the usual:
 *  A · (income − opex) − factor · (A · electricity + price · (1 − share · discount)). */
double dp_operator_npv_usd(const struct dp_machine_plan *plan, double factor);

/** The cost factor at which the value is 0: below it candidates enter. 0: none does; at most DP_FACTOR_MAX. */
double dp_operator_break_even_factor(const struct dp_machine_plan *plan);
#define DP_FACTOR_MAX 4000.0

/** How unequal candidates are: the logarithms of their cost factor m and of their optimism b are normal with these
 *  standard deviations, independent, and m and b have mean 1. One of optimism b expects b times the usual margin, so that
 *  his break-even factor is b times the usual one. */
struct dp_unequal {
  double cost, belief;
};

/** Share of the candidates with m below b · `factor`; where all are equal, 1 is below only what is really more. */
double dp_operator_share_below(double factor, const struct dp_unequal *unequal);

/** The cost factor of one of those: u in (0, 1) is his quantile by m / b, v that of m among his like (needed where
 *  beliefs differ).
 *  @param belief  filled: his optimism b; 1 where beliefs are equal */
double dp_operator_factor_below(double u, double v, double factor, const struct dp_unequal *unequal, double *belief);

/** What keeping a machine that would bring `worth_usd` today costs a day: worth · (1 − (1 − depreciation)^(1/365) · v),
 *  Jorgenson's user cost for a day: lost interest and lost value. */
double dp_operator_user_cost_usd_per_d(double worth_usd, double hurdle_ratio, double depreciation_ratio);

#endif
