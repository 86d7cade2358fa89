/* sim/model/fingerprint.c — everything that a scenario has set, as lines of text. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "model/resume.h"

#define DEPTH_MAX 4 /* parts inside parts */

struct print {
  const struct dp_resume *resume;
  struct dp_str *out;
  struct dp_err *err;
};

static enum dp_status put_config(const struct print *p, const char *at, const struct dp_schema *schema,
                                 const void *config, int depth);

static const struct dp_schema *find_schema(const struct print *p, const char *name) {
  return p->resume && p->resume->find_schema && name ? p->resume->find_schema(name) : NULL;
}

static enum dp_status put_file(const struct print *p, const char *path) {
  if (path[0] == '\0') {
    dp_str_append(p->out, "\"\"");
    return DP_OK;
  }
  uint64_t size = 0, hash = 0;
  DP_TRY(dp_hash_file(path, &size, &hash, p->err));
  const char *slash = strrchr(path, '/');
  dp_str_printf(p->out, "\"%s\" of %" PRIu64 " bytes, hash %016" PRIx64, slash ? slash + 1 : path, size, hash);
  return DP_OK;
}

/** The rows of a part below the line that names it. */
static enum dp_status put_part(const struct print *p, const char *at, const char *name, size_t nth, bool listed,
                               const struct dp_param *param, const void *part, int depth) {
  const struct dp_schema *schema = find_schema(p, param->part);
  char below[256];
  if (!part || !schema || depth == DEPTH_MAX) return DP_OK;
  if (listed) snprintf(below, sizeof below, "%s.%s[%zu]", at, name, nth + 1);
  else snprintf(below, sizeof below, "%s.%s", at, name);
  return put_config(p, below, schema, part, depth + 1);
}

/** Parameters of a built-in policy; what a policy starts with. */
static enum dp_status put_policy(const struct print *p, const char *at, const char *name,
                                 const struct dp_policy *policy, int depth) {
  if (!policy) return DP_OK;
  char below[256], full[80];
  snprintf(below, sizeof below, "%s.%s", at, name);
  for (size_t i = 0; i < policy->state_n; i++)
    dp_str_printf(p->out, "%s.%s = %.17g\n", below, policy->state_names[i] ? policy->state_names[i] : "state",
                  policy->state_init[i]);
  snprintf(full, sizeof full, "policy.%s", policy->name ? policy->name : "");
  const struct dp_schema *schema = policy->params ? find_schema(p, full) : NULL;
  return schema && depth < DEPTH_MAX ? put_config(p, below, schema, policy->params, depth + 1) : DP_OK;
}

static enum dp_status put_param(const struct print *p, const char *at, const struct dp_param *param,
                                const void *config, int depth) {
  const void *field = (const unsigned char *)config + param->offset;
  dp_str_printf(p->out, "%s.%s = ", at, param->name);
  if (param->type == DP_PARAM_PATH) DP_TRY(put_file(p, *(const char *const *)field));
  else dp_param_value_text(param, config, p->out);
  dp_str_append(p->out, "\n");
  if (param->type == DP_PARAM_PART)
    return put_part(p, at, param->name, 0, false, param, ((const struct dp_part_ref *)field)->part, depth);
  if (param->type == DP_PARAM_POLICY)
    return put_policy(p, at, param->name, *(const struct dp_policy *const *)field, depth);
  const struct dp_part_refs *list = field;
  for (size_t i = 0; param->type == DP_PARAM_PARTS && i < list->n; i++)
    DP_TRY(put_part(p, at, param->name, i, true, param, list->v[i].part, depth));
  return DP_OK;
}

static enum dp_status put_config(const struct print *p, const char *at, const struct dp_schema *schema,
                                 const void *config, int depth) {
  for (size_t i = 0; i < schema->param_n; i++) DP_TRY(put_param(p, at, &schema->params[i], config, depth));
  return DP_OK;
}

enum dp_status dp_sim_fingerprint(const struct dp_sim *sim, const struct dp_resume *resume, struct dp_str *out,
                                  struct dp_err *err) {
  const struct print p = {.resume = resume, .out = out, .err = err};
  const struct dp_spec *spec = &sim->spec;
  if (resume && resume->lines) dp_str_append(out, resume->lines);
  dp_str_printf(out, "start_epoch_ns = %" PRId64 "\nend_ns = %" PRId64 "\nsettle_every_ns = %" PRId64
                "\nseed = %" PRIu64 "\nreplicate = %" PRIu64 "\ncells = %" PRIu32 "\n",
                spec->start_epoch_ns, spec->end_ns, spec->settle_every_ns, spec->seed, spec->replicate,
                sim->engine->config.cell_n);
  for (size_t i = 0; i < sim->instance_n; i++) {
    const struct dp_instance *in = &sim->instances[i];
    char at[192];
    if (strcmp(in->name, in->model->name) == 0) snprintf(at, sizeof at, "%s", in->model->name);
    else snprintf(at, sizeof at, "%s.%s", in->model->name, in->name);
    dp_str_printf(out, "%zu = %s\n", i + 1, at);
    if (in->model->schema) DP_TRY(put_config(&p, at, in->model->schema, in->config, 0));
  }
  return out->failed ? dp_fail_nomem(err, "a fingerprint") : DP_OK;
}
