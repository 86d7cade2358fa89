/* The result file: what other programs read in it, what survives a kill, what a failure leaves behind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <hdf5.h>
#include <hdf5_hl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hist.h"
#include "tiny_run.h"

#define HOURS 70 /* more than one chunk of 64 rows */
#define ROWS (HOURS + 1)

static char folder[] = "/tmp/depinsim-output.XXXXXX";

/* Path of a file in the folder of the test. */
static const char *in_folder(char buf[256], const char *name) {
  snprintf(buf, 256, "%s/%s", folder, name);
  return buf;
}

static int set_up(void **state) {
  (void)state;
  return mkdtemp(folder) == NULL;
}

static int tear_down(void **state) {
  char command[300];
  (void)state;
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

static void write_run(const char *path, int64_t hours, const char *host) {
  struct dp_err err = {0};
  struct dp_comm *comm;
  assert_int_equal(dp_comm_null_new(&comm, &err), DP_OK);
  enum dp_status status = tiny_write(path, comm, hours, host, &err);
  dp_comm_free(comm);
  if (status != DP_OK) fail_msg("%s", err.text);
}

static void read_all(hid_t file, const char *path, hid_t type, void *out) {
  hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
  if (dataset < 0) fail_msg("no %s", path);
  assert_true(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0);
  H5Dclose(dataset);
}

static hsize_t length_of(hid_t file, const char *path) {
  hsize_t size[2] = {0};
  hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
  if (dataset < 0) return 0;
  hid_t space = H5Dget_space(dataset);
  H5Sget_simple_extent_dims(space, size, NULL);
  H5Sclose(space);
  H5Dclose(dataset);
  return size[0];
}

static void assert_text(hid_t object, const char *name, const char *want) {
  char *text = NULL;
  hid_t attr = H5Aopen(object, name, H5P_DEFAULT);
  if (attr < 0) fail_msg("no attribute %s", name);
  hid_t type = H5Aget_type(attr);
  assert_true(H5Aread(attr, type, &text) >= 0);
  assert_string_equal(text, want);
  H5free_memory(text);
  H5Tclose(type);
  H5Aclose(attr);
}

/* ---- contents ---- */

static void series_hold_every_settlement_of_every_region(void **state) {
  char path[256];
  static double served[ROWS][TINY_REGION_N], time_s[ROWS], alive[ROWS], level[ROWS];
  (void)state;
  write_run(in_folder(path, "series.h5"), HOURS, "here");
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  read_all(file, "/series/tiny.model/time", H5T_NATIVE_DOUBLE, time_s);
  read_all(file, "/series/tiny.model/served", H5T_NATIVE_DOUBLE, served);
  read_all(file, "/series/tiny.model/alive", H5T_NATIVE_DOUBLE, alive);
  read_all(file, "/series/tiny.model/level", H5T_NATIVE_DOUBLE, level);
  assert_int_equal(length_of(file, "/series/tiny.model/time"), ROWS);
  assert_int_equal(H5Lexists(file, "/series/tiny.model/hidden", H5P_DEFAULT), 0);
  for (int i = 0; i < ROWS; i++) {
    assert_true(time_s[i] == 3600.0 * i);
    /* apply of the settlement before: cells 0 and 3, 1 and 4, 2 */
    assert_true(served[i][0] == (i ? 5 : 0) && served[i][1] == (i ? 7 : 0) && served[i][2] == (i ? 3 : 0));
    assert_true(alive[i] == 15); /* 2 + 3 + 4 + 5 + 6 things, one of each cell gone */
    assert_true(level[i] == 0.25 * (i + 1));
  }
  H5Fclose(file);
}

static void dimensions_have_names_and_units(void **state) {
  char path[256], *labels[TINY_REGION_N], name[32];
  (void)state;
  hid_t file = H5Fopen(in_folder(path, "series.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
  hid_t time = H5Dopen2(file, "/series/tiny.model/time", H5P_DEFAULT);
  hid_t region = H5Dopen2(file, "/series/tiny.model/region", H5P_DEFAULT);
  hid_t served = H5Dopen2(file, "/series/tiny.model/served", H5P_DEFAULT);
  assert_int_equal(H5DSis_attached(served, time, 0), 1);
  assert_int_equal(H5DSis_attached(served, region, 1), 1);
  H5DSget_scale_name(time, name, sizeof name);
  assert_string_equal(name, "time");
  assert_text(time, "units", "seconds since 2024-04-15 00:00:00");
  assert_text(time, "calendar", "standard");
  assert_text(served, "units", "1");
  assert_text(served, "long_name", "requests that were served");
  hid_t type = H5Dget_type(region), space = H5Dget_space(region);
  assert_true(H5Dread(region, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels) >= 0);
  assert_string_equal(labels[2], "Île-de-France");
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, labels);
  H5Tclose(type);
  H5Sclose(space);
  H5Dclose(time);
  H5Dclose(region);
  H5Dclose(served);
  H5Fclose(file);
}

static void tables_hold_live_rows_by_cell_and_row_in_every_type(void **state) {
  enum { LIVE = 15 };
  char path[256], label[LIVE][5];
  int64_t hi[LIVE], i64[LIVE];
  uint64_t lo[LIVE], u64[LIVE];
  uint32_t cell[LIVE], row[LIVE], pair[LIVE];
  double real[LIVE];
  (void)state;
  hid_t file = H5Fopen(in_folder(path, "series.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
  hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, 5);
  H5Tset_strpad(text, H5T_STR_NULLPAD);
  H5Tset_cset(text, H5T_CSET_UTF8);
#define READ(name, type, to) read_all(file, "/tables/tiny.model.thing/" name, type, to)
  assert_int_equal(length_of(file, "/tables/tiny.model.thing/entity"), LIVE);
  READ("cell", H5T_NATIVE_UINT32, cell);
  READ("row", H5T_NATIVE_UINT32, row);
  READ("wide_hi", H5T_NATIVE_INT64, hi);
  READ("wide_lo", H5T_NATIVE_UINT64, lo);
  READ("i64", H5T_NATIVE_INT64, i64);
  READ("u64", H5T_NATIVE_UINT64, u64);
  READ("real", H5T_NATIVE_DOUBLE, real);
  READ("pair_1", H5T_NATIVE_UINT32, pair);
  READ("label", text, label);
  for (uint32_t c = 0, k = 0; c < TINY_CELL_N; c++) {
    for (uint32_t r = 0; r < 2 + c; r++) {
      if (r == 1) continue; /* removed */
      int64_t n = 100 * (int64_t)c + r;
      assert_int_equal(cell[k], c);
      assert_int_equal(row[k], r);
      assert_true(dp_i128_from_hi_lo(hi[k], lo[k]) == -((dp_i128)n << 70) - 1);
      assert_true(i64[k] == -n && u64[k] == UINT64_MAX && real[k] == 0.5 * (double)n && pair[k] == n + 1);
      assert_memory_equal(label[k], r == 0 ? "abcd" : "abcde", 5);
      k++;
    }
  }
  uint64_t settlements;
  read_all(file, "/tables/tiny.model.total/settlement_n", H5T_NATIVE_UINT64, &settlements);
  assert_int_equal(settlements, ROWS);
  H5Tclose(text);
  H5Fclose(file);
}

static void a_histogram_counts_every_value_once(void **state) {
  char path[256];
  double low[TINY_CELL_N], high[TINY_CELL_N], sum;
  uint64_t count[TINY_CELL_N];
  (void)state;
  hid_t file = H5Fopen(in_folder(path, "series.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
  read_all(file, "/histogram/tiny.model.wait/bucket_low", H5T_NATIVE_DOUBLE, low);
  read_all(file, "/histogram/tiny.model.wait/bucket_high", H5T_NATIVE_DOUBLE, high);
  read_all(file, "/histogram/tiny.model.wait/count", H5T_NATIVE_UINT64, count);
  for (unsigned i = 0; i < TINY_CELL_N; i++) {
    assert_int_equal(count[i], ROWS);
    assert_true(low[i] <= i + 1.0 && high[i] >= i + 1.0 && high[i] - low[i] <= (i + 1) / 32.0);
  }
  hid_t attr = H5Aopen_by_name(file, "/histogram/tiny.model.wait", "sum", H5P_DEFAULT, H5P_DEFAULT);
  assert_true(H5Aread(attr, H5T_NATIVE_DOUBLE, &sum) >= 0);
  assert_true(fabs(sum - 15.0 * ROWS) < 1e-9); /* 1 + 2 + 3 + 4 + 5 seconds a settlement */
  H5Aclose(attr);
  H5Fclose(file);
}

static void kpis_are_scalars_with_units_and_counts_are_integers(void **state) {
  char path[256];
  int64_t served;
  double ratio, mean;
  (void)state;
  hid_t file = H5Fopen(in_folder(path, "series.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
  read_all(file, "/kpi/tiny.served", H5T_NATIVE_INT64, &served);
  read_all(file, "/kpi/tiny.served_ratio", H5T_NATIVE_DOUBLE, &ratio);
  read_all(file, "/kpi/tiny.wait_s.mean", H5T_NATIVE_DOUBLE, &mean);
  assert_int_equal(served, 15 * ROWS);
  assert_true(isnan(ratio));
  assert_true(fabs(mean - 3) < 1e-12);
  hid_t dataset = H5Dopen2(file, "/kpi/tiny.served", H5P_DEFAULT), type = H5Dget_type(dataset);
  assert_int_equal(H5Tget_class(type), H5T_INTEGER);
  assert_text(dataset, "units", "1");
  H5Tclose(type);
  H5Dclose(dataset);
  H5Fclose(file);
}

static void provenance_says_what_was_run(void **state) {
  char path[256], *texts[2];
  uint8_t is_default[2];
  (void)state;
  hid_t file = H5Fopen(in_folder(path, "series.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
  hid_t group = H5Gopen2(file, "/provenance", H5P_DEFAULT), type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  assert_text(file, "title", "Does it add up?");
  assert_text(file, "start", "2024-04-15 00:00:00");
  assert_text(group, "revision", "abc");
  read_all(file, "/provenance/scenario", type, texts);
  assert_string_equal(texts[0], "-- Does it add up?\n");
  H5free_memory(texts[0]);
  read_all(file, "/provenance/modules/depin.token", type, texts);
  assert_string_equal(texts[0], "return 1\n");
  H5free_memory(texts[0]);
  /* the instance's own parameters, as resolved */
  read_all(file, "/provenance/parameters/tiny.model/value", type, texts);
  read_all(file, "/provenance/parameters/tiny.model/is_default", H5T_NATIVE_UINT8, is_default);
  assert_string_equal(texts[0], "0.25");
  assert_string_equal(texts[1], "7");
  assert_true(!is_default[0] && is_default[1]);
  H5free_memory(texts[0]);
  H5free_memory(texts[1]);
  H5Tclose(type);
  H5Gclose(group);
  H5Fclose(file);
}

/* ---- repetition ---- */

static char *slurp(const char *path, size_t *len) {
  FILE *f = fopen(path, "rb");
  struct stat st;
  if (f == NULL || fstat(fileno(f), &st) < 0) fail_msg("cannot read %s", path);
  char *bytes = malloc((size_t)st.st_size + 1);
  *len = fread(bytes, 1, (size_t)st.st_size, f);
  fclose(f);
  return bytes;
}

static void two_runs_give_the_same_bytes(void **state) {
  char a[256], b[256];
  size_t a_len, b_len;
  (void)state;
  write_run(in_folder(a, "a.h5"), HOURS, "here");
  write_run(in_folder(b, "b.h5"), HOURS, "here");
  char *x = slurp(a, &a_len), *y = slurp(b, &b_len);
  assert_int_equal(a_len, b_len);
  assert_memory_equal(x, y, a_len);
  free(x);
  free(y);
}

/* ---- life of the file ---- */

static void an_old_result_stays_until_the_new_one_is_complete(void **state) {
  char path[256], part[256];
  struct dp_err err = {0};
  struct dp_output *out;
  size_t len;
  (void)state;
  FILE *f = fopen(in_folder(path, "old.h5"), "w");
  fputs("precious", f);
  fclose(f);
  assert_int_equal(dp_output_new(path, &tiny_provenance, &out, &err), DP_IO); /* it is no result, but someone's */
  assert_non_null(strstr(err.text, "old.h5: it exists and is no HDF5 file (remove it"));
  assert_int_not_equal(access(in_folder(part, "old.h5.part"), F_OK), 0);
  err = (struct dp_err){0};
  remove(path);
  write_run(path, 2, "here");
  char *before = slurp(path, &len);
  assert_int_equal(dp_output_new(path, &tiny_provenance, &out, &err), DP_OK);
  assert_int_equal(access(in_folder(part, "old.h5.part"), F_OK), 0);
  dp_output_abandon(out);
  assert_int_not_equal(access(part, F_OK), 0);
  size_t same;
  char *text = slurp(path, &same);
  assert_int_equal(same, len);
  assert_memory_equal(text, before, len);
  free(text);
  free(before);
  write_run(path, 1, "here");
  assert_true(H5Fis_hdf5(path) > 0);
  assert_int_not_equal(access(part, F_OK), 0);
}

static void a_place_that_cannot_be_written_is_refused_with_a_remedy(void **state) {
  char path[256];
  struct dp_err err = {0};
  struct dp_output *out;
  (void)state;
  assert_int_equal(dp_output_new(in_folder(path, "no/such/x.h5"), &tiny_provenance, &out, &err), DP_IO);
  assert_non_null(strstr(err.text, "no/such/x.h5.part: No such file or directory (make the folder"));
  err = (struct dp_err){0};
  assert_int_equal(dp_output_new(folder, &tiny_provenance, &out, &err), DP_IO);
  assert_non_null(strstr(err.text, "it is a folder (give -o a file's name)"));
  err = (struct dp_err){0};
  assert_int_equal(dp_output_new("", &tiny_provenance, &out, &err), DP_IO);
  err = (struct dp_err){0};
  assert_int_equal(dp_output_new("/dev/null", &tiny_provenance, &out, &err), DP_IO);
  assert_non_null(strstr(err.text, "it is not a plain file"));
}

static void two_runs_cannot_write_one_result(void **state) {
  char path[256];
  struct dp_err err = {0};
  struct dp_output *first, *second;
  (void)state;
  assert_int_equal(dp_output_new(in_folder(path, "twice.h5"), &tiny_provenance, &first, &err), DP_OK);
  assert_int_equal(dp_output_new(path, &tiny_provenance, &second, &err), DP_IO);
  assert_non_null(strstr(err.text, "another run is writing it"));
  dp_output_abandon(first);
}

/* Dies without a word 31 settlements after the first flush. */
static enum dp_status die(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  (void)owner, (void)stop, (void)err;
  if (now_ns >= 95 * DP_HOUR) raise(SIGKILL);
  return DP_OK;
}

static void run_until_killed(const char *path) {
  struct tiny_run run;
  struct dp_comm *comm;
  struct dp_output *out;
  bool stopped;
  dp_comm_null_new(&comm, NULL);
  if (tiny_new(&run, comm, 1000, NULL) != DP_OK || dp_output_new(path, &tiny_provenance, &out, NULL) != DP_OK) _exit(9);
  dp_sim_set_sink(run.sim, dp_output_sink(out));
  dp_sim_set_pulse(run.sim, die, NULL);
  dp_sim_run(run.sim, &stopped, NULL);
  _exit(8);
}

static void a_killed_run_leaves_every_flushed_row_readable(void **state) {
  char path[256], part[256];
  double served[64][TINY_REGION_N];
  int status;
  (void)state;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) run_until_killed(in_folder(path, "killed.h5"));
  assert_true(child > 0 && waitpid(child, &status, 0) == child);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  assert_int_not_equal(access(in_folder(path, "killed.h5"), F_OK), 0);
  hid_t file = H5Fopen(in_folder(part, "killed.h5.part"), H5F_ACC_RDONLY, H5P_DEFAULT);
  assert_true(file >= 0);
  assert_int_equal(length_of(file, "/series/tiny.model/time"), 64);
  read_all(file, "/series/tiny.model/served", H5T_NATIVE_DOUBLE, served);
  for (int i = 1; i < 64; i++) assert_true(served[i][1] == 7);
  H5Fclose(file);
  write_run(path, 1, "here"); /* what the killed run left does not stop the next one */
}

static enum dp_status stop_after_ten_hours(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  (void)owner, (void)err;
  *stop = now_ns >= 10 * DP_HOUR;
  return DP_OK;
}

static void an_interrupted_run_leaves_what_was_settled(void **state) {
  char path[256], part[256];
  struct dp_err err = {0};
  struct tiny_run run;
  struct dp_comm *comm;
  struct dp_output *out;
  bool stopped = false;
  (void)state;
  assert_int_equal(dp_comm_null_new(&comm, &err), DP_OK);
  assert_int_equal(tiny_new(&run, comm, HOURS, &err), DP_OK);
  assert_int_equal(dp_output_new(in_folder(path, "left.h5"), &tiny_provenance, &out, &err), DP_OK);
  dp_sim_set_sink(run.sim, dp_output_sink(out));
  dp_sim_set_pulse(run.sim, stop_after_ten_hours, NULL);
  assert_int_equal(dp_sim_run(run.sim, &stopped, &err), DP_OK);
  assert_true(stopped && dp_output_leave(out));
  dp_sim_free(run.sim);
  dp_comm_free(comm);
  assert_int_not_equal(access(path, F_OK), 0);
  hid_t file = H5Fopen(in_folder(part, "left.h5.part"), H5F_ACC_RDONLY, H5P_DEFAULT);
  assert_int_equal(length_of(file, "/series/tiny.model/time"), 11);
  H5Fclose(file);
}

/* A run on a disk that takes `bytes`; its exit code is the status. */
static int run_on_small_disk(const char *path, rlim_t bytes) {
  int status;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    struct rlimit limit = {bytes, bytes};
    struct dp_err err = {0};
    struct dp_comm *comm;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    dp_comm_null_new(&comm, &err);
    enum dp_status result = tiny_write(path, comm, 400, "here", &err);
    dp_comm_free(comm);
    if (result == DP_IO && strstr(err.text, "(free space or choose another -o)") == NULL) result = DP_FAILED;
    exit((int)result); /* through HDF5's own exit handler */
  }
  assert_true(child > 0 && waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_full_disk_is_one_message_and_leaves_no_file(void **state) {
  char path[256], part[256];
  struct stat st;
  (void)state;
  in_folder(path, "full.h5");
  in_folder(part, "full.h5.part");
  write_run(path, 400, "here");
  assert_int_equal(stat(path, &st), 0);
  unlink(path);
  /* from the first byte to all but the last one */
  for (off_t size = 0; size < st.st_size; size += st.st_size / 37 + 1) {
    assert_int_equal(run_on_small_disk(path, (rlim_t)size), DP_IO);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
  }
  assert_int_equal(run_on_small_disk(path, (rlim_t)st.st_size - 1), DP_IO);
  assert_int_equal(run_on_small_disk(path, 2 * (rlim_t)st.st_size), DP_OK);
}

int main(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(series_hold_every_settlement_of_every_region),
      cmocka_unit_test(dimensions_have_names_and_units),
      cmocka_unit_test(tables_hold_live_rows_by_cell_and_row_in_every_type),
      cmocka_unit_test(a_histogram_counts_every_value_once),
      cmocka_unit_test(kpis_are_scalars_with_units_and_counts_are_integers),
      cmocka_unit_test(provenance_says_what_was_run),
      cmocka_unit_test(two_runs_give_the_same_bytes),
      cmocka_unit_test(an_old_result_stays_until_the_new_one_is_complete),
      cmocka_unit_test(a_place_that_cannot_be_written_is_refused_with_a_remedy),
      cmocka_unit_test(two_runs_cannot_write_one_result),
      cmocka_unit_test(a_killed_run_leaves_every_flushed_row_readable),
      cmocka_unit_test(an_interrupted_run_leaves_what_was_settled),
      cmocka_unit_test(a_full_disk_is_one_message_and_leaves_no_file),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
