#include "ledger/dimo.h"

#include <math.h>

double dp_dimo_weekly(int64_t week) {
  return week < 0 || week >= DP_DIMO_WEEKS ? 0 : 1105000 * pow(0.85, (double)(week / 52));
}
