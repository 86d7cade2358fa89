/* sim/script/bind_arena.c — memory of a scenario: given back all at once. */
#include <stdlib.h>
#include <string.h>

#include "script/bind.h"

#define BLOCK_BYTES ((size_t)16 << 10)

struct dp_arena_block {
  struct dp_arena_block *next;
  size_t used, size;
  max_align_t data[];
};

void *dp__arena_alloc(struct dp_arena *a, size_t bytes) {
  bytes = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
  struct dp_arena_block *b = a->blocks;
  if (b == NULL || b->size - b->used < bytes) {
    size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
    b = calloc(1, sizeof *b + size);
    if (b == NULL) return NULL;
    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
  }
  void *at = (unsigned char *)b->data + b->used;
  b->used += bytes;
  return at;
}

char *dp__arena_text(struct dp_arena *a, const char *text, size_t len) {
  char *copy = dp__arena_alloc(a, len + 1);
  if (copy != NULL && len > 0) memcpy(copy, text, len);
  return copy;
}

void dp__arena_fini(struct dp_arena *a) {
  while (a->blocks != NULL) {
    struct dp_arena_block *next = a->blocks->next;
    free(a->blocks);
    a->blocks = next;
  }
}
