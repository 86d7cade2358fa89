/* sim/ledger/token.c — the model "ledger.token": supply, mint, what a settlement shares, measures. */
#include <config.h>

#include "ledger/token.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "books/books.h"
#include "ledger/credit.h"
#include "ledger/exchange.h"
#include "ledger/stake.h"
#include "ledger/token_priv.h"

const struct dp_token_state *dp_token_state_of(const struct dp_ctx *ctx, const struct dp_instance *token) {
  return DP_ROW(&ctx->engine->globals[token->first_global_table + STATE_TABLE], struct dp_token_state, 0);
}

struct dp_table *dp_token_tranches(const struct dp_ctx *ctx, const struct dp_instance *token) {
  return &ctx->engine->globals[token->first_global_table + TRANCHE_TABLE];
}

uint16_t dp_token_asset(const struct dp_instance *token) { return ((const struct dp__token_shared *)token->shared)->asset; }

const struct dp_instance *dp_token_network(const struct dp_instance *token) {
  return ((const struct dp__token_shared *)token->shared)->network;
}

const struct dp_mint_rule *dp_token_mint_rule(const struct dp_instance *token) {
  return &((const struct dp__token_shared *)token->shared)->mint;
}

const struct dp_allocation *dp_token_allocation(const struct dp_instance *token) {
  return &((const struct dp__token_shared *)token->shared)->allocation;
}

/* ---- init ---- */

static enum dp_status find_network(struct dp_ctx *ctx, struct dp__token_shared *s) {
  const struct dp_token_config *config = ctx->self->config;
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_instance *network = config->network.instance == DP_NO_INSTANCE || !config->network.name[0]
                                          ? dp_sim_first(sim, "market.gateway")
                                          : dp_sim_instance(sim, config->network.instance);
  if (config->rewards == DP_TOKEN_REWARDS_COVERAGE) return DP_OK;
  s->network = network;
  if (!network) return DP_OK;
  DP_TRY(dp_view_find(network, "listing", "work_tok", &s->work, ctx->err));
  if (s->work.type != DP_TYPE_I64 && s->work.type != DP_TYPE_U64)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: column work_tok of %s is not a 64-bit integer",
                   network->model->name);
  return DP_OK;
}

/* Sums of amounts must stay far below what 128 bits hold: the supply at the end is at most 2^100 base units. */
static enum dp_status check_size(struct dp_ctx *ctx, const struct dp__token_shared *s) {
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
static void find_others(struct dp_ctx *ctx, struct dp__token_shared *s) {
  s->credit = dp_credit_of(dp_ctx_sim(ctx), ctx->self);
  s->stake = publisher(ctx, "staked", &s->stake_value);
  s->storage = publisher(ctx, "power_bytes", &s->power_value);
  s->bond = dp_stake_of(dp_ctx_sim(ctx), ctx->self);
}

/** Where hosts say that they are leaving: they get what is held of them. */
static enum dp_status find_leavers(struct dp_ctx *ctx, const struct dp_instance *hardware, struct dp__token_shared *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  DP_TRY(dp_view_find(hardware, "node", "provider", &s->provider, ctx->err));
  s->left = dp_zeros(sim->instance_n, sizeof *s->left);
  if (!s->left) return dp_fail_nomem(ctx->err, "a token");
  for (const struct dp_instance *i = dp_sim_first(sim, "provider.fleet"); i; i = dp_sim_next(i))
    if (dp_reward_sees(i, "host", "left_ns")) DP_TRY(dp_view_find(i, "host", "left_ns", &s->left[i->index], ctx->err));
  return DP_OK;
}

/** What the reward rule looks at. */
static enum dp_status find_rule(struct dp_ctx *ctx, struct dp__token_shared *s) {
  const struct dp_token_config *config = ctx->self->config;
  const struct dp_instance *hardware = dp_sim_first(dp_ctx_sim(ctx), "hardware.node");
  DP_TRY(dp_reward_rule_make(&config->reward, &s->reward, ctx->err));
  s->ends_ns = config->emission_ends_d > 0 ? llround(config->emission_ends_d * (double)DP_DAY) : DP_TIME_MAX;
  if (s->reward.ppb[DP_UNIT_STAKE] && !s->bond)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: %s is rewarded by stake, and nobody bonds it (add a depin.stake "
                   "to stakes)", ctx->self->name);
  if (s->reward.hold_step_n > 0) DP_TRY(dp_view_find(hardware, "node", "joined_ns", &s->joined, ctx->err));
  if (s->reward.hold_ppb > 0 && !s->reward.forfeit) DP_TRY(find_leavers(ctx, hardware, s));
  if (s->reward.ppb[DP_UNIT_UPTIME] == 0) return DP_OK;
  DP_TRY(dp_view_find(hardware, "node", "up", &s->up, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "up_ns", &s->up_ns, ctx->err));
  DP_TRY(dp_view_find(hardware, "node", "up_since_ns", &s->up_since, ctx->err));
  s->has_quality = s->network && dp_reward_sees(s->network, "record", "distrust_ppm");
  return s->has_quality ? dp_view_find(s->network, "record", "distrust_ppm", &s->quality, ctx->err) : DP_OK;
}

static enum dp_status check_buyback(struct dp_ctx *ctx) {
  const struct dp_token_config *config = ctx->self->config;
  if (config->buyback_ratio <= 0 || dp_exchange_of(ctx->self)) return DP_OK;
  return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: %s: buyback_ratio = %g needs an exchange to buy on (add one to "
                 "exchanges, or leave it out)", ctx->self->name, config->buyback_ratio);
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_token_config *config = ctx->self->config;
  struct dp__token_shared *s = calloc(1, sizeof *s);
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
  dp__token_state_of(ctx)->genesis = s->genesis;
  *dp__token_mint_of(ctx) = dp_mint_start(&s->mint);
  DP_TRY(dp_books_post(ctx, DP_REASON_GENESIS, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset),
                       dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset), s->genesis));
  DP_TRY(dp_allocation_init(ctx, dp_own_global(ctx, TRANCHE_TABLE), &config->allocation, s->asset, config->decimals,
                            s->genesis, &s->allocation));
  DP_TRY(find_network(ctx, s));
  find_others(ctx, s);
  DP_TRY(find_rule(ctx, s));
  return check_buyback(ctx);
}

static void release(void *p) {
  struct dp__token_shared *s = p;
  dp_mint_rule_free(&s->mint);
  dp_allocation_free(&s->allocation);
  free(s->left);
  free(s);
}

/* ---- a settlement ---- */

/* What the hosts have not taken of the emission of the settlement before goes to the treasury. */
static enum dp_status sweep(struct dp_ctx *ctx, const struct dp__token_shared *s, struct dp_token_state *state, dp_i128 rest) {
  if (rest < 0)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: hosts of %s took more than was emitted", ctx->self->name);
  state->swept += rest;
  return dp_books_post(ctx, DP_REASON_REWARD_REST, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset),
                       dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset), rest);
}

static dp_i128 supply_of(const struct dp_ctx *ctx) {
  const struct dp__token_shared *s = ctx->self->shared;
  return -dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset));
}

/* All that came into being less what there is. */
static dp_i128 burned_of(const struct dp_ctx *ctx) {
  const struct dp__token_shared *s = ctx->self->shared;
  const struct dp_token_state *state = dp__token_state_of(ctx);
  return state->genesis + state->minted + dp_credit_shortfall(ctx, s->credit) - supply_of(ctx);
}

/* The emission's clock stops when it ends. */
static dp_time clock_of(const struct dp_ctx *ctx, const struct dp__token_shared *s) {
  return ctx->now_ns < s->ends_ns ? ctx->now_ns : s->ends_ns;
}

/* Schedule, rounds, epochs and net emissions up to now: what this settlement mints. */
static enum dp_status mint(struct dp_ctx *ctx, const struct dp__token_shared *s, dp_i128 *emission) {
  struct dp_token_state *state = dp__token_state_of(ctx);
  const struct dp_emission *e = s->mint.emission;
  const dp_i128 supply = supply_of(ctx), burned = burned_of(ctx);
  dp_i128 total;
  const dp_time now_ns = clock_of(ctx, s);
  struct dp_mint_input in = {.now_ns = now_ns, .supply = supply, .burned = burned, .staked = -1, .power_bytes = -1};
  if (s->stake) in.staked = dp_value_integer(ctx, s->stake, s->stake_value);
  if (s->storage) in.power_bytes = dp_value_integer(ctx, s->storage, s->power_value);
  state->staked = s->stake ? in.staked : e ? dp_token_part(supply, s->mint.bonded) : 0;
  if (dp_mint_advance(&s->mint, dp__token_mint_of(ctx), &in, ctx->err) != DP_OK)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: the emission of %s: %s", ctx->self->name, ctx->err->text);
  if (!dp_mint_total(&s->mint, dp__token_mint_of(ctx), now_ns, &total))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: the emission of %s overflows 127 bits", ctx->self->name);
  *emission = total - state->minted;
  state->minted = total;
  state->window_minted = *emission;
  state->window_burned = burned - state->burned;
  state->burned = burned;
  return dp_books_post(ctx, DP_REASON_EMISSION, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset),
                       dp_books_own(ctx, DP_ACCOUNT_REWARDS, s->asset), *emission);
}

/* Delegators' part of what is shared by stake. */
static enum dp_status pay_delegators(struct dp_ctx *ctx, const struct dp__token_shared *s, dp_i128 *by_stake) {
  struct dp_token_state *state = dp__token_state_of(ctx);
  uint32_t account;
  state->window_staked = *by_stake;
  if (*by_stake == 0) return DP_OK;
  const dp_i128 part = dp_stake_to_delegators(ctx, s->bond, *by_stake, &account);
  *by_stake -= part;
  state->delegated += part;
  return dp_books_post(ctx, DP_REASON_REWARD_DELEGATED, dp_books_own(ctx, DP_ACCOUNT_REWARDS, s->asset), account, part);
}

/* Hosts share what is minted, each part by its own unit, and what used credits owe them by work; a part of the emission
 * that nobody has a claim to is swept, what credits owe waits. */
static enum dp_status send(struct dp_ctx *ctx, const struct dp__token_shared *s, dp_i128 emission,
                           const struct dp__token_units *units,
                           struct dp__token_units *sent) {
  struct dp_token_state *state = dp__token_state_of(ctx);
  uint32_t pay = 0;
  const dp_i128 owed = s->credit && units->of[DP_UNIT_WORK] > 0 ? dp_credit_owed(ctx, s->credit, &pay) : 0;
  const uint32_t bridge = dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset);
  dp_i128 lost = 0, all = 0;
  dp_reward_split(&s->reward, emission, sent->of);
  DP_TRY(pay_delegators(ctx, s, &sent->of[DP_UNIT_STAKE]));
  for (unsigned k = 0; k < DP_REWARD_UNIT_N; k++) {
    all += sent->of[k];
    if (units->of[k] > 0) continue;
    lost += sent->of[k];
    sent->of[k] = 0;
  }
  DP_TRY(dp_books_post(ctx, DP_REASON_REWARD_OUT, dp_books_own(ctx, DP_ACCOUNT_REWARDS, s->asset), bridge, all));
  DP_TRY(dp_books_post(ctx, DP_REASON_REWARD_OUT, pay, bridge, owed));
  state->paid += owed;
  sent->of[DP_UNIT_WORK] += owed;
  state->pending = all - lost + owed;
  return sweep(ctx, s, state, lost);
}

/* What hosts have lost by leaving. */
static enum dp_status take_forfeited(struct dp_ctx *ctx, const struct dp__token_shared *s, struct dp_token_state *state) {
  const dp_i128 forfeited = dp_flow_sum(ctx, FLOW_FORFEITED);
  state->forfeited += forfeited;
  state->held = dp_flow_sum(ctx, FLOW_HELD);
  return dp_books_post(ctx, DP_REASON_REWARD_REST, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset),
                       dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset), forfeited);
}

static void publish(struct dp_ctx *ctx, const struct dp__token_shared *s, const struct dp__token_units *units,
                    const struct dp__token_units *sent) {
  static const unsigned at[] = {VALUE_EMISSION, VALUE_STAKE_EMISSION, VALUE_UPTIME_EMISSION};
  static const unsigned by[] = {VALUE_WORK, VALUE_STAKE, VALUE_UPTIME};
  const dp_i128 work = units->of[DP_UNIT_WORK];
  const double index = work > 0 ? dp_i128_to_double(sent->of[DP_UNIT_WORK]) / dp_i128_to_double(work) : 0;
  for (unsigned k = 0; k < DP_REWARD_UNIT_N; k++) {
    dp_value_set(ctx, at[k], sent->of[k], dp_books_units(dp_ctx_sim(ctx), s->asset, sent->of[k]));
    dp_value_set(ctx, by[k], units->of[k], dp_i128_to_double(units->of[k]));
  }
  dp_value_set(ctx, VALUE_INDEX, (dp_i128)index, index);
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp__token_shared *s = ctx->self->shared;
  struct dp_token_state *state = dp__token_state_of(ctx);
  dp_i128 emission, rewarded = dp_flow_sum(ctx, FLOW_REWARDED);
  struct dp__token_units units = {0}, sent = {0};
  if (!beat->settlement) return DP_OK;
  DP_TRY(sweep(ctx, s, state, state->pending - rewarded));
  state->pending = state->window_staked = 0;
  state->rewarded += rewarded;
  DP_TRY(take_forfeited(ctx, s, state));
  DP_TRY(mint(ctx, s, &emission));
  DP_TRY(dp_allocation_unlock(ctx, dp_own_global(ctx, TRANCHE_TABLE), &s->allocation, supply_of(ctx)));
  if (ctx->now_ns < s->reward.points_ns) {
    state->waiting += emission;
  } else {
    for (unsigned k = 0; k < DP_REWARD_UNIT_N; k++) units.of[k] = dp_flow_sum(ctx, FLOW_WORK + k);
    emission += state->waiting;
    state->waiting = 0;
    DP_TRY(send(ctx, s, emission, &units, &sent));
  }
  publish(ctx, s, &units, &sent);
  return DP_OK;
}

/* ---- measures and invariants ---- */

static void show(struct dp_ctx *ctx, unsigned metric, dp_i128 base) {
  const struct dp__token_shared *s = ctx->self->shared;
  dp_metric_set_global(ctx, metric, dp_books_units(dp_ctx_sim(ctx), s->asset, base));
}

/* Bonded, held and waiting tokens are nobody's to sell. */
static dp_i128 outside_float(const struct dp_ctx *ctx, const struct dp__token_shared *s) {
  const struct dp_token_state *state = dp__token_state_of(ctx);
  return dp_stake_held(ctx, s->bond) + state->held + state->waiting;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct dp__token_shared *s = ctx->self->shared;
  const struct dp_token_state *state = dp__token_state_of(ctx);
  const dp_i128 supply = supply_of(ctx), grown = supply - state->genesis;
  const dp_i128 treasury = dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_TREASURY, s->asset));
  const dp_i128 locked = dp_allocation_locked(dp_own_global(ctx, TRANCHE_TABLE));
  const double growth = dp_i128_to_double(grown) / dp_i128_to_double(state->genesis);
  show(ctx, METRIC_SUPPLY, supply);
  show(ctx, METRIC_FLOAT, supply - locked - treasury - dp_credit_held(ctx, s->credit) - outside_float(ctx, s));
  show(ctx, METRIC_LOCKED, locked);
  show(ctx, METRIC_MINTED, state->minted);
  show(ctx, METRIC_BURNED, burned_of(ctx));
  show(ctx, METRIC_REWARDED, state->rewarded);
  show(ctx, METRIC_TREASURY, treasury);
  show(ctx, METRIC_STAKED, state->staked);
  show(ctx, METRIC_WAITING, state->waiting);
  show(ctx, METRIC_HELD, state->held);
  show(ctx, METRIC_DELEGATED, state->delegated);
  show(ctx, METRIC_WINDOW_MINTED, state->window_minted);
  show(ctx, METRIC_WINDOW_BURNED, state->window_burned);
  dp_metric_set_global(ctx, METRIC_INFLATION,
                       ctx->now_ns == 0 ? 0 : growth * ((double)(365 * DP_DAY) / (double)ctx->now_ns));
  return DP_OK;
}

/* minted + paid for credits = taken by hosts + still theirs + treasury's and delegators' parts + what waits */
static enum dp_status check_replicated(struct dp_ctx *ctx) {
  const struct dp__token_shared *s = ctx->self->shared;
  const struct dp_token_state *state = dp__token_state_of(ctx);
  dp_i128 total;
  if (!dp_mint_total(&s->mint, dp__token_mint_of(ctx), clock_of(ctx, s), &total) || state->minted != total)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: %s: minted is not what the schedule says", ctx->self->name);
  if (state->minted + state->paid != state->rewarded + state->pending + state->swept + state->delegated +
                                          state->waiting)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: %s: rewards and remainders do not add up to what was minted",
                   ctx->self->name);
  return DP_OK;
}

#include "ledger/token_tables.inc"
