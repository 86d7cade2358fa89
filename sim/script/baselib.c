/* sim/script/baselib.c — base functions that differ from stock Lua: sorted pairs, tostring without addresses, print to
 * a sink, pcall that lets limits through, setmetatable without __gc and __mode; and math.random. */
#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "script/host.h"

/* --- pairs --- */

/* A key to sort: a whole number, another number, or text that the key table keeps alive. */
struct key {
  enum { KEY_INTEGER, KEY_FLOAT, KEY_TEXT } kind;
  lua_Integer integer;
  lua_Number number;
  const char *text;
  size_t len;
};

/* A float key is never a whole number in the range of integers (Lua makes such a key an integer), nor nan. */
static int compare_mixed(lua_Integer i, lua_Number f) {
  if (f >= 0x1p63) return -1;
  if (f < -0x1p63) return 1;
  return i <= (lua_Integer)floor(f) ? -1 : 1;
}

static int compare_keys(const void *pa, const void *pb) {
  const struct key *a = pa, *b = pb;
  if (a->kind == KEY_TEXT && b->kind == KEY_TEXT) {
    int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
  }
  if (a->kind == KEY_TEXT || b->kind == KEY_TEXT) return a->kind == KEY_TEXT ? 1 : -1;
  if (a->kind == b->kind && a->kind == KEY_INTEGER) return (a->integer > b->integer) - (a->integer < b->integer);
  if (a->kind == b->kind) return (a->number > b->number) - (a->number < b->number);
  return a->kind == KEY_INTEGER ? compare_mixed(a->integer, b->number) : -compare_mixed(b->integer, a->number);
}

static struct key read_key(lua_State *L, int index) {
  struct key key = {0};
  if (lua_isinteger(L, index)) {
    key.kind = KEY_INTEGER;
    key.integer = lua_tointeger(L, index);
  } else if (lua_type(L, index) == LUA_TNUMBER) {
    key.kind = KEY_FLOAT;
    key.number = lua_tonumber(L, index);
  } else if (lua_type(L, index) == LUA_TSTRING) {
    key.kind = KEY_TEXT;
    key.text = lua_tolstring(L, index, &key.len);
  } else {
    luaL_error(L, "pairs: a key is a %s; only keys that are numbers or strings have an order", luaL_typename(L, index));
  }
  return key;
}

static void push_key(lua_State *L, const struct key *key) {
  if (key->kind == KEY_INTEGER) lua_pushinteger(L, key->integer);
  if (key->kind == KEY_FLOAT) lua_pushnumber(L, key->number);
  if (key->kind == KEY_TEXT) lua_pushlstring(L, key->text, key->len);
}

/* Upvalues: 1 the keys (userdata), 2 their number, 3 the position, 4 the table, 5 the same texts, kept alive. */
static int pairs_next(lua_State *L) {
  const struct key *keys = lua_touserdata(L, lua_upvalueindex(1));
  lua_Integer n = lua_tointeger(L, lua_upvalueindex(2));
  lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));
  while (at < n) {
    push_key(L, &keys[at++]);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, lua_upvalueindex(4)) != LUA_TNIL) { /* nil: assigned away during the walk */
      lua_pushinteger(L, at);
      lua_replace(L, lua_upvalueindex(3));
      return 2;
    }
    lua_pop(L, 2);
  }
  lua_pushinteger(L, at);
  lua_replace(L, lua_upvalueindex(3));
  lua_pushnil(L);
  return 1;
}

int dp__lua_sorted_pairs(lua_State *L, int index) {
  index = lua_absindex(L, index);
  size_t n = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) n++;
  dp_lua_charge(L, 4 * n);
  struct key *keys = lua_newuserdatauv(L, (n + 1) * sizeof *keys, 0);
  lua_newtable(L);
  size_t at = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    keys[at++] = read_key(L, -2);
    if (lua_type(L, -2) != LUA_TSTRING) continue;
    lua_pushvalue(L, -2);
    lua_rawseti(L, -4, (lua_Integer)at);
  }
  qsort(keys, n, sizeof *keys, compare_keys);
  lua_pushinteger(L, (lua_Integer)n);
  lua_insert(L, -2);
  lua_pushinteger(L, 0);
  lua_insert(L, -2);
  lua_pushvalue(L, index);
  lua_insert(L, -2);
  lua_pushcclosure(L, pairs_next, 5);
  lua_pushvalue(L, index);
  lua_pushnil(L);
  return 3;
}

bool dp__lua_is_iterator(lua_CFunction fn) { return fn == pairs_next || fn == dp__lua_gmatch_next; }

static int base_pairs(lua_State *L) {
  luaL_checkany(L, 1);
  if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 3);
    return 3;
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  return dp__lua_sorted_pairs(L, 1);
}

/* --- text --- */

const char *dp__lua_tostring(lua_State *L, int index, size_t *len) {
  index = lua_absindex(L, index);
  if (luaL_callmeta(L, index, "__tostring")) {
    if (!lua_isstring(L, -1)) luaL_error(L, "'__tostring' must return a string");
    return lua_tolstring(L, -1, len);
  }
  switch (lua_type(L, index)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
    case LUA_TNIL:
    case LUA_TBOOLEAN: return luaL_tolstring(L, index, len);
    default: /* what luaL_tolstring prints, without the address */
      if (luaL_getmetafield(L, index, "__name") != LUA_TNIL) {
        if (lua_type(L, -1) == LUA_TSTRING) return lua_tolstring(L, -1, len);
        lua_pop(L, 1);
      }
      lua_pushstring(L, luaL_typename(L, index));
      return lua_tolstring(L, -1, len);
  }
}

static int base_tostring(lua_State *L) {
  luaL_checkany(L, 1);
  dp__lua_tostring(L, 1, NULL);
  return 1;
}

static int base_print(lua_State *L) {
  int n = lua_gettop(L);
  luaL_Buffer line;
  luaL_buffinit(L, &line);
  for (int i = 1; i <= n; i++) {
    if (i > 1) luaL_addchar(&line, '\t');
    dp__lua_tostring(L, i, NULL);
    luaL_addvalue(&line);
  }
  luaL_pushresult(&line);
  size_t len;
  const char *text = lua_tolstring(L, -1, &len);
  dp_lua_charge(L, 100 + len);
  struct dp_lua *lua = dp_lua_host(L);
  if (lua->print != NULL) lua->print(lua->print_ud, text, len);
  return 0;
}

/* --- protected calls --- */

/* After lua_pcall: a limit or the end of memory goes on to the next one, up to C. */
static int protected_result(lua_State *L, int status, int below) {
  struct dp_lua *lua = dp_lua_host(L);
  if (lua->trip != DP_LUA_TRIP_NONE || status == LUA_ERRMEM) return lua_error(L);
  lua->raised = DP_OK;
  if (status == LUA_OK) return lua_gettop(L) - below;
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

static int base_pcall(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
  return protected_result(L, status, 0);
}

/* The message handler of xpcall: the script's own, unless a limit was met. */
static int guarded_handler(lua_State *L) {
  if (dp_lua_host(L)->trip != DP_LUA_TRIP_NONE) return 1;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

static int base_xpcall(lua_State *L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, guarded_handler, 1);
  lua_replace(L, 2);
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2); /* f handler true f args… */
  int status = lua_pcall(L, lua_gettop(L) - 4, LUA_MULTRET, 2);
  return protected_result(L, status, 2);
}

/* --- metatables --- */

static void refuse_field(lua_State *L, int metatable, const char *field) {
  lua_pushstring(L, field);
  if (lua_rawget(L, metatable) != LUA_TNIL)
    luaL_error(L, "a metatable with '%s' is not allowed: it would show the collector at work", field);
  lua_pop(L, 1);
}

static int base_setmetatable(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, lua_type(L, 2) == LUA_TNIL || lua_type(L, 2) == LUA_TTABLE, 2, "nil or table");
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) return luaL_error(L, "cannot change a protected metatable");
  lua_settop(L, 2);
  if (lua_type(L, 2) == LUA_TTABLE) {
    refuse_field(L, 2, "__gc");
    refuse_field(L, 2, "__mode");
    if (dp__lua_push_shadow(L, 2)) { /* a frozen class: its private copy works, and shows as the class itself */
      lua_pushliteral(L, "__metatable");
      if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pushvalue(L, 2);
        lua_setfield(L, -3, "__metatable");
      }
      lua_pop(L, 1);
      lua_replace(L, 2);
    }
  }
  lua_setmetatable(L, 1);
  return 1;
}

/* --- math.random, as in stock Lua: [0, 1), [1, m], [m, n], or 64 bits for 0 --- */

static uint64_t draw(lua_State *L) {
  struct dp_lua *lua = dp_lua_host(L);
  if (lua->random == NULL) luaL_error(L, "math.random has no stream to draw from here");
  return lua->random(lua->random_ud);
}

int dp__lua_random(lua_State *L) {
  lua_Integer low = 1, high;
  switch (lua_gettop(L)) {
    case 0: lua_pushnumber(L, (double)(draw(L) >> 11) * 0x1p-53); return 1;
    case 1:
      high = luaL_checkinteger(L, 1);
      if (high == 0) {
        lua_pushinteger(L, (lua_Integer)draw(L));
        return 1;
      }
      break;
    case 2:
      low = luaL_checkinteger(L, 1);
      high = luaL_checkinteger(L, 2);
      break;
    default: return luaL_error(L, "wrong number of arguments");
  }
  luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
  uint64_t range = (uint64_t)high - (uint64_t)low, mask = range, bits;
  for (unsigned shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
  do bits = draw(L) & mask;
  while (bits > range);
  lua_pushinteger(L, (lua_Integer)(bits + (uint64_t)low));
  return 1;
}

const luaL_Reg dp__lua_base_functions[] = {
    {"pairs", base_pairs},   {"tostring", base_tostring},         {"print", base_print},        {"pcall", base_pcall},
    {"xpcall", base_xpcall}, {"setmetatable", base_setmetatable}, {"require", dp__lua_require}, {NULL, NULL},
};
