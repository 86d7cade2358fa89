#include "ledger/io_net.h"

#include <math.h>

double dp_io_net_emission(int64_t hour) {
  if (hour < 0 || hour >= DP_IO_NET_HOURS) return 0;
  return 500e6 * (0.08 / 8760) * pow(1 - 1.38869523959793e-5, (double)hour);
}
