/* tests/unit/t_str.c — growable text, suggestions, and strict numbers, durations and dates.
 * The epochs of dates were computed with Python's datetime module. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "base/str.h"

#define S DP_NS_PER_S

static void text_grows_and_is_handed_over(void **state) {
  (void)state;
  struct dp_str s;
  dp_str_init(&s);
  assert_string_equal(dp_str_text(&s), "");
  for (int i = 0; i < 1000; i++) dp_str_printf(&s, "%03d,", i);
  dp_str_append(&s, "end");
  dp_str_append_n(&s, "\0!", 2);
  assert_int_equal(s.len, 4005);
  assert_memory_equal(s.data, "000,001,002,", 12);
  assert_memory_equal(s.data + 4000, "end\0!", 6);
  char *text = dp_str_steal(&s);
  assert_string_equal(text + 3996, "999,end");
  assert_null(s.data);
  free(text);
  text = dp_str_steal(&s);
  assert_string_equal(text, "");
  free(text);
  dp_str_fini(&s);
}

static void a_failed_append_is_remembered(void **state) {
  (void)state;
  struct dp_str s;
  dp_str_init(&s);
  dp_str_append(&s, "kept");
  dp_str_append_n(&s, "", SIZE_MAX / 2);
  assert_true(s.failed);
  dp_str_append(&s, "ignored");
  assert_string_equal(dp_str_text(&s), "kept");
  assert_null(dp_str_steal(&s));
  dp_str_fini(&s);
}

static void suggestions_are_near_or_absent(void **state) {
  (void)state;
  static const char *const names[] = {"take_ratio", "hosts_n", NULL, "trace", "settle_every_s", "seed"};
  const size_t n = sizeof names / sizeof names[0];
  assert_string_equal(dp_str_suggest("take_raito", names, n), "take_ratio");
  assert_string_equal(dp_str_suggest("Hosts_N", names, n), "hosts_n");
  assert_string_equal(dp_str_suggest("traec", names, n), "trace");
  assert_string_equal(dp_str_suggest("sed", names, n), "seed");
  assert_string_equal(dp_str_suggest("settle", names, n), "settle_every_s");
  assert_null(dp_str_suggest("se", names, n));
  assert_null(dp_str_suggest("elephant", names, n));
  assert_null(dp_str_suggest("", names, n));
  assert_null(dp_str_suggest("seed", names, 0));
  char longer[300];
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  assert_null(dp_str_suggest(longer, names, n));
}

static void whole_numbers_are_read_strictly(void **state) {
  (void)state;
  int64_t v = 0;
  assert_int_equal(dp_parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &v, NULL), DP_OK);
  assert_true(v == INT64_MAX);
  assert_int_equal(dp_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v, NULL), DP_OK);
  assert_true(v == INT64_MIN);
  assert_int_equal(dp_parse_i64("+007", 0, 10, &v, NULL), DP_OK);
  assert_int_equal(v, 7);
  static const char *const wrong[] = {"",   "-",   " 1",  "1 ", "1.0", "1e3", "0x10", "9223372036854775808",
                                      "--1", "+-1", "abc", "11", "-1", "NaN", "99999999999999999999999"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_int_equal(dp_parse_i64(wrong[i], 0, 10, &v, NULL), DP_RANGE);
  assert_int_equal(v, 7);
  struct dp_err err = {0};
  dp_parse_i64("abc", 0, INT64_MAX, &v, &err);
  assert_string_equal(err.text, "'abc' is not a whole number (a whole number ≥ 0 is needed)");
}

static void numbers_are_read_strictly(void **state) {
  (void)state;
  double v = 0;
  assert_int_equal(dp_parse_f64("-1.5e-3", -(double)INFINITY, (double)INFINITY, &v, NULL), DP_OK);
  assert_true(v == -1.5e-3);
  assert_int_equal(dp_parse_f64(".5", 0, 1, &v, NULL), DP_OK);
  assert_true(v == 0.5);
  assert_int_equal(dp_parse_f64("0.1", 0, 1, &v, NULL), DP_OK);
  assert_true(v == 0.1);
  static const char *const wrong[] = {"",  ".",    "-",  "nan", "inf", "-inf", "0x1p3", "1e999", " 1", "1 ",
                                      "1e", "1e+", "1,5", "1.5.", "e5",  "1d",   "-0.1",  "101"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_int_equal(dp_parse_f64(wrong[i], 0, 100, &v, NULL), DP_RANGE);
  assert_true(v == 0.1);
  struct dp_err err = {0};
  dp_parse_f64("abc", 0, (double)INFINITY, &v, &err);
  assert_string_equal(err.text, "'abc' is not a number (a number ≥ 0 is needed)");
}

static void durations_are_exact(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t ns;
  } right[] = {
      {"90", 90 * S},          {"0", 0},
      {"1.5h", 5400 * S},      {"60s", 60 * S},
      {"60 s", 60 * S},        {"10ms", 10000000},
      {"2d", 172800 * S},      {"7us", 7000},
      {"3min", 180 * S},       {"0.1", 100000000},
      {"0.000000001", 1},      {"1e-9", 1},
      {"1e3", 1000 * S},       {"0.3ns", 0},
      {"0.5ns", 1},            {"1.4999999ns", 1},
      {"9223372036.854775807", INT64_MAX},
      {"9223372036854775807ns", INT64_MAX},
      {"0.1d", 8640 * S},      {"0.7us", 700},
      {"1e-300d", 0},          {"0e99999", 0},
      {"+5s", 5 * S},
  };
  for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
    int64_t ns = -1;
    assert_int_equal(dp_parse_duration_ns(right[i].text, &ns, NULL), DP_OK);
    assert_int_equal(ns, right[i].ns);
  }
}

static void wrong_durations_are_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {"",     "s",    "-1s",  "-0.5", "nan",  "inf",     "1x",  "1 h ",
                                      "1  h", "1hh",  "1h30", "1.5.", " 1s",  "0x1s",    "1e",  "5S",
                                      "1e10", "1e300", "300000d", "9223372036854775808ns", "1,5h", "5 "};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    int64_t ns = 42;
    struct dp_err err = {0};
    assert_int_equal(dp_parse_duration_ns(wrong[i], &ns, &err), DP_RANGE);
    assert_int_equal(ns, 42);
    assert_non_null(strstr(err.text, "1.5h"));
  }
}

static void durations_read_back_as_written(void **state) {
  (void)state;
  char buf[DP_DURATION_TEXT];
  assert_string_equal(dp_format_duration(5400 * S, buf), "1.5h");
  assert_string_equal(dp_format_duration(250000000, buf), "250ms");
  assert_string_equal(dp_format_duration(90061 * S, buf), "90061s");
  assert_string_equal(dp_format_duration(0, buf), "0s");
  assert_string_equal(dp_format_duration(86400 * S, buf), "1d");
  assert_string_equal(dp_format_duration(-1, buf), "-1ns");
  assert_string_equal(dp_format_duration(INT64_MIN, buf), "-9223372036854775.808us");
  uint64_t x = 88172645463325252u; /* xorshift64, G. Marsaglia 2003 */
  for (int i = 0; i < 20000; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    static const int64_t steps[] = {1, 1000, 1000000, S / 4, S, 60 * S, 450 * S, 3600 * S};
    int64_t step = steps[i % 8], ns = (int64_t)((x >> (1 + i % 60)) % (uint64_t)(INT64_MAX / step)) * step, back = -1;
    assert_int_equal(dp_parse_duration_ns(dp_format_duration(ns, buf), &back, NULL), DP_OK);
    assert_int_equal(back, ns);
  }
}

static void dates_have_their_known_epochs(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t epoch_s;
  } known[] = {
      {"1677-09-22", -9223286400},          {"1900-03-01 00:00:00", -2203891200},  {"1969-12-31T23:59:59", -1},
      {"1970-01-01", 0},                    {"2000-02-29T12:00:00", 951825600},    {"2024-02-29", 1709164800},
      {"2024-04-15T12:00:00Z", 1713182400}, {"2024-04-15T14:00:00+02:00", 1713182400},
      {"2038-01-19 03:14:08", 2147483648},  {"2100-03-01", 4107542400},            {"2262-04-11T23:47:16", 9223372036},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    int64_t ns = 0;
    assert_int_equal(dp_parse_date_ns(known[i].text, &ns, NULL), DP_OK);
    assert_int_equal(ns, known[i].epoch_s * S);
  }
  int64_t ns = 0;
  assert_int_equal(dp_parse_date_ns("2024-04-15 12:00:00.9799600", &ns, NULL), DP_OK);
  assert_int_equal(ns, 1713182400 * S + 979960000);
  assert_int_equal(dp_parse_date_ns("2024-04-15T12:00:00.123456789Z", &ns, NULL), DP_OK);
  assert_int_equal(ns, 1713182400 * S + 123456789);
  assert_int_equal(dp_parse_date_ns("2262-04-11T23:47:16.854775807", &ns, NULL), DP_OK);
  assert_true(ns == INT64_MAX);
}

static void dates_that_do_not_exist_are_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {"",
                                      "2023-02-29",
                                      "1900-02-29",
                                      "2024-00-10",
                                      "2024-13-01",
                                      "2024-04-31",
                                      "2024-4-15",
                                      "24-04-15",
                                      "2024-04-15 ",
                                      "2024-04-15T",
                                      "2024-04-15T24:00:00",
                                      "2024-04-15T12:60:00",
                                      "2024-04-15T12:00:60",
                                      "2024-04-15T12:00",
                                      "2024-04-15T12:00:00.",
                                      "2024-04-15T12:00:00.1234567890",
                                      "2024-04-15T12:00:00ZZ",
                                      "2024-04-15T12:00:00+2",
                                      "2024-04-15T12:00:00+24:00",
                                      "2024-04-15x12:00:00",
                                      "2262-04-11T23:47:16.854775808",
                                      "2262-04-12",
                                      "1677-09-21T00:12:43",
                                      "0001-01-01",
                                      "9999-12-31",
                                      " 2024-04-15",
                                      "1713182400"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    int64_t ns = 42;
    struct dp_err err = {0};
    assert_int_equal(dp_parse_date_ns(wrong[i], &ns, &err), DP_RANGE);
    assert_int_equal(ns, 42);
    assert_true(strlen(err.text) > 20);
  }
}

static void dates_agree_with_the_c_library(void **state) {
  (void)state;
  char ours[DP_DATE_TEXT], theirs[DP_DATE_TEXT];
  for (int64_t t = -9223286400; t < 9223372036; t += 86400 * 3 + 12347) {
    time_t seconds = (time_t)t;
    struct tm tm;
    assert_non_null(gmtime_r(&seconds, &tm));
    strftime(theirs, sizeof theirs, "%Y-%m-%d %H:%M:%S", &tm);
    assert_string_equal(dp_format_date(t * S, ours), theirs);
    int64_t back = 0;
    assert_int_equal(dp_parse_date_ns(ours, &back, NULL), DP_OK);
    assert_int_equal(back, t * S);
  }
  assert_string_equal(dp_format_date(-1, ours), "1969-12-31 23:59:59");
  assert_string_equal(dp_format_date(INT64_MIN, ours), "1677-09-21 00:12:43");
}

/* XML 1.0, production 2: Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]; and what its
 * section 2.2 and HTML discourage. The encoder is glibc's. */
static void every_character_is_written_as_xml_allows_it(void **state) {
  (void)state;
  static const struct {
    wint_t code;
    const char *text;
  } special[] = {{'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"},
                 {'\t', "&#9;"}, {'\n', "&#10;"}, {'\r', "&#13;"}};
  struct dp_str out = {0};
  assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
  for (uint32_t code = 1; code <= 0x10ffff; code++) {
    char bytes[MB_LEN_MAX + 1] = "";
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    const bool barred = code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff;
    if (surrogate) continue;
    const int n = wctomb(bytes, (wchar_t)code);
    assert_true(n > 0);
    bytes[n] = '\0';
    const char *want = barred ? "\xef\xbf\xbd" : bytes;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
      if (special[i].code == code) want = special[i].text;
    dp_str_clear(&out);
    dp_str_xml(&out, bytes);
    assert_string_equal(dp_str_text(&out), want);
  }
  dp_str_fini(&out);
  setlocale(LC_CTYPE, "C");
}

static void bytes_that_are_no_utf_8_are_replaced(void **state) {
  (void)state;
#define NO "\xef\xbf\xbd"
  static const char *const cases[][2] = {
      {"a\xff" "b", "a" NO "b"},        {"\xc3", NO},                 {"\xc3<", NO "&lt;"}, /* cut off by a tag */
      {"\xc0\xaf", NO NO},            {"\xe0\x80\xaf", NO NO NO},   {"\xed\xa0\x80", NO NO NO}, /* overlong; a surrogate */
      {"\xf4\x90\x80\x80", NO NO NO NO}, {"\xf8\x88\x80\x80\x80", NO NO NO NO NO}, {"\xe2\x82", NO NO},
      {"\xe2\x82\xac", "\xe2\x82\xac"}};
  struct dp_str out = {0};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    dp_str_clear(&out);
    dp_str_xml(&out, cases[i][0]);
    assert_string_equal(dp_str_text(&out), cases[i][1]);
  }
  uint64_t luck = 1;
  for (int k = 0; k < 20000; k++) { /* whatever comes in, glibc reads what comes out */
    char noise[16];
    for (size_t i = 0; i < sizeof noise; i++) {
      luck = luck * 6364136223846793005u + 1442695040888963407u;
      noise[i] = (char)(luck >> 56);
    }
    noise[15] = '\0';
    dp_str_clear(&out);
    dp_str_xml(&out, noise);
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    assert_true(mbstowcs(NULL, dp_str_text(&out), 0) != (size_t)-1);
    setlocale(LC_CTYPE, "C");
  }
  dp_str_fini(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_character_is_written_as_xml_allows_it),
      cmocka_unit_test(bytes_that_are_no_utf_8_are_replaced),
      cmocka_unit_test(text_grows_and_is_handed_over),
      cmocka_unit_test(a_failed_append_is_remembered),
      cmocka_unit_test(suggestions_are_near_or_absent),
      cmocka_unit_test(whole_numbers_are_read_strictly),
      cmocka_unit_test(numbers_are_read_strictly),
      cmocka_unit_test(durations_are_exact),
      cmocka_unit_test(wrong_durations_are_refused),
      cmocka_unit_test(durations_read_back_as_written),
      cmocka_unit_test(dates_have_their_known_epochs),
      cmocka_unit_test(dates_that_do_not_exist_are_refused),
      cmocka_unit_test(dates_agree_with_the_c_library),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
