/* sim/engine/queue.c — the radix ladder of pending events. See queue.h for the idea. */
#include "engine/queue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buckets.h"
#include "engine/slots.h"

#define TINY_BUCKET 16u    /* sorted by insertion; at most DP_BUCKETS */
#define SMALL_BUCKET 48u   /* sorted as it is */
#define DEALT_BUCKET 1024u /* the same, where the square of its events is at most DEALT_SHARE times all pending ones: */
#define DEALT_SHARE 32u    /* else many later ones would come into so wide a range */
#define PARTS_BITS 9u
#define PARTS (1u << PARTS_BITS)
#define CROWDED_HEAP 64u   /* later arrivals that make a wide open range be given up */
#define FEW_EVENTS 2048u   /* pending: half-empty chunks would be most of the memory */
#define FETCH_BYTES ((size_t)1 << 20) /* held for the pending events of a rank: rows are likely not in the cache */

/* ---- memory ---- */

static inline void recycle_chain(struct dp_queue *q, struct dp_chunk *chain) {
  while (chain) {
    struct dp_chunk *next = chain->next;
    dp__pool_put(q->pool, chain);
    chain = next;
  }
}

struct dp_event *dp__chain_grow(struct dp_queue *q, struct dp_chunk **chain, dp_time time_ns, uint32_t size) {
  struct dp_chunk *older = *chain, *chunk = dp__pool_get(q->pool, q->event_n >= FEW_EVENTS);
  if (chunk == NULL) return NULL;
  chunk->next = older;
  chunk->next2 = older ? older->next : NULL;
  chunk->min_ns = older ? older->min_ns : DP_TIME_MAX;
  chunk->before_n = older ? older->before_n + older->event_n : 0;
  chunk->used = 0;
  chunk->event_n = 0;
  *chain = chunk;
  return dp__chunk_append(chunk, time_ns, size);
}

struct dp_event *dp__bucket_grow(struct dp_queue *q, unsigned level, unsigned digit, dp_time time_ns, uint32_t size) {
  if (q->levels[level] == NULL) {
    q->levels[level] = calloc(DP_BUCKETS, sizeof *q->levels[level]);
    if (q->levels[level] == NULL) return NULL;
    q->array_bytes += DP_BUCKETS * sizeof *q->levels[level];
  }
  struct dp_event *event = dp__chain_grow(q, &q->levels[level][digit], time_ns, size);
  if (event == NULL) return NULL;
  q->occupied[level] |= UINT64_C(1) << digit;
  q->level_mask |= 1u << level;
  return event;
}

static bool reserve_slots(struct dp_queue *q, struct dp_slot **slots, size_t *cap, size_t n) {
  if (DP_LIKELY(n <= *cap)) return true;
  size_t grown = n < 2 * *cap ? 2 * *cap : n < 16 ? 16 : n;
  struct dp_slot *moved = realloc(*slots, grown * sizeof *moved);
  if (moved == NULL) return false;
  q->array_bytes += (grown - *cap) * sizeof *moved;
  *slots = moved;
  *cap = grown;
  return true;
}

void dp_queue_init(struct dp_queue *q, struct dp_pool *pool) { *q = (struct dp_queue){.pool = pool}; }

void dp_queue_fini(struct dp_queue *q) {
  recycle_chain(q, q->open);
  for (unsigned level = 0; level < DP_QUEUE_LEVELS; level++) {
    for (uint64_t left = q->occupied[level]; left; left &= left - 1)
      recycle_chain(q, q->levels[level][__builtin_ctzll(left)]);
    free(q->levels[level]);
  }
  free(q->run);
  free(q->heap);
  *q = (struct dp_queue){.pool = q->pool, .tables = q->tables, .row_table = q->row_table};
}

/* ---- buckets ---- */

static inline const struct dp_event *next_in_chunk(const struct dp_event *event) {
  return (const void *)((const unsigned char *)event + dp_event_bytes(event));
}

/* The earliest bucket: the lowest level holds what shares most digits with the cursor. There must be one. */
static inline struct dp_chunk **earliest_bucket(const struct dp_queue *q, unsigned *level, unsigned *digit) {
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

DP_ALWAYS_INLINE void prefetch_chunk(const struct dp_chunk *chunk) {
  for (size_t at = 0; at < DP_CHUNK_LARGE; at += 64) __builtin_prefetch((const char *)chunk + at);
}

/* Deals the events of a chain out over the levels below. */
static bool spread(struct dp_queue *q, struct dp_chunk *chain) {
  while (chain) {
    struct dp_chunk *next = chain->next;
    if (chain->next2) prefetch_chunk(chain->next2);
    const struct dp_event *event = (const void *)chain->data;
    for (uint32_t i = 0; i < chain->event_n; i++, event = next_in_chunk(event))
      if (!copy_to_bucket(q, event)) return false;
    dp__pool_put(q->pool, chain);
    chain = next;
  }
  return true;
}

/* Writes a chain of `n` events into slots; older chunks first, so that what came in order stays so. */
static void list_chain(const struct dp_chunk *chain, size_t n, struct dp_slot *slots) {
  size_t end = n;
  for (const struct dp_chunk *chunk = chain; chunk; chunk = chunk->next) {
    if (chunk->next2) prefetch_chunk(chunk->next2);
    end -= chunk->event_n;
    const struct dp_event *event = (const void *)chunk->data;
    for (uint32_t i = 0; i < chunk->event_n; i++, event = next_in_chunk(event))
      slots[end + i] = (struct dp_slot){event->time_ns, event};
  }
}

/* Makes the run of a bucket of level 1 or more without a look at ties: slots are dealt out by the upper bits of their
 * time into PARTS parts or fewer, about two a part, and what is then almost in order is sorted by insertion. */
static void sort_dealt(struct dp_queue *q, size_t n, unsigned level) {
  uint16_t starts[PARTS] = {0};
  unsigned bits = 63u - (unsigned)__builtin_clzll(n), width = DP_DIGIT_BITS * level;
  bits = bits > PARTS_BITS ? PARTS_BITS : bits > width ? width : bits;
  const struct dp_slot *from = q->run + n;
  const unsigned shift = width - bits;
  for (size_t i = 0; i < n; i++) starts[(uint64_t)(from[i].time_ns - q->cursor_ns) >> shift]++;
  uint16_t sum = 0, most = 0;
  for (size_t part = 0; part < (size_t)1 << bits; part++) {
    uint16_t part_n = starts[part];
    starts[part] = sum;
    sum = (uint16_t)(sum + part_n);
    most = part_n > most ? part_n : most;
  }
  for (size_t i = 0; i < n; i++) q->run[starts[(uint64_t)(from[i].time_ns - q->cursor_ns) >> shift]++] = from[i];
  if (most <= DP_BUCKETS) dp__slots_insertion_sort(q->run, n);
  else dp__slots_sort(q->run, n);
}

/* Makes the run of a tiny bucket of level 0 to 9. A time in it takes at most 54 bits from its start: with the place in
 * the chain in the 6 bits below it is one word to sort by insertion. Equal times get their order afterwards. */
static void sort_tiny(struct dp_queue *q, const struct dp_chunk *chain) {
  uint64_t keys[TINY_BUCKET];
  const struct dp_event *events[TINY_BUCKET];
  size_t n = 0;
  for (const struct dp_chunk *chunk = chain; chunk; chunk = chunk->next) {
    const struct dp_event *event = (const void *)chunk->data;
    for (uint32_t k = 0; k < chunk->event_n; k++, event = next_in_chunk(event), n++) {
      uint64_t key = (uint64_t)(event->time_ns - q->cursor_ns) << DP_DIGIT_BITS | n;
      size_t at = n;
      for (; at > 0 && key < keys[at - 1]; at--) keys[at] = keys[at - 1];
      keys[at] = key;
      events[n] = event;
      if (q->fetching) dp__fetch_row(q, event);
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
  bool tiny = n <= TINY_BUCKET && level < DP_QUEUE_LEVELS - 1, dealt = !tiny && level > 0 && n <= DEALT_BUCKET;
  if (!reserve_slots(q, &q->run, &q->run_cap, dealt ? 2 * n : n)) return false;
  q->fetching = q->tables && q->pool->bytes >= FETCH_BYTES;
  if (tiny) {
    sort_tiny(q, chain);
  } else {
    list_chain(chain, n, dealt ? q->run + n : q->run);
    if (dealt) sort_dealt(q, n, level);
    else dp__slots_sort(q->run, n);
  }
  q->run_head = 0;
  q->run_n = n;
  for (size_t i = 0; q->fetching && !tiny && i < n && i < DP_FETCH_AHEAD; i++) dp__fetch_row(q, q->run[i].event);
  return true;
}

static inline dp_time range_end(dp_time start, unsigned level) {
  dp_time width = INT64_C(1) << (DP_DIGIT_BITS * level);
  return start > DP_TIME_MAX - width ? DP_TIME_MAX : start + width;
}

/* Takes the earliest bucket out; the cursor moves to its start. */
static struct dp_chunk *take_bucket(struct dp_queue *q, unsigned level, unsigned digit) {
  struct dp_chunk **bucket = &q->levels[level][digit], *chain = *bucket;
  *bucket = NULL;
  q->occupied[level] &= ~(UINT64_C(1) << digit);
  if (q->occupied[level] == 0) q->level_mask &= ~(1u << level);
  uint64_t below = (UINT64_C(1) << (DP_DIGIT_BITS * level)) - 1;
  q->cursor_ns = (dp_time)((uint64_t)chain->min_ns & ~below);
  return chain;
}

/* Opens the earliest bucket that is small enough, spreading those before it that are not. The old range is used up.
 * False when nothing is pending before `before_ns`. */
static bool open_next(struct dp_queue *q, dp_time before_ns) {
  memset(q->holes, 0, sizeof q->holes);
  recycle_chain(q, q->open);
  q->open = NULL;
  while (q->level_mask) {
    unsigned level, digit;
    if ((*earliest_bucket(q, &level, &digit))->min_ns >= before_ns) return false;
    struct dp_chunk *chain = take_bucket(q, level, digit);
    uint64_t n = chain->before_n + chain->event_n;
    bool small = level == 0 || n <= SMALL_BUCKET || (n <= DEALT_BUCKET && n * n <= DEALT_SHARE * q->event_n);
    q->open_end_ns = small ? range_end(q->cursor_ns, level) : q->cursor_ns;
    if (small) q->open = chain;
    if (!(small ? sort_chain(q, chain, n, level) : spread(q, chain))) {
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

static struct dp_event *open_append(struct dp_queue *q, dp_time time_ns, uint32_t size) {
  struct dp_event *event = dp__chunk_append(q->open, time_ns, size);
  return event ? event : dp__chain_grow(q, &q->open, time_ns, size);
}

/* Room for an event of the open range, entered in the heap. */
static struct dp_event *heap_append(struct dp_queue *q, const struct dp_event *header, const void *payload) {
  if (!reserve_slots(q, &q->heap, &q->heap_cap, q->heap_n + 1)) return NULL;
  void **hole = &q->holes[header->size / 8];
  struct dp_event *event = *hole;
  if (event) memcpy(hole, event, sizeof *hole);
  else if ((event = open_append(q, header->time_ns, (uint32_t)dp_event_bytes(header))) == NULL) return NULL;
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

const struct dp_event *dp__queue_take_any(struct dp_queue *q, dp_time before_ns) {
  const struct dp_event *event = dp_queue_peek(q, before_ns);
  if (event) dp_queue_pop(q);
  return event;
}

dp_time dp_queue_next_ns(const struct dp_queue *q) {
  dp_time next = DP_TIME_MAX;
  if (q->run_head < q->run_n) next = q->run[q->run_head].time_ns;
  if (q->heap_n && q->heap[0].time_ns < next) next = q->heap[0].time_ns;
  if (next != DP_TIME_MAX || q->level_mask == 0) return next;
  unsigned level, digit;
  return (*earliest_bucket(q, &level, &digit))->min_ns;
}

void dp_queue_each(const struct dp_queue *q, void (*fn)(const struct dp_event *, void *), void *arg) {
  for (size_t i = q->run_head; i < q->run_n; i++) fn(q->run[i].event, arg);
  for (size_t i = 0; i < q->heap_n; i++) fn(q->heap[i].event, arg);
  for (unsigned level = 0; level < DP_QUEUE_LEVELS; level++) {
    for (uint64_t left = q->occupied[level]; left; left &= left - 1) {
      const struct dp_chunk *chunk = q->levels[level][__builtin_ctzll(left)];
      for (; chunk; chunk = chunk->next) {
        const struct dp_event *event = (const void *)chunk->data;
        for (uint32_t i = 0; i < chunk->event_n; i++, event = next_in_chunk(event)) fn(event, arg);
      }
    }
  }
}
