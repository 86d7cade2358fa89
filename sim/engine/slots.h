/* sim/engine/slots.h — sorting and heaping the slots of a queue's open range.
 * Layer: engine, private to it. Not collective, allocates nothing. */
#ifndef DP_ENGINE_SLOTS_H
#define DP_ENGINE_SLOTS_H

#include "engine/queue.h"

static inline bool dp__slot_before(const struct dp_slot *a, const struct dp_slot *b) {
  if (a->time_ns != b->time_ns) return a->time_ns < b->time_ns;
  return dp_event_before(a->event, b->event);
}

/** Sorts slots [n] by the total order of events: insertion for few, introsort (Musser 1997) for many. */
void dp__slots_sort(struct dp_slot *slots, size_t n);

/** The same for slots that are almost in order already. */
void dp__slots_insertion_sort(struct dp_slot *slots, size_t n);

/** Adds `slot` to the binary heap of n slots (least first); there must be room for n + 1. */
void dp__heap_push(struct dp_slot *heap, size_t n, struct dp_slot slot);

/** Removes heap[at] from a heap that has n slots afterwards. */
void dp__heap_remove(struct dp_slot *heap, size_t n, size_t at);

#endif
