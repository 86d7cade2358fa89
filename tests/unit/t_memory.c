/* tests/unit/t_memory.c — arrays grow without losing what is in them, and sizes that overflow are refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

static void zeros_are_zero_and_never_nothing(void **state) {
  (void)state;
  uint64_t *some = dp_zeros(1000, sizeof *some), *none = dp_zeros(0, sizeof *none);
  assert_non_null(some);
  assert_non_null(none);
  for (size_t i = 0; i < 1000; i++) assert_int_equal(some[i], 0);
  none[0] = 1; /* one element is there: the sanitizer would say if not */
  free(some);
  free(none);
}

static void growing_keeps_what_is_there(void **state) {
  (void)state;
  uint32_t *array = NULL;
  size_t cap = 0, moves = 0;
  for (size_t n = 0; n < 10000; n++) {
    const size_t before = cap;
    assert_true(dp_array_grow(&array, &cap, n, sizeof *array));
    assert_true(cap > n);
    moves += cap != before;
    array[n] = (uint32_t)n * 3;
  }
  for (size_t n = 0; n < 10000; n++) assert_int_equal(array[n], n * 3);
  assert_true(moves <= 12); /* 8 · 2^11 > 10,000 */
  assert_true(dp_array_resize(&array, 5, sizeof *array));
  for (size_t n = 0; n < 5; n++) assert_int_equal(array[n], n * 3);
  free(array);
}

static void a_size_that_overflows_changes_nothing(void **state) {
  (void)state;
  uint64_t *array = NULL, *before;
  assert_true(dp_array_resize(&array, 2, sizeof *array));
  before = array;
  array[1] = 7;
  assert_false(dp_array_resize(&array, SIZE_MAX / 4, sizeof *array));
  assert_ptr_equal(array, before);
  assert_int_equal(array[1], 7);
  size_t cap = SIZE_MAX / 4;
  assert_false(dp_array_grow(&array, &cap, cap, sizeof *array));
  assert_int_equal(cap, SIZE_MAX / 4);
  assert_null(dp_zeros(SIZE_MAX / 4, sizeof *array));
  free(array);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(zeros_are_zero_and_never_nothing),
      cmocka_unit_test(growing_keeps_what_is_there),
      cmocka_unit_test(a_size_that_overflows_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
