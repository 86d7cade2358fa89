/* tests/unit/t_compare.c — paired comparison and recorded baselines against published statistics. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/baseline.h"
#include "analysis/compare.h"
#include "analysis/verdicts.h"

#define PATIENT_N 10
/* Student (1908), "The probable error of a mean", Biometrika 6: hours of sleep gained by two drugs in ten patients. */
static const double drug_1[PATIENT_N] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
static const double drug_2[PATIENT_N] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

struct experiment {
  struct dp_kpi_value kpis[PATIENT_N][2];
  struct dp_result results[PATIENT_N];
  struct dp_result *pointers[PATIENT_N];
};

static void fill(struct experiment *e, const double *values) {
  memset(e, 0, sizeof *e);
  for (int i = 0; i < PATIENT_N; i++) {
    e->kpis[i][0] = (struct dp_kpi_value){.name = "sleep_h", .unit = "h", .value = values[i]};
    e->kpis[i][1] = (struct dp_kpi_value){.name = "undefined", .unit = "1", .value = (double)NAN};
    e->results[i] = (struct dp_result){.kpis = e->kpis[i], .kpi_n = 2, .digest = "0123456789abcdef", .scenario = "sleep"};
    e->pointers[i] = &e->results[i];
  }
}

static void students_sleep_data_give_his_interval(void **state) {
  (void)state;
  struct experiment a, b;
  struct dp_compare_row *rows;
  struct dp_err err = {0};
  size_t n;
  fill(&a, drug_1);
  fill(&b, drug_2);
  const struct dp_compare_side sides[2] = {{"drug 1", a.pointers}, {"drug 2", b.pointers}};
  assert_int_equal(dp_compare(sides, PATIENT_N, &rows, &n, &err), DP_OK);
  assert_int_equal(n, 2);
  /* R: t.test(extra ~ group, data = sleep, paired = TRUE): 1.58, 95 percent interval 0.7001142 2.4598858 */
  assert_true(fabs(rows[0].difference - 1.58) < 1e-12);
  assert_true(fabs(rows[0].difference - rows[0].half_width - 0.7001142) < 1e-7);
  assert_true(fabs(rows[0].difference + rows[0].half_width - 2.4598858) < 1e-7);
  assert_int_equal(rows[0].verdict, DP_COMPARE_HIGHER);
  assert_int_equal(rows[1].verdict, DP_COMPARE_UNDEFINED);
  free(rows);
  assert_int_equal(dp_compare((const struct dp_compare_side[2]){sides[1], sides[0]}, 4, &rows, &n, &err), DP_OK);
  assert_int_equal(rows[0].verdict, DP_COMPARE_LOWER); /* 1.2, 2.4, 1.3, 1.3: far from 0 */
  free(rows);
  assert_int_equal(dp_compare((const struct dp_compare_side[2]){sides[0], sides[0]}, PATIENT_N, &rows, &n, &err), DP_OK);
  assert_int_equal(rows[0].verdict, DP_COMPARE_EQUAL);
  free(rows);
}

static void a_difference_within_chance_is_not_resolved(void **state) {
  (void)state;
  const double mixed[PATIENT_N] = {1.9, -2.8, 1.1, -1.3, -0.1, 4.4, 2.5, 0.6, 1.0, 1.4};
  struct experiment a, b;
  struct dp_compare_row *rows;
  struct dp_err err = {0};
  size_t n;
  fill(&a, drug_1);
  fill(&b, mixed);
  const struct dp_compare_side sides[2] = {{"a", a.pointers}, {"b", b.pointers}};
  assert_int_equal(dp_compare(sides, PATIENT_N, &rows, &n, &err), DP_OK);
  assert_int_equal(rows[0].verdict, DP_COMPARE_UNRESOLVED);
  free(rows);
}

/* The interval of a recorded baseline: mean 0.75, s = 1.78901, n = 10 (drug 1), t(0.995, 9) = 3.249836 of the tables;
 * half = t s sqrt(1.1) = 6.0978. */
static void a_baseline_is_the_prediction_interval_of_its_samples(void **state) {
  (void)state;
  char path[64];
  struct experiment a;
  struct dp_baseline_sample samples[PATIENT_N];
  struct dp_baseline *baseline;
  struct dp_str lines = {0};
  struct dp_err err = {0};
  double rows[PATIENT_N][2];
  fill(&a, drug_1);
  for (int i = 0; i < PATIENT_N; i++) {
    rows[i][0] = drug_1[i];
    rows[i][1] = (double)NAN;
    samples[i].values = rows[i];
  }
  snprintf(path, sizeof path, "/tmp/t_compare.%d.json", getpid());
  assert_int_equal(dp_baseline_write(path, a.pointers[0], samples, PATIENT_N, true, &err), DP_OK);
  assert_int_equal(dp_baseline_read(path, &baseline, &err), DP_OK);
  static const struct {
    double value;
    size_t lines;
  } cases[] = {{0.75 + 6.096, 0}, {0.75 + 6.100, 1}, {0.75 - 6.096, 0}, {0.75 - 6.100, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    a.kpis[0][0].value = cases[i].value;
    assert_int_equal(dp_baseline_compare(&lines, baseline, a.pointers[0]), cases[i].lines);
  }
  a.kpis[0][0].value = drug_1[0];
  a.kpis[0][1].value = 1; /* recorded as not defined */
  a.results[0].digest = "fedcba9876543210";
  dp_str_clear(&lines);
  assert_int_equal(dp_baseline_compare(&lines, baseline, a.pointers[0]), 2);
  assert_non_null(strstr(dp_str_text(&lines), "undefined: 1, recorded as not defined\n"));
  assert_non_null(strstr(dp_str_text(&lines), "digest: fedcba9876543210, recorded 0123456789abcdef\n"));
  dp_str_fini(&lines);
  dp_baseline_free(baseline);
  unlink(path);
}

static void junit_escapes_what_xml_forbids(void **state) {
  (void)state;
  struct dp_verdicts v = {0};
  struct dp_str out = {0};
  struct dp_err err = {0};
  assert_int_equal(dp_verdicts_add(&v, "a<b>&\"c\".lua", "x \x01 # y", "why\nand where", 1.5, &err), DP_OK);
  assert_int_equal(dp_verdicts_add(&v, "fine.lua", "runs", NULL, 0, &err), DP_OK);
  dp_verdicts_junit(&out, &v);
  assert_non_null(strstr(dp_str_text(&out), "<testsuites tests=\"2\" failures=\"1\">"));
  assert_non_null(strstr(dp_str_text(&out), "classname=\"a&lt;b&gt;&amp;&quot;c&quot;.lua\" name=\"x \xef\xbf\xbd # y\""));
  assert_non_null(strstr(dp_str_text(&out), "message=\"why&#10;and where\""));
  dp_str_clear(&out);
  dp_verdicts_tap(&out, &v, 0);
  assert_string_equal(dp_str_text(&out), "not ok 1 - a<b>&\"c\".lua: x \x01 ~ y\n# why\n# and where\nok 2 - fine.lua: runs\n");
  dp_str_fini(&out);
  dp_verdicts_fini(&v);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(students_sleep_data_give_his_interval),
      cmocka_unit_test(a_difference_within_chance_is_not_resolved),
      cmocka_unit_test(a_baseline_is_the_prediction_interval_of_its_samples),
      cmocka_unit_test(junit_escapes_what_xml_forbids),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
