/* sim/cli/supply.c — depinsim supply: schedule and unlocks of a scenario's tokens, without a simulation. */
#include "analysis/supply.h"

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/scenario_options.h"

struct supply_options {
  struct dp_scenario_choice choice; /* first */
  int format;
  dp_time every_ns;
};

enum { KEY_EVERY = 0x100 };

static const struct argp_option supply_options[] = {
    DP_SCENARIO_OPTIONS,
    {"every", KEY_EVERY, "TIME", 0, "a row for so much time: 30d (a twelfth of the run)", 2},
    {"format", 'f', "FORM", 0, "text, json or csv (text)", 2},
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"text", "json", "csv", NULL};
  struct supply_options *o = options;
  struct dp_err why = {0};
  if (dp_scenario_option_is(key)) return dp_scenario_option(&o->choice, key, value, err);
  if (key == 'f') return dp_cli_choice("--format", value, formats, &o->format, err);
  if (dp_parse_duration_ns(value, &o->every_ns, &why) == DP_OK && o->every_ns > 0) return DP_OK;
  return dp_fail(err, DP_USAGE, "--every: %s", why.text[0] ? why.text : "a time greater than 0 is expected");
}

static void release(void *options) { dp_scenario_choice_fini(&((struct supply_options *)options)->choice); }

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct supply_options *o = options;
  struct dp_comm *comm;
  struct dp_scenario *scenario = NULL;
  struct dp_sim *sim = NULL;
  struct dp_str out = {0};
  DP_TRY(dp_comm_null_new(&comm, err));
  enum dp_status status = dp_scenario_open(cli->args[0], &o->choice, comm, &scenario, err);
  if (status == DP_OK) status = dp_sim_new(dp_scenario_spec(scenario), comm, &sim, err);
  if (status == DP_OK) status = dp_supply_print(&out, (enum dp_text_format)o->format, sim, o->every_ns, err);
  if (status == DP_OK) status = dp_cli_put(&out, err);
  dp_str_fini(&out);
  dp_sim_free(sim);
  dp_scenario_free(scenario);
  dp_comm_free(comm);
  return status;
}

const struct dp_command dp_command_supply = {
    .name = "supply",
    .doc = "schedule and unlocks of a scenario's tokens, without a simulation",
    .args_doc = "SCENARIO",
    .details = "For each token by date: minted, unlocked by class, locked, circulating, supply, and inflation a year. Nothing "
               "is burned: only a run knows. With --until it looks further than the scenario runs.",
    .arg_min = 1,
    .arg_max = 1,
    .options = supply_options,
    .options_size = sizeof(struct supply_options),
    .option = option,
    .release = release,
    .run = run,
};
