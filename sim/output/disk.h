/* sim/output/disk.h — the file under HDF5, held by our own virtual file driver, so that a full disk is an error message.
 * Layer: output. Not collective.
 *
 * HDF5 1.10 cannot close a file whose writes fail: it crashes when the process ends. So this driver never fails a write.
 * It remembers the first error, keeps what could not be written in memory, so that HDF5 reads back what it wrote, and the
 * writer asks dp_disk_check after every flush.
 *
 * A checkpoint needs the file as it was, and a kill may come at any write. So from the first dp_disk_save on, what was on
 * the disk then is not changed there: new bytes go behind it, changes of old ones are held in memory and go into the
 * checkpoint. dp_disk_settle puts them into their place at the end; what it overwrites is first written to PATH.undo. */
#ifndef DP_OUTPUT_DISK_H
#define DP_OUTPUT_DISK_H

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "output/pages.h"

struct dp_disk {
  int fd;    /* -1: closed */
  hid_t driver; /* id of the driver while it is registered */
  int error; /* errno of the first write that failed; 0 */
  uint64_t end;    /* of the file as HDF5 sees it */
  uint64_t frozen; /* the first bytes, which a checkpoint needs as they are on the disk; 0 before there is one */
  struct dp_pages pages; /* what lies over them, or could not be written */
  uint64_t *hashes;      /* [hash_n] of whole blocks of the frozen bytes */
  size_t hash_n;
};

/** Opens or makes the file at `path` and locks it against other processes as long as it is open.
 *  Errors: DP_IO naming path, reason and remedy. */
enum dp_status dp_disk_open(struct dp_disk *disk, const char *path, struct dp_err *err);

/** Creates an empty HDF5 file on the disk; -1 on failure. `disk` must live until the file is closed. */
hid_t dp_disk_create_file(struct dp_disk *disk, const char *path);

/** Opens the file that dp_disk_create_file made and dp_disk_reopen brought back; -1 on failure. */
hid_t dp_disk_open_file(struct dp_disk *disk, const char *path);

/** After a flush: brings the file to the disk, freezes it, and appends to `out` what dp_disk_reopen needs. */
enum dp_status dp_disk_save(struct dp_disk *disk, const char *path, struct dp_buffer *out, struct dp_err *err);

/** The file of an unfinished run as it was at a dp_disk_save; what was written later is cut off. Nothing is changed when
 *  the file is not the one that was saved. Errors: DP_IO (missing, written by another run), DP_FORMAT (cut short,
 *  damaged, of another run). */
enum dp_status dp_disk_reopen(struct dp_disk *disk, const char *path, struct dp_reader *saved, struct dp_err *err);

/** After the HDF5 file was closed: makes the file on the disk whole. Until dp_disk_settled has removed PATH.undo, the
 *  frozen bytes can be brought back. */
enum dp_status dp_disk_settle(struct dp_disk *disk, const char *path, struct dp_err *err);
void dp_disk_settled(const char *path);

/** DP_IO, naming path, reason and remedy, when a write has failed. */
enum dp_status dp_disk_check(const struct dp_disk *disk, const char *path, struct dp_err *err);

/** Brings everything to the medium. */
enum dp_status dp_disk_sync(struct dp_disk *disk, const char *path, struct dp_err *err);

/** Closes and unlocks, after the HDF5 file was closed; errors were told by dp_disk_sync. A closed one is allowed. */
void dp_disk_close(struct dp_disk *disk);

/** Fails with "cannot <verb> <path>: <reason of errno> (<remedy>)". @return DP_IO. */
enum dp_status dp_disk_fail(struct dp_err *err, const char *verb, const char *path, int error);

#endif
