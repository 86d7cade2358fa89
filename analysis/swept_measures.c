/* analysis/swept_measures.c — what a sensitivity analysis has put into the file of a sweep, strongest first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/sensitivity.h"
#include "analysis/swept.h"

static enum dp_status read_column(const struct dp_swept *s, const char *kpi, const char *name, const char *end, size_t n,
                                  double **out, struct dp_err *err) {
  char path[512];
  size_t got;
  snprintf(path, sizeof path, "/sensitivity/%s/%s%s", kpi, name, end);
  DP_TRY(dp_result_column_f64(s->result, path, out, &got, err));
  return got == n ? DP_OK : dp_fail(err, DP_FORMAT, "%s: %s: the file is damaged", s->result->path, path);
}

static enum dp_status read_method(const struct dp_swept *s, struct dp_swept_measures *m, struct dp_err *err) {
  hid_t group = dp_result_has(s->result, "/sensitivity") ? H5Gopen2(s->result->file, "/sensitivity", H5P_DEFAULT) : -1;
  m->method = group < 0 ? NULL : dp_result_text(group, "method");
  if (group >= 0) H5Gclose(group);
  if (!m->method) return dp_fail(err, DP_FORMAT, "%s: /sensitivity: the file is damaged", s->result->path);
  for (int i = 0; dp_sensitivity_names[i]; i++)
    for (size_t k = 0; k < 2 && strcmp(dp_sensitivity_names[i], m->method) == 0; k++)
      m->names[k] = dp_sensitivity_measure((enum dp_sensitivity_method)i, k);
  if (m->names[0]) return dp_result_column_texts(s->result, "/sensitivity/parameter", &m->parameters, &m->n, err);
  return dp_fail(err, DP_FORMAT, "%s: no method of sensitivity is called '%s' (read it with the depinsim that wrote it)",
                 s->result->path, m->method);
}

double dp_swept_weight(const struct dp_swept_measures *m, size_t i) {
  const double a = m->value[0][i], b = m->value[1][i];
  const double w = strcmp(m->method, "sobol") == 0    ? b
                   : strcmp(m->method, "morris") == 0 ? a
                                                      : fmax(fabs(a), fabs(b));
  return isfinite(w) ? w : -1;
}

enum dp_status dp_swept_measures(const struct dp_swept *s, const char *kpi, struct dp_swept_measures *m,
                                 struct dp_err *err) {
  *m = (struct dp_swept_measures){0};
  DP_TRY(read_method(s, m, err));
  for (size_t k = 0; k < 2; k++) {
    DP_TRY(read_column(s, kpi, m->names[k], "", m->n, &m->value[k], err));
    DP_TRY(read_column(s, kpi, m->names[k], "_low", m->n, &m->low[k], err));
    DP_TRY(read_column(s, kpi, m->names[k], "_high", m->n, &m->high[k], err));
  }
  m->order = calloc(m->n + 1, sizeof *m->order);
  if (!m->order) return dp_fail_nomem(err, "an order");
  for (size_t i = 0; i < m->n; i++) {
    size_t at = i;
    for (; at > 0 && dp_swept_weight(m, m->order[at - 1]) < dp_swept_weight(m, i); at--) m->order[at] = m->order[at - 1];
    m->order[at] = i;
  }
  return DP_OK;
}

void dp_swept_measures_fini(struct dp_swept_measures *m) {
  for (size_t k = 0; k < 2; k++) {
    free(m->value[k]);
    free(m->low[k]);
    free(m->high[k]);
  }
  free(m->parameters);
  free(m->order);
  free(m->method);
}
