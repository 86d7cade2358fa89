/* sim/model/host.h — private to sim/model: what hosts the instances of a simulation.
 * Layer: model.
 *
 * Everything that a run changes and that matters later lives in the hidden tables below, so checkpoints and migration
 * carry it. The rest of dp_host is derived from the scenario, or scratch that is empty between beats. */
#ifndef DP_MODEL_HOST_H
#define DP_MODEL_HOST_H

#include "base/hist.h"
#include "model/sim.h"

#define DP_DIMENSION_MAX 8
#define DP_PART_SET_MAX 64
#define DP_BULLETIN_MAX 512 /* bytes of a record */

/* ---- hidden tables: they come first, then those of the instances, then the bulletins ---- */

enum dp_hidden_cell_table {
  DP_HIDDEN_METRIC,
  DP_HIDDEN_HISTOGRAM,
  DP_HIDDEN_BUCKETS,
  DP_HIDDEN_CELL,
  DP_HIDDEN_CELL_TABLE_N
};
enum dp_hidden_global_table { DP_HIDDEN_CLOCK, DP_HIDDEN_VALUE, DP_HIDDEN_SERIES, DP_HIDDEN_GLOBAL_TABLE_N };

/** A slot of a metric in one cell. Rows: instance by instance, metric by metric, slot by slot. */
struct dp_metric_row {
  dp_i128 total;      /* quanta; of a histogram the sum of its values */
  uint64_t count;     /* of a histogram: values recorded */
  uint32_t histogram; /* 1 + row in the table of histograms; 0 while nothing was recorded */
};

#define DP_BUCKET_BLOCK_N (DP_HIST_BUCKETS / DP_HIST_SUB)

/** A histogram that something was recorded in: only the octaves that were hit take room. */
struct dp_histogram_row {
  uint32_t blocks[DP_BUCKET_BLOCK_N]; /* 1 + row in the table of buckets; 0 = empty */
};

struct dp_buckets_row {
  uint64_t counts[DP_HIST_SUB];
};

struct dp_cell_row {
  uint64_t transaction_n; /* submitted so far */
};

struct dp_clock_row {
  uint64_t settlement_n; /* done so far; the one at time 0 counts */
  int64_t settled_ns;    /* when the last one was */
};

struct dp_value_row {
  dp_i128 integer;
  double real;
};

/** A slot of a metric over all cells, at settlements. The rows are those of the table of metrics. */
struct dp_series_row {
  dp_i128 last;    /* total at the settlement before */
  dp_i128 sum;     /* Σ of `last` over settlements after time 0 */
  double real;     /* a global: as set last */
  double real_sum; /* Σ of `real` over settlements after time 0 */
};

extern const struct dp_table_decl dp_hidden_cell_tables[DP_HIDDEN_CELL_TABLE_N];
extern const struct dp_table_decl dp_hidden_global_tables[DP_HIDDEN_GLOBAL_TABLE_N];

/* ---- the host ---- */

/** What may be called now. */
enum dp_host_phase {
  DP_HOST_SETUP,  /* init_replicated */
  DP_HOST_EVENTS, /* init_cell and between beats */
  DP_HOST_COLLECT,
  DP_HOST_SAMPLE_CELL,
  DP_HOST_CLEAR,
  DP_HOST_SAMPLE_REPLICATED,
  DP_HOST_APPLY, /* and check */
};

struct dp_dimension {
  const char *name;
  const char *const *labels; /* [n] */
  size_t n;
};

/** The distinct parts of one schema. */
struct dp_part_set {
  const char *schema;
  const void **parts; /* [n] */
  size_t n, cap;
};

/** Memory that lives as long as the simulation. */
struct dp_block {
  _Alignas(16) struct dp_block *next;
};

struct dp_host {
  enum dp_host_phase phase;
  uint64_t due;              /* of the beat that is being run */
  struct dp_err deferred;    /* of services that return nothing; raised at the next beat */
  uint64_t *own_beats;       /* [instance_n] beats that the instance opened itself */
  size_t *series_slot_n;     /* [instance_n] values in a row of its series */
  struct dp_target *targets; /* [instance_n] */
  const struct dp_table_decl **cell_decls, **global_decls;
  int *cell_leaders;
  size_t cell_table_n, global_table_n;
  uint16_t *subscribers;      /* instance indices, kind by kind */
  uint32_t *subscriber_first; /* [kind_n + 1] */
  size_t kind_n;
  struct dp_dimension dimensions[DP_DIMENSION_MAX];
  size_t dimension_n;
  struct dp_part_set part_sets[DP_PART_SET_MAX];
  size_t part_set_n;
  dp_i128 *sums;   /* [1 + flow_n + series_n]: failed ranks, flows, series slots: one reduction a beat */
  dp_i128 *flows;  /* sums + 1 */
  dp_i128 *series; /* sums + 1 + flow_n */
  size_t flow_n, series_n, metric_row_n, value_n;
  uint32_t *series_rows; /* [series_n] their rows in the table of metrics */
  double *shown;         /* [most slots of an instance] a row for the sink */
  struct dp_buffer posted, gathered; /* records: see exchange.c */
  struct dp_transaction *transactions; /* [transaction_n] of this beat, in the order of execution */
  size_t transaction_n, transaction_cap;
  bool begun; /* the sink knows the series */
  struct dp_str fingerprint; /* resume.c; made when it is needed first */
  dp_pulse_fn pulse;
  void *pulse_owner;
  struct dp_last_event *last_events; /* [cell_n] self_check.c; NULL: not checked */
  struct dp_block *blocks;
};

/** A beat that is being run. */
struct dp_beat_run {
  struct dp_sim *sim;
  dp_time now_ns;
  uint64_t due;
  struct dp_beat_info info; /* `own` is filled per instance */
  struct dp_err *err;
};

/** Zeroed memory until dp_sim_free; NULL when memory is out. */
void *dp_host_alloc(struct dp_sim *sim, size_t bytes);

/** Puts "model.instance at time: " in front of a callback's error, which gets a text if it has none; without a time
 *  when now_ns < 0. @return status. */
enum dp_status dp_host_blame(const struct dp_instance *in, dp_time now_ns, enum dp_status status, struct dp_err *err);

/** Keeps an error of a service that cannot return one. The first one counts. */
void dp_host_defer(const struct dp_ctx *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** instances.c: fills sim->instances from the spec. References, names and parts are resolved in place. */
enum dp_status dp_host_instances(struct dp_sim *sim, struct dp_err *err);
enum dp_status dp_host_resolve(struct dp_sim *sim, struct dp_err *err);

/** order.c: published values against the order of the models. */
enum dp_status dp_host_check_order(const struct dp_sim *sim, struct dp_err *err);
/** order.c: a model's declarations fit each other (KPIs name metrics, names are unique, units are known). */
enum dp_status dp_model_check(const struct dp_model *model, struct dp_err *err);

/** layout.c: tables before the engine exists; rows of metrics, values and bulletins after dimensions are known. */
enum dp_status dp_host_layout_tables(struct dp_sim *sim, struct dp_err *err);
enum dp_status dp_host_layout_values(struct dp_sim *sim, struct dp_err *err);
enum dp_status dp_host_layout_metrics(struct dp_sim *sim, struct dp_err *err);

/** beat.c: the engine's beat hook. */
enum dp_status dp_host_beat(void *owner, dp_time now_ns, uint64_t due, bool last, struct dp_err *err);

/** exchange.c: collective: sums and records of a beat; `mine` is how this rank's collect went. */
enum dp_status dp_host_exchange(struct dp_beat_run *r, enum dp_status mine);
/** Appends a record of `size` bytes to what this rank hands in. */
enum dp_status dp_host_post(struct dp_sim *sim, uint32_t cell, uint16_t instance, bool transaction, const void *data,
                            size_t size, struct dp_err *err);

/** metric.c: keeps the totals of a settlement and hands rows to the sink (rank 0). */
enum dp_status dp_host_series(struct dp_beat_run *r);
/** Adds this rank's counts of a histogram. */
void dp_host_add_histogram(const struct dp_sim *sim, const struct dp_instance *in, unsigned metric, uint64_t *counts);
/** A total in the metric's unit. */
double dp_metric_in_unit(const struct dp_metric *metric, dp_i128 total);
/** Index of a metric of the model by name, -1 if there is none. */
int dp_metric_index(const struct dp_model *model, const char *name);

static inline bool dp_takes_part(const struct dp_beat_run *r, const struct dp_instance *in) {
  return (in->beats & r->due) != 0;
}

static inline struct dp_metric_row *dp_metric_rows(const struct dp_cell *cell) {
  return (struct dp_metric_row *)(void *)cell->tables[DP_HIDDEN_METRIC].rows;
}
static inline struct dp_series_row *dp_series_rows(const struct dp_sim *sim) {
  return (struct dp_series_row *)(void *)sim->engine->globals[DP_HIDDEN_SERIES].rows;
}
static inline struct dp_clock_row *dp_clock(const struct dp_sim *sim) {
  return (struct dp_clock_row *)(void *)sim->engine->globals[DP_HIDDEN_CLOCK].rows;
}

/** True for metrics that have a column in the series. */
static inline bool dp_metric_in_series(const struct dp_metric *m) {
  return !m->no_series && m->kind != DP_METRIC_HISTOGRAM;
}
/** True for metrics whose series needs a sum over cells. */
static inline bool dp_metric_is_summed(const struct dp_metric *m) {
  return !m->no_series && (m->kind == DP_METRIC_COUNTER || m->kind == DP_METRIC_GAUGE);
}

#endif
