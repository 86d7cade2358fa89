/* sim/output/table_writer.c — tables into the file: cells in id order, rows in row order, one 1-D dataset a column.
 *
 * Every rank learns how many rows each cell has, so all agree on the batches of cells that fit a buffer; ranks but 0 send
 * their rows of a batch, rank 0 sorts the cells and appends. What is written does not depend on who held which cell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/parts.h"

#define BATCH_BYTES (16u << 20)
#define CHUNK_ROWS 16384
#define COLUMN_NAME 96

/* Which part of a column's element a dataset holds. */
enum part { PART_WHOLE, PART_HI, PART_LO, PART_TEXT, PART_ENTITY, PART_CELL, PART_ROW };

struct column {
  enum part part;
  const struct dp_column *of; /* NULL for entity, cell and row */
  uint32_t offset;            /* of the element in the row */
  size_t size;                /* bytes of an element in memory */
  hid_t memory_type;
  hid_t dataset;
};

struct writer {
  struct dp_output *out; /* NULL on ranks but 0: then nothing below is used */
  const struct dp_table_decl *decl;
  struct column *columns;
  size_t column_n;
  size_t widest; /* bytes of the largest element */
  hid_t group;
  hsize_t row_n, written;
};

/* Header of a cell's rows in a message; row_n times {entity, row struct} follow. */
struct block {
  uint64_t cell, row_n;
};

/* ---- datasets ---- */

static void types_of(enum part part, const struct dp_column *c, hid_t *file_type, hid_t *memory_type, size_t *size) {
  hid_t type[2] = {H5T_STD_U64LE, H5T_NATIVE_UINT64};
  *size = 8;
  if (part == PART_HI) type[0] = H5T_STD_I64LE, type[1] = H5T_NATIVE_INT64;
  if (part == PART_CELL || part == PART_ROW) type[0] = H5T_STD_U32LE, type[1] = H5T_NATIVE_UINT32, *size = 4;
  if (part == PART_WHOLE) {
    *size = dp_type_size(c->type);
    switch (c->type) {
      case DP_TYPE_U8: type[0] = H5T_STD_U8LE, type[1] = H5T_NATIVE_UINT8; break;
      case DP_TYPE_U16: type[0] = H5T_STD_U16LE, type[1] = H5T_NATIVE_UINT16; break;
      case DP_TYPE_U32: type[0] = H5T_STD_U32LE, type[1] = H5T_NATIVE_UINT32; break;
      case DP_TYPE_I32: type[0] = H5T_STD_I32LE, type[1] = H5T_NATIVE_INT32; break;
      case DP_TYPE_I64: type[0] = H5T_STD_I64LE, type[1] = H5T_NATIVE_INT64; break;
      case DP_TYPE_F64: type[0] = H5T_IEEE_F64LE, type[1] = H5T_NATIVE_DOUBLE; break;
      case DP_TYPE_U64:
      case DP_TYPE_I128: break;
    }
  }
  *file_type = type[0];
  *memory_type = type[1];
}

/* An array of bytes with the unit "text": UTF-8, padded with zeros. */
static bool is_text(const struct dp_column *c) {
  return c->type == DP_TYPE_U8 && c->count > 1 && c->unit && strcmp(c->unit, "text") == 0;
}

/* Fields that only fill a row up to its alignment are not results. */
static bool is_filler(const struct dp_column *c) { return strcmp(c->name, "zero") == 0; }

static hid_t text_type(size_t size) {
  hid_t type = H5Tcopy(H5T_C_S1);
  if (type >= 0 && H5Tset_size(type, size) >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 &&
      H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
    return type;
  dp_h5_close(type);
  return -1;
}

static bool add_column(struct writer *w, const char *name, enum part part, const struct dp_column *c, uint32_t offset,
                       const char *unit, const char *doc) {
  struct column *column = &w->columns[w->column_n];
  struct dp_h5_shape shape = {.rank = 1, .size = {w->row_n, 0}, .chunk = w->row_n < CHUNK_ROWS ? w->row_n : CHUNK_ROWS};
  hid_t file_type;
  *column = (struct column){.part = part, .of = c, .offset = offset};
  if (part == PART_TEXT) {
    column->size = c->count;
    file_type = column->memory_type = text_type(c->count);
    unit = NULL;
  } else {
    types_of(part, c, &file_type, &column->memory_type, &column->size);
  }
  if (file_type < 0) return false;
  column->dataset = dp_h5_create_dataset(w->group, name, file_type, &shape);
  if (column->dataset < 0) {
    if (part == PART_TEXT) dp_h5_close(file_type);
    return false;
  }
  w->column_n++;
  if (column->size > w->widest) w->widest = column->size;
  if (!dp_h5_describe(column->dataset, unit, doc)) return false;
  return part == PART_ENTITY ? dp_h5_make_scale(column->dataset, "entity")
                             : dp_h5_attach_scale(column->dataset, w->columns[0].dataset, 0);
}

static bool add_declared(struct writer *w, const struct dp_column *c) {
  bool done = true;
  if (is_filler(c)) return true;
  if (is_text(c)) return add_column(w, c->name, PART_TEXT, c, c->offset, NULL, c->doc);
  for (uint32_t i = 0; i < c->count && done; i++) {
    char name[COLUMN_NAME];
    uint32_t offset = c->offset + i * (uint32_t)dp_type_size(c->type);
    int n = c->count == 1 ? snprintf(name, sizeof name, "%s", c->name)
                          : snprintf(name, sizeof name, "%s_%u", c->name, (unsigned)i);
    if (c->type != DP_TYPE_I128) {
      done = add_column(w, name, PART_WHOLE, c, offset, c->unit, c->doc);
    } else if (n > 0 && (size_t)n + sizeof "_hi" <= sizeof name) {
      strcpy(name + n, "_hi");
      done = add_column(w, name, PART_HI, c, offset, c->unit, c->doc);
      strcpy(name + n, "_lo");
      done = done && add_column(w, name, PART_LO, c, offset, c->unit, c->doc);
    }
  }
  return done;
}

static bool open_columns(struct writer *w, hid_t parent, const char *name) {
  bool cells = w->decl->scope == DP_SCOPE_CELL;
  w->group = dp_h5_create_group(parent, name);
  bool done = w->group >= 0 && dp_h5_put_text(w->group, "long_name", w->decl->doc) &&
              dp_h5_put_text(w->group, "scope", cells ? "cell" : "replicated") &&
              dp_h5_put_u64(w->group, "row_n", w->row_n) &&
              add_column(w, "entity", PART_ENTITY, NULL, 0, NULL, "id: cell, generation and row") &&
              (!cells || add_column(w, "cell", PART_CELL, NULL, 0, NULL, "cell that holds the row")) &&
              add_column(w, "row", PART_ROW, NULL, 0, NULL, "row of the table");
  for (size_t i = 0; i < w->decl->column_n && done; i++) done = add_declared(w, &w->decl->columns[i]);
  return done;
}

static enum dp_status writer_open(struct writer *w, const struct dp_instance *instance, hid_t parent,
                                  struct dp_err *err) {
  char group[DP_GROUP_NAME], name[DP_GROUP_NAME + COLUMN_NAME];
  size_t most = 3;
  for (size_t i = 0; i < w->decl->column_n; i++) most += 2 * (size_t)w->decl->columns[i].count;
  w->group = -1;
  w->columns = calloc(most, sizeof *w->columns);
  if (w->columns == NULL) return dp_fail_nomem(err, "a table's columns");
  snprintf(name, sizeof name, "%s.%s", dp__group_name(instance, group), w->decl->name);
  return open_columns(w, parent, name) ? DP_OK : dp__output_fail(w->out, err);
}

static void writer_close(struct writer *w) {
  for (size_t i = 0; i < w->column_n; i++) {
    dp_h5_close(w->columns[i].dataset);
    if (w->columns[i].part == PART_TEXT) dp_h5_close(w->columns[i].memory_type);
  }
  if (w->columns != NULL) dp_h5_close(w->group);
  free(w->columns);
}

/* ---- rows ---- */

static void put_element(const struct column *c, const unsigned char *record, unsigned char *to) {
  dp_entity entity;
  uint32_t word;
  dp_i128 wide;
  const unsigned char *field = record + sizeof entity + c->offset;
  memcpy(&entity, record, sizeof entity);
  switch (c->part) {
    case PART_TEXT:
    case PART_WHOLE: memcpy(to, field, c->size); break;
    case PART_HI:
      memcpy(&wide, field, sizeof wide);
      memcpy(to, &(int64_t){dp_i128_hi(wide)}, 8);
      break;
    case PART_LO:
      memcpy(&wide, field, sizeof wide);
      memcpy(to, &(uint64_t){dp_i128_lo(wide)}, 8);
      break;
    case PART_ENTITY: memcpy(to, &entity, sizeof entity); break;
    case PART_CELL:
      word = dp_entity_cell(entity);
      memcpy(to, &word, sizeof word);
      break;
    case PART_ROW:
      word = dp_entity_row(entity);
      memcpy(to, &word, sizeof word);
      break;
  }
}

/* Appends the cells' rows, blocks[0 … n) in order; NULL blocks have no rows. */
static enum dp_status write_blocks(struct writer *w, const unsigned char *const *blocks, size_t n, struct dp_err *err) {
  size_t stride = sizeof(dp_entity) + w->decl->row_size, row_n = 0;
  struct block head;
  for (size_t i = 0; i < n; i++)
    if (blocks[i]) memcpy(&head, blocks[i], sizeof head), row_n += head.row_n;
  if (row_n == 0) return DP_OK;
  unsigned char *values = malloc(row_n * w->widest);
  hsize_t start = w->written, count = row_n, size = w->row_n;
  hid_t memory = H5Screate_simple(1, &count, NULL), file = H5Screate_simple(1, &size, NULL);
  bool done = values && memory >= 0 && file >= 0 &&
              H5Sselect_hyperslab(file, H5S_SELECT_SET, &start, NULL, &count, NULL) >= 0;
  for (size_t k = 0; k < w->column_n && done; k++) {
    const struct column *c = &w->columns[k];
    unsigned char *to = values;
    for (size_t i = 0; i < n; i++) {
      if (blocks[i] == NULL) continue;
      memcpy(&head, blocks[i], sizeof head);
      const unsigned char *record = blocks[i] + sizeof head;
      for (uint64_t row = 0; row < head.row_n; row++, record += stride, to += c->size) put_element(c, record, to);
    }
    done = H5Dwrite(c->dataset, c->memory_type, memory, file, H5P_DEFAULT, values) >= 0;
  }
  w->written += row_n;
  enum dp_status status = values == NULL ? dp_fail_nomem(err, "rows")
                          : !done        ? dp__output_fail(w->out, err)
                                         : dp_disk_check(&w->out->disk, w->out->part, err);
  dp_h5_close(memory);
  dp_h5_close(file);
  free(values);
  return status;
}

/* Packs the live rows of a table. */
static enum dp_status pack(const struct dp_table *t, struct dp_buffer *to, struct dp_err *err) {
  struct block head = {t->cell, 0};
  size_t at = to->len;
  DP_TRY(dp_buffer_append(to, &head, sizeof head, err));
  for (uint32_t i = dp_table_next(t, 0); i != DP_NO_ROW; i = dp_table_next(t, i + 1), head.row_n++) {
    dp_entity entity = dp_table_entity(t, i);
    DP_TRY(dp_buffer_append(to, &entity, sizeof entity, err));
    DP_TRY(dp_buffer_append(to, dp_table_at(t, i), t->decl->row_size, err));
  }
  memcpy(to->data + at, &head, sizeof head);
  return DP_OK;
}

/* Notes where each cell's block is, at its place among the batch's cells. */
static void index_blocks(const struct dp_buffer *b, size_t row_size, uint32_t first, const unsigned char **blocks) {
  for (size_t at = 0; at < b->len;) {
    struct block head;
    memcpy(&head, b->data + at, sizeof head);
    blocks[head.cell - first] = b->data + at;
    at += sizeof head + head.row_n * (sizeof(dp_entity) + row_size);
  }
}

/* ---- tables of cells ---- */

struct batch {
  uint32_t first, end;   /* cells */
  struct dp_buffer mine; /* of this rank */
  struct dp_buffer in;   /* of the others, on rank 0 */
  struct dp_buffer *out; /* [rank_n] */
};

/* Collective. Brings the batch's rows to rank 0. */
static enum dp_status exchange(const struct dp_engine *e, size_t table, struct batch *b, struct dp_err *err) {
  struct dp_comm *comm = e->config.comm;
  struct dp_buffer *to = comm->rank == 0 ? &b->mine : &b->out[0];
  enum dp_status status = DP_OK;
  b->mine.len = b->in.len = 0;
  for (uint32_t id = b->first; id < b->end && status == DP_OK; id++)
    if (e->by_id[id]) status = pack(&e->by_id[id]->tables[table], to, err);
  DP_TRY(dp_comm_agree(comm, status, err));
  return comm->rank_n > 1 ? dp_comm_exchange(comm, b->out, &b->in, err) : DP_OK;
}

/* Rank 0: appends the batch. */
static enum dp_status write_batch(struct writer *w, const struct batch *b, struct dp_err *err) {
  const unsigned char **blocks = calloc(b->end - b->first, sizeof *blocks);
  if (blocks == NULL) return dp_fail_nomem(err, "a table's cells");
  index_blocks(&b->mine, w->decl->row_size, b->first, blocks);
  index_blocks(&b->in, w->decl->row_size, b->first, blocks);
  enum dp_status status = write_blocks(w, blocks, b->end - b->first, err);
  free(blocks);
  return status;
}

/* Collective. All batches of a table; `counts` are the rows of every cell. */
static enum dp_status write_batches(struct writer *w, const struct dp_engine *e, size_t table, const uint64_t *counts,
                                    struct dp_err *err) {
  struct batch b = {0};
  size_t bytes_per_row = sizeof(dp_entity) + w->decl->row_size;
  enum dp_status status = DP_OK, written = DP_OK;
  b.out = calloc((size_t)e->config.comm->rank_n, sizeof *b.out);
  status = dp_comm_agree(e->config.comm, b.out ? DP_OK : dp_fail_nomem(err, "messages"), err);
  while (b.end < e->config.cell_n && status == DP_OK) {
    uint64_t bytes = 0;
    for (b.first = b.end; b.end < e->config.cell_n && (b.end == b.first || bytes < BATCH_BYTES); b.end++)
      bytes += sizeof(struct block) + counts[b.end] * bytes_per_row;
    status = exchange(e, table, &b, err);
    /* A failed write must not leave the other ranks waiting: it is told after the last batch. */
    if (status == DP_OK && w->out != NULL && written == DP_OK) written = write_batch(w, &b, err);
  }
  for (int r = 0; b.out != NULL && r < e->config.comm->rank_n; r++) dp_buffer_fini(&b.out[r]);
  free(b.out);
  dp_buffer_fini(&b.mine);
  dp_buffer_fini(&b.in);
  return status == DP_OK ? written : status;
}

/* Collective. */
static enum dp_status write_cells(struct writer *w, const struct dp_instance *instance, size_t table, hid_t parent,
                                  uint64_t *counts, struct dp_err *err) {
  const struct dp_engine *e = instance->sim->engine;
  memset(counts, 0, e->config.cell_n * sizeof *counts);
  for (uint32_t i = 0; i < e->local_n; i++) {
    const struct dp_table *t = &e->cells[i].tables[table];
    counts[e->cells[i].id] = t->leader ? t->leader->live_n : t->live_n;
  }
  DP_TRY(dp_comm_sum_u64(e->config.comm, counts, e->config.cell_n, err));
  for (uint32_t i = 0; i < e->config.cell_n; i++) w->row_n += counts[i];
  enum dp_status status = w->out ? writer_open(w, instance, parent, err) : DP_OK;
  status = dp_comm_agree(e->config.comm, status, err);
  if (status == DP_OK) status = dp_comm_agree(e->config.comm, write_batches(w, e, table, counts, err), err);
  writer_close(w);
  return status;
}

/* Rank 0 only: every rank holds the same rows. */
static enum dp_status write_replicated(struct writer *w, const struct dp_instance *instance, const struct dp_table *t,
                                       hid_t parent, struct dp_err *err) {
  struct dp_buffer packed = {0};
  w->row_n = t->live_n;
  enum dp_status status = writer_open(w, instance, parent, err);
  if (status == DP_OK) status = pack(t, &packed, err);
  if (status == DP_OK) status = write_blocks(w, &(const unsigned char *){packed.data}, 1, err);
  writer_close(w);
  dp_buffer_fini(&packed);
  return status;
}

/* Collective. The tables of one instance, in the order of their declaration. */
static enum dp_status write_instance(struct dp_output *out, const struct dp_instance *instance, hid_t parent,
                                     uint64_t *counts, struct dp_err *err) {
  const struct dp_model *model = instance->model;
  size_t cell_table = instance->first_cell_table, global_table = instance->first_global_table;
  for (size_t i = 0; i < model->table_n; i++) {
    struct writer w = {.out = out, .decl = &model->tables[i]};
    bool replicated = w.decl->scope == DP_SCOPE_REPLICATED;
    size_t index = replicated ? global_table++ : cell_table++;
    if (!w.decl->output) continue;
    if (!replicated) {
      DP_TRY(write_cells(&w, instance, index, parent, counts, err));
    } else {
      const struct dp_table *t = &instance->sim->engine->globals[index];
      enum dp_status status = out ? write_replicated(&w, instance, t, parent, err) : DP_OK;
      DP_TRY(dp_comm_agree(instance->sim->comm, status, err));
    }
  }
  return DP_OK;
}

enum dp_status dp__write_tables(struct dp_output *out, struct dp_sim *sim, struct dp_err *err) {
  uint64_t *counts = calloc((size_t)sim->engine->config.cell_n + 1, sizeof *counts);
  hid_t parent = out ? dp_h5_create_group(out->file, "tables") : -1;
  enum dp_status status = counts == NULL          ? dp_fail_nomem(err, "row counts")
                          : out != NULL && parent < 0 ? dp__output_fail(out, err)
                                                  : DP_OK;
  status = dp_comm_agree(sim->comm, status, err);
  for (size_t i = 0; i < sim->instance_n && status == DP_OK; i++)
    status = write_instance(out, &sim->instances[i], parent, counts, err);
  dp_h5_close(parent);
  free(counts);
  return status;
}
