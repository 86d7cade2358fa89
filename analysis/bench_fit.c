/* analysis/bench_fit.c — small runs that tell the constants of the cost model. */
#include "analysis/bench_fit.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis/bench_idle.h"
#include "analysis/bench_phold.h"
#include "analysis/bench_queue.h"
#include "base/memory.h"

#define ROUNDS 5
#define SERIES 40 /* short ones, so that some are not interrupted */
#define MEETINGS 200
#define BYTES_MEETINGS 2
#define BYTES ((size_t)4 << 20)
#define IDLE_BEATS 20000

/* ---- alone ---- */

/* Processor time of an event, the best of several runs; the result of the last in *r. */
static enum dp_status phold_ns(struct dp_comm *alone, const struct dp_phold_options *o, struct dp_phold_result *r,
                               double *event_ns, struct dp_err *err) {
  *event_ns = (double)INFINITY;
  for (int i = 0; i < ROUNDS; i++) {
    DP_TRY(dp_bench_phold(o, alone, r, err));
    *event_ns = fmin(*event_ns, (double)r->cpu_ns / (double)r->event_n);
  }
  return DP_OK;
}

static enum dp_status fit_events(struct dp_comm *alone, struct dp_costs *c, struct dp_err *err) {
  static const struct {
    uint64_t lps_n, start_n;
    dp_time end_ns;
  } loads[DP_COST_LOADS] = {{1024, 1, 300 * DP_S}, {1024, 16, 20 * DP_S}, {65536, 16, 2 * DP_S}};
  struct dp_phold_result r;
  for (int i = 0; i < DP_COST_LOADS; i++) {
    struct dp_phold_options o = {.lps_n = loads[i].lps_n, .start_n = loads[i].start_n, .end_ns = loads[i].end_ns,
                                 .remote_ratio = 0.1, .lookahead_ns = 100 * DP_MS, .mean_ns = DP_S, .seed = 1};
    DP_TRY(phold_ns(alone, &o, &r, &c->event_ns[i], err));
  }
  struct dp_queue_options q = {.servers_n = 8, .rho_ratio = 0.9, .jobs_n = 200000, .cv_ratio = 1, .seed = 1};
  struct dp_queue_result queue;
  c->queue_event_ns = (double)INFINITY;
  for (int i = 0; i < ROUNDS; i++) {
    DP_TRY(dp_bench_queue(&q, alone, &queue, err));
    c->queue_event_ns = fmin(c->queue_event_ns, (double)queue.cpu_ns / (double)queue.event_n);
  }
  return DP_OK;
}

/* The same load in one cell, which needs no windows, and in one a process with about an event a window. */
static enum dp_status fit_window(struct dp_comm *alone, struct dp_costs *c, struct dp_err *err) {
  struct dp_phold_options o = {.lps_n = 64, .start_n = 1, .remote_ratio = 0.1, .lookahead_ns = DP_MS,
                               .mean_ns = DP_S, .end_ns = 3000 * DP_S, .cell_n = 1, .seed = 1};
  struct dp_phold_result r;
  double whole, apart;
  DP_TRY(phold_ns(alone, &o, &r, &whole, err));
  o.cell_n = 64;
  DP_TRY(phold_ns(alone, &o, &r, &apart, err));
  c->window_ns = fmax(0, (apart - whole) * (double)r.event_n / (double)r.window_n);
  return DP_OK;
}

static enum dp_status fit_beat(struct dp_comm *alone, struct dp_costs *c, struct dp_err *err) {
  struct dp_idle_options o = {.runs_n = 1, .settlements_n = IDLE_BEATS, .seed = 1};
  struct dp_idle_result r;
  DP_TRY(dp_bench_idle(&o, alone, &r, err));
  c->beat_ns = r.settlement_ns;
  return DP_OK;
}

/* ---- together ---- */

/* Wall clock of a meeting in which every rank sends `bytes` to the next one, the best mean of several series. */
static enum dp_status meeting_ns(struct dp_comm *comm, struct dp_buffer *out, size_t bytes, int n, double *best,
                                 struct dp_err *err) {
  struct dp_buffer in = {0};
  enum dp_status status = DP_OK;
  int next = (comm->rank + 1) % comm->rank_n;
  *best = (double)INFINITY;
  for (int i = 0; i < SERIES && status == DP_OK; i++) {
    status = dp_comm_barrier(comm, err);
    int64_t began = dp_bench_wall_ns();
    for (int k = 0; k < n && status == DP_OK; k++) {
      int64_t least[3] = {k, k, k};
      out[next].len = bytes;
      status = dp_comm_meet(comm, out, &in, least, 3, err);
    }
    int64_t took = dp_bench_wall_ns() - began;
    if (status == DP_OK) status = dp_bench_longest(comm, &took, err);
    *best = fmin(*best, (double)took / n);
  }
  dp_buffer_fini(&in);
  return status;
}

static enum dp_status reduction_ns(struct dp_comm *comm, double *best, struct dp_err *err) {
  *best = (double)INFINITY;
  for (int i = 0; i < SERIES; i++) {
    int64_t value = i;
    DP_TRY(dp_comm_barrier(comm, err));
    int64_t began = dp_bench_wall_ns();
    for (int k = 0; k < MEETINGS; k++) DP_TRY(dp_comm_min_i64(comm, &value, 1, err));
    int64_t took = dp_bench_wall_ns() - began;
    DP_TRY(dp_bench_longest(comm, &took, err));
    *best = fmin(*best, (double)took / MEETINGS);
  }
  return DP_OK;
}

static enum dp_status fit_meetings(struct dp_comm *comm, struct dp_buffer *out, struct dp_costs *c,
                                   struct dp_err *err) {
  double empty, full;
  DP_TRY(meeting_ns(comm, out, 0, MEETINGS, &empty, err));
  DP_TRY(meeting_ns(comm, out, BYTES, BYTES_MEETINGS, &full, err));
  DP_TRY(reduction_ns(comm, &c->reduction_ns, err));
  double rank_n = comm->rank_n, messages = rank_n - 1, turns = rank_n / c->cores;
  if (comm->rank_n > DP_COST_DIRECT) messages = ceil(log2(rank_n));
  if (turns <= 1) {
    c->message_ns = empty / messages;
    c->byte_ns = fmax(0, full - empty) / (double)BYTES;
  } else {
    double known = isnan(c->message_ns) ? 0 : c->message_ns;
    c->switch_ns = fmax(0, empty - messages * known * turns) / (turns - 1);
  }
  return DP_OK;
}

static enum dp_status fit_together(struct dp_comm *comm, struct dp_costs *c, struct dp_err *err) {
  struct dp_buffer *out = dp_zeros((size_t)comm->rank_n, sizeof *out);
  enum dp_status status = out ? DP_OK : dp_fail_nomem(err, "buffers");
  if (out) status = dp_buffer_reserve(&out[(comm->rank + 1) % comm->rank_n], BYTES, err);
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK) status = fit_meetings(comm, out, c, err);
  for (int r = 0; out && r < comm->rank_n; r++) dp_buffer_fini(&out[r]);
  free(out);
  return status;
}

static enum dp_status fit_alone(struct dp_costs *c, struct dp_err *err) {
  struct dp_comm *alone;
  DP_TRY(dp_comm_null_new(&alone, err));
  enum dp_status status = fit_events(alone, c, err);
  if (status == DP_OK) status = fit_window(alone, c, err);
  if (status == DP_OK) status = fit_beat(alone, c, err);
  dp_comm_free(alone);
  return status;
}

enum dp_status dp_bench_fit(struct dp_comm *comm, struct dp_costs *costs, struct dp_err *err) {
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  costs->cores = cores > 0 ? (double)cores : 1;
  costs->ranks = comm->rank_n;
  /* every rank measures what it needs no other for, all at once as in a run; more ranks than cores would disturb */
  bool measured = !isnan(costs->event_ns[0]);
  if (!measured) DP_TRY(dp_comm_agree(comm, fit_alone(costs, err), err));
  return comm->rank_n > 1 ? fit_together(comm, costs, err) : DP_OK;
}
