/* sim/base/csv.c — records of CSV and TSV tables: libcsv splits what base/lines.h reads. */
#include "base/csv.h"

#include <csv.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/str.h"

#define COLUMNS_MAX 4096

struct dp_csv {
  struct dp_lines *lines;
  struct csv_parser parser;
  bool parser_made;
  bool guess_delimiter;
  char **names; /* the header: columns_n texts, owned */
  size_t columns_n;
  int64_t rows_n;
  /* The record that is read or was read last. */
  struct dp_str text; /* the fields, NUL after each */
  char **fields;      /* into text, set when the record is complete */
  size_t *lens;
  size_t cap;         /* places in fields and lens */
  size_t fields_n;    /* may pass fields_limit() */
  int64_t line;       /* its first line; 0 when none has begun */
  size_t open_bytes;  /* bytes fed since a line in which a field ended */
  bool field_ended;   /* in the line fed last */
  bool complete;
  bool lone_cr;       /* a field came after the record's end on one line */
  bool too_long;
  bool nomem;
};

/* ---- libcsv's side ---- */

static int never_space(unsigned char c) {
  (void)c;
  return 0;
}

/* How many fields of a record are kept; what is too much is only counted. */
static size_t fields_limit(const struct dp_csv *csv) { return csv->names == NULL ? COLUMNS_MAX : csv->columns_n; }

static bool grow_fields(struct dp_csv *csv, size_t place) {
  if (place < csv->cap) return true;
  size_t cap = csv->cap == 0 ? 16 : csv->cap * 2;
  char **fields = realloc(csv->fields, cap * sizeof *fields);
  if (fields != NULL) csv->fields = fields;
  size_t *lens = realloc(csv->lens, cap * sizeof *lens);
  if (lens != NULL) csv->lens = lens;
  if (fields == NULL || lens == NULL) return false;
  csv->cap = cap;
  return true;
}

static void on_field(void *bytes, size_t len, void *context) {
  struct dp_csv *csv = context;
  csv->field_ended = true;
  csv->lone_cr = csv->lone_cr || csv->complete;
  csv->too_long = csv->too_long || len > DP_CSV_FIELD_MAX;
  size_t place = csv->fields_n++;
  if (place >= fields_limit(csv) || csv->too_long || csv->nomem) return;
  csv->nomem = !grow_fields(csv, place);
  if (csv->nomem) return;
  csv->lens[place] = len;
  dp_str_append_n(&csv->text, bytes, len);
  dp_str_append_n(&csv->text, "", 1);
}

static void on_record(int terminator, void *context) {
  (void)terminator;
  struct dp_csv *csv = context;
  csv->complete = true;
}

/* ---- records ---- */

static enum dp_status fail_at(const struct dp_csv *csv, struct dp_err *err, const char *text) {
  return dp_fail(err, DP_FORMAT, "%s:%lld: %s", dp_lines_path(csv->lines), (long long)csv->line, text);
}

/* Gives one physical line to libcsv and looks at what came of it. */
static enum dp_status feed(struct dp_csv *csv, const char *text, size_t len, struct dp_err *err) {
  csv->field_ended = false;
  size_t taken = csv_parse(&csv->parser, text, len, on_field, on_record, csv);
  if (taken == len && text[len - 1] != '\n') taken += csv_parse(&csv->parser, "\n", 1, on_field, on_record, csv) - 1;
  if (csv->nomem || csv->text.failed || (taken != len && csv_error(&csv->parser) == CSV_ENOMEM))
    return dp_fail_nomem(err, "a record of a table");
  if (taken != len)
    return fail_at(csv, err, "a quote in the middle of a field (put the field in quotes and double the quotes in it)");
  if (csv->lone_cr)
    return fail_at(csv, err, "a carriage return inside a line (lines that end in LF or CRLF are needed)");
  csv->open_bytes = csv->field_ended ? 0 : csv->open_bytes + len;
  if (csv->too_long || (!csv->complete && csv->open_bytes > DP_CSV_FIELD_MAX))
    return fail_at(csv, err, "a field is longer than 1 MiB (is a quote not closed? shorter fields are needed)");
  return DP_OK;
}

/* Takes the delimiter from the header line. */
static void guess_delimiter(struct dp_csv *csv, const char *text, size_t len) {
  if (memchr(text, '\t', len) != NULL && memchr(text, ',', len) == NULL) csv_set_delim(&csv->parser, '\t');
  csv->guess_delimiter = false;
}

static bool is_blank(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (text[i] != '\n' && text[i] != '\r') return false;
  return true;
}

/* Reads one record into fields and lens; *eof when there is none. */
static enum dp_status read_record(struct dp_csv *csv, bool *eof, struct dp_err *err) {
  dp_str_clear(&csv->text);
  csv->fields_n = 0;
  csv->line = 0;
  csv->open_bytes = 0;
  csv->complete = false;
  while (!csv->complete) {
    char *text;
    size_t len;
    DP_TRY(dp_lines_next_raw(csv->lines, &text, &len, eof, err));
    if (*eof && csv->line == 0) return DP_OK;
    if (*eof) return fail_at(csv, err, "a quote opens in this record and is not closed (close it or remove it)");
    if (csv->line == 0 && is_blank(text, len)) continue;
    if (csv->line == 0) csv->line = dp_lines_number(csv->lines);
    if (csv->guess_delimiter) guess_delimiter(csv, text, len);
    DP_TRY(feed(csv, text, len, err));
  }
  size_t kept = csv->fields_n < fields_limit(csv) ? csv->fields_n : fields_limit(csv);
  char *at = csv->text.data;
  for (size_t i = 0; i < kept; at += csv->lens[i++] + 1) csv->fields[i] = at;
  return DP_OK;
}

/* The names of the columns, quoted, a few hundred bytes at most. */
static void list_columns(const struct dp_csv *csv, char *buf, size_t size) {
  struct dp_str list;
  dp_str_init(&list);
  for (size_t i = 0; i < csv->columns_n; i++) {
    if (list.len > size / 2) {
      dp_str_append(&list, ", …");
      break;
    }
    dp_str_printf(&list, "%s'%.60s'", i == 0 ? "" : ", ", csv->names[i]);
  }
  size_t n = list.len < size ? list.len : size - 1;
  memcpy(buf, dp_str_text(&list), n);
  buf[n] = '\0';
  dp_str_fini(&list);
}

enum dp_status dp_csv_next(struct dp_csv *csv, struct dp_csv_row *row, bool *eof, struct dp_err *err) {
  if (row != NULL) *row = (struct dp_csv_row){0};
  DP_TRY(read_record(csv, eof, err));
  if (*eof) return DP_OK;
  if (csv->fields_n != csv->columns_n) {
    char columns[300];
    list_columns(csv, columns, sizeof columns);
    return dp_fail(err, DP_FORMAT, "%s:%lld: %zu field%s where the header has %zu (a value for each of %s is needed)",
                   dp_csv_path(csv), (long long)csv->line, csv->fields_n, csv->fields_n == 1 ? "" : "s", csv->columns_n,
                   columns);
  }
  csv->rows_n++;
  if (row != NULL)
    *row = (struct dp_csv_row){.fields = csv->fields, .lens = csv->lens, .n = csv->fields_n, .line = csv->line};
  return DP_OK;
}

enum dp_status dp_csv_skip(struct dp_csv *csv, int64_t rows_n, struct dp_err *err) {
  for (int64_t i = 0; i < rows_n; i++) {
    bool eof;
    DP_TRY(dp_csv_next(csv, NULL, &eof, err));
    if (eof)
      return dp_fail(err, DP_FORMAT,
                     "%s: has only %lld records where %lld are needed (the file that the run began with)",
                     dp_csv_path(csv), (long long)csv->rows_n, (long long)(csv->rows_n - i + rows_n));
  }
  return DP_OK;
}

/* ---- columns and fields ---- */

int dp_csv_column(const struct dp_csv *csv, const char *name) {
  for (size_t i = 0; i < csv->columns_n; i++)
    if (strcmp(csv->names[i], name) == 0) return (int)i;
  return -1;
}

enum dp_status dp_csv_need_column(const struct dp_csv *csv, const char *name, int *column, struct dp_err *err) {
  int found = dp_csv_column(csv, name);
  if (found < 0) {
    char columns[500];
    list_columns(csv, columns, sizeof columns);
    const char *near = dp_str_suggest(name, (const char *const *)csv->names, csv->columns_n);
    if (near == NULL)
      return dp_fail(err, DP_FORMAT, "%s:1: there is no column '%s' (the columns are %s)", dp_csv_path(csv), name,
                     columns);
    return dp_fail(err, DP_FORMAT, "%s:1: there is no column '%s' (rename '%.60s' to it? the columns are %s)",
                   dp_csv_path(csv), name, near, columns);
  }
  *column = found;
  return DP_OK;
}

int dp_csv_columns_n(const struct dp_csv *csv) { return (int)csv->columns_n; }

const char *dp_csv_column_name(const struct dp_csv *csv, int column) { return csv->names[column]; }

const char *dp_csv_text(const struct dp_csv *csv, int column) { return csv->fields[column]; }

int64_t dp_csv_rows_n(const struct dp_csv *csv) { return csv->rows_n; }

int64_t dp_csv_line(const struct dp_csv *csv) { return csv->line; }

const char *dp_csv_path(const struct dp_csv *csv) { return dp_lines_path(csv->lines); }

enum dp_status dp_csv_fail(const struct dp_csv *csv, int column, struct dp_err *err, const char *format, ...) {
  struct dp_err own = {0};
  va_list args;
  va_start(args, format);
  dp_vfail(&own, DP_FORMAT, format, args);
  va_end(args);
  if (column >= 0) dp_err_prefix(&own, "column '%.60s': ", csv->names[column]);
  return dp_fail(err, DP_FORMAT, "%s:%lld: %s", dp_csv_path(csv), (long long)csv->line, own.text);
}

enum dp_status dp_csv_i64(const struct dp_csv *csv, int column, int64_t min, int64_t max, int64_t *out,
                          struct dp_err *err) {
  struct dp_err own;
  own.status = DP_OK;
  if (dp_parse_i64(csv->fields[column], min, max, out, &own) == DP_OK) return DP_OK;
  return dp_csv_fail(csv, column, err, "%s", own.text);
}

enum dp_status dp_csv_f64(const struct dp_csv *csv, int column, double min, double max, double *out,
                          struct dp_err *err) {
  struct dp_err own;
  own.status = DP_OK;
  if (dp_parse_f64(csv->fields[column], min, max, out, &own) == DP_OK) return DP_OK;
  return dp_csv_fail(csv, column, err, "%s", own.text);
}

enum dp_status dp_csv_date_ns(const struct dp_csv *csv, int column, int64_t *out_ns, struct dp_err *err) {
  struct dp_err own;
  own.status = DP_OK;
  if (dp_parse_date_ns(csv->fields[column], out_ns, &own) == DP_OK) return DP_OK;
  return dp_csv_fail(csv, column, err, "%s", own.text);
}

/* ---- opening and closing ---- */

/* Keeps the record that was read as the header. */
static enum dp_status take_header(struct dp_csv *csv, struct dp_err *err) {
  if (csv->fields_n > COLUMNS_MAX) return fail_at(csv, err, "more than 4096 columns (a table with a header is needed)");
  char **names = dp_zeros(csv->fields_n, sizeof *names);
  if (names == NULL) return dp_fail_nomem(err, "the header of a table");
  csv->names = names;
  csv->columns_n = csv->fields_n;
  for (size_t i = 0; i < csv->columns_n; i++) {
    struct dp_str name = {0};
    dp_str_append(&name, csv->fields[i]);
    names[i] = dp_str_steal(&name);
    if (names[i] == NULL) return dp_fail_nomem(err, "the header of a table");
    for (size_t j = 0; j < i; j++)
      if (strcmp(names[i], names[j]) == 0)
        return dp_fail(err, DP_FORMAT, "%s:%lld: the header names column '%.60s' twice (each name once is needed)",
                       dp_csv_path(csv), (long long)csv->line, names[i]);
  }
  return DP_OK;
}

static enum dp_status begin(struct dp_csv *csv, const char *path, char delimiter, struct dp_err *err) {
  DP_TRY(dp_lines_open(path, &csv->lines, err));
  if (csv_init(&csv->parser, CSV_STRICT) != 0) return dp_fail_nomem(err, "the reader of a table");
  csv->parser_made = true;
  csv->guess_delimiter = delimiter == 0;
  csv_set_delim(&csv->parser, delimiter == 0 ? ',' : (unsigned char)delimiter);
  csv_set_space_func(&csv->parser, never_space);
  bool eof;
  DP_TRY(read_record(csv, &eof, err));
  if (eof) return dp_fail(err, DP_FORMAT, "%s: the file has only empty lines (a header line is needed)", path);
  return take_header(csv, err);
}

enum dp_status dp_csv_open(const char *path, char delimiter, struct dp_csv **out, struct dp_err *err) {
  *out = NULL;
  struct dp_csv *csv = calloc(1, sizeof *csv);
  if (csv == NULL) return dp_fail_nomem(err, "the reader of a table");
  enum dp_status status = begin(csv, path, delimiter, err);
  if (status != DP_OK) {
    dp_csv_close(csv);
    return status;
  }
  *out = csv;
  return DP_OK;
}

void dp_csv_close(struct dp_csv *csv) {
  if (csv == NULL) return;
  if (csv->parser_made) csv_free(&csv->parser);
  dp_lines_close(csv->lines);
  for (size_t i = 0; i < csv->columns_n; i++) free(csv->names[i]);
  free(csv->names);
  free(csv->fields);
  free(csv->lens);
  dp_str_fini(&csv->text);
  free(csv);
}
