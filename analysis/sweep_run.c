/* analysis/sweep_run.c — sets a point up, runs it with its luck, takes key figures and series. */
#include "analysis/sweep_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/kpi_find.h"

/** Where a series is in the rows of a simulation; instance NULL: not there. */
struct column {
  const struct dp_instance *instance;
  const struct dp_metric *metric;
  size_t first, slot_n;
};

/** The sink that catches them: the last settlement at or before each of band_n even times. */
struct catcher {
  struct dp_sink sink; /* first */
  struct dp_runner *runner;
  const struct dp_sim *sim;
  size_t *next; /* [series_n] the row to fill */
  double *last; /* [series_n] value at the settlement before */
};

struct dp_runner {
  struct dp_study *study;
  struct dp_comm *comm; /* borrowed */
  struct dp_variant *variant;
  const struct dp_spec *spec; /* of the point that is set up; NULL: none */
  size_t point;
  struct dp_err wrong; /* why it is not */
  struct dp_runner_kpi *kpis;
  size_t *places; /* [kpi_n] where each was in the last run */
  size_t kpi_n, band_n;
  struct dp_str conditional;
  double *values; /* [kpi_n] */
  float *series;  /* [series_n][band_n] */
  struct column *columns;
  struct dp_metric *metrics; /* [series_n] copies */
  struct catcher catcher;
  struct dp_setting *settings;
  char (*buffers)[DP_STUDY_VALUE];
  dp_pulse_fn pulse;
  void *owner;
};

/* ---- series ---- */

static bool is_series(const struct dp_metric *m) { return m->kind != DP_METRIC_HISTOGRAM && !m->no_series; }

/* "rest" of name behind "prefix.", or NULL. */
static const char *behind(const char *name, const char *prefix) {
  size_t len = strlen(prefix);
  return strncmp(name, prefix, len) == 0 && name[len] == '.' ? name + len + 1 : NULL;
}

static bool find_metric(const struct dp_sim *sim, const struct dp_instance *in, const char *name, struct column *out) {
  size_t first = 0;
  for (size_t i = 0; i < in->model->metric_n; i++) {
    const struct dp_metric *m = &in->model->metrics[i];
    if (!is_series(m)) continue;
    size_t slot_n = dp_metric_slot_n(sim, m);
    if (strcmp(m->name, name) == 0) {
      *out = (struct column){in, m, first, slot_n};
      return slot_n == 1 || !dp_metric_is_global(m);
    }
    first += slot_n;
  }
  return false;
}

static bool find_series(const struct dp_sim *sim, const char *name, struct column *out) {
  *out = (struct column){0};
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    const char *rest = behind(name, in->model->name), *metric = rest ? behind(rest, in->name) : NULL;
    bool alone = in->nth == 0 && !dp_sim_next(in);
    if (metric && find_metric(sim, in, metric, out)) return true;
    if (rest && alone && find_metric(sim, in, rest, out)) return true;
  }
  *out = (struct column){0};
  return false;
}

static enum dp_status no_series(const struct dp_runner *r, const struct dp_sim *sim, const char *name,
                                struct dp_err *err) {
  enum { MOST = 512 };
  char(*names)[160] = calloc(MOST, sizeof *names);
  const char **list = calloc(MOST, sizeof *list);
  size_t n = 0;
  for (size_t i = 0; names && list && i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    bool alone = in->nth == 0 && !dp_sim_next(in);
    for (size_t k = 0; k < in->model->metric_n && n < MOST; k++) {
      if (!is_series(&in->model->metrics[k])) continue;
      snprintf(names[n], sizeof *names, "%s%s%s.%s", in->model->name, alone ? "" : ".", alone ? "" : in->name,
               in->model->metrics[k].name);
      list[n] = names[n];
      n++;
    }
  }
  const char *meant = list ? dp_str_suggest(name, list, n) : NULL;
  enum dp_status status =
      dp_study_fail(r->study, dp_study_line(r->study, "series"), err, DP_SCENARIO, "no series '%s' (%s%s%s)", name,
                    meant ? "did you mean '"
                          : "depinsim info of a result lists them; those by region have no band of "
                            "a price",
                    meant ? meant : "", meant ? "'?" : "");
  free(list);
  free(names);
  return status;
}

static enum dp_status begin(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err) {
  struct catcher *c = (struct catcher *)sink;
  struct dp_runner *r = c->runner;
  (void)err;
  c->sim = sim;
  for (size_t i = 0; i < r->study->series_n; i++) {
    find_series(sim, r->study->series[i], &r->columns[i]);
    c->next[i] = 0;
    c->last[i] = (double)NAN;
  }
  return DP_OK;
}

static enum dp_status row(struct dp_sink *sink, const struct dp_instance *instance, dp_time now_ns,
                          const double *values, size_t slot_n, struct dp_err *err) {
  struct catcher *c = (struct catcher *)sink;
  struct dp_runner *r = c->runner;
  (void)slot_n, (void)err;
  for (size_t i = 0; i < r->study->series_n; i++) {
    const struct column *column = &r->columns[i];
    if (column->instance != instance) continue;
    double end_ns = (double)c->sim->spec.end_ns, rows = (double)(r->band_n - 1);
    while (c->next[i] < r->band_n && end_ns * (double)c->next[i] < (double)now_ns * rows)
      r->series[i * r->band_n + c->next[i]++] = (float)c->last[i];
    double sum = 0;
    for (size_t k = 0; k < column->slot_n; k++) sum += values[column->first + k];
    c->last[i] = sum;
  }
  return DP_OK;
}

static enum dp_status settled(struct dp_sink *sink, dp_time now_ns, struct dp_err *err) {
  (void)sink, (void)now_ns, (void)err;
  return DP_OK;
}

static void end_series(struct dp_runner *r) {
  for (size_t i = 0; i < r->study->series_n; i++)
    for (size_t k = r->catcher.next[i]; k < r->band_n; k++) r->series[i * r->band_n + k] = (float)r->catcher.last[i];
}

/* ---- key figures ---- */

static double value_of(const struct dp_kpi_value *kpi) {
  return kpi->integer ? dp_i128_to_double(kpi->count) : kpi->value;
}

static void take_kpis(struct dp_runner *r, const struct dp_kpi_value *kpis, size_t n) {
  for (size_t i = 0; i < r->kpi_n; i++) {
    size_t at = r->places[i];
    if (at >= n || strcmp(kpis[at].name, r->kpis[i].name) != 0)
      for (at = 0; at < n && strcmp(kpis[at].name, r->kpis[i].name) != 0;) at++;
    r->places[i] = at;
    r->values[i] = at < n ? value_of(&kpis[at]) : (double)NAN;
  }
}

/* A study's criterion of survival is about key figures that its runs give. */
static enum dp_status check_survive(const struct dp_study *s, const struct dp_kpi_value *kpis, size_t n,
                                    struct dp_err *err) {
  for (size_t i = 0; i < s->survive_n && s->survive_own; i++) {
    size_t at = 0;
    struct dp_err which = {0};
    if (dp_kpi_check_instance(kpis, n, s->survive[i].kpi, &which) != DP_OK)
      return dp_study_fail(s, dp_study_line(s, s->survive[i].kpi), err, DP_SCENARIO, "survive: %s", which.text);
    while (at < n && strcmp(kpis[at].name, s->survive[i].kpi) != 0) at++;
    if (at == n)
      return dp_study_fail(s, dp_study_line(s, s->survive[i].kpi), err, DP_SCENARIO,
                           "survive: %s gives no '%s': no such model takes part (depinsim models says which gives it)",
                           s->scenario_path, s->survive[i].kpi);
  }
  return DP_OK;
}

static enum dp_status name_kpis(struct dp_runner *r, const struct dp_kpi_value *kpis, size_t n, struct dp_err *err) {
  const struct dp_study *s = r->study;
  r->kpi_n = s->kpi_n ? s->kpi_n : n;
  r->kpis = calloc(r->kpi_n + 2, sizeof *r->kpis);
  r->places = calloc(r->kpi_n + 2, sizeof *r->places);
  r->values = calloc(r->kpi_n + 2, sizeof *r->values);
  if (!r->kpis || !r->places || !r->values) return dp_fail_nomem(err, "key figures");
  DP_TRY(check_survive(s, kpis, n, err));
  bool precise = s->precision_kpi == NULL;
  for (size_t i = 0; i < r->kpi_n; i++) {
    snprintf(r->kpis[i].name, sizeof r->kpis[i].name, "%s", s->kpi_n ? s->kpis[i] : kpis[i].name);
    precise |= s->precision_kpi && strcmp(s->precision_kpi, r->kpis[i].name) == 0;
  }
  if (!precise) snprintf(r->kpis[r->kpi_n].name, sizeof r->kpis[0].name, "%s", s->precision_kpi);
  r->kpi_n += !precise;
  for (size_t i = 0; i < r->kpi_n; i++) {
    size_t at = 0;
    while (at < n && strcmp(kpis[at].name, r->kpis[i].name) != 0) at++;
    struct dp_err which = {0};
    if (dp_kpi_check_instance(kpis, n, r->kpis[i].name, &which) != DP_OK)
      return dp_study_fail(s, dp_study_line(s, "kpis"), err, DP_SCENARIO, "%s", which.text);
    if (at == n)
      return dp_study_fail(s, dp_study_line(s, "kpis"), err, DP_SCENARIO,
                           "%s gives no '%s': no such model takes part (depinsim models says which gives it)",
                           s->scenario_path, r->kpis[i].name);
    r->places[i] = at;
    r->kpis[i].unit = kpis[at].unit ? kpis[at].unit : "1";
    r->kpis[i].doc = kpis[at].doc ? kpis[at].doc : "";
  }
  return DP_OK;
}

/* ---- a runner ---- */

/* The scenario as it is, set up and not run. */
static enum dp_status probe(struct dp_runner *r, struct dp_err *err) {
  struct dp_sim *sim = NULL;
  struct dp_kpi_value *kpis = NULL;
  size_t n = 0;
  const struct dp_spec *spec = dp_scenario_spec(r->study->scenario);
  DP_TRY(dp_sim_new(spec, r->comm, &sim, err));
  int64_t settlements = spec->end_ns / spec->settle_every_ns + 1;
  r->band_n = settlements < (int64_t)r->study->band_n ? (size_t)settlements : r->study->band_n;
  if (r->band_n < 2) r->band_n = 2;
  dp_sim_conditional(sim, &r->conditional);
  enum dp_status status = dp_sim_kpis(sim, &kpis, &n, err);
  if (status == DP_OK) status = name_kpis(r, kpis, n, err);
  for (size_t i = 0; i < r->study->series_n && status == DP_OK; i++) {
    struct column column;
    if (!find_series(sim, r->study->series[i], &column)) status = no_series(r, sim, r->study->series[i], err);
    else r->metrics[i] = *column.metric;
  }
  free(kpis);
  dp_sim_free(sim);
  return status;
}

static enum dp_status allocate(struct dp_runner *r, struct dp_err *err) {
  const struct dp_study *s = r->study;
  r->columns = calloc(s->series_n + 1, sizeof *r->columns);
  r->metrics = calloc(s->series_n + 1, sizeof *r->metrics);
  r->catcher.next = calloc(s->series_n + 1, sizeof *r->catcher.next);
  r->catcher.last = calloc(s->series_n + 1, sizeof *r->catcher.last);
  r->settings = calloc(s->axis_n + 1, sizeof *r->settings);
  r->buffers = calloc(s->axis_n + 1, sizeof *r->buffers);
  if (!r->columns || !r->metrics || !r->catcher.next || !r->catcher.last || !r->settings || !r->buffers)
    return dp_fail_nomem(err, "a run");
  return DP_OK;
}

static enum dp_status prepare(struct dp_runner *r, struct dp_err *err) {
  const struct dp_study *s = r->study;
  DP_TRY(dp_comm_agree(r->comm, allocate(r, err), err));
  DP_TRY(probe(r, err));
  r->series = calloc(s->series_n * r->band_n + 1, sizeof *r->series);
  return r->series ? dp_variant_new(s->scenario, &s->options, &r->variant, err) : dp_fail_nomem(err, "a run");
}

enum dp_status dp_runner_new(struct dp_study *study, struct dp_comm *comm, struct dp_runner **out, struct dp_err *err) {
  *out = NULL;
  struct dp_runner *r = calloc(1, sizeof *r);
  if (r == NULL) return dp_comm_agree(comm, dp_fail_nomem(err, "a run"), err);
  r->study = study;
  r->comm = comm;
  r->point = SIZE_MAX;
  r->catcher.runner = r;
  r->catcher.sink = (struct dp_sink){.begin = begin, .row = row, .settled = settled};
  enum dp_status status = prepare(r, err);
  if (status == DP_OK) *out = r;
  else dp_runner_free(r);
  return status;
}

void dp_runner_free(struct dp_runner *r) {
  if (r == NULL) return;
  dp_variant_free(r->variant);
  dp_str_fini(&r->conditional);
  free(r->kpis);
  free(r->places);
  free(r->values);
  free(r->series);
  free(r->columns);
  free(r->metrics);
  free(r->catcher.next);
  free(r->catcher.last);
  free(r->settings);
  free(r->buffers);
  free(r);
}

const struct dp_runner_kpi *dp_runner_kpis(const struct dp_runner *r, size_t *n) {
  *n = r->kpi_n;
  return r->kpis;
}

const char *dp_runner_conditional(const struct dp_runner *r) { return dp_str_text(&r->conditional); }
size_t dp_runner_band_n(const struct dp_runner *r) { return r->band_n; }
const struct dp_metric *dp_runner_series(const struct dp_runner *r, size_t i) { return &r->metrics[i]; }

void dp_runner_set_pulse(struct dp_runner *r, dp_pulse_fn pulse, void *owner) {
  r->pulse = pulse;
  r->owner = owner;
}

/* ---- a run ---- */

static int64_t wall_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * DP_NS_PER_S + t.tv_nsec;
}

static enum dp_status set_up(struct dp_runner *r, size_t point, struct dp_err *err) {
  const struct dp_study *s = r->study;
  if (r->point == point && r->spec) return DP_OK;
  if (r->point == point) return dp_fail(err, r->wrong.status, "%s", r->wrong.text);
  dp_study_point(s, s->points + point * s->axis_n, r->settings, r->buffers);
  r->point = point;
  r->wrong = (struct dp_err){0};
  enum dp_status status = dp_variant_set(r->variant, r->settings, s->axis_n, &r->spec, &r->wrong);
  if (status == DP_OK) return DP_OK;
  r->spec = NULL;
  return dp_fail(err, status, "%s", r->wrong.text);
}

static enum dp_status simulate(struct dp_runner *r, uint64_t replicate, struct dp_run_result *out) {
  struct dp_spec spec = *r->spec;
  struct dp_sim *sim = NULL;
  struct dp_kpi_value *kpis = NULL;
  size_t n = 0;
  spec.replicate = replicate;
  DP_TRY(dp_sim_new(&spec, r->comm, &sim, &out->err));
  if (r->study->series_n) dp_sim_set_sink(sim, &r->catcher.sink);
  if (r->pulse) dp_sim_set_pulse(sim, r->pulse, r->owner);
  enum dp_status status = dp_sim_run(sim, &out->stopped, &out->err);
  if (status == DP_OK && !out->stopped) status = dp_sim_kpis(sim, &kpis, &n, &out->err);
  if (status == DP_OK && !out->stopped) status = dp_engine_digest(sim->engine, &out->digest, &out->err);
  if (status == DP_OK) take_kpis(r, kpis, n);
  if (status == DP_OK && r->comm->rank == 0) end_series(r);
  free(kpis);
  dp_sim_free(sim);
  return status;
}

enum dp_status dp_runner_run(struct dp_runner *r, size_t point, uint64_t replicate, struct dp_run_result *out,
                             struct dp_err *err) {
  int64_t began_ns = wall_ns();
  *out = (struct dp_run_result){.kpis = r->values, .series = r->series};
  out->status = dp_comm_agree(r->comm, set_up(r, point, &out->err), &out->err);
  if (out->status == DP_OK) out->status = simulate(r, replicate, out);
  if (out->status != DP_OK && r->comm->rank_n > 1) DP_TRY(dp_comm_share_text(r->comm, &out->err));
  out->cost_ns = wall_ns() - began_ns;
  if (out->status == DP_OK && !out->stopped) return DP_OK;
  for (size_t i = 0; i < r->kpi_n; i++) r->values[i] = (double)NAN;
  for (size_t i = 0; i < r->study->series_n * r->band_n; i++) r->series[i] = NAN;
  return out->status == DP_NOMEM ? dp_fail(err, DP_NOMEM, "%s", out->err.text) : DP_OK;
}

int64_t dp_runner_duration_ns(struct dp_runner *r, size_t point) {
  struct dp_err ignored = {0};
  return set_up(r, point, &ignored) == DP_OK ? r->spec->end_ns : 0;
}
