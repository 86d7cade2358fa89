/* tests/unit/t_hash.c — hashes equal published values and do not depend on how the bytes arrive.
 * XXH3 values: the test vectors of github.com/Cyan4973/xxHash and its ports; SplitMix64: prng.di.unimi.it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

static void bytes_hash_to_the_published_values(void **state) {
  (void)state;
  assert_true(dp_hash64(NULL, 0, 0) == UINT64_C(0x2d06800538d394c2));
  assert_true(dp_hash64("a", 1, 0) == UINT64_C(0xe6c632b61e964e1f));
  assert_true(dp_hash64("abc", 3, 0) == UINT64_C(0x78af5f94892f3950));
  assert_true(dp_hash64("abc", 3, 1) != dp_hash64("abc", 3, 0));
}

static void pieces_hash_as_the_whole(void **state) {
  (void)state;
  unsigned char bytes[5000];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 131 + i / 7);
  for (size_t step = 1; step < 1500; step = step * 3 + 1) {
    struct dp_hasher *hasher = dp_hasher_new(99);
    assert_non_null(hasher);
    for (size_t at = 0; at < sizeof bytes; at += step)
      dp_hasher_update(hasher, bytes + at, at + step < sizeof bytes ? step : sizeof bytes - at);
    assert_true(dp_hasher_value(hasher) == dp_hash64(bytes, sizeof bytes, 99));
    dp_hasher_free(hasher);
  }
  dp_hasher_free(NULL);
}

static void a_file_hashes_as_its_bytes(void **state) {
  (void)state;
  const size_t n = 1000003;
  char path[] = "/tmp/t_hash.XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  unsigned char *bytes = malloc(n);
  assert_non_null(bytes);
  for (size_t i = 0; i < n; i++) bytes[i] = (unsigned char)(i * 2654435761u >> 13);
  assert_int_equal(write(fd, bytes, n), n);
  close(fd);
  uint64_t size_bytes = 0, hash = 0;
  assert_int_equal(dp_hash_file(path, &size_bytes, &hash, NULL), DP_OK);
  assert_int_equal(size_bytes, n);
  assert_true(hash == dp_hash64(bytes, n, 0));
  free(bytes);
  unlink(path);
  struct dp_err err = {0};
  assert_int_equal(dp_hash_file(path, &size_bytes, &hash, &err), DP_IO);
  assert_non_null(strstr(err.text, path));
  err = (struct dp_err){0};
  assert_int_equal(dp_hash_file("/tmp", &size_bytes, &hash, &err), DP_IO);
}

static void mixing_ends_in_the_splitmix64_finalizer(void **state) {
  (void)state;
  /* The first three outputs of SplitMix64 with state 0: the finalizer of 1, 2 and 3 times the golden ratio. */
  const uint64_t without_constant = 0 - UINT64_C(0x632be59bd9b4e019);
  assert_true(dp_hash_mix(1, without_constant) == UINT64_C(0xe220a8397b1dcdaf));
  assert_true(dp_hash_mix(2, without_constant) == UINT64_C(0x6e789e6aa1b965f4));
  assert_true(dp_hash_mix(3, without_constant) == UINT64_C(0x06c45d188009454f));
}

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void mixing_small_words_never_collides(void **state) {
  (void)state;
  enum { SIDE = 512 };
  uint64_t *seen = malloc(sizeof *seen * SIDE * SIDE);
  assert_non_null(seen);
  for (uint64_t a = 0; a < SIDE; a++)
    for (uint64_t b = 0; b < SIDE; b++) seen[a * SIDE + b] = dp_hash_mix(a, b);
  qsort(seen, SIDE * SIDE, sizeof *seen, by_value);
  for (size_t i = 1; i < SIDE * SIDE; i++) assert_true(seen[i - 1] != seen[i]);
  free(seen);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_hash_to_the_published_values),
      cmocka_unit_test(pieces_hash_as_the_whole),
      cmocka_unit_test(a_file_hashes_as_its_bytes),
      cmocka_unit_test(mixing_ends_in_the_splitmix64_finalizer),
      cmocka_unit_test(mixing_small_words_never_collides),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
