/* sim/cli/print.c — the last step of every command: text to stdout, or one message to stderr. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum dp_status dp_cli_put(struct dp_str *text, struct dp_err *err) {
  enum dp_status status = text->failed ? dp_fail_nomem(err, "the answer") : DP_OK;
  errno = 0;
  if (status == DP_OK && (fwrite(dp_str_text(text), 1, text->len, stdout) != text->len || fflush(stdout) != 0))
    status = dp_fail(err, DP_IO, "cannot write to the standard output: %s", strerror(errno));
  dp_str_fini(text);
  return status;
}

/* "file:12: …": what editors and build logs make a link of. */
static bool begins_with_place(const char *text) {
  size_t len = strcspn(text, ": ");
  return len > 0 && text[len] == ':' && isdigit((unsigned char)text[len + 1]);
}

/* One line, and nothing that a terminal obeys, whatever a script or a file put into the message. */
static void make_plain(const char *text, char *plain, size_t size) {
  size_t n = 0;
  for (; *text && n + 5 < size; text++) {
    if (iscntrl((unsigned char)*text)) n += (size_t)sprintf(plain + n, *text == '\n' ? "\\n" : "\\x%02x", *text);
    else plain[n++] = *text;
  }
  plain[n] = '\0';
}

void dp_cli_complain(const char *command, const struct dp_err *err) {
  char text[4 * sizeof err->text + 8];
  make_plain(err->text[0] ? err->text : dp_status_text(err->status), text, sizeof text);
  if (command && err->status == DP_USAGE && text[strlen(text) - 1] == ')') /* it says what would be right */
    fprintf(stderr, "depinsim %s: %s\n", command, text);
  else if (command && err->status == DP_USAGE)
    fprintf(stderr, "depinsim %s: %s (see depinsim %s --help)\n", command, text, command);
  else if (begins_with_place(text)) fprintf(stderr, "%s\n", text);
  else fprintf(stderr, "depinsim: %s\n", text);
}

bool dp_cli_speaks(void) {
  static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *rank = getenv(names[i]);
    if (rank) return strcmp(rank, "0") == 0;
  }
  return true;
}
