/* sim/cli/describe.c — depinsim describe: what is simulated, in the form that journals ask for. */
#include "analysis/describe.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/scenario_options.h"

struct describe_options {
  struct dp_scenario_choice choice;
  int json;
};

static const struct argp_option describe_options[] = {
    DP_SCENARIO_OPTIONS, {"format", 'f', "FORM", 0, "md (Markdown) or json (md)", 2}, {0}};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const forms[] = {"md", "json", NULL};
  struct describe_options *o = options;
  if (key == 'f') return dp_cli_choice("--format", value, forms, &o->json, err);
  return dp_scenario_option(&o->choice, key, value, err);
}

static void release(void *options) { dp_scenario_choice_fini(&((struct describe_options *)options)->choice); }

static enum dp_status describe_scenario(const char *path, const struct dp_scenario_choice *choice,
                                        struct dp_description *d, struct dp_err *err) {
  struct dp_comm *comm;
  struct dp_scenario *scenario = NULL;
  struct dp_sim *sim = NULL;
  DP_TRY(dp_comm_null_new(&comm, err));
  enum dp_status status = dp_scenario_open(path, choice, comm, &scenario, err);
  if (status == DP_OK) status = dp_sim_new(dp_scenario_spec(scenario), comm, &sim, err);
  if (status == DP_OK) status = dp_describe_sim(scenario, sim, d, err);
  dp_sim_free(sim);
  dp_scenario_free(scenario);
  dp_comm_free(comm);
  return status;
}

static enum dp_status describe_result(const char *path, struct dp_description *d, struct dp_err *err) {
  struct dp_result *result;
  DP_TRY(dp_result_open(path, &result, err));
  enum dp_status status = dp_describe_result(result, d, err);
  dp_result_close(result);
  return status;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct describe_options *o = options;
  const char *path = cli->args[0];
  const size_t len = strlen(path);
  struct dp_description d = {0};
  struct dp_str out = {0};
  const bool lua = len > 4 && strcmp(path + len - 4, ".lua") == 0;
  enum dp_status status = lua ? describe_scenario(path, &o->choice, &d, err) : describe_result(path, &d, err);
  if (status == DP_OK) status = dp_describe_print(&out, &d, o->json != 0, err);
  dp_description_fini(&d);
  if (status == DP_OK) return dp_cli_put(&out, err);
  dp_str_fini(&out);
  return status;
}

const struct dp_command dp_command_describe = {
    .name = "describe",
    .doc = "describe a scenario or a result by the ODD protocol",
    .args_doc = "SCENARIO|FILE",
    .details = "Overview, design concepts and details (Grimm et al. 2020), made of what the program declares: entities, "
               "state variables, order of processes, streams of chance, metrics, and every parameter with its value and "
               "source. A file that ends in .lua is a scenario.",
    .arg_min = 1,
    .arg_max = 1,
    .options = describe_options,
    .options_size = sizeof(struct describe_options),
    .option = option,
    .release = release,
    .run = run,
};
