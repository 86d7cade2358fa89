/* The books against their own law (every book sums to zero, the journal explains every balance) and against a plain
 * array of balances that is kept beside them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "books/books_priv.h"
#include "engine/comm.h"
#include "place/place.h"

struct world {
  struct dp_comm *comm;
  struct dp_sim *sim;
  struct dp_err err;
};

static const struct dp_region region = {
    .name = "here", .demand_weight = 1, .supply_weight = 1, .cells_n = 2, .electricity_usd_per_kwh = 0.1};
static struct dp_part_ref regions[] = {{.part = &region}};
static const struct dp_model *const registry[] = {&dp_books_model, &dp_place_model, NULL};

/* A run of one hour with two cells, settled every ten minutes, in which nobody but the test posts. */
static struct world *open_world(void) {
  static struct dp_place_config place;
  static struct dp_instance_spec instances[1];
  struct world *w = calloc(1, sizeof *w);
  place = (struct dp_place_config){.regions = {regions, 1}, .rtt_csv = "", .bandwidth_mbps = 1, .local_rtt_ms = 20};
  instances[0] = (struct dp_instance_spec){&dp_place_model, NULL, &place};
  struct dp_spec spec = {.name = "books",
                         .end_ns = DP_HOUR,
                         .settle_every_ns = 10 * DP_MIN,
                         .seed = 1,
                         .instances = instances,
                         .instance_n = 1,
                         .registry = registry};
  assert_int_equal(dp_comm_null_new(&w->comm, &w->err), DP_OK);
  if (dp_sim_new(&spec, w->comm, &w->sim, &w->err) != DP_OK) fail_msg("%s", w->err.text);
  return w;
}

static void close_world(struct world *w) {
  dp_sim_free(w->sim);
  dp_comm_free(w->comm);
  free(w);
}

static struct dp_ctx ctx_of(struct world *w, int cell) {
  return (struct dp_ctx){.engine = w->sim->engine,
                         .cell = cell < 0 ? NULL : w->sim->engine->by_id[cell],
                         .self = &w->sim->instances[1],
                         .now_ns = w->sim->engine->now_ns,
                         .err = &w->err};
}

static uint32_t wallet(struct dp_ctx *ctx, dp_entity owner) {
  uint32_t account;
  assert_int_equal(dp_books_open(ctx, DP_ACCOUNT_WALLET, DP_USD, owner, &account), DP_OK);
  return account;
}

static void refused(struct world *w, enum dp_status status, const char *why) {
  assert_int_equal(status, DP_INVARIANT);
  if (!strstr(w->err.text, why)) fail_msg("'%s' does not say '%s'", w->err.text, why);
  w->err = (struct dp_err){0};
}

static void a_request_is_paid_shared_and_refunded_to_the_last_nano_usd(void **state) {
  (void)state;
  struct world *w = open_world();
  struct dp_ctx ctx = ctx_of(w, 0);
  uint32_t host = wallet(&ctx, 7);
  uint32_t external = dp_books_own(&ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
  uint32_t escrow = dp_books_own(&ctx, DP_ACCOUNT_ESCROW, DP_USD);
  uint32_t payable = dp_books_own(&ctx, DP_ACCOUNT_PAYABLE, DP_USD), take = dp_books_own(&ctx, DP_ACCOUNT_PROTOCOL, 0);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_CUSTOMER_PAYMENT, external, escrow, 1000), DP_OK);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_WORK_SHARE, escrow, payable, 771), DP_OK);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_PROTOCOL_TAKE, escrow, take, 40), DP_OK);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_CUSTOMER_REFUND, escrow, external, 189), DP_OK);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_PAYOUT, payable, host, 771), DP_OK);
  assert_true(dp_books_balance(&ctx, external) == -811 && dp_books_balance(&ctx, escrow) == 0);
  assert_true(dp_books_balance(&ctx, host) == 771 && dp_books_balance(&ctx, take) == 40);
  assert_int_equal(dp__books_check(&ctx, &w->sim->instances[0]), DP_OK);
  close_world(w);
}

static void a_posting_that_does_not_fit_is_refused_and_changes_nothing(void **state) {
  (void)state;
  struct world *w = open_world();
  struct dp_ctx ctx = ctx_of(w, 1);
  uint32_t host = wallet(&ctx, 7);
  uint32_t external = dp_books_own(&ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
  uint32_t escrow = dp_books_own(&ctx, DP_ACCOUNT_ESCROW, DP_USD);
  refused(w, dp_books_post(&ctx, DP_REASON_ELECTRICITY, host, external, 1), "has only 0");
  refused(w, dp_books_post(&ctx, DP_REASON_PAYOUT, escrow, host, 1), "PAYABLE to WALLET, not ESCROW to WALLET");
  refused(w, dp_books_post(&ctx, DP_REASON_CUSTOMER_PAYMENT, external, escrow, -1), "negative");
  refused(w, dp_books_post(&ctx, DP_REASON_CUSTOMER_PAYMENT, external, 12345, 1), "no such account");
  refused(w, dp_books_post(&ctx, DP_REASON_N, external, escrow, 1), "no such account");
  assert_int_equal(dp_books_post(&ctx, DP_REASON_CUSTOMER_PAYMENT, external, escrow, DP_I128_MAX), DP_OK);
  refused(w, dp_books_post(&ctx, DP_REASON_CUSTOMER_PAYMENT, external, escrow, 2), "overflow");
  assert_true(dp_books_balance(&ctx, escrow) == DP_I128_MAX && dp_books_balance(&ctx, host) == 0);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_PAYOUT, external, external, 0), DP_OK); /* nothing moves */
  close_world(w);
}

/* Two worlds, one posting by posting, one in runs: the same books to the digest. */
static void many_postings_at_once_are_as_many_one_by_one(void **state) {
  (void)state;
  uint64_t digest[2];
  for (int at_once = 0; at_once < 2; at_once++) {
    struct world *w = open_world();
    struct dp_ctx ctx = ctx_of(w, 0);
    struct dp_books_run pay, bill;
    uint32_t hosts[50];
    const uint32_t external = dp_books_own(&ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
    const uint32_t escrow = dp_books_own(&ctx, DP_ACCOUNT_ESCROW, DP_USD);
    const uint32_t payable = dp_books_own(&ctx, DP_ACCOUNT_PAYABLE, DP_USD);
    for (unsigned i = 0; i < 50; i++) hosts[i] = wallet(&ctx, i + 7);
    assert_int_equal(dp_books_post(&ctx, DP_REASON_CUSTOMER_PAYMENT, external, escrow, 1000000), DP_OK);
    assert_int_equal(dp_books_post(&ctx, DP_REASON_WORK_SHARE, escrow, payable, 1000000), DP_OK);
    assert_int_equal(dp_books_run_begin(&ctx, DP_REASON_PAYOUT, payable, true, &pay), DP_OK);
    assert_int_equal(dp_books_run_begin(&ctx, DP_REASON_ELECTRICITY, external, false, &bill), DP_OK);
    for (unsigned i = 0; i < 50; i++) {
      if (at_once) {
        assert_int_equal(dp_books_run_add(&pay, hosts[i], i * i), DP_OK);
        assert_int_equal(dp_books_run_add(&bill, hosts[i], i), DP_OK);
      } else {
        assert_int_equal(dp_books_post(&ctx, DP_REASON_PAYOUT, payable, hosts[i], i * i), DP_OK);
        assert_int_equal(dp_books_post(&ctx, DP_REASON_ELECTRICITY, hosts[i], external, i), DP_OK);
      }
    }
    assert_int_equal(dp_books_run_end(&pay), DP_OK);
    assert_int_equal(dp_books_run_end(&bill), DP_OK);
    assert_int_equal(dp__books_check(&ctx, &w->sim->instances[0]), DP_OK);
    assert_int_equal(dp_engine_digest(w->sim->engine, &digest[at_once], &w->err), DP_OK);
    refused(w, dp_books_run_add(&bill, hosts[3], 1000), "has only 6");
    refused(w, dp_books_run_add(&pay, escrow, 1), "PAYABLE to WALLET, not PAYABLE to ESCROW");
    refused(w, dp_books_run_begin(&ctx, DP_REASON_PAYOUT, escrow, true, &pay), "ESCROW");
    assert_int_equal(dp_books_run_begin(&ctx, DP_REASON_PAYOUT, payable, true, &pay), DP_OK);
    assert_int_equal(dp_books_run_add(&pay, hosts[0], 1000000), DP_OK);
    refused(w, dp_books_run_end(&pay), "has less");
    close_world(w);
  }
  assert_int_equal(digest[0], digest[1]);
}

static void an_account_is_closed_empty_and_its_row_is_used_again(void **state) {
  (void)state;
  struct world *w = open_world();
  struct dp_ctx ctx = ctx_of(w, 0);
  const uint32_t external = dp_books_own(&ctx, DP_ACCOUNT_EXTERNAL, DP_USD), host = wallet(&ctx, 7);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_OWNER_CAPITAL, external, host, 5), DP_OK);
  refused(w, dp_books_close(&ctx, host), "is closed with 5 in it");
  refused(w, dp_books_close(&ctx, external), "is closed");
  assert_int_equal(dp_books_post(&ctx, DP_REASON_OWNER_WITHDRAWAL, host, external, 5), DP_OK);
  assert_int_equal(dp_books_close(&ctx, host), DP_OK);
  refused(w, dp_books_close(&ctx, host), "does not exist");
  refused(w, dp_books_post(&ctx, DP_REASON_OWNER_CAPITAL, external, host, 5), "EXTERNAL to unknown");
  assert_int_equal(wallet(&ctx, 8), host);
  assert_int_equal(dp__books_check(&ctx, &w->sim->instances[0]), DP_OK);
  close_world(w);
}

/* Deterministic pseudo-random numbers of the test alone: an LCG of Knuth's MMIX. */
static uint64_t draw(uint64_t *s) {
  *s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return *s >> 33;
}

static void a_hundred_thousand_random_postings_agree_with_a_plain_array(void **state) {
  (void)state;
  enum { WALLETS = 50, KINDS = DP_OWN_KIND_N, OPENED = DP_ACCOUNT_KIND_N - DP_ACCOUNT_WALLET - 1 };
  struct world *w = open_world();
  struct dp_ctx ctx = ctx_of(w, 0);
  dp_i128 mirror[KINDS + WALLETS + OPENED] = {0};
  dp_i128 net[DP_ACCOUNT_KIND_N] = {0};
  uint64_t seed = 42, posted = 0;
  for (uint32_t i = 0; i < WALLETS; i++) {
    uint32_t row = wallet(&ctx, i);
    assert_int_equal(row, KINDS + i); /* one asset: the wallets follow the own accounts */
  }
  for (uint32_t k = 0; k < OPENED; k++) {
    uint32_t row;
    assert_int_equal(dp_books_open(&ctx, (enum dp_account_kind)(DP_ACCOUNT_WALLET + 1 + k), DP_USD, 7, &row), DP_OK);
    assert_int_equal(row, KINDS + WALLETS + k);
  }
  for (int i = 0; i < 100000; i++) {
    enum dp_reason r = (enum dp_reason)(draw(&seed) % DP_REASON_N);
    uint32_t from = dp__reason_from[r], to = dp__reason_to[r];
    if (from == DP_ACCOUNT_WALLET) from = KINDS + (uint32_t)(draw(&seed) % WALLETS);
    else if (from > DP_ACCOUNT_WALLET) from += WALLETS - 1;
    if (to == DP_ACCOUNT_WALLET) to = KINDS + (uint32_t)(draw(&seed) % WALLETS);
    else if (to > DP_ACCOUNT_WALLET) to += WALLETS - 1;
    dp_i128 amount = (dp_i128)(draw(&seed) % 1000000007);
    bool allowed = dp__account_may_be_negative[dp__reason_from[r]] || mirror[from] >= amount;
    enum dp_status status = dp_books_post(&ctx, r, from, to, amount);
    assert_int_equal(status, allowed ? DP_OK : DP_INVARIANT);
    w->err = (struct dp_err){0};
    if (!allowed) continue;
    posted++;
    mirror[from] -= amount;
    mirror[to] += amount;
  }
  assert_true(posted > 20000);
  for (uint32_t i = 0; i < KINDS + WALLETS + OPENED; i++) assert_true(dp_books_balance(&ctx, i) == mirror[i]);
  assert_int_equal(dp__books_check(&ctx, &w->sim->instances[0]), DP_OK);
  const struct dp_table *journal = dp__journal(&ctx, &w->sim->instances[0]);
  for (uint32_t i = 0; i < DP_REASON_N; i++) {
    const struct dp_journal *j = DP_ROW(journal, struct dp_journal, i);
    assert_int_equal(j->reason, i);
    net[dp__reason_from[i]] -= j->amount;
    net[dp__reason_to[i]] += j->amount;
  }
  for (uint32_t k = 0; k < KINDS; k++) assert_true(net[k] == mirror[k]);
  dp_i128 wallets = 0;
  for (uint32_t i = 0; i < WALLETS; i++) wallets += mirror[KINDS + i];
  assert_true(net[DP_ACCOUNT_WALLET] == wallets);
  for (uint32_t k = 0; k < OPENED; k++) assert_true(net[DP_ACCOUNT_WALLET + 1 + k] == mirror[KINDS + WALLETS + k]);
  close_world(w);
}

static void a_transfer_arrives_after_its_delay_and_nothing_stays_in_flight(void **state) {
  (void)state;
  struct world *w = open_world();
  struct dp_ctx a = ctx_of(w, 0), b = ctx_of(w, 1), global = ctx_of(w, -1);
  uint16_t wire;
  bool stopped;
  assert_int_equal(dp_engine_open_channel(w->sim->engine, "wire", 10 * DP_MS, &wire, &w->err), DP_OK);
  uint32_t payer = wallet(&a, 1), payee = wallet(&b, 2);
  uint32_t external = dp_books_own(&a, DP_ACCOUNT_EXTERNAL, DP_USD);
  assert_int_equal(dp_books_post(&a, DP_REASON_OWNER_CAPITAL, external, payer, 500), DP_OK);
  assert_int_equal(dp_books_transfer(&a, DP_USD, payer, 1, payee, 123, wire, 10 * DP_MS), DP_OK);
  assert_int_equal(dp_books_transfer(&a, DP_USD, payer, 1, payee, 77, wire, 2 * DP_HOUR), DP_OK); /* after the end */
  assert_true(dp_books_balance(&a, payer) == 300 && dp_books_balance(&b, payee) == 0);
  refused(w, dp_books_transfer(&a, DP_USD, payer, 1, payee, 301, wire, DP_HOUR), "has only 300");
  if (dp_sim_run(w->sim, &stopped, &w->err) != DP_OK) fail_msg("%s", w->err.text);
  assert_true(dp_books_balance(&b, payee) == 123);
  const struct dp_table *assets = &w->sim->engine->globals[w->sim->instances[0].first_global_table + DP_BOOKS_ASSET];
  assert_true(DP_ROW(assets, struct dp_asset_row, DP_USD)->in_flight == 77);
  assert_int_equal(dp__books_check(&global, &w->sim->instances[0]), DP_OK);
  close_world(w);
}

static void money_from_nowhere_stops_the_run_naming_the_book(void **state) {
  (void)state;
  struct world *w = open_world();
  struct dp_ctx ctx = ctx_of(w, 1);
  bool stopped;
  DP_ROW(dp__accounts(&ctx, &w->sim->instances[0]), struct dp_account, DP_ACCOUNT_TREASURY)->balance += 5;
  refused(w, dp_sim_run(w->sim, &stopped, &w->err), "the USD balances of cell 1 add up to 5");
  close_world(w);
}

static void more_arriving_than_was_sent_stops_the_run(void **state) {
  (void)state;
  struct world *w = open_world();
  struct dp_ctx ctx = ctx_of(w, 0);
  bool stopped;
  uint32_t host = wallet(&ctx, 1), bridge = dp_books_own(&ctx, DP_ACCOUNT_BRIDGE, DP_USD);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_WALLET_IN, bridge, host, 3), DP_OK);
  refused(w, dp_sim_run(w->sim, &stopped, &w->err), "more USD has arrived over bridges than was sent");
  close_world(w);
}

static void usd_from_outside_is_measured_with_refunds_taken_off(void **state) {
  (void)state;
  struct world *w = open_world();
  struct dp_ctx ctx = ctx_of(w, 0);
  struct dp_kpi_value *kpis;
  size_t n;
  bool stopped;
  uint32_t host = wallet(&ctx, 1), external = dp_books_own(&ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
  uint32_t escrow = dp_books_own(&ctx, DP_ACCOUNT_ESCROW, DP_USD);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_CUSTOMER_PAYMENT, external, escrow, 2500000000), DP_OK);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_CUSTOMER_REFUND, escrow, external, 1000000000), DP_OK);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_OWNER_CAPITAL, external, host, 250000000), DP_OK);
  assert_int_equal(dp_books_post(&ctx, DP_REASON_ELECTRICITY, host, external, 250000000), DP_OK);
  if (dp_sim_run(w->sim, &stopped, &w->err) != DP_OK) fail_msg("%s", w->err.text);
  assert_int_equal(dp_sim_kpis(w->sim, &kpis, &n, &w->err), DP_OK);
  bool found = false;
  for (size_t i = 0; i < n; i++)
    if (!strcmp(kpis[i].name, "network.external_inflow_usd")) {
      found = true;
      assert_true(kpis[i].value > 1.75 - 1e-12 && kpis[i].value < 1.75 + 1e-12);
    }
  assert_true(found);
  free(kpis);
  close_world(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_is_paid_shared_and_refunded_to_the_last_nano_usd),
      cmocka_unit_test(a_posting_that_does_not_fit_is_refused_and_changes_nothing),
      cmocka_unit_test(many_postings_at_once_are_as_many_one_by_one),
      cmocka_unit_test(an_account_is_closed_empty_and_its_row_is_used_again),
      cmocka_unit_test(a_hundred_thousand_random_postings_agree_with_a_plain_array),
      cmocka_unit_test(a_transfer_arrives_after_its_delay_and_nothing_stays_in_flight),
      cmocka_unit_test(money_from_nowhere_stops_the_run_naming_the_book),
      cmocka_unit_test(more_arriving_than_was_sent_stops_the_run),
      cmocka_unit_test(usd_from_outside_is_measured_with_refunds_taken_off),
  };
  return cmocka_run_group_tests_name("books", tests, NULL, NULL);
}
