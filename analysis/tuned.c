/* analysis/tuned.c — the group /tune of a sweep's file. */
#include "analysis/tuned.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "output/h5.h"

static enum dp_status damaged(const struct dp_swept *s, const char *what, struct dp_err *err) {
  return dp_fail(err, DP_FORMAT, "%s: %s: the file is damaged, or of another version (tune again)", s->result->path,
                 what);
}

/* ---- attributes ---- */

static bool f64_of(hid_t object, const char *name, double *out) {
  hid_t at = H5Aexists(object, name) > 0 ? H5Aopen(object, name, H5P_DEFAULT) : -1;
  const bool done = at >= 0 && H5Aread(at, H5T_NATIVE_DOUBLE, out) >= 0;
  if (at >= 0) H5Aclose(at);
  return done;
}

static char *text_of(hid_t object, const char *name) {
  char *text = dp_result_text(object, name);
  return text ? text : dp_copy_text("");
}

static bool flag_of(hid_t object, const char *name) {
  int64_t value = 0;
  return dp_result_i64(object, name, &value) && value != 0;
}

/* ---- columns ---- */

static enum dp_status f64_column(const struct dp_swept *s, const char *path, size_t n, double **out,
                                 struct dp_err *err) {
  size_t got;
  DP_TRY(dp_result_column_f64(s->result, path, out, &got, err));
  return got == n ? DP_OK : damaged(s, path, err);
}

/* Rows of something that has `below` of them. */
static enum dp_status places(const struct dp_swept *s, const char *path, size_t below, int64_t **out, size_t *n,
                             struct dp_err *err) {
  *n = 0;
  if (!dp_result_has(s->result, path)) return DP_OK;
  DP_TRY(dp_result_column_i64(s->result, path, out, n, err));
  for (size_t i = 0; i < *n; i++)
    if ((*out)[i] < 0 || (uint64_t)(*out)[i] >= below) return damaged(s, path, err);
  return DP_OK;
}

/* ---- what was asked ---- */

static enum dp_status name_term(const struct dp_swept *s, struct dp_tuned_term *t, const char *kpi, const char *goal,
                                struct dp_err *err) {
  struct dp_str name = {0};
  const size_t at = dp_swept_kpi(s, kpi);
  dp_str_append(&name, kpi);
  if (!isnan(t->quantile)) dp_str_printf(&name, " p%g", 100 * t->quantile);
  t->kpi = dp_copy_text(kpi);
  t->goal = dp_copy_text(goal);
  t->name = dp_str_steal(&name);
  if (!t->kpi || !t->goal || !t->name) return dp_fail_nomem(err, "a search");
  if (at == SIZE_MAX) return damaged(s, "/tune/term/kpi", err);
  t->unit = dp_unit_text(kpi, s->kpis[at].unit);
  return DP_OK;
}

static enum dp_status read_terms(struct dp_tuned *t, struct dp_err *err) {
  static const char *const names[] = {"quantile", "target", "tolerance", "low", "high"};
  const struct dp_swept *s = t->swept;
  char **kpis = NULL, **goals = NULL;
  double *columns[5] = {0};
  size_t n, goal_n = 0;
  if (!dp_result_has(s->result, "/tune/term")) return DP_OK;
  DP_TRY(dp_result_column_texts(s->result, "/tune/term/kpi", &kpis, &n, err));
  enum dp_status status = dp_result_column_texts(s->result, "/tune/term/goal", &goals, &goal_n, err);
  if (status == DP_OK && goal_n != n) status = damaged(s, "/tune/term/goal", err);
  for (size_t c = 0; c < 5 && status == DP_OK; c++) {
    char path[64];
    snprintf(path, sizeof path, "/tune/term/%s", names[c]);
    status = f64_column(s, path, n, &columns[c], err);
  }
  if (status == DP_OK && (t->terms = dp_zeros(n, sizeof *t->terms)) == NULL) status = dp_fail_nomem(err, "a search");
  for (size_t i = 0; i < n && status == DP_OK; i++) {
    t->terms[i] = (struct dp_tuned_term){.quantile = columns[0][i], .target = columns[1][i],
                                         .tolerance = columns[2][i], .low = columns[3][i], .high = columns[4][i]};
    t->term_n++;
    status = name_term(s, &t->terms[i], kpis[i], goals[i], err);
    t->objective_n += strcmp(goals[i], "bound") != 0;
  }
  for (size_t c = 0; c < 5; c++) free(columns[c]);
  free(kpis);
  free(goals);
  if (status == DP_OK && t->objective_n > 2) status = damaged(s, "/tune/term/goal", err);
  return status;
}

static enum dp_status read_ranges(struct dp_tuned *t, struct dp_err *err) {
  const struct dp_swept *s = t->swept;
  char **names = NULL;
  double *low = NULL, *high = NULL, *listed = NULL;
  size_t n;
  t->range_low = dp_zeros(s->axis_n + 1, sizeof *t->range_low);
  t->range_high = dp_zeros(s->axis_n + 1, sizeof *t->range_high);
  t->listed_n = dp_zeros(s->axis_n + 1, sizeof *t->listed_n);
  if (!t->range_low || !t->range_high || !t->listed_n) return dp_fail_nomem(err, "a search");
  DP_TRY(dp_result_column_texts(s->result, "/tune/range/parameter", &names, &n, err));
  enum dp_status status = f64_column(s, "/tune/range/low", n, &low, err);
  if (status == DP_OK) status = f64_column(s, "/tune/range/high", n, &high, err);
  if (status == DP_OK) status = f64_column(s, "/tune/range/listed_n", n, &listed, err);
  for (size_t a = 0; a < s->axis_n && status == DP_OK; a++) {
    t->range_low[a] = t->range_high[a] = (double)NAN;
    for (size_t i = 0; i < n; i++) {
      if (strcmp(names[i], s->axes[a].name) != 0) continue;
      t->range_low[a] = low[i];
      t->range_high[a] = high[i];
      t->listed_n[a] = listed[i];
    }
  }
  free(names);
  free(low);
  free(high);
  free(listed);
  return status;
}

/* ---- the looks ---- */

/* A point that was looked at before costs nothing. */
static enum dp_status count_runs(struct dp_tuned *t, struct dp_err *err) {
  const struct dp_swept *s = t->swept;
  bool *seen = dp_zeros(s->point_n + 1, sizeof *seen);
  t->spent = dp_zeros(t->look_n + 1, sizeof *t->spent);
  enum dp_status status = seen && t->spent ? DP_OK : dp_fail_nomem(err, "a search");
  double runs = 0;
  for (size_t i = 0; i < t->look_n && status == DP_OK; i++) {
    if (!(t->point[i] >= 0 && t->point[i] < (double)s->point_n)) status = damaged(s, "/tune/point", err);
    if (status != DP_OK) break;
    const size_t p = (size_t)t->point[i];
    if (!seen[p]) runs += s->runs_n[p];
    seen[p] = true;
    t->spent[i] = runs;
  }
  t->search_run_n = (size_t)runs;
  t->run_n = s->run_n;
  free(seen);
  return status;
}

static enum dp_status read_looks(struct dp_tuned *t, struct dp_err *err) {
  const struct dp_swept *s = t->swept;
  DP_TRY(dp_result_column_f64(s->result, "/tune/point", &t->point, &t->look_n, err));
  DP_TRY(f64_column(s, "/tune/objective", t->look_n, &t->objective[0], err));
  if (dp_result_has(s->result, "/tune/objective_2"))
    DP_TRY(f64_column(s, "/tune/objective_2", t->look_n, &t->objective[1], err));
  else if (t->objective_n > 1) return damaged(s, "/tune/objective_2", err);
  DP_TRY(f64_column(s, "/tune/violation", t->look_n, &t->violation, err));
  DP_TRY(count_runs(t, err));
  return places(s, "/tune/front", t->look_n, &t->front, &t->front_n, err);
}

/* ---- what came out ---- */

static enum dp_status read_outcomes(struct dp_tuned *t, struct dp_err *err) {
  const struct dp_swept *s = t->swept;
  const size_t n = t->final_n * t->term_n;
  double *columns[4] = {0};
  static const char *const names[] = {"value", "half_width", "searched", "holds"};
  if (n == 0) return DP_OK;
  t->outcomes = dp_zeros(n, sizeof *t->outcomes);
  enum dp_status status = t->outcomes ? DP_OK : dp_fail_nomem(err, "a search");
  for (size_t c = 0; c < 4 && status == DP_OK; c++) {
    char path[64];
    snprintf(path, sizeof path, "/tune/outcome/%s", names[c]);
    status = f64_column(s, path, n, &columns[c], err);
  }
  for (size_t i = 0; i < n && status == DP_OK; i++)
    t->outcomes[i] = (struct dp_tuned_outcome){columns[0][i], columns[1][i], columns[2][i], columns[3][i] != 0};
  for (size_t c = 0; c < 4; c++) free(columns[c]);
  return status;
}

static enum dp_status read_finals(struct dp_tuned *t, hid_t of, struct dp_err *err) {
  const struct dp_swept *s = t->swept;
  size_t n;
  int64_t best = 0;
  DP_TRY(places(s, "/tune/final", s->point_n, &t->final, &t->final_n, err));
  DP_TRY(places(s, "/tune/final_again", s->point_n, &t->again, &n, err));
  if (t->final_n > 0 && !dp_result_i64(of, "best", &best)) return damaged(s, "/tune", err);
  if (n != t->final_n || best < 0 || (n > 0 && (size_t)best >= n)) return damaged(s, "/tune/final_again", err);
  t->best = (size_t)best;
  return read_outcomes(t, err);
}

/* ---- a fit ---- */

static enum dp_status read_profile(struct dp_tuned *t, const char *name, struct dp_err *err) {
  const struct dp_swept *s = t->swept;
  struct dp_tuned_profile *p = &t->profiles[t->profile_n++];
  char path[512];
  snprintf(path, sizeof path, "/tune/profile/%s/value", name);
  p->name = dp_copy_text(name);
  if (!p->name) return dp_fail_nomem(err, "a search");
  while (p->axis < s->axis_n && strcmp(s->axes[p->axis].name, name) != 0) p->axis++;
  if (p->axis == s->axis_n) return damaged(s, path, err);
  DP_TRY(dp_result_column_f64(s->result, path, &p->value, &p->n, err));
  snprintf(path, sizeof path, "/tune/profile/%s/deviance", name);
  DP_TRY(f64_column(s, path, p->n, &p->deviance, err));
  snprintf(path, sizeof path, "/tune/profile/%s", name);
  hid_t of = H5Gopen2(s->result->file, path, H5P_DEFAULT);
  const bool done = of >= 0 && f64_of(of, "low", &p->low) && f64_of(of, "high", &p->high);
  if (done) {
    p->open_low = flag_of(of, "open_low");
    p->open_high = flag_of(of, "open_high");
  }
  dp_h5_close(of);
  return done ? DP_OK : damaged(s, path, err);
}

static enum dp_status read_profiles(struct dp_tuned *t, struct dp_err *err) {
  char **names = dp_result_names(t->swept->result, "/tune/profile");
  size_t n = 0;
  while (names && names[n]) n++;
  t->profiles = dp_zeros(n + 1, sizeof *t->profiles);
  enum dp_status status = t->profiles ? DP_OK : dp_fail_nomem(err, "a search");
  for (size_t i = 0; i < n && status == DP_OK; i++) status = read_profile(t, names[i], err);
  dp_result_free_names(names);
  hid_t of = n ? H5Gopen2(t->swept->result->file, "/tune/profile", H5P_DEFAULT) : -1;
  t->few_looks = of >= 0 && flag_of(of, "few_looks");
  dp_h5_close(of);
  return status;
}

static enum dp_status read_fit(struct dp_tuned *t, struct dp_err *err) {
  const struct dp_swept *s = t->swept;
  if (!dp_result_has(s->result, "/tune/fit")) return DP_OK;
  hid_t of = H5Gopen2(s->result->file, "/tune/fit", H5P_DEFAULT);
  const bool done = of >= 0 && f64_of(of, "blind_from_d", &t->blind_from_d) && f64_of(of, "rms_error", &t->rms_error) &&
                    f64_of(of, "blind_rms_error", &t->blind_rms_error);
  if (done) {
    t->series = text_of(of, "series");
    t->column = text_of(of, "column");
    t->data_path = text_of(of, "data_path");
  }
  dp_h5_close(of);
  if (!done || !t->series || !t->column || !t->data_path) return damaged(s, "/tune/fit", err);
  const char *unit = "";
  for (size_t i = 0; i < s->series_n; i++)
    if (strcmp(s->series[i].name, t->series) == 0) unit = s->series[i].unit;
  t->series_unit = dp_copy_text(dp_unit_text(t->series, unit));
  if (!t->series_unit) return dp_fail_nomem(err, "a search");
  DP_TRY(dp_result_column_f64(s->result, "/tune/fit/day", &t->day, &t->data_n, err));
  DP_TRY(f64_column(s, "/tune/fit/data", t->data_n, &t->data, err));
  DP_TRY(f64_column(s, "/tune/fit/model", t->data_n, &t->model, err));
  return read_profiles(t, err);
}

/* ---- the whole ---- */

enum dp_status dp_tuned_open(const struct dp_swept *swept, struct dp_tuned *t, struct dp_err *err) {
  int64_t answered = 0;
  *t = (struct dp_tuned){.swept = swept};
  hid_t of = H5Gopen2(swept->result->file, "/tune", H5P_DEFAULT);
  enum dp_status status = of >= 0 && dp_result_i64(of, "answered", &answered) ? DP_OK : damaged(swept, "/tune", err);
  if (status == DP_OK) {
    t->answered = answered != 0;
    t->reason = text_of(of, "reason");
    t->method = text_of(of, "method");
    if (!t->reason || !t->method) status = dp_fail_nomem(err, "a search");
  }
  if (status == DP_OK) status = read_terms(t, err);
  if (status == DP_OK) status = read_ranges(t, err);
  if (status == DP_OK) status = read_looks(t, err);
  if (status == DP_OK) status = read_finals(t, of, err);
  if (status == DP_OK) status = read_fit(t, err);
  dp_h5_close(of);
  return status;
}

void dp_tuned_fini(struct dp_tuned *t) {
  for (size_t i = 0; i < t->term_n; i++) {
    free(t->terms[i].name);
    free(t->terms[i].kpi);
    free(t->terms[i].goal);
  }
  for (size_t i = 0; i < t->profile_n; i++) {
    free(t->profiles[i].name);
    free(t->profiles[i].value);
    free(t->profiles[i].deviance);
  }
  void *const blocks[] = {t->reason,    t->method,       t->terms,        t->range_low, t->range_high,  t->listed_n,
                          t->point,     t->objective[0], t->objective[1], t->violation, t->spent,       t->front,
                          t->final,     t->again,        t->outcomes,     t->series,    t->series_unit, t->column,
                          t->data_path, t->day,          t->data,         t->model,     t->profiles};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
  *t = (struct dp_tuned){0};
}

const struct dp_tuned_outcome *dp_tuned_at(const struct dp_tuned *t, size_t final, size_t term) {
  return final < t->final_n && term < t->term_n ? &t->outcomes[final * t->term_n + term] : NULL;
}

bool dp_tuned_feasible(const struct dp_tuned *t, size_t look) {
  return t->violation[look] <= 0 && isfinite(t->objective[0][look]) &&
         (!t->objective[1] || isfinite(t->objective[1][look]));
}

size_t dp_profile_elsewhere(size_t n, const double *value, const double *deviance, double low, double high, bool open_low,
                            bool open_high) {
  for (size_t i = 0; i < n; i++)
    if (((value[i] < low && !open_low) || (value[i] > high && !open_high)) && deviance[i] < DP_CHI2_95) return i;
  return SIZE_MAX;
}
