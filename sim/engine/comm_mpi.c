/* sim/engine/comm_mpi.c — the communicator over MPI: reductions, bytes, exchange, life. */
#include "engine/comm_mpi.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum dp_status dp__mpi_check(int code, const char *what, struct dp_err *err) {
  if (code == MPI_SUCCESS) return DP_OK;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  return dp_fail(err, DP_FAILED, "MPI: %s failed: %s", what, text);
}

static void add_i128(void *in, void *inout, int *n, MPI_Datatype *type) {
  (void)type;
  for (int i = 0; i < *n; i++) {
    dp_u128 a, b;
    memcpy(&a, (char *)in + (size_t)i * sizeof a, sizeof a);
    memcpy(&b, (char *)inout + (size_t)i * sizeof b, sizeof b);
    b += a;
    memcpy((char *)inout + (size_t)i * sizeof b, &b, sizeof b);
  }
}

/* ---- reductions ---- */

static enum dp_status reduce(struct dp_comm *c, void *values, size_t n, MPI_Datatype type, MPI_Op op,
                             struct dp_err *err) {
  if (n > INT_MAX) return dp_fail(err, DP_RANGE, "a reduction of %zu values is too long (at most %d)", n, INT_MAX);
  return dp__mpi_check(MPI_Allreduce(MPI_IN_PLACE, values, (int)n, type, op, dp__mpi_of(c)->comm), "a reduction", err);
}

static enum dp_status mpi_min_i64(struct dp_comm *c, int64_t *values, size_t n, struct dp_err *err) {
  return reduce(c, values, n, MPI_INT64_T, MPI_MIN, err);
}

static enum dp_status mpi_sum_i128(struct dp_comm *c, dp_i128 *values, size_t n, struct dp_err *err) {
  return reduce(c, values, n, dp__mpi_of(c)->i128, dp__mpi_of(c)->sum_i128, err);
}

static enum dp_status mpi_sum_u64(struct dp_comm *c, uint64_t *values, size_t n, struct dp_err *err) {
  return reduce(c, values, n, MPI_UINT64_T, MPI_SUM, err);
}

/* ---- bytes ---- */

enum dp_status dp__mpi_reserve(struct dp_buffer *b, size_t cap, struct dp_err *err) {
  if (cap <= b->cap) return DP_OK;
  unsigned char *grown = realloc(b->data, cap);
  if (grown == NULL) return dp_fail_nomem(err, "a message buffer");
  b->data = grown;
  b->cap = cap;
  return DP_OK;
}

static enum dp_status broadcast_bytes(struct dp_comm *c, unsigned char *data, size_t len, int root,
                                      struct dp_err *err) {
  for (size_t at = 0; at < len; at += DP_MPI_PIECE_BYTES) {
    size_t piece = len - at < DP_MPI_PIECE_BYTES ? len - at : DP_MPI_PIECE_BYTES;
    DP_MPI_TRY(MPI_Bcast(data + at, (int)piece, MPI_BYTE, root, dp__mpi_of(c)->comm), "a broadcast", err);
  }
  return DP_OK;
}

static enum dp_status mpi_broadcast(struct dp_comm *c, struct dp_buffer *bytes, struct dp_err *err) {
  uint64_t len = bytes->len;
  DP_MPI_TRY(MPI_Bcast(&len, 1, MPI_UINT64_T, 0, dp__mpi_of(c)->comm), "a broadcast", err);
  DP_TRY(dp__mpi_reserve(bytes, len, err));
  bytes->len = len;
  return broadcast_bytes(c, bytes->data, len, 0, err);
}

/* More bytes than an int can address: every rank broadcasts its part. */
static enum dp_status gather_large(struct dp_comm *c, const struct dp_buffer *mine, struct dp_buffer *all,
                                   struct dp_err *err) {
  size_t at = 0;
  for (int r = 0; r < c->rank_n; r++) {
    size_t len = dp__mpi_of(c)->sizes[r];
    if (r == c->rank && len) memcpy(all->data + at, mine->data, len);
    DP_TRY(broadcast_bytes(c, all->data + at, len, r, err));
    at += len;
  }
  return DP_OK;
}

static enum dp_status mpi_gather(struct dp_comm *c, const struct dp_buffer *mine, struct dp_buffer *all,
                                 struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  uint64_t len = mine->len;
  DP_MPI_TRY(MPI_Allgather(&len, 1, MPI_UINT64_T, m->sizes, 1, MPI_UINT64_T, m->comm), "a gather", err);
  size_t total = 0;
  for (int r = 0; r < c->rank_n; r++) total += m->sizes[r];
  DP_TRY(dp__mpi_reserve(all, total, err));
  all->len = total;
  if (total == 0) return DP_OK;
  if (total > INT_MAX) return gather_large(c, mine, all, err);
  int *counts = m->counts, *places = m->counts + c->rank_n, at = 0;
  for (int r = 0; r < c->rank_n; r++) {
    counts[r] = (int)m->sizes[r];
    places[r] = at;
    at += counts[r];
  }
  return dp__mpi_check(MPI_Allgatherv(mine->data, (int)len, MPI_BYTE, all->data, counts, places, MPI_BYTE, m->comm),
                   "a gather", err);
}

/* ---- exchange ---- */

MPI_Request *dp__mpi_next_request(struct dp_mpi *m) {
  if (!dp_array_grow(&m->requests, &m->request_cap, m->request_n, sizeof *m->requests)) return NULL;
  MPI_Request *request = &m->requests[m->request_n++];
  *request = MPI_REQUEST_NULL;
  return request;
}

/* Starts sending (or receiving) `len` bytes in pieces; pieces between two ranks keep their order. */
static enum dp_status start_pieces(struct dp_comm *c, unsigned char *data, size_t len, int peer, bool sending,
                                   struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  for (size_t at = 0; at < len; at += DP_MPI_PIECE_BYTES) {
    int piece = (int)(len - at < DP_MPI_PIECE_BYTES ? len - at : DP_MPI_PIECE_BYTES);
    MPI_Request *request = dp__mpi_next_request(m);
    if (request == NULL) return dp_fail_nomem(err, "MPI requests");
    DP_MPI_TRY(sending ? MPI_Isend(data + at, piece, MPI_BYTE, peer, DP_MPI_TAG_EVENTS, m->comm, request)
                    : MPI_Irecv(data + at, piece, MPI_BYTE, peer, DP_MPI_TAG_EVENTS, m->comm, request),
            sending ? "a send" : "a receive", err);
    if (sending) dp__mpi_count(c, (size_t)piece);
  }
  return DP_OK;
}

static enum dp_status mpi_exchange(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in,
                                   struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  size_t *to = m->sizes, *from = m->sizes + c->rank_n, total = 0;
  in->len = 0;
  if (out[c->rank].len) return dp_fail(err, DP_INVARIANT, "a rank sends a message to itself");
  for (int r = 0; r < c->rank_n; r++) to[r] = out[r].len;
  DP_MPI_TRY(MPI_Alltoall(to, 1, MPI_UINT64_T, from, 1, MPI_UINT64_T, m->comm), "an exchange of sizes", err);
  for (int r = 0; r < c->rank_n; r++) total += from[r];
  DP_TRY(dp__mpi_reserve(in, total, err));
  in->len = total;
  m->request_n = 0;
  size_t at = 0;
  for (int r = 0; r < c->rank_n; r++) {
    DP_TRY(start_pieces(c, in->data + at, from[r], r, false, err));
    at += from[r];
  }
  for (int r = 0; r < c->rank_n; r++) DP_TRY(start_pieces(c, out[r].data, to[r], r, true, err));
  if (m->request_n)
    DP_MPI_TRY(MPI_Waitall((int)m->request_n, m->requests, MPI_STATUSES_IGNORE), "an exchange of events", err);
  for (int r = 0; r < c->rank_n; r++) out[r].len = 0;
  return DP_OK;
}

/* ---- life ---- */

static enum dp_status mpi_barrier(struct dp_comm *c, struct dp_err *err) {
  return dp__mpi_check(MPI_Barrier(dp__mpi_of(c)->comm), "a barrier", err);
}

/* A group takes the others with it: they would wait for it. */
static void mpi_abort(struct dp_comm *c, int exit_code) {
  (void)c;
  MPI_Abort(MPI_COMM_WORLD, exit_code);
}

static void mpi_free(struct dp_comm *c) {
  struct dp_mpi *m = dp__mpi_of(c);
  if (m->sum_i128 != MPI_OP_NULL) MPI_Op_free(&m->sum_i128);
  if (m->i128 != MPI_DATATYPE_NULL) MPI_Type_free(&m->i128);
  if (m->comm != MPI_COMM_NULL) MPI_Comm_free(&m->comm);
  if (m->finalise) MPI_Finalize();
  free(m->sizes);
  free(m->counts);
  free(m->requests);
  free(m->notes);
  free(m);
  free(c);
}

static enum dp_status mpi_split(struct dp_comm *c, int group_rank_n, struct dp_comm **out, struct dp_err *err);

static const struct dp_comm_ops mpi_ops = {
    .min_i64 = mpi_min_i64,
    .sum_i128 = mpi_sum_i128,
    .sum_u64 = mpi_sum_u64,
    .gather = mpi_gather,
    .exchange = mpi_exchange,
    .meet = dp__mpi_meet,
    .broadcast = mpi_broadcast,
    .barrier = mpi_barrier,
    .post = dp__mpi_post,
    .take = dp__mpi_take,
    .posted = dp__mpi_posted,
    .split = mpi_split,
    .abort = mpi_abort,
    .free = mpi_free,
};

/* The world, in a communicator of its own. */
static enum dp_status initialise(struct dp_mpi *m, struct dp_err *err) {
  int initialised = 0, finalised = 0, level = 0;
  MPI_Initialized(&initialised);
  MPI_Finalized(&finalised);
  if (finalised) return dp_fail(err, DP_FAILED, "MPI was ended already and cannot start again in one process");
  if (!initialised) {
    DP_MPI_TRY(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level), "MPI_Init_thread", err);
    m->finalise = true;
  }
  DP_MPI_TRY(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "setting the error handler", err);
  return dp__mpi_check(MPI_Comm_dup(MPI_COMM_WORLD, &m->comm), "MPI_Comm_dup", err);
}

/* What belongs to m->comm, which is there. */
static enum dp_status fill(struct dp_comm *c, struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  DP_MPI_TRY(MPI_Comm_set_errhandler(m->comm, MPI_ERRORS_RETURN), "setting the error handler", err);
  DP_MPI_TRY(MPI_Comm_rank(m->comm, &c->rank), "MPI_Comm_rank", err);
  DP_MPI_TRY(MPI_Comm_size(m->comm, &c->rank_n), "MPI_Comm_size", err);
  DP_MPI_TRY(MPI_Type_contiguous((int)sizeof(dp_i128), MPI_BYTE, &m->i128), "MPI_Type_contiguous", err);
  DP_MPI_TRY(MPI_Type_commit(&m->i128), "MPI_Type_commit", err);
  DP_MPI_TRY(MPI_Op_create(add_i128, 1, &m->sum_i128), "MPI_Op_create", err);
  m->sizes = dp_zeros(2 * (size_t)c->rank_n, sizeof *m->sizes);
  m->counts = dp_zeros(2 * (size_t)c->rank_n, sizeof *m->counts);
  if (m->sizes == NULL || m->counts == NULL) return dp_fail_nomem(err, "a communicator");
  return DP_OK;
}

static struct dp_comm *blank(void) {
  struct dp_comm *c = calloc(1, sizeof *c);
  struct dp_mpi *m = calloc(1, sizeof *m);
  if (c == NULL || m == NULL) {
    free(c);
    free(m);
    return NULL;
  }
  *m = (struct dp_mpi){.comm = MPI_COMM_NULL, .i128 = MPI_DATATYPE_NULL, .sum_i128 = MPI_OP_NULL};
  *c = (struct dp_comm){.ops = &mpi_ops, .impl = m};
  return c;
}

static enum dp_status hand_over(struct dp_comm *c, enum dp_status status, struct dp_comm **out) {
  if (status == DP_OK) *out = c;
  else mpi_free(c);
  return status;
}

static enum dp_status mpi_split(struct dp_comm *c, int group_rank_n, struct dp_comm **out, struct dp_err *err) {
  struct dp_comm *group = blank();
  if (group == NULL) return dp_fail_nomem(err, "a communicator");
  enum dp_status status = dp__mpi_check(
      MPI_Comm_split(dp__mpi_of(c)->comm, c->rank / group_rank_n, c->rank, &dp__mpi_of(group)->comm), "MPI_Comm_split",
      err);
  if (status == DP_OK) status = fill(group, err);
  return hand_over(group, status, out);
}

enum dp_status dp_comm_mpi_new(struct dp_comm **out, struct dp_err *err) {
  struct dp_comm *c = blank();
  if (c == NULL) return dp_fail_nomem(err, "a communicator");
  enum dp_status status = initialise(dp__mpi_of(c), err);
  if (status == DP_OK) status = fill(c, err);
  return hand_over(c, status, out);
}
