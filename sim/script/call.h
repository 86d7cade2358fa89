/* sim/script/call.h — the one way from C into Lua: load, call, protect; errors become one message "file:line: …".
 * Layer: script. Not collective. */
#ifndef DP_SCRIPT_CALL_H
#define DP_SCRIPT_CALL_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "script/sandbox.h"

/** Calls the function below `nargs` arguments on the stack, as lua_pcall; `nres` results (or LUA_MULTRET) replace them.
 *  @param budget_n instructions that the call may run; 0: limits.call_instructions_n. A call made while another one
 * runs shares the outer call's budget and clock.
 *  @param where    what is called, for the message ("policy 'undercut'"); NULL: nothing is added
 *  @return DP_OK; DP_SCENARIO for an error in the script or a limit that was met; the status given to dp_lua_raise. On
 * an error the function and its arguments are gone and nothing is pushed. */
enum dp_status dp_lua_call(struct dp_lua *lua, int nargs, int nres, int64_t budget_n, const char *where,
                           struct dp_err *err);

/** Runs `fn` with `ud` as its only argument (a light userdata), protected as in dp_lua_call: for C code that builds
 *  values, because a Lua function that allocates may raise an error. The budget is that of loading. */
enum dp_status dp_lua_protect(struct dp_lua *lua, lua_CFunction fn, void *ud, int nres, struct dp_err *err);

/** Raises, from a C function that a script called, the error in `err` with the place in the script in front;
 * dp_lua_call then returns err->status. Never returns; the type is int for `return dp_lua_raise(L, &err)`. */
int dp_lua_raise(lua_State *L, const struct dp_err *err);

/** Reads a scenario and runs it; the table that it returns is left on the stack. Its folder becomes the first place
 * where modules and data are looked for. The file is recorded among the sources (modules.h). Errors: DP_IO (missing, a
 * directory, unreadable, no regular file); DP_FORMAT (empty, binary or bytecode, over 16 MiB); DP_SCENARIO (syntax,
 * run-time error, limit, no table returned). */
enum dp_status dp_lua_load_file(struct dp_lua *lua, const char *path, struct dp_err *err);

/** Runs a file for what it does, not for what it returns; nothing is left on the stack. Otherwise as dp_lua_load_file. */
enum dp_status dp_lua_run_file(struct dp_lua *lua, const char *path, struct dp_err *err);

/** As dp_lua_load_file for bytes that are already in memory (a scenario that another rank has read): `path` is used for
 *  messages and for the folder. The bytes are copied. */
enum dp_status dp_lua_load_buffer(struct dp_lua *lua, const char *path, const void *bytes, size_t len,
                                  struct dp_err *err);

#endif
