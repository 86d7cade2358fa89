/* sim/engine/table.c — growable tables of declared columns: birth, death, followers, digest, declaration check. */
#include "engine/table.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

#define FIRST_ROWS 8u
#define GENERATIONS (UINT32_C(1) << (DP_ORDINAL_BITS - DP_ROW_BITS))

_Static_assert(alignof(max_align_t) >= alignof(dp_i128), "realloc must align rows for 128-bit columns");

size_t dp_type_size(enum dp_type type) {
  switch (type) {
#define DP_X(name, ctype, text)                                                                                      \
  case DP_TYPE_##name: return sizeof(ctype);
    DP_TYPE_LIST(DP_X)
#undef DP_X
  }
  return 0;
}

void dp_table_init(struct dp_table *t, const struct dp_table_decl *decl, uint32_t cell, struct dp_table *leader) {
  *t = (struct dp_table){.decl = decl, .cell = cell, .free_head = DP_NO_ROW};
  if (leader == NULL) return;
  t->leader = leader->leader ? leader->leader : leader;
  t->next_follower = t->leader->followers;
  t->leader->followers = t;
}

void dp_table_fini(struct dp_table *t) {
  free(t->rows);
  free(t->generation);
  free(t->next_free);
  t->rows = NULL;
  t->generation = t->next_free = NULL;
  t->row_n = t->live_n = t->capacity = 0;
  t->free_head = DP_NO_ROW;
}

/* Room for `capacity` rows in one table; what was there stays when memory is out. */
static enum dp_status reserve(struct dp_table *t, uint32_t capacity, struct dp_err *err) {
  if (t->capacity >= capacity) return DP_OK;
  bool ok = dp_array_resize(&t->rows, capacity, t->decl->row_size);
  if (t->leader == NULL) {
    ok = ok && dp_array_resize(&t->generation, capacity, sizeof *t->generation);
    ok = ok && dp_array_resize(&t->next_free, capacity, sizeof *t->next_free);
  }
  if (!ok) return dp_fail_nomem(err, t->decl->name);
  t->capacity = capacity;
  return DP_OK;
}

enum dp_status dp_table_reserve(struct dp_table *t, uint32_t row_n, struct dp_err *err) {
  for (struct dp_table *f = t->followers; f; f = f->next_follower) DP_TRY(reserve(f, row_n, err));
  return reserve(t, row_n, err);
}

/* Room for one row more than were ever used, in the leader and every follower. */
static enum dp_status reserve_one(struct dp_table *t, struct dp_err *err) {
  uint32_t capacity = t->capacity;
  if (t->row_n == capacity) capacity = capacity ? capacity + capacity / 2 + 1 : FIRST_ROWS;
  return dp_table_reserve(t, capacity, err);
}

static void zero_row(struct dp_table *t, uint32_t row) { memset(dp_table_at(t, row), 0, t->decl->row_size); }

enum dp_status dp_table_add(struct dp_table *t, uint32_t *row, struct dp_err *err) {
  if (t->leader)
    return dp_fail(err, DP_INVARIANT, "table %s follows %s: rows are added there", t->decl->name,
                   t->leader->decl->name);
  uint32_t r = t->free_head;
  if (r != DP_NO_ROW) {
    t->free_head = t->next_free[r];
  } else {
    if (t->row_n > DP_ROW_MAX)
      return dp_fail(err, DP_RANGE, "table %s of cell %u has no room for more than %u rows (use more cells)",
                     t->decl->name, t->cell, DP_ROW_MAX + 1);
    DP_TRY(reserve_one(t, err));
    r = t->row_n++;
    t->generation[r] = 0;
  }
  t->generation[r]++;
  t->next_free[r] = DP_NO_ROW;
  t->live_n++;
  zero_row(t, r);
  for (struct dp_table *f = t->followers; f; f = f->next_follower) {
    f->row_n = t->row_n;
    f->live_n = t->live_n;
    zero_row(f, r);
  }
  *row = r;
  return DP_OK;
}

void dp_table_remove(struct dp_table *t, uint32_t row) {
  if (t->leader || !dp_table_alive(t, row)) return;
  t->generation[row]++;
  t->live_n--;
  /* A row whose generations are used up is retired: an id is never given twice. */
  if (t->generation[row] / 2 < GENERATIONS) {
    t->next_free[row] = t->free_head;
    t->free_head = row;
  }
  for (struct dp_table *f = t->followers; f; f = f->next_follower) f->live_n = t->live_n;
}

const struct dp_column *dp_table_column(const struct dp_table_decl *decl, const char *name) {
  for (size_t i = 0; i < decl->column_n; i++)
    if (strcmp(decl->columns[i].name, name) == 0) return &decl->columns[i];
  return NULL;
}

/* Mixes the elements of one column, by their bits and zero-extended, into `h`. */
static uint64_t mix_column(uint64_t h, const struct dp_column *column, const unsigned char *row) {
  const unsigned char *at = row + column->offset;
  size_t size = dp_type_size(column->type);
  for (uint32_t i = 0; i < column->count; i++, at += size) {
    uint64_t word = 0;
    switch (size) {
      case 1: word = *at; break;
      case 2: word = *(const uint16_t *)(const void *)at; break;
      case 4: word = *(const uint32_t *)(const void *)at; break;
      default: memcpy(&word, at, sizeof word);
    }
    h = dp_hash_mix(h, word);
    if (size == sizeof(dp_i128)) {
      memcpy(&word, at + sizeof word, sizeof word);
      h = dp_hash_mix(h, word);
    }
  }
  return h;
}

uint64_t dp_table_digest(const struct dp_table *t, uint64_t salt) {
  uint64_t sum = 0;
  for (uint32_t row = dp_table_next(t, 0); row != DP_NO_ROW; row = dp_table_next(t, row + 1)) {
    uint64_t h = dp_hash_mix(salt, dp_table_entity(t, row));
    for (size_t i = 0; i < t->decl->column_n; i++) h = mix_column(h, &t->decl->columns[i], dp_table_at(t, row));
    sum += h;
  }
  if (t->leader) return sum;
  for (uint32_t row = 0; row < t->row_n; row++) {
    if (t->generation[row] & 1) continue;
    uint64_t h = dp_hash_mix(~salt, dp_entity_make(t->cell, 0, row));
    sum += dp_hash_mix(h, (uint64_t)t->generation[row] << 32 | t->next_free[row]);
  }
  return sum + dp_hash_mix(dp_hash_mix(~salt, t->cell), (uint64_t)t->row_n << 32 | t->free_head);
}

static size_t type_align(enum dp_type type) {
  switch (type) {
#define DP_X(name, ctype, text)                                                                                      \
  case DP_TYPE_##name: return alignof(ctype);
    DP_TYPE_LIST(DP_X)
#undef DP_X
  }
  return 1;
}

static size_t round_up(size_t n, size_t align) { return (n + align - 1) / align * align; }

/* The column with the least offset of those at or after `from`, NULL if none. */
static const struct dp_column *column_from(const struct dp_table_decl *decl, size_t from) {
  const struct dp_column *best = NULL;
  for (size_t i = 0; i < decl->column_n; i++) {
    const struct dp_column *c = &decl->columns[i];
    if (c->offset >= from && (best == NULL || c->offset < best->offset)) best = c;
  }
  return best;
}

static enum dp_status names_check(const struct dp_table_decl *decl, struct dp_err *err) {
  for (size_t i = 0; i < decl->column_n; i++) {
    const struct dp_column *c = &decl->columns[i];
    if (c->name == NULL || c->name[0] == '\0')
      return dp_fail(err, DP_INVARIANT, "table %s: column %zu has no name", decl->name, i);
    if (c->count == 0) return dp_fail(err, DP_INVARIANT, "table %s: column %s has no elements", decl->name, c->name);
    if (dp_table_column(decl, c->name) != c)
      return dp_fail(err, DP_INVARIANT, "table %s: column %s is declared twice", decl->name, c->name);
  }
  return DP_OK;
}

enum dp_status dp_table_decl_check(const struct dp_table_decl *decl, struct dp_err *err) {
  if (decl->name == NULL || decl->row_size == 0)
    return dp_fail(err, DP_INVARIANT, "table %s: no name or an empty row", decl->name ? decl->name : "(none)");
  DP_TRY(names_check(decl, err));
  size_t end = 0, row_align = 1, placed = 0;
  const struct dp_column *c;
  for (; (c = column_from(decl, end)) != NULL; placed++) {
    size_t align = type_align(c->type);
    if (c->offset % align)
      return dp_fail(err, DP_INVARIANT, "table %s: column %s is not aligned", decl->name, c->name);
    if (c->offset != round_up(end, align))
      return dp_fail(err, DP_INVARIANT, "table %s: bytes %zu to %u before column %s belong to no column", decl->name,
                     end, c->offset - 1, c->name);
    end = c->offset + c->count * dp_type_size(c->type);
    row_align = align > row_align ? align : row_align;
    if (end > decl->row_size)
      return dp_fail(err, DP_INVARIANT, "table %s: column %s reaches beyond the row", decl->name, c->name);
  }
  if (placed != decl->column_n)
    return dp_fail(err, DP_INVARIANT, "table %s: two columns overlap", decl->name);
  if (decl->row_size != round_up(end, row_align))
    return dp_fail(err, DP_INVARIANT, "table %s: bytes %zu to %zu at the end of the row belong to no column",
                   decl->name, end, decl->row_size - 1);
  return DP_OK;
}

size_t dp_table_bytes(const struct dp_table *t) {
  size_t row = t->decl->row_size + (t->leader ? 0 : sizeof *t->generation + sizeof *t->next_free);
  return (size_t)t->capacity * row;
}
