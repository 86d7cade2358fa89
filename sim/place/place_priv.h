/* sim/place/place_priv.h — inside of sim/place: the geography while it is built. Nobody else includes it.
 * Layer: place. Not collective. */
#ifndef DP_PLACE_PLACE_PRIV_H
#define DP_PLACE_PLACE_PRIV_H

#include "place/place.h"

/** Owner of everything that a struct dp_place points to; `shared` of the instance. */
struct dp_geography {
  struct dp_place place; /* first: what others see */
  const struct dp_region **regions;
  const char **names; /* [region_n] labels of the dimension "region" */
  uint16_t *cell_region;
  dp_time *latency_ns;
  double *demand_weight, *supply_weight;
  struct dp_str notes;
};

/** Builds the geography of a configuration. The caller frees it with dp__geography_free.
 *  Errors: DP_SCENARIO (sizes, names), DP_IO and DP_FORMAT for the matrix, DP_NOMEM. */
enum dp_status dp__geography_new(const struct dp_place_config *config, struct dp_geography **out, struct dp_err *err);
void dp__geography_free(void *geography);

/** Fills rtt_ms [n*n], row-major, from a matrix file: NaN where the file says nothing.
 *  @param names [n] regions; a region that the file does not name keeps NaN. */
enum dp_status dp__rtt_read(const char *path, const char *const *names, size_t n, double *rtt_ms, struct dp_err *err);

/** Fills place.latency_ns from rtt_ms (NaN: not known), guesses what is missing and writes the notes. */
enum dp_status dp__latency_fill(struct dp_geography *g, const double *rtt_ms, double local_rtt_ms, struct dp_err *err);

#endif
