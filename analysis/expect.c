/* analysis/expect.c — expectations: verdicts and their lines. */
#include "analysis/expect.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/kpi_find.h"

enum dp_status dp_expect_check(const struct dp_expectation *expectations, size_t n, struct dp_sim *sim,
                               struct dp_err *err) {
  struct dp_kpi_value *kpis;
  struct dp_err why = {0};
  size_t kpi_n;
  if (n == 0) return DP_OK;
  DP_TRY(dp_sim_kpis(sim, &kpis, &kpi_n, err));
  enum dp_status status = DP_OK;
  for (size_t i = 0; i < n && status == DP_OK; i++)
    status = dp_kpi_check_instance(kpis, kpi_n, expectations[i].kpi, &why);
  free(kpis);
  return status == DP_OK ? DP_OK : dp_fail(err, status, "scenario: expect: %s", why.text);
}

enum dp_expect_verdict dp_expect_judge(const struct dp_expectation *e, const struct dp_kpi_value *kpis, size_t n,
                                       double *value) {
  *value = (double)NAN;
  const struct dp_kpi_value *kpi = dp_kpi_find(kpis, n, e->kpi);
  if (kpi) *value = dp_kpi_number(kpi);
  if (!isfinite(*value)) return DP_EXPECT_UNDEFINED;
  bool holds = false;
  switch (e->op) {
    case DP_EXPECT_AT_LEAST: holds = *value >= e->low; break;
    case DP_EXPECT_AT_MOST: holds = *value <= e->high; break;
    case DP_EXPECT_BETWEEN:
    case DP_EXPECT_EQUAL: holds = *value >= e->low && *value <= e->high; break;
  }
  return holds ? DP_EXPECT_HOLDS : DP_EXPECT_FAILS;
}

void dp_expect_bound(struct dp_str *out, const struct dp_expectation *e) {
  switch (e->op) {
    case DP_EXPECT_AT_LEAST: dp_str_printf(out, "≥ %.12g", e->low); break;
    case DP_EXPECT_AT_MOST: dp_str_printf(out, "≤ %.12g", e->high); break;
    case DP_EXPECT_BETWEEN: dp_str_printf(out, "in [%.12g, %.12g]", e->low, e->high); break;
    case DP_EXPECT_EQUAL: dp_str_printf(out, "= %.12g", e->low); break;
  }
}

void dp_expect_describe(struct dp_str *out, const struct dp_expectation *e) {
  dp_str_printf(out, "%s ", e->kpi);
  dp_expect_bound(out, e);
}

size_t dp_expect_report(struct dp_str *out, const struct dp_expectation *expectations, size_t expectation_n,
                        const struct dp_kpi_value *kpis, size_t kpi_n, const char *why_not) {
  size_t failed_n = 0;
  for (size_t i = 0; i < expectation_n; i++) {
    double value;
    enum dp_expect_verdict verdict = dp_expect_judge(&expectations[i], kpis, kpi_n, &value);
    dp_str_append(out, "expect ");
    dp_expect_describe(out, &expectations[i]);
    if (verdict == DP_EXPECT_UNDEFINED) dp_str_append(out, ": no value");
    else dp_str_printf(out, ": %.6g", value);
    dp_str_printf(out, " %s\n", why_not ? why_not : verdict == DP_EXPECT_HOLDS ? "ok" : "FAILED");
    failed_n += !why_not && verdict != DP_EXPECT_HOLDS;
  }
  return failed_n;
}
