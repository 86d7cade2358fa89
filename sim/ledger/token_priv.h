/* sim/ledger/token_priv.h — what the files of the model "ledger.token" share: token.c, the replicated side; token_host.c,
 * hosts and cells. Only they include it. */
#ifndef DP_LEDGER_TOKEN_PRIV_H
#define DP_LEDGER_TOKEN_PRIV_H

#include "ledger/token.h"

/** `shared` of an instance: derived from the scenario, never changed after init. */
struct dp__token_shared {
  uint16_t asset;
  const struct dp_instance *network; /* NULL: nobody's work is rewarded */
  struct dp_view work; /* market.gateway listing.work_tok: cumulative, per node */
  const struct dp_instance *credit; /* NULL: none */
  const struct dp_instance *stake;   /* publishes "staked" of this token; NULL: nobody does */
  const struct dp_instance *storage; /* publishes "power_bytes"; NULL: nobody does */
  unsigned stake_value, power_value;
  const struct dp_instance *bond;    /* ledger.stake of this token; NULL: none */
  struct dp_reward_rule reward;
  struct dp_view joined; /* hardware.node node; only where rewards are held by age */
  struct dp_view provider; /* hardware.node node; only where rewards are held and not forfeited … */
  struct dp_view *left;    /* … [instance_n] of a fleet: host left_ns; NULL: not asked for */
  struct dp_view up, up_ns, up_since, quality; /* hardware.node node; the market's record of a host */
  bool has_quality;
  dp_time ends_ns; /* of the emission */
  struct dp_mint_rule mint;
  struct dp_allocation allocation;
  dp_i128 genesis;
};

/** Row of table "claim": one a cell. */
struct dp__token_claim {
  dp_i128 rewarded;  /* taken by the cell's hosts at the last settlement */
  dp_i128 held;      /* of all they ever took, held back */
  dp_i128 forfeited; /* by hosts that have left, since the last settlement */
  uint32_t account;  /* LOCKED: what is held */
  uint32_t zero[3];
};

enum { SHARE_TABLE, CLAIM_TABLE, HELD_TABLE };
enum { STATE_TABLE, TRANCHE_TABLE, MINT_TABLE };
enum { FLOW_WORK, FLOW_STAKE, FLOW_UPTIME, FLOW_REWARDED, FLOW_HELD, FLOW_FORFEITED };
enum {
  VALUE_EMISSION, VALUE_WORK, VALUE_INDEX, VALUE_STAKE_EMISSION, VALUE_STAKE, VALUE_UPTIME_EMISSION, VALUE_UPTIME
};
enum {
  METRIC_SUPPLY, METRIC_FLOAT, METRIC_LOCKED, METRIC_MINTED, METRIC_BURNED, METRIC_REWARDED, METRIC_TREASURY,
  METRIC_INFLATION, METRIC_STAKED, METRIC_WINDOW_MINTED, METRIC_WINDOW_BURNED,
  METRIC_WAITING, METRIC_HELD, METRIC_DELEGATED
};

/** Units of a settlement, of the hosts of a cell. */
struct dp__token_units {
  dp_i128 of[DP_REWARD_UNIT_N];
};

static inline struct dp_token_state *dp__token_state_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, STATE_TABLE), struct dp_token_state, 0);
}

static inline struct dp_mint_state *dp__token_mint_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, MINT_TABLE), struct dp_mint_state, 0);
}

static inline struct dp__token_claim *dp__token_claim_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, CLAIM_TABLE), struct dp__token_claim, 0);
}

/** The callbacks of the cells. */
enum dp_status dp__token_init_cell(struct dp_ctx *ctx);
enum dp_status dp__token_collect(struct dp_ctx *ctx, const struct dp_beat_info *beat);
enum dp_status dp__token_apply(struct dp_ctx *ctx, const struct dp_beat_info *beat);
enum dp_status dp__token_handle(struct dp_ctx *ctx, const struct dp_event *event);

#endif
