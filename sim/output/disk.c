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

#include "base/memory.h"
#include "output/h5.h"

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
  dp_pages_fini(&disk->pages);
  free(disk->hashes);
  /* Not earlier: HDF5 1.10 reads the driver's class after it has dropped its own hold on it. */
  if (disk->driver >= 0) H5FDunregister(disk->driver);
  *disk = (struct dp_disk){.fd = -1, .driver = -1, .error = disk->error};
}

/* ---- the driver ---- */

struct handle {
  H5FD_t base; /* HDF5's part comes first */
  struct dp_disk *disk;
  haddr_t eoa;
};

static H5FD_t *open_handle(const char *name, unsigned flags, hid_t access, haddr_t maxaddr) {
  struct dp_disk *const *info = H5Pget_driver_info(access);
  (void)name, (void)maxaddr;
  if (info == NULL || ((flags & H5F_ACC_TRUNC) && ftruncate((*info)->fd, 0) < 0)) return NULL;
  struct handle *h = dp_zeros(1, sizeof *h);
  if (h == NULL) return NULL;
  h->disk = *info;
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
  return ((const struct handle *)file)->disk->end;
}

/* The first `held` bytes go to the pages; without memory for them the run fails, and HDF5 does not learn of it. */
static size_t hold(struct dp_disk *disk, const unsigned char *bytes, size_t size, haddr_t at) {
  uint64_t limit = (disk->frozen + DP_PAGE_BYTES - 1) / DP_PAGE_BYTES * DP_PAGE_BYTES;
  size_t held = at >= limit ? 0 : limit - at < size ? (size_t)(limit - at) : size;
  if (disk->error != 0) held = size;
  if (held > 0 && !dp_pages_put(&disk->pages, disk->fd, bytes, held, at) && disk->error == 0) disk->error = errno;
  return held;
}

static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t size, const void *data) {
  struct dp_disk *disk = ((struct handle *)file)->disk;
  const unsigned char *bytes = data;
  (void)type, (void)transfer;
  size_t held = hold(disk, bytes, size, at);
  if (held < size && disk->error == 0 && !dp_pages_write_file(disk->fd, bytes + held, size - held, at + held))
    disk->error = errno;
  if (held < size && disk->error != 0) hold(disk, bytes + held, size - held, at + held);
  if (at + size > disk->end) disk->end = at + size;
  return 0;
}

static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t size, void *out) {
  const struct dp_disk *disk = ((struct handle *)file)->disk;
  (void)type, (void)transfer;
  if (!dp_pages_read_file(disk->fd, out, size, at)) return -1;
  dp_pages_cover(&disk->pages, out, size, at);
  return 0;
}

static herr_t truncate_file(H5FD_t *file, hid_t transfer, hbool_t closing) {
  struct handle *h = (struct handle *)file;
  struct dp_disk *disk = h->disk;
  (void)transfer, (void)closing;
  if (h->eoa == disk->end) return 0;
  haddr_t size = h->eoa > disk->frozen ? h->eoa : disk->frozen;
  if (disk->error == 0 && ftruncate(disk->fd, (off_t)size) < 0) disk->error = errno;
  disk->end = h->eoa;
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

/* Properties of access through the driver; -1 on failure. */
static hid_t access_list(struct dp_disk *disk) {
  disk->driver = H5FDregister(&driver);
  hid_t access = disk->driver < 0 ? -1 : H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0 || H5Pset_driver(access, disk->driver, &disk) >= 0) return access;
  dp_h5_close(access);
  return -1;
}

hid_t dp_disk_create_file(struct dp_disk *disk, const char *path) {
  hid_t access = access_list(disk), file = access < 0 ? -1 : dp_h5_create_file(path, access);
  dp_h5_close(access);
  return file;
}

hid_t dp_disk_open_file(struct dp_disk *disk, const char *path) {
  hid_t access = access_list(disk), file = access < 0 ? -1 : dp_h5_reopen_file(path, access);
  dp_h5_close(access);
  return file;
}
