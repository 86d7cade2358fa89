/* analysis/bench_queue.c — the M/G/c station, its run, the theory and the report. */
#include "analysis/bench_queue.h"

#include <inttypes.h>
#include <math.h>

#include "model/sim.h"

#define BATCHES 40
#define SERVERS_MAX 1000000u
#define JOBS_MAX UINT64_C(1000000000)
#define END_NS (DP_TIME_MAX / 2) /* after the last departure, whatever happens */

/* The configuration: the options, and what follows from them. */
struct queue {
  struct dp_queue_options options;
  uint64_t skipped_n; /* jobs whose wait does not count: the station starts empty */
  double interarrival_ns, log_mean, log_sd;
};

/* The one row of the cell that has the station. */
struct station {
  dp_i128 area_ns, busy_area_ns, stays_ns;
  dp_time changed_ns, last_ns;
  uint64_t arrived_n, left_n;
  uint32_t busy_n, waiting_n, head, tail; /* rows of the first and the last job that waits */
};

struct waiting {
  uint64_t job;
  dp_time arrival_ns;
  uint32_t next; /* row of who came after it */
  uint32_t zero;
};

struct batch {
  dp_i128 wait_ns;
  uint64_t job_n;
};

static const struct dp_column station_columns[] = {
    DP_COLUMN(struct station, area_ns, "ns", "integral of the jobs in the system"),
    DP_COLUMN(struct station, busy_area_ns, "ns", "integral of the busy servers"),
    DP_COLUMN(struct station, stays_ns, "ns", "sum of waits and services"),
    DP_COLUMN(struct station, changed_ns, "ns", "time of the last event"),
    DP_COLUMN(struct station, last_ns, "ns", "last departure"),
    DP_COLUMN(struct station, arrived_n, "1", "jobs that have come"),
    DP_COLUMN(struct station, left_n, "1", "jobs that have left"),
    DP_COLUMN(struct station, busy_n, "1", "busy servers"),
    DP_COLUMN(struct station, waiting_n, "1", "jobs that wait"),
    DP_COLUMN(struct station, head, "1", "row of the job that waits longest"),
    DP_COLUMN(struct station, tail, "1", "row of the job that came last"),
};

static const struct dp_column waiting_columns[] = {
    DP_COLUMN(struct waiting, job, "1", "ordinal of the job"),
    DP_COLUMN(struct waiting, arrival_ns, "ns", "when it came"),
    DP_COLUMN(struct waiting, next, "1", "row of who came after it"),
    DP_COLUMN(struct waiting, zero, "1", "unused"),
};

static const struct dp_column batch_columns[] = {
    DP_COLUMN(struct batch, wait_ns, "ns", "sum of waits"),
    DP_COLUMN(struct batch, job_n, "1", "jobs"),
};

#define TABLE(label, text, row, list)                                                                                \
  {.name = (label), .doc = (text), .row_size = sizeof(row), .columns = (list), .column_n = sizeof(list) / sizeof *(list)}

enum { STATION, WAITING, BATCH, TABLE_N };
static const struct dp_table_decl queue_tables[TABLE_N] = {
    TABLE("station", "the station", struct station, station_columns),
    TABLE("waiting", "jobs that wait, a chain in order of arrival", struct waiting, waiting_columns),
    TABLE("batch", "waits by batches of jobs, for the standard error", struct batch, batch_columns),
};

/* ---- the model ---- */

static const struct queue *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }

static struct station *station_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, STATION), struct station, 0);
}

static dp_time service_ns(const struct dp_ctx *ctx, uint64_t job) {
  const struct queue *q = config_of(ctx);
  struct dp_rng rng = dp_ctx_rng(ctx, 0, DP_STREAM_QUEUE_SERVICE, job);
  double service_s = 1;
  if (q->options.service == DP_SERVICE_EXP) service_s = dp_rng_exponential(&rng, 1);
  if (q->options.service == DP_SERVICE_LOGNORMAL) service_s = exp(q->log_mean + q->log_sd * dp_rng_normal(&rng));
  return (dp_time)(service_s * 1e9 + 0.5);
}

static enum dp_status send_after(struct dp_ctx *ctx, uint16_t kind, uint8_t phase, dp_time delay_ns) {
  struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id),
                         .time_ns = ctx->now_ns + delay_ns,
                         .instance = ctx->self->index,
                         .kind = kind,
                         .phase = phase};
  return dp_send(ctx, &m);
}

static enum dp_status next_arrival(struct dp_ctx *ctx, uint64_t job) {
  struct dp_rng rng = dp_ctx_rng(ctx, 0, DP_STREAM_QUEUE_ARRIVAL, job);
  dp_time after = (dp_time)(dp_rng_exponential(&rng, config_of(ctx)->interarrival_ns) + 0.5);
  return send_after(ctx, DP_EVENT_QUEUE_ARRIVE, DP_PHASE_ARRIVAL, after);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  uint32_t row;
  if (ctx->cell->id != 0) return DP_OK;
  DP_TRY(dp_table_add(dp_own_table(ctx, STATION), &row, ctx->err));
  for (int b = 0; b < BATCHES; b++) DP_TRY(dp_table_add(dp_own_table(ctx, BATCH), &row, ctx->err));
  return next_arrival(ctx, 0);
}

/* Integrals up to now, before the numbers change. */
static void advance(struct station *s, dp_time now_ns) {
  dp_time passed = now_ns - s->changed_ns;
  s->area_ns += (dp_i128)passed * (s->busy_n + s->waiting_n);
  s->busy_area_ns += (dp_i128)passed * s->busy_n;
  s->changed_ns = now_ns;
}

static enum dp_status start(struct dp_ctx *ctx, uint64_t job, dp_time arrival_ns) {
  const struct queue *q = config_of(ctx);
  dp_time wait = ctx->now_ns - arrival_ns, service = service_ns(ctx, job);
  if (job >= q->skipped_n) {
    uint64_t b = (job - q->skipped_n) * BATCHES / (q->options.jobs_n - q->skipped_n);
    struct batch *batch = DP_ROW(dp_own_table(ctx, BATCH), struct batch, (uint32_t)b);
    batch->wait_ns += wait;
    batch->job_n++;
  }
  struct station *s = station_of(ctx);
  s->busy_n++;
  s->stays_ns += wait + service;
  return send_after(ctx, DP_EVENT_QUEUE_DEPART, DP_PHASE_RELEASE, service);
}

static enum dp_status enqueue(struct dp_ctx *ctx, uint64_t job) {
  struct dp_table *waiting = dp_own_table(ctx, WAITING);
  struct station *s = station_of(ctx);
  uint32_t row;
  DP_TRY(dp_table_add(waiting, &row, ctx->err));
  *DP_ROW(waiting, struct waiting, row) = (struct waiting){.job = job, .arrival_ns = ctx->now_ns};
  if (s->waiting_n++) DP_ROW(waiting, struct waiting, s->tail)->next = row;
  else s->head = row;
  s->tail = row;
  return DP_OK;
}

static enum dp_status arrive(struct dp_ctx *ctx) {
  const struct queue *q = config_of(ctx);
  struct station *s = station_of(ctx);
  uint64_t job = s->arrived_n++;
  if (s->arrived_n < q->options.jobs_n) DP_TRY(next_arrival(ctx, s->arrived_n));
  return s->busy_n < q->options.servers_n ? start(ctx, job, ctx->now_ns) : enqueue(ctx, job);
}

static enum dp_status depart(struct dp_ctx *ctx) {
  struct dp_table *waiting = dp_own_table(ctx, WAITING);
  struct station *s = station_of(ctx);
  s->busy_n--;
  s->left_n++;
  s->last_ns = ctx->now_ns;
  if (s->waiting_n == 0) return DP_OK;
  struct waiting first = *DP_ROW(waiting, struct waiting, s->head);
  dp_table_remove(waiting, s->head);
  s->head = first.next;
  s->waiting_n--;
  return start(ctx, first.job, first.arrival_ns);
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  advance(station_of(ctx), ctx->now_ns);
  return event->kind == DP_EVENT_QUEUE_ARRIVE ? arrive(ctx) : depart(ctx);
}

static const uint16_t queue_handles[] = {DP_EVENT_QUEUE_ARRIVE, DP_EVENT_QUEUE_DEPART};

static const struct dp_model queue_model = {
    .name = "bench.queue",
    .doc = "an M/G/c queue",
    .tables = queue_tables,
    .table_n = TABLE_N,
    .handles = queue_handles,
    .handle_n = 2,
    .init_cell = init_cell,
    .handle = handle,
};

/* ---- theory ---- */

double dp_queue_cv2(const struct dp_queue_options *o) {
  if (o->service == DP_SERVICE_DET) return 0;
  return o->service == DP_SERVICE_EXP ? 1 : o->cv_ratio * o->cv_ratio;
}

double dp_queue_erlang_c(uint32_t servers_n, double load_erlang) {
  double blocked = 1;
  for (uint32_t k = 1; k <= servers_n; k++) blocked = load_erlang * blocked / (k + load_erlang * blocked);
  double rho = load_erlang / servers_n;
  return blocked / (1 - rho + rho * blocked);
}

double dp_queue_theory_wait_s(const struct dp_queue_options *o, bool *exact) {
  double load = o->rho_ratio * o->servers_n;
  *exact = o->servers_n == 1 || o->service == DP_SERVICE_EXP;
  return (1 + dp_queue_cv2(o)) / 2 * dp_queue_erlang_c(o->servers_n, load) / (o->servers_n - load);
}

/* ---- the run ---- */

static enum dp_status check(const struct dp_queue_options *o, struct dp_err *err) {
  if (o->servers_n < 1 || o->servers_n > SERVERS_MAX)
    return dp_fail(err, DP_USAGE, "--servers must be 1 to %u", SERVERS_MAX);
  if (!(o->rho_ratio >= 1e-6 && o->rho_ratio < 1))
    return dp_fail(err, DP_USAGE, "--rho must be at least 1e-6 and below 1 (at 1 the queue grows without end)");
  if (o->jobs_n < 1000 || o->jobs_n > JOBS_MAX)
    return dp_fail(err, DP_USAGE, "--jobs must be 1000 to %" PRIu64, JOBS_MAX);
  if (!(o->cv_ratio > 0 && o->cv_ratio <= 100)) return dp_fail(err, DP_USAGE, "--cv must be above 0 and at most 100");
  if ((double)o->jobs_n / (o->rho_ratio * o->servers_n) > 1e9)
    return dp_fail(err, DP_USAGE, "--jobs: more than 1e9 s of arrivals (fewer jobs, or a higher --rho)");
  return DP_OK;
}

/* Indices of what is summed over the ranks, of which one has the station. */
enum { SUM_AREA, SUM_BUSY, SUM_STAYS, SUM_LAST, SUM_LEFT, SUM_EVENTS, SUM_BATCHES, SUM_N = SUM_BATCHES + BATCHES };

static void add_station(const struct dp_sim *sim, const struct dp_cell *cell, dp_i128 *sums) {
  const struct dp_table *tables = cell->tables + dp_sim_instance(sim, 0)->first_cell_table;
  const struct station *s = DP_ROW(&tables[STATION], struct station, 0);
  sums[SUM_AREA] = s->area_ns;
  sums[SUM_BUSY] = s->busy_area_ns;
  sums[SUM_STAYS] = s->stays_ns;
  sums[SUM_LAST] = s->last_ns;
  sums[SUM_LEFT] = (dp_i128)s->left_n;
  sums[SUM_EVENTS] = (dp_i128)cell->event_n;
  for (uint32_t b = 0; b < BATCHES; b++)
    sums[SUM_BATCHES + b] = DP_ROW(&tables[BATCH], struct batch, b)->wait_ns;
}

static void mean_wait(const struct queue *q, const dp_i128 *sums, struct dp_queue_result *r) {
  uint64_t counted = q->options.jobs_n - q->skipped_n;
  double means[BATCHES], total = 0, squares = 0;
  for (uint64_t b = 0; b < BATCHES; b++) {
    /* jobs j with ⌊j · BATCHES / counted⌋ = b */
    uint64_t from = (b * counted + BATCHES - 1) / BATCHES, to = ((b + 1) * counted + BATCHES - 1) / BATCHES;
    double wait_s = dp_i128_to_double(sums[SUM_BATCHES + b]) / 1e9;
    means[b] = wait_s / (double)(to - from);
    total += wait_s;
  }
  r->mean_wait_s = total / (double)counted;
  for (int b = 0; b < BATCHES; b++) squares += (means[b] - r->mean_wait_s) * (means[b] - r->mean_wait_s);
  r->mean_wait_se_s = sqrt(squares / (BATCHES - 1) / BATCHES);
}

static enum dp_status collect(struct dp_sim *sim, const struct queue *q, struct dp_queue_result *r,
                              struct dp_err *err) {
  dp_i128 sums[SUM_N] = {0};
  if (sim->engine->by_id[0]) add_station(sim, sim->engine->by_id[0], sums);
  DP_TRY(dp_comm_sum_i128(sim->comm, sums, SUM_N, err));
  if (sums[SUM_LEFT] != (dp_i128)q->options.jobs_n)
    return dp_fail(err, DP_INVARIANT, "bench queue: not every job has left");
  double jobs_n = (double)q->options.jobs_n, last_ns = dp_i128_to_double(sums[SUM_LAST]);
  mean_wait(q, sums, r);
  r->theory_wait_s = dp_queue_theory_wait_s(&q->options, &r->theory_exact);
  r->area_ns = sums[SUM_AREA];
  r->stays_ns = sums[SUM_STAYS];
  r->utilisation_ratio = dp_i128_to_double(sums[SUM_BUSY]) / last_ns / q->options.servers_n;
  r->mean_in_system_n = dp_i128_to_double(sums[SUM_AREA]) / last_ns;
  r->arrival_per_s = jobs_n / (last_ns / 1e9);
  r->mean_stay_s = dp_i128_to_double(sums[SUM_STAYS]) / 1e9 / jobs_n;
  r->event_n = (uint64_t)sums[SUM_EVENTS];
  return dp_engine_digest(sim->engine, &r->digest, err);
}

enum dp_status dp_bench_queue(const struct dp_queue_options *options, struct dp_comm *comm,
                              struct dp_queue_result *result, struct dp_err *err) {
  DP_TRY(check(options, err));
  struct queue q = {.options = *options, .skipped_n = options->jobs_n / 10};
  double variance = log1p(dp_queue_cv2(options));
  q.interarrival_ns = 1e9 / (options->rho_ratio * options->servers_n);
  q.log_mean = -variance / 2;
  q.log_sd = sqrt(variance);
  struct dp_instance_spec instance = {.model = &queue_model, .config = &q};
  struct dp_spec spec = {.name = "queue",
                         .end_ns = END_NS,
                         .settle_every_ns = END_NS,
                         .seed = options->seed,
                         .instances = &instance,
                         .instance_n = 1};
  *result = (struct dp_queue_result){0};
  struct dp_sim *sim;
  bool stopped;
  DP_TRY(dp_sim_new(&spec, comm, &sim, err));
  int64_t began = dp_bench_wall_ns(), cpu = dp_bench_cpu_ns();
  enum dp_status status = dp_sim_run(sim, &stopped, err);
  result->run_ns = dp_bench_wall_ns() - began;
  result->cpu_ns = dp_bench_cpu_ns() - cpu;
  if (status == DP_OK) status = collect(sim, &q, result, err);
  if (status == DP_OK) status = dp_bench_longest(comm, &result->run_ns, err);
  if (status == DP_OK) status = dp_bench_longest(comm, &result->cpu_ns, err);
  dp_sim_free(sim);
  return status;
}

enum dp_status dp_queue_print(struct dp_str *out, enum dp_text_format format, const struct dp_queue_options *o,
                              const struct dp_queue_result *r, struct dp_err *err) {
  static const char *const services[] = {"exp", "det", "lognormal"};
  double seconds = (double)r->run_ns / 1e9;
  char digest[17];
  snprintf(digest, sizeof digest, "%016" PRIx64, r->digest);
  const struct dp_bench_field fields[] = {
      DP_BENCH_TEXT_FIELD("bench", "queue"),
      DP_BENCH_REAL_FIELD("mean_wait_s", r->mean_wait_s),
      DP_BENCH_REAL_FIELD("mean_wait_se_s", r->mean_wait_se_s),
      DP_BENCH_REAL_FIELD("theory_wait_s", r->theory_wait_s),
      DP_BENCH_TEXT_FIELD("theory", r->theory_exact ? "exact" : "approximate"),
      DP_BENCH_REAL_FIELD("z_score", (r->mean_wait_s - r->theory_wait_s) / r->mean_wait_se_s),
      DP_BENCH_REAL_FIELD("utilisation_ratio", r->utilisation_ratio),
      DP_BENCH_REAL_FIELD("mean_in_system_n", r->mean_in_system_n),
      DP_BENCH_REAL_FIELD("arrival_per_s", r->arrival_per_s),
      DP_BENCH_REAL_FIELD("mean_stay_s", r->mean_stay_s),
      DP_BENCH_REAL_FIELD("little_lambda_w_n", r->arrival_per_s * r->mean_stay_s),
      DP_BENCH_FLAG_FIELD("little_holds", r->area_ns == r->stays_ns),
      DP_BENCH_COUNT_FIELD("events", r->event_n),
      DP_BENCH_REAL_FIELD("seconds", seconds),
      DP_BENCH_REAL_FIELD("events_per_s", (double)r->event_n / seconds),
      DP_BENCH_REAL_FIELD("cpu_seconds", (double)r->cpu_ns / 1e9),
      DP_BENCH_TEXT_FIELD("digest", digest),
      DP_BENCH_COUNT_FIELD("servers", o->servers_n),
      DP_BENCH_REAL_FIELD("rho_ratio", o->rho_ratio),
      DP_BENCH_COUNT_FIELD("jobs", o->jobs_n),
      DP_BENCH_TEXT_FIELD("service", services[o->service]),
      DP_BENCH_REAL_FIELD("cv_ratio", sqrt(dp_queue_cv2(o))),
      DP_BENCH_COUNT_FIELD("seed", o->seed),
  };
  return dp_bench_print(out, format, fields, sizeof fields / sizeof *fields, err);
}
