/* sim/ledger/token.h — a token: genesis, allocation, emission by a schedule, rewards by work.
 * Layer: domain. Not collective. Amounts are whole base units; README.md of this folder has the equations. */
#ifndef DP_LEDGER_TOKEN_H
#define DP_LEDGER_TOKEN_H

#include "ledger/allocation.h"
#include "ledger/mint.h"
#include "ledger/reward_rule.h"
#include "model/sim.h"

/** What the emission is shared by: work of a network's hosts, or weights that a model of coverage hands in as `work`. */
enum dp_token_rewards { DP_TOKEN_REWARDS_WORK, DP_TOKEN_REWARDS_COVERAGE };

/** Configuration of model "ledger.token"; the instance's name is the token's. */
struct dp_token_config {
  int64_t decimals;
  double supply;           /* tokens at the start, held by HOLDERS of the replicated book */
  struct dp_part_ref emission;    /* ledger.emission; none: nothing is minted */
  struct dp_part_refs allocation; /* ledger.tranche; the rest of the supply is held by HOLDERS from the start */
  double buyback_ratio;    /* of the network's take, that buys tokens on the exchange and burns them */
  struct dp_ref network;   /* whose work is rewarded; the first market.gateway when not given */
  int rewards;             /* enum dp_token_rewards */
  struct dp_reward_config reward;
  double emission_ends_d;  /* nothing is minted after it; 0: never */
};

/** Row of table "ledger.token share": follows hardware.node.node, so that every host has one. */
struct dp_token_share {
  dp_i128 rewarded;      /* base units received so far */
  int64_t work_seen_tok; /* work that earlier settlements have counted */
  int64_t work_tok;      /* not yet rewarded: of the settlement that is being cleared, or points */
  int64_t stake_units;   /* the same by stake … */
  int64_t uptime_ms;     /* … and by up time times quality */
  int64_t up_seen_ns;    /* up time that earlier settlements have counted */
  uint32_t account;      /* token wallet; 0 until the first reward */
  uint32_t held;         /* 1 + row of table `held`; 0: nothing is held */
};

/** Row 0 of the replicated table "ledger.token token". */
struct dp_token_state {
  dp_i128 genesis;  /* supply at the start */
  dp_i128 minted;   /* by schedule and net emissions, up to the last settlement */
  dp_i128 paid;     /* for used credits (ledger.credit), handed to hosts with the emission */
  dp_i128 pending;  /* of both, what the last settlement sent to the cells */
  dp_i128 rewarded; /* taken by hosts, up to the settlement before the last */
  dp_i128 swept;    /* to the treasury: what flooring left over, and emission without work */
  dp_i128 staked;   /* by the model of staking, else bonded_ratio of the supply */
  dp_i128 burned;   /* seen by the last settlement */
  dp_i128 window_minted, window_burned; /* of the last settlement, and between it and the one before */
  dp_i128 waiting;   /* emission that waits for the points programme to end */
  dp_i128 delegated; /* of the emission, to delegators */
  dp_i128 held, forfeited; /* of what hosts took: held back; lost by those who left, to the treasury */
  dp_i128 window_staked;   /* of the last emission, shared by stake */
};

extern const struct dp_model dp_token_model; /* section "tokens"; "ledger.token" */

/** Row of the replicated state of a token. */
const struct dp_token_state *dp_token_state_of(const struct dp_ctx *ctx, const struct dp_instance *token);

/** Its tranches: rows struct dp_tranche_row. */
struct dp_table *dp_token_tranches(const struct dp_ctx *ctx, const struct dp_instance *token);

/** Its asset in the books, and the network whose work it rewards (NULL: none); from init_replicated on. */
uint16_t dp_token_asset(const struct dp_instance *token);
const struct dp_instance *dp_token_network(const struct dp_instance *token);

/** Its emission and its unlocks, for who wants to know them without a run; from init_replicated on. */
const struct dp_mint_rule *dp_token_mint_rule(const struct dp_instance *token);
const struct dp_allocation *dp_token_allocation(const struct dp_instance *token);

/** A host's reward: ⌊work·emission / all work⌋; 0 when there was no work. 0 ≤ work ≤ all_work. */
dp_i128 dp_token_reward(int64_t work_tok, dp_i128 emission, dp_i128 all_work_tok);

#endif
