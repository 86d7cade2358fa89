/* sim/books/books.h — double entry: assets, accounts of cells, replicated accounts, bridges, transfers, audit trail.
 * Layer: books. None of these calls is collective.
 *
 * One book per cell and one replicated book; each sums to zero by itself, in integers (USD in 1e-9, tokens in base
 * units). Money leaves a book only into its `bridge` account and enters another only out of that one's bridge; at a
 * settlement Σ bridges over all books = what is in flight. Every posting has a reason, which fixes the kinds of account
 * that it may move between; the journal keeps Σ amount by (book, reason, asset), so that `audit` can prove the balances
 * from the result file. Where ctx->cell is NULL a call works on the replicated book. */
#ifndef DP_BOOKS_BOOKS_H
#define DP_BOOKS_BOOKS_H

#include "model/sim.h"

/** Kinds of account: X(name, may be negative, what it holds). The first of each kind up to HOLDERS and asset is
 *  the book's own; the rest is opened. */
#define DP_ACCOUNT_KINDS(X)                                                                                          \
  X(EXTERNAL, 1, "the world outside: what entered (negative) and left")                                              \
  X(BRIDGE, 1, "sent to other books (positive) or received from them (negative)")                                    \
  X(MINT, 1, "created (negative) minus destroyed")                                                                   \
  X(ESCROW, 0, "paid by customers for work that is not done yet")                                                    \
  X(PAYABLE, 0, "earned by hosts, due at the next settlement")                                                       \
  X(PROTOCOL, 0, "the protocol's take, on its way to the treasury")                                                  \
  X(REWARDS, 0, "emission that waits to be claimed")                                                                 \
  X(TREASURY, 0, "the protocol's own funds")                                                                         \
  X(HOLDERS, 0, "what nobody below holds: the public, and each class of the allocation")                             \
  X(WALLET, 0, "a host's money")                                                                                     \
  X(LOCKED, 0, "allocated and not yet unlocked")                                                                     \
  X(POOL, 0, "liquidity of an exchange")                                                                             \
  X(VAULT, 0, "tokens that back credits")                                                                            \
  X(DUE, 0, "earned by a host, waits for its payout on a chain")                                                      \
  X(STAKE, 0, "bonded: collateral of hosts, what is delegated to them, and what is unbonding")

enum dp_account_kind {
#define DP_X(name, negative, doc) DP_ACCOUNT_##name,
  DP_ACCOUNT_KINDS(DP_X)
#undef DP_X
  DP_ACCOUNT_KIND_N
};

/** Reasons: X(name, from kind, to kind, what happened). */
#define DP_REASONS(X)                                                                                                \
  X(CUSTOMER_PAYMENT, EXTERNAL, ESCROW, "a customer pays for a request in advance")                                  \
  X(CUSTOMER_REFUND, ESCROW, EXTERNAL, "money back for work that was not done")                                      \
  X(WORK_SHARE, ESCROW, PAYABLE, "the host's share of a completed request")                                          \
  X(PROTOCOL_TAKE, ESCROW, PROTOCOL, "the protocol's share of a completed request")                                  \
  X(PAYOUT, PAYABLE, WALLET, "payout to a host at the settlement")                                                   \
  X(OWNER_CAPITAL, EXTERNAL, WALLET, "a host's owner pays in")                                                       \
  X(ELECTRICITY, WALLET, EXTERNAL, "a host pays its electricity bill")                                               \
  X(OPERATING_COST, WALLET, EXTERNAL, "a host pays what it costs besides electricity")                               \
  X(OWNER_WITHDRAWAL, WALLET, EXTERNAL, "the owner of a host that leaves takes what is in its wallet")               \
  X(DEPARTED_TOKENS, WALLET, HOLDERS, "the tokens of a host that leaves go to the public of its cell")               \
  X(ESCROW_OUT, ESCROW, BRIDGE, "escrow moves to the cell that serves")                                              \
  X(ESCROW_IN, BRIDGE, ESCROW, "escrow arrives with a request or comes back")                                        \
  X(TAKE_OUT, PROTOCOL, BRIDGE, "the take leaves the cells")                                                         \
  X(TAKE_IN, BRIDGE, TREASURY, "the take reaches the treasury")                                                      \
  X(GENESIS, MINT, HOLDERS, "the supply at the start")                                                               \
  X(EMISSION, MINT, REWARDS, "tokens minted for work")                                                               \
  X(REWARD_OUT, REWARDS, BRIDGE, "rewards leave for the cells")                                                      \
  X(REWARD_IN, BRIDGE, WALLET, "a host takes its reward")                                                            \
  X(REWARD_REST, BRIDGE, TREASURY, "what flooring left over")                                                        \
  X(WALLET_OUT, WALLET, BRIDGE, "a wallet sends to another cell")                                                    \
  X(WALLET_IN, BRIDGE, WALLET, "a wallet receives from another cell")                                                \
  X(ALLOCATION, HOLDERS, LOCKED, "a tranche of the supply at the start")                                             \
  X(UNLOCK, LOCKED, HOLDERS, "a tranche unlocks")                                                                    \
  X(BURN, TREASURY, MINT, "the protocol burns tokens")                                                               \
  X(CREDIT_MONEY, TREASURY, TREASURY, "the part of the take that is paid through credits")                           \
  X(CREDIT_FEE, TREASURY, TREASURY, "a fee in tokens for credits")                                                   \
  X(CREDIT_ISSUE, MINT, HOLDERS, "credits for burned tokens")                                                        \
  X(CREDIT_SPREAD, MINT, TREASURY, "credits that the vault keeps")                                                   \
  X(CREDIT_USE, HOLDERS, MINT, "credits pay for work")                                                               \
  X(VAULT_SEED, HOLDERS, VAULT, "public tokens back credits from the start")                                         \
  X(VAULT_IN, TREASURY, VAULT, "bought tokens back the credits issued for them")                                     \
  X(VAULT_OUT, VAULT, REWARDS, "tokens for hosts whose work was paid in credits")                                    \
  X(VAULT_SHORT, MINT, REWARDS, "the same, minted because the vault is empty")                                       \
  X(LIQUIDITY_USD, EXTERNAL, POOL, "outside money seeds an exchange")                                                \
  X(LIQUIDITY_TOKEN, HOLDERS, POOL, "tokens seed an exchange")                                                       \
  X(BUYER_MONEY, EXTERNAL, HOLDERS, "outside money that comes to buy tokens")                                        \
  X(HOLDER_TRADE_IN, HOLDERS, POOL, "holders give to the exchange")                                                  \
  X(HOLDER_TRADE_OUT, POOL, HOLDERS, "holders get from the exchange")                                                \
  X(HOLDER_CASH, HOLDERS, EXTERNAL, "holders take money out of the market")                                          \
  X(HOLDER_SHARE, HOLDERS, HOLDERS, "tokens change hands among holders, outside of the exchange")                     \
  X(LIQUIDITY_OUT, POOL, HOLDERS, "a liquidity provider withdraws")                                                  \
  X(BUYBACK_IN, TREASURY, POOL, "the protocol buys its token")                                                       \
  X(BUYBACK_OUT, POOL, TREASURY, "what it gets")                                                                     \
  X(SALE_OUT, WALLET, BRIDGE, "a host's tokens leave for the exchange")                                              \
  X(SALE_IN, BRIDGE, POOL, "hosts' tokens reach the exchange")                                                       \
  X(PROCEEDS_OUT, POOL, BRIDGE, "what hosts' tokens brought leaves for the cells")                                   \
  X(PROCEEDS_IN, BRIDGE, WALLET, "a host gets its proceeds")                                                         \
  X(PROCEEDS_REST, BRIDGE, POOL, "what flooring left over")                                                          \
  X(PAYOUT_DUE, PAYABLE, DUE, "what a host has earned waits for its chain")                                          \
  X(PAYOUT_LANDED, DUE, WALLET, "a payout has landed on the chain")                                                  \
  X(PAYOUT_LEFT, DUE, EXTERNAL, "the last payout of a host that has left goes to its owner")                         \
  X(CHAIN_FEE, WALLET, EXTERNAL, "a host pays the chain's fee for its payout")                                       \
  X(CHAIN_FEE_PROTOCOL, TREASURY, EXTERNAL, "the protocol pays the chain's fees for payouts")                        \
  X(CHAIN_MOVE, TREASURY, EXTERNAL, "the protocol moves to another chain")                                           \
  X(REWARD_DELEGATED, REWARDS, HOLDERS, "delegators' part of the emission")                                          \
  X(REWARD_HELD, BRIDGE, LOCKED, "the part of a reward that is held back")                                           \
  X(HELD_OUT, LOCKED, WALLET, "a held reward is released")                                                           \
  X(HELD_LEFT, LOCKED, HOLDERS, "held rewards of a host that is gone go to the public of its cell")                  \
  X(HELD_FORFEIT, LOCKED, BRIDGE, "held rewards are forfeited by a host that leaves")                                \
  X(STAKE_MONEY, EXTERNAL, HOLDERS, "owners' money that comes to buy collateral")                                    \
  X(STAKE_OUT, HOLDERS, BRIDGE, "collateral leaves for the cells")                                                   \
  X(STAKE_IN, BRIDGE, STAKE, "a host bonds collateral")                                                              \
  X(STAKE_REST, BRIDGE, TREASURY, "collateral that flooring left over")                                              \
  X(DELEGATE, HOLDERS, STAKE, "holders delegate")                                                                    \
  X(UNBONDED, STAKE, HOLDERS, "bonded tokens are free again")                                                        \
  X(SLASH, STAKE, BRIDGE, "bonded tokens are slashed")                                                               \
  X(SLASH_BURN, BRIDGE, MINT, "slashed tokens are burned")                                                           \
  X(SLASH_KEPT, BRIDGE, TREASURY, "slashed tokens that the treasury keeps")                                         \
  X(GRANT, EXTERNAL, ESCROW, "a foundation pays for a customer's work")                                              \
  X(HOST_GRANT, EXTERNAL, WALLET, "a foundation's grant to a host")                                                  \
  X(REBATE, PROTOCOL, EXTERNAL, "the protocol gives customers a part of what they paid back")                        \
  X(SELF_DEALING, WALLET, ESCROW, "an owner buys work of his own host")                                              \
  X(SELF_DEALT, ESCROW, WALLET, "and gets it back, less the protocol's take")

enum dp_reason {
#define DP_X(name, from, to, doc) DP_REASON_##name,
  DP_REASONS(DP_X)
#undef DP_X
  DP_REASON_N
};

#define DP_USD 0           /* asset of every simulation */
#define DP_USD_DECIMALS 9  /* nano-USD */

struct dp_asset {
  const char *name; /* "USD", "AKT" */
  int decimals;
};

extern const struct dp_model dp_books_model; /* implicit; "books" */

/** Declares an asset; only in init_replicated (the same calls on every rank). */
enum dp_status dp_books_asset(struct dp_ctx *ctx, const char *name, int decimals, uint16_t *asset);
const struct dp_asset *dp_books_asset_at(const struct dp_sim *sim, uint16_t asset);

/** The book's own account of a kind: exists for the kinds before WALLET. */
uint32_t dp_books_own(const struct dp_ctx *ctx, enum dp_account_kind kind, uint16_t asset);

/** The replicated account of a kind that belongs to an instance: the book's own for the first of its model and for NULL,
 *  what it has opened with its index as the owner for later ones. */
uint32_t dp_books_of(const struct dp_ctx *ctx, const struct dp_instance *owner, enum dp_account_kind kind,
                     uint16_t asset);

/** Opens an account of `owner` with balance 0 in the book of ctx. */
enum dp_status dp_books_open(struct dp_ctx *ctx, enum dp_account_kind kind, uint16_t asset, dp_entity owner,
                             uint32_t *account);

/** Closes an opened account; its row is used again. DP_INVARIANT when it holds something, or is of a kind
 *  before WALLET. */
enum dp_status dp_books_close(struct dp_ctx *ctx, uint32_t account);

/** Moves `amount` ≥ 0. DP_INVARIANT, naming reason, account and amount, when the kinds do not fit the reason, the
 *  assets differ, an account that may not would go below zero, or 128 bits overflow.
 *  Moving 0 is legal and leaves no trace. */
enum dp_status dp_books_post(struct dp_ctx *ctx, enum dp_reason reason, uint32_t from, uint32_t to, dp_i128 amount);

/** Asset of an account. */
uint16_t dp_books_asset_of(const struct dp_ctx *ctx, uint32_t account);

/** Fetches an account into the cache while something else is done: for walks over many accounts, some accounts ahead. */
void dp_books_prefetch(const struct dp_ctx *ctx, uint32_t account);

/** Balance of an account. */
dp_i128 dp_books_balance(const struct dp_ctx *ctx, uint32_t account);

/** Row of "account" and "global_account"; written by the books alone. */
struct dp_account {
  dp_i128 balance;
  uint64_t owner; /* entity; 0 for the book itself */
  uint16_t asset;
  uint16_t kind;
};

/** Many postings for one reason between one account, the hub, and others: as so many calls of dp_books_post, but the
 *  balance of the hub and the journal change at the end. */
struct dp_books_run {
  struct dp_ctx *ctx;
  struct dp_table *accounts;
  dp_i128 sum;
  uint64_t n;
  enum dp_reason reason;
  uint32_t hub;
  uint16_t asset, kind; /* of the others */
  bool pays;            /* the hub does */
  bool bounded;         /* the others pay and may not go below zero */
};

/** @param pays the hub is the payer. DP_INVARIANT when its kind does not fit the reason. */
enum dp_status dp_books_run_begin(struct dp_ctx *ctx, enum dp_reason reason, uint32_t hub, bool pays,
                                  struct dp_books_run *run);
/** One posting by itself: what a run cannot take, or its error. */
enum dp_status dp_books_run_post(struct dp_books_run *run, uint32_t account, dp_i128 amount);
/** Moves 0 ≤ amount between the hub and `account`; errors as dp_books_post. Of 2^32 amounts below 2^94 the sum fits. */
static inline enum dp_status dp_books_run_add(struct dp_books_run *run, uint32_t account, dp_i128 amount) {
  if (amount == 0) return DP_OK;
  struct dp_account *a = (struct dp_account *)(void *)run->accounts->rows + account;
  dp_i128 balance;
  if (account >= run->accounts->row_n || a->kind != run->kind || a->asset != run->asset ||
      (dp_u128)amount >> 94 || /* or negative */
      (run->pays ? __builtin_add_overflow(a->balance, amount, &balance)
                 : __builtin_sub_overflow(a->balance, amount, &balance)) ||
      (run->bounded && balance < 0))
    return dp_books_run_post(run, account, amount);
  run->sum += amount;
  a->balance = balance;
  run->n++;
  return DP_OK;
}
enum dp_status dp_books_run_end(struct dp_books_run *run);
/** Fetches an account into the cache, some accounts ahead. */
static inline void dp_books_run_prefetch(const struct dp_books_run *run, uint32_t account) {
  const struct dp_table *t = run->accounts;
  if (account < t->row_n) __builtin_prefetch(t->rows + (size_t)account * t->decl->row_size, 1);
}

/** Sends `amount` to an account of another cell: payer → bridge now, bridge → payee there after the channel's delay. */
enum dp_status dp_books_transfer(struct dp_ctx *ctx, uint16_t asset, uint32_t from, uint32_t to_cell, uint32_t to,
                                 int64_t amount, uint16_t channel, dp_time arrive_ns);

/** Whole units of an asset as a double, for metrics and display. */
double dp_books_units(const struct dp_sim *sim, uint16_t asset, dp_i128 amount);

#endif
