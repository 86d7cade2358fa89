/* tests/fuzz/fuzz_values.c — numbers, durations and dates as a command line gives them: a status that says something,
 * or a value within its bounds that is printed and read back as the same. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "input.h"

static void check_duration(const char *text) {
  struct dp_err err = {0};
  char back[DP_DURATION_TEXT];
  int64_t ns, again;
  if (dp_parse_duration_ns(text, &ns, &err) != DP_OK) {
    if (err.text[0] == '\0') abort();
    return;
  }
  if (ns < 0 || dp_parse_duration_ns(dp_format_duration(ns, back), &again, NULL) != DP_OK || again != ns) abort();
}

static void check_date(const char *text) {
  struct dp_err err = {0};
  char back[DP_DATE_TEXT];
  int64_t ns, again;
  if (dp_parse_date_ns(text, &ns, &err) != DP_OK) {
    if (err.text[0] == '\0') abort();
    return;
  }
  const int64_t second = DP_NS_PER_S, whole = ns / second * second - (ns % second < 0 ? second : 0);
  if (whole < INT64_MIN + second * 2) return; /* its second begins before what int64 holds */
  if (dp_parse_date_ns(dp_format_date(ns, back), &again, NULL) != DP_OK || again != whole) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text) abort();
  memcpy(text, data, size);
  text[size] = '\0';
  struct dp_err err = {0};
  int64_t whole;
  double number;
  if (dp_parse_i64(text, -1000, INT64_MAX, &whole, &err) == DP_OK ? whole < -1000 : !err.text[0]) abort();
  err = (struct dp_err){0};
  if (dp_parse_f64(text, 0, INFINITY, &number, &err) == DP_OK ? !(number >= 0 && isfinite(number)) : !err.text[0])
    abort();
  check_duration(text);
  check_date(text);
  const char *names[] = {text, "take_ratio", "hosts_n", "rate_per_s"};
  if (text[0] && !dp_str_suggest(text, names, 4)) abort(); /* it is one of them */
  dp_str_suggest(text, names + 1, 3);
  free(text);
  return 0;
}
