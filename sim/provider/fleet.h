/* sim/provider/fleet.h — operators: a fleet of equal machines in a network, each host with its own money and price.
 * Layer: domain. Model "provider.fleet" (section "providers"); see provider/README.md. */
#ifndef DP_PROVIDER_FLEET_H
#define DP_PROVIDER_FLEET_H

#include "model/sim.h"

extern const struct dp_model dp_fleet_model;

struct dp_fleet_config {
  struct dp_ref network;     /* market.gateway that its hosts sell in */
  int64_t count;             /* hosts at the start, spread over the cells by the regions' supply_weight */
  struct dp_part_ref node;   /* hardware.class of every host */
  const struct dp_policy *pricing;
  double reprice_every_s;    /* how often a host looks at its price */
  double sell_ratio;         /* of the tokens that a host earns, sold on their exchange */
};

/** Row of table `host`, one a node; `fleet` is 0 where the node is another fleet's. */
struct dp_host {
  double policy_state[DP_POLICY_STATE_MAX];
  int64_t price_nusd_per_mtok;
  int64_t busy_seen_ns; /* busy time of the node at the last decision */
  dp_time decided_ns;
  uint64_t decision_n;
  int64_t sell_ppb; /* sell_ratio in billionths */
  uint32_t usd_account;
  uint16_t fleet; /* instance index */
  uint16_t zero;
};

#define DP_PRICE_MAX_USD_PER_MTOK 1e6 /* no policy may set more */

/* What a pricing policy sees and sets; names in pricing.c. */
enum dp_pricing_obs {
  DP_PRICING_PRICE,       /* own posted price; 0 at the first decision */
  DP_PRICING_LOWEST,      /* lowest posted price of the others in the cell; 0 if there are none */
  DP_PRICING_UTILISATION, /* busy share of the time since the last decision */
  DP_PRICING_ELECTRICITY, /* USD an hour at full power, here */
  DP_PRICING_HOUR,        /* local time of day */
  DP_PRICING_DAY,         /* days since the start */
  DP_PRICING_OBS_N
};

extern const struct dp_policy_kind dp_pricing_kind;
extern const struct dp_builtin_policy dp_policy_fixed, dp_policy_undercut;

#endif
