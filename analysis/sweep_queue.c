/* analysis/sweep_queue.c — which runs are still to be done, and in which order. */
#include <math.h>
#include <stdlib.h>

#include "analysis/sweep_farm.h"

#define LOOK_AHEAD_POINTS 1000 /* more points than that are short enough, each against all, in any order */

size_t dp__sweep_cap(const struct dp_sweep *s) {
  return s->options->point_cap ? s->options->point_cap : s->study->point_n;
}

static bool has_ended(const struct dp_sweep *s, size_t run) {
  return s->states[run] == DP_RUN_DONE || s->states[run] == DP_RUN_FAILED;
}

/* ---- replicates of a point ---- */

/* How many replicates are needed, when the first n have ended: n when that is enough. */
static size_t enough(const struct dp_sweep *s, size_t point, size_t n) {
  if (!s->precise || n >= s->most_n) return n;
  struct dp_interval i = dp_stat_interval(s->precise + point * s->most_n, n, 0.95);
  if (i.n < 2) return n; /* its runs fail, or its figure is not defined: more of them will not help */
  size_t more = dp_stat_needed(&i, s->study->half_width_ratio * fabs(i.mean));
  return n + more - i.n < s->most_n ? n + more - i.n : s->most_n;
}

/* Looks again at how many replicates a point needs; it hangs on its runs alone, not on when they came. */
static void settle(struct dp_sweep *s, size_t point) {
  for (;;) {
    size_t n = s->needed_n[point];
    for (size_t r = s->first_n[point]; r < n; r++)
      if (!has_ended(s, point * s->most_n + r)) return;
    size_t more = enough(s, point, n);
    if (more == n) return;
    s->wanted_n += more - n;
    s->needed_n[point] = (uint32_t)more;
  }
}

/* ---- the queue ---- */

static enum dp_status append(struct dp_farm *f, size_t point, size_t from, size_t to, struct dp_err *err) {
  if (f->span_n == f->span_cap) {
    size_t cap = f->span_cap ? 2 * f->span_cap : 1024;
    struct dp_span *grown = realloc(f->spans, cap * sizeof *grown);
    if (grown == NULL) return dp_fail_nomem(err, "the sweep's runs");
    f->spans = grown;
    f->span_cap = cap;
  }
  f->spans[f->span_n++] = (struct dp_span){point, (uint32_t)from, (uint32_t)to};
  f->left_n += to - from;
  return DP_OK;
}

/* The replicates of a point that nobody has run or runs. */
static enum dp_status append_missing(struct dp_farm *f, size_t point, struct dp_err *err) {
  struct dp_sweep *s = f->sweep;
  size_t n = s->needed_n[point], from = s->first_n[point];
  for (size_t r = from; r <= n; r++) {
    bool missing = r < n && s->states[point * s->most_n + r] == DP_RUN_NONE;
    if (missing) {
      s->states[point * s->most_n + r] = DP_RUN_DEALT;
      continue;
    }
    if (r > from) DP_TRY(append(f, point, from, r, err));
    from = r + 1;
  }
  return DP_OK;
}

bool dp__sweep_next(struct dp_farm *f, size_t most_n, struct dp_span *out) {
  if (f->first == f->span_n) return false;
  struct dp_span *span = &f->spans[f->first];
  *out = *span;
  if (out->to - out->from > most_n) out->to = out->from + (uint32_t)most_n;
  span->from = out->to;
  if (span->from == span->to) f->first++;
  f->left_n -= out->to - out->from;
  return true;
}

/* ---- order ---- */

struct cost {
  int64_t duration_ns;
  size_t point;
};

static int longest_first(const void *a, const void *b) {
  const struct cost *x = a, *y = b;
  if (x->duration_ns != y->duration_ns) return x->duration_ns < y->duration_ns ? 1 : -1;
  return (x->point > y->point) - (x->point < y->point);
}

enum dp_status dp__sweep_queue(struct dp_farm *f, struct dp_err *err) {
  struct dp_sweep *s = f->sweep;
  size_t first = s->begun_n, n = s->study->point_n - first;
  bool sorted = n > 1 && n <= LOOK_AHEAD_POINTS && s->comm->rank_n > s->group->rank_n;
  struct cost *costs = sorted ? calloc(n, sizeof *costs) : NULL;
  if (sorted && costs == NULL) return dp_fail_nomem(err, "the sweep's runs");
  for (size_t p = 0; p < n; p++) settle(s, first + p);
  for (size_t p = 0; p < n && sorted; p++)
    costs[p] = (struct cost){dp_runner_duration_ns(s->runner, first + p), first + p};
  if (sorted) qsort(costs, n, sizeof *costs, longest_first);
  enum dp_status status = DP_OK;
  for (size_t p = 0; p < n && status == DP_OK; p++)
    status = append_missing(f, sorted ? costs[p].point : first + p, err);
  free(costs);
  return status;
}

/* ---- runs that have ended ---- */

static void take(struct dp_sweep *s, const struct dp_record *record, uint64_t at) {
  size_t run = (size_t)record->run;
  bool failed = record->status != DP_OK;
  s->states[run] = failed ? DP_RUN_FAILED : DP_RUN_DONE;
  s->places[run] = at;
  s->done_n++;
  s->failed_n += failed;
  if (s->precise) s->precise[run] = record->kpis[s->precise_kpi];
}

enum dp_status dp__sweep_found(void *sweep, const struct dp_record *record, uint64_t at, struct dp_err *err) {
  struct dp_sweep *s = sweep;
  if (record->run >= dp__sweep_cap(s) * s->most_n)
    return dp_fail(err, DP_FORMAT, "the journal has a run that the study has not (--restart throws it away)");
  if (has_ended(s, (size_t)record->run)) return DP_OK;
  take(s, record, at);
  s->found_n++;
  return DP_OK;
}

enum dp_status dp__sweep_note(struct dp_farm *f, const struct dp_record *record, uint64_t at, struct dp_err *err) {
  struct dp_sweep *s = f->sweep;
  if (record->run >= s->study->point_n * s->most_n || has_ended(s, (size_t)record->run))
    return dp_fail(err, DP_INVARIANT, "a run came in twice");
  take(s, record, at);
  f->run_n++;
  f->cost_ns += record->cost_ns;
  if (!s->precise) return DP_OK;
  size_t point = (size_t)record->run / s->most_n, before = s->needed_n[point];
  settle(s, point);
  return s->needed_n[point] > before ? append_missing(f, point, err) : DP_OK;
}
