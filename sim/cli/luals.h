/* sim/cli/luals.h — annotations of the scenario library for the Lua language server, from the catalogue of schemas.
 * Layer: cli. */
#ifndef DP_CLI_LUALS_H
#define DP_CLI_LUALS_H

#include "script/catalog.h"

/** Appends a definition file: a class a schema, a function a constructor. */
void dp_luals_print(struct dp_str *out, const struct dp_catalog_entry *list, size_t n);

#endif
