/* analysis/answer.h — a scenario's question and its answer: a sentence for each expectation, made from runs with
 * several seeds, and what they leave open.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_ANSWER_H
#define DP_ANALYSIS_ANSWER_H

#include "analysis/result.h"
#include "analysis/statistics.h"
#include "script/scenario.h"

enum dp_answer_verdict {
  DP_ANSWER_YES,        /* the whole interval keeps the bounds */
  DP_ANSWER_NO,         /* the whole interval is outside */
  DP_ANSWER_UNRESOLVED, /* it crosses a bound, or there are fewer than two values */
  DP_ANSWER_UNDEFINED,  /* the figure has no value with any seed */
};

/** An expectation and what the runs gave. */
struct dp_answer_row {
  const struct dp_expectation *expectation; /* borrowed */
  char unit[32];                            /* "" for none */
  double *values;                           /* [seed_n]; NaN: no value */
};

/** Zero is an empty one. */
struct dp_answer {
  const char *scenario, *question; /* borrowed */
  const char *changed;             /* borrowed: option with which the runs are not those expected of; NULL for none */
  uint64_t first_seed;             /* of run 0; that of run i is first_seed + i */
  size_t seed_n, n;
  struct dp_answer_row *rows; /* [n] */
};

/** Makes room for the expectations [n] of a->seed_n runs; they are borrowed. DP_NOMEM. */
enum dp_status dp_answer_init(struct dp_answer *a, const struct dp_expectation *expectations, size_t n,
                              struct dp_err *err);
void dp_answer_fini(struct dp_answer *a);

/** Takes the figures of run `run` over. */
void dp_answer_take(struct dp_answer *a, size_t run, const struct dp_kpi_value *kpis, size_t kpi_n);

/** Student's 95 % interval of the finite values [n] and what it says of an expectation. Equal values have a width
 *  of 0. */
enum dp_answer_verdict dp_answer_judge(const struct dp_expectation *e, const double *values, size_t n,
                                       struct dp_interval *interval);

/** Appends the answer as text or JSON. @param failed_n set to the expectations that do not hold or have no value.
 *  DP_NOMEM. */
enum dp_status dp_answer_print(struct dp_str *out, enum dp_text_format format, const struct dp_answer *a,
                               size_t *failed_n, struct dp_err *err);

#endif
