/* sim/market/waterfall.c — money for delivered work: who pays it, who gets it, rebates, grants to hosts. */
#include <config.h>

#include "market/waterfall.h"

#include <math.h>

#include "market/auction.h"
#include "market/flow.h"

static const struct dp_gateway_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }
static uint32_t own(const struct dp_ctx *ctx, enum dp_account_kind kind) { return dp_books_own(ctx, kind, DP_USD); }

void dp_waterfall_add(struct dp_ctx *ctx, const struct dp_paid *p) {
  struct dp_flow_cell *c = dp_flow_cell_of(ctx);
  const dp_i128 gross = p->spend_nusd + p->self_nusd, take = p->take_nusd + p->self_take_nusd;
  c->paid_nusd += p->spend_nusd - p->take_nusd;
  c->take_nusd += take;
  c->own_nusd += p->spend_nusd - p->granted_nusd;
  dp_metric_add_i128(ctx, DP_GATEWAY_SPEND, 0, gross);
  dp_metric_add_i128(ctx, DP_GATEWAY_TAKE, 0, take);
  dp_metric_add_i128(ctx, DP_GATEWAY_EARNED, 0, gross - take);
  dp_metric_add_i128(ctx, DP_GATEWAY_REVENUE, 0, p->spend_nusd - p->granted_nusd);
  if (p->granted_nusd) dp_metric_add_i128(ctx, DP_GATEWAY_GRANTED, 0, p->granted_nusd);
  if (p->self_nusd) dp_metric_add_i128(ctx, DP_GATEWAY_SELF, 0, p->self_nusd);
}

enum dp_status dp_waterfall_pay(struct dp_ctx *ctx, const struct dp_paid *p) {
  const uint32_t escrow = own(ctx, DP_ACCOUNT_ESCROW), external = own(ctx, DP_ACCOUNT_EXTERNAL);
  DP_TRY(dp_books_post(ctx, DP_REASON_CUSTOMER_PAYMENT, external, escrow, p->spend_nusd - p->granted_nusd));
  DP_TRY(dp_books_post(ctx, DP_REASON_GRANT, external, escrow, p->granted_nusd));
  DP_TRY(dp_books_post(ctx, DP_REASON_WORK_SHARE, escrow, own(ctx, DP_ACCOUNT_PAYABLE), p->spend_nusd - p->take_nusd));
  return dp_books_post(ctx, DP_REASON_PROTOCOL_TAKE, escrow, own(ctx, DP_ACCOUNT_PROTOCOL), p->take_nusd);
}

enum dp_status dp_waterfall_check(struct dp_ctx *ctx) {
  const struct dp_gateway_config *c = config_of(ctx);
  double take_ratio = c->take_ratio;
  for (const struct dp_instance *i = dp_sim_first(dp_ctx_sim(ctx), "market.auction"); i; i = dp_sim_next(i)) {
    if (!dp_instance_refers(i, "network", ctx->self)) continue;
    take_ratio = ((const struct dp_auction_config *)i->config)->take_ratio;
    if (c->self_dealing_ratio > 0)
      return dp_fail(ctx->err, DP_SCENARIO, "%s: self_dealing_ratio = %g, but the hosts of %s are leased as a whole "
                     "(leave it 0 where there is an auction)", ctx->self->name, c->self_dealing_ratio, i->name);
  }
  if (c->rebate_ratio > take_ratio)
    return dp_fail(ctx->err, DP_SCENARIO, "%s: rebate_ratio = %g gives back more than the take_ratio of %g brings "
                   "(make it smaller)", ctx->self->name, c->rebate_ratio, take_ratio);
  if (c->self_dealing_ratio > 0 && c->fidelity != DP_FIDELITY_FLOW)
    return dp_fail(ctx->err, DP_SCENARIO, "%s: self_dealing_ratio = %g: owners buy from themselves at flow fidelity only "
                   "(give the network fidelity = \"flow\", or leave it 0)", ctx->self->name, c->self_dealing_ratio);
  return DP_OK;
}

/* ---- a settlement ---- */

/** A part of what customers paid of their own goes back to them, out of the take on it. */
static enum dp_status pay_rebate(struct dp_ctx *ctx, const struct dp_flow_cell *c, dp_i128 *rebate) {
  const int64_t ppb = llround(config_of(ctx)->rebate_ratio * 1e9);
  *rebate = c->own_nusd / 1000000000 * ppb + c->own_nusd % 1000000000 * ppb / 1000000000;
  if (*rebate > c->take_nusd) *rebate = c->take_nusd;
  if (*rebate == 0) return DP_OK;
  dp_metric_add_i128(ctx, DP_GATEWAY_REBATE, 0, *rebate);
  dp_metric_add_i128(ctx, DP_GATEWAY_REVENUE, 0, -*rebate);
  return dp_books_post(ctx, DP_REASON_REBATE, own(ctx, DP_ACCOUNT_PROTOCOL), own(ctx, DP_ACCOUNT_EXTERNAL), *rebate);
}

static bool gets_grant(const struct dp_listing *l) { return l->price_nusd_per_mtok > 0 && l->up; }

/** Working hosts of the cell. */
static int64_t hosts_n(const struct dp_ctx *ctx) {
  const struct dp_table *listings = dp_own_table(ctx, DP_GATEWAY_LISTING);
  int64_t n = 0;
  for (uint32_t i = dp_table_next(listings, 0); i != DP_NO_ROW; i = dp_table_next(listings, i + 1))
    n += gets_grant(dp_listing_at(ctx, i));
  return n;
}

enum dp_status dp_waterfall_collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  struct dp_flow_cell *c = dp_flow_cell_of(ctx);
  dp_i128 rebate;
  if (!beat->settlement) return DP_OK;
  DP_TRY(pay_rebate(ctx, c, &rebate));
  DP_TRY(dp_books_post(ctx, DP_REASON_TAKE_OUT, own(ctx, DP_ACCOUNT_PROTOCOL), own(ctx, DP_ACCOUNT_BRIDGE),
                       c->take_nusd - rebate));
  if (config_of(ctx)->host_grant_usd_per_day > 0)
    DP_TRY(dp_flow_add(ctx, ctx->self, DP_GATEWAY_FLOW_HOSTS, hosts_n(ctx)));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_GATEWAY_FLOW_PAYABLE, c->paid_nusd));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_GATEWAY_FLOW_REVENUE, c->own_nusd - rebate));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_GATEWAY_FLOW_REBATE, rebate));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_GATEWAY_FLOW_TAKE, c->take_nusd));
  c->paid_nusd = c->take_nusd = c->own_nusd = 0;
  return DP_OK;
}

/** Adds to a sum since the start that others may read. */
static void publish(struct dp_ctx *ctx, unsigned value, dp_i128 nusd) {
  const dp_i128 sum = dp_value_integer(ctx, ctx->self, value) + nusd;
  dp_value_set(ctx, value, sum, dp_books_units(dp_ctx_sim(ctx), DP_USD, sum));
}

/** All that hosts are granted from the start to `t`. */
static dp_i128 granted_nusd(const struct dp_ctx *ctx, dp_time t) {
  const struct dp_gateway_config *c = config_of(ctx);
  const dp_time until = llround(c->host_grant_until_d * (double)DP_DAY);
  return (dp_i128)llround(c->host_grant_usd_per_day * 1e9) * (until > 0 && t > until ? until : t) / DP_DAY;
}

enum dp_status dp_waterfall_clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const dp_i128 take = dp_flow_sum(ctx, DP_GATEWAY_FLOW_TAKE);
  publish(ctx, DP_GATEWAY_VALUE_TAKE, take);
  publish(ctx, DP_GATEWAY_VALUE_EARNED, dp_flow_sum(ctx, DP_GATEWAY_FLOW_PAYABLE));
  publish(ctx, DP_GATEWAY_VALUE_REVENUE, dp_flow_sum(ctx, DP_GATEWAY_FLOW_REVENUE));
  if (config_of(ctx)->host_grant_usd_per_day > 0) {
    const dp_i128 n = dp_flow_sum(ctx, DP_GATEWAY_FLOW_HOSTS);
    const dp_i128 due = granted_nusd(ctx, ctx->now_ns) - granted_nusd(ctx, ctx->now_ns - beat->since_ns);
    const dp_i128 each = n > 0 ? due / n : 0;
    dp_value_set(ctx, DP_GATEWAY_VALUE_GRANT, each, dp_books_units(dp_ctx_sim(ctx), DP_USD, each));
  }
  return dp_books_post(ctx, DP_REASON_TAKE_IN, own(ctx, DP_ACCOUNT_BRIDGE),
                       dp_books_of(ctx, ctx->self, DP_ACCOUNT_TREASURY, DP_USD),
                       take - dp_flow_sum(ctx, DP_GATEWAY_FLOW_REBATE));
}

enum dp_status dp_waterfall_grant(struct dp_ctx *ctx) {
  const struct dp_table *listings = dp_own_table(ctx, DP_GATEWAY_LISTING);
  const dp_i128 each = dp_value_integer(ctx, ctx->self, DP_GATEWAY_VALUE_GRANT);
  struct dp_books_run run;
  if (config_of(ctx)->host_grant_usd_per_day <= 0 || each == 0) return DP_OK;
  DP_TRY(dp_books_run_begin(ctx, DP_REASON_HOST_GRANT, own(ctx, DP_ACCOUNT_EXTERNAL), true, &run));
  for (uint32_t i = dp_table_next(listings, 0); i != DP_NO_ROW; i = dp_table_next(listings, i + 1))
    if (gets_grant(dp_listing_at(ctx, i))) DP_TRY(dp_books_run_add(&run, dp_trade_wallet(ctx, i), each));
  dp_metric_add_i128(ctx, DP_GATEWAY_HOST_GRANT, 0, run.sum);
  return dp_books_run_end(&run);
}
