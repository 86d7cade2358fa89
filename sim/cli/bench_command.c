/* sim/cli/bench_command.c — depinsim bench phold, depinsim bench queue. */
#include <math.h>
#include <string.h>

#include "analysis/bench_phold.h"
#include "analysis/bench_queue.h"
#include "cli/cli.h"
#include "cli/commands.h"

enum {
  KEY_LPS = 0x100, KEY_START, KEY_REMOTE, KEY_LOOKAHEAD, KEY_MEAN, KEY_END, KEY_CELLS, KEY_SERVERS, KEY_RHO, KEY_JOBS,
  KEY_SERVICE, KEY_CV, KEY_SEED, KEY_FORMAT, KEY_LAST
};

static const struct argp_option bench_options[] = {
    {NULL, 0, NULL, 0, "phold:", 1},
    {"lps", KEY_LPS, "N", 0, "logical processes (1024)", 1},
    {"start", KEY_START, "K", 0, "events that each begins with (1)", 1},
    {"remote", KEY_REMOTE, "P", 0, "share of events that go to a random process (0.1)", 1},
    {"lookahead", KEY_LOOKAHEAD, "TIME", 0, "least delay of an event (0.1)", 1},
    {"mean", KEY_MEAN, "TIME", 0, "mean delay of an event (1)", 1},
    {"end", KEY_END, "TIME", 0, "end of the run (100)", 1},
    {"cells", KEY_CELLS, "C", 0, "cells that the processes are dealt to; changes the speed, not the result", 1},
    {NULL, 0, NULL, 0, "queue (mean service 1 s):", 2},
    {"servers", KEY_SERVERS, "C", 0, "servers (1)", 2},
    {"rho", KEY_RHO, "R", 0, "load of a server, below 1 (0.8)", 2},
    {"jobs", KEY_JOBS, "N", 0, "jobs (1000000)", 2},
    {"service", KEY_SERVICE, "KIND", 0, "exp, det or lognormal (exp)", 2},
    {"cv", KEY_CV, "X", 0, "standard deviation over mean of a lognormal service (1)", 2},
    {NULL, 0, NULL, 0, "both:", 3},
    {"seed", KEY_SEED, "N", 0, "seed of all random numbers (1)", 3},
    {"format", KEY_FORMAT, "FORM", 0, "text or json (text)", 3},
    {0},
};

/* Zero means the default, so whether an option was given is kept apart. */
struct bench {
  struct dp_phold_options phold;
  struct dp_queue_options queue;
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
    case KEY_LOOKAHEAD: return time_of("--lookahead", value, &b->phold.lookahead_ns, err);
    case KEY_MEAN: return time_of("--mean", value, &b->phold.mean_ns, err);
    case KEY_END: return time_of("--end", value, &b->phold.end_ns, err);
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
  DEFAULT(KEY_SEED, seed, 1);
#undef DEFAULT
  b->phold.seed = b->queue.seed = (uint64_t)b->seed;
}

/* An option of the other bench would be ignored without a word. */
static enum dp_status check_given(const struct bench *b, bool phold, struct dp_err *err) {
  for (const struct argp_option *o = bench_options; o->name || o->doc; o++) {
    bool other = o->key && o->group == (phold ? 2 : 1) && (b->given >> (o->key - KEY_LPS) & 1);
    if (other) return dp_fail(err, DP_USAGE, "--%s belongs to bench %s", o->name, phold ? "queue" : "phold");
  }
  bool lognormal = b->queue.service == DP_SERVICE_LOGNORMAL;
  if (!phold && !lognormal && (b->given >> (KEY_CV - KEY_LPS) & 1))
    return dp_fail(err, DP_USAGE, "--cv belongs to --service lognormal");
  return DP_OK;
}

static enum dp_status run_phold(const struct dp_cli *cli, const struct bench *b, struct dp_str *out,
                                struct dp_err *err) {
  struct dp_phold_result result;
  DP_TRY(dp_bench_phold(&b->phold, cli->comm, &result, err));
  return dp_phold_print(out, b->format ? DP_TEXT_JSON : DP_TEXT_PLAIN, &b->phold, &result, cli->comm->rank_n, err);
}

static enum dp_status run_queue(const struct dp_cli *cli, const struct bench *b, struct dp_str *out,
                                struct dp_err *err) {
  struct dp_queue_result result;
  DP_TRY(dp_bench_queue(&b->queue, cli->comm, &result, err));
  return dp_queue_print(out, b->format ? DP_TEXT_JSON : DP_TEXT_PLAIN, &b->queue, &result, err);
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  static const char *const benches[] = {"phold", "queue", NULL};
  struct bench b = *(const struct bench *)options;
  int which;
  DP_TRY(dp_cli_choice("the bench", cli->args[0], benches, &which, err));
  DP_TRY(check_given(&b, which == 0, err));
  complete(&b);
  struct dp_str out = {0};
  enum dp_status status = which == 0 ? run_phold(cli, &b, &out, err) : run_queue(cli, &b, &out, err);
  if (status == DP_OK && cli->comm->rank == 0) return dp_cli_put(&out, err);
  dp_str_fini(&out);
  return status;
}

const struct dp_command dp_command_bench = {
    .name = "bench",
    .doc = "measure the engine: PHOLD, or a queue against theory",
    .args_doc = "phold|queue",
    .details = "bench phold runs the common benchmark of parallel event simulation; its events and digest depend on "
               "neither ranks nor cells. `expected` is the exact mean of the number of events.\n\n"
               "bench queue runs an M/G/c queue and compares the mean wait with Erlang (M/M/c), Pollaczek and Khinchine "
               "(M/G/1), or Lee and Longton's approximation; `little_holds` compares the area under the number of "
               "jobs in the system with the sum of their stays, to the nanosecond.",
    .arg_min = 1,
    .arg_max = 1,
    .options = bench_options,
    .options_size = sizeof(struct bench),
    .option = option,
    .parallel = true,
    .run = run,
};
