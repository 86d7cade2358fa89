/* sim/cli/spawn.h — several processes of this program side by side, with a time limit each.
 * Layer: cli. Not collective; not for use under a launcher. */
#ifndef DP_CLI_SPAWN_H
#define DP_CLI_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

/** One process. The caller fills the first part. */
struct dp_child {
  const char *const *args; /* after the program's name, ended by NULL; borrowed */
  const char *out, *err;   /* files that take its standard output and error */

  pid_t pid;      /* 0 before it has started */
  bool ended, timed_out;
  int exit_code;  /* of the process; 128 + signal when one killed it */
  int64_t began_ns;
  double seconds; /* wall clock */
};

/** Runs [n] children, at most `parallel_n` at a time, each in its own process group, and kills the group of one that takes
 *  longer than `limit_ns`. `ended` is called for each when it is over, in the order of ending; an error from it stops the
 *  rest. DP_INTERRUPTED at SIGINT or SIGTERM, with nothing left running; DP_IO when a process cannot be started. */
enum dp_status dp_spawn(struct dp_child *children, size_t n, unsigned parallel_n, int64_t limit_ns,
                        enum dp_status (*ended)(void *owner, size_t child, struct dp_err *err), void *owner,
                        struct dp_err *err);

#endif
