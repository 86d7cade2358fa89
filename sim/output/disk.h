/* sim/output/disk.h — the file under HDF5, held by our own virtual file driver, so that a full disk is an error message.
 * Layer: output. Not collective.
 *
 * HDF5 1.10 cannot close a file whose writes fail: it crashes when the process ends. So this driver never fails a write.
 * It remembers the first error, keeps what could not be written in memory, so that HDF5 reads back what it wrote, and the
 * writer asks dp_disk_check after every flush. */
#ifndef DP_OUTPUT_DISK_H
#define DP_OUTPUT_DISK_H

#include <hdf5.h>
#include <stddef.h>

#include "base/status.h"

struct dp_disk_block; /* bytes that are not on the disk */

struct dp_disk {
  int fd;    /* -1: closed */
  hid_t driver; /* id of the driver while it is registered */
  int error; /* errno of the first write that failed; 0 */
  struct dp_disk_block *blocks; /* [block_n] in the order of writing */
  size_t block_n;
};

/** Opens or makes the file at `path` and locks it against other processes as long as it is open.
 *  Errors: DP_IO naming path, reason and remedy. */
enum dp_status dp_disk_open(struct dp_disk *disk, const char *path, struct dp_err *err);

/** Creates an empty HDF5 file on the disk; -1 on failure. `disk` must live until the file is closed. */
hid_t dp_disk_create_file(struct dp_disk *disk, const char *path);

/** DP_IO, naming path, reason and remedy, when a write has failed. */
enum dp_status dp_disk_check(const struct dp_disk *disk, const char *path, struct dp_err *err);

/** Brings everything to the medium. */
enum dp_status dp_disk_sync(struct dp_disk *disk, const char *path, struct dp_err *err);

/** Closes and unlocks, after the HDF5 file was closed; errors were told by dp_disk_sync. A closed one is allowed. */
void dp_disk_close(struct dp_disk *disk);

/** Fails with "cannot <verb> <path>: <reason of errno> (<remedy>)". @return DP_IO. */
enum dp_status dp_disk_fail(struct dp_err *err, const char *verb, const char *path, int error);

#endif
