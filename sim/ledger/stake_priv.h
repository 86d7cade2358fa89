/* sim/ledger/stake_priv.h — inside of the model "ledger.stake": what its files share. Nobody else includes it.
 * Layer: domain. Not collective. */
#ifndef DP_LEDGER_STAKE_PRIV_H
#define DP_LEDGER_STAKE_PRIV_H

#include "books/books.h"
#include "ledger/stake.h"

/** `shared`: derived from the scenario. */
struct dp__stake {
  const struct dp_instance *token, *exchange, *network; /* exchange, network: or NULL */
  uint16_t asset;
  unsigned shift; /* of units */
  dp_i128 base, per_gpu;
  dp_time unbonding_ns, window_ns, jail_ns;
  int64_t down_ppb, lost_ppb, burn_ppb, commission_ppb, sell_ppb, earn_ppb;
  bool *mine;     /* [instance_n] fleets whose hosts bond */
  dp_i128 *needs; /* [class_n] collateral of a node of each hardware class */
  bool has_lost;
  struct dp_view node_class, provider, up, held, up_ns, up_since, lost; /* hardware.node node; the market's record */
};

enum dp__stake_table { DP_STAKE_BOND, DP_STAKE_VAULT, DP_STAKE_LEAVING, DP_STAKE_STATE = 0, DP_STAKE_UNBONDING };
enum dp__stake_flow {
  DP_STAKE_FLOW_BONDED, DP_STAKE_FLOW_LEAVING, DP_STAKE_FLOW_ORDERED, DP_STAKE_FLOW_TAKEN, DP_STAKE_FLOW_SLASHED
};
enum dp__stake_value { DP_STAKE_VALUE_STAKED, DP_STAKE_VALUE_SENT, DP_STAKE_VALUE_ORDERED };
enum dp__stake_metric {
  DP_STAKE_STAKED, DP_STAKE_RATIO, DP_STAKE_DELEGATED, DP_STAKE_QUEUE, DP_STAKE_SLASHED, DP_STAKE_YIELD,
  DP_STAKE_REAL_YIELD, DP_STAKE_OWNERS, DP_STAKE_CASHED, DP_STAKE_JAILINGS, DP_STAKE_JAILED, DP_STAKE_SHORT
};

static inline const struct dp__stake *dp__stake_shared(const struct dp_ctx *ctx) { return ctx->self->shared; }
static inline struct dp_bond *dp__bond_at(const struct dp_ctx *ctx, const struct dp_instance *stake, uint32_t node) {
  return DP_ROW(&ctx->cell->tables[stake->first_cell_table + DP_STAKE_BOND], struct dp_bond, node);
}
static inline struct dp_stake_vault *dp__vault_of(const struct dp_ctx *ctx, const struct dp_instance *stake) {
  return DP_ROW(&ctx->cell->tables[stake->first_cell_table + DP_STAKE_VAULT], struct dp_stake_vault, 0);
}

/* ---- stake_host.c: the cells ---- */

enum dp_status dp__stake_views(struct dp_ctx *ctx, struct dp__stake *s);
enum dp_status dp__stake_init_cell(struct dp_ctx *ctx);
enum dp_status dp__stake_handle(struct dp_ctx *ctx, const struct dp_event *event);
enum dp_status dp__stake_collect(struct dp_ctx *ctx, const struct dp_beat_info *beat);
enum dp_status dp__stake_apply(struct dp_ctx *ctx, const struct dp_beat_info *beat);
enum dp_status dp__stake_sample_cell(struct dp_ctx *ctx);
enum dp_status dp__stake_check_cell(struct dp_ctx *ctx);

/* ---- stake_delegate.c ---- */

/** init_replicated: their tokens and their desk. */
enum dp_status dp__delegate_init(struct dp_ctx *ctx, const struct dp__stake *s);
/** clear: takes in proceeds, lets unbonding mature, follows the yield, sells. */
enum dp_status dp__delegate_clear(struct dp_ctx *ctx, const struct dp__stake *s, dp_time since_ns);
/** clear: what hosts' slashing costs them. */
enum dp_status dp__delegate_slash(struct dp_ctx *ctx, const struct dp__stake *s, dp_i128 slashed, dp_i128 of);

static inline struct dp_stake_state *dp__stake_state(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, DP_STAKE_STATE), struct dp_stake_state, 0);
}

/** A row of the same form, in a cell or replicated, that matures after the unbonding time. */
enum dp_status dp__unbond_add(struct dp_table *rows, dp_i128 amount, dp_time matures_ns, struct dp_err *err);
/** Removes what has matured; @return its sum. */
dp_i128 dp__unbond_mature(struct dp_table *rows, dp_time now_ns);

#endif
