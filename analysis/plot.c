/* analysis/plot.c — data blocks and the plot command of a figure. */
#include "analysis/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/kpi_find.h"
#include "analysis/swept.h"

#define NAME_MOST 256
#define LABEL_MOST 44   /* bytes of a meaning beside an axis; longer ones give way to the name */
#define BANDS_MOST 3   /* points of a sweep, when none are chosen */
#define LABELS_MOST 12 /* regions drawn as lines of their own; more are summed */
#define REPEATS_MOST 12 /* lines of a sweep's key figure, one a combination of the other parameters */

/** A figure on its way. */
struct figure {
  struct dp_str data, commands; /* blocks; parts of the plot command */
  char unit[64];                /* of the y axis; "" before the first line */
  char y_label[NAME_MOST], first[NAME_MOST]; /* what is drawn first: the axis has its name when it is alone */
  size_t line_n, block_n;
  bool several; /* files: labels name theirs */
  bool many;    /* key figures: labels name theirs */
  bool log_x;
  struct dp_str *note; /* what the reader must know of what is left out */
};

/* A text of gnuplot between single quotes. */
static void quoted(struct dp_str *out, const char *text) {
  dp_str_append(out, "'");
  for (; *text; text++) dp_str_append_n(out, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1);
  dp_str_append(out, "'");
}

/* The next name of a list "a,b"; false at its end. */
static bool next_name(const char **list, char name[NAME_MOST]) {
  while (**list == ',' || **list == ' ') ++*list;
  const size_t len = strcspn(*list, ",");
  if (len == 0) return false;
  snprintf(name, NAME_MOST, "%.*s", (int)(len < NAME_MOST ? len : NAME_MOST - 1), *list);
  *list += len;
  return true;
}

/* All lines share the y axis. */
static enum dp_status take_unit(struct figure *f, const char *name, const char *unit, const char *doc, struct dp_err *err) {
  const char *text = dp_unit_text(name, unit);
  if (f->unit[0] && strcmp(f->unit, text) != 0)
    return dp_fail(err, DP_USAGE, "%s is in %s and what comes before in %s: they share no axis (draw them apart)", name, text,
                   f->unit);
  snprintf(f->unit, sizeof f->unit, "%s", text);
  const bool fits = doc && doc[0] && strlen(doc) <= LABEL_MOST;
  if (f->y_label[0] == '\0') {
    snprintf(f->y_label, sizeof f->y_label, "%s (%s)", fits ? doc : name, text);
    snprintf(f->first, sizeof f->first, "%s", name);
  } else if (strcmp(f->first, name) != 0) {
    snprintf(f->y_label, sizeof f->y_label, "%s", text);
  }
  return DP_OK;
}

static void put_number(struct dp_str *out, double x) {
  if (isfinite(x)) dp_str_printf(out, " %.9g", x);
  else dp_str_append(out, " NaN");
}

static void add_command(struct figure *f, const char *format, const char *label) {
  dp_str_append(&f->commands, f->line_n++ ? ", \\\n  " : "plot ");
  dp_str_printf(&f->commands, format, f->block_n);
  if (label) {
    dp_str_append(&f->commands, " title ");
    quoted(&f->commands, label);
  } else {
    dp_str_append(&f->commands, " notitle");
  }
}

/* ---- series of a run ---- */

/* "ledger.exchange.price", "market.gateway.gpus.spend": the group is all but the last word. */
static const struct dp_series *find_series(const struct dp_series_set *set, const char *name,
                                           const struct dp_series_group **group) {
  char head[NAME_MOST];
  const char *dot = strrchr(name, '.');
  if (!dot) return NULL;
  snprintf(head, sizeof head, "%.*s", (int)(dot - name), name);
  return dp_series_find(set, head, dot + 1, group);
}

static void put_line(struct figure *f, const struct dp_series_group *g, const struct dp_series *s, size_t from, size_t to,
                     double unit_s, const char *label) {
  dp_str_printf(&f->data, "$d%zu << EOD\n", f->block_n);
  for (size_t i = 0; i < g->n; i++) {
    double sum = 0;
    for (size_t c = from; c < to; c++) sum += s->values[i * s->label_n + c];
    dp_str_printf(&f->data, "%.9g", g->time_s[i] / unit_s);
    put_number(&f->data, sum);
    dp_str_append(&f->data, "\n");
  }
  dp_str_append(&f->data, "EOD\n");
  add_command(f, "$d%1$zu using 1:2 with lines lw 2", label);
  f->block_n++;
}

static enum dp_status add_run_series(struct figure *f, const struct dp_result *r, const struct dp_series_set *set,
                                     const char *name, double unit_s, struct dp_err *err) {
  const struct dp_series_group *g;
  const struct dp_series *s = find_series(set, name, &g);
  if (!s)
    return dp_fail(err, DP_USAGE, "%s has no series '%s' (depinsim info %s lists what it has)", r->path, name, r->path);
  DP_TRY(take_unit(f, s->name, s->units, s->long_name, err));
  const bool apart = s->labels && s->label_n <= LABELS_MOST;
  for (size_t c = 0; c < (apart ? s->label_n : 1); c++) {
    struct dp_str label = {0};
    dp_str_append(&label, f->several ? r->path : s->long_name[0] ? s->long_name : name);
    if (apart) dp_str_printf(&label, ", %s", s->labels[c]);
    put_line(f, g, s, apart ? c : 0, apart ? c + 1 : s->label_n, unit_s, dp_str_text(&label));
    dp_str_fini(&label);
  }
  return DP_OK;
}

/* ---- series of a sweep ---- */

static enum dp_status put_band(struct figure *f, const struct dp_swept *s, const char *name, size_t point, double unit_s,
                               struct dp_err *err) {
  double *values = calloc(3 * s->band_n + 1, sizeof *values);
  static const char *const columns[] = {"mean", "p5", "p95"};
  enum dp_status status = values ? DP_OK : dp_fail_nomem(err, "a band");
  for (size_t c = 0; c < 3 && status == DP_OK; c++)
    status = dp_swept_band(s, name, columns[c], point, values + c * s->band_n, err);
  if (status == DP_OK) {
    struct dp_str label = {0};
    dp_str_printf(&f->data, "$d%zu << EOD\n", f->block_n);
    for (size_t b = 0; b < s->band_n; b++) {
      dp_str_printf(&f->data, "%.9g", s->time_s[b] / unit_s);
      for (size_t c = 0; c < 3; c++) put_number(&f->data, values[c * s->band_n + b]);
      dp_str_append(&f->data, "\n");
    }
    dp_str_append(&f->data, "EOD\n");
    dp_swept_point_text(&label, s, point);
    add_command(f, "$d%1$zu using 1:3:4 with filledcurves fs transparent solid 0.2 noborder lc (%1$zu + 1)", NULL);
    add_command(f, "$d%1$zu using 1:2 with lines lw 2 lc (%1$zu + 1)", dp_str_text(&label));
    dp_str_fini(&label);
    f->block_n++;
  }
  free(values);
  return status;
}

static enum dp_status add_bands(struct figure *f, const struct dp_swept *s, const struct dp_plot_options *o,
                                const char *name, double unit_s, struct dp_err *err) {
  size_t n = o->sweep.point_n ? o->sweep.point_n : s->point_n < BANDS_MOST ? s->point_n : BANDS_MOST, k = 0;
  while (k < s->series_n && strcmp(s->series[k].name, name) != 0) k++;
  if (k == s->series_n)
    return dp_fail(err, DP_USAGE, "%s has no bands of '%s' (the study's `series` says which are kept)", s->result->path, name);
  DP_TRY(take_unit(f, name, s->series[k].unit, s->series[k].doc, err));
  for (size_t i = 0; i < n; i++) {
    const size_t point = o->sweep.point_n ? o->sweep.points[i] : n > 1 ? i * (s->point_n - 1) / (n - 1) : 0;
    if (point >= s->point_n)
      return dp_fail(err, DP_USAGE, "--points: there is no point %zu (they are 0 to %zu)", point, s->point_n - 1);
    DP_TRY(put_band(f, s, name, point, unit_s, err));
  }
  return DP_OK;
}

/* ---- key figures ---- */

/** A sweep, and the parameter that is the x axis. */
struct over {
  const struct dp_swept *s;
  size_t x;
};

static int compare_others(const struct over *o, size_t p, size_t q) {
  for (size_t i = 0; i < o->s->axis_n; i++) {
    const double a = o->s->axes[i].values[p], b = o->s->axes[i].values[q];
    if (i != o->x && (a < b || a > b)) return a < b ? -1 : 1;
  }
  return 0;
}

/* Points whose other parameters are equal come together, along x. */
static int by_others(const void *a, const void *b, void *over) {
  const struct over *o = over;
  const size_t p = *(const size_t *)a, q = *(const size_t *)b;
  const double *x = o->s->axes[o->x].values;
  const int others = compare_others(o, p, q);
  return others ? others : x[p] < x[q] ? -1 : x[p] > x[q] ? 1 : (p > q) - (p < q);
}

static void put_repeat(struct figure *f, const struct over *o, const char *name, const size_t *points, size_t n, bool line,
                       const double *mean, const double *half) {
  struct dp_str label = {0};
  const bool alone = !f->several && !f->many && line && o->s->axis_n > 1;
  if (f->several) dp_str_printf(&label, "%s, ", o->s->result->path);
  if (!alone) dp_str_append(&label, name);
  for (size_t i = 0; line && i < o->s->axis_n; i++) {
    const struct dp_swept_axis *a = &o->s->axes[i];
    if (i == o->x) continue;
    dp_str_printf(&label, "%s%s = ", label.len ? ", " : "", a->name);
    if (a->texts) dp_str_append(&label, a->texts[(size_t)a->values[points[0]]]);
    else dp_str_printf(&label, "%.6g", a->values[points[0]]);
  }
  dp_str_printf(&f->data, "$d%zu << EOD\n", f->block_n);
  for (size_t i = 0; i < n; i++) {
    dp_str_printf(&f->data, "%.9g", o->s->axes[o->x].values[points[i]]);
    put_number(&f->data, mean[points[i]]);
    put_number(&f->data, half[points[i]]);
    dp_str_append(&f->data, "\n");
  }
  dp_str_append(&f->data, "EOD\n");
  add_command(f, line ? "$d%1$zu using 1:2:3 with yerrorlines lw 2 pt 7 ps 0.6"
                      : "$d%1$zu using 1:2:3 with yerrorbars pt 7 ps 0.6", dp_str_text(&label));
  dp_str_fini(&label);
  f->block_n++;
}

/* A line for each combination of the other parameters; where none comes twice, points. */
static enum dp_status put_repeats(struct figure *f, const struct over *o, const char *name, const double *mean,
                                  const double *half, struct dp_err *err) {
  const size_t n = o->s->point_n;
  size_t *points = calloc(n + 1, sizeof *points), repeat_n = 0;
  if (!points) return dp_fail_nomem(err, "a figure");
  for (size_t p = 0; p < n; p++) points[p] = p;
  qsort_r(points, n, sizeof *points, by_others, (void *)(uintptr_t)o);
  for (size_t i = 0; i < n; i++) repeat_n += i == 0 || compare_others(o, points[i - 1], points[i]) != 0;
  if (repeat_n == n && o->s->axis_n > 1) put_repeat(f, o, name, points, n, false, mean, half);
  for (size_t i = 0, end, k = 0; i < n && repeat_n < n + (o->s->axis_n == 1) && k < REPEATS_MOST; i = end, k++) {
    for (end = i + 1; end < n && compare_others(o, points[i], points[end]) == 0;) end++;
    put_repeat(f, o, name, points + i, end - i, true, mean, half);
  }
  if (repeat_n < n && repeat_n > REPEATS_MOST)
    dp_str_printf(f->note, "%s: the first %d of %zu combinations of the other parameters are drawn (a study that varies "
                  "fewer, or report, shows all)\n", name, REPEATS_MOST, repeat_n);
  free(points);
  return DP_OK;
}

/* Means with their intervals over the first parameter that is a number. */
static enum dp_status add_sweep_kpi(struct figure *f, const struct dp_swept *s, const char *name, struct dp_str *x_label,
                                    struct dp_err *err) {
  struct over o = {s, 0};
  double *mean = NULL, *half = NULL;
  const size_t k = dp_swept_kpi(s, name);
  while (o.x < s->axis_n && s->axes[o.x].texts) o.x++;
  if (k == SIZE_MAX || o.x == s->axis_n)
    return dp_fail(err, DP_USAGE, k == SIZE_MAX ? "%s has no key figure '%s' (the study's `kpis` says which are kept)"
                                                : "%s: %s is drawn over a parameter that is a number, and none was varied",
                   s->result->path, name);
  DP_TRY(take_unit(f, name, s->kpis[k].unit, s->kpis[k].doc, err));
  enum dp_status status = dp_swept_summary(s, name, "mean", &mean, err);
  if (status == DP_OK) status = dp_swept_summary(s, name, "half_width", &half, err);
  dp_str_clear(x_label);
  dp_str_append(x_label, s->axes[o.x].label);
  f->log_x = s->axes[o.x].log;
  if (status == DP_OK) status = put_repeats(f, &o, name, mean, half, err);
  free(mean);
  free(half);
  return status;
}

/* Bars: a cluster a file, a bar a key figure. */
static enum dp_status put_bars(struct figure *f, struct dp_result *const *results, size_t n, const char *list,
                               struct dp_err *err) {
  char name[NAME_MOST];
  while (next_name(&list, name)) {
    dp_str_printf(&f->data, "$d%zu << EOD\n", f->block_n);
    for (size_t i = 0; i < n; i++) {
      const struct dp_report_run run = {.result = results[i]};
      const struct dp_kpi_value *found = dp_kpi_find(results[i]->kpis, results[i]->kpi_n, name);
      struct dp_err which = {0};
      if (dp_kpi_check_instance(results[i]->kpis, results[i]->kpi_n, name, &which) != DP_OK)
        return dp_fail(err, DP_USAGE, "%s: %s", results[i]->path, which.text);
      if (!found)
        return dp_fail(err, DP_USAGE, "%s has no key figure '%s' (depinsim kpi lists those that it has)", results[i]->path, name);
      DP_TRY(take_unit(f, name, found->unit, found->doc, err));
      dp_str_printf(&f->data, "\"%s\"", results[i]->path);
      put_number(&f->data, dp_report_kpi(&run, name));
      dp_str_append(&f->data, "\n");
    }
    dp_str_append(&f->data, "EOD\n");
    add_command(f, "$d%1$zu using 2:xtic(1) with histograms", name);
    f->block_n++;
  }
  return DP_OK;
}

/* ---- the whole ---- */

static enum dp_status add_file(struct figure *f, struct dp_result *r, const struct dp_plot_options *o, double unit_s,
                               struct dp_str *x_label, struct dp_err *err) {
  struct dp_series_set set = {0};
  struct dp_swept swept = {0};
  const bool sweep = dp_result_is_sweep(r);
  const char *list = o->series ? o->series : o->kpis;
  char name[NAME_MOST];
  enum dp_status status = sweep ? dp_swept_open(r, &swept, err) : dp_series_read(r, &set, err);
  while (status == DP_OK && next_name(&list, name)) {
    if (!o->series) status = add_sweep_kpi(f, &swept, name, x_label, err);
    else if (sweep) status = add_bands(f, &swept, o, name, unit_s, err);
    else status = add_run_series(f, r, &set, name, unit_s, err);
  }
  dp_swept_fini(&swept);
  dp_series_fini(&set);
  return status;
}

static enum dp_status draw(struct figure *f, struct dp_result *const *results, size_t n, const struct dp_plot_options *o,
                           struct dp_str *x_label, struct dp_err *err) {
  int64_t longest = 0;
  size_t sweep_n = 0;
  for (size_t i = 0; i < n; i++) {
    if (results[i]->duration_ns > longest) longest = results[i]->duration_ns;
    sweep_n += dp_result_is_sweep(results[i]);
  }
  const struct dp_report_clock clock = dp_report_clock_of(longest);
  f->several = n > 1;
  f->many = o->kpis && strchr(o->kpis, ',');
  if (o->series) dp_str_append(x_label, clock.label);
  if (!o->series && sweep_n > 0 && sweep_n < n)
    return dp_fail(err, DP_USAGE, "key figures of runs are bars and those of sweeps are lines: draw them apart");
  if (!o->series && sweep_n == 0) return put_bars(f, results, n, o->kpis, err);
  for (size_t i = 0; i < n; i++) DP_TRY(add_file(f, results[i], o, clock.unit_s, x_label, err));
  return DP_OK;
}

static void put_script(struct dp_str *out, const struct figure *f, const struct dp_plot_options *o, const char *x_label) {
  dp_str_append(out, "set encoding utf8\nset border 3\nset tics nomirror out\nset grid ytics lc rgb '#d0d0d0'\n"
                     "set key above left Left reverse samplen 2 maxcols 2 noenhanced\n"
                     "set autoscale xfix\n"
                     "set offsets graph 0.02, graph 0.02, graph 0.02, graph 0.02\n"
                     "set xlabel noenhanced\nset ylabel noenhanced\nset xtics noenhanced\n"
                     "set style data lines\n");
  if (!o->series && x_label[0] == '\0')
    dp_str_append(out, "set style histogram clustered\nset offsets 0, 0, 0, 0\n"
                       "set style fill solid 0.8 noborder\nset yrange [*<0:0<*]\n");
  static const char *const colours[] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900", "#7f7f7f"};
  for (size_t i = 0; i < 8; i++) dp_str_printf(out, "set linetype %zu lc rgb '%s'\n", i + 1, colours[i]);
  if (f->log_x) dp_str_append(out, "set logscale x\n");
  dp_str_append(out, "set xlabel ");
  quoted(out, x_label[0] ? x_label : "result");
  dp_str_append(out, "\nset ylabel ");
  quoted(out, f->y_label);
  if (o->title) {
    dp_str_append(out, "\nset title noenhanced ");
    quoted(out, o->title);
  }
  dp_str_append(out, "\n");
  dp_str_append(out, dp_str_text(&f->data));
  dp_str_append(out, dp_str_text(&f->commands));
  dp_str_append(out, "\n");
  out->failed |= f->data.failed || f->commands.failed;
}

enum dp_status dp_plot_script(struct dp_str *out, const char *const *files, size_t n, const struct dp_plot_options *options,
                              struct dp_str *note, struct dp_err *err) {
  struct figure f = {.note = note};
  struct dp_str x_label = {0};
  if (!options->series == !options->kpis)
    return dp_fail(err, DP_USAGE, "give --series or --kpi: what is to be drawn (one of the two)");
  struct dp_result **results = calloc(n + 1, sizeof *results);
  enum dp_status status = results ? DP_OK : dp_fail_nomem(err, "a figure");
  for (size_t i = 0; i < n && status == DP_OK; i++) status = dp_result_open_any(files[i], &results[i], err);
  if (status == DP_OK) status = draw(&f, results, n, options, &x_label, err);
  if (status == DP_OK && f.line_n == 0) status = dp_fail(err, DP_USAGE, "the list of what is to be drawn is empty");
  if (status == DP_OK) put_script(out, &f, options, dp_str_text(&x_label));
  if (status == DP_OK && out->failed) status = dp_fail_nomem(err, "a figure");
  for (size_t i = 0; results && i < n; i++) dp_result_close(results[i]);
  free(results);
  dp_str_fini(&f.data);
  dp_str_fini(&f.commands);
  dp_str_fini(&x_label);
  return status;
}
