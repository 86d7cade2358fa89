/* analysis/tune_study.h — `depinsim tune`: a study's tune table, its points run by the sweep's farm, what came out.
 * Layer: analysis. dp_tuning_read and dp_tuning_run are collective: every rank searches, and all get the same values.
 */
#ifndef DP_ANALYSIS_TUNE_STUDY_H
#define DP_ANALYSIS_TUNE_STUDY_H

#include "analysis/sweep.h"
#include "analysis/tune.h"

#define DP_TUNING_FINALISTS_MAX 12

/** A figure of a point: the mean of a key figure over its runs, or a quantile of it. */
struct dp_tuning_term {
  const char *kpi;
  size_t at;              /* among the runner's key figures */
  double quantile;        /* below 0: the mean */
  enum dp_tune_goal goal; /* of an objective */
  double target, tolerance;
  double low, high; /* of a constraint */
};

/** Data that a series is to be like. */
struct dp_tuning_fit {
  const char *series, *path, *column, *time; /* series NULL: no fit */
  size_t series_at;
  double blind_from_d;
  double *day, *value;       /* [n] ascending */
  size_t n, seen_n;          /* the first seen_n lie before blind_from_d */
  double *model;             /* [n] of the winner, on fresh luck; rank 0 */
  double error, blind_error; /* root mean square; NaN where there is none */
};

/** One parameter held at some values, the others tuned anew: how much worse the fit gets. */
struct dp_tuning_profile {
  size_t axis, n;
  double *value, *deviance; /* [n] n·ln(SSE / least SSE); NaN where nothing ran */
  double low, high;         /* where the deviance is below 3.84 (95 %); an end of the range is open */
  bool open_low, open_high;
};

/** A design that was run again. */
struct dp_tuning_final {
  size_t looked, run;         /* points of the sweep: in the search, and on fresh luck */
  struct dp_tune_value value; /* on fresh luck */
};

struct dp_tuning {
  struct dp_study *study;
  struct dp_sweep_options options; /* of its sweep */
  enum dp_tune_method method;
  size_t budget_n, confirm_n; /* runs; replicates of a design that is run again */
  struct dp_tuning_term objectives[2];
  size_t objective_n;
  struct dp_tuning_term *constraints; /* [constraint_n] */
  size_t constraint_n;
  struct dp_tuning_fit fit;
  bool *unordered;
  /* while it runs */
  struct dp_sweep *sweep;
  size_t *places; /* [place_n] point of the sweep of each point that was asked for */
  size_t place_n, place_cap;
  double *held; /* [axis_n] of a profile: where the unit cube is cut; NULL: nowhere */
  size_t held_axis;
  /* after it */
  struct dp_tune_problem problem;
  struct dp_tune_result result;
  size_t search_n; /* points of the sweep that the search looked at */
  struct dp_tuning_final finals[DP_TUNING_FINALISTS_MAX];
  size_t final_n, best;               /* best of finals; of a front, 0 */
  struct dp_tuning_profile *profiles; /* [profile_n] */
  size_t profile_n;
  bool few_looks; /* at a level of a profile: fewer than DP_PROFILE_LOOKS for each of the other parameters */
};

/** Reads the study's tune table and the data of a fit; the study's key figures and series grow by what is needed.
 *  @param budget_n, confirm_n instead of the study's; 0: the study's. Errors: DP_SCENARIO with the study's line; DP_IO,
 *  DP_FORMAT of the data. The caller frees with dp_tuning_fini, after an error too. */
enum dp_status dp_tuning_read(struct dp_tuning *t, struct dp_study *study, size_t budget_n, size_t confirm_n,
                              struct dp_comm *comm, struct dp_err *err);
void dp_tuning_fini(struct dp_tuning *t);

/** Searches, runs the finalists again, makes the profiles of a fit.
 *  @param options of the sweep; t keeps a copy. Errors: as dp_sweep_run; DP_FAILED when no point is of use. */
enum dp_status dp_tuning_run(struct dp_tuning *t, struct dp_comm *comm, const struct dp_sweep_options *options,
                             struct dp_sweep **out, struct dp_err *err);

/** Rank 0: appends what came out. */
enum dp_status dp_tuning_print(const struct dp_tuning *t, struct dp_str *out, struct dp_err *err);

/** Rank 0, at the end: why the answer is none (the goal was not reached, no design keeps the constraints), or DP_OK. */
enum dp_status dp_tuning_verdict(const struct dp_tuning *t, struct dp_err *err);

/** Appends why the answer is none, without the study's path. @return false: there is an answer */
bool dp_tuning_reason(const struct dp_tuning *t, struct dp_str *out);

/** Objectives, then constraints. */
static inline size_t dp_tuning_term_n(const struct dp_tuning *t) { return t->objective_n + t->constraint_n; }
static inline const struct dp_tuning_term *dp_tuning_term_of(const struct dp_tuning *t, size_t i) {
  return i < t->objective_n ? &t->objectives[i] : &t->constraints[i - t->objective_n];
}

/** A term of a design: on fresh luck, and in the search. */
struct dp_tuning_figure {
  double value, half_width, searched; /* half_width of a mean; NaN of a quantile */
  bool holds;                         /* of a constraint */
};

/** Name of a term: "token.price_usd", "provider.in_profit_ratio p5". */
const char *dp_tuning_name(const struct dp_tuning_term *term, char buf[96]);

/** A term's figure over values [n], which are sorted. NaN when one of them is no number. */
double dp_tuning_statistic(const struct dp_tuning_term *term, double *values, size_t n);

/** Inside (tune_*.c). Rank 0: values [n] of a term at a point of the sweep. */
enum dp_status dp__tuning_values(const struct dp_tuning *t, const struct dp_tuning_term *term, size_t point,
                                 double *values, size_t *n, struct dp_err *err);
/** Rank 0: mean squared error of a fit at a point over rows [from, to); model [n] is filled when it is not NULL. */
enum dp_status dp__tuning_misfit(const struct dp_tuning *t, size_t point, size_t from, size_t to, double *model,
                                 double *out, struct dp_err *err);
enum dp_status dp__tuning_evaluate(void *tuning, const double *u, size_t n, struct dp_tune_value *out,
                                   struct dp_err *err);
enum dp_status dp__tuning_profile(struct dp_tuning *t, size_t budget_n, struct dp_err *err);
/** Rank 0: figures malloc'ed [final_n][term_n]; the caller frees, after an error too. */
enum dp_status dp__tuning_figures(const struct dp_tuning *t, struct dp_tuning_figure **out, struct dp_err *err);
/** Appends what is wanted: "most token.price_usd, with provider.in_profit_ratio p5 at least 0.9". */
void dp__tuning_wish(const struct dp_tuning *t, struct dp_str *out);
/** As options->extra: puts /tune into the file. */
enum dp_status dp__tuning_put(void *tuning, int64_t file, struct dp_err *err);

#endif
