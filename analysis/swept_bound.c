/* analysis/swept_bound.c — which runs of a sweep keep what is asked of them. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/swept.h"
#include "base/memory.h"

/* One comparison, [text, end). */
static enum dp_status parse_one(const char *text, const char *end, struct dp_swept_bound *b, struct dp_err *err) {
  const char *name = text, *op;
  char number[64];
  while (name < end && isspace((unsigned char)*name)) name++;
  for (op = name; op < end && *op != '<' && *op != '>'; op++) continue;
  const char *stop = op;
  while (stop > name && isspace((unsigned char)stop[-1])) stop--;
  const size_t len = (size_t)(stop - name);
  const char *value = op + 1 + (op + 1 < end && op[1] == '=');
  while (value < end && isspace((unsigned char)*value)) value++;
  while (end > value && isspace((unsigned char)end[-1])) end--;
  if (op >= end || len == 0 || len >= sizeof b->kpi || (size_t)(end - value) >= sizeof number)
    return dp_fail(err, DP_USAGE, "'%s': a key figure, one of < <= > >=, and a number are expected (\"token.price_usd>=0.02 "
                                  "&& provider.active_n>0\")", text);
  *b = (struct dp_swept_bound){.below = *op == '<', .strict = op[1] != '='};
  memcpy(b->kpi, name, len);
  memcpy(number, value, (size_t)(end - value));
  number[end - value] = '\0';
  return dp_parse_f64(number, -INFINITY, INFINITY, &b->bound, err) == DP_OK ? DP_OK : dp_fail(err, DP_USAGE, "%s", err->text);
}

enum dp_status dp_swept_bounds_parse(const char *text, struct dp_swept_bound **out, size_t *n, struct dp_err *err) {
  size_t cap = 1;
  for (const char *c = text; (c = strstr(c, "&&")) != NULL; c += 2) cap++;
  *n = 0;
  *out = calloc(cap, sizeof **out);
  if (!*out) return dp_fail_nomem(err, "a bound");
  for (const char *c = text;; c += 2) {
    const char *next = strstr(c, "&&"), *end = next ? next : c + strlen(c);
    enum dp_status status = parse_one(c, end, &(*out)[*n], err);
    if (status != DP_OK) {
      free(*out);
      *out = NULL;
      return status;
    }
    ++*n;
    if (!next) return DP_OK;
    c = next;
  }
}

/* ---- those of the file ---- */

static void add_bound(struct dp_swept_bound *out, size_t *n, const char *kpi, bool below, double bound) {
  if (isnan(bound)) return;
  out[*n] = (struct dp_swept_bound){.below = below, .bound = bound};
  snprintf(out[*n].kpi, sizeof out->kpi, "%s", kpi);
  ++*n;
}

enum dp_status dp_swept_bounds_own(const struct dp_swept *s, struct dp_swept_bound **out, size_t *n, char **said_by,
                                   struct dp_err *err) {
  char **kpis = NULL;
  double *low = NULL, *high = NULL;
  size_t kpi_n = 0, low_n = 0, high_n = 0;
  bool known = true;
  *n = 0;
  *out = NULL;
  *said_by = NULL;
  if (!dp_result_has(s->result, "/survive")) return DP_OK;
  enum dp_status status = dp_result_column_texts(s->result, "/survive/kpi", &kpis, &kpi_n, err);
  if (status == DP_OK) status = dp_result_column_f64(s->result, "/survive/low", &low, &low_n, err);
  if (status == DP_OK) status = dp_result_column_f64(s->result, "/survive/high", &high, &high_n, err);
  if (status == DP_OK && (low_n != kpi_n || high_n != kpi_n))
    status = dp_fail(err, DP_FORMAT, "%s: /survive: the file is damaged", s->result->path);
  if (status == DP_OK && (*out = dp_zeros(2 * kpi_n + 1, sizeof **out)) == NULL) status = dp_fail_nomem(err, "a bound");
  for (size_t i = 0; status == DP_OK && i < kpi_n; i++) {
    known = known && dp_swept_kpi(s, kpis[i]) != SIZE_MAX;
    add_bound(*out, n, kpis[i], false, low[i]);
    add_bound(*out, n, kpis[i], true, high[i]);
  }
  if (!known) *n = 0;
  hid_t of = H5Gopen2(s->result->file, "/survive", H5P_DEFAULT);
  if (of >= 0) *said_by = dp_result_text(of, "said_by");
  if (of >= 0) H5Gclose(of);
  free(kpis);
  free(low);
  free(high);
  return status;
}

static bool keeps(const struct dp_swept_bound *b, double value) {
  if (!isfinite(value)) return false;
  if (b->below) return b->strict ? value < b->bound : value <= b->bound;
  return b->strict ? value > b->bound : value >= b->bound;
}

enum dp_status dp_swept_share(const struct dp_swept *s, const struct dp_swept_bound *bounds, size_t bound_n, double **out,
                              struct dp_err *err) {
  bool *kept = calloc(s->run_n + 1, sizeof *kept);
  double *share = calloc(s->point_n + 1, sizeof *share), *all = calloc(s->point_n + 1, sizeof *all);
  enum dp_status status = kept && share && all ? DP_OK : dp_fail_nomem(err, "a share");
  for (size_t i = 0; status == DP_OK && i < s->run_n; i++) kept[i] = s->run_status[i] == 0;
  for (size_t k = 0; k < bound_n && status == DP_OK; k++) {
    double *values = NULL;
    if (dp_swept_kpi(s, bounds[k].kpi) == SIZE_MAX)
      status = dp_fail(err, DP_USAGE, "%s has no key figure '%s' (depinsim report FILE lists those that the study kept)",
                       s->result->path, bounds[k].kpi);
    if (status == DP_OK) status = dp_swept_runs(s, bounds[k].kpi, &values, err);
    for (size_t i = 0; status == DP_OK && i < s->run_n; i++) kept[i] = kept[i] && keeps(&bounds[k], values[i]);
    free(values);
  }
  for (size_t i = 0; status == DP_OK && i < s->run_n; i++) {
    all[s->run_point[i]] += 1;
    share[s->run_point[i]] += kept[i];
  }
  for (size_t p = 0; status == DP_OK && p < s->point_n; p++) share[p] = all[p] > 0 ? share[p] / all[p] : (double)NAN;
  free(kept);
  free(all);
  *out = status == DP_OK ? share : NULL;
  if (status != DP_OK) free(share);
  return status;
}
