/* sim/engine/agenda.c — the indexed heap of cells by their earliest event. */
#include "engine/agenda.h"

#include <stdlib.h>

enum dp_status dp__agenda_new(uint32_t n, struct dp_agenda **out, struct dp_err *err) {
  struct dp_agenda *a = calloc(1, sizeof *a);
  if (a == NULL) return dp_fail_nomem(err, "the agenda of cells");
  a->n = n;
  a->heap = malloc((n + (size_t)1) * sizeof *a->heap);
  a->place = malloc((n + (size_t)1) * sizeof *a->place);
  if (a->heap == NULL || a->place == NULL) {
    dp__agenda_free(a);
    return dp_fail_nomem(err, "the agenda of cells");
  }
  for (uint32_t cell = 0; cell < n; cell++) {
    a->heap[cell] = (struct dp_due){DP_TIME_MAX, cell};
    a->place[cell] = cell;
  }
  *out = a;
  return DP_OK;
}

void dp__agenda_free(struct dp_agenda *a) {
  if (a == NULL) return;
  free(a->heap);
  free(a->place);
  free(a);
}

static void put(struct dp_agenda *a, uint32_t at, struct dp_due due) {
  a->heap[at] = due;
  a->place[due.cell] = at;
}

void dp__agenda_set(struct dp_agenda *a, uint32_t cell, dp_time time_ns) {
  uint32_t at = a->place[cell];
  while (at > 0 && time_ns < a->heap[(at - 1) / 2].time_ns) {
    put(a, at, a->heap[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  for (uint32_t down = 2 * at + 1; down < a->n; down = 2 * at + 1) {
    if (down + 1 < a->n && a->heap[down + 1].time_ns < a->heap[down].time_ns) down++;
    if (time_ns <= a->heap[down].time_ns) break;
    put(a, at, a->heap[down]);
    at = down;
  }
  put(a, at, (struct dp_due){time_ns, cell});
}
