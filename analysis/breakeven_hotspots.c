/* analysis/breakeven_hotspots.c — when a hotspot has earned its price: by price of the token, power and tariff. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "analysis/breakeven.h"
#include "analysis/kpi_find.h"
#include "provider/npv.h"
#include "wireless/coverage.h"

static const double price_times[] = {0, 0.25, 0.5, 1, 2, 4};
#define PRICE_N (sizeof price_times / sizeof *price_times)

/** What a run says of a hotspot's day. */
struct facts {
  const struct dp_sim *sim;
  const struct dp_coverage_config *coverage;
  double tokens, price_usd, resale_share;
};

static double kpi_of(const struct dp_kpi_value *kpis, size_t n, const char *name) {
  const struct dp_kpi_value *kpi = dp_kpi_find(kpis, n, name);
  return kpi && isfinite(dp_kpi_number(kpi)) ? dp_kpi_number(kpi) : 0;
}

static enum dp_status read_facts(struct dp_sim *sim, struct facts *f, struct dp_err *err) {
  const struct dp_coverage_config *c = dp_sim_first(sim, "wireless.coverage")->config;
  struct dp_kpi_value *kpis;
  size_t n;
  DP_TRY(dp_sim_kpis(sim, &kpis, &n, err));
  *f = (struct facts){.sim = sim, .coverage = c, .tokens = kpi_of(kpis, n, "wireless.earned_token") / c->judge_d,
                      .price_usd = kpi_of(kpis, n, "token.price_usd")};
  free(kpis);
  f->resale_share = dp_operator_resale_share(c->resale_ratio, c->depreciation_ratio, c->judge_d);
  if (f->tokens > 0) return DP_OK;
  return dp_fail(err, DP_SCENARIO, "no hotspot has earned anything at the age of judge_d = %g (run longer, or judge them "
                 "earlier)", c->judge_d);
}

static double payback(const struct facts *f, size_t power, size_t tariff, double price_usd) {
  const struct dp_coverage_config *c = f->coverage;
  const struct dp_breakeven_terms t = {
      .price = c->hotspot_usd,
      .resale = c->hotspot_usd * f->resale_share,
      .income = f->tokens * price_usd,
      .electricity = 24 * c->power_w.v[power] / 1000 * c->electricity_usd_per_kwh.v[tariff]};
  return dp_breakeven_days(&t);
}

typedef void put_fn(void *to, const struct facts *f, size_t power, size_t tariff, double price_usd);

static void each(const struct facts *f, put_fn *put, void *to) {
  for (size_t p = 0; p < PRICE_N; p++)
    for (size_t w = 0; w < f->coverage->power_w.n; w++)
      for (size_t e = 0; e < f->coverage->electricity_usd_per_kwh.n; e++)
        put(to, f, w, e, price_times[p] * f->price_usd);
}

static void put_text(void *to, const struct facts *f, size_t power, size_t tariff, double price_usd) {
  const double days = payback(f, power, tariff, price_usd);
  if (power == 0 && tariff == 0) dp_str_printf(to, "\n%-16.4g", price_usd);
  if (isfinite(days)) dp_str_printf(to, " %14.0f", days);
  else dp_str_printf(to, " %14s", "never");
}

static void print_text(struct dp_str *out, const struct facts *f) {
  const struct dp_coverage_config *c = f->coverage;
  dp_str_printf(out, "a hotspot of %.6g usd: %.4g tokens a day, mean of those judged, until the age of %.6g d; ",
                c->hotspot_usd, f->tokens, c->judge_d);
  dp_str_printf(out, "a token %.4g usd at the end; resale then: %.3g of the price\n\n", f->price_usd, f->resale_share);
  dp_str_printf(out, "days until it is earned (never: not in ten years), by price of the token, power and price of "
                "electricity\n%-16s", "usd a token");
  for (size_t w = 0; w < c->power_w.n; w++)
    for (size_t e = 0; e < c->electricity_usd_per_kwh.n; e++)
      dp_str_printf(out, " %5.3g W at %5.3g", c->power_w.v[w], c->electricity_usd_per_kwh.v[e]);
  each(f, put_text, out);
  dp_str_append(out, "\n");
}

static void put_csv(void *to, const struct facts *f, size_t power, size_t tariff, double price_usd) {
  const double days = payback(f, power, tariff, price_usd);
  dp_str_printf(to, "%.15g,%.15g,%.15g,", f->coverage->power_w.v[power], f->coverage->electricity_usd_per_kwh.v[tariff],
                price_usd);
  if (isfinite(days)) dp_str_printf(to, "%.15g\n", days);
  else dp_str_append(to, "never\n");
}

static void put_json(void *to, const struct facts *f, size_t power, size_t tariff, double price_usd) {
  const double days = payback(f, power, tariff, price_usd);
  json_array_append_new(to, json_pack("{s:f, s:f, s:f, s:o}", "power_w", f->coverage->power_w.v[power],
                                      "electricity_usd_per_kwh", f->coverage->electricity_usd_per_kwh.v[tariff],
                                      "token_price_usd", price_usd, "payback_d",
                                      isfinite(days) ? json_real(days) : json_null()));
}

static void print_json(struct dp_str *out, const struct facts *f) {
  json_t *rows = json_array();
  each(f, put_json, rows);
  json_t *root = json_pack("{s:s, s:f, s:f, s:f, s:f, s:o}", "scenario", f->sim->spec.name, "hotspot_usd",
                           f->coverage->hotspot_usd, "tokens_per_d", f->tokens, "token_price_usd", f->price_usd,
                           "resale_ratio", f->resale_share, "rows", rows);
  char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
  if (text) dp_str_printf(out, "%s\n", text);
  else out->failed = true;
  free(text);
  json_decref(root);
}

enum dp_status dp_breakeven_hotspots(struct dp_str *out, enum dp_text_format format, struct dp_sim *sim,
                                     struct dp_err *err) {
  struct facts f;
  DP_TRY(read_facts(sim, &f, err));
  if (format == DP_TEXT_PLAIN) print_text(out, &f);
  if (format == DP_TEXT_JSON) print_json(out, &f);
  if (format == DP_TEXT_CSV) {
    dp_str_append(out, "power_w,electricity_usd_per_kwh,token_price_usd,payback_d\n");
    each(&f, put_csv, out);
  }
  return out->failed ? dp_fail_nomem(err, "the tables") : DP_OK;
}
