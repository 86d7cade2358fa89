/* sim/base/csv.h — streaming reader of CSV and TSV tables with a header (RFC 4180), plain or gzip.
 * Layer: base. Not collective. libcsv in its strict mode splits the fields; it is fed physical line by physical
 * line (base/lines.h), so that errors name the line on which the record starts. The header is line 1. Blanks belong
 * to a field. Empty lines are passed over. */
#ifndef DP_BASE_CSV_H
#define DP_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lines.h"
#include "base/status.h"

#define DP_CSV_FIELD_MAX ((size_t)1 << 20) /* bytes of the longest field */

struct dp_csv;

/** One record. Everything belongs to the reader and is valid until the next call of dp_csv_next. */
struct dp_csv_row {
  char *const *fields; /* n texts, NUL-terminated */
  const size_t *lens;  /* their lengths in bytes */
  size_t n;            /* always the number of columns of the header */
  int64_t line;        /* line on which the record starts; the header is line 1 */
};

/** Opens a table and reads its header. `delimiter` is ',', '\t' and so on; 0 takes a tab when the header line holds
 *  one and no comma, else a comma. The caller closes it with dp_csv_close. Errors as dp_lines_open, and DP_FORMAT
 *  for a header that is broken or names a column twice. `*out` is NULL then. */
enum dp_status dp_csv_open(const char *path, char delimiter, struct dp_csv **out, struct dp_err *err);

/** The next record; `*eof` becomes true after the last one (then row->n is 0). `row` may be NULL: the dp_csv_… field
 *  functions see it.
 *  Errors: as dp_lines_next, and DP_FORMAT for a quote that is not closed or stands inside a field, a field over
 *  DP_CSV_FIELD_MAX, or another number of fields than the header has. */
enum dp_status dp_csv_next(struct dp_csv *csv, struct dp_csv_row *row, bool *eof, struct dp_err *err);

/** Index of the column of that name (letter case counts), −1 when there is none. */
int dp_csv_column(const struct dp_csv *csv, const char *name);

/** As dp_csv_column; without such a column DP_FORMAT "path:1: no column 'x' (did you mean 'y'? the columns are …)". */
enum dp_status dp_csv_need_column(const struct dp_csv *csv, const char *name, int *column, struct dp_err *err);

/** Number of columns and the name of one. */
int dp_csv_columns_n(const struct dp_csv *csv);
const char *dp_csv_column_name(const struct dp_csv *csv, int column);

/** Text of a field of the current record. */
const char *dp_csv_text(const struct dp_csv *csv, int column);

/** Whole number, number, date of a field of the current record, as dp_parse_i64, dp_parse_f64, dp_parse_date_ns;
 *  errors are DP_FORMAT "path:line: column 'X': 'abc' is not a number (a number ≥ 0 is needed)". */
enum dp_status dp_csv_i64(const struct dp_csv *csv, int column, int64_t min, int64_t max, int64_t *out,
                          struct dp_err *err);
enum dp_status dp_csv_f64(const struct dp_csv *csv, int column, double min, double max, double *out,
                          struct dp_err *err);
enum dp_status dp_csv_date_ns(const struct dp_csv *csv, int column, int64_t *out_ns, struct dp_err *err);

/** Records DP_FORMAT and "path:line: column 'X': message" about the current record; without the column when it is <
 *  0. */
enum dp_status dp_csv_fail(const struct dp_csv *csv, int column, struct dp_err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Records handed out so far (the header is not one): the position to give to dp_csv_skip after opening again. */
int64_t dp_csv_rows_n(const struct dp_csv *csv);

/** Passes over `rows_n` records; DP_FORMAT when the file has fewer. */
enum dp_status dp_csv_skip(struct dp_csv *csv, int64_t rows_n, struct dp_err *err);

/** Line on which the current record starts, and the path as it was given. */
int64_t dp_csv_line(const struct dp_csv *csv);
const char *dp_csv_path(const struct dp_csv *csv);

/** Closes and frees; NULL is allowed. */
void dp_csv_close(struct dp_csv *csv);

#endif
