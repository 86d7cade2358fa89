/* sim/ledger/range.h — a whole pool of concentrated liquidity: ticks, positions as segments, and a batch of orders that is
 * filled at one price by moving through them. Layer: domain. Not collective, allocates nothing.
 *
 * Token 0 is the token, token 1 the USD, as in amm.h: the price is nano-USD for a base unit, its root Q64.96. */
#ifndef DP_LEDGER_RANGE_H
#define DP_LEDGER_RANGE_H

#include "ledger/amm.h"
#include "ledger/swap.h"

#define DP_TICK_MAX 887272 /* √(1.0001^tick) then still fits Q64.96 */

/** √(1.0001^tick) in Q64.96, as Uniswap/v3-core TickMath.getSqrtRatioAtTick. |tick| ≤ DP_TICK_MAX. */
struct dp_u256 dp_tick_root(int32_t tick);

/** The largest tick whose root is at most `root_x96`; −DP_TICK_MAX when all are above it. */
int32_t dp_tick_at(struct dp_u256 root_x96);

#define DP_RANGE_POSITION_MAX 17
#define DP_RANGE_EDGE_MAX (2 * DP_RANGE_POSITION_MAX)

/** Liquidity over prices: segment i reaches from edge[i] to edge[i + 1]. */
struct dp_range {
  size_t edge_n; /* ≥ 2, rising strictly */
  struct dp_u256 edge[DP_RANGE_EDGE_MAX];
  dp_u128 liquidity[DP_RANGE_EDGE_MAX]; /* [edge_n − 1] */
};

/** A position: liquidity between two ticks. */
struct dp_position {
  int32_t lower, upper; /* lower < upper */
  dp_u128 liquidity;
};

/** Liquidity that `token` base units and `usd` nano-USD give between two ticks at this root, as v3-periphery's
 *  LiquidityAmounts: of a side that the price does not need nothing is taken. @return false when it passes 2^127. */
DP_MUST_CHECK bool dp_position_liquidity(struct dp_u256 root_x96, int32_t lower, int32_t upper, dp_i128 token,
                                         dp_i128 usd, dp_u128 *liquidity);

/** Joins `n` ≤ DP_RANGE_POSITION_MAX positions to a curve. */
void dp_range_make(const struct dp_position *positions, size_t n, struct dp_range *out);

/** What the curve holds between two roots: tokens and USD, rounded down, or up. @return false beyond 2^127. */
DP_MUST_CHECK bool dp_range_between(const struct dp_range *curve, struct dp_u256 low, struct dp_u256 high,
                                    bool round_up, dp_i128 *token, dp_i128 *usd);

/** Moves along the curve: `in` base units sold (token = 0) or nano-USD spent (1), without fee. What the last segment
 *  cannot take brings nothing. @param out what comes out @param root_x96 moved. */
enum dp_status dp_range_move(const struct dp_range *curve, int token, dp_i128 in, struct dp_u256 *root_x96,
                             dp_i128 *out, struct dp_err *err);

/** Fills a batch at one price p. With b and s the USD and tokens offered net of the fee, what buyers and sellers do not
 *  give each other moves along the curve at the average price p: with more for sale, q tokens bring out(q) USD and q is the
 *  largest with out(q) / q ≥ b / (s − q) = p. Sellers share b + out(q), buyers s − q; the other way round alike.
 *  @param root_x96 moved. Errors: DP_INVARIANT for negative amounts and beyond 2^120. */
enum dp_status dp_range_fill(const struct dp_range *curve, int64_t fee_ppm, struct dp_u256 *root_x96,
                             struct dp_swap *batch, struct dp_err *err);

#endif
