/* Hexagons, HIP-17 against brute force, HIP-15, rewards against HIP-20 to the base unit, fleets that follow a price. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "books/books.h"
#include "engine/comm.h"
#include "ledger/emission.h"
#include "ledger/exchange.h"
#include "ledger/helium.h"
#include "ledger/token.h"
#include "model/registry.h"
#include "place/place.h"
#include "wireless/coverage.h"

static void near(double got, double expected, double within) {
  if (!(got - expected <= within && expected - got <= within))
    fail_msg("%.15g is not %.15g within %g", got, expected, within);
}

/* ---- hexagons ---- */

static void a_hexagon_has_seven_children_whose_only_parent_it_is(void **state) {
  (void)state;
  for (int resolution = DP_HEX_COARSE; resolution < DP_HEX_FINE; resolution++)
    for (int a = -20; a <= 20; a++)
      for (int b = -20; b <= 20; b++) {
        const uint64_t key = dp_hex_key(resolution, a, b);
        for (unsigned k = 0; k < DP_HEX_CHILDREN; k++) {
          assert_true(dp_hex_parent(dp_hex_child(key, k)) == key);
          for (unsigned j = 0; j < k; j++) assert_true(dp_hex_child(key, k) != dp_hex_child(key, j));
        }
        const uint64_t child = dp_hex_key(resolution + 1, a * 37 + b, b * 41 - a);
        unsigned n = 0;
        for (unsigned k = 0; k < DP_HEX_CHILDREN; k++) n += dp_hex_child(dp_hex_parent(child), k) == child;
        assert_int_equal(n, 1);
      }
}

static void neighbours_are_mutual_and_six(void **state) {
  (void)state;
  const uint64_t key = dp_hex_key(9, -1234, 567);
  for (unsigned k = 0; k < DP_HEX_NEIGHBOURS; k++) {
    const uint64_t n = dp_hex_neighbour(key, k);
    assert_true(dp_hex_neighbour(n, (k + 3) % 6) == key);
    assert_int_equal(dp_hex_resolution(n), 9);
    for (unsigned j = 0; j < k; j++) assert_true(n != dp_hex_neighbour(key, j));
  }
}

/* Children of a hexagon are it and its neighbours on the finer grid: 7^8 of the finest in a coarsest one. */
static void a_level_is_a_factor_of_seven(void **state) {
  (void)state;
  assert_true(dp_hex_area_km2(8) == DP_HEX_AREA_8_KM2);
  assert_true(dp_hex_area_km2(7) == 7 * dp_hex_area_km2(8));
  const uint64_t middle = dp_hex_child(dp_hex_key(4, 3, -2), 0);
  for (unsigned k = 1; k < DP_HEX_CHILDREN; k++)
    assert_true(dp_hex_child(dp_hex_key(4, 3, -2), k) == dp_hex_neighbour(middle, k - 1));
}

static void a_spiral_meets_every_hexagon_once_ring_by_ring(void **state) {
  (void)state;
  for (uint32_t n = 1; n < 127; n++) {
    bool touches = false;
    for (uint32_t m = 0; m < n; m++) {
      assert_true(dp_hex_spiral(4, n) != dp_hex_spiral(4, m));
      for (unsigned k = 0; k < 6; k++) touches |= dp_hex_neighbour(dp_hex_spiral(4, n), k) == dp_hex_spiral(4, m);
    }
    assert_true(touches);
  }
}

/* ---- HIP-15 and HIP-17 ---- */

static void units_are_those_of_hip_15(void **state) {
  (void)state;
  const double table[][3] = {{5, 1.20, 0.76}, {8, 1.59, 0.43}, {10, 1.74, 0.33}, {15, 1.91, 0.21}};
  double own, each, own2, each2;
  for (size_t i = 0; i < 4; i++) {
    dp_coverage_units((int64_t)table[i][0], &own, &each);
    near(own, table[i][1], 0.005);
    near(each, table[i][2], 0.005);
  }
  for (int64_t w = 0; w <= 100; w++) {
    dp_coverage_units(w, &own, &each);
    dp_helium_hip15_units(w, &own2, &each2);
    near(own, own2, 1e-12);
    near(each, each2, 1e-12);
    if (w >= 4) near(own + (double)w * each, 5, 1e-12);
  }
}

static void limits_are_those_of_hip_17(void **state) {
  (void)state;
  const uint32_t table[] = {1, 1, 1, 2, 3, 4, 4, 4}; /* N = 2, target 1, max 4 */
  for (uint32_t n = 0; n <= 7; n++) {
    assert_int_equal(dp_density_clip(&dp_density_2020[4], 1000, n), table[n]);
    for (int level = 0; level < DP_HEX_LEVELS; level++) {
      const struct dp_density_rule *r = &dp_density_2020[level];
      assert_int_equal(dp_density_clip(r, 100000, n), dp_helium_hip17_limit(n, r->wanted_n, r->target, r->max));
    }
  }
  /* HIP-17's own example: 4 of 61 at resolution 8, then 49 of 106 at resolution 6. */
  near((double)dp_density_clip(&dp_density_2020[4], 61, 7) / 61, 0.066, 0.0005);
  near(4.0 / 61 * (49.0 / 106), 0.030, 0.0005);
}

/* The rule as HIP-17 writes it, level by level over lists, with nothing remembered. */
struct listed {
  uint64_t key;
  uint32_t raw, clipped;
};

static struct listed *find(struct listed *list, size_t n, uint64_t key) {
  for (size_t i = 0; i < n; i++)
    if (list[i].key == key) return &list[i];
  return NULL;
}

static size_t list_up(const struct listed *below, size_t n, struct listed *out) {
  size_t m = 0;
  for (size_t i = 0; i < n; i++) {
    const uint64_t parent = dp_hex_parent(below[i].key);
    struct listed *p = find(out, m, parent);
    if (!p) *(p = &out[m++]) = (struct listed){.key = parent};
    p->raw += below[i].clipped;
  }
  return m;
}

static void clip_all(struct listed *list, size_t n, const struct dp_density_rule *rule) {
  for (size_t i = 0; i < n; i++) {
    uint32_t occupied = list[i].raw >= rule->target;
    for (unsigned k = 0; k < 6; k++) {
      const struct listed *l = find(list, n, dp_hex_neighbour(list[i].key, k));
      occupied += l && l->raw >= rule->target;
    }
    const int64_t limit = dp_helium_hip17_limit(occupied, rule->wanted_n, rule->target, rule->max);
    list[i].clipped = list[i].raw < limit ? list[i].raw : (uint32_t)limit;
  }
}

#define SITES 900

/* Scale of each site with count > 0. */
static void brute_force(const uint64_t *sites, const uint32_t *counts, double *scale) {
  static struct listed lists[DP_HEX_LEVELS][SITES];
  size_t n[DP_HEX_LEVELS] = {0};
  for (size_t i = 0; i < SITES; i++)
    if (counts[i]) lists[DP_HEX_LEVELS - 1][n[DP_HEX_LEVELS - 1]++] = (struct listed){sites[i], counts[i], 0};
  for (int level = DP_HEX_LEVELS - 1; level >= 0; level--) {
    clip_all(lists[level], n[level], &dp_density_2020[level]);
    if (level == 0) break;
    memset(lists[level - 1], 0, sizeof lists[0]);
    n[level - 1] = list_up(lists[level], n[level], lists[level - 1]);
  }
  for (size_t i = 0; i < SITES; i++) {
    uint64_t key = sites[i];
    scale[i] = 1;
    for (int level = DP_HEX_LEVELS - 1; counts[i] && level >= 0; level--, key = dp_hex_parent(key)) {
      const struct listed *l = find(lists[level], n[level], key);
      scale[i] *= (double)l->clipped / l->raw;
    }
  }
}

/* Many hotspots in few places, so that every level clips; some sites side by side. */
static void scatter(struct dp_rng *rng, uint64_t *sites, uint32_t *tops) {
  for (size_t i = 0; i < SITES; i++) {
    tops[i] = (uint32_t)dp_rng_below(rng, 3);
    uint64_t key = dp_hex_spiral(DP_HEX_COARSE, tops[i]);
    for (int r = DP_HEX_COARSE; r < DP_HEX_FINE; r++)
      key = dp_hex_child(key, (unsigned)dp_rng_below(rng, r < 8 ? 2 : 5));
    sites[i] = key;
    for (size_t j = 0; j < i; j++)
      if (sites[j] == key) i--, j = SITES;
  }
}

static struct dp_table_decl hexagon_decl(void) {
  for (size_t i = 0; i < dp_coverage_model.table_n; i++)
    if (strcmp(dp_coverage_model.tables[i].name, "hexagon") == 0) return dp_coverage_model.tables[i];
  fail_msg("no table of hexagons");
  return (struct dp_table_decl){0};
}

static void coming_and_going_agrees_with_counting_anew(void **state) {
  (void)state;
  static uint64_t sites[SITES];
  static uint32_t counts[SITES], slots[SITES], tops[SITES];
  static double scale[SITES];
  const struct dp_table_decl decl = hexagon_decl();
  struct dp_rng rng = dp_rng_at(17, 0, 0, 0, 0);
  struct dp_err err = {0};
  struct dp_table table;
  struct dp_density d;
  uint32_t used = 0;
  dp_table_init(&table, &decl, 0, NULL);
  scatter(&rng, sites, tops);
  for (uint32_t round = 1; round <= 12; round++) {
    assert_int_equal(dp_density_begin(&d, &table, dp_density_2020, &used, round, 3, &err), DP_OK);
    assert_int_equal(dp_density_reserve(&d, SITES, &err), DP_OK);
    for (size_t i = 0; i < SITES; i++) slots[i] = dp_density_enter(&d, sites[i], tops[i]);
    for (size_t k = 0; k < (round % 3 ? 150u : 5u); k++) {
      const size_t i = dp_rng_below(&rng, SITES);
      const int delta = counts[i] > 0 && dp_rng_uniform(&rng) < 0.4 ? -1 : 1;
      counts[i] = (uint32_t)((int)counts[i] + delta);
      assert_int_equal(dp_density_change(&d, slots[i], delta, &err), DP_OK);
    }
    assert_int_equal(dp_density_settle(&d, &err), DP_OK);
    brute_force(sites, counts, scale);
    for (size_t i = 0; i < SITES; i++)
      if (counts[i]) near(dp_density_scale(&d, slots[i]), scale[i], 1e-12);
    dp_density_end(&d);
  }
  dp_table_fini(&table);
}

/* ---- runs ---- */

struct run {
  struct dp_err err;
  struct dp_comm *comm;
  struct dp_sim *sim;
  struct dp_region region;
  struct dp_part_ref region_ref;
  struct dp_place_config place;
  struct dp_token_config token;
  struct dp_emission emission;
  struct dp_exchange_config exchange;
  struct dp_coverage_config coverage;
  struct dp_instance_spec instances[4];
  struct dp_spec spec;
};

static const double watts[] = {5, 12}, tariffs[] = {0.136, 0.228};

/* 60 million tokens a year from the start, halving every 730 days (HIP-20), a pool that is deep, 300 hotspots. */
static void prepare(struct run *r) {
  *r = (struct run){.region = {.name = "here", .cells_n = 2, .demand_weight = 1, .supply_weight = 1}};
  r->region_ref.part = &r->region;
  r->place = (struct dp_place_config){.regions = {&r->region_ref, 1}, .rtt_csv = "", .bandwidth_mbps = 1,
                                      .local_rtt_ms = 1};
  dp_schema_defaults(dp_token_model.schema, &r->token);
  dp_schema_defaults(dp_exchange_model.schema, &r->exchange);
  dp_schema_defaults(dp_coverage_model.schema, &r->coverage);
  r->token.decimals = 8;
  r->token.rewards = DP_TOKEN_REWARDS_COVERAGE;
  r->emission = (struct dp_emission){.kind = DP_EMISSION_HALVING, .per_day = 60e6 / 365, .halve_every_d = 730};
  r->token.emission.part = &r->emission;
  r->exchange.tokens = 10e6;
  r->exchange.usd = 10e6;
  r->coverage.count = 300;
  r->coverage.power_w = (struct dp_numbers){watts, 2};
  r->coverage.electricity_usd_per_kwh = (struct dp_numbers){tariffs, 2};
  r->spec = (struct dp_spec){.name = "wireless", .end_ns = 30 * DP_DAY, .settle_every_ns = DP_HOUR, .seed = 1,
                             .instances = r->instances, .instance_n = 4, .registry = dp_models};
  r->instances[0] = (struct dp_instance_spec){&dp_place_model, NULL, &r->place};
  r->instances[1] = (struct dp_instance_spec){&dp_token_model, "HNT", &r->token};
  r->instances[2] = (struct dp_instance_spec){&dp_coverage_model, NULL, &r->coverage};
  r->instances[3] = (struct dp_instance_spec){&dp_exchange_model, NULL, &r->exchange};
}

static enum dp_status start(struct run *r) {
  DP_TRY(dp_comm_null_new(&r->comm, &r->err));
  return dp_sim_new(&r->spec, r->comm, &r->sim, &r->err);
}

static void run(struct run *r) {
  bool stopped;
  if (start(r) != DP_OK || dp_sim_run(r->sim, &stopped, &r->err) != DP_OK) fail_msg("%s", r->err.text);
}

static void end(struct run *r) {
  if (r->sim) dp_sim_free(r->sim);
  if (r->comm) dp_comm_free(r->comm);
}

static double kpi(struct run *r, const char *name) {
  struct dp_kpi_value *values;
  size_t n;
  double value = 0;
  bool found = false;
  if (dp_sim_kpis(r->sim, &values, &n, &r->err) != DP_OK) fail_msg("%s", r->err.text);
  for (size_t i = 0; i < n; i++)
    if (strcmp(values[i].name, name) == 0) value = values[i].value, found = true;
  free(values);
  if (!found) fail_msg("no KPI %s", name);
  return value;
}

static const struct dp_instance *coverage_of(const struct run *r) { return dp_sim_first(r->sim, "wireless.coverage"); }

static struct dp_table *cell_table(const struct run *r, uint32_t cell, unsigned table) {
  return &r->sim->engine->cells[cell].tables[coverage_of(r)->first_cell_table + table];
}

static const struct dp_coverage_cell *cell_of(const struct run *r, uint32_t cell) {
  return DP_ROW(cell_table(r, cell, 1), struct dp_coverage_cell, 0);
}

static const struct dp_token_state *token_of(const struct run *r) {
  struct dp_ctx ctx = {.engine = r->sim->engine};
  return dp_token_state_of(&ctx, dp_sim_first(r->sim, "ledger.token"));
}

static const struct dp_hotspot *hotspot_of(const struct run *r, uint32_t cell, uint32_t row) {
  return DP_ROW(cell_table(r, cell, 0), struct dp_hotspot, row);
}

/* Five years by days, across two halvings: what was minted is HIP-20's table, all of it went to hotspots or, below one
 * base unit a cell and settlement, to the treasury, and a hotspot took all but one base unit a look. */
static void rewards_follow_hip_20_to_the_base_unit(void **state) {
  (void)state;
  static const double days[] = {730, 1460, 2190}, minted[] = {120e6, 180e6, 210e6}; /* as hip20_emission in Lua */
  struct run r;
  prepare(&r);
  r.spec.settle_every_ns = DP_DAY;
  r.spec.end_ns = 5 * 365 * DP_DAY;
  r.coverage.attention_ratio = 0;
  r.emission = (struct dp_emission){.kind = DP_EMISSION_STEPS, .curve_d = {days, 3}, .curve_tokens = {minted, 3},
                                    .curve_csv = ""};
  run(&r);
  dp_i128 years = 0, got = 0, taken = 0, pending = 0;
  for (int64_t y = 1; y <= 5; y++) years += (dp_i128)dp_helium_minted_in_year(y) * 100000000;
  const struct dp_token_state *t = token_of(&r);
  assert_true(t->minted == years);
  for (uint32_t c = 0; c < 2; c++) {
    const struct dp_coverage_cell *cell = cell_of(&r, c);
    got += cell->rewarded_sum;
    taken += cell->taken_token;
    pending += cell->rewarded;
  }
  assert_true(t->minted == t->rewarded + t->pending + t->swept);
  assert_true(got == t->rewarded + pending); /* the last settlement's is in the cells and not yet counted */
  assert_true(t->pending - pending <= 2 && t->swept <= 2 * 1825);
  assert_true(got - pending >= taken && got - pending - taken <= 300 * 366);
  end(&r);
}

/* By two settlements a day or by twelve, nobody's income differs by more than flooring. */
static void a_claim_is_weight_times_index_however_often_it_settles(void **state) {
  (void)state;
  struct run a, b;
  prepare(&a);
  prepare(&b);
  a.coverage.sell_ratio = b.coverage.sell_ratio = 0;
  a.coverage.attention_ratio = b.coverage.attention_ratio = 0;
  a.spec.settle_every_ns = DP_DAY / 2;
  b.spec.settle_every_ns = DP_DAY / 12;
  run(&a);
  run(&b);
  for (uint32_t c = 0; c < 2; c++)
    for (uint32_t i = 0; i < cell_table(&a, c, 0)->row_n; i++) {
      const struct dp_hotspot *h = hotspot_of(&a, c, i), *g = hotspot_of(&b, c, i);
      assert_int_equal(h->weight, g->weight);
      /* the last look comes before the last settlement's emission: one lacks a twelfth of a day, the other a half */
      if (h->weight) near((double)g->earned_token / (double)h->earned_token, (30 - 1 / 12.0) / 29.5, 1e-4);
    }
  end(&a);
  end(&b);
}

/* Same places, same luck: with HIP-17 those in crowded hexagons earn less, all together the same. */
static void denser_hexagons_dilute_the_reward(void **state) {
  (void)state;
  struct run with, without;
  prepare(&with);
  prepare(&without);
  with.coverage.count = without.coverage.count = 3000;
  with.coverage.clustering = without.coverage.clustering = 1.5;
  with.coverage.attention_ratio = without.coverage.attention_ratio = 0;
  without.coverage.density = DP_COVERAGE_DENSITY_NONE;
  run(&with);
  run(&without);
  double crowded[2] = {0}, lonely[2] = {0};
  for (uint32_t c = 0; c < 2; c++)
    for (uint32_t i = 0; i < cell_table(&with, c, 0)->row_n; i++) {
      const struct dp_hotspot *h = hotspot_of(&with, c, i), *g = hotspot_of(&without, c, i);
      assert_int_equal(g->scale, 1000000);
      if (h->scale < 200000) crowded[0] += (double)h->earned_token, crowded[1] += (double)g->earned_token;
      if (h->scale >= 900000) lonely[0] += (double)h->earned_token, lonely[1] += (double)g->earned_token;
    }
  assert_true(crowded[0] > 0 && crowded[0] < crowded[1]);
  assert_true(lonely[0] > 2 * lonely[1] && lonely[1] > 0);
  near(kpi(&with, "wireless.rewarded_token"), kpi(&without, "wireless.rewarded_token"), 1e-3);
  end(&with);
  end(&without);
}

/* A price that rises for half a year and then falls to nothing. */
static void prepare_boom(struct run *r) {
  static const double days[] = {0, 60, 120, 180, 240, 300, 360}, usd[] = {0.02, 0.1, 0.5, 1, 0.2, 0.02, 0.0001};
  prepare(r);
  r->emission.per_day = 1000;
  r->exchange.kind = DP_EXCHANGE_CONDITIONAL;
  r->exchange.path_d = (struct dp_numbers){days, 7};
  r->exchange.path_usd = (struct dp_numbers){usd, 7};
  r->spec.settle_every_ns = DP_DAY;
  r->spec.end_ns = 900 * DP_DAY;
  r->coverage.count = 20;
  r->coverage.hotspot_usd = 100;
  r->coverage.candidates_per_month_n = 300;
  r->coverage.lead_time_d = 120;
}

static void without_lead_time_the_fleet_peaks_sooner_after_the_price(void **state) {
  (void)state;
  double peak[2];
  for (int k = 0; k < 2; k++) {
    struct run r;
    prepare_boom(&r);
    if (k) r.coverage.lead_time_d = 0;
    run(&r);
    peak[k] = kpi(&r, "wireless.peak_d") - kpi(&r, "wireless.price_peak_d");
    end(&r);
  }
  assert_true(peak[1] + 60 < peak[0]);
}

static void without_sunk_cost_exit_is_faster(void **state) {
  (void)state;
  double exited[2];
  for (int k = 0; k < 2; k++) {
    struct run r;
    prepare_boom(&r);
    r.spec.end_ns = 500 * DP_DAY;
    if (k) r.coverage.resale_ratio = 0.8;
    run(&r);
    exited[k] = kpi(&r, "wireless.exited_n") / kpi(&r, "wireless.entered_n");
    end(&r);
  }
  assert_true(exited[1] > exited[0] + 0.05);
}

static void candidates_see_the_past_alone(void **state) {
  (void)state;
  double entered[2];
  static const double days[] = {0, 60, 61}, same[] = {0.5, 0.5, 0.5}, other[] = {0.5, 0.5, 50};
  for (int k = 0; k < 2; k++) { /* two futures that differ from day 61 on */
    struct run r;
    prepare_boom(&r);
    r.exchange.path_d = (struct dp_numbers){days, 3};
    r.exchange.path_usd = (struct dp_numbers){k ? other : same, 3};
    r.coverage.lead_time_d = 0;
    r.spec.end_ns = 60 * DP_DAY;
    run(&r);
    entered[k] = kpi(&r, "wireless.entered_n");
    end(&r);
  }
  assert_true(entered[0] > 20 && entered[0] == entered[1]);
}

static void halving_the_settlement_moves_no_headline_by_two_percent(void **state) {
  (void)state;
  static const char *const names[] = {"wireless.net_income_usd", "wireless.earned_token", "wireless.exited_n",
                                      "token.price_usd"};
  double v[2][4];
  for (int half = 0; half < 2; half++) {
    struct run r;
    prepare(&r);
    r.spec.settle_every_ns = DP_DAY / 4 >> half;
    r.spec.end_ns = 120 * DP_DAY;
    r.coverage.judge_d = 60;
    r.exchange.outside_usd_per_day = 20e3;
    run(&r);
    for (int i = 0; i < 4; i++) v[half][i] = kpi(&r, names[i]);
    end(&r);
  }
  for (int i = 0; i < 4; i++) near(v[0][i], v[1][i], 0.02 * (v[1][i] < 0 ? -v[1][i] : v[1][i]) + 1e-9);
}

static void a_given_fleet_is_followed_and_said_so(void **state) {
  (void)state;
  static const double days[] = {0, 20, 40}, n[] = {100, 500, 150};
  struct run r;
  struct dp_str text = {0};
  prepare(&r);
  r.coverage.mode = DP_COVERAGE_CONDITIONAL;
  r.coverage.count = 0;
  r.coverage.fleet_d = (struct dp_numbers){days, 3};
  r.coverage.fleet_n = (struct dp_numbers){n, 3};
  r.spec.end_ns = 60 * DP_DAY;
  run(&r);
  near(kpi(&r, "wireless.hotspots_n"), 150, 3); /* cells round their part of those who leave */
  near(kpi(&r, "wireless.peak_n"), 500, 0);
  near(kpi(&r, "wireless.conditional_n"), 1, 0);
  dp_sim_conditional(r.sim, &text);
  assert_non_null(strstr(dp_str_text(&text), "fleet"));
  dp_str_fini(&text);
  end(&r);
}

static void fails(struct run *r, const char *part) {
  assert_int_equal(start(r), DP_SCENARIO);
  if (!strstr(r->err.text, part)) fail_msg("'%s' does not say '%s'", r->err.text, part);
  end(r);
}

static void nonsense_is_refused(void **state) {
  (void)state;
  struct run r;
  static const double days[] = {5}, n[] = {100};
  prepare(&r);
  r.token.rewards = DP_TOKEN_REWARDS_WORK;
  fails(&r, "rewards = \"coverage\"");
  prepare(&r);
  r.spec.settle_every_ns = 4 * DP_DAY;
  fails(&r, "shorter than two settlements");
  prepare(&r);
  r.coverage.mode = DP_COVERAGE_CONDITIONAL;
  r.coverage.fleet_d = (struct dp_numbers){days, 1};
  r.coverage.fleet_n = (struct dp_numbers){n, 1};
  fails(&r, "begins after the start");
  struct dp_err err = {0};
  prepare(&r);
  r.coverage.mode = DP_COVERAGE_CONDITIONAL;
  assert_int_equal(dp_coverage_model.schema->check(&r.coverage, &err), DP_SCENARIO);
  prepare(&r);
  r.coverage.near_resolution = r.coverage.range_resolution;
  assert_int_equal(dp_coverage_model.schema->check(&r.coverage, &err), DP_SCENARIO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_hexagon_has_seven_children_whose_only_parent_it_is),
      cmocka_unit_test(neighbours_are_mutual_and_six),
      cmocka_unit_test(a_level_is_a_factor_of_seven),
      cmocka_unit_test(a_spiral_meets_every_hexagon_once_ring_by_ring),
      cmocka_unit_test(units_are_those_of_hip_15),
      cmocka_unit_test(limits_are_those_of_hip_17),
      cmocka_unit_test(coming_and_going_agrees_with_counting_anew),
      cmocka_unit_test(rewards_follow_hip_20_to_the_base_unit),
      cmocka_unit_test(a_claim_is_weight_times_index_however_often_it_settles),
      cmocka_unit_test(denser_hexagons_dilute_the_reward),
      cmocka_unit_test(without_lead_time_the_fleet_peaks_sooner_after_the_price),
      cmocka_unit_test(without_sunk_cost_exit_is_faster),
      cmocka_unit_test(candidates_see_the_past_alone),
      cmocka_unit_test(halving_the_settlement_moves_no_headline_by_two_percent),
      cmocka_unit_test(a_given_fleet_is_followed_and_said_so),
      cmocka_unit_test(nonsense_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
