/* sim/model/layout.c — where everything lies: which tables the engine opens and which rows the host adds to them. */
#include <string.h>

#include "model/host.h"

/** Table that `decl` follows, by its index among the cell-scope tables; -1 if it follows none. */
static enum dp_status find_leader(const struct dp_instance *in, const struct dp_table_decl *decl, int *leader,
                                  struct dp_err *err) {
  *leader = -1;
  if (!decl->follows) return DP_OK;
  const char *dot = strrchr(decl->follows, '.');
  char model[64] = "";
  if (dot && (size_t)(dot - decl->follows) < sizeof model) memcpy(model, decl->follows, (size_t)(dot - decl->follows));
  const struct dp_instance *owner = dp_sim_first(in->sim, model);
  if (!owner)
    return dp_fail(err, DP_SCENARIO, "%s: table %s follows %s, and the scenario has no %s (add one)", in->model->name,
                   decl->name, decl->follows, model);
  if (dp_sim_next(owner))
    return dp_fail(err, DP_SCENARIO, "%s: table %s follows %s, of which the scenario has more than one",
                   in->model->name, decl->name, decl->follows);
  struct dp_view view;
  DP_TRY(dp_view_find(owner, dot + 1, NULL, &view, err));
  if (in->sim->host->cell_decls[view.table]->follows)
    return dp_fail(err, DP_SCENARIO, "%s: table %s follows %s, which follows another one itself (follow that)",
                   in->model->name, decl->name, decl->follows);
  *leader = (int)view.table;
  return DP_OK;
}

static size_t count_tables(const struct dp_model *m, enum dp_scope scope) {
  size_t n = 0;
  for (size_t i = 0; i < m->table_n; i++) n += m->tables[i].scope == scope;
  return n;
}

/** In place of a missing handler. */
static enum dp_status not_handled(struct dp_ctx *ctx, const struct dp_event *event) {
  return dp_fail(ctx->err, DP_INVARIANT, "%s is sent an event (kind %u) and handles none", ctx->self->model->name,
                 event->kind);
}

/** Places of an instance in the tables and in the vectors of flows and values. */
static void place_instance(struct dp_host *h, struct dp_instance *in) {
  in->first_cell_table = h->cell_table_n;
  in->first_global_table = h->global_table_n;
  in->first_flow = h->flow_n;
  in->first_value = h->value_n;
  h->flow_n += in->model->flow_n;
  h->value_n += in->model->value_n;
  for (size_t i = 0; i < in->model->table_n; i++) {
    const struct dp_table_decl *t = &in->model->tables[i];
    if (t->scope == DP_SCOPE_CELL) h->cell_decls[h->cell_table_n++] = t;
    else h->global_decls[h->global_table_n++] = t;
  }
}

static enum dp_status subscribe(struct dp_sim *sim, struct dp_err *err) {
  struct dp_host *h = sim->host;
  size_t entry_n = 0;
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_model *m = sim->instances[i].model;
    entry_n += m->handle_n;
    for (size_t k = 0; k < m->handle_n; k++)
      if (m->handles[k] >= h->kind_n) h->kind_n = m->handles[k] + 1u;
  }
  h->subscribers = dp_host_alloc(sim, (entry_n + 1) * sizeof *h->subscribers);
  h->subscriber_first = dp_host_alloc(sim, (h->kind_n + 1) * sizeof *h->subscriber_first);
  if (!h->subscribers || !h->subscriber_first) return dp_fail_nomem(err, "subscriptions");
  uint32_t n = 0;
  for (size_t kind = 0; kind < h->kind_n; kind++) {
    h->subscriber_first[kind] = n;
    for (size_t i = 0; i < sim->instance_n; i++) {
      const struct dp_model *m = sim->instances[i].model;
      for (size_t k = 0; k < m->handle_n; k++)
        if (m->handles[k] == kind) h->subscribers[n++] = (uint16_t)i;
    }
  }
  h->subscriber_first[h->kind_n] = n;
  return DP_OK;
}

enum dp_status dp_host_layout_tables(struct dp_sim *sim, struct dp_err *err) {
  struct dp_host *h = sim->host;
  size_t cell_n = DP_HIDDEN_CELL_TABLE_N, global_n = DP_HIDDEN_GLOBAL_TABLE_N;
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_model *m = sim->instances[i].model;
    cell_n += count_tables(m, DP_SCOPE_CELL);
    global_n += count_tables(m, DP_SCOPE_REPLICATED) + (m->bulletin != NULL);
  }
  h->cell_decls = dp_host_alloc(sim, cell_n * sizeof *h->cell_decls);
  h->global_decls = dp_host_alloc(sim, global_n * sizeof *h->global_decls);
  h->cell_leaders = dp_host_alloc(sim, cell_n * sizeof *h->cell_leaders);
  h->targets = dp_host_alloc(sim, (sim->instance_n + 1) * sizeof *h->targets);
  h->own_beats = dp_host_alloc(sim, (sim->instance_n + 1) * sizeof *h->own_beats);
  h->series_slot_n = dp_host_alloc(sim, (sim->instance_n + 1) * sizeof *h->series_slot_n);
  if (!h->cell_decls || !h->global_decls || !h->cell_leaders || !h->targets || !h->own_beats || !h->series_slot_n)
    return dp_fail_nomem(err, "the layout of tables");
  for (size_t i = 0; i < DP_HIDDEN_CELL_TABLE_N; i++) h->cell_decls[h->cell_table_n++] = &dp_hidden_cell_tables[i];
  for (size_t i = 0; i < DP_HIDDEN_GLOBAL_TABLE_N; i++)
    h->global_decls[h->global_table_n++] = &dp_hidden_global_tables[i];
  for (size_t i = 0; i < sim->instance_n; i++) {
    dp_handle_fn handle = sim->instances[i].model->handle;
    place_instance(h, &sim->instances[i]);
    h->targets[i] = (struct dp_target){.handle = handle ? handle : not_handled, .self = &sim->instances[i]};
    if (count_tables(sim->instances[i].model, DP_SCOPE_CELL) > 0)
      h->targets[i].row_table = (uint32_t)sim->instances[i].first_cell_table + 1;
  }
  for (size_t i = 0; i < sim->instance_n; i++) {
    sim->instances[i].bulletin_table = SIZE_MAX;
    if (!sim->instances[i].model->bulletin) continue;
    sim->instances[i].bulletin_table = h->global_table_n;
    h->global_decls[h->global_table_n++] = sim->instances[i].model->bulletin;
  }
  for (size_t i = 0; i < h->cell_table_n; i++) h->cell_leaders[i] = -1;
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    size_t n = count_tables(in->model, DP_SCOPE_CELL);
    for (size_t k = 0; k < n; k++) {
      size_t table = in->first_cell_table + k;
      DP_TRY(find_leader(in, h->cell_decls[table], &h->cell_leaders[table], err));
    }
  }
  return subscribe(sim, err);
}

static enum dp_status add_rows(struct dp_table *t, size_t n, struct dp_err *err) {
  uint32_t row;
  for (size_t i = 0; i < n; i++) DP_TRY(dp_table_add(t, &row, err));
  return DP_OK;
}

enum dp_status dp_host_layout_values(struct dp_sim *sim, struct dp_err *err) {
  struct dp_engine *e = sim->engine;
  DP_TRY(add_rows(&e->globals[DP_HIDDEN_CLOCK], 1, err));
  DP_TRY(add_rows(&e->globals[DP_HIDDEN_VALUE], sim->host->value_n, err));
  for (size_t i = 0; i < sim->instance_n; i++)
    if (sim->instances[i].model->bulletin)
      DP_TRY(add_rows(&e->globals[sim->instances[i].bulletin_table], e->config.cell_n, err));
  return DP_OK;
}

/** Rows of the metrics of every instance, side by side. */
static enum dp_status place_metrics(struct dp_sim *sim, struct dp_err *err) {
  struct dp_host *h = sim->host;
  size_t row = 0, most = 1;
  for (size_t i = 0; i < sim->instance_n; i++) {
    struct dp_instance *in = &sim->instances[i];
    uint32_t *rows = dp_host_alloc(sim, (in->model->metric_n + 1) * sizeof *rows);
    if (!rows) return dp_fail_nomem(err, "metrics");
    for (size_t m = 0; m < in->model->metric_n; m++) {
      const struct dp_metric *metric = &in->model->metrics[m];
      size_t slot_n = dp_metric_slot_n(sim, metric);
      rows[m] = (uint32_t)row;
      row += slot_n;
      if (dp_metric_in_series(metric)) h->series_slot_n[i] += slot_n;
      if (dp_metric_is_summed(metric)) h->series_n += slot_n;
    }
    rows[in->model->metric_n] = (uint32_t)row;
    in->metric_rows = rows;
    if (h->series_slot_n[i] > most) most = h->series_slot_n[i];
  }
  if (row > DP_ROW_MAX) return dp_fail(err, DP_RANGE, "%zu slots of metrics", row);
  h->metric_row_n = row;
  h->shown = dp_host_alloc(sim, most * sizeof *h->shown);
  return h->shown ? DP_OK : dp_fail_nomem(err, "metrics");
}

enum dp_status dp_host_layout_metrics(struct dp_sim *sim, struct dp_err *err) {
  struct dp_host *h = sim->host;
  DP_TRY(place_metrics(sim, err));
  h->sums = dp_host_alloc(sim, (1 + h->flow_n + h->series_n) * sizeof *h->sums);
  h->series_rows = dp_host_alloc(sim, (h->series_n + 1) * sizeof *h->series_rows);
  if (!h->sums || !h->series_rows) return dp_fail_nomem(err, "sums");
  h->flows = h->sums + 1;
  h->series = h->flows + h->flow_n;
  size_t k = 0;
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    for (size_t m = 0; m < in->model->metric_n; m++)
      for (uint32_t row = in->metric_rows[m]; row < in->metric_rows[m + 1]; row++)
        if (dp_metric_is_summed(&in->model->metrics[m])) h->series_rows[k++] = row;
  }
  DP_TRY(add_rows(&sim->engine->globals[DP_HIDDEN_SERIES], h->metric_row_n, err));
  for (uint32_t i = 0; i < sim->engine->local_n; i++) {
    struct dp_cell *cell = &sim->engine->cells[i];
    DP_TRY(add_rows(&cell->tables[DP_HIDDEN_METRIC], h->metric_row_n, err));
    DP_TRY(add_rows(&cell->tables[DP_HIDDEN_CELL], 1, err));
  }
  return DP_OK;
}
