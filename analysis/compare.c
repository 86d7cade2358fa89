/* analysis/compare.c — paired comparison of results. */
#include "analysis/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"

#define CONFIDENCE 0.95

const char *dp_compare_verdict_text(enum dp_compare_verdict verdict) {
  switch (verdict) {
    case DP_COMPARE_EQUAL: return "equal";
    case DP_COMPARE_HIGHER: return "higher";
    case DP_COMPARE_LOWER: return "lower";
    case DP_COMPARE_UNRESOLVED: return "not resolved";
    case DP_COMPARE_UNDEFINED: return "not defined";
  }
  return "";
}

static const struct dp_kpi_value *find(const struct dp_result *r, const char *name) {
  for (size_t i = 0; i < r->kpi_n; i++)
    if (strcmp(r->kpis[i].name, name) == 0) return &r->kpis[i];
  return NULL;
}

static double value_in(const struct dp_result *r, const char *name) {
  const struct dp_kpi_value *kpi = find(r, name);
  if (!kpi) return (double)NAN;
  return kpi->integer ? dp_i128_to_double(kpi->count) : kpi->value;
}

/* @param v [2][n], scratch */
static enum dp_status row_of(const struct dp_compare_side sides[2], size_t n, const struct dp_kpi_value *kpi, double *v,
                             struct dp_compare_row *row, struct dp_err *err) {
  struct dp_interval difference;
  bool equal = true;
  *row = (struct dp_compare_row){.name = kpi->name, .unit = kpi->unit};
  for (size_t i = 0; i < n; i++) {
    v[i] = value_in(sides[0].results[i], kpi->name);
    v[n + i] = value_in(sides[1].results[i], kpi->name);
    row->a += v[i] / (double)n;
    row->b += v[n + i] / (double)n;
    equal = equal && !(v[i] < v[n + i]) && !(v[i] > v[n + i]);
  }
  DP_TRY(dp_stat_paired(v, v + n, n, CONFIDENCE, &difference, err));
  row->difference = difference.n == n ? difference.mean : (double)NAN;
  row->half_width = n > 1 ? difference.half_width : 0;
  if (difference.n < n) row->verdict = DP_COMPARE_UNDEFINED;
  else if (equal) row->verdict = DP_COMPARE_EQUAL;
  else if (fabs(row->difference) <= row->half_width) row->verdict = DP_COMPARE_UNRESOLVED;
  else row->verdict = row->difference > 0 ? DP_COMPARE_HIGHER : DP_COMPARE_LOWER;
  return DP_OK;
}

enum dp_status dp_compare(const struct dp_compare_side sides[2], size_t n, struct dp_compare_row **out, size_t *row_n,
                          struct dp_err *err) {
  const struct dp_result *a = sides[0].results[0], *b = sides[1].results[0];
  struct dp_compare_row *rows = calloc(a->kpi_n + b->kpi_n + 1, sizeof *rows);
  double *v = calloc(2 * n, sizeof *v);
  enum dp_status status = rows && v ? DP_OK : dp_fail_nomem(err, "a comparison");
  *row_n = 0;
  for (size_t i = 0; i < a->kpi_n && status == DP_OK; i++) status = row_of(sides, n, &a->kpis[i], v, &rows[(*row_n)++], err);
  for (size_t i = 0; i < b->kpi_n && status == DP_OK; i++)
    if (!find(a, b->kpis[i].name)) status = row_of(sides, n, &b->kpis[i], v, &rows[(*row_n)++], err);
  free(v);
  if (status != DP_OK) {
    free(rows);
    return status;
  }
  *out = rows;
  return DP_OK;
}

bool dp_compare_shares_luck(const struct dp_compare_side sides[2], size_t n) {
  for (size_t i = 0; i < n; i++)
    if (sides[0].results[i]->seed != sides[1].results[i]->seed ||
        sides[0].results[i]->replicate != sides[1].results[i]->replicate)
      return false;
  return true;
}

/* ---- parameters ---- */

/* Columns of a group of /provenance/parameters; zeros where the result lacks it. */
struct columns {
  char **names, **values;
  size_t n;
};

static enum dp_status read_columns(const struct dp_result *r, const char *group, struct columns *c, struct dp_err *err) {
  struct dp_str path = {0};
  size_t value_n = 0;
  *c = (struct columns){0};
  dp_str_printf(&path, "/provenance/parameters/%s", group);
  const size_t stem = path.len;
  if (path.failed || !dp_result_has(r, path.data)) {
    dp_str_fini(&path);
    return DP_OK;
  }
  dp_str_append(&path, "/name");
  enum dp_status status = dp_result_column_texts(r, dp_str_text(&path), &c->names, &c->n, err);
  path.len = stem;
  dp_str_append(&path, "/value");
  if (status == DP_OK) status = dp_result_column_texts(r, dp_str_text(&path), &c->values, &value_n, err);
  dp_str_fini(&path);
  if (status == DP_OK && value_n != c->n)
    status = dp_fail(err, DP_FORMAT, "%s: parameters of %s have columns of different lengths", r->path, group);
  return status;
}

static void free_columns(struct columns *c) {
  free(c->names);
  free(c->values);
}

static const char *value_named(const struct columns *c, const char *name) {
  for (size_t i = 0; i < c->n; i++)
    if (strcmp(c->names[i], name) == 0) return c->values[i];
  return NULL;
}

static size_t put_group(struct dp_str *out, const char *group, const struct columns *a, const struct columns *b) {
  size_t n = 0;
  for (size_t i = 0; i < a->n; i++) {
    const char *other = value_named(b, a->names[i]);
    if (other && strcmp(other, a->values[i]) == 0) continue;
    dp_str_printf(out, "%s %s: %s -> %s\n", group, a->names[i], a->values[i], other ? other : "(none)");
    n++;
  }
  for (size_t i = 0; i < b->n; i++) {
    if (value_named(a, b->names[i])) continue;
    dp_str_printf(out, "%s %s: (none) -> %s\n", group, b->names[i], b->values[i]);
    n++;
  }
  return n;
}

/* Groups of `r`; those that `other` has too only if `both`. */
static enum dp_status put_groups(struct dp_str *out, const struct dp_result *a, const struct dp_result *b, bool of_b,
                                 size_t *count, struct dp_err *err) {
  char **groups = dp_result_names(of_b ? b : a, "/provenance/parameters");
  enum dp_status status = DP_OK;
  for (size_t i = 0; groups && groups[i] && status == DP_OK; i++) {
    struct columns x = {0}, y = {0};
    status = read_columns(a, groups[i], &x, err);
    if (status == DP_OK) status = read_columns(b, groups[i], &y, err);
    if (status == DP_OK && !(of_b && x.n)) *count += put_group(out, groups[i], &x, &y);
    free_columns(&x);
    free_columns(&y);
  }
  dp_result_free_names(groups);
  return status;
}

enum dp_status dp_compare_parameters(struct dp_str *out, const struct dp_result *a, const struct dp_result *b,
                                     size_t *count, struct dp_err *err) {
  *count = 0;
  DP_TRY(put_groups(out, a, b, false, count, err));
  return put_groups(out, a, b, true, count, err);
}
