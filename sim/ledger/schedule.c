#include <config.h>

#include <math.h>

#include "ledger/token.h"

bool dp_token_base_units(double tokens, int64_t decimals, dp_i128 *out) {
  if (!isfinite(tokens) || tokens < 0 || tokens > 0x1p62 || decimals < 0 || decimals > 18) return false;
  int64_t unit = 1;
  for (int64_t i = 0; i < decimals; i++) unit *= 10;
  double whole = floor(tokens);
  dp_i128 base = (dp_i128)whole * unit + llround((tokens - whole) * (double)unit);
  if (base > DP_I128_MAX >> 1) return false;
  *out = base;
  return true;
}

bool dp_token_schedule(dp_i128 rate_base_per_day, dp_time t_ns, dp_i128 *out) {
  if (t_ns < 0 || rate_base_per_day < 0) return false;
  return dp_i128_mul_div(rate_base_per_day, t_ns, DP_DAY, DP_ROUND_DOWN, out);
}

dp_i128 dp_token_reward(int64_t work_tok, dp_i128 emission, dp_i128 all_work_tok) {
  dp_i128 reward = 0;
  if (work_tok <= 0 || all_work_tok <= 0) return 0;
  if (emission <= INT64_MAX) return work_tok * emission / all_work_tok;
  /* work ≤ all work, so that the quotient is at most the emission and fits */
  if (!dp_i128_mul_div(work_tok, emission, all_work_tok, DP_ROUND_DOWN, &reward)) return 0;
  return reward;
}
