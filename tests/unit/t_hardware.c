/* Machines against theory: Weibull of GSL, availability of renewal theory, energy in closed form, measured GPU servers.
 * A fleet and a server that exist only here stand in for those of the program. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <gmp.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "books/books.h"
#include "engine/comm.h"
#include "hardware/node.h"
#include "place/place.h"
#include "real_data.h"

static void near(double got, double expected, double tolerance) {
  if (!(fabs(got - expected) <= tolerance)) fail_msg("%.17g is not %.17g within %g", got, expected, tolerance);
}

/* ---- stand-ins ---- */

struct fleet_config {
  struct dp_part_ref node;
  int64_t count;
  double busy_s; /* of every hour, from its beginning */
  double off_h, on_h, remove_h; /* when the first node is switched off, on, and taken away; 0: never */
};

struct host {
  uint32_t usd_account;
  uint32_t zero;
};

static enum dp_status tell_first_node(struct dp_ctx *ctx, uint16_t kind, double at_h, uint32_t on) {
  struct dp_node_switch to = {.on = on};
  struct dp_message m = {.dest = dp_entity_make(ctx->cell->id, 0, 0), .time_ns = (dp_time)(at_h * 3.6e12),
                         .instance = dp_sim_first(ctx->self->sim, "hardware.node")->index, .kind = kind,
                         .size = sizeof to, .payload = &to};
  return at_h > 0 ? dp_send(ctx, &m) : DP_OK;
}

static enum dp_status fleet_init(struct dp_ctx *ctx) {
  const struct fleet_config *config = ctx->self->config;
  struct dp_node_build build = {.node_class = config->node.id, .provider = ctx->self->index,
                                .count = (uint32_t)config->count};
  struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id),
                         .instance = dp_sim_first(ctx->self->sim, "hardware.node")->index,
                         .kind = DP_EVENT_NODE_BUILD,
                         .size = sizeof build,
                         .payload = &build};
  DP_TRY(tell_first_node(ctx, DP_EVENT_NODE_SWITCH, config->off_h, 0));
  DP_TRY(tell_first_node(ctx, DP_EVENT_NODE_SWITCH, config->on_h, 1));
  DP_TRY(tell_first_node(ctx, DP_EVENT_NODE_REMOVE, config->remove_h, 0));
  return dp_send(ctx, &m);
}

static enum dp_status fleet_handle(struct dp_ctx *ctx, const struct dp_event *event) {
  struct host *host = DP_ROW(dp_own_table(ctx, 0), struct host, dp_entity_row(event->dest));
  return dp_books_open(ctx, DP_ACCOUNT_WALLET, DP_USD, event->dest, &host->usd_account);
}

static const struct dp_column host_columns[] = {DP_COLUMN(struct host, usd_account, "1", "wallet"),
                                                DP_COLUMN(struct host, zero, "1", "0")};
static const struct dp_table_decl host_table[] = {{.name = "host", .scope = DP_SCOPE_CELL,
                                                   .row_size = sizeof(struct host), .columns = host_columns,
                                                   .column_n = 2, .follows = "hardware.node.node"}};
static const struct dp_param fleet_params[] = {
    {DP_FIELD(struct fleet_config, node), .type = DP_PARAM_PART, .unit = "1", .part = "hardware.class"}};
static const struct dp_schema fleet_schema = {"provider.fleet", "", fleet_params, 1, sizeof(struct fleet_config), NULL};
static const uint16_t joined[] = {DP_EVENT_NODE_JOINED};
static const struct dp_model fleet_model = {.name = "provider.fleet", .schema = &fleet_schema, .tables = host_table,
                                            .table_n = 1, .handles = joined, .handle_n = 1, .init_cell = fleet_init,
                                            .handle = fleet_handle};

struct server {
  int64_t busy_ns, busy_since_ns;
};

static enum dp_status toggle(struct dp_ctx *ctx, dp_entity node, dp_time after_ns) {
  struct dp_message m = {
      .dest = node, .time_ns = ctx->now_ns + after_ns, .instance = ctx->self->index, .kind = DP_EVENT_TIMER};
  return dp_send(ctx, &m);
}

static enum dp_status server_handle(struct dp_ctx *ctx, const struct dp_event *event) {
  const struct fleet_config *config = dp_sim_first(ctx->self->sim, "provider.fleet")->config;
  struct server *s = DP_ROW(dp_own_table(ctx, 0), struct server, dp_entity_row(event->dest));
  dp_time busy = (dp_time)(config->busy_s * 1e9);
  if (event->kind == DP_EVENT_NODE_JOINED) s->busy_since_ns = -1;
  if (busy == 0) return DP_OK;
  if (s->busy_since_ns < 0) {
    s->busy_since_ns = ctx->now_ns;
    return toggle(ctx, event->dest, busy);
  }
  s->busy_ns += ctx->now_ns - s->busy_since_ns;
  s->busy_since_ns = -1;
  return toggle(ctx, event->dest, DP_HOUR - busy);
}

static const struct dp_column server_columns[] = {DP_COLUMN(struct server, busy_ns, "ns", ""),
                                                  DP_COLUMN(struct server, busy_since_ns, "ns", "")};
static const struct dp_table_decl server_table[] = {{.name = "server", .scope = DP_SCOPE_CELL,
                                                     .row_size = sizeof(struct server), .columns = server_columns,
                                                     .column_n = 2, .follows = "hardware.node.node"}};
static const uint16_t server_handles[] = {DP_EVENT_NODE_JOINED, DP_EVENT_TIMER};
static const struct dp_model server_model = {.name = "workload.server", .tables = server_table, .table_n = 1,
                                             .handles = server_handles, .handle_n = 2, .handle = server_handle,
                                             .implicit = true};

/* ---- a run ---- */

struct run {
  struct dp_comm *comm;
  struct dp_sim *sim;
  struct dp_kpi_value *kpis;
  size_t kpi_n;
};

static const struct dp_model *const registry[] = {&dp_books_model, &dp_place_model, &dp_node_model,
                                                  &fleet_model,    &server_model,   NULL};

static struct dp_numbers hourly; /* of the region */

static struct run run_fleet(struct fleet_config *fleet, double duration_h, double settle_s) {
  static struct dp_region region;
  static struct dp_part_ref regions[1];
  static struct dp_place_config place;
  static struct dp_instance_spec instances[2];
  struct run r = {0};
  struct dp_err err = {0};
  bool stopped;
  region = (struct dp_region){.name = "here", .cells_n = 1, .demand_weight = 1, .supply_weight = 1,
                              .electricity_usd_per_kwh = 0.123456789, .carbon_g_per_kwh = 400,
                              .electricity_hourly_ratio = hourly, .utc_offset_h = 5.5};
  regions[0] = (struct dp_part_ref){.part = &region};
  place = (struct dp_place_config){.regions = {regions, 1}, .rtt_csv = "", .bandwidth_mbps = 1, .local_rtt_ms = 1};
  instances[0] = (struct dp_instance_spec){&dp_place_model, NULL, &place};
  instances[1] = (struct dp_instance_spec){&fleet_model, NULL, fleet};
  struct dp_spec spec = {.name = "hardware", .end_ns = (dp_time)(duration_h * 3.6e12),
                         .settle_every_ns = (dp_time)(settle_s * 1e9), .seed = 7, .instances = instances,
                         .instance_n = 2, .registry = registry};
  assert_int_equal(dp_comm_null_new(&r.comm, &err), DP_OK);
  if (dp_sim_new(&spec, r.comm, &r.sim, &err) != DP_OK) fail_msg("%s", err.text);
  if (dp_sim_run(r.sim, &stopped, &err) != DP_OK) fail_msg("%s", err.text);
  if (dp_sim_kpis(r.sim, &r.kpis, &r.kpi_n, &err) != DP_OK) fail_msg("%s", err.text);
  return r;
}

static void end_run(struct run *r) {
  free(r->kpis);
  dp_sim_free(r->sim);
  dp_comm_free(r->comm);
}

static double kpi(const struct run *r, const char *name) {
  for (size_t i = 0; i < r->kpi_n; i++)
    if (!strcmp(r->kpis[i].name, name)) return r->kpis[i].value;
  fail_msg("no KPI %s", name);
  return NAN;
}

static const struct dp_node *node_at(const struct run *r, uint32_t row) {
  size_t table = dp_sim_first(r->sim, "hardware.node")->first_cell_table;
  return DP_ROW(&r->sim->engine->by_id[0]->tables[table], struct dp_node, row);
}

/* ---- tests ---- */

static struct dp_node_class rtx4090(void) {
  return (struct dp_node_class){.gpu = "rtx4090", .gpu_n = 2, .memory_gib = 24, .bandwidth_gb_per_s = 1008,
                                .fp16_tflops = 165, .tdp_w = 450, .idle_ratio = 0.05, .overhead_w = 100,
                                .price_usd = 1700, .weibull_shape = 1};
}

static void times_to_failure_follow_the_weibull_distribution_of_gsl(void **state) {
  (void)state;
  enum { N = 20000 };
  static const double shapes[] = {0.5, 1, 2.5};
  for (int k = 0; k < 3; k++) {
    struct dp_node_class c = rtx4090();
    c.mtbf_h = 1000;
    c.weibull_shape = shapes[k];
    double scale = 1000 / tgamma(1 + 1 / shapes[k]), sum = 0, squares = 0, count[10] = {0}, chi2 = 0;
    for (uint64_t i = 0; i < N; i++) {
      struct dp_rng rng = dp_rng_at(1, 0, i, DP_STREAM_FAILURE, 0);
      double h = (double)dp_node_time_to_failure(&c, &rng) / 3.6e12;
      sum += h;
      squares += h * h;
      count[(int)fmin(9, floor(10 * gsl_cdf_weibull_P(h, scale, shapes[k])))]++;
    }
    double mean = sum / N, se = sqrt((squares / N - mean * mean) / N);
    near(mean, 1000, 4 * se);
    for (int b = 0; b < 10; b++) chi2 += (count[b] - N / 10.0) * (count[b] - N / 10.0) / (N / 10.0);
    assert_true(gsl_cdf_chisq_Q(chi2, 9) > 1e-3);
  }
}

static void a_class_without_mtbf_never_fails(void **state) {
  (void)state;
  struct dp_node_class c = rtx4090();
  struct dp_rng rng = dp_rng_at(1, 0, 1, DP_STREAM_FAILURE, 0);
  assert_int_equal(dp_node_time_to_failure(&c, &rng), DP_TIME_MAX);
  struct fleet_config fleet = {.node = {.part = &c}, .count = 3};
  struct run r = run_fleet(&fleet, 1000, 3600);
  near(kpi(&r, "hardware.failures"), 0, 0);
  near(kpi(&r, "hardware.availability_ratio"), 1, 0);
  near(kpi(&r, "hardware.nodes"), 3, 0);
  end_run(&r);
}

static void availability_is_mtbf_over_mtbf_plus_repair(void **state) {
  (void)state;
  enum { N = 400 };
  const double hours = 20000, mtbf = 300, repair = 100;
  static const double shapes[] = {1, 0.7};
  for (int k = 0; k < 2; k++) {
    struct dp_node_class c = rtx4090();
    c.mtbf_h = mtbf;
    c.repair_h = repair;
    c.weibull_shape = shapes[k];
    struct fleet_config fleet = {.node = {.part = &c}, .count = N};
    struct run r = run_fleet(&fleet, hours, 500 * 3600);
    /* renewal reward: cycles of mean m = mtbf + repair and variance v; the start in the up state adds O(1/T) */
    double cycle = mtbf + repair, cycles = N * hours / cycle;
    near(kpi(&r, "hardware.availability_ratio"), mtbf / cycle, 0.01);
    near(kpi(&r, "hardware.failures"), cycles, 5 * sqrt(cycles) * (shapes[k] < 1 ? 1.5 : 1) + N);
    end_run(&r);
  }
}

static void energy_cost_and_carbon_are_the_closed_form(void **state) {
  (void)state;
  struct dp_node_class c = rtx4090();
  struct fleet_config fleet = {.node = {.part = &c}, .count = 5, .busy_s = 900};
  struct run r = run_fleet(&fleet, 240, 600);
  /* idle: 100 + 2·450·.05 = 145 W; busy adds 855 W for a quarter of the time */
  double kwh = 5 * 240 * (0.145 + 0.855 * 0.25);
  near(kpi(&r, "energy.used_kwh"), kwh, 1e-9 * kwh);
  near(kpi(&r, "energy.cost_usd"), kwh * 0.123456789, 5e-9);
  near(kpi(&r, "energy.carbon_kg"), kwh * 0.4, 1e-6);
  near(kpi(&r, "hardware.utilisation_ratio"), 0.25, 1e-12);
  end_run(&r);
}

static void the_bill_does_not_depend_on_how_often_it_is_settled(void **state) {
  (void)state;
  static const double settle_s[] = {60, 777, 3600, 86400};
  struct dp_node_class c = rtx4090();
  c.overhead_w = 97.777;
  struct fleet_config fleet = {.node = {.part = &c}, .count = 2, .busy_s = 1234};
  int64_t energy = 0, bill = 0;
  for (int k = 0; k < 4; k++) {
    struct run r = run_fleet(&fleet, 100, settle_s[k]);
    const struct dp_node *n = node_at(&r, 1);
    if (k == 0) energy = n->energy_mws, bill = n->electricity_nusd;
    assert_true(bill > 0);
    assert_int_equal(n->energy_mws, energy);
    assert_int_equal(n->electricity_nusd, bill);
    assert_int_equal(n->capital_nusd, bill); /* nothing is earned: the owner pays it all */
    near(kpi(&r, "network.external_inflow_usd"), 2e-9 * (double)bill, 1e-12);
    end_run(&r);
  }
}

/* ⌊mws · price / 3.6e9⌋ by GMP. */
static int64_t whole_bill(int64_t mws, int64_t price_nusd_per_kwh) {
  mpz_t x;
  mpz_init_set_si(x, mws);
  mpz_mul_si(x, x, price_nusd_per_kwh);
  mpz_fdiv_q_ui(x, x, 3600000000u);
  const int64_t out = mpz_fits_slong_p(x) ? mpz_get_si(x) : -1;
  mpz_clear(x);
  return out;
}

static void a_bill_is_what_two_readings_cost_by_gmp(void **state) {
  (void)state;
  static const int64_t prices[] = {0, 1, 123456789, 2000000000, 2000000001, 1000000000000};
  struct dp_rng rng = dp_rng_at(7, 0, 1, 2, 3);
  for (int k = 0; k < 60000; k++) {
    const int64_t from = (int64_t)(dp_rng_u64(&rng) >> (24 + k % 40));
    const int64_t used = (int64_t)(dp_rng_u64(&rng) >> (24 + k / 7 % 40));
    const int64_t price = prices[k % 6], last = whole_bill(from + used, price), first = whole_bill(from, price);
    if (last >= 0) assert_true(dp_node_bill_nusd(from, from + used, price) == last - first);
  }
}

static void a_node_that_is_off_or_gone_uses_nothing(void **state) {
  (void)state;
  struct dp_node_class c = rtx4090(); /* 145 W idle */
  for (int k = 0; k < 2; k++) {
    struct fleet_config fleet = {.node = {.part = &c}, .count = 3, .off_h = 10.3, .on_h = 20.1,
                                 .remove_h = k ? 0 : 60.7};
    struct run r = run_fleet(&fleet, 100, 3600);
    const double first_h = (k ? 100 : 60.7) - (20.1 - 10.3);
    near(kpi(&r, "energy.used_kwh"), 0.145 * (200 + first_h), 1e-9);
    near(kpi(&r, "energy.cost_usd"), 0.145 * (200 + first_h) * 0.123456789, 5e-9);
    near(kpi(&r, "hardware.availability_ratio"), 1, 0); /* it was not there, so it was not missing */
    near(kpi(&r, "hardware.nodes"), k ? 3 : 2, 0);
    if (k) near((double)node_at(&r, 0)->up_ns / 3.6e12, 10.3, 1e-9);
    end_run(&r);
  }
}

static void a_node_that_is_off_does_not_wear_and_is_repaired(void **state) {
  (void)state;
  struct dp_node_class c = rtx4090();
  c.mtbf_h = 0.5;
  c.repair_h = 0.5;
  struct fleet_config fleet = {.node = {.part = &c}, .count = 1, .off_h = 500, .on_h = 1500};
  struct run r = run_fleet(&fleet, 2000, 3600);
  near(kpi(&r, "hardware.failures"), 1000, 5 * sqrt(1000)); /* in a thousand hours of being on */
  near(kpi(&r, "hardware.availability_ratio"), 0.5, 0.1);
  end_run(&r);
}

static void electricity_costs_what_the_hour_says(void **state) {
  (void)state;
  double ratio[24], all = 0, morning = 0;
  struct dp_node_class c = rtx4090();
  struct fleet_config fleet = {.node = {.part = &c}, .count = 1};
  for (int h = 0; h < 24; h++) ratio[h] = 0.5 + h * h / 100.0, all += ratio[h] / 24;
  for (int h = 6; h < 11; h++) morning += ratio[h];
  morning += (ratio[5] + ratio[11]) / 2; /* from 5:30 to 11:30 local time */
  hourly = (struct dp_numbers){ratio, 24};
  static const double settle_s[] = {600, 777, 3600, 6 * 3600};
  for (int k = 0; k < 4; k++) {
    struct run r = run_fleet(&fleet, 6, settle_s[k]);
    near(kpi(&r, "energy.cost_usd"), 0.145 * 0.123456789 * morning, 1e-6);
    end_run(&r);
    r = run_fleet(&fleet, 72, settle_s[k]);
    near(kpi(&r, "energy.cost_usd"), 72 * 0.145 * 0.123456789 * all, 1e-6);
    end_run(&r);
  }
  hourly = (struct dp_numbers){0};
}

static void one_seed_gives_one_run(void **state) {
  (void)state;
  struct dp_node_class c = rtx4090();
  c.mtbf_h = 50;
  c.repair_h = 5;
  struct fleet_config fleet = {.node = {.part = &c}, .count = 20, .busy_s = 100};
  uint64_t digest[2];
  struct dp_err err = {0};
  for (int i = 0; i < 2; i++) {
    struct run r = run_fleet(&fleet, 500, 3600);
    assert_int_equal(dp_engine_digest(r.sim->engine, &digest[i], &err), DP_OK);
    end_run(&r);
  }
  assert_true(digest[0] == digest[1]);
}

/* 400 GPU servers of eight were watched for 348 days; three of five are in the file (shared/data/README.md). */
static void the_defaults_are_those_of_measured_gpu_servers(void **state) {
  (void)state;
  enum { SERVERS = 400 };
  static struct {
    char id[64];
    double start_d;
  } open[SERVERS];
  char path[256];
  struct dp_csv *csv;
  struct dp_err err = {0};
  bool eof = false;
  size_t server_n = 0;
  double repair_d = 0, repairs = 0;
  if (!real_data("reliability/gpu_server_faults.csv", path, sizeof path)) skip();
  assert_int_equal(dp_csv_open(path, ',', &csv, &err), DP_OK);
  int id = dp_csv_column(csv, "node_id"), time = dp_csv_column(csv, "event_time");
  int type = dp_csv_column(csv, "event_type");
  while (dp_csv_next(csv, NULL, &eof, &err) == DP_OK && !eof) { /* in the order of time */
    size_t i = 0;
    double t;
    while (i < server_n && strcmp(open[i].id, dp_csv_text(csv, id))) i++;
    if (i == server_n) snprintf(open[server_n++].id, sizeof open[0].id, "%s", dp_csv_text(csv, id));
    assert_int_equal(dp_csv_f64(csv, time, 0, 400, &t, &err), DP_OK);
    if (!strcmp(dp_csv_text(csv, type), "fault_start")) open[i].start_d = t;
    else if (open[i].start_d > 0) repair_d += t - open[i].start_d, repairs++, open[i].start_d = 0;
  }
  dp_csv_close(csv);
  struct dp_node_class defaults = {0};
  dp_schema_defaults(&dp_node_class_schema, &defaults);
  double repair_h = 24 * repair_d / repairs, mtbf_h = 0.6 * SERVERS * 348 * 24 / repairs;
  print_message("# %g repairs of %.1f h, %.0f h between failures of a server\n", repairs, repair_h, mtbf_h);
  near(defaults.repair_h, repair_h, 0.05 * repair_h);
  near(defaults.mtbf_h / 8, mtbf_h, 0.05 * mtbf_h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_to_failure_follow_the_weibull_distribution_of_gsl),
      cmocka_unit_test(a_class_without_mtbf_never_fails),
      cmocka_unit_test(availability_is_mtbf_over_mtbf_plus_repair),
      cmocka_unit_test(energy_cost_and_carbon_are_the_closed_form),
      cmocka_unit_test(the_bill_does_not_depend_on_how_often_it_is_settled),
      cmocka_unit_test(a_bill_is_what_two_readings_cost_by_gmp),
      cmocka_unit_test(a_node_that_is_off_or_gone_uses_nothing),
      cmocka_unit_test(a_node_that_is_off_does_not_wear_and_is_repaired),
      cmocka_unit_test(electricity_costs_what_the_hour_says),
      cmocka_unit_test(one_seed_gives_one_run),
      cmocka_unit_test(the_defaults_are_those_of_measured_gpu_servers),
  };
  return cmocka_run_group_tests_name("hardware", tests, NULL, NULL);
}
