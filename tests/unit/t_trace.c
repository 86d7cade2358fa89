/* The trace reader: real files against counts and sums that Python's csv and json modules gave; small files for each
 * form and each fault. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "real_data.h"
#include "workload/trace.h"

static char folder[] = "/tmp/t_trace.XXXXXX";
static char path[128];

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(path);
  return rmdir(folder);
}

/* Writes a file of `n` bytes and gives its path (one file at a time). */
static const char *file_of(const void *bytes, size_t n) {
  if (path[0]) unlink(path);
  snprintf(path, sizeof path, "%s/trace", folder);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
  return path;
}

static const char *text_file(const char *text) { return file_of(text, strlen(text)); }

static void check_real(const char *name, int64_t rows, int64_t prompts, int64_t outputs, int64_t span_ns) {
  char real[512];
  struct dp_trace_summary s;
  struct dp_err err = {0};
  if (!real_data(name, real, sizeof real)) skip();
  if (dp_trace_scan(real, &s, &err) != DP_OK) fail_msg("%s", err.text);
  assert_int_equal(s.rows_n, rows);
  assert_int_equal(s.prompt_sum, prompts);
  assert_int_equal(s.output_sum, outputs);
  assert_int_equal(s.span_ns, span_ns);
  struct stat st;
  assert_int_equal(stat(real, &st), 0);
  assert_int_equal(s.size_bytes, st.st_size);
}

static void azure_conversation_counts_are_those_of_python(void **state) {
  (void)state;
  check_real("llm_inference/AzureLLMInferenceTrace_conv.csv", 9754, 12072473, 2156570, INT64_C(1753257140000));
}

static void azure_code_counts_are_those_of_python(void **state) {
  (void)state;
  check_real("llm_inference/AzureLLMInferenceTrace_code.csv", 5100, 10466496, 139352, INT64_C(1645852656000));
}

static void mooncake_json_counts_are_those_of_python(void **state) {
  (void)state;
  check_real("llm_inference/mooncake_conversation.jsonl", 5719, 73604194, 1977204, INT64_C(1797000000000));
}

static void mooncake_table_counts_are_those_of_python(void **state) {
  (void)state;
  check_real("llm_inference/mooncake_conversation_flat.csv", 5719, 73604194, 1977204, INT64_C(1797000000000));
}

static void expect_row(struct dp_trace *t, int64_t time_ns, int64_t prompt_n, int64_t output_n, const char *region) {
  struct dp_trace_row row;
  struct dp_err err = {0};
  bool eof;
  if (dp_trace_next(t, &row, &eof, &err) != DP_OK) fail_msg("%s", err.text);
  assert_false(eof);
  assert_int_equal(row.time_ns, time_ns);
  assert_int_equal(row.prompt_n, prompt_n);
  assert_int_equal(row.output_n, output_n);
  assert_string_equal(row.region, region);
}

static void expect_end(struct dp_trace *t) {
  struct dp_trace_row row;
  bool eof;
  assert_int_equal(dp_trace_next(t, &row, &eof, NULL), DP_OK);
  assert_true(eof);
  dp_trace_close(t);
}

static struct dp_trace *open_text(const char *text, const char *form) {
  struct dp_trace *t;
  struct dp_err err = {0};
  if (dp_trace_open(text_file(text), &t, &err) != DP_OK) fail_msg("%s", err.text);
  assert_string_equal(dp_trace_form(t), form);
  return t;
}

static void azure_times_are_exact_to_the_hundred_nanoseconds_over_midnight(void **state) {
  (void)state;
  struct dp_trace *t = open_text("TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
                                 "2023-12-31 23:59:59.9999999,1,2\r\n"
                                 "2024-01-01 00:00:00.0000000,3,4\r\n"
                                 "2024-01-01T00:00:01+00:00,5,6", "azure");
  expect_row(t, 0, 1, 2, "");
  expect_row(t, 100, 3, 4, "");
  expect_row(t, 1000000100, 5, 6, "");
  assert_int_equal(dp_trace_line(t), 4);
  expect_end(t);
}

static void plain_tables_may_reorder_columns_and_name_regions(void **state) {
  (void)state;
  struct dp_trace *t = open_text("region,output_tokens,time_s,note,prompt_tokens\n"
                                 "eu,7,10.5,\"a,b\",100\n"
                                 "us,8,10.500000001,,200\n"
                                 ",9,1.05e1,,300\n", "plain");
  expect_row(t, 0, 100, 7, "eu");
  expect_row(t, 1, 200, 8, "us");
  struct dp_trace_row row;
  struct dp_err err = {0};
  bool eof;
  assert_int_equal(dp_trace_next(t, &row, &eof, &err), DP_FORMAT); /* 10.5 after 10.500000001 */
  assert_non_null(strstr(err.text, "trace:4: "));
  dp_trace_close(t);
}

static void mooncake_lines_pass_over_what_they_do_not_need(void **state) {
  (void)state;
  struct dp_trace *t = open_text(
      "\n{\"timestamp\": 27, \"input_length\": 10, \"output_length\": 2, \"hash_ids\": [0, 1]}\n"
      "\n{\"output_length\": 3, \"timestamp\": 30, \"input_length\": 11, \"region\": \"jp\"}\n", "mooncake");
  expect_row(t, 0, 10, 2, "");
  expect_row(t, 3000000, 11, 3, "jp");
  expect_end(t);
}

static void a_gzip_trace_reads_like_the_plain_one(void **state) {
  (void)state;
  const char *text = "timestamp,input_length,output_length\n0,5,6\n1500,7,8\n";
  text_file(text);
  gzFile z = gzopen(path, "wb");
  assert_true(gzputs(z, text) > 0);
  assert_int_equal(gzclose(z), Z_OK);
  struct dp_trace *t;
  assert_int_equal(dp_trace_open(path, &t, NULL), DP_OK);
  expect_row(t, 0, 5, 6, "");
  expect_row(t, INT64_C(1500000000), 7, 8, "");
  expect_end(t);
}

static void skip_goes_on_where_another_reader_stood(void **state) {
  (void)state;
  const char *text = "time_s,prompt_tokens,output_tokens\n5,1,1\n6,2,2\n8,3,3\n";
  struct dp_trace *t = open_text(text, "plain");
  assert_int_equal(dp_trace_skip(t, 2, NULL), DP_OK);
  assert_int_equal(dp_trace_rows_n(t), 2);
  expect_row(t, INT64_C(3000000000), 3, 3, "");
  expect_end(t);
  struct dp_err err = {0};
  t = open_text(text, "plain");
  assert_int_equal(dp_trace_skip(t, 4, &err), DP_FORMAT);
  assert_non_null(strstr(err.text, "after 3 requests"));
  dp_trace_close(t);
}

/* The file must be refused with a message that holds each of the two texts. */
static void refuse(const char *file, enum dp_status status, const char *where, const char *what) {
  struct dp_trace_summary s = {.rows_n = -1};
  struct dp_err err = {0};
  enum dp_status got = dp_trace_scan(file, &s, &err);
  if (got != status || !strstr(err.text, where) || !strstr(err.text, what))
    fail_msg("status %d, message '%s' (wanted %d, '%s' and '%s')", (int)got, err.text, (int)status, where, what);
  assert_int_equal(s.rows_n, -1);
}

static void broken_files_are_refused_with_the_reason(void **state) {
  (void)state;
  static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
  refuse("/nowhere/trace.csv", DP_IO, "/nowhere/trace.csv", "No such file");
  refuse("/tmp", DP_IO, "/tmp", "irectory");
  refuse(text_file(""), DP_FORMAT, "trace", "empty");
  refuse(file_of(png, sizeof png - 1), DP_FORMAT, "trace", "binary");
  refuse(text_file("time_s,prompt_tokens,output_tokens\n"), DP_FORMAT, "trace:1: ", "no request");
  refuse(text_file("[{\"timestamp\": 0}]\n"), DP_FORMAT, "trace:1: ", "one JSON object a line");
}

static void wrong_columns_are_refused_with_the_right_ones(void **state) {
  (void)state;
  refuse(text_file("a,b,c\n1,2,3\n"), DP_FORMAT, "trace:1: ", "ContextTokens");
  refuse(text_file("TIMESTAMP,ContextToken,GeneratedTokens\n"), DP_FORMAT, "'ContextTokens'", "'ContextToken'");
  refuse(text_file("time,prompt_tokens,output_tokens\n0,1,1\n"), DP_FORMAT, "'time_s'", "'time'");
  refuse(text_file("timestamp,input_length\n0,1\n"), DP_FORMAT, "trace:1: ", "output_length");
  refuse(text_file("time_s,prompt_tokens,output_tokens\n0,1\n"), DP_FORMAT, "trace:2: ", "2 fields");
}

#define PLAIN "time_s,prompt_tokens,output_tokens\n0,1,1\n"

static void broken_rows_are_refused_with_their_line(void **state) {
  (void)state;
  refuse(text_file(PLAIN "1,-5,1\n"), DP_FORMAT, "trace:3: ", "prompt_tokens");
  refuse(text_file(PLAIN "1,5,0\n"), DP_FORMAT, "trace:3: ", "output_tokens");
  refuse(text_file(PLAIN "1,2.5,1\n"), DP_FORMAT, "trace:3: ", "2.5");
  refuse(text_file(PLAIN "1,10000001,1\n"), DP_FORMAT, "trace:3: ", "10000001");
  refuse(text_file(PLAIN "1,,1\n"), DP_FORMAT, "trace:3: ", "prompt_tokens");
  refuse(text_file(PLAIN "nan,1,1\n"), DP_FORMAT, "trace:3: ", "'nan' is not a time");
  refuse(text_file(PLAIN "-1,1,1\n"), DP_FORMAT, "trace:3: ", "not a time");
  refuse(text_file(PLAIN "1e300,1,1\n"), DP_FORMAT, "trace:3: ", "not a time");
  refuse(text_file(PLAIN "1h,1,1\n"), DP_FORMAT, "trace:3: ", "not a time");
  refuse(text_file("time_s,prompt_tokens,output_tokens\n1,1,1\n0.5,1,1\n"), DP_FORMAT, "trace:3: ", "sort by time");
  refuse(text_file("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-13-01 00:00:00,1,1\n"), DP_FORMAT, "trace:2: ",
         "TIMESTAMP");
  refuse(text_file("timestamp,input_length,output_length\n1.5,1,1\n"), DP_FORMAT, "trace:2: ", "timestamp");
}

#define OBJECT_OF(ms, prompt) "{\"timestamp\": " ms ", \"input_length\": " prompt ", \"output_length\": 1}\n"
#define OBJECT OBJECT_OF("1", "1")

static void broken_json_lines_are_refused_with_their_line(void **state) {
  (void)state;
  refuse(text_file(OBJECT "{\"timestamp\": 1, \"input_len"), DP_FORMAT, "trace:2: ", "broken JSON");
  refuse(text_file(OBJECT "{\"timestamp\": NaN}\n"), DP_FORMAT, "trace:2: ", "broken JSON");
  refuse(text_file(OBJECT "\n7\n"), DP_FORMAT, "trace:3: ", "object");
  refuse(text_file(OBJECT "{\"timestamp\": 1, \"output_length\": 1}\n"), DP_FORMAT, "trace:2: ", "input_length");
  refuse(text_file(OBJECT OBJECT_OF("1", "-3")), DP_FORMAT, "trace:2: ", "input_length");
  refuse(text_file(OBJECT OBJECT_OF("1", "\"3\"")), DP_FORMAT, "trace:2: ", "whole");
  refuse(text_file(OBJECT OBJECT_OF("0", "1")), DP_FORMAT, "trace:2: ", "sort");
  refuse(text_file(OBJECT OBJECT_OF("9300000000000000", "1")), DP_FORMAT, "trace:2: ", "timestamp");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(azure_conversation_counts_are_those_of_python),
      cmocka_unit_test(azure_code_counts_are_those_of_python),
      cmocka_unit_test(mooncake_json_counts_are_those_of_python),
      cmocka_unit_test(mooncake_table_counts_are_those_of_python),
      cmocka_unit_test(azure_times_are_exact_to_the_hundred_nanoseconds_over_midnight),
      cmocka_unit_test(plain_tables_may_reorder_columns_and_name_regions),
      cmocka_unit_test(mooncake_lines_pass_over_what_they_do_not_need),
      cmocka_unit_test(a_gzip_trace_reads_like_the_plain_one),
      cmocka_unit_test(skip_goes_on_where_another_reader_stood),
      cmocka_unit_test(broken_files_are_refused_with_the_reason),
      cmocka_unit_test(wrong_columns_are_refused_with_the_right_ones),
      cmocka_unit_test(broken_rows_are_refused_with_their_line),
      cmocka_unit_test(broken_json_lines_are_refused_with_their_line),
  };
  return cmocka_run_group_tests_name("trace", tests, make_folder, remove_folder);
}
