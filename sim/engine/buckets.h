/* sim/engine/buckets.h — the hot path of a queue: finding the bucket of a time and room for an event in it.
 * Layer: engine, private to it. Not collective. */
#ifndef DP_ENGINE_BUCKETS_H
#define DP_ENGINE_BUCKETS_H

#include "engine/queue.h"

#define DP_CHUNK_BYTES 512u
#define DP_DIGIT_BITS 6u
#define DP_BUCKETS 64u

#define DP_LIKELY(x) __builtin_expect(!!(x), 1)
#define DP_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Events of one bucket, packed. The data begin at 32 bytes, so that an event without payload never straddles a line. */
struct dp_chunk {
  struct dp_chunk *next;
  uint32_t used; /* bytes of data */
  uint32_t event_n;
  uint64_t unused[2];
  unsigned char data[DP_CHUNK_BYTES - 32];
};

_Static_assert(sizeof(struct dp_chunk) == DP_CHUNK_BYTES, "chunks fill their size");

/** A chunk in front of `next`, from the spare ones or new memory; NULL when memory is out. */
struct dp_chunk *dp__new_chunk(struct dp_queue *q, struct dp_chunk *next);

/** The buckets of a level that is used for the first time; NULL when memory is out. */
struct dp_bucket *dp__new_level(struct dp_queue *q, unsigned level);

/** Room for `size` bytes in the newest chunk of a chain; NULL when memory is out. */
static inline struct dp_event *dp__chain_append(struct dp_queue *q, struct dp_chunk **chain, uint32_t size) {
  struct dp_chunk *chunk = *chain;
  if (DP_UNLIKELY(chunk == NULL || chunk->used + size > sizeof chunk->data)) {
    chunk = dp__new_chunk(q, chunk);
    if (chunk == NULL) return NULL;
    *chain = chunk;
  }
  struct dp_event *event = (void *)(chunk->data + chunk->used);
  chunk->used += size;
  chunk->event_n++;
  return event;
}

/** Level of the highest digit in which two times differ. */
static inline unsigned dp__level_of(dp_time a, dp_time b) {
  uint64_t differ = (uint64_t)a ^ (uint64_t)b;
  return (63u - (unsigned)__builtin_clzll(differ | 1)) / DP_DIGIT_BITS;
}

static inline unsigned dp__digit_of(dp_time t, unsigned level) {
  return (unsigned)((uint64_t)t >> (DP_DIGIT_BITS * level)) & (DP_BUCKETS - 1);
}

/** Room for an event of `time_ns` ≥ cursor in the bucket where it belongs; NULL when memory is out. */
static inline struct dp_event *dp__bucket_append(struct dp_queue *q, dp_time time_ns, uint32_t size) {
  unsigned level = dp__level_of(time_ns, q->cursor_ns), digit = dp__digit_of(time_ns, level);
  struct dp_bucket *buckets = q->levels[level];
  if (DP_UNLIKELY(buckets == NULL) && (buckets = dp__new_level(q, level)) == NULL) return NULL;
  struct dp_bucket *bucket = &buckets[digit];
  struct dp_event *event = dp__chain_append(q, &bucket->last, size);
  if (DP_UNLIKELY(event == NULL)) return NULL;
  if (bucket->event_n++ == 0 || time_ns < bucket->min_ns) bucket->min_ns = time_ns;
  q->occupied[level] |= UINT64_C(1) << digit;
  q->level_mask |= 1u << level;
  return event;
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

#endif
