/* analysis/bench_queue.h — a queue with a known answer, as a model like any other: M/G/c, first come first served.
 * Layer: analysis. dp_bench_queue is collective.
 *
 * Poisson arrivals at `rho · servers` a second, mean service 1 s. The station runs from empty until the last of `jobs_n` has
 * left, so that the area under the number of jobs in the system equals the sum of their stays, in whole nanoseconds
 * (Little 1961): the one is measured at every event, the other job by job. Mean waits leave out the first tenth. */
#ifndef DP_ANALYSIS_BENCH_QUEUE_H
#define DP_ANALYSIS_BENCH_QUEUE_H

#include "analysis/bench.h"
#include "base/wide.h"

enum dp_service { DP_SERVICE_EXP, DP_SERVICE_DET, DP_SERVICE_LOGNORMAL };

struct dp_queue_options {
  uint32_t servers_n;
  double rho_ratio; /* load of a server, (0, 1) */
  uint64_t jobs_n;
  enum dp_service service;
  double cv_ratio; /* of LOGNORMAL: standard deviation of a service over its mean */
  uint64_t seed;
};

struct dp_queue_result {
  double mean_wait_s, mean_wait_se_s; /* by batch means */
  double theory_wait_s;
  bool theory_exact;         /* false: Lee and Longton's approximation */
  double utilisation_ratio;  /* busy servers over servers, averaged over time */
  double mean_in_system_n;   /* L, averaged over time */
  double arrival_per_s, mean_stay_s; /* λ and W of all jobs */
  dp_i128 area_ns, stays_ns; /* ∫ jobs in the system dt, and Σ over jobs of wait + service */
  uint64_t event_n, digest;
  int64_t run_ns, cpu_ns; /* wall clock and processor time of the slowest rank */
};

/** Collective. Runs it. DP_USAGE, naming the option, when one is out of range. */
enum dp_status dp_bench_queue(const struct dp_queue_options *options, struct dp_comm *comm,
                              struct dp_queue_result *result, struct dp_err *err);

/** Squared coefficient of variation of the service time. */
double dp_queue_cv2(const struct dp_queue_options *options);

/** Probability that an arrival at M/M/c waits (Erlang's C formula, by the stable recursion of his B formula).
 *  @param load_erlang offered load λ/μ < servers_n */
double dp_queue_erlang_c(uint32_t servers_n, double load_erlang);

/** Mean wait in s: exact for M/M/c (Erlang) and M/G/1 (Pollaczek and Khinchine); else (1 + cv²)/2 times that of M/M/c
 *  (Lee and Longton 1959), an approximation. @param exact set accordingly. */
double dp_queue_theory_wait_s(const struct dp_queue_options *options, bool *exact);

/** Appends the report. */
enum dp_status dp_queue_print(struct dp_str *out, enum dp_text_format format, const struct dp_queue_options *options,
                              const struct dp_queue_result *result, struct dp_err *err);

#endif
