/* sim/script/sandbox.c — makes a host: which library functions exist, strict and read-only globals. */
#include "script/sandbox.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "script/freeze.h"
#include "script/host.h"

#define GLOBALS_MAX_N 64

/* What is taken over from the stock libraries; everything else is ours or absent. */
static const char *const stock_base[] = {"assert", "error",    "getmetatable", "ipairs",   "rawequal",
                                         "select", "tonumber", "type",         "_VERSION", NULL};
static const char *const stock_string[] = {"byte", "char", "len",      "lower",  "upper",  "reverse",
                                           "sub",  "pack", "packsize", "unpack", "format", NULL};
static const char *const stock_table[] = {"pack", "unpack", NULL};
static const char *const stock_math[] = {"abs", "acos",       "asin", "atan", "ceil", "cos", "deg",
                                         "exp", "floor",      "fmod", "huge", "log",  "max", "maxinteger",
                                         "min", "mininteger", "modf", "pi",   "rad",  "sin", "sqrt",
                                         "tan", "tointeger",  "type", "ult",  NULL};
static const char *const stock_utf8[] = {"char", "charpattern", "codes", "codepoint", "len", "offset", NULL};

/* Names that people reach for, and what to do instead. */
static const struct absent {
  const char *name;
  const char *remedy;
} absent[] = {
    {"io", "a scenario reads data through depin, by path"},
    {"os", "results must not depend on the machine or the clock"},
    {"debug", "use print"},
    {"coroutine", "write a loop"},
    {"load", "use require"},
    {"loadstring", "use require"},
    {"dofile", "use require"},
    {"loadfile", "use require"},
    {"package", "use require"},
    {"collectgarbage", "memory is managed by the host"},
    {"next", "use pairs"},
    {"rawget", "use t[k]"},
    {"rawset", "use t[k] = v"},
    {"rawlen", "use #t"},
    {"warn", "use print"},
    {"_G", "globals are fixed"},
};

lua_State *dp_lua_state(struct dp_lua *lua) { return lua->L; }

struct dp_lua *dp_lua_host(lua_State *L) {
  return *(struct dp_lua **)lua_getextraspace(L);
}

void dp_lua_set_random(struct dp_lua *lua, dp_lua_random_fn fn, void *ud) {
  lua->random = fn;
  lua->random_ud = ud;
}

void dp_lua_set_print(struct dp_lua *lua, dp_lua_print_fn fn, void *ud) {
  lua->print = fn;
  lua->print_ud = ud;
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* __index of the real globals, which is reached for unknown names only: (globals, name). */
static int unknown_global(lua_State *L) {
  if (lua_type(L, 2) != LUA_TSTRING) return luaL_error(L, "a global name is a string");
  const char *name = lua_tostring(L, 2);
  for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
    if (strcmp(name, absent[i].name) == 0)
      return luaL_error(L, "'%s' is not available in a scenario: %s", name, absent[i].remedy);
  const char *names[GLOBALS_MAX_N];
  size_t names_n = 0;
  for (lua_pushnil(L); lua_next(L, 1) && names_n < GLOBALS_MAX_N; lua_pop(L, 1))
    if (lua_type(L, -2) == LUA_TSTRING) names[names_n++] = lua_tostring(L, -2);
  qsort(names, names_n, sizeof names[0], by_text); /* lua_next's order differs from run to run */
  const char *near = dp_str_suggest(name, names, names_n);
  if (near != NULL) return luaL_error(L, "unknown name '%s' (did you mean '%s'?)", name, near);
  return luaL_error(L, "unknown name '%s' (a variable is declared with 'local')", name);
}

static int global_write(lua_State *L) {
  if (lua_type(L, 2) != LUA_TSTRING) return luaL_error(L, "a global name is a string");
  return luaL_error(L, "'%s' would be a global: write 'local %s' where it is first set", lua_tostring(L, 2),
                    lua_tostring(L, 2));
}

/* Opens a stock library into the throw-away globals and copies the chosen names into a new table, which is pushed. */
static void open_library(lua_State *L, const char *name, lua_CFunction open, const char *const *chosen) {
  lua_pushcfunction(L, open);
  lua_pushstring(L, name);
  lua_call(L, 1, 1);
  lua_newtable(L);
  for (; *chosen != NULL; chosen++) {
    lua_getfield(L, -2, *chosen);
    lua_setfield(L, -2, *chosen);
  }
  lua_remove(L, -2);
}

/* Pushes the table of globals that scripts may read: base functions and frozen libraries. */
static void build_globals(lua_State *L) {
  open_library(L, "_G", luaopen_base, stock_base);
  luaL_setfuncs(L, dp__lua_base_functions, 0);
  open_library(L, "string", luaopen_string, stock_string);
  lua_getfield(L, -1, "format");
  dp_lua_host(L)->stock_format = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  luaL_setfuncs(L, dp__lua_string_functions, 0);
  luaL_setfuncs(L, dp__lua_pattern_functions, 0);
  lua_pushliteral(L, "");
  lua_getmetatable(L, -1); /* ("x"):rep(2) finds the same functions; the metatable itself stays hidden */
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "string");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  lua_setfield(L, -2, "string");
  open_library(L, "table", luaopen_table, stock_table);
  luaL_setfuncs(L, dp__lua_table_functions, 0);
  lua_setfield(L, -2, "table");
  open_library(L, "math", luaopen_math, stock_math);
  lua_pushcfunction(L, dp__lua_random);
  lua_setfield(L, -2, "random");
  lua_setfield(L, -2, "math");
  open_library(L, "utf8", luaopen_utf8, stock_utf8);
  lua_setfield(L, -2, "utf8");
  static const char *const libraries[] = {"string", "table", "math", "utf8"};
  for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
    lua_getfield(L, -1, libraries[i]);
    dp__lua_freeze_value(L, libraries[i]);
    lua_setfield(L, -2, libraries[i]);
  }
}

/* Scripts see an empty table: reads go on to the real globals and from there to an error, writes are an error. */
static int build_environment(lua_State *L) {
  dp__lua_freeze_open(L);
  lua_newtable(L);
  lua_newtable(L);
  build_globals(L);
  lua_newtable(L);
  lua_pushcfunction(L, unknown_global);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, global_write);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  dp__lua_freeze_known(L);
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  return 0;
}

static enum dp_status start(struct dp_lua *lua, struct dp_err *err) {
  lua->L = lua_newstate(dp__lua_alloc, lua);
  if (lua->L == NULL) return dp_fail_nomem(err, "the Lua state");
  *(struct dp_lua **)lua_getextraspace(lua->L) = lua;
  lua_pushcfunction(lua->L, build_environment);
  if (lua_pcall(lua->L, 0, 0, 0) != LUA_OK) return dp_fail_nomem(err, "the Lua libraries");
  return dp__lua_watch_start(lua, err);
}

enum dp_status dp_lua_new(const struct dp_lua_limits *limits, struct dp_lua **out, struct dp_err *err) {
  struct dp_lua *lua = calloc(1, sizeof *lua);
  if (lua == NULL) return dp_fail_nomem(err, "the Lua host");
  if (limits != NULL) lua->limits = *limits;
  dp__lua_limits_default(&lua->limits);
  enum dp_status status = start(lua, err);
  if (status != DP_OK) {
    dp_lua_free(lua);
    return status;
  }
  *out = lua;
  return DP_OK;
}

void dp_lua_free(struct dp_lua *lua) {
  if (lua == NULL) return;
  dp__lua_watch_stop(lua);
  if (lua->L != NULL) lua_close(lua->L);
  dp__lua_modules_free(lua);
  free(lua);
}
