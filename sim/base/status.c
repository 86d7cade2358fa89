/* sim/base/status.c — texts and exit codes of the statuses, and the first error of a call chain. */
#include "base/status.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *dp_status_text(enum dp_status status) {
  switch (status) {
#define DP_X(name, exit_code, text)                                                                                  \
  case DP_##name: return text;
    DP_STATUS_LIST(DP_X)
#undef DP_X
  }
  return "unknown status";
}

int dp_status_exit_code(enum dp_status status) {
  switch (status) {
#define DP_X(name, exit_code, text)                                                                                  \
  case DP_##name: return exit_code;
    DP_STATUS_LIST(DP_X)
#undef DP_X
  }
  return 1;
}

/* Cuts a text that was truncated at `size` bytes back to whole UTF-8 characters: terminals and JSON want them whole. */
static void cut_utf8(char *text, size_t size, int wanted) {
  if (wanted < 0 || (size_t)wanted < size) return;
  size_t end = size - 1;
  while (end > 0 && ((unsigned char)text[end - 1] & 0xC0u) == 0x80u) end--;
  bool lead = end > 0 && (unsigned char)text[end - 1] >= 0xC0u;
  text[lead ? end - 1 : size - 1] = '\0';
}

enum dp_status dp_vfail(struct dp_err *err, enum dp_status status, const char *format, va_list args) {
  if (err == NULL || err->status != DP_OK) return status;
  err->status = status;
  int wanted = vsnprintf(err->text, sizeof err->text, format, args);
  if (wanted < 0) err->text[0] = '\0';
  cut_utf8(err->text, sizeof err->text, wanted);
  return status;
}

enum dp_status(dp_fail)(struct dp_err *err, enum dp_status status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  dp_vfail(err, status, format, args);
  va_end(args);
  return status;
}

void dp_err_prefix(struct dp_err *err, const char *format, ...) {
  if (err == NULL) return;
  char joined[sizeof err->text];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(joined, sizeof joined, format, args);
  va_end(args);
  if (n < 0) return;
  if ((size_t)n < sizeof joined) {
    size_t room = sizeof joined - (size_t)n;
    int more = snprintf(joined + n, room, "%s", err->text);
    n = more < 0 ? n : n + more;
  }
  cut_utf8(joined, sizeof joined, n);
  memcpy(err->text, joined, strlen(joined) + 1);
}

enum dp_status(dp_fail_nomem)(struct dp_err *err, const char *what) {
  return dp_fail(err, DP_NOMEM,
                 "out of memory while allocating %s (give the run more memory or make the scenario smaller)", what);
}
