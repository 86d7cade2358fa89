/* sim/model/model.h — the component contract: one `const struct dp_model` with declarations and callbacks.
 * Layer: model. model/template/ is a commented, compiled and tested example; model/registry.c lists every model.
 *
 * A model has *instances* (one per network, token, workload). Between beats its `handle` runs cells event by event. At
 * a beat every model does collect → clear → apply: cells hand in numbers, every rank steps the same replicated state
 * from the same numbers, cells take the outcome. The registry order is the order of each of the three. */
#ifndef DP_MODEL_MODEL_H
#define DP_MODEL_MODEL_H

#include "engine/engine.h"
#include "model/metric.h"
#include "model/param.h"
#include "model/policy.h"

struct dp_model;
struct dp_sim;

/** A sum over cells, handed in at collect and read by the owner's clear. Scoped by instance. */
struct dp_flow {
  const char *name;
  const char *unit;
  const char *doc;
};

/** How a model uses a published value: written in its clear; read in the same clear (its writer must come earlier in
 *  the registry); read as the beat before left it (its writer must come later). Cells may read every value. */
enum dp_direction { DP_OUT, DP_IN, DP_LAGGED };

/** A replicated number that others may read: "token.reward_index". Scoped by instance. */
struct dp_value {
  const char *name;  /* OUT: "reward_index"; IN and LAGGED: "ledger.token.reward_index" (model first) */
  enum dp_direction direction;
  const char *unit;
  const char *doc;
};

/** A channel that a model may open; its least delay is known when the scenario is. */
struct dp_channel_decl {
  const char *name;
  const char *doc; /* what the delay is in reality */
};

/** What a beat callback is told. */
struct dp_beat_info {
  bool settlement; /* the settlement is due */
  bool own;        /* the beat that this instance opened is due */
  bool last;       /* the closing beat, at the end of the run */
  uint64_t n;      /* ordinal of the settlement: 0 at the start */
  dp_time since_ns; /* length of the settlement that ends now; 0 at the start */
};

/** A replicated transaction, ordered by (fee descending, sender, number) and executed by the owner's `execute`. */
struct dp_transaction {
  dp_entity sender;
  uint64_t number; /* of the sender's cell: filled in by the host */
  int64_t fee;
  uint16_t instance; /* who executes */
  uint16_t kind;
  uint16_t status; /* receipt: set by execute; 0 = done */
  uint16_t zero;
  uint64_t payload[8];
};

struct dp_model {
  const char *name;    /* "market.gateway"; also the schema's name */
  const char *section; /* the scenario's key that lists its instances ("networks"); NULL for an implicit model */
  const char *doc;
  const struct dp_schema *schema;
  const struct dp_table_decl *tables; /* [table_n] */
  size_t table_n;
  const struct dp_metric *metrics; /* [metric_n] */
  size_t metric_n;
  const struct dp_kpi *kpis; /* [kpi_n] */
  size_t kpi_n;
  const struct dp_flow *flows; /* [flow_n] */
  size_t flow_n;
  const struct dp_value *values; /* [value_n] */
  size_t value_n;
  const struct dp_channel_decl *channels; /* [channel_n] */
  size_t channel_n;
  const struct dp_table_decl *bulletin; /* columns of the fixed record per cell, or NULL */
  const uint16_t *handles; /* [handle_n] kinds it subscribes to (dp_emit) or is sent */
  size_t handle_n;
  bool implicit; /* every simulation has exactly one instance, without being named in the scenario */

  /** Number of cells that this configuration asks for; the geography has one, other models leave it NULL. */
  uint32_t (*cell_n)(const void *config);
  /** Both run once before time 0, all ranks; replicated first. Cells come in id order. */
  enum dp_status (*init_replicated)(struct dp_ctx *ctx);
  enum dp_status (*init_cell)(struct dp_ctx *ctx);
  dp_handle_fn handle;
  enum dp_status (*collect)(struct dp_ctx *ctx, const struct dp_beat_info *beat);  /* cell */
  enum dp_status (*clear)(struct dp_ctx *ctx, const struct dp_beat_info *beat);    /* replicated */
  enum dp_status (*execute)(struct dp_ctx *ctx, struct dp_transaction *t);         /* replicated, just before clear */
  enum dp_status (*apply)(struct dp_ctx *ctx, const struct dp_beat_info *beat);    /* cell */
  enum dp_status (*receipt)(struct dp_ctx *ctx, const struct dp_transaction *t);   /* sender's cell, before apply */
  enum dp_status (*sample_cell)(struct dp_ctx *ctx);       /* after collect at a settlement: gauges */
  enum dp_status (*sample_replicated)(struct dp_ctx *ctx); /* after clear at a settlement: globals */
  enum dp_status (*check_cell)(struct dp_ctx *ctx);        /* after apply at a settlement: invariants */
  enum dp_status (*check_replicated)(struct dp_ctx *ctx);
  /** What the scenario gives in place of what the model would make ("price"), or NULL: outputs then say so. NULL: never. */
  const char *(*conditional)(const void *config);
  void (*release)(void *shared); /* frees what init_replicated put in the instance's `shared` */
};

/** An instance. Read-only for models, but for `shared`, which init_replicated may set to something derived from the
 *  scenario that never changes afterwards (not state). */
struct dp_instance {
  const struct dp_model *model;
  struct dp_sim *sim;
  const char *name; /* as the scenario says, or the model's name */
  void *config;     /* of model->schema */
  void *shared;
  uint16_t index;
  uint16_t nth;     /* among the instances of its model */
  size_t first_cell_table, first_global_table;
  const uint32_t *metric_rows; /* [metric_n + 1] first row of each metric in the hidden table of metrics */
  size_t first_flow, first_value;
  size_t bulletin_table; /* index of the replicated table of bulletins */
  uint64_t beats;        /* bits of the beats that it takes part in; bit 0 is the settlement */
};

#endif
