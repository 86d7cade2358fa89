/* tests/unit/t_template.c — the example model of sim/model/template against numbers worked out by hand.
 *
 * Ticks fall at 10, 20, 30, 40, 50 s (at 60 s the run is over; a beat at S sees none at S): 6 counters tick once before
 * 20 s, twice before 40 s, twice before 60 s. Every second tick (20 s, 40 s) greets the next cell, 3 s later. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "template_run.h"

struct run {
  struct dp_comm *comm;
  struct dp_sim *sim;
  struct template_series series;
  struct dp_template_config config;
};

static struct run start(int64_t cells_n) {
  struct run r = {.config = template_config(cells_n)};
  struct dp_err err = {0};
  assert_int_equal(dp_comm_null_new(&r.comm, &err), DP_OK);
  enum dp_status status = template_run(&dp_template_model, &r.config, r.comm, &r.series, &r.sim, &err);
  assert_string_equal(err.text, "");
  assert_int_equal(status, DP_OK);
  return r;
}

static void end(struct run *r) {
  dp_sim_free(r->sim);
  dp_comm_free(r->comm);
}

static double kpi(struct dp_sim *sim, const char *name, bool *integer) {
  struct dp_kpi_value *all;
  size_t n;
  struct dp_err err = {0};
  assert_int_equal(dp_sim_kpis(sim, &all, &n, &err), DP_OK);
  double value = -1;
  size_t found = 0;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(all[i].name, name) != 0) continue;
    value = all[i].value;
    *integer = all[i].integer;
    if (all[i].integer) assert_true(all[i].count == (dp_i128)value);
    found++;
  }
  free(all);
  assert_int_equal(found, 1);
  return value;
}

static double kpi_value(struct dp_sim *sim, const char *name) {
  bool integer;
  return kpi(sim, name, &integer);
}

/* Claims: at 20 s cells 0 1 2 claim 2 each and 0 1 are accepted; at 40 s they claim 4, 4, 6: 2 and 0; at 60 s 4, 8, 4:
 * 1 and 0. So 4, 14, 26 of 6, 18, 30 ticks are claimed, and 6, 14, 16 wait when they are counted. */
static void test_series_are_those_worked_out_by_hand(void **state) {
  (void)state;
  static const double expected[4][TEMPLATE_SLOTS] = {
      {0, 0, 0, 0}, {6, 0, 6, 4.0 / 6}, {12, 6, 14, 14.0 / 18}, {12, 6, 16, 26.0 / 30}};
  struct run r = start(3);
  assert_int_equal(r.series.row_n, 4);
  assert_int_equal(r.series.settled_n, 4);
  assert_int_equal(r.series.slot_n, TEMPLATE_SLOTS);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(r.series.now_ns[i], (dp_time)i * 20 * DP_S);
    for (size_t k = 0; k < TEMPLATE_SLOTS; k++)
      assert_float_equal((float)r.series.rows[i][k], (float)expected[i][k], 1e-7f);
  }
  end(&r);
}

static void test_kpis_are_those_worked_out_by_hand(void **state) {
  (void)state;
  bool integer;
  struct run r = start(3);
  assert_true(kpi(r.sim, "template.ticks", &integer) == 30 && integer);
  assert_true(kpi(r.sim, "template.greeted", &integer) == 12 && integer);
  assert_true(kpi(r.sim, "template.accepted_ratio", &integer) == 6.0 / 9 && !integer);
  assert_true(kpi(r.sim, "template.unclaimed", &integer) == (6 + 14 + 16) / 3.0 && !integer);
  assert_true(kpi_value(r.sim, "template.claimed_ratio") == 26.0 / 30);
  end(&r);
}

/* The KPIs of the histogram are those of the 30 draws, made here a second time. */
static void test_distribution_is_of_the_very_draws(void **state) {
  (void)state;
  struct run r = start(3);
  double sum = 0, least = INFINITY, greatest = 0;
  for (uint32_t cell = 0; cell < 3; cell++) {
    for (uint32_t counter = 0; counter < 2; counter++) {
      for (uint64_t n = 0; n < 5; n++) {
        struct dp_rng rng =
            dp_rng_at(1, 0, dp_entity_make(cell, 0, counter), DP_STREAM(DP_STREAM_TEMPLATE, 0), n);
        double size = floor(dp_rng_exponential(&rng, 100));
        sum += size;
        least = fmin(least, size);
        greatest = fmax(greatest, size);
      }
    }
  }
  assert_true(kpi_value(r.sim, "template.size_tok.mean") == sum / 30);
  double p5 = kpi_value(r.sim, "template.size_tok.p5"), p50 = kpi_value(r.sim, "template.size_tok.p50");
  double p95 = kpi_value(r.sim, "template.size_tok.p95"), p99 = kpi_value(r.sim, "template.size_tok.p99");
  assert_true(least <= p5 && p5 <= p50 && p50 <= p95 && p95 <= p99);
  assert_true(fabs(p99 - greatest) <= greatest / 32);
  end(&r);
}

static void test_values_and_bulletins_are_readable_at_the_end(void **state) {
  (void)state;
  struct run r = start(3);
  const struct dp_instance *in = dp_sim_first(r.sim, "template.counter");
  struct dp_ctx ctx = {.engine = r.sim->engine, .cell = r.sim->engine->by_id[0], .self = in};
  unsigned total;
  struct dp_err err = {0};
  assert_int_equal(dp_value_find(in, "total", &total, &err), DP_OK);
  assert_true(dp_value_integer(&ctx, in, total) == 30 && dp_value_real(&ctx, in, total) == 30);
  for (uint32_t cell = 0; cell < 3; cell++) assert_int_equal(*(const int64_t *)dp_bulletin(&ctx, in, cell), 10);
  struct dp_view neighbour;
  assert_int_equal(dp_view_find(in, "home", "neighbour_n", &neighbour, &err), DP_OK);
  assert_int_equal(*(const int64_t *)dp_view_at(&ctx, &neighbour, 0), 10);
  end(&r);
}

static void test_single_cell_opens_no_channel(void **state) {
  (void)state;
  struct run r = start(1);
  assert_int_equal(r.sim->engine->channel_n, 1); /* the cell's own */
  assert_true(dp_engine_lookahead(r.sim->engine) == DP_TIME_MAX);
  assert_true(kpi_value(r.sim, "template.ticks") == 10 && kpi_value(r.sim, "template.greeted") == 0);
  end(&r);
}

static void test_same_run_gives_same_digest(void **state) {
  (void)state;
  struct dp_err err = {0};
  uint64_t digest[2];
  for (int i = 0; i < 2; i++) {
    struct run r = start(3);
    assert_int_equal(dp_engine_digest(r.sim->engine, &digest[i], &err), DP_OK);
    end(&r);
  }
  assert_true(digest[0] == digest[1]);
}

static void test_every_parameter_has_doc_and_source(void **state) {
  (void)state;
  const struct dp_schema *schema = dp_template_model.schema;
  for (size_t i = 0; i < schema->param_n; i++) {
    assert_non_null(schema->params[i].doc);
    assert_non_null(schema->params[i].source);
  }
  struct dp_template_config config = template_config(3);
  struct dp_err err = {0};
  assert_int_equal(schema->check(&config, &err), DP_OK);
  config.ping_delay_s = 21;
  assert_int_equal(schema->check(&config, &err), DP_SCENARIO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_series_are_those_worked_out_by_hand),
      cmocka_unit_test(test_kpis_are_those_worked_out_by_hand),
      cmocka_unit_test(test_distribution_is_of_the_very_draws),
      cmocka_unit_test(test_values_and_bulletins_are_readable_at_the_end),
      cmocka_unit_test(test_single_cell_opens_no_channel),
      cmocka_unit_test(test_same_run_gives_same_digest),
      cmocka_unit_test(test_every_parameter_has_doc_and_source),
  };
  return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
