/* analysis/bench_phold.h — PHOLD (Fujimoto 1990), the common benchmark of parallel event simulation, as a model like any
 * other. Layer: analysis. dp_bench_phold is collective.
 *
 * N logical processes; at the start each sends itself `start` events after lookahead + Exp(mean − lookahead). The handler
 * draws u1; with u1 ≤ remote the destination is floor(u2 · N), uniform over all processes including itself, else itself;
 * with neighbours_n = k > 0 it is one of the 2k + 1 processes around the own one on a ring. The handler
 * sends one event after lookahead − (mean − lookahead) · ln u3. Events at or after `end` are dropped. A draw belongs to
 * (process, ordinal of its event), so neither the cells nor the ranks that processes are dealt to change anything. */
#ifndef DP_ANALYSIS_BENCH_PHOLD_H
#define DP_ANALYSIS_BENCH_PHOLD_H

#include "analysis/bench.h"
#include "engine/time.h"

#define DP_PHOLD_MOVES 32

struct dp_phold_options {
  uint64_t lps_n, start_n; /* logical processes; events that each begins with */
  double remote_ratio;     /* [0, 1] */
  uint64_t neighbours_n;   /* how far a remote event goes on the ring of processes; 0: anywhere */
  dp_time lookahead_ns, mean_ns, end_ns;
  uint32_t cell_n; /* 0: dp_phold_default_cells */
  bool migrate;    /* cells change their rank at random, DP_PHOLD_MOVES times */
  uint64_t seed;
};

struct dp_phold_result {
  uint64_t event_n;
  double expected_n, expected_se_n; /* exact mean and standard deviation of the number of events */
  int64_t run_ns, setup_ns;         /* wall clock of the slowest rank */
  int64_t cpu_ns;                   /* processor time of the run, the longest of the ranks */
  uint64_t digest;                  /* of every process: its number, its events and the sum of their times */
  uint64_t queue_bytes, table_bytes; /* held at the end, which is the most that was held */
  uint64_t window_n;
  uint64_t crossed_n;                     /* events that went from one cell to another */
  uint64_t message_n, message_bytes;      /* between ranks, of all of them together */
  uint32_t cell_n;
  dp_time observed_lookahead_ns; /* least delay of a message between cells; DP_TIME_MAX when there was none */
};

/** A number of cells that runs well on one core and on a few: depends on the processes, never on the ranks. */
uint32_t dp_phold_default_cells(uint64_t lps_n);

/** Collective. Runs it. DP_USAGE, naming the option, when one is out of range. */
enum dp_status dp_bench_phold(const struct dp_phold_options *options, struct dp_comm *comm,
                              struct dp_phold_result *result, struct dp_err *err);

/** Mean and standard deviation of the events of one chain that begin at 0 and run before `end`: S_k, the time of the k-th,
 *  is k·lookahead + Gamma(k, mean − lookahead), so E N = Σ P(S_k < end) and E N² = Σ (2k − 1) P(S_k < end). */
void dp_phold_expected(const struct dp_phold_options *options, double *mean_n, double *sd_n);

/** Appends the report. */
enum dp_status dp_phold_print(struct dp_str *out, enum dp_text_format format, const struct dp_phold_options *options,
                              const struct dp_phold_result *result, int rank_n, struct dp_err *err);

#endif
