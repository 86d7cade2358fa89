/* sim/script/bind_fill.c — from a Lua table to a filled configuration, row by row. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "script/bind.h"
#include "script/call.h"

#define PARAM_MAX 128

/* Refuses what is on top of the stack: "model: param must be …, got …". */
static enum dp_status refuse(lua_State *L, const struct dp_schema *schema, const struct dp_param *p,
                             const char *hint, struct dp_err *err) {
  char got[160];
  dp__bind_what(L, -1, got, sizeof got);
  struct dp_str what = {0};
  dp_param_describe(p, &what);
  dp_fail(err, DP_SCENARIO, "%s: %s must be %s, got %s%s", schema->name, p->name, dp_str_text(&what), got, hint);
  dp_str_fini(&what);
  return DP_SCENARIO;
}

/* The string on top, without NUL inside; the system has names of files that are no UTF-8. */
static bool is_path(lua_State *L) {
  size_t len;
  return lua_type(L, -1) == LUA_TSTRING && strlen(lua_tolstring(L, -1, &len)) == len;
}

static enum dp_status fill_number(lua_State *L, const struct dp_schema *schema, const struct dp_param *p, double *out,
                                  struct dp_err *err) {
  if (lua_type(L, -1) != LUA_TNUMBER) return refuse(L, schema, p, "", err);
  *out = lua_tonumber(L, -1);
  if (*out == 0) *out = 0; /* a negative zero passes for a 0 in every check and divides to -infinity */
  return dp_param_check_number(schema, p, *out, err);
}

static enum dp_status fill_choice(lua_State *L, const struct dp_schema *schema, const struct dp_param *p, int *out,
                                  struct dp_err *err) {
  if (!dp__bind_is_text(L, -1)) return refuse(L, schema, p, "", err);
  const char *text = lua_tostring(L, -1);
  size_t n = 0;
  for (; p->choices[n] != NULL; n++)
    if (strcmp(p->choices[n], text) == 0) {
      *out = (int)n;
      return DP_OK;
    }
  char hint[100] = "";
  const char *meant = dp_str_suggest(text, p->choices, n);
  if (meant != NULL) snprintf(hint, sizeof hint, " (did you mean \"%s\"?)", meant);
  return refuse(L, schema, p, hint, err);
}

/* A path is found and judged now, so that a wrong one is reported at the line that names it. */
static enum dp_status fill_path(lua_State *L, const struct dp_schema *schema, const struct dp_param *p,
                                const char **out, struct dp_err *err) {
  if (!is_path(L)) return refuse(L, schema, p, "", err);
  const char *text = lua_tostring(L, -1);
  struct dp_scenario *s = dp__bind_scenario(L);
  if (text[0] == '\0') {
    *out = "";
    return DP_OK;
  }
  char where[128];
  snprintf(where, sizeof where, "%s: %s", schema->name, p->name);
  char *found = NULL;
  DP_TRY(dp_lua_resolve_path(s->lua, text, where, &found, err));
  *out = dp__arena_text(&s->arena, found, strlen(found));
  free(found);
  return *out != NULL ? DP_OK : dp_fail_nomem(err, "a path");
}

static enum dp_status fill_part(lua_State *L, const struct dp_schema *schema, const struct dp_param *p,
                                struct dp_part_ref *out, struct dp_err *err) {
  const struct dp_bound *b = dp__bind_at(L, -1);
  if (b == NULL || b->entry.schema == NULL || strcmp(b->entry.schema->name, p->part) != 0)
    return refuse(L, schema, p, "", err);
  *out = (struct dp_part_ref){.part = b->config};
  return DP_OK;
}

static enum dp_status fill_policy(lua_State *L, const struct dp_schema *schema, const struct dp_param *p,
                                  const struct dp_policy **out, struct dp_err *err) {
  const struct dp_bound *b = dp__bind_at(L, -1);
  if (b == NULL || b->policy == NULL || strcmp(b->policy->kind->name, p->part) != 0)
    return refuse(L, schema, p,
                  lua_isfunction(L, -1) ? "; a function of your own: depin.policy.custom { decide = … }" : "", err);
  *out = b->policy;
  return DP_OK;
}

/* ---- lists ---- */

static size_t element_size(enum dp_param_type type) {
  return type == DP_PARAM_NUMBERS ? sizeof(double)
         : type == DP_PARAM_STRINGS ? sizeof(const char *)
                                    : sizeof(struct dp_part_ref);
}

static enum dp_status fill_element(lua_State *L, const struct dp_schema *schema, const struct dp_param *p, void *at,
                                   struct dp_err *err) {
  if (p->type == DP_PARAM_NUMBERS) return fill_number(L, schema, p, at, err);
  if (p->type == DP_PARAM_PARTS) return fill_part(L, schema, p, at, err);
  if (!dp__bind_is_text(L, -1)) return refuse(L, schema, p, "", err);
  *(const char **)at = dp__bind_text(L, -1);
  return DP_OK;
}

/* A list, or one element that stands for a list of one. */
static enum dp_status fill_list(lua_State *L, const struct dp_schema *schema, const struct dp_param *p, void *field,
                                struct dp_err *err) {
  bool single = !lua_istable(L, -1);
  int list = lua_gettop(L);
  size_t n = single ? 1 : lua_rawlen(L, list), keys = 0, size = element_size(p->type);
  if (!single)
    for (lua_pushnil(L); lua_next(L, list); lua_pop(L, 1)) keys++;
  if (!single && keys != n)
    return dp_fail(err, DP_SCENARIO, "%s: %s must be a list { a, b, … } without names and holes", schema->name,
                   p->name);
  unsigned char *v = n > 0 ? dp__bind_alloc(L, n * size) : NULL;
  for (size_t i = 0; i < n; i++) {
    if (single) lua_pushvalue(L, list);
    else lua_rawgeti(L, list, (lua_Integer)i + 1);
    struct dp_err why = {0};
    if (fill_element(L, schema, p, v + i * size, &why) != DP_OK)
      return single ? dp_fail(err, why.status, "%s", why.text)
                    : dp_fail(err, why.status, "%s (element %zu)", why.text, i + 1);
    lua_pop(L, 1);
  }
  if (p->type == DP_PARAM_NUMBERS) *(struct dp_numbers *)field = (struct dp_numbers){(const double *)(void *)v, n};
  else if (p->type == DP_PARAM_STRINGS)
    *(struct dp_strings *)field = (struct dp_strings){(const char *const *)(void *)v, n};
  else *(struct dp_part_refs *)field = (struct dp_part_refs){(const struct dp_part_ref *)(void *)v, n};
  return DP_OK;
}

/* ---- a row ---- */

/* The value on top goes into the field. */
static enum dp_status fill_field(lua_State *L, const struct dp_schema *schema, const struct dp_param *p, void *field,
                                 struct dp_err *err) {
  double x = 0;
  switch (p->type) {
    case DP_PARAM_BOOL:
      if (!lua_isboolean(L, -1)) return refuse(L, schema, p, "", err);
      *(bool *)field = lua_toboolean(L, -1);
      return DP_OK;
    case DP_PARAM_INT:
      DP_TRY(fill_number(L, schema, p, &x, err));
      *(int64_t *)field = (int64_t)x;
      return DP_OK;
    case DP_PARAM_NUMBER: return fill_number(L, schema, p, field, err);
    case DP_PARAM_STRING:
      if (!dp__bind_is_text(L, -1)) return refuse(L, schema, p, "", err);
      *(const char **)field = dp__bind_text(L, -1);
      return DP_OK;
    case DP_PARAM_CHOICE: return fill_choice(L, schema, p, field, err);
    case DP_PARAM_PATH: return fill_path(L, schema, p, field, err);
    case DP_PARAM_REF:
      if (!dp__bind_is_text(L, -1)) return refuse(L, schema, p, "", err);
      ((struct dp_ref *)field)->name = dp__bind_text(L, -1);
      return DP_OK;
    case DP_PARAM_PART: return fill_part(L, schema, p, field, err);
    case DP_PARAM_POLICY: return fill_policy(L, schema, p, field, err);
    case DP_PARAM_NUMBERS:
    case DP_PARAM_STRINGS:
    case DP_PARAM_PARTS: return fill_list(L, schema, p, field, err);
  }
  return dp_fail(err, DP_SCENARIO, "%s: %s has an unknown type", schema->name, p->name);
}

const struct dp_policy *dp__bind_builtin(lua_State *L, const struct dp_builtin_policy *builtin, const void *config) {
  struct dp_policy *policy = dp__bind_alloc(L, sizeof *policy);
  const char *dot = strrchr(builtin->schema->name, '.');
  *policy = (struct dp_policy){.kind = builtin->kind,
                               .name = dot != NULL ? dot + 1 : builtin->schema->name,
                               .params = config,
                               .decide = builtin->decide};
  return policy;
}

/* The built-in that a row of type POLICY names as its default. */
static enum dp_status default_policy(lua_State *L, const struct dp_schema *schema, const struct dp_param *p,
                                     const struct dp_policy **out, struct dp_err *err) {
  char name[64];
  struct dp_catalog_entry e;
  if (p->text == NULL || p->text[0] == '\0') return DP_OK;
  snprintf(name, sizeof name, "policy.%s", p->text);
  if (!dp_catalog_find(name, &e) || e.policy == NULL)
    return dp_fail(err, DP_SCENARIO, "%s: %s: there is no built-in policy '%s'", schema->name, p->name, p->text);
  void *config = dp__bind_alloc(L, e.schema->size);
  dp_schema_defaults(e.schema, config);
  *out = dp__bind_builtin(L, e.policy, config);
  return DP_OK;
}

enum dp_status dp__bind_fill(lua_State *L, const struct dp_schema *schema, bool has_name, int table, void *config,
                             struct dp_err *err) {
  const char *known[PARAM_MAX + 1];
  size_t n = 0;
  luaL_checkstack(L, 10, schema->name);
  for (; n < schema->param_n && n < PARAM_MAX; n++) known[n] = schema->params[n].name;
  if (has_name) known[n++] = "name";
  DP_TRY(dp__bind_check_keys(L, table, schema->name, "parameter", known, n, err));
  dp_schema_defaults(schema, config);
  for (size_t i = 0; i < schema->param_n; i++) {
    const struct dp_param *p = &schema->params[i];
    void *field = (unsigned char *)config + p->offset;
    if (p->type == DP_PARAM_POLICY) DP_TRY(default_policy(L, schema, p, field, err));
    lua_pushstring(L, p->name);
    bool given = lua_rawget(L, table) != LUA_TNIL;
    if (given) DP_TRY(fill_field(L, schema, p, field, err));
    lua_pop(L, 1);
    if (!given && p->required && p->type != DP_PARAM_REF) {
      struct dp_str what = {0};
      dp_param_describe(p, &what);
      dp_fail(err, DP_SCENARIO, "%s: %s must be given: %s (%s)", schema->name, p->name, p->doc, dp_str_text(&what));
      dp_str_fini(&what);
      return DP_SCENARIO;
    }
  }
  return schema->check != NULL ? schema->check(config, err) : DP_OK;
}
