/* sim/engine/comm_mail.c — letters through a communicator's table of functions.
 */
#include "engine/comm_mail.h"

enum dp_status dp_comm_post(struct dp_comm *c, int rank, const void *bytes, size_t len, struct dp_err *err) {
  if (rank == c->rank || rank < 0 || rank >= c->rank_n || !c->ops->post)
    return dp_fail(err, DP_INVARIANT, "a letter to rank %d of %d", rank, c->rank_n);
  return c->ops->post(c, rank, bytes, len, err);
}

enum dp_status dp_comm_take(struct dp_comm *c, int *rank, struct dp_buffer *in, struct dp_err *err) {
  *rank = -1;
  in->len = 0;
  return c->ops->take ? c->ops->take(c, rank, in, err) : DP_OK;
}

enum dp_status dp_comm_posted(struct dp_comm *c, struct dp_err *err) {
  return c->ops->posted ? c->ops->posted(c, err) : DP_OK;
}
