#include <config.h>

#include "ledger/feed.h"

#include <math.h>
#include <stdlib.h>

#include "ledger/exchange.h"

#define MARKS_MAX 1000000.0

/** `shared`: derived from the scenario. */
struct shared {
  const struct dp_instance *exchange;
  dp_time lag_ns, window_ns, heartbeat_ns, outage_ns, outage_end_ns;
  uint32_t mark_n; /* length of the ring */
};

enum { STATE_TABLE, HISTORY_TABLE };
enum { VALUE_PRICE };
enum { METRIC_PRICE, METRIC_ERROR, METRIC_AGE, METRIC_UPDATES, METRIC_CAPITAL, METRIC_COST };

static struct dp_feed_state *state_of(const struct dp_ctx *ctx, const struct dp_instance *feed) {
  return DP_ROW(&ctx->engine->globals[feed->first_global_table + STATE_TABLE], struct dp_feed_state, 0);
}

double dp_feed_price_usd(const struct dp_ctx *ctx, const struct dp_instance *feed) {
  return state_of(ctx, feed)->price_usd;
}

const struct dp_instance *dp_feed_of(const struct dp_instance *exchange) {
  for (const struct dp_instance *i = dp_sim_first(exchange->sim, "ledger.feed"); i; i = dp_sim_next(i))
    if (((const struct dp_feed_config *)i->config)->exchange.instance == exchange->index) return i;
  return NULL;
}

/* ---- pure parts ---- */

double dp_feed_median(double *v, size_t n) {
  for (size_t i = 1; i < n; i++) {
    const double x = v[i];
    size_t at = i;
    for (; at > 0 && v[at - 1] > x; at--) v[at] = v[at - 1];
    v[at] = x;
  }
  return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

void dp_feed_manipulation(double pool_usd, double ratio, double window_s, double held_s, double *capital_usd,
                          double *cost_usd) {
  const double root = sqrt(1 + ratio * fmax(window_s / held_s, 1));
  *capital_usd = pool_usd * (root - 1);
  *cost_usd = pool_usd * (root + 1 / root - 2);
}

/* ---- history ---- */

static struct dp_feed_mark *mark_at(const struct dp_ctx *ctx, const struct shared *s, int64_t nth) {
  return DP_ROW(dp_own_global(ctx, HISTORY_TABLE), struct dp_feed_mark, (uint32_t)(nth % s->mark_n));
}

/* The price that held since the settlement before is known now. */
static void remember(struct dp_ctx *ctx, const struct shared *s, struct dp_feed_state *state, double price) {
  const struct dp_feed_mark *last = state->head_n > 0 ? mark_at(ctx, s, state->head_n - 1) : NULL;
  const struct dp_feed_mark mark = {last ? last->sum_usd_s + price * dp_time_s(ctx->now_ns - last->t_ns) : 0, ctx->now_ns};
  *mark_at(ctx, s, state->head_n++) = mark;
}

/* The first mark at or after t, among those still kept; at least the second. */
static int64_t mark_after(const struct dp_ctx *ctx, const struct shared *s, const struct dp_feed_state *state, dp_time t) {
  int64_t low = state->head_n > s->mark_n ? state->head_n - s->mark_n : 0, high = state->head_n - 1;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    if (mark_at(ctx, s, middle)->t_ns >= t) high = middle;
    else low = middle;
  }
  return high;
}

/* Σ price · seconds up to t, along the step before the mark after t. */
static double sum_at(const struct dp_ctx *ctx, const struct shared *s, const struct dp_feed_state *state, dp_time t) {
  const int64_t next = mark_after(ctx, s, state, t);
  const struct dp_feed_mark *b = mark_at(ctx, s, next), *a = mark_at(ctx, s, next - 1);
  return a->sum_usd_s + (b->sum_usd_s - a->sum_usd_s) * (dp_time_s(t - a->t_ns) / dp_time_s(b->t_ns - a->t_ns));
}

/* What a reporter without error says: the mean over the window that ended a lag ago, or over as much of it as lies in the
 * run; before that the first price. */
static double observed(const struct dp_ctx *ctx, const struct shared *s, const struct dp_feed_state *state, double price) {
  const dp_time end = ctx->now_ns - s->lag_ns, begin = end - s->window_ns;
  if (state->head_n < 2) return price;
  const dp_time from = begin < 0 ? 0 : begin, to = end <= 0 ? 1 : end;
  if (to - from < DP_S) { /* the price itself */
    const int64_t next = mark_after(ctx, s, state, to);
    const struct dp_feed_mark *b = mark_at(ctx, s, next), *a = mark_at(ctx, s, next - 1);
    return (b->sum_usd_s - a->sum_usd_s) / dp_time_s(b->t_ns - a->t_ns);
  }
  return (sum_at(ctx, s, state, to) - sum_at(ctx, s, state, from)) / dp_time_s(to - from);
}

/* ---- a settlement ---- */

static double reports_median(struct dp_ctx *ctx, double seen, uint64_t settlement) {
  const struct dp_feed_config *c = ctx->self->config;
  double reports[DP_FEED_REPORTERS_MAX];
  if (!(c->noise_ratio > 0)) return seen;
  for (int64_t i = 0; i < c->reporters_n; i++) {
    struct dp_rng rng = dp_ctx_rng(ctx, (dp_entity)i, DP_STREAM(DP_STREAM_FEED, ctx->self->index), settlement);
    reports[i] = seen * fmax(1 + c->noise_ratio * dp_rng_normal(&rng), 0);
  }
  return dp_feed_median(reports, (size_t)c->reporters_n);
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_feed_config *c = ctx->self->config;
  const struct shared *s = ctx->self->shared;
  struct dp_feed_state *state = state_of(ctx, ctx->self);
  if (!beat->settlement) return DP_OK;
  if (state->head_n == 0 || beat->since_ns > 0) {
    const double price = dp_exchange_price_usd(ctx, s->exchange);
    remember(ctx, s, state, price);
    state->median_usd = reports_median(ctx, observed(ctx, s, state, price), beat->n);
  }
  const bool silent = ctx->now_ns >= s->outage_ns && ctx->now_ns < s->outage_end_ns;
  const bool due = ctx->now_ns - state->updated_ns >= s->heartbeat_ns ||
                   fabs(state->median_usd - state->price_usd) >= c->deviation_ratio * state->price_usd;
  if (state->update_n == 0 || (due && !silent)) {
    state->price_usd = state->median_usd;
    state->updated_ns = ctx->now_ns;
    state->update_n++;
  }
  dp_value_set(ctx, VALUE_PRICE, (dp_i128)(state->price_usd * 1e9), state->price_usd);
  return DP_OK;
}

/* ---- init ---- */

static dp_time ns(double seconds) { return (dp_time)(seconds * 1e9); }

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_feed_config *c = ctx->self->config;
  const struct dp_spec *spec = &dp_ctx_sim(ctx)->spec;
  struct shared *s = calloc(1, sizeof *s);
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "a price feed");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  s->exchange = dp_sim_instance(dp_ctx_sim(ctx), c->exchange.instance);
  s->lag_ns = ns(c->lag_s);
  s->window_ns = ns(c->window_s);
  s->heartbeat_ns = ns(c->heartbeat_s);
  s->outage_ns = s->outage_end_ns = ns(c->outage_day * 86400);
  s->outage_end_ns += ns(c->outage_d * 86400);
  const double marks = ceil((double)(s->lag_ns + s->window_ns) / (double)spec->settle_every_ns) + 3;
  if (marks > MARKS_MAX)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.feed: %s: lag_s and window_s span more than %g settlements (shorten "
                   "them, or settle less often)", ctx->self->name, MARKS_MAX);
  s->mark_n = (uint32_t)marks;
  DP_TRY(dp_table_add(dp_own_global(ctx, STATE_TABLE), &row, ctx->err));
  for (uint32_t i = 0; i < s->mark_n; i++) DP_TRY(dp_table_add(dp_own_global(ctx, HISTORY_TABLE), &row, ctx->err));
  return DP_OK;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct dp_feed_config *c = ctx->self->config;
  const struct shared *s = ctx->self->shared;
  const struct dp_feed_state *state = state_of(ctx, ctx->self);
  const double price = dp_exchange_price_usd(ctx, s->exchange);
  double capital, cost;
  dp_feed_manipulation(dp_exchange_depth_usd(ctx, s->exchange) / (sqrt(1.02) - 1), c->manipulate_ratio, c->window_s,
                       dp_time_s(dp_ctx_sim(ctx)->spec.settle_every_ns), &capital, &cost);
  dp_metric_set_global(ctx, METRIC_PRICE, state->price_usd);
  dp_metric_set_global(ctx, METRIC_ERROR, fabs(state->price_usd / price - 1));
  dp_metric_set_global(ctx, METRIC_AGE, dp_time_s(ctx->now_ns - state->updated_ns));
  dp_metric_set_global(ctx, METRIC_UPDATES, (double)state->update_n);
  dp_metric_set_global(ctx, METRIC_CAPITAL, capital);
  dp_metric_set_global(ctx, METRIC_COST, cost);
  return DP_OK;
}

/* ---- declarations ---- */

#define FIELD(f) DP_FIELD(struct dp_feed_config, f)
static const struct dp_param params[] = {
    {FIELD(exchange), .type = DP_PARAM_REF, .unit = "text", .part = "ledger.exchange", .required = true,
     .doc = "whose price is reported", .source = "none"},
    {FIELD(reporters_n), .type = DP_PARAM_INT, .unit = "1", .value = 31, .min = 1, .max = DP_FEED_REPORTERS_MAX,
     .doc = "reporters, whose median counts", .source = "Chainlink OCR: up to 31 oracles"},
    {FIELD(noise_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = 0, .max = 1,
     .doc = "standard deviation of a reporter's error", .source = "none"},
    {FIELD(lag_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 0, .min = 0, .max = 1e8,
     .doc = "reporters see the market so late", .source = "none"},
    {FIELD(window_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 0, .min = 0, .max = 1e8,
     .doc = "they report its time-weighted mean over this time; 0: the price itself", .source = "none"},
    {FIELD(heartbeat_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 3600, .min = 0, .max = 1e8,
     .doc = "the feed moves at least so often", .source = "Chainlink ETH / USD on Ethereum: 1 h"},
    {FIELD(deviation_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0.005, .min = 0, .max = 10,
     .doc = "it moves earlier when the median is so far from it", .source = "Chainlink ETH / USD on Ethereum: 0.5 %"},
    {FIELD(outage_day), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = 0, .max = 36500,
     .doc = "from this day on it says nothing new", .source = "none"},
    {FIELD(outage_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = 0, .max = 36500,
     .doc = "for so long; 0: no outage", .source = "none"},
    {FIELD(manipulate_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0.1, .min = 1e-6, .max = 100,
     .doc = "figures: what it costs to move it by so much", .source = "none"},
};
#undef FIELD

static const struct dp_schema schema = {
    .name = "ledger.feed",
    .doc = "a price feed: median of reporters, late, with heartbeat and threshold",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_feed_config),
};

#define COL(f, unit, doc) DP_COLUMN(struct dp_feed_state, f, unit, doc)
static const struct dp_column state_columns[] = {
    COL(price_usd, "usd", "published price"),
    COL(median_usd, "usd", "median of the last reports"),
    COL(updated_ns, "ns", "when it moved last"),
    COL(update_n, "1", "how often it has moved"),
    COL(head_n, "1", "marks ever written"),
};
#undef COL

static const struct dp_column mark_columns[] = {
    DP_COLUMN(struct dp_feed_mark, sum_usd_s, "usd", "price times seconds, summed up to the mark"),
    DP_COLUMN(struct dp_feed_mark, t_ns, "ns", "a settlement"),
};

static const struct dp_table_decl tables[] = {
    {.name = "feed", .doc = "what it says", .scope = DP_SCOPE_REPLICATED, .row_size = sizeof(struct dp_feed_state),
     DP_ROWS(column, state_columns)},
    {.name = "history", .doc = "prices that it has seen, a ring", .scope = DP_SCOPE_REPLICATED,
     .row_size = sizeof(struct dp_feed_mark), DP_ROWS(column, mark_columns)},
};

static const struct dp_value values[] = {
    [VALUE_PRICE] = {"price_usd", DP_OUT, "usd", "published price of a token (the integer: nano-USD)"},
};

#define GLOBAL(metric, text, unit, doc) [metric] = {text, DP_METRIC_GLOBAL, unit, 1, NULL, false, doc}
#define AMOUNT(metric, text, unit, doc) [metric] = {text, DP_METRIC_AMOUNT, unit, 1, NULL, false, doc}
static const struct dp_metric metrics[] = {
    GLOBAL(METRIC_PRICE, "price", "usd", "published price of a token"),
    GLOBAL(METRIC_ERROR, "error", "1", "size of its distance from the exchange's price, over that"),
    GLOBAL(METRIC_AGE, "age", "s", "time since it moved last"),
    AMOUNT(METRIC_UPDATES, "updates", "1", "how often it has moved"),
    GLOBAL(METRIC_CAPITAL, "manipulation_capital", "usd",
           "money at hand that moves it by manipulate_ratio within one settlement"),
    GLOBAL(METRIC_COST, "manipulation_cost", "usd", "what of that is lost when others trade the price back, without fees"),
};
#undef GLOBAL
#undef AMOUNT

static const struct dp_kpi kpis[] = {
    {"feed.price_usd", DP_KPI_TOTAL, "price", NULL, "usd", 0, "price that the feed publishes at the end"},
    {"feed.error_ratio", DP_KPI_MEAN, "error", NULL, "1", 0, "its mean distance from the exchange's price, over that"},
    {"feed.age_s", DP_KPI_MEAN, "age", NULL, "s", 0, "mean time since it moved last"},
    {"feed.updates", DP_KPI_TOTAL, "updates", NULL, "1", 0, "how often it moved"},
    {"feed.manipulation_capital_usd", DP_KPI_TOTAL, "manipulation_capital", NULL, "usd", 0,
     "money at hand that moves it by manipulate_ratio within one settlement, at the end"},
    {"feed.manipulation_cost_usd", DP_KPI_TOTAL, "manipulation_cost", NULL, "usd", 0,
     "what of that is lost when others trade the price back, without fees"},
};

const struct dp_model dp_feed_model = {
    .name = "ledger.feed",
    .section = "feeds",
    .doc = "a price feed",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    DP_ROWS(value, values),
    .init_replicated = init_replicated,
    .clear = clear,
    .sample_replicated = sample_replicated,
    .release = free,
};
