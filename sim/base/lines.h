/* sim/base/lines.h — line by line through a text file, plain or gzip, with line numbers.
 * Layer: base. Not collective. A byte order mark of UTF-8 is skipped; lines end in LF or CRLF, the last may
 * lack it. */
#ifndef DP_BASE_LINES_H
#define DP_BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define DP_LINE_MAX ((size_t)16 << 20) /* bytes of the longest line */

struct dp_lines;

/** Opens a file, plain or gzip, told apart by its content. The caller closes it with dp_lines_close.
 *  Errors: DP_IO (missing, a directory, not readable), DP_FORMAT (empty, binary, broken gzip), DP_NOMEM; each names
 *  the file and what would be right. `*out` is NULL then. */
enum dp_status dp_lines_open(const char *path, struct dp_lines **out, struct dp_err *err);

/** The next line, without its LF or CRLF, NUL-terminated; it may be empty. `*text` belongs to `lines`, may be
 *  written to and is valid until the next call. `*eof` becomes true after the last line, and `*text` NULL.
 *  Errors: DP_FORMAT (a NUL byte, a line over DP_LINE_MAX, a gzip file that is cut short or damaged), DP_IO,
 *  DP_NOMEM. */
enum dp_status dp_lines_next(struct dp_lines *lines, char **text, size_t *len, bool *eof, struct dp_err *err);

/** As dp_lines_next, but the line keeps its LF or CRLF and no NUL follows it. */
enum dp_status dp_lines_next_raw(struct dp_lines *lines, char **text, size_t *len, bool *eof, struct dp_err *err);

/** Number of the line handed out last; the first is 1. 0 before the first. */
int64_t dp_lines_number(const struct dp_lines *lines);

/** The path as it was given. */
const char *dp_lines_path(const struct dp_lines *lines);

/** Passes over `n` lines, as for a reader that is opened again; DP_FORMAT when the file has fewer. */
enum dp_status dp_lines_skip(struct dp_lines *lines, int64_t n, struct dp_err *err);

/** Records `status` and "path:line: message" about the line handed out last. @return status. */
enum dp_status dp_lines_fail(const struct dp_lines *lines, struct dp_err *err, enum dp_status status,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Closes and frees; NULL is allowed. */
void dp_lines_close(struct dp_lines *lines);

#endif
