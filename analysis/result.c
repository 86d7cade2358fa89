/* analysis/result.c — opening a result, and its attributes, names and columns. */
#include "analysis/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/sweep.h"
#include "output/h5.h"
#include "output/output.h"
#include "output/seal.h"

/* ---- attributes ---- */

/* A text as HDF5 hands it out, copied so that free() frees it. */
static char *read_text(hid_t attr, hid_t type) {
  char *text = NULL, *copy = NULL;
  if (H5Tis_variable_str(type) > 0) {
    if (H5Aread(attr, type, &text) < 0 || text == NULL) return NULL;
    copy = strdup(text);
    H5free_memory(text);
    return copy;
  }
  size_t size = H5Tget_size(type);
  copy = calloc(size + 1, 1);
  if (copy != NULL && H5Aread(attr, type, copy) < 0) {
    free(copy);
    return NULL;
  }
  return copy;
}

char *dp_result_text(hid_t object, const char *name) {
  if (H5Aexists(object, name) <= 0) return NULL;
  hid_t attr = H5Aopen(object, name, H5P_DEFAULT), type = attr < 0 ? -1 : H5Aget_type(attr);
  hid_t space = attr < 0 ? -1 : H5Aget_space(attr);
  bool scalar = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1;
  char *text = scalar ? read_text(attr, type) : NULL;
  dp_h5_close(space);
  dp_h5_close(type);
  dp_h5_close(attr);
  return text;
}

static bool read_word(hid_t object, const char *name, hid_t memory_type, void *out) {
  if (H5Aexists(object, name) <= 0) return false;
  hid_t attr = H5Aopen(object, name, H5P_DEFAULT), type = attr < 0 ? -1 : H5Aget_type(attr);
  hid_t space = attr < 0 ? -1 : H5Aget_space(attr);
  bool done = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_INTEGER &&
              H5Sget_simple_extent_npoints(space) == 1 && H5Aread(attr, memory_type, out) >= 0;
  dp_h5_close(space);
  dp_h5_close(type);
  dp_h5_close(attr);
  return done;
}

bool dp_result_i64(hid_t object, const char *name, int64_t *out) {
  return read_word(object, name, H5T_NATIVE_INT64, out);
}

bool dp_result_u64(hid_t object, const char *name, uint64_t *out) {
  return read_word(object, name, H5T_NATIVE_UINT64, out);
}

/* ---- names ---- */

bool dp_result_has(const struct dp_result *result, const char *path) {
  char prefix[512];
  size_t len = strlen(path);
  if (len >= sizeof prefix) return false;
  for (size_t i = 1; i <= len; i++) { /* H5Lexists fails when a parent is missing */
    if (path[i] != '/' && path[i] != '\0') continue;
    memcpy(prefix, path, i);
    prefix[i] = '\0';
    if (H5Lexists(result->file, prefix, H5P_DEFAULT) <= 0) return false;
  }
  return true;
}

struct names {
  char **v;
  size_t n, cap;
};

static herr_t note_name(hid_t group, const char *name, const H5L_info_t *info, void *client) {
  struct names *names = client;
  (void)group, (void)info;
  if (names->n + 1 >= names->cap) {
    size_t cap = names->cap ? 2 * names->cap : 16;
    char **grown = realloc(names->v, cap * sizeof *grown);
    if (grown == NULL) return -1;
    names->v = grown;
    names->cap = cap;
  }
  names->v[names->n] = strdup(name);
  if (names->v[names->n] == NULL) return -1;
  names->v[++names->n] = NULL;
  return 0;
}

char **dp_result_names(const struct dp_result *result, const char *path) {
  struct names names = {calloc(1, sizeof *names.v), 0, 1};
  hid_t group = dp_result_has(result, path) ? H5Gopen2(result->file, path, H5P_DEFAULT) : -1;
  bool done = names.v && group >= 0 &&
              H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, note_name, &names) >= 0;
  dp_h5_close(group);
  if (done) return names.v;
  dp_result_free_names(names.v);
  return NULL;
}

void dp_result_free_names(char **names) {
  for (size_t i = 0; names != NULL && names[i] != NULL; i++) free(names[i]);
  free(names);
}

/* ---- columns ---- */

static enum dp_status damaged(const struct dp_result *result, const char *path, const char *what, struct dp_err *err) {
  H5Eclear2(H5E_DEFAULT);
  return dp_fail(err, DP_FORMAT, "%s: %s: %s (the file is damaged: run the scenario again)", result->path, path, what);
}

/* Opens a 1-D dataset of a class. */
static enum dp_status open_column(const struct dp_result *result, const char *path, H5T_class_t class, hid_t *dataset,
                                  size_t *n, struct dp_err *err) {
  *dataset = dp_result_has(result, path) ? H5Dopen2(result->file, path, H5P_DEFAULT) : -1;
  if (*dataset < 0) return damaged(result, path, "the column is missing", err);
  hid_t type = H5Dget_type(*dataset), space = H5Dget_space(*dataset);
  hssize_t points = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  bool fits = type >= 0 && points >= 0 && H5Sget_simple_extent_ndims(space) == 1 && H5Tget_class(type) == class &&
              (class != H5T_INTEGER || H5Tget_size(type) <= 8);
  dp_h5_close(space);
  dp_h5_close(type);
  *n = fits ? (size_t)points : 0;
  if (fits) return DP_OK;
  dp_h5_close(*dataset);
  return damaged(result, path, "the column has another form than expected", err);
}

enum dp_status dp_result_column_i64(const struct dp_result *result, const char *path, int64_t **out, size_t *n,
                                    struct dp_err *err) {
  hid_t dataset;
  *out = NULL;
  DP_TRY(open_column(result, path, H5T_INTEGER, &dataset, n, err));
  hid_t type = H5Dget_type(dataset);
  bool is_signed = type >= 0 && H5Tget_sign(type) == H5T_SGN_2;
  *out = calloc(*n + 1, sizeof **out);
  enum dp_status status = *out ? DP_OK : dp_fail_nomem(err, path);
  hid_t memory = is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
  if (status == DP_OK && *n > 0 && H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) < 0)
    status = damaged(result, path, "the column cannot be read", err);
  dp_h5_close(type);
  dp_h5_close(dataset);
  if (status == DP_OK) return DP_OK;
  free(*out);
  *out = NULL;
  return status;
}

enum dp_status dp_result_column_i128(const struct dp_result *result, const char *path, dp_i128 **out, size_t *n,
                                     struct dp_err *err) {
  char name[512];
  int64_t *hi = NULL, *lo = NULL;
  size_t lo_n = 0;
  *out = NULL;
  snprintf(name, sizeof name, "%s_hi", path);
  DP_TRY(dp_result_column_i64(result, name, &hi, n, err));
  snprintf(name, sizeof name, "%s_lo", path);
  enum dp_status status = dp_result_column_i64(result, name, &lo, &lo_n, err);
  if (status == DP_OK && lo_n != *n) status = damaged(result, path, "the two halves differ in length", err);
  if (status == DP_OK && (*out = malloc((*n + 1) * sizeof **out)) == NULL) status = dp_fail_nomem(err, path);
  for (size_t i = 0; status == DP_OK && i < *n; i++) (*out)[i] = dp_i128_from_hi_lo(hi[i], (uint64_t)lo[i]);
  free(hi);
  free(lo);
  return status;
}

/* Moves n texts into one block: pointers first, then the characters. */
static char **join_texts(const char *const *texts, size_t n, size_t fixed) {
  size_t bytes = (n + 1) * sizeof(char *);
  for (size_t i = 0; i < n; i++) bytes += (fixed ? strnlen(texts[i], fixed) : texts[i] ? strlen(texts[i]) : 0) + 1;
  char **block = malloc(bytes);
  if (block == NULL) return NULL;
  char *to = (char *)(block + n + 1);
  for (size_t i = 0; i < n; i++) {
    size_t len = fixed ? strnlen(texts[i], fixed) : texts[i] ? strlen(texts[i]) : 0;
    block[i] = to;
    if (len > 0) memcpy(to, texts[i], len);
    to[len] = '\0';
    to += len + 1;
  }
  block[n] = NULL;
  return block;
}

enum dp_status dp_result_column_texts(const struct dp_result *result, const char *path, char ***out, size_t *n,
                                      struct dp_err *err) {
  hid_t dataset;
  *out = NULL;
  DP_TRY(open_column(result, path, H5T_STRING, &dataset, n, err));
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  bool variable = type >= 0 && H5Tis_variable_str(type) > 0;
  size_t size = variable || type < 0 ? 0 : H5Tget_size(type);
  const char **texts = calloc(*n + 1, sizeof *texts);
  char *bytes = calloc(*n + 1, size + 1);
  bool room = texts && bytes, done = room && type >= 0 && space >= 0;
  if (done && *n > 0)
    done = H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, variable ? (void *)texts : (void *)bytes) >= 0;
  if (done) {
    for (size_t i = 0; i < *n && !variable; i++) texts[i] = bytes + i * size;
    *out = join_texts(texts, *n, size);
    room = *out != NULL;
    if (variable && *n > 0) H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts);
  }
  free(bytes);
  free(texts);
  dp_h5_close(space);
  dp_h5_close(type);
  dp_h5_close(dataset);
  if (!room) return dp_fail_nomem(err, path);
  return done ? DP_OK : damaged(result, path, "the texts cannot be read", err);
}

enum dp_status dp_result_column_f64(const struct dp_result *result, const char *path, double **out, size_t *n,
                                    struct dp_err *err) {
  hid_t dataset = dp_result_has(result, path) ? H5Dopen2(result->file, path, H5P_DEFAULT) : -1;
  *out = NULL;
  if (dataset < 0) return damaged(result, path, "the column is missing", err);
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  const hssize_t points = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  const H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
  const bool fits = points >= 0 && (class == H5T_FLOAT || class == H5T_INTEGER);
  *n = fits ? (size_t)points : 0;
  *out = fits ? calloc(*n + 1, sizeof **out) : NULL;
  const bool read = *out && (*n == 0 || H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) >= 0);
  dp_h5_close(space);
  dp_h5_close(type);
  dp_h5_close(dataset);
  if (read) return DP_OK;
  const bool room = *out != NULL || !fits;
  free(*out);
  *out = NULL;
  return room ? damaged(result, path, "the column cannot be read", err) : dp_fail_nomem(err, path);
}

/* ---- KPIs ---- */

static bool read_kpi(hid_t dataset, struct dp_kpi_value *kpi) {
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  bool scalar = type >= 0 && space >= 0 && H5Sget_simple_extent_npoints(space) == 1, done = false;
  int64_t count = 0;
  kpi->integer = scalar && H5Tget_class(type) == H5T_INTEGER;
  if (kpi->integer) {
    done = H5Dread(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &count) >= 0;
    kpi->count = count;
    kpi->value = (double)count;
  } else if (scalar && H5Tget_class(type) == H5T_FLOAT) {
    done = H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &kpi->value) >= 0;
  }
  dp_h5_close(space);
  dp_h5_close(type);
  return done;
}

static enum dp_status read_kpis(struct dp_result *r, struct dp_err *err) {
  char **names = dp_result_names(r, "kpi");
  size_t n = 0;
  if (names == NULL) return damaged(r, "kpi", "the group is missing", err);
  while (names[n] != NULL) n++;
  r->kpis = calloc(n + 1, sizeof *r->kpis);
  enum dp_status status = r->kpis ? DP_OK : dp_fail_nomem(err, "KPIs");
  hid_t group = H5Gopen2(r->file, "kpi", H5P_DEFAULT);
  for (size_t i = 0; i < n && status == DP_OK; i++) {
    struct dp_kpi_value *kpi = &r->kpis[r->kpi_n++];
    hid_t dataset = H5Dopen2(group, names[i], H5P_DEFAULT);
    snprintf(kpi->name, sizeof kpi->name, "%s", names[i]);
    if (dataset < 0 || !read_kpi(dataset, kpi)) status = damaged(r, "kpi", names[i], err);
    else {
      kpi->unit = dp_result_text(dataset, "units");
      kpi->doc = dp_result_text(dataset, "long_name");
    }
    dp_h5_close(dataset);
  }
  dp_h5_close(group);
  dp_result_free_names(names);
  return status;
}

/* ---- opening ---- */

static enum dp_status check_file(const char *path, struct dp_err *err) {
  struct stat st;
  if (stat(path, &st) < 0 || access(path, R_OK) < 0)
    return dp_fail(err, DP_IO, "cannot read %s: %s (give a result that `depinsim run` wrote)", path, strerror(errno));
  if (S_ISDIR(st.st_mode))
    return dp_fail(err, DP_IO, "cannot read %s: it is a folder (give a result that `depinsim run` wrote)", path);
  htri_t is_hdf5 = H5Fis_hdf5(path);
  if (!S_ISREG(st.st_mode) || is_hdf5 <= 0) {
    H5Eclear2(H5E_DEFAULT);
    return dp_fail(err, DP_FORMAT, "%s is not an HDF5 file (give a result that `depinsim run` wrote)", path);
  }
  bool broken;
  DP_TRY(dp_seal_check(path, &broken, err));
  if (broken)
    return dp_fail(err, DP_FORMAT, "%s is damaged: its bytes are not those that were written (copy it again or run the "
                                   "scenario again)", path);
  return DP_OK;
}

bool dp_result_is_sweep(const struct dp_result *r) {
  char *kind = dp_result_text(r->file, "kind");
  const bool sweep = kind && strcmp(kind, "sweep") == 0;
  free(kind);
  return sweep;
}

static enum dp_status check_head(const struct dp_result *r, bool sweeps, struct dp_err *err) {
  int64_t version = 0, complete = 0;
  char *program = dp_result_text(r->file, "program");
  bool ours = program && strcmp(program, "depinsim") == 0 && dp_result_i64(r->file, "format_version", &version);
  free(program);
  if (!ours)
    return dp_fail(err, DP_FORMAT, "%s is an HDF5 file, but no result of this program (give one that `depinsim run` wrote)",
                   r->path);
  const bool sweep = dp_result_is_sweep(r);
  const int reads = sweep ? DP_SWEEP_FORMAT : DP_OUTPUT_FORMAT;
  if (version != reads)
    return dp_fail(err, DP_FORMAT, "%s has format version %lld, this program reads %d (read it with the depinsim that wrote it)",
                   r->path, (long long)version, reads);
  if (sweep && !sweeps)
    return dp_fail(err, DP_FORMAT, "%s is the result of a sweep, not of one run (`depinsim report` and `plot` draw it, "
                                   "`explain` says what a key figure hangs on; its tables are plain HDF5: h5ls -r, xarray)",
                   r->path);
  if (!dp_result_i64(r->file, "complete", &complete) || complete != 1)
    return dp_fail(err, DP_FORMAT, "%s is not complete: its run has not ended, or was killed (wait for it or run it again)",
                   r->path);
  return DP_OK;
}

static enum dp_status read_head(struct dp_result *r, struct dp_err *err) {
  hid_t group = dp_result_has(r, "provenance") ? H5Gopen2(r->file, "provenance", H5P_DEFAULT) : -1;
  r->title = dp_result_text(r->file, "title");
  r->start = dp_result_text(r->file, "start");
  bool done = group >= 0 && r->title && r->start && dp_result_i64(r->file, "duration_ns", &r->duration_ns) &&
              dp_result_i64(r->file, "settle_every_ns", &r->settle_every_ns) &&
              (r->scenario = dp_result_text(group, "scenario")) != NULL &&
              (r->digest = dp_result_text(group, "digest")) != NULL &&
              (r->version = dp_result_text(group, "version")) != NULL &&
              (r->revision = dp_result_text(group, "revision")) != NULL && dp_result_u64(group, "seed", &r->seed) &&
              dp_result_u64(group, "replicate", &r->replicate) && dp_result_u64(group, "event_n", &r->event_n);
  dp_h5_close(group);
  if (!done) return damaged(r, "provenance", "something is missing", err);
  if (strlen(r->digest) != 16 || strspn(r->digest, "0123456789abcdef") != 16)
    return damaged(r, "provenance", "the digest is not one", err);
  return DP_OK;
}

/* Of a sweep: what many runs have in common. */
static enum dp_status read_sweep_head(struct dp_result *r, struct dp_err *err) {
  hid_t group = dp_result_has(r, "provenance") ? H5Gopen2(r->file, "provenance", H5P_DEFAULT) : -1;
  r->title = dp_result_text(r->file, "title");
  r->start = strdup("");
  r->digest = strdup("");
  bool done = group >= 0 && r->title && r->start && r->digest && dp_result_i64(r->file, "duration_ns", &r->duration_ns) &&
              (r->scenario = dp_result_text(group, "scenario")) != NULL &&
              (r->version = dp_result_text(group, "version")) != NULL &&
              (r->revision = dp_result_text(group, "revision")) != NULL && dp_result_u64(group, "seed", &r->seed);
  dp_h5_close(group);
  return done ? DP_OK : damaged(r, "provenance", "something is missing", err);
}

static enum dp_status open_result(struct dp_result *r, bool sweeps, struct dp_err *err) {
  DP_TRY(check_file(r->path, err));
  r->file = dp_h5_open_file(r->path);
  if (r->file < 0) {
    struct dp_err reason = {0};
    dp_h5_fail(&reason, "read", r->path);
    return dp_fail(err, DP_FORMAT, "%s", reason.text);
  }
  DP_TRY(check_head(r, sweeps, err));
  if (dp_result_is_sweep(r)) return read_sweep_head(r, err);
  DP_TRY(read_head(r, err));
  return read_kpis(r, err);
}

static enum dp_status open_any(const char *path, bool sweeps, struct dp_result **out, struct dp_err *err) {
  *out = NULL;
  dp_h5_quiet();
  struct dp_result *r = calloc(1, sizeof *r);
  if (r == NULL) return dp_fail_nomem(err, "a result");
  r->file = -1;
  r->path = strdup(path);
  enum dp_status status = r->path ? open_result(r, sweeps, err) : dp_fail_nomem(err, "a result");
  if (status == DP_OK) *out = r;
  else dp_result_close(r);
  return status;
}

enum dp_status dp_result_open(const char *path, struct dp_result **out, struct dp_err *err) {
  return open_any(path, false, out, err);
}

enum dp_status dp_result_open_any(const char *path, struct dp_result **out, struct dp_err *err) {
  return open_any(path, true, out, err);
}

void dp_result_close(struct dp_result *r) {
  if (r == NULL) return;
  if (r->file >= 0) H5Fclose(r->file);
  for (size_t i = 0; i < r->kpi_n; i++) {
    free((char *)(uintptr_t)r->kpis[i].unit);
    free((char *)(uintptr_t)r->kpis[i].doc);
  }
  free(r->kpis);
  free(r->path);
  free(r->title);
  free(r->scenario);
  free(r->start);
  free(r->digest);
  free(r->version);
  free(r->revision);
  free(r);
}
