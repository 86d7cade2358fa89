/* sim/ledger/reward_rule.h — what a token's hosts are rewarded for, and when they get it.
 * Layer: domain. Not collective. README.md of this folder has the equations. */
#ifndef DP_LEDGER_REWARD_RULE_H
#define DP_LEDGER_REWARD_RULE_H

#include "model/sim.h"

enum dp_reward_by { DP_REWARD_WORK, DP_REWARD_STAKE, DP_REWARD_UPTIME, DP_REWARD_MIXTURE };

/** What hosts share an emission by. */
enum dp_reward_unit { DP_UNIT_WORK, DP_UNIT_STAKE, DP_UNIT_UPTIME, DP_REWARD_UNIT_N };

/** What a scenario says: part of the configuration of ledger.token. */
struct dp_reward_config {
  int reward_by;                                   /* enum dp_reward_by */
  double work_weight, stake_weight, uptime_weight; /* MIXTURE */
  double points_until_d;   /* until then hosts collect points, and the emission waits */
  double hold_ratio, hold_d; /* of each reward, held back; released evenly over this time */
  struct dp_numbers hold_age_d, hold_age_ratio; /* in their place: held from that age of the host on */
  double hold_return_d, hold_return_ratio;      /* at this age it gets this part of what is held */
  bool forfeit_held;       /* a host that leaves loses what is held */
};

#define DP_HOLD_STEPS 16

/** Derived once. */
struct dp_reward_rule {
  int64_t ppb[DP_REWARD_UNIT_N]; /* parts of the emission, 1e9 in all */
  dp_time points_ns, hold_ns;
  int64_t hold_ppb; /* by age: the largest part */
  unsigned hold_step_n; /* by age; 0: not by age */
  dp_time hold_from_ns[DP_HOLD_STEPS], return_ns;
  int64_t hold_step_ppb[DP_HOLD_STEPS], return_ppb;
  bool forfeit;
};

/** DP_SCENARIO for weights that are no mixture, and a hold without a time. */
enum dp_status dp_reward_rule_make(const struct dp_reward_config *config, struct dp_reward_rule *out,
                                   struct dp_err *err);

/** Splits an amount ≥ 0: ⌊amount · part⌋ each, the last unit that has a part takes the rest. */
void dp_reward_split(const struct dp_reward_rule *rule, dp_i128 amount, dp_i128 out[DP_REWARD_UNIT_N]);

/** Up time times quality, in whole thousandths of a second: ⌊⌊ns / 10^6⌋ · quality⌋. */
int64_t dp_reward_uptime(dp_time up_ns, uint32_t quality_ppm);

/* ---- held rewards ---- */

#define DP_HELD_SLICES 8 /* of the time that a reward is held: those of a slice are released together … */
#define DP_HELD_SLOTS 10 /* … from its end on */

/** Billionths of a reward that are held. `clock_ns` here and below: the age of the host where hold_step_n > 0, else the
 *  time. */
int64_t dp_reward_hold_ppb(const struct dp_reward_rule *rule, dp_time clock_ns);

/** What is held of a host's rewards: row of table "ledger.token held". Zeros hold nothing. By age all is in the first
 *  slot. */
struct dp_held {
  dp_i128 amount[DP_HELD_SLOTS], released[DP_HELD_SLOTS];
  int64_t slice[DP_HELD_SLOTS]; /* ordinal */
};

/** What can be released now: of the rewards of slice k, ⌊amount · (t − (k + 1) L) / (8 L)⌋ less what was before. By age:
 *  ⌊amount · return part⌋ from return_ns on. */
dp_i128 dp_held_release(const struct dp_reward_rule *rule, struct dp_held *held, dp_time clock_ns);

/** Holds more; after dp_held_release of the same time. */
void dp_held_add(const struct dp_reward_rule *rule, struct dp_held *held, dp_time clock_ns, dp_i128 amount);

/** What is held. */
dp_i128 dp_held_sum(const struct dp_held *held);

/** Whether a model's table has a column: for what is read when it is there. */
bool dp_reward_sees(const struct dp_instance *instance, const char *table, const char *column);

#endif
