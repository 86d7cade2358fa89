/* sim/cli/compare.c — depinsim compare: two results, or two scenarios run with the same seeds. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "analysis/compare_bands.h"
#include "analysis/html.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/scratch.h"

#define SEEDS_DEFAULT 8
#define SEEDS_MOST 400 /* all results are open at a time, and a process may have 1024 files */

struct compare_options {
  struct dp_scenario_choice choice[2]; /* of either side */
  int format;                          /* enum dp_text_format */
  int64_t seeds_n;
  const char **series; /* [series_n] */
  size_t series_n;
  const char *output;
  bool bands_only, parameters_only, apart; /* apart: one side has settings of its own */
};

enum { KEY_SEEDS = 0x100, KEY_SHORT, KEY_SET_A, KEY_SET_B, KEY_SERIES, KEY_BANDS };

static const struct argp_option compare_options[] = {
    DP_SCENARIO_OPTIONS,
    {"short", KEY_SHORT, NULL, 0, "the same as --check-form", 1},
    {"set-a", KEY_SET_A, "NAME=VALUE", 0, "change a parameter of A alone; may be repeated", 2},
    {"set-b", KEY_SET_B, "NAME=VALUE", 0, "change a parameter of B alone; may be repeated", 2},
    {"seeds", KEY_SEEDS, "N", 0, "of scenarios: runs of each, seeds 1 to N (8)", 2},
    {"series", KEY_SERIES, "NAME", 0, "series over time, as ledger.exchange.price; may be repeated (the headlines)", 3},
    {"format", 'f', "FORM", 0, "text, json or csv (text)", 3},
    {"bands", KEY_BANDS, NULL, 0, "of csv: the bands over time instead of the key figures", 3},
    {"output", 'o', "FILE", 0, "write an HTML page too", 3},
    {0},
};

static enum dp_status add_series(struct compare_options *o, const char *name, struct dp_err *err) {
  if (!dp_array_resize(&o->series, o->series_n + 1, sizeof *o->series)) return dp_fail_nomem(err, "series");
  o->series[o->series_n++] = name;
  return DP_OK;
}

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"text", "json", "csv", NULL};
  struct compare_options *o = options;
  struct dp_err why = {0};
  if (key == KEY_SHORT) key = 'c';
  if (key == 'S') return dp_fail(err, DP_USAGE, "--seed: compare runs seeds 1 to N (give --seeds N)");
  if (dp_scenario_option_is(key)) DP_TRY(dp_scenario_option(&o->choice[0], key, value, err));
  if (dp_scenario_option_is(key)) return dp_scenario_option(&o->choice[1], key, value, err);
  switch (key) {
    case 'f': return dp_cli_choice("--format", value, formats, &o->format, err);
    case 'o': o->output = value; return DP_OK;
    case KEY_BANDS: o->bands_only = true; return DP_OK;
    case KEY_SERIES: return add_series(o, value, err);
    case KEY_SET_A:
    case KEY_SET_B: o->apart = true; return dp_scenario_option(&o->choice[key == KEY_SET_B], 's', value, err);
    default:
      if (dp_parse_i64(value, 1, SEEDS_MOST, &o->seeds_n, &why) == DP_OK) return DP_OK;
      return dp_fail(err, DP_USAGE, "--seeds: %s", why.text);
  }
}

static void release(void *options) {
  struct compare_options *o = options;
  dp_scenario_choice_fini(&o->choice[0]);
  dp_scenario_choice_fini(&o->choice[1]);
  free(o->series);
}

/* ---- results ---- */

static enum dp_status print_parameters(struct dp_str *out, const struct dp_compare_side sides[2], struct dp_err *err) {
  size_t count;
  DP_TRY(dp_compare_parameters(out, sides[0].results[0], sides[1].results[0], &count, err));
  if (count == 0) dp_str_append(out, "no parameter differs\n");
  return out->failed ? dp_fail_nomem(err, "a comparison") : DP_OK;
}

static enum dp_status write_page(const char *path, const struct dp_compare_side sides[2], size_t n,
                                 const struct dp_bands *bands, struct dp_err *err) {
  struct dp_str page = {0};
  enum dp_status status = dp_compare_page(&page, sides, n, bands, err);
  if (status == DP_OK) status = dp_html_write(&page, path, err);
  dp_str_fini(&page);
  return status;
}

static enum dp_status print_sides(struct dp_str *out, const struct compare_options *o,
                                  const struct dp_compare_side sides[2], size_t n, struct dp_err *err) {
  struct dp_bands bands;
  if (o->parameters_only) return print_parameters(out, sides, err);
  enum dp_status status = dp_bands_make(sides, n, o->series, o->series_n, &bands, err);
  if (status == DP_OK && o->bands_only) dp_bands_csv(out, &bands);
  else if (status == DP_OK) status = dp_compare_print(out, (enum dp_text_format)o->format, sides, n, &bands, err);
  if (status == DP_OK && o->output) status = write_page(o->output, sides, n, &bands, err);
  dp_bands_fini(&bands);
  return status;
}

/* A result of one run. */
static enum dp_status open_run(const char *path, struct dp_result **out, struct dp_err *err) {
  DP_TRY(dp_result_open_any(path, out, err));
  if (!dp_result_is_sweep(*out)) return DP_OK;
  return dp_fail(err, DP_USAGE,
                 "%s is the result of a sweep: it has the bands of its points, not the runs that pairs are made of (compare "
                 "the scenario at two settings: depinsim compare SCENARIO.lua --set-a NAME=VALUE --set-b NAME=VALUE)",
                 path);
}

/* Opens the results of both sides [2 n], side after side, and prints. */
static enum dp_status print_files(const char *const labels[2], const struct compare_options *o, const char *const *paths,
                                  size_t n, struct dp_err *err) {
  struct dp_str out = {0};
  struct dp_result **results = calloc(2 * n, sizeof *results);
  enum dp_status status = results ? DP_OK : dp_fail_nomem(err, "results");
  for (size_t i = 0; i < 2 * n && status == DP_OK; i++) status = open_run(paths[i], &results[i], err);
  const struct dp_compare_side sides[2] = {{labels[0], results}, {labels[1], results ? results + n : NULL}};
  if (status == DP_OK) status = print_sides(&out, o, sides, n, err);
  for (size_t i = 0; results && i < 2 * n; i++) dp_result_close(results[i]);
  free(results);
  if (status == DP_OK) return dp_cli_put(&out, err);
  dp_str_fini(&out);
  return status;
}

/* ---- scenarios ---- */

static enum dp_status ended(void *owner, size_t i, struct dp_err *err) {
  const struct dp_scratch *s = owner;
  const int code = s->children[i].exit_code;
  return code == 0 || code == 1 ? DP_OK : dp_scratch_fail(s, i, err); /* an expectation may fail */
}

/* "a.lua", with what was set. */
static void label_of(struct dp_str *out, const char *path, const struct dp_scenario_choice *c) {
  dp_str_append(out, path);
  for (size_t i = 0; i < c->setting_n; i++)
    dp_str_printf(out, "%s%s = %s", i ? ", " : " with ", c->settings[i].key, c->settings[i].value);
}

/* Runs both and prints. @param scenarios of A and of B */
static enum dp_status run_both(const char *const scenarios[2], const struct compare_options *o, struct dp_err *err) {
  const size_t n = o->parameters_only ? 1 : o->seeds_n ? (size_t)o->seeds_n : SEEDS_DEFAULT;
  struct dp_scratch scratch = {0};
  struct dp_str labels[2] = {0};
  const char **paths = calloc(2 * n, sizeof *paths);
  enum dp_status status = paths ? DP_OK : dp_fail_nomem(err, "runs");
  for (size_t i = 0; i < 2 * n && status == DP_OK; i++) {
    struct dp_scenario_choice choice = o->choice[i / n];
    choice.has_seed = true;
    choice.seed = i % n + 1;
    status = dp_scratch_add(&scratch, scenarios[i / n], &choice, NULL, err);
  }
  if (status == DP_OK) status = dp_scratch_spawn(&scratch, 0, 0, ended, &scratch, err);
  for (size_t i = 0; i < 2 * n && status == DP_OK; i++) paths[i] = scratch.runs[i].result;
  for (int side = 0; side < 2; side++) label_of(&labels[side], scenarios[side], &o->choice[side]);
  if (status == DP_OK)
    status = print_files((const char *[2]){dp_str_text(&labels[0]), dp_str_text(&labels[1])}, o, paths, n, err);
  for (int side = 0; side < 2; side++) dp_str_fini(&labels[side]);
  dp_scratch_fini(&scratch);
  free(paths);
  return status;
}

static bool is_scenario(const char *path) {
  const size_t len = strlen(path);
  return len > 4 && strcmp(path + len - 4, ".lua") == 0;
}

static bool is_changed(const struct dp_scenario_choice *c) {
  return c->setting_n > 0 || c->data_dir_n > 0 || c->until != NULL || c->check_form;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct compare_options *o = options;
  const char *const sides[2] = {cli->args[0], cli->args[cli->arg_n - 1]};
  if (o->bands_only && o->format != DP_TEXT_CSV) return dp_fail(err, DP_USAGE, "--bands needs --format csv");
  if (cli->arg_n == 1 && !is_scenario(sides[0])) return dp_fail(err, DP_USAGE, "needs a second result");
  if (cli->arg_n == 1 && !o->apart)
    return dp_fail(err, DP_USAGE, "needs a second scenario, or --set-b NAME=VALUE to change this one");
  if (is_scenario(sides[0]) != is_scenario(sides[1]))
    return dp_fail(err, DP_USAGE, "two results or two scenarios (.lua), not one of each: run the scenario first");
  if (is_scenario(sides[0])) return run_both(sides, o, err);
  if (o->seeds_n || is_changed(&o->choice[0]) || is_changed(&o->choice[1]))
    return dp_fail(err, DP_USAGE, "results have run already: settings and seeds are for scenarios (.lua)");
  return print_files(sides, o, sides, 1, err);
}

const struct dp_command dp_command_compare = {
    .name = "compare",
    .doc = "compare two results, two scenarios over several seeds, or two settings of one",
    .args_doc = "A [B]",
    .details = "Of results: which parameters differ, the key figures of both, and their series. Of scenarios: each runs with "
               "the same seeds, so that both share their luck; the table has means, the mean difference with its 95 % "
               "interval, and a verdict: higher, lower, equal, or not resolved when the interval holds 0. Over time there "
               "are bands (p5, median, p95) of A, of B, and of the difference of each pair. One scenario is compared with "
               "itself under --set-a and --set-b.",
    .arg_min = 1,
    .arg_max = 2,
    .options = compare_options,
    .options_size = sizeof(struct compare_options),
    .option = option,
    .release = release,
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
