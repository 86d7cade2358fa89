/* sim/wireless/coverage_hotspot.c — a cell's hotspots: where they stand, what they take, who leaves, who is judged. */
#include <config.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "wireless/coverage_priv.h"

#define YEAR_NS (365 * DP_DAY)
#define NANO 1e-9

const double dp_coverage_bins_usd[DP_COVERAGE_BINS - 1] = {-100, -50, -30, -20, -10, -5,   0,    5,    10,
                                                           20,   50,  100, 200, 500, 1000, 2000, 5000};

void dp_coverage_units(int64_t witness_n, double *beaconer, double *each) {
  const int64_t wanted = 4;
  double left = 1; /* 0.8^(w − 4) */
  if (witness_n <= wanted) {
    *beaconer = (double)witness_n / (double)wanted;
    *each = 1;
    return;
  }
  for (int64_t i = wanted; i < witness_n; i++) left *= 0.8;
  *beaconer = 2 - left;
  *each = ((double)wanted - 1 + left) / (double)witness_n;
}

static struct dp_hotspot *hotspot_at(const struct dp_ctx *ctx, uint32_t row) {
  return DP_ROW(dp_own_table(ctx, DP_COVERAGE_HOTSPOT), struct dp_hotspot, row);
}

/* ---- money ---- */

static int64_t bill_of(const struct dp_ctx *ctx, const struct dp_hotspot *h, dp_time span_ns) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  return (int64_t)((dp_i128)s->bill_nusd_per_h[h->power * s->tariff_n + h->tariff] * span_ns / DP_HOUR);
}

/** Tokens that it keeps, in whole tokens. */
static double kept(const struct dp__coverage *s, int64_t earned) {
  return (double)earned * (1 - (double)s->sell_ppb * 1e-9) / s->unit;
}

static double income_usd(const struct dp_ctx *ctx, int64_t nusd, int64_t token) {
  return (double)nusd * NANO + kept(dp__coverage_shared(ctx), token) * dp__coverage_price_usd(ctx);
}

double dp__hotspot_net_usd(const struct dp_ctx *ctx, const struct dp_hotspot *h) {
  return income_usd(ctx, h->earned_nusd, h->earned_token) - (double)h->cost_nusd * NANO;
}

/** What its machine would bring at an age. */
static double resale_usd(const struct dp_coverage_config *c, dp_time age_ns) {
  return c->hotspot_usd * c->resale_ratio * pow(1 - c->depreciation_ratio, (double)age_ns / (double)YEAR_NS);
}

/** Takes what it can claim: its weight times the growth of the index since its last look. What sales bring arrives one
 *  settlement after its tokens, so that weights of before the last round still count for the first of them. */
static void take(struct dp_coverage_cell *cell, struct dp_hotspot *h) {
  dp_i128 before = h->usd_seen > cell->usd_changed ? h->usd_seen : cell->usd_changed;
  if (cell->waiting) before = cell->usd_index;
  const dp_i128 token = (dp_i128)h->weight * (cell->token_index - h->token_seen) >> DP_COVERAGE_INDEX_BITS;
  const dp_i128 usd = ((dp_i128)h->weight_before * (before - h->usd_seen) +
                       (dp_i128)h->weight * (cell->usd_index - before)) >> DP_COVERAGE_INDEX_BITS;
  h->token_seen = cell->token_index;
  h->usd_seen = cell->usd_index;
  h->earned_token += (int64_t)token;
  h->earned_nusd += (int64_t)usd;
  cell->taken_token += token;
  cell->taken_nusd += usd;
}

/** Sums of a look. */
struct look {
  dp_i128 income_nusd, time_ns, cost_nusd, paid_in_nusd;
  int64_t active_n;
};

static void pay_bill(const struct dp_ctx *ctx, struct dp_hotspot *h, struct look *sum) {
  const int64_t bill = bill_of(ctx, h, ctx->now_ns - h->joined_ns) - h->cost_nusd;
  h->cost_nusd += bill;
  sum->cost_nusd += bill;
  const int64_t cash = h->earned_nusd + h->paid_in_nusd - h->cost_nusd;
  if (cash >= 0) return;
  h->paid_in_nusd -= cash;
  sum->paid_in_nusd -= cash;
}

/* ---- judgement ---- */

static unsigned scale_class(const struct dp_hotspot *h) {
  return h->scale >= 900000 ? 0 : h->scale >= 500000 ? 1 : h->scale >= 100000 ? 2 : 3;
}

static unsigned witness_class(const struct dp_hotspot *h) {
  return h->witness_n == 0 ? 0 : h->witness_n < 4 ? 1 : h->witness_n < 10 ? 2 : 3;
}

static uint32_t cohort_row(const struct dp__coverage *s, const struct dp_hotspot *h) {
  const uint32_t strata = (uint32_t)(16 * s->power_n * s->tariff_n);
  const size_t place = scale_class(h) * 4 + witness_class(h);
  return h->cohort * strata + (uint32_t)((place * s->power_n + h->power) * s->tariff_n + h->tariff);
}

static void count_stratum(struct dp_ctx *ctx, unsigned stratum, bool below) {
  dp_metric_add(ctx, DP_COVERAGE_STRATUM_JUDGED + stratum, 0, 1);
  dp_metric_add(ctx, DP_COVERAGE_STRATUM_BELOW + stratum, 0, below);
}

/** Its net income is compared with the threshold, once: at its age judge_d, or when it has left before. Who joined too
 *  late to reach that age within the run is left out, or only those of them who gave up would speak. */
static void judge(struct dp_ctx *ctx, struct dp_hotspot *h) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  struct dp_coverage_cohort *row =
      DP_ROW(dp_own_table(ctx, DP_COVERAGE_COHORT), struct dp_coverage_cohort, cohort_row(s, h));
  const double net = dp__hotspot_net_usd(ctx, h);
  const double profit = net + resale_usd(c, ctx->now_ns - h->joined_ns) - c->hotspot_usd;
  unsigned bin = 0;
  h->judged = 1;
  if (h->joined_ns + (dp_time)(c->judge_d * (double)DP_DAY) > dp_ctx_sim(ctx)->spec.end_ns) return;
  while (bin < DP_COVERAGE_BINS - 1 && net >= dp_coverage_bins_usd[bin]) bin++;
  row->bins[bin]++;
  row->judged_n++;
  row->below_n += net < c->threshold_usd;
  row->net_nusd += (int64_t)llround(net * 1e9);
  row->token += h->earned_token;
  row->electricity_nusd += h->cost_nusd;
  dp_metric_add(ctx, DP_COVERAGE_JUDGED, 0, 1);
  dp_metric_add(ctx, DP_COVERAGE_BELOW, 0, net < c->threshold_usd);
  count_stratum(ctx, 4 * scale_class(h) + witness_class(h), net < c->threshold_usd);
  if (h->power < 2 && h->tariff < 2) count_stratum(ctx, 16 + 2u * h->power + h->tariff, net < c->threshold_usd);
  dp_metric_add(ctx, DP_COVERAGE_IN_PROFIT, 0, profit > 0);
  dp_metric_add(ctx, DP_COVERAGE_SCALE, 0, h->scale);
  dp_metric_add(ctx, DP_COVERAGE_WITNESSES, 0, h->witness_n);
  dp_metric_add_f(ctx, DP_COVERAGE_NET, 0, net);
  dp_metric_add_f(ctx, DP_COVERAGE_PROFIT, 0, profit);
  dp_metric_add(ctx, DP_COVERAGE_BILLS, 0, h->cost_nusd);
  dp_metric_add_f(ctx, DP_COVERAGE_TOKENS, 0, (double)h->earned_token / s->unit);
  dp_metric_record(ctx, DP_COVERAGE_INCOME, llround(income_usd(ctx, h->earned_nusd, h->earned_token) * 1e9));
}

/* ---- a look ---- */

static enum dp_status post_look(struct dp_ctx *ctx, const struct look *sum) {
  const uint32_t wallet = dp__coverage_cell(ctx)->usd_account;
  const uint32_t outside = dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD);
  DP_TRY(dp_books_post(ctx, DP_REASON_OWNER_CAPITAL, outside, wallet, sum->paid_in_nusd));
  return dp_books_post(ctx, DP_REASON_ELECTRICITY, wallet, outside, sum->cost_nusd);
}

/** The last thing that a hotspot does: its cash goes home, the tokens that it kept to the public. */
static enum dp_status close_one(struct dp_ctx *ctx, uint32_t row) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  const struct dp_coverage_cell *cell = dp__coverage_cell(ctx);
  struct dp_hotspot *h = hotspot_at(ctx, row);
  if (!h->judged) judge(ctx, h);
  const int64_t cash = h->earned_nusd + h->paid_in_nusd - h->cost_nusd;
  const dp_i128 sold = ((dp_i128)h->earned_token * s->sell_ppb + 999999999) / 1000000000;
  DP_TRY(dp_books_post(ctx, DP_REASON_OWNER_WITHDRAWAL, cell->usd_account,
                       dp_books_own(ctx, DP_ACCOUNT_EXTERNAL, DP_USD), cash));
  DP_TRY(dp_books_post(ctx, DP_REASON_DEPARTED_TOKENS, cell->token_account,
                       dp_books_own(ctx, DP_ACCOUNT_HOLDERS, s->asset), h->earned_token - sold));
  dp_table_remove(dp_own_table(ctx, DP_COVERAGE_HOTSPOT), row);
  return DP_OK;
}

static void look_at(struct dp_ctx *ctx, struct dp_hotspot *h, struct look *sum) {
  const int64_t nusd = h->earned_nusd, token = h->earned_token;
  take(dp__coverage_cell(ctx), h);
  h->weight_before = h->weight;
  if (h->state == DP_HOTSPOT_LEAVING) return;
  pay_bill(ctx, h, sum);
  sum->active_n++;
  const int64_t income = llround(income_usd(ctx, h->earned_nusd - nusd, h->earned_token - token) * 1e9);
  h->window_nusd += income;
  sum->income_nusd += income;
}

enum dp_status dp__hotspots_look(struct dp_ctx *ctx) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  const dp_time judge_ns = (dp_time)(c->judge_d * (double)DP_DAY), period = dp__coverage_shared(ctx)->decide_ns;
  const struct dp_table *hotspots = dp_own_table(ctx, DP_COVERAGE_HOTSPOT);
  struct look sum = {0};
  for (uint32_t i = dp_table_next(hotspots, 0); i != DP_NO_ROW; i = dp_table_next(hotspots, i + 1)) {
    struct dp_hotspot *h = hotspot_at(ctx, i);
    look_at(ctx, h, &sum);
    const dp_time age = ctx->now_ns - h->joined_ns;
    if (!h->judged && h->state == DP_HOTSPOT_ON && age >= judge_ns) judge(ctx, h);
    if (h->state == DP_HOTSPOT_ON) sum.time_ns += age < period ? age : period;
  }
  DP_TRY(post_look(ctx, &sum));
  for (uint32_t i = dp_table_next(hotspots, 0); i != DP_NO_ROW; i = dp_table_next(hotspots, i + 1))
    if (hotspot_at(ctx, i)->state == DP_HOTSPOT_LEAVING && !dp__coverage_cell(ctx)->waiting) DP_TRY(close_one(ctx, i));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_COVERAGE_FLOW_ACTIVE, sum.active_n));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_COVERAGE_FLOW_INCOME, sum.income_nusd));
  DP_TRY(dp_flow_add(ctx, ctx->self, DP_COVERAGE_FLOW_TIME, sum.time_ns));
  return dp_flow_add(ctx, ctx->self, DP_COVERAGE_FLOW_COST, sum.cost_nusd);
}

/* ---- leaving ---- */

static enum dp_status leave(struct dp_ctx *ctx, struct dp_density *d, struct dp_hotspot *h) {
  take(dp__coverage_cell(ctx), h);
  DP_TRY(dp_density_change(d, h->fine, -1, ctx->err));
  dp_density_give(d, h->range, -(int64_t)h->given);
  dp_density_give(d, h->near, -(int64_t)h->given);
  dp__coverage_cell(ctx)->weight_sum -= h->weight;
  h->given = 0;
  h->weight = 0;
  h->state = DP_HOTSPOT_LEAVING;
  dp_metric_add(ctx, DP_COVERAGE_EXITED, 0, 1);
  return DP_OK;
}

/** What running has brought in its window, less what it has cost: electricity, and what the machine has lost. */
static double avoidable_usd(const struct dp_ctx *ctx, const struct dp_hotspot *h) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  const dp_time begin = (dp_time)h->window_s * DP_S, age = ctx->now_ns - h->joined_ns;
  const double lost = c->resale_ratio > 0 ? resale_usd(c, begin - h->joined_ns) - resale_usd(c, age) : 0;
  return (double)(h->window_nusd - bill_of(ctx, h, ctx->now_ns - begin)) * NANO - lost;
}

enum dp_status dp__hotspots_leave(struct dp_ctx *ctx, struct dp_density *d) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  const struct dp_table *hotspots = dp_own_table(ctx, DP_COVERAGE_HOTSPOT);
  const dp_time patience_ns = (dp_time)(c->patience_d * (double)DP_DAY);
  const uint64_t occasion = 1 + (uint64_t)(ctx->now_ns / dp__coverage_shared(ctx)->decide_ns);
  for (uint32_t i = dp_table_next(hotspots, 0); i != DP_NO_ROW; i = dp_table_next(hotspots, i + 1)) {
    struct dp_hotspot *h = hotspot_at(ctx, i);
    if (h->state != DP_HOTSPOT_ON || ctx->now_ns - (dp_time)h->window_s * DP_S < patience_ns) continue;
    const double gain = avoidable_usd(ctx, h);
    h->window_s = (uint32_t)(ctx->now_ns / DP_S);
    h->window_nusd = 0;
    if (gain >= 0) continue;
    struct dp_rng rng = dp_ctx_rng(ctx, dp_table_entity(hotspots, i), DP_STREAM(DP_STREAM_HOTSPOT, ctx->self->index),
                                   occasion);
    if (dp_rng_uniform(&rng) < c->attention_ratio) DP_TRY(leave(ctx, d, h));
  }
  return DP_OK;
}

struct rank {
  uint32_t weight, row;
};

static int by_weight(const void *a, const void *b) {
  const struct rank *x = a, *y = b;
  if (x->weight != y->weight) return x->weight < y->weight ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

enum dp_status dp__hotspots_leave_worst(struct dp_ctx *ctx, struct dp_density *d, int64_t n) {
  const struct dp_table *hotspots = dp_own_table(ctx, DP_COVERAGE_HOTSPOT);
  size_t m = 0;
  if (n <= 0) return DP_OK;
  struct rank *ranks = dp_zeros(hotspots->live_n + 1, sizeof *ranks);
  if (!ranks) return dp_fail_nomem(ctx->err, "hotspots");
  for (uint32_t i = dp_table_next(hotspots, 0); i != DP_NO_ROW; i = dp_table_next(hotspots, i + 1))
    if (hotspot_at(ctx, i)->state == DP_HOTSPOT_ON) ranks[m++] = (struct rank){hotspot_at(ctx, i)->weight, i};
  qsort(ranks, m, sizeof *ranks, by_weight);
  enum dp_status status = DP_OK;
  for (size_t i = 0; status == DP_OK && i < m && i < (size_t)n; i++)
    status = leave(ctx, d, hotspot_at(ctx, ranks[i].row));
  free(ranks);
  return status;
}

/* ---- joining ---- */

/** Index of the first share that `u` is below. */
static uint8_t choose(const double *cumulative, size_t n, double u) {
  size_t i = 0;
  while (i + 1 < n && u >= cumulative[i]) i++;
  return (uint8_t)i;
}

/** One of n hexagons by how many people live there: their luck belongs to their parent: everybody sees the same. */
static unsigned pick(const struct dp_ctx *ctx, uint64_t parent, unsigned n, double u) {
  const double evenness = dp__coverage_config(ctx)->clustering;
  struct dp_rng rng = dp_ctx_rng(ctx, dp_entity_of_cell(ctx->cell->id), DP_STREAM(DP_STREAM_PEOPLE, 0), parent);
  double weights[256], sum = 0;
  for (unsigned k = 0; k < n; k++) {
    const double v = dp_rng_uniform(&rng);
    sum += weights[k] = evenness > 0 ? pow((1 - v) / v, evenness) : 1; /* log-logistic */
  }
  double left = u * sum;
  for (unsigned k = 0; k + 1 < n; k++) {
    left -= weights[k];
    if (left < 0) return k;
  }
  return n - 1;
}

static uint64_t settle_down(const struct dp_ctx *ctx, struct dp_hotspot *h, struct dp_rng *rng) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  uint64_t site;
  h->top = (uint16_t)pick(ctx, 1, (unsigned)dp__coverage_config(ctx)->hexes_n, dp_rng_uniform(rng));
  site = dp_hex_spiral(DP_HEX_COARSE, h->top);
  for (int r = DP_HEX_COARSE; r < DP_HEX_FINE; r++)
    site = dp_hex_child(site, pick(ctx, site, DP_HEX_CHILDREN, dp_rng_uniform(rng)));
  h->power = choose(s->power_share, s->power_n, dp_rng_uniform(rng));
  h->tariff = choose(s->tariff_share, s->tariff_n, dp_rng_uniform(rng));
  h->luck = (uint16_t)(dp_rng_u64(rng) >> 48);
  return site;
}

/** Rows of its hexagons, from that of the finest level. */
static void find_rows(const struct dp_ctx *ctx, const struct dp_table *hexagons, struct dp_hotspot *h, uint32_t fine) {
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  h->fine = fine;
  h->near = dp_density_above(hexagons, fine, DP_HEX_FINE - (int)c->near_resolution);
  h->range = dp_density_above(hexagons, h->near, (int)(c->near_resolution - c->range_resolution));
}

enum dp_status dp__hotspots_room(struct dp_ctx *ctx, struct dp_density *d, int64_t n) {
  const struct dp_table *hotspots = dp_own_table(ctx, DP_COVERAGE_HOTSPOT);
  if (n <= 0 || !dp_density_full(d, (size_t)n)) return DP_OK;
  uint64_t *sites = dp_zeros(hotspots->row_n + 1, sizeof *sites);
  if (!sites) return dp_fail_nomem(ctx->err, "hotspots");
  for (uint32_t i = dp_table_next(hotspots, 0); i != DP_NO_ROW; i = dp_table_next(hotspots, i + 1))
    sites[i] = DP_ROW(d->table, struct dp_hexagon, hotspot_at(ctx, i)->fine)->key;
  enum dp_status status = dp_density_reserve(d, (size_t)n, ctx->err);
  for (uint32_t i = dp_table_next(hotspots, 0); status == DP_OK && i != DP_NO_ROW; i = dp_table_next(hotspots, i + 1))
    find_rows(ctx, d->table, hotspot_at(ctx, i), dp_density_find(d->table, sites[i]));
  free(sites);
  return status;
}

/** The rows of this month exist. */
static enum dp_status open_cohort(struct dp_ctx *ctx, uint32_t *cohort) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  const uint32_t strata = (uint32_t)(16 * s->power_n * s->tariff_n);
  struct dp_table *cohorts = dp_own_table(ctx, DP_COVERAGE_COHORT);
  char text[DP_DATE_TEXT];
  uint32_t row = 0;
  dp_format_date(dp_ctx_sim(ctx)->spec.start_epoch_ns + ctx->now_ns, text);
  const uint32_t month = (uint32_t)(strtoul(text, NULL, 10) * 100 + strtoul(text + 5, NULL, 10));
  const uint32_t n = cohorts->row_n / strata;
  *cohort = n > 0 ? n - 1 : 0;
  if (n > 0 && DP_ROW(cohorts, struct dp_coverage_cohort, cohorts->row_n - 1)->month == month) return DP_OK;
  for (uint32_t k = 0; k < strata; k++) {
    DP_TRY(dp_table_add(cohorts, &row, ctx->err));
    struct dp_coverage_cohort *c = DP_ROW(cohorts, struct dp_coverage_cohort, row);
    c->month = month;
    c->tariff = (uint16_t)(k % s->tariff_n);
    c->power = (uint16_t)(k / s->tariff_n % s->power_n);
    c->witness = (uint16_t)(k / s->tariff_n / s->power_n % 4);
    c->scale = (uint16_t)(k / s->tariff_n / s->power_n / 4);
  }
  *cohort = n;
  return DP_OK;
}

enum dp_status dp__hotspots_join(struct dp_ctx *ctx, struct dp_density *d, int64_t n) {
  struct dp_table *hotspots = dp_own_table(ctx, DP_COVERAGE_HOTSPOT);
  const struct dp_coverage_cell *cell = dp__coverage_cell(ctx);
  uint32_t row, slot, cohort = 0;
  if (n <= 0) return DP_OK;
  DP_TRY(open_cohort(ctx, &cohort));
  for (int64_t i = 0; i < n; i++) {
    DP_TRY(dp_table_add(hotspots, &row, ctx->err));
    struct dp_hotspot *h = hotspot_at(ctx, row);
    struct dp_rng rng = dp_ctx_rng(ctx, dp_table_entity(hotspots, row),
                                   DP_STREAM(DP_STREAM_HOTSPOT, ctx->self->index), 0);
    const uint64_t site = settle_down(ctx, h, &rng);
    h->joined_ns = ctx->now_ns;
    h->window_s = (uint32_t)(ctx->now_ns / DP_S);
    h->token_seen = cell->token_index;
    h->usd_seen = cell->usd_index;
    h->cohort = (uint16_t)cohort;
    slot = dp_density_enter(d, site, h->top);
    find_rows(ctx, d->table, h, slot);
    DP_TRY(dp_density_change(d, slot, 1, ctx->err));
  }
  dp_metric_add(ctx, DP_COVERAGE_ENTERED, 0, n);
  return DP_OK;
}

/* ---- weights ---- */

/** Its beacons: how many witness them, and what each of those that may can expect. */
static void beacon(const struct dp_ctx *ctx, struct dp_density *d, struct dp_hotspot *h) {
  const struct dp__coverage *s = dp__coverage_shared(ctx);
  const struct dp_coverage_config *c = dp__coverage_config(ctx);
  const uint32_t near = DP_ROW(d->table, struct dp_hexagon, h->near)->count;
  const uint32_t possible = dp_density_count(d, h->range) - near;
  const int64_t heard = (int64_t)(c->hears_ratio * possible + (double)h->luck / 65536);
  const int64_t w = heard < c->witness_max ? heard : c->witness_max;
  const double scale = dp_density_scale(d, h->fine);
  const int64_t given = possible && w ? (int64_t)(scale * (double)w * s->each[w] / possible * 1e9) : 0; /* ≤ 4e9 */
  dp_density_give(d, h->range, given - h->given);
  dp_density_give(d, h->near, given - h->given);
  h->given = (uint32_t)given;
  h->witness_n = (uint16_t)w;
  h->scale = (uint32_t)(scale * 1e6 + 0.5);
}

static void reweigh(struct dp_ctx *ctx, struct dp_density *d, struct dp_hotspot *h) {
  struct dp_coverage_cell *cell = dp__coverage_cell(ctx);
  const int64_t heard = dp_density_given(d, h->range) - DP_ROW(d->table, struct dp_hexagon, h->near)->given;
  const double own = (double)h->scale * 1e-6 * dp__coverage_shared(ctx)->beaconer[h->witness_n];
  int64_t weight = (int64_t)(own * 1e6) + heard / 1000;
  if (weight > UINT32_MAX) weight = UINT32_MAX;
  if (weight == h->weight) return;
  take(cell, h);
  cell->weight_sum += weight - h->weight;
  h->weight = (uint32_t)weight;
}

/** Fetches the hexagons of a hotspot some rows ahead. */
static void prefetch(const struct dp_table *hotspots, const struct dp_table *hexagons, uint32_t row) {
  if (row + 8 >= hotspots->row_n) return;
  const struct dp_hotspot *h = DP_ROW(hotspots, struct dp_hotspot, row + 8);
  const uint32_t rows[] = {h->fine, h->near, h->range};
  for (size_t i = 0; i < 3; i++) {
    const char *at = (const char *)DP_ROW(hexagons, struct dp_hexagon, rows[i]);
    __builtin_prefetch(at);
    __builtin_prefetch(at + sizeof(struct dp_hexagon) - 1);
  }
}

enum dp_status dp__hotspots_weigh(struct dp_ctx *ctx, struct dp_density *d) {
  const struct dp_table *hotspots = dp_own_table(ctx, DP_COVERAGE_HOTSPOT);
  for (uint32_t i = dp_table_next(hotspots, 0); i != DP_NO_ROW; i = dp_table_next(hotspots, i + 1)) {
    struct dp_hotspot *h = hotspot_at(ctx, i);
    prefetch(hotspots, d->table, i);
    if (h->state == DP_HOTSPOT_ON && d->dirty[h->top]) beacon(ctx, d, h);
  }
  DP_TRY(dp_density_spread(d, ctx->err));
  for (uint32_t i = dp_table_next(hotspots, 0); i != DP_NO_ROW; i = dp_table_next(hotspots, i + 1)) {
    struct dp_hotspot *h = hotspot_at(ctx, i);
    prefetch(hotspots, d->table, i);
    if (h->state == DP_HOTSPOT_ON && d->dirty[h->top]) reweigh(ctx, d, h);
  }
  return DP_OK;
}
