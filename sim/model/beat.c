/* sim/model/beat.c — a beat: collect, exchange, clear, apply, check; then the series. */
#include "model/host.h"

typedef enum dp_status (*beat_fn)(struct dp_ctx *ctx, const struct dp_beat_info *beat);
typedef enum dp_status (*plain_fn)(struct dp_ctx *ctx);

/** Runs one callback of an instance, of the two forms that there are, in the replicated state or in every cell. */
static enum dp_status replicated(struct dp_beat_run *r, const struct dp_instance *in, beat_fn fn, plain_fn plain) {
  struct dp_ctx ctx = {.engine = r->sim->engine, .self = in, .now_ns = r->now_ns, .err = r->err};
  enum dp_status status = fn ? fn(&ctx, &r->info) : plain(&ctx);
  return status == DP_OK ? DP_OK : dp_host_blame(in, r->now_ns, status, r->err);
}

static enum dp_status in_cells(struct dp_beat_run *r, const struct dp_instance *in, beat_fn fn, plain_fn plain) {
  struct dp_ctx ctx = {.engine = r->sim->engine, .self = in, .now_ns = r->now_ns, .err = r->err};
  for (uint32_t i = 0; i < ctx.engine->local_n; i++) {
    ctx.cell = &ctx.engine->cells[i];
    enum dp_status status = fn ? fn(&ctx, &r->info) : plain(&ctx);
    if (status != DP_OK) return dp_host_blame(in, r->now_ns, status, r->err);
  }
  return DP_OK;
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

static enum dp_status collect(struct dp_beat_run *r) {
  struct dp_host *h = r->sim->host;
  const struct dp_instance *in;
  h->phase = DP_HOST_COLLECT;
  for (size_t k = 0; k < h->flow_n; k++) h->flows[k] = 0;
  for (size_t i = 0; (in = next_in(r, &i));)
    if (in->model->collect) DP_TRY(in_cells(r, in, in->model->collect, NULL));
  h->phase = DP_HOST_SAMPLE_CELL;
  if (r->info.settlement)
    for (size_t i = 0; (in = next_in(r, &i));)
      if (in->model->sample_cell) DP_TRY(in_cells(r, in, NULL, in->model->sample_cell));
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

static enum dp_status apply(struct dp_beat_run *r) {
  const struct dp_instance *in;
  r->sim->host->phase = DP_HOST_APPLY;
  size_t t = 0;
  for (size_t i = 0; (in = next_in(r, &i));) {
    DP_TRY(receipts(r, in, &t));
    if (in->model->apply) DP_TRY(in_cells(r, in, in->model->apply, NULL));
  }
  if (!r->info.settlement) return DP_OK;
  for (size_t i = 0; (in = next_in(r, &i));) {
    if (in->model->check_cell) DP_TRY(in_cells(r, in, NULL, in->model->check_cell));
    if (in->model->check_replicated) DP_TRY(replicated(r, in, NULL, in->model->check_replicated));
  }
  return DP_OK;
}

/** Raises what a service without a status had to report. */
static enum dp_status deferred(const struct dp_beat_run *r) {
  const struct dp_err *d = &r->sim->host->deferred;
  return d->status == DP_OK ? DP_OK : dp_fail(r->err, d->status, "%s", d->text);
}

static enum dp_status steps(struct dp_beat_run *r) {
  enum dp_status mine = collect(r);
  if (mine == DP_OK) mine = deferred(r);
  DP_TRY(dp_host_exchange(r, mine));
  DP_TRY(clear(r));
  DP_TRY(apply(r));
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
  enum dp_status status = steps(&r);
  sim->host->phase = DP_HOST_EVENTS;
  sim->host->transaction_n = 0;
  return status;
}
