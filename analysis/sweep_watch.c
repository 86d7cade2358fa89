/* analysis/sweep_watch.c — a line a rank in a small file, and a handler that marks it. */
#include "analysis/sweep_watch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/str.h"

#define MARK "depinsim-watch-1"
#define CASES_MAX 64
#define CRASHES_MAX 2
#define DEATHS_MAX 5
#define LINES_AT 4096 /* the ranks' lines begin there */
#define RANKS_MAX 65536
#define STACK_BYTES ((size_t)64 << 10)

struct suspect {
  uint64_t run;
  uint32_t crash_n, death_n, signal, unused;
};

struct head {
  char mark[16];
  uint64_t identity, suspect_n;
  struct suspect suspects[CASES_MAX];
};

struct line {
  uint64_t run_plus_one; /* 0: none */
  uint32_t signal, unused;
};

static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { DEADLY_N = sizeof deadly / sizeof *deadly };

struct dp_watch {
  int fd;
  off_t at;
  volatile sig_atomic_t running;
  bool leads;
  struct line line;
  struct sigaction before[DEADLY_N];
  stack_t stack_before;
  unsigned char *stack; /* its first bytes are a pointer back to the watch */
};

static bool path_of(struct dp_str *path, const char *output) {
  dp_str_printf(path, "%s.part.at", output);
  return !path->failed;
}

/* ---- what the ones before have left ---- */

static struct suspect *suspect(struct head *h, uint64_t run) {
  for (size_t i = 0; i < h->suspect_n; i++)
    if (h->suspects[i].run == run) return &h->suspects[i];
  if (h->suspect_n == CASES_MAX) return NULL;
  h->suspects[h->suspect_n] = (struct suspect){.run = run};
  return &h->suspects[h->suspect_n++];
}

static void take_lines(int fd, struct head *h) {
  struct line line;
  for (off_t at = LINES_AT; at < LINES_AT + (off_t)(RANKS_MAX * sizeof line); at += (off_t)sizeof line) {
    if (pread(fd, &line, sizeof line, at) != (ssize_t)sizeof line) return;
    struct suspect *s = line.run_plus_one ? suspect(h, line.run_plus_one - 1) : NULL;
    if (s == NULL) continue;
    if (line.signal) s->crash_n++;
    else s->death_n++;
    if (line.signal) s->signal = line.signal;
  }
}

static void say(const struct suspect *s, struct dp_watch_case *out) {
  out->run = s->run;
  if (s->crash_n >= CRASHES_MAX)
    snprintf(out->why, sizeof out->why,
             "crashed: it ended the process by signal %u, %u times (depinsim run with its "
             "parameters shows it alone)",
             s->signal, s->crash_n);
  else
    snprintf(out->why, sizeof out->why, "crashed: the process vanished during it %u times (out of memory?)",
             s->death_n);
}

enum dp_status dp__watch_take(const char *output, uint64_t identity, bool fresh, struct dp_watch_case **out, size_t *n,
                              struct dp_err *err) {
  struct dp_str path = {0};
  struct head h = {0};
  *n = 0;
  *out = calloc(CASES_MAX, sizeof **out);
  if (*out == NULL || !path_of(&path, output)) return dp_fail_nomem(err, "the sweep");
  int fd = open(dp_str_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  dp_str_fini(&path);
  if (fd < 0) return DP_OK;
  bool ours = !fresh && pread(fd, &h, sizeof h, 0) == (ssize_t)sizeof h && memcmp(h.mark, MARK, sizeof h.mark) == 0 &&
              h.identity == identity && h.suspect_n <= CASES_MAX;
  if (ours) take_lines(fd, &h);
  else h = (struct head){.identity = identity};
  memcpy(h.mark, MARK, sizeof h.mark);
  for (size_t i = 0; i < h.suspect_n; i++)
    if (h.suspects[i].crash_n >= CRASHES_MAX || h.suspects[i].death_n >= DEATHS_MAX)
      say(&h.suspects[i], &(*out)[(*n)++]);
  bool kept = pwrite(fd, &h, sizeof h, 0) == (ssize_t)sizeof h && ftruncate(fd, LINES_AT) == 0;
  close(fd);
  if (!kept) dp__watch_remove(output);
  return DP_OK;
}

void dp__watch_remove(const char *output) {
  struct dp_str path = {0};
  if (path_of(&path, output)) unlink(dp_str_text(&path));
  dp_str_fini(&path);
}

/* ---- a rank's own line ---- */

/* The watch is found through the alternate stack on which this runs: no static is needed. */
static void mark(int signal, siginfo_t *info, void *context) {
  struct dp_watch *w;
  memcpy(&w, ((ucontext_t *)context)->uc_stack.ss_sp, sizeof w);
  if (w->running) {
    w->line.signal = (uint32_t)signal;
    ssize_t ignored = pwrite(w->fd, &w->line, sizeof w->line, w->at);
    (void)ignored;
  }
  for (int i = 0; i < DEADLY_N; i++)
    if (deadly[i] == signal) sigaction(signal, &w->before[i], NULL);
  if (info->si_code <= 0) raise(signal); /* sent; a fault comes again by itself */
}

static bool listen_to_signals(struct dp_watch *w) {
  w->stack = malloc(STACK_BYTES);
  if (w->stack == NULL) return false;
  memcpy(w->stack, &w, sizeof w);
  stack_t stack = {.ss_sp = w->stack, .ss_size = STACK_BYTES};
  struct sigaction action = {.sa_sigaction = mark, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  if (sigaltstack(&stack, &w->stack_before) < 0) return false;
  for (int i = 0; i < DEADLY_N; i++) sigaction(deadly[i], &action, &w->before[i]);
  return true;
}

struct dp_watch *dp__watch_open(const char *output, int rank, bool leads) {
  struct dp_str path = {0};
  if (rank >= RANKS_MAX) return NULL;
  struct dp_watch *w = calloc(1, sizeof *w);
  if (w == NULL) return NULL;
  w->fd = path_of(&path, output) ? open(dp_str_text(&path), O_RDWR | O_CLOEXEC) : -1;
  w->leads = leads;
  w->at = LINES_AT + (off_t)sizeof w->line * rank;
  dp_str_fini(&path);
  if (w->fd >= 0 && listen_to_signals(w)) return w;
  if (w->fd >= 0) close(w->fd);
  free(w->stack);
  free(w);
  return NULL;
}

void dp__watch_begin(struct dp_watch *w, uint64_t run) {
  if (w == NULL) return;
  w->line = (struct line){.run_plus_one = run + 1};
  ssize_t ignored = w->leads ? pwrite(w->fd, &w->line, sizeof w->line, w->at) : 0;
  (void)ignored;
  w->running = 1;
}

void dp__watch_end(struct dp_watch *w) {
  if (w) w->running = 0;
}

void dp__watch_close(struct dp_watch *w) {
  if (w == NULL) return;
  w->line = (struct line){0};
  ssize_t ignored = pwrite(w->fd, &w->line, sizeof w->line, w->at);
  (void)ignored;
  for (int i = 0; i < DEADLY_N; i++) sigaction(deadly[i], &w->before[i], NULL);
  sigaltstack(&w->stack_before, NULL);
  close(w->fd);
  free(w->stack);
  free(w);
}
