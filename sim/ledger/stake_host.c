/* sim/ledger/stake_host.c — the cells' part of stake: collateral of hosts, their up time, slashing, jail, unbonding. */
#include <config.h>

#include <stdlib.h>

#include "base/memory.h"
#include "ledger/emission.h"
#include "ledger/reward_rule.h"
#include "ledger/stake_priv.h"

/* ---- what is read of others ---- */

/* Hosts of the token's network bond; with one network all do. */
static enum dp_status find_fleets(struct dp_ctx *ctx, struct dp__stake *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_instance *first = dp_sim_first(sim, "market.gateway");
  const bool only = !first || !dp_sim_next(first);
  s->mine = dp_zeros(sim->instance_n, sizeof *s->mine);
  if (!s->mine) return dp_fail_nomem(ctx->err, "stakes");
  for (const struct dp_instance *i = dp_sim_first(sim, "provider.fleet"); i; i = dp_sim_next(i))
    s->mine[i->index] = only || (s->network && dp_instance_refers(i, "network", s->network));
  return DP_OK;
}

enum dp_status dp__stake_views(struct dp_ctx *ctx, struct dp__stake *s) {
  const struct dp_instance *hardware = dp_sim_first(dp_ctx_sim(ctx), "hardware.node");
  DP_TRY(dp_view_find(hardware, "node", "node_class", &s->node_class, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "provider", &s->provider, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "up", &s->up, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "held", &s->held, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "up_ns", &s->up_ns, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "up_since_ns", &s->up_since, ctx->err));
  s->has_lost = s->network && dp_reward_sees(s->network, "record", "lost_n");
  if (s->has_lost) DP_TRY(dp_view_find(s->network, "record", "lost_n", &s->lost, ctx->err));
  return find_fleets(ctx, s);
}

static dp_time up_time_ns(const struct dp_ctx *ctx, const struct dp__stake *s, uint32_t node) {
  const dp_time before = *(const int64_t *)dp_view_at(ctx, &s->up_ns, node);
  if (!*(const uint8_t *)dp_view_at(ctx, &s->up, node)) return before;
  return before + ctx->now_ns - *(const int64_t *)dp_view_at(ctx, &s->up_since, node);
}

static bool bonds(const struct dp_ctx *ctx, const struct dp__stake *s, uint32_t node) {
  return s->mine[*(const uint16_t *)dp_view_at(ctx, &s->provider, node)];
}

/** What a host of this class must bond. */
static dp_i128 need_of(const struct dp_ctx *ctx, const struct dp__stake *s, uint32_t node) {
  return s->needs[*(const uint16_t *)dp_view_at(ctx, &s->node_class, node)];
}

/* ---- for rewards ---- */

bool dp_stake_eligible(const struct dp_ctx *ctx, const struct dp_instance *stake, uint32_t node) {
  const struct dp__stake *s = stake->shared;
  const struct dp_bond *b = dp__bond_at(ctx, stake, node);
  if (!bonds(ctx, s, node)) return true;
  if (ctx->now_ns < b->jailed_until_ns) return false;
  return !((const struct dp_stake_config *)stake->config)->required || b->bonded >= need_of(ctx, s, node);
}

int64_t dp_stake_units(const struct dp_ctx *ctx, const struct dp_instance *stake, uint32_t node) {
  return (int64_t)(dp__bond_at(ctx, stake, node)->bonded >> ((const struct dp__stake *)stake->shared)->shift);
}

static enum dp_status bond(struct dp_ctx *ctx, const struct dp_instance *stake, uint32_t node, dp_i128 amount) {
  const struct dp__stake *s = stake->shared;
  struct dp_stake_vault *v = dp__vault_of(ctx, stake);
  dp__bond_at(ctx, stake, node)->bonded += amount;
  v->bonded += amount;
  return dp_books_post(ctx, DP_REASON_STAKE_IN, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset), v->account, amount);
}

enum dp_status dp_stake_keep(struct dp_ctx *ctx, const struct dp_instance *stake, uint32_t node, dp_i128 reward,
                             dp_i128 *bonded) {
  const struct dp__stake *s = stake->shared;
  const dp_i128 part = dp_token_part(reward, s->earn_ppb), missing = need_of(ctx, s, node) -
                                                                    dp__bond_at(ctx, stake, node)->bonded;
  *bonded = 0;
  if (((const struct dp_stake_config *)stake->config)->funding != DP_STAKE_EARNED || missing <= 0 || !bonds(ctx, s, node))
    return DP_OK;
  *bonded = part < missing ? part : missing;
  return bond(ctx, stake, node, *bonded);
}

/* ---- init, and hosts that leave ---- */

enum dp_status dp__stake_init_cell(struct dp_ctx *ctx) {
  uint32_t row, account;
  DP_TRY(dp_table_add(dp_own_table(ctx, DP_STAKE_VAULT), &row, ctx->err));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_STAKE, dp__stake_shared(ctx)->asset, dp_entity_of_cell(ctx->cell->id), &account));
  dp__vault_of(ctx, ctx->self)->account = account;
  return DP_OK;
}

enum dp_status dp__unbond_add(struct dp_table *rows, dp_i128 amount, dp_time matures_ns, struct dp_err *err) {
  uint32_t row;
  if (amount == 0) return DP_OK;
  DP_TRY(dp_table_add(rows, &row, err));
  *DP_ROW(rows, struct dp_unbonding, row) = (struct dp_unbonding){amount, matures_ns};
  return DP_OK;
}

dp_i128 dp__unbond_mature(struct dp_table *rows, dp_time now_ns) {
  dp_i128 sum = 0;
  if (rows->live_n == 0) return 0;
  for (uint32_t i = dp_table_next(rows, 0); i != DP_NO_ROW; i = dp_table_next(rows, i + 1)) {
    const struct dp_unbonding *u = DP_ROW(rows, struct dp_unbonding, i);
    if (u->matures_ns > now_ns) continue;
    sum += u->amount;
    dp_table_remove(rows, i);
  }
  return sum;
}

/* A host that leaves takes its collateral along, when the unbonding time is over. */
enum dp_status dp__stake_handle(struct dp_ctx *ctx, const struct dp_event *event) {
  const struct dp__stake *s = dp__stake_shared(ctx);
  const uint32_t node = dp_table_find(dp_own_table(ctx, DP_STAKE_BOND), event->dest);
  struct dp_stake_vault *v = dp__vault_of(ctx, ctx->self);
  if (node == DP_NO_ROW) return DP_OK;
  const dp_i128 amount = dp__bond_at(ctx, ctx->self, node)->bonded;
  v->bonded -= amount;
  v->unbonding += amount;
  return dp__unbond_add(dp_own_table(ctx, DP_STAKE_LEAVING), amount, dp_time_add(ctx->now_ns, s->unbonding_ns), ctx->err);
}

/* ---- a settlement ---- */

static enum dp_status slash(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_bond *b, int64_t ppb, int64_t n) {
  struct dp_stake_vault *v = dp__vault_of(ctx, ctx->self);
  const dp_i128 amount = dp_stake_slash(b->bonded, ppb, n);
  b->bonded -= amount;
  b->slashed += amount;
  v->bonded -= amount;
  v->slashed += amount;
  return dp_books_post(ctx, DP_REASON_SLASH, v->account, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset), amount);
}

static void begin_window(const struct dp_ctx *ctx, const struct dp__stake *s, struct dp_bond *b, uint32_t node) {
  b->counted = 1;
  b->window_ns = ctx->now_ns;
  b->up_seen_ns = up_time_ns(ctx, s, node);
}

/* A host that its owner has switched off has said so: only unannounced down time counts. */
static enum dp_status watch_uptime(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_bond *b, uint32_t node) {
  const struct dp_stake_config *config = ctx->self->config;
  const dp_time span = ctx->now_ns - b->window_ns;
  if (s->window_ns == 0) return DP_OK;
  if (*(const uint8_t *)dp_view_at(ctx, &s->held, node)) return b->counted = 0, DP_OK;
  if (!b->counted) return begin_window(ctx, s, b, node), DP_OK;
  if (span < s->window_ns) return DP_OK;
  const bool low = (double)(up_time_ns(ctx, s, node) - b->up_seen_ns) < config->min_uptime_ratio * (double)span;
  begin_window(ctx, s, b, node);
  if (!low) return DP_OK;
  b->jailed_until_ns = dp_time_add(ctx->now_ns, s->jail_ns);
  dp_metric_add(ctx, DP_STAKE_JAILINGS, 0, 1);
  return slash(ctx, s, b, s->down_ppb, 1);
}

static enum dp_status watch_jobs(struct dp_ctx *ctx, const struct dp__stake *s, struct dp_bond *b, uint32_t node) {
  if (!s->has_lost || s->lost_ppb == 0) return DP_OK;
  const uint32_t lost = *(const uint32_t *)dp_view_at(ctx, &s->lost, node), n = lost - b->lost_seen;
  b->lost_seen = lost;
  return n ? slash(ctx, s, b, s->lost_ppb, n) : DP_OK;
}

/* Every second settlement hosts order what they lack; the one after brings it. */
static dp_i128 order(const struct dp_ctx *ctx, const struct dp__stake *s, struct dp_bond *b, uint32_t node) {
  const dp_i128 missing = need_of(ctx, s, node) - b->bonded;
  if (missing <= 0 || *(const uint8_t *)dp_view_at(ctx, &s->held, node)) return 0;
  return b->ordered = missing;
}

static enum dp_status hand_in(struct dp_ctx *ctx, dp_i128 ordered) {
  struct dp_stake_vault *v = dp__vault_of(ctx, ctx->self);
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_STAKE_FLOW_BONDED, v->bonded));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_STAKE_FLOW_LEAVING, v->unbonding));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_STAKE_FLOW_ORDERED, ordered));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_STAKE_FLOW_TAKEN, v->taken));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_STAKE_FLOW_SLASHED, v->slashed));
  v->taken = v->slashed = 0;
  return DP_OK;
}

enum dp_status dp__stake_collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp__stake *s = dp__stake_shared(ctx);
  const struct dp_stake_config *config = ctx->self->config;
  const struct dp_table *bonds_of = dp_own_table(ctx, DP_STAKE_BOND);
  const bool orders = config->funding != DP_STAKE_EARNED && beat->n % 2 == 0 && !beat->last;
  dp_i128 ordered = 0;
  if (!beat->settlement) return DP_OK;
  for (uint32_t i = dp_table_next(bonds_of, 0); i != DP_NO_ROW; i = dp_table_next(bonds_of, i + 1)) {
    struct dp_bond *b = dp__bond_at(ctx, ctx->self, i);
    if (!bonds(ctx, s, i)) continue;
    DP_TRY(watch_uptime(ctx, s, b, i));
    DP_TRY(watch_jobs(ctx, s, b, i));
    if (orders) ordered += order(ctx, s, b, i);
  }
  return hand_in(ctx, ordered);
}

enum dp_status dp__stake_apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp__stake *s = dp__stake_shared(ctx);
  const struct dp_table *bonds_of = dp_own_table(ctx, DP_STAKE_BOND);
  struct dp_stake_vault *v = dp__vault_of(ctx, ctx->self);
  if (!beat->settlement) return DP_OK;
  const dp_i128 free = dp__unbond_mature(dp_own_table(ctx, DP_STAKE_LEAVING), ctx->now_ns);
  v->unbonding -= free;
  DP_TRY(dp_books_post(ctx, DP_REASON_UNBONDED, v->account, dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset), free));
  const dp_i128 sent = dp_value_integer(ctx, ctx->self, DP_STAKE_VALUE_SENT);
  const dp_i128 ordered = dp_value_integer(ctx, ctx->self, DP_STAKE_VALUE_ORDERED);
  if (ordered == 0) return DP_OK;
  for (uint32_t i = dp_table_next(bonds_of, 0); i != DP_NO_ROW; i = dp_table_next(bonds_of, i + 1)) {
    struct dp_bond *b = dp__bond_at(ctx, ctx->self, i);
    if (b->ordered == 0) continue;
    const dp_i128 got = dp_token_share_of(sent, b->ordered, ordered);
    b->ordered = 0;
    v->taken += got;
    DP_TRY(bond(ctx, ctx->self, i, got));
  }
  return DP_OK;
}

/* ---- measures and invariants ---- */

enum dp_status dp__stake_sample_cell(struct dp_ctx *ctx) {
  const struct dp__stake *s = dp__stake_shared(ctx);
  const struct dp_table *bonds_of = dp_own_table(ctx, DP_STAKE_BOND);
  int64_t jailed_n = 0, short_n = 0;
  for (uint32_t i = dp_table_next(bonds_of, 0); i != DP_NO_ROW; i = dp_table_next(bonds_of, i + 1)) {
    const struct dp_bond *b = dp__bond_at(ctx, ctx->self, i);
    jailed_n += ctx->now_ns < b->jailed_until_ns;
    short_n += bonds(ctx, s, i) && b->bonded < need_of(ctx, s, i);
  }
  dp_metric_set(ctx, DP_STAKE_JAILED, 0, jailed_n);
  dp_metric_set(ctx, DP_STAKE_SHORT, 0, short_n);
  return DP_OK;
}

enum dp_status dp__stake_check_cell(struct dp_ctx *ctx) {
  const struct dp_stake_vault *v = dp__vault_of(ctx, ctx->self);
  if (v->bonded >= 0 && v->bonded + v->unbonding == dp_books_balance(ctx, v->account)) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "ledger.stake: %s: the collateral of cell %u does not add up", ctx->self->name,
                 ctx->cell->id);
}
