/* sim/ledger/sector.h — a sector of projects that choose the chain on which they pay their hosts.
 * Layer: domain. Model "ledger.sector" (section "sectors"); README.md of this folder has the rule.
 *
 * Projects are synthetic: capitalisations by a power of the rank whose first ten have a given part, chains so that each has
 * its given part. Doubles: nothing here is money in the books. */
#ifndef DP_LEDGER_SECTOR_H
#define DP_LEDGER_SECTOR_H

#include "ledger/chain.h"

#define DP_SECTOR_CHAIN_MAX 8

struct dp_sector_config {
  struct dp_strings chains;         /* names of instances of ledger.chain */
  struct dp_numbers capitalisation; /* their parts at the start */
  int64_t projects_n;
  double top_ten_ratio, capitalisation_usd;
  double volatility_per_year;       /* of a project's capitalisation */
  double payout_ratio_per_year;     /* payouts over capitalisation, median project */
  double payout_deviation;          /* of its logarithm */
  double income_usd_per_d;          /* of a host, median project */
  double income_deviation;
  double cost_ratio;                /* a host's costs besides fees over its income */
  int mode;                         /* enum dp_chain_mode */
  int64_t per_tx_n;
  double fee_ratio_most;            /* projects batch until fees are at most this part of payouts … */
  double interval_least_d, interval_most_d; /* … within these */
  double slippage_ratio;            /* of payouts, lost on a chain without liquidity; none on one that holds all */
  double move_usd, move_capitalisation_ratio;
  double horizon_d;                 /* over which moving must pay */
  double decide_every_d, decide_ratio; /* how often, and which part of the projects then looks */
  double anchored_ratio;            /* of the projects, never move */
  double observed_low_ratio, observed_high_ratio; /* a later observation of Solana's part, to be scored against */
};

/** Row of the replicated table "ledger.sector project". */
struct dp_project {
  double capitalisation_usd, payout_usd_per_d, income_usd_per_d;
  double interval_d, fee_ratio; /* of its batches, as of the last decision */
  int64_t moved_ns;             /* −1: it has not */
  uint32_t chain, anchored;     /* ordinal in `chains` */
};

/** Row of the replicated table "ledger.sector option", one a chain. */
struct dp_sector_option {
  double fee_sum_usd; /* of a payment to one host, by settlement since the last decision */
  double fee_usd;     /* its mean up to the last decision */
  int64_t seen_n;
  double share_ratio; /* of the capitalisation */
};

/** Power s for which Σ_{r ≤ 10} r^−s = ratio · Σ_{r ≤ n} r^−s; n > 10, ratio in [10/n, 1). By bisection. */
double dp_sector_power(int64_t n, double ratio);

extern const struct dp_model dp_sector_model;

#endif
