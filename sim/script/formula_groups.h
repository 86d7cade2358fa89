/* sim/script/formula_groups.h — the mechanisms as functions of scenarios: depin.formula.<group>.<name>.
 * Layer: script. Not collective. Each calls the domain's own function. */
#ifndef DP_SCRIPT_FORMULA_GROUPS_H
#define DP_SCRIPT_FORMULA_GROUPS_H

#include <lua.h>

/** A mechanism in Lua. */
struct dp_formula_entry {
  const char *name; /* "group.name" */
  int arg_min, arg_max;
  lua_CFunction fn;
  const char *args; /* for messages */
};

/* Each list ends with a row without a name; rows of one group stand together. */
extern const struct dp_formula_entry dp__formulas_ledger[];  /* formula_ledger.c: networks' emission and burns */
extern const struct dp_formula_entry dp__formulas_amm[];     /* formula_amm.c: chains' fees, exchanges */
extern const struct dp_formula_entry dp__formulas_finance[]; /* formula_finance.c: finance, privacy, growth */

/** Sets a field for each group, a table of functions with "did you mean", in the table on top of the stack.
 *  @param space C function (name, table) → table, in which a wrong name is an error. */
void dp__formula_open_groups(lua_State *L, lua_CFunction space);

#endif
