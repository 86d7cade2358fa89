/* sim/engine/slots.c — insertion sort, introsort and a binary heap over slots. */
#include "engine/slots.h"

#define FEW 24 /* an insertion sort is the fastest up to here */

void dp__slots_insertion_sort(struct dp_slot *slots, size_t n) {
  for (size_t i = 1; i < n; i++) {
    struct dp_slot slot = slots[i];
    size_t at = i;
    for (; at > 0 && dp__slot_before(&slot, &slots[at - 1]); at--) slots[at] = slots[at - 1];
    slots[at] = slot;
  }
}

static void heap_sort(struct dp_slot *slots, size_t n) {
  for (size_t i = 1; i < n; i++) dp__heap_push(slots, i, slots[i]);
  for (size_t left = n; left > 1; left--) {
    struct dp_slot least = slots[0];
    dp__heap_remove(slots, left - 1, 0);
    slots[left - 1] = least;
  }
  for (size_t i = 0, j = n - 1; i < j; i++, j--) {
    struct dp_slot other = slots[i];
    slots[i] = slots[j];
    slots[j] = other;
  }
}

static void order_two(struct dp_slot *a, struct dp_slot *b) {
  if (!dp__slot_before(b, a)) return;
  struct dp_slot other = *a;
  *a = *b;
  *b = other;
}

/* Hoare's partition around the median of three: [0, result] ≤ pivot ≤ [result + 1, n). */
static size_t partition(struct dp_slot *slots, size_t n) {
  order_two(&slots[0], &slots[n / 2]);
  order_two(&slots[n / 2], &slots[n - 1]);
  order_two(&slots[0], &slots[n / 2]);
  struct dp_slot pivot = slots[n / 2];
  size_t low = 0, high = n - 1;
  for (;;) {
    do low++;
    while (dp__slot_before(&slots[low], &pivot));
    do high--;
    while (dp__slot_before(&pivot, &slots[high]));
    if (low >= high) return high;
    struct dp_slot other = slots[low];
    slots[low] = slots[high];
    slots[high] = other;
  }
}

static void intro_sort(struct dp_slot *slots, size_t n, unsigned depth) {
  while (n > FEW) {
    if (depth-- == 0) {
      heap_sort(slots, n);
      return;
    }
    size_t left_n = partition(slots, n) + 1;
    intro_sort(slots + left_n, n - left_n, depth);
    n = left_n;
  }
  dp__slots_insertion_sort(slots, n);
}

void dp__slots_sort(struct dp_slot *slots, size_t n) {
  if (n <= 2 * FEW) {
    dp__slots_insertion_sort(slots, n);
    return;
  }
  bool sorted = true; /* ties often come in order */
  for (size_t i = 1; i < n && sorted; i++) sorted = dp__slot_before(&slots[i - 1], &slots[i]);
  if (!sorted) intro_sort(slots, n, 2 * (64u - (unsigned)__builtin_clzll(n)));
}

void dp__heap_push(struct dp_slot *heap, size_t n, struct dp_slot slot) {
  size_t at = n;
  while (at > 0) {
    size_t up = (at - 1) / 2;
    if (!dp__slot_before(&slot, &heap[up])) break;
    heap[at] = heap[up];
    at = up;
  }
  heap[at] = slot;
}

void dp__heap_remove(struct dp_slot *heap, size_t n, size_t at) {
  struct dp_slot slot = heap[n]; /* the last one takes the gap: down, else up */
  for (;;) {
    size_t down = 2 * at + 1;
    if (down >= n) break;
    if (down + 1 < n && dp__slot_before(&heap[down + 1], &heap[down])) down++;
    if (!dp__slot_before(&heap[down], &slot)) break;
    heap[at] = heap[down];
    at = down;
  }
  while (at > 0 && at < n && dp__slot_before(&slot, &heap[(at - 1) / 2])) {
    heap[at] = heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  if (at < n) heap[at] = slot;
}
