/* analysis/tune_root.c — a value that is wanted: two points between which the objective passes it, then Brent's method
 * on the straight line from one to the other. One input is looked at in even levels, several as the first look has
 * them. */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/tune.h"
#include "base/memory.h"

#define LEVELS_MAX 9

struct root {
  const struct dp_tune_problem *p;
  struct dp_tune_result *r;
  struct dp_err *err;
  enum dp_status status;
  bool more;
  size_t from, to; /* the bracket: points of the result */
  double *at;      /* [k] */
};

static double gap_of(const struct root *s, size_t point) { return s->r->values[point].objective[0] - s->p->target; }

/* Objective − target at a part of the way; both ends are known. */
static double gap(double part, void *root) {
  struct root *s = root;
  const size_t k = s->p->k, n = s->r->n;
  if (part <= 0) return gap_of(s, s->from);
  if (part >= 1) return gap_of(s, s->to);
  for (size_t i = 0; i < k; i++) {
    double a = s->r->points[s->from * k + i], b = s->r->points[s->to * k + i];
    s->at[i] = a + part * (b - a);
  }
  if (s->status == DP_OK) s->status = dp__tune_look(s->p, s->r, s->at, 1, &s->more, s->err);
  return s->status == DP_OK && s->r->n > n ? gap_of(s, n) : (double)GSL_NAN;
}

static bool is_near(const struct root *s) {
  const struct dp_tune_value *v = &s->r->values[s->r->best];
  return v->violation <= 0 && fabs(v->objective[0] - s->p->target) <= s->p->tolerance;
}

static enum dp_status close_in(struct root *s) {
  gsl_function f = {gap, s};
  gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
  if (solver == NULL) return dp_fail_nomem(s->err, "a root finder");
  bool going = gsl_root_fsolver_set(solver, &f, 0, 1) == GSL_SUCCESS;
  while (going && s->status == DP_OK && s->more && !is_near(s)) {
    going = gsl_root_fsolver_iterate(solver) == GSL_SUCCESS &&
            gsl_root_fsolver_x_upper(solver) - gsl_root_fsolver_x_lower(solver) > 1e-12;
  }
  gsl_root_fsolver_free(solver);
  return s->status;
}

/* Whether a line leads from one to the other: no choice differs. */
static bool is_joined(const struct root *s, size_t a, size_t b) {
  const size_t k = s->p->k;
  for (size_t i = 0; i < k && s->p->unordered; i++)
    if (s->p->unordered[i] && memcmp(&s->r->points[a * k + i], &s->r->points[b * k + i], sizeof(double)) != 0)
      return false;
  return true;
}

/* Two points, neighbours where there is one input, on both sides of the value; the pair that is nearest to it, and one
 * that keeps the constraints before one that does not. */
static bool find_bracket(struct root *s, size_t n) {
  double nearest = HUGE_VAL;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i + 1; j < (s->p->k == 1 && i + 2 < n ? i + 2 : n); j++) {
      double a = gap_of(s, i), b = gap_of(s, j);
      double broken = fmax(s->r->values[i].violation, 0) + fmax(s->r->values[j].violation, 0);
      double far = fabs(a) + fabs(b) + (broken > 0 ? 1e100 * (1 + broken) : 0);
      if (!(a * b <= 0) || !(far < nearest) || !is_joined(s, i, j)) continue;
      nearest = far;
      s->from = i;
      s->to = j;
    }
  return nearest < HUGE_VAL;
}

enum dp_status dp__tune_root(const struct dp_tune_problem *p, struct dp_tune_result *r, struct dp_err *err) {
  struct root s = {.p = p, .r = r, .err = err, .more = true};
  double levels[LEVELS_MAX];
  size_t n = p->budget_n / 3;
  n = n < 2 ? 2 : n > LEVELS_MAX ? LEVELS_MAX : n;
  for (size_t i = 0; i < n && p->k == 1; i++) levels[i] = (double)i / (double)(n - 1);
  if (p->k == 1) DP_TRY(dp__tune_look(p, r, levels, n, &s.more, err));
  r->bracketed = find_bracket(&s, r->n);
  if (!r->bracketed || is_near(&s)) return DP_OK;
  s.at = dp_zeros(p->k, sizeof *s.at);
  enum dp_status status = s.at ? close_in(&s) : dp_fail_nomem(err, "a root finder");
  free(s.at);
  return status;
}
