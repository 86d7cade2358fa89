/* sim/engine/restore.c — reading a checkpoint: first the whole file is checked, then it is read again and used. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "engine/checkpoint.h"
#include "engine/checkpoint_form.h"

/* A file that is being read, section by section. */
struct source {
  const char *path;
  FILE *file;
  uint64_t left; /* bytes behind what was read */
};

static enum dp_status cut_short(const struct source *s, struct dp_err *err) {
  return dp_fail(err, DP_FORMAT, "%s: the checkpoint is cut short (resume from the one before it)", s->path);
}

static enum dp_status damaged(const struct source *s, struct dp_err *err) {
  return dp_fail(err, DP_FORMAT, "%s: the checkpoint is damaged (resume from the one before it)", s->path);
}

static enum dp_status fail_read(const char *path, struct dp_err *err) {
  return dp_fail(err, DP_IO, "cannot read the checkpoint %s: %s", path, strerror(errno));
}

static enum dp_status take(struct source *s, void *out, size_t len, struct dp_err *err) {
  if (len > s->left) return cut_short(s, err);
  if (len && fread(out, len, 1, s->file) != 1) return ferror(s->file) ? fail_read(s->path, err) : cut_short(s, err);
  s->left -= len;
  return DP_OK;
}

static enum dp_status check_magic(struct source *s, struct dp_err *err) {
  unsigned char magic[DP_CKPT_MAGIC_BYTES];
  const unsigned char *own = (const unsigned char *)DP_CKPT_MAGIC;
  const size_t version = DP_CKPT_MAGIC_BYTES - 1;
  if (s->left < sizeof magic) return dp_fail(err, DP_FORMAT, "%s: not a checkpoint of depinsim", s->path);
  DP_TRY(take(s, magic, sizeof magic, err));
  if (memcmp(magic, own, version) != 0)
    return dp_fail(err, DP_FORMAT, "%s: not a checkpoint of depinsim", s->path);
  if (magic[version] == own[version]) return DP_OK;
  return dp_fail(err, DP_FORMAT, "%s: a checkpoint of form %d, and this program reads form %d (resume with the version "
                 "that wrote it)", s->path, magic[version], own[version]);
}

static enum dp_status open_source(const char *path, struct source *s, struct dp_err *err) {
  *s = (struct source){.path = path, .file = fopen(path, "rbe")};
  if (!s->file) return fail_read(path, err);
  struct stat st;
  if (fstat(fileno(s->file), &st) != 0) return fail_read(path, err);
  if (!S_ISREG(st.st_mode)) return dp_fail(err, DP_IO, "cannot read the checkpoint %s: it is not a plain file", path);
  s->left = (uint64_t)st.st_size;
  return check_magic(s, err);
}

static void close_source(struct source *s) {
  if (s->file) fclose(s->file);
  s->file = NULL;
}

/* The next section into `body` (overwritten). */
static enum dp_status take_section(struct source *s, uint64_t *kind, struct dp_buffer *body, struct dp_err *err) {
  struct dp_ckpt_head head = {0};
  DP_TRY(take(s, &head, sizeof head, err));
  if (head.len > s->left) return cut_short(s, err);
  body->len = 0;
  DP_TRY(dp_buffer_reserve(body, (size_t)head.len, err));
  DP_TRY(take(s, body->data, (size_t)head.len, err));
  body->len = (size_t)head.len;
  *kind = head.kind;
  return dp_hash64(body->data, body->len, head.kind) == head.hash ? DP_OK : damaged(s, err);
}

static enum dp_status take_kind(struct source *s, enum dp_ckpt_section wanted, struct dp_buffer *body,
                                struct dp_err *err) {
  uint64_t kind = 0;
  DP_TRY(take_section(s, &kind, body, err));
  return kind == (uint64_t)wanted ? DP_OK : damaged(s, err);
}

/* ---- checking ---- */

/* Every section is whole, they are the right ones in the right order, and nothing follows. */
static enum dp_status check_sections(struct source *s, struct dp_buffer *body, struct dp_buffer *about,
                                     struct dp_err *err) {
  struct dp_ckpt_clock clock = {0};
  uint64_t kind = 0, cell_n = 0;
  for (enum dp_ckpt_section next = DP_CKPT_ABOUT; next < DP_CKPT_CELL; next++) {
    DP_TRY(take_kind(s, next, body, err));
    if (next == DP_CKPT_ABOUT && about) DP_TRY(dp_buffer_append(about, body->data, body->len, err));
    if (next != DP_CKPT_CLOCK) continue;
    if (body->len != sizeof clock) return damaged(s, err);
    memcpy(&clock, body->data, sizeof clock);
  }
  for (;; cell_n++) {
    DP_TRY(take_section(s, &kind, body, err));
    if (kind != DP_CKPT_CELL) break;
  }
  return kind == DP_CKPT_END && body->len == 0 && cell_n == clock.cell_n && s->left == 0 ? DP_OK : damaged(s, err);
}

enum dp_status dp_checkpoint_about(const char *path, struct dp_buffer *about, struct dp_err *err) {
  struct source s;
  struct dp_buffer body = {0};
  enum dp_status status = open_source(path, &s, err);
  if (status == DP_OK) status = check_sections(&s, &body, about, err);
  close_source(&s);
  dp_buffer_fini(&body);
  return status;
}

enum dp_status dp_checkpoint_find(const char *path, char **found, struct dp_buffer *about, struct dp_err *why,
                                  struct dp_err *err) {
  const size_t size = strlen(path) + sizeof ".old", len = about->len;
  *found = malloc(size);
  if (!*found) return dp_fail_nomem(err, "a checkpoint");
  snprintf(*found, size, "%s", path);
  enum dp_status status = dp_checkpoint_about(*found, about, why);
  if (status == DP_OK) return DP_OK;
  if (status == DP_IO || status == DP_FORMAT) {
    struct dp_err older = {0};
    about->len = len;
    snprintf(*found, size, "%s.old", path);
    if (dp_checkpoint_about(*found, about, &older) == DP_OK) return DP_OK;
  }
  about->len = len;
  free(*found);
  *found = NULL;
  return dp_fail(err, status, "%s; %s.old is of no use either", why->text, path);
}

/* ---- comparing ---- */

/* Names the first line in which two texts differ. */
static enum dp_status compare_lines(const struct dp_buffer *theirs, const char *own, size_t own_len, const char *path,
                                    const char *what, struct dp_err *err) {
  const char *their = (const char *)theirs->data;
  size_t i = 0, line = 0;
  while (i < own_len && i < theirs->len && own[i] == their[i])
    if (own[i++] == '\n') line = i;
  if (i == own_len && i == theirs->len) return DP_OK;
  size_t a = line, b = line;
  while (a < theirs->len && their[a] != '\n' && their[a] != '\0') a++;
  while (b < own_len && own[b] != '\n') b++;
  const int theirs_n = (int)(a - line < 200 ? a - line : 200), own_n = (int)(b - line < 200 ? b - line : 200);
  return dp_fail(err, DP_FORMAT, "%s: the checkpoint is of another %s: it has %.*s%s, and here there is %.*s%s", path,
                 what, theirs_n, their ? their + line : "", a == line ? "nothing" : "", own_n, own ? own + line : "",
                 b == line ? "nothing" : "");
}

static enum dp_status check_schema(const struct dp_engine *e, const struct dp_buffer *body, const char *path,
                                   struct dp_err *err) {
  struct dp_str own;
  dp_str_init(&own);
  dp_pack_schema(e, &own);
  enum dp_status status = own.failed ? dp_fail_nomem(err, "a checkpoint")
                                     : compare_lines(body, own.data, own.len, path, "version or scenario", err);
  dp_str_fini(&own);
  return status;
}

static enum dp_status check_clock(const struct dp_engine *e, const struct dp_buffer *body, const char *path,
                                  struct dp_err *err) {
  struct dp_ckpt_clock c;
  const struct dp_engine_config *config = &e->config;
  if (body->len != sizeof c) return dp_fail(err, DP_FORMAT, "%s: the checkpoint's clock is damaged", path);
  memcpy(&c, body->data, sizeof c);
  const char *differs = c.cell_n != config->cell_n        ? "number of cells"
                        : c.end_ns != config->end_ns       ? "end"
                        : c.seed != config->seed           ? "seed"
                        : c.replicate != config->replicate ? "replicate"
                                                           : NULL;
  if (differs)
    return dp_fail(err, DP_FORMAT, "%s: the checkpoint is of another scenario: its %s differs", path, differs);
  if (c.now_ns >= 0 && c.now_ns <= c.next_beat_ns && c.next_beat_ns <= c.end_ns && c.closed <= 1) return DP_OK;
  return dp_fail(err, DP_FORMAT, "%s: the checkpoint's clock is damaged", path);
}

/* ---- restoring ---- */

struct restorer {
  struct dp_engine *e;
  struct source source; /* rank 0 */
  struct dp_buffer body;
  struct dp_buffer *out; /* [rank_n] parcels */
  struct dp_buffer in;
};

/* Rank 0: the sections that only it needs, and all comparisons. */
static enum dp_status take_notes(struct restorer *r, struct dp_checkpoint_notes *notes, struct dp_err *err) {
  struct source *s = &r->source;
  DP_TRY(take_kind(s, DP_CKPT_ABOUT, &r->body, err));
  DP_TRY(dp_buffer_append(&notes->about, r->body.data, r->body.len, err));
  DP_TRY(take_kind(s, DP_CKPT_IDENTITY, &r->body, err));
  DP_TRY(compare_lines(&r->body, (const char *)notes->identity.data, notes->identity.len, s->path, "scenario", err));
  DP_TRY(take_kind(s, DP_CKPT_RESULTS, &r->body, err));
  DP_TRY(dp_buffer_append(&notes->results, r->body.data, r->body.len, err));
  DP_TRY(take_kind(s, DP_CKPT_SCHEMA, &r->body, err));
  return check_schema(r->e, &r->body, s->path, err);
}

/* A section to all ranks. */
static enum dp_status share(struct restorer *r, enum dp_ckpt_section kind, struct dp_err *err) {
  struct dp_comm *comm = r->e->config.comm;
  enum dp_status status = comm->rank == 0 ? take_kind(&r->source, kind, &r->body, err) : DP_OK;
  if (status == DP_OK && comm->rank == 0 && kind == DP_CKPT_CLOCK)
    status = check_clock(r->e, &r->body, r->source.path, err);
  DP_TRY(dp_comm_agree(comm, status, err));
  return dp_comm_broadcast(comm, &r->body, err);
}

static void set_clock(struct dp_engine *e, const struct dp_buffer *body) {
  struct dp_ckpt_clock clock;
  memcpy(&clock, body->data, sizeof clock);
  e->now_ns = e->horizon_ns = clock.now_ns;
  e->next_beat_ns = clock.next_beat_ns;
  e->closed = clock.closed != 0;
  e->window_n = clock.window_n;
  e->beat_count = clock.beat_count;
}

/* What was counted so far is kept by rank 0: it is summed over ranks when it is shown. */
static enum dp_status set_channels(struct dp_engine *e, const struct dp_buffer *body, struct dp_err *err) {
  if (body->len != e->channel_n * sizeof(struct dp_ckpt_channel))
    return dp_fail(err, DP_FORMAT, "the checkpoint's channels are not the scenario's");
  for (size_t i = 0; i < e->channel_n; i++) {
    struct dp_ckpt_channel channel;
    memcpy(&channel, body->data + i * sizeof channel, sizeof channel);
    e->channels[i].observed_min_ns = channel.observed_min_ns;
    e->channels[i].message_n = e->config.comm->rank == 0 ? channel.message_n : 0;
  }
  return DP_OK;
}

/* Rank 0 reads cells until a round is full: its own go in at once, the others' into parcels. @param next the cell to
 *  go on with. */
static enum dp_status read_round(struct restorer *r, uint32_t *next, struct dp_err *err) {
  struct dp_engine *e = r->e;
  for (uint64_t bytes = 0; *next < e->config.cell_n && bytes < DP_CKPT_ROUND_BYTES; ++*next) {
    DP_TRY(take_kind(&r->source, DP_CKPT_CELL, &r->body, err));
    if (e->by_id[*next] == NULL) {
      bytes += r->body.len;
      DP_TRY(dp_parcel_append(*next, r->body.data, r->body.len, &r->out[e->cell_rank[*next]], err));
      continue;
    }
    struct dp_reader in = {r->body.data, r->body.len};
    DP_TRY(dp_cell_unpack(e, e->by_id[*next], &in, err));
  }
  return DP_OK;
}

static enum dp_status unpack_round(struct restorer *r, struct dp_err *err) {
  struct dp_reader in = {r->in.data, r->in.len}, body;
  while (in.left > 0) {
    uint32_t id = 0;
    DP_TRY(dp_parcel_next(&in, &id, &body, err));
    if (id >= r->e->config.cell_n || r->e->by_id[id] == NULL)
      return dp_fail(err, DP_INVARIANT, "cell %" PRIu32 " came to a wrong rank", id);
    DP_TRY(dp_cell_unpack(r->e, r->e->by_id[id], &body, err));
  }
  return DP_OK;
}

/* Every rank goes through the same rounds; an error ends them for all. */
static enum dp_status restore_cells(struct restorer *r, struct dp_err *err) {
  struct dp_comm *comm = r->e->config.comm;
  uint32_t next = 0;
  for (bool done = false; !done;) {
    enum dp_status status = comm->rank == 0 ? read_round(r, &next, err) : DP_OK;
    for (int k = 0; k < comm->rank_n && status != DP_OK; k++) r->out[k].len = 0;
    DP_TRY(dp_comm_exchange(comm, r->out, &r->in, err));
    if (status == DP_OK) status = unpack_round(r, err);
    int64_t least[] = {dp_comm_vote(comm, status, err), comm->rank == 0 ? next : INT64_MAX};
    DP_TRY(dp_comm_min_i64(comm, least, 2, err));
    DP_TRY(dp_comm_verdict(comm, least[0], err));
    done = least[1] >= r->e->config.cell_n;
  }
  return DP_OK;
}

/* What the making of a fresh engine has sent is in the checkpoint, in its cells. */
static void forget_messages(struct dp_engine *e) {
  for (int k = 0; k < e->config.comm->rank_n; k++) e->out[k].len = 0;
  e->in.len = 0;
}

static enum dp_status restore(struct restorer *r, const char *path, struct dp_checkpoint_notes *notes,
                              struct dp_err *err) {
  struct dp_comm *comm = r->e->config.comm;
  enum dp_status status = r->out ? DP_OK : dp_fail_nomem(err, "a checkpoint");
  if (comm->rank == 0 && status == DP_OK) status = dp_checkpoint_about(path, NULL, err);
  if (comm->rank == 0 && status == DP_OK) status = open_source(path, &r->source, err);
  if (comm->rank == 0 && status == DP_OK) status = take_notes(r, notes, err);
  DP_TRY(dp_comm_agree(comm, status, err));
  forget_messages(r->e);
  DP_TRY(share(r, DP_CKPT_CLOCK, err));
  set_clock(r->e, &r->body);
  DP_TRY(share(r, DP_CKPT_CHANNELS, err));
  DP_TRY(dp_comm_agree(comm, set_channels(r->e, &r->body, err), err));
  DP_TRY(share(r, DP_CKPT_GLOBALS, err));
  struct dp_reader in = {r->body.data, r->body.len};
  DP_TRY(dp_comm_agree(comm, dp_globals_unpack(r->e, &in, err), err));
  return restore_cells(r, err);
}

enum dp_status dp_checkpoint_restore(struct dp_engine *e, const char *path, struct dp_checkpoint_notes *notes,
                                     struct dp_err *err) {
  const int rank_n = e->config.comm->rank_n;
  struct restorer r = {.e = e, .out = calloc((size_t)rank_n, sizeof *r.out)};
  enum dp_status status = restore(&r, path, notes, err);
  close_source(&r.source);
  for (int k = 0; r.out && k < rank_n; k++) dp_buffer_fini(&r.out[k]);
  free(r.out);
  dp_buffer_fini(&r.body);
  dp_buffer_fini(&r.in);
  if (status != DP_OK && err && err->text[0] && !strstr(err->text, path)) dp_err_prefix(err, "%s: ", path);
  return status;
}
