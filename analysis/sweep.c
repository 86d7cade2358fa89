/* analysis/sweep.c — the farm: rank 0 deals runs out and writes them down, every rank runs them. */
#include "analysis/sweep.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/sweep_farm.h"
#include "base/hash.h"
#include "base/memory.h"
#include "engine/time.h"

#define POST_EVERY_NS (50 * DP_MS) /* records wait that long at most */
#define DEAL_NS (100 * DP_MS)      /* of work in one letter, about */
#define DRAW_EVERY_NS (100 * DP_MS)
#define LOOK_EVERY 16u /* pulses between two looks at letters and clocks */

enum letter { LETTER_WORK = 1, LETTER_END, LETTER_RECORDS, LETTER_DONE }; /* the first 8 bytes */

static int64_t wall_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * DP_S + t.tv_nsec;
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
  static const struct timespec at_once = {0};
  int64_t now = wall_ns(), limit_ns = f->sweep->options->wall_limit_ns;
  if (f->shows && now - f->drawn_ns >= DRAW_EVERY_NS) draw(f, now);
  if (f->stopping) return;
  if (sigtimedwait(&f->held, NULL, &at_once) > 0) f->why = DP_INTERRUPTED;
  else if (limit_ns && now - f->sweep->began_ns >= limit_ns) f->why = DP_WALL_LIMIT;
  f->stopping = f->why != DP_OK;
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
  double by_share = (double)f->left_n / (4.0 * f->sweep->comm->rank_n);
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

/* Work for every rank that has none; short work one letter ahead, so that nobody waits for one. */
static enum dp_status offer(struct dp_farm *f, struct dp_err *err) {
  unsigned ahead = mean_cost_ns(f) < (double)DEAL_NS ? 2 : 1;
  for (unsigned i = 1; i <= ahead && !f->stopping; i++)
    for (int r = 1; r < f->sweep->comm->rank_n && f->left_n > 0; r++)
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
    if (kind != LETTER_DONE) continue;
    f->dealt_n[rank]--;
    f->outstanding_n--;
  }
}

/* ---- runs, every rank ---- */

static enum dp_status post(struct dp_farm *f, uint64_t kind, struct dp_err *err) {
  memcpy(f->out.data, &kind, sizeof kind);
  DP_TRY(dp_comm_post(f->sweep->comm, 0, f->out.data, f->out.len, err));
  f->out.len = sizeof kind;
  f->sent_ns = wall_ns();
  return DP_OK;
}

/* Other ranks: work goes to the pile, an end ends everything. */
static enum dp_status look_for_letters(struct dp_farm *f, struct dp_err *err) {
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

/* In the middle of a run: letters and clocks. */
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

/* Runs and packs. *ended is false when the run was dropped. */
static enum dp_status run(struct dp_farm *f, uint64_t point, uint64_t replicate, bool *ended, struct dp_err *err) {
  struct dp_sweep *s = f->sweep;
  struct dp_run_result result;
  f->run_began_ns = s->study->run_limit_s > 0 ? wall_ns() : 0;
  f->over = false;
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
  if (!*ended) return DP_OK;
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

static void rest(void) { nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL); }

/* The others stop, and what they have run comes in. */
static enum dp_status say_end(struct dp_farm *f, struct dp_err *err) {
  const uint64_t kind = LETTER_END;
  int others_n = f->sweep->comm->rank_n - 1;
  f->stopping = true;
  for (int r = 1; r <= others_n; r++) DP_TRY(dp_comm_post(f->sweep->comm, r, &kind, sizeof kind, err));
  while (f->ended_n < others_n) {
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

/* ---- other ranks ---- */

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

/* ---- beginning and end ---- */

/* What every run of it hangs on. */
static uint64_t identity_of(struct dp_sweep *s) {
  const struct dp_sweep_options *o = s->options;
  const struct dp_study *study = s->study;
  size_t kpi_n;
  const struct dp_runner_kpi *kpis = dp_runner_kpis(s->runner, &kpi_n);
  uint64_t identity = dp_hash_mix(dp_study_hash(study), dp_hash_mix(s->most_n, study->replicate_n));
  for (size_t i = 0; i < kpi_n; i++) {
    identity = dp_hash_mix(identity, dp_hash64(kpis[i].name, strlen(kpis[i].name), 0));
    if (study->precision_kpi && strcmp(kpis[i].name, study->precision_kpi) == 0) s->precise_kpi = i;
  }
  uint64_t ratio;
  memcpy(&ratio, &study->half_width_ratio, sizeof ratio);
  identity = dp_hash_mix(dp_hash_mix(identity, ratio), s->precise_kpi);
  const char *const program[] = {o->provenance->version, o->provenance->revision, o->provenance->libm_hash};
  for (size_t i = 0; i < 3; i++)
    identity = dp_hash_mix(identity, dp_hash64(program[i], program[i] ? strlen(program[i]) : 0, 0));
  return o->salt ? dp_hash_mix(identity, o->salt) : identity;
}

static enum dp_status prepare(struct dp_sweep *s, struct dp_err *err) {
  const struct dp_sweep_options *o = s->options;
  struct dp_study *study = s->study;
  size_t cap = dp__sweep_cap(s), run_n = cap * s->most_n;
  if (s->comm->rank != 0) return DP_OK;
  s->states = calloc(run_n + 1, sizeof *s->states);
  s->places = calloc(run_n + 1, sizeof *s->places);
  s->needed_n = calloc(cap + 1, sizeof *s->needed_n);
  s->first_n = calloc(cap + 1, sizeof *s->first_n);
  if (study->precision_kpi) s->precise = calloc(run_n + 1, sizeof *s->precise);
  if (!s->states || !s->places || !s->needed_n || !s->first_n || (study->precision_kpi && !s->precise))
    return dp_fail_nomem(err, "the sweep's runs");
  for (size_t p = 0; p < study->point_n; p++) s->needed_n[p] = (uint32_t)study->replicate_n;
  s->wanted_n = study->point_n * study->replicate_n;
  s->identity = identity_of(s);
  return dp_journal_open(o->output, s->identity, &s->shape, o->restart, o->resume, dp__sweep_found, s, &s->journal,
                         err);
}

/* A run that has brought the process down again and again is written down as failed; the others can go on. */
static enum dp_status give_up(struct dp_sweep *s, uint64_t run, const char *why, struct dp_err *err) {
  struct dp_buffer bytes = {0};
  struct dp_run_result result = {.status = DP_FAILED};
  struct dp_record record;
  uint64_t at;
  if (run >= dp__sweep_cap(s) * s->most_n || s->states[run] == DP_RUN_DONE || s->states[run] == DP_RUN_FAILED)
    return DP_OK;
  size_t n = s->shape.kpi_n + s->shape.float_n;
  double *nans = malloc((n + 1) * sizeof *nans);
  float *gaps = malloc((n + 1) * sizeof *gaps);
  enum dp_status status = nans && gaps ? DP_OK : dp_fail_nomem(err, "a run's record");
  for (size_t i = 0; i < n && status == DP_OK; i++) nans[i] = (double)(gaps[i] = NAN);
  result.kpis = nans;
  result.series = gaps;
  snprintf(result.err.text, sizeof result.err.text, "%s", why);
  if (status == DP_OK) status = dp_record_pack(&bytes, &s->shape, run, &result, err);
  if (status == DP_OK) status = dp_journal_append(s->journal, bytes.data, bytes.len, &at, err);
  if (status == DP_OK && dp_record_read(bytes.data, bytes.len, &s->shape, &record))
    status = dp__sweep_found(s, &record, at, err);
  free(nans);
  free(gaps);
  dp_buffer_fini(&bytes);
  return status;
}

/* Rank 0 looks at what the processes before were doing when they ended; then every rank opens its own line. */
static enum dp_status begin_watch(struct dp_sweep *s, struct dp_err *err) {
  struct dp_watch_case *cases = NULL;
  size_t n = 0;
  enum dp_status status = DP_OK;
  if (s->comm->rank == 0) {
    status = dp__watch_take(s->options->output, s->identity, s->options->restart, &cases, &n, err);
    for (size_t i = 0; i < n && status == DP_OK; i++) status = give_up(s, cases[i].run, cases[i].why, err);
    free(cases);
  }
  DP_TRY(dp_comm_agree(s->comm, status, err));
  s->watch = dp__watch_open(s->options->output, s->comm->rank);
  return DP_OK;
}

static void hold_signals(struct dp_farm *f) {
  sigemptyset(&f->held);
  sigaddset(&f->held, SIGINT);
  sigaddset(&f->held, SIGTERM);
  sigprocmask(SIG_BLOCK, &f->held, &f->before);
}

static enum dp_status work(struct dp_sweep *s, struct dp_err *err) {
  bool first = s->comm->rank == 0;
  struct dp_farm f = {.sweep = s, .err = err, .began_ns = wall_ns(), .sent_ns = wall_ns()};
  f.shows = first && !s->options->quiet && isatty(STDERR_FILENO);
  f.dealt_n = calloc((size_t)s->comm->rank_n, sizeof *f.dealt_n);
  enum dp_status status = f.dealt_n ? DP_OK : dp_fail_nomem(err, "a sweep");
  if (status == DP_OK && first) status = dp__sweep_queue(&f, err);
  status = dp_comm_agree(s->comm, status, err);
  if (status == DP_OK) {
    if (first) hold_signals(&f);
    dp_runner_set_pulse(s->runner, pulse, &f);
    status = first ? lead(&f, err) : follow(&f, err);
    if (status != DP_OK && s->comm->rank_n > 1) { /* the others wait for letters: none of them may hang */
      fprintf(stderr, "depinsim: rank %d: %s\n", s->comm->rank, err->text);
      dp_comm_abort(s->comm, dp_status_exit_code(status));
    }
    if (first) sigprocmask(SIG_SETMASK, &f.before, NULL);
    dp_runner_set_pulse(s->runner, NULL, NULL);
    if (f.shown) fprintf(stderr, "\r\033[K");
  }
  if (status == DP_OK && f.why != DP_OK)
    status = dp_fail(err, f.why, "%s: %zu of %zu runs are done (the same command goes on from there)",
                     f.why == DP_WALL_LIMIT ? "the wall limit" : "interrupted", s->done_n, s->wanted_n);
  dp_buffer_fini(&f.out);
  dp_buffer_fini(&f.in);
  dp_buffer_fini(&f.work);
  free(f.spans);
  free(f.dealt_n);
  return status;
}

enum dp_status dp_sweep_round(struct dp_sweep *s, struct dp_err *err) {
  enum dp_status status = dp_comm_agree(s->comm, work(s, err), err);
  s->begun_n = s->study->point_n;
  return status;
}

enum dp_status dp_sweep_add(struct dp_sweep *s, const double *points, size_t n, size_t from, size_t to,
                            struct dp_err *err) {
  struct dp_study *study = s->study;
  const size_t was_n = study->point_n, axis_n = study->axis_n;
  if (was_n + n > dp__sweep_cap(s) || from > to || to > s->most_n)
    return dp_fail(err, DP_RANGE, "more points than there is room for");
  if (!dp_array_resize(&study->points, (was_n + n) * axis_n, sizeof *study->points)) return dp_fail_nomem(err, "points");
  memcpy(study->points + was_n * axis_n, points, n * axis_n * sizeof *points);
  study->point_n += n;
  for (size_t p = was_n; p < study->point_n && s->comm->rank == 0; p++) {
    s->first_n[p] = (uint32_t)from;
    s->needed_n[p] = (uint32_t)to;
    s->wanted_n += to - from;
  }
  return DP_OK;
}

enum dp_status dp_sweep_open(struct dp_study *study, struct dp_comm *comm, const struct dp_sweep_options *options,
                            struct dp_sweep **out, struct dp_err *err) {
  *out = NULL;
  struct dp_sweep *s = dp_zeros(1, sizeof *s);
  enum dp_status status = s ? DP_OK : dp_fail_nomem(err, "a sweep");
  if (status == DP_OK) {
    *s = (struct dp_sweep){.study = study, .comm = comm, .options = options, .most_n = study->most_n};
    s->began_ns = wall_ns();
    status = dp_runner_new(study, &s->runner, err);
  }
  if (status == DP_OK) {
    dp_runner_kpis(s->runner, &s->shape.kpi_n);
    s->band_n = dp_runner_band_n(s->runner);
    s->shape.float_n = study->series_n * s->band_n;
    status = prepare(s, err);
  }
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK) status = begin_watch(s, err);
  if (status == DP_OK) *out = s;
  else dp_sweep_free(s);
  return status;
}

enum dp_status dp_sweep_run(struct dp_study *study, struct dp_comm *comm, const struct dp_sweep_options *options,
                            struct dp_sweep **out, struct dp_err *err) {
  DP_TRY(dp_sweep_open(study, comm, options, out, err));
  enum dp_status status = dp_sweep_round(*out, err);
  if (status == DP_OK) return DP_OK;
  dp_sweep_free(*out);
  *out = NULL;
  return status;
}

void dp_sweep_free(struct dp_sweep *s) {
  if (s == NULL) return;
  dp__watch_close(s->watch);
  dp_journal_close(s->journal, false);
  dp_runner_free(s->runner);
  free(s->states);
  free(s->places);
  free(s->needed_n);
  free(s->first_n);
  free(s->precise);
  free(s);
}

enum dp_status dp_sweep_kpis(struct dp_sweep *s, size_t point, size_t replicate, const double **kpis,
                             struct dp_err *err) {
  struct dp_record record;
  DP_TRY(dp_journal_read(s->journal, s->places[point * s->most_n + replicate], &record, err));
  *kpis = record.kpis;
  return DP_OK;
}
