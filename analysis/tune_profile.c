/* analysis/tune_profile.c — identifiability: one parameter is held at levels of its range, the others are tuned anew; a
 * parameter whose fit gets no worse anywhere cannot be learned from these data.
 *
 * Profile likelihood of a least-squares fit with normal errors of unknown size: n · ln(SSE / least SSE), which is below
 * 3.84 over a 95 % interval (Venzon and Moolgavkar, Applied Statistics 37(1) 1988; Raue et al., Bioinformatics 25(15)
 * 2009). Errors that depend on their neighbours make the interval too narrow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/tune_study.h"
#include "analysis/tuned.h"
#include "base/memory.h"

#define LEVELS 9

/* Least mean square with one parameter held at t->held[t->held_axis]; start [axis_n] moves to where it was found. */
static enum dp_status best_held(struct dp_tuning *t, double *start, size_t budget_n, double *out, struct dp_err *err) {
  const struct dp_study *s = t->study;
  struct dp_tune_result r = {0};
  *out = (double)NAN;
  if (s->axis_n == 1) {
    struct dp_tune_value v;
    DP_TRY(dp__tuning_evaluate(t, NULL, 1, &v, err));
    *out = v.objective[0];
    return DP_OK;
  }
  double *others = dp_zeros(s->axis_n, sizeof *others);
  bool *unordered = dp_zeros(s->axis_n, sizeof *unordered);
  enum dp_status status = others && unordered ? DP_OK : dp_fail_nomem(err, "a profile");
  for (size_t a = 0, at = 0; a < s->axis_n && status == DP_OK; a++) {
    if (a == t->held_axis) continue;
    unordered[at] = t->unordered[a];
    others[at++] = start[a];
  }
  struct dp_tune_problem p = t->problem;
  p.k = s->axis_n - 1;
  p.unordered = unordered;
  p.start = others;
  p.method = DP_TUNE_NELDER_MEAD;
  p.budget_n = budget_n > 0 ? budget_n : 1;
  if (status == DP_OK) {
    struct dp_err why = {0};
    status = dp_tune(&p, &r, &why);
    if (status == DP_OK) {
      *out = r.values[r.best].objective[0];
      for (size_t a = 0, at = 0; a < s->axis_n; a++)
        if (a != t->held_axis) start[a] = r.points[r.best * p.k + at++];
    }
    else if (r.n > 0 && r.bad_n == r.n) status = DP_OK; /* nothing runs there */
    else dp_fail(err, status, "%s", why.text);
  }
  dp_tune_result_fini(&r);
  free(others);
  free(unordered);
  return status;
}

/* Levels of an axis: over its range, or its values; in [0, 1]. */
static size_t level_n(const struct dp_axis *a) { return a->value_n && a->value_n < LEVELS ? a->value_n : LEVELS; }
static double level(const struct dp_axis *a, size_t i) {
  size_t n = level_n(a);
  return a->value_n ? ((double)i + 0.5) / (double)n : n > 1 ? (double)i / (double)(n - 1) : 0;
}

/* One level; what it found is where the next begins: where one parameter stands in for another the best moves far. */
static enum dp_status step(struct dp_tuning *t, struct dp_tuning_profile *f, size_t i, double *start, size_t budget_n,
                           struct dp_err *err) {
  const struct dp_axis *axis = &t->study->axes[f->axis];
  f->value[i] = t->held[f->axis] = dp_axis_at(axis, level(axis, i));
  return best_held(t, start, budget_n / f->n, &f->deviance[i], err); /* a mean square until all are known */
}

static enum dp_status profile(struct dp_tuning *t, struct dp_tuning_profile *f, size_t budget_n, struct dp_err *err) {
  const struct dp_axis *axis = &t->study->axes[f->axis];
  const double *best = t->result.points + t->result.best * t->study->axis_n;
  double *start = dp_zeros(t->study->axis_n, sizeof *start);
  enum dp_status status = DP_OK;
  size_t above = 0;
  f->n = level_n(axis);
  f->value = dp_zeros(f->n, sizeof *f->value);
  f->deviance = dp_zeros(f->n, sizeof *f->deviance);
  if (!f->value || !f->deviance || !start) status = dp_fail_nomem(err, "a profile");
  t->held_axis = f->axis;
  while (above < f->n && level(axis, above) <= best[f->axis]) above++;
  if (start) memcpy(start, best, t->study->axis_n * sizeof *start);
  for (size_t i = above; i < f->n && status == DP_OK; i++) status = step(t, f, i, start, budget_n, err);
  if (start) memcpy(start, best, t->study->axis_n * sizeof *start);
  for (size_t i = above; i-- > 0 && status == DP_OK;) status = step(t, f, i, start, budget_n, err);
  free(start);
  return status;
}

static double crossing(const struct dp_tuning_profile *f, size_t in, size_t out) {
  double a = f->deviance[in], b = f->deviance[out];
  if (isnan(b)) return f->value[in];
  return f->value[in] + (DP_CHI2_95 - a) / (b - a) * (f->value[out] - f->value[in]);
}

/* Where the deviance is below the threshold, from the best design's value outwards. */
static void take_interval(struct dp_tuning_profile *f, double best) {
  size_t i = 0, k = f->n;
  f->low = f->high = best;
  f->open_low = f->open_high = true;
  while (k > 0 && f->value[k - 1] > best) k--; /* levels below k are at or below the best */
  for (i = k; i-- > 0;) {
    bool holds = f->deviance[i] < DP_CHI2_95;
    if (holds) f->low = f->value[i];
    else if (i + 1 < f->n && f->deviance[i + 1] < DP_CHI2_95 && i + 1 < k) f->low = crossing(f, i + 1, i);
    else f->low = f->value[i] + (best - f->value[i]) * (1 - sqrt(DP_CHI2_95 / fmax(f->deviance[i], DP_CHI2_95)));
    if (holds) continue;
    f->open_low = false;
    break;
  }
  for (i = k; i < f->n; i++) {
    bool holds = f->deviance[i] < DP_CHI2_95;
    if (holds) f->high = f->value[i];
    else if (i > k && f->deviance[i - 1] < DP_CHI2_95) f->high = crossing(f, i - 1, i);
    else f->high = f->value[i] + (best - f->value[i]) * (1 - sqrt(DP_CHI2_95 / fmax(f->deviance[i], DP_CHI2_95)));
    if (holds) continue;
    f->open_high = false;
    break;
  }
}

enum dp_status dp__tuning_profile(struct dp_tuning *t, size_t budget_n, struct dp_err *err) {
  const struct dp_study *s = t->study;
  const double *best = s->points + t->places[t->result.best] * s->axis_n;
  double least = t->result.values[t->result.best].objective[0], n = (double)t->fit.seen_n;
  double *at_best = dp_zeros(s->axis_n, sizeof *at_best);
  t->held = dp_zeros(s->axis_n, sizeof *t->held);
  t->profiles = dp_zeros(s->axis_n, sizeof *t->profiles);
  enum dp_status status = t->held && t->profiles && at_best ? DP_OK : dp_fail_nomem(err, "a profile");
  t->few_looks = budget_n / (s->axis_n * LEVELS) < DP_PROFILE_LOOKS * (s->axis_n - 1);
  if (status == DP_OK) memcpy(at_best, best, s->axis_n * sizeof *at_best); /* the points move as they grow */
  for (size_t a = 0; a < s->axis_n && status == DP_OK; a++) {
    if (t->unordered[a]) continue;
    t->profiles[t->profile_n].axis = a;
    status = profile(t, &t->profiles[t->profile_n++], budget_n / s->axis_n, err);
  }
  double scale = 0;
  for (size_t i = 0; i < t->fit.seen_n; i++) scale += t->fit.value[i] * t->fit.value[i] / n;
  for (size_t i = 0; i < t->profile_n && status == DP_OK; i++)
    for (size_t k = 0; k < t->profiles[i].n; k++) least = fmin(least, t->profiles[i].deviance[k]);
  if (least < 1e-14 * scale) least = 1e-14 * scale; /* as well as single precision tells */
  for (size_t i = 0; i < t->profile_n && status == DP_OK; i++) {
    struct dp_tuning_profile *f = &t->profiles[i];
    for (size_t k = 0; k < f->n; k++) f->deviance[k] = n * log(fmax(f->deviance[k], least) / least);
    take_interval(f, at_best[f->axis]);
  }
  free(at_best);
  free(t->held);
  t->held = NULL;
  return status;
}
