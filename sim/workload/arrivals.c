/* sim/workload/arrivals.c — gaps and sizes of synthetic requests. */
#include "workload/arrivals.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/str.h"

#define DAY_S 86400.0
#define DAY_NS (INT64_C(86400) * DP_NS_PER_S)
#define GAP_MAX_S 9.2e9 /* int64 ns end at 9.22e9 s */

static enum dp_status check(double value, double min, double max, const char *name, struct dp_err *err) {
  if (value >= min && value <= max) return DP_OK;
  return dp_fail(err, DP_RANGE, "arrivals: %s = %g (must be in %g to %g)", name, value, min, max);
}

enum dp_status dp_arrivals_init(struct dp_arrivals *arrivals, const struct dp_arrivals_config *config,
                                struct dp_err *err) {
  DP_TRY(check(config->rate_per_s, 0, 1e9, "rate_per_s", err));
  DP_TRY(check((double)config->burst, DP_BURST_POISSON, DP_BURST_EMPIRICAL, "burst", err));
  if (config->burst == DP_BURST_GAMMA) DP_TRY(check(config->cv, 0.01, 100, "cv", err));
  DP_TRY(check(config->diurnal_amplitude_ratio, 0, 0.999, "diurnal_amplitude_ratio", err));
  DP_TRY(check(config->peak_hour, 0, 24, "peak_hour", err));
  DP_TRY(check(config->utc_offset_h, -12, 14, "utc_offset_h", err));
  DP_TRY(check((double)config->start_of_day_ns, 0, (double)(DAY_NS - 1), "start_of_day_ns", err));
  struct dp_arrivals a = {.burst = config->burst, .rate_per_s = config->rate_per_s, .cv = config->cv};
  DP_TRY(dp_token_tables_find(config->tokens ? config->tokens : "", &a.tables, err));
  a.gap_mean = dp_quantile_mean(&a.tables->gap);
  a.amplitude_ratio = config->diurnal_amplitude_ratio;
  int64_t shift_ns = (int64_t)((config->utc_offset_h - config->peak_hour) * 3600e9);
  a.peak_offset_ns = ((config->start_of_day_ns + shift_ns) % DAY_NS + DAY_NS) % DAY_NS;
  *arrivals = a;
  return DP_OK;
}

/* Seconds since the last peak of the rate, in [0, 86400). */
static double since_peak_s(const struct dp_arrivals *a, int64_t now_ns) {
  return (double)((now_ns % DAY_NS + a->peak_offset_ns) % DAY_NS) / 1e9;
}

double dp_arrivals_rate(const struct dp_arrivals *arrivals, int64_t now_ns) {
  double angle = 2 * M_PI * (since_peak_s(arrivals, now_ns) / DAY_S);
  return arrivals->rate_per_s * (1 + arrivals->amplitude_ratio * cos(angle));
}

/* Variate of mean 1. */
static double unit_gap(const struct dp_arrivals *a, struct dp_rng *rng) {
  if (a->burst == DP_BURST_EMPIRICAL) return dp_quantile(&a->tables->gap, dp_rng_uniform(rng)) / a->gap_mean;
  if (a->burst == DP_BURST_POISSON) return dp_rng_exponential(rng, 1);
  gsl_rng gsl = dp_rng_gsl(rng);
  return gsl_ran_gamma(&gsl, 1 / (a->cv * a->cv), a->cv * a->cv);
}

/* Solves x + A·(day/2π)·(sin(θ + 2πx/day) − sin θ) = work_s: the time in which the diurnal rate does what the
 * mean rate does in work_s. Whole days do the same in both. Newton within a bracket; the left side is monotone. */
static double diurnal_s(const struct dp_arrivals *a, double from_s, double work_s) {
  double days = floor(work_s / DAY_S), rest = work_s - days * DAY_S;
  double w = 2 * M_PI / DAY_S, swing = a->amplitude_ratio / w, start = sin(w * from_s);
  double low = 0, high = DAY_S, x = rest;
  for (int i = 0; i < 60; i++) {
    double excess = x + swing * (sin(w * (from_s + x)) - start) - rest;
    if (excess > 0)
      high = x;
    else
      low = x;
    double next = x - excess / (1 + a->amplitude_ratio * cos(w * (from_s + x)));
    if (!(next >= low && next <= high)) next = (low + high) / 2;
    if (fabs(next - x) < 1e-10) return days * DAY_S + next;
    x = next;
  }
  return days * DAY_S + x;
}

int64_t dp_arrivals_next(const struct dp_arrivals *arrivals, struct dp_rng *rng, int64_t now_ns) {
  double gap_s = unit_gap(arrivals, rng) / arrivals->rate_per_s;
  if (!(gap_s < GAP_MAX_S)) return INT64_MAX;
  if (arrivals->amplitude_ratio > 0) gap_s = diurnal_s(arrivals, since_peak_s(arrivals, now_ns), gap_s);
  if (!(gap_s < GAP_MAX_S)) return INT64_MAX;
  int64_t gap_ns = (int64_t)(gap_s * 1e9 + 0.5);
  return gap_ns > INT64_MAX - now_ns ? INT64_MAX : gap_ns;
}

static int64_t whole_tokens(double tokens) { return tokens < 1.5 ? 1 : (int64_t)(tokens + 0.5); }

void dp_arrivals_tokens(const struct dp_arrivals *arrivals, struct dp_rng *rng, int64_t *prompt_n, int64_t *output_n) {
  const struct dp_token_tables *t = arrivals->tables;
  double prompt_rank = dp_rng_uniform(rng);
  int square = (int)(prompt_rank * DP_JOINT_N);
  const uint16_t *row = t->joint[square < DP_JOINT_N ? square : DP_JOINT_N - 1];
  double row_sum = 0;
  for (int j = 0; j < DP_JOINT_N; j++) row_sum += row[j];
  double left = dp_rng_uniform(rng) * row_sum;
  int column = 0;
  while (column < DP_JOINT_N - 1 && left >= row[column]) left -= row[column++];
  double within = left < row[column] ? left / row[column] : 1; /* 1 only when the draw was rounded up to 1 */
  double output_rank = (column + within) / DP_JOINT_N;
  *prompt_n = whole_tokens(dp_quantile(&t->prompt, prompt_rank));
  *output_n = whole_tokens(dp_quantile(&t->output, output_rank));
}

