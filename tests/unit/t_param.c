/* tests/unit/t_param.c — rows of parameters: defaults, bounds, texts (sim/model/param.c, param_text.c). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/param.h"
#include "model/policy.h"

struct config {
  bool on;
  int64_t hosts_n;
  double take_ratio;
  const char *title;
  int route;
  const char *trace;
  struct dp_ref network;
  struct dp_part_ref node;
  struct dp_numbers rtt_ms;
  struct dp_strings labels;
  struct dp_part_refs regions;
  const struct dp_policy *pricing;
};

static const char *const routes[] = {"cheapest", "nearest", NULL};

static const struct dp_param rows[] = {
    {DP_FIELD(struct config, on), .type = DP_PARAM_BOOL, .unit = "1", .value = 1},
    {DP_FIELD(struct config, hosts_n), .type = DP_PARAM_INT, .unit = "1", .value = 200, .min = 1, .max = INFINITY},
    {DP_FIELD(struct config, take_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0.04, .max = 0.3},
    {DP_FIELD(struct config, title), .type = DP_PARAM_STRING, .unit = "text", .text = "a \"b\""},
    {DP_FIELD(struct config, route), .type = DP_PARAM_CHOICE, .unit = "text", .value = 1, .choices = routes},
    {DP_FIELD(struct config, trace), .type = DP_PARAM_PATH, .unit = "text"},
    {DP_FIELD(struct config, network), .type = DP_PARAM_REF, .unit = "text", .required = true,
     .part = "market.gateway"},
    {DP_FIELD(struct config, node), .type = DP_PARAM_PART, .unit = "text", .part = "hardware.class"},
    {DP_FIELD(struct config, rtt_ms), .type = DP_PARAM_NUMBERS, .unit = "ms", .min = -INFINITY, .max = 1000},
    {DP_FIELD(struct config, labels), .type = DP_PARAM_STRINGS, .unit = "text"},
    {DP_FIELD(struct config, regions), .type = DP_PARAM_PARTS, .unit = "text", .part = "place.region"},
    {DP_FIELD(struct config, pricing), .type = DP_PARAM_POLICY, .unit = "text", .text = "fixed", .part = "pricing"},
};

static const struct dp_schema schema = {
    .name = "test.model", .params = rows, .param_n = sizeof rows / sizeof rows[0], .size = sizeof(struct config)};

static const struct dp_policy_kind pricing_kind = {.name = "pricing"};
static const struct dp_policy fixed = {.kind = &pricing_kind, .name = "fixed"};
static const struct dp_policy undercut = {.kind = &pricing_kind, .name = "undercut"};

static const struct dp_param *row(const char *name) {
  const struct dp_param *p = dp_schema_param(&schema, name);
  assert_non_null(p);
  return p;
}

static struct config defaults(void) {
  struct config c = {0};
  dp_schema_defaults(&schema, &c);
  c.pricing = &fixed; /* the layer of the policies does that */
  return c;
}

static void test_rows_are_found_and_suggested(void **state) {
  (void)state;
  assert_int_equal(row("take_ratio")->offset, offsetof(struct config, take_ratio));
  assert_null(dp_schema_param(&schema, "take"));
  assert_string_equal(dp_schema_suggest(&schema, "take_ration"), "take_ratio");
  assert_string_equal(dp_schema_suggest(&schema, "host_n"), "hosts_n");
  assert_null(dp_schema_suggest(&schema, "electricity"));
}

static void test_defaults_fill_every_type(void **state) {
  (void)state;
  struct config c = defaults();
  assert_true(c.on && c.hosts_n == 200 && c.take_ratio == 0.04 && c.route == 1);
  assert_string_equal(c.title, "a \"b\"");
  assert_string_equal(c.trace, "");
  assert_string_equal(c.network.name, "");
  assert_int_equal(c.network.instance, DP_NO_INSTANCE);
  assert_true(c.node.part == NULL && c.rtt_ms.n == 0 && c.labels.n == 0 && c.regions.n == 0);
  for (size_t i = 0; i < schema.param_n; i++) assert_true(dp_param_is_default(&rows[i], &c));
}

static void test_any_change_is_not_default(void **state) {
  (void)state;
  static const double number = 1;
  static const char *const text = "x";
  static const struct dp_part_ref part = {.part = &number};
  struct config c = {.hosts_n = 201, .take_ratio = 0.0400001, .title = "b", .trace = "t.csv",
                     .network = {.name = "akash"}, .node = part, .rtt_ms = {&number, 1},
                     .labels = {&text, 1}, .regions = {&part, 1}, .pricing = &undercut};
  for (size_t i = 0; i < schema.param_n; i++)
    if (dp_param_is_default(&rows[i], &c)) fail_msg("%s passes for its default", rows[i].name);
}

static void check(const char *name, double value, const char *message) {
  struct dp_err err = {0};
  enum dp_status status = dp_param_check_number(&schema, row(name), value, &err);
  assert_int_equal(status, message ? DP_RANGE : DP_OK);
  assert_string_equal(err.text, message ? message : "");
}

static void test_numbers_are_checked(void **state) {
  (void)state;
  check("take_ratio", 0, NULL);
  check("take_ratio", 0.3, NULL);
  check("take_ratio", 0.31, "test.model: take_ratio must be number in [0, 0.3], got 0.31");
  check("take_ratio", -1e-9, "test.model: take_ratio must be number in [0, 0.3], got -1e-09");
  check("take_ratio", (double)NAN, "test.model: take_ratio must be number in [0, 0.3], got nan");
  check("take_ratio", INFINITY, "test.model: take_ratio must be number in [0, 0.3], got inf");
  check("hosts_n", 1, NULL);
  check("hosts_n", 0x1p53, NULL);
  check("hosts_n", 0, "test.model: hosts_n must be integer ≥ 1, got 0");
  check("hosts_n", 1.5, "test.model: hosts_n must be integer ≥ 1, got 1.5");
  check("hosts_n", 0x1p54, "test.model: hosts_n must be integer ≥ 1, got 1.8014398509482e+16");
  check("rtt_ms", -1, NULL);
  check("rtt_ms", 1001, "test.model: rtt_ms must be list of numbers ≤ 1000, got 1001");
}

static void expect_text(void (*put)(const struct dp_param *, struct dp_str *), const char *name, const char *text) {
  struct dp_str s = {0};
  put(row(name), &s);
  assert_string_equal(dp_str_text(&s), text);
  dp_str_fini(&s);
}

static void test_types_in_words(void **state) {
  (void)state;
  expect_text(dp_param_describe, "on", "true or false");
  expect_text(dp_param_describe, "hosts_n", "integer ≥ 1");
  expect_text(dp_param_describe, "take_ratio", "number in [0, 0.3]");
  expect_text(dp_param_describe, "title", "string");
  expect_text(dp_param_describe, "route", "one of cheapest, nearest");
  expect_text(dp_param_describe, "trace", "path of a file");
  expect_text(dp_param_describe, "network", "name of a market.gateway");
  expect_text(dp_param_describe, "node", "a hardware.class");
  expect_text(dp_param_describe, "rtt_ms", "list of numbers ≤ 1000");
  expect_text(dp_param_describe, "labels", "list of strings");
  expect_text(dp_param_describe, "regions", "list of place.region");
  expect_text(dp_param_describe, "pricing", "pricing policy");
}

static void test_defaults_in_words(void **state) {
  (void)state;
  expect_text(dp_param_default_text, "on", "true");
  expect_text(dp_param_default_text, "hosts_n", "200");
  expect_text(dp_param_default_text, "take_ratio", "0.04");
  expect_text(dp_param_default_text, "title", "\"a \\\"b\\\"\"");
  expect_text(dp_param_default_text, "route", "\"nearest\"");
  expect_text(dp_param_default_text, "trace", "(none)");
  expect_text(dp_param_default_text, "network", "(required)");
  expect_text(dp_param_default_text, "regions", "{}");
  expect_text(dp_param_default_text, "pricing", "\"fixed\"");
}

static void shows(const char *name, const struct config *c, const char *text) {
  struct dp_str s = {0};
  dp_param_value_text(row(name), c, &s);
  assert_string_equal(dp_str_text(&s), text);
  dp_str_fini(&s);
}

static void test_values_as_lua_writes_them(void **state) {
  (void)state;
  static const double numbers[] = {1, -1, 0.1};
  static const char *const texts[] = {"a\nb", "c\\d\x01"};
  static const struct dp_part_ref parts[] = {{.part = &numbers[0], .id = 3}};
  struct config c = defaults();
  c.rtt_ms = (struct dp_numbers){numbers, 3};
  c.labels = (struct dp_strings){texts, 2};
  c.regions = (struct dp_part_refs){parts, 1};
  c.hosts_n = INT64_MAX;
  shows("on", &c, "true");
  shows("hosts_n", &c, "9223372036854775807");
  shows("title", &c, "\"a \\\"b\\\"\"");
  shows("route", &c, "\"nearest\"");
  shows("node", &c, "nil");
  shows("rtt_ms", &c, "{ 1, -1, 0.1 }");
  shows("labels", &c, "{ \"a\\nb\", \"c\\\\d\\001\" }");
  shows("regions", &c, "{ place.region 3 }");
  shows("pricing", &c, "\"fixed\"");
}

/* Doubles that 15 digits do not tell apart: the text reads back to the same bits, and is the shortest that does. */
static void test_numbers_read_back_exactly(void **state) {
  (void)state;
  static const double numbers[] = {0.1, 1.0 / 3, 0.1 + 0.2, 1e300, 5e-324, 9007199254740993.0, 123456.789};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    struct config c = defaults();
    struct dp_str s = {0};
    c.take_ratio = numbers[i];
    dp_param_value_text(row("take_ratio"), &c, &s);
    assert_true(strtod(dp_str_text(&s), NULL) == numbers[i]);
    dp_str_fini(&s);
  }
  struct config c = defaults();
  c.take_ratio = 0.1 + 0.2;
  shows("take_ratio", &c, "0.30000000000000004");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_are_found_and_suggested),
      cmocka_unit_test(test_defaults_fill_every_type),
      cmocka_unit_test(test_any_change_is_not_default),
      cmocka_unit_test(test_numbers_are_checked),
      cmocka_unit_test(test_types_in_words),
      cmocka_unit_test(test_defaults_in_words),
      cmocka_unit_test(test_values_as_lua_writes_them),
      cmocka_unit_test(test_numbers_read_back_exactly),
  };
  return cmocka_run_group_tests_name("param", tests, NULL, NULL);
}
