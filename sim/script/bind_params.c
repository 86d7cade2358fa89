/* sim/script/bind_params.c — depin.parameters: what --set may change, with defaults and bounds. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/bind.h"
#include "script/call.h"

#define PARAMS_NAME "depin.parameters"
#define PARAMS_MAX 256
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

const char *dp__bind_bounds(const struct dp_scenario_param *p, char *buf, size_t size) {
  if (isinf(p->min)) snprintf(buf, size, "at most %.15g", p->max);
  else if (isinf(p->max)) snprintf(buf, size, "at least %.15g", p->min);
  else snprintf(buf, size, "in [%.15g, %.15g]", p->min, p->max);
  return buf;
}

/* ---- declarations ---- */

static enum dp_status declare_bounds(lua_State *L, int row, struct dp_scenario_param *p, struct dp_err *err) {
  const char *const keys[] = {"min", "max"};
  double *const out[] = {&p->min, &p->max};
  char bounds[80];
  for (int i = 0; i < 2; i++) {
    lua_getfield(L, row, keys[i]);
    if (!lua_isnil(L, -1)) {
      if (!p->is_number)
        return dp_fail(err, DP_SCENARIO, "parameters: %s: %s is for numbers, and its default is none", p->name,
                       keys[i]);
      if (lua_type(L, -1) != LUA_TNUMBER || isnan(lua_tonumber(L, -1)))
        return dp_fail(err, DP_SCENARIO, "parameters: %s: %s must be a number", p->name, keys[i]);
      *out[i] = lua_tonumber(L, -1);
    }
    lua_pop(L, 1);
  }
  if (p->is_number && !(p->fallback >= p->min && p->fallback <= p->max))
    return dp_fail(err, DP_RANGE, "parameters: %s: the default must be %s, got %.15g", p->name,
                   dp__bind_bounds(p, bounds, sizeof bounds), p->fallback);
  return DP_OK;
}

/* Where a default comes from. */
static enum dp_status declare_source(lua_State *L, int row, struct dp_scenario_param *p, struct dp_err *err) {
  const char *const keys[] = {"doc", "date", "source"};
  const char **const out[] = {&p->doc, &p->date, &p->source};
  char what[160];
  for (int i = 0; i < 3; i++) {
    *out[i] = "";
    int type = lua_getfield(L, row, keys[i]);
    if (type == LUA_TSTRING) *out[i] = dp__bind_text(L, -1);
    else if (type != LUA_TNIL)
      return dp_fail(err, DP_SCENARIO, "parameters: %s: %s must be a text, got %s", p->name, keys[i],
                     dp__bind_what(L, -1, what, sizeof what));
    lua_pop(L, 1);
  }
  return DP_OK;
}

/* Reads { default, min =, max =, doc =, date =, source = } at the top of the stack. */
static enum dp_status declare(lua_State *L, struct dp_scenario_param *p, enum dp_param_kind *kind,
                              struct dp_err *err) {
  static const char *const known[] = {"min", "max", "doc", "date", "source"};
  char where[128], what[160];
  int row = lua_gettop(L);
  snprintf(where, sizeof where, "parameters: %s", p->name);
  if (!lua_istable(L, row))
    return dp_fail(err, DP_SCENARIO, "%s: declare it as { default, min = …, max = …, doc = \"…\" }, got %s", where,
                   dp__bind_what(L, row, what, sizeof what));
  int type = lua_rawgeti(L, row, 1);
  p->is_number = type == LUA_TNUMBER;
  *kind = type == LUA_TBOOLEAN ? DP_KIND_BOOL : type == LUA_TSTRING ? DP_KIND_TEXT
          : lua_isinteger(L, -1) ? DP_KIND_INTEGER : DP_KIND_FLOAT;
  p->min = -INFINITY;
  p->max = INFINITY;
  p->doc = p->date = p->source = p->fallback_text = "";
  if (p->is_number) p->fallback = lua_tonumber(L, -1);
  if (type == LUA_TSTRING) p->fallback_text = dp__bind_text(L, -1);
  if (type == LUA_TBOOLEAN) p->fallback_text = lua_toboolean(L, -1) ? "true" : "false";
  if ((p->is_number && !isfinite(p->fallback)) || (*kind == DP_KIND_FLOAT && !p->is_number))
    return dp_fail(err, DP_SCENARIO,
                   "%s: the default, the first value in its braces, must be a finite number, a string, true or false, "
                   "got %s", where, dp__bind_what(L, -1, what, sizeof what));
  lua_pop(L, 1);
  lua_newtable(L); /* without the default, what is left has names */
  for (lua_pushnil(L); lua_next(L, row);) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    if (lua_isinteger(L, -2) && lua_tointeger(L, -2) == 1) lua_pop(L, 2);
    else lua_rawset(L, row + 1);
  }
  DP_TRY(dp__bind_check_keys(L, row + 1, where, "field", known, sizeof known / sizeof known[0], err));
  lua_pop(L, 1);
  DP_TRY(declare_source(L, row, p, err));
  return declare_bounds(L, row, p, err);
}

/* ---- overrides ---- */

/* A count may not become a fraction: its default is a whole number and its name says _n. */
static bool is_count(const struct dp_scenario_param *p) {
  size_t len = strlen(p->name);
  return p->fallback == floor(p->fallback) && len > 2 && strcmp(p->name + len - 2, "_n") == 0;
}

static enum dp_status override_number(struct dp_scenario_param *p, const char *value, struct dp_err *err) {
  struct dp_err why = {0};
  if (dp_parse_f64(value, p->min, p->max, &p->value, &why) != DP_OK)
    return dp_fail(err, DP_USAGE, "%s: %s%s%s", p->name, why.text, p->doc[0] ? "; it is: " : "", p->doc);
  if (is_count(p) && p->value != floor(p->value))
    return dp_fail(err, DP_USAGE, "%s: '%s' is not a whole number", p->name, value);
  return DP_OK;
}

static enum dp_status override_one(struct dp_scenario *s, const struct dp_override *o, struct dp_err *err) {
  const char *names[PARAMS_MAX];
  size_t i = 0;
  while (i < s->param_n && strcmp(s->params[i].name, o->key) != 0) names[i] = s->params[i].name, i++;
  if (i == s->param_n) {
    const char *meant = dp_str_suggest(o->key, names, s->param_n);
    if (meant != NULL)
      return dp_fail(err, DP_USAGE, "%.100s: the scenario has no such parameter (did you mean '%s'?)", o->key, meant);
    struct dp_str all = {0};
    for (i = 0; i < s->param_n && i < 40; i++) dp_str_printf(&all, "%s%s", i ? ", " : "", names[i]);
    dp_fail(err, DP_USAGE, "%.100s: the scenario has no such parameter (there are: %s)", o->key, dp_str_text(&all));
    dp_str_fini(&all);
    return DP_USAGE;
  }
  struct dp_scenario_param *p = &s->params[i];
  p->given = true;
  if (p->is_number) return override_number(p, o->value, err);
  if (s->param_kinds[i] == DP_KIND_BOOL && strcmp(o->value, "true") != 0 && strcmp(o->value, "false") != 0)
    return dp_fail(err, DP_USAGE, "%s: '%.100s' is neither true nor false", p->name, o->value);
  p->text = dp__arena_text(&s->arena, o->value, strlen(o->value));
  if (p->text == NULL) return dp_fail_nomem(err, "a parameter");
  return o->typed && s->param_kinds[i] == DP_KIND_TEXT ? dp_lua_allow_path(s->lua, o->value, err) : DP_OK;
}

static void override_all(lua_State *L, struct dp_scenario *s) {
  for (size_t i = 0; i < s->override_n; i++) {
    const struct dp_override *o = &s->overrides[i];
    struct dp_err err = {0};
    if (override_one(s, o, &err) == DP_OK) continue;
    dp_err_prefix(&err, "%s", o->typed ? "--set: " : o->study ? "study: " : "scenario: check: ");
    if (o->typed || o->study) s->usage = err; /* the fault lies there, not at a line of the file */
    dp_lua_raise(L, &err);
  }
}

/* ---- the object ---- */

static int params_index(lua_State *L) {
  const struct dp_scenario *s = dp__bind_scenario(L);
  const char *key = luaL_checkstring(L, 2), *names[PARAMS_MAX];
  for (size_t i = 0; i < s->param_n; i++) {
    const struct dp_scenario_param *p = &s->params[i];
    names[i] = p->name;
    if (strcmp(p->name, key) != 0) continue;
    bool whole = p->value == floor(p->value) && fabs(p->value) < 0x1p53;
    if (s->param_kinds[i] == DP_KIND_BOOL) lua_pushboolean(L, strcmp(p->text, "true") == 0);
    else if (s->param_kinds[i] == DP_KIND_TEXT) lua_pushstring(L, p->text);
    else if (s->param_kinds[i] == DP_KIND_INTEGER && whole) lua_pushinteger(L, (lua_Integer)p->value);
    else lua_pushnumber(L, p->value);
    return 1;
  }
  const char *meant = dp_str_suggest(key, names, s->param_n);
  return luaL_error(L, "parameters: '%s' is not declared%s%s%s", key, meant ? " (did you mean '" : "",
                    meant ? meant : "", meant ? "'?)" : "");
}

static int params_newindex(lua_State *L) {
  return luaL_error(L, "parameters: a parameter does not change (its value is set by --set)");
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct dp_scenario_param *)a)->name, ((const struct dp_scenario_param *)b)->name);
}

/* The names of the table, sorted; values are read later. */
static enum dp_status read_names(lua_State *L, struct dp_scenario *s, struct dp_err *err) {
  size_t n = 0;
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1), n++) {
    if (lua_type(L, -2) != LUA_TSTRING)
      return dp_fail(err, DP_SCENARIO, "parameters: write name = { default, min = …, max = …, doc = \"…\" }");
    const char *name = lua_tostring(L, -2);
    if (name[0] == '\0' || name[strspn(name, NAME_CHARACTERS)] != '\0')
      return dp_fail(err, DP_SCENARIO, "parameters: '%.40s' is no name (letters, digits and '_': --set NAME=VALUE)", name);
  }
  if (n > PARAMS_MAX) return dp_fail(err, DP_SCENARIO, "parameters: %zu are declared (at most %d)", n, PARAMS_MAX);
  s->params = dp__bind_alloc(L, (n + 1) * sizeof *s->params);
  s->param_kinds = dp__bind_alloc(L, (n + 1) * sizeof *s->param_kinds);
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) s->params[s->param_n++].name = dp__bind_text(L, -2);
  qsort(s->params, n, sizeof *s->params, by_name);
  return DP_OK;
}

int dp__bind_parameters(lua_State *L) {
  static const luaL_Reg methods[] = {{"__index", params_index}, {"__newindex", params_newindex}, {NULL, NULL}};
  struct dp_scenario *s = dp__bind_scenario(L);
  struct dp_err err = {0};
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  if (s->has_params || !s->loading)
    return luaL_error(L, "parameters: they are declared once, in one call of depin.parameters");
  s->has_params = true;
  if (read_names(L, s, &err) != DP_OK) return dp_lua_raise(L, &err);
  for (size_t i = 0; i < s->param_n; i++) {
    struct dp_scenario_param *p = &s->params[i];
    lua_getfield(L, 1, p->name);
    if (declare(L, p, &s->param_kinds[i], &err) != DP_OK) return dp_lua_raise(L, &err);
    p->value = p->fallback;
    p->text = p->fallback_text;
    lua_settop(L, 1);
  }
  override_all(L, s);
  lua_newuserdatauv(L, 0, 0);
  if (luaL_newmetatable(L, PARAMS_NAME)) {
    luaL_setfuncs(L, methods, 0);
    lua_pushliteral(L, "parameters");
    lua_setfield(L, -2, "__metatable");
  }
  lua_setmetatable(L, -2);
  return 1;
}
