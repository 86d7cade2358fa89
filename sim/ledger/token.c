#include <config.h>

#include "ledger/token.h"

#include <math.h>
#include <stdlib.h>

#include "books/books.h"

/** `shared` of an instance: derived from the scenario, never changed after init. */
struct shared {
  uint16_t asset;
  bool has_network;
  struct dp_view work; /* market.gateway listing.work_tok: cumulative, per node */
  dp_i128 rate_base_per_day;
  dp_i128 genesis;
};

/** Row of table "claim": one a cell. */
struct claim {
  dp_i128 rewarded; /* taken by the cell's hosts at the last settlement */
};

enum { SHARE_TABLE, CLAIM_TABLE };
enum { STATE_TABLE };
enum { FLOW_WORK, FLOW_REWARDED };
enum { VALUE_EMISSION, VALUE_WORK, VALUE_INDEX };
enum { METRIC_SUPPLY, METRIC_MINTED, METRIC_BURNED, METRIC_REWARDED, METRIC_TREASURY, METRIC_INFLATION };

static struct dp_token_state *state_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, STATE_TABLE), struct dp_token_state, 0);
}

static struct claim *claim_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, CLAIM_TABLE), struct claim, 0);
}

/* ---- init ---- */

static enum dp_status find_network(struct dp_ctx *ctx, struct shared *s) {
  const struct dp_token_config *config = ctx->self->config;
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_instance *network = config->network.instance == DP_NO_INSTANCE || !config->network.name[0]
                                          ? dp_sim_first(sim, "market.gateway")
                                          : dp_sim_instance(sim, config->network.instance);
  s->has_network = network != NULL;
  if (!network) return DP_OK;
  DP_TRY(dp_view_find(network, "listing", "work_tok", &s->work, ctx->err));
  if (s->work.type != DP_TYPE_I64 && s->work.type != DP_TYPE_U64)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: column work_tok of %s is not a 64-bit integer",
                   network->model->name);
  return DP_OK;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_token_config *config = ctx->self->config;
  struct shared *s = calloc(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "a token");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  if (!dp_token_base_units(config->supply, config->decimals, &s->genesis) ||
      !dp_token_base_units(config->emission_per_day, config->decimals, &s->rate_base_per_day))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.token: %s: supply and emission_per_day must fit 126 bits of base "
                   "units", ctx->self->name);
  DP_TRY(dp_books_asset(ctx, ctx->self->name, (int)config->decimals, &s->asset));
  DP_TRY(dp_table_add(dp_own_global(ctx, STATE_TABLE), &row, ctx->err));
  state_of(ctx)->genesis = s->genesis;
  DP_TRY(dp_books_post(ctx, DP_REASON_GENESIS, dp_books_own(ctx, DP_ACCOUNT_MINT, s->asset),
                       dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset), s->genesis));
  return find_network(ctx, s);
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
  if (!s->has_network) return DP_OK;
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
  const struct shared *s = ctx->self->shared;
  struct dp_token_state *state = state_of(ctx);
  dp_i128 scheduled, work = dp_flow_sum(ctx, FLOW_WORK), rewarded = dp_flow_sum(ctx, FLOW_REWARDED);
  if (!beat->settlement) return DP_OK;
  if (!dp_token_schedule(s->rate_base_per_day, ctx->now_ns, &scheduled))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: the emission of %s overflows 127 bits", ctx->self->name);
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
  double growth = dp_i128_to_double(state->minted - burned) / dp_i128_to_double(state->genesis);
  dp_metric_set_global(ctx, METRIC_SUPPLY, dp_books_units(sim, s->asset, supply));
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
  if (!dp_token_schedule(s->rate_base_per_day, ctx->now_ns, &scheduled) || state->minted != scheduled)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: %s: minted is not what the schedule says", ctx->self->name);
  if (state->minted != state->rewarded + state->pending + state->swept)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: %s: rewards and remainders do not add up to what was minted",
                   ctx->self->name);
  return DP_OK;
}

/* ---- the model ---- */

static const struct dp_column share_columns[] = {
    DP_COLUMN(struct dp_token_share, work_seen_tok, "tok", "work that earlier settlements have counted"),
    DP_COLUMN(struct dp_token_share, work_tok, "tok", "work of the settlement that is being cleared"),
    DP_COLUMN(struct dp_token_share, account, "1", "token wallet of the host; 0 before the first reward"),
};

static const struct dp_column claim_columns[] = {
    DP_COLUMN(struct claim, rewarded, "base", "taken by the cell's hosts at the last settlement"),
};

static const struct dp_column state_columns[] = {
    DP_COLUMN(struct dp_token_state, genesis, "base", "supply at the start"),
    DP_COLUMN(struct dp_token_state, minted, "base", "minted by the schedule"),
    DP_COLUMN(struct dp_token_state, pending, "base", "sent to the cells at the last settlement"),
    DP_COLUMN(struct dp_token_state, rewarded, "base", "taken by hosts before the last settlement"),
    DP_COLUMN(struct dp_token_state, swept, "base", "remainders and emission without work, to the treasury"),
};

#define COLUMNS(array) DP_ROWS(column, array)

static const struct dp_table_decl tables[] = {
    {.name = "share", .doc = "a host's work and token wallet", .scope = DP_SCOPE_CELL,
     .row_size = sizeof(struct dp_token_share), COLUMNS(share_columns), .follows = "hardware.node.node",
     .output = true},
    {.name = "claim", .doc = "rewards taken in a cell", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct claim),
     COLUMNS(claim_columns)},
    {.name = "token", .doc = "supply, emission, rewards", .scope = DP_SCOPE_REPLICATED,
     .row_size = sizeof(struct dp_token_state), COLUMNS(state_columns), .output = true},
};

static const struct dp_flow flows[] = {
    [FLOW_WORK] = {"work", "tok", "work of all hosts in the settlement"},
    [FLOW_REWARDED] = {"rewarded", "base", "what hosts took of the emission of the settlement before"},
};

static const struct dp_value values[] = {
    [VALUE_EMISSION] = {"emission", DP_OUT, "base", "emission of the settlement that hosts share"},
    [VALUE_WORK] = {"work", DP_OUT, "tok", "work that they share it by"},
    [VALUE_INDEX] = {"reward_index", DP_OUT, "base", "reward for one unit of work"},
};

static const struct dp_metric metrics[] = {
    [METRIC_SUPPLY] = {"supply", DP_METRIC_GLOBAL, "token", 1, NULL, false, "genesis + minted - burned"},
    [METRIC_MINTED] = {"minted", DP_METRIC_GLOBAL, "token", 1, NULL, false, "minted since the start"},
    [METRIC_BURNED] = {"burned", DP_METRIC_GLOBAL, "token", 1, NULL, false, "burned since the start"},
    [METRIC_REWARDED] = {"rewarded", DP_METRIC_GLOBAL, "token", 1, NULL, false,
                         "taken by hosts up to the settlement before"},
    [METRIC_TREASURY] = {"treasury", DP_METRIC_GLOBAL, "token", 1, NULL, false, "held by the protocol's treasury"},
    [METRIC_INFLATION] = {"inflation", DP_METRIC_GLOBAL, "1", 1, NULL, false,
                          "(minted - burned) over genesis, a year of 365 days"},
};

static const struct dp_kpi kpis[] = {
    {"token.supply", DP_KPI_TOTAL, "supply", NULL, "token", 0, "genesis + minted - burned, at the end"},
    {"token.minted", DP_KPI_TOTAL, "minted", NULL, "token", 0, "minted during the run"},
    {"token.burned", DP_KPI_TOTAL, "burned", NULL, "token", 0, "burned during the run"},
    {"token.inflation_ratio", DP_KPI_TOTAL, "inflation", NULL, "1", 0,
     "growth of the supply over the supply at the start, a year"},
};

static const struct dp_param params[] = {
    {DP_FIELD(struct dp_token_config, decimals), .type = DP_PARAM_INT, .unit = "1", .value = 6, .min = 0, .max = 18,
     .doc = "decimals of the token: base units are 10^-decimals", .source = "AKT has 6: akash-network"},
    {DP_FIELD(struct dp_token_config, supply), .type = DP_PARAM_NUMBER, .unit = "token", .value = 100e6, .min = 0,
     .max = 1e15, .log_scale = true, .doc = "supply at the start", .source = "none"},
    {DP_FIELD(struct dp_token_config, emission_per_day), .type = DP_PARAM_NUMBER, .unit = "token/d", .value = 0,
     .min = 0, .max = 1e12, .log_scale = true,
     .doc = "tokens minted a day and shared by work; a settlement without work gives them to the treasury",
     .source = "none"},
    {DP_FIELD(struct dp_token_config, network), .type = DP_PARAM_REF, .unit = "text", .part = "market.gateway",
     .doc = "network whose work is rewarded; the first one when left out", .source = "none"},
};

static const struct dp_schema schema = {
    .name = "ledger.token",
    .doc = "a token: supply, emission by a fixed schedule, rewards by work",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_token_config),
};

const struct dp_model dp_token_model = {
    .name = "ledger.token",
    .section = "tokens",
    .doc = "a token: supply, emission, rewards by work",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    DP_ROWS(flow, flows),
    DP_ROWS(value, values),
    .init_replicated = init_replicated,
    .init_cell = init_cell,
    .collect = collect,
    .clear = clear,
    .apply = apply,
    .sample_replicated = sample_replicated,
    .check_replicated = check_replicated,
    .release = free,
};
