/* tests/unit/t_spawn.c — processes side by side: what becomes of each, however it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/spawn.h"

/* Started again with a word, this program is the child. */
static int be_child(const char *word) {
  if (strcmp(word, "crash") == 0) raise(SIGSEGV);
  if (strcmp(word, "sleep") == 0) sleep(1000);
  printf("said %s\n", word);
  return strcmp(word, "fail") == 0 ? 3 : 0;
}

static enum dp_status count(void *owner, size_t child, struct dp_err *err) {
  (void)child, (void)err;
  ++*(int *)owner;
  return DP_OK;
}

static void each_end_is_told_apart(void **state) {
  (void)state;
  static const char *const args[][2] = {{"crash"}, {"sleep"}, {"fail"}, {"fine"}};
  char out[4][40], err_path[4][40];
  struct dp_child children[4] = {0};
  int ended_n = 0;
  struct dp_err err = {0};
  for (int i = 0; i < 4; i++) {
    snprintf(out[i], sizeof *out, "/tmp/t_spawn.%d.%d.out", getpid(), i);
    snprintf(err_path[i], sizeof *err_path, "/tmp/t_spawn.%d.%d.err", getpid(), i);
    children[i] = (struct dp_child){.args = args[i], .out = out[i], .err = err_path[i]};
  }
  assert_int_equal(dp_spawn(children, 4, 2, 400000000, count, &ended_n, &err), DP_OK);
  assert_int_equal(ended_n, 4);
  assert_int_equal(children[0].exit_code, 128 + SIGSEGV);
  assert_true(children[1].timed_out);
  assert_int_equal(children[2].exit_code, 3);
  assert_int_equal(children[3].exit_code, 0);
  assert_false(children[3].timed_out);
  char text[32] = "";
  FILE *file = fopen(out[3], "r");
  assert_non_null(file);
  assert_non_null(fgets(text, sizeof text, file));
  fclose(file);
  assert_string_equal(text, "said fine\n");
  for (int i = 0; i < 4; i++) unlink(out[i]), unlink(err_path[i]);
}

static enum dp_status refuse(void *owner, size_t child, struct dp_err *err) {
  (void)owner, (void)child;
  return dp_fail(err, DP_FAILED, "enough");
}

static void an_error_leaves_nothing_running(void **state) {
  (void)state;
  static const char *const fine[] = {"fine", NULL}, *const sleeper[] = {"sleep", NULL};
  struct dp_child children[] = {{.args = fine, .out = "/dev/null", .err = "/dev/null"},
                                {.args = sleeper, .out = "/dev/null", .err = "/dev/null"}};
  struct dp_err err = {0};
  assert_int_equal(dp_spawn(children, 2, 2, INT64_MAX, refuse, NULL, &err), DP_FAILED);
  assert_true(children[1].ended);
  assert_int_equal(kill(children[1].pid, 0), -1);
}

int main(int argc, char **argv) {
  if (argc > 1) return be_child(argv[1]);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_end_is_told_apart),
      cmocka_unit_test(an_error_leaves_nothing_running),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
