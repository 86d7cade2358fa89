/* sim/engine/inside.h — what the engine's files share with each other only.
 * Layer: engine, private to it. */
#ifndef DP_ENGINE_INSIDE_H
#define DP_ENGINE_INSIDE_H

#include "engine/engine.h"

/** Puts the events that an exchange brought into the queues of their cells; `in` is empty afterwards. */
enum dp_status dp__engine_receive(struct dp_engine *e, struct dp_err *err);

/** Collective. What waits in this rank for others, and in others for it, reaches the queues. */
enum dp_status dp__engine_flush(struct dp_engine *e, struct dp_err *err);

/** A cell without rows and events. When memory is out it can still be passed to dp__cell_fini. */
enum dp_status dp__cell_init(struct dp_engine *e, uint32_t id, struct dp_cell *cell, struct dp_err *err);
void dp__cell_fini(const struct dp_engine_config *config, struct dp_cell *cell);

#endif
