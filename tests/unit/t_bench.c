/* tests/unit/t_bench.c — the benches against theory and against themselves, and the verdicts on expectations. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/bench_phold.h"
#include "analysis/bench_queue.h"
#include "analysis/expect.h"

/* ---- theory ---- */

/* Erlang's C formula as the textbooks write it: a sum of powers over factorials. */
static double erlang_c_by_sums(int c, double a) {
  double term = 1, sum = 0;
  for (int k = 0; k < c; k++) {
    sum += term;
    term *= a / (k + 1);
  }
  double waiting = term * c / (c - a);
  return waiting / (sum + waiting);
}

static void erlang_c_equals_the_textbook_sum(void **state) {
  (void)state;
  static const double rho[] = {0.1, 0.5, 0.8, 0.9, 0.99};
  for (int c = 1; c <= 64; c++) {
    for (size_t i = 0; i < sizeof rho / sizeof *rho; i++) {
      double want = erlang_c_by_sums(c, c * rho[i]);
      assert_true(fabs(dp_queue_erlang_c((uint32_t)c, c * rho[i]) - want) < 1e-12);
    }
  }
  assert_true(fabs(dp_queue_erlang_c(1, 0.7) - 0.7) < 1e-15);
  assert_true(fabs(dp_queue_erlang_c(2, 1.6) - 2 * 0.8 * 0.8 / 1.8) < 1e-14);
}

static void waits_of_one_server_follow_pollaczek_and_khinchine(void **state) {
  (void)state;
  bool exact;
  struct dp_queue_options o = {.servers_n = 1, .rho_ratio = 0.8, .service = DP_SERVICE_EXP, .cv_ratio = 1};
  assert_true(fabs(dp_queue_theory_wait_s(&o, &exact) - 0.8 / 0.2) < 1e-12);
  assert_true(exact);
  o.service = DP_SERVICE_DET;
  assert_true(fabs(dp_queue_theory_wait_s(&o, &exact) - 0.8 / 0.4) < 1e-12);
  o.service = DP_SERVICE_LOGNORMAL;
  o.cv_ratio = 2;
  assert_true(fabs(dp_queue_theory_wait_s(&o, &exact) - 0.8 * 5 / 0.4) < 1e-12);
  assert_true(exact);
  o.servers_n = 3;
  dp_queue_theory_wait_s(&o, &exact);
  assert_false(exact);
}

/* Without lookahead a chain is a Poisson process; with it, renewal theory (Cox 1962) gives the count of a long run:
 * end/mean − (1 − cv²)/2, with variance cv²·end/mean. */
static void phold_counts_follow_renewal_theory(void **state) {
  (void)state;
  double mean_n, sd_n, cv2 = 0.9 * 0.9;
  struct dp_phold_options o = {.lookahead_ns = 1, .mean_ns = DP_S, .end_ns = 50 * DP_S};
  dp_phold_expected(&o, &mean_n, &sd_n);
  assert_true(fabs(mean_n - 50) < 1e-5);
  assert_true(fabs(sd_n * sd_n - 50) < 1e-3);
  o.lookahead_ns = 100 * DP_MS;
  o.end_ns = 1000 * DP_S;
  dp_phold_expected(&o, &mean_n, &sd_n);
  assert_true(fabs(mean_n - (1000 - (1 - cv2) / 2)) < 1e-3);
  assert_true(fabs(sd_n * sd_n / (cv2 * 1000) - 1) < 1e-2);
}

/* ---- runs ---- */

static void run_phold(struct dp_phold_options o, uint32_t cell_n, struct dp_phold_result *r) {
  struct dp_err err = {0};
  struct dp_comm *comm;
  o.cell_n = cell_n;
  assert_int_equal(dp_comm_null_new(&comm, &err), DP_OK);
  assert_int_equal(dp_bench_phold(&o, comm, r, &err), DP_OK);
  dp_comm_free(comm);
}

static void phold_does_not_depend_on_cells(void **state) {
  (void)state;
  static const uint32_t cells[] = {1, 3, 16, 100, 257};
  struct dp_phold_options o = {.lps_n = 257, .start_n = 3, .remote_ratio = 0.5, .lookahead_ns = 100 * DP_MS,
                               .mean_ns = DP_S, .end_ns = 40 * DP_S, .seed = 7};
  struct dp_phold_result first, other;
  run_phold(o, cells[0], &first);
  assert_true(fabs((double)first.event_n - first.expected_n) < 3 * first.expected_se_n);
  for (size_t i = 1; i < sizeof cells / sizeof *cells; i++) {
    run_phold(o, cells[i], &other);
    assert_int_equal(other.event_n, first.event_n);
    assert_int_equal(other.digest, first.digest);
    assert_true(other.observed_lookahead_ns >= o.lookahead_ns);
  }
  o.seed = 8;
  run_phold(o, 3, &other);
  assert_true(other.digest != first.digest);
}

static void phold_refuses_what_is_out_of_range(void **state) {
  (void)state;
  struct dp_phold_options good = {.lps_n = 8, .start_n = 1, .lookahead_ns = 1, .mean_ns = 2, .end_ns = 3}, bad[6];
  for (size_t i = 0; i < 6; i++) bad[i] = good;
  bad[0].lps_n = 0;
  bad[1].remote_ratio = 1.5;
  bad[2].lookahead_ns = 0;
  bad[3].mean_ns = 1;
  bad[4].end_ns = 0;
  bad[5].cell_n = 9;
  struct dp_comm *comm;
  struct dp_phold_result r;
  assert_int_equal(dp_comm_null_new(&comm, NULL), DP_OK);
  for (size_t i = 0; i < 6; i++) {
    struct dp_err err = {0};
    assert_int_equal(dp_bench_phold(&bad[i], comm, &r, &err), DP_USAGE);
    assert_true(err.text[0] == '-');
  }
  dp_comm_free(comm);
}

static void the_queue_keeps_little_s_law_to_the_nanosecond(void **state) {
  (void)state;
  struct dp_comm *comm;
  struct dp_err err = {0};
  assert_int_equal(dp_comm_null_new(&comm, &err), DP_OK);
  for (uint32_t servers = 1; servers <= 8; servers += 7) {
    for (int service = DP_SERVICE_EXP; service <= DP_SERVICE_LOGNORMAL; service++) {
      struct dp_queue_options o = {.servers_n = servers, .rho_ratio = 0.9, .jobs_n = 20000, .cv_ratio = 2, .seed = 3,
                                   .service = (enum dp_service)service};
      struct dp_queue_result r, again;
      assert_int_equal(dp_bench_queue(&o, comm, &r, &err), DP_OK);
      assert_true(r.area_ns == r.stays_ns);
      assert_true(fabs(r.mean_in_system_n / (r.arrival_per_s * r.mean_stay_s) - 1) < 1e-12);
      assert_int_equal(r.event_n, 2 * o.jobs_n);
      assert_int_equal(dp_bench_queue(&o, comm, &again, &err), DP_OK);
      assert_int_equal(again.digest, r.digest);
    }
  }
  dp_comm_free(comm);
}

/* ---- expectations ---- */

static void expectations_are_judged(void **state) {
  (void)state;
  static const struct dp_kpi_value kpis[] = {{.name = "a", .unit = "1", .value = 0.5},
                                             {.name = "n", .unit = "1", .integer = true, .count = 7},
                                             {.name = "none", .unit = "1", .value = NAN}};
  static const struct {
    struct dp_expectation e;
    enum dp_expect_verdict verdict;
  } cases[] = {
      {{"a", DP_EXPECT_AT_LEAST, 0.5, INFINITY}, DP_EXPECT_HOLDS},
      {{"a", DP_EXPECT_AT_LEAST, 0.6, INFINITY}, DP_EXPECT_FAILS},
      {{"a", DP_EXPECT_AT_MOST, -INFINITY, 0.4}, DP_EXPECT_FAILS},
      {{"n", DP_EXPECT_BETWEEN, 7, 8}, DP_EXPECT_HOLDS},
      {{"n", DP_EXPECT_EQUAL, 7, 7}, DP_EXPECT_HOLDS},
      {{"n", DP_EXPECT_EQUAL, 8, 8}, DP_EXPECT_FAILS},
      {{"none", DP_EXPECT_AT_LEAST, 0, INFINITY}, DP_EXPECT_UNDEFINED},
      {{"missing", DP_EXPECT_AT_MOST, -INFINITY, 1}, DP_EXPECT_UNDEFINED},
  };
  double value;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(dp_expect_judge(&cases[i].e, kpis, 3, &value), cases[i].verdict);
  struct dp_str out = {0};
  assert_int_equal(dp_expect_report(&out, &cases[0].e, 1, kpis, 3, NULL), 0);
  assert_int_equal(dp_expect_report(&out, &cases[1].e, 1, kpis, 3, "(not applicable)"), 0);
  assert_int_equal(dp_expect_report(&out, &cases[6].e, 1, kpis, 3, NULL), 1);
  assert_string_equal(dp_str_text(&out), "expect a ≥ 0.5: 0.5 ok\nexpect a ≥ 0.6: 0.5 (not applicable)\n"
                                         "expect none ≥ 0: no value FAILED\n");
  dp_str_fini(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(erlang_c_equals_the_textbook_sum),
      cmocka_unit_test(waits_of_one_server_follow_pollaczek_and_khinchine),
      cmocka_unit_test(phold_counts_follow_renewal_theory),
      cmocka_unit_test(phold_does_not_depend_on_cells),
      cmocka_unit_test(phold_refuses_what_is_out_of_range),
      cmocka_unit_test(the_queue_keeps_little_s_law_to_the_nanosecond),
      cmocka_unit_test(expectations_are_judged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
