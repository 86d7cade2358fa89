/* sim/engine/engine.h — cells, channels, windows and beats: the conservative parallel kernel.
 * Layer: engine; it knows no word of DePIN. dp_engine_run, _digest, _new and _free are collective.
 *
 * Between beats, events drive cells. A window opens at the global earliest event, is one lookahead wide and never
 * crosses a beat; cells are independent inside it. The lookahead is the least delay of the channels that were opened;
 * with none open, or with a single cell, the window reaches to the next beat. At a beat the owner's `beat` hook runs on
 * every rank. */
#ifndef DP_ENGINE_ENGINE_H
#define DP_ENGINE_ENGINE_H

#include "engine/balance.h"
#include "engine/comm.h"
#include "engine/event.h"
#include "engine/queue.h"
#include "engine/rng.h"
#include "engine/table.h"

struct dp_engine;
struct dp_instance; /* a model instance: opaque here */

/** The unit that is executed sequentially and moved between ranks. */
struct dp_cell {
  uint32_t id;
  uint64_t send_n;  /* events sent so far */
  uint64_t event_n; /* events executed so far */
  struct dp_queue queue;
  struct dp_table *tables; /* [table_n] the cell-scope tables, in the engine's order */
  uint64_t counted_event_n, timed_event_n; /* balance.c: executed before this period; timed in it, */
  dp_time timed_ns;                        /* and how long they took */
};

/** What a callback is given. Borrowed for the call. */
struct dp_ctx {
  struct dp_engine *engine;
  struct dp_cell *cell; /* NULL in a replicated callback */
  const struct dp_instance *self;
  dp_time now_ns;
  struct dp_err *err; /* where to put an error's text: dp_fail(ctx->err, …) */
};

/** Handles one event; a status other than DP_OK stops the run. The event is read-only and gone after the call. */
typedef enum dp_status (*dp_handle_fn)(struct dp_ctx *ctx, const struct dp_event *event);

/** Who handles the events sent to an instance index. */
struct dp_target {
  dp_handle_fn handle;
  const struct dp_instance *self;
  uint32_t row_table; /* 1 + index of the cell table whose rows its events go to, which are fetched ahead; 0: none */
};

/** Channel 0: inside the cell; a message may take no time. */
#define DP_CHANNEL_CELL 0

struct dp_channel {
  const char *name;
  dp_time least_delay_ns;
  dp_time observed_min_ns; /* of messages that left their cell; DP_TIME_MAX if none did */
  uint64_t message_n;      /* that left their cell, on this rank */
};

/** Called on every rank at a beat. `due` has bit b set when beat b is due; `last` at the closing beat (time == end). */
typedef enum dp_status (*dp_beat_fn)(void *owner, dp_time now_ns, uint64_t due, bool last, struct dp_err *err);

/** Called on every rank after each window and beat, for progress and signals; may set *stop (any rank's wish counts).
 *  All that lies before now_ns has run on every rank. A window also ends when a rank has run 2^18 events in it. */
typedef enum dp_status (*dp_pulse_fn)(void *owner, dp_time now_ns, bool *stop, struct dp_err *err);

struct dp_engine_config {
  struct dp_comm *comm;
  uint64_t seed, replicate;
  dp_time end_ns;
  uint32_t cell_n;
  const struct dp_table_decl *const *cell_tables; /* [cell_table_n] borrowed; the same in every cell */
  const int *cell_leaders;                        /* [cell_table_n] index of the followed table, or -1 */
  size_t cell_table_n;
  const struct dp_table_decl *const *global_tables; /* [global_table_n] replicated */
  size_t global_table_n;
  const struct dp_target *targets; /* [target_n] by instance index; borrowed */
  size_t target_n;
  void *owner;
  dp_beat_fn beat;
  dp_pulse_fn pulse; /* may be NULL */
};

struct dp_engine {
  struct dp_engine_config config;
  dp_time now_ns;
  uint32_t *cell_rank;     /* [cell_n] */
  struct dp_cell *cells;   /* [local_n] this rank's, by id */
  uint32_t local_n;
  struct dp_cell **by_id;  /* [cell_n] NULL where another rank's */
  struct dp_table *globals;  /* [global_table_n] */
  struct dp_channel *channels; /* [channel_n] by number; 0 is the cell itself */
  size_t channel_n;
  struct dp_beat *beats;
  size_t beat_n;
  struct dp_pool pool;   /* memory of all pending events */
  uint32_t *row_table;   /* [target_n] index of the table that an instance's events go to, or DP_NO_ROW */
  struct dp_buffer *out; /* [rank_n] */
  dp_time out_min_ns;    /* earliest event in `out` */
  struct dp_buffer in;
  struct dp_agenda *agenda; /* earliest event of every local cell */
  struct dp_cell *running;  /* whose events are being handled, or NULL */
  dp_time horizon_ns;       /* everything before it has run, or is running, on every rank */
  dp_time next_beat_ns;
  bool closed; /* the closing beat has run */
  uint64_t window_n, beat_count;
  uint64_t event_n; /* executed by this rank */
  struct dp_balance balance;
  dp_time busy_ns, wait_ns; /* wall clock of this rank: reported apart from results */
  dp_time beat_ns, beat_cells_ns; /* parts of busy_ns, kept by the owner: in beats; and of these, in callbacks of cells */
};

/** A beat: k * period for k = 0, 1, … and once at the end of the run. */
struct dp_beat {
  const char *name;
  dp_time period_ns;
};

/** Collective. Cells are dealt to ranks in contiguous blocks, until the run begins (balance.h); ranks may have none.
 *  Caller frees. */
enum dp_status dp_engine_new(const struct dp_engine_config *config, struct dp_engine **out, struct dp_err *err);
void dp_engine_free(struct dp_engine *e);

/** Opens a channel (before the run; same calls on every rank). Several models may open one name: the delays' minimum
 *  holds. `name` is borrowed.
 *  @param least_delay_ns > 0 @param channel set to its number, ≥ 1. */
enum dp_status dp_engine_open_channel(struct dp_engine *e, const char *name, dp_time least_delay_ns, uint16_t *channel,
                                      struct dp_err *err);

/** Opens a beat (before the run; same calls on every rank); equal periods share one beat. At most 64. */
enum dp_status dp_engine_open_beat(struct dp_engine *e, const char *name, dp_time period_ns, unsigned *beat,
                                   struct dp_err *err);

/** Collective. Runs to the end or until a pulse asks to stop (*stopped). A failing rank's status comes back on all. */
enum dp_status dp_engine_run(struct dp_engine *e, bool *stopped, struct dp_err *err);

/** Collective. Order-free digest of all tables, pending events and replicated tables. */
enum dp_status dp_engine_digest(struct dp_engine *e, uint64_t *digest, struct dp_err *err);

/** Collective. Compares the digests of the replicated tables over ranks: DP_INVARIANT, naming the table, when one
 *  differs.
 *  @param digest set to their sum unless NULL */
enum dp_status dp_engine_globals_digest(struct dp_engine *e, uint64_t *digest, struct dp_err *err);

/** Collective. Events executed so far on all ranks. */
enum dp_status dp_engine_event_n(struct dp_engine *e, uint64_t *n, struct dp_err *err);

/** Bytes that this rank holds for pending events. */
size_t dp_engine_queue_bytes(const struct dp_engine *e);

/** Lookahead in force: least delay of the open channels, DP_TIME_MAX with none. */
dp_time dp_engine_lookahead(const struct dp_engine *e);

/** A message to be sent. `time_ns` is absolute. Fields left out are zero: channel = the cell itself. */
struct dp_message {
  dp_entity dest;
  dp_time time_ns;
  uint16_t instance, kind, channel;
  uint8_t phase;
  uint8_t size; /* of payload: a multiple of 8, ≤ DP_PAYLOAD_MAX */
  const void *payload;
};

/** Sends an event from ctx->cell. DP_INVARIANT, naming both, when the delay is below that of the channel, when the
 *  channel is the cell's and the destination is not, or when the time has passed. Events at or after the end of the run
 *  are dropped. */
enum dp_status dp_send(struct dp_ctx *ctx, const struct dp_message *m);

/** Generator for (ctx's seed; entity, stream, occasion). */
static inline struct dp_rng dp_ctx_rng(const struct dp_ctx *ctx, dp_entity entity, uint64_t stream, uint64_t occasion) {
  return dp_rng_at(ctx->engine->config.seed, ctx->engine->config.replicate, entity, stream, occasion);
}

static inline struct dp_rng dp_ctx_rng_later(const struct dp_ctx *ctx, dp_entity entity, uint64_t stream,
                                             uint64_t occasion) {
  return dp_rng_later(ctx->engine->config.seed, ctx->engine->config.replicate, entity, stream, occasion);
}

/** Splits `total` over n shares by `weights` (≥ 0, not all 0): largest remainder, ties by index. Σ out = total. */
void dp_spread(int64_t total, const double *weights, size_t n, int64_t *out);

#endif
