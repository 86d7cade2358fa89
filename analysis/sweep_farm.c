/* analysis/sweep_farm.c — the farm: rank 0 deals runs out and writes them down, every group of ranks runs them.
 *
 * Two kinds of letters travel: between rank 0 and the leaders (first ranks) of the other groups, over the communicator of
 * all ranks, and from a leader to the ranks of its group, over theirs. */
#include "analysis/sweep_farm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/time.h"

#define POST_EVERY_NS (50 * DP_MS) /* records wait that long at most */
#define DEAL_NS (100 * DP_MS)      /* of work in one letter, about */
#define DRAW_EVERY_NS (100 * DP_MS)
#define LOOK_EVERY 16u /* pulses between two looks at letters and clocks */

enum letter { LETTER_WORK = 1, LETTER_END, LETTER_RECORDS, LETTER_DONE, LETTER_STOP, LETTER_PAUSE }; /* the first 8 bytes */

/* From a leader to its group. */
struct order {
  uint64_t end, point, replicate;
};

int64_t dp__sweep_wall_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * DP_S + t.tv_nsec;
}

static int64_t wall_ns(void) { return dp__sweep_wall_ns(); }

static int group_size(const struct dp_farm *f) { return f->sweep->group->rank_n; }
static int group_n(const struct dp_farm *f) { return f->sweep->comm->rank_n / group_size(f); }

/* ---- signals, every rank ---- */

static const int numbers[DP_FARM_SIGNALS] = {SIGINT, SIGTERM, SIGUSR1};

/* MPI has threads of its own, in which signals are not held back: there they are handed on to the first thread, where
 * they wait until someone looks. */
static void hand_on(int number) { syscall(SYS_tgkill, getpid(), getpid(), number); }

/* Signals that whoever started us wants to be ignored stay so. */
static void hold_signals(struct dp_farm *f) {
  struct sigaction action = {.sa_handler = hand_on, .sa_flags = SA_RESTART};
  sigemptyset(&f->held);
  sigprocmask(SIG_BLOCK, NULL, &f->mask_before);
  for (size_t i = 0; i < DP_FARM_SIGNALS; i++) {
    sigaction(numbers[i], NULL, &f->actions_before[i]);
    if (f->actions_before[i].sa_handler == SIG_IGN) continue;
    sigaddset(&f->held, numbers[i]);
    sigprocmask(SIG_BLOCK, &f->held, NULL);
    sigaction(numbers[i], &action, NULL);
  }
}

/* What a signal that has come asks for: an end, or (queues send these before their limit) a stop to go on from; DP_OK:
 * none has. */
static enum dp_status signalled(const struct dp_farm *f) {
  static const struct timespec at_once = {0};
  const int number = sigtimedwait(&f->held, NULL, &at_once);
  return number <= 0 ? DP_OK : number == SIGINT ? DP_INTERRUPTED : DP_WALL_LIMIT;
}

/* One that came too late for this round ends the process, but only on rank 0, which decides for all. */
static void release_signals(struct dp_farm *f) {
  while ((f->why != DP_OK || f->sweep->comm->rank != 0) && signalled(f) != DP_OK) continue;
  for (size_t i = 0; i < DP_FARM_SIGNALS; i++)
    if (sigismember(&f->held, numbers[i]) == 1) sigaction(numbers[i], &f->actions_before[i], NULL);
  sigprocmask(SIG_SETMASK, &f->mask_before, NULL);
}

/* ---- progress and wishes, rank 0 ---- */

static void draw(struct dp_farm *f, int64_t now) {
  const struct dp_sweep *s = f->sweep;
  double seconds = (double)(now - f->began_ns) / 1e9, per_s = (double)f->run_n / (seconds > 0 ? seconds : 1);
  size_t all_n = s->wanted_n > s->options->planned_n ? s->wanted_n : s->options->planned_n;
  long left = per_s > 0 ? lround((double)(all_n > s->done_n ? all_n - s->done_n : 0) / per_s) : -1;
  char eta[32] = "-:--";
  if (left >= 3600) snprintf(eta, sizeof eta, "%ld:%02ld:%02ld", left / 3600, left / 60 % 60, left % 60);
  else if (left >= 0) snprintf(eta, sizeof eta, "%ld:%02ld", left / 60, left % 60);
  fprintf(stderr, "\r%zu of %zu runs  %5.1f %%  %.3g runs/s  ", s->done_n, all_n,
          all_n ? 100 * (double)s->done_n / (double)all_n : 100, per_s);
  if (s->failed_n) fprintf(stderr, "%zu failed  ", s->failed_n);
  fprintf(stderr, "ETA %s\033[K", eta);
  fflush(stderr);
  f->shown = true;
  f->drawn_ns = now;
}

static void look_around(struct dp_farm *f) {
  int64_t now = wall_ns(), limit_ns = f->sweep->options->wall_limit_ns;
  if (f->shows && now - f->drawn_ns >= DRAW_EVERY_NS) draw(f, now);
  if (f->stopping) return;
  f->why = signalled(f);
  if (f->why == DP_OK && limit_ns && now - f->sweep->began_ns >= limit_ns) f->why = DP_WALL_LIMIT;
  f->stopping = f->why != DP_OK;
}

static void stop(struct dp_farm *f, enum dp_status why) {
  if (!f->stopping) f->why = why;
  f->stopping = true;
}

/* ---- records, rank 0 ---- */

static enum dp_status write_down(struct dp_farm *f, const unsigned char *bytes, size_t len, struct dp_err *err) {
  struct dp_sweep *s = f->sweep;
  uint64_t at;
  if (len == 0) return DP_OK;
  DP_TRY(dp_journal_append(s->journal, bytes, len, &at, err));
  for (size_t done = 0; done < len;) {
    struct dp_record record;
    if (!dp_record_read(bytes + done, len - done, &s->shape, &record))
      return dp_fail(err, DP_INVARIANT, "a run's record is damaged");
    DP_TRY(dp__sweep_note(f, &record, at + done, err));
    done += record.size;
  }
  return DP_OK;
}

/* ---- letters, rank 0 ---- */

static double mean_cost_ns(const struct dp_farm *f) {
  return f->run_n ? (double)f->cost_ns / (double)f->run_n : (double)DEAL_NS;
}

/* Runs in a letter: about DEAL_NS of work, and not so much that others are idle at the end. */
static size_t deal_n(const struct dp_farm *f) {
  double mean_ns = mean_cost_ns(f);
  double by_cost = (double)DEAL_NS / (mean_ns > 1 ? mean_ns : 1);
  double by_share = (double)f->left_n / (4.0 * group_n(f));
  double n = by_cost < by_share ? by_cost : by_share;
  return n < 1 ? 1 : n > 1e5 ? 100000 : (size_t)n;
}

static enum dp_status deal(struct dp_farm *f, int rank, struct dp_err *err) {
  const uint64_t kind = LETTER_WORK;
  struct dp_buffer letter = {0};
  struct dp_span span;
  size_t most = deal_n(f);
  enum dp_status status = dp_buffer_append(&letter, &kind, sizeof kind, err);
  while (status == DP_OK && most > 0 && dp__sweep_next(f, most, &span)) {
    most -= span.to - span.from;
    status = dp_buffer_append(&letter, &span, sizeof span, err);
  }
  if (status == DP_OK && letter.len > sizeof kind) {
    status = dp_comm_post(f->sweep->comm, rank, letter.data, letter.len, err);
    f->dealt_n[rank]++;
    f->outstanding_n++;
  }
  dp_buffer_fini(&letter);
  return status;
}

/* Work for every group that has none; short work one letter ahead, so that nobody waits for one. */
static enum dp_status offer(struct dp_farm *f, struct dp_err *err) {
  unsigned ahead = mean_cost_ns(f) < (double)DEAL_NS ? 2 : 1;
  for (unsigned i = 1; i <= ahead && !f->stopping; i++)
    for (int r = group_size(f); r < f->sweep->comm->rank_n && f->left_n > 0; r += group_size(f))
      if (f->dealt_n[r] < i) DP_TRY(deal(f, r, err));
  return DP_OK;
}

/* Takes in what has come, and answers with work. */
static enum dp_status serve(struct dp_farm *f, struct dp_err *err) {
  for (;;) {
    int rank;
    uint64_t kind;
    DP_TRY(dp_comm_take(f->sweep->comm, &rank, &f->in, err));
    if (rank < 0) return offer(f, err);
    memcpy(&kind, f->in.data, sizeof kind);
    DP_TRY(write_down(f, f->in.data + sizeof kind, f->in.len - sizeof kind, err));
    if (kind == LETTER_END) f->ended_n++;
    if (kind == LETTER_STOP) stop(f, DP_INTERRUPTED);
    if (kind == LETTER_PAUSE) stop(f, DP_WALL_LIMIT);
    if (kind != LETTER_DONE) continue;
    f->dealt_n[rank]--;
    f->outstanding_n--;
  }
}

/* ---- runs, the leader of every group ---- */

static enum dp_status post(struct dp_farm *f, uint64_t kind, struct dp_err *err) {
  memcpy(f->out.data, &kind, sizeof kind);
  DP_TRY(dp_comm_post(f->sweep->comm, 0, f->out.data, f->out.len, err));
  f->out.len = sizeof kind;
  f->sent_ns = wall_ns();
  return DP_OK;
}

static enum dp_status ask_to_stop(struct dp_farm *f, enum dp_status why, struct dp_err *err) {
  const uint64_t kind = why == DP_INTERRUPTED ? LETTER_STOP : LETTER_PAUSE;
  return dp_comm_post(f->sweep->comm, 0, &kind, sizeof kind, err);
}

/* Leaders but rank 0: work goes to the pile, an end ends everything. */
static enum dp_status look_for_letters(struct dp_farm *f, struct dp_err *err) {
  const enum dp_status why = signalled(f);
  if (why != DP_OK) DP_TRY(ask_to_stop(f, why, err));
  for (;;) {
    int rank;
    uint64_t kind;
    DP_TRY(dp_comm_take(f->sweep->comm, &rank, &f->in, err));
    if (rank < 0) return DP_OK;
    memcpy(&kind, f->in.data, sizeof kind);
    if (kind == LETTER_END) f->stopping = true;
    uint64_t size = f->in.len - sizeof kind;
    if (kind != LETTER_WORK) continue;
    DP_TRY(dp_buffer_append(&f->work, &size, sizeof size, err));
    DP_TRY(dp_buffer_append(&f->work, f->in.data + sizeof kind, size, err));
  }
}

/* In the middle of a run: letters and clocks. What it stops, stops on every rank of the group. */
static enum dp_status pulse(void *farm, dp_time now_ns, bool *stop, struct dp_err *err) {
  struct dp_farm *f = farm;
  (void)now_ns, (void)err;
  if (++f->pulse_n % LOOK_EVERY == 0 && f->failure == DP_OK) {
    bool first = f->sweep->comm->rank == 0;
    f->failure = first ? serve(f, f->err) : look_for_letters(f, f->err);
    if (first) look_around(f);
  }
  double limit_s = f->sweep->study->run_limit_s;
  if (limit_s > 0 && (double)(wall_ns() - f->run_began_ns) > limit_s * 1e9) f->over = true;
  if (f->stopping || f->over || f->failure != DP_OK) *stop = true;
  return DP_OK;
}

static enum dp_status tell_group(struct dp_farm *f, const struct order *order, struct dp_err *err) {
  for (int r = 1; r < group_size(f); r++) DP_TRY(dp_comm_post(f->sweep->group, r, order, sizeof *order, err));
  return DP_OK;
}

static void rest(void) { nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL); }

/* Another rank of the group got a signal: an interrupt, but when this one got another (launchers tell all ranks). */
static enum dp_status stopped_by_another(struct dp_farm *f, struct dp_err *err) {
  enum dp_status why = signalled(f);
  if (why == DP_OK) why = DP_INTERRUPTED;
  if (f->sweep->comm->rank == 0) {
    stop(f, why);
    return DP_OK;
  }
  DP_TRY(ask_to_stop(f, why, err));
  while (!f->stopping) {
    DP_TRY(look_for_letters(f, err));
    rest();
  }
  return DP_OK;
}

/* Runs and packs. *ended is false when the run was dropped. */
static enum dp_status run(struct dp_farm *f, uint64_t point, uint64_t replicate, bool *ended, struct dp_err *err) {
  struct dp_sweep *s = f->sweep;
  struct dp_run_result result;
  f->run_began_ns = s->study->run_limit_s > 0 ? wall_ns() : 0;
  f->over = false;
  DP_TRY(tell_group(f, &(struct order){.point = point, .replicate = replicate}, err));
  dp__watch_begin(s->watch, point * s->most_n + replicate);
  DP_TRY(dp_runner_run(s->runner, (size_t)point, replicate, &result, err));
  dp__watch_end(s->watch);
  if (f->failure != DP_OK) return f->failure;
  if (result.stopped && f->over && !f->stopping) {
    result.stopped = false;
    result.status = dp_fail(&result.err, DP_FAILED, "it took longer than run_limit_s = %g s of real time",
                            s->study->run_limit_s);
  }
  *ended = !result.stopped;
  if (!*ended) return f->stopping ? DP_OK : stopped_by_another(f, err);
  return dp_record_pack(&f->out, &s->shape, point * s->most_n + replicate, &result, err);
}

/* ---- rank 0 ---- */

static enum dp_status flush(struct dp_farm *f, bool now, struct dp_err *err) {
  if (!now && wall_ns() - f->sent_ns < POST_EVERY_NS) return DP_OK;
  DP_TRY(write_down(f, f->out.data, f->out.len, err));
  f->out.len = 0;
  f->sent_ns = wall_ns();
  return DP_OK;
}

/* The others stop, and what they have run comes in. */
static enum dp_status say_end(struct dp_farm *f, struct dp_err *err) {
  const uint64_t kind = LETTER_END;
  f->stopping = true;
  for (int r = group_size(f); r < f->sweep->comm->rank_n; r += group_size(f))
    DP_TRY(dp_comm_post(f->sweep->comm, r, &kind, sizeof kind, err));
  while (f->ended_n < group_n(f) - 1) {
    DP_TRY(serve(f, err));
    rest();
  }
  return dp_comm_posted(f->sweep->comm, err);
}

static enum dp_status lead(struct dp_farm *f, struct dp_err *err) {
  struct dp_span span;
  DP_TRY(offer(f, err));
  while (!f->stopping) {
    bool ended = false, any = dp__sweep_next(f, 1, &span);
    if (any) DP_TRY(run(f, span.point, span.from, &ended, err));
    DP_TRY(flush(f, f->left_n == 0, err)); /* the last ones may be what a precision waits for */
    DP_TRY(serve(f, err));
    look_around(f);
    if (!any && f->left_n == 0 && f->outstanding_n == 0) break;
    if (!any) rest();
  }
  DP_TRY(flush(f, true, err));
  return say_end(f, err);
}

/* ---- leaders of the other groups ---- */

static enum dp_status do_letter(struct dp_farm *f, const unsigned char *bytes, size_t len, struct dp_err *err) {
  for (size_t at = 0; at < len && !f->stopping; at += sizeof(struct dp_span)) {
    struct dp_span span;
    memcpy(&span, bytes + at, sizeof span);
    for (uint32_t r = span.from; r < span.to && !f->stopping; r++) {
      bool ended = false;
      DP_TRY(run(f, span.point, r, &ended, err));
      if (wall_ns() - f->sent_ns < POST_EVERY_NS) continue;
      DP_TRY(post(f, LETTER_RECORDS, err));
      DP_TRY(look_for_letters(f, err));
    }
  }
  return post(f, LETTER_DONE, err);
}

static enum dp_status follow(struct dp_farm *f, struct dp_err *err) {
  struct dp_buffer doing = {0};
  enum dp_status status = dp_buffer_append(&f->out, &(uint64_t){0}, sizeof(uint64_t), err);
  while (status == DP_OK && !f->stopping) {
    status = look_for_letters(f, err);
    if (status != DP_OK || f->stopping) break;
    if (f->work.len == 0) {
      rest();
      continue;
    }
    uint64_t size;
    memcpy(&size, f->work.data, sizeof size);
    doing.len = 0;
    status = dp_buffer_append(&doing, f->work.data + sizeof size, size, err);
    f->work.len -= sizeof size + size;
    memmove(f->work.data, f->work.data + sizeof size + size, f->work.len);
    if (status == DP_OK) status = do_letter(f, doing.data, doing.len, err);
  }
  dp_buffer_fini(&doing);
  if (status == DP_OK) status = post(f, LETTER_END, err);
  return status == DP_OK ? dp_comm_posted(f->sweep->comm, err) : status;
}

/* ---- the others of a group ---- */

static enum dp_status listen(void *farm, dp_time now_ns, bool *stop, struct dp_err *err) {
  struct dp_farm *f = farm;
  (void)now_ns, (void)err;
  if (++f->pulse_n % LOOK_EVERY == 0 && f->why == DP_OK) f->why = signalled(f);
  if (f->why != DP_OK) *stop = true;
  return DP_OK;
}

static enum dp_status assist(struct dp_farm *f, struct dp_err *err) {
  struct dp_sweep *s = f->sweep;
  struct order order = {0};
  for (;;) {
    int rank;
    struct dp_run_result result;
    DP_TRY(dp_comm_take(s->group, &rank, &f->in, err));
    if (rank < 0) {
      rest();
      continue;
    }
    memcpy(&order, f->in.data, sizeof order);
    if (order.end) return DP_OK;
    dp__watch_begin(s->watch, order.point * s->most_n + order.replicate);
    DP_TRY(dp_runner_run(s->runner, (size_t)order.point, order.replicate, &result, err));
    dp__watch_end(s->watch);
  }
}

/* ---- every rank ---- */

static enum dp_status take_part(struct dp_farm *f, struct dp_err *err) {
  struct dp_sweep *s = f->sweep;
  const bool leads = s->group->rank == 0;
  dp_runner_set_pulse(s->runner, leads ? pulse : listen, f);
  enum dp_status status = s->comm->rank == 0 ? lead(f, err) : leads ? follow(f, err) : assist(f, err);
  dp_runner_set_pulse(s->runner, NULL, NULL);
  if (status == DP_OK && leads) status = tell_group(f, &(struct order){.end = 1}, err);
  return status == DP_OK ? dp_comm_posted(s->group, err) : status;
}

enum dp_status dp__sweep_farm(struct dp_sweep *s, struct dp_err *err) {
  bool first = s->comm->rank == 0;
  struct dp_farm f = {.sweep = s, .err = err, .began_ns = wall_ns(), .sent_ns = wall_ns()};
  f.shows = first && !s->options->quiet && isatty(STDERR_FILENO);
  f.dealt_n = calloc((size_t)s->comm->rank_n, sizeof *f.dealt_n);
  enum dp_status status = f.dealt_n ? DP_OK : dp_fail_nomem(err, "a sweep");
  if (status == DP_OK && first) status = dp__sweep_queue(&f, err);
  status = dp_comm_agree(s->comm, status, err);
  if (status == DP_OK) {
    hold_signals(&f);
    status = take_part(&f, err);
    if (status != DP_OK && s->comm->rank_n > 1) { /* the others wait for letters: none of them may hang */
      fprintf(stderr, "depinsim: rank %d: %s\n", s->comm->rank,
              err->text[0] ? err->text : dp_status_text(status));
      dp_comm_abort(s->comm, dp_status_exit_code(status));
    }
    release_signals(&f);
    if (f.shown) fprintf(stderr, "\r\033[K");
  }
  if (status == DP_OK && first && f.why != DP_OK)
    status = dp_fail(err, f.why, "%s: %zu of %zu runs are done (the same command goes on from there)",
                     f.why == DP_WALL_LIMIT ? "stopped" : "interrupted", s->done_n, s->wanted_n);
  dp_buffer_fini(&f.out);
  dp_buffer_fini(&f.in);
  dp_buffer_fini(&f.work);
  free(f.spans);
  free(f.dealt_n);
  return status;
}
