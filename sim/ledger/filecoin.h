/* sim/ledger/filecoin.h — Filecoin's block reward: simple and baseline minting, closed form and the chain's integers.
 * Layer: domain. Not collective, allocates nothing.
 * Source: filecoin-project/builtin-actors actors/reward/src (logic.rs, expneg.rs), filecoin-project/specs
 * block_reward_minting.md. An epoch is 30 s, 2,880 a day, 1,051,200 a year of 365 days. */
#ifndef DP_LEDGER_FILECOIN_H
#define DP_LEDGER_FILECOIN_H

#include <stdint.h>

#include "base/status.h"
#include "base/wide.h"

/** Epochs (and network times) for which the chain's e^−x is meant: x < 5. */
#define DP_FILECOIN_EPOCH_MAX 45400000

/** FIL minted by time alone up to `days`: 330e6 (1 − e^−λt), half-life 6 years of 365 days. days ≥ 0. */
double dp_filecoin_simple_minted(double days);

/** Baseline power at `days`, EiB: 2.88888888 EB (2.5057 EiB), doubling every 365 days. */
double dp_filecoin_baseline_eib(double days);

/** Baseline minting under constant power: R = Σ over days 1…`days` of min(power, baseline), network time
 *  θ = ln(1 + g R / b0) / g in days, FIL minted 770e6 (1 − e^−λθ). power_eib ≥ 0, days ≥ 0. */
void dp_filecoin_baseline_minted(double power_eib, int64_t days, double *theta_days, double *minted_fil);

/** attoFIL minted by time alone in `epoch`, exactly as on chain. Error: DP_RANGE outside [0, DP_FILECOIN_EPOCH_MAX]. */
enum dp_status dp_filecoin_simple_reward(int64_t epoch, dp_i128 *atto, struct dp_err *err);

/** attoFIL of the whole network in `epoch`; network time goes from `before` to `after`, epochs in Q.128.
 *  Error: DP_RANGE when an epoch or a time is outside [0, DP_FILECOIN_EPOCH_MAX]. */
enum dp_status dp_filecoin_reward(int64_t epoch, struct dp_u256 before, struct dp_u256 after, dp_i128 *atto,
                                  struct dp_err *err);

/** Baseline power after `epochs` steps from the genesis value, bytes, each step floored: time grows with `epochs`.
 *  Error: DP_RANGE outside [0, DP_FILECOIN_EPOCH_MAX]. */
enum dp_status dp_filecoin_baseline_bytes(int64_t epochs, dp_u128 *bytes, struct dp_err *err);

/** What the reward actor remembers about the network's time. Plain data: it may be a row of a table. */
struct dp_filecoin_network {
  int64_t epoch;               /* last one stepped; −1 at genesis */
  int64_t effective_n;         /* whole epochs of effective network time */
  dp_u128 baseline;            /* bytes */
  dp_u128 effective_baseline;  /* bytes, at the effective network time */
  struct dp_u256 baseline_sum; /* byte-epochs up to the effective network time */
  struct dp_u256 realised_sum; /* byte-epochs of min(baseline, power) */
};

/** The state at genesis. */
struct dp_filecoin_network dp_filecoin_genesis(void);

/** Effective network time, epochs in Q.128. */
struct dp_u256 dp_filecoin_network_time(const struct dp_filecoin_network *network);

/** One epoch in which the network's raw power is `power` bytes. `atto` gets the epoch's reward; NULL: an epoch without
 *  blocks, nothing is computed. Error: DP_RANGE after DP_FILECOIN_EPOCH_MAX. */
enum dp_status dp_filecoin_step(struct dp_filecoin_network *network, dp_u128 power, dp_i128 *atto,
                                struct dp_err *err);

/** `epochs` ≥ 0 steps at one power: `atto` gets the sum of their rewards, each floored as on chain. */
enum dp_status dp_filecoin_run(struct dp_filecoin_network *network, dp_u128 power, int64_t epochs, dp_i128 *atto,
                               struct dp_err *err);

#endif
