/* sim/cli/progress.c — simulated date, share done, events a second and the time left, at most ten times a second. */
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DRAW_EVERY_NS (100 * DP_MS)
#define LOOK_EVERY_NS (10 * DP_MS) /* about; between looks a pulse costs one increment */
#define LOOK_MAX 256u

static int64_t wall_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * DP_S + t.tv_nsec;
}

uint64_t dp_progress_events(const struct dp_sim *sim) {
  uint64_t n = 0;
  for (uint32_t c = 0; c < sim->engine->local_n; c++) n += sim->engine->cells[c].event_n;
  return n;
}

double dp_progress_seconds(const struct dp_progress *p) { return (double)(wall_ns() - p->began_ns) / 1e9; }

/* "1:02:03", "4:05" */
static void clock_text(double seconds, char *text, size_t size) {
  long s = seconds < 360000 ? (long)(seconds + 0.5) : 359999;
  if (s >= 3600) snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
}

static void rate_text(double per_s, char *text, size_t size) {
  if (per_s >= 1e6) snprintf(text, size, "%.2f M", per_s / 1e6);
  else if (per_s >= 1e3) snprintf(text, size, "%.1f k", per_s / 1e3);
  else snprintf(text, size, "%.0f", per_s);
}

static void draw(struct dp_progress *p, dp_time now_ns) {
  const struct dp_spec *spec = &p->sim->spec;
  double seconds = dp_progress_seconds(p), done = (double)now_ns / (double)spec->end_ns;
  double per_s = (double)dp_progress_events(p->sim) / (seconds > 0 ? seconds : 1);
  char date[DP_DATE_TEXT], rate[32], left[32] = "-:--";
  rate_text(per_s * p->sim->comm->rank_n, rate, sizeof rate);
  if (done > 0.001) clock_text(seconds * (1 - done) / done, left, sizeof left);
  fprintf(stderr, "\r%s  %5.1f %%  %s%s events/s  ETA %s\033[K", dp_format_date(spec->start_epoch_ns + now_ns, date),
          100 * done, p->sim->comm->rank_n > 1 ? "about " : "", rate, left);
  fflush(stderr);
  p->shown = true;
}

/* Looks at the clock so seldom that many short windows do not feel it. */
static void adapt(struct dp_progress *p, int64_t now) {
  int64_t passed = now - p->looked_ns;
  if (passed < LOOK_EVERY_NS / 2 && p->look_every_n < LOOK_MAX) p->look_every_n *= 2;
  if (passed > LOOK_EVERY_NS * 2) p->look_every_n = passed > LOOK_EVERY_NS * 8 ? 1 : (p->look_every_n + 1) / 2;
  p->looked_ns = now;
}

static enum dp_status pulse(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  struct dp_progress *p = owner;
  sigset_t pending;
  (void)err;
  if (++p->pulse_n < p->look_every_n) return DP_OK;
  p->pulse_n = 0;
  int64_t now = wall_ns();
  adapt(p, now);
  if (sigpending(&pending) == 0 && sigismember(&pending, SIGINT) == 1) p->interrupted = *stop = true;
  if (p->shows && now - p->drawn_ns >= DRAW_EVERY_NS) {
    p->drawn_ns = now;
    draw(p, now_ns);
  }
  return DP_OK;
}

/* MPI has threads of its own, in which SIGINT is not held back: there it is handed on to the first thread, where it
 * waits until a pulse looks. */
static void hand_on(int number) { syscall(SYS_tgkill, getpid(), getpid(), number); }

static void hold_interrupts(struct dp_progress *p) {
  struct sigaction action = {.sa_handler = hand_on, .sa_flags = SA_RESTART};
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  sigprocmask(SIG_BLOCK, &held, &p->mask_before);
  sigaction(SIGINT, NULL, &p->action_before);
  if (p->action_before.sa_handler != SIG_IGN) sigaction(SIGINT, &action, NULL);
}

static void free_interrupts(struct dp_progress *p) {
  static const struct timespec now = {0};
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  if (p->interrupted) sigtimedwait(&held, NULL, &now); /* it was heard: it must not end the process as well */
  sigaction(SIGINT, &p->action_before, NULL);
  sigprocmask(SIG_SETMASK, &p->mask_before, NULL);
}

void dp_progress_begin(struct dp_progress *p, struct dp_sim *sim, bool quiet) {
  const char *terminal = getenv("TERM");
  bool dumb = !terminal || strcmp(terminal, "dumb") == 0;
  int64_t now = wall_ns();
  *p = (struct dp_progress){.sim = sim, .look_every_n = 1, .began_ns = now, .looked_ns = now, .drawn_ns = now};
  p->shows = !quiet && !dumb && sim->comm->rank == 0 && isatty(STDERR_FILENO);
  hold_interrupts(p);
  dp_sim_set_pulse(sim, pulse, p);
}

void dp_progress_end(struct dp_progress *p) {
  if (p->shown) {
    fputs("\r\033[K", stderr);
    fflush(stderr);
  }
  free_interrupts(p);
}
