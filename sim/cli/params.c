/* sim/cli/params.c — depinsim params: every parameter of every schema, from the rows that declare them. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/luals.h"

enum form { FORM_TEXT, FORM_MD, FORM_LUALS, FORM_JSON };

static const struct argp_option params_options[] = {
    {"format", 'f', "FORM", 0, "text, md, luals (annotations for the Lua language server) or json (text)", 1}, {0}};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const forms[] = {"text", "md", "luals", "json", NULL};
  (void)key;
  return dp_cli_choice("--format", value, forms, options, err);
}

/* ---- which schemas ---- */

/* What a scenario's own policies see; they have no schema. */
static bool shows_kinds(const char *name) {
  return !name || strcmp(name, "policy") == 0 || strcmp(name, "policy.custom") == 0 ||
         strcmp(name, "depin.policy.custom") == 0;
}

/* By schema or by what a scenario writes: "provider.fleet", "depin.provider"; a family: "policy". */
static bool matches(const struct dp_catalog_entry *e, const char *name) {
  size_t len = name ? strlen(name) : 0;
  if (!name || strcmp(e->schema->name, name) == 0) return true;
  if (e->lua && strcmp(e->lua, name) == 0) return true;
  return strncmp(e->schema->name, name, len) == 0 && e->schema->name[len] == '.';
}

static enum dp_status select_entries(const char *name, struct dp_catalog_entry *list, size_t *n, struct dp_err *err) {
  *n = 0;
  for (size_t i = 0; i < dp_catalog_n(); i++) {
    list[*n] = dp_catalog_at(i);
    *n += matches(&list[*n], name);
  }
  if (*n || shows_kinds(name)) return DP_OK;
  const char *meant = dp_catalog_suggest(name);
  return dp_fail(err, DP_USAGE, "no schema '%s'%s%s%s", name, meant ? ", did you mean '" : "", meant ? meant : "",
                 meant ? "'?" : " (depinsim params lists them)");
}

/* ---- one row ---- */

struct row {
  struct dp_str type, fallback;
};

static void row_fill(struct row *r, const struct dp_param *p) {
  *r = (struct row){0};
  dp_param_describe(p, &r->type);
  dp_param_default_text(p, &r->fallback);
}

static void row_fini(struct row *r) {
  dp_str_fini(&r->type);
  dp_str_fini(&r->fallback);
}

static const char *unit_of(const struct dp_param *p) {
  return p->unit && strcmp(p->unit, "1") != 0 && strcmp(p->unit, "text") != 0 ? p->unit : "";
}

static bool has_source(const struct dp_param *p) { return p->source && p->source[0] && strcmp(p->source, "none") != 0; }

/* ---- forms ---- */

static void print_text(struct dp_str *out, const struct dp_catalog_entry *e) {
  dp_str_printf(out, "%s%s%s: %s\n", e->schema->name, e->lua ? "  " : "", e->lua ? e->lua : "", e->schema->doc);
  for (size_t i = 0; i < e->schema->param_n; i++) {
    const struct dp_param *p = &e->schema->params[i];
    struct row r;
    row_fill(&r, p);
    dp_str_printf(out, "  %-26s %s%s%s; %s = %s\n", p->name, dp_str_text(&r.type), *unit_of(p) ? ", " : "", unit_of(p),
                  "default", dp_str_text(&r.fallback));
    dp_str_printf(out, "  %-26s %s\n", "", p->doc ? p->doc : "");
    if (has_source(p)) dp_str_printf(out, "  %-26s source: %s\n", "", p->source);
    row_fini(&r);
  }
  dp_str_append(out, "\n");
}

static void print_kind(struct dp_str *out, const struct dp_policy_kind *kind) {
  dp_str_printf(out, "policy.custom  depin.policy.custom { decide = function(obs, state) … end }: %s, in Lua\n", kind->doc);
  for (size_t i = 0; i < kind->observation_n; i++) dp_str_printf(out, "  obs.%s\n", kind->observations[i]);
  for (size_t i = 0; i < kind->action_n; i++) dp_str_printf(out, "  returns %s\n", kind->actions[i]);
  dp_str_printf(out, "  state = { name = first value }: up to %d numbers that a host keeps\n\n", DP_POLICY_STATE_MAX);
}

static void md_cell(struct dp_str *out, const char *text) {
  dp_str_append(out, "| ");
  for (; text && *text; text++) {
    if (*text == '|') dp_str_append(out, "\\");
    dp_str_append_n(out, *text == '\n' ? " " : text, 1);
  }
  dp_str_append(out, " ");
}

static void print_md(struct dp_str *out, const struct dp_catalog_entry *e) {
  dp_str_printf(out, "## %s\n\n", e->schema->name);
  if (e->lua) dp_str_printf(out, "`%s { … }`: ", e->lua);
  dp_str_printf(out, "%s\n\n| parameter | type | unit | default | meaning | source |\n|---|---|---|---|---|---|\n",
                e->schema->doc);
  for (size_t i = 0; i < e->schema->param_n; i++) {
    const struct dp_param *p = &e->schema->params[i];
    struct row r;
    row_fill(&r, p);
    dp_str_printf(out, "| `%s` ", p->name);
    md_cell(out, dp_str_text(&r.type));
    md_cell(out, unit_of(p));
    md_cell(out, dp_str_text(&r.fallback));
    md_cell(out, p->doc);
    md_cell(out, has_source(p) ? p->source : "");
    dp_str_append(out, "|\n");
    row_fini(&r);
  }
  dp_str_append(out, "\n");
}

static json_t *json_param(const struct dp_param *p) {
  struct row r;
  row_fill(&r, p);
  json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:s}", "name", p->name, "type", dp_str_text(&r.type), "unit",
                        p->unit ? p->unit : "1", "default", dp_str_text(&r.fallback), "required", (int)p->required,
                        "doc", p->doc ? p->doc : "", "source", p->source ? p->source : "");
  bool bounded = p->max > p->min;
  if (o && bounded) {
    json_object_set_new(o, "min", json_real(p->min));
    json_object_set_new(o, "max", json_real(p->max));
  }
  row_fini(&r);
  return o;
}

static enum dp_status print_json(struct dp_str *out, const struct dp_catalog_entry *list, size_t n,
                                 struct dp_err *err) {
  json_t *root = json_array();
  for (size_t i = 0; i < n; i++) {
    const struct dp_schema *s = list[i].schema;
    json_t *params = json_array();
    for (size_t k = 0; k < s->param_n; k++) json_array_append_new(params, json_param(&s->params[k]));
    json_array_append_new(root, json_pack("{s:s, s:s*, s:s, s:o}", "schema", s->name, "constructor", list[i].lua, "doc",
                                          s->doc ? s->doc : "", "parameters", params));
  }
  char *text = json_array_size(root) == n ? json_dumps(root, JSON_INDENT(2)) : NULL;
  json_decref(root);
  if (!text) return dp_fail_nomem(err, "the parameters");
  dp_str_printf(out, "%s\n", text);
  free(text);
  return DP_OK;
}

static enum dp_status print(struct dp_str *out, enum form form, const struct dp_catalog_entry *list, size_t n,
                            struct dp_err *err) {
  if (form == FORM_JSON) return print_json(out, list, n, err);
  if (form == FORM_LUALS) {
    dp_luals_print(out, list, n);
    return DP_OK;
  }
  for (size_t i = 0; i < n; i++) {
    if (form == FORM_MD) print_md(out, &list[i]);
    else print_text(out, &list[i]);
  }
  return DP_OK;
}

static void print_kinds(struct dp_str *out) {
  size_t n;
  const struct dp_policy_kind *const *kinds = dp_catalog_kinds(&n);
  for (size_t i = 0; i < n; i++) print_kind(out, kinds[i]);
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const char *name = cli->arg_n ? cli->args[0] : NULL;
  enum form form = (enum form) * (const int *)options;
  struct dp_catalog_entry *list = calloc(dp_catalog_n() + 1, sizeof *list);
  struct dp_str out = {0};
  size_t n;
  if (!list) return dp_fail_nomem(err, "the parameters");
  enum dp_status status = select_entries(name, list, &n, err);
  if (status == DP_OK) status = print(&out, form, list, n, err);
  if (status == DP_OK && form == FORM_TEXT && shows_kinds(name)) print_kinds(&out);
  if (status == DP_OK) status = dp_cli_put(&out, err);
  dp_str_fini(&out);
  free(list);
  return status;
}

const struct dp_command dp_command_params = {
    .name = "params",
    .doc = "list every parameter with its type, bounds, default, meaning and source",
    .args_doc = "[MODEL]",
    .details = "MODEL is a schema (provider.fleet), what a scenario writes (depin.provider), or a family (policy). "
               "--format luals gives completion and checking in editors.",
    .arg_max = 1,
    .options = params_options,
    .options_size = sizeof(int),
    .option = option,
    .run = run,
};
