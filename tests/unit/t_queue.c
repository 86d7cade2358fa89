/* tests/unit/t_queue.c — the queue of pending events against a sorted reference. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/queue.h"
#include "engine/rng.h"

#define PAYLOAD_WORDS (DP_PAYLOAD_MAX / 8)

/* The reference: all pending events in one array. */
struct copy {
  uint64_t header[sizeof(struct dp_event) / 8];
  uint64_t payload[PAYLOAD_WORDS];
};

static const struct dp_event *header_of(const struct copy *c) { return (const void *)c->header; }

struct reference {
  struct copy *events;
  size_t n, cap;
};

static void reference_add(struct reference *r, const struct dp_event *header, const uint64_t *payload) {
  if (r->n == r->cap) {
    r->cap = r->cap ? 2 * r->cap : 64;
    r->events = realloc(r->events, r->cap * sizeof *r->events);
    assert_non_null(r->events);
  }
  struct copy *c = &r->events[r->n++];
  memset(c, 0, sizeof *c);
  memcpy(c->header, header, sizeof *header);
  memcpy(c->payload, payload, header->size);
}

static int compare(const void *a, const void *b) {
  const struct dp_event *x = header_of(a), *y = header_of(b);
  return dp_event_before(x, y) ? -1 : dp_event_before(y, x) ? 1 : 0;
}

/* Removes the least event: by looking at all of them. */
static void reference_take(struct reference *r, struct copy *taken) {
  size_t least = 0;
  for (size_t i = 1; i < r->n; i++)
    if (compare(&r->events[i], &r->events[least]) < 0) least = i;
  *taken = r->events[least];
  r->events[least] = r->events[--r->n];
}

static void assert_same(const struct dp_event *event, const struct copy *want) {
  assert_non_null(event);
  assert_memory_equal(event, want->header, sizeof want->header);
  assert_memory_equal(event->payload, want->payload, event->size);
}

/* How far ahead a test pushes. */
enum spacing { ZERO, FEW_NS, SECONDS, MIXED, HUGE_TIMES, SPACINGS };

static dp_time delay_of(struct dp_rng *rng, enum spacing spacing) {
  switch (spacing) {
    case ZERO: return dp_rng_below(rng, 4) ? 0 : 1;
    case FEW_NS: return (dp_time)dp_rng_below(rng, 100);
    case SECONDS: return (dp_time)dp_rng_exponential(rng, 1e9);
    case MIXED: return (dp_time)(dp_rng_u64(rng) >> (4 + dp_rng_below(rng, 60)));
    case HUGE_TIMES: return (dp_time)(dp_rng_u64(rng) >> (1 + dp_rng_below(rng, 8)));
    case SPACINGS: break;
  }
  return 0;
}

static void random_event(struct dp_rng *rng, dp_time now, enum spacing spacing, uint64_t number,
                         struct dp_event *event) {
  dp_time delay = delay_of(rng, spacing);
  *event = (struct dp_event){
      .time_ns = delay > DP_TIME_MAX - 1 - now ? DP_TIME_MAX - 1 : now + delay,
      .dest = dp_rng_below(rng, 5),
      .source = dp_rng_below(rng, 3) << DP_ORDINAL_BITS | number,
      .kind = (uint16_t)dp_rng_below(rng, 9),
      .instance = (uint16_t)dp_rng_below(rng, 3),
      .phase = (uint8_t)dp_rng_below(rng, 3),
      .size = (uint8_t)(8 * dp_rng_below(rng, PAYLOAD_WORDS + 1)),
  };
}

static void push_both(struct dp_queue *q, struct reference *r, const struct dp_event *header, struct dp_rng *rng) {
  uint64_t payload[PAYLOAD_WORDS];
  for (size_t i = 0; i < PAYLOAD_WORDS; i++) payload[i] = dp_rng_u64(rng);
  assert_int_equal(dp_queue_push(q, header, payload, NULL), DP_OK);
  reference_add(r, header, payload);
}

/* Random pushes and pops; some pushes between peek and pop, some windows that end before the next event. */
static void play(uint64_t seed, enum spacing spacing, size_t pending, size_t steps) {
  struct dp_rng rng = dp_rng_at(seed, spacing, 1, 2, 3);
  struct dp_queue q;
  struct dp_pool pool = {0};
  struct reference r = {0};
  dp_time now = 0;
  uint64_t number = 0;
  dp_queue_init(&q, &pool);
  for (size_t step = 0; step < steps; step++) {
    bool grow = r.n < pending ? dp_rng_below(&rng, 3) > 0 : dp_rng_below(&rng, 3) == 0;
    if (grow) {
      struct dp_event header;
      random_event(&rng, now, spacing, number++, &header);
      push_both(&q, &r, &header, &rng);
    } else if (r.n > 0) {
      struct copy want;
      reference_take(&r, &want);
      assert_int_equal(dp_queue_next_ns(&q), header_of(&want)->time_ns);
      assert_null(dp_queue_peek(&q, header_of(&want)->time_ns));
      const struct dp_event *event = dp_queue_peek(&q, header_of(&want)->time_ns + 1);
      assert_same(event, &want);
      bool pop_first = dp_rng_below(&rng, 2);
      if (pop_first) dp_queue_pop(&q);
      now = header_of(&want)->time_ns;
      for (uint64_t more = dp_rng_below(&rng, 3); more > 0; more--) {
        struct dp_event header;
        random_event(&rng, now, spacing, number++, &header);
        push_both(&q, &r, &header, &rng);
      }
      assert_same(event, &want);
      if (!pop_first) dp_queue_pop(&q);
      assert_same(event, &want);
    }
    assert_int_equal(q.event_n, r.n);
  }
  while (r.n > 0) {
    struct copy want;
    reference_take(&r, &want);
    assert_same(dp_queue_peek(&q, DP_TIME_MAX), &want);
    dp_queue_pop(&q);
  }
  assert_null(dp_queue_peek(&q, DP_TIME_MAX));
  assert_int_equal(dp_queue_next_ns(&q), DP_TIME_MAX);
  dp_queue_fini(&q);
  dp_pool_fini(&pool);
  free(r.events);
}

static void any_mixture_comes_out_in_the_total_order(void **state) {
  (void)state;
  for (int spacing = 0; spacing < SPACINGS; spacing++) {
    for (uint64_t seed = 0; seed < 20; seed++) play(seed, (enum spacing)spacing, 1 + 7 * seed, 600);
    play(99, (enum spacing)spacing, 1500, 6000);
  }
}

/* Many at once: sorted by the library's qsort, then compared one by one. */
static void a_large_bucket_is_sorted(uint64_t seed, uint64_t width, size_t n) {
  struct dp_rng rng = dp_rng_at(seed, 0, 1, 2, 3);
  struct reference r = {0};
  struct dp_queue q;
  struct dp_pool pool = {0};
  dp_queue_init(&q, &pool);
  for (size_t i = 0; i < n; i++) {
    struct dp_event header;
    random_event(&rng, 0, ZERO, i, &header);
    header.time_ns = INT64_C(1) + (dp_time)dp_rng_below(&rng, width);
    header.dest = dp_rng_u64(&rng);
    push_both(&q, &r, &header, &rng);
  }
  qsort(r.events, n, sizeof *r.events, compare);
  for (size_t i = 0; i < n; i++) {
    assert_same(dp_queue_peek(&q, DP_TIME_MAX), &r.events[i]);
    dp_queue_pop(&q);
  }
  dp_queue_fini(&q);
  dp_pool_fini(&pool);
  free(r.events);
}

static void a_hundred_thousand_events_come_out_as_qsort_has_them(void **state) {
  (void)state;
  a_large_bucket_is_sorted(1, 1, 100000);
  a_large_bucket_is_sorted(2, 50, 100000);
  a_large_bucket_is_sorted(3, 1000000, 100000);
  a_large_bucket_is_sorted(4, UINT64_C(1) << 62, 100000);
}

static void an_event_earlier_than_an_opened_bucket_still_comes_first(void **state) {
  (void)state;
  struct dp_queue q;
  struct dp_pool pool = {0};
  dp_queue_init(&q, &pool);
  struct dp_event far = {.time_ns = 100 * DP_S, .source = 1}, near = {.time_ns = 5, .source = 2};
  assert_int_equal(dp_queue_push(&q, &far, NULL, NULL), DP_OK);
  assert_int_equal(dp_queue_peek(&q, DP_TIME_MAX)->source, 1);
  assert_int_equal(dp_queue_push(&q, &near, NULL, NULL), DP_OK);
  assert_int_equal(dp_queue_next_ns(&q), 5);
  assert_int_equal(dp_queue_peek(&q, DP_TIME_MAX)->source, 2);
  dp_queue_pop(&q);
  assert_int_equal(dp_queue_peek(&q, DP_TIME_MAX)->source, 1);
  dp_queue_fini(&q);
  dp_pool_fini(&pool);
}

static void an_event_before_the_last_popped_one_is_refused_with_both_times(void **state) {
  (void)state;
  struct dp_queue q;
  struct dp_pool pool = {0};
  struct dp_err err = {0};
  dp_queue_init(&q, &pool);
  struct dp_event first = {.time_ns = 1000}, late = {.time_ns = 999};
  assert_int_equal(dp_queue_push(&q, &first, NULL, &err), DP_OK);
  assert_non_null(dp_queue_peek(&q, DP_TIME_MAX));
  dp_queue_pop(&q);
  assert_int_equal(dp_queue_push(&q, &late, NULL, &err), DP_INVARIANT);
  assert_non_null(strstr(err.text, "999 ns"));
  assert_non_null(strstr(err.text, "1000 ns"));
  dp_queue_fini(&q);
  dp_pool_fini(&pool);
}

static void messages_without_delay_cannot_go_round_for_ever(void **state) {
  (void)state;
  struct dp_queue q;
  struct dp_pool pool = {0};
  struct dp_err err = {0};
  dp_queue_init(&q, &pool);
  struct dp_event event = {.time_ns = 777};
  enum dp_status status = dp_queue_push(&q, &event, NULL, &err);
  uint64_t n = 0;
  while (status == DP_OK) {
    assert_non_null(dp_queue_peek(&q, DP_TIME_MAX));
    dp_queue_pop(&q);
    event.source = ++n;
    status = dp_queue_push(&q, &event, NULL, &err);
  }
  assert_int_equal(status, DP_INVARIANT);
  assert_int_equal(n, DP_QUEUE_INSTANT_MAX);
  assert_non_null(strstr(err.text, "777 ns"));
  dp_queue_fini(&q);
  dp_pool_fini(&pool);
}

static void add_source(const struct dp_event *event, void *arg) { *(uint64_t *)arg += event->source; }

static void each_visits_every_pending_event_once(void **state) {
  (void)state;
  struct dp_queue q;
  struct dp_pool pool = {0};
  struct dp_rng rng = dp_rng_at(5, 0, 0, 0, 0);
  uint64_t want = 0, got = 0;
  dp_queue_init(&q, &pool);
  for (uint64_t i = 1; i <= 5000; i++) {
    struct dp_event event = {.time_ns = (dp_time)dp_rng_below(&rng, 100000), .source = i * i};
    assert_int_equal(dp_queue_push(&q, &event, NULL, NULL), DP_OK);
    want += event.source;
  }
  for (int i = 0; i < 1000; i++) { /* some from the run, some from the heap, some still in buckets */
    const struct dp_event *event = dp_queue_peek(&q, DP_TIME_MAX);
    struct dp_event again = {.time_ns = event->time_ns + i % 7, .source = event->source};
    if (i % 2) want -= event->source;
    dp_queue_pop(&q);
    if (i % 2 == 0) assert_int_equal(dp_queue_push(&q, &again, NULL, NULL), DP_OK);
    got = 0;
    if (i % 50 == 0) {
      dp_queue_each(&q, add_source, &got);
      assert_int_equal(got, want);
    }
  }
  dp_queue_fini(&q);
  dp_pool_fini(&pool);
}

/* The hold model: what is pending stays the same, so must the memory once the queue has found its size. */
static void steady_state_allocates_nothing(void **state) {
  (void)state;
  struct dp_queue q;
  struct dp_pool pool = {0};
  struct dp_rng rng = dp_rng_at(6, 0, 0, 0, 0);
  size_t settled = 0;
  dp_queue_init(&q, &pool);
  for (uint64_t i = 0; i < 10000; i++) {
    struct dp_event event = {.time_ns = (dp_time)dp_rng_exponential(&rng, 1e9), .source = i};
    assert_int_equal(dp_queue_push(&q, &event, NULL, NULL), DP_OK);
  }
  for (uint64_t i = 0; i < 2000000; i++) {
    struct dp_event event = *dp_queue_peek(&q, DP_TIME_MAX);
    dp_queue_pop(&q);
    event.time_ns += (dp_time)dp_rng_exponential(&rng, 1e9);
    assert_int_equal(dp_queue_push(&q, &event, NULL, NULL), DP_OK);
    if (i == 1000000) settled = q.array_bytes + pool.bytes;
  }
  assert_int_equal(q.array_bytes + pool.bytes, settled);
  dp_queue_fini(&q);
  dp_pool_fini(&pool);
  assert_int_equal(q.array_bytes, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_mixture_comes_out_in_the_total_order),
      cmocka_unit_test(a_hundred_thousand_events_come_out_as_qsort_has_them),
      cmocka_unit_test(an_event_earlier_than_an_opened_bucket_still_comes_first),
      cmocka_unit_test(an_event_before_the_last_popped_one_is_refused_with_both_times),
      cmocka_unit_test(messages_without_delay_cannot_go_round_for_ever),
      cmocka_unit_test(each_visits_every_pending_event_once),
      cmocka_unit_test(steady_state_allocates_nothing),
  };
  return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
