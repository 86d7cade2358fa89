/* analysis/tune_report.c — what came out of a search: a table for people, CSV, JSON. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/tune_study.h"
#include "analysis/tuned.h"
#include "base/memory.h"

/* ---- figures of a design ---- */

static size_t term_n(const struct dp_tuning *t) { return dp_tuning_term_n(t); }
static const struct dp_tuning_term *term_of(const struct dp_tuning *t, size_t i) { return dp_tuning_term_of(t, i); }

const char *dp_tuning_name(const struct dp_tuning_term *term, char buf[96]) {
  if (term->quantile < 0) snprintf(buf, 96, "%s", term->kpi);
  else snprintf(buf, 96, "%s p%g", term->kpi, 100 * term->quantile);
  return buf;
}

static enum dp_status take_figure(const struct dp_tuning *t, const struct dp_tuning_final *f, size_t i,
                                  struct dp_tuning_figure *out, struct dp_err *err) {
  const struct dp_tuning_term *term = term_of(t, i);
  double *values = dp_zeros(t->sweep->most_n, sizeof *values);
  size_t n;
  if (values == NULL) return dp_fail_nomem(err, "a table");
  enum dp_status status = dp__tuning_values(t, term, f->looked, values, &n, err);
  if (status == DP_OK) out->searched = dp_tuning_statistic(term, values, n);
  if (status == DP_OK) status = dp__tuning_values(t, term, f->run, values, &n, err);
  if (status == DP_OK) {
    out->half_width = term->quantile < 0 ? dp_stat_interval(values, n, 0.95).half_width : (double)NAN;
    out->value = dp_tuning_statistic(term, values, n);
    out->holds = i < t->objective_n || (out->value >= term->low && out->value <= term->high);
  }
  free(values);
  return status;
}

enum dp_status dp__tuning_figures(const struct dp_tuning *t, struct dp_tuning_figure **out, struct dp_err *err) {
  *out = dp_zeros(t->final_n * term_n(t), sizeof **out);
  if (*out == NULL) return dp_fail_nomem(err, "a table");
  for (size_t f = 0; f < t->final_n; f++)
    for (size_t i = 0; i < term_n(t); i++) DP_TRY(take_figure(t, &t->finals[f], i, &(*out)[f * term_n(t) + i], err));
  return DP_OK;
}

static double axis_value(const struct dp_tuning *t, size_t point, size_t axis) {
  return t->study->points[point * t->study->axis_n + axis];
}

static const char *number_text(double x, char buf[40]) {
  if (!isfinite(x)) return "-";
  snprintf(buf, 40, "%.6g", x);
  return buf;
}

static const char *width_text(double x, char buf[40]) {
  snprintf(buf, 40, "%.2g", x);
  return buf;
}

static const char *axis_text(const struct dp_tuning *t, size_t point, size_t axis, char buf[40]) {
  const struct dp_axis *a = &t->study->axes[axis];
  double x = axis_value(t, point, axis);
  return a->texts ? a->texts[(size_t)x] : number_text(x, buf);
}

static size_t runs_of(const struct dp_tuning *t) { return t->sweep->wanted_n; }

/* ---- for people ---- */

void dp__tuning_wish(const struct dp_tuning *t, struct dp_str *out) {
  char name[96];
  for (size_t i = 0; i < t->objective_n; i++) {
    const struct dp_tuning_term *o = &t->objectives[i];
    dp_str_append(out, i ? " and " : "");
    if (o->goal == DP_TUNE_VALUE) dp_str_printf(out, "%s = %g +- %g", dp_tuning_name(o, name), o->target, o->tolerance);
    else dp_str_printf(out, "%s %s", o->goal == DP_TUNE_MAX ? "most" : "least", dp_tuning_name(o, name));
  }
  if (t->fit.series) dp_str_printf(out, "%s like %s of %s", t->fit.series, t->fit.column, t->fit.path);
  for (size_t i = 0; i < t->constraint_n; i++) {
    const struct dp_tuning_term *c = &t->constraints[i];
    dp_str_printf(out, "%s %s", i ? " and" : ", with", dp_tuning_name(c, name));
    if (isfinite(c->low) && isfinite(c->high)) dp_str_printf(out, " in [%g, %g]", c->low, c->high);
    else if (isfinite(c->low)) dp_str_printf(out, " at least %g", c->low);
    else dp_str_printf(out, " at most %g", c->high);
  }
}

static const char *final_name(const struct dp_tuning *t, size_t f, char buf[40]) {
  if (t->objective_n > 1) snprintf(buf, 40, "front %zu", f + 1);
  else snprintf(buf, 40, "%s", f == t->best ? "best" : "runner-up");
  return buf;
}

static void put_row(struct dp_str *out, const char *name, size_t n, char (*cells)[96]) {
  dp_str_printf(out, "%-34s", name);
  for (size_t i = 0; i < n; i++) dp_str_printf(out, "  %-24s", cells[i]);
  while (out->len && out->data[out->len - 1] == ' ') out->data[--out->len] = '\0';
  dp_str_append(out, "\n");
}

static void put_finals(const struct dp_tuning *t, const struct dp_tuning_figure *figures, size_t from, size_t to,
                       struct dp_str *out) {
  char cells[DP_TUNING_FINALISTS_MAX][96], buf[40], other[40], name[96];
  for (size_t f = from; f < to; f++) snprintf(cells[f - from], sizeof *cells, "%s", final_name(t, f, buf));
  put_row(out, "", to - from, cells);
  for (size_t a = 0; a < t->study->axis_n; a++) {
    for (size_t f = from; f < to; f++)
      snprintf(cells[f - from], sizeof *cells, "%s", axis_text(t, t->finals[f].looked, a, buf));
    put_row(out, t->study->axes[a].name, to - from, cells);
  }
  for (size_t i = 0; i < term_n(t); i++) {
    for (size_t f = from; f < to; f++) {
      const struct dp_tuning_figure *x = &figures[f * term_n(t) + i];
      bool has = isfinite(x->half_width);
      snprintf(cells[f - from], sizeof *cells, "%s%s%s%s", number_text(x->value, buf), has ? " +- " : "",
               has ? width_text(x->half_width, other) : "", x->holds ? "" : " (broken)");
    }
    put_row(out, dp_tuning_name(term_of(t, i), name), to - from, cells);
    for (size_t f = from; f < to; f++)
      snprintf(cells[f - from], sizeof *cells, "%s", number_text(figures[f * term_n(t) + i].searched, buf));
    put_row(out, "  in the search", to - from, cells);
  }
}

static void put_fit(const struct dp_tuning *t, struct dp_str *out) {
  const struct dp_tuning_fit *f = &t->fit;
  dp_str_printf(out, "\nroot mean square error  %.6g over %zu rows", f->error, f->seen_n);
  if (f->n > f->seen_n) dp_str_printf(out, ", %.6g over %zu rows it had not seen", f->blind_error, f->n - f->seen_n);
  dp_str_append(out, "\n\n");
  for (size_t i = 0; i < t->profile_n; i++) {
    const struct dp_tuning_profile *p = &t->profiles[i];
    dp_str_printf(out, "%-34s  ", t->study->axes[p->axis].name);
    if (p->open_low && p->open_high) dp_str_append(out, "flat: these data do not tell it\n");
    else
      dp_str_printf(out, "%s%.6g to %.6g%s (95 %%)\n", p->open_low ? "below " : "", p->low, p->high,
                    p->open_high ? " and above" : "");
    const size_t k = dp_profile_elsewhere(p->n, p->value, p->deviance, p->low, p->high, p->open_low, p->open_high);
    if (k != SIZE_MAX)
      dp_str_printf(out, "  But %.6g fits as well, with other values of the rest: the interval is not to be trusted\n"
                         "  (give a larger budget_n, or set a parameter that another can stand in for)\n", p->value[k]);
  }
  if (t->few_looks)
    dp_str_append(out, "  The budget leaves few looks at each level: intervals may be too narrow (give a larger budget_n)\n");
}

static void put_text(const struct dp_tuning *t, const struct dp_tuning_figure *figures, struct dp_str *out) {
  dp_str_printf(out, "%s: ", dp_scenario_spec(t->study->scenario)->name);
  dp__tuning_wish(t, out);
  dp_str_printf(out, "\n%zu designs, %zu runs, %zu a design; these again on %zu of fresh luck:\n\n", t->search_n,
                runs_of(t), t->study->replicate_n, t->confirm_n);
  for (size_t from = 0; from < t->final_n; from += 4) {
    if (from) dp_str_append(out, "\n");
    put_finals(t, figures, from, from + 4 < t->final_n ? from + 4 : t->final_n, out);
  }
  if (t->fit.series) put_fit(t, out);
}

/* ---- CSV ---- */

static void put_csv(const struct dp_tuning *t, const struct dp_tuning_figure *figures, struct dp_str *out) {
  char buf[40], name[96];
  dp_str_append(out, "design,name,kind,value,half_width,searched\n");
  for (size_t f = 0; f < t->final_n; f++) {
    char who[40];
    final_name(t, f, who);
    for (size_t a = 0; a < t->study->axis_n; a++)
      dp_str_printf(out, "%s,%s,parameter,%s,,\n", who, t->study->axes[a].name,
                    axis_text(t, t->finals[f].looked, a, buf));
    for (size_t i = 0; i < term_n(t); i++) {
      const struct dp_tuning_figure *x = &figures[f * term_n(t) + i];
      dp_str_printf(out, "%s,%s,%s,%.15g,", who, dp_tuning_name(term_of(t, i), name),
                    i < t->objective_n ? "objective" : "constraint", x->value);
      if (isfinite(x->half_width)) dp_str_printf(out, "%.15g", x->half_width);
      dp_str_printf(out, ",%.15g\n", x->searched);
    }
  }
  for (size_t i = 0; i < t->profile_n; i++)
    dp_str_printf(out, "profile low,%s,bound,%.15g,,\nprofile high,%s,bound,%.15g,,\n",
                  t->study->axes[t->profiles[i].axis].name, t->profiles[i].low,
                  t->study->axes[t->profiles[i].axis].name, t->profiles[i].high);
}

/* ---- JSON ---- */

static json_t *json_number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *json_final(const struct dp_tuning *t, size_t f, const struct dp_tuning_figure *figures) {
  json_t *set = json_object(), *terms = json_object();
  for (size_t a = 0; a < t->study->axis_n; a++) {
    const struct dp_axis *axis = &t->study->axes[a];
    double x = axis_value(t, t->finals[f].looked, a);
    json_object_set_new(set, axis->name, axis->texts ? json_string(axis->texts[(size_t)x]) : json_number(x));
  }
  for (size_t i = 0; i < term_n(t); i++) {
    const struct dp_tuning_figure *x = &figures[f * term_n(t) + i];
    char name[96];
    json_object_set_new(terms, dp_tuning_name(term_of(t, i), name),
                        json_pack("{s:o, s:o, s:o, s:b}", "value", json_number(x->value), "half_width",
                                  json_number(x->half_width), "searched", json_number(x->searched), "holds", x->holds));
  }
  return json_pack("{s:o, s:o}", "set", set, "kpi", terms);
}

static json_t *json_fit(const struct dp_tuning *t) {
  json_t *profiles = json_object();
  for (size_t i = 0; i < t->profile_n; i++) {
    const struct dp_tuning_profile *p = &t->profiles[i];
    const size_t k = dp_profile_elsewhere(p->n, p->value, p->deviance, p->low, p->high, p->open_low, p->open_high);
    json_object_set_new(
        profiles, t->study->axes[p->axis].name,
        json_pack("{s:o, s:o, s:o, s:b, s:b, s:b}", "fits_as_well", k == SIZE_MAX ? json_null() : json_number(p->value[k]),
                  "low", json_number(p->low), "high", json_number(p->high), "open_low",
                  p->open_low, "open_high", p->open_high, "flat", p->open_low && p->open_high));
  }
  return json_pack("{s:o, s:o, s:I, s:I, s:o}", "rms_error", json_number(t->fit.error), "blind_rms_error",
                   json_number(t->fit.blind_error), "rows", (json_int_t)t->fit.seen_n, "blind_rows",
                   (json_int_t)(t->fit.n - t->fit.seen_n), "interval", profiles);
}

static void put_json(const struct dp_tuning *t, const struct dp_tuning_figure *figures, struct dp_str *out) {
  struct dp_str wish = {0};
  dp__tuning_wish(t, &wish);
  json_t *root = json_pack("{s:s, s:s, s:I, s:I, s:I}", "scenario", dp_scenario_spec(t->study->scenario)->name, "wish",
                           dp_str_text(&wish), "designs", (json_int_t)t->search_n, "runs", (json_int_t)runs_of(t),
                           "bad_designs", (json_int_t)t->result.bad_n);
  struct dp_err why = {0};
  json_object_set_new(root, "answered", json_boolean(dp_tuning_verdict(t, &why) == DP_OK));
  json_t *front = json_array();
  for (size_t f = 0; f < t->final_n; f++) {
    json_t *one = json_final(t, f, figures);
    if (t->objective_n > 1) json_array_append_new(front, one);
    else json_object_set_new(root, f == t->best ? "best" : "runner_up", one);
  }
  if (t->objective_n > 1) json_object_set(root, "front", front);
  json_decref(front);
  if (t->fit.series) json_object_set_new(root, "fit", json_fit(t));
  char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
  if (text) dp_str_printf(out, "%s\n", text);
  else out->failed = true;
  free(text);
  json_decref(root);
  dp_str_fini(&wish);
}

enum dp_status dp_tuning_print(const struct dp_tuning *t, struct dp_str *out, struct dp_err *err) {
  struct dp_tuning_figure *figures = NULL;
  enum dp_status status = dp__tuning_figures(t, &figures, err);
  if (status == DP_OK) {
    if (t->options.format == DP_TEXT_JSON) put_json(t, figures, out);
    else if (t->options.format == DP_TEXT_CSV) put_csv(t, figures, out);
    else put_text(t, figures, out);
  }
  free(figures);
  return status == DP_OK && out->failed ? dp_fail_nomem(err, "a table") : status;
}

static bool breaks_bounds(const struct dp_tuning *t, size_t design) {
  const double violation = t->finals[design].value.violation;
  return violation > 0 || isnan(violation);
}

static bool all_break_bounds(const struct dp_tuning *t) {
  for (size_t f = 0; f < t->final_n; f++)
    if (!breaks_bounds(t, f)) return false;
  return true;
}

bool dp_tuning_reason(const struct dp_tuning *t, struct dp_str *out) {
  const struct dp_tuning_term *o = &t->objectives[0];
  static const char none[] = "no design keeps the constraints", remedy[] = " (widen vary, relax a bound)";
  char name[96];
  if (t->objective_n > 1 && t->final_n == 0) {
    dp_str_printf(out, "%s%s", none, remedy);
    return true;
  }
  const struct dp_tune_value *v = &t->finals[t->best].value;
  if (t->objective_n > 1 && all_break_bounds(t)) {
    dp_str_printf(out, "%s on fresh luck%s", none, remedy);
    return true;
  }
  if (t->objective_n < 2 && breaks_bounds(t, t->best)) {
    dp_str_printf(out, "%s%s%s", none, t->result.values[t->result.best].violation > 0 ? "" : " on fresh luck", remedy);
    return true;
  }
  if (t->objective_n != 1 || o->goal != DP_TUNE_VALUE || fabs(v->objective[0] - o->target) <= o->tolerance)
    return false;
  dp_str_printf(out, "%s comes to %g and not to %g +- %g (%s)", dp_tuning_name(o, name), v->objective[0], o->target,
                o->tolerance,
                t->result.reached ? "it did in the search: give more replicates, or a wider tolerance"
                                  : "no point reaches it: widen vary, or give a larger budget_n");
  return true;
}

enum dp_status dp_tuning_verdict(const struct dp_tuning *t, struct dp_err *err) {
  struct dp_str why = {0};
  enum dp_status status = DP_OK;
  if (dp_tuning_reason(t, &why)) status = dp_fail(err, DP_FAILED, "%s: tune: %s", t->study->path, dp_str_text(&why));
  dp_str_fini(&why);
  return status;
}
