/* tests/unit/tiny_run.h — a small simulation whose every number is known in advance, for tests of results. Only for tests.
 *
 * Five cells in three regions; a settlement an hour, for `settlement_n` hours. At each settlement cell c adds c + 1 to
 * the counter `served` of region c mod 3, a customer of the cell pays 100 + c nano-USD, half of it goes to the host, and
 * cell c sends 10 to cell c + 1 mod 5, which takes it in one second later. Row 1 of the table `thing` dies at once. */
#ifndef DP_TESTS_TINY_RUN_H
#define DP_TESTS_TINY_RUN_H

#include <stdlib.h>
#include <string.h>

#include "books/books.h"
#include "model/sim.h"
#include "output/output.h"

#define TINY_CELL_N 5u
#define TINY_REGION_N 3u
#define TINY_START INT64_C(1713139200) * DP_S /* 2024-04-15 */

struct tiny_thing {
  dp_i128 wide;
  double real;
  int64_t i64;
  uint64_t u64;
  uint32_t u32;
  int32_t i32;
  uint32_t pair[2];
  uint16_t u16;
  uint8_t u8;
  uint8_t label[5];
};

static const struct dp_column tiny_columns[] = {
    DP_COLUMN(struct tiny_thing, wide, "base", "wide"),   DP_COLUMN(struct tiny_thing, real, "s", "real"),
    DP_COLUMN(struct tiny_thing, i64, "ns", "signed"),    DP_COLUMN(struct tiny_thing, u64, "1", "unsigned"),
    DP_COLUMN(struct tiny_thing, u32, "1", "unsigned"),   DP_COLUMN(struct tiny_thing, i32, "1", "signed"),
    DP_COLUMN_ARRAY(struct tiny_thing, pair, "1", "two"), DP_COLUMN(struct tiny_thing, u16, "1", "unsigned"),
    DP_COLUMN(struct tiny_thing, u8, "1", "a byte"),      DP_COLUMN_ARRAY(struct tiny_thing, label, "text", "a name"),
};

struct tiny_total {
  uint64_t settlement_n;
};

static const struct dp_column tiny_total_columns[] = {
    DP_COLUMN(struct tiny_total, settlement_n, "1", "settlements"),
};

static const struct dp_table_decl tiny_tables[] = {
    {.name = "thing", .doc = "one column of every type", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct tiny_thing),
     .columns = tiny_columns, .column_n = sizeof tiny_columns / sizeof tiny_columns[0], .output = true},
    {.name = "total", .doc = "replicated", .scope = DP_SCOPE_REPLICATED, .row_size = sizeof(struct tiny_total),
     .columns = tiny_total_columns, .column_n = 1, .output = true},
};

enum { TINY_SERVED, TINY_ALIVE, TINY_WAIT, TINY_LEVEL, TINY_HIDDEN };

static const struct dp_metric tiny_metrics[] = {
    {"served", DP_METRIC_COUNTER, "1", 1, "region", false, "requests that were served"},
    {"alive", DP_METRIC_GAUGE, "1", 1, NULL, false, "things that exist"},
    {"wait", DP_METRIC_HISTOGRAM, "s", 1e-9, NULL, false, "waiting time"},
    {"level", DP_METRIC_GLOBAL, "usd", 1, NULL, false, "a replicated number"},
    {"hidden", DP_METRIC_COUNTER, "1", 1, NULL, true, "without a series"},
};

static const struct dp_kpi tiny_kpis[] = {
    {"tiny.served", DP_KPI_TOTAL, "served", NULL, "1", 0, "all requests"},
    {"tiny.served_ratio", DP_KPI_RATIO, "served", "hidden", "1", 0, "not defined: nothing is counted in hidden"},
    {"tiny.wait_s", DP_KPI_DISTRIBUTION, "wait", NULL, "s", 0, "waiting time"},
};

struct tiny_config {
  double rate;
  int64_t size_n;
  uint16_t channel; /* set in init_replicated */
};

static const struct dp_param tiny_params[] = {
    {DP_FIELD(struct tiny_config, rate), .type = DP_PARAM_NUMBER, .unit = "1/s", .value = 0.5, .min = 0, .max = 1,
     .doc = "a rate", .source = "none"},
    {DP_FIELD(struct tiny_config, size_n), .type = DP_PARAM_INT, .unit = "1", .value = 7, .doc = "a size",
     .source = "none"},
};

static const struct dp_schema tiny_schema = {.name = "tiny", .doc = "tiny", .params = tiny_params, .param_n = 2,
                                             .size = sizeof(struct tiny_config)};

static uint32_t tiny_cell_n(const void *config) {
  (void)config;
  return TINY_CELL_N;
}

static enum dp_status tiny_init_replicated(struct dp_ctx *ctx) {
  static const char *const labels[] = {"East US", "West Europe", "Île-de-France"};
  uint32_t row;
  struct tiny_config *config = ctx->self->config;
  DP_TRY(dp_declare_dimension(ctx, "region", labels, TINY_REGION_N));
  DP_TRY(dp_open_channel(ctx, "tiny", DP_S, &config->channel));
  return dp_table_add(dp_own_global(ctx, 0), &row, ctx->err);
}

static enum dp_status tiny_init_cell(struct dp_ctx *ctx) {
  struct dp_table *t = dp_own_table(ctx, 0);
  for (uint32_t i = 0; i < 2 + ctx->cell->id; i++) {
    uint32_t row;
    DP_TRY(dp_table_add(t, &row, ctx->err));
    struct tiny_thing *thing = DP_ROW(t, struct tiny_thing, row);
    int64_t n = 100 * (int64_t)ctx->cell->id + i;
    *thing = (struct tiny_thing){.wide = -((dp_i128)n << 70) - 1, .real = 0.5 * (double)n, .i64 = -n, .u64 = UINT64_MAX,
                                 .u32 = UINT32_MAX, .i32 = (int32_t)-n, .pair = {(uint32_t)n, (uint32_t)n + 1},
                                 .u16 = UINT16_MAX, .u8 = (uint8_t)i, .label = "abcde"};
    thing->label[4] = (uint8_t)(i == 0 ? 0 : 'e');
  }
  dp_table_remove(t, 1);
  return DP_OK;
}

/* Money of one settlement of a cell. */
static enum dp_status tiny_pay(struct dp_ctx *ctx) {
  uint32_t id = ctx->cell->id, next = (id + 1) % TINY_CELL_N;
  const struct tiny_config *config = ctx->self->config;
  uint32_t external = dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), escrow = dp_books_own(ctx, DP_ACCOUNT_ESCROW, DP_USD);
  uint32_t payable = dp_books_own(ctx, DP_ACCOUNT_PAYABLE, DP_USD);
  DP_TRY(dp_books_post(ctx, DP_REASON_CUSTOMER_PAYMENT, external, escrow, 100 + id));
  DP_TRY(dp_books_post(ctx, DP_REASON_WORK_SHARE, escrow, payable, (100 + id) / 2));
  return dp_books_transfer(ctx, DP_USD, escrow, next, escrow, 10, config->channel, ctx->now_ns + DP_S);
}

static enum dp_status tiny_apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  uint32_t id = ctx->cell->id;
  if (!beat->settlement) return DP_OK;
  dp_metric_add(ctx, TINY_SERVED, id % TINY_REGION_N, id + 1);
  dp_metric_record(ctx, TINY_WAIT, (int64_t)(id + 1) * DP_S);
  return tiny_pay(ctx);
}

static enum dp_status tiny_clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (beat->settlement) DP_ROW(dp_own_global(ctx, 0), struct tiny_total, 0)->settlement_n++;
  return DP_OK;
}

static enum dp_status tiny_sample_cell(struct dp_ctx *ctx) {
  dp_metric_set(ctx, TINY_ALIVE, 0, dp_own_table(ctx, 0)->live_n);
  return DP_OK;
}

static enum dp_status tiny_sample_replicated(struct dp_ctx *ctx) {
  dp_metric_set_global(ctx, TINY_LEVEL, 0.25 * (double)DP_ROW(dp_own_global(ctx, 0), struct tiny_total, 0)->settlement_n);
  return DP_OK;
}

static const struct dp_channel_decl tiny_channels[] = {{"tiny", "a second on the way"}};

static const struct dp_model tiny_model = {
    .name = "tiny.model",
    .doc = "a model whose numbers are known",
    .schema = &tiny_schema,
    .tables = tiny_tables,
    .table_n = 2,
    .metrics = tiny_metrics,
    .metric_n = sizeof tiny_metrics / sizeof tiny_metrics[0],
    .kpis = tiny_kpis,
    .kpi_n = sizeof tiny_kpis / sizeof tiny_kpis[0],
    .channels = tiny_channels,
    .channel_n = 1,
    .cell_n = tiny_cell_n,
    .init_replicated = tiny_init_replicated,
    .init_cell = tiny_init_cell,
    .apply = tiny_apply,
    .clear = tiny_clear,
    .sample_cell = tiny_sample_cell,
    .sample_replicated = tiny_sample_replicated,
};

struct tiny_run {
  struct tiny_config config;
  char books_config[64];
  struct dp_instance_spec instances[2];
  struct dp_spec spec;
  struct dp_comm *comm;
  struct dp_sim *sim;
};

/** Makes the simulation; `settlement_n` settlements follow the one at the start. */
static inline enum dp_status tiny_new(struct tiny_run *run, struct dp_comm *comm, int64_t settlement_n,
                                      struct dp_err *err) {
  *run = (struct tiny_run){.config = {.rate = 0.25, .size_n = 7}, .comm = comm};
  run->instances[0] = (struct dp_instance_spec){.model = &dp_books_model, .config = run->books_config};
  run->instances[1] = (struct dp_instance_spec){.model = &tiny_model, .config = &run->config};
  run->spec = (struct dp_spec){.name = "tiny", .start_epoch_ns = TINY_START, .end_ns = settlement_n * DP_HOUR,
                               .settle_every_ns = DP_HOUR, .seed = 42, .replicate = 3, .instances = run->instances,
                               .instance_n = 2};
  return dp_sim_new(&run->spec, comm, &run->sim, err);
}

static const struct dp_output_source tiny_modules[] = {{"depin", "return {}\n", 10}, {"depin/token", "return 1\n", 9}};

static const struct dp_output_parameter tiny_parameters[] = {
    {"hosts_n", "20", "1", "hosts at the start", false},
    {"trace", "\"\"", "text", "trace of requests", true},
};

static const struct dp_provenance tiny_provenance = {
    .version = "1.2.3", .revision = "abc", .compiler = "cc", .flags = "-O2", .libraries = "hdf5", .libm_hash = "0123456789abcdef",
    .title = "Does it add up?", .scenario = {"tiny", "-- Does it add up?\n", 19}, .modules = tiny_modules, .module_n = 2,
    .parameters = tiny_parameters, .parameter_n = 2,
};

/** Collective. Finishes a run that is over: KPIs, digest, file. `out` is NULL on ranks but 0. */
static inline enum dp_status tiny_finish(struct tiny_run *run, struct dp_output *out, const char *host,
                                         struct dp_err *err) {
  struct dp_kpi_value *kpis;
  struct dp_output_item item = {"host", host};
  struct dp_output_outcome outcome = {.volatiles = &item, .volatile_n = 1};
  DP_TRY(dp_sim_kpis(run->sim, &kpis, &outcome.kpi_n, err));
  outcome.kpis = kpis;
  enum dp_status status = dp_engine_digest(run->sim->engine, &outcome.digest, err);
  if (status == DP_OK) status = dp_engine_event_n(run->sim->engine, &outcome.event_n, err);
  if (status == DP_OK) status = dp_output_finish(out, run->sim, &outcome, err);
  else dp_output_abandon(out);
  free(kpis);
  return status;
}

/** Collective. A whole run into `path`. */
static inline enum dp_status tiny_write(const char *path, struct dp_comm *comm, int64_t settlement_n, const char *host,
                                        struct dp_err *err) {
  struct tiny_run run;
  struct dp_output *out = NULL;
  bool stopped;
  DP_TRY(tiny_new(&run, comm, settlement_n, err));
  enum dp_status status = comm->rank == 0 ? dp_output_new(path, &tiny_provenance, &out, err) : DP_OK;
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK && out != NULL) dp_sim_set_sink(run.sim, dp_output_sink(out));
  if (status == DP_OK) status = dp_sim_run(run.sim, &stopped, err);
  if (status == DP_OK) status = tiny_finish(&run, out, host, err);
  else dp_output_abandon(out);
  dp_sim_free(run.sim);
  return status;
}

#endif
