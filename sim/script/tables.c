/* sim/script/tables.c — table functions whose work is paid for before it is done, and a stable sort. Lengths come from
 * `#`, which a metatable may answer as it likes, so that each loop is charged to the instruction budget first. */
#include <lauxlib.h>
#include <limits.h>
#include <string.h>

#include "script/host.h"

/* The span [first, last] as a count; a span that no budget can pay stays large. */
static uint64_t span(lua_Integer first, lua_Integer last) {
  if (last < first) return 0;
  uint64_t n = (uint64_t)last - (uint64_t)first;
  return n == UINT64_MAX ? n : n + 1;
}

/* Accepts a table, or a value that has what `needed` names in its metatable. */
static void check_table(lua_State *L, int index, const char *needed) {
  if (lua_type(L, index) == LUA_TTABLE) return;
  if (luaL_getmetafield(L, index, needed) == LUA_TNIL) luaL_checktype(L, index, LUA_TTABLE);
  lua_pop(L, 1);
}

static int table_insert(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer end = (lua_Integer)((lua_Unsigned)luaL_len(L, 1) + 1), at = end;
  int n = lua_gettop(L);
  if (n != 2 && n != 3) return luaL_error(L, "wrong number of arguments to 'insert'");
  if (n == 3) {
    at = luaL_checkinteger(L, 2);
    luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)end, 2, "position out of bounds");
    dp_lua_charge(L, span(at, end));
    for (lua_Integer i = end; i > at; i--) {
      lua_geti(L, 1, i - 1);
      lua_seti(L, 1, i);
    }
  }
  lua_seti(L, 1, at);
  return 0;
}

static int table_remove(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer len = luaL_len(L, 1), at = luaL_optinteger(L, 2, len);
  if (at != len) luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)len, 2, "position out of bounds");
  dp_lua_charge(L, span(at, len));
  lua_geti(L, 1, at);
  for (; at < len; at++) {
    lua_geti(L, 1, at + 1);
    lua_seti(L, 1, at);
  }
  lua_pushnil(L);
  lua_seti(L, 1, at);
  return 1;
}

static int table_move(lua_State *L) {
  lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3), to = luaL_checkinteger(L, 4);
  int target = lua_isnoneornil(L, 5) ? 1 : 5;
  check_table(L, 1, "__index");
  check_table(L, target, "__newindex");
  if (last >= first) {
    luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3, "too many elements to move");
    lua_Integer n = last - first + 1;
    luaL_argcheck(L, to <= LUA_MAXINTEGER - n + 1, 4, "destination wrap around");
    dp_lua_charge(L, span(first, last));
    bool upwards = to > last || to <= first || (target != 1 && !lua_compare(L, 1, target, LUA_OPEQ));
    for (lua_Integer k = 0; k < n; k++) {
      lua_Integer i = upwards ? k : n - 1 - k;
      lua_geti(L, 1, first + i);
      lua_seti(L, target, to + i);
    }
  }
  lua_pushvalue(L, target);
  return 1;
}

static int table_concat(lua_State *L) {
  check_table(L, 1, "__index");
  size_t separator_len;
  const char *separator = luaL_optlstring(L, 2, "", &separator_len);
  lua_Integer i = luaL_optinteger(L, 3, 1);
  lua_Integer last = lua_isnoneornil(L, 4) ? luaL_len(L, 1) : luaL_checkinteger(L, 4);
  luaL_Buffer result;
  luaL_buffinit(L, &result);
  for (uint64_t left = span(i, last); left > 0; left--, i = (lua_Integer)((lua_Unsigned)i + 1)) {
    dp_lua_charge(L, 1);
    lua_geti(L, 1, i);
    if (!lua_isstring(L, -1))
      return luaL_error(L, "invalid value (%s) at index %I in table for 'concat'", luaL_typename(L, -1),
                        (LUAI_UACINT)i);
    luaL_addvalue(&result);
    if (left > 1) luaL_addlstring(&result, separator, separator_len);
  }
  luaL_pushresult(&result);
  return 1;
}

/* --- sort --- */

#define SORT_VALUES 3 /* stack index of the table of values being sorted */

/* Whether value b must come before value a (numbers of values). */
static bool comes_before(lua_State *L, uint32_t b, uint32_t a) {
  bool before;
  if (lua_isnil(L, 2)) {
    dp_lua_charge(L, 1);
    lua_rawgeti(L, SORT_VALUES, b);
    lua_rawgeti(L, SORT_VALUES, a);
    before = lua_compare(L, -2, -1, LUA_OPLT);
    lua_pop(L, 2);
  } else {
    lua_pushvalue(L, 2);
    lua_rawgeti(L, SORT_VALUES, b);
    lua_rawgeti(L, SORT_VALUES, a);
    lua_call(L, 2, 1);
    before = lua_toboolean(L, -1);
    lua_pop(L, 1);
  }
  return before;
}

/* Bottom-up merge sort of numbers 1…n: as many comparisons as elements × rounds at most, whatever the comparator says.
 * @return from or to, whichever holds the result. */
static uint32_t *merge_sort(lua_State *L, uint32_t *from, uint32_t *to, size_t n) {
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t start = 0; start < n; start += 2 * width) {
      size_t middle = start + width < n ? start + width : n, end = middle + width < n ? middle + width : n;
      size_t a = start, b = middle;
      for (size_t k = start; k < end; k++) {
        bool right = a == middle || (b < end && comes_before(L, from[b], from[a]));
        to[k] = right ? from[b++] : from[a++];
      }
    }
    uint32_t *swap = from;
    from = to;
    to = swap;
  }
  return from;
}

static int table_sort(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_Integer n = luaL_len(L, 1);
  if (n < 2) return 0;
  luaL_argcheck(L, n < INT_MAX, 1, "array too big");
  dp_lua_charge(L, 2 * (uint64_t)n);
  lua_newtable(L);
  uint32_t *order = lua_newuserdatauv(L, 2 * (size_t)n * sizeof *order, 0);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_geti(L, 1, i);
    lua_rawseti(L, SORT_VALUES, i);
    order[i - 1] = (uint32_t)i;
  }
  const uint32_t *sorted = merge_sort(L, order, order + n, (size_t)n);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, SORT_VALUES, sorted[i - 1]);
    lua_seti(L, 1, i);
  }
  return 0;
}

const luaL_Reg dp__lua_table_functions[] = {
    {"insert", table_insert}, {"remove", table_remove}, {"move", table_move},
    {"concat", table_concat}, {"sort", table_sort},     {NULL, NULL},
};
