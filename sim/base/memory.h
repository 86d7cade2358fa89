/* sim/base/memory.h — memory of arrays: their sizes cannot overflow, and none of them has no bytes.
 * Layer: base. Not collective. */
#ifndef DP_BASE_MEMORY_H
#define DP_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/** n elements of `size` bytes, all zero; one element for n = 0. NULL when memory is out; free() frees it. */
void *dp_zeros(size_t n, size_t size);

/** Makes an array longer or shorter: `array` is the address of the pointer to its elements of `size` bytes, which may be
 *  NULL. New elements have no value. False, and nothing is changed, when memory is out. */
bool dp_array_resize(void *array, size_t n, size_t size);

/** Room for one element more than the `n` that are there; `*cap`, how many there is room for, doubles when it is used
 *  up. False, and nothing is changed, when memory is out. */
bool dp_array_grow(void *array, size_t *cap, size_t n, size_t size);

/** A copy of a text. NULL when memory is out; free() frees it. */
char *dp_copy_text(const char *text);

#endif
