/* tests/fuzz/fuzz_checkpoint.c — whatever is in a checkpoint, reading it ends in a status; what is accepted runs to the
 * end or to an error. Hashes would keep a fuzzer out, so each input is tried as it is and with its hashes put right.
 * With -DSEED_MAIN: a program that writes a good checkpoint to its argument. */
#include <stdio.h>

#include "base/hash.h"
#include "engine/checkpoint.h"
#include "engine/checkpoint_form.h"
#include "input.h"
#include "../unit/ping.h"

#define CELLS 3

struct world {
  struct ping p;
  struct dp_target target;
  struct dp_comm *comm;
};

static void world_new(struct world *w) {
  *w = (struct world){.p = {.cell_n = CELLS, .bad_cell = UINT32_MAX}};
  if (dp_comm_null_new(&w->comm, NULL) != DP_OK || ping_new(&w->p, w->comm, &w->target, NULL) != DP_OK) abort();
}

static void world_free(struct world *w) {
  dp_engine_free(w->p.engine);
  dp_comm_free(w->comm);
}

#ifdef SEED_MAIN
int main(int argc, char **argv) {
  struct dp_checkpoint_notes notes = {{0}, {0}, {0}};
  struct world w;
  bool stopped;
  if (argc != 3) return 2;
  world_new(&w);
  w.p.stop_ns = (dp_time)atoi(argv[2]) * DP_MS;
  if (dp_engine_run(w.p.engine, &stopped, NULL) != DP_OK) return 1;
  enum dp_status status = dp_checkpoint_write(w.p.engine, argv[1], &notes, NULL);
  world_free(&w);
  return status != DP_OK;
}
#else

/* Puts magic and hashes right as far as the sections reach. */
static void repair(uint8_t *data, size_t size) {
  if (size < DP_CKPT_MAGIC_BYTES) return;
  memcpy(data, DP_CKPT_MAGIC, DP_CKPT_MAGIC_BYTES);
  struct dp_ckpt_head head;
  for (size_t at = DP_CKPT_MAGIC_BYTES; size - at >= sizeof head;) {
    memcpy(&head, data + at, sizeof head);
    if (head.len > size - at - sizeof head) return;
    head.hash = dp_hash64(data + at + sizeof head, head.len, head.kind);
    memcpy(data + at, &head, sizeof head);
    at += sizeof head + head.len;
  }
}

static void try_file(const uint8_t *data, size_t size) {
  struct input in = input_new(data, size);
  struct dp_checkpoint_notes notes = {{0}, {0}, {0}};
  struct dp_buffer about = {0};
  struct dp_err err = {0};
  struct world w;
  uint64_t digest;
  bool stopped;
  world_new(&w);
  enum dp_status whole = dp_checkpoint_about(in.path, &about, &err);
  if (whole != DP_OK && err.text[0] == '\0') abort();
  err = (struct dp_err){0};
  enum dp_status status = dp_checkpoint_restore(w.p.engine, in.path, &notes, &err);
  if (status == DP_OK && whole != DP_OK) abort();
  if (status != DP_OK && err.text[0] == '\0') abort();
  if (status == DP_OK) {
    dp_engine_digest(w.p.engine, &digest, NULL);
    dp_engine_run(w.p.engine, &stopped, NULL);
  }
  dp_checkpoint_notes_fini(&notes);
  dp_buffer_fini(&about);
  world_free(&w);
  input_free(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try_file(data, size);
  uint8_t *copy = malloc(size + 1);
  if (!copy) abort();
  memcpy(copy, data, size);
  repair(copy, size);
  try_file(copy, size);
  free(copy);
  return 0;
}
#endif
