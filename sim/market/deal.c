/* sim/market/deal.c — the work of an interval is dealt out to the hosts of a cell, and they are paid. */
#include <config.h>

#include <math.h>

#include "base/memory.h"
#include "market/flow.h"

static const struct dp_gateway_shared *shared_of(const struct dp_ctx *ctx) { return ctx->self->shared; }

uint64_t dp_flow_ratio(dp_i128 part, dp_i128 whole) {
  if (part >= whole) return DP_FLOW_ONE;
  while (part >= (dp_i128)1 << 74) { /* a part of 2^52 is exact enough, and must not be too large */
    part /= 2;
    whole = whole / 2 + 1;
  }
  return (uint64_t)(part * (dp_i128)DP_FLOW_ONE / whole);
}

/** ⌊value · ratio⌋ */
static inline int64_t part_of(int64_t value, uint64_t ratio) { return (int64_t)((dp_u128)value * ratio >> 52); }

/** What a host can do in the interval. */
static inline int64_t host_utok(const struct dp_stock *s, const struct dp_listing *l, dp_time span_ns) {
  const dp_time ns = span_ns - l->away_ns - (l->up ? 0 : span_ns);
  return (int64_t)((dp_i128)ns * s->rate_utok_per_s / DP_S);
}

static inline dp_i128 price_of(int64_t utok, int64_t price_nusd_per_mtok) {
  return (dp_i128)utok * price_nusd_per_mtok / 1000000000000;
}

/* ---- cheapest first ---- */

/** Sums of the offers below a price, and at it. */
struct cut {
  dp_i128 below_utok, below_nusd, at_utok, at_nusd;
};

/** Puts offers below `price` first, those at it next; *equal and *above are where those begin and end. */
static void partition(struct dp_offer *v, size_t n, int64_t price, size_t *equal, size_t *above, struct cut *cut) {
  size_t low = 0, high = n;
  for (size_t i = 0; i < high;) {
    const struct dp_offer x = v[i];
    const dp_i128 cost = price_of(x.utok, x.price) + 1; /* never too little */
    if (x.price < price) {
      cut->below_utok += x.utok, cut->below_nusd += cost;
      v[i++] = v[low], v[low++] = x;
    } else if (x.price > price) {
      v[i] = v[--high], v[high] = x;
    } else {
      cut->at_utok += x.utok, cut->at_nusd += cost;
      i++;
    }
  }
  *equal = low;
  *above = high;
}

static int64_t middle(int64_t a, int64_t b, int64_t c) {
  if (a > b) { const int64_t t = a; a = b, b = t; }
  return c < a ? a : c > b ? b : c;
}

/** The price at which work or money runs out, by selection in O(n). */
static void select_price(struct dp_offer *v, size_t n, dp_i128 work, dp_i128 money, struct dp_fill *out) {
  while (n > 0) {
    struct cut cut = {0};
    size_t equal, above;
    const int64_t pivot = middle(v[0].price, v[n / 2].price, v[n - 1].price);
    partition(v, n, pivot, &equal, &above, &cut);
    if (cut.below_utok > work || cut.below_nusd > money) { /* it runs out below */
      n = equal;
      continue;
    }
    work -= cut.below_utok;
    money -= cut.below_nusd;
    out->marginal_nusd_per_mtok = pivot;
    out->ratio = cut.at_utok > 0 ? dp_flow_ratio(work, cut.at_utok) : DP_FLOW_ONE;
    const uint64_t paid = cut.at_nusd > 0 ? dp_flow_ratio(money, cut.at_nusd) : DP_FLOW_ONE;
    if (paid < out->ratio) out->ratio = paid;
    if (out->ratio < DP_FLOW_ONE) return;
    work -= cut.at_utok;
    money -= cut.at_nusd;
    v += above;
    n -= above;
  }
}

static enum dp_status fill_by_price(struct dp_ctx *ctx, dp_i128 work_utok, dp_i128 budget_nusd, dp_time span_ns,
                                    struct dp_fill *out) {
  struct dp_flow_shared *flow = &((struct dp_gateway_shared *)ctx->self->shared)->flow;
  const struct dp_table *listings = dp_own_table(ctx, DP_GATEWAY_LISTING);
  if (flow->offer_cap < listings->row_n) { /* scratch, empty between two intervals */
    if (!dp_array_resize(&flow->offers, listings->row_n, sizeof *flow->offers)) return dp_fail_nomem(ctx->err, "offers");
    flow->offer_cap = listings->row_n;
  }
  size_t n = 0;
  for (uint32_t i = 0; i < listings->row_n; i++) {
    const struct dp_listing *l = dp_listing_at(ctx, i);
    if (l->price_nusd_per_mtok == 0) continue;
    const int64_t utok = host_utok(dp_stock_at(ctx, l->tier), l, span_ns);
    if (utok > 0) flow->offers[n++] = (struct dp_offer){l->price_nusd_per_mtok, utok};
  }
  out->by_price = true;
  select_price(flow->offers, n, work_utok, budget_nusd, out);
  return DP_OK;
}

enum dp_status dp_deal_fill(struct dp_ctx *ctx, const struct dp_capacity *all, dp_i128 work_utok, dp_i128 budget_nusd,
                            dp_time end_ns, struct dp_fill *out) {
  const struct dp_gateway_config *config = ctx->self->config;
  *out = (struct dp_fill){0};
  if (work_utok <= 0 || all->utok <= 0) return DP_OK;
  if (config->routing == DP_ROUTE_CHEAPEST)
    return fill_by_price(ctx, work_utok, budget_nusd, end_ns - dp_flow_cell_of(ctx)->since_ns, out);
  out->ratio = dp_flow_ratio(work_utok, all->utok);
  if (budget_nusd >= DP_FLOW_NO_LIMIT || all->nusd <= 0) return DP_OK;
  const double paid = (double)budget_nusd / all->nusd * (1 - 1e-12); /* a whisker less than doubles can be off */
  if (paid * (double)DP_FLOW_ONE < (double)out->ratio) out->ratio = (uint64_t)(paid * (double)DP_FLOW_ONE);
  return DP_OK;
}

/* ---- to the hosts ---- */

/** What an interval brings to a host. Most hosts are like the one before. */
struct portion {
  int64_t price, away_ns; /* of which host */
  uint16_t tier;
  uint8_t up;
  int64_t work_utok, busy_ns, amount_nusd, take_nusd;
};

static enum dp_status fill_portion(struct dp_ctx *ctx, const struct dp_fill *fill, const struct dp_listing *l,
                                   dp_time span_ns, struct portion *p) {
  const struct dp_stock *s = dp_stock_at(ctx, l->tier);
  const int64_t price = l->price_nusd_per_mtok, all = host_utok(s, l, span_ns);
  uint64_t ratio = fill->ratio;
  if (fill->by_price && price != fill->marginal_nusd_per_mtok)
    ratio = price < fill->marginal_nusd_per_mtok ? DP_FLOW_ONE : 0;
  *p = (struct portion){.price = price, .away_ns = l->away_ns, .tier = l->tier, .up = l->up};
  p->work_utok = part_of(all, ratio);
  const dp_i128 amount = price_of(p->work_utok, price);
  if (amount > INT64_MAX / 2)
    return dp_fail(ctx->err, DP_INVARIANT, "%s: a host of cell %u earns more than 4.6e9 usd in one interval",
                   ctx->self->name, ctx->cell->id);
  p->amount_nusd = (int64_t)amount;
  p->take_nusd = (int64_t)((dp_i128)p->amount_nusd * shared_of(ctx)->take_ppb / 1000000000);
  if (p->work_utok == 0) return DP_OK;
  const dp_i128 busy = (dp_i128)p->work_utok * DP_S / s->solo_utok_per_s;
  const dp_time up_ns = span_ns - l->away_ns - (l->up ? 0 : span_ns);
  p->busy_ns = busy < up_ns ? (int64_t)busy : up_ns;
  return DP_OK;
}

static inline bool is_like(const struct portion *p, const struct dp_listing *l) {
  return p->price == l->price_nusd_per_mtok && p->away_ns == l->away_ns && p->tier == l->tier && p->up == l->up;
}

/** The sums of the stock as the listings have them; a new interval begins. */
static enum dp_status check_stock(struct dp_ctx *ctx, uint64_t listed_n, uint64_t down_n, dp_i128 price_sum) {
  const uint32_t stock_n = dp_own_table(ctx, DP_GATEWAY_STOCK)->row_n;
  for (uint32_t i = 0; i < stock_n; i++) {
    struct dp_stock *s = dp_stock_at(ctx, i);
    s->away_ns = s->price_away = 0;
    listed_n -= s->listed_n;
    down_n -= s->down_n;
    price_sum -= s->price_sum;
  }
  if (listed_n == 0 && down_n == 0 && price_sum == 0) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "%s: the listings of cell %u are not those that its sums count",
                 ctx->self->name, ctx->cell->id);
}

/** Adds a portion to its host. */
static inline enum dp_status give(struct dp_ctx *ctx, struct dp_listing *l, const struct portion *p,
                                  struct dp_dealt *out) {
  const uint64_t utok = l->work_rest_utok + (uint64_t)p->work_utok;
  l->work_tok += (int64_t)(utok / 1000000);
  l->work_rest_utok = (uint32_t)(utok % 1000000);
  l->busy_ns += p->busy_ns;
  out->work_utok += p->work_utok;
  out->spend_nusd += p->amount_nusd;
  out->take_nusd += p->take_nusd;
  if (!__builtin_add_overflow(l->payable_nusd, p->amount_nusd - p->take_nusd, &l->payable_nusd)) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "%s: a host of cell %u earns more than 9.2e9 usd in one settlement",
                 ctx->self->name, ctx->cell->id);
}

enum dp_status dp_deal(struct dp_ctx *ctx, const struct dp_fill *fill, dp_time end_ns, struct dp_dealt *out) {
  const struct dp_table *listings = dp_own_table(ctx, DP_GATEWAY_LISTING);
  const dp_time span_ns = end_ns - dp_flow_cell_of(ctx)->since_ns;
  struct portion p = {.price = -1};
  uint64_t listed_n = 0, down_n = 0;
  dp_i128 price_sum = 0;
  *out = (struct dp_dealt){0};
  for (uint32_t i = 0; i < listings->row_n; i++) {
    struct dp_listing *l = dp_listing_at(ctx, i);
    if (l->price_nusd_per_mtok == 0) continue;
    listed_n++;
    down_n += !l->up;
    price_sum += l->price_nusd_per_mtok;
    if (!is_like(&p, l)) DP_TRY(fill_portion(ctx, fill, l, span_ns, &p));
    if (p.work_utok > 0) DP_TRY(give(ctx, l, &p, out));
    l->away_ns = 0;
  }
  return check_stock(ctx, listed_n, down_n, price_sum);
}

/* ---- owners who buy from themselves ---- */

/** What an owner buys of the time that the fill leaves idle: at the posted price, as far as the cash goes. */
static enum dp_status fill_own(struct dp_ctx *ctx, const struct dp_fill *fill, const struct dp_listing *l, dp_time span_ns,
                               struct portion *p) {
  const struct dp_gateway_shared *shared = shared_of(ctx);
  const struct dp_stock *s = dp_stock_at(ctx, l->tier);
  const int64_t all = host_utok(s, l, span_ns);
  const dp_i128 held = dp_books_balance(ctx, l->wallet), cash = held < INT64_MAX / 2 ? held : INT64_MAX / 2;
  DP_TRY(fill_portion(ctx, fill, l, span_ns, p));
  const int64_t customers = p->work_utok, part = part_of(all, shared->self_share), idle = all - customers;
  p->work_utok = part < idle ? part : idle;
  if (price_of(p->work_utok, p->price) > cash) p->work_utok = (int64_t)(cash * 1000000000000 / p->price);
  p->amount_nusd = (int64_t)price_of(p->work_utok, p->price);
  p->take_nusd = (int64_t)((dp_i128)p->amount_nusd * shared->take_ppb / 1000000000);
  if (p->work_utok == 0) return DP_OK;
  const dp_i128 busy = (dp_i128)(customers + p->work_utok) * DP_S / s->solo_utok_per_s;
  const dp_time up_ns = span_ns - l->away_ns - (l->up ? 0 : span_ns);
  p->busy_ns = (busy < up_ns ? (int64_t)busy : up_ns) - p->busy_ns;
  return DP_OK;
}

/** Adds a portion that an owner buys: the work is his host's, the money comes back to his wallet but for the take. */
static enum dp_status give_own(struct dp_ctx *ctx, struct dp_listing *l, const struct portion *p,
                               struct dp_books_run *pay, struct dp_books_run *back, struct dp_dealt *out) {
  struct portion work = *p;
  work.amount_nusd = work.take_nusd = 0; /* nothing is due at the settlement */
  DP_TRY(give(ctx, l, &work, out));
  out->spend_nusd += p->amount_nusd;
  out->take_nusd += p->take_nusd;
  DP_TRY(dp_books_run_add(pay, l->wallet, p->amount_nusd));
  return dp_books_run_add(back, l->wallet, p->amount_nusd - p->take_nusd);
}

enum dp_status dp_deal_self(struct dp_ctx *ctx, const struct dp_fill *fill, dp_time end_ns, struct dp_dealt *out) {
  const struct dp_table *listings = dp_own_table(ctx, DP_GATEWAY_LISTING);
  const dp_time span_ns = end_ns - dp_flow_cell_of(ctx)->since_ns;
  const uint32_t escrow = dp_books_own(ctx, DP_ACCOUNT_ESCROW, DP_USD);
  struct dp_books_run pay, back;
  *out = (struct dp_dealt){0};
  if (shared_of(ctx)->self_share == 0) return DP_OK;
  DP_TRY(dp_books_run_begin(ctx, DP_REASON_SELF_DEALING, escrow, false, &pay));
  DP_TRY(dp_books_run_begin(ctx, DP_REASON_SELF_DEALT, escrow, true, &back));
  for (uint32_t i = 0; i < listings->row_n; i++) {
    struct dp_listing *l = dp_listing_at(ctx, i);
    struct portion p;
    if (l->price_nusd_per_mtok == 0) continue;
    DP_TRY(fill_own(ctx, fill, l, span_ns, &p));
    if (p.work_utok > 0) DP_TRY(give_own(ctx, l, &p, &pay, &back, out));
  }
  DP_TRY(dp_books_run_end(&pay));
  DP_TRY(dp_books_run_end(&back));
  return dp_books_post(ctx, DP_REASON_PROTOCOL_TAKE, escrow, dp_books_own(ctx, DP_ACCOUNT_PROTOCOL, DP_USD),
                       out->take_nusd);
}
