/* sim/market/flow.h — the market at flow fidelity: demand as rates, matched with what hosts can do, interval by interval.
 * Layer: domain. Part of the model "market.gateway" (fidelity = "flow"); see market/README.md. Not collective.
 *
 * An interval ends 1 ns before a settlement: the gateway of each cell quotes a
 * price, every workload says what was asked (FLOW_DEMAND), and the work is dealt out to the hosts of the cell. */
#ifndef DP_MARKET_FLOW_H
#define DP_MARKET_FLOW_H

#include "market/gateway.h"

#define DP_FLOW_NO_LIMIT ((dp_i128)1 << 100) /* a budget of that much or more is none */
#define DP_FLOW_ONE (UINT64_C(1) << 52)      /* a share of 1 */

/** Row of table `cell`, one a cell. Work is in millionths of a unit. */
struct dp_flow_cell {
  dp_i128 wanted_utok;     /* of customers here, in the running interval */
  dp_i128 wanted_nusd;     /* what they pay at most */
  dp_i128 in_utok;         /* from other cells, to be served in the running interval */
  dp_i128 in_nusd;
  dp_i128 unserved_utok;   /* of the last interval */
  dp_i128 unserved_nusd;   /* left of their budget */
  dp_i128 spare_utok;      /* what hosts could have done more */
  dp_i128 granted_utok;    /* of customers who spend a grant, beside wanted_utok */
  dp_i128 granted_nusd;    /* the grant */
  dp_i128 paid_nusd;       /* to hosts, since the last settlement, at either fidelity; so the next two */
  dp_i128 take_nusd;       /* to the protocol */
  dp_i128 own_nusd;        /* customers' own money for delivered work */
  dp_time since_ns;        /* begin of the running interval */
  int64_t quote_nusd_per_mtok; /* price that customers see; 0: nobody is there */
  int64_t cloud_nusd_per_mtok; /* the cloud's; 0: there is none */
  double advantage;        /* utility of the network over the cloud; infinite without one */
  double served_ratio;     /* of the work wanted in the last interval */
  double load_ratio;       /* work done over what hosts could do */
  double wait_s;           /* for a place on a host */
  double ttft_s;           /* to the first answer, the wait included */
};

/** Row of table `stock`: the listed hosts of one hardware class in a cell, summed. A host that was down for a ns of the
 *  running interval, and came back d ns later, has away_ns = d; one that is down now since t, t negative. */
struct dp_stock {
  dp_i128 price_sum;      /* nano-USD per million units, of listed hosts */
  dp_i128 price_down;     /* of those that are down */
  dp_i128 price_away;     /* Σ price · away_ns */
  dp_i128 away_ns;        /* Σ away_ns */
  int64_t rate_utok_per_s; /* of a full host */
  int64_t solo_utok_per_s; /* of one that does one job at a time */
  double first_token_s;
  uint32_t listed_n, down_n;
  uint32_t slots_n;       /* jobs that a host does together */
  uint16_t node_class;
  uint16_t zero;
};

/** Row of the replicated table `spill`, one a cell: work that comes from other cells in the interval that begins. */
struct dp_flow_spill {
  dp_i128 in_utok, in_nusd;
};

static inline struct dp_flow_cell *dp_flow_cell_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, DP_GATEWAY_CELL), struct dp_flow_cell, 0);
}
static inline struct dp_stock *dp_stock_at(const struct dp_ctx *ctx, uint32_t row) {
  return DP_ROW(dp_own_table(ctx, DP_GATEWAY_STOCK), struct dp_stock, row);
}

/* ---- flow.c: beats and events ---- */

/** init_replicated: finds the workloads that ask this network. DP_SCENARIO when one has another fidelity. */
enum dp_status dp_flow_workloads(struct dp_ctx *ctx);
enum dp_status dp_flow_init(struct dp_ctx *ctx);      /* replicated, at flow fidelity */
enum dp_status dp_flow_init_cell(struct dp_ctx *ctx); /* a cell, at either fidelity */
void dp_flow_release(struct dp_flow_shared *s);
/** The gateway's own timer: quotes, or deals out. */
enum dp_status dp_flow_timer(struct dp_ctx *ctx, const struct dp_event *event);
enum dp_status dp_flow_demand(struct dp_ctx *ctx, const struct dp_event *event);
void dp_flow_bulletin(struct dp_ctx *ctx, struct dp_gateway_bulletin *out);
/** clear: which cell serves what others could not. */
enum dp_status dp_flow_spill(struct dp_ctx *ctx);
void dp_flow_take_spill(struct dp_ctx *ctx);

/* ---- stock.c: hosts summed by class ---- */

/** Lists a node that was not listed, as dp_index_enlist; finds its wallet. */
enum dp_status dp_stock_enlist(struct dp_ctx *ctx, uint32_t node, int64_t price_nusd_per_mtok);
/** A new price; 0 takes the node off the list. */
void dp_stock_price(struct dp_ctx *ctx, uint32_t node, int64_t price_nusd_per_mtok);
void dp_stock_up(struct dp_ctx *ctx, uint32_t node, bool up);

/** Mean size of a job of the first workload that asks here, in millionths of a unit. */
double dp_stock_job_utok(const struct dp_ctx *ctx);

/** What all hosts of the cell can do in the running interval, up to `end_ns`. */
struct dp_capacity {
  dp_i128 utok;
  double nusd;          /* what it costs at their prices */
  double hosts, slots;  /* mean number that works; jobs that they do together */
  double first_token_s; /* mean, by capacity */
};
struct dp_capacity dp_stock_capacity(const struct dp_ctx *ctx, dp_time end_ns);

/** Mean wait of a job for a place, M/M/c (Sakasegawa 1977): s/c · ρ^(√(2(c+1)) − 1) / (1 − ρ), s the time of a job in its
 *  place; at most 1e6 s, also when ρ ≥ 1. */
double dp_flow_wait_s(double load_ratio, double places, double job_s);

/* ---- deal.c: an interval's work to hosts ---- */

/** Which part of its capacity a host works: `ratio` (of DP_FLOW_ONE) if by_price is false; else all of it below the
 *  marginal price, `ratio` at it, nothing above. */
struct dp_fill {
  bool by_price;
  int64_t marginal_nusd_per_mtok;
  uint64_t ratio;
};

struct dp_dealt {
  dp_i128 work_utok, spend_nusd, take_nusd;
};

/** Floor of part / whole in units of DP_FLOW_ONE; 1 when part ≥ whole. part ≥ 0, whole > 0. */
uint64_t dp_flow_ratio(dp_i128 part, dp_i128 whole);

/** The fill for so much work and money; never more than either. DP_NOMEM. */
enum dp_status dp_deal_fill(struct dp_ctx *ctx, const struct dp_capacity *all, dp_i128 work_utok, dp_i128 budget_nusd,
                            dp_time end_ns, struct dp_fill *out);

/** Owners buy from their own hosts what this fill leaves idle: self_dealing_ratio of what a host can do at most, and what
 *  its wallet pays. Before dp_deal. */
enum dp_status dp_deal_self(struct dp_ctx *ctx, const struct dp_fill *fill, dp_time end_ns, struct dp_dealt *out);

/** Deals: work, busy time and money of each host, whole numbers rounded down; the caller posts the money. Begins a new
 *  interval for every host. DP_INVARIANT when the sums of the stock are not those of the listings. */
enum dp_status dp_deal(struct dp_ctx *ctx, const struct dp_fill *fill, dp_time end_ns, struct dp_dealt *out);

#endif
