/* sim/wireless/coverage_priv.h — what the files of wireless.coverage share. Layer: domain. */
#ifndef DP_WIRELESS_COVERAGE_PRIV_H
#define DP_WIRELESS_COVERAGE_PRIV_H

#include "books/books.h"
#include "wireless/coverage.h"

#define DP_COVERAGE_WITNESS_MAX 100
#define DP_COVERAGE_INDEX_BITS 40

struct dp__coverage {
  const struct dp_instance *token, *exchange; /* exchange: NULL, nothing is sold */
  uint16_t asset;
  unsigned work_flow, rewarded_flow, emission_value, work_value; /* of the token */
  unsigned offered_flow, taken_flow, sold_value, proceeds_value, price_value; /* of the exchange */
  double unit; /* base units of a token */
  int64_t sell_ppb;
  double beaconer[DP_COVERAGE_WITNESS_MAX + 1], each[DP_COVERAGE_WITNESS_MAX + 1];
  size_t power_n, tariff_n;
  int64_t *bill_nusd_per_h; /* [power_n * tariff_n] */
  double *power_share, *tariff_share; /* cumulative */
  dp_time *path_ns; /* CONDITIONAL */
  double *path_n;
  size_t path_rows;
  double *cell_weight; /* [cell_n] */
  uint32_t cell_n;
  dp_time decide_ns;
};

enum { DP_COVERAGE_HOTSPOT, DP_COVERAGE_CELL, DP_COVERAGE_HEXAGON, DP_COVERAGE_COHORT };
enum { DP_COVERAGE_FLEET, DP_COVERAGE_ORDER };
enum { DP_COVERAGE_FLOW_ACTIVE, DP_COVERAGE_FLOW_INCOME, DP_COVERAGE_FLOW_TIME, DP_COVERAGE_FLOW_COST };
enum { DP_COVERAGE_VALUE_ENTER, DP_COVERAGE_VALUE_EXIT, DP_COVERAGE_VALUE_ACTIVE, DP_COVERAGE_VALUE_SHARE };
enum {
  DP_COVERAGE_HOTSPOTS, DP_COVERAGE_ENTERED, DP_COVERAGE_EXITED, DP_COVERAGE_SCALE, DP_COVERAGE_WITNESSES,
  DP_COVERAGE_WEIGHT, DP_COVERAGE_JUDGED, DP_COVERAGE_BELOW, DP_COVERAGE_NET, DP_COVERAGE_PROFIT,
  DP_COVERAGE_BILLS, DP_COVERAGE_TOKENS, DP_COVERAGE_INCOME, DP_COVERAGE_REWARDED, DP_COVERAGE_PEAK,
  DP_COVERAGE_PEAK_DAY, DP_COVERAGE_PRICE_PEAK_DAY, DP_COVERAGE_EXPECTED, DP_COVERAGE_CONDITIONAL_N,
  DP_COVERAGE_IN_PROFIT,
  DP_COVERAGE_STRATUM_JUDGED, /* 16 places, 4 costs: coverage_strata.inc */
  DP_COVERAGE_STRATUM_BELOW = DP_COVERAGE_STRATUM_JUDGED + 20,
  DP_COVERAGE_STRATUM_END = DP_COVERAGE_STRATUM_BELOW + 20
};

static inline const struct dp_coverage_config *dp__coverage_config(const struct dp_ctx *ctx) {
  return ctx->self->config;
}
static inline const struct dp__coverage *dp__coverage_shared(const struct dp_ctx *ctx) { return ctx->self->shared; }
static inline struct dp_coverage_cell *dp__coverage_cell(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, DP_COVERAGE_CELL), struct dp_coverage_cell, 0);
}
static inline struct dp_coverage_fleet *dp__coverage_fleet(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, DP_COVERAGE_FLEET), struct dp_coverage_fleet, 0);
}

/** Whether owners look at this settlement: the first one at or after each multiple of decide_every_d. */
bool dp__coverage_decides(const struct dp_ctx *ctx, const struct dp_beat_info *beat);

/** USD for a token that the settlement before left; 0 without an exchange. */
double dp__coverage_price_usd(const struct dp_ctx *ctx);

/* ---- coverage_hotspot.c: one hotspot ---- */

/** What a hotspot has earned less electricity, at the price now. */
double dp__hotspot_net_usd(const struct dp_ctx *ctx, const struct dp_hotspot *h);

/** Every hotspot takes its claims and pays its bill; hands in what owners observe; those that have left go; judges. */
enum dp_status dp__hotspots_look(struct dp_ctx *ctx);

/** Who leaves by his own decision. */
enum dp_status dp__hotspots_leave(struct dp_ctx *ctx, struct dp_density *d);

/** The `n` with the least weight leave. */
enum dp_status dp__hotspots_leave_worst(struct dp_ctx *ctx, struct dp_density *d, int64_t n);

/** Room for `n` more, before anybody comes or leaves. */
enum dp_status dp__hotspots_room(struct dp_ctx *ctx, struct dp_density *d, int64_t n);

/** `n` join. */
enum dp_status dp__hotspots_join(struct dp_ctx *ctx, struct dp_density *d, int64_t n);

/** New weights after dp_density_settle. */
enum dp_status dp__hotspots_weigh(struct dp_ctx *ctx, struct dp_density *d);

/* ---- coverage_fleet.c: how many come and go ---- */

enum dp_status dp__fleet_path(struct dp_ctx *ctx, struct dp__coverage *s);
enum dp_status dp__coverage_fleet_decide(struct dp_ctx *ctx);
/** Part of the emission that is paid for coverage now, in billionths. */
int64_t dp__coverage_share_ppb(const struct dp_ctx *ctx);

#endif
