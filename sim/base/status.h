/* sim/base/status.h — one status enum, one error record, one way to pass both down.
 * Layer: base. Not collective. Nothing here allocates. */
#ifndef DP_BASE_STATUS_H
#define DP_BASE_STATUS_H

#include <stdarg.h>
#include <stddef.h>

/** Every status: X(name, exit code of the process, text). The exit codes are those of the manual. */
#define DP_STATUS_LIST(X)                                                                                            \
  X(OK, 0, "done")                                                                                                   \
  X(FAILED, 1, "the run failed or an expectation did not hold")                                                      \
  X(USAGE, 2, "wrong usage of the command line")                                                                     \
  X(SCENARIO, 2, "the scenario is not valid")                                                                        \
  X(RANGE, 2, "a value is out of range")                                                                             \
  X(IO, 3, "a file could not be read or written")                                                                    \
  X(FORMAT, 3, "a file does not have the expected form")                                                             \
  X(NOMEM, 3, "out of memory")                                                                                       \
  X(INVARIANT, 4, "an invariant is broken")                                                                          \
  X(WALL_LIMIT, 75, "stopped at the wall-time limit")                                                                \
  X(INTERRUPTED, 130, "interrupted")

enum dp_status {
#define DP_X(name, exit_code, text) DP_##name,
  DP_STATUS_LIST(DP_X)
#undef DP_X
};

/** The first error of a call chain. The caller owns it, zero-initialised; `text` is the one message a user sees. */
struct dp_err {
  enum dp_status status;
  char text[1024];
};

/** Text of a status; never NULL. */
const char *dp_status_text(enum dp_status status);

/** Exit code of a status (0, 1, 2, 3, 4, 75 or 130). */
int dp_status_exit_code(enum dp_status status);

/** Records `status` and the formatted message in `err` unless `err` already holds an error; `err` may be NULL.
 *  @return status, so that `return dp_fail(…)` reads well. */
enum dp_status dp_fail(struct dp_err *err, enum dp_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** As dp_fail, with a va_list. */
enum dp_status dp_vfail(struct dp_err *err, enum dp_status status, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/** Puts `format…` in front of the message that `err` holds ("file:line: " and the like); truncates at the end. */
void dp_err_prefix(struct dp_err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Out of memory while allocating `what`. */
enum dp_status dp_fail_nomem(struct dp_err *err, const char *what);

/* Both return a status that is not DP_OK. Said here, a compiler knows it where they are called. */
static inline enum dp_status dp_status_after(enum dp_status told, enum dp_status status) {
  (void)told;
  return status;
}
#define dp_fail(err, status, ...) dp_status_after(dp_fail(err, status, __VA_ARGS__), status)
#define dp_fail_nomem(err, what) dp_status_after(dp_fail_nomem(err, what), DP_NOMEM)

/** Leaves the calling function with the status of `expr` when that is not DP_OK. */
#define DP_TRY(expr)                                                                                                 \
  do {                                                                                                               \
    enum dp_status dp_try_ = (expr);                                                                                 \
    if (dp_try_ != DP_OK) return dp_try_;                                                                            \
  } while (0)

#endif
