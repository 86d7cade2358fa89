/* sim/market/auction.h — leases by reverse auction: customers post orders, free hosts bid, the cheapest bid wins.
 * Layer: domain. Model "market.auction" (section "auctions"); market/README.md has the rules.
 *
 * Orders and bids are transactions. An order posted at one round gets bids at the next, and is awarded there. A lease is
 * a whole host for a time; its price flows from escrow second by second, through the listing and the payout of the
 * network (market.gateway, of flow fidelity) whose hosts bid. A unit of work is a second of a host. */
#ifndef DP_MARKET_AUCTION_H
#define DP_MARKET_AUCTION_H

#include "model/sim.h"

enum dp_auction_bidding { DP_BID_COST_PLUS, DP_BID_EQUILIBRIUM };
enum dp_auction_payment { DP_PAY_OWN_BID, DP_PAY_NEXT_BID };
enum dp_auction_duration { DP_LEASE_EXPONENTIAL, DP_LEASE_FIXED };

struct dp_auction_config {
  struct dp_ref network;
  double orders_per_day;      /* of all customers, Poisson, spread by demand_weight */
  int duration;               /* enum dp_auction_duration */
  double duration_d;          /* mean */
  double max_usd_per_h;       /* most that a customer pays … */
  double max_spread_ratio;    /* … times 1 ± this, evenly spread */
  double patience_s;          /* an order without a bid lapses after it */
  double round_s;
  int64_t bids_max_n;         /* of an order; the fastest */
  double cost_spread_ratio;   /* what an order costs a host: its posted price times 1 + this · u, u uniform */
  int bidding;                /* enum dp_auction_bidding */
  double markup_ratio;        /* COST_PLUS: bid over cost, less 1 */
  int payment;                /* enum dp_auction_payment */
  double min_reputation_ratio;
  double take_ratio;          /* of each payment, kept by the protocol */
  double all_through_protocol_d; /* from then on all of it: hosts are paid in credits; 0: never */
};

/** Row of table "market.auction lease": follows hardware.node.node. */
struct dp_lease {
  int64_t rate;         /* nano-USD for a million seconds; 0: free */
  int64_t escrow_nusd;  /* of the customer, left */
  int64_t paid_nusd;    /* so far */
  dp_time begin_ns, paid_to_ns, end_ns;
  uint32_t lease_n;     /* leases so far */
  uint32_t zero;
};

/** Row 0 of table "market.auction desk": one a cell. */
struct dp_auction_desk {
  dp_time next_ns;  /* the next order */
  uint64_t order_n; /* orders so far */
  int64_t active_n; /* leases of hosts here */
};

/** Row of the replicated table "market.auction order": open. */
struct dp_auction_order {
  uint64_t number;
  int64_t max_rate;
  dp_time duration_ns, posted_ns;
  int64_t bid_n;
};

/** Row of the replicated tables "market.auction bid", of the running round, and "market.auction award", of the last. */
struct dp_auction_bid {
  uint64_t order;    /* number */
  dp_entity host;
  int64_t rate;
  dp_time duration_ns; /* of an award */
};

/** Row 0 of the replicated table "market.auction auction": sums since the start. */
struct dp_auction_state {
  uint64_t order_n, signed_n, lapsed_n, bid_n;
};

extern const struct dp_model dp_auction_model;

/** A bid for a cost between price and highest: cost plus, or the equilibrium of a first-price auction among n ≥ 1 bidders
 *  with uniform costs, c + (highest − c) / n (Krishna 2010, Auction Theory, §2.3, reversed). */
double dp_auction_bid_of(int bidding, double cost, double highest, double markup, int64_t n);

/** What a lease has cost after `ns`: ⌊rate · ns / 10^15⌋ nano-USD. */
int64_t dp_lease_due(int64_t rate, dp_time ns);

#endif
