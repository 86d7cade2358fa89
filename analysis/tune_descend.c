/* analysis/tune_descend.c — from the best point of the first look a simplex descends; where it ends, another begins. */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/statistics.h"
#include "analysis/tune.h"
#include "base/memory.h"

#define FIRST_STEP 0.2
#define LAST_SIZE 1e-4  /* of a simplex, in the unit cube */
#define GAIN_RATIO 1e-3 /* of the scale: less than that from one simplex to the next is no gain */

struct descent {
  const struct dp_tune_problem *p;
  struct dp_tune_result *r;
  struct dp_err *err;
  enum dp_status status;
  bool more;
  size_t repeated_n; /* points asked for that were known */
  size_t *free;      /* [free_n] inputs that are moved */
  size_t free_n;
  double *at;           /* [k] */
  double centre, scale; /* of the objective over the first look */
};

/* The cube without walls: beyond one it is seen in a mirror, so that a simplex never folds up on a wall. */
static double fold(double u) {
  double x = fabs(fmod(u, 2));
  return x > 1 ? 2 - x : x;
}

/* One number that orders values as dp_tune_better does: feasible ones below 1, the others by their violation. */
static double rank_of(const struct descent *d, const struct dp_tune_value *v) {
  double x = v->objective[0];
  if (isnan(x) || isnan(v->violation)) return 1e6;
  if (v->violation > 0) return 1 + v->violation;
  x = d->p->goals[0] == DP_TUNE_MAX ? -x : d->p->goals[0] == DP_TUNE_VALUE ? fabs(x - d->p->target) : x;
  return 0.5 + atan((x - d->centre) / d->scale) / M_PI;
}

static const struct dp_tune_value *known(const struct descent *d, const double *point) {
  for (size_t i = 0; i < d->r->n; i++)
    if (memcmp(d->r->points + i * d->p->k, point, d->p->k * sizeof *point) == 0) return &d->r->values[i];
  return NULL;
}

static double objective(const gsl_vector *x, void *descent) {
  struct descent *d = descent;
  if (d->status != DP_OK || !d->more) return 1e6;
  for (size_t i = 0; i < d->free_n; i++) d->at[d->free[i]] = fold(gsl_vector_get(x, i));
  const struct dp_tune_value *v = known(d, d->at);
  d->repeated_n += v != NULL;
  if (v == NULL) {
    size_t n = d->r->n;
    d->status = dp__tune_look(d->p, d->r, d->at, 1, &d->more, d->err);
    if (d->r->n == n) return 1e6;
    v = &d->r->values[n];
  }
  return rank_of(d, v);
}

/* Median and quarter range over what has been seen. */
static enum dp_status take_scale(struct descent *d) {
  double *seen = dp_zeros(d->r->n, sizeof *seen);
  if (seen == NULL) return dp_fail_nomem(d->err, "points");
  for (size_t i = 0; i < d->r->n; i++) {
    double x = d->r->values[i].objective[0];
    seen[i] = d->p->goals[0] == DP_TUNE_MAX ? -x : d->p->goals[0] == DP_TUNE_VALUE ? fabs(x - d->p->target) : x;
  }
  size_t n = dp_stat_sort(seen, d->r->n);
  d->centre = dp_stat_quantile(seen, n, 0.5);
  d->scale = dp_stat_quantile(seen, n, 0.75) - dp_stat_quantile(seen, n, 0.25);
  if (!(d->scale > 0)) d->scale = fabs(d->centre) > 0 ? fabs(d->centre) : 1;
  free(seen);
  return DP_OK;
}

static enum dp_status one_simplex(struct descent *d, gsl_multimin_fminimizer *m, gsl_vector *x, gsl_vector *step) {
  gsl_multimin_function f = {objective, d->free_n, d};
  memcpy(d->at, d->r->points + d->r->best * d->p->k, d->p->k * sizeof *d->at);
  for (size_t i = 0; i < d->free_n; i++) gsl_vector_set(x, i, d->at[d->free[i]]);
  bool going = gsl_multimin_fminimizer_set(m, &f, x, step) == GSL_SUCCESS;
  while (going && d->status == DP_OK && d->more && d->repeated_n < 4 * d->p->budget_n + 100)
    going = gsl_multimin_fminimizer_iterate(m) == GSL_SUCCESS && gsl_multimin_fminimizer_size(m) > LAST_SIZE;
  return d->status;
}

static bool is_done(const struct descent *d) {
  const struct dp_tune_value *v = &d->r->values[d->r->best];
  return d->p->goals[0] == DP_TUNE_VALUE && v->violation <= 0 &&
         fabs(v->objective[0] - d->p->target) <= d->p->tolerance / 100;
}

static enum dp_status descend(struct descent *d) {
  gsl_multimin_fminimizer *m = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2rand, d->free_n);
  gsl_vector *x = gsl_vector_alloc(d->free_n), *step = gsl_vector_alloc(d->free_n);
  enum dp_status status = m && x && step ? DP_OK : dp_fail_nomem(d->err, "a simplex");
  double size = FIRST_STEP;
  unsigned idle_n = 0;
  while (status == DP_OK && d->more && idle_n < 3 && !is_done(d) && d->repeated_n < 4 * d->p->budget_n + 100) {
    status = take_scale(d); /* a monotone change of the objective, so that a simplex sees its order alone */
    double before = rank_of(d, &d->r->values[d->r->best]);
    gsl_vector_set_all(step, idle_n % 2 ? -size : size);
    if (status == DP_OK) status = one_simplex(d, m, x, step);
    bool gained = before - rank_of(d, &d->r->values[d->r->best]) > GAIN_RATIO * before;
    idle_n = gained ? 0 : idle_n + 1;
    size = gained ? FIRST_STEP / 2 : size / 3;
  }
  if (m) gsl_multimin_fminimizer_free(m);
  gsl_vector_free(x);
  gsl_vector_free(step);
  return status;
}

enum dp_status dp__tune_descend(const struct dp_tune_problem *p, struct dp_tune_result *r, struct dp_err *err) {
  struct descent d = {.p = p, .r = r, .err = err, .more = true};
  d.free = dp_zeros(p->k, sizeof *d.free);
  d.at = dp_zeros(p->k, sizeof *d.at);
  enum dp_status status = d.free && d.at ? DP_OK : dp_fail_nomem(err, "a simplex");
  for (size_t i = 0; i < p->k && status == DP_OK; i++)
    if (!p->unordered || !p->unordered[i]) d.free[d.free_n++] = i;
  if (status == DP_OK && d.free_n > 0) status = descend(&d);
  free(d.free);
  free(d.at);
  return status;
}
