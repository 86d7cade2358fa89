/* sim/cli/man.c — depinsim man: the manual page, made of the table of commands; hidden, the build calls it. */
#include <ctype.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"

/* Text for troff: no requests, no escapes, real minus signs. */
static void put(struct dp_str *out, const char *text) {
  bool begins = out->len == 0 || out->data[out->len - 1] == '\n';
  for (; *text; text++) {
    if (begins && (*text == '.' || *text == '\'')) dp_str_append(out, "\\&");
    begins = *text == '\n';
    if (*text == '\\') dp_str_append(out, "\\e");
    else if (*text == '-') dp_str_append(out, "\\-");
    else if (begins) dp_str_append(out, "\n.PP\n");
    else dp_str_append_n(out, text, 1);
  }
}

static void put_option(struct dp_str *out, const struct argp_option *o) {
  dp_str_append(out, ".TP\n.B ");
  if (isgraph(o->key) && o->key < 0x80) dp_str_printf(out, "\\-%c, ", o->key);
  dp_str_append(out, "\\-\\-");
  put(out, o->name);
  if (o->arg) {
    dp_str_append(out, "=");
    put(out, o->arg);
  }
  dp_str_append(out, "\n");
  put(out, o->doc ? o->doc : "");
  dp_str_append(out, "\n");
}

static void put_command(struct dp_str *out, const struct dp_command *c) {
  dp_str_append(out, ".SS ");
  put(out, c->name);
  dp_str_append(out, "\n.B depinsim ");
  put(out, c->name);
  dp_str_append(out, "\n[OPTION...] ");
  if (c->args_doc) put(out, c->args_doc);
  dp_str_append(out, "\n.PP\n");
  char first[2] = {(char)toupper((unsigned char)c->doc[0]), '\0'};
  put(out, first);
  put(out, c->doc + 1);
  dp_str_append(out, ".\n");
  if (c->details) {
    dp_str_append(out, ".PP\n");
    put(out, c->details);
    dp_str_append(out, "\n");
  }
  for (const struct argp_option *o = c->options; o && (o->name || o->doc); o++)
    if (o->name) put_option(out, o);
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct dp_str out = {0};
  (void)cli, (void)options;
  dp_str_append(&out, ".\\\" -*- coding: utf-8 -*-\n.TH DEPINSIM 1 \"\" \"depinsim ");
  put(&out, dp_cli_version());
  dp_str_append(&out, "\"\n.SH NAME\ndepinsim \\- simulate decentralised physical infrastructure networks\n.SH SYNOPSIS\n"
                      ".B depinsim\nCOMMAND [OPTION...] [ARGUMENT...]\n.SH DESCRIPTION\nOne Lua scenario in, one HDF5 file "
                      "out: machines that strangers own, the work that customers send them, the tokens that pay for it. The "
                      "result does not depend on the number of ranks:\n.PP\n.B mpirun \\-n 4 depinsim run SCENARIO\n.PP\n"
                      ".B depinsim params\nand\n.B depinsim models\nlist every parameter, metric and key figure.\n"
                      ".SH COMMANDS\n");
  for (const struct dp_command *const *c = dp_commands; *c; c++)
    if (!(*c)->hidden) put_command(&out, *c);
  dp_str_append(&out, ".SH EXIT STATUS\n.TP\n.B 0\ndone\n.TP\n.B 1\nthe run failed or an expectation does not hold\n.TP\n.B 2\n"
                      "usage or scenario error\n.TP\n.B 3\nfile or input/output\n.TP\n.B 4\nan invariant is broken\n.TP\n"
                      ".B 75\nstopped at the wall limit, with a checkpoint\n.TP\n.B 130\ninterrupted\n");
  return dp_cli_put(&out, err);
}

const struct dp_command dp_command_man = {
    .name = "man",
    .doc = "print the manual page",
    .details = "depinsim man > depinsim.1 && man ./depinsim.1",
    .hidden = true,
    .run = run,
};
