/* analysis/info.c — what a result is: gathered once as a JSON object, printed as it is or for people. */
#include "analysis/info.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/cost.h"
#include "output/h5.h"

#define RANKS_SHOWN 64

/* ---- gathering ---- */

static bool put(json_t *object, const char *key, json_t *value) { return json_object_set_new(object, key, value) == 0; }

static json_t *unsigned_number(uint64_t value) {
  char text[24];
  if (value <= INT64_MAX) return json_integer((json_int_t)value);
  snprintf(text, sizeof text, "%" PRIu64, value);
  return json_string(text);
}

/* Extents of a dataset as an array; NULL when it is not one. */
static json_t *shape_of(hid_t dataset) {
  hsize_t size[H5S_MAX_RANK] = {0};
  hid_t space = H5Dget_space(dataset);
  int rank = space < 0 ? -1 : H5Sget_simple_extent_dims(space, size, NULL);
  dp_h5_close(space);
  json_t *shape = rank < 0 ? NULL : json_array();
  for (int i = 0; i < rank; i++) json_array_append_new(shape, unsigned_number(size[i]));
  return shape;
}

/* {"dataset": {"shape": […], "units": "…"}, …} of one group. */
static json_t *columns_of(const struct dp_result *r, const char *path) {
  json_t *columns = json_object();
  char **names = dp_result_names(r, path);
  hid_t group = names ? H5Gopen2(r->file, path, H5P_DEFAULT) : -1;
  for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
    hid_t dataset = H5Oopen(group, names[i], H5P_DEFAULT);
    if (dataset >= 0 && H5Iget_type(dataset) == H5I_DATASET) {
      char *units = dp_result_text(dataset, "units");
      json_t *column = json_object();
      put(column, "shape", shape_of(dataset));
      if (units != NULL) put(column, "units", json_string(units));
      put(columns, names[i], column);
      free(units);
    }
    if (dataset >= 0) H5Oclose(dataset);
  }
  dp_h5_close(group);
  dp_result_free_names(names);
  return columns;
}

/* {"group": {columns}, …} of /series and /histogram. */
static json_t *groups_of(const struct dp_result *r, const char *parent) {
  json_t *groups = json_object();
  char **names = dp_result_names(r, parent);
  for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", parent, names[i]);
    put(groups, names[i], columns_of(r, path));
  }
  dp_result_free_names(names);
  return groups;
}

/* {"table": {"rows": n, "columns": n}, …}. */
static json_t *tables_of(const struct dp_result *r) {
  json_t *tables = json_object(), *all = groups_of(r, "tables"), *columns;
  const char *name;
  json_object_foreach(all, name, columns) {
    json_t *shape = json_object_get(json_object_get(columns, "entity"), "shape");
    put(tables, name, json_pack("{s:o, s:I}", "rows", json_incref(json_array_get(shape, 0)), "columns",
                                (json_int_t)json_object_size(columns)));
  }
  json_decref(all);
  return tables;
}

/* Appends the parameters of one group that are not at their default. */
static enum dp_status changed_of(const struct dp_result *r, const char *name, json_t *changed, struct dp_err *err) {
  char path[512];
  char **names = NULL, **values = NULL, **units = NULL;
  int64_t *is_default = NULL;
  size_t n[4] = {0};
  const char *base = "provenance/parameters";
  snprintf(path, sizeof path, "%s/%s/name", base, name);
  enum dp_status status = dp_result_column_texts(r, path, &names, &n[0], err);
  snprintf(path, sizeof path, "%s/%s/value", base, name);
  if (status == DP_OK) status = dp_result_column_texts(r, path, &values, &n[1], err);
  snprintf(path, sizeof path, "%s/%s/unit", base, name);
  if (status == DP_OK) status = dp_result_column_texts(r, path, &units, &n[2], err);
  snprintf(path, sizeof path, "%s/%s/is_default", base, name);
  if (status == DP_OK) status = dp_result_column_i64(r, path, &is_default, &n[3], err);
  for (size_t i = 0; status == DP_OK && i < n[0] && i < n[1] && i < n[2] && i < n[3]; i++)
    if (!is_default[i])
      json_array_append_new(changed, json_pack("{s:s, s:s, s:s, s:s}", "of", name, "name", names[i], "value", values[i],
                                               "units", units[i]));
  free(names);
  free(values);
  free(units);
  free(is_default);
  return status;
}

/* {"ranks": [{…}], "channels": {name: {…}}, …}: what differs from run to run. */
static json_t *cost_of(const struct dp_engine_report *r) {
  json_t *ranks = json_array(), *channels = json_object();
  for (size_t i = 0; i < r->rank_n; i++)
    json_array_append_new(ranks, json_pack("{s:I, s:I, s:f, s:f}", "cells", (json_int_t)r->ranks[i].cell_n, "events",
                                           (json_int_t)r->ranks[i].event_n, "busy_s", dp_time_s(r->ranks[i].busy_ns),
                                           "wait_s", dp_time_s(r->ranks[i].wait_ns)));
  for (size_t i = 1; i < r->channel_n; i++) {
    const struct dp_channel *c = &r->channels[i];
    json_t *channel = json_pack("{s:f, s:I}", "least_delay_s", dp_time_s(c->least_delay_ns), "messages",
                                (json_int_t)c->message_n);
    if (c->observed_min_ns != DP_TIME_MAX) put(channel, "observed_min_s", json_real(dp_time_s(c->observed_min_ns)));
    put(channels, c->name, channel);
  }
  return json_pack("{s:o, s:o, s:I, s:I, s:f, s:s}", "ranks", ranks, "channels", channels, "windows",
                   (json_int_t)r->window_n, "cells_moved", (json_int_t)r->moved_n, "wait_ratio", r->wait_ratio, "hint",
                   r->hint);
}

static enum dp_status gather(const struct dp_result *r, const struct dp_cost *cost, json_t *info, struct dp_err *err) {
  struct stat st = {0};
  char text[DP_DURATION_TEXT];
  stat(r->path, &st);
  put(info, "title", json_string(r->title));
  put(info, "scenario", json_string(r->scenario));
  put(info, "file", json_string(r->path));
  put(info, "size_bytes", json_integer(st.st_size));
  put(info, "complete", json_true());
  put(info, "start", json_string(r->start));
  put(info, "duration", json_string(dp_format_duration(r->duration_ns, text)));
  put(info, "settle_every", json_string(dp_format_duration(r->settle_every_ns, text)));
  put(info, "seed", unsigned_number(r->seed));
  put(info, "replicate", unsigned_number(r->replicate));
  put(info, "version", json_string(r->version));
  put(info, "revision", json_string(r->revision));
  put(info, "events", unsigned_number(r->event_n));
  put(info, "digest", json_string(r->digest));
  json_t *changed = json_array();
  put(info, "parameters", changed);
  char **names = dp_result_names(r, "provenance/parameters");
  enum dp_status status = DP_OK;
  for (size_t i = 0; names != NULL && names[i] != NULL && status == DP_OK; i++)
    status = changed_of(r, names[i], changed, err);
  dp_result_free_names(names);
  put(info, "series", groups_of(r, "series"));
  put(info, "tables", tables_of(r));
  put(info, "histograms", groups_of(r, "histogram"));
  put(info, "kpis", json_integer((json_int_t)r->kpi_n));
  if (cost->report.rank_n > 0) put(info, "execution", cost_of(&cost->report));
  return status;
}

/* ---- for people ---- */

static const char *text_of(const json_t *info, const char *key) {
  const char *text = json_string_value(json_object_get(info, key));
  return text ? text : "";
}

static void print_number(struct dp_str *out, const json_t *value) {
  if (json_is_string(value)) dp_str_append(out, json_string_value(value));
  else dp_str_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
}

static void print_head(struct dp_str *out, const json_t *info) {
  dp_str_printf(out, "%s\n", text_of(info, "title"));
  dp_str_printf(out, "  scenario  %s\n", text_of(info, "scenario"));
  dp_str_printf(out, "  file      %s, %" JSON_INTEGER_FORMAT " bytes, complete\n", text_of(info, "file"),
                json_integer_value(json_object_get(info, "size_bytes")));
  dp_str_printf(out, "  time      %s, %s, settled every %s\n", text_of(info, "start"), text_of(info, "duration"),
                text_of(info, "settle_every"));
  dp_str_append(out, "  seed      ");
  print_number(out, json_object_get(info, "seed"));
  dp_str_append(out, ", replicate ");
  print_number(out, json_object_get(info, "replicate"));
  dp_str_printf(out, "\n  program   depinsim %s, revision %s\n", text_of(info, "version"), text_of(info, "revision"));
  dp_str_append(out, "  events    ");
  print_number(out, json_object_get(info, "events"));
  dp_str_printf(out, ", digest %s\n", text_of(info, "digest"));
}

static void print_unit(struct dp_str *out, const char *unit) {
  if (*unit != '\0' && strcmp(unit, "1") != 0 && strcmp(unit, "text") != 0) dp_str_printf(out, " %s", unit);
}

static void print_parameters(struct dp_str *out, const json_t *changed) {
  size_t i;
  const json_t *p;
  if (json_array_size(changed) == 0) return;
  dp_str_append(out, "parameters that are not at their default\n");
  json_array_foreach(changed, i, p) {
    dp_str_printf(out, "  %s: %s = %s", text_of(p, "of"), text_of(p, "name"), text_of(p, "value"));
    print_unit(out, text_of(p, "units"));
    dp_str_append(out, "\n");
  }
}

static void print_series(struct dp_str *out, json_t *series) {
  const char *group, *name;
  json_t *columns, *column;
  if (json_object_size(series) > 0) dp_str_append(out, "series\n");
  json_object_foreach(series, group, columns) {
    dp_str_printf(out, "  %s\n", group);
    json_object_foreach(columns, name, column) {
      const json_t *shape = json_object_get(column, "shape");
      dp_str_printf(out, "    %s [", name);
      for (size_t i = 0; i < json_array_size(shape); i++) {
        if (i > 0) dp_str_append(out, " x ");
        print_number(out, json_array_get(shape, i));
      }
      dp_str_append(out, "]");
      print_unit(out, text_of(column, "units"));
      dp_str_append(out, "\n");
    }
  }
}

static void print_rest(struct dp_str *out, json_t *info) {
  const char *name;
  json_t *value, *tables = json_object_get(info, "tables"), *histograms = json_object_get(info, "histograms");
  if (json_object_size(tables) > 0) dp_str_append(out, "tables\n");
  json_object_foreach(tables, name, value) {
    dp_str_printf(out, "  %s: ", name);
    print_number(out, json_object_get(value, "rows"));
    dp_str_append(out, " rows, ");
    print_number(out, json_object_get(value, "columns"));
    dp_str_append(out, " columns\n");
  }
  if (json_object_size(histograms) > 0) dp_str_append(out, "histograms\n");
  json_object_foreach(histograms, name, value) {
    dp_str_printf(out, "  %s", name);
    print_unit(out, text_of(json_object_get(value, "bucket_low"), "units"));
    dp_str_append(out, "\n");
  }
  dp_str_printf(out, "%" JSON_INTEGER_FORMAT " KPIs (depinsim kpi %s)\n", json_integer_value(json_object_get(info, "kpis")),
                text_of(info, "file"));
}

enum dp_status dp_info_file(struct dp_str *out, enum dp_text_format format, const char *path, struct dp_err *err) {
  struct dp_result *r;
  DP_TRY(dp_result_open(path, &r, err));
  struct dp_cost cost;
  json_t *info = json_object();
  enum dp_status status = dp_cost_read(r, &cost, err);
  if (status == DP_OK) status = info ? gather(r, &cost, info, err) : dp_fail_nomem(err, "the summary");
  if (status == DP_OK && format == DP_TEXT_JSON) {
    char *text = json_dumps(info, JSON_INDENT(2));
    if (text != NULL) dp_str_printf(out, "%s\n", text);
    else out->failed = true;
    free(text);
  } else if (status == DP_OK) {
    print_head(out, info);
    print_parameters(out, json_object_get(info, "parameters"));
    print_series(out, json_object_get(info, "series"));
    print_rest(out, info);
    if (cost.report.rank_n > 0) dp_str_append(out, "execution (differs from run to run)\n");
    if (cost.report.rank_n > 0) dp_cost_print(out, &cost.report, RANKS_SHOWN);
  }
  dp_cost_fini(&cost);
  json_decref(info);
  dp_result_close(r);
  return status == DP_OK && out->failed ? dp_fail_nomem(err, "the summary") : status;
}
