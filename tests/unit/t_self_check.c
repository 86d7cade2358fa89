/* tests/unit/t_self_check.c — a run that distrusts itself finds what a plain one passes over: an invariant that is broken
 * between two settlements, an event in a cell that is not its own, use of an event's bytes after it has gone. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/comm.h"
#include "model/self_check.h"
#include "model/sim.h"

#define CELLS 2u
#define TICKS 100u

enum fault { NONE, BREAK, STRAY };

/* One row a cell: `left` and `right` are equal after every event, unless an event breaks it and the next one mends it. */
struct pair {
  int64_t left, right;
};
static const struct dp_column pair_columns[] = {DP_COLUMN(struct pair, left, "1", ""),
                                                DP_COLUMN(struct pair, right, "1", "")};
static const struct dp_table_decl tables[] = {{.name = "pair", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct pair),
                                               .columns = pair_columns, .column_n = 2}};

struct config {
  enum fault fault;
};

static struct pair *pair_of(const struct dp_ctx *ctx) { return DP_ROW(dp_own_table(ctx, 0), struct pair, 0); }

static enum dp_status tick(struct dp_ctx *ctx, uint64_t number) {
  const struct dp_message m = {.time_ns = ctx->now_ns + 10 * DP_MS, .dest = dp_entity_of_cell(ctx->cell->id),
                               .instance = ctx->self->index, .phase = DP_PHASE_DECISION, .kind = DP_EVENT_NODE_UP,
                               .size = sizeof number, .payload = &number};
  return dp_send(ctx, &m);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  uint32_t row;
  DP_TRY(dp_table_add(dp_own_table(ctx, 0), &row, ctx->err));
  return tick(ctx, 1);
}

/* Past the engine, which would refuse it: an event of cell 0 that is for cell 1. */
static enum dp_status put_astray(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_event copy;
  memcpy(&copy, event, sizeof copy);
  copy.time_ns += DP_MS;
  copy.dest = dp_entity_of_cell(1);
  copy.size = 0;
  return dp_queue_push(&ctx->cell->queue, &copy, NULL, ctx->err);
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  struct config *config = ctx->self->config;
  struct pair *pair = pair_of(ctx);
  uint64_t number = 0;
  if (event->size == 0) return DP_OK; /* one that came astray: a plain run does not see it */
  memcpy(&number, event->payload, sizeof number);
  pair->left++;
  pair->right = pair->left;
  if (config->fault == BREAK && number == TICKS / 2) pair->right++;
  if (config->fault == STRAY && number == TICKS / 2 && ctx->cell->id == 0) DP_TRY(put_astray(ctx, event));
  return number < TICKS ? tick(ctx, number + 1) : DP_OK;
}

static enum dp_status check_cell(struct dp_ctx *ctx) {
  const struct pair *pair = pair_of(ctx);
  if (pair->left == pair->right) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "left is %lld and right %lld", (long long)pair->left, (long long)pair->right);
}

static uint32_t cell_n(const void *config) {
  (void)config;
  return CELLS;
}

static const struct dp_schema schema = {.name = "test.pair", .size = sizeof(struct config)};
static const struct dp_model model = {.name = "test.pair", .schema = &schema, .tables = tables, .table_n = 1,
                                      .cell_n = cell_n, .init_cell = init_cell, .handle = handle,
                                      .check_cell = check_cell};

/* Runs for two settlements of a second; the digest when it ends well. */
static enum dp_status run(struct config *config, bool checked, uint64_t *digest, struct dp_err *err) {
  const struct dp_instance_spec instance = {.model = &model, .config = config};
  const struct dp_spec spec = {.name = "pairs", .end_ns = 2 * DP_S, .settle_every_ns = DP_S, .seed = 1,
                               .instances = &instance, .instance_n = 1};
  struct dp_comm *comm;
  struct dp_sim *sim;
  bool stopped = false;
  assert_int_equal(dp_comm_null_new(&comm, NULL), DP_OK);
  assert_int_equal(dp_sim_new(&spec, comm, &sim, err), DP_OK);
  if (checked) assert_int_equal(dp_sim_self_check(sim, NULL), DP_OK);
  enum dp_status status = dp_sim_run(sim, &stopped, err);
  if (status == DP_OK) assert_int_equal(dp_engine_digest(sim->engine, digest, NULL), DP_OK);
  dp_sim_free(sim);
  dp_comm_free(comm);
  return status;
}

static void a_run_without_fault_is_not_changed(void **state) {
  struct config config = {.fault = NONE};
  uint64_t plain = 0, checked = 1;
  (void)state;
  assert_int_equal(run(&config, false, &plain, NULL), DP_OK);
  assert_int_equal(run(&config, true, &checked, NULL), DP_OK);
  assert_int_equal(plain, checked);
}

static void an_invariant_that_is_mended_before_the_settlement_is_found(void **state) {
  struct config config = {.fault = BREAK};
  struct dp_err err = {0};
  uint64_t digest;
  (void)state;
  assert_int_equal(run(&config, false, &digest, NULL), DP_OK);
  assert_int_equal(run(&config, true, &digest, &err), DP_INVARIANT);
  assert_string_equal(err.text, "test.pair at 500ms: left is 50 and right 51"); /* the 50th tick, not the settlement */
}

static void an_event_in_a_cell_that_is_not_its_own_is_found(void **state) {
  struct config config = {.fault = STRAY};
  struct dp_err err = {0};
  uint64_t digest;
  (void)state;
  assert_int_equal(run(&config, false, &digest, NULL), DP_OK);
  assert_int_equal(run(&config, true, &digest, &err), DP_INVARIANT);
  assert_non_null(strstr(err.text, "came to another cell (cell 0)"));
}

/* Chunks of events that are given back are overwritten: what a handler kept a pointer to is no longer what it was. */
static void memory_that_is_given_back_is_overwritten(void **state) {
  static const unsigned char poison[8] = {0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5};
  struct dp_pool pool = {0};
  (void)state;
  for (int poisons = 0; poisons < 2; poisons++) {
    pool.poisons = poisons;
    struct dp_chunk *chunk = dp__pool_get(&pool, false);
    assert_non_null(chunk);
    memset(chunk->data, 1, dp__chunk_bytes(chunk) - sizeof *chunk);
    dp__pool_put(&pool, chunk);
    assert_ptr_equal(dp__pool_get(&pool, false), chunk);
    assert_int_equal(memcmp(chunk->data, poison, sizeof poison) == 0, poisons);
    dp__pool_put(&pool, chunk);
  }
  dp_pool_fini(&pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_without_fault_is_not_changed),
      cmocka_unit_test(an_invariant_that_is_mended_before_the_settlement_is_found),
      cmocka_unit_test(an_event_in_a_cell_that_is_not_its_own_is_found),
      cmocka_unit_test(memory_that_is_given_back_is_overwritten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
