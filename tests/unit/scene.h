/* tests/unit/scene.h — a whole simulation built in C: regions, networks, fleets, workloads, and customers whose every
 * request and answer the test writes and reads. Only for tests. */
#ifndef DP_TESTS_SCENE_H
#define DP_TESTS_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "books/books.h"
#include "hardware/node.h"
#include "market/gateway.h"
#include "model/registry.h"
#include "place/place.h"
#include "provider/fleet.h"
#include "workload/inference.h"
#include "workload/server.h"

#define SCENE_MAX 8

/** A request of a test's customer, and what became of it. */
struct scene_request {
  uint32_t cell;
  dp_time at_ns;
  int64_t prompt_n, output_n;
  dp_time deadline_ns; /* 0: never */
  int answer_n;        /* answers so far: 1 when all is well */
  enum dp_job_outcome outcome;
  dp_time first_token_ns, answer_ns;
  int64_t amount_nusd;
  bool by_cloud;
};

struct scene_customers {
  struct dp_ref network;
  struct scene_request *requests; /* [n] */
  size_t n;
};

struct scene {
  struct dp_err err;
  struct dp_comm *comm;
  struct dp_region regions[SCENE_MAX];
  struct dp_part_ref region_refs[SCENE_MAX];
  struct dp_place_config place;
  struct dp_gateway_config networks[SCENE_MAX];
  struct dp_node_class classes[SCENE_MAX];
  struct dp_policy policies[SCENE_MAX];
  double policy_params[SCENE_MAX][8];
  struct dp_fleet_config fleets[SCENE_MAX];
  struct dp_inference_config workloads[SCENE_MAX];
  struct scene_customers customers[SCENE_MAX];
  size_t network_n, fleet_n, workload_n, customers_n;
  struct dp_instance_spec instances[8 * SCENE_MAX];
  struct dp_spec spec;
  struct dp_sim *sim;
};

/* ---- customers: the model "test.customer" ---- */

static inline enum dp_status scene_ask(struct dp_ctx *ctx) {
  const struct scene_customers *c = ctx->self->config;
  for (size_t i = 0; i < c->n; i++) {
    const struct scene_request *r = &c->requests[i];
    if (r->cell != ctx->cell->id) continue;
    struct dp_job job = {.job = dp_entity_make(ctx->cell->id, 0, (uint32_t)i),
                         .deadline_ns = r->deadline_ns ? r->deadline_ns : DP_TIME_MAX,
                         .ordinal = i};
    job.prompt_n = (uint64_t)r->prompt_n & DP_JOB_TOKENS_MAX;
    job.output_n = (uint64_t)r->output_n & DP_JOB_TOKENS_MAX;
    job.workload = ctx->self->index & DP_INSTANCE_MAX;
    struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id), .time_ns = r->at_ns,
                           .instance = c->network.instance, .kind = DP_EVENT_JOB_SUBMIT, .phase = DP_PHASE_ARRIVAL,
                           .size = sizeof job, .payload = &job};
    DP_TRY(dp_send(ctx, &m));
  }
  return DP_OK;
}

static inline enum dp_status scene_answer(struct dp_ctx *ctx, const struct dp_event *event) {
  const struct scene_customers *c = ctx->self->config;
  struct dp_job_result result;
  dp_event_payload(event, &result, sizeof result);
  struct scene_request *r = &c->requests[dp_entity_row(result.job)];
  r->answer_n++;
  r->outcome = (enum dp_job_outcome)result.outcome;
  r->first_token_ns = result.first_token_ns;
  r->answer_ns = ctx->now_ns;
  r->amount_nusd = result.amount_nusd;
  r->by_cloud = result.by_cloud;
  return DP_OK;
}

static const struct dp_param scene_customer_params[] = {
    {DP_FIELD(struct scene_customers, network), .type = DP_PARAM_REF, .unit = "text", .part = "market.gateway",
     .required = true, .doc = "the network that is asked", .source = "none"},
};
static const struct dp_schema scene_customer_schema = {.name = "test.customer", .doc = "requests of a test",
                                                       .params = scene_customer_params, .param_n = 1,
                                                       .size = sizeof(struct scene_customers)};
static const uint16_t scene_customer_handles[] = {DP_EVENT_JOB_RESULT};
static const struct dp_model scene_customer_model = {.name = "test.customer", .doc = "requests of a test",
                                                     .schema = &scene_customer_schema,
                                                     .handles = scene_customer_handles, .handle_n = 1,
                                                     .init_cell = scene_ask, .handle = scene_answer};

/* ---- building ---- */

/** `region_n` regions on the equator, 20 degrees apart, one cell each, of equal weights. */
static inline void scene_init(struct scene *s, size_t region_n, dp_time end_ns) {
  static const char *const names[SCENE_MAX] = {"A", "B", "C", "D", "E", "F", "G", "H"};
  *s = (struct scene){.spec = {.name = "scene", .end_ns = end_ns, .settle_every_ns = 60 * DP_S, .seed = 1,
                               .registry = dp_models}};
  dp_schema_defaults(dp_place_model.schema, &s->place);
  for (size_t i = 0; i < region_n; i++) {
    dp_schema_defaults(&dp_region_schema, &s->regions[i]);
    s->regions[i].name = names[i];
    s->regions[i].longitude_deg = 20.0 * (double)i;
    s->region_refs[i].part = &s->regions[i];
  }
  s->place.regions = (struct dp_part_refs){s->region_refs, region_n};
}

static inline struct dp_gateway_config *scene_network(struct scene *s) {
  struct dp_gateway_config *c = &s->networks[s->network_n++];
  dp_schema_defaults(dp_gateway_model.schema, c);
  return c;
}

/** Parameter of a built-in policy of the scene, by name. */
static inline double *scene_policy_param(struct scene *s, size_t policy, const struct dp_builtin_policy *kind,
                                         const char *name) {
  const struct dp_param *p = dp_schema_param(kind->schema, name);
  return &s->policy_params[policy][p->offset / sizeof(double)];
}

/** A fleet of machines that never fail and use no power, at a fixed price. */
static inline struct dp_fleet_config *scene_fleet(struct scene *s, int64_t count, const char *gpu, double memory_gib,
                                                  double price_usd_per_mtok) {
  const size_t i = s->fleet_n++;
  struct dp_fleet_config *f = &s->fleets[i];
  dp_schema_defaults(dp_fleet_model.schema, f);
  s->classes[i] = (struct dp_node_class){.gpu = gpu, .gpu_n = 1, .memory_gib = memory_gib, .bandwidth_gb_per_s = 1000,
                                         .fp16_tflops = 100, .weibull_shape = 1, .repair_h = 1};
  *scene_policy_param(s, i, &dp_policy_fixed, "price_usd_per_mtok") = price_usd_per_mtok;
  s->policies[i] = (struct dp_policy){.kind = &dp_pricing_kind, .name = "fixed", .params = s->policy_params[i],
                                      .decide = dp_policy_fixed.decide};
  f->count = count;
  f->node.part = &s->classes[i];
  f->pricing = &s->policies[i];
  f->network.name = "";
  return f;
}

/** Gives the fleet that was made last the policy "undercut" with its defaults. */
static inline void scene_undercut(struct scene *s) {
  const size_t i = s->fleet_n - 1;
  dp_schema_defaults(dp_policy_undercut.schema, s->policy_params[i]);
  s->policies[i].name = "undercut";
  s->policies[i].decide = dp_policy_undercut.decide;
}

static inline struct dp_inference_config *scene_workload(struct scene *s) {
  struct dp_inference_config *c = &s->workloads[s->workload_n++];
  dp_schema_defaults(dp_inference_model.schema, c);
  return c;
}

static inline struct scene_customers *scene_customers(struct scene *s, struct scene_request *requests, size_t n) {
  struct scene_customers *c = &s->customers[s->customers_n++];
  *c = (struct scene_customers){.network = {.name = ""}, .requests = requests, .n = n};
  return c;
}

static inline void scene_instance(struct scene *s, const struct dp_model *model, void *config) {
  s->instances[s->spec.instance_n++] = (struct dp_instance_spec){model, NULL, config};
}

/* ---- running ---- */

static inline enum dp_status scene_start(struct scene *s) {
  scene_instance(s, &dp_place_model, &s->place);
  for (size_t i = 0; i < s->network_n; i++) scene_instance(s, &dp_gateway_model, &s->networks[i]);
  for (size_t i = 0; i < s->fleet_n; i++) scene_instance(s, &dp_fleet_model, &s->fleets[i]);
  for (size_t i = 0; i < s->workload_n; i++) scene_instance(s, &dp_inference_model, &s->workloads[i]);
  for (size_t i = 0; i < s->customers_n; i++) scene_instance(s, &scene_customer_model, &s->customers[i]);
  s->spec.instances = s->instances;
  DP_TRY(dp_comm_null_new(&s->comm, &s->err));
  return dp_sim_new(&s->spec, s->comm, &s->sim, &s->err);
}

/** Start to end; the caller looks at s->sim and calls scene_free. */
static inline enum dp_status scene_try(struct scene *s) {
  bool stopped;
  DP_TRY(scene_start(s));
  return dp_sim_run(s->sim, &stopped, &s->err);
}

static inline void scene_run(struct scene *s) {
  if (scene_try(s) != DP_OK) fail_msg("%s", s->err.text);
}

static inline void scene_free(struct scene *s) {
  if (s->sim) dp_sim_free(s->sim);
  if (s->comm) dp_comm_free(s->comm);
  s->sim = NULL;
  s->comm = NULL;
}

/* ---- looking ---- */

static inline double scene_kpi(struct scene *s, const char *name) {
  struct dp_kpi_value *values;
  size_t n;
  double value = 0;
  bool found = false;
  if (dp_sim_kpis(s->sim, &values, &n, &s->err) != DP_OK) fail_msg("%s", s->err.text);
  for (size_t i = 0; i < n; i++)
    if (strcmp(values[i].name, name) == 0) {
      value = values[i].value;
      found = true;
    }
  free(values);
  if (!found) fail_msg("no KPI %s", name);
  return value;
}

static inline uint64_t scene_digest(struct scene *s) {
  uint64_t digest;
  if (dp_engine_digest(s->sim->engine, &digest, &s->err) != DP_OK) fail_msg("%s", s->err.text);
  return digest;
}

/** Context of an instance in a cell, or in the replicated state (cell −1). */
static inline struct dp_ctx scene_ctx(struct scene *s, const char *model, int cell) {
  return (struct dp_ctx){.engine = s->sim->engine, .cell = cell < 0 ? NULL : s->sim->engine->by_id[cell],
                         .self = dp_sim_first(s->sim, model), .now_ns = s->spec.end_ns, .err = &s->err};
}

/** Balance of a book's own USD account, nano-USD. */
static inline int64_t scene_balance(struct scene *s, int cell, enum dp_account_kind kind) {
  struct dp_ctx ctx = scene_ctx(s, "books", cell);
  return (int64_t)dp_books_balance(&ctx, dp_books_own(&ctx, kind, DP_USD));
}

static inline const struct dp_table *scene_table_of(struct scene *s, const struct dp_instance *owner,
                                                    const char *table, uint32_t cell) {
  struct dp_view v;
  if (dp_view_find(owner, table, NULL, &v, &s->err) != DP_OK) fail_msg("%s", s->err.text);
  return &s->sim->engine->by_id[cell]->tables[v.table];
}

/** A table of the first instance of a model. */
static inline const struct dp_table *scene_table(struct scene *s, const char *model, const char *table, uint32_t cell) {
  return scene_table_of(s, dp_sim_first(s->sim, model), table, cell);
}

static inline const struct dp_node *scene_node(struct scene *s, uint32_t cell, uint32_t node) {
  return DP_ROW(scene_table(s, "hardware.node", "node", cell), struct dp_node, node);
}

static inline const struct dp_listing *scene_listing(struct scene *s, uint32_t cell, uint32_t node) {
  return DP_ROW(scene_table(s, "market.gateway", "listing", cell), struct dp_listing, node);
}

/** The host of a node, in the table of its own fleet. */
static inline const struct dp_host *scene_host(struct scene *s, uint32_t cell, uint32_t node) {
  const struct dp_instance *fleet = dp_sim_instance(s->sim, scene_node(s, cell, node)->provider);
  return DP_ROW(scene_table_of(s, fleet, "host", cell), struct dp_host, node);
}

/** Money in a host's wallet. */
static inline int64_t scene_wallet(struct scene *s, uint32_t cell, uint32_t node) {
  struct dp_ctx ctx = scene_ctx(s, "books", (int)cell);
  return (int64_t)dp_books_balance(&ctx, scene_host(s, cell, node)->usd_account);
}

#endif
