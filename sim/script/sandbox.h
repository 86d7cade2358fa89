/* sim/script/sandbox.h — a Lua 5.4 host in which a scenario can neither harm the machine nor make a result
 * irreproducible. Layer: script. Not collective: every rank holds its own host, built from the same bytes.
 *
 * What a script finds: base, table, string, math, utf8 and `require`. What differs from stock Lua 5.4:
 *   - absent: io os debug coroutine load dofile loadfile collectgarbage next rawget rawset rawlen warn _G string.dump
 *     math.randomseed; binary chunks; __gc and __mode;
 *   - an unknown global is an error with "did you mean"; globals and library tables are read-only;
 *   - `pairs` walks numbers, then strings, both ascending, and refuses other keys; `table.sort` is a stable merge sort;
 *   - `tostring`, `print` and string.format("%s") show no address; "%p" is refused;
 *   - `math.random` draws from the caller's stream; `print` goes to the caller's sink;
 *   - limits.h bounds memory, instructions, CPU time and patterns; `pcall` cannot swallow a limit.
 * A host belongs to the thread that makes it. Several hosts may live in one process. The only process-wide thing is the
 * disposition of SIGVTALRM: its handler keeps no static, a timer carries its host. */
#ifndef DP_SCRIPT_SANDBOX_H
#define DP_SCRIPT_SANDBOX_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "script/limits.h"

/** A Lua state with its limits, modules and read-only environment. Opaque. */
struct dp_lua;

/** Gives the next 64 uniform random bits of the stream that belongs to whoever is called now. */
typedef uint64_t (*dp_lua_random_fn)(void *ud);

/** Takes one line printed by a script, without its newline; `text` may hold NUL and is valid during the call. */
typedef void (*dp_lua_print_fn)(void *ud, const char *text, size_t len);

/** Makes a host. `limits` may be NULL (all defaults). The caller frees with dp_lua_free.
 *  Errors: DP_NOMEM; DP_FAILED when the system gives no timer. */
enum dp_status dp_lua_new(const struct dp_lua_limits *limits, struct dp_lua **out, struct dp_err *err);

/** Frees the host and all that it holds; NULL is allowed. Not from inside a call. */
void dp_lua_free(struct dp_lua *lua);

/** The Lua state, for bindings. Outside dp_lua_call and dp_lua_protect only functions that cannot raise may be used. */
lua_State *dp_lua_state(struct dp_lua *lua);

/** The host of a state, for C functions called by a script. */
struct dp_lua *dp_lua_host(lua_State *L);

/** Sets where math.random draws from; NULL: math.random is an error. `ud` is borrowed until the next call. */
void dp_lua_set_random(struct dp_lua *lua, dp_lua_random_fn fn, void *ud);

/** Sets where print goes; NULL (as at the start): nowhere. `ud` is borrowed until the next call. */
void dp_lua_set_print(struct dp_lua *lua, dp_lua_print_fn fn, void *ud);

#endif
