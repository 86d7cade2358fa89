/* tests/fuzz/fuzz_csv.c — whatever is in a table, plain or gzip, reading it ends in a status that says something; every
 * record has the header's number of fields. */
#include <math.h>
#include <string.h>

#include "base/csv.h"
#include "input.h"

static void read_fields(struct dp_csv *csv, const struct dp_csv_row *row) {
  int64_t whole;
  double number;
  if ((int)row->n != dp_csv_columns_n(csv)) abort();
  for (int i = 0; i < (int)row->n; i++) {
    struct dp_err err = {0};
    if (dp_csv_i64(csv, i, -5, 5, &whole, &err) == DP_OK ? whole < -5 || whole > 5 : !err.text[0]) abort();
    err = (struct dp_err){0};
    if (dp_csv_f64(csv, i, -INFINITY, INFINITY, &number, &err) == DP_OK ? !isfinite(number) : !err.text[0]) abort();
    dp_csv_date_ns(csv, i, &whole, NULL);
    if (strlen(row->fields[i]) > row->lens[i] || dp_csv_column(csv, dp_csv_column_name(csv, i)) != i) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  struct input in = input_new(data + 1, size - 1);
  struct dp_csv *csv = NULL;
  struct dp_err err = {0};
  const char delimiters[] = {0, ',', '\t', ';'};
  enum dp_status status = dp_csv_open(in.path, delimiters[data[0] % 4], &csv, &err);
  bool eof = false;
  while (status == DP_OK && !eof) {
    struct dp_csv_row row;
    status = dp_csv_next(csv, &row, &eof, &err);
    if (status == DP_OK && !eof) read_fields(csv, &row);
  }
  if (status != DP_OK && err.text[0] == '\0') abort();
  dp_csv_close(csv);
  input_free(&in);
  return 0;
}
