/* analysis/breakeven.c — income of a host by region out of a run, payback by machine, and the tables. */
#include "analysis/breakeven.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/kpi_find.h"
#include "place/place.h"
#include "provider/fleet.h"
#include "provider/npv.h"

static const double price_times[] = {0, 0.25, 0.5, 1, 2, 4};
static const double utilisations[] = {0.1, 0.25, 0.5, 0.75, 1};
#define CSV_HEAD "machine,region,token_price_usd,utilisation_ratio,payback_d\n"
#define PRICE_N (sizeof price_times / sizeof *price_times)
#define UTILISATION_N (sizeof utilisations / sizeof *utilisations)

/** What a run says of a host's day. */
struct facts {
  const struct dp_sim *sim;
  const struct dp_place *place;
  const struct dp_fleet_config *fleet;
  const struct dp_node_class *class; /* of the scenario */
  double cash_usd, tokens, price_usd, utilisation; /* a host and day; tokens: of all kinds at price_usd */
  double horizon_d, resale_share;
  double *work; /* [region_n] a host's work over the mean host's */
};

/* ---- formulas ---- */

double dp_breakeven_days(const struct dp_breakeven_terms *t) {
  const double net = t->income - t->electricity - t->opex;
  if (t->price <= t->resale) return 0;
  const double days = net > 0 ? (t->price - t->resale) / net : (double)INFINITY;
  return days <= DP_BREAKEVEN_MOST_D ? days : (double)INFINITY;
}

double dp_breakeven_electricity(const struct dp_node_class *c, double utilisation, double usd_per_kwh) {
  const double gpus_w = (double)c->gpu_n * c->tdp_w * (c->idle_ratio + (1 - c->idle_ratio) * utilisation);
  return 24 * (c->overhead_w + gpus_w) / 1000 * usd_per_kwh;
}

/** How much faster than the scenario's machine. */
static double speed(const struct facts *f, const struct dp_node_class *c) {
  if (c->work_per_s > 0 && f->class->work_per_s > 0) return c->work_per_s / f->class->work_per_s;
  return (double)c->gpu_n * c->bandwidth_gb_per_s / ((double)f->class->gpu_n * f->class->bandwidth_gb_per_s);
}

/** @param utilisation NaN: as the run went, by region; region −1: a mean host at the mean tariff */
static double payback(const struct facts *f, const struct dp_node_class *c, int region, double price_usd,
                      double utilisation) {
  double tariff = 0, work = 1, load = isnan(utilisation) ? f->utilisation : utilisation;
  for (size_t i = 0; i < f->place->region_n; i++) tariff += f->place->regions[i]->electricity_usd_per_kwh;
  tariff /= (double)f->place->region_n;
  if (region >= 0) {
    tariff = f->place->regions[region]->electricity_usd_per_kwh;
    work = f->work[region];
  }
  load = fmin(load * work, 1);
  const double cash = f->utilisation > 0 ? f->cash_usd * load / f->utilisation : f->cash_usd;
  const struct dp_breakeven_terms t = {.price = c->price_usd,
                                       .resale = c->price_usd * f->resale_share,
                                       .income = speed(f, c) * (cash + f->tokens * work * price_usd),
                                       .electricity = dp_breakeven_electricity(c, load, tariff),
                                       .opex = f->fleet->opex_usd_per_d};
  return dp_breakeven_days(&t);
}

/* ---- what the run says ---- */

static double kpi_of(const struct dp_kpi_value *kpis, size_t n, const char *name) {
  const struct dp_kpi_value *kpi = dp_kpi_find(kpis, n, name);
  return kpi && isfinite(dp_kpi_number(kpi)) ? dp_kpi_number(kpi) : 0;
}

/** The same of one of several instances. */
static double kpi_in(const struct dp_kpi_value *kpis, size_t n, const char *name, const struct dp_instance *in) {
  char label[DP_KPI_NAME];
  const bool alone = in->nth == 0 && !dp_sim_next(in);
  snprintf(label, sizeof label, "%s%s%s", name, alone ? "" : "@", alone ? "" : in->name);
  return kpi_of(kpis, n, label);
}

/** Tokens that were minted, of all kinds, and what one of them is worth. */
static double read_tokens(struct facts *f, const struct dp_kpi_value *kpis, size_t n) {
  double minted = 0, usd = 0;
  for (const struct dp_instance *t = dp_sim_first(f->sim, "ledger.token"); t; t = dp_sim_next(t)) {
    const double of_it = kpi_in(kpis, n, "token.minted", t);
    minted += of_it;
    for (const struct dp_instance *x = dp_sim_first(f->sim, "ledger.exchange"); x; x = dp_sim_next(x))
      if (dp_instance_refers(x, "token", t)) usd += of_it * kpi_in(kpis, n, "token.price_usd", x);
  }
  f->price_usd = kpi_of(kpis, n, "token.price_usd");
  if (!dp_kpi_find(kpis, n, "token.price_usd")) f->price_usd = minted > 0 ? usd / minted : 0;
  return minted;
}

static double host_days(struct dp_sim *sim, struct dp_err *err) {
  const struct dp_instance *node = dp_sim_first(sim, "hardware.node");
  dp_i128 total = 0;
  for (unsigned i = 0; i < node->model->metric_n; i++)
    if (strcmp(node->model->metrics[i].name, "present") == 0 &&
        dp_sim_metric_total(sim, node, i, &total, err) != DP_OK)
      return 0;
  return dp_i128_to_double(total) / (double)DP_DAY;
}

/** Work of the hosts that are there at the end, by region. */
static enum dp_status read_work(struct facts *f, struct dp_err *err) {
  const struct dp_sim *sim = f->sim;
  const struct dp_instance *network = dp_sim_instance(sim, f->fleet->network.instance);
  double *hosts = calloc(f->place->region_n, sizeof *hosts), all = 0, all_hosts = 0;
  struct dp_view work;
  f->work = calloc(f->place->region_n, sizeof *f->work);
  enum dp_status status = hosts && f->work ? DP_OK : dp_fail_nomem(err, "regions");
  if (status == DP_OK) status = dp_view_find(network, "listing", "work_tok", &work, err);
  for (uint32_t k = 0; status == DP_OK && k < sim->engine->local_n; k++) {
    const struct dp_cell *cell = &sim->engine->cells[k];
    const struct dp_table *listings = &cell->tables[work.table];
    const uint16_t region = dp_place_region(f->place, cell->id);
    for (uint32_t i = dp_table_next(listings, 0); i != DP_NO_ROW; i = dp_table_next(listings, i + 1)) {
      const void *row = dp_table_at(listings, i);
      f->work[region] += (double)*(const int64_t *)(const void *)((const unsigned char *)row + work.offset);
      hosts[region]++;
    }
  }
  for (size_t i = 0; status == DP_OK && i < f->place->region_n; i++) all += f->work[i], all_hosts += hosts[i];
  for (size_t i = 0; status == DP_OK && i < f->place->region_n; i++)
    f->work[i] = hosts[i] > 0 && all > 0 ? f->work[i] / hosts[i] / (all / all_hosts) : 1;
  free(hosts);
  return status;
}

static void read_terms(struct facts *f) {
  const struct dp_entry_config *entry = f->fleet->entry.part;
  const struct dp_exit_config *leave = f->fleet->exit.part;
  f->horizon_d = entry ? entry->horizon_d : 730;
  if (leave && !(leave->life_d > 0 && leave->life_d <= f->horizon_d))
    f->resale_share = dp_operator_resale_share(leave->resale_ratio, leave->depreciation_ratio, f->horizon_d);
}

static enum dp_status read_facts(struct dp_sim *sim, struct facts *f, struct dp_err *err) {
  const struct dp_instance *fleet = dp_sim_first(sim, "provider.fleet");
  struct dp_kpi_value *kpis;
  size_t n;
  *f = (struct facts){.sim = sim, .place = dp_place_of(sim), .fleet = fleet->config};
  f->class = f->fleet->node.part;
  DP_TRY(dp_sim_kpis(sim, &kpis, &n, err));
  const double days = host_days(sim, err);
  const double minted = read_tokens(f, kpis, n);
  if (days > 0) {
    f->cash_usd = kpi_of(kpis, n, "network.provider_income_usd") / days;
    f->tokens = minted / days;
  }
  f->utilisation = kpi_of(kpis, n, "hardware.utilisation_ratio");
  free(kpis);
  if (!(days > 0) || (f->cash_usd <= 0 && f->tokens <= 0))
    return dp_fail(err, DP_SCENARIO, "nobody earned anything in this run (give it customers, or a longer --until)");
  read_terms(f);
  return read_work(f, err);
}

/* ---- text ---- */

static void put_days(struct dp_str *out, int width, double days) {
  if (isfinite(days)) dp_str_printf(out, " %*.0f", width, days);
  else dp_str_printf(out, " %*s", width, "never");
}

static int width_of(const char *name) { return strlen(name) < 7 ? 7 : (int)strlen(name); }

static void print_text(struct dp_str *out, const struct facts *f, const struct dp_breakeven_machine *m, size_t n) {
  dp_str_printf(out, "a host's day: %.4g usd in cash, %.4g tokens at %.4g usd, utilisation %.3g, opex %.4g usd; resale after "
                "%.6g d: %.3g of the price\n\ndays until a machine is earned, as the run went (never: not in ten years)\n%-16s "
                "%8s", f->cash_usd, f->tokens, f->price_usd, f->utilisation, f->fleet->opex_usd_per_d, f->horizon_d,
                f->resale_share, "machine", "usd");
  for (size_t r = 0; r < f->place->region_n; r++) {
    const char *name = f->place->regions[r]->name;
    dp_str_printf(out, " %*s", width_of(name), name);
  }
  dp_str_append(out, "\n");
  for (size_t i = 0; i < n; i++) {
    dp_str_printf(out, "%-16s %8.0f", m[i].name, m[i].class.price_usd);
    for (size_t r = 0; r < f->place->region_n; r++)
      put_days(out, width_of(f->place->regions[r]->name),
               payback(f, &m[i].class, (int)r, f->price_usd, (double)NAN));
    dp_str_append(out, "\n");
  }
  dp_str_printf(out, "\nthe scenario's machine at the mean tariff, by price of the token and utilisation\n%-24s", "");
  for (size_t u = 0; u < UTILISATION_N; u++) dp_str_printf(out, " %7.2f", utilisations[u]);
  dp_str_append(out, "\n");
  for (size_t p = 0; p < PRICE_N; p++) {
    dp_str_printf(out, "%-6.4g x = %-10.4g usd", price_times[p], price_times[p] * f->price_usd);
    for (size_t u = 0; u < UTILISATION_N; u++)
      put_days(out, 7, payback(f, f->class, -1, price_times[p] * f->price_usd, utilisations[u]));
    dp_str_append(out, "\n");
  }
}

/* ---- CSV and JSON: a row a cell of either table ---- */

struct cell {
  const char *machine, *region;
  double token_price_usd, utilisation, days;
};

typedef void put_fn(void *to, const struct cell *c);

static void each(const struct facts *f, const struct dp_breakeven_machine *m, size_t n, put_fn *put, void *to) {
  for (size_t i = 0; i < n; i++)
    for (size_t r = 0; r < f->place->region_n; r++) {
      const struct cell c = {m[i].name, f->place->regions[r]->name, f->price_usd, fmin(f->utilisation * f->work[r], 1),
                             payback(f, &m[i].class, (int)r, f->price_usd, (double)NAN)};
      put(to, &c);
    }
  for (size_t p = 0; p < PRICE_N; p++)
    for (size_t u = 0; u < UTILISATION_N; u++) {
      const struct cell c = {"scenario", "mean", price_times[p] * f->price_usd, utilisations[u],
                             payback(f, f->class, -1, price_times[p] * f->price_usd, utilisations[u])};
      put(to, &c);
    }
}

static void put_csv(void *to, const struct cell *c) {
  dp_str_printf(to, "%s,%s,%.15g,%.15g,", c->machine, c->region, c->token_price_usd, c->utilisation);
  if (isfinite(c->days)) dp_str_printf(to, "%.15g\n", c->days);
  else dp_str_append(to, "never\n");
}

static void put_json(void *to, const struct cell *c) {
  json_array_append_new(to, json_pack("{s:s, s:s, s:f, s:f, s:o}", "machine", c->machine, "region", c->region,
                                      "token_price_usd", c->token_price_usd, "utilisation_ratio", c->utilisation,
                                      "payback_d", isfinite(c->days) ? json_real(c->days) : json_null()));
}

static void put_root(struct dp_str *out, json_t *root) {
  char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
  if (text) dp_str_printf(out, "%s\n", text);
  else out->failed = true;
  free(text);
  json_decref(root);
}

static void print_json(struct dp_str *out, const struct facts *f, const struct dp_breakeven_machine *m, size_t n) {
  json_t *rows = json_array();
  each(f, m, n, put_json, rows);
  json_t *root = json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "scenario", f->sim->spec.name, "cash_usd_per_d",
                           f->cash_usd, "tokens_per_d", f->tokens, "token_price_usd", f->price_usd, "utilisation_ratio",
                           f->utilisation, "opex_usd_per_d", f->fleet->opex_usd_per_d, "resale_ratio", f->resale_share,
                           "rows", rows);
  put_root(out, root);
}

/* A scenario in which nobody buys a machine. */
static void print_none(struct dp_str *out, enum dp_text_format format, const struct dp_sim *sim) {
  const char *note = "no provider: nobody buys a machine, and none is to be earned";
  if (format == DP_TEXT_PLAIN) dp_str_printf(out, "%s\n", note);
  if (format == DP_TEXT_CSV) dp_str_append(out, CSV_HEAD);
  if (format == DP_TEXT_JSON)
    put_root(out, json_pack("{s:s, s:s, s:[]}", "scenario", sim->spec.name, "note", note, "rows"));
}

enum dp_status dp_breakeven_print(struct dp_str *out, enum dp_text_format format, struct dp_sim *sim,
                                  const struct dp_breakeven_machine *machines, size_t machine_n, struct dp_err *err) {
  struct facts f = {0};
  if (!dp_sim_first(sim, "provider.fleet") && dp_sim_first(sim, "wireless.coverage"))
    return dp_breakeven_hotspots(out, format, sim, err);
  const bool none = !dp_sim_first(sim, "provider.fleet");
  if (none) print_none(out, format, sim);
  if (none) return out->failed ? dp_fail_nomem(err, "the tables") : DP_OK;
  enum dp_status status = read_facts(sim, &f, err);
  if (status == DP_OK && format == DP_TEXT_PLAIN) print_text(out, &f, machines, machine_n);
  if (status == DP_OK && format == DP_TEXT_JSON) print_json(out, &f, machines, machine_n);
  if (status == DP_OK && format == DP_TEXT_CSV) {
    dp_str_append(out, CSV_HEAD);
    each(&f, machines, machine_n, put_csv, out);
  }
  free(f.work);
  return status == DP_OK && out->failed ? dp_fail_nomem(err, "the tables") : status;
}
