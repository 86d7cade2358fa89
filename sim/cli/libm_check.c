/* sim/cli/libm_check.c — the fixed table and its comparison. */
#include "cli/libm_check.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"

#define ARGUMENTS 256
#define HOST_TEXT 64

static double (*const functions[])(double) = {log, exp, log1p, expm1, sin, cos, tanh, cbrt, lgamma};

static uint64_t table_hash(void) {
  uint64_t hash = 0, bits;
  for (int i = 1; i <= ARGUMENTS; i++) {
    volatile double x = i * 0.0625 + i * i * 1e-5; /* not known to the compiler: the library is asked */
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
      double y = functions[f](x);
      memcpy(&bits, &y, sizeof bits);
      hash = dp_hash_mix(hash, bits);
    }
    double y = pow(x, 1.0 + x / 7);
    memcpy(&bits, &y, sizeof bits);
    hash = dp_hash_mix(hash, bits);
  }
  return hash;
}

struct entry {
  uint64_t hash;
  char host[HOST_TEXT];
};

/* Names the hosts of each hash, once. */
static enum dp_status differ(const struct entry *entries, size_t n, struct dp_err *err) {
  struct dp_str text = {0};
  for (size_t i = 0; i < n; i++) {
    bool known = false;
    for (size_t j = 0; j < i; j++)
      known |= entries[j].hash == entries[i].hash && strcmp(entries[j].host, entries[i].host) == 0;
    if (!known) dp_str_printf(&text, "%s%s: %016" PRIx64, text.len ? ", " : "", entries[i].host, entries[i].hash);
  }
  enum dp_status status = dp_fail(err, DP_FAILED,
                                  "the mathematical library differs between hosts, so results would depend on them "
                                  "(%s); run on machines of one kind",
                                  dp_str_text(&text));
  dp_str_fini(&text);
  return status;
}

enum dp_status dp_libm_check(struct dp_comm *comm, uint64_t *hash, struct dp_err *err) {
  *hash = table_hash();
  if (comm->rank_n == 1) return DP_OK;
  struct entry mine = {.hash = *hash};
  gethostname(mine.host, sizeof mine.host - 1);
  struct dp_buffer out = {0}, all = {0};
  enum dp_status status = dp_comm_agree(comm, dp_buffer_append(&out, &mine, sizeof mine, err), err);
  if (status == DP_OK) status = dp_comm_gather(comm, &out, &all, err);
  if (status == DP_OK) {
    const struct entry *entries = (const void *)all.data;
    for (int r = 0; r < comm->rank_n && status == DP_OK; r++)
      if (entries[r].hash != entries[0].hash) status = differ(entries, (size_t)comm->rank_n, err);
    status = dp_comm_agree(comm, status, err);
  }
  dp_buffer_fini(&out);
  dp_buffer_fini(&all);
  return status;
}
