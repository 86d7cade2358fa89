#include <config.h>

#include <math.h>

#include "ledger/emission.h"
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

int64_t dp_token_ppb(double ratio) { return llround(ratio * 1e9); }

dp_i128 dp_token_part(dp_i128 amount, int64_t ppb) {
  const uint64_t whole = 1000000000, part = (uint64_t)ppb;
  if ((dp_u128)amount >> 64 || part > whole) return dp_token_share_of(amount, ppb, (dp_i128)whole); /* or negative */
  const uint64_t units = (uint64_t)amount; /* the same, in 64 bits */
  return units / whole * part + units % whole * part / whole;
}

dp_i128 dp_token_share_of(dp_i128 whole, dp_i128 part, dp_i128 all) {
  dp_i128 share = 0;
  if (whole <= 0 || part <= 0 || all <= 0) return 0;
  if (whole <= INT64_MAX && part <= INT64_MAX) return whole * part / all;
  /* part ≤ all, so that the quotient is at most the whole and fits */
  if (!dp_i128_mul_div(whole, part, all, DP_ROUND_DOWN, &share)) return 0;
  return share;
}

dp_i128 dp_token_reward(int64_t work_tok, dp_i128 emission, dp_i128 all_work_tok) {
  return dp_token_share_of(emission, work_tok, all_work_tok);
}
