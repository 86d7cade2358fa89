/* sim/model/sim.c — a simulation from its spec to its end. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/host.h"

void *dp_host_alloc(struct dp_sim *sim, size_t bytes) {
  struct dp_block *block = calloc(1, sizeof *block + bytes);
  if (!block) return NULL;
  block->next = sim->host->blocks;
  sim->host->blocks = block;
  return block + 1;
}

/* Puts the line that made the instance in front; a message that names the model is not told it twice. */
static bool blame_line(const struct dp_instance *in, struct dp_err *err) {
  const struct dp_spec *spec = &in->sim->spec;
  const size_t len = strlen(in->model->name);
  const bool says = strncmp(err->text, in->model->name, len) == 0 && err->text[len] == ':';
  if (says && strncmp(err->text + len + 2, in->model->name, len) == 0 && err->text[2 * len + 2] == ':')
    memmove(err->text, err->text + len + 2, strlen(err->text + len + 2) + 1); /* an instance without a name has its */
  for (size_t i = 0; i < spec->made_at_n; i++) {
    if (spec->instances[i].config != in->config || spec->instances[i].model != in->model) continue;
    dp_err_prefix(err, "%s:%d: %s%s", spec->made_at[i].file, spec->made_at[i].line, says ? "" : in->model->name,
                  says ? "" : ": ");
    return true;
  }
  return false;
}

enum dp_status dp_host_blame(const struct dp_instance *in, dp_time now_ns, enum dp_status status, struct dp_err *err) {
  dp_fail(err, status, "%s", dp_status_text(status));
  if (now_ns < 0 && err && blame_line(in, err)) return status;
  char at[DP_DURATION_TEXT + 4] = "";
  if (now_ns >= 0) {
    char text[DP_DURATION_TEXT];
    snprintf(at, sizeof at, " at %s", dp_format_duration(now_ns, text));
  }
  bool named = strcmp(in->name, in->model->name) != 0;
  dp_err_prefix(err, "%s%s%s%s: ", in->model->name, named ? "." : "", named ? in->name : "", at);
  return status;
}

void dp_host_defer(const struct dp_ctx *ctx, const char *format, ...) {
  struct dp_err *deferred = &ctx->self->sim->host->deferred;
  if (deferred->status != DP_OK) return;
  va_list args;
  va_start(args, format);
  dp_vfail(deferred, DP_INVARIANT, format, args);
  va_end(args);
  dp_host_blame(ctx->self, ctx->now_ns, DP_INVARIANT, deferred);
}

static enum dp_status check_spec(const struct dp_spec *spec, struct dp_err *err) {
  if (spec->end_ns <= 0) return dp_fail(err, DP_SCENARIO, "the duration of a scenario must be greater than 0");
  if (spec->settle_every_ns <= 0) return dp_fail(err, DP_SCENARIO, "settle_every_s must be greater than 0");
  return DP_OK;
}

/** All that needs no engine. */
static enum dp_status prepare(struct dp_sim *sim, struct dp_err *err) {
  DP_TRY(check_spec(&sim->spec, err));
  DP_TRY(dp_host_instances(sim, err));
  DP_TRY(dp_host_resolve(sim, err));
  for (size_t i = 0; i < sim->instance_n; i++)
    if (sim->instances[i].nth == 0) DP_TRY(dp_model_check(sim->instances[i].model, err));
  DP_TRY(dp_host_check_order(sim, err));
  return dp_host_layout_tables(sim, err);
}

static enum dp_status count_cells(const struct dp_sim *sim, uint32_t *cell_n, struct dp_err *err) {
  *cell_n = 1;
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    uint32_t n = in->model->cell_n ? in->model->cell_n(in->config) : 1;
    if (n > DP_CELL_MAX)
      return dp_fail(err, DP_RANGE, "%s: %u cells (at most %u)", in->model->name, n, DP_CELL_MAX);
    if (n > *cell_n) *cell_n = n;
  }
  return DP_OK;
}

static enum dp_status make_engine(struct dp_sim *sim, uint32_t cell_n, struct dp_err *err) {
  const struct dp_host *h = sim->host;
  struct dp_engine_config config = {
      .comm = sim->comm,
      .seed = sim->spec.seed,
      .replicate = sim->spec.replicate,
      .end_ns = sim->spec.end_ns,
      .cell_n = cell_n,
      .cell_tables = h->cell_decls,
      .cell_leaders = h->cell_leaders,
      .cell_table_n = h->cell_table_n,
      .global_tables = h->global_decls,
      .global_table_n = h->global_table_n,
      .targets = h->targets,
      .target_n = sim->instance_n,
      .owner = sim,
      .beat = dp_host_beat,
  };
  DP_TRY(dp_engine_new(&config, &sim->engine, err));
  unsigned settlement;
  return dp_engine_open_beat(sim->engine, "settlement", sim->spec.settle_every_ns, &settlement, err);
}

static enum dp_status init_replicated(struct dp_sim *sim, struct dp_err *err) {
  DP_TRY(dp_host_layout_values(sim, err));
  sim->host->phase = DP_HOST_SETUP;
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    if (!in->model->init_replicated) continue;
    struct dp_ctx ctx = {.engine = sim->engine, .self = in, .err = err};
    enum dp_status status = in->model->init_replicated(&ctx);
    if (status != DP_OK) return dp_host_blame(in, -1, status, err);
  }
  return dp_host_layout_metrics(sim, err);
}

static enum dp_status init_cells(struct dp_sim *sim, struct dp_err *err) {
  sim->host->phase = DP_HOST_EVENTS;
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    for (uint32_t c = 0; in->model->init_cell && c < sim->engine->local_n; c++) {
      struct dp_ctx ctx = {.engine = sim->engine, .cell = &sim->engine->cells[c], .self = in, .err = err};
      enum dp_status status = in->model->init_cell(&ctx);
      if (status != DP_OK) return dp_host_blame(in, -1, status, err);
    }
  }
  return DP_OK;
}

/** Ranks may fail alone (memory, a file that one host lacks): they agree before the next collective step. */
static enum dp_status build(struct dp_sim *sim, struct dp_err *err) {
  uint32_t cell_n = 1;
  enum dp_status status = prepare(sim, err);
  if (status == DP_OK) status = count_cells(sim, &cell_n, err);
  DP_TRY(dp_comm_agree(sim->comm, status, err));
  DP_TRY(make_engine(sim, cell_n, err));
  DP_TRY(dp_comm_agree(sim->comm, init_replicated(sim, err), err));
  return dp_comm_agree(sim->comm, init_cells(sim, err), err);
}

enum dp_status dp_sim_new(const struct dp_spec *spec, struct dp_comm *comm, struct dp_sim **out, struct dp_err *err) {
  *out = NULL;
  struct dp_sim *sim = calloc(1, sizeof *sim);
  struct dp_host *host = calloc(1, sizeof *host);
  if (!sim || !host) {
    free(sim);
    free(host);
    return dp_comm_agree(comm, dp_fail_nomem(err, "a simulation"), err);
  }
  *sim = (struct dp_sim){.spec = *spec, .comm = comm, .host = host};
  enum dp_status status = build(sim, err);
  if (status != DP_OK) {
    dp_sim_free(sim);
    return status;
  }
  *out = sim;
  return DP_OK;
}

void dp_sim_free(struct dp_sim *sim) {
  if (!sim) return;
  for (size_t i = sim->instance_n; i > 0; i--) {
    struct dp_instance *in = &sim->instances[i - 1];
    if (in->shared && in->model->release) in->model->release(in->shared);
  }
  if (sim->engine) dp_engine_free(sim->engine);
  struct dp_host *h = sim->host;
  for (size_t i = 0; i < h->part_set_n; i++) free(h->part_sets[i].parts);
  dp_buffer_fini(&h->posted);
  dp_buffer_fini(&h->gathered);
  dp_str_fini(&h->fingerprint);
  free(h->transactions);
  for (struct dp_block *block = h->blocks, *next; block; block = next) {
    next = block->next;
    free(block);
  }
  free(h);
  free(sim);
}

void dp_sim_set_sink(struct dp_sim *sim, struct dp_sink *sink) { sim->sink = sink; }

/** The engine has one owner for beat and pulse: this one passes the pulse on. */
static enum dp_status pulse(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  struct dp_host *h = ((struct dp_sim *)owner)->host;
  return h->pulse(h->pulse_owner, now_ns, stop, err);
}

void dp_sim_set_pulse(struct dp_sim *sim, dp_pulse_fn fn, void *owner) {
  sim->host->pulse = fn;
  sim->host->pulse_owner = owner;
  sim->engine->config.pulse = fn ? pulse : NULL;
}

enum dp_status dp_sim_run(struct dp_sim *sim, bool *stopped, struct dp_err *err) {
  if (!sim->host->begun) {
    enum dp_status status = DP_OK;
    if (sim->sink && sim->comm->rank == 0 && sim->sink->begin) status = sim->sink->begin(sim->sink, sim, err);
    DP_TRY(dp_comm_agree(sim->comm, status, err));
    sim->host->begun = true;
  }
  return dp_engine_run(sim->engine, stopped, err);
}
