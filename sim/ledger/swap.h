/* sim/ledger/swap.h — a batch of orders against a constant-product pool, filled at one price.
 * Layer: domain. Not collective, allocates nothing. README.md of this folder has the derivation. */
#ifndef DP_LEDGER_SWAP_H
#define DP_LEDGER_SWAP_H

#include "base/status.h"
#include "base/wide.h"

/** Reserves x (tokens) and y (USD), and a fee on what is offered, kept by the pool. Base units and nano-USD. */
struct dp_reserves {
  dp_i128 token, usd;
  int64_t fee_ppm;
};

/** What is offered in a batch, and what comes out for it. */
struct dp_swap {
  dp_i128 usd_in, token_in;   /* ≥ 0 */
  dp_i128 token_out, usd_out; /* for usd_in and for token_in */
  dp_i128 usd_back;           /* of usd_in, what nobody could sell for: 0 in a pool */
};

/** Fills the batch. With f the fee, b = usd_in (1 − f) and s = token_in (1 − f), everything trades at
 *  p = (y + b) / (x + s): token_out = ⌊b / p⌋, usd_out = ⌊s p⌋. The pool then holds x + token_in − token_out and
 *  y + usd_in − usd_out, whose product is not below x y. One-sided batches are Uniswap v2's formula.
 *  Errors: DP_INVARIANT for an empty pool or a negative amount, and for amounts beyond 2^120. */
enum dp_status dp_swap_fill(const struct dp_reserves *pool, struct dp_swap *batch, struct dp_err *err);

/** USD that moves the price up by `ratio` > 0: y (√(1 + ratio) − 1); tokens that move it down by `ratio` in (0, 1):
 *  x (1 / √(1 − ratio) − 1). Without the fee, in the unit of the argument. */
double dp_swap_depth_usd(double usd, double ratio);
double dp_swap_depth_token(double token, double ratio);

#endif
