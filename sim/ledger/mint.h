/* sim/ledger/mint.h — what a token has minted: its schedule, the kinds of emission that have a memory, and net emissions.
 * Layer: domain. Not collective. README.md of this folder has the equations and sources.
 *
 * All is plain integers: the state is a row of a replicated table. Rounds and epochs that end between two calls are
 * stepped one by one in time order, so that calling more often changes nothing but what supply and burns are known. */
#ifndef DP_LEDGER_MINT_H
#define DP_LEDGER_MINT_H

#include "ledger/emission.h"
#include "ledger/filecoin.h"

/** Derived once from an emission, then read-only; `emission` is borrowed. */
struct dp_mint_rule {
  struct dp_emission_rule schedule;
  const struct dp_emission *emission; /* NULL: nothing is minted */
  int64_t inflation, change, target, floor, ceiling; /* TARGET_BONDED: 1e-9; PROPORTIONAL: 1e-18 */
  int64_t bonded;                                    /* of the supply, 1e-9 */
  dp_u128 power;                                     /* BASELINE: bytes at the start */
  dp_i128 remint_cap;
  dp_time remint_epoch_ns;
  dp_time end_ns; /* DP_TIME_MAX: it goes on */
};

/** Row 0 of the replicated table "ledger.token mint". */
struct dp_mint_state {
  int64_t rounds_n;                 /* begun */
  int64_t inflation;                /* of the current one */
  dp_i128 before;                   /* base units minted by the rounds that have ended */
  dp_i128 round_amount;             /* of the current one, spread evenly over it */
  dp_i128 counted;                  /* of both, by the time of the last call */
  struct dp_filecoin_network chain; /* BASELINE */
  dp_i128 atto;                     /* attoFIL of its epochs */
  int64_t remint_epochs_n;          /* that have ended */
  dp_i128 burn_seen, pool, reminted; /* net emissions */
};

/** What a call knows of the rest of the economy. */
struct dp_mint_input {
  dp_time now_ns;
  dp_i128 supply; /* base units now, with all that earlier calls have minted */
  dp_i128 burned; /* since the start */
  dp_i128 staked; /* −1: unknown, bonded_ratio counts */
  dp_i128 power_bytes; /* −1: unknown, the declared growth counts */
};

/** Errors as dp_emission_rule_make; dp_mint_rule_free ends it, whatever was returned. */
enum dp_status dp_mint_rule_make(const struct dp_emission *emission, int64_t decimals, struct dp_mint_rule *out,
                                 struct dp_err *err);
void dp_mint_rule_free(struct dp_mint_rule *rule);

/** The state at time 0. */
struct dp_mint_state dp_mint_start(const struct dp_mint_rule *rule);

/** Steps rounds and epochs up to now. Errors: DP_RANGE when an amount does not fit, or more is staked than there is. */
enum dp_status dp_mint_advance(const struct dp_mint_rule *rule, struct dp_mint_state *state,
                               const struct dp_mint_input *in, struct dp_err *err);

/** All that has been minted up to now, schedule and net emissions, by a state that has advanced to now.
 *  @return false on overflow. */
DP_MUST_CHECK bool dp_mint_total(const struct dp_mint_rule *rule, const struct dp_mint_state *state, dp_time now_ns,
                                 dp_i128 *out);

/** Bytes of the declared growth at a time: 2^(t / doubling) times the start, by whole days. */
dp_u128 dp_mint_power(const struct dp_mint_rule *rule, dp_time t_ns);

#endif
