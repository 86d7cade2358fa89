/* sim/output/disk.c — a virtual file driver of HDF5 over one descriptor; see disk.h for why. */
#include "output/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/h5.h"

struct dp_disk_block {
  haddr_t at;
  size_t size;
  unsigned char *bytes;
};

/* ---- the descriptor ---- */

enum dp_status dp_disk_fail(struct dp_err *err, const char *verb, const char *path, int error) {
  const char *remedy = error == ENOENT || error == ENOTDIR ? "make the folder or choose another -o"
                       : error == EACCES || error == EPERM || error == EROFS
                           ? "check the folder's permissions or choose another -o"
                       : error == ENOSPC || error == EDQUOT || error == EFBIG ? "free space or choose another -o"
                                                                              : "choose another -o";
  return dp_fail(err, DP_IO, "cannot %s %s: %s (%s)", verb, path, strerror(error), remedy);
}

enum dp_status dp_disk_open(struct dp_disk *disk, const char *path, struct dp_err *err) {
  *disk = (struct dp_disk){.driver = -1, .fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)};
  if (disk->fd < 0) return dp_disk_fail(err, "write", path, errno);
  if (flock(disk->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return DP_OK;
  close(disk->fd);
  disk->fd = -1;
  return dp_fail(err, DP_IO, "cannot write %s: another run is writing it (wait for it or choose another -o)", path);
}

enum dp_status dp_disk_check(const struct dp_disk *disk, const char *path, struct dp_err *err) {
  return disk->error ? dp_disk_fail(err, "write", path, disk->error) : DP_OK;
}

enum dp_status dp_disk_sync(struct dp_disk *disk, const char *path, struct dp_err *err) {
  DP_TRY(dp_disk_check(disk, path, err));
  if (fsync(disk->fd) < 0 && errno != EINVAL && errno != EROFS) return dp_disk_fail(err, "write", path, errno);
  return DP_OK;
}

void dp_disk_close(struct dp_disk *disk) {
  if (disk->fd >= 0) close(disk->fd);
  for (size_t i = 0; i < disk->block_n; i++) free(disk->blocks[i].bytes);
  free(disk->blocks);
  /* Not earlier: HDF5 1.10 reads the driver's class after it has dropped its own hold on it. */
  if (disk->driver >= 0) H5FDunregister(disk->driver);
  *disk = (struct dp_disk){.fd = -1, .driver = -1, .error = disk->error};
}

/* ---- the driver ---- */

struct handle {
  H5FD_t base; /* HDF5's part comes first */
  struct dp_disk *disk;
  haddr_t eoa, eof;
};

static H5FD_t *open_handle(const char *name, unsigned flags, hid_t access, haddr_t maxaddr) {
  struct dp_disk *const *info = H5Pget_driver_info(access);
  struct stat st;
  (void)name, (void)maxaddr;
  if (info == NULL || ((flags & H5F_ACC_TRUNC) && ftruncate((*info)->fd, 0) < 0) || fstat((*info)->fd, &st) < 0)
    return NULL;
  struct handle *h = calloc(1, sizeof *h);
  if (h == NULL) return NULL;
  h->disk = *info;
  h->eof = (haddr_t)st.st_size;
  return &h->base;
}

static herr_t close_handle(H5FD_t *file) {
  free(file);
  return 0;
}

static int compare(const H5FD_t *a, const H5FD_t *b) {
  const struct dp_disk *x = ((const struct handle *)a)->disk, *y = ((const struct handle *)b)->disk;
  return (x > y) - (x < y);
}

static herr_t query(const H5FD_t *file, unsigned long *flags) {
  (void)file;
  if (flags != NULL)
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

static haddr_t get_eoa(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const struct handle *)file)->eoa;
}

static herr_t set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address) {
  (void)type;
  ((struct handle *)file)->eoa = address;
  return 0;
}

static haddr_t get_eof(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const struct handle *)file)->eof;
}

static bool write_all(int fd, const unsigned char *bytes, size_t size, haddr_t at) {
  while (size > 0) {
    ssize_t n = pwrite(fd, bytes, size, (off_t)at);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) return false;
    bytes += n;
    size -= (size_t)n;
    at += (haddr_t)n;
  }
  return true;
}

/* Keeps bytes that could not be written. Without memory they are lost: the run fails anyway. */
static void keep(struct dp_disk *disk, const void *bytes, size_t size, haddr_t at) {
  struct dp_disk_block *grown = realloc(disk->blocks, (disk->block_n + 1) * sizeof *grown);
  if (grown == NULL) return;
  disk->blocks = grown;
  unsigned char *copy = malloc(size ? size : 1);
  if (copy == NULL) return;
  memcpy(copy, bytes, size);
  disk->blocks[disk->block_n++] = (struct dp_disk_block){at, size, copy};
}

static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t size, const void *bytes) {
  struct handle *h = (struct handle *)file;
  (void)type, (void)transfer;
  if (h->disk->error == 0 && !write_all(h->disk->fd, bytes, size, at)) h->disk->error = errno;
  if (h->disk->error != 0) keep(h->disk, bytes, size, at);
  if (at + size > h->eof) h->eof = at + size;
  return 0;
}

/* Lays kept bytes over those that came from the disk. */
static void overlay(const struct dp_disk_block *b, haddr_t at, size_t size, unsigned char *bytes) {
  haddr_t from = b->at > at ? b->at : at, to = b->at + b->size < at + size ? b->at + b->size : at + size;
  if (from < to) memcpy(bytes + (from - at), b->bytes + (from - b->at), (size_t)(to - from));
}

static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t size, void *out) {
  const struct dp_disk *disk = ((struct handle *)file)->disk;
  unsigned char *bytes = out;
  size_t done = 0;
  (void)type, (void)transfer;
  while (done < size) {
    ssize_t n = pread(disk->fd, bytes + done, size - done, (off_t)(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break; /* beyond the end there are zeros */
    done += (size_t)n;
  }
  memset(bytes + done, 0, size - done);
  for (size_t i = 0; i < disk->block_n; i++) overlay(&disk->blocks[i], at, size, bytes);
  return 0;
}

static herr_t truncate_file(H5FD_t *file, hid_t transfer, hbool_t closing) {
  struct handle *h = (struct handle *)file;
  (void)transfer, (void)closing;
  if (h->eoa == h->eof) return 0;
  if (h->disk->error == 0 && ftruncate(h->disk->fd, (off_t)h->eoa) < 0) h->disk->error = errno;
  h->eof = h->eoa;
  return 0;
}

static const H5FD_class_t driver = {
#ifdef H5FD_CLASS_VERSION
    .version = H5FD_CLASS_VERSION,
    .value = H5FD_CLASS_VERSION + 511, /* a number for tests and private drivers */
#endif
    .name = "depinsim",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(struct dp_disk *),
    .open = open_handle,
    .close = close_handle,
    .cmp = compare,
    .query = query,
    .get_eoa = get_eoa,
    .set_eoa = set_eoa,
    .get_eof = get_eof,
    .read = read_bytes,
    .write = write_bytes,
    .truncate = truncate_file,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

hid_t dp_disk_create_file(struct dp_disk *disk, const char *path) {
  disk->driver = H5FDregister(&driver);
  hid_t access = disk->driver < 0 ? -1 : H5Pcreate(H5P_FILE_ACCESS), file = -1;
  if (access >= 0 && H5Pset_driver(access, disk->driver, &disk) >= 0) file = dp_h5_create_file(path, access);
  dp_h5_close(access);
  return file;
}
