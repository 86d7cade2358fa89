#include <config.h>

#include "ledger/token.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "books/books.h"
#include "ledger/credit.h"
#include "ledger/exchange.h"

/** `shared` of an instance: derived from the scenario, never changed after init. */
struct shared {
  uint16_t asset;
  const struct dp_instance *network; /* NULL: nobody's work is rewarded */
  struct dp_view work; /* market.gateway listing.work_tok: cumulative, per node */
  const struct dp_instance *credit; /* NULL: none */
  const struct dp_instance *stake;   /* publishes "staked" of this token; NULL: nobody does */
  const struct dp_instance *storage; /* publishes "power_bytes"; NULL: nobody does */
  unsigned stake_value, power_value;
  struct dp_mint_rule mint;
  struct dp_allocation allocation;
  dp_i128 genesis;
};

/** Row of table "claim": one a cell. */
struct claim {
  dp_i128 rewarded; /* taken by the cell's hosts at the last settlement */
};

enum { SHARE_TABLE, CLAIM_TABLE };
enum { STATE_TABLE, TRANCHE_TABLE, MINT_TABLE };
enum { FLOW_WORK, FLOW_REWARDED };
enum { VALUE_EMISSION, VALUE_WORK, VALUE_INDEX };
enum {
  METRIC_SUPPLY, METRIC_FLOAT, METRIC_LOCKED, METRIC_MINTED, METRIC_BURNED, METRIC_REWARDED, METRIC_TREASURY,
  METRIC_INFLATION, METRIC_STAKED, METRIC_WINDOW_MINTED, METRIC_WINDOW_BURNED
};

static struct dp_token_state *state_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, STATE_TABLE), struct dp_token_state, 0);
}

static struct dp_mint_state *mint_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, MINT_TABLE), struct dp_mint_state, 0);
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
  const struct dp_emission_rule *schedule = &s->mint.schedule;
  dp_i128 minted = schedule->amount, all; /* a bound for baseline minting; inflation is checked as it comes */
  int64_t decimals = config->decimals;
  if ((dp_emission_timed(schedule) && !dp_emission_minted(schedule, dp_ctx_sim(ctx)->spec.end_ns, &minted)) ||
      !dp_i128_add(minted, s->genesis, &all))
    all = DP_I128_MAX;
  if (all <= most) return DP_OK;
  for (; all > most && decimals > 0; decimals--) all /= 10;
  return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: %s: %lld decimals cannot hold its supply and emission (at most "
                 "2^100 base units: take %lld decimals, or fewer tokens)", ctx->self->name,
                 (long long)config->decimals, (long long)decimals);
}

/** Whether an instance is about this token, or about none in particular. */
static bool concerns(const struct dp_instance *i, const struct dp_instance *token) {
  const struct dp_param *p = i->model->schema ? dp_schema_param(i->model->schema, "token") : NULL;
  if (!p || p->type != DP_PARAM_REF) return true;
  return ((const struct dp_ref *)(const void *)((const char *)i->config + p->offset))->instance == token->index;
}

/** The first instance that publishes a value of this name, in registry order; NULL: nobody does. */
static const struct dp_instance *publisher(const struct dp_ctx *ctx, const char *name, unsigned *value) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_model *m = sim->instances[i].model;
    for (size_t k = 0; k < m->value_n; k++)
      if (m->values[k].direction == DP_OUT && strcmp(m->values[k].name, name) == 0 &&
          concerns(&sim->instances[i], ctx->self))
        return *value = (unsigned)k, &sim->instances[i];
  }
  return NULL;
}

/** Who else tells the emission something: all by name, none of them needed. */
static void find_others(struct dp_ctx *ctx, struct shared *s) {
  s->credit = dp_credit_of(dp_ctx_sim(ctx), ctx->self);
  s->stake = publisher(ctx, "staked", &s->stake_value);
  s->storage = publisher(ctx, "power_bytes", &s->power_value);
}

static enum dp_status check_buyback(struct dp_ctx *ctx) {
  const struct dp_token_config *config = ctx->self->config;
  if (config->buyback_ratio <= 0 || dp_exchange_of(ctx->self)) return DP_OK;
  return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: %s: buyback_ratio = %g needs an exchange to buy on (add one to "
                 "exchanges, or leave it out)", ctx->self->name, config->buyback_ratio);
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
  DP_TRY(dp_mint_rule_make(config->emission.part, config->decimals, &s->mint, ctx->err));
  DP_TRY(check_size(ctx, s));
  DP_TRY(dp_books_asset(ctx, ctx->self->name, (int)config->decimals, &s->asset));
  DP_TRY(dp_table_add(dp_own_global(ctx, STATE_TABLE), &row, ctx->err));
  DP_TRY(dp_table_add(dp_own_global(ctx, MINT_TABLE), &row, ctx->err));
  state_of(ctx)->genesis = s->genesis;
  *mint_of(ctx) = dp_mint_start(&s->mint);
  DP_TRY(dp_books_post(ctx, DP_REASON_GENESIS, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset),
                       dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset), s->genesis));
  DP_TRY(dp_allocation_init(ctx, dp_own_global(ctx, TRANCHE_TABLE), &config->allocation, s->asset, config->decimals,
                            s->genesis, &s->allocation));
  DP_TRY(find_network(ctx, s));
  find_others(ctx, s);
  return check_buyback(ctx);
}

static void release(void *p) {
  struct shared *s = p;
  dp_mint_rule_free(&s->mint);
  dp_allocation_free(&s->allocation);
  free(s);
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

static dp_i128 supply_of(const struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  return -dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset));
}

/* All that came into being less what there is. */
static dp_i128 burned_of(const struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_token_state *state = state_of(ctx);
  return state->genesis + state->minted + dp_credit_shortfall(ctx, s->credit) - supply_of(ctx);
}

/* Schedule, rounds, epochs and net emissions up to now: what this settlement mints. */
static enum dp_status mint(struct dp_ctx *ctx, const struct shared *s, dp_i128 *emission) {
  struct dp_token_state *state = state_of(ctx);
  const struct dp_emission *e = s->mint.emission;
  const dp_i128 supply = supply_of(ctx), burned = burned_of(ctx);
  dp_i128 total;
  struct dp_mint_input in = {.now_ns = ctx->now_ns, .supply = supply, .burned = burned, .staked = -1, .power_bytes = -1};
  if (s->stake) in.staked = dp_value_integer(ctx, s->stake, s->stake_value);
  if (s->storage) in.power_bytes = dp_value_integer(ctx, s->storage, s->power_value);
  state->staked = s->stake ? in.staked : e ? dp_token_part(supply, s->mint.bonded) : 0;
  if (dp_mint_advance(&s->mint, mint_of(ctx), &in, ctx->err) != DP_OK)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: the emission of %s: %s", ctx->self->name, ctx->err->text);
  if (!dp_mint_total(&s->mint, mint_of(ctx), ctx->now_ns, &total))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: the emission of %s overflows 127 bits", ctx->self->name);
  *emission = total - state->minted;
  state->minted = total;
  state->window_minted = *emission;
  state->window_burned = burned - state->burned;
  state->burned = burned;
  return dp_books_post(ctx, DP_REASON_EMISSION, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset),
                       dp_books_own(ctx, DP_ACCOUNT_REWARDS, s->asset), *emission);
}

/* Hosts share what is minted and what used credits owe them; without work the first is swept and the second waits. */
static enum dp_status send(struct dp_ctx *ctx, const struct shared *s, dp_i128 emission, dp_i128 work, dp_i128 *sent) {
  struct dp_token_state *state = state_of(ctx);
  uint32_t pay = 0;
  const dp_i128 owed = s->credit && work > 0 ? dp_credit_owed(ctx, s->credit, &pay) : 0;
  const uint32_t bridge = dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset);
  DP_TRY(dp_books_post(ctx, DP_REASON_REWARD_OUT, dp_books_own(ctx, DP_ACCOUNT_REWARDS, s->asset), bridge, emission));
  DP_TRY(dp_books_post(ctx, DP_REASON_REWARD_OUT, pay, bridge, owed));
  state->paid += owed;
  *sent = work > 0 ? emission + owed : 0;
  return work > 0 ? DP_OK : sweep(ctx, s, state, emission);
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct shared *s = ctx->self->shared;
  struct dp_token_state *state = state_of(ctx);
  dp_i128 emission, work = dp_flow_sum(ctx, FLOW_WORK), rewarded = dp_flow_sum(ctx, FLOW_REWARDED);
  if (!beat->settlement) return DP_OK;
  DP_TRY(sweep(ctx, s, state, state->pending - rewarded));
  state->rewarded += rewarded;
  DP_TRY(mint(ctx, s, &emission));
  DP_TRY(dp_allocation_unlock(ctx, dp_own_global(ctx, TRANCHE_TABLE), &s->allocation, supply_of(ctx)));
  DP_TRY(send(ctx, s, emission, work, &state->pending));
  emission = state->pending;
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

static void show(struct dp_ctx *ctx, unsigned metric, dp_i128 base) {
  const struct shared *s = ctx->self->shared;
  dp_metric_set_global(ctx, metric, dp_books_units(dp_ctx_sim(ctx), s->asset, base));
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_token_state *state = state_of(ctx);
  const dp_i128 supply = supply_of(ctx), grown = supply - state->genesis;
  const dp_i128 treasury = dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset));
  const dp_i128 locked = dp_allocation_locked(dp_own_global(ctx, TRANCHE_TABLE));
  const double growth = dp_i128_to_double(grown) / dp_i128_to_double(state->genesis);
  show(ctx, METRIC_SUPPLY, supply);
  show(ctx, METRIC_FLOAT, supply - locked - treasury - dp_credit_held(ctx, s->credit));
  show(ctx, METRIC_LOCKED, locked);
  show(ctx, METRIC_MINTED, state->minted);
  show(ctx, METRIC_BURNED, burned_of(ctx));
  show(ctx, METRIC_REWARDED, state->rewarded);
  show(ctx, METRIC_TREASURY, treasury);
  show(ctx, METRIC_STAKED, state->staked);
  show(ctx, METRIC_WINDOW_MINTED, state->window_minted);
  show(ctx, METRIC_WINDOW_BURNED, state->window_burned);
  dp_metric_set_global(ctx, METRIC_INFLATION,
                       ctx->now_ns == 0 ? 0 : growth * ((double)(365 * DP_DAY) / (double)ctx->now_ns));
  return DP_OK;
}

/* minted + paid for credits = what hosts took + what they may still take + the treasury's part */
static enum dp_status check_replicated(struct dp_ctx *ctx) {
  const struct shared *s = ctx->self->shared;
  const struct dp_token_state *state = state_of(ctx);
  dp_i128 total;
  if (!dp_mint_total(&s->mint, mint_of(ctx), ctx->now_ns, &total) || state->minted != total)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: %s: minted is not what the schedule says", ctx->self->name);
  if (state->minted + state->paid != state->rewarded + state->pending + state->swept)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: %s: rewards and remainders do not add up to what was minted",
                   ctx->self->name);
  return DP_OK;
}

#include "ledger/token_tables.inc"
