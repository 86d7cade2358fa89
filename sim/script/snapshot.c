/* sim/script/snapshot.c — a shallow copy of every table that is reached, to be
 * compared with. */
#include "script/snapshot.h"

#include <lauxlib.h>

static const char tables_key = 0, copies_key = 0; /* registry: lists of the tables and of their copies */

/* Indices on the stack. */
struct walk {
  lua_State *L;
  int seen, queue;
  lua_Integer n;
};

/* Puts the value on top into the queue when it is a table or a function that
 * was not seen yet; pops it. */
static void reach(struct walk *w) {
  lua_State *L = w->L;
  if (lua_istable(L, -1) || lua_isfunction(L, -1)) {
    lua_pushvalue(L, -1);
    if (lua_rawget(L, w->seen) == LUA_TNIL) {
      lua_pushvalue(L, -2);
      lua_pushboolean(L, 1);
      lua_rawset(L, w->seen);
      lua_pushvalue(L, -2);
      lua_rawseti(L, w->queue, ++w->n);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* The table on top: pushes its copy; what it reaches is queued. A copy's field
 * [copies_key] is the metatable. */
static void copy_table(struct walk *w) {
  lua_State *L = w->L;
  int table = lua_gettop(L), copy = table + 1;
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, table);) {
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, copy);
    reach(w);
  }
  if (lua_getmetatable(L, table)) {
    lua_pushvalue(L, -1);
    lua_rawsetp(L, copy, &copies_key);
    reach(w);
  }
}

void dp__snapshot_take(lua_State *L) {
  luaL_checkstack(L, 20, "a snapshot");
  int top = lua_gettop(L), tables = top + 3, copies = top + 4;
  struct walk w = {.L = L, .seen = top + 1, .queue = top + 2};
  lua_Integer n = 0;
  for (int i = 0; i < 4; i++) lua_newtable(L);
  lua_pushvalue(L, top);
  reach(&w);
  for (lua_Integer i = 1; i <= w.n; i++) {
    if (lua_rawgeti(L, w.queue, i) == LUA_TTABLE) {
      copy_table(&w);
      lua_rawseti(L, copies, ++n);
      lua_rawseti(L, tables, n);
      continue;
    }
    for (int k = 1; lua_getupvalue(L, -1, k) != NULL; k++) reach(&w);
    lua_pop(L, 1);
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, &copies_key);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &tables_key);
  lua_settop(L, top - 1);
}

/* The table on top against its copy below it. */
static bool is_same(lua_State *L) {
  int copy = lua_gettop(L) - 1, table = copy + 1;
  lua_Integer n = 0, want = 0;
  bool same = true;
  for (lua_pushnil(L); same && lua_next(L, table); lua_pop(L, 1), n++) {
    lua_pushvalue(L, -2);
    lua_rawget(L, copy);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
  }
  lua_settop(L, table);
  lua_rawgetp(L, copy, &copies_key);
  bool had = !lua_isnil(L, -1), has = lua_getmetatable(L, table) != 0;
  same = same && had == has && (!has || lua_rawequal(L, -1, -2));
  lua_settop(L, table);
  for (lua_pushnil(L); same && lua_next(L, copy); lua_pop(L, 1)) want++;
  lua_settop(L, table);
  return same && n + had == want;
}

bool dp__snapshot_holds(lua_State *L) {
  int top = lua_gettop(L);
  bool same = lua_checkstack(L, 12) && lua_rawgetp(L, LUA_REGISTRYINDEX, &tables_key) == LUA_TTABLE &&
              lua_rawgetp(L, LUA_REGISTRYINDEX, &copies_key) == LUA_TTABLE;
  lua_Integer n = same ? (lua_Integer)lua_rawlen(L, top + 1) : 0;
  for (lua_Integer i = 1; i <= n && same; i++) {
    lua_rawgeti(L, top + 2, i);
    lua_rawgeti(L, top + 1, i);
    same = is_same(L);
    lua_settop(L, top + 2);
  }
  lua_settop(L, top);
  return same;
}
