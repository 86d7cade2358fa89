/* analysis/tune_file.c — the group /tune of the file: what was asked, every look, what came out. Format:
 * analysis/schema.md. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/tune_study.h"
#include "base/memory.h"
#include "output/h5.h"

static bool put_column(hid_t of, const char *name, const double *values, size_t n, const char *doc) {
  hid_t set = dp_h5_write_column(of, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values, n, NULL, doc);
  dp_h5_close(set);
  return set >= 0;
}

static bool put_texts(hid_t of, const char *name, const char *const *texts, size_t n) {
  hid_t set = dp_h5_write_texts(of, name, texts, n);
  dp_h5_close(set);
  return set >= 0;
}

static bool put_numbers(hid_t of, const char *name, const size_t *values, size_t n, const char *doc) {
  uint64_t *copy = dp_zeros(n + 1, sizeof *copy);
  for (size_t i = 0; copy && i < n; i++) copy[i] = values[i];
  hid_t set = copy ? dp_h5_write_column(of, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, copy, n, "1", doc) : -1;
  dp_h5_close(set);
  free(copy);
  return set >= 0;
}

/* ---- what was asked ---- */

static double or_none(double x) { return isfinite(x) ? x : (double)NAN; }

/* Objectives first. Nothing for a fit without constraints: h5diff calls empty columns not comparable. */
static bool put_terms(const struct dp_tuning *t, hid_t tune) {
  static const char *const goals[] = {"min", "max", "value"};
  const size_t n = dp_tuning_term_n(t);
  if (n == 0) return true;
  const char **texts = dp_zeros(2 * n, sizeof *texts);
  double *columns = dp_zeros(5 * n, sizeof *columns);
  hid_t of = texts && columns ? dp_h5_create_group(tune, "term") : -1;
  for (size_t i = 0; i < n && of >= 0; i++) {
    const struct dp_tuning_term *term = dp_tuning_term_of(t, i);
    const bool asked = i < t->objective_n, value = asked && term->goal == DP_TUNE_VALUE;
    texts[i] = term->kpi;
    texts[n + i] = asked ? goals[term->goal] : "bound";
    columns[i] = term->quantile < 0 ? (double)NAN : term->quantile;
    columns[n + i] = value ? term->target : (double)NAN;
    columns[2 * n + i] = value ? term->tolerance : (double)NAN;
    columns[3 * n + i] = asked ? (double)NAN : or_none(term->low);
    columns[4 * n + i] = asked ? (double)NAN : or_none(term->high);
  }
  const bool done = of >= 0 && put_texts(of, "kpi", texts, n) && put_texts(of, "goal", texts + n, n) &&
                    put_column(of, "quantile", columns, n, "of the runs of a design; NaN: their mean") &&
                    put_column(of, "target", columns + n, n, "of the goal value") &&
                    put_column(of, "tolerance", columns + 2 * n, n, "around the target") &&
                    put_column(of, "low", columns + 3 * n, n, "of a bound; NaN: none") &&
                    put_column(of, "high", columns + 4 * n, n, "of a bound; NaN: none");
  dp_h5_close(of);
  free(texts);
  free(columns);
  return done;
}

/* Where each parameter was looked for. */
static bool put_ranges(const struct dp_tuning *t, hid_t tune) {
  const size_t n = t->study->axis_n;
  const char **names = dp_zeros(n, sizeof *names);
  double *columns = dp_zeros(2 * n, sizeof *columns);
  size_t *listed = dp_zeros(n, sizeof *listed);
  hid_t of = names && columns && listed ? dp_h5_create_group(tune, "range") : -1;
  for (size_t a = 0; a < n && of >= 0; a++) {
    const struct dp_axis *axis = &t->study->axes[a];
    double low = axis->low, high = axis->high;
    if (axis->value_n) low = INFINITY, high = -INFINITY;
    for (size_t i = 0; axis->values && i < axis->value_n; i++)
      low = fmin(low, axis->values[i]), high = fmax(high, axis->values[i]);
    names[a] = axis->name;
    listed[a] = axis->value_n;
    columns[a] = or_none(low);
    columns[n + a] = or_none(high);
  }
  const bool done = of >= 0 && put_texts(of, "parameter", names, n) &&
                    put_column(of, "low", columns, n, "looked for from here; NaN: a choice") &&
                    put_column(of, "high", columns + n, n, "to here") &&
                    put_numbers(of, "listed_n", listed, n, "values to choose from; 0: anything between");
  dp_h5_close(of);
  free(names);
  free(columns);
  free(listed);
  return done;
}

/* ---- what came out ---- */

/* A row a final and term. */
static bool put_outcomes(const struct dp_tuning *t, hid_t tune, const struct dp_tuning_figure *figures) {
  const size_t term_n = dp_tuning_term_n(t), n = t->final_n * term_n;
  if (n == 0) return true;
  size_t *places = dp_zeros(3 * n, sizeof *places);
  double *columns = dp_zeros(3 * n, sizeof *columns);
  hid_t of = places && columns ? dp_h5_create_group(tune, "outcome") : -1;
  for (size_t i = 0; i < n && of >= 0; i++) {
    places[i] = i / term_n;
    places[n + i] = i % term_n;
    places[2 * n + i] = figures[i].holds;
    columns[i] = figures[i].value;
    columns[n + i] = figures[i].half_width;
    columns[2 * n + i] = figures[i].searched;
  }
  const bool done = of >= 0 && put_numbers(of, "final", places, n, "design, a row of final") &&
                    put_numbers(of, "term", places + n, n, "its figure, a row of term") &&
                    put_column(of, "value", columns, n, "on fresh luck") &&
                    put_column(of, "half_width", columns + n, n, "of a mean, 95 % (Student); NaN of a quantile") &&
                    put_column(of, "searched", columns + 2 * n, n, "on the runs that the search had seen") &&
                    put_numbers(of, "holds", places + 2 * n, n, "0: a bound that is broken on fresh luck");
  dp_h5_close(of);
  free(places);
  free(columns);
  return done;
}

static bool put_search(const struct dp_tuning *t, hid_t of) {
  size_t n = t->result.n;
  uint64_t *places = dp_zeros(n, sizeof *places);
  double *columns = dp_zeros(3 * n, sizeof *columns);
  bool done = places && columns;
  for (size_t i = 0; i < n && done; i++) {
    places[i] = t->places[i];
    columns[i] = t->result.values[i].objective[0];
    columns[n + i] = t->result.values[i].objective[1];
    columns[2 * n + i] = t->result.values[i].violation;
  }
  hid_t set = done ? dp_h5_write_column(of, "point", H5T_STD_U64LE, H5T_NATIVE_UINT64, places, n, "1",
                                        "what was looked at, in order: a row of /points")
                   : -1;
  done = set >= 0 && put_column(of, "objective", columns, n, t->fit.series ? "mean squared error" : "the objective") &&
         (t->objective_n < 2 || put_column(of, "objective_2", columns + n, n, "the second objective")) &&
         put_column(of, "violation", columns + 2 * n, n, "of the constraints; 0: all hold");
  dp_h5_close(set);
  free(places);
  free(columns);
  return done;
}

static bool put_finalists(const struct dp_tuning *t, hid_t of) {
  uint64_t looked[DP_TUNING_FINALISTS_MAX], run[DP_TUNING_FINALISTS_MAX];
  for (size_t i = 0; i < t->final_n; i++) {
    looked[i] = t->finals[i].looked;
    run[i] = t->finals[i].run;
  }
  if (t->final_n == 0) return true;
  hid_t a = dp_h5_write_column(of, "final", H5T_STD_U64LE, H5T_NATIVE_UINT64, looked, t->final_n, "1",
                               "designs that were run again: their row of /points");
  hid_t b = dp_h5_write_column(of, "final_again", H5T_STD_U64LE, H5T_NATIVE_UINT64, run, t->final_n, "1",
                               "the row of /points with their runs on fresh luck");
  dp_h5_close(a);
  dp_h5_close(b);
  return a >= 0 && b >= 0 && dp_h5_put_i64(of, "best", (int64_t)t->best);
}

static bool put_fit_group(const struct dp_tuning *t, hid_t of) {
  const struct dp_tuning_fit *f = &t->fit;
  if (!f->series) return true;
  hid_t group = dp_h5_create_group(of, "fit"), profiles = dp_h5_create_group(of, "profile");
  bool done = group >= 0 && profiles >= 0 && put_column(group, "day", f->day, f->n, "days since the start") &&
              put_column(group, "data", f->value, f->n, f->column) &&
              put_column(group, "model", f->model, f->n, "the best design, mean of its runs on fresh luck") &&
              dp_h5_put_text(group, "series", f->series) && dp_h5_put_text(group, "data_path", f->path) &&
              dp_h5_put_text(group, "column", f->column) && dp_h5_put_f64(group, "blind_from_d", f->blind_from_d) &&
              dp_h5_put_f64(group, "rms_error", f->error) && dp_h5_put_f64(group, "blind_rms_error", f->blind_error);
  done = done && dp_h5_put_i64(profiles, "few_looks", t->few_looks);
  for (size_t i = 0; i < t->profile_n && done; i++) {
    const struct dp_tuning_profile *p = &t->profiles[i];
    hid_t one = dp_h5_create_group(profiles, t->study->axes[p->axis].name);
    done = one >= 0 && put_column(one, "value", p->value, p->n, "at which the parameter was held") &&
           put_column(one, "deviance", p->deviance, p->n, "n ln(SSE / least SSE): below 3.84 in a 95 % interval") &&
           dp_h5_put_f64(one, "low", p->low) && dp_h5_put_f64(one, "high", p->high) &&
           dp_h5_put_i64(one, "open_low", p->open_low) && dp_h5_put_i64(one, "open_high", p->open_high) &&
           dp_h5_put_i64(one, "flat", p->open_low && p->open_high);
    dp_h5_close(one);
  }
  dp_h5_close(profiles);
  dp_h5_close(group);
  return done;
}

static bool put_all(const struct dp_tuning *t, hid_t of, const struct dp_tuning_figure *figures) {
  struct dp_str wish = {0}, reason = {0};
  dp__tuning_wish(t, &wish);
  const bool missed = dp_tuning_reason(t, &reason);
  const bool done =
      dp_h5_put_text(of, "wish", dp_str_text(&wish)) && dp_h5_put_text(of, "method", dp_tune_methods[t->method]) &&
      dp_h5_put_i64(of, "answered", !missed) && dp_h5_put_text(of, "reason", missed ? dp_str_text(&reason) : "") &&
      put_terms(t, of) && put_ranges(t, of) && put_search(t, of) && put_finalists(t, of) &&
      put_outcomes(t, of, figures) &&
      (t->objective_n < 2 || t->result.front_n == 0 ||
       put_numbers(of, "front", t->result.front, t->result.front_n, "rows of point that no other beats")) &&
      put_fit_group(t, of);
  dp_str_fini(&wish);
  dp_str_fini(&reason);
  return done;
}

enum dp_status dp__tuning_put(void *tuning, int64_t file, struct dp_err *err) {
  const struct dp_tuning *t = tuning;
  struct dp_tuning_figure *figures = NULL;
  enum dp_status status = dp__tuning_figures(t, &figures, err);
  hid_t of = status == DP_OK ? dp_h5_create_group((hid_t)file, "tune") : -1;
  if (status == DP_OK && (of < 0 || !put_all(t, of, figures))) status = dp_h5_fail(err, "write", t->options.output);
  dp_h5_close(of);
  free(figures);
  return status;
}
