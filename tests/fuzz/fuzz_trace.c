/* tests/fuzz/fuzz_trace.c — whatever is in a trace (CSV of three forms, JSON lines, gzip), reading it ends in a status
 * that says something; what is accepted keeps the promises of workload/trace.h. */
#include <string.h>

#include "input.h"
#include "workload/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input in = input_new(data, size);
  struct dp_trace *trace = NULL;
  struct dp_err err = {0};
  struct dp_trace_summary summary;
  int64_t last_ns = 0, row_n = 0;
  enum dp_status status = dp_trace_open(in.path, &trace, &err);
  for (bool eof = false; status == DP_OK && !eof;) {
    struct dp_trace_row row;
    status = dp_trace_next(trace, &row, &eof, &err);
    if (status != DP_OK || eof) continue;
    if (row.time_ns < last_ns || (row_n == 0 && row.time_ns != 0)) abort();
    if (row.prompt_n < 1 || row.prompt_n > DP_TRACE_TOKENS_MAX || row.output_n < 1 ||
        row.output_n > DP_TRACE_TOKENS_MAX || strlen(row.region) > size)
      abort();
    last_ns = row.time_ns;
    row_n++;
  }
  if (status != DP_OK && err.text[0] == '\0') abort();
  dp_trace_close(trace);
  enum dp_status again = dp_trace_scan(in.path, &summary, NULL);
  if (again != status || (status == DP_OK && (summary.rows_n != row_n || summary.span_ns != last_ns))) abort();
  input_free(&in);
  return 0;
}
