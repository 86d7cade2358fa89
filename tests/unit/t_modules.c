/* tests/unit/t_modules.c — loading scenarios and modules, and which files a scenario may read. Works in a folder of its
 * own below the temporary folder. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "script/call.h"
#include "script/freeze.h"
#include "script/modules.h"
#include "script/sandbox.h"

static void write_file(const char *path, const void *bytes, size_t len) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, len, file), len);
  assert_int_equal(fclose(file), 0);
}

static void write_text(const char *path, const char *text) { write_file(path, text, strlen(text)); }

static int enter_folder(void **state) {
  char *dir = strdup("/tmp/dp-modules-XXXXXX");
  *state = dir;
  if (mkdtemp(dir) == NULL || chdir(dir) != 0) return -1;
  mkdir("work", 0700);
  mkdir("work/sub", 0700);
  mkdir("data", 0700);
  mkdir("work-other", 0700);
  write_text("secret.lua", "return { 'secret' }");
  write_text("secret.csv", "1,2\n");
  write_text("work-other/x.csv", "1\n");
  write_text("work/a.csv", "1\n");
  write_text("data/b.csv", "1\n");
  write_text("work/good.lua", "return { require 'mine' .. require 'sub.deep' }");
  write_text("work/mine.lua", "return 'mine'");
  write_text("work/sub/deep.lua", "local name = ... return name");
  write_text("data/shared.lua", "return { n = 1 }");
  return symlink("../secret.lua", "work/link.lua") || symlink("../secret.csv", "work/link.csv");
}

static int leave_folder(void **state) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
  free(*state);
  return chdir("/") != 0 || system(command) != 0;
}

static struct dp_lua *new_host(void) {
  struct dp_lua *lua = NULL;
  struct dp_err err = {0};
  assert_int_equal(dp_lua_new(NULL, &lua, &err), DP_OK);
  return lua;
}

/* Loads work/t.lua holding `text` and wants this status and message. */
static void loading(const char *text, enum dp_status status, const char *expected) {
  struct dp_lua *lua = new_host();
  struct dp_err err = {0};
  write_text("work/t.lua", text);
  assert_int_equal(dp_lua_add_data_dir(lua, "data", &err), DP_OK);
  enum dp_status got = dp_lua_load_file(lua, "work/t.lua", &err);
  if (got != status || strstr(err.text, expected) == NULL)
    fail_msg("%s\nexpected status %d: %s\ngot %d: %s", text, (int)status, expected, (int)got, err.text);
  assert_int_equal(lua_gettop(dp_lua_state(lua)), status == DP_OK ? 1 : 0);
  dp_lua_free(lua);
}

static void test_a_scenario_may_require_modules_beside_it_and_in_data_folders(void **state) {
  (void)state;
  loading("return { require 'mine', require 'sub.deep' }", DP_OK, "");
  loading("assert(require 'shared' == require 'shared') assert(require('shared').n == 1) return {}", DP_OK, "");
  loading("\xEF\xBB\xBFreturn {}", DP_OK, "");
  loading("#!/usr/bin/depinsim\nerror 'second line'", DP_SCENARIO, "work/t.lua:2: second line");
  loading("local ok, e = pcall(require, 'none') assert(not ok and e:find('no module')) return {}", DP_OK, "");
}

static void test_require_reaches_nothing_outside(void **state) {
  (void)state;
  loading("require '../secret'", DP_SCENARIO, "work/t.lua:1: require: '../secret' is no module name");
  loading("require '..secret'", DP_SCENARIO, "is no module name");
  loading("require '/etc/passwd'", DP_SCENARIO, "is no module name");
  loading("require ''", DP_SCENARIO, "is no module name");
  loading("require 'mine.'", DP_SCENARIO, "is no module name");
  loading("\nrequire 'link'", DP_SCENARIO, "work/t.lua:2: require: link.lua leads out of the scenario's folder");
  loading("require 'secret'", DP_SCENARIO, "there is no module 'secret'");
  loading("require 'nmne'", DP_SCENARIO,
          "there is no module 'nmne' in the program, nor nmne.lua in the scenario's folder");
}

static void test_broken_modules_are_named(void **state) {
  (void)state;
  write_text("work/broken.lua", "\nlocal x = = 1");
  write_text("work/raises.lua", "\n\nerror 'inside'");
  write_text("work/loop.lua", "return require 'loop'");
  write_text("work/empty.lua", " \n");
  write_file("work/code.lua", "\x1bLuaT", 5);
  loading("require 'broken'", DP_SCENARIO, "work/broken.lua:2: unexpected symbol");
  loading("require 'raises'", DP_SCENARIO, "work/raises.lua:3: inside");
  loading("require 'loop'", DP_SCENARIO, "work/loop.lua:1: require: module 'loop' needs itself");
  loading("require 'empty'", DP_FORMAT, "work/t.lua:1: work/empty.lua: is empty");
  loading("require 'code'", DP_FORMAT, "work/code.lua: is Lua bytecode");
}

static void test_a_file_that_is_no_scenario_is_refused_by_kind(void **state) {
  (void)state;
  static const struct {
    const char *path;
    enum dp_status status;
    const char *message;
  } cases[] = {
      {"work/none.lua", DP_IO, "work/none.lua: cannot be opened: No such file"},
      {"work", DP_IO, "work: is a folder, not a Lua file"},
      {"/dev/null", DP_IO, "is not a regular file"},
      {"work/pipe", DP_IO, "work/pipe: is not a regular file"},
      {"work/zero.lua", DP_FORMAT, "work/zero.lua: is empty"},
      {"work/blank.lua", DP_FORMAT, "work/blank.lua: is empty"},
      {"work/binary.lua", DP_FORMAT, "work/binary.lua: is a binary file"},
      {"work/luac.lua", DP_FORMAT, "work/luac.lua: is Lua bytecode"},
      {"work/huge.lua", DP_FORMAT, "work/huge.lua: is too large"},
      {"work/syntax.lua", DP_SCENARIO, "work/syntax.lua:2: "},
  };
  write_text("work/zero.lua", "");
  write_text("work/blank.lua", "  \n\t\n");
  write_file("work/binary.lua", "\x89HDF\r\n\x1a\n\0\0", 10);
  write_file("work/luac.lua", "\x1bLuaT\0\x19\x93", 8);
  write_text("work/syntax.lua", "return {\n");
  write_text("work/huge.lua", "return {}");
  assert_int_equal(truncate("work/huge.lua", 17 << 20), 0);
  assert_int_equal(mkfifo("work/pipe", 0600), 0);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct dp_lua *lua = new_host();
    struct dp_err err = {0};
    enum dp_status got = dp_lua_load_file(lua, cases[i].path, &err);
    if (got != cases[i].status || strstr(err.text, cases[i].message) == NULL)
      fail_msg("%s: expected %d: %s\ngot %d: %s", cases[i].path, (int)cases[i].status, cases[i].message, (int)got,
               err.text);
    dp_lua_free(lua);
  }
}

static void test_what_was_read_is_recorded_and_loads_again_without_files(void **state) {
  (void)state;
  struct dp_lua *lua = new_host(), *other = new_host();
  struct dp_err err = {0};
  assert_int_equal(dp_lua_load_file(lua, "work/good.lua", &err), DP_OK);
  const struct dp_lua_source *sources;
  assert_int_equal(dp_lua_sources(lua, &sources), 3);
  assert_string_equal(sources[0].name, "");
  assert_string_equal(sources[0].path, "work/good.lua");
  assert_string_equal(sources[1].name, "mine");
  assert_string_equal(sources[1].path, "work/mine.lua");
  assert_string_equal(sources[2].bytes, "local name = ... return name");
  assert_true(sources[2].hash == dp_hash64(sources[2].bytes, sources[2].len, 0));
  for (size_t i = 1; i < 3; i++)
    assert_int_equal(dp_lua_provide(other, sources[i].name, sources[i].path, sources[i].bytes, sources[i].len, &err),
                     DP_OK);
  assert_int_equal(chdir("/"), 0); /* another machine */
  assert_int_equal(dp_lua_load_buffer(other, sources[0].path, sources[0].bytes, sources[0].len, &err), DP_OK);
  assert_int_equal(chdir(*state), 0);
  lua_rawgeti(dp_lua_state(other), -1, 1);
  assert_string_equal(lua_tostring(dp_lua_state(other), -1), "minesub.deep");
  dp_lua_free(lua);
  dp_lua_free(other);
}

static int failing_binding(lua_State *L) {
  struct dp_err err = {0};
  dp_fail(&err, DP_IO, "trace: there is no file x");
  return dp_lua_raise(L, &err);
}

static int open_core(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, failing_binding);
  lua_setfield(L, -2, "fail");
  return 1;
}

static void test_c_modules_can_raise_a_status_of_their_own(void **state) {
  (void)state;
  struct dp_lua *lua = new_host();
  struct dp_err err = {0};
  assert_int_equal(dp_lua_register(lua, "t.core", open_core, &err), DP_OK);
  const char *library = "local core = require 't.core' return function() core.fail() return 1 end";
  assert_int_equal(dp_lua_provide(lua, "t.library", "=[t.library]", library, strlen(library), &err), DP_OK);
  write_text("work/t.lua", "local f = require 't.library'\nlocal ok = pcall(f) assert(not ok)\n\nf()");
  assert_int_equal(dp_lua_load_file(lua, "work/t.lua", &err), DP_IO);
  assert_string_equal(err.text, "work/t.lua:4: trace: there is no file x");
  err = (struct dp_err){0};
  write_text("work/t.lua", "local f = require 't.library'\nlocal ok = pcall(f) error 'another'");
  assert_int_equal(dp_lua_load_file(lua, "work/t.lua", &err), DP_SCENARIO);
  assert_string_equal(err.text, "work/t.lua:2: another");
  dp_lua_free(lua);
}

static void resolves(struct dp_lua *lua, const char *path, const char *expected) {
  struct dp_err err = {0};
  char *out = NULL;
  if (dp_lua_resolve_path(lua, path, "trace", &out, &err) != DP_OK) fail_msg("%s: %s", path, err.text);
  assert_string_equal(out, expected);
  free(out);
}

static void resolves_not(struct dp_lua *lua, const char *path, enum dp_status status, const char *expected) {
  struct dp_err err = {0};
  char *out = NULL;
  enum dp_status got = dp_lua_resolve_path(lua, path, "trace", &out, &err);
  if (got != status || strstr(err.text, expected) == NULL) fail_msg("%s: got %d: %s", path, (int)got, err.text);
  assert_null(out);
}

static void test_a_scenario_reads_its_folder_data_folders_and_given_paths_only(void **state) {
  struct dp_lua *lua = new_host();
  struct dp_err err = {0};
  char absolute[256];
  assert_int_equal(dp_lua_load_file(lua, "work/good.lua", &err), DP_OK);
  resolves(lua, "a.csv", "work/a.csv");
  resolves(lua, "sub/../a.csv", "work/sub/../a.csv");
  resolves_not(lua, "b.csv", DP_IO, "trace: there is no file b.csv in the scenario's folder or a --data folder");
  assert_int_equal(dp_lua_add_data_dir(lua, "data", &err), DP_OK);
  resolves(lua, "b.csv", "data/b.csv");
  snprintf(absolute, sizeof absolute, "%s/work/a.csv", (char *)*state);
  resolves(lua, absolute, absolute);
  snprintf(absolute, sizeof absolute, "%s/work-other/x.csv", (char *)*state);
  resolves_not(lua, absolute, DP_SCENARIO, "lies outside");
  resolves_not(lua, "/etc/passwd", DP_SCENARIO, "lies outside of what a scenario may read");
  resolves_not(lua, "../secret.csv", DP_SCENARIO, "lies outside");
  resolves_not(lua, "link.csv", DP_SCENARIO, "lies outside");
  resolves_not(lua, "", DP_SCENARIO, "the path is empty");
  resolves_not(lua, "sub", DP_IO, "is a folder");
  assert_int_equal(dp_lua_allow_path(lua, "secret.csv", &err), DP_OK);
  resolves(lua, "secret.csv", "secret.csv");
  resolves_not(lua, "../secret.csv", DP_SCENARIO, "lies outside");
  assert_int_equal(dp_lua_allow_path(lua, "gone.csv", &err), DP_OK);
  resolves_not(lua, "gone.csv", DP_IO, "trace: there is no file gone.csv");
  assert_int_equal(dp_lua_add_data_dir(lua, "nowhere", &err), DP_IO);
  dp_lua_free(lua);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_scenario_may_require_modules_beside_it_and_in_data_folders),
      cmocka_unit_test(test_require_reaches_nothing_outside),
      cmocka_unit_test(test_broken_modules_are_named),
      cmocka_unit_test(test_a_file_that_is_no_scenario_is_refused_by_kind),
      cmocka_unit_test(test_what_was_read_is_recorded_and_loads_again_without_files),
      cmocka_unit_test(test_c_modules_can_raise_a_status_of_their_own),
      cmocka_unit_test(test_a_scenario_reads_its_folder_data_folders_and_given_paths_only),
  };
  return cmocka_run_group_tests_name("modules", tests, enter_folder, leave_folder);
}
