/* analysis/describe_print.c — the seven elements of the ODD protocol. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/describe.h"
#include "analysis/swept.h"
#include "model/registry.h"
#include "model/vocabulary.h"

#define DP_X(name, doc) {#name, doc},
static const struct {
  const char *name, *doc;
} streams[] = {DP_STREAMS(DP_X)};
#undef DP_X

static bool is_used(const struct dp_description *d, const struct dp_model *m) {
  for (size_t i = 0; i < d->group_n; i++)
    if (d->groups[i].model == m) return true;
  return false;
}

static const char *unit_text(const char *unit) {
  return unit && unit[0] && strcmp(unit, "1") != 0 && strcmp(unit, "text") != 0 ? dp_unit_text("", unit) : "";
}

/* ---- Markdown ---- */

static void cell(struct dp_str *out, const char *text) {
  dp_str_append(out, "| ");
  for (; text && *text; text++) {
    if (*text == '|') dp_str_append(out, "\\");
    dp_str_append_n(out, *text == '\n' ? " " : text, 1);
  }
  dp_str_append(out, " ");
}

static void row(struct dp_str *out, const char *a, const char *b, const char *c) {
  cell(out, a);
  cell(out, b);
  cell(out, c);
  dp_str_append(out, "|\n");
}

static void put_entities(struct dp_str *out, const struct dp_model *m) {
  for (size_t i = 0; i < m->table_n; i++) {
    const struct dp_table_decl *t = &m->tables[i];
    dp_str_printf(out, "\n**%s.%s** (%s): %s\n\n| state variable | unit | meaning |\n|---|---|---|\n", m->name, t->name,
                  t->scope == DP_SCOPE_CELL ? "a row an entity, in its cell" : "the same on every rank", t->doc ? t->doc : "");
    for (size_t k = 0; k < t->column_n; k++) row(out, t->columns[k].name, unit_text(t->columns[k].unit), t->columns[k].doc);
  }
}

static void put_overview(struct dp_str *out, const struct dp_description *d) {
  char length[DP_DURATION_TEXT], step[DP_DURATION_TEXT];
  dp_str_printf(out, "# %s: model description (ODD)\n\n## 1. Purpose and patterns\n\n%s\n", d->scenario,
                d->question[0] ? d->question : "The scenario states no question.");
  if (d->conditional[0])
    dp_str_printf(out, "\nConditional: given by the scenario and not made by the model: %s\n", d->conditional);
  dp_str_append(out, "\n## 2. Entities, state variables, and scales\n");
  for (size_t i = 0; dp_models[i]; i++)
    if (is_used(d, dp_models[i])) put_entities(out, dp_models[i]);
  dp_str_printf(out, "\n**Scales.** Simulated time is counted in nanoseconds, from %s for %s; a settlement every %s. ",
                d->start, dp_format_duration(d->duration_ns, length), dp_format_duration(d->settle_every_ns, step));
  dp_str_append(out, "Space is regions of one or more cells; entities of a cell share its place.");
  bool any = false;
  for (size_t i = 0; i < d->group_n; i++)
    for (size_t k = 0; strncmp(d->groups[i].name, "place.region ", 13) == 0 && k < d->groups[i].row_n; k++)
      if (strcmp(d->groups[i].rows[k].name, "name") == 0) {
        dp_str_printf(out, "%s%s", any ? ", " : " Regions: ", d->groups[i].rows[k].value);
        any = true;
      }
  dp_str_append(out, any ? ".\n" : "\n");
  dp_str_append(out, "\n## 3. Process overview and scheduling\n\nBetween beats, events run cell by cell in the order of time, "
                     "phase, destination, source and number. At every settlement each model hands in the sums of its cells "
                     "(collect), steps what all share (clear), and takes the outcome back to its entities (apply), in this "
                     "order:\n\n");
  for (size_t i = 0, n = 0; dp_models[i]; i++)
    if (is_used(d, dp_models[i])) dp_str_printf(out, "%zu. %s: %s\n", ++n, dp_models[i]->name, dp_models[i]->doc);
}

static void put_adaptation(struct dp_str *out, const struct dp_description *d) {
  size_t n = 0;
  dp_str_append(out, "\n### Adaptation\n\nDecisions are policies:\n\n");
  for (size_t i = 0; i < d->group_n; i++)
    for (size_t k = 0; d->groups[i].schema && k < d->groups[i].row_n; k++) {
      const struct dp_param *p = dp_schema_param(d->groups[i].schema, d->groups[i].rows[k].name);
      if (!p || p->type != DP_PARAM_POLICY) continue;
      dp_str_printf(out, "- %s, %s: %s (%s)\n", d->groups[i].name, p->name, d->groups[i].rows[k].value, p->doc);
      n++;
    }
  if (n == 0) dp_str_append(out, "- none: nothing decides by what it sees\n");
}

static void put_interaction(struct dp_str *out, const struct dp_description *d) {
  dp_str_append(out, "\n### Interaction\n\nCells reach each other through channels, which take time, and through sums at "
                     "beats.\n\n| through | unit | what |\n|---|---|---|\n");
  for (size_t i = 0; dp_models[i]; i++) {
    const struct dp_model *m = dp_models[i];
    char name[160];
    if (!is_used(d, m)) continue;
    for (size_t k = 0; k < m->channel_n; k++) {
      snprintf(name, sizeof name, "%s, channel %s", m->name, m->channels[k].name);
      row(out, name, "", m->channels[k].doc);
    }
    for (size_t k = 0; k < m->flow_n; k++) {
      snprintf(name, sizeof name, "%s, sum %s", m->name, m->flows[k].name);
      row(out, name, unit_text(m->flows[k].unit), m->flows[k].doc);
    }
  }
}

static void put_observation(struct dp_str *out, const struct dp_description *d) {
  dp_str_append(out, "\n### Observation\n\n| series or histogram | unit | meaning |\n|---|---|---|\n");
  for (size_t i = 0; dp_models[i]; i++)
    for (size_t k = 0; is_used(d, dp_models[i]) && k < dp_models[i]->metric_n; k++) {
      const struct dp_metric *x = &dp_models[i]->metrics[k];
      char name[160];
      snprintf(name, sizeof name, "%s.%s%s%s", dp_models[i]->name, x->name, x->dimension ? ", by " : "",
               x->dimension ? x->dimension : "");
      row(out, name, unit_text(x->unit), x->doc);
    }
  dp_str_append(out, "\n| key figure | unit | meaning |\n|---|---|---|\n");
  for (size_t i = 0; dp_models[i]; i++)
    for (size_t k = 0; is_used(d, dp_models[i]) && k < dp_models[i]->kpi_n; k++)
      row(out, dp_models[i]->kpis[k].name, unit_text(dp_models[i]->kpis[k].unit), dp_models[i]->kpis[k].doc);
}

static void put_concepts(struct dp_str *out, const struct dp_description *d) {
  dp_str_append(out, "\n## 4. Design concepts\n\n### Basic principles\n\nMoney and tokens are integers in double entry; they "
                     "enter and leave by named reasons only. A price is made by trades.\n\n### Emergence\n\nNumbers that the "
                     "models publish to each other at a settlement, none of which is set from outside:\n\n"
                     "| value | unit | meaning |\n|---|---|---|\n");
  for (size_t i = 0; dp_models[i]; i++)
    for (size_t k = 0; is_used(d, dp_models[i]) && k < dp_models[i]->value_n; k++) {
      const struct dp_value *v = &dp_models[i]->values[k];
      char name[160];
      snprintf(name, sizeof name, "%s.%s", dp_models[i]->name, v->name);
      if (v->direction == DP_OUT) row(out, name, unit_text(v->unit), v->doc);
    }
  put_adaptation(out, d);
  dp_str_append(out, "\n### Objectives, learning, prediction\n\nAs far as a policy above has them; see its parameters in "
                     "section 7.\n\n### Sensing\n\nA policy sees what `depinsim params policy` lists, of its own entity and of "
                     "what is published.\n");
  put_interaction(out, d);
  dp_str_printf(out, "\n### Stochasticity\n\nEvery draw is a function of the seed (%" PRIu64 "), who draws, which stream and "
                     "which occasion (Philox 4x64, counter-based), so that scenarios with one seed share their luck.\n\n",
                d->seed);
  for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) dp_str_printf(out, "- %s: %s\n", streams[i].name, streams[i].doc);
  dp_str_append(out, "\n### Collectives\n\nCells, regions, networks and the groups of operators below.\n");
  put_observation(out, d);
}

static void put_rows(struct dp_str *out, const struct dp_described_group *g) {
  dp_str_append(out, "\n| parameter | value | unit | meaning | source |\n|---|---|---|---|---|\n");
  for (size_t i = 0; i < g->row_n; i++) {
    const struct dp_described_row *r = &g->rows[i];
    struct dp_str value = {0};
    dp_str_printf(&value, "%s%s", r->value, r->is_default ? "" : " *");
    cell(out, r->name);
    cell(out, dp_str_text(&value));
    cell(out, unit_text(r->unit));
    cell(out, r->doc);
    cell(out, r->is_default ? r->source : "");
    dp_str_append(out, "|\n");
    dp_str_fini(&value);
  }
}

static void put_details(struct dp_str *out, const struct dp_description *d) {
  dp_str_printf(out, "\n## 5. Initialization\n\nAt %s, seed %" PRIu64 ". The initial state follows from the parameters of "
                     "section 7, which the scenario makes of its own (a star: not the default):\n", d->start, d->seed);
  put_rows(out, &d->own);
  dp_str_append(out, "\n## 6. Input data\n\n");
  size_t n = 0;
  for (size_t i = 0; i < d->group_n; i++)
    for (size_t k = 0; d->groups[i].schema && k < d->groups[i].row_n; k++) {
      const struct dp_described_row *r = &d->groups[i].rows[k];
      const struct dp_param *p = dp_schema_param(d->groups[i].schema, r->name);
      if (!p || p->type != DP_PARAM_PATH || strlen(r->value) < 3 || strcmp(r->value, "nil") == 0) continue;
      dp_str_printf(out, "- %s, %s: %s\n", d->groups[i].name, r->name, r->value);
      n++;
    }
  if (n == 0) dp_str_append(out, "None: no file is read while it runs.\n");
  dp_str_append(out, "\n## 7. Submodels\n\nValues with a star are not the default. Equations and their sources: the README of "
                     "each folder of the program's source.\n");
  for (size_t i = 0; i < d->group_n; i++) {
    const struct dp_described_group *g = &d->groups[i];
    const char *doc = g->model ? g->model->doc : g->schema ? g->schema->doc : "";
    dp_str_printf(out, "\n### %s\n\n%s\n", g->name, doc ? doc : "");
    if (g->row_n) put_rows(out, g);
  }
}

/* ---- JSON ---- */

static json_t *json_rows(const struct dp_described_group *g) {
  json_t *rows = json_array();
  for (size_t i = 0; i < g->row_n; i++) {
    const struct dp_described_row *r = &g->rows[i];
    json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "name", r->name, "value", r->value, "unit",
                                          unit_text(r->unit), "doc", r->doc, "source", r->source, "default",
                                          (int)r->is_default));
  }
  return rows;
}

static json_t *json_entity(const struct dp_model *m, const struct dp_table_decl *t) {
  json_t *columns = json_array();
  for (size_t k = 0; k < t->column_n; k++)
    json_array_append_new(columns, json_pack("{s:s, s:s, s:s}", "name", t->columns[k].name, "unit",
                                             unit_text(t->columns[k].unit), "doc", t->columns[k].doc ? t->columns[k].doc : ""));
  return json_pack("{s:s, s:s, s:s, s:s, s:o}", "model", m->name, "table", t->name, "scope",
                   t->scope == DP_SCOPE_CELL ? "cell" : "replicated", "doc", t->doc ? t->doc : "", "state", columns);
}

static void json_model(json_t *entities, json_t *processes, json_t *metrics, json_t *kpis, const struct dp_model *m) {
  for (size_t k = 0; k < m->table_n; k++) json_array_append_new(entities, json_entity(m, &m->tables[k]));
  json_array_append_new(processes, json_pack("{s:s, s:s}", "model", m->name, "doc", m->doc));
  for (size_t k = 0; k < m->metric_n; k++)
    json_array_append_new(metrics, json_pack("{s:s, s:s, s:s, s:s}", "model", m->name, "name", m->metrics[k].name, "unit",
                                             unit_text(m->metrics[k].unit), "doc", m->metrics[k].doc ? m->metrics[k].doc : ""));
  for (size_t k = 0; k < m->kpi_n; k++)
    json_array_append_new(kpis, json_pack("{s:s, s:s, s:s}", "name", m->kpis[k].name, "unit", unit_text(m->kpis[k].unit),
                                          "doc", m->kpis[k].doc ? m->kpis[k].doc : ""));
}

static enum dp_status print_json(struct dp_str *out, const struct dp_description *d, struct dp_err *err) {
  json_t *entities = json_array(), *processes = json_array(), *metrics = json_array(), *kpis = json_array();
  json_t *chance = json_array(), *submodels = json_array();
  for (size_t i = 0; dp_models[i]; i++)
    if (is_used(d, dp_models[i])) json_model(entities, processes, metrics, kpis, dp_models[i]);
  for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
    json_array_append_new(chance, json_pack("{s:s, s:s}", "stream", streams[i].name, "doc", streams[i].doc));
  for (size_t i = 0; i < d->group_n; i++)
    json_array_append_new(submodels, json_pack("{s:s, s:s, s:o}", "name", d->groups[i].name, "model",
                                               d->groups[i].model ? d->groups[i].model->name
                                               : d->groups[i].schema ? d->groups[i].schema->name : "",
                                               "parameters", json_rows(&d->groups[i])));
  json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:o}", "scenario",
                           d->scenario, "purpose", d->question, "conditional", d->conditional, "start", d->start,
                           "duration_ns", (json_int_t)d->duration_ns, "settle_every_ns", (json_int_t)d->settle_every_ns,
                           "seed", (json_int_t)d->seed, "entities", entities, "processes", processes, "design_concepts",
                           "stochasticity", chance, "metrics", metrics, "kpis", kpis, "initialization", json_rows(&d->own),
                           "submodels", submodels);
  char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
  json_decref(root);
  if (!text) return dp_fail_nomem(err, "a description");
  dp_str_printf(out, "%s\n", text);
  free(text);
  return DP_OK;
}

enum dp_status dp_describe_print(struct dp_str *out, const struct dp_description *d, bool json, struct dp_err *err) {
  if (json) return print_json(out, d, err);
  put_overview(out, d);
  put_concepts(out, d);
  put_details(out, d);
  return DP_OK;
}
