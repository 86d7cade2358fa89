/* sim/hardware/meter.h — inside of sim/hardware: what the files share. Nobody else includes it.
 * Layer: domain. Not collective. */
#ifndef DP_HARDWARE_METER_H
#define DP_HARDWARE_METER_H

#include "hardware/node.h"

/** Row of table "count": one a cell. */
struct dp_node_count {
  int64_t node_n;
  int64_t up_n;
};

/** Where a server instance publishes how busy nodes are. */
struct dp_busy_view {
  struct dp_view busy_ns, busy_since_ns;
};

/** Where a market of flow fidelity publishes it. */
struct dp_flow_view {
  struct dp_view busy_ns;
};

/** Where a fleet publishes the wallet of a node's host, and what it pays for electricity. */
struct dp_wallet_view {
  uint16_t provider; /* instance index of the fleet */
  struct dp_view account;
  bool has_tariff;
  struct dp_view tariff_ppm;
};

/** `shared` of the instance: derived from the scenario, never changed after init. */
struct dp_node_shared {
  size_t class_n;
  const struct dp_node_class **classes; /* [class_n] by part id */
  struct dp_power *power;               /* [class_n] */
  size_t server_n;
  struct dp_busy_view *servers; /* [server_n] */
  size_t flow_n;
  struct dp_flow_view *flows; /* [flow_n] */
  size_t fleet_n;
  struct dp_wallet_view *fleets; /* [fleet_n] */
  struct dp_view balance; /* of an account of the books */
};

enum { DP_NODE_TABLE, DP_NODE_COUNT_TABLE };
enum dp_node_metric {
  DP_NODE_PRESENT,
  DP_NODE_UP_TIME,
  DP_NODE_BUSY_TIME,
  DP_NODE_ENERGY,
  DP_NODE_COST,
  DP_NODE_CARBON,
  DP_NODE_FAILURES,
  DP_NODE_N,
  DP_NODE_UP_N
};

/** Finds the views of the servers and fleets of the simulation. DP_SCENARIO when one lacks its columns. */
enum dp_status dp__meter_views(struct dp_ctx *ctx, struct dp_node_shared *shared);

/** Reads every node's meter in the cell of ctx, for the first time since `since_ns`, and pays the bills. */
enum dp_status dp__meter_read(struct dp_ctx *ctx, dp_time since_ns);

/** Reads one node's, before it leaves. */
enum dp_status dp__meter_read_node(struct dp_ctx *ctx, uint32_t row);

/** Measures the time in the network of a node up to `until_ns`. */
void dp__meter_presence(struct dp_ctx *ctx, struct dp_node *node, dp_time until_ns);

#endif
