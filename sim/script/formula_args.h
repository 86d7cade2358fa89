/* sim/script/formula_args.h — how the functions of depin.formula read their arguments; shared by formula_*.c, nobody
 * else includes it. Layer: script. Everything here may raise a Lua error "depin.formula.group.name: argument 2 must …".
 *
 * A whole number is a Lua integer, a float without a fraction, or a decimal string; it is given back as a Lua
 * integer where the protocol's values fit 63 bits, else as a decimal string. */
#ifndef DP_SCRIPT_FORMULA_ARGS_H
#define DP_SCRIPT_FORMULA_ARGS_H

#include <lua.h>
#include <stdbool.h>

#include "base/status.h"
#include "base/wide.h"
#include "script/formula_groups.h"

/** A value of a call and what messages call it. */
struct dp_arg {
  lua_State *L;
  int index; /* on the stack */
  char what[56];
};

/** Argument `n`, from 1. */
struct dp_arg dp__arg(lua_State *L, int n);

/** Field `key` of the table that is argument 1; it stays on the stack. Absent: its index holds nil. */
struct dp_arg dp__arg_field(lua_State *L, const char *key);

/** Element `k`, from 1, of the list that is argument `n`; the caller pops it. */
struct dp_arg dp__arg_element(lua_State *L, int n, lua_Integer k);

/** Length of the list that is argument `n`; an error when it is no list or its length is outside [min, max]. */
size_t dp__arg_list(lua_State *L, int n, size_t min, size_t max);

/** Refuses a first argument that is no table, and keys that are not among `keys`, a list ended by NULL. */
void dp__arg_table(lua_State *L, const char *const *keys);

bool dp__arg_absent(struct dp_arg a);

/** A finite number in [min, max]; `above` one greater than `min`. */
double dp__arg_number(struct dp_arg a, double min, double max);
double dp__arg_above(struct dp_arg a, double min);

/** A whole number. */
int64_t dp__arg_int(struct dp_arg a, int64_t min, int64_t max);
dp_u128 dp__arg_u128(struct dp_arg a);
struct dp_u256 dp__arg_u256(struct dp_arg a);

/** "1.14" or 2 times 10^18; at most 18 decimals. */
dp_u128 dp__arg_decimal18(struct dp_arg a);

/** Numbers of the list that is argument `n`, in memory of the Lua state, which is left on the stack. */
double *dp__arg_numbers(lua_State *L, int n, size_t min, size_t max, size_t *count);

/** Raises "depin.formula.….: <a> must be <wanted>, got …". */
_Noreturn void dp__arg_refuse(struct dp_arg a, const char *wanted);

/** Raises the error of a domain function that failed. */
void dp__formula_try(lua_State *L, enum dp_status status, struct dp_err *err);

/* Results; each returns 1. A number that is not finite is an error. */
int dp__push_number(lua_State *L, double x);
int dp__push_int(lua_State *L, int64_t x);
int dp__push_u256(lua_State *L, struct dp_u256 x);
int dp__push_u128(lua_State *L, dp_u128 x);

#endif
