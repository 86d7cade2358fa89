/* sim/cli/session.c — a simulation from its scenario to its report. */
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/expect.h"
#include "cli/libm_check.h"
#include "cli/run.h"

/* ---- options ---- */

static enum dp_status read_time(const char *option, const char *value, int64_t *ns, struct dp_err *err) {
  struct dp_err inner = {0};
  if (dp_parse_duration_ns(value, ns, &inner) != DP_OK) return dp_fail(err, DP_USAGE, "%s: %s", option, inner.text);
  return *ns > 0 ? DP_OK : dp_fail(err, DP_USAGE, "%s: a time greater than 0 is expected", option);
}

enum dp_status dp_session_option(struct dp_session_options *o, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"text", "json", NULL}, *const balances[] = {"auto", "off", "always", NULL};
  switch (key) {
    case 'q': o->quiet = true; return DP_OK;
    case DP_KEY_EXPECT: o->expect = true; return DP_OK;
    case DP_KEY_SELF_CHECK: o->self_check = true; return DP_OK;
    case 'f': return dp_cli_choice("--format", value, formats, &o->format, err);
    case DP_KEY_BALANCE: return dp_cli_choice("--balance", value, balances, &o->balance, err);
    case DP_KEY_EVERY: return read_time("--checkpoint-every", value, &o->checkpoint_every_ns, err);
    case DP_KEY_WALL: return read_time("--wall-limit", value, &o->wall_limit_ns, err);
    default: return DP_OK;
  }
}

/* ---- the beginning ---- */

/* A result never takes the place of its own scenario. */
static enum dp_status check_path(const struct dp_session *s, struct dp_err *err) {
  struct stat scenario, result;
  const char *path = s->options->output;
  if (stat(s->options->scenario, &scenario) != 0 || stat(path, &result) != 0) return DP_OK;
  if (scenario.st_dev != result.st_dev || scenario.st_ino != result.st_ino) return DP_OK;
  return dp_fail(err, DP_USAGE, "-o %s is the scenario itself (give the result another name)", path);
}

/* First rank. */
static enum dp_status open_output(struct dp_session *s, bool again, struct dp_err *err) {
  struct dp_run_provenance p;
  const char *path = s->options->output;
  DP_TRY(check_path(s, err));
  if (!again) DP_TRY(dp_session_check_free(s, err));
  enum dp_status status = dp_run_provenance_fill(&p, s->scenario, s->libm_hash, err);
  if (status == DP_OK)
    status = again ? dp_output_reopen(path, &p.p, &s->output, err) : dp_output_new(path, &p.p, &s->output, err);
  dp_run_provenance_fini(&p);
  return status;
}

static enum dp_status apply_shock(struct dp_session *s, struct dp_err *err) {
  if (!s->options->shock) return DP_OK;
  DP_TRY(dp_shock_apply(s->options->shock, dp_scenario_spec(s->scenario), &s->shocked, err));
  if (s->shocked.applies) return DP_OK;
  return dp_fail(err, DP_SCENARIO, "--shock %s: the scenario has nothing that it could change (depinsim stress says which "
                 "shocks apply)", s->options->shock);
}

/* Those that the run will be judged by. */
static enum dp_status check_expectations(struct dp_session *s, struct dp_err *err) {
  const struct dp_expectation *expectations;
  size_t n;
  if (dp_session_not_judged(s)) return DP_OK;
  expectations = dp_scenario_expectations(s->scenario, &n);
  return dp_expect_check(expectations, n, s->sim, err);
}

/* Everything that can be wrong with the input is found before the output is opened. */
static enum dp_status prepare(struct dp_session *s, bool again, struct dp_err *err) {
  const struct dp_session_options *o = s->options;
  DP_TRY(dp_libm_check(s->comm, &s->libm_hash, err));
  DP_TRY(dp_scenario_open(o->scenario, &o->choice, s->comm, &s->scenario, err));
  DP_TRY(apply_shock(s, err));
  struct dp_spec spec = o->shock ? s->shocked.spec : *dp_scenario_spec(s->scenario);
  spec.replicate = o->replicate;
  DP_TRY(dp_sim_new(&spec, s->comm, &s->sim, err));
  dp_engine_set_balance(s->sim->engine, (enum dp_balance_mode)o->balance);
  DP_TRY(check_expectations(s, err));
  enum dp_status status = dp_session_lines(s, err);
  if (status == DP_OK && s->comm->rank == 0) status = open_output(s, again, err);
  if (status == DP_OK && s->comm->rank == 0) status = dp_session_about_pack(s, &s->about, err);
  DP_TRY(dp_comm_agree(s->comm, status, err));
  if (s->output) dp_sim_set_sink(s->sim, dp_output_sink(s->output));
  return DP_OK;
}

/* ---- the end ---- */

static enum dp_status finish(struct dp_session *s, struct dp_err *err) {
  DP_TRY(dp_sim_kpis(s->sim, &s->kpis, &s->kpi_n, err));
  DP_TRY(dp_engine_digest(s->sim->engine, &s->digest, err));
  DP_TRY(dp_engine_report(s->sim->engine, &s->report, err));
  struct dp_run_volatiles v;
  enum dp_status status = dp_run_volatiles_fill(&v, s->cli, s->sim, s->seconds, err);
  struct dp_output_expectation *verdicts = NULL;
  size_t verdict_n = 0;
  if (status == DP_OK) status = dp_session_verdicts(s, &verdicts, &verdict_n, err);
  status = dp_comm_agree(s->comm, status, err);
  if (status == DP_OK) {
    struct dp_output_outcome outcome = {.kpis = s->kpis,
                                        .kpi_n = s->kpi_n,
                                        .digest = s->digest,
                                        .event_n = s->report.event_n,
                                        .report = &s->report,
                                        .volatiles = v.items,
                                        .volatile_n = v.n,
                                        .expectations = verdicts,
                                        .expectation_n = verdict_n,
                                        .not_judged = dp_session_not_judged(s)};
    struct dp_output *output = s->output;
    s->output = NULL;
    status = dp_output_finish(output, s->sim, &outcome, err);
  }
  dp_session_free_verdicts(verdicts, verdict_n);
  dp_run_volatiles_fini(&v);
  return status;
}

/* The one message of a run that a full disk or the like has ended says how to go on. */
static void say_how_to_go_on(const struct dp_session *s, enum dp_status status, struct dp_err *err) {
  size_t len = strlen(err->text);
  if (!s->resumable || (status != DP_IO && status != DP_NOMEM) || len == 0) return;
  snprintf(err->text + len, sizeof err->text - len, "; then go on with: depinsim resume %s", s->checkpoint);
}

void dp_session_begin(struct dp_session *s, const struct dp_cli *cli, const struct dp_session_options *options) {
  *s = (struct dp_session){.cli = cli, .options = options, .comm = cli->comm};
  dp_progress_hold(&s->progress);
}

enum dp_status dp_session_run(struct dp_session *s, const char *from, struct dp_err *err) {
  struct dp_str path = {0};
  dp_str_printf(&path, "%s.ckpt", s->options->output);
  s->checkpoint = dp_str_steal(&path);
  enum dp_status status = s->checkpoint ? DP_OK : dp_fail_nomem(err, "a name");
  if (status == DP_OK) status = prepare(s, from != NULL, err);
  if (status == DP_OK && from) status = dp_session_restore(s, from, err);
  if (status == DP_OK) status = dp_session_simulate(s, err);
  if (status == DP_OK) status = finish(s, err);
  if (status != DP_OK) say_how_to_go_on(s, status, err);
  if (status == DP_OK && s->comm->rank == 0) dp_session_forget(s);
  if (status == DP_OK && s->comm->rank == 0) status = dp_session_report(s, err);
  return status;
}

void dp_session_end(struct dp_session *s) {
  dp_output_abandon(s->output);
  dp_engine_report_fini(&s->report);
  dp_sim_free(s->sim);
  dp_shocked_fini(&s->shocked);
  dp_scenario_free(s->scenario);
  dp_buffer_fini(&s->about);
  dp_str_fini(&s->lines);
  free(s->checkpoint);
  free(s->kpis);
}
