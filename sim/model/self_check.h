/* sim/model/self_check.h — a run that distrusts itself: slow, for any scenario.
 * Layer: model. */
#ifndef DP_MODEL_SELF_CHECK_H
#define DP_MODEL_SELF_CHECK_H

#include "model/sim.h"

/** From now on every event is checked before it is handled (it is in its cell, inside the window, in the total order),
 *  and every invariant of its cell after it; the memory of events that are gone is overwritten. What is broken is
 *  DP_INVARIANT, naming the model or the event. Not collective; before dp_sim_run or while it is stopped, on every
 *  rank. */
enum dp_status dp_sim_self_check(struct dp_sim *sim, struct dp_err *err);

/** Collective, while dp_sim_run is stopped: the invariants of all cells, and the replicated tables compared over ranks.
 *  What the replicated state must keep is checked at every settlement of any run. */
enum dp_status dp_sim_check(struct dp_sim *sim, struct dp_err *err);

#endif
