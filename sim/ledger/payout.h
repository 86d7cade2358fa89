/* sim/ledger/payout.h — how a network pays its hosts on a chain: batches, what they cost, who pays that.
 * Layer: domain. Model "ledger.payout" (section "payouts"); README.md of this folder has the policy.
 *
 * What hosts of the network earn waits in accounts of their own (kind DUE) until a batch that holds it has landed. A batch
 * is decided in one `clear`, marked in `apply`, counted in the next `collect`, and steps through the blocks since it was
 * decided in the `clear` after that. */
#ifndef DP_LEDGER_PAYOUT_H
#define DP_LEDGER_PAYOUT_H

#include "ledger/chain.h"

enum dp_payout_payer { DP_PAYER_TREASURY, DP_PAYER_HOST };

struct dp_payout_config {
  struct dp_ref network, chain;
  int mode;                /* enum dp_chain_mode */
  int payer;               /* enum dp_payout_payer */
  int64_t per_tx_n;        /* MULTISEND: hosts in a transaction */
  int64_t every_n;         /* settlements between batches */
  double fee_ratio_most;   /* a batch waits until its fees are at most this part of it; 0: it does not wait */
  double wait_most_d;      /* … but no longer than this */
  double least_usd;        /* smaller dues wait */
  double claim_fee_ratio;  /* HOST: who claims when the fee is at most this part of his due */
  double tip_ratio;        /* bid over the mean of others */
  struct dp_ref move_to;
  double move_d;           /* day of the move; 0: by the rule */
  double move_fee_ratio;   /* fees over payouts above which it moves; 0: never */
  double move_after_d;     /* that they must stay above it */
  double move_usd;         /* what moving costs the treasury */
};

enum dp_payout_phase { DP_PAYOUT_IDLE, DP_PAYOUT_SENT, DP_PAYOUT_PENDING };

/** Row 0 of the replicated table "ledger.payout payout". `now_…`: of the settlement that clears. */
struct dp_payout_row {
  struct dp_chain_batch root, batch; /* root: MERKLE only */
  dp_i128 amount;        /* of the batch, nano-USD */
  dp_i128 fee_nusd;      /* since the start, both payers */
  dp_i128 batch_fee_nusd;
  dp_i128 paid_nusd;     /* landed since the start */
  dp_i128 left_nusd;     /* to owners of hosts that have left */
  dp_i128 coin_nusd;     /* when the batch was sent */
  dp_i128 now_fee_nusd, now_paid_nusd;
  int64_t host_n;        /* of the batch */
  int64_t sent_ns;       /* latest batch */
  int64_t batch_ns;      /* when the batch on its way was decided */
  int64_t since_n;       /* settlements since it was decided */
  int64_t over_ns;       /* fees have been above move_fee_ratio since; negative: they are not */
  int64_t now_transactions_n, now_dropped_n, now_tried_n, now_batches_n, now_short_n;
  uint32_t phase;        /* enum dp_payout_phase */
  uint16_t chain;        /* instance */
  uint16_t moved;
};

extern const struct dp_model dp_payout_model;

struct dp_payout_row *dp_payout_row_of(const struct dp_ctx *ctx, const struct dp_instance *payout);

/** chain's clear: a batch that was marked at the last settlement becomes transactions of the chain in ctx. */
enum dp_status dp__payout_begin(struct dp_ctx *ctx, const struct dp_instance *payout);

/** The network whose hosts it pays, and whose treasury. */
const struct dp_instance *dp__payout_network(const struct dp_instance *payout);

/** chain's clear: nano-USD for `fee` base units at the price at which the batch was sent. */
enum dp_status dp__payout_charge(struct dp_ctx *ctx, const struct dp_instance *payout, dp_i128 fee, dp_i128 *nusd);

#endif
