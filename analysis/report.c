/* analysis/report.c — the order of a report, and its file. */
#include <config.h>

#include "analysis/report.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_bands.h"
#include "analysis/html.h"
#include "analysis/report_sweep.h"
#include "analysis/svg.h"

/* ---- what was asked ---- */

char *dp_report_text(const struct dp_result *r, const char *path) {
  char *text = NULL, *copy = NULL;
  hid_t dataset = dp_result_has(r, path) ? H5Dopen2(r->file, path, H5P_DEFAULT) : -1;
  hid_t type = dataset < 0 ? -1 : H5Dget_type(dataset);
  if (type >= 0 && H5Tis_variable_str(type) > 0 && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &text) >= 0 && text) {
    copy = strdup(text);
    H5free_memory(text);
  }
  if (type >= 0) H5Tclose(type);
  if (dataset >= 0) H5Dclose(dataset);
  return copy;
}

/* The paragraph of the leading comment that begins with `word`: "-- Answer at the defaults: …". */
static void put_comment(struct dp_str *out, const char *text, const char *word) {
  const size_t len = strlen(word);
  bool inside = false;
  while (text && strncmp(text, "--", 2) == 0) {
    const char *line = text + 2 + (text[2] == ' '), *end = strchr(text, '\n');
    const size_t n = end ? (size_t)(end - line) : strlen(line);
    if (inside && (n == 0 || end < line || strncmp(line, "Answer", 6) == 0)) break;
    if (strncmp(line, word, len) == 0) inside = true;
    if (inside && (!end || end > line)) {
      dp_str_append_n(out, line, n);
      dp_str_append(out, " ");
    }
    text = end ? end + 1 : NULL;
  }
}

/* A sentence that begins with a capital. */
static void put_title(struct dp_str *out, const char *title) {
  struct dp_str copy = {0};
  dp_str_append(&copy, title);
  if (copy.len) copy.data[0] = (char)toupper((unsigned char)title[0]);
  dp_str_xml(out, dp_str_text(&copy));
  dp_str_fini(&copy);
}

/* The question in full: the file's title is its first line. */
static void put_question(struct dp_str *out, const struct dp_result *r) {
  char *text = dp_report_text(r, "/provenance/scenario"), *study = dp_report_text(r, "/provenance/study");
  struct dp_str question = {0};
  put_comment(&question, text, "Question:");
  const char *words = dp_str_text(&question) + (question.len ? strlen("Question:") : 0);
  while (*words == ' ') words++;
  const bool longer = r->title[0] && strncmp(words, r->title, strlen(r->title)) == 0;
  struct dp_str asked = {0};
  if (longer) put_comment(&asked, study, "Question:"); /* the study's own, when it gave no other */
  if (asked.len) words = dp_str_text(&asked) + strlen("Question:");
  while (*words == ' ') words++;
  dp_str_append(out, "<h1>");
  put_title(out, longer ? words : r->title[0] ? r->title : r->scenario);
  dp_str_append(out, "</h1>\n");
  dp_str_fini(&question);
  dp_str_fini(&asked);
  free(text);
  free(study);
}

/* A list of texts that the file may have. */
static void put_list(struct dp_str *out, const struct dp_result *r, const char *path, const char *heading) {
  struct dp_err ignored = {0};
  char **texts = NULL;
  size_t n = 0;
  if (!dp_result_has(r, path) || dp_result_column_texts(r, path, &texts, &n, &ignored) != DP_OK || n == 0) {
    free(texts);
    return;
  }
  dp_str_printf(out, "<div class=\"flag\"><b>%s</b><ul>", heading);
  for (size_t i = 0; i < n; i++) {
    dp_str_append(out, "<li>");
    dp_str_xml(out, texts[i]);
    dp_str_append(out, "</li>");
  }
  dp_str_append(out, "</ul></div>\n");
  free(texts);
}

void dp_report_head(struct dp_str *out, const struct dp_result *r) {
  char *conditional = dp_result_text(r->file, "conditional");
  put_question(out, r);
  if (conditional && conditional[0]) {
    dp_str_append(out, "<p class=\"flag\"><b>Conditional:</b> given by the scenario and not made by the run: ");
    dp_str_xml(out, conditional);
    dp_str_append(out, "</p>\n");
  }
  free(conditional);
  put_list(out, r, "/provenance/warnings", "Warnings");
  put_list(out, r, "/provenance/hindsight", "Hindsight: dated later than the scenario's as_of");
  put_list(out, r, "/provenance/undated", "Undated: nobody says whether it was known at the scenario's as_of");
}

void dp_report_answer(struct dp_str *out, const struct dp_result *r, const char *whose) {
  char path[64];
  struct dp_str answer = {0};
  snprintf(path, sizeof path, "/provenance/%s", whose);
  char *text = dp_report_text(r, path);
  put_comment(&answer, text, "Answer");
  if (answer.len) {
    dp_str_append(out, "<p class=\"flag\">");
    dp_str_xml(out, dp_str_text(&answer));
    dp_str_printf(out, "<br><span class=\"soft\">from the %s's text; this %s's own figures are below</span></p>\n", whose,
                  dp_result_is_sweep(r) ? "file" : "run");
  }
  dp_str_fini(&answer);
  free(text);
}

static void put_head(struct dp_str *out, const struct dp_result *r) {
  char length[DP_DURATION_TEXT];
  dp_report_head(out, r);
  dp_str_append(out, "<p class=\"soft\">");
  dp_str_xml(out, r->scenario);
  dp_str_append(out, ", from ");
  dp_str_xml(out, r->start);
  dp_str_printf(out, " for %s; seed %llu; digest %s</p>\n", dp_format_duration(r->duration_ns, length),
                (unsigned long long)r->seed, r->digest);
  dp_report_answer(out, r, "scenario");
}

/* What the scenario expects of its figures, and what came. */
static enum dp_status put_expectations(struct dp_str *out, const struct dp_result *r, struct dp_err *err) {
  char **kpis = NULL, **bounds = NULL;
  double *values = NULL;
  int64_t *holds = NULL;
  size_t n = 0, size[3] = {0}, held = 0;
  if (!dp_result_has(r, "/expect")) return DP_OK;
  enum dp_status status = dp_result_column_texts(r, "/expect/kpi", &kpis, &n, err);
  if (status == DP_OK) status = dp_result_column_texts(r, "/expect/bound", &bounds, &size[0], err);
  if (status == DP_OK) status = dp_result_column_f64(r, "/expect/value", &values, &size[1], err);
  if (status == DP_OK) status = dp_result_column_i64(r, "/expect/holds", &holds, &size[2], err);
  if (status == DP_OK && (size[0] != n || size[1] != n || size[2] != n))
    status = dp_fail(err, DP_FORMAT, "%s: /expect: the file is damaged", r->path);
  if (status == DP_OK) {
    hid_t group = H5Gopen2(r->file, "/expect", H5P_DEFAULT);
    char *why = group < 0 ? NULL : dp_result_text(group, "not_judged");
    if (group >= 0) H5Gclose(group);
    for (size_t i = 0; i < n; i++) held += holds[i] != 0;
    if (why) dp_str_printf(out, "<div class=\"flag\"><b>Expectations</b>, not of this run: it has %s<ul>", why);
    else dp_str_printf(out, "<div class=\"flag\"><b>Expectations: %zu of %zu hold</b><ul>", held, n);
    for (size_t i = 0; i < n; i++) {
      char number[32];
      dp_str_append(out, "<li>");
      dp_str_xml(out, kpis[i]);
      dp_str_append(out, " ");
      dp_str_xml(out, bounds[i]);
      dp_str_printf(out, ": %s", isfinite(values[i]) ? dp_svg_number(values[i], number) : "no value");
      dp_str_append(out, why ? "</li>" : holds[i] ? ", holds</li>" : ", <b>fails</b></li>");
    }
    dp_str_append(out, "</ul></div>\n");
    free(why);
  }
  free(kpis);
  free(bounds);
  free(values);
  free(holds);
  return status;
}

/* ---- several ---- */

static void put_comparison(struct dp_str *out, const struct dp_report_run *runs, size_t n) {
  const struct dp_result *first = runs[0].result;
  const char **cells = calloc(n + 1, sizeof *cells);
  char(*texts)[32] = calloc(n, sizeof *texts);
  if (!cells || !texts) out->failed = true;
  dp_report_overlay(out, runs, n);
  dp_str_append(out, "<div class=\"wide num\"><table><thead>");
  if (cells && texts) {
    cells[0] = "key figure";
    for (size_t i = 0; i < n; i++) cells[i + 1] = runs[i].result->path;
    dp_html_row(out, "th", cells, n + 1);
    dp_str_append(out, "</thead><tbody>\n");
    for (size_t k = 0; k < first->kpi_n; k++) {
      cells[0] = first->kpis[k].name;
      for (size_t i = 0; i < n; i++) cells[i + 1] = dp_svg_number(dp_report_kpi(&runs[i], cells[0]), texts[i]);
      dp_html_row(out, "td", cells, n + 1);
    }
  }
  dp_str_append(out, "</tbody></table></div>\n");
  dp_html_end(out);
  free(cells);
  free(texts);
}

static enum dp_status put_differences(struct dp_str *out, const struct dp_report_run *runs, size_t n, struct dp_err *err) {
  enum dp_status status = DP_OK;
  dp_html_section(out, "comparison", "Side by side");
  for (size_t i = 1; i < n && status == DP_OK; i++) {
    struct dp_str lines = {0}, heading = {0};
    size_t count = 0;
    status = dp_compare_parameters(&lines, runs[0].result, runs[i].result, &count, err);
    dp_str_printf(&heading, "Parameters that differ: %s and %s", runs[0].result->path, runs[i].result->path);
    dp_html_lines(out, dp_str_text(&heading), dp_str_text(&lines), count);
    dp_str_fini(&heading);
    dp_str_fini(&lines);
  }
  return status;
}

/* ---- the whole ---- */

static enum dp_status put_run(struct dp_str *out, struct dp_str *script, const struct dp_report_run *run,
                              struct dp_err *err) {
  dp_html_section(out, "charts", "What happened");
  dp_report_charts(out, run);
  dp_html_end(out);
  dp_html_section(out, "kpi", "Key figures");
  dp_report_kpis(out, run);
  dp_html_end(out);
  DP_TRY(dp_report_cohorts(out, run, err));
  dp_report_regions(out, run);
  dp_html_section(out, "series", "Every series");
  dp_str_append(out, dp_html_has_dygraphs()
                         ? "<p class=\"soft\">Drag to zoom, double-click to see all again.</p>\n"
                         : "<p class=\"soft\">Still pictures: with Debian's libjs-dygraphs they can be zoomed.</p>\n");
  dp_report_series(out, script, run);
  dp_html_end(out);
  DP_TRY(dp_report_parameters(out, run, err));
  dp_report_provenance(out, run, 1);
  return DP_OK;
}

static enum dp_status put_page(struct dp_str *out, const struct dp_report_run *runs, size_t n, struct dp_err *err) {
  const struct dp_result *first = runs[0].result;
  struct dp_str script = {0};
  enum dp_status status = DP_OK;
  dp_html_open(out, first->title[0] ? first->title : first->scenario);
  put_head(out, first);
  if (n == 1) {
    status = put_expectations(out, first, err);
    if (status == DP_OK) status = put_run(out, &script, &runs[0], err);
  } else {
    status = put_differences(out, runs, n, err);
    put_comparison(out, runs, n);
    dp_report_provenance(out, runs, n);
  }
  dp_html_close(out, n == 1 ? dp_str_text(&script) : NULL);
  if (script.failed) out->failed = true;
  dp_str_fini(&script);
  return status;
}

static enum dp_status put_two(struct dp_str *page, const struct dp_report_run *runs, struct dp_err *err) {
  struct dp_result *results[2] = {runs[0].result, runs[1].result};
  const struct dp_compare_side sides[2] = {{results[0]->path, &results[0]}, {results[1]->path, &results[1]}};
  struct dp_bands bands;
  enum dp_status status = dp_bands_make(sides, 1, NULL, 0, &bands, err);
  if (status == DP_OK) status = dp_compare_page(page, sides, 1, &bands, err);
  dp_bands_fini(&bands);
  return status;
}

/* The page of results that are open. */
static enum dp_status put_any(struct dp_str *page, const struct dp_report_run *runs, size_t n,
                              const struct dp_report_options *options, struct dp_err *err) {
  if (n == 1 && dp_result_is_sweep(runs[0].result)) return dp_report_sweep(page, runs[0].result, options, err);
  for (size_t i = 0; i < n; i++)
    if (dp_result_is_sweep(runs[i].result))
      return dp_fail(err, DP_USAGE, "%s is the result of a sweep: it has a report of its own (give it alone)",
                     runs[i].result->path);
  return n == 2 ? put_two(page, runs, err) : put_page(page, runs, n, err);
}

enum dp_status dp_report_write(const char *const *results, size_t n, const char *path,
                               const struct dp_report_options *options, struct dp_err *err) {
  struct dp_report_run *runs = calloc(n, sizeof *runs);
  struct dp_str page = {0};
  enum dp_status status = runs ? DP_OK : dp_fail_nomem(err, "a report");
  for (size_t i = 0; i < n && status == DP_OK; i++) {
    status = dp_result_open_any(results[i], &runs[i].result, err);
    if (status == DP_OK && !dp_result_is_sweep(runs[i].result))
      status = dp_series_read(runs[i].result, &runs[i].series, err);
  }
  if (status == DP_OK) status = put_any(&page, runs, n, options, err);
  if (status == DP_OK && page.failed) status = dp_fail_nomem(err, "a report");
  if (status == DP_OK) status = dp_html_write(&page, path, err);
  dp_str_fini(&page);
  for (size_t i = 0; runs && i < n; i++) {
    dp_series_fini(&runs[i].series);
    dp_result_close(runs[i].result);
  }
  free(runs);
  return status;
}
