#include "hardware/reliability.h"

#include <math.h>

double dp_reliability_young_interval_s(double checkpoint_s, double mtbf_s) { return sqrt(2 * checkpoint_s * mtbf_s); }

double dp_reliability_useful_share(double checkpoint_s, double mtbf_s, double restart_s, double interval_s) {
  double segment = mtbf_s * exp(restart_s / mtbf_s) * expm1((interval_s + checkpoint_s) / mtbf_s);
  return interval_s / segment;
}
