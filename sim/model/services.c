/* sim/model/services.c — what callbacks may ask of the host. */
#include <stdio.h>
#include <string.h>

#include "model/host.h"

#define DP_NAMES_MAX 256
#define DP_FLOW_MAX ((dp_i128)1 << 104) /* 2^23 such amounts still fit 128 bits */

static struct dp_host *host_of(const struct dp_ctx *ctx) { return ctx->self->sim->host; }

/** "did you mean" over an array of structs that begin with their name. */
static enum dp_status unknown(const struct dp_instance *owner, const char *what, const char *wrong, const void *list,
                              size_t n, size_t stride, struct dp_err *err) {
  const char *names[DP_NAMES_MAX];
  if (n > DP_NAMES_MAX) n = DP_NAMES_MAX;
  for (size_t i = 0; i < n; i++)
    names[i] = *(const char *const *)(const void *)((const unsigned char *)list + i * stride);
  const char *meant = dp_str_suggest(wrong, names, n);
  return dp_fail(err, DP_SCENARIO, "%s has no %s %s%s%s%s", owner->model->name, what, wrong,
                 meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
}

void dp_sim_conditional(const struct dp_sim *sim, struct dp_str *out) {
  for (const struct dp_instance *i = sim->instances; i < sim->instances + sim->instance_n; i++) {
    const char *given = i->model->conditional ? i->model->conditional(i->config) : NULL;
    if (!given) continue;
    dp_str_append(out, out->len ? "; " : "");
    dp_str_append(out, i->name);
    dp_str_append(out, ": ");
    dp_str_append(out, given);
  }
}

/* ---- look-ups ---- */

enum dp_status dp_view_find(const struct dp_instance *owner, const char *table, const char *column, struct dp_view *out,
                            struct dp_err *err) {
  const struct dp_model *m = owner->model;
  size_t index = owner->first_cell_table;
  for (size_t i = 0; i < m->table_n; i++) {
    const struct dp_table_decl *t = &m->tables[i];
    if (t->scope != DP_SCOPE_CELL) continue;
    if (strcmp(t->name, table) != 0) {
      index++;
      continue;
    }
    *out = (struct dp_view){.table = index};
    if (!column) return DP_OK;
    const struct dp_column *c = dp_table_column(t, column);
    if (!c) {
      char what[96];
      snprintf(what, sizeof what, "column in its table %s named", table);
      return unknown(owner, what, column, t->columns, t->column_n, sizeof *t->columns, err);
    }
    out->offset = c->offset;
    out->type = c->type;
    return DP_OK;
  }
  return unknown(owner, "table of cells named", table, m->tables, m->table_n, sizeof *m->tables, err);
}

enum dp_status dp_flow_find(const struct dp_instance *owner, const char *name, unsigned *flow, struct dp_err *err) {
  const struct dp_model *m = owner->model;
  for (*flow = 0; *flow < m->flow_n; ++*flow)
    if (strcmp(m->flows[*flow].name, name) == 0) return DP_OK;
  return unknown(owner, "flow named", name, m->flows, m->flow_n, sizeof *m->flows, err);
}

enum dp_status dp_value_find(const struct dp_instance *owner, const char *name, unsigned *value, struct dp_err *err) {
  const struct dp_model *m = owner->model;
  for (*value = 0; *value < m->value_n; ++*value)
    if (m->values[*value].direction == DP_OUT && strcmp(m->values[*value].name, name) == 0) return DP_OK;
  return unknown(owner, "published value named", name, m->values, m->value_n, sizeof *m->values, err);
}

bool dp_instance_chose(const struct dp_instance *instance, const char *name, const char *choice) {
  const struct dp_schema *schema = instance->model->schema;
  const struct dp_param *p = schema ? dp_schema_param(schema, name) : NULL;
  if (!p || p->type != DP_PARAM_CHOICE) return false;
  return strcmp(p->choices[*(const int *)(const void *)((const char *)instance->config + p->offset)], choice) == 0;
}

bool dp_instance_refers(const struct dp_instance *instance, const char *name, const struct dp_instance *other) {
  const struct dp_schema *schema = instance->model->schema;
  const struct dp_param *p = schema ? dp_schema_param(schema, name) : NULL;
  if (!p || p->type != DP_PARAM_REF) return false;
  const struct dp_ref *ref = (const void *)((const char *)instance->config + p->offset);
  return ref->instance == other->index;
}

/* ---- set-up ---- */

static enum dp_status only_in_setup(const struct dp_ctx *ctx, const char *what) {
  if (host_of(ctx)->phase == DP_HOST_SETUP) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "%s is possible in init_replicated only", what);
}

enum dp_status dp_declare_dimension(struct dp_ctx *ctx, const char *name, const char *const *labels, size_t n) {
  DP_TRY(only_in_setup(ctx, "declaring a dimension"));
  struct dp_host *h = host_of(ctx);
  for (size_t i = 0; i < h->dimension_n; i++)
    if (strcmp(h->dimensions[i].name, name) == 0)
      return dp_fail(ctx->err, DP_SCENARIO, "the dimension %s is declared twice", name);
  if (n == 0 || h->dimension_n == DP_DIMENSION_MAX)
    return dp_fail(ctx->err, DP_RANGE, "dimension %s: at least one label and at most %d dimensions", name,
                   DP_DIMENSION_MAX);
  h->dimensions[h->dimension_n++] = (struct dp_dimension){.name = name, .labels = labels, .n = n};
  return DP_OK;
}

size_t dp_dimension_labels(const struct dp_sim *sim, const char *dimension, const char *const **labels) {
  for (size_t i = 0; i < sim->host->dimension_n; i++) {
    if (strcmp(sim->host->dimensions[i].name, dimension) != 0) continue;
    if (labels) *labels = sim->host->dimensions[i].labels;
    return sim->host->dimensions[i].n;
  }
  return 0;
}

enum dp_status dp_open_channel(struct dp_ctx *ctx, const char *name, dp_time least_delay_ns, uint16_t *channel) {
  DP_TRY(only_in_setup(ctx, "opening a channel"));
  const struct dp_model *m = ctx->self->model;
  for (size_t i = 0; i < m->channel_n; i++) {
    if (strcmp(m->channels[i].name, name) != 0) continue;
    size_t size = strlen(m->name) + strlen(name) + 2;
    char *full = dp_host_alloc(ctx->self->sim, size);
    if (!full) return dp_fail_nomem(ctx->err, "a channel");
    snprintf(full, size, "%s.%s", m->name, name);
    return dp_engine_open_channel(ctx->engine, full, least_delay_ns, channel, ctx->err);
  }
  return unknown(ctx->self, "channel named", name, m->channels, m->channel_n, sizeof *m->channels, ctx->err);
}

enum dp_status dp_open_beat(struct dp_ctx *ctx, const char *name, dp_time period_ns) {
  DP_TRY(only_in_setup(ctx, "opening a beat"));
  unsigned bit;
  DP_TRY(dp_engine_open_beat(ctx->engine, name, period_ns, &bit, ctx->err));
  ctx->self->sim->instances[ctx->self->index].beats |= UINT64_C(1) << bit;
  host_of(ctx)->own_beats[ctx->self->index] |= UINT64_C(1) << bit;
  return DP_OK;
}

/* ---- events ---- */

enum dp_status dp_emit(struct dp_ctx *ctx, uint16_t kind, uint8_t phase, dp_entity dest, const void *payload,
                       size_t size) {
  const struct dp_host *h = host_of(ctx);
  if (kind >= h->kind_n) return DP_OK;
  struct dp_message m = {.dest = dest,
                         .time_ns = ctx->now_ns,
                         .kind = kind,
                         .phase = phase,
                         .size = (uint8_t)size,
                         .payload = payload};
  for (uint32_t i = h->subscriber_first[kind]; i < h->subscriber_first[kind + 1]; i++) {
    m.instance = h->subscribers[i];
    DP_TRY(dp_send(ctx, &m));
  }
  return DP_OK;
}

/* ---- flows and values ---- */

static enum dp_status only_in_collect(const struct dp_ctx *ctx, const struct dp_instance *owner, const char *what) {
  const struct dp_host *h = host_of(ctx);
  if (h->phase != DP_HOST_COLLECT || !ctx->cell)
    return dp_fail(ctx->err, DP_INVARIANT, "%s of %s is possible in collect only", what, owner->model->name);
  if (owner->beats & h->due) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "%s of %s at a beat in which %s takes no part (hand it in at a settlement)",
                 what, owner->model->name, owner->name);
}

enum dp_status dp_flow_add(struct dp_ctx *ctx, const struct dp_instance *owner, unsigned flow, dp_i128 amount) {
  const char *name = flow < owner->model->flow_n ? owner->model->flows[flow].name : NULL;
  if (!name) return dp_fail(ctx->err, DP_INVARIANT, "%s has no flow %u", owner->model->name, flow);
  DP_TRY(only_in_collect(ctx, owner, name));
  dp_i128 *sum = &host_of(ctx)->flows[owner->first_flow + flow];
  char text[DP_I128_TEXT];
  if (amount >= DP_FLOW_MAX || amount <= -DP_FLOW_MAX || !dp_i128_add(*sum, amount, sum))
    return dp_fail(ctx->err, DP_INVARIANT, "flow %s of %s: an amount of %s is too large", name, owner->model->name,
                   dp_i128_text(amount, text));
  return DP_OK;
}

dp_i128 dp_flow_sum(const struct dp_ctx *ctx, unsigned flow) {
  if (flow < ctx->self->model->flow_n && host_of(ctx)->phase == DP_HOST_CLEAR)
    return host_of(ctx)->flows[ctx->self->first_flow + flow];
  dp_host_defer(ctx, "flow %u is read (an own flow can be, in clear and execute)", flow);
  return 0;
}

static struct dp_value_row *value_row(const struct dp_ctx *ctx, const struct dp_instance *owner, unsigned value) {
  if (value < owner->model->value_n)
    return DP_ROW(&ctx->engine->globals[DP_HIDDEN_VALUE], struct dp_value_row, (uint32_t)(owner->first_value + value));
  dp_host_defer(ctx, "%s has no value %u", owner->model->name, value);
  return NULL;
}

void dp_value_set(struct dp_ctx *ctx, unsigned value, dp_i128 integer, double real) {
  enum dp_host_phase phase = host_of(ctx)->phase;
  struct dp_value_row *row = value_row(ctx, ctx->self, value);
  if (!row) return;
  if (ctx->cell || (phase != DP_HOST_CLEAR && phase != DP_HOST_SETUP))
    dp_host_defer(ctx, "%s is set outside clear and init_replicated", ctx->self->model->values[value].name);
  else if (ctx->self->model->values[value].direction != DP_OUT)
    dp_host_defer(ctx, "%s is set, and only its owner may", ctx->self->model->values[value].name);
  else *row = (struct dp_value_row){.integer = integer, .real = real};
}

dp_i128 dp_value_integer(const struct dp_ctx *ctx, const struct dp_instance *owner, unsigned value) {
  const struct dp_value_row *row = value_row(ctx, owner, value);
  return row ? row->integer : 0;
}

double dp_value_real(const struct dp_ctx *ctx, const struct dp_instance *owner, unsigned value) {
  const struct dp_value_row *row = value_row(ctx, owner, value);
  return row ? row->real : 0;
}

/* ---- bulletins and transactions ---- */

void dp_bulletin_post(struct dp_ctx *ctx, const void *record) {
  struct dp_err err = {0};
  const struct dp_table_decl *decl = ctx->self->model->bulletin;
  enum dp_status status = only_in_collect(&(struct dp_ctx){.self = ctx->self, .cell = ctx->cell, .err = &err},
                                          ctx->self, "posting a bulletin");
  if (status == DP_OK && !decl) status = dp_fail(&err, DP_INVARIANT, "a bulletin that is not declared");
  if (status == DP_OK)
    status = dp_host_post(ctx->self->sim, ctx->cell->id, ctx->self->index, false, record, decl->row_size, &err);
  if (status != DP_OK) dp_host_defer(ctx, "%s", err.text);
}

const void *dp_bulletin(const struct dp_ctx *ctx, const struct dp_instance *owner, uint32_t cell) {
  static const _Alignas(16) unsigned char zeros[DP_BULLETIN_MAX];
  if (owner->bulletin_table != SIZE_MAX && cell < ctx->engine->config.cell_n)
    return dp_table_at(&ctx->engine->globals[owner->bulletin_table], cell);
  dp_host_defer(ctx, "the bulletin of cell %u of %s is read, and there is none", cell, owner->model->name);
  return zeros;
}

enum dp_status dp_transaction_submit(struct dp_ctx *ctx, const struct dp_transaction *t) {
  const struct dp_instance *to = dp_sim_instance(ctx->self->sim, t->instance);
  if (!to || !to->model->execute)
    return dp_fail(ctx->err, DP_INVARIANT, "a transaction for %s, which executes none", to ? to->name : "no instance");
  DP_TRY(only_in_collect(ctx, to, "a transaction"));
  if (dp_entity_cell(t->sender) != ctx->cell->id)
    return dp_fail(ctx->err, DP_INVARIANT, "a transaction whose sender is not of this cell");
  struct dp_transaction own = *t;
  own.number = DP_ROW(&ctx->cell->tables[DP_HIDDEN_CELL], struct dp_cell_row, 0)->transaction_n++;
  own.status = own.zero = 0;
  return dp_host_post(ctx->self->sim, ctx->cell->id, to->index, true, &own, sizeof own, ctx->err);
}
