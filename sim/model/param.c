/* sim/model/param.c — what follows from a parameter's row: look-up, defaults, bounds. The texts are in param_text.c. */
#include "model/param.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "model/policy.h"

#define DP_INT_MAX_EXACT 0x1p53

const struct dp_param *dp_schema_param(const struct dp_schema *schema, const char *name) {
  for (size_t i = 0; i < schema->param_n; i++)
    if (strcmp(schema->params[i].name, name) == 0) return &schema->params[i];
  return NULL;
}

const char *dp_schema_suggest(const struct dp_schema *schema, const char *wrong) {
  const char *names[128];
  size_t n = 0;
  for (; n < schema->param_n && n < sizeof names / sizeof names[0]; n++) names[n] = schema->params[n].name;
  return dp_str_suggest(wrong, names, n);
}

void dp_schema_defaults(const struct dp_schema *schema, void *config) {
  for (size_t i = 0; i < schema->param_n; i++) {
    const struct dp_param *p = &schema->params[i];
    void *field = (unsigned char *)config + p->offset;
    const char *text = p->text ? p->text : "";
    switch (p->type) {
      case DP_PARAM_BOOL: *(bool *)field = p->value != 0; break;
      case DP_PARAM_INT: *(int64_t *)field = (int64_t)p->value; break;
      case DP_PARAM_NUMBER: *(double *)field = p->value; break;
      case DP_PARAM_CHOICE: *(int *)field = (int)p->value; break;
      case DP_PARAM_STRING:
      case DP_PARAM_PATH: *(const char **)field = text; break;
      case DP_PARAM_REF: *(struct dp_ref *)field = (struct dp_ref){.name = text, .instance = DP_NO_INSTANCE}; break;
      case DP_PARAM_PART:
      case DP_PARAM_NUMBERS:
      case DP_PARAM_STRINGS:
      case DP_PARAM_PARTS:
      case DP_PARAM_POLICY: break; /* zero is empty */
    }
  }
}

static bool bounded(const struct dp_param *p) { return p->min != 0 || p->max != 0; }

enum dp_status dp_param_check_number(const struct dp_schema *schema, const struct dp_param *param, double value,
                                     struct dp_err *err) {
  bool good = isfinite(value);
  if (good && param->type == DP_PARAM_INT) good = value == floor(value) && fabs(value) <= DP_INT_MAX_EXACT;
  if (good && bounded(param)) good = value >= param->min && value <= param->max;
  if (good) return DP_OK;
  struct dp_str what = {0};
  dp_param_describe(param, &what);
  enum dp_status status =
      dp_fail(err, DP_RANGE, "%s: %s must be %s, got %.15g", schema->name, param->name, dp_str_text(&what), value);
  dp_str_fini(&what);
  return status;
}

bool dp_param_is_default(const struct dp_param *param, const void *config) {
  const void *field = (const unsigned char *)config + param->offset;
  const char *text = param->text ? param->text : "";
  switch (param->type) {
    case DP_PARAM_BOOL: return *(const bool *)field == (param->value != 0);
    case DP_PARAM_INT: return *(const int64_t *)field == (int64_t)param->value;
    case DP_PARAM_NUMBER: return !(*(const double *)field < param->value) && !(*(const double *)field > param->value);
    case DP_PARAM_CHOICE: return *(const int *)field == (int)param->value;
    case DP_PARAM_STRING:
    case DP_PARAM_PATH: return strcmp(*(const char *const *)field, text) == 0;
    case DP_PARAM_REF: return strcmp(((const struct dp_ref *)field)->name, text) == 0;
    case DP_PARAM_PART: return ((const struct dp_part_ref *)field)->part == NULL;
    case DP_PARAM_NUMBERS: return ((const struct dp_numbers *)field)->n == 0;
    case DP_PARAM_STRINGS: return ((const struct dp_strings *)field)->n == 0;
    case DP_PARAM_PARTS: return ((const struct dp_part_refs *)field)->n == 0;
    case DP_PARAM_POLICY: {
      const struct dp_policy *policy = *(const struct dp_policy *const *)field;
      return strcmp(policy ? policy->name : "", text) == 0;
    }
  }
  return false;
}
