#include <config.h>

#include "ledger/token.h"

#include <math.h>
#include <stdlib.h>

#include "books/books.h"
#include "ledger/exchange.h"

/** `shared` of an instance: derived from the scenario, never changed after init. */
struct shared {
  uint16_t asset;
  const struct dp_instance *network; /* NULL: nobody's work is rewarded */
  struct dp_view work; /* market.gateway listing.work_tok: cumulative, per node */
  struct dp_emission_rule emission;
  dp_i128 genesis;
};

/** Row of table "claim": one a cell. */
struct claim {
  dp_i128 rewarded; /* taken by the cell's hosts at the last settlement */
};

enum { SHARE_TABLE, CLAIM_TABLE };
enum { STATE_TABLE, TRANCHE_TABLE };
enum { FLOW_WORK, FLOW_REWARDED };
enum { VALUE_EMISSION, VALUE_WORK, VALUE_INDEX };
enum {
  METRIC_SUPPLY, METRIC_FLOAT, METRIC_LOCKED, METRIC_MINTED, METRIC_BURNED, METRIC_REWARDED, METRIC_TREASURY,
  METRIC_INFLATION
};

static struct dp_token_state *state_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, STATE_TABLE), struct dp_token_state, 0);
}

static struct claim *claim_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, CLAIM_TABLE), struct claim, 0);
}

const struct dp_token_state *dp_token_state_of(const struct dp_ctx *ctx, const struct dp_instance *token) {
  return DP_ROW(&ctx->engine->globals[token->first_global_table + STATE_TABLE], struct dp_token_state, 0);
}

struct dp_table *dp_token_tranches(const struct dp_ctx *ctx, const struct dp_instance *token) {
  return &ctx->engine->globals[token->first_global_table + TRANCHE_TABLE];
}

uint16_t dp_token_asset(const struct dp_instance *token) { return ((const struct shared *)token->shared)->asset; }

const struct dp_instance *dp_token_network(const struct dp_instance *token) {
  return ((const struct shared *)token->shared)->network;
}

/* ---- init ---- */

static enum dp_status find_network(struct dp_ctx *ctx, struct shared *s) {
  const struct dp_token_config *config = ctx->self->config;
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_instance *network = config->network.instance == DP_NO_INSTANCE || !config->network.name[0]
                                          ? dp_sim_first(sim, "market.gateway")
                                          : dp_sim_instance(sim, config->network.instance);
  s->network = network;
  if (!network) return DP_OK;
  DP_TRY(dp_view_find(network, "listing", "work_tok", &s->work, ctx->err));
  if (s->work.type != DP_TYPE_I64 && s->work.type != DP_TYPE_U64)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: column work_tok of %s is not a 64-bit integer",
                   network->model->name);
  return DP_OK;
}

/* Sums of amounts must stay far below what 128 bits hold: the supply at the end is at most 2^100 base units. */
static enum dp_status check_size(struct dp_ctx *ctx, const struct shared *s) {
  const struct dp_token_config *config = ctx->self->config;
  const dp_i128 most = (dp_i128)1 << 100;
  dp_i128 minted, all;
  int64_t decimals = config->decimals;
  if (!dp_emission_minted(&s->emission, dp_ctx_sim(ctx)->spec.end_ns, &minted) ||
      !dp_i128_add(minted, s->genesis, &all))
    all = DP_I128_MAX;
  if (all <= most) return DP_OK;
  for (; all > most && decimals > 0; decimals--) all /= 10;
  return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: %s: %lld decimals cannot hold its supply and emission (at most "
                 "2^100 base units: take %lld decimals, or fewer tokens)", ctx->self->name,
                 (long long)config->decimals, (long long)decimals);
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_token_config *config = ctx->self->config;
  struct shared *s = calloc(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "a token");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  if (!dp_token_base_units(config->supply, config->decimals, &s->genesis))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: %s: the supply must fit 126 bits of base units (take fewer "
                   "decimals)", ctx->self->name);
  DP_TRY(dp_emission_rule_make(config->emission.part, config->decimals, &s->emission, ctx->err));
  DP_TRY(check_size(ctx, s));
  DP_TRY(dp_books_asset(ctx, ctx->self->name, (int)config->decimals, &s->asset));
  DP_TRY(dp_table_add(dp_own_global(ctx, STATE_TABLE), &row, ctx->err));
  state_of(ctx)->genesis = s->genesis;
  DP_TRY(dp_books_post(ctx, DP_REASON_GENESIS, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset),
                       dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset), s->genesis));
  DP_TRY(dp_allocation_init(ctx, dp_own_global(ctx, TRANCHE_TABLE), &config->allocation, s->asset, config->decimals,
                            s->genesis));
  DP_TRY(find_network(ctx, s));
  for (const struct dp_instance *x = dp_sim_first(dp_ctx_sim(ctx), "ledger.exchange"); x; x = dp_sim_next(x))
    if (((const struct dp_exchange_config *)x->config)->token.instance == ctx->self->index) return DP_OK;
  if (config->buyback_ratio > 0)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: %s: buyback_ratio = %g needs an exchange to buy on (add one to "
                   "exchanges, or leave it out)", ctx->self->name, config->buyback_ratio);
  return DP_OK;
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  uint32_t row;
  return dp_table_add(dp_own_table(ctx, CLAIM_TABLE), &row, ctx->err);
}

/* ---- a settlement ---- */

static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct shared *s = ctx->self->shared;
  const struct dp_table *shares = dp_own_table(ctx, SHARE_TABLE);
  dp_i128 sum = 0;
  if (!beat->settlement) return DP_OK;
  DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_REWARDED, claim_of(ctx)->rewarded));
  if (!s->network) return DP_OK;
  for (uint32_t i = dp_table_next(shares, 0); i != DP_NO_ROW; i = dp_table_next(shares, i + 1)) {
    struct dp_token_share *share = DP_ROW(shares, struct dp_token_share, i);
    int64_t work = *(const int64_t *)dp_view_at(ctx, &s->work, i);
    if (work < share->work_seen_tok)
      return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: work of host %016llx went down",
                     (unsigned long long)dp_table_entity(shares, i));
    share->work_tok = work - share->work_seen_tok;
    share->work_seen_tok = work;
    sum += share->work_tok;
  }
  return dp_flow_add(ctx, ctx->self, FLOW_WORK, sum);
}

/* What the hosts have not taken of the emission of the settlement before goes to the treasury. */
static enum dp_status sweep(struct dp_ctx *ctx, const struct shared *s, struct dp_token_state *state, dp_i128 rest) {
  if (rest < 0)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: hosts of %s took more than was emitted", ctx->self->name);
  state->swept += rest;
  return dp_books_post(ctx, DP_REASON_REWARD_REST, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset),
                       dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset), rest);
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_token_config *config = ctx->self->config;
  const struct shared *s = ctx->self->shared;
  struct dp_token_state *state = state_of(ctx);
  dp_i128 scheduled, work = dp_flow_sum(ctx, FLOW_WORK), rewarded = dp_flow_sum(ctx, FLOW_REWARDED);
  if (!beat->settlement) return DP_OK;
  if (!dp_emission_minted(&s->emission, ctx->now_ns, &scheduled))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: the emission of %s overflows 127 bits", ctx->self->name);
  DP_TRY(dp_allocation_unlock(ctx, dp_own_global(ctx, TRANCHE_TABLE), &config->allocation));
  DP_TRY(sweep(ctx, s, state, state->pending - rewarded));
  state->rewarded += rewarded;
  dp_i128 emission = scheduled - state->minted;
  uint32_t rewards = dp_books_own(ctx, DP_ACCOUNT_REWARDS, s->asset);
  DP_TRY(dp_books_post(ctx, DP_REASON_EMISSION, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset), rewards, emission));
  DP_TRY(dp_books_post(ctx, DP_REASON_REWARD_OUT, rewards, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset), emission));
  state->minted = scheduled;
  if (work == 0) { /* nobody earns it */
    DP_TRY(sweep(ctx, s, state, emission));
    emission = 0;
  }
  state->pending = emission;
  double index = work > 0 ? dp_i128_to_double(emission) / dp_i128_to_double(work) : 0;
  dp_value_set(ctx, VALUE_EMISSION, emission, dp_books_units(dp_ctx_sim(ctx), s->asset, emission));
  dp_value_set(ctx, VALUE_WORK, work, dp_i128_to_double(work));
  dp_value_set(ctx, VALUE_INDEX, (dp_i128)index, index);
  return DP_OK;
}

static enum dp_status reward(struct dp_ctx *ctx, const struct shared *s, struct dp_token_share *share, uint32_t row,
                             dp_i128 amount) {
  dp_entity owner = dp_table_entity(dp_own_table(ctx, SHARE_TABLE), row);
  if (amount == 0) return DP_OK;
  if (!share->account) DP_TRY(dp_books_open(ctx, DP_ACCOUNT_WALLET, s->asset, owner, &share->account));
  claim_of(ctx)->rewarded += amount;
  share->rewarded += amount;
  uint32_t bridge = dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset);
  return dp_books_post(ctx, DP_REASON_REWARD_IN, bridge, share->account, amount);
}

static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct shared *s = ctx->self->shared;
  const struct dp_table *shares = dp_own_table(ctx, SHARE_TABLE);
  if (!beat->settlement) return DP_OK;
  dp_i128 emission = dp_value_integer(ctx, ctx->self, VALUE_EMISSION);
  dp_i128 all = dp_value_integer(ctx, ctx->self, VALUE_WORK);
  claim_of(ctx)->rewarded = 0;
  if (all == 0) return DP_OK;
  for (uint32_t i = dp_table_next(shares, 0); i != DP_NO_ROW; i = dp_table_next(shares, i + 1)) {
    struct dp_token_share *share = DP_ROW(shares, struct dp_token_share, i);
    if (share->work_tok == 0) continue;
    DP_TRY(reward(ctx, s, share, i, dp_token_reward(share->work_tok, emission, all)));
    share->work_tok = 0;
  }
  return DP_OK;
}

/* ---- measures and invariants ---- */

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_token_state *state = state_of(ctx);
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  dp_i128 supply = -dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset));
  dp_i128 burned = state->genesis + state->minted - supply;
  dp_i128 treasury = dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset));
  dp_i128 locked = dp_allocation_locked(dp_own_global(ctx, TRANCHE_TABLE));
  double growth = dp_i128_to_double(state->minted - burned) / dp_i128_to_double(state->genesis);
  dp_metric_set_global(ctx, METRIC_SUPPLY, dp_books_units(sim, s->asset, supply));
  dp_metric_set_global(ctx, METRIC_FLOAT, dp_books_units(sim, s->asset, supply - locked - treasury));
  dp_metric_set_global(ctx, METRIC_LOCKED, dp_books_units(sim, s->asset, locked));
  dp_metric_set_global(ctx, METRIC_MINTED, dp_books_units(sim, s->asset, state->minted));
  dp_metric_set_global(ctx, METRIC_BURNED, dp_books_units(sim, s->asset, burned));
  dp_metric_set_global(ctx, METRIC_REWARDED, dp_books_units(sim, s->asset, state->rewarded));
  dp_metric_set_global(ctx, METRIC_TREASURY, dp_books_units(sim, s->asset, treasury));
  dp_metric_set_global(ctx, METRIC_INFLATION,
                       ctx->now_ns == 0 ? 0 : growth * ((double)(365 * DP_DAY) / (double)ctx->now_ns));
  return DP_OK;
}

/* genesis + minted = what hosts took + what they may still take + the treasury's part + what the holders have */
static enum dp_status check_replicated(struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_token_state *state = state_of(ctx);
  dp_i128 scheduled;
  if (!dp_emission_minted(&s->emission, ctx->now_ns, &scheduled) || state->minted != scheduled)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: %s: minted is not what the schedule says", ctx->self->name);
  if (state->minted != state->rewarded + state->pending + state->swept)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: %s: rewards and remainders do not add up to what was minted",
                   ctx->self->name);
  return DP_OK;
}

#include "ledger/token_tables.inc"
