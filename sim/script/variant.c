/* sim/script/variant.c — the same scenario with other parameters, in a host
 * that has the library already. */
#include "script/variant.h"

#include <stdlib.h>
#include <string.h>

#include "script/bind.h"
#include "script/call.h"
#include "script/host.h"
#include "script/snapshot.h"

static const char chunk_key = 0; /* registry: the scenario's text, compiled */

struct dp_variant {
  const struct dp_scenario *base;
  struct dp_scenario_options options;
  struct dp_setting *settings; /* [options.setting_n]: the fixed ones, then
                                  those of the last call */
  size_t fixed_n, settings_cap;
  struct dp_scenario *quick; /* a host with the library; NULL: not for this scenario */
  struct dp_arena library;   /* of what the library made in it */
  struct dp_scenario *full;  /* of the last call, when it was loaded anew */
};

/* ---- the host ---- */

static void close_quick(struct dp_variant *v) {
  dp_scenario_free(v->quick);
  dp__arena_fini(&v->library);
  v->quick = NULL;
}

/* Compiles the text and runs every module that the scenario has asked for;
 * nothing of it is the user's. */
static int prepare_host(lua_State *L) {
  const struct dp_variant *v = lua_touserdata(L, 1);
  for (size_t i = 1; i < v->base->source_n; i++) {
    lua_pushcfunction(L, dp__lua_require);
    lua_pushstring(L, v->base->sources[i].name);
    lua_call(L, 1, 0);
  }
  dp__lua_push_loaded(L);
  dp__snapshot_take(L);
  const struct dp_script_source *own = &v->base->sources[0];
  if (dp__lua_compile(L, v->base->path, own->text, own->len) != LUA_OK) return lua_error(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &chunk_key);
  return 0;
}

static bool is_plain(const struct dp_scenario *s) {
  const struct dp_lua_source *sources;
  size_t n = dp_lua_sources(s->lua, &sources);
  bool plain = n > 0 && s->policies == NULL && !s->random_used;
  for (size_t i = 1; i < n && plain; i++) plain = sources[i].path[0] == '=';
  return plain;
}

static enum dp_status open_quick(struct dp_variant *v, struct dp_err *err) {
  struct dp_scenario *s = v->quick = calloc(1, sizeof *s);
  if (s == NULL) return dp_fail_nomem(err, "the scenario");
  const struct dp_script_source *own = &v->base->sources[0];
  s->path = v->base->path;
  s->options = &v->options;
  DP_TRY(dp__scenario_open_host(s, 1, err));
  DP_TRY(dp__lua_set_folder(s->lua, s->path, err));
  DP_TRY(dp__lua_add_source(s->lua, "", s->path, own->text, own->len, err));
  DP_TRY(dp_lua_protect(s->lua, prepare_host, v, 0, err));
  v->library = s->arena;
  s->arena = (struct dp_arena){0};
  return DP_OK;
}

/* ---- a run in it ---- */

static enum dp_status run_chunk(struct dp_scenario *s, struct dp_err *err) {
  struct dp_err why = {0};
  lua_State *L = dp_lua_state(s->lua);
  s->lua->trip = DP_LUA_TRIP_NONE;
  s->lua->place[0] = '\0';
  lua_settop(L, 0);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &chunk_key);
  enum dp_status status = dp_lua_call(s->lua, 0, 1, s->lua->limits.load_instructions_n, NULL, &why);
  if (status == DP_OK) return dp__scenario_check_result(s, err);
  if (s->usage.status != DP_OK) why = s->usage;
  size_t len = strlen(s->path);
  bool placed = why.status == s->usage.status || (strncmp(why.text, s->path, len) == 0 && why.text[len] == ':');
  return dp_fail(err, why.status, "%s%s%s", placed ? "" : s->path, placed ? "" : ": ", why.text);
}

static enum dp_status run_quick(struct dp_variant *v, struct dp_err *err) {
  struct dp_scenario *s = v->quick;
  dp__arena_fini(&s->arena);
  *s = (struct dp_scenario){
      .lua = s->lua, .path = s->path, .options = &v->options, .loading = true, .random = s->random};
  DP_TRY(dp__scenario_override(s, v->base->check, v->options.check_form ? v->base->check_n : 0, err));
  DP_TRY(run_chunk(s, err));
  DP_TRY(dp__scenario_times(s, err));
  if (s->spec.name == NULL || s->spec.name[0] == '\0') s->spec.name = v->base->spec.name;
  return DP_OK;
}

/* Whether a run in the host can have been another one than a fresh host would
 * have given, or has spoilt it. */
static bool is_spoilt(const struct dp_scenario *s) {
  return s->random_used || s->policies != NULL || !dp__snapshot_holds(dp_lua_state(s->lua));
}

/* ---- public ---- */

enum dp_status dp_variant_new(const struct dp_scenario *base, const struct dp_scenario_options *options,
                              struct dp_variant **out, struct dp_err *err) {
  *out = NULL;
  struct dp_variant *v = calloc(1, sizeof *v);
  if (v == NULL) return dp_fail_nomem(err, "a scenario");
  v->base = base;
  v->options = *options;
  v->options.texts = NULL;
  v->fixed_n = v->settings_cap = options->setting_n;
  v->settings = calloc(v->fixed_n + 1, sizeof *v->settings);
  enum dp_status status = v->settings ? DP_OK : dp_fail_nomem(err, "a scenario");
  if (status == DP_OK && v->fixed_n) memcpy(v->settings, options->settings, v->fixed_n * sizeof *v->settings);
  if (status == DP_OK && is_plain(base)) status = open_quick(v, err);
  if (status == DP_OK) *out = v;
  else dp_variant_free(v);
  return status;
}

void dp_variant_free(struct dp_variant *v) {
  if (v == NULL) return;
  close_quick(v);
  dp_scenario_free(v->full);
  free(v->settings);
  free(v);
}

static bool is_fixed(const struct dp_variant *v, const char *key) {
  for (size_t i = 0; i < v->fixed_n; i++)
    if (strcmp(v->settings[i].key, key) == 0) return true;
  return false;
}

static enum dp_status take_settings(struct dp_variant *v, const struct dp_setting *settings, size_t n,
                                    struct dp_err *err) {
  if (v->fixed_n + n > v->settings_cap) {
    struct dp_setting *grown = realloc(v->settings, (v->fixed_n + n) * sizeof *grown);
    if (grown == NULL) return dp_fail_nomem(err, "settings");
    v->settings = grown;
    v->settings_cap = v->fixed_n + n;
  }
  v->options.setting_n = v->fixed_n;
  for (size_t i = 0; i < n; i++)
    if (!is_fixed(v, settings[i].key)) v->settings[v->options.setting_n++] = settings[i];
  v->options.settings = v->settings;
  return DP_OK;
}

enum dp_status dp_variant_set(struct dp_variant *v, const struct dp_setting *settings, size_t n,
                              const struct dp_spec **spec, struct dp_err *err) {
  *spec = NULL;
  dp_scenario_free(v->full);
  v->full = NULL;
  DP_TRY(take_settings(v, settings, n, err));
  if (v->quick != NULL) {
    struct dp_err why = {0};
    enum dp_status status = run_quick(v, &why);
    if (!is_spoilt(v->quick)) {
      *spec = &v->quick->spec;
      return status == DP_OK ? DP_OK : dp_fail(err, status, "%s", why.text);
    }
    close_quick(v);
  }
  DP_TRY(dp__scenario_load_again(v->base, &v->options, &v->full, err));
  *spec = &v->full->spec;
  return DP_OK;
}

bool dp_variant_is_quick(const struct dp_variant *v) { return v->quick != NULL; }
