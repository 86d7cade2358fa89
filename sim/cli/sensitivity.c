/* sim/cli/sensitivity.c — depinsim sensitivity: which parameters of a study its
 * key figures hang on. */
#include <lua.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/sensitivity.h"
#include "cli/commands.h"
#include "cli/sweep.h"
#include "output/h5.h"
#include "script/sandbox.h"

enum { KEY_METHOD = DP_KEY_SWEEP_END, KEY_BLOCKS };

struct options {
  struct dp_sweep_command sweep; /* first */
  int method;                    /* 1 + enum dp_sensitivity_method; 0: the study's */
  size_t block_n;                /* 0: the study's */
};

/** From the study to its table. */
struct analysis {
  enum dp_sensitivity_method method;
  size_t block_n;
  const struct options *options;
  double *u; /* points of the unit cube */
  /* rank 0, from the analysis on, for the file */
  const struct dp_study *study;
  const struct dp_runner_kpi *kpis;
  struct dp_sensitivity *found; /* [kpi_n][axis_n] of the study */
  size_t kpi_n;
};

static const struct argp_option sensitivity_options[] = {
    {"method", KEY_METHOD, "NAME", 0, "tornado, morris or sobol (the study's, or tornado)", 0},
    {"blocks", KEY_BLOCKS, "N", 0, "of points: trajectories of morris (20), rows of sobol (256)", 0},
    DP_SWEEP_OPTIONS,
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  struct options *o = options;
  struct dp_err why = {0};
  int64_t n;
  if (key == KEY_METHOD) {
    DP_TRY(dp_cli_choice("--method", value, dp_sensitivity_names, &o->method, err));
    o->method++;
    return DP_OK;
  }
  if (key != KEY_BLOCKS) return dp_sweep_command_option(&o->sweep, key, value, err);
  if (dp_parse_i64(value, 2, 10000000, &n, &why) != DP_OK) return dp_fail(err, DP_USAGE, "--blocks: %s", why.text);
  o->block_n = (size_t)n;
  return DP_OK;
}

static void release(void *options) { dp_sweep_command_release(&((struct options *)options)->sweep); }

/* ---- points ---- */

static void read_study(struct analysis *a, const struct dp_study *study) {
  lua_State *L = dp_lua_state(dp_scenario_lua(study->script));
  if (lua_getfield(L, -1, "sensitivity") == LUA_TTABLE) {
    lua_getfield(L, -1, "method");
    const char *name = lua_tostring(L, -1);
    for (int i = 0; dp_sensitivity_names[i]; i++)
      if (name && strcmp(name, dp_sensitivity_names[i]) == 0) a->method = (enum dp_sensitivity_method)i;
    lua_getfield(L, -2, "blocks_n");
    a->block_n = (size_t)lua_tointeger(L, -1);
    lua_pop(L, 2);
  }
  lua_pop(L, 1);
  if (a->options->method) a->method = (enum dp_sensitivity_method)(a->options->method - 1);
  if (a->options->block_n) a->block_n = a->options->block_n;
  if (a->block_n == 0) a->block_n = a->method == DP_SENSITIVITY_MORRIS ? 20 : 256;
}

/* The scenario's own value of an axis. */
static double own_value(const struct dp_study *study, const struct dp_axis *axis) {
  size_t n;
  const struct dp_scenario_param *params = dp_scenario_params(study->scenario, &n);
  for (size_t i = 0; i < n; i++) {
    if (strcmp(params[i].name, axis->name) != 0) continue;
    if (!axis->texts) return params[i].value;
    for (size_t k = 0; k < axis->value_n; k++)
      if (strcmp(axis->texts[k], params[i].text) == 0) return (double)k;
  }
  return 0;
}

static enum dp_status prepare(struct dp_study *study, void *analysis, struct dp_err *err) {
  struct analysis *a = analysis;
  size_t k = study->axis_n, n;
  double base[256];
  struct dp_err why = {0};
  read_study(a, study);
  for (size_t i = 0; i < k && i < 256; i++) base[i] = 0.5;
  if (dp_sensitivity_design(a->method, k, a->block_n, study->seed, base, &a->u, &n, &why) != DP_OK)
    return dp_study_fail(study, study->line, err, why.status, "%s", why.text);
  double *points = malloc(n * k * sizeof *points);
  if (points == NULL) return dp_fail_nomem(err, "a design");
  for (size_t p = 0; p < n; p++)
    for (size_t i = 0; i < k; i++) {
      bool own = a->method == DP_SENSITIVITY_TORNADO && (p == 0 || (p - 1) / 2 != i);
      points[p * k + i] = own ? own_value(study, &study->axes[i]) : dp_axis_at(&study->axes[i], a->u[p * k + i]);
    }
  dp_study_set_points(study, points, n);
  return DP_OK;
}

/* ---- tables ---- */

static double weight(enum dp_sensitivity_method method, const struct dp_sensitivity *s) {
  double w = method == DP_SENSITIVITY_SOBOL    ? s->value[1]
             : method == DP_SENSITIVITY_MORRIS ? s->value[0]
                                               : fmax(fabs(s->value[0]), fabs(s->value[1]));
  return isfinite(w) ? w : -1;
}

static void put_number(struct dp_str *out, const char *before, double x, const char *none) {
  if (isfinite(x)) dp_str_printf(out, "%s%.6g", before, x);
  else dp_str_printf(out, "%s%s", before, none);
}

static void put_text(struct dp_str *out, const struct analysis *a, const struct dp_study *study,
                     const struct dp_runner_kpi *kpi, const struct dp_sensitivity *s, const size_t *order) {
  dp_str_printf(out, "%s%s (%s)\n%-28s", out->len ? "\n" : "", kpi->name, kpi->unit, "parameter");
  for (size_t m = 0; m < 2; m++) dp_str_printf(out, "  %-34s", dp_sensitivity_measure(a->method, m));
  dp_str_append(out, "\n");
  for (size_t i = 0; i < study->axis_n; i++) {
    const struct dp_sensitivity *x = &s[order[i]];
    dp_str_printf(out, "%-28s", study->axes[order[i]].name);
    for (size_t m = 0; m < 2; m++) {
      struct dp_str cell = {0};
      put_number(&cell, "", x->value[m], "-");
      if (isfinite(x->low[m])) dp_str_printf(&cell, " [%.4g, %.4g]", x->low[m], x->high[m]);
      dp_str_printf(out, m ? "  %s" : "  %-34s", dp_str_text(&cell));
      dp_str_fini(&cell);
    }
    dp_str_append(out, "\n");
  }
}

static void put_csv(struct dp_str *out, const struct analysis *a, const struct dp_study *study,
                    const struct dp_runner_kpi *kpi, const struct dp_sensitivity *s, const size_t *order) {
  if (out->len == 0) dp_str_append(out, "kpi,unit,parameter,measure,value,low,high\n");
  for (size_t i = 0; i < study->axis_n; i++)
    for (size_t m = 0; m < 2; m++) {
      const struct dp_sensitivity *x = &s[order[i]];
      dp_str_printf(out, "%s,%s,%s,%s", kpi->name, kpi->unit, study->axes[order[i]].name,
                    dp_sensitivity_measure(a->method, m));
      put_number(out, ",", x->value[m], "");
      put_number(out, ",", x->low[m], "");
      put_number(out, ",", x->high[m], "");
      dp_str_append(out, "\n");
    }
}

static void put_json(struct dp_str *out, const struct analysis *a, const struct dp_study *study,
                     const struct dp_runner_kpi *kpi, const struct dp_sensitivity *s, const size_t *order) {
  dp_str_printf(out, "%s\n\"%s\": {", out->len ? "," : "", kpi->name);
  for (size_t i = 0; i < study->axis_n; i++) {
    const struct dp_sensitivity *x = &s[order[i]];
    dp_str_printf(out, "%s\n  \"%s\": {", i ? "," : "", study->axes[order[i]].name);
    for (size_t m = 0; m < 2; m++) {
      dp_str_printf(out, "%s\"%s\": ", m ? ", " : "", dp_sensitivity_measure(a->method, m));
      put_number(out, "{\"value\": ", x->value[m], "null");
      put_number(out, ", \"low\": ", x->low[m], "null");
      put_number(out, ", \"high\": ", x->high[m], "null");
      dp_str_append(out, "}");
    }
    dp_str_append(out, "}");
  }
  dp_str_append(out, "}");
}

static void sort_axes(enum dp_sensitivity_method method, const struct dp_sensitivity *s, size_t n, size_t *order) {
  for (size_t i = 0; i < n; i++) {
    size_t at = i;
    for (; at > 0 && weight(method, &s[order[at - 1]]) < weight(method, &s[i]); at--) order[at] = order[at - 1];
    order[at] = i;
  }
}

/* ---- values ---- */

/* Every key figure at every point: out[kpi_n][point_n][width], the replicates with NaN for those that a point does not
 * have; with width = 1 their mean. */
static enum dp_status take_values(struct dp_sweep *s, double *out, size_t kpi_n, size_t width, struct dp_err *err) {
  double *values = calloc(kpi_n * s->most_n + 1, sizeof *values);
  if (values == NULL) return dp_fail_nomem(err, "an analysis");
  enum dp_status status = DP_OK;
  for (size_t p = 0; p < s->study->point_n && status == DP_OK; p++) {
    size_t n = s->needed_n[p];
    for (size_t r = 0; r < n && status == DP_OK; r++) {
      const double *kpis;
      status = dp_sweep_kpis(s, p, r, &kpis, err);
      for (size_t k = 0; k < kpi_n && status == DP_OK; k++) values[k * n + r] = kpis[k];
    }
    for (size_t k = 0; k < kpi_n; k++) {
      double *at = out + (k * s->study->point_n + p) * width;
      if (width == 1) at[0] = dp_stat_interval(values + k * n, n, 0.95).mean;
      for (size_t r = 0; r < width && width > 1; r++) at[r] = r < n ? values[k * n + r] : (double)NAN;
    }
  }
  free(values);
  return status;
}

static enum dp_status analyse(const struct analysis *a, size_t width, const double *values, struct dp_sensitivity *out,
                              struct dp_err *err) {
  const struct dp_study *study = a->study;
  if (a->method == DP_SENSITIVITY_TORNADO) return dp_sensitivity_tornado(study->axis_n, width, values, out, err);
  return dp_sensitivity_analyse(a->method, study->axis_n, a->block_n, study->seed, a->u, values, out, err);
}

static enum dp_status put_kpis(struct dp_sweep *s, struct analysis *a, struct dp_str *out, struct dp_err *err) {
  const double none = (double)NAN;
  const struct dp_sensitivity unknown = {{none, none}, {none, none}, {none, none}};
  size_t kpi_n, k = s->study->axis_n;
  const struct dp_runner_kpi *kpis = dp_runner_kpis(s->runner, &kpi_n);
  const size_t width = a->method == DP_SENSITIVITY_TORNADO ? s->most_n : 1, row = width * s->study->point_n;
  double *values = calloc(kpi_n * row + 1, sizeof *values);
  size_t hidden = 0;
  a->study = s->study;
  a->kpis = kpis;
  a->kpi_n = kpi_n;
  a->found = calloc(kpi_n * k + 1, sizeof *a->found);
  size_t *order = calloc(k + 1, sizeof *order);
  enum dp_status status =
      values && a->found && order ? take_values(s, values, kpi_n, width, err) : dp_fail_nomem(err, "an analysis");
  for (size_t i = 0; i < kpi_n && status == DP_OK; i++) {
    struct dp_err why = {0};
    struct dp_sensitivity *found = a->found + i * k;
    if (analyse(a, width, values + i * row, found, &why) != DP_OK) {
      if (why.status == DP_NOMEM) status = dp_fail(err, DP_NOMEM, "%s", why.text);
      else fprintf(stderr, "depinsim: %s: %s\n", kpis[i].name, why.text);
      for (size_t j = 0; j < k; j++) found[j] = unknown;
      continue;
    }
    sort_axes(a->method, found, k, order);
    if (s->options->format == DP_TEXT_CSV) put_csv(out, a, s->study, &kpis[i], found, order);
    else if (s->options->format == DP_TEXT_JSON) put_json(out, a, s->study, &kpis[i], found, order);
    else if (dp_sweep_shows(s->study, i, kpis[i].name)) put_text(out, a, s->study, &kpis[i], found, order);
    else hidden++;
  }
  if (hidden)
    dp_str_printf(out, "\n%zu more key figures are in %s (kpis = { … } chooses; --format csv, depinsim report)\n", hidden,
                  s->options->output);
  free(values);
  free(order);
  return status;
}

/* ---- into the file ---- */

/* One measure of a key figure over the parameters: as it is, and the ends of its interval. */
static bool write_measure(hid_t of, hid_t scale, const struct analysis *a, size_t kpi, size_t m) {
  static const char *const ends[] = {"", "_low", "_high"};
  const size_t k = a->study->axis_n;
  const char *interval = a->method == DP_SENSITIVITY_TORNADO ? "end of its 95 % interval, paired over equal replicates"
                                                             : "end of its 95 % bootstrap interval";
  double *column = calloc(k + 1, sizeof *column);
  bool done = column != NULL;
  for (int end = 0; end < 3 && done; end++) {
    char name[64];
    const bool own = a->method != DP_SENSITIVITY_SOBOL; /* in the key figure's unit; indices are shares */
    snprintf(name, sizeof name, "%s%s", dp_sensitivity_measure(a->method, m), ends[end]);
    for (size_t i = 0; i < k; i++) {
      const struct dp_sensitivity *x = &a->found[kpi * k + i];
      column[i] = end == 0 ? x->value[m] : end == 1 ? x->low[m] : x->high[m];
    }
    hid_t set = dp_h5_write_column(of, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, column, k, own ? a->kpis[kpi].unit : "1",
                                   end ? interval : "measure of the parameter");
    done = set >= 0 && dp_h5_attach_scale(set, scale, 0);
    dp_h5_close(set);
  }
  free(column);
  return done;
}

/* The group /sensitivity of the sweep's file. */
static enum dp_status write_group(void *analysis, int64_t file, struct dp_err *err) {
  const struct analysis *a = analysis;
  const size_t k = a->study->axis_n;
  const char **names = calloc(k + 1, sizeof *names);
  if (!names) return dp_fail_nomem(err, "an analysis");
  for (size_t i = 0; i < k; i++) names[i] = a->study->axes[i].name;
  hid_t group = dp_h5_create_group(file, "sensitivity");
  hid_t scale = group < 0 ? -1 : dp_h5_write_texts(group, "parameter", names, k);
  bool done = scale >= 0 && dp_h5_make_scale(scale, "parameter") &&
              dp_h5_put_text(group, "method", dp_sensitivity_names[a->method]);
  for (size_t i = 0; i < a->kpi_n && done; i++) {
    hid_t of = dp_h5_create_group(group, a->kpis[i].name);
    done = of >= 0 && write_measure(of, scale, a, i, 0) && write_measure(of, scale, a, i, 1);
    dp_h5_close(of);
  }
  dp_h5_close(scale);
  dp_h5_close(group);
  free(names);
  return done ? DP_OK : dp_h5_fail(err, "write", "the analysis");
}

/* Rank 0. */
static enum dp_status finish(struct dp_sweep *s, void *analysis, struct dp_err *err) {
  struct analysis *a = analysis;
  struct dp_str table = {0}, report = {0}, out = {0};
  enum dp_status status = put_kpis(s, a, &table, err);
  if (status == DP_OK) status = dp_sweep_finish(s, &report, err);
  dp_str_fini(&report);
  bool json = s->options->format == DP_TEXT_JSON;
  if (json)
    dp_str_printf(&out, "{\"method\": \"%s\", \"runs\": %zu, \"kpi\": {", dp_sensitivity_names[a->method], s->done_n);
  dp_str_append(&out, dp_str_text(&table));
  if (json) dp_str_append(&out, "\n}}\n");
  out.failed |= table.failed;
  dp_str_fini(&table);
  if (status == DP_OK) return dp_cli_put(&out, err);
  dp_str_fini(&out);
  return status;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct analysis a = {.options = options};
  struct options o = *a.options;
  o.sweep.sweep.extra = write_group;
  o.sweep.sweep.extra_ud = &a;
  enum dp_status status = dp_sweep_command_run(cli, &o, prepare, NULL, finish, &a, err);
  free(a.u);
  free(a.found);
  return status;
}

const struct dp_command dp_command_sensitivity = {
    .name = "sensitivity",
    .doc = "say which parameters of a study its key figures hang on",
    .args_doc = "STUDY",
    .details = "tornado moves one parameter at a time to the ends of its "
               "range; morris gives the mean size of many small "
               "steps (mu_star) and how much they differ (sigma); sobol gives "
               "the share of the variance that a parameter "
               "explains alone (first) and with all others (total). Means of "
               "the replicates are analysed; brackets are 95 "
               "% intervals, by bootstrap and of a tornado by pairing equal "
               "replicates. All runs are in FILE, as those of "
               "depinsim sweep, which also goes on after a kill.",
    .arg_min = 1,
    .arg_max = 1,
    .options = sensitivity_options,
    .options_size = sizeof(struct options),
    .option = option,
    .release = release,
    .parallel = true,
    .run = run,
};
