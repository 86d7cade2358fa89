/* sim/ledger/curve.h — amounts over time from a table of the scenario's or a CSV file: custom emissions and unlocks.
 * Layer: domain. Not collective. A zeroed curve is empty; dp_curve_free ends it. */
#ifndef DP_LEDGER_CURVE_H
#define DP_LEDGER_CURVE_H

#include <stddef.h>

#include "base/status.h"
#include "base/wide.h"
#include "engine/time.h"

/** Cumulative base units at rising times; neither ever falls. Owns its arrays. */
struct dp_curve {
  dp_time *at_ns;  /* [n] */
  dp_i128 *amount; /* [n] */
  size_t n, room;
};

/** Adds a point: `tokens` in all from `day` on. DP_SCENARIO, naming the day and what is wrong with it: days must be at
 *  least 0 and rise, amounts must not fall and must fit 126 bits. */
enum dp_status dp_curve_add(struct dp_curve *curve, double day, double tokens, int64_t decimals, struct dp_err *err);

/** Adds a step: `amount` ≥ 0 base units more from `day` on; the same day may come again. */
enum dp_status dp_curve_step(struct dp_curve *curve, double day, dp_i128 amount, struct dp_err *err);

void dp_curve_free(struct dp_curve *curve);

/** Straight lines from point to point, from (0, 0) to the first, and flat after the last; floored. t ≥ 0. */
dp_i128 dp_curve_line(const struct dp_curve *curve, dp_time t_ns);

/** The amount of the last point at or before t; 0 before the first. */
dp_i128 dp_curve_stair(const struct dp_curve *curve, dp_time t_ns);

/** The amount of the last point; 0 for an empty curve. */
dp_i128 dp_curve_total(const struct dp_curve *curve);

/** Reads columns `day` and `tokens` (cumulative) of a CSV file. Errors as dp_csv_open and dp_curve_add, with file and
 *  line. */
enum dp_status dp_curve_read(const char *path, int64_t decimals, struct dp_curve *curve, struct dp_err *err);

/** A file of unlocks and whose rows are wanted. */
struct dp_unlock_file {
  const char *path;
  const char *class_name;
  const char *const *classes; /* [class_n] all that may occur */
  size_t class_n;
  int64_t decimals;
  dp_i128 genesis;
};

/** Reads one class's unlocks: columns `class`, `day` and either `amount` (tokens) or `share` (of `genesis`), each row so
 *  much more. Rows of one class must be in the order of their days. DP_FORMAT, with file and line, for a class that is
 *  not among `classes`, and when no row is of the class. */
enum dp_status dp_curve_read_unlocks(const struct dp_unlock_file *file, struct dp_curve *curve, struct dp_err *err);

#endif
