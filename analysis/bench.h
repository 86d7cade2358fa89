/* analysis/bench.h — what the two benches share: one flat report, as text or as a JSON object.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_BENCH_H
#define DP_ANALYSIS_BENCH_H

#include "analysis/result.h"
#include "engine/comm.h"

enum dp_bench_kind { DP_BENCH_COUNT, DP_BENCH_REAL, DP_BENCH_TEXT, DP_BENCH_FLAG };

/** One line of a report. */
struct dp_bench_field {
  const char *name; /* with its unit */
  enum dp_bench_kind kind;
  uint64_t count; /* of COUNT; of FLAG 0 or 1 */
  double real;    /* of REAL; NaN is null in JSON and "-" in text */
  const char *text;
};

#define DP_BENCH_COUNT_FIELD(label, value) {.name = (label), .kind = DP_BENCH_COUNT, .count = (value)}
#define DP_BENCH_REAL_FIELD(label, value) {.name = (label), .kind = DP_BENCH_REAL, .real = (value)}
#define DP_BENCH_TEXT_FIELD(label, value) {.name = (label), .kind = DP_BENCH_TEXT, .text = (value)}
#define DP_BENCH_FLAG_FIELD(label, value) {.name = (label), .kind = DP_BENCH_FLAG, .count = (value)}

/** Appends the fields: aligned lines, or one JSON object in the same order. Errors: DP_NOMEM. */
enum dp_status dp_bench_print(struct dp_str *out, enum dp_text_format format, const struct dp_bench_field *fields,
                              size_t n, struct dp_err *err);

/** Monotonic wall clock in ns: for reported speeds, never for results. */
int64_t dp_bench_wall_ns(void);

/** Processor time of this process in ns: where other programs run too, it says more than the wall clock. */
int64_t dp_bench_cpu_ns(void);

/** Collective. The longest of all ranks' durations. */
enum dp_status dp_bench_longest(struct dp_comm *comm, int64_t *duration_ns, struct dp_err *err);

#endif
