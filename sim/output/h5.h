/* sim/output/h5.h — small helpers over HDF5: opening files, typed attributes, datasets with units, dimension scales, and
 * one readable message out of HDF5's error stack. Layer: output (analysis uses it too). Not collective, serial driver.
 *
 * Nothing here records object times, and links and attributes keep their order of creation, so that equal content gives
 * equal bytes. A function here leaves HDF5's error stack for the caller, who turns it into a message once, with dp_h5_fail. */
#ifndef DP_OUTPUT_H5_H
#define DP_OUTPUT_H5_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** Fails with "cannot <verb> <path>: <HDF5's innermost reason> (<remedy>)" and clears HDF5's error stack.
 *  @param verb "read" or "write". @return DP_IO. */
enum dp_status dp_h5_fail(struct dp_err *err, const char *verb, const char *path);

/** Silences HDF5's own printing of errors in this thread; every entry point of output and analysis calls it. */
void dp_h5_quiet(void);

/** Creates (truncates) a file in the earliest format with an access list of the caller; -1 on failure. */
hid_t dp_h5_create_file(const char *path, hid_t access);

/** Opens for writing a file that dp_h5_create_file made; -1 on failure. */
hid_t dp_h5_reopen_file(const char *path, hid_t access);

/** Opens for reading; -1 on failure. */
hid_t dp_h5_open_file(const char *path);

/** Creates a group; parents must exist. -1 on failure. */
hid_t dp_h5_create_group(hid_t parent, const char *name);

/** Attributes of `object`; false on failure. Texts are variable-length UTF-8, which h5py and xarray give back as str; NULL
 *  counts as "". */
bool dp_h5_put_text(hid_t object, const char *name, const char *text);
bool dp_h5_put_i64(hid_t object, const char *name, int64_t value);
bool dp_h5_put_u64(hid_t object, const char *name, uint64_t value);
bool dp_h5_put_f64(hid_t object, const char *name, double value);

/** units and long_name of a dataset; NULL leaves one out. */
bool dp_h5_describe(hid_t dataset, const char *units, const char *long_name);

/** A dataset to be made. Fixed size when `growing` is false; else its first dimension is unlimited and starts at 0. */
struct dp_h5_shape {
  unsigned rank;      /* 0 (scalar), 1 or 2 */
  hsize_t size[2];
  hsize_t chunk;      /* rows in a chunk; 0: not chunked and not compressed */
  bool growing;
};

/** Creates a dataset: shuffled, deflated and checksummed when chunked. -1 on failure. */
hid_t dp_h5_create_dataset(hid_t parent, const char *name, hid_t file_type, const struct dp_h5_shape *shape);

/** Writes a whole 1-D dataset of n elements (n may be 0): create, write, describe. Returns it open, -1 on failure. */
hid_t dp_h5_write_column(hid_t parent, const char *name, hid_t file_type, hid_t memory_type, const void *data, size_t n,
                         const char *units, const char *long_name);

/** Writes a 1-D dataset of UTF-8 texts. Returns it open, -1 on failure. */
hid_t dp_h5_write_texts(hid_t parent, const char *name, const char *const *texts, size_t n);

/** Writes a scalar text dataset. Returns it open, -1 on failure. */
hid_t dp_h5_write_text(hid_t parent, const char *name, const char *text);

/** Overwrites the whole numbers of an attribute that exists. */
bool dp_h5_set_i64(hid_t object, const char *name, int64_t value);

/** Makes `dataset` the scale of dimension `name`; attaches `scale` to dimension `dim` of `dataset`. */
bool dp_h5_make_scale(hid_t dataset, const char *name);
bool dp_h5_attach_scale(hid_t dataset, hid_t scale, unsigned dim);

/** Closes whatever kind of id it is (not a file); negative ids are passed over. The error stack stays as it was, so that
 *  cleaning up after a failure does not lose its reason. */
void dp_h5_close(hid_t id);

#endif
