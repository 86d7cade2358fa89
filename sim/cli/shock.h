/* sim/cli/shock.h — what `stress` does to a scenario: a list of shocks, each a change of its instances before it runs.
 * Layer: cli. Not collective; every rank makes the same change. */
#ifndef DP_CLI_SHOCK_H
#define DP_CLI_SHOCK_H

#include "model/sim.h"

/** A shock. */
struct dp_stress_shock {
  const char *name;
  const char *doc;    /* what it does, one line */
  const char *needs;  /* what a scenario must have for it */
};

/** Every shock, ended by a row without a name. */
extern const struct dp_stress_shock dp_stress_shocks[];

/** A scenario that was changed. Zeros are an empty one. */
struct dp_shocked {
  struct dp_spec spec; /* to be run; borrows from the unchanged one */
  struct dp_instance_spec *instances;
  void **blocks; /* [block_n] copies of what was changed */
  size_t block_n;
  double day;
  bool applies; /* false: the scenario has nothing that it could change */
};

/** Applies the shock `text`, "NAME" or "NAME@DAY" (a quarter of the run), to a copy of a spec, which must outlive it.
 *  DP_USAGE for an unknown name or day; DP_NOMEM. dp_shocked_fini ends it, whatever was returned. */
enum dp_status dp_shock_apply(const char *text, const struct dp_spec *spec, struct dp_shocked *out, struct dp_err *err);
void dp_shocked_fini(struct dp_shocked *s);

#endif
