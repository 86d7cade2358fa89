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
#define SAME_SIGNAL_NS DP_S

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

/* Takes the signals that have come. The ranks get one signal of the launcher at different times: what comes just after
 * it was answered is the same one. */
static unsigned signals(const struct dp_progress *p) {
  static const struct timespec now = {0};
  unsigned wishes = 0;
  for (int number; (number = sigtimedwait(&p->held, NULL, &now)) > 0;)
    wishes |= number == SIGINT ? DP_WISH_INTERRUPT : number == SIGTERM ? DP_WISH_TERMINATE : DP_WISH_CHECKPOINT;
  return p->answered_ns > 0 && wall_ns() - p->answered_ns < SAME_SIGNAL_NS ? wishes & ~(unsigned)DP_WISH_CHECKPOINT
                                                                           : wishes;
}

static enum dp_status pulse(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  struct dp_progress *p = owner;
  (void)err;
  if (now_ns >= p->due_ns) p->wishes |= DP_WISH_DUE;
  if (p->checks) p->wishes |= DP_WISH_CHECK;
  if (++p->pulse_n >= p->look_every_n) {
    p->pulse_n = 0;
    int64_t now = wall_ns();
    adapt(p, now);
    p->wishes |= signals(p);
    if (now >= p->wall_ns) p->wishes |= DP_WISH_WALL;
    if (p->shows && now - p->drawn_ns >= DRAW_EVERY_NS) {
      p->drawn_ns = now;
      draw(p, now_ns);
    }
  }
  if (p->wishes) *stop = true;
  return DP_OK;
}

enum dp_status dp_progress_wishes(struct dp_progress *p, unsigned *wishes, struct dp_err *err) {
  int64_t none[8 * sizeof p->wishes]; /* 0: this rank wishes it */
  const size_t n = sizeof none / sizeof *none;
  for (size_t i = 0; i < n; i++) none[i] = !(p->wishes >> i & 1);
  DP_TRY(dp_comm_min_i64(p->sim->comm, none, n, err));
  *wishes = p->wishes = 0;
  for (size_t i = 0; i < n; i++)
    if (!none[i]) *wishes |= 1u << i;
  return DP_OK;
}

/* ---- signals ---- */

static const int numbers[DP_PROGRESS_SIGNALS] = {SIGUSR1, SIGINT, SIGTERM};

/* MPI has threads of its own, in which signals are not held back: there they are handed on to the first thread, where
 * they wait until a pulse looks. */
static void hand_on(int number) { syscall(SYS_tgkill, getpid(), getpid(), number); }

/* Signals that whoever started us wants to be ignored stay so. */
static void hold(struct dp_progress *p, int i) {
  struct sigaction action = {.sa_handler = hand_on, .sa_flags = SA_RESTART};
  sigaction(numbers[i], NULL, &p->actions_before[i]);
  if (p->actions_before[i].sa_handler == SIG_IGN) return;
  sigaddset(&p->held, numbers[i]);
  sigprocmask(SIG_BLOCK, &p->held, NULL);
  sigaction(numbers[i], &action, NULL);
}

void dp_progress_hold(struct dp_progress *p) {
  *p = (struct dp_progress){.look_every_n = 1, .began_ns = wall_ns(), .due_ns = INT64_MAX, .wall_ns = INT64_MAX};
  sigemptyset(&p->held);
  sigprocmask(SIG_BLOCK, NULL, &p->mask_before);
  hold(p, 0);
}

void dp_progress_begin(struct dp_progress *p, struct dp_sim *sim, bool quiet) {
  const char *terminal = getenv("TERM");
  bool dumb = !terminal || strcmp(terminal, "dumb") == 0;
  p->sim = sim;
  p->looked_ns = p->drawn_ns = wall_ns();
  p->shows = !quiet && !dumb && sim->comm->rank == 0 && isatty(STDERR_FILENO);
  for (int i = 1; i < DP_PROGRESS_SIGNALS; i++) hold(p, i);
  dp_sim_set_pulse(sim, pulse, p);
}

void dp_progress_answered(struct dp_progress *p) { p->answered_ns = wall_ns(); }

void dp_progress_wipe(struct dp_progress *p) {
  if (!p->shown) return;
  fputs("\r\033[K", stderr);
  fflush(stderr);
  p->shown = false;
}

/* Asking for a checkpoint must not kill a run that writes its result. */
void dp_progress_end(struct dp_progress *p) {
  const struct sigaction ignore = {.sa_handler = SIG_IGN};
  dp_progress_wipe(p);
  for (int i = 1; i < DP_PROGRESS_SIGNALS; i++)
    if (sigismember(&p->held, numbers[i]) == 1) sigaction(numbers[i], &p->actions_before[i], NULL);
  sigaction(SIGUSR1, &ignore, NULL);
  sigprocmask(SIG_SETMASK, &p->mask_before, NULL);
}
