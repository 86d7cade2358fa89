/* tests/unit/t_sandbox.c — the Lua sandbox: hostile scripts end in a clean error, the libraries keep Lua's meaning.
 * Stock Lua 5.4 in the same process is the reference where the meaning is the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "script/call.h"
#include "script/sandbox.h"

/* Small, so that each attack ends soon; the defaults differ in size only. */
static const struct dp_lua_limits small = {.memory_bytes = (size_t)16 << 20,
                                           .load_instructions_n = 1000000,
                                           .call_instructions_n = 100000,
                                           .pattern_steps_n = 200000,
                                           .cpu_s = 5.0};

static struct dp_lua *new_host(const struct dp_lua_limits *limits) {
  struct dp_lua *lua = NULL;
  struct dp_err err = {0};
  assert_int_equal(dp_lua_new(limits, &lua, &err), DP_OK);
  return lua;
}

static void fails_within(const char *script, const char *expected, const struct dp_lua_limits *limits) {
  struct dp_lua *lua = new_host(limits);
  struct dp_err err = {0};
  enum dp_status status = dp_lua_load_buffer(lua, "s.lua", script, strlen(script), &err);
  if (status != DP_SCENARIO || strstr(err.text, expected) == NULL || strncmp(err.text, "s.lua:", 6) != 0)
    fail_msg("script: %s\nexpected an error with: %s\ngot status %d: %s", script, expected, (int)status, err.text);
  assert_int_equal(lua_gettop(dp_lua_state(lua)), 0);
  dp_lua_free(lua);
}

static void fails(const char *script, const char *expected) { fails_within(script, expected, &small); }

/* Runs a script that returns { text } and compares the text. */
static void gives(const char *script, const char *expected) {
  struct dp_lua *lua = new_host(&small);
  struct dp_err err = {0};
  if (dp_lua_load_buffer(lua, "s.lua", script, strlen(script), &err) != DP_OK) fail_msg("%s\n%s", script, err.text);
  lua_State *L = dp_lua_state(lua);
  lua_rawgeti(L, -1, 1);
  const char *got = lua_tostring(L, -1);
  if (got == NULL || strcmp(got, expected) != 0) fail_msg("%s\nexpected %s, got %s", script, expected, got);
  dp_lua_free(lua);
}

/* --- limits --- */

static void test_endless_loops_end_even_inside_pcall(void **state) {
  (void)state;
  const char *limit = "more than 1000000 instructions";
  fails("while true do end", limit);
  fails("pcall(function() while true do end end) return {}", limit);
  fails("while true do pcall(function() while true do end end) end", limit);
  fails("while true do xpcall(function() while true do end end, function(e) while true do end end) end", limit);
  fails("local function f() return f() end f()", limit);
  fails("::top:: goto top", limit);
  fails("for i = 1, math.huge do pcall(error) end", limit);
  fails(
      "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) pcall(function() return t[1] end)\n"
      "while true do end",
      limit);
  fails("\n\nwhile true do end", "s.lua:3: more than");
  fails("repeat local ok = pcall(string.rep, 'x', 1) until false", limit);
}

static void test_memory_is_bounded_and_pcall_does_not_hide_it(void **state) {
  (void)state;
  const char *limit = "not enough memory: the script may use 16 MiB";
  fails("local t = {} for i = 1, 1e9 do t[i] = { i } end", limit);
  fails("local s = 'x' while true do s = s .. s end", limit);
  fails("\nlocal s = 'x' pcall(function() while true do s = s .. s end end) return {}", "s.lua:2: not enough memory");
  fails("local s = ('x'):rep(1e6) local t = {} for i = 1, 100 do t[i] = s end return { table.concat(t) }", limit);
  fails("return { string.pack('c2147483647', '') }", limit);
  fails("return { (('x'):rep(1e7)):gsub('x', 'yyyy') }", "");
}

static void test_library_loops_in_c_are_paid_for_before_they_run(void **state) {
  (void)state;
  const char *limit = "more than 1000000 instructions";
  gives("return { #(''):rep(1e18 // 1 | 0) }", "0");
  fails("return { ('x'):rep(1e10) }", "resulting string too large");
  fails("return { ('x'):rep(1 << 62, 'yy') }", "resulting string too large");
  fails("return { ('x'):rep(math.maxinteger) }", "resulting string too large");
  fails("table.move({}, 1, 1 << 53, 2)", limit);
  fails("table.move({}, 1, 1 << 53, 2, {})", limit);
  fails("pcall(table.move, {}, 1, 1 << 53, 2) return {}", limit);
  fails("table.remove(setmetatable({}, { __len = function() return 1 << 53 end }), 1)", limit);
  fails("table.insert(setmetatable({}, { __len = function() return 1 << 53 end }), 1, 1)", limit);
  fails("table.concat(setmetatable({}, { __index = tostring, __len = function() return 1 << 53 end }))", limit);
  fails("table.concat(setmetatable({}, { __index = function() return '' end }), '', 1, 1 << 53)", limit);
  fails("table.sort(setmetatable({}, { __len = function() return 1 << 30 end }))", limit);
  fails("table.sort(setmetatable({}, { __len = function() return 1 << 53 end }))", "array too big");
  fails("return { table.unpack({}, 1, 1 << 40) }", "too many results to unpack");
  fails("local t = {} for k = 0, 61 do t[1 << k] = 1 end table.insert(t, 1, 1) while true do end", limit);
}

static void test_exponential_patterns_are_too_costly(void **state) {
  (void)state;
  const char *costly = "pattern too costly (more than 200000 steps)";
  fails("local n = 30 return { (('a'):rep(n)):match(('a?'):rep(n) .. ('a'):rep(n) .. 'b') }", costly);
  fails("return { (('a'):rep(1000)):find(('.-'):rep(20) .. 'b') }", costly);
  fails("return { (('a'):rep(1000)):gsub(('.-'):rep(20) .. 'b', '') }", costly);
  fails("for m in (('a'):rep(1000)):gmatch(('a*'):rep(10) .. 'b') do end", costly);
  fails("return { (('('):rep(1e6)):find('%b()') }", costly);
  fails("while true do pcall(string.match, ('a'):rep(30), ('a?'):rep(30) .. ('a'):rep(30) .. 'b') end",
        "more than 1000000 instructions");
  gives("return { tostring(pcall(string.match, ('a'):rep(99), ('.-'):rep(20) .. 'b')) }", "false");
  fails("return { (('a'):rep(300)):match(('(a'):rep(300)) }", "too many captures");
  fails("return { (('a'):rep(1000)):match(('a?'):rep(1000)) }", "pattern too complex");
}

static void test_cpu_time_bounds_what_instructions_do_not_see(void **state) {
  (void)state;
  struct dp_lua_limits limits = small;
  limits.memory_bytes = (size_t)256 << 20;
  limits.load_instructions_n = INT64_C(1000000000000);
  limits.cpu_s = 0.02;
  fails_within("while true do end", "more than 0.02 s of CPU time", &limits);
  fails_within("while true do pcall(function() while true do end end) end", "more than 0.02 s of CPU time", &limits);
  fails_within("local a = ('x'):rep(20000000) while true do local b = a .. 'y' end", "more than 0.02 s of CPU time",
               &limits);
}

static void test_each_call_has_its_own_budget_and_clock_and_hosts_are_apart(void **state) {
  (void)state;
  struct dp_lua *lua = new_host(&small), *other = new_host(&small);
  struct dp_err err = {0};
  const char *text = "return { function(n) local s = 0 for i = 1, n do s = s + 1 end return s end }";
  assert_int_equal(dp_lua_load_buffer(lua, "s.lua", text, strlen(text), &err), DP_OK);
  assert_int_equal(dp_lua_load_buffer(other, "o.lua", text, strlen(text), &err), DP_OK);
  lua_State *L = dp_lua_state(lua);
  for (int i = 0; i < 50; i++) {
    err = (struct dp_err){0};
    lua_rawgeti(L, 1, 1);
    lua_pushinteger(L, i % 2 == 0 ? 20000 : 1000000);
    enum dp_status status = dp_lua_call(lua, 1, 1, 0, "policy 'p'", &err);
    assert_int_equal(status, i % 2 == 0 ? DP_OK : DP_SCENARIO);
    if (status != DP_OK) {
      assert_string_equal(err.text,
                          "s.lua:1: more than 100000 instructions in one call (an endless loop?) (in policy 'p')");
    } else {
      lua_pop(L, 1);
    }
    assert_int_equal(lua_gettop(L), 1);
  }
  dp_lua_free(lua);
  L = dp_lua_state(other);
  lua_rawgeti(L, 1, 1);
  lua_pushinteger(L, 10);
  assert_int_equal(dp_lua_call(other, 1, 1, 0, NULL, &err), DP_OK);
  dp_lua_free(other);
}

/* --- errors --- */

static void test_errors_of_any_kind_become_one_message_with_a_place(void **state) {
  (void)state;
  fails("error { code = 1 }", "error with a table instead of a message");
  fails("error(setmetatable({}, { __tostring = function() return 'told' end }))", "s.lua:1: told");
  fails("error(setmetatable({}, { __tostring = function() error 'again' end }))", "");
  fails("error(setmetatable({}, { __tostring = function() return {} end }))", "");
  fails("error(nil)", "error without a message (nil)");
  fails("error()", "error without a message (nil)");
  fails("error(42)", "42");
  fails("error('no place', 0)", "no place");
  fails("error(function() end)", "error with a function instead of a message");
  fails("\nlocal x = nil + 1", "s.lua:2: attempt to perform arithmetic on a nil value");
  fails("local t = {", "s.lua:1: unexpected symbol");
  fails("return 42", "must return a table, not number");
  fails("local x", "must return a table, not nil");
  struct dp_lua_limits roomy = small;
  roomy.memory_bytes = (size_t)256 << 20;
  roomy.load_instructions_n = 10000000;
  fails_within("local function f() return 1 + f() end f()", "stack overflow", &roomy);
  fails_within("local function f() return 1 + f() end pcall(f) error('after')", "after", &roomy);
  fails("local function f() return pcall(f) end while true do f() end", "");
  fails("local s = 'return ' .. ('('):rep(1000) local t = setmetatable({}, {__index = s}) return t[1] + 1", "");
  fails("xpcall(error, function(e) error(e) end) error('after')", "after");
  fails("local t = setmetatable({}, {}) getmetatable(t).__index = t return t.x", "loop");
}

static void test_a_message_keeps_a_path_longer_than_lua_shows(void **state) {
  (void)state;
  struct dp_lua *lua = new_host(&small);
  struct dp_err err = {0};
  const char *path = "a/very/long/path/to/some/folder/that/goes/on/and/on/for/more/than/sixty/bytes/scenario.lua";
  assert_int_equal(dp_lua_load_buffer(lua, path, "error 'here'", 12, &err), DP_SCENARIO);
  char expected[256];
  snprintf(expected, sizeof expected, "%s:1: here", path);
  assert_string_equal(err.text, expected);
  dp_lua_free(lua);
}

/* --- what is not there --- */

static void test_what_reaches_outside_is_not_available(void **state) {
  (void)state;
  fails("os.execute('true')", "'os' is not available");
  fails("io.open('/etc/passwd')", "'io' is not available");
  fails("debug.getregistry()", "'debug' is not available");
  fails("load('return 1')", "'load' is not available");
  fails("dofile('x')", "'dofile' is not available");
  fails("collectgarbage('count')", "'collectgarbage' is not available");
  fails("coroutine.wrap(function() while true do end end)()", "'coroutine' is not available");
  fails("next({})", "'next' is not available in a scenario: use pairs");
  fails("return { _G }", "'_G' is not available");
  fails("return { string.dump(function() end) }", "attempt to call a nil value (field 'dump')");
  fails("math.randomseed(1)", "randomseed");
  fails("setmetatable({}, { __gc = function() while true do end end })", "'__gc' is not allowed");
  fails("setmetatable({}, { __mode = 'k' })", "'__mode' is not allowed");
  fails("setmetatable({}, setmetatable({}, {__index = function() error('asked') end}))[1] = nil error('end')", "end");
  gives("return { tostring(getmetatable('')) }", "string");
  fails("getmetatable('').__index = nil", "");
  fails("setmetatable(string, {})", "protected metatable");
}

static void test_globals_are_strict_and_libraries_read_only(void **state) {
  (void)state;
  fails("local x = mth.floor(1)", "unknown name 'mth' (did you mean 'math'?)");
  fails("return { zzz }", "unknown name 'zzz' (a variable is declared with 'local')");
  fails("count = 1", "'count' would be a global: write 'local count'");
  fails("function f() end", "'f' would be a global");
  fails("print = nil", "'print' would be a global");
  fails("math.pi = 3", "'pi' cannot be assigned: this table is read-only");
  fails("string.rep = nil", "'rep' cannot be assigned");
  fails("table.insert(math, 1)", "cannot be assigned");
  fails("_ENV[1] = 2", "a global name is a string");
  fails("_ENV.x = 2", "'x' would be a global");
  gives("local function f(_ENV) return x end return { f { x = 'own' } }", "own");
}

/* --- same bits everywhere --- */

static void test_pairs_walks_numbers_then_text_in_order(void **state) {
  (void)state;
  gives(
      "local t, o = {}, {} for _, k in ipairs { 'b', 3, 'a', -1, 2.5, 'aa', 1, 2^53, -2^70, 'B', 0 } do t[k] = true "
      "end\n"
      "for k in pairs(t) do o[#o + 1] = tostring(k) end return { table.concat(o, ' ') }",
      "-1.1805916207174e+21 -1 0 1 2.5 3 9007199254740992 B a aa b");
  gives(
      "local t, o = { 1, 2, 3, x = 4 }, {} for k, v in pairs(t) do t[k] = nil o[#o + 1] = v end\n"
      "return { table.concat(o, ' ') .. tostring(#t) }",
      "1 2 3 40");
  gives("local t, o = { a = 1, b = 2, c = 3 }, '' for k in pairs(t) do o = o .. k t.b = nil end return { o }", "ac");
  gives(
      "local t = setmetatable({}, { __pairs = function() return function(_, k) if not k then return 1 end end end })\n"
      "local n = 0 for k in pairs(t) do n = n + k end return { tostring(n) }",
      "1");
  fails("for k in pairs { [true] = 1 } do end", "pairs: a key is a boolean");
  fails("for k in pairs { [{}] = 1 } do end", "pairs: a key is a table");
  fails("for k in pairs(nil) do end", "bad argument #1 to 'pairs' (table expected, got nil)");
}

static void test_sort_is_stable_and_survives_any_comparator(void **state) {
  (void)state;
  gives(
      "local t = {} for i = 1, 2000 do t[i] = { k = i * 7919 % 13, i = i } end\n"
      "table.sort(t, function(a, b) return a.k < b.k end)\n"
      "for i = 2, #t do local a, b = t[i - 1], t[i]\n"
      "  if a.k > b.k or a.k == b.k and a.i > b.i then return { 'unstable at ' .. i } end end return { 'stable' }",
      "stable");
  gives("local t = { 3, 1, 2, 10, -1, 2.5 } table.sort(t) return { table.concat(t, ' ') }", "-1 1 2 2.5 3 10");
  gives("local t = { 'b', 'a', 'C' } table.sort(t) return { table.concat(t) }", "Cab");
  gives("local t = {} for i = 1, 500 do t[i] = i end table.sort(t, function() return true end) return { tostring(#t) }",
        "500");
  fails("table.sort({ 1, 'x' })", "attempt to compare");
  fails("table.sort({ 2, 1 }, function() error('mine') end)", "mine");
  fails("table.sort({ 2, 1 }, function() while true do end end)", "more than 1000000 instructions");
  gives("local t = { 1 } table.sort(t) table.sort({}) return { tostring(t[1]) }", "1");
}

static void test_no_address_is_ever_shown(void **state) {
  (void)state;
  gives("return { tostring({}) .. tostring(print) .. tostring(function() end) }", "tablefunctionfunction");
  gives("return { ('%s %10s %-9s| %d %5.1f %q'):format({}, print, true, 3, 2.25, 'x') }",
        "table   function true     | 3   2.2 \"x\"");
  gives("return { tostring(setmetatable({}, { __name = 'thing' })) }", "thing");
  gives("return { ('%s'):format(setmetatable({}, { __tostring = function() return 'me' end })) }", "me");
  fails("return { ('%p'):format({}) }", "'%p' is not allowed");
  fails("return { ('%10p'):format('x') }", "'%p' is not allowed");
  fails("return { ('%d'):format({}) }", "bad argument #1 to 'format' (number expected, got table)");
  gives("return { ('%5s%%|%s'):format(12, nil) }", "   12%|nil");
  fails("return { ('%s'):format() }", "bad argument #1 to 'format'");
}

static uint64_t count_up(void *ud) { return ++*(uint64_t *)ud << 32; }

static void collect_print(void *ud, const char *text, size_t len) {
  char *all = ud;
  strncat(all, text, len);
  strcat(all, "|");
}

static void test_random_and_print_go_through_the_caller(void **state) {
  (void)state;
  fails("math.random()", "no stream");
  struct dp_lua *lua = new_host(NULL);
  struct dp_err err = {0};
  uint64_t n = 0;
  char printed[256] = "";
  dp_lua_set_random(lua, count_up, &n);
  dp_lua_set_print(lua, collect_print, printed);
  const char *text =
      "print(math.random() == 2^-32, {}, nil) print() print(math.random(6) <= 6, math.random(5, 5))\n"
      "print(math.random(0) ~= math.random(0), math.type(math.random(math.mininteger, math.maxinteger)))\n"
      "print(pcall(math.random, 2, 1)) return {}";
  if (dp_lua_load_buffer(lua, "s.lua", text, strlen(text), &err) != DP_OK) fail_msg("%s", err.text);
  assert_string_equal(printed,
                      "true\ttable\tnil||true\t5|true\tinteger|"
                      "false\tbad argument #2 to '?' (interval is empty)|");
  dp_lua_free(lua);
}

/* --- the library functions written anew mean what stock Lua's mean --- */

static const char *const equal_to_stock[] = {
    "('hello world'):find('o w')",
    "('hello'):find('l', 1, true)",
    "('hello'):find('xyz')",
    "('hello'):find('', 10)",
    "('hello'):find('', 6)",
    "('a.b'):find('.', 2, true)",
    "('hello'):find('(l)(l)')",
    "('hello'):find('l+', -2)",
    "('key = value'):match('^(%w+)%s*=%s*(%w+)$')",
    "('x'):match('()')",
    "('2024-04-15'):match('(%d+)-(%d+)-(%d+)')",
    "('THE (quick) fox'):find('%((%a+)%)')",
    "('f(a(b)c)d'):match('%b()')",
    "('THE (quick) fox'):gsub('%f[%a]%a+', 'w')",
    "('abc'):gsub('', '-')",
    "('abc'):gsub('%w', '%0%0')",
    "('abc'):gsub('(b)(c)', '%2%1')",
    "('abc'):gsub('b', '%%')",
    "('hello world'):gsub('o', 'x', 1)",
    "('$name is $age'):gsub('%$(%w+)', { name = 'N', age = 3 })",
    "('abc'):gsub('.', function(c) if c == 'b' then return 'B' end end)",
    "('abc'):gsub('^a', 'x')",
    "('aaa'):gsub('^a', 'x')",
    "('  trim  '):match('^%s*(.-)%s*$')",
    "('abcabc'):match('(abc)%1')",
    "('a,b,,c'):gsub(',', ';')",
    "('x^y'):find('^', 1, true)",
    "('[]]'):match('[]]+')",
    "('a-b'):match('[a%-]+')",
    "('aZ9_'):match('[%w_]+')",
    "('abc'):match('[^b]+')",
    "('a\\0b'):find('%z')",
    "('a\\0b'):match('a%zb') ~= nil",
    "('abc'):find('b', -10)",
    "('abc'):match('.-b')",
    "('aab'):match('a-b')",
    "('aXb'):gsub('%u', '%%%0')",
    "('abc'):sub(-2)",
    "('x'):rep(3, ',')",
    "('x'):rep(0)",
    "('x'):rep(-1)",
    "(''):rep(3, 'ab')",
    "('ab'):rep(1, 'z')",
    "('abc'):gsub('(a)(b)(c)', '%3%2%1%0')",
    "('hello'):gsub('', '.', 3)",
    "('áé'):gsub('[\\128-\\255]+', '?')",
    "('a b c'):gsub('%s+', '')",
    "('abc'):match('((a)(b))')",
    "('abc'):match('()b()')",
    "('abc'):gsub('b', false)",
    "('abc'):gsub('b', 5)",
    "('abc'):match('%')",
    "('abc'):match('[a')",
    "('abc'):match('(a')",
    "('abc'):match('a)')",
    "('abc'):match('%1')",
    "('abc'):gsub('a', '%2')",
    "('abc'):gsub('a', '%x')",
    "('abc'):match('%f')",
    "('abc'):match('%b')",
    "('abc'):match('[a%')",
    "('a]b'):match('[^]]+')",
    "('a^b'):match('[a^]+')",
    "('x-z'):match('[+--]')",
    "('abc'):gsub('a', function() return {} end)",
    "('abc'):find('[b-]')",
    "('k=v, a=b'):gsub('(%w+)=(%w+)', '%2=%1')",
    "('abc'):find('b', 3)",
    "('abc'):gmatch('b', -1)()",
    "('one two'):gmatch('%a+')()",
    "('abc'):gmatch('()')()",
    "table.concat({ 1, 2, 3 }, ', ')",
    "table.concat({ 1, 'x', 2.5 }, '-', 2, 3)",
    "table.concat({}, 'x')",
    "table.concat({ 1, {} })",
    "table.concat({ 1 }, '', 1, 2)",
    "table.concat({ 1, 2, 3 }, ',', 3, 2)",
    "table.concat(table.move({ 1, 2, 3, 4 }, 2, 4, 1), ' ')",
    "table.concat(table.move({ 1, 2, 3, 4 }, 1, 3, 2), ' ')",
    "table.concat(table.move({ 1, 2, 3 }, 1, 3, 2, { 9 }), ' ')",
    "table.move({}, math.mininteger, 0, 1)",
    "table.move({}, 1, math.maxinteger, 2)",
    "table.remove({})",
    "table.remove({}, 0)",
    "table.remove({ 1, 2, 3 })",
    "table.remove({ 1, 2, 3 }, 1)",
    "table.remove({ 1, 2, 3 }, 4)",
    "(pcall(table.remove, { 1, 2, 3 }, 5))",
    "(pcall(table.remove, { 1, 2 }, 0))",
    "table.insert({}, 5, 1)",
    "table.insert({})",
    "table.insert({}, 1, 2, 3)",
    "table.insert(nil, 1)",
    "(function() local t = { 1, 3 } table.insert(t, 2, 2) table.insert(t, 4) return table.concat(t, ' ') end)()",
    "(function() local t = { 1, 2, 3 } local r = table.remove(t, 1) return r .. table.concat(t, ' ') end)()",
    "select('#', table.unpack({}, 1, 3))",
    "pcall(error, 'x')",
    "pcall(error)",
    "select('#', pcall(error))",
    "(pcall(pcall))",
    "xpcall(function(...) return select('#', ...), ... end, print, 1, nil, 3)",
    "xpcall(error, function(m) return m .. '!' end, 'x')",
    "select(2, xpcall(error, string.upper, 'x'))",
    "pcall(function() return 1, 2 end)",
    "tostring(12), tostring(-0.0), tostring(nil)",
    "tostring(1e15), tostring(2^63), 1e100",
    "getmetatable({})",
    "setmetatable({}, nil) ~= nil",
    "setmetatable({}, 1)",
    "setmetatable(1, {})",
    "('%5.2f|%x|%c|%i|%g'):format(3.14159, 255, 65, 7, 1e20)",
    "('%q'):format('a\\nb')",
    "('%y'):format(1)",
    "('%'):format()",
};

static void describe(lua_State *L, int first, char *text, size_t size) {
  text[0] = '\0';
  for (int i = first; i <= lua_gettop(L); i++) {
    size_t used = strlen(text);
    if (lua_type(L, i) == LUA_TSTRING || lua_type(L, i) == LUA_TNUMBER) {
      lua_pushvalue(L, i);
      snprintf(text + used, size - used, "%s;", lua_tostring(L, -1));
      lua_pop(L, 1);
    } else {
      snprintf(text + used, size - used, "%s;",
               lua_isboolean(L, i) ? (lua_toboolean(L, i) ? "true" : "false") : luaL_typename(L, i));
    }
  }
}

static void test_string_and_table_functions_equal_stock_lua(void **state) {
  (void)state;
  lua_State *stock = luaL_newstate();
  luaL_openlibs(stock);
  struct dp_lua *lua = new_host(NULL);
  lua_State *L = dp_lua_state(lua);
  for (size_t i = 0; i < sizeof equal_to_stock / sizeof equal_to_stock[0]; i++) {
    char script[512], ours[1024], theirs[1024];
    snprintf(script, sizeof script, "return { pcall(function() return %s end) }", equal_to_stock[i]);
    struct dp_err err = {0};
    if (dp_lua_load_buffer(lua, "s.lua", script, strlen(script), &err) != DP_OK) fail_msg("%s: %s", script, err.text);
    assert_int_equal(luaL_loadbuffer(stock, script, strlen(script), "@s.lua"), LUA_OK);
    assert_int_equal(lua_pcall(stock, 0, 1, 0), LUA_OK);
    lua_State *both[2] = {L, stock};
    for (int k = 0; k < 2; k++) {
      for (lua_Integer j = 1; j <= 8; j++) lua_rawgeti(both[k], 1, j);
      describe(both[k], 2, k == 0 ? ours : theirs, sizeof ours);
      lua_settop(both[k], 0);
    }
    if (strcmp(ours, theirs) != 0) fail_msg("%s\nours:  %s\nstock: %s", equal_to_stock[i], ours, theirs);
  }
  lua_close(stock);
  dp_lua_free(lua);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_endless_loops_end_even_inside_pcall),
      cmocka_unit_test(test_memory_is_bounded_and_pcall_does_not_hide_it),
      cmocka_unit_test(test_library_loops_in_c_are_paid_for_before_they_run),
      cmocka_unit_test(test_exponential_patterns_are_too_costly),
      cmocka_unit_test(test_cpu_time_bounds_what_instructions_do_not_see),
      cmocka_unit_test(test_each_call_has_its_own_budget_and_clock_and_hosts_are_apart),
      cmocka_unit_test(test_errors_of_any_kind_become_one_message_with_a_place),
      cmocka_unit_test(test_a_message_keeps_a_path_longer_than_lua_shows),
      cmocka_unit_test(test_what_reaches_outside_is_not_available),
      cmocka_unit_test(test_globals_are_strict_and_libraries_read_only),
      cmocka_unit_test(test_pairs_walks_numbers_then_text_in_order),
      cmocka_unit_test(test_sort_is_stable_and_survives_any_comparator),
      cmocka_unit_test(test_no_address_is_ever_shown),
      cmocka_unit_test(test_random_and_print_go_through_the_caller),
      cmocka_unit_test(test_string_and_table_functions_equal_stock_lua),
  };
  return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
