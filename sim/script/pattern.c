/* sim/script/pattern.c — string.find, match, gmatch and gsub on the bounded matcher; the behaviour is that of Lua 5.4.
 */
#include <lauxlib.h>
#include <string.h>

#include "script/host.h"
#include "script/match.h"

/* --- captures as Lua values --- */

/* Pushes capture i; the whole match [start, end) when the pattern has none. */
static void push_capture(struct dp_match *m, int i, const char *start, const char *end) {
  if (i >= m->captures_n) {
    if (i != 0) luaL_error(m->L, "invalid capture index %%%d", i + 1);
    lua_pushlstring(m->L, start, (size_t)(end - start));
    return;
  }
  ptrdiff_t len = m->captures[i].len;
  if (len == DP_MATCH_OPEN) luaL_error(m->L, "unfinished capture");
  if (len == DP_MATCH_POSITION)
    lua_pushinteger(m->L, m->captures[i].start - m->subject + 1);
  else
    lua_pushlstring(m->L, m->captures[i].start, (size_t)len);
}

/* Pushes all captures; without any, the whole match when `whole`. @return their number. */
static int push_captures(struct dp_match *m, const char *start, const char *end, bool whole) {
  int n = m->captures_n == 0 && whole ? 1 : m->captures_n;
  luaL_checkstack(m->L, n, "too many captures");
  for (int i = 0; i < n; i++) push_capture(m, i, start, end);
  return n;
}

/* --- find and match --- */

/* A start position as an offset: negative counts from the end; anything beyond the end is len + 1. */
static size_t start_offset(lua_Integer position, size_t len) {
  if (position > (lua_Integer)len) return position == (lua_Integer)len + 1 ? len : len + 1;
  if (position > 0) return (size_t)position - 1;
  if (position == 0 || position < -(lua_Integer)len) return 0;
  return len - (size_t)(-position);
}

static int find_plain(lua_State *L, const char *subject, size_t len, size_t from, const char *text, size_t text_len) {
  dp_lua_charge(L, (len - from) / 16 + 1);
  const char *at = memmem(subject + from, len - from, text, text_len);
  if (at == NULL) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, at - subject + 1);
  lua_pushinteger(L, at - subject + (lua_Integer)text_len);
  return 2;
}

static bool has_specials(const char *pattern, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (pattern[i] != '\0' && strchr("^$*+?.([%-", pattern[i]) != NULL) return true;
  return false;
}

static int find_or_match(lua_State *L, bool find) {
  size_t len, pattern_len;
  const char *subject = luaL_checklstring(L, 1, &len), *pattern = luaL_checklstring(L, 2, &pattern_len);
  size_t from = start_offset(luaL_optinteger(L, 3, 1), len);
  if (from > len) {
    lua_pushnil(L);
    return 1;
  }
  if (find && (lua_toboolean(L, 4) || !has_specials(pattern, pattern_len)))
    return find_plain(L, subject, len, from, pattern, pattern_len);
  struct dp_match m;
  dp_match_init(&m, L, subject, len, pattern, pattern_len);
  bool anchored = *pattern == '^';
  if (anchored) pattern++;
  const char *at = subject + from;
  do {
    const char *end = dp_match_at(&m, at, pattern);
    if (end == NULL) continue;
    if (!find) return push_captures(&m, at, end, true);
    lua_pushinteger(L, at - subject + 1);
    lua_pushinteger(L, end - subject);
    return push_captures(&m, at, end, false) + 2;
  } while (at++ < m.subject_end && !anchored);
  lua_pushnil(L);
  return 1;
}

static int string_find(lua_State *L) { return find_or_match(L, true); }

static int string_match(lua_State *L) { return find_or_match(L, false); }

/* --- gmatch --- */

/* Upvalues: 1 subject, 2 pattern, 3 offset to go on from, 4 end of the last match (-1: none). */
int dp__lua_gmatch_next(lua_State *L) {
  size_t len, pattern_len;
  const char *subject = lua_tolstring(L, lua_upvalueindex(1), &len);
  const char *pattern = lua_tolstring(L, lua_upvalueindex(2), &pattern_len);
  lua_Integer from = lua_tointeger(L, lua_upvalueindex(3)), last = lua_tointeger(L, lua_upvalueindex(4));
  struct dp_match m;
  dp_match_init(&m, L, subject, len, pattern, pattern_len);
  for (; from <= (lua_Integer)len; from++) {
    const char *end = dp_match_at(&m, subject + from, pattern);
    if (end == NULL || end - subject == last) continue;
    lua_pushinteger(L, end - subject);
    lua_copy(L, -1, lua_upvalueindex(3));
    lua_replace(L, lua_upvalueindex(4));
    return push_captures(&m, subject + from, end, true);
  }
  return 0;
}

static int string_gmatch(lua_State *L) {
  size_t len;
  luaL_checklstring(L, 1, &len);
  luaL_checkstring(L, 2);
  size_t from = start_offset(luaL_optinteger(L, 3, 1), len);
  lua_settop(L, 2);
  lua_pushinteger(L, (lua_Integer)from);
  lua_pushinteger(L, -1);
  lua_pushcclosure(L, dp__lua_gmatch_next, 4);
  return 1;
}

/* --- gsub --- */

/* Adds the replacement string (argument 3) with its %0…%9 and %% filled in. */
static void add_string(struct dp_match *m, luaL_Buffer *result, const char *start, const char *end) {
  size_t len;
  const char *text = lua_tolstring(m->L, 3, &len), *text_end = text + len;
  dp_lua_charge(m->L, len / 16);
  while (text < text_end) {
    const char *escape = memchr(text, '%', (size_t)(text_end - text));
    const char *plain_end = escape == NULL ? text_end : escape;
    luaL_addlstring(result, text, (size_t)(plain_end - text));
    if (escape == NULL) return;
    char c = escape[1]; /* NUL at the end */
    text = escape + 2;
    if (c == '%') {
      luaL_addchar(result, '%');
    } else if (c == '0') {
      luaL_addlstring(result, start, (size_t)(end - start));
    } else if (c >= '1' && c <= '9') {
      push_capture(m, c - '1', start, end);
      luaL_tolstring(m->L, -1, NULL); /* a position is a number */
      lua_remove(m->L, -2);
      luaL_addvalue(result);
    } else {
      luaL_error(m->L, "invalid use of '%%' in replacement string");
    }
  }
}

/* Adds what replaces the match [start, end). @return whether anything was replaced. */
static bool add_replacement(struct dp_match *m, luaL_Buffer *result, const char *start, const char *end, int kind) {
  lua_State *L = m->L;
  if (kind == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    int n = push_captures(m, start, end, true);
    lua_call(L, n, 1);
  } else if (kind == LUA_TTABLE) {
    push_capture(m, 0, start, end);
    lua_gettable(L, 3);
  } else {
    add_string(m, result, start, end);
    return true;
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    luaL_addlstring(result, start, (size_t)(end - start));
    return false;
  }
  if (!lua_isstring(L, -1)) luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  luaL_addvalue(result);
  return true;
}

static int string_gsub(lua_State *L) {
  size_t len, pattern_len;
  const char *subject = luaL_checklstring(L, 1, &len), *pattern = luaL_checklstring(L, 2, &pattern_len);
  int kind = lua_type(L, 3);
  if (kind != LUA_TNUMBER && kind != LUA_TSTRING && kind != LUA_TFUNCTION && kind != LUA_TTABLE)
    return luaL_typeerror(L, 3, "string/function/table");
  lua_Integer limit_n = luaL_optinteger(L, 4, (lua_Integer)len + 1), n = 0;
  bool anchored = *pattern == '^', changed = false;
  struct dp_match m;
  dp_match_init(&m, L, subject, len, pattern, pattern_len);
  if (anchored) pattern++;
  const char *at = subject, *last = NULL;
  luaL_Buffer result;
  luaL_buffinit(L, &result);
  while (n < limit_n) {
    const char *end = dp_match_at(&m, at, pattern);
    if (end != NULL && end != last) {
      n++;
      changed |= add_replacement(&m, &result, at, end, kind);
      at = last = end;
    } else if (at < m.subject_end) {
      luaL_addchar(&result, *at++);
    } else {
      break;
    }
    if (anchored) break;
  }
  luaL_addlstring(&result, at, (size_t)(m.subject_end - at));
  luaL_pushresult(&result);
  if (!changed) {
    lua_pop(L, 1);
    lua_pushvalue(L, 1);
  }
  lua_pushinteger(L, n);
  return 2;
}

const luaL_Reg dp__lua_pattern_functions[] = {
    {"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub}, {NULL, NULL},
};
