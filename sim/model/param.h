/* sim/model/param.h — parameters are declared once, in rows; everything that shows or checks one comes from its row.
 * Layer: model. Not collective.
 *
 * A schema is a named set of rows over one C struct (the configuration). Models have a schema; so have *parts*, things
 * that a model is given inside its own constructor (a GPU class, a language model). Lua constructors, "did you mean",
 * help, manual, editor completion, HDF5 attributes and sweep bounds are generated from the rows. */
#ifndef DP_MODEL_PARAM_H
#define DP_MODEL_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"

/** What a parameter holds, and the C type of its field. */
enum dp_param_type {
  DP_PARAM_BOOL,    /* bool */
  DP_PARAM_INT,     /* int64_t; min and max hold exactly up to 2^53 */
  DP_PARAM_NUMBER,  /* double, finite */
  DP_PARAM_STRING,  /* const char *; never NULL */
  DP_PARAM_CHOICE,  /* int: index in `choices` */
  DP_PARAM_PATH,    /* const char *; resolved to what can be opened; "" when not given */
  DP_PARAM_REF,     /* struct dp_ref: another instance, by name */
  DP_PARAM_PART,    /* struct dp_part_ref: a value made by the constructor of schema `part` */
  DP_PARAM_NUMBERS, /* struct dp_numbers */
  DP_PARAM_STRINGS, /* struct dp_strings */
  DP_PARAM_PARTS,   /* struct dp_part_refs */
  DP_PARAM_POLICY,  /* const struct dp_policy * of kind `part`; never NULL when the default names one */
};

struct dp_ref {
  const char *name;  /* as written; "" if not given */
  uint16_t instance; /* index, DP_NO_INSTANCE if not given; resolved when the simulation is made */
};

#define DP_NO_INSTANCE UINT16_MAX

struct dp_part_ref {
  const void *part; /* its configuration struct; NULL if not given */
  uint16_t id;      /* ordinal among the distinct parts of that schema in the whole scenario */
};

struct dp_numbers { const double *v; size_t n; };
struct dp_strings { const char *const *v; size_t n; };
struct dp_part_refs { const struct dp_part_ref *v; size_t n; };

/** One row. What is left out gets the default (`value`, `text`); REF, PART(S), NUMBERS, STRINGS and PATH without one
 *  are empty then. `required`: it must be given; a REF may still be left out when there is exactly one instance to
 *  mean. */
struct dp_param {
  const char *name; /* with its unit: _s _d _usd _w _kwh _gib _ratio _n … */
  enum dp_param_type type;
  const char *unit; /* one of DP_UNITS (vocabulary.h); "1" for a pure number */
  uint32_t offset;  /* in the configuration struct */
  bool required;
  double value;     /* default of BOOL, INT, NUMBER, CHOICE (index) */
  const char *text; /* default of STRING, PATH, REF, POLICY (a built-in's name) */
  double min, max;  /* of INT, NUMBER and each of NUMBERS; both 0 = no bound */
  bool log_scale;   /* sweeps and tuning move it on a logarithmic scale */
  const char *const *choices; /* of CHOICE; ended by NULL */
  const char *part; /* schema (PART, PARTS), model (REF) or policy kind (POLICY) that is accepted */
  const char *doc;
  const char *source; /* where the default comes from; "none" says so */
};

#define DP_FIELD(config, field) .name = #field, .offset = (uint32_t)offsetof(config, field)

/** A schema. `check` sees a filled configuration and may complete derived fields; NULL if there is nothing to check. */
struct dp_schema {
  const char *name; /* "workload.inference", "hardware.class" */
  const char *doc;
  const struct dp_param *params; /* [param_n] */
  size_t param_n;
  size_t size; /* of the configuration struct */
  enum dp_status (*check)(void *config, struct dp_err *err);
};

/** A row by name, NULL if there is none. */
const struct dp_param *dp_schema_param(const struct dp_schema *schema, const char *name);

/** Name of a row that `wrong` may have meant, or NULL. */
const char *dp_schema_suggest(const struct dp_schema *schema, const char *wrong);

/** Fills `config` (schema->size bytes, zeroed by the caller) with the defaults. A POLICY stays NULL: the layer that
 *  knows the built-ins fills it in. */
void dp_schema_defaults(const struct dp_schema *schema, void *config);

/** Checks a number against a row: finite, integral if INT, within bounds. Message: "model: param must be …, got …". */
enum dp_status dp_param_check_number(const struct dp_schema *schema, const struct dp_param *param, double value,
                                     struct dp_err *err);

/** Text of a parameter's type and bounds for help: "number in [0, 0.3]", "integer ≥ 1", "one of a, b". */
void dp_param_describe(const struct dp_param *param, struct dp_str *out);

/** Text of the default ("0.04", "\"none\"", "(required)"). */
void dp_param_default_text(const struct dp_param *param, struct dp_str *out);

/** Text of the value in `config`, as Lua would write it; a part is its schema and id. */
void dp_param_value_text(const struct dp_param *param, const void *config, struct dp_str *out);

/** True if the value in `config` is the default. */
bool dp_param_is_default(const struct dp_param *param, const void *config);

#endif
