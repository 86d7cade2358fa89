/* sim/cli/stress.c — depinsim stress: which shocks does a scenario survive? Its runs are processes side by side. */
#include <config.h>

#include "analysis/stress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/scratch.h"
#include "cli/shock.h"

#define SHOCK_MAX 16
#define SEEDS_DEFAULT 4

struct stress_options {
  struct dp_scenario_choice choice; /* first */
  int format;
  int64_t seeds_n;
  dp_time at_ns; /* 0: a quarter of the run */
  bool strict;
};

enum { KEY_SEEDS = 0x100, KEY_AT, KEY_STRICT };

static const struct argp_option stress_options[] = {
    DP_SCENARIO_OPTIONS,
    {"seeds", KEY_SEEDS, "N", 0, "runs of each shock, seeds 1 to N (4)", 2},
    {"at", KEY_AT, "TIME", 0, "when the shock comes: 90d (a quarter of the run)", 2},
    {"strict", KEY_STRICT, NULL, 0, "exit code 1 when a criterion does not hold", 2},
    {"format", 'f', "FORM", 0, "text, json or csv (text)", 2},
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"text", "json", "csv", NULL};
  struct stress_options *o = options;
  struct dp_err why = {0};
  if (key == 'S') return dp_fail(err, DP_USAGE, "--seed: stress runs seeds 1 to N (give --seeds N)");
  if (dp_scenario_option_is(key)) return dp_scenario_option(&o->choice, key, value, err);
  if (key == 'f') return dp_cli_choice("--format", value, formats, &o->format, err);
  if (key == KEY_STRICT) o->strict = true;
  if (key == KEY_SEEDS && dp_parse_i64(value, 1, 1000, &o->seeds_n, &why) != DP_OK)
    return dp_fail(err, DP_USAGE, "--seeds: %s", why.text);
  if (key == KEY_AT && dp_parse_duration_ns(value, &o->at_ns, &why) != DP_OK)
    return dp_fail(err, DP_USAGE, "--at: %s", why.text);
  return DP_OK;
}

static void release(void *options) { dp_scenario_choice_fini(&((struct stress_options *)options)->choice); }

struct stress {
  const struct stress_options *options;
  const char *path;
  struct dp_stress_row rows[SHOCK_MAX + 1];
  char shock[SHOCK_MAX + 1][48]; /* as --shock takes it; "" for none */
  size_t row_n, seed_n;
  struct dp_scratch scratch;  /* row after row, of the rows that apply */
  struct dp_result **results; /* [row_n][seed_n] */
  size_t *place;              /* of a run in results */
};

/* ---- which shocks ---- */

static enum dp_status find_rows(struct stress *s, const struct dp_spec *spec, double *day, struct dp_err *err) {
  const double at = (double)s->options->at_ns / (double)DP_DAY;
  s->rows[s->row_n++] = (struct dp_stress_row){.name = "undisturbed", .doc = ""};
  *day = s->options->at_ns ? at : (double)spec->end_ns / (double)DP_DAY / 4;
  for (const struct dp_stress_shock *k = dp_stress_shocks; k->name && s->row_n <= SHOCK_MAX; k++) {
    struct dp_shocked shocked;
    snprintf(s->shock[s->row_n], sizeof s->shock[0], "%s@%.15g", k->name, *day);
    enum dp_status status = dp_shock_apply(s->shock[s->row_n], spec, &shocked, err);
    s->rows[s->row_n++] = (struct dp_stress_row){
        .name = k->name, .doc = k->doc, .why_not = status == DP_OK && shocked.applies ? NULL : k->needs};
    dp_shocked_fini(&shocked);
    DP_TRY(status);
  }
  return DP_OK;
}

/* ---- the runs ---- */

/* Expectations may fail under a shock (1); a broken invariant is a verdict (4); anything else ends the whole. */
static enum dp_status ended(void *owner, size_t i, struct dp_err *err) {
  struct stress *s = owner;
  const int code = s->scratch.children[i].exit_code;
  if (code == 4) return DP_OK;
  if (code != 0 && code != 1) return dp_scratch_fail(&s->scratch, i, err);
  return dp_result_open(s->scratch.runs[i].result, &s->results[s->place[i]], err);
}

static enum dp_status run_all(struct stress *s, struct dp_err *err) {
  const size_t most = s->row_n * s->seed_n;
  struct dp_scenario_choice choice = s->options->choice;
  choice.has_seed = true;
  s->results = calloc(most, sizeof(struct dp_result *));
  s->place = calloc(most, sizeof *s->place);
  if (!s->results || !s->place) return dp_fail_nomem(err, "runs");
  for (size_t i = 0; i < most; i++) {
    struct dp_stress_row *row = &s->rows[i / s->seed_n];
    const char *shock = s->shock[i / s->seed_n];
    row->results = &s->results[i - i % s->seed_n];
    if (row->why_not) continue;
    choice.seed = i % s->seed_n + 1;
    s->place[s->scratch.n] = i;
    DP_TRY(dp_scratch_add(&s->scratch, s->path, &choice, shock[0] ? shock : NULL, err));
  }
  return dp_scratch_spawn(&s->scratch, 0, 0, ended, s, err);
}

static void stress_fini(struct stress *s) {
  for (size_t i = 0; s->results && i < s->row_n * s->seed_n; i++)
    if (s->results[i]) dp_result_close(s->results[i]);
  free(s->results);
  free(s->place);
  dp_scratch_fini(&s->scratch);
}

static enum dp_status print(const struct stress *s, const struct dp_scenario *scenario, double day, struct dp_err *err) {
  struct dp_stress_question q = {.title = dp_scenario_spec(scenario)->name, .rows = s->rows, .row_n = s->row_n,
                                 .seed_n = s->seed_n, .day = day};
  struct dp_str out = {0};
  size_t failed_n = 0;
  q.survives = dp_scenario_survives(scenario, &q.survive_n);
  enum dp_status status = dp_stress_print(&out, (enum dp_text_format)s->options->format, &q, &failed_n, err);
  if (status == DP_OK) status = dp_cli_put(&out, err);
  dp_str_fini(&out);
  if (status != DP_OK || failed_n == 0 || !s->options->strict) return status;
  return dp_fail(err, DP_FAILED, "%zu of the criteria do not hold under their shocks", failed_n);
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct dp_comm *comm;
  struct dp_scenario *scenario = NULL;
  struct stress s = {.options = options, .path = cli->args[0]};
  double day = 0;
  s.seed_n = s.options->seeds_n ? (size_t)s.options->seeds_n : SEEDS_DEFAULT;
  DP_TRY(dp_comm_null_new(&comm, err));
  enum dp_status status = dp_scenario_open(cli->args[0], &s.options->choice, comm, &scenario, err);
  if (status == DP_OK) status = find_rows(&s, dp_scenario_spec(scenario), &day, err);
  if (status == DP_OK) status = run_all(&s, err);
  if (status == DP_OK) status = print(&s, scenario, day, err);
  stress_fini(&s);
  dp_scenario_free(scenario);
  dp_comm_free(comm);
  return status;
}

const struct dp_command dp_command_stress = {
    .name = "stress",
    .doc = "which shocks does a scenario survive: a matrix of what still holds under each",
    .args_doc = "SCENARIO",
    .details = "Each shock runs with the same seeds as the undisturbed scenario: price (somebody sells until it has fallen "
               "by 80 %), demand -50 %, emission ends, liquidity leaves, feed lags, gas x20, electricity x3, insiders sell.\n"
               "Criteria: the books balance; and those of the scenario's `survives` table, else: at least half of the "
               "hosts in profit, half as many active as undisturbed, outside revenue at least half of the emission's value, "
               "a price of at least a tenth of the undisturbed one. A shock that the scenario has nothing for shows \"-\".",
    .arg_min = 1,
    .arg_max = 1,
    .options = stress_options,
    .options_size = sizeof(struct stress_options),
    .option = option,
    .release = release,
    .run = run,
};
