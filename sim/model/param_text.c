/* sim/model/param_text.c — parameters in words: for help, manual, errors, completion and the provenance of a result. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/param.h"
#include "model/policy.h"

/** The shortest text that reads back to the same double. */
static void put_number(struct dp_str *out, double x) {
  char text[32];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, x);
    double back = strtod(text, NULL);
    if (!(back < x) && !(back > x)) break;
  }
  dp_str_append(out, text);
}

/** A Lua string literal. */
static void put_quoted(struct dp_str *out, const char *text) {
  dp_str_append(out, "\"");
  for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
    if (*c == '"' || *c == '\\') dp_str_printf(out, "\\%c", *c);
    else if (*c == '\n') dp_str_append(out, "\\n");
    else if (*c < 0x20 || *c == 0x7f) dp_str_printf(out, "\\%03u", *c);
    else dp_str_append_n(out, c, 1);
  }
  dp_str_append(out, "\"");
}

static void put_bounds(struct dp_str *out, const struct dp_param *p) {
  bool low = isfinite(p->min), high = isfinite(p->max);
  if ((!(p->min < 0) && !(p->min > 0) && !(p->max < 0) && !(p->max > 0)) || (!low && !high)) return;
  if (low && high) {
    dp_str_append(out, " in [");
    put_number(out, p->min);
    dp_str_append(out, ", ");
    put_number(out, p->max);
    dp_str_append(out, "]");
    return;
  }
  dp_str_append(out, low ? " ≥ " : " ≤ ");
  put_number(out, low ? p->min : p->max);
}

void dp_param_describe(const struct dp_param *param, struct dp_str *out) {
  const char *part = param->part ? param->part : "any";
  switch (param->type) {
    case DP_PARAM_BOOL: dp_str_append(out, "true or false"); break;
    case DP_PARAM_INT: dp_str_append(out, "integer"), put_bounds(out, param); break;
    case DP_PARAM_NUMBER: dp_str_append(out, "number"), put_bounds(out, param); break;
    case DP_PARAM_STRING: dp_str_append(out, "string"); break;
    case DP_PARAM_CHOICE:
      dp_str_append(out, "one of ");
      for (const char *const *c = param->choices; *c; c++)
        dp_str_printf(out, "%s%s", c == param->choices ? "" : ", ", *c);
      break;
    case DP_PARAM_PATH: dp_str_append(out, "path of a file"); break;
    case DP_PARAM_REF: dp_str_printf(out, "name of a %s", part); break;
    case DP_PARAM_PART: dp_str_printf(out, "a %s", part); break;
    case DP_PARAM_NUMBERS: dp_str_append(out, "list of numbers"), put_bounds(out, param); break;
    case DP_PARAM_STRINGS: dp_str_append(out, "list of strings"); break;
    case DP_PARAM_PARTS: dp_str_printf(out, "list of %s", part); break;
    case DP_PARAM_POLICY: dp_str_printf(out, "%s policy", part); break;
  }
}

void dp_param_default_text(const struct dp_param *param, struct dp_str *out) {
  if (param->required) {
    dp_str_append(out, "(required)");
    return;
  }
  switch (param->type) {
    case DP_PARAM_BOOL: dp_str_append(out, param->value != 0 ? "true" : "false"); break;
    case DP_PARAM_INT: dp_str_printf(out, "%" PRId64, (int64_t)param->value); break;
    case DP_PARAM_NUMBER: put_number(out, param->value); break;
    case DP_PARAM_CHOICE: put_quoted(out, param->choices[(int)param->value]); break;
    case DP_PARAM_STRING: put_quoted(out, param->text ? param->text : ""); break;
    case DP_PARAM_PATH:
    case DP_PARAM_REF:
    case DP_PARAM_POLICY:
      if (param->text && param->text[0]) put_quoted(out, param->text);
      else dp_str_append(out, "(none)");
      break;
    case DP_PARAM_PART: dp_str_append(out, "(none)"); break;
    case DP_PARAM_NUMBERS:
    case DP_PARAM_STRINGS:
    case DP_PARAM_PARTS: dp_str_append(out, "{}"); break;
  }
}

static void put_part(struct dp_str *out, const struct dp_param *param, const struct dp_part_ref *ref) {
  if (!ref->part) dp_str_append(out, "nil");
  else dp_str_printf(out, "%s %u", param->part, (unsigned)ref->id);
}

static void put_list(struct dp_str *out, const struct dp_param *param, const void *field) {
  dp_str_append(out, "{");
  const struct dp_numbers *numbers = field;
  const struct dp_strings *strings = field;
  const struct dp_part_refs *parts = field;
  size_t n = param->type == DP_PARAM_NUMBERS ? numbers->n : param->type == DP_PARAM_STRINGS ? strings->n : parts->n;
  for (size_t i = 0; i < n; i++) {
    dp_str_append(out, i ? ", " : " ");
    if (param->type == DP_PARAM_NUMBERS) put_number(out, numbers->v[i]);
    else if (param->type == DP_PARAM_STRINGS) put_quoted(out, strings->v[i]);
    else put_part(out, param, &parts->v[i]);
  }
  dp_str_append(out, n ? " }" : "}");
}

void dp_param_value_text(const struct dp_param *param, const void *config, struct dp_str *out) {
  const void *field = (const unsigned char *)config + param->offset;
  switch (param->type) {
    case DP_PARAM_BOOL: dp_str_append(out, *(const bool *)field ? "true" : "false"); break;
    case DP_PARAM_INT: dp_str_printf(out, "%" PRId64, *(const int64_t *)field); break;
    case DP_PARAM_NUMBER: put_number(out, *(const double *)field); break;
    case DP_PARAM_CHOICE: put_quoted(out, param->choices[*(const int *)field]); break;
    case DP_PARAM_STRING:
    case DP_PARAM_PATH: put_quoted(out, *(const char *const *)field); break;
    case DP_PARAM_REF: put_quoted(out, ((const struct dp_ref *)field)->name); break;
    case DP_PARAM_PART: put_part(out, param, field); break;
    case DP_PARAM_NUMBERS:
    case DP_PARAM_STRINGS:
    case DP_PARAM_PARTS: put_list(out, param, field); break;
    case DP_PARAM_POLICY: {
      const struct dp_policy *policy = *(const struct dp_policy *const *)field;
      if (policy) put_quoted(out, policy->name);
      else dp_str_append(out, "nil");
      break;
    }
  }
}
