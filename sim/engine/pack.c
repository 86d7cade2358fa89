/* sim/engine/pack.c — tables, events and cells to bytes and back. */
#include "engine/pack.h"

#include <inttypes.h>
#include <string.h>

#include "engine/agenda.h"

enum dp_status dp_reader_take(struct dp_reader *in, void *out, size_t len, struct dp_err *err) {
  if (len > in->left) return dp_fail(err, DP_FORMAT, "packed state ends too early");
  if (len == 0) return DP_OK;
  memcpy(out, in->at, len);
  in->at += len;
  in->left -= len;
  return DP_OK;
}

enum dp_status dp_reader_end(const struct dp_reader *in, const char *what, struct dp_err *err) {
  if (in->left == 0) return DP_OK;
  return dp_fail(err, DP_FORMAT, "packed state: %zu bytes too many after %s", in->left, what);
}

/* ---- tables ---- */

struct table_head {
  uint32_t row_n, live_n, free_head, column_n;
};

#define GENERATION_END (UINT32_C(1) << (DP_ORDINAL_BITS - DP_ROW_BITS + 1)) /* of a row that is retired */

static bool leads(const struct dp_table *t) { return t->leader == NULL; }

static size_t column_bytes(const struct dp_column *c) { return dp_type_size(c->type) * c->count; }

/* Copies n elements of `bytes` bytes between places that lie `to_step` and `from_step` apart. */
static inline __attribute__((always_inline)) void copy_steps(unsigned char *to, size_t to_step,
                                                             const unsigned char *from, size_t from_step,
                                                             size_t bytes, uint32_t n) {
  for (uint32_t i = 0; i < n; i++, to += to_step, from += from_step) memcpy(to, from, bytes);
}

/* The common widths, so that the compiler knows them. */
static void copy_column(unsigned char *to, size_t to_step, const unsigned char *from, size_t from_step, size_t bytes,
                        uint32_t n) {
  switch (bytes) {
    case 1: copy_steps(to, to_step, from, from_step, 1, n); break;
    case 4: copy_steps(to, to_step, from, from_step, 4, n); break;
    case 8: copy_steps(to, to_step, from, from_step, 8, n); break;
    case 16: copy_steps(to, to_step, from, from_step, 16, n); break;
    default: copy_steps(to, to_step, from, from_step, bytes, n);
  }
}

enum dp_status dp_table_pack(const struct dp_table *t, struct dp_buffer *out, struct dp_err *err) {
  const struct table_head head = {t->row_n, t->live_n, t->free_head, (uint32_t)t->decl->column_n};
  DP_TRY(dp_buffer_append(out, &head, sizeof head, err));
  if (t->row_n == 0) return DP_OK;
  if (leads(t)) {
    DP_TRY(dp_buffer_append(out, t->generation, t->row_n * sizeof *t->generation, err));
    DP_TRY(dp_buffer_append(out, t->next_free, t->row_n * sizeof *t->next_free, err));
  }
  for (size_t c = 0; c < t->decl->column_n; c++) {
    const struct dp_column *column = &t->decl->columns[c];
    const size_t bytes = column_bytes(column);
    DP_TRY(dp_buffer_reserve(out, bytes * t->row_n, err));
    copy_column(out->data + out->len, bytes, t->rows + column->offset, t->decl->row_size, bytes, t->row_n);
    out->len += bytes * t->row_n;
  }
  return DP_OK;
}

/* Generations and the chain of free rows must be those of a table: every dead row that may be used again is in the
 * chain once, and nothing else is. A chain that comes back to itself is longer than the dead rows are many. */
static enum dp_status check_rows(const struct dp_table *t, struct dp_err *err) {
  uint32_t live_n = 0, dead_n = 0, free_n = 0, row;
  for (row = 0; row < t->row_n; row++) {
    const uint32_t generation = t->generation[row];
    if (generation == 0 || generation > GENERATION_END) break;
    live_n += generation & 1;
    dead_n += !(generation & 1) && generation < GENERATION_END;
  }
  bool good = row == t->row_n && live_n == t->live_n;
  for (row = t->free_head; good && row != DP_NO_ROW; free_n++) {
    good = free_n < dead_n && row < t->row_n && !(t->generation[row] & 1) && t->generation[row] < GENERATION_END;
    if (good) row = t->next_free[row];
  }
  if (good && free_n == dead_n) return DP_OK;
  return dp_fail(err, DP_FORMAT, "packed state: the rows of table %s are not consistent", t->decl->name);
}

/* Bytes that a row takes when it is packed. */
static size_t packed_row_bytes(const struct dp_table *t) {
  size_t bytes = leads(t) ? sizeof *t->generation + sizeof *t->next_free : 0;
  for (size_t c = 0; c < t->decl->column_n; c++) bytes += column_bytes(&t->decl->columns[c]);
  return bytes;
}

static enum dp_status take_rows(struct dp_table *t, const struct table_head *head, struct dp_reader *in,
                                struct dp_err *err) {
  DP_TRY(dp_table_reserve(t, head->row_n, err));
  DP_TRY(dp_reader_take(in, t->generation, head->row_n * sizeof *t->generation, err));
  DP_TRY(dp_reader_take(in, t->next_free, head->row_n * sizeof *t->next_free, err));
  t->row_n = head->row_n;
  t->live_n = head->live_n;
  t->free_head = head->free_head;
  for (struct dp_table *f = t->followers; f; f = f->next_follower) {
    memset(f->rows, 0, (size_t)t->row_n * f->decl->row_size);
    f->row_n = t->row_n;
    f->live_n = t->live_n;
  }
  return check_rows(t, err);
}

enum dp_status dp_table_unpack(struct dp_table *t, struct dp_reader *in, struct dp_err *err) {
  struct table_head head;
  DP_TRY(dp_reader_take(in, &head, sizeof head, err));
  if (head.column_n != t->decl->column_n || (!leads(t) && (head.row_n != t->row_n || head.live_n != t->live_n)))
    return dp_fail(err, DP_FORMAT, "packed state does not fit table %s", t->decl->name);
  if (head.row_n > DP_ROW_MAX + 1 || head.row_n > in->left / packed_row_bytes(t))
    return dp_fail(err, DP_FORMAT, "packed state: table %s has %" PRIu32 " rows in %zu bytes", t->decl->name,
                   head.row_n, in->left);
  if (head.row_n == 0 && leads(t)) {
    if (head.live_n != 0 || head.free_head != DP_NO_ROW)
      return dp_fail(err, DP_FORMAT, "packed state: the rows of table %s are not consistent", t->decl->name);
    t->row_n = t->live_n = 0;
    t->free_head = DP_NO_ROW;
    for (struct dp_table *f = t->followers; f; f = f->next_follower) f->row_n = f->live_n = 0;
  }
  if (head.row_n == 0) return DP_OK;
  if (leads(t)) DP_TRY(take_rows(t, &head, in, err));
  memset(t->rows, 0, (size_t)t->row_n * t->decl->row_size);
  for (size_t c = 0; c < t->decl->column_n; c++) {
    const struct dp_column *column = &t->decl->columns[c];
    const size_t bytes = column_bytes(column);
    copy_column(t->rows + column->offset, t->decl->row_size, in->at, bytes, bytes, t->row_n);
    in->at += bytes * t->row_n;
    in->left -= bytes * t->row_n;
  }
  return DP_OK;
}

/* ---- cells ---- */

struct cell_head {
  uint64_t id, send_n, event_n, pending_n;
  int64_t last_ns;     /* of the queue: when the last event ran, */
  uint64_t instant_n;  /* and how many ran at that time */
};

struct sink {
  struct dp_buffer *out;
  enum dp_status status;
  struct dp_err *err;
};

static void pack_event(const struct dp_event *event, void *arg) {
  struct sink *s = arg;
  if (s->status == DP_OK) s->status = dp_buffer_append(s->out, event, dp_event_bytes(event), s->err);
}

enum dp_status dp_cell_pack(const struct dp_engine *e, const struct dp_cell *cell, struct dp_buffer *out,
                            struct dp_err *err) {
  const struct dp_queue *queue = &cell->queue;
  const struct cell_head head = {cell->id, cell->send_n, cell->event_n, queue->event_n, queue->last_ns,
                                 queue->instant_n};
  DP_TRY(dp_buffer_append(out, &head, sizeof head, err));
  for (size_t i = 0; i < e->config.cell_table_n; i++)
    if (leads(&cell->tables[i])) DP_TRY(dp_table_pack(&cell->tables[i], out, err));
  for (size_t i = 0; i < e->config.cell_table_n; i++)
    if (!leads(&cell->tables[i])) DP_TRY(dp_table_pack(&cell->tables[i], out, err));
  struct sink sink = {out, DP_OK, err};
  dp_queue_each(queue, pack_event, &sink);
  return sink.status;
}

static enum dp_status unpack_event(struct dp_engine *e, struct dp_cell *cell, struct dp_reader *in,
                                   struct dp_err *err) {
  uint64_t words[(sizeof(struct dp_event) + DP_PAYLOAD_MAX) / sizeof(uint64_t)];
  DP_TRY(dp_reader_take(in, words, sizeof(struct dp_event), err));
  struct dp_event event;
  memcpy(&event, words, sizeof event);
  const struct dp_engine_config *config = &e->config;
  if (event.size > DP_PAYLOAD_MAX || event.size % 8 || event.zero || event.time_ns < e->now_ns ||
      event.time_ns >= config->end_ns || dp_entity_cell(event.dest) != cell->id ||
      event.instance >= config->target_n || config->targets[event.instance].handle == NULL)
    return dp_fail(err, DP_FORMAT, "packed state: cell %" PRIu32 " has an event that is none", cell->id);
  uint64_t *payload = words + sizeof event / sizeof *words;
  DP_TRY(dp_reader_take(in, payload, event.size, err));
  return dp_queue_push(&cell->queue, &event, payload, err);
}

static enum dp_status unpack_events(struct dp_engine *e, struct dp_cell *cell, const struct cell_head *head,
                                    struct dp_reader *in, struct dp_err *err) {
  if (head->last_ns < 0 || head->last_ns > e->config.end_ns || head->instant_n > DP_QUEUE_INSTANT_MAX)
    return dp_fail(err, DP_FORMAT, "packed state: cell %" PRIu32 " has no valid clock", cell->id);
  dp_queue_fini(&cell->queue);
  enum dp_status status = DP_OK;
  for (uint64_t i = 0; status == DP_OK && i < head->pending_n; i++) status = unpack_event(e, cell, in, err);
  cell->queue.last_ns = head->last_ns;
  cell->queue.instant_n = (uint32_t)head->instant_n;
  const dp_time next_ns = dp_queue_next_ns(&cell->queue);
  dp__agenda_set(e->agenda, (uint32_t)(cell - e->cells), next_ns);
  if (status == DP_OK && next_ns < head->last_ns)
    status = dp_fail(err, DP_FORMAT, "packed state: cell %" PRIu32 " has an event of the past", cell->id);
  return status;
}

enum dp_status dp_cell_unpack(struct dp_engine *e, struct dp_cell *cell, struct dp_reader *in, struct dp_err *err) {
  struct cell_head head;
  DP_TRY(dp_reader_take(in, &head, sizeof head, err));
  if (head.id != cell->id)
    return dp_fail(err, DP_FORMAT, "packed state of cell %" PRIu64 " where that of cell %" PRIu32 " should be", head.id,
                   cell->id);
  for (size_t i = 0; i < e->config.cell_table_n; i++)
    if (leads(&cell->tables[i])) DP_TRY(dp_table_unpack(&cell->tables[i], in, err));
  for (size_t i = 0; i < e->config.cell_table_n; i++)
    if (!leads(&cell->tables[i])) DP_TRY(dp_table_unpack(&cell->tables[i], in, err));
  cell->send_n = head.send_n;
  cell->event_n = head.event_n;
  DP_TRY(unpack_events(e, cell, &head, in, err));
  return dp_reader_end(in, "a cell", err);
}

/* ---- parcels ---- */

struct parcel_head {
  uint64_t id, len;
};

enum dp_status dp_parcel_append(uint32_t id, const void *bytes, size_t len, struct dp_buffer *out, struct dp_err *err) {
  const struct parcel_head head = {id, len};
  DP_TRY(dp_buffer_append(out, &head, sizeof head, err));
  return dp_buffer_append(out, bytes, len, err);
}

enum dp_status dp_parcel_pack(const struct dp_engine *e, const struct dp_cell *cell, struct dp_buffer *out,
                              struct dp_err *err) {
  struct parcel_head head = {cell->id, 0};
  const size_t at = out->len;
  DP_TRY(dp_buffer_append(out, &head, sizeof head, err));
  DP_TRY(dp_cell_pack(e, cell, out, err));
  head.len = out->len - at - sizeof head;
  memcpy(out->data + at, &head, sizeof head);
  return DP_OK;
}

enum dp_status dp_parcel_next(struct dp_reader *in, uint32_t *id, struct dp_reader *body, struct dp_err *err) {
  struct parcel_head head;
  DP_TRY(dp_reader_take(in, &head, sizeof head, err));
  if (head.len > in->left || head.id > DP_CELL_MAX) return dp_fail(err, DP_FORMAT, "a packed cell ends too early");
  *id = (uint32_t)head.id;
  *body = (struct dp_reader){in->at, (size_t)head.len};
  in->at += body->left;
  in->left -= body->left;
  return DP_OK;
}

/* ---- replicated tables, schema ---- */

enum dp_status dp_globals_pack(const struct dp_engine *e, struct dp_buffer *out, struct dp_err *err) {
  for (size_t i = 0; i < e->config.global_table_n; i++) DP_TRY(dp_table_pack(&e->globals[i], out, err));
  return DP_OK;
}

enum dp_status dp_globals_unpack(struct dp_engine *e, struct dp_reader *in, struct dp_err *err) {
  for (size_t i = 0; i < e->config.global_table_n; i++) DP_TRY(dp_table_unpack(&e->globals[i], in, err));
  return dp_reader_end(in, "the replicated tables", err);
}

static const char *type_text(enum dp_type type) {
  switch (type) {
#define DP_X(name, ctype, text)                                                                                      \
  case DP_TYPE_##name: return text;
    DP_TYPE_LIST(DP_X)
#undef DP_X
  }
  return "";
}

static void put_schema(const struct dp_table_decl *const *tables, const int *leaders, size_t n, struct dp_str *out) {
  for (size_t i = 0; i < n; i++) {
    if (leaders && leaders[i] >= 0) dp_str_printf(out, "%zu.%s follows %d\n", i, tables[i]->name, leaders[i]);
    for (size_t c = 0; c < tables[i]->column_n; c++)
      dp_str_printf(out, "%zu.%s.%s %s %" PRIu32 "\n", i, tables[i]->name, tables[i]->columns[c].name,
                    type_text(tables[i]->columns[c].type), tables[i]->columns[c].count);
  }
}

void dp_pack_schema(const struct dp_engine *e, struct dp_str *out) {
  put_schema(e->config.cell_tables, e->config.cell_leaders, e->config.cell_table_n, out);
  put_schema(e->config.global_tables, NULL, e->config.global_table_n, out);
  for (size_t i = 1; i < e->channel_n; i++)
    dp_str_printf(out, "channel %s %" PRId64 " ns\n", e->channels[i].name, e->channels[i].least_delay_ns);
  for (size_t i = 0; i < e->beat_n; i++)
    dp_str_printf(out, "beat %s %" PRId64 " ns\n", e->beats[i].name, e->beats[i].period_ns);
}
