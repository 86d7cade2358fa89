/* sim/engine/report.c — gathering the loads of all ranks and judging them. */
#include "engine/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define COSTLY (1.0 / 3) /* a share of the time that is worth a word */

static enum dp_status gather_ranks(struct dp_engine *e, struct dp_engine_report *r, struct dp_err *err) {
  struct dp_rank_load mine = {.busy_ns = e->busy_ns, .wait_ns = e->wait_ns, .event_n = e->event_n,
                              .cell_n = e->local_n};
  struct dp_buffer one = {0}, all = {0};
  enum dp_status status = dp_comm_agree(e->config.comm, dp_buffer_append(&one, &mine, sizeof mine, err), err);
  if (status == DP_OK) status = dp_comm_gather(e->config.comm, &one, &all, err);
  dp_buffer_fini(&one);
  r->ranks = (struct dp_rank_load *)(void *)all.data;
  r->rank_n = all.len / sizeof mine;
  return status;
}

static enum dp_status sum_channels(struct dp_engine *e, struct dp_engine_report *r, struct dp_err *err) {
  r->channels = malloc(e->channel_n * sizeof *r->channels);
  DP_TRY(dp_comm_agree(e->config.comm, r->channels ? DP_OK : dp_fail_nomem(err, "channels"), err));
  r->channel_n = e->channel_n;
  for (size_t i = 0; i < e->channel_n; i++) {
    r->channels[i] = e->channels[i];
    DP_TRY(dp_comm_min_i64(e->config.comm, &r->channels[i].observed_min_ns, 1, err));
    DP_TRY(dp_comm_sum_u64(e->config.comm, &r->channels[i].message_n, 1, err));
  }
  return DP_OK;
}

/* The channel that bounds the windows, NULL when none is open. */
static const struct dp_channel *narrowest(const struct dp_engine_report *r) {
  const struct dp_channel *least = NULL;
  for (size_t i = 1; i < r->channel_n; i++)
    if (!least || r->channels[i].least_delay_ns < least->least_delay_ns) least = &r->channels[i];
  return least;
}

static void hint_imbalance(struct dp_engine_report *r, size_t busiest) {
  snprintf(r->hint, sizeof r->hint,
           "rank %zu computes %.2g times the mean of the ranks, with %" PRIu32
           " cells: %smore and smaller cells, or fewer ranks, would even it out",
           busiest, r->imbalance_ratio, r->ranks[busiest].cell_n, r->fixed ? "balancing, " : "");
}

static void hint_lookahead(struct dp_engine_report *r, const struct dp_channel *c) {
  char seen[96] = "";
  if (c->observed_min_ns != DP_TIME_MAX)
    snprintf(seen, sizeof seen, " (the shortest message took %.3g s)", dp_time_s(c->observed_min_ns));
  snprintf(r->hint, sizeof r->hint,
           "ranks wait %.0f %% of the time: channel %s, least delay %.3g s%s, leaves %.3g events a window; a longer "
           "delay or fewer ranks would help",
           100 * r->wait_ratio, c->name, dp_time_s(c->least_delay_ns), seen, r->events_per_window);
}

void dp_engine_report_judge(struct dp_engine_report *r) {
  double busy = 0, wait = 0;
  size_t busiest = 0;
  for (size_t i = 0; i < r->rank_n; i++) {
    busy += (double)r->ranks[i].busy_ns;
    wait += (double)r->ranks[i].wait_ns;
    if (r->ranks[i].busy_ns > r->ranks[busiest].busy_ns) busiest = i;
  }
  r->events_per_window = r->window_n ? (double)r->event_n / (double)r->window_n : (double)NAN;
  r->wait_ratio = busy + wait > 0 ? wait / (busy + wait) : 0;
  r->imbalance_ratio = busy > 0 ? (double)r->ranks[busiest].busy_ns * (double)r->rank_n / busy : (double)NAN;
  r->hint[0] = '\0';
  if (r->rank_n < 2) return;
  const struct dp_channel *c = narrowest(r);
  if (1 - 1 / r->imbalance_ratio > COSTLY) hint_imbalance(r, busiest);
  else if (r->wait_ratio > COSTLY && c && r->window_n > 0) hint_lookahead(r, c);
}

enum dp_status dp_engine_report(struct dp_engine *e, struct dp_engine_report *out, struct dp_err *err) {
  *out = (struct dp_engine_report){.lookahead_ns = dp_engine_lookahead(e),
                                   .window_n = e->window_n,
                                   .moved_n = e->balance.moved_n,
                                   .fixed = e->balance.mode == DP_BALANCE_OFF};
  DP_TRY(dp_engine_event_n(e, &out->event_n, err));
  enum dp_status status = gather_ranks(e, out, err);
  if (status == DP_OK) status = sum_channels(e, out, err);
  if (status != DP_OK) {
    dp_engine_report_fini(out);
    return status;
  }
  dp_engine_report_judge(out);
  return DP_OK;
}

void dp_engine_report_fini(struct dp_engine_report *r) {
  free(r->ranks);
  free(r->channels);
  *r = (struct dp_engine_report){0};
}
