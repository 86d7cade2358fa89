/* sim/cli/bench_command.c — depinsim bench phold, queue, idle, fit, predict. */
#include <math.h>
#include <string.h>

#include "analysis/bench_fit.h"
#include "analysis/bench_idle.h"
#include "analysis/bench_phold.h"
#include "analysis/bench_predict.h"
#include "analysis/bench_queue.h"
#include "cli/cli.h"
#include "cli/commands.h"

enum {
  KEY_LPS = 0x100, KEY_START, KEY_REMOTE, KEY_NEIGHBOURS, KEY_LOOKAHEAD, KEY_MEAN, KEY_END, KEY_CELLS, KEY_MIGRATE,
  KEY_SERVERS, KEY_RHO, KEY_JOBS, KEY_SERVICE, KEY_CV, KEY_RUNS, KEY_SETTLEMENTS, KEY_COSTS, KEY_RANKS, KEY_LATENCY,
  KEY_BANDWIDTH, KEY_PEERS, KEY_SEED, KEY_FORMAT, KEY_LAST
};

enum { BENCH_PHOLD, BENCH_QUEUE, BENCH_IDLE, BENCH_FIT, BENCH_PREDICT };
static const char *const benches[] = {"phold", "queue", "idle", "fit", "predict", NULL};

_Static_assert(KEY_LAST - KEY_LPS <= 32, "a bit an option");

/* Which benches take the options of a group. */
static const unsigned takers[] = {0, 1u << BENCH_PHOLD | 1u << BENCH_PREDICT, 1u << BENCH_QUEUE, 1u << BENCH_IDLE,
                                  1u << BENCH_FIT | 1u << BENCH_PREDICT, 1u << BENCH_PREDICT, ~0u};

static const struct argp_option bench_options[] = {
    {NULL, 0, NULL, 0, "phold, and predict without a result:", 1},
    {"lps", KEY_LPS, "N", 0, "logical processes (1024)", 1},
    {"start", KEY_START, "K", 0, "events that each begins with (1)", 1},
    {"remote", KEY_REMOTE, "P", 0, "share of events that go to a random process (0.1)", 1},
    {"neighbours", KEY_NEIGHBOURS, "K", 0, "how far such an event goes on the ring of processes (anywhere)", 1},
    {"lookahead", KEY_LOOKAHEAD, "TIME", 0, "least delay of an event (0.1)", 1},
    {"mean", KEY_MEAN, "TIME", 0, "mean delay of an event (1)", 1},
    {"end", KEY_END, "TIME", 0, "end of the run (100)", 1},
    {"cells", KEY_CELLS, "C", 0, "cells that the processes are dealt to; changes the speed, not the result", 1},
    {"migrate", KEY_MIGRATE, NULL, 0, "cells change their rank at random 32 times: the same result, to test", 1},
    {NULL, 0, NULL, 0, "queue (mean service 1 s):", 2},
    {"servers", KEY_SERVERS, "C", 0, "servers (1)", 2},
    {"rho", KEY_RHO, "R", 0, "load of a server, below 1 (0.8)", 2},
    {"jobs", KEY_JOBS, "N", 0, "jobs (1000000)", 2},
    {"service", KEY_SERVICE, "KIND", 0, "exp, det or lognormal (exp)", 2},
    {"cv", KEY_CV, "X", 0, "standard deviation over mean of a lognormal service (1)", 2},
    {NULL, 0, NULL, 0, "idle:", 3},
    {"runs", KEY_RUNS, "N", 0, "simulations that are made, run and freed (1000)", 3},
    {"settlements", KEY_SETTLEMENTS, "N", 0, "settlements of the one that is timed (100000)", 3},
    {NULL, 0, NULL, 0, "fit and predict:", 4},
    {"costs", KEY_COSTS, "FILE", 0, "what an earlier fit found, as JSON: predict uses it, fit adds to it", 4},
    {NULL, 0, NULL, 0, "predict:", 5},
    {"ranks", KEY_RANKS, "LIST", 0, "numbers of ranks, with commas (1,2,4,16,64,256,1000)", 5},
    {"latency", KEY_LATENCY, "TIME", 0, "of a network between ranks that have a core each (none: this machine)", 5},
    {"bandwidth", KEY_BANDWIDTH, "GB/S", 0, "of that network, a rank (as between two ranks here)", 5},
    {"peers", KEY_PEERS, "K", 0, "ranks that a rank has events for, at most (all)", 5},
    {NULL, 0, NULL, 0, "all:", 6},
    {"seed", KEY_SEED, "N", 0, "seed of all random numbers (1)", 6},
    {"format", KEY_FORMAT, "FORM", 0, "text or json (text)", 6},
    {0},
};

/* Zero means the default, so whether an option was given is kept apart. */
struct bench {
  struct dp_phold_options phold;
  struct dp_queue_options queue;
  struct dp_idle_options idle;
  struct dp_predict_options predict;
  const char *costs; /* path; NULL: none */
  int64_t seed;
  int format;
  uint32_t given; /* bit key − KEY_LPS */
};

static enum dp_status in_usage(const char *option, enum dp_status status, const struct dp_err *inner,
                               struct dp_err *err) {
  return status == DP_OK ? DP_OK : dp_fail(err, DP_USAGE, "%s: %s", option, inner->text);
}

static enum dp_status whole(const char *option, const char *value, int64_t max, uint64_t *out, struct dp_err *err) {
  struct dp_err inner = {0};
  int64_t n = 0;
  DP_TRY(in_usage(option, dp_parse_i64(value, 0, max, &n, &inner), &inner, err));
  *out = (uint64_t)n;
  return DP_OK;
}

static enum dp_status number(const char *option, const char *value, double *out, struct dp_err *err) {
  struct dp_err inner = {0};
  return in_usage(option, dp_parse_f64(value, -(double)INFINITY, (double)INFINITY, out, &inner), &inner, err);
}

static enum dp_status time_of(const char *option, const char *value, int64_t *out, struct dp_err *err) {
  struct dp_err inner = {0};
  return in_usage(option, dp_parse_duration_ns(value, out, &inner), &inner, err);
}

static enum dp_status count32(const char *option, const char *value, uint32_t *out, struct dp_err *err) {
  uint64_t n = 0;
  DP_TRY(whole(option, value, UINT32_MAX, &n, err));
  *out = (uint32_t)n;
  return DP_OK;
}

static enum dp_status rank_list(const char *value, struct dp_predict_options *o, struct dp_err *err) {
  char number[16];
  for (o->count = 0; *value; value += *value == ',') {
    size_t len = strcspn(value, ",");
    if (o->count == DP_PREDICT_RANKS_MAX)
      return dp_fail(err, DP_USAGE, "--ranks takes at most %d numbers", DP_PREDICT_RANKS_MAX);
    snprintf(number, sizeof number, "%.*s", len < sizeof number ? (int)len : 15, value);
    DP_TRY(count32("--ranks", number, &o->rank_n[o->count], err));
    if (o->rank_n[o->count++] == 0) return dp_fail(err, DP_USAGE, "--ranks must be at least 1");
    value += len;
  }
  return o->count ? DP_OK : dp_fail(err, DP_USAGE, "--ranks needs numbers (1,2,4)");
}

static enum dp_status positive(const char *option, const char *value, double *out, struct dp_err *err) {
  DP_TRY(number(option, value, out, err));
  return *out > 0 && isfinite(*out) ? DP_OK : dp_fail(err, DP_USAGE, "%s must be greater than 0", option);
}

static enum dp_status predict_option(struct bench *b, int key, const char *value, struct dp_err *err) {
  struct dp_predict_options *o = &b->predict;
  dp_time latency_ns = 0;
  switch (key) {
    case KEY_COSTS: b->costs = value; return DP_OK;
    case KEY_RANKS: return rank_list(value, o, err);
    case KEY_LATENCY:
      DP_TRY(time_of("--latency", value, &latency_ns, err));
      o->latency_ns = (double)latency_ns;
      o->cluster = true;
      return DP_OK;
    case KEY_BANDWIDTH:
      o->cluster = true;
      return positive("--bandwidth", value, &o->bandwidth_gb_per_s, err);
    default: return positive("--peers", value, &o->neighbour_n, err);
  }
}

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"text", "json", NULL}, *const services[] = {"exp", "det", "lognormal", NULL};
  struct bench *b = options;
  uint64_t seed = 0;
  int service = 0;
  b->given |= 1u << (key - KEY_LPS);
  switch (key) {
    case KEY_LPS: return whole("--lps", value, INT64_MAX, &b->phold.lps_n, err);
    case KEY_START: return whole("--start", value, INT64_MAX, &b->phold.start_n, err);
    case KEY_REMOTE: return number("--remote", value, &b->phold.remote_ratio, err);
    case KEY_NEIGHBOURS: return whole("--neighbours", value, INT64_MAX, &b->phold.neighbours_n, err);
    case KEY_LOOKAHEAD: return time_of("--lookahead", value, &b->phold.lookahead_ns, err);
    case KEY_MEAN: return time_of("--mean", value, &b->phold.mean_ns, err);
    case KEY_END: return time_of("--end", value, &b->phold.end_ns, err);
    case KEY_MIGRATE: b->phold.migrate = true; return DP_OK;
    case KEY_CELLS:
      DP_TRY(count32("--cells", value, &b->phold.cell_n, err));
      return b->phold.cell_n ? DP_OK : dp_fail(err, DP_USAGE, "--cells must be at least 1");
    case KEY_SERVERS: return count32("--servers", value, &b->queue.servers_n, err);
    case KEY_RHO: return number("--rho", value, &b->queue.rho_ratio, err);
    case KEY_JOBS: return whole("--jobs", value, INT64_MAX, &b->queue.jobs_n, err);
    case KEY_SERVICE:
      DP_TRY(dp_cli_choice("--service", value, services, &service, err));
      b->queue.service = (enum dp_service)service;
      return DP_OK;
    case KEY_CV: return number("--cv", value, &b->queue.cv_ratio, err);
    case KEY_RUNS: return whole("--runs", value, INT64_MAX, &b->idle.runs_n, err);
    case KEY_SETTLEMENTS: return whole("--settlements", value, INT64_MAX, &b->idle.settlements_n, err);
    case KEY_COSTS:
    case KEY_RANKS:
    case KEY_LATENCY:
    case KEY_BANDWIDTH:
    case KEY_PEERS: return predict_option(b, key, value, err);
    case KEY_SEED:
      DP_TRY(whole("--seed", value, INT64_MAX, &seed, err));
      b->seed = (int64_t)seed;
      return DP_OK;
    default: return dp_cli_choice("--format", value, formats, &b->format, err);
  }
}

static void complete(struct bench *b) {
  bool has[KEY_LAST - KEY_LPS];
  for (int key = KEY_LPS; key < KEY_LAST; key++) has[key - KEY_LPS] = b->given >> (key - KEY_LPS) & 1;
#define DEFAULT(key, field, value) \
  if (!has[(key) - KEY_LPS]) b->field = (value)
  DEFAULT(KEY_LPS, phold.lps_n, 1024);
  DEFAULT(KEY_START, phold.start_n, 1);
  DEFAULT(KEY_REMOTE, phold.remote_ratio, 0.1);
  DEFAULT(KEY_LOOKAHEAD, phold.lookahead_ns, 100 * DP_MS);
  DEFAULT(KEY_MEAN, phold.mean_ns, DP_S);
  DEFAULT(KEY_END, phold.end_ns, 100 * DP_S);
  DEFAULT(KEY_SERVERS, queue.servers_n, 1);
  DEFAULT(KEY_RHO, queue.rho_ratio, 0.8);
  DEFAULT(KEY_JOBS, queue.jobs_n, 1000000);
  DEFAULT(KEY_CV, queue.cv_ratio, 1);
  DEFAULT(KEY_RUNS, idle.runs_n, 1000);
  DEFAULT(KEY_SETTLEMENTS, idle.settlements_n, 100000);
  DEFAULT(KEY_SEED, seed, 1);
#undef DEFAULT
  b->phold.seed = b->queue.seed = b->idle.seed = (uint64_t)b->seed;
  static const uint32_t ranks[] = {1, 2, 4, 16, 64, 256, 1000};
  if (b->predict.count) return;
  memcpy(b->predict.rank_n, ranks, sizeof ranks);
  b->predict.count = sizeof ranks / sizeof *ranks;
}

/* An option of another bench would be ignored without a word. */
static enum dp_status check_given(const struct bench *b, int which, struct dp_err *err) {
  for (const struct argp_option *o = bench_options; o->name || o->doc; o++) {
    bool given = o->key && (b->given >> (o->key - KEY_LPS) & 1);
    for (int other = 0; given && !(takers[o->group] >> which & 1) && benches[other]; other++)
      if (takers[o->group] >> other & 1)
        return dp_fail(err, DP_USAGE, "--%s belongs to bench %s", o->name, benches[other]);
  }
  bool lognormal = b->queue.service == DP_SERVICE_LOGNORMAL;
  if (which == BENCH_QUEUE && !lognormal && (b->given >> (KEY_CV - KEY_LPS) & 1))
    return dp_fail(err, DP_USAGE, "--cv belongs to --service lognormal");
  return DP_OK;
}

static enum dp_text_format form(const struct bench *b) { return b->format ? DP_TEXT_JSON : DP_TEXT_PLAIN; }

static enum dp_status run_phold(const struct dp_cli *cli, const struct bench *b, struct dp_str *out,
                                struct dp_err *err) {
  struct dp_phold_result result;
  DP_TRY(dp_bench_phold(&b->phold, cli->comm, &result, err));
  return dp_phold_print(out, form(b), &b->phold, &result, cli->comm->rank_n, err);
}

static enum dp_status run_queue(const struct dp_cli *cli, const struct bench *b, struct dp_str *out,
                                struct dp_err *err) {
  struct dp_queue_result result;
  DP_TRY(dp_bench_queue(&b->queue, cli->comm, &result, err));
  return dp_queue_print(out, form(b), &b->queue, &result, err);
}

static enum dp_status run_idle(const struct dp_cli *cli, const struct bench *b, struct dp_str *out,
                               struct dp_err *err) {
  struct dp_idle_result result;
  DP_TRY(dp_bench_idle(&b->idle, cli->comm, &result, err));
  return dp_idle_print(out, form(b), &b->idle, &result, err);
}

/* Costs of an earlier fit, or none; the same on every rank. */
static enum dp_status earlier_costs(const struct dp_cli *cli, const struct bench *b, struct dp_costs *costs,
                                    struct dp_err *err) {
  dp_costs_init(costs);
  return b->costs ? dp_comm_agree(cli->comm, dp_costs_read(b->costs, costs, err), err) : DP_OK;
}

static enum dp_status run_fit(const struct dp_cli *cli, const struct bench *b, struct dp_str *out,
                              struct dp_err *err) {
  struct dp_costs costs;
  DP_TRY(earlier_costs(cli, b, &costs, err));
  DP_TRY(dp_bench_fit(cli->comm, &costs, err));
  return dp_costs_print(out, form(b), &costs, err);
}

static enum dp_status run_predict(const struct dp_cli *cli, const struct bench *b, struct dp_str *out,
                                  struct dp_err *err) {
  struct dp_costs costs;
  struct dp_load load;
  struct dp_predict_check check = {.measured_s = (double)NAN, .predicted_s = (double)NAN};
  bool of_result = cli->arg_n > 1;
  DP_TRY(earlier_costs(cli, b, &costs, err));
  if (!b->costs) DP_TRY(dp_bench_fit(cli->comm, &costs, err));
  enum dp_status status = of_result ? dp_load_of_result(cli->args[1], &costs, &load, err) : DP_OK;
  DP_TRY(dp_comm_agree(cli->comm, status, err));
  if (!of_result) DP_TRY(dp_bench_predict_phold(&b->phold, &costs, cli->comm, &load, &check, err));
  load.neighbour_n = b->predict.neighbour_n;
  return dp_predict_print(out, form(b), &b->predict, &costs, &load, &check, err);
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  static enum dp_status (*const runs[])(const struct dp_cli *, const struct bench *, struct dp_str *,
                                        struct dp_err *) = {run_phold, run_queue, run_idle, run_fit, run_predict};
  struct bench b = *(const struct bench *)options;
  int which;
  DP_TRY(dp_cli_choice("the bench", cli->args[0], benches, &which, err));
  DP_TRY(check_given(&b, which, err));
  if (cli->arg_n > 1 && which != BENCH_PREDICT) return dp_fail(err, DP_USAGE, "%s is one word too many", cli->args[1]);
  complete(&b);
  struct dp_str out = {0};
  enum dp_status status = runs[which](cli, &b, &out, err);
  if (status == DP_OK && cli->comm->rank == 0) return dp_cli_put(&out, err);
  dp_str_fini(&out);
  return status;
}

const struct dp_command dp_command_bench = {
    .name = "bench",
    .doc = "measure the engine, and predict a run on other machines",
    .args_doc = "phold|queue|idle|fit|predict [RESULT]",
    .details = "bench phold runs the common benchmark of parallel event simulation; its events and digest depend on "
               "neither ranks nor cells. `expected` is the exact mean of the number of events.\n\n"
               "bench queue runs an M/G/c queue and compares the mean wait with Erlang (M/M/c), Pollaczek and Khinchine "
               "(M/G/1), or Lee and Longton's approximation; `little_holds` compares the area under the number of "
               "jobs in the system with the sum of their stays, to the nanosecond.\n\n"
               "bench idle makes, runs and frees simulations in which nothing happens, and says what one of them and "
               "one settlement cost, and whether the heap has grown.\n\n"
               "bench fit measures the constants of a cost model: an event, a window, a beat alone; under mpirun also "
               "a message, its bytes, and ranks that share a core. bench predict tells by it how long the run that "
               "wrote RESULT, on one rank, would take on others, or without RESULT the PHOLD of the options, which it "
               "also runs here as a check. With --latency or --bandwidth every rank has a core of its own:\n\n"
               "  depinsim bench fit --format json >one.json\n"
               "  mpirun -n 2 depinsim bench fit --costs one.json --format json >two.json\n"
               "  depinsim bench predict run.h5 --costs two.json --ranks 16,1000 --latency 2us",
    .arg_min = 1,
    .arg_max = 2,
    .options = bench_options,
    .options_size = sizeof(struct bench),
    .option = option,
    .parallel = true,
    .run = run,
};
