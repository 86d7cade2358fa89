#include <config.h>

#include "ledger/factor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"

#define DAYS_PER_YEAR 365.0
#define VALUE_MAX 1e9 /* a tide that outgrows this says nothing any more */

/** `shared`: derived from the scenario. */
struct shared {
  double *ratios; /* [ratio_n] BOOTSTRAP */
  size_t ratio_n;
};

enum { STATE_TABLE };
enum { VALUE_FACTOR };
enum { METRIC_VALUE };

static struct dp_factor_state *state_of(const struct dp_ctx *ctx, const struct dp_instance *factor) {
  return DP_ROW(&ctx->engine->globals[factor->first_global_table + STATE_TABLE], struct dp_factor_state, 0);
}

double dp_factor_value(const struct dp_ctx *ctx, const struct dp_instance *factor) {
  return state_of(ctx, factor)->value;
}

const struct dp_instance *dp_factor_of(const struct dp_sim *sim, const struct dp_ref *ref) {
  const bool named = ref->name != NULL && ref->name[0] != '\0' && ref->instance != DP_NO_INSTANCE;
  return named ? dp_sim_instance(sim, ref->instance) : NULL;
}

enum dp_status dp_factor_scale(struct dp_ctx *ctx, const struct dp_instance *factor, dp_i128 amount, dp_i128 *out) {
  *out = amount;
  if (!factor) return DP_OK;
  if (dp_i128_mul_div(amount, llround(dp_factor_value(ctx, factor) * 1e9), 1000000000, DP_ROUND_DOWN, out)) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "ledger.factor: outside money times %s overflows 127 bits", factor->name);
}

/* ---- a day ---- */

/* By inversion: the day's mean is small. */
static int64_t poisson(struct dp_rng *rng, double mean) {
  double left = dp_rng_uniform(rng), p = exp(-mean);
  int64_t n = 0;
  for (; left > p && n < 1000; n++) {
    left -= p;
    p *= mean / (double)(n + 1);
  }
  return n;
}

double dp_factor_step(const struct dp_factor_config *c, struct dp_rng *rng) {
  const double s = c->volatility_per_year, jump = c->jump_deviation;
  double drift = c->drift_per_year - s * s / 2, jumps = 0;
  if (c->kind == DP_FACTOR_JUMP) {
    drift -= c->jumps_per_year * (exp(c->jump_mean + jump * jump / 2) - 1);
    for (int64_t n = poisson(rng, c->jumps_per_year / DAYS_PER_YEAR); n > 0; n--)
      jumps += c->jump_mean + jump * dp_rng_normal(rng);
  }
  return exp(drift / DAYS_PER_YEAR + s * dp_rng_normal(rng) / sqrt(DAYS_PER_YEAR) + jumps);
}

/* Day d lies in block d / block_d, which starts at a day drawn evenly and goes round the end. */
static double resampled(struct dp_ctx *ctx, const struct shared *s, int64_t day) {
  const struct dp_factor_config *c = ctx->self->config;
  struct dp_rng rng = dp_ctx_rng(ctx, 0, DP_STREAM(DP_STREAM_FACTOR, ctx->self->index), (uint64_t)(day / c->block_d));
  const uint64_t from = dp_rng_below(&rng, s->ratio_n);
  return s->ratios[(from + (uint64_t)(day % c->block_d)) % s->ratio_n];
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_factor_config *c = ctx->self->config;
  struct dp_factor_state *state = state_of(ctx, ctx->self);
  if (!beat->settlement) return DP_OK;
  for (; state->day_n < ctx->now_ns / DP_DAY; state->day_n++) {
    if (c->kind == DP_FACTOR_BOOTSTRAP) {
      state->value *= resampled(ctx, ctx->self->shared, state->day_n);
    } else {
      struct dp_rng rng = dp_ctx_rng(ctx, 0, DP_STREAM(DP_STREAM_FACTOR, ctx->self->index), (uint64_t)state->day_n);
      state->value *= dp_factor_step(c, &rng);
    }
    state->value = fmin(state->value, VALUE_MAX);
  }
  dp_value_set(ctx, VALUE_FACTOR, (dp_i128)(state->value * 1e9), state->value);
  return DP_OK;
}

/* ---- the table of closes ---- */

struct closes {
  double *ratios;
  size_t n, capacity;
  double last;
  int64_t last_ns;
};

static enum dp_status add_close(struct closes *all, int64_t date_ns, double close, struct dp_err *err) {
  if (all->last > 0 && date_ns == all->last_ns + DP_DAY) {
    if (all->n == all->capacity) {
      const size_t capacity = all->capacity ? 2 * all->capacity : 1024;
      double *grown = realloc(all->ratios, capacity * sizeof *grown);
      if (!grown) return dp_fail_nomem(err, "daily returns");
      all->ratios = grown;
      all->capacity = capacity;
    }
    all->ratios[all->n++] = close / all->last;
  }
  all->last = close;
  all->last_ns = date_ns;
  return DP_OK;
}

static enum dp_status read_rows(struct dp_csv *csv, const struct dp_factor_config *c, int64_t before_ns,
                                struct closes *all, struct dp_err *err) {
  int date, symbol = dp_csv_column(csv, "symbol"), column;
  DP_TRY(dp_csv_need_column(csv, "date", &date, err));
  DP_TRY(dp_csv_need_column(csv, c->column, &column, err));
  for (;;) {
    bool eof;
    int64_t date_ns;
    double close;
    DP_TRY(dp_csv_next(csv, NULL, &eof, err));
    if (eof) return DP_OK;
    if (symbol >= 0 && strcmp(dp_csv_text(csv, symbol), c->symbol) != 0) continue;
    if (dp_csv_text(csv, column)[0] == '\0') continue;
    DP_TRY(dp_csv_date_ns(csv, date, &date_ns, err));
    if (date_ns >= before_ns) continue;
    DP_TRY(dp_csv_f64(csv, column, 1e-12, 1e12, &close, err));
    DP_TRY(add_close(all, date_ns, close, err));
  }
}

enum dp_status dp_factor_read(const struct dp_factor_config *c, int64_t before_ns, double **ratios, size_t *n,
                              struct dp_err *err) {
  struct closes all = {0};
  struct dp_csv *csv;
  char date[DP_DATE_TEXT];
  DP_TRY(dp_csv_open(c->csv, 0, &csv, err));
  enum dp_status status = read_rows(csv, c, before_ns, &all, err);
  dp_csv_close(csv);
  if (status == DP_OK && all.n < 2)
    status = dp_fail(err, DP_SCENARIO, "ledger.factor: %s has %zu daily returns of '%s' before %s (at least 2 are "
                     "needed: another symbol, or a later as_of or start)", c->csv, all.n, c->symbol,
                     dp_format_date(before_ns, date));
  if (status != DP_OK) free(all.ratios);
  else *ratios = all.ratios, *n = all.n;
  return status;
}

/* ---- init ---- */

static void release(void *p) {
  struct shared *s = p;
  free(s->ratios);
  free(s);
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  const struct dp_factor_config *c = ctx->self->config;
  struct shared *s = calloc(1, sizeof *s);
  int64_t before_ns = dp_ctx_sim(ctx)->spec.start_epoch_ns;
  uint32_t row;
  if (!s) return dp_fail_nomem(ctx->err, "a market factor");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = s;
  if (c->kind == DP_FACTOR_BOOTSTRAP && c->as_of[0] && dp_parse_date_ns(c->as_of, &before_ns, ctx->err) != DP_OK)
    return dp_fail(ctx->err, DP_SCENARIO, "ledger.factor: as_of = '%s' is no date (\"2024-01-31\" is)", c->as_of);
  if (c->kind == DP_FACTOR_BOOTSTRAP) DP_TRY(dp_factor_read(c, before_ns, &s->ratios, &s->ratio_n, ctx->err));
  DP_TRY(dp_table_add(dp_own_global(ctx, STATE_TABLE), &row, ctx->err));
  state_of(ctx, ctx->self)->value = 1;
  return DP_OK;
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  dp_metric_set_global(ctx, METRIC_VALUE, state_of(ctx, ctx->self)->value);
  return DP_OK;
}

/* ---- declarations ---- */

static enum dp_status check(void *config, struct dp_err *err) {
  const struct dp_factor_config *c = config;
  const bool table = c->kind == DP_FACTOR_BOOTSTRAP, jump = c->kind == DP_FACTOR_JUMP;
  if (table && !c->csv[0])
    return dp_fail(err, DP_SCENARIO, "ledger.factor: a bootstrap needs csv, a table of daily closes (or take kind = "
                   "\"gbm\")");
  if (!table && c->csv[0]) return dp_fail(err, DP_SCENARIO, "ledger.factor: csv belongs to kind = \"bootstrap\"");
  if (!jump && c->jumps_per_year > 0)
    return dp_fail(err, DP_SCENARIO, "ledger.factor: jumps_per_year belongs to kind = \"jump\"");
  return DP_OK;
}

static const char *const kinds[] = {"gbm", "jump", "bootstrap", NULL};

#define FIELD(f) DP_FIELD(struct dp_factor_config, f)
static const struct dp_param params[] = {
    {FIELD(kind), .type = DP_PARAM_CHOICE, .unit = "text", .value = DP_FACTOR_GBM, .choices = kinds,
     .doc = "geometric Brownian motion, the same with jumps (Merton 1976), or blocks of real days (bootstrap)",
     .source = "none"},
    {FIELD(drift_per_year), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = -10, .max = 10,
     .doc = "gbm, jump: the mean grows with e^(drift t)", .source = "none"},
    {FIELD(volatility_per_year), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0.7, .min = 0, .max = 10,
     .doc = "gbm, jump: standard deviation of a year's logarithm",
     .source = "crypto-datasets btc_eth_dvol_daily.csv: implied volatility of BTC and ETH 2021-2023, about 70 %"},
    {FIELD(jumps_per_year), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = 0, .max = 1000,
     .doc = "jump: mean number", .source = "none"},
    {FIELD(jump_mean), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = -5, .max = 5,
     .doc = "jump: mean of a jump's logarithm", .source = "none"},
    {FIELD(jump_deviation), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = 0, .max = 5,
     .doc = "jump: its standard deviation", .source = "none"},
    {FIELD(csv), .type = DP_PARAM_PATH, .unit = "text",
     .doc = "bootstrap: table with columns date, symbol (may be absent) and `column`", .source = "none"},
    {FIELD(symbol), .type = DP_PARAM_STRING, .unit = "text", .text = "BTC", .doc = "bootstrap: rows that are taken",
     .source = "none"},
    {FIELD(column), .type = DP_PARAM_STRING, .unit = "text", .text = "global_close_usd",
     .doc = "bootstrap: column of the daily close", .source = "crypto-datasets premium-daily.csv"},
    {FIELD(block_d), .type = DP_PARAM_INT, .unit = "d", .value = 30, .min = 1, .max = 3650,
     .doc = "bootstrap: days that stay together, so that calm and storm last",
     .source = "none; circular block bootstrap: Politis and Romano 1992"},
    {FIELD(as_of), .type = DP_PARAM_STRING, .unit = "text", .text = "",
     .doc = "bootstrap: only days before this date are drawn; left out: before the scenario's start", .source = "none"},
};
#undef FIELD

static const struct dp_schema schema = {
    .name = "ledger.factor",
    .doc = "the tide of a market: scales the outside money of those who name it, never a price",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_factor_config),
    .check = check,
};

static const struct dp_column state_columns[] = {
    DP_COLUMN(struct dp_factor_state, value, "1", "factor; 1 at the start"),
    DP_COLUMN(struct dp_factor_state, day_n, "1", "days it has stepped"),
};

static const struct dp_table_decl tables[] = {
    {.name = "factor", .doc = "the factor", .scope = DP_SCOPE_REPLICATED, .row_size = sizeof(struct dp_factor_state),
     DP_ROWS(column, state_columns)},
};

static const struct dp_value values[] = {[VALUE_FACTOR] = {"factor", DP_OUT, "1", "the factor of the day"}};

static const struct dp_metric metrics[] = {
    [METRIC_VALUE] = {"factor", DP_METRIC_GLOBAL, "1", 1, NULL, false, "the factor of the day; 1 at the start"},
};

static const struct dp_kpi kpis[] = {
    {"market.factor_ratio", DP_KPI_TOTAL, "factor", NULL, "1", 0, "factor of outside money at the end; 1 at the start"},
};

const struct dp_model dp_factor_model = {
    .name = "ledger.factor",
    .section = "factors",
    .doc = "the tide of a market",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    DP_ROWS(value, values),
    .init_replicated = init_replicated,
    .clear = clear,
    .sample_replicated = sample_replicated,
    .release = release,
};
