/* sim/workload/arrivals.h — synthetic requests: when they come and how many tokens they bring.
 * Layer: domain. Not collective. Allocates nothing. Draws come from the caller's generator, one per request (occasion).
 *
 * Gaps are a renewal process in operational time: gap = Λ⁻¹(Λ(now) + X) − now, Λ the integral of the rate, X of
 * mean 1: exponential (Poisson), gamma of a given coefficient of variation, or the gaps of a trace divided by their
 * mean. The diurnal rate is rate·(1 + amplitude·cos(2π·(local hour − peak hour)/24)), on average rate.
 *
 * One generator per cell, each with its share of the rate: the sum of k independent renewal streams has less bursts
 * than one (it tends to a Poisson process as k grows; Palm–Khintchine), so the gaps of a trace are matched by a
 * stream that is not split. A stream starts as if a request had just come at time 0.
 *
 * Prompt and output: inverse transform of the trace's quantile tables. Their dependence is the trace's own, in a
 * 16 × 16 table of joint ranks (a checkerboard copula: within a square the two are independent). */
#ifndef DP_WORKLOAD_ARRIVALS_H
#define DP_WORKLOAD_ARRIVALS_H

#include <stdint.h>

#include "base/status.h"
#include "engine/rng.h"
#include "workload/token_tables.h"

/** How unevenly requests come. */
enum dp_burst {
  DP_BURST_POISSON,  /* coefficient of variation of the gaps 1 */
  DP_BURST_GAMMA,    /* of `cv` */
  DP_BURST_EMPIRICAL /* as in the trace: azure_conv 1.07, azure_code 13.7, mooncake 2.9 (its clock ticks every 3 s) */
};

/** What the scenario says. */
struct dp_arrivals_config {
  double rate_per_s;              /* mean over a day, ≥ 0; 0: no requests */
  enum dp_burst burst;
  double cv;                      /* for DP_BURST_GAMMA, in [0.01, 100] */
  double diurnal_amplitude_ratio; /* in [0, 1): 0 is a constant rate */
  double peak_hour;               /* local time of the highest rate, in [0, 24] */
  double utc_offset_h;            /* of the region, in [−12, 14] */
  int64_t start_of_day_ns;        /* UTC time of day at simulated time 0, in [0, 86,400e9) */
  const char *tokens;             /* azure_conv, azure_code or mooncake */
};

/** A generator: constant after dp_arrivals_init, plain data, safe to copy. */
struct dp_arrivals {
  const struct dp_token_tables *tables;
  enum dp_burst burst;
  double rate_per_s; /* the caller may change it between two draws */
  double cv;
  double gap_mean; /* of the gap table, in its unit */
  double amplitude_ratio;
  int64_t peak_offset_ns; /* time since the last peak at simulated time 0 */
};

/** Fills `arrivals`. Errors: DP_RANGE naming the value and its limits, DP_SCENARIO for an unknown `tokens`. */
enum dp_status dp_arrivals_init(struct dp_arrivals *arrivals, const struct dp_arrivals_config *config,
                                struct dp_err *err);

/** Gap in ns from a request at `now_ns` ≥ 0 to the next (it may be 0). INT64_MAX: never (rate 0, or past the end of
 *  time). */
int64_t dp_arrivals_next(const struct dp_arrivals *arrivals, struct dp_rng *rng, int64_t now_ns);

/** Tokens of one request, both ≥ 1. Takes two draws. */
void dp_arrivals_tokens(const struct dp_arrivals *arrivals, struct dp_rng *rng, int64_t *prompt_n, int64_t *output_n);

/** Rate at `now_ns`, requests/s. */
double dp_arrivals_rate(const struct dp_arrivals *arrivals, int64_t now_ns);

#endif
