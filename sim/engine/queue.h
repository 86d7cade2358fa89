/* sim/engine/queue.h — pending events of one cell, popped in the total order.
 * Layer: engine. Not collective.
 *
 * A radix ladder: 64 buckets a level, a bucket of level l is 64^l ns wide. An event goes to the level of the highest
 * base-64 digit in which its time differs from the cursor; buckets only append. The earliest bucket is opened when the
 * sorted run is used up: a small one is sorted as it is, a large one is spread over the level below. So the width that
 * is sorted follows the density of events by itself. Events that fall into the open range go to a small heap. */
#ifndef DP_ENGINE_QUEUE_H
#define DP_ENGINE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "engine/event.h"
#include "engine/pool.h"

#define DP_QUEUE_LEVELS 11
#define DP_QUEUE_INSTANT_MAX 1000000 /* events that one cell may run in one nanosecond */

struct dp_table;

/** Place of an event of the open range, with its time for cheap comparisons. */
struct dp_slot {
  dp_time time_ns;
  const struct dp_event *event;
};

struct dp_queue {
  dp_time cursor_ns;   /* start of the open bucket: no event in a bucket is earlier */
  dp_time open_end_ns; /* end of the open range */
  dp_time last_ns;     /* time of the event popped last */
  uint32_t instant_n;  /* events popped at that time */
  uint32_t level_mask; /* levels with a bucket in use */
  uint64_t occupied[DP_QUEUE_LEVELS];
  struct dp_chunk **levels[DP_QUEUE_LEVELS]; /* [64] newest chunk of each bucket; allocated at first use */
  struct dp_slot *run;                       /* sorted events of the open range */
  size_t run_head, run_n, run_cap;
  bool fetching; /* rows are fetched while the run is gone through */
  struct dp_slot *heap; /* later arrivals in the open range */
  size_t heap_n, heap_cap;
  const struct dp_event *peeked; /* not popped yet */
  const struct dp_event *gone;   /* popped from the heap; readable until the next peek */
  void *holes[DP_PAYLOAD_MAX / 8 + 1]; /* memory of events gone from the heap, by payload words */
  struct dp_chunk *open;         /* chunks that hold the events of the open range */
  struct dp_pool *pool;          /* what chunks come from and go back to */
  const struct dp_table *tables; /* of the cell, or NULL: rows are fetched ahead from */
  const uint32_t *row_table;     /* the table of an event's instance, DP_NO_ROW where there is none */
  uint64_t event_n;
  size_t array_bytes; /* held beside the chunks */
  bool failed;  /* memory ran out inside a peek: no event comes any more */
};

/** An empty queue at time 0; allocates nothing. `pool` must outlive it. */
void dp_queue_init(struct dp_queue *q, struct dp_pool *pool);

/** Empties it, giving all memory back; then it is as after dp_queue_init. */
void dp_queue_fini(struct dp_queue *q);

/** Copies `header` and its payload in. DP_INVARIANT when the time lies before the last popped event, or at its time
 *  when DP_QUEUE_INSTANT_MAX events ran there already. */
enum dp_status dp_queue_push(struct dp_queue *q, const struct dp_event *header, const void *payload,
                             struct dp_err *err);

/** Earliest event, or NULL when none is pending, the earliest is at or after `before_ns`, or memory ran out (`failed`).
 *  It stays in place and readable until the next peek; pushing does not move it. */
const struct dp_event *dp_queue_peek(struct dp_queue *q, dp_time before_ns);

/** Removes the event that the last peek returned; its memory stays readable until the next peek. */
void dp_queue_pop(struct dp_queue *q);

/** Time of the earliest event, DP_TIME_MAX if none. O(1). */
dp_time dp_queue_next_ns(const struct dp_queue *q);

/** Bytes that it takes, about: chunks are not counted one by one. */
static inline size_t dp_queue_bytes(const struct dp_queue *q) {
  return q->array_bytes + q->event_n * (sizeof(struct dp_event) + 16);
}

/** Calls `fn` for every pending event, in no particular order. */
void dp_queue_each(const struct dp_queue *q, void (*fn)(const struct dp_event *, void *), void *arg);

#endif
