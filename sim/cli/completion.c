/* sim/cli/completion.c — depinsim completion: a bash completion made of the table of commands. */
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"

static void add_options(struct dp_str *out, const struct argp_option *options) {
  for (const struct argp_option *o = options; o && (o->name || o->doc); o++)
    if (o->name) dp_str_printf(out, " --%s%s", o->name, o->arg ? "=" : "");
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  static const char *const shells[] = {"bash", NULL};
  struct dp_str out = {0};
  int shell;
  (void)options;
  if (cli->arg_n) DP_TRY(dp_cli_choice("the shell", cli->args[0], shells, &shell, err));
  dp_str_append(&out, "# bash completion of depinsim: eval \"$(depinsim completion)\"\n"
                      "_depinsim() {\n"
                      "  local word=${COMP_WORDS[COMP_CWORD]} words\n"
                      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                      "    words='help");
  for (const struct dp_command *const *c = dp_commands; *c; c++)
    if (!(*c)->hidden) dp_str_printf(&out, " %s", (*c)->name);
  dp_str_append(&out, " --help --version'\n"
                      "  else\n"
                      "    case ${COMP_WORDS[1]} in\n");
  for (const struct dp_command *const *c = dp_commands; *c; c++) {
    dp_str_printf(&out, "      %s) words='", (*c)->name);
    if (strcmp((*c)->name, "bench") == 0) dp_str_append(&out, "phold queue");
    add_options(&out, (*c)->options);
    add_options(&out, dp_common_options);
    dp_str_append(&out, "' ;;\n");
  }
  dp_str_append(&out, "    esac\n"
                      "  fi\n"
                      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
                      "  [[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace\n"
                      "  return 0\n"
                      "}\n"
                      "complete -o default -F _depinsim depinsim\n");
  return dp_cli_put(&out, err);
}

const struct dp_command dp_command_completion = {
    .name = "completion",
    .doc = "print the completion for bash",
    .args_doc = "[bash]",
    .details = "eval \"$(depinsim completion)\" makes it work in this shell.",
    .arg_max = 1,
    .run = run,
};
