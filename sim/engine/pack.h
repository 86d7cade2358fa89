/* sim/engine/pack.h — a cell, or the replicated tables, as bytes: what a checkpoint keeps and what moves between ranks.
 * Layer: engine. Not collective.
 *
 * Tables go column by column as they are declared, so padding never leaves memory and a packed cell can be checked
 * against a program's declarations. Bytes are in the machine's order. Whatever the bytes are, unpacking them ends in a
 * status and in tables and queues that can be freed; only what the columns mean is for their models to know. */
#ifndef DP_ENGINE_PACK_H
#define DP_ENGINE_PACK_H

#include "base/str.h"
#include "engine/engine.h"

/** What is still to be read of some packed bytes. Borrowed. */
struct dp_reader {
  const unsigned char *at;
  size_t left;
};

/** Copies the next `len` bytes to `out`; DP_FORMAT when there are fewer. */
enum dp_status dp_reader_take(struct dp_reader *in, void *out, size_t len, struct dp_err *err);

/** DP_FORMAT, naming `what`, when bytes are left over. */
enum dp_status dp_reader_end(const struct dp_reader *in, const char *what, struct dp_err *err);

/** Appends a table: rows, generations, the chain of free rows and every column. */
enum dp_status dp_table_pack(const struct dp_table *t, struct dp_buffer *out, struct dp_err *err);

/** Replaces what a table holds. A leader must be unpacked before its followers. DP_FORMAT, naming the table, when the
 *  bytes do not fit its declaration; the table is then in no defined state, but can be freed. */
enum dp_status dp_table_unpack(struct dp_table *t, struct dp_reader *in, struct dp_err *err);

/** Appends a cell of this rank: counters, tables, pending events. */
enum dp_status dp_cell_pack(const struct dp_engine *e, const struct dp_cell *cell, struct dp_buffer *out,
                            struct dp_err *err);

/** Replaces what a cell of this rank holds. The bytes must be of the same cell. */
enum dp_status dp_cell_unpack(struct dp_engine *e, struct dp_cell *cell, struct dp_reader *in, struct dp_err *err);

/** The replicated tables. */
enum dp_status dp_globals_pack(const struct dp_engine *e, struct dp_buffer *out, struct dp_err *err);
enum dp_status dp_globals_unpack(struct dp_engine *e, struct dp_reader *in, struct dp_err *err);

/** As dp_cell_pack, with id and length in front, so that many cells can stand in one buffer. */
enum dp_status dp_parcel_pack(const struct dp_engine *e, const struct dp_cell *cell, struct dp_buffer *out,
                              struct dp_err *err);

/** Appends `len` bytes of a packed cell as a parcel. */
enum dp_status dp_parcel_append(uint32_t id, const void *bytes, size_t len, struct dp_buffer *out, struct dp_err *err);

/** The next parcel: whose it is and its bytes. */
enum dp_status dp_parcel_next(struct dp_reader *in, uint32_t *id, struct dp_reader *body, struct dp_err *err);

/** One line a column of every table ("0.hardware.node.up u8 1"), a channel and a beat: equal texts mean that packed
 *  state fits. */
void dp_pack_schema(const struct dp_engine *e, struct dp_str *out);

#endif
