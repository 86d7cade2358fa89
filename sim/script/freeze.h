/* sim/script/freeze.h — after loading, nothing that a policy can reach may change: equal calls give equal answers.
 * Layer: script. Not collective.
 *
 * How it is done, in stock Lua:
 *   tables     what a function reaches through its upvalues (and theirs, and the tables' fields and metatables) is
 *              replaced by a read-only proxy over a private copy; reading, `#`, pairs, ipairs, the table library and
 *              metamethods work as before, assignment is an error. A table keeps its identity: one table, one proxy.
 *   upvalues   a function that assigns a local outside itself is refused, by name: the bytecode is searched once for
 * such an assignment (sim/script/upvalues.c), so that a call pays nothing. iterators  a gmatch or pairs iterator kept
 * in an upvalue has a position and is refused. the rest   globals and library tables are read-only from the start;
 * there are no coroutines; `require` ends with dp_lua_seal; from then on the collector runs only between calls, so that
 * no call can watch it. Userdata are taken as constant, and so are C closures: bindings must see to it. A table that C
 * hands to a policy again and again must be handed over by dp_lua_push_view, or the policy could keep something in it.
 */
#ifndef DP_SCRIPT_FREEZE_H
#define DP_SCRIPT_FREEZE_H

#include <lua.h>

#include "base/status.h"
#include "script/sandbox.h"

/** Freezes the value at `index` and puts the frozen form there: a function stays itself, a table becomes its proxy.
 *  Call it when loading has ended, before the first call; a value may be frozen again.
 *  @param what for messages ("policy 'mine'").
 *  Errors: DP_SCENARIO, naming the function, its line and the local that it assigns; memory. */
enum dp_status dp_lua_freeze(struct dp_lua *lua, int index, const char *what, struct dp_err *err);

/** Ends loading: `require` becomes an error and the collector runs between calls only. */
void dp_lua_seal(struct dp_lua *lua);

/** Pushes a read-only view of the table at `index`, which C goes on to change with lua_rawset. May raise: call it
 * inside dp_lua_protect. The table's own metatable is not used. */
void dp_lua_push_view(lua_State *L, int index);

#endif
