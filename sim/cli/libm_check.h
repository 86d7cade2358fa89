/* sim/cli/libm_check.h — do all ranks compute the same logarithms?
 * Layer: cli. glibc picks variants of log, exp, pow … by the CPU: their bits differ between machines. */
#ifndef DP_CLI_LIBM_CHECK_H
#define DP_CLI_LIBM_CHECK_H

#include "engine/comm.h"

/** Collective. Hash of a fixed table of libm results. DP_FAILED, naming the hosts, when ranks differ. */
enum dp_status dp_libm_check(struct dp_comm *comm, uint64_t *hash, struct dp_err *err);

#endif
