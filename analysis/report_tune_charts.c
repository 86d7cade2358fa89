/* analysis/report_tune_charts.c — pictures of a search: its path, the front, the fit, what the data tell. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report_tune.h"
#include "analysis/svg.h"
#include "base/memory.h"

#define DEVIANCE_SHOWN 16   /* what lies above is cut off */
#define LINE_MOST 800       /* points of a line */
#define PIECE 40            /* points of a piece of a profile */
#define WIDE 50             /* from this ratio on an axis is logarithmic */

/** Colours of what a search consists of. */
enum { GOOD = 0, FRESH = 1, BEST = 2, BROKEN = 5, BEATEN = 7 };

/** Points that share a mark. */
struct heap {
  double *x, *y;
  size_t n;
};

static bool heap_new(struct heap *h, size_t cap) {
  h->x = dp_zeros(2 * cap + 1, sizeof *h->x);
  h->y = h->x ? h->x + cap : NULL;
  h->n = 0;
  return h->x != NULL;
}

static void heap_add(struct heap *h, double x, double y) {
  h->x[h->n] = x;
  h->y[h->n++] = y;
}

static struct dp_svg_layer layer_of(enum dp_svg_mark mark, size_t colour, const struct heap *h, const char *label) {
  return (struct dp_svg_layer){mark, colour, {.label = label, .x = h->x, .y = h->y, .n = h->n}};
}

static bool is_wide(const double *y, size_t n) {
  double low = INFINITY, high = 0;
  for (size_t i = 0; i < n; i++) {
    if (!isfinite(y[i])) continue;
    low = fmin(low, y[i]);
    high = fmax(high, y[i]);
  }
  return low > 0 && high > WIDE * low;
}

/* ---- the path of the search ---- */

/* What a look gave: a fit's mean square as its root. */
static double look_value(const struct dp_tuned *t, size_t o, size_t i) {
  const double x = t->objective[o][i];
  return t->series ? sqrt(x) : x;
}

static bool is_better(const struct dp_tuned *t, size_t o, double a, double b) {
  const char *goal = t->series ? "min" : t->terms[o].goal;
  if (isnan(b)) return true;
  if (strcmp(goal, "max") == 0) return a > b;
  if (strcmp(goal, "value") == 0) return fabs(a - t->terms[o].target) < fabs(b - t->terms[o].target);
  return a < b;
}

static void note_looks(const struct dp_tuned *t, size_t o, struct heap *good, struct heap *broken, struct heap *best) {
  double record = (double)NAN;
  for (size_t i = 0; i < t->look_n; i++) {
    const double y = look_value(t, o, i);
    const bool keeps = dp_tuned_feasible(t, i);
    if (isfinite(y)) heap_add(keeps ? good : broken, t->spent[i], y);
    if (keeps && is_better(t, o, y, record)) record = y;
    if (isfinite(record)) heap_add(best, t->spent[i], record);
  }
}

static void put_path(struct dp_str *out, const struct dp_tuned *t, size_t o, struct heap *heaps) {
  struct heap *good = &heaps[0], *broken = &heaps[1], *best = &heaps[2];
  struct dp_svg_layer layers[5];
  size_t n = 0;
  const struct dp_tuned_term *term = t->series ? NULL : &t->terms[o];
  const struct dp_tuned_outcome *fresh = t->objective_n > 1 || t->series ? NULL : dp_tuned_at(t, t->best, o);
  double asked[3] = {0}, again[4];
  note_looks(t, o, good, broken, best);
  if (term && strcmp(term->goal, "value") == 0) {
    asked[0] = term->target;
    asked[1] = term->target - term->tolerance;
    asked[2] = term->target + term->tolerance;
    layers[n++] = (struct dp_svg_layer){
        DP_SVG_LEVEL, 3, {.label = "what was asked", .y = asked, .low = asked + 1, .high = asked + 2, .n = 1}};
  }
  layers[n++] = layer_of(DP_SVG_STEPS, BEST, best, "best so far");
  layers[n++] =
      layer_of(DP_SVG_DOTS, GOOD, good, t->term_n > t->objective_n ? "a design that keeps the bounds" : "a design");
  layers[n++] = layer_of(DP_SVG_CROSSES, BROKEN, broken, "a design that breaks a bound");
  again[0] = 1.05 * (double)t->search_run_n;
  again[1] = fresh ? fresh->value : t->rms_error;
  again[2] = fresh && isfinite(fresh->half_width) ? again[1] - fresh->half_width : again[1];
  again[3] = fresh && isfinite(fresh->half_width) ? again[1] + fresh->half_width : again[1];
  if ((fresh || t->series) && isfinite(again[1]))
    layers[n++] = (struct dp_svg_layer){DP_SVG_DOTS, FRESH,
                                        {.label = fresh ? "the chosen design on fresh luck, ± 95 %"
                                                        : "the chosen design on fresh luck",
                                         .x = again, .y = again + 1, .low = again + 2, .high = again + 3, .n = 1}};
  struct dp_str title = {0};
  dp_str_printf(&title, "%s", term ? term->name : "root mean square error");
  dp_str_append(&title, " of each design");
  dp_svg_layers(
      out,
      &(struct dp_svg_frame){.title = dp_str_text(&title),
                             .x_label = "runs spent (number)",
                             .y_label = term ? term->unit : t->series_unit,
                             .log_y = is_wide(good->y, good->n) && (broken->n == 0 || is_wide(broken->y, broken->n))},
      layers, n);
  dp_str_fini(&title);
}

void dp_report_tune_path(struct dp_str *out, const struct dp_tuned *t) {
  for (size_t o = 0; o < (t->objective_n > 1 ? 2u : 1u); o++) {
    struct heap heaps[3] = {{0}};
    bool room = true;
    for (size_t i = 0; i < 3; i++) room = heap_new(&heaps[i], t->look_n) && room;
    if (room) put_path(out, t, o, heaps);
    else out->failed = true;
    for (size_t i = 0; i < 3; i++) free(heaps[i].x);
  }
}

/* ---- the front ---- */

static bool on_front(const struct dp_tuned *t, size_t look) {
  for (size_t i = 0; i < t->front_n; i++)
    if ((size_t)t->front[i] == look) return true;
  return false;
}

static void put_front(struct dp_str *out, const struct dp_tuned *t, struct heap *heaps) {
  struct heap *beaten = &heaps[0], *broken = &heaps[1], *front = &heaps[2], *fresh = &heaps[3];
  struct dp_str labels[3] = {0};
  for (size_t i = 0; i < t->look_n; i++) {
    const double x = t->objective[0][i], y = t->objective[1][i];
    if (!on_front(t, i) && isfinite(x) && isfinite(y)) heap_add(dp_tuned_feasible(t, i) ? beaten : broken, x, y);
  }
  for (size_t i = 0; i < t->front_n; i++)
    heap_add(front, t->objective[0][t->front[i]], t->objective[1][t->front[i]]);
  for (size_t i = 0; i < t->final_n; i++) heap_add(fresh, dp_tuned_at(t, i, 0)->value, dp_tuned_at(t, i, 1)->value);
  const struct dp_svg_layer layers[] = {
      layer_of(DP_SVG_CROSSES, BROKEN, broken, "breaks a bound"),
      layer_of(DP_SVG_DOTS, BEATEN, beaten, "beaten by another design"),
      layer_of(DP_SVG_DASHES, GOOD, front, NULL),
      layer_of(DP_SVG_DOTS, GOOD, front, "on the front, as the search saw it"),
      layer_of(DP_SVG_RINGS, FRESH, fresh, "the same designs on fresh luck"),
  };
  for (size_t o = 0; o < 2; o++)
    dp_str_printf(&labels[o], "%s (%s)", t->terms[o].name, t->terms[o].unit);
  dp_str_printf(&labels[2], "%s %s against %s %s", strcmp(t->terms[0].goal, "max") == 0 ? "Most" : "Least",
                t->terms[0].name, strcmp(t->terms[1].goal, "max") == 0 ? "most" : "least", t->terms[1].name);
  dp_svg_layers(out,
                &(struct dp_svg_frame){.title = dp_str_text(&labels[2]),
                                       .x_label = dp_str_text(&labels[0]),
                                       .y_label = dp_str_text(&labels[1])},
                layers, sizeof layers / sizeof *layers);
  for (size_t i = 0; i < 3; i++) dp_str_fini(&labels[i]);
}

void dp_report_tune_front(struct dp_str *out, const struct dp_tuned *t) {
  struct heap heaps[4] = {{0}};
  bool room = true;
  for (size_t i = 0; i < 4; i++) room = heap_new(&heaps[i], t->look_n + t->final_n) && room;
  if (room) put_front(out, t, heaps);
  else out->failed = true;
  for (size_t i = 0; i < 4; i++) free(heaps[i].x);
}

/* ---- the fit ---- */

/** Band of the fitted series over time, thinned to what can be seen. */
struct band {
  double *x, *mean, *low, *high;
  size_t n;
};

static enum dp_status read_band(const struct dp_report_sweep *r, double unit_s, struct band *b, struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  const struct dp_tuned *t = r->tune;
  static const char *const names[] = {"mean", "p5", "p95"};
  const size_t stride = s->band_n / LINE_MOST + 1;
  double *row = dp_zeros(s->band_n + 1, sizeof *row), *all = dp_zeros(4 * s->band_n + 1, sizeof *all);
  enum dp_status status = row && all ? DP_OK : dp_fail_nomem(err, "a fit");
  *b = (struct band){all, all + s->band_n, all + 2 * s->band_n, all + 3 * s->band_n, 0};
  for (size_t c = 0; c < 3 && status == DP_OK; c++) {
    status = dp_swept_band(s, t->series, names[c], (size_t)t->again[t->best], row, err);
    for (size_t i = 0, k = 0; i < s->band_n && status == DP_OK; i += stride, k++) {
      all[k] = s->time_s[i] / unit_s;
      all[(c + 1) * s->band_n + k] = row[i];
      b->n = k + 1;
    }
  }
  free(row);
  return status;
}

/* Data that the fit had seen and had not, over the clock; `minus` the model or not. */
static void split(const struct dp_tuned *t, double day, bool minus, struct heap *seen, struct heap *blind) {
  for (size_t i = 0; i < t->data_n; i++)
    heap_add(t->day[i] < t->blind_from_d ? seen : blind, t->day[i] * day, t->data[i] - (minus ? t->model[i] : 0));
}

static void put_fit(struct dp_str *out, const struct dp_report_sweep *r, const struct dp_report_clock *clock,
                    const struct band *band, bool minus, struct heap *heaps) {
  const struct dp_tuned *t = r->tune;
  const double day = 86400 / clock->unit_s;
  double span[2] = {t->blind_from_d * day, (double)r->swept.result->duration_ns / 1e9 / clock->unit_s}, zero[1] = {0};
  struct dp_svg_layer layers[4];
  struct dp_str title = {0};
  size_t n = 0;
  split(t, day, minus, &heaps[0], &heaps[1]);
  if (heaps[1].n > 0)
    layers[n++] = (struct dp_svg_layer){DP_SVG_SPAN, BEATEN, {.label = "not looked at by the fit", .x = span, .n = 2}};
  if (minus) layers[n++] = (struct dp_svg_layer){DP_SVG_LEVEL, GOOD, {.y = zero, .n = 1}};
  else
    layers[n++] = (struct dp_svg_layer){DP_SVG_LINE,
                                        GOOD,
                                        {.label = "fitted model on fresh luck: mean, and 90 % of its runs",
                                         .x = band->x,
                                         .y = band->mean,
                                         .low = band->low,
                                         .high = band->high,
                                         .n = band->n}};
  layers[n++] = layer_of(DP_SVG_DOTS, FRESH, &heaps[0], "data");
  layers[n++] = layer_of(DP_SVG_CROSSES, BROKEN, &heaps[1], "data that it had not seen");
  dp_str_printf(&title, minus ? "What the fit leaves: %s less the model" : "%s and the fitted model", t->column);
  dp_svg_layers(
      out, &(struct dp_svg_frame){.title = dp_str_text(&title), .x_label = clock->label, .y_label = t->series_unit},
      layers, n);
  dp_str_fini(&title);
}

enum dp_status dp_report_tune_fit(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err) {
  const struct dp_report_clock clock = dp_report_clock_of(r->swept.result->duration_ns);
  struct band band = {0};
  if (r->tune->final_n == 0) return DP_OK;
  enum dp_status status = read_band(r, clock.unit_s, &band, err);
  for (size_t minus = 0; minus < 2 && status == DP_OK; minus++) {
    struct heap heaps[2] = {{0}};
    if (heap_new(&heaps[0], r->tune->data_n) && heap_new(&heaps[1], r->tune->data_n))
      put_fit(out, r, &clock, &band, minus, heaps);
    else out->failed = true;
    free(heaps[0].x);
    free(heaps[1].x);
  }
  free(band.x);
  return status;
}

/* ---- what the data tell ---- */

/* Deviance of a profile at x: a parabola from the best value to the levels next to it, straight beyond. */
static double deviance_at(const struct dp_tuned_profile *p, double best, double x) {
  size_t k = 0;
  while (k < p->n && p->value[k] <= best) k++; /* levels from k on lie above the best */
  if (x >= best && k < p->n && x <= p->value[k]) {
    const double part = (x - best) / (p->value[k] - best);
    return p->deviance[k] * part * part;
  }
  if (x < best && k > 0 && x >= p->value[k - 1]) {
    const double part = (best - x) / (best - p->value[k - 1]);
    return p->deviance[k - 1] * part * part;
  }
  for (size_t i = 0; i + 1 < p->n; i++) {
    if (x < p->value[i] || x > p->value[i + 1]) continue;
    const double part = (x - p->value[i]) / (p->value[i + 1] - p->value[i]);
    return p->deviance[i] + part * (p->deviance[i + 1] - p->deviance[i]);
  }
  return (double)NAN;
}

static double between(double low, double high, double part, bool log) {
  return log ? low * pow(high / low, part) : low + part * (high - low);
}

/* Adds the line, cut where it leaves what is shown; finer around the best value, where a narrow valley may lie. */
static void trace(const struct dp_tuned_profile *p, double best, bool log, struct heap *line) {
  const double low = p->value[0], high = p->value[p->n - 1];
  const double knots[] = {low, fmax(fmin(p->low, best), low), fmin(fmax(best, low), high),
                          fmin(fmax(p->high, best), high), high};
  for (size_t s = 0; s + 1 < sizeof knots / sizeof *knots; s++) {
    if (!(knots[s] < knots[s + 1])) continue;
    for (size_t i = 0; i < PIECE; i++) {
      const double x = between(knots[s], knots[s + 1], (double)i / PIECE, log), y = deviance_at(p, best, x);
      heap_add(line, x, y <= DEVIANCE_SHOWN ? y : (double)NAN);
    }
  }
  heap_add(line, high, p->deviance[p->n - 1] <= DEVIANCE_SHOWN ? p->deviance[p->n - 1] : (double)NAN);
}

static void put_profile(struct dp_str *out, const struct dp_tuned *t, const struct dp_tuned_profile *p,
                        struct heap *line, struct heap *dots, struct heap *above) {
  const struct dp_swept_axis *axis = &t->swept->axes[p->axis];
  const double best = axis->values[t->final[t->best]], low = p->value[0], high = p->value[p->n - 1];
  const bool log = low > 0 && high > 20 * low;
  double level[] = {DP_CHI2_95, DEVIANCE_SHOWN}, span[] = {p->open_low ? low : p->low, p->open_high ? high : p->high};
  struct dp_str title = {0};
  trace(p, best, log, line);
  for (size_t i = 0; i < p->n; i++)
    if (isfinite(p->deviance[i]))
      heap_add(p->deviance[i] <= DEVIANCE_SHOWN ? dots : above, p->value[i], fmin(p->deviance[i], DEVIANCE_SHOWN));
  const struct dp_svg_layer layers[] = {
      {DP_SVG_SPAN, BEST, {.label = "95 % interval", .x = span, .n = 2}},
      {DP_SVG_LEVEL, BROKEN, {.label = "95 % threshold, 3.84", .y = level, .n = 1}},
      layer_of(DP_SVG_LINE, GOOD, line, NULL),
      layer_of(DP_SVG_DOTS, GOOD, dots, "held at this value, the others tuned anew"),
      layer_of(DP_SVG_CROSSES, BEATEN, above, "higher than what is shown"),
  };
  dp_str_printf(&title, p->open_low && p->open_high ? "These data do not tell %s" : "What the data tell of %s",
                axis->name);
  dp_svg_layers(out, &(struct dp_svg_frame){.title = dp_str_text(&title), .x_label = axis->label, .log_x = log,
                                            .y_label = "deviance from the best fit (number)"},
                layers, sizeof layers / sizeof *layers);
  dp_str_fini(&title);
}

void dp_report_tune_profiles(struct dp_str *out, const struct dp_tuned *t) {
  for (size_t i = 0; i < t->profile_n && t->final_n > 0; i++) {
    struct heap heaps[3] = {{0}};
    bool room = true;
    if (t->profiles[i].n == 0) continue;
    for (size_t h = 0; h < 3; h++) room = heap_new(&heaps[h], 4 * PIECE + t->profiles[i].n + 8) && room;
    if (room) put_profile(out, t, &t->profiles[i], &heaps[0], &heaps[1], &heaps[2]);
    else out->failed = true;
    for (size_t h = 0; h < 3; h++) free(heaps[h].x);
  }
}
