/* sim/workload/token_tables.h — request statistics of three published traces: sizes, gaps, and how they go together.
 * Layer: domain. Not collective. Constant data (token_tables.inc names sources and licences) and its reader. */
#ifndef DP_WORKLOAD_TOKEN_TABLES_H
#define DP_WORKLOAD_TOKEN_TABLES_H

#include <stdint.h>

#include "base/status.h"

#define DP_JOINT_N 16 /* prompt and output ranks are tied to each other in sixteenths */

/** One point of a quantile function. */
struct dp_quantile_point {
  uint32_t rank_e7; /* 0 … 10,000,000 */
  uint32_t value;   /* tokens, or gap in 1e-6 of the mean gap */
};

/** A quantile function: straight lines between points, ranks rising from 0 to 10,000,000. */
struct dp_quantiles {
  const struct dp_quantile_point *points;
  int points_n;
};

/** Statistics of one trace. The strings and tables live for ever. */
struct dp_token_tables {
  const char *name;    /* "azure_conv" */
  const char *source;  /* where the numbers come from, and the licence */
  double rate_per_s;   /* of the trace: (requests − 1) / span */
  double prompt_mean;  /* of the trace, tokens */
  double output_mean;  /* of the trace, tokens */
  double spearman;     /* rank correlation of prompt and output in the trace */
  double pearson;      /* linear correlation of prompt and output in the trace */
  struct dp_quantiles prompt, output, gap;
  const uint16_t (*joint)[DP_JOINT_N]; /* requests by sixteenth of the prompt (row) and of the output rank */
};

/** Number of tables, and one of them; NULL outside [0, n). */
int dp_token_tables_n(void);
const struct dp_token_tables *dp_token_tables_at(int index);

/** Table by name: azure_conv azure_code mooncake. Errors: DP_SCENARIO naming the nearest name and all names. */
enum dp_status dp_token_tables_find(const char *name, const struct dp_token_tables **out, struct dp_err *err);

/** Value at rank `u` in [0, 1], in the unit of the table. */
double dp_quantile(const struct dp_quantiles *quantiles, double u);

/** Mean of the quantile function: the sum of its trapezoids. */
double dp_quantile_mean(const struct dp_quantiles *quantiles);

#endif
