/* sim/script/limits.h — memory, instructions, CPU time and pattern steps that a script may use.
 * Layer: script. Not collective.
 *
 * Four guards, because none of them sees everything:
 *   memory        the allocator of the Lua state refuses to go over the limit;
 *   instructions  a count hook; library functions that work in C pay for their loops with dp_lua_charge;
 *   pattern steps the sandbox's own pattern matcher counts (sim/script/pattern.c);
 *   CPU time      a timer on the CPU clock of the thread compares the number of the running call at each tick, so that
 * a call costs no system call. It catches what is left: few instructions with much work in each. A limit that was met
 * cannot be caught by the script: pcall raises it again, and the hook raises on each line. */
#ifndef DP_SCRIPT_LIMITS_H
#define DP_SCRIPT_LIMITS_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

/** Limits of one host; a field that is 0 takes the default. */
struct dp_lua_limits {
  size_t memory_bytes;         /* of the whole Lua state; default 256 MiB */
  int64_t load_instructions_n; /* of loading a file with all that it requires; default 10^9 */
  int64_t call_instructions_n; /* of one callback; default 10^7 */
  int64_t pattern_steps_n;     /* of one pattern function; default 10^7 */
  double cpu_s;                /* of one call from C, loading included; default 5 */
};

/** Takes `n` instructions from the budget of the running call; a C function called by a script pays so for a loop whose
 *  length the script decides. Raises a Lua error, which no pcall catches, when the budget is used up. */
void dp_lua_charge(lua_State *L, uint64_t n);

#endif
