/* sim/engine/digest.c — one 64-bit number for everything that a run is made of, whatever the number of ranks. */
#include <string.h>

#include "base/hash.h"
#include "engine/engine.h"

#define CELL_SALT UINT64_C(0x63656c6c)
#define EVENT_SALT UINT64_C(0x6576656e74)

static uint64_t table_salt(const struct dp_table_decl *decl, size_t index) {
  return dp_hash_mix(dp_hash64(decl->name, strlen(decl->name), (uint64_t)decl->scope), index);
}

static void add_event(const struct dp_event *event, void *arg) {
  uint64_t words[(sizeof *event + DP_PAYLOAD_MAX) / sizeof(uint64_t)];
  size_t bytes = dp_event_bytes(event);
  memcpy(words, event, bytes);
  uint64_t h = EVENT_SALT;
  for (size_t i = 0; i < bytes / sizeof *words; i++) h = dp_hash_mix(h, words[i]);
  *(uint64_t *)arg += h;
}

static uint64_t cell_digest(const struct dp_engine *e, const struct dp_cell *cell) {
  uint64_t sum = dp_hash_mix(dp_hash_mix(CELL_SALT, cell->id), cell->send_n);
  for (size_t i = 0; i < e->config.cell_table_n; i++)
    sum += dp_table_digest(&cell->tables[i], table_salt(e->config.cell_tables[i], i));
  dp_queue_each(&cell->queue, add_event, &sum);
  return sum;
}

enum dp_status dp_engine_globals_digest(struct dp_engine *e, uint64_t *digest, struct dp_err *err) {
  uint64_t sum = 0;
  enum { BLOCK = 32 };
  for (size_t first = 0; first < e->config.global_table_n; first += BLOCK) {
    size_t n = e->config.global_table_n - first < BLOCK ? e->config.global_table_n - first : BLOCK;
    int64_t least[2 * BLOCK]; /* a digest and its complement: the least complement is that of the greatest */
    for (size_t i = 0; i < n; i++) {
      uint64_t d = dp_table_digest(&e->globals[first + i], table_salt(e->config.global_tables[first + i], first + i));
      sum += d;
      least[i] = (int64_t)d;
      least[n + i] = ~(int64_t)d;
    }
    DP_TRY(dp_comm_min_i64(e->config.comm, least, 2 * n, err));
    for (size_t i = 0; i < n; i++)
      if (least[i] != ~least[n + i])
        return dp_fail(err, DP_INVARIANT, "the replicated table %s differs between ranks",
                       e->config.global_tables[first + i]->name);
  }
  if (digest) *digest = sum;
  return DP_OK;
}

enum dp_status dp_engine_digest(struct dp_engine *e, uint64_t *digest, struct dp_err *err) {
  uint64_t sum = 0, globals = 0;
  for (uint32_t i = 0; i < e->local_n; i++) sum += cell_digest(e, &e->cells[i]);
  DP_TRY(dp_comm_sum_u64(e->config.comm, &sum, 1, err));
  DP_TRY(dp_engine_globals_digest(e, &globals, err));
  *digest = sum + globals;
  return DP_OK;
}

enum dp_status dp_engine_event_n(struct dp_engine *e, uint64_t *n, struct dp_err *err) {
  *n = 0;
  for (uint32_t i = 0; i < e->local_n; i++) *n += e->cells[i].event_n;
  return dp_comm_sum_u64(e->config.comm, n, 1, err);
}
