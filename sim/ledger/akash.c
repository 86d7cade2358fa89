#include "ledger/akash.h"

#include <math.h>

double dp_akash_inflation_pct(double years) { return 48.546257 * exp2(-years / 2.10306569); }

int64_t dp_akash_take(int64_t amount, int64_t pct) { return (int64_t)((dp_i128)amount * pct / 100); }

enum dp_status dp_akash_bme_mint(int64_t uakt, dp_u128 price_1e18, int64_t spread_bps, struct dp_akash_mint *out,
                                 struct dp_err *err) {
  dp_u128 minted;
  if (uakt < 0) return dp_fail(err, DP_RANGE, "an amount must not be negative, got %lld", (long long)uakt);
  if (spread_bps < 0 || spread_bps > 10000)
    return dp_fail(err, DP_RANGE, "a spread must lie in [0, 10000] basis points, got %lld", (long long)spread_bps);
  if (!dp_u128_mul_div((dp_u128)uakt, price_1e18, 1000000000000000000u, DP_ROUND_DOWN, &minted) || minted > INT64_MAX)
    return dp_fail(err, DP_RANGE, "the minted amount does not fit 63 bits");
  out->minted = (int64_t)minted;
  out->spread = (int64_t)((dp_i128)out->minted * spread_bps / 10000);
  out->to_user = out->minted - out->spread;
  return DP_OK;
}

double dp_akash_bme_net_supply(double usd, double usd_per_akt_mint, double usd_per_akt_settle) {
  return usd * (1 / usd_per_akt_settle - 1 / usd_per_akt_mint);
}

int64_t dp_akash_bme_backoff_blocks(int64_t cr_bps) {
  const dp_i128 unit = 1000000000000000000, most = 14400 * unit; /* 18 decimals, as on chain */
  dp_i128 blocks = 10 * unit;
  for (int64_t at = 9500 - 10; at >= cr_bps && blocks < most; at -= 10) blocks = blocks * 110 / 100;
  return (int64_t)((blocks < most ? blocks : most) / unit);
}
