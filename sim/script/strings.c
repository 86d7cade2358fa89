/* sim/script/strings.c — string.rep with its size checked first, string.format without addresses. */
#include <lauxlib.h>
#include <string.h>

#include "script/host.h"

static int string_rep(lua_State *L) {
  size_t len, separator_len;
  const char *text = luaL_checklstring(L, 1, &len);
  lua_Integer n = luaL_checkinteger(L, 2);
  const char *separator = luaL_optlstring(L, 3, "", &separator_len);
  size_t once = len + separator_len, limit = dp_lua_host(L)->limits.memory_bytes;
  if (n <= 0 || once == 0) {
    lua_pushliteral(L, "");
    return 1;
  }
  if ((lua_Unsigned)n > limit / once + 1) return luaL_error(L, "resulting string too large");
  dp_lua_charge(L, (lua_Unsigned)n / 4); /* a copy of a few bytes costs less than an instruction */
  size_t total = (size_t)n * once - separator_len;
  luaL_Buffer result;
  char *at = luaL_buffinitsize(L, &result, total);
  for (lua_Integer i = 1; i <= n; i++) {
    memcpy(at, text, len);
    at += len;
    if (i == n) break;
    memcpy(at, separator, separator_len);
    at += separator_len;
  }
  luaL_pushresultsize(&result, total);
  return 1;
}

/* Turns each argument of %s into text as tostring does, refuses %p, and leaves the rest to the stock function, which is
 * entered directly so that its messages name this call. */
static int string_format(lua_State *L) {
  const char *format = luaL_checkstring(L, 1);
  int arg = 1, top = lua_gettop(L);
  for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at, '%')) {
    at++;
    if (*at == '%') {
      at++;
      continue;
    }
    at += strspn(at, "-+ #0123456789.");
    arg++;
    if (*at == 'p') return luaL_error(L, "string.format: '%%p' is not allowed: addresses differ from run to run");
    if (*at != 's' || arg > top || lua_type(L, arg) == LUA_TSTRING) continue;
    dp__lua_tostring(L, arg, NULL);
    lua_replace(L, arg);
  }
  return dp_lua_host(L)->stock_format(L);
}

const luaL_Reg dp__lua_string_functions[] = {
    {"rep", string_rep},
    {"format", string_format},
    {NULL, NULL},
};
