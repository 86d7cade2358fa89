/* sim/cli/check.c — depinsim check: scenarios as regressions, for CI. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/check.h"
#include "cli/cli.h"
#include "cli/commands.h"

enum { KEY_SHORT = 0x100, KEY_UPDATE, KEY_EXACT, KEY_SEEDS, KEY_JUNIT, KEY_TIMEOUT };

static const struct argp_option check_options[] = {
    {"short", KEY_SHORT, NULL, 0, "each scenario's own short form (its `check` table); expectations are not applied", 1},
    {"jobs", 'j', "N", 0, "so many at a time (one a core)", 1},
    {"timeout", KEY_TIMEOUT, "TIME", 0, "real time that a run may take (30min)", 1},
    {"junit", KEY_JUNIT, "FILE", 0, "write the verdicts as JUnit XML too", 2},
    {"update", KEY_UPDATE, NULL, 0, "record the baselines anew instead of comparing with them", 3},
    {"seeds", KEY_SEEDS, "N", 0, "with --update: seeds from which the intervals are taken (8)", 3},
    {"exact", KEY_EXACT, NULL, 0, "with --update: record the digest too, which then has to be the same", 3},
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  struct dp_check_options *o = options;
  enum dp_status status = DP_OK;
  switch (key) {
    case KEY_SHORT: o->short_form = true; break;
    case KEY_UPDATE: o->update = true; break;
    case KEY_EXACT: o->exact = true; break;
    case KEY_JUNIT: o->junit = value; break;
    case 'j': status = dp_parse_i64(value, 1, 4096, &o->jobs_n, err); break;
    case KEY_SEEDS: status = dp_parse_i64(value, 1, 1000, &o->seeds_n, err); break;
    case KEY_TIMEOUT: status = dp_parse_duration_ns(value, &o->timeout_ns, err); break;
  }
  if (status != DP_OK) dp_err_prefix(err, "%s: ", key == 'j' ? "--jobs" : key == KEY_SEEDS ? "--seeds" : "--timeout");
  return status;
}

/* ---- which scenarios ---- */

static enum dp_status add_path(struct dp_check *c, const char *folder, const char *name, struct dp_err *err) {
  struct dp_str path = {0};
  struct dp_check_case *cases = reallocarray(c->cases, c->case_n + 1, sizeof *cases);
  if (!cases) return dp_fail_nomem(err, "a list of scenarios");
  c->cases = cases;
  dp_str_printf(&path, "%s%s%s", folder ? folder : "", folder ? "/" : "", name);
  cases[c->case_n] = (struct dp_check_case){.path = dp_str_steal(&path)};
  return cases[c->case_n++].path ? DP_OK : dp_fail_nomem(err, "a list of scenarios");
}

static bool ends_in(const char *name, const char *end) {
  const size_t len = strlen(name), end_len = strlen(end);
  return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* A study beside its scenario is none. */
static int is_lua(const struct dirent *entry) {
  return entry->d_name[0] != '.' && ends_in(entry->d_name, ".lua") && !ends_in(entry->d_name, ".study.lua");
}

/* Every scenario of a folder, by name. */
static enum dp_status add_folder(struct dp_check *c, const char *folder, struct dp_err *err) {
  struct dirent **entries;
  const int n = scandir(folder, &entries, is_lua, alphasort);
  enum dp_status status = DP_OK;
  if (n < 0) return dp_fail(err, DP_IO, "%s: %s", folder, strerror(errno));
  for (int i = 0; i < n; i++) {
    if (status == DP_OK) status = add_path(c, folder, entries[i]->d_name, err);
    free(entries[i]);
  }
  free(entries);
  if (status == DP_OK && n == 0)
    return dp_fail(err, DP_USAGE, "%s: no scenario in this folder (a scenario is a .lua file)", folder);
  return status;
}

static enum dp_status add_arguments(struct dp_check *c, const struct dp_cli *cli, struct dp_err *err) {
  for (size_t i = 0; i < cli->arg_n; i++) {
    struct stat about;
    if (stat(cli->args[i], &about) != 0)
      return dp_fail(err, DP_IO, "%s: %s", cli->args[i], strerror(errno));
    if (S_ISDIR(about.st_mode)) DP_TRY(add_folder(c, cli->args[i], err));
    else DP_TRY(add_path(c, NULL, cli->args[i], err));
  }
  return DP_OK;
}

/* ---- the whole ---- */

static enum dp_status write_junit(const struct dp_check *c, struct dp_err *err) {
  struct dp_str text = {0};
  if (!c->options->junit) return DP_OK;
  dp_verdicts_junit(&text, &c->verdicts);
  FILE *file = fopen(c->options->junit, "w");
  const bool written = file && !text.failed && fwrite(text.data, 1, text.len, file) == text.len;
  const bool closed = file && fclose(file) == 0;
  dp_str_fini(&text);
  if (written && closed) return DP_OK;
  return dp_fail(err, DP_IO, "%s: cannot be written: %s", c->options->junit, strerror(errno));
}

static enum dp_status finish(const struct dp_check *c, struct dp_err *err) {
  struct dp_str end = {0};
  dp_str_printf(&end, "1..%zu\n", c->verdicts.n);
  DP_TRY(dp_cli_put(&end, err));
  DP_TRY(write_junit(c, err));
  if (c->verdicts.failed_n == 0) return DP_OK;
  return dp_fail(err, DP_FAILED, "%zu of %zu promises do not hold", c->verdicts.failed_n, c->verdicts.n);
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct dp_check_options o = *(const struct dp_check_options *)options;
  struct dp_check check = {.options = &o};
  if (!o.timeout_ns) o.timeout_ns = 30 * 60 * DP_NS_PER_S;
  if (!o.seeds_n) o.seeds_n = 8;
  if (!o.update && o.exact) return dp_fail(err, DP_USAGE, "--exact records a digest: it needs --update");
  enum dp_status status = add_arguments(&check, cli, err);
  if (status == DP_OK) status = dp_check_run(&check, err);
  if (status == DP_OK) status = finish(&check, err);
  dp_check_fini(&check);
  return status;
}

const struct dp_command dp_command_check = {
    .name = "check",
    .doc = "run scenarios as regressions: expectations, books, recorded key figures",
    .args_doc = "PATH...",
    .details = "A path is a scenario or a folder of them. Of each: it runs, its expectations hold, its books balance, and, "
               "where NAME.baseline.json lies beside it (NAME.short.baseline.json for --short), its key figures lie in the "
               "recorded intervals. TAP on the standard output; exit code 1 when something does not hold. Each scenario is "
               "a process of its own: a crash or a time-out is a verdict and the others go on.\n"
               "A scenario can read its own folder and nothing else, cannot write and cannot start programs: it is safe to "
               "check a stranger's.",
    .arg_min = 1,
    .arg_max = SIZE_MAX,
    .options = check_options,
    .options_size = sizeof(struct dp_check_options),
    .option = option,
    .run = run,
};
