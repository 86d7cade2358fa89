/* analysis/describe.h — a model description in the form of the ODD protocol (Grimm et al., Ecological Modelling 221 2010,
 * and JASSS 23(2) 2020), made of the declared tables. Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_DESCRIBE_H
#define DP_ANALYSIS_DESCRIBE_H

#include "analysis/result.h"
#include "script/scenario.h"

/** A parameter as it was used. */
struct dp_described_row {
  char *name, *value, *unit, *doc;
  const char *source; /* where the default comes from; "" when it is not known */
  bool is_default;
};

/** Parameters of an instance, of a policy or of a part. */
struct dp_described_group {
  char *name;                     /* "provider.fleet.gamers", "hardware.class 0" */
  const struct dp_model *model;   /* of an instance; NULL for policies and parts */
  const struct dp_schema *schema; /* NULL when this program does not know it */
  struct dp_described_row *rows;
  size_t row_n;
};

struct dp_description {
  char *question, *scenario, *start, *conditional;
  int64_t duration_ns, settle_every_ns;
  uint64_t seed;
  struct dp_described_group own;     /* the scenario's parameters */
  struct dp_described_group *groups; /* [group_n] instances in registry order, policies after theirs; then parts */
  size_t group_n;
};

/** From a simulation that was made of a loaded scenario. */
enum dp_status dp_describe_sim(const struct dp_scenario *scenario, const struct dp_sim *sim, struct dp_description *out,
                               struct dp_err *err);

/** From an open result of one run. Errors: DP_FORMAT. */
enum dp_status dp_describe_result(const struct dp_result *result, struct dp_description *out, struct dp_err *err);

/** Also after an error. */
void dp_description_fini(struct dp_description *d);

/** Markdown, or JSON when `json`. */
enum dp_status dp_describe_print(struct dp_str *out, const struct dp_description *d, bool json, struct dp_err *err);

#endif
