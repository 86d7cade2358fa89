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
  double opex_usd_per_d;     /* cost besides electricity while it is switched on */
  double cost_spread;        /* of ln(cost factor) of electricity and machine */
  double capex_ratio;        /* of the machine's price, paid by hosts at the start */
  double new_owner_ratio;    /* of the hosts, belong to a new owner */
  struct dp_part_ref entry;  /* provider.entry, or none: nobody enters */
  struct dp_part_ref exit;   /* provider.exit, or none: nobody leaves */
  double decide_every_d;     /* how often owners look and decide */
  double hurdle_ratio;       /* return that they ask, a year */
  int belief;                /* enum dp_belief */
  double belief_weight_ratio; /* of the latest observation, adaptive */
  double prior_usd_per_d;    /* income that is expected before any was observed */
  double belief_spread;      /* of ln(optimism) of candidates */
  int sells;                 /* enum dp_sells */
};

enum dp_sells { DP_SELLS_SHARE, DP_SELLS_COSTS };

enum dp_belief { DP_BELIEF_NAIVE, DP_BELIEF_ADAPTIVE, DP_BELIEF_AUTOREGRESSIVE };

/** Part "provider.entry". */
struct dp_entry_config {
  double candidates_per_month_n; /* who consider it, spread by supply_weight */
  double supply_per_month_n;     /* machines to be had */
  double lead_time_d;            /* from the order to the first day */
  double horizon_d;              /* how far they look */
  double spare_ratio;            /* of the candidates, have the machine already */
};

/** Part "provider.exit". */
struct dp_exit_config {
  double patience_d;         /* length of a window over which a host adds up what it gains by running */
  double restart_cost_usd;
  double resale_ratio;       /* of the price, that a new machine brings at once */
  double depreciation_ratio; /* of that, lost a year */
  double rental_elsewhere_usd_per_h; /* outside option, net of electricity */
  double life_d;             /* age at which a machine is scrapped; 0: never */
  double sell_ratio;         /* of the tokens that it still holds, sold when it leaves */
};

extern const struct dp_schema dp_entry_schema, dp_exit_schema;

#define DP_FLEET_TOKENS 2 /* tokens of a network that count as income */

enum dp_host_state { DP_HOST_ACTIVE, DP_HOST_OFF, DP_HOST_LEAVING };

/** Row of table `host`, one a node; `fleet` is 0 where the node is another fleet's. What every settlement reads comes
 *  first: a line of the cache. */
struct dp_host {
  int64_t price_nusd_per_mtok;
  int64_t busy_seen_ns; /* busy time of the node at the last decision */
  dp_time decided_ns;
  uint64_t decision_n;
  int64_t capex_nusd;      /* what its owner paid for the machine */
  int64_t capital_nusd;    /* paid in by its owner for what is not electricity */
  uint32_t usd_account;
  uint32_t tariff_ppm; /* its cost factor in millionths; 0: 1 */
  uint32_t belief_ppm; /* its owner's optimism in millionths; 0: 1 */
  uint16_t fleet;   /* instance index */
  uint8_t state;    /* enum dp_host_state */
  uint8_t strike_n; /* windows in a row that did not pay */
  uint8_t quiet_n;  /* settlements since it left without a payment due */
  uint8_t zero[7];
  int64_t sell_ppb; /* sell_ratio in billionths */
  int64_t cost_nusd;       /* operating and restart costs so far */
  int64_t seen_gross_nusd; /* income, all costs, energy at the last look */
  int64_t seen_cost_nusd;
  int64_t seen_energy_mws;
  int64_t window_nusd;     /* income less costs in the running window */
  dp_time window_ns;       /* its length so far */
  dp_time seen_ns;         /* the last look */
  dp_time opex_ns;         /* operating cost is paid up to here */
  dp_time paid_back_ns;    /* age at which it had earned its machine; 0: not yet */
  dp_time left_ns;         /* when it decided to leave */
  double kept[DP_FLEET_TOKENS]; /* tokens in its wallets at the last look */
  double seen_rewarded[DP_FLEET_TOKENS]; /* tokens ever received, up to then; only where costs decide what it sells */
  double policy_state[DP_POLICY_STATE_MAX];
  uint32_t owner;      /* 1 + row of `owner`; 0: an owner of its own */
  uint32_t cohort;     /* row of `cohort` */
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
