/* sim/script/call.c — protected calls into Lua and the loading of a scenario. */
#include "script/call.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "script/host.h"
#include "script/modules.h"

/* --- errors --- */

/* Turns any error value into text; what has no place of its own gets that of the innermost Lua function. */
static int message_handler(lua_State *L) {
  if (lua_type(L, 1) == LUA_TSTRING) return 1;
  char place[256];
  dp__lua_place(L, place, sizeof place);
  if (lua_isnil(L, 1)) {
    lua_pushfstring(L, "%serror without a message (nil)", place);
  } else if (lua_type(L, 1) == LUA_TNUMBER || luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL) {
    const char *text = dp__lua_tostring(L, 1, NULL);
    lua_pushfstring(L, "%s%s", place, text);
  } else {
    lua_pushfstring(L, "%serror with a %s instead of a message", place, luaL_typename(L, 1));
  }
  return 1;
}

/* Lua shortens a path of 60 bytes or more to "..." and its end: puts the whole path back when it is a source's. */
static const char *whole_path(const struct dp_lua *lua, const char *text, const char **rest) {
  *rest = text;
  const char *colon = strncmp(text, "...", 3) == 0 ? strchr(text, ':') : NULL;
  if (colon == NULL || colon - text != LUA_IDSIZE - 1) return "";
  size_t tail = (size_t)(colon - text) - 3;
  for (size_t i = 0; i < lua->sources_n; i++) {
    const char *path = lua->sources[i].path;
    size_t len = strlen(path);
    if (len < tail || memcmp(path + len - tail, text + 3, tail) != 0) continue;
    *rest = colon;
    return path;
  }
  return "";
}

/* Reports the failed lua_pcall or load whose error value is on top, and pops the value. */
static enum dp_status report(struct dp_lua *lua, int code, const char *where, struct dp_err *err) {
  lua_State *L = lua->L;
  const char *in = where == NULL ? "" : " (in ", *close = where == NULL ? "" : ")";
  if (where == NULL) where = "";
  enum dp_status status = lua->raised != DP_OK ? lua->raised : DP_SCENARIO;
  if (lua->trip != DP_LUA_TRIP_NONE || code == LUA_ERRMEM) {
    char text[128];
    dp__lua_limit_text(lua, lua->trip, text, sizeof text);
    status = dp_fail(err, DP_SCENARIO, "%s%s%s%s%s", lua->place, text, in, where, close);
  } else if (lua_type(L, -1) == LUA_TSTRING) {
    const char *rest, *path = whole_path(lua, lua_tostring(L, -1), &rest);
    status = dp_fail(err, status, "%s%s%s%s%s", path, rest, in, where, close);
  } else { /* an error in the message handler itself */
    status = dp_fail(err, status, "error with a %s instead of a message%s%s%s", luaL_typename(L, -1), in, where, close);
  }
  lua->raised = DP_OK;
  lua_pop(L, 1);
  return status;
}

int dp_lua_raise(lua_State *L, const struct dp_err *err) {
  dp_lua_host(L)->raised = err->status;
  char place[256];
  lua_Debug ar;
  dp__lua_place(L, place, sizeof place);
  for (int level = 0; lua_getstack(L, level, &ar); level++) { /* a line of the user's, not of the built-in library */
    if (!lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0 || ar.source[0] != '@') continue;
    snprintf(place, sizeof place, "%s:%d: ", ar.source + 1, ar.currentline);
    break;
  }
  lua_pushfstring(L, "%s%s", place, err->text);
  return lua_error(L);
}

/* --- calls --- */

enum dp_status dp_lua_call(struct dp_lua *lua, int nargs, int nres, int64_t budget_n, const char *where,
                           struct dp_err *err) {
  lua_State *L = lua->L;
  int function = lua_gettop(L) - nargs;
  if (!lua_checkstack(L, 4)) {
    lua_settop(L, function - 1);
    return dp_fail_nomem(err, "the Lua stack");
  }
  lua_pushcfunction(L, message_handler);
  lua_insert(L, function);
  dp__lua_call_begin(lua, budget_n > 0 ? budget_n : lua->limits.call_instructions_n);
  int code = lua_pcall(L, nargs, nres, function);
  lua_remove(L, function);
  enum dp_status status = code == LUA_OK ? DP_OK : report(lua, code, where, err);
  dp__lua_call_end(lua);
  return status;
}

enum dp_status dp_lua_protect(struct dp_lua *lua, lua_CFunction fn, void *ud, int nres, struct dp_err *err) {
  if (!lua_checkstack(lua->L, 4)) return dp_fail_nomem(err, "the Lua stack");
  lua_pushcfunction(lua->L, fn);
  lua_pushlightuserdata(lua->L, ud);
  return dp_lua_call(lua, 1, nres, lua->limits.load_instructions_n, NULL, err);
}

/* --- loading --- */

/* Whether the message begins with the path of a text that was read; error("…", 0) and some of Lua's own do not. */
static bool names_a_source(const struct dp_lua *lua, const char *text) {
  for (size_t i = 0; i < lua->sources_n; i++) {
    const char *path = lua->sources[i].path + (lua->sources[i].path[0] == '=');
    size_t len = strlen(path);
    if (strncmp(text, path, len) == 0 && text[len] == ':') return true;
  }
  return false;
}

/* Runs the text; the table that it must return, if so, is left on the stack. */
static enum dp_status run_text(struct dp_lua *lua, const char *path, const char *bytes, size_t len, bool gives_table,
                               struct dp_err *err) {
  lua_State *L = lua->L;
  if (!lua_checkstack(L, 4)) return dp_fail_nomem(err, "the Lua stack");
  lua->trip = DP_LUA_TRIP_NONE;
  lua->place[0] = '\0';
  int code = dp__lua_compile(L, path, bytes, len);
  if (code != LUA_OK) return report(lua, code, NULL, err);
  DP_TRY(dp_lua_call(lua, 0, gives_table, lua->limits.load_instructions_n, NULL, err));
  if (!gives_table || lua_type(L, -1) == LUA_TTABLE) return DP_OK;
  enum dp_status status = dp_fail(err, DP_SCENARIO,
                                  "%s: the file must return a table, not %s: end it with "
                                  "'return depin.scenario { … }'",
                                  path, luaL_typename(L, -1));
  lua_pop(L, 1);
  return status;
}

static enum dp_status load_text(struct dp_lua *lua, const char *path, const void *bytes, size_t len, bool gives_table,
                                struct dp_err *err) {
  DP_TRY(dp__lua_check_text(path, bytes, len, err));
  DP_TRY(dp__lua_set_folder(lua, path, err));
  DP_TRY(dp__lua_add_source(lua, "", path, bytes, len, err));
  struct dp_err why = {0};
  enum dp_status status = run_text(lua, path, bytes, len, gives_table, &why);
  if (status == DP_OK) return DP_OK;
  bool placed = names_a_source(lua, why.text);
  return dp_fail(err, status, "%s%s%s", placed ? "" : path, placed ? "" : ": ", why.text);
}

enum dp_status dp_lua_load_buffer(struct dp_lua *lua, const char *path, const void *bytes, size_t len,
                                  struct dp_err *err) {
  return load_text(lua, path, bytes, len, true, err);
}

static enum dp_status load_file(struct dp_lua *lua, const char *path, bool gives_table, struct dp_err *err) {
  char *bytes;
  size_t len;
  DP_TRY(dp__lua_read_text(path, &bytes, &len, err));
  enum dp_status status = load_text(lua, path, bytes, len, gives_table, err);
  free(bytes);
  return status;
}

enum dp_status dp_lua_load_file(struct dp_lua *lua, const char *path, struct dp_err *err) {
  return load_file(lua, path, true, err);
}

enum dp_status dp_lua_run_file(struct dp_lua *lua, const char *path, struct dp_err *err) {
  return load_file(lua, path, false, err);
}
