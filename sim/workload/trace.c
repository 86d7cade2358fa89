/* sim/workload/trace.c — request traces: forms, columns, rows, checks. */
#include "workload/trace.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/hash.h"
#include "base/lines.h"
#include "base/str.h"

enum { TIME, PROMPT, OUTPUT, KEYS_N };

enum clock { CLOCK_DATE, CLOCK_MS, CLOCK_S };

/** A table form: its name, its clock and its three columns. */
struct form {
  const char *name;
  enum clock clock;
  const char *columns[KEYS_N];
};

static const struct form forms[] = {
    {"azure", CLOCK_DATE, {"TIMESTAMP", "ContextTokens", "GeneratedTokens"}},
    {"mooncake", CLOCK_MS, {"timestamp", "input_length", "output_length"}},
    {"plain", CLOCK_S, {"time_s", "prompt_tokens", "output_tokens"}},
};

enum { FORMS_N = sizeof forms / sizeof forms[0] };

#define MOONCAKE (&forms[1])
#define MS_MAX (INT64_MAX / 1000000)
#define COLUMNS_TEXT                                                                                                 \
  "TIMESTAMP,ContextTokens,GeneratedTokens (Azure), timestamp,input_length,output_length (Mooncake) or "             \
  "time_s,prompt_tokens,output_tokens[,region]"

struct dp_trace {
  const struct form *form;
  struct dp_csv *csv;     /* a table, or */
  struct dp_lines *lines; /* JSON lines */
  json_t *object;         /* the current line of those; it owns the region's text */
  int columns[KEYS_N];
  int region_column; /* −1: none */
  int64_t rows_n;
  int64_t first_ns; /* absolute time of the first request and of the last one */
  int64_t last_ns;
};

static const char *path_of(const struct dp_trace *t) { return t->csv ? dp_csv_path(t->csv) : dp_lines_path(t->lines); }

/* Fails about the record that was read last. */
static enum dp_status fail_row(const struct dp_trace *t, struct dp_err *err, const char *what) {
  return dp_fail(err, DP_FORMAT, "%s:%lld: %s", path_of(t), (long long)dp_trace_line(t), what);
}

/* Of the header's columns, how many are the form's: exactly (100 each) or nearly. */
static int score(const struct dp_csv *csv, const struct form *form) {
  int points = 0;
  for (int k = 0; k < KEYS_N; k++)
    if (dp_csv_column(csv, form->columns[k]) >= 0) points += 100;
  for (int i = 0; i < dp_csv_columns_n(csv); i++)
    if (dp_str_suggest(dp_csv_column_name(csv, i), form->columns, KEYS_N)) points++;
  return points;
}

/* Whether the header is of printable ASCII. */
static bool is_ascii(const struct dp_csv *csv) {
  for (int i = 0; i < dp_csv_columns_n(csv); i++)
    for (const char *c = dp_csv_column_name(csv, i); *c; c++)
      if (*c < ' ' || *c > '~') return false;
  return true;
}

static enum dp_status open_table(struct dp_trace *t, const char *path, struct dp_err *err) {
  DP_TRY(dp_csv_open(path, 0, &t->csv, err));
  int best = 0;
  for (int f = 0; f < FORMS_N; f++) {
    int points = score(t->csv, &forms[f]);
    if (points <= best) continue;
    best = points;
    t->form = &forms[f];
  }
  if (!t->form)
    return dp_fail(err, DP_FORMAT, "%s:1: %s (the header must name %s)", path,
                   is_ascii(t->csv) ? "no columns of a request trace" : "a binary file? no columns of a request trace",
                   COLUMNS_TEXT);
  for (int k = 0; k < KEYS_N; k++) DP_TRY(dp_csv_need_column(t->csv, t->form->columns[k], &t->columns[k], err));
  t->region_column = dp_csv_column(t->csv, "region");
  return DP_OK;
}

/* Looks at the first line that is not empty: an object opens JSON lines; all else is left to the table reader. */
static enum dp_status open_lines(struct dp_trace *t, const char *path, struct dp_err *err) {
  char *text;
  size_t len;
  bool eof;
  char first = 0;
  DP_TRY(dp_lines_open(path, &t->lines, err));
  do {
    DP_TRY(dp_lines_next(t->lines, &text, &len, &eof, err));
    if (!eof) first = text[strspn(text, " \t")];
  } while (!eof && !first);
  if (first == '[') return dp_lines_fail(t->lines, err, DP_FORMAT, "a JSON array (write one JSON object a line)");
  dp_lines_close(t->lines);
  t->lines = NULL;
  if (first != '{') return DP_OK;
  t->form = MOONCAKE;
  return dp_lines_open(path, &t->lines, err);
}

enum dp_status dp_trace_open(const char *path, struct dp_trace **out, struct dp_err *err) {
  *out = NULL;
  struct dp_trace *t = calloc(1, sizeof *t);
  if (!t) return dp_fail_nomem(err, "a trace");
  t->region_column = -1;
  enum dp_status status = open_lines(t, path, err);
  if (status == DP_OK && !t->lines) status = open_table(t, path, err);
  if (status == DP_OK)
    *out = t;
  else
    dp_trace_close(t);
  return status;
}

void dp_trace_close(struct dp_trace *trace) {
  if (!trace) return;
  json_decref(trace->object);
  dp_lines_close(trace->lines);
  dp_csv_close(trace->csv);
  free(trace);
}

static enum dp_status table_time(const struct dp_trace *t, int64_t *time_ns, struct dp_err *err) {
  int column = t->columns[TIME];
  switch (t->form->clock) {
    case CLOCK_DATE: return dp_csv_date_ns(t->csv, column, time_ns, err);
    case CLOCK_MS:
      DP_TRY(dp_csv_i64(t->csv, column, 0, MS_MAX, time_ns, err));
      *time_ns *= 1000000;
      return DP_OK;
    case CLOCK_S: break;
  }
  const char *text = dp_csv_text(t->csv, column);
  if (text[strspn(text, "0123456789.eE+-")] || dp_parse_duration_ns(text, time_ns, NULL) != DP_OK)
    return dp_csv_fail(t->csv, column, err, "'%s' is not a time (a number of seconds ≥ 0 is needed)", text);
  return DP_OK;
}

static enum dp_status next_table(struct dp_trace *t, struct dp_trace_row *row, bool *eof, struct dp_err *err) {
  struct dp_csv_row record;
  DP_TRY(dp_csv_next(t->csv, &record, eof, err));
  if (*eof) return DP_OK;
  DP_TRY(table_time(t, &row->time_ns, err));
  DP_TRY(dp_csv_i64(t->csv, t->columns[PROMPT], 1, DP_TRACE_TOKENS_MAX, &row->prompt_n, err));
  DP_TRY(dp_csv_i64(t->csv, t->columns[OUTPUT], 1, DP_TRACE_TOKENS_MAX, &row->output_n, err));
  if (t->region_column >= 0) row->region = dp_csv_text(t->csv, t->region_column);
  return DP_OK;
}

/* A whole number of the current JSON object. */
static enum dp_status member(const struct dp_trace *t, int key, int64_t min, int64_t max, int64_t *out,
                             struct dp_err *err) {
  const char *name = t->form->columns[key];
  const json_t *value = json_object_get(t->object, name);
  if (!value)
    return dp_lines_fail(t->lines, err, DP_FORMAT,
                         "no \"%s\" (each line needs timestamp, input_length, output_length)", name);
  int64_t number = json_is_integer(value) ? (int64_t)json_integer_value(value) : min - 1;
  if (number < min || number > max)
    return dp_lines_fail(t->lines, err, DP_FORMAT, "\"%s\" is not a whole number in %lld to %lld", name, (long long)min,
                         (long long)max);
  *out = number;
  return DP_OK;
}

static enum dp_status next_object(struct dp_trace *t, struct dp_trace_row *row, bool *eof, struct dp_err *err) {
  char *text;
  size_t len;
  do {
    DP_TRY(dp_lines_next(t->lines, &text, &len, eof, err));
    if (*eof) return DP_OK;
  } while (!text[strspn(text, " \t")]);
  json_error_t broken;
  json_decref(t->object);
  t->object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &broken);
  if (!t->object)
    return dp_lines_fail(t->lines, err, DP_FORMAT, "broken JSON at column %d: %s (each line must be one object)",
                         broken.column, broken.text);
  if (!json_is_object(t->object))
    return dp_lines_fail(t->lines, err, DP_FORMAT, "not a JSON object (each line must be one)");
  DP_TRY(member(t, TIME, 0, MS_MAX, &row->time_ns, err));
  DP_TRY(member(t, PROMPT, 1, DP_TRACE_TOKENS_MAX, &row->prompt_n, err));
  DP_TRY(member(t, OUTPUT, 1, DP_TRACE_TOKENS_MAX, &row->output_n, err));
  row->time_ns *= 1000000;
  const char *region = json_string_value(json_object_get(t->object, "region"));
  if (region) row->region = region;
  return DP_OK;
}

enum dp_status dp_trace_next(struct dp_trace *trace, struct dp_trace_row *row, bool *eof, struct dp_err *err) {
  *row = (struct dp_trace_row){.region = ""};
  DP_TRY(trace->csv ? next_table(trace, row, eof, err) : next_object(trace, row, eof, err));
  if (*eof) {
    *row = (struct dp_trace_row){0};
    if (trace->rows_n > 0) return DP_OK;
    return dp_fail(err, DP_FORMAT, "%s:1: a header and no request (at least one row is needed)", path_of(trace));
  }
  if (trace->rows_n == 0) trace->first_ns = trace->last_ns = row->time_ns;
  if (row->time_ns < trace->last_ns)
    return fail_row(trace, err, "the time is before that of the row above (sort by time)");
  trace->last_ns = row->time_ns;
  if (__builtin_sub_overflow(row->time_ns, trace->first_ns, &row->time_ns))
    return fail_row(trace, err, "the time is over 292 years after the first request");
  trace->rows_n++;
  return DP_OK;
}

enum dp_status dp_trace_skip(struct dp_trace *trace, int64_t rows_n, struct dp_err *err) {
  struct dp_trace_row row;
  bool eof = false;
  for (int64_t i = 0; i < rows_n; i++) {
    DP_TRY(dp_trace_next(trace, &row, &eof, err));
    if (eof)
      return dp_fail(err, DP_FORMAT,
                     "%s: the trace ends after %lld requests (the file that the run began with is needed)",
                     path_of(trace), (long long)trace->rows_n);
  }
  return DP_OK;
}

int64_t dp_trace_rows_n(const struct dp_trace *trace) { return trace->rows_n; }

int64_t dp_trace_line(const struct dp_trace *trace) {
  return trace->csv ? dp_csv_line(trace->csv) : dp_lines_number(trace->lines);
}

const char *dp_trace_form(const struct dp_trace *trace) { return trace->form->name; }

static enum dp_status sum_rows(struct dp_trace *trace, struct dp_trace_summary *s, struct dp_err *err) {
  struct dp_trace_row row;
  for (bool eof = false;;) {
    DP_TRY(dp_trace_next(trace, &row, &eof, err));
    if (eof) return DP_OK;
    s->rows_n++;
    s->prompt_sum += row.prompt_n;
    s->output_sum += row.output_n;
    s->span_ns = row.time_ns;
  }
}

enum dp_status dp_trace_scan(const char *path, struct dp_trace_summary *summary, struct dp_err *err) {
  struct dp_trace *trace;
  struct dp_trace_summary s = {0};
  DP_TRY(dp_trace_open(path, &trace, err));
  enum dp_status status = sum_rows(trace, &s, err);
  dp_trace_close(trace);
  DP_TRY(status);
  DP_TRY(dp_hash_file(path, &s.size_bytes, &s.hash, err));
  *summary = s;
  return DP_OK;
}
