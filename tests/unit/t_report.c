/* tests/unit/t_report.c — what a run reports of its cost, and the hints. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "engine/report.h"

static void judge(struct dp_engine_report *r, struct dp_rank_load *ranks, size_t n, struct dp_channel *channels) {
  *r = (struct dp_engine_report){.event_n = 1000, .ranks = ranks, .rank_n = n, .channels = channels, .channel_n = 2,
                                 .window_n = 250};
  dp_engine_report_judge(r);
}

static struct dp_channel channels[] = {
    {.name = "cell", .observed_min_ns = DP_TIME_MAX},
    {.name = "network", .least_delay_ns = 5 * DP_MS, .observed_min_ns = 7 * DP_MS, .message_n = 3},
};

static void even_work_gives_no_hint(void **state) {
  (void)state;
  struct dp_rank_load ranks[] = {{.busy_ns = 100, .wait_ns = 20}, {.busy_ns = 90, .wait_ns = 30}};
  struct dp_engine_report r;
  judge(&r, ranks, 2, channels);
  assert_string_equal(r.hint, "");
  assert_true(fabs(r.wait_ratio - 50.0 / 240) < 1e-12);
  assert_true(fabs(r.imbalance_ratio - 100 / 95.0) < 1e-12);
  assert_true(fabs(r.events_per_window - 4) < 1e-12);
}

static void a_busy_rank_is_named_once_it_costs_more_than_a_third(void **state) {
  (void)state;
  struct dp_rank_load ranks[] = {{.busy_ns = 40, .wait_ns = 60}, {.busy_ns = 100, .cell_n = 5}, {.busy_ns = 58}};
  struct dp_engine_report r;
  judge(&r, ranks, 3, channels); /* the mean is 66 of 100 */
  assert_non_null(strstr(r.hint, "rank 1 computes 1.5 times the mean"));
  assert_non_null(strstr(r.hint, "5 cells"));
  assert_null(strstr(r.hint, "balancing"));
  r.fixed = true;
  dp_engine_report_judge(&r);
  assert_non_null(strstr(r.hint, "5 cells: balancing, more and smaller cells"));
  ranks[0].busy_ns = 45; /* 67.7 of 100: a third is not reached, and ranks wait 60 of 263 */
  judge(&r, ranks, 3, channels);
  assert_string_equal(r.hint, "");
}

static void a_short_lookahead_is_named_with_its_channel(void **state) {
  (void)state;
  struct dp_rank_load ranks[] = {{.busy_ns = 100, .wait_ns = 60}, {.busy_ns = 100, .wait_ns = 60}};
  struct dp_engine_report r;
  judge(&r, ranks, 2, channels);
  assert_non_null(strstr(r.hint, "ranks wait 38 % of the time: channel network, least delay 0.005 s"));
  assert_non_null(strstr(r.hint, "the shortest message took 0.007 s"));
  assert_non_null(strstr(r.hint, "4 events a window"));
}

static void one_rank_never_waits_for_another(void **state) {
  (void)state;
  struct dp_rank_load rank = {.busy_ns = 0};
  struct dp_engine_report r;
  judge(&r, &rank, 1, channels);
  assert_string_equal(r.hint, "");
  assert_true(isnan(r.imbalance_ratio));
}

static void a_report_counts_what_an_engine_did(void **state) {
  (void)state;
  struct dp_comm *comm;
  struct dp_engine *e;
  uint16_t channel;
  bool stopped;
  assert_int_equal(dp_comm_null_new(&comm, NULL), DP_OK);
  struct dp_engine_config config = {.comm = comm, .end_ns = DP_S, .cell_n = 3};
  assert_int_equal(dp_engine_new(&config, &e, NULL), DP_OK);
  assert_int_equal(dp_engine_open_channel(e, "air", DP_MS, &channel, NULL), DP_OK);
  assert_int_equal(dp_engine_run(e, &stopped, NULL), DP_OK);
  struct dp_engine_report r;
  assert_int_equal(dp_engine_report(e, &r, NULL), DP_OK);
  assert_int_equal(r.rank_n, 1);
  assert_int_equal(r.ranks[0].cell_n, 3);
  assert_int_equal(r.event_n, 0);
  assert_int_equal(r.channel_n, 2);
  assert_string_equal(r.channels[channel].name, "air");
  assert_int_equal(r.lookahead_ns, DP_MS);
  assert_true(r.wait_ratio == 0);
  dp_engine_report_fini(&r);
  dp_engine_free(e);
  dp_comm_free(comm);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(even_work_gives_no_hint),
      cmocka_unit_test(a_busy_rank_is_named_once_it_costs_more_than_a_third),
      cmocka_unit_test(a_short_lookahead_is_named_with_its_channel),
      cmocka_unit_test(one_rank_never_waits_for_another),
      cmocka_unit_test(a_report_counts_what_an_engine_did),
  };
  return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
