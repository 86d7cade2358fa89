/* sim/output/pages.c — a sorted set of pages of a file. */
#include "output/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

void dp_pages_fini(struct dp_pages *set) {
  for (size_t i = 0; i < set->n; i++) free(set->pages[i].bytes);
  free(set->pages);
  *set = (struct dp_pages){0};
}

bool dp_pages_read_file(int fd, void *bytes, size_t size, uint64_t at) {
  size_t done = 0;
  while (done < size) {
    ssize_t n = pread(fd, (unsigned char *)bytes + done, size - done, (off_t)(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) break;
    done += (size_t)n;
  }
  memset((unsigned char *)bytes + done, 0, size - done);
  return true;
}

bool dp_pages_write_file(int fd, const void *bytes, size_t size, uint64_t at) {
  for (size_t done = 0; done < size;) {
    ssize_t n = pwrite(fd, (const unsigned char *)bytes + done, size - done, (off_t)(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) return false;
    done += (size_t)n;
  }
  return true;
}

/* Where page `index` is, or would be put. */
static size_t place_of(const struct dp_pages *set, uint64_t index) {
  size_t low = 0, high = set->n;
  if (high > 0 && set->pages[high - 1].index < index) return high; /* files grow at their end */
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (set->pages[middle].index < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* A page of zeros at its place; NULL when memory is out. */
static unsigned char *insert(struct dp_pages *set, size_t place, uint64_t index) {
  if (!dp_array_grow(&set->pages, &set->cap, set->n, sizeof *set->pages)) return NULL;
  unsigned char *bytes = dp_zeros(DP_PAGE_BYTES, 1);
  if (bytes == NULL) return NULL;
  memmove(&set->pages[place + 1], &set->pages[place], (set->n - place) * sizeof *set->pages);
  set->pages[place] = (struct dp_page){index, bytes};
  set->n++;
  return bytes;
}

bool dp_pages_put(struct dp_pages *set, int fd, const void *bytes, size_t size, uint64_t at) {
  for (size_t done = 0, n; done < size; done += n) {
    uint64_t index = (at + done) / DP_PAGE_BYTES;
    size_t inside = (size_t)((at + done) % DP_PAGE_BYTES), place = place_of(set, index);
    n = DP_PAGE_BYTES - inside < size - done ? DP_PAGE_BYTES - inside : size - done;
    if (place == set->n || set->pages[place].index != index) {
      unsigned char *fresh = insert(set, place, index);
      if (fresh == NULL) return false;
      if (n < DP_PAGE_BYTES && !dp_pages_read_file(fd, fresh, DP_PAGE_BYTES, index * DP_PAGE_BYTES)) return false;
    }
    memcpy(set->pages[place].bytes + inside, (const unsigned char *)bytes + done, n);
  }
  return true;
}

void dp_pages_cover(const struct dp_pages *set, void *bytes, size_t size, uint64_t at) {
  for (size_t i = place_of(set, at / DP_PAGE_BYTES); i < set->n; i++) {
    uint64_t first = set->pages[i].index * DP_PAGE_BYTES;
    if (first >= at + size) break;
    uint64_t from = first > at ? first : at, to = first + DP_PAGE_BYTES;
    if (to > at + size) to = at + size;
    memcpy((unsigned char *)bytes + (from - at), set->pages[i].bytes + (from - first), (size_t)(to - from));
  }
}

bool dp_pages_apply(const struct dp_pages *set, int fd, uint64_t end) {
  for (size_t i = 0; i < set->n; i++) {
    uint64_t first = set->pages[i].index * DP_PAGE_BYTES;
    if (first >= end) break;
    size_t n = end - first < DP_PAGE_BYTES ? (size_t)(end - first) : DP_PAGE_BYTES;
    if (!dp_pages_write_file(fd, set->pages[i].bytes, n, first)) return false;
  }
  return true;
}

enum dp_status dp_pages_pack(const struct dp_pages *set, struct dp_buffer *out, struct dp_err *err) {
  uint64_t n = set->n;
  DP_TRY(dp_buffer_append(out, &n, sizeof n, err));
  for (size_t i = 0; i < set->n; i++) {
    DP_TRY(dp_buffer_append(out, &set->pages[i].index, sizeof set->pages[i].index, err));
    DP_TRY(dp_buffer_append(out, set->pages[i].bytes, DP_PAGE_BYTES, err));
  }
  return DP_OK;
}

enum dp_status dp_pages_unpack(struct dp_pages *set, struct dp_reader *in, struct dp_err *err) {
  uint64_t n, index;
  DP_TRY(dp_reader_take(in, &n, sizeof n, err));
  for (uint64_t i = 0; i < n; i++) {
    DP_TRY(dp_reader_take(in, &index, sizeof index, err));
    if ((set->n > 0 && index <= set->pages[set->n - 1].index) || index > INT64_MAX / DP_PAGE_BYTES - 1)
      return dp_fail(err, DP_FORMAT, "pages of the result are damaged");
    unsigned char *bytes = insert(set, set->n, index);
    if (bytes == NULL) return dp_fail_nomem(err, "the output");
    DP_TRY(dp_reader_take(in, bytes, DP_PAGE_BYTES, err));
  }
  return DP_OK;
}
