/* tests/unit/t_csv.c — tables and lines: the cases of RFC 4180, gzip, line numbers, a clear error for a broken file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/csv.h"

static char file_path[] = "/tmp/t_csv.XXXXXX";

static int make_file(void **state) {
  (void)state;
  int fd = mkstemp(file_path);
  return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state) {
  (void)state;
  return unlink(file_path);
}

static void put(const char *bytes, size_t n) {
  FILE *f = fopen(file_path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

static void put_gzip(const char *bytes, size_t n) {
  gzFile f = gzopen(file_path, "wb");
  assert_non_null(f);
  assert_int_equal(gzwrite(f, bytes, (unsigned)n), n);
  assert_int_equal(gzclose(f), Z_OK);
}

static void put_text(const char *text) { put(text, strlen(text)); }

static struct dp_csv *open_right(char delimiter) {
  struct dp_csv *csv = NULL;
  struct dp_err err = {0};
  enum dp_status status = dp_csv_open(file_path, delimiter, &csv, &err);
  if (status != DP_OK) fail_msg("%s", err.text);
  return csv;
}

/* Reads the file to its end and asserts that it is refused, with the path first and `part` in the message. */
static void refused(const char *part) {
  struct dp_csv *csv = NULL;
  struct dp_err err = {0};
  bool eof = false;
  enum dp_status status = dp_csv_open(file_path, ',', &csv, &err);
  while (status == DP_OK && !eof) status = dp_csv_next(csv, NULL, &eof, &err);
  dp_csv_close(csv);
  assert_int_equal(status, DP_FORMAT);
  assert_int_equal(err.status, DP_FORMAT);
  assert_memory_equal(err.text, file_path, strlen(file_path));
  if (strstr(err.text, part) == NULL) fail_msg("'%s' lacks '%s'", err.text, part);
}

static void next_is(struct dp_csv *csv, int64_t line, size_t n, const char *const *fields) {
  struct dp_csv_row row;
  struct dp_err err = {0};
  bool eof = true;
  if (dp_csv_next(csv, &row, &eof, &err) != DP_OK) fail_msg("%s", err.text);
  assert_false(eof);
  assert_int_equal(row.line, line);
  assert_int_equal(dp_csv_line(csv), line);
  assert_int_equal(row.n, n);
  for (size_t i = 0; i < n; i++) {
    assert_string_equal(row.fields[i], fields[i]);
    assert_int_equal(row.lens[i], strlen(fields[i]));
    assert_string_equal(dp_csv_text(csv, (int)i), fields[i]);
  }
}

static void ends(struct dp_csv *csv) {
  struct dp_csv_row row;
  bool eof = false;
  assert_int_equal(dp_csv_next(csv, &row, &eof, NULL), DP_OK);
  assert_true(eof);
  assert_int_equal(row.n, 0);
  assert_int_equal(dp_csv_next(csv, &row, &eof, NULL), DP_OK);
  assert_true(eof);
  dp_csv_close(csv);
}

static const char TRICKY[] =
    "\xEF\xBB\xBF" "a,\"b \"\"x\"\"\",c\r\n"
    "1,2,3\r\n"
    "\"comma, inside\",\"quote \"\" inside\",\"two\r\nlines\"\r\n"
    ",\"\",  blanks kept  \n"
    "\n\r\n"
    "ä,λ,last";

static void read_tricky(void) {
  struct dp_csv *csv = open_right(',');
  assert_int_equal(dp_csv_columns_n(csv), 3);
  assert_string_equal(dp_csv_column_name(csv, 0), "a");
  assert_string_equal(dp_csv_column_name(csv, 1), "b \"x\"");
  assert_int_equal(dp_csv_column(csv, "c"), 2);
  assert_int_equal(dp_csv_column(csv, "C"), -1);
  next_is(csv, 2, 3, (const char *const[]){"1", "2", "3"});
  next_is(csv, 3, 3, (const char *const[]){"comma, inside", "quote \" inside", "two\r\nlines"});
  next_is(csv, 5, 3, (const char *const[]){"", "", "  blanks kept  "});
  next_is(csv, 8, 3, (const char *const[]){"ä", "λ", "last"});
  assert_int_equal(dp_csv_rows_n(csv), 4);
  ends(csv);
}

static void rfc_4180_cases_are_read_with_their_lines(void **state) {
  (void)state;
  put(TRICKY, sizeof TRICKY - 1);
  read_tricky();
}

static void gzip_reads_as_plain(void **state) {
  (void)state;
  put_gzip(TRICKY, sizeof TRICKY - 1);
  read_tricky();
}

static void tabs_are_found_or_told(void **state) {
  (void)state;
  put_text("x\ty\n1,5\t2\n");
  struct dp_csv *csv = open_right(0);
  next_is(csv, 2, 2, (const char *const[]){"1,5", "2"});
  ends(csv);
  put_text("x,y\tz\n1,2\n");
  csv = open_right(0);
  next_is(csv, 2, 2, (const char *const[]){"1", "2"});
  ends(csv);
  put_text("x;y\n1;\n");
  csv = open_right(';');
  next_is(csv, 2, 2, (const char *const[]){"1", ""});
  ends(csv);
}

static void a_header_alone_is_a_table_without_records(void **state) {
  (void)state;
  put_text("x,y");
  struct dp_csv *csv = open_right(',');
  assert_int_equal(dp_csv_columns_n(csv), 2);
  ends(csv);
}

static void a_reader_opened_again_goes_on_at_its_position(void **state) {
  (void)state;
  put_text("x,y\n1,a\n\n2,\"b\nb\"\n3,c\n4,d\n");
  struct dp_csv *csv = open_right(',');
  next_is(csv, 2, 2, (const char *const[]){"1", "a"});
  next_is(csv, 4, 2, (const char *const[]){"2", "b\nb"});
  int64_t position = dp_csv_rows_n(csv);
  dp_csv_close(csv);
  csv = open_right(',');
  assert_int_equal(dp_csv_skip(csv, position, NULL), DP_OK);
  next_is(csv, 6, 2, (const char *const[]){"3", "c"});
  struct dp_err err = {0};
  assert_int_equal(dp_csv_skip(csv, 2, &err), DP_FORMAT);
  assert_non_null(strstr(err.text, "only 4 records where 5 are needed"));
  dp_csv_close(csv);
}

static void many_records_cross_every_buffer(void **state) {
  (void)state;
  enum { N = 100000 };
  char *big = malloc(64 * N);
  assert_non_null(big);
  size_t n = (size_t)sprintf(big, "k,text\n");
  static const char digits[] = "0123456789012345678901234567890123456789";
  for (int i = 0; i < N; i++) n += (size_t)sprintf(big + n, "%d,\"%.*s\"\r\n", i, i % 37, digits);
  for (int gzip = 0; gzip < 2; gzip++) {
    if (gzip) put_gzip(big, n);
    else put(big, n);
    struct dp_csv *csv = open_right(0);
    bool eof = false;
    for (int i = 0; i < N; i++) {
      struct dp_csv_row row;
      int64_t k = -1;
      assert_int_equal(dp_csv_next(csv, &row, &eof, NULL), DP_OK);
      assert_false(eof);
      assert_int_equal(dp_csv_i64(csv, 0, 0, N, &k, NULL), DP_OK);
      assert_int_equal(k, i);
      assert_int_equal(row.lens[1], i % 37);
      assert_int_equal(row.line, i + 2);
    }
    ends(csv);
  }
  free(big);
}

static void fields_become_numbers_or_say_why(void **state) {
  (void)state;
  put_text("name,n,when\nx,12,2024-04-15\ny,abc,soon\n");
  struct dp_csv *csv = open_right(',');
  bool eof;
  int64_t i = 0, ns = 0;
  double f = 0;
  assert_int_equal(dp_csv_next(csv, NULL, &eof, NULL), DP_OK);
  assert_int_equal(dp_csv_i64(csv, 1, 0, 100, &i, NULL), DP_OK);
  assert_int_equal(dp_csv_f64(csv, 1, 0, 100, &f, NULL), DP_OK);
  assert_int_equal(dp_csv_date_ns(csv, 2, &ns, NULL), DP_OK);
  assert_true(i == 12 && f == 12 && ns == INT64_C(1713139200000000000));
  assert_int_equal(dp_csv_next(csv, NULL, &eof, NULL), DP_OK);
  struct dp_err err = {0};
  char want[200];
  assert_int_equal(dp_csv_f64(csv, 1, 0, (double)INFINITY, &f, &err), DP_FORMAT);
  snprintf(want, sizeof want, "%s:3: column 'n': 'abc' is not a number (a number ≥ 0 is needed)", file_path);
  assert_string_equal(err.text, want);
  assert_int_equal(dp_csv_i64(csv, 1, 0, 9, &i, NULL), DP_FORMAT);
  assert_int_equal(dp_csv_date_ns(csv, 2, &ns, NULL), DP_FORMAT);
  err = (struct dp_err){0};
  assert_int_equal(dp_csv_fail(csv, -1, &err, "goes back in time"), DP_FORMAT);
  snprintf(want, sizeof want, "%s:3: goes back in time", file_path);
  assert_string_equal(err.text, want);
  int column = -1;
  err = (struct dp_err){0};
  assert_int_equal(dp_csv_need_column(csv, "when", &column, &err), DP_OK);
  assert_int_equal(column, 2);
  assert_int_equal(dp_csv_need_column(csv, "Names", &column, &err), DP_FORMAT);
  assert_non_null(strstr(err.text, ":1: there is no column 'Names' (rename 'name' to it? the columns are "
                                   "'name', 'n', 'when')"));
  dp_csv_close(csv);
}

static void broken_tables_are_refused_with_their_line(void **state) {
  (void)state;
  put_text("x,y\n1,2\n\n3\n");
  refused(":4: 1 field where the header has 2 (a value for each of 'x', 'y' is needed)");
  put_text("x,y\n1,2,3\n");
  refused(":2: 3 fields where the header has 2");
  put_text("x,y\n1,2\n\"3,4\n5,6\n");
  refused(":3: a quote opens in this record and is not closed");
  put_text("x,y\n1,2\n3,\"4\"5\n");
  refused(":3: a quote in the middle of a field");
  put_text("x,y\n1,4\"5\n");
  refused(":2: a quote in the middle of a field");
  put_text("x,y\r1,2\r");
  refused(":1: a carriage return inside a line");
  put_text("x,y\n1,2\r3,4\n");
  refused(":2: a carriage return inside a line");
  put_text("x,y,x\n");
  refused(":1: the header names column 'x' twice");
  put("x,y\n1,2\n3,\0\n", 12);
  refused(":3: a NUL byte");
  put("\xFF\xFEx\0,\0", 6);
  refused(":1: a NUL byte");
  put_text("\n\r\n\n");
  refused("only empty lines");
  put_text("");
  refused("the file is empty");
  put_text("\xEF\xBB\xBF");
  refused("the file is empty");
  put_gzip("", 0);
  refused("the file is empty");
}

static void fields_and_headers_without_end_are_refused(void **state) {
  (void)state;
  size_t n = 4 << 20;
  char *big = malloc(n);
  assert_non_null(big);
  memset(big, 'z', n);
  memcpy(big, "x\n", 2);
  put(big, DP_CSV_FIELD_MAX + 2);
  struct dp_csv *csv = open_right(',');
  bool eof = true;
  assert_int_equal(dp_csv_next(csv, NULL, &eof, NULL), DP_OK);
  assert_false(eof);
  ends(csv);
  put(big, DP_CSV_FIELD_MAX + 3);
  refused(":2: a field is longer than 1 MiB");
  for (size_t i = 5; i < n; i += 5) big[i] = '\n';
  memcpy(big, "x\n\"", 3); /* a quote that is never closed, over many lines */
  put(big, n);
  refused(":2: a field is longer than 1 MiB");
  memset(big, ',', n);
  put(big, n);
  refused(":1: more than 4096 columns");
  memcpy(big, "a,b\n", 4);
  put(big, n);
  refused(":2: 4194301 fields where the header has 2");
  free(big);
}

static void cut_and_damaged_gzip_is_refused(void **state) {
  (void)state;
  char text[60000], packed[60000];
  size_t n = (size_t)sprintf(text, "x,y\n");
  uint64_t x = 88172645463325252u;
  while (n < sizeof text - 60) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    n += (size_t)sprintf(text + n, "%llu,%d\n", (unsigned long long)x, 7);
  }
  put_gzip(text, n);
  FILE *f = fopen(file_path, "rb");
  assert_non_null(f);
  size_t size = fread(packed, 1, sizeof packed, f);
  fclose(f);
  assert_true(size > 1000 && size < sizeof packed);
  put(packed, size / 2);
  refused("the gzip file is cut short");
  put(packed, 5);
  refused("the gzip file is cut short");
  put(packed, size - 3);
  refused("the gzip file is cut short");
  packed[size / 2] = (char)(packed[size / 2] ^ 0x55);
  put(packed, size);
  refused("");
}

static void paths_that_are_no_file_are_io_errors(void **state) {
  (void)state;
  struct dp_csv *csv = (struct dp_csv *)1;
  struct dp_err err = {0};
  assert_int_equal(dp_csv_open("/tmp/t_csv.is/not/here", ',', &csv, &err), DP_IO);
  assert_null(csv);
  assert_non_null(strstr(err.text, "/tmp/t_csv.is/not/here: cannot be opened: No such file"));
  err = (struct dp_err){0};
  assert_int_equal(dp_csv_open("/tmp", ',', &csv, &err), DP_IO);
  assert_non_null(strstr(err.text, "is a directory"));
  assert_null(csv);
  dp_csv_close(NULL);
  dp_lines_close(NULL);
}

static void line_is(struct dp_lines *lines, int64_t number, const char *want) {
  char *text = NULL;
  size_t len = 0;
  bool eof = true;
  assert_int_equal(dp_lines_next(lines, &text, &len, &eof, NULL), DP_OK);
  assert_false(eof);
  assert_string_equal(text, want);
  assert_int_equal(len, strlen(want));
  assert_int_equal(dp_lines_number(lines), number);
}

static void lines_come_without_their_ends(void **state) {
  (void)state;
  put_gzip("{\"a\": 1}\r\n\n\r\r\nlast", 18);
  struct dp_lines *lines = NULL;
  assert_int_equal(dp_lines_open(file_path, &lines, NULL), DP_OK);
  assert_int_equal(dp_lines_number(lines), 0);
  line_is(lines, 1, "{\"a\": 1}");
  line_is(lines, 2, "");
  line_is(lines, 3, "\r");
  struct dp_err err = {0};
  assert_int_equal(dp_lines_fail(lines, &err, DP_FORMAT, "no %s", "key"), DP_FORMAT);
  assert_non_null(strstr(err.text, ":3: no key"));
  line_is(lines, 4, "last");
  char *text;
  size_t len;
  bool eof = false;
  assert_int_equal(dp_lines_next(lines, &text, &len, &eof, NULL), DP_OK);
  assert_true(eof);
  assert_null(text);
  dp_lines_close(lines);
  assert_int_equal(dp_lines_open(file_path, &lines, NULL), DP_OK);
  assert_int_equal(dp_lines_skip(lines, 3, NULL), DP_OK);
  line_is(lines, 4, "last");
  err = (struct dp_err){0};
  assert_int_equal(dp_lines_skip(lines, 1, &err), DP_FORMAT);
  assert_non_null(strstr(err.text, "only 4 lines where 5 are needed"));
  dp_lines_close(lines);
}

static void lines_up_to_16_mib_are_read_and_no_longer_ones(void **state) {
  (void)state;
  size_t n = DP_LINE_MAX + 1;
  char *big = malloc(n + 1);
  assert_non_null(big);
  memset(big, 'z', n);
  big[n - 1] = '\n';
  struct dp_lines *lines = NULL;
  for (size_t lf = 0; lf < 2; lf++) { /* the longest line, without and with its LF */
    char *text = NULL;
    size_t len = 0;
    bool eof = true;
    put(big, n - 1 + lf);
    assert_int_equal(dp_lines_open(file_path, &lines, NULL), DP_OK);
    assert_int_equal(dp_lines_next(lines, &text, &len, &eof, NULL), DP_OK);
    assert_int_equal(len, DP_LINE_MAX);
    assert_int_equal(text[len - 1], 'z');
    assert_int_equal(dp_lines_next(lines, &text, &len, &eof, NULL), DP_OK);
    assert_true(eof);
    dp_lines_close(lines);
  }
  memset(big, 'z', n + 1);
  put(big, n + 1);
  struct dp_err err = {0};
  char *text;
  size_t len;
  bool eof;
  assert_int_equal(dp_lines_open(file_path, &lines, NULL), DP_OK);
  assert_int_equal(dp_lines_next(lines, &text, &len, &eof, &err), DP_FORMAT);
  assert_non_null(strstr(err.text, ":1: a line is longer than 16 MiB"));
  dp_lines_close(lines);
  free(big);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rfc_4180_cases_are_read_with_their_lines),
      cmocka_unit_test(gzip_reads_as_plain),
      cmocka_unit_test(tabs_are_found_or_told),
      cmocka_unit_test(a_header_alone_is_a_table_without_records),
      cmocka_unit_test(a_reader_opened_again_goes_on_at_its_position),
      cmocka_unit_test(many_records_cross_every_buffer),
      cmocka_unit_test(fields_become_numbers_or_say_why),
      cmocka_unit_test(broken_tables_are_refused_with_their_line),
      cmocka_unit_test(fields_and_headers_without_end_are_refused),
      cmocka_unit_test(cut_and_damaged_gzip_is_refused),
      cmocka_unit_test(paths_that_are_no_file_are_io_errors),
      cmocka_unit_test(lines_come_without_their_ends),
      cmocka_unit_test(lines_up_to_16_mib_are_read_and_no_longer_ones),
  };
  return cmocka_run_group_tests(tests, make_file, remove_file);
}
