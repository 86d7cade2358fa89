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

/* A row of a series of a model, summed over its dimension and over the model's instances with the owner's times. */
static double sum_at(const struct dp_report_run *run, const struct dp_series_group *owner, const char *model,
                     const char *name, size_t row) {
  double sum = 0;
  for (size_t i = 0; i < run->series.group_n; i++) {
    const struct dp_series_group *g = &run->series.groups[i];
    if (!dp_series_is_of(g->name, model) || g->n != owner->n) continue;
    for (size_t k = 0; k < g->series_n; k++)
      if (strcmp(g->series[k].name, name) == 0) sum += dp_series_sum(&g->series[k], row);
  }
  return sum;
}

/* Adds a series, summed over its dimension and, for a model, its instances; `rising` adds up what each settlement
 * brought. */
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
    const double now = sum_at(run, g, group, name, i);
    level = rising ? level + now : now;
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

/* Charts of what has no meaning when it is summed over a model's instances, such as prices of tokens: of each instance.
 * @param of " of AKT" when there are several, or "" */
typedef void (*instance_fn)(struct dp_str *out, const struct dp_report_run *run, const char *group, const char *of);

static void each_instance(struct dp_str *out, const struct dp_report_run *run, const char *model, instance_fn fn) {
  const struct dp_series_set *set = &run->series;
  size_t n = 0;
  for (size_t i = 0; i < set->group_n; i++) n += dp_series_is_of(set->groups[i].name, model);
  for (size_t i = 0; i < set->group_n; i++) {
    const char *group = set->groups[i].name, *label = group + strlen(model);
    char of[80] = "";
    if (!dp_series_is_of(group, model)) continue;
    if (n > 1 && *label) snprintf(of, sizeof of, " of %s", label + 1);
    fn(out, run, group, of);
  }
}

static void draw_of(struct dp_str *out, const char *title, const char *of, const char *y_label, struct lines *l,
                    bool stacked) {
  char text[160];
  snprintf(text, sizeof text, "%s%s", title, of);
  draw(out, text, y_label, l, stacked);
}

/* ---- money ---- */

static double or_zero(double value) { return isfinite(value) ? value : 0; }

/* A step of the waterfall, which is left out when it is 0. */
static void add_step(struct dp_svg_bar *bars, size_t *n, const char *label, double usd) {
  if (usd != 0) bars[(*n)++] = (struct dp_svg_bar){.label = label, .value = usd};
}

/* From who pays for delivered work, leases included, to what is left to hosts. */
static void draw_waterfall(struct dp_str *out, const struct dp_report_run *run) {
  const double gross = dp_report_kpi(run, "network.gross_spend_usd");
  if (!(gross > 0)) return;
  const double take = or_zero(dp_report_kpi(run, "network.take_usd"));
  const double burn = or_zero(dp_report_kpi(run, "network.burn_usd"));
  const double rebate = or_zero(dp_report_kpi(run, "network.rebate_usd"));
  const double grants = or_zero(dp_report_kpi(run, "network.grant_usd"));
  const double self = or_zero(dp_report_kpi(run, "network.self_dealing_usd"));
  const double to_hosts[] = {or_zero(dp_report_kpi(run, "network.emission_realised_usd")),
                             or_zero(dp_report_kpi(run, "network.host_grant_usd")), -self,
                             -or_zero(dp_report_kpi(run, "chain.fee_usd")),
                             -or_zero(dp_report_kpi(run, "energy.cost_usd"))};
  static const char *const labels[] = {"sales of new tokens", "grants to hosts", "what hosts paid to themselves",
                                       "settlement fees", "electricity"};
  struct dp_svg_bar bars[16];
  size_t n = 0;
  double left = gross - take;
  bars[n++] = (struct dp_svg_bar){.label = "customers pay", .value = gross - grants - self, .total = true};
  add_step(bars, &n, "grants that customers spend", grants);
  add_step(bars, &n, "hosts pay to themselves", self);
  add_step(bars, &n, "back to customers", -rebate);
  add_step(bars, &n, "buys tokens to burn, or credits", -burn);
  add_step(bars, &n, burn > 0 || rebate > 0 ? "rest of the protocol's take" : "protocol's take", rebate + burn - take);
  for (size_t i = 0; i < sizeof to_hosts / sizeof *to_hosts; i++) {
    add_step(bars, &n, labels[i], to_hosts[i]);
    left += to_hosts[i];
  }
  bars[n++] = (struct dp_svg_bar){.label = "left to hosts", .value = left, .total = true};
  dp_svg_bars(out, &(struct dp_svg_frame){.title = "Where a dollar goes", .x_label = "USD over the run", .y_label = ""}, bars,
              n, true);
}

/* ---- tokens ---- */

static void draw_supply(struct dp_str *out, const struct dp_report_run *run, const char *token, const char *of) {
  struct lines l = {.n = 0};
  add_line(&l, run, token, "float", "float", false);
  add_line(&l, run, token, "locked", "locked", false);
  add_line(&l, run, token, "treasury", "treasury", false);
  draw_of(out, "Supply", of, "tokens", &l, true);
  add_line(&l, run, token, "minted", "minted", false);
  add_line(&l, run, token, "burned", "burned", false);
  draw_of(out, "Minted against burned", of, "tokens since the start", &l, false);
}

static void draw_exchange(struct dp_str *out, const struct dp_report_run *run, const char *exchange, const char *of) {
  struct lines l = {.n = 0};
  char price[96];
  snprintf(price, sizeof price, "Price%s", *of ? of : " of the token");
  add_line(&l, run, exchange, "price", "price", false);
  draw(out, price, "USD a token", &l, false);
  add_line(&l, run, exchange, "host_sold", "hosts sell", false);
  add_line(&l, run, exchange, "holder_sold", "insiders sell", false);
  add_line(&l, run, exchange, "buyback_burned", "the protocol buys", false);
  draw_of(out, "Who sells and who buys", of, "tokens since the start", &l, false);
  add_line(&l, run, exchange, "depth_2pct", "depth", false);
  draw_of(out, "USD that would move the price up 2 %", of, "USD", &l, false);
}

static void draw_revenue(struct dp_str *out, const struct dp_report_run *run, const char *exchange, const char *of) {
  struct lines l = {.n = 0};
  add_line(&l, run, exchange, "window_revenue", "paid for delivered work", true);
  add_line(&l, run, exchange, "window_emission", "emission, at each settlement's price", true);
  draw_of(out, "Real revenue against emission", of, "USD since the start", &l, false);
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
    const double all = dp_series_sum(up, i);
    const double host_n = prices && hosts && h->n == g->n ? sum_at(run, h, "provider.fleet", "hosts", i) : 0;
    ratio[i] = all > 0 ? dp_series_sum(busy, i) / all : (double)NAN;
    price[i] = host_n > 0 ? sum_at(run, h, "provider.fleet", "price_sum", i) / host_n : (double)NAN;
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
  each_instance(out, run, "ledger.exchange", draw_exchange);
  each_instance(out, run, "ledger.token", draw_supply);
  each_instance(out, run, "ledger.exchange", draw_revenue);
  draw_hosts(out, run);
  draw_utilisation(out, run);
  draw_histograms(out, run);
  dp_str_append(out, "</div>\n");
}

/* ---- several runs ---- */

/* Of every run the series of a group; what is of tokens is not summed over them. */
static void overlay(struct dp_str *out, const struct dp_report_run *runs, size_t n, const struct dp_headline *h,
                    const char *group, const char *of) {
  struct lines l = {.n = 0};
  for (size_t i = 0; i < n; i++) add_line(&l, &runs[i], group, h->name, runs[i].result->path, h->rising);
  draw_of(out, h->title, of, h->unit, &l, false);
}

void dp_report_overlay(struct dp_str *out, const struct dp_report_run *runs, size_t n) {
  const struct dp_series_set *first = &runs[0].series;
  dp_str_append(out, "<div class=\"charts\">\n");
  for (const struct dp_headline *h = dp_headlines; h->name; h++) {
    const bool tokens = strncmp(h->group, "ledger.", 7) == 0;
    size_t instance_n = 0; /* of the run that has most */
    for (size_t r = 0; r < n; r++) {
      size_t of_run = 0;
      for (size_t i = 0; i < runs[r].series.group_n; i++)
        of_run += dp_series_is_of(runs[r].series.groups[i].name, h->group);
      if (of_run > instance_n) instance_n = of_run;
    }
    if (!tokens || instance_n < 2) overlay(out, runs, n, h, h->group, "");
    for (size_t i = 0; tokens && instance_n > 1 && i < first->group_n; i++) {
      const char *group = first->groups[i].name;
      if (!dp_series_is_of(group, h->group)) continue;
      const char *label = group + strlen(h->group);
      char of[80];
      snprintf(of, sizeof of, ", %s", *label ? label + 1 : group);
      overlay(out, runs, n, h, group, of);
    }
  }
  dp_str_append(out, "</div>\n");
}
