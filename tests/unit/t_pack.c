/* tests/unit/t_pack.c — tables, events and cells as bytes: nothing is lost, and no bytes are believed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/pack.h"

struct wide {
  uint8_t flag;
  dp_i128 balance;
  double reals[3];
  uint16_t small[5];
  uint32_t word;
  int32_t sign;
  int64_t time_ns;
};

static const struct dp_column wide_columns[] = {
    DP_COLUMN(struct wide, flag, "1", ""),        DP_COLUMN(struct wide, balance, "1", ""),
    DP_COLUMN_ARRAY(struct wide, reals, "1", ""), DP_COLUMN_ARRAY(struct wide, small, "1", ""),
    DP_COLUMN(struct wide, word, "1", ""),        DP_COLUMN(struct wide, sign, "1", ""),
    DP_COLUMN(struct wide, time_ns, "ns", ""),
};
static const struct dp_table_decl wide_decl = {.name = "wide", .row_size = sizeof(struct wide),
                                               .columns = wide_columns, .column_n = 7};

struct tail {
  uint64_t seen;
};
static const struct dp_column tail_columns[] = {DP_COLUMN(struct tail, seen, "1", "")};
static const struct dp_table_decl tail_decl = {.name = "tail", .row_size = sizeof(struct tail),
                                               .columns = tail_columns, .column_n = 1};

static const struct dp_table_decl *const cell_tables[] = {&wide_decl, &tail_decl};
static const int leaders[] = {-1, 0};

static uint64_t random_word(uint64_t *state) {
  return *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
}

/* Rows come and go; rows that live have something in every column. */
static void churn(struct dp_table *t, struct dp_table *follower, uint32_t steps, uint64_t seed) {
  uint64_t state = seed;
  for (uint32_t i = 0; i < steps; i++) {
    uint32_t row;
    if (random_word(&state) >> 62 == 0 && t->live_n > 0) {
      row = dp_table_next(t, (uint32_t)(random_word(&state) >> 33) % t->row_n);
      if (row != DP_NO_ROW) dp_table_remove(t, row);
      continue;
    }
    assert_int_equal(dp_table_add(t, &row, NULL), DP_OK);
    struct wide *w = DP_ROW(t, struct wide, row);
    w->flag = (uint8_t)random_word(&state);
    w->balance = -(dp_i128)random_word(&state) * ((dp_i128)1 << 60);
    w->reals[2] = -0.0;
    w->small[4] = (uint16_t)random_word(&state);
    w->sign = -(int32_t)i;
    w->time_ns = INT64_MIN + i;
    if (follower) DP_ROW(follower, struct tail, row)->seen = random_word(&state);
  }
  for (uint32_t row = 2; row < t->row_n; row += 7) dp_table_remove(t, row * 5 % t->row_n);
}

/* ---- an engine of one cell ---- */

static enum dp_status ignore(struct dp_ctx *ctx, const struct dp_event *event) {
  (void)ctx, (void)event;
  return DP_OK;
}

struct world {
  struct dp_comm *comm;
  struct dp_target target;
  struct dp_engine *engine;
};

static void world_new(struct world *w) {
  *w = (struct world){.target = {.handle = ignore}};
  assert_int_equal(dp_comm_null_new(&w->comm, NULL), DP_OK);
  struct dp_engine_config config = {.comm = w->comm, .end_ns = DP_S, .cell_n = 1, .cell_tables = cell_tables,
                                    .cell_leaders = leaders, .cell_table_n = 2, .targets = &w->target,
                                    .target_n = 1};
  assert_int_equal(dp_engine_new(&config, &w->engine, NULL), DP_OK);
}

static void world_free(struct world *w) {
  dp_engine_free(w->engine);
  dp_comm_free(w->comm);
}

static void fill(struct world *w) {
  struct dp_cell *cell = &w->engine->cells[0];
  churn(&cell->tables[0], &cell->tables[1], 500, 7);
  for (uint64_t i = 0; i < 200; i++) {
    struct dp_ctx ctx = {.engine = w->engine, .cell = cell};
    const uint64_t payload[4] = {i, ~i, i << 40, 1};
    assert_int_equal(dp_send(&ctx, &(struct dp_message){.dest = dp_entity_of_cell(0), .time_ns = (dp_time)(i * i % 97),
                                                        .kind = (uint16_t)i, .phase = (uint8_t)(i % 3),
                                                        .size = (uint8_t)(i % 5 * 8), .payload = payload}), DP_OK);
  }
  for (int i = 0; i < 60; i++) {
    dp_queue_peek(&cell->queue, DP_TIME_MAX);
    dp_queue_pop(&cell->queue);
  }
}

static uint64_t digest(struct dp_engine *e) {
  uint64_t d;
  assert_int_equal(dp_engine_digest(e, &d, NULL), DP_OK);
  return d;
}

/* ---- what is promised ---- */

static void a_table_comes_back_with_its_dead_rows(void **state) {
  (void)state;
  struct dp_table a, b;
  struct dp_buffer bytes = {0};
  dp_table_init(&a, &wide_decl, 3, NULL);
  dp_table_init(&b, &wide_decl, 3, NULL);
  churn(&a, NULL, 1000, 1);
  churn(&b, NULL, 77, 2);
  assert_true(a.live_n < a.row_n && a.free_head != DP_NO_ROW);
  assert_int_equal(dp_table_pack(&a, &bytes, NULL), DP_OK);
  struct dp_reader in = {bytes.data, bytes.len};
  assert_int_equal(dp_table_unpack(&b, &in, NULL), DP_OK);
  assert_int_equal(in.left, 0);
  assert_true(dp_table_digest(&a, 9) == dp_table_digest(&b, 9));
  for (int i = 0; i < 300; i++) { /* the same rows are used again in the same order under the same ids */
    uint32_t x, y;
    assert_int_equal(dp_table_add(&a, &x, NULL), DP_OK);
    assert_int_equal(dp_table_add(&b, &y, NULL), DP_OK);
    assert_true(x == y && dp_table_entity(&a, x) == dp_table_entity(&b, y));
  }
  dp_table_fini(&a);
  dp_table_fini(&b);
  dp_buffer_fini(&bytes);
}

static void a_cell_comes_back_with_followers_and_events_of_every_size(void **state) {
  (void)state;
  struct world a, b;
  struct dp_buffer bytes = {0};
  world_new(&a);
  world_new(&b);
  fill(&a);
  churn(&b.engine->cells[0].tables[0], &b.engine->cells[0].tables[1], 50, 5);
  assert_int_equal(dp_cell_pack(a.engine, &a.engine->cells[0], &bytes, NULL), DP_OK);
  struct dp_reader in = {bytes.data, bytes.len};
  assert_int_equal(dp_cell_unpack(b.engine, &b.engine->cells[0], &in, NULL), DP_OK);
  assert_true(digest(a.engine) == digest(b.engine));
  struct dp_queue *p = &a.engine->cells[0].queue, *q = &b.engine->cells[0].queue;
  assert_true(p->event_n == q->event_n && p->last_ns == q->last_ns && p->instant_n == q->instant_n);
  const struct dp_event *x, *y;
  while ((x = dp_queue_peek(p, DP_TIME_MAX)) != NULL) {
    y = dp_queue_peek(q, DP_TIME_MAX);
    assert_non_null(y);
    assert_memory_equal(x, y, dp_event_bytes(x));
    dp_queue_pop(p);
    dp_queue_pop(q);
  }
  assert_null(dp_queue_peek(q, DP_TIME_MAX));
  world_free(&a);
  world_free(&b);
  dp_buffer_fini(&bytes);
}

static void bytes_that_end_too_early_or_too_late_are_refused(void **state) {
  (void)state;
  struct world a, b;
  struct dp_buffer bytes = {0};
  world_new(&a);
  world_new(&b);
  fill(&a);
  assert_int_equal(dp_cell_pack(a.engine, &a.engine->cells[0], &bytes, NULL), DP_OK);
  for (size_t len = 0; len < bytes.len; len += len < 200 ? 1 : 61) {
    unsigned char *exact = malloc(len ? len : 1); /* so that reading beyond is seen */
    memcpy(exact, bytes.data, len);
    struct dp_reader in = {exact, len};
    assert_int_equal(dp_cell_unpack(b.engine, &b.engine->cells[0], &in, NULL), DP_FORMAT);
    free(exact);
  }
  assert_int_equal(dp_buffer_append(&bytes, "x", 1, NULL), DP_OK);
  struct dp_reader in = {bytes.data, bytes.len};
  assert_int_equal(dp_cell_unpack(b.engine, &b.engine->cells[0], &in, NULL), DP_FORMAT);
  world_free(&a);
  world_free(&b);
  dp_buffer_fini(&bytes);
}

/* Whatever byte is changed: a status, and an engine that can still be walked, digested and freed. */
static void changed_bytes_never_break_a_table_or_a_queue(void **state) {
  (void)state;
  struct world a, b;
  struct dp_buffer bytes = {0};
  uint64_t luck = 3;
  size_t refused_n = 0;
  world_new(&a);
  fill(&a);
  assert_int_equal(dp_cell_pack(a.engine, &a.engine->cells[0], &bytes, NULL), DP_OK);
  for (int i = 0; i < 3000; i++) {
    size_t at = (size_t)(random_word(&luck) >> 20) % (i % 2 ? 600 : bytes.len);
    unsigned char old = bytes.data[at];
    bytes.data[at] = i % 3 ? (unsigned char)(random_word(&luck) >> 50) : 0xff;
    world_new(&b);
    struct dp_reader in = {bytes.data, bytes.len};
    enum dp_status status = dp_cell_unpack(b.engine, &b.engine->cells[0], &in, NULL);
    if (status == DP_OK) {
      digest(b.engine);
      struct dp_queue *q = &b.engine->cells[0].queue;
      while (dp_queue_peek(q, DP_TIME_MAX)) dp_queue_pop(q);
    } else {
      refused_n++;
    }
    world_free(&b);
    bytes.data[at] = old;
  }
  assert_true(refused_n > 100);
  world_free(&a);
  dp_buffer_fini(&bytes);
}

struct table_head {
  uint32_t row_n, live_n, free_head, column_n;
};

static enum dp_status unpack_head(struct table_head head, const uint32_t *generation, const uint32_t *next_free) {
  struct dp_table t;
  struct dp_buffer bytes = {0};
  struct tail rows[8] = {{0}};
  const uint32_t n = head.row_n < 8 ? head.row_n : 8;
  dp_table_init(&t, &tail_decl, 0, NULL);
  dp_buffer_append(&bytes, &head, sizeof head, NULL);
  dp_buffer_append(&bytes, generation, n * sizeof *generation, NULL);
  dp_buffer_append(&bytes, next_free, n * sizeof *next_free, NULL);
  dp_buffer_append(&bytes, rows, n * sizeof *rows, NULL);
  struct dp_reader in = {bytes.data, bytes.len};
  enum dp_status status = dp_table_unpack(&t, &in, NULL);
  dp_table_fini(&t);
  dp_buffer_fini(&bytes);
  return status;
}

static void chains_of_free_rows_that_cannot_be_are_refused(void **state) {
  (void)state;
  const uint32_t none = DP_NO_ROW, dead[] = {2, 2, 1}, good[] = {1, none, none}, circle[] = {1, 0, none};
  const uint32_t self[] = {0, none, none}, away[] = {DP_ROW_MAX, none, none}, live[] = {2, none, none};
  assert_int_equal(unpack_head((struct table_head){3, 1, 0, 1}, dead, good), DP_OK);
  assert_int_equal(unpack_head((struct table_head){3, 1, 0, 1}, dead, circle), DP_FORMAT);
  assert_int_equal(unpack_head((struct table_head){3, 1, 0, 1}, dead, self), DP_FORMAT);
  assert_int_equal(unpack_head((struct table_head){3, 1, 0, 1}, dead, away), DP_FORMAT);
  assert_int_equal(unpack_head((struct table_head){3, 1, 0, 1}, dead, live), DP_FORMAT);
  assert_int_equal(unpack_head((struct table_head){3, 1, 1, 1}, dead, good), DP_FORMAT); /* a dead row is missing */
  assert_int_equal(unpack_head((struct table_head){3, 2, 0, 1}, dead, good), DP_FORMAT); /* not so many live */
  assert_int_equal(unpack_head((struct table_head){3, 1, 0, 2}, dead, good), DP_FORMAT); /* other columns */
  const uint32_t retired[] = {8192, 2, 1}, beyond[] = {8194, 2, 1}, unborn[] = {0, 2, 1}, one[] = {none, none, none};
  assert_int_equal(unpack_head((struct table_head){3, 1, 1, 1}, retired, one), DP_OK);
  assert_int_equal(unpack_head((struct table_head){3, 1, 0, 1}, retired, good), DP_FORMAT);
  assert_int_equal(unpack_head((struct table_head){3, 1, 1, 1}, beyond, one), DP_FORMAT);
  assert_int_equal(unpack_head((struct table_head){3, 1, 1, 1}, unborn, one), DP_FORMAT);
  assert_int_equal(unpack_head((struct table_head){0, 0, none, 1}, dead, good), DP_OK);
  assert_int_equal(unpack_head((struct table_head){0, 0, 0, 1}, dead, good), DP_FORMAT);
  assert_int_equal(unpack_head((struct table_head){0, 1, none, 1}, dead, good), DP_FORMAT);
}

static void row_numbers_beyond_the_bytes_ask_for_no_memory(void **state) {
  (void)state;
  const uint32_t zeros[8] = {0};
  const uint32_t row_ns[] = {9, 1000, DP_ROW_MAX, DP_ROW_MAX + 1, DP_ROW_MAX + 2, UINT32_MAX};
  for (size_t i = 0; i < 6; i++)
    assert_int_equal(unpack_head((struct table_head){row_ns[i], 0, DP_NO_ROW, 1}, zeros, zeros), DP_FORMAT);
}

static void the_schema_names_every_column_channel_and_beat(void **state) {
  (void)state;
  struct world w;
  struct dp_str text;
  uint16_t channel;
  unsigned beat;
  world_new(&w);
  dp_str_init(&text);
  assert_int_equal(dp_engine_open_channel(w.engine, "air", 5, &channel, NULL), DP_OK);
  assert_int_equal(dp_engine_open_beat(w.engine, "hour", 3600, &beat, NULL), DP_OK);
  dp_pack_schema(w.engine, &text);
  assert_string_equal(dp_str_text(&text), "0.wide.flag u8 1\n0.wide.balance i128 1\n0.wide.reals f64 3\n"
                                          "0.wide.small u16 5\n0.wide.word u32 1\n0.wide.sign i32 1\n"
                                          "0.wide.time_ns i64 1\n1.tail follows 0\n1.tail.seen u64 1\n"
                                          "channel air 5 ns\nbeat hour 3600 ns\n");
  dp_str_fini(&text);
  world_free(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_comes_back_with_its_dead_rows),
      cmocka_unit_test(a_cell_comes_back_with_followers_and_events_of_every_size),
      cmocka_unit_test(bytes_that_end_too_early_or_too_late_are_refused),
      cmocka_unit_test(changed_bytes_never_break_a_table_or_a_queue),
      cmocka_unit_test(chains_of_free_rows_that_cannot_be_are_refused),
      cmocka_unit_test(row_numbers_beyond_the_bytes_ask_for_no_memory),
      cmocka_unit_test(the_schema_names_every_column_channel_and_beat),
  };
  return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
