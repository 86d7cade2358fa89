/* sim/wireless/coverage_fleet.c — how many hotspots come and go: what candidates believe, orders, a given path. */
#include <config.h>

#include <math.h>
#include <stdlib.h>

#include "base/csv.h"
#include "base/memory.h"
#include "wireless/coverage_priv.h"

#define MONTH_NS (365 * DP_DAY / 12)
#define FLEET_MAX 1e8

/* ---- a given fleet ---- */

static enum dp_status add(struct dp_ctx *ctx, struct dp__coverage *s, dp_time t_ns, double n) {
  if (s->path_rows > 0 && t_ns <= s->path_ns[s->path_rows - 1])
    return dp_fail(ctx->err, DP_SCENARIO, "wireless.coverage: %s: the fleet's path goes back in time at row %zu "
                   "(sort it)",
                   ctx->self->name, s->path_rows + 1);
  if (!(n >= 0 && n <= FLEET_MAX))
    return dp_fail(ctx->err, DP_SCENARIO, "wireless.coverage: %s: the fleet's path has %g hotspots (0 to 1e8 are "
                   "possible)", ctx->self->name, n);
  if (!dp_array_resize(&s->path_ns, s->path_rows + 1, sizeof *s->path_ns) ||
      !dp_array_resize(&s->path_n, s->path_rows + 1, sizeof *s->path_n))
    return dp_fail_nomem(ctx->err, "a fleet's path");
  s->path_ns[s->path_rows] = t_ns;
  s->path_n[s->path_rows++] = n * dp__coverage_config(ctx)->fleet_ratio;
  return DP_OK;
}

static enum dp_status read_rows(struct dp_ctx *ctx, struct dp__coverage *s, struct dp_csv *csv) {
  int date, column;
  DP_TRY(dp_csv_need_column(csv, "date", &date, ctx->err));
  DP_TRY(dp_csv_need_column(csv, "hotspots_n", &column, ctx->err));
  for (;;) {
    bool eof;
    int64_t date_ns;
    double n;
    DP_TRY(dp_csv_next(csv, NULL, &eof, ctx->err));
    if (eof) return DP_OK;
    DP_TRY(dp_csv_date_ns(csv, date, &date_ns, ctx->err));
    DP_TRY(dp_csv_f64(csv, column, 0, FLEET_MAX, &n, ctx->err));
    DP_TRY(add(ctx, s, date_ns - dp_ctx_sim(ctx)->spec.start_epoch_ns, n));
  }
}

enum dp_status dp__fleet_path(struct dp_ctx *ctx, struct dp__coverage *s) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  struct dp_csv *csv;
  if (c->fleet_csv[0]) {
    DP_TRY(dp_csv_open(c->fleet_csv, 0, &csv, ctx->err));
    enum dp_status status = read_rows(ctx, s, csv);
    dp_csv_close(csv);
    DP_TRY(status);
  }
  for (size_t i = 0; i < c->fleet_d.n; i++)
    DP_TRY(add(ctx, s, llround(c->fleet_d.v[i] * (double)DP_DAY), c->fleet_n.v[i]));
  if (c->mode != DP_COVERAGE_CONDITIONAL || (s->path_rows > 0 && s->path_ns[0] <= 0)) return DP_OK;
  return dp_fail(ctx->err, DP_SCENARIO, "wireless.coverage: %s: the fleet's path begins after the start of the run (give "
                 "a number for day 0 or before)", ctx->self->name);
}

static int64_t path_now(const struct dp__coverage *s, dp_time now_ns) {
  size_t i = 0;
  while (i + 1 < s->path_rows && s->path_ns[i + 1] <= now_ns) i++;
  if (i + 1 == s->path_rows) return llround(s->path_n[i]);
  const double part = (double)(now_ns - s->path_ns[i]) / (double)(s->path_ns[i + 1] - s->path_ns[i]);
  return llround(s->path_n[i] + part * (s->path_n[i + 1] - s->path_n[i]));
}

/* ---- who wants to join ---- */

/** Part of the candidates who join when the income until the horizon is `ratio` times the price: their thresholds are
 *  log-normal round 1. */
static double willing(const struct dp_coverage_config *c, double ratio) {
  if (!(ratio > 0)) return 0;
  if (!(c->candidate_spread > 0)) return ratio >= 1;
  return 0.5 * erfc(-log(ratio) / c->candidate_spread / sqrt(2));
}

/** Income that owners have observed since the last look, and what candidates make of it: they see the past alone. */
static void observe(struct dp_ctx *ctx, struct dp_coverage_fleet *f, double *cost_usd_per_d) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  const double days = dp_i128_to_double(dp_flow_sum(ctx, DP_COVERAGE_FLOW_TIME)) / (double)DP_DAY;
  *cost_usd_per_d = 0;
  if (!(days > 0)) return;
  f->seen_usd_per_d = dp_i128_to_double(dp_flow_sum(ctx, DP_COVERAGE_FLOW_INCOME)) * 1e-9 / days;
  *cost_usd_per_d = dp_i128_to_double(dp_flow_sum(ctx, DP_COVERAGE_FLOW_COST)) * 1e-9 / days;
  f->expected_usd_per_d += c->belief_weight_ratio * (f->seen_usd_per_d - f->expected_usd_per_d);
}

/** Hotspots that are ordered now: wishes, as far as there are machines. */
static int64_t order(struct dp_ctx *ctx, struct dp_coverage_fleet *f, double cost_usd_per_d) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  const double months = ctx->now_ns > 0 ? (double)dp__coverage_shared(ctx)->decide_ns / (double)MONTH_NS : 0;
  const double worth = (f->expected_usd_per_d - cost_usd_per_d) * c->horizon_d;
  const double part = c->hotspot_usd > 0 ? willing(c, worth / c->hotspot_usd) : worth > 0;
  const double candidates = c->candidates_per_month_n + c->imitation_per_month_ratio * (double)f->active_n;
  f->due += fmin(candidates * part, c->supply_per_month_n) * months;
  const double n = floor(fmin(f->due, FLEET_MAX));
  f->due -= n;
  return (int64_t)n;
}

/** Those whose hotspots arrive; ordered ones follow after the lead time. */
static enum dp_status deliver(struct dp_ctx *ctx, struct dp_coverage_fleet *f, int64_t ordered) {
  const dp_time lead_ns = (dp_time)(dp__coverage_config(ctx)->lead_time_d * (double)DP_DAY);
  struct dp_table *orders = dp_own_global(ctx, DP_COVERAGE_ORDER);
  uint32_t row;
  if (ordered > 0) {
    DP_TRY(dp_table_add(orders, &row, ctx->err));
    *DP_ROW(orders, struct dp_coverage_order, row) = (struct dp_coverage_order){ctx->now_ns + lead_ns, ordered};
    f->backlog_n += ordered;
  }
  for (uint32_t i = dp_table_next(orders, 0); i != DP_NO_ROW; i = dp_table_next(orders, i + 1)) {
    const struct dp_coverage_order *o = DP_ROW(orders, struct dp_coverage_order, i);
    if (o->due_ns > ctx->now_ns) continue;
    f->enter_n += o->n;
    f->backlog_n -= o->n;
    dp_table_remove(orders, i);
  }
  return DP_OK;
}

enum dp_status dp__coverage_fleet_decide(struct dp_ctx *ctx) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  struct dp_coverage_fleet *f = dp__coverage_fleet(ctx);
  double cost;
  f->active_n = (int64_t)dp_flow_sum(ctx, DP_COVERAGE_FLOW_ACTIVE);
  f->enter_n = ctx->now_ns == 0 ? c->count : 0;
  f->exit_n = 0;
  observe(ctx, f, &cost);
  if (f->active_n > f->peak_n) {
    f->peak_n = f->active_n;
    f->peak_ns = ctx->now_ns;
  }
  if (c->mode == DP_COVERAGE_ENDOGENOUS) return deliver(ctx, f, order(ctx, f, cost));
  const int64_t more = path_now(s, ctx->now_ns) - f->active_n;
  if (more > 0) f->enter_n = more;
  else f->exit_n = -more;
  return DP_OK;
}

int64_t dp__coverage_share_ppb(const struct dp_ctx *ctx) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  double share = c->share_d.n ? 0 : 1;
  for (size_t i = 0; i < c->share_d.n && c->share_d.v[i] * (double)DP_DAY <= (double)ctx->now_ns; i++)
    share = c->share_ratio.v[i];
  return llround(share * 1e9);
}
