/* sim/ledger/exchange_priv.h — what the files of the model "ledger.exchange" share; nobody else includes it.
 * Layer: domain. Not collective. */
#ifndef DP_LEDGER_EXCHANGE_PRIV_H
#define DP_LEDGER_EXCHANGE_PRIV_H

#include "ledger/exchange.h"
#include "ledger/range.h"
#include "ledger/swap.h"

enum { DP_EXCHANGE_STATE, DP_EXCHANGE_DESK, DP_EXCHANGE_LIQUIDITY }; /* replicated tables */

/** Where a fleet keeps what the exchange needs of a host. */
struct dp__fleet_view {
  struct dp_view sell_ppb, usd_account;
};

/** `shared` of an instance: derived from the scenario, never changed after init. */
struct dp__exchange {
  const struct dp_instance *token;
  const struct dp_instance *network; /* NULL: none */
  const struct dp_instance *factor;  /* NULL: none */
  uint16_t asset;
  int64_t fee_ppm, buyback_ppb;
  dp_i128 outside_nusd_per_day;
  unsigned revenue_value, take_value;     /* of the network */
  struct dp_view rewarded, token_account; /* ledger.token share */
  struct dp_view provider;                /* hardware.node node */
  struct dp__fleet_view *fleets;          /* [instance_n] by fleet */
  uint32_t first_tranche_desk, treasury_desk, outside_desk; /* tranches have one each, in their order */
  double first_price_usd;
  dp_i128 first_token, first_usd; /* liquidity at the start */
  struct dp_position positions[DP_RANGE_POSITION_MAX]; /* CONCENTRATED, at the start; 0 is over all prices */
  size_t position_n;
  dp_i128 unit; /* CONDITIONAL: 10^(9 + decimals) */
  int64_t *path_ns;   /* [path_n] since the start, rising */
  dp_i128 *path_e18;  /* [path_n] 1e-18 USD for a token from then on */
  size_t path_n;
};

static inline struct dp_exchange_state *dp__exchange_state(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, DP_EXCHANGE_STATE), struct dp_exchange_state, 0);
}

/* ---- the pool (exchange_pool.c) ---- */

/** init: opens the pool's accounts and puts the first liquidity in. DP_SCENARIO, with a remedy, for what makes none. */
enum dp_status dp__pool_seed(struct dp_ctx *ctx, struct dp__exchange *s);

/** Fills a batch and moves the price; the postings are the caller's. */
enum dp_status dp__pool_fill(struct dp_ctx *ctx, const struct dp__exchange *s, struct dp_swap *batch);

/** What the pool holds, without what is being traded. */
struct dp_reserves dp__pool_reserves(const struct dp_ctx *ctx, const struct dp__exchange *s);

/** USD for a token now. */
double dp__pool_price_usd(const struct dp_ctx *ctx, const struct dp__exchange *s);

/** nano-USD of `token` base units at the price now, rounded down; false beyond 2^127. */
DP_MUST_CHECK bool dp__pool_value(const struct dp_ctx *ctx, const struct dp__exchange *s, dp_i128 token, dp_i128 *nusd);

/** How much moves the price: USD up 2 % (and what sellers get for moving it down 2 %), tokens down 10 %; NaN where a path
 *  is given. */
struct dp__depth {
  double up_usd, down_usd, tenth_token;
};
struct dp__depth dp__pool_depth(const struct dp_ctx *ctx, const struct dp__exchange *s);

/** Value of what the first liquidity is now, fees left out, over that of having kept it, less 1; NaN for a path. */
double dp__pool_impermanent_loss(const struct dp_ctx *ctx, const struct dp__exchange *s);

/* ---- a given path (exchange_path.c) ---- */

/** Reads path_csv, or path_d and path_usd. DP_SCENARIO, with a remedy, when there is no price at the start. */
enum dp_status dp__path_read(struct dp_ctx *ctx, struct dp__exchange *s);
dp_i128 dp__path_e18(const struct dp__exchange *s, dp_time now_ns);

/** Buyers and sellers trade with the world at the price of the path; buyers only as far as there are tokens. */
enum dp_status dp__path_fill(struct dp_ctx *ctx, const struct dp__exchange *s, struct dp_swap *batch);

/* ---- providers of liquidity (exchange_liquidity.c) ---- */

enum dp_status dp__liquidity_init(struct dp_ctx *ctx);

/** clear, before the trades: who wants to leave by the last price takes his part of both reserves. */
enum dp_status dp__liquidity_leave(struct dp_ctx *ctx, const struct dp__exchange *s);

/** Value of a share of the pool, fees included, over that of having kept what it was made of, less 1; NaN for a path. */
double dp__liquidity_return(const struct dp_ctx *ctx, const struct dp__exchange *s);

/* ---- days on which the pool is thin (exchange_thin.c) ---- */

#define DP_THIN_RATIO 0.05 /* a day's net trade over depth above which the price follows single days */

/** clear, after the trades: once a day (a settlement, when that is longer) sets what was sold less bought since, a day,
 *  against the depth. */
void dp__thin_look(const struct dp_ctx *ctx, const struct dp__exchange *s);

/** Tokens sold less bought by all since the start. */
dp_i128 dp__net_sold(const struct dp_ctx *ctx);

/* ---- desks (exchange_desk.c) ---- */

/** Σ over the desks of what is ordered now. */
void dp__desks_ordered(const struct dp_ctx *ctx, dp_i128 *usd_in, dp_i128 *token_in);

/** Everything that desks ordered enters the pool. */
enum dp_status dp__desks_take_in(struct dp_ctx *ctx);

/** Each desk gets its floored part of what all orders (hosts' included) brought; orders are 0 afterwards.
 *  @param all what was offered by all, and what they get for it. */
enum dp_status dp__desks_pay(struct dp_ctx *ctx, const struct dp_swap *all, uint16_t asset);

/** Sums over the desks of each role. */
struct dp__role_sum {
  dp_i128 spent_usd, bought_token, sold_token, earned_usd;
};
void dp__desks_sums(const struct dp_ctx *ctx, struct dp__role_sum sums[DP_DESK_ROLE_N]);

#endif
