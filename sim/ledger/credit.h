/* sim/ledger/credit.h — burn and mint: customers pay fixed-USD credits, and the token is bought and burned for them.
 * Layer: domain. Model "ledger.credit" (section "credits"); README.md of this folder has the mechanism.
 *
 * A part of the network's take buys the token on its exchange, in the settlement's batch and at its price; at the next
 * settlement what was bought is burned (or set aside in a vault) and credits are issued for it at the oracle's price: that of
 * the exchange's feed (ledger/feed.h), else the exchange's own. */
#ifndef DP_LEDGER_CREDIT_H
#define DP_LEDGER_CREDIT_H

#include "model/sim.h"

extern const struct dp_model dp_credit_model;

enum dp_credit_kind {
  DP_CREDIT_BURN,  /* tokens are burned, less a fee; hosts live on the emission (Helium, Render) */
  DP_CREDIT_VAULT, /* tokens back the credits; used credits pay hosts in tokens (Akash ACT, AEP-76) */
};

/** Configuration; the instance's name is the credit's ("DC", "ACT"). */
struct dp_credit_config {
  struct dp_ref token;
  int kind;            /* enum dp_credit_kind */
  double credit_ratio; /* of the network's take, paid through the token */
  double credit_usd;   /* what a credit is worth */
  int64_t credit_decimals;
  double fee_ratio;    /* BURN: of the tokens, to the treasury in place of the fire */
  double hold_d;       /* mean time from issue to use; 0: used at once */
  double spread_ratio; /* VAULT: of the credits, kept by the vault at issue */
  double vault_tokens; /* VAULT: in it at the start, from the public holders */
  double block_s;      /* VAULT: of the chain */
  double starts_d;     /* nothing is paid through the token before */
};

/** Row 0 of the replicated table "ledger.credit credit": sums since the start. Tokens in base units, USD in 1e-9, credits
 *  in their own units. */
struct dp_credit_state {
  dp_i128 set_aside;            /* USD of the take for the exchange */
  dp_i128 take_before;          /* USD of the take before it starts */
  dp_i128 burned, fee;          /* tokens */
  dp_i128 issued, spread, used; /* credits; issued includes the spread */
  dp_i128 vault_in, vault_out;  /* tokens */
  dp_i128 shortfall;            /* tokens minted because the vault was empty */
  dp_time next_issue_ns;        /* VAULT: not before */
  int64_t halted_n;             /* settlements at which the breaker let nothing be issued */
  double collateral_ratio;      /* VAULT: as the last settlement left it; 1 while there are no credits */
  uint32_t usd_account, token_account, vault_account, pay_account;
  uint32_t desk, zero;
};

/** The credits of a token, or NULL. */
const struct dp_instance *dp_credit_of(const struct dp_sim *sim, const struct dp_instance *token);

/** Tokens that hosts are owed for used credits: the balance of `account`, of kind REWARDS, which the token's clear pays
 *  out by work. */
dp_i128 dp_credit_owed(const struct dp_ctx *ctx, const struct dp_instance *credit, uint32_t *account);

/** Tokens minted by it, and what lies in its accounts; 0 for NULL. */
dp_i128 dp_credit_shortfall(const struct dp_ctx *ctx, const struct dp_instance *credit);
dp_i128 dp_credit_held(const struct dp_ctx *ctx, const struct dp_instance *credit);

/* ---- its arithmetic ---- */

/** Credits for tokens at a price: ⌊tokens · price / (credit_usd · 10^decimals)⌋ in the credit's own units. */
struct dp_credit_unit {
  dp_u128 usd_1e15;        /* of one credit */
  int64_t scale;           /* 10^credit_decimals */
  int64_t token_scale;     /* 10^decimals of the token */
};

/** ⌊tokens · price / credit⌋; false when it does not fit. Amounts ≥ 0; the price in 1e-15 USD a token. */
DP_MUST_CHECK bool dp_credit_for_tokens(const struct dp_credit_unit *unit, dp_i128 tokens, dp_u128 price_1e15,
                                        dp_i128 *credits);
/** ⌊credits · credit / price⌋; false when it does not fit or the price is 0. */
DP_MUST_CHECK bool dp_credit_to_tokens(const struct dp_credit_unit *unit, dp_i128 credits, dp_u128 price_1e15,
                                       dp_i128 *tokens);

#endif
