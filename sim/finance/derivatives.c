#include "finance/derivatives.h"

#include <math.h>

static double normal_cdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }

void dp_derivatives_black76(const struct dp_option *o, double *call, double *put) {
  double spread = o->volatility * sqrt(o->years), discount = exp(-o->rate * o->years);
  if (!(spread > 0)) {
    *call = discount * fmax(0, o->forward - o->strike);
    *put = discount * fmax(0, o->strike - o->forward);
    return;
  }
  double d1 = log(o->forward / o->strike) / spread + spread / 2, d2 = d1 - spread;
  *call = discount * (o->forward * normal_cdf(d1) - o->strike * normal_cdf(d2));
  *put = discount * (o->strike * normal_cdf(-d2) - o->forward * normal_cdf(-d1));
}
