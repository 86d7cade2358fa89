/* sim/ledger/exchange.h — where a token's price is made: a pool that fills all orders of a settlement at one price.
 * Layer: domain. Model "ledger.exchange" (section "exchanges"); README.md of this folder has the mechanism.
 *
 * Two kinds of participants hand in orders: hosts, who live in cells (a part of what they earned: provider.fleet
 * sell_ratio), and *desks*, which live in the replicated book: the classes of the allocation, the treasury, outside
 * buyers, and whatever joins (traders, a cohort of customers, a credit that burns tokens). A desk is two accounts; what it
 * orders leaves them and what it gets reaches them when the exchange clears. Nobody sells what he does not hold or buys
 * beyond his cash, everything fills at one price, and only sums enter it, so that the order of orders cannot matter. */
#ifndef DP_LEDGER_EXCHANGE_H
#define DP_LEDGER_EXCHANGE_H

#include "books/books.h"
#include "model/sim.h"

extern const struct dp_model dp_exchange_model;

/** What makes the price. */
enum dp_exchange_kind {
  DP_EXCHANGE_CONSTANT_PRODUCT,
  DP_EXCHANGE_CONCENTRATED, /* positions between ticks, and `tokens`, `usd` over all prices */
  DP_EXCHANGE_CONDITIONAL,  /* a given path: declared, and said in every output */
};

struct dp_exchange_config {
  int kind; /* enum dp_exchange_kind */
  struct dp_ref token;
  double tokens; /* liquidity at the start, from the public holders … */
  double usd;    /* … and from outside */
  double fee_ratio;
  double outside_usd_per_day;     /* outside money that buys and holds … */
  double outside_until_d;         /* … until then; 0: always … */
  struct dp_ref factor;           /* … times this tide (ledger.factor) */
  struct dp_part_refs positions;  /* CONCENTRATED: ledger.position */
  struct dp_part_refs providers;  /* ledger.liquidity: who owns the pool and when he leaves; the rest stays for ever */
  const char *path_csv;           /* CONDITIONAL: columns date, price_usd; or … */
  struct dp_numbers path_d, path_usd; /* … days since the start and prices from then on */
};

/** Part "ledger.position": more liquidity between two prices. */
struct dp_exchange_position {
  double lower_usd, upper_usd; /* for a token; each goes to the tick below it */
  double tokens, usd;          /* at most; what the first price does not need is not taken */
};

/** Part "ledger.liquidity": a provider of liquidity. */
struct dp_exchange_provider {
  const char *name;
  double share_ratio;      /* of the pool at the start */
  double leave_day;        /* leaves then; 0: not by date */
  double leave_fall_ratio; /* leaves when the price has fallen by so much from the first; 0: not for that */
  bool leave_when_losing;  /* leaves when fees do not make up for the impermanent loss … */
  double patience_d;       /* … but not before */
};

/** The least part of a pool that no provider may own, so that it always has a price. */
#define DP_EXCHANGE_LOCKED_RATIO 1e-3

extern const struct dp_schema dp_exchange_position_schema, dp_exchange_provider_schema;

/** Row of the replicated table "ledger.exchange liquidity", in the order of `providers`. */
struct dp_exchange_share {
  dp_i128 shares;              /* 0: has left */
  dp_i128 token_out, usd_out;  /* what he took */
  int64_t left_ns;             /* −1: still there */
  uint32_t token_account, usd_account;
};

/** Row of table "ledger.exchange order": follows hardware.node.node. */
struct dp_order {
  dp_i128 offered;     /* base units, so far */
  dp_i128 offered_now; /* of the settlement that is being cleared; 0 between settlements */
};

/* ---- desks: participants of the replicated book ---- */

/** Who trades at a desk; sums are kept by role. */
enum dp_desk_role {
  DP_DESK_INSIDERS, /* classes of the allocation */
  DP_DESK_TREASURY, /* buy-back */
  DP_DESK_OUTSIDE,  /* outside money that buys and holds */
  DP_DESK_TRADERS,
  DP_DESK_RETAIL,
  DP_DESK_CREDITS, /* customers' money that becomes burned tokens */
  DP_DESK_STAKERS, /* owners who buy collateral, delegators who sell rewards */
  DP_DESK_ROLE_N
};

/** Row of the replicated table "ledger.exchange desk". Tokens in base units, USD in 1e-9. */
struct dp_desk {
  dp_i128 usd_in, token_in;             /* ordered, not yet cleared; 0 between settlements */
  dp_i128 usd_out, token_out;           /* what the last settlement brought */
  dp_i128 spent_usd, bought_token;      /* since the start */
  dp_i128 sold_token, earned_usd;       /* since the start */
  uint32_t usd_account, token_account;  /* of the replicated book */
  uint16_t in_reason, out_reason;       /* enum dp_reason of postings account → POOL and back */
  uint16_t role;                        /* enum dp_desk_role */
  uint16_t burns;                       /* 1: what is bought goes token_account → MINT at once (DP_REASON_BURN) */
};

/** Opens a desk for accounts that exist; in init_replicated of any model, or in a clear.
 *  @param desk usd_account, token_account (both of one kind), in_reason, out_reason (HOLDER_TRADE_IN and _OUT for HOLDERS
 *  accounts, BUYBACK_IN and _OUT for TREASURY accounts), role, burns; the rest is ignored.
 *  @param row set to its number, which stays valid. */
enum dp_status dp_exchange_join(struct dp_ctx *ctx, const struct dp_instance *exchange, const struct dp_desk *desk,
                                uint32_t *row);

/** clear of a model that comes before ledger.exchange in the registry: offers `usd_in` ≥ 0 to buy with and `token_in` ≥ 0
 *  for sale, at whatever price the settlement makes; adds to what the desk has ordered. The fill is in dp_exchange_desk
 *  and in the accounts when the exchange has cleared, so the caller sees it at its next clear.
 *  DP_INVARIANT when the accounts do not hold what is ordered. */
enum dp_status dp_exchange_order(struct dp_ctx *ctx, const struct dp_instance *exchange, uint32_t row, dp_i128 usd_in,
                                 dp_i128 token_in);

/** The desk; valid until the next one joins. */
const struct dp_desk *dp_exchange_desk(const struct dp_ctx *ctx, const struct dp_instance *exchange, uint32_t row);

/** The exchange that trades `token`, or NULL; in init_replicated and later. */
const struct dp_instance *dp_exchange_of(const struct dp_instance *token);

/** USD for a token as the last settlement left it (before the first one: as the liquidity at the start makes it). In a
 *  clear before the exchange's that is the past; after it, the present. */
double dp_exchange_price_usd(const struct dp_ctx *ctx, const struct dp_instance *exchange);

/** USD that would move its price up 2 % now; NaN for a given path. */
double dp_exchange_depth_usd(const struct dp_ctx *ctx, const struct dp_instance *exchange);

/* ---- state ---- */

/** Row 0 of the replicated table "ledger.exchange exchange": sums since the start. Tokens in base units, USD in 1e-9. */
struct dp_exchange_state {
  dp_i128 host_token, host_usd;        /* sold by hosts; paid to the cells for it */
  dp_i128 pending_usd;                 /* of it, by the last settlement */
  dp_i128 outside_base, outside_usd;   /* outside money by the schedule; times the tide, that has come to buy */
  dp_i128 fee_usd, fee_token;          /* kept by the pool */
  dp_i128 shares;                      /* of the pool, in billionths of its first size */
  dp_i128 liquidity_in_usd, liquidity_out_usd; /* brought by providers; taken out by them */
  dp_i128 emission_seen;               /* base units minted, of which the value has been taken */
  dp_i128 emission_nusd;               /* emission, each settlement's at the price that the settlement left */
  dp_i128 revenue_nusd;                /* outside money paid for delivered work in the token's network */
  dp_i128 window_emission_nusd, window_revenue_nusd; /* of the last settlement */
  dp_i128 day_net_token;               /* sold less bought up to the last look at a day's trade */
  dp_time day_ns;                      /* its time */
  int64_t thin_day_n;                  /* days on which it was above DP_THIN_RATIO of the depth */
  double day_most_ratio;               /* the largest */
  double price_usd;                    /* that the last settlement left */
  uint64_t root_x96[3];                /* CONCENTRATED: root of the price, Q64.96, lowest word first */
  uint32_t token_account, usd_account; /* the pool's */
};

#endif
