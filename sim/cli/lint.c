/* sim/cli/lint.c — depinsim lint: is this scenario right, and what does it build? */
#include <inttypes.h>
#include <string.h>

#include "analysis/expect.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/hindsight.h"
#include "cli/scenario_options.h"

static const struct argp_option lint_options[] = {DP_SCENARIO_OPTIONS, {0}};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  return dp_scenario_option(options, key, value, err);
}

static void release(void *options) { dp_scenario_choice_fini(options); }

static void print_params(struct dp_str *out, const struct dp_scenario *s) {
  size_t n;
  const struct dp_scenario_param *p = dp_scenario_params(s, &n);
  if (n) dp_str_append(out, "parameters:\n");
  for (size_t i = 0; i < n; i++) {
    if (p[i].is_number) dp_str_printf(out, "  %s = %.12g", p[i].name, p[i].value);
    else dp_str_printf(out, "  %s = \"%s\"", p[i].name, p[i].text);
    if (p[i].given && p[i].is_number) dp_str_printf(out, " (default %.12g)", p[i].fallback);
    else if (p[i].given) dp_str_printf(out, " (default \"%s\")", p[i].fallback_text);
    dp_str_printf(out, "%s%s\n", p[i].doc && p[i].doc[0] ? "  — " : "", p[i].doc ? p[i].doc : "");
  }
}

static void print_sim(struct dp_str *out, const struct dp_sim *sim) {
  char a[DP_DATE_TEXT], b[DP_DURATION_TEXT], c[DP_DURATION_TEXT];
  const struct dp_engine *e = sim->engine;
  dp_time lookahead = dp_engine_lookahead(e);
  dp_str_printf(out, "start %s, duration %s, settlement every %s, seed %" PRIu64 "\n",
                dp_format_date(sim->spec.start_epoch_ns, a), dp_format_duration(sim->spec.end_ns, b),
                dp_format_duration(sim->spec.settle_every_ns, c), sim->spec.seed);
  dp_str_append(out, "models:\n");
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    bool named = strcmp(in->name, in->model->name) != 0;
    dp_str_printf(out, "  %s%s%s\n", in->model->name, named ? " " : "", named ? in->name : "");
  }
  dp_str_printf(out, "%" PRIu32 " cells, lookahead %s\n", e->config.cell_n,
                lookahead == DP_TIME_MAX ? "to the next beat" : dp_format_duration(lookahead, b));
  for (size_t i = 1; i < e->channel_n; i++)
    dp_str_printf(out, "  channel %s: at least %s\n", e->channels[i].name,
                  dp_format_duration(e->channels[i].least_delay_ns, b));
}

/* What is given and not made by the run. */
static void print_conditional(struct dp_str *out, const struct dp_sim *sim) {
  struct dp_str given = {0};
  dp_sim_conditional(sim, &given);
  if (given.len)
    dp_str_printf(out, "conditional: given by the scenario and not made by the run: %s\n", dp_str_text(&given));
  out->failed |= given.failed;
  dp_str_fini(&given);
}

/* What is dated later than `as_of`, or not at all. */
static enum dp_status print_hindsight(struct dp_str *out, const struct dp_scenario *s, struct dp_err *err) {
  struct dp_hindsight found;
  enum dp_status status = dp_hindsight_find(s, &found, err);
  if (status == DP_OK && dp_scenario_as_of(s)[0])
    dp_str_printf(out, "hindsight: %zu inputs are dated later than as_of = %s\n", found.n, dp_scenario_as_of(s));
  for (size_t i = 0; i < found.n; i++) dp_str_printf(out, "  %s\n", found.items[i]);
  if (found.undated_n)
    dp_str_printf(out, "undated: of %zu inputs nobody says when they became known\n", found.undated_n);
  for (size_t i = 0; i < found.undated_n; i++) dp_str_printf(out, "  %s\n", found.undated[i]);
  dp_hindsight_fini(&found);
  return status;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct dp_comm *comm;
  struct dp_scenario *scenario = NULL;
  struct dp_sim *sim = NULL;
  struct dp_str out = {0};
  DP_TRY(dp_comm_null_new(&comm, err));
  enum dp_status status = dp_scenario_open(cli->args[0], options, comm, &scenario, err);
  if (status == DP_OK) status = dp_sim_new(dp_scenario_spec(scenario), comm, &sim, err);
  if (status == DP_OK) {
    size_t n;
    const struct dp_expectation *expectations = dp_scenario_expectations(scenario, &n);
    if (((const struct dp_scenario_choice *)options)->setting_n == 0)
      status = dp_expect_check(expectations, n, sim, err);
  }
  if (status == DP_OK) {
    const char *question = dp_scenario_question(scenario);
    dp_str_printf(&out, "%s%s%s\n", sim->spec.name, question[0] ? ": " : "", question);
    print_params(&out, scenario);
    print_sim(&out, sim);
    print_conditional(&out, sim);
    status = print_hindsight(&out, scenario, err);
  }
  if (status == DP_OK) {
    dp_str_append(&out, "ok\n");
    status = dp_cli_put(&out, err);
  }
  dp_str_fini(&out);
  dp_sim_free(sim);
  dp_scenario_free(scenario);
  dp_comm_free(comm);
  return status;
}

const struct dp_command dp_command_lint = {
    .name = "lint",
    .doc = "check a scenario without running it, and say what it builds",
    .args_doc = "SCENARIO",
    .arg_min = 1,
    .arg_max = 1,
    .options = lint_options,
    .options_size = sizeof(struct dp_scenario_choice),
    .option = option,
    .release = release,
    .run = run,
};
