/* sim/ledger/feed.h — a price feed: what an oracle says a token is worth, later and less exactly than its exchange.
 * Layer: domain. Model "ledger.feed" (section "feeds"); README.md of this folder has the rules.
 *
 * It clears before the exchange and so reads past prices only. Whoever is bound to an oracle (credits, lending) reads the
 * value "price_usd" (nano-USD for a token, and USD) in place of the pool's price. */
#ifndef DP_LEDGER_FEED_H
#define DP_LEDGER_FEED_H

#include "model/sim.h"

#define DP_FEED_REPORTERS_MAX 101

struct dp_feed_config {
  struct dp_ref exchange;
  int64_t reporters_n;
  double noise_ratio;        /* standard deviation of a reporter's error */
  double lag_s;              /* reporters see the market so late */
  double window_s;           /* and report its time-weighted mean over this time; 0: the price itself */
  double heartbeat_s;        /* the feed moves at least so often … */
  double deviation_ratio;    /* … and when the median is so far from it */
  double outage_day, outage_d; /* it says nothing new from then on, for so long */
  double manipulate_ratio;   /* figures: what it costs to move it by so much */
};

/** Row 0 of the replicated table "ledger.feed feed". */
struct dp_feed_state {
  double price_usd;    /* published */
  double median_usd;   /* of the last reports */
  int64_t updated_ns;
  int64_t update_n;
  int64_t head_n;      /* rows of the history ever written */
};

/** Row of the replicated table "ledger.feed history", a ring: Σ price · seconds up to a settlement. */
struct dp_feed_mark {
  double sum_usd_s;
  int64_t t_ns;
};

extern const struct dp_model dp_feed_model;

/** The published price; from its clear on that of this settlement. */
double dp_feed_price_usd(const struct dp_ctx *ctx, const struct dp_instance *feed);

/** The first feed of an exchange, or NULL. */
const struct dp_instance *dp_feed_of(const struct dp_instance *exchange);

/** Median of n ≥ 1 values, which it sorts; the mean of the middle two of an even number. */
double dp_feed_median(double *values, size_t n);

/** What it takes to move a time-weighted mean over `window_s` by a part `ratio`, when the price is held away for `held_s` of
 *  it, against a pool that is as deep as a constant product with `pool_usd`: with m = 1 + ratio · window / held the price
 *  multiple, the money that must be at hand is y (√m − 1), and what is lost when others trade the price back
 *  y (√m + 1/√m − 2), without fees. */
void dp_feed_manipulation(double pool_usd, double ratio, double window_s, double held_s, double *capital_usd,
                          double *cost_usd);

#endif
