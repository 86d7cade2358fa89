/* analysis/bench_cost.c — the terms of the cost model. */
#include "analysis/bench_cost.h"

#include <math.h>

const double dp_cost_pending_n[DP_COST_LOADS] = {1024, 16384, 1048576};

double dp_cost_event_ns(const struct dp_costs *costs, double pending_n) {
  if (pending_n <= dp_cost_pending_n[0]) return costs->event_ns[0];
  for (int i = 1; i < DP_COST_LOADS; i++) {
    double low = dp_cost_pending_n[i - 1], high = dp_cost_pending_n[i];
    if (pending_n > high) continue;
    double at = log(pending_n / low) / log(high / low);
    return costs->event_ns[i - 1] * (1 - at) + costs->event_ns[i] * at;
  }
  return costs->event_ns[DP_COST_LOADS - 1];
}

static double known(double value) { return isnan(value) ? 0 : value; }

/* The busiest of `lanes` lanes with equal cells, one of which may be hot. */
static double busiest_share(const struct dp_load *load, double lanes) {
  double cells = ceil(load->cell_n / fmin(lanes, load->cell_n)) / load->cell_n;
  return fmin(1, fmax(cells, load->hot_ratio));
}

/* Events of the busiest lane in a window above the mean one's. */
static double uneven_events(const struct dp_load *load, double lanes, double share) {
  if (lanes <= 1 || load->window_n <= 0) return 0;
  double n = load->event_n / load->window_n, mean = n * share;
  return fmin(n, fmax(1, mean + sqrt(2 * mean * log(lanes)))) - mean;
}

static double depth(double rank_n) { return ceil(log2(rank_n) - 1e-9); }

static double reduction(const struct dp_costs *c, const struct dp_machine *m) {
  return depth(m->rank_n) * (known(c->message_ns) + m->latency_ns);
}

/* What a rank spends in a meeting, waits for messages included. */
static double meeting(const struct dp_costs *c, const struct dp_load *load, const struct dp_machine *m,
                      double *message_n) {
  double ranks = m->rank_n, cells = load->cell_n;
  *message_n = 0;
  if (ranks <= 1) return 0;
  double peers = load->neighbour_n > 0 ? fmin(load->neighbour_n, ranks - 1) : ranks - 1;
  double away = cells > 1 ? fmin(1, (1 - 1 / ranks) * cells / (cells - 1)) : 0;
  double out = load->window_n > 0 ? load->crossed_n * away / load->window_n / ranks : 0;
  double bytes = out * load->event_bytes * (m->byte_ns > 0 ? m->byte_ns : known(c->byte_ns));
  if (ranks <= DP_COST_DIRECT) {
    *message_n = ranks - 1;
    return (ranks - 1) * known(c->message_ns) + m->latency_ns + bytes;
  }
  *message_n = peers * (1 - exp(-out / peers));
  double written = *message_n * known(c->message_ns) + 2 * fmin(1, *message_n) * m->latency_ns;
  return written + bytes + reduction(c, m);
}

static const char *bound_of(const struct dp_load *load, const struct dp_cost_prediction *p, double lanes,
                            double rank_n) {
  double most = fmax(fmax(p->compute_ns, p->uneven_ns), fmax(p->window_ns, p->beat_ns));
  if (most == p->window_ns) return "windows";
  if (most == p->beat_ns) return "beats";
  if (most == p->uneven_ns) return "uneven windows";
  if (p->share > 1.2 / lanes) return load->hot_ratio * load->cell_n > 1.2 ? "hot cell" : "number of cells";
  return lanes < rank_n ? "cores" : "events";
}

void dp_cost_predict(const struct dp_costs *costs, const struct dp_load *load, const struct dp_machine *machine,
                     struct dp_cost_prediction *out) {
  double ranks = machine->rank_n, lanes = machine->core_n > 0 ? fmin(ranks, machine->core_n) : ranks;
  double turns = ranks / lanes, meet;
  *out = (struct dp_cost_prediction){.share = busiest_share(load, lanes)};
  meet = meeting(costs, load, machine, &out->message_n) * turns;
  if (turns > 1) meet += known(costs->switch_ns) * (turns - 1);
  out->compute_ns = load->event_n * load->event_ns * out->share;
  out->uneven_ns = load->window_n * uneven_events(load, lanes, out->share) * load->event_ns;
  out->window_ns = load->window_n * (turns * known(costs->window_ns) + meet);
  out->beat_ns = load->beat_n * (load->serial_ns * turns + load->beat_cells_ns * out->share);
  if (ranks > 1) out->beat_ns += load->beat_n * (3 * reduction(costs, machine) + (turns > 1 ? 3 * meet : 0));
  out->total_ns = out->compute_ns + out->uneven_ns + out->window_ns + out->beat_ns;
  out->bound = bound_of(load, out, lanes, ranks);
}
