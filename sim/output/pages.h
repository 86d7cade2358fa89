/* sim/output/pages.h — pieces of a file that are held in memory, over what is on the disk.
 * Layer: output. Not collective. */
#ifndef DP_OUTPUT_PAGES_H
#define DP_OUTPUT_PAGES_H

#include <stdbool.h>

#include "engine/pack.h"

#define DP_PAGE_BYTES 1024

struct dp_page {
  uint64_t index; /* the page begins at index * DP_PAGE_BYTES of the file */
  unsigned char *bytes;
};

/** Pages by index. Zero is a valid empty set. */
struct dp_pages {
  struct dp_page *pages; /* [n] */
  size_t n, cap;
};

void dp_pages_fini(struct dp_pages *set);

/** Reads `size` bytes of a file at `at`; zeros beyond its end. False with errno on failure. */
bool dp_pages_read_file(int fd, void *bytes, size_t size, uint64_t at);

/** Writes `size` bytes at `at`. False with errno on failure. */
bool dp_pages_write_file(int fd, const void *bytes, size_t size, uint64_t at);

/** Lays bytes over the file: a page that is touched first is read from `fd`. False with errno on failure. */
bool dp_pages_put(struct dp_pages *set, int fd, const void *bytes, size_t size, uint64_t at);

/** Lays the pages over bytes that were read from the file. */
void dp_pages_cover(const struct dp_pages *set, void *bytes, size_t size, uint64_t at);

/** Writes all pages to the file, nothing beyond `end`. False with errno on failure. */
bool dp_pages_apply(const struct dp_pages *set, int fd, uint64_t end);

/** Number, indices and bytes. */
enum dp_status dp_pages_pack(const struct dp_pages *set, struct dp_buffer *out, struct dp_err *err);

/** Into an empty set. DP_FORMAT when the bytes are no pages in order. */
enum dp_status dp_pages_unpack(struct dp_pages *set, struct dp_reader *in, struct dp_err *err);

#endif
