/* tests/unit/t_engine.c — windows, beats, channels and the digest on one rank; tests/ranks/engine.sh has more ranks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ping.h"

static int setup(void **state) {
  struct dp_comm *c;
  if (dp_comm_null_new(&c, NULL) != DP_OK) return -1;
  *state = c;
  return 0;
}

static int teardown(void **state) {
  dp_comm_free(*state);
  return 0;
}

/* ---- the ping model ---- */

struct outcome {
  uint64_t digest, event_n, window_n;
};

static struct outcome ping_run(struct dp_comm *comm, uint32_t cell_n, dp_time stop_ns) {
  struct ping p = {.cell_n = cell_n, .bad_cell = UINT32_MAX, .stop_ns = stop_ns};
  struct dp_err err = {0};
  struct dp_target target;
  struct outcome o;
  bool stopped = false;
  assert_int_equal(ping_new(&p, comm, &target, &err), DP_OK);
  assert_int_equal(dp_engine_run(p.engine, &stopped, &err), DP_OK);
  assert_int_equal(stopped, stop_ns > 0);
  p.stop_ns = 0;
  if (stopped) {
    assert_true(p.engine->now_ns >= stop_ns && p.engine->now_ns < PING_END);
    assert_int_equal(dp_engine_run(p.engine, &stopped, &err), DP_OK);
    assert_false(stopped);
  }
  assert_int_equal(p.late_n, 0);
  assert_int_equal(p.beat_n, PING_END / PING_BEAT + 1);
  assert_int_equal(p.last_n, 1);
  if (cell_n > 1) assert_true(p.engine->channels[p.channel].observed_min_ns == PING_DELAY);
  assert_int_equal(dp_engine_digest(p.engine, &o.digest, &err), DP_OK);
  assert_int_equal(dp_engine_event_n(p.engine, &o.event_n, &err), DP_OK);
  o.window_n = p.engine->window_n;
  dp_engine_free(p.engine);
  return o;
}

static void a_run_repeats_itself(void **state) {
  for (uint32_t cell_n = 1; cell_n <= 7; cell_n++) {
    struct outcome a = ping_run(*state, cell_n, 0), b = ping_run(*state, cell_n, 0);
    assert_true(a.digest == b.digest && a.event_n == b.event_n);
    assert_true(a.event_n > 5000);
  }
}

static void a_run_that_was_stopped_on_the_way_ends_the_same(void **state) {
  struct outcome straight = ping_run(*state, 5, 0);
  for (dp_time stop_ns = 1; stop_ns < PING_END - DP_S / 2; stop_ns += DP_S / 3) {
    struct outcome o = ping_run(*state, 5, stop_ns);
    assert_true(o.digest == straight.digest && o.event_n == straight.event_n);
  }
}

static void a_window_is_one_lookahead_wide_and_a_single_cell_needs_none(void **state) {
  assert_in_range(ping_run(*state, 5, 0).window_n, 250, PING_END / PING_DELAY);
  assert_int_equal(ping_run(*state, 1, 0).window_n, PING_END / PING_BEAT);
}

static void a_failing_handler_ends_the_run_with_its_status_and_text(void **state) {
  struct ping p = {.cell_n = 4, .bad_cell = 2, .bad_ns = DP_S};
  struct dp_err err = {0};
  struct dp_target target;
  bool stopped;
  assert_int_equal(ping_new(&p, *state, &target, &err), DP_OK);
  assert_int_equal(dp_engine_run(p.engine, &stopped, &err), DP_FAILED);
  assert_string_equal(err.text, "cell 2 breaks down");
  dp_engine_free(p.engine);
}

static void a_message_below_the_least_delay_is_an_error_that_names_channel_and_both(void **state) {
  struct ping p = {.cell_n = 4, .bad_cell = 2, .bad_ns = DP_S, .early_ns = 1};
  struct dp_err err = {0};
  struct dp_target target;
  bool stopped;
  assert_int_equal(ping_new(&p, *state, &target, &err), DP_OK);
  assert_int_equal(dp_engine_run(p.engine, &stopped, &err), DP_INVARIANT);
  assert_non_null(strstr(err.text, "channel air"));
  assert_non_null(strstr(err.text, "9999999 ns"));
  assert_non_null(strstr(err.text, "10000000 ns"));
  dp_engine_free(p.engine);
}

static void the_digest_sees_tables_events_send_numbers_and_replicated_rows(void **state) {
  struct ping p = {.cell_n = 2, .bad_cell = UINT32_MAX, .stop_ns = DP_S};
  struct dp_err err = {0};
  struct dp_target target;
  uint64_t before, after;
  bool stopped;
  assert_int_equal(ping_new(&p, *state, &target, &err), DP_OK);
  assert_int_equal(dp_engine_run(p.engine, &stopped, &err), DP_OK);
  assert_true(stopped);
  assert_int_equal(dp_engine_digest(p.engine, &before, &err), DP_OK);
  struct dp_cell *cell = &p.engine->cells[1];
#define DIGEST_CHANGES()                                                                                             \
  do {                                                                                                               \
    assert_int_equal(dp_engine_digest(p.engine, &after, &err), DP_OK);                                               \
    assert_true(after != before);                                                                                    \
    before = after;                                                                                                  \
  } while (0)
  DP_ROW(&cell->tables[0], struct ping_visit, 0)->hops++;
  DIGEST_CHANGES();
  cell->send_n++;
  DIGEST_CHANGES();
  DP_ROW(&p.engine->globals[0], struct ping_total, 0)->hops++;
  DIGEST_CHANGES();
  assert_non_null(dp_queue_peek(&cell->queue, DP_TIME_MAX));
  dp_queue_pop(&cell->queue);
  DIGEST_CHANGES();
  cell->event_n++; /* a count of work, not state */
  assert_int_equal(dp_engine_digest(p.engine, &after, &err), DP_OK);
  assert_true(after == before);
  dp_engine_free(p.engine);
}

/* ---- a model that only writes down what happens ---- */

#define LOG_MAX 64

struct log {
  struct dp_engine *engine;
  size_t n;
  uint64_t source[LOG_MAX];
  dp_time time_ns[LOG_MAX];
  size_t beat_n;
  struct {
    dp_time at_ns;
    uint64_t due;
    bool last;
    size_t events_seen;
  } beats[LOG_MAX];
  struct dp_message sends[8]; /* what the first event sends */
  size_t send_n;
  enum dp_status beat_status;
};

static enum dp_status log_handle(struct dp_ctx *ctx, const struct dp_event *event) {
  struct log *l = (struct log *)(uintptr_t)ctx->self;
  assert_true(l->n < LOG_MAX);
  assert_int_equal(ctx->now_ns, event->time_ns);
  l->source[l->n] = event->source;
  l->time_ns[l->n++] = event->time_ns;
  if (l->n == 1)
    for (size_t i = 0; i < l->send_n; i++) DP_TRY(dp_send(ctx, &l->sends[i]));
  return DP_OK;
}

static enum dp_status log_beat(void *owner, dp_time now_ns, uint64_t due, bool last, struct dp_err *err) {
  struct log *l = owner;
  assert_true(l->beat_n < LOG_MAX);
  l->beats[l->beat_n].at_ns = now_ns;
  l->beats[l->beat_n].due = due;
  l->beats[l->beat_n].last = last;
  l->beats[l->beat_n++].events_seen = l->n;
  return l->beat_status == DP_OK ? DP_OK : dp_fail(err, l->beat_status, "the beat fails");
}

static struct dp_engine *log_engine(struct log *l, struct dp_comm *comm, struct dp_target *target, uint32_t cell_n,
                                    dp_time end_ns) {
  struct dp_err err = {0};
  *target = (struct dp_target){.handle = log_handle, .self = (const void *)l};
  struct dp_engine_config config = {.comm = comm,
                                    .end_ns = end_ns,
                                    .cell_n = cell_n,
                                    .targets = target,
                                    .target_n = 1,
                                    .owner = l,
                                    .beat = log_beat};
  assert_int_equal(dp_engine_new(&config, &l->engine, &err), DP_OK);
  return l->engine;
}

/* Sends from outside a handler, as init and apply do. */
static enum dp_status send_from(struct dp_engine *e, uint32_t cell, dp_time now_ns, const struct dp_message *m,
                                struct dp_err *err) {
  struct dp_ctx ctx = {.engine = e, .cell = &e->cells[cell], .now_ns = now_ns, .err = err};
  return dp_send(&ctx, m);
}

static void run(struct dp_engine *e) {
  struct dp_err err = {0};
  bool stopped;
  assert_int_equal(dp_engine_run(e, &stopped, &err), DP_OK);
}

static void events_of_one_instant_run_by_phase_destination_and_source(void **state) {
  struct log l = {0};
  struct dp_target target;
  struct dp_engine *e = log_engine(&l, *state, &target, 1, DP_S);
  struct dp_err err = {0};
  static const struct {
    uint8_t phase;
    dp_entity dest;
  } sent[] = {{2, 1}, {1, 9}, {1, 8}, {0, 5}, {1, 8}, {2, 0}, {0, 5}};
  static const uint64_t order[] = {3, 6, 2, 4, 1, 5, 0};
  for (size_t i = 0; i < 7; i++) {
    struct dp_message m = {.dest = sent[i].dest, .time_ns = 77, .phase = sent[i].phase};
    assert_int_equal(send_from(e, 0, 0, &m, &err), DP_OK);
  }
  run(e);
  assert_int_equal(l.n, 7);
  for (size_t i = 0; i < 7; i++) assert_int_equal(l.source[i], order[i]);
  dp_engine_free(e);
}

static void beats_are_multiples_see_what_was_before_and_close_once(void **state) {
  struct log l = {0};
  struct dp_target target;
  struct dp_engine *e = log_engine(&l, *state, &target, 1, 12);
  struct dp_err err = {0};
  unsigned four, six, same;
  assert_int_equal(dp_engine_open_beat(e, "block", 4, &four, &err), DP_OK);
  assert_int_equal(dp_engine_open_beat(e, "epoch", 6, &six, &err), DP_OK);
  assert_int_equal(dp_engine_open_beat(e, "load", 4, &same, &err), DP_OK);
  assert_int_equal(four, same);
  for (dp_time t = 0; t < 14; t++)
    assert_int_equal(send_from(e, 0, 0, &(struct dp_message){.time_ns = t}, &err), DP_OK);
  run(e);
  static const struct {
    dp_time at_ns;
    uint64_t due;
    bool last;
  } want[] = {{0, 3, false}, {4, 1, false}, {6, 2, false}, {8, 1, false}, {12, 3, true}};
  assert_int_equal(l.beat_n, 5);
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(l.beats[i].at_ns, want[i].at_ns);
    assert_int_equal(l.beats[i].due, want[i].due);
    assert_int_equal(l.beats[i].last, want[i].last);
    assert_int_equal(l.beats[i].events_seen, want[i].at_ns); /* one event a ns, those at the beat not yet */
  }
  assert_int_equal(l.n, 12); /* those at and after the end are dropped */
  run(e);
  assert_int_equal(l.beat_n, 5);
  dp_engine_free(e);
}

static void a_run_of_no_length_has_its_closing_beat_only(void **state) {
  struct log l = {0};
  struct dp_target target;
  struct dp_engine *e = log_engine(&l, *state, &target, 0, 0);
  unsigned beat;
  assert_int_equal(dp_engine_open_beat(e, "block", 4, &beat, NULL), DP_OK);
  run(e);
  assert_int_equal(l.beat_n, 1);
  assert_true(l.beats[0].last);
  dp_engine_free(e);
}

static void a_failing_beat_ends_the_run(void **state) {
  struct log l = {.beat_status = DP_INVARIANT};
  struct dp_target target;
  struct dp_engine *e = log_engine(&l, *state, &target, 1, DP_S);
  struct dp_err err = {0};
  bool stopped;
  assert_int_equal(dp_engine_run(e, &stopped, &err), DP_INVARIANT);
  assert_string_equal(err.text, "the beat fails");
  dp_engine_free(e);
}

static void wrong_messages_are_refused(void **state) {
  struct log l = {0};
  struct dp_target target;
  struct dp_engine *e = log_engine(&l, *state, &target, 2, DP_S);
  uint16_t air;
  assert_int_equal(dp_engine_open_channel(e, "air", 100, &air, NULL), DP_OK);
  uint64_t word = 0;
  const struct {
    struct dp_message m;
    const char *text;
  } wrong[] = {
      {{.dest = 0, .time_ns = 9}, "it is 10 ns now"},
      {{.dest = dp_entity_make(1, 0, 0), .time_ns = 500}, "channel inside a cell"},
      {{.dest = dp_entity_make(1, 0, 0), .time_ns = 500, .channel = 7}, "channel 7, which is not open"},
      {{.dest = dp_entity_make(2, 0, 0), .time_ns = 500, .channel = air}, "there are 2 cells"},
      {{.dest = 0, .time_ns = 109, .channel = air}, "takes 99 ns"},
      {{.dest = 0, .time_ns = 500, .instance = 3}, "instance 3"},
      {{.dest = 0, .time_ns = 500, .size = 12, .payload = &word}, "12 bytes"},
      {{.dest = 0, .time_ns = 500, .size = 40, .payload = &word}, "40 bytes"},
      {{.dest = 0, .time_ns = 500, .size = 8}, "8 bytes"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct dp_err err = {0};
    assert_int_equal(send_from(e, 0, 10, &wrong[i].m, &err), DP_INVARIANT);
    assert_non_null(strstr(err.text, wrong[i].text));
  }
  struct dp_ctx replicated = {.engine = e};
  assert_int_equal(dp_send(&replicated, &(struct dp_message){.time_ns = 500}), DP_INVARIANT);
  dp_engine_free(e);
}

static void channels_share_a_name_and_the_least_delay_is_the_lookahead(void **state) {
  struct log l = {0};
  struct dp_target target;
  struct dp_engine *e = log_engine(&l, *state, &target, 2, DP_S);
  struct dp_err err = {0};
  uint16_t a, b, c;
  assert_int_equal(dp_engine_lookahead(e), DP_TIME_MAX);
  assert_int_equal(dp_engine_open_channel(e, "job", 5000, &a, &err), DP_OK);
  assert_int_equal(dp_engine_open_channel(e, "request", 700, &b, &err), DP_OK);
  assert_int_equal(dp_engine_open_channel(e, "job", 3000, &c, &err), DP_OK);
  assert_true(a == c && a != b && a != DP_CHANNEL_CELL);
  assert_int_equal(e->channels[a].least_delay_ns, 3000);
  assert_int_equal(dp_engine_lookahead(e), 700);
  assert_int_equal(dp_engine_open_channel(e, "teleport", 0, &a, &err), DP_RANGE);
  assert_non_null(strstr(err.text, "teleport"));
  dp_engine_free(e);
}

static void a_message_sent_by_a_handler_for_now_runs_now(void **state) {
  struct log l = {.sends = {{.time_ns = 50, .phase = DP_PHASE_RELEASE}, {.time_ns = 60}, {.time_ns = 50}}, .send_n = 3};
  struct dp_target target;
  struct dp_engine *e = log_engine(&l, *state, &target, 1, DP_S);
  assert_int_equal(send_from(e, 0, 0, &(struct dp_message){.time_ns = 50, .phase = DP_PHASE_ARRIVAL}, NULL), DP_OK);
  run(e);
  static const uint64_t order[] = {0, 1, 3, 2};
  assert_int_equal(l.n, 4);
  for (size_t i = 0; i < 4; i++) assert_int_equal(l.source[i], order[i]);
  dp_engine_free(e);
}

/* ---- dp_spread ---- */

/* The worked example of the largest remainder method with the Hare quota: 10 seats. */
static void spread_gives_hamiltons_seats(void **state) {
  (void)state;
  static const double votes[] = {47000, 16000, 15900, 12000, 6000, 3100};
  static const int64_t seats[] = {5, 2, 1, 1, 1, 0};
  int64_t out[6];
  dp_spread(10, votes, 6, out);
  for (int i = 0; i < 6; i++) assert_int_equal(out[i], seats[i]);
}

static void spread_breaks_ties_by_index_and_takes_any_sign(void **state) {
  (void)state;
  static const double even[] = {1, 1, 1, 0, 1}, none[] = {0, 0, 0, 0, 0};
  int64_t out[5];
  dp_spread(6, even, 5, out);
  static const int64_t want[] = {2, 2, 1, 0, 1};
  for (int i = 0; i < 5; i++) assert_int_equal(out[i], want[i]);
  dp_spread(-6, even, 5, out);
  for (int i = 0; i < 5; i++) assert_int_equal(out[i], -want[i]);
  dp_spread(7, none, 5, out);
  static const int64_t alike[] = {2, 2, 1, 1, 1};
  for (int i = 0; i < 5; i++) assert_int_equal(out[i], alike[i]);
}

static void spread_keeps_the_total_and_every_quota(void **state) {
  (void)state;
  static double weights[1000];
  static int64_t out[1000];
  static const int64_t totals[] = {0, 1, 37, 999, 1000000007, INT64_MAX, INT64_MIN + 1};
  for (size_t n = 1; n <= 1000; n = n * 3 + 1) {
    struct dp_rng rng = dp_rng_at(1, 0, n, 0, 0);
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += weights[i] = dp_rng_exponential(&rng, i % 7 ? 1e-3 : 1e6);
    for (size_t k = 0; k < sizeof totals / sizeof *totals; k++) {
      int64_t left = totals[k];
      dp_spread(totals[k], weights, n, out);
      for (size_t i = 0; i < n; i++) {
        left -= out[i];
        double quota = (double)totals[k] * (weights[i] / sum);
        assert_true(fabs((double)out[i] - quota) < 1 + 1e-12 * fabs((double)totals[k]));
      }
      assert_int_equal(left, 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_repeats_itself),
      cmocka_unit_test(a_run_that_was_stopped_on_the_way_ends_the_same),
      cmocka_unit_test(a_window_is_one_lookahead_wide_and_a_single_cell_needs_none),
      cmocka_unit_test(a_failing_handler_ends_the_run_with_its_status_and_text),
      cmocka_unit_test(a_message_below_the_least_delay_is_an_error_that_names_channel_and_both),
      cmocka_unit_test(the_digest_sees_tables_events_send_numbers_and_replicated_rows),
      cmocka_unit_test(events_of_one_instant_run_by_phase_destination_and_source),
      cmocka_unit_test(beats_are_multiples_see_what_was_before_and_close_once),
      cmocka_unit_test(a_run_of_no_length_has_its_closing_beat_only),
      cmocka_unit_test(a_failing_beat_ends_the_run),
      cmocka_unit_test(wrong_messages_are_refused),
      cmocka_unit_test(channels_share_a_name_and_the_least_delay_is_the_lookahead),
      cmocka_unit_test(a_message_sent_by_a_handler_for_now_runs_now),
      cmocka_unit_test(spread_gives_hamiltons_seats),
      cmocka_unit_test(spread_breaks_ties_by_index_and_takes_any_sign),
      cmocka_unit_test(spread_keeps_the_total_and_every_quota),
  };
  return cmocka_run_group_tests_name("engine", tests, setup, teardown);
}
