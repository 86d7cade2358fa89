/* sim/ledger/sector.c — the model "ledger.sector": a synthetic table of projects, and their choice of a chain. */
#include <config.h>

#include "ledger/sector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_PER_YEAR 365.0

/** Row 0 of the table "sector". */
struct sector_state {
  double fee_usd_per_d;   /* of all projects, as of the last decision */
  double fee_usd, paid_usd; /* since the start */
  double first_fee_ratio;
  int64_t month_n;        /* decisions taken */
  int64_t moved_n, first_move_ns;
  dp_time seen_ns;        /* up to which fees are counted */
};

struct shared {
  const struct dp_instance *chains[DP_SECTOR_CHAIN_MAX];
  size_t chain_n;
};

enum { PROJECT_TABLE, OPTION_TABLE, STATE_TABLE };

static const struct dp_sector_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }
static const struct shared *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }
static struct dp_project *project_at(const struct dp_ctx *ctx, uint32_t i) {
  return DP_ROW(dp_own_global(ctx, PROJECT_TABLE), struct dp_project, i);
}
static struct dp_sector_option *option_at(const struct dp_ctx *ctx, size_t k) {
  return DP_ROW(dp_own_global(ctx, OPTION_TABLE), struct dp_sector_option, (uint32_t)k);
}
static struct sector_state *state_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_global(ctx, STATE_TABLE), struct sector_state, 0);
}
static uint32_t project_n(const struct dp_ctx *ctx) { return dp_own_global(ctx, PROJECT_TABLE)->row_n; }

/* ---- the table of projects ---- */

static double top_ten(int64_t n, double s) {
  double ten = 0, all = 0;
  for (int64_t r = n; r >= 1; r--) {
    const double w = pow((double)r, -s);
    all += w;
    if (r <= 10) ten += w;
  }
  return ten / all;
}

double dp_sector_power(int64_t n, double ratio) {
  double low = 0, high = 30;
  for (int i = 0; i < 100; i++) {
    const double s = (low + high) / 2;
    if (top_ten(n, s) < ratio) low = s;
    else high = s;
  }
  return (low + high) / 2;
}

static double lognormal(struct dp_rng *rng, double median, double deviation) {
  return median * exp(deviation * dp_rng_normal(rng));
}

/** A chain by the parts that are still to be filled: at random among those that the project fits into, else the one that
 *  lacks most. */
static size_t first_chain(struct dp_ctx *ctx, struct dp_rng *rng, const double *lacks, double capitalisation) {
  const size_t n = shared_of(ctx)->chain_n;
  double sum = 0;
  size_t most = 0;
  for (size_t k = 0; k < n; k++) {
    if (lacks[k] > lacks[most]) most = k;
    if (lacks[k] >= capitalisation) sum += lacks[k];
  }
  double at = dp_rng_uniform(rng) * sum;
  for (size_t k = 0; k < n; k++) {
    if (lacks[k] < capitalisation) continue;
    if (at < lacks[k]) return k;
    at -= lacks[k];
  }
  return most;
}

static enum dp_status found(struct dp_ctx *ctx) {
  const struct dp_sector_config *c = config_of(ctx);
  const double s = dp_sector_power(c->projects_n, c->top_ten_ratio);
  double lacks[DP_SECTOR_CHAIN_MAX], all = 0;
  for (int64_t r = 1; r <= c->projects_n; r++) all += pow((double)r, -s);
  for (size_t k = 0; k < shared_of(ctx)->chain_n; k++) lacks[k] = c->capitalisation.v[k] * c->capitalisation_usd;
  for (int64_t r = 1; r <= c->projects_n; r++) {
    uint32_t row;
    DP_TRY(dp_table_add(dp_own_global(ctx, PROJECT_TABLE), &row, ctx->err));
    struct dp_project *p = project_at(ctx, row);
    struct dp_rng rng = dp_ctx_rng(ctx, row, DP_STREAM(DP_STREAM_PROJECT, ctx->self->index), 0);
    p->capitalisation_usd = c->capitalisation_usd * pow((double)r, -s) / all;
    p->chain = (uint32_t)first_chain(ctx, &rng, lacks, p->capitalisation_usd);
    lacks[p->chain] -= p->capitalisation_usd;
    p->anchored = dp_rng_uniform(&rng) < c->anchored_ratio;
    p->payout_usd_per_d = p->capitalisation_usd / DAYS_PER_YEAR *
                          lognormal(&rng, c->payout_ratio_per_year, c->payout_deviation);
    p->income_usd_per_d = lognormal(&rng, c->income_usd_per_d, c->income_deviation);
    p->moved_ns = -1;
  }
  return DP_OK;
}

static void weigh(struct dp_ctx *ctx) {
  double sum[DP_SECTOR_CHAIN_MAX] = {0}, all = 0;
  for (uint32_t i = 0; i < project_n(ctx); i++) {
    sum[project_at(ctx, i)->chain] += project_at(ctx, i)->capitalisation_usd;
    all += project_at(ctx, i)->capitalisation_usd;
  }
  for (size_t k = 0; k < shared_of(ctx)->chain_n; k++) option_at(ctx, k)->share_ratio = sum[k] / all;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_sector_config *c = config_of(ctx);
  struct shared *s = calloc(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "a sector");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  for (size_t k = 0; k < c->chains.n; k++) {
    for (const struct dp_instance *i = dp_sim_first(dp_ctx_sim(ctx), "ledger.chain"); i; i = dp_sim_next(i))
      if (strcmp(i->name, c->chains.v[k]) == 0) s->chains[k] = i;
    if (!s->chains[k])
      return dp_fail(ctx->err, DP_SCENARIO, "ledger.sector: there is no chain named \"%s\" (add it to chains)",
                     c->chains.v[k]);
    DP_TRY(dp_table_add(dp_own_global(ctx, OPTION_TABLE), &row, ctx->err));
  }
  s->chain_n = c->chains.n;
  DP_TRY(dp_table_add(dp_own_global(ctx, STATE_TABLE), &row, ctx->err));
  state_of(ctx)->first_move_ns = -1;
  DP_TRY(found(ctx));
  weigh(ctx);
  return DP_OK;
}

static void release(void *p) { free(p); }

/* ---- the choice ---- */

/** How a project would pay on a chain: days between batches, fees over payouts; 1 where a payout is worth less than its
 *  fee, and nobody takes it. */
static double pay_on(const struct dp_ctx *ctx, const struct dp_project *p, size_t k, double *interval_d) {
  const struct dp_sector_config *c = config_of(ctx);
  const double fee = option_at(ctx, k)->fee_usd;
  const double even = dp_chain_breakeven_d(fee, p->income_usd_per_d, c->fee_ratio_most);
  *interval_d = fmin(fmax(even, c->interval_least_d), c->interval_most_d);
  return fmin(fee / (p->income_usd_per_d * *interval_d), 1);
}

/** What a chain costs a project's hosts, of their payouts: fees, and what thin liquidity takes of each sale. */
static double burden(const struct dp_ctx *ctx, const struct dp_project *p, size_t k) {
  double interval_d;
  return pay_on(ctx, p, k, &interval_d) + config_of(ctx)->slippage_ratio * (1 - option_at(ctx, k)->share_ratio);
}

static void consider(struct dp_ctx *ctx, struct dp_project *p) {
  const struct dp_sector_config *c = config_of(ctx);
  struct sector_state *state = state_of(ctx);
  size_t best = p->chain;
  for (size_t k = 0; k < shared_of(ctx)->chain_n; k++)
    if (burden(ctx, p, k) < burden(ctx, p, best)) best = k;
  const double saved = (burden(ctx, p, p->chain) - burden(ctx, p, best)) * p->payout_usd_per_d * c->horizon_d;
  if (saved <= c->move_usd + c->move_capitalisation_ratio * p->capitalisation_usd) return;
  p->chain = (uint32_t)best;
  p->moved_ns = ctx->now_ns;
  if (state->moved_n++ == 0) state->first_move_ns = ctx->now_ns;
}

/** A month (decide_every_d): capitalisations drift, some projects look around, all pay as suits their chain. */
static void decide(struct dp_ctx *ctx) {
  const struct dp_sector_config *c = config_of(ctx);
  struct sector_state *state = state_of(ctx);
  const double v = c->volatility_per_year, years = c->decide_every_d / DAYS_PER_YEAR;
  const double looking = state->month_n == 0 ? 0 : c->decide_ratio; /* at the start everyone is where he is */
  double fees = 0, payouts = 0;
  for (uint32_t i = 0; i < project_n(ctx); i++) {
    struct dp_project *p = project_at(ctx, i);
    struct dp_rng rng = dp_ctx_rng(ctx, i, DP_STREAM(DP_STREAM_PROJECT, ctx->self->index), (uint64_t)state->month_n + 1);
    const bool looks = dp_rng_uniform(&rng) < looking;
    const double growth = state->month_n == 0 ? 1 : exp(v * sqrt(years) * dp_rng_normal(&rng) - v * v * years / 2);
    p->capitalisation_usd *= growth;
    p->payout_usd_per_d *= growth;
    if (looks && !p->anchored) consider(ctx, p);
    p->fee_ratio = pay_on(ctx, p, p->chain, &p->interval_d);
    fees += p->fee_ratio * p->payout_usd_per_d;
    payouts += p->payout_usd_per_d;
  }
  if (state->month_n == 0) state->first_fee_ratio = fees / payouts;
  state->fee_usd_per_d = fees;
  state->month_n++;
  weigh(ctx);
}

static enum dp_status see_fees(struct dp_ctx *ctx) {
  const struct dp_sector_config *c = config_of(ctx);
  for (size_t k = 0; k < shared_of(ctx)->chain_n; k++) {
    const struct dp_instance *chain = shared_of(ctx)->chains[k];
    const int64_t hosts = c->mode == DP_CHAIN_MULTISEND ? c->per_tx_n : 1;
    const struct dp_chain_need need = dp_chain_need(chain->config, c->mode, c->per_tx_n, hosts);
    dp_i128 now, most;
    DP_TRY(dp_chain_quote(ctx, chain, need.gas, need.bytes, 1, &now, &most));
    option_at(ctx, k)->fee_sum_usd += dp_books_units(dp_ctx_sim(ctx), DP_USD, now) / (double)hosts;
    option_at(ctx, k)->seen_n++;
  }
  return DP_OK;
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_sector_config *c = config_of(ctx);
  struct sector_state *state = state_of(ctx);
  if (!beat->settlement) return DP_OK;
  const double days = (double)(ctx->now_ns - state->seen_ns) / (double)DP_DAY;
  double payouts = 0;
  for (uint32_t i = 0; i < project_n(ctx); i++) payouts += project_at(ctx, i)->payout_usd_per_d;
  state->fee_usd += state->fee_usd_per_d * days;
  state->paid_usd += payouts * days;
  state->seen_ns = ctx->now_ns;
  DP_TRY(see_fees(ctx));
  if ((double)ctx->now_ns < (double)state->month_n * c->decide_every_d * (double)DP_DAY) return DP_OK;
  for (size_t k = 0; k < shared_of(ctx)->chain_n; k++) {
    struct dp_sector_option *o = option_at(ctx, k);
    o->fee_usd = o->fee_sum_usd / (double)o->seen_n;
    o->fee_sum_usd = 0;
    o->seen_n = 0;
  }
  decide(ctx);
  return DP_OK;
}

#include "ledger/sector_tables.inc"
