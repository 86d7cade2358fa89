/* tests/unit/yard.h — owners of machines in a market that pays a given sum a day, whoever is there: the fleet, the
 * hardware and the books are the program's; the market exists only here. Only for tests. */
#ifndef DP_TESTS_YARD_H
#define DP_TESTS_YARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "books/books_priv.h"
#include "engine/comm.h"
#include "hardware/node.h"
#include "place/place.h"
#include "provider/fleet.h"
#include "provider/operators.h"

#define YARD_CELLS 4
#define YARD_DAYS 4000

/* ---- the market: in each cell it pays `usd_per_d(day)` a day, in equal parts to the hosts that are up ---- */

struct yard_market {
  double (*usd_per_d)(double day);
  int64_t *active; /* [YARD_DAYS] hosts that were paid on a day */
};

struct yard_listing {
  int64_t price_nusd_per_mtok, payable_nusd;
  uint32_t in_flight_n, zero;
};

static inline enum dp_status yard_pay(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct yard_market *m = ctx->self->config;
  const struct dp_table *listings = dp_own_table(ctx, 0);
  const struct dp_instance *hardware = dp_sim_first(ctx->self->sim, "hardware.node");
  const struct dp_table *nodes = &ctx->cell->tables[hardware->first_cell_table];
  int64_t up_n = 0;
  if (!beat->settlement) return DP_OK;
  for (uint32_t i = dp_table_next(nodes, 0); i != DP_NO_ROW; i = dp_table_next(nodes, i + 1))
    up_n += DP_ROW(nodes, struct dp_node, i)->up;
  const double day = (double)ctx->now_ns / (double)DP_DAY;
  if (m->active && day < YARD_DAYS) m->active[(size_t)day] = up_n;
  if (up_n == 0) return DP_OK;
  const int64_t each = (int64_t)(m->usd_per_d(day) * 1e9 * ((double)beat->since_ns / (double)DP_DAY)) / up_n;
  for (uint32_t i = dp_table_next(nodes, 0); i != DP_NO_ROW; i = dp_table_next(nodes, i + 1)) {
    if (!DP_ROW(nodes, struct dp_node, i)->up) continue;
    DP_ROW(listings, struct yard_listing, i)->payable_nusd += each;
    DP_TRY(dp_books_post(ctx, DP_REASON_CUSTOMER_PAYMENT, dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD),
                         dp_books_own(ctx, DP_ACCOUNT_ESCROW, DP_USD), each));
    DP_TRY(dp_books_post(ctx, DP_REASON_WORK_SHARE, dp_books_own(ctx, DP_ACCOUNT_ESCROW, DP_USD),
                         dp_books_own(ctx, DP_ACCOUNT_PAYABLE, DP_USD), each));
  }
  return DP_OK;
}

static inline enum dp_status yard_pay_out(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_table *listings = dp_own_table(ctx, 0);
  const struct dp_instance *fleet = dp_sim_first(ctx->self->sim, "provider.fleet");
  const struct dp_table *hosts = &ctx->cell->tables[fleet->first_cell_table];
  if (!beat->settlement) return DP_OK;
  for (uint32_t i = dp_table_next(listings, 0); i != DP_NO_ROW; i = dp_table_next(listings, i + 1)) {
    struct yard_listing *l = DP_ROW(listings, struct yard_listing, i);
    DP_TRY(dp_books_post(ctx, DP_REASON_PAYOUT, dp_books_own(ctx, DP_ACCOUNT_PAYABLE, DP_USD),
                         DP_ROW(hosts, struct dp_host, i)->usd_account, l->payable_nusd));
    l->payable_nusd = 0;
  }
  return DP_OK;
}

static const struct dp_column yard_columns[] = {
    DP_COLUMN(struct yard_listing, price_nusd_per_mtok, "nusd/mtok", ""),
    DP_COLUMN(struct yard_listing, payable_nusd, "nusd", ""), DP_COLUMN(struct yard_listing, in_flight_n, "1", ""),
    DP_COLUMN(struct yard_listing, zero, "1", "")};
static const struct dp_table_decl yard_tables[] = {{.name = "listing", .scope = DP_SCOPE_CELL,
                                                    .row_size = sizeof(struct yard_listing),
                                                    DP_ROWS(column, yard_columns), .follows = "hardware.node.node"}};
static const struct dp_schema yard_schema = {.name = "market.gateway", .doc = "", .size = sizeof(struct yard_market)};
static const struct dp_model yard_model = {.name = "market.gateway", .schema = &yard_schema,
                                           DP_ROWS(table, yard_tables), .collect = yard_pay, .apply = yard_pay_out};

/* ---- a run ---- */

struct yard {
  struct dp_err err;
  struct dp_comm *comm;
  struct dp_sim *sim;
  struct dp_node_class class;
  struct dp_region regions[YARD_CELLS];
  struct dp_part_ref region_refs[YARD_CELLS];
  struct dp_place_config place;
  struct yard_market market;
  int64_t active[YARD_DAYS];
  double policy_params[1];
  struct dp_policy policy;
  struct dp_fleet_config fleet;
  struct dp_entry_config entry;
  struct dp_exit_config exit;
  struct dp_instance_spec instances[3];
  struct dp_spec spec;
};

extern const struct dp_model dp_exchange_model;

static inline double yard_nothing(double day) {
  (void)day;
  return 0;
}

/** One cell, no hosts, machines of 100 W (2.4 kWh a day at 0.1 USD) for 1,000 USD that never fail; daily settlements;
 *  owners decide every day, without entry and exit. */
static inline void yard_init(struct yard *y, size_t region_n, double days) {
  static const char *const names[YARD_CELLS] = {"A", "B", "C", "D"};
  *y = (struct yard){.class = {.gpu = "t4", .gpu_n = 1, .overhead_w = 100, .price_usd = 1000, .weibull_shape = 1},
                     .policy_params = {1},
                     .market = {.usd_per_d = yard_nothing}};
  dp_schema_defaults(dp_place_model.schema, &y->place);
  for (size_t i = 0; i < region_n; i++) {
    dp_schema_defaults(&dp_region_schema, &y->regions[i]);
    y->regions[i].name = names[i];
    y->regions[i].longitude_deg = 20.0 * (double)i;
    y->regions[i].electricity_usd_per_kwh = 0.1;
    y->region_refs[i].part = &y->regions[i];
  }
  y->place.regions = (struct dp_part_refs){y->region_refs, region_n};
  dp_schema_defaults(dp_fleet_model.schema, &y->fleet);
  dp_schema_defaults(&dp_entry_schema, &y->entry);
  dp_schema_defaults(&dp_exit_schema, &y->exit);
  y->policy = (struct dp_policy){.kind = &dp_pricing_kind, .name = "fixed", .params = y->policy_params,
                                 .decide = dp_policy_fixed.decide};
  y->market.active = y->active;
  y->fleet.network.name = "";
  y->fleet.node.part = &y->class;
  y->fleet.pricing = &y->policy;
  y->fleet.reprice_every_s = 1e9;
  y->fleet.decide_every_d = 1;
  y->spec = (struct dp_spec){.name = "yard", .end_ns = (dp_time)(days * (double)DP_DAY), .settle_every_ns = DP_DAY,
                             .seed = 1, .start_epoch_ns = INT64_C(1704067200) * DP_S /* 2024-01-01 */};
}

static inline enum dp_status yard_start(struct yard *y) {
  static const struct dp_model *const registry[] = {&dp_books_model, &dp_place_model,    &dp_node_model, &yard_model,
                                                    &dp_fleet_model, &dp_exchange_model, NULL};
  y->instances[0] = (struct dp_instance_spec){&dp_place_model, NULL, &y->place};
  y->instances[1] = (struct dp_instance_spec){&dp_fleet_model, NULL, &y->fleet};
  y->instances[2] = (struct dp_instance_spec){&yard_model, NULL, &y->market};
  y->spec.instances = y->instances;
  y->spec.instance_n = 3;
  y->spec.registry = registry;
  DP_TRY(dp_comm_null_new(&y->comm, &y->err));
  return dp_sim_new(&y->spec, y->comm, &y->sim, &y->err);
}

static inline void yard_run(struct yard *y) {
  bool stopped;
  if (yard_start(y) != DP_OK || dp_sim_run(y->sim, &stopped, &y->err) != DP_OK) fail_msg("%s", y->err.text);
}

static inline void yard_free(struct yard *y) {
  dp_sim_free(y->sim);
  dp_comm_free(y->comm);
}

static inline double yard_kpi(struct yard *y, const char *name) {
  struct dp_kpi_value *values;
  size_t n;
  double value = 0;
  bool found = false;
  if (dp_sim_kpis(y->sim, &values, &n, &y->err) != DP_OK) fail_msg("%s", y->err.text);
  for (size_t i = 0; i < n; i++)
    if (strcmp(values[i].name, name) == 0) value = values[i].value, found = true;
  free(values);
  if (!found) fail_msg("no KPI %s", name);
  return value;
}

static inline struct dp_ctx yard_ctx(struct yard *y, uint32_t cell) {
  return (struct dp_ctx){.engine = y->sim->engine, .cell = y->sim->engine->by_id[cell],
                         .self = dp_sim_first(y->sim, "provider.fleet"), .now_ns = y->spec.end_ns, .err = &y->err};
}

/** Σ over cells of what was posted for a reason, nano-USD. */
static inline dp_i128 yard_posted(struct yard *y, enum dp_reason reason) {
  dp_i128 sum = 0;
  for (uint32_t c = 0; c < y->sim->engine->local_n; c++) {
    struct dp_ctx ctx = yard_ctx(y, c);
    sum += DP_ROW(dp__journal(&ctx, dp__books_of(y->sim)), struct dp_journal, (uint32_t)reason)->amount;
  }
  return sum;
}

#endif
