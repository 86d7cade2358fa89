/* sim/ledger/stake.h — stake: collateral of hosts, delegation, unbonding, slashing and jail.
 * Layer: domain. Model "ledger.stake" (section "stakes"); README.md of this folder has the rules.
 *
 * A host's collateral lies in the STAKE account of its cell, a row says how much of that is its own; what holders
 * delegate lies in the replicated book and backs all hosts in proportion to their own stake. */
#ifndef DP_LEDGER_STAKE_H
#define DP_LEDGER_STAKE_H

#include "model/sim.h"

/** Where collateral comes from. */
enum dp_stake_funding {
  DP_STAKE_BOUGHT,  /* owners bring USD and buy it on the exchange */
  DP_STAKE_GRANTED, /* owners had it before: from the public holders */
  DP_STAKE_EARNED,  /* kept back of rewards */
};

struct dp_stake_config {
  struct dp_ref token;
  int funding;              /* enum dp_stake_funding */
  double collateral_tokens; /* of each host … */
  double collateral_per_gpu_tokens; /* … and for each of its GPUs */
  double earn_ratio;        /* EARNED: of each reward, until the collateral is full */
  bool required;            /* no rewards for a host whose collateral is not full */
  double owner_budget_usd;  /* BOUGHT: what all owners together bring at most */
  double unbonding_d;
  double uptime_window_d, min_uptime_ratio; /* a host that was up for less is slashed and jailed */
  double slash_downtime_ratio, jail_d;
  double slash_lost_ratio;  /* of the collateral, for each lost job */
  double burn_ratio;        /* of what is slashed; the rest goes to the treasury */
  double delegable_tokens;  /* of the public, belong to those who delegate … */
  double delegated_ratio;   /* … and of them, delegated from the start */
  double commission_ratio;  /* of delegators' rewards, for hosts */
  double half_yield_ratio;  /* yield a year at which half of their tokens are delegated */
  double respond_d;         /* time in which they follow the yield */
  double sell_ratio;        /* of their rewards, sold */
};

/** Row of table "ledger.stake bond": follows hardware.node.node. Tokens in base units. */
struct dp_bond {
  dp_i128 bonded;
  dp_i128 ordered;    /* on its way */
  dp_i128 slashed;    /* so far */
  dp_time window_ns;  /* begin of the running window of uptime */
  dp_time up_seen_ns; /* up time at its begin */
  dp_time jailed_until_ns;
  uint32_t lost_seen; /* jobs lost, of which it was slashed */
  uint8_t counted;    /* 1: its window runs */
  uint8_t zero[3];
};

/** Row 0 of table "ledger.stake vault": one a cell. */
struct dp_stake_vault {
  dp_i128 bonded, unbonding; /* of the cell's hosts; of hosts that have left */
  dp_i128 taken;             /* collateral that reached hosts at the last settlement */
  dp_i128 slashed;           /* since the last settlement */
  uint32_t account;          /* STAKE */
  uint32_t zero[3];
};

/** Row of the tables "ledger.stake leaving" (a cell's) and "ledger.stake unbonding" (delegators'). */
struct dp_unbonding {
  dp_i128 amount;
  dp_time matures_ns;
};

/** Row 0 of the replicated table "ledger.stake stake". Tokens in base units, USD in 1e-9. */
struct dp_stake_state {
  dp_i128 hosts;       /* bonded by hosts, as the last settlement found it */
  dp_i128 leaving;     /* of hosts that have left */
  dp_i128 delegated, unbonding; /* by delegators */
  dp_i128 ordered;     /* collateral that hosts wait for */
  dp_i128 sent;        /* of it, sent to the cells by the last settlement */
  dp_i128 slashed, burned; /* since the start; of it, burned */
  dp_i128 rewards;     /* of delegators, since the start */
  dp_i128 rewards_seen, sold; /* of them, seen by the last decision; offered for sale */
  dp_i128 owners_usd;  /* that owners brought */
  dp_i128 cashed_usd;  /* that delegators took out */
  double yield, yield_sum; /* delegators' view of the yield a year; Σ over settlements of reward / bonded */
  uint32_t liquid_account, usd_account; /* delegators' HOLDERS accounts */
  uint32_t stake_account;               /* what they have bonded */
  uint32_t owner_token_account, owner_usd_account;
  uint32_t seller_desk, owner_desk, zero;
};

extern const struct dp_model dp_stake_model;

/** The stake of a token, or NULL. */
const struct dp_instance *dp_stake_of(const struct dp_sim *sim, const struct dp_instance *token);

/** Row of the replicated state. */
const struct dp_stake_state *dp_stake_state_of(const struct dp_ctx *ctx, const struct dp_instance *stake);

/** Tokens in all its accounts as the last settlement left them, those on their way included. */
dp_i128 dp_stake_held(const struct dp_ctx *ctx, const struct dp_instance *stake);

/* ---- for rewards: ledger.token ---- */

/** Whether a host of this cell may be rewarded: not in jail, and its collateral full where that is required. */
bool dp_stake_eligible(const struct dp_ctx *ctx, const struct dp_instance *stake, uint32_t node);

/** A host's weight in rewards by stake: its collateral in units so large that all there ever is fits 2^60. */
int64_t dp_stake_units(const struct dp_ctx *ctx, const struct dp_instance *stake, uint32_t node);

/** clear: what delegators get of an amount that is shared by stake: ⌊⌊amount · delegated / all⌋ · (1 − commission)⌋.
 *  @param account their account, of kind HOLDERS. The caller moves it there. */
dp_i128 dp_stake_to_delegators(const struct dp_ctx *ctx, const struct dp_instance *stake, dp_i128 amount,
                               uint32_t *account);

/** apply: of a reward that waits on the bridge, bonds what EARNED collateral lacks.
 *  @param bonded set to it: the caller pays out the rest. */
enum dp_status dp_stake_keep(struct dp_ctx *ctx, const struct dp_instance *stake, uint32_t node, dp_i128 reward,
                             dp_i128 *bonded);

/* ---- arithmetic ---- */

/** Slash: ⌊bonded · ratio · n⌋, all of it at most; the ratio in billionths. */
dp_i128 dp_stake_slash(dp_i128 bonded, int64_t ppb, int64_t n);

/** Part of their tokens that delegators want to be bonded: y / (y + half), 0 for y ≤ 0. */
double dp_stake_wish(double yield, double half_yield);

#endif
