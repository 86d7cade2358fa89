/* sim/provider/fleet.c — the model "provider.fleet": hosts join, look at the market, post prices, count their money. */
#include <config.h>

#include "provider/fleet.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "provider/operators.h"

static void release(void *shared) {
  struct dp_fleet_shared *s = shared;
  if (!s) return;
  free(s->share);
  free(s->wish);
  free(s->order);
  free(s->tokens);
  free(s);
}

/** The beat of those who enter, leave, or wait for their money back; 0: there are none. */
static dp_time decision_period(const struct dp_fleet_config *config) {
  const bool decides =
      config->entry.part || config->exit.part || config->capex_ratio > 0 || config->sells == DP_SELLS_COSTS;
  return decides ? (dp_time)(config->decide_every_d * (double)DP_DAY) : 0;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  struct dp_instance *self = (struct dp_instance *)ctx->self;
  const struct dp_fleet_config *config = self->config;
  const struct dp_place *place = dp_place_of(self->sim);
  struct dp_fleet_shared *s = dp_zeros(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "a fleet");
  self->shared = s;
  s->share = dp_zeros(place->cell_n, sizeof *s->share);
  s->wish = dp_zeros(place->cell_n, sizeof *s->wish);
  s->order = dp_zeros(place->cell_n, sizeof *s->order);
  if (!s->share || !s->wish || !s->order) return dp_fail_nomem(ctx->err, "a fleet");
  dp_spread(config->count, place->supply_weight, place->cell_n, s->share);
  for (uint32_t c = 0; c < place->cell_n; c++) s->supply_weight += place->supply_weight[c];
  s->resale_age_ns = -1;
  s->decide_ns = decision_period(config);
  s->opex_nusd_per_d = llround(config->opex_usd_per_d * 1e9);
  DP_TRY(dp__fleet_views(ctx, s));
  DP_TRY(dp_table_add(dp_own_global(ctx, DP_FLEET_ORDERS), &row, ctx->err));
  if (s->decide_ns > 0) DP_TRY(dp_open_beat(ctx, "owners", s->decide_ns));
  return dp_open_beat(ctx, "reprice", (dp_time)(config->reprice_every_s * 1e9));
}

/** Orders this cell's share of the fleet from the hardware. */
static enum dp_status init_cell(struct dp_ctx *ctx) {
  const struct dp_fleet_config *config = ctx->self->config;
  const struct dp_fleet_shared *s = ctx->self->shared;
  uint32_t row;
  DP_TRY(dp_table_add(dp_own_table(ctx, DP_FLEET_OUTLOOK), &row, ctx->err));
  dp__outlook_of(ctx)->expected_usd_per_d = config->prior_usd_per_d;
  struct dp_node_build build = {.node_class = config->node.id, .provider = ctx->self->index,
                                .count = (uint32_t)s->share[ctx->cell->id]};
  struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id),
                         .instance = dp_sim_first(dp_ctx_sim(ctx), "hardware.node")->index,
                         .kind = DP_EVENT_NODE_BUILD,
                         .phase = DP_PHASE_RELEASE,
                         .size = sizeof build,
                         .payload = &build};
  return build.count ? dp_send(ctx, &m) : DP_OK;
}

static dp_time busy_ns(struct dp_ctx *ctx, uint32_t node) {
  const struct dp_fleet_shared *v = ctx->self->shared;
  if (v->flow) return *(const int64_t *)dp_view_at(ctx, &v->busy, node);
  if (!v->has_server) return 0;
  const dp_time since = *(const int64_t *)dp_view_at(ctx, &v->busy_since, node);
  return *(const int64_t *)dp_view_at(ctx, &v->busy, node) + (since >= 0 ? ctx->now_ns - since : 0);
}

double dp__electricity_usd_per_kwh(const struct dp_ctx *ctx, dp_time since_ns) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  return dp_place_electricity_usd_per_kwh(sim, dp_place_region(dp_place_of(sim), ctx->cell->id), since_ns, ctx->now_ns);
}

static double electricity_usd_per_h(struct dp_ctx *ctx) {
  const struct dp_node_class *c = dp__fleet_config(ctx)->node.part;
  return (c->overhead_w + (double)c->gpu_n * c->tdp_w) / 1000 * dp__electricity_usd_per_kwh(ctx, ctx->now_ns);
}

static double local_hour(struct dp_ctx *ctx) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_place *place = dp_place_of(sim);
  const double offset_h = place->regions[dp_place_region(place, ctx->cell->id)]->utc_offset_h;
  const int64_t t = sim->spec.start_epoch_ns + ctx->now_ns + (int64_t)(offset_h * 3600) * DP_S;
  return (double)(((t % DP_DAY) + DP_DAY) % DP_DAY) / (double)DP_HOUR;
}

/** What all hosts of a fleet in a cell see alike. */
struct sight {
  double electricity_usd_per_h, hour, day;
};

static struct sight look_around(struct dp_ctx *ctx) {
  return (struct sight){electricity_usd_per_h(ctx), local_hour(ctx), (double)ctx->now_ns / (double)DP_DAY};
}

/** Asks the policy of one host and posts the price if it is another one. */
static enum dp_status decide(struct dp_ctx *ctx, uint32_t node, const struct sight *sight, int64_t lowest_nusd) {
  const struct dp_fleet_config *config = ctx->self->config;
  struct dp_table *hosts = dp_own_table(ctx, DP_FLEET_HOST);
  struct dp_host *h = DP_ROW(hosts, struct dp_host, node);
  const dp_time busy = busy_ns(ctx, node), span = ctx->now_ns - h->decided_ns;
  const double obs[DP_PRICING_OBS_N] = {
      [DP_PRICING_PRICE] = (double)h->price_nusd_per_mtok / 1e9,
      [DP_PRICING_LOWEST] = (double)lowest_nusd / 1e9,
      [DP_PRICING_UTILISATION] = span > 0 ? (double)(busy - h->busy_seen_ns) / (double)span : 0,
      [DP_PRICING_ELECTRICITY] = sight->electricity_usd_per_h,
      [DP_PRICING_HOUR] = sight->hour,
      [DP_PRICING_DAY] = sight->day,
  };
  const dp_entity entity = dp_table_entity(hosts, node);
  struct dp_rng rng = dp_ctx_rng_later(ctx, entity, DP_STREAM(DP_STREAM_PRICING, ctx->self->index), h->decision_n);
  double action[1] = {0};
  struct dp_policy_call call = {.obs = obs, .state = h->policy_state, .action = action, .rng = &rng};
  DP_TRY(config->pricing->decide(config->pricing, &call, ctx->err));
  if (!(action[0] > 0 && action[0] <= DP_PRICE_MAX_USD_PER_MTOK))
    return dp_fail(ctx->err, DP_SCENARIO, "%s: pricing policy '%s' set a price of %g USD/Mtok (it must be in (0, 1e6])",
                   ctx->self->name, config->pricing->name, action[0]);
  const bool as_before = action[0] == obs[DP_PRICING_PRICE]; /* which rounds to the price that it was made of */
  const int64_t rounded = as_before ? h->price_nusd_per_mtok : llround(action[0] * 1e9);
  const int64_t price = rounded > 0 ? rounded : 1;
  h->busy_seen_ns = busy;
  h->decided_ns = ctx->now_ns;
  h->decision_n++;
  if (price == h->price_nusd_per_mtok) return DP_OK;
  h->price_nusd_per_mtok = price;
  struct dp_price_posted posted = {.price_nusd_per_mtok = h->price_nusd_per_mtok, .market = config->network.instance};
  return dp_emit(ctx, DP_EVENT_PRICE_POSTED, DP_PHASE_RELEASE, entity, &posted, sizeof posted);
}

static enum dp_status join(struct dp_ctx *ctx, uint32_t node, const struct dp_event *event) {
  struct dp_node_build joined;
  dp_event_payload(event, &joined, sizeof joined);
  if (joined.provider != ctx->self->index) return DP_OK;
  const struct dp_fleet_config *config = ctx->self->config;
  struct dp_host *h = dp__host_at(ctx, node);
  h->fleet = ctx->self->index;
  h->sell_ppb = llround(config->sell_ratio * 1e9);
  for (size_t i = 0; i < DP_POLICY_STATE_MAX; i++) h->policy_state[i] = config->pricing->state_init[i];
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_WALLET, DP_USD, event->dest, &h->usd_account));
  DP_TRY(dp__host_born(ctx, node, joined.note));
  h->decided_ns = ctx->now_ns;
  dp_metric_add(ctx, DP_FLEET_DECISIONS, 0, 1);
  const struct sight sight = look_around(ctx);
  return decide(ctx, node, &sight, 0);
}

static enum dp_status left(struct dp_ctx *ctx, uint32_t node) {
  const struct dp_host *h = dp__host_at(ctx, node);
  if (h->fleet != ctx->self->index) return DP_OK;
  if (h->state == DP_HOST_LEAVING) dp__outlook_of(ctx)->leaving_n--;
  dp__host_look(ctx, node);
  return dp__host_close(ctx, node);
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  const uint32_t node = dp_table_find(dp_own_table(ctx, DP_FLEET_HOST), event->dest);
  if (node == DP_NO_ROW) return DP_OK;
  return event->kind == DP_EVENT_NODE_JOINED ? join(ctx, node, event) : left(ctx, node);
}

/** Lowest and second lowest price of the working hosts of the same network in this cell, whatever their fleet. */
struct lowest {
  int64_t first, second;
  uint32_t who;
};

static struct lowest find_lowest(struct dp_ctx *ctx) {
  const struct dp_fleet_shared *v = ctx->self->shared;
  struct dp_table *listings = dp_view_table(ctx, &v->price);
  struct lowest l = {INT64_MAX, INT64_MAX, DP_NO_ROW};
  for (uint32_t i = dp_table_next(listings, 0); i != DP_NO_ROW; i = dp_table_next(listings, i + 1)) {
    const int64_t price = *(const int64_t *)dp_view_at(ctx, &v->price, i);
    if (price == 0 || !*(const uint8_t *)dp_view_at(ctx, &v->up, i)) continue;
    if (price < l.first) {
      l.second = l.first;
      l.first = price;
      l.who = i;
    } else if (price < l.second) {
      l.second = price;
    }
  }
  return l;
}

static bool does_not_look(const struct dp_ctx *ctx) {
  return dp__fleet_config(ctx)->pricing->decide == dp_policy_fixed.decide;
}

/** A decision for the same price. */
static void stay(struct dp_ctx *ctx, uint32_t node) {
  struct dp_host *h = dp__host_at(ctx, node);
  h->busy_seen_ns = busy_ns(ctx, node);
  h->decided_ns = ctx->now_ns;
  h->decision_n++;
}

/** Every host decides against the prices as they stood when the beat began: no one gains by his place in the table. */
static enum dp_status reprice(struct dp_ctx *ctx) {
  const struct dp_fleet_shared *v = ctx->self->shared;
  const bool fixed = does_not_look(ctx);
  const struct lowest l = fixed ? (struct lowest){0} : find_lowest(ctx);
  const struct sight sight = look_around(ctx);
  int64_t decision_n = 0;
  for (uint32_t i = dp__host_next(ctx, 0); i != DP_NO_ROW; i = dp__host_next(ctx, i + 1)) {
    if (!*(const uint8_t *)dp_view_at(ctx, &v->up, i)) continue;
    const int64_t lowest = i == l.who ? l.second : l.first;
    decision_n++;
    if (fixed) stay(ctx, i);
    else DP_TRY(decide(ctx, i, &sight, lowest == INT64_MAX ? 0 : lowest));
  }
  dp_metric_add(ctx, DP_FLEET_DECISIONS, 0, decision_n);
  return DP_OK;
}

static bool owners_decide(const struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const dp_time period_ns = dp__fleet_shared(ctx)->decide_ns;
  return beat->own && period_ns > 0 && (beat->last || ctx->now_ns % period_ns == 0);
}

static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (beat->settlement && dp__fleet_shared(ctx)->opex_nusd_per_d > 0)
    for (uint32_t i = dp__host_next(ctx, 0); i != DP_NO_ROW; i = dp__host_next(ctx, i + 1))
      DP_TRY(dp__host_pay_opex(ctx, i));
  if (owners_decide(ctx, beat)) DP_TRY(dp__outlook_collect(ctx, beat));
  if (beat->last) dp__fleet_reckon(ctx);
  return DP_OK;
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  return owners_decide(ctx, beat) ? dp__outlook_clear(ctx, beat) : DP_OK;
}

static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (beat->last || ctx->now_ns == 0) return DP_OK;
  const struct dp_fleet_config *config = ctx->self->config;
  const dp_time reprice_ns = (dp_time)(config->reprice_every_s * 1e9);
  const bool news = beat->settlement || !dp__fleet_shared(ctx)->flow;
  if (beat->own && news && ctx->now_ns % reprice_ns == 0) DP_TRY(reprice(ctx));
  if (beat->settlement) DP_TRY(dp__leave_settle(ctx));
  if (!owners_decide(ctx, beat)) return DP_OK;
  if (config->exit.part) DP_TRY(dp__leave_decide(ctx));
  return config->entry.part ? dp__outlook_order(ctx) : DP_OK;
}

/** What the cell's hosts add up to. */
struct tally {
  int64_t host_n, active_n, in_profit_n;
  dp_i128 net_nusd, profit_nusd, price_nusd;
};

/** Those who have left speak too. */
static struct tally tally_departed(const struct dp_ctx *ctx) {
  const struct dp_table *cohorts = dp_own_table(ctx, DP_FLEET_COHORT);
  struct tally t = {0};
  for (uint32_t i = dp_table_next(cohorts, 0); i != DP_NO_ROW; i = dp_table_next(cohorts, i + 1)) {
    const struct dp_cohort *c = DP_ROW(cohorts, struct dp_cohort, i);
    t.in_profit_n += c->exited_in_profit_n;
    t.net_nusd += c->exited_net_nusd;
    t.profit_nusd += c->exited_net_nusd + c->exited_resale_nusd;
    t.profit_nusd -= c->capex_nusd; /* that of those who are here too */
  }
  return t;
}

static enum dp_status sample_cell(struct dp_ctx *ctx) {
  const uint16_t region = dp_place_region(dp_place_of(dp_ctx_sim(ctx)), ctx->cell->id);
  const struct dp__cash cash = dp__cash_of(ctx);
  struct tally t = tally_departed(ctx);
  for (uint32_t i = dp__host_next(ctx, 0); i != DP_NO_ROW; i = dp__host_next(ctx, i + 1)) {
    const struct dp_host *h = dp__host_at(ctx, i);
    const dp_i128 net = dp__cash_net_nusd(&cash, h, i);
    const int64_t resale = dp__resale_nusd(ctx, h, *(const dp_time *)dp_strip_at(&cash.joined, i));
    t.host_n++;
    t.in_profit_n += net + resale - h->capex_nusd > 0;
    t.net_nusd += net;
    t.profit_nusd += net + resale;
    t.active_n += h->state == DP_HOST_ACTIVE;
    t.price_nusd += h->state == DP_HOST_ACTIVE ? h->price_nusd_per_mtok : 0;
  }
  dp_metric_set(ctx, DP_FLEET_HOSTS, region, t.host_n);
  dp_metric_set(ctx, DP_FLEET_ACTIVE, region, t.active_n);
  dp_metric_set(ctx, DP_FLEET_IN_PROFIT, 0, t.in_profit_n);
  dp_metric_set(ctx, DP_FLEET_NET, 0, t.net_nusd);
  dp_metric_set(ctx, DP_FLEET_PROFIT, 0, t.profit_nusd);
  dp_metric_set(ctx, DP_FLEET_PRICE, 0, t.price_nusd);
  return DP_OK;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  dp_metric_set_global(ctx, DP_FLEET_INCOME, dp_value_real(ctx, ctx->self, DP_FLEET_VALUE_INCOME));
  return DP_OK;
}

#include "provider/fleet_tables.inc"
