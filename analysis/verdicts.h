/* analysis/verdicts.h — what was promised and whether it holds: as TAP for people and harnesses, as JUnit XML for CI.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_VERDICTS_H
#define DP_ANALYSIS_VERDICTS_H

#include "base/str.h"

/** One promise. Texts belong to the verdict. */
struct dp_verdict {
  char *suite; /* the scenario */
  char *name;  /* what is promised */
  char *why;   /* NULL: it holds; else what is wrong and where to look, one or more lines */
  double seconds;
};

/** A growing list; zeros are an empty one. */
struct dp_verdicts {
  struct dp_verdict *rows;
  size_t n, cap, failed_n;
};

/** Adds a verdict; texts are copied. @param why NULL when the promise holds. DP_NOMEM. */
enum dp_status dp_verdicts_add(struct dp_verdicts *v, const char *suite, const char *name, const char *why, double seconds,
                               struct dp_err *err);
void dp_verdicts_fini(struct dp_verdicts *v);

/** Appends the rows [from, v->n) as TAP: "ok 1 - suite: name", a failure's reasons as diagnostic lines below it. */
void dp_verdicts_tap(struct dp_str *out, const struct dp_verdicts *v, size_t from);

/** Appends everything as JUnit XML: <testsuites>, a <testsuite> for each run of equal suites, a <testcase> a verdict,
 *  texts as dp_str_xml writes them. */
void dp_verdicts_junit(struct dp_str *out, const struct dp_verdicts *v);

#endif
