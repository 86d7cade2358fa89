/* tests/unit/t_status.c — statuses carry the exit codes of the manual; the first error wins. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "base/status.h"

static void exit_codes_are_those_of_the_manual(void **state) {
  (void)state;
  assert_int_equal(dp_status_exit_code(DP_OK), 0);
  assert_int_equal(dp_status_exit_code(DP_FAILED), 1);
  assert_int_equal(dp_status_exit_code(DP_USAGE), 2);
  assert_int_equal(dp_status_exit_code(DP_SCENARIO), 2);
  assert_int_equal(dp_status_exit_code(DP_RANGE), 2);
  assert_int_equal(dp_status_exit_code(DP_IO), 3);
  assert_int_equal(dp_status_exit_code(DP_FORMAT), 3);
  assert_int_equal(dp_status_exit_code(DP_INVARIANT), 4);
  assert_int_equal(dp_status_exit_code(DP_WALL_LIMIT), 75);
  assert_int_equal(dp_status_exit_code(DP_INTERRUPTED), 130);
  assert_int_equal(dp_status_exit_code((enum dp_status)999), 1);
}

static void every_status_has_a_text(void **state) {
  (void)state;
  for (int s = DP_OK; s <= DP_INTERRUPTED; s++) assert_true(strlen(dp_status_text((enum dp_status)s)) > 3);
  assert_non_null(dp_status_text((enum dp_status)999));
}

static void the_first_error_stays(void **state) {
  (void)state;
  struct dp_err err = {0};
  assert_int_equal(dp_fail(&err, DP_IO, "no %s", "bread"), DP_IO);
  assert_int_equal(dp_fail(&err, DP_RANGE, "later"), DP_RANGE);
  assert_int_equal(err.status, DP_IO);
  assert_string_equal(err.text, "no bread");
  assert_int_equal(dp_fail(NULL, DP_FORMAT, "nobody listens"), DP_FORMAT);
}

static void a_prefix_goes_in_front(void **state) {
  (void)state;
  struct dp_err err = {0};
  dp_fail(&err, DP_FORMAT, "bad row");
  dp_err_prefix(&err, "%s:%d: ", "a.csv", 7);
  assert_string_equal(err.text, "a.csv:7: bad row");
  dp_err_prefix(NULL, "nobody listens");
}

static void long_messages_are_cut_between_characters(void **state) {
  (void)state;
  char wide[4096];
  for (size_t i = 0; i + 2 < sizeof wide; i += 3) memcpy(wide + i, "≥", 3);
  wide[sizeof wide - 1 - (sizeof wide - 1) % 3] = '\0';
  for (int shift = 0; shift < 3; shift++) {
    struct dp_err err = {0};
    dp_fail(&err, DP_FORMAT, "%.*s%s", shift, "ab", wide);
    size_t n = strlen(err.text);
    assert_true(n < sizeof err.text && n > sizeof err.text - 8);
    assert_memory_equal(err.text + n - 3, "≥", 3);
    dp_err_prefix(&err, "%s", "file: ");
    n = strlen(err.text);
    assert_true(n < sizeof err.text);
    assert_memory_equal(err.text + n - 3, "≥", 3);
    assert_memory_equal(err.text, "file: ", 6);
  }
}

static enum dp_status tries(enum dp_status status, int *reached) {
  DP_TRY(status);
  *reached = 1;
  return DP_OK;
}

static void try_leaves_only_on_an_error(void **state) {
  (void)state;
  int reached = 0;
  assert_int_equal(tries(DP_NOMEM, &reached), DP_NOMEM);
  assert_int_equal(reached, 0);
  assert_int_equal(tries(DP_OK, &reached), DP_OK);
  assert_int_equal(reached, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exit_codes_are_those_of_the_manual),
      cmocka_unit_test(every_status_has_a_text),
      cmocka_unit_test(the_first_error_stays),
      cmocka_unit_test(a_prefix_goes_in_front),
      cmocka_unit_test(long_messages_are_cut_between_characters),
      cmocka_unit_test(try_leaves_only_on_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
