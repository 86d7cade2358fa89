/* sim/ledger/exchange_pool.c — what makes a price: constant product, concentrated liquidity, a given path. */
#include <config.h>

#include <math.h>

#include "ledger/emission.h"
#include "ledger/exchange_priv.h"
#include "ledger/token.h"

static const struct dp_exchange_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }

struct dp_reserves dp__pool_reserves(const struct dp_ctx *ctx, const struct dp__exchange *s) {
  const struct dp_exchange_state *state = dp__exchange_state(ctx);
  return (struct dp_reserves){dp_books_balance(ctx, state->token_account), dp_books_balance(ctx, state->usd_account),
                              s->fee_ppm};
}

/* ---- concentrated liquidity ---- */

static struct dp_u256 root_of(const struct dp_exchange_state *state) {
  return (struct dp_u256){{state->root_x96[0], state->root_x96[1], state->root_x96[2]}};
}

static void set_root(struct dp_exchange_state *state, struct dp_u256 root) {
  for (int i = 0; i < 3; i++) state->root_x96[i] = root.limb[i];
}

/* √P as a double, in nano-USD for a base unit. */
static double real_root(struct dp_u256 root) {
  return ((double)root.limb[2] * 0x1p128 + (double)root.limb[1] * 0x1p64 + (double)root.limb[0]) * 0x1p-96;
}

/* ⌊√P · 2^96⌋ for P = usd / token; false outside [2^-64, 2^64). */
static bool first_root(dp_i128 usd, dp_i128 token, struct dp_u256 *root) {
  struct dp_u256 ratio;
  if (!dp_u256_mul_div(dp_u256_from_u128((dp_u128)usd), dp_u256_shl(dp_u256_from_u128(1), 192),
                       dp_u256_from_u128((dp_u128)token), DP_ROUND_DOWN, &ratio))
    return false;
  *root = dp_u256_from_u128(dp_u256_isqrt(ratio));
  return root->limb[1] != 0; /* at least 2^64 */
}

/* The tick at or below a price in USD for a token. */
static int32_t tick_of(const struct dp_token_config *token, double usd) {
  double p = usd * 1e9;
  for (int64_t i = 0; i < token->decimals; i++) p /= 10;
  int exponent;
  const double root = frexp(sqrt(p), &exponent); /* √P = root · 2^exponent, root in [1/2, 1) */
  const int shift = exponent - 53 + 96;
  const struct dp_u256 bits = dp_u256_from_u128((dp_u128)(uint64_t)(root * 0x1p53));
  return dp_tick_at(shift >= 0 ? dp_u256_shl(bits, (unsigned)shift) : dp_u256_shr(bits, (unsigned)-shift));
}

/* The positions, each less what the providers have taken. */
static void ranges_now(const struct dp_ctx *ctx, const struct dp__exchange *s, dp_i128 shares, struct dp_range *out) {
  struct dp_position now[DP_RANGE_POSITION_MAX];
  (void)ctx;
  for (size_t i = 0; i < s->position_n; i++) {
    now[i] = s->positions[i];
    now[i].liquidity = (dp_u128)dp_token_part((dp_i128)now[i].liquidity, (int64_t)shares);
  }
  dp_range_make(now, s->position_n, out);
}

/* ---- init ---- */

static enum dp_status amounts(struct dp_ctx *ctx, double tokens, double usd, const char *what, dp_i128 out[2]) {
  const struct dp_token_config *token = ((const struct dp__exchange *)ctx->self->shared)->token->config;
  if (dp_token_base_units(tokens, token->decimals, &out[0]) && dp_token_base_units(usd, DP_USD_DECIMALS, &out[1]))
    return DP_OK;
  return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: %s of %g tokens and %g usd does not fit 126 bits",
                 ctx->self->name, what, tokens, usd);
}

/* Adds position `nth` to the range and what it needs to `all`. */
static enum dp_status add_position(struct dp_ctx *ctx, struct dp__exchange *s, size_t nth, struct dp_u256 root,
                                   dp_i128 all[2]) {
  const struct dp_exchange_position *p = config_of(ctx)->positions.v[nth].part;
  struct dp_position *mine = &s->positions[s->position_n++];
  struct dp_range range;
  dp_i128 most[2], token, usd, none;
  mine->lower = tick_of(s->token->config, p->lower_usd);
  mine->upper = tick_of(s->token->config, p->upper_usd);
  DP_TRY(amounts(ctx, p->tokens, p->usd, "a position", most));
  if (mine->lower >= mine->upper ||
      !dp_position_liquidity(root, mine->lower, mine->upper, most[0], most[1], &mine->liquidity) || mine->liquidity == 0)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: the position from %g to %g usd has no liquidity (around "
                   "the first price it needs tokens and usd, above it tokens, below it usd; it spans at least 0.01 %%)",
                   ctx->self->name, p->lower_usd, p->upper_usd);
  dp_range_make(mine, 1, &range);
  if (!dp_range_between(&range, root, range.edge[1], true, &token, &none) ||
      !dp_range_between(&range, range.edge[0], root, true, &none, &usd))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: a position does not fit 126 bits", ctx->self->name);
  all[0] += token;
  all[1] += usd;
  return DP_OK;
}

static enum dp_status seed_ranges(struct dp_ctx *ctx, struct dp__exchange *s, dp_i128 all[2]) {
  struct dp_u256 root;
  struct dp_position *wide = &s->positions[0];
  *wide = (struct dp_position){.lower = -DP_TICK_MAX, .upper = DP_TICK_MAX};
  s->position_n = 1;
  if (config_of(ctx)->positions.n >= DP_RANGE_POSITION_MAX)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: at most %d positions", ctx->self->name,
                   DP_RANGE_POSITION_MAX - 1);
  if (!first_root(all[1], all[0], &root) ||
      !dp_position_liquidity(root, wide->lower, wide->upper, all[0], all[1], &wide->liquidity) || wide->liquidity == 0)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: the first price %g usd is out of range for %s (take "
                   "other decimals)", ctx->self->name, config_of(ctx)->usd / config_of(ctx)->tokens, s->token->name);
  for (size_t i = 0; i < config_of(ctx)->positions.n; i++) DP_TRY(add_position(ctx, s, i, root, all));
  set_root(dp__exchange_state(ctx), root);
  return DP_OK;
}

enum dp_status dp__pool_seed(struct dp_ctx *ctx, struct dp__exchange *s) {
  const struct dp_exchange_config *config = config_of(ctx);
  struct dp_exchange_state *state = dp__exchange_state(ctx);
  dp_i128 all[2];
  const uint32_t holders = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset);
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_POOL, s->asset, ctx->self->index, &state->token_account));
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_POOL, DP_USD, ctx->self->index, &state->usd_account));
  DP_TRY(amounts(ctx, config->tokens, config->usd, "a pool", all));
  if (all[0] == 0 || all[1] == 0)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: the pool is empty: %g tokens and %g usd (give both, above "
                   "one base unit)", ctx->self->name, config->tokens, config->usd);
  if (config->kind == DP_EXCHANGE_CONCENTRATED) DP_TRY(seed_ranges(ctx, s, all));
  if (config->kind == DP_EXCHANGE_CONDITIONAL) DP_TRY(dp__path_read(ctx, s));
  if (all[0] > dp_books_balance(ctx, holders))
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.exchange: %s: the pool takes %g %s, and only %g are in nobody's tranche "
                   "(leave more of the supply unallocated, or make the pool smaller)", ctx->self->name,
                   dp_books_units(dp_ctx_sim(ctx), s->asset, all[0]), s->token->name,
                   dp_books_units(dp_ctx_sim(ctx), s->asset, dp_books_balance(ctx, holders)));
  s->first_token = all[0];
  s->first_usd = all[1];
  state->shares = 1000000000;
  state->liquidity_in_usd = all[1];
  DP_TRY(dp_books_post(ctx, DP_REASON_LIQUIDITY_TOKEN, holders, state->token_account, all[0]));
  DP_TRY(dp_books_post(ctx, DP_REASON_LIQUIDITY_USD, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), state->usd_account,
                       all[1]));
  s->first_price_usd = state->price_usd = dp__pool_price_usd(ctx, s);
  return DP_OK;
}

/* ---- a settlement ---- */

static enum dp_status fill_ranges(struct dp_ctx *ctx, const struct dp__exchange *s, struct dp_swap *batch) {
  struct dp_exchange_state *state = dp__exchange_state(ctx);
  struct dp_range range;
  struct dp_u256 root = root_of(state);
  ranges_now(ctx, s, state->shares, &range);
  DP_TRY(dp_range_fill(&range, s->fee_ppm, &root, batch, ctx->err));
  set_root(state, root);
  return DP_OK;
}

enum dp_status dp__pool_fill(struct dp_ctx *ctx, const struct dp__exchange *s, struct dp_swap *batch) {
  struct dp_exchange_state *state = dp__exchange_state(ctx);
  const int64_t fee_ppb = s->fee_ppm * 1000;
  if (config_of(ctx)->kind == DP_EXCHANGE_CONDITIONAL) return dp__path_fill(ctx, s, batch);
  state->fee_usd += dp_token_part(batch->usd_in, fee_ppb);
  state->fee_token += dp_token_part(batch->token_in, fee_ppb);
  if (config_of(ctx)->kind == DP_EXCHANGE_CONCENTRATED) return fill_ranges(ctx, s, batch);
  const struct dp_reserves pool = dp__pool_reserves(ctx, s);
  return dp_swap_fill(&pool, batch, ctx->err);
}

/* ---- prices ---- */

/* A price in nano-USD for a base unit, as USD for a token. */
static double usd_per_token(const struct dp_ctx *ctx, const struct dp__exchange *s, double p) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  return p * (dp_books_units(sim, DP_USD, 1000000000) / dp_books_units(sim, s->asset, 1000000000));
}

double dp__pool_price_usd(const struct dp_ctx *ctx, const struct dp__exchange *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  if (config_of(ctx)->kind == DP_EXCHANGE_CONDITIONAL) return dp_i128_to_double(dp__path_e18(s, ctx->now_ns)) / 1e18;
  if (config_of(ctx)->kind == DP_EXCHANGE_CONCENTRATED) {
    const double root = real_root(root_of(dp__exchange_state(ctx)));
    return usd_per_token(ctx, s, root * root);
  }
  const struct dp_reserves pool = dp__pool_reserves(ctx, s);
  return dp_books_units(sim, DP_USD, pool.usd) / dp_books_units(sim, s->asset, pool.token);
}

bool dp__pool_value(const struct dp_ctx *ctx, const struct dp__exchange *s, dp_i128 token, dp_i128 *nusd) {
  const struct dp_u256 q96 = dp_u256_shl(dp_u256_from_u128(1), 96);
  if (config_of(ctx)->kind == DP_EXCHANGE_CONDITIONAL)
    return dp_i128_mul_div(token, dp__path_e18(s, ctx->now_ns), s->unit, DP_ROUND_DOWN, nusd);
  if (config_of(ctx)->kind == DP_EXCHANGE_CONCENTRATED) {
    struct dp_u256 root = root_of(dp__exchange_state(ctx)), part = dp_u256_from_u128((dp_u128)token);
    dp_u128 value;
    if (!dp_u256_mul_div(part, root, q96, DP_ROUND_DOWN, &part) ||
        !dp_u256_mul_div(part, root, q96, DP_ROUND_DOWN, &part) ||
        !dp_u256_to_u128(part, &value) || value >> 127)
      return false;
    *nusd = (dp_i128)value;
    return true;
  }
  const struct dp_reserves pool = dp__pool_reserves(ctx, s);
  return dp_i128_mul_div(token, pool.usd, pool.token, DP_ROUND_DOWN, nusd);
}

/* ---- figures ---- */

/* A root times √ratio. */
static struct dp_u256 moved(struct dp_u256 root, double ratio) {
  struct dp_u256 out = root;
  if (!dp_u256_mul_div(root, dp_u256_from_u128((dp_u128)(uint64_t)(sqrt(ratio) * 0x1p52)),
                       dp_u256_from_u128((dp_u128)1 << 52), DP_ROUND_DOWN, &out))
    return root;
  return out;
}

static struct dp__depth ranges_depth(const struct dp_ctx *ctx, const struct dp__exchange *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_u256 root = root_of(dp__exchange_state(ctx));
  struct dp_range range;
  dp_i128 up = 0, down = 0, tenth = 0, none;
  ranges_now(ctx, s, dp__exchange_state(ctx)->shares, &range);
  if (!dp_range_between(&range, root, moved(root, 1.02), false, &none, &up) ||
      !dp_range_between(&range, moved(root, 0.98), root, false, &none, &down) ||
      !dp_range_between(&range, moved(root, 0.9), root, false, &tenth, &none))
    return (struct dp__depth){NAN, NAN, NAN};
  return (struct dp__depth){dp_books_units(sim, DP_USD, up), dp_books_units(sim, DP_USD, down),
                            dp_books_units(sim, s->asset, tenth)};
}

struct dp__depth dp__pool_depth(const struct dp_ctx *ctx, const struct dp__exchange *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  if (config_of(ctx)->kind == DP_EXCHANGE_CONDITIONAL) return (struct dp__depth){NAN, NAN, NAN};
  if (config_of(ctx)->kind == DP_EXCHANGE_CONCENTRATED) return ranges_depth(ctx, s);
  const struct dp_reserves pool = dp__pool_reserves(ctx, s);
  const double usd = dp_books_units(sim, DP_USD, pool.usd);
  return (struct dp__depth){dp_swap_depth_usd(usd, 0.02), usd * (1 - sqrt(0.98)),
                            dp_swap_depth_token(dp_books_units(sim, s->asset, pool.token), 0.1)};
}

double dp_exchange_depth_usd(const struct dp_ctx *ctx, const struct dp_instance *exchange) {
  struct dp_ctx own = *ctx;
  own.self = exchange;
  return dp__pool_depth(&own, exchange->shared).up_usd;
}

/* What the ranges of the start hold at a root, in USD at a price. */
static double ranges_worth(const struct dp_ctx *ctx, const struct dp__exchange *s, struct dp_u256 root, double price) {
  struct dp_range range;
  dp_i128 token = 0, usd = 0, none;
  dp_range_make(s->positions, s->position_n, &range);
  if (!dp_range_between(&range, root, range.edge[range.edge_n - 1], false, &token, &none) ||
      !dp_range_between(&range, range.edge[0], root, false, &none, &usd))
    return NAN;
  return dp_books_units(dp_ctx_sim(ctx), DP_USD, usd) + dp_books_units(dp_ctx_sim(ctx), s->asset, token) * price;
}

double dp__pool_impermanent_loss(const struct dp_ctx *ctx, const struct dp__exchange *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const double price = dp__pool_price_usd(ctx, s);
  if (config_of(ctx)->kind == DP_EXCHANGE_CONSTANT_PRODUCT) return dp_amm_impermanent_loss(price / s->first_price_usd);
  if (config_of(ctx)->kind == DP_EXCHANGE_CONDITIONAL) return NAN;
  const double kept = dp_books_units(sim, DP_USD, s->first_usd) + dp_books_units(sim, s->asset, s->first_token) * price;
  return ranges_worth(ctx, s, root_of(dp__exchange_state(ctx)), price) / kept - 1;
}
