/* The price is made by trades alone, and no order of trades makes another one: against Uniswap v2's formula, against the
 * closed forms of a constant-product pool under steady flows, and over random economies whose books must balance. */
#include "economy.h"

#include <math.h>

#include "ledger/amm.h"
#include "ledger/swap.h"

static void near(double got, double expected, double relative) {
  if (!(fabs(got - expected) <= relative * fabs(expected)))
    fail_msg("%.12g is not %.12g within %g %%", got, expected, 100 * relative);
}

static struct dp_rng luck_of(uint64_t i) { return dp_rng_at(11, 0, i, DP_STREAM_TEMPLATE, 0); }

/* Log-uniform. */
static double draw(struct dp_rng *rng, double low, double high) { return low * pow(high / low, dp_rng_uniform(rng)); }

static dp_i128 amount(struct dp_rng *rng, unsigned bits) {
  const unsigned shift = 64 - 1 - (unsigned)dp_rng_below(rng, bits < 64 ? bits : 63);
  return (dp_i128)(dp_rng_u64(rng) >> shift) << (bits > 64 ? dp_rng_below(rng, bits - 63) : 0);
}

/* ---- one batch ---- */

static void a_one_sided_batch_is_uniswap_v2s_formula(void **state) {
  (void)state;
  for (uint64_t i = 0; i < 3000; i++) {
    struct dp_rng rng = luck_of(i);
    struct dp_err err = {0};
    struct dp_reserves pool = {amount(&rng, 90) + 1, amount(&rng, 90) + 1, 3000};
    struct dp_swap buy = {.usd_in = amount(&rng, 90) + 1}, sell = {.token_in = buy.usd_in};
    struct dp_u256 out;
    dp_u128 expected;
    assert_int_equal(dp_swap_fill(&pool, &buy, &err), DP_OK);
    assert_int_equal(dp_amm_v2_out(dp_u256_from_u128((dp_u128)buy.usd_in), dp_u256_from_u128((dp_u128)pool.usd),
                                   dp_u256_from_u128((dp_u128)pool.token), &out, &err), DP_OK);
    assert_true(dp_u256_to_u128(out, &expected) && buy.token_out == (dp_i128)expected && buy.usd_out == 0);
    assert_int_equal(dp_swap_fill(&pool, &sell, &err), DP_OK);
    assert_int_equal(dp_amm_v2_out(dp_u256_from_u128((dp_u128)sell.token_in), dp_u256_from_u128((dp_u128)pool.token),
                                   dp_u256_from_u128((dp_u128)pool.usd), &out, &err), DP_OK);
    assert_true(dp_u256_to_u128(out, &expected) && sell.usd_out == (dp_i128)expected && sell.token_out == 0);
  }
}

static void all_trade_at_one_price_and_the_product_never_falls(void **state) {
  (void)state;
  for (uint64_t i = 0; i < 3000; i++) {
    struct dp_rng rng = luck_of(i);
    struct dp_err err = {0};
    struct dp_reserves pool = {amount(&rng, 90) + 1, amount(&rng, 90) + 1, (int64_t)dp_rng_below(&rng, 500000)};
    struct dp_swap both = {.usd_in = amount(&rng, 90), .token_in = amount(&rng, 90)};
    assert_int_equal(dp_swap_fill(&pool, &both, &err), DP_OK);
    const dp_i128 token = pool.token + both.token_in - both.token_out, usd = pool.usd + both.usd_in - both.usd_out;
    assert_true(token > 0 && usd > 0);
    assert_true(dp_u256_cmp(dp_u256_product((dp_u128)token, (dp_u128)usd),
                            dp_u256_product((dp_u128)pool.token, (dp_u128)pool.usd)) >= 0);
    if (both.token_out < 1000000000 || both.usd_out < 1000000000) continue;
    const double keep = 1 - (double)pool.fee_ppm / 1e6;
    const double bought = dp_i128_to_double(both.usd_in) * keep / dp_i128_to_double(both.token_out);
    const double sold = dp_i128_to_double(both.usd_out) / (dp_i128_to_double(both.token_in) * keep);
    near(bought, sold, 1e-8);
  }
}

/* The trap: all buys before all sells, 10,000 USD and 20,000 tokens into 20,000 USD and 40,000 tokens a day, 0.5 is the
 * true price. Buys first end at 0.305 or 0.820 (TRAPS.md); one price does not depend on the order. */
static void buys_before_sells_do_not_move_the_price(void **state) {
  (void)state;
  struct dp_reserves pool = {40000000000, 20000000000000, 0};
  struct dp_err err = {0};
  for (int day = 0; day < 100; day++) {
    struct dp_swap s = {.usd_in = 10000000000000, .token_in = 20000000000};
    assert_int_equal(dp_swap_fill(&pool, &s, &err), DP_OK);
    assert_true(s.token_out == s.token_in && s.usd_out == s.usd_in); /* they trade with each other */
    pool.token += s.token_in - s.token_out;
    pool.usd += s.usd_in - s.usd_out;
  }
}

/* ---- steady flows ---- */

/* Price after `days`: `buy` USD a day buy and burn, `sell` tokens a day are earned and sold. */
static double price_after(double buy, double sell, double days, double usd, dp_time settle_ns) {
  struct economy e;
  struct economy_config c = economy_plain();
  c.revenue_usd_per_day = buy;
  c.emission.per_day = sell;
  c.exchange.usd = usd;
  c.settle_ns = settle_ns;
  c.end_ns = (dp_time)(days * (double)DP_DAY);
  economy_run(&e, &c, NULL);
  const double price = economy_kpi(&e, "token.price_usd");
  economy_free(&e);
  return price;
}

static void sales_only_follow_the_curve(void **state) {
  (void)state;
  for (int i = 1; i <= 3; i++) {
    const double days = 100 * i, x = 1e6 + 5000 * days; /* k = 1e11 */
    near(price_after(0, 5000, days, 100e3, DP_HOUR * 4), 1e11 / (x * x), 0.01);
  }
  struct economy e;
  struct economy_config c = economy_plain();
  c.emission.per_day = 5000;
  economy_run(&e, &c, NULL); /* to x = 1.15e6 and y = 1e11 / x */
  near(economy_kpi(&e, "token.fall_10pct_d"), 1.15e6 * (1 / sqrt(0.9) - 1) / 5000, 0.01);
  near(economy_kpi(&e, "token.flow_over_depth_ratio"), 5000 / 1.15e6 / (sqrt(1.02) - 1), 0.01); /* the price cancels */
  economy_free(&e);
}

static void the_price_settles_where_money_in_meets_tokens_out(void **state) {
  (void)state;
  near(price_after(500, 5000, 900, 100e3, DP_HOUR * 4), 500.0 / 5000, 0.01);   /* it begins there */
  near(price_after(1000, 5000, 900, 100e3, DP_HOUR * 2), 1000.0 / 5000, 0.01); /* it doubles */
  near(price_after(500, 10000, 900, 100e3, DP_HOUR * 2), 500.0 / 10000, 0.01); /* it halves */
}

/* From 2 % above P* the deviation falls to 1/e in y / (2 D) days. */
static void a_deviation_dies_away_with_half_the_pool_over_the_flow(void **state) {
  (void)state;
  const double buy = 1000, price = 0.1, above = 0.02;
  const double usd = 1e6 * price * (1 + above), equilibrium = sqrt(usd * 1e6 * price), tau = equilibrium / (2 * buy);
  for (int i = 1; i <= 2; i++) {
    const double left = price_after(buy, buy / price, tau * i, usd, DP_HOUR) / price - 1;
    near(left, above * exp(-i), 0.03);
  }
}

static const char *const headline[] = {"token.price_usd",      "token.supply",
                                       "token.float",          "token.burned",
                                       "token.depth_2pct_usd", "network.emission_usd",
                                       "network.emission_realised_usd", "network.real_revenue_ratio"};

static void halving_the_settlement_moves_no_headline_by_two_percent(void **state) {
  (void)state;
  double values[2][sizeof headline / sizeof *headline];
  for (int half = 0; half < 2; half++) {
    struct economy e;
    struct economy_config c = economy_plain();
    c.settle_ns = DP_DAY >> half;
    c.end_ns = 180 * DP_DAY;
    c.revenue_usd_per_day = 400;
    c.take_ratio = 0.25;
    c.sell_ratio = 0.6;
    c.exchange.fee_ratio = 0.003;
    c.exchange.outside_usd_per_day = 50;
    c.tranches[0] = (struct dp_tranche){.name = "team", .share_ratio = 0.001, .cliff_d = 30, .vesting_d = 200,
                                        .sell_ratio = 0.5};
    c.tranche_n = 1;
    economy_run(&e, &c, NULL);
    for (size_t i = 0; i < sizeof headline / sizeof *headline; i++) values[half][i] = economy_kpi(&e, headline[i]);
    economy_free(&e);
  }
  for (size_t i = 0; i < sizeof headline / sizeof *headline; i++) near(values[1][i], values[0][i], 0.02);
}

/* ---- what the figures say ---- */

static void revenue_emission_and_burn_are_valued_as_they_are_named(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = economy_plain();
  c.revenue_usd_per_day = 200;
  c.take_ratio = 0.5;
  c.emission.per_day = 1000; /* 1,000 tokens at 0.1: P* = 100 / 1,000 from the start */
  economy_run(&e, &c, NULL);
  near(economy_kpi(&e, "token.price_usd"), 0.1, 0.001);
  near(economy_kpi(&e, "network.emission_usd"), 30 * 100.0, 0.001);
  near(economy_kpi(&e, "network.real_revenue_ratio"), 2, 0.001); /* 200 of revenue over 100 of emission a day */
  near(economy_kpi(&e, "token.buyback_usd"), 30 * 100.0, 1e-9);
  near(economy_kpi(&e, "token.burned"), 30 * 1000.0, 0.001);
  near(economy_kpi(&e, "token.sold"), 30 * 1000.0 * 719 / 720, 1e-6); /* the last settlement's are not sold yet */
  near(economy_kpi(&e, "network.emission_realised_usd"), 30 * 100.0 * 719 / 720, 0.001);
  near(economy_kpi(&e, "token.depth_2pct_usd"), 100e3 * (sqrt(1.02) - 1), 0.001);
  near(economy_kpi(&e, "token.external_inflow_usd"), 100e3, 0);
  assert_true(economy_kpi(&e, "token.flow_over_depth_ratio") < 0.01); /* what is sold is bought */
  near(economy_kpi(&e, "token.float"), economy_kpi(&e, "token.supply"), 1e-9);
  economy_free(&e);
}

/* 60 USD a day buy back and 40 come from outside; hosts sell 700 tokens a day and a tranche 300: the price stays 0.1. */
static void buyers_and_sellers_get_their_part_at_the_same_price(void **state) {
  (void)state;
  struct economy e;
  struct economy_config c = economy_plain();
  c.revenue_usd_per_day = 60;
  c.exchange.outside_usd_per_day = 40;
  c.emission.per_day = 700;
  c.tranches[0] = (struct dp_tranche){.name = "team", .amount = 300 * 100, .vesting_d = 100, .sell_ratio = 1};
  c.tranche_n = 1;
  economy_run(&e, &c, NULL);
  struct dp_ctx ctx = {.engine = e.sim->engine, .self = dp_sim_first(e.sim, "ledger.exchange")};
  const struct dp_exchange_state *s = DP_ROW(dp_own_global(&ctx, 0), struct dp_exchange_state, 0);
  const struct dp_tranche_row *team =
      DP_ROW(dp_token_tranches(&ctx, dp_sim_first(e.sim, "ledger.token")), struct dp_tranche_row, 0);
  const struct dp_desk *desks = DP_ROW(dp_own_global(&ctx, 1), struct dp_desk, 0); /* team, outside, treasury */
  near(dp_i128_to_double(desks[2].bought_token), 30 * 600e9, 0.001);
  near(dp_i128_to_double(desks[1].bought_token), 30 * 400e9, 0.001);
  near(dp_i128_to_double(s->host_usd), 30 * 70e9 * 719 / 720, 0.001);
  near(dp_i128_to_double(desks[0].earned_usd), 30 * 30e9, 0.001);
  assert_true(dp_books_balance(&ctx, team->usd_account) == desks[0].earned_usd);
  assert_true(dp_books_balance(&ctx, team->token_account) == 0 && team->offered == team->unlocked);
  assert_true(economy_held(e.sim, DP_USD, DP_ACCOUNT_TREASURY) == 0);
  economy_free(&e);
}

static void insiders_who_sell_their_unlocks_move_the_price(void **state) {
  (void)state;
  double price[2];
  for (int sells = 0; sells < 2; sells++) {
    struct economy e;
    struct economy_config c = economy_plain();
    c.emission.per_day = 0;
    c.tranches[0] = (struct dp_tranche){.name = "team", .amount = 2e6, .tge_ratio = 0.25, .vesting_d = 30,
                                        .sell_ratio = sells};
    c.tranche_n = 1;
    economy_run(&e, &c, NULL);
    price[sells] = economy_kpi(&e, "token.price_usd");
    near(economy_kpi(&e, "token.insiders_sold") + 1, sells ? 2e6 + 1 : 1, 1e-9);
    economy_free(&e);
  }
  near(price[0], 0.1, 1e-9);
  near(price[1], 1e11 / (3e6 * 3e6), 1e-6); /* k / (x + 2e6)², however it is sliced */
}

/* ---- random economies ---- */

struct watch {
  struct dp_sink sink;
  struct economy *e;
  struct dp_u256 product;
  dp_i128 shares;
  uint64_t settlement_n;
};

static enum dp_status begin(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err) {
  (void)sink, (void)sim, (void)err;
  return DP_OK;
}

static enum dp_status row(struct dp_sink *sink, const struct dp_instance *in, dp_time now_ns, const double *values,
                          size_t n, struct dp_err *err) {
  (void)sink, (void)in, (void)now_ns, (void)err;
  for (size_t i = 0; i < n; i++) assert_true(!isinf(values[i])); /* a figure may be undefined */
  return DP_OK;
}

/* Σ over the desks of a role. */
static struct dp_desk desks_of(const struct dp_ctx *ctx, unsigned role) {
  const struct dp_table *t = dp_own_global(ctx, 1);
  struct dp_desk sum = {0};
  for (uint32_t i = 0; i < t->row_n; i++) {
    const struct dp_desk *d = DP_ROW(t, struct dp_desk, i);
    if (d->role != role) continue;
    sum.spent_usd += d->spent_usd;
    sum.earned_usd += d->earned_usd;
    sum.bought_token += d->bought_token;
  }
  return sum;
}

/* What traders and the crowd have brought less what they have taken home. */
static dp_i128 speculators_brought(const struct economy *e, const struct dp_ctx *exchange) {
  struct dp_ctx ctx = *exchange;
  dp_i128 sum = 0;
  for (ctx.self = dp_sim_first(e->sim, "ledger.trader"); ctx.self; ctx.self = dp_sim_next(ctx.self)) {
    const struct dp_trader_state *t = DP_ROW(dp_own_global(&ctx, 0), struct dp_trader_state, 0);
    sum += t->brought_usd - t->left_usd;
  }
  if (!e->config.with_retail) return sum;
  ctx.self = dp_sim_first(e->sim, "ledger.retail");
  const struct dp_retail_state *r = DP_ROW(dp_own_global(&ctx, 0), struct dp_retail_state, 0);
  const struct dp_desk crowd = desks_of(exchange, DP_DESK_RETAIL);
  return sum + crowd.spent_usd - crowd.earned_usd + dp_books_balance(&ctx, r->usd_account);
}

/* x y of a constant product never falls, but when a provider leaves. */
static void check_product(struct watch *w, const struct dp_ctx *ctx, const struct dp_exchange_state *s) {
  const dp_i128 pool_token = dp_books_balance(ctx, s->token_account), pool_usd = dp_books_balance(ctx, s->usd_account);
  struct dp_u256 product = dp_u256_product((dp_u128)pool_token, (dp_u128)pool_usd);
  if (w->e->config.exchange.kind == DP_EXCHANGE_CONSTANT_PRODUCT && s->shares == w->shares)
    assert_true(dp_u256_cmp(product, w->product) >= 0);
  w->product = product;
  w->shares = s->shares;
}

/* At every settlement: the books of all ranks add up, by laws that are written here anew. */
static enum dp_status settled(struct dp_sink *sink, dp_time now_ns, struct dp_err *err) {
  struct watch *w = (struct watch *)sink;
  const struct dp_sim *sim = w->e->sim;
  const struct dp_instance *token = dp_sim_first(sim, "ledger.token"), *x = dp_sim_first(sim, "ledger.exchange");
  const struct dp_instance *market = dp_sim_first(sim, "market.gateway");
  struct dp_ctx ctx = {.engine = sim->engine, .self = x, .now_ns = now_ns, .err = err};
  const struct dp_token_state *t = dp_token_state_of(&ctx, token);
  const struct dp_exchange_state *s = DP_ROW(dp_own_global(&ctx, 0), struct dp_exchange_state, 0);
  const uint16_t asset = dp_token_asset(token);
  const dp_i128 nodes = w->e->config.cells_n * w->e->config.nodes_n;
  const dp_i128 token_flight = economy_held(sim, asset, DP_ACCOUNT_BRIDGE);
  const dp_i128 usd_flight = economy_held(sim, DP_USD, DP_ACCOUNT_BRIDGE);
  assert_true(economy_held(sim, asset, -1) == 0 && economy_held(sim, DP_USD, -1) == 0);
  assert_true(token_flight >= 0 && token_flight <= nodes && usd_flight >= 0 && usd_flight <= nodes);
  assert_true(-economy_held(sim, asset, DP_ACCOUNT_MINT) ==
              t->genesis + t->minted - desks_of(&ctx, DP_DESK_TREASURY).bought_token);
  assert_true(-economy_held(sim, DP_USD, DP_ACCOUNT_EXTERNAL) ==
              s->liquidity_in_usd - s->liquidity_out_usd + s->outside_usd + speculators_brought(w->e, &ctx) +
                  dp_value_integer(&ctx, market, ECONOMY_TAKE));
  check_product(w, &ctx, s);
  w->settlement_n++;
  return DP_OK;
}

/* The exchange's kind, positions and providers. */
static void random_liquidity(struct dp_rng *rng, struct economy_config *c) {
  const double first = c->exchange.usd / c->exchange.tokens;
  const uint64_t kind = dp_rng_below(rng, 6);
  c->provider_n = dp_rng_below(rng, ECONOMY_PART_MAX);
  for (size_t i = 0; i < c->provider_n; i++)
    c->providers[i] = (struct dp_exchange_provider){.name = "x", .share_ratio = 0.33 * dp_rng_uniform(rng) + 1e-6,
                                                    .leave_day = dp_rng_below(rng, 2) ? 40 * dp_rng_uniform(rng) : 0,
                                                    .leave_fall_ratio = dp_rng_uniform(rng),
                                                    .leave_when_losing = dp_rng_below(rng, 2),
                                                    .patience_d = 10 * dp_rng_uniform(rng)};
  if (kind == 0 && c->token.decimals <= 12) {
    c->exchange.kind = DP_EXCHANGE_CONCENTRATED;
    c->position_n = dp_rng_below(rng, ECONOMY_PART_MAX + 1);
    for (size_t i = 0; i < c->position_n; i++)
      c->positions[i] = (struct dp_exchange_position){.lower_usd = first * draw(rng, 0.01, 0.9),
                                                      .upper_usd = first * draw(rng, 1.1, 100),
                                                      .tokens = 0.1 * c->exchange.tokens, .usd = 0.1 * c->exchange.usd};
  } else if (kind == 1) {
    c->exchange.kind = DP_EXCHANGE_CONDITIONAL;
    c->provider_n = 0;
    c->path_usd[0] = first;
    c->path_usd[1] = first * draw(rng, 0.01, 100);
  }
}

/* Who trades besides. */
static void random_speculators(struct dp_rng *rng, struct economy_config *c) {
  c->with_factor = dp_rng_below(rng, 2);
  c->factor = (struct dp_factor_config){.kind = (int)dp_rng_below(rng, 2), .drift_per_year = 10 * dp_rng_uniform(rng) - 5,
                                        .volatility_per_year = 3 * dp_rng_uniform(rng), .jumps_per_year = 50,
                                        .jump_deviation = dp_rng_uniform(rng), .csv = "", .symbol = "", .column = "",
                                        .as_of = ""};
  struct dp_ref tide = ECONOMY_NO_REF;
  if (c->with_factor) tide.name = "tide";
  c->exchange.factor = tide;
  c->trader_n = dp_rng_below(rng, ECONOMY_PART_MAX + 1);
  for (size_t i = 0; i < c->trader_n; i++) {
    c->traders[i] = economy_trader((int)dp_rng_below(rng, 4), draw(rng, 0.01, 1e6),
                                   dp_rng_below(rng, 2) ? 0.01 * dp_rng_uniform(rng) * c->token.supply : 0);
    c->traders[i].horizon_d = draw(rng, 0.01, 100);
    c->traders[i].aggressiveness = draw(rng, 0.01, 1000);
    c->traders[i].factor = tide;
  }
  c->with_retail = dp_rng_below(rng, 2);
  c->retail = (struct dp_retail_config){.exchange = ECONOMY_NO_REF, .factor = tide, .usd_per_day = draw(rng, 0.01, 1e5),
                                        .fomo = draw(rng, 0.1, 100), .rush_max_ratio = draw(rng, 1, 100),
                                        .horizon_d = draw(rng, 0.1, 100), .hold_d = draw(rng, 0.1, 100),
                                        .stop_loss_ratio = dp_rng_uniform(rng), .cohort_d = draw(rng, 1, 30)};
  c->with_feed = dp_rng_below(rng, 2);
  c->feed = (struct dp_feed_config){.exchange = ECONOMY_NO_REF, .reporters_n = 1 + (int64_t)dp_rng_below(rng, 10),
                                    .noise_ratio = dp_rng_uniform(rng), .lag_s = draw(rng, 1, 1e6),
                                    .window_s = draw(rng, 1, 1e6), .heartbeat_s = draw(rng, 1, 1e6),
                                    .deviation_ratio = dp_rng_uniform(rng), .outage_day = 5, .outage_d = 5,
                                    .manipulate_ratio = 0.1};
}

static struct economy_config random_economy(struct dp_rng *rng) {
  static const dp_time until[] = {0, DP_DAY, 5 * DP_DAY};
  struct economy_config c = economy_plain();
  c.cells_n = 1 + (int64_t)dp_rng_below(rng, 3);
  c.nodes_n = (int64_t)dp_rng_below(rng, 4);
  c.settle_ns = (dp_time)draw(rng, 600e9, 3 * 86400e9);
  c.end_ns = c.settle_ns * 30 + (dp_time)dp_rng_below(rng, (uint64_t)c.settle_ns);
  c.revenue_usd_per_day = dp_rng_below(rng, 4) ? draw(rng, 0.01, 1e5) : 0;
  c.take_ratio = dp_rng_uniform(rng);
  c.sell_ratio = dp_rng_uniform(rng);
  c.work_until_ns = until[dp_rng_below(rng, 3)];    /* hosts stop … */
  c.revenue_until_ns = until[dp_rng_below(rng, 3)]; /* … customers leave */
  c.token.decimals = (int64_t)dp_rng_below(rng, 19);
  c.token.supply = draw(rng, 1e3, 1e10);
  c.token.buyback_ratio = dp_rng_uniform(rng);
  const double rate = draw(rng, 1e-6, 0.1) * c.token.supply;
  const struct dp_emission kinds[] = {
      {.kind = DP_EMISSION_FIXED, .per_day = rate},
      {.kind = DP_EMISSION_HALVING, .per_day = rate, .halve_every_d = draw(rng, 0.1, 1000)},
      {.kind = DP_EMISSION_EXPONENTIAL, .total = c.token.supply, .half_life_d = draw(rng, 0.1, 1000)},
      {.kind = DP_EMISSION_EPOCH_DECAY, .per_epoch = rate / 24, .epoch_s = draw(rng, 60, 1e6),
       .decay_ratio = draw(rng, 1e-9, 0.9), .epochs_n = (int64_t)dp_rng_below(rng, 100)}};
  c.emission = kinds[dp_rng_below(rng, 4)];
  c.tranche_n = dp_rng_below(rng, ECONOMY_TRANCHE_MAX + 1);
  for (size_t i = 0; i < c.tranche_n; i++)
    c.tranches[i] = (struct dp_tranche){.name = "x", .share_ratio = 0.15 * dp_rng_uniform(rng) + 1e-6,
                                        .tge_ratio = dp_rng_uniform(rng), .cliff_d = 10 * dp_rng_uniform(rng),
                                        .vesting_d = 40 * dp_rng_uniform(rng), .sell_ratio = dp_rng_uniform(rng)};
  c.exchange.tokens = c.token.supply * draw(rng, 1e-2, 0.4) + 1;
  c.exchange.usd = draw(rng, 1, 1e7);
  c.exchange.fee_ratio = 0.5 * dp_rng_uniform(rng) * dp_rng_uniform(rng);
  c.exchange.outside_usd_per_day = dp_rng_below(rng, 2) ? draw(rng, 0.01, 1e6) : 0;
  random_liquidity(rng, &c);
  random_speculators(rng, &c);
  return c;
}

enum { ECONOMY_N = 1200 };

static void random_economies_balance_at_every_settlement(void **state) {
  (void)state;
  uint64_t traded_n = 0;
  for (uint64_t i = 0; i < ECONOMY_N; i++) {
    struct dp_rng rng = luck_of(1000000 + i);
    const struct economy_config c = random_economy(&rng);
    struct economy e;
    struct watch w = {.sink = {.begin = begin, .row = row, .settled = settled}, .e = &e};
    struct dp_emission_rule rule;
    dp_i128 minted;
    economy_run(&e, &c, &w.sink);
    assert_true(w.settlement_n >= 31);
    assert_int_equal(dp_emission_rule_make(&c.emission, c.token.decimals, &rule, &e.err), DP_OK);
    assert_true(dp_emission_minted(&rule, c.end_ns, &minted));
    struct dp_ctx ctx = {.engine = e.sim->engine};
    assert_true(dp_token_state_of(&ctx, dp_sim_first(e.sim, "ledger.token"))->minted == minted);
    traded_n += economy_kpi(&e, "token.sold") > 0;
    economy_free(&e);
  }
  assert_true(traded_n > ECONOMY_N / 3);
}

/* ---- nonsense ---- */

static void refuses(const struct economy_config *c, const char *says) {
  struct economy e;
  assert_int_equal(economy_start(&e, c, NULL), DP_SCENARIO);
  if (!strstr(e.err.text, says)) fail_msg("'%s' does not say '%s'", e.err.text, says);
  economy_free(&e);
}

static void nonsense_is_a_scenario_error_with_a_remedy(void **state) {
  (void)state;
  struct economy_config c = economy_plain();
  c.exchange.usd = 0;
  refuses(&c, "the pool is empty");
  c = economy_plain();
  c.exchange.tokens = 101e6;
  refuses(&c, "leave more of the supply unallocated");
  c = economy_plain();
  c.token.decimals = 18;
  c.token.supply = 1e15;
  refuses(&c, "take 15 decimals, or fewer tokens");
  c = economy_plain();
  c.tranche_n = 2;
  c.tranches[0] = c.tranches[1] = (struct dp_tranche){.name = "team", .share_ratio = 0.6};
  refuses(&c, "make the shares add up to at most 1");
  c = economy_plain();
  c.no_exchange = true;
  refuses(&c, "needs an exchange to buy on");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_one_sided_batch_is_uniswap_v2s_formula),
      cmocka_unit_test(all_trade_at_one_price_and_the_product_never_falls),
      cmocka_unit_test(buys_before_sells_do_not_move_the_price),
      cmocka_unit_test(sales_only_follow_the_curve),
      cmocka_unit_test(the_price_settles_where_money_in_meets_tokens_out),
      cmocka_unit_test(a_deviation_dies_away_with_half_the_pool_over_the_flow),
      cmocka_unit_test(halving_the_settlement_moves_no_headline_by_two_percent),
      cmocka_unit_test(revenue_emission_and_burn_are_valued_as_they_are_named),
      cmocka_unit_test(buyers_and_sellers_get_their_part_at_the_same_price),
      cmocka_unit_test(insiders_who_sell_their_unlocks_move_the_price),
      cmocka_unit_test(random_economies_balance_at_every_settlement),
      cmocka_unit_test(nonsense_is_a_scenario_error_with_a_remedy),
  };
  return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
