/* sim/provider/leave.c — hosts switch off, on again, and leave: what a window has brought against what else the machine
 * could bring. */
#include <config.h>

#include <math.h>

#include "provider/npv.h"
#include "provider/operators.h"

#define QUIET_SETTLEMENTS 3 /* the last work is paid, its tokens come, are sold, and bring their proceeds */

static const struct dp_exit_config *exit_of(const struct dp_ctx *ctx) { return dp__fleet_config(ctx)->exit.part; }

static enum dp_status tell_hardware(struct dp_ctx *ctx, uint32_t node, uint16_t kind, const void *payload,
                                    uint8_t size) {
  struct dp_message m = {.dest = dp_table_entity(dp_own_table(ctx, DP_FLEET_HOST), node),
                         .time_ns = ctx->now_ns,
                         .instance = dp_sim_first(dp_ctx_sim(ctx), "hardware.node")->index,
                         .kind = kind,
                         .phase = DP_PHASE_RELEASE,
                         .size = size,
                         .payload = payload};
  return dp_send(ctx, &m);
}

static enum dp_status turn(struct dp_ctx *ctx, uint32_t node, uint32_t on) {
  struct dp_node_switch to = {.on = on};
  return tell_hardware(ctx, node, DP_EVENT_NODE_SWITCH, &to, sizeof to);
}

static enum dp_status switch_off(struct dp_ctx *ctx, uint32_t node, enum dp_host_state state) {
  DP_TRY(dp__host_pay_opex(ctx, node));
  dp__host_at(ctx, node)->state = (uint8_t)state;
  return turn(ctx, node, 0);
}

static enum dp_status switch_on(struct dp_ctx *ctx, uint32_t node) {
  struct dp_host *h = dp__host_at(ctx, node);
  h->state = DP_HOST_ACTIVE;
  h->opex_ns = ctx->now_ns;
  DP_TRY(dp__host_pay(ctx, node, llround(exit_of(ctx)->restart_cost_usd * 1e9)));
  return turn(ctx, node, 1);
}

static enum dp_status leave(struct dp_ctx *ctx, uint32_t node) {
  struct dp_host *h = dp__host_at(ctx, node);
  const int64_t sell_ppb = llround(exit_of(ctx)->sell_ratio * 1e9);
  DP_TRY(switch_off(ctx, node, DP_HOST_LEAVING));
  h->left_ns = ctx->now_ns;
  if (h->sell_ppb < sell_ppb) h->sell_ppb = sell_ppb;
  dp__outlook_of(ctx)->leaving_n++;
  return DP_OK;
}

/* ---- what a day of running brings, and what a day of having the machine here costs ---- */

static double gain_usd_per_d(const struct dp_ctx *ctx, const struct dp_host *h) {
  if (h->state == DP_HOST_ACTIVE) return (double)h->window_nusd / 1e9 / ((double)h->window_ns / (double)DP_DAY);
  const double factor = h->tariff_ppm ? h->tariff_ppm / 1e6 : 1, belief = h->belief_ppm ? h->belief_ppm / 1e6 : 1;
  return belief * (dp__outlook_of(ctx)->expected_usd_per_d - dp__fleet_config(ctx)->opex_usd_per_d) -
         factor * dp__outlook_electricity_usd_per_d(ctx);
}

static double lost_usd_per_d(const struct dp_ctx *ctx, uint32_t node) {
  const struct dp_exit_config *exit = exit_of(ctx);
  const double worth = (double)dp__host_resale_nusd(ctx, node) / 1e9;
  const double user_cost =
      dp_operator_user_cost_usd_per_d(worth, dp__fleet_config(ctx)->hurdle_ratio, exit->depreciation_ratio);
  return fmax(user_cost, exit->rental_elsewhere_usd_per_h * 24);
}

/** The end of a window: it pays to stay, or the first time not, or again not. */
static enum dp_status judge(struct dp_ctx *ctx, uint32_t node) {
  struct dp_host *h = dp__host_at(ctx, node);
  const struct dp_exit_config *exit = exit_of(ctx);
  const double gain = gain_usd_per_d(ctx, h);
  bool pays = gain >= lost_usd_per_d(ctx, node);
  if (h->state == DP_HOST_OFF) pays = pays && gain * exit->patience_d > exit->restart_cost_usd;
  h->window_nusd = 0;
  h->window_ns = 0;
  h->strike_n = pays ? 0 : (uint8_t)(h->strike_n + 1);
  if (h->strike_n >= 2) return leave(ctx, node);
  if (h->state == DP_HOST_OFF) return pays ? switch_on(ctx, node) : DP_OK;
  return gain < 0 ? switch_off(ctx, node, DP_HOST_OFF) : DP_OK;
}

enum dp_status dp__leave_decide(struct dp_ctx *ctx) {
  const struct dp_exit_config *exit = exit_of(ctx);
  const struct dp_fleet_shared *s = dp__fleet_shared(ctx);
  const dp_time patience_ns = (dp_time)(exit->patience_d * (double)DP_DAY);
  const dp_time life_ns = exit->life_d > 0 ? (dp_time)(exit->life_d * (double)DP_DAY) : DP_TIME_MAX;
  for (uint32_t i = dp__host_next(ctx, 0); i != DP_NO_ROW; i = dp__host_next(ctx, i + 1)) {
    const struct dp_host *h = dp__host_at(ctx, i);
    if (h->state == DP_HOST_LEAVING) continue;
    const dp_time age = ctx->now_ns - *(const int64_t *)dp_view_at(ctx, &s->joined, i);
    if (age >= life_ns) DP_TRY(leave(ctx, i));
    else if (h->window_ns >= patience_ns) DP_TRY(judge(ctx, i));
  }
  return DP_OK;
}

/* ---- going ---- */

static bool has_nothing_due(const struct dp_ctx *ctx, uint32_t node) {
  const struct dp_fleet_shared *s = dp__fleet_shared(ctx);
  return *(const uint8_t *)dp_view_at(ctx, &s->up, node) == 0 &&
         *(const int64_t *)dp_view_at(ctx, &s->payable, node) == 0 &&
         *(const uint32_t *)dp_view_at(ctx, &s->in_flight, node) == 0;
}

enum dp_status dp__leave_settle(struct dp_ctx *ctx) {
  if (dp__outlook_of(ctx)->leaving_n == 0) return DP_OK;
  for (uint32_t i = dp__host_next(ctx, 0); i != DP_NO_ROW; i = dp__host_next(ctx, i + 1)) {
    struct dp_host *h = dp__host_at(ctx, i);
    if (h->state != DP_HOST_LEAVING || h->quiet_n == QUIET_SETTLEMENTS) continue;
    h->quiet_n = has_nothing_due(ctx, i) ? (uint8_t)(h->quiet_n + 1) : 0;
    if (h->quiet_n == QUIET_SETTLEMENTS) DP_TRY(tell_hardware(ctx, i, DP_EVENT_NODE_REMOVE, NULL, 0));
  }
  return DP_OK;
}
