/* analysis/sweep_file.c — from the journal to the file X: runs, points, bands, in the order of the study.
 *
 *   /runs/…              a row a run: point, replicate, seed, status (0: it ran), digest; parameter/<name> of numbers
 *   /kpi/<name>          of every run; NaN where it has none
 *   /points/parameter/…  a row a point
 *   /summary/<kpi>/…     a row a point: mean, half_width (95 %), p5, p50, p95, n
 *   /bands/<series>/…    a row a point, a column a time: mean, p5, p50, p95; n
 *   /failures/…          runs that failed, and why */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/sheet.h"
#include "analysis/sweep_farm.h"
#include "analysis/sweep_report.h"
#include "base/memory.h"
#include "output/disk.h"
#include "output/h5.h"
#include "output/seal.h"
#include "script/modules.h"

#define GROUPS_MAX 4096

/** Columns of a band, and of a summary. */
enum { MEAN, P5, P50, P95, BAND_N };
static const char *const band_names[BAND_N] = {"mean", "p5", "p50", "p95"};
enum { S_MEAN, S_HALF, S_P5, S_P50, S_P95, S_N, SUMMARY_N };
static const char *const summary_names[SUMMARY_N] = {"mean", "half_width", "p5", "p50", "p95", "n"};
static const char *const summary_docs[SUMMARY_N] = {
    "mean of the runs",           "the mean lies within plus or minus this with probability 0.95 (Student)",
    "5 % of the runs are below",  "half of the runs are below",
    "95 % of the runs are below", "runs that have a value"};

struct writer {
  struct dp_sweep *sweep;
  const struct dp_study *study;
  const struct dp_runner_kpi *kpis;
  size_t kpi_n, series_n, band_n, run_n; /* run_n: rows of /runs */
  hid_t file;
  hid_t groups[GROUPS_MAX]; /* [group_n] to be closed */
  size_t group_n;
  struct dp_sheet runs, points, bands;
  size_t first_axis, first_kpi, first_summary, first_band; /* columns */
  double *values;                                          /* [kpi_n][most replicates] */
  float *series;                                           /* [series_n · band_n][most replicates] */
  double *sorted;                                          /* [most replicates] */
  struct dp_sweep_stat *stats;                             /* [kpi_n] */
  uint64_t *failed;                                        /* [failed_n] runs */
  char **messages;
  size_t failed_n, failed_cap;
};

/* ---- groups and columns ---- */

static hid_t group(struct writer *w, hid_t parent, const char *name) {
  hid_t id = parent < 0 || w->group_n == GROUPS_MAX ? -1 : dp_h5_create_group(parent, name);
  if (id >= 0) w->groups[w->group_n++] = id;
  return id;
}

static bool make_runs(struct writer *w) {
  struct dp_sheet *s = &w->runs;
  dp_sheet_begin(s, w->run_n, 1);
  hid_t runs = group(w, w->file, "runs"), parameter = group(w, runs, "parameter"), kpi = group(w, w->file, "kpi");
  if (runs < 0 || parameter < 0 || kpi < 0) return false;
  dp_sheet_add(s, runs, "run", DP_SHEET_U64, 1, "1", "number of the run in the study", -1);
  dp_sheet_scale(s, 0, "run");
  dp_sheet_add(s, runs, "point", DP_SHEET_U64, 1, "1", "its point, a row of /points", 0);
  dp_sheet_add(s, runs, "replicate", DP_SHEET_U64, 1, "1", "its luck: equal numbers share it at every point", 0);
  dp_sheet_add(s, runs, "seed", DP_SHEET_U64, 1, "1", "seed of all luck", 0);
  dp_sheet_add(s, runs, "status", DP_SHEET_U8, 1, "1", "0: it ran; else see /failures", 0);
  dp_sheet_add(s, runs, "digest", DP_SHEET_U64, 1, "1", "of its final state", 0);
  w->first_axis = s->column_n;
  for (size_t i = 0; i < w->study->axis_n; i++)
    if (!w->study->axes[i].texts)
      dp_sheet_add(s, parameter, w->study->axes[i].name, DP_SHEET_F64, 1, NULL, "as the run had it", 0);
  size_t scale = dp_sheet_add(s, kpi, "run", DP_SHEET_U64, 1, "1", "number of the run in the study", -1);
  dp_sheet_scale(s, scale, "run");
  w->first_kpi = s->column_n;
  for (size_t k = 0; k < w->kpi_n; k++)
    dp_sheet_add(s, kpi, w->kpis[k].name, DP_SHEET_F64, 1, w->kpis[k].unit, w->kpis[k].doc, (int)scale);
  return !s->failed;
}

static bool make_points(struct writer *w) {
  struct dp_sheet *s = &w->points;
  dp_sheet_begin(s, w->study->point_n, 1);
  hid_t points = group(w, w->file, "points"), parameter = group(w, points, "parameter");
  hid_t summary = group(w, w->file, "summary");
  if (points < 0 || parameter < 0 || summary < 0) return false;
  dp_sheet_add(s, points, "point", DP_SHEET_U64, 1, "1", "number of the point", -1);
  dp_sheet_scale(s, 0, "point");
  dp_sheet_add(s, points, "run_n", DP_SHEET_U64, 1, "1", "runs", 0);
  dp_sheet_add(s, points, "failed_n", DP_SHEET_U64, 1, "1", "of them failed", 0);
  for (size_t i = 0; i < w->study->axis_n; i++)
    if (!w->study->axes[i].texts) {
      size_t column = dp_sheet_add(s, parameter, w->study->axes[i].name, DP_SHEET_F64, 1, NULL, "at the point", 0);
      if (!s->failed && w->study->axes[i].log) s->failed = !dp_h5_put_i64(s->columns[column].set, "log", 1);
    }
  size_t scale = dp_sheet_add(s, summary, "point", DP_SHEET_U64, 1, "1", "number of the point", -1);
  dp_sheet_scale(s, scale, "point");
  w->first_summary = s->column_n;
  for (size_t k = 0; k < w->kpi_n && !s->failed; k++) {
    hid_t of = group(w, summary, w->kpis[k].name);
    if (of < 0 || !dp_h5_put_text(of, "long_name", w->kpis[k].doc)) return false;
    for (size_t i = 0; i < SUMMARY_N; i++)
      dp_sheet_add(s, of, summary_names[i], i == S_N ? DP_SHEET_U64 : DP_SHEET_F64, 1, i == S_N ? "1" : w->kpis[k].unit,
                   summary_docs[i], (int)scale);
  }
  return !s->failed;
}

/* Texts of the points' parameters, which no sheet holds. */
static bool put_text_axes(struct writer *w) {
  const struct dp_study *study = w->study;
  for (size_t i = 0; i < study->axis_n; i++) {
    if (!study->axes[i].texts) continue;
    const char **texts = dp_zeros(study->point_n + 1, sizeof *texts);
    if (!texts) return false;
    for (size_t p = 0; p < study->point_n; p++)
      texts[p] = study->axes[i].texts[(size_t)study->points[p * study->axis_n + i]];
    hid_t parent = H5Gopen2(w->file, "points/parameter", H5P_DEFAULT);
    hid_t set = parent < 0 ? -1 : dp_h5_write_texts(parent, study->axes[i].name, texts, study->point_n);
    free(texts);
    dp_h5_close(parent);
    dp_h5_close(set);
    if (set < 0) return false;
  }
  return true;
}

static bool put_times(struct writer *w, hid_t bands) {
  double *fraction = dp_zeros(2 * w->band_n, sizeof *fraction), *time_s = fraction + w->band_n;
  const struct dp_spec *spec = dp_scenario_spec(w->study->scenario);
  for (size_t i = 0; i < w->band_n && fraction; i++) {
    fraction[i] = (double)i / (double)(w->band_n - 1);
    time_s[i] = (double)spec->end_ns / 1e9 * fraction[i];
  }
  hid_t a = !fraction
                ? -1
                : dp_h5_write_column(bands, "fraction", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, fraction, w->band_n, "1",
                                     "share of the simulated time: a value is that of the last settlement until "
                                     "then");
  hid_t b = a < 0 ? -1
                  : dp_h5_write_column(bands, "time", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, time_s, w->band_n, "s",
                                       "the same in the scenario's own duration");
  bool done = b >= 0 && dp_h5_make_scale(a, "fraction") && dp_h5_attach_scale(b, a, 0);
  dp_h5_close(a);
  dp_h5_close(b);
  free(fraction);
  return done;
}

static bool make_bands(struct writer *w) {
  struct dp_sheet *s = &w->bands;
  if (w->series_n == 0) return true;
  dp_sheet_begin(s, w->study->point_n, w->band_n);
  hid_t bands = group(w, w->file, "bands");
  if (bands < 0 || !put_times(w, bands)) return false;
  dp_sheet_add(s, bands, "point", DP_SHEET_U64, 1, "1", "number of the point", -1);
  dp_sheet_scale(s, 0, "point");
  w->first_band = s->column_n;
  hid_t fraction = H5Dopen2(bands, "fraction", H5P_DEFAULT);
  for (size_t i = 0; i < w->series_n && !s->failed; i++) {
    const struct dp_metric *m = dp_runner_series(w->sweep->runner, i);
    hid_t of = group(w, bands, w->study->series[i]);
    for (size_t k = 0; k < BAND_N && of >= 0; k++) {
      size_t column = dp_sheet_add(s, of, band_names[k], DP_SHEET_F32, w->band_n, m->unit, m->doc, 0);
      if (!s->failed) s->failed = !dp_h5_attach_scale(s->columns[column].set, fraction, 1);
    }
    if (of >= 0) dp_sheet_add(s, of, "n", DP_SHEET_U64, 1, "1", "runs of the band", 0);
    s->failed |= of < 0;
  }
  dp_h5_close(fraction);
  return !s->failed;
}

/* ---- rows ---- */

static void put_run(struct writer *w, size_t row, const struct dp_record *record) {
  struct dp_sheet *s = &w->runs;
  size_t most_n = w->sweep->most_n, axis_n = w->study->axis_n;
  uint64_t point = record->run / most_n;
  const uint64_t numbers[] = {row, point, record->run % most_n, w->study->seed, record->status, record->digest};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) dp_sheet_put_u64(s, i, numbers[i]);
  size_t column = w->first_axis;
  for (size_t i = 0; i < axis_n; i++)
    if (!w->study->axes[i].texts) dp_sheet_put(s, column++, 0, w->study->points[point * axis_n + i]);
  dp_sheet_put_u64(s, column, row);
  for (size_t k = 0; k < w->kpi_n; k++) dp_sheet_put(s, w->first_kpi + k, 0, record->kpis[k]);
  dp_sheet_next(s);
}

static enum dp_status note_failure(struct writer *w, size_t row, const char *message, struct dp_err *err) {
  if (w->failed_n == w->failed_cap) {
    size_t cap = w->failed_cap ? 2 * w->failed_cap : 64;
    if (!dp_array_resize(&w->failed, cap, sizeof *w->failed) ||
        !dp_array_resize(&w->messages, cap, sizeof *w->messages))
      return dp_fail_nomem(err, "failures");
    w->failed_cap = cap;
  }
  w->failed[w->failed_n] = row;
  w->messages[w->failed_n] = dp_copy_text(message);
  if (!w->messages[w->failed_n]) return dp_fail_nomem(err, "failures");
  w->failed_n++;
  return DP_OK;
}

static void put_point(struct writer *w, size_t point, size_t n, size_t failed_n) {
  struct dp_sheet *s = &w->points;
  dp_sheet_put_u64(s, 0, point);
  dp_sheet_put_u64(s, 1, n);
  dp_sheet_put_u64(s, 2, failed_n);
  size_t column = 3;
  for (size_t i = 0; i < w->study->axis_n; i++)
    if (!w->study->axes[i].texts) dp_sheet_put(s, column++, 0, w->study->points[point * w->study->axis_n + i]);
  dp_sheet_put_u64(s, column++, point);
  for (size_t k = 0; k < w->kpi_n; k++, column += SUMMARY_N) {
    const struct dp_sweep_stat *v = &w->stats[k];
    const double numbers[] = {v->interval.mean, v->interval.half_width, v->p5, v->p50, v->p95};
    for (size_t i = 0; i < 5; i++) dp_sheet_put(s, column + i, 0, numbers[i]);
    dp_sheet_put_u64(s, column + S_N, v->interval.n);
  }
  dp_sheet_next(s);
}

static void put_bands(struct writer *w, size_t point, size_t n) {
  struct dp_sheet *s = &w->bands;
  if (w->series_n == 0) return;
  dp_sheet_put_u64(s, 0, point);
  size_t column = w->first_band;
  for (size_t i = 0; i < w->series_n; i++, column += BAND_N + 1) {
    size_t most = 0;
    for (size_t b = 0; b < w->band_n; b++) {
      const float *from = w->series + (i * w->band_n + b) * n;
      for (size_t r = 0; r < n; r++) w->sorted[r] = (double)from[r];
      double mean = dp_stat_interval(w->sorted, n, 0.95).mean; /* in the order of the replicates */
      size_t kept = dp_stat_sort(w->sorted, n);
      const double band[BAND_N] = {mean, dp_stat_quantile(w->sorted, kept, 0.05),
                                   dp_stat_quantile(w->sorted, kept, 0.5), dp_stat_quantile(w->sorted, kept, 0.95)};
      for (size_t k = 0; k < BAND_N; k++) dp_sheet_put(s, column + k, b, band[k]);
      if (kept > most) most = kept;
    }
    dp_sheet_put_u64(s, column + BAND_N, most);
  }
  dp_sheet_next(s);
}

/* Reads the runs of a point and puts everything that is made of them. */
static enum dp_status do_point(struct writer *w, size_t point, size_t *row, struct dp_sweep_report *report,
                               struct dp_err *err) {
  struct dp_sweep *s = w->sweep;
  size_t first = s->first_n[point], n = s->needed_n[point] - first, failed_n = 0;
  for (size_t r = 0; r < n; r++) {
    struct dp_record record;
    DP_TRY(dp_journal_read(s->journal, s->places[point * s->most_n + first + r], &record, err));
    put_run(w, *row, &record);
    for (size_t k = 0; k < w->kpi_n; k++) w->values[k * n + r] = record.kpis[k];
    for (size_t i = 0; i < w->series_n * w->band_n; i++) w->series[i * n + r] = record.series[i];
    if (record.status != DP_OK) DP_TRY(note_failure(w, *row, record.message, err));
    failed_n += record.status != DP_OK;
    ++*row;
  }
  for (size_t k = 0; k < w->kpi_n; k++) {
    double *values = w->values + k * n;
    w->stats[k].interval = dp_stat_interval(values, n, 0.95);
    size_t kept = dp_stat_sort(values, n);
    w->stats[k].p5 = dp_stat_quantile(values, kept, 0.05);
    w->stats[k].p50 = dp_stat_quantile(values, kept, 0.5);
    w->stats[k].p95 = dp_stat_quantile(values, kept, 0.95);
  }
  put_point(w, point, n, failed_n);
  put_bands(w, point, n);
  dp__sweep_report_point(report, point, w->stats, failed_n);
  return DP_OK;
}

/* ---- head and tail ---- */

static bool put_head(struct writer *w) {
  const struct dp_sweep_options *o = w->sweep->options;
  const struct dp_study *study = w->study;
  const struct dp_lua_source *sources;
  size_t source_n = dp_lua_sources(dp_scenario_lua(study->script), &sources);
  const char *conditional = dp_runner_conditional(w->sweep->runner);
  const char *title = study->question[0] ? study->question : o->provenance->title;
  bool done = dp_h5_put_text(w->file, "title", title ? title : o->provenance->scenario.name) &&
              dp_h5_put_text(w->file, "Conventions", "CF-1.10") && dp_h5_put_text(w->file, "program", "depinsim") &&
              dp_h5_put_text(w->file, "kind", "sweep") && dp_h5_put_i64(w->file, "format_version", DP_SWEEP_FORMAT) &&
              dp_h5_put_i64(w->file, "complete", 0) &&
              dp_h5_put_text(w->file, "design", o->design ? o->design : dp_design_names[study->design]) &&
              dp_h5_put_i64(w->file, "duration_ns", dp_scenario_spec(study->scenario)->end_ns) &&
              (!conditional[0] || dp_h5_put_text(w->file, "conditional", conditional)) &&
              dp_provenance_put(w->file, o->provenance);
  hid_t of = done ? H5Gopen2(w->file, "provenance", H5P_DEFAULT) : -1;
  hid_t volatiles = of < 0 ? -1 : dp_h5_create_group(of, "volatile");
  hid_t text = volatiles < 0 ? -1 : dp_h5_write_text(of, "study", source_n ? sources[0].bytes : "");
  done = text >= 0 && dp_h5_put_u64(of, "seed", study->seed);
  for (size_t i = 0; i < o->volatile_n && done; i++)
    done = dp_h5_put_text(volatiles, o->volatiles[i].name, o->volatiles[i].value);
  dp_h5_close(text);
  dp_h5_close(volatiles);
  dp_h5_close(of);
  return done;
}

static bool put_failures(struct writer *w) {
  hid_t of = group(w, w->file, "failures");
  if (w->failed_n == 0) return of >= 0; /* h5diff calls empty columns not comparable */
  hid_t runs = of < 0 ? -1
                      : dp_h5_write_column(of, "run", H5T_STD_U64LE, H5T_NATIVE_UINT64, w->failed, w->failed_n, "1",
                                           "number of the run, a row of /runs");
  hid_t texts = runs < 0 ? -1 : dp_h5_write_texts(of, "message", (const char *const *)w->messages, w->failed_n);
  dp_h5_close(texts);
  dp_h5_close(runs);
  return texts >= 0;
}

static enum dp_status make_room(struct writer *w, struct dp_err *err) {
  size_t most = 0;
  for (size_t p = 0; p < w->study->point_n; p++) {
    w->run_n += w->sweep->needed_n[p] - w->sweep->first_n[p];
    if (w->sweep->needed_n[p] > most) most = w->sweep->needed_n[p];
  }
  w->values = dp_zeros(most * w->kpi_n + 1, sizeof *w->values);
  w->series = dp_zeros(most * w->series_n * w->band_n + 1, sizeof *w->series);
  w->sorted = dp_zeros(most + 1, sizeof *w->sorted);
  w->stats = dp_zeros(w->kpi_n + 1, sizeof *w->stats);
  return w->values && w->series && w->sorted && w->stats ? DP_OK : dp_fail_nomem(err, "the sweep's file");
}

/* The file's content; HDF5's errors come out as `path`'s. */
static enum dp_status fill(struct writer *w, const char *path, struct dp_sweep_report *report, struct dp_err *err) {
  size_t row = 0;
  enum dp_status status = DP_OK;
  DP_TRY(make_room(w, err));
  if (!put_head(w) || !dp_study_put_survive(w->study, w->file) || !make_runs(w) || !make_points(w) || !make_bands(w))
    status = dp_h5_fail(err, "write", path);
  for (size_t p = 0; p < w->study->point_n && status == DP_OK; p++) status = do_point(w, p, &row, report, err);
  if (status == DP_OK && (w->runs.failed || w->points.failed || w->bands.failed))
    status = dp_h5_fail(err, "write", path);
  const struct dp_sweep_options *o = w->sweep->options;
  if (status == DP_OK && o->extra) status = o->extra(o->extra_ud, w->file, err);
  bool done = dp_sheet_end(&w->runs);
  done &= dp_sheet_end(&w->points);
  done &= dp_sheet_end(&w->bands);
  if (status == DP_OK && (!done || !put_text_axes(w) || !put_failures(w) || !dp_h5_set_i64(w->file, "complete", 1)))
    status = dp_h5_fail(err, "write", path);
  return status;
}

static void release(struct writer *w) {
  for (size_t i = 0; i < w->group_n; i++) dp_h5_close(w->groups[i]);
  for (size_t i = 0; i < w->failed_n; i++) free(w->messages[i]);
  free(w->messages);
  free(w->failed);
  free(w->values);
  free(w->series);
  free(w->sorted);
  free(w->stats);
}

static enum dp_status publish(struct dp_disk *disk, const char *from, const char *to, struct dp_err *err) {
  DP_TRY(dp_disk_check(disk, from, err));
  DP_TRY(dp_seal_write(disk->fd, from, err));
  DP_TRY(dp_disk_sync(disk, from, err));
  if (rename(from, to) < 0) return dp_disk_fail(err, "write", to, errno);
  return DP_OK;
}

static enum dp_status write_file(struct dp_sweep *s, const char *path, struct dp_sweep_report *report,
                                 struct dp_err *err) {
  struct dp_disk disk;
  DP_TRY(dp_disk_open(&disk, path, err));
  struct writer *w = dp_zeros(1, sizeof *w);
  enum dp_status status = w ? DP_OK : dp_fail_nomem(err, "the sweep's file");
  if (status == DP_OK) {
    *w = (struct writer){.sweep = s, .study = s->study, .series_n = s->study->series_n, .band_n = s->band_n};
    w->kpis = dp_runner_kpis(s->runner, &w->kpi_n);
    w->file = dp_disk_create_file(&disk, path);
    status = w->file < 0 ? dp_h5_fail(err, "write", path) : fill(w, path, report, err);
    release(w);
    if (w->file >= 0 && H5Fclose(w->file) < 0 && status == DP_OK) status = dp_h5_fail(err, "write", path);
  }
  if (status == DP_OK) status = publish(&disk, path, s->options->output, err);
  if (status != DP_OK) unlink(path);
  dp_disk_close(&disk);
  free(w);
  return status;
}

enum dp_status dp_sweep_finish(struct dp_sweep *s, struct dp_str *report, struct dp_err *err) {
  struct dp_str path = {0};
  struct dp_sweep_report *table = NULL;
  dp_h5_quiet();
  dp_str_printf(&path, "%s.new", s->options->output);
  enum dp_status status = path.failed ? dp_fail_nomem(err, "a name") : DP_OK;
  if (status == DP_OK) status = dp__sweep_report_new(s, report, &table, err);
  if (status == DP_OK) status = write_file(s, dp_str_text(&path), table, err);
  dp__sweep_report_end(table);
  dp_str_fini(&path);
  if (status != DP_OK) return status;
  dp_journal_close(s->journal, true);
  dp__watch_remove(s->options->output);
  s->journal = NULL;
  return DP_OK;
}
