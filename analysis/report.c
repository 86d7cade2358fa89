/* analysis/report.c — the order of a report, and its file. */
#include <config.h>

#include "analysis/report.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare.h"
#include "analysis/html.h"
#include "analysis/svg.h"

/* ---- what was asked ---- */

static char *scenario_text(const struct dp_result *r) {
  char *text = NULL, *copy = NULL;
  hid_t dataset = H5Dopen2(r->file, "/provenance/scenario", H5P_DEFAULT), type = dataset < 0 ? -1 : H5Dget_type(dataset);
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
    if (inside && (n == 0 || end < line)) break;
    if (strncmp(line, word, len) == 0) inside = true;
    if (inside && (!end || end > line)) {
      dp_str_append_n(out, line, n);
      dp_str_append(out, " ");
    }
    text = end ? end + 1 : NULL;
  }
}

/* The question, as a sentence. */
static void put_title(struct dp_str *out, const char *title) {
  const char first[2] = {(char)toupper((unsigned char)title[0]), '\0'};
  dp_html_text(out, first);
  dp_html_text(out, title[0] ? title + 1 : "");
}

static void put_head(struct dp_str *out, const struct dp_result *r) {
  char length[DP_DURATION_TEXT];
  char *text = scenario_text(r);
  struct dp_str answer = {0};
  dp_str_append(out, "<h1>");
  put_title(out, r->title[0] ? r->title : r->scenario);
  dp_str_append(out, "</h1><p class=\"soft\">");
  dp_html_text(out, r->scenario);
  dp_str_append(out, ", from ");
  dp_html_text(out, r->start);
  dp_str_printf(out, " for %s; seed %llu; digest %s</p>\n", dp_format_duration(r->duration_ns, length),
                (unsigned long long)r->seed, r->digest);
  put_comment(&answer, text, "Answer");
  if (answer.len) {
    dp_str_append(out, "<p class=\"flag\">");
    dp_html_text(out, dp_str_text(&answer));
    dp_str_append(out, "<br><span class=\"soft\">from the scenario's text; this run's own figures are below</span></p>\n");
  }
  dp_str_fini(&answer);
  free(text);
}

/* ---- several ---- */

static void put_comparison(struct dp_str *out, const struct dp_report_run *runs, size_t n) {
  const struct dp_result *first = runs[0].result;
  const char **cells = calloc(n + 1, sizeof *cells);
  char(*texts)[32] = calloc(n, sizeof *texts);
  if (!cells || !texts) out->failed = true;
  dp_html_section(out, "comparison", "Side by side");
  dp_report_overlay(out, runs, n);
  dp_str_append(out, "<div class=\"wide\"><table><thead>");
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
  free(cells);
  free(texts);
}

static enum dp_status put_differences(struct dp_str *out, const struct dp_report_run *runs, size_t n, struct dp_err *err) {
  enum dp_status status = DP_OK;
  for (size_t i = 1; i < n && status == DP_OK; i++) {
    struct dp_str lines = {0};
    size_t count;
    status = dp_compare_parameters(&lines, runs[0].result, runs[i].result, &count, err);
    dp_str_append(out, "<h3>Parameters that differ: ");
    dp_html_text(out, runs[0].result->path);
    dp_str_append(out, " and ");
    dp_html_text(out, runs[i].result->path);
    dp_str_append(out, "</h3><pre>");
    dp_html_text(out, count ? dp_str_text(&lines) : "none");
    dp_str_append(out, "</pre>\n");
    dp_str_fini(&lines);
  }
  dp_html_end(out);
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
  dp_report_provenance(out, run);
  return DP_OK;
}

static enum dp_status put_page(struct dp_str *out, const struct dp_report_run *runs, size_t n, struct dp_err *err) {
  const struct dp_result *first = runs[0].result;
  struct dp_str script = {0};
  enum dp_status status = DP_OK;
  dp_html_open(out, first->title[0] ? first->title : first->scenario);
  put_head(out, first);
  if (n == 1) {
    status = put_run(out, &script, &runs[0], err);
  } else {
    put_comparison(out, runs, n);
    status = put_differences(out, runs, n, err);
    for (size_t i = 0; i < n; i++) dp_report_provenance(out, &runs[i]);
  }
  dp_html_close(out, n == 1 ? dp_str_text(&script) : NULL);
  if (script.failed) out->failed = true;
  dp_str_fini(&script);
  return status;
}

static enum dp_status write_file(const struct dp_str *page, const char *path, struct dp_err *err) {
  FILE *file = fopen(path, "w");
  const bool written = file && fwrite(page->data, 1, page->len, file) == page->len;
  const bool closed = file && fclose(file) == 0;
  if (written && closed) return DP_OK;
  return dp_fail(err, DP_IO, "cannot write %s: %s (choose another -o)", path, strerror(errno));
}

enum dp_status dp_report_write(const char *const *results, size_t n, const char *path, struct dp_err *err) {
  struct dp_report_run *runs = calloc(n, sizeof *runs);
  struct dp_str page = {0};
  enum dp_status status = runs ? DP_OK : dp_fail_nomem(err, "a report");
  for (size_t i = 0; i < n && status == DP_OK; i++) {
    status = dp_result_open(results[i], &runs[i].result, err);
    if (status == DP_OK) status = dp_series_read(runs[i].result, &runs[i].series, err);
  }
  if (status == DP_OK) status = put_page(&page, runs, n, err);
  if (status == DP_OK && page.failed) status = dp_fail_nomem(err, "a report");
  if (status == DP_OK) status = write_file(&page, path, err);
  dp_str_fini(&page);
  for (size_t i = 0; runs && i < n; i++) {
    dp_series_fini(&runs[i].series);
    dp_result_close(runs[i].result);
  }
  free(runs);
  return status;
}
