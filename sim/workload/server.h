/* sim/workload/server.h — the LLM server on a node: continuous batching, from request to last token.
 * Layer: domain. Model "workload.server" (implicit); see workload/README.md for the mechanism.
 *
 * A server is idle, in a prefill step, or in a run of decode steps. Requests wait in order of arrival and join at a step
 * boundary when the memory for their prompt and output is free; a prefill gives each its first token, each decode step
 * one more to every running request. Only batch changes are events: the decode steps between two of them are summed in
 * closed form, in whole ns a step, so that cutting a run (an arrival, a failure, a checkpoint) changes nothing. */
#ifndef DP_WORKLOAD_SERVER_H
#define DP_WORKLOAD_SERVER_H

#include "model/sim.h"
#include "workload/llm_cost.h"

extern const struct dp_model dp_server_model;
extern const struct dp_schema dp_llm_schema; /* part "workload.llm" */

enum dp_server_mode { DP_SERVER_IDLE, DP_SERVER_PREFILL, DP_SERVER_DECODE };

struct dp_server_config {
  struct dp_part_ref llm;       /* the model that every server of the scenario serves */
  int64_t prefill_tokens_n;     /* most prompt tokens of one prefill step */
  int64_t batch_n;              /* most requests that run together */
  double memory_overhead_ratio; /* of a GPU's memory, kept free */
};

/** Row of table `server`, one a node. */
struct dp_server {
  int64_t capacity_tok;  /* context tokens that fit beside the weights; 0: it cannot serve */
  int64_t reserved_tok;  /* of running and prefilling requests */
  int64_t context_tok;   /* of running requests at start_ns */
  int64_t step_n;        /* decode steps done at start_ns */
  int64_t run_steps_n;   /* steps of the scheduled run */
  dp_time start_ns;      /* of the step or run in progress */
  int64_t busy_ns;       /* time in steps, without the busy period in progress */
  dp_time busy_since_ns; /* -1 while idle */
  uint64_t epoch;        /* of the scheduled batch change: an older timer is void */
  uint32_t running;      /* first task by finish step; tasks of a prefill are in `joining` */
  uint32_t joining;
  uint32_t waiting, waiting_last;
  uint32_t running_n, waiting_n;
  uint16_t market; /* instance that hears of results */
  uint8_t mode;    /* enum dp_server_mode */
  uint8_t zero[5];
};

/** Row of table `task`: a request at a server of this cell. Links are rows of the table, DP_NO_ROW at the end. */
struct dp_task {
  dp_entity job;
  uint64_t size; /* workload 12 | output 24 | prompt 24 bits, as in dp_job */
  dp_time deadline_ns;
  int64_t amount_nusd;
  dp_time arrived_ns;
  dp_time first_token_ns;
  int64_t finish_step; /* of the server's step_n, when it runs */
  uint32_t next;
  uint32_t zero;
};

/** Step costs of a node class by part id, derived in init: server->shared. */
struct dp_server_costs {
  struct dp_llm_cost *costs;  /* [class_n] */
  int64_t *capacity_tok;      /* [class_n] */
  size_t class_n;
  struct dp_view node_class, node_up;
};

/* Batch mechanics (batch.c): each leaves the server with its next batch change scheduled, or idle. */

/** A request has come: it waits, and the run in progress is cut at its next step boundary if it can join there. */
enum dp_status dp_batch_arrive(struct dp_ctx *ctx, uint32_t node, uint32_t task);
/** The scheduled batch change. */
enum dp_status dp_batch_change(struct dp_ctx *ctx, uint32_t node);
/** Gives a chain of tasks back to the market, which runs the requests elsewhere. */
enum dp_status dp_batch_give_back(struct dp_ctx *ctx, uint32_t node, uint32_t task);
/** The node failed: every request goes back to the market. */
enum dp_status dp_batch_drop(struct dp_ctx *ctx, uint32_t node);

enum dp_server_table { DP_SERVER_TABLE_SERVER, DP_SERVER_TABLE_TASK };
enum dp_server_metric {
  DP_SERVER_WAIT, DP_SERVER_PREFILL_TOK, DP_SERVER_DECODE_TOK, DP_SERVER_LOST, DP_SERVER_BATCH
};

#endif
