/* sim/cli/provenance.c — where a result comes from, gathered for its file. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/run.h"
#include "script/catalog.h"

/* ---- the same in every run ---- */

/* As Lua would write it: the fewest digits that give the same number back. */
static void number_text(struct dp_str *out, double value) {
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    double back = strtod(text, NULL);
    if (!(back < value) && !(back > value)) break;
  }
  dp_str_append(out, text);
}

static void string_text(struct dp_str *out, const char *text) {
  dp_str_append(out, "\"");
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') dp_str_append(out, "\\");
    if (*text == '\n') dp_str_append(out, "\\n");
    else dp_str_append_n(out, text, 1);
  }
  dp_str_append(out, "\"");
}

static bool is_default(const struct dp_scenario_param *p) {
  if (p->is_number) return !(p->value < p->fallback) && !(p->value > p->fallback);
  return strcmp(p->text, p->fallback_text) == 0;
}

static enum dp_status fill_parameters(struct dp_run_provenance *p, const struct dp_scenario *s, struct dp_err *err) {
  size_t n;
  const struct dp_scenario_param *params = dp_scenario_params(s, &n);
  p->parameters = calloc(n + 1, sizeof *p->parameters);
  p->values = calloc(n + 1, sizeof *p->values);
  if (!p->parameters || !p->values) return dp_fail_nomem(err, "the provenance");
  p->p.parameters = p->parameters;
  p->p.parameter_n = n;
  for (size_t i = 0; i < n; i++) {
    if (params[i].is_number) number_text(&p->values[i], params[i].value);
    else string_text(&p->values[i], params[i].text);
    if (p->values[i].failed) return dp_fail_nomem(err, "the provenance");
    p->parameters[i] = (struct dp_output_parameter){.name = params[i].name,
                                                    .value = dp_str_text(&p->values[i]),
                                                    .doc = params[i].doc,
                                                    .is_default = is_default(&params[i])};
  }
  return DP_OK;
}

static enum dp_status fill_sources(struct dp_run_provenance *p, const struct dp_scenario *s, struct dp_err *err) {
  size_t n;
  const struct dp_script_source *sources = dp_scenario_sources(s, &n);
  p->p.scenario.name = dp_scenario_spec(s)->name;
  if (n == 0) return DP_OK;
  p->modules = calloc(n, sizeof *p->modules);
  if (!p->modules) return dp_fail_nomem(err, "the provenance");
  p->p.scenario.text = sources[0].text;
  p->p.scenario.len = sources[0].len;
  for (size_t i = 1; i < n; i++)
    p->modules[i - 1] = (struct dp_output_source){sources[i].name, sources[i].text, sources[i].len};
  p->p.modules = p->modules;
  p->p.module_n = n - 1;
  return DP_OK;
}

/* What parts and built-in policies have as parameters. */
static enum dp_status fill_schemas(struct dp_run_provenance *p, struct dp_err *err) {
  p->schemas = calloc(dp_catalog_n() + 1, sizeof *p->schemas);
  if (!p->schemas) return dp_fail_nomem(err, "the provenance");
  for (size_t i = 0; i < dp_catalog_n(); i++) {
    struct dp_catalog_entry entry = dp_catalog_at(i);
    if (!entry.model) p->schemas[p->p.schema_n++] = entry.schema;
  }
  p->p.schemas = p->schemas;
  return DP_OK;
}

enum dp_status dp_run_provenance_fill(struct dp_run_provenance *p, const struct dp_scenario *s, uint64_t libm_hash,
                                      struct dp_err *err) {
  const char *question = dp_scenario_question(s);
  *p = (struct dp_run_provenance){.p = {.version = dp_cli_version(),
                                        .revision = dp_cli_revision(),
                                        .compiler = dp_cli_compiler(),
                                        .flags = dp_cli_flags(),
                                        .libraries = dp_cli_libraries(),
                                        .title = question[0] ? question : NULL}};
  snprintf(p->libm_hash, sizeof p->libm_hash, "%016" PRIx64, libm_hash);
  p->p.libm_hash = p->libm_hash;
  DP_TRY(fill_sources(p, s, err));
  DP_TRY(fill_schemas(p, err));
  DP_TRY(dp_hindsight_find(s, &p->hindsight, err));
  p->p.hindsight = (const char *const *)p->hindsight.items;
  p->p.hindsight_n = p->hindsight.n;
  p->p.undated = (const char *const *)p->hindsight.undated;
  p->p.undated_n = p->hindsight.undated_n;
  return fill_parameters(p, s, err);
}

void dp_run_provenance_fini(struct dp_run_provenance *p) {
  for (size_t i = 0; p->values && i < p->p.parameter_n; i++) dp_str_fini(&p->values[i]);
  free(p->values);
  free(p->parameters);
  free(p->modules);
  free(p->schemas);
  dp_hindsight_fini(&p->hindsight);
}

/* ---- different in every run ---- */

static struct dp_str *add(struct dp_run_volatiles *v, const char *name) {
  v->items[v->n].name = name;
  return &v->texts[v->n++];
}

static void command_line(struct dp_str *out, const struct dp_cli *cli) {
  for (int i = 0; i < cli->argc; i++) {
    bool plain = cli->argv[i][0] && !strpbrk(cli->argv[i], " \t\n'\"\\$`*?;&|<>()[]{}!#~");
    if (i) dp_str_append(out, " ");
    if (plain) {
      dp_str_append(out, cli->argv[i]);
      continue;
    }
    dp_str_append(out, "'");
    for (const char *c = cli->argv[i]; *c; c++) dp_str_append_n(out, *c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1);
    dp_str_append(out, "'");
  }
}

/* What `bench predict` needs to know of a run on one rank besides the engine's report. */
static void add_costs(struct dp_run_volatiles *v, const struct dp_engine *e) {
  uint64_t event_n = 0, hottest_n = 0;
  for (uint32_t i = 0; i < e->local_n; i++) {
    event_n += e->cells[i].event_n;
    if (e->cells[i].event_n > hottest_n) hottest_n = e->cells[i].event_n;
  }
  dp_str_printf(add(v, "hot_cell_ratio"), "%.6f", event_n ? (double)hottest_n / (double)event_n : 0);
  dp_str_printf(add(v, "beats"), "%" PRIu64, e->beat_count);
  dp_str_printf(add(v, "beat_s"), "%.6f", dp_time_s(e->beat_ns));
  dp_str_printf(add(v, "beat_cells_s"), "%.6f", dp_time_s(e->beat_cells_ns));
}

enum dp_status dp_run_volatiles_fill(struct dp_run_volatiles *v, const struct dp_cli *cli, const struct dp_sim *sim,
                                     double seconds, struct dp_err *err) {
  char host[256] = "", date[DP_DATE_TEXT], folder[4096];
  *v = (struct dp_run_volatiles){0};
  gethostname(host, sizeof host - 1);
  dp_str_append(add(v, "host"), host);
  command_line(add(v, "command_line"), cli);
  dp_str_append(add(v, "working_folder"), getcwd(folder, sizeof folder) ? folder : "");
  dp_str_append(add(v, "finished"), dp_format_date((int64_t)time(NULL) * DP_NS_PER_S, date));
  dp_str_printf(add(v, "ranks"), "%d", sim->comm->rank_n);
  dp_str_printf(add(v, "wall_s"), "%.3f", seconds);
  if (sim->comm->rank_n == 1) add_costs(v, sim->engine);
  for (size_t i = 0; i < v->n; i++) {
    if (v->texts[i].failed) return dp_fail_nomem(err, "the provenance");
    v->items[i].value = dp_str_text(&v->texts[i]);
  }
  return DP_OK;
}

void dp_run_volatiles_fini(struct dp_run_volatiles *v) {
  for (size_t i = 0; i < v->n; i++) dp_str_fini(&v->texts[i]);
}
