/* sim/ledger/exchange.h — where a token's price is made: a constant-product pool that fills each settlement's orders at
 * one price. Layer: domain. Model "ledger.exchange" (section "exchanges"); README.md of this folder has the mechanism.
 *
 * Orders of a settlement: hosts sell a part of what they earned (provider.fleet sell_ratio), tranches a part of what
 * unlocks (ledger.tranche sell_ratio), the treasury buys back with its share of the take, outside buyers spend a steady
 * sum. Nobody sells what he does not hold: what is offered has left its account before the pool is asked. */
#ifndef DP_LEDGER_EXCHANGE_H
#define DP_LEDGER_EXCHANGE_H

#include "model/sim.h"

extern const struct dp_model dp_exchange_model;

struct dp_exchange_config {
  struct dp_ref token;
  double tokens; /* liquidity at the start, from the public holders … */
  double usd;    /* … and from outside */
  double fee_ratio;
  double outside_usd_per_day; /* outside money that buys and holds */
};

/** Row of table "ledger.exchange order": follows hardware.node.node. */
struct dp_order {
  dp_i128 offered;     /* base units, so far */
  dp_i128 offered_now; /* of the settlement that is being cleared; 0 between settlements */
};

/** Row 0 of the replicated table "ledger.exchange exchange": sums since the start. Tokens in base units, USD in 1e-9. */
struct dp_exchange_state {
  dp_i128 host_token, host_usd;         /* sold by hosts; paid to the cells for it */
  dp_i128 pending_usd;                  /* of it, by the last settlement */
  dp_i128 holder_token, holder_usd;     /* sold by tranches */
  dp_i128 buyback_usd, buyback_token;   /* spent by the treasury; bought and burned */
  dp_i128 outside_usd, outside_token;   /* spent by outside buyers; bought */
  dp_i128 emission_seen;                /* base units minted, of which the value has been taken */
  dp_i128 emission_nusd;                /* emission, each settlement's at the price that the settlement left */
  dp_i128 revenue_nusd;                 /* outside money paid for delivered work in the token's network */
  dp_i128 window_emission_nusd, window_revenue_nusd; /* of the last settlement */
  uint32_t token_account, usd_account;  /* the pool's */
};

#endif
