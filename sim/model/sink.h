/* sim/model/sink.h — where results go while a simulation runs: a table of functions that the output layer implements.
 * Layer: model. Called on rank 0 only, in a fixed order, with numbers that do not depend on the rank count. */
#ifndef DP_MODEL_SINK_H
#define DP_MODEL_SINK_H

#include "engine/comm.h"
#include "engine/time.h"
#include "model/metric.h"

struct dp_instance;
struct dp_sim;

struct dp_sink {
  /** Once, before time 0: the series that will come. */
  enum dp_status (*begin)(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err);
  /** One settlement of one instance: values[slot_n] of its series metrics, in declaration order, slots side by side,
   *  in the metric's unit. Integer counters below 2^53 are exact. */
  enum dp_status (*row)(struct dp_sink *sink, const struct dp_instance *instance, dp_time now_ns, const double *values,
                        size_t slot_n, struct dp_err *err);
  /** After all rows of a settlement. */
  enum dp_status (*settled)(struct dp_sink *sink, dp_time now_ns, struct dp_err *err);
  /** At a checkpoint: brings to the disk what is to stay there, and appends to `out` what a run that goes on from here
   *  needs besides (rows that are in no file yet). May be NULL. */
  enum dp_status (*save)(struct dp_sink *sink, struct dp_buffer *out, struct dp_err *err);
  /** Instead of `begin`, in a run that goes on from a checkpoint: every series has settlement_n rows there. `saved` is
   *  what `save` appended; rows that came after the checkpoint are dropped, they will come again. NULL: `begin`. */
  enum dp_status (*resume)(struct dp_sink *sink, const struct dp_sim *sim, uint64_t settlement_n,
                           const struct dp_buffer *saved, struct dp_err *err);
};

/** Slots of a metric (1, or the number of regions), and its labels; labels may be NULL. */
size_t dp_metric_slot_n(const struct dp_sim *sim, const struct dp_metric *metric);

/** Labels of a dimension ("region"): n names; 0 if unknown. */
size_t dp_dimension_labels(const struct dp_sim *sim, const char *dimension, const char *const **labels);

#endif
