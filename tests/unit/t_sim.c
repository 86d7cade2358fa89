/* tests/unit/t_sim.c — beats, flows, values, bulletins, transactions and events of a simulation (sim/model). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "probe.h"

/* ---- beats ---- */

static enum dp_status note_beat(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  note(ctx, beat, 0);
  return DP_OK;
}

static void expect_beat(const struct note *n, dp_time s, bool settlement, bool own, bool last, uint64_t ordinal,
                        dp_time since_s) {
  assert_int_equal(n->now_ns, s * DP_S);
  assert_int_equal(n->beat.settlement, settlement);
  assert_int_equal(n->beat.own, own);
  assert_int_equal(n->beat.last, last);
  assert_int_equal(n->beat.n, ordinal);
  assert_int_equal(n->beat.since_ns, since_s * DP_S);
}

static void test_each_is_called_at_its_beats(void **state) {
  (void)state;
  struct scene s = {.a = {.clear = note_beat}, .b = {.clear = note_beat, .beat_s = 7}};
  ran(&s, &second);
  assert_int_equal(s.a.note_n, 4);
  expect_beat(&s.a.notes[0], 0, true, false, false, 0, 0);
  expect_beat(&s.a.notes[1], 10, true, false, false, 1, 10);
  expect_beat(&s.a.notes[2], 20, true, false, false, 2, 10);
  expect_beat(&s.a.notes[3], 25, true, false, true, 3, 5);
  assert_int_equal(s.b.note_n, 7);
  expect_beat(&s.b.notes[0], 0, true, true, false, 0, 0);
  expect_beat(&s.b.notes[1], 7, false, true, false, 1, 7);
  expect_beat(&s.b.notes[2], 10, true, false, false, 1, 10);
  expect_beat(&s.b.notes[3], 14, false, true, false, 2, 4);
  expect_beat(&s.b.notes[4], 20, true, false, false, 2, 10);
  expect_beat(&s.b.notes[5], 21, false, true, false, 3, 1);
  expect_beat(&s.b.notes[6], 25, true, true, true, 3, 5);
  end(&s);
  assert_int_equal(s.a.released, 1);
}

static void test_a_beat_of_the_settlements_period_is_the_settlement(void **state) {
  (void)state;
  struct scene s = {.b = {.clear = note_beat, .beat_s = 10}};
  ran(&s, &second);
  assert_int_equal(s.b.note_n, 4);
  for (size_t i = 0; i < 4; i++) assert_true(s.b.notes[i].beat.settlement && s.b.notes[i].beat.own);
  end(&s);
}

/* ---- flows and values ---- */

static enum dp_status offer(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  dp_i128 amount = ((dp_i128)1 << 100) + ctx->cell->id;
  return beat->settlement ? dp_flow_add(ctx, dp_sim_first(dp_ctx_sim(ctx), "test.second"), FLOW, amount) : DP_OK;
}

static enum dp_status take_flow(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (!beat->settlement) return DP_OK;
  note(ctx, beat, (int64_t)(dp_flow_sum(ctx, FLOW) - 3 * ((dp_i128)1 << 100)));
  dp_value_set(ctx, VALUE, 10 * ((int64_t)beat->n + 1), 0.5 * (double)beat->n);
  return DP_OK;
}

static enum dp_status read_value(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_instance *owner = dp_sim_first(dp_ctx_sim(ctx), "test.second");
  assert_true(dp_value_integer(ctx, owner, VALUE) == 0 || dp_value_real(ctx, owner, VALUE) >= 0);
  note(ctx, beat, (int64_t)dp_value_integer(ctx, owner, VALUE));
  return DP_OK;
}

/* first.clear comes before second.clear: it reads what the settlement before left; cells read the new one in apply. */
static void test_flows_are_exact_and_values_follow_the_order(void **state) {
  (void)state;
  struct scene s = {.a = {.collect = offer, .clear = read_value, .apply = read_value}, .b = {.clear = take_flow}};
  ran(&s, &second);
  assert_int_equal(s.b.note_n, 4);
  for (size_t i = 0; i < 4; i++) assert_int_equal(s.b.notes[i].number, 0 + 1 + 2);
  assert_int_equal(s.a.note_n, 4 * (1 + CELL_N));
  for (int64_t i = 0; i < 4; i++) {
    assert_int_equal(s.a.notes[4 * i].number, 10 * i);
    for (int64_t cell = 0; cell < 3; cell++) assert_int_equal(s.a.notes[4 * i + 1 + cell].number, 10 * (i + 1));
  }
  end(&s);
}

static enum dp_status offer_always(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  return dp_flow_add(ctx, dp_sim_first(dp_ctx_sim(ctx), "test.second"), FLOW, 1);
}
static enum dp_status offer_too_much(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  return dp_flow_add(ctx, dp_sim_first(dp_ctx_sim(ctx), "test.second"), FLOW, (dp_i128)1 << 104);
}
static enum dp_status set_value(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  dp_value_set(ctx, VALUE, 1, 1);
  return DP_OK;
}

static void test_misused_flows_and_values_stop_the_run(void **state) {
  (void)state;
  struct scene alone = {.a = {.collect = offer_always, .beat_s = 7}};
  broke(&alone, DP_INVARIANT,
        "test.first.a at 7s: offered of test.second at a beat in which b takes no part (hand it in at a settlement)");
  struct scene late = {.a = {.apply = offer_always}};
  broke(&late, DP_INVARIANT, "test.first.a at 0s: offered of test.second is possible in collect only");
  struct scene large = {.a = {.collect = offer_too_much}};
  broke(&large, DP_INVARIANT,
        "test.first.a at 0s: flow offered of test.second: an amount of 20282409603651670423947251286016 is too large");
  struct scene cell = {.a = {.apply = set_value}};
  broke(&cell, DP_INVARIANT, "test.first.a at 0s: price is set outside clear and init_replicated");
}

/* ---- bulletins ---- */

static enum dp_status post(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  for (uint32_t cell = 0; cell < CELL_N; cell++)
    note(ctx, beat, *(const int64_t *)dp_bulletin(ctx, ctx->self, cell));
  dp_bulletin_post(ctx, &(struct notice){.number = 100 * ((int64_t)beat->n + 1) + ctx->cell->id});
  return DP_OK;
}

/* What is posted at a beat cannot be seen in the same collect, whichever cell comes first. */
static void test_bulletins_are_seen_from_the_next_beat_on(void **state) {
  (void)state;
  struct scene s = {.a = {.collect = post}};
  ran(&s, &second);
  assert_int_equal(s.a.note_n, 4 * CELL_N * CELL_N);
  for (size_t i = 0; i < s.a.note_n; i++) {
    int64_t beat = (int64_t)(i / (CELL_N * CELL_N)), cell = (int64_t)(i % CELL_N);
    assert_int_equal(s.a.notes[i].number, beat ? 100 * beat + cell : 0);
  }
  end(&s);
}

/* ---- transactions ---- */

/* Cell 0 sends fees 5 1, cell 1 sends 5 9, cell 2 sends 1 9 to instance b; each also one to a. All at the end. */
static enum dp_status submit(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  static const int64_t fees[CELL_N][2] = {{5, 1}, {5, 9}, {1, 9}};
  if (!beat->last) return DP_OK;
  struct dp_transaction t = {.sender = dp_entity_of_cell(ctx->cell->id), .instance = 1};
  for (size_t i = 0; i < 2; i++) {
    t.fee = fees[ctx->cell->id][i];
    t.payload[7] = 10 * ctx->cell->id + i;
    DP_TRY(dp_transaction_submit(ctx, &t));
  }
  t = (struct dp_transaction){.sender = t.sender, .fee = 7, .payload = {[7] = 90 + ctx->cell->id}};
  return dp_transaction_submit(ctx, &t);
}

static enum dp_status note_execution(struct dp_ctx *ctx, struct dp_transaction *t) {
  note(ctx, NULL, (int64_t)(1000 * t->number + t->payload[7]));
  t->status = (uint16_t)t->payload[7];
  return DP_OK;
}

static enum dp_status note_receipt(struct dp_ctx *ctx, const struct dp_transaction *t) {
  assert_int_equal(dp_entity_cell(t->sender), ctx->cell->id);
  assert_int_equal(t->status, t->payload[7]);
  note(ctx, NULL, (int64_t)t->payload[7]);
  return DP_OK;
}

static void expect_numbers(const struct probe *p, const int64_t *numbers, size_t n) {
  assert_int_equal(p->note_n, n);
  for (size_t i = 0; i < n; i++) assert_int_equal(p->notes[i].number, numbers[i]);
}

static void test_transactions_are_ordered_by_fee_sender_and_number(void **state) {
  (void)state;
  static const int64_t executed_a[] = {2090, 2091, 2092};
  static const int64_t executed_b[] = {1011, 1021, 0, 10, 1001, 20};
  static const int64_t receipts_b[] = {11, 21, 0, 10, 1, 20};
  struct scene s = {.a = {.collect = submit, .execute = note_execution}, .b = {.execute = note_execution}};
  ran(&s, &second);
  expect_numbers(&s.a, executed_a, 3);
  expect_numbers(&s.b, executed_b, 6);
  end(&s);
  struct scene r = {.a = {.collect = submit}, .b = {.receipt = note_receipt, .execute = NULL}};
  r.b.execute = note_execution;
  ran(&r, &second);
  assert_int_equal(r.b.note_n, 12);
  for (size_t i = 0; i < 6; i++) assert_int_equal(r.b.notes[6 + i].number, receipts_b[i]);
  end(&r);
}

/* ---- events and set-up ---- */

static enum dp_status emit(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (!beat->last && beat->n == 1 && ctx->cell->id == 1) {
    DP_TRY(dp_emit(ctx, DP_EVENT_NODE_UP, DP_PHASE_RELEASE, dp_entity_of_cell(1), NULL, 0));
    return dp_emit(ctx, DP_EVENT_NODE_DOWN, DP_PHASE_RELEASE, dp_entity_of_cell(1), NULL, 0); /* nobody wants it */
  }
  return DP_OK;
}

static void test_an_emitted_event_reaches_every_subscriber(void **state) {
  (void)state;
  struct scene s = {.a = {.apply = emit}};
  ran(&s, &second);
  for (const struct probe *p = &s.a;; p = &s.b) {
    assert_int_equal(p->note_n, 1);
    assert_int_equal(p->notes[0].number, DP_EVENT_NODE_UP);
    assert_true(p->notes[0].now_ns == 10 * DP_S && p->notes[0].cell == 1);
    if (p == &s.b) break;
  }
  end(&s);
}

static enum dp_status open_unknown(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  uint16_t channel;
  (void)beat;
  return dp_open_channel(ctx, "air", DP_S, &channel);
}
static enum dp_status find_unknown(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  unsigned flow;
  (void)beat;
  return dp_flow_find(ctx->self, "ofered", &flow, ctx->err);
}
static enum dp_status open_late(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  return dp_open_beat(ctx, "late", DP_S);
}

static void test_set_up_that_fails_says_why_and_frees_all(void **state) {
  (void)state;
  struct scene channel = {.a = {.init = open_unknown}};
  broke(&channel, DP_SCENARIO, "test.first.a: test.first has no channel named air");
  assert_int_equal(channel.a.released, 1);
  struct scene flow = {.a = {.init = find_unknown}};
  broke(&flow, DP_SCENARIO, "test.first.a: test.first has no flow named ofered (did you mean offered?)");
  struct scene late = {.a = {.init_cell = open_late}};
  broke(&late, DP_INVARIANT, "test.first.a: opening a beat is possible in init_replicated only");
  struct scene never = {.spec = {.settle_every_ns = 0}};
  assert_int_equal(dp_comm_null_new(&never.comm, NULL), DP_OK);
  assert_int_equal(dp_sim_new(&(struct dp_spec){.end_ns = 1}, never.comm, &never.sim, &never.err), DP_SCENARIO);
  assert_string_equal(never.err.text, "settle_every_s must be greater than 0");
  end(&never);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_is_called_at_its_beats),
      cmocka_unit_test(test_a_beat_of_the_settlements_period_is_the_settlement),
      cmocka_unit_test(test_flows_are_exact_and_values_follow_the_order),
      cmocka_unit_test(test_misused_flows_and_values_stop_the_run),
      cmocka_unit_test(test_bulletins_are_seen_from_the_next_beat_on),
      cmocka_unit_test(test_transactions_are_ordered_by_fee_sender_and_number),
      cmocka_unit_test(test_an_emitted_event_reaches_every_subscriber),
      cmocka_unit_test(test_set_up_that_fails_says_why_and_frees_all),
  };
  return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
