/* analysis/report_charts.c — the charts that a reader looks for first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report.h"
#include "analysis/svg.h"

#define POINTS_MOST 400 /* of a still picture: more are not seen */

struct dp_report_clock dp_report_clock_of(int64_t duration_ns) {
  const double s = (double)duration_ns / 1e9;
  if (s <= 3 * 3600.0) return (struct dp_report_clock){60, "minutes since the start"};
  if (s <= 3 * 86400.0) return (struct dp_report_clock){3600, "hours since the start"};
  return (struct dp_report_clock){86400, "days since the start"};
}

struct dp_report_clock dp_report_clock(const struct dp_report_run *run) {
  return dp_report_clock_of(run->result->duration_ns);
}

/** A chart's lines: a copy of some series, thinned. */
struct lines {
  const char *x_label;
  struct dp_svg_line rows[16];
  size_t n;
};

static void free_lines(struct lines *l) {
  for (size_t i = 0; i < l->n; i++) {
    free((void *)(uintptr_t)l->rows[i].x);
    free((void *)(uintptr_t)l->rows[i].y);
  }
  l->n = 0;
}

static double sum_of(const struct dp_series *s, size_t row) {
  double sum = 0;
  for (size_t c = 0; c < s->label_n; c++) sum += s->values[row * s->label_n + c];
  return sum;
}

/* Adds a series, summed over its dimension; `rising` adds up what each settlement brought. */
static bool add_line(struct lines *l, const struct dp_report_run *run, const char *group, const char *name,
                     const char *label, bool rising) {
  const struct dp_series_group *g;
  const struct dp_series *s = dp_series_find(&run->series, group, name, &g);
  if (!s || g->n == 0 || l->n == sizeof l->rows / sizeof *l->rows) return false;
  const struct dp_report_clock clock = dp_report_clock(run);
  const size_t stride = (g->n + POINTS_MOST - 1) / POINTS_MOST, n = (g->n + stride - 1) / stride;
  double *x = calloc(n, sizeof *x), *y = calloc(n, sizeof *y), level = 0;
  size_t k = 0;
  for (size_t i = 0; x && y && i < g->n; i++) {
    level = rising ? level + sum_of(s, i) : sum_of(s, i);
    if (i % stride == (g->n - 1) % stride && k < n) { /* the last one is always shown */
      x[k] = g->time_s[i] / clock.unit_s;
      y[k++] = level;
    }
  }
  l->x_label = clock.label;
  l->rows[l->n++] = (struct dp_svg_line){.label = label, .x = x, .y = y, .n = k};
  return true;
}

static void draw(struct dp_str *out, const char *title, const char *y_label, struct lines *l, bool stacked) {
  if (l->n > 0)
    dp_svg_lines(out, &(struct dp_svg_frame){.title = title, .x_label = l->x_label, .y_label = y_label}, l->rows, l->n,
                 stacked);
  free_lines(l);
}

double dp_report_kpi(const struct dp_report_run *run, const char *name) {
  for (size_t i = 0; i < run->result->kpi_n; i++) {
    const struct dp_kpi_value *k = &run->result->kpis[i];
    if (strcmp(k->name, name) == 0) return k->integer ? dp_i128_to_double(k->count) : k->value;
  }
  return (double)NAN;
}

/* ---- money ---- */

static double or_zero(double value) { return isfinite(value) ? value : 0; }

/* From what customers paid to what is left to hosts. */
static void draw_waterfall(struct dp_str *out, const struct dp_report_run *run) {
  const double spend = dp_report_kpi(run, "market.spend_usd");
  if (!(spend > 0)) return;
  const double take = or_zero(dp_report_kpi(run, "network.take_usd")), energy = or_zero(dp_report_kpi(run, "energy.cost_usd"));
  const double sold = or_zero(dp_report_kpi(run, "network.emission_realised_usd"));
  const double chain = or_zero(dp_report_kpi(run, "chain.fee_usd"));
  struct dp_svg_bar bars[8];
  size_t n = 0;
  bars[n++] = (struct dp_svg_bar){"customers pay", spend, true};
  bars[n++] = (struct dp_svg_bar){"protocol's take", -take, false};
  if (sold > 0) bars[n++] = (struct dp_svg_bar){"sales of new tokens", sold, false};
  if (chain > 0) bars[n++] = (struct dp_svg_bar){"settlement fees", -chain, false};
  bars[n++] = (struct dp_svg_bar){"electricity", -energy, false};
  bars[n++] = (struct dp_svg_bar){"left to hosts", spend - take + sold - chain - energy, true};
  dp_svg_bars(out, &(struct dp_svg_frame){.title = "Where a dollar goes", .x_label = "USD over the run", .y_label = ""}, bars,
              n, true);
}

static void draw_revenue(struct dp_str *out, const struct dp_report_run *run) {
  struct lines l = {.n = 0};
  add_line(&l, run, "ledger.exchange", "window_revenue", "paid for delivered work", true);
  add_line(&l, run, "ledger.exchange", "window_emission", "emission, at each settlement's price", true);
  draw(out, "Real revenue against emission", "USD since the start", &l, false);
}

/* ---- tokens ---- */

static void draw_supply(struct dp_str *out, const struct dp_report_run *run) {
  struct lines l = {.n = 0};
  add_line(&l, run, "ledger.token", "float", "float", false);
  add_line(&l, run, "ledger.token", "locked", "locked", false);
  add_line(&l, run, "ledger.token", "treasury", "treasury", false);
  draw(out, "Supply", "tokens", &l, true);
  add_line(&l, run, "ledger.token", "minted", "minted", false);
  add_line(&l, run, "ledger.token", "burned", "burned", false);
  draw(out, "Minted against burned", "tokens since the start", &l, false);
}

static void draw_exchange(struct dp_str *out, const struct dp_report_run *run) {
  struct lines l = {.n = 0};
  add_line(&l, run, "ledger.exchange", "price", "price", false);
  draw(out, "Price of the token", "USD a token", &l, false);
  add_line(&l, run, "ledger.exchange", "host_sold", "hosts sell", false);
  add_line(&l, run, "ledger.exchange", "holder_sold", "insiders sell", false);
  add_line(&l, run, "ledger.exchange", "buyback_burned", "the protocol buys", false);
  draw(out, "Who sells and who buys", "tokens since the start", &l, false);
  add_line(&l, run, "ledger.exchange", "depth_2pct", "depth", false);
  draw(out, "USD that would move the price up 2 %", "USD", &l, false);
}

/* ---- work ---- */

static void draw_utilisation(struct dp_str *out, const struct dp_report_run *run) {
  const struct dp_series_group *g, *h;
  const struct dp_series *busy = dp_series_find(&run->series, "hardware.node", "busy", &g);
  const struct dp_series *up = dp_series_find(&run->series, "hardware.node", "up", &g);
  const struct dp_series *prices = dp_series_find(&run->series, "provider.fleet", "price_sum", &h);
  const struct dp_series *hosts = dp_series_find(&run->series, "provider.fleet", "hosts", &h);
  const struct dp_report_clock clock = dp_report_clock(run);
  if (!busy || !up || g->n < 2) return;
  double *x = calloc(4 * g->n, sizeof *x), *ratio = x + g->n, *price = x + 2 * g->n;
  if (!x) {
    out->failed = true;
    return;
  }
  for (size_t i = 0; i < g->n; i++) {
    x[i] = g->time_s[i] / clock.unit_s;
    ratio[i] = sum_of(up, i) > 0 ? sum_of(busy, i) / sum_of(up, i) : (double)NAN;
    price[i] = prices && hosts && h->n == g->n && sum_of(hosts, i) > 0 ? sum_of(prices, i) / sum_of(hosts, i) : (double)NAN;
  }
  const struct dp_svg_line line = {.label = "busy", .x = x, .y = ratio, .n = g->n};
  dp_svg_lines(out, &(struct dp_svg_frame){.title = "Utilisation", .x_label = clock.label,
                                           .y_label = "busy share of the time up"}, &line, 1, false);
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < g->n; i++) low = fmin(low, price[i]), high = fmax(high, price[i]);
  if (prices && high > low * 1.001) /* a price that does not move says nothing */
    dp_svg_points(out, &(struct dp_svg_frame){.title = "Utilisation against price, a point a settlement",
                                              .x_label = "mean posted price, USD/Mtok", .y_label = "utilisation"},
                  price, ratio, g->n);
  free(x);
}

static void draw_hosts(struct dp_str *out, const struct dp_report_run *run) {
  struct lines l = {.n = 0};
  if (!add_line(&l, run, "provider.fleet", "active", "active", false))
    add_line(&l, run, "provider.fleet", "hosts", "hosts", false);
  add_line(&l, run, "provider.fleet", "entered", "ever entered", true);
  add_line(&l, run, "provider.fleet", "exited", "left", true);
  draw(out, "Hosts", "hosts", &l, false);
  add_line(&l, run, "market.gateway", "spend", "paid by customers", false);
  draw(out, "Paid by customers for delivered work", "USD a settlement", &l, false);
}

/* ---- histograms ---- */

static const struct {
  const char *suffix, *title;
} shown_histograms[] = {
    {".latency", "Latency of completed requests"}, {".ttft", "Time to the first token"}, {".wait", "Waiting time"}};

static bool read_doubles(const struct dp_result *r, const char *path, double **out, size_t *n) {
  hid_t dataset = H5Dopen2(r->file, path, H5P_DEFAULT), space = dataset < 0 ? -1 : H5Dget_space(dataset);
  const hssize_t points = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
  *out = points > 0 ? calloc((size_t)points, sizeof **out) : NULL;
  *n = points > 0 ? (size_t)points : 0;
  const bool done = *out && H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) >= 0;
  if (space >= 0) H5Sclose(space);
  if (dataset >= 0) H5Dclose(dataset);
  return done;
}

/* Whether some of it lies above 0, where a logarithmic axis can show it. */
static bool has_positive(const double *low, const double *count, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (low[i] > 0 && count[i] > 0) return true;
  return false;
}

static void draw_histogram(struct dp_str *out, const struct dp_result *r, const char *name, const char *title) {
  char path[3][512];
  double *low = NULL, *high = NULL, *count = NULL;
  size_t n[3] = {0};
  snprintf(path[0], sizeof path[0], "/histogram/%s/bucket_low", name);
  snprintf(path[1], sizeof path[1], "/histogram/%s/bucket_high", name);
  snprintf(path[2], sizeof path[2], "/histogram/%s/count", name);
  if (read_doubles(r, path[0], &low, &n[0]) && read_doubles(r, path[1], &high, &n[1]) &&
      read_doubles(r, path[2], &count, &n[2]) && n[0] == n[1] && n[0] == n[2] &&
      has_positive(low, count, n[0]))
    dp_svg_histogram(out, &(struct dp_svg_frame){.title = title, .x_label = "seconds", .y_label = "density a decade",
                                                 .log_x = true},
                     low, high[n[0] - 1], count, n[0]);
  free(low);
  free(high);
  free(count);
}

static void draw_histograms(struct dp_str *out, const struct dp_report_run *run) {
  char **names = dp_result_names(run->result, "histogram");
  for (size_t k = 0; k < sizeof shown_histograms / sizeof *shown_histograms; k++)
    for (size_t i = 0; names && names[i]; i++) {
      const size_t n = strlen(names[i]), m = strlen(shown_histograms[k].suffix);
      if (n > m && strcmp(names[i] + n - m, shown_histograms[k].suffix) == 0)
        draw_histogram(out, run->result, names[i], shown_histograms[k].title);
    }
  dp_result_free_names(names);
}

void dp_report_charts(struct dp_str *out, const struct dp_report_run *run) {
  dp_str_append(out, "<div class=\"charts\">\n");
  draw_waterfall(out, run);
  draw_exchange(out, run);
  draw_supply(out, run);
  draw_revenue(out, run);
  draw_hosts(out, run);
  draw_utilisation(out, run);
  draw_histograms(out, run);
  dp_str_append(out, "</div>\n");
}

/* ---- several runs ---- */

static const struct {
  const char *group, *name, *title, *y_label;
  bool rising;
} overlaid[] = {
    {"ledger.exchange", "price", "Price of the token", "USD a token", false},
    {"provider.fleet", "active", "Active hosts", "hosts", false},
    {"market.gateway", "spend", "Paid by customers since the start", "USD", true},
    {"ledger.token", "supply", "Supply", "tokens", false},
    {"hardware.node", "energy", "Energy used since the start", "kWh", true},
    {"ledger.token", "burned", "Burned since the start", "tokens", false},
};

void dp_report_overlay(struct dp_str *out, const struct dp_report_run *runs, size_t n) {
  dp_str_append(out, "<div class=\"charts\">\n");
  for (size_t k = 0; k < sizeof overlaid / sizeof *overlaid; k++) {
    struct lines l = {.n = 0};
    for (size_t i = 0; i < n; i++)
      add_line(&l, &runs[i], overlaid[k].group, overlaid[k].name, runs[i].result->path, overlaid[k].rising);
    draw(out, overlaid[k].title, overlaid[k].y_label, &l, false);
  }
  dp_str_append(out, "</div>\n");
}
