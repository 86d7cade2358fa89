/* tests/unit/t_many.c — many simulations in one process: one after another, side by side, in threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <malloc.h>
#include <pthread.h>

#include "tiny_run.h"

#define RUNS 100
#define WARM_RUNS 10 /* what is set up once in a process is there then */
#define SETTLEMENTS 48
#define ABREAST 10
#define THREADS 4

/* From birth to death; 0 when something fails. */
static uint64_t digest_of_one(void) {
  struct dp_comm *comm;
  struct tiny_run run;
  uint64_t digest = 0;
  bool stopped;
  if (dp_comm_null_new(&comm, NULL) != DP_OK) return 0;
  bool done = tiny_new(&run, comm, SETTLEMENTS, NULL) == DP_OK && dp_sim_run(run.sim, &stopped, NULL) == DP_OK &&
              dp_engine_digest(run.sim->engine, &digest, NULL) == DP_OK;
  dp_sim_free(run.sim);
  dp_comm_free(comm);
  return done ? digest : 0;
}

static void *in_a_thread(void *digest) {
  *(uint64_t *)digest = digest_of_one();
  return NULL;
}

/* The end of a thread empties its cache of free memory, which the allocator otherwise counts as held. */
static uint64_t digest_of_one_in_a_thread(void) {
  pthread_t thread;
  uint64_t digest = 0;
  assert_int_equal(pthread_create(&thread, NULL, in_a_thread, &digest), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  return digest;
}

static void a_hundred_runs_give_one_digest_and_leave_no_memory(void **state) {
  (void)state;
  uint64_t first = digest_of_one();
  size_t held = 0;
  assert_true(first != 0);
  for (int i = 1; i < RUNS; i++) {
    assert_int_equal(digest_of_one_in_a_thread(), first);
    if (i == WARM_RUNS) held = mallinfo2().uordblks;
  }
  assert_true(mallinfo2().uordblks < held + RUNS); /* a byte a run */
}

static enum dp_status stop_at_once(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  (void)owner, (void)now_ns, (void)err;
  *stop = true;
  return DP_OK;
}

static void runs_side_by_side_do_not_know_of_each_other(void **state) {
  (void)state;
  struct tiny_run runs[ABREAST];
  struct dp_comm *comms[ABREAST];
  uint64_t want = digest_of_one(), got;
  int running = ABREAST, stop_n = 0;
  bool stopped[ABREAST];
  for (int i = 0; i < ABREAST; i++) {
    assert_int_equal(dp_comm_null_new(&comms[i], NULL), DP_OK);
    assert_int_equal(tiny_new(&runs[i], comms[i], SETTLEMENTS, NULL), DP_OK);
    dp_sim_set_pulse(runs[i].sim, stop_at_once, NULL);
    stopped[i] = true;
  }
  while (running > 0) { /* a window or beat of each in turn */
    for (int i = 0; i < ABREAST; i++) {
      if (!stopped[i]) continue;
      assert_int_equal(dp_sim_run(runs[i].sim, &stopped[i], NULL), DP_OK);
      running -= !stopped[i];
      stop_n += stopped[i];
    }
  }
  assert_true(stop_n > ABREAST * SETTLEMENTS);
  for (int i = 0; i < ABREAST; i++) {
    assert_int_equal(dp_engine_digest(runs[i].sim->engine, &got, NULL), DP_OK);
    assert_int_equal(got, want);
    dp_sim_free(runs[i].sim);
    dp_comm_free(comms[i]);
  }
}

static void runs_in_threads_share_nothing(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  uint64_t digests[THREADS], want = digest_of_one();
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, in_a_thread, &digests[i]), 0);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(digests[i], want);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_hundred_runs_give_one_digest_and_leave_no_memory),
      cmocka_unit_test(runs_side_by_side_do_not_know_of_each_other),
      cmocka_unit_test(runs_in_threads_share_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
