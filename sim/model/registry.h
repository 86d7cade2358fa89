/* sim/model/registry.h — the list of models. Its order is the order of collect, clear and apply.
 * Layer: model. Not collective. A new mechanism adds one line to registry.c. */
#ifndef DP_MODEL_REGISTRY_H
#define DP_MODEL_REGISTRY_H

#include "model/model.h"

/** Every model, ended by NULL: what a scenario's dp_spec has as `registry`. */
extern const struct dp_model *const dp_models[];

/** Model by name ("market.gateway"), NULL if there is none. */
const struct dp_model *dp_model_find(const char *name);

/** Name of a model that `wrong` may have meant, or NULL. */
const char *dp_model_suggest(const char *wrong);

#endif
