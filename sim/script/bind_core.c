/* sim/script/bind_core.c — the module "depin.core": what lua/depin.lua is built on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/bind.h"
#include "script/call.h"
#include "script/formula.h"
#include "script/formula_groups.h"

#define NAMES_MAX 512

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* __index of a namespace: (table, key), upvalue 1 its name. Only unknown keys come here. */
static int unknown_field(lua_State *L) {
  const char *space = lua_tostring(L, lua_upvalueindex(1)), *names[NAMES_MAX];
  size_t n = 0;
  struct dp_err err = {0};
  if (lua_type(L, 2) != LUA_TSTRING) {
    dp_fail(&err, DP_SCENARIO, "%s: a field has a name, not a %s", space, luaL_typename(L, 2));
    return dp_lua_raise(L, &err);
  }
  const char *key = lua_tostring(L, 2);
  if (lua_istable(L, 1))
    for (lua_pushnil(L); lua_next(L, 1) && n < NAMES_MAX; lua_pop(L, 1))
      if (lua_type(L, -2) == LUA_TSTRING) names[n++] = lua_tostring(L, -2);
  qsort(names, n, sizeof names[0], by_text); /* lua_next's order differs from run to run */
  const char *meant = dp_str_suggest(key, names, n);
  struct dp_str all = {0};
  for (size_t i = 0; i < n && i < 40; i++) dp_str_printf(&all, "%s%s", i ? ", " : "", names[i]);
  if (meant != NULL) dp_fail(&err, DP_SCENARIO, "%s has no '%s' (did you mean '%s'?)", space, key, meant);
  else dp_fail(&err, DP_SCENARIO, "%s has no '%.100s' (there are: %s)", space, key, dp_str_text(&all));
  dp_str_fini(&all);
  return dp_lua_raise(L, &err);
}

/* core.namespace(name, table) → table, in which a wrong name is an error. */
static int core_namespace(lua_State *L) {
  luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_newtable(L);
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, unknown_field, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, 2);
  return 1;
}

/* core.fail(message): an error at the line of the scenario, whatever library functions lie between. */
static int core_fail(lua_State *L) {
  struct dp_err err = {0};
  dp_fail(&err, DP_SCENARIO, "%s", luaL_checkstring(L, 1));
  return dp_lua_raise(L, &err);
}

/* core.here() → "file:line" of the user's line that is being run. */
static int core_here(lua_State *L) {
  lua_Debug ar;
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    if (!lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0 || ar.source[0] != '@') continue;
    lua_pushfstring(L, "%s:%d", ar.source + 1, ar.currentline);
    return 1;
  }
  lua_pushliteral(L, "");
  return 1;
}

static int call_framed(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* core.framed(f) → f, such that `return f {}` does not lose the line: a tail call of Lua would. */
static int core_framed(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_pushcclosure(L, call_framed, 1);
  return 1;
}

/* Text of a value: a number in few digits, a list by its length. */
static const char *fact_value(lua_State *L, int index) {
  char text[40];
  if (lua_type(L, index) == LUA_TNUMBER) snprintf(text, sizeof text, "%.12g", lua_tonumber(L, index));
  else if (lua_istable(L, index)) snprintf(text, sizeof text, "%zu values", (size_t)lua_rawlen(L, index));
  else return lua_isnoneornil(L, index) ? "" : (luaL_checkstring(L, index), dp__bind_text(L, index));
  lua_pushstring(L, text);
  const char *copy = dp__bind_text(L, -1);
  lua_pop(L, 1);
  return copy;
}

static const char *fact_text(lua_State *L, int index) {
  return lua_isnoneornil(L, index) ? "" : (luaL_checkstring(L, index), dp__bind_text(L, index));
}

/* core.fact(kind, name, value, date, source): the scenario uses a value that somebody published; date and source may be
 * nil: not known. */
static int core_fact(lua_State *L) {
  struct dp_scenario *s = dp__bind_scenario(L);
  luaL_checkstring(L, 1);
  luaL_checkstring(L, 2);
  if (s->fact_n == s->fact_cap) {
    size_t cap = s->fact_cap ? 2 * s->fact_cap : 64;
    struct dp_scenario_fact *grown = dp__bind_alloc(L, cap * sizeof *grown);
    if (s->fact_n) memcpy(grown, s->facts, s->fact_n * sizeof *grown);
    s->facts = grown;
    s->fact_cap = cap;
  }
  const struct dp_scenario_fact fact = {.kind = fact_text(L, 1), .name = fact_text(L, 2), .value = fact_value(L, 3),
                                        .date = fact_text(L, 4), .source = fact_text(L, 5)};
  s->facts[s->fact_n++] = fact;
  return 0;
}

/* core.suggest(wrong, { names }) → the name that may have been meant, or nil. */
static int core_suggest(lua_State *L) {
  const char *wrong = luaL_checkstring(L, 1), *names[NAMES_MAX];
  size_t n = 0;
  luaL_checktype(L, 2, LUA_TTABLE);
  for (size_t i = 1; i <= lua_rawlen(L, 2) && n < NAMES_MAX; i++) {
    if (lua_rawgeti(L, 2, (lua_Integer)i) == LUA_TSTRING) names[n++] = lua_tostring(L, -1); /* the table keeps it */
    lua_pop(L, 1);
  }
  lua_pushstring(L, dp_str_suggest(wrong, names, n));
  return 1;
}

/* ---- expectations ---- */

static const char *const operators[] = {"at_least", "at_most", "between", "equals"};

int dp__bind_expectation(lua_State *L) {
  enum dp_expect_op op = (enum dp_expect_op)lua_tointeger(L, lua_upvalueindex(1));
  int want = op == DP_EXPECT_BETWEEN ? 2 : 1;
  struct dp_err err = {0};
  bool good = lua_gettop(L) == want;
  for (int i = 1; i <= want && good; i++) good = lua_type(L, i) == LUA_TNUMBER && isfinite(lua_tonumber(L, i));
  if (good && want == 2) good = lua_tonumber(L, 1) <= lua_tonumber(L, 2);
  if (!good) {
    dp_fail(&err, DP_SCENARIO, "depin.%s: give %s", operators[op],
            want == 2 ? "two numbers, the lower first" : "a number");
    return dp_lua_raise(L, &err);
  }
  struct dp_expectation *e = lua_newuserdatauv(L, sizeof *e, 0);
  double x = lua_tonumber(L, 1);
  *e = (struct dp_expectation){.op = op, .low = x, .high = want == 2 ? lua_tonumber(L, 2) : x};
  if (op == DP_EXPECT_AT_LEAST) e->high = INFINITY;
  if (op == DP_EXPECT_AT_MOST) e->low = -INFINITY;
  luaL_setmetatable(L, DP_EXPECTATION_NAME);
  return 1;
}

static int by_kpi(const void *a, const void *b) {
  return strcmp(((const struct dp_expectation *)a)->kpi, ((const struct dp_expectation *)b)->kpi);
}

static enum dp_status check_expectation(const char *key, const struct dp_expectation *e, struct dp_err *err) {
  char meant[64];
  if (!dp_catalog_has_kpi(e->kpi, meant))
    return dp_fail(err, DP_SCENARIO, "scenario: %s: no KPI '%.100s'%s%s%s", key, e->kpi,
                   meant[0] ? " (did you mean '" : " (depinsim models lists them)", meant, meant[0] ? "'?)" : "");
  if (isnan(e->low))
    return dp_fail(err, DP_SCENARIO, "scenario: %s: %s must be depin.at_least(x), at_most(x), between(a, b) or equals(x)",
                   key, e->kpi);
  return DP_OK;
}

enum dp_status dp__bind_expectations(lua_State *L, int table, const char *key, struct dp_expectation **list, size_t *n,
                                     struct dp_err *err) {
  *n = 0;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) ++*n;
  *list = dp__bind_alloc(L, (*n + 1) * sizeof **list);
  struct dp_expectation *out = *list;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1), out++) {
    if (lua_type(L, -2) != LUA_TSTRING)
      return dp_fail(err, DP_SCENARIO, "scenario: %s: write [\"kpi.name\"] = depin.at_least(…)", key);
    const struct dp_expectation *e = luaL_testudata(L, -1, DP_EXPECTATION_NAME);
    if (e != NULL) *out = *e;
    else *out = (struct dp_expectation){.low = NAN};
    out->kpi = dp__bind_text(L, -2);
  }
  qsort(*list, *n, sizeof **list, by_kpi); /* so that the same one is reported first each time */
  for (size_t i = 0; i < *n; i++) DP_TRY(check_expectation(key, &(*list)[i], err));
  return DP_OK;
}

/* ---- the module ---- */

static int call_formula(lua_State *L) {
  const struct dp_formula *f = lua_touserdata(L, lua_upvalueindex(1));
  double args[DP_FORMULA_ARGS_MAX] = {0}, result = 0;
  const char *text = NULL;
  struct dp_err err = {0};
  int first = 1;
  if (f->takes_text) text = luaL_checkstring(L, first++);
  for (int i = 0; i < f->arg_n; i++) args[i] = luaL_checknumber(L, first + i);
  if (lua_gettop(L) != first - 1 + f->arg_n)
    return luaL_error(L, "formula.%s(%s): %d values are needed, got %d", f->name, f->args, first - 1 + f->arg_n,
                      lua_gettop(L));
  if (f->fn(text, args, &result, &err) != DP_OK) {
    dp_err_prefix(&err, "formula.%s: ", f->name);
    return dp_lua_raise(L, &err);
  }
  lua_pushnumber(L, result);
  return 1;
}

static void open_formulas(lua_State *L) {
  lua_pushcfunction(L, core_namespace);
  lua_pushliteral(L, "depin.formula");
  lua_newtable(L);
  for (const struct dp_formula *f = dp_formulas; f->name != NULL; f++) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)f);
    lua_pushcclosure(L, call_formula, 1);
    lua_setfield(L, -2, f->name);
  }
  dp__formula_open_groups(L, core_namespace);
  lua_call(L, 2, 1);
  lua_setfield(L, -2, "formula");
}

int dp__bind_open_core(lua_State *L) {
  static const luaL_Reg functions[] = {{"namespace", core_namespace},   {"fail", core_fail},
                                       {"suggest", core_suggest},       {"here", core_here},
                                       {"framed", core_framed},         {"scenario", dp__bind_scenario_call},
                                       {"fact", core_fact},
                                       {"parameters", dp__bind_parameters}, {"policy", dp__bind_policy},
                                       {NULL, NULL}};
  luaL_newmetatable(L, DP_EXPECTATION_NAME);
  lua_pushliteral(L, "expectation");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  dp__bind_open_policies(L);
  lua_pushcfunction(L, core_namespace);
  lua_pushliteral(L, "depin.core");
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  for (int i = 0; i < 4; i++) {
    lua_pushinteger(L, i);
    lua_pushcclosure(L, dp__bind_expectation, 1);
    lua_setfield(L, -2, operators[i]);
  }
  for (size_t i = 0; i < dp_catalog_n(); i++) {
    const char *name = dp_catalog_at(i).schema->name;
    lua_pushstring(L, name);
    lua_pushcclosure(L, dp__bind_construct, 1);
    lua_setfield(L, -2, name);
  }
  open_formulas(L);
  lua_call(L, 2, 1);
  return 1;
}
