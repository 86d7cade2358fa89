/* sim/output/series.c — the sink: rows of a settlement wait until they fill a chunk, then all series are written and
 * flushed together. A killed run so loses what did not fill a chunk, and nothing that did. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "output/parts.h"

/* Rows in a chunk: about a 64th of the run, so that a year of blocks and a day of hours both lose little when killed. */
#define CHUNK_MIN 64
#define CHUNK_MAX 4096

static size_t chunk_rows(const struct dp_spec *spec) {
  int64_t rows = spec->settle_every_ns > 0 ? spec->end_ns / spec->settle_every_ns : 0;
  size_t chunk = CHUNK_MIN;
  while (chunk < CHUNK_MAX && (int64_t)chunk < rows / 64) chunk *= 2;
  return chunk;
}

char *dp__group_name(const struct dp_instance *instance, char buf[DP_GROUP_NAME]) {
  const struct dp_sim *sim = instance->sim;
  const char *model = instance->model->name;
  bool alone = strcmp(instance->name, model) == 0;
  for (size_t i = 0; i < sim->instance_n; i++)
    if (&sim->instances[i] != instance && sim->instances[i].model == instance->model) alone = false;
  if (alone) snprintf(buf, DP_GROUP_NAME, "%s", model);
  else snprintf(buf, DP_GROUP_NAME, "%s.%s", model, instance->name);
  for (char *c = buf; *c != '\0'; c++)
    if (*c == '/') *c = '_';
  return buf;
}

static bool is_series(const struct dp_metric *m) { return m->kind != DP_METRIC_HISTOGRAM && !m->no_series; }

/* ---- begin ---- */

static bool create_time(struct dp_output *out, struct dp_series *s, hid_t group, const struct dp_sim *sim) {
  char date[DP_DATE_TEXT], units[DP_DATE_TEXT + 16];
  snprintf(units, sizeof units, "seconds since %s", dp_format_date(sim->spec.start_epoch_ns, date));
  struct dp_h5_shape shape = {.rank = 1, .chunk = out->chunk, .growing = true};
  s->time = dp_h5_create_dataset(group, "time", H5T_IEEE_F64LE, &shape);
  return s->time >= 0 && dp_h5_describe(s->time, units, "end of the settlement") &&
         dp_h5_put_text(s->time, "standard_name", "time") && dp_h5_put_text(s->time, "calendar", "standard") &&
         dp_h5_put_text(s->time, "axis", "T") && dp_h5_make_scale(s->time, "time");
}

/* The coordinate of a dimension, made when the first metric of the group needs it; -1 on failure. */
static hid_t coordinate(const struct dp_sim *sim, hid_t group, const char *dimension) {
  if (H5Lexists(group, dimension, H5P_DEFAULT) > 0) return H5Dopen2(group, dimension, H5P_DEFAULT);
  const char *const *labels = NULL;
  size_t n = dp_dimension_labels(sim, dimension, &labels);
  hid_t scale = dp_h5_write_texts(group, dimension, labels, n);
  if (scale >= 0 && dp_h5_make_scale(scale, dimension)) return scale;
  dp_h5_close(scale);
  return -1;
}

static const char *cell_method(enum dp_metric_kind kind) {
  return kind == DP_METRIC_COUNTER ? "time: sum" : "time: point";
}

static bool create_metric(struct dp_output *out, struct dp_series *s, hid_t group, const struct dp_metric *m) {
  size_t k = s->metric_n;
  struct dp_h5_shape shape = {.rank = m->dimension ? 2 : 1, .size = {0, s->slots[k]}, .chunk = out->chunk,
                              .growing = true};
  hid_t scale = -1;
  bool done = false;
  s->metrics[k] = dp_h5_create_dataset(group, m->name, H5T_IEEE_F64LE, &shape);
  if (s->metrics[k] < 0) return false;
  s->metric_n++;
  if (m->dimension && (scale = coordinate(s->instance->sim, group, m->dimension)) < 0) return false;
  done = dp_h5_describe(s->metrics[k], m->unit, m->doc) &&
         dp_h5_put_text(s->metrics[k], "cell_methods", cell_method(m->kind)) &&
         dp_h5_attach_scale(s->metrics[k], s->time, 0) &&
         (scale < 0 || dp_h5_attach_scale(s->metrics[k], scale, 1));
  dp_h5_close(scale);
  return done;
}

static bool create_group(struct dp_output *out, struct dp_series *s, hid_t parent, const struct dp_sim *sim) {
  const struct dp_model *model = s->instance->model;
  char name[DP_GROUP_NAME];
  hid_t group = dp_h5_create_group(parent, dp__group_name(s->instance, name));
  bool done = group >= 0 && dp_h5_put_text(group, "model", model->name) &&
              dp_h5_put_text(group, "instance", s->instance->name) &&
              (model->doc == NULL || dp_h5_put_text(group, "long_name", model->doc)) &&
              dp_h5_put_text(group, "Conventions", "CF-1.10") && create_time(out, s, group, sim);
  for (size_t i = 0; i < model->metric_n && done; i++)
    if (is_series(&model->metrics[i])) done = create_metric(out, s, group, &model->metrics[i]);
  dp_h5_close(group);
  return done;
}

/* Counts columns and makes room for a chunk of rows. A model without series metrics leaves `s` empty. */
static enum dp_status prepare(struct dp_output *out, struct dp_series *s, const struct dp_instance *instance,
                              const struct dp_sim *sim, size_t *widest, struct dp_err *err) {
  const struct dp_model *model = instance->model;
  *s = (struct dp_series){.instance = instance, .time = -1};
  s->metrics = calloc(model->metric_n + 1, sizeof *s->metrics);
  s->slots = calloc(model->metric_n + 1, sizeof *s->slots);
  if (s->metrics == NULL || s->slots == NULL) return dp_fail_nomem(err, "series");
  size_t k = 0;
  for (size_t i = 0; i < model->metric_n; i++) {
    if (!is_series(&model->metrics[i])) continue;
    size_t n = dp_metric_slot_n(sim, &model->metrics[i]);
    s->slots[k++] = n;
    s->slot_n += n;
    if (n > *widest) *widest = n;
  }
  s->time_s = malloc(out->chunk * sizeof *s->time_s);
  s->values = malloc((out->chunk * s->slot_n + 1) * sizeof *s->values);
  return s->time_s && s->values ? DP_OK : dp_fail_nomem(err, "series");
}

enum dp_status dp__series_begin(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err) {
  struct dp_output *out = (struct dp_output *)sink;
  size_t widest = 1;
  dp_h5_quiet();
  DP_TRY(dp__write_scenario(out, sim, err));
  out->chunk = chunk_rows(&sim->spec);
  out->series = calloc(sim->instance_n + 1, sizeof *out->series);
  if (out->series == NULL) return dp_fail_nomem(err, "series");
  hid_t parent = dp_h5_create_group(out->file, "series");
  if (parent < 0) return dp__output_fail(out, err);
  for (size_t i = 0; i < sim->instance_n; i++) {
    struct dp_series *s = &out->series[out->series_n++];
    enum dp_status status = prepare(out, s, &sim->instances[i], sim, &widest, err);
    if (status == DP_OK && s->slot_n > 0 && !create_group(out, s, parent, sim)) status = dp__output_fail(out, err);
    if (status != DP_OK) {
      dp_h5_close(parent);
      return status;
    }
  }
  dp_h5_close(parent);
  out->scratch = malloc(out->chunk * widest * sizeof *out->scratch);
  if (out->scratch == NULL) return dp_fail_nomem(err, "series");
  return dp__output_flush(out, err);
}

/* ---- rows ---- */

enum dp_status dp__series_row(struct dp_sink *sink, const struct dp_instance *instance, dp_time now_ns,
                              const double *values, size_t slot_n, struct dp_err *err) {
  struct dp_output *out = (struct dp_output *)sink;
  struct dp_series *s = instance->index < out->series_n ? &out->series[instance->index] : NULL;
  if (s == NULL || s->slot_n != slot_n)
    return dp_fail(err, DP_INVARIANT, "%s: a row of %zu values does not fit its series", instance->name, slot_n);
  if (slot_n == 0) return DP_OK;
  if (s->row_n == out->chunk) DP_TRY(dp__series_flush(out, err));
  s->time_s[s->row_n] = dp_time_s(now_ns);
  memcpy(s->values + s->row_n * slot_n, values, slot_n * sizeof *values);
  s->row_n++;
  return DP_OK;
}

enum dp_status dp__series_settled(struct dp_sink *sink, dp_time now_ns, struct dp_err *err) {
  struct dp_output *out = (struct dp_output *)sink;
  (void)now_ns;
  return ++out->settled_n < out->chunk ? DP_OK : dp__series_flush(out, err);
}

/* ---- writing ---- */

/* Appends row_n rows of `width` values at row `at`. */
static bool append(hid_t dataset, const double *values, hsize_t at, size_t row_n, size_t width, bool two) {
  hsize_t start[2] = {at, 0}, count[2] = {row_n, width}, size[2] = {at + row_n, width};
  int rank = two ? 2 : 1;
  if (H5Dset_extent(dataset, size) < 0) return false;
  hid_t file = H5Dget_space(dataset), memory = H5Screate_simple(rank, count, NULL);
  bool done = file >= 0 && memory >= 0 &&
              H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, file, H5P_DEFAULT, values) >= 0;
  dp_h5_close(memory);
  dp_h5_close(file);
  return done;
}

static bool write_rows(struct dp_output *out, struct dp_series *s) {
  if (s->row_n == 0) return true;
  if (!append(s->time, s->time_s, s->written, s->row_n, 1, false)) return false;
  size_t first = 0, k = 0;
  for (size_t i = 0; i < s->instance->model->metric_n; i++) {
    const struct dp_metric *m = &s->instance->model->metrics[i];
    if (!is_series(m)) continue;
    size_t width = s->slots[k];
    for (size_t row = 0; row < s->row_n; row++)
      memcpy(out->scratch + row * width, s->values + row * s->slot_n + first, width * sizeof *out->scratch);
    if (!append(s->metrics[k], out->scratch, s->written, s->row_n, width, m->dimension != NULL)) return false;
    first += width;
    k++;
  }
  s->written += s->row_n;
  s->row_n = 0;
  return true;
}

enum dp_status dp__series_flush(struct dp_output *out, struct dp_err *err) {
  out->settled_n = 0;
  for (size_t i = 0; i < out->series_n; i++)
    if (!write_rows(out, &out->series[i])) return dp__output_fail(out, err);
  return dp__output_flush(out, err);
}

void dp__series_close(struct dp_output *out) {
  for (size_t i = 0; i < out->series_n; i++) {
    struct dp_series *s = &out->series[i];
    for (size_t k = 0; k < s->metric_n; k++) dp_h5_close(s->metrics[k]);
    dp_h5_close(s->time);
    free(s->metrics);
    free(s->slots);
    free(s->time_s);
    free(s->values);
  }
  free(out->series);
  free(out->scratch);
  out->series = NULL;
  out->scratch = NULL;
  out->series_n = 0;
}
