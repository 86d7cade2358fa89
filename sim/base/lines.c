/* sim/base/lines.c — line by line through a text file; zlib reads plain files and gzip alike. */
#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BUFFER_FIRST ((size_t)256 << 10)
#define BUFFER_LAST (DP_LINE_MAX + 2) /* the longest line with its line end, and one byte for NUL */
#define GZIP_BUFFER (128u << 10)

struct dp_lines {
  gzFile gz;
  char *path;
  char *buffer;
  size_t cap;
  size_t start; /* the lines not yet handed out are buffer[start, end) */
  size_t end;
  bool drained; /* the file has no more bytes */
  int64_t number;
};

/* ---- reading ---- */

static enum dp_status read_failed(const struct dp_lines *lines, struct dp_err *err) {
  int code = Z_OK;
  int reason = errno;
  const char *text = gzerror(lines->gz, &code);
  if (code == Z_ERRNO)
    return dp_fail(err, DP_IO, "%s: cannot be read: %s (a readable file is needed)", lines->path, strerror(reason));
  if (code == Z_MEM_ERROR) return dp_fail_nomem(err, "the buffers of zlib");
  if (code == Z_BUF_ERROR)
    return dp_fail(err, DP_FORMAT, "%s:%lld: the gzip file is cut short (copy or download it again)", lines->path,
                   (long long)lines->number + 1);
  const char *why = strstr(text, ": "); /* zlib names the descriptor first */
  return dp_fail(err, DP_FORMAT, "%s:%lld: the gzip file is damaged: %s (copy or download it again)", lines->path,
                 (long long)lines->number + 1, why != NULL ? why + 2 : text);
}

/* Makes room at the end of the buffer: moves what is left to the front, doubles a full buffer up to its limit. */
static enum dp_status make_room(struct dp_lines *lines, struct dp_err *err) {
  if (lines->start > 0) {
    memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->start = 0;
  }
  if (lines->end + 1 < lines->cap) return DP_OK;
  if (lines->cap == BUFFER_LAST)
    return dp_fail(err, DP_FORMAT, "%s:%lld: a line is longer than %zu MiB (a text file with line ends is needed)",
                   lines->path, (long long)lines->number + 1, DP_LINE_MAX >> 20);
  size_t cap = lines->cap > BUFFER_LAST / 2 ? BUFFER_LAST : lines->cap * 2;
  char *buffer = realloc(lines->buffer, cap);
  if (buffer == NULL) return dp_fail_nomem(err, "a line buffer");
  lines->buffer = buffer;
  lines->cap = cap;
  return DP_OK;
}

/* Appends what the file gives next. */
static enum dp_status fill(struct dp_lines *lines, struct dp_err *err) {
  DP_TRY(make_room(lines, err));
  errno = 0;
  int n = gzread(lines->gz, lines->buffer + lines->end, (unsigned)(lines->cap - 1 - lines->end));
  if (n < 0) return read_failed(lines, err);
  lines->end += (size_t)n;
  if (n > 0) return DP_OK;
  int code = Z_OK;
  gzerror(lines->gz, &code);
  if (code != Z_OK && code != Z_STREAM_END) return read_failed(lines, err);
  lines->drained = true;
  return DP_OK;
}

enum dp_status dp_lines_next_raw(struct dp_lines *lines, char **text, size_t *len, bool *eof, struct dp_err *err) {
  size_t seen = 0; /* bytes after start that hold no LF */
  const char *lf = NULL;
  for (;;) {
    lf = memchr(lines->buffer + lines->start + seen, '\n', lines->end - lines->start - seen);
    if (lf != NULL || lines->drained) break;
    seen = lines->end - lines->start;
    DP_TRY(fill(lines, err));
  }
  char *line = lines->buffer + lines->start;
  size_t n = lf == NULL ? lines->end - lines->start : (size_t)(lf - line) + 1;
  *eof = n == 0;
  *len = n;
  *text = n == 0 ? NULL : line;
  if (n == 0) return DP_OK;
  lines->number++;
  lines->start += n;
  if (memchr(line, '\0', n) != NULL)
    return dp_lines_fail(lines, err, DP_FORMAT,
                         "a NUL byte: this is a binary file or UTF-16 (text in UTF-8, plain or gzip, is needed)");
  return DP_OK;
}

enum dp_status dp_lines_next(struct dp_lines *lines, char **text, size_t *len, bool *eof, struct dp_err *err) {
  DP_TRY(dp_lines_next_raw(lines, text, len, eof, err));
  if (*eof) return DP_OK;
  size_t n = *len;
  if ((*text)[n - 1] == '\n') n--;
  if (n < *len && n > 0 && (*text)[n - 1] == '\r') n--;
  (*text)[n] = '\0'; /* a last line without LF ends before cap: fill() keeps one byte free */
  *len = n;
  return DP_OK;
}

enum dp_status dp_lines_skip(struct dp_lines *lines, int64_t n, struct dp_err *err) {
  for (int64_t i = 0; i < n; i++) {
    char *text;
    size_t len;
    bool eof;
    DP_TRY(dp_lines_next_raw(lines, &text, &len, &eof, err));
    if (eof)
      return dp_fail(err, DP_FORMAT, "%s: has only %lld lines where %lld are needed (the file that the run began with)",
                     lines->path, (long long)lines->number, (long long)(lines->number - i + n));
  }
  return DP_OK;
}

int64_t dp_lines_number(const struct dp_lines *lines) { return lines->number; }

const char *dp_lines_path(const struct dp_lines *lines) { return lines->path; }

enum dp_status dp_lines_fail(const struct dp_lines *lines, struct dp_err *err, enum dp_status status,
                             const char *format, ...) {
  struct dp_err own = {0};
  va_list args;
  va_start(args, format);
  dp_vfail(&own, status, format, args);
  va_end(args);
  dp_err_prefix(&own, "%s:%lld: ", lines->path, (long long)lines->number);
  return dp_fail(err, status, "%s", own.text);
}

/* ---- opening and closing ---- */

static enum dp_status open_file(const char *path, gzFile *gz, struct dp_err *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return dp_fail(err, DP_IO, "%s: cannot be opened: %s (check the path and the permissions)", path, strerror(errno));
  struct stat about;
  if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) {
    close(fd);
    return dp_fail(err, DP_IO, "%s: is a directory (the path of a file is needed)", path);
  }
  *gz = gzdopen(fd, "rb");
  if (*gz == NULL) {
    close(fd);
    return dp_fail_nomem(err, "the reader of a file");
  }
  gzbuffer(*gz, GZIP_BUFFER);
  return DP_OK;
}

/* Reads the first bytes and passes over a byte order mark. */
static enum dp_status begin(struct dp_lines *lines, struct dp_err *err) {
  while (!lines->drained && lines->end < 4) DP_TRY(fill(lines, err));
  if (lines->end >= 3 && memcmp(lines->buffer, "\xEF\xBB\xBF", 3) == 0) lines->start = 3;
  if (lines->start == lines->end)
    return dp_fail(err, DP_FORMAT, "%s: the file is empty (at least one line is needed)", lines->path);
  return DP_OK;
}

enum dp_status dp_lines_open(const char *path, struct dp_lines **out, struct dp_err *err) {
  *out = NULL;
  gzFile gz;
  DP_TRY(open_file(path, &gz, err));
  struct dp_lines *lines = calloc(1, sizeof *lines);
  if (lines == NULL) {
    gzclose_r(gz);
    return dp_fail_nomem(err, "the reader of a file");
  }
  lines->gz = gz;
  lines->path = strdup(path);
  lines->buffer = malloc(BUFFER_FIRST);
  lines->cap = BUFFER_FIRST;
  enum dp_status status = DP_OK;
  if (lines->path == NULL || lines->buffer == NULL) status = dp_fail_nomem(err, "the reader of a file");
  else status = begin(lines, err);
  if (status != DP_OK) {
    dp_lines_close(lines);
    return status;
  }
  *out = lines;
  return DP_OK;
}

void dp_lines_close(struct dp_lines *lines) {
  if (lines == NULL) return;
  gzclose_r(lines->gz);
  free(lines->path);
  free(lines->buffer);
  free(lines);
}
