/* analysis/study.c — a study and its scenario: loads both, and holds the one against the other. */
#include "analysis/study_read.h"

#include <ctype.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "output/h5.h"
#include "script/bind.h"
#include "script/call.h"
#include "script/catalog.h"
#include "script/modules.h"

/* ---- messages ---- */

enum dp_status dp_study_fail(const struct dp_study *s, int line, struct dp_err *err, enum dp_status status,
                             const char *format, ...) {
  struct dp_err why = {0};
  va_list args;
  va_start(args, format);
  dp_vfail(&why, status, format, args);
  va_end(args);
  return dp_fail(err, status, "%s:%d: study: %s", s->path, line, why.text);
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* Whether the line gives `name` a value: name = … (also with a number's exponent before; comments count as well). */
static bool gives(const char *line, const char *end, const char *name) {
  size_t len = strlen(name);
  for (const char *at = line; at + len <= end; at++) {
    if (memcmp(at, name, len) != 0 || (at > line && is_word(at[-1]))) continue;
    const char *after = at + len;
    while (after < end && strchr(" \t\"]", *after)) after++;
    if (after < end && *after == '=') return true;
  }
  return false;
}

int dp_study_line(const struct dp_study *s, const char *name) {
  const struct dp_lua_source *sources;
  if (dp_lua_sources(dp_scenario_lua(s->script), &sources) == 0) return s->line;
  const char *at = sources[0].bytes;
  for (int line = 1; at; line++) {
    const char *end = strchr(at, '\n');
    if (line >= s->line && gives(at, end ? end : at + strlen(at), name)) return line;
    at = end ? end + 1 : NULL;
  }
  return s->line;
}

/* ---- against the scenario ---- */

/* The scenario's own, where the study has none and keeps what it is about. */
static enum dp_status inherit_survive(struct dp_study *s, struct dp_err *err) {
  size_t n;
  const struct dp_expectation *own = dp_scenario_survives(s->scenario, &n);
  for (size_t i = 0; i < n; i++)
    if (s->survive_n || !dp__study_keeps(s, own[i].kpi)) return DP_OK;
  if (n == 0) return DP_OK;
  if (!dp_array_resize(&s->survive, n, sizeof *s->survive)) return dp_fail_nomem(err, "the study");
  memcpy(s->survive, own, n * sizeof *own);
  s->survive_n = n;
  return DP_OK;
}

static enum dp_status check_number(const struct dp_study *s, const struct dp_axis *axis,
                                   const struct dp_scenario_param *p, double x, struct dp_err *err) {
  size_t len = strlen(p->name);
  bool count = p->fallback == floor(p->fallback) && len > 2 && strcmp(p->name + len - 2, "_n") == 0;
  if (!(x >= p->min && x <= p->max))
    return dp_study_fail(s, axis->line, err, DP_RANGE,
                         "vary: %s = %.15g is outside of [%.15g, %.15g], which the scenario declares%s%s", p->name, x,
                         p->min, p->max, p->doc[0] ? "; it is: " : "", p->doc);
  if (count && x != floor(x))
    return dp_study_fail(s, axis->line, err, DP_RANGE, "vary: %s = %.15g is not a whole number, but a count", p->name,
                         x);
  return DP_OK;
}

static enum dp_status check_axis(const struct dp_study *s, struct dp_axis *axis, const struct dp_scenario_param *p,
                                 struct dp_err *err) {
  size_t len = strlen(p->name);
  if (p->is_number == (axis->texts != NULL))
    return dp_study_fail(s, axis->line, err, DP_SCENARIO, "vary: %s is a %s in the scenario, not a %s", p->name,
                         p->is_number ? "number" : "text", p->is_number ? "text" : "number");
  if (p->is_number && len > 2 && strcmp(p->name + len - 2, "_n") == 0 && p->fallback == floor(p->fallback))
    axis->whole = true;
  if (!p->is_number) return DP_OK;
  for (size_t i = 0; i < axis->value_n; i++) DP_TRY(check_number(s, axis, p, axis->values[i], err));
  if (axis->value_n) return DP_OK;
  DP_TRY(check_number(s, axis, p, axis->low, err));
  return check_number(s, axis, p, axis->high, err);
}

static enum dp_status unknown(const struct dp_study *s, const char *name, int line,
                              const struct dp_scenario_param *params, size_t n, struct dp_err *err) {
  const char *names[256] = {NULL};
  struct dp_str all = {0};
  for (size_t i = 0; i < n && i < 256; i++) {
    names[i] = params[i].name;
    dp_str_printf(&all, "%s%s", i ? ", " : "", names[i]);
  }
  const char *meant = dp_str_suggest(name, names, n < 256 ? n : 256);
  enum dp_status status =
      dp_study_fail(s, line, err, DP_SCENARIO, "%s: %s declares no such parameter (%s%s%s)", name, s->scenario_path,
                    meant ? "did you mean '"
                    : n   ? "there are: "
                          : "declare it with depin.parameters",
                    meant ? meant
                    : n   ? dp_str_text(&all)
                          : "",
                    meant ? "'?" : "");
  dp_str_fini(&all);
  return status;
}

static const struct dp_scenario_param *find(const struct dp_scenario_param *params, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(params[i].name, name) == 0) return &params[i];
  return NULL;
}

static enum dp_status check_kpi(const struct dp_study *s, int line, const char *where, const char *name,
                                struct dp_err *err) {
  char meant[64];
  if (dp_catalog_has_kpi(name, meant)) return DP_OK;
  return dp_study_fail(s, line, err, DP_SCENARIO, "%sno KPI '%s'%s%s%s", where, name,
                       meant[0] ? " (did you mean '" : "", meant[0] ? meant : " (depinsim models lists them)",
                       meant[0] ? "'?)" : "");
}

static enum dp_status check_study(struct dp_study *s, struct dp_err *err) {
  size_t n;
  const struct dp_scenario_param *params = dp_scenario_params(s->scenario, &n);
  for (size_t i = 0; i < s->axis_n; i++) {
    const struct dp_scenario_param *p = find(params, n, s->axes[i].name);
    if (!p) return unknown(s, s->axes[i].name, s->axes[i].line, params, n, err);
    if (dp__study_sets(s, p->name))
      return dp_study_fail(s, s->axes[i].line, err, DP_SCENARIO, "%s is both varied and set (leave one of them out)",
                           p->name);
    DP_TRY(check_axis(s, &s->axes[i], p, err));
  }
  for (size_t i = 0; i < s->survive_n && s->survive_own; i++)
    DP_TRY(check_kpi(s, dp_study_line(s, s->survive[i].kpi), "survive: ", s->survive[i].kpi, err));
  for (size_t i = 0; i < s->kpi_n; i++) DP_TRY(check_kpi(s, s->line, "", s->kpis[i], err));
  return s->precision_kpi ? check_kpi(s, s->line, "", s->precision_kpi, err) : DP_OK;
}

enum dp_status dp_study_design(struct dp_study *s, struct dp_err *err) {
  struct dp_err why = {0};
  size_t axis, points_n = (size_t)dp__study_number(dp_lua_state(dp_scenario_lua(s->script)), "points_n");
  enum dp_status status =
      dp_design_points(s->design, s->axes, s->axis_n, points_n, s->seed, &s->points, &s->point_n, &axis, &why);
  if (status == DP_OK) return DP_OK;
  return dp_study_fail(s, axis < s->axis_n ? s->axes[axis].line : s->line, err, status, "%s", why.text);
}

/* ---- loading ---- */

/* Rank 0 finds the scenario; what it may read, it may read from the study's folder too. */
static enum dp_status find_scenario(struct dp_study *s, struct dp_comm *comm, struct dp_err *err) {
  struct dp_buffer path = {0};
  char *found = NULL;
  struct dp_err why = {0};
  enum dp_status status = DP_OK;
  if (comm->rank == 0) {
    status = dp_lua_resolve_path(dp_scenario_lua(s->script), s->scenario_path, "scenario", &found, &why);
    if (status != DP_OK) dp_study_fail(s, dp_study_line(s, "scenario"), err, status, "%s", why.text);
    if (status == DP_OK) status = dp_buffer_append(&path, found, strlen(found) + 1, err);
    free(found);
  }
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK) status = dp_comm_broadcast(comm, &path, err);
  if (status == DP_OK) s->scenario_path = dp__study_keep(s, (const char *)path.data);
  dp_buffer_fini(&path);
  if (status == DP_OK && !s->scenario_path) status = dp_fail_nomem(err, "the study");
  return dp_comm_agree(comm, status, err);
}

/* A wrong name in `set` has no line in the scenario, but one in the study. */
static enum dp_status load_scenario(struct dp_study *s, struct dp_comm *comm, struct dp_err *err) {
  struct dp_err why = {0};
  enum dp_status status = dp_scenario_load(s->scenario_path, &s->options, comm, &s->scenario, &why);
  if (status == DP_OK) return DP_OK;
  if (!why.text[0]) {
    err->status = status; /* rank 0 has the text */
    return status;
  }
  if (strncmp(why.text, "study: ", 7) == 0)
    return dp_study_fail(s, dp_study_line(s, "set"), err, DP_SCENARIO, "set: %s", why.text + 7);
  return dp_fail(err, status, "%s", why.text);
}

static enum dp_status load(struct dp_study *s, const struct dp_scenario_options *options, size_t replicates_n,
                           struct dp_comm *comm, struct dp_err *err) {
  const struct dp_scenario_options reads = {.data_dirs = options->data_dirs, .data_dir_n = options->data_dir_n};
  DP_TRY(dp_script_load(s->path, &reads, comm, &s->script, err));
  DP_TRY(dp_comm_agree(comm, dp__study_read(s, options, err), err));
  lua_State *L = dp_lua_state(dp_scenario_lua(s->script));
  double seed = dp__study_number(L, "seed"); /* below 0: not said */
  s->options = *options;
  s->options.texts = NULL;
  s->options.settings = s->settings;
  s->options.setting_n = s->setting_n;
  if (seed >= 0 && !options->has_seed) {
    s->options.has_seed = true;
    s->options.seed = (uint64_t)seed;
  }
  if (replicates_n) s->replicate_n = replicates_n;
  if (s->most_n < s->replicate_n || !s->precision_kpi) s->most_n = s->replicate_n;
  DP_TRY(find_scenario(s, comm, err));
  DP_TRY(load_scenario(s, comm, err));
  s->seed = dp_scenario_spec(s->scenario)->seed;
  DP_TRY(dp_comm_agree(comm, inherit_survive(s, err), err));
  return dp_comm_agree(comm, check_study(s, err), err);
}

enum dp_status dp_study_load(const char *path, const struct dp_scenario_options *options, size_t replicates_n,
                             struct dp_comm *comm, struct dp_study **out, struct dp_err *err) {
  *out = NULL;
  struct dp_study *s = dp_zeros(1, sizeof *s);
  if (s == NULL) return dp_fail_nomem(err, "the study");
  s->path = path;
  enum dp_status status = load(s, options, replicates_n, comm, err);
  if (status == DP_OK) *out = s;
  else dp_study_free(s);
  return status;
}

void dp_study_free(struct dp_study *s) {
  if (s == NULL) return;
  dp_scenario_free(s->scenario);
  dp_scenario_free(s->script);
  for (size_t i = 0; i < s->axis_n; i++) {
    free((void *)(uintptr_t)s->axes[i].values);
    free((void *)(uintptr_t)s->axes[i].texts);
  }
  for (size_t i = 0; i < s->text_n; i++) free(s->texts[i]);
  free(s->texts);
  free(s->axes);
  free(s->points);
  free(s->kpis);
  free(s->survive);
  free(s->series);
  free(s->settings);
  free(s);
}

/* ---- the file ---- */

bool dp_study_put_survive(const struct dp_study *s, int64_t file) {
  const size_t n = s->survive_n;
  if (n == 0) return true;
  const char **kpis = dp_zeros(n, sizeof *kpis);
  double *bounds = dp_zeros(2 * n, sizeof *bounds);
  hid_t of = kpis && bounds ? dp_h5_create_group((hid_t)file, "survive") : -1;
  for (size_t i = 0; i < n && of >= 0; i++) {
    const struct dp_expectation *e = &s->survive[i];
    kpis[i] = e->kpi;
    bounds[i] = e->op == DP_EXPECT_AT_MOST ? (double)NAN : e->low;
    bounds[n + i] = e->op == DP_EXPECT_AT_LEAST ? (double)NAN : e->high;
  }
  hid_t names = of < 0 ? -1 : dp_h5_write_texts(of, "kpi", kpis, n);
  hid_t low = names < 0 ? -1
                        : dp_h5_write_column(of, "low", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, bounds, n, NULL,
                                             "a run that survives has at least this; NaN: any");
  hid_t high = low < 0 ? -1
                       : dp_h5_write_column(of, "high", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, bounds + n, n, NULL,
                                            "and at most this; NaN: any");
  const bool done = high >= 0 && dp_h5_make_scale(names, "kpi") && dp_h5_attach_scale(low, names, 0) &&
                    dp_h5_attach_scale(high, names, 0) && dp_h5_put_text(of, "said_by", s->survive_own ? "study" : "scenario");
  dp_h5_close(names);
  dp_h5_close(low);
  dp_h5_close(high);
  dp_h5_close(of);
  free(kpis);
  free(bounds);
  return done;
}

/* ---- points ---- */

void dp_study_set_points(struct dp_study *s, double *points, size_t n) {
  free(s->points);
  s->points = points;
  s->point_n = n;
}

void dp_study_point(const struct dp_study *s, const double *point, struct dp_setting *settings,
                    char (*buffers)[DP_STUDY_VALUE]) {
  for (size_t i = 0; i < s->axis_n; i++) {
    settings[i] = (struct dp_setting){.key = s->axes[i].name, .value = buffers[i], .study = true};
    if (s->axes[i].texts) settings[i].value = s->axes[i].texts[(size_t)point[i]];
    else snprintf(buffers[i], DP_STUDY_VALUE, "%.17g", point[i]);
  }
}

static uint64_t mix_text(uint64_t hash, const char *text) {
  return dp_hash_mix(hash, dp_hash64(text, text ? strlen(text) : 0, 0));
}

uint64_t dp_study_hash(const struct dp_study *s) {
  size_t n;
  const struct dp_script_source *sources = dp_scenario_sources(s->scenario, &n);
  const struct dp_spec *spec = dp_scenario_spec(s->scenario);
  uint64_t hash = dp_hash_mix(s->seed, s->point_n);
  for (size_t i = 0; i < n; i++) hash = dp_hash_mix(hash, sources[i].hash);
  hash = dp_hash_mix(hash, dp_hash64(s->points, s->point_n * s->axis_n * sizeof *s->points, 0));
  for (size_t i = 0; i < s->axis_n; i++) {
    hash = mix_text(hash, s->axes[i].name);
    for (size_t k = 0; s->axes[i].texts && k < s->axes[i].value_n; k++) hash = mix_text(hash, s->axes[i].texts[k]);
  }
  for (size_t i = 0; i < s->setting_n; i++) hash = mix_text(mix_text(hash, s->settings[i].key), s->settings[i].value);
  for (size_t i = 0; i < s->series_n; i++) hash = mix_text(hash, s->series[i]);
  for (size_t i = 0; i < s->kpi_n; i++) hash = mix_text(hash, s->kpis[i]);
  hash = dp_hash_mix(hash, (uint64_t)spec->end_ns);
  hash = dp_hash_mix(hash, s->options.check_form);
  return dp_hash_mix(hash, s->band_n);
}
