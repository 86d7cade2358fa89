/* sim/engine/comm_mpi.h — what the files of the communicator over MPI share.
 * Layer: engine, private to it. */
#ifndef DP_ENGINE_COMM_MPI_H
#define DP_ENGINE_COMM_MPI_H

#include <mpi.h>

#include "engine/comm.h"

#define DP_MPI_PIECE_BYTES ((size_t)1 << 30) /* an MPI count is an int */
#define DP_MPI_TAG_EVENTS 1
#define DP_MPI_TAG_MEET 2 /* and 3 */
#define DP_MPI_TAG_MAIL 4

struct dp_mpi {
  MPI_Comm comm;
  MPI_Datatype i128;
  MPI_Op sum_i128;
  bool finalise;
  size_t *sizes;         /* [2 · rank_n] bytes to and from every rank */
  int *counts;           /* [2 · rank_n] */
  MPI_Request *requests; /* [request_cap] */
  size_t request_n, request_cap;
  unsigned char *notes; /* [2 · rank_n] what ranks tell each other when they meet, out and in; NULL before */
  uint64_t meet_n;
  struct dp_mpi_letter *letters; /* on their way, newest first */
};

static inline struct dp_mpi *dp__mpi_of(struct dp_comm *c) { return c->impl; }

/** A failure in words. */
enum dp_status dp__mpi_check(int code, const char *what, struct dp_err *err);

#define DP_MPI_TRY(call, what, err) DP_TRY(dp__mpi_check((call), (what), (err)))

/** Counts a message of `len` bytes as sent. */
static inline void dp__mpi_count(struct dp_comm *c, size_t len) {
  c->sent.message_n++;
  c->sent.byte_n += len;
}

/** A request more, set to none; NULL when memory is out. It moves with the next one. */
MPI_Request *dp__mpi_next_request(struct dp_mpi *m);

/** Room for `cap` bytes in all. */
enum dp_status dp__mpi_reserve(struct dp_buffer *b, size_t cap, struct dp_err *err);

/** comm_mail.h over MPI. */
enum dp_status dp__mpi_post(struct dp_comm *c, int rank, const void *bytes, size_t len, struct dp_err *err);
enum dp_status dp__mpi_take(struct dp_comm *c, int *rank, struct dp_buffer *in, struct dp_err *err);
enum dp_status dp__mpi_posted(struct dp_comm *c, struct dp_err *err);

/** dp_comm_meet over MPI. */
enum dp_status dp__mpi_meet(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in, int64_t *values, size_t n,
                            struct dp_err *err);

#endif
