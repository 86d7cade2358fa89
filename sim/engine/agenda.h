/* sim/engine/agenda.h — which local cell has the earliest event: an indexed binary heap.
 * Layer: engine, private to it. Not collective. A window touches only the cells that have something to do. */
#ifndef DP_ENGINE_AGENDA_H
#define DP_ENGINE_AGENDA_H

#include "base/status.h"
#include "engine/time.h"

struct dp_due {
  dp_time time_ns;
  uint32_t cell; /* local index */
};

struct dp_agenda {
  uint32_t n;
  struct dp_due *heap; /* [n] least first */
  uint32_t *place;     /* [n] of a cell in the heap */
};

/** n cells, nothing due. */
enum dp_status dp__agenda_new(uint32_t n, struct dp_agenda **out, struct dp_err *err);
void dp__agenda_free(struct dp_agenda *a);

/** Sets the time of a cell's earliest event. */
void dp__agenda_set(struct dp_agenda *a, uint32_t cell, dp_time time_ns);

/** A new event for a cell: its time counts when it is earlier than what is known. */
static inline void dp__agenda_add(struct dp_agenda *a, uint32_t cell, dp_time time_ns) {
  if (time_ns < a->heap[a->place[cell]].time_ns) dp__agenda_set(a, cell, time_ns);
}

/** Earliest time over all cells, DP_TIME_MAX if nothing is due. */
static inline dp_time dp__agenda_next_ns(const struct dp_agenda *a) { return a->n ? a->heap[0].time_ns : DP_TIME_MAX; }

#endif
