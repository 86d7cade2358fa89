/* sim/script/catalog.c — the list of parts, built-in policies and pretty names; models come from the registry. */
#include "script/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hardware/node.h"
#include "ledger/allocation.h"
#include "ledger/emission.h"
#include "ledger/exchange.h"
#include "market/cloud.h"
#include "model/registry.h"
#include "place/place.h"
#include "provider/fleet.h"
#include "workload/server.h"

static const struct {
  const struct dp_schema *schema;
  const char *lua;
} parts[] = {
    {&dp_region_schema, "depin.place.region"},
    {&dp_node_class_schema, "depin.hardware.custom"},
    {&dp_llm_schema, "depin.llm.custom"},
    {&dp_cloud_schema, "depin.cloud"},
    {&dp_emission_schema, "depin.emission.custom"},
    {&dp_tranche_schema, "depin.tranche"},
    {&dp_exchange_position_schema, "depin.exchange.position"},
    {&dp_exchange_provider_schema, "depin.exchange.provider"},
    {&dp_entry_schema, "depin.entry"},
    {&dp_exit_schema, "depin.exit"},
};

static const struct {
  const struct dp_builtin_policy *policy;
  const char *lua;
} policies[] = {
    {&dp_policy_fixed, "depin.policy.fixed"},
    {&dp_policy_undercut, "depin.policy.undercut"},
};

static const struct dp_policy_kind *const kinds[] = {&dp_pricing_kind};

/* Names that lua/depin.lua gives to models. */
static const struct {
  const char *model, *lua;
} pretty[] = {
    {"place", "depin.place.custom"},         {"provider.fleet", "depin.provider"},
    {"place.shock", "depin.at"},             {"workload.demand", "depin.workload.demand"},
    {"workload.inference", "depin.workload.inference"}, {"workload.server", "depin.server"},
    {"market.gateway", "depin.network.posted"},         {"ledger.token", "depin.token"},
    {"ledger.exchange", "depin.exchange.custom"},
    {"ledger.trader", "depin.trader.custom"},           {"ledger.retail", "depin.retail"},
    {"ledger.feed", "depin.feed"},                      {"ledger.factor", "depin.factor.custom"},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static size_t model_n(void) {
  size_t n = 0;
  for (size_t i = 0; dp_models[i]; i++) n += dp_models[i]->schema != NULL;
  return n;
}

size_t dp_catalog_n(void) { return model_n() + COUNT(parts) + COUNT(policies); }

static struct dp_catalog_entry model_entry(size_t nth) {
  const struct dp_model *const *m = dp_models;
  while ((*m)->schema == NULL || nth-- > 0) m++;
  struct dp_catalog_entry e = {.schema = (*m)->schema, .model = *m};
  for (size_t i = 0; i < COUNT(pretty); i++)
    if (strcmp(pretty[i].model, e.schema->name) == 0) e.lua = pretty[i].lua;
  return e;
}

struct dp_catalog_entry dp_catalog_at(size_t i) {
  size_t models = model_n();
  if (i < models) return model_entry(i);
  i -= models;
  if (i < COUNT(parts)) return (struct dp_catalog_entry){.schema = parts[i].schema, .lua = parts[i].lua};
  i -= COUNT(parts);
  return (struct dp_catalog_entry){
      .schema = policies[i].policy->schema, .lua = policies[i].lua, .policy = policies[i].policy};
}

bool dp_catalog_find(const char *schema, struct dp_catalog_entry *out) {
  for (size_t i = 0; i < dp_catalog_n(); i++) {
    *out = dp_catalog_at(i);
    if (strcmp(out->schema->name, schema) == 0) return true;
  }
  return false;
}

const char *dp_catalog_suggest(const char *wrong) {
  const char *names[256];
  size_t n = dp_catalog_n() < COUNT(names) ? dp_catalog_n() : COUNT(names);
  for (size_t i = 0; i < n; i++) names[i] = dp_catalog_at(i).schema->name;
  return dp_str_suggest(wrong, names, n);
}

const struct dp_policy_kind *const *dp_catalog_kinds(size_t *n) {
  *n = COUNT(kinds);
  return kinds;
}

const struct dp_policy_kind *dp_catalog_kind(const char *name) {
  for (size_t i = 0; i < COUNT(kinds); i++)
    if (strcmp(kinds[i]->name, name) == 0) return kinds[i];
  return NULL;
}

/* ---- KPIs ---- */

static bool visit_one(const struct dp_kpi *kpi, bool (*visit)(void *, const char *, const struct dp_kpi *), void *ud) {
  static const char *const suffixes[] = {".mean", ".p5", ".p50", ".p95", ".p99"};
  if (kpi->stat != DP_KPI_DISTRIBUTION) return visit(ud, kpi->name, kpi);
  for (size_t i = 0; i < COUNT(suffixes); i++) {
    char name[64];
    snprintf(name, sizeof name, "%s%s", kpi->name, suffixes[i]);
    if (!visit(ud, name, kpi)) return false;
  }
  return true;
}

void dp_catalog_kpis(bool (*visit)(void *ud, const char *name, const struct dp_kpi *kpi), void *ud) {
  for (size_t i = 0; dp_models[i]; i++)
    for (size_t k = 0; k < dp_models[i]->kpi_n; k++)
      if (!visit_one(&dp_models[i]->kpis[k], visit, ud)) return;
}

#define KPI_MAX 512

struct kpi_names {
  const char *wanted;
  size_t wanted_len; /* without "@instance", which no declaration knows */
  bool found;
  char *names[KPI_MAX];
  size_t n;
};

static bool collect_kpi(void *ud, const char *name, const struct dp_kpi *kpi) {
  struct kpi_names *k = ud;
  (void)kpi;
  k->found = strlen(name) == k->wanted_len && strncmp(name, k->wanted, k->wanted_len) == 0;
  if (!k->found && k->n < KPI_MAX && (k->names[k->n] = strdup(name)) != NULL) k->n++;
  return !k->found;
}

bool dp_catalog_has_kpi(const char *name, char meant[64]) {
  struct kpi_names k = {.wanted = name, .wanted_len = strcspn(name, "@")};
  dp_catalog_kpis(collect_kpi, &k);
  const char *near = k.found ? NULL : dp_str_suggest(name, (const char *const *)k.names, k.n);
  snprintf(meant, 64, "%s", near ? near : "");
  for (size_t i = 0; i < k.n; i++) free(k.names[i]);
  return k.found;
}
