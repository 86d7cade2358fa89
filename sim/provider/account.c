/* sim/provider/account.c — a host's money: what it has earned and cost, its cohort, its owner, its end. */
#include <config.h>

#include <math.h>
#include <stdlib.h>

#include "provider/npv.h"
#include "provider/operators.h"

/* ---- what it has ---- */

static int64_t seen(const struct dp_ctx *ctx, const struct dp_view *view, uint32_t node) {
  return *(const int64_t *)dp_view_at(ctx, view, node);
}

dp_i128 dp__host_gross_nusd(const struct dp_ctx *ctx, uint32_t node) {
  return dp__host_net_nusd(ctx, node) + seen(ctx, &dp__fleet_shared(ctx)->electricity, node) +
         dp__host_at(ctx, node)->cost_nusd;
}

double dp__resale_share(const struct dp_ctx *ctx, dp_time age_ns) {
  const struct dp_exit_config *exit = dp__fleet_config(ctx)->exit.part;
  struct dp_fleet_shared *s = ctx->self->shared;
  const double age_d = (double)age_ns / (double)DP_DAY;
  s->resale_age_ns = age_ns;
  s->resale_share = !exit || (exit->life_d > 0 && age_d >= exit->life_d)
                        ? 0
                        : dp_operator_resale_share(exit->resale_ratio, exit->depreciation_ratio, age_d);
  return s->resale_share;
}

int64_t dp__host_resale_nusd(const struct dp_ctx *ctx, uint32_t node) {
  return dp__resale_nusd(ctx, dp__host_at(ctx, node), seen(ctx, &dp__fleet_shared(ctx)->joined, node));
}

dp_i128 dp__host_profit_nusd(const struct dp_ctx *ctx, uint32_t node) {
  return dp__host_net_nusd(ctx, node) + dp__host_resale_nusd(ctx, node) - dp__host_at(ctx, node)->capex_nusd;
}

int64_t dp__worth_nusd(double usd) { return llround(fmax(-1e18, fmin(usd * 1e9, 1e18))); }

/** All that it earned, its tokens at their price; what owners are compared by. */
static int64_t income_nusd(const struct dp_ctx *ctx, uint32_t node) {
  const struct dp_fleet_shared *s = dp__fleet_shared(ctx);
  dp_i128 sum = dp__host_gross_nusd(ctx, node);
  for (size_t i = 0; i < s->token_n; i++)
    if (s->tokens[i].slot >= 0)
      sum += dp__worth_nusd(dp__host_tokens(ctx, &s->tokens[i], node) * dp__token_price_usd(ctx, &s->tokens[i]));
  return sum < 0 ? 0 : sum < INT64_MAX ? (int64_t)sum : INT64_MAX;
}

/* ---- what it pays ---- */

enum dp_status dp__host_pay(struct dp_ctx *ctx, uint32_t node, dp_i128 nusd) {
  struct dp_host *h = dp__host_at(ctx, node);
  const uint32_t external = dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
  const dp_i128 missing = nusd - dp_books_balance(ctx, h->usd_account);
  if (nusd > INT64_MAX - h->cost_nusd)
    return dp_fail(ctx->err, DP_INVARIANT, "%s: the costs of a host pass 9.2e9 usd", ctx->self->name);
  if (missing > 0) {
    DP_TRY(dp_books_post(ctx, DP_REASON_OWNER_CAPITAL, external, h->usd_account, missing));
    h->capital_nusd += (int64_t)missing;
  }
  h->cost_nusd += (int64_t)nusd;
  return dp_books_post(ctx, DP_REASON_OPERATING_COST, h->usd_account, external, nusd);
}

enum dp_status dp__host_pay_opex(struct dp_ctx *ctx, uint32_t node) {
  struct dp_host *h = dp__host_at(ctx, node);
  const dp_i128 rate = dp__fleet_shared(ctx)->opex_nusd_per_d;
  if (rate == 0 || h->state != DP_HOST_ACTIVE) return DP_OK;
  const dp_i128 nusd = rate * ctx->now_ns / DP_DAY - rate * h->opex_ns / DP_DAY;
  h->opex_ns = ctx->now_ns;
  return dp__host_pay(ctx, node, nusd);
}

/* ---- cohorts ---- */

static uint32_t month_now(const struct dp_ctx *ctx) {
  char text[DP_DATE_TEXT];
  dp_format_date(dp_ctx_sim(ctx)->spec.start_epoch_ns + ctx->now_ns, text);
  return (uint32_t)atoi(text) * 100 + (uint32_t)atoi(text + 5);
}

static struct dp_cohort *cohort_at(const struct dp_ctx *ctx, uint32_t row) {
  return DP_ROW(dp_own_table(ctx, DP_FLEET_COHORT), struct dp_cohort, row);
}

/** The row of this month: the last one, or a new one. */
static enum dp_status find_cohort(struct dp_ctx *ctx, uint32_t *row) {
  struct dp_table *cohorts = dp_own_table(ctx, DP_FLEET_COHORT);
  const uint32_t month = month_now(ctx);
  *row = cohorts->row_n - 1;
  if (cohorts->row_n > 0 && cohort_at(ctx, *row)->month == month) return DP_OK;
  DP_TRY(dp_table_add(cohorts, row, ctx->err));
  cohort_at(ctx, *row)->month = month;
  return DP_OK;
}

void dp__host_pay_back(struct dp_ctx *ctx, uint32_t node) {
  struct dp_host *h = dp__host_at(ctx, node);
  if (h->capex_nusd == 0 || h->paid_back_ns > 0 || dp__host_net_nusd(ctx, node) < h->capex_nusd) return;
  const dp_time age = ctx->now_ns - seen(ctx, &dp__fleet_shared(ctx)->joined, node);
  h->paid_back_ns = age > 0 ? age : 1;
  cohort_at(ctx, h->cohort)->paid_back_n++;
  dp_metric_add(ctx, DP_FLEET_PAID_BACK, 0, 1);
  dp_metric_record(ctx, DP_FLEET_PAYBACK, h->paid_back_ns);
}

/* ---- owners ---- */

/** The owner of a host of this cell taken at random: rich owners get richer (Simon 1955). 0 if none is met. */
static uint32_t owner_of_another(const struct dp_ctx *ctx, struct dp_rng *rng) {
  const struct dp_table *hosts = dp_own_table(ctx, DP_FLEET_HOST);
  const uint32_t owned_n = dp__outlook_of(ctx)->owned_n;
  if (owned_n == 0) return 0;
  for (uint64_t tries = 64 * ((uint64_t)hosts->row_n / owned_n + 1); tries > 0; tries--) {
    const uint32_t row = (uint32_t)dp_rng_below(rng, hosts->row_n);
    const struct dp_host *h = dp__host_at(ctx, row);
    if (dp_table_alive(hosts, row) && h->fleet == ctx->self->index && h->owner > 0) return h->owner;
  }
  return 0;
}

static enum dp_status find_owner(struct dp_ctx *ctx, uint32_t node, struct dp_rng *rng) {
  struct dp_table *owners = dp_own_table(ctx, DP_FLEET_OWNER);
  if (dp__fleet_config(ctx)->new_owner_ratio >= 1) return DP_OK;
  uint32_t owner = 0, row;
  if (dp_rng_uniform(rng) >= dp__fleet_config(ctx)->new_owner_ratio) owner = owner_of_another(ctx, rng);
  if (owner == 0) {
    DP_TRY(dp_table_add(owners, &row, ctx->err));
    owner = row + 1;
  }
  dp__host_at(ctx, node)->owner = owner;
  DP_ROW(owners, struct dp_owner, owner - 1)->host_n++;
  dp__outlook_of(ctx)->owned_n++;
  return DP_OK;
}

/** Adds a host's income to its owner's, who has come to his end with his last host. */
static void credit_owner(struct dp_ctx *ctx, const struct dp_host *h, int64_t income, bool leaves) {
  struct dp_table *owners = dp_own_table(ctx, DP_FLEET_OWNER);
  if (h->owner == 0) {
    dp_metric_record(ctx, DP_FLEET_OWNER_INCOME, income);
    return;
  }
  struct dp_owner *owner = DP_ROW(owners, struct dp_owner, h->owner - 1);
  if (__builtin_add_overflow(owner->income_nusd, income, &owner->income_nusd)) owner->income_nusd = INT64_MAX;
  if (!leaves) return;
  dp__outlook_of(ctx)->owned_n--;
  if (--owner->host_n > 0) return;
  dp_metric_record(ctx, DP_FLEET_OWNER_INCOME, owner->income_nusd);
  dp_table_remove(owners, h->owner - 1);
}

/* ---- birth ---- */

/** Costs and optimism of its owner, from what it was ordered with: the cost factors at which buying one, and running one
 *  that is there, break even. */
static void draw_costs(struct dp_ctx *ctx, struct dp_host *h, uint64_t note, struct dp_rng *rng) {
  const struct dp_fleet_config *config = dp__fleet_config(ctx);
  const struct dp_node_class *class = config->node.part;
  const struct dp_entry_config *entry = config->entry.part;
  const struct dp_unequal unequal = dp__fleet_unequal(ctx);
  const double buyer = note ? (double)(note & UINT32_MAX) / 1e6 : DP_FACTOR_MAX;
  const double runner = note ? (double)(note >> 32) / 1e6 : DP_FACTOR_MAX;
  const double buyers = (1 - (entry ? entry->spare_ratio : 0)) * dp_operator_share_below(buyer, &unequal);
  const double runners = (entry ? entry->spare_ratio : 0) * dp_operator_share_below(runner, &unequal);
  const double u = dp_rng_uniform(rng), who = dp_rng_uniform(rng);
  const bool spare = note && who * (buyers + runners) >= buyers;
  const double v = unequal.belief > 0 ? dp_rng_uniform(rng) : 0.5;
  double belief;
  const double factor = dp_operator_factor_below(u, v, spare ? runner : buyer, &unequal, &belief);
  const double paid = note ? !spare : config->capex_ratio;
  const double capex = fmin(paid * class->price_usd * factor * 1e9, 9e18);
  h->capex_nusd = llround(capex);
  h->tariff_ppm = config->cost_spread > 0 ? (uint32_t)fmax(1, rint(factor * 1e6)) : 0;
  h->belief_ppm = config->belief_spread > 0 ? (uint32_t)fmax(1, rint(fmin(belief, DP_FACTOR_MAX) * 1e6)) : 0;
}

enum dp_status dp__host_born(struct dp_ctx *ctx, uint32_t node, uint64_t note) {
  struct dp_host *h = dp__host_at(ctx, node);
  const dp_entity entity = dp_table_entity(dp_own_table(ctx, DP_FLEET_HOST), node);
  struct dp_rng rng = dp_ctx_rng(ctx, entity, DP_STREAM(DP_STREAM_HOST, ctx->self->index), 0);
  h->seen_ns = h->opex_ns = ctx->now_ns;
  draw_costs(ctx, h, note, &rng);
  DP_TRY(find_cohort(ctx, &h->cohort));
  struct dp_cohort *c = cohort_at(ctx, h->cohort);
  c->entered_n++;
  c->invested_n += h->capex_nusd > 0;
  c->capex_nusd += h->capex_nusd;
  dp_metric_add(ctx, DP_FLEET_ENTERED, dp_place_region(dp_place_of(dp_ctx_sim(ctx)), ctx->cell->id), 1);
  dp_metric_add(ctx, DP_FLEET_INVESTED, 0, h->capex_nusd > 0);
  dp_metric_add(ctx, DP_FLEET_CAPEX, 0, h->capex_nusd);
  return find_owner(ctx, node, &rng);
}

/* ---- death, and the end of the run ---- */

/** Tokens that nobody bought go to the public of the cell. */
static enum dp_status close_tokens(struct dp_ctx *ctx, uint32_t node) {
  const struct dp_fleet_shared *s = dp__fleet_shared(ctx);
  for (size_t i = 0; i < s->token_n; i++) {
    const uint32_t account = *(const uint32_t *)dp_view_at(ctx, &s->tokens[i].account, node);
    if (account == 0) continue;
    const uint32_t public = dp_books_own(ctx, DP_ACCOUNT_HOLDERS, dp_books_asset_of(ctx, account));
    DP_TRY(dp_books_post(ctx, DP_REASON_DEPARTED_TOKENS, account, public, dp_books_balance(ctx, account)));
    DP_TRY(dp_books_close(ctx, account));
  }
  return DP_OK;
}

enum dp_status dp__host_close(struct dp_ctx *ctx, uint32_t node) {
  struct dp_host *h = dp__host_at(ctx, node);
  struct dp_cohort *c = cohort_at(ctx, h->cohort);
  const int64_t resale = dp__host_resale_nusd(ctx, node);
  const dp_time end_ns = h->state == DP_HOST_LEAVING ? h->left_ns : ctx->now_ns;
  dp__host_pay_back(ctx, node);
  c->exited_n++;
  c->exited_in_profit_n += dp__host_profit_nusd(ctx, node) > 0;
  c->exited_net_nusd += dp__host_net_nusd(ctx, node);
  c->exited_resale_nusd += resale;
  c->exited_life_ns += end_ns - seen(ctx, &dp__fleet_shared(ctx)->joined, node);
  dp_metric_add(ctx, DP_FLEET_EXITED, dp_place_region(dp_place_of(dp_ctx_sim(ctx)), ctx->cell->id), 1);
  dp_metric_add(ctx, DP_FLEET_RESALE, 0, resale);
  credit_owner(ctx, h, income_nusd(ctx, node), true);
  DP_TRY(close_tokens(ctx, node));
  DP_TRY(dp_books_post(ctx, DP_REASON_OWNER_WITHDRAWAL, h->usd_account,
                       dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), dp_books_balance(ctx, h->usd_account)));
  return dp_books_close(ctx, h->usd_account);
}

void dp__fleet_reckon(struct dp_ctx *ctx) {
  struct dp_table *owners = dp_own_table(ctx, DP_FLEET_OWNER);
  for (uint32_t i = dp__host_next(ctx, 0); i != DP_NO_ROW; i = dp__host_next(ctx, i + 1)) {
    const struct dp_host *h = dp__host_at(ctx, i);
    struct dp_cohort *c = cohort_at(ctx, h->cohort);
    dp__host_pay_back(ctx, i);
    c->active_n++;
    c->active_in_profit_n += dp__host_profit_nusd(ctx, i) > 0;
    c->active_net_nusd += dp__host_net_nusd(ctx, i);
    c->active_resale_nusd += dp__host_resale_nusd(ctx, i);
    c->active_life_ns += ctx->now_ns - seen(ctx, &dp__fleet_shared(ctx)->joined, i);
    credit_owner(ctx, h, income_nusd(ctx, i), false);
  }
  for (uint32_t i = dp_table_next(owners, 0); i != DP_NO_ROW; i = dp_table_next(owners, i + 1))
    dp_metric_record(ctx, DP_FLEET_OWNER_INCOME, DP_ROW(owners, struct dp_owner, i)->income_nusd);
}
