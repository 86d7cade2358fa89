/* sim/model/vocabulary.h — the closed list of words that domains share: units, streams, event kinds with their payloads,
 * and the parts that more than one domain reads. Domains never include each other: they meet here.
 * Layer: model. Not collective.
 *
 * Published columns (read through dp_view_find, written by their owner only):
 *   hardware.node   node: node_class, provider, up, joined_ns, capital_nusd, electricity_nusd, energy_mws
 *   provider.fleet  host: usd_account, sell_ppb (billionths of the tokens it earns that it sells), tariff_ppm (what it
 *                   pays for electricity over the region's price; 0: the same)
 *   market.gateway  listing: price_nusd_per_mtok (0: not listed), work_tok (priced tokens delivered so far),
 *                   payable_nusd, in_flight_n (requests sent to it and not finished)
 *   ledger.token    share: account (token wallet; 0: none yet)
 *   market.gateway  listing: busy_ns (time at work, at flow fidelity); cell: quote_nusd_per_mtok, cloud_nusd_per_mtok,
 *                   advantage, served_ratio, ttft_s (what customers at flow fidelity go by)
 *   market.gateway  record: lost_n, distrust_ppm (1 less a host's reputation)
 *   workload.inference source: expected_ttft_s (what its customers in a cell have seen lately)
 *   workload.demand class: work_per_s, jobs_per_s, solo_jobs_per_s, slots_n, first_token_s (of a node, row = class id);
 *                   customers: prompt_tok, output_tok
 *   workload.server server: busy_ns, busy_since_ns (negative while idle), capacity_tok */
#ifndef DP_MODEL_VOCABULARY_H
#define DP_MODEL_VOCABULARY_H

#include <stdint.h>

#include "engine/event.h"
#include "model/param.h"

/** Every unit that a parameter, column, metric or flow may have. */
#define DP_UNITS(X)                                                                                                  \
  X("1") X("s") X("ns") X("ms") X("h") X("d") X("usd") X("nusd") X("usd/kwh") X("usd/h") X("usd/mtok") X("nusd/mtok")  \
  X("kwh") X("w") X("ws") X("kg") X("g/kwh") X("gib") X("gb/s") X("tflops") X("mbps") X("deg") X("tok") X("base")      \
  X("token") X("1/s") X("1/h") X("1/d") X("ms/tok") X("s/tok") X("mtok") X("eib") X("km") X("text")                  \
  X("bytes") X("usd/d") X("token/d")

/** Streams of random numbers: X(name, what is drawn). The instance is mixed in by DP_STREAM. */
#define DP_STREAMS(X)                                                                                                \
  X(PHOLD, "destination and delay of a PHOLD event")                                                                 \
  X(QUEUE_ARRIVAL, "inter-arrival times of bench queue")                                                             \
  X(QUEUE_SERVICE, "service times of bench queue")                                                                   \
  X(ARRIVAL, "inter-arrival times of requests")                                                                      \
  X(REQUEST, "sizes of a request")                                                                                   \
  X(ROUTE, "choice of a server or a region")                                                                         \
  X(CHOICE, "choice between the network and the cloud")                                                              \
  X(DEMAND, "noise of demand in an interval")                                                                        \
  X(FAILURE, "time to the next failure of a node")                                                                   \
  X(REPAIR, "time to repair a node")                                                                                 \
  X(PRICING, "pricing policy of a host")                                                                             \
  X(HOST, "attributes of a host at birth")                                                                           \
  X(TEMPLATE, "the example model")                                                                                   \
  X(SCRIPT, "math.random while a scenario is loaded")                                                                \
  X(BOOTSTRAP, "values of a resample")                                                                               \
  X(DESIGN, "points of a study")                                                                                     \
  X(FACTOR, "a day of a market's tide")                                                                              \
  X(TRADER, "a noise trader's decision")                                                                             \
  X(FEED, "a reporter's error")                                                                                      \
  X(CHAIN_SPELL, "how busy a chain is for a while")                                                                  \
  X(CHAIN_BLOCK, "what others put into a block")                                                                     \
  X(CHAIN_LAND, "which transactions a block takes")                                                                  \
  X(PROJECT, "a project and its choice of a chain")                                                                  \
  X(HOTSPOT, "where a hotspot stands; whether its owner looks")                                                      \
  X(PEOPLE, "how many live in each hexagon")                                                                         \
  X(ORDER, "a customer's order at an auction")                                                                       \
  X(BID, "a bidder's cost of an order, and how fast he is")

enum dp_stream {
#define DP_X(name, doc) DP_STREAM_##name,
  DP_STREAMS(DP_X)
#undef DP_X
};

/** Stream word of an instance: no two instances share luck. */
#define DP_STREAM(stream, instance_index) ((uint64_t)(stream) | ((uint64_t)(instance_index) << 16))

/** Every event kind: X(name, payload struct or none, what it says). A kind goes to a cell or to a node (dest). */
#define DP_EVENT_KINDS(X)                                                                                            \
  X(TIMER, "a model's own timer; the payload is its own")                                                            \
  X(NODE_BUILD, "provider to hardware: build nodes here (dp_node_build)")                                            \
  X(NODE_JOINED, "hardware to all: a node exists and is up (dp_node_build of one)")                                  \
  X(NODE_DOWN, "hardware to all: a node failed")                                                                     \
  X(NODE_UP, "hardware to all: a node works again")                                                                  \
  X(NODE_SWITCH, "provider to hardware, dest the node: switch it off or on (dp_node_switch)")                        \
  X(NODE_REMOVE, "provider to hardware, dest the node: take it away; it goes down first")                            \
  X(NODE_LEFT, "hardware to all: after this instant the node is gone; close what you keep for it")                   \
  X(PRICE_POSTED, "provider to all: a host posted a price (dp_price_posted)")                                        \
  X(JOB_SUBMIT, "workload to its market, in the customer's cell: serve this request (dp_job)")                       \
  X(JOB_FORWARD, "market to market of another cell: serve it there; money has left by the bridge (dp_job)")          \
  X(JOB_START, "market to server, dest the node: run this request (dp_job)")                                         \
  X(JOB_DONE, "server to market, dest the node (dp_job_result)")                                                     \
  X(JOB_LOST, "server to market, dest the node: it failed, run the request elsewhere (dp_job)")                      \
  X(JOB_RETURN, "market to market of the customer's cell: the outcome; unused money comes back (dp_job_result)")     \
  X(JOB_RESULT, "market to workload, in the customer's cell: the outcome (dp_job_result)")                           \
  X(FLOW_QUOTE, "market to workloads, in every cell: an interval ends, what was asked? (dp_flow_quote)")             \
  X(FLOW_DEMAND, "workload to its market, in the customers' cell: an interval's demand (dp_flow_demand)")            \
  X(BOOK_TRANSFER, "books to books of another cell: bridge to payee")                                                \
  X(PHOLD, "the PHOLD event")                                                                                        \
  X(QUEUE_ARRIVE, "bench queue: a job arrives")                                                                      \
  X(QUEUE_DEPART, "bench queue: a job ends")                                                                         \
  X(TEMPLATE_PING, "the example model's message")

enum dp_event_kind {
#define DP_X(name, doc) DP_EVENT_##name,
  DP_EVENT_KINDS(DP_X)
#undef DP_X
};

/** NODE_BUILD: `count` nodes of a class for an instance of provider.fleet; NODE_JOINED: count 1. */
struct dp_node_build {
  uint16_t node_class; /* part id of hardware.class */
  uint16_t provider;   /* instance index of the fleet */
  uint32_t count;
  uint64_t note; /* the fleet's own word about these nodes, handed back */
};

/** NODE_SWITCH. A node that is off is down; its wear stops, a repair in progress goes on. */
struct dp_node_switch {
  uint32_t on;
  uint32_t zero;
};

/** PRICE_POSTED, dest the node: its host offers it to the market instance `market` at this price. */
struct dp_price_posted {
  int64_t price_nusd_per_mtok;
  uint16_t market;
  uint16_t zero[3];
};

#define DP_JOB_TOKENS_MAX ((1 << 24) - 1)
#define DP_INSTANCE_MAX ((1u << 12) - 1) /* what `workload` can name */

/** A request on its way. `job` is the request's entity in the customer's cell and, with `workload`, names it everywhere. */
struct dp_job {
  dp_entity job;
  uint64_t prompt_n : 24, output_n : 24; /* tokens */
  uint64_t workload : 12;                /* instance index of who asked */
  uint64_t zero : 4;
  dp_time deadline_ns;                   /* it is given up when it has not started by then; DP_TIME_MAX: never */
  union {
    int64_t amount_nusd; /* escrowed for it */
    uint64_t ordinal;    /* JOB_SUBMIT: of the request in its cell; names its luck, whatever became of earlier ones */
  };
};

enum dp_job_outcome {
  DP_JOB_COMPLETED,
  DP_JOB_REJECTED,  /* nobody could take it */
  DP_JOB_TIMED_OUT, /* it had not started by its deadline */
};

/** The outcome of a request. */
struct dp_job_result {
  dp_entity job;
  dp_time first_token_ns; /* absolute; 0 if there was none */
  int64_t amount_nusd;    /* COMPLETED: spent; otherwise: to be given back */
  uint64_t prompt_n : 24, output_n : 24;
  uint64_t workload : 12; /* instance index of who asked */
  uint64_t outcome : 3;   /* enum dp_job_outcome */
  uint64_t by_cloud : 1;  /* the cloud served it */
};

/** FLOW_QUOTE, at flow fidelity: the interval that ends 1 ns after now began at since_ns; the quote is in the published
 *  columns of the market's table `cell`. */
struct dp_flow_quote {
  dp_time since_ns;
  uint16_t market; /* instance that quotes */
  uint16_t zero[3];
};

/** FLOW_DEMAND, at flow fidelity: what the customers of a cell ask of a network in the interval that ends now. */
struct dp_flow_demand {
  double work_tok;   /* units of work */
  double budget_usd; /* most that they pay for it; INFINITY: as much as it costs */
  double cloud_tok;  /* what they take to the cloud instead */
  uint16_t workload; /* instance index of who asks */
  uint16_t granted;  /* 1: a foundation pays, budget_usd at most */
  uint16_t zero[2];
};

/** Part "hardware.class": a kind of machine (schema in hardware/). */
struct dp_node_class {
  const char *gpu; /* "RTX 4090": key of the service models */
  int64_t gpu_n;
  double memory_gib;         /* of one GPU */
  double bandwidth_gb_per_s; /* of its memory */
  double fp16_tflops;        /* dense */
  double tdp_w;              /* of one GPU */
  double idle_ratio;         /* power when idle over TDP */
  double overhead_w;         /* host around the GPUs */
  double price_usd;          /* purchase of the node */
  double mtbf_h;             /* 0: never fails */
  double weibull_shape;      /* 1: exponential */
  double repair_h;           /* mean time to repair */
  double work_per_s;         /* units of work that the node does at flow fidelity; 0: as an LLM server */
};

/** Part "workload.llm": a language model that is served (schema in workload/). */
struct dp_llm {
  const char *name; /* "Llama-2-7B" */
  double weights_gib;
};

#endif
