/* sim/cli/hindsight.h — what a scenario knows that nobody could know on its `as_of` date.
 * Layer: cli. Not collective.
 *
 * Dates are read out of the texts that say where a value comes from: a year, a month ("2024-04", "April 2024") or a day;
 * the last day that is meant counts, so that a source of 2024 is listed for every `as_of` before 2025. Looked at: sources of
 * parameters that have their default (but for those that say "none"),
 * dates that a model's inputs declare, comments of the library's presets that the
 * scenario names, and rows of data files with a column `date`. A value that the scenario itself gives has no source: it is
 * the author's. */
#ifndef DP_CLI_HINDSIGHT_H
#define DP_CLI_HINDSIGHT_H

#include "script/scenario.h"

/** A list of texts; zeros are an empty one. */
struct dp_hindsight {
  char **items; /* [n] */
  size_t n;
};

/** Lists what is dated later than the scenario's `as_of`; nothing when it has none. DP_NOMEM. dp_hindsight_fini ends it. */
enum dp_status dp_hindsight_find(const struct dp_scenario *s, struct dp_hindsight *out, struct dp_err *err);
void dp_hindsight_fini(struct dp_hindsight *h);

/** Last day, as 10000 · year + 100 · month + day, of the latest date in a text; 0: there is none. */
int dp_hindsight_date(const char *text);

#endif
