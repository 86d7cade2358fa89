/* sim/ledger/retail.h — a crowd that comes when the price has risen, and what became of everyone who ever came.
 * Layer: domain. Model "ledger.retail" (section "retail"); README.md of this folder has the rules. */
#ifndef DP_LEDGER_RETAIL_H
#define DP_LEDGER_RETAIL_H

#include "model/sim.h"

struct dp_retail_config {
  struct dp_ref exchange;
  double usd_per_day;     /* that come when the price stands still … */
  double fomo;            /* … times 1 + fomo · (price over its moving average − 1) … */
  double rush_max_ratio;  /* … at most so many times as much */
  double horizon_d;       /* of the moving average */
  double budget_usd;      /* of the crowd, in all; 0: no end */
  double hold_d;          /* mean time that they stay; 0: for ever */
  double stop_loss_ratio; /* a cohort leaves when the price is so far below what it paid on average; 0: never */
  double cohort_d;        /* who comes in this time is one cohort */
  struct dp_ref factor;   /* tide of the money */
};

/** Row of the replicated table "ledger.retail cohort": everyone who came in one stretch of time, those who left included. */
struct dp_retail_cohort {
  dp_i128 usd_in, bought_token; /* what they paid and got */
  dp_i128 held_token;           /* of it, still held or on sale */
  dp_i128 sold_now;             /* of that, on sale at the settlement that is being cleared */
  dp_i128 usd_out;              /* what sales brought */
  int64_t number;               /* stretch of time since the start */
};

/** Row 0 of the replicated table "ledger.retail retail". */
struct dp_retail_state {
  dp_i128 came_usd;   /* money that came from outside */
  dp_i128 ordered_usd; /* of it, ordered at the last settlement, by the cohort `buyer` */
  double mean_usd;    /* moving average of the price */
  double due_nusd;    /* fraction that has not come yet */
  uint32_t usd_account, token_account, desk;
  uint32_t buyer;     /* row of the cohort that is being filled */
  uint32_t started;
  uint32_t zero;
};

#define DP_RETAIL_COHORT_MAX 512

extern const struct dp_model dp_retail_model;

#endif
