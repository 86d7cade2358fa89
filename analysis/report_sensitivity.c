/* analysis/report_sensitivity.c — which parameters the key figures hang on, as bars and as a table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_sweep.h"
#include "analysis/svg.h"

static void put_picture(struct dp_str *out, const struct dp_swept_measures *m, const char *title, const char *unit) {
  const char *const method = m->method;
  const size_t drawn = strcmp(method, "sobol") == 0;
  struct dp_str label = {0};
  struct dp_svg_span *spans = calloc(m->n + 1, sizeof *spans);
  struct dp_svg_bar *bars = calloc(m->n + 1, sizeof *bars);
  if (!spans || !bars) out->failed = true;
  for (size_t i = 0; spans && bars && i < m->n; i++) {
    const size_t at = m->order[i];
    spans[i] = (struct dp_svg_span){.label = m->parameters[at],
                                    .low = m->value[0][at],
                                    .high = m->value[1][at],
                                    .whisker = {{m->low[0][at], m->high[0][at]}, {m->low[1][at], m->high[1][at]}}};
    bars[i] = (struct dp_svg_bar){
        .label = m->parameters[at], .value = m->value[drawn][at], .low = m->low[drawn][at], .high = m->high[drawn][at]};
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

static void put_table(struct dp_str *out, const struct dp_swept_measures *m, const char *kpi) {
  const char *heads[] = {"parameter", m->names[0], "95 % from", "to", m->names[1], "95 % from", "to"};
  dp_str_append(out, "<details><summary>");
  dp_str_xml(out, kpi);
  dp_str_append(out, "</summary><div class=\"num\">");
  dp_report_open_table(out, heads, 7);
  for (size_t i = 0; i < m->n; i++) {
    const size_t at = m->order[i];
    char t[6][32];
    const char *cells[] = {m->parameters[at], dp_svg_number(m->value[0][at], t[0]), dp_svg_number(m->low[0][at], t[1]),
                           dp_svg_number(m->high[0][at], t[2]), dp_svg_number(m->value[1][at], t[3]),
                           dp_svg_number(m->low[1][at], t[4]), dp_svg_number(m->high[1][at], t[5])};
    dp_html_row(out, "td", cells, 7);
  }
  dp_report_close_table(out);
  dp_str_append(out, "</div></details>\n");
}

/* One key figure: its picture into `out`, its table into `tables`. */
static enum dp_status put_kpi(struct dp_str *out, struct dp_str *tables, const struct dp_swept *s, size_t k,
                              struct dp_err *err) {
  struct dp_swept_measures m;
  const char *name = s->kpis[k].name;
  enum dp_status status = dp_swept_measures(s, name, &m, err);
  if (status == DP_OK) {
    if (m.n && dp_swept_weight(&m, m.order[0]) > 0) put_picture(out, &m, name, dp_unit_text(name, s->kpis[k].unit));
    put_table(tables, &m, name);
  }
  dp_swept_measures_fini(&m);
  return status;
}

enum dp_status dp_report_sweep_sensitivity(struct dp_str *out, const struct dp_report_sweep *r, struct dp_err *err) {
  const struct dp_swept *s = &r->swept;
  struct dp_str tables = {0};
  enum dp_status status = DP_OK;
  dp_html_section(out, "sensitivity", "What it hangs on");
  dp_str_append(out, "<div class=\"charts\">\n");
  for (size_t k = 0; k < s->kpi_n && status == DP_OK; k++) status = put_kpi(out, &tables, s, k, err);
  dp_str_append(out, "</div>\n<p class=\"soft\">Whiskers are 95 % intervals: of a tornado over runs with the same luck, else "
                     "by bootstrap.</p>\n");
  dp_str_append(out, dp_str_text(&tables));
  out->failed |= tables.failed;
  dp_html_end(out);
  dp_str_fini(&tables);
  return status;
}
