/* sim/cli/commands.h — the commands' rows, each defined in the file of its command.
 * Layer: cli. */
#ifndef DP_CLI_COMMANDS_H
#define DP_CLI_COMMANDS_H

struct dp_command;

extern const struct dp_command dp_command_run, dp_command_resume, dp_command_lint, dp_command_new, dp_command_info,
    dp_command_digest, dp_command_kpi, dp_command_audit, dp_command_params, dp_command_models, dp_command_presets,
    dp_command_lua, dp_command_bench, dp_command_completion;

#endif
