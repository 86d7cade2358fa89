/* analysis/sweep_run.h — one run of a study, in memory: a point and a replicate in, key figures and series out.
 * Layer: analysis, shared by the files of sweep, sensitivity and tune. dp_runner_new and dp_runner_run are collective
 * over the ranks that share a runner; the first of them has the series. */
#ifndef DP_ANALYSIS_SWEEP_RUN_H
#define DP_ANALYSIS_SWEEP_RUN_H

#include "analysis/study.h"
#include "script/variant.h"

/** What a run gave. Arrays belong to the runner until its next run. */
struct dp_run_result {
  enum dp_status status; /* of the run: DP_OK, or why there are no numbers */
  bool stopped;          /* by the pulse: it says nothing */
  const double *kpis;    /* [kpi_n] NaN where there is none */
  const float *series;   /* [series_n][band_n] */
  uint64_t digest;       /* of the final state: that of `depinsim run` for replicate 0 */
  int64_t cost_ns;       /* on the wall clock */
  struct dp_err err;
};

struct dp_runner;

/** A key figure of the study. Texts are the models'. */
struct dp_runner_kpi {
  char name[DP_KPI_NAME];
  const char *unit, *doc;
};

/** Makes a runner and sets the scenario up once, to learn the key figures and to check the series' names.
 *  @param comm the ranks that run each run together; borrowed
 *  Errors: DP_SCENARIO with the study's line; what setting the scenario up gives. The study must outlive it. */
enum dp_status dp_runner_new(struct dp_study *study, struct dp_comm *comm, struct dp_runner **out, struct dp_err *err);
void dp_runner_free(struct dp_runner *r);

/** The study's key figures: those it names, or all that the scenario has. */
const struct dp_runner_kpi *dp_runner_kpis(const struct dp_runner *r, size_t *n);

/** What the scenario, as the study has it, gives in place of what a model would make (dp_sim_conditional); "": nothing. */
const char *dp_runner_conditional(const struct dp_runner *r);

/** Rows of a band: the study's, at most one a settlement. */
size_t dp_runner_band_n(const struct dp_runner *r);
/** Unit and meaning of a series. */
const struct dp_metric *dp_runner_series(const struct dp_runner *r, size_t i);

/** Called now and then during a run (dp_sim_set_pulse). Not collective: one rank's stops the run for all. */
void dp_runner_set_pulse(struct dp_runner *r, dp_pulse_fn pulse, void *owner);

/** Runs `point` (axis values, of study->points) with luck number `replicate`. Points that follow themselves are set up
 *  once. Whatever the scenario does wrong is in the result, on all ranks the same; errors: DP_NOMEM. */
enum dp_status dp_runner_run(struct dp_runner *r, size_t point, uint64_t replicate, struct dp_run_result *out,
                             struct dp_err *err);

/** Simulated time that a point asks for, in ns; 0 when its scenario does not load. Not collective. */
int64_t dp_runner_duration_ns(struct dp_runner *r, size_t point);

#endif
