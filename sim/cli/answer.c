/* sim/cli/answer.c — depinsim answer: a scenario's question, answered from runs with several seeds, side by side. */
#include <config.h>

#include "analysis/answer.h"

#include <stdlib.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/scratch.h"

#define SEEDS_DEFAULT 4

struct answer_options {
  struct dp_scenario_choice choice; /* first */
  int format;                       /* enum dp_text_format */
  int64_t seeds_n;
};

enum { KEY_SEEDS = 0x100 };

static const struct argp_option answer_options[] = {
    DP_SCENARIO_OPTIONS,
    {"seeds", KEY_SEEDS, "N", 0, "runs, the first with the scenario's seed, the next ones with those behind it (4)", 2},
    {"format", 'f', "FORM", 0, "text or json (text)", 2},
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"text", "json", NULL};
  struct answer_options *o = options;
  struct dp_err why = {0};
  if (dp_scenario_option_is(key)) return dp_scenario_option(&o->choice, key, value, err);
  if (key == 'f') return dp_cli_choice("--format", value, formats, &o->format, err);
  if (dp_parse_i64(value, 1, 1000, &o->seeds_n, &why) == DP_OK) return DP_OK;
  return dp_fail(err, DP_USAGE, "--seeds: %s", why.text);
}

static void release(void *options) { dp_scenario_choice_fini(&((struct answer_options *)options)->choice); }

struct answering {
  struct dp_answer answer;
  struct dp_scratch scratch; /* a run for each seed */
};

/* An expectation may fail (1). What is wrong with the scenario (2) stays its fault. */
static enum dp_status ended(void *owner, size_t i, struct dp_err *err) {
  struct answering *s = owner;
  struct dp_result *result;
  struct dp_err why = {0};
  const int code = s->scratch.children[i].exit_code;
  if (code != 0 && code != 1) {
    dp_scratch_fail(&s->scratch, i, &why);
    return dp_fail(err, code == 2 ? DP_SCENARIO : DP_FAILED, "%s", why.text);
  }
  DP_TRY(dp_result_open(s->scratch.runs[i].result, &result, err));
  dp_answer_take(&s->answer, i, result->kpis, result->kpi_n);
  dp_result_close(result);
  dp_scratch_forget(&s->scratch, i);
  return DP_OK;
}

static enum dp_status run_all(struct answering *s, const char *path, const struct answer_options *o,
                              struct dp_err *err) {
  struct dp_scenario_choice choice = o->choice;
  choice.has_seed = true;
  for (size_t i = 0; i < s->answer.seed_n; i++) {
    choice.seed = s->answer.first_seed + i;
    DP_TRY(dp_scratch_add(&s->scratch, path, &choice, NULL, err));
  }
  return dp_scratch_spawn(&s->scratch, 0, 0, ended, s, err);
}

static enum dp_status prepare(struct answering *s, const struct dp_scenario *scenario, const char *path,
                              const struct answer_options *o, struct dp_err *err) {
  const struct dp_scenario_choice *c = &o->choice;
  const struct dp_spec *spec = dp_scenario_spec(scenario);
  size_t n;
  const struct dp_expectation *expectations = dp_scenario_expectations(scenario, &n);
  if (n == 0)
    return dp_fail(err, DP_SCENARIO,
                   "%s expects nothing, so nothing can be answered (add expect = { [\"job.completed_ratio\"] = "
                   "depin.at_least(0.9) }; depinsim models lists the KPIs)",
                   path);
  s->answer = (struct dp_answer){.scenario = spec->name, .question = dp_scenario_question(scenario),
                                 .first_seed = spec->seed,
                                 .seed_n = o->seeds_n ? (size_t)o->seeds_n : SEEDS_DEFAULT};
  s->answer.changed = c->setting_n ? "--set" : c->until ? "--until" : c->check_form ? "--check-form" : NULL;
  if (spec->seed > (uint64_t)INT64_MAX - s->answer.seed_n)
    return dp_fail(err, DP_RANGE, "the seed has no %zu seeds behind it (give a smaller --seed)", s->answer.seed_n);
  return dp_answer_init(&s->answer, expectations, n, err);
}

static enum dp_status print(const struct answering *s, const struct answer_options *o, struct dp_err *err) {
  struct dp_str out = {0};
  size_t failed_n = 0;
  enum dp_status status = dp_answer_print(&out, (enum dp_text_format)o->format, &s->answer, &failed_n, err);
  if (status == DP_OK) status = dp_cli_put(&out, err);
  dp_str_fini(&out);
  if (status != DP_OK || failed_n == 0) return status;
  return dp_fail(err, DP_FAILED, "%zu of %zu expectations do not hold", failed_n, s->answer.n);
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct answer_options *o = options;
  struct dp_comm *comm;
  struct dp_scenario *scenario = NULL;
  struct answering s = {0};
  DP_TRY(dp_comm_null_new(&comm, err));
  enum dp_status status = dp_scenario_open(cli->args[0], &o->choice, comm, &scenario, err);
  if (status == DP_OK) status = prepare(&s, scenario, cli->args[0], o, err);
  if (status == DP_OK) status = run_all(&s, cli->args[0], o, err);
  if (status == DP_OK) status = print(&s, o, err);
  dp_answer_fini(&s.answer);
  dp_scratch_fini(&s.scratch);
  dp_scenario_free(scenario);
  dp_comm_free(comm);
  return status;
}

const struct dp_command dp_command_answer = {
    .name = "answer",
    .doc = "answer a scenario's question from several seeds: what it expects, with intervals",
    .args_doc = "SCENARIO",
    .details = "A sentence for each expectation of the scenario's `expect` table: the mean of its key figure over the "
               "seeds, its 95 % interval (Student's t), and a verdict. yes: the whole interval keeps the bounds; no: "
               "all of it is outside; not resolved: it crosses a bound, or only one seed has a value. The exit code is "
               "1 when an expectation does not hold or has no value.",
    .arg_min = 1,
    .arg_max = 1,
    .options = answer_options,
    .options_size = sizeof(struct answer_options),
    .option = option,
    .release = release,
    .run = run,
};
