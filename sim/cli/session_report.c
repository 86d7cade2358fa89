/* sim/cli/session_report.c — what a run that has ended says. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cost.h"
#include "analysis/expect.h"
#include "analysis/kpi.h"
#include "analysis/kpi_find.h"
#include "cli/hindsight.h"
#include "cli/session.h"

#define FLOW_OVER_DEPTH_HIGH 0.05
#define RANKS_SHOWN 16 /* with more, the first few only: the result has them all */

static void say_where(const struct dp_session *s) {
  const uint64_t event_n = s->report.event_n;
  fprintf(stderr, "%s: %" PRIu64 " events in %.1f s (%.3g a second)\n", s->options->output, event_n, s->seconds,
          (double)event_n / (s->seconds > 0 ? s->seconds : 1));
}

/* Where the time of several ranks went. */
static void say_cost(const struct dp_session *s) {
  struct dp_str out = {0};
  if (s->report.rank_n < 2 || s->options->quiet) return;
  dp_cost_print(&out, &s->report, RANKS_SHOWN);
  if (!out.failed) fputs(dp_str_text(&out), stderr);
  dp_str_fini(&out);
}

/* What a reader of the figures must know before he believes them. */
static void warn_of_market(const struct dp_session *s) {
  struct dp_str given = {0};
  dp_sim_conditional(s->sim, &given);
  if (given.len && !given.failed)
    fprintf(stderr, "depinsim: conditional: given by the scenario and not made by the run: %s\n", dp_str_text(&given));
  dp_str_fini(&given);
  for (size_t i = 0; i < s->kpi_n; i++)
    if (dp_kpi_is_of(&s->kpis[i], "token.flow_over_depth_ratio") && s->kpis[i].value > FLOW_OVER_DEPTH_HIGH)
      fprintf(stderr, "depinsim: a thin market: the mean net trade of a day is %.3g of token.depth_2pct_usd%s (above %g the "
              "price follows single days)\n", s->kpis[i].value, s->kpis[i].name + strcspn(s->kpis[i].name, "@"),
              FLOW_OVER_DEPTH_HIGH);
    else if (dp_kpi_is_of(&s->kpis[i], "token.thin_days_n") && s->kpis[i].value > 0)
      fprintf(stderr, "depinsim: a thin market: on %.0f of the days the net trade was above %g of token.depth_2pct_usd%s\n",
              s->kpis[i].value, FLOW_OVER_DEPTH_HIGH, s->kpis[i].name + strcspn(s->kpis[i].name, "@"));
}

const char *dp_session_not_judged(const struct dp_session *s) {
  const struct dp_scenario_choice *c = &s->options->choice;
  if (s->options->expect) return NULL;
  return c->setting_n ? "--set" : c->until ? "--until" : c->check_form ? "--check-form" : NULL;
}

void dp_session_free_verdicts(struct dp_output_expectation *verdicts, size_t n) {
  for (size_t i = 0; verdicts && i < n; i++) free((char *)(uintptr_t)verdicts[i].bound);
  free(verdicts);
}

enum dp_status dp_session_verdicts(const struct dp_session *s, struct dp_output_expectation **out, size_t *n,
                                   struct dp_err *err) {
  const struct dp_expectation *e = dp_scenario_expectations(s->scenario, n);
  struct dp_output_expectation *made = *out = calloc(*n + 1, sizeof *made);
  if (!made) return dp_fail_nomem(err, "expectations");
  for (size_t i = 0; i < *n; i++) {
    struct dp_str bound = {0};
    dp_expect_bound(&bound, &e[i]);
    made[i].kpi = e[i].kpi;
    made[i].holds = dp_expect_judge(&e[i], s->kpis, s->kpi_n, &made[i].value) == DP_EXPECT_HOLDS;
    made[i].bound = dp_str_steal(&bound);
    if (!made[i].bound) return dp_fail_nomem(err, "expectations");
  }
  return DP_OK;
}

static enum dp_status judge(const struct dp_session *s, struct dp_str *lines, struct dp_err *err) {
  size_t n;
  const struct dp_expectation *expectations = dp_scenario_expectations(s->scenario, &n);
  const char *option = dp_session_not_judged(s);
  char why_not[80];
  snprintf(why_not, sizeof why_not, "(not applicable with %s; --expect applies it)", option ? option : "");
  size_t failed_n = dp_expect_report(lines, expectations, n, s->kpis, s->kpi_n, option ? why_not : NULL);
  if (failed_n == 0) return DP_OK;
  for (size_t i = 0; i < n; i++) {
    double value;
    if (dp_expect_judge(&expectations[i], s->kpis, s->kpi_n, &value) == DP_EXPECT_HOLDS) continue;
    struct dp_str text = {0};
    dp_expect_describe(&text, &expectations[i]);
    enum dp_status status =
        dp_fail(err, DP_FAILED, "%zu of %zu expectations do not hold, first %s: %.6g (the result is in %s)", failed_n,
                n, dp_str_text(&text), value, s->options->output);
    dp_str_fini(&text);
    return status;
  }
  return DP_OK;
}

/* Heads the figures of a run that knows more than was known at its date. */
static enum dp_status head_hindsight(const struct dp_session *s, struct dp_str *out, struct dp_err *err) {
  struct dp_hindsight found;
  enum dp_status status = dp_hindsight_find(s->scenario, &found, err);
  if (status == DP_OK && (found.n || found.undated_n))
    dp_str_printf(out, "hindsight: %zu inputs are dated later than as_of = %s, %zu are undated (depinsim lint lists "
                  "them)\n", found.n, dp_scenario_as_of(s->scenario), found.undated_n);
  dp_hindsight_fini(&found);
  return status;
}

/* Heads the figures of a run that was given what the model could have made. */
static void head_conditional(const struct dp_session *s, struct dp_str *out) {
  struct dp_str given = {0};
  dp_sim_conditional(s->sim, &given);
  if (given.len)
    dp_str_printf(out, "conditional: given by the scenario and not made by the run: %s\n", dp_str_text(&given));
  out->failed |= given.failed;
  dp_str_fini(&given);
}

enum dp_status dp_session_report(const struct dp_session *s, struct dp_err *err) {
  struct dp_str text = {0}, lines = {0};
  enum dp_text_format format = (enum dp_text_format)s->options->format;
  enum dp_status status = format == DP_TEXT_PLAIN ? head_hindsight(s, &text, err) : DP_OK;
  if (format == DP_TEXT_PLAIN) head_conditional(s, &text);
  if (status == DP_OK) status = dp_kpi_print(&text, format, s->sim->spec.name, s->digest, s->kpis, s->kpi_n, err);
  enum dp_status verdict = status == DP_OK ? judge(s, &lines, err) : DP_OK;
  if (status == DP_OK && format == DP_TEXT_PLAIN) dp_str_append(&text, dp_str_text(&lines));
  dp_str_fini(&lines);
  if (status != DP_OK) dp_str_fini(&text);
  else status = dp_cli_put(&text, err);
  if (s->progress.shows) say_where(s);
  say_cost(s);
  if (!s->options->quiet) warn_of_market(s);
  return status == DP_OK ? verdict : status;
}
