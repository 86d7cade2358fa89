/* sim/cli/check_run.c — runs the cases of `depinsim check` and judges them. */
#include <config.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/audit.h"
#include "cli/check.h"
#include "cli/cli.h"

#define ARGS_MAX 12
#define TAIL_BYTES 4000 /* of a message that is shown */
#define FIRST_SEED 1001 /* of the further runs of a baseline: any seeds but the scenario's own do */

/** A run of a case. Paths are malloc'ed. */
struct dp_check_task {
  size_t of; /* case */
  char *result, *out, *err;
  char seed[24];
  const char *args[ARGS_MAX];
};

/* ---- runs ---- */

static char *path_in(const struct dp_check *c, size_t task, const char *suffix) {
  struct dp_str path = {0};
  dp_str_printf(&path, "%s/%zu%s", c->folder, task, suffix);
  return dp_str_steal(&path);
}

static enum dp_status prepare(struct dp_check *c, size_t i, size_t of, size_t nth, struct dp_err *err) {
  struct dp_check_task *t = &c->tasks[i];
  size_t n = 0;
  *t = (struct dp_check_task){.of = of};
  t->result = path_in(c, i, ".h5");
  t->out = path_in(c, i, ".out");
  t->err = path_in(c, i, ".err");
  if (!t->result || !t->out || !t->err) return dp_fail_nomem(err, "a check");
  t->args[n++] = "run";
  t->args[n++] = c->cases[of].path;
  t->args[n++] = "--quiet";
  t->args[n++] = "--output";
  t->args[n++] = t->result;
  if (c->options->short_form) t->args[n++] = "--check-form";
  if (nth > 0) {
    snprintf(t->seed, sizeof t->seed, "%zu", FIRST_SEED + nth);
    t->args[n++] = "--seed";
    t->args[n++] = t->seed;
  }
  c->children[i] = (struct dp_child){.args = t->args, .out = t->out, .err = t->err};
  return DP_OK;
}

static void forget(struct dp_check_task *t) {
  const char *const files[] = {t->result, t->out, t->err};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    if (files[i]) unlink(files[i]);
  struct dp_str part = {0};
  dp_str_printf(&part, "%s.part", t->result ? t->result : "");
  if (part.data) unlink(part.data);
  dp_str_fini(&part);
}

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

/* ---- verdicts ---- */

static enum dp_status verdict(struct dp_check *c, const struct dp_check_case *x, const char *name, const char *why,
                              double seconds, struct dp_err *err) {
  return dp_verdicts_add(&c->verdicts, x->path, name, why, seconds, err);
}

/* A run whose exit code is neither 0 nor, with expectations to judge, 1. */
static enum dp_status judge_end(struct dp_check *c, const struct dp_check_case *x, size_t task, bool *there,
                                struct dp_err *err) {
  const struct dp_child *child = &c->children[task];
  const bool has_result = access(c->tasks[task].result, R_OK) == 0;
  struct dp_str why = {0};
  *there = has_result && !child->timed_out && (child->exit_code == 0 || child->exit_code == 1);
  if (*there) return verdict(c, x, "runs", NULL, child->seconds, err);
  if (child->timed_out) dp_str_printf(&why, "no end after %.3g s (--timeout allows more)\n", child->seconds);
  else if (child->exit_code > 128 && child->exit_code != 130)
    dp_str_printf(&why, "crashed: %s\n", strsignal(child->exit_code - 128));
  else dp_str_printf(&why, "exit code %d\n", child->exit_code);
  read_tail(&why, c->tasks[task].err);
  if (why.len && why.data[why.len - 1] != '\n') dp_str_append(&why, "\n");
  dp_str_printf(&why, "see for yourself: depinsim run %s%s%s%s", x->path, c->options->short_form ? " --check-form" : "",
                c->tasks[task].seed[0] ? " --seed " : "", c->tasks[task].seed);
  enum dp_status status = verdict(c, x, "runs", dp_str_text(&why), child->seconds, err);
  dp_str_fini(&why);
  return status;
}

/* Lines "expect A: value ok|FAILED" of what the run printed; those that do not apply say so in another way. */
static enum dp_status judge_expectations(struct dp_check *c, const struct dp_check_case *x, size_t task,
                                         struct dp_err *err) {
  char *line = NULL;
  size_t cap = 0;
  enum dp_status status = DP_OK;
  FILE *file = fopen(c->tasks[task].out, "r");
  if (!file) return dp_fail(err, DP_IO, "%s: cannot be read", c->tasks[task].out);
  while (status == DP_OK && getline(&line, &cap, file) > 0) {
    line[strcspn(line, "\n")] = '\0';
    char *value = strrchr(line, ':');
    if (strncmp(line, "expect ", 7) != 0 || !value) continue;
    const size_t len = strlen(value);
    const bool holds = len > 3 && strcmp(value + len - 3, " ok") == 0;
    const bool fails = len > 7 && strcmp(value + len - 7, " FAILED") == 0;
    if (!holds && !fails) continue;
    *value = '\0';
    status = verdict(c, x, line + 7, fails ? value + 2 : NULL, 0, err);
  }
  free(line);
  fclose(file);
  return status;
}

static enum dp_status judge_books(struct dp_check *c, const struct dp_check_case *x, size_t task, struct dp_err *err) {
  struct dp_str text = {0};
  struct dp_err wrong = {0};
  const bool balanced = dp_audit_file(&text, DP_TEXT_PLAIN, c->tasks[task].result, &wrong) == DP_OK;
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
  if (n > 0) dp_str_printf(&lines, "recorded in %s; meant to change? depinsim check --update %s", path, x->path);
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
  struct dp_baseline_sample *samples = calloc(x->task_n, sizeof *samples);
  enum dp_status status = samples ? DP_OK : dp_fail_nomem(err, "a baseline");
  for (size_t i = 0; i < x->task_n && status == DP_OK; i++) status = sample(r, x->tasks[i].result, &samples[i], err);
  if (status == DP_OK) status = dp_baseline_write(path, r, samples, x->task_n, c->options->exact, err);
  for (size_t i = 0; samples && i < x->task_n; i++) free(samples[i].values);
  free(samples);
  return status == DP_OK ? verdict(c, x, "is recorded", NULL, 0, err) : status;
}

static enum dp_status judge(struct dp_check *c, const struct dp_check_case *x, struct dp_err *err) {
  const size_t first = (size_t)(x->tasks - c->tasks);
  bool there = true;
  for (size_t i = 0; i < x->task_n && there; i++) DP_TRY(judge_end(c, x, first + i, &there, err));
  if (!there) return DP_OK;
  DP_TRY(judge_expectations(c, x, first, err));
  DP_TRY(judge_books(c, x, first, err));
  struct dp_result *r;
  struct dp_str path = {0};
  DP_TRY(dp_result_open(x->tasks[0].result, &r, err));
  baseline_path(c, x, &path);
  enum dp_status status = c->options->update ? record(c, x, r, dp_str_text(&path), err)
                                             : judge_baseline(c, x, r, dp_str_text(&path), err);
  dp_result_close(r);
  dp_str_fini(&path);
  return status;
}

/* Cases are judged in their order, each when it and all before it have ended. */
static enum dp_status ended(void *owner, size_t child, struct dp_err *err) {
  struct dp_check *c = owner;
  c->cases[c->tasks[child].of].ended_n++;
  while (c->judged_n < c->case_n && c->cases[c->judged_n].ended_n == c->cases[c->judged_n].task_n) {
    const struct dp_check_case *x = &c->cases[c->judged_n++];
    const size_t from = c->verdicts.n;
    struct dp_str tap = {0};
    DP_TRY(judge(c, x, err));
    for (size_t i = 0; i < x->task_n; i++) forget(&x->tasks[i]);
    dp_verdicts_tap(&tap, &c->verdicts, from);
    DP_TRY(dp_cli_put(&tap, err));
  }
  return DP_OK;
}

enum dp_status dp_check_run(struct dp_check *c, struct dp_err *err) {
  const size_t runs_n = c->options->update ? (size_t)c->options->seeds_n : 1, n = c->case_n * runs_n;
  c->tasks = calloc(n, sizeof *c->tasks);
  c->children = calloc(n, sizeof *c->children);
  if (!c->tasks || !c->children) return dp_fail_nomem(err, "checks");
  for (size_t i = 0; i < n; i++) DP_TRY(prepare(c, i, i / runs_n, i % runs_n, err));
  for (size_t i = 0; i < c->case_n; i++) {
    c->cases[i].tasks = &c->tasks[i * runs_n];
    c->cases[i].task_n = runs_n;
  }
  enum dp_status status =
      dp_spawn(c->children, n, (unsigned)c->options->jobs_n, c->options->timeout_ns, ended, c, err);
  for (size_t i = 0; i < n; i++) forget(&c->tasks[i]);
  return status;
}

void dp_check_fini(struct dp_check *c) {
  for (size_t i = 0; c->tasks && i < c->case_n * (c->case_n ? c->cases[0].task_n : 0); i++) {
    free(c->tasks[i].result);
    free(c->tasks[i].out);
    free(c->tasks[i].err);
  }
  for (size_t i = 0; i < c->case_n; i++) free(c->cases[i].path);
  free(c->cases);
  free(c->tasks);
  free(c->children);
  dp_verdicts_fini(&c->verdicts);
}
