/* analysis/swept.c — the tables of a sweep's file. */
#include "analysis/swept.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/svg.h"
#include "base/memory.h"
#include "output/h5.h"

#define AXIS_DOC_MOST 44 /* bytes of what a parameter is, on an axis */

/* ---- units ---- */

static const char *const known_units[][2] = {
    {"usd", "USD"},        {"nusd", "1e-9 USD"},  {"kwh", "kWh"},       {"wh", "Wh"},       {"w", "W"},
    {"kw", "kW"},          {"usd/mtok", "USD/Mtok"}, {"usd/kwh", "USD/kWh"}, {"usd/h", "USD/h"},   {"gib", "GiB"},
    {"mib", "MiB"},        {"token", "tokens"},   {"tok", "tok"},       {"usd/token", "USD/token"}, {"d", "days"},
    {"days", "days"},      {"h", "hours"},        {"min", "minutes"},   {"minutes", "minutes"}, {"s", "s"},
    {"ms", "ms"},          {"n", "number"},       {"ratio", "ratio"},   {"mtok", "Mtok"},   {"years", "years"}};

static const char *unit_word(const char *unit) {
  for (size_t i = 0; i < sizeof known_units / sizeof *known_units; i++)
    if (strcmp(known_units[i][0], unit) == 0) return known_units[i][1];
  return NULL;
}

const char *dp_unit_text(const char *name, const char *unit) {
  const size_t len = strlen(name);
  if (unit && unit[0] && strcmp(unit, "1") != 0) return unit_word(unit) ? unit_word(unit) : unit;
  return len > 6 && strcmp(name + len - 6, "_ratio") == 0 ? "ratio" : "number";
}

/* The unit that a parameter's name ends in: "price_usd_per_mtok" is in USD/Mtok. */
static void unit_of_name(struct dp_str *out, const char *name) {
  const char *per = strstr(name, "_per_"), *last;
  char head[128];
  const size_t len = per ? (size_t)(per - name) : strlen(name);
  if (len >= sizeof head) return;
  memcpy(head, name, len);
  head[len] = '\0';
  last = strrchr(head, '_');
  const char *unit = unit_word(last ? last + 1 : head);
  if (!last && len == 1) unit = NULL;
  if (!per && unit) dp_str_append(out, unit);
  if (!per) return;
  const char *below = unit_word(per + 5) ? unit_word(per + 5) : per + 5;
  dp_str_printf(out, unit ? "%s/%s" : "%sper %s", unit ? unit : "", below);
}

static char *axis_label(const struct dp_swept_axis *a) {
  struct dp_str label = {0}, unit = {0};
  unit_of_name(&unit, a->name);
  if (unit.len) dp_str_printf(&label, "%s (%s)", a->name, dp_str_text(&unit));
  else if (a->doc[0] && strlen(a->doc) <= AXIS_DOC_MOST) dp_str_printf(&label, "%s: %s", a->name, a->doc);
  else dp_str_append(&label, a->name);
  dp_str_fini(&unit);
  return dp_str_steal(&label);
}

/* ---- axes ---- */

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static bool make_levels(struct dp_swept_axis *a, size_t n) {
  a->levels = calloc(n + 1, sizeof *a->levels);
  if (!a->levels) return false;
  memcpy(a->levels, a->values, n * sizeof *a->levels);
  qsort(a->levels, n, sizeof *a->levels, by_size);
  for (size_t i = 0; i < n; i++)
    if (a->level_n == 0 || a->levels[i] > a->levels[a->level_n - 1]) a->levels[a->level_n++] = a->levels[i];
  return true;
}

/* What a study spread by logarithms it says; a grid of 1, 10, 100 shows it. */
static bool is_log(const struct dp_swept_axis *a, const struct dp_result *r, const char *path) {
  int64_t said = 0;
  hid_t set = H5Dopen2(r->file, path, H5P_DEFAULT);
  const bool says = set >= 0 && dp_result_i64(set, "log", &said) && said;
  dp_h5_close(set);
  if (a->levels[0] <= 0) return false;
  if (says || a->level_n < 3) return says;
  const double ratio = a->levels[1] / a->levels[0];
  for (size_t i = 2; i < a->level_n; i++)
    if (fabs(a->levels[i] / a->levels[i - 1] - ratio) > 1e-3 * ratio) return false;
  return ratio > 1.5; /* 1.001, 1.002, 1.003 are no powers */
}

/* Texts in the order in which they first come. */
static bool number_texts(struct dp_swept_axis *a, char **texts, size_t n) {
  a->values = calloc(n + 1, sizeof *a->values);
  a->levels = calloc(n + 1, sizeof *a->levels);
  for (size_t i = 0; a->values && a->levels && i < n; i++) {
    size_t k = 0;
    while (k < a->level_n && strcmp(texts[k], texts[i]) != 0) k++;
    if (k == a->level_n) {
      texts[k] = texts[i];
      a->levels[k] = (double)k;
      a->level_n++;
    }
    a->values[i] = (double)k;
  }
  a->texts = texts;
  return a->values && a->levels;
}

static bool is_text(const struct dp_result *r, const char *path) {
  hid_t set = H5Dopen2(r->file, path, H5P_DEFAULT), type = set < 0 ? -1 : H5Dget_type(set);
  const bool text = type >= 0 && H5Tget_class(type) == H5T_STRING;
  dp_h5_close(type);
  dp_h5_close(set);
  return text;
}

/* What the scenario says of a parameter. */
static char *find_doc(const struct dp_result *r, const char *name) {
  struct dp_err ignored = {0};
  char **names = NULL, **docs = NULL, *doc = NULL;
  size_t n = 0, m = 0;
  if (dp_result_column_texts(r, "/provenance/parameters/scenario/name", &names, &n, &ignored) == DP_OK &&
      dp_result_column_texts(r, "/provenance/parameters/scenario/doc", &docs, &m, &ignored) == DP_OK)
    for (size_t i = 0; i < n && i < m && !doc; i++)
      if (strcmp(names[i], name) == 0) doc = dp_copy_text(docs[i]);
  free(names);
  free(docs);
  return doc ? doc : dp_copy_text("");
}

static enum dp_status read_axis(struct dp_swept *s, const char *name, struct dp_err *err) {
  struct dp_swept_axis *a = &s->axes[s->axis_n++];
  char path[512], **texts = NULL;
  size_t n = 0;
  bool done;
  snprintf(path, sizeof path, "/points/parameter/%s", name);
  a->name = dp_copy_text(name);
  a->doc = find_doc(s->result, name);
  if (!a->name || !a->doc) return dp_fail_nomem(err, "a sweep");
  a->label = axis_label(a);
  if (is_text(s->result, path)) {
    DP_TRY(dp_result_column_texts(s->result, path, &texts, &n, err));
    done = number_texts(a, texts, n);
  } else {
    DP_TRY(dp_result_column_f64(s->result, path, &a->values, &n, err));
    done = make_levels(a, n);
    a->log = done && n && is_log(a, s->result, path);
  }
  if (!done || !a->label) return dp_fail_nomem(err, "a sweep");
  if (n != s->point_n)
    return dp_fail(err, DP_FORMAT, "%s: %s has %zu rows, not %zu (the file is damaged)", s->result->path, path, n, s->point_n);
  return DP_OK;
}

/* ---- names ---- */

static char *text_or_empty(const struct dp_result *r, const char *path, const char *attribute) {
  hid_t object = dp_result_has(r, path) ? H5Oopen(r->file, path, H5P_DEFAULT) : -1;
  char *text = object < 0 ? NULL : dp_result_text(object, attribute);
  if (object >= 0) H5Oclose(object);
  if (text && strcmp(text, "1") == 0) text[0] = '\0';
  return text ? text : dp_copy_text("");
}

/* The objects of a group that are key figures or series, with units and texts of `column` in it (or of themselves). */
static enum dp_status read_names(const struct dp_result *r, const char *group, const char *column,
                                 const char *const *skipped, struct dp_swept_name **out, size_t *n, struct dp_err *err) {
  char **names = dp_result_names(r, group), path[512];
  size_t all = 0;
  while (names && names[all]) all++;
  *n = 0;
  *out = calloc(all + 1, sizeof **out);
  if (!*out) return dp_fail_nomem(err, "a sweep");
  for (size_t i = 0; i < all; i++) {
    bool skip = false;
    for (size_t k = 0; skipped[k]; k++) skip |= strcmp(names[i], skipped[k]) == 0;
    if (skip) continue;
    snprintf(path, sizeof path, "/%s/%s%s%s", group, names[i], column ? "/" : "", column ? column : "");
    (*out)[(*n)++] = (struct dp_swept_name){dp_copy_text(names[i]), text_or_empty(r, path, "units"),
                                            text_or_empty(r, path, "long_name")};
  }
  dp_result_free_names(names);
  return DP_OK;
}

/* ---- opening ---- */

static enum dp_status read_points(struct dp_swept *s, struct dp_err *err) {
  size_t n;
  DP_TRY(dp_result_column_f64(s->result, "/points/run_n", &s->runs_n, &s->point_n, err));
  DP_TRY(dp_result_column_f64(s->result, "/points/failed_n", &s->failed_n, &n, err));
  DP_TRY(dp_result_column_i64(s->result, "/runs/point", &s->run_point, &s->run_n, err));
  DP_TRY(dp_result_column_i64(s->result, "/runs/status", &s->run_status, &n, err));
  for (size_t i = 0; i < s->run_n; i++)
    if (n != s->run_n || s->run_point[i] < 0 || s->run_point[i] >= (int64_t)s->point_n)
      return dp_fail(err, DP_FORMAT, "%s: /runs/point: not a point (the file is damaged)", s->result->path);
  return DP_OK;
}

enum dp_status dp_swept_open(struct dp_result *result, struct dp_swept *s, struct dp_err *err) {
  static const char *const no_kpis[] = {"run", NULL};
  static const char *const no_series[] = {"fraction", "time", "point", NULL};
  *s = (struct dp_swept){.result = result, .design = dp_result_text(result->file, "design")};
  if (!s->design && (s->design = dp_copy_text("")) == NULL) return dp_fail_nomem(err, "a sweep");
  DP_TRY(read_points(s, err));
  char **names = dp_result_names(result, "/points/parameter");
  size_t n = 0;
  while (names && names[n]) n++;
  s->axes = calloc(n + 1, sizeof *s->axes);
  enum dp_status status = s->axes ? DP_OK : dp_fail_nomem(err, "a sweep");
  for (size_t i = 0; i < n && status == DP_OK; i++) status = read_axis(s, names[i], err);
  dp_result_free_names(names);
  if (status == DP_OK) status = read_names(result, "kpi", NULL, no_kpis, &s->kpis, &s->kpi_n, err);
  if (status == DP_OK && dp_result_has(result, "/bands")) {
    status = read_names(result, "bands", "mean", no_series, &s->series, &s->series_n, err);
    if (status == DP_OK) status = dp_result_column_f64(result, "/bands/time", &s->time_s, &s->band_n, err);
  }
  return status;
}

static void free_names(struct dp_swept_name *names, size_t n) {
  for (size_t i = 0; i < n; i++) {
    free(names[i].name);
    free(names[i].unit);
    free(names[i].doc);
  }
  free(names);
}

void dp_swept_fini(struct dp_swept *s) {
  for (size_t i = 0; i < s->axis_n; i++) {
    struct dp_swept_axis *a = &s->axes[i];
    free(a->name);
    free(a->label);
    free(a->doc);
    free(a->values);
    free(a->levels);
    free(a->texts);
  }
  free(s->axes);
  free_names(s->kpis, s->kpi_n);
  free_names(s->series, s->series_n);
  free(s->design);
  free(s->time_s);
  free(s->failed_n);
  free(s->runs_n);
  free(s->run_point);
  free(s->run_status);
  *s = (struct dp_swept){0};
}

/* ---- columns ---- */

static enum dp_status column(const struct dp_swept *s, const char *path, size_t wanted, double **out, struct dp_err *err) {
  size_t n;
  DP_TRY(dp_result_column_f64(s->result, path, out, &n, err));
  if (n == wanted) return DP_OK;
  free(*out);
  *out = NULL;
  return dp_fail(err, DP_FORMAT, "%s: %s has %zu rows, not %zu (the file is damaged)", s->result->path, path, n, wanted);
}

enum dp_status dp_swept_summary(const struct dp_swept *s, const char *kpi, const char *name, double **out,
                                struct dp_err *err) {
  char path[512];
  snprintf(path, sizeof path, "/summary/%s/%s", kpi, name);
  return column(s, path, s->point_n, out, err);
}

enum dp_status dp_swept_runs(const struct dp_swept *s, const char *kpi, double **out, struct dp_err *err) {
  char path[512];
  snprintf(path, sizeof path, "/kpi/%s", kpi);
  return column(s, path, s->run_n, out, err);
}

enum dp_status dp_swept_band(const struct dp_swept *s, const char *series, const char *name, size_t point, double *out,
                             struct dp_err *err) {
  char path[512];
  const hsize_t start[2] = {point, 0}, count[2] = {1, s->band_n};
  snprintf(path, sizeof path, "/bands/%s/%s", series, name);
  hid_t set = dp_result_has(s->result, path) ? H5Dopen2(s->result->file, path, H5P_DEFAULT) : -1;
  hid_t file = set < 0 ? -1 : H5Dget_space(set), memory = H5Screate_simple(2, count, NULL);
  const bool done = file >= 0 && H5Sget_simple_extent_ndims(file) == 2 &&
                    H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                    H5Dread(set, H5T_NATIVE_DOUBLE, memory, file, H5P_DEFAULT, out) >= 0;
  dp_h5_close(memory);
  dp_h5_close(file);
  dp_h5_close(set);
  if (done) return DP_OK;
  H5Eclear2(H5E_DEFAULT);
  return dp_fail(err, DP_FORMAT, "%s: %s cannot be read (the file is damaged)", s->result->path, path);
}

size_t dp_swept_kpi(const struct dp_swept *s, const char *name) {
  for (size_t i = 0; i < s->kpi_n; i++)
    if (strcmp(s->kpis[i].name, name) == 0) return i;
  return SIZE_MAX;
}

void dp_swept_point_text(struct dp_str *out, const struct dp_swept *s, size_t point) {
  for (size_t i = 0; i < s->axis_n; i++) {
    const struct dp_swept_axis *a = &s->axes[i];
    char number[32];
    dp_str_printf(out, "%s%s = %s", i ? ", " : "", a->name,
                  a->texts ? a->texts[(size_t)a->values[point]] : dp_svg_number(a->values[point], number));
  }
}
