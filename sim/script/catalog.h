/* sim/script/catalog.h — every schema that a scenario can use: models, parts of models, built-in policies.
 * Layer: script. Not collective. Constructors, `depinsim params` and the editor's annotations are made from this list.
 * A new model needs no line here; a new part or built-in policy needs one in catalog.c. */
#ifndef DP_SCRIPT_CATALOG_H
#define DP_SCRIPT_CATALOG_H

#include <stdbool.h>

#include "model/model.h"

/** A schema and what it configures: a model, or a built-in policy, or (both NULL) a part. */
struct dp_catalog_entry {
  const struct dp_schema *schema; /* its constructor is depin.core["<schema->name>"] */
  const char *lua;                /* how a scenario writes it ("depin.provider"); NULL: only depin.core has it */
  const struct dp_model *model;
  const struct dp_builtin_policy *policy;
};

/** Number of entries: models in registry order, then parts, then policies. */
size_t dp_catalog_n(void);

/** Entry i < dp_catalog_n(). */
struct dp_catalog_entry dp_catalog_at(size_t i);

/** Entry by schema name; false if there is none. */
bool dp_catalog_find(const char *schema, struct dp_catalog_entry *out);

/** Name of a schema that `wrong` may have meant, or NULL. */
const char *dp_catalog_suggest(const char *wrong);

/** Kinds of policy: what they see and return. */
const struct dp_policy_kind *const *dp_catalog_kinds(size_t *n);

/** Kind by name, NULL if there is none. */
const struct dp_policy_kind *dp_catalog_kind(const char *name);

/** Calls `visit` with the name of every KPI that a model can give (".mean" … included), until it returns false. */
void dp_catalog_kpis(bool (*visit)(void *ud, const char *name, const struct dp_kpi *kpi), void *ud);

/** True if a model gives a KPI of that name; otherwise `*meant` is a name that may have been meant, or "" (the buffer
 *  is the caller's). */
bool dp_catalog_has_kpi(const char *name, char meant[64]);

#endif
