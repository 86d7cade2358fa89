/* analysis/expect.h — what a scenario expects of its KPIs, against what a run gave.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_EXPECT_H
#define DP_ANALYSIS_EXPECT_H

#include "analysis/result.h"
#include "script/scenario.h"

enum dp_expect_verdict {
  DP_EXPECT_HOLDS,
  DP_EXPECT_FAILS,
  DP_EXPECT_UNDEFINED, /* the KPI has no value: no such model in the run, or nothing happened; counts as failed */
};

/** Collective, before the run: whether each expectation names a figure of the run, when several instances have it: the
 *  sum of all, or one of them. Errors: DP_SCENARIO with the names to choose from. */
enum dp_status dp_expect_check(const struct dp_expectation *expectations, size_t n, struct dp_sim *sim,
                               struct dp_err *err);

/** One expectation against KPIs [n]. @param value set to the KPI's value, NaN when it has none. */
enum dp_expect_verdict dp_expect_judge(const struct dp_expectation *expectation, const struct dp_kpi_value *kpis,
                                       size_t n, double *value);

/** Appends "≥ 0.99". */
void dp_expect_bound(struct dp_str *out, const struct dp_expectation *expectation);

/** Appends "job.completed_ratio ≥ 0.99". */
void dp_expect_describe(struct dp_str *out, const struct dp_expectation *expectation);

/** Appends a line each: "expect job.completed_ratio ≥ 0.99: 0.998 ok". `why_not` (or NULL) is why they are only shown: then
 *  it stands in place of the verdict, and nothing counts as failed. @return how many do not hold. */
size_t dp_expect_report(struct dp_str *out, const struct dp_expectation *expectations, size_t expectation_n,
                        const struct dp_kpi_value *kpis, size_t kpi_n, const char *why_not);

#endif
