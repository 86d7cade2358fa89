/* sim/workload/demand_rule.c — the equations of demand at flow fidelity: pure functions. */
#include <config.h>

#include "workload/demand.h"

#include <math.h>

#include "base/growth.h"

#define WEEK (7 * DP_DAY)
#define DAYS_PER_YEAR 365.0

/** Mean over [from, to) ns of 1 + a·cos(2π(t − peak)/day), t local time. */
static double day_factor(const struct dp_demand_config *c, dp_time from_ns, dp_time to_ns) {
  const double turn = 2 * M_PI, peak = c->peak_hour / 24;
  if (c->diurnal_ratio <= 0) return 1;
  const double a = (double)(from_ns % DP_DAY) / (double)DP_DAY, span = (double)(to_ns - from_ns) / (double)DP_DAY;
  if (span <= 0) return 1 + c->diurnal_ratio * cos(turn * (a - peak));
  return 1 + c->diurnal_ratio * (sin(turn * (a + span - peak)) - sin(turn * (a - peak))) / (turn * span);
}

/** Time in [0, t) that is weekend, t ≥ 0 from a Monday 0:00. */
static dp_time weekend_ns(dp_time t) {
  const dp_time rest = t % WEEK - 5 * DP_DAY;
  return t / WEEK * 2 * DP_DAY + (rest > 0 ? rest : 0);
}

static double week_factor(const struct dp_demand_config *c, dp_time from_ns, dp_time to_ns) {
  if (c->weekend_ratio >= 1 && c->weekend_ratio <= 1) return 1;
  const double part = to_ns > from_ns ? (double)(weekend_ns(to_ns) - weekend_ns(from_ns)) / (double)(to_ns - from_ns)
                                      : from_ns % WEEK >= 5 * DP_DAY;
  return 1 + part * (c->weekend_ratio - 1);
}

double dp_demand_potential_per_day(const struct dp_demand_config *c, dp_time from_ns, dp_time to_ns, dp_time local_ns) {
  const double middle_d = ((double)from_ns + (double)to_ns) / 2 / (double)DP_DAY;
  double work = c->work_per_day * day_factor(c, local_ns + from_ns, local_ns + to_ns) *
                week_factor(c, local_ns + from_ns, local_ns + to_ns);
  if (c->growth_per_year_ratio > 0 || c->growth_per_year_ratio < 0)
    work *= exp(log1p(c->growth_per_year_ratio) * middle_d / DAYS_PER_YEAR);
  if (c->bass_p > 0) work *= dp_growth_bass_share(c->bass_p, c->bass_q, (c->adoption_age_d + middle_d) / DAYS_PER_YEAR);
  return work;
}

double dp_demand_price_factor(const struct dp_demand_config *c, double price_usd_per_mtok) {
  if (c->choke_usd_per_mtok > 0 && price_usd_per_mtok > c->choke_usd_per_mtok) return 0;
  if (c->elasticity <= 0 || price_usd_per_mtok <= 0) return 1;
  return exp(-c->elasticity * log(price_usd_per_mtok / c->reference_usd_per_mtok));
}

double dp_demand_share_target(const struct dp_demand_config *c, double advantage, double trust) {
  if (isinf(advantage) && advantage > 0) return trust;
  return 1 / (1 + exp(-(advantage - c->trust_weight * (1 - trust))));
}

double dp_demand_move(double from, double to, double dt_d, double tau_d) {
  return tau_d > 0 ? to + (from - to) * exp(-dt_d / tau_d) : to;
}

double dp_demand_trust(const struct dp_demand_config *c, double trust, double served, double ttft_s, double dt_d) {
  const double quality = ttft_s > c->ttft_target_s ? served * c->ttft_target_s / ttft_s : served;
  return dp_demand_move(trust, quality, dt_d, quality < trust ? c->trust_loss_d : c->trust_recover_d);
}
