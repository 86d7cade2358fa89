/* sim/script/bind_value.c — what constructors return: read-only values that know where they were made. */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/bind.h"
#include "script/call.h"

static const char scenario_key = 0; /* registry: the scenario that is loaded */

struct dp_scenario *dp__bind_scenario(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &scenario_key);
  struct dp_scenario *s = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return s;
}

void *dp__bind_alloc(lua_State *L, size_t bytes) {
  void *at = dp__arena_alloc(&dp__bind_scenario(L)->arena, bytes);
  if (at == NULL) {
    struct dp_err err = {0};
    dp_fail_nomem(&err, "the scenario");
    dp_lua_raise(L, &err);
  }
  return at;
}

const char *dp__bind_text(lua_State *L, int index) {
  size_t len;
  const char *text = lua_tolstring(L, index, &len);
  char *copy = dp__bind_alloc(L, len + 1);
  memcpy(copy, text, len + 1);
  return copy;
}

const struct dp_bound *dp__bind_at(lua_State *L, int index) { return luaL_testudata(L, index, DP_BOUND_NAME); }

/* The line of the scenario (or of a module of its own) that is being run. */
static void note_place(lua_State *L, struct dp_bound *b) {
  lua_Debug ar;
  b->file = "";
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    if (!lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0 || ar.source[0] != '@') continue;
    char *copy = dp__bind_alloc(L, strlen(ar.source));
    strcpy(copy, ar.source + 1);
    b->file = copy;
    b->line = ar.currentline;
    return;
  }
}

struct dp_bound *dp__bind_push(lua_State *L, const struct dp_catalog_entry *entry, int args) {
  struct dp_bound *b = lua_newuserdatauv(L, sizeof *b, 1);
  *b = (struct dp_bound){.entry = *entry};
  luaL_setmetatable(L, DP_BOUND_NAME);
  lua_pushvalue(L, args);
  lua_setiuservalue(L, -2, 1);
  note_place(L, b);
  return b;
}

const char *dp__bind_what(lua_State *L, int index, char *buf, size_t size) {
  const struct dp_bound *b = dp__bind_at(L, index);
  int type = lua_type(L, index);
  if (b != NULL) snprintf(buf, size, "a %s", b->entry.schema ? b->entry.schema->name : b->policy->kind->name);
  else if (type == LUA_TNUMBER) snprintf(buf, size, "the number %.15g", lua_tonumber(L, index));
  else if (type == LUA_TSTRING && !dp__bind_is_text(L, index)) snprintf(buf, size, "a string that is no line of UTF-8");
  else if (type == LUA_TSTRING) snprintf(buf, size, "the string \"%.80s\"", lua_tostring(L, index));
  else if (type == LUA_TBOOLEAN) snprintf(buf, size, "%s", lua_toboolean(L, index) ? "true" : "false");
  else if (type == LUA_TFUNCTION) snprintf(buf, size, "a function (call it: add {})");
  else if (type == LUA_TNIL) snprintf(buf, size, "nil");
  else snprintf(buf, size, "a %s", lua_typename(L, type));
  return buf;
}

bool dp__bind_is_text(lua_State *L, int index) {
  size_t len;
  const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &len) : NULL;
  json_t *utf8 = text != NULL ? json_stringn(text, len) : NULL; /* NULL for what is no UTF-8 */
  json_decref(utf8);
  if (utf8 == NULL) return false;
  for (size_t i = 0; i < len; i++)
    if (iscntrl((unsigned char)text[i])) return false;
  return true;
}

/* ---- keys ---- */

static bool is_known(const char *key, const char *const *known, size_t known_n) {
  for (size_t i = 0; i < known_n; i++)
    if (strcmp(key, known[i]) == 0) return true;
  return false;
}

enum dp_status dp__bind_check_keys(lua_State *L, int table, const char *where, const char *noun,
                                   const char *const *known, size_t known_n, struct dp_err *err) {
  const char *wrong = NULL; /* the first in order: lua_next's order differs from run to run */
  bool other = false;
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      other = true;
      continue;
    }
    const char *key = lua_tostring(L, -2);
    if (!is_known(key, known, known_n) && (wrong == NULL || strcmp(key, wrong) < 0)) wrong = key;
  }
  if (other) return dp_fail(err, DP_SCENARIO, "%s: a %s has a name (write name = value)", where, noun);
  if (wrong == NULL) return DP_OK;
  const char *meant = dp_str_suggest(wrong, known, known_n);
  if (meant != NULL)
    return dp_fail(err, DP_SCENARIO, "%s: no %s '%s' (did you mean '%s'?)", where, noun, wrong, meant);
  struct dp_str all = {0};
  for (size_t i = 0; i < known_n && i < 40; i++) dp_str_printf(&all, "%s%s", i ? ", " : "", known[i]);
  dp_fail(err, DP_SCENARIO, "%s: no %s '%.100s' (there are: %s)", where, noun, wrong, dp_str_text(&all));
  dp_str_fini(&all);
  return DP_SCENARIO;
}

/* ---- the constructor ---- */

static const char *instance_name(lua_State *L, int args, const struct dp_model *model, struct dp_err *err) {
  lua_pushliteral(L, "name");
  int type = lua_rawget(L, args);
  const char *name = NULL;
  if (type != LUA_TNIL) {
    char what[128];
    const char *text = dp__bind_is_text(L, -1) ? lua_tostring(L, -1) : "";
    if (text[0] == '\0' || strlen(text) > 40 || strpbrk(text, "/\"") != NULL)
      dp_fail(err, DP_SCENARIO, "%s: name must be a string of 1 to 40 characters without '/' and quotes, got %s",
              model->name, dp__bind_what(L, -1, what, sizeof what));
    else
      name = dp__bind_text(L, -1);
  }
  lua_pop(L, 1);
  return name;
}

int dp__bind_construct(lua_State *L) {
  const char *schema = lua_tostring(L, lua_upvalueindex(1));
  struct dp_catalog_entry entry;
  struct dp_err err = {0};
  if (!dp__bind_scenario(L)->loading)
    return luaL_error(L, "%s: constructors work while a scenario is loaded, not in a policy", schema);
  if (!dp_catalog_find(schema, &entry)) return luaL_error(L, "no schema '%s'", schema);
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  } else if (!lua_istable(L, 1)) {
    char what[128];
    dp_fail(&err, DP_SCENARIO, "%s: give parameters in braces { name = value }, got %s", schema,
            dp__bind_what(L, 1, what, sizeof what));
    return dp_lua_raise(L, &err);
  }
  lua_settop(L, 1);
  struct dp_bound *b = dp__bind_push(L, &entry, 1);
  b->config = dp__bind_alloc(L, entry.schema->size > 0 ? entry.schema->size : 1);
  bool has_name = entry.model != NULL && dp_schema_param(entry.schema, "name") == NULL;
  if (dp__bind_fill(L, entry.schema, has_name, 1, b->config, &err) != DP_OK) return dp_lua_raise(L, &err);
  if (has_name) b->name = instance_name(L, 1, entry.model, &err);
  if (err.status != DP_OK) return dp_lua_raise(L, &err);
  if (entry.policy != NULL) b->policy = dp__bind_builtin(L, entry.policy, b->config);
  return 1;
}

/* ---- methods ---- */

/* value.param: what the configuration holds; parts and lists are not shown. */
static int value_index(lua_State *L) {
  const struct dp_bound *b = luaL_checkudata(L, 1, DP_BOUND_NAME);
  const char *key = luaL_checkstring(L, 2);
  if (b->entry.schema == NULL) return luaL_error(L, "a Lua policy has no field '%s'", key);
  const struct dp_param *p = dp_schema_param(b->entry.schema, key);
  if (p == NULL) {
    if (b->entry.model != NULL && strcmp(key, "name") == 0) {
      lua_pushstring(L, b->name != NULL ? b->name : b->entry.schema->name);
      return 1;
    }
    const char *meant = dp_schema_suggest(b->entry.schema, key);
    return luaL_error(L, "%s: no parameter '%s'%s%s%s", b->entry.schema->name, key, meant ? " (did you mean '" : "",
                      meant ? meant : "", meant ? "'?)" : "");
  }
  const void *field = (const unsigned char *)b->config + p->offset;
  switch (p->type) {
    case DP_PARAM_BOOL: lua_pushboolean(L, *(const bool *)field); return 1;
    case DP_PARAM_INT: lua_pushinteger(L, *(const int64_t *)field); return 1;
    case DP_PARAM_NUMBER: lua_pushnumber(L, *(const double *)field); return 1;
    case DP_PARAM_CHOICE: lua_pushstring(L, p->choices[*(const int *)field]); return 1;
    case DP_PARAM_STRING:
    case DP_PARAM_PATH: lua_pushstring(L, *(const char *const *)field); return 1;
    case DP_PARAM_REF: lua_pushstring(L, ((const struct dp_ref *)field)->name); return 1;
    default: /* a part or a list: as it was given */
      lua_getiuservalue(L, 1, 1);
      lua_getfield(L, -1, key);
      return 1;
  }
}

static int value_newindex(lua_State *L) {
  const struct dp_bound *b = luaL_checkudata(L, 1, DP_BOUND_NAME);
  const char *what = b->entry.schema != NULL ? b->entry.schema->name : "a policy";
  return luaL_error(L, "%s: a value does not change: give '%s' in its constructor, or make another one: value { … }",
                    what, lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2));
}

static int value_tostring(lua_State *L) {
  const struct dp_bound *b = luaL_checkudata(L, 1, DP_BOUND_NAME);
  lua_pushstring(L, b->entry.schema != NULL ? b->entry.schema->name : b->policy->name);
  return 1;
}

static void copy_fields(lua_State *L, int from, int to) {
  for (lua_pushnil(L); lua_next(L, from);) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, to);
  }
}

/* value { param = other }: another value that differs in these parameters. */
static int value_call(lua_State *L) {
  const struct dp_bound *b = luaL_checkudata(L, 1, DP_BOUND_NAME);
  if (b->entry.schema == NULL) return luaL_error(L, "a Lua policy has no parameters");
  if (lua_isnoneornil(L, 2)) {
    lua_settop(L, 1);
    lua_newtable(L);
  }
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_getiuservalue(L, 1, 1); /* 3 */
  lua_pushstring(L, b->entry.schema->name);
  lua_pushcclosure(L, dp__bind_construct, 1); /* 4 */
  lua_newtable(L);                            /* 5 */
  copy_fields(L, 3, 5);
  copy_fields(L, 2, 5);
  lua_call(L, 1, 1);
  return 1;
}

void dp__bind_open_values(lua_State *L) {
  static const luaL_Reg methods[] = {{"__index", value_index},
                                     {"__newindex", value_newindex},
                                     {"__tostring", value_tostring},
                                     {"__call", value_call},
                                     {NULL, NULL}};
  lua_pushlightuserdata(L, lua_touserdata(L, 1));
  lua_rawsetp(L, LUA_REGISTRYINDEX, &scenario_key);
  luaL_newmetatable(L, DP_BOUND_NAME);
  luaL_setfuncs(L, methods, 0);
  lua_pushliteral(L, "value");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
