/* tests/unit/t_pages.c — pages over a file: reading through them gives what was written, the file itself stays as it was
 * until they are applied; a plain array of bytes says what is right. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/pages.h"

#define SPACE ((size_t)20 * DP_PAGE_BYTES)
#define FILE_BYTES ((size_t)7 * DP_PAGE_BYTES + 300) /* the file ends inside a page */

/* A file, its pages, and what should be seen through them. */
struct scene {
  FILE *file;
  int fd;
  struct dp_pages pages;
  unsigned char wanted[SPACE], original[SPACE], seen[SPACE];
  uint64_t luck;
};

static size_t draw(struct scene *s, size_t below) {
  s->luck = s->luck * UINT64_C(6364136223846793005) + 1442695040888963407;
  return (size_t)(s->luck >> 33) % below;
}

static int begin(void **state) {
  struct scene *s = calloc(1, sizeof *s);
  if (!s || !(s->file = tmpfile())) return -1;
  s->fd = fileno(s->file);
  s->luck = 20240415;
  for (size_t i = 0; i < FILE_BYTES; i++) s->original[i] = (unsigned char)draw(s, 256);
  memcpy(s->wanted, s->original, SPACE);
  *state = s;
  return dp_pages_write_file(s->fd, s->original, FILE_BYTES, 0) ? 0 : -1;
}

static int end(void **state) {
  struct scene *s = *state;
  dp_pages_fini(&s->pages);
  fclose(s->file);
  free(s);
  return 0;
}

static void put(struct scene *s, size_t at, size_t size, unsigned char with) {
  memset(s->wanted + at, with, size);
  assert_true(dp_pages_put(&s->pages, s->fd, s->wanted + at, size, at));
}

/* Reads [at, at + size) through the pages and compares. */
static void see(struct scene *s, size_t at, size_t size) {
  assert_true(dp_pages_read_file(s->fd, s->seen, size, at));
  dp_pages_cover(&s->pages, s->seen, size, at);
  assert_memory_equal(s->seen, s->wanted + at, size);
}

static void file_is(struct scene *s, const unsigned char *bytes, size_t size) {
  assert_true(dp_pages_read_file(s->fd, s->seen, size, 0));
  assert_memory_equal(s->seen, bytes, size);
}

static void churn(struct scene *s, int times) {
  for (int i = 0; i < times; i++) {
    size_t at = draw(s, SPACE), size = draw(s, draw(s, 4) ? 200 : SPACE);
    put(s, at, size < SPACE - at ? size : SPACE - at, (unsigned char)draw(s, 256));
    at = draw(s, SPACE);
    see(s, at, draw(s, SPACE - at + 1));
  }
}

static void what_was_written_is_read_and_the_file_stays(void **state) {
  struct scene *s = *state;
  churn(s, 3000);
  see(s, 0, SPACE);
  file_is(s, s->original, FILE_BYTES);
  assert_int_equal(lseek(s->fd, 0, SEEK_END), FILE_BYTES);
  for (size_t i = 1; i < s->pages.n; i++) assert_true(s->pages.pages[i - 1].index < s->pages.pages[i].index);
}

static void a_whole_page_and_one_byte_beside_it(void **state) {
  struct scene *s = *state;
  put(s, 2 * DP_PAGE_BYTES, DP_PAGE_BYTES, 1);
  assert_int_equal(s->pages.n, 1);
  put(s, DP_PAGE_BYTES - 1, 1, 2);
  assert_int_equal(s->pages.n, 2);
  put(s, 0, 0, 3);
  assert_int_equal(s->pages.n, 2);
  put(s, DP_PAGE_BYTES - 1, DP_PAGE_BYTES + 2, 4); /* three pages, two of them there */
  assert_int_equal(s->pages.n, 3);
  see(s, 0, SPACE);
}

static void beyond_the_end_of_the_file_there_are_zeros(void **state) {
  struct scene *s = *state;
  put(s, FILE_BYTES + DP_PAGE_BYTES * 3 + 5, 10, 9);
  see(s, FILE_BYTES - 100, SPACE - FILE_BYTES + 100);
}

static void applied_the_file_is_what_was_seen_and_ends_where_told(void **state) {
  struct scene *s = *state;
  const size_t ends[] = {SPACE, SPACE - 1, 9 * DP_PAGE_BYTES + 17, DP_PAGE_BYTES, 1};
  churn(s, 300);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    assert_int_equal(ftruncate(s->fd, 0), 0);
    assert_true(dp_pages_write_file(s->fd, s->original, FILE_BYTES < ends[i] ? FILE_BYTES : ends[i], 0));
    assert_true(dp_pages_apply(&s->pages, s->fd, ends[i]));
    assert_true(lseek(s->fd, 0, SEEK_END) <= (off_t)ends[i]);
    file_is(s, s->wanted, ends[i]);
  }
}

static void packed_and_unpacked_they_are_the_same(void **state) {
  struct scene *s = *state;
  struct dp_buffer packed = {0};
  struct dp_pages again = {0};
  churn(s, 100);
  assert_int_equal(dp_pages_pack(&s->pages, &packed, NULL), DP_OK);
  struct dp_reader in = {packed.data, packed.len};
  assert_int_equal(dp_pages_unpack(&again, &in, NULL), DP_OK);
  assert_int_equal(in.left, 0);
  dp_pages_fini(&s->pages);
  s->pages = again;
  see(s, 0, SPACE);
  dp_buffer_fini(&packed);
}

static void pages_that_are_cut_short_or_in_disorder_are_refused(void **state) {
  struct scene *s = *state;
  struct dp_buffer packed = {0};
  put(s, 100, 1, 1);
  put(s, 5000, 1, 2);
  assert_int_equal(dp_pages_pack(&s->pages, &packed, NULL), DP_OK);
  for (size_t len = 0; len < packed.len; len += len % 97 + 1) {
    struct dp_pages again = {0};
    struct dp_err err = {0};
    struct dp_reader in = {packed.data, len};
    assert_int_equal(dp_pages_unpack(&again, &in, &err), DP_FORMAT);
    assert_true(err.text[0] != '\0');
    dp_pages_fini(&again);
  }
  const uint64_t wrong[] = {0, UINT64_MAX, INT64_MAX / DP_PAGE_BYTES}; /* the first page again; beyond every file */
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct dp_pages again = {0};
    memcpy(packed.data + sizeof(uint64_t) * 2 + DP_PAGE_BYTES, &wrong[i], sizeof wrong[i]);
    struct dp_reader in = {packed.data, packed.len};
    assert_int_equal(dp_pages_unpack(&again, &in, NULL), DP_FORMAT);
    dp_pages_fini(&again);
  }
  dp_buffer_fini(&packed);
}

static void a_file_that_cannot_be_read_or_written_fails(void **state) {
  struct scene *s = *state;
  assert_false(dp_pages_put(&s->pages, -1, "x", 1, 100));
  assert_false(dp_pages_read_file(-1, s->seen, 1, 0));
  assert_false(dp_pages_write_file(-1, s->seen, 1, 0));
  assert_false(dp_pages_apply(&s->pages, -1, SPACE));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_was_written_is_read_and_the_file_stays, begin, end),
      cmocka_unit_test_setup_teardown(a_whole_page_and_one_byte_beside_it, begin, end),
      cmocka_unit_test_setup_teardown(beyond_the_end_of_the_file_there_are_zeros, begin, end),
      cmocka_unit_test_setup_teardown(applied_the_file_is_what_was_seen_and_ends_where_told, begin, end),
      cmocka_unit_test_setup_teardown(packed_and_unpacked_they_are_the_same, begin, end),
      cmocka_unit_test_setup_teardown(pages_that_are_cut_short_or_in_disorder_are_refused, begin, end),
      cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_or_written_fails, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
