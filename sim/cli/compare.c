/* sim/cli/compare.c — depinsim compare: two results, or two scenarios run with the same seeds. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/compare.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/spawn.h"

struct compare_options {
  int format; /* enum dp_text_format */
  int64_t seeds_n;
  bool short_form, parameters_only;
};

enum { KEY_SEEDS = 0x100, KEY_SHORT };

static const struct argp_option compare_options[] = {
    {"seeds", KEY_SEEDS, "N", 0, "of scenarios: runs of each, seeds 1 to N (8)", 1},
    {"short", KEY_SHORT, NULL, 0, "of scenarios: their short form", 1},
    {"format", 'f', "FORM", 0, "text, json or csv (text)", 2},
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"text", "json", "csv", NULL};
  struct compare_options *o = options;
  enum dp_status status = DP_OK;
  if (key == 'f') return dp_cli_choice("--format", value, formats, &o->format, err);
  if (key == KEY_SHORT) o->short_form = true;
  if (key == KEY_SEEDS) status = dp_parse_i64(value, 1, 1000, &o->seeds_n, err);
  if (status != DP_OK) dp_err_prefix(err, "--seeds: ");
  return status;
}

/* ---- results ---- */

static enum dp_status print_sides(struct dp_str *out, const struct compare_options *o,
                                  const struct dp_compare_side sides[2], size_t n, struct dp_err *err) {
  size_t count;
  if (!o->parameters_only) return dp_compare_print(out, (enum dp_text_format)o->format, sides, n, err);
  DP_TRY(dp_compare_parameters(out, sides[0].results[0], sides[1].results[0], &count, err));
  if (count == 0) dp_str_append(out, "no parameter differs\n");
  return out->failed ? dp_fail_nomem(err, "a comparison") : DP_OK;
}

/* Opens the results of both sides [2][n] and prints; `paths` names them, side after side. */
static enum dp_status print_files(const struct dp_cli *cli, const struct compare_options *o, char *const *paths, size_t n,
                                  struct dp_err *err) {
  struct dp_str out = {0};
  struct dp_result **results = calloc(2 * n, sizeof *results);
  enum dp_status status = results ? DP_OK : dp_fail_nomem(err, "results");
  for (size_t i = 0; i < 2 * n && status == DP_OK; i++) status = dp_result_open(paths[i], &results[i], err);
  const struct dp_compare_side sides[2] = {{cli->args[0], results}, {cli->args[1], results ? results + n : NULL}};
  if (status == DP_OK) status = print_sides(&out, o, sides, n, err);
  for (size_t i = 0; results && i < 2 * n; i++) dp_result_close(results[i]);
  free(results);
  if (status == DP_OK) return dp_cli_put(&out, err);
  dp_str_fini(&out);
  return status;
}

/* ---- scenarios ---- */

/** A run of one of them. */
struct task {
  char result[64], out[64], err[64], seed[24];
  const char *args[10];
};

static enum dp_status ended(void *owner, size_t i, struct dp_err *err) {
  const struct dp_child *child = (const struct dp_child *)owner + i;
  char line[512] = "";
  if (child->exit_code == 0 || child->exit_code == 1) return DP_OK;
  FILE *file = fopen(child->err, "r");
  if (file) {
    if (!fgets(line, sizeof line, file)) line[0] = '\0';
    fclose(file);
  }
  line[strcspn(line, "\n")] = '\0';
  return dp_fail(err, DP_FAILED, "%s%s", line[0] ? line : "a run failed; try depinsim run ", line[0] ? "" : child->args[1]);
}

static void prepare(struct task *t, struct dp_child *child, const char *folder, const char *scenario, size_t i,
                    size_t seed, const struct compare_options *o) {
  snprintf(t->result, sizeof t->result, "%s/%zu.h5", folder, i);
  snprintf(t->out, sizeof t->out, "%s/%zu.out", folder, i);
  snprintf(t->err, sizeof t->err, "%s/%zu.err", folder, i);
  snprintf(t->seed, sizeof t->seed, "%zu", seed);
  const char *const args[] = {"run", scenario, "--quiet", "--output", t->result, "--seed", t->seed,
                              o->short_form ? "--check-form" : NULL, NULL};
  memcpy(t->args, args, sizeof args);
  *child = (struct dp_child){.args = t->args, .out = t->out, .err = t->err};
}

static enum dp_status run_both(const struct dp_cli *cli, const struct compare_options *o, struct dp_err *err) {
  const size_t n = o->parameters_only ? 1 : o->seeds_n ? (size_t)o->seeds_n : 8;
  char folder[] = "/tmp/depinsim-compare.XXXXXX";
  struct task *tasks = calloc(2 * n, sizeof *tasks);
  struct dp_child *children = calloc(2 * n, sizeof *children);
  char **paths = calloc(2 * n, sizeof *paths);
  enum dp_status status = tasks && children && paths ? DP_OK : dp_fail_nomem(err, "runs");
  if (status == DP_OK && !mkdtemp(folder)) status = dp_fail(err, DP_IO, "%s: %s", folder, strerror(errno));
  for (size_t i = 0; i < 2 * n && status == DP_OK; i++) {
    prepare(&tasks[i], &children[i], folder, cli->args[i / n], i, i % n + 1, o);
    paths[i] = tasks[i].result;
  }
  if (status == DP_OK)
    status = dp_spawn(children, 2 * n, (unsigned)sysconf(_SC_NPROCESSORS_ONLN), INT64_MAX, ended, children, err);
  if (status == DP_OK) status = print_files(cli, o, paths, n, err);
  for (size_t i = 0; tasks && i < 2 * n; i++) {
    char part[80];
    snprintf(part, sizeof part, "%s.part", tasks[i].result);
    unlink(tasks[i].result), unlink(tasks[i].out), unlink(tasks[i].err), unlink(part);
  }
  rmdir(folder);
  free(tasks);
  free(children);
  free(paths);
  return status;
}

static bool is_scenario(const char *path) {
  const size_t len = strlen(path);
  return len > 4 && strcmp(path + len - 4, ".lua") == 0;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct compare_options *o = options;
  if (is_scenario(cli->args[0]) != is_scenario(cli->args[1]))
    return dp_fail(err, DP_USAGE, "two results or two scenarios (.lua), not one of each: run the scenario first");
  if (is_scenario(cli->args[0])) return run_both(cli, o, err);
  char *paths[2];
  memcpy(paths, cli->args, sizeof paths);
  return print_files(cli, o, paths, 1, err);
}

const struct dp_command dp_command_compare = {
    .name = "compare",
    .doc = "compare two results, or two scenarios over several seeds",
    .args_doc = "A B",
    .details = "Of results: which parameters differ, and the key figures of both. Of scenarios: each runs with the same "
               "seeds, so that both share their luck; the table has means, the mean difference with its 95 % interval, and "
               "a verdict: higher, lower, equal, or not resolved when the interval holds 0.",
    .arg_min = 2,
    .arg_max = 2,
    .options = compare_options,
    .options_size = sizeof(struct compare_options),
    .option = option,
    .run = run,
};

static enum dp_status run_diff(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  (void)options;
  return run(cli, &(struct compare_options){.parameters_only = true}, err);
}

const struct dp_command dp_command_diff = {
    .name = "diff",
    .doc = "list the parameters that differ between two scenarios or two results",
    .args_doc = "A B",
    .details = "A line each: of what, the parameter, its value in A and in B. (none): only one of them has it. Of "
               "scenarios: each runs once, for the parameters of every model come from its result.",
    .arg_min = 2,
    .arg_max = 2,
    .run = run_diff,
};
