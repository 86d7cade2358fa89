/* tests/fuzz/input.h — the bytes of a fuzzer as a file that has a name: in memory only. Included by one file. */
#ifndef DP_FUZZ_INPUT_H
#define DP_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
  int fd;
  char path[32];
};

static inline struct input input_new(const uint8_t *data, size_t size) {
  struct input in = {.fd = memfd_create("input", MFD_CLOEXEC)};
  if (in.fd < 0) abort();
  for (size_t at = 0; at < size;) {
    const ssize_t n = write(in.fd, data + at, size - at);
    if (n <= 0) abort();
    at += (size_t)n;
  }
  snprintf(in.path, sizeof in.path, "/proc/self/fd/%d", in.fd);
  return in;
}

static inline void input_free(struct input *in) { close(in->fd); }

#endif
