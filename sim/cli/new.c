/* sim/cli/new.c — depinsim new: a commented scenario to start from. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/new_templates.h"

enum { KEY_SLURM = 0x200, KEY_STUDY, KEY_REGRESSION };

static enum dp_status write_all(int fd, const char *path, const char *text, size_t len, struct dp_err *err) {
  while (len > 0) {
    ssize_t n = write(fd, text, len);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return dp_fail(err, DP_IO, "cannot write %s: %s", path, strerror(errno));
    text += n;
    len -= (size_t)n;
  }
  return DP_OK;
}

/* A template with the file's own name in place of NAME. */
static void fill(struct dp_str *out, const char *template, const char *name) {
  const char *at = template, *next;
  for (; (next = strstr(at, "NAME")) != NULL; at = next + strlen("NAME")) {
    dp_str_append_n(out, at, (size_t)(next - at));
    dp_str_append(out, name);
  }
  dp_str_append(out, at);
}

/* NAME and the suffix, a file that is not there yet. */
static enum dp_status create(const char *template, const char *name, const char *suffix, struct dp_err *err) {
  struct dp_str path = {0}, text = {0};
  dp_str_printf(&path, "%s%s", name, suffix);
  fill(&text, template, name);
  enum dp_status status = path.failed || text.failed ? dp_fail_nomem(err, "a scenario") : DP_OK;
  int fd = status == DP_OK ? open(dp_str_text(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
  if (fd < 0 && status == DP_OK)
    status = errno == EEXIST ? dp_fail(err, DP_IO, "%s exists already (give another name)", dp_str_text(&path))
                             : dp_fail(err, DP_IO, "cannot write %s: %s", dp_str_text(&path), strerror(errno));
  if (fd >= 0) {
    status = write_all(fd, dp_str_text(&path), dp_str_text(&text), text.len, err);
    if (close(fd) != 0 && status == DP_OK)
      status = dp_fail(err, DP_IO, "cannot write %s: %s", dp_str_text(&path), strerror(errno));
    if (status != DP_OK) unlink(dp_str_text(&path));
  }
  dp_str_fini(&text);
  dp_str_fini(&path);
  return status;
}

/** A file besides the scenario. */
struct extra {
  bool wanted;
  const char *template, *suffix, *said; /* NAME stands for the name */
};

/* The scenario, unless it is there and something else is asked for; then what else is. */
static enum dp_status write_files(const char *name, const struct extra *extras, size_t n, struct dp_str *said,
                                  struct dp_err *err) {
  struct dp_str scenario = {0};
  bool any = false;
  for (size_t i = 0; i < n; i++) any |= extras[i].wanted;
  dp_str_printf(&scenario, "%s.lua", name);
  enum dp_status status = scenario.failed ? dp_fail_nomem(err, "a name") : DP_OK;
  if (status == DP_OK && !(any && access(dp_str_text(&scenario), F_OK) == 0)) {
    status = create(dp_new_scenario, name, ".lua", err);
    dp_str_printf(said, "%s.lua written; try: depinsim run %s.lua\n", name, name);
  }
  for (size_t i = 0; i < n && status == DP_OK; i++) {
    if (!extras[i].wanted) continue;
    status = create(extras[i].template, name, extras[i].suffix, err);
    fill(said, extras[i].said, name);
  }
  dp_str_fini(&scenario);
  return status;
}

static const struct argp_option new_options[] = {
    {"study", KEY_STUDY, NULL, 0, "write NAME.study.lua too, a study of the scenario; NAME.lua may exist", 0},
    {"regression", KEY_REGRESSION, NULL, 0, "write NAME.ci.yml too, a job for GitHub Actions or GitLab that checks the "
                                            "scenario; NAME.lua may exist", 0},
    {"slurm", KEY_SLURM, NULL, 0, "write NAME.sbatch too, a job script for Slurm; NAME.lua may exist", 0},
    {0},
};

struct new_options {
  bool study, regression, slurm;
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  struct new_options *o = options;
  (void)value, (void)err;
  if (key == KEY_SLURM) o->slurm = true;
  if (key == KEY_STUDY) o->study = true;
  if (key == KEY_REGRESSION) o->regression = true;
  return DP_OK;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct new_options *o = options;
  const char *given = cli->args[0];
  size_t len = strlen(given);
  const struct extra extras[] = {
      {o->study, dp_new_study, ".study.lua", "NAME.study.lua written; try: depinsim sweep NAME.study.lua\n"},
      {o->regression, dp_new_ci, ".ci.yml",
       "NAME.ci.yml written; record what is right first: depinsim check NAME.lua --short --update\n"},
      {o->slurm, dp_new_slurm, ".sbatch", "NAME.sbatch written; look at its first lines, then: sbatch NAME.sbatch\n"}};
  struct dp_str name = {0}, said = {0};
  if (len > 4 && strcmp(given + len - 4, ".lua") == 0) len -= 4;
  if (len == 0 || given[len - 1] == '/') return dp_fail(err, DP_USAGE, "the name of a file is expected");
  dp_str_append_n(&name, given, len);
  enum dp_status status = name.failed ? dp_fail_nomem(err, "a name")
                                      : write_files(dp_str_text(&name), extras, sizeof extras / sizeof *extras, &said, err);
  dp_str_fini(&name);
  if (status != DP_OK) dp_str_fini(&said);
  return status == DP_OK ? dp_cli_put(&said, err) : status;
}

const struct dp_command dp_command_new = {
    .name = "new",
    .doc = "write a commented scenario, study or regression to start from",
    .args_doc = "NAME",
    .details = "Writes NAME.lua. A file that exists is never overwritten.",
    .arg_min = 1,
    .arg_max = 1,
    .options = new_options,
    .options_size = sizeof(struct new_options),
    .option = option,
    .run = run,
};
