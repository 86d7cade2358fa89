/* tests/fuzz/low_limits.h — Lua with low limits, so that loops end soon, and what leak checks pass over. Included by one file,
 * which is linked with -Wl,--wrap=dp_lua_new. */
#ifndef DP_FUZZ_LOW_LIMITS_H
#define DP_FUZZ_LOW_LIMITS_H

#include "script/sandbox.h"

enum dp_status __real_dp_lua_new(const struct dp_lua_limits *limits, struct dp_lua **out, struct dp_err *err);
enum dp_status __wrap_dp_lua_new(const struct dp_lua_limits *limits, struct dp_lua **out, struct dp_err *err);
const char *__lsan_default_suppressions(void);

/* What MPI keeps for the life of the program is not ours. */
const char *__lsan_default_suppressions(void) { return "leak:libmpi\nleak:libopen-\nleak:libhdf5\n"; }

enum dp_status __wrap_dp_lua_new(const struct dp_lua_limits *limits, struct dp_lua **out, struct dp_err *err) {
  const struct dp_lua_limits low = {.memory_bytes = 16u << 20, .load_instructions_n = 1000000,
                                    .call_instructions_n = 10000, .pattern_steps_n = 10000, .cpu_s = 2};
  (void)limits;
  return __real_dp_lua_new(&low, out, err);
}

#endif
