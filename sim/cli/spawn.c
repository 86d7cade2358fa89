/* sim/cli/spawn.c — processes, their output in files, their end awaited. */
#include <config.h>

#include "cli/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAKE_NS 100000000 /* to look at the time limits */
#define EXEC_FAILED 127

static int64_t wall_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void put_to(const char *path, int fd) {
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0 || dup2(file, fd) < 0) _exit(EXEC_FAILED);
}

/* In the child: never returns. */
static void become(const struct dp_child *c, char *const *argv, const sigset_t *mask) {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  setpgid(0, 0);
  sigprocmask(SIG_SETMASK, mask, NULL);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  put_to(c->out, STDOUT_FILENO);
  put_to(c->err, STDERR_FILENO);
  execv("/proc/self/exe", argv);
  _exit(EXEC_FAILED);
}

static enum dp_status start(struct dp_child *c, const sigset_t *mask, struct dp_err *err) {
  size_t n = 0;
  while (c->args[n]) n++;
  const char **argv = calloc(n + 2, sizeof *argv);
  if (!argv) return dp_fail_nomem(err, "a process");
  argv[0] = program_invocation_name;
  memcpy(argv + 1, c->args, n * sizeof *argv);
  c->began_ns = wall_ns();
  c->pid = fork();
  if (c->pid == 0) become(c, (char *const *)argv, mask);
  free(argv);
  if (c->pid < 0) {
    c->pid = 0;
    return dp_fail(err, DP_IO, "cannot start a process: %s", strerror(errno));
  }
  setpgid(c->pid, c->pid); /* here too: whoever kills the group must not come before the child has made it */
  return DP_OK;
}

/* Whether the child has ended since it was last asked. */
static bool has_ended(struct dp_child *c, int64_t limit_ns) {
  int how;
  if (!c->timed_out && wall_ns() - c->began_ns > limit_ns) {
    c->timed_out = true;
    kill(-c->pid, SIGKILL);
  }
  const pid_t got = waitpid(c->pid, &how, WNOHANG);
  if (got == 0 || (got < 0 && errno == EINTR)) return false;
  c->ended = true;
  c->seconds = (double)(wall_ns() - c->began_ns) / 1e9;
  c->exit_code = got < 0 ? EXEC_FAILED : WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
  return true;
}

static void kill_rest(struct dp_child *children, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!children[i].pid || children[i].ended) continue;
    kill(-children[i].pid, SIGKILL);
    waitpid(children[i].pid, NULL, 0);
    children[i].ended = true;
  }
}

/* Sleeps until a child ends or it is time to look at the limits. @return false when the user wants to stop. */
static bool sleep_on(const sigset_t *signals) {
  const int signal = sigtimedwait(signals, NULL, &(struct timespec){.tv_nsec = WAKE_NS});
  return signal != SIGINT && signal != SIGTERM;
}

/* What a pool works on. */
struct pool {
  struct dp_child *children;
  size_t n;
  unsigned parallel_n;
  int64_t limit_ns;
  sigset_t signals, mask; /* waited for; before they were blocked */
};

static enum dp_status run_all(const struct pool *p, enum dp_status (*ended)(void *, size_t, struct dp_err *), void *owner,
                              struct dp_err *err) {
  size_t next = 0, running_n = 0, done_n = 0;
  while (done_n < p->n) {
    for (; running_n < p->parallel_n && next < p->n; running_n++) DP_TRY(start(&p->children[next++], &p->mask, err));
    if (!sleep_on(&p->signals)) return dp_fail(err, DP_INTERRUPTED, "interrupted");
    for (size_t i = 0; i < next; i++) {
      if (p->children[i].ended || !has_ended(&p->children[i], p->limit_ns)) continue;
      running_n--;
      done_n++;
      DP_TRY(ended(owner, i, err));
    }
  }
  return DP_OK;
}

enum dp_status dp_spawn(struct dp_child *children, size_t n, unsigned parallel_n, int64_t limit_ns,
                        enum dp_status (*ended)(void *owner, size_t child, struct dp_err *err), void *owner,
                        struct dp_err *err) {
  struct pool pool = {.children = children, .n = n, .parallel_n = parallel_n ? parallel_n : 1, .limit_ns = limit_ns};
  sigemptyset(&pool.signals);
  sigaddset(&pool.signals, SIGINT);
  sigaddset(&pool.signals, SIGTERM);
  sigaddset(&pool.signals, SIGCHLD);
  sigprocmask(SIG_BLOCK, &pool.signals, &pool.mask);
  enum dp_status status = run_all(&pool, ended, owner, err);
  kill_rest(children, n);
  sigprocmask(SIG_SETMASK, &pool.mask, NULL);
  return status;
}
