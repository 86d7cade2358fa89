/* sim/workload/trace.h — request traces of LLM services, read row by row in one validating pass, plain or gzip.
 * Layer: domain. Not collective. Memory does not grow with the file.
 *
 * The form is told by the first line:
 *   azure      CSV, header TIMESTAMP,ContextTokens,GeneratedTokens; dates, UTC unless they name an offset
 *   mooncake   JSON lines {"timestamp": ms, "input_length": n, "output_length": n, …}
 *   mooncake   CSV with the columns timestamp (ms), input_length, output_length
 *   plain      CSV with the columns time_s, prompt_tokens, output_tokens and, if wanted, region; time_s is a number of
 *              seconds, exact to the ns
 * Columns may stand in any order, further ones are passed over; a `region` is read in each form. Times may repeat but
 * not go back; token counts are whole numbers from 1 to 10,000,000. The header is line 1. */
#ifndef DP_WORKLOAD_TRACE_H
#define DP_WORKLOAD_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define DP_TRACE_TOKENS_MAX INT64_C(10000000)

struct dp_trace;

/** One request. */
struct dp_trace_row {
  int64_t time_ns;    /* since the first request of the trace, which has 0 */
  int64_t prompt_n;   /* tokens, ≥ 1 */
  int64_t output_n;   /* tokens, ≥ 1 */
  const char *region; /* "" when the trace names none; belongs to the trace, valid until the next call */
};

/** What a whole trace holds, and what tells that it is still the same file. */
struct dp_trace_summary {
  int64_t rows_n;
  int64_t prompt_sum;
  int64_t output_sum;
  int64_t span_ns;     /* from the first request to the last */
  uint64_t size_bytes; /* of the file as it is on disk */
  uint64_t hash;       /* XXH3 of those bytes */
};

/** Opens a trace. The caller closes it with dp_trace_close. Errors, each naming file, line and remedy: DP_IO (missing,
 *  a directory, not readable), DP_FORMAT (empty, binary, damaged gzip, no such columns); `*out` is NULL then. */
enum dp_status dp_trace_open(const char *path, struct dp_trace **out, struct dp_err *err);

/** The next request; `*eof` becomes true after the last one, and `*row` is all zero. Errors: DP_FORMAT
 *  "path:line: …", also for a trace without any request; DP_IO; DP_NOMEM. */
enum dp_status dp_trace_next(struct dp_trace *trace, struct dp_trace_row *row, bool *eof, struct dp_err *err);

/** Passes over `rows_n` requests, as when a run goes on from a checkpoint; DP_FORMAT when the trace has fewer. */
enum dp_status dp_trace_skip(struct dp_trace *trace, int64_t rows_n, struct dp_err *err);

/** Requests handed out or passed over so far; line of the last one; name of the form ("azure", …). */
int64_t dp_trace_rows_n(const struct dp_trace *trace);
int64_t dp_trace_line(const struct dp_trace *trace);
const char *dp_trace_form(const struct dp_trace *trace);

/** Closes and frees; NULL is allowed. */
void dp_trace_close(struct dp_trace *trace);

/** Reads a whole trace; errors as dp_trace_open and dp_trace_next. */
enum dp_status dp_trace_scan(const char *path, struct dp_trace_summary *summary, struct dp_err *err);

#endif
