/* sim/engine/comm_mail.h — letters between two ranks, at any time: for work
 * that is dealt out, not for a simulation. Layer: engine. Not collective: each
 * call is one rank's own.
 *
 * A letter is sent without waiting and taken in when its receiver looks.
 * Letters between two ranks keep their order; those of different ranks do not,
 * so that nothing that reaches a result may hang on it. */
#ifndef DP_ENGINE_COMM_MAIL_H
#define DP_ENGINE_COMM_MAIL_H

#include "engine/comm.h"

/** Sends a copy of the bytes (less than 2 GiB, more than 0) to another rank.
 * Errors: DP_NOMEM, DP_RANGE, DP_FAILED (MPI). */
enum dp_status dp_comm_post(struct dp_comm *c, int rank, const void *bytes, size_t len, struct dp_err *err);

/** Takes in the next letter from anybody, if there is one. @param in
 * overwritten @param rank its sender, -1: none came */
enum dp_status dp_comm_take(struct dp_comm *c, int *rank, struct dp_buffer *in, struct dp_err *err);

/** Waits until every letter that this rank has posted is gone; its receivers
 * must take them. */
enum dp_status dp_comm_posted(struct dp_comm *c, struct dp_err *err);

#endif
