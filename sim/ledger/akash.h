/* sim/ledger/akash.h — Akash: inflation, take rate, burn-mint equilibrium (AEP-76). Layer: domain. Not collective,
 * allocates nothing. Source: akash-network/AEP aep-76, aep-23; akash-network/node x/bme/keeper/keeper.go (default
 * parameters); amounts are micro-tokens (uakt, uact). */
#ifndef DP_LEDGER_AKASH_H
#define DP_LEDGER_AKASH_H

#include <stdint.h>

#include "base/status.h"
#include "base/wide.h"

/** Yearly inflation in percent, `years` (of 31,557,600 s) after genesis: 48.546257 %, half-life 2.10306569 years. */
double dp_akash_inflation_pct(double years);

/** ⌊amount · pct / 100⌋, what the network takes of a settlement. amount ≥ 0, 0 ≤ pct ≤ 100. */
int64_t dp_akash_take(int64_t amount, int64_t pct);

/** ACT for burned AKT; minted = spread + to_user. */
struct dp_akash_mint {
  int64_t minted, spread, to_user; /* uact */
};

/** Mints ⌊uakt · price⌋ and keeps ⌊minted · spread_bps / 10,000⌋ of it. @param price_1e18 USD of one AKT, times 10^18.
 *  Errors: DP_RANGE for a negative amount, a spread outside [0, 10,000] or a result beyond 63 bits. */
enum dp_status dp_akash_bme_mint(int64_t uakt, dp_u128 price_1e18, int64_t spread_bps, struct dp_akash_mint *out,
                                 struct dp_err *err);

/** Change of AKT supply by `usd` burned at one price and settled at another: usd (1/p_settle − 1/p_mint); negative when
 *  the price rose in between. Prices > 0. */
double dp_akash_bme_net_supply(double usd, double usd_per_akt_mint, double usd_per_akt_settle);

/** Blocks between settlements at a collateral ratio of `cr_bps` ≥ 0: 10, and a tenth more for every whole 10 bps below
 *  9,500; floored, at most 14,400. */
int64_t dp_akash_bme_backoff_blocks(int64_t cr_bps);

#endif
