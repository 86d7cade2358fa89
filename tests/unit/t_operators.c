/* Owners of machines against theory: annuity, user cost, free entry, lead times, sunk cost, Simon's law; and what
 * becomes of hosts that leave. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "provider/npv.h"
#include "yard.h"

static void near(double got, double expected, double tolerance) {
  if (!(fabs(got - expected) <= tolerance)) fail_msg("%.17g is not %.17g within %g", got, expected, tolerance);
}

/* ---- formulas ---- */

static void an_annuity_is_the_sum_of_its_days(void **state) {
  (void)state;
  const double hurdles[] = {0, 0.05, 0.15, 1}, days[] = {1, 30, 365, 2000};
  for (size_t h = 0; h < 4; h++)
    for (size_t d = 0; d < 4; d++) {
      double sum = 0;
      for (int t = 1; t <= (int)days[d]; t++) sum += pow(1 + hurdles[h], -t / 365.0);
      near(dp_operator_annuity_d(hurdles[h], days[d]), sum, 1e-9 * sum);
    }
  near(dp_operator_discount(0.15, 365), 1 / 1.15, 1e-15);
}

static void a_machine_is_worth_what_its_days_add_up_to(void **state) {
  (void)state;
  const struct dp_machine_plan plan = {.income_usd_per_d = 5, .electricity_usd_per_d = 1, .opex_usd_per_d = 0.5,
                                       .price_usd = 1500, .hurdle_ratio = 0.2, .horizon_d = 730, .resale_share = 0.3};
  double sum = -1.2 * 1500;
  for (int t = 1; t <= 730; t++) sum += (5 - 0.5 - 1.2 * 1) * pow(1.2, -t / 365.0);
  sum += 1.2 * 1500 * 0.3 * pow(1.2, -2);
  near(dp_operator_npv_usd(&plan, 1.2), sum, 1e-8);
  const double even = dp_operator_break_even_factor(&plan);
  near(dp_operator_npv_usd(&plan, even), 0, 1e-9);
  assert_true(dp_operator_npv_usd(&plan, even * 0.999) > 0 && dp_operator_npv_usd(&plan, even * 1.001) < 0);
  near(dp_operator_resale_share(0.7, 0.31, 730), 0.7 * 0.69 * 0.69, 1e-15);
  /* Jorgenson: (r + δ) · worth, in continuous rates. */
  near(dp_operator_user_cost_usd_per_d(1000, 0.15, 0.31), 1000 * (log(1.15) - log(0.69)) / 365, 1e-3);
}

static void unequal_candidates_follow_the_lognormal_distribution(void **state) {
  (void)state;
  double sum = 0;
  const int n = 20000;
  const struct dp_unequal costs = {.cost = 0.4}, equal = {0};
  for (double m = 0.25; m < 4; m *= 1.3)
    near(dp_operator_share_below(m, &costs), gsl_cdf_lognormal_P(m, -0.08, 0.4), 1e-12);
  near(dp_operator_share_below(1.0001, &equal), 1, 0);
  near(dp_operator_share_below(1, &equal), 0, 0);
  for (int i = 0; i < n; i++) {
    double belief;
    const double u = (i + 0.5) / n, f = dp_operator_factor_below(u, 0.5, 1.1, &costs, &belief);
    assert_true(f > 0 && f <= 1.1 && belief == 1);
    near(gsl_cdf_lognormal_P(f, -0.08, 0.4) / gsl_cdf_lognormal_P(1.1, -0.08, 0.4), u, 1e-9);
    sum += dp_operator_factor_below(u, 0.5, DP_FACTOR_MAX, &costs, &belief);
  }
  near(sum / n, 1, 1e-3); /* the mean of all is 1 */
}

/** Share of all with a cost factor below m and below `even` times their optimism, by the midpoint rule over optimism. */
static double share_by_sum(double m, double even, const struct dp_unequal *q) {
  const int n = 20000;
  double sum = 0;
  for (int i = 0; i < n; i++) {
    const double b = gsl_cdf_lognormal_Pinv((i + 0.5) / n, -q->belief * q->belief / 2, q->belief);
    sum += gsl_cdf_lognormal_P(fmin(m, even * b), -q->cost * q->cost / 2, q->cost);
  }
  return sum / n;
}

static void candidates_who_believe_otherwise_enter_where_it_pays_for_their_like(void **state) {
  (void)state;
  const struct dp_unequal both = {.cost = 0.4, .belief = 0.3}, beliefs = {.belief = 0.3};
  for (double even = 0.5; even < 2; even *= 1.2)
    near(dp_operator_share_below(even, &both), share_by_sum(1e9, even, &both), 1e-5);
  near(dp_operator_share_below(0.8, &beliefs), gsl_cdf_lognormal_Q(1 / 0.8, -0.045, 0.3), 1e-12); /* b > 1 / 0.8 */
  double belief, hope = 0, hoped = 0;
  near(dp_operator_factor_below(0.3, 0.7, 0.8, &beliefs, &belief), 1, 0);
  near(gsl_cdf_lognormal_Q(belief, -0.045, 0.3) / gsl_cdf_lognormal_Q(1 / 0.8, -0.045, 0.3), 0.3, 1e-9);
  /* Those who enter: as many below each cost factor as there are pairs (m, b) with m < b · even. */
  const int n = 600;
  int below[4] = {0};
  static const double m[] = {0.6, 0.8, 1, 1.3};
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      const double f = dp_operator_factor_below((i + 0.5) / n, (j + 0.5) / n, 0.9, &both, &belief);
      assert_true(f <= 0.9 * belief * (1 + 1e-12));
      hope += belief;
      for (int k = 0; k < 4; k++) below[k] += f < m[k];
    }
  for (int k = 0; k < 4; k++)
    near((double)below[k] / (n * n), share_by_sum(m[k], 0.9, &both) / share_by_sum(1e9, 0.9, &both), 1e-3);
  for (int i = 0; i < n; i++) { /* their mean optimism: Σ b · (share that enters of those with it) */
    const double b = gsl_cdf_lognormal_Pinv((i + 0.5) / n, -0.045, 0.3);
    hoped += b * gsl_cdf_lognormal_P(0.9 * b, -0.08, 0.4) / n;
  }
  near(hope / (n * n), hoped / share_by_sum(1e9, 0.9, &both), 2e-3);
}

/* ---- free entry ---- */

static double steady(double day) {
  (void)day;
  return 500;
}

/** Hosts at the end when 500 USD a day are shared and anyone may enter. */
static double free_entry(struct yard *y, double resale, double opex) {
  yard_init(y, 1, 400);
  y->market.usd_per_d = steady;
  y->fleet.entry.part = &y->entry;
  y->fleet.exit.part = &y->exit;
  y->fleet.count = 10;
  y->fleet.opex_usd_per_d = opex;
  y->exit.resale_ratio = resale;
  y->entry.candidates_per_month_n = 60;
  y->entry.lead_time_d = 0;
  yard_run(y);
  return yard_kpi(y, "provider.active_n");
}

static void free_entry_ends_where_a_machine_is_worth_its_price(void **state) {
  (void)state;
  static const double resale[] = {0, 0.7, 0.7}, opex[] = {0, 0, 0.3};
  for (size_t i = 0; i < 3; i++) {
    struct yard y;
    const double got = free_entry(&y, resale[i], opex[i]), a = dp_operator_annuity_d(0.15, 730);
    const double lost = 1000 * (1 - resale[i] * 0.69 * 0.69 / (1.15 * 1.15));
    near(got, 500 / (0.24 + opex[i] + lost / a), 3); /* two a day enter: the last ones still see a gain */
    near(yard_kpi(&y, "provider.entered_n"), got + yard_kpi(&y, "provider.exited_n"), 0);
    yard_free(&y);
  }
}

/* ---- beliefs and time ---- */

static double hump(double day) { return day < 300 ? day : day < 600 ? 600 - day : 0; }

static int peak_day(double lead_time_d) {
  struct yard y;
  int peak = 0;
  yard_init(&y, 1, 900);
  y.market.usd_per_d = hump;
  y.fleet.entry.part = &y.entry;
  y.fleet.exit.part = &y.exit;
  y.fleet.count = 5;
  y.exit.patience_d = 20;
  y.entry.candidates_per_month_n = 60;
  y.entry.lead_time_d = lead_time_d;
  yard_run(&y);
  for (int d = 0; d < 900; d++)
    if (y.active[d] > y.active[peak]) peak = d;
  assert_true(y.active[peak] > 50);
  yard_free(&y);
  return peak;
}

static void the_fleet_peaks_after_the_price_and_sooner_without_lead_time(void **state) {
  (void)state;
  const int at_once = peak_day(0), slow = peak_day(90);
  assert_true(at_once >= 299); /* nobody sees the end of the boom before it is there */
  assert_true(at_once < slow && slow >= at_once + 60);
}

static double decline(double day) { return day < 100 ? 300 : fmax(0, 300 - (day - 100)); }

/** The day on which the first of 100 hosts is gone from the market. */
static int first_exit(double resale_ratio, double rental) {
  struct yard y;
  int day = 120;
  yard_init(&y, 1, 700);
  y.market.usd_per_d = decline;
  y.fleet.exit.part = &y.exit;
  y.fleet.capex_ratio = 1;
  y.fleet.count = 100;
  y.exit.resale_ratio = resale_ratio;
  y.exit.rental_elsewhere_usd_per_h = rental;
  yard_run(&y);
  while (day < 699 && y.active[day] >= 100) day++;
  near(yard_kpi(&y, "provider.exited_n"), 100, 0);
  yard_free(&y);
  return day;
}

static void without_sunk_cost_hosts_leave_sooner(void **state) {
  (void)state;
  const int sunk = first_exit(0, 0), half = first_exit(0.35, 0), none = first_exit(0.7, 0);
  const int better = first_exit(0, 0.05);
  /* All is sunk: from day 376 on, when 3 − (t − 100) / 100 falls below 0.24 USD, a window of 30 days must be lost. */
  assert_in_range(sunk, 376, 376 + 60);
  assert_true(none < half && half < sunk && better < sunk);
}

static double dip(double day) { return day < 100 || day > 150 ? 100 : 20 * 0.24; }

static void a_host_that_switched_off_comes_back_when_it_pays(void **state) {
  (void)state;
  for (int costly = 0; costly < 2; costly++) {
    struct yard y;
    yard_init(&y, 1, 300);
    y.market.usd_per_d = dip; /* 20 hosts earn 0.24 USD a day each then: what electricity costs on average */
    y.fleet.exit.part = &y.exit;
    y.fleet.count = 20;
    y.fleet.cost_spread = 0.2;
    y.exit.patience_d = 20;
    y.exit.restart_cost_usd = costly ? 1e6 : 0.5;
    yard_run(&y);
    const int64_t off = 20 - y.active[130]; /* since 120: those who lost in the twenty days before */
    assert_in_range(off, 3, 17);
    assert_int_equal(y.active[119], 20);
    near(yard_kpi(&y, "provider.exited_n"), costly ? (double)off : 0, 0);
    near(yard_kpi(&y, "provider.active_n"), costly ? (double)(20 - off) : 20, 0);
    if (!costly) assert_true(yard_posted(&y, DP_REASON_OPERATING_COST) >= off * 500000000);
    yard_free(&y);
  }
}

static double collapse(double day) { return day < 60 ? 500 : 0; }

/** The market ends, and the common belief (0.2 USD a day, below the 0.24 of electricity) never learns of it: only who
 *  expects 1.2 times as much stays, off and on again; the others leave. */
static void who_is_off_judges_by_his_own_belief(void **state) {
  (void)state;
  for (int unequal = 0; unequal < 2; unequal++) {
    struct yard y;
    yard_init(&y, 1, 400);
    y.market.usd_per_d = collapse;
    y.fleet.exit.part = &y.exit;
    y.fleet.count = 1000;
    y.fleet.prior_usd_per_d = 0.2;
    y.fleet.belief = DP_BELIEF_ADAPTIVE;
    y.fleet.belief_weight_ratio = 0;
    y.fleet.belief_spread = unequal ? 0.3 : 0;
    y.exit.patience_d = 20;
    y.exit.restart_cost_usd = 0;
    yard_run(&y);
    const double left = unequal ? gsl_cdf_lognormal_P(1.2, -0.045, 0.3) : 1;
    near(yard_kpi(&y, "provider.exited_n"), 1000 * left, unequal ? 3 * sqrt(1000 * left * (1 - left)) : 0);
    yard_free(&y);
  }
}

/** What hosts of a market expect at the end. */
static const struct dp_outlook *expect(struct yard *y, double days, double (*usd_per_d)(double), int belief) {
  yard_init(y, 1, days);
  y->market.usd_per_d = usd_per_d;
  y->fleet.count = 1;
  y->fleet.capex_ratio = 1; /* so that they look */
  y->fleet.belief = belief;
  y->fleet.belief_weight_ratio = 0.2;
  y->fleet.prior_usd_per_d = 7;
  yard_run(y);
  struct dp_ctx ctx = yard_ctx(y, 0);
  return DP_ROW(dp_own_table(&ctx, DP_FLEET_OUTLOOK), struct dp_outlook, 0);
}

/** Returns to 10 by the factor 0.8 a day. */
static double fading(double day) { return 10 + 40 * pow(0.8, floor(day)); }

static void beliefs_are_made_of_the_past(void **state) {
  (void)state;
  struct yard y;
  near(expect(&y, 12, fading, DP_BELIEF_NAIVE)->expected_usd_per_d, fading(12), 1e-6);
  yard_free(&y);
  double mean = 7; /* the payment at the end of day d is fading(d), and is seen on the same beat */
  for (int d = 1; d <= 12; d++) mean += 0.2 * (fading(d) - mean);
  near(expect(&y, 12, fading, DP_BELIEF_ADAPTIVE)->expected_usd_per_d, mean, 1e-6);
  yard_free(&y);
  /* y' = 2 + 0.8 y is known after four days: the mean of Σ v^t y_t over a year, as seen on day 12. */
  double worth = 0;
  for (int t = 1; t <= 365; t++) worth += pow(1.15, -t / 365.0) * (10 + (fading(12) - 10) * pow(0.8, t));
  near(expect(&y, 12, fading, DP_BELIEF_AUTOREGRESSIVE)->expected_usd_per_d, worth / dp_operator_annuity_d(0.15, 365),
       1e-3);
  yard_free(&y);
}

/* ---- payback and outcome ---- */

static double two_each(double day) {
  (void)day;
  return 20 * 1.24;
}

static void payback_counts_those_who_never_got_it(void **state) {
  (void)state;
  struct yard y;
  yard_init(&y, 1, 1100);
  y.market.usd_per_d = two_each; /* 20 hosts gain 1 USD a day each */
  y.fleet.count = 20;
  y.fleet.capex_ratio = 1;
  yard_run(&y);
  near(yard_kpi(&y, "provider.payback_d"), 1000, 1000.0 / 32);
  near(yard_kpi(&y, "provider.paid_back_ratio"), 1, 0);
  near(yard_kpi(&y, "provider.in_profit_ratio"), 1, 0);
  near(yard_kpi(&y, "provider.profit_usd"), 20 * 100, 1);
  yard_free(&y);
  yard_init(&y, 1, 900);
  y.market.usd_per_d = two_each;
  y.fleet.count = 20;
  y.fleet.capex_ratio = 1;
  yard_run(&y);
  assert_true(isnan(yard_kpi(&y, "provider.payback_d")));
  near(yard_kpi(&y, "provider.paid_back_ratio"), 0, 0);
  near(yard_kpi(&y, "provider.in_profit_ratio"), 0, 0);
  near(yard_kpi(&y, "provider.net_income_usd"), 20 * 900, 1e-3);
  yard_free(&y);
}

/** Cohorts, KPIs and journals tell one story. */
static void check_story(struct yard *y) {
  int64_t entered = 0, exited = 0, active = 0;
  dp_i128 net = 0, resale = 0, capex = 0, due = 0;
  for (uint32_t c = 0; c < y->sim->engine->local_n; c++) {
    struct dp_ctx ctx = yard_ctx(y, c);
    const struct dp_table *cohorts = dp_own_table(&ctx, DP_FLEET_COHORT);
    for (uint32_t i = dp_table_next(cohorts, 0); i != DP_NO_ROW; i = dp_table_next(cohorts, i + 1)) {
      const struct dp_cohort *k = DP_ROW(cohorts, struct dp_cohort, i);
      assert_int_equal(k->entered_n, k->exited_n + k->active_n);
      entered += k->entered_n;
      exited += k->exited_n;
      active += k->active_n;
      net += k->exited_net_nusd + k->active_net_nusd;
      resale += k->exited_resale_nusd + k->active_resale_nusd;
      capex += k->capex_nusd;
    }
    for (uint32_t i = dp__host_next(&ctx, 0); i != DP_NO_ROW; i = dp__host_next(&ctx, i + 1))
      due += dp_books_balance(&ctx, dp__host_at(&ctx, i)->usd_account);
  }
  near(yard_kpi(y, "provider.entered_n"), (double)entered, 0);
  near(yard_kpi(y, "provider.exited_n"), (double)exited, 0);
  near(yard_kpi(y, "provider.net_income_usd"), (double)net / 1e9, 1e-6);
  near(yard_kpi(y, "provider.profit_usd"), (double)(net + resale - capex) / 1e9, 1e-6);
  /* What owners put in and took out, and what they still have. */
  assert_true(net == yard_posted(y, DP_REASON_OWNER_WITHDRAWAL) - yard_posted(y, DP_REASON_OWNER_CAPITAL) + due);
}

static double boom(double day) { return fmod(day, 200) < 120 ? 400 : 20; }

static void every_host_that_ever_entered_is_in_the_sums(void **state) {
  (void)state;
  struct yard y;
  yard_init(&y, 3, 800);
  y.market.usd_per_d = boom;
  y.regions[1].electricity_usd_per_kwh = 0.3;
  y.regions[2].supply_weight = 3;
  y.fleet.entry.part = &y.entry;
  y.fleet.exit.part = &y.exit;
  y.fleet.count = 9;
  y.fleet.capex_ratio = 1;
  y.fleet.opex_usd_per_d = 0.1;
  y.fleet.cost_spread = 0.5;
  y.fleet.new_owner_ratio = 0.3;
  y.entry.candidates_per_month_n = 300;
  y.entry.spare_ratio = 0.3;
  y.entry.lead_time_d = 20;
  y.exit.restart_cost_usd = 5;
  y.exit.patience_d = 10;
  y.class.mtbf_h = 500;
  y.class.repair_h = 50;
  yard_run(&y);
  assert_true(yard_kpi(&y, "provider.exited_n") > 100 && yard_kpi(&y, "provider.active_n") > 10);
  check_story(&y);
  yard_free(&y);
}

/* ---- who gets a machine ---- */

static void scarce_machines_are_spread_by_largest_remainders(void **state) {
  (void)state;
  struct yard y;
  yard_init(&y, 3, 365.0 / 12 * 2 - 1);
  y.fleet.entry.part = &y.entry;
  y.fleet.prior_usd_per_d = 100;
  y.fleet.belief = DP_BELIEF_ADAPTIVE;
  y.fleet.belief_weight_ratio = 0; /* they never learn */
  y.fleet.decide_every_d = 365.0 / 12;
  y.entry.candidates_per_month_n = 1e5;
  y.entry.supply_per_month_n = 10;
  y.entry.lead_time_d = 0;
  for (size_t i = 0; i < 3; i++) y.regions[i].supply_weight = (const double[]){1, 2, 4}[i];
  yard_run(&y);
  for (uint32_t c = 0; c < 3; c++) {
    struct dp_ctx ctx = yard_ctx(&y, c);
    assert_int_equal(dp_own_table(&ctx, DP_FLEET_HOST)->live_n, ((const uint32_t[]){1, 3, 6})[c]); /* Hamilton */
  }
  yard_free(&y);
}

static void the_dear_region_and_the_dear_candidate_stay_out(void **state) {
  (void)state;
  struct yard y;
  yard_init(&y, 2, 200);
  y.fleet.entry.part = &y.entry;
  y.fleet.prior_usd_per_d = 3;
  y.fleet.belief = DP_BELIEF_ADAPTIVE;
  y.fleet.belief_weight_ratio = 0;
  y.fleet.cost_spread = 0.4;
  y.regions[1].electricity_usd_per_kwh = 0.5;
  y.entry.candidates_per_month_n = 20000;
  y.entry.lead_time_d = 0;
  yard_run(&y);
  const double a = dp_operator_annuity_d(0.15, 730);
  const double cheap = a * 3 / (a * 0.24 + 1000), dear = a * 3 / (a * 1.2 + 1000);
  double n[2];
  for (uint32_t c = 0; c < 2; c++) {
    struct dp_ctx ctx = yard_ctx(&y, c);
    n[c] = dp_own_table(&ctx, DP_FLEET_HOST)->live_n;
    for (uint32_t i = dp__host_next(&ctx, 0); i != DP_NO_ROW; i = dp__host_next(&ctx, i + 1))
      assert_true(dp__host_at(&ctx, i)->tariff_ppm <= 1e6 * (c ? dear : cheap) + 1);
  }
  near(n[0] / n[1], gsl_cdf_lognormal_P(cheap, -0.08, 0.4) / gsl_cdf_lognormal_P(dear, -0.08, 0.4), 1e-3);
  near(n[0] + n[1], 199 / (365.0 / 12) * 10000 *
                        (gsl_cdf_lognormal_P(cheap, -0.08, 0.4) + gsl_cdf_lognormal_P(dear, -0.08, 0.4)), 2);
  yard_free(&y);
}

/* ---- owners ---- */

/** A margin that covers 80 % of a machine: only who expects 1.25 times as much buys one, and has not earned it at the
 *  horizon. */
static void optimists_enter_and_most_of_them_are_wrong(void **state) {
  (void)state;
  for (int unequal = 0; unequal < 2; unequal++) {
    struct yard y;
    const double a = dp_operator_annuity_d(0.15, 730), cost = a * 0.24 + 1000;
    yard_init(&y, 1, 200);
    y.fleet.entry.part = &y.entry;
    y.fleet.prior_usd_per_d = 0.8 * cost / a;
    y.fleet.belief = DP_BELIEF_ADAPTIVE;
    y.fleet.belief_weight_ratio = 0;
    y.fleet.belief_spread = unequal ? 0.3 : 0;
    y.entry.candidates_per_month_n = 10000;
    y.entry.lead_time_d = 0;
    yard_run(&y);
    const double expected = unequal ? gsl_cdf_lognormal_Q(1.25, -0.045, 0.3) : 0;
    near(yard_kpi(&y, "provider.entered_n"), 199 / (365.0 / 12) * 10000 * expected, 2);
    yard_free(&y);
  }
}

static void owners_follow_simons_law(void **state) {
  (void)state;
  struct yard y;
  const double a = 0.4;
  yard_init(&y, 1, 2);
  y.market.usd_per_d = steady;
  y.fleet.count = 40000;
  y.fleet.new_owner_ratio = a;
  yard_run(&y);
  struct dp_ctx ctx = yard_ctx(&y, 0);
  const struct dp_table *owners = dp_own_table(&ctx, DP_FLEET_OWNER);
  double n = 0, one = 0, two = 0, hosts = 0;
  for (uint32_t i = dp_table_next(owners, 0); i != DP_NO_ROW; i = dp_table_next(owners, i + 1)) {
    const struct dp_owner *o = DP_ROW(owners, struct dp_owner, i);
    n++;
    one += o->host_n == 1;
    two += o->host_n == 2;
    hosts += o->host_n;
  }
  const double rho = 1 / (1 - a);
  near(hosts, 40000, 0);
  near(n / hosts, a, 0.01);
  near(one / n, rho / (1 + rho), 0.01);
  near(two / n, rho / (1 + rho) / (2 + rho), 0.01); /* ρ B(2, ρ + 1) */
  /* All hosts earn the same: the Gini of incomes is that of the sizes. */
  double *size = calloc((size_t)hosts + 1, sizeof *size), below = 0, area = 0;
  for (uint32_t i = dp_table_next(owners, 0); i != DP_NO_ROW; i = dp_table_next(owners, i + 1))
    size[DP_ROW(owners, struct dp_owner, i)->host_n]++;
  for (int k = 1; k <= 40000; k++) {
    area += size[k] * (2 * below + size[k] * k);
    below += size[k] * k;
  }
  near(yard_kpi(&y, "reward.gini_ratio"), 1 - area / (n * hosts), 0.01);
  double held = 0, most = 0;
  for (int k = 40000; held <= hosts / 2; k--)
    for (double i = 0; i < size[k] && held <= hosts / 2; i++, most++) held += k;
  near(yard_kpi(&y, "reward.nakamoto_n"), most, 0.02 * most + 1);
  free(size);
  yard_free(&y);
}

/* ---- departures ---- */

/** Bytes that a cell's tables and the pending events hold. */
static size_t bytes_held(const struct yard *y) {
  const struct dp_cell *cell = y->sim->engine->by_id[0];
  size_t sum = dp_engine_queue_bytes(y->sim->engine);
  for (size_t i = 0; i < y->sim->engine->config.cell_table_n; i++) sum += dp_table_bytes(&cell->tables[i]);
  return sum;
}

/** Machines live for two days and are replaced; `days` days. */
static size_t churn(double days, double *left_n) {
  struct yard y;
  yard_init(&y, 1, days);
  y.market.usd_per_d = steady;
  y.fleet.entry.part = &y.entry;
  y.fleet.exit.part = &y.exit;
  y.fleet.prior_usd_per_d = 100;
  y.fleet.belief = DP_BELIEF_ADAPTIVE;
  y.fleet.belief_weight_ratio = 0;
  y.fleet.new_owner_ratio = 0.5;
  y.entry.candidates_per_month_n = 365.0 / 12 * 1000;
  y.entry.lead_time_d = 0;
  y.exit.life_d = 2;
  y.class.mtbf_h = 1e5; /* nearly all leave long before they fail */
  yard_run(&y);
  *left_n = yard_kpi(&y, "provider.exited_n");
  check_story(&y);
  const size_t bytes = bytes_held(&y);
  yard_free(&y);
  return bytes;
}

static void a_hundred_thousand_departures_leave_no_memory(void **state) {
  (void)state;
  double few, many;
  const size_t short_run = churn(100, &few), long_run = churn(200, &many);
  assert_true(many - few >= 100000);
  if (long_run > short_run + short_run / 100)
    fail_msg("%zu bytes after %.0f departures, %zu after %.0f", short_run, few, long_run, many);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_annuity_is_the_sum_of_its_days),
      cmocka_unit_test(a_machine_is_worth_what_its_days_add_up_to),
      cmocka_unit_test(unequal_candidates_follow_the_lognormal_distribution),
      cmocka_unit_test(candidates_who_believe_otherwise_enter_where_it_pays_for_their_like),
      cmocka_unit_test(optimists_enter_and_most_of_them_are_wrong),
      cmocka_unit_test(free_entry_ends_where_a_machine_is_worth_its_price),
      cmocka_unit_test(the_fleet_peaks_after_the_price_and_sooner_without_lead_time),
      cmocka_unit_test(without_sunk_cost_hosts_leave_sooner),
      cmocka_unit_test(a_host_that_switched_off_comes_back_when_it_pays),
      cmocka_unit_test(who_is_off_judges_by_his_own_belief),
      cmocka_unit_test(beliefs_are_made_of_the_past),
      cmocka_unit_test(payback_counts_those_who_never_got_it),
      cmocka_unit_test(every_host_that_ever_entered_is_in_the_sums),
      cmocka_unit_test(scarce_machines_are_spread_by_largest_remainders),
      cmocka_unit_test(the_dear_region_and_the_dear_candidate_stay_out),
      cmocka_unit_test(owners_follow_simons_law),
      cmocka_unit_test(a_hundred_thousand_departures_leave_no_memory),
  };
  return cmocka_run_group_tests_name("operators", tests, NULL, NULL);
}
