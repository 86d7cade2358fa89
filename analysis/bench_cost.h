/* analysis/bench_cost.h — a cost model of a parallel run: what it takes on R ranks, from what it took on one.
 * Layer: analysis. Pure functions; README.md of sim/engine explains the terms and how well they hold.
 *
 *   T(R) = E·c_event·share(R)                           computing: the busiest rank's part
 *        + W·(max over ranks − mean of events)·c_event  a window ends when its busiest rank does
 *        + W·(c_window + meet(R))                       ranks meet once a window
 *        + B·(c_serial + c_cells·share(R) + 3·reduce(R))  beats: what every rank repeats, cells, three reductions
 *
 * With an ideal share of 1/R, no rank gets less than the busiest cell or than ⌈C/R⌉ of C cells; ranks beyond the cores
 * take turns. A window of n events leaves m = n·share to a rank and max(1, m + √(2·m·ln R)) to the busiest one (the
 * extreme of R Poisson numbers). Up to DP_COST_DIRECT ranks meet by R − 1 messages and one latency; more write to k
 * others and find the end by a tree: 2 latencies and ⌈log2 R⌉·(latency + c_message). */
#ifndef DP_ANALYSIS_BENCH_COST_H
#define DP_ANALYSIS_BENCH_COST_H

#include "analysis/bench.h"

#define DP_COST_DIRECT 8
#define DP_COST_LOADS 3

/** What things take on a machine. NaN: not measured. */
struct dp_costs {
  double event_ns[DP_COST_LOADS]; /* of PHOLD by dp_cost_pending_n, an event of a rank */
  double queue_event_ns;          /* of M/M/8 */
  double window_ns;               /* that a rank opens and closes, with one cell in it */
  double beat_ns;                 /* an idle beat of a model */
  double message_ns;              /* between two ranks of this machine, latency and the work of both ends */
  double byte_ns;                 /* of a message, on the way through two memories */
  double reduction_ns;            /* a reduction over the ranks of the fit */
  double switch_ns;               /* that a rank more on a core adds to a meeting */
  double cores, ranks;            /* of the fit */
};

/** Pending events that the event_ns were measured with. */
extern const double dp_cost_pending_n[DP_COST_LOADS];

/** Event cost for so many pending events: linear in the logarithm between the measured ones, constant outside. */
double dp_cost_event_ns(const struct dp_costs *costs, double pending_n);

/** What is to be run. */
struct dp_load {
  double event_n, window_n, beat_n;
  double crossed_n;     /* events from cell to cell */
  double event_ns;      /* of one event on one rank */
  double event_bytes;   /* of one in a message */
  double serial_ns;     /* of one beat: what every rank repeats, or one does for all */
  double beat_cells_ns; /* of one beat: over all cells */
  double cell_n;
  double hot_ratio;   /* share of the busiest cell in the events; 1/cell_n when all are alike */
  double neighbour_n; /* ranks that one has events for, at most; 0: all */
};

/** What to run it on. */
struct dp_machine {
  double rank_n;
  double core_n;     /* 0: one a rank */
  double latency_ns; /* of a message on the network, besides c_message */
  double byte_ns;    /* of a message on the network; 0: as between two ranks here */
};

struct dp_cost_prediction {
  double compute_ns, uneven_ns, window_ns, beat_ns; /* the four terms */
  double total_ns;
  double share;      /* of the busiest rank */
  double message_n;  /* that a rank sends in a window */
  const char *bound; /* what limits it, in words */
};

void dp_cost_predict(const struct dp_costs *costs, const struct dp_load *load, const struct dp_machine *machine,
                     struct dp_cost_prediction *out);

/** All NaN. */
void dp_costs_init(struct dp_costs *costs);

/** Reads what `bench fit --format json` printed. DP_IO, DP_FORMAT, DP_USAGE (not such a file). */
enum dp_status dp_costs_read(const char *path, struct dp_costs *costs, struct dp_err *err);

/** Appends them. Errors: DP_NOMEM. */
enum dp_status dp_costs_print(struct dp_str *out, enum dp_text_format format, const struct dp_costs *costs,
                              struct dp_err *err);

/** The load of a finished run on one rank, from its result; what its windows cost is taken off its events. DP_USAGE when
 *  it ran on several. */
enum dp_status dp_load_of_result(const char *path, const struct dp_costs *costs, struct dp_load *load,
                                 struct dp_err *err);

#endif
