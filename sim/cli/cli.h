/* sim/cli/cli.h — what a command of the program is: one row of a table from which dispatch, help and completion come.
 * Layer: cli. A command returns one status; dispatch prints the one message and gives the exit code. */
#ifndef DP_CLI_CLI_H
#define DP_CLI_CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

#include "analysis/result.h"
#include "engine/comm.h"

/** What a command is given. Borrowed for the call. */
struct dp_cli {
  struct dp_comm *comm;    /* NULL for commands that are not parallel */
  const char *const *args; /* [arg_n] without the command's name and options */
  size_t arg_n;
  int argc; /* the whole command line */
  char *const *argv;
};

/** A command. */
struct dp_command {
  const char *name;
  const char *doc;      /* one line */
  const char *args_doc; /* "SCENARIO"; NULL for none */
  const char *details;  /* paragraphs below the options; NULL for none */
  size_t arg_min, arg_max;
  const struct argp_option *options; /* ended by zeros; NULL for none */
  size_t options_size;               /* of the struct that options fill; zeros are the defaults */
  /** One option. Messages name the option; dispatch puts the command in front. */
  enum dp_status (*option)(void *options, int key, const char *value, struct dp_err *err);
  void (*release)(void *options); /* frees what options hold; may be NULL */
  bool parallel;                  /* runs on every rank of a launcher; others run on the first alone */
  bool hidden;                    /* not in the list of commands */
  /** Collective over cli->comm when parallel. */
  enum dp_status (*run)(const struct dp_cli *cli, const void *options, struct dp_err *err);
};

/** Every command, ended by NULL. */
extern const struct dp_command *const dp_commands[];

/** Command by name, NULL if there is none. */
const struct dp_command *dp_command_find(const char *name);

/** Parses, runs, reports. @return the exit code of the process; the same on every rank. */
int dp_cli_main(int argc, char **argv);

/* ---- options.c ---- */

/** What parsing found. */
struct dp_parsed {
  void *options;     /* of the command; freed by dp_parsed_fini */
  const char **args; /* [arg_n] */
  size_t arg_n;
  bool help, mpi;
};

/** Parses what follows the command's name. DP_USAGE with one message otherwise. */
enum dp_status dp_cli_parse(const struct dp_command *command, int argc, char **argv, struct dp_parsed *parsed,
                            struct dp_err *err);
void dp_parsed_fini(const struct dp_command *command, struct dp_parsed *parsed);

/** Options that every command has, ended by zeros. */
extern const struct argp_option dp_common_options[];

/** Value of --format: text, json, or csv and others where allowed. @param names ended by NULL @param index set to it */
enum dp_status dp_cli_choice(const char *option, const char *value, const char *const *names, int *index,
                             struct dp_err *err);

/* ---- help.c ---- */

void dp_cli_print_help(const struct dp_command *command); /* of one command, to stdout */
void dp_cli_print_commands(void);
void dp_cli_print_version(void);

/** Program facts for --version and provenance; never NULL. */
const char *dp_cli_version(void);
const char *dp_cli_revision(void);
const char *dp_cli_compiler(void);
const char *dp_cli_flags(void);
const char *dp_cli_libraries(void);

/* ---- print.c ---- */

/** Writes the text to stdout and frees it. DP_IO when stdout does not take it, DP_NOMEM when the text is incomplete. */
enum dp_status dp_cli_put(struct dp_str *text, struct dp_err *err);

/** The one message of a failure on stderr. `command` may be NULL. */
void dp_cli_complain(const char *command, const struct dp_err *err);

/** True on the process that speaks: the only one, or the first of a launcher. Works before MPI_Init. */
bool dp_cli_speaks(void);

#endif
