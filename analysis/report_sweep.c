/* analysis/report_sweep.c — the report of a sweep: what was asked, what was varied, what came out, what failed. */
#include "analysis/report_sweep.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_tune.h"
#include "analysis/svg.h"
#include "base/memory.h"

#define POINTS_SHOWN 200 /* rows of a table */
#define LEVELS_SHOWN 12
#define FAILURES_SHOWN 50
#define FANS_OF_SEARCH 4 /* final designs whose series are drawn */

/* ---- options ---- */

enum dp_status dp_report_points(struct dp_report_options *o, const char *value, struct dp_err *err) {
  struct dp_err why = {0};
  for (const char *c = value;;) {
    char word[32];
    int64_t n;
    const size_t len = strcspn(c, ",");
    snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), c);
    if (o->point_n == DP_REPORT_POINTS)
      return dp_fail(err, DP_USAGE, "--points: %d points can be drawn over each other at most", DP_REPORT_POINTS);
    if (dp_parse_i64(word, 0, INT64_MAX, &n, &why) != DP_OK) return dp_fail(err, DP_USAGE, "--points: %s", why.text);
    o->points[o->point_n++] = (size_t)n;
    if (c[len] == '\0') return DP_OK;
    c += len + 1;
  }
}

/* ---- head ---- */

static void put_head(struct dp_str *out, const struct dp_report_sweep *r) {
  const struct dp_swept *s = &r->swept;
  double failed = 0;
  for (size_t p = 0; p < s->point_n; p++) failed += s->failed_n[p];
  dp_report_head(out, s->result);
  dp_str_append(out, "<p class=\"soft\">");
  dp_str_xml(out, s->result->scenario);
  dp_str_append(out, ", ");
  if (r->sensitivity) {
    hid_t group = H5Gopen2(s->result->file, "/sensitivity", H5P_DEFAULT);
    char *method = group < 0 ? NULL : dp_result_text(group, "method");
    dp_str_printf(out, "sensitivity by %s", method ? method : "?");
    if (group >= 0) H5Gclose(group);
    free(method);
  } else {
    dp_str_append(out, r->tune ? "a search by " : "design ");
    dp_str_xml(out, s->design);
  }
  dp_str_printf(out, ": %zu point%s, %zu runs", s->point_n, s->point_n == 1 ? "" : "s", s->run_n);
  if (failed > 0) dp_str_printf(out, ", <b>%.0f of them failed</b>", failed);
  dp_str_printf(out, "; seed %" PRIu64 "</p>\n", s->result->seed);
  dp_report_answer(out, s->result, "study");
}

/* ---- the extremes ---- */

static void put_extreme(struct dp_str *out, const struct dp_swept *s, const char *word, size_t p, const double *mean,
                        const double *half, const double *n) {
  char number[32];
  struct dp_str at = {0};
  dp_swept_point_text(&at, s, p);
  dp_str_printf(out, "%s at ", word);
  dp_str_xml(out, dp_str_text(&at));
  dp_str_printf(out, ": <b>%s</b>", dp_svg_number(mean[p], number));
  if (isfinite(half[p])) dp_str_printf(out, " ± %s", dp_svg_number(half[p], number));
  dp_str_printf(out, " (%.0f run%s)", n[p], n[p] > 1 ? "s" : "");
  dp_str_fini(&at);
}

/* In a sentence where the first key figure that differs is highest and lowest. */
static enum dp_status put_extremes(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  double *mean = NULL, *half = NULL, *n = NULL;
  size_t low = SIZE_MAX, high = SIZE_MAX;
  if (r->tune || r->sensitivity || r->drawn_n == 0) return DP_OK;
  const struct dp_swept_name *kpi = &s->kpis[r->drawn[0]];
  enum dp_status status = dp_swept_summary(s, kpi->name, "mean", &mean, err);
  if (status == DP_OK) status = dp_swept_summary(s, kpi->name, "half_width", &half, err);
  if (status == DP_OK) status = dp_swept_summary(s, kpi->name, "n", &n, err);
  for (size_t p = 0; p < s->point_n && status == DP_OK; p++) {
    if (!isfinite(mean[p])) continue;
    if (low == SIZE_MAX || mean[p] < mean[low]) low = p;
    if (high == SIZE_MAX || mean[p] > mean[high]) high = p;
  }
  if (status == DP_OK && low != SIZE_MAX) {
    dp_str_append(out, "<p>");
    dp_str_xml(out, kpi->name);
    dp_str_append(out, ", in ");
    dp_str_xml(out, dp_unit_text(kpi->name, kpi->unit));
    put_extreme(out, s, ", is highest", high, mean, half, n);
    put_extreme(out, s, " and lowest", low, mean, half, n);
    dp_str_append(out, isfinite(half[low]) || isfinite(half[high]) ? "; ± holds the mean with probability 0.95.</p>\n"
                                                                   : ".</p>\n");
  }
  free(mean);
  free(half);
  free(n);
  return status;
}

/* ---- what was varied ---- */

static void put_levels(struct dp_str *out, const struct dp_swept_axis *a) {
  char number[32];
  if (a->level_n > LEVELS_SHOWN) {
    dp_str_printf(out, "%zu values from %s", a->level_n, dp_svg_number(a->levels[0], number));
    dp_str_printf(out, " to %s", dp_svg_number(a->levels[a->level_n - 1], number));
    return;
  }
  for (size_t i = 0; i < a->level_n; i++)
    dp_str_printf(out, "%s%s", i ? ", " : "", a->texts ? a->texts[i] : dp_svg_number(a->levels[i], number));
}

/* The scenario's own value of each parameter, and the others that the study set. */
static enum dp_status put_varied(struct dp_str *out, const struct dp_swept *s, struct dp_err *err) {
  static const char *const heads[] = {"parameter", "values", "the scenario's own", "what it is"};
  char **names, **values = NULL;
  int64_t *is_default = NULL;
  size_t n = 0, m = 0, flag_n = 0;
  const char *const group = "/provenance/parameters/scenario";
  char path[3][64];
  snprintf(path[0], 64, "%s/name", group);
  snprintf(path[1], 64, "%s/value", group);
  snprintf(path[2], 64, "%s/is_default", group);
  enum dp_status status = dp_result_column_texts(s->result, path[0], &names, &n, err);
  if (status == DP_OK) status = dp_result_column_texts(s->result, path[1], &values, &m, err);
  if (status == DP_OK) status = dp_result_column_i64(s->result, path[2], &is_default, &flag_n, err);
  dp_html_section(out, "varied", "What was varied");
  dp_str_append(out, "<div class=\"left\">");
  dp_report_open_table(out, heads, 4);
  for (size_t i = 0; i < s->axis_n; i++) {
    struct dp_str levels = {0};
    const char *own = "";
    put_levels(&levels, &s->axes[i]);
    for (size_t k = 0; status == DP_OK && k < n && k < m; k++)
      if (strcmp(names[k], s->axes[i].name) == 0) own = values[k];
    const char *cells[] = {s->axes[i].name, dp_str_text(&levels), own, s->axes[i].doc};
    dp_html_row(out, "td", cells, 4);
    dp_str_fini(&levels);
  }
  dp_report_close_table(out);
  dp_str_append(out, "</div>");
  bool any = false;
  for (size_t k = 0; status == DP_OK && k < n && k < m && k < flag_n; k++) {
    if (is_default[k]) continue;
    dp_str_append(out, any ? ", " : "<p class=\"soft\">Set at every point: ");
    dp_str_xml(out, names[k]);
    dp_str_append(out, " = ");
    dp_str_xml(out, values[k]);
    any = true;
  }
  dp_str_append(out, any ? "</p>\n" : "");
  dp_html_end(out);
  free(names);
  free(values);
  free(is_default);
  return status;
}

/* ---- which key figures are drawn ---- */

static const char *const preferred[] = {
    "token.price_usd", "token.price_change_ratio", "provider.active_n", "provider.in_profit_ratio",
    "provider.net_income_usd", "network.real_revenue_ratio", "job.completed_ratio", "market.spend_usd", "token.supply",
    "job.latency_s.p95"};

static enum dp_status note_drawn(struct dp_report_sweep *r, size_t k, struct dp_err *err) {
  double *mean, low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < r->drawn_n; i++)
    if (r->drawn[i] == k) return DP_OK;
  if (k == SIZE_MAX || r->drawn_n == DP_REPORT_HEADLINES) return DP_OK;
  DP_TRY(dp_swept_summary(&r->swept, r->swept.kpis[k].name, "mean", &mean, err));
  for (size_t p = 0; p < r->swept.point_n; p++) low = fmin(low, mean[p]), high = fmax(high, mean[p]);
  free(mean);
  if (low < high) r->drawn[r->drawn_n++] = k;
  return DP_OK;
}

/* Of a search: what it is about. */
static enum dp_status choose(struct dp_report_sweep *r, struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  for (size_t i = 0; r->tune && i < r->tune->term_n; i++)
    DP_TRY(note_drawn(r, dp_swept_kpi(s, r->tune->terms[i].kpi), err));
  if (r->tune) return DP_OK;
  if (s->kpi_n > DP_REPORT_HEADLINES)
    for (size_t i = 0; i < sizeof preferred / sizeof *preferred; i++)
      DP_TRY(note_drawn(r, dp_swept_kpi(s, preferred[i]), err));
  for (size_t k = 0; k < s->kpi_n; k++) DP_TRY(note_drawn(r, k, err));
  return DP_OK;
}

/* ---- safe region ---- */

static const char share_unit[] = "share of the runs";
static const char fallback_bounds[] = "provider.active_n>0 && token.price_change_ratio>-0.9";

/* The default's bounds on key figures that the study has kept. */
static size_t known_bounds(const struct dp_swept *s, struct dp_swept_bound *bounds, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    if (dp_swept_kpi(s, bounds[i].kpi) != SIZE_MAX) bounds[kept++] = bounds[i];
  return kept;
}

static void put_bounds(struct dp_str *out, const struct dp_swept_bound *bounds, size_t n) {
  char number[32];
  for (size_t i = 0; i < n; i++) {
    char op[3] = {bounds[i].below ? '<' : '>', bounds[i].strict ? '\0' : '=', '\0'};
    dp_str_printf(out, "%s%s %s %s", i ? " and " : "", bounds[i].kpi, op, dp_svg_number(bounds[i].bound, number));
  }
}

/* What the option asks, or the file, or the default. @param asked who said it, malloc'ed; NULL: nobody */
static enum dp_status choose_bounds(const struct dp_report_sweep *r, struct dp_swept_bound **bounds, size_t *n,
                                    char **asked, struct dp_err *err) {
  const char *text = r->options->survive;
  if (text) {
    *asked = dp_copy_text("option");
    return dp_swept_bounds_parse(text, bounds, n, err);
  }
  DP_TRY(dp_swept_bounds_own(&r->swept, bounds, n, asked, err));
  if (*n) return DP_OK;
  free(*bounds);
  free(*asked);
  *bounds = NULL;
  *asked = NULL;
  DP_TRY(dp_swept_bounds_parse(fallback_bounds, bounds, n, err));
  *n = known_bounds(&r->swept, *bounds, *n);
  return DP_OK;
}

static enum dp_status put_safe(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err) {
  struct dp_swept_bound *bounds = NULL;
  struct dp_str words = {0};
  size_t n = 0;
  double *share = NULL;
  char *asked = NULL;
  enum dp_status status = choose_bounds(r, &bounds, &n, &asked, err);
  const bool option = asked && strcmp(asked, "option") == 0;
  if (r->tune && !asked) n = 0; /* a search asks something else */
  if (status == DP_OK && n) status = dp_swept_share(&r->swept, bounds, n, &share, err);
  if (status == DP_OK && n > 0) {
    put_bounds(&words, bounds, n);
    dp_html_section(out, "safe", "Safe region");
    dp_str_append(out, "<p>A run survives when ");
    dp_str_xml(out, dp_str_text(&words));
    dp_str_append(out, " at its end");
    if (asked && !option) dp_str_printf(out, ", as the %s says", asked);
    dp_str_append(out, "; one that failed does not.");
    if (!option)
      dp_str_printf(out, " <span class=\"soft\">%s--survive 'KPI&gt;=NUMBER &amp;&amp; …' asks for something "
                         "else.</span>", asked ? "" : "survive = { … } in the study, or ");
    dp_str_append(out, "</p>\n<div class=\"charts\">\n");
    status = dp_report_sweep_map(out, r, "Share of the runs that survive", share_unit, share, NULL, NULL, err);
    dp_str_append(out, "</div>\n");
    size_t all = 0, none = 0;
    for (size_t p = 0; p < r->swept.point_n; p++) all += share[p] >= 1, none += share[p] <= 0;
    dp_str_printf(out, "<p>Every run survives at %zu of %zu points, none at %zu.</p>\n", all, r->swept.point_n, none);
    dp_html_end(out);
  }
  dp_str_fini(&words);
  free(asked);
  free(share);
  free(bounds);
  return status;
}

/* ---- tables ---- */

static void point_cells(const struct dp_swept *s, size_t p, const char **cells, char (*texts)[32]) {
  snprintf(texts[0], 32, "%zu", p);
  cells[0] = texts[0];
  for (size_t i = 0; i < s->axis_n; i++) {
    const struct dp_swept_axis *a = &s->axes[i];
    cells[i + 1] = a->texts ? a->texts[(size_t)a->values[p]] : dp_svg_number(a->values[p], texts[i + 1]);
  }
}

static enum dp_status put_table(struct dp_str *out, const struct dp_swept *s, size_t k, bool open, struct dp_err *err) {
  static const char *const columns[] = {"mean", "half_width", "p5", "p50", "p95", "n"};
  static const char *const heads[] = {"mean", "± 95 %", "p5", "p50", "p95", "runs"};
  double *values[6] = {0};
  const size_t cell_n = s->axis_n + 7;
  const char **cells = calloc(cell_n, sizeof *cells);
  char(*texts)[32] = calloc(cell_n, sizeof *texts);
  enum dp_status status = cells && texts ? DP_OK : dp_fail_nomem(err, "a table");
  for (int c = 0; c < 6 && status == DP_OK; c++) status = dp_swept_summary(s, s->kpis[k].name, columns[c], &values[c], err);
  if (status == DP_OK) {
    dp_str_printf(out, "<details%s><summary>", open ? " open" : "");
    dp_str_xml(out, s->kpis[k].name);
    dp_str_append(out, ", in ");
    dp_str_xml(out, dp_unit_text(s->kpis[k].name, s->kpis[k].unit));
    dp_str_append(out, ": <span class=\"soft\">");
    dp_str_xml(out, s->kpis[k].doc);
    dp_str_append(out, "</span></summary><div class=\"num\">");
    cells[0] = "point";
    for (size_t i = 0; i < s->axis_n; i++) cells[i + 1] = s->axes[i].name;
    memcpy(cells + s->axis_n + 1, heads, sizeof heads);
    dp_report_open_table(out, cells, cell_n);
    for (size_t p = 0; p < s->point_n && p < POINTS_SHOWN; p++) {
      point_cells(s, p, cells, texts);
      for (size_t c = 0; c < 6; c++)
        cells[s->axis_n + 1 + c] = dp_svg_number(values[c][p], texts[s->axis_n + 1 + c]);
      dp_html_row(out, "td", cells, cell_n);
    }
    dp_report_close_table(out);
    dp_str_append(out, "</div></details>\n");
  }
  for (int c = 0; c < 6; c++) free(values[c]);
  free(cells);
  free(texts);
  return status;
}

static enum dp_status put_points(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  dp_html_section(out, "points", "Points");
  dp_str_append(out, "<p class=\"soft\">The mean of a point's runs lies within ± with probability 0.95 (Student); 5, 50 and "
                     "95 % of the runs lie below p5, p50 and p95.</p>\n");
  if (s->point_n > POINTS_SHOWN)
    dp_str_printf(out, "<p>The first %d of %zu points; the file has all of them.</p>\n", POINTS_SHOWN, s->point_n);
  for (size_t i = 0; r->tune && i < r->drawn_n; i++) DP_TRY(put_table(out, s, r->drawn[i], false, err));
  for (size_t k = 0; k < s->kpi_n && !r->tune; k++) DP_TRY(put_table(out, s, k, r->drawn_n && r->drawn[0] == k, err));
  dp_html_end(out);
  return DP_OK;
}

static enum dp_status put_failures(struct dp_str *out, const struct dp_swept *s, struct dp_err *err) {
  static const char *const heads[] = {"run", "at", "why"};
  int64_t *runs = NULL;
  char **messages = NULL;
  size_t n = 0, m = 0;
  if (!dp_result_has(s->result, "/failures/run")) return DP_OK;
  enum dp_status status = dp_result_column_i64(s->result, "/failures/run", &runs, &n, err);
  if (status == DP_OK) status = dp_result_column_texts(s->result, "/failures/message", &messages, &m, err);
  if (status == DP_OK) {
    dp_html_section(out, "failures", "Runs that failed");
    dp_str_printf(out, "<p class=\"flag\">%zu of %zu runs failed%s</p>", n, s->run_n,
                  n > FAILURES_SHOWN ? "; these are the first" : "");
    dp_report_open_table(out, heads, 3);
    for (size_t i = 0; i < n && i < m && i < FAILURES_SHOWN; i++) {
      struct dp_str at = {0};
      char number[32];
      snprintf(number, sizeof number, "%" PRId64, runs[i]);
      if (runs[i] >= 0 && runs[i] < (int64_t)s->run_n) dp_swept_point_text(&at, s, (size_t)s->run_point[runs[i]]);
      const char *cells[] = {number, dp_str_text(&at), messages[i]};
      dp_html_row(out, "td", cells, 3);
      dp_str_fini(&at);
    }
    dp_report_close_table(out);
    dp_html_end(out);
  }
  free(runs);
  free(messages);
  return status;
}

static void put_provenance(struct dp_str *out, const struct dp_swept *s) {
  static const char *const heads[] = {"what", "value"};
  const struct dp_result *r = s->result;
  char seed[32], length[DP_DURATION_TEXT];
  snprintf(seed, sizeof seed, "%" PRIu64, r->seed);
  const char *const rows[][2] = {{"file", r->path}, {"scenario", r->scenario}, {"design", s->design},
                                 {"duration of a run", dp_format_duration(r->duration_ns, length)}, {"seed", seed},
                                 {"program", r->version}, {"revision", r->revision}};
  char *study = dp_report_text(r, "/provenance/study");
  dp_html_section(out, "provenance", "Where it comes from");
  dp_report_open_table(out, heads, 2);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) dp_html_row(out, "td", rows[i], 2);
  dp_report_close_table(out);
  if (study && study[0]) {
    dp_str_append(out, "<details><summary>the study</summary><pre>");
    dp_str_xml(out, study);
    dp_str_append(out, "</pre></details>\n");
  }
  free(study);
  dp_html_end(out);
}

/* ---- the whole ---- */

static enum dp_status put_page(struct dp_str *out, struct dp_report_sweep *r, struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  DP_TRY(choose(r, err));
  dp_html_open(out, s->result->title[0] ? s->result->title : s->result->scenario);
  put_head(out, r);
  DP_TRY(put_extremes(out, r, err));
  if (r->tune) DP_TRY(dp_report_tune(out, r, err));
  DP_TRY(put_varied(out, s, err));
  if (r->sensitivity) {
    DP_TRY(dp_report_sweep_sensitivity(out, r, err));
  } else {
    if (!r->tune || r->drawn_n) DP_TRY(dp_report_sweep_figures(out, r, err));
    DP_TRY(put_safe(out, r, err));
  }
  DP_TRY(dp_report_sweep_bands(out, r, err));
  if (r->tune) DP_TRY(dp_report_tune_kpis(out, r, err));
  if (!r->tune || r->drawn_n) DP_TRY(put_points(out, r, err));
  DP_TRY(put_failures(out, s, err));
  put_provenance(out, s);
  dp_html_close(out, NULL);
  return DP_OK;
}

enum dp_status dp_report_sweep(struct dp_str *out, struct dp_result *result, const struct dp_report_options *options,
                               struct dp_err *err) {
  struct dp_report_options chosen = *options;
  struct dp_report_sweep r = {.options = &chosen};
  struct dp_tuned tuned = {0};
  enum dp_status status = dp_swept_open(result, &r.swept, err);
  if (status == DP_OK && dp_result_has(result, "/tune")) {
    status = dp_tuned_open(&r.swept, &tuned, err);
    r.tune = &tuned;
    for (size_t i = 0; i < tuned.final_n && chosen.point_n < FANS_OF_SEARCH && options->point_n == 0; i++)
      chosen.points[chosen.point_n++] = (size_t)tuned.again[(tuned.best + i) % tuned.final_n];
  }
  r.sensitivity = dp_result_names(result, "/sensitivity");
  if (status == DP_OK) status = put_page(out, &r, err);
  dp_result_free_names(r.sensitivity);
  dp_tuned_fini(&tuned);
  dp_swept_fini(&r.swept);
  return status;
}
