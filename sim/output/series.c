/* sim/output/series.c — the sink: rows of a settlement wait until they fill a chunk, then all series are written and
 * flushed together. A killed run so loses what did not fill a chunk, and nothing that did. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
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
  s->metrics = dp_zeros(model->metric_n, sizeof *s->metrics);
  s->slots = dp_zeros(model->metric_n, sizeof *s->slots);
  if (s->metrics == NULL || s->slots == NULL) return dp_fail_nomem(err, "series");
  size_t k = 0;
  for (size_t i = 0; i < model->metric_n; i++) {
    if (!is_series(&model->metrics[i])) continue;
    size_t n = dp_metric_slot_n(sim, &model->metrics[i]);
    s->slots[k++] = n;
    s->slot_n += n;
    if (n > *widest) *widest = n;
  }
  s->time_s = dp_zeros(out->chunk, sizeof *s->time_s);
  s->values = dp_zeros(out->chunk * s->slot_n, sizeof *s->values);
  return s->time_s && s->values ? DP_OK : dp_fail_nomem(err, "series");
}

/* Rows and room for every instance, and what `group` makes or opens in the file for those that have series. */
static enum dp_status make_series(struct dp_output *out, const struct dp_sim *sim, hid_t parent,
                                  bool (*group)(struct dp_output *, struct dp_series *, hid_t, const struct dp_sim *),
                                  struct dp_err *err) {
  size_t widest = 1;
  out->chunk = chunk_rows(&sim->spec);
  out->series = dp_zeros(sim->instance_n, sizeof *out->series);
  if (out->series == NULL) return dp_fail_nomem(err, "series");
  for (size_t i = 0; i < sim->instance_n; i++) {
    struct dp_series *s = &out->series[out->series_n++];
    DP_TRY(prepare(out, s, &sim->instances[i], sim, &widest, err));
    if (s->slot_n > 0 && !group(out, s, parent, sim)) return dp__output_fail(out, err);
  }
  out->scratch = dp_zeros(out->chunk * widest, sizeof *out->scratch);
  return out->scratch ? DP_OK : dp_fail_nomem(err, "series");
}

enum dp_status dp__series_begin(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err) {
  struct dp_output *out = (struct dp_output *)sink;
  dp_h5_quiet();
  DP_TRY(dp__write_scenario(out, sim, err));
  hid_t parent = dp_h5_create_group(out->file, "series");
  enum dp_status status = parent < 0 ? dp__output_fail(out, err) : make_series(out, sim, parent, create_group, err);
  dp_h5_close(parent);
  return status == DP_OK ? dp__output_flush(out, err) : status;
}

/* ---- a checkpoint ---- */

static bool open_group(struct dp_output *out, struct dp_series *s, hid_t parent, const struct dp_sim *sim) {
  char name[DP_GROUP_NAME];
  (void)out, (void)sim;
  const struct dp_model *model = s->instance->model;
  hid_t group = H5Gopen2(parent, dp__group_name(s->instance, name), H5P_DEFAULT);
  bool done = group >= 0 && (s->time = H5Dopen2(group, "time", H5P_DEFAULT)) >= 0;
  for (size_t i = 0; i < model->metric_n && done; i++) {
    if (!is_series(&model->metrics[i])) continue;
    s->metrics[s->metric_n] = H5Dopen2(group, model->metrics[i].name, H5P_DEFAULT);
    done = s->metrics[s->metric_n] >= 0;
    if (done) s->metric_n++;
  }
  dp_h5_close(group);
  return done;
}

enum dp_status dp__series_save(struct dp_sink *sink, struct dp_buffer *saved, struct dp_err *err) {
  struct dp_output *out = (struct dp_output *)sink;
  const uint64_t settled_n = out->settled_n;
  dp_h5_quiet();
  DP_TRY(dp__output_flush(out, err));
  DP_TRY(dp_disk_save(&out->disk, out->part, saved, err));
  DP_TRY(dp_buffer_append(saved, &settled_n, sizeof settled_n, err));
  for (size_t i = 0; i < out->series_n; i++) {
    const struct dp_series *s = &out->series[i];
    const uint64_t row_n = s->row_n;
    DP_TRY(dp_buffer_append(saved, &row_n, sizeof row_n, err));
    DP_TRY(dp_buffer_append(saved, s->time_s, s->row_n * sizeof *s->time_s, err));
    DP_TRY(dp_buffer_append(saved, s->values, s->row_n * s->slot_n * sizeof *s->values, err));
  }
  return DP_OK;
}

/* The rows that wait, behind those that the file must have. */
static enum dp_status take_rows(struct dp_output *out, struct dp_series *s, uint64_t settlement_n,
                                struct dp_reader *in, struct dp_err *err) {
  uint64_t row_n;
  hsize_t written = 0;
  DP_TRY(dp_reader_take(in, &row_n, sizeof row_n, err));
  if (row_n > out->chunk) return dp_fail(err, DP_FORMAT, "the saved series do not fit the scenario");
  DP_TRY(dp_reader_take(in, s->time_s, (size_t)row_n * sizeof *s->time_s, err));
  DP_TRY(dp_reader_take(in, s->values, (size_t)row_n * s->slot_n * sizeof *s->values, err));
  s->row_n = (size_t)row_n;
  if (s->slot_n == 0) return DP_OK;
  hid_t space = H5Dget_space(s->time);
  bool done = space >= 0 && H5Sget_simple_extent_dims(space, &written, NULL) == 1;
  dp_h5_close(space);
  if (!done) return dp__output_fail(out, err);
  s->written = written;
  if (written + row_n == settlement_n) return DP_OK;
  return dp_fail(err, DP_FORMAT, "%s: there are %llu settlements in the file and %llu in the checkpoint", out->part,
                 (unsigned long long)(written + row_n), (unsigned long long)settlement_n);
}

enum dp_status dp__series_resume(struct dp_sink *sink, const struct dp_sim *sim, uint64_t settlement_n,
                                 const struct dp_buffer *saved, struct dp_err *err) {
  struct dp_output *out = (struct dp_output *)sink;
  struct dp_reader in = {saved->data, saved->len};
  uint64_t settled_n;
  dp_h5_quiet();
  DP_TRY(dp_disk_reopen(&out->disk, out->part, &in, err));
  out->file = dp_disk_open_file(&out->disk, out->part);
  hid_t parent = out->file < 0 ? -1 : H5Gopen2(out->file, "series", H5P_DEFAULT);
  enum dp_status status = parent < 0 ? dp__output_fail(out, err) : make_series(out, sim, parent, open_group, err);
  dp_h5_close(parent);
  if (status == DP_OK) status = dp_reader_take(&in, &settled_n, sizeof settled_n, err);
  if (status == DP_OK) out->settled_n = (size_t)settled_n;
  for (size_t i = 0; i < out->series_n && status == DP_OK; i++)
    status = take_rows(out, &out->series[i], settlement_n, &in, err);
  return status == DP_OK ? dp_reader_end(&in, "the series", err) : status;
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
