#include <config.h>

#include "provider/npv.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

double dp_operator_discount(double hurdle_ratio, double days) {
  return exp(-log1p(hurdle_ratio) * days / DP_DAYS_A_YEAR);
}

double dp_operator_annuity_d(double hurdle_ratio, double days) {
  const double rate = log1p(hurdle_ratio) / DP_DAYS_A_YEAR;
  return rate > 0 ? -expm1(-rate * days) / expm1(rate) : days;
}

double dp_operator_resale_share(double resale_ratio, double depreciation_ratio, double age_d) {
  return resale_ratio * pow(1 - depreciation_ratio, age_d / DP_DAYS_A_YEAR);
}

/* What a cost factor of 1 costs: electricity, and the part of the machine's price that is not got back. */
static double cost_usd(const struct dp_machine_plan *p) {
  const double lost = 1 - p->resale_share * dp_operator_discount(p->hurdle_ratio, p->horizon_d);
  return dp_operator_annuity_d(p->hurdle_ratio, p->horizon_d) * p->electricity_usd_per_d + p->price_usd * lost;
}

static double value_usd(const struct dp_machine_plan *p) {
  return dp_operator_annuity_d(p->hurdle_ratio, p->horizon_d) * (p->income_usd_per_d - p->opex_usd_per_d);
}

double dp_operator_npv_usd(const struct dp_machine_plan *plan, double factor) {
  return value_usd(plan) - factor * cost_usd(plan);
}

double dp_operator_break_even_factor(const struct dp_machine_plan *plan) {
  const double value = value_usd(plan), cost = cost_usd(plan);
  if (!(value > 0)) return 0;
  return value < DP_FACTOR_MAX * cost ? value / cost : DP_FACTOR_MAX;
}

/* ln(m / b) is normal with this deviation and mean. */
static double deviation(const struct dp_unequal *q) { return sqrt(q->cost * q->cost + q->belief * q->belief); }
static double mean(const struct dp_unequal *q) { return (q->belief * q->belief - q->cost * q->cost) / 2; }

double dp_operator_share_below(double factor, const struct dp_unequal *q) {
  const double s = deviation(q);
  if (!(factor > 0)) return 0;
  if (!(s > 0)) return factor > 1 ? 1 : 0;
  return gsl_cdf_ugaussian_P((log(factor) - mean(q)) / s);
}

double dp_operator_factor_below(double u, double v, double factor, const struct dp_unequal *q, double *belief) {
  const double s = deviation(q);
  *belief = 1;
  if (!(s > 0)) return 1;
  const double z = s * gsl_cdf_ugaussian_Pinv(u * dp_operator_share_below(factor, q)); /* ln(m / b) less its mean */
  const double rest = q->cost > 0 && q->belief > 0 ? q->cost * q->belief / s * gsl_cdf_ugaussian_Pinv(v) : 0;
  const double drawn = exp(q->cost * q->cost / (s * s) * z + rest - q->cost * q->cost / 2);
  if (q->belief > 0) *belief = drawn / exp(z + mean(q));
  return drawn < DP_FACTOR_MAX ? drawn : DP_FACTOR_MAX;
}

double dp_operator_user_cost_usd_per_d(double worth_usd, double hurdle_ratio, double depreciation_ratio) {
  return worth_usd * (1 - dp_operator_resale_share(1, depreciation_ratio, 1) * dp_operator_discount(hurdle_ratio, 1));
}
