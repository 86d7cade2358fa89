/* sim/script/match.h — Lua patterns with a budget of steps: the matcher, without the library functions.
 * Layer: script, inside. Functions may raise a Lua error. */
#ifndef DP_SCRIPT_MATCH_H
#define DP_SCRIPT_MATCH_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

#define DP_MATCH_CAPTURES_N 32
#define DP_MATCH_OPEN (-1)     /* length of a capture that has begun */
#define DP_MATCH_POSITION (-2) /* length of a capture "()" */

/** A pattern at work on a subject. Both are borrowed and need not end in NUL. */
struct dp_match {
  lua_State *L;
  const char *subject, *subject_end;
  const char *pattern_end;
  int64_t steps_left, steps_n;
  int depth; /* of recursion that is still allowed */
  int captures_n;
  struct {
    const char *start;
    ptrdiff_t len;
  } captures[DP_MATCH_CAPTURES_N];
};

/** Prepares `m`; the steps it may take are those of the host's limits. */
void dp_match_init(struct dp_match *m, lua_State *L, const char *subject, size_t subject_len, const char *pattern,
                   size_t pattern_len);

/** Matches `pattern` (a place inside the one given to dp_match_init, after any '^') at `at`.
 *  @return the end of the match, or NULL. Raises "pattern too costly", or what is wrong with the pattern. */
const char *dp_match_at(struct dp_match *m, const char *at, const char *pattern);

#endif
