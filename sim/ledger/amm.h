/* sim/ledger/amm.h — automated market makers and bonding curves: constant product, concentrated liquidity,
 * stableswap in exact integers; LMSR, Bancor, impermanent loss in doubles. Layer: domain. Not collective, allocates
 * nothing. Sources: Uniswap/v2-periphery UniswapV2Library.sol, Uniswap/v3-core SqrtPriceMath.sol and SwapMath.sol,
 * curvefi/curve-contract pool-templates StableSwap.vy, Hanson 2003 (LMSR), Bancor white paper. A price of
 * concentrated liquidity is that of token 0 in token 1; its root is Q64.96: √P · 2^96 below 2^160. */
#ifndef DP_LEDGER_AMM_H
#define DP_LEDGER_AMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/wide.h"

/* ---- constant product, fee 0.3 % (amm.c) ---- */

/** ⌊in · 997 · reserve_out / (reserve_in · 1000 + in · 997)⌋. Errors: DP_RANGE for an amount or a reserve of 0 and for
 *  products beyond 256 bits. */
enum dp_status dp_amm_v2_out(struct dp_u256 in, struct dp_u256 reserve_in, struct dp_u256 reserve_out,
                             struct dp_u256 *out, struct dp_err *err);

/** What must go in so that `out` comes out: ⌊reserve_in · out · 1000 / ((reserve_out − out) · 997)⌋ + 1. Errors as
 *  above, and when the pool does not hold more than `out`. */
enum dp_status dp_amm_v2_in(struct dp_u256 out, struct dp_u256 reserve_in, struct dp_u256 reserve_out,
                            struct dp_u256 *in, struct dp_err *err);

/* ---- concentrated liquidity (amm_v3.c) ---- */

/** Root of the price after `amount` of token 0 or 1 went into the pool or came out of it, without fee; rounded in the
 *  pool's favour. Errors: DP_RANGE for a liquidity of 0 or above 2^128 − 1, a root of 0 or above 2^160 − 1 (before or
 *  after), a token other than 0 and 1, or more taken out than there is. */
enum dp_status dp_amm_v3_next_sqrt_price(struct dp_u256 sqrt_x96, struct dp_u256 liquidity, struct dp_u256 amount,
                                         int token, bool into_pool, struct dp_u256 *next_x96, struct dp_err *err);

/** Token 0 between two prices: L (1/√a − 1/√b), and token 1: L (√b − √a); the order of the roots is free. Errors as
 *  above. */
enum dp_status dp_amm_v3_amount0(struct dp_u256 sqrt_a_x96, struct dp_u256 sqrt_b_x96, struct dp_u256 liquidity,
                                 bool round_up, struct dp_u256 *amount, struct dp_err *err);
enum dp_status dp_amm_v3_amount1(struct dp_u256 sqrt_a_x96, struct dp_u256 sqrt_b_x96, struct dp_u256 liquidity,
                                 bool round_up, struct dp_u256 *amount, struct dp_err *err);

/** What a position of liquidity L in [low, high] holds at price P (doubles; all prices > 0, low < high). */
void dp_amm_v3_position(double price, double low, double high, double liquidity, double *amount0, double *amount1);

/* ---- stableswap (amm.c) ---- */

#define DP_AMM_COINS_MAX 8

/** What `in` of coin i buys of coin j, both from 0; Ann = A · n; a fee of 10^7 / 10^10 (0.1 %), floored, is kept.
 *  Errors: DP_RANGE for A outside [1, 10^6], n outside [2, 8], an empty balance, i = j, products beyond 256 bits. */
enum dp_status dp_amm_stableswap_out(int64_t amplification, const struct dp_u256 *balances, size_t n, size_t i,
                                     size_t j, struct dp_u256 in, struct dp_u256 *out, struct dp_err *err);

/* ---- curves in doubles (amm.c) ---- */

/** Loss of a constant-product position against holding when the price is `ratio` ≥ 0 times the first: 2 √r / (1 + r)
 *  − 1. */
double dp_amm_impermanent_loss(double ratio);

/** Cost b ln Σ e^(q/b) of a market with shares q, and the price of outcome i (from 0). b > 0, n ≥ 1. */
double dp_amm_lmsr_cost(double b, const double *q, size_t n);
double dp_amm_lmsr_price(double b, const double *q, size_t n, size_t i);

/** Tokens minted by a deposit d ≥ 0 on a curve with supply S, reserve R > 0, weight w: S ((1 + d/R)^w − 1). */
double dp_amm_bancor_mint(double supply, double reserve, double weight, double deposit);

#endif
