/* sim/engine/comm_null.c — the communicator of a serial run: one rank, no MPI. */
#include <stdlib.h>

#include "engine/comm.h"

static enum dp_status null_min_i64(struct dp_comm *c, int64_t *values, size_t n, struct dp_err *err) {
  (void)c, (void)values, (void)n, (void)err;
  return DP_OK;
}

static enum dp_status null_sum_i128(struct dp_comm *c, dp_i128 *values, size_t n, struct dp_err *err) {
  (void)c, (void)values, (void)n, (void)err;
  return DP_OK;
}

static enum dp_status null_sum_u64(struct dp_comm *c, uint64_t *values, size_t n, struct dp_err *err) {
  (void)c, (void)values, (void)n, (void)err;
  return DP_OK;
}

static enum dp_status null_gather(struct dp_comm *c, const struct dp_buffer *mine, struct dp_buffer *all,
                                  struct dp_err *err) {
  (void)c;
  all->len = 0;
  return dp_buffer_append(all, mine->data, mine->len, err);
}

static enum dp_status null_exchange(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in,
                                    struct dp_err *err) {
  (void)c;
  in->len = 0;
  if (out[0].len) return dp_fail(err, DP_INVARIANT, "a rank sends a message to itself");
  return DP_OK;
}

static enum dp_status null_meet(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in, int64_t *values,
                                size_t n, struct dp_err *err) {
  (void)values, (void)n;
  return null_exchange(c, out, in, err);
}

static enum dp_status null_broadcast(struct dp_comm *c, struct dp_buffer *bytes, struct dp_err *err) {
  (void)c, (void)bytes, (void)err;
  return DP_OK;
}

static enum dp_status null_barrier(struct dp_comm *c, struct dp_err *err) {
  (void)c, (void)err;
  return DP_OK;
}

static void null_abort(struct dp_comm *c, int exit_code) { (void)c, (void)exit_code; }

static void null_free(struct dp_comm *c) { free(c); }

static const struct dp_comm_ops null_ops = {
    .min_i64 = null_min_i64,
    .sum_i128 = null_sum_i128,
    .sum_u64 = null_sum_u64,
    .gather = null_gather,
    .exchange = null_exchange,
    .meet = null_meet,
    .broadcast = null_broadcast,
    .barrier = null_barrier,
    .abort = null_abort,
    .free = null_free,
};

enum dp_status dp_comm_null_new(struct dp_comm **out, struct dp_err *err) {
  struct dp_comm *c = malloc(sizeof *c);
  if (c == NULL) return dp_fail_nomem(err, "a communicator");
  *c = (struct dp_comm){.ops = &null_ops, .rank = 0, .rank_n = 1};
  *out = c;
  return DP_OK;
}
