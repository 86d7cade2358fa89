/* sim/place/tariff.c — what electricity costs in a region at some time: mean price, hour of the day, shocks. */
#include <config.h>

#include "place/place.h"
#include "place/shock.h"

/** Mean over [from, to) of a profile of 24 hours; its value at `from` when the span is empty. Times are local. */
static double profile_mean(const struct dp_numbers *hours, int64_t from_ns, int64_t to_ns) {
  double all = 0, sum = 0;
  for (size_t i = 0; i < hours->n; i++) all += hours->v[i];
  const int64_t span = to_ns - from_ns, days = span / DP_DAY;
  int64_t at = ((from_ns % DP_DAY) + DP_DAY) % DP_DAY, left = span % DP_DAY;
  if (span <= 0) return hours->v[at / DP_HOUR];
  sum = (double)days * all * (double)DP_HOUR;
  while (left > 0) {
    const int64_t to_hour = DP_HOUR - at % DP_HOUR, part = left < to_hour ? left : to_hour;
    sum += hours->v[at / DP_HOUR] * (double)part;
    at = (at + part) % DP_DAY;
    left -= part;
  }
  return sum / (double)span;
}

double dp_place_electricity_usd_per_kwh(const struct dp_sim *sim, uint16_t region, dp_time from_ns, dp_time to_ns) {
  const struct dp_region *r = dp_place_of(sim)->regions[region];
  const dp_time since_ns = from_ns > 0 ? from_ns : 0;
  double usd = r->electricity_usd_per_kwh * dp_shock_factor(sim, DP_SHOCK_electricity, since_ns, to_ns);
  if (r->electricity_hourly_ratio.n == 0) return usd;
  const int64_t local_ns = sim->spec.start_epoch_ns + (int64_t)(r->utc_offset_h * 3600) * DP_S;
  return usd * profile_mean(&r->electricity_hourly_ratio, local_ns + from_ns, local_ns + to_ns);
}
