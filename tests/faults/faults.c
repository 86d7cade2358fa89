/* tests/faults/faults.c — a preload library that makes a call on a file fail, or kills the process just before it.
 *
 *   DEPINSIM_FAULT=CALL:N:HOW   the N-th CALL (from 1) and all later ones of the same kind
 *     CALL  write (write, pwrite, writev, pwritev and fwrite), fflush, fsync (fdatasync too), rename, link, unlink,
 *           close (fclose too), open (fopen too), ftruncate
 *     HOW   EIO, ENOSPC, EDQUOT, EACCES, EPERM, EROFS; KILL: SIGKILL; once-EIO and so on: the N-th alone;
 *           short: a write takes half of what it was given (once: at least one byte)
 *   DEPINSIM_FAULT=space:N      writes find N bytes of room in all, then ENOSPC after a short write
 *   DEPINSIM_FAULT=A,B          both
 *   DEPINSIM_FAULT_PATH=TEXT    only calls on paths that contain TEXT count
 *
 * glibc's stdio does not call write through the dynamic linker: fwrite stands for it here. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define FAULTS_MAX 4

struct fault {
  bool once, is_short, is_space, kill;
  char call[16];
  long n, seen;
  int code;
};

static struct fault faults[FAULTS_MAX];
static size_t fault_n;
static bool environment_read;
static const char *only_path;

static int code_of(const char *name) {
  static const struct {
    const char *name;
    int code;
  } codes[] = {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EACCES", EACCES}, {"EPERM", EPERM},
               {"EROFS", EROFS}};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (strcmp(codes[i].name, name) == 0) return codes[i].code;
  return EIO;
}

static void read_fault(const char *text, struct fault *f) {
  char how[32] = "EIO";
  if (sscanf(text, "%15[a-z]:%ld:%31[A-Za-z-]", f->call, &f->n, how) < 2) return;
  f->is_space = strcmp(f->call, "space") == 0;
  f->kill = strcmp(how, "KILL") == 0;
  f->is_short = strcmp(how, "short") == 0;
  f->once = strncmp(how, "once-", 5) == 0;
  f->code = f->is_space ? ENOSPC : code_of(f->once ? how + 5 : how);
  fault_n++;
}

static void read_environment(void) {
  if (environment_read) return;
  environment_read = true;
  only_path = getenv("DEPINSIM_FAULT_PATH");
  const char *text = getenv("DEPINSIM_FAULT");
  while (text && fault_n < FAULTS_MAX) {
    read_fault(text, &faults[fault_n]);
    text = strchr(text, ',');
    if (text) text++;
  }
}

static bool concerns(const char *path) { return !only_path || (path && strstr(path, only_path)); }

static bool concerns_fd(int fd) {
  char link[64], path[PATH_MAX];
  if (!only_path) return fd > 2;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t len = readlink(link, path, sizeof path - 1);
  path[len > 0 ? len : 0] = '\0';
  return concerns(path);
}

/* The fault that this call meets, NULL if it goes well; errno is set. */
static const struct fault *meets(const char *call) {
  for (struct fault *f = faults; f < faults + fault_n; f++) {
    if (strcmp(f->call, call) != 0) continue;
    f->seen++;
    if (f->once ? f->seen != f->n : f->seen < f->n) continue;
    if (f->kill) kill(getpid(), SIGKILL);
    errno = f->code;
    return f;
  }
  return NULL;
}

static bool fails_at(const char *call, const char *path) {
  read_environment();
  return fault_n > 0 && concerns(path) && meets(call);
}

static bool fails_on(const char *call, int fd) {
  read_environment();
  return fault_n > 0 && concerns_fd(fd) && meets(call);
}

/* Bytes that a write of `len` may take; -1: it fails. */
static ssize_t allowed(int fd, size_t len, bool whole) {
  read_environment();
  if (fault_n == 0 || !concerns_fd(fd)) return (ssize_t)len;
  for (struct fault *f = faults; f < faults + fault_n; f++) {
    if (!f->is_space) continue;
    errno = ENOSPC;
    if (f->n <= 0 && len > 0) return -1;
    const size_t room = (size_t)f->n < len ? (size_t)f->n : len;
    f->n -= (long)room;
    return (ssize_t)room;
  }
  const struct fault *f = meets("write");
  if (!f || (f->is_short && whole)) return (ssize_t)len;
  return f->is_short ? (ssize_t)(len / 2 + (len == 1)) : -1;
}

#define REAL(name, type, ...)                                                                                        \
  static type (*real)(__VA_ARGS__);                                                                                  \
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t len) {
  REAL("write", ssize_t, int, const void *, size_t);
  const ssize_t n = allowed(fd, len, false);
  return n < 0 ? -1 : real(fd, data, (size_t)n);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at) {
  REAL("pwrite", ssize_t, int, const void *, size_t, off_t);
  const ssize_t n = allowed(fd, len, false);
  return n < 0 ? -1 : real(fd, data, (size_t)n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at) { return pwrite(fd, data, len, at); }

ssize_t writev(int fd, const struct iovec *parts, int n) {
  REAL("writev", ssize_t, int, const struct iovec *, int);
  return allowed(fd, 1, true) < 0 ? -1 : real(fd, parts, n);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at) {
  REAL("pwritev", ssize_t, int, const struct iovec *, int, off_t);
  return allowed(fd, 1, true) < 0 ? -1 : real(fd, parts, n, at);
}

size_t fwrite(const void *data, size_t size, size_t n, FILE *stream) {
  REAL("fwrite", size_t, const void *, size_t, size_t, FILE *);
  if (size == 0 || n == 0) return real(data, size, n, stream);
  const ssize_t may = allowed(fileno(stream), size * n, true);
  if (may == (ssize_t)(size * n)) return real(data, size, n, stream);
  const int code = errno;
  if (may > 0) real(data, 1, (size_t)may, stream);
  errno = code;
  return may < 0 ? 0 : (size_t)may / size;
}

int fflush(FILE *stream) {
  REAL("fflush", int, FILE *);
  return stream && fails_on("fflush", fileno(stream)) ? EOF : real(stream);
}

int fclose(FILE *stream) {
  REAL("fclose", int, FILE *);
  const bool failed = fails_on("close", fileno(stream));
  const int code = errno, result = real(stream);
  if (failed) errno = code;
  return failed ? EOF : result;
}

int close(int fd) {
  REAL("close", int, int);
  const bool failed = fails_on("close", fd);
  const int code = errno, result = real(fd);
  if (failed) errno = code;
  return failed ? -1 : result;
}

int fsync(int fd) {
  REAL("fsync", int, int);
  return fails_on("fsync", fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
  REAL("fdatasync", int, int);
  return fails_on("fsync", fd) ? -1 : real(fd);
}

int ftruncate(int fd, off_t len) {
  REAL("ftruncate", int, int, off_t);
  return fails_on("ftruncate", fd) ? -1 : real(fd, len);
}

int ftruncate64(int fd, off64_t len) { return ftruncate(fd, len); }

int rename(const char *from, const char *to) {
  REAL("rename", int, const char *, const char *);
  return fails_at("rename", to) ? -1 : real(from, to);
}

int link(const char *from, const char *to) {
  REAL("link", int, const char *, const char *);
  return fails_at("link", to) ? -1 : real(from, to);
}

int unlink(const char *path) {
  REAL("unlink", int, const char *);
  return fails_at("unlink", path) ? -1 : real(path);
}

FILE *fopen(const char *path, const char *mode) {
  REAL("fopen", FILE *, const char *, const char *);
  return mode[0] != 'r' && fails_at("open", path) ? NULL : real(path, mode);
}

FILE *fopen64(const char *path, const char *mode) { return fopen(path, mode); }

static bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

int open(const char *path, int flags, ...) {
  REAL("open", int, const char *, int, ...);
  va_list args;
  va_start(args, flags);
  const int mode = flags & O_CREAT ? va_arg(args, int) : 0;
  va_end(args);
  return writes(flags) && fails_at("open", path) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  const int mode = flags & O_CREAT ? va_arg(args, int) : 0;
  va_end(args);
  return open(path, flags, mode);
}
