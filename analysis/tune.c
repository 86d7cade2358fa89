/* analysis/tune.c — the first look over the cube, what is better, and which search goes on from there. */
#include "analysis/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design.h"
#include "base/memory.h"

const char *const dp_tune_methods[] = {"auto", "nelder_mead", "sobol", NULL};

/* ---- what is better ---- */

static double loss(const struct dp_tune_problem *p, const struct dp_tune_value *v) {
  double x = v->objective[0];
  return p->goals[0] == DP_TUNE_MIN ? x : p->goals[0] == DP_TUNE_MAX ? -x : fabs(x - p->target);
}

static bool is_bad(const struct dp_tune_problem *p, const struct dp_tune_value *v) {
  return isnan(v->objective[0]) || (p->objective_n > 1 && isnan(v->objective[1])) || isnan(v->violation);
}

bool dp_tune_better(const struct dp_tune_problem *p, const struct dp_tune_value *a, const struct dp_tune_value *b) {
  bool bad_a = is_bad(p, a), bad_b = is_bad(p, b);
  if (bad_a || bad_b) return bad_b && !bad_a;
  if (a->violation > 0 || b->violation > 0) return a->violation < b->violation;
  return loss(p, a) < loss(p, b);
}

static void take_best(const struct dp_tune_problem *p, struct dp_tune_result *r, size_t from) {
  for (size_t i = from; i < r->n; i++) {
    r->bad_n += is_bad(p, &r->values[i]);
    if (i == 0) continue;
    if (dp_tune_better(p, &r->values[i], &r->values[r->best])) {
      r->second = r->best;
      r->best = i;
    } else if (r->second == r->best || dp_tune_better(p, &r->values[i], &r->values[r->second])) {
      r->second = i;
    }
  }
}

/* ---- looking ---- */

enum dp_status dp__tune_look(const struct dp_tune_problem *p, struct dp_tune_result *r, const double *points, size_t n,
                             bool *more, struct dp_err *err) {
  size_t was_n = r->n;
  *more = r->n + n <= p->budget_n;
  if (r->n + n > p->budget_n) n = p->budget_n - r->n;
  if (n == 0) return DP_OK;
  if (!dp_array_resize(&r->points, (r->n + n) * p->k, sizeof *r->points) ||
      !dp_array_resize(&r->values, r->n + n, sizeof *r->values))
    return dp_fail_nomem(err, "points");
  memcpy(r->points + r->n * p->k, points, n * p->k * sizeof *points);
  DP_TRY(p->evaluate(p->ud, points, n, r->values + r->n, err));
  r->n += n;
  take_best(p, r, was_n);
  return DP_OK;
}

/* Sobol' points over the whole cube, the given start before them. */
static enum dp_status screen(const struct dp_tune_problem *p, struct dp_tune_result *r, size_t n, struct dp_err *err) {
  bool more;
  if (p->start) DP_TRY(dp__tune_look(p, r, p->start, 1, &more, err));
  double *points = dp_zeros(n * p->k, sizeof *points);
  if (points == NULL) return dp_fail_nomem(err, "points");
  enum dp_status status = n == 0       ? DP_OK
                          : p->k <= 40 ? dp_design_sobol(p->k, n, p->seed, 0, points, err)
                                       : dp_design_lhs(p->k, n, p->seed, points, err);
  if (status == DP_OK && n > 0) status = dp__tune_look(p, r, points, n, &more, err);
  free(points);
  return status;
}

static size_t screen_n(const struct dp_tune_problem *p) {
  size_t some = p->objective_n > 1 ? p->budget_n / 2 : p->method == DP_TUNE_NELDER_MEAD ? p->k + 1 : p->budget_n / 4;
  size_t most = 16 * (p->k + 1);
  if (p->method == DP_TUNE_SCREEN) return p->budget_n;
  if (p->method == DP_TUNE_NELDER_MEAD && p->start) return 0;
  if (p->objective_n == 1 && some > most) some = most;
  return some < 1 ? 1 : some;
}

static bool is_met(const struct dp_tune_problem *p, const struct dp_tune_result *r) {
  const struct dp_tune_value *best = &r->values[r->best];
  return p->objective_n == 1 && p->goals[0] == DP_TUNE_VALUE && best->violation <= 0 && loss(p, best) <= p->tolerance;
}

enum dp_status dp_tune(const struct dp_tune_problem *p, struct dp_tune_result *out, struct dp_err *err) {
  *out = (struct dp_tune_result){.k = p->k};
  if (p->k == 0) return dp_fail(err, DP_RANGE, "there is nothing to tune (vary = { name = depin.range { … } })");
  if (p->budget_n == 0) return dp_fail(err, DP_RANGE, "the budget is too small for one point");
  bool root = p->objective_n == 1 && p->goals[0] == DP_TUNE_VALUE && p->method == DP_TUNE_AUTO;
  bool levels = root && p->k == 1 && !(p->unordered && p->unordered[0]);
  if (!levels) DP_TRY(screen(p, out, screen_n(p), err));
  if (root) DP_TRY(dp__tune_root(p, out, err));
  if (out->bad_n == out->n)
    return dp_fail(err, DP_FAILED, "the objective is not a number at any of %zu points", out->n);
  if (!levels && !is_met(p, out) && p->method != DP_TUNE_SCREEN)
    DP_TRY(p->objective_n > 1 ? dp__tune_front(p, out, err) : dp__tune_descend(p, out, err));
  if (p->objective_n > 1 && p->method == DP_TUNE_SCREEN) DP_TRY(dp__tune_front(p, out, err));
  out->reached = is_met(p, out);
  return DP_OK;
}

void dp_tune_result_fini(struct dp_tune_result *r) {
  free(r->points);
  free(r->values);
  free(r->front);
  *r = (struct dp_tune_result){0};
}
