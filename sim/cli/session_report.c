/* sim/cli/session_report.c — what a run that has ended says. */
#include <inttypes.h>
#include <stdio.h>

#include "analysis/expect.h"
#include "analysis/kpi.h"
#include "cli/session.h"

#define EVENTS_PER_WINDOW_LOW 10 /* of a rank: below, ranks mostly wait for each other */

/* Names the channel that makes windows short, when ranks mostly wait. */
static void warn_of_waiting(const struct dp_session *s) {
  const struct dp_engine *e = s->sim->engine;
  if (s->comm->rank_n == 1 || e->window_n == 0) return;
  double per_window = (double)s->event_n / (double)e->window_n / s->comm->rank_n;
  if (per_window >= EVENTS_PER_WINDOW_LOW) return;
  const struct dp_channel *least = NULL;
  for (size_t i = 1; i < e->channel_n; i++)
    if (!least || e->channels[i].least_delay_ns < least->least_delay_ns) least = &e->channels[i];
  char delay[DP_DURATION_TEXT];
  if (least)
    fprintf(stderr, "depinsim: %.1f events a window and rank: ranks mostly wait, because channel %s promises only %s\n",
            per_window, least->name, dp_format_duration(least->least_delay_ns, delay));
}

static void say_where(const struct dp_session *s) {
  fprintf(stderr, "%s: %" PRIu64 " events in %.1f s (%.3g a second)\n", s->options->output, s->event_n, s->seconds,
          (double)s->event_n / (s->seconds > 0 ? s->seconds : 1));
  warn_of_waiting(s);
}

static enum dp_status judge(const struct dp_session *s, struct dp_str *lines, struct dp_err *err) {
  size_t n;
  const struct dp_expectation *expectations = dp_scenario_expectations(s->scenario, &n);
  const struct dp_scenario_choice *c = &s->options->choice;
  const char *why_not = NULL;
  if (c->setting_n) why_not = "(not applicable with --set; --expect applies it)";
  else if (c->until) why_not = "(not applicable with --until; --expect applies it)";
  else if (c->check_form) why_not = "(not applicable with --check-form; --expect applies it)";
  if (s->options->expect) why_not = NULL;
  size_t failed_n = dp_expect_report(lines, expectations, n, s->kpis, s->kpi_n, why_not);
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

enum dp_status dp_session_report(const struct dp_session *s, struct dp_err *err) {
  struct dp_str text = {0}, lines = {0};
  enum dp_text_format format = (enum dp_text_format)s->options->format;
  enum dp_status status =
      dp_kpi_print(&text, format, s->sim->spec.name, s->digest, s->kpis, s->kpi_n, err);
  enum dp_status verdict = status == DP_OK ? judge(s, &lines, err) : DP_OK;
  if (status == DP_OK && format == DP_TEXT_PLAIN) dp_str_append(&text, dp_str_text(&lines));
  dp_str_fini(&lines);
  if (status != DP_OK) dp_str_fini(&text);
  else status = dp_cli_put(&text, err);
  if (s->progress.shows) say_where(s);
  return status == DP_OK ? verdict : status;
}
