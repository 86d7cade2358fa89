/* sim/output/seal.c — "depinsim-xxh3-64" and 16 hexadecimal digits behind a result. */
#include "output/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "output/disk.h"

#define MARK "depinsim-xxh3-64"
#define SEAL_BYTES 32
#define PIECE_BYTES (1u << 20)

/* Hash of the first `size` bytes; errno tells when it is false. */
static bool hash_bytes(int fd, off_t size, uint64_t *hash) {
  struct dp_hasher *hasher = dp_hasher_new(0);
  unsigned char *piece = malloc(PIECE_BYTES);
  bool done = hasher && piece;
  if (!done) errno = ENOMEM;
  for (off_t at = 0; done && at < size;) {
    size_t want = size - at < (off_t)PIECE_BYTES ? (size_t)(size - at) : PIECE_BYTES;
    ssize_t n = pread(fd, piece, want, at);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    done = n > 0;
    if (done) dp_hasher_update(hasher, piece, (size_t)n);
    at += n;
  }
  if (done) *hash = dp_hasher_value(hasher);
  dp_hasher_free(hasher);
  free(piece);
  return done;
}

static void seal_text(uint64_t hash, char text[SEAL_BYTES + 1]) {
  snprintf(text, SEAL_BYTES + 1, MARK "%016" PRIx64, hash);
}

enum dp_status dp_seal_write(int fd, const char *path, struct dp_err *err) {
  struct stat st;
  uint64_t hash;
  char text[SEAL_BYTES + 1];
  if (fstat(fd, &st) < 0 || !hash_bytes(fd, st.st_size, &hash)) return dp_disk_fail(err, "read", path, errno);
  seal_text(hash, text);
  for (size_t done = 0; done < SEAL_BYTES;) {
    ssize_t n = pwrite(fd, text + done, SEAL_BYTES - done, st.st_size + (off_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return dp_disk_fail(err, "write", path, n < 0 ? errno : EIO);
    done += (size_t)n;
  }
  return DP_OK;
}

static bool read_seal(int fd, off_t at, char text[SEAL_BYTES + 1]) {
  memset(text, 0, SEAL_BYTES + 1);
  return at >= 0 && pread(fd, text, SEAL_BYTES, at) == SEAL_BYTES;
}

enum dp_status dp_seal_check(const char *path, bool *broken, struct dp_err *err) {
  struct stat st;
  uint64_t hash;
  char found[SEAL_BYTES + 1], want[SEAL_BYTES + 1];
  *broken = false;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return dp_disk_fail(err, "read", path, errno);
  enum dp_status status = DP_OK;
  if (fstat(fd, &st) < 0) status = dp_disk_fail(err, "read", path, errno);
  else if (read_seal(fd, st.st_size - SEAL_BYTES, found) && memcmp(found, MARK, sizeof MARK - 1) == 0) {
    if (!hash_bytes(fd, st.st_size - SEAL_BYTES, &hash)) status = dp_disk_fail(err, "read", path, errno);
    else {
      seal_text(hash, want);
      *broken = strcmp(found, want) != 0;
    }
  }
  close(fd);
  return status;
}
