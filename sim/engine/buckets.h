/* sim/engine/buckets.h — the hot path of a queue: finding the bucket of a time and room for an event in it, and taking
 * the next event of a sorted run. Layer: engine, private to it. Not collective. */
#ifndef DP_ENGINE_BUCKETS_H
#define DP_ENGINE_BUCKETS_H

#include "engine/pool.h"
#include "engine/queue.h"
#include "engine/table.h"

#define DP_DIGIT_BITS 6u
#define DP_BUCKETS 64u

#define DP_FETCH_AHEAD 16u /* events: so far ahead their rows are fetched */
#define DP_FETCH_ROWS 16u /* of a table: fewer are few lines */

/* gcc deletes calls of functions that do nothing but prefetch: they must not be calls. */
#define DP_ALWAYS_INLINE static inline __attribute__((always_inline))

#define DP_LIKELY(x) __builtin_expect(!!(x), 1)
#define DP_UNLIKELY(x) __builtin_expect(!!(x), 0)

/** Level of the highest digit in which two times differ. */
static inline unsigned dp__level_of(dp_time a, dp_time b) {
  uint64_t differ = (uint64_t)a ^ (uint64_t)b;
  return (63u - (unsigned)__builtin_clzll(differ | 1)) / DP_DIGIT_BITS;
}

static inline unsigned dp__digit_of(dp_time t, unsigned level) {
  return (unsigned)((uint64_t)t >> (DP_DIGIT_BITS * level)) & (DP_BUCKETS - 1);
}

/** Room for `size` bytes in the newest chunk of a chain; NULL when there is none. */
static inline struct dp_event *dp__chunk_append(struct dp_chunk *chunk, dp_time time_ns, uint32_t size) {
  if (DP_UNLIKELY(chunk == NULL || sizeof *chunk + chunk->used + size > dp__chunk_bytes(chunk))) return NULL;
  struct dp_event *event = (void *)(chunk->data + chunk->used);
  chunk->used = (uint16_t)(chunk->used + size);
  chunk->event_n++;
  if (time_ns < chunk->min_ns) chunk->min_ns = time_ns;
  return event;
}

/** The same in a new chunk in front of the chain; NULL when memory is out. */
struct dp_event *dp__chain_grow(struct dp_queue *q, struct dp_chunk **chain, dp_time time_ns, uint32_t size);

/** The same in a bucket whose newest chunk, if any, is full. */
struct dp_event *dp__bucket_grow(struct dp_queue *q, unsigned level, unsigned digit, dp_time time_ns, uint32_t size);

/** Room for an event of `time_ns` ≥ cursor in the bucket where it belongs; NULL when memory is out. */
static inline struct dp_event *dp__bucket_append(struct dp_queue *q, dp_time time_ns, uint32_t size) {
  unsigned level = dp__level_of(time_ns, q->cursor_ns), digit = dp__digit_of(time_ns, level);
  struct dp_chunk **buckets = q->levels[level];
  struct dp_event *event = DP_LIKELY(buckets != NULL) ? dp__chunk_append(buckets[digit], time_ns, size) : NULL;
  return DP_LIKELY(event != NULL) ? event : dp__bucket_grow(q, level, digit, time_ns, size);
}

/** Copies the payload word by word: a call of memcpy costs more than its few words. */
static inline void dp__copy_payload(struct dp_event *to, const void *payload) {
  for (uint32_t at = 0; at < to->size; at += 8) memcpy((char *)to->payload + at, (const char *)payload + at, 8);
}

static inline void dp__copy_event(struct dp_event *to, const struct dp_event *header, const void *payload) {
  memcpy(to, header, sizeof *to);
  dp__copy_payload(to, payload);
}

/** Room for an event that goes to a bucket, to be filled by the caller (header and payload, `size` bytes in all). NULL
 *  when this is not the common case: dp_queue_push knows the others and the errors. */
static inline struct dp_event *dp__queue_room(struct dp_queue *q, dp_time time_ns, uint32_t size) {
  if (DP_UNLIKELY(time_ns < q->open_end_ns || time_ns <= q->last_ns)) return NULL;
  struct dp_event *event = dp__bucket_append(q, time_ns, size);
  if (DP_LIKELY(event != NULL)) q->event_n++;
  return event;
}

/** Starts loading the row that an event goes to. */
DP_ALWAYS_INLINE void dp__fetch_row(const struct dp_queue *q, const struct dp_event *event) {
  uint32_t index = q->row_table[event->instance], row = dp_entity_row(event->dest);
  if (index == DP_NO_ROW) return;
  const struct dp_table *table = &q->tables[index];
  if (table->row_n > DP_FETCH_ROWS && row < table->row_n) __builtin_prefetch(dp_table_at(table, row));
}

/** dp_queue_peek and dp_queue_pop in one, where the sorted run alone does not do. */
const struct dp_event *dp__queue_take_any(struct dp_queue *q, dp_time before_ns);

/** Removes and returns the earliest event before `before_ns`, NULL as in dp_queue_peek; readable till the next call. */
static inline const struct dp_event *dp__queue_take(struct dp_queue *q, dp_time before_ns) {
  if (DP_UNLIKELY(q->heap_n > 0 || q->run_head == q->run_n || q->gone)) return dp__queue_take_any(q, before_ns);
  const struct dp_slot *slot = &q->run[q->run_head];
  dp_time time_ns = slot->time_ns;
  if (time_ns >= before_ns) return NULL;
  q->run_head++;
  if (q->fetching && q->run_head + DP_FETCH_AHEAD <= q->run_n) dp__fetch_row(q, slot[DP_FETCH_AHEAD].event);
  q->event_n--;
  q->instant_n = time_ns == q->last_ns ? q->instant_n + 1 : 1;
  q->last_ns = time_ns;
  return slot->event;
}

#endif
