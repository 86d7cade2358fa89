/* sim/cli/commands.c — the list of commands, in the order in which help shows them. */
#include "cli/commands.h"

#include "cli/cli.h"

const struct dp_command *const dp_commands[] = {
    &dp_command_run,    &dp_command_resume, &dp_command_lint,   &dp_command_new,     &dp_command_info,  &dp_command_digest,
    &dp_command_kpi,    &dp_command_audit,  &dp_command_params,  &dp_command_models, &dp_command_presets,
    &dp_command_lua,    &dp_command_bench,  &dp_command_completion, NULL,
};
