/* analysis/tune_run.c — the search's points go to the farm; what the runs give goes to the search on every rank. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/tune_study.h"
#include "base/hash.h"
#include "base/memory.h"
#include "script/modules.h"

#define PROFILE_SHARE 0.6 /* of a fit's budget */

/* ---- figures of a point, rank 0 ---- */

enum dp_status dp__tuning_values(const struct dp_tuning *t, const struct dp_tuning_term *term, size_t point,
                                 double *values, size_t *n, struct dp_err *err) {
  const struct dp_sweep *s = t->sweep;
  *n = 0;
  for (size_t r = s->first_n[point]; r < s->needed_n[point]; r++) {
    const double *kpis;
    DP_TRY(dp_sweep_kpis(t->sweep, point, r, &kpis, err));
    values[(*n)++] = kpis[term->at];
  }
  return DP_OK;
}

double dp_tuning_statistic(const struct dp_tuning_term *term, double *values, size_t n) {
  double mean = dp_stat_interval(values, n, 0.95).mean;
  if (dp_stat_sort(values, n) < n) return (double)NAN;
  return term->quantile < 0 ? mean : dp_stat_quantile(values, n, term->quantile);
}

/* A series at a day, straight between two rows of its band; rows are the settlements at or before even times. */
static double at_day(const float *band, size_t band_n, double end_d, double day) {
  double x = day / end_d * (double)(band_n - 1);
  size_t i = x >= (double)(band_n - 1) ? band_n - 2 : (size_t)x;
  double a = (double)band[i], b = (double)band[i + 1], part = x - (double)i;
  return part <= 0 ? a : part >= 1 ? b : a + part * (b - a);
}

enum dp_status dp__tuning_misfit(const struct dp_tuning *t, size_t point, size_t from, size_t to, double *model,
                                 double *out, struct dp_err *err) {
  const struct dp_sweep *s = t->sweep;
  const struct dp_tuning_fit *f = &t->fit;
  double end_d = (double)dp_scenario_spec(t->study->scenario)->end_ns / 86400e9, sum = 0;
  double *means = dp_zeros(f->n, sizeof *means);
  size_t run_n = s->needed_n[point] - s->first_n[point];
  enum dp_status status = means ? DP_OK : dp_fail_nomem(err, "a fit");
  for (size_t r = s->first_n[point]; r < s->needed_n[point] && status == DP_OK; r++) {
    struct dp_record record;
    status = dp_journal_read(s->journal, s->places[point * s->most_n + r], &record, err);
    for (size_t i = from; i < to && status == DP_OK; i++)
      means[i] += at_day(record.series + f->series_at * s->band_n, s->band_n, end_d, f->day[i]) / (double)run_n;
  }
  for (size_t i = from; i < to; i++) sum += means ? (means[i] - f->value[i]) * (means[i] - f->value[i]) : 0;
  if (model && means) memcpy(model + from, means + from, (to - from) * sizeof *model);
  *out = to > from ? sum / (double)(to - from) : (double)NAN;
  free(means);
  return status;
}

static enum dp_status take_value(const struct dp_tuning *t, size_t point, double *buffer, struct dp_tune_value *out,
                                 struct dp_err *err) {
  size_t n;
  *out = (struct dp_tune_value){.objective = {0, 0}};
  if (t->fit.series) DP_TRY(dp__tuning_misfit(t, point, 0, t->fit.seen_n, NULL, &out->objective[0], err));
  for (size_t i = 0; i < t->objective_n; i++) {
    DP_TRY(dp__tuning_values(t, &t->objectives[i], point, buffer, &n, err));
    out->objective[i] = dp_tuning_statistic(&t->objectives[i], buffer, n);
  }
  for (size_t i = 0; i < t->constraint_n; i++) {
    const struct dp_tuning_term *c = &t->constraints[i];
    DP_TRY(dp__tuning_values(t, c, point, buffer, &n, err));
    double x = dp_tuning_statistic(c, buffer, n), over = x < c->low ? c->low - x : x > c->high ? x - c->high : 0;
    double size = fabs(x < c->low ? c->low : c->high);
    out->violation += isnan(x) ? 1000 : over / (size > 0 ? size : 1);
  }
  return DP_OK;
}

/* ---- points ---- */

/* The point of the sweep with these values among the first n, or n. */
static size_t find_point(const struct dp_study *s, const double *point, size_t n) {
  for (size_t p = 0; p < n; p++)
    if (memcmp(s->points + p * s->axis_n, point, s->axis_n * sizeof *point) == 0) return p;
  return n;
}

static enum dp_status add_points(struct dp_tuning *t, const double *u, size_t n, struct dp_err *err) {
  struct dp_study *s = t->study;
  double *point = dp_zeros(s->axis_n, sizeof *point);
  enum dp_status status = point ? DP_OK : dp_fail_nomem(err, "points");
  const size_t width = t->held ? s->axis_n - 1 : s->axis_n;
  for (size_t i = 0; i < n && status == DP_OK; i++) {
    for (size_t a = 0, at = 0; a < s->axis_n; a++)
      point[a] = t->held && a == t->held_axis ? t->held[a] : dp_axis_at(&s->axes[a], u[i * width + at++]);
    size_t p = find_point(s, point, s->point_n);
    if (p == s->point_n) status = dp_sweep_add(t->sweep, point, 1, 0, s->replicate_n, err);
    if (status == DP_OK && !dp_array_grow(&t->places, &t->place_cap, t->place_n, sizeof *t->places))
      status = dp_fail_nomem(err, "points");
    if (status == DP_OK) t->places[t->place_n++] = p;
  }
  free(point);
  return status;
}

static enum dp_status share_values(struct dp_tuning *t, const size_t *points, size_t n, struct dp_tune_value *out,
                                   struct dp_err *err) {
  struct dp_comm *comm = t->sweep->comm;
  struct dp_buffer bytes = {0};
  double *buffer = dp_zeros(t->sweep->most_n, sizeof *buffer);
  enum dp_status status = buffer ? DP_OK : dp_fail_nomem(err, "points");
  for (size_t i = 0; i < n && status == DP_OK && comm->rank == 0; i++)
    status = take_value(t, points[i], buffer, &out[i], err);
  if (status == DP_OK && comm->rank == 0) status = dp_buffer_append(&bytes, out, n * sizeof *out, err);
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK) status = dp_comm_broadcast(comm, &bytes, err);
  if (status == DP_OK && n > 0) memcpy(out, bytes.data, n * sizeof *out);
  dp_buffer_fini(&bytes);
  free(buffer);
  return status;
}

enum dp_status dp__tuning_evaluate(void *tuning, const double *u, size_t n, struct dp_tune_value *out,
                                   struct dp_err *err) {
  struct dp_tuning *t = tuning;
  size_t was_n = t->place_n;
  DP_TRY(add_points(t, u, n, err));
  DP_TRY(dp_sweep_round(t->sweep, err));
  return share_values(t, t->places + was_n, n, out, err);
}

/* ---- again on fresh luck ---- */

/* Evenly over the front, both ends included. */
static size_t finalists(const struct dp_tuning *t, size_t looked[DP_TUNING_FINALISTS_MAX]) {
  const struct dp_tune_result *r = &t->result;
  size_t n = 0;
  if (t->objective_n > 1) {
    size_t most = r->front_n < DP_TUNING_FINALISTS_MAX ? r->front_n : DP_TUNING_FINALISTS_MAX;
    for (size_t i = 0; i < most; i++)
      looked[n++] = t->places[r->front[most > 1 ? i * (r->front_n - 1) / (most - 1) : 0]];
    return n;
  }
  looked[n++] = t->places[r->best];
  if (t->places[r->second] != looked[0]) looked[n++] = t->places[r->second];
  return n;
}

static enum dp_status confirm(struct dp_tuning *t, struct dp_err *err) {
  struct dp_study *s = t->study;
  size_t looked[DP_TUNING_FINALISTS_MAX], again[DP_TUNING_FINALISTS_MAX];
  struct dp_tune_value values[DP_TUNING_FINALISTS_MAX] = {0};
  double *point = dp_zeros(s->axis_n, sizeof *point);
  enum dp_status status = point ? DP_OK : dp_fail_nomem(err, "points");
  t->final_n = finalists(t, looked);
  for (size_t i = 0; i < t->final_n && status == DP_OK; i++) {
    again[i] = s->point_n;
    memcpy(point, s->points + looked[i] * s->axis_n, s->axis_n * sizeof *point);
    status = dp_sweep_add(t->sweep, point, 1, s->replicate_n, s->replicate_n + t->confirm_n, err);
  }
  free(point);
  if (status == DP_OK) status = dp_sweep_round(t->sweep, err);
  if (status == DP_OK) status = share_values(t, again, t->final_n, values, err);
  for (size_t i = 0; i < t->final_n; i++) {
    t->finals[i] = (struct dp_tuning_final){looked[i], again[i], values[i]};
    if (t->objective_n < 2 && dp_tune_better(&t->problem, &values[i], &t->finals[t->best].value)) t->best = i;
  }
  return status;
}

static enum dp_status end_fit(struct dp_tuning *t, struct dp_err *err) {
  struct dp_tuning_fit *f = &t->fit;
  size_t point = t->finals[t->best].run;
  double seen = (double)NAN, blind = (double)NAN;
  if (t->sweep->comm->rank != 0) return DP_OK;
  DP_TRY(dp__tuning_misfit(t, point, 0, f->seen_n, f->model, &seen, err));
  DP_TRY(dp__tuning_misfit(t, point, f->seen_n, f->n, f->model, &blind, err));
  f->error = sqrt(seen);
  f->blind_error = sqrt(blind);
  return DP_OK;
}

/* ---- the whole ---- */

static enum dp_status place_terms(struct dp_tuning *t, struct dp_err *err) {
  size_t n;
  const struct dp_runner_kpi *kpis = dp_runner_kpis(t->sweep->runner, &n);
  for (size_t i = 0; i < t->objective_n + t->constraint_n; i++) {
    struct dp_tuning_term *term = i < t->objective_n ? &t->objectives[i] : &t->constraints[i - t->objective_n];
    for (term->at = 0; term->at < n && strcmp(kpis[term->at].name, term->kpi) != 0;) term->at++;
    size_t one = 0;
    const size_t len = strlen(term->kpi);
    while (one < n && !(strncmp(kpis[one].name, term->kpi, len) == 0 && kpis[one].name[len] == '@')) one++;
    if (term->at == n && one < n)
      return dp_study_fail(t->study, dp_study_line(t->study, "tune"), err, DP_SCENARIO,
                           "tune: %s is of several instances, and not of all: say which (%s, …)", term->kpi,
                           kpis[one].name);
    if (term->at == n)
      return dp_study_fail(t->study, dp_study_line(t->study, "tune"), err, DP_SCENARIO,
                           "tune: %s gives no '%s': no such model takes part", t->study->scenario_path, term->kpi);
  }
  for (size_t i = 0; i < t->study->series_n && t->fit.series; i++)
    if (strcmp(t->study->series[i], t->fit.series) == 0) t->fit.series_at = i;
  return DP_OK;
}

/* The study's text says what is tuned: a journal of another text is another tune's. */
static uint64_t salt_of(const struct dp_tuning *t) {
  const struct dp_lua_source *sources;
  size_t n = dp_lua_sources(dp_scenario_lua(t->study->script), &sources);
  uint64_t salt = dp_hash_mix(t->budget_n, t->confirm_n);
  for (size_t i = 0; i < n; i++) salt = dp_hash_mix(salt, dp_hash64(sources[i].bytes, strlen(sources[i].bytes), 0));
  salt = dp_hash_mix(salt, dp_hash64(t->fit.value, t->fit.n * sizeof *t->fit.value, 0));
  return dp_hash_mix(salt, dp_hash64(t->fit.day, t->fit.n * sizeof *t->fit.day, 0));
}

static enum dp_status search(struct dp_tuning *t, struct dp_err *err) {
  const struct dp_study *s = t->study;
  size_t final_n = t->objective_n > 1 ? DP_TUNING_FINALISTS_MAX : 2;
  size_t left = t->budget_n > final_n * t->confirm_n ? t->budget_n - final_n * t->confirm_n : 0;
  size_t profile_n = t->fit.series ? (size_t)((double)left * PROFILE_SHARE) / s->replicate_n : 0;
  t->problem = (struct dp_tune_problem){.k = s->axis_n,
                                        .unordered = t->unordered,
                                        .objective_n = t->fit.series ? 1 : t->objective_n,
                                        .goals = {t->objectives[0].goal, t->objectives[1].goal},
                                        .target = t->objectives[0].target,
                                        .tolerance = t->objectives[0].tolerance,
                                        .method = t->method,
                                        .budget_n = left / s->replicate_n - profile_n,
                                        .seed = s->seed,
                                        .evaluate = dp__tuning_evaluate,
                                        .ud = t};
  struct dp_err why = {0};
  enum dp_status status = dp_tune(&t->problem, &t->result, &why);
  if (status == DP_FAILED && t->result.n && t->result.bad_n == t->result.n)
    return dp_fail(err, DP_FAILED,
                   "%s: tune: %s: %s: its runs fail or have no such figure (depinsim sweep of the study shows them; "
                   "choose a figure that is defined everywhere)",
                   s->path, t->fit.series ? t->fit.series : t->objectives[0].kpi, why.text);
  if (status != DP_OK) return dp_fail(err, status, "%s", why.text);
  t->search_n = s->point_n;
  if (t->fit.series) DP_TRY(dp__tuning_profile(t, profile_n, err));
  DP_TRY(confirm(t, err));
  return t->fit.series ? end_fit(t, err) : DP_OK;
}

enum dp_status dp_tuning_run(struct dp_tuning *t, struct dp_comm *comm, const struct dp_sweep_options *options,
                             struct dp_sweep **out, struct dp_err *err) {
  struct dp_study *s = t->study;
  *out = NULL;
  t->options = *options;
  t->options.point_cap = t->budget_n / s->replicate_n + DP_TUNING_FINALISTS_MAX + 16 * s->axis_n;
  t->options.planned_n = t->budget_n;
  t->options.salt = salt_of(t);
  t->options.design = "tune";
  t->options.extra = dp__tuning_put;
  t->options.extra_ud = t;
  s->precision_kpi = NULL;
  s->most_n = s->replicate_n + t->confirm_n;
  DP_TRY(dp_sweep_open(s, comm, &t->options, &t->sweep, err));
  enum dp_status status = place_terms(t, err);
  if (status == DP_OK) status = search(t, err);
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK) *out = t->sweep;
  else dp_sweep_free(t->sweep);
  return status;
}
