/* sim/ledger/trader.h — speculators with budgets, who trade on what they have seen.
 * Layer: domain. Model "ledger.trader" (section "traders"); README.md of this folder has the rules.
 *
 * An instance stands for all traders of one mind: it has USD and tokens and no credit. It decides in doubles from the
 * price that the last settlement left and what it saw before, and orders whole amounts at the exchange's one price. */
#ifndef DP_LEDGER_TRADER_H
#define DP_LEDGER_TRADER_H

#include "model/sim.h"

enum dp_trader_kind { DP_TRADER_MOMENTUM, DP_TRADER_MEAN_REVERSION, DP_TRADER_FUNDAMENTAL, DP_TRADER_NOISE, DP_TRADER_DUMP };

struct dp_trader_config {
  int kind;               /* enum dp_trader_kind */
  struct dp_ref exchange;
  double usd, tokens;     /* budget at the start: from outside, and of the public's tokens */
  double horizon_d;       /* memory, and time in which a full conviction is traded */
  double aggressiveness;  /* conviction for a deviation of 100 % */
  double discount_per_year, growth_per_year; /* FUNDAMENTAL */
  double day, fall_ratio; /* DUMP */
  struct dp_ref factor;   /* tide of the USD budget (ledger.factor) */
};

/** Row 0 of the replicated table "ledger.trader trader". */
struct dp_trader_state {
  dp_i128 brought_usd, left_usd;       /* from and to outside */
  dp_i128 brought_token;
  dp_i128 take_seen;                   /* nano-USD that the network has taken */
  double mean_usd;                     /* moving average of the price */
  double take_per_day_usd;             /* moving average of the network's take */
  double factor_seen, first_price_usd, signal;
  uint32_t usd_account, token_account; /* of the replicated book */
  uint32_t desk;
  uint32_t started;                    /* 1 after the first decision; DUMP: 2 while it sells, 3 after that */
};

extern const struct dp_model dp_trader_model;

/** Part of the cash (positive) or of the tokens (negative) that a conviction in [−1, 1] trades in `days`:
 *  ±(1 − e^(−|c| days / horizon)): never more than all, and two settlements trade what one of both their lengths does. */
double dp_trader_part(double conviction, double days, double horizon_d);

/** A moving average after `days` in which `seen` held: mean + (seen − mean) (1 − e^(−days / horizon)). */
double dp_trader_mean(double mean, double seen, double days, double horizon_d);

#endif
