/* analysis/stress.h — what a scenario survives: shocked runs against undisturbed ones with the same seeds.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_STRESS_H
#define DP_ANALYSIS_STRESS_H

#include "analysis/result.h"
#include "script/scenario.h"

/** A row of the matrix: the undisturbed run first, then a shock each. */
struct dp_stress_row {
  const char *name, *doc;
  const char *why_not;        /* NULL: it was run; else what the scenario lacks for it */
  struct dp_result **results; /* [seed_n] run with the same seed as those of the other rows; NULL: that run broke off */
};

/** What is asked of every run: the scenario's `survives`, or, when it is empty, the defaults that --help names. The books
 *  have to balance in any case. */
struct dp_stress_question {
  const char *title;
  const struct dp_stress_row *rows; /* [row_n] */
  size_t row_n, seed_n;
  const struct dp_expectation *survives; /* [survive_n] */
  size_t survive_n;
  double day; /* of the shock */
};

/** Appends the matrix. A criterion passes when it holds with every seed. @param failed_n set to the cells that do not pass.
 *  DP_NOMEM. */
enum dp_status dp_stress_print(struct dp_str *out, enum dp_text_format format, const struct dp_stress_question *q,
                               size_t *failed_n, struct dp_err *err);

#endif
