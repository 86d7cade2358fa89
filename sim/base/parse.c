/* sim/base/parse.c — strict reading of numbers, durations and dates, and printing of the last two. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/wide.h"

#define NS_PER_DAY (86400 * DP_NS_PER_S)
#define SHOWN 60 /* characters of a wrong text that an error repeats */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* ---- whole numbers and numbers ---- */

static enum dp_status wrong_i64(struct dp_err *err, const char *text, const char *what, int64_t min, int64_t max) {
  char need[96];
  if (min == INT64_MIN && max == INT64_MAX) snprintf(need, sizeof need, "a whole number is needed");
  else if (max == INT64_MAX) snprintf(need, sizeof need, "a whole number ≥ %" PRId64 " is needed", min);
  else if (min == INT64_MIN) snprintf(need, sizeof need, "a whole number ≤ %" PRId64 " is needed", max);
  else snprintf(need, sizeof need, "a whole number from %" PRId64 " to %" PRId64 " is needed", min, max);
  return dp_fail(err, DP_RANGE, "'%.*s' is %s (%s)", SHOWN, text, what, need);
}

enum dp_status dp_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out, struct dp_err *err) {
  bool negative = text[0] == '-';
  const char *p = text + (negative || text[0] == '+');
  if (!is_digit(*p)) return wrong_i64(err, text, "not a whole number", min, max);
  int64_t value = 0; /* kept negative: that side of int64 is the longer one */
  bool fits = true;
  for (; is_digit(*p); p++)
    fits = fits && !__builtin_mul_overflow(value, 10, &value) && !__builtin_sub_overflow(value, *p - '0', &value);
  if (*p != '\0') return wrong_i64(err, text, "not a whole number", min, max);
  if (fits && !negative) fits = !__builtin_sub_overflow((int64_t)0, value, &value);
  if (!fits || value < min || value > max) return wrong_i64(err, text, "out of range", min, max);
  *out = value;
  return DP_OK;
}

static enum dp_status wrong_f64(struct dp_err *err, const char *text, const char *what, double min, double max) {
  char need[128];
  if (isinf(min) && isinf(max)) snprintf(need, sizeof need, "a finite number is needed");
  else if (isinf(max)) snprintf(need, sizeof need, "a number ≥ %.17g is needed", min);
  else if (isinf(min)) snprintf(need, sizeof need, "a number ≤ %.17g is needed", max);
  else snprintf(need, sizeof need, "a number from %.17g to %.17g is needed", min, max);
  return dp_fail(err, DP_RANGE, "'%.*s' is %s (%s)", SHOWN, text, what, need);
}

/* The end of [+-]digits[.digits][e[+-]digits] at `p`, with at least one digit before the exponent; NULL without one. */
static const char *skip_decimal(const char *p) {
  p += *p == '-' || *p == '+';
  size_t digits_n = 0;
  for (; is_digit(*p); p++) digits_n++;
  if (*p == '.') p++;
  for (; is_digit(*p); p++) digits_n++;
  if (digits_n == 0) return NULL;
  if (*p != 'e' && *p != 'E') return p;
  const char *exponent = p + 1;
  exponent += *exponent == '-' || *exponent == '+';
  if (!is_digit(*exponent)) return p;
  while (is_digit(*exponent)) exponent++;
  return exponent;
}

enum dp_status dp_parse_f64(const char *text, double min, double max, double *out, struct dp_err *err) {
  const char *end = skip_decimal(text);
  if (end == NULL || *end != '\0') return wrong_f64(err, text, "not a number", min, max);
  double value = strtod(text, NULL);
  if (!isfinite(value) || value < min || value > max) return wrong_f64(err, text, "out of range", min, max);
  *out = value;
  return DP_OK;
}

/* ---- durations ---- */

static const struct unit {
  const char *name;
  int64_t ns;
} UNITS[] = {
    {"d", NS_PER_DAY}, {"h", 3600 * DP_NS_PER_S}, {"min", 60 * DP_NS_PER_S}, {"s", DP_NS_PER_S}, {"ms", 1000000},
    {"us", 1000},      {"ns", 1},
};
#define UNITS_N (sizeof UNITS / sizeof UNITS[0])

/* The mantissa (digits without the point, leading zeros apart at most 20) and the power of ten of the decimal in
 * [p, end). False when it is negative or has more digits. */
static bool read_decimal(const char *p, const char *end, dp_u128 *mantissa, int64_t *power) {
  if (*p == '-') return false;
  p += *p == '+';
  *mantissa = 0;
  *power = 0;
  bool after_point = false;
  for (; p < end && *p != 'e' && *p != 'E'; p++) {
    if (*p == '.') {
      after_point = true;
      continue;
    }
    if (*mantissa >= (dp_u128)10000000000000000000u) return false;
    *mantissa = *mantissa * 10 + (unsigned)(*p - '0');
    *power -= after_point;
  }
  if (p == end) return true;
  p++;
  bool negative = *p == '-';
  p += *p == '-' || *p == '+';
  int64_t exponent = 0;
  for (; p < end; p++) exponent = exponent > 100000 ? exponent : exponent * 10 + (*p - '0');
  *power += negative ? -exponent : exponent;
  return true;
}

/* mantissa · unit · 10^power to the nearest integer, ties up; false when it does not fit int64. */
static bool scale_duration(dp_u128 mantissa, int64_t unit_ns, int64_t power, int64_t *out_ns) {
  dp_u128 value = mantissa * (uint64_t)unit_ns; /* < 10^20 · 2^47 < 2^114 */
  if (value == 0) power = 0;
  for (; power > 0; power--) {
    if (value > (dp_u128)INT64_MAX) return false;
    value *= 10;
  }
  dp_u128 divisor = 1;
  for (; power < 0 && divisor <= value * 2; power++) divisor *= 10; /* the value is below one half beyond that */
  dp_u128 quotient = value / divisor, rest = value % divisor;
  if (rest >= divisor - rest) quotient++;
  if (quotient > (dp_u128)INT64_MAX) return false;
  *out_ns = (int64_t)quotient;
  return true;
}

enum dp_status dp_parse_duration_ns(const char *text, int64_t *out_ns, struct dp_err *err) {
  static const char need[] = "a duration ≥ 0 such as 90, 60s, 10ms, 1.5h or 2d is needed; units: ns us ms s min h d";
  const char *end = skip_decimal(text);
  if (end == NULL) return dp_fail(err, DP_RANGE, "'%.*s' is not a duration (%s)", SHOWN, text, need);
  const char *name = end + (*end == ' ' && end[1] != '\0');
  if (*name == '\0') name = "s";
  int64_t unit_ns = 0;
  for (size_t i = 0; i < UNITS_N; i++)
    if (strcmp(name, UNITS[i].name) == 0) unit_ns = UNITS[i].ns;
  if (unit_ns == 0) return dp_fail(err, DP_RANGE, "'%.*s' is not a duration (%s)", SHOWN, text, need);
  dp_u128 mantissa;
  int64_t power;
  if (!read_decimal(text, end, &mantissa, &power) || !scale_duration(mantissa, unit_ns, power, out_ns))
    return dp_fail(err, DP_RANGE, "'%.*s' is out of range (%s; at most 292 years, 20 digits)", SHOWN, text, need);
  return DP_OK;
}

char *dp_format_duration(int64_t duration_ns, char buf[DP_DURATION_TEXT]) {
  dp_u128 size = dp_i128_abs(duration_ns);
  const struct unit *unit = &UNITS[UNITS_N - 1];
  for (size_t i = 0; size > 0 && i < UNITS_N; i++) {
    uint64_t ns = (uint64_t)UNITS[i].ns;
    if (size < ns || size * 1000 % ns != 0) continue;
    unit = &UNITS[i];
    break;
  }
  if (size == 0) unit = &UNITS[3];
  uint64_t unit_ns = (uint64_t)unit->ns;
  uint64_t thousandths = (uint64_t)(size * 1000 / unit_ns % 1000);
  char fraction[8] = "";
  if (thousandths > 0) {
    int n = snprintf(fraction, sizeof fraction, ".%03u", (unsigned)thousandths);
    while (n > 0 && fraction[n - 1] == '0') fraction[--n] = '\0';
  }
  snprintf(buf, DP_DURATION_TEXT, "%s%" PRIu64 "%s%s", duration_ns < 0 ? "-" : "", (uint64_t)(size / unit_ns), fraction,
           unit->name);
  return buf;
}

/* ---- dates ---- */

/* H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": eras of 400 years that begin on March 1st of year 0. */
int64_t dp_days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

void dp_civil_from_days(int64_t days, int64_t *year, int *month, int *day) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t march_month = (5 * day_of_year + 2) / 153;
  *day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
  *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
  *year = year_of_era + era * 400 + (*month <= 2);
}

/* Reads exactly `n` digits and moves on. */
static bool take_digits(const char **p, int n, int *out) {
  int value = 0;
  for (int i = 0; i < n; i++, (*p)++) {
    if (!is_digit(**p)) return false;
    value = value * 10 + (**p - '0');
  }
  *out = value;
  return true;
}

static bool take(const char **p, char c) {
  if (**p != c) return false;
  (*p)++;
  return true;
}

static int month_days(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap);
}

/* hh:mm:ss[.fraction][Z|±hh:mm] at `p` as ns after midnight UTC, up to the end of the text. */
static bool take_time(const char *p, int64_t *ns) {
  int hour, minute, second;
  if (!take_digits(&p, 2, &hour) || !take(&p, ':') || !take_digits(&p, 2, &minute) || !take(&p, ':')) return false;
  if (!take_digits(&p, 2, &second) || hour > 23 || minute > 59 || second > 59) return false;
  int64_t fraction_ns = 0;
  if (take(&p, '.')) {
    if (!is_digit(*p)) return false;
    for (int64_t digit_ns = 100000000; is_digit(*p); p++, digit_ns /= 10) {
      if (digit_ns == 0) return false;
      fraction_ns += digit_ns * (*p - '0');
    }
  }
  int offset_min = 0;
  if (*p == '+' || *p == '-') {
    int sign = *p++ == '-' ? -1 : 1, hours, minutes;
    if (!take_digits(&p, 2, &hours) || !take(&p, ':') || !take_digits(&p, 2, &minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    offset_min = sign * (hours * 60 + minutes);
  } else {
    take(&p, 'Z');
  }
  *ns = (hour * 3600 + (minute - offset_min) * 60 + second) * DP_NS_PER_S + fraction_ns;
  return *p == '\0';
}

enum dp_status dp_parse_date_ns(const char *text, int64_t *out_ns, struct dp_err *err) {
  const char *p = text;
  int year, month, day;
  bool right = take_digits(&p, 4, &year) && take(&p, '-') && take_digits(&p, 2, &month) && take(&p, '-') &&
               take_digits(&p, 2, &day);
  right = right && month >= 1 && month <= 12 && day >= 1 && day <= month_days(year, month);
  int64_t time_ns = 0;
  if (right && *p != '\0') right = (take(&p, 'T') || take(&p, ' ')) && take_time(p, &time_ns);
  if (!right)
    return dp_fail(err, DP_RANGE, "'%.*s' is not a date (a date such as 2024-04-15 or 2024-04-15T12:00:00 is needed)",
                   SHOWN, text);
  dp_i128 ns = (dp_i128)dp_days_from_civil(year, month, day) * NS_PER_DAY + time_ns;
  if (!dp_i128_fits_i64(ns))
    return dp_fail(err, DP_RANGE, "'%.*s' is out of range (a date from 1677-09-22 to 2262-04-11 is needed)", SHOWN,
                   text);
  *out_ns = (int64_t)ns;
  return DP_OK;
}

char *dp_format_date(int64_t epoch_ns, char buf[DP_DATE_TEXT]) {
  int64_t days = epoch_ns / NS_PER_DAY - (epoch_ns % NS_PER_DAY < 0);
  int64_t rest_s = (int64_t)(((dp_i128)epoch_ns - (dp_i128)days * NS_PER_DAY) / DP_NS_PER_S);
  int64_t year;
  int month, day;
  dp_civil_from_days(days, &year, &month, &day);
  snprintf(buf, DP_DATE_TEXT, "%04d-%02d-%02d %02d:%02d:%02d", (int)year, month, day, (int)(rest_s / 3600),
           (int)(rest_s / 60 % 60), (int)(rest_s % 60));
  return buf;
}
