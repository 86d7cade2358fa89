/* sim/workload/demand.h — demand as rates between beats: no event a request.
 * Layer: domain. Model "workload.demand" (section "workloads"); see workload/README.md for the equations.
 *
 * In every cell stand customers who want so much work a day. At the end of each interval of their network they say what
 * they asked of it (event FLOW_DEMAND); the network, of flow fidelity, matches that with what its hosts can do. */
#ifndef DP_WORKLOAD_DEMAND_H
#define DP_WORKLOAD_DEMAND_H

#include "model/sim.h"

extern const struct dp_model dp_demand_model;

struct dp_demand_config {
  struct dp_ref network;         /* market.gateway of flow fidelity */
  const char *unit;              /* what a unit of work is: "tok", "GPU-hour", "GB" */
  double work_per_day;           /* wanted by the whole market at the start, at the reference price */
  double growth_per_year_ratio;  /* exponential */
  double bass_p, bass_q;         /* a year; bass_p 0: all have adopted */
  double adoption_age_d;         /* age of the product at the start */
  double diurnal_ratio, peak_hour;
  double weekend_ratio;          /* demand on Saturday and Sunday over that of a working day */
  double elasticity;             /* of demand to the price, constant, a positive number */
  double reference_usd_per_mtok; /* price of a million units at which work_per_day is wanted */
  double choke_usd_per_mtok;     /* above it nobody wants anything; 0: never */
  double budget_usd_per_day;     /* for the network, all cells together; 0: no limit */
  double granted_usd_per_day;    /* of a foundation, for customers to spend here, all cells together */
  double granted_until_d;        /* 0: always */
  double start_share_ratio;      /* of the network, where there is a cloud */
  double switch_d;               /* time constant of switching; 0: at once */
  double trust_loss_d, trust_recover_d; /* time constants of trust */
  double trust_weight;           /* logit: utility lost when trust is gone */
  double ttft_target_s;          /* slower answers count as worse */
  double patience_s;             /* longest wait that anyone sees */
  double prompt_tok, output_tok; /* mean size of a job */
  double noise_ratio;            /* standard deviation of ln(demand) of a day */
};

/** Row of table `customers`, one a cell. */
struct dp_customers {
  double share;      /* of the market that has chosen the network */
  double trust;      /* 1: served in full and in time */
  double prompt_tok, output_tok;
  dp_time since_ns;  /* begin of the interval */
  uint64_t interval_n;
};

/** Row of table `class`, one a hardware class by part id: what a node of it can do for this workload. */
struct dp_class_rate {
  double work_per_s; /* units; 0: by jobs */
  double jobs_per_s, solo_jobs_per_s;
  double first_token_s;
  uint32_t slots_n;
  uint32_t zero;
};

/* ---- demand_rule.c: the equations, pure ---- */

/** Units that the market would want a day at time t since the start, mean over [from_ns, to_ns), before price, noise and
 *  shocks: base · growth · adoption · day and week. @param local_ns of the start: ns since a local Monday, 0:00. */
double dp_demand_potential_per_day(const struct dp_demand_config *c, dp_time from_ns, dp_time to_ns, dp_time local_ns);

/** Factor of the price on demand: (price / reference)^−elasticity; 0 above the choke price; 1 without elasticity. */
double dp_demand_price_factor(const struct dp_demand_config *c, double price_usd_per_mtok);

/** Share of the market that would choose the network. @param advantage utility of the network over the cloud (logit);
 *  INFINITY when there is no cloud: then only trust counts. */
double dp_demand_share_target(const struct dp_demand_config *c, double advantage, double trust);

/** Moves `from` towards `to` for dt_d days with time constant tau_d (0: at once). */
double dp_demand_move(double from, double to, double dt_d, double tau_d);

/** Trust after an interval of dt_d days in which `served` of the work was done with first answers after ttft_s. */
double dp_demand_trust(const struct dp_demand_config *c, double trust, double served, double ttft_s, double dt_d);

#endif
