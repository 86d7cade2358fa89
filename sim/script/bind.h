/* sim/script/bind.h — inside of the scenario loader, shared by scenario.c, bind_*.c and policy_lua.c; nobody else
 * includes it. Layer: script. Functions that take a lua_State may raise a Lua error.
 *
 * A constructor fills the C configuration at once, in the scenario's arena, and returns a userdata (struct dp_bound).
 * Nothing but the arena is allocated while Lua runs, so that an error, which is a longjmp, leaks nothing. */
#ifndef DP_SCRIPT_BIND_H
#define DP_SCRIPT_BIND_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

#include "engine/rng.h"
#include "script/catalog.h"
#include "script/modules.h"
#include "script/sandbox.h"
#include "script/scenario.h"

/** Memory that lives as long as the scenario. Zero is an empty one. */
struct dp_arena_block;
struct dp_arena {
  struct dp_arena_block *blocks;
};
void *dp__arena_alloc(struct dp_arena *a, size_t bytes); /* zeroed, for any type; NULL when memory is out */
char *dp__arena_text(struct dp_arena *a, const char *text, size_t len);
void dp__arena_fini(struct dp_arena *a);

#define DP_BOUND_NAME "depin.value"
#define DP_EXPECTATION_NAME "depin.expectation"

/** What a constructor made; payload of a userdata. Its user value is the table of the call. */
struct dp_bound {
  struct dp_catalog_entry entry;
  const char *name;               /* of an instance; NULL if not given */
  void *config;                   /* of entry.schema; NULL for a Lua policy */
  const struct dp_policy *policy; /* NULL unless it is a policy */
  const char *file;               /* where the constructor was called */
  int line;
};

/** A value that replaces a parameter's default. */
struct dp_override {
  const char *key, *value;
  bool typed; /* by --set: a path is relative to the working directory, and may be read */
  bool study; /* by a study */
};

/** How Lua sees a parameter: as its default was written. BOOL is kept as the text "true" or "false". */
enum dp_param_kind { DP_KIND_FLOAT, DP_KIND_INTEGER, DP_KIND_TEXT, DP_KIND_BOOL };

/** A Lua policy. */
struct dp_lua_policy;

struct dp_scenario {
  struct dp_arena arena;
  struct dp_lua *lua;
  const char *path;
  bool loading; /* constructors work */
  bool script;  /* no scenario: what the file returns stays on the stack */
  const struct dp_scenario_options *options;
  const struct dp_override *overrides; /* [override_n] */
  size_t override_n;
  struct dp_rng random; /* of math.random while loading */
  bool random_used;
  struct dp_err usage; /* a wrong --set: reported as it is */
  bool has_params;
  struct dp_scenario_param *params; /* [param_n] by name */
  enum dp_param_kind *param_kinds;  /* [param_n] */
  size_t param_n;
  struct dp_scenario_fact *facts; /* [fact_n] */
  size_t fact_n, fact_cap;
  bool built; /* depin.scenario was called */
  struct dp_spec spec;
  const char *question;
  const char *as_of; /* a date; NULL: not said */
  struct dp_expectation *expectations, *survivals;
  size_t expectation_n, survival_n;
  struct dp_override *check; /* [check_n] parameters of the check form */
  size_t check_n;
  struct dp_script_source *sources;
  size_t source_n;
  struct dp_buffer texts; /* rank 0: what was read from files, packed */
  struct dp_lua_policy *policies; /* a list, newest first */
};

/* ---- bind_value.c ---- */

/** The scenario that a state loads. */
struct dp_scenario *dp__bind_scenario(lua_State *L);

/** Memory from the arena, or a Lua error. */
void *dp__bind_alloc(lua_State *L, size_t bytes);
const char *dp__bind_text(lua_State *L, int index); /* copy of a string */

/** Pushes a new value of `entry` with the place of the call; `args` is the stack index of its table. */
struct dp_bound *dp__bind_push(lua_State *L, const struct dp_catalog_entry *entry, int args);

/** The value at `index`, or NULL when it is something else. */
const struct dp_bound *dp__bind_at(lua_State *L, int index);

/** Constructor of an entry: (table) → value; the closure's upvalue 1 is the schema's name. */
int dp__bind_construct(lua_State *L);

/** What is at `index`, for "…, got %s". @return buf. */
const char *dp__bind_what(lua_State *L, int index, char *buf, size_t size);

/** Whether at `index` is a string that can be shown and stored: UTF-8 without control characters. */
bool dp__bind_is_text(lua_State *L, int index);

/** Refuses, as "where: …", keys of the table that are not among `known`; the first in order is named. `noun` is what a
 *  key is ("parameter"). */
enum dp_status dp__bind_check_keys(lua_State *L, int table, const char *where, const char *noun,
                                   const char *const *known, size_t known_n, struct dp_err *err);

/** Makes the metatables of values. */
void dp__bind_open_values(lua_State *L);

/* ---- bind_fill.c ---- */

/** Fills a configuration from the table at `table`: defaults, given values, required ones, the schema's own check. */
enum dp_status dp__bind_fill(lua_State *L, const struct dp_schema *schema, bool has_name, int table, void *config,
                             struct dp_err *err);

/** A built-in policy with its configuration. */
const struct dp_policy *dp__bind_builtin(lua_State *L, const struct dp_builtin_policy *builtin, const void *config);

/* ---- scenario.c, for variant.c ---- */

/** Makes s->lua, with the library at hand; s->path and s->options are set. */
enum dp_status dp__scenario_open_host(struct dp_scenario *s, uint64_t seed, struct dp_err *err);

/** Puts the options' settings and the base's check form into s->overrides. */
enum dp_status dp__scenario_override(struct dp_scenario *s, const struct dp_override *check, size_t check_n,
                                     struct dp_err *err);

/** After the file has run: it returned its scenario, and the options' seed and end hold. */
enum dp_status dp__scenario_check_result(struct dp_scenario *s, struct dp_err *err);
enum dp_status dp__scenario_times(struct dp_scenario *s, struct dp_err *err);

/** Loads and finishes as another one was loaded, from its texts and with other options. Not collective. */
enum dp_status dp__scenario_load_again(const struct dp_scenario *base, const struct dp_scenario_options *options,
                                       struct dp_scenario **out, struct dp_err *err);

/* ---- the rest of the module "depin.core" ---- */

int dp__bind_open_core(lua_State *L);       /* bind_core.c: luaopen of "depin.core" */
int dp__bind_parameters(lua_State *L);      /* bind_params.c */
const char *dp__bind_bounds(const struct dp_scenario_param *p, char *buf, size_t size); /* "at least 1"; returns buf */
int dp__bind_scenario_call(lua_State *L);   /* bind_scenario.c */
int dp__bind_expectation(lua_State *L);     /* bind_expect.c: upvalue 1 is the operator */
/** The scenario's `expect` or `survives`, named by `key`; the list belongs to the scenario. */
enum dp_status dp__bind_expectations(lua_State *L, int table, const char *key, struct dp_expectation **list, size_t *n,
                                     struct dp_err *err);
int dp__bind_policy(lua_State *L);          /* policy_lua.c */
enum dp_status dp__bind_freeze_policies(struct dp_scenario *s, struct dp_err *err);
void dp__bind_open_policies(lua_State *L);

/** True if the table on `index` is what depin.scenario returned last. */
bool dp__bind_is_scenario(lua_State *L, int index);

#endif
