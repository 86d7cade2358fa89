/* sim/script/freeze.c — read-only proxies over private copies of the tables that frozen functions reach. */
#include "script/freeze.h"

#include <lauxlib.h>
#include <string.h>

#include "script/call.h"
#include "script/host.h"

#define COLLECT_FIRST_BYTES ((size_t)4 << 20)

/* Addresses that serve as private keys. */
static const char memo_key = 0;     /* registry: original table, proxy or function → its frozen form */
static const char shadow_key = 0;   /* a proxy's metatable: the private copy */
static const char fallback_key = 0; /* a proxy's metatable: the original's __index when that is a function */

/* One walk over what a value reaches; the queue keeps it from recursing. */
struct walk {
  lua_State *L;
  int memo, queue; /* stack indices */
  lua_Integer first, last;
  const char *what;
};

/* --- proxies --- */

bool dp__lua_push_shadow(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  if (lua_rawgetp(L, -1, &shadow_key) != LUA_TTABLE) {
    lua_pop(L, 2);
    return false;
  }
  lua_remove(L, -2);
  return true;
}

static int frozen_write(lua_State *L) {
  const char *key = dp__lua_tostring(L, 2, NULL);
  return luaL_error(L,
                    "'%s' cannot be assigned: this table is read-only (a policy keeps what it remembers in its "
                    "declared state)",
                    key);
}

static int frozen_len(lua_State *L) {
  lua_pushinteger(L, dp__lua_push_shadow(L, 1) ? (lua_Integer)lua_rawlen(L, -1) : 0);
  return 1;
}

static int frozen_pairs(lua_State *L) {
  if (!dp__lua_push_shadow(L, 1)) return luaL_error(L, "not a frozen table");
  return dp__lua_sorted_pairs(L, -1);
}

/* __index when the original had a function: own fields first, then the function, which is given the proxy. */
static int frozen_index(lua_State *L) {
  if (!dp__lua_push_shadow(L, 1)) return luaL_error(L, "not a frozen table");
  lua_pushvalue(L, 2);
  if (lua_rawget(L, -2) != LUA_TNIL) return 1;
  lua_getmetatable(L, 1);
  lua_rawgetp(L, -1, &fallback_key);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  return 1;
}

/* Replaces the table on top by a proxy over it. */
static void wrap(lua_State *L) {
  static const luaL_Reg metamethods[] = {
      {"__newindex", frozen_write}, {"__len", frozen_len}, {"__pairs", frozen_pairs}, {NULL, NULL}};
  lua_newtable(L);
  lua_newtable(L);
  luaL_setfuncs(L, metamethods, 0);
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  lua_pushvalue(L, -3);
  lua_rawsetp(L, -2, &shadow_key);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_remove(L, -2);
}

void dp_lua_push_view(lua_State *L, int index) {
  lua_pushvalue(L, index);
  wrap(L);
}

/* --- the walk --- */

/* Records that the value at `original` is frozen as the one on top. */
static void remember(struct walk *w, int original) {
  original = lua_absindex(w->L, original);
  lua_pushvalue(w->L, original);
  lua_pushvalue(w->L, -2);
  lua_rawset(w->L, w->memo);
}

static void enqueue(struct walk *w) {
  lua_pushvalue(w->L, -1);
  lua_rawseti(w->L, w->queue, ++w->last);
}

/* The table on top, seen for the first time, becomes its proxy, still empty. */
static void begin_table(struct walk *w) {
  lua_State *L = w->L;
  enqueue(w);
  lua_newtable(L);
  wrap(L); /* original proxy */
  remember(w, -2);
  remember(w, -1);
  lua_remove(L, -2);
}

static void begin_function(struct walk *w) {
  lua_State *L = w->L;
  lua_CFunction c = lua_tocfunction(L, -1);
  if (c != NULL && dp__lua_is_iterator(c))
    luaL_error(L, "%s: an iterator of pairs or gmatch is kept from one call to the next; make it where it is used",
               w->what);
  remember(w, -1);
  if (c == NULL) enqueue(w);
}

/* Replaces the value on top by its frozen form; what it reaches is queued. */
static void freeze_top(struct walk *w) {
  lua_State *L = w->L;
  int type = lua_type(L, -1);
  if (type != LUA_TTABLE && type != LUA_TFUNCTION) return;
  lua_pushvalue(L, -1);
  if (lua_rawget(L, w->memo) != LUA_TNIL) {
    lua_remove(L, -2);
    return;
  }
  lua_pop(L, 1);
  if (type == LUA_TFUNCTION) {
    begin_function(w);
  } else if (dp__lua_push_shadow(L, -1)) { /* a view that C made */
    lua_pop(L, 1);
  } else {
    begin_table(w);
  }
}

/* Takes a field of the original's metatable over: key and value on top; `proxy_meta` and `shadow` are stack indices. */
static void take_metafield(struct walk *w, int proxy_meta, int shadow) {
  lua_State *L = w->L;
  const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
  if (strcmp(key, "__gc") == 0 || strcmp(key, "__mode") == 0)
    luaL_error(L, "%s: a metatable with '%s' is not allowed: it would show the collector at work", w->what, key);
  if (strncmp(key, "__", 2) != 0 || strcmp(key, "__newindex") == 0) return;
  lua_pushvalue(L, -1);
  freeze_top(w);
  if (strcmp(key, "__index") != 0) {
    lua_setfield(L, proxy_meta, key);
  } else if (lua_type(L, -1) == LUA_TFUNCTION) {
    lua_rawsetp(L, proxy_meta, &fallback_key);
    lua_pushcfunction(L, frozen_index);
    lua_setfield(L, proxy_meta, "__index");
  } else { /* the private copy hands on what it does not have itself */
    lua_newtable(L);
    lua_insert(L, -2);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, shadow);
  }
}

/* Fills the copy behind the proxy of the table on top, and pops the table. */
static void fill_table(struct walk *w) {
  lua_State *L = w->L;
  int original = lua_gettop(L), meta = original + 2, shadow = original + 3;
  lua_pushvalue(L, original);
  lua_rawget(L, w->memo);
  lua_getmetatable(L, -1);
  lua_rawgetp(L, -1, &shadow_key);
  for (lua_pushnil(L); lua_next(L, original); lua_pop(L, 1)) {
    lua_pushvalue(L, -2);
    freeze_top(w);
    lua_pushvalue(L, -2);
    freeze_top(w);
    lua_rawset(L, shadow);
  }
  if (lua_getmetatable(L, original)) {
    lua_pushvalue(L, -1); /* getmetatable gives the frozen class, unless the class says otherwise below */
    freeze_top(w);
    lua_setfield(L, meta, "__metatable");
    for (lua_pushnil(L); lua_next(L, shadow + 1); lua_pop(L, 1)) take_metafield(w, meta, shadow);
  }
  lua_settop(L, original - 1);
}

/* Freezes the upvalues of the Lua function on top, and pops the function. */
static void fill_function(struct walk *w) {
  lua_State *L = w->L;
  int function = lua_gettop(L), assigned = dp__lua_assigned_upvalue(L, function);
  if (assigned > 0) {
    lua_Debug ar;
    lua_pushvalue(L, function);
    lua_getinfo(L, ">S", &ar);
    const char *name = lua_getupvalue(L, function, assigned);
    luaL_error(L,
               "%s:%d: %s: this function assigns '%s', a local outside it (what is remembered from one call to the "
               "next is declared as state)",
               ar.source[0] == '@' ? ar.source + 1 : ar.short_src, ar.linedefined, w->what, name);
  }
  for (int i = 1; lua_getupvalue(L, function, i) != NULL; i++) {
    freeze_top(w);
    lua_setupvalue(L, function, i);
  }
  lua_pop(L, 1);
}

void dp__lua_freeze_value(lua_State *L, const char *what) {
  luaL_checkstack(L, 20, "freezing");
  int value = lua_gettop(L);
  struct walk w = {.L = L, .memo = value + 1, .queue = value + 2, .what = what};
  lua_rawgetp(L, LUA_REGISTRYINDEX, &memo_key);
  lua_newtable(L);
  lua_pushvalue(L, value);
  freeze_top(&w);
  lua_replace(L, value);
  while (w.first < w.last) {
    lua_rawgeti(L, w.queue, ++w.first);
    lua_pushnil(L);
    lua_rawseti(L, w.queue, w.first);
    if (lua_type(L, -1) == LUA_TTABLE)
      fill_table(&w);
    else
      fill_function(&w);
  }
  lua_settop(L, value);
}

/* --- the host's side --- */

void dp__lua_freeze_open(lua_State *L) {
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &memo_key);
}

void dp__lua_freeze_known(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &memo_key);
  lua_pushvalue(L, -2);
  lua_pushvalue(L, -3);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

static int freeze_protected(lua_State *L) {
  const char *what = lua_touserdata(L, 2);
  lua_settop(L, 1);
  dp__lua_freeze_value(L, what);
  return 1;
}

enum dp_status dp_lua_freeze(struct dp_lua *lua, int index, const char *what, struct dp_err *err) {
  lua_State *L = lua->L;
  if (!lua_checkstack(L, 4)) return dp_fail_nomem(err, "the Lua stack");
  index = lua_absindex(L, index);
  lua_pushcfunction(L, freeze_protected);
  lua_pushvalue(L, index);
  lua_pushlightuserdata(L, (void *)(uintptr_t)what);
  DP_TRY(dp_lua_call(lua, 2, 1, lua->limits.load_instructions_n, NULL, err));
  lua_replace(L, index);
  return DP_OK;
}

void dp_lua_seal(struct dp_lua *lua) {
  lua_gc(lua->L, LUA_GCCOLLECT);
  lua_gc(lua->L, LUA_GCSTOP);
  lua->sealed = true;
  lua->collect_at_bytes = 2 * lua->used_bytes + COLLECT_FIRST_BYTES;
}
