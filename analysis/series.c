/* analysis/series.c — reads /series. */
#include "analysis/series.h"

#include <hdf5_hl.h>
#include <stdlib.h>
#include <string.h>

#include "output/h5.h"

static enum dp_status damaged(const struct dp_result *r, const char *group, const char *name, struct dp_err *err) {
  H5Eclear2(H5E_DEFAULT);
  return dp_fail(err, DP_FORMAT, "%s: the series %s of %s cannot be read (the file is damaged: run the scenario again)",
                 r->path, name, group);
}

/* The attribute, or a copy of `other`. */
static char *text_or(hid_t object, const char *name, const char *other) {
  char *text = dp_result_text(object, name);
  return text || !other ? text : strdup(other);
}

/* The first scale of a dimension: its path. */
static herr_t note_scale(hid_t dataset, unsigned dimension, hid_t scale, void *path) {
  (void)dataset, (void)dimension;
  return H5Iget_name(scale, path, 512) > 0 ? 1 : -1;
}

static enum dp_status read_labels(const struct dp_result *r, hid_t dataset, struct dp_series *s, struct dp_err *err) {
  char path[512] = "";
  size_t n;
  if (H5DSiterate_scales(dataset, 1, NULL, note_scale, path) <= 0 || !path[0])
    return dp_fail(err, DP_FORMAT, "%s: the series %s has a dimension without labels (run the scenario again)", r->path,
                   s->name);
  DP_TRY(dp_result_column_texts(r, path, &s->labels, &n, err));
  s->dimension = strdup(strrchr(path, '/') + 1);
  if (!s->dimension) return dp_fail_nomem(err, "a series");
  return n == s->label_n ? DP_OK : damaged(r, path, s->name, err);
}

/* Fills `s`; n is the number of times. */
static enum dp_status read_series(const struct dp_result *r, const struct dp_series_group *g, hid_t dataset,
                                  struct dp_series *s, struct dp_err *err) {
  hsize_t size[2] = {0, 1};
  hid_t space = H5Dget_space(dataset);
  const int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
  const bool fits = (rank == 1 || rank == 2) && H5Sget_simple_extent_dims(space, size, NULL) == rank && size[0] == g->n;
  dp_h5_close(space);
  if (!fits || size[1] == 0) return damaged(r, g->name, s->name, err);
  s->label_n = (size_t)size[1];
  s->units = text_or(dataset, "units", "1");
  s->long_name = text_or(dataset, "long_name", "");
  s->methods = text_or(dataset, "cell_methods", "");
  s->values = calloc(g->n * s->label_n + 1, sizeof *s->values);
  if (!s->units || !s->long_name || !s->methods || !s->values) return dp_fail_nomem(err, "a series");
  if (g->n && H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, s->values) < 0)
    return damaged(r, g->name, s->name, err);
  return rank == 2 ? read_labels(r, dataset, s, err) : DP_OK;
}

static enum dp_status read_time(const struct dp_result *r, hid_t group, struct dp_series_group *g, struct dp_err *err) {
  hid_t dataset = H5Dopen2(group, "time", H5P_DEFAULT), space = dataset < 0 ? -1 : H5Dget_space(dataset);
  const hssize_t n = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  g->n = n < 0 ? 0 : (size_t)n;
  g->time_s = calloc(g->n + 1, sizeof *g->time_s);
  bool done = n >= 0 && g->time_s;
  if (done && n > 0) done = H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, g->time_s) >= 0;
  dp_h5_close(space);
  dp_h5_close(dataset);
  return done ? DP_OK : damaged(r, g->name, "time", err);
}

static bool is_series(hid_t group, hid_t dataset, const char *name) {
  (void)group;
  return strcmp(name, "time") != 0 && dataset >= 0 && H5Iget_type(dataset) == H5I_DATASET && H5DSis_scale(dataset) == 0;
}

static enum dp_status read_group(const struct dp_result *r, const char *name, struct dp_series_group *g,
                                 struct dp_err *err) {
  char path[512];
  size_t n = 0;
  snprintf(path, sizeof path, "/series/%s", name);
  char **names = dp_result_names(r, path);
  hid_t group = H5Gopen2(r->file, path, H5P_DEFAULT);
  while (names && names[n]) n++;
  g->name = strdup(name);
  g->long_name = group < 0 ? NULL : text_or(group, "long_name", "");
  g->series = calloc(n + 1, sizeof *g->series);
  enum dp_status status = DP_OK;
  if (group < 0 || !names) status = damaged(r, name, "group", err);
  else if (!g->name || !g->long_name || !g->series) status = dp_fail_nomem(err, "series");
  if (status == DP_OK) status = read_time(r, group, g, err);
  for (size_t i = 0; i < n && status == DP_OK; i++) {
    hid_t dataset = H5Oopen(group, names[i], H5P_DEFAULT);
    if (is_series(group, dataset, names[i])) {
      struct dp_series *s = &g->series[g->series_n++];
      s->name = strdup(names[i]);
      status = s->name ? read_series(r, g, dataset, s, err) : dp_fail_nomem(err, "series");
    }
    if (dataset >= 0) H5Oclose(dataset);
  }
  dp_h5_close(group);
  dp_result_free_names(names);
  return status;
}

enum dp_status dp_series_read(const struct dp_result *r, struct dp_series_set *out, struct dp_err *err) {
  char **names = dp_result_names(r, "series");
  size_t n = 0;
  enum dp_status status = DP_OK;
  *out = (struct dp_series_set){0};
  while (names && names[n]) n++;
  out->groups = calloc(n + 1, sizeof *out->groups);
  if (!out->groups) status = dp_fail_nomem(err, "series");
  for (size_t i = 0; i < n && status == DP_OK; i++) status = read_group(r, names[i], &out->groups[out->group_n++], err);
  dp_result_free_names(names);
  if (status != DP_OK) dp_series_fini(out);
  return status;
}

static void free_series(struct dp_series *s) {
  free(s->name);
  free(s->units);
  free(s->long_name);
  free(s->methods);
  free(s->dimension);
  free(s->labels);
  free(s->values);
}

void dp_series_fini(struct dp_series_set *set) {
  for (size_t i = 0; i < set->group_n; i++) {
    struct dp_series_group *g = &set->groups[i];
    for (size_t k = 0; k < g->series_n; k++) free_series(&g->series[k]);
    free(g->series);
    free(g->time_s);
    free(g->name);
    free(g->long_name);
  }
  free(set->groups);
  *set = (struct dp_series_set){0};
}

const struct dp_headline dp_headlines[] = {
    {"ledger.exchange", "price", "Price of the token", "USD a token", false},
    {"provider.fleet", "active", "Active hosts", "hosts", false},
    {"market.gateway", "spend", "Paid by customers since the start", "USD", true},
    {"ledger.token", "supply", "Supply", "tokens", false},
    {"hardware.node", "energy", "Energy used since the start", "kWh", true},
    {"ledger.token", "burned", "Burned since the start", "tokens", false},
    {0},
};

double dp_series_sum(const struct dp_series *s, size_t row) {
  double sum = 0;
  for (size_t c = 0; c < s->label_n; c++) sum += s->values[row * s->label_n + c];
  return sum;
}

bool dp_series_is_of(const char *group, const char *wanted) {
  const size_t len = strlen(wanted);
  return strncmp(group, wanted, len) == 0 && (group[len] == '\0' || group[len] == '.');
}

const struct dp_series *dp_series_find(const struct dp_series_set *set, const char *group, const char *name,
                                       const struct dp_series_group **owner) {
  for (size_t i = 0; i < set->group_n; i++) {
    const struct dp_series_group *g = &set->groups[i];
    if (!dp_series_is_of(g->name, group)) continue;
    for (size_t k = 0; k < g->series_n; k++) {
      if (strcmp(g->series[k].name, name) != 0) continue;
      if (owner) *owner = g;
      return &g->series[k];
    }
  }
  return NULL;
}
