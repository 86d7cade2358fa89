#include <config.h>

#include "place/place_priv.h"

#include <math.h>
#include <string.h>

#include "base/csv.h"

#define EARTH_RADIUS_KM 6371.0088 /* mean radius R1 of WGS 84 */
#define LIGHT_KM_PER_S 299792.458

/* Fitted to the 2,350 Azure pairs of az-scout's table (README.md): median error 14 %, median ratio 0.99. */
#define FIBRE_SPEED_RATIO (2.0 / 3.0)
#define DETOUR_RATIO 1.5
#define FIXED_DELAY_NS (5 * DP_MS)

dp_time dp_place_distance_delay_ns(double lat1_deg, double lon1_deg, double lat2_deg, double lon2_deg) {
  const double rad = M_PI / 180;
  double s = sin((lat2_deg - lat1_deg) * rad / 2), t = sin((lon2_deg - lon1_deg) * rad / 2);
  double h = s * s + cos(lat1_deg * rad) * cos(lat2_deg * rad) * t * t; /* haversine */
  double km = 2 * EARTH_RADIUS_KM * asin(sqrt(h < 1 ? h : 1));
  /* whole microseconds, so that the last bits of libm do not reach the result */
  return FIXED_DELAY_NS + llround(km * DETOUR_RATIO / (LIGHT_KM_PER_S * FIBRE_SPEED_RATIO) * 1e6) * DP_US;
}

static size_t index_of(const char *name, const char *const *names, size_t n) {
  size_t i = 0;
  while (i < n && strcmp(names[i], name)) i++;
  return i;
}

static enum dp_status read_rows(struct dp_csv *csv, const char *const *names, size_t n, double *rtt_ms,
                                struct dp_err *err) {
  struct dp_csv_row row;
  for (bool eof = false;;) {
    DP_TRY(dp_csv_next(csv, &row, &eof, err));
    if (eof) return DP_OK;
    size_t from = index_of(row.fields[0], names, n);
    if (from == n) continue;
    for (int c = 1; c < dp_csv_columns_n(csv); c++) {
      size_t to = index_of(dp_csv_column_name(csv, c), names, n);
      if (to == n || row.lens[c] == 0) continue;
      DP_TRY(dp_csv_f64(csv, c, 0, 1e6, &rtt_ms[from * n + to], err));
    }
  }
}

enum dp_status dp__rtt_read(const char *path, const char *const *names, size_t n, double *rtt_ms, struct dp_err *err) {
  struct dp_csv *csv;
  for (size_t i = 0; i < n * n; i++) rtt_ms[i] = (double)NAN;
  DP_TRY(dp_csv_open(path, 0, &csv, err));
  enum dp_status status = dp_csv_columns_n(csv) < 2
                              ? dp_csv_fail(csv, -1, err, "a matrix needs a first column with the names of the regions "
                                                          "and one column for each region")
                              : read_rows(csv, names, n, rtt_ms, err);
  dp_csv_close(csv);
  return status;
}

/* Where the latency of a pair came from. */
enum source { FROM_MATRIX, FROM_REVERSE, FROM_DISTANCE };

static enum source pair_ns(const struct dp_geography *g, const double *rtt_ms, size_t from, size_t to, dp_time *ns) {
  size_t n = g->place.region_n;
  double there = rtt_ms[from * n + to], back = rtt_ms[to * n + from];
  double rtt = isfinite(there) ? there : back;
  if (isfinite(rtt)) {
    *ns = llround(rtt * 1e6 / 2);
    return isfinite(there) ? FROM_MATRIX : FROM_REVERSE;
  }
  const struct dp_region *a = g->regions[from], *b = g->regions[to];
  *ns = dp_place_distance_delay_ns(a->latitude_deg, a->longitude_deg, b->latitude_deg, b->longitude_deg);
  return FROM_DISTANCE;
}

static void note(struct dp_geography *g, const char *what, size_t from, size_t to, const char *how, dp_time ns) {
  const char *separator = g->notes.len ? ", " : "place: no latency in the matrix for ";
  dp_str_printf(&g->notes, "%s%s %s %s (%s: %.1f ms round trip)", separator, g->names[from], what, g->names[to], how,
                (double)ns * 2 / 1e6);
}

enum dp_status dp__latency_fill(struct dp_geography *g, const double *rtt_ms, double local_rtt_ms, struct dp_err *err) {
  size_t n = g->place.region_n;
  dp_time local_ns = llround(local_rtt_ms * 1e6 / 2);
  if (local_ns < 1) local_ns = 1;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < n; k++) {
      dp_time *ns = &g->latency_ns[i * n + k];
      if (i == k) {
        *ns = local_ns;
        continue;
      }
      enum source source = pair_ns(g, rtt_ms, i, k, ns);
      if (*ns < 1) *ns = 1;
      if (source == FROM_REVERSE) note(g, "to", i, k, "as the way back", *ns);
      if (source == FROM_DISTANCE && i < k) {
        g->place.guessed_n++;
        note(g, "to and from", i, k, "from the distance", *ns);
      }
    }
  if (g->notes.failed) return dp_fail_nomem(err, "the notes on latencies");
  return DP_OK;
}
