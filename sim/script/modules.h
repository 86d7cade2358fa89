/* sim/script/modules.h — `require`, the texts that were read, and the files that a scenario may name.
 * Layer: script. Not collective.
 *
 * A module "a.b" is, in this order: a C module (dp_lua_register), a text handed in (dp_lua_provide), one compiled into
 * the program (lua/a/b.lua), a/b.lua in the scenario's folder, a/b.lua in the data folders in the order they were
 * added. Text only. Symbolic links may not lead out of a folder. `require` works while loading, not after dp_lua_seal.
 */
#ifndef DP_SCRIPT_MODULES_H
#define DP_SCRIPT_MODULES_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "script/sandbox.h"

/** A Lua module that is part of the program; sim/script/embed.sh prints the table. */
struct dp_embedded_module {
  const char *name;
  const unsigned char *bytes;
  size_t size;
};

/** A text that the host has run, for the provenance of a result and for handing it to other ranks. */
struct dp_lua_source {
  char *name;  /* module name; "" for the scenario itself */
  char *path;  /* as messages show it */
  char *bytes; /* [len], followed by NUL */
  size_t len;
  uint64_t hash; /* dp_hash64(bytes, len, 0) */
};

/** The texts in the order in which they were first read. @return their number; `*out` is borrowed until the next load.
 */
size_t dp_lua_sources(const struct dp_lua *lua, const struct dp_lua_source **out);

/** Makes `require(name)` call `open` (once, with the name; its one result is the module).
 *  Errors: DP_NOMEM. `name` is borrowed for the life of the host. */
enum dp_status dp_lua_register(struct dp_lua *lua, const char *name, lua_CFunction open, struct dp_err *err);

/** Hands in the text of module `name`, copied, which is then not looked for in files.
 *  @param path as messages show it. Errors: DP_NOMEM. */
enum dp_status dp_lua_provide(struct dp_lua *lua, const char *name, const char *path, const void *bytes, size_t len,
                              struct dp_err *err);

/** Adds a folder (--data DIR) to those that a scenario may read. Errors: DP_IO when it is no folder; DP_NOMEM. */
enum dp_status dp_lua_add_data_dir(struct dp_lua *lua, const char *dir, struct dp_err *err);

/** Allows one file exactly as written (--set name=FILE), relative to the working directory. Errors: DP_NOMEM. */
enum dp_status dp_lua_allow_path(struct dp_lua *lua, const char *path, struct dp_err *err);

/** Finds the file that a scenario names and checks that it may be read: a path given to dp_lua_allow_path, or one whose
 *  real path lies below the scenario's folder or a data folder (relative paths are tried in that order).
 *  @param what what the file is, for messages ("trace")
 *  @param out  the path to open; the caller frees it
 *  Errors: DP_IO (no such file, or a folder), DP_SCENARIO (empty, or outside of what may be read), DP_NOMEM. */
enum dp_status dp_lua_resolve_path(struct dp_lua *lua, const char *path, const char *what, char **out,
                                   struct dp_err *err);

#endif
