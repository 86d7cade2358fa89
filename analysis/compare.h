/* analysis/compare.h — two experiments side by side: which parameters differ, which key figures do, and whether chance
 * alone would explain it.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_COMPARE_H
#define DP_ANALYSIS_COMPARE_H

#include "analysis/result.h"

/** One experiment: results of runs that differ in their seed, [n] of them, the i-th of both sides with the same seed, so
 *  that they share their luck and differences are taken pair by pair. Borrowed. */
struct dp_compare_side {
  const char *label;
  struct dp_result **results;
};

enum dp_compare_verdict {
  DP_COMPARE_EQUAL,      /* every pair is equal */
  DP_COMPARE_HIGHER,     /* the second one, with 95 % confidence; of one pair: simply so */
  DP_COMPARE_LOWER,
  DP_COMPARE_UNRESOLVED, /* the interval of the difference holds 0 */
  DP_COMPARE_UNDEFINED,  /* not defined on one side, or not there */
};

/** A key figure on both sides. */
struct dp_compare_row {
  const char *name, *unit; /* borrowed from a result */
  double a, b;             /* means */
  double difference;       /* mean of b − a over pairs */
  double half_width;       /* of its 95 % interval, Student's t of paired differences; 0 for one pair */
  enum dp_compare_verdict verdict;
};

/** Rows of every key figure of either side, those of the first in its order, then those of the second alone.
 *  *out is malloc'ed, the caller frees it. */
enum dp_status dp_compare(const struct dp_compare_side sides[2], size_t n, struct dp_compare_row **out, size_t *row_n,
                          struct dp_err *err);

/** Appends "group name: value of a → value of b" for each parameter whose value differs between two results.
 *  @param count set to the number of lines */
enum dp_status dp_compare_parameters(struct dp_str *out, const struct dp_result *a, const struct dp_result *b,
                                     size_t *count, struct dp_err *err);

/** The whole comparison as text, JSON or CSV. */
enum dp_status dp_compare_print(struct dp_str *out, enum dp_text_format format, const struct dp_compare_side sides[2],
                                size_t n, struct dp_err *err);

/** "higher", "not resolved" … */
const char *dp_compare_verdict_text(enum dp_compare_verdict verdict);

#endif
