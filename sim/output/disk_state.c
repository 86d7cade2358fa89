/* sim/output/disk_state.c — the unfinished file at a checkpoint: saved, brought back, and made whole at the end. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "output/disk.h"

#define BLOCK_BYTES (UINT64_C(1) << 20)
#define UNDO_MAGIC UINT64_C(0x6f646e7535706400) /* "\0dp5undo" */

/* In front of the pages in what dp_disk_save appends; then come the hashes of whole blocks. */
struct saved {
  uint64_t frozen, end, hash_n, tail_hash;
};

/* ---- hashes of the frozen bytes ---- */

static enum dp_status hash_range(const struct dp_disk *disk, const char *path, uint64_t at, uint64_t end,
                                 uint64_t *hash, struct dp_err *err) {
  size_t size = (size_t)(end - at);
  void *bytes = malloc(size + 1);
  if (bytes == NULL) return dp_fail_nomem(err, "the output");
  bool done = dp_pages_read_file(disk->fd, bytes, size, at);
  if (done) *hash = dp_hash64(bytes, size, at);
  free(bytes);
  return done ? DP_OK : dp_disk_fail(err, "read", path, errno);
}

/* Hashes the whole blocks below `frozen` that have no hash yet, and what is behind the last one. */
static enum dp_status hash_blocks(struct dp_disk *disk, const char *path, uint64_t frozen, uint64_t *tail,
                                  struct dp_err *err) {
  size_t n = (size_t)(frozen / BLOCK_BYTES);
  if (!dp_array_resize(&disk->hashes, n, sizeof *disk->hashes)) return dp_fail_nomem(err, "the output");
  for (; disk->hash_n < n; disk->hash_n++)
    DP_TRY(hash_range(disk, path, disk->hash_n * BLOCK_BYTES, (disk->hash_n + 1) * BLOCK_BYTES,
                      &disk->hashes[disk->hash_n], err));
  return hash_range(disk, path, n * BLOCK_BYTES, frozen, tail, err);
}

/* ---- saving ---- */

enum dp_status dp_disk_save(struct dp_disk *disk, const char *path, struct dp_buffer *out, struct dp_err *err) {
  struct stat st;
  DP_TRY(dp_disk_sync(disk, path, err));
  if (fstat(disk->fd, &st) < 0) return dp_disk_fail(err, "read", path, errno);
  struct saved saved = {.frozen = (uint64_t)st.st_size, .end = disk->end};
  DP_TRY(hash_blocks(disk, path, saved.frozen, &saved.tail_hash, err));
  saved.hash_n = disk->hash_n;
  DP_TRY(dp_buffer_append(out, &saved, sizeof saved, err));
  DP_TRY(dp_buffer_append(out, disk->hashes, disk->hash_n * sizeof *disk->hashes, err));
  DP_TRY(dp_pages_pack(&disk->pages, out, err));
  disk->frozen = saved.frozen;
  return DP_OK;
}

/* ---- what is overwritten at the end ---- */

static char *undo_path(const char *path) {
  char *text = malloc(strlen(path) + sizeof ".undo");
  if (text) strcpy(stpcpy(text, path), ".undo");
  return text;
}

static enum dp_status write_undo(const char *path, const struct dp_buffer *b, struct dp_err *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  bool done = fd >= 0 && dp_pages_write_file(fd, b->data, b->len, 0) && fsync(fd) == 0;
  enum dp_status status = done ? DP_OK : dp_disk_fail(err, "write", path, errno);
  if (fd >= 0 && close(fd) < 0 && done) status = dp_disk_fail(err, "write", path, errno);
  if (status != DP_OK) unlink(path);
  return status;
}

/* The frozen bytes of every page that is held, then a hash of all. */
static enum dp_status pack_undo(const struct dp_disk *disk, const char *path, struct dp_buffer *out,
                                struct dp_err *err) {
  const uint64_t magic = UNDO_MAGIC, frozen = disk->frozen, n = disk->pages.n;
  unsigned char bytes[DP_PAGE_BYTES];
  DP_TRY(dp_buffer_append(out, &magic, sizeof magic, err));
  DP_TRY(dp_buffer_append(out, &frozen, sizeof frozen, err));
  DP_TRY(dp_buffer_append(out, &n, sizeof n, err));
  for (size_t i = 0; i < disk->pages.n; i++) {
    uint64_t index = disk->pages.pages[i].index;
    if (!dp_pages_read_file(disk->fd, bytes, sizeof bytes, index * DP_PAGE_BYTES))
      return dp_disk_fail(err, "read", path, errno);
    DP_TRY(dp_buffer_append(out, &index, sizeof index, err));
    DP_TRY(dp_buffer_append(out, bytes, sizeof bytes, err));
  }
  uint64_t hash = dp_hash64(out->data, out->len, UNDO_MAGIC);
  return dp_buffer_append(out, &hash, sizeof hash, err);
}

enum dp_status dp_disk_settle(struct dp_disk *disk, const char *path, struct dp_err *err) {
  if (disk->frozen == 0) return DP_OK;
  struct dp_buffer undo = {0};
  char *name = undo_path(path);
  if (name == NULL) return dp_fail_nomem(err, "the output");
  enum dp_status status = pack_undo(disk, path, &undo, err);
  if (status == DP_OK) status = write_undo(name, &undo, err);
  if (status == DP_OK && !dp_pages_apply(&disk->pages, disk->fd, disk->end))
    status = dp_disk_fail(err, "write", path, errno);
  dp_buffer_fini(&undo);
  free(name);
  return status;
}

void dp_disk_settled(const char *path) {
  char *name = undo_path(path);
  if (name) unlink(name);
  free(name);
}

/* ---- coming back ---- */

/* Takes the pages back when all of the file was written: only then a byte may have been overwritten. */
static enum dp_status undo(struct dp_disk *disk, const char *path, const struct dp_buffer *b, struct dp_err *err) {
  uint64_t magic, frozen, hash;
  struct dp_reader in = {b->data, b->len};
  struct dp_pages pages = {0};
  struct dp_err torn = {0};
  if (b->len < 3 * sizeof hash) return DP_OK;
  memcpy(&hash, b->data + b->len - sizeof hash, sizeof hash);
  in.left -= sizeof hash;
  if (hash != dp_hash64(b->data, in.left, UNDO_MAGIC)) return DP_OK;
  enum dp_status status = dp_reader_take(&in, &magic, sizeof magic, &torn);
  if (status == DP_OK) status = dp_reader_take(&in, &frozen, sizeof frozen, &torn);
  if (status == DP_OK) status = dp_pages_unpack(&pages, &in, &torn);
  if (status == DP_OK && magic == UNDO_MAGIC &&
      (!dp_pages_apply(&pages, disk->fd, frozen) || fsync(disk->fd) < 0))
    status = dp_disk_fail(err, "write", path, errno);
  else
    status = DP_OK;
  dp_pages_fini(&pages);
  return status;
}

static enum dp_status undo_file(struct dp_disk *disk, const char *path, struct dp_err *err) {
  struct stat st;
  struct dp_buffer bytes = {0};
  char *name = undo_path(path);
  if (name == NULL) return dp_fail_nomem(err, "the output");
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  enum dp_status status = fd >= 0 || errno == ENOENT ? DP_OK : dp_disk_fail(err, "read", name, errno);
  if (fd >= 0 && fstat(fd, &st) < 0) status = dp_disk_fail(err, "read", name, errno);
  if (fd >= 0 && status == DP_OK) status = dp_buffer_reserve(&bytes, (size_t)st.st_size + 1, err);
  if (fd >= 0 && status == DP_OK) {
    bytes.len = (size_t)st.st_size;
    if (!dp_pages_read_file(fd, bytes.data, bytes.len, 0)) status = dp_disk_fail(err, "read", name, errno);
  }
  if (fd >= 0 && status == DP_OK) status = undo(disk, path, &bytes, err);
  if (fd >= 0) close(fd);
  if (fd >= 0 && status == DP_OK) unlink(name);
  dp_buffer_fini(&bytes);
  free(name);
  return status;
}

static enum dp_status not_ours(const char *path, const char *how, struct dp_err *err) {
  return dp_fail(err, DP_FORMAT,
                 "%s %s: the settlements before the checkpoint were in it (bring back the file of the same run, or run "
                 "the scenario again)",
                 path, how);
}

static enum dp_status check_bytes(struct dp_disk *disk, const char *path, const struct saved *saved,
                                  struct dp_reader *in, struct dp_err *err) {
  struct stat st;
  uint64_t hash, tail;
  if (fstat(disk->fd, &st) < 0) return dp_disk_fail(err, "read", path, errno);
  if ((uint64_t)st.st_size < saved->frozen) return not_ours(path, "is cut short", err);
  DP_TRY(hash_blocks(disk, path, saved->frozen, &tail, err));
  bool same = tail == saved->tail_hash && saved->hash_n == disk->hash_n;
  for (size_t i = 0; same && i < disk->hash_n; i++) {
    DP_TRY(dp_reader_take(in, &hash, sizeof hash, err));
    same = hash == disk->hashes[i];
  }
  return same ? DP_OK : not_ours(path, "is damaged, or of another run", err);
}

enum dp_status dp_disk_reopen(struct dp_disk *disk, const char *path, struct dp_reader *in, struct dp_err *err) {
  struct saved saved;
  DP_TRY(dp_reader_take(in, &saved, sizeof saved, err));
  if (access(path, F_OK) < 0 && errno == ENOENT) return not_ours(path, "is missing", err);
  DP_TRY(dp_disk_open(disk, path, err));
  DP_TRY(undo_file(disk, path, err));
  DP_TRY(check_bytes(disk, path, &saved, in, err));
  DP_TRY(dp_pages_unpack(&disk->pages, in, err));
  if (ftruncate(disk->fd, (off_t)saved.frozen) < 0) return dp_disk_fail(err, "write", path, errno);
  disk->frozen = saved.frozen;
  disk->end = saved.end;
  return DP_OK;
}
