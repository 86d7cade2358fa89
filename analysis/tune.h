/* analysis/tune.h — finds the point of the unit cube where a noisy objective is best, or what it has to be given to
 * take a value; the front of two objectives. Layer: analysis. Not collective.
 *
 * What lies between (a function, a sweep over ranks) is the caller's: points are asked for in batches, and which ones
 * hangs on the values, the seed and the budget alone, so that equal answers give equal questions, on any number of
 * ranks and after any kill. The caller is expected to give every point the same luck (common random numbers): the mean
 * over a fixed set of lucks is then a function without noise, which a simplex can descend. What is found on it is too
 * good by the winner's curse; the caller runs it again on fresh luck.
 *
 * Sources: Nelder and Mead, Computer Journal 7(4) 1965 (GSL's nmsimplex2rand); Brent 1973, chapter 4 (GSL's root
 * finder); Deb, Comput. Methods Appl. Mech. Eng. 186 2000 (feasible before infeasible); Deb et al., IEEE Trans. Evol.
 * Comput. 6(2) 2002 (crowding distance); common random numbers: Law, Simulation Modeling and Analysis, chapter 11. */
#ifndef DP_ANALYSIS_TUNE_H
#define DP_ANALYSIS_TUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum dp_tune_goal { DP_TUNE_MIN, DP_TUNE_MAX, DP_TUNE_VALUE };
enum dp_tune_method { DP_TUNE_AUTO, DP_TUNE_NELDER_MEAD, DP_TUNE_SCREEN };

/** "auto", "nelder_mead", "sobol"; ended by NULL. */
extern const char *const dp_tune_methods[];

/** What a point gave. */
struct dp_tune_value {
  double objective[2]; /* NaN: the point is of no use */
  double violation;    /* of the constraints; 0: all hold */
};

/** Values of points[n][k] in [0, 1]. */
typedef enum dp_status (*dp_tune_evaluate_fn)(void *ud, const double *points, size_t n, struct dp_tune_value *out,
                                              struct dp_err *err);

struct dp_tune_problem {
  size_t k;
  const bool *unordered;      /* [k] inputs that are a choice: only the first look moves them; NULL: none */
  size_t objective_n;         /* 1; 2: a front */
  enum dp_tune_goal goals[2]; /* VALUE only of a single objective */
  double target, tolerance;   /* of VALUE: |objective − target| ≤ tolerance is enough */
  enum dp_tune_method method;
  size_t budget_n; /* points at most */
  uint64_t seed;
  const double *start; /* [k] looked at first; NULL: none */
  dp_tune_evaluate_fn evaluate;
  void *ud;
};

/** All points that were looked at, in order, and the best of them. */
struct dp_tune_result {
  size_t k, n, cap;
  double *points; /* [n][k] */
  struct dp_tune_value *values;
  size_t best, second; /* of one objective; second = best when there is no other */
  size_t *front;       /* [front_n] of two, by the first objective */
  size_t front_n;
  bool reached;   /* VALUE: within the tolerance */
  bool bracketed; /* VALUE: points on both sides of it were found */
  size_t bad_n;   /* points of no use */
};

/** Searches. Errors: those of evaluate; DP_RANGE (no input, no budget), DP_NOMEM; DP_FAILED when no point is of use.
 *  @param out filled; dp_tune_result_fini frees it, after an error too */
enum dp_status dp_tune(const struct dp_tune_problem *p, struct dp_tune_result *out, struct dp_err *err);
void dp_tune_result_fini(struct dp_tune_result *r);

/** Whether a is better than b: feasible before infeasible, less violation, then the goal. */
bool dp_tune_better(const struct dp_tune_problem *p, const struct dp_tune_value *a, const struct dp_tune_value *b);

/** Inside (tune_*.c): evaluates and notes; false in *more when the budget is used up (nothing is then evaluated, or
 * only the first points). */
enum dp_status dp__tune_look(const struct dp_tune_problem *p, struct dp_tune_result *r, const double *points, size_t n,
                             bool *more, struct dp_err *err);
enum dp_status dp__tune_descend(const struct dp_tune_problem *p, struct dp_tune_result *r, struct dp_err *err);
enum dp_status dp__tune_root(const struct dp_tune_problem *p, struct dp_tune_result *r, struct dp_err *err);
enum dp_status dp__tune_front(const struct dp_tune_problem *p, struct dp_tune_result *r, struct dp_err *err);

#endif
