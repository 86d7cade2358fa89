/* sim/script/paths.c — the folders and files that a scenario may read, and nothing outside them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "script/host.h"
#include "script/modules.h"

/* dir/relative; just relative for ".". The caller frees; NULL when memory is out. */
static char *join(const char *dir, const char *relative) {
  struct dp_str path = {0};
  if (strcmp(dir, ".") != 0) {
    dp_str_append(&path, dir);
    if (path.len > 0 && path.data[path.len - 1] != '/') dp_str_append(&path, "/");
  }
  dp_str_append(&path, relative);
  return dp_str_steal(&path);
}

static enum dp_status append(char ***list, size_t *n, const char *text, struct dp_err *err) {
  char **grown = realloc(*list, (*n + 1) * sizeof *grown), *copy = strdup(text);
  if (grown != NULL) *list = grown;
  if (grown == NULL || copy == NULL) {
    free(copy);
    return dp_fail_nomem(err, "a path");
  }
  grown[(*n)++] = copy;
  return DP_OK;
}

enum dp_status dp_lua_add_data_dir(struct dp_lua *lua, const char *dir, struct dp_err *err) {
  struct stat info;
  if (stat(dir, &info) != 0) return dp_fail(err, DP_IO, "data folder %s: %s", dir, strerror(errno));
  if (!S_ISDIR(info.st_mode)) return dp_fail(err, DP_IO, "data folder %s: is not a folder", dir);
  return append(&lua->paths.dirs, &lua->paths.dirs_n, dir, err);
}

enum dp_status dp_lua_allow_path(struct dp_lua *lua, const char *path, struct dp_err *err) {
  for (size_t i = 0; i < lua->paths.files_n; i++)
    if (strcmp(lua->paths.files[i], path) == 0) return DP_OK;
  return append(&lua->paths.files, &lua->paths.files_n, path, err);
}

enum dp_status dp__lua_set_folder(struct dp_lua *lua, const char *scenario_path, struct dp_err *err) {
  const char *slash = strrchr(scenario_path, '/');
  char *folder = slash == NULL            ? strdup(".")
                 : slash == scenario_path ? strdup("/")
                                          : strndup(scenario_path, (size_t)(slash - scenario_path));
  if (folder == NULL) return dp_fail_nomem(err, "a path");
  free(lua->paths.folder);
  lua->paths.folder = folder;
  return DP_OK;
}

void dp__lua_paths_free(struct dp_lua_paths *paths) {
  for (size_t i = 0; i < paths->dirs_n; i++) free(paths->dirs[i]);
  for (size_t i = 0; i < paths->files_n; i++) free(paths->files[i]);
  free(paths->dirs);
  free(paths->files);
  free(paths->folder);
}

/* Folder i of those that may be read: the scenario's, then the data folders; NULL after the last. */
static const char *root_at(const struct dp_lua_paths *paths, size_t i) {
  if (paths->folder != NULL && i-- == 0) return paths->folder;
  return i < paths->dirs_n ? paths->dirs[i] : NULL;
}

/* Whether the real path lies below the real path of the folder. */
static bool is_below(const char *real, const char *folder) {
  char *root = realpath(folder, NULL);
  if (root == NULL) return false;
  size_t len = strlen(root);
  bool below = strncmp(real, root, len) == 0 && (real[len] == '/' || strcmp(root, "/") == 0);
  free(root);
  return below;
}

enum verdict { FOUND, MISSING, OUTSIDE };

/* Whether `path` exists and lies, links followed, below any folder that may be read. */
static enum verdict judge(const struct dp_lua_paths *paths, const char *path) {
  char *real = realpath(path, NULL);
  if (real == NULL) return MISSING;
  enum verdict verdict = OUTSIDE;
  const char *root;
  for (size_t i = 0; verdict == OUTSIDE && (root = root_at(paths, i)) != NULL; i++)
    if (is_below(real, root)) verdict = FOUND;
  free(real);
  return verdict;
}

/* Looks for the relative path below each folder. @return FOUND with a new string in *out. */
static enum verdict search(const struct dp_lua_paths *paths, const char *relative, char **out, struct dp_err *err) {
  enum verdict worst = MISSING;
  const char *root;
  for (size_t i = 0; (root = root_at(paths, i)) != NULL; i++) {
    char *path = join(root, relative);
    if (path == NULL) {
      dp_fail_nomem(err, "a path");
      return MISSING;
    }
    enum verdict verdict = judge(paths, path);
    if (verdict == FOUND) {
      *out = path;
      return FOUND;
    }
    free(path);
    if (verdict == OUTSIDE) worst = OUTSIDE;
  }
  return worst;
}

/* A path that was given on the command line is taken as it is there. */
static bool is_allowed(const struct dp_lua_paths *paths, const char *path) {
  for (size_t i = 0; i < paths->files_n; i++)
    if (strcmp(paths->files[i], path) == 0) return true;
  return false;
}

enum dp_status dp_lua_resolve_path(struct dp_lua *lua, const char *path, const char *what, char **out,
                                   struct dp_err *err) {
  const struct dp_lua_paths *paths = &lua->paths;
  if (path[0] == '\0') return dp_fail(err, DP_SCENARIO, "%s: the path is empty", what);
  struct dp_err memory = {0};
  char *found = NULL;
  struct stat info;
  enum verdict verdict;
  bool allowed = is_allowed(paths, path);
  if (allowed || path[0] == '/') {
    verdict = !allowed ? judge(paths, path) : stat(path, &info) == 0 ? FOUND : MISSING;
    if (verdict == FOUND && (found = strdup(path)) == NULL) return dp_fail_nomem(err, "a path");
  } else {
    verdict = search(paths, path, &found, &memory);
  }
  if (memory.status != DP_OK) return dp_fail(err, memory.status, "%s", memory.text);
  if (verdict == OUTSIDE)
    return dp_fail(err, DP_SCENARIO,
                   "%s: %s lies outside of what a scenario may read (its own folder, --data DIR and "
                   "paths given by --set)",
                   what, path);
  if (found == NULL)
    return dp_fail(err, DP_IO, "%s: there is no file %s%s", what, path,
                   allowed ? "" : " in the scenario's folder or a --data folder");
  if (stat(found, &info) == 0 && S_ISDIR(info.st_mode)) {
    free(found);
    return dp_fail(err, DP_IO, "%s: %s is a folder, not a file", what, path);
  }
  *out = found;
  return DP_OK;
}

enum dp_status dp__lua_find_module(struct dp_lua *lua, const char *name, char **out, struct dp_err *err) {
  struct dp_str relative = {0};
  dp_str_append(&relative, name);
  for (size_t i = 0; i < relative.len; i++)
    if (relative.data[i] == '.') relative.data[i] = '/';
  dp_str_append(&relative, ".lua");
  if (relative.failed) {
    dp_str_fini(&relative);
    return dp_fail_nomem(err, "a path");
  }
  enum verdict verdict = search(&lua->paths, relative.data, out, err);
  enum dp_status status = DP_OK;
  if (verdict == OUTSIDE)
    status = dp_fail(err, DP_SCENARIO, "require: %s leads out of the scenario's folder", relative.data);
  if (verdict == MISSING)
    status = dp_fail(err, DP_SCENARIO,
                     "require: there is no module '%s' in the program, nor %s in the scenario's folder "
                     "or a --data folder",
                     name, relative.data);
  dp_str_fini(&relative);
  return status;
}
