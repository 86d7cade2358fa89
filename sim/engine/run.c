/* sim/engine/run.c — windows and beats: the conservative loop that all ranks go through together. */
#include <inttypes.h>
#include <time.h>

#include "engine/agenda.h"
#include "engine/balance.h"
#include "engine/buckets.h"
#include "engine/inside.h"

/* Events a rank runs before it looks at its signals and shows progress, also when no beat or message bounds the window.
 * Stopping a window early is always safe: the next one opens at what is left. */
#define WINDOW_EVENTS (UINT64_C(1) << 18)

static dp_time wall_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (dp_time)t.tv_sec * DP_S + t.tv_nsec;
}

static enum dp_status cell_failed(const struct dp_cell *cell, const struct dp_event *event, enum dp_status status,
                                  struct dp_err *err) {
  return dp_fail(err, status, "%s: in cell %" PRIu32 " at %" PRId64 " ns (instance %u, event kind %u)",
                 dp_status_text(status), cell->id, event->time_ns, event->instance, event->kind);
}

/* Runs one cell up to the horizon, or until `*budget` events have run. */
static enum dp_status run_cell(struct dp_engine *e, struct dp_cell *cell, uint64_t *budget, struct dp_err *err) {
  struct dp_ctx ctx = {.engine = e, .cell = cell, .err = err};
  const struct dp_target *targets = e->config.targets;
  uint64_t left = *budget;
  enum dp_status status = DP_OK;
  e->running = cell;
  while (left > 0) {
    const struct dp_event *event = dp__queue_take(&cell->queue, e->horizon_ns);
    if (event == NULL) break;
    left--;
    const struct dp_target *target = &targets[event->instance];
    ctx.self = target->self;
    ctx.now_ns = event->time_ns;
    status = target->handle(&ctx, event);
    if (status != DP_OK) {
      cell_failed(cell, event, status, err);
      break;
    }
    if (cell->queue.instant_n > DP_QUEUE_INSTANT_MAX) {
      status = dp_fail(err, DP_INVARIANT, "cell %" PRIu32 " runs more than %d events at one instant, %" PRId64 " ns",
                       cell->id, DP_QUEUE_INSTANT_MAX, event->time_ns);
      break;
    }
  }
  e->running = NULL;
  cell->event_n += *budget - left;
  *budget = left;
  if (status == DP_OK && cell->queue.failed) status = dp_fail_nomem(err, "pending events");
  return status;
}

/* The end of a window that opens at `start`: a single cell need not wait for anyone. */
static dp_time horizon_of(const struct dp_engine *e, dp_time start) {
  dp_time lookahead = e->config.cell_n > 1 ? dp_engine_lookahead(e) : DP_TIME_MAX;
  dp_time horizon = lookahead > DP_TIME_MAX - start ? DP_TIME_MAX : start + lookahead;
  return horizon < e->next_beat_ns ? horizon : e->next_beat_ns;
}

static enum dp_status run_window(struct dp_engine *e, dp_time start, struct dp_err *err) {
  struct dp_agenda *agenda = e->agenda;
  uint64_t budget = WINDOW_EVENTS;
  e->horizon_ns = horizon_of(e, start);
  e->window_n++;
  const bool timed = dp__balance_times(e);
  dp_time began_ns = timed ? dp__balance_clock() : 0;
  while (budget > 0 && dp__agenda_next_ns(agenda) < e->horizon_ns) {
    uint32_t index = agenda->heap[0].cell;
    struct dp_cell *cell = &e->cells[index];
    const uint64_t before = budget;
    DP_TRY(run_cell(e, cell, &budget, err));
    dp__agenda_set(agenda, index, dp_queue_next_ns(&cell->queue));
    if (timed) dp__balance_timed(e, cell, before - budget, &began_ns);
  }
  e->balance.window_event_n = WINDOW_EVENTS - budget;
  e->balance.event_n += WINDOW_EVENTS - budget;
  e->event_n += WINDOW_EVENTS - budget;
  return DP_OK;
}

/* The first multiple of a period after `after_ns`, at most the end of the run. */
static dp_time beat_after(const struct dp_engine *e, dp_time after_ns) {
  dp_time next = e->config.end_ns;
  for (size_t b = 0; b < e->beat_n; b++) {
    dp_time period = e->beats[b].period_ns, last = after_ns - after_ns % period;
    if (period < next - last) next = last + period;
  }
  return next;
}

static enum dp_status run_beat(struct dp_engine *e, struct dp_err *err) {
  dp_time at = e->next_beat_ns;
  bool last = at == e->config.end_ns;
  uint64_t due = 0;
  for (size_t b = 0; b < e->beat_n; b++)
    if (last || at % e->beats[b].period_ns == 0) due |= UINT64_C(1) << b;
  e->horizon_ns = at;
  e->closed = last;
  if (!last) e->next_beat_ns = beat_after(e, at);
  if (due == 0 && !last) return DP_OK;
  e->beat_count++;
  return e->config.beat ? e->config.beat(e->config.owner, at, due, last, err) : DP_OK;
}

/* What ranks tell each other when they meet, beside messages. */
struct news {
  dp_time earliest;            /* event of any rank */
  bool stop;                   /* someone wants to */
  bool beat;                   /* a beat has just run: the next two are known */
  int64_t most_ns, least_ns;   /* dp__balance_load of the busiest and the idlest rank */
  enum dp_status received;     /* what went wrong with the messages that came here; it is told next time */
};

/* Where all ranks meet after each window and beat: messages and news change hands, the first failure comes to all. */
static enum dp_status meet(struct dp_engine *e, enum dp_status status, struct news *news, struct dp_err *err) {
  struct dp_comm *comm = e->config.comm;
  news->earliest = dp__agenda_next_ns(e->agenda);
  if (comm->rank_n == 1) return status;
  if (e->out_min_ns < news->earliest) news->earliest = e->out_min_ns;
  int64_t least[5] = {news->earliest, dp_comm_vote(comm, status, err), news->stop ? 0 : 1};
  const size_t n = news->beat ? 5 : 3;
  if (news->beat) least[4] = dp__balance_load(e), least[3] = -least[4];
  if (e->channel_n > 1) DP_TRY(dp_comm_meet(comm, e->out, &e->in, least, n, err));
  else DP_TRY(dp_comm_min_i64(comm, least, n, err));
  e->out_min_ns = DP_TIME_MAX;
  news->earliest = least[0];
  news->stop = least[2] == 0;
  news->most_ns = -least[3];
  news->least_ns = least[4];
  DP_TRY(dp_comm_verdict(comm, least[1], err));
  news->received = dp__engine_receive(e, err);
  return DP_OK;
}

/* One window or beat. Ranks talk to each other in a beat, so all must know before it that one of them has failed. */
static enum dp_status step(struct dp_engine *e, struct news *news, struct dp_err *err) {
  bool window = news->earliest < e->next_beat_ns;
  enum dp_status received = news->received;
  news->beat = !window;
  if (!window) received = dp_comm_agree(e->config.comm, received, err);
  if (received != DP_OK) return received;
  DP_TRY(window ? run_window(e, news->earliest, err) : run_beat(e, err));
  return e->config.pulse ? e->config.pulse(e->config.owner, e->now_ns, &news->stop, err) : DP_OK;
}

enum dp_status dp_engine_run(struct dp_engine *e, bool *stopped, struct dp_err *err) {
  struct news news = {.received = DP_OK};
  dp_time waited = e->config.comm->wait_ns, began = wall_ns();
  enum dp_status status = dp__balance_begin(e, err);
  *stopped = false;
  for (;;) {
    status = meet(e, status, &news, err);
    if (status != DP_OK || e->closed) break;
    e->now_ns = news.earliest < e->next_beat_ns ? news.earliest : e->next_beat_ns;
    if (news.stop) {
      *stopped = true;
      break;
    }
    if (dp__balance_is_due(e, news.beat))
      status = dp__balance_act(e, news.most_ns, news.least_ns, news.received, err);
    if (status == DP_OK) status = step(e, &news, err);
  }
  if (status == DP_OK) status = dp_comm_agree(e->config.comm, news.received, err);
  waited = e->config.comm->wait_ns - waited;
  e->wait_ns += waited;
  e->busy_ns += wall_ns() - began - waited;
  return status;
}
