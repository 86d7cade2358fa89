/* sim/engine/event.h — events, the entities they go to, and the total order they run in.
 * Layer: engine. Not collective. */
#ifndef DP_ENGINE_EVENT_H
#define DP_ENGINE_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/time.h"

/** Entity id: cell (24 bits) | ordinal in the cell (40 bits). The ordinal is a generation (12 bits) and a row (28 bits)
 *  of a table, so that a row can be used again without an id being used again. */
typedef uint64_t dp_entity;

#define DP_CELL_BITS 24
#define DP_ORDINAL_BITS 40
#define DP_ROW_BITS 28
#define DP_CELL_MAX ((UINT32_C(1) << DP_CELL_BITS) - 1)
#define DP_ROW_MAX ((UINT32_C(1) << DP_ROW_BITS) - 2)
#define DP_ORDINAL_MASK ((UINT64_C(1) << DP_ORDINAL_BITS) - 1)
#define DP_NO_ROW UINT32_MAX

static inline uint32_t dp_entity_cell(dp_entity e) { return (uint32_t)(e >> DP_ORDINAL_BITS); }
static inline uint32_t dp_entity_row(dp_entity e) { return (uint32_t)(e & ((UINT32_C(1) << DP_ROW_BITS) - 1)); }
static inline uint32_t dp_entity_generation(dp_entity e) { return (uint32_t)((e & DP_ORDINAL_MASK) >> DP_ROW_BITS); }

static inline dp_entity dp_entity_make(uint32_t cell, uint32_t generation, uint32_t row) {
  return ((uint64_t)cell << DP_ORDINAL_BITS) | ((uint64_t)generation << DP_ROW_BITS) | row;
}

/** The cell itself as a destination (a gateway, a source): no table row has this ordinal. */
static inline dp_entity dp_entity_of_cell(uint32_t cell) { return ((uint64_t)cell << DP_ORDINAL_BITS) | DP_ORDINAL_MASK; }

/** What runs first among events of one nanosecond. */
enum dp_phase {
  DP_PHASE_RELEASE,  /* completion, repair: capacity comes free */
  DP_PHASE_ARRIVAL,  /* requests, messages */
  DP_PHASE_DECISION, /* timers, policies */
};

#define DP_PAYLOAD_MAX 32

/** Header of an event; `size` bytes of plain payload (0, 8, 16, 24 or 32) follow it in memory. */
struct dp_event {
  dp_time time_ns;
  dp_entity dest;
  uint64_t source;   /* cell of the sender (24 bits) | send number of that cell (40 bits) */
  uint16_t kind;     /* of the receiving model's vocabulary */
  uint16_t instance; /* the model instance that handles it */
  uint8_t phase;
  uint8_t size;
  uint16_t zero;
  uint64_t payload[];
};

_Static_assert(sizeof(struct dp_event) == 32, "an event header is 32 bytes");

/** Bytes of the event in memory, payload included. */
static inline size_t dp_event_bytes(const struct dp_event *e) { return sizeof *e + e->size; }

/** True if `a` runs before `b`: (time, phase, destination, source cell, send number). Total: no two are equal. */
static inline bool dp_event_before(const struct dp_event *a, const struct dp_event *b) {
  if (a->time_ns != b->time_ns) return a->time_ns < b->time_ns;
  if (a->phase != b->phase) return a->phase < b->phase;
  if (a->dest != b->dest) return a->dest < b->dest;
  return a->source < b->source;
}

/** Copies the payload of `e` into `*out`, a plain struct of at most DP_PAYLOAD_MAX bytes; missing bytes are zero. */
static inline void dp_event_payload(const struct dp_event *e, void *out, size_t out_size) {
  size_t n = e->size < out_size ? e->size : out_size;
  memcpy(out, e->payload, n);
  memset((char *)out + n, 0, out_size - n);
}

#endif
