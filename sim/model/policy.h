/* sim/model/policy.h — a policy decides for one entity from observations and declared state: numbers in, numbers out.
 * Layer: model. Not collective. Built-ins are C functions; the script layer makes others from Lua functions. */
#ifndef DP_MODEL_POLICY_H
#define DP_MODEL_POLICY_H

#include <stddef.h>

#include "base/status.h"
#include "engine/rng.h"

#define DP_POLICY_STATE_MAX 4

/** What a kind of policy sees and returns, in order; the names are fields of Lua's `obs` table. */
struct dp_policy_kind {
  const char *name;                /* "pricing" */
  const char *const *observations; /* [observation_n] */
  size_t observation_n;
  const char *const *actions; /* [action_n] */
  size_t action_n;
  const char *doc;
};

/** One decision. `state` lives in the entity's row and survives; everything is borrowed for the call. */
struct dp_policy_call {
  const double *obs; /* [observation_n] */
  double *state;     /* [DP_POLICY_STATE_MAX] */
  double *action;    /* [action_n] to be filled */
  struct dp_rng *rng; /* of (entity, stream, occasion): what math.random draws from */
};

struct dp_policy {
  const struct dp_policy_kind *kind;
  const char *name;
  const void *params; /* configuration of a built-in (its schema's struct), or NULL */
  size_t state_n;
  double state_init[DP_POLICY_STATE_MAX];
  const char *state_names[DP_POLICY_STATE_MAX];
  enum dp_status (*decide)(const struct dp_policy *policy, struct dp_policy_call *call, struct dp_err *err);
  void *host; /* of a Lua policy: whom to call */
  int function;
};

/** A built-in: what the constructor `depin.policy.<name>` makes. */
struct dp_builtin_policy {
  const struct dp_policy_kind *kind;
  const struct dp_schema *schema; /* its parameters; schema->name is "policy.<name>" */
  enum dp_status (*decide)(const struct dp_policy *policy, struct dp_policy_call *call, struct dp_err *err);
};

#endif
