/* sim/model/order.c — what is checked before a run: each model's declarations, and who reads what of whom when. */
#include <string.h>

#include "model/host.h"

/* ---- one model ---- */

static bool unit_known(const char *unit) {
#define DP_X(text)                                                                                                   \
  if (strcmp(unit, text) == 0) return true;
  DP_UNITS(DP_X)
#undef DP_X
  return false;
}

static enum dp_status check_unit(const struct dp_model *m, const char *what, const char *name, const char *unit,
                                 struct dp_err *err) {
  if (unit && unit_known(unit)) return DP_OK;
  return dp_fail(err, DP_SCENARIO, "%s: %s %s has the unit '%s' (one of DP_UNITS in model/vocabulary.h is needed)",
                 m->name, what, name, unit ? unit : "");
}

int dp_metric_index(const struct dp_model *model, const char *name) {
  for (size_t i = 0; i < model->metric_n; i++)
    if (strcmp(model->metrics[i].name, name) == 0) return (int)i;
  return -1;
}

static enum dp_status check_metrics(const struct dp_model *m, struct dp_err *err) {
  for (size_t i = 0; i < m->metric_n; i++) {
    const struct dp_metric *metric = &m->metrics[i];
    DP_TRY(check_unit(m, "metric", metric->name, metric->unit, err));
    if (dp_metric_index(m, metric->name) != (int)i)
      return dp_fail(err, DP_SCENARIO, "%s: two metrics are named %s", m->name, metric->name);
    if (!(metric->quantum > 0) && !dp_metric_is_global(metric))
      return dp_fail(err, DP_SCENARIO, "%s: metric %s needs a quantum > 0", m->name, metric->name);
    if (metric->dimension && (metric->kind == DP_METRIC_HISTOGRAM || dp_metric_is_global(metric)))
      return dp_fail(err, DP_SCENARIO, "%s: metric %s cannot have a dimension (counters and gauges can)", m->name,
                     metric->name);
  }
  return DP_OK;
}

static enum dp_status check_kpis(const struct dp_model *m, struct dp_err *err) {
  for (size_t i = 0; i < m->kpi_n; i++) {
    const struct dp_kpi *k = &m->kpis[i];
    DP_TRY(check_unit(m, "KPI", k->name, k->unit, err));
    int metric = dp_metric_index(m, k->metric);
    if (metric < 0) return dp_fail(err, DP_SCENARIO, "%s: KPI %s: no metric %s", m->name, k->name, k->metric);
    const struct dp_metric *of = &m->metrics[metric];
    if ((k->stat == DP_KPI_RATIO || k->stat == DP_KPI_MEDIAN) && (!k->over || dp_metric_index(m, k->over) < 0))
      return dp_fail(err, DP_SCENARIO, "%s: KPI %s: no metric %s to divide by", m->name, k->name,
                     k->over ? k->over : "");
    bool whole = k->stat != DP_KPI_TOTAL && k->stat != DP_KPI_RATIO && k->stat != DP_KPI_MEAN;
    if (whole && of->kind != DP_METRIC_HISTOGRAM)
      return dp_fail(err, DP_SCENARIO, "%s: KPI %s: metric %s is no histogram", m->name, k->name, k->metric);
    if (k->stat == DP_KPI_MEAN && of->kind != DP_METRIC_HISTOGRAM && of->no_series)
      return dp_fail(err, DP_SCENARIO, "%s: KPI %s: metric %s has no series", m->name, k->name, k->metric);
  }
  return DP_OK;
}

static enum dp_status check_columns(const struct dp_model *m, const struct dp_table_decl *t, struct dp_err *err) {
  for (size_t i = 0; i < t->column_n; i++) DP_TRY(check_unit(m, "column", t->columns[i].name, t->columns[i].unit, err));
  return DP_OK;
}

enum dp_status dp_model_check(const struct dp_model *m, struct dp_err *err) {
  for (size_t i = 0; m->schema && i < m->schema->param_n; i++) {
    const struct dp_param *p = &m->schema->params[i];
    DP_TRY(check_unit(m, "parameter", p->name, p->unit, err));
    if (p->type == DP_PARAM_CHOICE && !p->choices)
      return dp_fail(err, DP_SCENARIO, "%s: parameter %s has no choices", m->name, p->name);
    if ((p->type == DP_PARAM_REF || p->type == DP_PARAM_PART || p->type == DP_PARAM_PARTS) && !p->part)
      return dp_fail(err, DP_SCENARIO, "%s: parameter %s does not say of what", m->name, p->name);
  }
  DP_TRY(check_metrics(m, err));
  DP_TRY(check_kpis(m, err));
  for (size_t i = 0; i < m->table_n; i++) DP_TRY(check_columns(m, &m->tables[i], err));
  if (m->bulletin) {
    DP_TRY(check_columns(m, m->bulletin, err));
    if (m->bulletin->row_size > DP_BULLETIN_MAX)
      return dp_fail(err, DP_SCENARIO, "%s: a bulletin of %zu bytes (at most %d)", m->name, m->bulletin->row_size,
                     DP_BULLETIN_MAX);
  }
  for (size_t i = 0; i < m->flow_n; i++) DP_TRY(check_unit(m, "flow", m->flows[i].name, m->flows[i].unit, err));
  for (size_t i = 0; i < m->value_n; i++) DP_TRY(check_unit(m, "value", m->values[i].name, m->values[i].unit, err));
  return DP_OK;
}

/* ---- all models ---- */

static bool writes(const struct dp_model *m, const char *full_name) {
  size_t n = strlen(m->name);
  if (strncmp(full_name, m->name, n) != 0 || full_name[n] != '.') return false;
  for (size_t i = 0; i < m->value_n; i++)
    if (m->values[i].direction == DP_OUT && strcmp(m->values[i].name, full_name + n + 1) == 0) return true;
  return false;
}

/** The models of the run in their order: the registry's, then those of the scenario that are not in it. */
struct models {
  const struct dp_sim *sim;
  size_t registry_n;
};

static const struct dp_model *model_at(const struct models *all, size_t i) {
  if (i < all->registry_n) return all->sim->spec.registry[i];
  i -= all->registry_n;
  return i < all->sim->instance_n ? all->sim->instances[i].model : NULL;
}

/** Place of a model in the order, and of the writer of a value; SIZE_MAX if there is none. */
static size_t place_of(const struct models *all, const struct dp_model *model) {
  for (size_t i = 0; model_at(all, i); i++)
    if (model_at(all, i) == model) return i;
  return SIZE_MAX;
}
static size_t writer_of(const struct models *all, const char *value) {
  for (size_t i = 0; model_at(all, i); i++)
    if (writes(model_at(all, i), value)) return i;
  return SIZE_MAX;
}

static enum dp_status check_read(const struct models *all, const struct dp_model *reader, const struct dp_value *v,
                                 struct dp_err *err) {
  size_t own = place_of(all, reader), writer = writer_of(all, v->name);
  if (writer == SIZE_MAX) {
    /* without a registry nobody knows which models exist */
    if (!all->sim->spec.registry) return DP_OK;
    return dp_fail(err, DP_SCENARIO,
                   "%s reads %s, which no model writes (declare it DP_OUT there, or correct the name)", reader->name,
                   v->name);
  }
  const char *name = model_at(all, writer)->name;
  if (v->direction == DP_IN && writer >= own)
    return dp_fail(err, DP_SCENARIO,
                   "%s reads %s as `in`, but %s clears later "
                   "(put %s before %s in model/registry.c, or declare it lagged)",
                   reader->name, v->name, name, name, reader->name);
  if (v->direction == DP_LAGGED && writer < own)
    return dp_fail(err, DP_SCENARIO, "%s reads %s as `lagged`, but %s clears earlier (declare it `in`)", reader->name,
                   v->name, name);
  return DP_OK;
}

enum dp_status dp_host_check_order(const struct dp_sim *sim, struct dp_err *err) {
  struct models all = {.sim = sim};
  while (sim->spec.registry && sim->spec.registry[all.registry_n]) all.registry_n++;
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_model *m = sim->instances[i].model;
    if (sim->instances[i].nth) continue;
    for (size_t k = 0; k < m->value_n; k++)
      if (m->values[k].direction != DP_OUT) DP_TRY(check_read(&all, m, &m->values[k], err));
  }
  return DP_OK;
}
