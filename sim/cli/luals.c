/* sim/cli/luals.c — the definition file. */
#include "cli/luals.h"

#include <string.h>

static const char *lua_type(enum dp_param_type type) {
  switch (type) {
    case DP_PARAM_BOOL: return "boolean";
    case DP_PARAM_INT: return "integer";
    case DP_PARAM_NUMBER: return "number";
    case DP_PARAM_STRING:
    case DP_PARAM_PATH:
    case DP_PARAM_REF: return "string";
    case DP_PARAM_NUMBERS: return "number[]";
    case DP_PARAM_STRINGS: return "string[]";
    case DP_PARAM_CHOICE: return "choice";
    case DP_PARAM_PART: return "depin.value";
    case DP_PARAM_PARTS: return "depin.value[]";
    case DP_PARAM_POLICY: return "depin.value";
  }
  return "any";
}

static void print_type(struct dp_str *out, const struct dp_param *p) {
  if (p->type != DP_PARAM_CHOICE) {
    dp_str_append(out, lua_type(p->type));
    return;
  }
  for (size_t i = 0; p->choices[i]; i++) dp_str_printf(out, "%s\"%s\"", i ? "|" : "", p->choices[i]);
}

static void print_class(struct dp_str *out, const struct dp_catalog_entry *e) {
  dp_str_printf(out, "---%s\n---@class depin.options.%s\n", e->schema->doc, e->schema->name);
  if (e->model) dp_str_append(out, "---@field name? string name of this instance\n");
  for (size_t i = 0; i < e->schema->param_n; i++) {
    const struct dp_param *p = &e->schema->params[i];
    struct dp_str fallback = {0};
    dp_param_default_text(p, &fallback);
    dp_str_printf(out, "---@field %s%s ", p->name, p->required ? "" : "?");
    print_type(out, p);
    dp_str_printf(out, " %s", p->doc ? p->doc : "");
    if (p->unit && strcmp(p->unit, "1") != 0) dp_str_printf(out, " [%s]", p->unit);
    dp_str_printf(out, "; default %s\n", dp_str_text(&fallback));
    dp_str_fini(&fallback);
  }
  dp_str_append(out, "\n");
}

/* The tables above a constructor ("depin.policy" of "depin.policy.fixed"), each once. */
static void print_parents(struct dp_str *out, const struct dp_catalog_entry *list, size_t i) {
  for (const char *dot = strchr(list[i].lua, '.'); (dot = strchr(dot + 1, '.')) != NULL;) {
    size_t len = (size_t)(dot - list[i].lua) + 1;
    bool known = false;
    for (size_t j = 0; j < i; j++) known |= list[j].lua && strncmp(list[j].lua, list[i].lua, len) == 0;
    if (!known) dp_str_printf(out, "%.*s = {}\n", (int)len - 1, list[i].lua);
  }
}

/* What is no schema: the frame of a scenario, and presets, which take the options of what they make. */
static const char frame[] =
    "---@param scenario table\n---@return table\nfunction depin.scenario(scenario) end\n"
    "---@param parameters table<string, table> name = { default, min =, max =, doc =, date =, source = }\n"
    "---@return table<string, any>\nfunction depin.parameters(parameters) end\n"
    "---@param row table { name, value, date =, source = }: a published value, which is returned\n"
    "---@return any\nfunction depin.dated(row) end\n"
    "---@param bound number\n---@return depin.value\nfunction depin.at_least(bound) end\n"
    "---@param bound number\n---@return depin.value\nfunction depin.at_most(bound) end\n"
    "---@param low number\n---@param high number\n---@return depin.value\nfunction depin.between(low, high) end\n"
    "---@param value number\n---@return depin.value\nfunction depin.equals(value) end\n";

void dp_luals_print(struct dp_str *out, const struct dp_catalog_entry *list, size_t n) {
  dp_str_append(out, "---@meta depin\n\n---@class depin.value what a constructor returns; called again it makes a changed "
                     "copy\n\n");
  for (size_t i = 0; i < n; i++) print_class(out, &list[i]);
  dp_str_append(out, "local depin = {}\n");
  for (size_t i = 0; i < n; i++) {
    if (!list[i].lua) continue;
    print_parents(out, list, i);
    dp_str_printf(out, "---@param options depin.options.%s\n---@return depin.value\nfunction %s(options) end\n",
                  list[i].schema->name, list[i].lua);
  }
  dp_str_append(out, frame);
  dp_str_append(out, "return depin\n");
}
