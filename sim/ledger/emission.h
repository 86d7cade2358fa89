/* sim/ledger/emission.h — how much of a token has been minted by time t: schedules in exact integers.
 * Layer: domain. Not collective. README.md of this folder has the equations.
 *
 * A schedule is cumulative: S(t) is a function of t alone, never falls, and a settlement mints S(now) − S(before). So the
 * sum never drifts, whatever the settlement's length. No libm: the same bits on every machine. */
#ifndef DP_LEDGER_EMISSION_H
#define DP_LEDGER_EMISSION_H

#include "base/wide.h"
#include "engine/time.h"
#include "ledger/curve.h"
#include "model/param.h"

enum dp_emission_kind {
  /* functions of time alone */
  DP_EMISSION_FIXED,
  DP_EMISSION_HALVING,
  DP_EMISSION_EXPONENTIAL,
  DP_EMISSION_EPOCH_DECAY,
  DP_EMISSION_STEPS,
  /* with a memory: ledger/mint.h */
  DP_EMISSION_TARGET_BONDED, /* Livepeer */
  DP_EMISSION_PROPORTIONAL,  /* Cosmos */
  DP_EMISSION_BASELINE,      /* Filecoin */
  DP_EMISSION_KIND_N
};

/** Part "ledger.emission": what each kind does not use stays 0 (checked). */
struct dp_emission {
  int kind;             /* enum dp_emission_kind */
  double per_day;       /* FIXED, HALVING: tokens a day (HALVING: in the first era) */
  double halve_every_d; /* HALVING */
  double total;         /* EXPONENTIAL, BASELINE: tokens ever minted */
  double half_life_d;   /* EXPONENTIAL: half of what is left is minted in this time */
  double per_epoch;     /* EPOCH_DECAY: tokens in the first epoch */
  double epoch_s;       /* EPOCH_DECAY; TARGET_BONDED, PROPORTIONAL: a round */
  double decay_ratio;   /* EPOCH_DECAY: each epoch mints so much less than the one before */
  int64_t epochs_n;     /* EPOCH_DECAY: it ends after so many; 0: never */
  struct dp_numbers curve_d, curve_tokens; /* STEPS: days, and tokens minted by then; or … */
  const char *curve_csv;                   /* … a file of them */
  double inflation_ratio; /* TARGET_BONDED: of a round; PROPORTIONAL: of a year; before the first round */
  double change_ratio;    /* TARGET_BONDED: of inflation in a round; PROPORTIONAL: in a year with nothing bonded */
  double target_ratio;    /* bonded over supply */
  double floor_ratio, ceiling_ratio; /* of inflation */
  double bonded_ratio;    /* of the supply, where no model of staking says it */
  double power_eib;       /* BASELINE: the network's raw power, where no model of storage says it … */
  double power_doubling_d; /* … doubles in this time; negative: halves; 0: stays */
  double end_d;            /* any kind: nothing is minted after this day; 0: it goes on */
  double remint_cap;       /* any kind: tokens an epoch that come back of what was burned */
  double remint_epoch_s;
  int64_t remint_epochs_n; /* an epoch emits this part of the pool */
};

extern const struct dp_schema dp_emission_schema;

/** An emission in base units: derived once, then read-only. */
struct dp_emission_rule {
  enum dp_emission_kind kind;
  dp_i128 amount;        /* base units: a day, in all, or in the first epoch, by kind */
  dp_time period_ns;     /* era, half-life, epoch, round or doubling */
  dp_u128 keep;          /* EPOCH_DECAY: 1 − decay in Q127 */
  int64_t epochs_n;      /* EPOCH_DECAY: INT64_MAX for never */
  dp_u128 roots[64];     /* EXPONENTIAL, BASELINE: 2^(−2^(i−64)) in Q127, from bit i of a Q64 fraction */
  struct dp_curve curve; /* STEPS */
};

/** @param emission NULL: nothing is minted. DP_SCENARIO, naming the parameter, when an amount does not fit 126 bits;
 *  DP_FORMAT and the like for a file. dp_emission_rule_free ends it, whatever was returned. */
enum dp_status dp_emission_rule_make(const struct dp_emission *emission, int64_t decimals,
                                     struct dp_emission_rule *out, struct dp_err *err);
void dp_emission_rule_free(struct dp_emission_rule *rule);

/** Whether it is a function of time alone. */
static inline bool dp_emission_timed(const struct dp_emission_rule *rule) {
  return rule->kind < DP_EMISSION_TARGET_BONDED;
}

/** 2^(−t / period) in Q127, t ≥ 0, for a rule with roots. */
dp_u128 dp_emission_half_power(const struct dp_emission_rule *rule, dp_time t_ns);

/** Base units minted in [0, t), t ≥ 0, by a kind that is timed. @return false on overflow or a negative t. */
DP_MUST_CHECK bool dp_emission_minted(const struct dp_emission_rule *rule, dp_time t_ns, dp_i128 *out);

/** Whole tokens and their fraction in base units, rounded to the nearest: exact for whole numbers of tokens below 2^53.
 *  @return false when it does not fit 126 bits, is negative or not finite. */
DP_MUST_CHECK bool dp_token_base_units(double tokens, int64_t decimals, dp_i128 *out);

/** Base units of a steady flow in [0, t): ⌊rate·t / 1 day⌋. @return false on overflow or a negative argument. */
DP_MUST_CHECK bool dp_token_schedule(dp_i128 rate_base_per_day, dp_time t_ns, dp_i128 *out);

/** ⌊amount · ratio⌋ for a ratio in [0, 1] in whole billionths; amount ≥ 0. */
dp_i128 dp_token_part(dp_i128 amount, int64_t ppb);

/** A ratio in billionths, to the nearest. */
int64_t dp_token_ppb(double ratio);

/** ⌊whole · part / all⌋; 0 when all is 0. 0 ≤ part ≤ all, whole ≥ 0. */
dp_i128 dp_token_share_of(dp_i128 whole, dp_i128 part, dp_i128 all);

#endif
