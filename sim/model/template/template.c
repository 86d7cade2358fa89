/* sim/model/template/template.c — a commented example of everything that a model can declare and do.
 *
 * In every cell stand counters. Each ticks with a fixed period, draws the size of its tick, and with every n-th tick
 * greets the next cell. At each settlement a cell claims the ticks that are not claimed yet; only so many claims fit
 * into one settlement, and those with the most ticks come first. */
#include "model/template/template.h"

#include <stdlib.h>

/* ---- parameters: one row each; the Lua constructor, its checks, help and the manual come from the row ---- */

static const struct dp_param params[] = {
    {DP_FIELD(struct dp_template_config, cells_n), .type = DP_PARAM_INT, .unit = "1", .value = 1, .min = 1, .max = 1e6,
     .doc = "cells that the counters stand in", .source = "none: an example"},
    {DP_FIELD(struct dp_template_config, counters_n), .type = DP_PARAM_INT, .unit = "1", .value = 2, .min = 0,
     .max = 1e6, .doc = "counters in each cell", .source = "none: an example"},
    {DP_FIELD(struct dp_template_config, tick_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 10, .min = 1e-6,
     .max = 1e9, .log_scale = true, .doc = "time between two ticks of a counter", .source = "none: an example"},
    {DP_FIELD(struct dp_template_config, ping_every_n), .type = DP_PARAM_INT, .unit = "1", .value = 2, .min = 1,
     .max = 1e9, .doc = "ticks from one greeting to the next", .source = "none: an example"},
    {DP_FIELD(struct dp_template_config, ping_delay_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 3, .min = 1e-6,
     .max = 1e9, .doc = "time that a greeting takes", .source = "none: an example"},
    {DP_FIELD(struct dp_template_config, mean_size_tok), .type = DP_PARAM_NUMBER, .unit = "tok", .value = 100, .min = 0,
     .max = 1e9, .doc = "mean size of a tick, exponential", .source = "none: an example"},
    {DP_FIELD(struct dp_template_config, accept_n), .type = DP_PARAM_INT, .unit = "1", .value = 2, .min = 0, .max = 1e6,
     .doc = "claims that fit into a settlement", .source = "none: an example"},
    {DP_FIELD(struct dp_template_config, poll_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 5, .min = 1e-3,
     .max = 1e9, .doc = "time between two looks at the neighbour", .source = "none: an example"},
};

/* What no single row can say; derived fields may be filled in here. */
static enum dp_status check_config(void *config, struct dp_err *err) {
  const struct dp_template_config *c = config;
  if (c->ping_delay_s > c->tick_s * (double)c->ping_every_n)
    return dp_fail(err, DP_SCENARIO, "template.counter: a greeting must arrive before the next one is sent");
  return DP_OK;
}

static const struct dp_schema schema = {
    .name = "template.counter",
    .doc = "Counters that tick, greet and claim: an example.",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_template_config),
    .check = check_config,
};

/* ---- state: rows of declared tables and nothing else, so that checkpoint, migration and digest know all of it ---- */

struct counter {
  uint64_t tick_n;
};

struct home { /* one row a cell */
  int64_t tick_n;      /* of all its counters */
  int64_t new_n;       /* since the last settlement */
  int64_t unclaimed_n; /* handed in or refused, not accepted yet */
  int64_t greeted_n;
  int64_t neighbour_n; /* ticks of the next cell, as its bulletin said */
};

struct world { /* one replicated row */
  dp_i128 total;
  int64_t claimed_n;
  int64_t accepted_n; /* in this settlement */
};

static const struct dp_column counter_columns[] = {DP_COLUMN(struct counter, tick_n, "1", "ticks so far")};

static const struct dp_column home_columns[] = {
    DP_COLUMN(struct home, tick_n, "1", "ticks of all counters"),
    DP_COLUMN(struct home, new_n, "1", "ticks since the last settlement"),
    DP_COLUMN(struct home, unclaimed_n, "1", "ticks whose claim was not accepted yet"),
    DP_COLUMN(struct home, greeted_n, "1", "greetings received"),
    DP_COLUMN(struct home, neighbour_n, "1", "ticks of the next cell when it was seen last"),
};

static const struct dp_column world_columns[] = {
    DP_COLUMN(struct world, total, "1", "ticks of all cells"),
    DP_COLUMN(struct world, claimed_n, "1", "ticks whose claim was accepted"),
    DP_COLUMN(struct world, accepted_n, "1", "claims accepted in this settlement"),
};

/* dp_own_table counts the tables of cells, dp_own_global the replicated ones, each in this order. */
enum { TABLE_COUNTER, TABLE_HOME };
enum { GLOBAL_WORLD };

static const struct dp_table_decl tables[] = {
    {.name = "counter", .doc = "a counter", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct counter),
     DP_ROWS(column, counter_columns), .output = true},
    {.name = "home", .doc = "a cell", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct home), DP_ROWS(column, home_columns)},
    {.name = "world", .doc = "what all know", .scope = DP_SCOPE_REPLICATED, .row_size = sizeof(struct world),
     DP_ROWS(column, world_columns)},
};

/* The bulletin: all that a cell can know of another between messages. */
struct notice {
  int64_t tick_n;
};

static const struct dp_column notice_columns[] = {DP_COLUMN(struct notice, tick_n, "1", "ticks of the cell")};

static const struct dp_table_decl bulletin = {
    .name = "notice", .doc = "what a cell tells the others", .scope = DP_SCOPE_REPLICATED,
    .row_size = sizeof(struct notice), DP_ROWS(column, notice_columns),
};

/* ---- what is measured, summed and published; the enums are the ordinals that the services take ---- */

enum { METRIC_TICKS, METRIC_GREETED, METRIC_CLAIMS, METRIC_ACCEPTED, METRIC_SIZE, METRIC_UNCLAIMED, METRIC_CLAIMED };

static const struct dp_metric metrics[] = {
    {"ticks", DP_METRIC_COUNTER, "1", 1, NULL, false, "ticks"},
    {"greeted", DP_METRIC_COUNTER, "1", 1, NULL, false, "greetings received"},
    {"claims", DP_METRIC_COUNTER, "1", 1, NULL, true, "claims handed in"},
    {"accepted", DP_METRIC_COUNTER, "1", 1, NULL, true, "claims accepted"},
    {"size", DP_METRIC_HISTOGRAM, "tok", 1, NULL, false, "size of a tick"},
    {"unclaimed", DP_METRIC_GAUGE, "1", 1, NULL, false, "ticks that no accepted claim holds"},
    {"claimed_ratio", DP_METRIC_GLOBAL, "1", 0, NULL, false, "share of all ticks that is claimed"},
};

static const struct dp_kpi kpis[] = {
    {"template.ticks", DP_KPI_TOTAL, "ticks", NULL, "1", 0, "ticks of all counters"},
    {"template.greeted", DP_KPI_TOTAL, "greeted", NULL, "1", 0, "greetings received"},
    {"template.accepted_ratio", DP_KPI_RATIO, "accepted", "claims", "1", 0, "share of the claims that were accepted"},
    {"template.size_tok", DP_KPI_DISTRIBUTION, "size", NULL, "tok", 0, "size of a tick"},
    {"template.unclaimed", DP_KPI_MEAN, "unclaimed", NULL, "1", 0, "ticks that wait for a claim, mean"},
    {"template.claimed_ratio", DP_KPI_TOTAL, "claimed_ratio", NULL, "1", 0, "share of all ticks that is claimed"},
};

enum { FLOW_TICKS };
static const struct dp_flow flows[] = {{"ticks", "1", "ticks since the last settlement"}};

enum { VALUE_TOTAL };
static const struct dp_value values[] = {{"total", DP_OUT, "1", "ticks of all cells at the last settlement"}};

static const struct dp_channel_decl channels[] = {{"ping", "time that a greeting takes"}};

static const uint16_t handles[] = {DP_EVENT_TIMER, DP_EVENT_TEMPLATE_PING};

enum { CLAIM_DONE, CLAIM_REFUSED }; /* status of a receipt */

/* ---- set-up ---- */

/* Derived once and never changed: it may live outside tables. */
struct shared {
  dp_time tick_ns, delay_ns;
  uint16_t channel; /* of greetings; there is none with a single cell */
};

static const struct dp_template_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }
static const struct shared *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }
static struct home *home_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, TABLE_HOME), struct home, 0);
}
static struct world *world_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, GLOBAL_WORLD), struct world, 0);
}

static uint32_t cell_n(const void *config) { return (uint32_t)((const struct dp_template_config *)config)->cells_n; }

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_template_config *c = config_of(ctx);
  struct shared *s = calloc(1, sizeof *s);
  if (!s) return dp_fail_nomem(ctx->err, "template.counter");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s; /* `release` frees it, also when what follows fails */
  s->tick_ns = (dp_time)(c->tick_s * 1e9);
  s->delay_ns = (dp_time)(c->ping_delay_s * 1e9);
  if (c->cells_n > 1) DP_TRY(dp_open_channel(ctx, "ping", s->delay_ns, &s->channel));
  DP_TRY(dp_open_beat(ctx, "poll", (dp_time)(c->poll_s * 1e9)));
  uint32_t row;
  return dp_table_add(dp_own_global(ctx, GLOBAL_WORLD), &row, ctx->err);
}

static enum dp_status schedule_tick(struct dp_ctx *ctx, dp_entity counter) {
  struct dp_message m = {.dest = counter,
                         .time_ns = ctx->now_ns + shared_of(ctx)->tick_ns,
                         .instance = ctx->self->index,
                         .kind = DP_EVENT_TIMER,
                         .phase = DP_PHASE_DECISION};
  return dp_send(ctx, &m);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  uint32_t row;
  DP_TRY(dp_table_add(dp_own_table(ctx, TABLE_HOME), &row, ctx->err));
  for (int64_t i = 0; i < config_of(ctx)->counters_n; i++) {
    DP_TRY(dp_table_add(dp_own_table(ctx, TABLE_COUNTER), &row, ctx->err));
    DP_TRY(schedule_tick(ctx, dp_table_entity(dp_own_table(ctx, TABLE_COUNTER), row)));
  }
  return DP_OK;
}

/* ---- events ---- */

static enum dp_status greet_neighbour(struct dp_ctx *ctx) {
  uint32_t n = ctx->engine->config.cell_n;
  if (!shared_of(ctx)->channel) return DP_OK;
  struct dp_message m = {.dest = dp_entity_of_cell((ctx->cell->id + 1) % n),
                         .time_ns = ctx->now_ns + shared_of(ctx)->delay_ns,
                         .instance = ctx->self->index,
                         .kind = DP_EVENT_TEMPLATE_PING,
                         .channel = shared_of(ctx)->channel,
                         .phase = DP_PHASE_ARRIVAL};
  return dp_send(ctx, &m);
}

static enum dp_status tick(struct dp_ctx *ctx, dp_entity counter) {
  uint32_t row = dp_table_find(dp_own_table(ctx, TABLE_COUNTER), counter);
  if (row == DP_NO_ROW) return DP_OK; /* it has gone since the timer was set */
  struct counter *c = DP_ROW(dp_own_table(ctx, TABLE_COUNTER), struct counter, row);
  /* the occasion is this counter's tick: the draw depends on nothing else that happens */
  struct dp_rng rng = dp_ctx_rng(ctx, counter, DP_STREAM(DP_STREAM_TEMPLATE, ctx->self->index), c->tick_n);
  dp_metric_record(ctx, METRIC_SIZE, (int64_t)dp_rng_exponential(&rng, config_of(ctx)->mean_size_tok));
  dp_metric_add(ctx, METRIC_TICKS, 0, 1);
  c->tick_n++;
  home_of(ctx)->tick_n++;
  home_of(ctx)->new_n++;
  if (c->tick_n % (uint64_t)config_of(ctx)->ping_every_n == 0) DP_TRY(greet_neighbour(ctx));
  return schedule_tick(ctx, counter);
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  if (event->kind == DP_EVENT_TIMER) return tick(ctx, event->dest);
  if (event->kind == DP_EVENT_TEMPLATE_PING) {
    home_of(ctx)->greeted_n++;
    dp_metric_add(ctx, METRIC_GREETED, 0, 1);
    return DP_OK;
  }
  return dp_fail(ctx->err, DP_INVARIANT, "template.counter: event kind %u is not handled", event->kind);
}

/* ---- beats: collect in the cells, clear once for all, apply in the cells ---- */

static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  struct home *home = home_of(ctx);
  dp_bulletin_post(ctx, &(struct notice){.tick_n = home->tick_n});
  if (!beat->settlement) return DP_OK;
  DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_TICKS, home->new_n));
  home->unclaimed_n += home->new_n;
  home->new_n = 0;
  if (home->unclaimed_n == 0) return DP_OK;
  dp_metric_add(ctx, METRIC_CLAIMS, 0, 1);
  struct dp_transaction claim = {.sender = dp_entity_of_cell(ctx->cell->id),
                                 .fee = home->unclaimed_n,
                                 .instance = ctx->self->index,
                                 .payload = {(uint64_t)home->unclaimed_n}};
  return dp_transaction_submit(ctx, &claim);
}

/* Replicated: every rank does the same with the same numbers. Runs for each claim, the best first, before clear. */
static enum dp_status execute(struct dp_ctx *ctx, struct dp_transaction *t) {
  struct world *world = world_of(ctx);
  t->status = world->accepted_n < config_of(ctx)->accept_n ? CLAIM_DONE : CLAIM_REFUSED;
  if (t->status == CLAIM_REFUSED) return DP_OK;
  world->accepted_n++;
  world->claimed_n += (int64_t)t->payload[0];
  return DP_OK;
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  struct world *world = world_of(ctx);
  if (!beat->settlement) return DP_OK;
  world->accepted_n = 0;
  if (!dp_i128_add(world->total, dp_flow_sum(ctx, FLOW_TICKS), &world->total))
    return dp_fail(ctx->err, DP_INVARIANT, "the number of ticks does not fit 128 bits");
  dp_value_set(ctx, VALUE_TOTAL, world->total, dp_i128_to_double(world->total));
  return DP_OK;
}

static enum dp_status receipt(struct dp_ctx *ctx, const struct dp_transaction *t) {
  if (t->status != CLAIM_DONE) return DP_OK; /* the cell claims again at the next settlement */
  home_of(ctx)->unclaimed_n -= (int64_t)t->payload[0];
  dp_metric_add(ctx, METRIC_ACCEPTED, 0, 1);
  return DP_OK;
}

static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (!beat->own) return DP_OK;
  uint32_t next = (ctx->cell->id + 1) % ctx->engine->config.cell_n;
  const struct notice *notice = dp_bulletin(ctx, ctx->self, next);
  home_of(ctx)->neighbour_n = notice->tick_n;
  return DP_OK;
}

/* ---- what is shown, and what must hold ---- */

static enum dp_status sample_cell(struct dp_ctx *ctx) {
  dp_metric_set(ctx, METRIC_UNCLAIMED, 0, home_of(ctx)->unclaimed_n);
  return DP_OK;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct world *world = world_of(ctx);
  double total = dp_i128_to_double(world->total);
  dp_metric_set_global(ctx, METRIC_CLAIMED, total > 0 ? (double)world->claimed_n / total : 0);
  return DP_OK;
}

static enum dp_status check_cell(struct dp_ctx *ctx) {
  const struct dp_table *t = dp_own_table(ctx, TABLE_COUNTER);
  uint64_t sum = 0;
  for (uint32_t i = dp_table_next(t, 0); i != DP_NO_ROW; i = dp_table_next(t, i + 1))
    sum += DP_ROW(t, struct counter, i)->tick_n;
  if (sum == (uint64_t)home_of(ctx)->tick_n) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "cell %u has another number of ticks than its counters", ctx->cell->id);
}

static enum dp_status check_replicated(struct dp_ctx *ctx) {
  if (world_of(ctx)->claimed_n <= dp_value_integer(ctx, ctx->self, VALUE_TOTAL)) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "more ticks are claimed than there were");
}

const struct dp_model dp_template_model = {
    .name = "template.counter",
    .section = "counters",
    .doc = "Counters that tick, greet and claim: an example.",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    DP_ROWS(flow, flows),
    DP_ROWS(value, values),
    DP_ROWS(channel, channels),
    .bulletin = &bulletin,
    DP_ROWS(handle, handles),
    .cell_n = cell_n,
    .init_replicated = init_replicated,
    .init_cell = init_cell,
    .handle = handle,
    .collect = collect,
    .clear = clear,
    .execute = execute,
    .apply = apply,
    .receipt = receipt,
    .sample_cell = sample_cell,
    .sample_replicated = sample_replicated,
    .check_cell = check_cell,
    .check_replicated = check_replicated,
    .release = free,
};
