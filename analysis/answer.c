/* analysis/answer.c — verdicts on expectations from several seeds, as sentences and as JSON. */
#include "analysis/answer.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/expect.h"
#include "analysis/kpi_find.h"

#define CONFIDENCE 0.95

enum dp_status dp_answer_init(struct dp_answer *a, const struct dp_expectation *expectations, size_t n,
                              struct dp_err *err) {
  a->rows = calloc(n + 1, sizeof *a->rows);
  if (!a->rows) return dp_fail_nomem(err, "an answer");
  a->n = n;
  for (size_t i = 0; i < n; i++) {
    struct dp_answer_row *row = &a->rows[i];
    row->expectation = &expectations[i];
    row->values = calloc(a->seed_n + 1, sizeof *row->values);
    if (!row->values) return dp_fail_nomem(err, "an answer");
    for (size_t k = 0; k < a->seed_n; k++) row->values[k] = (double)NAN;
  }
  return DP_OK;
}

void dp_answer_fini(struct dp_answer *a) {
  for (size_t i = 0; i < a->n; i++) free(a->rows[i].values);
  free(a->rows);
  *a = (struct dp_answer){0};
}

void dp_answer_take(struct dp_answer *a, size_t run, const struct dp_kpi_value *kpis, size_t kpi_n) {
  for (size_t i = 0; i < a->n; i++) {
    const struct dp_kpi_value *kpi = dp_kpi_find(kpis, kpi_n, a->rows[i].expectation->kpi);
    if (!kpi) continue;
    a->rows[i].values[run] = dp_kpi_number(kpi);
    const bool has_unit = kpi->unit && strcmp(kpi->unit, "1") != 0;
    snprintf(a->rows[i].unit, sizeof a->rows[i].unit, "%s", has_unit ? kpi->unit : "");
  }
}

/* ---- judging ---- */

static bool has_low(const struct dp_expectation *e) { return e->op != DP_EXPECT_AT_MOST; }
static bool has_high(const struct dp_expectation *e) { return e->op != DP_EXPECT_AT_LEAST; }

/* A mean of equal values is rounded, and would miss a bound that they keep. */
static void make_exact(const double *values, size_t n, struct dp_interval *interval) {
  double least = INFINITY, most = -INFINITY;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(values[i])) continue;
    least = fmin(least, values[i]);
    most = fmax(most, values[i]);
  }
  if (least < most) return;
  interval->mean = least;
  if (interval->n > 1) interval->sd = interval->half_width = 0;
}

enum dp_answer_verdict dp_answer_judge(const struct dp_expectation *e, const double *values, size_t n,
                                       struct dp_interval *interval) {
  *interval = dp_stat_interval(values, n, CONFIDENCE);
  if (interval->n == 0) return DP_ANSWER_UNDEFINED;
  make_exact(values, n, interval);
  if (interval->n < 2) return DP_ANSWER_UNRESOLVED;
  const double low = interval->mean - interval->half_width, high = interval->mean + interval->half_width;
  if ((has_low(e) && high < e->low) || (has_high(e) && low > e->high)) return DP_ANSWER_NO;
  if ((has_low(e) && low < e->low) || (has_high(e) && high > e->high)) return DP_ANSWER_UNRESOLVED;
  return DP_ANSWER_YES;
}

static const char *verdict_text(enum dp_answer_verdict verdict) {
  switch (verdict) {
    case DP_ANSWER_YES: return "yes";
    case DP_ANSWER_NO: return "no";
    case DP_ANSWER_UNRESOLVED: return "not resolved";
    case DP_ANSWER_UNDEFINED: return "no value";
  }
  return "";
}

/* ---- sentences ---- */

/* "-0.708 ± 0.0012": two digits of the width, and the mean as far as they go. */
static void put_mean(struct dp_str *out, const struct dp_interval *v) {
  const double h = v->half_width;
  if (v->n < 2) {
    dp_str_printf(out, "%.6g", v->mean);
    return;
  }
  if (!(h > 1e-6 * fabs(v->mean))) { /* as rounding makes it */
    dp_str_printf(out, "%.6g ± %.1g", v->mean, h);
    return;
  }
  const int place = (int)floor(log10(h)), decimals = place > 0 ? 0 : 1 - place;
  if (fabs(v->mean) < 1e9 && place >= -6) {
    dp_str_printf(out, "%.*f ± %.*f", decimals, v->mean, decimals, h);
    return;
  }
  const int top = fabs(v->mean) > h ? (int)floor(log10(fabs(v->mean))) : place; /* at most 6 more than place */
  dp_str_printf(out, "%.*g ± %.2g", top - place + 2, v->mean, h);
}

static void put_seeds(struct dp_str *out, size_t n, size_t of_n) {
  dp_str_append(out, n > 1 ? " (95 %, " : " (");
  if (n < of_n) dp_str_printf(out, "%zu of the %zu seeds have a value)", n, of_n);
  else dp_str_printf(out, "%zu seed%s)", n, n == 1 ? "" : "s");
}

/* Why it is not resolved. */
static void put_open(struct dp_str *out, const struct dp_expectation *e, const struct dp_interval *v) {
  if (v->n < 2) {
    dp_str_append(out, ": one value has no interval");
    return;
  }
  const double low = v->mean - v->half_width, high = v->mean + v->half_width;
  const bool at_low = has_low(e) && low < e->low, at_high = has_high(e) && high > e->high;
  dp_str_append(out, ": the interval crosses ");
  if (at_low) dp_str_printf(out, "%.12g", e->low);
  if (at_high && !(at_low && e->op == DP_EXPECT_EQUAL)) dp_str_printf(out, "%s%.12g", at_low ? " and " : "", e->high);
}

static void put_sentence(struct dp_str *out, const struct dp_answer *a, const struct dp_answer_row *row,
                         enum dp_answer_verdict verdict, const struct dp_interval *v) {
  dp_str_append(out, row->expectation->kpi);
  if (verdict == DP_ANSWER_UNDEFINED) {
    dp_str_append(out, " has no value: ");
    dp_expect_bound(out, row->expectation);
    dp_str_append(out, " cannot be judged");
    return;
  }
  dp_str_append(out, " is ");
  put_mean(out, v);
  if (row->unit[0]) dp_str_printf(out, " %s", row->unit);
  put_seeds(out, v->n, a->seed_n);
  dp_str_append(out, ": ");
  dp_expect_bound(out, row->expectation);
  dp_str_printf(out, ", %s", verdict_text(verdict));
  if (verdict == DP_ANSWER_UNRESOLVED) put_open(out, row->expectation, v);
}

/* "Answer: 4 of 5 hold, 1 is not resolved (more --seeds)". @param count by verdict */
static void put_summary(struct dp_str *out, size_t n, const size_t count[4]) {
  const size_t open_n = count[DP_ANSWER_UNRESOLVED], no_n = count[DP_ANSWER_NO], none_n = count[DP_ANSWER_UNDEFINED];
  dp_str_printf(out, "Answer: %zu of %zu hold%s", count[DP_ANSWER_YES], n, n == 1 ? "s" : "");
  if (no_n) dp_str_printf(out, ", %zu do%s not", no_n, no_n == 1 ? "es" : "");
  if (open_n) dp_str_printf(out, ", %zu %s not resolved (more --seeds)", open_n, open_n == 1 ? "is" : "are");
  if (none_n) dp_str_printf(out, ", %zu ha%s no value", none_n, none_n == 1 ? "s" : "ve");
}

/* ---- the whole ---- */

static json_t *real_or_null(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *json_row(const struct dp_answer_row *row, enum dp_answer_verdict verdict, const struct dp_interval *v,
                        const char *sentence) {
  const struct dp_expectation *e = row->expectation;
  const char *unit = row->unit[0] ? row->unit : "1";
  json_t *low = has_low(e) ? real_or_null(e->low) : json_null();
  json_t *high = has_high(e) ? real_or_null(e->high) : json_null();
  return json_pack("{s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:s, s:s}", "kpi", e->kpi, "unit", unit, "low", low, "high",
                   high, "n", (json_int_t)v->n, "mean", real_or_null(v->mean), "half_width", real_or_null(v->half_width),
                   "verdict", verdict_text(verdict), "sentence", sentence);
}

static void put_text(struct dp_str *out, const struct dp_answer *a, const char *summary, const char *lines) {
  dp_str_printf(out, "%s%s%s\n%s\n%s", a->scenario, a->question[0] ? ": " : "", a->question, summary, lines);
  if (a->changed)
    dp_str_printf(out, "the expectations are of the scenario's own form and values: these runs are with %s\n",
                  a->changed);
}

/* Takes `rows` over. */
static void put_json(struct dp_str *out, const struct dp_answer *a, const char *summary, const size_t count[4],
                     json_t *rows) {
  json_t *root = json_pack("{s:s, s:s, s:s, s:I, s:I, s:f, s:s?, s:I, s:I, s:I, s:I, s:o}", "scenario", a->scenario,
                           "question", a->question, "answer", summary, "first_seed", (json_int_t)a->first_seed, "seeds",
                           (json_int_t)a->seed_n, "level", CONFIDENCE, "changed", a->changed, "holds_n",
                           (json_int_t)count[DP_ANSWER_YES], "broken_n", (json_int_t)count[DP_ANSWER_NO],
                           "unresolved_n", (json_int_t)count[DP_ANSWER_UNRESOLVED], "undefined_n",
                           (json_int_t)count[DP_ANSWER_UNDEFINED], "expectations", rows);
  char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
  if (text) dp_str_printf(out, "%s\n", text);
  else out->failed = true;
  free(text);
  json_decref(root);
}

enum dp_status dp_answer_print(struct dp_str *out, enum dp_text_format format, const struct dp_answer *a,
                               size_t *failed_n, struct dp_err *err) {
  struct dp_str lines = {0}, sentence = {0}, summary = {0};
  size_t count[4] = {0};
  json_t *rows = json_array();
  for (size_t i = 0; i < a->n; i++) {
    const struct dp_answer_row *row = &a->rows[i];
    struct dp_interval v;
    const enum dp_answer_verdict verdict = dp_answer_judge(row->expectation, row->values, a->seed_n, &v);
    count[verdict]++;
    dp_str_clear(&sentence);
    put_sentence(&sentence, a, row, verdict, &v);
    dp_str_printf(&lines, "  %s\n", dp_str_text(&sentence));
    json_array_append_new(rows, json_row(row, verdict, &v, dp_str_text(&sentence)));
  }
  put_summary(&summary, a->n, count);
  if (format == DP_TEXT_JSON) put_json(out, a, dp_str_text(&summary), count, rows);
  else put_text(out, a, dp_str_text(&summary), dp_str_text(&lines));
  if (format != DP_TEXT_JSON) json_decref(rows);
  *failed_n = count[DP_ANSWER_NO] + count[DP_ANSWER_UNDEFINED];
  if (lines.failed || sentence.failed || summary.failed) out->failed = true;
  dp_str_fini(&lines);
  dp_str_fini(&sentence);
  dp_str_fini(&summary);
  return out->failed ? dp_fail_nomem(err, "an answer") : DP_OK;
}
