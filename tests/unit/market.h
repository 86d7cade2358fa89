/* tests/unit/market.h — a small GPU market whose hosts enter, fail, undercut each other, earn tokens and leave, and a
 * sink that hashes the series: what the tests of checkpoints run. */
#ifndef DP_TESTS_MARKET_H
#define DP_TESTS_MARKET_H

#include "base/hash.h"
#include "ledger/token.h"
#include "model/resume.h"
#include "scene.h"

#define MARKET_END (1200 * DP_S)

static inline const struct dp_schema *market_schema(const char *name) {
  const struct dp_schema *const all[] = {&dp_region_schema, &dp_node_class_schema, dp_policy_fixed.schema,
                                         dp_policy_undercut.schema, &dp_entry_schema, &dp_exit_schema};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(all[i]->name, name) == 0) return all[i];
  return NULL;
}

/** All series rows so far, in one number. What it saves is that number: rows that come twice or not at all change it. */
struct market_sink {
  struct dp_sink sink;
  uint64_t hash, row_n, settlement_n, begin_n, resume_n;
};

static inline enum dp_status market_begin(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err) {
  (void)sim, (void)err;
  ((struct market_sink *)sink)->begin_n++;
  return DP_OK;
}

static inline enum dp_status market_row(struct dp_sink *sink, const struct dp_instance *in, dp_time now_ns,
                                        const double *values, size_t n, struct dp_err *err) {
  struct market_sink *m = (struct market_sink *)sink;
  (void)err;
  m->hash = dp_hash_mix(m->hash, dp_hash64(values, n * sizeof *values, (uint64_t)now_ns + in->index));
  m->row_n++;
  return DP_OK;
}

static inline enum dp_status market_settled(struct dp_sink *sink, dp_time now_ns, struct dp_err *err) {
  (void)now_ns, (void)err;
  ((struct market_sink *)sink)->settlement_n++;
  return DP_OK;
}

static inline enum dp_status market_save(struct dp_sink *sink, struct dp_buffer *out, struct dp_err *err) {
  const struct market_sink *m = (const struct market_sink *)sink;
  const uint64_t words[] = {m->hash, m->row_n};
  return dp_buffer_append(out, words, sizeof words, err);
}

static inline enum dp_status market_go_on(struct dp_sink *sink, const struct dp_sim *sim, uint64_t settlement_n,
                                          const struct dp_buffer *saved, struct dp_err *err) {
  struct market_sink *m = (struct market_sink *)sink;
  uint64_t words[2];
  (void)sim;
  if (saved->len != sizeof words) return dp_fail(err, DP_FORMAT, "not what the sink has saved");
  memcpy(words, saved->data, sizeof words);
  m->hash = words[0];
  m->row_n = words[1];
  m->settlement_n = settlement_n;
  m->resume_n++;
  return DP_OK;
}

struct market {
  struct scene scene;
  struct market_sink sink;
  struct dp_token_config token;
  struct dp_entry_config entry;
  struct dp_exit_config exit;
};

/** Every two minutes each region gets a host or so, ordered 100 s before; each stays for ten minutes, or until it has
 *  lost money for eight. */
static inline void market_owners(struct market *m, struct dp_fleet_config *fleet, size_t region_n) {
  dp_schema_defaults(&dp_entry_schema, &m->entry);
  dp_schema_defaults(&dp_exit_schema, &m->exit);
  m->entry.candidates_per_month_n = 25e3 * (double)region_n;
  m->entry.lead_time_d = 100 / 86400.0;
  m->exit.life_d = 600 / 86400.0;
  m->exit.patience_d = 240 / 86400.0;
  fleet->entry.part = &m->entry;
  fleet->exit.part = &m->exit;
  fleet->decide_every_d = 120 / 86400.0;
  fleet->prior_usd_per_d = 100;
  fleet->belief = DP_BELIEF_ADAPTIVE;
  fleet->cost_spread = 0.3;
  fleet->new_owner_ratio = 0.7;
}

/** Made on `comm`, which stays the caller's. `region_n` cells, three hosts in each on average. */
static inline enum dp_status market_new(struct market *m, struct dp_comm *comm, size_t region_n, struct dp_err *err) {
  struct scene *s = &m->scene;
  *m = (struct market){.sink = {.sink = {market_begin, market_row, market_settled, market_save, market_go_on}}};
  scene_init(s, region_n, MARKET_END);
  scene_network(s);
  struct dp_fleet_config *fleet = scene_fleet(s, 3 * (int64_t)region_n, "rtx4090", 24, 0.2);
  fleet->reprice_every_s = 90;
  scene_undercut(s);
  s->classes[0].mtbf_h = 0.1;
  s->classes[0].repair_h = 0.02;
  s->classes[0].tdp_w = 450;
  s->classes[0].price_usd = 100;
  market_owners(m, fleet, region_n);
  struct dp_inference_config *work = scene_workload(s);
  work->rate_per_s = 0.8 * (double)region_n;
  dp_schema_defaults(dp_token_model.schema, &m->token);
  scene_instance(s, &dp_place_model, &s->place);
  scene_instance(s, &dp_gateway_model, &s->networks[0]);
  scene_instance(s, &dp_fleet_model, fleet);
  scene_instance(s, &dp_inference_model, work);
  scene_instance(s, &dp_token_model, &m->token);
  s->spec.instances = s->instances;
  DP_TRY(dp_sim_new(&s->spec, comm, &s->sim, err));
  dp_sim_set_sink(s->sim, &m->sink.sink);
  return DP_OK;
}

static inline void market_free(struct market *m) {
  dp_sim_free(m->scene.sim);
  m->scene.sim = NULL;
}

/** Everything that a run results in, in one number. Collective; counts on rank 0. */
static inline enum dp_status market_outcome(struct market *m, uint64_t *outcome, struct dp_err *err) {
  struct dp_kpi_value *values;
  size_t n;
  uint64_t event_n;
  DP_TRY(dp_engine_digest(m->scene.sim->engine, outcome, err));
  DP_TRY(dp_engine_event_n(m->scene.sim->engine, &event_n, err));
  DP_TRY(dp_sim_kpis(m->scene.sim, &values, &n, err));
  for (size_t i = 0; i < n; i++)
    *outcome = dp_hash_mix(*outcome, dp_hash64(&values[i].value, sizeof values[i].value, i));
  free(values);
  *outcome = dp_hash_mix(dp_hash_mix(*outcome, m->sink.hash), m->sink.row_n);
  *outcome = dp_hash_mix(dp_hash_mix(*outcome, m->sink.settlement_n), event_n);
  return DP_OK;
}

#endif
