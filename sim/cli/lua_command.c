/* sim/cli/lua_command.c — depinsim lua: run Lua with the library, without a simulation. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "script/scenario.h"

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  (void)options;
  DP_TRY(dp_script_run_file(cli->args[0], err));
  return dp_cli_put(&(struct dp_str){0}, err);
}

const struct dp_command dp_command_lua = {
    .name = "lua",
    .doc = "run a Lua file with the library and without a simulation",
    .args_doc = "FILE",
    .details = "The file runs in the sandbox of scenarios: print works; there is no io and no os.",
    .arg_min = 1,
    .arg_max = 1,
    .run = run,
};
