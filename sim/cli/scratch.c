/* sim/cli/scratch.c — runs that leave nothing behind. */
#include <config.h>

#include "cli/scratch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define OWN_ARGS 2 /* at the end, of no use to who repeats a run: --quiet and --output */

static enum dp_status make_folder(struct dp_scratch *s, struct dp_err *err) {
  const char *top = getenv("TMPDIR");
  struct dp_str path = {0};
  dp_str_printf(&path, "%s/depinsim.XXXXXX", top && top[0] ? top : "/tmp");
  s->folder = dp_str_steal(&path);
  if (!s->folder) return dp_fail_nomem(err, "a folder");
  if (mkdtemp(s->folder)) return DP_OK;
  enum dp_status status = dp_fail(err, DP_IO, "%s: %s (TMPDIR names another place)", s->folder, strerror(errno));
  free(s->folder);
  s->folder = NULL;
  return status;
}

/* Takes `text` over. */
static bool put(struct dp_scratch_run *r, struct dp_str *text) {
  char *arg = dp_str_steal(text);
  if (!arg || !dp_array_resize(&r->args, r->arg_n + 2, sizeof *r->args)) {
    free(arg);
    return false;
  }
  r->args[r->arg_n++] = arg;
  r->args[r->arg_n] = NULL;
  return true;
}

static bool put_option(struct dp_scratch_run *r, const char *name, const char *value) {
  struct dp_str text = {0};
  dp_str_printf(&text, value ? "%s=%s" : "%s", name, value);
  return put(r, &text);
}

static bool put_choice(struct dp_scratch_run *r, const struct dp_scenario_choice *c) {
  bool good = true;
  for (size_t i = 0; i < c->setting_n && good; i++) {
    struct dp_str text = {0};
    dp_str_printf(&text, "--set=%s=%s", c->settings[i].key, c->settings[i].value);
    good = put(r, &text);
  }
  for (size_t i = 0; i < c->data_dir_n && good; i++) good = put_option(r, "--data", c->data_dirs[i]);
  if (good && c->until) good = put_option(r, "--until", c->until);
  if (good && c->check_form) good = put_option(r, "--check-form", NULL);
  if (!good || !c->has_seed) return good;
  struct dp_str seed = {0};
  dp_str_printf(&seed, "--seed=%" PRIu64, c->seed);
  return put(r, &seed);
}

static char *path_in(const struct dp_scratch *s, const char *suffix) {
  struct dp_str path = {0};
  dp_str_printf(&path, "%s/%zu%s", s->folder, s->n - 1, suffix);
  return dp_str_steal(&path);
}

enum dp_status dp_scratch_add(struct dp_scratch *s, const char *scenario, const struct dp_scenario_choice *choice,
                              const char *shock, struct dp_err *err) {
  if (!s->folder) DP_TRY(make_folder(s, err));
  if (!dp_array_resize(&s->runs, s->n + 1, sizeof *s->runs) ||
      !dp_array_resize(&s->children, s->n + 1, sizeof *s->children))
    return dp_fail_nomem(err, "runs");
  struct dp_scratch_run *r = &s->runs[s->n++];
  *r = (struct dp_scratch_run){0};
  r->result = path_in(s, ".h5");
  r->out = path_in(s, ".out");
  r->err = path_in(s, ".err");
  bool good = r->result && r->out && r->err && put_option(r, "run", NULL) && put_option(r, scenario, NULL) &&
              put_choice(r, choice);
  if (good && shock) good = put_option(r, "--shock", shock);
  good = good && put_option(r, "--quiet", NULL) && put_option(r, "--output", r->result);
  s->children[s->n - 1] = (struct dp_child){.args = (const char *const *)r->args, .out = r->out, .err = r->err};
  return good ? DP_OK : dp_fail_nomem(err, "runs");
}

enum dp_status dp_scratch_spawn(struct dp_scratch *s, unsigned parallel_n, int64_t limit_ns,
                                enum dp_status (*ended)(void *owner, size_t run, struct dp_err *err), void *owner,
                                struct dp_err *err) {
  if (!parallel_n) parallel_n = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
  return dp_spawn(s->children, s->n, parallel_n, limit_ns ? limit_ns : INT64_MAX, ended, owner, err);
}

void dp_scratch_command(const struct dp_scratch *s, size_t i, struct dp_str *out) {
  dp_str_append(out, "depinsim");
  for (size_t k = 0; k + OWN_ARGS < s->runs[i].arg_n; k++) dp_str_printf(out, " %s", s->runs[i].args[k]);
}

enum dp_status dp_scratch_fail(const struct dp_scratch *s, size_t i, struct dp_err *err) {
  char line[512] = "";
  struct dp_str command = {0};
  FILE *file = fopen(s->runs[i].err, "r");
  if (file) {
    if (!fgets(line, sizeof line, file)) line[0] = '\0';
    fclose(file);
  }
  line[strcspn(line, "\n")] = '\0';
  dp_scratch_command(s, i, &command);
  enum dp_status status = line[0] ? dp_fail(err, DP_FAILED, "%s", line)
                                  : dp_fail(err, DP_FAILED, "a run broke off: try %s", dp_str_text(&command));
  dp_str_fini(&command);
  return status;
}

void dp_scratch_forget(const struct dp_scratch *s, size_t i) {
  const struct dp_scratch_run *r = &s->runs[i];
  const char *const files[] = {r->result, r->out, r->err};
  struct dp_str part = {0};
  for (size_t k = 0; k < sizeof files / sizeof *files; k++)
    if (files[k]) unlink(files[k]);
  if (r->result) dp_str_printf(&part, "%s.part", r->result);
  if (part.len) unlink(part.data);
  dp_str_fini(&part);
}

void dp_scratch_fini(struct dp_scratch *s) {
  for (size_t i = 0; i < s->n; i++) {
    struct dp_scratch_run *r = &s->runs[i];
    dp_scratch_forget(s, i);
    for (size_t k = 0; k < r->arg_n; k++) free(r->args[k]);
    free(r->args);
    free(r->result);
    free(r->out);
    free(r->err);
  }
  if (s->folder) rmdir(s->folder);
  free(s->folder);
  free(s->runs);
  free(s->children);
  *s = (struct dp_scratch){0};
}
