/* analysis/report_tune.c — the report of a search: the question in words, the answer in words, what it rests on. */
#include "analysis/report_tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/svg.h"
#include "base/memory.h"

#define EDGE 0.01 /* of a range: nearer to its end a design may want to leave it */

/* ---- words ---- */

static const char *number(double x, char buf[32]) {
  const double size = fabs(x);
  if (!isfinite(x)) return "-";
  snprintf(buf, 32, size >= 99999.5 && size < 1e15 ? "%.0f" : "%.5g", x);
  return buf;
}

/* Two digits, without an exponent where there is room. */
static const char *width(double x, char buf[32]) {
  if (!isfinite(x)) return "-";
  const double size = x == 0 ? 0 : floor(log10(fabs(x)));
  if (size < -7 || size > 14) snprintf(buf, 32, "%.2g", x);
  else snprintf(buf, 32, "%.*f", size >= 1 ? 0 : (int)(1 - size), x);
  return buf;
}

/* " USD"; nothing for pure numbers. */
static const char *unit_after(const char *unit, char buf[64]) {
  const bool pure = strcmp(unit, "ratio") == 0 || strcmp(unit, "number") == 0;
  snprintf(buf, 64, "%s%s", pure ? "" : " ", pure ? "" : unit);
  return buf;
}

static void put_value(struct dp_str *out, double x, const char *unit) {
  char buf[32], after[64];
  dp_str_append(out, number(x, buf));
  dp_str_xml(out, unit_after(unit, after));
}

static void put_name(struct dp_str *out, const char *name) {
  dp_str_append(out, "<b>");
  dp_str_xml(out, name);
  dp_str_append(out, "</b>");
}

/* "p5 of …, so that 5 % of a design's runs lie below" is said once, beside the figure. */
static void put_term(struct dp_str *out, const struct dp_tuned_term *term) {
  put_name(out, term->name);
  if (!isnan(term->quantile)) dp_str_printf(out, " (%g %% of a design's runs lie below it)", 100 * term->quantile);
}

static void put_bound(struct dp_str *out, const struct dp_tuned_term *term) {
  char low[32], high[32], after[64];
  if (isfinite(term->low) && isfinite(term->high))
    dp_str_printf(out, "between %s and %s", number(term->low, low), number(term->high, high));
  else if (isfinite(term->low)) dp_str_printf(out, "at least %s", number(term->low, low));
  else dp_str_printf(out, "at most %s", number(term->high, high));
  dp_str_xml(out, unit_after(term->unit, after));
}

static void put_axes(struct dp_str *out, const struct dp_swept *s) {
  for (size_t a = 0; a < s->axis_n; a++) {
    dp_str_append(out, a == 0 ? "" : a + 1 == s->axis_n ? " and " : ", ");
    put_name(out, s->axes[a].name);
  }
}

/* ---- what was asked ---- */

static void put_objective(struct dp_str *out, const struct dp_tuned_term *o) {
  if (strcmp(o->goal, "value") != 0) {
    dp_str_printf(out, "%s ", strcmp(o->goal, "max") == 0 ? "the most" : "the least");
    put_term(out, o);
    char after[64];
    if (unit_after(o->unit, after)[0]) {
      dp_str_append(out, " in");
      dp_str_xml(out, after);
    }
    return;
  }
  put_term(out, o);
  char target[32], tolerance[32], after[64];
  dp_str_printf(out, " of %s ± %s", number(o->target, target), number(o->tolerance, tolerance));
  dp_str_xml(out, unit_after(o->unit, after));
}

static void put_asked(struct dp_str *out, const struct dp_tuned *t) {
  dp_str_append(out, "<p>Asked: which ");
  put_axes(out, t->swept);
  if (t->series) {
    dp_str_append(out, t->swept->axis_n > 1 ? " make " : " makes ");
    put_name(out, t->series);
    dp_str_append(out, " most like column ");
    put_name(out, t->column);
    dp_str_append(out, " of ");
    dp_str_xml(out, t->data_path);
  } else {
    dp_str_append(out, t->swept->axis_n > 1 ? " give " : " gives ");
  }
  for (size_t o = 0; o < t->objective_n; o++) {
    if (o) dp_str_append(out, " and ");
    put_objective(out, &t->terms[o]);
  }
  for (size_t i = t->objective_n; i < t->term_n; i++) {
    dp_str_append(out, i == t->objective_n ? ", such that " : " and ");
    put_term(out, &t->terms[i]);
    dp_str_append(out, " is ");
    put_bound(out, &t->terms[i]);
  }
  dp_str_append(out, "?</p>\n");
}

/* ---- what came out ---- */

static void put_setting(struct dp_str *out, const struct dp_swept_axis *a, size_t point) {
  char buf[32];
  if (a->texts) dp_str_xml(out, a->texts[(size_t)a->values[point]]);
  else dp_str_append(out, number(a->values[point], buf));
}

static void put_design(struct dp_str *out, const struct dp_tuned *t, size_t final) {
  for (size_t a = 0; a < t->swept->axis_n; a++) {
    if (a) dp_str_append(out, ", ");
    put_name(out, t->swept->axes[a].name);
    dp_str_append(out, " = ");
    put_setting(out, &t->swept->axes[a], (size_t)t->final[final]);
  }
}

/* By how much the search saw a term better than it is on fresh luck; below 0: worse. */
static double curse(const struct dp_tuned_term *o, const struct dp_tuned_outcome *x) {
  if (strcmp(o->goal, "max") == 0) return x->searched - x->value;
  if (strcmp(o->goal, "min") == 0) return x->value - x->searched;
  return fabs(x->value - o->target) - fabs(x->searched - o->target);
}

static size_t fresh_runs(const struct dp_tuned *t) {
  return t->final_n ? (size_t)t->swept->runs_n[t->again[t->best]] : 0;
}

/* The objective on fresh luck, beside what the search saw. */
static void put_result(struct dp_str *out, const struct dp_tuned *t) {
  const struct dp_tuned_term *o = &t->terms[0];
  const struct dp_tuned_outcome *x = dp_tuned_at(t, t->best, 0);
  char value[32], half[32], after[64];
  dp_str_append(out, " On fresh luck ");
  put_name(out, o->name);
  dp_str_printf(out, " is <b>%s", number(x->value, value));
  if (isfinite(x->half_width)) dp_str_printf(out, " ± %s", width(x->half_width, half));
  dp_str_xml(out, unit_after(o->unit, after));
  dp_str_printf(out, "</b> (%s%zu runs).</p>\n<p>The search saw ", isfinite(x->half_width) ? "95 %, " : "",
                fresh_runs(t));
  put_value(out, x->searched, o->unit);
  const double gain = curse(o, x);
  const bool noise = isfinite(x->half_width) && fabs(gain) <= x->half_width;
  if (!(gain > 0)) dp_str_append(out, ": the fresh runs are no worse, so the choice was not mere luck.");
  else
    dp_str_printf(out,
                  ": %s%s too good%s. The best of many designs is partly the luckiest (the winner's curse); the fresh "
                  "figure is the one to believe.",
                  width(gain, half), unit_after(o->unit, after), noise ? ", less than the interval" : "");
  dp_str_append(out, "</p>\n");
}

static void put_bounds(struct dp_str *out, const struct dp_tuned *t) {
  if (t->term_n == t->objective_n || t->final_n == 0 || t->objective_n > 1) return;
  dp_str_append(out, "<ul>");
  for (size_t i = t->objective_n; i < t->term_n; i++) {
    const struct dp_tuned_outcome *x = dp_tuned_at(t, t->best, i);
    dp_str_append(out, "<li>");
    put_term(out, &t->terms[i]);
    dp_str_append(out, " is ");
    put_value(out, x->value, t->terms[i].unit);
    dp_str_append(out, " on fresh luck: ");
    put_bound(out, &t->terms[i]);
    dp_str_append(out, x->holds ? " <b>holds</b>" : " is <b>broken</b>");
    dp_str_append(out, " (in the search ");
    put_value(out, x->searched, t->terms[i].unit);
    dp_str_append(out, ")</li>");
  }
  dp_str_append(out, "</ul>\n");
}

static void put_front_words(struct dp_str *out, const struct dp_tuned *t) {
  size_t broken = 0;
  double mean[2] = {0};
  for (size_t f = 0; f < t->final_n; f++) {
    bool holds = true;
    for (size_t i = 0; i < t->term_n; i++) holds = holds && dp_tuned_at(t, f, i)->holds;
    for (size_t o = 0; o < 2; o++) mean[o] += curse(&t->terms[o], dp_tuned_at(t, f, o)) / (double)t->final_n;
    broken += !holds;
  }
  dp_str_printf(out, "%zu designs are beaten by no other in both; %zu of them were run again, %zu times on fresh luck.",
                t->front_n, t->final_n, fresh_runs(t));
  if (t->term_n > t->objective_n)
    dp_str_printf(out, " %zu of the %zu %s every bound there.", t->final_n - broken, t->final_n,
                  t->final_n - broken == 1 ? "keeps" : "keep");
  dp_str_append(out, "</p>\n<p>Winner's curse: on the mean of these designs the search saw ");
  for (size_t o = 0; o < 2; o++) {
    put_name(out, t->terms[o].name);
    char size[32], after[64];
    if (mean[o] == 0) dp_str_append(out, " as it is on fresh luck");
    else dp_str_printf(out, " %s", width(fabs(mean[o]), size));
    if (mean[o] != 0) dp_str_xml(out, unit_after(t->terms[o].unit, after));
    dp_str_printf(out, "%s%s", mean[o] > 0 ? " too good" : mean[o] < 0 ? " too bad" : "", o == 0 ? " and " : ".</p>\n");
  }
}

static void put_fit_words(struct dp_str *out, const struct dp_tuned *t) {
  size_t seen = 0;
  for (size_t i = 0; i < t->data_n; i++) seen += t->day[i] < t->blind_from_d;
  dp_str_append(out, " On fresh luck the root mean square error is <b>");
  put_value(out, t->rms_error, t->series_unit);
  dp_str_printf(out, "</b> over the %zu rows that were fitted", seen);
  if (seen < t->data_n) {
    dp_str_append(out, ", and <b>");
    put_value(out, t->blind_rms_error, t->series_unit);
    dp_str_printf(out, "</b> over the %zu rows from day %g on that it had not seen", t->data_n - seen, t->blind_from_d);
    if (t->rms_error > 0) dp_str_printf(out, " (%.2g times as much)", t->blind_rms_error / t->rms_error);
    dp_str_append(out, ".</p>\n");
    return;
  }
  dp_str_append(
      out, ".</p>\n<p class=\"soft\">No data were kept back: blind_from = DAY in the study shows the error on days "
           "that the fit has not seen.</p>\n");
}

static void put_answer(struct dp_str *out, const struct dp_tuned *t) {
  dp_str_printf(out, "<div class=\"flag\"%s><p>", t->answered ? " style=\"border-color:#009e73\"" : "");
  if (!t->answered) {
    dp_str_append(out, "<b>Not reached:</b> ");
    dp_str_xml(out, t->reason);
    dp_str_append(out, t->final_n && t->objective_n < 2 ? ". What comes nearest is " : ".");
  } else {
    dp_str_append(out, "<b>Answer:</b> ");
  }
  if (t->objective_n > 1 && t->final_n) put_front_words(out, t);
  else if (t->final_n) {
    put_design(out, t, t->best);
    dp_str_append(out, ".");
    if (t->series) put_fit_words(out, t);
    else put_result(out, t);
    put_bounds(out, t);
  } else {
    dp_str_append(out, "</p>\n");
  }
  dp_str_append(out, "</div>\n");
  dp_str_printf(out, "<p class=\"soft\">The search looked at designs for %zu runs, the same luck for every design",
                t->search_run_n);
  if (t->final_n)
    dp_str_printf(out, "; what it chose was run again %zu times each on luck that it had not seen", fresh_runs(t));
  dp_str_printf(out, "; %zu runs in all.</p>\n", t->run_n);
}

/* ---- tables ---- */

/* Whether a parameter of the best design wants to leave its range. */
static bool at_edge(const struct dp_tuned *t, size_t a) {
  const struct dp_swept_axis *axis = &t->swept->axes[a];
  double low = t->range_low[a], high = t->range_high[a], x = axis->values[t->final[t->best]];
  const bool aims = t->series || strcmp(t->terms[0].goal, "value") != 0;
  if (axis->texts || t->listed_n[a] > 0 || !aims || !(high > low)) return false;
  if (low > 0 && high > 20 * low) low = log(low), high = log(high), x = log(x);
  return (x - low) / (high - low) < EDGE || (high - x) / (high - low) < EDGE;
}

static void put_edges(struct dp_str *out, const struct dp_tuned *t) {
  for (size_t a = 0; a < t->swept->axis_n; a++) {
    if (!at_edge(t, a)) continue;
    dp_str_append(out, "<p>");
    put_name(out, t->swept->axes[a].name);
    dp_str_append(out, " lies at the edge of where it was looked for: a wider vary may give a better design.</p>\n");
  }
}

static void put_parameters(struct dp_str *out, const struct dp_tuned *t) {
  const struct dp_swept *s = t->swept;
  const bool two = t->final_n > 1;
  const char *heads[] = {"parameter", "chosen", two ? "runner-up" : "from", two ? "from" : "to", "to"};
  dp_str_append(out, "<h3>The design, and where it was looked for</h3><div class=\"num\">");
  dp_report_open_table(out, heads, two ? 5 : 4);
  for (size_t a = 0; a < s->axis_n; a++) {
    const struct dp_swept_axis *axis = &s->axes[a];
    char texts[4][32];
    const char *cells[5] = {axis->label};
    size_t n = 1;
    for (size_t f = 0; f < (two ? 2u : 1u); f++) {
      const double x = axis->values[t->final[f == 0 ? t->best : 1 - t->best]];
      cells[n++] = axis->texts ? axis->texts[(size_t)x] : number(x, texts[f]);
    }
    cells[n++] = number(t->range_low[a], texts[2]);
    cells[n++] = number(t->range_high[a], texts[3]);
    dp_html_row(out, "td", cells, n);
  }
  dp_report_close_table(out);
  dp_str_append(out, "</div>\n");
  put_edges(out, t);
}

/* Cells of a table, their texts kept until the row is put. */
struct row {
  const char **cells;
  char (*texts)[160];
  size_t n;
};

static void add_cell(struct row *r, const char *text) {
  snprintf(r->texts[r->n], sizeof *r->texts, "%s", text);
  r->cells[r->n] = r->texts[r->n];
  r->n++;
}

static void put_final_heads(struct dp_str *out, const struct dp_tuned *t, struct row *r) {
  char head[160];
  r->n = 0;
  add_cell(r, "design");
  for (size_t a = 0; a < t->swept->axis_n; a++) {
    const struct dp_swept_axis *axis = &t->swept->axes[a];
    add_cell(r, t->objective_n > 1 ? axis->label : axis->name); /* of one objective the units are in a table above */
  }
  for (size_t i = 0; i < t->term_n; i++) {
    snprintf(head, sizeof head, "%s (%s)", t->terms[i].name, t->terms[i].unit);
    add_cell(r, head);
    if (isnan(t->terms[i].quantile)) add_cell(r, "± 95 %");
    add_cell(r, "in the search");
  }
  dp_report_open_table(out, r->cells, r->n);
}

static void put_final(struct dp_str *out, const struct dp_tuned *t, size_t f, struct row *r) {
  const struct dp_swept *s = t->swept;
  bool holds = true;
  char buf[32], name[64];
  for (size_t i = 0; i < t->term_n; i++) holds = holds && dp_tuned_at(t, f, i)->holds;
  r->n = 0;
  snprintf(buf, sizeof buf, "front %zu", f + 1);
  snprintf(name, sizeof name, "%s%s", t->objective_n > 1 ? buf : f == t->best ? "chosen" : "runner-up",
           holds ? "" : ", breaks a bound");
  add_cell(r, name);
  for (size_t a = 0; a < s->axis_n; a++) {
    const double x = s->axes[a].values[t->final[f]];
    add_cell(r, s->axes[a].texts ? s->axes[a].texts[(size_t)x] : number(x, buf));
  }
  for (size_t i = 0; i < t->term_n; i++) {
    const struct dp_tuned_outcome *x = dp_tuned_at(t, f, i);
    add_cell(r, number(x->value, buf));
    if (isnan(t->terms[i].quantile)) add_cell(r, width(x->half_width, buf));
    add_cell(r, number(x->searched, buf));
  }
  dp_html_row(out, "td", r->cells, r->n);
}

/* Rows: designs. Columns: parameters; each figure on fresh luck and as the search saw it. */
static void put_finals(struct dp_str *out, const struct dp_tuned *t) {
  const size_t n = 1 + t->swept->axis_n + 3 * t->term_n;
  struct row r = {dp_zeros(n, sizeof *r.cells), dp_zeros(n, sizeof *r.texts), 0};
  if (!r.cells || !r.texts) out->failed = true;
  if (r.cells && r.texts && t->term_n > 0) {
    dp_str_append(out, "<h3>Designs on fresh luck, beside what the search saw</h3><div class=\"num\">");
    put_final_heads(out, t, &r);
    for (size_t f = 0; f < t->final_n; f++) put_final(out, t, f, &r);
    dp_report_close_table(out);
    dp_str_append(out, "</div>\n");
  }
  free(r.cells);
  free(r.texts);
}

/* ---- what the data tell ---- */

static void put_elsewhere(struct dp_str *out, const struct dp_tuned_profile *p) {
  char value[32];
  const size_t i = dp_profile_elsewhere(p->n, p->value, p->deviance, p->low, p->high, p->open_low, p->open_high);
  if (i == SIZE_MAX) return;
  dp_str_printf(out,
                " <b>But %s fits as well</b>, with other values of the rest: the interval is not to be trusted (give a "
                "larger budget_n, or set a parameter that another can stand in for).",
                number(p->value[i], value));
}

static void put_told(struct dp_str *out, const struct dp_tuned *t, const struct dp_tuned_profile *p) {
  const struct dp_swept_axis *axis = &t->swept->axes[p->axis];
  char best[32], low[32], high[32], from[32], to[32];
  number(axis->values[t->final[t->best]], best);
  number(p->low, low);
  number(p->high, high);
  number(p->value[0], from);
  number(p->value[p->n - 1], to);
  dp_str_append(out, "<li>");
  if (p->open_low && p->open_high) {
    dp_str_append(out, "These data do not tell ");
    put_name(out, axis->name);
    dp_str_printf(out, ": every value from %s to %s fits as well (95 %%).", from, to);
  } else {
    put_name(out, axis->name);
    if (p->open_low)
      dp_str_printf(out, " is %s, at most %s (95 %%); how little it may be these data do not tell", best, high);
    else if (p->open_high)
      dp_str_printf(out, " is %s, at least %s (95 %%); how much it may be these data do not tell", best, low);
    else dp_str_printf(out, " is %s, between %s and %s (95 %%)", best, low, high);
    dp_str_printf(out, "; it was looked for from %s to %s.", from, to);
  }
  put_elsewhere(out, p);
  dp_str_append(out, "</li>");
}

static void put_identifiability(struct dp_str *out, const struct dp_tuned *t) {
  if (t->profile_n == 0 || t->final_n == 0) return;
  dp_html_section(out, "identifiability", "What the data tell");
  dp_str_append(out, "<ul>");
  for (size_t i = 0; i < t->profile_n; i++)
    if (t->profiles[i].n > 0) put_told(out, t, &t->profiles[i]);
  if (t->few_looks)
    dp_str_append(out, "<li>The budget leaves few looks at each level: these intervals may be too narrow (give a larger "
                       "budget_n).</li>");
  dp_str_append(
      out, "</ul>\n<p class=\"soft\">Profile likelihood: a parameter is held at a value and the others are tuned "
           "anew. The deviance is n ln(SSE / least SSE); where it is below 3.84 the value lies in the 95 % interval "
           "(Venzon and Moolgavkar 1988). Errors that resemble their neighbours make the interval too "
           "narrow.</p><div class=\"charts\">\n");
  dp_report_tune_profiles(out, t);
  dp_str_append(out, "</div>\n");
  dp_html_end(out);
}

/* ---- every key figure ---- */

enum dp_status dp_report_tune_kpis(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err) {
  static const char *const columns[] = {"mean", "half_width", "p5", "p95"};
  static const char *const heads[] = {"key figure", "unit", "mean", "± 95 %", "p5", "p95"};
  const struct dp_swept *s = &r->swept;
  const struct dp_tuned *t = r->tune;
  if (t->final_n == 0 || t->objective_n > 1) return DP_OK;
  enum dp_status status = DP_OK;
  dp_html_section(out, "chosen", "Key figures of the chosen design, on fresh luck");
  dp_str_printf(out, "<details><summary>%zu key figures of %zu runs</summary><div class=\"num\">", s->kpi_n,
                fresh_runs(t));
  dp_report_open_table(out, heads, 6);
  for (size_t k = 0; k < s->kpi_n && status == DP_OK; k++) {
    char texts[4][32];
    const char *cells[6] = {s->kpis[k].name, dp_unit_text(s->kpis[k].name, s->kpis[k].unit)};
    for (size_t c = 0; c < 4 && status == DP_OK; c++) {
      double *values = NULL;
      status = dp_swept_summary(s, s->kpis[k].name, columns[c], &values, err);
      cells[2 + c] = status == DP_OK ? dp_svg_number(values[t->again[t->best]], texts[c]) : "";
      free(values);
    }
    dp_html_row(out, "td", cells, 6);
  }
  dp_report_close_table(out);
  dp_str_append(out, "</div></details>\n");
  dp_html_end(out);
  return status;
}

/* ---- the whole ---- */

enum dp_status dp_report_tune(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err) {
  const struct dp_tuned *t = r->tune;
  enum dp_status status = DP_OK;
  dp_html_section(out, "answer", "What was asked, and what came out");
  put_asked(out, t);
  put_answer(out, t);
  if (t->final_n > 0 && t->objective_n < 2) put_parameters(out, t);
  if (t->final_n > 0) put_finals(out, t);
  dp_html_end(out);
  if (t->series) {
    dp_html_section(out, "fit", "Model and data");
    dp_str_append(out, "<div class=\"charts\">\n");
    status = dp_report_tune_fit(out, r, err);
    dp_str_append(out, "</div>\n");
    dp_html_end(out);
    put_identifiability(out, t);
  }
  dp_html_section(out, "search",
                  t->objective_n > 1 ? "The front, and the way of the search to it" : "The way of the search");
  dp_str_append(out, "<div class=\"charts\">\n");
  if (t->objective_n > 1) dp_report_tune_front(out, t);
  dp_report_tune_path(out, t);
  dp_str_append(out, "</div>\n");
  dp_html_end(out);
  return status;
}
