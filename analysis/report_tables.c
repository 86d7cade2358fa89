/* analysis/report_tables.c — key figures, regions, cohorts, parameters, provenance. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report.h"
#include "analysis/swept.h"
#include "analysis/svg.h"

void dp_report_open_table(struct dp_str *out, const char *const *heads, size_t n) {
  dp_str_append(out, "<div class=\"wide\"><table><thead>");
  dp_html_row(out, "th", heads, n);
  dp_str_append(out, "</thead><tbody>\n");
}

void dp_report_close_table(struct dp_str *out) { dp_str_append(out, "</tbody></table></div>\n"); }

/* ---- key figures ---- */

static void put_kpi(struct dp_str *out, const struct dp_kpi_value *k) {
  char value[32], exact[DP_I128_TEXT];
  const bool small = k->integer && k->count < 1000000 && k->count > -1000000;
  const double shown = k->integer ? dp_i128_to_double(k->count) : k->value;
  const bool pure = !k->unit || strcmp(k->unit, "1") == 0;
  const char *cells[] = {k->name, small ? dp_i128_text(k->count, exact) : dp_svg_number(shown, value),
                         pure ? "" : dp_unit_text(k->name, k->unit), k->doc ? k->doc : ""};
  dp_html_row(out, "td", cells, 4);
}

/* The group of a key figure: "token" of token.price_usd. */
static bool same_group(const char *a, const char *b) {
  const size_t len = strcspn(a, ".");
  return len == strcspn(b, ".") && strncmp(a, b, len) == 0;
}

void dp_report_kpis(struct dp_str *out, const struct dp_report_run *run) {
  static const char *const heads[] = {"key figure", "value", "unit", "what it is"};
  const struct dp_result *r = run->result;
  for (size_t i = 0; i < r->kpi_n; i++) {
    const char *name = r->kpis[i].name;
    size_t first = 0;
    while (!same_group(r->kpis[first].name, name)) first++;
    if (first < i) continue; /* it stands in its group already */
    dp_str_printf(out, "<details open><summary>%.*s</summary><div class=\"kpi\">", (int)strcspn(name, "."), name);
    dp_report_open_table(out, heads, 4);
    for (size_t k = i; k < r->kpi_n; k++)
      if (same_group(r->kpis[k].name, name)) put_kpi(out, &r->kpis[k]);
    dp_report_close_table(out);
    dp_str_append(out, "</div></details>\n");
  }
}

/* ---- regions ---- */

/* Whether the metric adds up over time, so that the run's sum says something. */
static bool is_sum(const struct dp_series *s) { return strstr(s->methods, "sum") != NULL; }

static double at_end(const struct dp_series_group *g, const struct dp_series *s, size_t label) {
  double value = 0;
  if (g->n == 0) return (double)NAN;
  if (!is_sum(s)) return s->values[(g->n - 1) * s->label_n + label];
  for (size_t i = 0; i < g->n; i++) value += s->values[i * s->label_n + label];
  return value;
}

/* The labels of the first series over regions. */
static const struct dp_series *first_regional(const struct dp_report_run *run) {
  for (size_t i = 0; i < run->series.group_n; i++)
    for (size_t k = 0; k < run->series.groups[i].series_n; k++) {
      const struct dp_series *s = &run->series.groups[i].series[k];
      if (s->dimension && strcmp(s->dimension, "region") == 0) return s;
    }
  return NULL;
}

void dp_report_regions(struct dp_str *out, const struct dp_report_run *run) {
  const struct dp_series *first = first_regional(run);
  const size_t n = first ? first->label_n : 0;
  if (n == 0 || n > 200) return;
  const char **cells = calloc(n + 2, sizeof *cells);
  char(*texts)[32] = calloc(n, sizeof *texts);
  if (!cells || !texts) {
    out->failed = true;
  } else {
    cells[0] = "at the end, or over the run";
    cells[1] = "unit";
    for (size_t c = 0; c < n; c++) cells[c + 2] = first->labels[c];
    dp_html_section(out, "regions", "Regions");
    dp_str_append(out, "<div class=\"num\">");
    dp_report_open_table(out, cells, n + 2);
    for (size_t i = 0; i < run->series.group_n; i++)
      for (size_t k = 0; k < run->series.groups[i].series_n; k++) {
        const struct dp_series_group *g = &run->series.groups[i];
        const struct dp_series *s = &g->series[k];
        char name[256];
        if (!s->dimension || strcmp(s->dimension, "region") != 0 || s->label_n != n) continue;
        snprintf(name, sizeof name, "%s: %s%s", g->name, s->long_name, is_sum(s) ? ", in all" : "");
        cells[0] = name;
        cells[1] = strcmp(s->units, "1") == 0 ? "" : dp_unit_text(s->name, s->units);
        for (size_t c = 0; c < n; c++) cells[c + 2] = dp_svg_number(at_end(g, s, c), texts[c]);
        dp_html_row(out, "td", cells, n + 2);
      }
    dp_report_close_table(out);
    dp_str_append(out, "</div>\n");
    dp_html_end(out);
  }
  free(cells);
  free(texts);
}

/* ---- cohorts ---- */

/* Hosts by month of entry: what became of all who entered, not of those who are left. */
struct cohort {
  int64_t month;
  double entered, exited, in_profit, paid_back, net_usd;
};

static int by_month(const void *a, const void *b) {
  const int64_t x = ((const struct cohort *)a)->month, y = ((const struct cohort *)b)->month;
  return (x > y) - (x < y);
}

static enum dp_status column(const struct dp_result *r, const char *table, const char *name, bool wide, double **out,
                             size_t *n, struct dp_err *err) {
  char path[512];
  dp_i128 *amounts = NULL;
  int64_t *counts = NULL;
  snprintf(path, sizeof path, "/tables/%s/%s", table, name);
  enum dp_status status =
      wide ? dp_result_column_i128(r, path, &amounts, n, err) : dp_result_column_i64(r, path, &counts, n, err);
  *out = status == DP_OK ? calloc(*n + 1, sizeof **out) : NULL;
  if (status == DP_OK && !*out) status = dp_fail_nomem(err, path);
  for (size_t i = 0; status == DP_OK && i < *n; i++) (*out)[i] = wide ? dp_i128_to_double(amounts[i]) : (double)counts[i];
  free(amounts);
  free(counts);
  return status;
}

enum { MONTH, ENTERED, EXITED, PROFIT_A, PROFIT_E, PAID_BACK, NET_A, NET_E, CAPEX, RESALE_A, RESALE_E, COLUMN_N };
static const struct {
  const char *name;
  bool wide;
} cohort_columns[COLUMN_N] = {
    [MONTH] = {"month", false},       [ENTERED] = {"entered_n", false},          [EXITED] = {"exited_n", false},
    [PROFIT_A] = {"active_in_profit_n", false}, [PROFIT_E] = {"exited_in_profit_n", false},
    [PAID_BACK] = {"paid_back_n", false}, [NET_A] = {"active_net_nusd", true},   [NET_E] = {"exited_net_nusd", true},
    [CAPEX] = {"capex_nusd", true},   [RESALE_A] = {"active_resale_nusd", true}, [RESALE_E] = {"exited_resale_nusd", true},
};

/* Adds up the cells of each month. @return how many months there are */
static size_t gather(double *const *columns, size_t n, struct cohort *cohorts) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    size_t k = 0;
    const int64_t month = (int64_t)columns[MONTH][i];
    while (k < kept && cohorts[k].month != month) k++;
    if (k == kept) cohorts[kept++] = (struct cohort){.month = month};
    struct cohort *c = &cohorts[k];
    c->entered += columns[ENTERED][i];
    c->exited += columns[EXITED][i];
    c->in_profit += columns[PROFIT_A][i] + columns[PROFIT_E][i];
    c->paid_back += columns[PAID_BACK][i];
    c->net_usd += (columns[NET_A][i] + columns[NET_E][i] + columns[RESALE_A][i] + columns[RESALE_E][i] - columns[CAPEX][i]) / 1e9;
  }
  qsort(cohorts, kept, sizeof *cohorts, by_month);
  return kept;
}

static void put_cohorts(struct dp_str *out, const char *table, const struct cohort *cohorts, size_t n) {
  static const char *const heads[] = {"month of entry", "entered", "left", "in profit", "paid back",
                                      "result, USD, machines and resale counted"};
  dp_str_append(out, "<h3>");
  dp_str_xml(out, table);
  dp_str_append(out, "</h3>\n<div class=\"num\">");
  dp_report_open_table(out, heads, 6);
  for (size_t i = 0; i < n; i++) {
    const struct cohort *c = &cohorts[i];
    char texts[6][32];
    double share[2] = {100 * c->in_profit / c->entered, 100 * c->paid_back / c->entered};
    snprintf(texts[0], 32, "%04d-%02d", (int)(c->month / 100), (int)(c->month % 100));
    dp_svg_number(c->entered, texts[1]);
    dp_svg_number(c->exited, texts[2]);
    snprintf(texts[3], 32, "%.1f %%", share[0]);
    snprintf(texts[4], 32, "%.1f %%", share[1]);
    char number[32];
    snprintf(texts[5], 32, "%s", dp_svg_number(c->net_usd, number));
    const char *cells[] = {texts[0], texts[1], texts[2], texts[3], texts[4], texts[5]};
    dp_html_row(out, "td", cells, 6);
  }
  dp_report_close_table(out);
  dp_str_append(out, "</div>\n");
}

static enum dp_status put_table(struct dp_str *out, const struct dp_result *r, const char *table, struct dp_err *err) {
  double *columns[COLUMN_N] = {0};
  size_t n = 0;
  enum dp_status status = DP_OK;
  for (int i = 0; i < COLUMN_N && status == DP_OK; i++)
    status = column(r, table, cohort_columns[i].name, cohort_columns[i].wide, &columns[i], &n, err);
  struct cohort *cohorts = calloc(n + 1, sizeof *cohorts);
  if (status == DP_OK && !cohorts) status = dp_fail_nomem(err, "cohorts");
  if (status == DP_OK && n > 0) put_cohorts(out, table, cohorts, gather(columns, n, cohorts));
  for (int i = 0; i < COLUMN_N; i++) free(columns[i]);
  free(cohorts);
  return status;
}

enum dp_status dp_report_cohorts(struct dp_str *out, const struct dp_report_run *run, struct dp_err *err) {
  char **tables = dp_result_names(run->result, "tables");
  enum dp_status status = DP_OK;
  bool any = false;
  for (size_t i = 0; tables && tables[i] && status == DP_OK; i++) {
    const size_t len = strlen(tables[i]);
    if (strncmp(tables[i], "provider.fleet", 14) != 0 || len < 7 || strcmp(tables[i] + len - 7, ".cohort") != 0) continue;
    if (!any) dp_html_section(out, "cohorts", "Payback and survival, by month of entry");
    any = true;
    status = put_table(out, run->result, tables[i], err);
  }
  if (any) dp_html_end(out);
  dp_result_free_names(tables);
  return status;
}

/* ---- parameters and provenance ---- */

static enum dp_status put_group(struct dp_str *out, const struct dp_result *r, const char *group, bool all,
                                struct dp_err *err) {
  static const char *const parts[] = {"name", "value", "unit", "doc"};
  char path[512], **texts[4] = {0};
  int64_t *is_default = NULL;
  size_t n[4] = {0}, flag_n = 0;
  enum dp_status status = DP_OK;
  for (int k = 0; k < 4 && status == DP_OK; k++) {
    snprintf(path, sizeof path, "/provenance/parameters/%s/%s", group, parts[k]);
    status = dp_result_column_texts(r, path, &texts[k], &n[k], err);
  }
  snprintf(path, sizeof path, "/provenance/parameters/%s/is_default", group);
  if (status == DP_OK) status = dp_result_column_i64(r, path, &is_default, &flag_n, err);
  for (size_t i = 0; status == DP_OK && i < n[0] && i < n[1] && i < n[2] && i < n[3] && i < flag_n; i++) {
    if (is_default[i] && !all) continue;
    const char *cells[] = {group, texts[0][i], texts[1][i], strcmp(texts[2][i], "1") == 0 ? "" : texts[2][i], texts[3][i]};
    dp_html_row(out, "td", cells, 5);
  }
  for (int k = 0; k < 4; k++) free(texts[k]);
  free(is_default);
  return status;
}

enum dp_status dp_report_parameters(struct dp_str *out, const struct dp_report_run *run, struct dp_err *err) {
  static const char *const heads[] = {"of", "parameter", "value", "unit", "what it is"};
  char **groups = dp_result_names(run->result, "/provenance/parameters");
  enum dp_status status = DP_OK;
  dp_html_section(out, "parameters", "Parameters");
  dp_str_append(out, "<p class=\"soft\">Those of the scenario, and every other one that is not at its default.</p>");
  dp_report_open_table(out, heads, 5);
  for (size_t i = 0; groups && groups[i] && status == DP_OK; i++)
    status = put_group(out, run->result, groups[i], strcmp(groups[i], "scenario") == 0, err);
  dp_report_close_table(out);
  dp_html_end(out);
  dp_result_free_names(groups);
  return status;
}

static void put_source(struct dp_str *out, const struct dp_report_run *run) {
  const struct dp_result *r = run->result;
  char seed[64], events[32], length[DP_DURATION_TEXT], step[DP_DURATION_TEXT];
  static const char *const heads[] = {"what", "value"};
  snprintf(seed, sizeof seed, "%" PRIu64 ", replicate %" PRIu64, r->seed, r->replicate);
  snprintf(events, sizeof events, "%" PRIu64, r->event_n);
  const char *const rows[][2] = {
      {run->label ? "run" : "file", run->label ? run->label : r->path}, {"scenario", r->scenario}, {"start", r->start},
      {"duration", dp_format_duration(r->duration_ns, length)},
      {"settlement every", dp_format_duration(r->settle_every_ns, step)}, {"seed", seed}, {"events", events},
      {"digest", r->digest}, {"program", r->version}, {"revision", r->revision}};
  dp_report_open_table(out, heads, 2);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) dp_html_row(out, "td", rows[i], 2);
  dp_report_close_table(out);
}

void dp_report_provenance(struct dp_str *out, const struct dp_report_run *runs, size_t n) {
  dp_html_section(out, "provenance", "Where it comes from");
  for (size_t i = 0; i < n; i++) put_source(out, &runs[i]);
  dp_html_end(out);
}
