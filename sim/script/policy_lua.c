/* sim/script/policy_lua.c — policies written in Lua: numbers in, numbers out; only the declared state is remembered.
 *
 * A policy is called with two objects, `obs` and `state`, that are made once and look into the arrays of the call:
 * a call from C allocates nothing and no call can leave anything behind for another one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/bind.h"
#include "script/call.h"
#include "script/freeze.h"

#define VIEW_NAME "depin.view"

/** Named numbers of the running call; payload of a userdata. */
struct view {
  const char *what; /* "obs" or "state", for messages */
  const char *const *names;
  size_t n;
  const double *values; /* NULL between calls */
  double *writable;     /* the same, of state */
};

struct dp_lua_policy {
  struct dp_policy policy;
  struct dp_scenario *scenario;
  struct dp_lua_policy *next;
  char where[80]; /* "policy 'mine'" */
  const char *file;
  int line;
  struct view *obs, *state;
  int obs_ref, state_ref;
};

/* ---- obs and state ---- */

/* The metamethods cannot be reached but through a view (its metatable is hidden), so the first argument is one. */
static struct view *self(lua_State *L) { return lua_touserdata(L, 1); }

static size_t find_name(lua_State *L, const struct view *v) {
  if (lua_type(L, 2) != LUA_TSTRING) return (size_t)luaL_error(L, "%s: a field has a name", v->what);
  const char *key = lua_tostring(L, 2);
  for (size_t i = 0; i < v->n; i++)
    if (strcmp(v->names[i], key) == 0) return i;
  const char *meant = dp_str_suggest(key, v->names, v->n);
  return (size_t)luaL_error(L, "%s has no '%s'%s%s%s%s", v->what, key, meant ? " (did you mean '" : "",
                            meant ? meant : "", meant ? "'?)" : "",
                            v->writable && !meant ? ": declare it, state = { name = first value }" : "");
}

static int view_index(lua_State *L) {
  const struct view *v = self(L);
  size_t i = find_name(L, v);
  if (v->values == NULL) return luaL_error(L, "%s is there while a policy runs", v->what);
  lua_pushnumber(L, v->values[i]);
  return 1;
}

static int view_newindex(lua_State *L) {
  const struct view *v = self(L);
  if (v->values != NULL && v->writable == NULL) return luaL_error(L, "%s is read-only", v->what);
  size_t i = find_name(L, v);
  if (v->writable == NULL) return luaL_error(L, "%s is there while a policy runs", v->what);
  char what[160];
  if (lua_type(L, 3) != LUA_TNUMBER || !isfinite(lua_tonumber(L, 3)))
    return luaL_error(L, "%s.%s must be a finite number, got %s", v->what, v->names[i],
                      dp__bind_what(L, 3, what, sizeof what));
  v->writable[i] = lua_tonumber(L, 3);
  return 0;
}

static int view_len(lua_State *L) {
  return luaL_error(L, "%s has named fields", self(L)->what);
}

void dp__bind_open_policies(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"__index", view_index}, {"__newindex", view_newindex}, {"__len", view_len}, {NULL, NULL}};
  luaL_newmetatable(L, VIEW_NAME);
  luaL_setfuncs(L, methods, 0);
  lua_pushliteral(L, "view");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

static struct view *make_view(lua_State *L, const char *what, const char *const *names, size_t n, int *ref) {
  struct view *v = lua_newuserdatauv(L, sizeof *v, 0);
  *v = (struct view){.what = what, .names = names, .n = n};
  luaL_setmetatable(L, VIEW_NAME);
  *ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return v;
}

/* ---- a decision ---- */

static uint64_t draw(void *rng) { return dp_rng_u64(rng); }

static enum dp_status take_actions(struct dp_lua_policy *p, struct dp_policy_call *call, struct dp_err *err) {
  lua_State *L = dp_lua_state(p->scenario->lua);
  const struct dp_policy_kind *kind = p->policy.kind;
  for (size_t i = 0; i < kind->action_n; i++) {
    int at = (int)i - (int)kind->action_n;
    call->action[i] = lua_type(L, at) == LUA_TNUMBER ? lua_tonumber(L, at) : (double)NAN;
    if (isfinite(call->action[i])) continue;
    char what[160];
    return dp_fail(err, DP_SCENARIO, "%s:%d: %s must return %s, a finite number, got %s", p->file, p->line, p->where,
                   kind->actions[i], dp__bind_what(L, at, what, sizeof what));
  }
  return DP_OK;
}

static enum dp_status decide(const struct dp_policy *policy, struct dp_policy_call *call, struct dp_err *err) {
  struct dp_lua_policy *p = policy->host;
  struct dp_lua *lua = p->scenario->lua;
  lua_State *L = dp_lua_state(lua);
  if (!lua_checkstack(L, 8)) return dp_fail_nomem(err, "the Lua stack");
  int top = lua_gettop(L);
  p->obs->values = call->obs;
  p->state->values = p->state->writable = call->state;
  dp_lua_set_random(lua, call->rng != NULL ? draw : NULL, call->rng);
  lua_rawgeti(L, LUA_REGISTRYINDEX, policy->function);
  lua_rawgeti(L, LUA_REGISTRYINDEX, p->obs_ref);
  lua_rawgeti(L, LUA_REGISTRYINDEX, p->state_ref);
  enum dp_status status = dp_lua_call(lua, 2, (int)policy->kind->action_n, 0, p->where, err);
  if (status == DP_OK) status = take_actions(p, call, err);
  lua_settop(L, top);
  p->obs->values = NULL;
  p->state->values = p->state->writable = NULL;
  return status;
}

/* ---- the declaration ---- */

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* state = { name = first value, … }: at most DP_POLICY_STATE_MAX numbers, in the order of their names. */
static enum dp_status declare_state(lua_State *L, struct dp_policy *policy, struct dp_err *err) {
  char what[160];
  int state = lua_gettop(L) + 1, type = lua_getfield(L, 1, "state");
  if (type != LUA_TNIL && type != LUA_TTABLE)
    return dp_fail(err, DP_SCENARIO, "policy: state must be a table { name = number }, got %s",
                   dp__bind_what(L, state, what, sizeof what));
  if (type == LUA_TTABLE) {
    for (lua_pushnil(L); lua_next(L, state); lua_pop(L, 1)) {
      if (lua_type(L, -2) != LUA_TSTRING)
        return dp_fail(err, DP_SCENARIO, "policy: state must be a table { name = number }");
      if (policy->state_n == DP_POLICY_STATE_MAX)
        return dp_fail(err, DP_SCENARIO, "policy: state holds at most %d numbers", DP_POLICY_STATE_MAX);
      policy->state_names[policy->state_n++] = dp__bind_text(L, -2);
    }
  }
  qsort(policy->state_names, policy->state_n, sizeof policy->state_names[0], by_text);
  for (size_t i = 0; i < policy->state_n; i++) {
    lua_getfield(L, state, policy->state_names[i]);
    if (lua_type(L, -1) != LUA_TNUMBER || !isfinite(lua_tonumber(L, -1)))
      return dp_fail(err, DP_SCENARIO, "policy: state.%s must be a finite number, got %s", policy->state_names[i],
                     dp__bind_what(L, -1, what, sizeof what));
    policy->state_init[i] = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  lua_settop(L, state - 1);
  return DP_OK;
}

static enum dp_status declare_text(lua_State *L, const char *key, const char *fallback, const char **out,
                                   struct dp_err *err) {
  char what[160];
  int type = lua_getfield(L, 1, key);
  if (type != LUA_TNIL && type != LUA_TSTRING)
    return dp_fail(err, DP_SCENARIO, "policy: %s must be a string, got %s", key,
                   dp__bind_what(L, -1, what, sizeof what));
  *out = type == LUA_TNIL ? fallback : dp__bind_text(L, -1);
  lua_pop(L, 1);
  return DP_OK;
}

static enum dp_status declare_kind(lua_State *L, struct dp_policy *policy, struct dp_err *err) {
  const char *kind, *names[64];
  size_t n;
  DP_TRY(declare_text(L, "kind", "pricing", &kind, err));
  policy->kind = dp_catalog_kind(kind);
  if (policy->kind != NULL) return DP_OK;
  const struct dp_policy_kind *const *kinds = dp_catalog_kinds(&n);
  for (size_t i = 0; i < n && i < 64; i++) names[i] = kinds[i]->name;
  const char *meant = dp_str_suggest(kind, names, n);
  return dp_fail(err, DP_SCENARIO, "policy: no kind '%.60s' (%s '%s'%s)", kind, meant ? "did you mean" : "there is",
                 meant ? meant : names[0], meant ? "?" : "");
}

static enum dp_status declare_decide(lua_State *L, struct dp_lua_policy *p, struct dp_err *err) {
  char what[160];
  lua_Debug ar;
  if (lua_getfield(L, 1, "decide") != LUA_TFUNCTION || lua_iscfunction(L, -1))
    return dp_fail(err, DP_SCENARIO, "policy: decide must be a function(obs, state) that returns %s, got %s",
                   p->policy.kind->actions[0], dp__bind_what(L, -1, what, sizeof what));
  lua_pushvalue(L, -1);
  lua_getinfo(L, ">S", &ar);
  const char *file = ar.source[0] == '@' ? ar.source + 1 : ar.short_src;
  char *copy = dp__bind_alloc(L, strlen(file) + 1);
  strcpy(copy, file);
  p->file = copy;
  p->line = ar.linedefined;
  p->policy.function = luaL_ref(L, LUA_REGISTRYINDEX);
  return DP_OK;
}

static enum dp_status declare(lua_State *L, struct dp_lua_policy *p, struct dp_err *err) {
  static const char *const known[] = {"decide", "state", "name", "kind"};
  DP_TRY(dp__bind_check_keys(L, 1, "policy", "field", known, 4, err));
  DP_TRY(declare_kind(L, &p->policy, err));
  DP_TRY(declare_text(L, "name", "custom", &p->policy.name, err));
  DP_TRY(declare_state(L, &p->policy, err));
  DP_TRY(declare_decide(L, p, err));
  snprintf(p->where, sizeof p->where, "policy '%.60s'", p->policy.name);
  return DP_OK;
}

int dp__bind_policy(lua_State *L) {
  struct dp_scenario *s = dp__bind_scenario(L);
  struct dp_err err = {0};
  char what[160];
  if (!s->loading) return luaL_error(L, "policy: constructors work while a scenario is loaded, not in a policy");
  if (!lua_istable(L, 1)) {
    dp_fail(&err, DP_SCENARIO, "policy: give { decide = function(obs, state) … end }, got %s",
            dp__bind_what(L, 1, what, sizeof what));
    return dp_lua_raise(L, &err);
  }
  lua_settop(L, 1);
  struct dp_lua_policy *p = dp__bind_alloc(L, sizeof *p);
  p->scenario = s;
  if (declare(L, p, &err) != DP_OK) return dp_lua_raise(L, &err);
  const struct dp_policy_kind *kind = p->policy.kind;
  p->obs = make_view(L, "obs", kind->observations, kind->observation_n, &p->obs_ref);
  p->state = make_view(L, "state", p->policy.state_names, p->policy.state_n, &p->state_ref);
  p->policy.decide = decide;
  p->policy.host = p;
  p->next = s->policies;
  s->policies = p;
  struct dp_bound *b = dp__bind_push(L, &(struct dp_catalog_entry){0}, 1);
  b->policy = &p->policy;
  return 1;
}

enum dp_status dp__bind_freeze_policies(struct dp_scenario *s, struct dp_err *err) {
  lua_State *L = dp_lua_state(s->lua);
  if (!lua_checkstack(L, 4)) return dp_fail_nomem(err, "the Lua stack");
  for (struct dp_lua_policy *p = s->policies; p != NULL; p = p->next) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, p->policy.function);
    DP_TRY(dp_lua_freeze(s->lua, -1, p->where, err));
    lua_rawseti(L, LUA_REGISTRYINDEX, p->policy.function);
  }
  return DP_OK;
}
