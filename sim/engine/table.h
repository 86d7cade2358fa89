/* sim/engine/table.h — all state is declared columns of growable tables.
 * Layer: engine. Not collective.
 *
 * A row is a plain C struct; its columns are declared with offsets, so that handlers read `node->up` while checkpoint,
 * digest, migration and output walk the same declaration. A table may *follow* another one of its cell: then it has a
 * row wherever the other has one, under the same row number and entity id, zero-filled at birth. That is how several
 * domains give an entity its columns without knowing each other. Row pointers are valid until the next row is added. */
#ifndef DP_ENGINE_TABLE_H
#define DP_ENGINE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/wide.h"
#include "engine/event.h"

/** Column types: X(name, C type, text). */
#define DP_TYPE_LIST(X)                                                                                              \
  X(U8, uint8_t, "u8")                                                                                               \
  X(U16, uint16_t, "u16")                                                                                            \
  X(U32, uint32_t, "u32")                                                                                            \
  X(I32, int32_t, "i32")                                                                                             \
  X(U64, uint64_t, "u64")                                                                                            \
  X(I64, int64_t, "i64")                                                                                             \
  X(F64, double, "f64")                                                                                              \
  X(I128, dp_i128, "i128")

enum dp_type {
#define DP_X(name, ctype, text) DP_TYPE_##name,
  DP_TYPE_LIST(DP_X)
#undef DP_X
};

/** Bytes of one element. */
size_t dp_type_size(enum dp_type type);

struct dp_column {
  const char *name;
  enum dp_type type;
  uint32_t offset; /* in the row struct */
  uint32_t count;  /* elements; 1 for a scalar */
  const char *unit;
  const char *doc;
};

/** Initialises a declared list and its length: DP_ROWS(column, node_columns) is
 *  `.columns = node_columns, .column_n = (its number of elements)`. */
#define DP_ROWS(field, array) .field##s = (array), .field##_n = sizeof(array) / sizeof *(array)

#define DP_TYPE_OF(x)                                                                                                \
  _Generic((x), uint8_t: DP_TYPE_U8, uint16_t: DP_TYPE_U16, uint32_t: DP_TYPE_U32, int32_t: DP_TYPE_I32,             \
      uint64_t: DP_TYPE_U64, int64_t: DP_TYPE_I64, double: DP_TYPE_F64, dp_i128: DP_TYPE_I128)

/** Declares a scalar column: DP_COLUMN(struct node, up, "1", "1 while the node works"). */
#define DP_COLUMN(row, field, unit, doc)                                                                             \
  { #field, DP_TYPE_OF(((row *)0)->field), (uint32_t)offsetof(row, field), 1, unit, doc }

/** Declares a column that is a fixed array. */
#define DP_COLUMN_ARRAY(row, field, unit, doc)                                                                       \
  { #field, DP_TYPE_OF(((row *)0)->field[0]), (uint32_t)offsetof(row, field),                                        \
    (uint32_t)(sizeof(((row *)0)->field) / sizeof(((row *)0)->field[0])), unit, doc }

enum dp_scope { DP_SCOPE_CELL, DP_SCOPE_REPLICATED };

/** Declaration of a table. Every byte of the row that is not padding belongs to a declared column (checked at start). */
struct dp_table_decl {
  const char *name;
  const char *doc;
  enum dp_scope scope;
  size_t row_size;
  const struct dp_column *columns; /* [column_n] */
  size_t column_n;
  const char *follows; /* "model.table" whose rows this one shares, or NULL */
  bool output;         /* written to /tables at the end of the run */
};

struct dp_table {
  const struct dp_table_decl *decl;
  unsigned char *rows;  /* [row_n * row_size] */
  uint32_t *generation; /* [row_n] odd while alive; the entity's generation is the value / 2 */
  uint32_t *next_free;  /* [row_n] chain of free rows */
  uint32_t row_n;       /* rows ever used */
  uint32_t live_n;
  uint32_t capacity;
  uint32_t free_head; /* DP_NO_ROW when none is free */
  uint32_t cell;
  struct dp_table *leader;    /* the table it follows, or NULL */
  struct dp_table *followers; /* chain through next_follower */
  struct dp_table *next_follower;
};

/** Initialises an empty table of `cell` (0 for replicated tables). `leader` may be NULL and must then outlive it. */
void dp_table_init(struct dp_table *t, const struct dp_table_decl *decl, uint32_t cell, struct dp_table *leader);
void dp_table_fini(struct dp_table *t);

/** Adds a zero-filled row, here and in every follower; reuses the row freed last. Not allowed on a follower.
 *  @param row set to its number; DP_NOMEM, DP_RANGE (too many rows) otherwise. */
enum dp_status dp_table_add(struct dp_table *t, uint32_t *row, struct dp_err *err);

/** Makes room for `row_n` rows, here and in every follower. */
enum dp_status dp_table_reserve(struct dp_table *t, uint32_t row_n, struct dp_err *err);

/** Removes a live row here and in every follower; its entity id is never used again. */
void dp_table_remove(struct dp_table *t, uint32_t row);

static inline bool dp_table_alive(const struct dp_table *t, uint32_t row) {
  const struct dp_table *l = t->leader ? t->leader : t;
  return row < l->row_n && (l->generation[row] & 1);
}

/** Id of a live row. */
static inline dp_entity dp_table_entity(const struct dp_table *t, uint32_t row) {
  const struct dp_table *l = t->leader ? t->leader : t;
  return dp_entity_make(t->cell, l->generation[row] >> 1, row);
}

/** Row of an entity, DP_NO_ROW if it has gone (or never was). */
static inline uint32_t dp_table_find(const struct dp_table *t, dp_entity e) {
  const struct dp_table *l = t->leader ? t->leader : t;
  uint32_t row = dp_entity_row(e);
  if (row >= l->row_n) return DP_NO_ROW;
  return l->generation[row] == 2 * dp_entity_generation(e) + 1 ? row : DP_NO_ROW;
}

static inline void *dp_table_at(const struct dp_table *t, uint32_t row) {
  return t->rows + (size_t)row * t->decl->row_size;
}

/** Row `i` of `t`, whose rows have `size` bytes. */
static inline void *dp_table_row(const struct dp_table *t, uint32_t i, size_t size) { return t->rows + i * size; }

/** Row `i` of `t`, whose rows are of `type`, as a `type *`. */
#define DP_ROW(t, type, i) ((type *)dp_table_row((t), (i), sizeof(type)))

/** Walks the live rows: for (uint32_t i = dp_table_next(t, 0); i != DP_NO_ROW; i = dp_table_next(t, i + 1)). */
static inline uint32_t dp_table_next(const struct dp_table *t, uint32_t from) {
  const struct dp_table *l = t->leader ? t->leader : t;
  for (uint32_t row = from; row < l->row_n; row++)
    if (l->generation[row] & 1) return row;
  return DP_NO_ROW;
}

/** Column by name, or NULL. */
const struct dp_column *dp_table_column(const struct dp_table_decl *decl, const char *name);

/** Order-free 64-bit digest of the live rows, by columns (padding never counts), and of the chain of free rows.
 *  `salt` names the table in the whole program. */
uint64_t dp_table_digest(const struct dp_table *t, uint64_t salt);

/** Checks a declaration: columns inside the row, none overlapping, every byte but padding covered. */
enum dp_status dp_table_decl_check(const struct dp_table_decl *decl, struct dp_err *err);

/** Bytes held. */
size_t dp_table_bytes(const struct dp_table *t);

#endif
