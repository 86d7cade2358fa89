/* sim/engine/pool.c — slabs, in large pages where they are large enough, and the chunks cut from them. */
#include "engine/pool.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SLAB_MIN ((size_t)2 * DP_CHUNK_LARGE)
#define SLAB_MAX ((size_t)1 << 25)
#define LARGE_PAGE ((size_t)1 << 21)
#define HEAD 64u /* of a slab: chunks begin at whole lines */

struct dp_slab {
  struct dp_slab *next;
};

/* Slabs grow with what the pool holds, so that little is held in vain. */
static size_t slab_size(const struct dp_pool *pool) {
  size_t size = pool->bytes / 8;
  if (size >= LARGE_PAGE / 2) size = (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
  else size = size / DP_CHUNK_LARGE * DP_CHUNK_LARGE + HEAD;
  return size < SLAB_MIN + HEAD ? SLAB_MIN + HEAD : size > SLAB_MAX ? SLAB_MAX : size;
}

static void cut_small(struct dp_pool *pool, unsigned char *memory, size_t bytes) {
  for (; bytes >= DP_CHUNK_SMALL; memory += DP_CHUNK_SMALL, bytes -= DP_CHUNK_SMALL) {
    struct dp_chunk *chunk = (void *)memory;
    chunk->lines = DP_CHUNK_SMALL / 64;
    dp__pool_put(pool, chunk);
  }
}

static bool add_slab(struct dp_pool *pool) {
  size_t size = slab_size(pool);
  unsigned char *memory = aligned_alloc(size >= LARGE_PAGE ? LARGE_PAGE : HEAD, size);
  if (memory == NULL) return false;
#ifdef MADV_HUGEPAGE
  if (size >= LARGE_PAGE) madvise(memory, size, MADV_HUGEPAGE); /* a hint: it may fail */
#endif
  cut_small(pool, pool->fresh, pool->fresh_bytes);
  struct dp_slab *slab = (void *)memory;
  slab->next = pool->slabs;
  pool->slabs = slab;
  pool->fresh = memory + HEAD;
  pool->fresh_bytes = size - HEAD;
  pool->bytes += size;
  return true;
}

void dp_pool_fini(struct dp_pool *pool) {
  while (pool->slabs) {
    struct dp_slab *slab = pool->slabs;
    pool->slabs = slab->next;
    free(slab);
  }
  *pool = (struct dp_pool){0};
}

static struct dp_chunk *take_spare(struct dp_pool *pool, bool large) {
  struct dp_chunk *chunk = pool->spare[large];
  if (chunk) pool->spare[large] = chunk->next;
  return chunk;
}

struct dp_chunk *dp__pool_cut(struct dp_pool *pool, bool large) {
  size_t size = large ? DP_CHUNK_LARGE : DP_CHUNK_SMALL;
  if (pool->fresh_bytes < size) {
    struct dp_chunk *other = take_spare(pool, !large);
    if (other && large) return other;
    if (other) cut_small(pool, (unsigned char *)other, DP_CHUNK_LARGE);
    if (other) return take_spare(pool, false);
    if (!add_slab(pool)) return NULL;
  }
  struct dp_chunk *chunk = (void *)pool->fresh;
  chunk->lines = (uint8_t)(size / 64);
  pool->fresh += size;
  pool->fresh_bytes -= size;
  return chunk;
}
