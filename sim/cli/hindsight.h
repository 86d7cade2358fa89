/* sim/cli/hindsight.h — what a scenario knows that nobody could know on its `as_of` date.
 * Layer: cli. Not collective.
 *
 * Dates are read out of the texts that say where a value comes from: a year, a month ("2024-04", "April 2024") or a
 * day, or a rule whose date is known ("HIP-17"); the last day that is meant counts, so that a source of 2024 is listed
 * for every `as_of` before 2025. Looked at: parameters of models that have their default and a source (but for those
 * that say that it is a choice: "none", "assumption"); parameters of the scenario that have a date or a source and
 * their default; what presets of the library (core.fact) and depin.dated have said; dates that a model's inputs
 * declare; rows of data files with a column `date`. A value that the scenario gives without a source is its author's
 * choice. Where a source has no date, the input is listed as undated. Each text is "kind: name = value: date: source". */
#ifndef DP_CLI_HINDSIGHT_H
#define DP_CLI_HINDSIGHT_H

#include "script/scenario.h"

/** Two lists of texts; zeros are empty ones. */
struct dp_hindsight {
  char **items; /* [n] dated later */
  size_t n;
  char **undated; /* [undated_n] nobody can say */
  size_t undated_n;
};

/** Lists what is dated later than the scenario's `as_of`, and what has no date; nothing when the scenario has no as_of.
 *  DP_NOMEM. dp_hindsight_fini ends it. */
enum dp_status dp_hindsight_find(const struct dp_scenario *s, struct dp_hindsight *out, struct dp_err *err);
void dp_hindsight_fini(struct dp_hindsight *h);

/** Last day, as 10000 · year + 100 · month + day, of the latest date in a text; 0: there is none. */
int dp_hindsight_date(const char *text);

#endif
