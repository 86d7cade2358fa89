/* sim/base/str.c — growable text and "did you mean". */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void dp_str_init(struct dp_str *s) { *s = (struct dp_str){0}; }

void dp_str_fini(struct dp_str *s) {
  free(s->data);
  dp_str_init(s);
}

void dp_str_clear(struct dp_str *s) {
  s->len = 0;
  if (s->data != NULL) s->data[0] = '\0';
}

/* Makes room for `more` bytes and the NUL; false, and failed for good, when there is none. */
static bool reserve(struct dp_str *s, size_t more) {
  if (s->failed) return false;
  if (s->data != NULL && more < s->cap - s->len) return true;
  if (more > SIZE_MAX / 4 || s->len > SIZE_MAX / 4) {
    s->failed = true;
    return false;
  }
  size_t cap = s->cap < 64 ? 64 : s->cap;
  while (cap <= s->len + more) cap *= 2;
  char *data = realloc(s->data, cap);
  if (data == NULL) {
    s->failed = true;
    return false;
  }
  s->data = data;
  s->cap = cap;
  return true;
}

void dp_str_append_n(struct dp_str *s, const void *bytes, size_t n) {
  if (!reserve(s, n)) return;
  if (n > 0) memcpy(s->data + s->len, bytes, n);
  s->len += n;
  s->data[s->len] = '\0';
}

void dp_str_append(struct dp_str *s, const char *text) { dp_str_append_n(s, text, strlen(text)); }

void dp_str_vprintf(struct dp_str *s, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  if (n < 0) s->failed = true;
  if (n >= 0 && reserve(s, (size_t)n)) {
    vsnprintf(s->data + s->len, (size_t)n + 1, format, again);
    s->len += (size_t)n;
  }
  va_end(again);
}

void dp_str_printf(struct dp_str *s, const char *format, ...) {
  va_list args;
  va_start(args, format);
  dp_str_vprintf(s, format, args);
  va_end(args);
}

const char *dp_str_text(const struct dp_str *s) { return s->data == NULL ? "" : s->data; }

char *dp_str_steal(struct dp_str *s) {
  reserve(s, 0);
  if (s->failed) {
    dp_str_fini(s);
    return NULL;
  }
  s->data[s->len] = '\0';
  char *data = s->data;
  dp_str_init(s);
  return data;
}

/* ---- XML ---- */

/* Bytes of the UTF-8 sequence at `c`, its character in *code; 0 when there is none. */
static size_t decode(const unsigned char *c, uint32_t *code) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* shorter forms are the only right ones below */
  const size_t n = c[0] < 0x80 ? 1 : c[0] < 0xc0 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf8 ? 4 : 0;
  if (n < 2) {
    *code = c[0];
    return n;
  }
  *code = c[0] & (0x7fu >> n);
  for (size_t i = 1; i < n; i++) { /* the NUL at the end is no continuation */
    if ((c[i] & 0xc0) != 0x80) return 0;
    *code = *code << 6 | (c[i] & 0x3fu);
  }
  return *code >= least[n] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff) ? n : 0;
}

void dp_str_xml(struct dp_str *s, const char *text) {
  static const char special[] = "<>&\"'\t\n\r";
  static const char *const written[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;", "&#9;", "&#10;", "&#13;"};
  for (const unsigned char *c = (const unsigned char *)text; *c;) {
    uint32_t code;
    const size_t n = decode(c, &code);
    const char *found = n == 1 ? strchr(special, *c) : NULL;
    if (found) dp_str_append(s, written[found - special]);
    else if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff)
      dp_str_append(s, "\xef\xbf\xbd");
    else dp_str_append_n(s, c, n);
    c += n ? n : 1;
  }
}

/* ---- did you mean ---- */

#define SUGGEST_LEN_MAX 96 /* longer names are compared by prefix only */

static unsigned char fold(char c) {
  unsigned char u = (unsigned char)c;
  return u >= 'A' && u <= 'Z' ? (unsigned char)(u + ('a' - 'A')) : u;
}

/* Optimal string alignment distance (Damerau–Levenshtein without overlapping edits), three rows at a time. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len) {
  size_t rows[3][SUGGEST_LEN_MAX + 1];
  size_t *before = rows[0], *previous = rows[1], *current = rows[2];
  memset(rows, 0, sizeof rows);
  for (size_t j = 0; j <= b_len; j++) previous[j] = j;
  for (size_t i = 1; i <= a_len; i++) {
    current[0] = i;
    for (size_t j = 1; j <= b_len; j++) {
      size_t best = previous[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));
      if (previous[j] + 1 < best) best = previous[j] + 1;
      if (current[j - 1] + 1 < best) best = current[j - 1] + 1;
      bool swapped = i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]);
      if (swapped && before[j - 2] + 1 < best) best = before[j - 2] + 1;
      current[j] = best;
    }
    size_t *oldest = before;
    before = previous;
    previous = current;
    current = oldest;
  }
  return previous[b_len];
}

/* The only name that begins with `wrong`, or NULL. */
static const char *only_completion(const char *wrong, size_t len, const char *const *names, size_t n) {
  const char *found = NULL;
  for (size_t i = 0; len >= 3 && i < n; i++) {
    if (names[i] == NULL || strncasecmp(names[i], wrong, len) != 0) continue;
    if (found != NULL) return NULL;
    found = names[i];
  }
  return found;
}

const char *dp_str_suggest(const char *wrong, const char *const *names, size_t n) {
  size_t len = strlen(wrong);
  const char *best = NULL;
  size_t best_distance = 2 + len / 4; /* one more than allowed */
  if (best_distance > len) best_distance = len;
  for (size_t i = 0; len <= SUGGEST_LEN_MAX && i < n; i++) {
    size_t name_len = names[i] == NULL ? SIZE_MAX : strlen(names[i]);
    if (name_len > SUGGEST_LEN_MAX) continue;
    size_t d = distance(wrong, len, names[i], name_len);
    if (d >= best_distance) continue;
    best_distance = d;
    best = names[i];
  }
  return best != NULL ? best : only_completion(wrong, len, names, n);
}
