/* analysis/describe.c — gathers what a scenario or a result is made of. */
#include "analysis/describe.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/report.h"
#include "base/memory.h"
#include "model/registry.h"
#include "script/catalog.h"

static void free_group(struct dp_described_group *g) {
  for (size_t i = 0; i < g->row_n; i++) {
    free(g->rows[i].name);
    free(g->rows[i].value);
    free(g->rows[i].unit);
    free(g->rows[i].doc);
  }
  free(g->rows);
  free(g->name);
}

void dp_description_fini(struct dp_description *d) {
  for (size_t i = 0; i < d->group_n; i++) free_group(&d->groups[i]);
  free_group(&d->own);
  free(d->groups);
  free(d->question);
  free(d->scenario);
  free(d->start);
  free(d->conditional);
  *d = (struct dp_description){0};
}

static char *copy(const char *text) { return dp_copy_text(text ? text : ""); }

static enum dp_status add_group(struct dp_description *d, const char *name, struct dp_described_group **out,
                                struct dp_err *err) {
  struct dp_described_group *groups = reallocarray(d->groups, d->group_n + 1, sizeof *groups);
  if (!groups) return dp_fail_nomem(err, "a description");
  d->groups = groups;
  *out = &groups[d->group_n++];
  **out = (struct dp_described_group){.name = copy(name)};
  return (*out)->name ? DP_OK : dp_fail_nomem(err, "a description");
}

static enum dp_status fill_row(struct dp_described_row *r, const char *name, const char *value, const char *unit,
                               const char *doc, const char *source, bool is_default, struct dp_err *err) {
  *r = (struct dp_described_row){copy(name), copy(value), copy(unit), copy(doc),
                                 source && strcmp(source, "none") != 0 ? source : "", is_default};
  return r->name && r->value && r->unit && r->doc ? DP_OK : dp_fail_nomem(err, "a description");
}

/* ---- from a simulation ---- */

static enum dp_status add_config(struct dp_description *d, const char *name, const struct dp_model *model,
                                 const struct dp_schema *schema, const void *config, struct dp_err *err) {
  struct dp_described_group *g;
  DP_TRY(add_group(d, name, &g, err));
  g->model = model;
  g->schema = schema;
  g->rows = dp_zeros((schema ? schema->param_n : 0) + 1, sizeof *g->rows);
  if (!g->rows) return dp_fail_nomem(err, "a description");
  for (size_t i = 0; schema && config && i < schema->param_n; i++) {
    const struct dp_param *p = &schema->params[i];
    struct dp_str value = {0};
    dp_param_value_text(p, config, &value);
    enum dp_status status = fill_row(&g->rows[g->row_n++], p->name, dp_str_text(&value), p->unit, p->doc, p->source,
                                     dp_param_is_default(p, config), err);
    dp_str_fini(&value);
    DP_TRY(status);
  }
  return DP_OK;
}

static enum dp_status add_instance(struct dp_description *d, const struct dp_instance *in, struct dp_err *err) {
  const struct dp_schema *schema = in->model->schema;
  const bool named = strcmp(in->name, in->model->name) != 0;
  char name[256], policy_name[400];
  snprintf(name, sizeof name, "%s%s%s", in->model->name, named ? "." : "", named ? in->name : "");
  DP_TRY(add_config(d, name, in->model, schema, in->config, err));
  for (size_t i = 0; schema && in->config && i < schema->param_n; i++) {
    struct dp_catalog_entry entry;
    const struct dp_policy *policy;
    if (schema->params[i].type != DP_PARAM_POLICY) continue;
    memcpy(&policy, (const char *)in->config + schema->params[i].offset, sizeof policy);
    if (!policy || !policy->params) continue;
    snprintf(policy_name, sizeof policy_name, "policy.%s", policy->name);
    if (!dp_catalog_find(policy_name, &entry)) continue;
    snprintf(policy_name, sizeof policy_name, "%s.%s", name, schema->params[i].name);
    DP_TRY(add_config(d, policy_name, NULL, entry.schema, policy->params, err));
  }
  return DP_OK;
}

static enum dp_status add_parts(struct dp_description *d, const struct dp_sim *sim, struct dp_err *err) {
  for (size_t i = 0; i < dp_catalog_n(); i++) {
    const struct dp_catalog_entry e = dp_catalog_at(i);
    if (e.model || e.policy) continue;
    for (size_t id = 0; id < dp_sim_part_n(sim, e.schema->name); id++) {
      char name[256];
      snprintf(name, sizeof name, "%s %zu", e.schema->name, id);
      DP_TRY(add_config(d, name, NULL, e.schema, dp_sim_part(sim, e.schema->name, (uint16_t)id), err));
    }
  }
  return DP_OK;
}

static enum dp_status add_own(struct dp_description *d, const struct dp_scenario *scenario, struct dp_err *err) {
  size_t n;
  const struct dp_scenario_param *p = dp_scenario_params(scenario, &n);
  d->own.rows = calloc(n + 1, sizeof *d->own.rows);
  if (!d->own.rows) return dp_fail_nomem(err, "a description");
  for (size_t i = 0; i < n; i++) {
    struct dp_str value = {0};
    if (p[i].is_number) dp_str_printf(&value, "%.12g", p[i].value);
    else dp_str_printf(&value, "\"%s\"", p[i].text);
    enum dp_status status = fill_row(&d->own.rows[d->own.row_n++], p[i].name, dp_str_text(&value), "", p[i].doc, "",
                                     !p[i].given, err);
    dp_str_fini(&value);
    DP_TRY(status);
  }
  return DP_OK;
}

enum dp_status dp_describe_sim(const struct dp_scenario *scenario, const struct dp_sim *sim, struct dp_description *d,
                               struct dp_err *err) {
  char date[DP_DATE_TEXT];
  struct dp_str given = {0};
  dp_sim_conditional(sim, &given);
  *d = (struct dp_description){.question = copy(dp_scenario_question(scenario)), .scenario = copy(sim->spec.name),
                               .start = copy(dp_format_date(sim->spec.start_epoch_ns, date)),
                               .conditional = copy(dp_str_text(&given)), .duration_ns = sim->spec.end_ns,
                               .settle_every_ns = sim->spec.settle_every_ns, .seed = sim->spec.seed};
  dp_str_fini(&given);
  if (!d->question || !d->scenario || !d->start || !d->conditional) return dp_fail_nomem(err, "a description");
  DP_TRY(add_own(d, scenario, err));
  for (size_t i = 0; i < sim->instance_n; i++) DP_TRY(add_instance(d, &sim->instances[i], err));
  return add_parts(d, sim, err);
}

/* ---- from a result ---- */

/* "provider.fleet.gamers" is of provider.fleet, "ledger.tokens" not of ledger.token. */
static bool is_of(const char *group, const char *model) {
  const size_t len = strlen(model);
  return strncmp(group, model, len) == 0 && (group[len] == '\0' || group[len] == '.');
}

static const struct dp_model *model_of(const char *group) {
  const struct dp_model *found = NULL;
  for (size_t i = 0; dp_models[i]; i++)
    if (is_of(group, dp_models[i]->name) && (!found || strlen(dp_models[i]->name) > strlen(found->name)))
      found = dp_models[i];
  return found;
}

/* The schema of the policy whose group is "<instance>.<parameter>"; NULL when it is none. */
static const struct dp_schema *policy_of(const struct dp_description *d, const char *group) {
  for (size_t i = 0; i < d->group_n; i++) {
    const struct dp_described_group *g = &d->groups[i];
    const size_t len = strlen(g->name);
    if (!g->model || strncmp(group, g->name, len) != 0 || group[len] != '.') continue;
    for (size_t k = 0; k < g->row_n; k++) {
      char schema[128];
      struct dp_catalog_entry entry;
      const struct dp_param *p = g->schema ? dp_schema_param(g->schema, g->rows[k].name) : NULL;
      if (strcmp(group + len + 1, g->rows[k].name) != 0 || !p || p->type != DP_PARAM_POLICY) continue;
      snprintf(schema, sizeof schema, "policy.%.*s", (int)strcspn(g->rows[k].value + 1, "\""), g->rows[k].value + 1);
      return dp_catalog_find(schema, &entry) ? entry.schema : NULL;
    }
  }
  return NULL;
}

static void name_schema(const struct dp_description *d, struct dp_described_group *g) {
  char schema[128];
  struct dp_catalog_entry entry;
  snprintf(schema, sizeof schema, "%.*s", (int)strcspn(g->name, " "), g->name);
  if (strchr(g->name, ' ')) g->schema = dp_catalog_find(schema, &entry) ? entry.schema : NULL;
  else if ((g->schema = policy_of(d, g->name)) == NULL && (g->model = model_of(g->name)) != NULL) g->schema = g->model->schema;
}

static enum dp_status read_rows(const struct dp_result *r, const char *group, struct dp_described_group *g,
                                struct dp_err *err) {
  static const char *const parts[] = {"name", "value", "unit", "doc"};
  char path[512], **texts[4] = {0};
  int64_t *is_default = NULL;
  size_t n[5] = {0};
  enum dp_status status = DP_OK;
  for (int k = 0; k < 4 && status == DP_OK; k++) {
    snprintf(path, sizeof path, "/provenance/parameters/%s/%s", group, parts[k]);
    status = dp_result_column_texts(r, path, &texts[k], &n[k], err);
  }
  snprintf(path, sizeof path, "/provenance/parameters/%s/is_default", group);
  if (status == DP_OK) status = dp_result_column_i64(r, path, &is_default, &n[4], err);
  g->rows = dp_zeros(n[0] + 1, sizeof *g->rows);
  if (status == DP_OK && !g->rows) status = dp_fail_nomem(err, "a description");
  for (size_t i = 0; status == DP_OK && i < n[0] && i < n[1] && i < n[2] && i < n[3] && i < n[4]; i++) {
    const struct dp_param *p = g->schema ? dp_schema_param(g->schema, texts[0][i]) : NULL;
    status = fill_row(&g->rows[g->row_n++], texts[0][i], texts[1][i], texts[2][i], texts[3][i], p ? p->source : "",
                      is_default[i] != 0, err);
  }
  for (int k = 0; k < 4; k++) free(texts[k]);
  free(is_default);
  return status;
}

/* Models that every simulation has and that have no parameters leave no group. */
static enum dp_status add_silent(struct dp_description *d, struct dp_err *err) {
  for (size_t i = 0; dp_models[i]; i++) {
    bool there = !dp_models[i]->implicit;
    struct dp_described_group *g;
    for (size_t k = 0; k < d->group_n; k++) there |= d->groups[k].model == dp_models[i];
    if (there) continue;
    DP_TRY(add_group(d, dp_models[i]->name, &g, err));
    g->model = dp_models[i];
  }
  return DP_OK;
}

enum dp_status dp_describe_result(const struct dp_result *r, struct dp_description *d, struct dp_err *err) {
  char *given = dp_result_text(r->file, "conditional");
  *d = (struct dp_description){.question = copy(r->title), .scenario = copy(r->scenario), .start = copy(r->start),
                               .conditional = given ? given : copy(""), .duration_ns = r->duration_ns,
                               .settle_every_ns = r->settle_every_ns, .seed = r->seed};
  if (!d->question || !d->scenario || !d->start || !d->conditional) return dp_fail_nomem(err, "a description");
  char **names = dp_result_names(r, "/provenance/parameters");
  enum dp_status status = names ? DP_OK : dp_fail(err, DP_FORMAT, "%s: no parameters are in the file", r->path);
  for (size_t i = 0; names && names[i] && status == DP_OK; i++) {
    struct dp_described_group *g = &d->own;
    if (strcmp(names[i], "scenario") != 0) {
      status = add_group(d, names[i], &g, err);
      if (status == DP_OK) name_schema(d, g);
    }
    if (status == DP_OK) status = read_rows(r, names[i], g, err);
  }
  dp_result_free_names(names);
  return status == DP_OK ? add_silent(d, err) : status;
}
