/* analysis/export_csv.c — a result as a folder of CSV files. */
#include <config.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <csv.h>

#include "analysis/export.h"
#include "analysis/kpi.h"
#include "analysis/series.h"
#include "analysis/swept.h"
#include "base/memory.h"
#include "output/h5.h"

static enum dp_status not_written(const char *path, struct dp_err *err) {
  return dp_fail(err, DP_IO, "cannot write %s: %s (choose another -o)", path, strerror(errno));
}

static void put_text(FILE *file, const char *text) {
  if (strpbrk(text, ",\"\r\n")) csv_fwrite(file, text, strlen(text));
  else fputs(text, file);
}

static void put_number(FILE *file, double value) {
  if (isfinite(value)) fprintf(file, "%.17g", value);
}

static FILE *open_in(const char *folder, const char *kind, const char *name, struct dp_str *path) {
  dp_str_clear(path);
  dp_str_printf(path, "%s/%s%s.csv", folder, kind, name);
  return path->failed ? NULL : fopen(path->data, "w");
}

/* Closes the file; an error while it was written shows here at the latest. */
static enum dp_status close_file(FILE *file, const char *path, struct dp_err *err) {
  const bool failed = ferror(file) != 0;
  return fclose(file) != 0 || failed ? not_written(path, err) : DP_OK;
}

/* ---- series ---- */

static enum dp_status put_group(const struct dp_result *r, const struct dp_series_group *g, const char *folder,
                                struct dp_err *err) {
  struct dp_str path = {0};
  char date[DP_DATE_TEXT];
  int64_t start_ns = 0;
  FILE *file = open_in(folder, "series.", g->name, &path);
  enum dp_status status = file ? DP_OK : not_written(dp_str_text(&path), err);
  dp_result_i64(r->file, "start_epoch_ns", &start_ns);
  if (file) {
    fputs("time_s,date", file);
    for (size_t k = 0; k < g->series_n; k++)
      for (size_t c = 0; c < g->series[k].label_n; c++) {
        struct dp_str name = {0};
        dp_str_append(&name, g->series[k].name);
        if (g->series[k].labels) dp_str_printf(&name, "[%s]", g->series[k].labels[c]);
        fputc(',', file);
        put_text(file, dp_str_text(&name));
        dp_str_fini(&name);
      }
    for (size_t i = 0; i < g->n; i++) {
      fprintf(file, "\n%.17g,%s", g->time_s[i], dp_format_date(start_ns + (int64_t)llround(g->time_s[i] * 1e9), date));
      for (size_t k = 0; k < g->series_n; k++)
        for (size_t c = 0; c < g->series[k].label_n; c++) {
          fputc(',', file);
          put_number(file, g->series[k].values[i * g->series[k].label_n + c]);
        }
    }
    fputc('\n', file);
    status = close_file(file, dp_str_text(&path), err);
  }
  dp_str_fini(&path);
  return status;
}

/* ---- tables ---- */

/** A column of a table in memory: one of the four is there. */
struct column {
  char name[128];
  int64_t *integers;
  bool is_unsigned;
  dp_i128 *wide;
  double *reals;
  char **texts;
  size_t n;
};

static void free_column(struct column *c) {
  free(c->integers);
  free(c->wide);
  free(c->reals);
  free(c->texts);
}

static enum dp_status read_reals(const struct dp_result *r, const char *path, struct column *c, struct dp_err *err) {
  hid_t dataset = H5Dopen2(r->file, path, H5P_DEFAULT), space = dataset < 0 ? -1 : H5Dget_space(dataset);
  const hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  c->n = n < 0 ? 0 : (size_t)n;
  c->reals = dp_zeros(c->n, sizeof *c->reals);
  bool done = n >= 0 && c->reals;
  if (done && n > 0) done = H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, c->reals) >= 0;
  dp_h5_close(space);
  dp_h5_close(dataset);
  return done ? DP_OK : dp_h5_fail(err, "read", r->path);
}

static bool ends_in(const char *text, const char *end) {
  const size_t n = strlen(text), m = strlen(end);
  return n > m && strcmp(text + n - m, end) == 0;
}

/* @param next the name that follows in the table: NAME_hi and NAME_lo are one column. */
static enum dp_status read_column(const struct dp_result *r, const char *table, const char *name, const char *next,
                                  struct column *c, struct dp_err *err) {
  char path[512];
  snprintf(c->name, sizeof c->name, "%s", name);
  snprintf(path, sizeof path, "/tables/%s/%s", table, name);
  if (ends_in(name, "_hi") && next && ends_in(next, "_lo")) {
    c->name[strlen(c->name) - 3] = '\0';
    path[strlen(path) - 3] = '\0';
    return dp_result_column_i128(r, path, &c->wide, &c->n, err);
  }
  hid_t dataset = H5Dopen2(r->file, path, H5P_DEFAULT), type = dataset < 0 ? -1 : H5Dget_type(dataset);
  const H5T_class_t kind = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
  c->is_unsigned = kind == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE;
  dp_h5_close(type);
  dp_h5_close(dataset);
  if (kind == H5T_STRING) return dp_result_column_texts(r, path, &c->texts, &c->n, err);
  if (kind == H5T_FLOAT) return read_reals(r, path, c, err);
  return dp_result_column_i64(r, path, &c->integers, &c->n, err);
}

static void put_cell(FILE *file, const struct column *c, size_t i) {
  char text[DP_I128_TEXT];
  if (i >= c->n) return;
  if (c->integers && c->is_unsigned) fprintf(file, "%llu", (unsigned long long)c->integers[i]);
  else if (c->integers) fprintf(file, "%lld", (long long)c->integers[i]);
  else if (c->wide) fputs(dp_i128_text(c->wide[i], text), file);
  else if (c->reals) put_number(file, c->reals[i]);
  else if (c->texts) put_text(file, c->texts[i]);
}

static enum dp_status put_table(const struct dp_result *r, const char *table, const char *folder, struct dp_err *err) {
  char group[512];
  size_t n = 0, column_n = 0;
  struct dp_str path = {0};
  snprintf(group, sizeof group, "/tables/%s", table);
  char **names = dp_result_names(r, group);
  while (names && names[n]) n++;
  struct column *columns = dp_zeros(n, sizeof *columns);
  enum dp_status status = columns ? DP_OK : dp_fail_nomem(err, "a table");
  for (size_t i = 0; i < n && status == DP_OK; i++) {
    status = read_column(r, table, names[i], names[i + 1], &columns[column_n], err);
    i += columns[column_n++].wide != NULL;
  }
  FILE *file = status == DP_OK ? open_in(folder, "table.", table, &path) : NULL;
  if (status == DP_OK && !file) status = not_written(dp_str_text(&path), err);
  if (file) {
    for (size_t k = 0; k < column_n; k++) fprintf(file, "%s%s", k ? "," : "", columns[k].name);
    fputc('\n', file);
    for (size_t i = 0; column_n && i < columns[0].n; i++)
      for (size_t k = 0; k < column_n; k++) {
        put_cell(file, &columns[k], i);
        fputc(k + 1 < column_n ? ',' : '\n', file);
      }
    status = close_file(file, dp_str_text(&path), err);
  }
  for (size_t k = 0; columns && k < column_n; k++) free_column(&columns[k]);
  free(columns);
  dp_result_free_names(names);
  dp_str_fini(&path);
  return status;
}

/* ---- the whole ---- */

static enum dp_status put_kpis(const struct dp_result *r, const char *folder, struct dp_err *err) {
  struct dp_str path = {0}, text = {0};
  enum dp_status status = dp_kpi_print(&text, DP_TEXT_CSV, r->scenario, 0, r->kpis, r->kpi_n, err);
  FILE *file = status == DP_OK ? open_in(folder, "kpi", "", &path) : NULL;
  if (file) {
    fputs(dp_str_text(&text), file);
    status = close_file(file, dp_str_text(&path), err);
  } else if (status == DP_OK) {
    status = not_written(dp_str_text(&path), err);
  }
  dp_str_fini(&text);
  dp_str_fini(&path);
  return status;
}

enum dp_status dp_export_csv(const struct dp_result *r, const char *folder, struct dp_err *err) {
  struct dp_series_set set;
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) return not_written(folder, err);
  DP_TRY(put_kpis(r, folder, err));
  DP_TRY(dp_series_read(r, &set, err));
  enum dp_status status = DP_OK;
  for (size_t i = 0; i < set.group_n && status == DP_OK; i++) status = put_group(r, &set.groups[i], folder, err);
  dp_series_fini(&set);
  char **tables = dp_result_names(r, "tables");
  for (size_t i = 0; tables && tables[i] && status == DP_OK; i++) status = put_table(r, tables[i], folder, err);
  dp_result_free_names(tables);
  return status;
}

/* ---- a sweep ---- */

/* Columns of one length in memory, named as they will be read. */
struct sheet {
  struct column *columns;
  size_t column_n, row_n;
};

static const char *const of_points[] = {"mean", "half_width", "p5", "p50", "p95", "n"};
static const char *const of_bands[] = {"mean", "p5", "p50", "p95"};

static struct column *next_column(struct sheet *s, const char *format, const char *a, const char *b) {
  struct column *c = &s->columns[s->column_n++];
  snprintf(c->name, sizeof c->name, format, a, b);
  c->n = s->row_n;
  return c;
}

static enum dp_status put_sheet(const struct sheet *s, const char *folder, const char *kind, const char *name,
                                struct dp_err *err) {
  struct dp_str path = {0};
  FILE *file = open_in(folder, kind, name, &path);
  enum dp_status status = file ? DP_OK : not_written(dp_str_text(&path), err);
  if (file) {
    for (size_t k = 0; k < s->column_n; k++) fprintf(file, "%s%s", k ? "," : "", s->columns[k].name);
    for (size_t i = 0; i < s->row_n; i++)
      for (size_t k = 0; k < s->column_n; k++) {
        fputc(k ? ',' : '\n', file);
        put_cell(file, &s->columns[k], i);
      }
    fputc('\n', file);
    status = close_file(file, dp_str_text(&path), err);
  }
  dp_str_fini(&path);
  return status;
}

static void free_sheet(struct sheet *s) {
  for (size_t i = 0; i < s->column_n; i++) free_column(&s->columns[i]);
  free(s->columns);
}

/* Parameters, of points or runs. */
static enum dp_status add_axes(struct sheet *s, const struct dp_swept *w, const char *group, struct dp_err *err) {
  for (size_t i = 0; i < w->axis_n; i++) {
    char path[512];
    struct column *c = next_column(s, "%s%s", w->axes[i].name, "");
    snprintf(path, sizeof path, "%s/parameter/%s", group, w->axes[i].name);
    DP_TRY(w->axes[i].texts ? dp_result_column_texts(w->result, path, &c->texts, &c->n, err)
                            : dp_result_column_f64(w->result, path, &c->reals, &c->n, err));
  }
  return DP_OK;
}

static enum dp_status add_whole(struct sheet *s, const struct dp_swept *w, const char *path, const char *name, bool is_unsigned,
                                struct dp_err *err) {
  struct column *c = next_column(s, "%s%s", name, "");
  c->is_unsigned = is_unsigned;
  return dp_result_column_i64(w->result, path, &c->integers, &c->n, err);
}

static enum dp_status put_points(struct sheet *s, const struct dp_swept *w, const char *folder, struct dp_err *err) {
  DP_TRY(add_whole(s, w, "/points/point", "point", true, err));
  DP_TRY(add_axes(s, w, "/points", err));
  DP_TRY(add_whole(s, w, "/points/failed_n", "failed_n", true, err));
  for (size_t i = 0; i < w->kpi_n; i++)
    for (size_t k = 0; k < sizeof of_points / sizeof *of_points; k++)
      DP_TRY(dp_swept_summary(w, w->kpis[i].name, of_points[k],
                              &next_column(s, "%s.%s", w->kpis[i].name, of_points[k])->reals, err));
  return put_sheet(s, folder, "points", "", err);
}

static enum dp_status put_runs(struct sheet *s, const struct dp_swept *w, const char *folder, struct dp_err *err) {
  static const char *const keys[] = {"point", "replicate", "seed", "status"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    char path[64];
    snprintf(path, sizeof path, "/runs/%s", keys[i]);
    DP_TRY(add_whole(s, w, path, keys[i], true, err));
  }
  DP_TRY(add_axes(s, w, "/runs", err));
  for (size_t i = 0; i < w->kpi_n; i++)
    DP_TRY(dp_swept_runs(w, w->kpis[i].name, &next_column(s, "%s%s", w->kpis[i].name, "")->reals, err));
  return put_sheet(s, folder, "runs", "", err);
}

static enum dp_status put_band(struct sheet *s, const struct dp_swept *w, const char *series, const char *folder,
                               struct dp_err *err) {
  double *point = (next_column(s, "%s%s", "point", "")->reals = dp_zeros(s->row_n, sizeof *point));
  double *time = (next_column(s, "%s%s", "time_s", "")->reals = dp_zeros(s->row_n, sizeof *time));
  if (!point || !time) return dp_fail_nomem(err, "a band");
  for (size_t i = 0; i < s->row_n; i++) {
    point[i] = (double)(i / w->band_n);
    time[i] = w->time_s[i % w->band_n];
  }
  for (size_t k = 0; k < sizeof of_bands / sizeof *of_bands; k++) {
    double *v = (next_column(s, "%s%s", of_bands[k], "")->reals = dp_zeros(s->row_n, sizeof *v));
    if (!v) return dp_fail_nomem(err, "a band");
    for (size_t p = 0; p < w->point_n; p++) DP_TRY(dp_swept_band(w, series, of_bands[k], p, v + p * w->band_n, err));
  }
  return put_sheet(s, folder, "band.", series, err);
}

enum dp_status dp_export_sweep_csv(struct dp_result *r, const char *folder, struct dp_err *err) {
  struct dp_swept w;
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) return not_written(folder, err);
  enum dp_status status = dp_swept_open(r, &w, err);
  for (size_t i = 0; i < 2 + w.series_n && status == DP_OK; i++) {
    const size_t column_n = 8 + w.axis_n + 6 * w.kpi_n;
    struct sheet s = {.columns = dp_zeros(column_n, sizeof *s.columns),
                      .row_n = i == 0 ? w.point_n : i == 1 ? w.run_n : w.point_n * w.band_n};
    if (!s.columns) status = dp_fail_nomem(err, "a sweep");
    else if (i == 0) status = put_points(&s, &w, folder, err);
    else if (i == 1) status = put_runs(&s, &w, folder, err);
    else status = put_band(&s, &w, w.series[i - 2].name, folder, err);
    free_sheet(&s);
  }
  dp_swept_fini(&w);
  return status;
}
