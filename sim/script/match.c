/* sim/script/match.c — Lua patterns as the manual of Lua 5.4 describes them (section 6.4.1), by backtracking as in
 * Lua's own lstrlib.c (MIT licence, Lua.org, PUC-Rio), whose messages and limits are kept. What is added is the count
 * of steps: stock matching runs in C, out of reach of hooks, and takes exponential time for patterns like
 * ("a?"):rep(30). */
#include "script/match.h"

#include <ctype.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "script/host.h"

#define DEPTH_MAX 200
#define ESCAPE '%'
#define CHARGE_STEPS_N 1024 /* steps between two payments to the instruction budget */
#define STEPS_PER_INSTRUCTION_N 4

static const char *match_here(struct dp_match *m, const char *s, const char *p);

void dp_match_init(struct dp_match *m, lua_State *L, const char *subject, size_t subject_len, const char *pattern,
                   size_t pattern_len) {
  m->L = L;
  m->subject = subject;
  m->subject_end = subject + subject_len;
  m->pattern_end = pattern + pattern_len;
  m->steps_left = m->steps_n = dp_lua_host(L)->limits.pattern_steps_n;
  m->depth = DEPTH_MAX;
  m->captures_n = 0;
}

static void step(struct dp_match *m) {
  if (m->steps_left-- <= 0)
    luaL_error(m->L, "pattern too costly (more than %I steps): write a simpler pattern or match a shorter text",
               (LUAI_UACINT)m->steps_n);
  if (m->steps_left % CHARGE_STEPS_N == 0) dp_lua_charge(m->L, CHARGE_STEPS_N / STEPS_PER_INSTRUCTION_N);
}

/* --- one character --- */

/* The end of the single-character item that begins at p. */
static const char *item_end(struct dp_match *m, const char *p) {
  char first = *p++;
  if (first == ESCAPE) {
    if (p == m->pattern_end) luaL_error(m->L, "malformed pattern (ends with '%%')");
    return p + 1;
  }
  if (first != '[') return p;
  if (p < m->pattern_end && *p == '^') p++;
  do { /* a ']' right after '[' or '[^' belongs to the set */
    if (p == m->pattern_end) luaL_error(m->L, "malformed pattern (missing ']')");
    char c = *p++;
    if (c == ESCAPE) {
      if (p == m->pattern_end) luaL_error(m->L, "malformed pattern (missing ']')");
      p++;
    }
  } while (p == m->pattern_end || *p != ']');
  return p + 1;
}

static bool in_class(int c, int class) {
  bool in;
  switch (tolower(class)) {
    case 'a': in = isalpha(c); break;
    case 'c': in = iscntrl(c); break;
    case 'd': in = isdigit(c); break;
    case 'g': in = isgraph(c); break;
    case 'l': in = islower(c); break;
    case 'p': in = ispunct(c); break;
    case 's': in = isspace(c); break;
    case 'u': in = isupper(c); break;
    case 'w': in = isalnum(c); break;
    case 'x': in = isxdigit(c); break;
    case 'z': in = c == 0; break; /* deprecated, still there in 5.4 */
    default: return class == c;
  }
  return isupper(class) ? !in : in;
}

/* Whether c is in the set from p ('[') to last (its ']'). */
static bool in_set(struct dp_match *m, int c, const char *p, const char *last) {
  bool found = true;
  if (p[1] == '^') {
    found = false;
    p++;
  }
  while (++p < last) {
    step(m);
    if (*p == ESCAPE) {
      p++;
      if (in_class(c, (unsigned char)*p)) return found;
    } else if (p[1] == '-' && p + 2 < last) {
      p += 2;
      if ((unsigned char)p[-2] <= c && c <= (unsigned char)*p) return found;
    } else if ((unsigned char)*p == c) {
      return found;
    }
  }
  return !found;
}

/* Whether the character at s matches the item [p, end). */
static bool matches_item(struct dp_match *m, const char *s, const char *p, const char *end) {
  step(m);
  if (s >= m->subject_end) return false;
  int c = (unsigned char)*s;
  switch (*p) {
    case '.': return true;
    case ESCAPE: return in_class(c, (unsigned char)p[1]);
    case '[': return in_set(m, c, p, end - 1);
    default: return (unsigned char)*p == c;
  }
}

/* --- repetition --- */

static const char *longest_first(struct dp_match *m, const char *s, const char *p, const char *end) {
  ptrdiff_t n = 0;
  while (matches_item(m, s + n, p, end)) n++;
  for (; n >= 0; n--) {
    const char *result = match_here(m, s + n, end + 1);
    if (result != NULL) return result;
  }
  return NULL;
}

static const char *shortest_first(struct dp_match *m, const char *s, const char *p, const char *end) {
  for (;; s++) {
    const char *result = match_here(m, s, end + 1);
    if (result != NULL) return result;
    if (!matches_item(m, s, p, end)) return NULL;
  }
}

/* --- captures, %b, %f --- */

static const char *open_capture(struct dp_match *m, const char *s, const char *p, ptrdiff_t len) {
  if (m->captures_n >= DP_MATCH_CAPTURES_N) luaL_error(m->L, "too many captures");
  m->captures[m->captures_n].start = s;
  m->captures[m->captures_n].len = len;
  m->captures_n++;
  const char *result = match_here(m, s, p);
  if (result == NULL) m->captures_n--;
  return result;
}

static const char *close_capture(struct dp_match *m, const char *s, const char *p) {
  int i = m->captures_n - 1;
  while (i >= 0 && m->captures[i].len != DP_MATCH_OPEN) i--;
  if (i < 0) luaL_error(m->L, "invalid pattern capture");
  m->captures[i].len = s - m->captures[i].start;
  const char *result = match_here(m, s, p);
  if (result == NULL) m->captures[i].len = DP_MATCH_OPEN;
  return result;
}

/* The end of the text that capture `digit` holds, when it stands at s. */
static const char *match_back(struct dp_match *m, const char *s, int digit) {
  int i = digit - '1';
  if (i < 0 || i >= m->captures_n || m->captures[i].len == DP_MATCH_OPEN)
    luaL_error(m->L, "invalid capture index %%%d", i + 1);
  if (m->captures[i].len == DP_MATCH_POSITION) return NULL;
  size_t len = (size_t)m->captures[i].len;
  for (size_t paid = 0; paid < len; paid += 64) step(m);
  if ((size_t)(m->subject_end - s) < len || memcmp(m->captures[i].start, s, len) != 0) return NULL;
  return s + len;
}

/* The end of the balanced text "%bxy" at s; p is at x. */
static const char *match_balance(struct dp_match *m, const char *s, const char *p) {
  if (p >= m->pattern_end - 1) luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
  if (s >= m->subject_end || *s != p[0]) return NULL;
  for (size_t open = 1; ++s < m->subject_end;) {
    step(m);
    if (*s == p[1]) {
      if (--open == 0) return s + 1;
    } else if (*s == p[0]) {
      open++;
    }
  }
  return NULL;
}

/* Whether s is a frontier of the set [p, end): the character before is outside, the one at s inside. Ends are NUL. */
static bool at_frontier(struct dp_match *m, const char *s, const char *p, const char *end) {
  int before = s == m->subject ? 0 : (unsigned char)s[-1], here = s == m->subject_end ? 0 : (unsigned char)*s;
  return !in_set(m, before, p, end - 1) && in_set(m, here, p, end - 1);
}

/* --- the pattern --- */

/* The item at *p with its suffix at *s. @return true with *s and *p moved on when matching goes on there; false when *s
 * is the result. */
static bool match_item(struct dp_match *m, const char **s, const char **p) {
  const char *end = item_end(m, *p);
  char suffix = end < m->pattern_end ? *end : '\0';
  if (suffix == '*' || suffix == '+') {
    if (suffix == '+' && !matches_item(m, (*s)++, *p, end))
      *s = NULL;
    else
      *s = longest_first(m, *s, *p, end);
    return false;
  }
  if (suffix == '-') {
    *s = shortest_first(m, *s, *p, end);
    return false;
  }
  bool matched = matches_item(m, *s, *p, end);
  if (suffix == '?') {
    const char *result = matched ? match_here(m, *s + 1, end + 1) : NULL;
    *p = end + 1;
    if (result != NULL) *s = result;
    return result == NULL;
  }
  *s = matched ? *s + 1 : NULL;
  *p = end;
  return matched;
}

/* %b, %f and %1…%9 at *p. @return true with *s and *p moved on; false when there is no match. */
static bool match_special(struct dp_match *m, const char **s, const char **p) {
  const char *at = *p;
  switch (at[1]) {
    case 'b':
      *s = match_balance(m, *s, at + 2);
      *p = at + 4;
      return *s != NULL;
    case 'f': {
      at += 2;
      if (at == m->pattern_end || *at != '[') luaL_error(m->L, "missing '[' after '%%f' in pattern");
      *p = item_end(m, at);
      return at_frontier(m, *s, at, *p);
    }
    default:
      *s = match_back(m, *s, (unsigned char)at[1]);
      *p = at + 2;
      return *s != NULL;
  }
}

static bool is_special(const struct dp_match *m, const char *p) {
  return *p == ESCAPE && p + 1 < m->pattern_end && (p[1] == 'b' || p[1] == 'f' || isdigit((unsigned char)p[1]));
}

static const char *match_here(struct dp_match *m, const char *s, const char *p) {
  if (m->depth-- == 0) luaL_error(m->L, "pattern too complex");
  bool on = true;
  while (on && p < m->pattern_end) {
    step(m);
    if (*p == '(') {
      bool position = p + 1 < m->pattern_end && p[1] == ')';
      s = position ? open_capture(m, s, p + 2, DP_MATCH_POSITION) : open_capture(m, s, p + 1, DP_MATCH_OPEN);
      on = false;
    } else if (*p == ')') {
      s = close_capture(m, s, p + 1);
      on = false;
    } else if (*p == '$' && p + 1 == m->pattern_end) {
      if (s != m->subject_end) s = NULL;
      on = false;
    } else if (is_special(m, p)) {
      on = match_special(m, &s, &p);
      if (!on) s = NULL;
    } else {
      on = match_item(m, &s, &p);
    }
  }
  m->depth++;
  return s;
}

const char *dp_match_at(struct dp_match *m, const char *at, const char *pattern) {
  m->captures_n = 0;
  m->depth = DEPTH_MAX;
  return match_here(m, at, pattern);
}
