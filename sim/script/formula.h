/* sim/script/formula.h — the models' formulas as functions: what depin.formula offers to scenarios and tests.
 * Layer: script. Not collective. Each calls the function that the model itself calls. */
#ifndef DP_SCRIPT_FORMULA_H
#define DP_SCRIPT_FORMULA_H

#include <stdbool.h>

#include "base/status.h"

#define DP_FORMULA_ARGS_MAX 8

/** A formula: an optional text first, then `arg_n` numbers, one number back. */
struct dp_formula {
  const char *name;
  const char *args; /* their names with units, for messages and help */
  bool takes_text;
  int arg_n;
  enum dp_status (*fn)(const char *text, const double *args, double *result, struct dp_err *err);
  const char *doc;
};

/** Ended by a row without a name. */
extern const struct dp_formula dp_formulas[];

#endif
