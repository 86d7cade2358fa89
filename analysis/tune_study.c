/* analysis/tune_study.c — reads what a study wants to be tuned, and the data that it is to be like. */
#include "analysis/tune_study.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/study_read.h"
#include "base/csv.h"
#include "base/memory.h"
#include "script/bind.h"
#include "script/catalog.h"
#include "script/modules.h"
#include "script/sandbox.h"

#define BAND_MOST 100001 /* rows of the series that is fitted: one a settlement, up to so many */

/* ---- the table; its texts live as long as the study ---- */

static const char *text_of(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  const char *text = lua_tostring(L, -1);
  lua_pop(L, 1);
  return text;
}

static enum dp_status check_kpi(const struct dp_study *s, const char *kpi, struct dp_err *err) {
  char meant[64];
  if (dp_catalog_has_kpi(kpi, meant)) return DP_OK;
  return dp_study_fail(s, dp_study_line(s, "tune"), err, DP_SCENARIO, "tune: no KPI '%s'%s%s%s", kpi,
                       meant[0] ? " (did you mean '" : "", meant[0] ? meant : " (depinsim models lists them)",
                       meant[0] ? "'?)" : "");
}

/* Where a study names its key figures it has to name this one too. */
static enum dp_status want(const char ***names, size_t *n, const char *name, struct dp_err *err) {
  for (size_t i = 0; i < *n; i++)
    if (strcmp((*names)[i], name) == 0) return DP_OK;
  if (!dp_array_resize(names, *n + 1, sizeof **names)) return dp_fail_nomem(err, "the study");
  (*names)[(*n)++] = name;
  return DP_OK;
}

static enum dp_status read_term(struct dp_tuning *t, lua_State *L, struct dp_tuning_term *out, struct dp_err *err) {
  *out = (struct dp_tuning_term){.kpi = text_of(L, "kpi"), .quantile = dp__study_number(L, "stat")};
  DP_TRY(check_kpi(t->study, out->kpi, err));
  return t->study->kpi_n ? want(&t->study->kpis, &t->study->kpi_n, out->kpi, err) : DP_OK;
}

static enum dp_status read_objectives(struct dp_tuning *t, lua_State *L, struct dp_err *err) {
  lua_getfield(L, -1, "objectives");
  size_t n = lua_rawlen(L, -1);
  for (size_t i = 0; i < n && i < 2; i++) {
    struct dp_tuning_term *o = &t->objectives[t->objective_n++];
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    DP_TRY(read_term(t, L, o, err));
    const char *goal = text_of(L, "goal");
    o->goal = strcmp(goal, "min") == 0 ? DP_TUNE_MIN : strcmp(goal, "max") == 0 ? DP_TUNE_MAX : DP_TUNE_VALUE;
    o->target = dp__study_number(L, "target");
    o->tolerance = dp__study_number(L, "tolerance");
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return DP_OK;
}

static enum dp_status read_constraints(struct dp_tuning *t, lua_State *L, struct dp_err *err) {
  lua_getfield(L, -1, "constraints");
  size_t n = lua_rawlen(L, -1);
  t->constraints = dp_zeros(n + 1, sizeof *t->constraints);
  if (t->constraints == NULL) return dp_fail_nomem(err, "the study");
  for (size_t i = 0; i < n; i++) {
    struct dp_tuning_term *c = &t->constraints[t->constraint_n++];
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    DP_TRY(read_term(t, L, c, err));
    lua_getfield(L, -1, "expect");
    const struct dp_expectation *e = luaL_testudata(L, -1, DP_EXPECTATION_NAME);
    if (e == NULL)
      return dp_study_fail(t->study, dp_study_line(t->study, "constraints"), err, DP_SCENARIO,
                           "tune: constraints: %s must be depin.at_least(x), at_most(x), between(a, b) or equals(x)",
                           c->kpi);
    c->low = e->low;
    c->high = e->high;
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
  return DP_OK;
}

static enum dp_status read_fit(struct dp_tuning *t, lua_State *L, struct dp_err *err) {
  struct dp_tuning_fit *f = &t->fit;
  if (lua_getfield(L, -1, "fit") != LUA_TTABLE) {
    lua_pop(L, 1);
    return DP_OK;
  }
  f->series = text_of(L, "series");
  f->path = text_of(L, "data");
  f->column = text_of(L, "column");
  f->time = text_of(L, "time");
  f->blind_from_d = dp__study_number(L, "blind_from_d");
  lua_pop(L, 1);
  t->study->band_n = BAND_MOST;
  return want(&t->study->series, &t->study->series_n, f->series, err);
}

/* ---- data ---- */

/* A date; or days since the start, or seconds where the column's name says so. */
static enum dp_status read_time(const struct dp_tuning *t, const struct dp_csv *csv, int column, double *day,
                                struct dp_err *err) {
  const int64_t start_ns = dp_scenario_spec(t->study->scenario)->start_epoch_ns;
  const size_t len = strlen(t->fit.time);
  const char *text = dp_csv_text(csv, column);
  int64_t at_ns;
  struct dp_err ignored = {0};
  if (strlen(text) > 5 && dp_parse_date_ns(text, &at_ns, &ignored) == DP_OK) {
    *day = (double)(at_ns - start_ns) / 86400e9;
    return DP_OK;
  }
  DP_TRY(dp_csv_f64(csv, column, -HUGE_VAL, HUGE_VAL, day, err));
  if (len > 2 && strcmp(t->fit.time + len - 2, "_s") == 0) *day /= 86400;
  return DP_OK;
}

/* Rows that lie in the simulated time; a row without a value is passed over. */
static enum dp_status read_rows(const struct dp_tuning *t, struct dp_csv *csv, struct dp_buffer *out,
                                struct dp_err *err) {
  const struct dp_spec *spec = dp_scenario_spec(t->study->scenario);
  const double end_d = (double)spec->end_ns / 86400e9;
  int time, column;
  double row[2], before = -HUGE_VAL;
  if (dp_csv_column(csv, t->fit.time) < 0)
    return dp_fail(err, DP_FORMAT, "%s: there is no column '%s' with the time (fit = { …, time = \"COLUMN\" } names one of "
                   "dates, of days since the start, or, if its name ends in _s, of seconds)", dp_csv_path(csv), t->fit.time);
  DP_TRY(dp_csv_need_column(csv, t->fit.time, &time, err));
  DP_TRY(dp_csv_need_column(csv, t->fit.column, &column, err));
  for (;;) {
    bool eof;
    DP_TRY(dp_csv_next(csv, NULL, &eof, err));
    if (eof) return DP_OK;
    if (dp_csv_text(csv, column)[0] == '\0') continue;
    DP_TRY(read_time(t, csv, time, &row[0], err));
    DP_TRY(dp_csv_f64(csv, column, -HUGE_VAL, HUGE_VAL, &row[1], err));
    if (row[0] <= before) return dp_csv_fail(csv, time, err, "times have to go up (sort the file)");
    before = row[0];
    if (row[0] >= 0 && row[0] <= end_d) DP_TRY(dp_buffer_append(out, row, sizeof row, err));
  }
}

static enum dp_status read_data(const struct dp_tuning *t, struct dp_buffer *out, struct dp_err *err) {
  struct dp_err why = {0};
  char *path = NULL;
  struct dp_csv *csv = NULL;
  enum dp_status status = dp_lua_resolve_path(dp_scenario_lua(t->study->script), t->fit.path, "data", &path, &why);
  if (status != DP_OK)
    return dp_study_fail(t->study, dp_study_line(t->study, "data"), err, status, "tune: fit: %s", why.text);
  status = dp_csv_open(path, 0, &csv, err);
  if (status == DP_OK) status = read_rows(t, csv, out, err);
  dp_csv_close(csv);
  free(path);
  return status;
}

static enum dp_status take_data(struct dp_tuning *t, struct dp_comm *comm, struct dp_err *err) {
  struct dp_buffer rows = {0};
  struct dp_tuning_fit *f = &t->fit;
  enum dp_status status = dp_comm_agree(comm, comm->rank == 0 ? read_data(t, &rows, err) : DP_OK, err);
  if (status == DP_OK) status = dp_comm_broadcast(comm, &rows, err);
  f->n = rows.len / (2 * sizeof(double));
  f->day = dp_zeros(f->n, sizeof *f->day);
  f->value = dp_zeros(f->n, sizeof *f->value);
  f->model = dp_zeros(f->n, sizeof *f->model);
  if (status == DP_OK && !(f->day && f->value && f->model)) status = dp_fail_nomem(err, "data");
  for (size_t i = 0; i < f->n && status == DP_OK; i++) {
    memcpy(&f->day[i], rows.data + 2 * i * sizeof(double), sizeof(double));
    memcpy(&f->value[i], rows.data + (2 * i + 1) * sizeof(double), sizeof(double));
    f->seen_n += f->day[i] < f->blind_from_d;
  }
  dp_buffer_fini(&rows);
  if (status == DP_OK && f->seen_n <= t->study->axis_n)
    status = dp_study_fail(t->study, dp_study_line(t->study, "fit"), err, DP_SCENARIO,
                           "tune: fit: %s has %zu rows in the simulated time before blind_from: too few for %zu "
                           "parameters",
                           f->path, f->seen_n, t->study->axis_n);
  return status;
}

/* ---- the whole ---- */

static enum dp_status check_budget(struct dp_tuning *t, struct dp_err *err) {
  const struct dp_study *s = t->study;
  const size_t final_n = t->objective_n > 1 ? DP_TUNING_FINALISTS_MAX : 2;
  size_t least = 4 * s->replicate_n + final_n * t->confirm_n;
  if (s->axis_n == 0)
    return dp_study_fail(s, s->line, err, DP_SCENARIO,
                         "tune: there is nothing to tune (vary = { name = depin.range "
                         "{ low, high } })");
  if (t->budget_n >= least) return DP_OK;
  return dp_study_fail(s, dp_study_line(s, "budget_n"), err, DP_SCENARIO,
                       "tune: budget_n = %zu runs are too few: a point takes %zu, and %zu designs are run %zu times "
                       "more (%zu at least, or a smaller confirm_n)",
                       t->budget_n, s->replicate_n, final_n, t->confirm_n, least);
}

enum dp_status dp_tuning_read(struct dp_tuning *t, struct dp_study *study, size_t budget_n, size_t confirm_n,
                              struct dp_comm *comm, struct dp_err *err) {
  lua_State *L = dp_lua_state(dp_scenario_lua(study->script));
  *t = (struct dp_tuning){.study = study};
  if (lua_getfield(L, -1, "tune") != LUA_TTABLE) {
    lua_pop(L, 1);
    return dp_study_fail(study, study->line, err, DP_SCENARIO,
                         "the study has no tune = { objective = { kpi = \"…\", goal = \"max\" }, budget_n = … }");
  }
  const char *method = text_of(L, "method");
  while (strcmp(dp_tune_methods[t->method], method) != 0) t->method++;
  t->budget_n = budget_n ? budget_n : (size_t)dp__study_number(L, "budget_n");
  t->confirm_n = confirm_n ? confirm_n : (size_t)dp__study_number(L, "confirm_n");
  if (t->confirm_n == 0) t->confirm_n = study->replicate_n > 10 ? study->replicate_n : 10;
  enum dp_status status = read_objectives(t, L, err);
  if (status == DP_OK) status = read_constraints(t, L, err);
  if (status == DP_OK) status = read_fit(t, L, err);
  if (status == DP_OK) status = check_budget(t, err);
  DP_TRY(dp_comm_agree(comm, status, err));
  lua_pop(L, 1);
  if (t->fit.series) DP_TRY(take_data(t, comm, err));
  t->unordered = dp_zeros(study->axis_n, sizeof *t->unordered);
  if (t->unordered == NULL) return dp_fail_nomem(err, "the study");
  for (size_t i = 0; i < study->axis_n; i++) t->unordered[i] = study->axes[i].texts != NULL;
  return DP_OK;
}

void dp_tuning_fini(struct dp_tuning *t) {
  for (size_t i = 0; i < t->profile_n; i++) {
    free(t->profiles[i].value);
    free(t->profiles[i].deviance);
  }
  free(t->profiles);
  free(t->constraints);
  free(t->unordered);
  free(t->places);
  free(t->held);
  free(t->fit.day);
  free(t->fit.value);
  free(t->fit.model);
  dp_tune_result_fini(&t->result);
}
