/* sim/hardware/node.h — machines: classes, failure and repair, energy and its bill.
 * Layer: domain. Not collective. Other domains see the published columns of table "node" and the events NODE_JOINED,
 * NODE_DOWN, NODE_UP and NODE_LEFT; node.c says when each comes. */
#ifndef DP_HARDWARE_NODE_H
#define DP_HARDWARE_NODE_H

#include "model/sim.h"

/** Row of table "hardware.node node". */
struct dp_node {
  uint16_t node_class; /* part id of hardware.class */
  uint16_t provider;   /* instance index of the fleet that owns it */
  uint8_t up;          /* 1 while it works */
  uint8_t failed;      /* 1 from a failure to its repair */
  uint8_t held;        /* 1 while its owner has switched it off */
  uint32_t failure_n;      /* failures so far */
  uint32_t switch_n;       /* times that it was switched on again */
  dp_time joined_ns;
  dp_time present_from_ns; /* its time in the network has been measured up to here */
  dp_time fails_ns;        /* next failure, as drawn when it came up */
  dp_time up_since_ns;     /* beginning of the running up time (if up), or of the last one */
  dp_time down_since_ns;   /* of the last failure; 0 before the first */
  dp_time up_ns;           /* up time before up_since_ns */
  dp_time up_billed_ns;    /* up time that the energy meter has seen */
  dp_time busy_billed_ns;  /* busy time that the energy meter has seen */
  int64_t energy_mws;      /* milliwatt seconds (mJ) used */
  int64_t energy_rest;     /* milliwatt nanoseconds below one mWs */
  int64_t electricity_nusd; /* paid for electricity so far */
  int64_t capital_nusd;    /* paid in by the owner so far, because the wallet did not cover a bill */
};

/** Power of a class, in integers: what the meter adds up. */
struct dp_power {
  int64_t idle_mw;  /* the node up and idle: host and idle GPUs */
  int64_t busy_mw;  /* added while it works */
};

extern const struct dp_model dp_node_model;     /* implicit; "hardware.node" */
extern const struct dp_schema dp_node_class_schema; /* part "hardware.class", struct dp_node_class */

/** Power of a class: idle = overhead + gpu_n·TDP·idle_ratio, busy adds gpu_n·TDP·(1 − idle_ratio); rounded to mW. */
struct dp_power dp_node_power(const struct dp_node_class *c);

/** Time to the next failure of `failure_n` + 1, Weibull of the class's mean and shape: scale = mean / Γ(1 + 1/shape).
 *  @return ns > 0; DP_TIME_MAX when the class never fails. Draws from (entity, FAILURE, failure_n). */
dp_time dp_node_time_to_failure(const struct dp_node_class *c, struct dp_rng *rng);

/** Time to repair, exponential of the class's mean; ns ≥ 1. */
dp_time dp_node_time_to_repair(const struct dp_node_class *c, struct dp_rng *rng);

/** Bill for energy between two readings of a meter, in nano-USD: ⌊to·p⌋ − ⌊from·p⌋, so that the bills of a node add up
 *  to the bill for the whole whatever the settlement's length. */
dp_i128 dp_node_bill_nusd(int64_t from_mws, int64_t to_mws, int64_t price_nusd_per_kwh);

#endif
