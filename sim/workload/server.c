/* sim/workload/server.c — the model "workload.server": declarations, events, costs per node class. */
#include <config.h>

#include "workload/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define LLM_FIELD(f) DP_FIELD(struct dp_llm, f)
static const struct dp_param llm_params[] = {
    {LLM_FIELD(name), .type = DP_PARAM_STRING, .unit = "text", .text = "Llama-2-7B", .doc = "name of the model",
     .source = "Vidur kernel profiles (Microsoft, MIT)"},
    {LLM_FIELD(weights_gib), .type = DP_PARAM_NUMBER, .unit = "gib", .value = 12.55, .min = 0.1, .max = 1e4,
     .doc = "memory of the weights in fp16", .source = "Llama-2-7B, July 2023: 6,738,415,616 parameters of 2 bytes"},
};
const struct dp_schema dp_llm_schema = {.name = "workload.llm", .doc = "a language model that is served",
                                        DP_ROWS(param, llm_params),
                                        .size = sizeof(struct dp_llm)};

#define FIELD(f) DP_FIELD(struct dp_server_config, f)
static const struct dp_param params[] = {
    {FIELD(llm), .type = DP_PARAM_PART, .unit = "text", .part = "workload.llm",
     .doc = "the language model that every server runs", .source = "none"},
    {FIELD(prefill_tokens_n), .type = DP_PARAM_INT, .unit = "1", .value = 4096, .min = 1, .max = 1e7,
     .doc = "most prompt tokens of one prefill step (a longer prompt goes alone)",
     .source = "end of the range that the kernel profiles cover"},
    {FIELD(batch_n), .type = DP_PARAM_INT, .unit = "1", .value = 256, .min = 1, .max = 65536,
     .doc = "most requests that run together", .source = "vLLM's max_num_seqs (memory)"},
    {FIELD(memory_overhead_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = DP_LLM_OVERHEAD_RATIO, .min = 0,
     .max = 0.9, .doc = "share of a GPU's memory that is kept free", .source = "vLLM's gpu_memory_utilization is 0.9"},
};
static const struct dp_schema schema = {.name = "workload.server", .doc = "continuous batching on every node",
                                        DP_ROWS(param, params),
                                        .size = sizeof(struct dp_server_config)};

#define COL(f, unit, doc) DP_COLUMN(struct dp_server, f, unit, doc)
static const struct dp_column server_columns[] = {
    COL(capacity_tok, "tok", "context that fits beside the weights"),
    COL(reserved_tok, "tok", "context reserved by requests"),
    COL(context_tok, "tok", "context of running requests when the run began"),
    COL(step_n, "1", "decode steps done when the run began"),
    COL(run_steps_n, "1", "decode steps of the run in progress"),
    COL(start_ns, "ns", "begin of the step or run in progress"),
    COL(busy_ns, "ns", "time in steps, without the busy period in progress"),
    COL(busy_since_ns, "ns", "begin of the busy period, -1 while idle"),
    COL(epoch, "1", "ordinal of the scheduled batch change"),
    COL(running, "1", "first running task"),
    COL(joining, "1", "first task of the prefill in progress"),
    COL(waiting, "1", "first waiting task"),
    COL(waiting_last, "1", "last waiting task"),
    COL(running_n, "1", "running requests"),
    COL(waiting_n, "1", "waiting requests"),
    COL(market, "1", "instance that hears of results"),
    COL(mode, "1", "0 idle, 1 prefill, 2 decode"),
    DP_COLUMN_ARRAY(struct dp_server, zero, "1", "always 0"),
};
#undef COL
#define COL(f, unit, doc) DP_COLUMN(struct dp_task, f, unit, doc)
static const struct dp_column task_columns[] = {
    COL(job, "1", "the request's entity in the customer's cell"),
    COL(size, "1", "workload, output and prompt tokens, packed"),
    COL(deadline_ns, "ns", "it is given up when it has not started by then"),
    COL(amount_nusd, "nusd", "escrowed for it"),
    COL(arrived_ns, "ns", "when it came to the server"),
    COL(first_token_ns, "ns", "when its prefill ended"),
    COL(finish_step, "1", "decode step of its last token"),
    COL(next, "1", "next task of its chain"),
    COL(zero, "1", "always 0"),
};
#undef COL
static const struct dp_table_decl tables[] = {
    {.name = "server", .doc = "the LLM server of each node", .scope = DP_SCOPE_CELL,
     .row_size = sizeof(struct dp_server), DP_ROWS(column, server_columns), .follows = "hardware.node.node"},
    {.name = "task", .doc = "requests at servers", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct dp_task),
     DP_ROWS(column, task_columns)},
};

static const struct dp_metric metrics[] = {
    [DP_SERVER_WAIT] = {"wait", DP_METRIC_HISTOGRAM, "s", 1e-9, .doc = "time from arrival at a server to its prefill"},
    [DP_SERVER_PREFILL_TOK] = {"prefill_tok", DP_METRIC_COUNTER, "tok", 1, .doc = "prompt tokens taken in"},
    [DP_SERVER_DECODE_TOK] = {"decode_tok", DP_METRIC_COUNTER, "tok", 1, .doc = "output tokens after the first"},
    [DP_SERVER_LOST] = {"lost", DP_METRIC_COUNTER, "1", 1, .doc = "requests whose node failed under them"},
    [DP_SERVER_BATCH] = {"running", DP_METRIC_GAUGE, "1", 1, .doc = "requests that decode"},
};
static const struct dp_kpi kpis[] = {
    {"job.wait_s", DP_KPI_DISTRIBUTION, "wait", NULL, "s", 0, "waiting at the server, of requests that started"},
    {"job.lost", DP_KPI_TOTAL, "lost", NULL, "1", 0, "starts undone by a failing node (the request is run elsewhere)"},
};

/** The one language model of the scenario, NULL if it names none; descriptions of equal content are one. */
static enum dp_status find_llm(struct dp_ctx *ctx, const struct dp_llm **out) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const size_t n = dp_sim_part_n(sim, dp_llm_schema.name);
  *out = n ? dp_sim_part(sim, dp_llm_schema.name, 0) : NULL;
  for (uint16_t i = 1; i < n; i++) {
    const struct dp_llm *other = dp_sim_part(sim, dp_llm_schema.name, i);
    if (strcmp((*out)->name, other->name) || (*out)->weights_gib < other->weights_gib ||
        (*out)->weights_gib > other->weights_gib)
      return dp_fail(ctx->err, DP_SCENARIO, "workload.server: the workloads ask for '%s' (%g GiB) and '%s' (%g GiB), and "
                     "a server runs one model (give every workload the same llm)", (*out)->name, (*out)->weights_gib,
                     other->name, other->weights_gib);
  }
  return DP_OK;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  struct dp_instance *self = (struct dp_instance *)ctx->self;
  const struct dp_server_config *config = self->config;
  const struct dp_llm *llm;
  DP_TRY(find_llm(ctx, &llm));
  const double weights_gib = llm ? llm->weights_gib : dp_llm_weights_gib();
  size_t n = dp_sim_part_n(self->sim, "hardware.class");
  struct dp_server_costs *costs = dp_zeros(1, sizeof *costs);
  if (!costs) return dp_fail_nomem(ctx->err, "step costs");
  self->shared = costs;
  costs->class_n = n;
  costs->costs = dp_zeros(n, sizeof *costs->costs);
  costs->capacity_tok = dp_zeros(n, sizeof *costs->capacity_tok);
  if (!costs->costs || !costs->capacity_tok) return dp_fail_nomem(ctx->err, "step costs");
  for (uint16_t i = 0; i < n; i++) {
    const struct dp_node_class *c = dp_sim_part(self->sim, "hardware.class", i);
    if (c->work_per_s > 0) continue; /* it does other work: no context fits */
    if (c->gpu_n != 1)
      return dp_fail(ctx->err, DP_SCENARIO,
                     "workload.server: a node of class '%s' has %lld GPUs, and a server runs on one (set gpu_n = 1 and "
                     "give the fleet more nodes)", c->gpu, (long long)c->gpu_n);
    DP_TRY(dp_llm_cost_find(c->gpu, &costs->costs[i], ctx->err));
    costs->capacity_tok[i] = dp_llm_kv_capacity_tokens(c->memory_gib, weights_gib, config->memory_overhead_ratio);
  }
  const struct dp_instance *hardware = dp_sim_first(self->sim, "hardware.node");
  DP_TRY(dp_view_find(hardware, "node", "node_class", &costs->node_class, ctx->err));
  return dp_view_find(hardware, "node", "up", &costs->node_up, ctx->err);
}

static void release(void *shared) {
  struct dp_server_costs *costs = shared;
  free(costs->costs);
  free(costs->capacity_tok);
  free(costs);
}

static enum dp_status join(struct dp_ctx *ctx, uint32_t node) {
  const struct dp_server_costs *costs = ctx->self->shared;
  struct dp_server *s = DP_ROW(dp_own_table(ctx, DP_SERVER_TABLE_SERVER), struct dp_server, node);
  s->capacity_tok = costs->capacity_tok[*(const uint16_t *)dp_view_at(ctx, &costs->node_class, node)];
  s->busy_since_ns = -1;
  s->running = s->joining = s->waiting = s->waiting_last = DP_NO_ROW;
  s->market = DP_NO_INSTANCE;
  return DP_OK;
}

static enum dp_status start(struct dp_ctx *ctx, uint32_t node, const struct dp_event *event) {
  struct dp_job job;
  dp_event_payload(event, &job, sizeof job);
  uint32_t task;
  DP_TRY(dp_table_add(dp_own_table(ctx, DP_SERVER_TABLE_TASK), &task, ctx->err));
  *DP_ROW(dp_own_table(ctx, DP_SERVER_TABLE_TASK), struct dp_task, task) = (struct dp_task){
      .job = job.job,
      .size = (uint64_t)job.prompt_n | (uint64_t)job.output_n << 24 | (uint64_t)job.workload << 48,
      .deadline_ns = job.deadline_ns,
      .amount_nusd = job.amount_nusd,
      .arrived_ns = ctx->now_ns,
      .next = DP_NO_ROW};
  const struct dp_server_costs *costs = ctx->self->shared;
  if (!*(const uint8_t *)dp_view_at(ctx, &costs->node_up, node)) return dp_batch_give_back(ctx, node, task);
  return dp_batch_arrive(ctx, node, task);
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_table *servers = dp_own_table(ctx, DP_SERVER_TABLE_SERVER);
  uint32_t node = dp_table_find(servers, event->dest);
  if (node == DP_NO_ROW && event->kind == DP_EVENT_JOB_START)
    return dp_fail(ctx->err, DP_INVARIANT, "workload.server: a request for node %llx, which does not exist",
                   (unsigned long long)event->dest);
  if (node == DP_NO_ROW) return DP_OK;
  struct dp_server *s = DP_ROW(servers, struct dp_server, node);
  switch (event->kind) {
    case DP_EVENT_TIMER: return event->payload[0] == s->epoch ? dp_batch_change(ctx, node) : DP_OK;
    case DP_EVENT_JOB_START: return start(ctx, node, event);
    case DP_EVENT_NODE_JOINED: return join(ctx, node);
    case DP_EVENT_NODE_DOWN: return dp_batch_drop(ctx, node);
    case DP_EVENT_PRICE_POSTED: {
      struct dp_price_posted posted;
      dp_event_payload(event, &posted, sizeof posted);
      s->market = posted.market;
      return DP_OK;
    }
    default: return dp_fail(ctx->err, DP_INVARIANT, "workload.server: event kind %d is not handled", event->kind);
  }
}

/** Without a task no server has anything: nothing to count. */
static bool is_idle(const struct dp_ctx *ctx) { return dp_own_table(ctx, DP_SERVER_TABLE_TASK)->live_n == 0; }

static enum dp_status sample_cell(struct dp_ctx *ctx) {
  struct dp_table *servers = dp_own_table(ctx, DP_SERVER_TABLE_SERVER);
  int64_t running = 0;
  for (uint32_t i = is_idle(ctx) ? DP_NO_ROW : dp_table_next(servers, 0); i != DP_NO_ROW;)
    running += DP_ROW(servers, struct dp_server, i)->running_n, i = dp_table_next(servers, i + 1);
  dp_metric_set(ctx, DP_SERVER_BATCH, 0, running);
  return DP_OK;
}

static enum dp_status check_cell(struct dp_ctx *ctx) {
  struct dp_table *servers = dp_own_table(ctx, DP_SERVER_TABLE_SERVER);
  if (is_idle(ctx)) return DP_OK;
  for (uint32_t i = dp_table_next(servers, 0); i != DP_NO_ROW; i = dp_table_next(servers, i + 1)) {
    const struct dp_server *s = DP_ROW(servers, struct dp_server, i);
    if (s->reserved_tok < 0 || s->reserved_tok > s->capacity_tok || s->context_tok > s->capacity_tok)
      return dp_fail(ctx->err, DP_INVARIANT, "workload.server: node %u of cell %u holds %lld tokens of %lld", i,
                     ctx->cell->id, (long long)s->reserved_tok, (long long)s->capacity_tok);
  }
  return DP_OK;
}

static const uint16_t handles[] = {DP_EVENT_TIMER,     DP_EVENT_JOB_START,    DP_EVENT_NODE_JOINED,
                                   DP_EVENT_NODE_DOWN, DP_EVENT_PRICE_POSTED};

const struct dp_model dp_server_model = {
    .name = "workload.server",
    .doc = "LLM servers with continuous batching, one on every node",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    DP_ROWS(handle, handles),
    .implicit = true,
    .init_replicated = init_replicated,
    .handle = handle,
    .sample_cell = sample_cell,
    .check_cell = check_cell,
    .release = release,
};
