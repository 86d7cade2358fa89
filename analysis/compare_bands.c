/* analysis/compare_bands.c — reads both sides run by run, keeps the times that all have, takes quantiles pair by pair. */
#include "analysis/compare_bands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/series.h"
#include "analysis/statistics.h"
#include "analysis/svg.h"
#include "analysis/swept.h"
#include "base/memory.h"

#define TARGETS_MOST 64
#define SHOWN_TIMES 4 /* of the short table: quarters of the run */

static const char same_times[] = "give both one settle_every_s";

/** A series on its way into a band: the levels of every run at the times of the first. */
struct target {
  char *group, *name; /* as dp_series_find takes them */
  bool rising;
  size_t time_n;
  double *time_s;  /* [time_n] */
  double *levels;  /* [2 n][time_n] */
  size_t *run_n;   /* [time_n] runs that have the time */
  bool everywhere; /* every run has it */
  struct dp_band band;
};

struct job {
  const struct dp_compare_side *sides;
  size_t n;
  struct target targets[TARGETS_MOST];
  size_t target_n;
};

/* ---- which series ---- */

static enum dp_status add_target(struct job *j, const char *group, const struct dp_series_group *g, const char *name,
                                 const char *title, const char *unit, bool rising, struct dp_err *err) {
  if (j->target_n == TARGETS_MOST) return dp_fail(err, DP_USAGE, "more than %d series", TARGETS_MOST);
  struct target *t = &j->targets[j->target_n++];
  struct dp_str full = {0};
  dp_str_printf(&full, "%s.%s", group, name);
  *t = (struct target){.group = strdup(group), .name = strdup(name), .rising = rising, .time_n = g->n,
                       .everywhere = true};
  t->band = (struct dp_band){.name = dp_str_steal(&full), .title = strdup(title), .unit = strdup(unit)};
  t->time_s = dp_zeros(g->n, sizeof *t->time_s);
  t->levels = dp_zeros(2 * j->n * g->n, sizeof *t->levels);
  t->run_n = dp_zeros(g->n, sizeof *t->run_n);
  if (!t->group || !t->name || !t->band.name || !t->band.title || !t->band.unit || !t->time_s || !t->levels || !t->run_n)
    return dp_fail_nomem(err, "bands");
  if (g->n) memcpy(t->time_s, g->time_s, g->n * sizeof *t->time_s);
  return DP_OK;
}

/* Of a model with several instances: the series of each, which then has to have that name on both sides. */
static enum dp_status add_headline(struct job *j, const struct dp_series_set *set, const struct dp_headline *h,
                                   struct dp_err *err) {
  const size_t len = strlen(h->group);
  size_t instance_n = 0;
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < set->group_n; i++) {
      const struct dp_series_group *g = &set->groups[i], *owner = NULL;
      struct dp_str title = {0};
      if (strncmp(g->name, h->group, len) != 0 || (g->name[len] && g->name[len] != '.')) continue;
      if (!dp_series_find(set, g->name, h->name, &owner) || owner != g) continue;
      if (pass == 0) {
        instance_n++;
        continue;
      }
      dp_str_append(&title, h->title);
      if (instance_n > 1) dp_str_printf(&title, ", %s", g->name[len] ? g->name + len + 1 : g->name);
      enum dp_status status = add_target(j, instance_n > 1 ? g->name : h->group, g, h->name, dp_str_text(&title), h->unit,
                                         h->rising, err);
      dp_str_fini(&title);
      DP_TRY(status);
    }
  return DP_OK;
}

/* What was meant instead; every name is "group.series". */
static enum dp_status no_series(const struct dp_result *r, const struct dp_series_set *set, const char *name,
                                struct dp_err *err) {
  char **names = NULL;
  size_t n = 0;
  for (size_t i = 0; i < set->group_n; i++)
    for (size_t k = 0; k < set->groups[i].series_n; k++) {
      struct dp_str full = {0};
      dp_str_printf(&full, "%s.%s", set->groups[i].name, set->groups[i].series[k].name);
      if (dp_array_resize(&names, n + 1, sizeof *names)) names[n++] = dp_str_steal(&full);
      else dp_str_fini(&full);
    }
  const char *meant = dp_str_suggest(name, (const char *const *)names, n);
  enum dp_status status =
      dp_fail(err, DP_USAGE, "--series %s: %s has none of that name (%s%s)", name, r->scenario,
              meant ? "did you mean " : "they are named as ledger.exchange.price: depinsim info lists them", meant ? meant : "");
  for (size_t i = 0; i < n; i++) free(names[i]);
  free(names);
  return status;
}

static enum dp_status add_named(struct job *j, const struct dp_result *r, const struct dp_series_set *set, const char *full,
                                struct dp_err *err) {
  const char *dot = strrchr(full, '.');
  const struct dp_series_group *g = NULL;
  struct dp_str group = {0}, title = {0};
  if (!dot) return no_series(r, set, full, err);
  dp_str_append_n(&group, full, (size_t)(dot - full));
  const struct dp_series *s = dp_series_find(set, dp_str_text(&group), dot + 1, &g);
  enum dp_status status = DP_OK;
  if (s) {
    const bool rising = strstr(s->methods, "sum") != NULL;
    dp_str_printf(&title, "%s%s", s->long_name[0] ? s->long_name : s->name, rising ? ", since the start" : "");
    status = add_target(j, dp_str_text(&group), g, dot + 1, dp_str_text(&title), dp_unit_text(s->name, s->units), rising, err);
  } else {
    status = no_series(r, set, full, err);
  }
  dp_str_fini(&group);
  dp_str_fini(&title);
  return status;
}

/* ---- the runs ---- */

/* Takes a run's levels at those of the target's times that it has. Both ascend. @return false without such a series */
static bool take_run(struct target *t, const struct dp_series_set *set, size_t run) {
  const struct dp_series_group *g;
  const struct dp_series *s = dp_series_find(set, t->group, t->name, &g);
  double level = 0, *levels = t->levels + run * t->time_n;
  size_t at = 0;
  for (size_t i = 0; s && i < g->n; i++) {
    level = t->rising ? level + dp_series_sum(s, i) : dp_series_sum(s, i);
    while (at < t->time_n && t->time_s[at] < g->time_s[i]) at++;
    if (at == t->time_n || t->time_s[at] > g->time_s[i]) continue;
    levels[at] = level;
    t->run_n[at]++;
  }
  return s != NULL;
}

static enum dp_status read_run(struct job *j, size_t run, const char *const *names, size_t name_n, struct dp_err *err) {
  const struct dp_result *r = j->sides[run / j->n].results[run % j->n];
  struct dp_series_set set;
  DP_TRY(dp_series_read(r, &set, err));
  enum dp_status status = DP_OK;
  for (size_t i = 0; run == 0 && i < name_n && status == DP_OK; i++) status = add_named(j, r, &set, names[i], err);
  for (const struct dp_headline *h = dp_headlines; run == 0 && name_n == 0 && h->name && status == DP_OK; h++)
    status = add_headline(j, &set, h, err);
  for (size_t k = 0; k < j->target_n && status == DP_OK; k++)
    if (!take_run(&j->targets[k], &set, run)) {
      j->targets[k].everywhere = false;
      if (name_n) status = no_series(r, &set, j->targets[k].band.name, err);
    }
  dp_series_fini(&set);
  return status;
}

/* ---- quantiles ---- */

/* At one time: of the pairs that are finite on both sides. @param v [3][n], scratch */
static void take_quantiles(struct dp_band *b, const struct target *t, size_t at, size_t n, double *v) {
  static const double levels[DP_BAND_Q] = {0.05, 0.5, 0.95};
  const size_t k = b->n++;
  size_t pair_n = 0;
  for (size_t i = 0; i < n; i++) {
    const double x = t->levels[i * t->time_n + at], y = t->levels[(n + i) * t->time_n + at];
    if (!isfinite(x) || !isfinite(y)) continue;
    v[pair_n] = x;
    v[n + pair_n] = y;
    v[2 * n + pair_n++] = y - x;
    b->equal = b->equal && !(x < y) && !(x > y);
  }
  b->time_s[k] = t->time_s[at];
  b->pair_n[k] = (double)pair_n;
  for (size_t of = 0; of < DP_BAND_OF; of++) {
    dp_stat_sort(v + of * n, pair_n);
    for (size_t q = 0; q < DP_BAND_Q; q++) b->q[of][q][k] = dp_stat_quantile(v + of * n, pair_n, levels[q]);
  }
}

static enum dp_status make_band(struct target *t, size_t n, struct dp_err *err) {
  struct dp_band *b = &t->band;
  double *v = dp_zeros(DP_BAND_OF * n, sizeof *v);
  b->time_s = dp_zeros(t->time_n, sizeof *b->time_s);
  b->pair_n = dp_zeros(t->time_n, sizeof *b->pair_n);
  b->equal = true;
  bool good = v && b->time_s && b->pair_n;
  for (size_t i = 0; i < DP_BAND_OF * DP_BAND_Q; i++) {
    double **q = &b->q[i / DP_BAND_Q][i % DP_BAND_Q];
    *q = dp_zeros(t->time_n, sizeof **q);
    good = good && *q;
  }
  for (size_t at = 0; good && at < t->time_n; at++)
    if (t->run_n[at] == 2 * n) take_quantiles(b, t, at, n, v);
  free(v);
  return good ? DP_OK : dp_fail_nomem(err, "bands");
}

static void band_fini(struct dp_band *b) {
  free(b->name);
  free(b->title);
  free(b->unit);
  free(b->time_s);
  free(b->pair_n);
  for (size_t i = 0; i < DP_BAND_OF * DP_BAND_Q; i++) free(b->q[i / DP_BAND_Q][i % DP_BAND_Q]);
  *b = (struct dp_band){0};
}

static void job_fini(struct job *j) {
  for (size_t k = 0; k < j->target_n; k++) {
    struct target *t = &j->targets[k];
    free(t->group);
    free(t->name);
    free(t->time_s);
    free(t->levels);
    free(t->run_n);
    band_fini(&t->band);
  }
  free(j);
}

enum dp_status dp_bands_make(const struct dp_compare_side sides[2], size_t n, const char *const *names, size_t name_n,
                             struct dp_bands *out, struct dp_err *err) {
  *out = (struct dp_bands){.bands = dp_zeros(TARGETS_MOST, sizeof *out->bands)};
  struct job *j = dp_zeros(1, sizeof *j);
  enum dp_status status = j && out->bands ? DP_OK : dp_fail_nomem(err, "bands");
  if (j) *j = (struct job){.sides = sides, .n = n};
  for (size_t run = 0; run < 2 * n && status == DP_OK; run++) status = read_run(j, run, names, name_n, err);
  for (size_t k = 0; status == DP_OK && k < j->target_n; k++) {
    struct target *t = &j->targets[k];
    status = make_band(t, n, err);
    if (status == DP_OK && name_n && t->band.n < 2)
      status = dp_fail(err, DP_USAGE, "--series %s: the runs do not have two times in common (%s)", t->band.name, same_times);
    if (status == DP_OK && t->everywhere && t->band.n < 2) out->apart_n++;
    if (status != DP_OK || t->band.n < 2) continue;
    out->bands[out->n++] = t->band;
    t->band = (struct dp_band){0};
  }
  if (j) job_fini(j);
  return status;
}

void dp_bands_fini(struct dp_bands *b) {
  for (size_t i = 0; i < b->n; i++) band_fini(&b->bands[i]);
  free(b->bands);
  *b = (struct dp_bands){0};
}

/* ---- text ---- */

static int cell_width(size_t n) { return n > 1 ? 28 : 12; }

static void put_cell(struct dp_str *out, const struct dp_band *b, size_t of, size_t at, size_t n) {
  char number[DP_BAND_Q][32];
  const char *texts[DP_BAND_Q];
  struct dp_str cell = {0};
  for (size_t q = 0; q < DP_BAND_Q; q++) texts[q] = dp_svg_number(b->q[of][q][at], number[q]);
  dp_str_append(&cell, texts[DP_BAND_P50]);
  if (n > 1) dp_str_printf(&cell, " [%s, %s]", texts[DP_BAND_P5], texts[DP_BAND_P95]);
  dp_str_printf(out, "  %-*s", cell_width(n), dp_str_text(&cell));
  dp_str_fini(&cell);
}

static void end_line(struct dp_str *out) {
  while (out->len && out->data[out->len - 1] == ' ') out->data[--out->len] = '\0';
  dp_str_append(out, "\n");
}

void dp_bands_text(struct dp_str *out, const struct dp_bands *b, size_t n) {
  char time[DP_DURATION_TEXT];
  if (b->apart_n)
    dp_str_printf(out, "\n%zu series are left out: the runs do not have two times in common (%s)\n", b->apart_n, same_times);
  if (b->n == 0) return;
  dp_str_printf(out, "\nover time%s\n", n > 1 ? ": median [p5, p95] of the runs of a, of b, and of b - a pair by pair" : "");
  for (size_t i = 0; i < b->n; i++) {
    const struct dp_band *x = &b->bands[i];
    dp_str_printf(out, "\n%s (%s), %s\n", x->title, x->unit, x->name);
    if (x->equal) {
      dp_str_append(out, "  the same in every pair at every time\n");
      continue;
    }
    dp_str_printf(out, "  %-10s  %-*s  %-*s  b - a\n", "at", cell_width(n), "a", cell_width(n), "b");
    for (size_t k = 1; k <= SHOWN_TIMES; k++) {
      const size_t at = (k * x->n + SHOWN_TIMES - 1) / SHOWN_TIMES - 1;
      if (k > 1 && at == ((k - 1) * x->n + SHOWN_TIMES - 1) / SHOWN_TIMES - 1) continue; /* fewer times than lines */
      dp_str_printf(out, "  %-10s", dp_format_duration((int64_t)llround(x->time_s[at] * 1e9), time));
      for (size_t of = 0; of < DP_BAND_OF; of++) put_cell(out, x, of, at, n);
      end_line(out);
    }
  }
}

void dp_bands_csv(struct dp_str *out, const struct dp_bands *b) {
  static const char *const of_names[] = {"a", "b", "difference"}, *const q_names[] = {"p5", "p50", "p95"};
  dp_str_append(out, "series,unit,time_s,pairs");
  for (size_t i = 0; i < DP_BAND_OF * DP_BAND_Q; i++)
    dp_str_printf(out, ",%s_%s", of_names[i / DP_BAND_Q], q_names[i % DP_BAND_Q]);
  dp_str_append(out, "\n");
  for (size_t i = 0; i < b->n; i++)
    for (size_t at = 0; at < b->bands[i].n; at++) {
      const struct dp_band *x = &b->bands[i];
      dp_str_printf(out, "%s,%s,%.17g,%.17g", x->name, x->unit, x->time_s[at], x->pair_n[at]);
      for (size_t k = 0; k < DP_BAND_OF * DP_BAND_Q; k++) {
        const double value = x->q[k / DP_BAND_Q][k % DP_BAND_Q][at];
        if (isfinite(value)) dp_str_printf(out, ",%.17g", value);
        else dp_str_append(out, ",");
      }
      dp_str_append(out, "\n");
    }
}
