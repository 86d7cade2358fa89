/* sim/ledger/chain.h — settlement chains: blocks whose load others make, fees by the chain's own rule, transactions that
 * compete by what they bid. Layer: domain. Model "ledger.chain" (section "chains"); README.md of this folder has the
 * equations.
 *
 * A chain is replicated. Its blocks have their own period; a settlement steps those that ended in it, one by one only
 * where something of ours waits or the state has a memory. What others put into block n is a function of n (and the
 * seed): nothing of it is kept. */
#ifndef DP_LEDGER_CHAIN_H
#define DP_LEDGER_CHAIN_H

#include "books/books.h"
#include "model/sim.h"

/** The rule that makes a fee. SIDECHAIN is Ethereum's rule on a chain of its own (Polygon); FILECOIN's differs in its
 *  floor. */
enum dp_chain_kind {
  DP_CHAIN_ETHEREUM, DP_CHAIN_SOLANA, DP_CHAIN_L2, DP_CHAIN_SIDECHAIN, DP_CHAIN_COSMOS, DP_CHAIN_FILECOIN,
  DP_CHAIN_KIND_N
};

struct dp_chain_config {
  int kind;              /* enum dp_chain_kind */
  double block_s;
  int64_t gas_limit;     /* of a block; compute units on SOLANA */
  double base_fee;       /* base units a gas: what a block of average load asks; COSMOS: the minimum; SOLANA: lamports a
                            signature */
  int64_t base_fee_least;
  double tip;            /* mean bid of others above it, base units a gas; SOLANA: micro-lamports a compute unit */
  int64_t coin_decimals;
  double coin_usd;
  const char *coin_csv;
  struct dp_numbers coin_d, coin_path_usd;
  const char *dated;     /* of these inputs */
  double load_ratio, elasticity, noise_ratio, spell_s, spell_deviation, burst_ratio, burst_factor;
  double blob_load_ratio;
  int64_t blob_target_n, blob_most_n, blob_fraction;
  struct dp_ref l1;      /* L2: whose data it uses; or none */
  double data_base_units_per_byte; /* L2 without l1 */
  int64_t data_gas_per_byte;       /* L2: of calldata on l1; 0: blobs */
  double blob_fill_ratio;
  double hot_load_ratio; /* SOLANA: demand for the account that payouts write, over account_limit */
  int64_t account_limit;
  double loss_ratio, retry_s, expiry_s;
  int64_t payout_gas, batch_gas, batch_each_gas, root_gas, claim_gas;
  int64_t payout_bytes, batch_each_bytes;
  int64_t probe_n;
  int64_t exact_blocks_n;
};

/** Row 0 of the replicated table "ledger.chain chain". */
struct dp_chain_state {
  dp_i128 delay_ns;    /* Σ over landed transactions */
  dp_i128 load_ppm;    /* Σ over blocks stepped: used over limit */
  int64_t block;       /* last one that ended */
  int64_t base_fee;    /* of the next block, base units a gas; COSMOS: micro base units */
  int64_t excess_blob_gas;
  int64_t landed_n, dropped_n, tried_n, stepped_n;
  int64_t used_gas;    /* of `block` */
};

/** Transactions of one sender that wait, all alike. Plain data: part of a row. Fees are in base units of the coin. */
struct dp_chain_batch {
  dp_i128 fee;          /* of those that have landed */
  dp_i128 delay_ns;     /* Σ over them */
  int64_t total_n, left_n;
  int64_t in_n;         /* of left_n, handed in to the chain */
  int64_t gas, bytes;
  int64_t tip, max_fee; /* bid and most, base units a gas */
  int64_t data_fee;     /* a transaction */
  int64_t from_ns;      /* handed in, mean of in_n */
  int64_t sent_block;   /* first block that may take them since they were last sent, mean of in_n */
  int64_t last_ns;      /* when the latest one landed */
  int64_t dropped_n, tried_n;
};

extern const struct dp_model dp_chain_model;

/* ---- chain_fee.c: what a transaction costs, as functions of numbers; chain_load.c needs no state for it ---- */

/** Gas, compute units and bytes of the transactions that pay `host_n` hosts. */
enum dp_chain_mode { DP_CHAIN_PUSH, DP_CHAIN_MULTISEND, DP_CHAIN_MERKLE };
struct dp_chain_need {
  int64_t transaction_n, gas, bytes; /* gas and bytes of one */
};
/** @param per_tx hosts in one multi-send, ≥ 1. MERKLE: one claim a host; the root comes on top. */
struct dp_chain_need dp_chain_need(const struct dp_chain_config *config, int mode, int64_t per_tx, int64_t host_n);

/** Fee of one transaction in base units: kind's rule at `base_fee` (as in the state), `tip`, and, on L2, `data_fee`.
 *  DP_RANGE beyond 63 bits. */
enum dp_status dp_chain_fee(const struct dp_chain_config *config, int64_t base_fee, int64_t tip, int64_t gas,
                            int64_t data_fee, int64_t *fee, struct dp_err *err);

/** ⌈fee · price / 10^decimals⌉ nano-USD; false beyond 127 bits. */
DP_MUST_CHECK bool dp_chain_nusd(dp_i128 fee, dp_i128 coin_nusd, int64_t decimals, dp_i128 *nusd);

/** Days between payouts at which fees are `ratio` of what is paid: fee / (ratio · income a day). Infinite without
 *  income. */
double dp_chain_breakeven_d(double fee_usd, double income_usd_per_day, double ratio);

/** Transmissions of one transaction until one lands when each is dropped with probability `drop` < 1, and its mean
 *  delay when it is sent again every `retry_s`. */
double dp_chain_attempts(double drop);
double dp_chain_retry_delay_s(double drop, double retry_s);

/* ---- the running chain ---- */

const struct dp_chain_state *dp_chain_state_of(const struct dp_ctx *ctx, const struct dp_instance *chain);

/** nano-USD of a coin now. */
dp_i128 dp_chain_coin_nusd(const struct dp_ctx *ctx, const struct dp_instance *chain);

/** nano-USD of a transaction of so much gas and so many bytes that bids `tip_ratio` times the mean, if it is taken now;
 *  `most`: if it is taken at the highest fee that it allows. DP_INVARIANT beyond 127 bits. */
enum dp_status dp_chain_quote(struct dp_ctx *ctx, const struct dp_instance *chain, int64_t gas, int64_t bytes,
                              double tip_ratio, dp_i128 *now_nusd, dp_i128 *most_nusd);

#endif
