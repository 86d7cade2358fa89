/* sim/engine/comm.c — buffers, agreement, and the calls through a communicator's table of functions. */
#include "engine/comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum dp_status dp_buffer_reserve(struct dp_buffer *b, size_t len, struct dp_err *err) {
  if (len <= b->cap - b->len) return DP_OK;
  size_t cap = b->cap > SIZE_MAX / 2 ? SIZE_MAX : 2 * b->cap;
  if (cap < 4096) cap = 4096;
  if (len > SIZE_MAX - b->len) return dp_fail_nomem(err, "a message buffer");
  if (cap < b->len + len) cap = b->len + len;
  unsigned char *data = realloc(b->data, cap);
  if (data == NULL) return dp_fail_nomem(err, "a message buffer");
  b->data = data;
  b->cap = cap;
  return DP_OK;
}

enum dp_status dp_buffer_append(struct dp_buffer *b, const void *data, size_t len, struct dp_err *err) {
  if (len == 0) return DP_OK;
  DP_TRY(dp_buffer_reserve(b, len, err));
  memcpy(b->data + b->len, data, len);
  b->len += len;
  return DP_OK;
}

void dp_buffer_fini(struct dp_buffer *b) {
  free(b->data);
  *b = (struct dp_buffer){0};
}

bool dp_comm_launched(void) {
  return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK") || getenv("PMI_RANK");
}

void dp_comm_free(struct dp_comm *c) {
  if (c) c->ops->free(c);
}

static int64_t wall_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A failure that the other ranks wait for in vain: none of them may hang. */
static enum dp_status checked(struct dp_comm *c, enum dp_status status, struct dp_err *err) {
  if (status == DP_OK) return status;
  fprintf(stderr, "depinsim: rank %d: %s\n", c->rank, err && err->text[0] ? err->text : dp_status_text(status));
  dp_comm_abort(c, dp_status_exit_code(status));
  return status;
}

enum dp_status dp_comm_split(struct dp_comm *c, int group_rank_n, struct dp_comm **out, struct dp_err *err) {
  *out = NULL;
  if (group_rank_n < 1 || c->rank_n % group_rank_n != 0)
    return dp_fail(err, DP_INVARIANT, "%d ranks do not make groups of %d", c->rank_n, group_rank_n);
  if (group_rank_n == 1) return dp_comm_null_new(out, err);
  return checked(c, c->ops->split(c, group_rank_n, out, err), err);
}

static int64_t began(const struct dp_comm *c) { return c->rank_n == 1 ? 0 : wall_ns(); }

/* The end of a collective call: most of it was waiting, where there was someone to wait for. */
static enum dp_status ended(struct dp_comm *c, int64_t began_ns, enum dp_status status, struct dp_err *err) {
  if (c->rank_n == 1) return status;
  c->wait_ns += wall_ns() - began_ns;
  return checked(c, status, err);
}

enum dp_status dp_comm_min_i64(struct dp_comm *c, int64_t *values, size_t n, struct dp_err *err) {
  int64_t began_ns = began(c);
  return ended(c, began_ns, c->ops->min_i64(c, values, n, err), err);
}

enum dp_status dp_comm_sum_i128(struct dp_comm *c, dp_i128 *values, size_t n, struct dp_err *err) {
  int64_t began_ns = began(c);
  return ended(c, began_ns, c->ops->sum_i128(c, values, n, err), err);
}

enum dp_status dp_comm_sum_u64(struct dp_comm *c, uint64_t *values, size_t n, struct dp_err *err) {
  int64_t began_ns = began(c);
  return ended(c, began_ns, c->ops->sum_u64(c, values, n, err), err);
}

enum dp_status dp_comm_gather(struct dp_comm *c, const struct dp_buffer *mine, struct dp_buffer *all,
                              struct dp_err *err) {
  int64_t began_ns = began(c);
  return ended(c, began_ns, c->ops->gather(c, mine, all, err), err);
}

enum dp_status dp_comm_exchange(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in, struct dp_err *err) {
  int64_t began_ns = began(c);
  return ended(c, began_ns, c->ops->exchange(c, out, in, err), err);
}

enum dp_status dp_comm_meet(struct dp_comm *c, struct dp_buffer *out, struct dp_buffer *in, int64_t *values, size_t n,
                            struct dp_err *err) {
  int64_t began_ns = began(c);
  return ended(c, began_ns, c->ops->meet(c, out, in, values, n, err), err);
}

enum dp_status dp_comm_broadcast(struct dp_comm *c, struct dp_buffer *bytes, struct dp_err *err) {
  int64_t began_ns = began(c);
  return ended(c, began_ns, c->ops->broadcast(c, bytes, err), err);
}

#define VOTE_STATUS_N 256
#define VOTE_WITHOUT_TEXT (INT64_C(1) << 60)

int64_t dp_comm_vote(const struct dp_comm *c, enum dp_status mine, const struct dp_err *err) {
  if (mine == DP_OK) return INT64_MAX;
  bool text = err && err->status != DP_OK && err->text[0];
  return (text ? 0 : VOTE_WITHOUT_TEXT) + (int64_t)c->rank * VOTE_STATUS_N + (int64_t)mine;
}

enum dp_status dp_comm_verdict(const struct dp_comm *c, int64_t least_vote, struct dp_err *err) {
  if (least_vote == INT64_MAX) return DP_OK;
  int64_t vote = least_vote & (VOTE_WITHOUT_TEXT - 1);
  enum dp_status agreed = (enum dp_status)(vote % VOTE_STATUS_N);
  if (vote / VOTE_STATUS_N == c->rank) return dp_fail(err, agreed, "%s", dp_status_text(agreed));
  if (err) {
    err->status = agreed;
    err->text[0] = '\0';
  }
  return agreed;
}

enum dp_status dp_comm_agree(struct dp_comm *c, enum dp_status mine, struct dp_err *err) {
  int64_t vote = dp_comm_vote(c, mine, err);
  DP_TRY(dp_comm_min_i64(c, &vote, 1, err));
  return dp_comm_verdict(c, vote, err);
}

enum dp_status dp_comm_share_text(struct dp_comm *c, struct dp_err *err) {
  struct dp_buffer mine = {.data = (unsigned char *)err->text, .len = strlen(err->text)}, all = {0};
  enum dp_status status = dp_comm_gather(c, &mine, &all, &(struct dp_err){0});
  if (status == DP_OK && all.len) snprintf(err->text, sizeof err->text, "%.*s", (int)all.len, (const char *)all.data);
  dp_buffer_fini(&all);
  return status;
}

enum dp_status dp_comm_barrier(struct dp_comm *c, struct dp_err *err) {
  int64_t began_ns = began(c);
  return ended(c, began_ns, c->ops->barrier(c, err), err);
}

void dp_comm_abort(struct dp_comm *c, int exit_code) { c->ops->abort(c, exit_code); }
