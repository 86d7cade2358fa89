/* sim/base/memory.c — memory of arrays. */
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CAP_MIN 8

void *dp_zeros(size_t n, size_t size) {
  size_t bytes;
  return __builtin_mul_overflow(n ? n : 1, size, &bytes) ? NULL : calloc(bytes, 1);
}

char *dp_copy_text(const char *text) { return strdup(text); }

/* Pointers to any type have one form; memcpy reads it without naming the type. */
bool dp_array_resize(void *array, size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n ? n : 1, size, &bytes)) return false;
  void *old;
  memcpy(&old, array, sizeof old);
  void *grown = realloc(old, bytes);
  if (grown == NULL) return false;
  memcpy(array, &grown, sizeof grown);
  return true;
}

bool dp_array_grow(void *array, size_t *cap, size_t n, size_t size) {
  if (n < *cap) return true;
  const size_t more = n < CAP_MIN ? CAP_MIN : n > SIZE_MAX / 2 ? SIZE_MAX : 2 * n;
  if (!dp_array_resize(array, more, size)) return false;
  *cap = more;
  return true;
}
