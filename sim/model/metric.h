/* sim/model/metric.h — what is measured: metrics (state of a cell, summed exactly over cells) and the KPIs made of
 * them.
 * Layer: model. Not collective.
 *
 * Metrics are integers in quanta (a double is quantised once, when it is added), so that their sum over cells does not
 * depend on order or ranks. They live in hidden tables: checkpoints and migration carry them like any state. */
#ifndef DP_MODEL_METRIC_H
#define DP_MODEL_METRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

enum dp_metric_kind {
  DP_METRIC_COUNTER,   /* Σ of what was added; the series shows the increase since the settlement before */
  DP_METRIC_GAUGE,     /* Σ over cells of what `sample` set */
  DP_METRIC_HISTOGRAM, /* log-linear histogram, with exact sum and count */
  DP_METRIC_GLOBAL,    /* a double set by a replicated `sample`: a price, a ratio, a mean */
  DP_METRIC_AMOUNT,    /* the same, and instances of the model add up: USD, a number of things */
};

struct dp_metric {
  const char *name; /* "submitted"; the series is /series/<model>[.<instance>]/<name> */
  enum dp_metric_kind kind;
  const char *unit;      /* one of DP_UNITS */
  double quantum;        /* unit per integer step: 1 for counts, 1e-9 for ns shown as s or nano-USD shown as usd */
  const char *dimension; /* "region" or NULL: one slot a region (not for histograms) */
  bool no_series;        /* only its total is kept */
  const char *doc;
};

static inline bool dp_metric_is_global(const struct dp_metric *metric) {
  return metric->kind == DP_METRIC_GLOBAL || metric->kind == DP_METRIC_AMOUNT;
}

/** Whether values of several instances of the model add up: all but globals and amounts of tokens, of which every
 *  instance may have its own kind. */
bool dp_metric_adds(const struct dp_metric *metric);

/** What a KPI takes of its metrics. */
enum dp_kpi_stat {
  DP_KPI_TOTAL,        /* counter: Σ of the run; gauge and global: last value */
  DP_KPI_RATIO,        /* total of `metric` over total of `over` */
  DP_KPI_DISTRIBUTION, /* histogram: five KPIs, .mean .p5 .p50 .p95 .p99 */
  DP_KPI_MEAN,         /* histogram or series: the mean */
  DP_KPI_MEDIAN,       /* histogram: the median of `over` cases; those not recorded lie above all that are. Undefined
                          when fewer than half of them are recorded */
  DP_KPI_GINI,         /* histogram: Gini coefficient of the values */
  DP_KPI_MAJORITY,     /* histogram: fewest values that sum to more than half of all */
};

/** A KPI. Of several instances of the model every one has its own, "job.completed@chat" (the label after `@`, behind the
 *  dimension, is the instance's name as in /series). The KPI "job.completed" is then of all of them: sums, ratios of
 *  sums, figures of the histograms put together. It does not exist when one of its metrics does not add up. */
struct dp_kpi {
  const char *name; /* "job.completed_ratio" */
  enum dp_kpi_stat stat;
  const char *metric;
  const char *over; /* of RATIO and MEDIAN: "metric" of the same model */
  const char *unit;
  double scale; /* of RATIO: factor; 0 means 1 */
  const char *doc;
};

struct dp_model;
/** Whether a KPI of several instances is of all of them, too. */
bool dp_kpi_adds(const struct dp_model *model, const struct dp_kpi *kpi);

/** Adds n quanta to a counter of the calling instance, slot 0 … */
void dp_metric_add(struct dp_ctx *ctx, unsigned metric, unsigned slot, int64_t n);

/** Adds a value in the metric's unit, quantised now. */
void dp_metric_add_f(struct dp_ctx *ctx, unsigned metric, unsigned slot, double value);

/** Adds a 128-bit amount of quanta. */
void dp_metric_add_i128(struct dp_ctx *ctx, unsigned metric, unsigned slot, dp_i128 n);

/** Records a value ≥ 0 (in quanta) in a histogram. */
void dp_metric_record(struct dp_ctx *ctx, unsigned metric, int64_t value);

/** Sets a gauge (in quanta); only in the cell callback `sample`. */
void dp_metric_set(struct dp_ctx *ctx, unsigned metric, unsigned slot, dp_i128 n);

/** Sets a global; only in the replicated callback `sample`. */
void dp_metric_set_global(struct dp_ctx *ctx, unsigned metric, double value);

#endif
