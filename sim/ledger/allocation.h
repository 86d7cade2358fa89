/* sim/ledger/allocation.h — tranches: parts of the genesis supply that unlock over time, a class of holder each.
 * Layer: domain. Not collective. README.md of this folder has the equations. */
#ifndef DP_LEDGER_ALLOCATION_H
#define DP_LEDGER_ALLOCATION_H

#include "ledger/curve.h"
#include "model/sim.h"

/** Part "ledger.tranche". */
struct dp_tranche {
  const char *name;   /* "team" */
  double share_ratio; /* of the genesis supply; or … */
  double amount;      /* … tokens */
  double tge_ratio;   /* of it, unlocked at the start */
  double cliff_d;     /* the rest: nothing before … */
  double vesting_d;   /* … then evenly over this time; 0: all at once */
  double sell_ratio;  /* of each unlock, offered for sale at the same settlement */
  struct dp_numbers unlock_d, unlock_tokens; /* in place of all but name and sell_ratio: days, and what unlocks then; or … */
  const char *csv;    /* … a file with the columns class, day, and amount or share */
};

extern const struct dp_schema dp_tranche_schema;

/** Row of the replicated table "ledger.token tranche", in the order of the scenario. */
struct dp_tranche_row {
  dp_i128 amount;   /* base units */
  dp_i128 unlocked; /* of it, up to the last settlement */
  dp_i128 offered;  /* of that, on the exchange */
  uint32_t locked_account, token_account, usd_account; /* of the replicated book */
  uint32_t zero;
  double float_ratio; /* unlocked over the token's supply, at the last settlement */
};

/** The unlocks of the tranches of a token: derived once, then read-only. */
struct dp_allocation {
  const struct dp_part_refs *tranches; /* borrowed */
  struct dp_curve *curves;             /* [tranches->n]; empty for a tranche with cliff and vesting */
};

/** Base units of `amount` that are unlocked at time t ≥ 0: ⌊amount·tge⌋ + ⌊rest · min(t − cliff, vesting) / vesting⌋;
 *  all of it from cliff + vesting on. */
dp_i128 dp_tranche_unlocked(const struct dp_tranche *t, dp_i128 amount, dp_time now_ns);

/** init_replicated: reads lists and files of unlocks, opens the accounts of every tranche and moves its part of the genesis
 *  supply from HOLDERS to LOCKED. DP_SCENARIO when more than `genesis` is given away; DP_FORMAT and the like for a file.
 *  dp_allocation_free ends it, whatever was returned. */
enum dp_status dp_allocation_init(struct dp_ctx *ctx, struct dp_table *rows, const struct dp_part_refs *tranches,
                                  uint16_t asset, int64_t decimals, dp_i128 genesis, struct dp_allocation *out);
void dp_allocation_free(struct dp_allocation *allocation);

/** clear: LOCKED → the class's own account, what has unlocked since the settlement before. `supply` is the token's. */
enum dp_status dp_allocation_unlock(struct dp_ctx *ctx, struct dp_table *rows, const struct dp_allocation *allocation,
                                    dp_i128 supply);

/** Base units of the nth tranche that are unlocked at time t ≥ 0. */
dp_i128 dp_allocation_unlocked(const struct dp_allocation *allocation, const struct dp_table *rows, uint32_t nth,
                               dp_time at_ns);

/** Base units that are still locked. */
dp_i128 dp_allocation_locked(const struct dp_table *rows);

#endif
