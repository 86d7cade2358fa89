/* sim/wireless/coverage.c — the model "wireless.coverage": a cell takes its part of the emission by the weights of its
 * hotspots, offers what they sell, and lets owners look and decide now and then. */
#include <config.h>

#include "wireless/coverage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "place/place.h"
#include "wireless/coverage_priv.h"

/* ---- init ---- */

static enum dp_status find_token(struct dp_ctx *ctx, struct dp__coverage *s) {
  const struct dp_sim *sim = dp_ctx_sim(ctx);
  s->token = dp_sim_instance(sim, dp__coverage_config(ctx)->token.instance);
  if (!dp_instance_chose(s->token, "rewards", "coverage"))
    return dp_fail(ctx->err, DP_SCENARIO, "wireless.coverage: %s rewards work (give it rewards = \"coverage\")",
                   s->token->name);
  for (const struct dp_instance *i = dp_sim_first(sim, ctx->self->model->name); i != ctx->self; i = dp_sim_next(i))
    if (((const struct dp_coverage_config *)i->config)->token.instance == s->token->index)
      return dp_fail(ctx->err, DP_SCENARIO, "wireless.coverage: %s and %s both share the emission of %s (one may)",
                     i->name, ctx->self->name, s->token->name);
  while (strcmp(dp_books_asset_at(sim, s->asset)->name, s->token->name) != 0) s->asset++;
  for (int i = 0; i < dp_books_asset_at(sim, s->asset)->decimals; i++) s->unit *= 10;
  DP_TRY(dp_flow_find(s->token, "work", &s->work_flow, ctx->err));
  DP_TRY(dp_flow_find(s->token, "rewarded", &s->rewarded_flow, ctx->err));
  DP_TRY(dp_value_find(s->token, "emission", &s->emission_value, ctx->err));
  return dp_value_find(s->token, "work", &s->work_value, ctx->err);
}

static enum dp_status find_exchange(struct dp_ctx *ctx, struct dp__coverage *s) {
  const struct dp_instance *i = dp_sim_first(dp_ctx_sim(ctx), "ledger.exchange");
  while (i && !dp_instance_refers(i, "token", s->token)) i = dp_sim_next(i);
  s->exchange = i;
  if (!i) return DP_OK;
  s->sell_ppb = llround(dp__coverage_config(ctx)->sell_ratio * 1e9);
  DP_TRY(dp_flow_find(i, "tokens_offered", &s->offered_flow, ctx->err));
  DP_TRY(dp_flow_find(i, "proceeds_taken", &s->taken_flow, ctx->err));
  DP_TRY(dp_value_find(i, "tokens_sold", &s->sold_value, ctx->err));
  DP_TRY(dp_value_find(i, "proceeds", &s->proceeds_value, ctx->err));
  return dp_value_find(i, "price_usd", &s->price_value, ctx->err);
}

/** Weights as growing parts of 1. */
static double *cumulative(struct dp_numbers weights, size_t n) {
  double *out = dp_zeros(n, sizeof *out), sum = 0, all = 0;
  for (size_t i = 0; i < n; i++) all += weights.n ? weights.v[i] : 1;
  for (size_t i = 0; out && i < n; i++) out[i] = (sum += weights.n ? weights.v[i] : 1) / all;
  return out;
}

static enum dp_status prepare_strata(struct dp_ctx *ctx, struct dp__coverage *s) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  s->power_n = c->power_w.n;
  s->tariff_n = c->electricity_usd_per_kwh.n;
  s->power_share = cumulative(c->power_weight, s->power_n);
  s->tariff_share = cumulative(c->electricity_weight, s->tariff_n);
  s->bill_nusd_per_h = dp_zeros(s->power_n * s->tariff_n, sizeof *s->bill_nusd_per_h);
  if (!s->power_share || !s->tariff_share || !s->bill_nusd_per_h) return dp_fail_nomem(ctx->err, "strata");
  for (size_t i = 0; i < s->power_n; i++)
    for (size_t k = 0; k < s->tariff_n; k++)
      s->bill_nusd_per_h[i * s->tariff_n + k] = llround(c->power_w.v[i] / 1000 * c->electricity_usd_per_kwh.v[k] * 1e9);
  for (int64_t w = 0; w <= c->witness_max; w++) dp_coverage_units(w, &s->beaconer[w], &s->each[w]);
  return DP_OK;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  const struct dp_place *place = dp_place_of(dp_ctx_sim(ctx));
  struct dp__coverage *s = dp_zeros(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "coverage");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  s->unit = 1;
  s->decide_ns = (dp_time)(c->decide_every_d * (double)DP_DAY);
  if (s->decide_ns < 2 * dp_ctx_sim(ctx)->spec.settle_every_ns)
    return dp_fail(ctx->err, DP_SCENARIO, "wireless.coverage: decide_every_d = %g is shorter than two settlements "
                   "(make one longer, or settle_every_s shorter)", c->decide_every_d);
  s->cell_n = place->cell_n;
  s->cell_weight = dp_zeros(s->cell_n, sizeof *s->cell_weight);
  if (!s->cell_weight) return dp_fail_nomem(ctx->err, "coverage");
  memcpy(s->cell_weight, place->supply_weight, s->cell_n * sizeof *s->cell_weight);
  DP_TRY(find_token(ctx, s));
  DP_TRY(find_exchange(ctx, s));
  DP_TRY(prepare_strata(ctx, s));
  DP_TRY(dp__fleet_path(ctx, s));
  DP_TRY(dp_table_add(dp_own_global(ctx, DP_COVERAGE_FLEET), &row, ctx->err));
  dp__coverage_fleet(ctx)->expected_usd_per_d = c->prior_usd_per_d;
  return DP_OK;
}

static void release(void *shared) {
  struct dp__coverage *s = shared;
  if (!s) return;
  free(s->bill_nusd_per_h);
  free(s->power_share);
  free(s->tariff_share);
  free(s->path_ns);
  free(s->path_n);
  free(s->cell_weight);
  free(s);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  const dp_entity owner = dp_entity_of_cell(ctx->cell->id);
  uint32_t row;
  DP_TRY(dp_table_add(dp_own_table(ctx, DP_COVERAGE_CELL), &row, ctx->err));
  struct dp_coverage_cell *cell = dp__coverage_cell(ctx);
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_WALLET, s->asset, owner, &cell->token_account));
  return dp_books_open(ctx, DP_ACCOUNT_WALLET, DP_USD, owner, &cell->usd_account);
}

/* ---- a settlement ---- */

bool dp__coverage_decides(const struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const dp_time period = dp__coverage_shared(ctx)->decide_ns;
  return beat->settlement &&
         (beat->last || ctx->now_ns == 0 || ctx->now_ns / period != (ctx->now_ns - beat->since_ns) / period);
}

double dp__coverage_price_usd(const struct dp_ctx *ctx) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  return s->exchange ? dp_value_real(ctx, s->exchange, s->price_value) : 0;
}

/** Hands in the cell's weight, what it took last time, and what its hotspots sell. */
static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  struct dp_coverage_cell *cell = dp__coverage_cell(ctx);
  if (!beat->settlement) return DP_OK;
  DP_TRY(dp_flow_add(ctx, s->token, s->work_flow, cell->weight_sum));
  DP_TRY(dp_flow_add(ctx, s->token, s->rewarded_flow, cell->rewarded));
  if (s->exchange) {
    cell->offered = cell->unsold;
    cell->unsold = 0;
    DP_TRY(dp_flow_add(ctx, s->exchange, s->offered_flow, cell->offered));
    DP_TRY(dp_flow_add(ctx, s->exchange, s->taken_flow, cell->proceeds));
    DP_TRY(dp_books_post(ctx, DP_REASON_SALE_OUT, cell->token_account, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset),
                         cell->offered));
  }
  return dp__coverage_decides(ctx, beat) && ctx->now_ns > 0 ? dp__hotspots_look(ctx) : DP_OK;
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  struct dp_coverage_fleet *f = dp__coverage_fleet(ctx);
  if (!beat->settlement) return DP_OK;
  const double price = dp__coverage_price_usd(ctx);
  if (price > f->peak_usd) {
    f->peak_usd = price;
    f->price_peak_ns = ctx->now_ns;
  }
  if (dp__coverage_decides(ctx, beat)) DP_TRY(dp__coverage_fleet_decide(ctx));
  dp_value_set(ctx, DP_COVERAGE_VALUE_ENTER, f->enter_n, (double)f->enter_n);
  dp_value_set(ctx, DP_COVERAGE_VALUE_EXIT, f->exit_n, (double)f->exit_n);
  dp_value_set(ctx, DP_COVERAGE_VALUE_ACTIVE, f->active_n, (double)f->active_n);
  const int64_t share = dp__coverage_share_ppb(ctx);
  dp_value_set(ctx, DP_COVERAGE_VALUE_SHARE, share, (double)share * 1e-9);
  return DP_OK;
}

/** ⌊all · own / sum⌋. */
static enum dp_status part_of(struct dp_ctx *ctx, dp_i128 all, dp_i128 own, dp_i128 sum, dp_i128 *part) {
  dp_u128 out = 0;
  *part = 0;
  if (sum <= 0 || own <= 0) return DP_OK;
  if (!dp_u128_mul_div((dp_u128)all, (dp_u128)own, (dp_u128)sum, DP_ROUND_DOWN, &out))
    return dp_fail(ctx->err, DP_INVARIANT, "wireless.coverage: a share overflows 127 bits");
  *part = (dp_i128)out;
  return DP_OK;
}

/** What the cell's hotspots sold has brought: to those whose weights earned it, which is the weights before the last
 *  change for the first settlement after it. */
static enum dp_status receive_usd(struct dp_ctx *ctx, struct dp_coverage_cell *cell) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  const int64_t weight = cell->waiting ? cell->weight_before : cell->weight_sum;
  dp_i128 usd = 0;
  if (s->exchange)
    DP_TRY(part_of(ctx, dp_value_integer(ctx, s->exchange, s->proceeds_value), cell->offered,
                   dp_value_integer(ctx, s->exchange, s->sold_value), &usd));
  cell->proceeds = usd;
  cell->proceeds_sum += usd;
  if (weight > 0) cell->usd_index += (usd << DP_COVERAGE_INDEX_BITS) / weight;
  if (cell->waiting) cell->usd_changed = cell->usd_index;
  cell->waiting = 0;
  const uint32_t bridge = dp_books_own(ctx, DP_ACCOUNT_BRIDGE, DP_USD);
  return dp_books_post(ctx, DP_REASON_PROCEEDS_IN, bridge, cell->usd_account, usd);
}

/** The cell's part of the settlement's emission. */
static enum dp_status receive_tokens(struct dp_ctx *ctx, struct dp_coverage_cell *cell) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  dp_i128 part, mine, sell;
  DP_TRY(part_of(ctx, dp_value_integer(ctx, s->token, s->emission_value), cell->weight_sum,
                 dp_value_integer(ctx, s->token, s->work_value), &part));
  DP_TRY(part_of(ctx, part, dp_value_integer(ctx, ctx->self, DP_COVERAGE_VALUE_SHARE), 1000000000, &mine));
  DP_TRY(part_of(ctx, mine, s->sell_ppb, 1000000000, &sell));
  cell->rewarded = mine;
  cell->rewarded_sum += mine;
  cell->unsold += sell;
  if (mine > 0) cell->token_index += (mine << DP_COVERAGE_INDEX_BITS) / cell->weight_sum;
  dp_metric_add_f(ctx, DP_COVERAGE_REWARDED, 0, dp_books_units(dp_ctx_sim(ctx), s->asset, mine));
  return dp_books_post(ctx, DP_REASON_REWARD_IN, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset), cell->token_account,
                       mine);
}

/** This cell's part of those who join, of all cells' in the same way. */
static enum dp_status joining(struct dp_ctx *ctx, int64_t *n) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  int64_t *split = dp_zeros(s->cell_n, sizeof *split);
  if (!split) return dp_fail_nomem(ctx->err, "coverage");
  dp_spread((int64_t)dp_value_integer(ctx, ctx->self, DP_COVERAGE_VALUE_ENTER), s->cell_weight, s->cell_n, split);
  *n = split[ctx->cell->id];
  free(split);
  return DP_OK;
}

static enum dp_status come_and_go(struct dp_ctx *ctx, struct dp_density *d) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  int64_t enter;
  const int64_t on = dp_own_table(ctx, DP_COVERAGE_HOTSPOT)->live_n;
  DP_TRY(joining(ctx, &enter));
  DP_TRY(dp__hotspots_room(ctx, d, enter));
  if (c->mode == DP_COVERAGE_ENDOGENOUS) {
    DP_TRY(dp__hotspots_leave(ctx, d));
  } else {
    const int64_t all = (int64_t)dp_value_integer(ctx, ctx->self, DP_COVERAGE_VALUE_ACTIVE);
    const int64_t exits = (int64_t)dp_value_integer(ctx, ctx->self, DP_COVERAGE_VALUE_EXIT);
    DP_TRY(dp__hotspots_leave_worst(ctx, d, all > 0 ? exits * on / all : 0));
  }
  DP_TRY(dp__hotspots_join(ctx, d, enter));
  DP_TRY(dp_density_settle(d, ctx->err));
  return dp__hotspots_weigh(ctx, d);
}

/** Owners decide; everybody's weight follows. */
static enum dp_status round_of(struct dp_ctx *ctx) {
  static const struct dp_density_rule *const rules[] = {NULL, dp_density_2020, dp_density_2023};
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  struct dp_coverage_cell *cell = dp__coverage_cell(ctx);
  struct dp_density d;
  cell->weight_before = cell->weight_sum;
  cell->waiting = 1;
  cell->round++;
  enum dp_status status = dp_density_begin(&d, dp_own_table(ctx, DP_COVERAGE_HEXAGON), rules[c->density], &cell->used_n,
                                           cell->round, (uint32_t)c->hexes_n, ctx->err);
  if (status == DP_OK) status = come_and_go(ctx, &d);
  dp_density_end(&d);
  return status;
}

static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  if (!beat->settlement) return DP_OK;
  DP_TRY(receive_usd(ctx, dp__coverage_cell(ctx)));
  DP_TRY(receive_tokens(ctx, dp__coverage_cell(ctx)));
  return dp__coverage_decides(ctx, beat) && !beat->last ? round_of(ctx) : DP_OK;
}

/* ---- measures and invariants ---- */

static enum dp_status sample_cell(struct dp_ctx *ctx) {
  const struct dp_table *hotspots = dp_own_table(ctx, DP_COVERAGE_HOTSPOT);
  dp_metric_set(ctx, DP_COVERAGE_HOTSPOTS, 0, hotspots->live_n);
  dp_metric_set(ctx, DP_COVERAGE_WEIGHT, 0, dp__coverage_cell(ctx)->weight_sum);
  return DP_OK;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct dp_coverage_fleet *f = dp__coverage_fleet(ctx);
  dp_metric_set_global(ctx, DP_COVERAGE_PEAK, (double)f->peak_n);
  dp_metric_set_global(ctx, DP_COVERAGE_PEAK_DAY, (double)f->peak_ns / (double)DP_DAY);
  dp_metric_set_global(ctx, DP_COVERAGE_PRICE_PEAK_DAY, (double)f->price_peak_ns / (double)DP_DAY);
  dp_metric_set_global(ctx, DP_COVERAGE_EXPECTED, f->expected_usd_per_d);
  dp_metric_set_global(ctx, DP_COVERAGE_CONDITIONAL_N, dp__coverage_config(ctx)->mode == DP_COVERAGE_CONDITIONAL);
  return DP_OK;
}

/* Hotspots never take more than their cell has got. */
static enum dp_status check_cell(struct dp_ctx *ctx) {
  const struct dp_coverage_cell *cell = dp__coverage_cell(ctx);
  if (cell->taken_token <= cell->rewarded_sum && cell->taken_nusd <= cell->proceeds_sum && cell->weight_sum >= 0)
    return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "wireless.coverage: hotspots of cell %u took more than their cell has got",
                 ctx->cell->id);
}

static const char *conditional(const void *config) {
  return ((const struct dp_coverage_config *)config)->mode == DP_COVERAGE_CONDITIONAL ? "fleet" : NULL;
}

static enum dp_status check_lists(const struct dp_coverage_config *c, struct dp_err *err) {
  if (c->share_d.n != c->share_ratio.n)
    return dp_fail(err, DP_SCENARIO, "wireless.coverage: share_d has %zu days and share_ratio %zu parts (one each)",
                   c->share_d.n, c->share_ratio.n);
  if (c->fleet_d.n != c->fleet_n.n)
    return dp_fail(err, DP_SCENARIO, "wireless.coverage: fleet_d has %zu days and fleet_n %zu numbers (one each)",
                   c->fleet_d.n, c->fleet_n.n);
  if (c->power_w.n == 0 || c->power_w.n > 16 || (c->power_weight.n && c->power_weight.n != c->power_w.n))
    return dp_fail(err, DP_SCENARIO, "wireless.coverage: power_w needs 1 to 16 values, and power_weight one for each");
  if (c->electricity_usd_per_kwh.n == 0 || c->electricity_usd_per_kwh.n > 16 ||
      (c->electricity_weight.n && c->electricity_weight.n != c->electricity_usd_per_kwh.n))
    return dp_fail(err, DP_SCENARIO, "wireless.coverage: electricity_usd_per_kwh needs 1 to 16 values, and "
                   "electricity_weight one for each");
  return DP_OK;
}

static enum dp_status check_config(void *config, struct dp_err *err) {
  const struct dp_coverage_config *c = config;
  const bool path = c->fleet_csv[0] || c->fleet_d.n;
  DP_TRY(check_lists(c, err));
  if (c->near_resolution <= c->range_resolution)
    return dp_fail(err, DP_SCENARIO, "wireless.coverage: near_resolution = %lld must be finer than range_resolution = "
                   "%lld",
                   (long long)c->near_resolution, (long long)c->range_resolution);
  if (c->mode == DP_COVERAGE_ENDOGENOUS && path)
    return dp_fail(err, DP_SCENARIO, "wireless.coverage: a fleet's path belongs to mode = \"conditional\" (elsewhere "
                   "owners decide)");
  if (c->mode == DP_COVERAGE_CONDITIONAL && (c->fleet_csv[0] != 0) == (c->fleet_d.n > 0))
    return dp_fail(err, DP_SCENARIO, "wireless.coverage: mode = \"conditional\" needs either fleet_csv, or fleet_d and "
                   "fleet_n");
  if (c->mode == DP_COVERAGE_CONDITIONAL && c->count > 0)
    return dp_fail(err, DP_SCENARIO, "wireless.coverage: mode = \"conditional\" takes the hotspots of the start from "
                   "the path (leave count out)");
  return DP_OK;
}

#include "wireless/coverage_tables.inc"
