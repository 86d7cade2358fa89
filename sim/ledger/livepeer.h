/* sim/ledger/livepeer.h — Livepeer's inflation, which steers the bonded share to a target. Layer: domain. Not
 * collective, allocates nothing. Source: livepeer/protocol contracts/token/Minter.sol (setInflation), MathUtils.sol,
 * LIP-34, LIP-40, LIP-100. */
#ifndef DP_LEDGER_LIVEPEER_H
#define DP_LEDGER_LIVEPEER_H

#include <stdint.h>

#include "base/status.h"
#include "base/wide.h"

/** A round's state and parameters; the six rates count in 1 / denominator. */
struct dp_livepeer_round {
  int64_t inflation;     /* of a round */
  int64_t target;        /* bonded share wanted */
  int64_t change;        /* of inflation in a round */
  int64_t floor, ceiling; /* of inflation */
  int64_t denominator;
  dp_u128 bonded, supply; /* base units */
};

/** Inflation of the next round: `change` more when ⌊bonded · denominator / supply⌋ is below the target, less when
 *  above, kept in [floor, ceiling]; as it is at the target. Error: DP_RANGE for rates outside [0, denominator],
 *  denominator < 1, floor > ceiling, or more bonded than there is. */
enum dp_status dp_livepeer_next_inflation(const struct dp_livepeer_round *round, int64_t *inflation,
                                          struct dp_err *err);

/** ⌊supply · inflation / denominator⌋ base units. Error: DP_RANGE for an inflation outside [0, denominator]. */
enum dp_status dp_livepeer_mintable(dp_u128 supply, int64_t inflation, int64_t denominator, dp_u128 *minted,
                                    struct dp_err *err);

#endif
