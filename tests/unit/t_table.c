/* tests/unit/t_table.c — tables: ids are never given twice, followers keep step, the digest sees columns only. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "engine/table.h"

struct node {
  dp_i128 balance;
  double power_w;
  uint8_t up;
  uint16_t kind;
  int64_t since_ns[2];
};

static const struct dp_column node_columns[] = {
    DP_COLUMN(struct node, balance, "base", "what it owns"),
    DP_COLUMN(struct node, power_w, "W", "power"),
    DP_COLUMN(struct node, up, "1", "1 while it works"),
    DP_COLUMN(struct node, kind, "1", "class"),
    DP_COLUMN_ARRAY(struct node, since_ns, "ns", "last changes"),
};

static const struct dp_table_decl node_decl = {
    .name = "test.node", .row_size = sizeof(struct node), .columns = node_columns, .column_n = 5};

struct price {
  int64_t price_nusd;
};

static const struct dp_column price_columns[] = {DP_COLUMN(struct price, price_nusd, "nUSD/s", "price")};

static const struct dp_table_decl price_decl = {
    .name = "test.price", .row_size = sizeof(struct price), .columns = price_columns, .column_n = 1};

static uint32_t add(struct dp_table *t) {
  uint32_t row;
  assert_int_equal(dp_table_add(t, &row, NULL), DP_OK);
  return row;
}

static void a_new_row_is_zero_also_when_it_is_an_old_one(void **state) {
  (void)state;
  struct dp_table t;
  static const struct node zero;
  dp_table_init(&t, &node_decl, 3, NULL);
  for (int i = 0; i < 1000; i++) {
    uint32_t row = add(&t);
    assert_memory_equal(dp_table_at(&t, row), &zero, sizeof zero);
    memset(dp_table_at(&t, row), 0xff, sizeof zero);
    assert_int_equal((uintptr_t)dp_table_at(&t, row) % 16, 0);
    if (i % 3 == 0) dp_table_remove(&t, row);
  }
  dp_table_fini(&t);
}

static void the_row_freed_last_is_used_first_under_a_new_id(void **state) {
  (void)state;
  struct dp_table t;
  dp_table_init(&t, &node_decl, 7, NULL);
  uint32_t a = add(&t), b = add(&t), c = add(&t);
  dp_entity was_a = dp_table_entity(&t, a), was_b = dp_table_entity(&t, b);
  dp_table_remove(&t, a);
  dp_table_remove(&t, b);
  assert_int_equal(dp_table_find(&t, was_a), DP_NO_ROW);
  assert_int_equal(t.live_n, 1);
  assert_int_equal(add(&t), b);
  assert_int_equal(add(&t), a);
  assert_int_equal(add(&t), 3);
  assert_true(dp_table_entity(&t, a) != was_a && dp_table_entity(&t, b) != was_b);
  assert_int_equal(dp_entity_cell(dp_table_entity(&t, a)), 7);
  assert_int_equal(dp_table_find(&t, was_b), DP_NO_ROW);
  assert_int_equal(dp_table_find(&t, dp_table_entity(&t, b)), b);
  assert_int_equal(dp_table_find(&t, dp_entity_of_cell(7)), DP_NO_ROW);
  assert_int_equal(dp_table_find(&t, dp_table_entity(&t, c)), c);
  dp_table_fini(&t);
}

static void a_row_is_retired_when_its_generations_are_used_up(void **state) {
  (void)state;
  struct dp_table t;
  dp_table_init(&t, &node_decl, 0, NULL);
  dp_entity first = 0, last = 0;
  for (int life = 0; life < 4096; life++) {
    uint32_t row = add(&t);
    assert_int_equal(row, 0);
    last = dp_table_entity(&t, row);
    if (life == 0) first = last;
    assert_int_equal(dp_entity_generation(last), life);
    dp_table_remove(&t, row);
  }
  assert_int_equal(add(&t), 1);
  assert_int_equal(dp_table_find(&t, first), DP_NO_ROW);
  assert_int_equal(dp_table_find(&t, last), DP_NO_ROW);
  assert_int_equal(dp_table_next(&t, 0), 1);
  dp_table_fini(&t);
}

static void walking_meets_the_living_in_order(void **state) {
  (void)state;
  struct dp_table t;
  uint32_t seen = 0;
  dp_table_init(&t, &node_decl, 0, NULL);
  assert_int_equal(dp_table_next(&t, 0), DP_NO_ROW);
  for (uint32_t i = 0; i < 100; i++) add(&t);
  for (uint32_t i = 0; i < 100; i++)
    if (i % 4) dp_table_remove(&t, i);
  for (uint32_t i = dp_table_next(&t, 0); i != DP_NO_ROW; i = dp_table_next(&t, i + 1)) assert_int_equal(i, 4 * seen++);
  assert_int_equal(seen, 25);
  dp_table_fini(&t);
}

static void followers_have_the_rows_of_their_leader(void **state) {
  (void)state;
  struct dp_table leader, a, b;
  dp_table_init(&leader, &node_decl, 5, NULL);
  dp_table_init(&a, &price_decl, 5, &leader);
  dp_table_init(&b, &price_decl, 5, &a); /* a follower of a follower */
  uint32_t row = 0;
  for (int i = 0; i < 100; i++) {
    row = add(&leader);
    assert_int_equal(DP_ROW(&a, struct price, row)->price_nusd, 0);
    DP_ROW(&a, struct price, row)->price_nusd = i;
    DP_ROW(&b, struct price, row)->price_nusd = -i;
  }
  assert_true(dp_table_entity(&a, row) == dp_table_entity(&leader, row));
  assert_true(dp_table_alive(&b, 42));
  dp_table_remove(&leader, 42);
  assert_false(dp_table_alive(&b, 42));
  assert_int_equal(a.live_n, 99);
  assert_int_equal(dp_table_next(&a, 42), 43);
  assert_int_equal(add(&leader), 42);
  assert_int_equal(DP_ROW(&b, struct price, 42)->price_nusd, 0);
  assert_int_equal(DP_ROW(&b, struct price, 99)->price_nusd, -99);
  struct dp_err err = {0};
  assert_int_equal(dp_table_add(&a, &row, &err), DP_INVARIANT);
  dp_table_fini(&leader);
  dp_table_fini(&a);
  dp_table_fini(&b);
}

/* Two tables with the same 20 nodes. */
static void fill(struct dp_table *t) {
  dp_table_init(t, &node_decl, 1, NULL);
  for (uint32_t i = 0; i < 20; i++) {
    struct node *n = DP_ROW(t, struct node, add(t));
    n->balance = (dp_i128)i << 70;
    n->power_w = 350.5 * i;
    n->up = i % 2;
    n->since_ns[1] = i;
  }
}

static void the_digest_changes_with_every_column(void **state) {
  (void)state;
  struct dp_table t;
  fill(&t);
  uint64_t before = dp_table_digest(&t, 1);
  struct node *n = DP_ROW(&t, struct node, 4), kept = *n;
#define CHANGED(field, value)                                                                                        \
  do {                                                                                                               \
    n->field = (value);                                                                                              \
    assert_true(dp_table_digest(&t, 1) != before);                                                                   \
    *n = kept;                                                                                                       \
    assert_true(dp_table_digest(&t, 1) == before);                                                                   \
  } while (0)
  CHANGED(balance, kept.balance + 1);
  CHANGED(balance, kept.balance + ((dp_i128)1 << 100));
  CHANGED(power_w, -kept.power_w);
  CHANGED(up, 7);
  CHANGED(kind, 1);
  CHANGED(since_ns[0], 4);
  CHANGED(since_ns[1], -4);
  assert_true(dp_table_digest(&t, 2) != before);
  dp_table_fini(&t);
}

static void the_digest_tells_the_two_zeros_apart(void **state) {
  (void)state;
  struct dp_table t;
  fill(&t);
  uint64_t before = dp_table_digest(&t, 1);
  DP_ROW(&t, struct node, 0)->power_w = -0.0;
  assert_true(dp_table_digest(&t, 1) != before);
  dp_table_fini(&t);
}

static void the_digest_does_not_see_padding_or_dead_rows(void **state) {
  (void)state;
  struct dp_table a, b;
  fill(&a);
  fill(&b);
  for (uint32_t i = 0; i < 20; i++) {
    struct node *n = DP_ROW(&b, struct node, i), kept = *n;
    memset(n, 0xa5, sizeof *n);
    n->balance = kept.balance;
    n->power_w = kept.power_w;
    n->up = kept.up;
    n->kind = kept.kind;
    n->since_ns[0] = kept.since_ns[0];
    n->since_ns[1] = kept.since_ns[1];
  }
  assert_true(dp_table_digest(&a, 1) == dp_table_digest(&b, 1));
  dp_table_remove(&a, 5);
  dp_table_remove(&b, 5);
  DP_ROW(&b, struct node, 5)->power_w = 1;
  assert_true(dp_table_digest(&a, 1) == dp_table_digest(&b, 1));
  dp_table_fini(&a);
  dp_table_fini(&b);
}

static void the_digest_sees_which_row_is_used_next(void **state) {
  (void)state;
  struct dp_table a, b;
  fill(&a);
  fill(&b);
  dp_table_remove(&a, 5);
  dp_table_remove(&a, 6);
  dp_table_remove(&b, 6);
  dp_table_remove(&b, 5);
  assert_true(dp_table_digest(&a, 1) != dp_table_digest(&b, 1));
  dp_table_fini(&a);
  dp_table_fini(&b);
}

static enum dp_status check(const struct dp_column *columns, size_t n, size_t row_size, struct dp_err *err) {
  *err = (struct dp_err){0};
  return dp_table_decl_check(
      &(struct dp_table_decl){.name = "t", .row_size = row_size, .columns = columns, .column_n = n}, err);
}

static void a_wrong_declaration_is_named(void **state) {
  (void)state;
  struct dp_err err;
  struct dp_column c[5];
  assert_int_equal(check(node_columns, 5, sizeof(struct node), &err), DP_OK);
  assert_int_equal(check(node_columns, 4, sizeof(struct node), &err), DP_INVARIANT);
  assert_non_null(strstr(err.text, "end of the row"));
  assert_int_equal(check(node_columns + 1, 4, sizeof(struct node), &err), DP_INVARIANT);
  assert_non_null(strstr(err.text, "before column power_w"));
  assert_int_equal(check(node_columns, 5, 32, &err), DP_INVARIANT);
  assert_non_null(strstr(err.text, "beyond the row"));
  memcpy(c, node_columns, sizeof c);
  c[1].offset = 8;
  assert_int_equal(check(c, 5, sizeof(struct node), &err), DP_INVARIANT);
  memcpy(c, node_columns, sizeof c);
  c[2].name = "kind";
  assert_int_equal(check(c, 5, sizeof(struct node), &err), DP_INVARIANT);
  assert_non_null(strstr(err.text, "twice"));
}

static void columns_are_found_by_name_and_types_have_their_size(void **state) {
  (void)state;
  assert_ptr_equal(dp_table_column(&node_decl, "up"), &node_columns[2]);
  assert_null(dp_table_column(&node_decl, "down"));
  assert_int_equal(dp_type_size(DP_TYPE_I128), 16);
  assert_int_equal(dp_type_size(DP_TYPE_U16), 2);
  assert_int_equal(node_columns[4].count, 2);
  assert_int_equal(node_columns[4].type, DP_TYPE_I64);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_row_is_zero_also_when_it_is_an_old_one),
      cmocka_unit_test(the_row_freed_last_is_used_first_under_a_new_id),
      cmocka_unit_test(a_row_is_retired_when_its_generations_are_used_up),
      cmocka_unit_test(walking_meets_the_living_in_order),
      cmocka_unit_test(followers_have_the_rows_of_their_leader),
      cmocka_unit_test(the_digest_changes_with_every_column),
      cmocka_unit_test(the_digest_tells_the_two_zeros_apart),
      cmocka_unit_test(the_digest_does_not_see_padding_or_dead_rows),
      cmocka_unit_test(the_digest_sees_which_row_is_used_next),
      cmocka_unit_test(a_wrong_declaration_is_named),
      cmocka_unit_test(columns_are_found_by_name_and_types_have_their_size),
  };
  return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
