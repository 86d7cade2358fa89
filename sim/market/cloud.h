/* sim/market/cloud.h — the centralised cloud as a competitor: a posted price and a steady latency, no queue.
 * Layer: domain. Part "market.cloud" of a network: what its customers could do instead. Not collective. */
#ifndef DP_MARKET_CLOUD_H
#define DP_MARKET_CLOUD_H

#include "model/sim.h"

struct dp_cloud {
  const char *name;
  double price_usd_per_mtok; /* of output tokens; prompt tokens by the network's prompt_price_ratio */
  double ttft_s;             /* to the first token, network included */
  double tpot_s;             /* per further token */
};

extern const struct dp_schema dp_cloud_schema;

/** Utility of the network over the cloud: preference − price_weight·ln(price_ratio) − latency_weight·latency_gap. */
double dp_cloud_advantage(double price_ratio, double latency_gap_s, double price_weight, double latency_weight_per_s,
                          double network_preference);

/** Probability that a customer takes the network and not the cloud: a binary logit on ln(price) and seconds to the first
 *  token (McFadden 1974). @param price_ratio the network's price over the cloud's, > 0 */
double dp_cloud_network_share(double price_ratio, double latency_gap_s, double price_weight, double latency_weight_per_s,
                              double network_preference);

#endif
