/* Readers of results: KPIs as text, JSON and CSV, summaries, the audit, and every file that is no result. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/audit.h"
#include "analysis/info.h"
#include "analysis/kpi.h"
#include "tiny_run.h"

#define HOURS 5

static char folder[] = "/tmp/depinsim-analysis.XXXXXX";
static char result[300]; /* a good one */

static const char *in_folder(char buf[300], const char *name) {
  snprintf(buf, 300, "%s/%s", folder, name);
  return buf;
}

static int set_up(void **state) {
  struct dp_err err = {0};
  struct dp_comm *comm;
  (void)state;
  if (mkdtemp(folder) == NULL || dp_comm_null_new(&comm, &err) != DP_OK) return 1;
  enum dp_status status = tiny_write(in_folder(result, "good.h5"), comm, HOURS, "here", &err);
  dp_comm_free(comm);
  if (status != DP_OK) print_error("%s\n", err.text);
  return status != DP_OK;
}

static int tear_down(void **state) {
  char command[300];
  (void)state;
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

/* A copy of the good result that a test may damage. */
static void copy_result(const char *to, size_t cut) {
  char bytes[4096];
  FILE *in = fopen(result, "rb"), *out = fopen(to, "wb");
  size_t n, left = cut ? cut : SIZE_MAX;
  assert_true(in && out);
  while (left > 0 && (n = fread(bytes, 1, left < sizeof bytes ? left : sizeof bytes, in)) > 0) {
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    left -= n;
  }
  fclose(in);
  fclose(out);
}

/* Overwrites element `at` of a dataset of 64-bit words of a copy with its value plus `add`. */
static void tamper(const char *path, const char *dataset_name, size_t at, int64_t add) {
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), dataset = H5Dopen2(file, dataset_name, H5P_DEFAULT);
  assert_true(dataset >= 0);
  hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
  size_t n = (size_t)H5Sget_simple_extent_npoints(space);
  int64_t *values = malloc(n * sizeof *values);
  assert_true(at < n && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  values[at] += add;
  assert_true(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  free(values);
  H5Tclose(type);
  H5Sclose(space);
  H5Dclose(dataset);
  H5Fclose(file);
}

/* ---- KPIs ---- */

static const struct dp_kpi_value sample[] = {
    {.name = "job.completed", .unit = "1", .value = 9754, .integer = true, .count = 9754},
    {.name = "job.wait_s.p99", .unit = "s", .value = 0.1},
    {.name = "energy, \"used\"", .unit = "kwh", .value = 1234567.891},
    {.name = "token.supply", .unit = "token", .value = NAN},
};

static void kpis_are_printed_in_aligned_columns(void **state) {
  struct dp_str out = {0};
  (void)state;
  assert_int_equal(dp_kpi_print(&out, DP_TEXT_PLAIN, "x", 1, sample, 4, NULL), DP_OK);
  assert_string_equal(dp_str_text(&out), "job.completed        9754\n"
                                         "job.wait_s.p99        0.1 s\n"
                                         "energy, \"used\"  1234567.9 kwh\n"
                                         "token.supply            - token\n");
  dp_str_fini(&out);
}

static void kpis_as_csv_are_quoted_where_needed_and_exact(void **state) {
  struct dp_str out = {0};
  (void)state;
  assert_int_equal(dp_kpi_print(&out, DP_TEXT_CSV, "x", 1, sample, 4, NULL), DP_OK);
  assert_string_equal(dp_str_text(&out), "name,value,unit\njob.completed,9754,1\njob.wait_s.p99,0.1,s\n"
                                         "\"energy, \"\"used\"\"\",1234567.891,kwh\ntoken.supply,,token\n");
  dp_str_fini(&out);
}

static void kpis_as_json_keep_order_counts_and_undefined_ones(void **state) {
  struct dp_str out = {0};
  const char *key, *first = NULL;
  json_t *value;
  (void)state;
  assert_int_equal(dp_kpi_print(&out, DP_TEXT_JSON, "quick", 0xabcULL, sample, 4, NULL), DP_OK);
  json_t *root = json_loads(dp_str_text(&out), 0, NULL), *kpis = json_object_get(root, "kpi");
  assert_string_equal(json_string_value(json_object_get(root, "scenario")), "quick");
  assert_string_equal(json_string_value(json_object_get(root, "digest")), "0000000000000abc");
  assert_true(json_is_integer(json_object_get(kpis, "job.completed")));
  assert_int_equal(json_integer_value(json_object_get(kpis, "job.completed")), 9754);
  assert_true(json_real_value(json_object_get(kpis, "job.wait_s.p99")) == 0.1);
  assert_true(json_is_null(json_object_get(kpis, "token.supply")));
  assert_string_equal(json_string_value(json_object_get(json_object_get(root, "units"), "job.wait_s.p99")), "s");
  json_object_foreach(kpis, key, value) if (first == NULL) first = key;
  assert_string_equal(first, "job.completed");
  json_decref(root);
  dp_str_fini(&out);
}

static void a_files_kpis_are_those_of_the_run(void **state) {
  struct dp_str out = {0};
  struct dp_err err = {0};
  (void)state;
  assert_int_equal(dp_kpi_file(&out, DP_TEXT_JSON, result, &err), DP_OK);
  json_t *root = json_loads(dp_str_text(&out), 0, NULL), *kpis = json_object_get(root, "kpi");
  assert_string_equal(json_string_value(json_object_get(root, "scenario")), "tiny");
  assert_int_equal(json_integer_value(json_object_get(kpis, "tiny.served")), 15 * (HOURS + 1));
  assert_true(json_is_null(json_object_get(kpis, "tiny.served_ratio")));
  json_decref(root);
  dp_str_fini(&out);
}

/* ---- summary and digest ---- */

static void the_digest_is_sixteen_digits_and_nothing_else(void **state) {
  struct dp_str out = {0};
  struct dp_err err = {0};
  (void)state;
  assert_int_equal(dp_digest_file(&out, result, &err), DP_OK);
  assert_int_equal(out.len, 17);
  assert_int_equal(strspn(out.data, "0123456789abcdef"), 16);
  assert_int_equal(out.data[16], '\n');
  dp_str_fini(&out);
}

static void the_summary_names_what_differs_from_the_defaults(void **state) {
  struct dp_str out = {0};
  struct dp_err err = {0};
  (void)state;
  assert_int_equal(dp_info_file(&out, DP_TEXT_PLAIN, result, &err), DP_OK);
  assert_non_null(strstr(out.data, "Does it add up?\n"));
  assert_non_null(strstr(out.data, "2024-04-15 00:00:00, 5h, settled every 1h"));
  assert_non_null(strstr(out.data, "seed      42, replicate 3"));
  assert_non_null(strstr(out.data, "  scenario: hosts_n = 20\n"));
  assert_non_null(strstr(out.data, "  tiny.model: rate = 0.25 1/s\n"));
  assert_null(strstr(out.data, "size_n"));
  assert_non_null(strstr(out.data, "served [6 x 3]\n"));
  assert_non_null(strstr(out.data, "tiny.model.thing: 15 rows"));
  dp_str_fini(&out);
  assert_int_equal(dp_info_file(&out, DP_TEXT_JSON, result, &err), DP_OK);
  json_t *root = json_loads(out.data, 0, NULL);
  assert_string_equal(json_string_value(json_object_get(root, "duration")), "5h");
  assert_int_equal(json_array_size(json_object_get(root, "parameters")), 2);
  json_decref(root);
  dp_str_fini(&out);
}

/* ---- audit ---- */

static const char *amount(json_t *sheet, const char *group, const char *name) {
  json_t *value = group ? json_object_get(json_object_get(sheet, group), name) : json_object_get(sheet, name);
  return json_string_value(value);
}

/* Five customers pay 100 + c; hosts earn (100 + c) / 2, floored; 5 × 10 is on its way at the end. */
static void the_books_of_a_run_balance_to_the_last_nano_usd(void **state) {
  struct dp_str out = {0};
  struct dp_err err = {0};
  (void)state;
  if (dp_audit_file(&out, DP_TEXT_JSON, result, &err) != DP_OK) fail_msg("%s", err.text);
  json_t *root = json_loads(out.data, 0, NULL), *usd = json_array_get(json_object_get(root, "assets"), 0);
  assert_true(json_is_true(json_object_get(root, "balanced")));
  assert_int_equal(json_integer_value(json_object_get(root, "books")), TINY_CELL_N + 1);
  assert_string_equal(amount(usd, "external_in", "CUSTOMER_PAYMENT"), "0.00000306"); /* 6 · 510 */
  assert_string_equal(amount(usd, "held", "PAYABLE"), "0.000001524");                 /* 6 · 254 */
  assert_string_equal(amount(usd, NULL, "in_flight"), "0.00000005");
  assert_string_equal(amount(usd, "held", "ESCROW"), "0.000001486"); /* the rest */
  assert_string_equal(amount(usd, NULL, "minted"), "0");
  json_decref(root);
  dp_str_fini(&out);
  assert_int_equal(dp_audit_file(&out, DP_TEXT_PLAIN, result, &err), DP_OK);
  assert_non_null(strstr(out.data, "audit: balanced (6 books"));
  dp_str_fini(&out);
}

/* Row of the table of accounts: nine own accounts a cell. */
#define ACCOUNT(cell, kind) ((size_t)(cell) * DP_ACCOUNT_WALLET + (size_t)(kind))

static void assert_caught(const char *path, const char *what) {
  struct dp_str out = {0};
  struct dp_err err = {0};
  assert_int_equal(dp_audit_file(&out, DP_TEXT_PLAIN, path, &err), DP_INVARIANT);
  if (strstr(out.data, what) == NULL) fail_msg("no \"%s\" in:\n%s", what, out.data);
  assert_non_null(strstr(out.data, "audit: not balanced"));
  assert_non_null(strstr(err.text, "the books do not balance"));
  dp_str_fini(&out);
}

static void a_changed_balance_is_found_and_named(void **state) {
  char path[300];
  (void)state;
  copy_result(in_folder(path, "balance.h5"), 0);
  tamper(path, "/tables/books.account/balance_lo", ACCOUNT(3, DP_ACCOUNT_PAYABLE), 1);
  assert_caught(path, "cell 3: USD: the PAYABLE accounts hold, by the journal, 0.000000307 instead of 0.000000306 "
                      "(1 base units off)");
  assert_caught(path, "cell 3: USD: the balances add up to 0.000000001 instead of 0");
}

static void money_moved_between_accounts_behind_the_journal_is_found(void **state) {
  char path[300];
  (void)state;
  copy_result(in_folder(path, "moved.h5"), 0);
  tamper(path, "/tables/books.account/balance_lo", ACCOUNT(1, DP_ACCOUNT_PAYABLE), -7);
  tamper(path, "/tables/books.account/balance_lo", ACCOUNT(1, DP_ACCOUNT_ESCROW), 7);
  assert_caught(path, "cell 1: USD: the ESCROW accounts hold");
}

static void a_debt_is_found_even_when_the_journal_agrees(void **state) {
  char path[300];
  (void)state;
  copy_result(in_folder(path, "debt.h5"), 0);
  /* the replicated book: a protocol take of −1 that came from the escrow */
  tamper(path, "/tables/books.global_account/balance_lo", DP_ACCOUNT_PROTOCOL, -1);
  tamper(path, "/tables/books.global_account/balance_hi", DP_ACCOUNT_PROTOCOL, -1);
  tamper(path, "/tables/books.global_account/balance_lo", DP_ACCOUNT_ESCROW, 1);
  tamper(path, "/tables/books.global_journal/amount_lo", DP_REASON_PROTOCOL_TAKE, -1);
  tamper(path, "/tables/books.global_journal/amount_hi", DP_REASON_PROTOCOL_TAKE, -1);
  assert_caught(path, "replicated book: USD: account 5 of the table (PROTOCOL) holds -0.000000001");
}

static void a_transfer_that_arrives_twice_is_found(void **state) {
  char path[300];
  (void)state;
  copy_result(in_folder(path, "twice.h5"), 0);
  /* 100 more come in over a bridge than all others have sent: each book alone is right */
  tamper(path, "/tables/books.global_account/balance_lo", DP_ACCOUNT_BRIDGE, -100);
  tamper(path, "/tables/books.global_account/balance_hi", DP_ACCOUNT_BRIDGE, -1);
  tamper(path, "/tables/books.global_account/balance_lo", DP_ACCOUNT_TREASURY, 100);
  tamper(path, "/tables/books.global_journal/amount_lo", DP_REASON_TAKE_IN, 100);
  assert_caught(path, "all books: USD: the bridges add up to -0.00000005 instead of 0 (-50 base units off)");
}

/* ---- files that are no results ---- */

static void assert_refused(const char *path, enum dp_status status, const char *what) {
  struct dp_str out = {0};
  struct dp_err err = {0};
  enum dp_status got = dp_kpi_file(&out, DP_TEXT_PLAIN, path, &err);
  if (got != status || strstr(err.text, what) == NULL) fail_msg("%s: %d, %s", path, got, err.text);
  assert_non_null(strstr(err.text, path));
  assert_non_null(strchr(err.text, '(')); /* the remedy */
  dp_str_fini(&out);
}

static void set_attribute(const char *path, const char *name, int64_t value) {
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), attr = H5Aopen(file, name, H5P_DEFAULT);
  assert_true(H5Awrite(attr, H5T_NATIVE_INT64, &value) >= 0);
  H5Aclose(attr);
  H5Fclose(file);
}

static void set_text(const char *path, const char *name, const char *value) {
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, strlen(value));
  hid_t attr = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(H5Awrite(attr, type, value) >= 0);
  H5Aclose(attr);
  H5Sclose(space);
  H5Tclose(type);
  H5Fclose(file);
}

static void what_is_no_result_is_refused_with_a_remedy(void **state) {
  char path[300];
  (void)state;
  assert_refused(in_folder(path, "missing.h5"), DP_IO, "No such file or directory");
  assert_refused(folder, DP_IO, "it is a folder");
  FILE *f = fopen(in_folder(path, "text.h5"), "w");
  fputs("name,value\n", f);
  fclose(f);
  assert_refused(path, DP_FORMAT, "is not an HDF5 file");
  fclose(fopen(in_folder(path, "empty.h5"), "w"));
  assert_refused(path, DP_FORMAT, "is not an HDF5 file");
  assert_refused("/dev/null", DP_FORMAT, "is not an HDF5 file");
  hid_t file = H5Fcreate(in_folder(path, "foreign.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  assert_refused(path, DP_FORMAT, "no result of this program");
  copy_result(in_folder(path, "version.h5"), 0);
  set_attribute(path, "format_version", 999);
  assert_refused(path, DP_FORMAT, "has format version 999");
  set_text(path, "kind", "sweep");
  assert_refused(path, DP_FORMAT, "has format version 999"); /* the first thing to know of a sweep, too */
  set_attribute(path, "format_version", 1);
  assert_refused(path, DP_FORMAT, "is the result of a sweep");
  copy_result(in_folder(path, "incomplete.h5"), 0);
  set_attribute(path, "complete", 0);
  assert_refused(path, DP_FORMAT, "is not complete");
}

/* One wrong byte anywhere is told before HDF5 sees the file; what HDF5 itself has changed is read as it is. */
static void a_truncated_or_damaged_file_is_refused(void **state) {
  char path[300];
  struct stat st;
  (void)state;
  assert_int_equal(stat(result, &st), 0);
  for (off_t size = 1; size < st.st_size - 32; size += st.st_size / 23) {
    copy_result(in_folder(path, "cut.h5"), (size_t)size);
    assert_refused(path, DP_FORMAT, "");
  }
  for (long at = 0; at < st.st_size - 32; at += (long)st.st_size / 101) {
    copy_result(in_folder(path, "noise.h5"), 0);
    FILE *f = fopen(path, "r+b");
    fseek(f, at, SEEK_SET);
    int byte = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(byte ^ 0x10, f);
    fclose(f);
    assert_refused(path, DP_FORMAT, "");
  }
}

int main(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kpis_are_printed_in_aligned_columns),
      cmocka_unit_test(kpis_as_csv_are_quoted_where_needed_and_exact),
      cmocka_unit_test(kpis_as_json_keep_order_counts_and_undefined_ones),
      cmocka_unit_test(a_files_kpis_are_those_of_the_run),
      cmocka_unit_test(the_digest_is_sixteen_digits_and_nothing_else),
      cmocka_unit_test(the_summary_names_what_differs_from_the_defaults),
      cmocka_unit_test(the_books_of_a_run_balance_to_the_last_nano_usd),
      cmocka_unit_test(a_changed_balance_is_found_and_named),
      cmocka_unit_test(money_moved_between_accounts_behind_the_journal_is_found),
      cmocka_unit_test(a_debt_is_found_even_when_the_journal_agrees),
      cmocka_unit_test(a_transfer_that_arrives_twice_is_found),
      cmocka_unit_test(what_is_no_result_is_refused_with_a_remedy),
      cmocka_unit_test(a_truncated_or_damaged_file_is_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
