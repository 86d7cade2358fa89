/* sim/cli/run.h — parts of `depinsim run` that have a file of their own.
 * Layer: cli. */
#ifndef DP_CLI_RUN_H
#define DP_CLI_RUN_H

#include "cli/cli.h"
#include "cli/hindsight.h"
#include "output/output.h"
#include "script/scenario.h"

/** The provenance of a scenario; texts are copied or borrowed from the scenario, which must outlive it. */
struct dp_run_provenance {
  struct dp_provenance p;
  struct dp_output_source *modules;
  struct dp_output_parameter *parameters;
  struct dp_str *values; /* [parameter_n] */
  const struct dp_schema **schemas; /* of parts and policies */
  struct dp_hindsight hindsight;
  char libm_hash[17];
};

enum dp_status dp_run_provenance_fill(struct dp_run_provenance *p, const struct dp_scenario *s, uint64_t libm_hash,
                                      struct dp_err *err);
void dp_run_provenance_fini(struct dp_run_provenance *p);

/** What differs from run to run: host, ranks, wall times, command line, date, windows. */
#define DP_RUN_VOLATILE_MAX 24
struct dp_run_volatiles {
  struct dp_output_item items[DP_RUN_VOLATILE_MAX];
  size_t n;
  struct dp_str texts[DP_RUN_VOLATILE_MAX];
};

enum dp_status dp_run_volatiles_fill(struct dp_run_volatiles *v, const struct dp_cli *cli, const struct dp_sim *sim,
                                     double seconds, struct dp_err *err);
void dp_run_volatiles_fini(struct dp_run_volatiles *v);

#endif
