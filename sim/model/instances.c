/* sim/model/instances.c — from what a scenario lists to the instances of a run: order, implicit ones, names,
 * references, ids of parts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/host.h"

#define DP_NAMES_MAX 256
#define DP_NAME_MOST 63 /* bytes of a name: it stands in those of series and KPIs */

static size_t registry_n(const struct dp_spec *spec) {
  size_t n = 0;
  while (spec->registry && spec->registry[n]) n++;
  return n;
}

static bool in_registry(const struct dp_spec *spec, const struct dp_model *model) {
  for (size_t i = 0; spec->registry && spec->registry[i]; i++)
    if (spec->registry[i] == model) return true;
  return false;
}

static enum dp_status append(struct dp_sim *sim, const struct dp_model *model, const char *name, void *config,
                             struct dp_err *err) {
  if (model->schema && !config)
    return dp_fail(err, DP_SCENARIO, "%s: an instance without its configuration", model->name);
  struct dp_instance *in = &sim->instances[sim->instance_n];
  uint16_t nth = 0;
  if (sim->instance_n && in[-1].model == model) nth = (uint16_t)(in[-1].nth + 1);
  if (nth && model->implicit)
    return dp_fail(err, DP_SCENARIO, "%s: the scenario has more than one (one is what it can have)", model->name);
  *in = (struct dp_instance){.model = model, .sim = sim, .name = name, .config = config, .nth = nth, .beats = 1};
  in->index = (uint16_t)sim->instance_n++;
  return DP_OK;
}

/** All instances of one model in the scenario's order; one with the defaults when it is implicit and there is none. */
static enum dp_status append_model(struct dp_sim *sim, const struct dp_model *model, struct dp_err *err) {
  size_t before = sim->instance_n;
  for (size_t i = 0; i < sim->spec.instance_n; i++) {
    const struct dp_instance_spec *s = &sim->spec.instances[i];
    if (s->model == model) DP_TRY(append(sim, model, s->name, s->config, err));
  }
  if (sim->instance_n > before || !model->implicit) return DP_OK;
  void *config = NULL;
  if (model->schema) {
    config = dp_host_alloc(sim, model->schema->size);
    if (!config) return dp_fail_nomem(err, "a configuration");
    dp_schema_defaults(model->schema, config);
    if (model->schema->check) DP_TRY(model->schema->check(config, err));
  }
  return append(sim, model, NULL, config, err);
}

/** What the first of the references names that must be given; NULL when nothing is. */
static const char *reference_of(const struct dp_instance *in) {
  for (size_t k = 0; in->model->schema && k < in->model->schema->param_n; k++) {
    const struct dp_param *p = &in->model->schema->params[k];
    if (p->type != DP_PARAM_REF || !p->required) continue;
    const struct dp_ref *ref = (const void *)((const unsigned char *)in->config + p->offset);
    return ref->name && ref->name[0] ? ref->name : NULL;
  }
  return NULL;
}

/** Of several exchanges without a name each takes that of its token: what the instance refers to, and no other does.
 *  NULL when it is alone, or that does not tell it from the others. */
static const char *name_of_reference(const struct dp_instance *in) {
  const char *name = reference_of(in);
  bool alone = true;
  for (const struct dp_instance *i = dp_sim_first(in->sim, in->model->name); i && name; i = dp_sim_next(i)) {
    if (i == in) continue;
    const char *other = reference_of(i);
    alone = false;
    if ((i->name && strcmp(i->name, name) == 0) || (other && strcmp(other, name) == 0)) name = NULL;
  }
  return alone ? NULL : name;
}

static enum dp_status check_names(const struct dp_sim *sim, struct dp_err *err) {
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    if (strlen(in->name) > DP_NAME_MOST)
      return dp_fail(err, DP_SCENARIO, "%s: the name \"%.20s…\" is too long (at most %d bytes)", in->model->name, in->name,
                     DP_NAME_MOST);
    for (size_t j = i; j > 0 && sim->instances[j - 1].model == in->model; j--)
      if (strcmp(sim->instances[j - 1].name, in->name) == 0)
        return dp_fail(err, DP_SCENARIO, "%s: instances %u and %u are both named \"%s\" (give each its own name)",
                       in->model->name, sim->instances[j - 1].nth + 1u, in->nth + 1u, in->name);
  }
  return DP_OK;
}

/** An instance without a name takes that of what it alone refers to, else the first takes the model's, later ones their
 *  ordinal; two of one name are an error. */
static enum dp_status name_instances(struct dp_sim *sim, struct dp_err *err) {
  for (size_t i = 0; i < sim->instance_n; i++) {
    struct dp_instance *in = &sim->instances[i];
    if (in->name && in->name[0]) continue;
    bool first = true;
    in->name = name_of_reference(in);
    if (in->name) continue;
    for (size_t j = i; j > 0 && sim->instances[j - 1].model == in->model; j--)
      if (strcmp(sim->instances[j - 1].name, in->model->name) == 0) first = false;
    if (first) {
      in->name = in->model->name;
      continue;
    }
    char *text = dp_host_alloc(sim, 8);
    if (!text) return dp_fail_nomem(err, "a name");
    snprintf(text, 8, "%u", in->nth + 1u);
    in->name = text;
  }
  return check_names(sim, err);
}

enum dp_status dp_host_instances(struct dp_sim *sim, struct dp_err *err) {
  const struct dp_spec *spec = &sim->spec;
  size_t most = spec->instance_n + registry_n(spec);
  if (most >= DP_NO_INSTANCE)
    return dp_fail(err, DP_RANGE, "%zu instances of models (at most %u)", most, DP_NO_INSTANCE - 1u);
  sim->instances = dp_host_alloc(sim, (most + 1) * sizeof *sim->instances);
  if (!sim->instances) return dp_fail_nomem(err, "instances");
  for (size_t i = 0; spec->registry && spec->registry[i]; i++) DP_TRY(append_model(sim, spec->registry[i], err));
  for (size_t i = 0; i < spec->instance_n; i++) {
    const struct dp_model *model = spec->instances[i].model;
    bool done = in_registry(spec, model);
    for (size_t j = 0; j < i && !done; j++) done = spec->instances[j].model == model;
    if (!done) DP_TRY(append_model(sim, model, err));
  }
  return name_instances(sim, err);
}

/* ---- references and parts ---- */

static enum dp_status no_such(const struct dp_instance *in, const struct dp_param *p, const struct dp_ref *ref,
                              struct dp_err *err) {
  const char *names[DP_NAMES_MAX];
  size_t n = 0;
  const struct dp_instance *other = dp_sim_first(in->sim, p->part);
  for (; other && n < DP_NAMES_MAX; other = dp_sim_next(other)) names[n++] = other->name;
  if (n == 0)
    return dp_fail(err, DP_SCENARIO, "%s: %s = \"%s\": the scenario has no %s (add one of that name)", in->model->name,
                   p->name, ref->name, p->part);
  const char *meant = dp_str_suggest(ref->name, names, n);
  return dp_fail(err, DP_SCENARIO, "%s: %s = \"%s\": no %s has that name (%s \"%s\"%s)", in->model->name, p->name,
                 ref->name, p->part, meant ? "did you mean" : "there is", meant ? meant : names[0], meant ? "?" : "");
}

static enum dp_status resolve_ref(const struct dp_instance *in, const struct dp_param *p, struct dp_ref *ref,
                                  struct dp_err *err) {
  ref->instance = DP_NO_INSTANCE;
  const struct dp_instance *first = p->part ? dp_sim_first(in->sim, p->part) : NULL;
  if (!ref->name || !ref->name[0]) {
    if (!p->required) return DP_OK;
    if (!first)
      return dp_fail(err, DP_SCENARIO, "%s: %s must name a %s, and the scenario has none", in->model->name, p->name,
                     p->part);
    if (dp_sim_next(first))
      return dp_fail(err, DP_SCENARIO, "%s: %s must say which %s is meant (\"%s\", \"%s\" …)", in->model->name, p->name,
                     p->part, first->name, dp_sim_next(first)->name);
    ref->instance = first->index;
    return DP_OK;
  }
  for (const struct dp_instance *other = first; other; other = dp_sim_next(other))
    if (strcmp(other->name, ref->name) == 0) ref->instance = other->index;
  return ref->instance == DP_NO_INSTANCE ? no_such(in, p, ref, err) : DP_OK;
}

static struct dp_part_set *part_set(struct dp_host *h, const char *schema) {
  for (size_t i = 0; i < h->part_set_n; i++)
    if (strcmp(h->part_sets[i].schema, schema) == 0) return &h->part_sets[i];
  if (h->part_set_n == DP_PART_SET_MAX) return NULL;
  h->part_sets[h->part_set_n].schema = schema;
  return &h->part_sets[h->part_set_n++];
}

static enum dp_status number_part(const struct dp_instance *in, const struct dp_param *p, struct dp_part_ref *ref,
                                  struct dp_err *err) {
  ref->id = 0;
  if (!ref->part) {
    if (!p->required) return DP_OK;
    return dp_fail(err, DP_SCENARIO, "%s: %s is required: a %s", in->model->name, p->name, p->part);
  }
  struct dp_part_set *set = part_set(in->sim->host, p->part);
  if (!set) return dp_fail(err, DP_RANGE, "%s: more than %d kinds of parts", in->model->name, DP_PART_SET_MAX);
  for (size_t i = 0; i < set->n; i++) {
    if (set->parts[i] != ref->part) continue;
    ref->id = (uint16_t)i;
    return DP_OK;
  }
  if (set->n > UINT16_MAX) return dp_fail(err, DP_RANGE, "more than %u parts of %s", UINT16_MAX + 1u, set->schema);
  if (!dp_array_grow(&set->parts, &set->cap, set->n, sizeof *set->parts)) return dp_fail_nomem(err, "parts");
  ref->id = (uint16_t)set->n;
  set->parts[set->n++] = ref->part;
  return DP_OK;
}

enum dp_status dp_host_resolve(struct dp_sim *sim, struct dp_err *err) {
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    size_t n = in->model->schema ? in->model->schema->param_n : 0;
    for (size_t k = 0; k < n; k++) {
      const struct dp_param *p = &in->model->schema->params[k];
      void *field = (unsigned char *)in->config + p->offset;
      if (p->type == DP_PARAM_REF) DP_TRY(resolve_ref(in, p, field, err));
      if (p->type == DP_PARAM_PART) DP_TRY(number_part(in, p, field, err));
      if (p->type != DP_PARAM_PARTS) continue;
      /* the list is const for models; its ids belong to the simulation */
      struct dp_part_refs *list = field;
      struct dp_part_ref *v = (struct dp_part_ref *)(uintptr_t)list->v;
      for (size_t j = 0; j < list->n; j++) DP_TRY(number_part(in, p, &v[j], err));
    }
  }
  return DP_OK;
}

/* ---- look-ups ---- */

const struct dp_instance *dp_sim_first(const struct dp_sim *sim, const char *model) {
  for (size_t i = 0; i < sim->instance_n; i++)
    if (strcmp(sim->instances[i].model->name, model) == 0) return &sim->instances[i];
  return NULL;
}

const struct dp_instance *dp_sim_next(const struct dp_instance *instance) {
  const struct dp_sim *sim = instance->sim;
  size_t i = instance->index + 1u;
  return i < sim->instance_n && sim->instances[i].model == instance->model ? &sim->instances[i] : NULL;
}

const struct dp_instance *dp_sim_instance(const struct dp_sim *sim, uint16_t index) {
  return index < sim->instance_n ? &sim->instances[index] : NULL;
}

static const struct dp_part_set *find_set(const struct dp_sim *sim, const char *schema) {
  for (size_t i = 0; i < sim->host->part_set_n; i++)
    if (strcmp(sim->host->part_sets[i].schema, schema) == 0) return &sim->host->part_sets[i];
  return NULL;
}

size_t dp_sim_part_n(const struct dp_sim *sim, const char *schema) {
  const struct dp_part_set *set = find_set(sim, schema);
  return set ? set->n : 0;
}

const void *dp_sim_part(const struct dp_sim *sim, const char *schema, uint16_t id) {
  const struct dp_part_set *set = find_set(sim, schema);
  return set && id < set->n ? set->parts[id] : NULL;
}
