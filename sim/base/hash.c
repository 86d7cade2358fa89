/* sim/base/hash.c — XXH3 for bytes, pieces and files. */
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define FILE_PIECE ((size_t)256 << 10)

struct dp_hasher {
  XXH3_state_t *state;
};

uint64_t dp_hash64(const void *data, size_t len, uint64_t seed) {
  return XXH3_64bits_withSeed(len == 0 ? "" : data, len, seed);
}

struct dp_hasher *dp_hasher_new(uint64_t seed) {
  struct dp_hasher *hasher = malloc(sizeof *hasher);
  if (hasher == NULL) return NULL;
  hasher->state = XXH3_createState();
  if (hasher->state == NULL || XXH3_64bits_reset_withSeed(hasher->state, seed) != XXH_OK) {
    dp_hasher_free(hasher);
    return NULL;
  }
  return hasher;
}

void dp_hasher_update(struct dp_hasher *hasher, const void *data, size_t len) {
  if (len > 0) XXH3_64bits_update(hasher->state, data, len);
}

uint64_t dp_hasher_value(const struct dp_hasher *hasher) { return XXH3_64bits_digest(hasher->state); }

void dp_hasher_free(struct dp_hasher *hasher) {
  if (hasher == NULL) return;
  XXH3_freeState(hasher->state);
  free(hasher);
}

/* Feeds a whole open file to the hasher; false with errno set. */
static bool hash_descriptor(int fd, unsigned char *piece, struct dp_hasher *hasher, uint64_t *size_bytes) {
  *size_bytes = 0;
  for (;;) {
    ssize_t n = read(fd, piece, FILE_PIECE);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n == 0;
    dp_hasher_update(hasher, piece, (size_t)n);
    *size_bytes += (uint64_t)n;
  }
}

enum dp_status dp_hash_file(const char *path, uint64_t *size_bytes, uint64_t *hash, struct dp_err *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return dp_fail(err, DP_IO, "%s: cannot be opened: %s (check the path and the permissions)", path, strerror(errno));
  unsigned char *piece = malloc(FILE_PIECE);
  struct dp_hasher *hasher = dp_hasher_new(0);
  enum dp_status status = DP_OK;
  uint64_t size = 0;
  if (piece == NULL || hasher == NULL) {
    status = dp_fail_nomem(err, "a buffer to hash a file");
  } else if (!hash_descriptor(fd, piece, hasher, &size)) {
    status = dp_fail(err, DP_IO, "%s: cannot be read: %s (a readable file is needed)", path, strerror(errno));
  } else {
    *size_bytes = size;
    *hash = dp_hasher_value(hasher);
  }
  dp_hasher_free(hasher);
  free(piece);
  close(fd);
  return status;
}
