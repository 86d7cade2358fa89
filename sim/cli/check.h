/* sim/cli/check.h — the regressions of `depinsim check`: cases, their runs, their verdicts.
 * Layer: cli. Not collective. */
#ifndef DP_CLI_CHECK_H
#define DP_CLI_CHECK_H

#include "analysis/baseline.h"
#include "analysis/verdicts.h"
#include "cli/scratch.h"

struct dp_check_options {
  bool short_form, update, exact;
  int64_t jobs_n, seeds_n;
  int64_t timeout_ns; /* of real time, a run */
  const char *junit;  /* NULL: none */
};

/** A scenario. */
struct dp_check_case {
  char *path;
  size_t first, run_n; /* its runs; more than one when a baseline is recorded */
  size_t ended_n;
};

struct dp_check {
  const struct dp_check_options *options;
  struct dp_check_case *cases;
  size_t case_n, judged_n;
  struct dp_scratch scratch; /* runs, case after case */
  struct dp_verdicts verdicts;
};

/** Runs every case and prints its verdicts as TAP, in the order of the cases, as soon as they are known. */
enum dp_status dp_check_run(struct dp_check *check, struct dp_err *err);
void dp_check_fini(struct dp_check *check);

#endif
