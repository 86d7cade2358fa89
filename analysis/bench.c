/* analysis/bench.c — printing of flat reports, and the wall clock. */
#include "analysis/bench.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_text(struct dp_str *out, const struct dp_bench_field *fields, size_t n) {
  int width = 0;
  for (size_t i = 0; i < n; i++)
    if ((int)strlen(fields[i].name) > width) width = (int)strlen(fields[i].name);
  for (size_t i = 0; i < n; i++) {
    const struct dp_bench_field *f = &fields[i];
    dp_str_printf(out, "%-*s  ", width, f->name);
    switch (f->kind) {
      case DP_BENCH_COUNT: dp_str_printf(out, "%" PRIu64 "\n", f->count); break;
      case DP_BENCH_REAL:
        if (isfinite(f->real)) dp_str_printf(out, "%.8g\n", f->real);
        else dp_str_append(out, "-\n");
        break;
      case DP_BENCH_TEXT: dp_str_printf(out, "%s\n", f->text); break;
      case DP_BENCH_FLAG: dp_str_printf(out, "%s\n", f->count ? "yes" : "no"); break;
    }
  }
}

static json_t *json_value(const struct dp_bench_field *f) {
  switch (f->kind) {
    case DP_BENCH_COUNT: return json_integer((json_int_t)f->count);
    case DP_BENCH_REAL: return isfinite(f->real) ? json_real(f->real) : json_null();
    case DP_BENCH_TEXT: return json_string(f->text);
    case DP_BENCH_FLAG: break;
  }
  return json_boolean(f->count != 0);
}

static enum dp_status print_json(struct dp_str *out, const struct dp_bench_field *fields, size_t n,
                                 struct dp_err *err) {
  json_t *root = json_object();
  bool done = root != NULL;
  for (size_t i = 0; i < n && done; i++) done = json_object_set_new(root, fields[i].name, json_value(&fields[i])) == 0;
  char *text = done ? json_dumps(root, JSON_INDENT(2)) : NULL;
  json_decref(root);
  if (text == NULL) return dp_fail_nomem(err, "a report");
  dp_str_printf(out, "%s\n", text);
  free(text);
  return DP_OK;
}

enum dp_status dp_bench_print(struct dp_str *out, enum dp_text_format format, const struct dp_bench_field *fields,
                              size_t n, struct dp_err *err) {
  if (format == DP_TEXT_JSON) DP_TRY(print_json(out, fields, n, err));
  else print_text(out, fields, n);
  return out->failed ? dp_fail_nomem(err, "a report") : DP_OK;
}

static int64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * DP_NS_PER_S + t.tv_nsec;
}

int64_t dp_bench_wall_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
int64_t dp_bench_cpu_ns(void) { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

enum dp_status dp_bench_longest(struct dp_comm *comm, int64_t *duration_ns, struct dp_err *err) {
  int64_t least = -*duration_ns;
  DP_TRY(dp_comm_min_i64(comm, &least, 1, err));
  *duration_ns = -least;
  return DP_OK;
}
