#include <config.h>

#include "ledger/credit.h"

#include <math.h>
#include <stdlib.h>

#include "books/books.h"
#include "ledger/akash.h"
#include "ledger/exchange.h"
#include "ledger/feed.h"
#include "ledger/token.h"

#define WARN_BPS 9500 /* akash-network/node x/bme: at or below, issues come at longer intervals … */
#define HALT_BPS 9000 /* … and here they stop */
#define PRICE_UNIT 1e15

/** `shared`: derived from the scenario, never changed after init. */
struct shared {
  const struct dp_instance *token, *exchange, *network;
  const struct dp_instance *feed; /* the oracle; NULL: the exchange itself */
  uint16_t token_asset, asset; /* the token's; the credits' own */
  unsigned take_value;         /* of the network */
  int64_t credit_ppb, fee_ppb, spread_bps;
  dp_time hold_ns, block_ns, starts_ns;
  struct dp_credit_unit unit;
};

enum { STATE_TABLE };
enum { VALUE_ISSUED, VALUE_BURNED };
enum {
  METRIC_USD, METRIC_WAITING, METRIC_ISSUED, METRIC_USED, METRIC_OUTSTANDING, METRIC_BOUGHT, METRIC_BURNED, METRIC_FEE,
  METRIC_VAULT, METRIC_PAID, METRIC_SHORTFALL, METRIC_NET_SUPPLY, METRIC_COLLATERAL, METRIC_HALTED, METRIC_UNUSED
};

static struct dp_credit_state *state_at(const struct dp_ctx *ctx, const struct dp_instance *credit) {
  return DP_ROW(&ctx->engine->globals[credit->first_global_table + STATE_TABLE], struct dp_credit_state, 0);
}
static struct dp_credit_state *state_of(const struct dp_ctx *ctx) { return state_at(ctx, ctx->self); }

const struct dp_instance *dp_credit_of(const struct dp_sim *sim, const struct dp_instance *token) {
  for (const struct dp_instance *i = dp_sim_first(sim, "ledger.credit"); i; i = dp_sim_next(i))
    if (((const struct dp_credit_config *)i->config)->token.instance == token->index) return i;
  return NULL;
}

dp_i128 dp_credit_owed(const struct dp_ctx *ctx, const struct dp_instance *credit, uint32_t *account) {
  *account = state_at(ctx, credit)->pay_account;
  return dp_books_balance(ctx, *account);
}

dp_i128 dp_credit_shortfall(const struct dp_ctx *ctx, const struct dp_instance *credit) {
  return credit ? state_at(ctx, credit)->shortfall : 0;
}

dp_i128 dp_credit_held(const struct dp_ctx *ctx, const struct dp_instance *credit) {
  if (!credit) return 0;
  const struct dp_credit_state *state = state_at(ctx, credit);
  return dp_books_balance(ctx, state->token_account) + dp_books_balance(ctx, state->vault_account) +
         dp_books_balance(ctx, state->pay_account);
}

/* ---- init ---- */

static enum dp_status check_place(struct dp_ctx *ctx, const struct shared *s) {
  const struct dp_credit_config *config = ctx->self->config;
  const double buyback = ((const struct dp_token_config *)s->token->config)->buyback_ratio;
  const char *name = ctx->self->name;
  if (dp_credit_of(dp_ctx_sim(ctx), s->token) != ctx->self)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.credit: %s: %s has credits already (one kind a token)", name,
                   s->token->name);
  if (!s->exchange)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.credit: %s buys %s, which has no exchange (add one to exchanges)", name,
                   s->token->name);
  if (!s->network)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.credit: %s: %s serves no network, so that nobody pays (add one to "
                   "networks)", name, s->token->name);
  if (config->credit_ratio + buyback > 1)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.credit: %s: credit_ratio = %g and the buyback_ratio = %g of %s spend "
                   "more than the take (together at most 1)", name, config->credit_ratio, buyback, s->token->name);
  return DP_OK;
}

static void make_shared(const struct dp_credit_config *config, struct shared *s) {
  s->credit_ppb = dp_token_ppb(config->credit_ratio);
  s->fee_ppb = dp_token_ppb(config->fee_ratio);
  s->spread_bps = llround(config->spread_ratio * 1e4);
  s->hold_ns = (dp_time)llround(config->hold_d * (double)DP_DAY);
  s->block_ns = (dp_time)llround(config->block_s * 1e9);
  s->starts_ns = (dp_time)llround(config->starts_d * (double)DP_DAY);
  s->unit = (struct dp_credit_unit){(dp_u128)llround(config->credit_usd * PRICE_UNIT), 1, 1};
  for (int64_t i = 0; i < config->credit_decimals; i++) s->unit.scale *= 10;
  for (int64_t i = 0; i < ((const struct dp_token_config *)s->token->config)->decimals; i++) s->unit.token_scale *= 10;
}

static enum dp_status open_accounts(struct dp_ctx *ctx, const struct shared *s, struct dp_credit_state *state) {
  const dp_entity owner = ctx->self->index;
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_TREASURY, DP_USD, owner, &state->usd_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_TREASURY, s->token_asset, owner, &state->token_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_VAULT, s->token_asset, owner, &state->vault_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_REWARDS, s->token_asset, owner, &state->pay_account));
  const struct dp_desk desk = {.usd_account = state->usd_account, .token_account = state->token_account,
                               .in_reason = DP_REASON_BUYBACK_IN, .out_reason = DP_REASON_BUYBACK_OUT,
                               .role = DP_DESK_CREDITS};
  return dp_exchange_join(ctx, s->exchange, &desk, &state->desk);
}

static enum dp_status seed_vault(struct dp_ctx *ctx, const struct shared *s, struct dp_credit_state *state) {
  const struct dp_credit_config *config = ctx->self->config;
  const uint32_t holders = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->token_asset);
  dp_i128 tokens;
  if (!dp_token_base_units(config->vault_tokens, ((const struct dp_token_config *)s->token->config)->decimals, &tokens) ||
      tokens > dp_books_balance(ctx, holders))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.credit: %s: vault_tokens = %g, and only %g %s are in nobody's tranche "
                   "(make the vault smaller)", ctx->self->name, config->vault_tokens,
                   dp_books_units(dp_ctx_sim(ctx), s->token_asset, dp_books_balance(ctx, holders)), s->token->name);
  state->vault_in = tokens;
  return dp_books_post(ctx, DP_REASON_VAULT_SEED, holders, state->vault_account, tokens);
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_credit_config *config = ctx->self->config;
  struct shared *s = calloc(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "credits");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  s->token = dp_sim_instance(dp_ctx_sim(ctx), config->token.instance);
  s->token_asset = dp_token_asset(s->token);
  s->exchange = dp_exchange_of(s->token);
  s->network = dp_token_network(s->token);
  DP_TRY(check_place(ctx, s));
  s->feed = dp_feed_of(s->exchange);
  make_shared(config, s);
  DP_TRY(dp_value_find(s->network, "take_nusd", &s->take_value, ctx->err));
  DP_TRY(dp_books_asset(ctx, ctx->self->name, (int)config->credit_decimals, &s->asset));
  DP_TRY(dp_table_add(dp_own_global(ctx, STATE_TABLE), &row, ctx->err));
  state_of(ctx)->collateral_ratio = 1;
  DP_TRY(open_accounts(ctx, s, state_of(ctx)));
  return seed_vault(ctx, s, state_of(ctx));
}

/* ---- a settlement ---- */

static enum dp_status too_large(struct dp_ctx *ctx) {
  return dp_fail(ctx->err, DP_INVARIANT, "ledger.credit: an amount of %s passes 2^120", ctx->self->name);
}

/* Credits in being, those of the vault's spread included. */
static dp_i128 outstanding(const struct dp_ctx *ctx, const struct shared *s) {
  return -dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset));
}

/* What is in the vault, as credits at the price. */
static enum dp_status vault_worth(struct dp_ctx *ctx, const struct shared *s, dp_u128 price, dp_i128 *credits) {
  const dp_i128 tokens = dp_books_balance(ctx, state_of(ctx)->vault_account);
  return dp_credit_for_tokens(&s->unit, tokens, price, credits) ? DP_OK : too_large(ctx);
}

/* Whether credits may be issued now: x/bme's circuit breaker by the vault's value over the credits in being. */
static enum dp_status breaker(struct dp_ctx *ctx, const struct shared *s, dp_u128 price, bool *issuing, int64_t *blocks) {
  struct dp_credit_state *state = state_of(ctx);
  const dp_i128 owed = outstanding(ctx, s);
  dp_i128 worth, bps;
  *issuing = true;
  *blocks = dp_akash_bme_backoff_blocks(WARN_BPS);
  if (owed == 0) return DP_OK;
  DP_TRY(vault_worth(ctx, s, price, &worth));
  if (!dp_i128_mul_div(worth, 10000, owed, DP_ROUND_DOWN, &bps)) return too_large(ctx);
  if (bps < WARN_BPS) *blocks = dp_akash_bme_backoff_blocks((int64_t)bps);
  *issuing = bps > HALT_BPS && ctx->now_ns >= state->next_issue_ns;
  if (bps <= HALT_BPS) state->halted_n++;
  return DP_OK;
}

/* What backs the credits that stay in being until the next settlement. Between use and issue there are fewer, by the
 * settlement's length over `hold`: the breaker sees those, a measure must not. */
static enum dp_status note_collateral(struct dp_ctx *ctx, const struct shared *s, dp_u128 price) {
  const dp_i128 owed = outstanding(ctx, s);
  dp_i128 worth;
  state_of(ctx)->collateral_ratio = 1;
  if (owed == 0 || ((const struct dp_credit_config *)ctx->self->config)->kind != DP_CREDIT_VAULT) return DP_OK;
  DP_TRY(vault_worth(ctx, s, price, &worth));
  state_of(ctx)->collateral_ratio = dp_i128_to_double(worth) / dp_i128_to_double(owed);
  return DP_OK;
}

static enum dp_status issue(struct dp_ctx *ctx, const struct shared *s, dp_i128 credits, dp_i128 spread) {
  struct dp_credit_state *state = state_of(ctx);
  const uint32_t mint = dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset);
  state->issued += credits;
  state->spread += spread;
  DP_TRY(dp_books_post(ctx, DP_REASON_CREDIT_SPREAD, mint, dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset), spread));
  return dp_books_post(ctx, DP_REASON_CREDIT_ISSUE, mint, dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset),
                       credits - spread);
}

/* What the last settlement bought is burned, less the fee. */
static enum dp_status burn(struct dp_ctx *ctx, const struct shared *s, dp_u128 price) {
  struct dp_credit_state *state = state_of(ctx);
  const dp_i128 tokens = dp_books_balance(ctx, state->token_account), fee = dp_token_part(tokens, s->fee_ppb);
  dp_i128 credits;
  if (!dp_credit_for_tokens(&s->unit, tokens, price, &credits)) return too_large(ctx);
  state->burned += tokens - fee;
  state->fee += fee;
  DP_TRY(dp_books_post(ctx, DP_REASON_CREDIT_FEE, state->token_account,
                       dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->token_asset), fee));
  DP_TRY(dp_books_post(ctx, DP_REASON_BURN, state->token_account, dp_books_own(ctx, DP_ACCOUNT_MINT, s->token_asset),
                       tokens - fee));
  return issue(ctx, s, credits, 0);
}

/* What was bought backs the credits issued for it, as long as the breaker lets it. */
static enum dp_status back(struct dp_ctx *ctx, const struct shared *s, dp_u128 price, int64_t blocks) {
  struct dp_credit_state *state = state_of(ctx);
  const dp_i128 tokens = dp_books_balance(ctx, state->token_account);
  dp_i128 credits;
  if (tokens == 0) return DP_OK;
  if (!dp_credit_for_tokens(&s->unit, tokens, price, &credits)) return too_large(ctx);
  state->vault_in += tokens;
  state->next_issue_ns = ctx->now_ns + blocks * s->block_ns;
  DP_TRY(dp_books_post(ctx, DP_REASON_VAULT_IN, state->token_account, state->vault_account, tokens));
  return issue(ctx, s, credits, dp_token_share_of(credits, s->spread_bps, 10000));
}

/* Used credits pay hosts, from the vault first. */
static enum dp_status pay(struct dp_ctx *ctx, const struct shared *s, dp_i128 used, dp_u128 price) {
  struct dp_credit_state *state = state_of(ctx);
  const dp_i128 vault = dp_books_balance(ctx, state->vault_account);
  dp_i128 tokens;
  if (!dp_credit_to_tokens(&s->unit, used, price, &tokens)) return too_large(ctx);
  const dp_i128 from_vault = tokens < vault ? tokens : vault;
  state->vault_out += from_vault;
  state->shortfall += tokens - from_vault;
  DP_TRY(dp_books_post(ctx, DP_REASON_VAULT_OUT, state->vault_account, state->pay_account, from_vault));
  return dp_books_post(ctx, DP_REASON_VAULT_SHORT, dp_books_own(ctx, DP_ACCOUNT_MINT, s->token_asset),
                       state->pay_account, tokens - from_vault);
}

/* Of the credits held through the settlement that ends now, a part of its length over `hold` is used. */
static enum dp_status use(struct dp_ctx *ctx, const struct shared *s, dp_time since_ns, dp_u128 price) {
  const struct dp_credit_config *config = ctx->self->config;
  const uint32_t holders = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset);
  const dp_i128 held = dp_books_balance(ctx, holders);
  const dp_i128 used = since_ns >= s->hold_ns ? held : dp_token_share_of(held, since_ns, s->hold_ns);
  state_of(ctx)->used += used;
  DP_TRY(dp_books_post(ctx, DP_REASON_CREDIT_USE, holders, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset), used));
  return config->kind == DP_CREDIT_VAULT ? pay(ctx, s, used, price) : DP_OK;
}

/* The part of the take that customers pay through the token goes to the exchange; while nothing is issued it waits. */
static enum dp_status order(struct dp_ctx *ctx, const struct shared *s, bool issuing) {
  struct dp_credit_state *state = state_of(ctx);
  const uint32_t treasury = dp_books_of(ctx, s->network, DP_ACCOUNT_TREASURY, DP_USD);
  const dp_i128 take = dp_value_integer(ctx, s->network, s->take_value);
  if (ctx->now_ns <= s->starts_ns) state->take_before = take;
  const dp_i128 due = dp_token_part(take - state->take_before, s->credit_ppb) - state->set_aside;
  const dp_i128 cash = dp_books_balance(ctx, treasury), now = due < cash ? due : cash;
  state->set_aside += now;
  DP_TRY(dp_books_post(ctx, DP_REASON_CREDIT_MONEY, treasury, state->usd_account, now));
  if (!issuing) return DP_OK;
  return dp_exchange_order(ctx, s->exchange, state->desk, dp_books_balance(ctx, state->usd_account), 0);
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_credit_config *config = ctx->self->config;
  const struct shared *s = ctx->self->shared;
  const double price_usd = s->feed ? dp_feed_price_usd(ctx, s->feed) : dp_exchange_price_usd(ctx, s->exchange);
  dp_i128 price;
  bool issuing = true;
  int64_t blocks = 0;
  if (!beat->settlement) return DP_OK;
  if (!dp_i128_from_double(price_usd * PRICE_UNIT, &price))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.credit: %s: a price of %g USD is too large", s->token->name, price_usd);
  if (price < 1) price = 1; /* a token that is worth nothing still has a price */
  const bool at_once = beat->since_ns >= s->hold_ns; /* also what is issued now */
  if (!at_once) DP_TRY(use(ctx, s, beat->since_ns, (dp_u128)price));
  if (config->kind == DP_CREDIT_VAULT) DP_TRY(breaker(ctx, s, (dp_u128)price, &issuing, &blocks));
  if (config->kind == DP_CREDIT_BURN) DP_TRY(burn(ctx, s, (dp_u128)price));
  else if (issuing) DP_TRY(back(ctx, s, (dp_u128)price, blocks));
  if (at_once) DP_TRY(use(ctx, s, beat->since_ns, (dp_u128)price));
  DP_TRY(note_collateral(ctx, s, (dp_u128)price));
  DP_TRY(order(ctx, s, issuing));
  const struct dp_credit_state *state = state_of(ctx);
  dp_value_set(ctx, VALUE_ISSUED, state->issued, dp_books_units(dp_ctx_sim(ctx), s->asset, state->issued));
  dp_value_set(ctx, VALUE_BURNED, state->burned, dp_books_units(dp_ctx_sim(ctx), s->token_asset, state->burned));
  return DP_OK;
}

/* ---- measures and invariants ---- */

static void show(struct dp_ctx *ctx, unsigned metric, uint16_t asset, dp_i128 amount) {
  dp_metric_set_global(ctx, metric, dp_books_units(dp_ctx_sim(ctx), asset, amount));
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_credit_state *state = state_of(ctx);
  const struct dp_desk *desk = dp_exchange_desk(ctx, s->exchange, state->desk);
  const uint16_t token = s->token_asset;
  show(ctx, METRIC_USD, DP_USD, desk->spent_usd);
  show(ctx, METRIC_WAITING, DP_USD, dp_books_balance(ctx, state->usd_account));
  dp_metric_set_global(ctx, METRIC_UNUSED,
                       dp_books_units(dp_ctx_sim(ctx), DP_USD, dp_books_balance(ctx, state->usd_account)) +
                           ((const struct dp_credit_config *)ctx->self->config)->credit_usd *
                               dp_books_units(dp_ctx_sim(ctx), s->asset,
                                              dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset))));
  show(ctx, METRIC_ISSUED, s->asset, state->issued);
  show(ctx, METRIC_USED, s->asset, state->used);
  show(ctx, METRIC_OUTSTANDING, s->asset, outstanding(ctx, s));
  show(ctx, METRIC_BOUGHT, token, desk->bought_token);
  show(ctx, METRIC_BURNED, token, state->burned);
  show(ctx, METRIC_FEE, token, state->fee);
  show(ctx, METRIC_VAULT, token, dp_books_balance(ctx, state->vault_account));
  show(ctx, METRIC_PAID, token, state->vault_out + state->shortfall);
  show(ctx, METRIC_SHORTFALL, token, state->shortfall);
  show(ctx, METRIC_NET_SUPPLY, token, state->vault_out + state->shortfall - state->burned - state->vault_in);
  dp_metric_set_global(ctx, METRIC_COLLATERAL, state->collateral_ratio);
  dp_metric_set_global(ctx, METRIC_HALTED, (double)state->halted_n);
  return DP_OK;
}

static enum dp_status check_replicated(struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_credit_state *state = state_of(ctx);
  const struct dp_desk *desk = dp_exchange_desk(ctx, s->exchange, state->desk);
  if (state->issued - state->used != outstanding(ctx, s))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.credit: %s: issued less used is not what there is", ctx->self->name);
  if (state->set_aside != desk->spent_usd + dp_books_balance(ctx, state->usd_account))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.credit: %s: money was lost on the way to the exchange",
                   ctx->self->name);
  if (dp_books_balance(ctx, state->vault_account) != state->vault_in - state->vault_out)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.credit: the vault of %s does not add up", ctx->self->name);
  return DP_OK;
}

#include "ledger/credit_tables.inc"
