/* analysis/tune_front.c — two objectives: the points that no other beats in both, and more of them by crossing those.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/tune.h"
#include "base/memory.h"
#include "engine/rng.h"
#include "model/vocabulary.h"

#define BROOD_N 8 /* points of a round: independent of the ranks that run them */

/* ---- the front ---- */

static double cost(const struct dp_tune_problem *p, const struct dp_tune_value *v, size_t o) {
  return p->goals[o] == DP_TUNE_MAX ? -v->objective[o] : v->objective[o];
}

static bool is_of_use(const struct dp_tune_value *v) {
  return !isnan(v->objective[0]) && !isnan(v->objective[1]) && !isnan(v->violation);
}

static bool dominates(const struct dp_tune_problem *p, const struct dp_tune_value *a, const struct dp_tune_value *b) {
  if (a->violation > 0 || b->violation > 0) return a->violation < b->violation;
  double a0 = cost(p, a, 0), a1 = cost(p, a, 1), b0 = cost(p, b, 0), b1 = cost(p, b, 1);
  return a0 <= b0 && a1 <= b1 && (a0 < b0 || a1 < b1);
}

static bool is_twin(const struct dp_tune_value *a, const struct dp_tune_value *b) {
  return memcmp(a->objective, b->objective, sizeof a->objective) == 0;
}

/* Feasible points that nothing dominates, by the first objective; of equal ones the first. */
static enum dp_status take_front(const struct dp_tune_problem *p, struct dp_tune_result *r, struct dp_err *err) {
  r->front_n = 0;
  if (!dp_array_resize(&r->front, r->n, sizeof *r->front)) return dp_fail_nomem(err, "points");
  for (size_t i = 0; i < r->n; i++) {
    bool kept = is_of_use(&r->values[i]) && r->values[i].violation <= 0;
    for (size_t k = 0; k < r->n && kept; k++)
      kept = k == i || !is_of_use(&r->values[k]) ||
             !(dominates(p, &r->values[k], &r->values[i]) || (k < i && is_twin(&r->values[k], &r->values[i])));
    if (!kept) continue;
    size_t at = r->front_n++;
    for (; at > 0 && r->values[r->front[at - 1]].objective[0] > r->values[i].objective[0]; at--)
      r->front[at] = r->front[at - 1];
    r->front[at] = i;
  }
  return DP_OK;
}

/* ---- more of it ---- */

/* How lonely a point is on the front: the sum of the sides of the box to its neighbours (Deb et al. 2002). */
static double crowding(const struct dp_tune_result *r, size_t at) {
  if (at == 0 || at + 1 == r->front_n) return INFINITY;
  double sum = 0;
  for (size_t o = 0; o < 2; o++) {
    double whole = fabs(r->values[r->front[r->front_n - 1]].objective[o] - r->values[r->front[0]].objective[o]);
    double box = fabs(r->values[r->front[at + 1]].objective[o] - r->values[r->front[at - 1]].objective[o]);
    if (whole > 0) sum += box / whole;
  }
  return sum;
}

/* The lonelier of two, drawn at random. */
static const double *parent(const struct dp_tune_result *r, struct dp_rng *rng) {
  if (r->front_n == 0) return r->points + r->best * r->k;
  size_t a = (size_t)dp_rng_below(rng, r->front_n), b = (size_t)dp_rng_below(rng, r->front_n);
  return r->points + r->front[crowding(r, a) >= crowding(r, b) ? a : b] * r->k;
}

static double fold(double u) {
  double x = fabs(fmod(u, 2));
  return x > 1 ? 2 - x : x;
}

/* A point between two parents, or a little beyond, shaken. */
static void child(const struct dp_tune_result *r, struct dp_rng *rng, double shake, double *out) {
  const double *a = parent(r, rng), *b = parent(r, rng);
  for (size_t i = 0; i < r->k; i++) {
    double u = a[i] + (1.5 * dp_rng_uniform(rng) - 0.25) * (b[i] - a[i]);
    if (dp_rng_uniform(rng) < 2.0 / (double)(r->k + 1)) u += shake * dp_rng_normal(rng);
    out[i] = fold(u);
  }
}

enum dp_status dp__tune_front(const struct dp_tune_problem *p, struct dp_tune_result *r, struct dp_err *err) {
  double *brood = dp_zeros(BROOD_N * p->k, sizeof *brood);
  bool more = p->method != DP_TUNE_SCREEN && r->n < p->budget_n;
  if (brood == NULL) return dp_fail_nomem(err, "points");
  enum dp_status status = take_front(p, r, err);
  for (uint64_t round = 0; status == DP_OK && more; round++) {
    struct dp_rng rng = dp_rng_at(p->seed, 0, round, DP_STREAM(DP_STREAM_DESIGN, 2), 0);
    double shake = 0.2 * (double)(p->budget_n - r->n) / (double)p->budget_n + 0.01;
    for (size_t i = 0; i < BROOD_N; i++) child(r, &rng, shake, brood + i * p->k);
    status = dp__tune_look(p, r, brood, BROOD_N, &more, err);
    if (status == DP_OK) status = take_front(p, r, err);
    more = more && r->n < p->budget_n;
  }
  free(brood);
  return status;
}
