/* sim/workload/inference.h — customers of LLM inference: where requests come from and what became of them.
 * Layer: domain. Model "workload.inference" (section "workloads"); see workload/README.md. */
#ifndef DP_WORKLOAD_INFERENCE_H
#define DP_WORKLOAD_INFERENCE_H

#include "model/sim.h"
#include "workload/arrivals.h"
#include "workload/trace.h"

extern const struct dp_model dp_inference_model;

struct dp_inference_config {
  struct dp_ref network;   /* market.gateway that it asks */
  const char *trace;       /* requests from a file; "" for synthetic ones */
  double rate_per_s;       /* synthetic: all regions together, mean over a day */
  int burst;               /* enum dp_burst */
  double burst_cv;         /* of gamma */
  int tokens;              /* preset of sizes and gaps: index in dp_inference_presets */
  double diurnal_ratio;    /* amplitude of the daily cycle over the mean rate */
  double peak_hour;        /* local time of the highest rate */
  double timeout_s;        /* a request that has not started by then is given up; 0: never */
  double ttft_target_s;    /* a later first token is a deadline miss */
  struct dp_part_ref llm;  /* what is asked; the same in every workload of a scenario */
  double trust_loss_d, trust_recover_d, trust_weight; /* as of workload.demand */
};

/** Row of table `source`, one a cell. */
struct dp_source {
  uint64_t request_n;     /* synthetic: requests made so far; trace: rows of this cell taken so far */
  double expected_ttft_s; /* exponentially weighted mean of what customers here saw from the network */
  double trust;           /* 1: answered in full and in time */
  double distrust;        /* utility of the network that is lost for want of it */
  double quality;         /* of the network's answers since the last settlement, summed */
  uint64_t answer_n;      /* their number */
};

/** Row of table `request`: one that is not answered yet. */
struct dp_request {
  dp_time submit_ns;
};

/** A whole trace in memory, dealt to cells: rows [first[cell], first[cell + 1]) of `row` are the cell's, in time order. */
struct dp_trace_deal {
  struct dp_trace_summary summary;
  struct dp_trace_request { dp_time time_ns; uint32_t prompt_n, output_n; } *row; /* [summary.rows_n] */
  int64_t *first; /* [cell_n + 1] */
};

/** Reads and deals a trace; rows with a region go to that region's cells, others by the cells' demand weight. Each row's
 *  cell is drawn by its number in the file. Caller frees with dp_trace_deal_fini (zeroed before use). */
enum dp_status dp_trace_deal(struct dp_ctx *ctx, const char *path, struct dp_trace_deal *out);
void dp_trace_deal_fini(struct dp_trace_deal *deal);

extern const char *const dp_inference_presets[]; /* azure_conv, azure_code, mooncake, NULL */

#endif
