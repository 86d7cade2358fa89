/* analysis/bench_costs_io.c — costs as text and JSON and back, and the load of a finished run. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/bench_cost.h"

static const struct {
  const char *name;
  size_t offset;
} fields[] = {
    {"ranks", offsetof(struct dp_costs, ranks)},
    {"cores", offsetof(struct dp_costs, cores)},
    {"event_1k_ns", offsetof(struct dp_costs, event_ns)},
    {"event_16k_ns", offsetof(struct dp_costs, event_ns) + sizeof(double)},
    {"event_1m_ns", offsetof(struct dp_costs, event_ns) + 2 * sizeof(double)},
    {"queue_event_ns", offsetof(struct dp_costs, queue_event_ns)},
    {"window_ns", offsetof(struct dp_costs, window_ns)},
    {"beat_ns", offsetof(struct dp_costs, beat_ns)},
    {"message_ns", offsetof(struct dp_costs, message_ns)},
    {"byte_ns", offsetof(struct dp_costs, byte_ns)},
    {"reduction_ns", offsetof(struct dp_costs, reduction_ns)},
    {"switch_ns", offsetof(struct dp_costs, switch_ns)},
};

#define FIELD_N (sizeof fields / sizeof *fields)

void dp_costs_init(struct dp_costs *costs) {
  for (size_t i = 0; i < FIELD_N; i++) *(double *)(void *)((char *)costs + fields[i].offset) = (double)NAN;
}

enum dp_status dp_costs_print(struct dp_str *out, enum dp_text_format format, const struct dp_costs *costs,
                              struct dp_err *err) {
  struct dp_bench_field report[FIELD_N + 1] = {DP_BENCH_TEXT_FIELD("bench", "fit")};
  for (size_t i = 0; i < FIELD_N; i++) {
    double value = *(const double *)(const void *)((const char *)costs + fields[i].offset);
    report[i + 1] = (struct dp_bench_field)DP_BENCH_REAL_FIELD(fields[i].name, value);
    if (i < 2) report[i + 1] = (struct dp_bench_field)DP_BENCH_COUNT_FIELD(fields[i].name, (uint64_t)value);
  }
  return dp_bench_print(out, format, report, FIELD_N + 1, err);
}

static enum dp_status fill_costs(const json_t *root, const char *path, struct dp_costs *costs, struct dp_err *err) {
  const char *bench = json_string_value(json_object_get(root, "bench"));
  if (bench == NULL || strcmp(bench, "fit") != 0)
    return dp_fail(err, DP_USAGE, "%s: not the output of bench fit --format json", path);
  for (size_t i = 0; i < FIELD_N; i++) {
    const json_t *value = json_object_get(root, fields[i].name);
    double number = json_is_number(value) ? json_number_value(value) : (double)NAN;
    if (value == NULL || !(json_is_null(value) || number >= 0))
      return dp_fail(err, DP_FORMAT, "%s: %s must be a number that is not negative, or null", path, fields[i].name);
    *(double *)(void *)((char *)costs + fields[i].offset) = number;
  }
  return DP_OK;
}

enum dp_status dp_costs_read(const char *path, struct dp_costs *costs, struct dp_err *err) {
  json_error_t where;
  FILE *file = fopen(path, "r");
  if (file == NULL) return dp_fail(err, DP_IO, "%s: %s", path, strerror(errno));
  json_t *root = json_loadf(file, 0, &where);
  fclose(file);
  if (root == NULL)
    return dp_fail(err, DP_FORMAT, "%s:%d: %s (bench fit --format json writes it)", path, where.line, where.text);
  enum dp_status status = fill_costs(root, path, costs, err);
  json_decref(root);
  return status;
}

/* ---- the load of a result ---- */

#define VOLATILE "/provenance/volatile"

static bool real_item(hid_t group, const char *name, double *out) {
  char *text = dp_result_text(group, name);
  bool found = text != NULL && dp_parse_f64(text, 0, (double)INFINITY, out, NULL) == DP_OK;
  free(text);
  return found;
}

static enum dp_status column_sum(const struct dp_result *r, const char *path, double *sum, size_t *n,
                                 struct dp_err *err) {
  int64_t *values = NULL;
  *sum = 0;
  *n = 0;
  if (!dp_result_has(r, path)) return DP_OK; /* a run without channels */
  DP_TRY(dp_result_column_i64(r, path, &values, n, err));
  for (size_t i = 0; i < *n; i++) *sum += (double)values[i];
  free(values);
  return DP_OK;
}

static enum dp_status fill_load(const struct dp_result *r, hid_t group, const struct dp_costs *costs, struct dp_load *l,
                                struct dp_err *err) {
  size_t rank_n, channel_n;
  uint64_t windows;
  double busy_ns, beat_s, cells_s;
  DP_TRY(column_sum(r, VOLATILE "/ranks/busy_ns", &busy_ns, &rank_n, err));
  DP_TRY(column_sum(r, VOLATILE "/ranks/cells", &l->cell_n, &rank_n, err));
  DP_TRY(column_sum(r, VOLATILE "/channels/messages", &l->crossed_n, &channel_n, err));
  if (rank_n > 1)
    return dp_fail(err, DP_USAGE, "%s: ran on %zu ranks; bench predict needs a run on one", r->path, rank_n);
  if (rank_n != 1 || !dp_result_u64(group, "windows", &windows) || !real_item(group, "beats", &l->beat_n) ||
      !real_item(group, "beat_s", &beat_s) || !real_item(group, "beat_cells_s", &cells_s) ||
      !real_item(group, "hot_cell_ratio", &l->hot_ratio))
    return dp_fail(err, DP_FORMAT, "%s: does not say what the run cost (it was written by another version)", r->path);
  l->event_n = (double)r->event_n;
  l->window_n = (double)windows;
  l->event_bytes = 48; /* a header and half a payload */
  double windows_ns = l->window_n * (isnan(costs->window_ns) ? 0 : costs->window_ns);
  l->event_ns = l->event_n > 0 ? fmax(0, busy_ns - 1e9 * beat_s - windows_ns) / l->event_n : 0;
  if (l->beat_n > 0) {
    l->serial_ns = fmax(0, beat_s - cells_s) * 1e9 / l->beat_n;
    l->beat_cells_ns = cells_s * 1e9 / l->beat_n;
  }
  return DP_OK;
}

enum dp_status dp_load_of_result(const char *path, const struct dp_costs *costs, struct dp_load *load,
                                 struct dp_err *err) {
  struct dp_result *r;
  DP_TRY(dp_result_open(path, &r, err));
  *load = (struct dp_load){0};
  hid_t group = dp_result_has(r, VOLATILE) ? H5Gopen2(r->file, VOLATILE, H5P_DEFAULT) : -1;
  enum dp_status status = group < 0 ? dp_fail(err, DP_FORMAT, "%s: has no %s", path, VOLATILE) : DP_OK;
  if (status == DP_OK) status = fill_load(r, group, costs, load, err);
  if (group >= 0) H5Gclose(group);
  dp_result_close(r);
  return status;
}
