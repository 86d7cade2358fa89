/* sim/base/str.h — growable text, "did you mean", and strict parsing and printing of numbers, durations and dates.
 * Layer: base. Not collective. Numbers are read in the C locale: the program never calls setlocale for LC_NUMERIC. */
#ifndef DP_BASE_STR_H
#define DP_BASE_STR_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define DP_NS_PER_S INT64_C(1000000000)

/** Growable text. `data` always ends in NUL once something was appended and is NULL before. When memory runs out
 *  `failed` becomes true and stays so; the content is then what was appended before. One check at the end is enough. */
struct dp_str {
  char *data;
  size_t len;
  size_t cap;
  bool failed;
};

/** Makes `s` empty; allocates nothing. A zero-initialised struct is the same. */
void dp_str_init(struct dp_str *s);

/** Frees the text and makes `s` empty again. */
void dp_str_fini(struct dp_str *s);

/** Sets the length to 0 and keeps the memory (and `failed`). */
void dp_str_clear(struct dp_str *s);

/** Appends formatted text. */
void dp_str_printf(struct dp_str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** As dp_str_printf, with a va_list. */
void dp_str_vprintf(struct dp_str *s, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/** Appends the NUL-terminated `text`. */
void dp_str_append(struct dp_str *s, const char *text);

/** Appends `n` bytes, which may hold NUL. */
void dp_str_append_n(struct dp_str *s, const void *bytes, size_t n);

/** Appends `text` as it may stand in XML and HTML, between tags and in attributes: < > & and both quotes as entities, tab
 *  and ends of lines as character references, which attributes keep. What XML 1.0 does not allow (other control
 *  characters, U+FFFE, U+FFFF, each byte that is no UTF-8), U+007F and C1 become U+FFFD. */
void dp_str_xml(struct dp_str *s, const char *text);

/** The text, "" when nothing was appended; owned by `s`, valid until the next change. */
const char *dp_str_text(const struct dp_str *s);

/** Hands the text over to the caller, who frees it, and leaves `s` empty.
 *  @return NULL when an append had failed (the text is freed); otherwise never NULL unless memory is out. */
char *dp_str_steal(struct dp_str *s);

/** The name nearest to `wrong` by Damerau–Levenshtein distance (optimal string alignment, letter case ignored), when
 *  it is within 1 + a quarter of the length of `wrong`; else the only name that begins with `wrong` (three letters
 *  or more). Ties go to the first. NULL entries are passed over. @return one of `names`, or NULL. */
const char *dp_str_suggest(const char *wrong, const char *const *names, size_t n);

/** Reads a decimal whole number in [min, max] that fills the whole text (an optional sign and digits, no blanks).
 *  @return DP_RANGE with "'abc' is not a whole number (…)" in `err`, and `*out` untouched, otherwise. */
enum dp_status dp_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out, struct dp_err *err);

/** Reads a finite decimal number in [min, max] that fills the whole text (no blanks, no hexadecimal, no inf or nan).
 *  `min` may be -INFINITY, `max` INFINITY: no limit. Errors as dp_parse_i64. */
enum dp_status dp_parse_f64(const char *text, double min, double max, double *out, struct dp_err *err);

/** Reads a duration ≥ 0: a decimal number (an exponent is allowed) and a unit out of ns us ms s min h d, with at
 *  most one blank between; a bare number is in seconds. Computed in integers, rounded to the nearest ns (ties up):
 *  1.5h is exact.
 *  Errors: DP_RANGE, naming the text and the forms that are right. */
enum dp_status dp_parse_duration_ns(const char *text, int64_t *out_ns, struct dp_err *err);

/** Reads a date into ns since 1970-01-01T00:00:00 UTC: "2024-04-15", or that and ' ' or 'T' and "12:00:00", up to
 *  nine fractional digits, and 'Z' or "+hh:mm" (subtracted); without one the time is UTC. Proleptic Gregorian, no
 *  leap seconds, 1677-09-22 to 2262-04-11 (what int64 holds). Errors: DP_RANGE. */
enum dp_status dp_parse_date_ns(const char *text, int64_t *out_ns, struct dp_err *err);

#define DP_DATE_TEXT 32     /* bytes that dp_format_date may need */
#define DP_DURATION_TEXT 32 /* bytes that dp_format_duration may need */

/** Writes "2024-04-15 12:00:00" (UTC, the fraction of a second cut off). @return buf. */
char *dp_format_date(int64_t epoch_ns, char buf[DP_DATE_TEXT]);

/** Writes a duration exactly, in the largest unit that needs at most three decimals ("1.5h", "250ms", "90061s");
 *  dp_parse_duration_ns reads it back to the same value when it is not negative. @return buf. */
char *dp_format_duration(int64_t duration_ns, char buf[DP_DURATION_TEXT]);

/** Days since 1970-01-01 of a proleptic Gregorian date (month 1–12, day from 1; not checked). */
int64_t dp_days_from_civil(int64_t year, int month, int day);

/** The reverse of dp_days_from_civil. */
void dp_civil_from_days(int64_t days, int64_t *year, int *month, int *day);

#endif
