#include "privacy/accounting.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>

/* ln(e^x − 1) for x > 0 */
static double log_expm1(double x) { return x > 1 ? x + log1p(-exp(-x)) : log(expm1(x)); }

/* ln(1 + e^x) */
static double log1p_exp(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

/* The k-th term of Σ C(α,k) (1−q)^(α−k) q^k (e^(k(k−1)/2σ²) − 1), its logarithm. The binomial terms add up to 1: taken
 * off here, so that nothing cancels. */
static double log_term(double q, double sigma, int order, int k) {
  double ways = gsl_sf_lnchoose((unsigned)order, (unsigned)k);
  double chance = (k < order ? (order - k) * log1p(-q) : 0) + k * log(q);
  return ways + chance + log_expm1((double)k * (k - 1) / (2 * sigma * sigma));
}

double dp_privacy_rdp(double q, double sigma, int order) {
  if (!(q > 0)) return 0;
  if (q >= 1) return order / (2 * sigma * sigma);
  double most = -INFINITY, sum = 0;
  for (int k = 2; k <= order; k++) most = fmax(most, log_term(q, sigma, order, k));
  if (isinf(most)) return 0; /* so much noise that nothing is spent */
  for (int k = 2; k <= order; k++) sum += exp(log_term(q, sigma, order, k) - most);
  return log1p_exp(most + log(sum)) / (order - 1);
}

void dp_privacy_epsilon(const struct dp_privacy_training *t, bool improved, double *epsilon, int *order) {
  *epsilon = INFINITY;
  *order = DP_PRIVACY_ORDER_MIN;
  for (int a = DP_PRIVACY_ORDER_MIN; a <= DP_PRIVACY_ORDER_MAX; a++) {
    double spent = (double)t->step_n * dp_privacy_rdp(t->sampling_ratio, t->noise_ratio, a);
    double price = -log(t->delta) / (a - 1);
    if (improved) price = log1p(-1.0 / a) - (log(t->delta) + log(a)) / (a - 1);
    if (spent + price >= *epsilon) continue;
    *epsilon = spent + price;
    *order = a;
  }
}
