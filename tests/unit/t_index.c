/* The index of hosts: whatever has happened, it chooses and sums as looking at every host does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scene.h"

enum { QUEUE_N = 3, STEP_N = 400, QUERY_N = 8 };

struct market {
  struct scene s;
  struct dp_ctx ctx;
  struct dp_table *listings;
  struct dp_rng rng;
  int routing;
};

static uint32_t below(struct market *m, uint32_t n) { return (uint32_t)dp_rng_below(&m->rng, n); }

static uint32_t row_n(const struct market *m) { return m->listings->leader->row_n; }

/* ---- the reference: looking at every host ---- */

static int64_t capacity_of(const struct market *m, uint32_t node) {
  const struct dp_gateway_shared *shared = m->ctx.self->shared;
  return *(const int64_t *)dp_view_at(&m->ctx, &shared->capacity, node);
}

static bool has_room(const struct market *m, uint32_t node, int64_t need_tok) {
  const struct dp_listing *l = dp_listing_at(&m->ctx, node);
  return l->price_nusd_per_mtok > 0 && l->up && l->in_flight_n < QUEUE_N && capacity_of(m, node) >= need_tok;
}

static bool better(const struct market *m, uint32_t a, uint32_t b) {
  const struct dp_listing *la = dp_listing_at(&m->ctx, a), *lb = dp_listing_at(&m->ctx, b);
  if (m->routing == DP_ROUTE_CHEAPEST && la->price_nusd_per_mtok != lb->price_nusd_per_mtok)
    return la->price_nusd_per_mtok < lb->price_nusd_per_mtok;
  if (la->pending_tok != lb->pending_tok) return la->pending_tok < lb->pending_tok;
  return la->price_nusd_per_mtok < lb->price_nusd_per_mtok;
}

static uint32_t scan(const struct market *m, int64_t need_tok, uint32_t from) {
  const uint32_t n = row_n(m);
  uint32_t best = DP_NO_ROW;
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t node = (from + i) % n;
    if (has_room(m, node, need_tok) && (best == DP_NO_ROW || better(m, node, best))) best = node;
  }
  return best;
}

static uint32_t scan_host(const struct market *m, const struct dp_job *job, struct dp_luck luck) {
  const int64_t need_tok = (int64_t)job->prompt_n + (int64_t)job->output_n;
  struct dp_rng rng = dp_ctx_rng(&m->ctx, luck.entity, DP_STREAM(DP_STREAM_ROUTE, job->workload), 2 * luck.occasion);
  uint32_t best = DP_NO_ROW;
  for (int i = 0; m->routing == DP_ROUTE_TWO_CHOICES && i < 2; i++) {
    const uint32_t node = (uint32_t)dp_rng_below(&rng, row_n(m));
    if (has_room(m, node, need_tok) && (best == DP_NO_ROW || better(m, node, best))) best = node;
  }
  return best != DP_NO_ROW ? best : scan(m, need_tok, (uint32_t)dp_rng_below(&rng, row_n(m)));
}

static struct dp_gateway_bulletin scan_bulletin(const struct market *m) {
  struct dp_gateway_bulletin b = {0};
  dp_i128 prices = 0;
  for (uint32_t i = 0; i < row_n(m); i++) {
    const struct dp_listing *l = dp_listing_at(&m->ctx, i);
    if (l->price_nusd_per_mtok == 0 || !l->up) continue;
    b.up_n++;
    b.pending_tok += l->pending_tok;
    if (!has_room(m, i, 2)) continue;
    b.room_n++;
    prices += l->price_nusd_per_mtok;
    if (b.lowest_nusd_per_mtok == 0 || l->price_nusd_per_mtok < b.lowest_nusd_per_mtok)
      b.lowest_nusd_per_mtok = l->price_nusd_per_mtok;
    if (capacity_of(m, i) > b.capacity_tok) b.capacity_tok = capacity_of(m, i);
  }
  if (b.room_n > 0) b.mean_nusd_per_mtok = (int64_t)(prices / b.room_n);
  return b;
}

/* ---- a market to which anything may happen ---- */

/** One cell; `host_n` hosts of each of three context sizes (one too small for any request) and two prices. */
static void market_init(struct market *m, int routing, int64_t host_n, uint64_t seed) {
  *m = (struct market){.routing = routing, .rng = dp_rng_at(seed, (uint64_t)routing, (uint64_t)host_n, 0, 0)};
  scene_init(&m->s, 1, DP_S);
  struct dp_gateway_config *n = scene_network(&m->s);
  n->routing = routing;
  n->queue_n = QUEUE_N;
  scene_fleet(&m->s, host_n, "h100", 80, 2e-9);
  scene_fleet(&m->s, host_n, "t4", 16, 1e-9);
  scene_fleet(&m->s, host_n / 2, "t4", 8, 1e-9);
  scene_run(&m->s);
  m->ctx = scene_ctx(&m->s, "market.gateway", 0);
  m->listings = dp_own_table(&m->ctx, DP_GATEWAY_LISTING);
}

/** A node is born with a context size of its own or another's; someone lists it sooner or later. */
static void give_birth(struct market *m) {
  const struct dp_gateway_shared *shared = m->ctx.self->shared;
  uint32_t node;
  assert_int_equal(dp_table_add(m->listings->leader, &node, &m->s.err), DP_OK);
  *(int64_t *)dp_view_at(&m->ctx, &shared->capacity, node) = below(m, 6) * 1000;
}

static void happen(struct market *m) {
  const uint32_t what = below(m, 16), node = below(m, row_n(m));
  struct dp_listing l = *dp_listing_at(&m->ctx, node);
  if (what == 0) {
    give_birth(m);
    return;
  }
  if (l.price_nusd_per_mtok == 0) {
    if (what < 8) assert_int_equal(dp_index_enlist(&m->ctx, node, 1 + below(m, 3)), DP_OK);
    return;
  }
  if (what == 1) l.up = !l.up;
  else if (what <= 3) l.price_nusd_per_mtok = 1 + below(m, 3);
  else if (what <= 10) l.pending_tok = 100 * below(m, 4);
  if (what > 5) l.in_flight_n = below(m, QUEUE_N + 2);
  dp_index_put(&m->ctx, node, &l);
}

static void compare(struct market *m) {
  static const int64_t needs_tok[] = {0, 2, 500, 1500, 3000, 4500, 1000000};
  for (int i = 0; i < QUERY_N; i++) {
    const int64_t need_tok = needs_tok[below(m, sizeof needs_tok / sizeof *needs_tok)];
    const uint32_t from = below(m, row_n(m));
    assert_int_equal(dp_index_best(&m->ctx, need_tok, from), scan(m, need_tok, from));
    struct dp_job job = {.workload = 1};
    job.prompt_n = (uint64_t)need_tok & DP_JOB_TOKENS_MAX;
    const struct dp_luck luck = {dp_entity_of_cell(0), below(m, 1000)};
    assert_int_equal(dp_route_host(&m->ctx, &job, luck), scan_host(m, &job, luck));
  }
  struct dp_gateway_bulletin bulletin;
  const struct dp_gateway_bulletin expected = scan_bulletin(m);
  dp_route_bulletin(&m->ctx, &bulletin);
  assert_memory_equal(&bulletin, &expected, sizeof bulletin);
  if (dp_index_check(&m->ctx) != DP_OK) fail_msg("%s", m->s.err.text);
}

static void the_index_chooses_and_sums_as_a_look_at_every_host(void **state) {
  (void)state;
  static const int64_t sizes[] = {1, 2, 5, 13, 100};
  for (int routing = DP_ROUTE_CHEAPEST; routing <= DP_ROUTE_TWO_CHOICES; routing++)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
      for (uint64_t seed = 0; seed < 3; seed++) {
        struct market m;
        market_init(&m, routing, sizes[i], seed);
        compare(&m);
        for (int step = 0; step < STEP_N; step++) {
          happen(&m);
          compare(&m);
        }
        scene_free(&m.s);
      }
}

static void equal_hosts_are_found_from_every_place_on(void **state) {
  (void)state;
  enum { N = 37 };
  struct scene s;
  scene_init(&s, 1, DP_S);
  scene_network(&s);
  scene_fleet(&s, N, "h100", 80, 1);
  scene_run(&s);
  const struct dp_ctx ctx = scene_ctx(&s, "market.gateway", 0);
  for (uint32_t from = 0; from < N; from++) assert_int_equal(dp_index_best(&ctx, 2, from), from);
  scene_free(&s);
}

static void a_market_without_hosts_has_no_best_one(void **state) {
  (void)state;
  struct scene s;
  scene_init(&s, 1, DP_S);
  scene_network(&s);
  scene_fleet(&s, 0, "h100", 80, 1);
  scene_run(&s);
  struct dp_ctx ctx = scene_ctx(&s, "market.gateway", 0);
  struct dp_gateway_bulletin bulletin;
  const struct dp_gateway_bulletin nothing = {0};
  assert_int_equal(dp_index_best(&ctx, 2, 0), DP_NO_ROW);
  dp_route_bulletin(&ctx, &bulletin);
  assert_memory_equal(&bulletin, &nothing, sizeof bulletin);
  scene_free(&s);
}

static void sums_that_do_not_fit_the_listings_stop_the_run(void **state) {
  (void)state;
  struct market m;
  market_init(&m, DP_ROUTE_LEAST_LOADED, 5, 1);
  assert_int_equal(dp_index_check(&m.ctx), DP_OK);
  dp_listing_at(&m.ctx, 0)->pending_tok++;
  assert_int_equal(dp_index_check(&m.ctx), DP_INVARIANT);
  assert_non_null(strstr(m.s.err.text, "index"));
  scene_free(&m.s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_index_chooses_and_sums_as_a_look_at_every_host),
      cmocka_unit_test(equal_hosts_are_found_from_every_place_on),
      cmocka_unit_test(a_market_without_hosts_has_no_best_one),
      cmocka_unit_test(sums_that_do_not_fit_the_listings_stop_the_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
