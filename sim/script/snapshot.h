/* sim/script/snapshot.h — notices that something reachable from a table of Lua
 * has changed. Layer: script, private to it. Functions that take a lua_State
 * may raise a Lua error, but dp__snapshot_holds.
 *
 * Reached are the fields of tables, their metatables, and the upvalues of
 * functions; strings, numbers and userdata are taken as they are. One snapshot
 * a state. */
#ifndef DP_SCRIPT_SNAPSHOT_H
#define DP_SCRIPT_SNAPSHOT_H

#include <lua.h>
#include <stdbool.h>

/** Remembers what the table on top reaches, and pops it. */
void dp__snapshot_take(lua_State *L);

/** Whether all of it is as it was. Does not raise. */
bool dp__snapshot_holds(lua_State *L);

#endif
