/* sim/output/provenance.c — where a result comes from: program, scenario, Lua modules, parameters, seed; and, apart from
 * the rest, what differs from run to run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "output/parts.h"

static char *hash_text(const char *text, size_t len, char buf[17]) {
  snprintf(buf, 17, "%016" PRIx64, dp_hash64(text, len, 0));
  return buf;
}

/* ---- program, scenario, modules ---- */

static bool put_program(hid_t group, const struct dp_provenance *p) {
  return dp_h5_put_text(group, "version", p->version) && dp_h5_put_text(group, "revision", p->revision) &&
         dp_h5_put_text(group, "compiler", p->compiler) && dp_h5_put_text(group, "flags", p->flags) &&
         dp_h5_put_text(group, "libraries", p->libraries) && dp_h5_put_text(group, "libm_hash", p->libm_hash) &&
         dp_h5_put_text(group, "scenario", p->scenario.name);
}

/* A text may hold NUL bytes only where the file was binary, which no loader accepts: it is written up to the first. */
static bool put_source(hid_t parent, const char *dataset_name, const struct dp_output_source *source) {
  char hash[17], *copy = strndup(source->text ? source->text : "", source->len);
  if (copy == NULL) return false;
  hid_t dataset = dp_h5_write_text(parent, dataset_name, copy);
  bool done = dataset >= 0 && dp_h5_put_text(dataset, "name", source->name) &&
              dp_h5_put_text(dataset, "xxh3_64", hash_text(source->text, source->len, hash));
  dp_h5_close(dataset);
  free(copy);
  return done;
}

static bool put_modules(hid_t parent, const struct dp_provenance *p) {
  hid_t group = dp_h5_create_group(parent, "modules");
  bool done = group >= 0;
  for (size_t i = 0; i < p->module_n && done; i++) {
    char name[256];
    snprintf(name, sizeof name, "%s", p->modules[i].name);
    for (char *c = name; *c != '\0'; c++)
      if (*c == '/') *c = '.';
    done = put_source(group, name, &p->modules[i]);
  }
  dp_h5_close(group);
  return done;
}

/* ---- parameters ---- */

static bool put_column(hid_t group, const char *name, const char *const *texts, size_t n, hid_t scale) {
  hid_t dataset = dp_h5_write_texts(group, name, texts, n);
  bool done = dataset >= 0 && dp_h5_attach_scale(dataset, scale, 0);
  dp_h5_close(dataset);
  return done;
}

/* Columns name, value, unit, is_default, doc of a group /provenance/parameters/<name>. */
static bool put_parameters(hid_t parent, const char *name, const struct dp_output_parameter *p, size_t n) {
  const char **texts = calloc(n + 1, 4 * sizeof *texts);
  uint8_t *flags = calloc(n + 1, 1);
  hid_t group = dp_h5_create_group(parent, name), names = -1, dataset = -1;
  bool done = texts && flags && group >= 0;
  for (size_t i = 0; i < n && done; i++) {
    texts[i] = p[i].name;
    texts[n + i] = p[i].value ? p[i].value : "";
    texts[2 * n + i] = p[i].unit ? p[i].unit : "";
    texts[3 * n + i] = p[i].doc ? p[i].doc : "";
    flags[i] = p[i].is_default;
  }
  done = done && (names = dp_h5_write_texts(group, "name", texts, n)) >= 0 && dp_h5_make_scale(names, "name") &&
         put_column(group, "value", texts + n, n, names) && put_column(group, "unit", texts + 2 * n, n, names);
  if (done) {
    dataset = dp_h5_write_column(group, "is_default", H5T_STD_U8LE, H5T_NATIVE_UINT8, flags, n, NULL, NULL);
    done = dataset >= 0 && dp_h5_attach_scale(dataset, names, 0) && put_column(group, "doc", texts + 3 * n, n, names);
  }
  dp_h5_close(names);
  dp_h5_close(dataset);
  dp_h5_close(group);
  free(flags);
  free(texts);
  return done;
}

/* The rows of a schema as they were resolved in `config`. */
static enum dp_status put_config(struct dp_output *out, hid_t parent, const char *name, const struct dp_schema *schema,
                                 const void *config, struct dp_err *err) {
  if (schema == NULL || schema->param_n == 0 || config == NULL) return DP_OK;
  struct dp_output_parameter *rows = calloc(schema->param_n, sizeof *rows);
  struct dp_str *values = calloc(schema->param_n, sizeof *values);
  enum dp_status status = rows && values ? DP_OK : dp_fail_nomem(err, "parameters");
  for (size_t i = 0; i < schema->param_n && status == DP_OK; i++) {
    const struct dp_param *p = &schema->params[i];
    dp_param_value_text(p, config, &values[i]);
    if (values[i].failed) status = dp_fail_nomem(err, "parameters");
    rows[i] = (struct dp_output_parameter){p->name, dp_str_text(&values[i]), p->unit, p->doc,
                                           dp_param_is_default(p, config)};
  }
  if (status == DP_OK && !put_parameters(parent, name, rows, schema->param_n)) status = dp__output_fail(out, err);
  for (size_t i = 0; values != NULL && i < schema->param_n; i++) dp_str_fini(&values[i]);
  free(values);
  free(rows);
  return status;
}

/* The parameters of a built-in policy that an instance was given, in the group "<instance>.<parameter>". */
static enum dp_status put_policy(struct dp_output *out, hid_t parent, const char *instance, const struct dp_param *param,
                                 const struct dp_policy *policy, struct dp_err *err) {
  char name[DP_GROUP_NAME + 64], wanted[96];
  if (policy == NULL || policy->params == NULL) return DP_OK;
  snprintf(name, sizeof name, "%s.%s", instance, param->name);
  snprintf(wanted, sizeof wanted, "policy.%s", policy->name);
  for (size_t i = 0; i < out->schema_n; i++)
    if (strcmp(out->schemas[i]->name, wanted) == 0)
      return put_config(out, parent, name, out->schemas[i], policy->params, err);
  return DP_OK;
}

static enum dp_status put_instance(struct dp_output *out, hid_t parent, const struct dp_instance *instance,
                                   struct dp_err *err) {
  const struct dp_schema *schema = instance->model->schema;
  char name[DP_GROUP_NAME];
  dp__group_name(instance, name);
  DP_TRY(put_config(out, parent, name, schema, instance->config, err));
  for (size_t i = 0; schema != NULL && instance->config != NULL && i < schema->param_n; i++) {
    const struct dp_param *p = &schema->params[i];
    const struct dp_policy *policy;
    if (p->type != DP_PARAM_POLICY) continue;
    memcpy(&policy, (const char *)instance->config + p->offset, sizeof policy);
    DP_TRY(put_policy(out, parent, name, p, policy, err));
  }
  return DP_OK;
}

/* Every part of the scenario, in the group that its value's text names: "hardware.class 0". */
static enum dp_status put_parts(struct dp_output *out, hid_t parent, const struct dp_sim *sim, struct dp_err *err) {
  for (size_t i = 0; i < out->schema_n; i++) {
    const struct dp_schema *schema = out->schemas[i];
    for (size_t id = 0; id < dp_sim_part_n(sim, schema->name); id++) {
      char name[DP_GROUP_NAME];
      snprintf(name, sizeof name, "%s %zu", schema->name, id);
      DP_TRY(put_config(out, parent, name, schema, dp_sim_part(sim, schema->name, (uint16_t)id), err));
    }
  }
  return DP_OK;
}

/* ---- the three moments ---- */

/* A list of texts, when there is any. */
static bool put_texts(hid_t group, const char *name, const char *const *texts, size_t n) {
  if (n == 0) return true;
  hid_t dataset = dp_h5_write_texts(group, name, texts, n);
  dp_h5_close(dataset);
  return dataset >= 0;
}

bool dp_provenance_put(int64_t file, const struct dp_provenance *p) {
  hid_t group = dp_h5_create_group(file, "provenance");
  hid_t parameters = group < 0 ? -1 : dp_h5_create_group(group, "parameters");
  bool done = parameters >= 0 && put_program(group, p) && put_source(group, "scenario", &p->scenario) &&
              put_texts(group, "hindsight", p->hindsight, p->hindsight_n) &&
              put_texts(group, "undated", p->undated, p->undated_n) && put_modules(group, p) &&
              put_parameters(parameters, "scenario", p->parameters, p->parameter_n);
  dp_h5_close(parameters);
  dp_h5_close(group);
  return done;
}

enum dp_status dp__write_provenance(struct dp_output *out, const struct dp_provenance *p, struct dp_err *err) {
  return dp_provenance_put(out->file, p) ? DP_OK : dp__output_fail(out, err);
}

/* An attribute of the file when something is given from outside that a model would make. */
static bool put_conditional(hid_t file, const struct dp_sim *sim) {
  struct dp_str given = {0};
  dp_sim_conditional(sim, &given);
  const bool done = !given.failed && (given.len == 0 || dp_h5_put_text(file, "conditional", dp_str_text(&given)));
  dp_str_fini(&given);
  return done;
}

enum dp_status dp__write_scenario(struct dp_output *out, const struct dp_sim *sim, struct dp_err *err) {
  const struct dp_spec *spec = &sim->spec;
  char date[DP_DATE_TEXT];
  hid_t group = H5Gopen2(out->file, "provenance", H5P_DEFAULT);
  hid_t parameters = group < 0 ? -1 : H5Gopen2(group, "parameters", H5P_DEFAULT);
  bool done = parameters >= 0 && put_conditional(out->file, sim) &&
              dp_h5_put_text(out->file, "start", dp_format_date(spec->start_epoch_ns, date)) &&
              dp_h5_put_i64(out->file, "start_epoch_ns", spec->start_epoch_ns) &&
              dp_h5_put_i64(out->file, "duration_ns", spec->end_ns) &&
              dp_h5_put_i64(out->file, "settle_every_ns", spec->settle_every_ns) &&
              dp_h5_put_u64(group, "seed", spec->seed) && dp_h5_put_u64(group, "replicate", spec->replicate);
  enum dp_status status = done ? DP_OK : dp__output_fail(out, err);
  for (size_t i = 0; i < sim->instance_n && status == DP_OK; i++)
    status = put_instance(out, parameters, &sim->instances[i], err);
  if (status == DP_OK) status = put_parts(out, parameters, sim, err);
  dp_h5_close(parameters);
  dp_h5_close(group);
  return status;
}

enum dp_status dp__write_outcome(struct dp_output *out, const struct dp_output_outcome *outcome, struct dp_err *err) {
  char digest[17];
  snprintf(digest, sizeof digest, "%016" PRIx64, outcome->digest);
  hid_t group = H5Gopen2(out->file, "provenance", H5P_DEFAULT);
  hid_t volatiles = -1;
  bool done = group >= 0 && dp_h5_put_text(group, "digest", digest) && dp_h5_put_u64(group, "event_n", outcome->event_n);
  if (done) done = (volatiles = dp_h5_create_group(group, "volatile")) >= 0;
  for (size_t i = 0; i < outcome->volatile_n && done; i++)
    done = dp_h5_put_text(volatiles, outcome->volatiles[i].name, outcome->volatiles[i].value);
  if (outcome->report != NULL) done = done && dp__write_cost(volatiles, outcome->report);
  enum dp_status status = done ? DP_OK : dp__output_fail(out, err);
  dp_h5_close(volatiles);
  dp_h5_close(group);
  return status;
}
