#include "script/formula_args.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "script/bind.h"
#include "script/call.h"

/* ---- groups ---- */

static const struct dp_formula_entry *running(lua_State *L) { return lua_touserdata(L, lua_upvalueindex(1)); }

static int raise(lua_State *L, struct dp_err *err) {
  dp_err_prefix(err, "depin.formula.%s: ", running(L)->name);
  return dp_lua_raise(L, err);
}

static int call_entry(lua_State *L) {
  const struct dp_formula_entry *e = running(L);
  int n = lua_gettop(L);
  if (n < e->arg_min || n > e->arg_max) {
    struct dp_err err = {0};
    dp_fail(&err, DP_SCENARIO, "give (%s), %d value%s, got %d", e->args, e->arg_min, e->arg_min == 1 ? "" : "s", n);
    return raise(L, &err);
  }
  luaL_checkstack(L, 24, NULL);
  return e->fn(L);
}

/* Sets the group that begins at `e` in the table on top. @return the first row of the next group. */
static const struct dp_formula_entry *open_group(lua_State *L, const struct dp_formula_entry *e, lua_CFunction space) {
  size_t len = strcspn(e->name, ".");
  char name[64];
  const struct dp_formula_entry *first = e;
  snprintf(name, sizeof name, "depin.formula.%.*s", (int)len, e->name);
  lua_pushcfunction(L, space);
  lua_pushstring(L, name);
  lua_newtable(L);
  for (; e->name != NULL && strncmp(e->name, first->name, len + 1) == 0; e++) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)e);
    lua_pushcclosure(L, call_entry, 1);
    lua_setfield(L, -2, e->name + len + 1);
  }
  lua_call(L, 2, 1);
  lua_setfield(L, -2, name + strlen("depin.formula."));
  return e;
}

void dp__formula_open_groups(lua_State *L, lua_CFunction space) {
  const struct dp_formula_entry *lists[] = {dp__formulas_ledger, dp__formulas_amm, dp__formulas_finance};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    for (const struct dp_formula_entry *e = lists[i]; e->name != NULL;) e = open_group(L, e, space);
}

/* ---- errors ---- */

/* What was given, for a message. */
static const char *given(lua_State *L, int index, char *buf, size_t size) {
  switch (lua_type(L, index)) {
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) snprintf(buf, size, "%lld", (long long)lua_tointeger(L, index));
      else snprintf(buf, size, "%.15g", lua_tonumber(L, index));
      break;
    case LUA_TSTRING: snprintf(buf, size, "\"%.100s\"", lua_tostring(L, index)); break;
    case LUA_TBOOLEAN: snprintf(buf, size, "%s", lua_toboolean(L, index) ? "true" : "false"); break;
    case LUA_TNIL:
    case LUA_TNONE: snprintf(buf, size, "nothing"); break;
    default: snprintf(buf, size, "a %s", luaL_typename(L, index));
  }
  return buf;
}

void dp__arg_refuse(struct dp_arg a, const char *wanted) {
  struct dp_err err = {0};
  char buf[128];
  dp_fail(&err, DP_SCENARIO, "%s must be %s, got %s", a.what, wanted, given(a.L, a.index, buf, sizeof buf));
  raise(a.L, &err);
  __builtin_unreachable(); /* raise does not return */
}

void dp__formula_try(lua_State *L, enum dp_status status, struct dp_err *err) {
  if (status != DP_OK) raise(L, err);
}

/* ---- where arguments are ---- */

struct dp_arg dp__arg(lua_State *L, int n) {
  struct dp_arg a = {.L = L, .index = n};
  snprintf(a.what, sizeof a.what, "argument %d", n);
  return a;
}

struct dp_arg dp__arg_field(lua_State *L, const char *key) {
  struct dp_arg a = {.L = L};
  lua_getfield(L, 1, key);
  a.index = lua_gettop(L);
  snprintf(a.what, sizeof a.what, "'%.48s'", key);
  return a;
}

struct dp_arg dp__arg_element(lua_State *L, int n, lua_Integer k) {
  struct dp_arg a = {.L = L};
  lua_geti(L, n, k);
  a.index = lua_gettop(L);
  snprintf(a.what, sizeof a.what, "element %lld of argument %d", (long long)k, n);
  return a;
}

size_t dp__arg_list(lua_State *L, int n, size_t min, size_t max) {
  struct dp_arg a = dp__arg(L, n);
  if (!lua_istable(L, n)) dp__arg_refuse(a, "a list { … }");
  lua_Integer len = luaL_len(L, n);
  if (len >= (lua_Integer)min && len <= (lua_Integer)max) return (size_t)len;
  struct dp_err err = {0};
  dp_fail(&err, DP_SCENARIO, "%s must be a list of %zu to %zu values, got %lld", a.what, min, max, (long long)len);
  raise(L, &err);
  return 0;
}

void dp__arg_table(lua_State *L, const char *const *keys) {
  struct dp_err err = {0};
  char where[96];
  size_t n = 0;
  while (keys[n] != NULL) n++;
  if (!lua_istable(L, 1)) dp__arg_refuse(dp__arg(L, 1), "a table { name = value }");
  snprintf(where, sizeof where, "depin.formula.%s", running(L)->name);
  if (dp__bind_check_keys(L, 1, where, "field", keys, n, &err) != DP_OK) dp_lua_raise(L, &err);
}

bool dp__arg_absent(struct dp_arg a) { return lua_isnoneornil(a.L, a.index); }

/* ---- numbers ---- */

/* NaN when it is none; text is none. */
static double number(struct dp_arg a) {
  return lua_type(a.L, a.index) == LUA_TNUMBER ? lua_tonumber(a.L, a.index) : (double)NAN;
}

double dp__arg_number(struct dp_arg a, double min, double max) {
  double x = number(a);
  char wanted[96];
  if (isfinite(x) && x >= min && x <= max) return x;
  if (isinf(min) && isinf(max)) dp__arg_refuse(a, "a number");
  if (isinf(max)) snprintf(wanted, sizeof wanted, "a number of %.15g or more", min);
  else snprintf(wanted, sizeof wanted, "a number in [%.15g, %.15g]", min, max);
  dp__arg_refuse(a, wanted);
}

double dp__arg_above(struct dp_arg a, double min) {
  double x = number(a);
  char wanted[64];
  if (isfinite(x) && x > min) return x;
  snprintf(wanted, sizeof wanted, "a number above %.15g", min);
  dp__arg_refuse(a, wanted);
}

double *dp__arg_numbers(lua_State *L, int n, size_t min, size_t max, size_t *count) {
  size_t len = dp__arg_list(L, n, min, max);
  double *x = lua_newuserdatauv(L, (len + 1) * sizeof *x, 0);
  for (size_t k = 0; k < len; k++) {
    x[k] = dp__arg_number(dp__arg_element(L, n, (lua_Integer)k + 1), -HUGE_VAL, HUGE_VAL);
    lua_pop(L, 1);
  }
  *count = len;
  return x;
}

/* ---- whole numbers ---- */

/* Reads any whole number that has at most 256 bits and no sign, or fits int64. False when it is none. */
static bool whole(struct dp_arg a, struct dp_u256 *size, bool *negative) {
  lua_State *L = a.L;
  *negative = false;
  if (lua_type(L, a.index) == LUA_TSTRING) {
    size_t len;
    const char *text = lua_tolstring(L, a.index, &len);
    *negative = *text == '-';
    return strlen(text) == len && dp_u256_parse(text + *negative, size);
  }
  int is_whole = 0;
  lua_Integer x = lua_type(L, a.index) == LUA_TNUMBER ? lua_tointegerx(L, a.index, &is_whole) : 0;
  *negative = x < 0;
  *size = dp_u256_from_u128(dp_i128_abs(x));
  return is_whole;
}

struct dp_u256 dp__arg_u256(struct dp_arg a) {
  struct dp_u256 x;
  bool negative;
  if (!whole(a, &x, &negative)) dp__arg_refuse(a, "an integer or a decimal string");
  if (negative && !dp_u256_is_zero(x)) dp__arg_refuse(a, "0 or more");
  return x;
}

dp_u128 dp__arg_u128(struct dp_arg a) {
  dp_u128 x;
  if (!dp_u256_to_u128(dp__arg_u256(a), &x)) dp__arg_refuse(a, "below 2^128");
  return x;
}

int64_t dp__arg_int(struct dp_arg a, int64_t min, int64_t max) {
  struct dp_u256 size;
  dp_u128 low;
  bool negative;
  if (!whole(a, &size, &negative)) dp__arg_refuse(a, "an integer or a decimal string");
  if (dp_u256_to_u128(size, &low) && low <= (dp_u128)INT64_MAX + 1) {
    dp_i128 x = negative ? -(dp_i128)low : (dp_i128)low;
    if (x >= min && x <= max) return (int64_t)x;
  }
  char wanted[96];
  if (max < INT64_MAX)
    snprintf(wanted, sizeof wanted, "an integer in [%lld, %lld]", (long long)min, (long long)max);
  else snprintf(wanted, sizeof wanted, "an integer in [%lld, 2^63 - 1]", (long long)min);
  dp__arg_refuse(a, wanted);
}

dp_u128 dp__arg_decimal18(struct dp_arg a) {
  char digits[64];
  size_t n = 0, decimals = 0, len = 0;
  bool point = false, good = lua_type(a.L, a.index) == LUA_TSTRING || lua_isinteger(a.L, a.index);
  const char *text = good ? luaL_tolstring(a.L, a.index, &len) : "";
  for (size_t i = 0; good && i < len; i++) {
    if (text[i] == '.' && !point && n > 0) point = true;
    else if (text[i] >= '0' && text[i] <= '9' && n < 60 && decimals < 18) {
      digits[n++] = text[i];
      decimals += point;
    } else good = false;
  }
  good = good && n > 0 && n + 18 - decimals < sizeof digits && (!point || decimals > 0);
  for (; good && decimals < 18; decimals++) digits[n++] = '0';
  digits[n] = '\0';
  dp_u128 value;
  if (!good || !dp_u128_parse(digits, &value))
    dp__arg_refuse(a, "a decimal string such as \"1.14\", of at most 18 decimals");
  lua_pop(a.L, 1);
  return value;
}

/* ---- results ---- */

int dp__push_number(lua_State *L, double x) {
  if (!isfinite(x)) {
    struct dp_err err = {0};
    dp_fail(&err, DP_RANGE, "the result is not a finite number: an argument is too large or too small");
    raise(L, &err);
  }
  lua_pushnumber(L, x);
  return 1;
}

int dp__push_int(lua_State *L, int64_t x) {
  lua_pushinteger(L, x);
  return 1;
}

int dp__push_u256(lua_State *L, struct dp_u256 x) {
  char text[DP_U256_TEXT];
  lua_pushstring(L, dp_u256_text(x, text));
  return 1;
}

int dp__push_u128(lua_State *L, dp_u128 x) { return dp__push_u256(L, dp_u256_from_u128(x)); }
