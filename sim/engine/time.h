/* sim/engine/time.h — simulated time: int64 nanoseconds since the start of the run.
 * Layer: engine. Not collective. */
#ifndef DP_ENGINE_TIME_H
#define DP_ENGINE_TIME_H

#include <stdint.h>

/** Nanoseconds since the start of the run; the run is [0, end). Also used for durations. */
typedef int64_t dp_time;

#define DP_TIME_MAX INT64_MAX
#define DP_US INT64_C(1000)
#define DP_MS INT64_C(1000000)
#define DP_S INT64_C(1000000000)
#define DP_MIN (60 * DP_S)
#define DP_HOUR (3600 * DP_S)
#define DP_DAY (86400 * DP_S)

/** a + b for b ≥ 0; DP_TIME_MAX ("never") when that does not fit. */
static inline dp_time dp_time_add(dp_time a, dp_time b) { return a > 0 && b > DP_TIME_MAX - a ? DP_TIME_MAX : a + b; }

/** Seconds as a double, for display and KPIs only. */
static inline double dp_time_s(dp_time t_ns) { return (double)t_ns / 1e9; }

#endif
