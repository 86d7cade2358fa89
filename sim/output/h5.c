/* sim/output/h5.c — files, groups, attributes and datasets of HDF5 with the properties that every result has. */
#include "output/h5.h"

#include <hdf5_hl.h>
#include <stdio.h>
#include <string.h>

/* ---- errors ---- */

struct reason {
  char text[256];
};

/* The virtual file driver quotes strerror: that is what a user understands. */
static bool system_reason(const char *desc, char *text, size_t size) {
  static const char mark[] = "error message = '";
  const char *from = strstr(desc, mark);
  if (from == NULL) return false;
  from += sizeof mark - 1;
  const char *to = strchr(from, '\'');
  int n = to ? (int)(to - from) : (int)strlen(from);
  snprintf(text, size, "%.*s", n, from);
  return true;
}

static herr_t note_reason(unsigned n, const H5E_error2_t *e, void *client) {
  struct reason *r = client;
  if (e->desc == NULL) return 0;
  if (system_reason(e->desc, r->text, sizeof r->text)) return 1;
  if (n == 0) snprintf(r->text, sizeof r->text, "%s", e->desc); /* the innermost */
  return 0;
}

enum dp_status dp_h5_fail(struct dp_err *err, const char *verb, const char *path) {
  struct reason r = {"unknown HDF5 error"};
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, note_reason, &r);
  H5Eclear2(H5E_DEFAULT);
  bool full = strstr(r.text, "No space left") || strstr(r.text, "quota") || strstr(r.text, "File too large");
  const char *remedy = full                        ? "free space or choose another -o"
                       : strcmp(verb, "write") == 0 ? "check the folder and its permissions or choose another -o"
                                                    : "the file is damaged or not readable: run the scenario again";
  return dp_fail(err, DP_IO, "cannot %s %s: %s (%s)", verb, path, r.text, remedy);
}

void dp_h5_quiet(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

void dp_h5_close(hid_t id) {
  if (id < 0) return;
  hid_t saved = H5Eget_current_stack();
  switch (H5Iget_type(id)) {
    case H5I_GROUP: H5Gclose(id); break;
    case H5I_DATASET: H5Dclose(id); break;
    case H5I_DATATYPE: H5Tclose(id); break;
    case H5I_DATASPACE: H5Sclose(id); break;
    case H5I_ATTR: H5Aclose(id); break;
    case H5I_GENPROP_LST: H5Pclose(id); break;
    default: break;
  }
  if (saved >= 0 && H5Eget_num(saved) > 0) H5Eset_current_stack(saved); /* closes `saved` */
  else if (saved >= 0) H5Eclose_stack(saved);
}

/* ---- files and groups ---- */

#define ORDERED (H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED)

static bool set_access(hid_t access) {
  return H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST) >= 0 &&
         H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0;
}

hid_t dp_h5_create_file(const char *path, hid_t access) {
  hid_t create = H5Pcreate(H5P_FILE_CREATE), file = -1;
  if (create >= 0 && H5Pset_link_creation_order(create, ORDERED) >= 0 &&
      H5Pset_attr_creation_order(create, ORDERED) >= 0 && H5Pset_obj_track_times(create, false) >= 0 &&
      set_access(access))
    file = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
  dp_h5_close(create);
  return file;
}

hid_t dp_h5_reopen_file(const char *path, hid_t access) {
  return set_access(access) ? H5Fopen(path, H5F_ACC_RDWR, access) : -1;
}

hid_t dp_h5_open_file(const char *path) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), file = -1;
  /* A file system without locks is fine. */
  if (access >= 0 && H5Pset_file_locking(access, true, true) >= 0 &&
      H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
    file = H5Fopen(path, H5F_ACC_RDONLY, access);
  dp_h5_close(access);
  return file;
}

hid_t dp_h5_create_group(hid_t parent, const char *name) {
  hid_t create = H5Pcreate(H5P_GROUP_CREATE), group = -1;
  if (create >= 0 && H5Pset_link_creation_order(create, ORDERED) >= 0 &&
      H5Pset_attr_creation_order(create, ORDERED) >= 0 && H5Pset_obj_track_times(create, false) >= 0)
    group = H5Gcreate2(parent, name, H5P_DEFAULT, create, H5P_DEFAULT);
  dp_h5_close(create);
  return group;
}

/* ---- attributes ---- */

static hid_t text_type(void) {
  hid_t type = H5Tcopy(H5T_C_S1);
  if (type >= 0 && (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
    dp_h5_close(type);
    return -1;
  }
  return type;
}

static bool put(hid_t object, const char *name, hid_t file_type, hid_t memory_type, const void *value) {
  hid_t space = H5Screate(H5S_SCALAR);
  hid_t attr = space < 0 ? -1 : H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
  bool done = attr >= 0 && H5Awrite(attr, memory_type, value) >= 0;
  dp_h5_close(attr);
  dp_h5_close(space);
  return done;
}

bool dp_h5_put_text(hid_t object, const char *name, const char *text) {
  const char *value = text ? text : "";
  hid_t type = text_type();
  bool done = type >= 0 && put(object, name, type, type, &value);
  dp_h5_close(type);
  return done;
}

bool dp_h5_put_i64(hid_t object, const char *name, int64_t value) {
  return put(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

bool dp_h5_put_u64(hid_t object, const char *name, uint64_t value) {
  return put(object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &value);
}

bool dp_h5_put_f64(hid_t object, const char *name, double value) {
  return put(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

bool dp_h5_set_i64(hid_t object, const char *name, int64_t value) {
  hid_t attr = H5Aopen(object, name, H5P_DEFAULT);
  bool done = attr >= 0 && H5Awrite(attr, H5T_NATIVE_INT64, &value) >= 0;
  dp_h5_close(attr);
  return done;
}

bool dp_h5_describe(hid_t dataset, const char *units, const char *long_name) {
  return (units == NULL || dp_h5_put_text(dataset, "units", units)) &&
         (long_name == NULL || dp_h5_put_text(dataset, "long_name", long_name));
}

/* ---- datasets ---- */

static bool set_chunks(hid_t create, const struct dp_h5_shape *shape) {
  hsize_t chunk[2] = {shape->chunk, shape->rank > 1 ? shape->size[1] : 1};
  return H5Pset_chunk(create, (int)shape->rank, chunk) >= 0 && H5Pset_shuffle(create) >= 0 &&
         H5Pset_deflate(create, 1) >= 0 && H5Pset_fletcher32(create) >= 0;
}

hid_t dp_h5_create_dataset(hid_t parent, const char *name, hid_t file_type, const struct dp_h5_shape *shape) {
  hsize_t size[2] = {shape->growing ? 0 : shape->size[0], shape->size[1]};
  hsize_t most[2] = {shape->growing ? H5S_UNLIMITED : shape->size[0], shape->size[1]};
  hid_t space = shape->rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple((int)shape->rank, size, most);
  hid_t create = H5Pcreate(H5P_DATASET_CREATE), access = H5Pcreate(H5P_DATASET_ACCESS), dataset = -1;
  bool ready = space >= 0 && create >= 0 && access >= 0 && H5Pset_attr_creation_order(create, ORDERED) >= 0 &&
               H5Pset_obj_track_times(create, false) >= 0 && (shape->chunk == 0 || set_chunks(create, shape));
  /* A growing dataset gets whole chunks: each goes to the file at once instead of waiting in a cache. */
  if (ready && shape->growing) ready = H5Pset_chunk_cache(access, 0, 0, 0) >= 0;
  if (ready) dataset = H5Dcreate2(parent, name, file_type, space, H5P_DEFAULT, create, access);
  dp_h5_close(access);
  dp_h5_close(create);
  dp_h5_close(space);
  return dataset;
}

#define COLUMN_CHUNK 16384

/* Texts are converted in a buffer that HDF5 clears for every write: 1 MiB unless it is told how little is needed. */
static bool write_converted(hid_t dataset, hid_t type, const void *data, size_t n) {
  size_t bytes = n * sizeof(hvl_t);
  hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
  bool done = transfer >= 0 && (bytes > 1u << 20 || H5Pset_buffer(transfer, bytes < 256 ? 256 : bytes, NULL, NULL) >= 0) &&
              H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, transfer, data) >= 0;
  dp_h5_close(transfer);
  return done;
}

hid_t dp_h5_write_column(hid_t parent, const char *name, hid_t file_type, hid_t memory_type, const void *data, size_t n,
                         const char *units, const char *long_name) {
  struct dp_h5_shape shape = {.rank = 1, .size = {n, 0}, .chunk = n < COLUMN_CHUNK ? 0 : COLUMN_CHUNK};
  hid_t dataset = dp_h5_create_dataset(parent, name, file_type, &shape);
  if (dataset < 0) return -1;
  if ((n == 0 || write_converted(dataset, memory_type, data, n)) && dp_h5_describe(dataset, units, long_name))
    return dataset;
  dp_h5_close(dataset);
  return -1;
}

hid_t dp_h5_write_texts(hid_t parent, const char *name, const char *const *texts, size_t n) {
  hid_t type = text_type();
  if (type < 0) return -1;
  hid_t dataset = dp_h5_write_column(parent, name, type, type, texts, n, NULL, NULL);
  dp_h5_close(type);
  return dataset;
}

hid_t dp_h5_write_text(hid_t parent, const char *name, const char *text) {
  hid_t type = text_type();
  hid_t dataset = type < 0 ? -1 : dp_h5_create_dataset(parent, name, type, &(struct dp_h5_shape){.rank = 0});
  if (dataset >= 0 && !write_converted(dataset, type, &text, 1)) {
    dp_h5_close(dataset);
    dataset = -1;
  }
  dp_h5_close(type);
  return dataset;
}

bool dp_h5_make_scale(hid_t dataset, const char *name) { return H5DSset_scale(dataset, name) >= 0; }

bool dp_h5_attach_scale(hid_t dataset, hid_t scale, unsigned dim) { return H5DSattach_scale(dataset, scale, dim) >= 0; }
