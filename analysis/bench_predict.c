/* analysis/bench_predict.c — predictions as a table, and the one that can be checked here. */
#include "analysis/bench_predict.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#define ROUNDS 5

enum dp_status dp_bench_predict_phold(const struct dp_phold_options *phold, const struct dp_costs *costs,
                                      struct dp_comm *comm, struct dp_load *load, struct dp_predict_check *check,
                                      struct dp_err *err) {
  struct dp_phold_result r;
  int64_t best = INT64_MAX, cpu_ns = INT64_MAX;
  for (int i = 0; i < ROUNDS; i++) {
    DP_TRY(dp_bench_phold(phold, comm, &r, err));
    if (r.run_ns < best) best = r.run_ns;
    if (r.cpu_ns < cpu_ns) cpu_ns = r.cpu_ns;
  }
  *load = (struct dp_load){.event_n = (double)r.event_n,
                           .window_n = (double)r.window_n,
                           .beat_n = 2,
                           .crossed_n = (double)r.crossed_n,
                           .event_ns = dp_cost_event_ns(costs, (double)phold->lps_n * (double)phold->start_n),
                           .event_bytes = sizeof(struct dp_event),
                           .cell_n = r.cell_n,
                           .hot_ratio = 1.0 / r.cell_n};
  struct dp_machine here = {.rank_n = comm->rank_n, .core_n = costs->cores};
  struct dp_cost_prediction p;
  dp_cost_predict(costs, load, &here, &p);
  *check = (struct dp_predict_check){.measured_s = (double)best / 1e9, .predicted_s = p.total_ns / 1e9,
                                     .rank_n = comm->rank_n};
  double windows_ns = load->window_n * (isnan(costs->window_ns) ? 0 : costs->window_ns);
  if (comm->rank_n == 1) load->event_ns = fmax(0, (double)cpu_ns - windows_ns) / load->event_n;
  return DP_OK;
}

static struct dp_machine machine_of(const struct dp_predict_options *o, const struct dp_costs *costs, double rank_n) {
  double byte_ns = o->bandwidth_gb_per_s > 0 ? 1 / o->bandwidth_gb_per_s : 0;
  return (struct dp_machine){.rank_n = rank_n,
                             .core_n = o->cluster ? 0 : costs->cores,
                             .latency_ns = o->latency_ns,
                             .byte_ns = byte_ns};
}

static double predict(const struct dp_predict_options *o, const struct dp_costs *costs, const struct dp_load *load,
                      double rank_n, struct dp_cost_prediction *p) {
  struct dp_machine m = machine_of(o, costs, rank_n);
  dp_cost_predict(costs, load, &m, p);
  return p->total_ns / 1e9;
}

static void print_text(struct dp_str *out, const struct dp_predict_options *o, const struct dp_costs *costs,
                       const struct dp_load *load, const struct dp_predict_check *check) {
  struct dp_cost_prediction p;
  double alone_s = predict(o, costs, load, 1, &p);
  dp_str_printf(out,
                "%.0f events of %.1f ns, %.0f windows, %.0f beats of %.0f + %.0f ns, %.0f cells, %.0f events between "
                "cells\n",
                load->event_n, load->event_ns, load->window_n, load->beat_n, load->serial_ns,
                load->beat_cells_ns, load->cell_n, load->crossed_n);
  dp_str_printf(out, "%7s %12s %8s %10s %10s %10s %10s  %s\n", "ranks", "seconds", "speedup", "compute_s", "uneven_s",
                "windows_s", "beats_s", "bound by");
  for (size_t i = 0; i < o->count; i++) {
    double s = predict(o, costs, load, o->rank_n[i], &p);
    dp_str_printf(out, "%7u %12.6g %8.3g %10.4g %10.4g %10.4g %10.4g  %s\n", o->rank_n[i], s, alone_s / s,
                  p.compute_ns / 1e9, p.uneven_ns / 1e9, p.window_ns / 1e9, p.beat_ns / 1e9, p.bound);
  }
  if (isfinite(check->measured_s))
    dp_str_printf(out, "here, %.0f ranks: predicted %.6g s, measured %.6g s, ratio %.3g\n", check->rank_n,
                  check->predicted_s, check->measured_s, check->predicted_s / check->measured_s);
}

static json_t *json_line(uint32_t rank_n, double seconds, double alone_s, const struct dp_cost_prediction *p) {
  return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:s}", "ranks", (json_int_t)rank_n, "seconds", seconds,
                   "speedup_ratio", alone_s / seconds, "compute_s", p->compute_ns / 1e9, "uneven_s",
                   p->uneven_ns / 1e9, "windows_s", p->window_ns / 1e9, "beats_s", p->beat_ns / 1e9,
                   "messages_per_window", p->message_n, "bound_by", p->bound);
}

static enum dp_status print_json(struct dp_str *out, const struct dp_predict_options *o, const struct dp_costs *costs,
                                 const struct dp_load *load, const struct dp_predict_check *check,
                                 struct dp_err *err) {
  struct dp_cost_prediction p;
  double alone_s = predict(o, costs, load, 1, &p);
  json_t *root = json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "bench", "predict", "events",
                           load->event_n, "event_ns", load->event_ns, "windows", load->window_n, "beats",
                           load->beat_n, "beat_serial_ns", load->serial_ns, "beat_cells_ns", load->beat_cells_ns,
                           "cells", load->cell_n, "crossed", load->crossed_n);
  json_t *lines = json_array();
  bool done = root != NULL && json_object_set_new(root, "predictions", lines) == 0;
  for (size_t i = 0; i < o->count && done; i++) {
    double s = predict(o, costs, load, o->rank_n[i], &p);
    done = json_array_append_new(lines, json_line(o->rank_n[i], s, alone_s, &p)) == 0;
  }
  if (done && isfinite(check->measured_s))
    done = json_object_set_new(root, "here", json_pack("{s:f, s:f, s:f}", "ranks", check->rank_n, "predicted_s",
                                                       check->predicted_s, "measured_s", check->measured_s)) == 0;
  char *text = done ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
  json_decref(root);
  if (text == NULL) return dp_fail_nomem(err, "a report");
  dp_str_printf(out, "%s\n", text);
  free(text);
  return DP_OK;
}

enum dp_status dp_predict_print(struct dp_str *out, enum dp_text_format format, const struct dp_predict_options *options,
                                const struct dp_costs *costs, const struct dp_load *load,
                                const struct dp_predict_check *check, struct dp_err *err) {
  if (format == DP_TEXT_JSON) DP_TRY(print_json(out, options, costs, load, check, err));
  else print_text(out, options, costs, load, check);
  return out->failed ? dp_fail_nomem(err, "a report") : DP_OK;
}
