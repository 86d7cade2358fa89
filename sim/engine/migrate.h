/* sim/engine/migrate.h — cells that change their rank while the run goes on.
 * Layer: engine. Collective. Results do not depend on who runs which cell. */
#ifndef DP_ENGINE_MIGRATE_H
#define DP_ENGINE_MIGRATE_H

#include "engine/engine.h"

/** Collective; between two windows or beats (from a pulse, or while the run is stopped). Cell c goes to rank
 *  cell_rank[c], with all that it has; the table must be the same on every rank. Pointers to cells and their tables,
 *  local_n and the order of e->cells change. DP_RANGE for a rank that there is not: nothing has moved then. After
 *  another error the engine cannot go on. */
enum dp_status dp_engine_migrate(struct dp_engine *e, const uint32_t *cell_rank, struct dp_err *err);

#endif
