#include "ledger/helium.h"

#include <math.h>

double dp_helium_minted_in_year(int64_t year) {
  int64_t halvings = (year - 1) / 2;
  return halvings > 2000 ? 0 : ldexp(60e6, -(int)halvings);
}

void dp_helium_net_emission(const double *burn, size_t n, double *emitted, double *pool) {
  double left = 0;
  for (size_t i = 0; i < n; i++) {
    emitted[i] = left / DP_HELIUM_POOL_EPOCHS;
    left = left - emitted[i] + fmin(burn[i], DP_HELIUM_NET_EMISSION_CAP);
    pool[i] = left;
  }
}

enum dp_status dp_helium_data_credits(dp_u128 hnt_1e8, dp_u128 usd_per_hnt_1e8, int64_t *credits, struct dp_err *err) {
  const dp_u128 per_credit = 100000000000; /* 1e-5 USD in units of 1e-16 */
  dp_u128 whole;
  if (!dp_u128_mul_div(hnt_1e8, usd_per_hnt_1e8, per_credit, DP_ROUND_DOWN, &whole) || whole > INT64_MAX)
    return dp_fail(err, DP_RANGE, "the data credits do not fit 63 bits: too much HNT at this price");
  *credits = (int64_t)whole;
  return DP_OK;
}

void dp_helium_hip15_units(int64_t witness_n, double *transmitter, double *each_witness) {
  const int64_t wanted = 4;
  const double decay = 0.8, w = (double)witness_n;
  if (witness_n <= wanted) {
    *transmitter = w / (double)wanted;
    *each_witness = 1;
    return;
  }
  double surplus = 1 - pow(decay, (double)(witness_n - wanted));
  *transmitter = 1 + surplus;
  *each_witness = ((double)wanted - surplus) / w;
}

int64_t dp_helium_hip17_limit(int64_t occupied_n, int64_t wanted_n, int64_t target, int64_t max) {
  int64_t steps = occupied_n - wanted_n + 1;
  int64_t limit = target * (steps > 1 ? steps : 1);
  return limit < max ? limit : max;
}

const struct dp_helium_band dp_helium_hip149 = {.usd_per_gb = 0.10,
                                                .gb_per_day = 91000,
                                                .baseline_hnt = 13870,
                                                .deployer_ratio = 0.625,
                                                .net_emission_cap = 1644};

void dp_helium_top_up(const struct dp_helium_band *band, double usd_per_hnt, double smoothed_burn_hnt,
                      double *top_up_hnt, double *earned_usd_per_gb) {
  double target_hnt = 0.5 * band->usd_per_gb * band->gb_per_day / usd_per_hnt;
  double missing = fmax(0, (target_hnt - band->baseline_hnt) / band->deployer_ratio);
  double top_up = fmin(fmax(0, smoothed_burn_hnt - band->net_emission_cap), missing);
  double earned = (band->baseline_hnt + band->deployer_ratio * top_up) * usd_per_hnt / band->gb_per_day;
  *top_up_hnt = top_up;
  *earned_usd_per_gb = fmin(earned, 3 * band->usd_per_gb);
}
