/* sim/market/stock.c — hosts at flow fidelity, summed by hardware class, so that a quote need not look at them. */
#include <config.h>

#include <math.h>

#include "market/flow.h"

static const struct dp_gateway_shared *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }

/** Adds a listing to the sums of its class, or takes it away (sign −1). */
static void count(struct dp_stock *s, const struct dp_listing *l, int sign) {
  const dp_i128 price = sign * (dp_i128)l->price_nusd_per_mtok;
  if (l->price_nusd_per_mtok == 0) return;
  s->listed_n += (uint32_t)sign;
  s->price_sum += price;
  s->away_ns += sign * l->away_ns;
  s->price_away += price * l->away_ns;
  if (l->up) return;
  s->down_n += (uint32_t)sign;
  s->price_down += price;
}

double dp_stock_job_utok(const struct dp_ctx *ctx) {
  const struct dp_flow_shared *flow = &shared_of(ctx)->flow;
  const double prompt = *(const double *)dp_view_at(ctx, &flow->prompt, 0);
  return prompt * (double)shared_of(ctx)->prompt_price_ppm + *(const double *)dp_view_at(ctx, &flow->output, 0) * 1e6;
}

/** What a node of this class does for the customers, in millionths of a unit a second. */
static void set_rates(struct dp_ctx *ctx, struct dp_stock *s) {
  const struct dp_flow_shared *flow = &shared_of(ctx)->flow;
  const struct dp_node_class *class = dp_sim_part(dp_ctx_sim(ctx), "hardware.class", s->node_class);
  s->slots_n = 1;
  s->rate_utok_per_s = s->solo_utok_per_s = llround(class->work_per_s * 1e6);
  if (class->work_per_s > 0 || !flow->has_demand) return;
  const double job_utok = dp_stock_job_utok(ctx);
  s->rate_utok_per_s = llround(*(const double *)dp_view_at(ctx, &flow->jobs_per_s, s->node_class) * job_utok);
  s->solo_utok_per_s = llround(*(const double *)dp_view_at(ctx, &flow->solo_jobs_per_s, s->node_class) * job_utok);
  s->first_token_s = *(const double *)dp_view_at(ctx, &flow->first_token_s, s->node_class);
  s->slots_n = *(const uint32_t *)dp_view_at(ctx, &flow->slots_n, s->node_class);
}

/** A host's work in an interval must fit 63 bits. */
static enum dp_status check_rate(struct dp_ctx *ctx, const struct dp_stock *s) {
  const struct dp_spec *spec = &dp_ctx_sim(ctx)->spec;
  const double interval_s = dp_time_s(spec->settle_every_ns < spec->end_ns ? spec->settle_every_ns : spec->end_ns);
  if ((double)s->rate_utok_per_s * interval_s < 4e18) return DP_OK;
  return dp_fail(ctx->err, DP_SCENARIO, "market.gateway: %s: a host does %g units of work a second, too many for an "
                 "interval of %g s (take a larger unit, or settle more often)", ctx->self->name,
                 (double)s->rate_utok_per_s / 1e6, interval_s);
}

static enum dp_status find_stock(struct dp_ctx *ctx, uint16_t node_class, uint16_t *out) {
  struct dp_table *stocks = dp_own_table(ctx, DP_GATEWAY_STOCK);
  uint32_t row = 0;
  while (row < stocks->row_n && dp_stock_at(ctx, row)->node_class != node_class) row++;
  if (row == stocks->row_n) {
    DP_TRY(dp_table_add(stocks, &row, ctx->err));
    dp_stock_at(ctx, row)->node_class = node_class;
    set_rates(ctx, dp_stock_at(ctx, row));
    DP_TRY(check_rate(ctx, dp_stock_at(ctx, row)));
  }
  *out = (uint16_t)row;
  return DP_OK;
}

enum dp_status dp_stock_enlist(struct dp_ctx *ctx, uint32_t node, int64_t price_nusd_per_mtok) {
  const struct dp_gateway_shared *s = shared_of(ctx);
  const uint16_t fleet = *(const uint16_t *)dp_view_at(ctx, &s->provider, node);
  struct dp_listing *l = dp_listing_at(ctx, node);
  DP_TRY(find_stock(ctx, *(const uint16_t *)dp_view_at(ctx, &s->flow.node_class, node), &l->tier));
  l->wallet = *(const uint32_t *)dp_view_at(ctx, &s->usd_account[fleet], node);
  l->price_nusd_per_mtok = price_nusd_per_mtok;
  l->up = 1;
  l->away_ns = ctx->now_ns - dp_flow_cell_of(ctx)->since_ns;
  count(dp_stock_at(ctx, l->tier), l, 1);
  return DP_OK;
}

void dp_stock_price(struct dp_ctx *ctx, uint32_t node, int64_t price_nusd_per_mtok) {
  struct dp_listing *l = dp_listing_at(ctx, node);
  struct dp_stock *s = dp_stock_at(ctx, l->tier);
  count(s, l, -1);
  l->price_nusd_per_mtok = price_nusd_per_mtok;
  count(s, l, 1);
}

void dp_stock_up(struct dp_ctx *ctx, uint32_t node, bool up) {
  struct dp_listing *l = dp_listing_at(ctx, node);
  if (l->price_nusd_per_mtok == 0 || l->up == up) return;
  struct dp_stock *s = dp_stock_at(ctx, l->tier);
  const dp_time gone = ctx->now_ns - dp_flow_cell_of(ctx)->since_ns;
  count(s, l, -1);
  l->up = up;
  l->away_ns += up ? gone : -gone;
  count(s, l, 1);
}

struct dp_capacity dp_stock_capacity(const struct dp_ctx *ctx, dp_time end_ns) {
  const uint32_t stock_n = dp_own_table(ctx, DP_GATEWAY_STOCK)->row_n;
  const dp_time span = end_ns - dp_flow_cell_of(ctx)->since_ns;
  struct dp_capacity all = {0};
  for (uint32_t i = 0; i < stock_n; i++) {
    const struct dp_stock *s = dp_stock_at(ctx, i);
    const dp_i128 ns = (dp_i128)(s->listed_n - s->down_n) * span - s->away_ns;
    const double price_ns = (double)(s->price_sum - s->price_down) * (double)span - (double)s->price_away;
    const double utok = (double)ns * (double)s->rate_utok_per_s / 1e9;
    all.utok += ns / DP_S * s->rate_utok_per_s + ns % DP_S * s->rate_utok_per_s / DP_S;
    all.nusd += price_ns * ((double)s->rate_utok_per_s * 1e-21);
    if (span > 0 && s->rate_utok_per_s > 0) {
      all.hosts += (double)ns / (double)span;
      all.slots += (double)ns / (double)span * s->slots_n;
    }
    all.first_token_s += utok * s->first_token_s;
  }
  if (all.utok > 0) all.first_token_s /= (double)all.utok;
  return all;
}

double dp_flow_wait_s(double load_ratio, double places, double job_s) {
  const double most = 1e6;
  if (load_ratio <= 0) return 0;
  if (load_ratio >= 1 || places <= 0) return most;
  const double wait = job_s / places * pow(load_ratio, sqrt(2 * (places + 1)) - 1) / (1 - load_ratio);
  return wait < most ? wait : most;
}
