/* analysis/bench_phold.c — the PHOLD model, its run and its report. */
#include "analysis/bench_phold.h"

#include <gsl/gsl_cdf.h>
#include <inttypes.h>
#include <math.h>

#include "base/hash.h"
#include "model/sim.h"

#define LPS_MAX (UINT64_C(1) << 32)
#define CHAINS_MAX (UINT64_C(1) << 36)

/* The configuration: the options, and what follows from them. */
struct phold {
  struct dp_phold_options options;
  uint64_t share, larger_n; /* cells have `share` processes, the first larger_n one more */
  double exponential_ns;    /* mean − lookahead */
  uint16_t channel;
};

struct lp {
  uint64_t event_n;
  uint64_t time_sum_ns; /* of its events, modulo 2^64 */
};

static const struct dp_column lp_columns[] = {
    DP_COLUMN(struct lp, event_n, "1", "events handled"),
    DP_COLUMN(struct lp, time_sum_ns, "ns", "sum of their times"),
};

static const struct dp_table_decl phold_tables[] = {
    {.name = "lp", .doc = "logical processes", .row_size = sizeof(struct lp), .columns = lp_columns, .column_n = 2},
};

static uint64_t first_lp(const struct phold *p, uint32_t cell) {
  return p->share * cell + (cell < p->larger_n ? cell : p->larger_n);
}

static dp_entity entity_of(const struct phold *p, uint64_t lp) {
  uint64_t larger = p->larger_n * (p->share + 1);
  uint64_t cell = lp < larger ? lp / (p->share + 1) : p->larger_n + (lp - larger) / p->share;
  return dp_entity_make((uint32_t)cell, 0, (uint32_t)(lp - first_lp(p, (uint32_t)cell)));
}

static dp_time delay_ns(const struct phold *p, struct dp_rng *rng) {
  return p->options.lookahead_ns + (dp_time)(dp_rng_exponential(rng, p->exponential_ns) + 0.5);
}

static enum dp_status send(struct dp_ctx *ctx, const struct phold *p, dp_entity dest, dp_time delay) {
  struct dp_message m = {.dest = dest,
                         .time_ns = ctx->now_ns + delay,
                         .instance = ctx->self->index,
                         .kind = DP_EVENT_PHOLD,
                         .phase = DP_PHASE_ARRIVAL};
  if (dp_entity_cell(dest) != ctx->cell->id) m.channel = p->channel;
  return dp_send(ctx, &m);
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  struct phold *p = ctx->self->config;
  return dp_open_channel(ctx, "hop", p->options.lookahead_ns, &p->channel);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  const struct phold *p = ctx->self->config;
  struct dp_table *lps = dp_own_table(ctx, 0);
  uint64_t first = first_lp(p, ctx->cell->id), n = first_lp(p, ctx->cell->id + 1) - first;
  for (uint64_t i = 0; i < n; i++) {
    uint32_t row;
    DP_TRY(dp_table_add(lps, &row, ctx->err));
    struct dp_rng rng = dp_ctx_rng(ctx, first + i, DP_STREAM_PHOLD, 0);
    dp_entity self = dp_entity_make(ctx->cell->id, 0, row);
    for (uint64_t k = 0; k < p->options.start_n; k++) DP_TRY(send(ctx, p, self, delay_ns(p, &rng)));
  }
  return DP_OK;
}

/* Where a remote event goes, by a uniform number. */
static uint64_t remote_lp(const struct phold *p, uint64_t from, double u) {
  uint64_t n = p->options.lps_n, near = p->options.neighbours_n, width = near ? 2 * near + 1 : n;
  uint64_t to = (uint64_t)(u * (double)width);
  if (to >= width) to = width - 1;
  return near ? (from + n - near + to) % n : to;
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  const struct phold *p = ctx->self->config;
  uint32_t row = dp_entity_row(event->dest);
  struct lp *lp = DP_ROW(dp_own_table(ctx, 0), struct lp, row);
  lp->event_n++;
  lp->time_sum_ns += (uint64_t)ctx->now_ns;
  uint64_t self = first_lp(p, ctx->cell->id) + row;
  struct dp_rng rng = dp_ctx_rng(ctx, self, DP_STREAM_PHOLD, lp->event_n);
  dp_entity dest = event->dest;
  if (dp_rng_uniform(&rng) <= p->options.remote_ratio) dest = entity_of(p, remote_lp(p, self, dp_rng_uniform(&rng)));
  return send(ctx, p, dest, delay_ns(p, &rng));
}

static uint32_t cell_n(const void *config) { return ((const struct phold *)config)->options.cell_n; }

static const struct dp_channel_decl phold_channels[] = {{"hop", "the lookahead of the benchmark"}};
static const uint16_t phold_handles[] = {DP_EVENT_PHOLD};

static const struct dp_model phold_model = {
    .name = "bench.phold",
    .doc = "the PHOLD benchmark",
    .tables = phold_tables,
    .table_n = 1,
    .channels = phold_channels,
    .channel_n = 1,
    .handles = phold_handles,
    .handle_n = 1,
    .cell_n = cell_n,
    .init_replicated = init_replicated,
    .init_cell = init_cell,
    .handle = handle,
};

/* ---- the run ---- */

uint32_t dp_phold_default_cells(uint64_t lps_n) {
  uint64_t n = lps_n / 4096;
  return (uint32_t)(n < 1 ? 1 : n > 32 ? 32 : n);
}

static enum dp_status check(const struct dp_phold_options *o, struct dp_err *err) {
  if (o->lps_n < 1 || o->lps_n > LPS_MAX) return dp_fail(err, DP_USAGE, "--lps must be 1 to %" PRIu64, LPS_MAX);
  if (o->start_n < 1 || o->start_n > CHAINS_MAX / o->lps_n)
    return dp_fail(err, DP_USAGE, "--start must be 1 to %" PRIu64 " (at most 2^36 events pending)",
                   CHAINS_MAX / o->lps_n);
  if (!(o->remote_ratio >= 0 && o->remote_ratio <= 1)) return dp_fail(err, DP_USAGE, "--remote must be 0 to 1");
  if (o->neighbours_n > (o->lps_n - 1) / 2)
    return dp_fail(err, DP_USAGE, "--neighbours must be less than half the number of processes");
  if (o->lookahead_ns < 1) return dp_fail(err, DP_USAGE, "--lookahead must be at least 1 ns");
  if (o->mean_ns <= o->lookahead_ns) return dp_fail(err, DP_USAGE, "--mean must be greater than --lookahead");
  if (o->mean_ns > 1000000 * DP_S) return dp_fail(err, DP_USAGE, "--mean must be at most 1e6 s");
  if (o->end_ns < 1 || o->end_ns > 1000000000 * DP_S) return dp_fail(err, DP_USAGE, "--end must be 1 ns to 1e9 s");
  if (o->cell_n > o->lps_n || o->cell_n > DP_CELL_MAX)
    return dp_fail(err, DP_USAGE, "--cells must be 1 to the number of processes, at most %" PRIu32, DP_CELL_MAX);
  return DP_OK;
}

void dp_phold_expected(const struct dp_phold_options *o, double *mean_n, double *sd_n) {
  double lookahead = (double)o->lookahead_ns, scale = (double)(o->mean_ns - o->lookahead_ns), end = (double)o->end_ns;
  double typical = end / (double)o->mean_ns, sum = 0, squares = 0;
  for (double k = 1; k * lookahead < end; k += 1) {
    double before_end = gsl_cdf_gamma_P(end - k * lookahead, k, scale);
    sum += before_end;
    squares += (2 * k - 1) * before_end;
    if (k > typical && before_end < 1e-18) break;
  }
  *mean_n = sum;
  *sd_n = sqrt(fmax(squares - sum * sum, 0));
}

/* Adds up over cells and ranks what does not depend on either. */
static enum dp_status collect(const struct dp_sim *sim, const struct phold *p, struct dp_phold_result *r,
                              struct dp_err *err) {
  const struct dp_engine *e = sim->engine;
  size_t table = dp_sim_instance(sim, 0)->first_cell_table;
  uint64_t sums[] = {0, 0, dp_engine_queue_bytes(e), 0, e->channels[p->channel].message_n, r->message_n,
                     r->message_bytes};
  for (uint32_t c = 0; c < e->local_n; c++) {
    const struct dp_cell *cell = &e->cells[c];
    const struct dp_table *lps = &cell->tables[table];
    uint64_t first = first_lp(p, cell->id);
    for (uint32_t row = 0; row < lps->row_n; row++) {
      const struct lp *lp = DP_ROW(lps, struct lp, row);
      sums[0] += dp_hash_mix(dp_hash_mix(first + row, lp->event_n), lp->time_sum_ns);
    }
    sums[1] += cell->event_n;
    sums[3] += dp_table_bytes(lps);
  }
  r->observed_lookahead_ns = e->channels[p->channel].observed_min_ns;
  DP_TRY(dp_comm_sum_u64(sim->comm, sums, sizeof sums / sizeof *sums, err));
  DP_TRY(dp_comm_min_i64(sim->comm, &r->observed_lookahead_ns, 1, err));
  r->digest = sums[0];
  r->event_n = sums[1];
  r->queue_bytes = sums[2];
  r->table_bytes = sums[3];
  r->crossed_n = sums[4];
  r->message_n = sums[5];
  r->message_bytes = sums[6];
  r->window_n = e->window_n;
  DP_TRY(dp_bench_longest(sim->comm, &r->run_ns, err));
  DP_TRY(dp_bench_longest(sim->comm, &r->cpu_ns, err));
  return dp_bench_longest(sim->comm, &r->setup_ns, err);
}

/* Runs what is set up, by two clocks and the communicator's counters. */
static enum dp_status measure(struct dp_sim *sim, const struct phold *p, struct dp_phold_result *r,
                              struct dp_err *err) {
  bool stopped;
  dp_engine_set_balance(sim->engine, p->options.migrate ? DP_BALANCE_ALWAYS : DP_BALANCE_AUTO);
  struct dp_comm_traffic before = sim->comm->sent;
  int64_t began = dp_bench_wall_ns(), cpu = dp_bench_cpu_ns();
  DP_TRY(dp_sim_run(sim, &stopped, err));
  r->run_ns = dp_bench_wall_ns() - began;
  r->cpu_ns = dp_bench_cpu_ns() - cpu;
  r->message_n = sim->comm->sent.message_n - before.message_n;
  r->message_bytes = sim->comm->sent.byte_n - before.byte_n;
  return collect(sim, p, r, err);
}

/* The configuration that follows from the options. */
static enum dp_status configure(const struct dp_phold_options *options, struct phold *p, struct dp_err *err) {
  DP_TRY(check(options, err));
  *p = (struct phold){.options = *options};
  if (p->options.cell_n == 0) p->options.cell_n = dp_phold_default_cells(p->options.lps_n);
  p->share = p->options.lps_n / p->options.cell_n;
  p->larger_n = p->options.lps_n % p->options.cell_n;
  p->exponential_ns = (double)(p->options.mean_ns - p->options.lookahead_ns);
  if (p->share <= DP_ROW_MAX) return DP_OK;
  return dp_fail(err, DP_USAGE, "--cells: a cell holds at most %" PRIu32 " processes", DP_ROW_MAX);
}

/* Nothing is settled but where cells are. */
static dp_time settle_every_ns(const struct dp_phold_options *o) {
  return o->migrate && o->end_ns > DP_PHOLD_MOVES ? o->end_ns / DP_PHOLD_MOVES : o->end_ns;
}

enum dp_status dp_bench_phold(const struct dp_phold_options *options, struct dp_comm *comm,
                              struct dp_phold_result *result, struct dp_err *err) {
  struct phold p;
  DP_TRY(configure(options, &p, err));
  struct dp_instance_spec instance = {.model = &phold_model, .config = &p};
  struct dp_spec spec = {.name = "phold",
                         .end_ns = p.options.end_ns,
                         .settle_every_ns = settle_every_ns(&p.options),
                         .seed = p.options.seed,
                         .instances = &instance,
                         .instance_n = 1};
  *result = (struct dp_phold_result){.cell_n = p.options.cell_n};
  struct dp_sim *sim;
  int64_t began = dp_bench_wall_ns();
  DP_TRY(dp_sim_new(&spec, comm, &sim, err));
  result->setup_ns = dp_bench_wall_ns() - began;
  enum dp_status status = measure(sim, &p, result, err);
  dp_sim_free(sim);
  double mean_n, sd_n, chains_n = (double)options->lps_n * (double)options->start_n;
  dp_phold_expected(options, &mean_n, &sd_n);
  result->expected_n = chains_n * mean_n;
  result->expected_se_n = sqrt(chains_n) * sd_n;
  return status;
}

enum dp_status dp_phold_print(struct dp_str *out, enum dp_text_format format, const struct dp_phold_options *o,
                              const struct dp_phold_result *r, int rank_n, struct dp_err *err) {
  double seconds = (double)r->run_ns / 1e9, chains_n = (double)o->lps_n * (double)o->start_n;
  char digest[17];
  snprintf(digest, sizeof digest, "%016" PRIx64, r->digest);
  bool crossed = r->observed_lookahead_ns != DP_TIME_MAX;
  const struct dp_bench_field fields[] = {
      DP_BENCH_TEXT_FIELD("bench", "phold"),
      DP_BENCH_COUNT_FIELD("events", r->event_n),
      DP_BENCH_REAL_FIELD("expected", r->expected_n),
      DP_BENCH_REAL_FIELD("expected_se", r->expected_se_n),
      DP_BENCH_REAL_FIELD("seconds", seconds),
      DP_BENCH_REAL_FIELD("setup_seconds", (double)r->setup_ns / 1e9),
      DP_BENCH_REAL_FIELD("events_per_s", (double)r->event_n / seconds),
      DP_BENCH_REAL_FIELD("cpu_seconds", (double)r->cpu_ns / 1e9),
      DP_BENCH_TEXT_FIELD("digest", digest),
      DP_BENCH_REAL_FIELD("bytes_per_event", (double)r->queue_bytes / chains_n),
      DP_BENCH_REAL_FIELD("bytes_per_lp", (double)r->table_bytes / (double)o->lps_n),
      DP_BENCH_COUNT_FIELD("windows", r->window_n),
      DP_BENCH_REAL_FIELD("events_per_window", r->window_n ? (double)r->event_n / (double)r->window_n : (double)NAN),
      DP_BENCH_REAL_FIELD("observed_lookahead_s", crossed ? dp_time_s(r->observed_lookahead_ns) : (double)NAN),
      DP_BENCH_COUNT_FIELD("crossed", r->crossed_n),
      DP_BENCH_COUNT_FIELD("messages", r->message_n),
      DP_BENCH_COUNT_FIELD("message_bytes", r->message_bytes),
      DP_BENCH_REAL_FIELD("messages_per_window_rank",
                          r->window_n ? (double)r->message_n / (double)r->window_n / rank_n : (double)NAN),
      DP_BENCH_COUNT_FIELD("ranks", (uint64_t)rank_n),
      DP_BENCH_COUNT_FIELD("cells", r->cell_n),
      DP_BENCH_COUNT_FIELD("lps", o->lps_n),
      DP_BENCH_COUNT_FIELD("start", o->start_n),
      DP_BENCH_REAL_FIELD("remote_ratio", o->remote_ratio),
      DP_BENCH_COUNT_FIELD("neighbours", o->neighbours_n),
      DP_BENCH_REAL_FIELD("lookahead_s", dp_time_s(o->lookahead_ns)),
      DP_BENCH_REAL_FIELD("mean_s", dp_time_s(o->mean_ns)),
      DP_BENCH_REAL_FIELD("end_s", dp_time_s(o->end_ns)),
      DP_BENCH_COUNT_FIELD("seed", o->seed),
  };
  return dp_bench_print(out, format, fields, sizeof fields / sizeof *fields, err);
}
