/* sim/cli/sweep.h — what `sweep` and the commands that run a study in other
 * ways have in common. Layer: cli. */
#ifndef DP_CLI_SWEEP_H
#define DP_CLI_SWEEP_H

#include "analysis/sweep.h"
#include "cli/cli.h"
#include "cli/scenario_options.h"

/** Options of such a command. */
struct dp_sweep_command {
  struct dp_scenario_choice choice;
  struct dp_sweep_options sweep;
  size_t replicates_n; /* 0: the study's */
};

enum { DP_KEY_RESUME = 0x200, DP_KEY_RESTART, DP_KEY_SWEEP_WALL, DP_KEY_RANKS_PER_RUN, DP_KEY_SWEEP_END };

/** Their rows. */
#define DP_SWEEP_OPTIONS                                                                                               \
  {"output", 'o', "FILE", 0, "the result (the study's name and .h5, in the working directory)", 0},                    \
      {"replicates", 'r', "N", 0, "runs at each point, instead of the study's", 0}, DP_SCENARIO_OPTIONS,               \
      {"ranks-per-run",                                                                                                \
       DP_KEY_RANKS_PER_RUN,                                                                                           \
       "N",                                                                                                            \
       0,                                                                                                              \
       "MPI ranks that run each run together, which share out its cells; the number of ranks must be a multiple (1)",  \
       2},                                                                                                             \
      {"format", 'f', "FORM", 0, "of the table: text, json or csv (text)", 2},                                         \
      {"quiet", 'q', NULL, 0, "no progress on the terminal", 2},                                                       \
      {"resume",                                                                                                       \
       DP_KEY_RESUME,                                                                                                  \
       NULL,                                                                                                           \
       0,                                                                                                              \
       "go on with FILE.part, which must be there (without it: if it is "                                              \
       "there)",                                                                                                       \
       2},                                                                                                             \
      {"restart", DP_KEY_RESTART, NULL, 0, "throw FILE.part away and begin anew", 2}, {                                \
    "wall-limit", DP_KEY_SWEEP_WALL, "TIME", 0, "begin no more runs after so much real time, and exit with code 75", 2 \
  }

enum dp_status dp_sweep_command_option(void *options, int key, const char *value, struct dp_err *err);
void dp_sweep_command_release(void *options);

/** On every rank, when the study is loaded: makes its points. */
typedef enum dp_status (*dp_sweep_prepare_fn)(struct dp_study *study, void *ud, struct dp_err *err);
/** Collective, in place of dp_sweep_run. */
typedef enum dp_status (*dp_sweep_run_fn)(struct dp_study *study, struct dp_comm *comm,
                                          const struct dp_sweep_options *options, void *ud, struct dp_sweep **out,
                                          struct dp_err *err);
/** On rank 0, when every run has ended. */
typedef enum dp_status (*dp_sweep_then_fn)(struct dp_sweep *sweep, void *ud, struct dp_err *err);

/** Collective. Loads the study, runs it, goes on with `then`. Without `prepare`
 * the points are those of the study's own design; `run` NULL: dp_sweep_run. */
enum dp_status dp_sweep_command_run(const struct dp_cli *cli, const void *options, dp_sweep_prepare_fn prepare,
                                    dp_sweep_run_fn run, dp_sweep_then_fn then, void *ud, struct dp_err *err);

#endif
