/* tests/unit/t_bench.c — the benches against theory and against themselves, and the verdicts on expectations. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/bench_cost.h"
#include "analysis/bench_idle.h"
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

static void remote_events_keep_to_their_neighbours(void **state) {
  (void)state;
  struct dp_phold_options o = {.lps_n = 100, .start_n = 4, .remote_ratio = 1, .lookahead_ns = 100 * DP_MS,
                               .mean_ns = DP_S, .end_ns = 50 * DP_S, .seed = 5};
  struct dp_phold_result anywhere, near, other;
  run_phold(o, 10, &anywhere);
  o.neighbours_n = 2; /* from a cell of 10, a process at its edge sends 2/5, the next one 1/5 over each border */
  run_phold(o, 10, &near);
  run_phold(o, 4, &other);
  assert_int_equal(near.digest, other.digest);
  double crossed = (double)near.crossed_n / (double)near.event_n;
  assert_true(fabs(crossed - 2 * (0.4 + 0.2) / 10) < 0.01);
  assert_true(fabs((double)anywhere.crossed_n / (double)anywhere.event_n - 0.9) < 0.01);
}

static void idle_runs_repeat_and_leave_the_heap_as_it_was(void **state) {
  (void)state;
  struct dp_idle_options o = {.runs_n = 200, .settlements_n = 10, .seed = 1}, none = {.runs_n = 0, .settlements_n = 1};
  struct dp_idle_result few, many;
  struct dp_err err = {0};
  struct dp_comm *comm;
  assert_int_equal(dp_comm_null_new(&comm, &err), DP_OK);
  assert_int_equal(dp_bench_idle(&o, comm, &few, &err), DP_OK);
  o.runs_n = 1000;
  assert_int_equal(dp_bench_idle(&o, comm, &many, &err), DP_OK);
  assert_int_equal(many.digest, few.digest);
  assert_true(many.heap_growth_bytes - few.heap_growth_bytes < 64 * 800); /* caches of the allocator; a run takes kB */
  assert_int_equal(dp_bench_idle(&none, comm, &many, &err), DP_USAGE);
  dp_comm_free(comm);
}

/* ---- the cost model ---- */

static const struct dp_costs costs = {.event_ns = {50, 60, 100}, .queue_event_ns = 60, .window_ns = 40, .beat_ns = 400,
                                      .message_ns = 500, .byte_ns = 0.1, .reduction_ns = 500, .switch_ns = 2000,
                                      .cores = 2, .ranks = 2};

static struct dp_cost_prediction on(const struct dp_load *load, double rank_n, double core_n, double latency_ns) {
  struct dp_machine m = {.rank_n = rank_n, .core_n = core_n, .latency_ns = latency_ns};
  struct dp_cost_prediction p;
  dp_cost_predict(&costs, load, &m, &p);
  return p;
}

static void one_rank_costs_what_its_parts_cost(void **state) {
  (void)state;
  struct dp_load load = {.event_n = 1e6, .window_n = 1e3, .beat_n = 10, .crossed_n = 1e5, .event_ns = 100,
                         .event_bytes = 32, .serial_ns = 1e4, .beat_cells_ns = 2e4, .cell_n = 64, .hot_ratio = 1.0 / 64};
  struct dp_cost_prediction p = on(&load, 1, 0, 1e6);
  assert_true(fabs(p.total_ns - (1e6 * 100 + 1e3 * 40 + 10 * 3e4)) < 1e-3);
  assert_true(fabs(p.message_n) < 1e-9);
  p = on(&load, 64, 0, 0);
  assert_true(fabs(p.compute_ns - 1e8 / 64) < 1e-3);
  p = on(&load, 640, 0, 0); /* ten ranks a cell: no use */
  assert_true(fabs(p.compute_ns - 1e8 / 64) < 1e-3);
  assert_true(fabs(dp_cost_event_ns(&costs, 4096) - 55) < 1e-9);
  assert_true(fabs(dp_cost_event_ns(&costs, 1e9) - 100) < 1e-9);
}

static void the_model_names_what_bounds_a_run(void **state) {
  (void)state;
  struct dp_load even = {.event_n = 1e9, .window_n = 1e3, .beat_n = 10, .crossed_n = 1e8, .event_ns = 100,
                         .event_bytes = 32, .cell_n = 4096, .hot_ratio = 1.0 / 4096};
  struct dp_load hot = even, narrow = even, few = even, busy = even;
  hot.hot_ratio = 0.25;
  narrow.window_n = 1e8;
  few.cell_n = 4;
  few.hot_ratio = 0.25;
  busy.serial_ns = 1e10;
  assert_string_equal(on(&even, 16, 0, 2000).bound, "events");
  assert_string_equal(on(&even, 16, 2, 0).bound, "cores");
  assert_string_equal(on(&hot, 16, 0, 2000).bound, "hot cell");
  assert_string_equal(on(&few, 16, 0, 2000).bound, "number of cells");
  assert_string_equal(on(&narrow, 16, 0, 2000).bound, "windows");
  assert_string_equal(on(&busy, 16, 0, 2000).bound, "beats");
  /* four ranks on two cores are no faster than two */
  assert_true(on(&even, 4, 2, 0).total_ns >= on(&even, 2, 2, 0).total_ns);
  assert_true(on(&even, 4, 0, 0).total_ns < 0.6 * on(&even, 2, 2, 0).total_ns);
}

static void more_than_eight_ranks_write_to_whom_they_have_events_for(void **state) {
  (void)state;
  struct dp_load load = {.event_n = 1e8, .window_n = 1e3, .crossed_n = 1e7, .event_ns = 100, .event_bytes = 32,
                         .cell_n = 4096, .hot_ratio = 1.0 / 4096};
  assert_true(fabs(on(&load, 8, 0, 0).message_n - 7) < 1e-9);
  load.neighbour_n = 2;
  assert_true(fabs(on(&load, 8, 0, 0).message_n - 7) < 1e-9);
  assert_true(fabs(on(&load, 1000, 0, 0).message_n - 2) < 0.02);
  load.crossed_n = 100; /* a tenth of an event a window: as many messages over all ranks, less those that stay */
  assert_true(fabs(on(&load, 1000, 0, 0).message_n * 1000 - 0.1) < 0.001);
  /* latencies of a tree: 2 with a message, one a level */
  double slow = on(&load, 1000, 0, 1e6).window_ns - on(&load, 1000, 0, 0).window_ns;
  assert_true(fabs(slow / 1e3 / 1e6 - 10) < 0.01);
}

static void costs_are_read_as_they_were_printed(void **state) {
  (void)state;
  struct dp_costs none, read;
  struct dp_str text = {0};
  struct dp_err err = {0};
  char path[] = "/tmp/t_bench.XXXXXX";
  dp_costs_init(&none);
  none.ranks = none.cores = 1;
  none.window_ns = 41.5;
  assert_int_equal(dp_costs_print(&text, DP_TEXT_JSON, &none, &err), DP_OK);
  int file = mkstemp(path);
  assert_true(file >= 0 && write(file, dp_str_text(&text), strlen(dp_str_text(&text))) > 0);
  assert_int_equal(dp_costs_read(path, &read, &err), DP_OK);
  assert_true(isnan(read.message_ns) && fabs(read.window_ns - 41.5) < 1e-12);
  assert_true(ftruncate(file, 10) == 0);
  assert_int_equal(dp_costs_read(path, &read, &err), DP_FORMAT);
  assert_true(ftruncate(file, 0) == 0 && pwrite(file, "{\"bench\": \"phold\"}", 18, 0) == 18);
  assert_int_equal(dp_costs_read(path, &read, &err), DP_USAGE);
  assert_int_equal(dp_costs_read("/nowhere/costs.json", &read, &err), DP_IO);
  close(file);
  unlink(path);
  dp_str_fini(&text);
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
      cmocka_unit_test(remote_events_keep_to_their_neighbours),
      cmocka_unit_test(idle_runs_repeat_and_leave_the_heap_as_it_was),
      cmocka_unit_test(one_rank_costs_what_its_parts_cost),
      cmocka_unit_test(the_model_names_what_bounds_a_run),
      cmocka_unit_test(more_than_eight_ranks_write_to_whom_they_have_events_for),
      cmocka_unit_test(costs_are_read_as_they_were_printed),
      cmocka_unit_test(expectations_are_judged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
