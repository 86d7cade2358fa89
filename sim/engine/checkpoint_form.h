/* sim/engine/checkpoint_form.h — the form of a checkpoint file, shared by its writer and its reader.
 * Layer: engine, private to it.
 *
 * 8 bytes of magic, then the sections in the order of the enum; CELL comes once a cell, by id. */
#ifndef DP_ENGINE_CHECKPOINT_FORM_H
#define DP_ENGINE_CHECKPOINT_FORM_H

#include <stdint.h>

#define DP_CKPT_MAGIC "DPCKPT\0\1" /* the last byte is the version of the form */
#define DP_CKPT_MAGIC_BYTES 8

enum dp_ckpt_section {
  DP_CKPT_ABOUT = 1,
  DP_CKPT_IDENTITY,
  DP_CKPT_RESULTS,
  DP_CKPT_SCHEMA,
  DP_CKPT_CLOCK,
  DP_CKPT_CHANNELS,
  DP_CKPT_GLOBALS,
  DP_CKPT_CELL,
  DP_CKPT_END
};

/** In front of a section's bytes. */
struct dp_ckpt_head {
  uint64_t kind, len;
  uint64_t hash; /* dp_hash64 of the bytes, seeded with the kind */
};

struct dp_ckpt_clock {
  int64_t now_ns, next_beat_ns, end_ns;
  uint64_t seed, replicate, cell_n, closed;
  uint64_t window_n, beat_count;
};

/** What was seen of a channel, over all ranks. */
struct dp_ckpt_channel {
  int64_t observed_min_ns;
  uint64_t message_n;
};

/** Cells that go between ranks at once take about so many bytes. */
#define DP_CKPT_ROUND_BYTES ((uint64_t)32 << 20)

#endif
