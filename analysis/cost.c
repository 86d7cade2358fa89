/* analysis/cost.c — the ranks and channels of a run. */
#include "analysis/cost.h"

#include <inttypes.h>
#include <stdlib.h>

#include "output/h5.h"

#define ROOT "/provenance/volatile/"

/* ---- reading ---- */

/* A column of a table whose length the first one decides. */
static enum dp_status column(const struct dp_result *r, const char *path, size_t n, int64_t **out, struct dp_err *err) {
  size_t got = 0;
  DP_TRY(dp_result_column_i64(r, path, out, &got, err));
  if (got == n) return DP_OK;
  free(*out);
  *out = NULL;
  return dp_fail(err, DP_FORMAT, "%s: %s is damaged (run the scenario again)", r->path, path);
}

static enum dp_status read_ranks(const struct dp_result *r, struct dp_engine_report *report, struct dp_err *err) {
  static const char *const paths[] = {ROOT "ranks/cells", ROOT "ranks/events", ROOT "ranks/busy_ns",
                                      ROOT "ranks/wait_ns"};
  int64_t *columns[4] = {NULL};
  size_t n = 0;
  enum dp_status status = dp_result_column_i64(r, paths[0], &columns[0], &n, err);
  for (size_t i = 1; i < 4 && status == DP_OK; i++) status = column(r, paths[i], n, &columns[i], err);
  if (status == DP_OK && (report->ranks = calloc(n + 1, sizeof *report->ranks)) == NULL)
    status = dp_fail_nomem(err, "the ranks");
  for (size_t i = 0; status == DP_OK && i < n; i++)
    report->ranks[report->rank_n++] = (struct dp_rank_load){.cell_n = (uint32_t)columns[0][i],
                                                            .event_n = (uint64_t)columns[1][i],
                                                            .busy_ns = columns[2][i],
                                                            .wait_ns = columns[3][i]};
  for (size_t i = 0; i < 4; i++) free(columns[i]);
  return status;
}

static enum dp_status read_channels(const struct dp_result *r, struct dp_cost *cost, struct dp_err *err) {
  static const char *const paths[] = {ROOT "channels/least_delay_ns", ROOT "channels/observed_min_ns",
                                      ROOT "channels/messages"};
  struct dp_engine_report *report = &cost->report;
  int64_t *columns[3] = {NULL};
  size_t n = 0;
  enum dp_status status = dp_result_column_texts(r, ROOT "channels/name", &cost->names, &n, err);
  for (size_t i = 0; i < 3 && status == DP_OK; i++) status = column(r, paths[i], n, &columns[i], err);
  if (status == DP_OK && (report->channels = calloc(n + 1, sizeof *report->channels)) == NULL)
    status = dp_fail_nomem(err, "the channels");
  if (status == DP_OK) report->channel_n = n + 1;
  for (size_t i = 0; status == DP_OK && i < n; i++)
    report->channels[i + 1] = (struct dp_channel){.name = cost->names[i],
                                                  .least_delay_ns = columns[0][i],
                                                  .observed_min_ns = columns[1][i],
                                                  .message_n = (uint64_t)columns[2][i]};
  for (size_t i = 0; i < 3; i++) free(columns[i]);
  return status;
}

enum dp_status dp_cost_read(const struct dp_result *result, struct dp_cost *out, struct dp_err *err) {
  *out = (struct dp_cost){.report.event_n = result->event_n};
  if (!dp_result_has(result, ROOT "ranks")) return DP_OK;
  hid_t group = H5Gopen2(result->file, ROOT, H5P_DEFAULT);
  if (group >= 0) dp_result_u64(group, "windows", &out->report.window_n);
  if (group >= 0) dp_result_u64(group, "cells_moved", &out->report.moved_n);
  dp_h5_close(group);
  enum dp_status status = read_ranks(result, &out->report, err);
  if (status == DP_OK && dp_result_has(result, ROOT "channels")) status = read_channels(result, out, err);
  if (status == DP_OK) dp_engine_report_judge(&out->report);
  else dp_cost_fini(out);
  return status;
}

void dp_cost_fini(struct dp_cost *cost) {
  dp_engine_report_fini(&cost->report);
  free(cost->names);
  cost->names = NULL;
}

/* ---- printing ---- */

static void print_rank(struct dp_str *out, size_t i, const struct dp_rank_load *l) {
  dp_str_printf(out, "%6zu %8" PRIu32 " %13" PRIu64 " %8.2f %10.2f\n", i, l->cell_n, l->event_n, dp_time_s(l->busy_ns),
                dp_time_s(l->wait_ns));
}

static void print_channel(struct dp_str *out, const struct dp_channel *c) {
  char least[DP_DURATION_TEXT], seen[DP_DURATION_TEXT];
  dp_str_printf(out, "  channel %s: %" PRIu64 " messages, least delay %s", c->name, c->message_n,
                dp_format_duration(c->least_delay_ns, least));
  if (c->observed_min_ns != DP_TIME_MAX)
    dp_str_printf(out, ", shortest seen %s", dp_format_duration(c->observed_min_ns, seen));
  dp_str_append(out, "\n");
}

void dp_cost_print(struct dp_str *out, const struct dp_engine_report *r, size_t rank_max) {
  dp_str_append(out, "  rank    cells        events   busy s  waiting s\n");
  for (size_t i = 0; i < r->rank_n && i < rank_max; i++) print_rank(out, i, &r->ranks[i]);
  if (r->rank_n > rank_max) dp_str_printf(out, "  ... %zu more ranks, in " ROOT "ranks\n", r->rank_n - rank_max);
  if (r->rank_n > 1)
    dp_str_printf(out,
                  "  the busiest rank computed %.2f times the mean; ranks waited %.0f %% of the time; %" PRIu64
                  " cells moved\n",
                  r->imbalance_ratio, 100 * r->wait_ratio, r->moved_n);
  if (r->window_n > 0)
    dp_str_printf(out, "  %" PRIu64 " windows, %.3g events each, all ranks together\n", r->window_n,
                  r->events_per_window);
  for (size_t i = 1; i < r->channel_n; i++) print_channel(out, &r->channels[i]);
  if (r->hint[0]) dp_str_printf(out, "  hint: %s\n", r->hint);
}
