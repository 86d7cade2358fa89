/* analysis/bench_idle.c — simulations in which nothing happens. */
#include "analysis/bench_idle.h"

#include <inttypes.h>
#include <malloc.h>
#include <math.h>

#include "model/registry.h"
#include "model/sim.h"

#define ROUNDS 5
#define WARM_RUNS 10 /* until the allocator has filled its caches */
#define RUNS_MAX 10000000
#define SETTLEMENTS_MAX 1000000000

/* One simulation from birth to death. @param run_ns of the run alone, in processor time */
static enum dp_status one(const struct dp_spec *spec, struct dp_comm *comm, int64_t *run_ns, uint64_t *digest,
                          struct dp_err *err) {
  struct dp_sim *sim;
  bool stopped;
  DP_TRY(dp_sim_new(spec, comm, &sim, err));
  int64_t began = dp_bench_cpu_ns();
  enum dp_status status = dp_sim_run(sim, &stopped, err);
  *run_ns = dp_bench_cpu_ns() - began;
  if (status == DP_OK) status = dp_engine_digest(sim->engine, digest, err);
  dp_sim_free(sim);
  return status;
}

static enum dp_status many(const struct dp_spec *spec, uint64_t n, struct dp_comm *comm, struct dp_idle_result *r,
                           struct dp_err *err) {
  size_t held = 0;
  int64_t unused, began = dp_bench_cpu_ns();
  for (uint64_t i = 0; i < n; i++) {
    uint64_t digest;
    DP_TRY(one(spec, comm, &unused, &digest, err));
    if (i == 0) r->digest = digest;
    if (i == 0 || i == WARM_RUNS) held = mallinfo2().uordblks;
    if (digest != r->digest)
      return dp_fail(err, DP_INVARIANT, "run %" PRIu64 " in one process gives another digest than the first", i + 1);
  }
  r->run_ns = (double)(dp_bench_cpu_ns() - began) / (double)n;
  r->heap_growth_bytes = (int64_t)mallinfo2().uordblks - (int64_t)held;
  return DP_OK;
}

enum dp_status dp_bench_idle(const struct dp_idle_options *o, struct dp_comm *comm, struct dp_idle_result *r,
                             struct dp_err *err) {
  if (o->runs_n < 1 || o->runs_n > RUNS_MAX) return dp_fail(err, DP_USAGE, "--runs must be 1 to %d", RUNS_MAX);
  if (o->settlements_n < 1 || o->settlements_n > SETTLEMENTS_MAX)
    return dp_fail(err, DP_USAGE, "--settlements must be 1 to %d", SETTLEMENTS_MAX);
  *r = (struct dp_idle_result){.settlement_ns = (double)INFINITY};
  struct dp_spec spec = {.name = "idle",
                         .end_ns = DP_S,
                         .settle_every_ns = DP_S,
                         .seed = o->seed,
                         .registry = dp_models};
  DP_TRY(many(&spec, o->runs_n, comm, r, err));
  spec.end_ns = (dp_time)o->settlements_n * DP_S;
  for (int i = 0; i < ROUNDS; i++) {
    int64_t run_ns;
    uint64_t digest;
    DP_TRY(one(&spec, comm, &run_ns, &digest, err));
    r->settlement_ns = fmin(r->settlement_ns, (double)run_ns / (double)o->settlements_n);
  }
  return DP_OK;
}

enum dp_status dp_idle_print(struct dp_str *out, enum dp_text_format format, const struct dp_idle_options *o,
                             const struct dp_idle_result *r, struct dp_err *err) {
  char digest[17];
  snprintf(digest, sizeof digest, "%016" PRIx64, r->digest);
  const struct dp_bench_field fields[] = {
      DP_BENCH_TEXT_FIELD("bench", "idle"),
      DP_BENCH_REAL_FIELD("run_seconds", r->run_ns / 1e9),
      DP_BENCH_REAL_FIELD("settlement_seconds", r->settlement_ns / 1e9),
      DP_BENCH_REAL_FIELD("heap_growth_bytes", (double)r->heap_growth_bytes),
      DP_BENCH_TEXT_FIELD("digest", digest),
      DP_BENCH_COUNT_FIELD("runs", o->runs_n),
      DP_BENCH_COUNT_FIELD("settlements", o->settlements_n),
      DP_BENCH_COUNT_FIELD("seed", o->seed),
  };
  return dp_bench_print(out, format, fields, sizeof fields / sizeof *fields, err);
}
