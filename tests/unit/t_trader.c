/* Who trades besides hosts, against closed forms: traders, a retail crowd, the tide of a market, providers of liquidity,
 * a given price, and the feed that reports it. */
#include "economy.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "ledger/amm.h"
#include "ledger/swap.h"

static void near(double got, double expected, double relative) {
  if (!(fabs(got - expected) <= relative * fabs(expected) + 1e-12))
    fail_msg("%.12g is not %.12g within %g %%", got, expected, 100 * relative);
}

/* Nothing happens but what a test adds. */
static struct economy_config quiet(void) {
  struct economy_config c = economy_plain();
  c.emission.per_day = 0;
  c.sell_ratio = 0;
  c.settle_ns = DP_DAY;
  return c;
}

static double kpi_of(const struct economy_config *c, const char *name) {
  struct economy e;
  economy_run(&e, c, NULL);
  const double value = economy_kpi(&e, name);
  economy_free(&e);
  return value;
}

static struct economy_config on_a_path(const double *days, const double *usd, size_t n) {
  struct economy_config c = quiet();
  c.exchange.kind = DP_EXCHANGE_CONDITIONAL;
  c.exchange.path_d = (struct dp_numbers){days, n};
  c.exchange.path_usd = (struct dp_numbers){usd, n};
  return c;
}

/* ---- traders ---- */

/* In a market that only rises a momentum trader of full conviction spends a part 1 − e^(−d / h) of its cash each day, and
 * never more than it has: after n days e^(−n / h) is left. */
static void a_momentum_trader_spends_its_budget_and_no_more(void **state) {
  (void)state;
  struct economy_config c = quiet();
  c.exchange.outside_usd_per_day = 20e3;
  c.traders[0] = economy_trader(DP_TRADER_MOMENTUM, 5000, 0);
  c.traders[0].aggressiveness = 1000;
  c.trader_n = 1;
  struct economy e;
  economy_run(&e, &c, NULL);
  near(5000 - economy_kpi(&e, "trader.bought_usd"), 5000 * exp(-(30 - 1) / 20.0), 1e-6); /* it sees a rise on day 2 */
  near(economy_kpi(&e, "trader.sold_usd"), 0, 0);
  near(economy_kpi(&e, "token.net_inflow_traders_usd"), economy_kpi(&e, "trader.bought_usd"), 1e-12);
  economy_free(&e);
}

/* A trader with deep pockets brings the price to what it believes: take of a year / discount / supply. */
static void a_fundamental_trader_holds_the_price_at_discounted_revenue(void **state) {
  (void)state;
  struct economy_config c = quiet();
  c.revenue_usd_per_day = 1000;
  c.take_ratio = 0.5;
  c.token.buyback_ratio = 0;
  c.end_ns = 200 * DP_DAY;
  c.settle_ns = DP_DAY / 4;
  c.traders[0] = economy_trader(DP_TRADER_FUNDAMENTAL, 0, 5e6);
  c.traders[0].aggressiveness = 5;
  c.traders[0].horizon_d = 5;
  c.trader_n = 1;
  near(kpi_of(&c, "token.price_usd"), 500 * 365 / 0.2 / 100e6, 0.02);
  c.traders[0].tokens = 0; /* it thinks the token dear, and has none to sell */
  near(kpi_of(&c, "token.price_usd"), 0.1, 1e-9);
}

static void mean_reversion_damps_what_momentum_drives(void **state) {
  (void)state;
  double price[3];
  const int kinds[] = {-1, DP_TRADER_MOMENTUM, DP_TRADER_MEAN_REVERSION};
  for (int i = 0; i < 3; i++) {
    struct economy_config c = quiet();
    c.exchange.outside_usd_per_day = 1000;
    c.traders[0] = economy_trader(kinds[i], 20e3, 200e3);
    c.trader_n = i > 0;
    price[i] = kpi_of(&c, "token.price_usd");
  }
  assert_true(price[2] < price[0] && price[0] < price[1]);
}

static void a_noise_traders_luck_does_not_know_the_settlement(void **state) {
  (void)state;
  double price[2];
  for (int half = 0; half < 2; half++) {
    struct economy_config c = quiet();
    c.settle_ns = DP_DAY / 4 >> half;
    c.end_ns = 100 * DP_DAY;
    c.traders[0] = economy_trader(DP_TRADER_NOISE, 50e3, 500e3);
    c.trader_n = 1;
    price[half] = kpi_of(&c, "token.price_usd");
  }
  assert_true(fabs(price[0] / 0.1 - 1) > 0.005);
  near(price[1], price[0], 0.02);
}

/* e^(−t/τ) is what is left of an old mean or a holding after t, whatever the steps to t were. */
static void memory_and_orders_do_not_know_the_settlement(void **state) {
  (void)state;
  double left[3] = {1, 1, 1}, mean[3] = {2, 2, 2};
  for (int k = 0; k < 3; k++)
    for (int i = 0; i < 1 << 2 * k; i++) { /* 16 days in steps of 16, 4 and 1 */
      const double days = 16 >> 2 * k;
      left[k] *= 1 - dp_trader_part(1, days, 20);
      mean[k] = dp_trader_mean(mean[k], 5, days, 20);
    }
  for (int k = 0; k < 3; k++) {
    near(left[k], exp(-0.8), 1e-12);
    near(mean[k], 5 - 3 * exp(-0.8), 1e-12);
  }
  near(dp_trader_part(-0.5, 10, 20), -dp_trader_part(0.5, 10, 20), 0);
  assert_true(dp_trader_part(1, 1e9, 1e-3) <= 1);
}

static void halving_the_settlement_moves_no_price_by_two_percent(void **state) {
  (void)state;
  static const char *const headline[] = {"token.price_usd", "retail.entered_usd", "token.net_inflow_usd",
                                         "token.depth_2pct_usd", "token.burned"};
  double values[2][5];
  for (int half = 0; half < 2; half++) {
    struct economy e;
    struct economy_config c = economy_plain();
    c.settle_ns = DP_DAY / 2 >> half;
    c.end_ns = 180 * DP_DAY;
    c.revenue_usd_per_day = 300;
    c.exchange.outside_usd_per_day = 50;
    c.exchange.fee_ratio = 0.003;
    for (int kind = 0; kind < 4; kind++) c.traders[kind] = economy_trader(kind, 5e3, 50e3);
    c.trader_n = 4;
    c.with_retail = true;
    c.retail = (struct dp_retail_config){.exchange = ECONOMY_NO_REF, .factor = ECONOMY_NO_REF, .usd_per_day = 50, .fomo = 5,
                                         .rush_max_ratio = 20, .horizon_d = 30, .hold_d = 60, .cohort_d = 30};
    economy_run(&e, &c, NULL);
    for (int i = 0; i < 5; i++) values[half][i] = economy_kpi(&e, headline[i]);
    economy_free(&e);
  }
  for (int i = 0; i < 5; i++) near(values[1][i], values[0][i], 0.02);
}

/* ---- the tide ---- */

static void days_of_the_tide_have_the_moments_of_their_process(void **state) {
  (void)state;
  const int n = 200000;
  for (int kind = DP_FACTOR_GBM; kind <= DP_FACTOR_JUMP; kind++) {
    const struct dp_factor_config c = {.kind = kind, .drift_per_year = 0.5, .volatility_per_year = 0.8,
                                       .jumps_per_year = kind == DP_FACTOR_JUMP ? 60 : 0, .jump_mean = -0.1,
                                       .jump_deviation = 0.2};
    double sum = 0, logs = 0, squares = 0;
    for (int i = 0; i < n; i++) {
      struct dp_rng rng = dp_rng_at(3, 0, (uint64_t)kind, 1, (uint64_t)i);
      const double f = dp_factor_step(&c, &rng);
      sum += f;
      logs += log(f);
      squares += log(f) * log(f);
    }
    /* Merton 1976: drift compensated, variance of the logarithm σ² + λ (m² + s²) a year */
    const double jump = c.jumps_per_year, variance = (0.64 + jump * (0.01 + 0.04)) / 365, mean = logs / n;
    const double drift = (0.5 - 0.32 - jump * (exp(-0.1 + 0.02) - 1) + jump * -0.1) / 365;
    near(sum / n, exp(0.5 / 365), 5 * sqrt(variance / n));
    assert_true(fabs(mean - drift) < 5 * sqrt(variance / n));
    near(squares / n - mean * mean, variance, kind == DP_FACTOR_GBM ? 0.02 : 0.05);
  }
}

static void write_closes(char *path) {
  FILE *f = fdopen(mkstemp(path), "w");
  double close = 100;
  fprintf(f, "date,symbol,close\n");
  for (int day = 1; day <= 28; day++) {
    fprintf(f, "2022-01-%02d,ETH,7\n2022-01-%02d,BTC,%.17g\n", day, day, close);
    close *= day < 20 ? 1.1 : 3; /* the future is wild */
  }
  fprintf(f, "2022-02-10,BTC,1e9\n"); /* a gap is no return */
  fclose(f);
}

static void a_bootstrap_draws_only_days_before_as_of(void **state) {
  (void)state;
  char path[] = "/tmp/t_traderXXXXXX";
  struct dp_err err = {0};
  double *ratios;
  size_t n;
  int64_t before;
  write_closes(path);
  struct dp_factor_config f = {.kind = DP_FACTOR_BOOTSTRAP, .csv = path, .symbol = "BTC", .column = "close",
                               .block_d = 5, .as_of = "2022-01-21"};
  assert_int_equal(dp_parse_date_ns(f.as_of, &before, &err), DP_OK);
  assert_int_equal(dp_factor_read(&f, before, &ratios, &n, &err), DP_OK);
  assert_int_equal(n, 19);
  for (size_t i = 0; i < n; i++) near(ratios[i], 1.1, 1e-12);
  free(ratios);
  assert_int_equal(dp_factor_read(&f, INT64_MAX, &ratios, &n, &err), DP_OK);
  assert_int_equal(n, 27);
  free(ratios);
  struct economy_config c = quiet();
  c.with_factor = true;
  c.factor = f;
  c.exchange.outside_usd_per_day = 10;
  c.exchange.factor.name = "tide";
  struct economy e;
  economy_run(&e, &c, NULL);
  near(economy_kpi(&e, "market.factor_ratio"), pow(1.1, 30), 1e-9);
  double brought = 0; /* day d brings 10 USD times the tide of its end */
  for (int d = 1; d <= 30; d++) brought += 10 * pow(1.1, d);
  near(economy_kpi(&e, "token.external_inflow_usd") - 100e3, brought, 1e-6);
  economy_free(&e);
  c.exchange.outside_usd_per_day = 0; /* no money: no price moves */
  near(kpi_of(&c, "token.price_usd"), 0.1, 1e-12);
  unlink(path);
}

static void the_tide_moves_budgets_and_never_more_than_the_cash(void **state) {
  (void)state;
  struct economy_config c = quiet();
  c.with_factor = true;
  c.factor = (struct dp_factor_config){.drift_per_year = -10, .csv = "", .symbol = "", .column = "", .as_of = ""};
  c.traders[0] = economy_trader(DP_TRADER_MEAN_REVERSION, 1000, 0);
  c.traders[0].factor.name = "tide";
  c.trader_n = 1;
  struct economy e;
  economy_run(&e, &c, NULL);
  struct dp_ctx ctx = {.engine = e.sim->engine, .self = dp_sim_first(e.sim, "ledger.trader")};
  const struct dp_trader_state *t = DP_ROW(dp_own_global(&ctx, 0), struct dp_trader_state, 0);
  near(dp_i128_to_double(t->left_usd), 1000e9 * (1 - exp(-10 * 30 / 365.0)), 1e-6); /* no price moved: all is cash */
  assert_true(dp_books_balance(&ctx, t->usd_account) == t->brought_usd - t->left_usd);
  economy_free(&e);
}

/* ---- liquidity ---- */

/* Pintail 2019: 2 √r / (1 + r) − 1. */
static void a_provider_loses_what_the_formula_says_and_earns_the_fees(void **state) {
  (void)state;
  struct economy_config c = quiet();
  c.exchange.outside_usd_per_day = 2000;
  struct economy e;
  economy_run(&e, &c, NULL);
  const double r = 1 + economy_kpi(&e, "token.price_change_ratio");
  near(r, 1.6 * 1.6, 1e-6); /* 160,000 USD in the pool, k = 1e11 */
  near(economy_kpi(&e, "liquidity.impermanent_loss_ratio"), 2 * sqrt(r) / (1 + r) - 1, 1e-9);
  near(economy_kpi(&e, "liquidity.return_over_holding_ratio"), 2 * sqrt(r) / (1 + r) - 1, 1e-6);
  economy_free(&e);
  c.exchange.fee_ratio = 0.01;
  economy_run(&e, &c, NULL);
  near(economy_kpi(&e, "liquidity.fees_usd"), 600, 1e-9);
  assert_true(economy_kpi(&e, "liquidity.return_over_holding_ratio") > economy_kpi(&e, "liquidity.impermanent_loss_ratio"));
  economy_free(&e);
}

static void who_leaves_takes_his_part_of_both_reserves_at_the_same_price(void **state) {
  (void)state;
  struct economy_config c = quiet();
  c.providers[0] = (struct dp_exchange_provider){.name = "a", .share_ratio = 0.6, .leave_day = 10};
  c.providers[1] = (struct dp_exchange_provider){.name = "b", .share_ratio = 0.3, .leave_fall_ratio = 0.5};
  c.provider_n = 2;
  struct economy e;
  for (int kind = DP_EXCHANGE_CONSTANT_PRODUCT; kind <= DP_EXCHANGE_CONCENTRATED; kind++) {
    c.exchange.kind = kind;
    economy_run(&e, &c, NULL);
    near(economy_kpi(&e, "token.price_usd"), 0.1, 1e-9);
    near(economy_kpi(&e, "liquidity.withdrawn_usd"), 60e3, 1e-9);
    near(economy_kpi(&e, "token.depth_2pct_usd"), 40e3 * (sqrt(1.02) - 1), 1e-6);
    near(economy_kpi(&e, "token.net_inflow_usd"), 40e3, 1e-9);
    assert_true(economy_held(e.sim, DP_USD, DP_ACCOUNT_EXTERNAL) == -(dp_i128)40e12);
    economy_free(&e);
  }
  c.exchange.kind = DP_EXCHANGE_CONSTANT_PRODUCT;
  c.emission.per_day = 100e3; /* the price falls by half: the second leaves too, the last tenth stays */
  c.sell_ratio = 1;
  economy_run(&e, &c, NULL);
  struct dp_ctx ctx = {.engine = e.sim->engine, .self = dp_sim_first(e.sim, "ledger.exchange")};
  const struct dp_exchange_share *b = DP_ROW(dp_own_global(&ctx, 2), struct dp_exchange_share, 1);
  assert_true(b->shares == 0 && b->left_ns > 0 && b->usd_out > 0);
  assert_true(economy_kpi(&e, "token.price_usd") > 0);
  economy_free(&e);
}

static void a_provider_without_patience_leaves_when_fees_do_not_pay(void **state) {
  (void)state;
  struct economy_config c = quiet();
  c.exchange.outside_usd_per_day = 500;
  c.providers[0] = (struct dp_exchange_provider){.name = "a", .share_ratio = 0.5, .leave_when_losing = true,
                                                 .patience_d = 5};
  c.provider_n = 1;
  assert_true(kpi_of(&c, "liquidity.withdrawn_usd") > 50e3);
  c.exchange.fee_ratio = 0.3;
  near(kpi_of(&c, "liquidity.withdrawn_usd"), 0, 0);
}

static void concentrated_liquidity_over_all_prices_is_the_constant_product(void **state) {
  (void)state;
  struct economy_config c = economy_plain();
  c.revenue_usd_per_day = 700;
  c.exchange.outside_usd_per_day = 300;
  c.exchange.fee_ratio = 0;
  c.emission.per_day = 20e3;
  c.traders[0] = economy_trader(DP_TRADER_NOISE, 20e3, 200e3);
  c.trader_n = 1;
  const double flat = kpi_of(&c, "token.price_usd"), depth = kpi_of(&c, "token.depth_2pct_usd");
  c.exchange.kind = DP_EXCHANGE_CONCENTRATED;
  near(kpi_of(&c, "token.price_usd"), flat, 1e-7);
  near(kpi_of(&c, "token.depth_2pct_usd"), depth, 1e-6);
  c.positions[0] = (struct dp_exchange_position){.lower_usd = 0.01, .upper_usd = 1, .tokens = 1e6, .usd = 1e5};
  c.position_n = 1;
  assert_true(kpi_of(&c, "token.depth_2pct_usd") > 2 * depth);
}

/* ---- a given price ---- */

static void on_a_given_path_nobody_moves_the_price_and_money_goes_back(void **state) {
  (void)state;
  static const double days[] = {0, 10, 20}, usd[] = {0.1, 0.5, 0.25};
  struct economy_config c = on_a_path(days, usd, 3);
  c.exchange.tokens = 5000;
  c.exchange.outside_usd_per_day = 100; /* 1,000 tokens a day, for five days */
  struct economy e;
  economy_run(&e, &c, NULL);
  near(economy_kpi(&e, "token.price_usd"), 0.25, 1e-12);
  near(economy_kpi(&e, "token.price_conditional_n"), 1, 0);
  near(economy_kpi(&e, "token.external_inflow_usd"), 100e3 + 500, 1e-9); /* bought; the rest was given back */
  economy_free(&e);
  c = on_a_path(days, usd, 3); /* sellers find buyers without end, from outside */
  c.exchange.usd = 1;
  c.tranches[0] = (struct dp_tranche){.name = "team", .amount = 30e3, .vesting_d = 30, .sell_ratio = 1};
  c.tranche_n = 1;
  /* 9 days at 0.1, 10 at 0.5, 11 at 0.25 */
  near(kpi_of(&c, "token.insiders_cashed_usd"), 1000 * (0.9 + 5 + 2.75), 1e-9);
}

/* ---- the crowd ---- */

static void everyone_who_ever_came_is_counted_by_month(void **state) {
  (void)state;
  static const double days[] = {0, 30}, usd[] = {0.1, 0.2};
  struct economy_config c = on_a_path(days, usd, 2);
  c.end_ns = 60 * DP_DAY;
  c.with_retail = true;
  c.retail = (struct dp_retail_config){.exchange = ECONOMY_NO_REF, .factor = ECONOMY_NO_REF, .usd_per_day = 100,
                                       .rush_max_ratio = 20, .horizon_d = 30, .cohort_d = 30};
  struct economy e;
  economy_run(&e, &c, NULL);
  near(economy_kpi(&e, "retail.entered_usd"), 6000, 1e-9);
  near(economy_kpi(&e, "retail.return_ratio.p95"), 1, 1e-6); /* days 1 to 29 */
  near(economy_kpi(&e, "retail.return_ratio.p5"), 0, 1e-6);  /* days 30 to 60 */
  near(economy_kpi(&e, "retail.return_ratio.mean"), 2900.0 / 6000, 1e-6);
  near(economy_kpi(&e, "retail.in_profit_ratio"), 2900.0 / 6000, 1e-6);
  economy_free(&e);
  c.retail.fomo = 3; /* the jump draws them in: 1 + 3 (P / mean − 1), and 20 times at most */
  const double rush = kpi_of(&c, "retail.entered_usd");
  assert_true(rush > 6500 && rush < 2900 + 20 * 3100);
  c.retail.fomo = 0;
  c.retail.hold_d = 10; /* who left is still counted */
  near(kpi_of(&c, "retail.entered_usd"), 6000, 1e-9);
  assert_true(kpi_of(&c, "retail.cashed_usd") > 3000);
  c.retail.budget_usd = 1000;
  near(kpi_of(&c, "retail.entered_usd"), 1000, 1e-9);
}

static void a_stop_loss_ends_a_cohort(void **state) {
  (void)state;
  static const double days[] = {0, 20}, usd[] = {0.1, 0.04};
  struct economy_config c = on_a_path(days, usd, 2);
  c.with_retail = true;
  c.retail = (struct dp_retail_config){.exchange = ECONOMY_NO_REF, .factor = ECONOMY_NO_REF, .usd_per_day = 100,
                                       .rush_max_ratio = 20, .horizon_d = 30, .cohort_d = 10, .stop_loss_ratio = 0.5};
  struct economy e;
  economy_run(&e, &c, NULL);
  near(economy_kpi(&e, "retail.cashed_usd"), 1900 * 0.4, 1e-6);
  near(economy_kpi(&e, "retail.return_ratio.p5"), -0.6, 1e-6);
  near(economy_kpi(&e, "retail.return_ratio.p95"), 0, 1e-6);
  economy_free(&e);
}

/* ---- the feed ---- */

static struct economy_config fed(const double *days, const double *usd, size_t n) {
  struct economy_config c = on_a_path(days, usd, n);
  c.settle_ns = DP_HOUR;
  c.end_ns = 4 * DP_DAY;
  c.with_feed = true;
  c.feed = (struct dp_feed_config){.exchange = ECONOMY_NO_REF, .reporters_n = 5, .manipulate_ratio = 0.1};
  return c;
}

static void a_feed_is_late_averaged_and_silent_as_declared(void **state) {
  (void)state;
  static const double days[] = {0, 3.5}, usd[] = {1, 3};
  struct economy_config c = fed(days, usd, 2);
  near(kpi_of(&c, "feed.price_usd"), 3, 1e-12);
  c.feed.lag_s = 13 * 3600;
  near(kpi_of(&c, "feed.price_usd"), 1, 1e-12);
  c.feed.lag_s = 6 * 3600;
  c.feed.window_s = 12 * 3600; /* half a day before and half at 3, of the window that ended 6 h ago */
  near(kpi_of(&c, "feed.price_usd"), 2, 1e-12);
  c.feed.lag_s = c.feed.window_s = 0;
  c.feed.outage_day = 3;
  c.feed.outage_d = 2;
  near(kpi_of(&c, "feed.price_usd"), 1, 1e-12);
  c.feed.outage_d = 0;
  c.feed.heartbeat_s = 1e8;
  c.feed.deviation_ratio = 2.5; /* tripled: not enough */
  near(kpi_of(&c, "feed.price_usd"), 1, 1e-12);
  c.feed.deviation_ratio = 1.9;
  near(kpi_of(&c, "feed.price_usd"), 3, 1e-12);
  near(kpi_of(&c, "feed.updates"), 2, 0);
}

static void a_median_bears_errors_and_a_manipulation_has_its_price(void **state) {
  (void)state;
  static const double days[] = {0}, usd[] = {1};
  double five[] = {3, 1, 100, 2, -5}, four[] = {4, 1, 3, 2};
  near(dp_feed_median(five, 5), 2, 0);
  near(dp_feed_median(four, 4), 2.5, 0);
  struct economy_config c = fed(days, usd, 1);
  c.feed.noise_ratio = 0.1;
  c.feed.reporters_n = 101; /* deviation of the median: 1.2533 σ / √n */
  near(kpi_of(&c, "feed.error_ratio"), 0.1 * 1.2533 / sqrt(101) * sqrt(2 / acos(-1)), 0.25);
  /* up and back through a pool of 1 million USD: a window of 24 settlements, held for one, moved by 10 % */
  struct dp_err err = {0};
  struct dp_reserves pool = {1000000000000000, 1000000000000000, 0};
  double capital, cost;
  dp_feed_manipulation(1e6, 0.1, 24 * 3600, 3600, &capital, &cost);
  struct dp_swap buy = {.usd_in = (dp_i128)(capital * 1e9)};
  assert_int_equal(dp_swap_fill(&pool, &buy, &err), DP_OK);
  pool.usd += buy.usd_in;
  pool.token -= buy.token_out;
  near(dp_i128_to_double(pool.usd) / dp_i128_to_double(pool.token), 1 + 0.1 * 24, 1e-6);
  near(cost, capital - dp_i128_to_double(buy.token_out) / 1e9, 1e-6); /* others trade it back to 1: tokens are worth 1 */
}

/* ---- all of it ---- */

/* What is in the pool came from outside and has not been taken out, or the network bought with it. */
static void the_pool_is_net_inflow_and_what_the_network_bought(void **state) {
  (void)state;
  struct economy_config c = economy_plain();
  c.end_ns = 100 * DP_DAY;
  c.revenue_usd_per_day = 300;
  c.exchange.outside_usd_per_day = 100;
  c.exchange.fee_ratio = 0.003;
  for (int kind = 0; kind < 4; kind++) c.traders[kind] = economy_trader(kind, 5e3, 50e3);
  c.trader_n = 4;
  c.with_retail = true;
  c.retail = (struct dp_retail_config){.exchange = ECONOMY_NO_REF, .factor = ECONOMY_NO_REF, .usd_per_day = 100, .fomo = 5,
                                       .rush_max_ratio = 20, .horizon_d = 30, .hold_d = 30, .cohort_d = 30};
  c.providers[0] = (struct dp_exchange_provider){.name = "a", .share_ratio = 0.5, .leave_day = 50};
  c.provider_n = 1;
  c.tranches[0] = (struct dp_tranche){.name = "team", .amount = 1e5, .vesting_d = 100, .sell_ratio = 1};
  c.tranche_n = 1;
  struct economy e;
  economy_run(&e, &c, NULL);
  struct dp_ctx ctx = {.engine = e.sim->engine, .self = dp_sim_first(e.sim, "ledger.exchange")};
  const struct dp_exchange_state *s = DP_ROW(dp_own_global(&ctx, 0), struct dp_exchange_state, 0);
  near(economy_kpi(&e, "token.net_inflow_usd") + economy_kpi(&e, "token.buyback_usd"),
       dp_i128_to_double(dp_books_balance(&ctx, s->usd_account)) / 1e9, 1e-9);
  economy_free(&e);
}

static void refuses(const struct economy_config *c, const char *says) {
  struct economy e;
  assert_int_equal(economy_start(&e, c, NULL), DP_SCENARIO);
  if (!strstr(e.err.text, says)) fail_msg("'%s' does not say '%s'", e.err.text, says);
  economy_free(&e);
}

static void nonsense_is_a_scenario_error_with_a_remedy(void **state) {
  (void)state;
  static const double late[] = {1}, back[] = {0, 5, 2}, usd[] = {1, 1, 1};
  struct economy_config c = quiet();
  c.providers[0] = c.providers[1] = (struct dp_exchange_provider){.name = "whale", .share_ratio = 0.6};
  c.provider_n = 2;
  refuses(&c, "make the shares smaller");
  c = on_a_path(late, usd, 1);
  refuses(&c, "give a price for day 0");
  c = on_a_path(back, usd, 3);
  refuses(&c, "sort it");
  c = quiet();
  c.exchange.kind = DP_EXCHANGE_CONCENTRATED;
  c.positions[0] = (struct dp_exchange_position){.lower_usd = 0.05, .upper_usd = 0.2, .usd = 10};
  c.position_n = 1;
  refuses(&c, "it needs tokens and usd");
  c = quiet();
  c.traders[0] = economy_trader(DP_TRADER_NOISE, 0, 200e6);
  c.trader_n = 1;
  refuses(&c, "leave more of the supply unallocated");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_momentum_trader_spends_its_budget_and_no_more),
      cmocka_unit_test(a_fundamental_trader_holds_the_price_at_discounted_revenue),
      cmocka_unit_test(mean_reversion_damps_what_momentum_drives),
      cmocka_unit_test(a_noise_traders_luck_does_not_know_the_settlement),
      cmocka_unit_test(memory_and_orders_do_not_know_the_settlement),
      cmocka_unit_test(halving_the_settlement_moves_no_price_by_two_percent),
      cmocka_unit_test(days_of_the_tide_have_the_moments_of_their_process),
      cmocka_unit_test(a_bootstrap_draws_only_days_before_as_of),
      cmocka_unit_test(the_tide_moves_budgets_and_never_more_than_the_cash),
      cmocka_unit_test(a_provider_loses_what_the_formula_says_and_earns_the_fees),
      cmocka_unit_test(who_leaves_takes_his_part_of_both_reserves_at_the_same_price),
      cmocka_unit_test(a_provider_without_patience_leaves_when_fees_do_not_pay),
      cmocka_unit_test(concentrated_liquidity_over_all_prices_is_the_constant_product),
      cmocka_unit_test(on_a_given_path_nobody_moves_the_price_and_money_goes_back),
      cmocka_unit_test(everyone_who_ever_came_is_counted_by_month),
      cmocka_unit_test(a_stop_loss_ends_a_cohort),
      cmocka_unit_test(a_feed_is_late_averaged_and_silent_as_declared),
      cmocka_unit_test(a_median_bears_errors_and_a_manipulation_has_its_price),
      cmocka_unit_test(the_pool_is_net_inflow_and_what_the_network_bought),
      cmocka_unit_test(nonsense_is_a_scenario_error_with_a_remedy),
  };
  return cmocka_run_group_tests_name("trader", tests, NULL, NULL);
}
