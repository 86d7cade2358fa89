/* tests/unit/t_freeze.c — after loading nothing that a policy reaches can change, so that a call cannot depend on the
 * calls before it; reading goes on as before. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "script/call.h"
#include "script/freeze.h"
#include "script/modules.h"
#include "script/sandbox.h"

/* Loads a script that returns { policy } and freezes the policy, which is left on the stack. */
static struct dp_lua *load_policy(const char *script, struct dp_err *err) {
  struct dp_lua *lua = NULL;
  assert_int_equal(dp_lua_new(NULL, &lua, err), DP_OK);
  if (dp_lua_load_buffer(lua, "s.lua", script, strlen(script), err) != DP_OK) fail_msg("%s\n%s", script, err->text);
  lua_rawgeti(dp_lua_state(lua), -1, 1);
  if (dp_lua_freeze(lua, -1, "policy 'p'", err) == DP_OK) dp_lua_seal(lua);
  return lua;
}

/* Calls the policy with x, three times, and wants the same answer each time. */
static void answers(const char *script, double x, const char *expected) {
  struct dp_err err = {0};
  struct dp_lua *lua = load_policy(script, &err);
  if (err.status != DP_OK) fail_msg("%s\n%s", script, err.text);
  lua_State *L = dp_lua_state(lua);
  for (int i = 0; i < 3; i++) {
    lua_pushvalue(L, -1);
    lua_pushnumber(L, x);
    if (dp_lua_call(lua, 1, 1, 0, NULL, &err) != DP_OK) fail_msg("%s\n%s", script, err.text);
    lua_pushvalue(L, -1);
    if (lua_tostring(L, -1) == NULL || strcmp(lua_tostring(L, -1), expected) != 0)
      fail_msg("%s\nexpected %s, got %s", script, expected, lua_tostring(L, -1));
    lua_pop(L, 2);
  }
  dp_lua_free(lua);
}

static void refused(const char *script, const char *expected) {
  struct dp_err err = {0};
  struct dp_lua *lua = load_policy(script, &err);
  if (err.status != DP_SCENARIO || strstr(err.text, expected) == NULL)
    fail_msg("%s\nexpected a refusal with: %s\ngot: %s", script, expected, err.text);
  dp_lua_free(lua);
}

static void call_fails(const char *script, const char *expected) {
  struct dp_err err = {0};
  struct dp_lua *lua = load_policy(script, &err);
  if (err.status != DP_OK) fail_msg("%s\n%s", script, err.text);
  lua_pushnumber(dp_lua_state(lua), 1.0);
  assert_int_equal(dp_lua_call(lua, 1, 1, 0, "policy 'p'", &err), DP_SCENARIO);
  if (strstr(err.text, expected) == NULL) fail_msg("%s\nexpected: %s\ngot: %s", script, expected, err.text);
  dp_lua_free(lua);
}

static void test_a_policy_that_assigns_an_outer_local_is_refused_by_name(void **state) {
  (void)state;
  refused("local count = 0\nreturn {\nfunction(x) count = count + 1 return count end }",
          "s.lua:3: policy 'p': this function assigns 'count'");
  refused("local count = 0 return { function(x) local function f() count = 1 end f() return 1 end }",
          "assigns 'count'");
  refused("local a, b = 0, 0 return { function(x) return (function() return (function() b = 1 end)() end)() end }",
          "assigns 'b'");
  refused("local n = 0 local function helper() n = n + 1 return n end return { function(x) return helper() end }",
          "assigns 'n'");
  refused(
      "local n = 0 local t = { helper = function() n = n + 1 return n end } return { function() return t.helper() end "
      "}",
      "assigns 'n'");
  refused(
      "local n = 0 local o = setmetatable({}, { __index = function() n = n + 1 return n end })\n"
      "return { function() return o.x end }",
      "s.lua:1: policy 'p': this function assigns 'n'");
  refused("local function f(x) f = nil return 1 end return { f }", "assigns 'f'");
}

static void test_iterators_that_keep_a_position_are_refused(void **state) {
  (void)state;
  refused("local it = ('a b'):gmatch('%a') return { function() return it() end }", "iterator of pairs or gmatch");
  refused("local it, t = pairs { 1, 2 } return { function() return it(t) end }", "iterator of pairs or gmatch");
  refused("local t = { it = ('a b'):gmatch('%a') } return { function() return t.it() end }", "iterator");
  answers("local t = { 1, 2, 3 } return { function() local s = 0 for _, v in pairs(t) do s = s + v end return s end }",
          1, "6");
}

static void test_own_locals_and_inner_closures_may_be_assigned(void **state) {
  (void)state;
  answers("return { function(x) local n = 0 local function f() n = n + x end f() f() return n end }", 2, "4.0");
  answers(
      "return { function(x) local n, t = 0, { 3, 1, 2 }\n"
      "table.sort(t, function(a, b) n = n + 1 return a < b end) return n * 100 + t[1] end }",
      1, "301");
  answers("local k = 10 return { function(x) x = x + k local y <const> = x return y end }", 1, "11.0");
  answers("local function fact(n) if n < 2 then return 1 end return n * fact(n - 1) end return { fact }", 5, "120.0");
}

static void test_tables_that_a_policy_reaches_are_read_only(void **state) {
  (void)state;
  call_fails("local t = { n = 0 } return { function() t.n = t.n + 1 return t.n end }", "'n' cannot be assigned");
  call_fails("local t = { n = 0 } return { function() t.new = 1 end }", "'new' cannot be assigned");
  call_fails("local t = { a = { b = { n = 0 } } } return { function() t.a.b.n = 1 end }", "'n' cannot be assigned");
  call_fails("local t = { 1, 2 } return { function() t[#t + 1] = 3 end }", "'3' cannot be assigned");
  call_fails("local t = { 1, 2 } return { function() table.insert(t, 3) end }", "cannot be assigned");
  call_fails("local t = { 1, 2 } return { function() table.remove(t) end }", "cannot be assigned");
  call_fails("local t = { 2, 1 } return { function() table.sort(t) end }", "cannot be assigned");
  call_fails("local t = { 2, 1 } return { function() table.move({ 9 }, 1, 1, 1, t) end }", "cannot be assigned");
  call_fails("local t = {} return { function() setmetatable(t, {}) end }", "protected metatable");
  call_fails("local C = {} C.__index = C local o = setmetatable({}, C) return { function() getmetatable(o).x = 1 end }",
             "'x' cannot be assigned");
  call_fails("local t = { f = function(self) self.n = 1 end } return { function() t:f() end }",
             "'n' cannot be assigned");
  call_fails("local t = { 1 } return { function() for k in pairs(t) do t[k] = nil end end }", "cannot be assigned");
  call_fails(
      "local t = setmetatable({}, { __newindex = function(t, k) rawset(t, k, 1) end }) return { function() t.x = 1 end "
      "}",
      "'x' cannot be assigned");
  call_fails(
      "local t = setmetatable({}, { __index = function(t, k) t.seen = k return k end })\n"
      "return { function() return t.x end }",
      "'seen' cannot be assigned");
  call_fails("local t = { g = _ENV } return { function() t.g.x = 1 end }", "'x' would be a global");
  call_fails("return { function() require 'string' end }", "modules are loaded at the start");
}

static void test_reading_frozen_tables_works_as_before(void **state) {
  (void)state;
  answers(
      "local t = { 5, 6, 7, x = { y = 8 } } return { function() local s = #t\n"
      "for i, v in ipairs(t) do s = s .. ',' .. i .. '=' .. v end for k in pairs(t) do s = s .. ',' .. k end\n"
      "return s .. table.concat(t, '+') .. t.x.y .. select('#', table.unpack(t)) .. tostring(t.none) .. type(t) end }",
      1, "3,1=5,2=6,3=7,1,2,3,x5+6+783niltable");
  answers(
      "local C = {} C.__index = C function C.new(v) return setmetatable({ v = v }, C) end\n"
      "function C:get() return self.v end C.__add = function(a, b) return C.new(a.v + b.v) end\n"
      "local o = C.new(3) return { function(x) local p = C.new(4) p.v = p.v + 1\n"
      "return (o + p):get() .. tostring(getmetatable(o) == C) .. tostring(getmetatable(p) == C) end }",
      1, "8truetrue");
  answers(
      "local B = { hi = function() return 'hi' end } B.__index = B local D = setmetatable({}, B) D.__index = D\n"
      "local o = setmetatable({}, D) return { function() return o.hi() .. setmetatable({}, D).hi() end }",
      1, "hihi");
  answers(
      "local t = setmetatable({ own = 1 }, { __index = function(_, k) return k .. '!' end, __len = function() return 9 "
      "end,\n"
      "__call = function(_, a) return a end, __tostring = function() return 'T' end })\n"
      "return { function() return t.own .. t.other .. #t .. t('c') .. tostring(t) end }",
      1, "1other!9cT");
  answers(
      "local a = {} local b = { a = a, [a] = 'key' } a.b = b return { function()\n"
      "return b[a] .. tostring(b.a == a) .. tostring(a.b.a.b == b) end }",
      1, "keytruetrue");
  answers("local t = { n = 1 } local f = function() return t.n end t.n = 2 return { function() return f() + t.n end }",
          1, "4");
  answers(
      "local l for i = 1, 100000 do l = { next = l } end return { function() return tostring(l.next.next ~= nil) end }",
      1, "true");
  answers("return { function(x) local ok, e = pcall(error, { code = x }) return e.code end }", 7, "7.0");
}

static void test_two_policies_share_their_frozen_tables_and_freezing_twice_is_harmless(void **state) {
  (void)state;
  struct dp_err err = {0};
  struct dp_lua *lua =
      load_policy("local t = { n = 1 } return { function() return t end, function() return t end, t }", &err);
  lua_State *L = dp_lua_state(lua);
  lua_rawgeti(L, 1, 2);
  assert_int_equal(dp_lua_freeze(lua, -1, "policy 'q'", &err), DP_OK);
  assert_int_equal(dp_lua_freeze(lua, -1, "policy 'q'", &err), DP_OK);
  assert_int_equal(dp_lua_call(lua, 0, 1, 0, NULL, &err), DP_OK);
  assert_int_equal(dp_lua_freeze(lua, -1, "a table", &err), DP_OK);
  lua_pushvalue(L, 2);
  assert_int_equal(dp_lua_call(lua, 0, 1, 0, NULL, &err), DP_OK);
  assert_true(lua_rawequal(L, -1, -2));
  lua_rawgeti(L, 1, 3); /* the scenario's own table is untouched: C still reads it */
  assert_false(lua_rawequal(L, -1, -2));
  assert_int_equal(lua_getfield(L, -1, "n"), LUA_TNUMBER);
  lua_pop(L, 1);
  assert_int_equal(dp_lua_freeze(lua, -1, "a table", &err), DP_OK);
  assert_true(lua_rawequal(L, -1, -2));
  dp_lua_free(lua);
}

static int make_view(lua_State *L) {
  lua_newtable(L);
  lua_pushinteger(L, 1);
  lua_setfield(L, -2, "n");
  dp_lua_push_view(L, -1);
  return 2;
}

static void test_a_view_shows_what_c_writes_and_takes_nothing(void **state) {
  (void)state;
  struct dp_err err = {0};
  struct dp_lua *lua = load_policy("return { function(o, keep) if keep then o.kept = 1 end return o.n end }", &err);
  lua_State *L = dp_lua_state(lua);
  int policy = lua_gettop(L);
  assert_int_equal(dp_lua_protect(lua, make_view, NULL, 2, &err), DP_OK);
  for (int i = 5; i < 8; i++) {
    lua_pushinteger(L, i);
    lua_setfield(L, policy + 1, "n");
    lua_pushvalue(L, policy);
    lua_pushvalue(L, policy + 2);
    assert_int_equal(dp_lua_call(lua, 1, 1, 0, NULL, &err), DP_OK);
    assert_int_equal(lua_tointeger(L, -1), i);
    lua_pop(L, 1);
  }
  lua_pushvalue(L, policy);
  lua_pushvalue(L, policy + 2);
  lua_pushboolean(L, 1);
  assert_int_equal(dp_lua_call(lua, 2, 1, 0, NULL, &err), DP_SCENARIO);
  assert_non_null(strstr(err.text, "'kept' cannot be assigned"));
  dp_lua_free(lua);
}

static void test_a_sealed_host_stays_small_over_many_calls(void **state) {
  (void)state;
  struct dp_err err = {0};
  struct dp_lua_limits limits = {.memory_bytes = (size_t)16 << 20};
  struct dp_lua *lua = NULL;
  assert_int_equal(dp_lua_new(&limits, &lua, &err), DP_OK);
  const char *script = "return { function(x) local t = {} for i = 1, 100 do t[i] = { i } end return #t end }";
  assert_int_equal(dp_lua_load_buffer(lua, "s.lua", script, strlen(script), &err), DP_OK);
  dp_lua_seal(lua);
  lua_State *L = dp_lua_state(lua);
  lua_rawgeti(L, -1, 1);
  for (int i = 0; i < 20000; i++) { /* about 160 MB of garbage in all */
    lua_pushvalue(L, -1);
    if (dp_lua_call(lua, 0, 1, 0, NULL, &err) != DP_OK) fail_msg("%s", err.text);
    lua_pop(L, 1);
  }
  assert_true(lua_gc(L, LUA_GCCOUNT) < 12 * 1024);
  dp_lua_free(lua);
}

static void test_memory_that_ends_anywhere_ends_in_an_error(void **state) {
  (void)state;
  const char *script =
      "local t = { a = { 1, 2, 3 }, b = 'x' } local u = setmetatable({}, { __index = t })\n"
      "local s = ('x'):rep(3000):gsub('x', 'yz') table.sort(t.a, function(a, b) return a > b end)\n"
      "for k in pairs(t) do s = s .. k end return { function() return t.b .. u.b .. #s end }";
  size_t done_n = 0, ended_n = 0;
  for (size_t bytes = 1000; bytes < 120000; bytes += 97) {
    struct dp_lua_limits limits = {.memory_bytes = bytes};
    struct dp_lua *lua = NULL;
    struct dp_err err = {0};
    enum dp_status status = dp_lua_new(&limits, &lua, &err);
    if (status == DP_OK) status = dp_lua_load_buffer(lua, "s.lua", script, strlen(script), &err);
    if (status == DP_OK) lua_rawgeti(dp_lua_state(lua), -1, 1);
    if (status == DP_OK) status = dp_lua_freeze(lua, -1, "policy 'p'", &err);
    if (status == DP_OK) status = dp_lua_call(lua, 0, 1, 0, NULL, &err);
    if (status == DP_OK) {
      assert_string_equal(lua_tostring(dp_lua_state(lua), -1), "xx6002");
      done_n++;
    } else {
      if (strstr(err.text, "memory") == NULL) fail_msg("%zu bytes: %s", bytes, err.text);
      ended_n++;
    }
    dp_lua_free(lua);
  }
  assert_true(done_n > 100 && ended_n > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_policy_that_assigns_an_outer_local_is_refused_by_name),
      cmocka_unit_test(test_iterators_that_keep_a_position_are_refused),
      cmocka_unit_test(test_own_locals_and_inner_closures_may_be_assigned),
      cmocka_unit_test(test_tables_that_a_policy_reaches_are_read_only),
      cmocka_unit_test(test_reading_frozen_tables_works_as_before),
      cmocka_unit_test(test_two_policies_share_their_frozen_tables_and_freezing_twice_is_harmless),
      cmocka_unit_test(test_a_view_shows_what_c_writes_and_takes_nothing),
      cmocka_unit_test(test_a_sealed_host_stays_small_over_many_calls),
      cmocka_unit_test(test_memory_that_ends_anywhere_ends_in_an_error),
  };
  return cmocka_run_group_tests_name("freeze", tests, NULL, NULL);
}
