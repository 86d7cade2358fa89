/* tests/unit/t_tune.c — optima, roots and fronts that are known in closed form are found through noise. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <string.h>

#include "analysis/tune.h"
#include "analysis/tuned.h"
#include "engine/rng.h"

#define REPLICATES 20

/** A function of the unit cube with luck: what all points share, and what is each point's own. */
struct noisy {
  double (*f)(const double *u, size_t k);
  size_t k, asked_n;
  double shared, own;
  uint64_t seed, trace;
};

static uint64_t bits(double x) {
  uint64_t b;
  memcpy(&b, &x, sizeof b);
  return b;
}

/* Mean over the replicates of f + common noise + own noise, as a sweep with common random numbers gives it. */
static double observe(struct noisy *n, const double *u) {
  double sum = 0;
  uint64_t entity = 1;
  for (size_t i = 0; i < n->k; i++) entity = entity * UINT64_C(0x9e3779b97f4a7c15) + bits(u[i]);
  for (uint64_t r = 0; r < REPLICATES; r++) {
    struct dp_rng shared = dp_rng_at(n->seed, r, 0, 0, 0), own = dp_rng_at(n->seed, r, entity, 0, 1);
    sum += n->f(u, n->k) + n->shared * dp_rng_normal(&shared) + n->own * dp_rng_normal(&own);
  }
  return sum / REPLICATES;
}

static enum dp_status evaluate(void *noisy, const double *points, size_t n, struct dp_tune_value *out,
                               struct dp_err *err) {
  struct noisy *s = noisy;
  (void)err;
  for (size_t i = 0; i < n; i++) {
    for (size_t d = 0; d < s->k; d++) {
      assert_true(points[i * s->k + d] >= 0 && points[i * s->k + d] <= 1);
      s->trace = s->trace * UINT64_C(0x9e3779b97f4a7c15) + bits(points[i * s->k + d]);
    }
    out[i] = (struct dp_tune_value){.objective = {observe(s, points + i * s->k), 0}};
  }
  s->asked_n += n;
  return DP_OK;
}

/* Rosenbrock 1960 over [−2, 2]²: 0 at (1, 1), at the end of a curved valley. */
static double rosenbrock(const double *u, size_t k) {
  double sum = 0;
  for (size_t i = 0; i + 1 < k; i++) {
    double x = 4 * u[i] - 2, y = 4 * u[i + 1] - 2;
    sum += 100 * (y - x * x) * (y - x * x) + (1 - x) * (1 - x);
  }
  return sum;
}

static struct dp_tune_problem problem_of(struct noisy *n, size_t budget_n, uint64_t seed) {
  return (struct dp_tune_problem){
      .k = n->k, .objective_n = 1, .budget_n = budget_n, .seed = seed, .evaluate = evaluate, .ud = n};
}

static void the_optimum_of_a_noisy_rosenbrock_is_found_within_its_noise(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    struct noisy n = {.f = rosenbrock, .k = 2, .shared = 5, .own = 0.05, .seed = seed};
    struct dp_tune_problem p = problem_of(&n, 300, seed);
    struct dp_tune_result r;
    struct dp_err err = {0};
    assert_int_equal(dp_tune(&p, &r, &err), DP_OK);
    assert_true(n.asked_n <= 300 && r.n == n.asked_n);
    double f = rosenbrock(r.points + 2 * r.best, 2);
    if (f > 0.1) fail_msg("seed %d: f = %g at the best point, after %zu points", (int)seed, f, r.n);
    dp_tune_result_fini(&r);
  }
}

static void without_noise_of_its_own_a_point_is_found_to_many_digits(void **state) {
  (void)state;
  for (size_t k = 2; k <= 3; k++) {
    struct noisy n = {.f = rosenbrock, .k = k, .shared = 5, .seed = 3};
    struct dp_tune_problem p = problem_of(&n, 1500, 3);
    struct dp_tune_result r;
    struct dp_err err = {0};
    assert_int_equal(dp_tune(&p, &r, &err), DP_OK);
    for (size_t i = 0; i < k; i++) assert_true(fabs(4 * r.points[r.best * k + i] - 2 - 1) < 0.02);
    dp_tune_result_fini(&r);
  }
}

static void equal_answers_give_equal_questions(void **state) {
  (void)state;
  uint64_t traces[2];
  for (int turn = 0; turn < 2; turn++) {
    struct noisy n = {.f = rosenbrock, .k = 3, .shared = 1, .own = 0.1, .seed = 8};
    struct dp_tune_problem p = problem_of(&n, 200, 8);
    struct dp_tune_result r;
    struct dp_err err = {0};
    assert_int_equal(dp_tune(&p, &r, &err), DP_OK);
    traces[turn] = n.trace;
    dp_tune_result_fini(&r);
  }
  assert_true(traces[0] == traces[1]);
}

static double cube(const double *u, size_t k) {
  (void)k;
  return 10 * u[0] * u[0] * u[0];
}

/* 10 u³ = 2.7 at u = 0.6463. */
static void a_value_is_met_by_a_root_finder(void **state) {
  (void)state;
  struct noisy n = {.f = cube, .k = 1, .shared = 0.1, .own = 0.001, .seed = 5};
  struct dp_tune_problem p = problem_of(&n, 30, 5);
  struct dp_tune_result r;
  struct dp_err err = {0};
  p.goals[0] = DP_TUNE_VALUE;
  p.target = 2.7;
  p.tolerance = 0.01;
  assert_int_equal(dp_tune(&p, &r, &err), DP_OK);
  assert_true(r.reached && r.bracketed && r.n <= 20);
  assert_true(fabs(r.points[r.best] - cbrt(0.27)) < 0.01);
  dp_tune_result_fini(&r);
  p.target = 20; /* never */
  assert_int_equal(dp_tune(&p, &r, &err), DP_OK);
  assert_true(!r.reached && !r.bracketed && r.points[r.best] > 0.999);
  dp_tune_result_fini(&r);
}

/* With several inputs the root is looked for between two points that have the value between them. */
static void a_value_is_met_with_several_inputs(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 10; seed++) {
    struct noisy n = {.f = rosenbrock, .k = 3, .shared = 0.1, .own = 0.001, .seed = seed};
    struct dp_tune_problem p = problem_of(&n, 40, seed);
    struct dp_tune_result r;
    struct dp_err err = {0};
    p.goals[0] = DP_TUNE_VALUE;
    p.target = 500;
    p.tolerance = 1;
    assert_int_equal(dp_tune(&p, &r, &err), DP_OK);
    assert_true(r.reached && fabs(rosenbrock(r.points + 3 * r.best, 3) - 500) < 2);
    dp_tune_result_fini(&r);
  }
}

/* ---- constraints, fronts, nonsense ---- */

/* Least u0 + u1 with u0 · u1 ≥ 0.25: both 0.5. */
static enum dp_status hyperbola(void *ud, const double *u, size_t n, struct dp_tune_value *out, struct dp_err *err) {
  (void)ud, (void)err;
  for (size_t i = 0; i < n; i++, u += 2)
    out[i] = (struct dp_tune_value){{u[0] + u[1], 0}, fmax(0, 0.25 - u[0] * u[1])};
  return DP_OK;
}

static void the_best_point_keeps_the_constraints(void **state) {
  (void)state;
  struct dp_tune_problem p = {.k = 2, .objective_n = 1, .budget_n = 400, .seed = 2, .evaluate = hyperbola};
  struct dp_tune_result r;
  struct dp_err err = {0};
  assert_int_equal(dp_tune(&p, &r, &err), DP_OK);
  assert_true(r.values[r.best].violation <= 0);
  assert_true(r.values[r.best].objective[0] < 1.02);
  dp_tune_result_fini(&r);
}

/* Schaffer 1985: x² and (x − 2)² over x in [−4, 4]; the front is x in [0, 2], and y has no say but has to be 0. */
static enum dp_status schaffer(void *ud, const double *u, size_t n, struct dp_tune_value *out, struct dp_err *err) {
  (void)ud, (void)err;
  for (size_t i = 0; i < n; i++, u += 2) {
    double x = 8 * u[0] - 4, y = u[1];
    out[i] = (struct dp_tune_value){{x * x + y, -((x - 2) * (x - 2) + y)}, 0};
  }
  return DP_OK;
}

static void the_front_of_two_objectives_is_schaffers(void **state) {
  (void)state;
  struct dp_tune_problem p = {.k = 2, .objective_n = 2, .goals = {DP_TUNE_MIN, DP_TUNE_MAX}, .budget_n = 600,
                              .seed = 2, .evaluate = schaffer};
  struct dp_tune_result r;
  struct dp_err err = {0};
  assert_int_equal(dp_tune(&p, &r, &err), DP_OK);
  assert_true(r.front_n >= 20);
  double least = 9, most = -9, off = 0;
  for (size_t i = 0; i < r.front_n; i++) {
    const double *f = r.values[r.front[i]].objective;
    off += (sqrt(f[0]) + sqrt(-f[1]) - 2) / (double)r.front_n; /* 0 on the front, above it elsewhere */
    least = fmin(least, sqrt(f[0]));
    most = fmax(most, sqrt(f[0]));
    if (i > 0) assert_true(f[0] > r.values[r.front[i - 1]].objective[0]);
  }
  if (!(off < 0.05 && least < 0.2 && most > 1.8)) fail_msg("%g off, from %g to %g", off, least, most);
  dp_tune_result_fini(&r);
}

static enum dp_status nothing(void *ud, const double *u, size_t n, struct dp_tune_value *out, struct dp_err *err) {
  (void)ud, (void)u, (void)err;
  for (size_t i = 0; i < n; i++) out[i] = (struct dp_tune_value){{(double)NAN, (double)NAN}, 0};
  return DP_OK;
}

static void an_objective_that_is_no_number_is_an_error(void **state) {
  (void)state;
  for (size_t objective_n = 1; objective_n <= 2; objective_n++)
    for (int goal = 0; goal <= DP_TUNE_VALUE; goal++) {
      struct dp_tune_problem p = {.k = 1, .objective_n = objective_n, .goals = {(enum dp_tune_goal)goal},
                                  .budget_n = 40, .evaluate = nothing};
      struct dp_tune_result r;
      struct dp_err err = {0};
      assert_int_equal(dp_tune(&p, &r, &err), DP_FAILED);
      assert_non_null(strstr(err.text, "not a number at any of"));
      dp_tune_result_fini(&r);
    }
}

/* Two valleys: the interval is of the one around the best, and the other one must be told. */
static void a_second_valley_of_a_profile_is_found(void **state) {
  (void)state;
  const double value[] = {1, 2, 3, 4, 5}, deviance[] = {0.5, 9, 2, 0, 8}, one[] = {20, 9, 2, 0, 8};
  assert_int_equal(dp_profile_elsewhere(5, value, deviance, 2.8, 4.5, false, false), 0);
  assert_int_equal(dp_profile_elsewhere(5, value, one, 2.8, 4.5, false, false), SIZE_MAX);
  assert_int_equal(dp_profile_elsewhere(5, value, deviance, 2.8, 4.5, true, false), SIZE_MAX); /* open there anyway */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_second_valley_of_a_profile_is_found),
      cmocka_unit_test(the_optimum_of_a_noisy_rosenbrock_is_found_within_its_noise),
      cmocka_unit_test(without_noise_of_its_own_a_point_is_found_to_many_digits),
      cmocka_unit_test(equal_answers_give_equal_questions),
      cmocka_unit_test(a_value_is_met_by_a_root_finder),
      cmocka_unit_test(a_value_is_met_with_several_inputs),
      cmocka_unit_test(the_best_point_keeps_the_constraints),
      cmocka_unit_test(the_front_of_two_objectives_is_schaffers),
      cmocka_unit_test(an_objective_that_is_no_number_is_an_error),
  };
  gsl_set_error_handler_off();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
