/* sim/ledger/token.h — a token: genesis, emission by a fixed schedule, rewards by work.
 * Layer: domain. Not collective. Amounts are whole base units; README.md of this folder has the equations. */
#ifndef DP_LEDGER_TOKEN_H
#define DP_LEDGER_TOKEN_H

#include "model/sim.h"

/** Configuration of model "ledger.token"; the instance's name is the token's. */
struct dp_token_config {
  int64_t decimals;
  double supply;           /* tokens at the start, held by HOLDERS of the replicated book */
  double emission_per_day; /* tokens minted a day */
  struct dp_ref network;   /* whose work is rewarded; the first market.gateway when not given */
};

/** Row of table "ledger.token share": follows hardware.node.node, so that every host has one. */
struct dp_token_share {
  int64_t work_seen_tok; /* work that earlier settlements have counted */
  int64_t work_tok;      /* work of the settlement that is being cleared; 0 between settlements */
  uint32_t account;      /* token wallet; 0 until the first reward */
};

/** Row 0 of the replicated table "ledger.token token". */
struct dp_token_state {
  dp_i128 genesis;  /* supply at the start */
  dp_i128 minted;   /* by the schedule, up to the last settlement */
  dp_i128 pending;  /* of it, what the last settlement sent to the cells */
  dp_i128 rewarded; /* taken by hosts, up to the settlement before the last */
  dp_i128 swept;    /* to the treasury: what flooring left over, and emission without work */
};

extern const struct dp_model dp_token_model; /* section "tokens"; "ledger.token" */

/** Whole tokens and their fraction in base units, rounded to the nearest: exact for whole numbers of tokens below 2^53.
 *  @return false when it does not fit 126 bits, is negative or not finite. */
DP_MUST_CHECK bool dp_token_base_units(double tokens, int64_t decimals, dp_i128 *out);

/** Base units minted in [0, t): ⌊rate·t / 1 day⌋. The schedule is cumulative, so settlements of any length add up to
 *  it. @return false on overflow or a negative argument. */
DP_MUST_CHECK bool dp_token_schedule(dp_i128 rate_base_per_day, dp_time t_ns, dp_i128 *out);

/** A host's reward: ⌊work·emission / all work⌋; 0 when there was no work. 0 ≤ work ≤ all_work. */
dp_i128 dp_token_reward(int64_t work_tok, dp_i128 emission, dp_i128 all_work_tok);

#endif
