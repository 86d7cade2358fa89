/* sim/script/bind_scenario.c — depin.scenario: from the table to a dp_spec, checked as a whole. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/registry.h"
#include "script/bind.h"
#include "script/call.h"

#define INSTANCE_MAX 4096
#define KEYS_MAX 64

static const char returned_key = 0; /* registry: the table that depin.scenario returned last */

static const char *const durations[] = {"duration_s", "duration_min", "duration_h", "duration_d"};
static const double duration_s[] = {1, 60, 3600, 86400};
#define DURATION_N 4

/* Keys besides durations and the sections of the models. */
static const char *const plain_keys[] = {"name",   "question", "start", "settle_every_s", "seed",
                                         "models", "expect",   "check", "survives", "as_of"};
#define PLAIN_N (sizeof plain_keys / sizeof plain_keys[0])

/* ---- scalars ---- */

static enum dp_status seconds(lua_State *L, const char *key, double unit_s, int64_t *out_ns, struct dp_err *err) {
  char what[160];
  double s = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) * unit_s : (double)NAN;
  if (!(s > 0 && s < 9e9))
    return dp_fail(err, lua_type(L, -1) == LUA_TNUMBER ? DP_RANGE : DP_SCENARIO,
                   "scenario: %s must be a number above 0 (at most 285 years), got %s", key,
                   dp__bind_what(L, -1, what, sizeof what));
  *out_ns = (int64_t)llround(s * 1e9);
  return *out_ns > 0 ? DP_OK : dp_fail(err, DP_RANGE, "scenario: %s is below 1 ns", key);
}

/* One of duration_s, _min, _h, _d in the table; *out_ns stays when there is none. */
static enum dp_status read_duration(lua_State *L, int table, int64_t *out_ns, struct dp_err *err) {
  const char *seen = NULL;
  for (int i = 0; i < DURATION_N; i++) {
    if (lua_getfield(L, table, durations[i]) != LUA_TNIL) {
      if (seen != NULL) return dp_fail(err, DP_SCENARIO, "scenario: both %s and %s are given", seen, durations[i]);
      seen = durations[i];
      DP_TRY(seconds(L, seen, duration_s[i], out_ns, err));
    }
    lua_pop(L, 1);
  }
  return DP_OK;
}

static enum dp_status read_text(lua_State *L, int table, const char *key, const char **out, struct dp_err *err) {
  char what[160];
  int type = lua_getfield(L, table, key);
  if (type != LUA_TNIL) {
    if (!dp__bind_is_text(L, -1))
      return dp_fail(err, DP_SCENARIO, "scenario: %s must be a string, got %s", key,
                     dp__bind_what(L, -1, what, sizeof what));
    *out = dp__bind_text(L, -1);
  }
  lua_pop(L, 1);
  return DP_OK;
}

static enum dp_status read_seed(lua_State *L, int table, uint64_t *seed, struct dp_err *err) {
  char what[160];
  if (lua_getfield(L, table, "seed") != LUA_TNIL) {
    int whole = 0;
    lua_Integer n = lua_type(L, -1) == LUA_TNUMBER ? lua_tointegerx(L, -1, &whole) : 0;
    if (!whole || n < 0)
      return dp_fail(err, DP_SCENARIO, "scenario: seed must be a whole number ≥ 0, got %s",
                     dp__bind_what(L, -1, what, sizeof what));
    *seed = (uint64_t)n;
  }
  lua_pop(L, 1);
  return DP_OK;
}

static enum dp_status read_times(lua_State *L, struct dp_scenario *s, int table, struct dp_err *err) {
  struct dp_spec *spec = &s->spec;
  const char *start = "2024-01-01";
  spec->settle_every_ns = DP_HOUR;
  spec->seed = 1;
  DP_TRY(read_text(L, table, "start", &start, err));
  struct dp_err why = {0};
  if (dp_parse_date_ns(start, &spec->start_epoch_ns, &why) != DP_OK)
    return dp_fail(err, why.status, "scenario: start: %s", why.text);
  DP_TRY(read_duration(L, table, &spec->end_ns, err));
  if (spec->end_ns == 0)
    return dp_fail(err, DP_SCENARIO,
                   "scenario: say how long it runs: duration_s, duration_min, duration_h or duration_d");
  if (lua_getfield(L, table, "settle_every_s") != LUA_TNIL)
    DP_TRY(seconds(L, "settle_every_s", 1, &spec->settle_every_ns, err));
  lua_pop(L, 1);
  return read_seed(L, table, &spec->seed, err);
}

/* ---- the check form ---- */

static const struct dp_scenario_param *find_param(const struct dp_scenario *s, const char *name) {
  for (size_t i = 0; i < s->param_n; i++)
    if (strcmp(s->params[i].name, name) == 0) return &s->params[i];
  return NULL;
}

/* The value on top as --set would have it. */
static const char *value_text(lua_State *L) {
  char number[40];
  if (lua_isboolean(L, -1)) return lua_toboolean(L, -1) ? "true" : "false";
  if (lua_type(L, -1) == LUA_TSTRING) return dp__bind_text(L, -1);
  int len = snprintf(number, sizeof number, "%.17g", lua_tonumber(L, -1));
  char *copy = dp__bind_alloc(L, (size_t)len + 1);
  memcpy(copy, number, (size_t)len);
  return copy;
}

static enum dp_status check_value(lua_State *L, const struct dp_scenario_param *p, struct dp_err *err) {
  char what[160];
  if (p->is_number ? lua_type(L, -1) != LUA_TNUMBER : lua_type(L, -1) != LUA_TSTRING && !lua_isboolean(L, -1))
    return dp_fail(err, DP_SCENARIO, "scenario: check: %s must be a %s, got %s", p->name,
                   p->is_number ? "number" : "text", dp__bind_what(L, -1, what, sizeof what));
  double x = p->is_number ? lua_tonumber(L, -1) : p->min;
  if (!(x >= p->min && x <= p->max))
    return dp_fail(err, DP_RANGE, "scenario: check: %s must be %s, got %.15g", p->name,
                   dp__bind_bounds(p, what, sizeof what), x);
  return DP_OK;
}

static int by_key(const void *a, const void *b) {
  return strcmp(((const struct dp_override *)a)->key, ((const struct dp_override *)b)->key);
}

static enum dp_status read_check(lua_State *L, struct dp_scenario *s, int table, struct dp_err *err) {
  const char *known[KEYS_MAX + 256];
  size_t n = 0;
  char what[160];
  int check = lua_gettop(L) + 1, type = lua_getfield(L, table, "check");
  if (type != LUA_TNIL && type != LUA_TTABLE)
    return dp_fail(err, DP_SCENARIO, "scenario: check must be a table of parameters, got %s",
                   dp__bind_what(L, -1, what, sizeof what));
  if (type == LUA_TNIL) {
    lua_pop(L, 1);
    return DP_OK;
  }
  for (int i = 0; i < DURATION_N; i++) known[n++] = durations[i];
  known[n++] = "settle_every_s";
  for (size_t i = 0; i < s->param_n; i++) known[n++] = s->params[i].name;
  DP_TRY(dp__bind_check_keys(L, check, "scenario: check", "parameter", known, n, err));
  s->check = dp__bind_alloc(L, (s->param_n + 1) * sizeof *s->check);
  for (lua_pushnil(L); lua_next(L, check); lua_pop(L, 1)) {
    const struct dp_scenario_param *p = find_param(s, lua_tostring(L, -2));
    if (p == NULL) continue;
    DP_TRY(check_value(L, p, err));
    s->check[s->check_n++] = (struct dp_override){.key = p->name, .value = value_text(L)};
  }
  qsort(s->check, s->check_n, sizeof *s->check, by_key);
  int64_t end_ns = s->spec.end_ns, settle_ns = s->spec.settle_every_ns;
  DP_TRY(read_duration(L, check, &end_ns, err));
  if (lua_getfield(L, check, "settle_every_s") != LUA_TNIL)
    DP_TRY(seconds(L, "check: settle_every_s", 1, &settle_ns, err));
  if (s->options != NULL && s->options->check_form) {
    s->spec.end_ns = end_ns;
    s->spec.settle_every_ns = settle_ns;
  }
  lua_settop(L, check - 1);
  return DP_OK;
}

/* ---- instances ---- */

struct list {
  struct dp_instance_spec *specs;
  const struct dp_bound **values; /* [n] where each was made */
  struct dp_made_at *made_at;     /* [n] the same for the simulation */
  size_t n;
};

static enum dp_status add_instance(lua_State *L, struct list *list, const char *section, struct dp_err *err) {
  const struct dp_bound *b = dp__bind_at(L, -1);
  const struct dp_model *model = b != NULL ? b->entry.model : NULL;
  bool fits = model != NULL && (model->section != NULL ? strcmp(model->section, section) == 0
                                                       : strcmp(section, "models") == 0);
  if (!fits) {
    char what[160];
    struct dp_str names = {0};
    for (size_t i = 0; dp_models[i] != NULL; i++) {
      const char *of = dp_models[i]->section != NULL ? dp_models[i]->section : "models";
      if (dp_models[i]->schema == NULL || strcmp(of, section) != 0) continue;
      dp_str_printf(&names, "%s%s", names.len ? " or " : "", dp_models[i]->name);
    }
    dp_fail(err, DP_SCENARIO, "scenario: %s takes a %s, got %s", section, dp_str_text(&names),
            dp__bind_what(L, -1, what, sizeof what));
    dp_str_fini(&names);
    return DP_SCENARIO;
  }
  if (list->n == INSTANCE_MAX) return dp_fail(err, DP_SCENARIO, "scenario: more than %d instances", INSTANCE_MAX);
  list->specs[list->n] = (struct dp_instance_spec){model, b->name, b->config};
  list->made_at[list->n] = (struct dp_made_at){b->file, b->line};
  list->values[list->n++] = b;
  return DP_OK;
}

static enum dp_status read_section(lua_State *L, struct list *list, int table, const char *section,
                                   struct dp_err *err) {
  int at = lua_gettop(L) + 1, type = lua_getfield(L, table, section);
  if (type == LUA_TTABLE) {
    lua_Integer n = (lua_Integer)lua_rawlen(L, at), keys = 0;
    for (lua_pushnil(L); lua_next(L, at); lua_pop(L, 1)) keys++;
    if (keys != n)
      return dp_fail(err, DP_SCENARIO, "scenario: %s must be a list { a, b, … } without names and holes", section);
    for (lua_Integer i = 1; i <= n; i++) {
      lua_rawgeti(L, at, i);
      DP_TRY(add_instance(L, list, section, err));
      lua_pop(L, 1);
    }
  } else if (type != LUA_TNIL) {
    DP_TRY(add_instance(L, list, section, err));
  }
  lua_settop(L, at - 1);
  return DP_OK;
}

/* The sections of all models, each once, in registry order; "models" takes implicit ones. */
static size_t all_sections(const char *names[KEYS_MAX]) {
  size_t n = 0;
  for (size_t i = 0; dp_models[i] != NULL && n + 1 < KEYS_MAX / 2; i++) {
    bool seen = dp_models[i]->section == NULL || dp_models[i]->schema == NULL;
    for (size_t k = 0; k < n && !seen; k++) seen = strcmp(names[k], dp_models[i]->section) == 0;
    if (!seen) names[n++] = dp_models[i]->section;
  }
  return n;
}

/* ---- names and references, while it is known where each value was made ---- */

static enum dp_status fail_at(const struct dp_bound *b, struct dp_err *err, const char *text) {
  return dp_fail(err, DP_SCENARIO, "%s:%d: %s: %s", b->file, b->line, b->entry.schema->name, text);
}

static const char *shown_name(const struct list *list, size_t i) {
  return list->values[i]->name != NULL ? list->values[i]->name : list->specs[i].model->name;
}

static enum dp_status check_names(const struct list *list, struct dp_err *err) {
  char text[256];
  for (size_t i = 0; i < list->n; i++)
    for (size_t k = 0; k < i; k++) {
      const struct dp_bound *a = list->values[k], *b = list->values[i];
      if (a->entry.model != b->entry.model) continue;
      if (a->entry.model->implicit) return fail_at(b, err, "a scenario has one of these, and another is listed");
      if (a->name == NULL || b->name == NULL || strcmp(a->name, b->name) != 0) continue;
      snprintf(text, sizeof text, "the name '%s' is taken by line %d (give each its own)", b->name, a->line);
      return fail_at(b, err, text);
    }
  return DP_OK;
}

static enum dp_status check_ref(const struct list *list, size_t i, const struct dp_param *p, struct dp_err *err) {
  const struct dp_ref *ref = (const void *)((const unsigned char *)list->specs[i].config + p->offset);
  const char *names[INSTANCE_MAX] = {NULL};
  size_t n = 0;
  char text[300];
  for (size_t k = 0; k < list->n; k++)
    if (strcmp(list->specs[k].model->name, p->part) == 0) names[n++] = shown_name(list, k);
  if (ref->name == NULL || ref->name[0] == '\0') {
    if (!p->required || n == 1) return DP_OK;
    if (n == 0) snprintf(text, sizeof text, "%s: the scenario has no %s", p->name, p->part);
    else
      snprintf(text, sizeof text, "%s must say which %s is meant (\"%s\", \"%s\" …)", p->name, p->part, names[0],
               names[1]);
    return fail_at(list->values[i], err, text);
  }
  for (size_t k = 0; k < n; k++)
    if (strcmp(names[k], ref->name) == 0) return DP_OK;
  const char *meant = dp_str_suggest(ref->name, names, n);
  snprintf(text, sizeof text, "%s = \"%.80s\": the scenario has no %s of that name%s%s%s", p->name, ref->name, p->part,
           meant ? " (did you mean \"" : n ? " (there is \"" : "", meant ? meant : n ? names[0] : "",
           meant ? "\"?)" : n ? "\")" : "");
  return fail_at(list->values[i], err, text);
}

static enum dp_status check_refs(const struct list *list, struct dp_err *err) {
  for (size_t i = 0; i < list->n; i++) {
    const struct dp_schema *schema = list->specs[i].model->schema;
    for (size_t k = 0; k < schema->param_n; k++)
      if (schema->params[k].type == DP_PARAM_REF && schema->params[k].part != NULL)
        DP_TRY(check_ref(list, i, &schema->params[k], err));
  }
  return DP_OK;
}

/* ---- the call ---- */

static enum dp_status check_scenario_keys(lua_State *L, struct dp_err *err) {
  const char *known[2 * KEYS_MAX];
  size_t n = all_sections(known);
  for (int i = 0; i < DURATION_N; i++) known[n++] = durations[i];
  for (size_t i = 0; i < PLAIN_N; i++) known[n++] = plain_keys[i];
  return dp__bind_check_keys(L, 1, "scenario", "key", known, n, err);
}

static enum dp_status read_as_of(lua_State *L, struct dp_scenario *s, struct dp_err *err) {
  struct dp_err why = {0};
  int64_t t;
  s->as_of = NULL;
  DP_TRY(read_text(L, 1, "as_of", &s->as_of, err));
  if (s->as_of && dp_parse_date_ns(s->as_of, &t, &why) != DP_OK)
    return dp_fail(err, why.status, "scenario: as_of: %s", why.text);
  return DP_OK;
}

static enum dp_status read_promises(lua_State *L, const char *key, struct dp_expectation **list, size_t *n,
                                    struct dp_err *err) {
  char what[160];
  int type = lua_getfield(L, 1, key);
  if (type == LUA_TTABLE) DP_TRY(dp__bind_expectations(L, lua_gettop(L), key, list, n, err));
  else if (type != LUA_TNIL)
    return dp_fail(err, DP_SCENARIO, "scenario: %s must be a table { [\"kpi.name\"] = depin.at_least(…) }, got %s", key,
                   dp__bind_what(L, -1, what, sizeof what));
  lua_pop(L, 1);
  return DP_OK;
}

static enum dp_status read_scenario(lua_State *L, struct dp_scenario *s, struct list *list, struct dp_err *err) {
  DP_TRY(check_scenario_keys(L, err));
  s->spec = (struct dp_spec){.registry = dp_models};
  s->question = "";
  DP_TRY(read_text(L, 1, "name", &s->spec.name, err));
  DP_TRY(read_text(L, 1, "question", &s->question, err));
  DP_TRY(read_times(L, s, 1, err));
  DP_TRY(read_as_of(L, s, err));
  DP_TRY(read_check(L, s, 1, err));
  const char *sections[KEYS_MAX];
  size_t n = all_sections(sections);
  for (size_t i = 0; i < n; i++) DP_TRY(read_section(L, list, 1, sections[i], err));
  DP_TRY(read_section(L, list, 1, "models", err));
  DP_TRY(read_promises(L, "expect", &s->expectations, &s->expectation_n, err));
  return read_promises(L, "survives", &s->survivals, &s->survival_n, err);
}

int dp__bind_scenario_call(lua_State *L) {
  struct dp_scenario *s = dp__bind_scenario(L);
  struct dp_err err = {0};
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_checkstack(L, 30, "scenario");
  if (s->built || !s->loading) return luaL_error(L, "scenario: a file has one scenario, and this is another");
  struct list list = {.specs = dp__bind_alloc(L, INSTANCE_MAX * sizeof *list.specs),
                      .values = dp__bind_alloc(L, INSTANCE_MAX * sizeof *list.values),
                      .made_at = dp__bind_alloc(L, INSTANCE_MAX * sizeof *list.made_at)};
  if (read_scenario(L, s, &list, &err) != DP_OK) return dp_lua_raise(L, &err);
  if (check_names(&list, &err) != DP_OK || check_refs(&list, &err) != DP_OK) { /* names a line itself */
    lua_pushstring(L, err.text);
    return lua_error(L);
  }
  s->spec.instances = list.specs;
  s->spec.instance_n = list.n;
  s->spec.made_at = list.made_at;
  s->spec.made_at_n = list.n;
  s->built = true;
  lua_settop(L, 1);
  lua_pushvalue(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &returned_key);
  return 1;
}

bool dp__bind_is_scenario(lua_State *L, int index) {
  index = lua_absindex(L, index);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &returned_key);
  bool same = lua_rawequal(L, -1, index);
  lua_pop(L, 1);
  return same;
}
