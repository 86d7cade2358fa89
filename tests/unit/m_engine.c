/* tests/unit/m_engine.c — the engine over MPI, started by tests/ranks/engine.sh:
 *   m_engine ping CELLS       one line: digest, events, windows, beats
 *   m_engine stop CELLS       the same after stopping once on the way
 *   m_engine fail CELLS C     cell C breaks down
 *   m_engine early CELLS C    cell C sends below the least delay of its channel
 *   m_engine differ CELLS     the replicated table differs
 *   m_engine comm             checks the communicator's calls */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ping.h"

static enum dp_status run(struct ping *p, struct dp_comm *comm, struct dp_err *err) {
  struct dp_target target;
  bool stopped = true;
  uint64_t digest, event_n;
  enum dp_status status = dp_comm_agree(comm, ping_new(p, comm, &target, err), err);
  for (int legs = 0; status == DP_OK && stopped; legs++) {
    status = dp_engine_run(p->engine, &stopped, err);
    if (stopped && legs == 0 && comm->rank == 0) printf("stopped\n");
    p->stop_ns = 0;
  }
  if (status == DP_OK) status = dp_engine_digest(p->engine, &digest, err);
  if (status == DP_OK) status = dp_engine_event_n(p->engine, &event_n, err);
  if (status == DP_OK && p->late_n) status = dp_fail(err, DP_FAILED, "%" PRIu64 " events came late", p->late_n);
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK && comm->rank == 0)
    printf("%016" PRIx64 " %" PRIu64 " events %" PRIu64 " windows %" PRIu64 " beats\n", digest, event_n,
           p->engine->window_n, p->engine->beat_count);
  dp_engine_free(p->engine);
  return status;
}

static enum dp_status check(bool ok, const char *what, struct dp_err *err) {
  return ok ? DP_OK : dp_fail(err, DP_FAILED, "%s is wrong", what);
}

static enum dp_status check_reductions(struct dp_comm *c, struct dp_err *err) {
  int64_t n = c->rank_n, r = c->rank;
  int64_t least[] = {r, -r, INT64_MIN + r};
  DP_TRY(dp_comm_min_i64(c, least, 3, err));
  DP_TRY(check(least[0] == 0 && least[1] == 1 - n && least[2] == INT64_MIN, "min_i64", err));
  dp_i128 wide[] = {(dp_i128)1 << 100, -(dp_i128)(r + 1), UINT64_MAX};
  DP_TRY(dp_comm_sum_i128(c, wide, 3, err));
  DP_TRY(check(wide[0] == (dp_i128)n << 100 && wide[1] == -n * (n + 1) / 2 && wide[2] == (dp_i128)UINT64_MAX * n,
               "sum_i128", err));
  uint64_t sum = UINT64_MAX;
  DP_TRY(dp_comm_sum_u64(c, &sum, 1, err));
  return check(sum == -(uint64_t)n, "sum_u64 modulo 2^64", err);
}

/* Rank r contributes r bytes of its own number. */
static enum dp_status check_bytes(struct dp_comm *c, struct dp_err *err) {
  struct dp_buffer mine = {0}, all = {0}, text = {0};
  unsigned char own = (unsigned char)c->rank;
  for (int i = 0; i < c->rank; i++) DP_TRY(dp_buffer_append(&mine, &own, 1, err));
  DP_TRY(dp_comm_gather(c, &mine, &all, err));
  size_t at = 0;
  for (int r = 0; r < c->rank_n; r++)
    for (int i = 0; i < r; i++, at++) DP_TRY(check(at < all.len && all.data[at] == r, "gather", err));
  DP_TRY(check(at == all.len, "gather's length", err));
  if (c->rank == 0) DP_TRY(dp_buffer_append(&text, "to everyone", 11, err));
  DP_TRY(dp_comm_broadcast(c, &text, err));
  DP_TRY(check(text.len == 11 && memcmp(text.data, "to everyone", 11) == 0, "broadcast", err));
  dp_buffer_fini(&mine);
  dp_buffer_fini(&all);
  dp_buffer_fini(&text);
  return dp_comm_barrier(c, err);
}

/* Rank a sends b · 100,000 words that say (a, b) to every rank b with a < b, and one to those with a > b. */
static enum dp_status check_exchange(struct dp_comm *c, struct dp_err *err) {
  struct dp_buffer *out = calloc((size_t)c->rank_n, sizeof *out), in = {0};
  if (out == NULL) return dp_fail_nomem(err, "buffers");
  for (int round = 0; round < 3; round++) {
    for (int b = 0; b < c->rank_n; b++) {
      uint64_t word = (uint64_t)c->rank * 1000 + (uint64_t)b;
      int n = b == c->rank ? 0 : c->rank < b ? b * 100000 : 1;
      for (int i = 0; i < n; i++) DP_TRY(dp_buffer_append(&out[b], &word, sizeof word, err));
    }
    DP_TRY(dp_comm_exchange(c, out, &in, err));
    size_t at = 0;
    for (int a = 0; a < c->rank_n; a++) {
      uint64_t word = (uint64_t)a * 1000 + (uint64_t)c->rank, got;
      int n = a == c->rank ? 0 : a < c->rank ? c->rank * 100000 : 1;
      for (int i = 0; i < n; i++, at += sizeof got) {
        memcpy(&got, in.data + at, sizeof got);
        DP_TRY(check(at < in.len && got == word, "exchange", err));
      }
    }
    DP_TRY(check(at == in.len, "exchange's length", err));
  }
  for (int r = 0; r < c->rank_n; r++) dp_buffer_fini(&out[r]);
  free(out);
  dp_buffer_fini(&in);
  return DP_OK;
}

static enum dp_status check_agreement(struct dp_comm *c, struct dp_err *err) {
  DP_TRY(dp_comm_agree(c, DP_OK, err));
  struct dp_err own = {0};
  enum dp_status mine = DP_OK; /* the second rank fails, later ones in another way */
  if (c->rank >= 1) mine = dp_fail(&own, c->rank == 1 ? DP_IO : DP_RANGE, "rank %d fails", c->rank);
  enum dp_status agreed = dp_comm_agree(c, mine, &own);
  DP_TRY(check(agreed == (c->rank_n > 1 ? DP_IO : DP_OK) && own.status == agreed, "the agreed status", err));
  bool has_text = own.text[0] != '\0';
  return check(has_text == (c->rank == 1), "whose text is kept", err);
}

/* The last rank's text comes to all. */
static enum dp_status check_text(struct dp_comm *c, struct dp_err *err) {
  struct dp_err own = {0};
  enum dp_status mine = c->rank == c->rank_n - 1 ? dp_fail(&own, DP_IO, "rank %d fails", c->rank) : DP_OK;
  char want[32];
  snprintf(want, sizeof want, "rank %d fails", c->rank_n - 1);
  DP_TRY(check(dp_comm_agree(c, mine, &own) == DP_IO, "the agreed status", err));
  DP_TRY(dp_comm_share_text(c, &own));
  return check(strcmp(own.text, want) == 0, "a shared text", err);
}

static enum dp_status check_all(struct dp_comm *c, struct dp_err *err) {
  enum dp_status status = check_reductions(c, err);
  if (status == DP_OK) status = check_bytes(c, err);
  if (status == DP_OK) status = check_exchange(c, err);
  if (status == DP_OK) status = check_agreement(c, err);
  if (status == DP_OK) status = check_text(c, err);
  return dp_comm_agree(c, status, err);
}

/* Groups of every size that there can be work on their own, all at once. */
static enum dp_status check_comm(struct dp_comm *c, struct dp_err *err) {
  struct dp_comm *group;
  DP_TRY(check_all(c, err));
  DP_TRY(check(dp_comm_split(c, c->rank_n + 1, &group, &(struct dp_err){0}) == DP_INVARIANT, "a split too many", err));
  for (int n = 1; n <= c->rank_n; n++) {
    if (c->rank_n % n != 0) continue;
    DP_TRY(dp_comm_split(c, n, &group, err));
    enum dp_status status = check(group->rank_n == n && group->rank == c->rank % n, "a rank in a group", err);
    if (status == DP_OK) status = check_all(group, err);
    uint64_t groups_n = group->rank == 0;
    dp_comm_free(group);
    DP_TRY(dp_comm_agree(c, status, err));
    DP_TRY(dp_comm_sum_u64(c, &groups_n, 1, err));
    DP_TRY(check(groups_n == (uint64_t)(c->rank_n / n), "the number of groups", err));
  }
  return DP_OK;
}

int main(int argc, char **argv) {
  struct dp_err err = {0};
  struct dp_comm *comm;
  if (argc < 2) return 2;
  const char *mode = argv[1];
  enum dp_status status = dp_comm_launched() ? dp_comm_mpi_new(&comm, &err) : dp_comm_null_new(&comm, &err);
  if (status != DP_OK) return 1;
  struct ping p = {.cell_n = argc > 2 ? (uint32_t)atoi(argv[2]) : 1, .bad_cell = UINT32_MAX};
  if (argc > 3) p.bad_cell = (uint32_t)atoi(argv[3]);
  p.bad_ns = DP_S;
  p.early_ns = strcmp(mode, "early") == 0 ? 3 * DP_MS : 0;
  p.differ = strcmp(mode, "differ") == 0;
  p.stop_ns = strcmp(mode, "stop") == 0 ? DP_S : 0;
  if (strcmp(mode, "comm") == 0) {
    status = check_comm(comm, &err);
    if (status == DP_OK && comm->rank == 0) printf("comm works\n");
  } else {
    status = run(&p, comm, &err);
  }
  if (status != DP_OK && err.text[0]) fprintf(stderr, "%s\n", err.text);
  dp_comm_barrier(comm, NULL);
  dp_comm_free(comm);
  return dp_status_exit_code(status);
}
