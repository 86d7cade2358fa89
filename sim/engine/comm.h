/* sim/engine/comm.h — what ranks say to each other, behind one table of functions: null (one rank) or MPI.
 * Layer: engine. Every function but dp_comm_launched and dp_comm_abort is collective.
 * Reductions are exact: integers only, so that no result depends on the number of ranks. When a collective call itself
 * fails on one of several ranks (MPI, memory) the others cannot learn of it: the message is printed and dp_comm_abort
 * takes every rank down. */
#ifndef DP_ENGINE_COMM_H
#define DP_ENGINE_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/wide.h"

/** Growable byte buffer for packed messages. Owned by who made it; zero is a valid empty one. */
struct dp_buffer {
  unsigned char *data;
  size_t len, cap;
};

enum dp_status dp_buffer_append(struct dp_buffer *b, const void *data, size_t len, struct dp_err *err);
/** Makes room for `len` more bytes behind those that are there. */
enum dp_status dp_buffer_reserve(struct dp_buffer *b, size_t len, struct dp_err *err);
void dp_buffer_fini(struct dp_buffer *b);

struct dp_comm;

struct dp_comm_ops {
  enum dp_status (*min_i64)(struct dp_comm *, int64_t *values, size_t n, struct dp_err *);
  enum dp_status (*sum_i128)(struct dp_comm *, dp_i128 *values, size_t n, struct dp_err *);
  enum dp_status (*sum_u64)(struct dp_comm *, uint64_t *values, size_t n, struct dp_err *);
  enum dp_status (*gather)(struct dp_comm *, const struct dp_buffer *mine, struct dp_buffer *all, struct dp_err *);
  enum dp_status (*exchange)(struct dp_comm *, struct dp_buffer *out, struct dp_buffer *in, struct dp_err *);
  enum dp_status (*meet)(struct dp_comm *, struct dp_buffer *out, struct dp_buffer *in, int64_t *values, size_t n,
                         struct dp_err *);
  enum dp_status (*broadcast)(struct dp_comm *, struct dp_buffer *bytes, struct dp_err *);
  enum dp_status (*barrier)(struct dp_comm *, struct dp_err *);
  /* comm_mail.h; NULL with one rank */
  enum dp_status (*post)(struct dp_comm *, int rank, const void *bytes, size_t len, struct dp_err *);
  enum dp_status (*take)(struct dp_comm *, int *rank, struct dp_buffer *in, struct dp_err *);
  enum dp_status (*posted)(struct dp_comm *, struct dp_err *);
  enum dp_status (*split)(struct dp_comm *, int group_rank_n, struct dp_comm **out, struct dp_err *); /* likewise */
  void (*abort)(struct dp_comm *, int exit_code);
  void (*free)(struct dp_comm *);
};

/** What this rank has sent to others in dp_comm_exchange and dp_comm_meet; reductions and gathers are not counted. */
struct dp_comm_traffic {
  uint64_t meet_n, message_n, byte_n;
};

struct dp_comm {
  const struct dp_comm_ops *ops;
  int rank, rank_n;
  struct dp_comm_traffic sent;
  int64_t wait_ns; /* wall clock spent in collective calls, for reports; 0 with one rank */
  void *impl;
};

/** True if a launcher started this process (OMPI_COMM_WORLD_SIZE, PMIX_RANK or PMI_RANK is set). */
bool dp_comm_launched(void);

/** One rank, no MPI. Caller frees. */
enum dp_status dp_comm_null_new(struct dp_comm **out, struct dp_err *err);

/** Initialises MPI (once a process) and duplicates the world. */
enum dp_status dp_comm_mpi_new(struct dp_comm **out, struct dp_err *err);

/** Groups of `group_rank_n` ranks that follow each other: rank r becomes rank r % group_rank_n of group r / group_rank_n,
 *  which talks among itself while `c` goes on. group_rank_n must divide c->rank_n; with 1 every rank is alone, without
 *  MPI. The caller frees it before `c`. Errors: DP_INVARIANT, DP_NOMEM. */
enum dp_status dp_comm_split(struct dp_comm *c, int group_rank_n, struct dp_comm **out, struct dp_err *err);

/** Frees; finalises MPI if it was initialised by dp_comm_mpi_new. NULL is allowed. */
void dp_comm_free(struct dp_comm *c);

/** Element-wise minimum over ranks, in place. A maximum is the minimum of the negated value. */
enum dp_status dp_comm_min_i64(struct dp_comm *c, int64_t *values, size_t n, struct dp_err *err);

/** Element-wise sum over ranks, in place; DP_INVARIANT on overflow is the caller's to prevent (128 bits wrap). */
enum dp_status dp_comm_sum_i128(struct dp_comm *c, dp_i128 *values, size_t n, struct dp_err *err);

/** Element-wise sum over ranks modulo 2^64, in place. */
enum dp_status dp_comm_sum_u64(struct dp_comm *c, uint64_t *values, size_t n, struct dp_err *err);

/** Concatenates every rank's bytes in rank order into `all` (overwritten). */
enum dp_status dp_comm_gather(struct dp_comm *c, const struct dp_buffer *mine, struct dp_buffer *all,
                              struct dp_err *err);

/** Sends out[r] to rank r; `in` receives the concatenation of what all others sent here, in rank order. out[] is
 *  emptied (capacity kept). out[own rank] must be empty. */
enum dp_status dp_comm_exchange(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in, struct dp_err *err);

/** dp_comm_exchange and dp_comm_min_i64 in one, for as little waiting as can be: what arrives is in no certain order,
 *  and the values cannot tell of it. n ≤ 8. */
enum dp_status dp_comm_meet(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in, int64_t *values, size_t n,
                            struct dp_err *err);

/** Rank 0's bytes to everyone. */
enum dp_status dp_comm_broadcast(struct dp_comm *c, struct dp_buffer *bytes, struct dp_err *err);

/** A vote for an agreement that rides on a dp_comm_min_i64 of the caller: DP_OK votes for nothing. A failure with a
 *  text in `err` comes before one without, so that an agreement can be followed by another. */
int64_t dp_comm_vote(const struct dp_comm *c, enum dp_status mine, const struct dp_err *err);

/** What the minimum of all votes says: the status of the first failing rank. `err` keeps its text on that rank alone;
 *  elsewhere it gets the status and an empty text. Not collective by itself. */
enum dp_status dp_comm_verdict(const struct dp_comm *c, int64_t least_vote, struct dp_err *err);

/** Agreement: the first failing status by rank wins everywhere; its text is known on the rank that owns it, others get
 *  a status and an empty text. @return the agreed status. */
enum dp_status dp_comm_agree(struct dp_comm *c, enum dp_status mine, struct dp_err *err);

/** After an agreement on a failure: its text, which one rank has, comes to all. */
enum dp_status dp_comm_share_text(struct dp_comm *c, struct dp_err *err);

enum dp_status dp_comm_barrier(struct dp_comm *c, struct dp_err *err);

/** Takes every rank down at once with `exit_code`. Not collective. Does not return under MPI. */
void dp_comm_abort(struct dp_comm *c, int exit_code);

#endif
