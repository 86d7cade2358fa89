/* analysis/sweep.c — a sweep from its study to its end: groups of ranks, journal, watch, rounds. */
#include "analysis/sweep.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/sweep_farm.h"
#include "base/hash.h"
#include "base/memory.h"

/* What every run of it hangs on. */
static uint64_t identity_of(struct dp_sweep *s) {
  const struct dp_sweep_options *o = s->options;
  const struct dp_study *study = s->study;
  size_t kpi_n;
  const struct dp_runner_kpi *kpis = dp_runner_kpis(s->runner, &kpi_n);
  uint64_t identity = dp_hash_mix(dp_study_hash(study), dp_hash_mix(s->most_n, study->replicate_n));
  for (size_t i = 0; i < kpi_n; i++) {
    identity = dp_hash_mix(identity, dp_hash64(kpis[i].name, strlen(kpis[i].name), 0));
    if (study->precision_kpi && strcmp(kpis[i].name, study->precision_kpi) == 0) s->precise_kpi = i;
  }
  uint64_t ratio;
  memcpy(&ratio, &study->half_width_ratio, sizeof ratio);
  identity = dp_hash_mix(dp_hash_mix(identity, ratio), s->precise_kpi);
  const char *const program[] = {o->provenance->version, o->provenance->revision, o->provenance->libm_hash};
  for (size_t i = 0; i < 3; i++)
    identity = dp_hash_mix(identity, dp_hash64(program[i], program[i] ? strlen(program[i]) : 0, 0));
  return o->salt ? dp_hash_mix(identity, o->salt) : identity;
}

static enum dp_status prepare(struct dp_sweep *s, struct dp_err *err) {
  const struct dp_sweep_options *o = s->options;
  struct dp_study *study = s->study;
  size_t cap = dp__sweep_cap(s), run_n = cap * s->most_n;
  if (s->comm->rank != 0) return DP_OK;
  s->states = calloc(run_n + 1, sizeof *s->states);
  s->places = calloc(run_n + 1, sizeof *s->places);
  s->needed_n = calloc(cap + 1, sizeof *s->needed_n);
  s->first_n = calloc(cap + 1, sizeof *s->first_n);
  if (study->precision_kpi) s->precise = calloc(run_n + 1, sizeof *s->precise);
  if (!s->states || !s->places || !s->needed_n || !s->first_n || (study->precision_kpi && !s->precise))
    return dp_fail_nomem(err, "the sweep's runs");
  for (size_t p = 0; p < study->point_n; p++) s->needed_n[p] = (uint32_t)study->replicate_n;
  s->wanted_n = study->point_n * study->replicate_n;
  s->identity = identity_of(s);
  return dp_journal_open(o->output, s->identity, &s->shape, o->restart, o->resume, dp__sweep_found, s, &s->journal,
                         err);
}

/* A run that has brought the process down again and again is written down as failed; the others can go on. */
static enum dp_status give_up(struct dp_sweep *s, uint64_t run, const char *why, struct dp_err *err) {
  struct dp_buffer bytes = {0};
  struct dp_run_result result = {.status = DP_FAILED};
  struct dp_record record;
  uint64_t at;
  if (run >= dp__sweep_cap(s) * s->most_n || s->states[run] == DP_RUN_DONE || s->states[run] == DP_RUN_FAILED)
    return DP_OK;
  size_t n = s->shape.kpi_n + s->shape.float_n;
  double *nans = malloc((n + 1) * sizeof *nans);
  float *gaps = malloc((n + 1) * sizeof *gaps);
  enum dp_status status = nans && gaps ? DP_OK : dp_fail_nomem(err, "a run's record");
  for (size_t i = 0; i < n && status == DP_OK; i++) nans[i] = (double)(gaps[i] = NAN);
  result.kpis = nans;
  result.series = gaps;
  snprintf(result.err.text, sizeof result.err.text, "%s", why);
  if (status == DP_OK) status = dp_record_pack(&bytes, &s->shape, run, &result, err);
  if (status == DP_OK) status = dp_journal_append(s->journal, bytes.data, bytes.len, &at, err);
  if (status == DP_OK && dp_record_read(bytes.data, bytes.len, &s->shape, &record))
    status = dp__sweep_found(s, &record, at, err);
  free(nans);
  free(gaps);
  dp_buffer_fini(&bytes);
  return status;
}

/* Rank 0 looks at what the processes before were doing when they ended; then every rank opens its own line. */
static enum dp_status begin_watch(struct dp_sweep *s, struct dp_err *err) {
  struct dp_watch_case *cases = NULL;
  size_t n = 0;
  enum dp_status status = DP_OK;
  if (s->comm->rank == 0) {
    status = dp__watch_take(s->options->output, s->identity, s->options->restart, &cases, &n, err);
    for (size_t i = 0; i < n && status == DP_OK; i++) status = give_up(s, cases[i].run, cases[i].why, err);
    free(cases);
  }
  DP_TRY(dp_comm_agree(s->comm, status, err));
  s->watch = dp__watch_open(s->options->output, s->comm->rank, s->group->rank == 0);
  return DP_OK;
}

enum dp_status dp_sweep_round(struct dp_sweep *s, struct dp_err *err) {
  enum dp_status status = dp_comm_agree(s->comm, dp__sweep_farm(s, err), err);
  s->begun_n = s->study->point_n;
  return status;
}

enum dp_status dp_sweep_add(struct dp_sweep *s, const double *points, size_t n, size_t from, size_t to,
                            struct dp_err *err) {
  struct dp_study *study = s->study;
  const size_t was_n = study->point_n, axis_n = study->axis_n;
  if (was_n + n > dp__sweep_cap(s) || from > to || to > s->most_n)
    return dp_fail(err, DP_RANGE, "more points than there is room for");
  if (!dp_array_resize(&study->points, (was_n + n) * axis_n, sizeof *study->points))
    return dp_fail_nomem(err, "points");
  memcpy(study->points + was_n * axis_n, points, n * axis_n * sizeof *points);
  study->point_n += n;
  for (size_t p = was_n; p < study->point_n && s->comm->rank == 0; p++) {
    s->first_n[p] = (uint32_t)from;
    s->needed_n[p] = (uint32_t)to;
    s->wanted_n += to - from;
  }
  return DP_OK;
}

enum dp_status dp_sweep_open(struct dp_study *study, struct dp_comm *comm, const struct dp_sweep_options *options,
                            struct dp_sweep **out, struct dp_err *err) {
  *out = NULL;
  struct dp_sweep *s = dp_zeros(1, sizeof *s);
  enum dp_status status = s ? DP_OK : dp_fail_nomem(err, "a sweep");
  if (status == DP_OK) {
    *s = (struct dp_sweep){.study = study, .comm = comm, .options = options, .most_n = study->most_n};
    s->began_ns = dp__sweep_wall_ns();
  }
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK)
    status = dp_comm_split(comm, options->ranks_per_run ? options->ranks_per_run : 1, &s->group, err);
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK) status = dp_runner_new(study, s->group, &s->runner, err);
  if (status == DP_OK) {
    dp_runner_kpis(s->runner, &s->shape.kpi_n);
    s->band_n = dp_runner_band_n(s->runner);
    s->shape.float_n = study->series_n * s->band_n;
    status = prepare(s, err);
  }
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK) status = begin_watch(s, err);
  if (status == DP_OK) *out = s;
  else dp_sweep_free(s);
  return status;
}

enum dp_status dp_sweep_run(struct dp_study *study, struct dp_comm *comm, const struct dp_sweep_options *options,
                            struct dp_sweep **out, struct dp_err *err) {
  DP_TRY(dp_sweep_open(study, comm, options, out, err));
  enum dp_status status = dp_sweep_round(*out, err);
  if (status == DP_OK) return DP_OK;
  dp_sweep_free(*out);
  *out = NULL;
  return status;
}

void dp_sweep_free(struct dp_sweep *s) {
  if (s == NULL) return;
  dp__watch_close(s->watch);
  dp_journal_close(s->journal, false);
  dp_runner_free(s->runner);
  dp_comm_free(s->group);
  free(s->states);
  free(s->places);
  free(s->needed_n);
  free(s->first_n);
  free(s->precise);
  free(s);
}

enum dp_status dp_sweep_kpis(struct dp_sweep *s, size_t point, size_t replicate, const double **kpis,
                             struct dp_err *err) {
  struct dp_record record;
  DP_TRY(dp_journal_read(s->journal, s->places[point * s->most_n + replicate], &record, err));
  *kpis = record.kpis;
  return DP_OK;
}
