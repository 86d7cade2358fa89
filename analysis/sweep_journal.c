/* analysis/sweep_journal.c — records of runs, packed, hashed, appended, read back. */
#include "analysis/sweep_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "output/disk.h"

#define MARK "depinsim-sweep-1"
#define PIECE_BYTES ((size_t)4 << 20)

struct head {
  char mark[16];
  uint64_t identity, kpi_n, float_n;
};

struct front {
  uint64_t hash; /* of all that follows */
  uint64_t run, digest;
  int64_t cost_ns;
  uint32_t status, message_len;
};

struct dp_journal {
  int fd;
  char *path;
  struct dp_record_shape shape;
  uint64_t end;
  unsigned char *piece; /* what dp_journal_read has read last */
  size_t piece_cap, piece_len;
  uint64_t piece_at;
};

/* ---- records ---- */

static size_t padded(size_t bytes) { return (bytes + 7) & ~(size_t)7; }

static size_t body_size(const struct dp_record_shape *shape, size_t message_len) {
  return shape->kpi_n * sizeof(double) + padded(shape->float_n * sizeof(float)) + padded(message_len + 1);
}

enum dp_status dp_record_pack(struct dp_buffer *out, const struct dp_record_shape *shape, uint64_t run,
                              const struct dp_run_result *result, struct dp_err *err) {
  size_t message_len = result->status == DP_OK ? 0 : strlen(result->err.text);
  size_t size = sizeof(struct front) + body_size(shape, message_len);
  DP_TRY(dp_buffer_reserve(out, size, err));
  unsigned char *at = out->data + out->len, *to = at + sizeof(struct front);
  struct front front = {.run = run,
                        .digest = result->digest,
                        .cost_ns = result->cost_ns,
                        .status = (uint32_t)result->status,
                        .message_len = (uint32_t)message_len};
  memset(at, 0, size);
  memcpy(to, result->kpis, shape->kpi_n * sizeof(double));
  to += shape->kpi_n * sizeof(double);
  if (shape->float_n) memcpy(to, result->series, shape->float_n * sizeof(float));
  to += padded(shape->float_n * sizeof(float));
  memcpy(to, result->err.text, message_len);
  memcpy(at, &front, sizeof front);
  front.hash = dp_hash64(at + sizeof front.hash, size - sizeof front.hash, 0);
  memcpy(at, &front.hash, sizeof front.hash);
  out->len += size;
  return DP_OK;
}

bool dp_record_read(const unsigned char *bytes, size_t len, const struct dp_record_shape *shape,
                    struct dp_record *out) {
  struct front front;
  if (len < sizeof front) return false;
  memcpy(&front, bytes, sizeof front);
  if (front.message_len >= sizeof(struct dp_err)) return false;
  size_t size = sizeof front + body_size(shape, front.message_len);
  if (len < size || dp_hash64(bytes + sizeof front.hash, size - sizeof front.hash, 0) != front.hash) return false;
  const unsigned char *body = bytes + sizeof front;
  const unsigned char *series = body + shape->kpi_n * sizeof(double);
  *out = (struct dp_record){.run = front.run,
                            .digest = front.digest,
                            .cost_ns = front.cost_ns,
                            .status = (enum dp_status)front.status,
                            .kpis = (const double *)(const void *)body,
                            .series = (const float *)(const void *)series,
                            .message = (const char *)series + padded(shape->float_n * sizeof(float)),
                            .size = size};
  return true;
}

/* ---- reading ---- */

/* Fills the piece from `at` on with as much as there is, `want` bytes at most. */
static enum dp_status load_piece(struct dp_journal *j, uint64_t at, size_t want, struct dp_err *err) {
  if (want > j->piece_cap) {
    unsigned char *grown = realloc(j->piece, want);
    if (grown == NULL) return dp_fail_nomem(err, j->path);
    j->piece = grown;
    j->piece_cap = want;
  }
  j->piece_at = at;
  j->piece_len = 0;
  while (j->piece_len < want) {
    ssize_t n = pread(j->fd, j->piece + j->piece_len, want - j->piece_len, (off_t)(at + j->piece_len));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return dp_disk_fail(err, "read", j->path, errno);
    if (n == 0) break;
    j->piece_len += (size_t)n;
  }
  return DP_OK;
}

/* Whether a whole record is at `at`. */
static enum dp_status find_record(struct dp_journal *j, uint64_t at, struct dp_record *out, bool *found,
                                  struct dp_err *err) {
  size_t most = sizeof(struct front) + body_size(&j->shape, sizeof(struct dp_err));
  *found = false;
  if (at < j->piece_at || at - j->piece_at >= j->piece_len || j->piece_len - (at - j->piece_at) < most)
    DP_TRY(load_piece(j, at, most > PIECE_BYTES ? most : PIECE_BYTES, err));
  size_t skip = (size_t)(at - j->piece_at);
  *found = dp_record_read(j->piece + skip, j->piece_len - skip, &j->shape, out);
  return DP_OK;
}

enum dp_status dp_journal_read(struct dp_journal *j, uint64_t at, struct dp_record *out, struct dp_err *err) {
  bool found;
  DP_TRY(find_record(j, at, out, &found, err));
  return found ? DP_OK
               : dp_fail(err, DP_FORMAT, "%s: a record is damaged (remove the file and run the sweep again)", j->path);
}

/* ---- writing ---- */

enum dp_status dp_journal_append(struct dp_journal *j, const void *bytes, size_t len, uint64_t *at,
                                 struct dp_err *err) {
  const unsigned char *from = bytes;
  *at = j->end;
  for (size_t done = 0; done < len;) {
    ssize_t n = pwrite(j->fd, from + done, len - done, (off_t)(j->end + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return dp_disk_fail(err, "write", j->path, errno);
    done += (size_t)n;
  }
  j->end += len;
  if (j->piece_at + j->piece_len >= *at) j->piece_len = 0; /* it ended where the file did */
  return DP_OK;
}

/* ---- opening ---- */

static enum dp_status check_head(const struct dp_journal *j, const struct head *found, const struct head *want,
                                 struct dp_err *err) {
  if (memcmp(found->mark, want->mark, sizeof want->mark) != 0)
    return dp_fail(err, DP_FORMAT, "%s exists and is no unfinished sweep (remove it or choose another -o)", j->path);
  if (memcmp(found, want, sizeof *want) != 0)
    return dp_fail(err, DP_FORMAT,
                   "%s is of another study, or of this one before it, its scenario, its options or the "
                   "program changed (--restart throws it away; or choose another -o)",
                   j->path);
  return DP_OK;
}

static enum dp_status take_back(struct dp_journal *j, dp_record_fn visit, void *ud, struct dp_err *err) {
  j->end = sizeof(struct head);
  for (;;) {
    struct dp_record record;
    bool found;
    DP_TRY(find_record(j, j->end, &record, &found, err));
    if (!found) break;
    DP_TRY(visit(ud, &record, j->end, err));
    j->end += record.size;
  }
  return ftruncate(j->fd, (off_t)j->end) < 0 ? dp_disk_fail(err, "write", j->path, errno) : DP_OK;
}

static enum dp_status open_file(struct dp_journal *j, const struct head *want, bool fresh, bool must_be,
                                dp_record_fn visit, void *ud, struct dp_err *err) {
  struct head found = {0};
  uint64_t at;
  j->fd = open(j->path, O_RDWR | O_CLOEXEC | (must_be ? 0 : O_CREAT), 0666);
  if (j->fd < 0 && must_be && errno == ENOENT)
    return dp_fail(err, DP_IO, "%s is not there: there is nothing to resume (leave --resume out to begin)", j->path);
  if (j->fd < 0) return dp_disk_fail(err, "write", j->path, errno);
  if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
    return dp_fail(err, DP_IO, "cannot write %s: another sweep is writing it (wait for it or choose another -o)",
                   j->path);
  ssize_t n = pread(j->fd, &found, sizeof found, 0);
  if (n < 0) return dp_disk_fail(err, "read", j->path, errno);
  bool begun = n == (ssize_t)sizeof found;
  if (n > 0 && !begun && memcmp(found.mark, want->mark, (size_t)n < sizeof want->mark ? (size_t)n : sizeof want->mark))
    return check_head(j, &found, want, err); /* cut short, and not ours */
  if (begun && fresh && memcmp(found.mark, want->mark, sizeof want->mark) == 0) begun = false;
  if (begun) {
    DP_TRY(check_head(j, &found, want, err));
    return take_back(j, visit, ud, err);
  }
  if (ftruncate(j->fd, 0) < 0) return dp_disk_fail(err, "write", j->path, errno);
  return dp_journal_append(j, want, sizeof *want, &at, err);
}

enum dp_status dp_journal_open(const char *path, uint64_t identity, const struct dp_record_shape *shape, bool fresh,
                               bool must_be, dp_record_fn visit, void *ud, struct dp_journal **out,
                               struct dp_err *err) {
  struct head want = {.identity = identity, .kpi_n = shape->kpi_n, .float_n = shape->float_n};
  memcpy(want.mark, MARK, sizeof want.mark);
  *out = NULL;
  struct dp_journal *j = calloc(1, sizeof *j);
  if (j == NULL) return dp_fail_nomem(err, "the journal");
  j->fd = -1;
  j->shape = *shape;
  j->path = malloc(strlen(path) + sizeof ".part");
  if (j->path) strcpy(stpcpy(j->path, path), ".part");
  enum dp_status status =
      j->path ? open_file(j, &want, fresh, must_be, visit, ud, err) : dp_fail_nomem(err, "the journal");
  if (status == DP_OK) *out = j;
  else dp_journal_close(j, false);
  return status;
}

void dp_journal_close(struct dp_journal *j, bool remove) {
  if (j == NULL) return;
  if (remove) unlink(j->path);
  if (j->fd >= 0) close(j->fd);
  free(j->piece);
  free(j->path);
  free(j);
}

const char *dp_journal_path(const struct dp_journal *j) { return j->path; }
