#include <config.h>

#include "hardware/node.h"

#include <stdlib.h>

#include "hardware/meter.h"
#include "place/place.h"

#define STEP_NS (30 * DP_DAY)

enum what { FAIL, REPAIR, VANISH };

/* Payload of the model's own timer. FAIL is stale when the node has failed or been switched since, REPAIR when it has
 * been repaired. */
struct timer {
  uint32_t failure_n;
  uint16_t switch_n; /* modulo 2^16 */
  uint16_t what;     /* enum what */
};

static struct dp_node_count *count_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, DP_NODE_COUNT_TABLE), struct dp_node_count, 0);
}

/* ---- failure and repair ---- */

static enum dp_status set_timer(struct dp_ctx *ctx, dp_entity entity, dp_time after_ns, const struct dp_node *node,
                                enum what what) {
  struct timer t = {node->failure_n, (uint16_t)node->switch_n, (uint16_t)what};
  struct dp_message m = {.dest = entity,
                         .time_ns = dp_time_add(ctx->now_ns, after_ns),
                         .instance = ctx->self->index,
                         .kind = DP_EVENT_TIMER,
                         .phase = what == VANISH ? DP_PHASE_DECISION : DP_PHASE_RELEASE,
                         .size = sizeof t,
                         .payload = &t};
  return dp_send(ctx, &m);
}

/* A far failure is waited for in steps: no event of a node that leaves stays in the queue for long. */
static enum dp_status wait_for_failure(struct dp_ctx *ctx, dp_entity entity, const struct dp_node *node) {
  const dp_time left_ns = node->fails_ns - ctx->now_ns;
  return set_timer(ctx, entity, left_ns < STEP_NS ? left_ns : STEP_NS, node, FAIL);
}

/* A node that was switched off and on again gets new luck for the same failure: its old draw is partly used up. */
static enum dp_status await_failure(struct dp_ctx *ctx, dp_entity entity, struct dp_node *node) {
  const struct dp_node_shared *s = ctx->self->shared;
  const struct dp_node_class *class = s->classes[node->node_class];
  if (class->mtbf_h <= 0) return DP_OK;
  const uint64_t occasion = node->failure_n | (uint64_t)node->switch_n << 32;
  struct dp_rng rng = dp_ctx_rng(ctx, entity, DP_STREAM(DP_STREAM_FAILURE, ctx->self->index), occasion);
  node->fails_ns = dp_time_add(ctx->now_ns, dp_node_time_to_failure(class, &rng));
  return wait_for_failure(ctx, entity, node);
}

static enum dp_status go_down(struct dp_ctx *ctx, dp_entity entity, struct dp_node *node) {
  node->up = 0;
  node->up_ns += ctx->now_ns - node->up_since_ns;
  count_of(ctx)->up_n--;
  return dp_emit(ctx, DP_EVENT_NODE_DOWN, DP_PHASE_RELEASE, entity, NULL, 0);
}

static enum dp_status go_up(struct dp_ctx *ctx, dp_entity entity, struct dp_node *node) {
  node->up = 1;
  node->up_since_ns = ctx->now_ns;
  count_of(ctx)->up_n++;
  DP_TRY(await_failure(ctx, entity, node));
  return dp_emit(ctx, DP_EVENT_NODE_UP, DP_PHASE_RELEASE, entity, NULL, 0);
}

static enum dp_status fail_node(struct dp_ctx *ctx, dp_entity entity, struct dp_node *node) {
  const struct dp_node_shared *s = ctx->self->shared;
  const struct dp_place *place = dp_place_of(dp_ctx_sim(ctx));
  struct dp_rng rng = dp_ctx_rng(ctx, entity, DP_STREAM(DP_STREAM_REPAIR, ctx->self->index), node->failure_n);
  dp_time repair_ns = dp_node_time_to_repair(s->classes[node->node_class], &rng);
  node->failed = 1;
  node->down_since_ns = ctx->now_ns;
  node->failure_n++;
  dp_metric_add(ctx, DP_NODE_FAILURES, dp_place_region(place, ctx->cell->id), 1);
  DP_TRY(set_timer(ctx, entity, repair_ns, node, REPAIR));
  return go_down(ctx, entity, node);
}

static enum dp_status repair_node(struct dp_ctx *ctx, dp_entity entity, struct dp_node *node) {
  node->failed = 0;
  return node->held ? DP_OK : go_up(ctx, entity, node);
}

static enum dp_status on_timer(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_table *nodes = dp_own_table(ctx, DP_NODE_TABLE);
  uint32_t row = dp_table_find(nodes, event->dest);
  struct timer t;
  dp_event_payload(event, &t, sizeof t);
  if (row == DP_NO_ROW) return DP_OK;
  struct dp_node *node = DP_ROW(nodes, struct dp_node, row);
  if (t.what == VANISH) {
    count_of(ctx)->node_n--;
    dp_table_remove(nodes, row);
    return DP_OK;
  }
  if (t.failure_n != node->failure_n) return DP_OK;
  if (t.what == REPAIR) return node->failed ? repair_node(ctx, event->dest, node) : DP_OK;
  if (!node->up || t.switch_n != (uint16_t)node->switch_n) return DP_OK;
  return ctx->now_ns < node->fails_ns ? wait_for_failure(ctx, event->dest, node) : fail_node(ctx, event->dest, node);
}

/* ---- off, on, away ---- */

static enum dp_status on_switch(struct dp_ctx *ctx, const struct dp_event *event, struct dp_node *node) {
  struct dp_node_switch to;
  dp_event_payload(event, &to, sizeof to);
  const bool off = to.on == 0;
  if (off == (node->held != 0)) return DP_OK;
  node->held = off;
  if (off) {
    dp__meter_presence(ctx, node, ctx->now_ns);
    return node->up ? go_down(ctx, event->dest, node) : DP_OK;
  }
  node->switch_n++;
  node->present_from_ns = ctx->now_ns;
  return node->failed ? DP_OK : go_up(ctx, event->dest, node);
}

/* Everyone hears that it has left while its rows still stand; they go at the end of this instant. */
static enum dp_status on_remove(struct dp_ctx *ctx, const struct dp_event *event, struct dp_node *node, uint32_t row) {
  DP_TRY(dp__meter_read_node(ctx, row));
  node->held = 1;
  if (node->up) DP_TRY(go_down(ctx, event->dest, node));
  DP_TRY(dp_emit(ctx, DP_EVENT_NODE_LEFT, DP_PHASE_RELEASE, event->dest, NULL, 0));
  return set_timer(ctx, event->dest, 0, node, VANISH);
}

static enum dp_status on_owner(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_table *nodes = dp_own_table(ctx, DP_NODE_TABLE);
  const uint32_t row = dp_table_find(nodes, event->dest);
  if (row == DP_NO_ROW) return DP_OK;
  struct dp_node *node = DP_ROW(nodes, struct dp_node, row);
  return event->kind == DP_EVENT_NODE_SWITCH ? on_switch(ctx, event, node) : on_remove(ctx, event, node, row);
}

/* ---- birth ---- */

static enum dp_status build_one(struct dp_ctx *ctx, struct dp_node_build build) {
  struct dp_table *nodes = dp_own_table(ctx, DP_NODE_TABLE);
  uint32_t row;
  DP_TRY(dp_table_add(nodes, &row, ctx->err));
  struct dp_node *node = DP_ROW(nodes, struct dp_node, row);
  dp_entity entity = dp_table_entity(nodes, row);
  node->node_class = build.node_class;
  node->provider = build.provider;
  node->up = 1;
  node->joined_ns = node->up_since_ns = node->present_from_ns = ctx->now_ns;
  count_of(ctx)->node_n++;
  count_of(ctx)->up_n++;
  DP_TRY(await_failure(ctx, entity, node));
  build.count = 1;
  return dp_emit(ctx, DP_EVENT_NODE_JOINED, DP_PHASE_RELEASE, entity, &build, sizeof build);
}

/* A large order is built in lots, a nanosecond apart: an instant has room for a million events. */
#define LOT_NODES 16384

static enum dp_status build_rest(struct dp_ctx *ctx, struct dp_node_build build) {
  const struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id),
                               .instance = ctx->self->index,
                               .kind = DP_EVENT_NODE_BUILD,
                               .phase = DP_PHASE_RELEASE,
                               .time_ns = ctx->now_ns + 1,
                               .size = sizeof build,
                               .payload = &build};
  return dp_send(ctx, &m);
}

static enum dp_status on_build(struct dp_ctx *ctx, const struct dp_event *event) {
  const struct dp_node_shared *s = ctx->self->shared;
  struct dp_node_build build;
  dp_event_payload(event, &build, sizeof build);
  if (build.node_class >= s->class_n)
    return dp_fail(ctx->err, DP_INVARIANT, "hardware.node: a node of class %u is to be built, there are %zu classes",
                   build.node_class, s->class_n);
  const uint32_t lot = build.count < LOT_NODES ? build.count : LOT_NODES;
  for (uint32_t i = 0; i < lot; i++) DP_TRY(build_one(ctx, build));
  build.count -= lot;
  return build.count ? build_rest(ctx, build) : DP_OK;
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  switch (event->kind) {
    case DP_EVENT_NODE_BUILD: return on_build(ctx, event);
    case DP_EVENT_TIMER: return on_timer(ctx, event);
    case DP_EVENT_NODE_SWITCH:
    case DP_EVENT_NODE_REMOVE: return on_owner(ctx, event);
    default: return dp_fail(ctx->err, DP_INVARIANT, "hardware.node: event of kind %u", event->kind);
  }
}

/* ---- the model ---- */

static void release(void *shared) {
  struct dp_node_shared *s = shared;
  if (!s) return;
  free(s->classes);
  free(s->power);
  free(s->servers);
  free(s->flows);
  free(s->fleets);
  free(s);
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  struct dp_node_shared *s = calloc(1, sizeof *s);
  if (!s) return dp_fail_nomem(ctx->err, "the hardware");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  s->class_n = dp_sim_part_n(sim, dp_node_class_schema.name);
  s->classes = calloc(s->class_n + 1, sizeof *s->classes);
  s->power = calloc(s->class_n + 1, sizeof *s->power);
  if (!s->classes || !s->power) return dp_fail_nomem(ctx->err, "the classes of hardware");
  for (uint16_t i = 0; i < s->class_n; i++) {
    s->classes[i] = dp_sim_part(sim, dp_node_class_schema.name, i);
    s->power[i] = dp_node_power(s->classes[i]);
  }
  return dp__meter_views(ctx, s);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  uint32_t row;
  return dp_table_add(dp_own_table(ctx, DP_NODE_COUNT_TABLE), &row, ctx->err);
}

static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  return beat->settlement ? dp__meter_read(ctx, ctx->now_ns - beat->since_ns) : DP_OK;
}

static enum dp_status sample_cell(struct dp_ctx *ctx) {
  const struct dp_node_count *count = count_of(ctx);
  uint16_t region = dp_place_region(dp_place_of(dp_ctx_sim(ctx)), ctx->cell->id);
  dp_metric_set(ctx, DP_NODE_N, region, count->node_n);
  dp_metric_set(ctx, DP_NODE_UP_N, region, count->up_n);
  return DP_OK;
}

static enum dp_status check_cell(struct dp_ctx *ctx) {
  const struct dp_node_count *count = count_of(ctx);
  if (count->up_n < 0 || count->up_n > count->node_n || count->node_n != dp_own_table(ctx, DP_NODE_TABLE)->live_n)
    return dp_fail(ctx->err, DP_INVARIANT, "hardware.node: cell %u counts %lld nodes up of %lld, the table holds %u",
                   ctx->cell->id, (long long)count->up_n, (long long)count->node_n,
                   dp_own_table(ctx, DP_NODE_TABLE)->live_n);
  return DP_OK;
}

static const struct dp_column node_columns[] = {
    DP_COLUMN(struct dp_node, node_class, "1", "ordinal of the class among the scenario's hardware classes"),
    DP_COLUMN(struct dp_node, provider, "1", "instance of the fleet that owns it"),
    DP_COLUMN(struct dp_node, up, "1", "1 while it works"),
    DP_COLUMN(struct dp_node, failed, "1", "1 from a failure to its repair"),
    DP_COLUMN(struct dp_node, held, "1", "1 while its owner has switched it off"),
    DP_COLUMN(struct dp_node, failure_n, "1", "failures so far"),
    DP_COLUMN(struct dp_node, switch_n, "1", "times that it was switched on again"),
    DP_COLUMN(struct dp_node, joined_ns, "ns", "when it joined"),
    DP_COLUMN(struct dp_node, present_from_ns, "ns", "time in the network has been measured up to here"),
    DP_COLUMN(struct dp_node, fails_ns, "ns", "its next failure, when it is up"),
    DP_COLUMN(struct dp_node, up_since_ns, "ns", "beginning of the latest up time"),
    DP_COLUMN(struct dp_node, down_since_ns, "ns", "latest failure; 0 before the first"),
    DP_COLUMN(struct dp_node, up_ns, "ns", "up time before up_since_ns"),
    DP_COLUMN(struct dp_node, up_billed_ns, "ns", "up time that the energy meter has seen"),
    DP_COLUMN(struct dp_node, busy_billed_ns, "ns", "busy time that the energy meter has seen"),
    DP_COLUMN(struct dp_node, energy_mws, "ws", "energy used, in thousandths of a watt second"),
    DP_COLUMN(struct dp_node, energy_rest, "ns", "energy below one milliwatt second, in milliwatt nanoseconds"),
    DP_COLUMN(struct dp_node, electricity_nusd, "nusd", "billed for electricity so far"),
    DP_COLUMN(struct dp_node, capital_nusd, "nusd", "paid in by the owner so far, to cover bills"),
};

static const struct dp_column count_columns[] = {
    DP_COLUMN(struct dp_node_count, node_n, "1", "nodes of the cell"),
    DP_COLUMN(struct dp_node_count, up_n, "1", "nodes of the cell that work"),
};

#define COLUMNS(array) DP_ROWS(column, array)

static const struct dp_table_decl tables[] = {
    {.name = "node", .doc = "machines", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct dp_node),
     COLUMNS(node_columns), .output = true},
    {.name = "count", .doc = "machines of a cell, counted", .scope = DP_SCOPE_CELL,
     .row_size = sizeof(struct dp_node_count), COLUMNS(count_columns)},
};

static const struct dp_metric metrics[] = {
    [DP_NODE_PRESENT] = {"present", DP_METRIC_COUNTER, "s", 1e-9, NULL, false,
                         "time of nodes in the network, while not switched off"},
    [DP_NODE_UP_TIME] = {"up", DP_METRIC_COUNTER, "s", 1e-9, NULL, false, "time that nodes were up"},
    [DP_NODE_BUSY_TIME] = {"busy", DP_METRIC_COUNTER, "s", 1e-9, NULL, false, "time that nodes worked"},
    [DP_NODE_ENERGY] = {"energy", DP_METRIC_COUNTER, "kwh", 1 / 3.6e9, "region", false, "energy used"},
    [DP_NODE_COST] = {"cost", DP_METRIC_COUNTER, "usd", 1e-9, "region", false, "electricity billed"},
    [DP_NODE_CARBON] = {"carbon", DP_METRIC_COUNTER, "kg", 1e-9, "region", false, "CO2 equivalent of the energy"},
    [DP_NODE_FAILURES] = {"failures", DP_METRIC_COUNTER, "1", 1, "region", false, "failures of nodes"},
    [DP_NODE_N] = {"nodes", DP_METRIC_GAUGE, "1", 1, "region", false, "nodes"},
    [DP_NODE_UP_N] = {"nodes_up", DP_METRIC_GAUGE, "1", 1, "region", false, "nodes that work"},
};

static const struct dp_kpi kpis[] = {
    {"hardware.utilisation_ratio", DP_KPI_RATIO, "busy", "up", "1", 0, "time worked over time up"},
    {"hardware.availability_ratio", DP_KPI_RATIO, "up", "present", "1", 0,
     "time up over time in the network and switched on"},
    {"hardware.failures", DP_KPI_TOTAL, "failures", NULL, "1", 0, "failures of nodes"},
    {"hardware.nodes", DP_KPI_TOTAL, "nodes", NULL, "1", 0, "nodes at the end"},
    {"energy.used_kwh", DP_KPI_TOTAL, "energy", NULL, "kwh", 0, "energy used by nodes"},
    {"energy.cost_usd", DP_KPI_TOTAL, "cost", NULL, "usd", 0, "electricity billed to hosts"},
    {"energy.carbon_kg", DP_KPI_TOTAL, "carbon", NULL, "kg", 0, "carbon dioxide equivalent of the energy"},
};

static const uint16_t handles[] = {DP_EVENT_NODE_BUILD, DP_EVENT_TIMER, DP_EVENT_NODE_SWITCH, DP_EVENT_NODE_REMOVE};

static const struct dp_schema schema = {.name = "hardware.node", .doc = "machines: failure, repair, energy"};

const struct dp_model dp_node_model = {
    .name = "hardware.node",
    .doc = "machines: failure and repair, energy and its bill",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    DP_ROWS(handle, handles),
    .implicit = true,
    .init_replicated = init_replicated,
    .init_cell = init_cell,
    .handle = handle,
    .collect = collect,
    .sample_cell = sample_cell,
    .check_cell = check_cell,
    .release = release,
};
