/* sim/model/sim.h — a simulation: instances of models on an engine, and the services that callbacks may use.
 * Layer: model. The dp_sim_* functions are collective; the others are not.
 *
 * The script layer fills a `dp_spec`; tests and benches may write one in C: Lua is optional. */
#ifndef DP_MODEL_SIM_H
#define DP_MODEL_SIM_H

#include "model/model.h"
#include "model/sink.h"
#include "model/vocabulary.h"

/** One instance to be made. */
struct dp_instance_spec {
  const struct dp_model *model;
  const char *name; /* NULL: the model's name */
  void *config;     /* filled configuration of model->schema; references are resolved in place */
};

/** The line of a scenario that made an instance. */
struct dp_made_at {
  const char *file;
  int line;
};

/** What to simulate. Everything is borrowed and must outlive the simulation. */
struct dp_spec {
  const char *name;       /* of the scenario */
  int64_t start_epoch_ns; /* calendar time of 0, ns since 1970-01-01 UTC */
  dp_time end_ns;
  dp_time settle_every_ns;
  uint64_t seed, replicate;
  const struct dp_instance_spec *instances; /* [instance_n] in any order */
  size_t instance_n;
  const struct dp_made_at *made_at; /* [made_at_n] of the first instances, for messages of init; NULL: made in C */
  size_t made_at_n;
  const struct dp_model *const *registry; /* ended by NULL: the order of models, and the implicit ones (dp_models of
                                             model/registry.h); NULL: only the models of `instances`, in their order */
};

struct dp_sim {
  struct dp_spec spec;
  struct dp_comm *comm;
  struct dp_engine *engine;
  struct dp_instance *instances; /* [instance_n] in registry order, then in the scenario's order */
  size_t instance_n;
  struct dp_sink *sink; /* where results go on rank 0; NULL for nowhere */
  struct dp_host *host; /* private: model/host.h */
};

/** Collective. Makes instances (implicit ones included), resolves references and parts, checks the declarations and the
 *  registry order, opens tables, runs init. */
enum dp_status dp_sim_new(const struct dp_spec *spec, struct dp_comm *comm, struct dp_sim **out, struct dp_err *err);
void dp_sim_free(struct dp_sim *sim);

/** Sets who receives series rows (rank 0); call before dp_sim_run. */
void dp_sim_set_sink(struct dp_sim *sim, struct dp_sink *sink);

/** Called on every rank after each window and beat (see dp_pulse_fn). */
void dp_sim_set_pulse(struct dp_sim *sim, dp_pulse_fn pulse, void *owner);

/** Collective. Runs to the end, or until the pulse stops it. */
enum dp_status dp_sim_run(struct dp_sim *sim, bool *stopped, struct dp_err *err);

#define DP_KPI_NAME 128 /* bytes of the longest name of a KPI: figure, dimension, "@", instance */

/** One KPI value. */
struct dp_kpi_value {
  char name[DP_KPI_NAME];
  const char *unit;
  const char *doc;
  double value;  /* NaN when it is not defined (no job completed, nothing to divide by) */
  bool integer;  /* a count: print without a decimal point */
  dp_i128 count; /* exact, if integer */
};

/** Collective. Every KPI, sorted by registry order, those of single instances behind that of all; *out is malloc'ed,
 *  the caller frees it. */
enum dp_status dp_sim_kpis(struct dp_sim *sim, struct dp_kpi_value **out, size_t *n, struct dp_err *err);

/** Collective. Merged histogram of (instance, histogram metric): counts[DP_HIST_BUCKETS]. */
enum dp_status dp_sim_histogram(struct dp_sim *sim, const struct dp_instance *instance, unsigned metric,
                                uint64_t *counts, struct dp_err *err);

/** Collective. Exact total of a counter, gauge or histogram (the sum of its values) over all cells and slots, in
 *  quanta. */
enum dp_status dp_sim_metric_total(struct dp_sim *sim, const struct dp_instance *instance, unsigned metric,
                                   dp_i128 *total, struct dp_err *err);

/** First instance of a model by name ("place"), NULL if the simulation has none. */
const struct dp_instance *dp_sim_first(const struct dp_sim *sim, const char *model);
/** The next one of the same model, or NULL. */
const struct dp_instance *dp_sim_next(const struct dp_instance *instance);
/** Instance by index. */
const struct dp_instance *dp_sim_instance(const struct dp_sim *sim, uint16_t index);

/** Whether parameter `name` of an instance is a CHOICE that is set to `choice`. Domains that do not know each other's
 *  configuration ask so ("fidelity", "flow"). */
bool dp_instance_chose(const struct dp_instance *instance, const char *name, const char *choice);

/** Whether parameter `name` of an instance is a REF to `other`. */
bool dp_instance_refers(const struct dp_instance *instance, const char *name, const struct dp_instance *other);

/** Appends what the scenario gives in place of what a model would make, "NEW-pool: price; …"; nothing if it gives none.
 *  Whatever shows results of such a run says so. */
void dp_sim_conditional(const struct dp_sim *sim, struct dp_str *out);

/** Distinct parts of a schema in the scenario, by id: configuration structs. */
size_t dp_sim_part_n(const struct dp_sim *sim, const char *schema);
const void *dp_sim_part(const struct dp_sim *sim, const char *schema, uint16_t id);

/* ---- services to callbacks ---- */

static inline struct dp_sim *dp_ctx_sim(const struct dp_ctx *ctx) { return ctx->self->sim; }

/** Own table k of the model's declaration order among its cell-scope (replicated) tables. */
static inline struct dp_table *dp_own_table(const struct dp_ctx *ctx, unsigned k) {
  return &ctx->cell->tables[ctx->self->first_cell_table + k];
}
static inline struct dp_table *dp_own_global(const struct dp_ctx *ctx, unsigned k) {
  return &ctx->engine->globals[ctx->self->first_global_table + k];
}

/** A published column of another model: where it is; looked up once in init ("hardware.node", "up"). */
struct dp_view {
  size_t table;    /* index among the cell-scope tables */
  uint32_t offset;
  enum dp_type type;
};
/** @param instance the owner; DP_SCENARIO naming table and column if it does not declare them. */
enum dp_status dp_view_find(const struct dp_instance *owner, const char *table, const char *column, struct dp_view *out,
                            struct dp_err *err);
static inline const void *dp_view_at(const struct dp_ctx *ctx, const struct dp_view *v, uint32_t row) {
  return (const unsigned char *)dp_table_at(&ctx->cell->tables[v->table], row) + v->offset;
}
/** A column for a walk over many rows: row i is at first + i · step. It holds as long as no row is added. */
struct dp_strip {
  const unsigned char *first;
  size_t step;
};
static inline struct dp_strip dp_view_strip(const struct dp_ctx *ctx, const struct dp_view *v) {
  const struct dp_table *t = &ctx->cell->tables[v->table];
  return (struct dp_strip){t->rows ? t->rows + v->offset : NULL, t->decl->row_size};
}
static inline const void *dp_strip_at(const struct dp_strip *s, uint32_t row) { return s->first + row * s->step; }
/** Fetches it into the cache while something else is done: for walks over many rows, some rows ahead. */
static inline void dp_view_prefetch(const struct dp_ctx *ctx, const struct dp_view *v, uint32_t row) {
  const struct dp_table *t = &ctx->cell->tables[v->table];
  __builtin_prefetch(t->rows + (size_t)(row < t->row_n ? row : 0) * t->decl->row_size + v->offset);
}
static inline struct dp_table *dp_view_table(const struct dp_ctx *ctx, const struct dp_view *v) {
  return &ctx->cell->tables[v->table];
}

/** Declares a dimension of metrics ("region"); only in init_replicated. Labels are borrowed for the run. */
enum dp_status dp_declare_dimension(struct dp_ctx *ctx, const char *name, const char *const *labels, size_t n);

/** Opens a channel or a beat for the calling instance; only in init_replicated. The settlement is open for all. */
enum dp_status dp_open_channel(struct dp_ctx *ctx, const char *name, dp_time least_delay_ns, uint16_t *channel);
enum dp_status dp_open_beat(struct dp_ctx *ctx, const char *name, dp_time period_ns);

/** Sends an event without delay inside the cell to every instance that subscribes to `kind` (model->handles). */
enum dp_status dp_emit(struct dp_ctx *ctx, uint16_t kind, uint8_t phase, dp_entity dest, const void *payload,
                       size_t size);

/** Ordinal of a flow (a value) that `owner` declares, by name; DP_SCENARIO, naming both, if it does not. Look it up
 *  once, in init: domains know each other's flows and values by name only. */
enum dp_status dp_flow_find(const struct dp_instance *owner, const char *name, unsigned *flow, struct dp_err *err);
enum dp_status dp_value_find(const struct dp_instance *owner, const char *name, unsigned *value, struct dp_err *err);

/** collect: adds to flow `flow` (ordinal) of instance `owner`. DP_INVARIANT, naming it, on overflow (|amount| ≥
 *  2^104) and at a beat that the owner takes no part in: nobody would read it. */
enum dp_status dp_flow_add(struct dp_ctx *ctx, const struct dp_instance *owner, unsigned flow, dp_i128 amount);
/** clear: the sum over all cells of the own flow. */
dp_i128 dp_flow_sum(const struct dp_ctx *ctx, unsigned flow);

/** clear: publishes an own value (an integer, a double, or both faces of one number). */
void dp_value_set(struct dp_ctx *ctx, unsigned value, dp_i128 integer, double real);
dp_i128 dp_value_integer(const struct dp_ctx *ctx, const struct dp_instance *owner, unsigned value);
double dp_value_real(const struct dp_ctx *ctx, const struct dp_instance *owner, unsigned value);

/** collect: posts the cell's bulletin (a row struct of model->bulletin). */
void dp_bulletin_post(struct dp_ctx *ctx, const void *record);
/** The last bulletin of `cell` of instance `owner`; zeros before the first. Readable in every callback. */
const void *dp_bulletin(const struct dp_ctx *ctx, const struct dp_instance *owner, uint32_t cell);

/** collect: hands in a transaction for t->instance, which must take part in the beat (DP_INVARIANT). */
enum dp_status dp_transaction_submit(struct dp_ctx *ctx, const struct dp_transaction *t);

#endif
