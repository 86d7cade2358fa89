/* sim/output/seal.h — the last 32 bytes of a result: a hash of all bytes before them.
 * Layer: output. Not collective.
 *
 * HDF5 1.10 crashes on some damaged files, so that a reader asks first. The seal lies behind what HDF5 knows of; a program
 * that changes the file through HDF5 cuts it off: such a file is not sealed, and is read as it is. */
#ifndef DP_OUTPUT_SEAL_H
#define DP_OUTPUT_SEAL_H

#include <stdbool.h>

#include "base/status.h"

/** Appends the seal to an open, finished file. Errors: DP_IO naming the path. */
enum dp_status dp_seal_write(int fd, const char *path, struct dp_err *err);

/** Reads the file once: *broken is true when it has a seal and its bytes are others. Errors: DP_IO. */
enum dp_status dp_seal_check(const char *path, bool *broken, struct dp_err *err);

#endif
