/* sim/cli/tune.c — depinsim tune: the design that serves an objective best, or the parameters that data show. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis/tune_study.h"
#include "cli/commands.h"
#include "cli/sweep.h"

enum { KEY_BUDGET = DP_KEY_SWEEP_END, KEY_CONFIRM };

struct options {
  struct dp_sweep_command sweep; /* first */
  size_t budget_n, confirm_n;    /* 0: the study's */
};

struct tuning {
  const struct options *options;
  struct dp_comm *comm;
  struct dp_tuning t;
};

static const struct argp_option tune_options[] = {
    {"budget", KEY_BUDGET, "N", 0, "runs at most, instead of the study's budget_n", 0},
    {"confirm", KEY_CONFIRM, "N", 0,
     "runs on fresh luck of each design that is reported (as many as of a point, 10 at "
     "least)",
     0},
    DP_SWEEP_OPTIONS,
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  struct options *o = options;
  struct dp_err why = {0};
  int64_t n;
  if (key != KEY_BUDGET && key != KEY_CONFIRM) return dp_sweep_command_option(&o->sweep, key, value, err);
  if (dp_parse_i64(value, 2, 1000000000, &n, &why) != DP_OK)
    return dp_fail(err, DP_USAGE, "%s: %s", key == KEY_BUDGET ? "--budget" : "--confirm", why.text);
  *(key == KEY_BUDGET ? &o->budget_n : &o->confirm_n) = (size_t)n;
  return DP_OK;
}

static void release(void *options) { dp_sweep_command_release(&((struct options *)options)->sweep); }

/* Points come with the search. */
static enum dp_status prepare(struct dp_study *study, void *tuning, struct dp_err *err) {
  struct tuning *u = tuning;
  return dp_tuning_read(&u->t, study, u->options->budget_n, u->options->confirm_n, u->comm, err);
}

static enum dp_status search(struct dp_study *study, struct dp_comm *comm, const struct dp_sweep_options *options,
                             void *tuning, struct dp_sweep **out, struct dp_err *err) {
  (void)study;
  return dp_tuning_run(&((struct tuning *)tuning)->t, comm, options, out, err);
}

/* Rank 0. */
static enum dp_status finish(struct dp_sweep *s, void *tuning, struct dp_err *err) {
  const struct dp_tuning *t = &((struct tuning *)tuning)->t;
  struct dp_str answer = {0}, table = {0};
  if (s->found_n && isatty(STDERR_FILENO)) fprintf(stderr, "%zu runs were done before\n", s->found_n);
  enum dp_status status = dp_tuning_print(t, &answer, err);
  if (status == DP_OK) status = dp_sweep_finish(s, &table, err);
  dp_str_fini(&table);
  if (status != DP_OK) {
    dp_str_fini(&answer);
    return status;
  }
  DP_TRY(dp_cli_put(&answer, err));
  return dp_tuning_verdict(t, err);
}

static enum dp_status run_tune(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct tuning u = {.options = options, .comm = cli->comm};
  enum dp_status status = dp_sweep_command_run(cli, options, prepare, search, finish, &u, err);
  dp_tuning_fini(&u.t);
  return status;
}

const struct dp_command dp_command_tune = {
    .name = "tune",
    .doc = "find the parameters of a study that serve an objective best, meet a goal, or fit data",
    .args_doc = "STUDY",
    .details =
        "The study's table tune says what is wanted: objective = { kpi, goal = \"max\", \"min\" or a number }, "
        "with constraints = { kpi = depin.at_least(x, { quantile = \"p5\" }) }, a second objective as pareto, or "
        "fit = { series, data, column, time }. Every point has the same luck, so that differences are the points' own. "
        "A number is found by a bracketing root finder, everything else by Sobol' points and simplexes from the "
        "best of them; constraints come first. The best designs are run again on fresh luck, because the best "
        "of many looks better than it is: the figures shown are those. A fit comes with the error on data that "
        "it has not seen and with the interval in which each parameter can be told from the data.\n"
        "All runs are in FILE, as those of depinsim sweep, which also goes on after a kill. The exit code is 1 "
        "when the goal is not reached or no design keeps the constraints.",
    .arg_min = 1,
    .arg_max = 1,
    .options = tune_options,
    .options_size = sizeof(struct options),
    .option = option,
    .release = release,
    .parallel = true,
    .run = run_tune,
};
