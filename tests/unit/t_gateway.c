/* The market: money to the last nano-USD, routing against theory, choice against the analytic logit. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "scene.h"

#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

static struct scene_request at(uint32_t cell, dp_time ns, int64_t prompt_n, int64_t output_n) {
  return (struct scene_request){.cell = cell, .at_ns = ns, .prompt_n = prompt_n, .output_n = output_n};
}

static dp_time h100_ns(int64_t prompt_n, int64_t output_n) {
  struct dp_llm_cost cost;
  assert_int_equal(dp_llm_cost_find("h100", &cost, NULL), DP_OK);
  dp_time ns = dp_llm_prefill_ns(&cost, prompt_n);
  for (int64_t i = 0; i + 1 < output_n; i++) ns += dp_llm_step_ns(&cost, 1, prompt_n + 1 + i);
  return ns;
}

static int64_t bridges(struct scene *s) {
  int64_t sum = scene_balance(s, -1, DP_ACCOUNT_BRIDGE);
  for (uint32_t c = 0; c < s->sim->engine->config.cell_n; c++) sum += scene_balance(s, (int)c, DP_ACCOUNT_BRIDGE);
  return sum;
}

/* ---- money ---- */

static void a_request_costs_what_is_reckoned_by_hand(void **state) {
  (void)state;
  /* (1000 · 0.333333 + 100) tokens at 0.18 USD a million = 77,999.94 nano-USD; 5 % of 77,999 = 3,899.95; floored. */
  struct scene s;
  struct scene_request r = at(0, DP_S, 1000, 100);
  scene_init(&s, 1, 40 * DP_S);
  s.spec.settle_every_ns = 30 * DP_S;
  scene_network(&s);
  scene_fleet(&s, 1, "h100", 80, 0.18);
  scene_customers(&s, &r, 1);
  scene_run(&s);
  assert_int_equal(r.answer_n, 1);
  assert_int_equal(r.outcome, DP_JOB_COMPLETED);
  assert_int_equal(r.amount_nusd, 77999);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_EXTERNAL), -77999);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_ESCROW), 0);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_PAYABLE), 0);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_PROTOCOL), 0);
  assert_int_equal(scene_balance(&s, -1, DP_ACCOUNT_TREASURY), 3899);
  assert_int_equal(scene_wallet(&s, 0, 0), 74100);
  assert_int_equal(scene_listing(&s, 0, 0)->work_tok, 433);
  assert_int_equal(bridges(&s), 0);
  assert_near(scene_kpi(&s, "market.unit_price_usd"), 0.18, 0.18 / 77999); /* amounts are floored */
  scene_free(&s);
}

static void take_and_prompt_price_may_be_nothing_or_all(void **state) {
  (void)state;
  const double takes[] = {0, 1};
  for (size_t i = 0; i < 2; i++) {
    struct scene s;
    struct scene_request r = at(0, DP_S, 12345, 100);
    scene_init(&s, 1, 60 * DP_S);
    struct dp_gateway_config *n = scene_network(&s);
    n->take_ratio = takes[i];
    n->prompt_price_ratio = 0;
    scene_fleet(&s, 1, "h100", 80, 2);
    scene_customers(&s, &r, 1);
    scene_run(&s);
    assert_int_equal(r.amount_nusd, 200000); /* 100 tokens at 2 USD a million */
    assert_int_equal(scene_wallet(&s, 0, 0), i ? 0 : 200000);
    assert_int_equal(scene_balance(&s, -1, DP_ACCOUNT_TREASURY), i ? 200000 : 0);
    scene_free(&s);
  }
}

/** The dearest requests that can be asked for: 2^24 − 2 prompt tokens at 100 times 1e6 USD a million. */
static enum dp_status ask_dearest(size_t n, int64_t *wallet) {
  struct scene s;
  struct scene_request r[6];
  for (size_t i = 0; i < n; i++) r[i] = at(0, DP_S, DP_JOB_TOKENS_MAX - 1, 1);
  scene_init(&s, 1, 12 * DP_DAY); /* each prefill takes 41 h */
  s.spec.settle_every_ns = 12 * DP_DAY;
  struct dp_gateway_config *network = scene_network(&s);
  network->prompt_price_ratio = 100;
  network->take_ratio = 0;
  scene_fleet(&s, 1, "h100", 1e5, 1e6);
  scene_customers(&s, r, n);
  const enum dp_status status = scene_try(&s);
  if (status == DP_OK) {
    assert_int_equal(r[0].amount_nusd, ((INT64_C(1) << 24) - 2) * 100 * 1000000000 + 1000000000);
    *wallet = scene_wallet(&s, 0, 0) - (int64_t)n * r[0].amount_nusd;
  } else {
    assert_non_null(strstr(s.err.text, "earns more than"));
  }
  scene_free(&s);
  return status;
}

static void amounts_at_the_limits_are_exact_or_stop_the_run(void **state) {
  (void)state;
  int64_t wallet = -1;
  assert_int_equal(ask_dearest(5, &wallet), DP_OK);
  assert_int_equal(wallet, 0);
  assert_int_equal(ask_dearest(6, &wallet), DP_INVARIANT);
}

static void what_is_not_served_is_paid_back(void **state) {
  (void)state;
  /* Larger than any host: rejected before any payment. Behind a long one and late: paid back. */
  struct scene s;
  struct scene_request r[3] = {at(0, DP_S, 10000, 1), at(0, 2 * DP_S, 3000, 600), at(0, 3 * DP_S, 3000, 600)};
  r[2].deadline_ns = 4 * DP_S;
  scene_init(&s, 1, 120 * DP_S);
  scene_network(&s);
  scene_fleet(&s, 1, "t4", 16, 1);
  scene_customers(&s, r, 3);
  scene_run(&s);
  assert_int_equal(r[0].outcome, DP_JOB_REJECTED);
  assert_int_equal(r[0].amount_nusd, 0);
  assert_int_equal(r[1].outcome, DP_JOB_COMPLETED);
  assert_int_equal(r[1].amount_nusd, 1599999); /* (3000 · 0.333333 + 600) at 1 USD a million */
  assert_int_equal(r[2].outcome, DP_JOB_TIMED_OUT);
  assert_int_equal(r[2].first_token_ns, 0);
  assert_in_range(r[2].answer_ns, 4 * DP_S, 4 * DP_S + DP_S / 4); /* within a step of the deadline */
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_EXTERNAL), -1599999);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_ESCROW), 0);
  assert_int_equal(scene_listing(&s, 0, 0)->in_flight_n, 0);
  assert_int_equal(scene_listing(&s, 0, 0)->pending_tok, 0);
  scene_free(&s);
}

static void when_the_last_host_fails_requests_are_paid_back(void **state) {
  (void)state;
  struct scene s;
  struct scene_request r = at(0, DP_S, 100, 100000);
  scene_init(&s, 1, DP_HOUR);
  scene_network(&s);
  scene_fleet(&s, 1, "h100", 80, 1);
  s.classes[0].mtbf_h = 0.05;
  s.classes[0].repair_h = 1e4;
  scene_customers(&s, &r, 1);
  scene_run(&s);
  assert_int_equal(r.answer_n, 1);
  assert_int_equal(r.outcome, DP_JOB_REJECTED);
  assert_int_equal(scene_kpi(&s, "job.lost"), 1);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_EXTERNAL), 0);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_ESCROW), 0);
  scene_free(&s);
}

/** Customers in A, one host in B; 20 ms there, 50 ms back. */
static void far_scene(struct scene *s, struct scene_request *r, size_t n, int64_t queue_n) {
  static const double rtt_ms[] = {-1, 40, 100, -1};
  scene_init(s, 2, 120 * DP_S);
  s->place.rtt_ms = (struct dp_numbers){rtt_ms, 4};
  s->regions[0].supply_weight = 0;
  scene_network(s)->queue_n = queue_n;
  scene_fleet(s, 1, "h100", 80, 0.18);
  scene_customers(s, r, n);
  scene_run(s);
}

static void a_request_to_another_cell_moves_money_by_bridges(void **state) {
  (void)state;
  struct scene s;
  struct scene_request r = at(0, 2 * DP_S, 1000, 100);
  far_scene(&s, &r, 1, 64);
  const dp_time local_ns = llround(s.place.local_rtt_ms * 1e6 / 2), there_ns = 20 * DP_MS, back_ns = 50 * DP_MS;
  assert_int_equal(r.outcome, DP_JOB_COMPLETED);
  assert_int_equal(r.answer_ns, 2 * DP_S + there_ns + local_ns + h100_ns(1000, 100) + back_ns);
  assert_int_equal(r.first_token_ns, 2 * DP_S + there_ns + local_ns + h100_ns(1000, 1) + back_ns);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_EXTERNAL), -77999);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_BRIDGE), 77999);
  assert_int_equal(scene_balance(&s, 1, DP_ACCOUNT_BRIDGE), -77999 + 3899); /* the take has left for the treasury */
  assert_int_equal(scene_wallet(&s, 1, 0), 74100);
  assert_int_equal(scene_balance(&s, -1, DP_ACCOUNT_TREASURY), 3899);
  assert_int_equal(bridges(&s), 0);
  assert_near(scene_kpi(&s, "market.remote_ratio"), 1, 0);
  scene_free(&s);
}

static void a_refusal_in_another_cell_brings_the_money_back(void **state) {
  (void)state;
  struct scene s;
  struct scene_request r[2] = {at(0, 2 * DP_S, 1000, 100), at(0, 2 * DP_S, 1000, 100)};
  far_scene(&s, r, 2, 1); /* the bulletin says that there is room for one */
  assert_int_equal(r[0].outcome, DP_JOB_COMPLETED);
  assert_int_equal(r[1].outcome, DP_JOB_REJECTED);
  assert_int_equal(r[1].answer_ns, 2 * DP_S + 70 * DP_MS);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_EXTERNAL), -77999);
  assert_int_equal(scene_balance(&s, 0, DP_ACCOUNT_ESCROW), 0);
  assert_int_equal(scene_balance(&s, 1, DP_ACCOUNT_ESCROW), 0);
  assert_int_equal(bridges(&s), 0);
  scene_free(&s);
}

static void two_networks_keep_their_hosts_apart(void **state) {
  (void)state;
  struct scene s;
  struct scene_request r[2] = {at(0, DP_S, 1, 1000), at(0, DP_S, 1, 1000)};
  scene_init(&s, 1, 120 * DP_S);
  scene_network(&s)->prompt_price_ratio = 0;
  scene_network(&s)->prompt_price_ratio = 0;
  for (size_t i = 0; i < 2; i++) {
    scene_fleet(&s, 1, "h100", 80, 1 + (double)i)->network.name = i ? "2" : "market.gateway";
    scene_customers(&s, &r[i], 1)->network.name = i ? "2" : "market.gateway";
  }
  scene_run(&s);
  assert_int_equal(r[0].amount_nusd, 1000000);
  assert_int_equal(r[1].amount_nusd, 2000000);
  assert_int_equal(scene_wallet(&s, 0, 0), 950000);
  assert_int_equal(scene_balance(&s, -1, DP_ACCOUNT_TREASURY), 50000); /* the first one's: each has its own take */
  assert_true(fabs(scene_kpi(&s, "network.treasury_usd") - 0.00015) < 1e-12);
  assert_int_equal(bridges(&s), 0);
  scene_free(&s);
}

/* ---- routing ---- */

static void the_cheapest_host_with_room_is_taken(void **state) {
  (void)state;
  const double prices[] = {0.3, 0.1, 0.2};
  struct scene s;
  struct scene_request r[4];
  for (size_t i = 0; i < 4; i++) r[i] = at(0, DP_S + (dp_time)i, 1, 1000);
  scene_init(&s, 1, 120 * DP_S);
  struct dp_gateway_config *n = scene_network(&s);
  n->routing = DP_ROUTE_CHEAPEST;
  n->queue_n = 1;
  n->prompt_price_ratio = 0;
  for (size_t i = 0; i < 3; i++) scene_fleet(&s, 1, "h100", 80, prices[i]);
  scene_customers(&s, r, 4);
  scene_run(&s);
  assert_int_equal(r[0].amount_nusd, 100000);
  assert_int_equal(r[1].amount_nusd, 200000);
  assert_int_equal(r[2].amount_nusd, 300000);
  assert_int_equal(r[3].outcome, DP_JOB_REJECTED);
  scene_free(&s);
}

/** A price that tells the region: its electricity, as the machine of 1 kW sees it. */
static enum dp_status price_of_region(const struct dp_policy *policy, struct dp_policy_call *call, struct dp_err *err) {
  (void)policy;
  (void)err;
  call->action[0] = call->obs[DP_PRICING_ELECTRICITY];
  return DP_OK;
}

/** Three customers in A, two seconds apart, each served for longer; a host in A at 0.3 USD, in B at 0.2, in C at 0.1. */
static void check_cells(int routing, int64_t queue_n, const int64_t expected[3]) {
  struct scene s;
  struct scene_request r[3];
  for (size_t i = 0; i < 3; i++) r[i] = at(0, (3 + 2 * (dp_time)i) * DP_S, 1, 1000);
  scene_init(&s, 3, 100 * DP_S);
  struct dp_gateway_config *n = scene_network(&s);
  n->routing = routing;
  n->queue_n = queue_n;
  n->prompt_price_ratio = 0;
  scene_fleet(&s, 3, "t4", 16, 1);
  s.policies[0].decide = price_of_region;
  s.classes[0].tdp_w = 1000;
  for (size_t i = 0; i < 3; i++) s.regions[i].electricity_usd_per_kwh = 0.3 - 0.1 * (double)i;
  scene_customers(&s, r, 3);
  scene_run(&s);
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(r[i].outcome, DP_JOB_COMPLETED);
    assert_near(r[i].amount_nusd, expected[i], 1);
  }
  scene_free(&s);
}

static void cells_are_taken_by_price_by_distance_or_by_load(void **state) {
  (void)state;
  check_cells(DP_ROUTE_CHEAPEST, 1, (const int64_t[]){100000, 200000, 300000});
  check_cells(DP_ROUTE_NEAREST, 1, (const int64_t[]){300000, 200000, 100000});
  check_cells(DP_ROUTE_TWO_CHOICES, 64, (const int64_t[]){300000, 300000, 300000}); /* its own cell while it has room */
  check_cells(DP_ROUTE_LEAST_LOADED, 64, (const int64_t[]){300000, 200000, 100000}); /* equal: the nearest */
}

static void equal_cells_serve_their_own_customers(void **state) {
  (void)state;
  for (int routing = DP_ROUTE_CHEAPEST; routing <= DP_ROUTE_NEAREST; routing++) {
    struct scene s;
    struct scene_request r[40];
    for (uint32_t i = 0; i < 40; i++) r[i] = at(i % 4, 2 * DP_S + i * DP_S, 10, 10);
    scene_init(&s, 1, 60 * DP_S);
    s.regions[0].cells_n = 4;
    scene_network(&s)->routing = routing;
    scene_fleet(&s, 4, "h100", 80, 1);
    scene_customers(&s, r, 40);
    scene_run(&s);
    assert_near(scene_kpi(&s, "market.remote_ratio"), 0, 0);
    for (uint32_t c = 0; c < 4; c++) assert_int_equal(scene_listing(&s, c, 0)->work_tok, 10 * 13);
    scene_free(&s);
  }
}

static void least_loaded_keeps_grahams_bound(void **state) {
  (void)state;
  /* List scheduling: no machine is ahead of the mean by more than one request (Graham 1966). */
  enum { HOST_N = 20, N = 400, MOST = 500 };
  struct scene s;
  struct scene_request r[N];
  struct dp_rng rng = dp_rng_at(7, 0, 0, 0, 0);
  for (size_t i = 0; i < N; i++) r[i] = at(0, DP_S + (dp_time)i, 1, 1 + (int64_t)dp_rng_below(&rng, MOST - 1));
  scene_init(&s, 1, DP_S + DP_MS);
  scene_network(&s)->queue_n = 1000;
  scene_fleet(&s, HOST_N, "t4", 16, 1);
  scene_customers(&s, r, N);
  scene_run(&s);
  int64_t low = INT64_MAX, high = 0;
  for (uint32_t i = 0; i < HOST_N; i++) {
    const int64_t pending = scene_listing(&s, 0, i)->pending_tok;
    if (pending < low) low = pending;
    if (pending > high) high = pending;
  }
  assert_in_range(high - low, 0, MOST);
  scene_free(&s);
}

/** Shares of bins with at least k + 1 of as many balls, each put into the emptier of two random bins: the fluid limit
 *  ds_k/dt = s_{k−1}² − s_k² at t = 1 (Mitzenmacher 2001, "The power of two choices"). */
static void fluid_limit(double share[5]) {
  enum { STEPS = 100000 };
  for (size_t k = 0; k < 5; k++) share[k] = 0;
  for (int i = 0; i < STEPS; i++) {
    double before = 1;
    for (size_t k = 0; k < 5; k++) {
      const double old = share[k];
      share[k] += (before * before - old * old) / STEPS;
      before = old;
    }
  }
}

static void two_choices_follow_mitzenmachers_fluid_limit(void **state) {
  (void)state;
  enum { N = 8000 };
  struct scene s;
  struct scene_request *r = calloc(N, sizeof *r);
  for (size_t i = 0; i < N; i++) r[i] = at(0, DP_S, 10, 10);
  scene_init(&s, 1, DP_S + DP_MS / 2);
  scene_network(&s)->routing = DP_ROUTE_TWO_CHOICES;
  scene_fleet(&s, N, "h100", 80, 1);
  for (size_t half = 0; half < 2; half++) scene_customers(&s, r + half * (N / 2), N / 2); /* they must not share luck */
  scene_run(&s);
  double expected[5], n_at_least[5] = {0};
  uint32_t most = 0, random_most = 0, *bins = calloc(N, sizeof *bins);
  struct dp_rng rng = dp_rng_at(3, 0, 0, 0, 0);
  for (uint32_t i = 0; i < N; i++) {
    const uint32_t load = scene_listing(&s, 0, i)->in_flight_n;
    for (uint32_t k = 0; k < 5 && k < load; k++) n_at_least[k]++;
    if (load > most) most = load;
    const uint32_t random_load = ++bins[dp_rng_below(&rng, N)];
    if (random_load > random_most) random_most = random_load;
  }
  fluid_limit(expected);
  assert_near(expected[0], tanh(1.0), 1e-4);
  for (size_t k = 0; k < 4; k++) assert_near(n_at_least[k] / N, expected[k], 3 * 0.5 / sqrt(N));
  assert_in_range(most, 3, 4);        /* ln ln n / ln 2 + O(1) */
  assert_in_range(random_most, 6, 9); /* ln n / ln ln n */
  free(bins);
  free(r);
  scene_free(&s);
}

static enum dp_status price_of_time(const struct dp_policy *policy, struct dp_policy_call *call, struct dp_err *err) {
  (void)policy;
  (void)err;
  call->action[0] = 1 + 0.01 * floor(call->obs[DP_PRICING_DAY] * 8640 + 1e-6); /* a cent more every 10 s */
  return DP_OK;
}

static void a_quote_from_afar_is_as_old_as_the_bulletin_at_most(void **state) {
  (void)state;
  enum { N = 400, REFRESH_S = 3 };
  struct scene s;
  struct scene_request r[N];
  for (size_t i = 0; i < N; i++) r[i] = at(0, 4 * DP_S + (dp_time)i * DP_S / 4 + 100 * DP_MS, 1, 1000);
  scene_init(&s, 2, 1000 * DP_S);
  s.regions[0].supply_weight = 0;
  struct dp_gateway_config *n = scene_network(&s);
  n->load_refresh_s = REFRESH_S;
  n->prompt_price_ratio = 0;
  n->queue_n = 100000;
  scene_fleet(&s, 1, "h100", 80, 1)->reprice_every_s = 10;
  s.policies[0].decide = price_of_time;
  scene_customers(&s, r, N);
  scene_run(&s);
  size_t old_n = 0;
  for (size_t i = 0; i < N; i++) {
    assert_int_equal(r[i].outcome, DP_JOB_COMPLETED);
    const int64_t now_s = r[i].at_ns / DP_S, bulletin_s = now_s / REFRESH_S * REFRESH_S;
    const int64_t cents = (bulletin_s - 1) / 10; /* a price that is posted at a beat is in the next bulletin */
    assert_int_equal(r[i].amount_nusd, 1000000 + 10000 * cents);
    if (cents == now_s / 10) continue;
    old_n++;
    assert_in_range(r[i].at_ns - now_s / 10 * 10 * DP_S, 0, REFRESH_S * DP_S);
  }
  assert_in_range(old_n, 1, N / 2);
  scene_free(&s);
}

/* ---- the cloud ---- */

enum { CHOICE_N = 20000 };

static const struct dp_cloud cloud = {"cloud", 0.18, 0.5, 0.02};

/** How many of CHOICE_N customers take the network, and which if `took` is not NULL. */
static size_t choose(double price_usd, double latency_weight, double preference, bool *took) {
  struct scene s;
  struct scene_request *r = calloc(CHOICE_N, sizeof *r);
  size_t network_n = CHOICE_N;
  for (size_t i = 0; i < CHOICE_N; i++) r[i] = at(0, DP_S + (dp_time)i, 10, 11);
  scene_init(&s, 1, 3 * DP_S);
  struct dp_gateway_config *n = scene_network(&s);
  n->cloud.part = &cloud;
  n->queue_n = 1000000;
  n->latency_weight_per_s = latency_weight;
  n->network_preference = preference;
  scene_fleet(&s, 1, "h100", 80, price_usd);
  scene_customers(&s, r, CHOICE_N);
  scene_run(&s);
  for (size_t i = 0; i < CHOICE_N; i++) {
    if (took) took[i] = !r[i].by_cloud;
    if (!r[i].by_cloud) continue;
    network_n--;
    assert_int_equal(r[i].first_token_ns, r[i].at_ns + DP_S / 2);
    assert_int_equal(r[i].answer_ns, r[i].first_token_ns + 10 * 20 * DP_MS);
    assert_int_equal(r[i].amount_nusd, 0);
  }
  assert_near(scene_kpi(&s, "cloud.jobs"), CHOICE_N - network_n, 0);
  /* (11 + 10 · 0.333333) tokens at 0.18 USD a million, floored to nano-USD */
  assert_near(scene_kpi(&s, "cloud.cost_usd"), (double)(CHOICE_N - network_n) * 2579e-9, 1e-9);
  free(r);
  scene_free(&s);
  return network_n;
}

static void the_clouds_share_is_the_logits(void **state) {
  (void)state;
  static const double cases[][3] = {{0.18, 0, 0}, {0.27, 0.5, 0.3}, {0.05, 0.5, -1}, {1.8, 4, 0}, {0.18, 0, 3}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    /* preference − 1.2 · ln(price ratio) − weight · (0 s − 0.5 s): nothing has been seen of the network yet */
    const double utility = cases[i][2] - 1.2 * log(cases[i][0] / 0.18) + cases[i][1] * 0.5;
    const double p = 1 / (1 + exp(-utility)), se = sqrt(p * (1 - p) / CHOICE_N);
    const size_t n = choose(cases[i][0], cases[i][1], cases[i][2], NULL);
    assert_near((double)n / CHOICE_N, p, 3 * se);
  }
}

static void a_higher_price_wins_no_customer(void **state) {
  (void)state;
  bool *low = calloc(CHOICE_N, 1), *high = calloc(CHOICE_N, 1);
  size_t before = choose(0.02, 0, 0, low);
  for (double price = 0.04; price < 3; price *= 2) {
    const size_t n = choose(price, 0, 0, high);
    assert_true(n < before);
    for (size_t i = 0; i < CHOICE_N; i++) assert_true(low[i] || !high[i]); /* customer by customer */
    before = n;
    memcpy(low, high, CHOICE_N);
  }
  free(low);
  free(high);
}

static void two_workloads_do_not_share_luck(void **state) {
  (void)state;
  enum { N = 2000 };
  struct scene s;
  static struct scene_request r[2][N];
  size_t alike_n = 0;
  for (size_t i = 0; i < N; i++) r[0][i] = r[1][i] = at(0, DP_S + (dp_time)i, 10, 10);
  scene_init(&s, 1, 3 * DP_S);
  scene_network(&s)->cloud.part = &cloud;
  s.networks[0].queue_n = 1000000;
  s.networks[0].latency_weight_per_s = 0;
  scene_fleet(&s, 1, "h100", 80, 0.18);
  scene_customers(&s, r[0], N);
  scene_customers(&s, r[1], N);
  scene_run(&s);
  for (size_t i = 0; i < N; i++) alike_n += r[0][i].by_cloud == r[1][i].by_cloud;
  assert_near((double)alike_n / N, 0.5, 3 * 0.5 / sqrt(N));
  scene_free(&s);
}

static void the_slowest_cloud_takes_for_ever(void **state) {
  (void)state;
  static const struct dp_cloud slow = {"slow", 0.18, 3600, 3600};
  struct scene s;
  struct scene_request r = at(0, DP_S, 1, DP_JOB_TOKENS_MAX - 1);
  scene_init(&s, 1, DP_HOUR * 2);
  scene_network(&s)->cloud.part = &slow;
  scene_customers(&s, &r, 1);
  scene_run(&s);
  assert_int_equal(r.answer_n, 0);
  assert_near(scene_kpi(&s, "cloud.jobs"), 1, 0);
  scene_free(&s);
}

static void without_hosts_everything_is_rejected_or_goes_to_the_cloud(void **state) {
  (void)state;
  for (int with_cloud = 0; with_cloud < 2; with_cloud++) {
    struct scene s;
    struct scene_request r[2] = {at(0, DP_S, 10, 10), at(1, DP_S, 10, 10)};
    scene_init(&s, 2, 10 * DP_S);
    struct dp_gateway_config *n = scene_network(&s);
    if (with_cloud) n->cloud.part = &cloud;
    scene_fleet(&s, 0, "h100", 80, 1);
    scene_customers(&s, r, 2);
    scene_run(&s);
    for (size_t i = 0; i < 2; i++) {
      assert_int_equal(r[i].answer_n, 1);
      assert_int_equal(r[i].outcome, with_cloud ? DP_JOB_COMPLETED : DP_JOB_REJECTED);
      assert_int_equal(r[i].by_cloud, with_cloud);
    }
    scene_free(&s);
  }
}

static void a_host_too_small_for_any_request_quotes_nothing(void **state) {
  (void)state;
  /* In B a host without room for any context offers at next to nothing: A pays the price of one that can serve. */
  struct scene s;
  struct scene_request r = at(0, 2 * DP_S, 1, 1000);
  scene_init(&s, 2, 60 * DP_S);
  s.regions[0].supply_weight = 0;
  struct dp_gateway_config *n = scene_network(&s);
  n->routing = DP_ROUTE_CHEAPEST;
  n->prompt_price_ratio = 0;
  scene_fleet(&s, 1, "t4", 8, 1e-6);
  scene_fleet(&s, 1, "h100", 80, 1);
  scene_customers(&s, &r, 1);
  scene_run(&s);
  assert_int_equal(r.amount_nusd, 1000000);
  scene_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_costs_what_is_reckoned_by_hand),
      cmocka_unit_test(take_and_prompt_price_may_be_nothing_or_all),
      cmocka_unit_test(amounts_at_the_limits_are_exact_or_stop_the_run),
      cmocka_unit_test(what_is_not_served_is_paid_back),
      cmocka_unit_test(when_the_last_host_fails_requests_are_paid_back),
      cmocka_unit_test(a_request_to_another_cell_moves_money_by_bridges),
      cmocka_unit_test(a_refusal_in_another_cell_brings_the_money_back),
      cmocka_unit_test(two_networks_keep_their_hosts_apart),
      cmocka_unit_test(the_cheapest_host_with_room_is_taken),
      cmocka_unit_test(cells_are_taken_by_price_by_distance_or_by_load),
      cmocka_unit_test(equal_cells_serve_their_own_customers),
      cmocka_unit_test(least_loaded_keeps_grahams_bound),
      cmocka_unit_test(two_choices_follow_mitzenmachers_fluid_limit),
      cmocka_unit_test(a_quote_from_afar_is_as_old_as_the_bulletin_at_most),
      cmocka_unit_test(the_clouds_share_is_the_logits),
      cmocka_unit_test(a_higher_price_wins_no_customer),
      cmocka_unit_test(two_workloads_do_not_share_luck),
      cmocka_unit_test(the_slowest_cloud_takes_for_ever),
      cmocka_unit_test(without_hosts_everything_is_rejected_or_goes_to_the_cloud),
      cmocka_unit_test(a_host_too_small_for_any_request_quotes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
