/* tests/unit/t_instances.c — from a spec to instances: order, implicit models, names, references, parts, declarations
 * (sim/model/instances.c, order.c, layout.c). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "model/sim.h"

struct config {
  int64_t size_n;
  struct dp_ref upstream, optional;
  struct dp_part_ref node;
  struct dp_part_refs nodes;
};

static const struct dp_param rows[] = {
    {DP_FIELD(struct config, size_n), .type = DP_PARAM_INT, .unit = "1", .value = 7},
    {DP_FIELD(struct config, upstream), .type = DP_PARAM_REF, .unit = "text", .required = true, .part = "test.base"},
    {DP_FIELD(struct config, optional), .type = DP_PARAM_REF, .unit = "text", .part = "test.base"},
    {DP_FIELD(struct config, node), .type = DP_PARAM_PART, .unit = "text", .part = "test.node"},
    {DP_FIELD(struct config, nodes), .type = DP_PARAM_PARTS, .unit = "text", .part = "test.node"},
};

static enum dp_status check_base(void *config, struct dp_err *err) {
  (void)err;
  ((struct config *)config)->size_n *= 2;
  return DP_OK;
}

static const struct dp_schema base_schema = {
    .name = "test.base", .params = rows, .param_n = 1, .size = sizeof(struct config), .check = check_base};
static const struct dp_schema user_schema = {
    .name = "test.user", .params = rows, .param_n = sizeof rows / sizeof rows[0], .size = sizeof(struct config)};

static const struct dp_model base = {.name = "test.base", .schema = &base_schema, .implicit = true};
static const struct dp_model many = {.name = "test.base", .schema = &base_schema};
static const struct dp_model user = {.name = "test.user", .schema = &user_schema};
static const struct dp_model plain = {.name = "test.plain"};
static const struct dp_model other = {.name = "test.other"};

#define SPEC_MAX 8

struct scene {
  struct dp_instance_spec instances[SPEC_MAX];
  struct dp_spec spec;
  struct dp_comm *comm;
  struct dp_sim *sim;
  struct dp_err err;
};

static enum dp_status make(struct scene *s, const struct dp_model *const *registry) {
  s->spec = (struct dp_spec){.end_ns = DP_S, .settle_every_ns = DP_S, .instances = s->instances, .registry = registry};
  while (s->spec.instance_n < SPEC_MAX && s->instances[s->spec.instance_n].model) s->spec.instance_n++;
  assert_int_equal(dp_comm_null_new(&s->comm, NULL), DP_OK);
  return dp_sim_new(&s->spec, s->comm, &s->sim, &s->err);
}

static void end(struct scene *s) {
  dp_sim_free(s->sim);
  dp_comm_free(s->comm);
}

static void made(struct scene *s, const struct dp_model *const *registry) {
  enum dp_status status = make(s, registry);
  assert_string_equal(s->err.text, "");
  assert_int_equal(status, DP_OK);
}

/** The spec is refused with this message, and nothing leaks. */
static void refused(struct scene *s, const struct dp_model *const *registry, const char *message) {
  assert_int_equal(make(s, registry), DP_SCENARIO);
  assert_string_equal(s->err.text, message);
  assert_null(s->sim);
  end(s);
}

static void expect(const struct scene *s, size_t i, const char *model, const char *name, uint16_t nth) {
  const struct dp_instance *in = dp_sim_instance(s->sim, (uint16_t)i);
  assert_string_equal(in->model->name, model);
  assert_string_equal(in->name, name);
  assert_int_equal(in->index, i);
  assert_int_equal(in->nth, nth);
}

static void test_order_is_the_registrys_then_the_scenarios(void **state) {
  (void)state;
  static const struct dp_model *const registry[] = {&base, &user, NULL};
  struct config a = {0}, b = {0};
  struct scene s = {.instances = {{&plain, NULL, NULL}, {&user, "zebra", &a}, {&other, NULL, NULL},
                                  {&plain, NULL, NULL}, {&user, NULL, &b}}};
  made(&s, registry);
  assert_int_equal(s.sim->instance_n, 6);
  expect(&s, 0, "test.base", "test.base", 0);
  expect(&s, 1, "test.user", "zebra", 0);
  expect(&s, 2, "test.user", "test.user", 1);
  expect(&s, 3, "test.plain", "test.plain", 0);
  expect(&s, 4, "test.plain", "2", 1);
  expect(&s, 5, "test.other", "test.other", 0);
  assert_ptr_equal(dp_sim_next(dp_sim_first(s.sim, "test.user")), dp_sim_instance(s.sim, 2));
  assert_null(dp_sim_next(dp_sim_instance(s.sim, 2)));
  assert_null(dp_sim_first(s.sim, "test.absent"));
  assert_null(dp_sim_instance(s.sim, 6));
  end(&s);
}

static void test_implicit_model_comes_with_checked_defaults(void **state) {
  (void)state;
  static const struct dp_model *const registry[] = {&base, NULL};
  struct scene s = {.spec = {0}};
  made(&s, registry);
  assert_int_equal(s.sim->instance_n, 1);
  assert_int_equal(((const struct config *)s.sim->instances[0].config)->size_n, 14); /* `check` has seen it */
  end(&s);
  struct config named = {.size_n = 3};
  struct scene t = {.instances = {{&base, NULL, &named}}};
  made(&t, registry);
  assert_int_equal(t.sim->instance_n, 1);
  assert_ptr_equal(t.sim->instances[0].config, &named);
  end(&t);
  struct scene none = {.spec = {0}};
  made(&none, NULL); /* without a registry there are no implicit ones */
  assert_int_equal(none.sim->instance_n, 0);
  end(&none);
}

static void test_bad_lists_are_refused(void **state) {
  (void)state;
  static const struct dp_model *const registry[] = {&base, NULL};
  struct config a = {0}, b = {0};
  struct scene two = {.instances = {{&base, "a", &a}, {&base, "b", &b}}};
  refused(&two, registry, "test.base: the scenario has more than one (one is what it can have)");
  struct scene same = {.instances = {{&many, "x", &a}, {&many, "y", &b}, {&many, "x", &b}}};
  refused(&same, NULL, "test.base: instances 1 and 3 are both named \"x\" (give each its own name)");
  struct scene empty = {.instances = {{&many, "x", NULL}}};
  refused(&empty, NULL, "test.base: an instance without its configuration");
}

static void test_what_has_no_name_is_called_after_what_it_alone_refers_to(void **state) {
  (void)state;
  struct config x = {0}, y = {0}, a = {.upstream = {.name = "x"}}, b = {.upstream = {.name = "y"}}, c = a;
  struct scene own = {.instances = {{&many, "x", &x}, {&many, "y", &y}, {&user, NULL, &a}, {&user, NULL, &b}}};
  made(&own, NULL);
  expect(&own, 2, "test.user", "x", 0);
  expect(&own, 3, "test.user", "y", 1);
  end(&own);
  struct scene alone = {.instances = {{&many, "x", &x}, {&user, NULL, &a}}};
  made(&alone, NULL);
  expect(&alone, 1, "test.user", "test.user", 0);
  end(&alone);
  struct scene same = {.instances = {{&many, "x", &x}, {&many, "y", &y}, {&user, NULL, &a}, {&user, NULL, &c},
                                     {&user, NULL, &b}}};
  made(&same, NULL); /* two refer to x: that does not tell them apart */
  expect(&same, 2, "test.user", "test.user", 0);
  expect(&same, 3, "test.user", "2", 1);
  expect(&same, 4, "test.user", "y", 2);
  end(&same);
  struct scene taken = {.instances = {{&many, "x", &x}, {&many, "y", &y}, {&user, "y", &a}, {&user, NULL, &b}}};
  made(&taken, NULL);
  expect(&taken, 2, "test.user", "y", 0);
  expect(&taken, 3, "test.user", "test.user", 1);
  end(&taken);
  struct scene longer = {.instances = {{&plain, "0123456789012345678901234567890123456789012345678901234567890123", NULL}}};
  refused(&longer, NULL, "test.plain: the name \"01234567890123456789…\" is too long (at most 63 bytes)");
}

static void test_references_are_resolved_by_name(void **state) {
  (void)state;
  struct config x = {0}, y = {0}, u = {.upstream = {.name = "y"}, .optional = {.name = ""}};
  struct scene s = {.instances = {{&user, NULL, &u}, {&many, "x", &x}, {&many, "y", &y}}};
  made(&s, NULL);
  assert_int_equal(u.upstream.instance, 2);
  assert_int_equal(u.optional.instance, DP_NO_INSTANCE);
  end(&s);
  struct config only = {0};
  struct scene one = {.instances = {{&many, "x", &x}, {&user, NULL, &only}}};
  made(&one, NULL); /* required, and only one can be meant */
  assert_int_equal(only.upstream.instance, 0);
  assert_int_equal(only.optional.instance, DP_NO_INSTANCE);
  end(&one);
}

static void test_references_that_fail_say_what_is_there(void **state) {
  (void)state;
  struct config x = {0}, y = {0}, u = {.upstream = {.name = "akahs"}}, v = {0}, w = {.upstream = {.name = "zzzzzz"}};
  struct scene typo = {.instances = {{&many, "akash", &x}, {&user, NULL, &u}}};
  refused(&typo, NULL, "test.user: upstream = \"akahs\": no test.base has that name (did you mean \"akash\"?)");
  struct scene far = {.instances = {{&many, "akash", &x}, {&user, NULL, &w}}};
  refused(&far, NULL, "test.user: upstream = \"zzzzzz\": no test.base has that name (there is \"akash\")");
  struct scene none = {.instances = {{&user, NULL, &u}}};
  refused(&none, NULL, "test.user: upstream = \"akahs\": the scenario has no test.base (add one of that name)");
  struct scene which = {.instances = {{&many, "x", &x}, {&many, "y", &y}, {&user, NULL, &v}}};
  refused(&which, NULL, "test.user: upstream must say which test.base is meant (\"x\", \"y\" …)");
  struct scene nothing = {.instances = {{&user, NULL, &v}}};
  refused(&nothing, NULL, "test.user: upstream must name a test.base, and the scenario has none");
}

static void test_parts_are_numbered_by_identity(void **state) {
  (void)state;
  static const int a = 1, b = 1, c = 1; /* equal, not the same */
  struct dp_part_ref list[] = {{.part = &b, .id = 99}, {.part = &a, .id = 99}, {.part = &c, .id = 99}};
  struct config x = {0}, u = {.node = {.part = &a}, .nodes = {list, 3}}, v = {.node = {.part = &c}};
  struct scene s = {.instances = {{&many, NULL, &x}, {&user, "u", &u}, {&user, "v", &v}}};
  made(&s, NULL);
  assert_int_equal(u.node.id, 0);
  assert_int_equal(list[0].id, 1);
  assert_int_equal(list[1].id, 0);
  assert_int_equal(list[2].id, 2);
  assert_int_equal(v.node.id, 2);
  assert_int_equal(dp_sim_part_n(s.sim, "test.node"), 3);
  assert_ptr_equal(dp_sim_part(s.sim, "test.node", 2), &c);
  assert_null(dp_sim_part(s.sim, "test.node", 3));
  assert_int_equal(dp_sim_part_n(s.sim, "test.absent"), 0);
  end(&s);
}

/* ---- the order of published values ---- */

static const struct dp_value writes_price[] = {{"price_usd", DP_OUT, "usd", ""}};
static const struct dp_value reads_in[] = {{"test.writer.price_usd", DP_IN, "usd", ""}};
static const struct dp_value reads_lagged[] = {{"test.writer.price_usd", DP_LAGGED, "usd", ""}};
static const struct dp_value reads_wrong[] = {{"test.writer.prise_usd", DP_LAGGED, "usd", ""}};

static const struct dp_model writer = {.name = "test.writer", .values = writes_price, .value_n = 1};
static const struct dp_model in_reader = {.name = "test.in", .values = reads_in, .value_n = 1};
static const struct dp_model lagged_reader = {.name = "test.lagged", .values = reads_lagged, .value_n = 1};
static const struct dp_model wrong_reader = {.name = "test.wrong", .values = reads_wrong, .value_n = 1};

static void test_values_are_written_before_they_are_read(void **state) {
  (void)state;
  static const struct dp_model *const good[] = {&lagged_reader, &writer, &in_reader, NULL};
  static const struct dp_model *const bad[] = {&in_reader, &writer, &lagged_reader, NULL};
  static const struct dp_model *const wrong[] = {&writer, &wrong_reader, NULL};
  struct scene all = {.instances = {{&in_reader, NULL, NULL}, {&writer, NULL, NULL}, {&lagged_reader, NULL, NULL}}};
  made(&all, good);
  end(&all);
  struct scene absent = {.instances = {{&in_reader, NULL, NULL}}};
  made(&absent, good); /* the writer exists, and has no instance here */
  end(&absent);
  struct scene late = {.instances = {{&in_reader, NULL, NULL}}};
  refused(&late, bad,
          "test.in reads test.writer.price_usd as `in`, but test.writer clears later "
          "(put test.writer before test.in in model/registry.c, or declare it lagged)");
  struct scene early = {.instances = {{&lagged_reader, NULL, NULL}}};
  refused(&early, bad,
          "test.lagged reads test.writer.price_usd as `lagged`, but test.writer clears earlier (declare it `in`)");
  struct scene typo = {.instances = {{&wrong_reader, NULL, NULL}}};
  refused(&typo, wrong,
          "test.wrong reads test.writer.prise_usd, which no model writes "
          "(declare it DP_OUT there, or correct the name)");
}

/* ---- declarations ---- */

static void test_declarations_that_do_not_fit_are_refused(void **state) {
  (void)state;
  static const struct dp_metric unit[] = {{"speed", DP_METRIC_COUNTER, "mph", 1, NULL, false, ""}};
  static const struct dp_metric twice[] = {{"a", DP_METRIC_COUNTER, "1", 1, NULL, false, ""},
                                           {"a", DP_METRIC_COUNTER, "1", 1, NULL, false, ""}};
  static const struct dp_metric fine[] = {{"a", DP_METRIC_COUNTER, "1", 1, NULL, true, ""}};
  static const struct dp_kpi unknown[] = {{"x.a", DP_KPI_TOTAL, "b", NULL, "1", 0, ""}};
  static const struct dp_kpi over[] = {{"x.a", DP_KPI_RATIO, "a", "b", "1", 0, ""}};
  static const struct dp_kpi spread[] = {{"x.a", DP_KPI_DISTRIBUTION, "a", NULL, "1", 0, ""}};
  static const struct dp_kpi mean[] = {{"x.a", DP_KPI_MEAN, "a", NULL, "1", 0, ""}};
  static const struct {
    struct dp_model model;
    const char *message;
  } cases[] = {
      {{.name = "m", .metrics = unit, .metric_n = 1},
       "m: metric speed has the unit 'mph' (one of DP_UNITS in model/vocabulary.h is needed)"},
      {{.name = "m", .metrics = twice, .metric_n = 2}, "m: two metrics are named a"},
      {{.name = "m", .metrics = fine, .metric_n = 1, .kpis = unknown, .kpi_n = 1}, "m: KPI x.a: no metric b"},
      {{.name = "m", .metrics = fine, .metric_n = 1, .kpis = over, .kpi_n = 1}, "m: KPI x.a: no metric b to divide by"},
      {{.name = "m", .metrics = fine, .metric_n = 1, .kpis = spread, .kpi_n = 1},
       "m: KPI x.a: metric a is no histogram"},
      {{.name = "m", .metrics = fine, .metric_n = 1, .kpis = mean, .kpi_n = 1}, "m: KPI x.a: metric a has no series"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct scene s = {.instances = {{&cases[i].model, NULL, NULL}}};
    refused(&s, NULL, cases[i].message);
  }
}

/* ---- tables that follow ---- */

struct row {
  uint64_t n;
};
static const struct dp_column columns[] = {DP_COLUMN(struct row, n, "1", "a number")};
#define TABLE(table, leader)                                                                                         \
  {.name = table, .scope = DP_SCOPE_CELL, .row_size = sizeof(struct row), .columns = columns, .column_n = 1,           \
   .follows = leader}
static const struct dp_table_decl lead[] = {TABLE("node", NULL), TABLE("rack", NULL)};
static const struct dp_table_decl follow[] = {TABLE("shadow", "test.lead.rack")};
static const struct dp_table_decl follow_wrong[] = {TABLE("shadow", "test.lead.rak")};
static const struct dp_table_decl follow_follower[] = {TABLE("shadow2", "test.follow.shadow")};

static const struct dp_model leader = {.name = "test.lead", .tables = lead, .table_n = 2};
static const struct dp_model follower = {.name = "test.follow", .tables = follow, .table_n = 1};
static const struct dp_model wrong_follower = {.name = "test.wrong", .tables = follow_wrong, .table_n = 1};
static const struct dp_model second_follower = {.name = "test.second", .tables = follow_follower, .table_n = 1};

static void test_a_table_follows_that_of_another_model(void **state) {
  (void)state;
  struct scene s = {.instances = {{&follower, NULL, NULL}, {&leader, NULL, NULL}}};
  made(&s, NULL);
  struct dp_table *tables = s.sim->engine->cells[0].tables;
  struct dp_view view;
  uint32_t row;
  assert_int_equal(dp_view_find(dp_sim_first(s.sim, "test.lead"), "rack", "n", &view, &s.err), DP_OK);
  assert_int_equal(dp_table_add(&tables[view.table], &row, &s.err), DP_OK);
  struct dp_table *shadow = &tables[dp_sim_first(s.sim, "test.follow")->first_cell_table];
  assert_true(dp_table_alive(shadow, row));
  assert_true(dp_table_entity(shadow, row) == dp_table_entity(&tables[view.table], row));
  end(&s);
}

static void test_a_table_that_cannot_follow_is_refused(void **state) {
  (void)state;
  struct scene alone = {.instances = {{&follower, NULL, NULL}}};
  refused(&alone, NULL,
          "test.follow: table shadow follows test.lead.rack, and the scenario has no test.lead (add one)");
  struct scene two = {.instances = {{&follower, NULL, NULL}, {&leader, NULL, NULL}, {&leader, "b", NULL}}};
  refused(&two, NULL,
          "test.follow: table shadow follows test.lead.rack, of which the scenario has more than one");
  struct scene typo = {.instances = {{&wrong_follower, NULL, NULL}, {&leader, NULL, NULL}}};
  refused(&typo, NULL, "test.lead has no table of cells named rak (did you mean rack?)");
  struct scene chain = {.instances = {{&second_follower, NULL, NULL}, {&follower, NULL, NULL}, {&leader, NULL, NULL}}};
  refused(&chain, NULL,
          "test.second: table shadow2 follows test.follow.shadow, which follows another one itself (follow that)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order_is_the_registrys_then_the_scenarios),
      cmocka_unit_test(test_implicit_model_comes_with_checked_defaults),
      cmocka_unit_test(test_bad_lists_are_refused),
      cmocka_unit_test(test_what_has_no_name_is_called_after_what_it_alone_refers_to),
      cmocka_unit_test(test_references_are_resolved_by_name),
      cmocka_unit_test(test_references_that_fail_say_what_is_there),
      cmocka_unit_test(test_parts_are_numbered_by_identity),
      cmocka_unit_test(test_values_are_written_before_they_are_read),
      cmocka_unit_test(test_declarations_that_do_not_fit_are_refused),
      cmocka_unit_test(test_a_table_follows_that_of_another_model),
      cmocka_unit_test(test_a_table_that_cannot_follow_is_refused),
  };
  return cmocka_run_group_tests_name("instances", tests, NULL, NULL);
}
