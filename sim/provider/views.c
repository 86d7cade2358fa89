/* sim/provider/views.c — where other domains keep what the owners of machines look at. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "provider/operators.h"

/** What an instance refers to by a parameter; NULL when it names nothing. */
static const struct dp_instance *referred(const struct dp_instance *in, const char *param) {
  const struct dp_param *row = dp_schema_param(in->model->schema, param);
  if (!row || row->type != DP_PARAM_REF) return NULL;
  const struct dp_ref *ref = (const struct dp_ref *)(const void *)((const unsigned char *)in->config + row->offset);
  if (ref->instance == DP_NO_INSTANCE || !ref->name[0]) return dp_sim_first(in->sim, row->part);
  return dp_sim_instance(in->sim, ref->instance);
}

static enum dp_status find_token(struct dp_ctx *ctx, const struct dp_instance *in, int *slot_n,
                                 struct dp_fleet_token *token) {
  DP_TRY(dp_view_find(in, "share", "account", &token->account, ctx->err));
  DP_TRY(dp_view_find(in, "share", "rewarded", &token->rewarded, ctx->err));
  const struct dp_instance *network = dp_sim_instance(dp_ctx_sim(ctx), dp__fleet_config(ctx)->network.instance);
  const bool pays = !dp_instance_chose(in, "rewards", "coverage") && referred(in, "network") == network;
  token->slot = pays ? (*slot_n)++ : -1;
  for (const struct dp_instance *x = dp_sim_first(dp_ctx_sim(ctx), "ledger.exchange"); x; x = dp_sim_next(x)) {
    if (referred(x, "token") != in) continue;
    token->exchange = x;
    DP_TRY(dp_value_find(x, "price_usd", &token->price, ctx->err));
  }
  return DP_OK;
}

static enum dp_status find_tokens(struct dp_ctx *ctx, struct dp_fleet_shared *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  int slot_n = 0;
  s->tokens = calloc(sim->instance_n, sizeof *s->tokens);
  if (!s->tokens) return dp_fail_nomem(ctx->err, "a fleet");
  for (const struct dp_instance *i = dp_sim_first(sim, "ledger.token"); i; i = dp_sim_next(i))
    DP_TRY(find_token(ctx, i, &slot_n, &s->tokens[s->token_n++]));
  if (slot_n <= DP_FLEET_TOKENS || s->decide_ns == 0) return DP_OK;
  return dp_fail(ctx->err, DP_SCENARIO, "%s: its network pays in %d tokens, and owners who decide count at most %d "
                 "(leave entry, exit and capex_ratio out, or give the network fewer tokens)", ctx->self->name, slot_n,
                 DP_FLEET_TOKENS);
}

static enum dp_status find_hardware(struct dp_ctx *ctx, struct dp_fleet_shared *s) {
  const struct dp_instance *hardware = dp_sim_first(dp_ctx_sim(ctx), "hardware.node");
  DP_TRY(dp_view_find(hardware, "node", "up", &s->up, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "joined_ns", &s->joined, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "capital_nusd", &s->capital, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "energy_mws", &s->energy, ctx->err));
  return dp_view_find(hardware, "node", "electricity_nusd", &s->electricity, ctx->err);
}

enum dp_status dp__fleet_views(struct dp_ctx *ctx, struct dp_fleet_shared *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_instance *server = dp_sim_first(sim, "workload.server");
  const struct dp_instance *market = dp_sim_instance(sim, dp__fleet_config(ctx)->network.instance);
  DP_TRY(find_hardware(ctx, s));
  DP_TRY(dp_view_find(dp_sim_first(sim, "books"), "account", "balance", &s->balance, ctx->err));
  DP_TRY(dp_view_find(market, "listing", "price_nusd_per_mtok", &s->price, ctx->err));
  DP_TRY(dp_view_find(market, "listing", "payable_nusd", &s->payable, ctx->err));
  DP_TRY(dp_view_find(market, "listing", "in_flight_n", &s->in_flight, ctx->err));
  s->flow = dp_instance_chose(market, "fidelity", "flow");
  s->has_server = server != NULL;
  if (s->flow) {
    DP_TRY(dp_view_find(market, "listing", "busy_ns", &s->busy, ctx->err));
  } else if (server) {
    DP_TRY(dp_view_find(server, "server", "busy_ns", &s->busy, ctx->err));
    DP_TRY(dp_view_find(server, "server", "busy_since_ns", &s->busy_since, ctx->err));
  }
  return find_tokens(ctx, s);
}
