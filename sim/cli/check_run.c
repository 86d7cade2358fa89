/* sim/cli/check_run.c — runs the cases of `depinsim check` and judges them. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/audit.h"
#include "cli/check.h"
#include "cli/cli.h"

#define TAIL_BYTES 4000 /* of a message that is shown */
#define FIRST_SEED 1001 /* of the further runs of a baseline: any seeds but the scenario's own do */

/* ---- verdicts ---- */

/* The end of a file, "" when there is none. */
static void read_tail(struct dp_str *out, const char *path) {
  char bytes[TAIL_BYTES];
  FILE *file = fopen(path, "r");
  if (!file) return;
  if (fseek(file, -(long)sizeof bytes, SEEK_END) != 0) rewind(file);
  const size_t n = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  dp_str_append_n(out, bytes, n);
}

static enum dp_status verdict(struct dp_check *c, const struct dp_check_case *x, const char *name, const char *why,
                              double seconds, struct dp_err *err) {
  return dp_verdicts_add(&c->verdicts, x->path, name, why, seconds, err);
}

/* A run whose exit code is neither 0 nor, with expectations to judge, 1. */
static enum dp_status judge_end(struct dp_check *c, const struct dp_check_case *x, size_t run, bool *there,
                                struct dp_err *err) {
  const struct dp_child *child = &c->scratch.children[run];
  const bool has_result = access(c->scratch.runs[run].result, R_OK) == 0;
  struct dp_str why = {0};
  *there = has_result && !child->timed_out && (child->exit_code == 0 || child->exit_code == 1);
  if (*there) return verdict(c, x, "runs", NULL, child->seconds, err);
  if (child->timed_out) dp_str_printf(&why, "no end after %.3g s (--timeout allows more)\n", child->seconds);
  else if (child->exit_code > 128 && child->exit_code != 130)
    dp_str_printf(&why, "crashed: %s\n", strsignal(child->exit_code - 128));
  else dp_str_printf(&why, "exit code %d\n", child->exit_code);
  read_tail(&why, child->err);
  if (why.len && why.data[why.len - 1] != '\n') dp_str_append(&why, "\n");
  dp_str_append(&why, "see for yourself: ");
  dp_scratch_command(&c->scratch, run, &why);
  enum dp_status status = verdict(c, x, "runs", dp_str_text(&why), child->seconds, err);
  dp_str_fini(&why);
  return status;
}

/* Lines "expect A: value ok|FAILED" of what the run printed; those that do not apply say so in another way. */
static enum dp_status judge_expectations(struct dp_check *c, const struct dp_check_case *x, struct dp_err *err) {
  const char *path = c->scratch.runs[x->first].out;
  char *line = NULL;
  size_t cap = 0;
  enum dp_status status = DP_OK;
  FILE *file = fopen(path, "r");
  if (!file) return dp_fail(err, DP_IO, "%s: cannot be read", path);
  while (status == DP_OK && getline(&line, &cap, file) > 0) {
    line[strcspn(line, "\n")] = '\0';
    char *value = strrchr(line, ':');
    if (strncmp(line, "expect ", 7) != 0 || !value) continue;
    const size_t len = strlen(value);
    const bool holds = len > 3 && strcmp(value + len - 3, " ok") == 0;
    const bool fails = len > 7 && strcmp(value + len - 7, " FAILED") == 0;
    if (!holds && !fails) continue;
    *value = '\0';
    struct dp_str why = {0};
    dp_str_printf(&why, "%s\nsee for yourself: ", value + 2);
    dp_scratch_command(&c->scratch, x->first, &why);
    status = verdict(c, x, line + 7, fails ? dp_str_text(&why) : NULL, 0, err);
    dp_str_fini(&why);
  }
  free(line);
  fclose(file);
  return status;
}

static enum dp_status judge_books(struct dp_check *c, const struct dp_check_case *x, struct dp_err *err) {
  struct dp_str text = {0};
  struct dp_err wrong = {0};
  const bool balanced = dp_audit_file(&text, DP_TEXT_PLAIN, c->scratch.runs[x->first].result, &wrong) == DP_OK;
  dp_str_fini(&text);
  return verdict(c, x, "books balance", balanced ? NULL : wrong.text, 0, err);
}

static void baseline_path(const struct dp_check *c, const struct dp_check_case *x, struct dp_str *path) {
  size_t len = strlen(x->path);
  if (len > 4 && strcmp(x->path + len - 4, ".lua") == 0) len -= 4;
  dp_str_printf(path, "%.*s%s.baseline.json", (int)len, x->path, c->options->short_form ? ".short" : "");
}

static enum dp_status judge_baseline(struct dp_check *c, const struct dp_check_case *x, const struct dp_result *r,
                                     const char *path, struct dp_err *err) {
  struct dp_baseline *baseline;
  struct dp_str lines = {0};
  struct dp_err wrong = {0};
  if (access(path, F_OK) != 0) return DP_OK;
  if (dp_baseline_read(path, &baseline, &wrong) != DP_OK) return verdict(c, x, "is as recorded", wrong.text, 0, err);
  const size_t n = dp_baseline_compare(&lines, baseline, r);
  dp_baseline_free(baseline);
  if (n > 0) dp_str_printf(&lines, "recorded in %s; meant to change? depinsim check%s --update %s", path,
                           c->options->short_form ? " --short" : "", x->path);
  enum dp_status status = verdict(c, x, "is as recorded", n ? dp_str_text(&lines) : NULL, 0, err);
  dp_str_fini(&lines);
  return status;
}

/* Values of one run; a KPI that this run lacks is NaN. */
static enum dp_status sample(const struct dp_result *names, const char *path, struct dp_baseline_sample *out,
                             struct dp_err *err) {
  struct dp_result *r;
  DP_TRY(dp_result_open(path, &r, err));
  out->values = calloc(names->kpi_n + 1, sizeof *out->values);
  for (size_t k = 0; out->values && k < names->kpi_n; k++) {
    out->values[k] = (double)NAN;
    for (size_t i = 0; i < r->kpi_n; i++)
      if (strcmp(r->kpis[i].name, names->kpis[k].name) == 0)
        out->values[k] = r->kpis[i].integer ? dp_i128_to_double(r->kpis[i].count) : r->kpis[i].value;
  }
  dp_result_close(r);
  return out->values ? DP_OK : dp_fail_nomem(err, "a baseline");
}

static enum dp_status record(struct dp_check *c, const struct dp_check_case *x, const struct dp_result *r,
                             const char *path, struct dp_err *err) {
  struct dp_baseline_sample *samples = calloc(x->run_n, sizeof *samples);
  enum dp_status status = samples ? DP_OK : dp_fail_nomem(err, "a baseline");
  for (size_t i = 0; i < x->run_n && status == DP_OK; i++)
    status = sample(r, c->scratch.runs[x->first + i].result, &samples[i], err);
  if (status == DP_OK) status = dp_baseline_write(path, r, samples, x->run_n, c->options->exact, err);
  for (size_t i = 0; samples && i < x->run_n; i++) free(samples[i].values);
  free(samples);
  return status == DP_OK ? verdict(c, x, "is recorded", NULL, 0, err) : status;
}

static enum dp_status judge(struct dp_check *c, const struct dp_check_case *x, struct dp_err *err) {
  bool there = true;
  for (size_t i = 0; i < x->run_n && there; i++) DP_TRY(judge_end(c, x, x->first + i, &there, err));
  if (!there) return DP_OK;
  DP_TRY(judge_expectations(c, x, err));
  DP_TRY(judge_books(c, x, err));
  struct dp_result *r;
  struct dp_str path = {0};
  DP_TRY(dp_result_open(c->scratch.runs[x->first].result, &r, err));
  baseline_path(c, x, &path);
  enum dp_status status = c->options->update ? record(c, x, r, dp_str_text(&path), err)
                                             : judge_baseline(c, x, r, dp_str_text(&path), err);
  dp_result_close(r);
  dp_str_fini(&path);
  return status;
}

/* Cases are judged in their order, each when it and all before it have ended. */
static enum dp_status ended(void *owner, size_t run, struct dp_err *err) {
  struct dp_check *c = owner;
  c->cases[run / c->cases[0].run_n].ended_n++;
  while (c->judged_n < c->case_n && c->cases[c->judged_n].ended_n == c->cases[c->judged_n].run_n) {
    const struct dp_check_case *x = &c->cases[c->judged_n++];
    const size_t from = c->verdicts.n;
    struct dp_str tap = {0};
    DP_TRY(judge(c, x, err));
    for (size_t i = 0; i < x->run_n; i++) dp_scratch_forget(&c->scratch, x->first + i);
    dp_verdicts_tap(&tap, &c->verdicts, from);
    DP_TRY(dp_cli_put(&tap, err));
  }
  return DP_OK;
}

enum dp_status dp_check_run(struct dp_check *c, struct dp_err *err) {
  const size_t runs_n = c->options->update ? (size_t)c->options->seeds_n : 1;
  for (size_t i = 0; i < c->case_n * runs_n; i++) {
    const struct dp_scenario_choice choice = {
        .check_form = c->options->short_form, .has_seed = i % runs_n > 0, .seed = FIRST_SEED + i % runs_n};
    DP_TRY(dp_scratch_add(&c->scratch, c->cases[i / runs_n].path, &choice, NULL, err));
  }
  for (size_t i = 0; i < c->case_n; i++) {
    c->cases[i].first = i * runs_n;
    c->cases[i].run_n = runs_n;
  }
  return dp_scratch_spawn(&c->scratch, (unsigned)c->options->jobs_n, c->options->timeout_ns, ended, c, err);
}

void dp_check_fini(struct dp_check *c) {
  for (size_t i = 0; i < c->case_n; i++) free(c->cases[i].path);
  free(c->cases);
  dp_scratch_fini(&c->scratch);
  dp_verdicts_fini(&c->verdicts);
}
