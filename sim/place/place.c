#include <config.h>

#include "place/place_priv.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- building ---- */

static const struct dp_region nowhere = {.name = "everywhere",
                                         .electricity_usd_per_kwh = 0.15,
                                         .carbon_g_per_kwh = 481,
                                         .demand_weight = 1,
                                         .supply_weight = 1,
                                         .cells_n = 1};

static size_t region_count(const struct dp_place_config *config) { return config->regions.n ? config->regions.n : 1; }

static const struct dp_region *region_at(const struct dp_place_config *config, size_t i) {
  return config->regions.n ? config->regions.v[i].part : &nowhere;
}

static uint32_t cell_count(const void *configuration) {
  const struct dp_place_config *config = configuration;
  int64_t n = 0;
  for (size_t i = 0; i < region_count(config); i++) n += region_at(config, i)->cells_n;
  return n > DP_CELL_MAX ? DP_CELL_MAX : (uint32_t)n;
}

void dp__geography_free(void *geography) {
  struct dp_geography *g = geography;
  if (!g) return;
  free(g->regions);
  free(g->names);
  free(g->cell_region);
  free(g->latency_ns);
  free(g->demand_weight);
  free(g->supply_weight);
  dp_str_fini(&g->notes);
  free(g);
}

static enum dp_status allocate(struct dp_geography *g, size_t region_n, uint32_t cell_n, struct dp_err *err) {
  g->regions = calloc(region_n, sizeof *g->regions);
  g->names = calloc(region_n, sizeof *g->names);
  g->cell_region = calloc(cell_n, sizeof *g->cell_region);
  g->latency_ns = calloc(region_n * region_n, sizeof *g->latency_ns);
  g->demand_weight = calloc(cell_n, sizeof *g->demand_weight);
  g->supply_weight = calloc(cell_n, sizeof *g->supply_weight);
  if (!g->regions || !g->names || !g->cell_region || !g->latency_ns || !g->demand_weight || !g->supply_weight)
    return dp_fail_nomem(err, "the geography");
  g->place = (struct dp_place){.region_n = region_n,
                               .regions = g->regions,
                               .cell_n = cell_n,
                               .cell_region = g->cell_region,
                               .latency_ns = g->latency_ns,
                               .demand_weight = g->demand_weight,
                               .supply_weight = g->supply_weight,
                               .least_delay_ns = DP_TIME_MAX};
  return DP_OK;
}

static void fill_cells(struct dp_geography *g) {
  uint32_t cell = 0;
  for (size_t i = 0; i < g->place.region_n; i++) {
    const struct dp_region *r = g->regions[i];
    for (int64_t k = 0; k < r->cells_n; k++, cell++) {
      g->cell_region[cell] = (uint16_t)i;
      g->demand_weight[cell] = r->demand_weight / (double)r->cells_n;
      g->supply_weight[cell] = r->supply_weight / (double)r->cells_n;
    }
  }
}

static void find_least_delay(struct dp_geography *g) {
  size_t n = g->place.region_n;
  dp_time least = DP_TIME_MAX;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < n; k++) {
      bool pair_exists = i != k || g->regions[i]->cells_n > 1;
      if (pair_exists && g->latency_ns[i * n + k] < least) least = g->latency_ns[i * n + k];
    }
  g->place.least_delay_ns = least;
}

static enum dp_status fill(struct dp_geography *g, const struct dp_place_config *config, struct dp_err *err) {
  size_t n = region_count(config);
  for (size_t i = 0; i < n; i++) {
    g->regions[i] = region_at(config, i);
    g->names[i] = g->regions[i]->name;
  }
  fill_cells(g);
  double *rtt_ms = malloc(n * n * sizeof *rtt_ms);
  if (!rtt_ms) return dp_fail_nomem(err, "the matrix of latencies");
  for (size_t i = 0; i < n * n; i++)
    rtt_ms[i] = config->rtt_ms.n && config->rtt_ms.v[i] >= 0 ? config->rtt_ms.v[i] : (double)NAN;
  enum dp_status status = DP_OK;
  if (config->rtt_csv && config->rtt_csv[0]) status = dp__rtt_read(config->rtt_csv, g->names, n, rtt_ms, err);
  if (status == DP_OK) status = dp__latency_fill(g, rtt_ms, config->local_rtt_ms, err);
  free(rtt_ms);
  find_least_delay(g);
  g->place.bandwidth_bps = config->bandwidth_mbps * 1e6;
  g->place.notes = dp_str_text(&g->notes);
  return status;
}

enum dp_status dp__geography_new(const struct dp_place_config *config, struct dp_geography **out, struct dp_err *err) {
  struct dp_geography *g = calloc(1, sizeof *g);
  *out = NULL;
  if (!g) return dp_fail_nomem(err, "the geography");
  enum dp_status status = allocate(g, region_count(config), cell_count(config), err);
  if (status == DP_OK) status = fill(g, config, err);
  if (status == DP_OK)
    *out = g;
  else
    dp__geography_free(g);
  return status;
}

/* ---- reading ---- */

/* A simulation without an instance of "place" (a bench, a test): one region with one cell. */
static const struct dp_region *const alone_regions[] = {&nowhere};
static const uint16_t alone_cells[] = {0};
static const dp_time alone_latency[] = {DP_MS / 4};
static const double alone_weight[] = {1};
static const struct dp_place alone = {1, alone_regions, 1, alone_cells, alone_latency, alone_weight, alone_weight,
                                      DP_TIME_MAX, 1e9, 0, ""};

const struct dp_place *dp_place_of(const struct dp_sim *sim) {
  for (size_t i = 0; i < sim->instance_n; i++)
    if (sim->instances[i].model == &dp_place_model && sim->instances[i].shared)
      return &((const struct dp_geography *)sim->instances[i].shared)->place;
  return &alone;
}

const char *dp_place_notes(const struct dp_place *p) { return p->notes; }

dp_time dp_place_delay_ns(const struct dp_place *p, uint32_t from_cell, uint32_t to_cell) {
  return p->latency_ns[p->cell_region[from_cell] * p->region_n + p->cell_region[to_cell]];
}

/* ---- the model ---- */

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  struct dp_geography *g;
  DP_TRY(dp__geography_new(ctx->self->config, &g, ctx->err));
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = g;
  return dp_declare_dimension(ctx, "region", g->names, g->place.region_n);
}

static enum dp_status check_region(void *config, struct dp_err *err) {
  const struct dp_region *r = config;
  if (!r->name[0]) return dp_fail(err, DP_SCENARIO, "place.region: name must not be empty");
  if (r->electricity_hourly_ratio.n != 0 && r->electricity_hourly_ratio.n != 24)
    return dp_fail(err, DP_SCENARIO, "place.region: %s: electricity_hourly_ratio must have 24 numbers, one an hour, "
                   "got %zu", r->name, r->electricity_hourly_ratio.n);
  return DP_OK;
}

static enum dp_status check_place(void *configuration, struct dp_err *err) {
  const struct dp_place_config *config = configuration;
  size_t n = region_count(config);
  if (config->regions.n > 1000) return dp_fail(err, DP_SCENARIO, "place: at most 1000 regions, got %zu", n);
  if (config->rtt_ms.n && config->rtt_ms.n != n * n)
    return dp_fail(err, DP_SCENARIO, "place: rtt_ms must have %zu numbers (regions × regions, row by row), got %zu",
                   n * n, config->rtt_ms.n);
  int64_t cells = 0;
  double demand = 0, supply = 0;
  for (size_t i = 0; i < n; i++) {
    cells += region_at(config, i)->cells_n;
    demand += region_at(config, i)->demand_weight;
    supply += region_at(config, i)->supply_weight;
    const char *name = region_at(config, i)->name;
    for (size_t k = 0; k < i; k++)
      if (strcmp(name, region_at(config, k)->name) == 0)
        return dp_fail(err, DP_SCENARIO, "place: region %s is listed twice (give one region more cells_n)", name);
  }
  if (cells > 1000000) return dp_fail(err, DP_SCENARIO, "place: at most 1000000 cells, got %" PRId64, cells);
  if (demand <= 0 || supply <= 0)
    return dp_fail(err, DP_SCENARIO, "place: at least one region needs a %s above 0",
                   demand <= 0 ? "demand_weight" : "supply_weight");
  return DP_OK;
}

static const struct dp_param region_params[] = {
    {DP_FIELD(struct dp_region, name), .type = DP_PARAM_STRING, .unit = "text", .required = true,
     .doc = "name; rows and columns of a matrix are found by it", .source = "none"},
    {DP_FIELD(struct dp_region, latitude_deg), .type = DP_PARAM_NUMBER, .unit = "deg", .min = -90, .max = 90,
     .doc = "latitude, north positive", .source = "none"},
    {DP_FIELD(struct dp_region, longitude_deg), .type = DP_PARAM_NUMBER, .unit = "deg", .min = -180, .max = 180,
     .doc = "longitude, east positive", .source = "none"},
    {DP_FIELD(struct dp_region, utc_offset_h), .type = DP_PARAM_NUMBER, .unit = "h", .min = -12, .max = 14,
     .doc = "standard time minus UTC; shifts the daily cycle of demand", .source = "none"},
    {DP_FIELD(struct dp_region, electricity_usd_per_kwh), .type = DP_PARAM_NUMBER, .unit = "usd/kwh", .value = 0.15,
     .min = 0, .max = 10, .doc = "price of electricity",
     .source = "world mean of households 2024, 0.150-0.152: globalpetrolprices.com"},
    {DP_FIELD(struct dp_region, electricity_hourly_ratio), .type = DP_PARAM_NUMBERS, .unit = "1", .min = 0, .max = 100,
     .doc = "24 numbers: price of electricity over electricity_usd_per_kwh from 0 h to 24 h local time; none: flat",
     .source = "none"},
    {DP_FIELD(struct dp_region, carbon_g_per_kwh), .type = DP_PARAM_NUMBER, .unit = "g/kwh", .value = 481, .min = 0,
     .max = 5000, .doc = "carbon intensity of electricity", .source = "world 2023: Ember via ourworldindata.org"},
    {DP_FIELD(struct dp_region, demand_weight), .type = DP_PARAM_NUMBER, .unit = "1", .value = 1, .min = 0, .max = 1e9,
     .doc = "share of the customers, relative to the other regions", .source = "none"},
    {DP_FIELD(struct dp_region, supply_weight), .type = DP_PARAM_NUMBER, .unit = "1", .value = 1, .min = 0, .max = 1e9,
     .doc = "share of the machines, relative to the other regions", .source = "none"},
    {DP_FIELD(struct dp_region, cells_n), .type = DP_PARAM_INT, .unit = "1", .value = 1, .min = 1, .max = 1000000,
     .log_scale = true, .doc = "modelling units that the region is split into; each is simulated by one rank",
     .source = "none"},
};

const struct dp_schema dp_region_schema = {
    .name = "place.region",
    .doc = "a region: where it is, what electricity costs there, how many customers and machines it has",
    DP_ROWS(param, region_params),
    .size = sizeof(struct dp_region),
    .check = check_region,
};

static const struct dp_param place_params[] = {
    {DP_FIELD(struct dp_place_config, regions), .type = DP_PARAM_PARTS, .unit = "1", .part = "place.region",
     .doc = "the regions; none: one region with one cell", .source = "none"},
    {DP_FIELD(struct dp_place_config, rtt_ms), .type = DP_PARAM_NUMBERS, .unit = "ms", .min = -1, .max = 1e6,
     .doc = "round-trip times from row to column, row by row; -1: not known", .source = "none"},
    {DP_FIELD(struct dp_place_config, rtt_csv), .type = DP_PARAM_PATH, .unit = "text",
     .doc = "file with a matrix of round-trip times in ms: a header of region names, the first column names the row; "
            "wins over rtt_ms",
     .source = "none"},
    {DP_FIELD(struct dp_place_config, bandwidth_mbps), .type = DP_PARAM_NUMBER, .unit = "mbps", .value = 1000,
     .min = 0.001, .max = 1e9, .log_scale = true, .doc = "bandwidth between regions, of one flow", .source = "none"},
    {DP_FIELD(struct dp_place_config, local_rtt_ms), .type = DP_PARAM_NUMBER, .unit = "ms", .value = 0.6, .min = 0.001,
     .max = 1000, .doc = "round-trip time between the cells of a region and inside a cell",
     .source = "AWS inside a region, 2017: acomputerscientistlearnsaws.blogspot.com"},
};

static const struct dp_schema place_schema = {
    .name = "place",
    .doc = "the regions and what distance costs",
    DP_ROWS(param, place_params),
    .size = sizeof(struct dp_place_config),
    .check = check_place,
};

const struct dp_model dp_place_model = {
    .name = "place",
    .section = "place",
    .doc = "regions, their cells, latency, bandwidth, electricity, carbon, time zone",
    .schema = &place_schema,
    .implicit = true,
    .cell_n = cell_count,
    .init_replicated = init_replicated,
    .release = dp__geography_free,
};
