/* sim/market/gateway.h — a compute market: hosts post prices, a gateway in every cell sends each request somewhere.
 * Layer: domain. Model "market.gateway" (section "networks"); see market/README.md for the mechanism.
 *
 * A gateway knows the hosts of its own cell exactly and the other cells by their bulletins, `load_refresh_s` old at most.
 * A request is priced and escrowed where the customer is; a quote binds. Nothing is lost: a request ends completed,
 * rejected or timed out, or is still in the system. */
#ifndef DP_MARKET_GATEWAY_H
#define DP_MARKET_GATEWAY_H

#include "books/books.h"
#include "market/cloud.h"
#include "model/sim.h"
#include "place/place.h"

extern const struct dp_model dp_gateway_model;

enum dp_fidelity { DP_FIDELITY_REQUEST, DP_FIDELITY_FLOW };
enum dp_routing { DP_ROUTE_CHEAPEST, DP_ROUTE_NEAREST, DP_ROUTE_LEAST_LOADED, DP_ROUTE_TWO_CHOICES };

struct dp_gateway_config {
  int fidelity;               /* enum dp_fidelity */
  int routing;                /* enum dp_routing */
  double take_ratio;          /* of each payment, kept by the protocol */
  double prompt_price_ratio;  /* price of a prompt token over that of an output token */
  int64_t queue_n;            /* most requests of a host, running and waiting */
  double load_refresh_s;      /* age at which bulletins are replaced */
  struct dp_part_ref cloud;   /* the outside option, or none */
  double price_weight;        /* logit: utility lost when the price doubles, over ln 2 */
  double latency_weight_per_s; /* logit: utility lost a second to the first token */
  double network_preference;  /* logit: utility of the network over the cloud at equal price and latency */
  int64_t reputation_jobs_n;   /* memory of a host's record, in jobs */
  double min_reputation_ratio; /* below it a host gets no requests */
  double rebate_ratio;         /* of what customers pay of their own, given back out of the take */
  double self_dealing_ratio;   /* of its capacity, that a host's owner buys of what customers leave idle */
  double host_grant_usd_per_day; /* a foundation's, to working hosts */
  double host_grant_until_d;     /* 0: always */
};

/** Row of table `listing`, one a node; price 0 where the node is not in this network. What the index rests on (price,
 *  pending_tok, in_flight_n, up, tier) is written by dp_index_put and dp_index_enlist only. */
struct dp_listing {
  int64_t price_nusd_per_mtok;
  int64_t pending_tok; /* prompt and output tokens of requests sent to it and not finished */
  int64_t work_tok;    /* priced tokens delivered so far, each request's floored and at least 1 */
  int64_t payable_nusd;
  int64_t busy_ns;     /* at flow fidelity: time at work so far */
  int64_t away_ns;     /* at flow fidelity: see struct dp_stock */
  uint32_t work_rest_utok; /* at flow fidelity: millionths of a token beside work_tok */
  uint32_t wallet;         /* at flow fidelity: of its host */
  uint32_t in_flight_n;
  uint16_t tier; /* row of table `tier` (at flow fidelity `stock`), if listed */
  uint8_t up;
  uint8_t barred; /* 1: its record is too bad to get a request */
};

/** Row of table `record`, one a node: how its jobs have ended. */
struct dp_record {
  uint32_t done_n, lost_n;
  uint32_t distrust_ppm; /* 1 less its reputation, in millionths: 0 at birth */
  uint32_t zero;
};

/** Row of table `tier`: the listed hosts of a cell that have one and the same context size, summed. */
struct dp_tier {
  dp_i128 price_sum_nusd; /* of hosts with room, per million tokens */
  int64_t capacity_tok;   /* context that fits into each of them */
  int64_t pending_tok;    /* of working hosts */
  uint32_t up_n, room_n;  /* working hosts; those with fewer than queue_n requests */
  uint32_t first, leaf_n; /* its tree: the row of table `index` where it begins; its leaves */
};

/** The orders in which hosts with room compete. */
enum dp_index_order { DP_INDEX_RULE, DP_INDEX_PRICE, DP_INDEX_ORDER_N };

/** Row of table `index`: a node of a tier's tournament tree. */
struct dp_winner {
  uint32_t host[DP_INDEX_ORDER_N]; /* best of the subtree in each order, the first one of equals; DP_NO_ROW: none */
};

/** What a cell says of itself. */
struct dp_gateway_bulletin {
  int64_t lowest_nusd_per_mtok; /* of hosts with room; 0: none */
  int64_t mean_nusd_per_mtok;
  int64_t pending_tok;
  int64_t capacity_tok; /* largest context that a host with room can take */
  uint32_t up_n, room_n; /* working hosts; those that can take one more request of some size */
  uint64_t zero;
  dp_i128 unserved_utok; /* at flow fidelity: work of the last interval that nobody here did */
  dp_i128 unserved_nusd; /* what its customers have left for it */
  dp_i128 spare_utok;    /* what hosts here could have done more */
};

/** What a host could do in an interval, and its price: scratch. */
struct dp_offer {
  int64_t price, utok;
};

/** Derived in init, at flow fidelity; the offers are scratch. */
struct dp_flow_shared {
  bool has_demand;
  struct dp_view node_class;  /* hardware.node node */
  struct dp_view jobs_per_s, solo_jobs_per_s, first_token_s, slots_n; /* workload.demand class */
  struct dp_view prompt, output;                                      /* workload.demand customers */
  struct dp_offer *offers; /* [offer_cap] */
  size_t offer_cap;
};

/** Derived in init: instance->shared. */
struct dp_gateway_shared {
  const struct dp_place *place;
  struct dp_view capacity;     /* workload.server/server capacity_tok: fixed when a node joins */
  struct dp_view provider;     /* hardware.node/node provider: instance of the host's fleet */
  struct dp_view *usd_account; /* [instance_n] provider.fleet/host usd_account, by fleet */
  struct dp_view due;          /* ledger.payout/host account: where earnings wait for a chain */
  bool has_due;                /* they do; else they go to the wallets at once */
  struct dp_view *expected;    /* [instance_n] workload.inference/source expected_ttft_s, by workload */
  struct dp_view *distrust;    /* [instance_n] the same, distrust: utility that is lost */
  uint16_t channel;            /* between gateways; 0 with one cell */
  uint16_t server;             /* instance that runs requests */
  int64_t prompt_price_ppm;
  int64_t take_ppb;
  uint64_t self_share; /* self_dealing_ratio, of DP_FLOW_ONE */
  struct dp_flow_shared flow;
};

enum dp_gateway_table {
  DP_GATEWAY_LISTING, DP_GATEWAY_TIER, DP_GATEWAY_INDEX, DP_GATEWAY_CELL, DP_GATEWAY_STOCK, DP_GATEWAY_RECORD, /* of cells */
  DP_GATEWAY_SPILL = 0 /* replicated */
};
enum dp_gateway_metric {
  DP_GATEWAY_SUBMITTED, DP_GATEWAY_SPEND, DP_GATEWAY_WORK, DP_GATEWAY_TAKE, DP_GATEWAY_REMOTE, DP_GATEWAY_CLOUD_N,
  DP_GATEWAY_CLOUD_COST, DP_GATEWAY_UP, DP_GATEWAY_TREASURY, DP_GATEWAY_WANTED, DP_GATEWAY_CAPACITY, DP_GATEWAY_FORWARDED,
  DP_GATEWAY_EARNED, DP_GATEWAY_REVENUE, DP_GATEWAY_GRANTED, DP_GATEWAY_SELF, DP_GATEWAY_SELF_WORK, DP_GATEWAY_REBATE,
  DP_GATEWAY_HOST_GRANT
};
enum dp_gateway_flow {
  DP_GATEWAY_FLOW_TAKE, DP_GATEWAY_FLOW_PAYABLE, DP_GATEWAY_FLOW_REVENUE, DP_GATEWAY_FLOW_REBATE, DP_GATEWAY_FLOW_HOSTS
};
enum dp_gateway_value {
  DP_GATEWAY_VALUE_TAKE, DP_GATEWAY_VALUE_EARNED, DP_GATEWAY_VALUE_REVENUE, DP_GATEWAY_VALUE_GRANT
};

static inline struct dp_listing *dp_listing_at(const struct dp_ctx *ctx, uint32_t node) {
  return DP_ROW(dp_own_table(ctx, DP_GATEWAY_LISTING), struct dp_listing, node);
}

/* ---- record.c: reputation ---- */

/** Record of a node of the cell at a network. */
static inline struct dp_record *dp_record_at(const struct dp_ctx *ctx, const struct dp_instance *network, uint32_t node) {
  return DP_ROW(&ctx->cell->tables[network->first_cell_table + DP_GATEWAY_RECORD], struct dp_record, node);
}

/** A job has ended well, or was lost: the reputation is an exponentially weighted mean of 1 and 0 over
 *  `reputation_jobs_n` jobs. */
void dp_record_hear(struct dp_ctx *ctx, const struct dp_instance *network, uint32_t node, bool good);

/** Whether a host's record is too bad for a request. */
bool dp_record_bars(const struct dp_ctx *ctx, uint32_t node);

/** Settlement: who is barred is forgiven a job's worth. */
void dp_record_forgive(struct dp_ctx *ctx);

/* ---- index.c: hosts of the cell, so kept that a choice costs O(log hosts) ---- */

/** Lists a node that was not listed (price 0): gives it its tier and its place in the index, and posts `price` > 0.
 *  DP_NOMEM; DP_RANGE when the hosts of the cell have more than 65,536 context sizes. */
enum dp_status dp_index_enlist(struct dp_ctx *ctx, uint32_t node, int64_t price_nusd_per_mtok);

/** Replaces a node's listing (its tier stays) and keeps the index. A node must be down when its row is removed. */
void dp_index_put(struct dp_ctx *ctx, uint32_t node, const struct dp_listing *listing);

/** Whether a host can take a request with `need_tok` tokens of context now. */
bool dp_index_has_room(const struct dp_ctx *ctx, uint32_t node, int64_t need_tok);

/** Whether host a is to be preferred to host b by the routing rule. */
bool dp_index_better(const struct dp_ctx *ctx, uint32_t a, uint32_t b);

/** The best host with room by the routing rule; of equal ones the first from row `from` on, cyclically; DP_NO_ROW if
 *  there is none. O(context sizes · log hosts). */
uint32_t dp_index_best(const struct dp_ctx *ctx, int64_t need_tok, uint32_t from);

/** Lowest price of a tier's hosts with room; 0 if there is none. */
int64_t dp_index_lowest(const struct dp_ctx *ctx, uint32_t tier);

/** DP_INVARIANT when the sums of the tiers are not those of the listings. */
enum dp_status dp_index_check(struct dp_ctx *ctx);

/* ---- route.c ---- */

/** What names the draws of one decision: at the submission the customers' cell and the request's ordinal there, so that
 *  scenarios which differ in anything later decide with the same luck; elsewhere the request and the time. */
struct dp_luck {
  dp_entity entity;
  uint64_t occasion;
};

/** Where a request goes. */
struct dp_route {
  bool found;
  uint32_t cell;
  uint32_t node;               /* if the cell is the own one */
  int64_t price_nusd_per_mtok; /* quoted */
};

/** A host of the own cell with room for the request, by the routing rule; DP_NO_ROW if there is none. */
uint32_t dp_route_host(struct dp_ctx *ctx, const struct dp_job *job, struct dp_luck luck);

/** The cell and, in the own one, the host for a request that starts here. */
struct dp_route dp_route_request(struct dp_ctx *ctx, const struct dp_job *job, struct dp_luck luck);

/** Fills the cell's bulletin, O(context sizes). */
void dp_route_bulletin(struct dp_ctx *ctx, struct dp_gateway_bulletin *out);

/* ---- trade.c: what each step of a request means for the books ---- */

/** Price of a request in nano-USD, floored: price * (prompt * ratio + output) / 1e6. */
int64_t dp_trade_amount(const struct dp_ctx *ctx, uint64_t prompt_n, uint64_t output_n, int64_t price_nusd_per_mtok);

enum dp_status dp_trade_escrow(struct dp_ctx *ctx, int64_t amount_nusd);
enum dp_status dp_trade_refund(struct dp_ctx *ctx, int64_t amount_nusd);
enum dp_status dp_trade_send(struct dp_ctx *ctx, int64_t amount_nusd);
enum dp_status dp_trade_receive(struct dp_ctx *ctx, int64_t amount_nusd);
/** A host has done the work: its share becomes payable, the protocol's is taken. */
enum dp_status dp_trade_complete(struct dp_ctx *ctx, uint32_t node, const struct dp_job_result *result);
/** Account of the host's USD. */
uint32_t dp_trade_wallet(const struct dp_ctx *ctx, uint32_t node);
/** Settlement: what is payable reaches the wallets, or the accounts in which it waits for a chain, at either fidelity. */
enum dp_status dp_trade_pay_out(struct dp_ctx *ctx);

#endif
