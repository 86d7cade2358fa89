/* analysis/stress.c — criteria, cells and the matrix as text, JSON and CSV. */
#include "analysis/stress.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/audit.h"
#include "analysis/expect.h"
#include "analysis/kpi_find.h"

#define CRITERIA_MAX 64

/** A column. Without a KPI: the books balance. */
struct criterion {
  const char *name;
  struct dp_expectation of; /* of the KPI, or of … */
  bool relative;            /* … the KPI over that of the undisturbed run with the same seed */
  char text[160];
};

static const struct criterion defaults[] = {
    {.name = "profit", .of = {"provider.in_profit_ratio", DP_EXPECT_AT_LEAST, 0.5, INFINITY}},
    {.name = "hosts", .of = {"provider.active_n", DP_EXPECT_AT_LEAST, 0.5, INFINITY}, .relative = true},
    {.name = "revenue", .of = {"network.real_revenue_ratio", DP_EXPECT_AT_LEAST, 0.5, INFINITY}},
    {.name = "price", .of = {"token.price_usd", DP_EXPECT_AT_LEAST, 0.1, INFINITY}, .relative = true},
};

/** What became of a criterion under a shock. */
struct cell {
  size_t n, passed_n; /* runs in which it is defined, and holds */
  double mean;        /* of what is judged */
};

struct matrix {
  const struct dp_stress_question *q;
  struct criterion criteria[CRITERIA_MAX];
  size_t n;
  struct cell *cells; /* [row_n][n] */
};

/* ---- judging ---- */

static void describe(struct criterion *c) {
  struct dp_str text = {0};
  if (c->of.kpi) dp_expect_describe(&text, &c->of);
  snprintf(c->text, sizeof c->text, "%s%s", c->of.kpi ? dp_str_text(&text) : "the books balance",
           c->relative ? " of the undisturbed run" : "");
  dp_str_fini(&text);
}

static void choose(struct matrix *m) {
  const struct dp_stress_question *q = m->q;
  m->criteria[m->n++] = (struct criterion){.name = "books"};
  for (size_t i = 0; i < q->survive_n && m->n < CRITERIA_MAX; i++)
    m->criteria[m->n++] = (struct criterion){.name = q->survives[i].kpi, .of = q->survives[i]};
  for (size_t i = 0; q->survive_n == 0 && i < sizeof defaults / sizeof *defaults; i++) m->criteria[m->n++] = defaults[i];
  for (size_t i = 0; i < m->n; i++) describe(&m->criteria[i]);
}

/* The figure, over that of the undisturbed run when `as` is given. */
static double one_value(const struct dp_kpi_value *kpi, const struct dp_result *as) {
  const struct dp_kpi_value *was = as ? dp_kpi_find(as->kpis, as->kpi_n, kpi->name) : NULL;
  if (!as) return dp_kpi_number(kpi);
  return was ? dp_kpi_number(kpi) / dp_kpi_number(was) : (double)NAN;
}

/* Of a figure that each of several instances has for itself: the worst of them. */
static double value_of(const struct criterion *c, const struct dp_result *r, const struct dp_result *as) {
  const struct dp_kpi_value *all = r ? dp_kpi_find(r->kpis, r->kpi_n, c->of.kpi) : NULL;
  double worst = (double)NAN;
  if (all) return one_value(all, as);
  for (size_t i = 0; r && i < r->kpi_n; i++) {
    if (!dp_kpi_is_of(&r->kpis[i], c->of.kpi)) continue;
    const double value = one_value(&r->kpis[i], as);
    if (c->of.op == DP_EXPECT_AT_LEAST) worst = fmin(worst, value);
    if (c->of.op == DP_EXPECT_AT_MOST) worst = fmax(worst, value);
  }
  return worst;
}

static double value_in(const struct matrix *m, const struct criterion *c, size_t row, size_t seed) {
  const struct dp_result *r = m->q->rows[row].results[seed];
  if (!c->of.kpi) {
    struct dp_str text = {0};
    struct dp_err err = {0};
    const bool good = r && dp_audit_file(&text, DP_TEXT_PLAIN, r->path, &err) == DP_OK;
    dp_str_fini(&text);
    return good;
  }
  return value_of(c, r, c->relative ? m->q->rows[0].results[seed] : NULL);
}

static bool holds(const struct criterion *c, double value) {
  const struct dp_kpi_value as = {.value = value};
  struct dp_kpi_value kpi = as;
  double seen;
  if (!c->of.kpi) return value > 0;
  snprintf(kpi.name, sizeof kpi.name, "%s", c->of.kpi);
  return dp_expect_judge(&c->of, &kpi, 1, &seen) == DP_EXPECT_HOLDS;
}

static struct cell judge(const struct matrix *m, size_t row, size_t k) {
  const struct criterion *c = &m->criteria[k];
  struct cell cell = {0};
  if (m->q->rows[row].why_not) return cell;
  for (size_t seed = 0; seed < m->q->seed_n; seed++) {
    const double value = value_in(m, c, row, seed);
    if (!isfinite(value) && m->q->rows[row].results[seed]) continue; /* nothing that could be judged */
    cell.n++;
    cell.passed_n += isfinite(value) && holds(c, value);
    cell.mean += isfinite(value) ? value : 0;
  }
  if (cell.n) cell.mean /= (double)cell.n;
  return cell;
}

static const struct cell *cell_at(const struct matrix *m, size_t row, size_t k) { return &m->cells[row * m->n + k]; }

static const char *verdict(const struct cell *c) {
  return c->n == 0 ? "-" : c->passed_n == c->n ? "pass" : c->passed_n == 0 ? "FAIL" : "mixed";
}

/* ---- text ---- */

static void cell_text(const struct matrix *m, size_t row, size_t k, char buf[80]) {
  const struct cell *c = cell_at(m, row, k);
  char word[48];
  snprintf(word, sizeof word, "%s", verdict(c));
  if (c->n && c->passed_n && c->passed_n < c->n) snprintf(word, sizeof word, "%zu/%zu", c->passed_n, c->n);
  if (c->n && m->criteria[k].of.kpi) snprintf(buf, 80, "%s %.3g", word, c->mean);
  else snprintf(buf, 80, "%s", word);
}

static int width_of(const struct matrix *m, size_t k) {
  char text[80];
  int width = (int)strlen(m->criteria[k].name);
  for (size_t row = 0; row < m->q->row_n; row++) {
    cell_text(m, row, k, text);
    if ((int)strlen(text) > width) width = (int)strlen(text);
  }
  return width;
}

static void print_text(struct dp_str *out, const struct matrix *m) {
  const struct dp_stress_question *q = m->q;
  char text[80];
  dp_str_printf(out, "%s: %zu seed%s, shocks from day %.6g on unless said\n%-12s", q->title, q->seed_n,
                q->seed_n == 1 ? "" : "s", q->day, "");
  for (size_t k = 0; k < m->n; k++) dp_str_printf(out, "  %-*s", width_of(m, k), m->criteria[k].name);
  dp_str_append(out, "\n");
  for (size_t row = 0; row < q->row_n; row++) {
    dp_str_printf(out, "%-12s", q->rows[row].name);
    for (size_t k = 0; k < m->n; k++) {
      cell_text(m, row, k, text);
      dp_str_printf(out, "  %-*s", width_of(m, k), text);
    }
    dp_str_printf(out, "  %s", q->rows[row].doc);
    if (q->rows[row].why_not) dp_str_printf(out, " (does not apply: needs %s)", q->rows[row].why_not);
    dp_str_append(out, "\n");
  }
  for (size_t k = 0; k < m->n; k++) dp_str_printf(out, "%s%s: %s", k ? "; " : "", m->criteria[k].name, m->criteria[k].text);
  dp_str_append(out, "\na number is the mean over the seeds, k/n in how many of them it holds\n");
}

/* ---- CSV and JSON ---- */

static void print_csv(struct dp_str *out, const struct matrix *m) {
  dp_str_append(out, "shock,criterion,verdict,passed_n,n,mean\n");
  for (size_t row = 0; row < m->q->row_n; row++)
    for (size_t k = 0; k < m->n; k++) {
      const struct cell *c = cell_at(m, row, k);
      dp_str_printf(out, "%s,%s,%s,%zu,%zu,", m->q->rows[row].name, m->criteria[k].name, verdict(c), c->passed_n, c->n);
      if (c->n) dp_str_printf(out, "%.17g", c->mean);
      dp_str_append(out, "\n");
    }
}

static json_t *json_row(const struct matrix *m, size_t row) {
  const struct dp_stress_row *r = &m->q->rows[row];
  json_t *cells = json_object();
  for (size_t k = 0; k < m->n; k++) {
    const struct cell *c = cell_at(m, row, k);
    json_object_set_new(cells, m->criteria[k].name,
                        json_pack("{s:s, s:I, s:I, s:o}", "verdict", verdict(c), "passed_n", (json_int_t)c->passed_n, "n",
                                  (json_int_t)c->n, "mean", c->n ? json_real(c->mean) : json_null()));
  }
  return json_pack("{s:s, s:s, s:b, s:o}", "shock", r->name, "doc", r->doc, "applies", r->why_not == NULL, "criteria",
                   cells);
}

static void print_json(struct dp_str *out, const struct matrix *m) {
  json_t *criteria = json_object(), *rows = json_array();
  for (size_t k = 0; k < m->n; k++) json_object_set_new(criteria, m->criteria[k].name, json_string(m->criteria[k].text));
  for (size_t row = 0; row < m->q->row_n; row++) json_array_append_new(rows, json_row(m, row));
  json_t *root = json_pack("{s:s, s:I, s:f, s:o, s:o}", "scenario", m->q->title, "seeds", (json_int_t)m->q->seed_n, "day",
                           m->q->day, "criteria", criteria, "rows", rows);
  char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
  if (text) dp_str_printf(out, "%s\n", text);
  else out->failed = true;
  free(text);
  json_decref(root);
}

enum dp_status dp_stress_print(struct dp_str *out, enum dp_text_format format, const struct dp_stress_question *q,
                               size_t *failed_n, struct dp_err *err) {
  struct matrix m = {.q = q};
  *failed_n = 0;
  choose(&m);
  m.cells = calloc(q->row_n * m.n, sizeof *m.cells);
  if (!m.cells) return dp_fail_nomem(err, "a matrix");
  for (size_t row = 0; row < q->row_n; row++)
    for (size_t k = 0; k < m.n; k++) {
      const struct cell c = m.cells[row * m.n + k] = judge(&m, row, k);
      *failed_n += c.passed_n < c.n;
    }
  if (format == DP_TEXT_PLAIN) print_text(out, &m);
  if (format == DP_TEXT_CSV) print_csv(out, &m);
  if (format == DP_TEXT_JSON) print_json(out, &m);
  free(m.cells);
  return out->failed ? dp_fail_nomem(err, "a matrix") : DP_OK;
}
