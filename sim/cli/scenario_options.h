/* sim/cli/scenario_options.h — the options that say how a scenario is read, shared by the commands that read one.
 * Layer: cli. */
#ifndef DP_CLI_SCENARIO_OPTIONS_H
#define DP_CLI_SCENARIO_OPTIONS_H

#include "cli/cli.h"
#include "script/scenario.h"

/** Zero is the default. */
struct dp_scenario_choice {
  struct dp_setting *settings; /* [setting_n]; each key points into one malloc'ed "key\0value" */
  size_t setting_n;
  const char **data_dirs; /* [data_dir_n] */
  size_t data_dir_n;
  bool has_seed, check_form;
  uint64_t seed;
  const char *until; /* as typed, or NULL */
  const struct dp_buffer *texts; /* first rank: run instead of the file; NULL: the file is read */
};

/** Rows for a command's table of options. */
#define DP_SCENARIO_OPTIONS                                                                                          \
  {"set", 's', "NAME=VALUE", 0, "change a parameter of the scenario; may be repeated", 1},                           \
      {"seed", 'S', "N", 0, "seed of all random numbers, instead of the scenario's", 1},                             \
      {"until", 'u', "TIME", 0, "stop earlier or later: 12h, 30d, or a date; a bare number is seconds", 1},          \
      {"data", 'd', "FOLDER", 0, "the scenario may read files in this folder too; may be repeated", 1},              \
      {"check-form", 'c', NULL, 0, "the form of a few seconds that the scenario declares as `check`", 1}

/** True when `key` is one of those. */
bool dp_scenario_option_is(int key);

enum dp_status dp_scenario_option(struct dp_scenario_choice *choice, int key, const char *value, struct dp_err *err);
void dp_scenario_choice_fini(struct dp_scenario_choice *choice);

/** Collective. Loads the scenario at `path` as chosen. */
enum dp_status dp_scenario_open(const char *path, const struct dp_scenario_choice *choice, struct dp_comm *comm,
                                struct dp_scenario **out, struct dp_err *err);

#endif
