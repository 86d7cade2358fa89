/* sim/cli/commands.c — the list of commands. */
#include "cli/commands.h"

#include "cli/cli.h"

#define DP_X(name) &dp_command_##name,
const struct dp_command *const dp_commands[] = {DP_COMMANDS(DP_X) NULL};
#undef DP_X
