/* sim/cli/dispatch.c — from a command line to an exit code: find the command, parse, run, one message, one code. */
#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define COMMANDS_MAX 64

const struct dp_command *dp_command_find(const char *name) {
  for (const struct dp_command *const *c = dp_commands; *c; c++)
    if (strcmp((*c)->name, name) == 0) return *c;
  return NULL;
}

static enum dp_status unknown_command(const char *name, struct dp_err *err) {
  const char *names[COMMANDS_MAX];
  size_t n = 0;
  for (const struct dp_command *const *c = dp_commands; *c && n < COMMANDS_MAX; c++)
    if (!(*c)->hidden) names[n++] = (*c)->name;
  const char *meant = dp_str_suggest(name, names, n);
  if (meant) return dp_fail(err, DP_USAGE, "no command '%s', did you mean '%s'? (see depinsim --help)", name, meant);
  return dp_fail(err, DP_USAGE, "no command '%s' (see depinsim --help)", name);
}

/* ---- help and version: no command, no MPI ---- */

/* True when the first word asks for something that is not a command. */
static bool is_special(const char *word) {
  static const char *const words[] = {"--help", "-h", "help", "--version", "-V"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(word, words[i]) == 0) return true;
  return false;
}

static enum dp_status special(int argc, char **argv, struct dp_err *err) {
  const struct dp_command *about = NULL;
  if (argc > 2 && strcmp(argv[1], "help") == 0) {
    about = dp_command_find(argv[2]);
    if (!about) return unknown_command(argv[2], err);
  }
  if (!dp_cli_speaks()) return DP_OK;
  if (about) dp_cli_print_help(about);
  else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) dp_cli_print_version();
  else dp_cli_print_commands();
  return dp_cli_put(&(struct dp_str){0}, err);
}

/* What every rank finds alike, one says and fails with. The others end well: a launcher that saw one of them fail first
 * would end the speaker before it has spoken. */
static enum dp_status said(const char *command, enum dp_status status, const struct dp_err *err) {
  if (!dp_cli_speaks()) return DP_OK;
  if (status != DP_OK) dp_cli_complain(command, err);
  return status;
}

/* ---- a command ---- */

static enum dp_status run_parallel(const struct dp_command *command, struct dp_cli *cli, const struct dp_parsed *parsed,
                                   struct dp_err *err) {
  bool mpi = parsed->mpi || dp_comm_launched();
  enum dp_status status = mpi ? dp_comm_mpi_new(&cli->comm, err) : dp_comm_null_new(&cli->comm, err);
  if (status == DP_OK) status = dp_comm_agree(cli->comm, command->run(cli, parsed->options, err), err);
  /* the text is on the rank that failed first, and there alone */
  if (status != DP_OK && err->text[0]) dp_cli_complain(command->name, err);
  if (cli->comm) dp_comm_barrier(cli->comm, err);
  dp_comm_free(cli->comm);
  return status;
}

static enum dp_status run_command(const struct dp_command *command, int argc, char **argv, struct dp_err *err) {
  struct dp_parsed parsed;
  struct dp_cli cli = {.argc = argc, .argv = argv};
  enum dp_status status = dp_cli_parse(command, argc - 1, argv + 1, &parsed, err);
  cli.args = parsed.args;
  cli.arg_n = parsed.arg_n;
  if (status == DP_OK && !parsed.help && command->parallel) {
    status = run_parallel(command, &cli, &parsed, err);
    dp_parsed_fini(command, &parsed);
    return status;
  }
  if (status == DP_OK && parsed.help) {
    if (dp_cli_speaks()) dp_cli_print_help(command);
    status = dp_cli_put(&(struct dp_str){0}, err);
  } else if (status == DP_OK && dp_cli_speaks()) {
    status = command->run(&cli, parsed.options, err);
  }
  status = said(command->name, status, err);
  dp_parsed_fini(command, &parsed);
  return status;
}

int dp_cli_main(int argc, char **argv) {
  struct dp_err err = {0};
  enum dp_status status;
  const struct dp_command *command = NULL;
  gsl_set_error_handler_off();
  if (argc > 1) command = dp_command_find(argv[1]);
  if (command) return dp_status_exit_code(run_command(command, argc, argv, &err));
  if (argc < 2) status = dp_fail(&err, DP_USAGE, "a command is missing (see depinsim --help)");
  else if (is_special(argv[1])) status = special(argc, argv, &err);
  else if (argv[1][0] == '-') status = dp_fail(&err, DP_USAGE, "unknown option %s (see depinsim --help)", argv[1]);
  else status = unknown_command(argv[1], &err);
  return dp_status_exit_code(said(NULL, status, &err));
}
