/* sim/engine/checkpoint.c — writing the state of a run. restore.c reads it. */
#include "engine/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "engine/checkpoint_form.h"
#include "engine/inside.h"

#define ROUND_CELLS_MAX 4096

/* Where rank 0 writes; elsewhere `file` is NULL. */
struct writer {
  struct dp_engine *e;
  const char *part;
  FILE *file;
};

static enum dp_status fail_write(struct dp_err *err, const char *path) {
  const int code = errno;
  const char *remedy = "";
  if (code == ENOSPC || code == EDQUOT) remedy = " (free space; the checkpoint before it is still good)";
  if (code == EACCES || code == EROFS || code == ENOENT) remedy = " (write it to a folder that you may write to)";
  return dp_fail(err, DP_IO, "cannot write the checkpoint %s: %s%s", path, strerror(code), remedy);
}

void dp_checkpoint_notes_fini(struct dp_checkpoint_notes *notes) {
  dp_buffer_fini(&notes->about);
  dp_buffer_fini(&notes->identity);
  dp_buffer_fini(&notes->results);
}

/* ---- sections ---- */

static enum dp_status put(const struct writer *w, enum dp_ckpt_section kind, const void *data, size_t len,
                          struct dp_err *err) {
  const struct dp_ckpt_head head = {kind, len, dp_hash64(data, len, kind)};
  if (fwrite(&head, sizeof head, 1, w->file) != 1 || (len && fwrite(data, len, 1, w->file) != 1))
    return fail_write(err, w->part);
  return DP_OK;
}

static enum dp_status put_buffer(const struct writer *w, enum dp_ckpt_section kind, const struct dp_buffer *b,
                                 struct dp_err *err) {
  return put(w, kind, b->data, b->len, err);
}

static enum dp_status put_schema(const struct writer *w, struct dp_err *err) {
  struct dp_str schema;
  dp_str_init(&schema);
  dp_pack_schema(w->e, &schema);
  enum dp_status status = schema.failed ? dp_fail_nomem(err, "a checkpoint")
                                        : put(w, DP_CKPT_SCHEMA, schema.data, schema.len, err);
  dp_str_fini(&schema);
  return status;
}

static enum dp_status put_clock(const struct writer *w, struct dp_err *err) {
  const struct dp_engine *e = w->e;
  const struct dp_ckpt_clock clock = {e->now_ns, e->next_beat_ns, e->config.end_ns, e->config.seed,
                                      e->config.replicate, e->config.cell_n, e->closed, e->window_n, e->beat_count};
  return put(w, DP_CKPT_CLOCK, &clock, sizeof clock, err);
}

static enum dp_status put_globals(const struct writer *w, struct dp_err *err) {
  struct dp_buffer globals = {0};
  enum dp_status status = dp_globals_pack(w->e, &globals, err);
  if (status == DP_OK) status = put_buffer(w, DP_CKPT_GLOBALS, &globals, err);
  dp_buffer_fini(&globals);
  return status;
}

static enum dp_status put_head(const struct writer *w, const struct dp_checkpoint_notes *notes,
                               const struct dp_buffer *channels, struct dp_err *err) {
  if (fwrite(DP_CKPT_MAGIC, DP_CKPT_MAGIC_BYTES, 1, w->file) != 1) return fail_write(err, w->part);
  DP_TRY(put_buffer(w, DP_CKPT_ABOUT, &notes->about, err));
  DP_TRY(put_buffer(w, DP_CKPT_IDENTITY, &notes->identity, err));
  DP_TRY(put_buffer(w, DP_CKPT_RESULTS, &notes->results, err));
  DP_TRY(put_schema(w, err));
  DP_TRY(put_clock(w, err));
  DP_TRY(put_buffer(w, DP_CKPT_CHANNELS, channels, err));
  return put_globals(w, err);
}

/* What all ranks together have seen of the channels. */
static enum dp_status sum_channels(struct dp_engine *e, struct dp_buffer *out, struct dp_err *err) {
  struct dp_comm *comm = e->config.comm;
  enum dp_status status = DP_OK;
  for (size_t i = 0; i < e->channel_n; i++) {
    int64_t least = e->channels[i].observed_min_ns;
    uint64_t n = e->channels[i].message_n;
    DP_TRY(dp_comm_min_i64(comm, &least, 1, err));
    DP_TRY(dp_comm_sum_u64(comm, &n, 1, err));
    const struct dp_ckpt_channel channel = {least, n};
    if (status == DP_OK) status = dp_buffer_append(out, &channel, sizeof channel, err);
  }
  return status;
}

/* ---- cells, in rounds ---- */

/* How many cells a round takes: the same number on every rank. */
static enum dp_status round_cells(struct dp_engine *e, uint32_t *n, struct dp_err *err) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < e->local_n; i++) {
    bytes += dp_queue_bytes(&e->cells[i].queue);
    for (size_t t = 0; t < e->config.cell_table_n; t++) bytes += dp_table_bytes(&e->cells[i].tables[t]);
  }
  DP_TRY(dp_comm_sum_u64(e->config.comm, &bytes, 1, err));
  const uint64_t mean = bytes / (e->config.cell_n ? e->config.cell_n : 1) + 1;
  const uint64_t fit = DP_CKPT_ROUND_BYTES / mean;
  *n = fit < 1 ? 1 : fit > ROUND_CELLS_MAX ? ROUND_CELLS_MAX : (uint32_t)fit;
  return DP_OK;
}

/* Rank 0: the cells [first, end), its own and those that came, by id. */
static enum dp_status put_round(const struct writer *w, uint32_t first, uint32_t end, const struct dp_buffer *came,
                                struct dp_buffer *own, struct dp_err *err) {
  struct dp_reader bodies[ROUND_CELLS_MAX] = {{0}}, in = {came->data, came->len}, body;
  while (in.left > 0) {
    uint32_t id = 0;
    DP_TRY(dp_parcel_next(&in, &id, &body, err));
    if (id < first || id >= end) return dp_fail(err, DP_INVARIANT, "cell %" PRIu32 " came in a wrong round", id);
    bodies[id - first] = body;
  }
  for (uint32_t c = first; c < end; c++) {
    own->len = 0;
    if (w->e->by_id[c]) {
      DP_TRY(dp_cell_pack(w->e, w->e->by_id[c], own, err));
      bodies[c - first] = (struct dp_reader){own->data, own->len};
    }
    if (bodies[c - first].at == NULL) return dp_fail(err, DP_INVARIANT, "no rank has cell %" PRIu32, c);
    DP_TRY(put(w, DP_CKPT_CELL, bodies[c - first].at, bodies[c - first].left, err));
  }
  return DP_OK;
}

/* All ranks take part to the end, also when one of them has failed. */
static enum dp_status put_cells(const struct writer *w, struct dp_buffer *out, struct dp_err *err) {
  struct dp_engine *e = w->e;
  enum dp_status status = DP_OK;
  struct dp_buffer in = {0}, own = {0};
  uint32_t step = 1;
  enum dp_status exchanged = round_cells(e, &step, err);
  for (uint32_t first = 0, end; exchanged == DP_OK && first < e->config.cell_n; first = end) {
    end = e->config.cell_n - first < step ? e->config.cell_n : first + step;
    for (uint32_t c = first; c < end && !w->file && status == DP_OK; c++)
      if (e->by_id[c]) status = dp_parcel_pack(e, e->by_id[c], &out[0], err);
    if (status != DP_OK) out[0].len = 0;
    exchanged = dp_comm_exchange(e->config.comm, out, &in, err);
    if (exchanged == DP_OK && status == DP_OK && w->file) status = put_round(w, first, end, &in, &own, err);
  }
  dp_buffer_fini(&in);
  dp_buffer_fini(&own);
  return status == DP_OK ? exchanged : status;
}

/* ---- files ---- */

/* What was renamed into a folder is safe when the folder is on the disk. */
static enum dp_status sync_folder(const char *path, struct dp_err *err) {
  char *copy = strdup(path);
  if (!copy) return dp_fail_nomem(err, "a checkpoint");
  const int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(copy);
  if (fd < 0) return DP_OK; /* a folder that may not be read: the file itself is safe */
  const bool failed = fsync(fd) != 0 && errno != EINVAL;
  enum dp_status status = failed ? fail_write(err, path) : DP_OK;
  close(fd);
  return status;
}

static char *with_suffix(const char *path, const char *suffix) {
  const size_t size = strlen(path) + strlen(suffix) + 1;
  char *text = malloc(size);
  if (text) snprintf(text, size, "%s%s", path, suffix);
  return text;
}

/* PATH gets a second name first, so that it is never without a file. A disk without hard links gets a rename, which is
 * undone when the next one fails. */
static enum dp_status promote(const char *part, const char *path, const char *old, struct dp_err *err) {
  bool moved = false;
  if (access(path, F_OK) == 0) {
    if (unlink(old) != 0 && errno != ENOENT) return fail_write(err, old);
    if (link(path, old) != 0) {
      if (rename(path, old) != 0) return fail_write(err, old);
      moved = true;
    }
  }
  if (rename(part, path) == 0) return DP_OK;
  enum dp_status status = fail_write(err, path);
  if (moved) rename(old, path);
  return status;
}

/* The file gets its name when all of it is on the disk. */
static enum dp_status publish(struct writer *w, const char *path, enum dp_status status, struct dp_err *err) {
  if (status == DP_OK) status = put(w, DP_CKPT_END, NULL, 0, err);
  if (status == DP_OK && (fflush(w->file) != 0 || fsync(fileno(w->file)) != 0)) status = fail_write(err, w->part);
  if (fclose(w->file) != 0 && status == DP_OK) status = fail_write(err, w->part);
  char *old = with_suffix(path, ".old");
  if (!old && status == DP_OK) status = dp_fail_nomem(err, "a checkpoint");
  if (status == DP_OK) status = promote(w->part, path, old, err);
  if (status != DP_OK) unlink(w->part);
  free(old);
  return status == DP_OK ? sync_folder(path, err) : status;
}

static enum dp_status write_file(struct writer *w, const char *path, const struct dp_checkpoint_notes *notes,
                                 struct dp_buffer *out, struct dp_err *err) {
  struct dp_comm *comm = w->e->config.comm;
  struct dp_buffer channels = {0};
  enum dp_status status = sum_channels(w->e, &channels, err);
  if (comm->rank == 0 && status == DP_OK && !(w->file = fopen(w->part, "wbe"))) status = fail_write(err, w->part);
  if (comm->rank == 0 && status == DP_OK) status = put_head(w, notes, &channels, err);
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK) status = dp_comm_agree(comm, put_cells(w, out, err), err);
  if (w->file) status = publish(w, path, status, err);
  dp_buffer_fini(&channels);
  return dp_comm_agree(comm, status, err);
}

enum dp_status dp_checkpoint_write(struct dp_engine *e, const char *path, const struct dp_checkpoint_notes *notes,
                                   struct dp_err *err) {
  struct dp_comm *comm = e->config.comm;
  struct dp_buffer *out = calloc((size_t)comm->rank_n, sizeof *out);
  char *part = with_suffix(path, ".part");
  struct writer w = {.e = e, .part = part};
  enum dp_status status = dp_comm_agree(comm, out && part ? DP_OK : dp_fail_nomem(err, "a checkpoint"), err);
  if (status == DP_OK) status = dp__engine_flush(e, err);
  if (status == DP_OK) status = write_file(&w, path, notes, out, err);
  for (int r = 0; out && r < comm->rank_n; r++) dp_buffer_fini(&out[r]);
  free(out);
  free(part);
  return status;
}
