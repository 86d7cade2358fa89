/* tests/unit/t_balance.c — plans that even out ranks: against the best deal there is, and by how little they move. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/hash.h"
#include "engine/balance.h"

#define CELLS_MAX 4096

/* Runs a plan from contiguous blocks; counts the cells that move. */
struct planned {
  uint32_t rank[CELLS_MAX], moved_n;
  uint64_t before, after;
};

static void plan(const uint64_t *cost, uint32_t cell_n, uint32_t rank_n, struct planned *p) {
  struct dp_err err = {0};
  for (uint32_t c = 0; c < cell_n; c++) p->rank[c] = (uint32_t)((uint64_t)c * rank_n / cell_n);
  assert_int_equal(dp_balance_plan(cost, cell_n, rank_n, p->rank, &p->before, &p->after, &err), DP_OK);
  p->moved_n = 0;
  for (uint32_t c = 0; c < cell_n; c++) {
    assert_true(p->rank[c] < rank_n);
    p->moved_n += p->rank[c] != (uint32_t)((uint64_t)c * rank_n / cell_n);
  }
}

static uint64_t busiest(const uint64_t *cost, uint32_t cell_n, uint32_t rank_n, const uint32_t *rank) {
  uint64_t load[16] = {0}, most = 0;
  for (uint32_t c = 0; c < cell_n; c++) load[rank[c]] += cost[c];
  for (uint32_t r = 0; r < rank_n; r++) most = load[r] > most ? load[r] : most;
  return most;
}

/* Of all ways to deal the cells. */
static uint64_t best_deal(const uint64_t *cost, uint32_t cell_n, uint32_t rank_n) {
  uint64_t best = UINT64_MAX, ways = 1;
  for (uint32_t c = 0; c < cell_n; c++) ways *= rank_n;
  for (uint64_t way = 0; way < ways; way++) {
    uint32_t rank[16];
    uint64_t rest = way;
    for (uint32_t c = 0; c < cell_n; c++, rest /= rank_n) rank[c] = (uint32_t)(rest % rank_n);
    uint64_t most = busiest(cost, cell_n, rank_n, rank);
    best = most < best ? most : best;
  }
  return best;
}

/* A deal that no single move of the busiest rank improves is within 2 − 2/(ranks + 1) of the best (Finn and Horowitz
 * 1979, BIT 19); one that stopped early is within 1/32 of the mean. */
static void a_plan_is_within_the_bound_of_finn_and_horowitz(void **state) {
  (void)state;
  static struct planned p;
  for (uint64_t trial = 0; trial < 200; trial++) {
    uint32_t rank_n = 2 + (uint32_t)(trial % 3), cell_n = rank_n == 2 ? 11 : rank_n == 3 ? 8 : 7;
    uint64_t cost[16];
    for (uint32_t c = 0; c < cell_n; c++) cost[c] = dp_hash_mix(trial, c) % (c == 0 ? 1000 : 200);
    plan(cost, cell_n, rank_n, &p);
    assert_int_equal(p.after, busiest(cost, cell_n, rank_n, p.rank));
    double bound = (2 - 2.0 / (rank_n + 1)) * (double)best_deal(cost, cell_n, rank_n);
    assert_true((double)p.after <= bound * (1 + 1.0 / 32));
    assert_true(p.after <= p.before);
  }
}

static void a_heavy_half_moves_no_more_cells_than_it_must(void **state) {
  (void)state;
  static struct planned p;
  uint64_t cost[100];
  for (uint32_t c = 0; c < 100; c++) cost[c] = c < 50 ? 30 : 10; /* 1500 and 500: 17 cells of 30 are 500 and a bit */
  plan(cost, 100, 2, &p);
  assert_int_equal(p.before, 1500);
  assert_true(p.after <= 1000 + 1000 / 32);
  assert_true(p.moved_n <= 17);
}

static void even_loads_move_nothing(void **state) {
  (void)state;
  static struct planned p;
  uint64_t cost[64];
  for (uint32_t c = 0; c < 64; c++) cost[c] = 1000 + c % 2;
  plan(cost, 64, 4, &p);
  assert_int_equal(p.moved_n, 0);
  memset(cost, 0, sizeof cost); /* nothing is known */
  plan(cost, 64, 7, &p);
  assert_int_equal(p.moved_n, 0);
}

static void one_cell_with_everything_stays(void **state) {
  (void)state;
  static struct planned p;
  const uint64_t cost[] = {1000000, 0, 0, 0};
  plan(cost, 4, 2, &p);
  assert_int_equal(p.moved_n, 0);
  assert_int_equal(p.after, 1000000);
}

static void a_heavy_cell_gets_a_rank_for_itself(void **state) {
  (void)state;
  static struct planned p;
  uint64_t cost[12];
  for (uint32_t c = 0; c < 12; c++) cost[c] = c == 3 ? 50 : 10;
  plan(cost, 12, 7, &p);
  assert_int_equal(p.after, 50); /* the least there can be */
}

/* Costs over three orders of magnitude. */
static void thousands_of_skewed_cells_end_near_the_mean(void **state) {
  (void)state;
  static struct planned p;
  static uint64_t cost[CELLS_MAX];
  uint64_t sum = 0, most = 0;
  for (uint32_t c = 0; c < CELLS_MAX; c++) {
    cost[c] = 1000000 / (1 + dp_hash_mix(7, c) % 1000);
    sum += cost[c];
    most = cost[c] > most ? cost[c] : most;
  }
  plan(cost, CELLS_MAX, 13, &p);
  assert_true(most < sum / 13);
  assert_true(p.after <= sum / 13 + sum / 13 / 32 + 1);
}

static void scattered_cells_reach_every_rank(void **state) {
  (void)state;
  uint32_t rank[100], again[100], seen = 0;
  dp_balance_scatter(5, 100, 4, rank);
  dp_balance_scatter(5, 100, 4, again);
  assert_memory_equal(rank, again, sizeof rank);
  for (uint32_t c = 0; c < 100; c++) seen |= 1u << rank[c];
  assert_int_equal(seen, 15);
  dp_balance_scatter(6, 100, 4, again);
  assert_memory_not_equal(rank, again, sizeof rank);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_plan_is_within_the_bound_of_finn_and_horowitz),
      cmocka_unit_test(a_heavy_half_moves_no_more_cells_than_it_must),
      cmocka_unit_test(even_loads_move_nothing),
      cmocka_unit_test(one_cell_with_everything_stays),
      cmocka_unit_test(a_heavy_cell_gets_a_rank_for_itself),
      cmocka_unit_test(thousands_of_skewed_cells_end_near_the_mean),
      cmocka_unit_test(scattered_cells_reach_every_rank),
  };
  return cmocka_run_group_tests_name("balance", tests, NULL, NULL);
}
