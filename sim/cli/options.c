/* sim/cli/options.c — a command line against a command's row: argp does the work, messages are ours. */
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define OPTIONS_MAX 64
#define KEY_MPI 0x7001

const struct argp_option dp_common_options[] = {
    {"help", 'h', NULL, 0, "this text", -1},
    {"mpi", KEY_MPI, NULL, 0, "use MPI although no launcher (mpirun, srun) was noticed", -1},
    {0},
};

/* ---- what getopt would complain about in its own words ---- */

/* A heading has neither name nor key; zeros end the list. */
static bool is_row(const struct argp_option *o) { return o->name || o->key || o->doc; }

/* All options of a command: its own, then the common ones. */
static size_t list_options(const struct dp_command *command, const struct argp_option **list) {
  size_t n = 0;
  for (const struct argp_option *o = command->options; o && is_row(o) && n < OPTIONS_MAX; o++)
    if (o->name) list[n++] = o;
  for (const struct argp_option *o = dp_common_options; o->name && n < OPTIONS_MAX; o++) list[n++] = o;
  return n;
}

static enum dp_status unknown_option(const char *word, const struct argp_option *const *list, size_t n,
                                     struct dp_err *err) {
  const char *names[OPTIONS_MAX], *equals = strchr(word, '=');
  char name[128];
  int len = equals ? (int)(equals - word) : (int)strlen(word);
  for (size_t i = 0; i < n; i++) names[i] = list[i]->name;
  snprintf(name, sizeof name, "%.*s", len - 2, word + 2);
  const char *meant = dp_str_suggest(name, names, n);
  return dp_fail(err, DP_USAGE, "unknown option %.*s%s%s%s", len, word, meant ? ", did you mean --" : "",
                 meant ? meant : "", meant ? "?" : "");
}

/* The option that a long word names, in full or by a beginning that only one has. */
static enum dp_status find_long(const char *word, const struct argp_option *const *list, size_t n,
                                const struct argp_option **found, struct dp_err *err) {
  size_t len = strcspn(word + 2, "=");
  *found = NULL;
  for (size_t i = 0; i < n; i++) {
    if (!list[i]->name || strncmp(list[i]->name, word + 2, len) != 0) continue;
    if (list[i]->name[len] == '\0') {
      *found = list[i];
      return DP_OK;
    }
    if (*found)
      return dp_fail(err, DP_USAGE, "option %s may be --%s or --%s", word, (*found)->name, list[i]->name);
    *found = list[i];
  }
  return *found ? DP_OK : unknown_option(word, list, n, err);
}

/* One word of options; *takes_next when its value is the next word. */
static enum dp_status check_word(const char *word, const struct argp_option *const *list, size_t n, bool *takes_next,
                                 const char **shown, struct dp_err *err) {
  const struct argp_option *found = NULL;
  *takes_next = false;
  if (word[1] == '-') {
    DP_TRY(find_long(word, list, n, &found, err));
    *shown = found->name;
    bool value = strchr(word, '=') != NULL;
    if (value && !found->arg) return dp_fail(err, DP_USAGE, "option --%s takes no value", found->name);
    *takes_next = found->arg && !value;
    return DP_OK;
  }
  for (const char *c = word + 1; *c; c++) {
    found = NULL;
    for (size_t i = 0; i < n; i++)
      if (list[i]->key == *c) found = list[i];
    if (!found) return dp_fail(err, DP_USAGE, "unknown option -%c", *c);
    *shown = found->name;
    if (!found->arg) continue;
    *takes_next = c[1] == '\0';
    return DP_OK;
  }
  return DP_OK;
}

static enum dp_status check_words(const struct dp_command *command, int argc, char *const *argv, struct dp_err *err) {
  const struct argp_option *list[OPTIONS_MAX];
  size_t n = list_options(command, list);
  for (int i = 1; i < argc; i++) {
    const char *shown = "";
    bool takes_next = false;
    if (strcmp(argv[i], "--") == 0) break;
    if (argv[i][0] != '-' || argv[i][1] == '\0') continue;
    DP_TRY(check_word(argv[i], list, n, &takes_next, &shown, err));
    if (takes_next && ++i == argc) return dp_fail(err, DP_USAGE, "option --%s needs a value", shown);
  }
  return DP_OK;
}

/* ---- argp ---- */

struct parse {
  const struct dp_command *command;
  struct dp_parsed *parsed;
  struct dp_err *err;
};

static bool has_key(const struct argp_option *options, int key) {
  for (const struct argp_option *o = options; o && is_row(o); o++)
    if (o->name && o->key == key) return true;
  return false;
}

static error_t parse_own(int key, char *value, struct argp_state *state) {
  struct parse *p = state->input;
  if (key == ARGP_KEY_INIT) {
    state->child_inputs[0] = p;
  } else if (key == ARGP_KEY_ARG) {
    p->parsed->args[p->parsed->arg_n++] = value;
  } else if (has_key(p->command->options, key)) {
    if (p->command->option(p->parsed->options, key, value, p->err) != DP_OK) return EINVAL;
  } else {
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

static error_t parse_common(int key, char *value, struct argp_state *state) {
  struct parse *p = state->input;
  (void)value;
  if (key == 'h') p->parsed->help = true;
  else if (key == KEY_MPI) p->parsed->mpi = true;
  else return ARGP_ERR_UNKNOWN;
  return 0;
}

static enum dp_status check_args(const struct dp_command *command, const struct dp_parsed *parsed, struct dp_err *err) {
  if (parsed->arg_n < command->arg_min)
    return dp_fail(err, DP_USAGE, "needs %s", command->args_doc);
  if (parsed->arg_n > command->arg_max)
    return dp_fail(err, DP_USAGE, "too many arguments: '%s'", parsed->args[command->arg_max]);
  return DP_OK;
}

enum dp_status dp_cli_parse(const struct dp_command *command, int argc, char **argv, struct dp_parsed *parsed,
                            struct dp_err *err) {
  *parsed = (struct dp_parsed){.options = calloc(1, command->options_size + 1),
                               .args = calloc((size_t)argc + 1, sizeof *parsed->args)};
  if (!parsed->options || !parsed->args) return dp_fail_nomem(err, "the command line");
  DP_TRY(check_words(command, argc, argv, err));
  const struct argp common = {.options = dp_common_options, .parser = parse_common};
  const struct argp_child children[] = {{&common, 0, NULL, 0}, {0}};
  const struct argp argp = {.options = command->options, .parser = parse_own, .children = children};
  struct parse p = {command, parsed, err};
  if (argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &p) != 0)
    return err->status != DP_OK ? err->status : dp_fail(err, DP_USAGE, "the options cannot be read");
  return parsed->help ? DP_OK : check_args(command, parsed, err);
}

void dp_parsed_fini(const struct dp_command *command, struct dp_parsed *parsed) {
  if (parsed->options && command->release) command->release(parsed->options);
  free(parsed->options);
  free(parsed->args);
}

enum dp_status dp_cli_choice(const char *option, const char *value, const char *const *names, int *index,
                             struct dp_err *err) {
  struct dp_str list = {0};
  size_t n = 0;
  for (; names[n]; n++) {
    if (strcmp(names[n], value) == 0) {
      *index = (int)n;
      dp_str_fini(&list);
      return DP_OK;
    }
    dp_str_printf(&list, "%s%s", n ? ", " : "", names[n]);
  }
  enum dp_status status = dp_fail(err, DP_USAGE, "%s is one of %s, not '%s'", option, dp_str_text(&list), value);
  dp_str_fini(&list);
  return status;
}
