/* tests/unit/t_comm.c — buffers and the communicator of a serial run; tests/ranks/engine.sh tests the one over MPI. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/comm.h"

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

static void a_buffer_keeps_what_is_appended(void **state) {
  (void)state;
  struct dp_buffer b = {0};
  for (uint32_t i = 0; i < 10000; i++) assert_int_equal(dp_buffer_append(&b, &i, sizeof i, NULL), DP_OK);
  assert_int_equal(dp_buffer_append(&b, NULL, 0, NULL), DP_OK);
  assert_int_equal(b.len, 40000);
  for (uint32_t i = 0; i < 10000; i++) assert_memory_equal(b.data + 4 * i, &i, sizeof i);
  dp_buffer_fini(&b);
  assert_null(b.data);
}

static void one_rank_is_alone_and_its_sums_are_its_own(void **state) {
  struct dp_comm *c = *state;
  int64_t least = -7;
  dp_i128 wide = (dp_i128)1 << 100;
  uint64_t sum = UINT64_MAX;
  assert_int_equal(c->rank, 0);
  assert_int_equal(c->rank_n, 1);
  assert_int_equal(dp_comm_min_i64(c, &least, 1, NULL), DP_OK);
  assert_int_equal(dp_comm_sum_i128(c, &wide, 1, NULL), DP_OK);
  assert_int_equal(dp_comm_sum_u64(c, &sum, 1, NULL), DP_OK);
  assert_int_equal(dp_comm_barrier(c, NULL), DP_OK);
  assert_true(least == -7 && wide == (dp_i128)1 << 100 && sum == UINT64_MAX);
}

static void gather_gives_back_the_own_bytes_and_overwrites(void **state) {
  struct dp_comm *c = *state;
  struct dp_buffer mine = {0}, all = {0};
  assert_int_equal(dp_buffer_append(&mine, "bid", 3, NULL), DP_OK);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(dp_comm_gather(c, &mine, &all, NULL), DP_OK);
    assert_int_equal(all.len, 3);
    assert_memory_equal(all.data, "bid", 3);
  }
  assert_int_equal(dp_comm_broadcast(c, &mine, NULL), DP_OK);
  assert_int_equal(mine.len, 3);
  dp_buffer_fini(&mine);
  dp_buffer_fini(&all);
}

static void a_message_of_a_rank_to_itself_is_refused(void **state) {
  struct dp_comm *c = *state;
  struct dp_buffer out = {0}, in = {0};
  assert_int_equal(dp_comm_exchange(c, &out, &in, NULL), DP_OK);
  assert_int_equal(in.len, 0);
  assert_int_equal(dp_buffer_append(&out, "x", 1, NULL), DP_OK);
  assert_int_equal(dp_comm_exchange(c, &out, &in, NULL), DP_INVARIANT);
  dp_buffer_fini(&out);
}

static void agreement_keeps_the_status_and_the_text(void **state) {
  struct dp_comm *c = *state;
  struct dp_err err = {0};
  assert_int_equal(dp_comm_agree(c, DP_OK, &err), DP_OK);
  assert_int_equal(dp_comm_agree(c, dp_fail(&err, DP_IO, "the disk is full"), &err), DP_IO);
  assert_int_equal(dp_comm_agree(c, DP_IO, &err), DP_IO);
  assert_string_equal(err.text, "the disk is full");
}

/* The rule itself, for ranks that this test does not have. */
static void the_first_failing_rank_wins_and_one_with_a_text_comes_before(void **state) {
  struct dp_comm other = *(struct dp_comm *)*state;
  struct dp_err text = {0}, none = {0};
  dp_fail(&text, DP_RANGE, "too much");
  other.rank = 1;
  int64_t first = dp_comm_vote(&other, DP_IO, &none);
  other.rank = 3;
  int64_t third = dp_comm_vote(&other, DP_RANGE, &none), third_with_text = dp_comm_vote(&other, DP_RANGE, &text);
  assert_true(dp_comm_vote(&other, DP_OK, &none) > third);
  assert_true(first < third);
  assert_true(third_with_text < first);
  assert_int_equal(dp_comm_verdict(&other, third_with_text, &text), DP_RANGE);
  assert_string_equal(text.text, "too much");
  assert_int_equal(dp_comm_verdict(&other, first, &text), DP_IO);
  assert_string_equal(text.text, "");
}

static void a_launcher_is_known_by_what_it_sets_and_slurm_alone_is_none(void **state) {
  (void)state;
  unsetenv("OMPI_COMM_WORLD_SIZE");
  unsetenv("PMIX_RANK");
  unsetenv("PMI_RANK");
  setenv("SLURM_NTASKS", "4", 1);
  assert_false(dp_comm_launched());
  setenv("PMI_RANK", "0", 1);
  assert_true(dp_comm_launched());
  unsetenv("PMI_RANK");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_buffer_keeps_what_is_appended),
      cmocka_unit_test(one_rank_is_alone_and_its_sums_are_its_own),
      cmocka_unit_test(gather_gives_back_the_own_bytes_and_overwrites),
      cmocka_unit_test(a_message_of_a_rank_to_itself_is_refused),
      cmocka_unit_test(agreement_keeps_the_status_and_the_text),
      cmocka_unit_test(the_first_failing_rank_wins_and_one_with_a_text_comes_before),
      cmocka_unit_test(a_launcher_is_known_by_what_it_sets_and_slurm_alone_is_none),
  };
  return cmocka_run_group_tests_name("comm", tests, setup, teardown);
}
