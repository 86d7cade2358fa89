/* sim/cli/run.c — depinsim run: a scenario in, a result file and its key figures out. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/commands.h"
#include "cli/session.h"

static const struct argp_option run_options[] = {
    {"output", 'o', "FILE", 0, "the result (the scenario's name and .h5, in the working directory)", 0},
    DP_SCENARIO_OPTIONS,
    {"expect", DP_KEY_EXPECT, NULL, 0, "hold the scenario to its expectations although it was changed by an option", 2},
    {"shock", DP_KEY_SHOCK, "NAME[@DAY]", 0, "with a shock of `depinsim stress`, from that day on (a quarter of the run)", 2},
    {"replicate", DP_KEY_REPLICATE, "N", 0, "with the luck of run N of each point of a study: its whole result (0)", 2},
    DP_SESSION_OPTIONS,
    {0},
};

static enum dp_status read_replicate(struct dp_session_options *o, const char *value, struct dp_err *err) {
  struct dp_err inner = {0};
  int64_t n;
  if (dp_parse_i64(value, 0, INT64_MAX, &n, &inner) != DP_OK) return dp_fail(err, DP_USAGE, "--replicate: %s", inner.text);
  o->replicate = (uint64_t)n;
  return DP_OK;
}

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  struct dp_session_options *o = options;
  if (dp_scenario_option_is(key)) return dp_scenario_option(&o->choice, key, value, err);
  if (key == 'o') o->output = value;
  if (key == DP_KEY_SHOCK) o->shock = value;
  if (key == DP_KEY_REPLICATE) return read_replicate(o, value, err);
  return dp_session_option(o, key, value, err);
}

static void release(void *options) { dp_scenario_choice_fini(&((struct dp_session_options *)options)->choice); }

/* The scenario's name and .h5. */
static enum dp_status default_output(const char *scenario, struct dp_str *path, struct dp_err *err) {
  const char *slash = strrchr(scenario, '/'), *base = slash ? slash + 1 : scenario;
  size_t len = strlen(base);
  if (len > 4 && strcmp(base + len - 4, ".lua") == 0) len -= 4;
  dp_str_printf(path, "%.*s.h5", (int)len, base);
  return path->failed ? dp_fail_nomem(err, "a name") : DP_OK;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct dp_session_options o = *(const struct dp_session_options *)options;
  struct dp_str path = {0};
  struct dp_session session;
  dp_session_begin(&session, cli, &o);
  o.scenario = cli->args[0];
  enum dp_status status = o.output ? DP_OK : default_output(o.scenario, &path, err);
  if (!o.output) o.output = dp_str_text(&path);
  status = dp_comm_agree(cli->comm, status, err);
  if (status == DP_OK) status = dp_session_run(&session, NULL, err);
  dp_session_end(&session);
  dp_str_fini(&path);
  return status;
}

const struct dp_command dp_command_run = {
    .name = "run",
    .doc = "run a scenario: key figures to the standard output, everything to a result file",
    .args_doc = "SCENARIO",
    .details = "The result does not depend on the number of ranks. Progress is shown on a terminal only. Expectations of "
               "the scenario hold at its declared defaults: the exit code is 1 when one does not.\n"
               "The result X grows as X.part. SIGUSR1 writes the checkpoint X.ckpt and goes on; SIGTERM and the wall "
               "limit write it and stop with exit code 75: `depinsim resume X.ckpt` goes on. The one before stays as "
               "X.ckpt.old. Checkpoints are removed when X is complete.",
    .arg_min = 1,
    .arg_max = 1,
    .options = run_options,
    .options_size = sizeof(struct dp_session_options),
    .option = option,
    .release = release,
    .parallel = true,
    .run = run,
};
