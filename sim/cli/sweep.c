/* sim/cli/sweep.c — depinsim sweep: a study in, a table of its points and a
 * file with all its runs out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/sweep_run.h"
#include "cli/commands.h"
#include "cli/libm_check.h"
#include "cli/run.h"
#include "cli/scenario_options.h"
#include "cli/sweep.h"

static const struct argp_option sweep_options[] = {DP_SWEEP_OPTIONS, {0}};

enum dp_status dp_sweep_command_option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"text", "json", "csv", NULL};
  struct dp_sweep_command *o = options;
  struct dp_err why = {0};
  int64_t n;
  if (dp_scenario_option_is(key)) return dp_scenario_option(&o->choice, key, value, err);
  switch (key) {
  case 'o': o->sweep.output = value; return DP_OK;
  case 'q': o->sweep.quiet = true; return DP_OK;
  case 'f': return dp_cli_choice("--format", value, formats, &o->sweep.format, err);
  case DP_KEY_RESUME: o->sweep.resume = true; return DP_OK;
  case DP_KEY_RESTART: o->sweep.restart = true; return DP_OK;
  case DP_KEY_SWEEP_WALL:
    if (dp_parse_duration_ns(value, &o->sweep.wall_limit_ns, &why) == DP_OK && o->sweep.wall_limit_ns > 0) return DP_OK;
    return dp_fail(err, DP_USAGE, "--wall-limit: %s", why.text[0] ? why.text : "a time greater than 0 is expected");
  case DP_KEY_RANKS_PER_RUN:
    if (dp_parse_i64(value, 1, 1000000, &n, &why) != DP_OK)
      return dp_fail(err, DP_USAGE, "--ranks-per-run: %s", why.text);
    o->sweep.ranks_per_run = (int)n;
    return DP_OK;
  default:
    if (dp_parse_i64(value, 1, 1000000, &n, &why) != DP_OK) return dp_fail(err, DP_USAGE, "--replicates: %s", why.text);
    o->replicates_n = (size_t)n;
    return DP_OK;
  }
}

void dp_sweep_command_release(void *options) { dp_scenario_choice_fini(&((struct dp_sweep_command *)options)->choice); }

/* ---- running ---- */

static enum dp_status default_output(const char *study, struct dp_str *path, struct dp_err *err) {
  const char *slash = strrchr(study, '/'), *base = slash ? slash + 1 : study;
  size_t len = strlen(base);
  if (len > 4 && strcmp(base + len - 4, ".lua") == 0) len -= 4;
  dp_str_printf(path, "%.*s.h5", (int)len, base);
  return path->failed ? dp_fail_nomem(err, "a name") : DP_OK;
}

/* First rank: what may not be lost is not written over, before the first run.
 */
static enum dp_status check_output(const char *path, struct dp_err *err) {
  struct stat st;
  if (path[0] == '\0') return dp_fail(err, DP_IO, "the name of the output file is empty (give -o FILE)");
  if (stat(path, &st) < 0) return DP_OK;
  if (S_ISREG(st.st_mode) && (st.st_size == 0 || H5Fis_hdf5(path) > 0)) return DP_OK;
  return dp_fail(err, DP_IO,
                 "cannot write %s: it exists and is no HDF5 file (remove it or "
                 "give -o another name)",
                 path);
}

static enum dp_status open_study(const struct dp_cli *cli, const struct dp_sweep_command *o, struct dp_study **study,
                                 struct dp_err *err) {
  const struct dp_scenario_choice *c = &o->choice;
  struct dp_scenario_options options = {.settings = c->settings,
                                        .setting_n = c->setting_n,
                                        .data_dirs = c->data_dirs,
                                        .data_dir_n = c->data_dir_n,
                                        .has_seed = c->has_seed,
                                        .seed = c->seed,
                                        .check_form = c->check_form};
  struct dp_err why = {0};
  if (c->until && dp_parse_duration_ns(c->until, &options.until_ns, &why) != DP_OK)
    return dp_fail(err, DP_USAGE, "--until %s: a study takes a duration (12h, 30d), not a date", c->until);
  return dp_study_load(cli->args[0], &options, o->replicates_n, cli->comm, study, err);
}

enum { VOLATILE_N = 3 };

static enum dp_status volatile_items(const struct dp_cli *cli, int ranks_per_run,
                                     struct dp_output_item items[VOLATILE_N], struct dp_str texts[VOLATILE_N],
                                     struct dp_err *err) {
  static const char *const names[VOLATILE_N] = {"command_line", "ranks", "ranks_per_run"};
  for (int i = 0; i < cli->argc; i++) dp_str_printf(&texts[0], "%s%s", i ? " " : "", cli->argv[i]);
  dp_str_printf(&texts[1], "%d", cli->comm->rank_n);
  dp_str_printf(&texts[2], "%d", ranks_per_run ? ranks_per_run : 1);
  bool failed = false;
  for (int i = 0; i < VOLATILE_N; i++) {
    items[i] = (struct dp_output_item){names[i], dp_str_text(&texts[i])};
    failed |= texts[i].failed;
  }
  return failed ? dp_fail_nomem(err, "the provenance") : DP_OK;
}

static enum dp_status run_study(const struct dp_cli *cli, struct dp_sweep_command *o, struct dp_study *study,
                                dp_sweep_run_fn run, dp_sweep_then_fn then, void *ud, struct dp_err *err) {
  struct dp_run_provenance p = {0};
  struct dp_output_item items[VOLATILE_N];
  struct dp_str texts[VOLATILE_N] = {0};
  struct dp_sweep *sweep = NULL;
  uint64_t libm_hash;
  DP_TRY(dp_libm_check(cli->comm, &libm_hash, err));
  enum dp_status status = dp_run_provenance_fill(&p, study->scenario, libm_hash, err);
  if (status == DP_OK) status = volatile_items(cli, o->sweep.ranks_per_run, items, texts, err);
  if (status == DP_OK && cli->comm->rank == 0) status = check_output(o->sweep.output, err);
  status = dp_comm_agree(cli->comm, status, err);
  if (status == DP_OK) {
    o->sweep.provenance = &p.p;
    o->sweep.volatiles = items;
    o->sweep.volatile_n = VOLATILE_N;
    status = run ? run(study, cli->comm, &o->sweep, ud, &sweep, err)
                 : dp_sweep_run(study, cli->comm, &o->sweep, &sweep, err);
  }
  if (status == DP_OK && cli->comm->rank == 0 && dp_runner_conditional(sweep->runner)[0])
    fprintf(stderr, "depinsim: conditional: given by the scenario and not made by the runs: %s\n",
            dp_runner_conditional(sweep->runner));
  if (status == DP_OK && cli->comm->rank == 0) status = then(sweep, ud, err);
  status = dp_comm_agree(cli->comm, status, err);
  dp_sweep_free(sweep);
  for (int i = 0; i < VOLATILE_N; i++) dp_str_fini(&texts[i]);
  dp_run_provenance_fini(&p);
  return status;
}

/* Whole groups only: what ranks would idle is the user's to decide. */
static enum dp_status check_groups(int ranks_per_run, int rank_n, struct dp_err *err) {
  if (ranks_per_run <= 1 || rank_n % ranks_per_run == 0) return DP_OK;
  if (rank_n < ranks_per_run)
    return dp_fail(err, DP_USAGE,
                   "--ranks-per-run %d: there %s only %d rank%s (mpirun -n %d starts %d, for one run at a time)",
                   ranks_per_run, rank_n == 1 ? "is" : "are", rank_n, rank_n == 1 ? "" : "s", ranks_per_run,
                   ranks_per_run);
  int fewer_n = rank_n - rank_n % ranks_per_run, best = ranks_per_run;
  while (rank_n % best != 0) best--;
  return dp_fail(err, DP_USAGE,
                 "--ranks-per-run %d: %d ranks do not make whole groups of %d (start %d or %d of them, or say "
                 "--ranks-per-run %d)",
                 ranks_per_run, rank_n, ranks_per_run, fewer_n, fewer_n + ranks_per_run, best);
}

enum dp_status dp_sweep_command_run(const struct dp_cli *cli, const void *options, dp_sweep_prepare_fn prepare,
                                    dp_sweep_run_fn run, dp_sweep_then_fn then, void *ud, struct dp_err *err) {
  struct dp_sweep_command o = *(const struct dp_sweep_command *)options;
  struct dp_str path = {0};
  struct dp_study *study = NULL;
  enum dp_status status = o.sweep.output ? DP_OK : default_output(cli->args[0], &path, err);
  if (!o.sweep.output) o.sweep.output = dp_str_text(&path);
  if (o.sweep.resume && o.sweep.restart)
    status = dp_fail(err, DP_USAGE, "--resume and --restart contradict each other");
  if (status == DP_OK) status = check_groups(o.sweep.ranks_per_run, cli->comm->rank_n, err);
  status = dp_comm_agree(cli->comm, status, err);
  if (status == DP_OK) status = open_study(cli, &o, &study, err);
  if (status == DP_OK)
    status = dp_comm_agree(cli->comm, prepare ? prepare(study, ud, err) : dp_study_design(study, err), err);
  if (status == DP_OK) status = run_study(cli, &o, study, run, then, ud, err);
  dp_study_free(study);
  dp_str_fini(&path);
  return status;
}

/* ---- sweep ---- */

/* Rank 0. */
static enum dp_status finish(struct dp_sweep *s, void *ud, struct dp_err *err) {
  struct dp_str report = {0};
  (void)ud;
  if (s->found_n && isatty(STDERR_FILENO))
    fprintf(stderr, "%zu of %zu runs were done before\n", s->found_n, s->wanted_n);
  enum dp_status status = dp_sweep_finish(s, &report, err);
  if (status == DP_OK) status = dp_cli_put(&report, err);
  else dp_str_fini(&report);
  if (status == DP_OK && s->failed_n)
    status = dp_fail(err, DP_FAILED, "%zu of %zu runs failed; why is in the group failures of %s", s->failed_n,
                     s->done_n, s->options->output);
  return status;
}

static enum dp_status run_sweep(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  return dp_sweep_command_run(cli, options, NULL, NULL, finish, NULL, err);
}

const struct dp_command dp_command_sweep = {
    .name = "sweep",
    .doc = "run a study: a scenario at many points, each several times",
    .args_doc = "STUDY",
    .details = "A study is a Lua file that returns depin.study { scenario = …, "
               "vary = { … } }. Every run has one rank to "
               "itself, or as many as --ranks-per-run says (for runs that one "
               "core takes too long for or has no room for), and equal replicates "
               "share their luck at every point. The result depends on "
               "neither number.\n"
               "FILE grows as FILE.part. A sweep that was killed goes on where "
               "it was when the same command is given "
               "again: no run that has ended is repeated. SIGTERM, SIGUSR1 and "
               "--wall-limit stop it with exit code 75. A run that fails is "
               "noted, and the others go on; the exit "
               "code is then 1.",
    .arg_min = 1,
    .arg_max = 1,
    .options = sweep_options,
    .options_size = sizeof(struct dp_sweep_command),
    .option = dp_sweep_command_option,
    .release = dp_sweep_command_release,
    .parallel = true,
    .run = run_sweep,
};
