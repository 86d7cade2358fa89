/* sim/engine/queue.c — the radix ladder of pending events. See queue.h for the idea. */
#include "engine/queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buckets.h"
#include "engine/slots.h"

#define SMALL_BUCKET 48u /* sorted as it is; at most DP_BUCKETS */
#define CROWDED_HEAP 64u /* later arrivals that make a wide open range be given up */
#define SLAB_MIN (4u * DP_CHUNK_BYTES)
#define SLAB_MAX (UINT32_C(1) << 20)

struct dp_slab {
  struct dp_slab *next;
  size_t bytes;
};

/* ---- memory ---- */

static void recycle(struct dp_queue *q, struct dp_chunk *chunk) {
  chunk->next = q->spare;
  q->spare = chunk;
}

/* Cuts a new slab into spare chunks; slabs grow with what the queue holds. */
static bool add_slab(struct dp_queue *q) {
  size_t size = q->bytes / 4 / DP_CHUNK_BYTES * DP_CHUNK_BYTES;
  size = size < SLAB_MIN ? SLAB_MIN : size > SLAB_MAX ? SLAB_MAX : size;
  unsigned char *memory = aligned_alloc(64, size + 64);
  if (memory == NULL) return false;
  struct dp_slab *slab = (void *)memory;
  *slab = (struct dp_slab){q->slabs, size + 64};
  q->slabs = slab;
  q->bytes += slab->bytes;
  for (size_t at = size; at > 0; at -= DP_CHUNK_BYTES) recycle(q, (void *)(memory + 64 + at - DP_CHUNK_BYTES));
  return true;
}

struct dp_chunk *dp__new_chunk(struct dp_queue *q, struct dp_chunk *next) {
  if (DP_UNLIKELY(q->spare == NULL) && !add_slab(q)) return NULL;
  struct dp_chunk *chunk = q->spare;
  q->spare = chunk->next;
  chunk->next = next;
  chunk->used = chunk->event_n = 0;
  return chunk;
}

struct dp_bucket *dp__new_level(struct dp_queue *q, unsigned level) {
  q->levels[level] = calloc(DP_BUCKETS, sizeof(struct dp_bucket));
  if (q->levels[level]) q->bytes += DP_BUCKETS * sizeof(struct dp_bucket);
  return q->levels[level];
}

static bool reserve_slots(struct dp_queue *q, struct dp_slot **slots, size_t *cap, size_t n) {
  if (DP_LIKELY(n <= *cap)) return true;
  size_t grown = n < 2 * *cap ? 2 * *cap : n < DP_BUCKETS ? DP_BUCKETS : n;
  struct dp_slot *moved = realloc(*slots, grown * sizeof *moved);
  if (moved == NULL) return false;
  q->bytes += (grown - *cap) * sizeof *moved;
  *slots = moved;
  *cap = grown;
  return true;
}

void dp_queue_init(struct dp_queue *q) { *q = (struct dp_queue){0}; }

void dp_queue_fini(struct dp_queue *q) {
  while (q->slabs) {
    struct dp_slab *slab = q->slabs;
    q->slabs = slab->next;
    free(slab);
  }
  for (unsigned level = 0; level < DP_QUEUE_LEVELS; level++) free(q->levels[level]);
  free(q->run);
  free(q->heap);
  dp_queue_init(q);
}

/* ---- buckets ---- */

static inline const struct dp_event *next_in_chunk(const struct dp_event *event) {
  return (const void *)((const unsigned char *)event + dp_event_bytes(event));
}

/* The earliest bucket: the lowest level holds what shares most digits with the cursor. There must be one. */
static inline struct dp_bucket *earliest_bucket(const struct dp_queue *q, unsigned *level, unsigned *digit) {
  *level = (unsigned)__builtin_ctz(q->level_mask);
  *digit = (unsigned)__builtin_ctzll(q->occupied[*level]);
  return &q->levels[*level][*digit];
}

static inline bool copy_to_bucket(struct dp_queue *q, const struct dp_event *event) {
  struct dp_event *copy = dp__bucket_append(q, event->time_ns, (uint32_t)dp_event_bytes(event));
  if (DP_UNLIKELY(copy == NULL)) return false;
  dp__copy_event(copy, event, event->payload);
  return true;
}

static inline void prefetch_chunk(const struct dp_chunk *chunk) {
  for (size_t at = 0; at < DP_CHUNK_BYTES; at += 64) __builtin_prefetch((const char *)chunk + at);
}

/* Deals the events of a chain out over the levels below. */
static bool spread(struct dp_queue *q, struct dp_chunk *chain) {
  while (chain) {
    struct dp_chunk *next = chain->next;
    if (next) prefetch_chunk(next);
    const struct dp_event *event = (const void *)chain->data;
    for (uint32_t i = 0; i < chain->event_n; i++, event = next_in_chunk(event))
      if (!copy_to_bucket(q, event)) return false;
    recycle(q, chain);
    chain = next;
  }
  return true;
}

/* Writes a chain of `n` events into slots; older chunks first, so that what came in order stays so. */
static void list_chain(const struct dp_chunk *chain, size_t n, struct dp_slot *slots) {
  size_t end = n;
  for (const struct dp_chunk *chunk = chain; chunk; chunk = chunk->next) {
    end -= chunk->event_n;
    const struct dp_event *event = (const void *)chunk->data;
    for (uint32_t i = 0; i < chunk->event_n; i++, event = next_in_chunk(event))
      slots[end + i] = (struct dp_slot){event->time_ns, event};
  }
}

/* Makes the run of a small bucket of level 0 to 9. A time in it takes at most 54 bits from its start: with the place in
 * the chain in the 6 bits below it is one word to sort by insertion. Equal times get their order afterwards. */
static void sort_small(struct dp_queue *q, const struct dp_chunk *chain) {
  uint64_t keys[SMALL_BUCKET];
  const struct dp_event *events[SMALL_BUCKET];
  size_t n = 0;
  for (const struct dp_chunk *chunk = chain; chunk; chunk = chunk->next) {
    const struct dp_event *event = (const void *)chunk->data;
    for (uint32_t k = 0; k < chunk->event_n; k++, event = next_in_chunk(event), n++) {
      uint64_t key = (uint64_t)(event->time_ns - q->cursor_ns) << DP_DIGIT_BITS | n;
      size_t at = n;
      for (; at > 0 && key < keys[at - 1]; at--) keys[at] = keys[at - 1];
      keys[at] = key;
      events[n] = event;
    }
  }
  bool ties = false;
  for (size_t i = 0; i < n; i++) {
    dp_time time_ns = q->cursor_ns + (dp_time)(keys[i] >> DP_DIGIT_BITS);
    q->run[i] = (struct dp_slot){time_ns, events[keys[i] & (DP_BUCKETS - 1)]};
    ties |= i > 0 && keys[i] >> DP_DIGIT_BITS == keys[i - 1] >> DP_DIGIT_BITS;
  }
  if (ties) dp__slots_sort(q->run, n);
}

/* Makes the sorted run out of a chain of `n` events of a bucket of `level`. */
static bool sort_chain(struct dp_queue *q, const struct dp_chunk *chain, size_t n, unsigned level) {
  if (!reserve_slots(q, &q->run, &q->run_cap, n)) return false;
  if (n <= SMALL_BUCKET && level < DP_QUEUE_LEVELS - 1) {
    sort_small(q, chain);
  } else {
    list_chain(chain, n, q->run);
    dp__slots_sort(q->run, n);
  }
  q->run_head = 0;
  q->run_n = n;
  return true;
}

static inline dp_time range_end(dp_time start, unsigned level) {
  dp_time width = INT64_C(1) << (DP_DIGIT_BITS * level);
  return start > DP_TIME_MAX - width ? DP_TIME_MAX : start + width;
}

/* Opens the earliest bucket that is small enough, spreading those before it that are not. The old range is used up.
 * False when nothing is pending before `before_ns`. */
static bool open_next(struct dp_queue *q, dp_time before_ns) {
  memset(q->holes, 0, sizeof q->holes);
  while (q->open) {
    struct dp_chunk *chunk = q->open;
    q->open = chunk->next;
    recycle(q, chunk);
  }
  while (q->level_mask) {
    unsigned level, digit;
    struct dp_bucket *bucket = earliest_bucket(q, &level, &digit);
    if (bucket->min_ns >= before_ns) return false;
    struct dp_bucket taken = *bucket;
    *bucket = (struct dp_bucket){0};
    q->occupied[level] &= ~(UINT64_C(1) << digit);
    if (q->occupied[level] == 0) q->level_mask &= ~(1u << level);
    uint64_t below = (UINT64_C(1) << (DP_DIGIT_BITS * level)) - 1;
    q->cursor_ns = (dp_time)((uint64_t)taken.min_ns & ~below);
    bool small = level == 0 || taken.event_n <= SMALL_BUCKET;
    q->open_end_ns = small ? range_end(q->cursor_ns, level) : q->cursor_ns;
    if (small) q->open = taken.last;
    if (!(small ? sort_chain(q, taken.last, taken.event_n, level) : spread(q, taken.last))) {
      q->failed = true;
      return false;
    }
    if (small) return true;
  }
  return false;
}

/* ---- the open range ---- */

/* Gives up an open range that turned out too wide for its density: what is left of it goes back to buckets. Below an
 * open bucket all levels are empty, so the cursor can follow the clock. True if done. */
static bool narrow(struct dp_queue *q) {
  dp_time cursor = q->cursor_ns > q->last_ns ? q->cursor_ns : q->last_ns;
  if (q->peeked || q->open_end_ns - q->cursor_ns <= (dp_time)DP_BUCKETS || q->heap[0].time_ns < cursor) return false;
  q->cursor_ns = q->open_end_ns = cursor;
  for (size_t i = q->run_head; i < q->run_n; i++) q->failed |= !copy_to_bucket(q, q->run[i].event);
  for (size_t i = 0; i < q->heap_n; i++) q->failed |= !copy_to_bucket(q, q->heap[i].event);
  q->run_head = q->run_n = q->heap_n = 0;
  return true;
}

/* An open range may last, and small simulations live in its heap: the memory of what has gone is used again. */
static void reuse_gone(struct dp_queue *q) {
  struct dp_event *event = (void *)(uintptr_t)q->gone;
  void **hole = &q->holes[event->size / 8];
  memcpy(event, hole, sizeof *hole);
  *hole = event;
  q->gone = NULL;
}

/* Room for an event of the open range, entered in the heap. */
static struct dp_event *heap_append(struct dp_queue *q, const struct dp_event *header, const void *payload) {
  if (!reserve_slots(q, &q->heap, &q->heap_cap, q->heap_n + 1)) return NULL;
  void **hole = &q->holes[header->size / 8];
  struct dp_event *event = *hole;
  if (event) memcpy(hole, event, sizeof *hole);
  else if ((event = dp__chain_append(q, &q->open, (uint32_t)dp_event_bytes(header))) == NULL) return NULL;
  dp__copy_event(event, header, payload);
  dp__heap_push(q->heap, q->heap_n++, (struct dp_slot){event->time_ns, event});
  return event;
}

/* An event at the instant of the last popped one, or before it: legal as long as the instant ends. */
static enum dp_status instant_check(const struct dp_queue *q, dp_time time_ns, struct dp_err *err) {
  if (time_ns < q->last_ns)
    return dp_fail(err, DP_INVARIANT, "an event for %" PRId64 " ns comes after the event of %" PRId64 " ns has run",
                   time_ns, q->last_ns);
  if (q->instant_n >= DP_QUEUE_INSTANT_MAX)
    return dp_fail(err, DP_INVARIANT,
                   "more than %d events at one instant, %" PRId64 " ns, in one cell (messages without delay go round)",
                   DP_QUEUE_INSTANT_MAX, time_ns);
  return DP_OK;
}

enum dp_status dp_queue_push(struct dp_queue *q, const struct dp_event *header, const void *payload,
                             struct dp_err *err) {
  dp_time time_ns = header->time_ns;
  if (DP_UNLIKELY(time_ns <= q->last_ns)) DP_TRY(instant_check(q, time_ns, err));
  struct dp_event *event;
  if (time_ns < q->open_end_ns && (DP_LIKELY(q->heap_n < CROWDED_HEAP) || !narrow(q))) {
    event = heap_append(q, header, payload);
  } else {
    event = dp__bucket_append(q, time_ns, (uint32_t)dp_event_bytes(header));
    if (DP_LIKELY(event != NULL)) dp__copy_event(event, header, payload);
  }
  if (DP_UNLIKELY(event == NULL || q->failed)) return dp_fail_nomem(err, "pending events");
  q->event_n++;
  return DP_OK;
}

const struct dp_event *dp_queue_peek(struct dp_queue *q, dp_time before_ns) {
  q->peeked = NULL;
  if (q->gone) reuse_gone(q);
  if (q->run_head == q->run_n && q->heap_n == 0 && !open_next(q, before_ns)) return NULL;
  const struct dp_slot *first = &q->run[q->run_head];
  if (q->heap_n && (q->run_head == q->run_n || dp__slot_before(&q->heap[0], first))) first = &q->heap[0];
  if (first->time_ns >= before_ns) return NULL;
  q->peeked = first->event;
  return q->peeked;
}

void dp_queue_pop(struct dp_queue *q) {
  const struct dp_event *event = q->peeked;
  if (event == NULL) return;
  q->peeked = NULL;
  if (q->run_head < q->run_n && q->run[q->run_head].event == event) {
    q->run_head++;
  } else {
    size_t at = 0; /* not the first when an event that runs before it was pushed since the peek */
    while (q->heap[at].event != event) at++;
    dp__heap_remove(q->heap, --q->heap_n, at);
    q->gone = event;
  }
  q->event_n--;
  q->instant_n = event->time_ns == q->last_ns ? q->instant_n + 1 : 1;
  q->last_ns = event->time_ns;
}

dp_time dp_queue_next_ns(const struct dp_queue *q) {
  dp_time next = DP_TIME_MAX;
  if (q->run_head < q->run_n) next = q->run[q->run_head].time_ns;
  if (q->heap_n && q->heap[0].time_ns < next) next = q->heap[0].time_ns;
  if (next != DP_TIME_MAX || q->level_mask == 0) return next;
  unsigned level, digit;
  return earliest_bucket(q, &level, &digit)->min_ns;
}

void dp_queue_each(const struct dp_queue *q, void (*fn)(const struct dp_event *, void *), void *arg) {
  for (size_t i = q->run_head; i < q->run_n; i++) fn(q->run[i].event, arg);
  for (size_t i = 0; i < q->heap_n; i++) fn(q->heap[i].event, arg);
  for (unsigned level = 0; level < DP_QUEUE_LEVELS; level++) {
    for (uint64_t left = q->occupied[level]; left; left &= left - 1) {
      const struct dp_chunk *chunk = q->levels[level][__builtin_ctzll(left)].last;
      for (; chunk; chunk = chunk->next) {
        const struct dp_event *event = (const void *)chunk->data;
        for (uint32_t i = 0; i < chunk->event_n; i++, event = next_in_chunk(event)) fn(event, arg);
      }
    }
  }
}
