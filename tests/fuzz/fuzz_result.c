/* tests/fuzz/fuzz_result.c — whatever a result holds, the readers of results end in a status that says something, and
 * what they print as JSON is JSON. The first byte chooses: bytes of a sealed result are changed, which must be noticed
 * before HDF5 opens it; or, since HDF5 has errors of its own on damaged files, objects are changed through HDF5. */
#include <jansson.h>
#include <unistd.h>

#include "analysis/audit.h"
#include "analysis/info.h"
#include "analysis/kpi.h"
#include "result_edit.h"
#include "../unit/tiny_run.h"

#define SEAL_BYTES 32

/* What MPI and HDF5 keep for the life of the program is not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libmpi\nleak:libopen-\nleak:libhdf5\n"; }

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A good result, made once. */
static struct {
  uint8_t *bytes;
  size_t size;
} whole;

/* HDF5 wants a file that has a real path. */
static char folder[256], path[300];

static void read_whole(void) {
  FILE *f = fopen(path, "rb");
  long size = -1;
  if (f != NULL && fseek(f, 0, SEEK_END) == 0) size = ftell(f);
  if (size <= SEAL_BYTES || (whole.bytes = malloc((size_t)size)) == NULL) abort();
  rewind(f);
  whole.size = fread(whole.bytes, 1, (size_t)size, f);
  if (fclose(f) != 0 || whole.size != (size_t)size) abort();
}

static void remove_files(void) {
  unlink(path);
  rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  const char *parent = getenv("TMPDIR");
  struct dp_comm *comm;
  (void)argc;
  (void)argv;
  snprintf(folder, sizeof folder, "%.200s/depinsim-fuzz.XXXXXX", parent ? parent : "/tmp");
  if (mkdtemp(folder) == NULL || atexit(remove_files) != 0 || dp_comm_null_new(&comm, NULL) != DP_OK) abort();
  snprintf(path, sizeof path, "%s/result.h5", folder);
  if (tiny_write(path, comm, 2, "here", NULL) != DP_OK) abort();
  dp_comm_free(comm);
  read_whole();
  return 0;
}

static void judge(enum dp_status status, const struct dp_err *err, struct dp_str *out, bool is_json) {
  if (status != DP_OK && err->text[0] == '\0') abort();
  if (status == DP_OK && is_json) {
    json_t *root = json_loads(out->data ? out->data : "", JSON_ALLOW_NUL, NULL);
    if (root == NULL) abort();
    json_decref(root);
  }
  dp_str_fini(out);
}

static void write_file(const uint8_t *bytes, size_t size) {
  FILE *f = fopen(path, "wb");
  if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) abort();
}

static void read_result(enum dp_text_format format) {
  const enum dp_text_format other = format == DP_TEXT_CSV ? DP_TEXT_PLAIN : format;
  const bool is_json = format == DP_TEXT_JSON;
  struct dp_str out = {0};
  struct dp_err err = {0};
  judge(dp_kpi_file(&out, format, path, &err), &err, &out, is_json);
  err = (struct dp_err){0};
  judge(dp_info_file(&out, other, path, &err), &err, &out, is_json);
  err = (struct dp_err){0};
  judge(dp_audit_file(&out, other, path, &err), &err, &out, is_json);
  err = (struct dp_err){0};
  if (format == DP_TEXT_CSV) judge(dp_digest_file(&out, path, &err), &err, &out, false);
}

/* Changes bytes before the seal: the result must be refused. */
static void change_bytes(struct source *s) {
  uint8_t *copy = malloc(whole.size);
  if (copy == NULL) abort();
  memcpy(copy, whole.bytes, whole.size);
  do {
    size_t at = source_number(s, 3) % (whole.size - SEAL_BYTES);
    copy[at] ^= (uint8_t)source_number(s, 1);
  } while (s->left > 0);
  bool changed = memcmp(copy, whole.bytes, whole.size) != 0;
  struct dp_result *r = NULL;
  struct dp_err err = {0};
  write_file(copy, whole.size);
  if ((dp_result_open(path, &r, &err) == DP_OK) == changed) abort();
  dp_result_close(r);
  free(copy);
}

/* Changes objects; what remains has no seal, as after any other program. */
static void change_objects(struct source *s, enum dp_text_format format) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (H5Pset_fapl_core(access, 1u << 16, false) < 0 || H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0 ||
      H5Pset_file_image(access, whole.bytes, whole.size) < 0)
    abort();
  hid_t file = H5Fopen("image", H5F_ACC_RDWR, access);
  if (file < 0) abort();
  edit_objects(file, s);
  H5Eclear2(H5E_DEFAULT);
  if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) abort();
  ssize_t size = H5Fget_file_image(file, NULL, 0);
  uint8_t *bytes = size > 0 ? malloc((size_t)size) : NULL;
  if (bytes == NULL || H5Fget_file_image(file, bytes, (size_t)size) != size) abort();
  H5Fclose(file);
  H5Pclose(access);
  write_file(bytes, (size_t)size);
  read_result(format);
  free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct source s = {data, size};
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  if (size == 0) return 0;
  const uint64_t how = source_number(&s, 1);
  if (how % 8 == 0) change_bytes(&s);
  else change_objects(&s, (enum dp_text_format)(how % 3));
  return 0;
}
