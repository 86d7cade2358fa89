/* The geography: the matrix that Microsoft publishes, great circles by another formula, the presets in Lua. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "place/place_priv.h"
#include "real_data.h"

#define RTT_FILE "network/azure_region_rtt_ms.csv"

static void near(double got, double expected, double tolerance) {
  if (!(fabs(got - expected) <= tolerance)) fail_msg("%.17g is not %.17g within %g", got, expected, tolerance);
}

/* A file with this text; the caller removes it. */
static const char *scratch(const char *text, char path[64]) {
  strcpy(path, "/tmp/dp_place_XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *f = fdopen(fd, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
  return path;
}

#define REGION(n, lat, lon, cells) \
  {.name = n, .latitude_deg = lat, .longitude_deg = lon, .cells_n = cells, .demand_weight = 3, .supply_weight = 1}

static struct dp_geography *build(const struct dp_region *regions, size_t n, const char *csv, struct dp_numbers rtt) {
  struct dp_part_ref refs[8];
  struct dp_geography *g;
  struct dp_err err = {0};
  for (size_t i = 0; i < n; i++) refs[i] = (struct dp_part_ref){.part = &regions[i]};
  struct dp_place_config config = {
      .regions = {refs, n}, .rtt_ms = rtt, .rtt_csv = csv, .bandwidth_mbps = 100, .local_rtt_ms = 0.6};
  if (dp__geography_new(&config, &g, &err) != DP_OK) fail_msg("%s", err.text);
  return g;
}

static void cells_are_numbered_region_by_region_and_share_its_weight(void **state) {
  (void)state;
  const struct dp_region regions[] = {REGION("a", 0, 0, 2), REGION("b", 10, 10, 1), REGION("c", 20, 20, 3)};
  struct dp_geography *g = build(regions, 3, "", (struct dp_numbers){0});
  const uint16_t expected[] = {0, 0, 1, 2, 2, 2};
  double demand = 0;
  assert_int_equal(g->place.cell_n, 6);
  for (uint32_t i = 0; i < 6; i++) {
    assert_int_equal(dp_place_region(&g->place, i), expected[i]);
    demand += g->place.demand_weight[i];
  }
  near(demand, 9, 1e-12);
  near(g->place.demand_weight[3], 1, 1e-12);
  assert_int_equal(dp_place_delay_ns(&g->place, 0, 1), 300 * DP_US); /* half of the local round trip */
  assert_int_equal(g->place.least_delay_ns, 300 * DP_US);
  dp__geography_free(g);
}

static void the_least_delay_is_that_of_two_different_cells(void **state) {
  (void)state;
  const struct dp_region regions[] = {REGION("a", 0, 0, 1), REGION("b", 10, 10, 1)};
  const double rtt[] = {0, 30, 24, 0};
  struct dp_geography *g = build(regions, 2, "", (struct dp_numbers){rtt, 4});
  assert_int_equal(g->place.least_delay_ns, 12 * DP_MS);
  assert_int_equal(dp_place_delay_ns(&g->place, 0, 1), 15 * DP_MS);
  assert_string_equal(dp_place_notes(&g->place), "");
  dp__geography_free(g);
  g = build(regions, 1, "", (struct dp_numbers){0});
  assert_int_equal(g->place.least_delay_ns, DP_TIME_MAX);
  dp__geography_free(g);
}

/* Spherical law of cosines instead of the haversine. */
static double great_circle_km(double lat1, double lon1, double lat2, double lon2) {
  const double r = M_PI / 180;
  double c = sin(lat1 * r) * sin(lat2 * r) + cos(lat1 * r) * cos(lat2 * r) * cos((lon2 - lon1) * r);
  return 6371.0088 * acos(fmin(1, fmax(-1, c)));
}

static void distance_is_the_great_circle_at_two_thirds_of_light_with_a_detour(void **state) {
  (void)state;
  const double places[][2] = {{51.5074, -0.1278}, {40.7128, -74.006}, {-33.8688, 151.2093}, {35.6762, 139.6503}};
  near(great_circle_km(51.5074, -0.1278, 40.7128, -74.006), 5570, 5); /* London to New York */
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 4; k++) {
      double km = great_circle_km(places[i][0], places[i][1], places[k][0], places[k][1]);
      double ms = 5 + km * 1.5 / (299792.458 * 2 / 3) * 1e3;
      dp_time ns = dp_place_distance_delay_ns(places[i][0], places[i][1], places[k][0], places[k][1]);
      near((double)ns / 1e6, ms, 0.01);
    }
}

static void latencies_are_half_of_the_published_round_trips(void **state) {
  (void)state;
  char path[256];
  if (!real_data(RTT_FILE, path, sizeof path)) skip();
  const struct dp_region regions[] = {REGION("West US 2", 47.233, -119.852, 1),
                                      REGION("Japan East", 35.6762, 139.6503, 1),
                                      REGION("East US", 37.3719, -79.8164, 1)};
  struct dp_geography *g = build(regions, 3, path, (struct dp_numbers){0});
  assert_int_equal(dp_place_delay_ns(&g->place, 0, 1), 50 * DP_MS);          /* 100 ms */
  assert_int_equal(dp_place_delay_ns(&g->place, 2, 1), 163 * DP_MS / 2);     /* 163 there */
  assert_int_equal(dp_place_delay_ns(&g->place, 1, 2), 164 * DP_MS / 2);     /* 164 back */
  assert_int_equal(g->place.guessed_n, 0);
  assert_string_equal(dp_place_notes(&g->place), "");
  dp__geography_free(g);
}

static void a_missing_pair_falls_back_to_the_way_back_then_to_the_distance_and_says_so(void **state) {
  (void)state;
  char path[64];
  scratch("Source,a,b,c\na,,10,\nb,,,\nc,40,,\n", path);
  const struct dp_region regions[] = {REGION("a", 51.5, 0, 1), REGION("b", 48.9, 2.3, 1), REGION("c", 40.7, -74, 1)};
  struct dp_geography *g = build(regions, 3, path, (struct dp_numbers){0});
  assert_int_equal(dp_place_delay_ns(&g->place, 0, 1), 5 * DP_MS);
  assert_int_equal(dp_place_delay_ns(&g->place, 1, 0), 5 * DP_MS);  /* the way back */
  assert_int_equal(dp_place_delay_ns(&g->place, 0, 2), 20 * DP_MS); /* the way back */
  dp_time guess = dp_place_distance_delay_ns(48.9, 2.3, 40.7, -74);
  assert_int_equal(dp_place_delay_ns(&g->place, 1, 2), guess);
  assert_int_equal(dp_place_delay_ns(&g->place, 2, 1), guess);
  assert_int_equal(g->place.guessed_n, 1);
  assert_non_null(strstr(dp_place_notes(&g->place), "b to and from c (from the distance"));
  assert_non_null(strstr(dp_place_notes(&g->place), "b to a (as the way back: 10.0 ms round trip)"));
  dp__geography_free(g);
  remove(path);
}

static void a_broken_matrix_is_refused_naming_file_and_line(void **state) {
  (void)state;
  const struct {
    const char *text, *says;
  } cases[] = {
      {"Source,a,b\na,,x\n", ":2: column 'b'"},
      {"Source,a,b\na,,-3\n", ":2: column 'b'"},
      {"Source,a,b\na,,nan\n", ":2: column 'b'"},
      {"Source,a,b\na,1\n", ":2:"},
      {"Source\na\n", "one column for each region"},
  };
  const struct dp_region a = REGION("a", 0, 0, 1), b = REGION("b", 1, 1, 1);
  const struct dp_part_ref refs[] = {{.part = &a}, {.part = &b}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char path[64];
    struct dp_geography *g;
    struct dp_err err = {0};
    struct dp_place_config config = {.regions = {refs, 2}, .rtt_csv = scratch(cases[i].text, path), .local_rtt_ms = 1};
    assert_int_equal(dp__geography_new(&config, &g, &err), DP_FORMAT);
    if (!strstr(err.text, cases[i].says) || !strstr(err.text, path))
      fail_msg("'%s' does not say '%s'", err.text, cases[i].says);
    remove(path);
    err = (struct dp_err){0};
    assert_int_equal(dp__geography_new(&config, &g, &err), DP_IO); /* gone */
  }
}

/* ---- the presets ---- */

static const char constructors[] =
    "package.preload['depin.core'] = function()\n"
    "  local function make(_, kind) return function(args) args.kind = kind return args end end\n"
    "  return setmetatable({ fact = function() end }, { __index = make })\n"
    "end\n"
    "package.path = ... .. '/lua/?.lua'\n"
    "return require 'depin.place'\n";

static lua_State *open_presets(void) {
  lua_State *L = luaL_newstate();
  const char *srcdir = getenv("srcdir");
  luaL_openlibs(L);
  assert_int_equal(luaL_loadstring(L, constructors), LUA_OK);
  lua_pushstring(L, srcdir ? srcdir : ".");
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) fail_msg("%s", lua_tostring(L, -1));
  return L;
}

static double number_at(lua_State *L, const char *expression) {
  char chunk[256];
  snprintf(chunk, sizeof chunk, "local p = require 'depin.place' return %s", expression);
  assert_int_equal(luaL_loadstring(L, chunk), LUA_OK);
  if (lua_pcall(L, 0, 1, 0) != LUA_OK) fail_msg("%s", lua_tostring(L, -1));
  double v = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return v;
}

static void the_azure_preset_holds_the_published_matrix(void **state) {
  (void)state;
  char path[256], text[256];
  struct dp_csv *csv;
  struct dp_err err = {0};
  bool eof = false;
  size_t compared = 0;
  if (!real_data(RTT_FILE, path, sizeof path)) skip();
  lua_State *L = open_presets();
  int n = (int)number_at(L, "#p.regions('azure')");
  assert_int_equal(n, 10);
  assert_int_equal(dp_csv_open(path, ',', &csv, &err), DP_OK);
  while (dp_csv_next(csv, NULL, &eof, &err) == DP_OK && !eof)
    for (int i = 1; i <= n; i++) {
      snprintf(text, sizeof text, "p.regions('azure')[%d] == %c%s%c and 1 or 0", i, '"', dp_csv_text(csv, 0), '"');
      if (number_at(L, text) < 1) continue;
      for (int k = 1; k <= n; k++) {
        if (i == k) continue;
        double published;
        snprintf(text, sizeof text, "local p = require 'depin.place' return p.regions('azure')[%d]", k);
        assert_int_equal(luaL_dostring(L, text), LUA_OK);
        assert_int_equal(dp_csv_f64(csv, dp_csv_column(csv, lua_tostring(L, -1)), 0, 1e6, &published, &err), DP_OK);
        lua_pop(L, 1);
        snprintf(text, sizeof text, "p.azure().rtt_ms[%d]", (i - 1) * n + k);
        near(number_at(L, text), published, 0);
        compared++;
      }
    }
  assert_int_equal(compared, 90);
  dp_csv_close(csv);
  lua_close(L);
}

static void the_aws_like_preset_is_nearly_symmetric_and_quotes_its_table(void **state) {
  (void)state;
  lua_State *L = open_presets();
  char text[128];
  for (int i = 0; i < 10; i++)
    for (int k = 0; k < i; k++) {
      snprintf(text, sizeof text, "p.aws_like().rtt_ms[%d]", i * 10 + k + 1);
      double there = number_at(L, text);
      snprintf(text, sizeof text, "p.aws_like().rtt_ms[%d]", k * 10 + i + 1);
      near(there, number_at(L, text), 0.03 * there); /* a transposed digit would show */
    }
  near(number_at(L, "p.aws_like { regions = { 'us-east-1', 'sa-east-1' } }.rtt_ms[2]"), 119.5, 0);
  lua_close(L);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void the_guess_from_distance_is_right_within_a_quarter_for_most_azure_pairs(void **state) {
  (void)state;
  lua_State *L = open_presets();
  char text[128];
  double ratio[90], miss[90];
  size_t n = 0;
  for (int i = 1; i <= 10; i++)
    for (int k = 1; k <= 10; k++) {
      double at[4];
      if (i == k) continue;
      for (int j = 0; j < 4; j++) {
        const char *what = j % 2 ? "longitude_deg" : "latitude_deg";
        snprintf(text, sizeof text, "p.azure().regions[%d].%s", j < 2 ? i : k, what);
        at[j] = number_at(L, text);
      }
      snprintf(text, sizeof text, "p.azure().rtt_ms[%d]", (i - 1) * 10 + k);
      ratio[n] = 2e-6 * (double)dp_place_distance_delay_ns(at[0], at[1], at[2], at[3]) / number_at(L, text);
      miss[n] = fabs(ratio[n] - 1);
      n++;
    }
  qsort(ratio, n, sizeof *ratio, by_value);
  qsort(miss, n, sizeof *miss, by_value);
  print_message("# guess over published round trip: median %.3f, median miss %.3f, 90%% within %.3f\n", ratio[n / 2],
                miss[n / 2], miss[n * 9 / 10]);
  assert_true(miss[n / 2] < 0.2);
  assert_true(ratio[n / 2] > 0.85 && ratio[n / 2] < 1.15);
  lua_close(L);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cells_are_numbered_region_by_region_and_share_its_weight),
      cmocka_unit_test(the_least_delay_is_that_of_two_different_cells),
      cmocka_unit_test(distance_is_the_great_circle_at_two_thirds_of_light_with_a_detour),
      cmocka_unit_test(latencies_are_half_of_the_published_round_trips),
      cmocka_unit_test(a_missing_pair_falls_back_to_the_way_back_then_to_the_distance_and_says_so),
      cmocka_unit_test(a_broken_matrix_is_refused_naming_file_and_line),
      cmocka_unit_test(the_azure_preset_holds_the_published_matrix),
      cmocka_unit_test(the_aws_like_preset_is_nearly_symmetric_and_quotes_its_table),
      cmocka_unit_test(the_guess_from_distance_is_right_within_a_quarter_for_most_azure_pairs),
  };
  return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
