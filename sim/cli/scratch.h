/* sim/cli/scratch.h — runs of scenarios for a command that judges results and keeps none: processes side by side that
 * write into a folder of their own.
 * Layer: cli. Not collective; not for use under a launcher. */
#ifndef DP_CLI_SCRATCH_H
#define DP_CLI_SCRATCH_H

#include "cli/scenario_options.h"
#include "cli/spawn.h"

/** A run's files, and its command line (without the program's name, ended by NULL). */
struct dp_scratch_run {
  char *result, *out, *err;
  char **args; /* [arg_n] and NULL */
  size_t arg_n;
};

/** Zero is an empty one. */
struct dp_scratch {
  char *folder;
  struct dp_scratch_run *runs; /* [n] */
  struct dp_child *children;   /* [n] */
  size_t n;
};

/** Adds a run of a scenario as chosen; everything is copied. The first one makes the folder, in $TMPDIR or /tmp.
 *  @param shock as --shock takes it; NULL for none. DP_IO, DP_NOMEM. */
enum dp_status dp_scratch_add(struct dp_scratch *s, const char *scenario, const struct dp_scenario_choice *choice,
                              const char *shock, struct dp_err *err);

/** As dp_spawn, of all runs. @param parallel_n 0: one a core @param limit_ns 0: none */
enum dp_status dp_scratch_spawn(struct dp_scratch *s, unsigned parallel_n, int64_t limit_ns,
                                enum dp_status (*ended)(void *owner, size_t run, struct dp_err *err), void *owner,
                                struct dp_err *err);

/** Appends the command with which the user can see run `i`: "depinsim run a.lua --seed=3". */
void dp_scratch_command(const struct dp_scratch *s, size_t i, struct dp_str *out);

/** DP_FAILED with the first line that run `i` said on its standard error, or with its command. */
enum dp_status dp_scratch_fail(const struct dp_scratch *s, size_t i, struct dp_err *err);

/** Removes the files of run `i`, whether or not they are there. */
void dp_scratch_forget(const struct dp_scratch *s, size_t i);

/** Removes everything and makes it empty. */
void dp_scratch_fini(struct dp_scratch *s);

#endif
