/* sim/engine/comm_mpi_meet.c — ranks meet after a window: events change hands and minima are agreed on, in one go.
 *
 * A few ranks send each other one message with everything: one latency a window. Many ranks send events only to whom
 * they have some for, and find the end by a reduction that starts when the own messages have arrived (Hoefler, Siebert
 * and Lumsdaine, PPoPP 2010: non-blocking consensus). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/comm_mpi.h"

#define DIRECT_RANKS 8
#define NOTE_BYTES 4096u
#define VALUES_MAX 8

/* The first message between two ranks; what does not fit follows in a second one. */
struct note {
  uint64_t len; /* of all event bytes */
  int64_t values[VALUES_MAX];
  unsigned char bytes[NOTE_BYTES - (1 + VALUES_MAX) * 8];
};

#define FIRST_BYTES (sizeof(((struct note *)0)->bytes))

static struct note *note_of(struct dp_mpi *m, int at) { return (struct note *)(void *)m->notes + at; }

static enum dp_status start(struct dp_comm *c, void *data, size_t len, int peer, bool sending, struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  MPI_Request *request = dp__mpi_next_request(m);
  if (request == NULL) return dp_fail_nomem(err, "MPI requests");
  if (sending) dp__mpi_count(c, len);
  return dp__mpi_check(sending ? MPI_Isend(data, (int)len, MPI_BYTE, peer, DP_MPI_TAG_MEET, m->comm, request)
                               : MPI_Irecv(data, (int)len, MPI_BYTE, peer, DP_MPI_TAG_MEET, m->comm, request),
                       sending ? "a send" : "a receive", err);
}

/* Starts sending (or receiving) the bytes behind the first ones, in pieces. */
static enum dp_status start_rest(struct dp_comm *c, unsigned char *data, size_t len, int peer, bool sending,
                                 struct dp_err *err) {
  for (size_t at = 0; at < len; at += DP_MPI_PIECE_BYTES) {
    size_t piece = len - at < DP_MPI_PIECE_BYTES ? len - at : DP_MPI_PIECE_BYTES;
    DP_TRY(start(c, data + at, piece, peer, sending, err));
  }
  return DP_OK;
}

static enum dp_status wait_all(struct dp_mpi *m, struct dp_err *err) {
  enum dp_status status = dp__mpi_check(MPI_Waitall((int)m->request_n, m->requests, MPI_STATUSES_IGNORE),
                                        "an exchange of events", err);
  m->request_n = 0;
  return status;
}

static size_t first_of(size_t len) { return len < FIRST_BYTES ? len : FIRST_BYTES; }
static size_t note_size(size_t len) { return offsetof(struct note, bytes) + first_of(len); }

/* Waits for the notes of all others; the notes that went out may still be on their way. */
static enum dp_status exchange_notes(struct dp_comm *c, const struct dp_buffer *out, const int64_t *values, size_t n,
                                     struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  for (int r = 0; r < c->rank_n; r++)
    if (r != c->rank) DP_TRY(start(c, note_of(m, c->rank_n + r), sizeof(struct note), r, false, err));
  for (int r = 0; r < c->rank_n; r++) {
    if (r == c->rank) continue;
    struct note *note = note_of(m, r);
    note->len = out[r].len;
    memcpy(note->values, values, n * sizeof *values);
    if (out[r].len) memcpy(note->bytes, out[r].data, first_of(out[r].len));
    DP_TRY(start(c, note, note_size(out[r].len), r, true, err));
  }
  return wait_all(m, err);
}

static enum dp_status meet_directly(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in, int64_t *values,
                                    size_t n, struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  size_t total = 0, at = 0;
  DP_TRY(exchange_notes(c, out, values, n, err));
  for (int r = 0; r < c->rank_n; r++)
    if (r != c->rank) total += note_of(m, c->rank_n + r)->len;
  DP_TRY(dp__mpi_reserve(in, total, err));
  for (int r = 0; r < c->rank_n; r++) {
    if (r == c->rank) continue;
    const struct note *note = note_of(m, c->rank_n + r);
    size_t first = first_of(note->len), sent = first_of(out[r].len);
    for (size_t i = 0; i < n; i++) values[i] = note->values[i] < values[i] ? note->values[i] : values[i];
    if (first) memcpy(in->data + at, note->bytes, first);
    DP_TRY(start_rest(c, in->data + at + first, note->len - first, r, false, err));
    if (out[r].len > sent) DP_TRY(start_rest(c, out[r].data + sent, out[r].len - sent, r, true, err));
    at += note->len;
  }
  in->len = total;
  return m->request_n ? wait_all(m, err) : DP_OK;
}

/* Takes a message in that waits, if one does. */
static enum dp_status take_in(struct dp_mpi *m, int tag, struct dp_buffer *in, struct dp_err *err) {
  int waits = 0, len = 0;
  MPI_Status about;
  DP_MPI_TRY(MPI_Iprobe(MPI_ANY_SOURCE, tag, m->comm, &waits, &about), "a probe", err);
  if (!waits) return DP_OK;
  DP_MPI_TRY(MPI_Get_count(&about, MPI_BYTE, &len), "a probe", err);
  DP_TRY(dp_buffer_reserve(in, (size_t)len, err));
  DP_MPI_TRY(MPI_Recv(in->data + in->len, len, MPI_BYTE, about.MPI_SOURCE, tag, m->comm, MPI_STATUS_IGNORE),
             "a receive", err);
  in->len += (size_t)len;
  return DP_OK;
}

/* One message a rank, so that no event is cut in two; done when its receiver has begun to take it in. */
static enum dp_status start_synchronous(struct dp_comm *c, struct dp_buffer *out, int peer, int tag,
                                        struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  if (out->len > INT_MAX) return dp_fail(err, DP_RANGE, "a rank has more than 2 GiB of events for another one");
  MPI_Request *request = dp__mpi_next_request(m);
  if (request == NULL) return dp_fail_nomem(err, "MPI requests");
  dp__mpi_count(c, out->len);
  return dp__mpi_check(MPI_Issend(out->data, (int)out->len, MPI_BYTE, peer, tag, m->comm, request), "a send", err);
}

/* Nobody is two meetings ahead of another rank, so two tags keep them apart. */
static enum dp_status meet_sparsely(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in, int64_t *values,
                                    size_t n, struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  int tag = DP_MPI_TAG_MEET + (int)(m->meet_n++ & 1), arrived = 0, agreed = 0;
  int64_t mine[VALUES_MAX];
  MPI_Request reduction = MPI_REQUEST_NULL;
  memcpy(mine, values, n * sizeof *values);
  for (int r = 0; r < c->rank_n; r++)
    if (out[r].len) DP_TRY(start_synchronous(c, &out[r], r, tag, err));
  while (!agreed) {
    DP_TRY(take_in(m, tag, in, err));
    if (arrived) {
      DP_MPI_TRY(MPI_Test(&reduction, &agreed, MPI_STATUS_IGNORE), "a reduction", err);
      continue;
    }
    DP_MPI_TRY(MPI_Testall((int)m->request_n, m->requests, &arrived, MPI_STATUSES_IGNORE), "an exchange of events",
               err);
    if (arrived)
      DP_MPI_TRY(MPI_Iallreduce(mine, values, (int)n, MPI_INT64_T, MPI_MIN, m->comm, &reduction), "a reduction", err);
  }
  m->request_n = 0;
  return DP_OK;
}

enum dp_status dp__mpi_meet(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in, int64_t *values, size_t n,
                            struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  in->len = 0;
  m->request_n = 0;
  c->sent.meet_n++;
  if (n > VALUES_MAX) return dp_fail(err, DP_INVARIANT, "ranks meet over more than %d values", VALUES_MAX);
  if (out[c->rank].len) return dp_fail(err, DP_INVARIANT, "a rank sends a message to itself");
  bool direct = c->rank_n <= DIRECT_RANKS;
  if (direct && m->notes == NULL && (m->notes = calloc(2 * (size_t)c->rank_n, sizeof(struct note))) == NULL)
    return dp_fail_nomem(err, "messages");
  DP_TRY((direct ? meet_directly : meet_sparsely)(c, out, in, values, n, err));
  for (int r = 0; r < c->rank_n; r++) out[r].len = 0;
  return DP_OK;
}
