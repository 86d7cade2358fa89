/* sim/provider/outlook.c — what owners observe, what they expect of it, and who buys a machine.
 * Nobody sees the future: an expectation is made of incomes that hosts have had. */
#include <config.h>

#include <math.h>

#include "provider/npv.h"
#include "provider/operators.h"

#define PPM INT64_C(1000000)
#define MONTH_NS ((dp_i128)(DP_DAYS_A_YEAR / 12 * 86400e9))

/* ---- observation ---- */

double dp__token_price_usd(const struct dp_ctx *ctx, const struct dp_fleet_token *token) {
  return token->exchange ? dp_value_real(ctx, token->exchange, token->price) : 0;
}

double dp__host_tokens(const struct dp_ctx *ctx, const struct dp_fleet_token *token, uint32_t node) {
  const uint32_t account = *(const uint32_t *)dp_view_at(ctx, &token->account, node);
  if (account == 0) return 0;
  return dp_books_units(dp_ctx_sim(ctx), dp_books_asset_of(ctx, account), dp_books_balance(ctx, account));
}

/** What came into its wallets since the last look: cash, and tokens at their present price. */
static int64_t income_since(struct dp_ctx *ctx, struct dp_host *h, uint32_t node) {
  const struct dp_fleet_shared *s = dp__fleet_shared(ctx);
  const int64_t gross = (int64_t)dp__host_gross_nusd(ctx, node);
  int64_t income = gross - h->seen_gross_nusd;
  h->seen_gross_nusd = gross;
  for (size_t i = 0; i < s->token_n; i++) {
    if (s->tokens[i].slot < 0) continue;
    double *kept = &h->kept[s->tokens[i].slot];
    const double tokens = dp__host_tokens(ctx, &s->tokens[i], node);
    income += dp__worth_nusd((tokens - *kept) * dp__token_price_usd(ctx, &s->tokens[i]));
    *kept = tokens;
  }
  return income;
}

void dp__host_look(struct dp_ctx *ctx, uint32_t node) {
  const struct dp_fleet_shared *s = dp__fleet_shared(ctx);
  struct dp_host *h = dp__host_at(ctx, node);
  struct dp_outlook *o = dp__outlook_of(ctx);
  const int64_t energy = *(const int64_t *)dp_view_at(ctx, &s->energy, node);
  const int64_t cost = *(const int64_t *)dp_view_at(ctx, &s->electricity, node) + h->cost_nusd;
  dp__host_choose_sales(ctx, node);
  const int64_t income = income_since(ctx, h, node);
  const dp_time span = ctx->now_ns - h->seen_ns;
  o->income_nusd += income;
  o->host_ns += h->state == DP_HOST_ACTIVE ? span : 0;
  o->energy_mws += energy - h->seen_energy_mws;
  h->window_nusd += income - (cost - h->seen_cost_nusd);
  h->window_ns += span;
  h->seen_energy_mws = energy;
  h->seen_cost_nusd = cost;
  h->seen_ns = ctx->now_ns;
  dp__host_pay_back(ctx, node);
}

/* ---- belief ---- */

/** A geometric annuity of ratio w below 1: Σ_{t=1}^{n} w^t; n for w = 1. */
static double annuity_of(double w, double n) { return w < 1 ? w * (1 - pow(w, n)) / (1 - w) : n; }

/** The constant income that is worth as much as y returning to the mean of the past by an autoregression fitted to the
 *  past, y' = a + b y with b in [0, 1]. */
static double autoregressive(const struct dp_ctx *ctx, const struct dp_outlook *o) {
  const struct dp_fleet_config *config = dp__fleet_config(ctx);
  const struct dp_entry_config *entry = config->entry.part;
  const double days = entry ? entry->horizon_d : DP_DAYS_A_YEAR, y = o->latest_usd_per_d;
  const double variance = o->n * o->sum_xx - o->sum_x * o->sum_x;
  if (o->n < 3 || !(variance > 1e-12 * o->n * o->sum_xx)) return y;
  const double b = (o->n * o->sum_xy - o->sum_x * o->sum_y) / variance;
  if (!(b < 1)) return y;
  const double persistence = fmax(b, 0), mean = (o->sum_y - persistence * o->sum_x) / o->n / (1 - persistence);
  const double v = dp_operator_discount(config->hurdle_ratio, 1);
  const double w = v * pow(persistence, 1 / config->decide_every_d);
  return fmax(0, mean + (y - mean) * annuity_of(w, days) / annuity_of(v, days));
}

/** Takes an observation in. */
static void learn(const struct dp_ctx *ctx, struct dp_outlook *o, double y) {
  const struct dp_fleet_config *config = dp__fleet_config(ctx);
  const double x = o->latest_usd_per_d;
  if (o->observation_n > 0) {
    o->n += 1;
    o->sum_x += x;
    o->sum_y += y;
    o->sum_xx += x * x;
    o->sum_xy += x * y;
  }
  o->latest_usd_per_d = y;
  o->observation_n++;
  switch (config->belief) {
    case DP_BELIEF_ADAPTIVE:
      o->expected_usd_per_d += config->belief_weight_ratio * (y - o->expected_usd_per_d);
      break;
    case DP_BELIEF_AUTOREGRESSIVE: o->expected_usd_per_d = autoregressive(ctx, o); break;
    default: o->expected_usd_per_d = y;
  }
}

static double per_host_day(dp_i128 amount, dp_i128 host_ns) {
  return dp_i128_to_double(amount) / dp_i128_to_double(host_ns) * (double)DP_DAY;
}

/** Energy as hosts of the network used it lately, at the cell's price of the last day; full power while nobody has used
 *  any. */
double dp__outlook_electricity_usd_per_d(const struct dp_ctx *ctx) {
  const struct dp_node_class *c = dp__fleet_config(ctx)->node.part;
  const double seen = dp_value_real(ctx, ctx->self, DP_FLEET_VALUE_ENERGY);
  const double full = (c->overhead_w + (double)c->gpu_n * c->tdp_w) * 24 / 1000;
  return (seen > 0 ? seen : full) * dp__electricity_usd_per_kwh(ctx, ctx->now_ns - DP_DAY);
}

/* ---- who would buy ---- */

/** Cost factors at which buying a machine, and running one that is there, break even here. */
static void find_break_even(const struct dp_ctx *ctx, struct dp_outlook *o) {
  const struct dp_fleet_config *config = dp__fleet_config(ctx);
  const struct dp_entry_config *entry = config->entry.part;
  const struct dp_exit_config *exit = config->exit.part;
  struct dp_machine_plan plan = {.income_usd_per_d = o->expected_usd_per_d,
                                 .electricity_usd_per_d = dp__outlook_electricity_usd_per_d(ctx),
                                 .opex_usd_per_d = config->opex_usd_per_d,
                                 .price_usd = ((const struct dp_node_class *)config->node.part)->price_usd,
                                 .hurdle_ratio = config->hurdle_ratio,
                                 .horizon_d = entry->horizon_d};
  if (exit && !(exit->life_d > 0 && exit->life_d <= entry->horizon_d))
    plan.resale_share = dp_operator_resale_share(exit->resale_ratio, exit->depreciation_ratio, entry->horizon_d);
  o->buyer_ppm = (uint32_t)llround(dp_operator_break_even_factor(&plan) * 1e6);
  plan.price_usd = 0;
  o->runner_ppm = (uint32_t)llround(dp_operator_break_even_factor(&plan) * 1e6);
}

/** Machines that the cell's candidates of the last period would buy, in millionths, and what it has a claim to. */
static int64_t wish_ppm(struct dp_ctx *ctx) {
  const struct dp_fleet_config *config = dp__fleet_config(ctx);
  const struct dp_entry_config *entry = config->entry.part;
  const struct dp_fleet_shared *s = dp__fleet_shared(ctx);
  const double weight = dp_place_of(dp_ctx_sim(ctx))->supply_weight[ctx->cell->id] / s->supply_weight;
  const dp_time span = ctx->now_ns < s->decide_ns ? ctx->now_ns : s->decide_ns;
  struct dp_outlook *o = dp__outlook_of(ctx);
  find_break_even(ctx, o);
  const struct dp_unequal unequal = dp__fleet_unequal(ctx);
  const double share = (1 - entry->spare_ratio) * dp_operator_share_below(o->buyer_ppm / 1e6, &unequal) +
                       entry->spare_ratio * dp_operator_share_below(o->runner_ppm / 1e6, &unequal);
  const double candidates = entry->candidates_per_month_n * ((double)span / (double)MONTH_NS) * weight;
  return llround(fmin(candidates * share, 1e9) * 1e6) + o->rest_ppm;
}

enum dp_status dp__outlook_collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  struct dp_outlook *o = dp__outlook_of(ctx);
  for (uint32_t i = dp__host_next(ctx, 0); i != DP_NO_ROW; i = dp__host_next(ctx, i + 1)) dp__host_look(ctx, i);
  const double elsewhere = dp_value_real(ctx, ctx->self, DP_FLEET_VALUE_INCOME);
  if (o->host_ns > 0) learn(ctx, o, fmax(0, per_host_day(o->income_nusd, o->host_ns) / 1e9));
  else if (dp_value_integer(ctx, ctx->self, DP_FLEET_VALUE_INCOME) > 0) learn(ctx, o, elsewhere);
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_FLEET_FLOW_INCOME, o->income_nusd));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_FLEET_FLOW_TIME, o->host_ns));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_FLEET_FLOW_ENERGY, o->energy_mws));
  o->income_nusd = o->host_ns = o->energy_mws = 0;
  struct dp_fleet_bulletin b = {.wish_ppm = dp__fleet_config(ctx)->entry.part && !beat->last ? wish_ppm(ctx) : 0};
  dp_bulletin_post(ctx, &b);
  return DP_OK;
}

/* ---- the order ---- */

/** Machines that have come to the market up to a time. */
static int64_t supply_until(const struct dp_entry_config *entry, dp_time t) {
  return (int64_t)fmin(floor(entry->supply_per_month_n * ((double)t / (double)MONTH_NS)), 4e18);
}

/** What is on the market and wished for is bought, and spread over the cells by their wishes. */
static void buy(const struct dp_ctx *ctx, const struct dp_fleet_shared *s, struct dp_orders *orders) {
  const struct dp_entry_config *entry = dp__fleet_config(ctx)->entry.part;
  const uint32_t cell_n = dp_place_of(dp_ctx_sim(ctx))->cell_n;
  dp_i128 wished = 0;
  orders->wished_ppm = 0;
  for (uint32_t c = 0; c < cell_n; c++) {
    const int64_t wish = ((const struct dp_fleet_bulletin *)dp_bulletin(ctx, ctx->self, c))->wish_ppm;
    wished += wish;
    orders->wished_ppm += wish > 0 ? wish : 0;
    s->wish[c] = wish > 0 ? (double)wish : 0;
    s->order[c] = 0;
  }
  const int64_t supply = supply_until(entry, ctx->now_ns) - supply_until(entry, orders->ordered_ns);
  const int64_t n = wished > 0 ? (int64_t)(wished / PPM) : 0;
  orders->scarce = n > supply;
  orders->latest_n = n > supply ? supply : n;
  if (orders->latest_n > 0) dp_spread(orders->latest_n, s->wish, cell_n, s->order);
  orders->ordered_n += orders->latest_n;
  orders->ordered_ns = ctx->now_ns;
}

/** What the cell keeps as a claim: its part of what was bought, less what it got, so that small parts add up. When
 *  machines were scarce, who got none decides anew. */
static int64_t rest_ppm(const struct dp_ctx *ctx, int64_t got_n) {
  const struct dp_orders *orders = DP_ROW(dp_own_global(ctx, DP_FLEET_ORDERS), struct dp_orders, 0);
  const int64_t wish = ((const struct dp_fleet_bulletin *)dp_bulletin(ctx, ctx->self, ctx->cell->id))->wish_ppm;
  if (!orders->scarce || wish <= 0) return wish - got_n * PPM;
  return (int64_t)((dp_i128)wish * orders->latest_n * PPM / orders->wished_ppm) - got_n * PPM;
}

enum dp_status dp__outlook_clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  struct dp_orders *orders = DP_ROW(dp_own_global(ctx, DP_FLEET_ORDERS), struct dp_orders, 0);
  const dp_i128 host_ns = dp_flow_sum(ctx, DP_FLEET_FLOW_TIME);
  if (host_ns > 0) {
    const double income = fmax(0, per_host_day(dp_flow_sum(ctx, DP_FLEET_FLOW_INCOME), host_ns) / 1e9);
    const double energy = per_host_day(dp_flow_sum(ctx, DP_FLEET_FLOW_ENERGY), host_ns) / 3.6e9;
    dp_value_set(ctx, DP_FLEET_VALUE_INCOME, 1, income);
    dp_value_set(ctx, DP_FLEET_VALUE_ENERGY, 1, energy);
  }
  if (dp__fleet_config(ctx)->entry.part && !beat->last) buy(ctx, dp__fleet_shared(ctx), orders);
  return DP_OK;
}

enum dp_status dp__outlook_order(struct dp_ctx *ctx) {
  const struct dp_fleet_config *config = dp__fleet_config(ctx);
  const struct dp_entry_config *entry = config->entry.part;
  struct dp_outlook *o = dp__outlook_of(ctx);
  const int64_t n = dp__fleet_shared(ctx)->order[ctx->cell->id];
  o->rest_ppm = rest_ppm(ctx, n);
  if (n == 0) return DP_OK;
  struct dp_node_build build = {.node_class = config->node.id, .provider = ctx->self->index, .count = (uint32_t)n,
                                .note = o->buyer_ppm | (uint64_t)o->runner_ppm << 32};
  struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id),
                         .time_ns = dp_time_add(ctx->now_ns, (dp_time)(entry->lead_time_d * (double)DP_DAY)),
                         .instance = dp_sim_first(dp_ctx_sim(ctx), "hardware.node")->index,
                         .kind = DP_EVENT_NODE_BUILD,
                         .phase = DP_PHASE_RELEASE,
                         .size = sizeof build,
                         .payload = &build};
  dp_metric_add(ctx, DP_FLEET_ORDERED, 0, n);
  return dp_send(ctx, &m);
}
