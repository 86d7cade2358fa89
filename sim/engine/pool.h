/* sim/engine/pool.h — memory for the pending events of all cells of a rank: chunks of two sizes, cut from slabs.
 * Layer: engine, private to it. Not collective, not for threads. */
#ifndef DP_ENGINE_POOL_H
#define DP_ENGINE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "engine/time.h"

#define DP_CHUNK_SMALL 256u /* where few events are pending: half-empty chunks would be most of the memory */
#define DP_CHUNK_LARGE 512u

/* Events of one bucket, packed. The data begin at 32 bytes, so that an event without payload never straddles a line.
 * The newest chunk of a bucket speaks for the whole of it. */
struct dp_chunk {
  struct dp_chunk *next;  /* older */
  struct dp_chunk *next2; /* the one behind it, to fetch ahead */
  dp_time min_ns;         /* earliest time in this chunk and the older ones */
  uint32_t before_n;      /* events in the older ones */
  uint16_t used;          /* bytes of data */
  uint8_t event_n;
  uint8_t lines;          /* of 64 bytes that it takes */
  unsigned char data[];
};

_Static_assert(sizeof(struct dp_chunk) == 32, "the data of a chunk begin at half a line");

struct dp_slab;

struct dp_pool {
  struct dp_chunk *spare[2]; /* small, large: to be used again */
  unsigned char *fresh;      /* what is left of the newest slab */
  size_t fresh_bytes;
  struct dp_slab *slabs;
  size_t bytes; /* held */
  bool poisons; /* chunks that are given back are overwritten: a self-check */
};

/** Frees every slab: no queue may use the pool any more. A zero pool is a valid empty one. */
void dp_pool_fini(struct dp_pool *pool);

/** The same as dp__pool_get where no chunk is spare. */
struct dp_chunk *dp__pool_cut(struct dp_pool *pool, bool large);

/** A chunk, its fields but `lines` undefined; a small one where no large one is spare. NULL when memory is out. */
static inline struct dp_chunk *dp__pool_get(struct dp_pool *pool, bool large) {
  struct dp_chunk *chunk = pool->spare[large];
  if (chunk == NULL) return dp__pool_cut(pool, large);
  pool->spare[large] = chunk->next;
  return chunk;
}

/** Bytes of it. */
static inline uint32_t dp__chunk_bytes(const struct dp_chunk *chunk) {
  return 64u * chunk->lines;
}

static inline void dp__pool_put(struct dp_pool *pool, struct dp_chunk *chunk) {
  bool large = chunk->lines > DP_CHUNK_SMALL / 64;
  if (__builtin_expect(pool->poisons, false)) memset(chunk->data, 0xa5, dp__chunk_bytes(chunk) - sizeof *chunk);
  chunk->next = pool->spare[large];
  pool->spare[large] = chunk;
}

#endif
