/* sim/cli/models.c — depinsim models: every model with its metrics and KPIs. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "model/registry.h"

static const struct argp_option models_options[] = {{"format", 'f', "FORM", 0, "text, md or json (text)", 1}, {0}};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const forms[] = {"text", "json", "md", NULL};
  (void)key;
  return dp_cli_choice("--format", value, forms, options, err);
}

static const char *kind_text(enum dp_metric_kind kind) {
  switch (kind) {
    case DP_METRIC_COUNTER: return "counter";
    case DP_METRIC_GAUGE: return "gauge";
    case DP_METRIC_HISTOGRAM: return "histogram";
    case DP_METRIC_GLOBAL: return "global";
    case DP_METRIC_AMOUNT: return "amount";
  }
  return "";
}

static void print_model(struct dp_str *out, const struct dp_model *m) {
  dp_str_printf(out, "%s: %s\n", m->name, m->doc);
  if (m->section) dp_str_printf(out, "  listed in a scenario as `%s`\n", m->section);
  else if (m->implicit) dp_str_append(out, "  in every simulation\n");
  for (size_t i = 0; i < m->metric_n; i++) {
    const struct dp_metric *x = &m->metrics[i];
    dp_str_printf(out, "  metric %-24s %-9s %-6s %s%s%s\n", x->name, kind_text(x->kind), x->unit, x->doc,
                  x->dimension ? ", by " : "", x->dimension ? x->dimension : "");
  }
  for (size_t i = 0; i < m->kpi_n; i++) {
    const struct dp_kpi *k = &m->kpis[i];
    bool five = k->stat == DP_KPI_DISTRIBUTION;
    dp_str_printf(out, "  KPI    %-34s %-6s %s%s", k->name, k->unit, k->doc ? k->doc : "",
                  five ? " (.mean .p5 .p50 .p95 .p99)" : "");
    if (k->over) dp_str_printf(out, " [%s over %s]", k->metric, k->over);
    if (!m->implicit && !dp_kpi_adds(m, k)) dp_str_append(out, " [of several instances: of each]");
    dp_str_append(out, "\n");
  }
  dp_str_append(out, "\n");
}

static void md_cell(struct dp_str *out, const char *text) {
  dp_str_append(out, "| ");
  for (; text && *text; text++) {
    if (*text == '|') dp_str_append(out, "\\");
    dp_str_append_n(out, *text == '\n' ? " " : text, 1);
  }
  dp_str_append(out, " ");
}

static void md_row(struct dp_str *out, const char *name, const char *kind, const char *unit, const char *doc) {
  dp_str_printf(out, "| `%s` ", name);
  md_cell(out, kind);
  md_cell(out, unit);
  md_cell(out, doc);
  dp_str_append(out, "|\n");
}

static void print_md(struct dp_str *out, const struct dp_model *m) {
  dp_str_printf(out, "## %s\n\n%s\n\n| name | kind | unit | meaning |\n|---|---|---|---|\n", m->name, m->doc);
  for (size_t i = 0; i < m->metric_n; i++) {
    const struct dp_metric *x = &m->metrics[i];
    char kind[64];
    snprintf(kind, sizeof kind, "%s%s%s", kind_text(x->kind), x->dimension ? " by " : "", x->dimension ? x->dimension : "");
    md_row(out, x->name, kind, x->unit, x->doc);
  }
  for (size_t i = 0; i < m->kpi_n; i++)
    md_row(out, m->kpis[i].name, m->kpis[i].stat == DP_KPI_DISTRIBUTION ? "KPI: .mean .p5 .p50 .p95 .p99" : "KPI",
           m->kpis[i].unit, m->kpis[i].doc);
  dp_str_append(out, "\n");
}

static json_t *json_model(const struct dp_model *m) {
  json_t *metrics = json_array(), *kpis = json_array();
  for (size_t i = 0; i < m->metric_n; i++) {
    const struct dp_metric *x = &m->metrics[i];
    json_array_append_new(metrics, json_pack("{s:s, s:s, s:s, s:s, s:s*}", "name", x->name, "kind", kind_text(x->kind),
                                             "unit", x->unit, "doc", x->doc, "dimension", x->dimension));
  }
  for (size_t i = 0; i < m->kpi_n; i++) {
    const struct dp_kpi *k = &m->kpis[i];
    json_array_append_new(kpis, json_pack("{s:s, s:s, s:s, s:b, s:b}", "name", k->name, "unit", k->unit, "doc",
                                          k->doc ? k->doc : "", "distribution",
                                          (int)(k->stat == DP_KPI_DISTRIBUTION), "adds", (int)dp_kpi_adds(m, k)));
  }
  return json_pack("{s:s, s:s, s:s*, s:o, s:o}", "model", m->name, "doc", m->doc, "section", m->section, "metrics",
                   metrics, "kpis", kpis);
}

static enum dp_status print_json(struct dp_str *out, const char *name, struct dp_err *err) {
  json_t *root = json_array();
  for (size_t i = 0; dp_models[i]; i++)
    if (!name || strcmp(dp_models[i]->name, name) == 0) json_array_append_new(root, json_model(dp_models[i]));
  char *text = json_dumps(root, JSON_INDENT(2));
  json_decref(root);
  if (!text) return dp_fail_nomem(err, "the models");
  dp_str_printf(out, "%s\n", text);
  free(text);
  return DP_OK;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const char *name = cli->arg_n ? cli->args[0] : NULL;
  struct dp_str out = {0};
  if (name && !dp_model_find(name)) {
    const char *meant = dp_model_suggest(name);
    return dp_fail(err, DP_USAGE, "no model '%s'%s%s%s", name, meant ? ", did you mean '" : "", meant ? meant : "",
                   meant ? "'?" : " (depinsim models lists them)");
  }
  const int form = *(const int *)options;
  if (form == 1) {
    enum dp_status status = print_json(&out, name, err);
    return status == DP_OK ? dp_cli_put(&out, err) : status;
  }
  for (size_t i = 0; dp_models[i]; i++)
    if (!name || strcmp(dp_models[i]->name, name) == 0) (form ? print_md : print_model)(&out, dp_models[i]);
  return dp_cli_put(&out, err);
}

const struct dp_command dp_command_models = {
    .name = "models",
    .doc = "list the models, what they measure and which key figures they give",
    .args_doc = "[MODEL]",
    .arg_max = 1,
    .options = models_options,
    .options_size = sizeof(int),
    .option = option,
    .run = run,
};
