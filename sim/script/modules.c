/* sim/script/modules.c — `require`, and the record of the texts that were read. */
#include "script/modules.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "script/call.h"
#include "script/embedded.inc"
#include "script/host.h"

#define TEXT_MAX_BYTES ((size_t)16 << 20)

static const char loaded_key = 0; /* registry: module name → value, or a light userdata while it is being loaded */

/* --- texts --- */

/* Reads all of an open regular file of `size` bytes; a file that changes its size meanwhile is an error. */
static enum dp_status read_all(int file, const char *path, size_t size, char **bytes, struct dp_err *err) {
  char *text = malloc(size + 1);
  if (text == NULL) return dp_fail_nomem(err, path);
  size_t len = 0;
  ssize_t n = 1;
  while (len <= size && (n = read(file, text + len, size + 1 - len)) > 0) len += (size_t)n;
  if (n < 0 || len != size) {
    free(text);
    return dp_fail(err, DP_IO, "%s: cannot be read: %s", path, n < 0 ? strerror(errno) : "its size has changed");
  }
  *bytes = text;
  return DP_OK;
}

enum dp_status dp__lua_read_text(const char *path, char **bytes, size_t *len, struct dp_err *err) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* do not wait for a writer when it is a pipe */
  if (file < 0) return dp_fail(err, DP_IO, "%s: cannot be opened: %s", path, strerror(errno));
  struct stat info;
  enum dp_status status = DP_OK;
  if (fstat(file, &info) != 0)
    status = dp_fail(err, DP_IO, "%s: cannot be read: %s", path, strerror(errno));
  else if (S_ISDIR(info.st_mode))
    status = dp_fail(err, DP_IO, "%s: is a folder, not a Lua file", path);
  else if (!S_ISREG(info.st_mode))
    status = dp_fail(err, DP_IO, "%s: is not a regular file", path);
  else if ((uintmax_t)info.st_size > TEXT_MAX_BYTES)
    status = dp_fail(err, DP_FORMAT, "%s: is too large for a Lua file (over %zu MiB); data goes into files of its own",
                     path, TEXT_MAX_BYTES >> 20);
  else
    status = read_all(file, path, (size_t)info.st_size, bytes, err);
  close(file);
  if (status == DP_OK) *len = (size_t)info.st_size;
  return status;
}

enum dp_status dp__lua_check_text(const char *path, const char *bytes, size_t len, struct dp_err *err) {
  if (len > TEXT_MAX_BYTES)
    return dp_fail(err, DP_FORMAT, "%s: is too large for a Lua file (over %zu MiB)", path, TEXT_MAX_BYTES >> 20);
  if (len > 0 && bytes[0] == LUA_SIGNATURE[0])
    return dp_fail(err, DP_FORMAT, "%s: is Lua bytecode; only Lua text is run", path);
  if (memchr(bytes, '\0', len) != NULL) return dp_fail(err, DP_FORMAT, "%s: is a binary file, not Lua text", path);
  size_t i = 0;
  while (i < len && isspace((unsigned char)bytes[i])) i++;
  if (i == len) return dp_fail(err, DP_FORMAT, "%s: is empty; a scenario returns a table", path);
  return DP_OK;
}

int dp__lua_compile(lua_State *L, const char *path, const char *bytes, size_t len) {
  struct dp_str name = {0};
  if (path[0] != '=') dp_str_append(&name, "@");
  dp_str_append(&name, path);
  if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) { /* byte order mark */
    bytes += 3;
    len -= 3;
  }
  if (len > 0 && bytes[0] == '#') { /* "#!" line; its newline stays, for the line numbers */
    const char *end = memchr(bytes, '\n', len);
    size_t skipped = end == NULL ? len : (size_t)(end - bytes);
    bytes += skipped;
    len -= skipped;
  }
  int code = luaL_loadbufferx(L, bytes, len, dp_str_text(&name), "t");
  dp_str_fini(&name);
  return code;
}

static void source_fini(struct dp_lua_source *source) {
  free(source->name);
  free(source->path);
  free(source->bytes);
}

/* Appends a copy to one of the two lists. */
static enum dp_status append_source(struct dp_lua_source **list, size_t *n, const char *name, const char *path,
                                    const void *bytes, size_t len, struct dp_err *err) {
  struct dp_lua_source *grown = realloc(*list, (*n + 1) * sizeof *grown);
  if (grown == NULL) return dp_fail_nomem(err, path);
  *list = grown;
  struct dp_lua_source source = {.name = strdup(name), .path = strdup(path), .bytes = malloc(len + 1), .len = len};
  if (source.name == NULL || source.path == NULL || source.bytes == NULL) {
    source_fini(&source);
    return dp_fail_nomem(err, path);
  }
  if (len > 0) memcpy(source.bytes, bytes, len);
  source.bytes[len] = '\0';
  source.hash = dp_hash64(source.bytes, len, 0);
  grown[(*n)++] = source;
  return DP_OK;
}

enum dp_status dp__lua_add_source(struct dp_lua *lua, const char *name, const char *path, const void *bytes, size_t len,
                                  struct dp_err *err) {
  return append_source(&lua->sources, &lua->sources_n, name, path, bytes, len, err);
}

enum dp_status dp_lua_provide(struct dp_lua *lua, const char *name, const char *path, const void *bytes, size_t len,
                              struct dp_err *err) {
  return append_source(&lua->provided, &lua->provided_n, name, path, bytes, len, err);
}

size_t dp_lua_sources(const struct dp_lua *lua, const struct dp_lua_source **out) {
  *out = lua->sources;
  return lua->sources_n;
}

enum dp_status dp_lua_register(struct dp_lua *lua, const char *name, lua_CFunction open, struct dp_err *err) {
  struct dp_lua_c_module *grown = realloc(lua->c_modules, (lua->c_modules_n + 1) * sizeof *grown);
  if (grown == NULL) return dp_fail_nomem(err, name);
  lua->c_modules = grown;
  grown[lua->c_modules_n++] = (struct dp_lua_c_module){name, open};
  return DP_OK;
}

void dp__lua_modules_free(struct dp_lua *lua) {
  for (size_t i = 0; i < lua->sources_n; i++) source_fini(&lua->sources[i]);
  for (size_t i = 0; i < lua->provided_n; i++) source_fini(&lua->provided[i]);
  free(lua->sources);
  free(lua->provided);
  free(lua->c_modules);
  dp__lua_paths_free(&lua->paths);
}

/* --- require --- */

/* Letters, digits and '_' between single dots, so that a name can leave no folder. */
static bool name_is_valid(const char *name) {
  bool begins = true;
  for (; *name != '\0'; name++) {
    if (*name == '.' ? begins : !isalnum((unsigned char)*name) && *name != '_') return false;
    begins = *name == '.';
  }
  return !begins;
}

/* Records the text and returns where it stays, for as long as the host lives. */
static enum dp_status keep(struct dp_lua *lua, const char *name, const char *path, const void *bytes, size_t len,
                           const struct dp_lua_source **out, struct dp_err *err) {
  DP_TRY(dp__lua_check_text(path, bytes, len, err));
  DP_TRY(dp__lua_add_source(lua, name, path, bytes, len, err));
  *out = &lua->sources[lua->sources_n - 1];
  return DP_OK;
}

static enum dp_status keep_embedded(struct dp_lua *lua, const struct dp_embedded_module *module,
                                    const struct dp_lua_source **out, struct dp_err *err) {
  struct dp_str path = {0};
  dp_str_printf(&path, "=[%s]", module->name);
  enum dp_status status = path.failed ? dp_fail_nomem(err, module->name)
                                      : keep(lua, module->name, path.data, module->bytes, module->size, out, err);
  dp_str_fini(&path);
  return status;
}

/* The text of module `name`; DP_SCENARIO when there is none. */
static enum dp_status find_text(struct dp_lua *lua, const char *name, const struct dp_lua_source **out,
                                struct dp_err *err) {
  for (size_t i = 0; i < lua->provided_n; i++) {
    const struct dp_lua_source *given = &lua->provided[i];
    if (strcmp(given->name, name) == 0) return keep(lua, name, given->path, given->bytes, given->len, out, err);
  }
  for (size_t i = 0; i != sizeof dp_embedded_modules / sizeof *dp_embedded_modules; i++)
    if (strcmp(dp_embedded_modules[i].name, name) == 0) return keep_embedded(lua, &dp_embedded_modules[i], out, err);
  char *path, *bytes;
  size_t len;
  DP_TRY(dp__lua_find_module(lua, name, &path, err));
  enum dp_status status = dp__lua_read_text(path, &bytes, &len, err);
  if (status == DP_OK) {
    status = keep(lua, name, path, bytes, len, out, err);
    free(bytes);
  }
  free(path);
  return status;
}

/* Pushes the function that makes module `name`, or raises. */
static void push_loader(lua_State *L, const char *name) {
  struct dp_lua *lua = dp_lua_host(L);
  for (size_t i = 0; i < lua->c_modules_n; i++) {
    if (strcmp(lua->c_modules[i].name, name) != 0) continue;
    lua_pushcfunction(L, lua->c_modules[i].open);
    return;
  }
  const struct dp_lua_source *source = NULL;
  struct dp_err err = {0};
  if (find_text(lua, name, &source, &err) != DP_OK) {
    dp_lua_raise(L, &err);
    return;
  }
  if (dp__lua_compile(L, source->path, source->bytes, source->len) != LUA_OK) lua_error(L);
}

void dp__lua_push_loaded(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &loaded_key) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &loaded_key);
}

int dp__lua_require(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  if (!name_is_valid(name))
    return luaL_error(L, "require: '%s' is no module name (letters, digits and '_' between dots)", name);
  dp__lua_push_loaded(L);
  if (dp_lua_host(L)->sealed)
    return luaL_error(L,
                      "require '%s': modules are loaded at the start; write 'local m = require \"%s\"' at the top of "
                      "the file",
                      name, name);
  int type = lua_getfield(L, 2, name);
  if (type == LUA_TLIGHTUSERDATA)
    return luaL_error(L, "require: module '%s' needs itself, or has failed to load", name);
  if (type != LUA_TNIL) return 1;
  lua_pushlightuserdata(L, (void *)(uintptr_t)&loaded_key);
  lua_setfield(L, 2, name);
  push_loader(L, name);
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
  }
  lua_pushvalue(L, -1);
  lua_setfield(L, 2, name);
  return 1;
}
