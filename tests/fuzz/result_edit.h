/* tests/fuzz/result_edit.h — changes objects of an open HDF5 file as the bytes of a fuzzer say: every such file is a good
 * HDF5 file, and may be no result. Included by one file. */
#ifndef DP_FUZZ_RESULT_EDIT_H
#define DP_FUZZ_RESULT_EDIT_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS_MAX 512
#define CONTENT_MAX 4096

/* Bytes that decide; zeros when they are used up. */
struct source {
  const uint8_t *at;
  size_t left;
};

static inline uint64_t source_number(struct source *s, size_t bytes) {
  uint64_t n = 0;
  for (size_t i = 0; i < bytes && s->left > 0; i++, s->left--) n = n << 8 | *s->at++;
  return n;
}

static inline void source_bytes(struct source *s, void *to, size_t bytes) {
  size_t n = bytes < s->left ? bytes : s->left;
  memset(to, 0, bytes);
  if (n > 0) memcpy(to, s->at, n);
  s->at += n;
  s->left -= n;
}

/* A name of up to 15 bytes, now and then one of 700. */
static inline void source_name(struct source *s, char name[701]) {
  const size_t len = source_number(s, 1) % 17;
  memset(name, 'n', 700);
  name[700] = '\0';
  if (len == 16) return;
  source_bytes(s, name, len);
  name[len] = '\0';
  for (size_t i = 0; i < len; i++)
    if (name[i] == '/') name[i] = '.';
}

struct objects {
  char *paths[OBJECTS_MAX];
  size_t n;
};

static herr_t note_object(hid_t file, const char *name, const H5O_info_t *info, void *to) {
  struct objects *objects = to;
  (void)file;
  (void)info;
  if (strcmp(name, ".") == 0 || objects->n == OBJECTS_MAX) return 0;
  objects->paths[objects->n] = strdup(name);
  return objects->paths[objects->n++] == NULL ? -1 : 0;
}

/* A type of every class that HDF5 can store. */
static inline hid_t some_type(struct source *s) {
  const size_t size = source_number(s, 1) % 40 + 1;
  const hid_t plain[] = {H5T_STD_I64LE, H5T_STD_U64BE, H5T_STD_I8LE,    H5T_STD_U32LE,
                         H5T_IEEE_F64LE, H5T_IEEE_F32BE, H5T_STD_REF_OBJ, H5T_STD_B16LE};
  const uint64_t kind = source_number(s, 1) % 16;
  hid_t type = -1;
  if (kind < 8) return H5Tcopy(plain[kind]);
  if (kind == 8) return H5Tcreate(H5T_OPAQUE, size);
  if (kind == 9) return H5Tarray_create2(H5T_STD_I64LE, 1, (const hsize_t[]){size});
  if (kind == 10) return H5Tvlen_create(H5T_STD_I64LE);
  if (kind == 11) {
    type = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(type, "a", 0, H5T_STD_I64LE);
    return type;
  }
  if (kind == 12) return H5Tenum_create(H5T_STD_I32LE);
  if (kind == 13) { /* whole numbers of up to 40 bytes */
    type = H5Tcopy(H5T_STD_I64LE);
    H5Tset_size(type, size);
    return type;
  }
  type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, kind == 14 ? H5T_VARIABLE : size);
  H5Tset_strpad(type, size % 2 ? H5T_STR_NULLPAD : H5T_STR_SPACEPAD);
  return type;
}

static inline hid_t some_space(struct source *s) {
  const uint64_t kind = source_number(s, 1) % 8;
  const hsize_t n = source_number(s, 1) % 32, size[3] = {n, 2, 1};
  if (kind == 0) return H5Screate(H5S_NULL);
  if (kind <= 2) return H5Screate(H5S_SCALAR);
  return H5Screate_simple(kind == 3 ? 2 : kind == 4 ? 3 : 1, size, NULL);
}

/* Writes content from `s` to a dataset or an attribute whose type and space may be any. Sizes are small. */
static inline void write_content(hid_t object, hid_t type, hid_t space, bool is_attribute, struct source *s) {
  const hssize_t points = H5Sget_simple_extent_npoints(space);
  uint64_t content[CONTENT_MAX / 8];
  char texts[CONTENT_MAX / 64][16];
  char *pointers[CONTENT_MAX / 64];
  void *data = content;
  if (points <= 0 || H5Tget_class(type) == H5T_VLEN || H5Tget_class(type) == H5T_REFERENCE) return;
  if (H5Tis_variable_str(type) > 0) {
    if (points > CONTENT_MAX / 64) return;
    for (hssize_t i = 0; i < points; i++) {
      source_bytes(s, texts[i], 15);
      texts[i][15] = '\0';
      pointers[i] = texts[i];
    }
    data = pointers;
  } else {
    if ((size_t)points * H5Tget_size(type) > sizeof content) return;
    source_bytes(s, content, (size_t)points * H5Tget_size(type) / (s->left % 2 + 1));
  }
  if (is_attribute) H5Awrite(object, type, data);
  else H5Dwrite(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
}

/* Overwrites some elements of a dataset that stays as it is otherwise. */
static inline void change_elements(hid_t file, const char *path, struct source *s) {
  uint64_t content[CONTENT_MAX / 8] = {0};
  hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
  if (dataset < 0) return;
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  const hssize_t points = H5Sget_simple_extent_npoints(space);
  const size_t bytes = points > 0 ? (size_t)points * H5Tget_size(type) : 0;
  const H5T_class_t class = H5Tget_class(type);
  const bool plain = class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_STRING;
  if (H5Tis_variable_str(type) > 0) write_content(dataset, type, space, false, s);
  else if (bytes > 0 && bytes <= sizeof content && plain &&
           H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, content) >= 0) {
    const size_t at = source_number(s, 2) % bytes;
    const size_t n = source_number(s, 1) % 16;
    source_bytes(s, (char *)content + at, n < bytes - at ? n : bytes - at);
    H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, content);
  }
  H5Tclose(type);
  H5Sclose(space);
  H5Dclose(dataset);
}

static inline void replace_dataset(hid_t file, const char *path, struct source *s) {
  hid_t type = some_type(s), space = some_space(s);
  H5Ldelete(file, path, H5P_DEFAULT);
  hid_t dataset = H5Dcreate2(file, path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (dataset >= 0) {
    write_content(dataset, type, space, false, s);
    H5Dclose(dataset);
  }
  H5Sclose(space);
  H5Tclose(type);
}

/* Lengths from none to more than memory; nothing is written. */
static inline void resize_dataset(hid_t file, const char *path, struct source *s) {
  const hsize_t sizes[] = {0, 1, 2, 100, UINT64_C(1) << 50, UINT64_C(1) << 60};
  const hsize_t most = H5S_UNLIMITED, chunk = 64, n = sizes[source_number(s, 1) % 6];
  hid_t type = some_type(s), space = H5Screate_simple(1, &n, &most), create = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(create, 1, &chunk);
  H5Ldelete(file, path, H5P_DEFAULT);
  hid_t dataset = H5Dcreate2(file, path, type, space, H5P_DEFAULT, create, H5P_DEFAULT);
  if (dataset >= 0) H5Dclose(dataset);
  H5Pclose(create);
  H5Sclose(space);
  H5Tclose(type);
}

/* Takes an attribute of an object away; mostly puts another in its place. */
static inline void change_attribute(hid_t file, const char *path, struct source *s) {
  char name[256];
  const hsize_t k = source_number(s, 1) % 16;
  if (H5Aget_name_by_idx(file, path, H5_INDEX_NAME, H5_ITER_INC, k, name, sizeof name, H5P_DEFAULT) < 0) return;
  if (H5Adelete_by_name(file, path, name, H5P_DEFAULT) < 0 || source_number(s, 1) % 8 == 0) return;
  hid_t type = some_type(s), space = some_space(s);
  hid_t attribute = H5Acreate_by_name(file, path, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute >= 0) {
    write_content(attribute, type, space, true, s);
    H5Aclose(attribute);
  }
  H5Sclose(space);
  H5Tclose(type);
}

/* Puts something else where an object is: a group, a type, a link to another object or to nothing. */
static inline void replace_object(hid_t file, const char *path, const char *other, struct source *s) {
  const uint64_t kind = source_number(s, 1) % 6;
  char name[701];
  hid_t id = -1;
  if (strncmp(other, path, strlen(path)) != 0 || kind == 1) H5Ldelete(file, path, H5P_DEFAULT);
  if (kind == 0 && (id = H5Gcreate2(file, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)) >= 0) H5Gclose(id);
  if (kind == 1) {
    id = some_type(s);
    H5Tcommit2(file, path, id, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(id);
  }
  if (kind == 2) H5Lcreate_hard(file, other, file, path, H5P_DEFAULT, H5P_DEFAULT);
  if (kind == 3) H5Lcreate_soft(other, file, path, H5P_DEFAULT, H5P_DEFAULT);
  if (kind == 4) H5Lcreate_soft(path, file, path, H5P_DEFAULT, H5P_DEFAULT);
  if (kind == 5) {
    source_name(s, name);
    H5Lcreate_external("/nonexistent", name, file, path, H5P_DEFAULT, H5P_DEFAULT);
  }
}

/* A second name in the same group, or a move there. */
static inline void rename_object(hid_t file, const char *path, const char *other, struct source *s) {
  char name[701], to[1024];
  const char *slash = strrchr(path, '/');
  const bool move = source_number(s, 1) % 2;
  source_name(s, name);
  snprintf(to, sizeof to, "%.*s/%s", slash ? (int)(slash - path) : 0, path, name);
  if (move) H5Lmove(file, path, file, to, H5P_DEFAULT, H5P_DEFAULT);
  else H5Lcreate_hard(file, other, file, to, H5P_DEFAULT, H5P_DEFAULT);
}

static inline void edit_object(hid_t file, const struct objects *objects, struct source *s) {
  const uint64_t what = source_number(s, 1) % 8;
  const size_t a = source_number(s, 2), b = source_number(s, 2);
  const char *path = objects->paths[a % objects->n], *other = objects->paths[b % objects->n];
  if (what <= 1) change_elements(file, path, s);
  if (what == 2) replace_dataset(file, path, s);
  if (what == 3) resize_dataset(file, path, s);
  if (what == 4) change_attribute(file, a % 4 == 0 ? "/" : b % 2 ? "provenance" : path, s);
  if (what == 5) H5Ldelete(file, path, H5P_DEFAULT);
  if (what == 6) replace_object(file, path, other, s);
  if (what == 7) rename_object(file, path, other, s);
}

/* Up to eight changes; an object that one of them took away is passed over by the next. */
static inline void edit_objects(hid_t file, struct source *s) {
  struct objects objects = {.n = 0};
  if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, note_object, &objects, H5O_INFO_BASIC) < 0 || objects.n == 0) abort();
  for (int i = 0; s->left > 0 && i < 8; i++) edit_object(file, &objects, s);
  for (size_t i = 0; i < objects.n; i++) free(objects.paths[i]);
}

#endif
