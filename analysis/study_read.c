/* analysis/study_read.c — reads the table that a study's file returns. */
#include "analysis/study_read.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "script/bind.h"
#include "script/call.h"

const char *dp__study_keep(struct dp_study *s, const char *text) {
  if (!dp_array_resize(&s->texts, s->text_n + 1, sizeof *s->texts)) return NULL;
  char *copy = dp_copy_text(text);
  if (copy) s->texts[s->text_n++] = copy;
  return copy;
}

static const char *text_field(struct dp_study *s, lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  const char *copy = dp__study_keep(s, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "");
  lua_pop(L, 1);
  return copy;
}

double dp__study_number(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  double x = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return x;
}

static bool true_field(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  bool is = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is;
}

static enum dp_status name_list(struct dp_study *s, lua_State *L, const char *field, const char ***out, size_t *n,
                                struct dp_err *err) {
  lua_getfield(L, -1, field);
  *n = lua_rawlen(L, -1);
  *out = dp_zeros(*n + 1, sizeof **out);
  if (*out == NULL) return dp_fail_nomem(err, "the study");
  for (size_t i = 0; i < *n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    (*out)[i] = dp__study_keep(s, lua_tostring(L, -1));
    if ((*out)[i] == NULL) return dp_fail_nomem(err, "the study");
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return DP_OK;
}

/* The values of the list on top. */
static enum dp_status list_values(struct dp_study *s, lua_State *L, struct dp_axis *axis, bool numbers,
                                  struct dp_err *err) {
  double *values = numbers ? dp_zeros(axis->value_n, sizeof *values) : NULL;
  const char **texts = numbers ? NULL : dp_zeros(axis->value_n, sizeof *texts);
  axis->values = values;
  axis->texts = texts;
  if (!values && !texts) return dp_fail_nomem(err, "the study");
  for (size_t i = 0; i < axis->value_n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    if (numbers) values[i] = lua_tonumber(L, -1);
    else if ((texts[i] = dp__study_keep(s, lua_tostring(L, -1))) == NULL) return dp_fail_nomem(err, "the study");
    lua_pop(L, 1);
  }
  return DP_OK;
}

static enum dp_status read_axis(struct dp_study *s, lua_State *L, struct dp_axis *axis, struct dp_err *err) {
  axis->name = text_field(s, L, "name");
  if (axis->name == NULL) return dp_fail_nomem(err, "the study");
  axis->line = dp_study_line(s, axis->name);
  lua_getfield(L, -1, "axis");
  lua_getfield(L, -1, "kind");
  const char *kind = lua_tostring(L, -1);
  bool range = strcmp(kind, "range") == 0, numbers = strcmp(kind, "number") == 0;
  lua_pop(L, 1);
  size_t n = (size_t)dp__study_number(L, "n");
  enum dp_status status = DP_OK;
  if (range) {
    axis->low = dp__study_number(L, "low");
    axis->high = dp__study_number(L, "high");
    axis->log = true_field(L, "log");
    axis->whole = true_field(L, "whole");
    axis->level_n = n;
  } else {
    axis->value_n = n;
    status = list_values(s, L, axis, numbers, err);
  }
  lua_pop(L, 1);
  return status;
}

static enum dp_status read_axes(struct dp_study *s, lua_State *L, struct dp_err *err) {
  lua_getfield(L, -1, "axes");
  size_t n = lua_rawlen(L, -1);
  s->axes = dp_zeros(n + 1, sizeof *s->axes);
  if (s->axes == NULL) return dp_fail_nomem(err, "the study");
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    DP_TRY(read_axis(s, L, &s->axes[s->axis_n++], err));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return DP_OK;
}

bool dp__study_sets(const struct dp_study *s, const char *key) {
  for (size_t i = 0; i < s->setting_n; i++)
    if (strcmp(s->settings[i].key, key) == 0) return true;
  return false;
}

/* The command line's settings come first. */
static enum dp_status read_settings(struct dp_study *s, lua_State *L, const struct dp_scenario_options *o,
                                    struct dp_err *err) {
  lua_getfield(L, -1, "set");
  size_t n = lua_rawlen(L, -1);
  s->settings = dp_zeros(o->setting_n + n + 1, sizeof *s->settings);
  if (s->settings == NULL) return dp_fail_nomem(err, "the study");
  for (size_t i = 0; i < o->setting_n; i++) s->settings[s->setting_n++] = o->settings[i];
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    struct dp_setting setting = {text_field(s, L, "name"), text_field(s, L, "value"), true};
    lua_pop(L, 1);
    if (!setting.key || !setting.value) return dp_fail_nomem(err, "the study");
    if (!dp__study_sets(s, setting.key)) s->settings[s->setting_n++] = setting;
  }
  lua_pop(L, 1);
  return DP_OK;
}

bool dp__study_keeps(const struct dp_study *s, const char *kpi) {
  for (size_t i = 0; i < s->kpi_n; i++)
    if (strcmp(s->kpis[i], kpi) == 0) return true;
  return s->kpi_n == 0;
}

static enum dp_status read_survive(struct dp_study *s, lua_State *L, struct dp_err *err) {
  lua_getfield(L, -1, "survive");
  const size_t n = lua_rawlen(L, -1);
  s->survive = dp_zeros(n + 1, sizeof *s->survive);
  if (s->survive == NULL) return dp_fail_nomem(err, "the study");
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    const char *kpi = text_field(s, L, "kpi");
    if (kpi == NULL) return dp_fail_nomem(err, "the study");
    lua_getfield(L, -1, "expect");
    const struct dp_expectation *e = luaL_testudata(L, -1, DP_EXPECTATION_NAME);
    if (e == NULL)
      return dp_study_fail(s, dp_study_line(s, kpi), err, DP_SCENARIO,
                           "survive: %s must be depin.at_least(x), at_most(x), between(a, b) or equals(x)", kpi);
    s->survive[s->survive_n] = *e;
    s->survive[s->survive_n++].kpi = kpi;
    lua_pop(L, 2);
    if (dp__study_keeps(s, kpi)) continue;
    if (!dp_array_resize(&s->kpis, s->kpi_n + 1, sizeof *s->kpis)) return dp_fail_nomem(err, "the study");
    s->kpis[s->kpi_n++] = kpi;
  }
  lua_pop(L, 1);
  s->survive_own = n > 0;
  return DP_OK;
}

/* "path:12" → 12 */
static int line_of(lua_State *L) {
  lua_getfield(L, -1, "place");
  const char *colon = lua_tostring(L, -1) ? strrchr(lua_tostring(L, -1), ':') : NULL;
  int line = colon ? atoi(colon + 1) : 1;
  lua_pop(L, 1);
  return line;
}

enum dp_status dp__study_read(struct dp_study *s, const struct dp_scenario_options *o, struct dp_err *err) {
  lua_State *L = dp_lua_state(dp_scenario_lua(s->script));
  lua_getfield(L, -1, "mark");
  bool ours = lua_istable(L, -1);
  lua_pop(L, 1);
  if (!ours) return dp_fail(err, DP_SCENARIO, "%s: the file must return depin.study { … }", s->path);
  s->line = line_of(L);
  s->scenario_path = text_field(s, L, "scenario");
  s->question = text_field(s, L, "question");
  const char *design = text_field(s, L, "design");
  if (!s->scenario_path || !s->question || !design) return dp_fail_nomem(err, "the study");
  while (strcmp(dp_design_names[s->design], design) != 0) s->design++;
  s->replicate_n = s->most_n = (size_t)dp__study_number(L, "replicates");
  s->band_n = (size_t)dp__study_number(L, "band_n");
  s->run_limit_s = dp__study_number(L, "run_limit_s");
  DP_TRY(read_axes(s, L, err));
  DP_TRY(read_settings(s, L, o, err));
  DP_TRY(name_list(s, L, "kpis", &s->kpis, &s->kpi_n, err));
  DP_TRY(name_list(s, L, "series", &s->series, &s->series_n, err));
  DP_TRY(read_survive(s, L, err));
  if (lua_getfield(L, -1, "precision") == LUA_TTABLE) {
    s->precision_kpi = text_field(s, L, "kpi");
    s->half_width_ratio = dp__study_number(L, "half_width_ratio");
    s->most_n = (size_t)dp__study_number(L, "most_n");
    if (!s->precision_kpi) return dp_fail_nomem(err, "the study");
  }
  lua_pop(L, 1);
  return DP_OK;
}
