/* tests/unit/t_scenario.c — loading a scenario: what it becomes, what --set and the check form change, and that every
 * mistake is reported in one message that names file, line and remedy. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <config.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place/place.h"
#include "provider/fleet.h"
#include "script/catalog.h"
#include "script/scenario.h"
#include "workload/inference.h"
#include "workload/server.h"

static char folder[] = "/tmp/depinsim-scenario-XXXXXX";

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_folder(void **state) {
  (void)state;
  static const char *const names[] = {"s.lua", "mine.lua", "trace.csv", "empty.lua", "bytes.lua"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) unlink(names[i]);
  rmdir("sub");
  return chdir("/") != 0 || rmdir(folder) != 0;
}

static void write_file(const char *name, const char *bytes, size_t len) {
  FILE *f = fopen(name, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, len, f), len);
  fclose(f);
}

static enum dp_status load(const char *text, const struct dp_scenario_options *options, struct dp_scenario **s,
                           struct dp_err *err) {
  struct dp_comm *comm = NULL;
  assert_int_equal(dp_comm_null_new(&comm, err), DP_OK);
  write_file("s.lua", text, strlen(text));
  enum dp_status status = dp_scenario_load("s.lua", options, comm, s, err);
  dp_comm_free(comm);
  return status;
}

static struct dp_scenario *loads_with(const char *text, const struct dp_scenario_options *options) {
  struct dp_scenario *s = NULL;
  struct dp_err err = {0};
  if (load(text, options, &s, &err) != DP_OK) fail_msg("%s\n%s", text, err.text);
  return s;
}

static void fails_with(const char *text, const struct dp_scenario_options *options, enum dp_status want,
                       const char *message) {
  struct dp_scenario *s = NULL;
  struct dp_err err = {0};
  enum dp_status got = load(text, options, &s, &err);
  if (got != want || strcmp(err.text, message) != 0)
    fail_msg("script: %s\nexpected %d: %s\n     got %d: %s", text, (int)want, message, (int)got, err.text);
  assert_null(s);
}

static void fails(const char *text, enum dp_status want, const char *message) { fails_with(text, NULL, want, message); }

static const struct dp_instance_spec *instance(const struct dp_scenario *s, const char *model) {
  const struct dp_spec *spec = dp_scenario_spec(s);
  for (size_t i = 0; i < spec->instance_n; i++)
    if (strcmp(spec->instances[i].model->name, model) == 0) return &spec->instances[i];
  fail_msg("no %s", model);
  return NULL;
}

#define HEAD "local depin = require 'depin'\n"
#define SMALL                                                                                                        \
  HEAD "local p = depin.parameters { n = { 4, min = 1, max = 9, doc = 'hosts' }, r = { 2.5, min = 0 },\n"            \
       "  trace = { '' }, big = { false }, hosts_n = { 3, min = 1 } }\n"                                             \
       "return depin.scenario { duration_min = 2, settle_every_s = 30, start = '2024-04-15', seed = 7,\n"            \
       "  place = depin.place.azure { regions = { 'East US', 'Japan East' } },\n"                                    \
       "  networks = { depin.network.posted { name = 'net' } },\n"                                                   \
       "  providers = depin.provider { network = 'net', count = p.n, node = depin.hardware.rtx4090 {} },\n"          \
       "  workloads = { depin.workload.inference { rate_per_s = p.r, trace = p.trace,\n"                            \
       "    llm = depin.llm.llama2_7b } },\n"                                                                        \
       "  expect = { ['job.completed_ratio'] = depin.at_least(0.5), ['job.wait_s.p95'] = depin.between(0, 1) },\n"   \
       "  check = { duration_s = 30, n = 2 } }\n"

/* ---- what it becomes ---- */

static void test_a_scenario_becomes_a_filled_spec(void **state) {
  (void)state;
  struct dp_scenario *s = loads_with("-- A test.\n-- Question: does it load?  \n" SMALL, NULL);
  const struct dp_spec *spec = dp_scenario_spec(s);
  assert_string_equal(spec->name, "s");
  assert_string_equal(dp_scenario_question(s), "does it load?");
  assert_int_equal(spec->end_ns, 2 * DP_MIN);
  assert_int_equal(spec->settle_every_ns, 30 * DP_S);
  assert_int_equal(spec->seed, 7);
  assert_int_equal(spec->start_epoch_ns, INT64_C(1713139200) * DP_S); /* date -u -d 2024-04-15 +%s */
  assert_int_equal(spec->instance_n, 4);
  const struct dp_fleet_config *fleet = instance(s, "provider.fleet")->config;
  const struct dp_node_class *node = fleet->node.part;
  assert_int_equal(fleet->count, 4);
  assert_string_equal(fleet->network.name, "net");
  assert_string_equal(fleet->pricing->name, "fixed");
  assert_string_equal(node->gpu, "rtx4090");
  const struct dp_place_config *place = instance(s, "place")->config;
  assert_int_equal(place->regions.n, 2);
  assert_int_equal(place->rtt_ms.n, 4);
  assert_string_equal(((const struct dp_region *)place->regions.v[1].part)->name, "Japan East");
  assert_string_equal(instance(s, "market.gateway")->name, "net");
  const struct dp_inference_config *chat = instance(s, "workload.inference")->config;
  assert_string_equal(chat->trace, "");
  assert_non_null(chat->llm.part);
  dp_scenario_free(s);
}

static void test_expectations_parameters_and_sources_are_listed(void **state) {
  (void)state;
  struct dp_scenario *s = loads_with(SMALL, NULL);
  size_t n;
  const struct dp_expectation *e = dp_scenario_expectations(s, &n);
  assert_int_equal(n, 2);
  assert_string_equal(e[0].kpi, "job.completed_ratio");
  assert_int_equal(e[0].op, DP_EXPECT_AT_LEAST);
  assert_true(e[0].low == 0.5);
  assert_int_equal(e[1].op, DP_EXPECT_BETWEEN);
  assert_true(e[1].low == 0 && e[1].high == 1);
  const struct dp_scenario_param *p = dp_scenario_params(s, &n);
  assert_int_equal(n, 5);
  assert_string_equal(p[2].name, "n"); /* by name */
  assert_true(p[2].is_number && p[2].value == 4 && p[2].fallback == 4 && p[2].min == 1 && p[2].max == 9);
  assert_false(p[2].given);
  assert_string_equal(p[2].doc, "hosts");
  assert_string_equal(p[0].text, "false");
  const struct dp_script_source *source = dp_scenario_sources(s, &n);
  assert_true(n >= 4);
  assert_string_equal(source[0].name, "s.lua");
  assert_int_equal(source[0].len, strlen(SMALL));
  assert_string_equal(source[1].name, "depin");
  dp_scenario_free(s);
}

static void test_models_that_every_simulation_has_can_be_configured(void **state) {
  (void)state;
  struct dp_scenario *s = loads_with(
      HEAD "return depin.scenario { duration_s = 1, models = { depin.server { batch_n = 8 } } }", NULL);
  assert_int_equal(((const struct dp_server_config *)instance(s, "workload.server")->config)->batch_n, 8);
  dp_scenario_free(s);
  fails(HEAD "local server = depin.server\nreturn depin.scenario { duration_s = 1,\n models = { server {},\n"
             "server {} } }",
        DP_SCENARIO, "s.lua:5: workload.server: a scenario has one of these, and another is listed");
  fails(HEAD "return depin.scenario { duration_s = 1, networks = { depin.server {} } }", DP_SCENARIO,
        "s.lua:2: scenario: networks takes a market.gateway, got a workload.server");
}

static void test_constructors_return_values_that_can_be_read_and_varied(void **state) {
  (void)state;
  dp_scenario_free(loads_with(
      HEAD "local gpu = depin.hardware.rtx4090 { price_usd = 1500 }\n"
           "assert(gpu.price_usd == 1500 and gpu.gpu == 'rtx4090' and gpu.gpu_n == 1)\n"
           "local two = gpu { price_usd = 3000 }\n"
           "assert(two.price_usd == 3000 and two.gpu == 'rtx4090' and gpu.price_usd == 1500)\n"
           "assert(not pcall(function() gpu.price_usd = 1 end) and tostring(gpu) == 'hardware.class')\n"
           "assert(depin.provider { count = 1, node = gpu, name = 'x' }.name == 'x')\n"
           "return depin.scenario { duration_s = 1 }",
      NULL));
}

static void test_formulas_are_those_of_the_models(void **state) {
  (void)state;
  dp_scenario_free(loads_with(
      HEAD "local f = depin.formula\n"
           "assert(f.network_share(1, 0, 1.2, 0.5, 0) == 0.5)\n"
           "assert(f.llm_step_s('a100', 1, 0) > 0.006 and f.llm_step_s('a100', 1, 0) < 0.02)\n" /* 13.5 GB at 2 TB/s */
           "assert(f.distance_delay_s(0, 0, 0, 90) > 0.05)\n"
           "return depin.scenario { duration_s = 1 }",
      NULL));
  fails(HEAD "depin.formula.network_share(1)", DP_SCENARIO,
        "s.lua:2: bad argument #2 to 'network_share' (number expected, got no value)");
}

static void test_every_schema_has_its_constructor_under_its_pretty_name(void **state) {
  (void)state;
  for (size_t i = 0; i < dp_catalog_n(); i++) {
    struct dp_catalog_entry e = dp_catalog_at(i);
    char text[512];
    if (e.lua == NULL) continue;
    snprintf(text, sizeof text, HEAD "assert(%s == depin.core['%s'])\nreturn depin.scenario { duration_s = 1 }", e.lua,
             e.schema->name);
    dp_scenario_free(loads_with(text, NULL));
  }
}

/* ---- --set and the check form ---- */

static void test_set_changes_parameters_and_is_marked(void **state) {
  (void)state;
  const struct dp_setting set[] = {{"n", "9", false}, {"r", "1e1", false}, {"big", "true", false}};
  const struct dp_scenario_options o = {.settings = set, .setting_n = 3, .has_seed = true, .seed = 99, .until_ns = 5};
  struct dp_scenario *s = loads_with(SMALL, &o);
  size_t n;
  const struct dp_scenario_param *p = dp_scenario_params(s, &n);
  assert_true(p[2].given && p[2].value == 9 && p[2].fallback == 4);
  assert_string_equal(p[0].text, "true");
  assert_int_equal(((const struct dp_fleet_config *)instance(s, "provider.fleet")->config)->count, 9);
  assert_int_equal(dp_scenario_spec(s)->seed, 99);
  assert_int_equal(dp_scenario_spec(s)->end_ns, 5);
  dp_scenario_free(s);
}

static void test_a_wrong_set_is_a_usage_error(void **state) {
  (void)state;
  static const struct {
    const char *key, *value, *message;
  } cases[] = {
      {"hosts", "5", "--set: hosts: the scenario has no such parameter (did you mean 'hosts_n'?)"},
      {"zzzzzz", "5", "--set: zzzzzz: the scenario has no such parameter (there are: big, hosts_n, n, r, trace)"},
      {"n", "abc", "--set: n: 'abc' is not a number (a number from 1 to 9 is needed); it is: hosts"},
      {"n", "10", "--set: n: '10' is out of range (a number from 1 to 9 is needed); it is: hosts"},
      {"n", "nan", "--set: n: 'nan' is not a number (a number from 1 to 9 is needed); it is: hosts"},
      {"hosts_n", "2.5", "--set: hosts_n: '2.5' is not a whole number"},
      {"big", "1", "--set: big: '1' is neither true nor false"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct dp_setting set = {cases[i].key, cases[i].value, false};
    const struct dp_scenario_options o = {.settings = &set, .setting_n = 1};
    fails_with(SMALL, &o, DP_USAGE, cases[i].message);
  }
  const struct dp_setting set = {"n", "1", false};
  const struct dp_scenario_options o = {.settings = &set, .setting_n = 1};
  fails_with(HEAD "return depin.scenario { duration_s = 1 }", &o, DP_USAGE,
             "--set: n: the scenario declares no parameters (depin.parameters { … })");
}

static void test_paths_of_a_scenario_stay_inside_those_of_set_do_not(void **state) {
  (void)state;
  write_file("trace.csv", "time_s,prompt_tokens,output_tokens\n0,1,1\n", 41);
  mkdir("sub", 0755);
  static const char text[] = HEAD "local p = depin.parameters { trace = { 'trace.csv' } }\n"
                                  "local w = depin.workload.inference { trace = p.trace }\n"
                                  "return depin.scenario { duration_s = 1, networks = depin.network.posted {},\n"
                                  "  workloads = w }";
  struct dp_scenario *s = loads_with(text, NULL);
  assert_string_equal(((struct dp_inference_config *)instance(s, "workload.inference")->config)->trace, "trace.csv");
  dp_scenario_free(s);
  struct dp_setting set = {"trace", "/dev/null", false};
  const struct dp_scenario_options o = {.settings = &set, .setting_n = 1};
  s = loads_with(text, &o);
  assert_string_equal(((struct dp_inference_config *)instance(s, "workload.inference")->config)->trace, "/dev/null");
  dp_scenario_free(s);
  set.value = "missing.csv";
  fails_with(text, &o, DP_IO, "s.lua:3: workload.inference: trace: there is no file missing.csv");
  set.value = "sub";
  fails_with(text, &o, DP_IO, "s.lua:3: workload.inference: trace: sub is a folder, not a file");
  fails(HEAD "depin.workload.inference { trace = '/etc/passwd' }", DP_SCENARIO,
        "s.lua:2: workload.inference: trace: /etc/passwd lies outside of what a scenario may read (its own folder, "
        "--data DIR and paths given by --set)");
}

static void test_the_check_form_replaces_defaults_but_not_what_is_set(void **state) {
  (void)state;
  struct dp_scenario_options o = {.check_form = true};
  struct dp_scenario *s = loads_with(SMALL, &o);
  assert_int_equal(dp_scenario_spec(s)->end_ns, 30 * DP_S);
  assert_int_equal(((const struct dp_fleet_config *)instance(s, "provider.fleet")->config)->count, 2);
  dp_scenario_free(s);
  const struct dp_setting set = {"n", "5", false};
  o.settings = &set;
  o.setting_n = 1;
  s = loads_with(SMALL, &o);
  assert_int_equal(((const struct dp_fleet_config *)instance(s, "provider.fleet")->config)->count, 5);
  dp_scenario_free(s);
  fails(HEAD "depin.parameters { n = { 1, max = 2 } }\nreturn depin.scenario { duration_s = 1, check = { n = 3 } }",
        DP_RANGE, "s.lua:3: scenario: check: n must be at most 2, got 3");
  fails(HEAD "return depin.scenario { duration_s = 1, check = { duration_m = 3 } }", DP_SCENARIO,
        "s.lua:2: scenario: check: no parameter 'duration_m' (did you mean 'duration_s'?)");
}

static void test_random_draws_of_loading_follow_the_seed(void **state) {
  (void)state;
  static const char text[] = HEAD "local n = math.random(1000000)\n"
                                  "return depin.scenario { duration_s = 1, seed = 5, providers = depin.provider {\n"
                                  "  count = n, node = depin.hardware.t4 {} }, networks = depin.network.posted {} }";
  int64_t counts[3];
  const struct dp_scenario_options options[3] = {{0}, {.has_seed = true, .seed = 5}, {.has_seed = true, .seed = 6}};
  for (int i = 0; i < 3; i++) {
    struct dp_scenario *s = loads_with(text, &options[i]);
    counts[i] = ((const struct dp_fleet_config *)instance(s, "provider.fleet")->config)->count;
    dp_scenario_free(s);
  }
  assert_int_equal(counts[0], counts[1]);
  assert_int_not_equal(counts[0], counts[2]);
}

static void test_a_negative_zero_is_zero(void **state) {
  (void)state;
  struct dp_scenario *s = loads_with(HEAD "return depin.scenario { duration_s = 60,\n"
                                          "workloads = depin.workload.inference { rate_per_s = -0.0 },\n"
                                          "networks = depin.network.posted {} }", NULL);
  const struct dp_inference_config *config = instance(s, "workload.inference")->config;
  assert_false(signbit(config->rate_per_s));
  dp_scenario_free(s);
}

/* ---- mistakes ---- */

static void test_wrong_parameters_name_line_model_and_remedy(void **state) {
  (void)state;
  static const struct {
    const char *call;
    enum dp_status status;
    const char *message;
  } cases[] = {
      {"depin.provider { cuont = 1 }", DP_SCENARIO, "provider.fleet: no parameter 'cuont' (did you mean 'count'?)"},
      {"depin.provider { 1 }", DP_SCENARIO, "provider.fleet: a parameter has a name (write name = value)"},
      {"depin.provider { count = -1 }", DP_RANGE,
       "provider.fleet: count must be integer in [0, 100000000], got -1"},
      {"depin.provider { count = 1.5 }", DP_RANGE, "provider.fleet: count must be integer in [0, 100000000], got 1.5"},
      {"depin.provider { count = 0/0 }", DP_RANGE, NULL},
      {"depin.provider { count = 'ten' }", DP_SCENARIO,
       "provider.fleet: count must be integer in [0, 100000000], got the string \"ten\""},
      {"depin.provider { count = 1 }", DP_SCENARIO,
       "provider.fleet: node must be given: the machine of each host (a hardware.class)"},
      {"depin.provider { count = 1, node = depin.cloud {} }", DP_SCENARIO,
       "provider.fleet: node must be a hardware.class, got a market.cloud"},
      {"depin.provider { count = 1, node = depin.hardware.rtx4090 }", DP_SCENARIO,
       "provider.fleet: node must be a hardware.class, got a function (call it: add {})"},
      {"depin.provider { count = 1, node = depin.hardware.t4 {}, pricing = function() end }", DP_SCENARIO,
       "provider.fleet: pricing must be pricing policy, got a function (call it: add {}); a function of your own: "
       "depin.policy.custom { decide = … }"},
      {"depin.network.posted { routing = 'nearst' }", DP_SCENARIO,
       "market.gateway: routing must be one of cheapest, nearest, least_loaded, two_choices, got the string \"nearst\" "
       "(did you mean \"nearest\"?)"},
      {"depin.network.posted { name = 'a/b' }", DP_SCENARIO,
       "market.gateway: name must be a string of 1 to 40 characters without '/' and quotes, got the string \"a/b\""},
      {"depin.network.posted { name = 'a\\nb' }", DP_SCENARIO,
       "market.gateway: name must be a string of 1 to 40 characters without '/' and quotes, got a string that is no line "
       "of UTF-8"},
      {"depin.place.region { name = 'caf\\xe9' }", DP_SCENARIO,
       "place.region: name must be string, got a string that is no line of UTF-8"},
      {"depin.place.azure { regions = { 'East US', 'Japan East', 'East US' } }", DP_SCENARIO,
       "place: region East US is listed twice (give one region more cells_n)"},
      {"depin.network.posted 'x'", DP_SCENARIO,
       "market.gateway: give parameters in braces { name = value }, got the string \"x\""},
      {"depin.place.custom { rtt_ms = { 1, 'a' } }", DP_SCENARIO,
       "place: rtt_ms must be list of numbers in [-1, 1000000], got the string \"a\" (element 2)"},
      {"depin.place.custom { rtt_ms = { 1, x = 2 } }", DP_SCENARIO,
       "place: rtt_ms must be a list { a, b, … } without names and holes"},
      {"depin.hardware.rtx4091 {}", DP_SCENARIO, "depin.hardware has no 'rtx4091' (did you mean 'rtx4090'?)"},
      {"depin.hardware.rtx4090 { gpu_n = 0 }", DP_RANGE, NULL},
      {"depin.policy.undercut_lua { step_ratio = 2 }", DP_RANGE,
       "policy.undercut: step_ratio must be number in [0, 0.9], got 2"},
      {"depin.hardwaer.rtx4090 {}", DP_SCENARIO, "depin has no 'hardwaer' (did you mean 'hardware'?)"},
      {"depin.at_least('x')", DP_SCENARIO, "depin.at_least: give a number"},
      {"depin.between(2, 1)", DP_SCENARIO, "depin.between: give two numbers, the lower first"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[1024];
    struct dp_scenario *s = NULL;
    struct dp_err err = {0};
    snprintf(text, sizeof text, HEAD "\nlocal x = %s\n", cases[i].call);
    enum dp_status got = load(text, NULL, &s, &err);
    if (got != cases[i].status || strncmp(err.text, "s.lua:3: ", 9) != 0 ||
        (cases[i].message && strcmp(err.text + 9, cases[i].message) != 0))
      fail_msg("%s\nexpected %d: %s\n     got %d: %s", cases[i].call, (int)cases[i].status, cases[i].message, (int)got,
               err.text);
  }
}

static void test_a_wrong_scenario_table_is_reported(void **state) {
  (void)state;
  fails(HEAD "return depin.scenario { durationd = 1 }", DP_SCENARIO,
        "s.lua:2: scenario: no key 'durationd' (did you mean 'duration_d'?)");
  fails(HEAD "return depin.scenario {}", DP_SCENARIO,
        "s.lua:2: scenario: say how long it runs: duration_s, duration_min, duration_h or duration_d");
  fails(HEAD "return depin.scenario { duration_s = 1, duration_d = 1 }", DP_SCENARIO,
        "s.lua:2: scenario: both duration_s and duration_d are given");
  fails(HEAD "return depin.scenario { duration_s = -1 }", DP_RANGE,
        "s.lua:2: scenario: duration_s must be a number above 0 (at most 285 years), got the number -1");
  fails(HEAD "return depin.scenario { duration_s = 1, networks = depin.cloud {} }", DP_SCENARIO,
        "s.lua:2: scenario: networks takes a market.gateway, got a market.cloud");
  fails(HEAD "return depin.scenario { duration_s = 1, expect = { ['job.complete_ratio'] = depin.at_least(1) } }",
        DP_SCENARIO, "s.lua:2: scenario: expect: no KPI 'job.complete_ratio' (did you mean 'job.completed_ratio'?)");
  fails(HEAD "return depin.scenario { duration_s = 1, expect = { ['job.completed_ratio'] = 1 } }", DP_SCENARIO,
        "s.lua:2: scenario: expect: job.completed_ratio must be depin.at_least(x), at_most(x), between(a, b) or "
        "equals(x)");
  fails(HEAD "return { duration_s = 1 }", DP_SCENARIO, "s.lua: the file must return depin.scenario { … }");
  fails("return 5", DP_SCENARIO,
        "s.lua: the file must return a table, not number: end it with 'return depin.scenario { … }'");
  fails(HEAD "depin.parameters { n = 5 }", DP_SCENARIO,
        "s.lua:2: parameters: n: declare it as { default, min = …, max = …, doc = \"…\" }, got the number 5");
  fails(HEAD "depin.parameters { n = { 5, maximum = 2 } }", DP_SCENARIO,
        "s.lua:2: parameters: n: no field 'maximum' (there are: min, max, doc, date, source)");
  fails(HEAD "depin.parameters { ['a=b'] = { 5 } }", DP_SCENARIO,
        "s.lua:2: parameters: 'a=b' is no name (letters, digits and '_': --set NAME=VALUE)");
  fails(HEAD "return depin.scenario { start = '2262-01-01', duration_d = 200 }", DP_RANGE,
        "s.lua: the run would end after 2262-04-10, where the calendar ends (start it earlier or make it shorter)");
  fails(HEAD "depin.parameters { n = { 5, max = 2 } }", DP_RANGE,
        "s.lua:2: parameters: n: the default must be at most 2, got 5");
  fails(HEAD "local p = depin.parameters { hosts_n = { 5 } }\nreturn { p.host_n }", DP_SCENARIO,
        "s.lua:3: parameters: 'host_n' is not declared (did you mean 'hosts_n'?)");
}

static void test_references_are_checked_at_the_line_that_makes_them(void **state) {
  (void)state;
#define FLEET "depin.provider { count = 1, node = depin.hardware.t4 {}, network = "
  fails(HEAD "local net = depin.network.posted { name = 'akash' }\nlocal fleet = " FLEET "'akahs' }\n"
             "return depin.scenario { duration_s = 1, networks = net, providers = fleet }",
        DP_SCENARIO, "s.lua:3: provider.fleet: network = \"akahs\": the scenario has no market.gateway of that name "
                     "(did you mean \"akash\"?)");
  fails(HEAD "return depin.scenario { duration_s = 1, providers = " FLEET "nil } }", DP_SCENARIO,
        "s.lua:2: provider.fleet: network: the scenario has no market.gateway");
  fails(HEAD "local net = depin.network.posted\nreturn depin.scenario { duration_s = 1,\n"
             "networks = { net { name = 'a' },\n net { name = 'b' } },\nproviders = " FLEET "nil } }",
        DP_SCENARIO, "s.lua:6: provider.fleet: network must say which market.gateway is meant (\"a\", \"b\" …)");
  fails(HEAD "local net = depin.network.posted\nreturn depin.scenario { duration_s = 1,\n"
             "networks = { net { name = 'a' },\n net { name = 'a' } } }",
        DP_SCENARIO, "s.lua:5: market.gateway: the name 'a' is taken by line 4 (give each its own)");
}

static void test_files_that_are_no_scenario(void **state) {
  (void)state;
  struct dp_comm *comm = NULL;
  struct dp_err err = {0};
  struct dp_scenario *s = NULL;
  assert_int_equal(dp_comm_null_new(&comm, &err), DP_OK);
  write_file("empty.lua", "", 0);
  write_file("bytes.lua", "\033Lua\124\0\031", 7);
  mkdir("sub", 0755);
  static const struct {
    const char *path;
    enum dp_status status;
  } cases[] = {{"missing.lua", DP_IO}, {"sub", DP_IO}, {"empty.lua", DP_FORMAT}, {"bytes.lua", DP_FORMAT}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    memset(&err, 0, sizeof err);
    assert_int_equal(dp_scenario_load(cases[i].path, NULL, comm, &s, &err), cases[i].status);
    assert_non_null(strstr(err.text, cases[i].path));
    assert_null(s);
  }
  dp_comm_free(comm);
  fails("local x = = 1", DP_SCENARIO, "s.lua:1: unexpected symbol near '='");
  fails(HEAD "os.execute('true')", DP_SCENARIO,
        "s.lua:2: 'os' is not available in a scenario: results must not depend on the machine or the clock");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_scenario_becomes_a_filled_spec),
      cmocka_unit_test(test_expectations_parameters_and_sources_are_listed),
      cmocka_unit_test(test_models_that_every_simulation_has_can_be_configured),
      cmocka_unit_test(test_constructors_return_values_that_can_be_read_and_varied),
      cmocka_unit_test(test_formulas_are_those_of_the_models),
      cmocka_unit_test(test_every_schema_has_its_constructor_under_its_pretty_name),
      cmocka_unit_test(test_set_changes_parameters_and_is_marked),
      cmocka_unit_test(test_a_wrong_set_is_a_usage_error),
      cmocka_unit_test(test_paths_of_a_scenario_stay_inside_those_of_set_do_not),
      cmocka_unit_test(test_the_check_form_replaces_defaults_but_not_what_is_set),
      cmocka_unit_test(test_random_draws_of_loading_follow_the_seed),
      cmocka_unit_test(test_a_negative_zero_is_zero),
      cmocka_unit_test(test_wrong_parameters_name_line_model_and_remedy),
      cmocka_unit_test(test_a_wrong_scenario_table_is_reported),
      cmocka_unit_test(test_references_are_checked_at_the_line_that_makes_them),
      cmocka_unit_test(test_files_that_are_no_scenario),
  };
  return cmocka_run_group_tests_name("scenario", tests, make_folder, remove_folder);
}
