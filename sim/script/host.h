/* sim/script/host.h — inside of the Lua host, shared by the files of sim/script that build it; nobody else includes it.
 * Layer: script. Functions that take a lua_State may raise a Lua error. */
#ifndef DP_SCRIPT_HOST_H
#define DP_SCRIPT_HOST_H

#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/status.h"
#include "script/limits.h"
#include "script/modules.h"
#include "script/sandbox.h"

/** Which limit the running call has met. */
enum dp_lua_trip { DP_LUA_TRIP_NONE, DP_LUA_TRIP_INSTRUCTIONS, DP_LUA_TRIP_CPU };

/** What the timer's signal handler reads and writes; the handler runs on the host's thread. */
struct dp_lua_watch {
  lua_State *L;
  timer_t timer;
  bool armed;
  atomic_uint depth;   /* of calls from C into Lua */
  atomic_ullong call;  /* number of the outermost call */
  atomic_ullong seen;  /* the handler's: call at the tick before */
  atomic_uint ticks;   /* the handler's: ticks that met the same call */
  atomic_bool expired; /* the call has used up its CPU time */
};

struct dp_lua_c_module {
  const char *name;
  lua_CFunction open;
};

/** Where scenarios may read; strings are owned. */
struct dp_lua_paths {
  char *folder; /* the scenario's, as given ("." when the path has none); NULL before one is loaded */
  char **dirs;
  size_t dirs_n;
  char **files;
  size_t files_n;
};

struct dp_lua {
  lua_State *L;
  struct dp_lua_limits limits;
  struct dp_lua_watch watch;
  size_t used_bytes;
  size_t collect_at_bytes; /* when sealed: the size at which the collector runs after a call */
  bool sealed;
  int64_t budget_n; /* instructions of the running call, and what is left of them */
  int64_t left_n;
  int step_n; /* instructions between two runs of the count hook */
  enum dp_lua_trip trip;
  enum dp_status raised;      /* status behind the Lua error that is under way; DP_OK: a plain one */
  char place[256];            /* "file:line: " where a limit was met */
  lua_CFunction stock_format; /* string.format of the stock library */
  dp_lua_random_fn random;
  void *random_ud;
  dp_lua_print_fn print;
  void *print_ud;
  struct dp_lua_c_module *c_modules;
  size_t c_modules_n;
  struct dp_lua_source *provided; /* handed in, not yet required */
  size_t provided_n;
  struct dp_lua_source *sources;
  size_t sources_n;
  struct dp_lua_paths paths;
};

/* limits.c */
void *dp__lua_alloc(void *ud, void *block, size_t old_size, size_t new_size);
void dp__lua_limits_default(struct dp_lua_limits *limits);
enum dp_status dp__lua_watch_start(struct dp_lua *lua, struct dp_err *err);
void dp__lua_watch_stop(struct dp_lua *lua);
void dp__lua_call_begin(struct dp_lua *lua, int64_t budget_n); /* and end: around every call from C */
void dp__lua_call_end(struct dp_lua *lua);
_Noreturn void dp__lua_trip(lua_State *L, enum dp_lua_trip trip);
void dp__lua_limit_text(const struct dp_lua *lua, enum dp_lua_trip trip, char *text, size_t size); /* NONE: memory */
void dp__lua_place(lua_State *L, char *place, size_t size); /* "file:line: " of the innermost Lua code, or "" */

/* baselib.c, strings.c, pattern.c, tables.c: functions for the environment, each list ended by NULL */
extern const struct luaL_Reg dp__lua_base_functions[];
extern const struct luaL_Reg dp__lua_string_functions[];
extern const struct luaL_Reg dp__lua_pattern_functions[];
extern const struct luaL_Reg dp__lua_table_functions[];
int dp__lua_random(lua_State *L);                  /* math.random */
int dp__lua_sorted_pairs(lua_State *L, int index); /* pushes iterator, table, nil for the raw table at index */
const char *dp__lua_tostring(lua_State *L, int index, size_t *len); /* pushes the text, as luaL_tolstring */
bool dp__lua_is_iterator(lua_CFunction fn); /* of pairs or gmatch: a closure that has a position */
int dp__lua_gmatch_next(lua_State *L);

/* freeze.c, upvalues.c */
void dp__lua_freeze_open(lua_State *L);                    /* makes the memory of what is frozen */
void dp__lua_freeze_known(lua_State *L);                   /* the table on top is already read-only; it stays there */
void dp__lua_freeze_value(lua_State *L, const char *what); /* the value on top, replaced */
bool dp__lua_push_shadow(lua_State *L, int index);         /* pushes the table behind a proxy, or nothing */
int dp__lua_assigned_upvalue(lua_State *L, int index);     /* from 1; 0: it assigns none */

/* modules.c */
int dp__lua_require(lua_State *L);
enum dp_status dp__lua_read_text(const char *path, char **bytes, size_t *len, struct dp_err *err);
enum dp_status dp__lua_check_text(const char *path, const char *bytes, size_t len, struct dp_err *err);
enum dp_status dp__lua_add_source(struct dp_lua *lua, const char *name, const char *path, const void *bytes, size_t len,
                                  struct dp_err *err);
int dp__lua_compile(lua_State *L, const char *path, const char *bytes, size_t len); /* as luaL_loadbufferx, text only */
void dp__lua_push_loaded(lua_State *L); /* the table of modules by name */
void dp__lua_modules_free(struct dp_lua *lua);

/* paths.c */
enum dp_status dp__lua_set_folder(struct dp_lua *lua, const char *scenario_path, struct dp_err *err);
enum dp_status dp__lua_find_module(struct dp_lua *lua, const char *name, char **out, struct dp_err *err);
void dp__lua_paths_free(struct dp_lua_paths *paths);

#endif
