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

/** Whether each pair has one seed: otherwise their differences hold luck too. */
bool dp_compare_shares_luck(const struct dp_compare_side sides[2], size_t n);

struct dp_bands; /* analysis/compare_bands.h */

/** The comparison as text, JSON or CSV (key figures alone: dp_bands_csv gives the other table). */
enum dp_status dp_compare_print(struct dp_str *out, enum dp_text_format format, const struct dp_compare_side sides[2],
                                size_t n, const struct dp_bands *bands, struct dp_err *err);

/** Appends it as one HTML page: what differs, key figures with intervals and verdicts, and over time the bands of both
 *  beside the band of their difference. */
enum dp_status dp_compare_page(struct dp_str *out, const struct dp_compare_side sides[2], size_t n,
                               const struct dp_bands *bands, struct dp_err *err);

/** b − a as a share of a: "+3.1 %"; "-" when it has none. @return buf or "-" */
const char *dp_compare_share(const struct dp_compare_row *row, char buf[32]);

/** "higher", "not resolved" … */
const char *dp_compare_verdict_text(enum dp_compare_verdict verdict);

#endif
