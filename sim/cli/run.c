/* sim/cli/run.c — depinsim run: a scenario in, a result file and its key figures out. */
#include "cli/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/expect.h"
#include "analysis/kpi.h"
#include "cli/commands.h"
#include "cli/libm_check.h"
#include "cli/progress.h"
#include "cli/scenario_options.h"

#define EVENTS_PER_WINDOW_LOW 10 /* of a rank: below, ranks mostly wait for each other */

enum { KEY_EXPECT = 0x100 };

static const struct argp_option run_options[] = {
    {"output", 'o', "FILE", 0, "the result (the scenario's name and .h5, in the working directory)", 0},
    DP_SCENARIO_OPTIONS,
    {"expect", KEY_EXPECT, NULL, 0, "hold the scenario to its expectations although it was changed by an option", 2},
    {"format", 'f', "FORM", 0, "text or json (text)", 2},
    {"quiet", 'q', NULL, 0, "no progress on the terminal", 2},
    {0},
};

struct run_options {
  struct dp_scenario_choice choice;
  const char *output;
  int format; /* enum dp_text_format */
  bool expect, quiet;
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"text", "json", NULL};
  struct run_options *o = options;
  if (dp_scenario_option_is(key)) return dp_scenario_option(&o->choice, key, value, err);
  if (key == 'o') o->output = value;
  if (key == 'q') o->quiet = true;
  if (key == KEY_EXPECT) o->expect = true;
  if (key == 'f') return dp_cli_choice("--format", value, formats, &o->format, err);
  return DP_OK;
}

static void release(void *options) { dp_scenario_choice_fini(&((struct run_options *)options)->choice); }

/* ---- what a run holds ---- */

struct run {
  const struct dp_cli *cli;
  const struct run_options *options;
  struct dp_comm *comm;
  struct dp_scenario *scenario;
  struct dp_sim *sim;
  struct dp_output *output; /* on the first rank */
  char *path;               /* of the result */
  uint64_t libm_hash, digest, event_n;
  struct dp_kpi_value *kpis; /* [kpi_n] */
  size_t kpi_n;
  double seconds;
  bool bar;
};

static enum dp_status default_path(struct run *r, struct dp_err *err) {
  if (r->options->output) {
    r->path = strdup(r->options->output);
  } else {
    const char *slash = strrchr(r->cli->args[0], '/'), *base = slash ? slash + 1 : r->cli->args[0];
    size_t len = strlen(base);
    if (len > 4 && strcmp(base + len - 4, ".lua") == 0) len -= 4;
    r->path = malloc(len + sizeof ".h5");
    if (r->path) snprintf(r->path, len + sizeof ".h5", "%.*s.h5", (int)len, base);
  }
  return r->path ? DP_OK : dp_fail_nomem(err, "a name");
}

/* A result never takes the place of its own scenario. */
static enum dp_status check_path(const struct run *r, struct dp_err *err) {
  struct stat scenario, result;
  if (stat(r->cli->args[0], &scenario) != 0 || stat(r->path, &result) != 0) return DP_OK;
  if (scenario.st_dev != result.st_dev || scenario.st_ino != result.st_ino) return DP_OK;
  return dp_fail(err, DP_USAGE, "-o %s is the scenario itself (give the result another name)", r->path);
}

/* First rank. */
static enum dp_status open_output(struct run *r, struct dp_err *err) {
  struct dp_run_provenance p;
  DP_TRY(check_path(r, err));
  enum dp_status status = dp_run_provenance_fill(&p, r->scenario, r->libm_hash, err);
  if (status == DP_OK) status = dp_output_new(r->path, &p.p, &r->output, err);
  dp_run_provenance_fini(&p);
  return status;
}

/* Collective. Everything that can be wrong with the input is found before the output is opened. */
static enum dp_status prepare(struct run *r, struct dp_err *err) {
  DP_TRY(dp_libm_check(r->comm, &r->libm_hash, err));
  DP_TRY(dp_scenario_open(r->cli->args[0], &r->options->choice, r->comm, &r->scenario, err));
  DP_TRY(dp_sim_new(dp_scenario_spec(r->scenario), r->comm, &r->sim, err));
  enum dp_status status = default_path(r, err);
  if (status == DP_OK && r->comm->rank == 0) status = open_output(r, err);
  DP_TRY(dp_comm_agree(r->comm, status, err));
  if (r->output) dp_sim_set_sink(r->sim, dp_output_sink(r->output));
  return DP_OK;
}

/* ---- running ---- */

static enum dp_status interrupted(struct run *r, struct dp_err *err) {
  char date[DP_DATE_TEXT];
  if (r->comm->rank != 0) return dp_fail(err, DP_INTERRUPTED, "%s", "");
  bool kept = dp_output_leave(r->output);
  r->output = NULL;
  return dp_fail(err, DP_INTERRUPTED, "interrupted at %s of simulated time; %s%s%s",
                 dp_format_date(r->sim->spec.start_epoch_ns + r->sim->engine->now_ns, date),
                 kept ? "what was settled until then is in " : "there is no result", kept ? r->path : "",
                 kept ? ".part" : "");
}

/* Collective. */
static enum dp_status simulate(struct run *r, struct dp_err *err) {
  struct dp_progress progress;
  bool stopped = false;
  dp_progress_begin(&progress, r->sim, r->options->quiet);
  r->bar = progress.shows;
  enum dp_status status = dp_sim_run(r->sim, &stopped, err);
  r->seconds = dp_progress_seconds(&progress);
  dp_progress_end(&progress);
  if (status == DP_OK && stopped) status = interrupted(r, err);
  return status;
}

/* Collective. */
static enum dp_status finish(struct run *r, struct dp_err *err) {
  DP_TRY(dp_sim_kpis(r->sim, &r->kpis, &r->kpi_n, err));
  DP_TRY(dp_engine_digest(r->sim->engine, &r->digest, err));
  DP_TRY(dp_engine_event_n(r->sim->engine, &r->event_n, err));
  struct dp_run_volatiles v;
  enum dp_status status = dp_run_volatiles_fill(&v, r->cli, r->sim, r->seconds, err);
  status = dp_comm_agree(r->comm, status, err);
  if (status == DP_OK) {
    struct dp_output_outcome outcome = {.kpis = r->kpis,
                                        .kpi_n = r->kpi_n,
                                        .digest = r->digest,
                                        .event_n = r->event_n,
                                        .volatiles = v.items,
                                        .volatile_n = v.n};
    struct dp_output *output = r->output;
    r->output = NULL;
    status = dp_output_finish(output, r->sim, &outcome, err);
  }
  dp_run_volatiles_fini(&v);
  return status;
}

/* ---- reporting ---- */

/* Names the channel that makes windows short, when ranks mostly wait. */
static void warn_of_waiting(const struct run *r) {
  const struct dp_engine *e = r->sim->engine;
  if (r->comm->rank_n == 1 || e->window_n == 0) return;
  double per_window = (double)r->event_n / (double)e->window_n / r->comm->rank_n;
  if (per_window >= EVENTS_PER_WINDOW_LOW) return;
  const struct dp_channel *least = NULL;
  for (size_t i = 1; i < e->channel_n; i++)
    if (!least || e->channels[i].least_delay_ns < least->least_delay_ns) least = &e->channels[i];
  char delay[DP_DURATION_TEXT];
  if (least)
    fprintf(stderr, "depinsim: %.1f events a window and rank: ranks mostly wait, because channel %s promises only %s\n",
            per_window, least->name, dp_format_duration(least->least_delay_ns, delay));
}

static void say_where(const struct run *r) {
  fprintf(stderr, "%s: %" PRIu64 " events in %.1f s (%.3g a second)\n", r->path, r->event_n, r->seconds,
          (double)r->event_n / (r->seconds > 0 ? r->seconds : 1));
  warn_of_waiting(r);
}

static enum dp_status judge(const struct run *r, struct dp_str *lines, struct dp_err *err) {
  size_t n;
  const struct dp_expectation *expectations = dp_scenario_expectations(r->scenario, &n);
  const struct dp_scenario_choice *c = &r->options->choice;
  const char *why_not = NULL;
  if (c->setting_n) why_not = "(not applicable with --set; --expect applies it)";
  else if (c->until) why_not = "(not applicable with --until; --expect applies it)";
  else if (c->check_form) why_not = "(not applicable with --check-form; --expect applies it)";
  if (r->options->expect) why_not = NULL;
  size_t failed_n = dp_expect_report(lines, expectations, n, r->kpis, r->kpi_n, why_not);
  if (failed_n == 0) return DP_OK;
  for (size_t i = 0; i < n; i++) {
    double value;
    if (dp_expect_judge(&expectations[i], r->kpis, r->kpi_n, &value) == DP_EXPECT_HOLDS) continue;
    struct dp_str text = {0};
    dp_expect_describe(&text, &expectations[i]);
    enum dp_status status =
        dp_fail(err, DP_FAILED, "%zu of %zu expectations do not hold, first %s: %.6g (the result is in %s)", failed_n,
                n, dp_str_text(&text), value, r->path);
    dp_str_fini(&text);
    return status;
  }
  return DP_OK;
}

/* First rank. */
static enum dp_status report(const struct run *r, struct dp_err *err) {
  struct dp_str text = {0}, lines = {0};
  enum dp_text_format format = (enum dp_text_format)r->options->format;
  enum dp_status status =
      dp_kpi_print(&text, format, r->sim->spec.name, r->digest, r->kpis, r->kpi_n, err);
  enum dp_status verdict = status == DP_OK ? judge(r, &lines, err) : DP_OK;
  if (status == DP_OK && format == DP_TEXT_PLAIN) dp_str_append(&text, dp_str_text(&lines));
  dp_str_fini(&lines);
  if (status != DP_OK) dp_str_fini(&text);
  else status = dp_cli_put(&text, err);
  if (r->bar) say_where(r);
  return status == DP_OK ? verdict : status;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct run r = {.cli = cli, .options = options, .comm = cli->comm};
  enum dp_status status = prepare(&r, err);
  if (status == DP_OK) status = simulate(&r, err);
  if (status == DP_OK) status = finish(&r, err);
  if (status == DP_OK && cli->comm->rank == 0) status = report(&r, err);
  dp_output_abandon(r.output);
  dp_sim_free(r.sim);
  dp_scenario_free(r.scenario);
  free(r.kpis);
  free(r.path);
  return status;
}

const struct dp_command dp_command_run = {
    .name = "run",
    .doc = "run a scenario: key figures to the standard output, everything to a result file",
    .args_doc = "SCENARIO",
    .details = "The result does not depend on the number of ranks. Progress is shown on a terminal only. Expectations of "
               "the scenario hold at its declared defaults: the exit code is 1 when one does not.",
    .arg_min = 1,
    .arg_max = 1,
    .options = run_options,
    .options_size = sizeof(struct run_options),
    .option = option,
    .release = release,
    .parallel = true,
    .run = run,
};
