/* sim/ledger/helium.h — Helium's rules: HNT schedule, net emissions, data credits, proof-of-coverage units. Layer:
 * domain. Not collective, allocates nothing. Source: helium/HIP 0015, 0017, 0020, 0149; helium/docs hnt-token.mdx,
 * data-credit.mdx. */
#ifndef DP_LEDGER_HELIUM_H
#define DP_LEDGER_HELIUM_H

#include <stdint.h>

#include "base/status.h"
#include "base/wide.h"

#define DP_HELIUM_NET_EMISSION_CAP 34.24 /* HNT an epoch of 30 min, HIP-20 */
#define DP_HELIUM_POOL_EPOCHS 336        /* a week of epochs */

/** HNT minted by the schedule in year `year` ≥ 1; year 1 begins on 2019-08-01, halving every two years (HIP-20). */
double dp_helium_minted_in_year(int64_t year);

/** Net emissions by the smoothing of 2020: each epoch emits pool/336 of the pool left by the epochs before, then the
 *  pool gains min(burn, 34.24). @param burn HNT burned, per epoch; `emitted` and `pool` get n values: the epoch's
 *  emission and the pool after it. */
void dp_helium_net_emission(const double *burn, size_t n, double *emitted, double *pool);

/** ⌊HNT · price / 1e-5 USD⌋: data credits for burned HNT; both arguments are whole numbers of 1e-8. Exact.
 *  Error: DP_RANGE when the credits do not fit 63 bits. */
enum dp_status dp_helium_data_credits(dp_u128 hnt_1e8, dp_u128 usd_per_hnt_1e8, int64_t *credits, struct dp_err *err);

/** Reward units of a beacon seen by `witness_n` ≥ 0 (HIP-15, four wanted, decay 0.8): the beaconer's and each
 *  witness's. */
void dp_helium_hip15_units(int64_t witness_n, double *transmitter, double *each_witness);

/** How many hotspots of a hexagon count (HIP-17): min(max, target · max(1, occupied − N + 1)). `occupied_n` of the
 *  seven hexagons (it and its neighbours) hold the target or more. Arguments in [0, 2^31). */
int64_t dp_helium_hip17_limit(int64_t occupied_n, int64_t wanted_n, int64_t target, int64_t max);

/** HIP-149's deployer band with the numbers of the proposal in dp_helium_hip149. */
struct dp_helium_band {
  double usd_per_gb;       /* R, what payers pay */
  double gb_per_day;       /* carried */
  double baseline_hnt;     /* earned a day without a top-up */
  double deployer_ratio;   /* α, share of a top-up that reaches deployers */
  double net_emission_cap; /* HNT a day that net emissions already return */
};
extern const struct dp_helium_band dp_helium_hip149;

/** HNT a day minted on top, min(burn above the net-emission cap, what lifts deployers to R/2 a GB), and what deployers
 *  then earn, USD a GB, at most 3 R. usd_per_hnt > 0, burn ≥ 0. */
void dp_helium_top_up(const struct dp_helium_band *band, double usd_per_hnt, double smoothed_burn_hnt,
                      double *top_up_hnt, double *earned_usd_per_gb);

#endif
