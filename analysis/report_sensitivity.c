/* analysis/report_sensitivity.c — which parameters the key figures hang on, as bars and as a table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_sweep.h"
#include "analysis/svg.h"

/** The measures of one key figure. */
struct measures {
  char *names[2];
  double *value[2], *low[2], *high[2]; /* [n] */
  size_t n;
};

static enum dp_status read_column(const struct dp_swept *s, const char *kpi, const char *name, const char *end, size_t n,
                                  double **out, struct dp_err *err) {
  char path[512];
  size_t got;
  snprintf(path, sizeof path, "/sensitivity/%s/%s%s", kpi, name, end);
  DP_TRY(dp_result_column_f64(s->result, path, out, &got, err));
  return got == n ? DP_OK : dp_fail(err, DP_FORMAT, "%s: %s: the file is damaged", s->result->path, path);
}

static enum dp_status read_measures(const struct dp_swept *s, const char *kpi, const char *method, size_t n,
                                    struct measures *m, struct dp_err *err) {
  static const char *const names[][3] = {{"tornado", "at_low", "at_high"}, {"morris", "mu_star", "sigma"},
                                         {"sobol", "first", "total"}};
  *m = (struct measures){.n = n};
  for (size_t i = 0; i < 3; i++)
    for (size_t k = 0; k < 2; k++)
      if (strcmp(names[i][0], method) == 0) m->names[k] = (char *)(uintptr_t)names[i][k + 1];
  if (!m->names[0])
    return dp_fail(err, DP_FORMAT, "%s: no method of sensitivity is called '%s' (read it with the depinsim that wrote it)",
                   s->result->path, method);
  for (size_t k = 0; k < 2; k++) {
    DP_TRY(read_column(s, kpi, m->names[k], "", n, &m->value[k], err));
    DP_TRY(read_column(s, kpi, m->names[k], "_low", n, &m->low[k], err));
    DP_TRY(read_column(s, kpi, m->names[k], "_high", n, &m->high[k], err));
  }
  return DP_OK;
}

static void free_measures(struct measures *m) {
  for (size_t k = 0; k < 2; k++) {
    free(m->value[k]);
    free(m->low[k]);
    free(m->high[k]);
  }
}

static double weight(const struct measures *m, const char *method, size_t i) {
  const double a = m->value[0][i], b = m->value[1][i];
  const double w = strcmp(method, "sobol") == 0 ? b : strcmp(method, "morris") == 0 ? a : fmax(fabs(a), fabs(b));
  return isfinite(w) ? w : -1;
}

static void put_picture(struct dp_str *out, const struct measures *m, const char *method, const char *title, const char *unit,
                        char *const *parameters, const size_t *order) {
  struct dp_str label = {0};
  struct dp_svg_span *spans = calloc(m->n + 1, sizeof *spans);
  struct dp_svg_bar *bars = calloc(m->n + 1, sizeof *bars);
  if (!spans || !bars) out->failed = true;
  for (size_t i = 0; spans && bars && i < m->n; i++) {
    const size_t at = order[i];
    spans[i] = (struct dp_svg_span){parameters[at], m->value[0][at], m->value[1][at]};
    bars[i] = (struct dp_svg_bar){parameters[at], strcmp(method, "sobol") == 0 ? m->value[1][at] : m->value[0][at], true};
  }
  if (strcmp(method, "tornado") == 0) dp_str_printf(&label, "change from the scenario's own values, %s", unit);
  else if (strcmp(method, "sobol") == 0) dp_str_append(&label, "share of the variance, alone and with others (total index)");
  else dp_str_printf(&label, "mean size of an effect over the range (mu_star), %s", unit);
  const struct dp_svg_frame frame = {.title = title, .x_label = dp_str_text(&label), .y_label = ""};
  if (spans && bars && strcmp(method, "tornado") == 0) dp_svg_tornado(out, &frame, 0, spans, m->n);
  else if (spans && bars) dp_svg_bars(out, &frame, bars, m->n, false);
  dp_str_fini(&label);
  free(spans);
  free(bars);
}

static void put_table(struct dp_str *out, const struct measures *m, const char *kpi, char *const *parameters,
                      const size_t *order) {
  const char *heads[] = {"parameter", m->names[0], "95 % from", "to", m->names[1], "95 % from", "to"};
  dp_str_append(out, "<details><summary>");
  dp_str_xml(out, kpi);
  dp_str_append(out, "</summary><div class=\"num\">");
  dp_report_open_table(out, heads, 7);
  for (size_t i = 0; i < m->n; i++) {
    const size_t at = order[i];
    char t[6][32];
    const char *cells[] = {parameters[at], dp_svg_number(m->value[0][at], t[0]), dp_svg_number(m->low[0][at], t[1]),
                           dp_svg_number(m->high[0][at], t[2]), dp_svg_number(m->value[1][at], t[3]),
                           dp_svg_number(m->low[1][at], t[4]), dp_svg_number(m->high[1][at], t[5])};
    dp_html_row(out, "td", cells, 7);
  }
  dp_report_close_table(out);
  dp_str_append(out, "</div></details>\n");
}

/* One key figure: its picture into `out`, its table into `tables`. */
static enum dp_status put_kpi(struct dp_str *out, struct dp_str *tables, const struct dp_swept *s, size_t k,
                              const char *method, char *const *parameters, size_t n, struct dp_err *err) {
  struct measures m = {0};
  const char *name = s->kpis[k].name;
  size_t *order = calloc(n + 1, sizeof *order);
  enum dp_status status = order ? DP_OK : dp_fail_nomem(err, "an order");
  if (status == DP_OK) status = read_measures(s, name, method, n, &m, err);
  if (status == DP_OK) {
    double most = 0;
    for (size_t i = 0; i < n; i++) {
      size_t at = i;
      for (; at > 0 && weight(&m, method, order[at - 1]) < weight(&m, method, i); at--) order[at] = order[at - 1];
      order[at] = i;
      most = fmax(most, weight(&m, method, i));
    }
    if (most > 0) put_picture(out, &m, method, name, dp_unit_text(name, s->kpis[k].unit), parameters, order);
    put_table(tables, &m, name, parameters, order);
  }
  free_measures(&m);
  free(order);
  return status;
}

enum dp_status dp_report_sweep_sensitivity(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  struct dp_str tables = {0};
  char **parameters = NULL;
  size_t n = 0;
  hid_t group = H5Gopen2(s->result->file, "/sensitivity", H5P_DEFAULT);
  char *method = group < 0 ? NULL : dp_result_text(group, "method");
  if (group >= 0) H5Gclose(group);
  enum dp_status status = method ? dp_result_column_texts(s->result, "/sensitivity/parameter", &parameters, &n, err)
                                 : dp_fail(err, DP_FORMAT, "%s: /sensitivity: the file is damaged", s->result->path);
  dp_html_section(out, "sensitivity", "What it hangs on");
  dp_str_append(out, "<div class=\"charts\">\n");
  for (size_t k = 0; k < s->kpi_n && status == DP_OK; k++)
    status = put_kpi(out, &tables, s, k, method, parameters, n, err);
  dp_str_append(out, "</div>\n");
  dp_str_append(out, dp_str_text(&tables));
  out->failed |= tables.failed;
  dp_html_end(out);
  dp_str_fini(&tables);
  free(parameters);
  free(method);
  return status;
}
