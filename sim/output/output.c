/* sim/output/output.c — life of a result file: created as X.part, completed, brought to the disk, renamed to X. */
#include "output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "output/parts.h"
#include "output/seal.h"

/* ---- creation ---- */

/* What is at `path` now may be replaced: nothing, an empty file, or a result; not a trace that was named by mistake. */
static enum dp_status check_target(const char *path, struct dp_err *err) {
  struct stat st;
  if (path[0] == '\0') return dp_fail(err, DP_IO, "the name of the output file is empty (give -o FILE)");
  if (stat(path, &st) < 0) {
    if (errno == ENOENT) return DP_OK;
    return dp_disk_fail(err, "write", path, errno);
  }
  if (S_ISDIR(st.st_mode)) return dp_fail(err, DP_IO, "cannot write %s: it is a folder (give -o a file's name)", path);
  if (!S_ISREG(st.st_mode))
    return dp_fail(err, DP_IO, "cannot write %s: it is not a plain file (give -o a file's name)", path);
  if (st.st_size > 0 && H5Fis_hdf5(path) <= 0)
    return dp_fail(err, DP_IO, "cannot write %s: it exists and is no HDF5 file (remove it or give -o another name)",
                   path);
  return DP_OK;
}

static bool put_head(hid_t file, const struct dp_provenance *p) {
  const char *title = p->title ? p->title : p->scenario.name;
  return dp_h5_put_text(file, "title", title) && dp_h5_put_text(file, "Conventions", "CF-1.10") &&
         dp_h5_put_text(file, "program", "depinsim") && dp_h5_put_i64(file, "format_version", DP_OUTPUT_FORMAT) &&
         dp_h5_put_i64(file, "complete", 0);
}

static enum dp_status create(struct dp_output *out, const struct dp_provenance *p, struct dp_err *err) {
  DP_TRY(check_target(out->path, err));
  DP_TRY(dp_disk_open(&out->disk, out->part, err));
  dp_disk_settled(out->part); /* of a run that is no more */
  out->file = dp_disk_create_file(&out->disk, out->part);
  if (out->file < 0 || !put_head(out->file, p)) return dp__output_fail(out, err);
  DP_TRY(dp__write_provenance(out, p, err));
  return dp__output_flush(out, err);
}

/* Everything but the file. */
static enum dp_status make(const char *path, const struct dp_provenance *provenance, struct dp_output **result,
                           struct dp_err *err) {
  *result = NULL;
  dp_h5_quiet();
  struct dp_output *out = calloc(1, sizeof *out);
  if (out == NULL) return dp_fail_nomem(err, "the output");
  out->file = -1;
  out->disk.fd = -1;
  out->disk.driver = -1;
  out->sink = (struct dp_sink){.begin = dp__series_begin,
                               .row = dp__series_row,
                               .settled = dp__series_settled,
                               .save = dp__series_save,
                               .resume = dp__series_resume};
  out->path = strdup(path);
  out->part = malloc(strlen(path) + sizeof ".part");
  out->schemas = calloc(provenance->schema_n + 1, sizeof *out->schemas);
  if (out->path == NULL || out->part == NULL || out->schemas == NULL) {
    dp_output_abandon(out);
    return dp_fail_nomem(err, "the output");
  }
  for (; out->schema_n < provenance->schema_n; out->schema_n++)
    out->schemas[out->schema_n] = provenance->schemas[out->schema_n];
  strcpy(stpcpy(out->part, path), ".part");
  *result = out;
  return DP_OK;
}

enum dp_status dp_output_new(const char *path, const struct dp_provenance *provenance, struct dp_output **result,
                             struct dp_err *err) {
  DP_TRY(make(path, provenance, result, err));
  enum dp_status status = create(*result, provenance, err);
  if (status == DP_OK) return DP_OK;
  dp_output_abandon(*result);
  *result = NULL;
  return status;
}

enum dp_status dp_output_reopen(const char *path, const struct dp_provenance *provenance, struct dp_output **result,
                                struct dp_err *err) {
  DP_TRY(check_target(path, err));
  DP_TRY(make(path, provenance, result, err));
  dp_output_keep(*result);
  return DP_OK;
}

void dp_output_keep(struct dp_output *out) { out->kept = true; }

struct dp_sink *dp_output_sink(struct dp_output *out) { return &out->sink; }

/* ---- the end ---- */

static bool close_file(struct dp_output *out) {
  dp__series_close(out);
  hid_t file = out->file;
  out->file = -1;
  return file < 0 || H5Fclose(file) >= 0;
}

static void release(struct dp_output *out) {
  close_file(out);
  dp_disk_close(&out->disk);
  free(out->schemas);
  free(out->path);
  free(out->part);
  free(out);
}

void dp_output_abandon(struct dp_output *out) {
  if (out == NULL) return;
  dp_h5_quiet();
  if (out->disk.fd >= 0 && !out->kept) unlink(out->part);
  release(out);
}

bool dp_output_leave(struct dp_output *out) {
  struct dp_err ignored = {0};
  bool rows = false;
  dp_h5_quiet();
  if (out->kept) {
    release(out);
    return true;
  }
  bool done = dp__series_flush(out, &ignored) == DP_OK && dp__output_flush(out, &ignored) == DP_OK;
  for (size_t i = 0; i < out->series_n; i++) rows |= out->series[i].written > 1;
  if (!done || !rows) {
    dp_output_abandon(out);
    return false;
  }
  release(out);
  return true;
}

/* Makes the rename last when the machine loses its power. The result is in its place already: a folder that cannot be
 * synced does not make it wrong. */
static void sync_folder(const char *path) {
  char *copy = strdup(path);
  int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
  free(copy);
}

static enum dp_status publish(struct dp_output *out, struct dp_err *err) {
  DP_TRY(dp_disk_check(&out->disk, out->part, err));
  DP_TRY(dp_disk_settle(&out->disk, out->part, err));
  DP_TRY(dp_seal_write(out->disk.fd, out->part, err));
  DP_TRY(dp_disk_sync(&out->disk, out->part, err));
  if (rename(out->part, out->path) < 0) return dp_disk_fail(err, "write", out->path, errno);
  sync_folder(out->path);
  return DP_OK;
}

/* Rank 0: what follows the collective part. */
static enum dp_status complete(struct dp_output *out, const struct dp_output_outcome *outcome,
                               struct dp_err *err) {
  DP_TRY(dp__write_books(out, err));
  DP_TRY(dp__write_kpis(out, outcome->kpis, outcome->kpi_n, err));
  DP_TRY(dp__write_expectations(out, outcome, err));
  DP_TRY(dp__write_outcome(out, outcome, err));
  DP_TRY(dp__output_flush(out, err));
  if (!dp_h5_set_i64(out->file, "complete", 1) || !close_file(out)) return dp__output_fail(out, err);
  return publish(out, err);
}

enum dp_status dp_output_finish(struct dp_output *out, struct dp_sim *sim, const struct dp_output_outcome *outcome,
                                struct dp_err *err) {
  dp_h5_quiet();
  enum dp_status status = out ? dp__series_flush(out, err) : DP_OK;
  status = dp_comm_agree(sim->comm, status, err);
  if (status == DP_OK) status = dp__write_histograms(out, sim, err);
  if (status == DP_OK) status = dp__write_tables(out, sim, err);
  if (status == DP_OK) status = dp_comm_agree(sim->comm, out ? complete(out, outcome, err) : DP_OK, err);
  if (out != NULL && status != DP_OK && !out->kept) unlink(out->part);
  if (out != NULL && status == DP_OK && !out->kept) dp_disk_settled(out->part);
  if (out != NULL) release(out);
  return status;
}

/* ---- after the end ---- */

void dp_output_settled(const char *path) {
  struct dp_str part = {0};
  dp_str_printf(&part, "%s.part", path);
  if (!part.failed) dp_disk_settled(dp_str_text(&part));
  dp_str_fini(&part);
}

/* What a finish overwrites is noted before, and the note goes last: it is there without the unfinished file only when
 * that has become the result. */
bool dp_output_completed(const char *path) {
  struct dp_str part = {0}, undo = {0};
  dp_str_printf(&part, "%s.part", path);
  dp_str_printf(&undo, "%s.part.undo", path);
  bool completed = !part.failed && !undo.failed && access(path, F_OK) == 0 && access(dp_str_text(&part), F_OK) != 0 &&
                   access(dp_str_text(&undo), F_OK) == 0;
  dp_str_fini(&part);
  dp_str_fini(&undo);
  return completed;
}
