/* analysis/baseline.c — recorded key figures, in JSON. */
#include <config.h>

#include "analysis/baseline.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COVERAGE 0.99
/* Two compilers may differ in the last digits of a mean. */
#define ROUNDING_RATIO 1e-9

struct dp_baseline {
  json_t *root;
};

static enum dp_status not_one(const char *path, const char *what, struct dp_err *err) {
  return dp_fail(err, DP_FORMAT, "%s: %s (write it with depinsim check --update)", path, what);
}

static enum dp_status check_form(const char *path, const json_t *root, struct dp_err *err) {
  const json_t *kpi = json_object_get(root, "kpi"), *digest = json_object_get(root, "digest");
  const char *name;
  json_t *range;
  if (!json_is_object(kpi)) return not_one(path, "no object \"kpi\": not a baseline", err);
  if (digest && !json_is_string(digest)) return not_one(path, "\"digest\" is not a text", err);
  json_object_foreach((json_t *)kpi, name, range) {
    if (json_is_null(range)) continue;
    if (json_array_size(range) == 2 && json_is_number(json_array_get(range, 0)) &&
        json_is_number(json_array_get(range, 1)))
      continue;
    return dp_fail(err, DP_FORMAT, "%s: \"%s\" is not [low, high] (write it with depinsim check --update)", path, name);
  }
  return DP_OK;
}

enum dp_status dp_baseline_read(const char *path, struct dp_baseline **out, struct dp_err *err) {
  json_error_t wrong;
  FILE *file = fopen(path, "r");
  if (!file) return dp_fail(err, DP_IO, "%s: %s", path, strerror(errno));
  json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &wrong);
  fclose(file);
  if (!root) return dp_fail(err, DP_FORMAT, "%s:%d: %s", path, wrong.line, wrong.text);
  enum dp_status status = check_form(path, root, err);
  struct dp_baseline *b = status == DP_OK ? malloc(sizeof *b) : NULL;
  if (!b) {
    json_decref(root);
    return status != DP_OK ? status : dp_fail_nomem(err, "a baseline");
  }
  b->root = root;
  *out = b;
  return DP_OK;
}

void dp_baseline_free(struct dp_baseline *b) {
  if (!b) return;
  json_decref(b->root);
  free(b);
}

static double value_of(const struct dp_kpi_value *kpi) {
  return kpi->integer ? dp_i128_to_double(kpi->count) : kpi->value;
}

static size_t compare_kpi(struct dp_str *out, const json_t *range, const struct dp_kpi_value *kpi) {
  const double value = value_of(kpi);
  if (!range) {
    dp_str_printf(out, "%s: new, %.6g; not in the baseline\n", kpi->name, value);
    return 1;
  }
  if (json_is_null(range)) {
    if (!isfinite(value)) return 0;
    dp_str_printf(out, "%s: %.6g, recorded as not defined\n", kpi->name, value);
    return 1;
  }
  const double low = json_number_value(json_array_get(range, 0)), high = json_number_value(json_array_get(range, 1));
  const double slack = ROUNDING_RATIO * fmax(fabs(low), fabs(high));
  if (value >= low - slack && value <= high + slack) return 0;
  if (low < high) dp_str_printf(out, "%s: %.6g, recorded [%.6g, %.6g]\n", kpi->name, value, low, high);
  else dp_str_printf(out, "%s: %.12g, recorded %.12g\n", kpi->name, value, low);
  return 1;
}

size_t dp_baseline_compare(struct dp_str *out, const struct dp_baseline *b, const struct dp_result *r) {
  const json_t *kpis = json_object_get(b->root, "kpi");
  const char *digest = json_string_value(json_object_get(b->root, "digest")), *name;
  json_t *range;
  size_t n = 0;
  for (size_t i = 0; i < r->kpi_n; i++) n += compare_kpi(out, json_object_get(kpis, r->kpis[i].name), &r->kpis[i]);
  json_object_foreach((json_t *)kpis, name, range) {
    bool found = false;
    for (size_t i = 0; i < r->kpi_n && !found; i++) found = strcmp(r->kpis[i].name, name) == 0;
    if (found) continue;
    dp_str_printf(out, "%s: recorded, and not there any more\n", name);
    n++;
  }
  if (digest && strcmp(digest, r->digest) != 0) {
    dp_str_printf(out, "digest: %s, recorded %s\n", r->digest, digest);
    n++;
  }
  return n;
}

/* [low, high] of key figure k, or null. */
static json_t *range_of(const struct dp_baseline_sample *samples, size_t n, size_t k) {
  double mean = 0, squares = 0;
  for (size_t i = 0; i < n; i++) mean += samples[i].values[k] / (double)n;
  if (!isfinite(mean)) return json_null();
  for (size_t i = 0; i < n; i++) squares += (samples[i].values[k] - mean) * (samples[i].values[k] - mean);
  if (n < 2 || !(squares > 0)) return json_pack("[f, f]", samples[0].values[k], samples[0].values[k]);
  const double t = gsl_cdf_tdist_Pinv((1 + COVERAGE) / 2, (double)(n - 1));
  const double half = t * sqrt(squares / (double)(n - 1) * (1 + 1 / (double)n));
  return json_pack("[f, f]", fmin(mean - half, samples[0].values[k]), fmax(mean + half, samples[0].values[k]));
}

static json_t *root_of(const struct dp_result *r, const struct dp_baseline_sample *samples, size_t n, bool exact) {
  json_t *root = json_object(), *kpis = json_object();
  bool done = root && kpis && json_object_set_new(root, "scenario", json_string(r->scenario)) == 0 &&
              json_object_set_new(root, "seeds", json_integer((json_int_t)n)) == 0;
  if (exact) done = done && json_object_set_new(root, "digest", json_string(r->digest)) == 0;
  for (size_t k = 0; k < r->kpi_n && done; k++)
    done = json_object_set_new(kpis, r->kpis[k].name, range_of(samples, n, k)) == 0;
  done = done && json_object_set(root, "kpi", kpis) == 0;
  json_decref(kpis);
  if (done) return root;
  json_decref(root);
  return NULL;
}

enum dp_status dp_baseline_write(const char *path, const struct dp_result *result,
                                 const struct dp_baseline_sample *samples, size_t n, bool exact, struct dp_err *err) {
  struct dp_str part = {0};
  dp_str_printf(&part, "%s.part", path);
  json_t *root = root_of(result, samples, n, exact);
  enum dp_status status = DP_OK;
  if (!root || part.failed) status = dp_fail_nomem(err, "a baseline");
  else if (json_dump_file(root, part.data, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) != 0 || rename(part.data, path) != 0)
    status = dp_fail(err, DP_IO, "%s: cannot be written: %s", path, strerror(errno));
  json_decref(root);
  dp_str_fini(&part);
  return status;
}
