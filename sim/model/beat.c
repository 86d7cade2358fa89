/* sim/model/beat.c — a beat: collect, exchange, clear, apply, check; then the series. */
#include <time.h>

#include "model/host.h"

/* Wall clock without the time that this rank has waited for others: what a beat costs is kept apart from results. */
static dp_time busy_clock_ns(const struct dp_sim *sim) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (dp_time)t.tv_sec * DP_S + t.tv_nsec - sim->comm->wait_ns;
}

typedef enum dp_status (*beat_fn)(struct dp_ctx *ctx, const struct dp_beat_info *beat);
typedef enum dp_status (*plain_fn)(struct dp_ctx *ctx);

/** Runs one callback of an instance, of the two forms that there are, in the replicated state or in every cell. */
static enum dp_status replicated(struct dp_beat_run *r, const struct dp_instance *in, beat_fn fn, plain_fn plain) {
  struct dp_ctx ctx = {.engine = r->sim->engine, .self = in, .now_ns = r->now_ns, .err = r->err};
  enum dp_status status = fn ? fn(&ctx, &r->info) : plain(&ctx);
  return status == DP_OK ? DP_OK : dp_host_blame(in, r->now_ns, status, r->err);
}

static enum dp_status in_cell(struct dp_beat_run *r, const struct dp_instance *in, struct dp_cell *cell, beat_fn fn,
                              plain_fn plain) {
  struct dp_ctx ctx = {.engine = r->sim->engine, .cell = cell, .self = in, .now_ns = r->now_ns, .err = r->err};
  enum dp_status status = fn ? fn(&ctx, &r->info) : plain(&ctx);
  return status == DP_OK ? DP_OK : dp_host_blame(in, r->now_ns, status, r->err);
}

/** The next instance that takes part in the beat, from index *i on; NULL after the last. */
static const struct dp_instance *next_in(struct dp_beat_run *r, size_t *i) {
  while (*i < r->sim->instance_n) {
    const struct dp_instance *in = &r->sim->instances[(*i)++];
    if (!dp_takes_part(r, in)) continue;
    r->info.own = (r->sim->host->own_beats[in->index] & r->due) != 0;
    return in;
  }
  return NULL;
}

/** All instances in one cell before the next cell: what they share of it is then still in the cache. */
static enum dp_status collect_cell(struct dp_beat_run *r, struct dp_cell *cell) {
  struct dp_host *h = r->sim->host;
  const struct dp_instance *in;
  h->phase = DP_HOST_COLLECT;
  for (size_t i = 0; (in = next_in(r, &i));)
    if (in->model->collect) DP_TRY(in_cell(r, in, cell, in->model->collect, NULL));
  h->phase = DP_HOST_SAMPLE_CELL;
  if (r->info.settlement)
    for (size_t i = 0; (in = next_in(r, &i));)
      if (in->model->sample_cell) DP_TRY(in_cell(r, in, cell, NULL, in->model->sample_cell));
  return DP_OK;
}

static enum dp_status collect(struct dp_beat_run *r) {
  struct dp_host *h = r->sim->host;
  const struct dp_engine *e = r->sim->engine;
  h->phase = DP_HOST_COLLECT;
  for (size_t k = 0; k < h->flow_n; k++) h->flows[k] = 0;
  for (uint32_t i = 0; i < e->local_n; i++) DP_TRY(collect_cell(r, &e->cells[i]));
  return DP_OK;
}

/** Executes the transactions of one instance, from *t on. */
static enum dp_status execute(struct dp_beat_run *r, const struct dp_instance *in, size_t *t) {
  struct dp_host *h = r->sim->host;
  struct dp_ctx ctx = {.engine = r->sim->engine, .self = in, .now_ns = r->now_ns, .err = r->err};
  for (; *t < h->transaction_n && h->transactions[*t].instance == in->index; ++*t) {
    enum dp_status status = in->model->execute(&ctx, &h->transactions[*t]);
    if (status != DP_OK) return dp_host_blame(in, r->now_ns, status, r->err);
  }
  return DP_OK;
}

static enum dp_status clear(struct dp_beat_run *r) {
  const struct dp_instance *in;
  r->sim->host->phase = DP_HOST_CLEAR;
  size_t t = 0;
  for (size_t i = 0; (in = next_in(r, &i));) {
    DP_TRY(execute(r, in, &t));
    if (in->model->clear) DP_TRY(replicated(r, in, in->model->clear, NULL));
  }
  r->sim->host->phase = DP_HOST_SAMPLE_REPLICATED;
  if (r->info.settlement)
    for (size_t i = 0; (in = next_in(r, &i));)
      if (in->model->sample_replicated) DP_TRY(replicated(r, in, NULL, in->model->sample_replicated));
  return DP_OK;
}

/** Hands the receipts of one instance's transactions, from *t on, to the senders' cells of this rank. */
static enum dp_status receipts(struct dp_beat_run *r, const struct dp_instance *in, size_t *t) {
  struct dp_host *h = r->sim->host;
  struct dp_ctx ctx = {.engine = r->sim->engine, .self = in, .now_ns = r->now_ns, .err = r->err};
  for (; *t < h->transaction_n && h->transactions[*t].instance == in->index; ++*t) {
    ctx.cell = ctx.engine->by_id[dp_entity_cell(h->transactions[*t].sender)];
    if (!ctx.cell || !in->model->receipt) continue;
    enum dp_status status = in->model->receipt(&ctx, &h->transactions[*t]);
    if (status != DP_OK) return dp_host_blame(in, r->now_ns, status, r->err);
  }
  return DP_OK;
}

static enum dp_status apply_cell(struct dp_beat_run *r, struct dp_cell *cell) {
  const struct dp_instance *in;
  for (size_t i = 0; (in = next_in(r, &i));)
    if (in->model->apply) DP_TRY(in_cell(r, in, cell, in->model->apply, NULL));
  if (r->info.settlement)
    for (size_t i = 0; (in = next_in(r, &i));)
      if (in->model->check_cell) DP_TRY(in_cell(r, in, cell, NULL, in->model->check_cell));
  return DP_OK;
}

static enum dp_status apply(struct dp_beat_run *r) {
  const struct dp_instance *in;
  const struct dp_engine *e = r->sim->engine;
  r->sim->host->phase = DP_HOST_APPLY;
  size_t t = 0;
  for (size_t i = 0; (in = next_in(r, &i));) DP_TRY(receipts(r, in, &t));
  for (uint32_t i = 0; i < e->local_n; i++) DP_TRY(apply_cell(r, &e->cells[i]));
  if (!r->info.settlement) return DP_OK;
  for (size_t i = 0; (in = next_in(r, &i));)
    if (in->model->check_replicated) DP_TRY(replicated(r, in, NULL, in->model->check_replicated));
  return DP_OK;
}

/** Raises what a service without a status had to report. */
static enum dp_status deferred(const struct dp_beat_run *r) {
  const struct dp_err *d = &r->sim->host->deferred;
  return d->status == DP_OK ? DP_OK : dp_fail(r->err, d->status, "%s", d->text);
}

static enum dp_status steps(struct dp_beat_run *r) {
  dp_time began_ns = busy_clock_ns(r->sim), *in_cells_ns = &r->sim->engine->beat_cells_ns;
  enum dp_status mine = collect(r);
  *in_cells_ns += busy_clock_ns(r->sim) - began_ns;
  if (mine == DP_OK) mine = deferred(r);
  DP_TRY(dp_host_exchange(r, mine));
  DP_TRY(clear(r));
  began_ns = busy_clock_ns(r->sim);
  DP_TRY(apply(r));
  *in_cells_ns += busy_clock_ns(r->sim) - began_ns;
  DP_TRY(deferred(r));
  if (!r->info.settlement) return DP_OK;
  DP_TRY(dp_host_series(r));
  struct dp_clock_row *clock = dp_clock(r->sim);
  clock->settlement_n++;
  clock->settled_ns = r->now_ns;
  return DP_OK;
}

enum dp_status dp_host_beat(void *owner, dp_time now_ns, uint64_t due, bool last, struct dp_err *err) {
  struct dp_sim *sim = owner;
  if (last) due = UINT64_MAX; /* the closing beat is everyone's */
  const struct dp_clock_row *clock = dp_clock(sim);
  struct dp_beat_run r = {.sim = sim, .now_ns = now_ns, .due = due, .err = err};
  r.info = (struct dp_beat_info){
      .settlement = (due & 1) != 0,
      .last = last,
      .n = clock->settlement_n,
      .since_ns = now_ns - clock->settled_ns,
  };
  sim->host->due = due;
  dp_time began_ns = busy_clock_ns(sim);
  enum dp_status status = steps(&r);
  sim->engine->beat_ns += busy_clock_ns(sim) - began_ns;
  sim->host->phase = DP_HOST_EVENTS;
  sim->host->transaction_n = 0;
  return status;
}
