/* tests/unit/probe.h — a simulation of two instances in three cells whose model notes what it is told and does what a
 * test asks for. Only for tests. */
#ifndef DP_TESTS_PROBE_H
#define DP_TESTS_PROBE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim.h"

#define CELL_N 3u
#define NOTES_MAX 64

/** What a callback was told or saw. */
struct note {
  uint16_t instance;
  uint32_t cell;
  dp_time now_ns;
  struct dp_beat_info beat;
  int64_t number;
};

typedef enum dp_status (*step_fn)(struct dp_ctx *ctx, const struct dp_beat_info *beat);

/** The configuration of a test model: what its callbacks do, and what they note. */
struct probe {
  double beat_s; /* 0: none of its own */
  step_fn init, init_cell, collect, clear, apply;
  enum dp_status (*execute)(struct dp_ctx *ctx, struct dp_transaction *t);
  enum dp_status (*receipt)(struct dp_ctx *ctx, const struct dp_transaction *t);
  step_fn sample_cell, sample_replicated, check;
  struct note notes[NOTES_MAX];
  size_t note_n;
  int released;
};

static inline struct probe *probe_of(const struct dp_ctx *ctx) { return ctx->self->config; }

static inline void note(struct dp_ctx *ctx, const struct dp_beat_info *beat, int64_t number) {
  struct probe *p = probe_of(ctx);
  assert_true(p->note_n < NOTES_MAX);
  p->notes[p->note_n++] = (struct note){.instance = ctx->self->index,
                                        .cell = ctx->cell ? ctx->cell->id : UINT32_MAX,
                                        .now_ns = ctx->now_ns,
                                        .beat = beat ? *beat : (struct dp_beat_info){0},
                                        .number = number};
}

static inline enum dp_status call(step_fn fn, struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  return fn ? fn(ctx, beat) : DP_OK;
}

static inline uint32_t cell_n(const void *config) {
  (void)config;
  return CELL_N;
}

static const char *const regions[] = {"north", "south"};

static inline enum dp_status init_replicated(struct dp_ctx *ctx) {
  if (ctx->self->nth == 0) {
    dp_ctx_sim(ctx)->instances[ctx->self->index].shared = probe_of(ctx);
    if (ctx->self->index == 0) DP_TRY(dp_declare_dimension(ctx, "region", regions, 2));
  }
  if (probe_of(ctx)->beat_s > 0) DP_TRY(dp_open_beat(ctx, "probe", (dp_time)(probe_of(ctx)->beat_s * 1e9)));
  return call(probe_of(ctx)->init, ctx, NULL);
}

static inline enum dp_status init_cell(struct dp_ctx *ctx) { return call(probe_of(ctx)->init_cell, ctx, NULL); }
static inline enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *b) {
  return call(probe_of(ctx)->collect, ctx, b);
}
static inline enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *b) {
  return call(probe_of(ctx)->clear, ctx, b);
}
static inline enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *b) {
  return call(probe_of(ctx)->apply, ctx, b);
}
static inline enum dp_status execute(struct dp_ctx *ctx, struct dp_transaction *t) {
  return probe_of(ctx)->execute ? probe_of(ctx)->execute(ctx, t) : DP_OK;
}
static inline enum dp_status receipt(struct dp_ctx *ctx, const struct dp_transaction *t) {
  return probe_of(ctx)->receipt ? probe_of(ctx)->receipt(ctx, t) : DP_OK;
}
static inline enum dp_status sample_cell(struct dp_ctx *ctx) { return call(probe_of(ctx)->sample_cell, ctx, NULL); }
static inline enum dp_status sample_replicated(struct dp_ctx *ctx) {
  return call(probe_of(ctx)->sample_replicated, ctx, NULL);
}
static inline enum dp_status check_cell(struct dp_ctx *ctx) { return call(probe_of(ctx)->check, ctx, NULL); }
static inline void release(void *shared) { ((struct probe *)shared)->released++; }

static inline enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  note(ctx, NULL, event->kind);
  return DP_OK;
}

struct notice {
  int64_t number;
};
static const struct dp_column notice_columns[] = {DP_COLUMN(struct notice, number, "1", "a number")};
static const struct dp_table_decl notice = {.name = "notice", .scope = DP_SCOPE_REPLICATED, .columns = notice_columns,
                                            .row_size = sizeof(struct notice), .column_n = 1};

enum { SERVED, USD, ALIVE, WAIT, LEVEL, NEVER, WORTH };
static const struct dp_metric metrics[] = {
    {"served", DP_METRIC_COUNTER, "1", 1, "region", false, ""},
    {"usd", DP_METRIC_COUNTER, "usd", 1e-9, NULL, false, ""},
    {"alive", DP_METRIC_GAUGE, "1", 1, NULL, false, ""},
    {"wait", DP_METRIC_HISTOGRAM, "s", 1e-3, NULL, false, ""},
    {"level", DP_METRIC_GLOBAL, "1", 0, NULL, false, ""},
    {"never", DP_METRIC_COUNTER, "1", 1, NULL, true, ""},
    {"worth", DP_METRIC_AMOUNT, "usd", 1, NULL, true, ""},
};
static const struct dp_kpi kpis[] = {
    {"t.served", DP_KPI_TOTAL, "served", NULL, "1", 0, ""},
    {"t.usd", DP_KPI_TOTAL, "usd", NULL, "usd", 0, ""},
    {"t.usd_each", DP_KPI_RATIO, "usd", "served", "usd", 1000, ""},
    {"t.undefined", DP_KPI_RATIO, "served", "never", "1", 0, ""},
    {"t.alive", DP_KPI_TOTAL, "alive", NULL, "1", 0, ""},
    {"t.alive_mean", DP_KPI_MEAN, "alive", NULL, "1", 0, ""},
    {"t.served_mean", DP_KPI_MEAN, "served", NULL, "1", 0, ""},
    {"t.level", DP_KPI_TOTAL, "level", NULL, "1", 0, ""},
    {"t.wait_s", DP_KPI_DISTRIBUTION, "wait", NULL, "s", 0, ""},
    {"t.worth_usd", DP_KPI_TOTAL, "worth", NULL, "usd", 0, ""},
    {"t.worth_each_usd", DP_KPI_RATIO, "worth", "served", "usd", 0, ""},
    {"t.level_each", DP_KPI_RATIO, "level", "served", "1", 0, ""},
    {"t.wait_majority_n", DP_KPI_MAJORITY, "wait", NULL, "1", 0, ""},
};
enum { FLOW };
static const struct dp_flow flows[] = {{"offered", "token", "a flow"}};
enum { VALUE };
static const struct dp_value values[] = {{"price", DP_OUT, "usd", "a value"}};
static const uint16_t handles[] = {DP_EVENT_NODE_UP};

static const struct dp_schema schema = {.name = "test.probe", .size = sizeof(struct probe)};

#define PROBE(model_name)                                                                                            \
  .name = model_name, .schema = &schema, .metrics = metrics, .metric_n = 7, .kpis = kpis, .flows = flows, .flow_n = 1, \
  .values = values, .value_n = 1, .bulletin = &notice, .handles = handles, .handle_n = 1, .cell_n = cell_n,          \
  .init_replicated = init_replicated, .init_cell = init_cell, .handle = handle, .collect = collect, .clear = clear,  \
  .execute = execute, .apply = apply, .receipt = receipt, .sample_cell = sample_cell,                                \
  .sample_replicated = sample_replicated, .check_cell = check_cell, .release = release

static const struct dp_model first = {PROBE("test.first"), .kpi_n = 13};
static const struct dp_model second = {PROBE("test.second")};

/* ---- running ---- */

struct scene {
  struct probe a, b; /* instances 0 and 1 */
  struct dp_instance_spec instances[2];
  struct dp_spec spec;
  struct dp_comm *comm;
  struct dp_sim *sim;
  struct dp_sink sink;
  double rows[8][5]; /* of instance 0 */
  size_t row_n;
  struct dp_err err;
};

static inline enum dp_status keep_row(struct dp_sink *sink, const struct dp_instance *in, dp_time now_ns,
                                      const double *shown, size_t slot_n, struct dp_err *err) {
  struct scene *s = (struct scene *)((char *)sink - offsetof(struct scene, sink));
  (void)now_ns, (void)err;
  assert_int_equal(slot_n, 5); /* served in two regions, usd, alive, level */
  if (in->index == 0) memcpy(s->rows[s->row_n++], shown, 5 * sizeof *shown);
  return DP_OK;
}

/** Runs 25 s, settled every 10 s, with two instances in three cells: of one model or of two. */
static inline enum dp_status run(struct scene *s, const struct dp_model *other) {
  s->instances[0] = (struct dp_instance_spec){&first, "a", &s->a};
  s->instances[1] = (struct dp_instance_spec){other, "b", &s->b};
  s->spec = (struct dp_spec){
      .end_ns = 25 * DP_S, .settle_every_ns = 10 * DP_S, .instances = s->instances, .instance_n = 2};
  s->sink.row = keep_row;
  assert_int_equal(dp_comm_null_new(&s->comm, NULL), DP_OK);
  DP_TRY(dp_sim_new(&s->spec, s->comm, &s->sim, &s->err));
  dp_sim_set_sink(s->sim, &s->sink);
  bool stopped;
  return dp_sim_run(s->sim, &stopped, &s->err);
}

static inline void end(struct scene *s) {
  dp_sim_free(s->sim);
  dp_comm_free(s->comm);
}

static inline void ran(struct scene *s, const struct dp_model *other) {
  enum dp_status status = run(s, other);
  assert_string_equal(s->err.text, "");
  assert_int_equal(status, DP_OK);
}

/** The run ends with this message. */
static inline void broke(struct scene *s, enum dp_status status, const char *message) {
  assert_int_equal(run(s, &second), status);
  assert_string_equal(s->err.text, message);
  end(s);
}

#endif
