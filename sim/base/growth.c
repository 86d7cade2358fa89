/* sim/base/growth.c — see growth.h. */
#include "base/growth.h"

#include <math.h>

double dp_growth_bass_share(double p, double q, double t) {
  double x = -(p + q) * t;
  return -expm1(x) / (1 + exp(x + log(q) - log(p))); /* so that a huge q / p times 0 is no trouble */
}

double dp_growth_implied_rate(double multiple, double years) { return expm1(log(multiple) / years); }
