/* sim/place/place.h — regions, the cells in them, and what distance and position cost: latency, bandwidth, electricity,
 * carbon, time zone.
 * Layer: place. Not collective. The geography is derived from the scenario once and never changes. */
#ifndef DP_PLACE_PLACE_H
#define DP_PLACE_PLACE_H

#include "model/sim.h"

/** Part "place.region". */
struct dp_region {
  const char *name;
  double latitude_deg, longitude_deg;
  double utc_offset_h;
  double electricity_usd_per_kwh;
  struct dp_numbers electricity_hourly_ratio; /* [24] price over that, by the local hour; empty: flat */
  double carbon_g_per_kwh;
  double demand_weight; /* share of the customers, relative */
  double supply_weight; /* share of the machines, relative */
  int64_t cells_n;      /* modelling units of the region */
};

/** Configuration of model "place" (schema in place.c). */
struct dp_place_config {
  struct dp_part_refs regions;
  struct dp_numbers rtt_ms; /* [n*n] row-major, from row to column; negative = not known; empty = all from distance */
  const char *rtt_csv;      /* matrix with a header row and a first column of region names; wins over rtt_ms */
  double bandwidth_mbps;    /* between regions, per flow */
  double local_rtt_ms;      /* between cells of one region and inside a cell */
};

struct dp_place {
  size_t region_n;
  const struct dp_region *const *regions; /* [region_n] */
  uint32_t cell_n;
  const uint16_t *cell_region; /* [cell_n] */
  const dp_time *latency_ns;   /* [region_n*region_n] one way */
  const double *demand_weight; /* [cell_n] a region's weight shared by its cells */
  const double *supply_weight; /* [cell_n] */
  dp_time least_delay_ns;      /* least one-way delay between two different cells; DP_TIME_MAX with one cell */
  double bandwidth_bps;
  size_t guessed_n;            /* pairs of regions whose latency was guessed from distance */
  const char *notes;           /* what dp_place_notes returns */
};

extern const struct dp_model dp_place_model; /* section "place"; declares the dimension "region" */
extern const struct dp_schema dp_region_schema;

/** The geography of a simulation; never NULL (a scenario without a place has one region with one cell). */
const struct dp_place *dp_place_of(const struct dp_sim *sim);

/** One line that names the pairs of regions whose latency is not in the matrix and what was taken instead; "" when
 *  there is nothing to say. To be shown to the user once a run. */
const char *dp_place_notes(const struct dp_place *p);

/** One-way delay between two cells (regions). */
dp_time dp_place_delay_ns(const struct dp_place *p, uint32_t from_cell, uint32_t to_cell);

/** Region of a cell. */
static inline uint16_t dp_place_region(const struct dp_place *p, uint32_t cell) { return p->cell_region[cell]; }

/** Price of electricity in a region: mean over [from_ns, to_ns), with its hours and shocks; the price at from_ns when
 *  the span is empty. */
double dp_place_electricity_usd_per_kwh(const struct dp_sim *sim, uint16_t region, dp_time from_ns, dp_time to_ns);

/** One-way delay guessed from the great circle: 2/3 of the speed of light in a detour factor, plus a constant. */
dp_time dp_place_distance_delay_ns(double lat1_deg, double lon1_deg, double lat2_deg, double lon2_deg);

#endif
