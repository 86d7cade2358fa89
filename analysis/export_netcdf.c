/* analysis/export_netcdf.c — a result's series as one netCDF-4 file: HDF5 with dimension scales and ordered names. */
#include <config.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/export.h"
#include "analysis/series.h"
#include "output/h5.h"

/** The file in work: its dimensions. */
struct netcdf {
  hid_t file, time;
  const char *names[16]; /* of further dimensions; borrowed */
  hid_t scales[16];
  size_t scale_n;
};

static hid_t scale_named(const struct netcdf *f, const char *name) {
  for (size_t i = 0; i < f->scale_n; i++)
    if (strcmp(f->names[i], name) == 0) return f->scales[i];
  return -1;
}

static bool put_scale(struct netcdf *f, const struct dp_series *s) {
  if (scale_named(f, s->dimension) >= 0) return true;
  if (f->scale_n == sizeof f->scales / sizeof *f->scales) return false;
  hid_t scale = dp_h5_write_texts(f->file, s->dimension, (const char *const *)s->labels, s->label_n);
  f->names[f->scale_n] = s->dimension;
  f->scales[f->scale_n++] = scale;
  return scale >= 0 && dp_h5_make_scale(scale, s->dimension);
}

static bool put_variable(struct netcdf *f, const struct dp_series_group *g, const struct dp_series *s) {
  char name[256];
  snprintf(name, sizeof name, "%s.%s", g->name, s->name);
  if (s->dimension && !put_scale(f, s)) return false;
  const struct dp_h5_shape shape = {.rank = s->dimension ? 2 : 1, .size = {g->n, s->label_n}, .chunk = g->n > 0 ? g->n : 1};
  hid_t dataset = dp_h5_create_dataset(f->file, name, H5T_IEEE_F64LE, &shape);
  bool done = dataset >= 0 && dp_h5_describe(dataset, s->units, s->long_name) &&
              dp_h5_put_text(dataset, "cell_methods", s->methods) && dp_h5_attach_scale(dataset, f->time, 0);
  if (done && s->dimension) done = dp_h5_attach_scale(dataset, scale_named(f, s->dimension), 1);
  if (done && g->n) done = H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, s->values) >= 0;
  dp_h5_close(dataset);
  return done;
}

static bool put_head(const struct netcdf *f, const struct dp_result *r) {
  bool done = dp_h5_put_text(f->file, "Conventions", "CF-1.10") && dp_h5_put_text(f->file, "title", r->title) &&
              dp_h5_put_text(f->file, "scenario", r->scenario) && dp_h5_put_text(f->file, "digest", r->digest) &&
              dp_h5_put_text(f->file, "program", "depinsim") && dp_h5_put_text(f->file, "version", r->version);
  for (size_t i = 0; i < r->kpi_n && done; i++) {
    char name[DP_KPI_NAME + 8];
    snprintf(name, sizeof name, "kpi.%s", r->kpis[i].name);
    done = dp_h5_put_f64(f->file, name, r->kpis[i].integer ? dp_i128_to_double(r->kpis[i].count) : r->kpis[i].value);
  }
  return done;
}

/* Every group of a result has the same times: the first one's serve for all. */
static bool put_all(struct netcdf *f, const struct dp_result *r, const struct dp_series_set *set) {
  const struct dp_series_group *first = &set->groups[0];
  struct dp_str units = {0};
  dp_str_printf(&units, "seconds since %s", r->start);
  f->time = dp_h5_write_column(f->file, "time", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, first->time_s, first->n,
                               dp_str_text(&units), "end of the settlement");
  dp_str_fini(&units);
  bool done = f->time >= 0 && dp_h5_put_text(f->time, "calendar", "proleptic_gregorian") &&
              dp_h5_make_scale(f->time, "time") && put_head(f, r);
  for (size_t i = 0; i < set->group_n && done; i++)
    for (size_t k = 0; k < set->groups[i].series_n && done; k++)
      done = set->groups[i].n == first->n && put_variable(f, &set->groups[i], &set->groups[i].series[k]);
  return done;
}

enum dp_status dp_export_netcdf(const struct dp_result *r, const char *path, struct dp_err *err) {
  struct dp_series_set set;
  struct dp_str part = {0};
  struct netcdf f = {.file = -1, .time = -1};
  DP_TRY(dp_series_read(r, &set, err));
  dp_str_printf(&part, "%s.part", path);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (!part.failed && access >= 0) f.file = dp_h5_create_file(part.data, access);
  bool done = f.file >= 0 && set.group_n > 0 && put_all(&f, r, &set);
  enum dp_status status = done ? DP_OK : dp_h5_fail(err, "write", path);
  dp_h5_close(f.time);
  for (size_t i = 0; i < f.scale_n; i++) dp_h5_close(f.scales[i]);
  if (f.file >= 0 && H5Fclose(f.file) < 0 && status == DP_OK) status = dp_h5_fail(err, "write", path);
  dp_h5_close(access);
  if (status == DP_OK && rename(part.data, path) != 0)
    status = dp_fail(err, DP_IO, "cannot write %s: %s (choose another -o)", path, strerror(errno));
  if (status != DP_OK && part.data) unlink(part.data);
  dp_str_fini(&part);
  dp_series_fini(&set);
  return status;
}
