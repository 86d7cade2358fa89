/* sim/cli/commands.h — the commands, in the order in which help shows them; each row is defined in its command's file.
 * Layer: cli. */
#ifndef DP_CLI_COMMANDS_H
#define DP_CLI_COMMANDS_H

/** X(name of the row dp_command_…). */
#define DP_COMMANDS(X)                                                                                                 \
  X(run) X(resume) X(lint) X(new)                                                                                      \
  X(info) X(digest) X(kpi) X(audit) X(explain)                                                                         \
  X(report) X(plot) X(export) X(describe)                                                                              \
  X(answer) X(supply) X(stress) X(breakeven)                                                                           \
  X(check) X(compare) X(diff)                                                                                          \
  X(sweep) X(tune) X(sensitivity)                                                                                      \
  X(params) X(models) X(presets)                                                                                       \
  X(lua) X(bench) X(completion) X(man)

struct dp_command;

#define DP_X(name) extern const struct dp_command dp_command_##name;
DP_COMMANDS(DP_X)
#undef DP_X

#endif
