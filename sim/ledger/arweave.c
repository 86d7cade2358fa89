#include "ledger/arweave.h"

#include <math.h>

double dp_arweave_block_reward(int64_t height) {
  const double blocks_per_year = 262800;
  return 55e6 * 0.2 * M_LN2 * exp2(-(double)height / blocks_per_year) / blocks_per_year;
}
