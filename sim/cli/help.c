/* sim/cli/help.c — help and version, made of the table of commands. */
#include <config.h>

#include <gsl/gsl_version.h>
#include <jansson.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "revision.h"

#ifndef DP_LIBRARIES
#define DP_LIBRARIES "Lua " LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE ", GSL " GSL_VERSION \
                     ", Jansson " JANSSON_VERSION
#endif

const char *dp_cli_version(void) { return PACKAGE_VERSION; }
const char *dp_cli_revision(void) { return DEPINSIM_REVISION; }
const char *dp_cli_compiler(void) { return DP_CC; }
const char *dp_cli_flags(void) { return DP_CFLAGS; }
const char *dp_cli_libraries(void) { return DP_LIBRARIES; }

void dp_cli_print_version(void) {
  printf("depinsim %s (%s)\n%s\n%s\n%s\n", dp_cli_version(), dp_cli_revision(), dp_cli_libraries(), dp_cli_compiler(),
         dp_cli_flags());
}

void dp_cli_print_commands(void) {
  int width = 0;
  for (const struct dp_command *const *c = dp_commands; *c; c++)
    if ((int)strlen((*c)->name) > width) width = (int)strlen((*c)->name);
  puts("Usage: depinsim COMMAND [OPTION…] [ARGUMENT…]\n"
       "Simulates decentralised physical infrastructure networks: one Lua scenario in, one HDF5 file out.\n\n"
       "Commands:");
  for (const struct dp_command *const *c = dp_commands; *c; c++)
    if (!(*c)->hidden) printf("  %-*s  %s\n", width, (*c)->name, (*c)->doc);
  puts("\ndepinsim COMMAND --help says more about one; depinsim --version names the libraries.\n"
       "Several ranks: mpirun -n 4 depinsim run SCENARIO; results do not depend on their number.\n"
       "Exit codes: 0 done; 1 the run failed or an expectation does not hold; 2 usage or scenario error;\n"
       "  3 file or input/output; 4 an invariant is broken; 75 stopped at the wall limit; 130 interrupted.");
}

/* Leaves out argp's note on options with two spellings. */
static char *filter(int key, const char *text, void *input) {
  (void)input;
  return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)(uintptr_t)text;
}

void dp_cli_print_help(const struct dp_command *command) {
  struct dp_str doc = {0};
  char name[64];
  dp_str_printf(&doc, "%s", command->doc);
  if (command->details) dp_str_printf(&doc, "\v%s", command->details);
  const struct argp common = {.options = dp_common_options};
  const struct argp_child children[] = {{&common, 0, NULL, 0}, {0}};
  const struct argp argp = {
      .options = command->options, .args_doc = command->args_doc, .doc = dp_str_text(&doc), .children = children,
      .help_filter = filter};
  snprintf(name, sizeof name, "depinsim %s", command->name);
  argp_help(&argp, stdout, ARGP_HELP_LONG | ARGP_HELP_USAGE | ARGP_HELP_DOC, name);
  dp_str_fini(&doc);
}
